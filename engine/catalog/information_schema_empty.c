/*
 * Views of information_schema that have no rows here, since what they list does not exist:
 * their columns, so that what clients ask of them gets the right empty answer.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn _pg_foreign_data_wrappers_columns[] = {
    {"oid", T_OID}, {"fdwowner", T_OID}, {"fdwoptions", T_TEXT_ARRAY},
    {"foreign_data_wrapper_catalog", T_SQL_IDENTIFIER},
    {"foreign_data_wrapper_name", T_SQL_IDENTIFIER},
    {"authorization_identifier", T_SQL_IDENTIFIER},
    {"foreign_data_wrapper_language", T_CHARACTER_DATA},
};

static const VirtualColumn _pg_foreign_servers_columns[] = {
    {"oid", T_OID}, {"srvoptions", T_TEXT_ARRAY}, {"foreign_server_catalog", T_SQL_IDENTIFIER},
    {"foreign_server_name", T_SQL_IDENTIFIER}, {"foreign_data_wrapper_catalog", T_SQL_IDENTIFIER},
    {"foreign_data_wrapper_name", T_SQL_IDENTIFIER}, {"foreign_server_type", T_CHARACTER_DATA},
    {"foreign_server_version", T_CHARACTER_DATA}, {"authorization_identifier", T_SQL_IDENTIFIER},
};

static const VirtualColumn _pg_foreign_table_columns_columns[] = {
    {"nspname", T_NAME}, {"relname", T_NAME}, {"attname", T_NAME}, {"attfdwoptions", T_TEXT_ARRAY},
};

static const VirtualColumn _pg_foreign_tables_columns[] = {
    {"foreign_table_catalog", T_SQL_IDENTIFIER}, {"foreign_table_schema", T_SQL_IDENTIFIER},
    {"foreign_table_name", T_SQL_IDENTIFIER}, {"ftoptions", T_TEXT_ARRAY},
    {"foreign_server_catalog", T_SQL_IDENTIFIER}, {"foreign_server_name", T_SQL_IDENTIFIER},
    {"authorization_identifier", T_SQL_IDENTIFIER},
};

static const VirtualColumn _pg_user_mappings_columns[] = {
    {"oid", T_OID}, {"umoptions", T_TEXT_ARRAY}, {"umuser", T_OID},
    {"authorization_identifier", T_SQL_IDENTIFIER}, {"foreign_server_catalog", T_SQL_IDENTIFIER},
    {"foreign_server_name", T_SQL_IDENTIFIER}, {"srvowner", T_SQL_IDENTIFIER},
};

static const VirtualColumn administrable_role_authorizations_columns[] = {
    {"grantee", T_SQL_IDENTIFIER}, {"role_name", T_SQL_IDENTIFIER}, {"is_grantable", T_YES_OR_NO},
};

static const VirtualColumn applicable_roles_columns[] = {
    {"grantee", T_SQL_IDENTIFIER}, {"role_name", T_SQL_IDENTIFIER}, {"is_grantable", T_YES_OR_NO},
};

static const VirtualColumn attributes_columns[] = {
    {"udt_catalog", T_SQL_IDENTIFIER}, {"udt_schema", T_SQL_IDENTIFIER},
    {"udt_name", T_SQL_IDENTIFIER}, {"attribute_name", T_SQL_IDENTIFIER},
    {"ordinal_position", T_CARDINAL_NUMBER}, {"attribute_default", T_CHARACTER_DATA},
    {"is_nullable", T_YES_OR_NO}, {"data_type", T_CHARACTER_DATA},
    {"character_maximum_length", T_CARDINAL_NUMBER}, {"character_octet_length", T_CARDINAL_NUMBER},
    {"character_set_catalog", T_SQL_IDENTIFIER}, {"character_set_schema", T_SQL_IDENTIFIER},
    {"character_set_name", T_SQL_IDENTIFIER}, {"collation_catalog", T_SQL_IDENTIFIER},
    {"collation_schema", T_SQL_IDENTIFIER}, {"collation_name", T_SQL_IDENTIFIER},
    {"numeric_precision", T_CARDINAL_NUMBER}, {"numeric_precision_radix", T_CARDINAL_NUMBER},
    {"numeric_scale", T_CARDINAL_NUMBER}, {"datetime_precision", T_CARDINAL_NUMBER},
    {"interval_type", T_CHARACTER_DATA}, {"interval_precision", T_CARDINAL_NUMBER},
    {"attribute_udt_catalog", T_SQL_IDENTIFIER}, {"attribute_udt_schema", T_SQL_IDENTIFIER},
    {"attribute_udt_name", T_SQL_IDENTIFIER}, {"scope_catalog", T_SQL_IDENTIFIER},
    {"scope_schema", T_SQL_IDENTIFIER}, {"scope_name", T_SQL_IDENTIFIER},
    {"maximum_cardinality", T_CARDINAL_NUMBER}, {"dtd_identifier", T_SQL_IDENTIFIER},
    {"is_derived_reference_attribute", T_YES_OR_NO},
};

static const VirtualColumn check_constraint_routine_usage_columns[] = {
    {"constraint_catalog", T_SQL_IDENTIFIER}, {"constraint_schema", T_SQL_IDENTIFIER},
    {"constraint_name", T_SQL_IDENTIFIER}, {"specific_catalog", T_SQL_IDENTIFIER},
    {"specific_schema", T_SQL_IDENTIFIER}, {"specific_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn check_constraints_columns[] = {
    {"constraint_catalog", T_SQL_IDENTIFIER}, {"constraint_schema", T_SQL_IDENTIFIER},
    {"constraint_name", T_SQL_IDENTIFIER}, {"check_clause", T_CHARACTER_DATA},
};

static const VirtualColumn collation_character_set_applicability_columns[] = {
    {"collation_catalog", T_SQL_IDENTIFIER}, {"collation_schema", T_SQL_IDENTIFIER},
    {"collation_name", T_SQL_IDENTIFIER}, {"character_set_catalog", T_SQL_IDENTIFIER},
    {"character_set_schema", T_SQL_IDENTIFIER}, {"character_set_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn column_column_usage_columns[] = {
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"column_name", T_SQL_IDENTIFIER},
    {"dependent_column", T_SQL_IDENTIFIER},
};

static const VirtualColumn column_domain_usage_columns[] = {
    {"domain_catalog", T_SQL_IDENTIFIER}, {"domain_schema", T_SQL_IDENTIFIER},
    {"domain_name", T_SQL_IDENTIFIER}, {"table_catalog", T_SQL_IDENTIFIER},
    {"table_schema", T_SQL_IDENTIFIER}, {"table_name", T_SQL_IDENTIFIER},
    {"column_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn column_options_columns[] = {
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"column_name", T_SQL_IDENTIFIER},
    {"option_name", T_SQL_IDENTIFIER}, {"option_value", T_CHARACTER_DATA},
};

static const VirtualColumn column_privileges_columns[] = {
    {"grantor", T_SQL_IDENTIFIER}, {"grantee", T_SQL_IDENTIFIER},
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"column_name", T_SQL_IDENTIFIER},
    {"privilege_type", T_CHARACTER_DATA}, {"is_grantable", T_YES_OR_NO},
};

static const VirtualColumn column_udt_usage_columns[] = {
    {"udt_catalog", T_SQL_IDENTIFIER}, {"udt_schema", T_SQL_IDENTIFIER},
    {"udt_name", T_SQL_IDENTIFIER}, {"table_catalog", T_SQL_IDENTIFIER},
    {"table_schema", T_SQL_IDENTIFIER}, {"table_name", T_SQL_IDENTIFIER},
    {"column_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn constraint_column_usage_columns[] = {
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"column_name", T_SQL_IDENTIFIER},
    {"constraint_catalog", T_SQL_IDENTIFIER}, {"constraint_schema", T_SQL_IDENTIFIER},
    {"constraint_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn constraint_table_usage_columns[] = {
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"constraint_catalog", T_SQL_IDENTIFIER},
    {"constraint_schema", T_SQL_IDENTIFIER}, {"constraint_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn data_type_privileges_columns[] = {
    {"object_catalog", T_SQL_IDENTIFIER}, {"object_schema", T_SQL_IDENTIFIER},
    {"object_name", T_SQL_IDENTIFIER}, {"object_type", T_CHARACTER_DATA},
    {"dtd_identifier", T_SQL_IDENTIFIER},
};

static const VirtualColumn domain_constraints_columns[] = {
    {"constraint_catalog", T_SQL_IDENTIFIER}, {"constraint_schema", T_SQL_IDENTIFIER},
    {"constraint_name", T_SQL_IDENTIFIER}, {"domain_catalog", T_SQL_IDENTIFIER},
    {"domain_schema", T_SQL_IDENTIFIER}, {"domain_name", T_SQL_IDENTIFIER},
    {"is_deferrable", T_YES_OR_NO}, {"initially_deferred", T_YES_OR_NO},
};

static const VirtualColumn domain_udt_usage_columns[] = {
    {"udt_catalog", T_SQL_IDENTIFIER}, {"udt_schema", T_SQL_IDENTIFIER},
    {"udt_name", T_SQL_IDENTIFIER}, {"domain_catalog", T_SQL_IDENTIFIER},
    {"domain_schema", T_SQL_IDENTIFIER}, {"domain_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn domains_columns[] = {
    {"domain_catalog", T_SQL_IDENTIFIER}, {"domain_schema", T_SQL_IDENTIFIER},
    {"domain_name", T_SQL_IDENTIFIER}, {"data_type", T_CHARACTER_DATA},
    {"character_maximum_length", T_CARDINAL_NUMBER}, {"character_octet_length", T_CARDINAL_NUMBER},
    {"character_set_catalog", T_SQL_IDENTIFIER}, {"character_set_schema", T_SQL_IDENTIFIER},
    {"character_set_name", T_SQL_IDENTIFIER}, {"collation_catalog", T_SQL_IDENTIFIER},
    {"collation_schema", T_SQL_IDENTIFIER}, {"collation_name", T_SQL_IDENTIFIER},
    {"numeric_precision", T_CARDINAL_NUMBER}, {"numeric_precision_radix", T_CARDINAL_NUMBER},
    {"numeric_scale", T_CARDINAL_NUMBER}, {"datetime_precision", T_CARDINAL_NUMBER},
    {"interval_type", T_CHARACTER_DATA}, {"interval_precision", T_CARDINAL_NUMBER},
    {"domain_default", T_CHARACTER_DATA}, {"udt_catalog", T_SQL_IDENTIFIER},
    {"udt_schema", T_SQL_IDENTIFIER}, {"udt_name", T_SQL_IDENTIFIER},
    {"scope_catalog", T_SQL_IDENTIFIER}, {"scope_schema", T_SQL_IDENTIFIER},
    {"scope_name", T_SQL_IDENTIFIER}, {"maximum_cardinality", T_CARDINAL_NUMBER},
    {"dtd_identifier", T_SQL_IDENTIFIER},
};

static const VirtualColumn element_types_columns[] = {
    {"object_catalog", T_SQL_IDENTIFIER}, {"object_schema", T_SQL_IDENTIFIER},
    {"object_name", T_SQL_IDENTIFIER}, {"object_type", T_CHARACTER_DATA},
    {"collection_type_identifier", T_SQL_IDENTIFIER}, {"data_type", T_CHARACTER_DATA},
    {"character_maximum_length", T_CARDINAL_NUMBER}, {"character_octet_length", T_CARDINAL_NUMBER},
    {"character_set_catalog", T_SQL_IDENTIFIER}, {"character_set_schema", T_SQL_IDENTIFIER},
    {"character_set_name", T_SQL_IDENTIFIER}, {"collation_catalog", T_SQL_IDENTIFIER},
    {"collation_schema", T_SQL_IDENTIFIER}, {"collation_name", T_SQL_IDENTIFIER},
    {"numeric_precision", T_CARDINAL_NUMBER}, {"numeric_precision_radix", T_CARDINAL_NUMBER},
    {"numeric_scale", T_CARDINAL_NUMBER}, {"datetime_precision", T_CARDINAL_NUMBER},
    {"interval_type", T_CHARACTER_DATA}, {"interval_precision", T_CARDINAL_NUMBER},
    {"domain_default", T_CHARACTER_DATA}, {"udt_catalog", T_SQL_IDENTIFIER},
    {"udt_schema", T_SQL_IDENTIFIER}, {"udt_name", T_SQL_IDENTIFIER},
    {"scope_catalog", T_SQL_IDENTIFIER}, {"scope_schema", T_SQL_IDENTIFIER},
    {"scope_name", T_SQL_IDENTIFIER}, {"maximum_cardinality", T_CARDINAL_NUMBER},
    {"dtd_identifier", T_SQL_IDENTIFIER},
};

static const VirtualColumn foreign_data_wrapper_options_columns[] = {
    {"foreign_data_wrapper_catalog", T_SQL_IDENTIFIER},
    {"foreign_data_wrapper_name", T_SQL_IDENTIFIER}, {"option_name", T_SQL_IDENTIFIER},
    {"option_value", T_CHARACTER_DATA},
};

static const VirtualColumn foreign_data_wrappers_columns[] = {
    {"foreign_data_wrapper_catalog", T_SQL_IDENTIFIER},
    {"foreign_data_wrapper_name", T_SQL_IDENTIFIER},
    {"authorization_identifier", T_SQL_IDENTIFIER}, {"library_name", T_CHARACTER_DATA},
    {"foreign_data_wrapper_language", T_CHARACTER_DATA},
};

static const VirtualColumn foreign_server_options_columns[] = {
    {"foreign_server_catalog", T_SQL_IDENTIFIER}, {"foreign_server_name", T_SQL_IDENTIFIER},
    {"option_name", T_SQL_IDENTIFIER}, {"option_value", T_CHARACTER_DATA},
};

static const VirtualColumn foreign_servers_columns[] = {
    {"foreign_server_catalog", T_SQL_IDENTIFIER}, {"foreign_server_name", T_SQL_IDENTIFIER},
    {"foreign_data_wrapper_catalog", T_SQL_IDENTIFIER},
    {"foreign_data_wrapper_name", T_SQL_IDENTIFIER}, {"foreign_server_type", T_CHARACTER_DATA},
    {"foreign_server_version", T_CHARACTER_DATA}, {"authorization_identifier", T_SQL_IDENTIFIER},
};

static const VirtualColumn foreign_table_options_columns[] = {
    {"foreign_table_catalog", T_SQL_IDENTIFIER}, {"foreign_table_schema", T_SQL_IDENTIFIER},
    {"foreign_table_name", T_SQL_IDENTIFIER}, {"option_name", T_SQL_IDENTIFIER},
    {"option_value", T_CHARACTER_DATA},
};

static const VirtualColumn foreign_tables_columns[] = {
    {"foreign_table_catalog", T_SQL_IDENTIFIER}, {"foreign_table_schema", T_SQL_IDENTIFIER},
    {"foreign_table_name", T_SQL_IDENTIFIER}, {"foreign_server_catalog", T_SQL_IDENTIFIER},
    {"foreign_server_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn parameters_columns[] = {
    {"specific_catalog", T_SQL_IDENTIFIER}, {"specific_schema", T_SQL_IDENTIFIER},
    {"specific_name", T_SQL_IDENTIFIER}, {"ordinal_position", T_CARDINAL_NUMBER},
    {"parameter_mode", T_CHARACTER_DATA}, {"is_result", T_YES_OR_NO}, {"as_locator", T_YES_OR_NO},
    {"parameter_name", T_SQL_IDENTIFIER}, {"data_type", T_CHARACTER_DATA},
    {"character_maximum_length", T_CARDINAL_NUMBER}, {"character_octet_length", T_CARDINAL_NUMBER},
    {"character_set_catalog", T_SQL_IDENTIFIER}, {"character_set_schema", T_SQL_IDENTIFIER},
    {"character_set_name", T_SQL_IDENTIFIER}, {"collation_catalog", T_SQL_IDENTIFIER},
    {"collation_schema", T_SQL_IDENTIFIER}, {"collation_name", T_SQL_IDENTIFIER},
    {"numeric_precision", T_CARDINAL_NUMBER}, {"numeric_precision_radix", T_CARDINAL_NUMBER},
    {"numeric_scale", T_CARDINAL_NUMBER}, {"datetime_precision", T_CARDINAL_NUMBER},
    {"interval_type", T_CHARACTER_DATA}, {"interval_precision", T_CARDINAL_NUMBER},
    {"udt_catalog", T_SQL_IDENTIFIER}, {"udt_schema", T_SQL_IDENTIFIER},
    {"udt_name", T_SQL_IDENTIFIER}, {"scope_catalog", T_SQL_IDENTIFIER},
    {"scope_schema", T_SQL_IDENTIFIER}, {"scope_name", T_SQL_IDENTIFIER},
    {"maximum_cardinality", T_CARDINAL_NUMBER}, {"dtd_identifier", T_SQL_IDENTIFIER},
    {"parameter_default", T_CHARACTER_DATA},
};

static const VirtualColumn referential_constraints_columns[] = {
    {"constraint_catalog", T_SQL_IDENTIFIER}, {"constraint_schema", T_SQL_IDENTIFIER},
    {"constraint_name", T_SQL_IDENTIFIER}, {"unique_constraint_catalog", T_SQL_IDENTIFIER},
    {"unique_constraint_schema", T_SQL_IDENTIFIER}, {"unique_constraint_name", T_SQL_IDENTIFIER},
    {"match_option", T_CHARACTER_DATA}, {"update_rule", T_CHARACTER_DATA},
    {"delete_rule", T_CHARACTER_DATA},
};

static const VirtualColumn role_column_grants_columns[] = {
    {"grantor", T_SQL_IDENTIFIER}, {"grantee", T_SQL_IDENTIFIER},
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"column_name", T_SQL_IDENTIFIER},
    {"privilege_type", T_CHARACTER_DATA}, {"is_grantable", T_YES_OR_NO},
};

static const VirtualColumn role_routine_grants_columns[] = {
    {"grantor", T_SQL_IDENTIFIER}, {"grantee", T_SQL_IDENTIFIER},
    {"specific_catalog", T_SQL_IDENTIFIER}, {"specific_schema", T_SQL_IDENTIFIER},
    {"specific_name", T_SQL_IDENTIFIER}, {"routine_catalog", T_SQL_IDENTIFIER},
    {"routine_schema", T_SQL_IDENTIFIER}, {"routine_name", T_SQL_IDENTIFIER},
    {"privilege_type", T_CHARACTER_DATA}, {"is_grantable", T_YES_OR_NO},
};

static const VirtualColumn role_table_grants_columns[] = {
    {"grantor", T_SQL_IDENTIFIER}, {"grantee", T_SQL_IDENTIFIER},
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"privilege_type", T_CHARACTER_DATA},
    {"is_grantable", T_YES_OR_NO}, {"with_hierarchy", T_YES_OR_NO},
};

static const VirtualColumn role_udt_grants_columns[] = {
    {"grantor", T_SQL_IDENTIFIER}, {"grantee", T_SQL_IDENTIFIER},
    {"udt_catalog", T_SQL_IDENTIFIER}, {"udt_schema", T_SQL_IDENTIFIER},
    {"udt_name", T_SQL_IDENTIFIER}, {"privilege_type", T_CHARACTER_DATA},
    {"is_grantable", T_YES_OR_NO},
};

static const VirtualColumn role_usage_grants_columns[] = {
    {"grantor", T_SQL_IDENTIFIER}, {"grantee", T_SQL_IDENTIFIER},
    {"object_catalog", T_SQL_IDENTIFIER}, {"object_schema", T_SQL_IDENTIFIER},
    {"object_name", T_SQL_IDENTIFIER}, {"object_type", T_CHARACTER_DATA},
    {"privilege_type", T_CHARACTER_DATA}, {"is_grantable", T_YES_OR_NO},
};

static const VirtualColumn routine_column_usage_columns[] = {
    {"specific_catalog", T_SQL_IDENTIFIER}, {"specific_schema", T_SQL_IDENTIFIER},
    {"specific_name", T_SQL_IDENTIFIER}, {"routine_catalog", T_SQL_IDENTIFIER},
    {"routine_schema", T_SQL_IDENTIFIER}, {"routine_name", T_SQL_IDENTIFIER},
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"column_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn routine_privileges_columns[] = {
    {"grantor", T_SQL_IDENTIFIER}, {"grantee", T_SQL_IDENTIFIER},
    {"specific_catalog", T_SQL_IDENTIFIER}, {"specific_schema", T_SQL_IDENTIFIER},
    {"specific_name", T_SQL_IDENTIFIER}, {"routine_catalog", T_SQL_IDENTIFIER},
    {"routine_schema", T_SQL_IDENTIFIER}, {"routine_name", T_SQL_IDENTIFIER},
    {"privilege_type", T_CHARACTER_DATA}, {"is_grantable", T_YES_OR_NO},
};

static const VirtualColumn routine_routine_usage_columns[] = {
    {"specific_catalog", T_SQL_IDENTIFIER}, {"specific_schema", T_SQL_IDENTIFIER},
    {"specific_name", T_SQL_IDENTIFIER}, {"routine_catalog", T_SQL_IDENTIFIER},
    {"routine_schema", T_SQL_IDENTIFIER}, {"routine_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn routine_sequence_usage_columns[] = {
    {"specific_catalog", T_SQL_IDENTIFIER}, {"specific_schema", T_SQL_IDENTIFIER},
    {"specific_name", T_SQL_IDENTIFIER}, {"routine_catalog", T_SQL_IDENTIFIER},
    {"routine_schema", T_SQL_IDENTIFIER}, {"routine_name", T_SQL_IDENTIFIER},
    {"sequence_catalog", T_SQL_IDENTIFIER}, {"sequence_schema", T_SQL_IDENTIFIER},
    {"sequence_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn routine_table_usage_columns[] = {
    {"specific_catalog", T_SQL_IDENTIFIER}, {"specific_schema", T_SQL_IDENTIFIER},
    {"specific_name", T_SQL_IDENTIFIER}, {"routine_catalog", T_SQL_IDENTIFIER},
    {"routine_schema", T_SQL_IDENTIFIER}, {"routine_name", T_SQL_IDENTIFIER},
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn sql_features_columns[] = {
    {"feature_id", T_CHARACTER_DATA}, {"feature_name", T_CHARACTER_DATA},
    {"sub_feature_id", T_CHARACTER_DATA}, {"sub_feature_name", T_CHARACTER_DATA},
    {"is_supported", T_YES_OR_NO}, {"is_verified_by", T_CHARACTER_DATA},
    {"comments", T_CHARACTER_DATA},
};

static const VirtualColumn sql_implementation_info_columns[] = {
    {"implementation_info_id", T_CHARACTER_DATA}, {"implementation_info_name", T_CHARACTER_DATA},
    {"integer_value", T_CARDINAL_NUMBER}, {"character_value", T_CHARACTER_DATA},
    {"comments", T_CHARACTER_DATA},
};

static const VirtualColumn sql_parts_columns[] = {
    {"feature_id", T_CHARACTER_DATA}, {"feature_name", T_CHARACTER_DATA},
    {"is_supported", T_YES_OR_NO}, {"is_verified_by", T_CHARACTER_DATA},
    {"comments", T_CHARACTER_DATA},
};

static const VirtualColumn sql_sizing_columns[] = {
    {"sizing_id", T_CARDINAL_NUMBER}, {"sizing_name", T_CHARACTER_DATA},
    {"supported_value", T_CARDINAL_NUMBER}, {"comments", T_CHARACTER_DATA},
};

static const VirtualColumn transforms_columns[] = {
    {"udt_catalog", T_SQL_IDENTIFIER}, {"udt_schema", T_SQL_IDENTIFIER},
    {"udt_name", T_SQL_IDENTIFIER}, {"specific_catalog", T_SQL_IDENTIFIER},
    {"specific_schema", T_SQL_IDENTIFIER}, {"specific_name", T_SQL_IDENTIFIER},
    {"group_name", T_SQL_IDENTIFIER}, {"transform_type", T_CHARACTER_DATA},
};

static const VirtualColumn triggered_update_columns_columns[] = {
    {"trigger_catalog", T_SQL_IDENTIFIER}, {"trigger_schema", T_SQL_IDENTIFIER},
    {"trigger_name", T_SQL_IDENTIFIER}, {"event_object_catalog", T_SQL_IDENTIFIER},
    {"event_object_schema", T_SQL_IDENTIFIER}, {"event_object_table", T_SQL_IDENTIFIER},
    {"event_object_column", T_SQL_IDENTIFIER},
};

static const VirtualColumn triggers_columns[] = {
    {"trigger_catalog", T_SQL_IDENTIFIER}, {"trigger_schema", T_SQL_IDENTIFIER},
    {"trigger_name", T_SQL_IDENTIFIER}, {"event_manipulation", T_CHARACTER_DATA},
    {"event_object_catalog", T_SQL_IDENTIFIER}, {"event_object_schema", T_SQL_IDENTIFIER},
    {"event_object_table", T_SQL_IDENTIFIER}, {"action_order", T_CARDINAL_NUMBER},
    {"action_condition", T_CHARACTER_DATA}, {"action_statement", T_CHARACTER_DATA},
    {"action_orientation", T_CHARACTER_DATA}, {"action_timing", T_CHARACTER_DATA},
    {"action_reference_old_table", T_SQL_IDENTIFIER},
    {"action_reference_new_table", T_SQL_IDENTIFIER},
    {"action_reference_old_row", T_SQL_IDENTIFIER}, {"action_reference_new_row", T_SQL_IDENTIFIER},
    {"created", T_TIME_STAMP},
};

static const VirtualColumn udt_privileges_columns[] = {
    {"grantor", T_SQL_IDENTIFIER}, {"grantee", T_SQL_IDENTIFIER},
    {"udt_catalog", T_SQL_IDENTIFIER}, {"udt_schema", T_SQL_IDENTIFIER},
    {"udt_name", T_SQL_IDENTIFIER}, {"privilege_type", T_CHARACTER_DATA},
    {"is_grantable", T_YES_OR_NO},
};

static const VirtualColumn usage_privileges_columns[] = {
    {"grantor", T_SQL_IDENTIFIER}, {"grantee", T_SQL_IDENTIFIER},
    {"object_catalog", T_SQL_IDENTIFIER}, {"object_schema", T_SQL_IDENTIFIER},
    {"object_name", T_SQL_IDENTIFIER}, {"object_type", T_CHARACTER_DATA},
    {"privilege_type", T_CHARACTER_DATA}, {"is_grantable", T_YES_OR_NO},
};

static const VirtualColumn user_defined_types_columns[] = {
    {"user_defined_type_catalog", T_SQL_IDENTIFIER},
    {"user_defined_type_schema", T_SQL_IDENTIFIER}, {"user_defined_type_name", T_SQL_IDENTIFIER},
    {"user_defined_type_category", T_CHARACTER_DATA}, {"is_instantiable", T_YES_OR_NO},
    {"is_final", T_YES_OR_NO}, {"ordering_form", T_CHARACTER_DATA},
    {"ordering_category", T_CHARACTER_DATA}, {"ordering_routine_catalog", T_SQL_IDENTIFIER},
    {"ordering_routine_schema", T_SQL_IDENTIFIER}, {"ordering_routine_name", T_SQL_IDENTIFIER},
    {"reference_type", T_CHARACTER_DATA}, {"data_type", T_CHARACTER_DATA},
    {"character_maximum_length", T_CARDINAL_NUMBER}, {"character_octet_length", T_CARDINAL_NUMBER},
    {"character_set_catalog", T_SQL_IDENTIFIER}, {"character_set_schema", T_SQL_IDENTIFIER},
    {"character_set_name", T_SQL_IDENTIFIER}, {"collation_catalog", T_SQL_IDENTIFIER},
    {"collation_schema", T_SQL_IDENTIFIER}, {"collation_name", T_SQL_IDENTIFIER},
    {"numeric_precision", T_CARDINAL_NUMBER}, {"numeric_precision_radix", T_CARDINAL_NUMBER},
    {"numeric_scale", T_CARDINAL_NUMBER}, {"datetime_precision", T_CARDINAL_NUMBER},
    {"interval_type", T_CHARACTER_DATA}, {"interval_precision", T_CARDINAL_NUMBER},
    {"source_dtd_identifier", T_SQL_IDENTIFIER}, {"ref_dtd_identifier", T_SQL_IDENTIFIER},
};

static const VirtualColumn user_mapping_options_columns[] = {
    {"authorization_identifier", T_SQL_IDENTIFIER}, {"foreign_server_catalog", T_SQL_IDENTIFIER},
    {"foreign_server_name", T_SQL_IDENTIFIER}, {"option_name", T_SQL_IDENTIFIER},
    {"option_value", T_CHARACTER_DATA},
};

static const VirtualColumn user_mappings_columns[] = {
    {"authorization_identifier", T_SQL_IDENTIFIER}, {"foreign_server_catalog", T_SQL_IDENTIFIER},
    {"foreign_server_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn view_column_usage_columns[] = {
    {"view_catalog", T_SQL_IDENTIFIER}, {"view_schema", T_SQL_IDENTIFIER},
    {"view_name", T_SQL_IDENTIFIER}, {"table_catalog", T_SQL_IDENTIFIER},
    {"table_schema", T_SQL_IDENTIFIER}, {"table_name", T_SQL_IDENTIFIER},
    {"column_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn view_routine_usage_columns[] = {
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"specific_catalog", T_SQL_IDENTIFIER},
    {"specific_schema", T_SQL_IDENTIFIER}, {"specific_name", T_SQL_IDENTIFIER},
};

static const VirtualColumn view_table_usage_columns[] = {
    {"view_catalog", T_SQL_IDENTIFIER}, {"view_schema", T_SQL_IDENTIFIER},
    {"view_name", T_SQL_IDENTIFIER}, {"table_catalog", T_SQL_IDENTIFIER},
    {"table_schema", T_SQL_IDENTIFIER}, {"table_name", T_SQL_IDENTIFIER},
};

#define EMPTY_KIND(number, relation, view)                                                         \
    {.schema_oid = SCHEMA_OID_INFORMATION_SCHEMA, .name = #relation, .oid = (number),              \
     .is_view = (view), CATALOG_COLUMNS(relation##_columns)}
#define EMPTY(number, relation) EMPTY_KIND(number, relation, true)
#define EMPTY_TABLE(number, relation) EMPTY_KIND(number, relation, false)

const VirtualRelation catalog_empty_information_schema[] = {
    EMPTY(13507, _pg_foreign_data_wrappers),
    EMPTY(13519, _pg_foreign_servers),
    EMPTY(13498, _pg_foreign_table_columns),
    EMPTY(13532, _pg_foreign_tables),
    EMPTY(13545, _pg_user_mappings),
    EMPTY(13241, administrable_role_authorizations),
    EMPTY(13236, applicable_roles),
    EMPTY(13245, attributes),
    EMPTY(13255, check_constraint_routine_usage),
    EMPTY(13260, check_constraints),
    EMPTY(13270, collation_character_set_applicability),
    EMPTY(13275, column_column_usage),
    EMPTY(13280, column_domain_usage),
    EMPTY(13503, column_options),
    EMPTY(13285, column_privileges),
    EMPTY(13290, column_udt_usage),
    EMPTY(13300, constraint_column_usage),
    EMPTY(13305, constraint_table_usage),
    EMPTY(13488, data_type_privileges),
    EMPTY(13310, domain_constraints),
    EMPTY(13315, domain_udt_usage),
    EMPTY(13320, domains),
    EMPTY(13493, element_types),
    EMPTY(13511, foreign_data_wrapper_options),
    EMPTY(13515, foreign_data_wrappers),
    EMPTY(13524, foreign_server_options),
    EMPTY(13528, foreign_servers),
    EMPTY(13537, foreign_table_options),
    EMPTY(13541, foreign_tables),
    EMPTY(13334, parameters),
    EMPTY(13339, referential_constraints),
    EMPTY(13344, role_column_grants),
    EMPTY(13358, role_routine_grants),
    EMPTY(13421, role_table_grants),
    EMPTY(13450, role_udt_grants),
    EMPTY(13459, role_usage_grants),
    EMPTY(13348, routine_column_usage),
    EMPTY(13353, routine_privileges),
    EMPTY(13362, routine_routine_usage),
    EMPTY(13367, routine_sequence_usage),
    EMPTY(13372, routine_table_usage),
    EMPTY_TABLE(13391, sql_features),
    EMPTY_TABLE(13396, sql_implementation_info),
    EMPTY_TABLE(13401, sql_parts),
    EMPTY_TABLE(13406, sql_sizing),
    EMPTY(13430, transforms),
    EMPTY(13435, triggered_update_columns),
    EMPTY(13440, triggers),
    EMPTY(13445, udt_privileges),
    EMPTY(13454, usage_privileges),
    EMPTY(13463, user_defined_types),
    EMPTY(13550, user_mapping_options),
    EMPTY(13555, user_mappings),
    EMPTY(13468, view_column_usage),
    EMPTY(13473, view_routine_usage),
    EMPTY(13478, view_table_usage),
};
/* clang-format on */

const uint32_t catalog_empty_information_schema_count =
    sizeof catalog_empty_information_schema / sizeof catalog_empty_information_schema[0];

/*
 * Views of information_schema that have no rows here, since what they list does not exist:
 * their columns, so that what clients ask of them gets the right empty answer.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn _pg_foreign_data_wrappers_columns[] = {
    {"oid", T_OID}, {"fdwowner", T_OID}, {"fdwoptions", T_TEXT_ARRAY},
    {"foreign_data_wrapper_catalog", T_NAME}, {"foreign_data_wrapper_name", T_NAME},
    {"authorization_identifier", T_NAME}, {"foreign_data_wrapper_language", T_VARCHAR},
};

static const VirtualColumn _pg_foreign_servers_columns[] = {
    {"oid", T_OID}, {"srvoptions", T_TEXT_ARRAY}, {"foreign_server_catalog", T_NAME},
    {"foreign_server_name", T_NAME}, {"foreign_data_wrapper_catalog", T_NAME},
    {"foreign_data_wrapper_name", T_NAME}, {"foreign_server_type", T_VARCHAR},
    {"foreign_server_version", T_VARCHAR}, {"authorization_identifier", T_NAME},
};

static const VirtualColumn _pg_foreign_table_columns_columns[] = {
    {"nspname", T_NAME}, {"relname", T_NAME}, {"attname", T_NAME},
    {"attfdwoptions", T_TEXT_ARRAY},
};

static const VirtualColumn _pg_foreign_tables_columns[] = {
    {"foreign_table_catalog", T_NAME}, {"foreign_table_schema", T_NAME},
    {"foreign_table_name", T_NAME}, {"ftoptions", T_TEXT_ARRAY},
    {"foreign_server_catalog", T_NAME}, {"foreign_server_name", T_NAME},
    {"authorization_identifier", T_NAME},
};

static const VirtualColumn _pg_user_mappings_columns[] = {
    {"oid", T_OID}, {"umoptions", T_TEXT_ARRAY}, {"umuser", T_OID},
    {"authorization_identifier", T_NAME}, {"foreign_server_catalog", T_NAME},
    {"foreign_server_name", T_NAME}, {"srvowner", T_NAME},
};

static const VirtualColumn administrable_role_authorizations_columns[] = {
    {"grantee", T_NAME}, {"role_name", T_NAME}, {"is_grantable", T_VARCHAR},
};

static const VirtualColumn applicable_roles_columns[] = {
    {"grantee", T_NAME}, {"role_name", T_NAME}, {"is_grantable", T_VARCHAR},
};

static const VirtualColumn attributes_columns[] = {
    {"udt_catalog", T_NAME}, {"udt_schema", T_NAME}, {"udt_name", T_NAME},
    {"attribute_name", T_NAME}, {"ordinal_position", T_INT4}, {"attribute_default", T_VARCHAR},
    {"is_nullable", T_VARCHAR}, {"data_type", T_VARCHAR}, {"character_maximum_length", T_INT4},
    {"character_octet_length", T_INT4}, {"character_set_catalog", T_NAME},
    {"character_set_schema", T_NAME}, {"character_set_name", T_NAME},
    {"collation_catalog", T_NAME}, {"collation_schema", T_NAME}, {"collation_name", T_NAME},
    {"numeric_precision", T_INT4}, {"numeric_precision_radix", T_INT4},
    {"numeric_scale", T_INT4}, {"datetime_precision", T_INT4}, {"interval_type", T_VARCHAR},
    {"interval_precision", T_INT4}, {"attribute_udt_catalog", T_NAME},
    {"attribute_udt_schema", T_NAME}, {"attribute_udt_name", T_NAME}, {"scope_catalog", T_NAME},
    {"scope_schema", T_NAME}, {"scope_name", T_NAME}, {"maximum_cardinality", T_INT4},
    {"dtd_identifier", T_NAME}, {"is_derived_reference_attribute", T_VARCHAR},
};

static const VirtualColumn check_constraint_routine_usage_columns[] = {
    {"constraint_catalog", T_NAME}, {"constraint_schema", T_NAME}, {"constraint_name", T_NAME},
    {"specific_catalog", T_NAME}, {"specific_schema", T_NAME}, {"specific_name", T_NAME},
};

static const VirtualColumn check_constraints_columns[] = {
    {"constraint_catalog", T_NAME}, {"constraint_schema", T_NAME}, {"constraint_name", T_NAME},
    {"check_clause", T_VARCHAR},
};

static const VirtualColumn collation_character_set_applicability_columns[] = {
    {"collation_catalog", T_NAME}, {"collation_schema", T_NAME}, {"collation_name", T_NAME},
    {"character_set_catalog", T_NAME}, {"character_set_schema", T_NAME},
    {"character_set_name", T_NAME},
};

static const VirtualColumn column_column_usage_columns[] = {
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"column_name", T_NAME}, {"dependent_column", T_NAME},
};

static const VirtualColumn column_domain_usage_columns[] = {
    {"domain_catalog", T_NAME}, {"domain_schema", T_NAME}, {"domain_name", T_NAME},
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"column_name", T_NAME},
};

static const VirtualColumn column_options_columns[] = {
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"column_name", T_NAME}, {"option_name", T_NAME}, {"option_value", T_VARCHAR},
};

static const VirtualColumn column_privileges_columns[] = {
    {"grantor", T_NAME}, {"grantee", T_NAME}, {"table_catalog", T_NAME},
    {"table_schema", T_NAME}, {"table_name", T_NAME}, {"column_name", T_NAME},
    {"privilege_type", T_VARCHAR}, {"is_grantable", T_VARCHAR},
};

static const VirtualColumn column_udt_usage_columns[] = {
    {"udt_catalog", T_NAME}, {"udt_schema", T_NAME}, {"udt_name", T_NAME},
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"column_name", T_NAME},
};

static const VirtualColumn constraint_column_usage_columns[] = {
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"column_name", T_NAME}, {"constraint_catalog", T_NAME}, {"constraint_schema", T_NAME},
    {"constraint_name", T_NAME},
};

static const VirtualColumn constraint_table_usage_columns[] = {
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"constraint_catalog", T_NAME}, {"constraint_schema", T_NAME}, {"constraint_name", T_NAME},
};

static const VirtualColumn data_type_privileges_columns[] = {
    {"object_catalog", T_NAME}, {"object_schema", T_NAME}, {"object_name", T_NAME},
    {"object_type", T_VARCHAR}, {"dtd_identifier", T_NAME},
};

static const VirtualColumn domain_constraints_columns[] = {
    {"constraint_catalog", T_NAME}, {"constraint_schema", T_NAME}, {"constraint_name", T_NAME},
    {"domain_catalog", T_NAME}, {"domain_schema", T_NAME}, {"domain_name", T_NAME},
    {"is_deferrable", T_VARCHAR}, {"initially_deferred", T_VARCHAR},
};

static const VirtualColumn domain_udt_usage_columns[] = {
    {"udt_catalog", T_NAME}, {"udt_schema", T_NAME}, {"udt_name", T_NAME},
    {"domain_catalog", T_NAME}, {"domain_schema", T_NAME}, {"domain_name", T_NAME},
};

static const VirtualColumn domains_columns[] = {
    {"domain_catalog", T_NAME}, {"domain_schema", T_NAME}, {"domain_name", T_NAME},
    {"data_type", T_VARCHAR}, {"character_maximum_length", T_INT4},
    {"character_octet_length", T_INT4}, {"character_set_catalog", T_NAME},
    {"character_set_schema", T_NAME}, {"character_set_name", T_NAME},
    {"collation_catalog", T_NAME}, {"collation_schema", T_NAME}, {"collation_name", T_NAME},
    {"numeric_precision", T_INT4}, {"numeric_precision_radix", T_INT4},
    {"numeric_scale", T_INT4}, {"datetime_precision", T_INT4}, {"interval_type", T_VARCHAR},
    {"interval_precision", T_INT4}, {"domain_default", T_VARCHAR}, {"udt_catalog", T_NAME},
    {"udt_schema", T_NAME}, {"udt_name", T_NAME}, {"scope_catalog", T_NAME},
    {"scope_schema", T_NAME}, {"scope_name", T_NAME}, {"maximum_cardinality", T_INT4},
    {"dtd_identifier", T_NAME},
};

static const VirtualColumn element_types_columns[] = {
    {"object_catalog", T_NAME}, {"object_schema", T_NAME}, {"object_name", T_NAME},
    {"object_type", T_VARCHAR}, {"collection_type_identifier", T_NAME},
    {"data_type", T_VARCHAR}, {"character_maximum_length", T_INT4},
    {"character_octet_length", T_INT4}, {"character_set_catalog", T_NAME},
    {"character_set_schema", T_NAME}, {"character_set_name", T_NAME},
    {"collation_catalog", T_NAME}, {"collation_schema", T_NAME}, {"collation_name", T_NAME},
    {"numeric_precision", T_INT4}, {"numeric_precision_radix", T_INT4},
    {"numeric_scale", T_INT4}, {"datetime_precision", T_INT4}, {"interval_type", T_VARCHAR},
    {"interval_precision", T_INT4}, {"domain_default", T_VARCHAR}, {"udt_catalog", T_NAME},
    {"udt_schema", T_NAME}, {"udt_name", T_NAME}, {"scope_catalog", T_NAME},
    {"scope_schema", T_NAME}, {"scope_name", T_NAME}, {"maximum_cardinality", T_INT4},
    {"dtd_identifier", T_NAME},
};

static const VirtualColumn foreign_data_wrapper_options_columns[] = {
    {"foreign_data_wrapper_catalog", T_NAME}, {"foreign_data_wrapper_name", T_NAME},
    {"option_name", T_NAME}, {"option_value", T_VARCHAR},
};

static const VirtualColumn foreign_data_wrappers_columns[] = {
    {"foreign_data_wrapper_catalog", T_NAME}, {"foreign_data_wrapper_name", T_NAME},
    {"authorization_identifier", T_NAME}, {"library_name", T_VARCHAR},
    {"foreign_data_wrapper_language", T_VARCHAR},
};

static const VirtualColumn foreign_server_options_columns[] = {
    {"foreign_server_catalog", T_NAME}, {"foreign_server_name", T_NAME},
    {"option_name", T_NAME}, {"option_value", T_VARCHAR},
};

static const VirtualColumn foreign_servers_columns[] = {
    {"foreign_server_catalog", T_NAME}, {"foreign_server_name", T_NAME},
    {"foreign_data_wrapper_catalog", T_NAME}, {"foreign_data_wrapper_name", T_NAME},
    {"foreign_server_type", T_VARCHAR}, {"foreign_server_version", T_VARCHAR},
    {"authorization_identifier", T_NAME},
};

static const VirtualColumn foreign_table_options_columns[] = {
    {"foreign_table_catalog", T_NAME}, {"foreign_table_schema", T_NAME},
    {"foreign_table_name", T_NAME}, {"option_name", T_NAME}, {"option_value", T_VARCHAR},
};

static const VirtualColumn foreign_tables_columns[] = {
    {"foreign_table_catalog", T_NAME}, {"foreign_table_schema", T_NAME},
    {"foreign_table_name", T_NAME}, {"foreign_server_catalog", T_NAME},
    {"foreign_server_name", T_NAME},
};

static const VirtualColumn key_column_usage_columns[] = {
    {"constraint_catalog", T_NAME}, {"constraint_schema", T_NAME}, {"constraint_name", T_NAME},
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"column_name", T_NAME}, {"ordinal_position", T_INT4},
    {"position_in_unique_constraint", T_INT4},
};

static const VirtualColumn parameters_columns[] = {
    {"specific_catalog", T_NAME}, {"specific_schema", T_NAME}, {"specific_name", T_NAME},
    {"ordinal_position", T_INT4}, {"parameter_mode", T_VARCHAR}, {"is_result", T_VARCHAR},
    {"as_locator", T_VARCHAR}, {"parameter_name", T_NAME}, {"data_type", T_VARCHAR},
    {"character_maximum_length", T_INT4}, {"character_octet_length", T_INT4},
    {"character_set_catalog", T_NAME}, {"character_set_schema", T_NAME},
    {"character_set_name", T_NAME}, {"collation_catalog", T_NAME}, {"collation_schema", T_NAME},
    {"collation_name", T_NAME}, {"numeric_precision", T_INT4},
    {"numeric_precision_radix", T_INT4}, {"numeric_scale", T_INT4},
    {"datetime_precision", T_INT4}, {"interval_type", T_VARCHAR},
    {"interval_precision", T_INT4}, {"udt_catalog", T_NAME}, {"udt_schema", T_NAME},
    {"udt_name", T_NAME}, {"scope_catalog", T_NAME}, {"scope_schema", T_NAME},
    {"scope_name", T_NAME}, {"maximum_cardinality", T_INT4}, {"dtd_identifier", T_NAME},
    {"parameter_default", T_VARCHAR},
};

static const VirtualColumn referential_constraints_columns[] = {
    {"constraint_catalog", T_NAME}, {"constraint_schema", T_NAME}, {"constraint_name", T_NAME},
    {"unique_constraint_catalog", T_NAME}, {"unique_constraint_schema", T_NAME},
    {"unique_constraint_name", T_NAME}, {"match_option", T_VARCHAR}, {"update_rule", T_VARCHAR},
    {"delete_rule", T_VARCHAR},
};

static const VirtualColumn role_column_grants_columns[] = {
    {"grantor", T_NAME}, {"grantee", T_NAME}, {"table_catalog", T_NAME},
    {"table_schema", T_NAME}, {"table_name", T_NAME}, {"column_name", T_NAME},
    {"privilege_type", T_VARCHAR}, {"is_grantable", T_VARCHAR},
};

static const VirtualColumn role_routine_grants_columns[] = {
    {"grantor", T_NAME}, {"grantee", T_NAME}, {"specific_catalog", T_NAME},
    {"specific_schema", T_NAME}, {"specific_name", T_NAME}, {"routine_catalog", T_NAME},
    {"routine_schema", T_NAME}, {"routine_name", T_NAME}, {"privilege_type", T_VARCHAR},
    {"is_grantable", T_VARCHAR},
};

static const VirtualColumn role_table_grants_columns[] = {
    {"grantor", T_NAME}, {"grantee", T_NAME}, {"table_catalog", T_NAME},
    {"table_schema", T_NAME}, {"table_name", T_NAME}, {"privilege_type", T_VARCHAR},
    {"is_grantable", T_VARCHAR}, {"with_hierarchy", T_VARCHAR},
};

static const VirtualColumn role_udt_grants_columns[] = {
    {"grantor", T_NAME}, {"grantee", T_NAME}, {"udt_catalog", T_NAME}, {"udt_schema", T_NAME},
    {"udt_name", T_NAME}, {"privilege_type", T_VARCHAR}, {"is_grantable", T_VARCHAR},
};

static const VirtualColumn role_usage_grants_columns[] = {
    {"grantor", T_NAME}, {"grantee", T_NAME}, {"object_catalog", T_NAME},
    {"object_schema", T_NAME}, {"object_name", T_NAME}, {"object_type", T_VARCHAR},
    {"privilege_type", T_VARCHAR}, {"is_grantable", T_VARCHAR},
};

static const VirtualColumn routine_column_usage_columns[] = {
    {"specific_catalog", T_NAME}, {"specific_schema", T_NAME}, {"specific_name", T_NAME},
    {"routine_catalog", T_NAME}, {"routine_schema", T_NAME}, {"routine_name", T_NAME},
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"column_name", T_NAME},
};

static const VirtualColumn routine_privileges_columns[] = {
    {"grantor", T_NAME}, {"grantee", T_NAME}, {"specific_catalog", T_NAME},
    {"specific_schema", T_NAME}, {"specific_name", T_NAME}, {"routine_catalog", T_NAME},
    {"routine_schema", T_NAME}, {"routine_name", T_NAME}, {"privilege_type", T_VARCHAR},
    {"is_grantable", T_VARCHAR},
};

static const VirtualColumn routine_routine_usage_columns[] = {
    {"specific_catalog", T_NAME}, {"specific_schema", T_NAME}, {"specific_name", T_NAME},
    {"routine_catalog", T_NAME}, {"routine_schema", T_NAME}, {"routine_name", T_NAME},
};

static const VirtualColumn routine_sequence_usage_columns[] = {
    {"specific_catalog", T_NAME}, {"specific_schema", T_NAME}, {"specific_name", T_NAME},
    {"routine_catalog", T_NAME}, {"routine_schema", T_NAME}, {"routine_name", T_NAME},
    {"sequence_catalog", T_NAME}, {"sequence_schema", T_NAME}, {"sequence_name", T_NAME},
};

static const VirtualColumn routine_table_usage_columns[] = {
    {"specific_catalog", T_NAME}, {"specific_schema", T_NAME}, {"specific_name", T_NAME},
    {"routine_catalog", T_NAME}, {"routine_schema", T_NAME}, {"routine_name", T_NAME},
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
};

static const VirtualColumn sequences_columns[] = {
    {"sequence_catalog", T_NAME}, {"sequence_schema", T_NAME}, {"sequence_name", T_NAME},
    {"data_type", T_VARCHAR}, {"numeric_precision", T_INT4},
    {"numeric_precision_radix", T_INT4}, {"numeric_scale", T_INT4}, {"start_value", T_VARCHAR},
    {"minimum_value", T_VARCHAR}, {"maximum_value", T_VARCHAR}, {"increment", T_VARCHAR},
    {"cycle_option", T_VARCHAR},
};

static const VirtualColumn sql_features_columns[] = {
    {"feature_id", T_VARCHAR}, {"feature_name", T_VARCHAR}, {"sub_feature_id", T_VARCHAR},
    {"sub_feature_name", T_VARCHAR}, {"is_supported", T_VARCHAR}, {"is_verified_by", T_VARCHAR},
    {"comments", T_VARCHAR},
};

static const VirtualColumn sql_implementation_info_columns[] = {
    {"implementation_info_id", T_VARCHAR}, {"implementation_info_name", T_VARCHAR},
    {"integer_value", T_INT4}, {"character_value", T_VARCHAR}, {"comments", T_VARCHAR},
};

static const VirtualColumn sql_parts_columns[] = {
    {"feature_id", T_VARCHAR}, {"feature_name", T_VARCHAR}, {"is_supported", T_VARCHAR},
    {"is_verified_by", T_VARCHAR}, {"comments", T_VARCHAR},
};

static const VirtualColumn sql_sizing_columns[] = {
    {"sizing_id", T_INT4}, {"sizing_name", T_VARCHAR}, {"supported_value", T_INT4},
    {"comments", T_VARCHAR},
};

static const VirtualColumn table_constraints_columns[] = {
    {"constraint_catalog", T_NAME}, {"constraint_schema", T_NAME}, {"constraint_name", T_NAME},
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"constraint_type", T_VARCHAR}, {"is_deferrable", T_VARCHAR},
    {"initially_deferred", T_VARCHAR}, {"enforced", T_VARCHAR}, {"nulls_distinct", T_VARCHAR},
};

static const VirtualColumn transforms_columns[] = {
    {"udt_catalog", T_NAME}, {"udt_schema", T_NAME}, {"udt_name", T_NAME},
    {"specific_catalog", T_NAME}, {"specific_schema", T_NAME}, {"specific_name", T_NAME},
    {"group_name", T_NAME}, {"transform_type", T_VARCHAR},
};

static const VirtualColumn triggered_update_columns_columns[] = {
    {"trigger_catalog", T_NAME}, {"trigger_schema", T_NAME}, {"trigger_name", T_NAME},
    {"event_object_catalog", T_NAME}, {"event_object_schema", T_NAME},
    {"event_object_table", T_NAME}, {"event_object_column", T_NAME},
};

static const VirtualColumn triggers_columns[] = {
    {"trigger_catalog", T_NAME}, {"trigger_schema", T_NAME}, {"trigger_name", T_NAME},
    {"event_manipulation", T_VARCHAR}, {"event_object_catalog", T_NAME},
    {"event_object_schema", T_NAME}, {"event_object_table", T_NAME}, {"action_order", T_INT4},
    {"action_condition", T_VARCHAR}, {"action_statement", T_VARCHAR},
    {"action_orientation", T_VARCHAR}, {"action_timing", T_VARCHAR},
    {"action_reference_old_table", T_NAME}, {"action_reference_new_table", T_NAME},
    {"action_reference_old_row", T_NAME}, {"action_reference_new_row", T_NAME},
    {"created", T_TIMESTAMPTZ},
};

static const VirtualColumn udt_privileges_columns[] = {
    {"grantor", T_NAME}, {"grantee", T_NAME}, {"udt_catalog", T_NAME}, {"udt_schema", T_NAME},
    {"udt_name", T_NAME}, {"privilege_type", T_VARCHAR}, {"is_grantable", T_VARCHAR},
};

static const VirtualColumn usage_privileges_columns[] = {
    {"grantor", T_NAME}, {"grantee", T_NAME}, {"object_catalog", T_NAME},
    {"object_schema", T_NAME}, {"object_name", T_NAME}, {"object_type", T_VARCHAR},
    {"privilege_type", T_VARCHAR}, {"is_grantable", T_VARCHAR},
};

static const VirtualColumn user_defined_types_columns[] = {
    {"user_defined_type_catalog", T_NAME}, {"user_defined_type_schema", T_NAME},
    {"user_defined_type_name", T_NAME}, {"user_defined_type_category", T_VARCHAR},
    {"is_instantiable", T_VARCHAR}, {"is_final", T_VARCHAR}, {"ordering_form", T_VARCHAR},
    {"ordering_category", T_VARCHAR}, {"ordering_routine_catalog", T_NAME},
    {"ordering_routine_schema", T_NAME}, {"ordering_routine_name", T_NAME},
    {"reference_type", T_VARCHAR}, {"data_type", T_VARCHAR},
    {"character_maximum_length", T_INT4}, {"character_octet_length", T_INT4},
    {"character_set_catalog", T_NAME}, {"character_set_schema", T_NAME},
    {"character_set_name", T_NAME}, {"collation_catalog", T_NAME}, {"collation_schema", T_NAME},
    {"collation_name", T_NAME}, {"numeric_precision", T_INT4},
    {"numeric_precision_radix", T_INT4}, {"numeric_scale", T_INT4},
    {"datetime_precision", T_INT4}, {"interval_type", T_VARCHAR},
    {"interval_precision", T_INT4}, {"source_dtd_identifier", T_NAME},
    {"ref_dtd_identifier", T_NAME},
};

static const VirtualColumn user_mapping_options_columns[] = {
    {"authorization_identifier", T_NAME}, {"foreign_server_catalog", T_NAME},
    {"foreign_server_name", T_NAME}, {"option_name", T_NAME}, {"option_value", T_VARCHAR},
};

static const VirtualColumn user_mappings_columns[] = {
    {"authorization_identifier", T_NAME}, {"foreign_server_catalog", T_NAME},
    {"foreign_server_name", T_NAME},
};

static const VirtualColumn view_column_usage_columns[] = {
    {"view_catalog", T_NAME}, {"view_schema", T_NAME}, {"view_name", T_NAME},
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"column_name", T_NAME},
};

static const VirtualColumn view_routine_usage_columns[] = {
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
    {"specific_catalog", T_NAME}, {"specific_schema", T_NAME}, {"specific_name", T_NAME},
};

static const VirtualColumn view_table_usage_columns[] = {
    {"view_catalog", T_NAME}, {"view_schema", T_NAME}, {"view_name", T_NAME},
    {"table_catalog", T_NAME}, {"table_schema", T_NAME}, {"table_name", T_NAME},
};

#define EMPTY(number, relation)                                                                    \
    {.schema_oid = SCHEMA_OID_INFORMATION_SCHEMA, .name = #relation, .oid = (number),              \
     .is_view = true, CATALOG_COLUMNS(relation##_columns)}

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
    EMPTY(13329, key_column_usage),
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
    EMPTY(13386, sequences),
    EMPTY(13391, sql_features),
    EMPTY(13396, sql_implementation_info),
    EMPTY(13401, sql_parts),
    EMPTY(13406, sql_sizing),
    EMPTY(13411, table_constraints),
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

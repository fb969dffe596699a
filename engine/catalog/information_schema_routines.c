/*
 * information_schema.routines: functions and aggregates, one row an overload. What Druid's
 * relation of this name has besides (is_aggregator, signatures) follows the standard's columns.
 */
#include "engine/catalog/catalog_internal.h"
#include "engine/function/function.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"specific_catalog", T_SQL_IDENTIFIER}, {"specific_schema", T_SQL_IDENTIFIER},
    {"specific_name", T_SQL_IDENTIFIER}, {"routine_catalog", T_SQL_IDENTIFIER},
    {"routine_schema", T_SQL_IDENTIFIER}, {"routine_name", T_SQL_IDENTIFIER},
    {"routine_type", T_CHARACTER_DATA}, {"module_catalog", T_SQL_IDENTIFIER},
    {"module_schema", T_SQL_IDENTIFIER}, {"module_name", T_SQL_IDENTIFIER},
    {"udt_catalog", T_SQL_IDENTIFIER}, {"udt_schema", T_SQL_IDENTIFIER},
    {"udt_name", T_SQL_IDENTIFIER}, {"data_type", T_CHARACTER_DATA},
    {"character_maximum_length", T_CARDINAL_NUMBER}, {"character_octet_length", T_CARDINAL_NUMBER},
    {"character_set_catalog", T_SQL_IDENTIFIER}, {"character_set_schema", T_SQL_IDENTIFIER},
    {"character_set_name", T_SQL_IDENTIFIER}, {"collation_catalog", T_SQL_IDENTIFIER},
    {"collation_schema", T_SQL_IDENTIFIER}, {"collation_name", T_SQL_IDENTIFIER},
    {"numeric_precision", T_CARDINAL_NUMBER}, {"numeric_precision_radix", T_CARDINAL_NUMBER},
    {"numeric_scale", T_CARDINAL_NUMBER}, {"datetime_precision", T_CARDINAL_NUMBER},
    {"interval_type", T_CHARACTER_DATA}, {"interval_precision", T_CARDINAL_NUMBER},
    {"type_udt_catalog", T_SQL_IDENTIFIER}, {"type_udt_schema", T_SQL_IDENTIFIER},
    {"type_udt_name", T_SQL_IDENTIFIER}, {"scope_catalog", T_SQL_IDENTIFIER},
    {"scope_schema", T_SQL_IDENTIFIER}, {"scope_name", T_SQL_IDENTIFIER},
    {"maximum_cardinality", T_CARDINAL_NUMBER}, {"dtd_identifier", T_SQL_IDENTIFIER},
    {"routine_body", T_CHARACTER_DATA}, {"routine_definition", T_CHARACTER_DATA},
    {"external_name", T_CHARACTER_DATA}, {"external_language", T_CHARACTER_DATA},
    {"parameter_style", T_CHARACTER_DATA}, {"is_deterministic", T_YES_OR_NO},
    {"sql_data_access", T_CHARACTER_DATA}, {"is_null_call", T_YES_OR_NO},
    {"sql_path", T_CHARACTER_DATA}, {"schema_level_routine", T_YES_OR_NO},
    {"max_dynamic_result_sets", T_CARDINAL_NUMBER}, {"is_user_defined_cast", T_YES_OR_NO},
    {"is_implicitly_invocable", T_YES_OR_NO}, {"security_type", T_CHARACTER_DATA},
    {"to_sql_specific_catalog", T_SQL_IDENTIFIER}, {"to_sql_specific_schema", T_SQL_IDENTIFIER},
    {"to_sql_specific_name", T_SQL_IDENTIFIER}, {"as_locator", T_YES_OR_NO},
    {"created", T_TIME_STAMP}, {"last_altered", T_TIME_STAMP},
    {"new_savepoint_level", T_YES_OR_NO}, {"is_udt_dependent", T_YES_OR_NO},
    {"result_cast_from_data_type", T_CHARACTER_DATA}, {"result_cast_as_locator", T_YES_OR_NO},
    {"result_cast_char_max_length", T_CARDINAL_NUMBER},
    {"result_cast_char_octet_length", T_CARDINAL_NUMBER},
    {"result_cast_char_set_catalog", T_SQL_IDENTIFIER},
    {"result_cast_char_set_schema", T_SQL_IDENTIFIER},
    {"result_cast_char_set_name", T_SQL_IDENTIFIER},
    {"result_cast_collation_catalog", T_SQL_IDENTIFIER},
    {"result_cast_collation_schema", T_SQL_IDENTIFIER},
    {"result_cast_collation_name", T_SQL_IDENTIFIER},
    {"result_cast_numeric_precision", T_CARDINAL_NUMBER},
    {"result_cast_numeric_precision_radix", T_CARDINAL_NUMBER},
    {"result_cast_numeric_scale", T_CARDINAL_NUMBER},
    {"result_cast_datetime_precision", T_CARDINAL_NUMBER},
    {"result_cast_interval_type", T_CHARACTER_DATA},
    {"result_cast_interval_precision", T_CARDINAL_NUMBER},
    {"result_cast_type_udt_catalog", T_SQL_IDENTIFIER},
    {"result_cast_type_udt_schema", T_SQL_IDENTIFIER},
    {"result_cast_type_udt_name", T_SQL_IDENTIFIER},
    {"result_cast_scope_catalog", T_SQL_IDENTIFIER},
    {"result_cast_scope_schema", T_SQL_IDENTIFIER}, {"result_cast_scope_name", T_SQL_IDENTIFIER},
    {"result_cast_maximum_cardinality", T_CARDINAL_NUMBER},
    {"result_cast_dtd_identifier", T_SQL_IDENTIFIER}, {"is_aggregator", T_VARCHAR},
    {"signatures", T_VARCHAR},
};
/* clang-format on */

typedef struct Routine {
    Oid oid, result;
    const char *name;
    bool is_aggregate, is_immutable;
    uint32_t argument_count, required_count;
    const Oid *arguments;
} Routine;

/* "'round(numeric, [integer])'" */
static const char *signature(Arena *arena, const Routine *routine)
{
    Buffer text = BUFFER_EMPTY;
    buffer_printf(&text, "'%s(", routine->name);
    for (uint32_t i = 0; i < routine->argument_count; i++) {
        const TypeInfo *info = type_info(routine->arguments[i]);
        const char *name = info == NULL ? "any" : info->sql_name;
        bool is_optional = i >= routine->required_count;
        buffer_printf(&text, "%s%s%s%s", i == 0 ? "" : ", ", is_optional ? "[" : "", name,
                      is_optional ? "]" : "");
    }
    buffer_append_string(&text, ")'");
    const char *copy = arena_strdup(arena, buffer_string(&text));
    buffer_clear(&text);
    return copy;
}

static void add_routine(CatalogRows *rows, const CatalogContext *context, const Routine *routine)
{
    const TypeInfo *info = type_info(routine->result);
    Text database = catalog_database(context);
    catalog_set_text(rows, "specific_catalog", database);
    catalog_set_string(rows, "specific_schema", "pg_catalog");
    catalog_set_string(rows, "specific_name",
                       arena_printf(rows->arena, "%s_%u", routine->name, routine->oid));
    catalog_set_text(rows, "routine_catalog", database);
    catalog_set_string(rows, "routine_schema", "pg_catalog");
    catalog_set_string(rows, "routine_name", routine->name);
    catalog_set_string(rows, "routine_type", "FUNCTION");
    if (info != NULL) {
        catalog_set_text(rows, "type_udt_catalog", database);
        catalog_set_string(rows, "type_udt_schema", "pg_catalog");
        catalog_set_string(rows, "type_udt_name", info->name);
        catalog_set_string(rows, "data_type",
                           info->category == CATEGORY_ARRAY ? "ARRAY" : info->sql_name);
    }
    catalog_set_string(rows, "dtd_identifier", "0");
    catalog_set_string(rows, "routine_body", "EXTERNAL");
    catalog_set_string(rows, "external_name", routine->name);
    catalog_set_string(rows, "external_language", "INTERNAL");
    catalog_set_string(rows, "parameter_style", "GENERAL");
    catalog_set_string(rows, "is_deterministic", routine->is_immutable ? "YES" : "NO");
    catalog_set_string(rows, "sql_data_access", "MODIFIES");
    catalog_set_string(rows, "schema_level_routine", "YES");
    catalog_set_int(rows, "max_dynamic_result_sets", 0);
    catalog_set_string(rows, "security_type", "INVOKER");
    catalog_set_string(rows, "is_udt_dependent", "NO");
    catalog_set_string(rows, "is_aggregator", routine->is_aggregate ? "YES" : "NO");
    catalog_set_string(rows, "signatures", signature(rows->arena, routine));
    catalog_row_end(rows);
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    const ScalarFunction *const *scalars = function_scalars(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (scalars[i]->kind != FUNCTION_PLAIN || !catalog_speaks(context, scalars[i]))
            continue;
        Routine routine = {.oid = scalars[i]->oid,
                           .name = scalars[i]->name,
                           .result = scalars[i]->result,
                           .is_immutable = scalars[i]->volatility == IMMUTABLE,
                           .argument_count = scalars[i]->argument_count,
                           .required_count =
                               scalars[i]->argument_count - scalars[i]->optional_count,
                           .arguments = scalars[i]->arguments};
        add_routine(&rows, context, &routine);
    }
    const AggregateFunction *const *aggregates = function_aggregates(&count);
    for (uint32_t i = 0; i < count; i++) {
        Routine routine = {.oid = aggregates[i]->oid,
                           .name = aggregates[i]->name,
                           .result = aggregates[i]->result,
                           .is_aggregate = true,
                           .is_immutable = true,
                           .argument_count = aggregates[i]->argument_count,
                           .required_count =
                               aggregates[i]->argument_count - aggregates[i]->optional_count,
                           .arguments = aggregates[i]->arguments};
        add_routine(&rows, context, &routine);
    }
    const WindowFunction *windows = function_windows(&count);
    for (uint32_t i = 0; i < count; i++) {
        Routine routine = {.oid = windows[i].oid,
                           .name = windows[i].name,
                           .result = windows[i].result,
                           .is_immutable = true,
                           .argument_count = windows[i].argument_count,
                           .required_count = windows[i].argument_count,
                           .arguments = windows[i].arguments};
        add_routine(&rows, context, &routine);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_information_routines = {.schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
                                                      .name = "routines",
                                                      .oid = 13377,
                                                      .is_view = true,
                                                      CATALOG_COLUMNS(columns),
                                                      .produce = produce};

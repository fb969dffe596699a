/*
 * Functions about catalog objects: names, comments, visibility, definitions, sizes.
 */
#include "engine/catalog/catalog_internal.h"

#include <stdlib.h>

/* --- names of any kind --- */

static bool name_of_object(CatalogCall *call, Oid type, uint32_t oid)
{
    const char *name = NULL;
    if (oid == 0)
        return answer_string(call, "-");
    if (type == T_REGTYPE && type_info(oid) != NULL)
        name = type_format_name(call->arena, SQL_TYPE(oid));
    else if (type != T_REGTYPE)
        name = catalog_name_of(type, oid, call->arena);
    return answer_string(call, name != NULL ? name : arena_printf(call->arena, "%u", oid));
}

static bool reg_name(CatalogCall *call)
{
    return name_of_object(call, (Oid)asked_int(call, 1), (uint32_t)asked_int(call, 0));
}

static bool not_found(CatalogCall *call, Oid type, Text name)
{
    switch (type) {
    case T_REGCLASS:
        return fault_set(call->fault, FAULT_UNDEFINED_TABLE, "relation \"%.*s\" does not exist",
                         TEXT_ARGS(name));
    case T_REGNAMESPACE:
        return fault_set(call->fault, FAULT_INVALID_SCHEMA_NAME, "schema \"%.*s\" does not exist",
                         TEXT_ARGS(name));
    case T_REGPROC:
    case T_REGPROCEDURE:
        return fault_set(call->fault, FAULT_UNDEFINED_FUNCTION,
                         "function \"%.*s\" does not exist", TEXT_ARGS(name));
    default:
        return fault_set(call->fault, FAULT_UNDEFINED_OBJECT, "%s \"%.*s\" does not exist",
                         type == T_REGROLE ? "role" : "type", TEXT_ARGS(name));
    }
}

static bool is_number(Text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return text.length > 0 && text.length < 11;
}

static bool find_object(Oid type, Text name, uint32_t *oid)
{
    *oid = 0;
    if (type != T_REGTYPE)
        return catalog_find(type, name, oid);
    const TypeInfo *info = type_by_written_name(name);
    if (info != NULL)
        *oid = info->oid;
    return info != NULL;
}

static bool reg_find(CatalogCall *call)
{
    Text name = asked_text(call, 0);
    Oid type = (Oid)asked_int(call, 1);
    uint32_t oid;
    if (text_equal_string(name, "-"))
        return answer_int(call, 0);
    if (is_number(name))
        return answer_int(call, strtoll(arena_strndup(call->arena, name.data, name.length), NULL, 10));
    return find_object(type, name, &oid) ? answer_int(call, oid) : not_found(call, type, name);
}

static bool to_reg(CatalogCall *call)
{
    uint32_t oid;
    bool found = find_object(call->call->function->result, asked_text(call, 0), &oid);
    return found ? answer_int(call, oid) : answer_null(call);
}

static bool user_by_id(CatalogCall *call)
{
    Oid oid = (Oid)asked_int(call, 0);
    Text name = catalog_role_name(catalog_context(), oid);
    return name.length > 0
               ? answer_text(call, name)
               : answer_string(call, arena_printf(call->arena, "unknown (OID=%u)", oid));
}

/* --- comments --- */

static bool describe(CatalogCall *call, Oid class_oid, int32_t number)
{
    Text text = catalog_description(catalog_context(), class_oid, (Oid)asked_int(call, 0), number);
    return text.length > 0 ? answer_text(call, text) : answer_null(call);
}

static Oid class_of_catalog(Text name)
{
    static const struct {
        const char *name;
        Oid oid;
    } catalogs[] = {{"pg_class", CLASS_PG_CLASS},
                    {"pg_namespace", CLASS_PG_NAMESPACE},
                    {"pg_proc", CLASS_PG_PROC},
                    {"pg_type", CLASS_PG_TYPE},
                    {"pg_database", CLASS_PG_DATABASE}};
    for (size_t i = 0; i < sizeof catalogs / sizeof *catalogs; i++) {
        if (text_equal_string(name, catalogs[i].name))
            return catalogs[i].oid;
    }
    return 0;
}

static bool object_description(CatalogCall *call)
{
    if (call->call->argument_count == 2)
        return describe(call, class_of_catalog(asked_text(call, 1)), 0);
    static const Oid classes[] = {CLASS_PG_CLASS, CLASS_PG_NAMESPACE, CLASS_PG_PROC, CLASS_PG_TYPE};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        Text text = catalog_description(catalog_context(), classes[i], (Oid)asked_int(call, 0), 0);
        if (text.length > 0)
            return answer_text(call, text);
    }
    return answer_null(call);
}

static bool column_description(CatalogCall *call)
{
    int64_t number = asked_int(call, 1);
    return number == 0 ? answer_null(call) : describe(call, CLASS_PG_CLASS, (int32_t)number);
}

static bool shared_description(CatalogCall *call)
{
    bool is_database = text_equal_string(asked_text(call, 1), "pg_database") &&
                       asked_int(call, 0) == CATALOG_DATABASE_OID;
    return answer_string(call, is_database ? CATALOG_DATABASE_COMMENT : NULL);
}

static const char *describe_relation(CatalogCall *call, Oid oid, int64_t number)
{
    const CatalogContext *context = catalog_context();
    const Relation *relation = schema_relation_by_oid(call->arena, context->tables, oid);
    if (relation == NULL)
        return NULL;
    bool is_view = relation->kind == RELATION_VIRTUAL && relation->virtual_relation->is_view;
    const char *name = arena_printf(call->arena, "%s %s", is_view ? "view" : "table",
                                    catalog_name_of(T_REGCLASS, oid, call->arena));
    for (uint32_t i = 0; number != 0 && i < relation->column_count; i++) {
        Buffer column = BUFFER_EMPTY;
        if (relation->columns[i].number != number)
            continue;
        catalog_write_identifier(&column, relation->columns[i].name);
        name = arena_printf(call->arena, "column %s of %s", buffer_string(&column), name);
        buffer_clear(&column);
        return name;
    }
    return number == 0 ? name : NULL;
}

/* pg_describe_object(class, object, column) */
static bool describe_object(CatalogCall *call)
{
    Oid class_oid = (Oid)asked_int(call, 0), oid = (Oid)asked_int(call, 1);
    const char *name = NULL, *kind = NULL;
    switch (class_oid) {
    case CLASS_PG_CLASS:
        return answer_string(call, describe_relation(call, oid, asked_int(call, 2)));
    case CLASS_PG_PROC:
        kind = "function";
        name = catalog_name_of(T_REGPROCEDURE, oid, call->arena);
        break;
    case CLASS_PG_TYPE:
        kind = "type";
        name = type_info(oid) == NULL ? NULL : type_format_name(call->arena, SQL_TYPE(oid));
        break;
    case CLASS_PG_NAMESPACE:
        kind = "schema";
        name = catalog_name_of(T_REGNAMESPACE, oid, call->arena);
        break;
    default:
        break;
    }
    return answer_string(call,
                         name == NULL ? NULL : arena_printf(call->arena, "%s %s", kind, name));
}

/* --- visibility: without its schema's name only what lies on the search path is found --- */

static bool is_on_path(Arena *arena, Oid schema)
{
    const SchemaInfo *path[CATALOG_MAX_PATH];
    const CatalogContext *context = catalog_context();
    Text text = context->settings == NULL ? TEXT_LITERAL("public")
                                          : text_of(context->settings->search_path);
    uint32_t count = schema_path(arena, context->tables, text, true, path, CATALOG_MAX_PATH);
    for (uint32_t i = 0; i < count; i++) {
        if (path[i]->oid == schema)
            return true;
    }
    return false;
}

static bool table_is_visible(CatalogCall *call)
{
    const CatalogContext *context = catalog_context();
    Oid oid = (Oid)asked_int(call, 0);
    const VirtualRelation *relation = schema_virtual_by_oid(oid);
    if (relation != NULL && relation->schema_oid == SCHEMA_OID_PG_CATALOG)
        return answer_bool(call, is_on_path(call->arena, SCHEMA_OID_PG_CATALOG));
    /* another schema's relation of the same name may come first on the path */
    const Relation *own = schema_relation_by_oid(call->arena, context->tables, oid);
    if (own == NULL)
        return answer_null(call);
    Fault ignored;
    Text path = context->settings == NULL ? TEXT_LITERAL("public")
                                          : text_of(context->settings->search_path);
    SchemaName name = {.text = own->name, .is_quoted = true};
    const Relation *found =
        schema_resolve(call->arena, context->tables, NULL, name, path, -1, &ignored);
    return answer_bool(call, found != NULL && found->oid == oid);
}

static bool type_is_visible(CatalogCall *call)
{
    Oid oid = (Oid)asked_int(call, 0);
    return type_info(oid) == NULL ? answer_null(call)
                                  : answer_bool(call, is_on_path(call->arena, catalog_type_schema(oid)));
}

static bool function_is_visible(CatalogCall *call)
{
    const char *name;
    const Oid *arguments;
    uint32_t count;
    bool found = catalog_find_procedure((uint32_t)asked_int(call, 0), &name, &arguments, &count);
    return found ? answer_bool(call, is_on_path(call->arena, SCHEMA_OID_PG_CATALOG)) : answer_null(call);
}

/* Operators, collations and the other kinds all lie in pg_catalog. */
static bool object_is_visible(CatalogCall *call)
{
    return answer_bool(call, is_on_path(call->arena, SCHEMA_OID_PG_CATALOG));
}

/* --- definitions --- */

static bool nothing(CatalogCall *call)
{
    return answer_null(call);
}

/* A view's query as it was typed; with a semicolon, as PostgreSQL shows it. */
static bool view_definition(CatalogCall *call)
{
    const CatalogContext *context = catalog_context();
    const Relation *relation =
        schema_relation_by_oid(call->arena, context->tables, (Oid)asked_int(call, 0));
    if (relation == NULL || relation->kind != RELATION_TABLE ||
        relation->table->parsed.definition.length == 0)
        return answer_null(call);
    return answer_string(call, arena_printf(call->arena, " %.*s;",
                                            TEXT_ARGS(relation->table->parsed.definition)));
}

/* Expressions of the catalogs are kept as the texts that they are. */
static bool expression(CatalogCall *call)
{
    return answer_text(call, asked_text(call, 0));
}

static bool function_definition(CatalogCall *call)
{
    uint32_t oid = (uint32_t)asked_int(call, 0);
    const ScalarFunction *function = function_scalar_by_oid(oid);
    const AggregateFunction *aggregate = function_aggregate_by_oid(oid);
    if (aggregate != NULL)
        return fault_set(call->fault, FAULT_WRONG_OBJECT_TYPE, "\"%s\" is an aggregate function",
                         aggregate->name);
    if (function == NULL || type_info(function->result) == NULL)
        return answer_null(call);
    static const char *const volatility[] = {
        [IMMUTABLE] = " IMMUTABLE", [STABLE] = " STABLE", [VOLATILE] = ""};
    Buffer text = BUFFER_EMPTY;
    buffer_printf(&text, "CREATE OR REPLACE FUNCTION pg_catalog.%s(", function->name);
    for (uint32_t i = 0; i < function->argument_count; i++)
        buffer_printf(&text, "%s%s%s", i == 0 ? "" : ", ",
                      function->is_variadic && i + 1 == function->argument_count ? "VARIADIC " : "",
                      type_format_name(call->arena, SQL_TYPE(function->arguments[i])));
    buffer_printf(&text, ")\n RETURNS %s\n LANGUAGE internal\n%s PARALLEL SAFE%s\n",
                  type_format_name(call->arena, SQL_TYPE(function->result)),
                  volatility[function->volatility],
                  function->nulls == NULLS_STRICT ? " STRICT" : "");
    buffer_printf(&text, "AS $function$%s$function$\n", function->name);
    answer_string(call, buffer_string(&text));
    buffer_clear(&text);
    return true;
}

static bool answer_sequence_of(CatalogCall *call, Oid table, int32_t column)
{
    const TableSnapshot *tables = catalog_context()->tables;
    for (uint32_t i = 0; i < tables->table_count; i++) {
        const Table *sequence = tables->tables[i];
        if (sequence->parsed.kind != TABLE_SEQUENCE ||
            sequence->parsed.sequence.owner_table != table ||
            sequence->parsed.sequence.owner_column != column)
            continue;
        Buffer text = BUFFER_EMPTY;
        catalog_write_identifier(&text, sequence->schema);
        buffer_append_byte(&text, '.');
        catalog_write_identifier(&text, sequence->name);
        answer_string(call, buffer_string(&text));
        buffer_clear(&text);
        return true;
    }
    return answer_null(call);
}

/* pg_get_serial_sequence(table, column): with its schema, as nextval() takes it. */
static bool serial_sequence(CatalogCall *call)
{
    uint32_t oid;
    if (!catalog_find(T_REGCLASS, asked_text(call, 0), &oid))
        return not_found(call, T_REGCLASS, asked_text(call, 0));
    const Relation *relation =
        schema_relation_by_oid(call->arena, catalog_context()->tables, oid);
    for (uint32_t i = 0; relation != NULL && i < relation->column_count; i++) {
        if (text_equal(relation->columns[i].name, asked_text(call, 1)))
            return answer_sequence_of(call, oid, relation->columns[i].number);
    }
    return fault_set(call->fault, FAULT_UNDEFINED_COLUMN,
                     "column \"%.*s\" of relation \"%.*s\" does not exist",
                     TEXT_ARGS(asked_text(call, 1)), TEXT_ARGS(asked_text(call, 0)));
}

/* --- sizes --- */

static bool relation_size(CatalogCall *call)
{
    int64_t size = catalog_relation_size(catalog_context(), (Oid)asked_int(call, 0));
    bool is_other_fork =
        call->call->argument_count == 2 && !text_equal_string(asked_text(call, 1), "main");
    if (size < 0)
        return answer_null(call);
    return answer_int(call, is_other_fork ? 0 : size);
}

static bool no_size(CatalogCall *call)
{
    int64_t size = catalog_relation_size(catalog_context(), (Oid)asked_int(call, 0));
    return size < 0 ? answer_null(call) : answer_int(call, 0);
}

static bool all_tables_size(CatalogCall *call)
{
    const TableSnapshot *tables = catalog_context()->tables;
    int64_t total = 0;
    for (uint32_t i = 0; i < tables->table_count; i++)
        total += (int64_t)tables->tables[i]->bytes;
    return answer_int(call, total);
}

static bool database_size(CatalogCall *call)
{
    const CatalogContext *context = catalog_context();
    bool by_name = asked_type_is(call, 0, T_NAME);
    if (!by_name && asked_int(call, 0) != CATALOG_DATABASE_OID)
        return answer_null(call);
    if (by_name && !text_equal(asked_text(call, 0), catalog_database(context)))
        return fault_set(call->fault, FAULT_INVALID_CATALOG_NAME,
                         "database \"%.*s\" does not exist", TEXT_ARGS(asked_text(call, 0)));
    return all_tables_size(call);
}

static bool tablespace_size(CatalogCall *call)
{
    bool by_name = asked_type_is(call, 0, T_NAME);
    bool is_default = by_name ? text_equal_string(asked_text(call, 0), "pg_default")
                              : asked_int(call, 0) == CATALOG_TABLESPACE_OID;
    bool is_global = by_name ? text_equal_string(asked_text(call, 0), "pg_global")
                             : asked_int(call, 0) == CATALOG_TABLESPACE_GLOBAL;
    if (is_global)
        return answer_int(call, 0);
    if (is_default)
        return all_tables_size(call);
    return by_name ? fault_set(call->fault, FAULT_UNDEFINED_OBJECT,
                               "tablespace \"%.*s\" does not exist",
                               TEXT_ARGS(asked_text(call, 0)))
                   : answer_null(call);
}

/* Both tablespaces lie in the data folder. */
static bool tablespace_location(CatalogCall *call)
{
    return answer_string(call, "");
}

static bool never(CatalogCall *call)
{
    return answer_bool(call, false);
}

static bool zero(CatalogCall *call)
{
    return answer_int(call, 0);
}

static bool filenode(CatalogCall *call)
{
    Oid oid = (Oid)asked_int(call, 0);
    return table_by_oid(catalog_context()->tables, oid) == NULL ? answer_null(call)
                                                                : answer_int(call, oid);
}

/* A table without partitions is its own root. */
static bool partition_root(CatalogCall *call)
{
    return answer_null(call);
}

static bool live_rows(CatalogCall *call)
{
    const Table *table = table_by_oid(catalog_context()->tables, (Oid)asked_int(call, 0));
    return answer_int(call, table == NULL ? 0 : (int64_t)table->rows);
}

/* The size of the value itself, as it is in memory. */
static bool column_size(CatalogCall *call)
{
    const TypeInfo *info = type_info(call->call->argument_types[0].oid);
    if (info == NULL || info->layout == LAYOUT_ARRAY)
        return answer_null(call);
    if (info->wire_length > 0)
        return answer_int(call, info->wire_length);
    if (info->layout != LAYOUT_STRING)
        return answer_int(call, 16);
    uint32_t length = asked_text(call, 0).length;
    return answer_int(call, (int64_t)length + (length < 127 ? 1 : 4)); /* as PostgreSQL packs it */
}

static bool collation_of(CatalogCall *call)
{
    const TypeInfo *info = type_info(call->call->argument_types[0].oid);
    bool is_text = info != NULL && info->category == CATEGORY_STRING;
    return answer_string(call, is_text ? "\"default\"" : NULL);
}

const CatalogAnswerRow catalog_object_answers[] = {
    {"reg_name", reg_name},
    {"reg_find", reg_find},
    {"to_regclass", to_reg},
    {"to_regtype", to_reg},
    {"to_regproc", to_reg},
    {"to_regprocedure", to_reg},
    {"to_regnamespace", to_reg},
    {"to_regrole", to_reg},
    {"pg_get_userbyid", user_by_id},
    {"obj_description", object_description},
    {"col_description", column_description},
    {"shobj_description", shared_description},
    {"pg_describe_object", describe_object},
    {"pg_table_is_visible", table_is_visible},
    {"pg_type_is_visible", type_is_visible},
    {"pg_function_is_visible", function_is_visible},
    {"pg_operator_is_visible", object_is_visible},
    {"pg_collation_is_visible", object_is_visible},
    {"pg_conversion_is_visible", object_is_visible},
    {"pg_opclass_is_visible", object_is_visible},
    {"pg_opfamily_is_visible", object_is_visible},
    {"pg_statistics_obj_is_visible", object_is_visible},
    {"pg_ts_config_is_visible", object_is_visible},
    {"pg_ts_dict_is_visible", object_is_visible},
    {"pg_ts_parser_is_visible", object_is_visible},
    {"pg_ts_template_is_visible", object_is_visible},
    {"pg_get_expr", expression},
    {"pg_get_functiondef", function_definition},
    {"pg_get_function_sqlbody", nothing},
    {"pg_get_function_arg_default", nothing},
    {"pg_get_constraintdef", catalog_constraint_definition},
    {"pg_get_indexdef", catalog_index_definition},
    {"pg_get_viewdef", view_definition},
    {"pg_get_ruledef", nothing},
    {"pg_get_triggerdef", nothing},
    {"pg_get_partkeydef", nothing},
    {"pg_get_partition_constraintdef", nothing},
    {"pg_get_statisticsobjdef", nothing},
    {"pg_get_statisticsobjdef_columns", nothing},
    {"pg_get_statisticsobjdef_expressions", nothing},
    {"pg_get_serial_sequence", serial_sequence},
    {"pg_get_replica_identity_index", nothing},
    {"pg_relation_size", relation_size},
    {"pg_table_size", relation_size},
    {"pg_total_relation_size", relation_size},
    {"pg_indexes_size", no_size},
    {"pg_database_size", database_size},
    {"pg_tablespace_size", tablespace_size},
    {"pg_tablespace_location", tablespace_location},
    {"pg_relation_filenode", filenode},
    {"pg_relation_filepath", nothing},
    {"pg_filenode_relation", nothing},
    {"pg_partition_root", partition_root},
    {"pg_relation_is_publishable", never},
    {"pg_relation_is_updatable", zero},
    {"pg_column_is_updatable", never},
    {"pg_index_column_has_property", nothing},
    {"pg_index_has_property", nothing},
    {"pg_indexam_has_property", nothing},
    {"row_security_active", never},
    {"pg_column_size", column_size},
    {"pg_collation_for", collation_of},
    {"pg_collation_actual_version", nothing},
    {"pg_database_collation_actual_version", nothing},
    {"pg_stat_get_analyze_count", zero},
    {"pg_stat_get_autoanalyze_count", zero},
    {"pg_stat_get_autovacuum_count", zero},
    {"pg_stat_get_blocks_fetched", zero},
    {"pg_stat_get_blocks_hit", zero},
    {"pg_stat_get_dead_tuples", zero},
    {"pg_stat_get_ins_since_vacuum", zero},
    {"pg_stat_get_last_analyze_time", nothing},
    {"pg_stat_get_last_autoanalyze_time", nothing},
    {"pg_stat_get_last_autovacuum_time", nothing},
    {"pg_stat_get_last_vacuum_time", nothing},
    {"pg_stat_get_live_tuples", live_rows},
    {"pg_stat_get_mod_since_analyze", zero},
    {"pg_stat_get_numscans", zero},
    {"pg_stat_get_tuples_deleted", zero},
    {"pg_stat_get_tuples_fetched", zero},
    {"pg_stat_get_tuples_hot_updated", zero},
    {"pg_stat_get_tuples_inserted", zero},
    {"pg_stat_get_tuples_returned", zero},
    {"pg_stat_get_tuples_updated", zero},
    {"pg_stat_get_vacuum_count", zero},
    {NULL, NULL},
};

/*
 * information_schema.schemata, tables, views and columns. What Druid's relations of these names
 * have besides (is_joinable, jdbc_type, ...) follows the standard's columns.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn schemata_columns[] = {
    {"catalog_name", T_SQL_IDENTIFIER}, {"schema_name", T_SQL_IDENTIFIER},
    {"schema_owner", T_SQL_IDENTIFIER}, {"default_character_set_catalog", T_SQL_IDENTIFIER},
    {"default_character_set_schema", T_SQL_IDENTIFIER},
    {"default_character_set_name", T_SQL_IDENTIFIER}, {"sql_path", T_CHARACTER_DATA},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn table_columns[] = {
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"table_type", T_CHARACTER_DATA},
    {"self_referencing_column_name", T_SQL_IDENTIFIER}, {"reference_generation", T_CHARACTER_DATA},
    {"user_defined_type_catalog", T_SQL_IDENTIFIER},
    {"user_defined_type_schema", T_SQL_IDENTIFIER}, {"user_defined_type_name", T_SQL_IDENTIFIER},
    {"is_insertable_into", T_YES_OR_NO}, {"is_typed", T_YES_OR_NO},
    {"commit_action", T_CHARACTER_DATA}, {"is_joinable", T_VARCHAR}, {"is_broadcast", T_VARCHAR},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn view_columns[] = {
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"view_definition", T_CHARACTER_DATA},
    {"check_option", T_CHARACTER_DATA}, {"is_updatable", T_YES_OR_NO},
    {"is_insertable_into", T_YES_OR_NO}, {"is_trigger_updatable", T_YES_OR_NO},
    {"is_trigger_deletable", T_YES_OR_NO}, {"is_trigger_insertable_into", T_YES_OR_NO},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn column_columns[] = {
    {"table_catalog", T_SQL_IDENTIFIER}, {"table_schema", T_SQL_IDENTIFIER},
    {"table_name", T_SQL_IDENTIFIER}, {"column_name", T_SQL_IDENTIFIER},
    {"ordinal_position", T_CARDINAL_NUMBER}, {"column_default", T_CHARACTER_DATA},
    {"is_nullable", T_YES_OR_NO}, {"data_type", T_CHARACTER_DATA},
    {"character_maximum_length", T_CARDINAL_NUMBER}, {"character_octet_length", T_CARDINAL_NUMBER},
    {"numeric_precision", T_CARDINAL_NUMBER}, {"numeric_precision_radix", T_CARDINAL_NUMBER},
    {"numeric_scale", T_CARDINAL_NUMBER}, {"datetime_precision", T_CARDINAL_NUMBER},
    {"interval_type", T_CHARACTER_DATA}, {"interval_precision", T_CARDINAL_NUMBER},
    {"character_set_catalog", T_SQL_IDENTIFIER}, {"character_set_schema", T_SQL_IDENTIFIER},
    {"character_set_name", T_SQL_IDENTIFIER}, {"collation_catalog", T_SQL_IDENTIFIER},
    {"collation_schema", T_SQL_IDENTIFIER}, {"collation_name", T_SQL_IDENTIFIER},
    {"domain_catalog", T_SQL_IDENTIFIER}, {"domain_schema", T_SQL_IDENTIFIER},
    {"domain_name", T_SQL_IDENTIFIER}, {"udt_catalog", T_SQL_IDENTIFIER},
    {"udt_schema", T_SQL_IDENTIFIER}, {"udt_name", T_SQL_IDENTIFIER},
    {"scope_catalog", T_SQL_IDENTIFIER}, {"scope_schema", T_SQL_IDENTIFIER},
    {"scope_name", T_SQL_IDENTIFIER}, {"maximum_cardinality", T_CARDINAL_NUMBER},
    {"dtd_identifier", T_SQL_IDENTIFIER}, {"is_self_referencing", T_YES_OR_NO},
    {"is_identity", T_YES_OR_NO}, {"identity_generation", T_CHARACTER_DATA},
    {"identity_start", T_CHARACTER_DATA}, {"identity_increment", T_CHARACTER_DATA},
    {"identity_maximum", T_CHARACTER_DATA}, {"identity_minimum", T_CHARACTER_DATA},
    {"identity_cycle", T_YES_OR_NO}, {"is_generated", T_CHARACTER_DATA},
    {"generation_expression", T_CHARACTER_DATA}, {"is_updatable", T_YES_OR_NO},
    {"jdbc_type", T_INT8},
};
/* clang-format on */

/* --- what the druid dialect calls differently: the schema of tables, the catalog, types --- */

static bool is_druid(const CatalogContext *context)
{
    return context->type_context != NULL && context->type_context->dialect == 1;
}

static Text shown_catalog(const CatalogContext *context)
{
    return is_druid(context) ? TEXT_LITERAL("druid") : catalog_database(context);
}

static Text shown_schema(const CatalogContext *context, Text schema)
{
    if (is_druid(context) && text_equal_string(schema, "public"))
        return TEXT_LITERAL("druid");
    return is_druid(context) && text_equal_string(schema, "information_schema")
               ? TEXT_LITERAL("INFORMATION_SCHEMA")
               : schema;
}

static bool produce_schemata(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count;
    const SchemaInfo *schemas = schema_list_all(arena, context->tables, &count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, schemata_columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        Text shown = shown_schema(context, text_of(schemas[i].name));
        catalog_set_text(&rows, "catalog_name", shown_catalog(context));
        catalog_set_text(&rows, "schema_name", shown);
        catalog_set_text(&rows, "schema_owner", catalog_owner(context));
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static const char *table_type(const CatalogContext *context, const Relation *relation)
{
    if (schema_is_view(relation))
        return "VIEW";
    return !is_druid(context)                    ? "BASE TABLE"
           : relation->kind == RELATION_TABLE ? "TABLE"
                                                 : "SYSTEM_TABLE";
}

/* The standard knows no materialized views. */
static bool is_shown(const CatalogContext *context, const Relation *relation)
{
    return !schema_is_sequence(relation) && catalog_may_see(context, relation) &&
           (is_druid(context) || !schema_is_materialized(relation));
}

static bool produce_tables(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count;
    const Relation *const *relations = schema_relations(arena, context->tables, &count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, table_columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        bool is_table = relations[i]->kind == RELATION_TABLE;
        if (!is_shown(context, relations[i]))
            continue;
        catalog_set_text(&rows, "table_catalog", shown_catalog(context));
        catalog_set_text(&rows, "table_schema", shown_schema(context, relations[i]->schema));
        catalog_set_text(&rows, "table_name", relations[i]->name);
        catalog_set_string(&rows, "table_type", table_type(context, relations[i]));
        catalog_set_string(&rows, "is_insertable_into", is_table ? "YES" : "NO");
        catalog_set_string(&rows, "is_typed", "NO");
        catalog_set_string(&rows, "is_joinable", is_druid(context) ? "NO" : "YES");
        catalog_set_string(&rows, "is_broadcast", "NO");
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_views(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    static const char *const answers[] = {"is_updatable", "is_insertable_into",
                                          "is_trigger_updatable", "is_trigger_deletable",
                                          "is_trigger_insertable_into"};
    (void)fault;
    uint32_t count;
    const Relation *const *relations = schema_relations(arena, context->tables, &count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, view_columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        if (!schema_is_view(relations[i]) ||
            !catalog_may_see(context, relations[i]))
            continue;
        catalog_set_text(&rows, "table_catalog", shown_catalog(context));
        catalog_set_text(&rows, "table_schema", shown_schema(context, relations[i]->schema));
        catalog_set_text(&rows, "table_name", relations[i]->name);
        catalog_set_string(&rows, "check_option", "NONE");
        for (size_t j = 0; j < sizeof answers / sizeof answers[0]; j++)
            catalog_set_string(&rows, answers[j], "NO");
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

/* --- columns --- */

/* Precision in bits (numeric: digits) of numbers, of fractions of seconds of times. */
static void set_precision(CatalogRows *rows, SqlType type)
{
    static const struct {
        Oid oid;
        int bits;
    } binary[] = {{T_INT2, 16}, {T_INT4, 32}, {T_INT8, 64}, {T_FLOAT4, 24}, {T_FLOAT8, 53}};
    for (size_t i = 0; i < sizeof binary / sizeof binary[0]; i++) {
        if (binary[i].oid != type.oid)
            continue;
        catalog_set_int(rows, "numeric_precision", binary[i].bits);
        catalog_set_int(rows, "numeric_precision_radix", 2);
        if (type.oid != T_FLOAT4 && type.oid != T_FLOAT8)
            catalog_set_int(rows, "numeric_scale", 0);
    }
    int32_t modifier = type_wire_modifier(type);
    if (type.oid == T_NUMERIC)
        catalog_set_int(rows, "numeric_precision_radix", 10);
    if (type.oid == T_NUMERIC && modifier >= 4) {
        catalog_set_int(rows, "numeric_precision", ((modifier - 4) >> 16) & 0xffff);
        catalog_set_int(rows, "numeric_scale", type_scale(type));
    }
    if (type.oid == T_DATE)
        catalog_set_int(rows, "datetime_precision", 0);
    if (type.oid == T_TIME || type.oid == T_TIMESTAMP || type.oid == T_TIMESTAMPTZ ||
        type.oid == T_INTERVAL)
        catalog_set_int(rows, "datetime_precision", modifier >= 0 && modifier <= 6 ? modifier : 6);
}

static void set_lengths(CatalogRows *rows, SqlType type)
{
    bool is_counted = type.oid == T_VARCHAR || type.oid == T_BPCHAR;
    if (is_counted && type.modifier >= 4)
        catalog_set_int(rows, "character_maximum_length", type.modifier - 4);
    if (is_counted || type.oid == T_TEXT)
        catalog_set_int(rows, "character_octet_length",
                        is_counted && type.modifier >= 4 ? (int64_t)(type.modifier - 4) * 4
                                                         : 1 << 30);
}

/* java.sql.Types. */
static int64_t jdbc_type(const TypeInfo *info)
{
    static const struct {
        Oid oid;
        int64_t code;
    } codes[] = {
        {T_BOOL, 16},   {T_BYTEA, -2}, {T_INT8, -5}, {T_INT2, 5},       {T_INT4, 4},
        {T_FLOAT4, 7},  {T_FLOAT8, 8}, {T_TEXT, 12}, {T_VARCHAR, 12},   {T_NAME, 12},
        {T_BPCHAR, 1},  {T_DATE, 91},  {T_TIME, 92}, {T_TIMESTAMP, 93}, {T_TIMESTAMPTZ, 93},
        {T_NUMERIC, 2}, {T_OID, -5},
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].oid == info->oid)
            return codes[i].code;
    }
    return info->category == CATEGORY_ARRAY ? 2003 : 1111;
}

/* The SQL name of the type that Druid has for it. */
static const char *druid_type(SqlType type, const TypeInfo *info)
{
    static const struct {
        Oid oid;
        const char *name;
    } names[] = {
        {T_INT2, "BIGINT"},         {T_INT4, "BIGINT"},        {T_INT8, "BIGINT"},
        {T_FLOAT4, "FLOAT"},        {T_FLOAT8, "DOUBLE"},      {T_NUMERIC, "DECIMAL"},
        {T_BOOL, "BOOLEAN"},        {T_DATE, "DATE"},          {T_TIMESTAMP, "TIMESTAMP"},
        {T_TIMESTAMPTZ, "TIMESTAMP"}, {T_JSON, "COMPLEX<json>"}, {T_JSONB, "COMPLEX<json>"},
    };
    if (type.oid == T_TEXT_ARRAY && type.modifier == TYPE_MULTI_VALUE)
        return "VARCHAR";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].oid == type.oid)
            return names[i].name;
    }
    return info->category == CATEGORY_ARRAY    ? "ARRAY"
           : info->category == CATEGORY_STRING ? "VARCHAR"
                                               : "OTHER";
}

static void add_column(CatalogRows *rows, const CatalogContext *context, const Relation *relation,
                       uint32_t position)
{
    const RelationColumn *column = &relation->columns[position];
    const TypeInfo *info = type_info(column->type.oid);
    const TableColumn *stored = catalog_table_column(relation, column);
    bool is_table = relation->kind == RELATION_TABLE;
    bool is_time = is_table && text_equal_string(column->name, "__time");
    bool is_integer = info->oid == T_INT2 || info->oid == T_INT4;
    catalog_set_text(rows, "table_catalog", shown_catalog(context));
    catalog_set_text(rows, "table_schema", shown_schema(context, relation->schema));
    catalog_set_text(rows, "table_name", relation->name);
    catalog_set_text(rows, "column_name", column->name);
    catalog_set_int(rows, "ordinal_position", column->number);
    if (stored != NULL && catalog_has_default(stored) && !stored->is_generated)
        catalog_set_text(rows, "column_default", catalog_default(rows->arena, stored));
    bool is_not_null = is_time || (stored != NULL && stored->not_null);
    catalog_set_string(rows, "is_nullable", is_not_null ? "NO" : "YES");
    catalog_set_string(rows, "data_type",
                       is_druid(context) ? druid_type(column->type, info)
                                         : info->category == CATEGORY_ARRAY ? "ARRAY" : info->sql_name);
    set_lengths(rows, column->type);
    set_precision(rows, column->type);
    catalog_set_text(rows, "udt_catalog", catalog_database(context));
    catalog_set_string(rows, "udt_schema", "pg_catalog");
    catalog_set_string(rows, "udt_name", info->name);
    catalog_set_string(rows, "dtd_identifier", arena_printf(rows->arena, "%d", column->number));
    catalog_set_string(rows, "is_self_referencing", "NO");
    bool is_identity = stored != NULL && stored->identity != 0;
    catalog_set_string(rows, "is_identity", is_identity ? "YES" : "NO");
    if (is_identity)
        catalog_set_string(rows, "identity_generation",
                           stored->identity == 'a' ? "ALWAYS" : "BY DEFAULT");
    catalog_set_string(rows, "identity_cycle", "NO");
    bool is_generated = stored != NULL && stored->is_generated;
    catalog_set_string(rows, "is_generated", is_generated ? "ALWAYS" : "NEVER");
    if (is_generated)
        catalog_set_text(rows, "generation_expression", catalog_default(rows->arena, stored));
    catalog_set_string(rows, "is_updatable", is_table ? "YES" : "NO");
    catalog_set_int(rows, "jdbc_type", jdbc_type(is_druid(context) && is_integer ? type_info(T_INT8) : info));
    catalog_row_end(rows);
}

static bool produce_columns(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count;
    const Relation *const *relations = schema_relations(arena, context->tables, &count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, column_columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        bool is_asked = is_shown(context, relations[i]);
        for (uint32_t j = 0; is_asked && j < relations[i]->column_count; j++) {
            if (type_info(relations[i]->columns[j].type.oid) != NULL)
                add_column(&rows, context, relations[i], j);
        }
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_information_schemata = {.schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
                                                      .name = "schemata",
                                                      .oid = 13382,
                                                      .is_view = true,
                                                      CATALOG_COLUMNS(schemata_columns),
                                                      .produce = produce_schemata};
const VirtualRelation catalog_information_tables = {.schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
                                                    .name = "tables",
                                                    .oid = 13425,
                                                    .is_view = true,
                                                    CATALOG_COLUMNS(table_columns),
                                                    .produce = produce_tables};
const VirtualRelation catalog_information_views = {.schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
                                                   .name = "views",
                                                   .oid = 13483,
                                                   .is_view = true,
                                                   CATALOG_COLUMNS(view_columns),
                                                   .produce = produce_views};
const VirtualRelation catalog_information_columns = {.schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
                                                     .name = "columns",
                                                     .oid = 13295,
                                                     .is_view = true,
                                                     CATALOG_COLUMNS(column_columns),
                                                     .produce = produce_columns};

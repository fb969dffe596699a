/*
 * pg_catalog.pg_sequence and pg_sequences, information_schema.sequences.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"seqrelid", T_OID}, {"seqtypid", T_OID}, {"seqstart", T_INT8}, {"seqincrement", T_INT8},
    {"seqmax", T_INT8}, {"seqmin", T_INT8}, {"seqcache", T_INT8}, {"seqcycle", T_BOOL},
};
static const VirtualColumn view_columns[] = {
    {"schemaname", T_NAME}, {"sequencename", T_NAME}, {"sequenceowner", T_NAME},
    {"data_type", T_REGTYPE}, {"start_value", T_INT8}, {"min_value", T_INT8},
    {"max_value", T_INT8}, {"increment_by", T_INT8}, {"cycle", T_BOOL}, {"cache_size", T_INT8},
    {"last_value", T_INT8},
};
static const VirtualColumn information_columns[] = {
    {"sequence_catalog", T_SQL_IDENTIFIER}, {"sequence_schema", T_SQL_IDENTIFIER},
    {"sequence_name", T_SQL_IDENTIFIER}, {"data_type", T_CHARACTER_DATA},
    {"numeric_precision", T_CARDINAL_NUMBER}, {"numeric_precision_radix", T_CARDINAL_NUMBER},
    {"numeric_scale", T_CARDINAL_NUMBER}, {"start_value", T_CHARACTER_DATA},
    {"minimum_value", T_CHARACTER_DATA}, {"maximum_value", T_CHARACTER_DATA},
    {"increment", T_CHARACTER_DATA}, {"cycle_option", T_YES_OR_NO},
};
/* clang-format on */

/* The next sequence from *at on; NULL: there is none. */
static const Table *next_sequence(const CatalogContext *context, uint32_t *at)
{
    const TableSnapshot *tables = context->tables;
    while (*at < tables->table_count) {
        const Table *table = tables->tables[(*at)++];
        if (table->parsed.kind == TABLE_SEQUENCE)
            return table;
    }
    return NULL;
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    const Table *table;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t at = 0; (table = next_sequence(context, &at)) != NULL;) {
        const TableSequence *sequence = &table->parsed.sequence;
        catalog_set_int(&rows, "seqrelid", table->oid);
        catalog_set_int(&rows, "seqtypid", sequence->type_oid);
        catalog_set_int(&rows, "seqstart", sequence->start);
        catalog_set_int(&rows, "seqincrement", sequence->increment);
        catalog_set_int(&rows, "seqmax", sequence->maximum);
        catalog_set_int(&rows, "seqmin", sequence->minimum);
        catalog_set_int(&rows, "seqcache", sequence->cache);
        catalog_set_bool(&rows, "seqcycle", sequence->cycles);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

/* The last value is seen by who may read the sequence. */
static bool set_last_value(CatalogRows *rows, const CatalogContext *context, const Table *table,
                           Fault *fault)
{
    int64_t value;
    bool is_null = true;
    Fault ignored;
    AccessTarget target = {.kind = ACCESS_ON_TABLE, .oid = table->oid, .name = table->name};
    if (context->sequence == NULL ||
        !access_check(catalog_context_user(context), &target, ACCESS_SELECT, &ignored))
        return true;
    SequenceCall call = {.wish = SEQUENCE_SEEN, .oid = table->oid};
    if (!context->sequence(context->state, &call, &value, &is_null, fault))
        return false;
    if (!is_null)
        catalog_set_int(rows, "last_value", value);
    return true;
}

static bool produce_view(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    CatalogRows rows;
    const Table *table;
    ROWS_BEGIN(&rows, view_columns, arena);
    for (uint32_t at = 0; (table = next_sequence(context, &at)) != NULL;) {
        const TableSequence *sequence = &table->parsed.sequence;
        catalog_set_text(&rows, "schemaname", table->schema);
        catalog_set_text(&rows, "sequencename", table->name);
        catalog_set_text(&rows, "sequenceowner",
                         catalog_role_name(context, access_owner(context->roles, table->oid)));
        catalog_set_int(&rows, "data_type", sequence->type_oid);
        catalog_set_int(&rows, "start_value", sequence->start);
        catalog_set_int(&rows, "min_value", sequence->minimum);
        catalog_set_int(&rows, "max_value", sequence->maximum);
        catalog_set_int(&rows, "increment_by", sequence->increment);
        catalog_set_bool(&rows, "cycle", sequence->cycles);
        catalog_set_int(&rows, "cache_size", sequence->cache);
        if (!set_last_value(&rows, context, table, fault))
            return false;
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static const char *number(CatalogRows *rows, int64_t value)
{
    return arena_printf(rows->arena, "%lld", (long long)value);
}

static bool produce_information(const CatalogContext *context, Arena *arena, Batch **out,
                                Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    const Table *table;
    ROWS_BEGIN(&rows, information_columns, arena);
    for (uint32_t at = 0; (table = next_sequence(context, &at)) != NULL;) {
        const TableSequence *sequence = &table->parsed.sequence;
        int64_t bits = sequence->type_oid == T_INT2 ? 16 : sequence->type_oid == T_INT4 ? 32 : 64;
        if (sequence->is_identity) /* is the column's */
            continue;
        catalog_set_text(&rows, "sequence_catalog", catalog_database(context));
        catalog_set_text(&rows, "sequence_schema", table->schema);
        catalog_set_text(&rows, "sequence_name", table->name);
        catalog_set_string(&rows, "data_type", type_info(sequence->type_oid)->sql_name);
        catalog_set_int(&rows, "numeric_precision", bits);
        catalog_set_int(&rows, "numeric_precision_radix", 2);
        catalog_set_int(&rows, "numeric_scale", 0);
        catalog_set_string(&rows, "start_value", number(&rows, sequence->start));
        catalog_set_string(&rows, "minimum_value", number(&rows, sequence->minimum));
        catalog_set_string(&rows, "maximum_value", number(&rows, sequence->maximum));
        catalog_set_string(&rows, "increment", number(&rows, sequence->increment));
        catalog_set_string(&rows, "cycle_option", sequence->cycles ? "YES" : "NO");
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_sequence = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                             .name = "pg_sequence",
                                             .oid = 2224,
                                             CATALOG_COLUMNS(columns),
                                             .produce = produce};
const VirtualRelation catalog_pg_sequences = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                              .name = "pg_sequences",
                                              .oid = 12048,
                                              .is_view = true,
                                              CATALOG_COLUMNS(view_columns),
                                              .produce = produce_view};
const VirtualRelation catalog_information_sequences = {.schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
                                                       .name = "sequences",
                                                       .oid = 13386,
                                                       .is_view = true,
                                                       CATALOG_COLUMNS(information_columns),
                                                       .produce = produce_information};

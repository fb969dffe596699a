/*
 * pg_catalog.pg_constraint and pg_index, information_schema.table_constraints and key_column_usage:
 * what rows of tables must fulfil. A key has an index in the catalogs, as clients expect it, and
 * none in the segments: it is the constraint under another OID.
 */
#include "engine/catalog/catalog_internal.h"

#include "base/memory/buffer.h"

/* clang-format off */
static const VirtualColumn constraint_columns[] = {
    {"oid", T_OID}, {"conname", T_NAME}, {"connamespace", T_OID}, {"contype", T_CHAR},
    {"condeferrable", T_BOOL}, {"condeferred", T_BOOL}, {"convalidated", T_BOOL},
    {"conrelid", T_OID}, {"contypid", T_OID}, {"conindid", T_OID}, {"conparentid", T_OID},
    {"confrelid", T_OID}, {"confupdtype", T_CHAR}, {"confdeltype", T_CHAR},
    {"confmatchtype", T_CHAR}, {"conislocal", T_BOOL}, {"coninhcount", T_INT4},
    {"connoinherit", T_BOOL}, {"conkey", T_INT2_ARRAY}, {"confkey", T_INT2_ARRAY},
    {"conpfeqop", T_OID_ARRAY}, {"conppeqop", T_OID_ARRAY}, {"conffeqop", T_OID_ARRAY},
    {"confdelsetcols", T_INT2_ARRAY}, {"conexclop", T_OID_ARRAY}, {"conbin", T_PG_NODE_TREE},
};
static const VirtualColumn index_columns[] = {
    {"indexrelid", T_OID}, {"indrelid", T_OID}, {"indnatts", T_INT2}, {"indnkeyatts", T_INT2},
    {"indisunique", T_BOOL}, {"indnullsnotdistinct", T_BOOL}, {"indisprimary", T_BOOL},
    {"indisexclusion", T_BOOL}, {"indimmediate", T_BOOL}, {"indisclustered", T_BOOL},
    {"indisvalid", T_BOOL}, {"indcheckxmin", T_BOOL}, {"indisready", T_BOOL},
    {"indislive", T_BOOL}, {"indisreplident", T_BOOL}, {"indkey", T_INT2VECTOR},
    {"indcollation", T_OIDVECTOR}, {"indclass", T_OIDVECTOR}, {"indoption", T_INT2VECTOR},
    {"indexprs", T_PG_NODE_TREE}, {"indpred", T_PG_NODE_TREE},
};
static const VirtualColumn table_constraints_columns[] = {
    {"constraint_catalog", T_SQL_IDENTIFIER}, {"constraint_schema", T_SQL_IDENTIFIER},
    {"constraint_name", T_SQL_IDENTIFIER}, {"table_catalog", T_SQL_IDENTIFIER},
    {"table_schema", T_SQL_IDENTIFIER}, {"table_name", T_SQL_IDENTIFIER},
    {"constraint_type", T_CHARACTER_DATA}, {"is_deferrable", T_YES_OR_NO},
    {"initially_deferred", T_YES_OR_NO}, {"enforced", T_YES_OR_NO},
    {"nulls_distinct", T_YES_OR_NO},
};
static const VirtualColumn key_columns[] = {
    {"constraint_catalog", T_SQL_IDENTIFIER}, {"constraint_schema", T_SQL_IDENTIFIER},
    {"constraint_name", T_SQL_IDENTIFIER}, {"table_catalog", T_SQL_IDENTIFIER},
    {"table_schema", T_SQL_IDENTIFIER}, {"table_name", T_SQL_IDENTIFIER},
    {"column_name", T_SQL_IDENTIFIER}, {"ordinal_position", T_CARDINAL_NUMBER},
    {"position_in_unique_constraint", T_CARDINAL_NUMBER},
};
/* clang-format on */

/* --- which there are --- */

/* From the far end of the numbers that a table's columns have for their defaults. */
Oid catalog_index_oid(Oid table, uint32_t constraint)
{
    return catalog_default_oid(table, 0x7ff - 2 * (int32_t)constraint);
}

static Oid constraint_oid(Oid table, uint32_t constraint)
{
    return catalog_default_oid(table, 0x7ff - 2 * (int32_t)constraint - 1);
}

typedef struct Walk {
    uint32_t table, next;
    const Table *at;
    uint32_t number; /* of the constraint in its table */
} Walk;

static const TableConstraint *next_constraint(const CatalogContext *context, Walk *walk)
{
    const TableSnapshot *tables = context->tables;
    for (; walk->table < tables->table_count; walk->table++, walk->next = 0) {
        walk->at = tables->tables[walk->table];
        if (walk->next >= walk->at->parsed.constraint_count)
            continue;
        walk->number = walk->next++;
        return &walk->at->parsed.constraints[walk->number];
    }
    return NULL;
}

static bool is_key(const TableConstraint *constraint)
{
    return constraint->kind != 'c';
}

static Oid schema_of(const Table *table)
{
    return table->schema_oid == 0 ? SCHEMA_OID_PUBLIC : table->schema_oid;
}

static Text column_of(const Table *table, int32_t number)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        if (table->columns[i].number == number)
            return table->columns[i].name;
    return TEXT_LITERAL("");
}

static void set_numbers(CatalogRows *rows, const char *column, const TableConstraint *constraint,
                        bool are_zeros)
{
    int64_t *numbers = ARENA_ARRAY(rows->arena, int64_t, (size_t)constraint->column_count + 1);
    for (uint32_t i = 0; i < constraint->column_count; i++)
        numbers[i] = are_zeros ? 0 : constraint->columns[i];
    catalog_set_ints(rows, column, numbers, constraint->column_count);
}

/* --- definitions --- */

static void write_columns(Buffer *out, const Table *table, const TableConstraint *constraint)
{
    buffer_append_byte(out, '(');
    for (uint32_t i = 0; i < constraint->column_count; i++) {
        buffer_append_string(out, i > 0 ? ", " : "");
        catalog_write_identifier(out, column_of(table, constraint->columns[i]));
    }
    buffer_append_byte(out, ')');
}

bool catalog_constraint_definition(CatalogCall *call)
{
    const CatalogContext *context = catalog_context();
    Oid oid = (Oid)asked_int(call, 0);
    bool is_pretty = call->call->argument_count > 1 && asked_bool(call, 1);
    Walk walk = {0};
    const TableConstraint *constraint;
    while ((constraint = next_constraint(context, &walk)) != NULL)
        if (constraint_oid(walk.at->oid, walk.number) == oid)
            break;
    if (constraint == NULL)
        return answer_null(call);
    Buffer text = BUFFER_EMPTY;
    if (is_key(constraint)) {
        buffer_append_string(&text, constraint->kind == 'p' ? "PRIMARY KEY " : "UNIQUE ");
        write_columns(&text, walk.at, constraint);
    } else {
        buffer_printf(&text, is_pretty ? "CHECK (%.*s)" : "CHECK ((%.*s))",
                      TEXT_ARGS(constraint->check));
    }
    answer_string(call, buffer_string(&text));
    buffer_clear(&text);
    return true;
}

/* pg_get_indexdef(oid), and with a column's number its name alone. */
bool catalog_index_definition(CatalogCall *call)
{
    const CatalogContext *context = catalog_context();
    Oid oid = (Oid)asked_int(call, 0);
    int64_t column = call->call->argument_count > 1 ? asked_int(call, 1) : 0;
    Walk walk = {0};
    const TableConstraint *constraint;
    while ((constraint = next_constraint(context, &walk)) != NULL)
        if (is_key(constraint) && catalog_index_oid(walk.at->oid, walk.number) == oid)
            break;
    if (constraint == NULL)
        return answer_null(call);
    Buffer text = BUFFER_EMPTY;
    if (column > 0 && column <= constraint->column_count) {
        catalog_write_identifier(&text, column_of(walk.at, constraint->columns[column - 1]));
    } else if (column == 0) {
        buffer_append_string(&text, "CREATE UNIQUE INDEX ");
        catalog_write_identifier(&text, constraint->name);
        buffer_append_string(&text, " ON ");
        catalog_write_identifier(&text, walk.at->schema);
        buffer_append_byte(&text, '.');
        catalog_write_identifier(&text, walk.at->name);
        buffer_append_string(&text, " USING btree ");
        write_columns(&text, walk.at, constraint);
    }
    answer_string(call, buffer_string(&text));
    buffer_clear(&text);
    return true;
}

/* --- rows --- */

static bool produce_constraints(const CatalogContext *context, Arena *arena, Batch **out,
                                Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    Walk walk = {0};
    const TableConstraint *constraint;
    ROWS_BEGIN(&rows, constraint_columns, arena);
    while ((constraint = next_constraint(context, &walk)) != NULL) {
        if (constraint->is_index)
            continue;
        catalog_set_int(&rows, "oid", constraint_oid(walk.at->oid, walk.number));
        catalog_set_text(&rows, "conname", constraint->name);
        catalog_set_int(&rows, "connamespace", schema_of(walk.at));
        catalog_set_char(&rows, "contype", constraint->kind);
        catalog_set_bool(&rows, "condeferrable", false);
        catalog_set_bool(&rows, "condeferred", false);
        catalog_set_bool(&rows, "convalidated", true);
        catalog_set_int(&rows, "conrelid", walk.at->oid);
        catalog_set_int(&rows, "contypid", 0);
        catalog_set_int(&rows, "conindid",
                        is_key(constraint) ? catalog_index_oid(walk.at->oid, walk.number) : 0);
        catalog_set_int(&rows, "conparentid", 0);
        catalog_set_int(&rows, "confrelid", 0);
        catalog_set_char(&rows, "confupdtype", ' ');
        catalog_set_char(&rows, "confdeltype", ' ');
        catalog_set_char(&rows, "confmatchtype", ' ');
        catalog_set_bool(&rows, "conislocal", true);
        catalog_set_int(&rows, "coninhcount", 0);
        catalog_set_bool(&rows, "connoinherit", is_key(constraint));
        set_numbers(&rows, "conkey", constraint, false);
        if (!is_key(constraint))
            catalog_set_text(&rows, "conbin", constraint->check);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_indexes(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    Walk walk = {0};
    const TableConstraint *constraint;
    ROWS_BEGIN(&rows, index_columns, arena);
    while ((constraint = next_constraint(context, &walk)) != NULL) {
        if (!is_key(constraint))
            continue;
        catalog_set_int(&rows, "indexrelid", catalog_index_oid(walk.at->oid, walk.number));
        catalog_set_int(&rows, "indrelid", walk.at->oid);
        catalog_set_int(&rows, "indnatts", constraint->column_count);
        catalog_set_int(&rows, "indnkeyatts", constraint->column_count);
        catalog_set_bool(&rows, "indisunique", true);
        catalog_set_bool(&rows, "indnullsnotdistinct", false);
        catalog_set_bool(&rows, "indisprimary", constraint->kind == 'p');
        catalog_set_bool(&rows, "indisexclusion", false);
        catalog_set_bool(&rows, "indimmediate", true);
        catalog_set_bool(&rows, "indisclustered", false);
        catalog_set_bool(&rows, "indisvalid", true);
        catalog_set_bool(&rows, "indcheckxmin", false);
        catalog_set_bool(&rows, "indisready", true);
        catalog_set_bool(&rows, "indislive", true);
        catalog_set_bool(&rows, "indisreplident", false);
        set_numbers(&rows, "indkey", constraint, false);
        set_numbers(&rows, "indcollation", constraint, true);
        set_numbers(&rows, "indclass", constraint, true);
        set_numbers(&rows, "indoption", constraint, true);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static void set_names(CatalogRows *rows, const CatalogContext *context, const Table *table,
                      const TableConstraint *constraint)
{
    catalog_set_text(rows, "constraint_catalog", catalog_database(context));
    catalog_set_text(rows, "constraint_schema", table->schema);
    catalog_set_text(rows, "constraint_name", constraint->name);
    catalog_set_text(rows, "table_catalog", catalog_database(context));
    catalog_set_text(rows, "table_schema", table->schema);
    catalog_set_text(rows, "table_name", table->name);
}

static bool produce_table_constraints(const CatalogContext *context, Arena *arena, Batch **out,
                                      Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    Walk walk = {0};
    const TableConstraint *constraint;
    ROWS_BEGIN(&rows, table_constraints_columns, arena);
    while ((constraint = next_constraint(context, &walk)) != NULL) {
        if (constraint->is_index)
            continue;
        set_names(&rows, context, walk.at, constraint);
        catalog_set_string(&rows, "constraint_type",
                           constraint->kind == 'p'   ? "PRIMARY KEY"
                           : constraint->kind == 'u' ? "UNIQUE"
                                                     : "CHECK");
        catalog_set_string(&rows, "is_deferrable", "NO");
        catalog_set_string(&rows, "initially_deferred", "NO");
        catalog_set_string(&rows, "enforced", "YES");
        catalog_set_string(&rows, "nulls_distinct", constraint->kind == 'u' ? "YES" : NULL);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_key_columns(const CatalogContext *context, Arena *arena, Batch **out,
                                Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    Walk walk = {0};
    const TableConstraint *constraint;
    ROWS_BEGIN(&rows, key_columns, arena);
    while ((constraint = next_constraint(context, &walk)) != NULL) {
        if (constraint->is_index)
            continue;
        for (uint32_t i = 0; is_key(constraint) && i < constraint->column_count; i++) {
            set_names(&rows, context, walk.at, constraint);
            catalog_set_text(&rows, "column_name", column_of(walk.at, constraint->columns[i]));
            catalog_set_int(&rows, "ordinal_position", (int64_t)i + 1);
            catalog_row_end(&rows);
        }
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_constraint = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                               .name = "pg_constraint",
                                               .oid = 2606,
                                               CATALOG_COLUMNS(constraint_columns),
                                               .produce = produce_constraints};
const VirtualRelation catalog_pg_index = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                          .name = "pg_index",
                                          .oid = 2610,
                                          CATALOG_COLUMNS(index_columns),
                                          .produce = produce_indexes};
const VirtualRelation catalog_information_table_constraints = {
    .schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
    .name = "table_constraints",
    .oid = 13411,
    .is_view = true,
    CATALOG_COLUMNS(table_constraints_columns),
    .produce = produce_table_constraints};
const VirtualRelation catalog_information_key_column_usage = {
    .schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
    .name = "key_column_usage",
    .oid = 13329,
    .is_view = true,
    CATALOG_COLUMNS(key_columns),
    .produce = produce_key_columns};

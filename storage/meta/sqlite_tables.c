/*
 * Tables and their columns in the SQLite store.
 */
#include "storage/meta/sqlite_internal.h"

#include "base/log/log.h"

static MetaTable read_table(sqlite3_stmt *row, Arena *arena)
{
    return (MetaTable){
        .oid = (uint32_t)sqlite3_column_int64(row, 0),
        .name = sqlite_text(row, 1, arena),
        .comment = sqlite_text(row, 2, arena),
        .properties = sqlite_text(row, 3, arena),
        .revision = (uint64_t)sqlite3_column_int64(row, 4),
        .created = sqlite3_column_int64(row, 5),
        .next_column = (int32_t)sqlite3_column_int64(row, 6),
    };
}

/* All columns the statement gives, with the OID of each one's table beside it. */
typedef struct ColumnList {
    uint32_t count, capacity;
    MetaColumn *columns;
    uint32_t oid_capacity;
    uint32_t *table_oids;
} ColumnList;

static bool read_columns(SqliteMeta *store, sqlite3_stmt *statement, Arena *arena, ColumnList *list,
                         Fault *fault)
{
    bool row;
    *list = (ColumnList){0};
    while (sqlite_next(store, statement, &row, "read", fault)) {
        if (!row)
            return true;
        list->columns =
            sqlite_grow(arena, list->columns, list->count, &list->capacity, sizeof *list->columns);
        list->table_oids = sqlite_grow(arena, list->table_oids, list->count, &list->oid_capacity,
                                       sizeof *list->table_oids);
        list->table_oids[list->count] = (uint32_t)sqlite3_column_int64(statement, 0);
        list->columns[list->count++] = (MetaColumn){
            .number = (int32_t)sqlite3_column_int64(statement, 1),
            .name = sqlite_text(statement, 2, arena),
            .type_oid = (uint32_t)sqlite3_column_int64(statement, 3),
            .type_modifier = (int32_t)sqlite3_column_int64(statement, 4),
            .comment = sqlite_text(statement, 5, arena),
        };
    }
    return false;
}

/* Gives a table its columns: the list is in order of table OIDs. */
static void attach_columns(MetaTable *table, const ColumnList *list)
{
    uint32_t low = 0, high = list->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (list->table_oids[middle] < table->oid)
            low = middle + 1;
        else
            high = middle;
    }
    table->columns = list->columns + low;
    while (low + table->column_count < list->count &&
           list->table_oids[low + table->column_count] == table->oid)
        table->column_count++;
}

static bool read_tables(SqliteMeta *store, sqlite3_stmt *statement, Arena *arena,
                        MetaTable **tables, uint32_t *count, Fault *fault)
{
    uint32_t capacity = 0;
    bool row;
    *tables = NULL;
    *count = 0;
    while (sqlite_next(store, statement, &row, "read", fault)) {
        if (!row)
            return true;
        *tables = sqlite_grow(arena, *tables, *count, &capacity, sizeof **tables);
        (*tables)[(*count)++] = read_table(statement, arena);
    }
    return false;
}

bool sqlite_tables(Meta *meta, Arena *arena, MetaTable **tables, uint32_t *count, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    ColumnList columns;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_TABLES, fault);
    if (statement == NULL || !read_tables(store, statement, arena, tables, count, fault))
        return false;
    statement = sqlite_use(store, STATEMENT_COLUMNS, fault);
    if (statement == NULL || !read_columns(store, statement, arena, &columns, fault))
        return false;
    for (uint32_t i = 0; i < *count; i++)
        attach_columns(&(*tables)[i], &columns);
    return true;
}

bool sqlite_find_table(Meta *meta, Text name, Arena *arena, MetaTable **table, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    uint32_t count;
    *table = NULL;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_FIND_TABLE, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_text_view(statement, 1, name);
    if (!read_tables(store, statement, arena, table, &count, fault))
        return false;
    if (count == 0)
        return true;
    statement = sqlite_use(store, STATEMENT_COLUMNS_OF, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, (*table)->oid);
    ColumnList columns;
    if (!read_columns(store, statement, arena, &columns, fault))
        return false;
    attach_columns(*table, &columns);
    return true;
}

bool sqlite_add_table(Meta *meta, const MetaTable *table, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    check(table->oid >= META_FIRST_OID);
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_ADD_TABLE, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, table->oid);
    sqlite_bind_text_view(statement, 2, table->name);
    sqlite_bind_text_view(statement, 3, table->comment);
    sqlite_bind_text_view(statement, 4, table->properties);
    sqlite_bind_int(statement, 5, (int64_t)store->revision);
    sqlite_bind_int(statement, 6, table->created);
    sqlite_bind_int(statement, 7, table->next_column);
    store->changed = true;
    if (!sqlite_run(store, statement, "write", fault)) {
        if (sqlite3_extended_errcode(store->database) == SQLITE_CONSTRAINT_UNIQUE)
            fault_set(fault, FAULT_DUPLICATE_TABLE, "relation \"%.*s\" already exists",
                      TEXT_ARGS(table->name));
        return false;
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (!sqlite_put_column(meta, table->oid, &table->columns[i], fault))
            return false;
    }
    return true;
}

bool sqlite_update_table(Meta *meta, const MetaTable *table, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_UPDATE_TABLE, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, table->oid);
    sqlite_bind_text_view(statement, 2, table->name);
    sqlite_bind_text_view(statement, 3, table->comment);
    sqlite_bind_text_view(statement, 4, table->properties);
    sqlite_bind_int(statement, 5, (int64_t)store->revision);
    sqlite_bind_int(statement, 6, table->next_column);
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_remove_table(Meta *meta, uint32_t oid, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    static const SqliteStatement both[] = {STATEMENT_REMOVE_TABLE, STATEMENT_REMOVE_COLUMNS};
    store->changed = true;
    for (int i = 0; i < 2; i++) {
        sqlite3_stmt *statement = sqlite_use(store, both[i], fault);
        if (statement == NULL)
            return false;
        sqlite_bind_int(statement, 1, oid);
        if (!sqlite_run(store, statement, "write", fault))
            return false;
    }
    return sqlite_forget_rights(store, oid, fault);
}

bool sqlite_put_column(Meta *meta, uint32_t table_oid, const MetaColumn *column, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_PUT_COLUMN, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, table_oid);
    sqlite_bind_int(statement, 2, column->number);
    sqlite_bind_text_view(statement, 3, column->name);
    sqlite_bind_int(statement, 4, column->type_oid);
    sqlite_bind_int(statement, 5, column->type_modifier);
    sqlite_bind_text_view(statement, 6, column->comment);
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_remove_column(Meta *meta, uint32_t table_oid, int32_t number, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_REMOVE_COLUMN, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, table_oid);
    sqlite_bind_int(statement, 2, number);
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

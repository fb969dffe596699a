/*
 * Roles, and values by name, in the SQLite store.
 */
#include "storage/meta/sqlite_internal.h"

bool sqlite_roles(Meta *meta, Arena *arena, MetaRole **roles, uint32_t *count, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    uint32_t capacity = 0;
    bool row;
    *roles = NULL;
    *count = 0;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_ROLES, fault);
    if (statement == NULL)
        return false;
    while (sqlite_next(store, statement, &row, "read", fault)) {
        if (!row)
            return true;
        *roles = sqlite_grow(arena, *roles, *count, &capacity, sizeof **roles);
        (*roles)[(*count)++] = (MetaRole){
            .oid = (uint32_t)sqlite3_column_int64(statement, 0),
            .name = sqlite_text(statement, 1, arena),
            .is_superuser = sqlite3_column_int(statement, 2) != 0,
            .can_login = sqlite3_column_int(statement, 3) != 0,
            .can_create_role = sqlite3_column_int(statement, 4) != 0,
            .can_create_database = sqlite3_column_int(statement, 5) != 0,
            .inherits = sqlite3_column_int(statement, 6) != 0,
            .password = sqlite_text(statement, 7, arena),
            .connection_limit = sqlite3_column_int(statement, 8),
            .valid_until = sqlite3_column_int64(statement, 9),
            .settings = sqlite_text(statement, 10, arena),
            .can_replicate = sqlite3_column_int(statement, 11) != 0,
            .bypasses_row_security = sqlite3_column_int(statement, 12) != 0,
        };
    }
    return false;
}

bool sqlite_put_role(Meta *meta, const MetaRole *role, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_PUT_ROLE, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, role->oid);
    sqlite_bind_text_view(statement, 2, role->name);
    sqlite_bind_int(statement, 3, role->is_superuser);
    sqlite_bind_int(statement, 4, role->can_login);
    sqlite_bind_int(statement, 5, role->can_create_role);
    sqlite_bind_int(statement, 6, role->can_create_database);
    sqlite_bind_int(statement, 7, role->inherits);
    sqlite_bind_text_view(statement, 8, role->password);
    sqlite_bind_int(statement, 9, role->connection_limit);
    sqlite_bind_int(statement, 10, role->valid_until);
    sqlite_bind_text_view(statement, 11, role->settings);
    sqlite_bind_int(statement, 12, role->can_replicate);
    sqlite_bind_int(statement, 13, role->bypasses_row_security);
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_remove_role(Meta *meta, Text name, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_FIND_ROLE, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_text_view(statement, 1, name);
    bool row;
    if (!sqlite_next(store, statement, &row, "read", fault))
        return false;
    uint32_t oid = row ? (uint32_t)sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    if (row && !sqlite_forget_rights(store, oid, fault))
        return false;
    statement = sqlite_use(store, STATEMENT_REMOVE_ROLE, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_text_view(statement, 1, name);
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_get_value(Meta *meta, Text name, Arena *arena, Text *value, bool *found, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_GET_VALUE, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_text_view(statement, 1, name);
    if (!sqlite_next(store, statement, found, "read", fault))
        return false;
    if (*found) {
        *value = sqlite_text(statement, 0, arena);
        sqlite3_reset(statement);
    }
    return true;
}

bool sqlite_put_value(Meta *meta, Text name, Text value, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_PUT_VALUE, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_text_view(statement, 1, name);
    sqlite_bind_text_view(statement, 2, value);
    return sqlite_run(store, statement, "write", fault);
}

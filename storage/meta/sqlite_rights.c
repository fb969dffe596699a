/*
 * Memberships, grants and owners in the SQLite store.
 */
#include "storage/meta/sqlite_internal.h"

bool sqlite_members(Meta *meta, Arena *arena, MetaMember **members, uint32_t *count, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    uint32_t capacity = 0;
    bool row;
    *members = NULL;
    *count = 0;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_MEMBERS, fault);
    if (statement == NULL)
        return false;
    while (sqlite_next(store, statement, &row, "read", fault)) {
        if (!row)
            return true;
        *members = sqlite_grow(arena, *members, *count, &capacity, sizeof **members);
        (*members)[(*count)++] = (MetaMember){
            .role = (uint32_t)sqlite3_column_int64(statement, 0),
            .member = (uint32_t)sqlite3_column_int64(statement, 1),
            .grantor = (uint32_t)sqlite3_column_int64(statement, 2),
            .is_admin = sqlite3_column_int(statement, 3) != 0,
        };
    }
    return false;
}

bool sqlite_put_member(Meta *meta, const MetaMember *member, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_PUT_MEMBER, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, member->role);
    sqlite_bind_int(statement, 2, member->member);
    sqlite_bind_int(statement, 3, member->grantor);
    sqlite_bind_int(statement, 4, member->is_admin);
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_remove_member(Meta *meta, uint32_t role, uint32_t member, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_REMOVE_MEMBER, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, role);
    sqlite_bind_int(statement, 2, member);
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_grants(Meta *meta, Arena *arena, MetaGrant **grants, uint32_t *count, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    uint32_t capacity = 0;
    bool row;
    *grants = NULL;
    *count = 0;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_GRANTS, fault);
    if (statement == NULL)
        return false;
    while (sqlite_next(store, statement, &row, "read", fault)) {
        if (!row)
            return true;
        *grants = sqlite_grow(arena, *grants, *count, &capacity, sizeof **grants);
        (*grants)[(*count)++] = (MetaGrant){
            .kind = sqlite3_column_int(statement, 0),
            .object = (uint32_t)sqlite3_column_int64(statement, 1),
            .name = sqlite_text(statement, 2, arena),
            .grantee = (uint32_t)sqlite3_column_int64(statement, 3),
            .grantor = (uint32_t)sqlite3_column_int64(statement, 4),
            .privileges = (uint32_t)sqlite3_column_int64(statement, 5),
            .options = (uint32_t)sqlite3_column_int64(statement, 6),
        };
    }
    return false;
}

bool sqlite_put_grant(Meta *meta, const MetaGrant *grant, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    bool stays = grant->privileges != 0;
    sqlite3_stmt *statement =
        sqlite_use(store, stays ? STATEMENT_PUT_GRANT : STATEMENT_REMOVE_GRANT, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, grant->kind);
    sqlite_bind_int(statement, 2, grant->object);
    sqlite_bind_text_view(statement, 3, grant->name);
    sqlite_bind_int(statement, 4, grant->grantee);
    sqlite_bind_int(statement, 5, grant->grantor);
    if (stays) {
        sqlite_bind_int(statement, 6, grant->privileges);
        sqlite_bind_int(statement, 7, grant->options);
    }
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_owners(Meta *meta, Arena *arena, MetaOwner **owners, uint32_t *count, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    uint32_t capacity = 0;
    bool row;
    *owners = NULL;
    *count = 0;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_OWNERS, fault);
    if (statement == NULL)
        return false;
    while (sqlite_next(store, statement, &row, "read", fault)) {
        if (!row)
            return true;
        *owners = sqlite_grow(arena, *owners, *count, &capacity, sizeof **owners);
        (*owners)[(*count)++] = (MetaOwner){
            .object = (uint32_t)sqlite3_column_int64(statement, 0),
            .role = (uint32_t)sqlite3_column_int64(statement, 1),
        };
    }
    return false;
}

bool sqlite_put_owner(Meta *meta, uint32_t object, uint32_t role, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_PUT_OWNER, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, object);
    sqlite_bind_int(statement, 2, role);
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_forget_rights(SqliteMeta *store, uint32_t oid, Fault *fault)
{
    static const SqliteStatement statements[] = {
        STATEMENT_FORGET_MEMBERS, STATEMENT_FORGET_GRANTS, STATEMENT_FORGET_OWNER};
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        sqlite3_stmt *statement = sqlite_use(store, statements[i], fault);
        if (statement == NULL)
            return false;
        sqlite_bind_int(statement, 1, oid);
        if (!sqlite_run(store, statement, "write", fault))
            return false;
    }
    store->changed = true;
    return true;
}

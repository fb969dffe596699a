/*
 * Roles: reading them, finding them, who belongs to whom.
 */
#include "engine/access/access.h"

#include "base/log/log.h"

/* clang-format off */
#define PREDEFINED(number, text)                                                                   \
    {.oid = number, .name = {.data = text, .length = sizeof text - 1}, .inherits = true,           \
     .connection_limit = -1, .valid_until = INT64_MAX}
static const AccessRole predefined[] = {
    PREDEFINED(ACCESS_MONITOR_OID, "pg_monitor"),
    PREDEFINED(ACCESS_READ_ALL_STATS_OID, "pg_read_all_stats"),
    PREDEFINED(ACCESS_SIGNAL_BACKEND_OID, "pg_signal_backend"),
    PREDEFINED(ACCESS_READ_SERVER_FILES_OID, "pg_read_server_files"),
    PREDEFINED(ACCESS_WRITE_SERVER_FILES_OID, "pg_write_server_files"),
    PREDEFINED(ACCESS_READ_ALL_DATA_OID, "pg_read_all_data"),
    PREDEFINED(ACCESS_WRITE_ALL_DATA_OID, "pg_write_all_data"),
};
/* clang-format on */

enum { PREDEFINED_COUNT = sizeof predefined / sizeof *predefined };

/* Whom a session acts for whose role has been dropped: it may do nothing. */
static const AccessRole nobody = {.name = TEXT_LITERAL("nobody"), .oid = UINT32_MAX};

bool access_load(Meta *meta, Arena *arena, AccessRoles *roles, Fault *fault)
{
    MetaRole *rows;
    MetaMember *members;
    MetaGrant *grants;
    MetaOwner *owners;
    *roles = (AccessRoles){0};
    if (!meta_roles(meta, arena, &rows, &roles->count, fault) ||
        !meta_members(meta, arena, &members, &roles->member_count, fault) ||
        !meta_grants(meta, arena, &grants, &roles->grant_count, fault) ||
        !meta_owners(meta, arena, &owners, &roles->owner_count, fault))
        return false;
    AccessRole *list = ARENA_ARRAY(arena, AccessRole, roles->count);
    for (uint32_t i = 0; i < roles->count; i++) {
        list[i] = (AccessRole){
            .oid = rows[i].oid,
            .name = rows[i].name,
            .is_superuser = rows[i].is_superuser,
            .can_login = rows[i].can_login,
            .can_create_role = rows[i].can_create_role,
            .can_create_database = rows[i].can_create_database,
            .inherits = rows[i].inherits,
            .can_replicate = rows[i].can_replicate,
            .bypasses_row_security = rows[i].bypasses_row_security,
            .has_password = rows[i].password.length > 0,
            .connection_limit = rows[i].connection_limit,
            .valid_until = rows[i].valid_until,
            .settings = rows[i].settings,
        };
    }
    roles->roles = list;
    roles->members = members;
    roles->grants = grants;
    roles->owners = owners;
    return true;
}

const AccessRole *access_predefined_roles(uint32_t *count)
{
    *count = PREDEFINED_COUNT;
    return predefined;
}

const AccessRole *access_find_role(const AccessRoles *roles, Text name)
{
    for (uint32_t i = 0; roles != NULL && i < roles->count; i++) {
        if (text_equal(roles->roles[i].name, name))
            return &roles->roles[i];
    }
    for (uint32_t i = 0; i < PREDEFINED_COUNT; i++) {
        if (text_equal(predefined[i].name, name))
            return &predefined[i];
    }
    return NULL;
}

const AccessRole *access_role_by_oid(const AccessRoles *roles, uint32_t oid)
{
    for (uint32_t i = 0; roles != NULL && i < roles->count; i++) {
        if (roles->roles[i].oid == oid)
            return &roles->roles[i];
    }
    for (uint32_t i = 0; i < PREDEFINED_COUNT; i++) {
        if (predefined[i].oid == oid)
            return &predefined[i];
    }
    return NULL;
}

AccessUser access_user(const AccessRoles *roles, Text name)
{
    if (roles == NULL || roles->count == 0)
        return (AccessUser){0};
    const AccessRole *role = access_find_role(roles, name);
    return (AccessUser){.roles = roles, .role = role != NULL ? role : &nobody};
}

/* ---------- who belongs to whom ---------- */

enum { MOST_DEPTH = 32 }; /* GRANT makes no circles; a damaged store must not make us go round */

/* pg_monitor has what the roles have that PostgreSQL put it into. */
static bool is_predefined_member(uint32_t member, uint32_t role)
{
    return member == ACCESS_MONITOR_OID && role == ACCESS_READ_ALL_STATS_OID;
}

static bool reaches(const AccessRoles *roles, uint32_t member, uint32_t role, bool by_inheritance,
                    int depth)
{
    if (member == role || is_predefined_member(member, role))
        return true;
    const AccessRole *self = access_role_by_oid(roles, member);
    if (depth == MOST_DEPTH || self == NULL || (by_inheritance && !self->inherits))
        return false;
    for (uint32_t i = 0; i < roles->member_count; i++) {
        const MetaMember *entry = &roles->members[i];
        if (entry->member == member &&
            reaches(roles, entry->role, role, by_inheritance, depth + 1))
            return true;
    }
    return false;
}

bool access_is_member(const AccessRoles *roles, const AccessRole *member, uint32_t role)
{
    return member->is_superuser || reaches(roles, member->oid, role, false, 0);
}

bool access_inherits_from(const AccessRoles *roles, const AccessRole *member, uint32_t role)
{
    return member->is_superuser || reaches(roles, member->oid, role, true, 0);
}

bool access_is_admin_of(const AccessRoles *roles, const AccessRole *who, uint32_t role)
{
    if (who->is_superuser)
        return true;
    for (uint32_t i = 0; i < roles->member_count; i++) {
        const MetaMember *entry = &roles->members[i];
        if (entry->role == role && entry->is_admin &&
            reaches(roles, who->oid, entry->member, false, 0))
            return true;
    }
    return false;
}

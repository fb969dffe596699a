/*
 * The one decision, and reading the roles it is made from.
 */
#include "engine/access/access.h"

#include "base/log/log.h"

bool access_load(Meta *meta, Arena *arena, AccessRoles *roles, Fault *fault)
{
    MetaRole *rows;
    uint32_t count;
    if (!meta_roles(meta, arena, &rows, &count, fault))
        return false;
    AccessRole *list = ARENA_ARRAY(arena, AccessRole, count);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = (AccessRole){
            .oid = rows[i].oid,
            .name = rows[i].name,
            .is_superuser = rows[i].is_superuser,
            .can_login = rows[i].can_login,
            .can_create_role = rows[i].can_create_role,
            .can_create_database = rows[i].can_create_database,
            .inherits = rows[i].inherits,
            .has_password = rows[i].password.length > 0,
            .connection_limit = rows[i].connection_limit,
            .valid_until = rows[i].valid_until,
        };
    }
    *roles = (AccessRoles){.count = count, .roles = list};
    return true;
}

const AccessRole *access_find_role(const AccessRoles *roles, Text name)
{
    for (uint32_t i = 0; i < roles->count; i++) {
        if (text_equal(roles->roles[i].name, name))
            return &roles->roles[i];
    }
    return NULL;
}

static bool deny(AccessAction action, Text what, Fault *fault)
{
    const FaultCode code = FAULT_INSUFFICIENT_PRIVILEGE;
    switch (action) {
    case ACCESS_READ_TABLE:
    case ACCESS_WRITE_TABLE:
        return fault_set(fault, code, "permission denied for table %.*s", TEXT_ARGS(what));
    case ACCESS_READ_EXTERNAL:
    case ACCESS_WRITE_EXTERNAL:
        return fault_set(fault, code, "permission denied for external data (%.*s)",
                         TEXT_ARGS(what));
    case ACCESS_READ_STATE:
        return fault_set(fault, code, "permission denied for %.*s", TEXT_ARGS(what));
    case ACCESS_CONTROL:
        return fault_set(fault, code, "permission denied to %.*s", TEXT_ARGS(what));
    }
    return fault_set(fault, code, "permission denied");
}

bool access_check(const AccessRole *role, AccessAction action, Text what, Fault *fault)
{
    if (role == NULL || role->is_superuser || action == ACCESS_READ_TABLE)
        return true;
    deny(action, what, fault);
    return fault_hint(fault, "Only superusers may do this.");
}

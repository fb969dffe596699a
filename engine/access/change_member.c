/*
 * GRANT role TO role, REVOKE role FROM role.
 */
#include "engine/access/change_internal.h"

#include "base/log/log.h"

static bool may_change(const RoleTransaction *transaction, const AccessRole *role, Fault *fault)
{
    const FaultCode no = FAULT_INSUFFICIENT_PRIVILEGE;
    if (role_transaction_is_superuser(transaction))
        return true;
    if (role->is_superuser)
        return fault_set(fault, no, "must be superuser to alter superusers");
    return transaction->user.role->can_create_role ||
           access_is_admin_of(&transaction->roles, transaction->user.role, role->oid) ||
           fault_set(fault, no, "must have admin option on role \"%.*s\"", TEXT_ARGS(role->name));
}

static const MetaMember *find_entry(const RoleTransaction *transaction, uint32_t role, uint32_t member)
{
    for (uint32_t i = 0; i < transaction->roles.member_count; i++) {
        const MetaMember *entry = &transaction->roles.members[i];
        if (entry->role == role && entry->member == member)
            return entry;
    }
    return NULL;
}

static uint32_t grantor_of(const RoleTransaction *transaction)
{
    return transaction->user.roles == NULL ? ACCESS_SUPERUSER_OID : transaction->user.role->oid;
}

/* Membership without the short cut that superusers belong to every role. */
static bool is_below(const RoleTransaction *transaction, const AccessRole *member, uint32_t role)
{
    AccessRole plain = *member;
    plain.is_superuser = false;
    return access_is_member(&transaction->roles, &plain, role);
}

bool member_add(RoleTransaction *transaction, const AccessRole *role, const AccessRole *member,
                bool is_admin, Fault *fault)
{
    if (!may_change(transaction, role, fault))
        return false;
    if (is_below(transaction, role, member->oid))
        return fault_set(fault, FAULT_INVALID_GRANT_OPERATION,
                         "role \"%.*s\" is a member of role \"%.*s\"", TEXT_ARGS(role->name),
                         TEXT_ARGS(member->name));
    const MetaMember *present = find_entry(transaction, role->oid, member->oid);
    if (present != NULL && (present->is_admin || !is_admin)) {
        role_transaction_notice(transaction, FAULT_SUCCESS,
                           "role \"%.*s\" is already a member of role \"%.*s\"",
                           TEXT_ARGS(member->name), TEXT_ARGS(role->name));
        return true;
    }
    MetaMember entry = {.role = role->oid,
                        .member = member->oid,
                        .grantor = grantor_of(transaction),
                        .is_admin = is_admin};
    log_info("GRANT ROLE role=%.*s to=%.*s by=%.*s", TEXT_ARGS(role->name),
             TEXT_ARGS(member->name), TEXT_ARGS(transaction->change->user));
    /* Several at once may make a circle together: each is looked at with those before it. */
    return meta_put_member(transaction->meta, &entry, fault) &&
           role_transaction_refresh(transaction, fault);
}

static bool member_remove(RoleTransaction *transaction, const AccessRole *role,
                          const AccessRole *member, bool admin_only, Fault *fault)
{
    if (!may_change(transaction, role, fault))
        return false;
    const MetaMember *present = find_entry(transaction, role->oid, member->oid);
    if (present == NULL) {
        role_transaction_notice(transaction, FAULT_WARNING,
                           "role \"%.*s\" is not a member of role \"%.*s\"",
                           TEXT_ARGS(member->name), TEXT_ARGS(role->name));
        return true;
    }
    log_info("REVOKE ROLE role=%.*s from=%.*s by=%.*s", TEXT_ARGS(role->name),
             TEXT_ARGS(member->name), TEXT_ARGS(transaction->change->user));
    if (!admin_only)
        return meta_remove_member(transaction->meta, role->oid, member->oid, fault);
    MetaMember entry = *present;
    entry.is_admin = false;
    return meta_put_member(transaction->meta, &entry, fault);
}

static bool change_one(RoleTransaction *transaction, const AccessMembership *membership, Text role_name,
                       Text member_name, Fault *fault)
{
    /* Looked up anew each time: a change before this one has read the roles again. */
    const AccessRole *role = role_transaction_role(transaction, role_name, fault);
    const AccessRole *member =
        role == NULL ? NULL : role_transaction_role(transaction, member_name, fault);
    if (member == NULL)
        return false;
    if (membership->is_grant)
        return member_add(transaction, role, member, membership->is_admin, fault);
    return member_remove(transaction, role, member, membership->is_admin, fault);
}

bool access_change_members(const AccessChange *change, const AccessMembership *membership,
                           Fault *fault)
{
    RoleTransaction transaction;
    if (!role_transaction_begin(&transaction, change, fault))
        return false;
    bool ok = true;
    for (uint32_t i = 0; ok && i < membership->role_count; i++) {
        for (uint32_t k = 0; ok && k < membership->member_count; k++)
            ok = change_one(&transaction, membership, membership->roles[i], membership->members[k],
                            fault);
    }
    return role_transaction_end(&transaction, ok, fault);
}

/*
 * GRANT and REVOKE of privileges, and owners.
 *
 * A grant is kept by object, grantee and grantor, as PostgreSQL does: what the owner (or a
 * superuser, in the owner's name) has granted and what somebody with the option has granted on
 * are two rows, and a REVOKE takes back what its own grantor gave.
 */
#include "engine/access/change_internal.h"

#include "base/log/log.h"

typedef struct Change {
    RoleTransaction *transaction;
    const AccessGrantChange *request;
    const AccessTarget *target;
    uint32_t grantor;
    uint32_t privileges; /* what may be granted of what was asked */
} Change;

static uint32_t owner_of(const RoleTransaction *transaction, const AccessTarget *target)
{
    bool can_be_owned = target->kind == ACCESS_ON_TABLE || target->kind == ACCESS_ON_SCHEMA;
    return can_be_owned ? access_owner(&transaction->roles, target->oid) : ACCESS_SUPERUSER_OID;
}

static Text grant_name(const AccessTarget *target)
{
    return target->kind == ACCESS_ON_EXTERNAL ? target->name : TEXT_LITERAL("");
}

static bool find_grant(const Change *change, uint32_t grantee, MetaGrant *grant)
{
    const AccessRoles *roles = &change->transaction->roles;
    *grant = (MetaGrant){.kind = (int32_t)change->target->kind,
                         .object = change->target->oid,
                         .name = grant_name(change->target),
                         .grantee = grantee,
                         .grantor = change->grantor};
    for (uint32_t i = 0; i < roles->grant_count; i++) {
        const MetaGrant *present = &roles->grants[i];
        if (present->kind == grant->kind && present->object == grant->object &&
            text_equal(present->name, grant->name) && present->grantee == grantee &&
            present->grantor == change->grantor) {
            *grant = *present;
            return true;
        }
    }
    return false;
}

/* In whose name, and how much of it. */
static bool choose_grantor(Change *change, uint32_t wanted, Fault *fault)
{
    RoleTransaction *transaction = change->transaction;
    const AccessTarget *target = change->target;
    uint32_t owner = owner_of(transaction, target);
    bool is_owner = role_transaction_is_superuser(transaction) ||
                    access_inherits_from(&transaction->roles, transaction->user.role, owner);
    change->grantor = is_owner ? owner : transaction->user.role->oid;
    change->privileges =
        is_owner ? wanted : access_grantable(transaction->user, target, wanted);
    if (change->privileges == wanted)
        return true;
    uint32_t all = access_all_privileges(target->kind);
    if (change->privileges == 0 && access_held(transaction->user, target, all) == 0)
        return access_check(transaction->user, target, wanted, fault);
    const char *verb = change->request->is_grant ? "granted" : "revoked";
    if (change->privileges == 0 || !change->request->is_all)
        role_transaction_notice(transaction, FAULT_WARNING,
                           change->privileges == 0 ? "no privileges were %s for \"%.*s\""
                                                   : "not all privileges were %s for \"%.*s\"",
                           verb, TEXT_ARGS(target->name));
    return true;
}

static bool put(Change *change, const MetaGrant *grant, Fault *fault)
{
    return meta_put_grant(change->transaction->meta, grant, fault) &&
           role_transaction_refresh(change->transaction, fault);
}

/* PUBLIC's rights by default become rights by row with the first change of them. */
static void replace_default(const Change *change, uint32_t grantee, bool is_present,
                            MetaGrant *grant)
{
    uint32_t everybody = access_public_default(change->target->kind, change->target->oid);
    if (grantee != ACCESS_PUBLIC_OID || is_present || everybody == 0)
        return;
    grant->privileges = everybody | ACCESS_REPLACES_DEFAULT;
}

static bool give(Change *change, uint32_t grantee, Fault *fault)
{
    MetaGrant grant;
    bool is_present = find_grant(change, grantee, &grant);
    if (grantee == ACCESS_PUBLIC_OID && change->request->with_option)
        return fault_set(fault, FAULT_INVALID_GRANT_OPERATION,
                         "grant options can only be granted to roles");
    replace_default(change, grantee, is_present, &grant);
    grant.privileges |= change->privileges;
    if (change->request->with_option)
        grant.options |= change->privileges;
    return put(change, &grant, fault);
}

/* What `grantee` can still grant on when `lost` has been taken from it by one grantor. */
static uint32_t options_left(const Change *change, uint32_t grantee)
{
    const AccessRoles *roles = &change->transaction->roles;
    uint32_t left = 0;
    for (uint32_t i = 0; i < roles->grant_count; i++) {
        const MetaGrant *grant = &roles->grants[i];
        if (grant->grantee == grantee &&
            access_grant_is_on(grant, change->target->kind, change->target->oid,
                               grant_name(change->target)))
            left |= grant->options;
    }
    return left;
}

static bool take(Change *change, uint32_t grantee, uint32_t lost, bool option_only, int depth,
                 Fault *fault);

/* Grants that stood on an option that is gone go too, or keep it from going. */
static bool take_dependents(Change *change, uint32_t grantee, uint32_t lost, int depth,
                            Fault *fault)
{
    enum { MOST_DEPTH = 64 };
    uint32_t gone = lost & ~options_left(change, grantee);
    if (gone == 0 || grantee == ACCESS_PUBLIC_OID || depth > MOST_DEPTH)
        return true;
    for (uint32_t i = 0; i < change->transaction->roles.grant_count; i++) {
        MetaGrant grant = change->transaction->roles.grants[i];
        if (grant.grantor != grantee || (grant.privileges & gone) == 0 ||
            !access_grant_is_on(&grant, change->target->kind, change->target->oid,
                                grant_name(change->target)))
            continue;
        if (!change->request->cascades) {
            fault_set(fault, FAULT_DEPENDENT_OBJECTS_STILL_EXIST, "dependent privileges exist");
            return fault_hint(fault, "Use CASCADE to revoke them too.");
        }
        Change below = *change;
        below.grantor = grantee;
        if (!take(&below, grant.grantee, gone, false, depth + 1, fault))
            return false;
        i = UINT32_MAX; /* the list has been read again: from its start */
    }
    return true;
}

static bool take(Change *change, uint32_t grantee, uint32_t lost, bool option_only, int depth,
                 Fault *fault)
{
    MetaGrant grant;
    bool is_present = find_grant(change, grantee, &grant);
    replace_default(change, grantee, is_present, &grant);
    if (!is_present && grant.privileges == 0)
        return true;
    uint32_t options = grant.options & lost;
    grant.options &= ~lost;
    if (!option_only)
        grant.privileges &= ~lost;
    return put(change, &grant, fault) &&
           take_dependents(change, grantee, options, depth, fault);
}

static bool change_grantee(Change *change, Text name, Fault *fault)
{
    uint32_t grantee = ACCESS_PUBLIC_OID;
    if (name.length > 0) {
        const AccessRole *role = role_transaction_role(change->transaction, name, fault);
        if (role == NULL)
            return false;
        grantee = role->oid;
    }
    /* An owner has all rights on what is its own; nothing is kept of that. */
    if (grantee != ACCESS_PUBLIC_OID && grantee == owner_of(change->transaction, change->target))
        return true;
    if (change->request->is_grant)
        return give(change, grantee, fault);
    return take(change, grantee, change->privileges, change->request->with_option, 0, fault);
}

static bool check_kind(const AccessGrantChange *request, const AccessTarget *target,
                       uint32_t *wanted, Fault *fault)
{
    uint32_t all = access_all_privileges(target->kind);
    *wanted = request->privileges & all;
    uint32_t foreign = request->privileges & ~all;
    if (request->is_all || foreign == 0)
        return true;
    return fault_set(fault, FAULT_INVALID_GRANT_OPERATION, "invalid privilege type %s for %s",
                     access_privilege_word(foreign & -foreign),
                     target->kind == ACCESS_ON_TABLE      ? "relation"
                     : target->kind == ACCESS_ON_SCHEMA   ? "schema"
                     : target->kind == ACCESS_ON_DATABASE ? "database"
                     : target->kind == ACCESS_ON_EXTERNAL ? "EXTERNAL"
                                                          : "object");
}

static bool change_target(RoleTransaction *transaction, const AccessGrantChange *request,
                          const AccessTarget *target, Fault *fault)
{
    Change change = {.transaction = transaction, .request = request, .target = target};
    uint32_t wanted;
    if (!check_kind(request, target, &wanted, fault) || !choose_grantor(&change, wanted, fault))
        return false;
    bool is_catalog = target->kind == ACCESS_ON_TABLE && target->oid < ACCESS_FIRST_USER_OID;
    if (is_catalog)
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "privileges on system relations cannot be changed");
    for (uint32_t i = 0; change.privileges != 0 && i < request->grantee_count; i++) {
        if (!change_grantee(&change, request->grantees[i], fault))
            return false;
    }
    return true;
}

bool access_change_grants(const AccessChange *change, const AccessGrantChange *grant, Fault *fault)
{
    RoleTransaction transaction;
    if (!role_transaction_begin(&transaction, change, fault))
        return false;
    bool ok = true;
    for (uint32_t i = 0; ok && i < grant->target_count; i++) {
        ok = change_target(&transaction, grant, &grant->targets[i], fault);
        if (ok)
            log_info("%s kind=%d object=%.*s privileges=%x by=%.*s",
                     grant->is_grant ? "GRANT" : "REVOKE", (int)grant->targets[i].kind,
                     TEXT_ARGS(grant->targets[i].name), grant->privileges,
                     TEXT_ARGS(change->user));
    }
    return role_transaction_end(&transaction, ok, fault);
}

/* ---------- owners ---------- */

static bool change_owner(RoleTransaction *transaction, const AccessTarget *target, Text role,
                         Fault *fault)
{
    const AccessRole *owner = role_transaction_role(transaction, role, fault);
    if (owner == NULL || !access_check_owner(transaction->user, target, fault))
        return false;
    if (transaction->user.roles != NULL &&
        !access_is_member(&transaction->roles, transaction->user.role, owner->oid))
        return fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE, "must be member of role \"%.*s\"",
                         TEXT_ARGS(role));
    log_info("OWNER object=%.*s owner=%.*s by=%.*s", TEXT_ARGS(target->name), TEXT_ARGS(role),
             TEXT_ARGS(transaction->change->user));
    return meta_put_owner(transaction->meta, target->oid, owner->oid, fault);
}

bool access_change_owner(const AccessChange *change, const AccessTarget *target, Text role,
                         Fault *fault)
{
    RoleTransaction transaction;
    return role_transaction_begin(&transaction, change, fault) &&
           role_transaction_end(&transaction, change_owner(&transaction, target, role, fault), fault);
}

static bool reassign(RoleTransaction *transaction, Text role, Text new_owner, Fault *fault)
{
    const AccessRole *from = role_transaction_role(transaction, role, fault);
    const AccessRole *to = from == NULL ? NULL : role_transaction_role(transaction, new_owner, fault);
    if (to == NULL)
        return false;
    const AccessRole *user = transaction->user.role;
    bool may = role_transaction_is_superuser(transaction) ||
               (access_is_member(&transaction->roles, user, from->oid) &&
                access_is_member(&transaction->roles, user, to->oid));
    if (!may)
        return fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE,
                         "permission denied to reassign objects");
    for (uint32_t i = 0; i < transaction->roles.owner_count; i++) {
        const MetaOwner *owner = &transaction->roles.owners[i];
        if (owner->role == from->oid &&
            !meta_put_owner(transaction->meta, owner->object, to->oid, fault))
            return false;
    }
    return true;
}

bool access_reassign_owned(const AccessChange *change, Text role, Text new_owner, Fault *fault)
{
    RoleTransaction transaction;
    return role_transaction_begin(&transaction, change, fault) &&
           role_transaction_end(&transaction, reassign(&transaction, role, new_owner, fault), fault);
}

/*
 * CREATE, ALTER and DROP ROLE.
 */
#include "engine/access/change_internal.h"

#include "base/scram/scram.h"
#include "base/log/log.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { MOST_SETTINGS_BYTES = 64 << 10 };

/* ---------- transactions ---------- */

bool role_transaction_refresh(RoleTransaction *transaction, Fault *fault)
{
    if (!access_load(transaction->meta, transaction->arena, &transaction->roles, fault))
        return false;
    transaction->user = access_user(&transaction->roles, transaction->change->user);
    return true;
}

bool role_transaction_begin(RoleTransaction *transaction, const AccessChange *change, Fault *fault)
{
    *transaction = (RoleTransaction){.change = change, .meta = change->meta, .arena = change->arena};
    if (!meta_begin(change->meta, true, fault))
        return false;
    if (role_transaction_refresh(transaction, fault))
        return true;
    meta_rollback(change->meta);
    return false;
}

bool role_transaction_end(RoleTransaction *transaction, bool ok, Fault *fault)
{
    if (ok)
        return meta_commit(transaction->meta, fault);
    meta_rollback(transaction->meta);
    return false;
}

void role_transaction_notice(const RoleTransaction *transaction, FaultCode code, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    Fault notice;
    fault_set(&notice, code, "%s", text);
    if (transaction->change->notice != NULL)
        transaction->change->notice(transaction->change->state, &notice);
}

const AccessRole *role_transaction_role(const RoleTransaction *transaction, Text name, Fault *fault)
{
    const AccessRole *role = access_find_role(&transaction->roles, name);
    if (role == NULL)
        fault_set(fault, FAULT_UNDEFINED_OBJECT, "role \"%.*s\" does not exist", TEXT_ARGS(name));
    return role;
}

static void audit(const RoleTransaction *transaction, const char *what, Text name)
{
    log_info("%s role=%.*s by=%.*s session=%.*s", what, TEXT_ARGS(name),
             TEXT_ARGS(transaction->change->user), TEXT_ARGS(transaction->change->session));
}

/* ---------- rows ---------- */

static bool find_row(RoleTransaction *transaction, Text name, MetaRole *row, Fault *fault)
{
    MetaRole *rows;
    uint32_t count;
    if (!meta_roles(transaction->meta, transaction->arena, &rows, &count, fault))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (text_equal(rows[i].name, name)) {
            *row = rows[i];
            return true;
        }
    }
    if (access_find_role(NULL, name) != NULL)
        return fault_set(fault, FAULT_RESERVED_NAME, "role name \"%.*s\" is reserved",
                         TEXT_ARGS(name));
    return fault_set(fault, FAULT_UNDEFINED_OBJECT, "role \"%.*s\" does not exist",
                     TEXT_ARGS(name));
}

static bool check_new_name(const RoleTransaction *transaction, Text name, Fault *fault)
{
    enum { MOST_NAME = 63 };
    bool is_prefixed = name.length >= 3 && memcmp(name.data, "pg_", 3) == 0;
    if (is_prefixed || text_equal_string(name, "public") || text_equal_string(name, "none") ||
        name.length == 0) {
        fault_set(fault, FAULT_RESERVED_NAME, "role name \"%.*s\" is reserved", TEXT_ARGS(name));
        if (is_prefixed)
            fault_detail(fault, "Role names starting with \"pg_\" are reserved.");
        return false;
    }
    if (name.length > MOST_NAME)
        return fault_set(fault, FAULT_NAME_TOO_LONG, "role name is longer than %d bytes", MOST_NAME);
    if (access_find_role(&transaction->roles, name) != NULL)
        return fault_set(fault, FAULT_DUPLICATE_OBJECT, "role \"%.*s\" already exists",
                         TEXT_ARGS(name));
    return true;
}

/* The password as it is kept: a SCRAM verifier. */
static bool set_password(const RoleTransaction *transaction, MetaRole *row, Text password, Fault *fault)
{
    char verifier[SCRAM_VERIFIER_SIZE];
    if (password.length == 0) {
        row->password = TEXT_LITERAL("");
        return true;
    }
    if (scram_is_verifier(password)) {
        row->password = password;
        return true;
    }
    if (scram_is_md5_hash(password)) {
        fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED, "MD5-hashed passwords are not supported");
        return fault_hint(fault, "Give the password itself, or a SCRAM-SHA-256 verifier.");
    }
    if (!scram_verifier_make(password, verifier, fault))
        return false;
    row->password = arena_text(transaction->arena, text_of(verifier));
    return true;
}

static void choose(AccessChoice choice, bool *value)
{
    if (choice != ACCESS_UNSAID)
        *value = choice == ACCESS_YES;
}

static bool apply(const RoleTransaction *transaction, const AccessRoleChange *role, MetaRole *row,
                  Fault *fault)
{
    choose(role->superuser, &row->is_superuser);
    choose(role->login, &row->can_login);
    choose(role->create_role, &row->can_create_role);
    choose(role->create_database, &row->can_create_database);
    choose(role->inherits, &row->inherits);
    choose(role->replication, &row->can_replicate);
    choose(role->bypasses_row_security, &row->bypasses_row_security);
    if (role->has_connection_limit && role->connection_limit < -1)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "invalid connection limit: %d",
                         (int)role->connection_limit);
    if (role->has_connection_limit)
        row->connection_limit = role->connection_limit;
    if (role->has_valid_until)
        row->valid_until = role->valid_until;
    return !role->has_password || set_password(transaction, row, role->password, fault);
}

/* ---------- CREATE ROLE ---------- */

static bool may_create(const RoleTransaction *transaction, const AccessRoleChange *role, Fault *fault)
{
    const FaultCode no = FAULT_INSUFFICIENT_PRIVILEGE;
    if (role_transaction_is_superuser(transaction))
        return true;
    if (role->superuser == ACCESS_YES)
        return fault_set(fault, no, "must be superuser to create superusers");
    if (role->replication == ACCESS_YES)
        return fault_set(fault, no, "must be superuser to create replication users");
    if (role->bypasses_row_security == ACCESS_YES)
        return fault_set(fault, no, "must be superuser to create bypassrls users");
    return transaction->user.role->can_create_role ||
           fault_set(fault, no, "permission denied to create role");
}

/* Whoever makes the first role has been the superuser, and stays so. */
static bool keep_first_superuser(RoleTransaction *transaction, Fault *fault)
{
    Text name = transaction->change->user;
    MetaRole row = {.oid = ACCESS_SUPERUSER_OID,
                    .name = name,
                    .is_superuser = true,
                    .can_login = true,
                    .can_create_role = true,
                    .can_create_database = true,
                    .can_replicate = true,
                    .bypasses_row_security = true,
                    .inherits = true,
                    .password = TEXT_LITERAL(""),
                    .settings = TEXT_LITERAL(""),
                    .connection_limit = -1,
                    .valid_until = INT64_MAX};
    if (!meta_put_role(transaction->meta, &row, fault))
        return false;
    audit(transaction, "first superuser", name);
    return true;
}

static bool put_members(RoleTransaction *transaction, const AccessRoleChange *change, Fault *fault)
{
    if (change->in_count + change->member_count + change->admin_count == 0)
        return true;
    if (!role_transaction_refresh(transaction, fault))
        return false;
    const AccessRole *self = role_transaction_role(transaction, change->name, fault);
    bool ok = self != NULL;
    for (uint32_t i = 0; ok && i < change->in_count; i++) {
        const AccessRole *role = role_transaction_role(transaction, change->in[i], fault);
        ok = role != NULL && member_add(transaction, role, self, false, fault);
    }
    for (uint32_t i = 0; ok && i < change->member_count; i++) {
        const AccessRole *member = role_transaction_role(transaction, change->members[i], fault);
        ok = member != NULL && member_add(transaction, self, member, false, fault);
    }
    for (uint32_t i = 0; ok && i < change->admin_count; i++) {
        const AccessRole *member = role_transaction_role(transaction, change->admins[i], fault);
        ok = member != NULL && member_add(transaction, self, member, true, fault);
    }
    return ok;
}

static bool create(RoleTransaction *transaction, const AccessRoleChange *role, Fault *fault)
{
    if (!may_create(transaction, role, fault) || !check_new_name(transaction, role->name, fault))
        return false;
    MetaRole row = {.name = role->name,
                    .inherits = true,
                    .password = TEXT_LITERAL(""),
                    .settings = TEXT_LITERAL(""),
                    .connection_limit = -1,
                    .valid_until = INT64_MAX};
    if (!apply(transaction, role, &row, fault))
        return false;
    bool is_first = transaction->roles.count == 0;
    bool is_self = is_first && text_equal(role->name, transaction->change->user);
    if (is_self) {
        row.oid = ACCESS_SUPERUSER_OID;
        row.is_superuser = row.can_login = true;
        role_transaction_notice(transaction, FAULT_SUCCESS,
                           "role \"%.*s\" is the superuser, since it creates the first role",
                           TEXT_ARGS(role->name));
    } else if ((is_first && !keep_first_superuser(transaction, fault)) ||
               !meta_allocate_oid(transaction->meta, &row.oid, fault)) {
        return false;
    }
    if (!meta_put_role(transaction->meta, &row, fault) || !put_members(transaction, role, fault))
        return false;
    if (is_first && !is_self)
        role_transaction_notice(transaction, FAULT_SUCCESS,
                           "from now on every connection needs a role and a password; the "
                           "superuser \"%.*s\" has none yet",
                           TEXT_ARGS(transaction->change->user));
    audit(transaction, "CREATE ROLE", role->name);
    return true;
}

bool access_create_role(const AccessChange *change, const AccessRoleChange *role, Fault *fault)
{
    RoleTransaction transaction;
    return role_transaction_begin(&transaction, change, fault) &&
           role_transaction_end(&transaction, create(&transaction, role, fault), fault);
}

/* ---------- ALTER ROLE ---------- */

static bool changes_password_only(const AccessRoleChange *role)
{
    return role->superuser == ACCESS_UNSAID && role->login == ACCESS_UNSAID &&
           role->create_role == ACCESS_UNSAID && role->create_database == ACCESS_UNSAID &&
           role->inherits == ACCESS_UNSAID && role->replication == ACCESS_UNSAID &&
           role->bypasses_row_security == ACCESS_UNSAID && !role->has_connection_limit &&
           !role->has_valid_until && role->has_password;
}

static bool may_alter(const RoleTransaction *transaction, const AccessRoleChange *role,
                      const MetaRole *row, Fault *fault)
{
    const FaultCode no = FAULT_INSUFFICIENT_PRIVILEGE;
    if (role_transaction_is_superuser(transaction))
        return true;
    if (row->is_superuser || role->superuser != ACCESS_UNSAID)
        return fault_set(fault, no,
                         "must be superuser to alter superuser roles or change superuser attribute");
    if (row->can_replicate || role->replication != ACCESS_UNSAID)
        return fault_set(
            fault, no,
            "must be superuser to alter replication roles or change replication attribute");
    if (role->bypasses_row_security != ACCESS_UNSAID)
        return fault_set(fault, no, "must be superuser to change bypassrls attribute");
    bool is_self = row->oid == transaction->user.role->oid;
    return transaction->user.role->can_create_role || (is_self && changes_password_only(role)) ||
           fault_set(fault, no, "permission denied");
}

static bool alter(RoleTransaction *transaction, const AccessRoleChange *role, Fault *fault)
{
    MetaRole row;
    if (!find_row(transaction, role->name, &row, fault) ||
        !may_alter(transaction, role, &row, fault))
        return false;
    if (row.oid == ACCESS_SUPERUSER_OID && role->superuser == ACCESS_NO)
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "the first superuser must stay a superuser");
    if (!apply(transaction, role, &row, fault) || !meta_put_role(transaction->meta, &row, fault))
        return false;
    audit(transaction, "ALTER ROLE", role->name);
    return true;
}

bool access_alter_role(const AccessChange *change, const AccessRoleChange *role, Fault *fault)
{
    RoleTransaction transaction;
    return role_transaction_begin(&transaction, change, fault) &&
           role_transaction_end(&transaction, alter(&transaction, role, fault), fault);
}

static bool rename_role(RoleTransaction *transaction, Text name, Text new_name, Fault *fault)
{
    const FaultCode no = FAULT_INSUFFICIENT_PRIVILEGE;
    MetaRole row;
    if (!find_row(transaction, name, &row, fault))
        return false;
    if (text_equal(name, transaction->change->session))
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED, "session user cannot be renamed");
    if (text_equal(name, transaction->change->user))
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED, "current user cannot be renamed");
    if (!check_new_name(transaction, new_name, fault))
        return false;
    if (!role_transaction_is_superuser(transaction) && row.is_superuser)
        return fault_set(fault, no, "must be superuser to rename superusers");
    if (!role_transaction_is_superuser(transaction) && !transaction->user.role->can_create_role)
        return fault_set(fault, no, "permission denied to rename role");
    row.name = new_name;
    if (!meta_put_role(transaction->meta, &row, fault))
        return false;
    audit(transaction, "ALTER ROLE RENAME", name);
    return true;
}

bool access_rename_role(const AccessChange *change, Text name, Text new_name, Fault *fault)
{
    RoleTransaction transaction;
    return role_transaction_begin(&transaction, change, fault) &&
           role_transaction_end(&transaction, rename_role(&transaction, name, new_name, fault), fault);
}

/* ---------- DROP ROLE ---------- */

static bool has_no_dependents(RoleTransaction *transaction, const AccessRole *role, Fault *fault)
{
    const AccessRoles *roles = &transaction->roles;
    uint32_t owned = 0, granted = 0;
    for (uint32_t i = 0; i < roles->owner_count; i++)
        owned += roles->owners[i].role == role->oid;
    for (uint32_t i = 0; i < roles->grant_count; i++)
        granted += roles->grants[i].grantee == role->oid || roles->grants[i].grantor == role->oid;
    if (owned + granted == 0)
        return true;
    fault_set(fault, FAULT_DEPENDENT_OBJECTS_STILL_EXIST,
              "role \"%.*s\" cannot be dropped because some objects depend on it",
              TEXT_ARGS(role->name));
    fault_detail(fault, "owner of %u objects, privileges on %u objects", owned, granted);
    return fault_hint(fault, "REASSIGN OWNED BY it to somebody else, and REVOKE what it may do.");
}

static bool may_drop(const RoleTransaction *transaction, const AccessRole *role, Fault *fault)
{
    const FaultCode no = FAULT_INSUFFICIENT_PRIVILEGE;
    if (text_equal(role->name, transaction->change->user))
        return fault_set(fault, FAULT_OBJECT_IN_USE, "current user cannot be dropped");
    if (text_equal(role->name, transaction->change->session))
        return fault_set(fault, FAULT_OBJECT_IN_USE, "session user cannot be dropped");
    if (role->oid < ACCESS_FIRST_USER_OID)
        return fault_set(fault, FAULT_DEPENDENT_OBJECTS_STILL_EXIST,
                         "cannot drop role %.*s because it is required by the database system",
                         TEXT_ARGS(role->name));
    if (!role_transaction_is_superuser(transaction) && role->is_superuser)
        return fault_set(fault, no, "must be superuser to drop superusers");
    return true;
}

/* The server is as it was before the first role when nobody but the first superuser is left,
 * whom a password would keep. */
static bool forget_first_superuser(RoleTransaction *transaction, Fault *fault)
{
    if (!role_transaction_refresh(transaction, fault))
        return false;
    const AccessRoles *roles = &transaction->roles;
    if (roles->count != 1 || roles->roles[0].oid != ACCESS_SUPERUSER_OID ||
        roles->roles[0].has_password)
        return true;
    role_transaction_notice(transaction, FAULT_SUCCESS,
                       "no role is left: this machine is let in without a password again");
    return meta_remove_role(transaction->meta, roles->roles[0].name, fault);
}

static bool drop(RoleTransaction *transaction, Text name, bool may_miss, Fault *fault)
{
    if (!role_transaction_is_superuser(transaction) && !transaction->user.role->can_create_role)
        return fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE, "permission denied to drop role");
    const AccessRole *role = access_find_role(&transaction->roles, name);
    if (role == NULL && may_miss) {
        role_transaction_notice(transaction, FAULT_SUCCESS, "role \"%.*s\" does not exist, skipping",
                           TEXT_ARGS(name));
        return true;
    }
    if (role == NULL)
        return fault_set(fault, FAULT_UNDEFINED_OBJECT, "role \"%.*s\" does not exist",
                         TEXT_ARGS(name));
    if (!may_drop(transaction, role, fault) || !has_no_dependents(transaction, role, fault) ||
        !meta_remove_role(transaction->meta, name, fault))
        return false;
    audit(transaction, "DROP ROLE", name);
    return forget_first_superuser(transaction, fault);
}

bool access_drop_role(const AccessChange *change, Text name, bool may_miss, Fault *fault)
{
    RoleTransaction transaction;
    return role_transaction_begin(&transaction, change, fault) &&
           role_transaction_end(&transaction, drop(&transaction, name, may_miss, fault), fault);
}

/* ---------- ALTER ROLE ... SET ---------- */

static json_t *read_settings(Text text)
{
    json_t *settings = text.length == 0 ? NULL : json_loadb(text.data, text.length, 0, NULL);
    if (json_is_object(settings))
        return settings;
    json_decref(settings);
    return json_object();
}

static bool change_setting(RoleTransaction *transaction, MetaRole *row, Text setting,
                           const Text *value, Fault *fault)
{
    json_t *settings = read_settings(row->settings);
    const char *name = arena_strndup(transaction->arena, setting.data, setting.length);
    if (setting.length == 0)
        json_object_clear(settings);
    else if (value == NULL)
        json_object_del(settings, name);
    else
        json_object_set_new(settings, name, json_stringn(value->data, value->length));
    char *text = json_dumps(settings, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(settings);
    bool ok = text != NULL && strlen(text) <= MOST_SETTINGS_BYTES;
    if (ok)
        row->settings = arena_text(transaction->arena, text_of(text));
    free(text);
    return ok || fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "too many settings of a role");
}

static bool set_setting(RoleTransaction *transaction, Text name, Text setting, const Text *value,
                        Fault *fault)
{
    MetaRole row;
    if (!find_row(transaction, name, &row, fault))
        return false;
    bool is_self = !role_transaction_is_superuser(transaction) &&
                   row.oid == transaction->user.role->oid;
    if (!role_transaction_is_superuser(transaction) && !is_self &&
        (!transaction->user.role->can_create_role || row.is_superuser))
        return fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE,
                         row.is_superuser ? "must be superuser to alter superusers"
                                          : "permission denied");
    if (!change_setting(transaction, &row, setting, value, fault) ||
        !meta_put_role(transaction->meta, &row, fault))
        return false;
    audit(transaction, "ALTER ROLE SET", name);
    return true;
}

bool access_set_role_setting(const AccessChange *change, Text name, Text setting, const Text *value,
                             Fault *fault)
{
    RoleTransaction transaction;
    return role_transaction_begin(&transaction, change, fault) &&
           role_transaction_end(&transaction, set_setting(&transaction, name, setting, value, fault),
                           fault);
}

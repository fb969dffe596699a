/*
 * Changing roles, memberships, grants and owners: each call is one transaction of the metadata, in
 * which the right to do it is checked against what is there at that moment. Rules and wording are
 * PostgreSQL 15's.
 *
 * The first role. Whoever creates it has been the superuser so far and stays so: a role of that
 * name is kept as well (ACCESS_SUPERUSER_OID, without a password). When the last role but that
 * one is dropped, it goes too, unless it has got a password.
 */
#ifndef TALARIA_ENGINE_ACCESS_CHANGE_H
#define TALARIA_ENGINE_ACCESS_CHANGE_H

#include "engine/access/access.h"

typedef struct AccessChange {
    Meta *meta;
    Arena *arena;
    Text user;    /* the current role: who does it */
    Text session; /* who is logged in */
    /* Told what deserves a notice (SQLSTATE 00000) or a warning (01...). */
    void (*notice)(void *state, const Fault *notice);
    void *state;
} AccessChange;

/* Three-valued: what a statement does not name stays, or is the default of a new role. */
typedef enum AccessChoice { ACCESS_UNSAID = 0, ACCESS_NO, ACCESS_YES } AccessChoice;

typedef struct AccessRoleChange {
    Text name;
    bool may_exist, may_miss; /* IF NOT EXISTS does not exist for roles; IF EXISTS of DROP */
    AccessChoice superuser, login, create_role, create_database, inherits, replication,
        bypasses_row_security;
    bool has_connection_limit, has_valid_until, has_password;
    int32_t connection_limit;
    int64_t valid_until; /* microseconds UTC; INT64_MAX: for ever */
    Text password;       /* as typed, or a SCRAM verifier; empty: none */
    uint32_t in_count, member_count, admin_count;
    const Text *in, *members, *admins; /* IN ROLE, ROLE, ADMIN */
} AccessRoleChange;

bool access_create_role(const AccessChange *change, const AccessRoleChange *role, Fault *fault);
bool access_alter_role(const AccessChange *change, const AccessRoleChange *role, Fault *fault);
bool access_rename_role(const AccessChange *change, Text name, Text new_name, Fault *fault);
bool access_drop_role(const AccessChange *change, Text name, bool may_miss, Fault *fault);
/* ALTER ROLE name SET setting = value. `value` NULL (data) resets it; `setting` empty resets all.
 * Whether the setting exists and takes the value is the caller's to check. */
bool access_set_role_setting(const AccessChange *change, Text name, Text setting, const Text *value,
                             Fault *fault);

/* GRANT role TO member, REVOKE role FROM member. */
typedef struct AccessMembership {
    bool is_grant;
    bool is_admin; /* WITH ADMIN OPTION; REVOKE ADMIN OPTION FOR */
    uint32_t role_count, member_count;
    const Text *roles, *members;
} AccessMembership;
bool access_change_members(const AccessChange *change, const AccessMembership *membership,
                           Fault *fault);

/* GRANT and REVOKE of privileges. */
typedef struct AccessGrantChange {
    bool is_grant;
    bool with_option; /* WITH GRANT OPTION; REVOKE GRANT OPTION FOR */
    bool cascades;
    uint32_t privileges; /* bits; those that a kind does not have are an error unless `is_all` */
    bool is_all;
    uint32_t target_count, grantee_count;
    const AccessTarget *targets;
    const Text *grantees; /* "" (empty): PUBLIC */
} AccessGrantChange;
bool access_change_grants(const AccessChange *change, const AccessGrantChange *grant, Fault *fault);

/* ALTER TABLE name OWNER TO role. */
bool access_change_owner(const AccessChange *change, const AccessTarget *target, Text role,
                         Fault *fault);
/* REASSIGN OWNED BY role TO new_owner. */
bool access_reassign_owned(const AccessChange *change, Text role, Text new_owner, Fault *fault);

#endif

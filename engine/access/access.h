/*
 * Roles, and the one decision about who may do what.
 *
 * A server starts without roles: then everybody is the superuser (AccessUser.roles is NULL). With
 * the first role that changes: who asks is a role, and what it may do is what PostgreSQL's rules
 * say: superusers everything; owners everything with what is theirs; others what was granted to
 * them, to a role that they belong to, or to PUBLIC.
 *
 * Privileges are PostgreSQL's, as bits. Outside data is one more kind of object, EXTERNAL: SELECT
 * on it (also written READ) is what EXTERN and its relatives need, INSERT (WRITE) what exports
 * need. A grant on EXTERNAL may name one type of input source; without a name it is for all.
 */
#ifndef TALARIA_ENGINE_ACCESS_ACCESS_H
#define TALARIA_ENGINE_ACCESS_ACCESS_H

#include "storage/meta/meta.h"

/* ---------- roles ---------- */

enum {
    ACCESS_PUBLIC_OID = 0,     /* as a grantee: everybody */
    ACCESS_SUPERUSER_OID = 10, /* PostgreSQL's bootstrap superuser: owner of what nobody owns */
    /* PostgreSQL's predefined roles that mean something here. */
    ACCESS_MONITOR_OID = 3373,
    ACCESS_READ_ALL_STATS_OID = 3375,
    ACCESS_SIGNAL_BACKEND_OID = 4200,
    ACCESS_READ_SERVER_FILES_OID = 4569,
    ACCESS_WRITE_SERVER_FILES_OID = 4570,
    ACCESS_READ_ALL_DATA_OID = 6181,
    ACCESS_WRITE_ALL_DATA_OID = 6182,
};

typedef struct AccessRole {
    uint32_t oid;
    Text name;
    bool is_superuser, can_login, can_create_role, can_create_database, inherits;
    bool can_replicate, bypasses_row_security;
    bool has_password;
    int32_t connection_limit;
    int64_t valid_until; /* INT64_MAX: for ever */
    Text settings;       /* a JSON object of settings that its sessions start with; or empty */
} AccessRole;

/* All that is known of roles, as of one revision of the metadata. */
typedef struct AccessRoles {
    uint32_t count; /* 0: no role has been created */
    const AccessRole *roles;
    uint32_t member_count, grant_count, owner_count;
    const MetaMember *members;
    const MetaGrant *grants;
    const MetaOwner *owners; /* by object */
} AccessRoles;

/* Who asks. Everything that decides takes this. */
typedef struct AccessUser {
    const AccessRoles *roles; /* NULL: of a server without roles; everything is allowed */
    const AccessRole *role;   /* never NULL when `roles` is not */
} AccessUser;

/* Reads them from the metadata into `arena`. */
bool access_load(Meta *meta, Arena *arena, AccessRoles *roles, Fault *fault);
/* Created and predefined ones; NULL when there is none of exactly this name. */
const AccessRole *access_find_role(const AccessRoles *roles, Text name);
const AccessRole *access_role_by_oid(const AccessRoles *roles, uint32_t oid);
/* The roles that every server has (pg_monitor, ...), which nobody can log in as. */
const AccessRole *access_predefined_roles(uint32_t *count);
/* Asks in the name of a role; of one that is gone: of somebody who may do nothing. */
AccessUser access_user(const AccessRoles *roles, Text name);

/* Whether `member` is `role` or belongs to it, directly or through others. */
bool access_is_member(const AccessRoles *roles, const AccessRole *member, uint32_t role);
/* The same, as far as roles inherit: whether it has the privileges of `role` without SET ROLE. */
bool access_inherits_from(const AccessRoles *roles, const AccessRole *member, uint32_t role);
/* Whether it may let others into `role`. */
bool access_is_admin_of(const AccessRoles *roles, const AccessRole *who, uint32_t role);

/* ---------- privileges ---------- */

enum { /* the order of PostgreSQL's "arwdDxtXUCTc" */
    ACCESS_INSERT = 1 << 0,
    ACCESS_SELECT = 1 << 1,
    ACCESS_UPDATE = 1 << 2,
    ACCESS_DELETE = 1 << 3,
    ACCESS_TRUNCATE = 1 << 4,
    ACCESS_REFERENCES = 1 << 5,
    ACCESS_TRIGGER = 1 << 6,
    ACCESS_EXECUTE = 1 << 7,
    ACCESS_USAGE = 1 << 8,
    ACCESS_CREATE = 1 << 9,
    ACCESS_TEMPORARY = 1 << 10,
    ACCESS_CONNECT = 1 << 11,
    ACCESS_ALL_TABLE = (1 << 7) - 1,
    ACCESS_ALL_EXTERNAL = ACCESS_SELECT | ACCESS_INSERT,
    ACCESS_ALL_SCHEMA = ACCESS_USAGE | ACCESS_CREATE,
    ACCESS_ALL_DATABASE = ACCESS_CREATE | ACCESS_TEMPORARY | ACCESS_CONNECT,
    /* What REPLACE needs of its target: it takes rows away and adds others. */
    ACCESS_REPLACE = ACCESS_INSERT | ACCESS_DELETE,
};

typedef enum AccessKind { /* kept in the metadata: members never change their number */
    ACCESS_ON_TABLE = 1, /* tables and views, catalogs too */
    ACCESS_ON_SCHEMA = 2,
    ACCESS_ON_DATABASE = 3, /* the only one: no OID */
    ACCESS_ON_EXTERNAL = 4, /* no OID; name: the type of source, or empty */
    ACCESS_ON_FUNCTION = 5,
    ACCESS_ON_OTHER = 6, /* types, languages: everybody may use them */
} AccessKind;

typedef struct AccessTarget {
    AccessKind kind;
    uint32_t oid;
    Text name; /* for messages; of EXTERNAL: the type of source that is read */
    bool is_view; /* for messages */
} AccessTarget;

enum { ACCESS_FIRST_USER_OID = META_FIRST_OID }; /* below: catalogs */

/* The bits of a word of GRANT or has_table_privilege ("select", "WRITE"), whatever its case; 0 when
 * there is no such word. READ is SELECT, WRITE is INSERT, UPDATE, DELETE and TRUNCATE, "all" and
 * "all privileges" are everything: what a kind does not know is the caller's to leave out. */
uint32_t access_privilege_bits(Text word);
/* The word of one bit: "SELECT". */
const char *access_privilege_word(uint32_t bit);
/* All privileges that there are on this kind. */
uint32_t access_all_privileges(AccessKind kind);

/* Which role owns an object: a role's OID, ACCESS_SUPERUSER_OID when nobody else does. */
uint32_t access_owner(const AccessRoles *roles, uint32_t object);
/* Whether the user is the owner, belongs to it, or is a superuser. */
bool access_owns(AccessUser user, uint32_t object);
/* Which of `wanted` the user holds. This is what has_table_privilege and its relatives ask. */
uint32_t access_held(AccessUser user, const AccessTarget *target, uint32_t wanted);
/* Which of `wanted` the user may grant to others. */
uint32_t access_grantable(AccessUser user, const AccessTarget *target, uint32_t wanted);
/* Whether it has all of `wanted`; else 42501, worded as PostgreSQL's. */
bool access_check(AccessUser user, const AccessTarget *target, uint32_t wanted, Fault *fault);
/* Whether it owns it; else 42501, must be owner of table x. */
bool access_check_owner(AccessUser user, const AccessTarget *target, Fault *fault);
/* Whether other people's sessions, queries and tasks may be seen: superusers, pg_monitor and
 * pg_read_all_stats. */
bool access_sees_all(AccessUser user);

/* ---------- aclitem ---------- */

/*
 * What was granted on an object in aclitem's text form ("ann=r*w/boss", "=r/boss"), the owner's
 * own rights first, as in pg_class.relacl. `count` is 0 when nothing was granted or taken away
 * since the object was made: then the column is NULL.
 */
void access_acl(const AccessRoles *roles, AccessKind kind, uint32_t object, Text name,
                Arena *arena, Text **items, uint32_t *count);
/* One item of it: name=letters/grantor. */
Text access_acl_item(Arena *arena, Text grantee, uint32_t privileges, uint32_t options,
                     Text grantor);

#endif

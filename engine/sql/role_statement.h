/*
 * What statements about roles and rights say: CREATE, ALTER and DROP ROLE, GRANT and REVOKE,
 * owners. Names of roles may be CURRENT_USER and the like, and names of objects are not looked up
 * yet: that is done by who runs the statement, with what there is then.
 */
#ifndef TALARIA_ENGINE_SQL_ROLE_STATEMENT_H
#define TALARIA_ENGINE_SQL_ROLE_STATEMENT_H

#include "engine/access/change.h"
#include "engine/schema/schema.h"

typedef enum RoleStatementKind {
    ROLE_CREATE,
    ROLE_ALTER,
    ROLE_DROP,     /* each of `roles` */
    ROLE_RENAME,   /* `role` to `new_name` */
    ROLE_SET,      /* `setting` of `role`: `value`, NULL: reset; `setting` NULL: all */
    ROLE_MEMBERS,  /* GRANT `roles` TO `members` */
    ROLE_GRANT,    /* of `privileges` on `objects` to `members` */
    ROLE_OWNER,    /* of the one object: `role` */
    ROLE_REASSIGN, /* what `roles` own to `role` */
} RoleStatementKind;

typedef enum RoleRefKind { ROLE_NAMED, ROLE_CURRENT, ROLE_SESSION, ROLE_PUBLIC } RoleRefKind;

typedef struct RoleRef {
    RoleRefKind kind;
    Text name; /* NAMED */
} RoleRef;

typedef struct RoleObject {
    bool has_schema;
    SchemaName schema, name;
} RoleObject;

typedef struct RoleStatement {
    RoleStatementKind kind;
    RoleRef role;
    AccessRoleChange change; /* CREATE, ALTER: without the names, which are below */
    const char *valid_until; /* as typed; NULL: not said */
    uint32_t in_count, member_count, admin_count, role_count;
    const RoleRef *in, *members, *admins, *roles;
    bool is_grant, with_option, cascades, may_miss;
    bool is_all; /* ALL PRIVILEGES */
    uint32_t privileges;
    AccessKind object_kind;
    bool all_in_schema; /* `objects` are schemas, meant are their tables */
    uint32_t object_count;
    const RoleObject *objects;
    const char *setting, *value, *new_name;
} RoleStatement;

#endif

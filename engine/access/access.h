/*
 * Roles, and the one function that says yes or no.
 *
 * A server starts without roles: then everybody is the superuser. With the first role that
 * changes: who asks is a role; superusers may do everything, others may read tables and
 * catalogs, and nothing else.
 */
#ifndef TALARIA_ENGINE_ACCESS_ACCESS_H
#define TALARIA_ENGINE_ACCESS_ACCESS_H

#include "storage/meta/meta.h"

enum { ACCESS_SUPERUSER_OID = 10 }; /* PostgreSQL's bootstrap superuser: owner of everything */

typedef struct AccessRole {
    uint32_t oid;
    Text name;
    bool is_superuser, can_login, can_create_role, can_create_database, inherits;
    bool has_password;
    int32_t connection_limit;
    int64_t valid_until; /* INT64_MAX: for ever */
} AccessRole;

typedef struct AccessRoles {
    uint32_t count; /* 0: no role has been created */
    const AccessRole *roles;
} AccessRoles;

typedef enum AccessAction {
    ACCESS_READ_TABLE,    /* rows of a table or a catalog */
    ACCESS_WRITE_TABLE,   /* INSERT, REPLACE, DROP, COMMENT */
    ACCESS_READ_EXTERNAL, /* EXTERN and the other sources of outside data */
    ACCESS_WRITE_EXTERNAL,
    ACCESS_READ_STATE, /* other people's queries and sessions */
    ACCESS_CONTROL,    /* cancel other people's queries, change roles and server settings */
} AccessAction;

/* Reads them from the metadata into `arena`. */
bool access_load(Meta *meta, Arena *arena, AccessRoles *roles, Fault *fault);
/* NULL when there is none of exactly this name. */
const AccessRole *access_find_role(const AccessRoles *roles, Text name);

/*
 * Whether `role` (NULL: of a server without roles) may do this; `what` is the table's or the
 * source's name, for the message. False: 42501.
 */
bool access_check(const AccessRole *role, AccessAction action, Text what, Fault *fault);

#endif

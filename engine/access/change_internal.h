/*
 * What the files of changes share: a transaction with the roles as they are in it.
 */
#ifndef TALARIA_ENGINE_ACCESS_CHANGE_INTERNAL_H
#define TALARIA_ENGINE_ACCESS_CHANGE_INTERNAL_H

#include "engine/access/change.h"
#include "engine/access/rights_internal.h"

typedef struct RoleTransaction {
    const AccessChange *change;
    Meta *meta;
    Arena *arena;
    AccessRoles roles;
    AccessUser user; /* who does it, as of now */
} RoleTransaction;

/* Begins; false: nothing is open. */
bool role_transaction_begin(RoleTransaction *transaction, const AccessChange *change, Fault *fault);
/* Reads the roles again, after a change that what follows must see. */
bool role_transaction_refresh(RoleTransaction *transaction, Fault *fault);
/* Commits when `ok`, else rolls back; returns whether all went well. */
bool role_transaction_end(RoleTransaction *transaction, bool ok, Fault *fault);
void role_transaction_notice(const RoleTransaction *transaction, FaultCode code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 42704 when there is none. */
const AccessRole *role_transaction_role(const RoleTransaction *transaction, Text name, Fault *fault);
static inline bool role_transaction_is_superuser(const RoleTransaction *transaction)
{
    return transaction->user.roles == NULL || transaction->user.role->is_superuser;
}

/* One GRANT role TO member inside a transaction. */
bool member_add(RoleTransaction *transaction, const AccessRole *role, const AccessRole *member,
                bool is_admin, Fault *fault);

#endif

/*
 * What the files of changes share: a transaction with the roles as they are in it.
 */
#ifndef TALARIA_ENGINE_ACCESS_CHANGE_INTERNAL_H
#define TALARIA_ENGINE_ACCESS_CHANGE_INTERNAL_H

#include "engine/access/change.h"
#include "engine/access/rights_internal.h"

typedef struct Transaction {
    const AccessChange *change;
    Meta *meta;
    Arena *arena;
    AccessRoles roles;
    AccessUser user; /* who does it, as of now */
} Transaction;

/* Begins; false: nothing is open. */
bool transaction_begin(Transaction *transaction, const AccessChange *change, Fault *fault);
/* Reads the roles again, after a change that what follows must see. */
bool transaction_refresh(Transaction *transaction, Fault *fault);
/* Commits when `ok`, else rolls back; returns whether all went well. */
bool transaction_end(Transaction *transaction, bool ok, Fault *fault);
void transaction_notice(const Transaction *transaction, FaultCode code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 42704 when there is none. */
const AccessRole *transaction_role(const Transaction *transaction, Text name, Fault *fault);
static inline bool transaction_is_superuser(const Transaction *transaction)
{
    return transaction->user.roles == NULL || transaction->user.role->is_superuser;
}

/* One GRANT role TO member inside a transaction. */
bool member_add(Transaction *transaction, const AccessRole *role, const AccessRole *member,
                bool is_admin, Fault *fault);

#endif

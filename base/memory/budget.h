/*
 * Memory budgets: what grows with the data reserves here first; refusal is the signal to spill,
 * or the fault NotEnoughMemory.
 *
 * One MemoryPool lies in a page that the front end shares with all its children. Every process
 * has a slot in it, so that what a killed process held can be given back. Half of the pool is
 * guaranteed: a process may always take its share (pool / 2 / slots); the other half goes to
 * whoever asks first.
 *
 * Budgets form a tree within a process: work order > operator. A budget without a parent draws
 * on the process's slot, in steps of 256 KiB so that the shared counters stay cool.
 */
#ifndef TALARIA_BASE_MEMORY_BUDGET_H
#define TALARIA_BASE_MEMORY_BUDGET_H

#include "base/fault/fault.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { MEMORY_POOL_SLOTS = 256 };

typedef struct MemoryPool {
    int64_t limit;            /* bytes, all processes together */
    int32_t slots_in_use;     /* processes that share the guaranteed half */
    _Atomic int64_t used;     /* sum over the slots */
    _Atomic int64_t slot_used[MEMORY_POOL_SLOTS];
    _Atomic int64_t slot_large[MEMORY_POOL_SLOTS]; /* in large blocks, see guard.h; not part of `used` */
    _Atomic bool slot_refused[MEMORY_POOL_SLOTS];  /* its process ended for want of memory */
} MemoryPool;

typedef struct Budget {
    struct Budget *parent;
    MemoryPool *pool; /* of the root only; NULL: unlimited (tests, tools) */
    int slot;         /* of the root only */
    int64_t limit;    /* own limit in bytes, INT64_MAX when only the pool bounds it */
    int64_t used;     /* granted to operators */
    int64_t drawn;    /* root: taken from the pool, >= used */
    int64_t peak;
} Budget;

/* Sets up a pool in memory that the caller has mapped shared and zeroed. */
void memory_pool_init(MemoryPool *pool, int64_t limit, int32_t slots_in_use);
/* Gives back all that a dead process's slot held. Called by the front end alone. */
void memory_pool_release_slot(MemoryPool *pool, int slot);

void budget_init_root(Budget *budget, MemoryPool *pool, int slot);
void budget_init_child(Budget *budget, Budget *parent, int64_t limit);
/*
 * Takes `size` bytes or nothing. False: FAULT_NOT_ENOUGH_MEMORY with the fields serverMemory,
 * usedMemory and requestedMemory; `fault` may be NULL when the caller will spill instead.
 */
bool budget_reserve(Budget *budget, size_t size, Fault *fault);
void budget_release(Budget *budget, size_t size);
/* Gives everything back (end of a work order). */
void budget_release_all(Budget *budget);

#endif

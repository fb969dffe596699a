/*
 * The guard of long computations. See guard.h.
 */
#include "base/memory/guard.h"

#include <unistd.h>

volatile sig_atomic_t guard_is_raised;

static volatile sig_atomic_t is_interrupted;
static MemoryPool *guarded_pool;
static int guarded_slot;
static _Atomic int64_t counted;  /* bytes in large blocks */
static _Atomic int64_t at_begin; /* of them by guard_begin */

void guard_set_pool(MemoryPool *pool, int slot)
{
    guarded_pool = pool;
    guarded_slot = slot;
    if (pool != NULL)
        atomic_store(&pool->slot_refused[slot], false);
    guard_begin();
}

void guard_interrupt(void)
{
    is_interrupted = 1;
    guard_is_raised = 1;
}

void guard_begin(void)
{
    is_interrupted = 0;
    atomic_store(&at_begin, atomic_load(&counted));
    if (guarded_pool != NULL)
        atomic_store(&guarded_pool->slot_large[guarded_slot], 0);
}

/* What large blocks of this process may hold. Nobody is left with less than an eighth. */
static int64_t bound(void)
{
    if (guarded_pool == NULL)
        return INT64_MAX;
    int64_t others = 0, limit = guarded_pool->limit;
    for (int slot = 0; slot < MEMORY_POOL_SLOTS; slot++) {
        int64_t used = atomic_load(&guarded_pool->slot_used[slot]);
        int64_t large = atomic_load(&guarded_pool->slot_large[slot]);
        if (slot != guarded_slot)
            others += used > large ? used : large;
    }
    int64_t rest = limit + limit / 2 - others;
    return rest > limit / 8 ? rest : limit / 8;
}

bool guard_count(int64_t size)
{
    int64_t held = atomic_fetch_add(&counted, size) + size - atomic_load(&at_begin);
    if (guarded_pool == NULL)
        return true;
    atomic_store(&guarded_pool->slot_large[guarded_slot], held > 0 ? held : 0);
    if (size <= 0)
        return true;
    int64_t most = bound();
    if (held > most)
        guard_is_raised = 1;
    int64_t grace = guarded_pool->limit < GUARD_GRACE ? guarded_pool->limit : GUARD_GRACE;
    if (held - grace <= most)
        return true;
    atomic_fetch_sub(&counted, size);
    return false;
}

int64_t guard_counted(void)
{
    return atomic_load(&counted) - atomic_load(&at_begin);
}

bool guard_ask(Fault *fault)
{
    if (is_interrupted)
        return fault_set(fault, FAULT_CANCELED, "canceling statement due to user request");
    int64_t held = guard_counted(), most = bound();
    if (held > most) {
        fault_set(fault, FAULT_NOT_ENOUGH_MEMORY,
                  "not enough memory: values of %lld bytes at once, where %lld are free",
                  (long long)held, (long long)most);
        fault_field_int(fault, "serverMemory", guarded_pool->limit);
        fault_field_int(fault, "usedMemory", atomic_load(&guarded_pool->used));
        fault_field_int(fault, "requestedMemory", held);
        return false;
    }
    /* what was too much has been given back; a cancel that comes just now raises the flag again */
    guard_is_raised = 0;
    if (is_interrupted)
        guard_is_raised = 1;
    return true;
}

void guard_end_process(void)
{
    if (guarded_pool != NULL)
        atomic_store(&guarded_pool->slot_refused[guarded_slot], true);
    _exit(GUARD_OUT_OF_MEMORY);
}

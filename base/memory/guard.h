/*
 * What a long computation asks in between: may it go on?
 *
 * Operators look for a cancel between their batches, and reserve from a budget what they keep. A
 * batch alone may be too much, though: 2,048 rows of repeat('x', 100000000), or one row whose pattern
 * has gigabytes to go through. So the process has a guard: a flag, raised by the handler of SIGINT and
 * by arenas when large blocks pass the bound, and asked by loops over rows and by loops
 * within long values. Asking costs one load and a branch that is never taken.
 *
 * Arenas count their large blocks only (above 1 MiB). Past the bound the guard refuses; the
 * computation ends with its fault. One that never asks is ended by its arena when it holds
 * as much as the pool's limit more (at most GUARD_GRACE; exit status GUARD_OUT_OF_MEMORY, which the front end tells as NotEnoughMemory).
 */
#ifndef TALARIA_BASE_MEMORY_GUARD_H
#define TALARIA_BASE_MEMORY_GUARD_H

#include "base/fault/fault.h"
#include "base/memory/budget.h"

#include <signal.h>

/* The status of a process that ended because there was no memory. */
enum { GUARD_OUT_OF_MEMORY = 3 };
#define GUARD_GRACE (INT64_C(2) << 30)

/* Raised: guard_ask has something to look at. Read by guard_passes alone. */
extern volatile sig_atomic_t guard_is_raised;

/*
 * From now on what large blocks hold is told in the pool and bounded by it: by its limit, less what
 * others hold of it, by their budgets or in large blocks. Half as much again is let pass, because arenas
 * keep what growing vectors have left. `slot` is the process's own; NULL: unbounded, as at the start.
 */
void guard_set_pool(MemoryPool *pool, int slot);
/* A cancel has come. For signal handlers, too. */
void guard_interrupt(void);
/* A new request: earlier cancels are of no concern, nor is what caches hold by now. */
void guard_begin(void);

/* Called by arenas: `size` bytes more (less, when negative) in large blocks. False: the grace is
 * used up, too. */
bool guard_count(int64_t size);
/* Bytes in large blocks of arenas, of the whole process, since guard_begin. */
int64_t guard_counted(void);

/* Ends the process; its slot of the pool says why (slot_refused). After the caller's line in the log. */
void guard_end_process(void) __attribute__((noreturn));

bool guard_ask(Fault *fault); /* guard_passes, once the flag is raised */

/* False: FAULT_CANCELED or FAULT_NOT_ENOUGH_MEMORY. */
static inline bool guard_passes(Fault *fault)
{
    return __builtin_expect(!guard_is_raised, 1) || guard_ask(fault);
}

#endif

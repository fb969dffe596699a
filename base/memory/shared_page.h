/*
 * The page that the front end shares with all its children: made once before the first fork.
 */
#ifndef TALARIA_BASE_MEMORY_SHARED_PAGE_H
#define TALARIA_BASE_MEMORY_SHARED_PAGE_H

#include "base/memory/budget.h"

#include <pthread.h>

enum { SHARED_CONTROLLERS = 64, SHARED_TICKETS = 256, SHARED_SEQUENCES = 256 };

/* Where a sequence stands. `left` values after `last` may be given without a word to the metadata,
 * which says that they are gone already. */
typedef struct SharedSequence {
    uint32_t oid; /* 0: free */
    bool is_called;
    int64_t last;
    uint64_t left;
} SharedSequence;

typedef struct SharedPage {
    MemoryPool memory;
    /* Goes up by one after each commit to the metadata: who has a snapshot looks here before
     * using it again. */
    _Atomic uint64_t catalog_version;
    /* Morsels: workers of a query take the next piece of an input with atomic_fetch_add on a
     * counter that the query's controller has zeroed. A controller steers one query at a time,
     * so its row belongs to that query; an input is named by its index in the row. */
    _Atomic uint32_t tickets[SHARED_CONTROLLERS][SHARED_TICKETS];
    _Atomic int log_level; /* log_share_level */
    /* Since when each controller runs its request, in microseconds since the epoch; 0: none. What
     * has gone out of use before the oldest of them is read by nobody. */
    _Atomic int64_t request_started[SHARED_CONTROLLERS];
    /* Sequences in use, each at the place that its OID says. The lock is robust: who finds that its
     * holder has died clears the places, and all is read from the metadata again. */
    pthread_mutex_t sequence_lock;
    SharedSequence sequences[SHARED_SEQUENCES];
} SharedPage;

#endif

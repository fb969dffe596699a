/*
 * Slots: which query may have which workers, and who waits. A data structure only: it knows no
 * process, socket or clock; its owner tells it what happened and what time it is, and asks what
 * follows.
 *
 * A query asks once and gets, all at once, between one worker and as many as it asked for: what
 * is free when its turn comes. It never waits holding some, so queries cannot deadlock each
 * other. Who waits is served first come, first served.
 *
 * As many workers as there are `shares` work at once. Two things go beyond:
 *
 * - A reserve keeps short queries quick under heavy load: they may have `reserve` workers more,
 *   and pass by larger ones that wait.
 * - The workers of a query that waits for its own client (a suspended portal, a reader slower
 *   than its rows) are parked: they hold memory and no core, so others may have their shares.
 *
 * Workers beyond the shares are made when they are lacking and retired when they are a surplus.
 */
#ifndef TALARIA_SERVER_SLOTS_SLOTS_H
#define TALARIA_SERVER_SLOTS_SLOTS_H

#include "base/fault/fault.h"

#include <stdbool.h>
#include <stdint.h>

enum { SLOTS_MOST_WORKERS = 128 };

typedef struct Slots Slots;

/* A worker as others name it. */
typedef struct SlotWorker {
    int number;
    uint64_t generation;
} SlotWorker;

typedef struct SlotGrant {
    uint64_t query;
    int count;
    SlotWorker workers[SLOTS_MOST_WORKERS];
} SlotGrant;

/* No worker is there yet; numbers go from 0 to below `most`. */
Slots *slots_new(int shares, int reserve, int most);
void slots_free(Slots *slots);

/* --- workers come and go --- */
void slots_worker_ready(Slots *slots, int number, uint64_t generation);
/* Workers that are being born: who may have more than is free waits for them. */
void slots_set_coming(Slots *slots, int count);
/* Dead, whoever had it. */
void slots_worker_gone(Slots *slots, int number);

/* --- queries --- */
/*
 * Puts a query in the queue: `maximum` workers (at least 1; what is over the shares is cut),
 * until `deadline` (monotonic nanoseconds). `is_short`: it may have the reserve. A query that
 * waits or holds workers already may not ask again: false.
 */
bool slots_want(Slots *slots, uint64_t query, int maximum, bool is_short, int64_t now,
                int64_t deadline);
/* The next query whose turn it is, if there is one; ask again until false. */
bool slots_next_grant(Slots *slots, SlotGrant *grant);
/*
 * The next query whose deadline has passed; it is out of the queue then. The fault is
 * TaskStartTimeout with pendingTasks, totalTasks and timeout.
 */
bool slots_next_expired(Slots *slots, int64_t now, uint64_t *query, Fault *fault);
/* The earliest deadline in the queue; INT64_MAX when nobody waits. */
int64_t slots_next_deadline(const Slots *slots);
/* The query waits no more. Harmless when it does not wait. */
void slots_forget(Slots *slots, uint64_t query);
/*
 * The query gives its workers back. `clean`: they are free again. Else they are not usable and
 * stand in `lost`, to be killed; a new life of each must be told with slots_worker_ready.
 */
void slots_give_back(Slots *slots, uint64_t query, bool clean, SlotGrant *lost);

/* Whether the query waits for its client. Harmless when it holds no workers. */
void slots_set_parked(Slots *slots, uint64_t query, bool is_parked);

/* --- how many workers there should be --- */
/* Workers that somebody who waits may have, and that are neither there nor coming. */
int slots_lacking(const Slots *slots);
/* Whether there are more free workers than shares and parked ones need. */
bool slots_has_surplus(const Slots *slots);
/* A free worker that is too many: gone from here, to be retired. False: there is none. */
bool slots_take_surplus(Slots *slots, SlotWorker *worker);

/* --- for sys.* and tests --- */
int slots_free_count(const Slots *slots);
int slots_waiting_count(const Slots *slots);
uint64_t slots_holder(const Slots *slots, int number); /* 0: nobody */

#endif

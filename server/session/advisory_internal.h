/*
 * Advisory locks of sessions (advisory.c).
 */
#ifndef TALARIA_SERVER_SESSION_ADVISORY_INTERNAL_H
#define TALARIA_SERVER_SESSION_ADVISORY_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ADVISORY_BUCKETS = 1024,
    ADVISORY_DATABASE = 5, /* the one database's number, as pg_locks shows it */
};
#define ADVISORY_SESSION UINT32_MAX /* a depth: held until it is given back */

typedef enum AdvisoryMode { ADVISORY_SHARED, ADVISORY_EXCLUSIVE } AdvisoryMode;

/* As pg_locks has it: a bigint's halves and kind 1, or two integers and kind 2. */
typedef struct AdvisoryKey {
    uint32_t class_id, object_id;
    uint16_t kind;
} AdvisoryKey;

typedef struct AdvisoryHold AdvisoryHold;
typedef struct AdvisoryWaiter AdvisoryWaiter;
typedef struct AdvisoryLock AdvisoryLock;

/* A session's part; all zero but the number at first. */
typedef struct AdvisoryOwner {
    uint32_t process_id;
    AdvisoryHold *holds;
    AdvisoryWaiter *waiters;
    uint64_t mark; /* the last search that came by */
} AdvisoryOwner;

/* All zero at first but for `most_waiters` and `granted`, which is told that a request that waits
 * has got its lock. */
typedef struct AdvisoryTable {
    AdvisoryLock *buckets[ADVISORY_BUCKETS];
    uint32_t count, waiter_count;
    uint32_t most_waiters; /* each keeps a controller */
    uint64_t search;
    void (*granted)(void *state, uint64_t request);
    void *state;
} AdvisoryTable;

typedef struct AdvisoryWish {
    AdvisoryMode mode;
    uint32_t depth; /* so many savepoints, or ADVISORY_SESSION */
    bool waits;
    uint64_t request;
} AdvisoryWish;

typedef enum AdvisoryOutcome {
    ADVISORY_GRANTED,
    ADVISORY_REFUSED,  /* somebody else has it, and the wish does not wait */
    ADVISORY_WAITS,    /* `granted` will be called, or advisory_abandon ends it */
    ADVISORY_DEADLOCK, /* `detail` says who waits for whom */
    ADVISORY_FULL,     /* there are too many */
} AdvisoryOutcome;

AdvisoryOutcome advisory_take(AdvisoryTable *table, AdvisoryOwner *owner, AdvisoryKey key,
                              const AdvisoryWish *wish, char *detail, size_t detail_size);
/* One of the session's own; false when it has none in this mode. */
bool advisory_release(AdvisoryTable *table, AdvisoryOwner *owner, AdvisoryKey key, AdvisoryMode mode);
/* One that came when nobody waited for it any more. */
void advisory_give_back(AdvisoryTable *table, AdvisoryOwner *owner, AdvisoryKey key,
                        AdvisoryMode mode, bool is_transaction);
/* All that are not the transaction's. */
void advisory_release_session(AdvisoryTable *table, AdvisoryOwner *owner);
/* The transaction's, since there were `depth` savepoints (0: all). */
void advisory_release_transaction(AdvisoryTable *table, AdvisoryOwner *owner, uint32_t depth);
/* RELEASE: what was taken since there were so many savepoints is the one before's. */
void advisory_keep(AdvisoryOwner *owner, uint32_t depth);
/* The request waits no longer. */
void advisory_abandon(AdvisoryTable *table, AdvisoryOwner *owner, uint64_t request);
/* The session ends. */
void advisory_leave(AdvisoryTable *table, AdvisoryOwner *owner);

const char *advisory_mode_name(AdvisoryMode mode); /* as pg_locks names it */
typedef void AdvisoryVisit(void *state, AdvisoryKey key, uint32_t process_id, AdvisoryMode mode,
                           bool is_granted);
void advisory_visit(const AdvisoryTable *table, AdvisoryVisit *visit, void *state);

#endif

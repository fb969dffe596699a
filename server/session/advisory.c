/*
 * Advisory locks: numbers that sessions lock among themselves, as PostgreSQL has them. Everything
 * lies in the front end, which knows when a session or a transaction ends and who waits for whom;
 * a controller asks for its query (session_advisory.c).
 *
 * A hold is a session's on a lock in a mode: until it is given back or the session ends, or, with
 * the number of savepoints at that time, until the transaction ends. Who cannot have a lock waits
 * in its queue; whoever would close a circle of waiting is refused instead.
 */
#include "server/session/advisory_internal.h"

#include "base/log/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOLDS_MOST = 1 << 16 }; /* and waiters, of all sessions */

struct AdvisoryHold {
    AdvisoryHold *next_of_owner, *previous_of_owner, *next_of_lock;
    AdvisoryLock *lock;
    AdvisoryOwner *owner;
    AdvisoryMode mode;
    uint32_t depth; /* of savepoints; ADVISORY_SESSION: not the transaction's */
    uint32_t count;
};

struct AdvisoryWaiter {
    AdvisoryWaiter *next_of_owner, *next_of_lock;
    AdvisoryLock *lock;
    AdvisoryOwner *owner;
    AdvisoryMode mode;
    uint32_t depth;
    uint64_t request;
};

struct AdvisoryLock {
    AdvisoryLock *next; /* in the bucket */
    AdvisoryKey key;
    AdvisoryHold *holds;
    AdvisoryWaiter *waiters; /* the first comes next */
};

/* ---------- locks ---------- */

static AdvisoryLock **bucket_of(AdvisoryTable *table, AdvisoryKey key)
{
    uint64_t hash = ((uint64_t)key.class_id << 32 | key.object_id) + key.kind;
    hash = (hash ^ hash >> 31) * 0x9e3779b97f4a7c15u;
    return &table->buckets[(hash >> 32) % ADVISORY_BUCKETS];
}

static bool same_key(AdvisoryKey a, AdvisoryKey b)
{
    return a.class_id == b.class_id && a.object_id == b.object_id && a.kind == b.kind;
}

static AdvisoryLock *find_lock(AdvisoryTable *table, AdvisoryKey key)
{
    AdvisoryLock *lock = *bucket_of(table, key);
    while (lock != NULL && !same_key(lock->key, key))
        lock = lock->next;
    return lock;
}

static AdvisoryLock *make_lock(AdvisoryTable *table, AdvisoryKey key)
{
    AdvisoryLock **bucket = bucket_of(table, key);
    AdvisoryLock *lock = calloc(1, sizeof *lock);
    check(lock != NULL);
    lock->key = key;
    lock->next = *bucket;
    *bucket = lock;
    return lock;
}

static void drop_if_unused(AdvisoryTable *table, AdvisoryLock *lock)
{
    if (lock->holds != NULL || lock->waiters != NULL)
        return;
    AdvisoryLock **at = bucket_of(table, lock->key);
    while (*at != lock)
        at = &(*at)->next;
    *at = lock->next;
    free(lock);
}

/* ---------- holds ---------- */

static AdvisoryHold *find_hold(const AdvisoryOwner *owner, const AdvisoryLock *lock,
                               AdvisoryMode mode, uint32_t depth)
{
    for (AdvisoryHold *hold = lock->holds; hold != NULL; hold = hold->next_of_lock)
        if (hold->owner == owner && hold->mode == mode && hold->depth == depth)
            return hold;
    return NULL;
}

static void add_hold(AdvisoryTable *table, AdvisoryOwner *owner, AdvisoryLock *lock,
                     AdvisoryMode mode, uint32_t depth)
{
    AdvisoryHold *hold = find_hold(owner, lock, mode, depth);
    if (hold != NULL) {
        hold->count++;
        return;
    }
    hold = malloc(sizeof *hold);
    check(hold != NULL);
    *hold = (AdvisoryHold){.next_of_owner = owner->holds,
                           .next_of_lock = lock->holds,
                           .lock = lock,
                           .owner = owner,
                           .mode = mode,
                           .depth = depth,
                           .count = 1};
    if (owner->holds != NULL)
        owner->holds->previous_of_owner = hold;
    owner->holds = lock->holds = hold;
    table->count++;
}

/* Whether somebody else's hold keeps this one out. */
static bool is_held_against(const AdvisoryLock *lock, const AdvisoryOwner *owner, AdvisoryMode mode)
{
    for (const AdvisoryHold *hold = lock->holds; hold != NULL; hold = hold->next_of_lock)
        if (hold->owner != owner && (mode == ADVISORY_EXCLUSIVE || hold->mode == ADVISORY_EXCLUSIVE))
            return true;
    return false;
}

static bool holds_any(const AdvisoryLock *lock, const AdvisoryOwner *owner)
{
    for (const AdvisoryHold *hold = lock->holds; hold != NULL; hold = hold->next_of_lock)
        if (hold->owner == owner)
            return true;
    return false;
}

static bool has_mode(const AdvisoryLock *lock, const AdvisoryOwner *owner, AdvisoryMode mode)
{
    for (const AdvisoryHold *hold = lock->holds; hold != NULL; hold = hold->next_of_lock)
        if (hold->owner == owner && hold->mode == mode)
            return true;
    return false;
}

/* Somebody waits whose wish goes against this one. */
static bool is_wanted_against(const AdvisoryLock *lock, AdvisoryMode mode)
{
    for (const AdvisoryWaiter *waiter = lock->waiters; waiter != NULL; waiter = waiter->next_of_lock)
        if (mode == ADVISORY_EXCLUSIVE || waiter->mode == ADVISORY_EXCLUSIVE)
            return true;
    return false;
}

static bool may_have(const AdvisoryLock *lock, const AdvisoryOwner *owner, AdvisoryMode mode)
{
    if (has_mode(lock, owner, mode))
        return true;
    return !is_held_against(lock, owner, mode) &&
           (holds_any(lock, owner) || !is_wanted_against(lock, mode));
}

/* ---------- waiting ---------- */

static void unlink_waiter(AdvisoryTable *table, AdvisoryWaiter *waiter)
{
    AdvisoryWaiter **at = &waiter->lock->waiters;
    while (*at != waiter)
        at = &(*at)->next_of_lock;
    *at = waiter->next_of_lock;
    at = &waiter->owner->waiters;
    while (*at != waiter)
        at = &(*at)->next_of_owner;
    *at = waiter->next_of_owner;
    table->count--;
    table->waiter_count--;
}

/* Those in front of the queue who can have it now. The lock may be gone afterwards. */
static void serve_waiters(AdvisoryTable *table, AdvisoryLock *lock)
{
    while (lock->waiters != NULL &&
           !is_held_against(lock, lock->waiters->owner, lock->waiters->mode)) {
        AdvisoryWaiter *waiter = lock->waiters;
        unlink_waiter(table, waiter);
        add_hold(table, waiter->owner, lock, waiter->mode, waiter->depth);
        table->granted(table->state, waiter->request);
        free(waiter);
    }
    drop_if_unused(table, lock);
}

static void add_waiter(AdvisoryTable *table, AdvisoryOwner *owner, AdvisoryLock *lock,
                       const AdvisoryWish *wish)
{
    AdvisoryWaiter *waiter = malloc(sizeof *waiter), **at = &lock->waiters;
    check(waiter != NULL);
    *waiter = (AdvisoryWaiter){.lock = lock,
                               .owner = owner,
                               .mode = wish->mode,
                               .depth = wish->depth,
                               .request = wish->request,
                               .next_of_owner = owner->waiters};
    owner->waiters = waiter;
    /* whoever holds the lock already goes first: those behind wait for it as well */
    while (*at != NULL && !holds_any(lock, owner))
        at = &(*at)->next_of_lock;
    waiter->next_of_lock = *at;
    *at = waiter;
    table->count++;
    table->waiter_count++;
}

/* --- circles --- */

typedef struct Search {
    AdvisoryTable *table;
    const AdvisoryOwner *start;
    char *detail;
    size_t size;
} Search;

static void note_edge(Search *search, const AdvisoryWaiter *waiter, const AdvisoryOwner *blocker)
{
    AdvisoryKey key = waiter->lock->key;
    char line[160], rest[512];
    snprintf(rest, sizeof rest, "%s", search->detail);
    snprintf(line, sizeof line,
             "Process %" PRIu32 " waits for %s on advisory lock [%d,%" PRIu32 ",%" PRIu32
             ",%d]; blocked by process %" PRIu32 ".",
             waiter->owner->process_id, advisory_mode_name(waiter->mode), ADVISORY_DATABASE,
             key.class_id, key.object_id, key.kind, blocker->process_id);
    snprintf(search->detail, search->size, "%s%s%s", line, rest[0] == '\0' ? "" : "\n", rest);
}

static bool waits_for_start(Search *search, AdvisoryOwner *owner);

static bool is_circle(Search *search, const AdvisoryWaiter *waiter, AdvisoryOwner *blocker)
{
    if (blocker == waiter->owner)
        return false;
    bool found = blocker == search->start || waits_for_start(search, blocker);
    if (found)
        note_edge(search, waiter, blocker);
    return found;
}

/* Each session is looked at once in a search. */
static bool waits_for_start(Search *search, AdvisoryOwner *owner)
{
    if (owner->mark == search->table->search)
        return false;
    owner->mark = search->table->search;
    for (const AdvisoryWaiter *waiter = owner->waiters; waiter != NULL; waiter = waiter->next_of_owner) {
        const AdvisoryLock *lock = waiter->lock;
        for (const AdvisoryHold *hold = lock->holds; hold != NULL; hold = hold->next_of_lock) {
            bool blocks = waiter->mode == ADVISORY_EXCLUSIVE || hold->mode == ADVISORY_EXCLUSIVE;
            if (blocks && is_circle(search, waiter, hold->owner))
                return true;
        }
        for (const AdvisoryWaiter *ahead = lock->waiters; ahead != waiter; ahead = ahead->next_of_lock)
            if (is_circle(search, waiter, ahead->owner))
                return true;
    }
    return false;
}

static bool closes_circle(AdvisoryTable *table, AdvisoryOwner *owner, char *detail, size_t size)
{
    Search search = {.table = table, .start = owner, .detail = detail, .size = size};
    detail[0] = '\0';
    table->search++;
    return waits_for_start(&search, owner);
}

/* ---------- what sessions do ---------- */

AdvisoryOutcome advisory_take(AdvisoryTable *table, AdvisoryOwner *owner, AdvisoryKey key,
                              const AdvisoryWish *wish, char *detail, size_t detail_size)
{
    if (table->count >= HOLDS_MOST)
        return ADVISORY_FULL;
    AdvisoryLock *lock = find_lock(table, key);
    if (lock == NULL)
        lock = make_lock(table, key);
    if (may_have(lock, owner, wish->mode)) {
        add_hold(table, owner, lock, wish->mode, wish->depth);
        return ADVISORY_GRANTED;
    }
    if (!wish->waits)
        return ADVISORY_REFUSED;
    if (table->waiter_count >= table->most_waiters)
        return ADVISORY_FULL;
    add_waiter(table, owner, lock, wish);
    if (!closes_circle(table, owner, detail, detail_size))
        return ADVISORY_WAITS;
    advisory_abandon(table, owner, wish->request);
    return ADVISORY_DEADLOCK;
}

static void drop_hold(AdvisoryTable *table, AdvisoryHold *hold)
{
    AdvisoryHold **at = &hold->lock->holds;
    if (hold->previous_of_owner != NULL)
        hold->previous_of_owner->next_of_owner = hold->next_of_owner;
    else
        hold->owner->holds = hold->next_of_owner;
    if (hold->next_of_owner != NULL)
        hold->next_of_owner->previous_of_owner = hold->previous_of_owner;
    while (*at != hold)
        at = &(*at)->next_of_lock;
    *at = hold->next_of_lock;
    table->count--;
    serve_waiters(table, hold->lock);
    free(hold);
}

bool advisory_release(AdvisoryTable *table, AdvisoryOwner *owner, AdvisoryKey key, AdvisoryMode mode)
{
    const AdvisoryLock *lock = find_lock(table, key);
    AdvisoryHold *hold = lock == NULL ? NULL : find_hold(owner, lock, mode, ADVISORY_SESSION);
    if (hold == NULL)
        return false;
    if (--hold->count == 0)
        drop_hold(table, hold);
    return true;
}

void advisory_give_back(AdvisoryTable *table, AdvisoryOwner *owner, AdvisoryKey key,
                        AdvisoryMode mode, bool is_transaction)
{
    const AdvisoryLock *lock = find_lock(table, key);
    AdvisoryHold *hold = lock == NULL ? NULL : lock->holds;
    while (hold != NULL && (hold->owner != owner || hold->mode != mode ||
                            (hold->depth != ADVISORY_SESSION) != is_transaction))
        hold = hold->next_of_lock;
    if (hold != NULL && --hold->count == 0)
        drop_hold(table, hold);
}

/* Holds of these depths. */
static void release_depths(AdvisoryTable *table, AdvisoryOwner *owner, uint32_t from, uint32_t to)
{
    for (AdvisoryHold *hold = owner->holds, *next; hold != NULL; hold = next) {
        next = hold->next_of_owner; /* waiters who are served are of other sessions */
        if (hold->depth >= from && hold->depth <= to)
            drop_hold(table, hold);
    }
}

void advisory_release_session(AdvisoryTable *table, AdvisoryOwner *owner)
{
    release_depths(table, owner, ADVISORY_SESSION, ADVISORY_SESSION);
}

void advisory_release_transaction(AdvisoryTable *table, AdvisoryOwner *owner, uint32_t depth)
{
    release_depths(table, owner, depth, ADVISORY_SESSION - 1);
}

void advisory_keep(AdvisoryOwner *owner, uint32_t depth)
{
    for (AdvisoryHold *hold = owner->holds; hold != NULL; hold = hold->next_of_owner)
        if (hold->depth != ADVISORY_SESSION && hold->depth >= depth)
            hold->depth = depth - 1;
}

void advisory_abandon(AdvisoryTable *table, AdvisoryOwner *owner, uint64_t request)
{
    AdvisoryWaiter *waiter = owner->waiters;
    while (waiter != NULL && waiter->request != request)
        waiter = waiter->next_of_owner;
    if (waiter == NULL)
        return;
    unlink_waiter(table, waiter);
    serve_waiters(table, waiter->lock);
    free(waiter);
}

void advisory_leave(AdvisoryTable *table, AdvisoryOwner *owner)
{
    while (owner->waiters != NULL)
        advisory_abandon(table, owner, owner->waiters->request);
    release_depths(table, owner, 0, ADVISORY_SESSION);
}

/* ---------- what is shown ---------- */

const char *advisory_mode_name(AdvisoryMode mode)
{
    return mode == ADVISORY_EXCLUSIVE ? "ExclusiveLock" : "ShareLock";
}

void advisory_visit(const AdvisoryTable *table, AdvisoryVisit *visit, void *state)
{
    for (uint32_t i = 0; i < ADVISORY_BUCKETS; i++) {
        for (const AdvisoryLock *lock = table->buckets[i]; lock != NULL; lock = lock->next) {
            for (const AdvisoryHold *h = lock->holds; h != NULL; h = h->next_of_lock)
                visit(state, lock->key, h->owner->process_id, h->mode, true);
            for (const AdvisoryWaiter *w = lock->waiters; w != NULL; w = w->next_of_lock)
                visit(state, lock->key, w->owner->process_id, w->mode, false);
        }
    }
}

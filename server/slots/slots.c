/*
 * See slots.h.
 */
#include "server/slots/slots.h"

#include "base/log/log.h"

#include <stdlib.h>

typedef enum SlotState { SLOT_ABSENT, SLOT_FREE, SLOT_TAKEN } SlotState;

/* What a taken worker counts against. */
typedef enum SlotUse { USE_SHARE, USE_RESERVE, USE_PARKED, USE_COUNT } SlotUse;

typedef struct Slot {
    SlotState state;
    uint64_t generation;
    uint64_t query;            /* TAKEN */
    SlotUse use, use_unparked; /* TAKEN */
} Slot;

typedef struct Waiting {
    struct Waiting *next;
    uint64_t query;
    int maximum;
    bool is_short;
    int64_t since, deadline;
} Waiting;

struct Slots {
    int shares, reserve, most;
    int free_count, taken[USE_COUNT];
    int coming_count;
    int waiting_count;
    Waiting *first, **end;
    Slot slots[SLOTS_MOST_WORKERS];
};

Slots *slots_new(int shares, int reserve, int most)
{
    check(shares >= 1 && shares <= most && most <= SLOTS_MOST_WORKERS);
    Slots *slots = calloc(1, sizeof *slots);
    check(slots != NULL);
    slots->shares = shares;
    slots->reserve = reserve;
    slots->most = most;
    slots->end = &slots->first;
    return slots;
}

void slots_free(Slots *slots)
{
    if (slots == NULL)
        return;
    while (slots->first != NULL) {
        Waiting *waiting = slots->first;
        slots->first = waiting->next;
        free(waiting);
    }
    free(slots);
}

/* ---------- workers ---------- */

static void leave(Slots *slots, Slot *slot)
{
    if (slot->state == SLOT_FREE)
        slots->free_count--;
    if (slot->state == SLOT_TAKEN)
        slots->taken[slot->use]--;
    slot->state = SLOT_ABSENT;
    slot->query = 0;
}

static void set_free(Slots *slots, Slot *slot)
{
    leave(slots, slot);
    slot->state = SLOT_FREE;
    slots->free_count++;
}

static void set_taken(Slots *slots, Slot *slot, uint64_t query, SlotUse use)
{
    leave(slots, slot);
    slot->state = SLOT_TAKEN;
    slot->query = query;
    slot->use = slot->use_unparked = use;
    slots->taken[use]++;
}

void slots_worker_ready(Slots *slots, int number, uint64_t generation)
{
    check(number >= 0 && number < slots->most);
    set_free(slots, &slots->slots[number]);
    slots->slots[number].generation = generation;
}

void slots_set_coming(Slots *slots, int count)
{
    slots->coming_count = count;
}

void slots_worker_gone(Slots *slots, int number)
{
    check(number >= 0 && number < slots->most);
    leave(slots, &slots->slots[number]);
}

/* ---------- queries ---------- */

static bool holds_or_waits(const Slots *slots, uint64_t query)
{
    for (int i = 0; i < slots->most; i++) {
        if (slots->slots[i].state == SLOT_TAKEN && slots->slots[i].query == query)
            return true;
    }
    for (const Waiting *w = slots->first; w != NULL; w = w->next) {
        if (w->query == query)
            return true;
    }
    return false;
}

bool slots_want(Slots *slots, uint64_t query, int maximum, bool is_short, int64_t now,
                int64_t deadline)
{
    if (holds_or_waits(slots, query))
        return false;
    Waiting *waiting = calloc(1, sizeof *waiting);
    check(waiting != NULL);
    waiting->query = query;
    waiting->maximum = maximum < 1 ? 1 : maximum > slots->shares ? slots->shares : maximum;
    waiting->is_short = is_short;
    waiting->since = now;
    waiting->deadline = deadline;
    *slots->end = waiting;
    slots->end = &waiting->next;
    slots->waiting_count++;
    return true;
}

/* Unlinks *at, which the caller then owns. */
static Waiting *unlink_waiting(Slots *slots, Waiting **at)
{
    Waiting *waiting = *at;
    *at = waiting->next;
    if (slots->end == &waiting->next)
        slots->end = at;
    slots->waiting_count--;
    return waiting;
}

/* Whether a query that may not have the reserve waits before this one. */
static bool passes_by(const Slots *slots, const Waiting *waiting)
{
    for (const Waiting *w = slots->first; w != waiting; w = w->next)
        if (!w->is_short)
            return true;
    return false;
}

/* How many workers the query may have, were there enough of them. A short query that would pass
 * by another has the reserve alone: else a stream of them could keep the others waiting for ever. */
static int share_of(const Slots *slots, const Waiting *waiting, SlotUse *use)
{
    int share = slots->shares - slots->taken[USE_SHARE];
    *use = USE_SHARE;
    if (waiting->is_short && (share < 1 || passes_by(slots, waiting))) {
        share = slots->reserve - slots->taken[USE_RESERVE];
        *use = USE_RESERVE;
    }
    return share < waiting->maximum ? share : waiting->maximum;
}

/* How many workers the query may have right now. */
static int available_to(const Slots *slots, const Waiting *waiting, SlotUse *use)
{
    int share = share_of(slots, waiting, use);
    if (share <= slots->free_count)
        return share;
    return slots->coming_count > 0 ? 0 : slots->free_count;
}

static void take(Slots *slots, uint64_t query, int count, SlotUse use, SlotGrant *grant)
{
    grant->query = query;
    grant->count = 0;
    for (int i = 0; i < slots->most && grant->count < count; i++) {
        Slot *slot = &slots->slots[i];
        if (slot->state != SLOT_FREE)
            continue;
        set_taken(slots, slot, query, use);
        grant->workers[grant->count++] =
            (SlotWorker){.number = i, .generation = slot->generation};
    }
}

bool slots_next_grant(Slots *slots, SlotGrant *grant)
{
    for (Waiting **at = &slots->first; *at != NULL; at = &(*at)->next) {
        SlotUse use;
        int count = available_to(slots, *at, &use);
        if (count < 1)
            continue;
        Waiting *waiting = unlink_waiting(slots, at);
        take(slots, waiting->query, count, use, grant);
        free(waiting);
        return true;
    }
    return false;
}

static bool set_timeout_fault(const Waiting *waiting, Fault *fault)
{
    int64_t timeout_ms = (waiting->deadline - waiting->since) / 1000000;
    int total = waiting->maximum + 1; /* the controller counts as a task */
    fault_set(fault, FAULT_TASK_START_TIMEOUT,
              "unable to launch %d of %d tasks within %lld seconds, because all workers are in use",
              waiting->maximum, total, (long long)(timeout_ms / 1000));
    fault_field_int(fault, "pendingTasks", waiting->maximum);
    fault_field_int(fault, "totalTasks", total);
    return fault_field_int(fault, "timeout", timeout_ms);
}

bool slots_next_expired(Slots *slots, int64_t now, uint64_t *query, Fault *fault)
{
    for (Waiting **at = &slots->first; *at != NULL; at = &(*at)->next) {
        if ((*at)->deadline > now)
            continue;
        Waiting *waiting = unlink_waiting(slots, at);
        *query = waiting->query;
        set_timeout_fault(waiting, fault);
        free(waiting);
        return true;
    }
    return false;
}

int64_t slots_next_deadline(const Slots *slots)
{
    int64_t earliest = INT64_MAX;
    for (const Waiting *w = slots->first; w != NULL; w = w->next)
        earliest = w->deadline < earliest ? w->deadline : earliest;
    return earliest;
}

void slots_forget(Slots *slots, uint64_t query)
{
    for (Waiting **at = &slots->first; *at != NULL; at = &(*at)->next) {
        if ((*at)->query == query) {
            free(unlink_waiting(slots, at));
            return;
        }
    }
}

void slots_give_back(Slots *slots, uint64_t query, bool clean, SlotGrant *lost)
{
    lost->query = query;
    lost->count = 0;
    for (int i = 0; i < slots->most; i++) {
        Slot *slot = &slots->slots[i];
        if (slot->state != SLOT_TAKEN || slot->query != query)
            continue;
        if (clean)
            set_free(slots, slot);
        else
            leave(slots, slot);
        if (!clean)
            lost->workers[lost->count++] =
                (SlotWorker){.number = i, .generation = slot->generation};
    }
}

void slots_set_parked(Slots *slots, uint64_t query, bool is_parked)
{
    for (int i = 0; i < slots->most; i++) {
        Slot *slot = &slots->slots[i];
        if (slot->state != SLOT_TAKEN || slot->query != query)
            continue;
        slots->taken[slot->use]--;
        slot->use = is_parked ? USE_PARKED : slot->use_unparked;
        slots->taken[slot->use]++;
    }
}

/* ---------- how many there should be ---------- */

static int present_count(const Slots *slots)
{
    int present = slots->free_count;
    for (int use = 0; use < USE_COUNT; use++)
        present += slots->taken[use];
    return present;
}

int slots_lacking(const Slots *slots)
{
    for (const Waiting *w = slots->first; w != NULL; w = w->next) {
        SlotUse use;
        int lacking = share_of(slots, w, &use) - slots->free_count - slots->coming_count;
        int room = slots->most - present_count(slots) - slots->coming_count;
        if (lacking > 0)
            return lacking < room ? lacking : room;
    }
    return 0;
}

bool slots_has_surplus(const Slots *slots)
{
    return slots->free_count > 0 && slots->first == NULL &&
           present_count(slots) > slots->shares + slots->taken[USE_PARKED];
}

bool slots_take_surplus(Slots *slots, SlotWorker *worker)
{
    if (!slots_has_surplus(slots))
        return false;
    int number = slots->most - 1;
    while (slots->slots[number].state != SLOT_FREE)
        number--;
    *worker = (SlotWorker){.number = number, .generation = slots->slots[number].generation};
    leave(slots, &slots->slots[number]);
    return true;
}

/* ---------- looking ---------- */

int slots_free_count(const Slots *slots)
{
    return slots->free_count;
}

int slots_waiting_count(const Slots *slots)
{
    return slots->waiting_count;
}

uint64_t slots_holder(const Slots *slots, int number)
{
    return number >= 0 && number < slots->most ? slots->slots[number].query : 0;
}

/*
 * See slots.h.
 */
#include "server/slots/slots.h"

#include "base/log/log.h"

#include <stdlib.h>

typedef enum SlotState { SLOT_ABSENT, SLOT_FREE, SLOT_TAKEN } SlotState;

typedef struct Slot {
    SlotState state;
    uint64_t generation;
    uint64_t query; /* TAKEN */
} Slot;

typedef struct Waiting {
    struct Waiting *next;
    uint64_t query;
    int maximum;
    int64_t since, deadline;
} Waiting;

struct Slots {
    int capacity, reserve;
    int free_count;
    int waiting_count;
    Waiting *first, **end;
    Slot slots[SLOTS_MOST_WORKERS];
};

Slots *slots_new(int capacity, int reserve)
{
    check(capacity >= 1 && capacity <= SLOTS_MOST_WORKERS);
    Slots *slots = calloc(1, sizeof *slots);
    check(slots != NULL);
    slots->capacity = capacity;
    slots->reserve = reserve < capacity ? reserve : capacity - 1;
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

void slots_worker_ready(Slots *slots, int number, uint64_t generation)
{
    check(number >= 0 && number < slots->capacity);
    Slot *slot = &slots->slots[number];
    if (slot->state != SLOT_FREE)
        slots->free_count++;
    *slot = (Slot){.state = SLOT_FREE, .generation = generation};
}

void slots_worker_gone(Slots *slots, int number)
{
    check(number >= 0 && number < slots->capacity);
    Slot *slot = &slots->slots[number];
    if (slot->state == SLOT_FREE)
        slots->free_count--;
    slot->state = SLOT_ABSENT;
    slot->query = 0;
}

/* ---------- queries ---------- */

static bool holds_or_waits(const Slots *slots, uint64_t query)
{
    for (int i = 0; i < slots->capacity; i++) {
        if (slots->slots[i].state == SLOT_TAKEN && slots->slots[i].query == query)
            return true;
    }
    for (const Waiting *w = slots->first; w != NULL; w = w->next) {
        if (w->query == query)
            return true;
    }
    return false;
}

bool slots_want(Slots *slots, uint64_t query, int maximum, int64_t now, int64_t deadline)
{
    if (holds_or_waits(slots, query))
        return false;
    Waiting *waiting = calloc(1, sizeof *waiting);
    check(waiting != NULL);
    waiting->query = query;
    waiting->maximum = maximum < 1 ? 1 : maximum > slots->capacity ? slots->capacity : maximum;
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

/* How many workers the query may have right now. */
static int available_to(const Slots *slots, const Waiting *waiting)
{
    int free_count = slots->free_count;
    if (waiting->maximum > slots->reserve)
        free_count -= slots->reserve;
    return free_count < waiting->maximum ? free_count : waiting->maximum;
}

static void take(Slots *slots, uint64_t query, int count, SlotGrant *grant)
{
    grant->query = query;
    grant->count = 0;
    for (int i = 0; i < slots->capacity && grant->count < count; i++) {
        Slot *slot = &slots->slots[i];
        if (slot->state != SLOT_FREE)
            continue;
        slot->state = SLOT_TAKEN;
        slot->query = query;
        grant->workers[grant->count++] =
            (SlotWorker){.number = i, .generation = slot->generation};
    }
    slots->free_count -= grant->count;
}

bool slots_next_grant(Slots *slots, SlotGrant *grant)
{
    for (Waiting **at = &slots->first; *at != NULL; at = &(*at)->next) {
        int count = available_to(slots, *at);
        if (count < 1)
            continue;
        Waiting *waiting = unlink_waiting(slots, at);
        take(slots, waiting->query, count, grant);
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
    for (int i = 0; i < slots->capacity; i++) {
        Slot *slot = &slots->slots[i];
        if (slot->state != SLOT_TAKEN || slot->query != query)
            continue;
        slot->query = 0;
        slot->state = clean ? SLOT_FREE : SLOT_ABSENT;
        if (clean)
            slots->free_count++;
        else
            lost->workers[lost->count++] =
                (SlotWorker){.number = i, .generation = slot->generation};
    }
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
    return number >= 0 && number < slots->capacity ? slots->slots[number].query : 0;
}

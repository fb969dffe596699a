/*
 * Budgets. See budget.h.
 *
 * The one truth about the pool is slot_used: a slot is changed by its own process, and by the
 * front end after that process's death, so nothing leaks whenever a process is killed. `used`
 * is a running sum for reports (a kill between two adjacent additions may leave it off by one
 * step; decisions do not look at it).
 *
 * Taking: a process adds to its slot first and then looks at all slots. Within its share
 * (limit / 2 / slots) that always stands. Above it, what all processes have taken above their
 * shares must fit into the other half, else the addition is undone. Of two that take at the
 * same time at least one sees the other, so the bound holds.
 */
#include "base/memory/budget.h"

#include "base/log/log.h"

enum { DRAW_STEP = 256 * 1024 };

void memory_pool_init(MemoryPool *pool, int64_t limit, int32_t slots_in_use)
{
    check(limit > 0 && slots_in_use > 0 && slots_in_use <= MEMORY_POOL_SLOTS);
    pool->limit = limit;
    pool->slots_in_use = slots_in_use;
    atomic_store(&pool->used, 0);
    for (int slot = 0; slot < MEMORY_POOL_SLOTS; slot++) {
        atomic_store(&pool->slot_used[slot], 0);
        atomic_store(&pool->slot_large[slot], 0);
    }
}

void memory_pool_release_slot(MemoryPool *pool, int slot)
{
    check(slot >= 0 && slot < MEMORY_POOL_SLOTS);
    int64_t held = atomic_exchange(&pool->slot_used[slot], 0);
    atomic_store(&pool->slot_large[slot], 0);
    atomic_fetch_sub(&pool->used, held);
}

static int64_t taken_above_shares(MemoryPool *pool, int64_t share)
{
    int64_t sum = 0;
    for (int slot = 0; slot < MEMORY_POOL_SLOTS; slot++) {
        int64_t held = atomic_load(&pool->slot_used[slot]);
        sum += held > share ? held - share : 0;
    }
    return sum;
}

static bool pool_take(MemoryPool *pool, int slot, int64_t size)
{
    int64_t share = pool->limit / 2 / pool->slots_in_use;
    if (size > pool->limit)
        return false;
    int64_t held = atomic_fetch_add(&pool->slot_used[slot], size) + size;
    if (held > share && taken_above_shares(pool, share) > pool->limit - pool->limit / 2) {
        atomic_fetch_sub(&pool->slot_used[slot], size);
        return false;
    }
    atomic_fetch_add(&pool->used, size);
    return true;
}

static void pool_give_back(MemoryPool *pool, int slot, int64_t size)
{
    atomic_fetch_sub(&pool->slot_used[slot], size);
    atomic_fetch_sub(&pool->used, size);
}

void budget_init_root(Budget *budget, MemoryPool *pool, int slot)
{
    check(pool == NULL || (slot >= 0 && slot < MEMORY_POOL_SLOTS));
    *budget = (Budget){.pool = pool, .slot = slot, .limit = INT64_MAX};
}

void budget_init_child(Budget *budget, Budget *parent, int64_t limit)
{
    check(parent != NULL);
    *budget = (Budget){.parent = parent, .limit = limit};
}

static bool refuse(const Budget *budget, size_t size, Fault *fault)
{
    if (fault == NULL)
        return false;
    const Budget *root = budget;
    while (root->parent != NULL)
        root = root->parent;
    bool is_pool = budget == root && root->pool != NULL;
    int64_t server = is_pool ? root->pool->limit : budget->limit;
    int64_t used = is_pool ? atomic_load(&root->pool->used) : budget->used;
    fault_set(fault, FAULT_NOT_ENOUGH_MEMORY,
              "not enough memory: %zu bytes requested, %lld of %lld bytes in use", size,
              (long long)used, (long long)server);
    fault_field_int(fault, "serverMemory", server);
    fault_field_int(fault, "usedMemory", used);
    return fault_field_int(fault, "requestedMemory", size > INT64_MAX ? INT64_MAX : (int64_t)size);
}

/* Draws in steps, and only what is needed when a whole step is not to be had. */
static bool draw(Budget *root, int64_t size)
{
    int64_t needed = root->used + size - root->drawn;
    if (root->pool == NULL || needed <= 0)
        return true;
    int64_t stepped = needed > INT64_MAX - DRAW_STEP
                          ? needed
                          : (needed + DRAW_STEP - 1) / DRAW_STEP * DRAW_STEP;
    int64_t taken = pool_take(root->pool, root->slot, stepped) ? stepped
                    : pool_take(root->pool, root->slot, needed) ? needed
                                                                : 0;
    root->drawn += taken;
    return taken > 0;
}

bool budget_reserve(Budget *budget, size_t size, Fault *fault)
{
    int64_t after;
    if (size > INT64_MAX || __builtin_add_overflow(budget->used, (int64_t)size, &after) ||
        after > budget->limit)
        return refuse(budget, size, fault);
    if (budget->parent != NULL) {
        if (!budget_reserve(budget->parent, size, fault))
            return false;
    } else if (!draw(budget, (int64_t)size)) {
        return refuse(budget, size, fault);
    }
    budget->used = after;
    if (after > budget->peak)
        budget->peak = after;
    return true;
}

/* Keeps up to two steps in hand, so that a loop of reserve and release stays in the process. */
static void give_back_surplus(Budget *root)
{
    int64_t surplus = root->drawn - root->used;
    if (root->pool == NULL || surplus <= 2 * DRAW_STEP)
        return;
    int64_t returned = root->used == 0 ? surplus : surplus - DRAW_STEP;
    pool_give_back(root->pool, root->slot, returned);
    root->drawn -= returned;
}

void budget_release(Budget *budget, size_t size)
{
    check(size <= INT64_MAX && (int64_t)size <= budget->used);
    budget->used -= (int64_t)size;
    if (budget->parent != NULL)
        budget_release(budget->parent, size);
    else
        give_back_surplus(budget);
}

void budget_release_all(Budget *budget)
{
    budget_release(budget, (size_t)budget->used);
    if (budget->parent == NULL && budget->pool != NULL && budget->drawn > 0) {
        pool_give_back(budget->pool, budget->slot, budget->drawn);
        budget->drawn = 0;
    }
}

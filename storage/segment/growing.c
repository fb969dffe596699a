/* Growing arrays: see growing_internal.h. */
#include "storage/segment/growing_internal.h"

#include "base/memory/checked.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 4096 };

void growing_init(Growing *growing, Budget *budget)
{
    *growing = (Growing){.budget = budget};
}

void growing_clear(Growing *growing)
{
    free(growing->data);
    if (growing->budget != NULL && growing->capacity != 0)
        budget_release(growing->budget, growing->capacity);
    growing_init(growing, growing->budget);
}

bool growing_reserve_slow(Growing *growing, size_t extra, Fault *fault)
{
    size_t needed, capacity;

    if (!checked_add(growing->length, extra, &needed) || needed > SIZE_MAX / 4)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "a column needs too much memory");
    capacity = growing->capacity < FIRST_CAPACITY ? FIRST_CAPACITY
                                                  : growing->capacity + growing->capacity / 2;
    if (capacity < needed)
        capacity = needed;
    size_t added = capacity - growing->capacity;
    if (growing->budget != NULL && !budget_reserve(growing->budget, added, fault))
        return false;
    uint8_t *data = realloc(growing->data, capacity);
    if (data == NULL) {
        if (growing->budget != NULL)
            budget_release(growing->budget, added);
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "the system refused %zu bytes", capacity);
    }
    growing->data = data;
    growing->capacity = capacity;
    return true;
}

bool growing_append(Growing *growing, const void *data, size_t length, Fault *fault)
{
    if (!growing_reserve(growing, length, fault))
        return false;
    if (length != 0)
        memcpy(growing->data + growing->length, data, length);
    growing->length += length;
    return true;
}

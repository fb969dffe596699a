/*
 * A growing array whose memory is reserved from a budget before it is taken.
 */
#ifndef TALARIA_STORAGE_SEGMENT_GROWING_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_GROWING_INTERNAL_H

#include "base/memory/budget.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Growing {
    Budget *budget; /* may be NULL: unlimited */
    uint8_t *data;
    size_t length; /* bytes in use */
    size_t capacity;
} Growing;

void growing_init(Growing *growing, Budget *budget);
void growing_clear(Growing *growing); /* frees, releases; then as after init */
/* Room for `extra` more bytes. NOT_ENOUGH_MEMORY when refused; nothing has changed then. */
bool growing_reserve_slow(Growing *growing, size_t extra, Fault *fault);
static inline bool growing_reserve(Growing *growing, size_t extra, Fault *fault)
{
    return growing->capacity - growing->length >= extra ||
           growing_reserve_slow(growing, extra, fault);
}
bool growing_append(Growing *growing, const void *data, size_t length, Fault *fault);

#endif

/*
 * The value at a place of the order of many, without sorting them all. Private to engine/function.
 */
#ifndef TALARIA_ENGINE_FUNCTION_SELECT_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_SELECT_INTERNAL_H

#include <stdint.h>

/* The value that would stand at `place` (below `count`) if the values were sorted upwards; moves
 * them, smaller ones before it and greater ones behind. Takes time in proportion to `count`. */
int64_t select_place(int64_t *values, uint32_t count, uint32_t place);

/* A double's bits as an integer that orders as the doubles do, NaN last, and back. */
static inline int64_t select_key_of_float(int64_t bits)
{
    int64_t infinity = INT64_C(0x7FF0000000000000);
    if ((bits & INT64_MAX) > infinity)
        bits &= INT64_MAX; /* NaN, whatever its sign */
    return bits ^ ((bits >> 63) & INT64_MAX);
}

static inline int64_t select_float_of_key(int64_t key)
{
    return key ^ ((key >> 63) & INT64_MAX);
}

#endif

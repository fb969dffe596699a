/*
 * Selection after Hoare, "Algorithm 65: Find", 1961, with parts for equal values (Dijkstra's flag) and
 * pivots from places that nobody who makes the data can foresee easily.
 */
#include "engine/function/select_internal.h"

enum { FEW_VALUES = 24 };

static void exchange(int64_t *values, uint32_t a, uint32_t b)
{
    int64_t value = values[a];
    values[a] = values[b];
    values[b] = value;
}

static int64_t middle_of(int64_t a, int64_t b, int64_t c)
{
    if (a > b) {
        int64_t value = a;
        a = b;
        b = value;
    }
    return c < a ? a : c > b ? b : c;
}

static uint32_t below(uint64_t *state, uint32_t count)
{ /* xorshift: Marsaglia, "Xorshift RNGs", 2003 */
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)((*state >> 32) * count >> 32);
}

static void sort_few(int64_t *values, uint32_t first, uint32_t end)
{
    for (uint32_t i = first + 1; i < end; i++) {
        int64_t value = values[i];
        uint32_t at = i;
        for (; at > first && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

int64_t select_place(int64_t *values, uint32_t count, uint32_t place)
{
    uint64_t state = (uint64_t)values[count / 2] * 2 + 0x9E3779B97F4A7C15u;
    uint32_t first = 0, end = count; /* where it is looked for */
    while (end - first > FEW_VALUES) {
        uint32_t width = end - first;
        int64_t pivot = middle_of(values[first + below(&state, width)],
                                  values[first + below(&state, width)],
                                  values[first + below(&state, width)]);
        uint32_t less = first, at = first, greater = end;
        while (at < greater) {
            if (values[at] < pivot)
                exchange(values, less++, at++);
            else if (values[at] > pivot)
                exchange(values, at, --greater);
            else
                at++;
        }
        if (place < less)
            end = less;
        else if (place >= greater)
            first = greater;
        else
            return pivot;
    }
    sort_few(values, first, end);
    return values[place];
}

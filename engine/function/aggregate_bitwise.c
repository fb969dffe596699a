/*
 * BIT_AND, BIT_OR and BIT_XOR of integers; NULLs are ignored. Partials are results: no value
 * travels as NULL, and the identity never shows.
 */
#include "engine/function/aggregate_internal.h"

typedef struct BitState {
    int64_t bits; /* BIT_AND starts at all ones */
    uint64_t seen;
} BitState;

static inline void bit_and_step(BitState *state, int64_t value, uint64_t valid)
{
    state->bits &= value | ((int64_t)valid - 1);
    state->seen |= valid;
}

static inline void bit_or_step(BitState *state, int64_t value, uint64_t valid)
{
    state->bits |= value & -(int64_t)valid;
    state->seen |= valid;
}

static inline void bit_xor_step(BitState *state, int64_t value, uint64_t valid)
{
    state->bits ^= value & -(int64_t)valid;
    state->seen |= valid;
}

AGGREGATE_LOOP(bit_and_loop, BitState, int64_t, bit_and_step)
AGGREGATE_LOOP(bit_or_loop, BitState, int64_t, bit_or_step)
AGGREGATE_LOOP(bit_xor_loop, BitState, int64_t, bit_xor_step)

#define BIT_ADD(name, loop)                                                                        \
    static bool name(const AggregateCall *call, uint8_t *states, size_t stride,                    \
                     const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault) \
    {                                                                                              \
        loop(states, stride, groups, &arguments[0], rows);                                         \
        return true;                                                                               \
    }

BIT_ADD(bit_and_add, bit_and_loop)
BIT_ADD(bit_or_add, bit_or_loop)
BIT_ADD(bit_xor_add, bit_xor_loop)

static void bit_and_init(const AggregateCall *call, void *state)
{
    *(BitState *)state = (BitState){.bits = -1};
}

static bool bit_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                       uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)
{
    int64_t *values = arena_alloc_vector(arena, count * sizeof *values);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++) {
        const BitState *state = AGGREGATE_STATE_CONST(BitState, states, stride, first + i);
        values[i] = state->bits;
        nulls[i] = state->seen == 0;
    }
    *result = vector_flat(LAYOUT_INT64, count, values, nulls);
    return true;
}

#define BIT_ROW(id, function, type, start, does, cast, value)                                      \
    { .oid = id, .name = "bit_" #function, .argument_count = 1, .arguments = { type },             \
      .result = type, .state_size = sizeof(BitState), .init = start,                               \
      .add = bit_##function##_add, .merge = bit_##function##_add,                                  \
      .partial_of = aggregate_type_result, .partial = bit_finish, .finish = bit_finish,            \
      .has_plain_state = true, .summary = does,                                                    \
      .example = "(SELECT bit_" #function "(x" cast ") FROM (VALUES (12), (10), (NULL)) AS t(x))", \
      .gives = value }
#define BIT_ROWS(id8, id4, id2, function, start, does, value)                                      \
    BIT_ROW(id8, function, T_INT8, start, does, "::int8", value),                                  \
    BIT_ROW(id4, function, T_INT4, start, does, "::int4", value),                                  \
    BIT_ROW(id2, function, T_INT2, start, does, "::int2", value)

const AggregateFunction aggregate_bitwise_aggregates[] = {
    BIT_ROWS(2240, 2238, 2236, and, bit_and_init, "Bitwise and of integers.", "8"),
    BIT_ROWS(2241, 2239, 2237, or, NULL, "Bitwise or of integers.", "14"),
    BIT_ROWS(6166, 6165, 6164, xor, NULL, "Bitwise exclusive or of integers.", "6"),
};
const uint32_t aggregate_bitwise_aggregate_count =
    sizeof aggregate_bitwise_aggregates / sizeof aggregate_bitwise_aggregates[0];

/*
 * BOOL_AND, EVERY and BOOL_OR. A state counts nothing: it remembers whether a false and whether
 * a true was seen, so that a step is one bit.
 */
#include "engine/function/aggregate_internal.h"

enum { SEEN_FALSE = 1, SEEN_TRUE = 2 };

static inline void boolean_step(uint64_t *state, uint8_t value, uint64_t valid)
{
    *state |= valid << (value != 0);
}

AGGREGATE_LOOP(boolean_loop, uint64_t, uint8_t, boolean_step)

static bool boolean_add(const AggregateCall *call, uint8_t *states, size_t stride,
                        const uint32_t *groups, const Vector *arguments, uint32_t rows,
                        Fault *fault)
{
    boolean_loop(states, stride, groups, &arguments[0], rows);
    return true;
}

static Vector boolean_result(const uint8_t *states, size_t stride, uint32_t first, uint32_t count,
                             bool is_and, Arena *arena)
{
    uint8_t *values = arena_alloc_vector(arena, count);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t seen = *AGGREGATE_STATE_CONST(uint64_t, states, stride, first + i);
        values[i] = is_and ? (seen & SEEN_FALSE) == 0 : (seen & SEEN_TRUE) != 0;
        nulls[i] = seen == 0;
    }
    return vector_flat(LAYOUT_BOOL, count, values, nulls);
}

static bool bool_and_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                            uint32_t first, uint32_t count, Arena *arena, Vector *result,
                            Fault *fault)
{
    *result = boolean_result(states, stride, first, count, true, arena);
    return true;
}

static bool bool_or_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                           uint32_t first, uint32_t count, Arena *arena, Vector *result,
                           Fault *fault)
{
    *result = boolean_result(states, stride, first, count, false, arena);
    return true;
}

#define BOOLEAN_METHODS                                                                            \
    .argument_count = 1, .arguments = { T_BOOL }, .result = T_BOOL,                                \
    .state_size = sizeof(uint64_t), .add = boolean_add, .merge = boolean_add,                      \
    .partial_of = aggregate_type_result, .ignores_distinct = true,              \
    .has_plain_state = true

const AggregateFunction aggregate_boolean_aggregates[] = {
    { .oid = 2517, .name = "bool_and", BOOLEAN_METHODS, .partial = bool_and_finish,
      .finish = bool_and_finish,
      .summary = "True when every value that is not null is true.",
      .example = "(SELECT bool_and(x) FROM (VALUES (true), (false)) AS t(x))", .gives = "f" },
    { .oid = 2519, .name = "every", BOOLEAN_METHODS, .partial = bool_and_finish,
      .finish = bool_and_finish,
      .summary = "True when every value that is not null is true.",
      .example = "(SELECT every(x) FROM (VALUES (true), (NULL)) AS t(x))", .gives = "t" },
    { .oid = 2518, .name = "bool_or", BOOLEAN_METHODS, .partial = bool_or_finish,
      .finish = bool_or_finish,
      .summary = "True when a value is true.",
      .example = "(SELECT bool_or(x) FROM (VALUES (true), (false)) AS t(x))", .gives = "t" },
};
const uint32_t aggregate_boolean_aggregate_count =
    sizeof aggregate_boolean_aggregates / sizeof aggregate_boolean_aggregates[0];

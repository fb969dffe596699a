/*
 * AVG of intervals: their sum, field by field, divided by how many there are; fractions of months
 * go to days, of days to time, as PostgreSQL divides.
 */
#include "engine/function/aggregate_internal.h"
#include "engine/function/time_internal.h"

typedef struct AverageInterval {
    IntervalValue sum;
    uint64_t count, overflowed;
} AverageInterval;

static inline void add_interval(AverageInterval *state, IntervalValue value)
{
    state->overflowed |=
        __builtin_add_overflow(state->sum.micros, value.micros, &state->sum.micros);
    state->overflowed |= __builtin_add_overflow(state->sum.days, value.days, &state->sum.days);
    state->overflowed |=
        __builtin_add_overflow(state->sum.months, value.months, &state->sum.months);
}

static inline void average_step(AverageInterval *state, __int128 packed, uint64_t valid)
{
    IntervalValue value;
    memcpy(&value, &packed, sizeof value);
    if (!valid)
        return;
    add_interval(state, value);
    state->count++;
}

AGGREGATE_LOOP(average_loop, AverageInterval, __int128, average_step)

static bool average_add(const AggregateCall *call, uint8_t *states, size_t stride,
                        const uint32_t *groups, const Vector *arguments, uint32_t rows,
                        Fault *fault)
{
    average_loop(states, stride, groups, &arguments[0], rows);
    return true;
}

static bool average_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                            uint32_t first, uint32_t count, Arena *arena, Vector *result,
                            Fault *fault)
{
    uint8_t *bytes;
    *result = aggregate_state_column(arena, count, sizeof(AverageInterval), &bytes);
    for (uint32_t i = 0; i < count; i++)
        memcpy(bytes + (size_t)i * sizeof(AverageInterval),
               AGGREGATE_STATE_CONST(AverageInterval, states, stride, first + i),
               sizeof(AverageInterval));
    return true;
}

static bool average_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                          const uint32_t *groups, const Vector *partial, uint32_t rows,
                          Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        AverageInterval other;
        bool is_present;
        if (!aggregate_state_read(partial, i, &other, sizeof other, &is_present, fault))
            return false;
        if (!is_present)
            continue;
        AverageInterval *state =
            AGGREGATE_STATE(AverageInterval, states, stride, aggregate_group(groups, i));
        add_interval(state, other.sum);
        state->overflowed |= other.overflowed;
        state->count += other.count;
    }
    return true;
}

static bool average_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                           uint32_t first, uint32_t count, Arena *arena, Vector *result,
                           Fault *fault)
{
    __int128 *averages = arena_alloc_vector(arena, count * sizeof *averages);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++) {
        const AverageInterval *state =
            AGGREGATE_STATE_CONST(AverageInterval, states, stride, first + i);
        IntervalValue average = {0};
        nulls[i] = state->count == 0;
        bool is_good = !state->overflowed &&
                       (state->count == 0 || interval_divided(state->sum, (double)state->count,
                                                              &average) == FAULT_NONE);
        if (!is_good)
            return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "interval out of range");
        memcpy(&averages[i], &average, sizeof average);
    }
    *result = vector_flat(LAYOUT_INT128, count, averages, nulls);
    return true;
}

const AggregateFunction aggregate_interval_aggregates[] = {
    { .oid = 2106, .name = "avg", .argument_count = 1, .arguments = { T_INTERVAL },
      .result = T_INTERVAL, .state_size = sizeof(AverageInterval), .add = average_add,
      .partial_of = aggregate_type_state, .partial = average_partial, .merge = average_merge,
      .finish = average_finish, .has_plain_state = true, .summary = "Mean of intervals.",
      .example = "(SELECT avg(x) FROM (VALUES (INTERVAL '1 day'), (INTERVAL '2 days')) AS t(x))",
      .gives = "1 day 12:00:00" },
};
const uint32_t aggregate_interval_aggregate_count =
    sizeof aggregate_interval_aggregates / sizeof aggregate_interval_aggregates[0];

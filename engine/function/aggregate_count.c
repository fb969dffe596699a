/*
 * COUNT(*) and COUNT(x): a state is one bigint; so is a partial.
 */
#include "engine/function/aggregate_internal.h"

AGGREGATE_HOT static void count_rows_grouped(uint8_t *states, size_t stride, const uint32_t *groups,
                                             uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        *AGGREGATE_STATE(int64_t, states, stride, groups[i]) += 1;
}

static bool count_rows_add(const AggregateCall *call, uint8_t *states, size_t stride,
                           const uint32_t *groups, const Vector *arguments, uint32_t rows,
                           Fault *fault)
{
    if (groups == NULL)
        *(int64_t *)(void *)states += rows;
    else
        count_rows_grouped(states, stride, groups, rows);
    return true;
}

AGGREGATE_HOT static uint32_t count_nulls(const uint8_t *nulls, uint32_t rows)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows; i++)
        count += nulls[i] != 0;
    return count;
}

AGGREGATE_HOT static uint32_t count_zero_codes(const uint32_t *codes, uint32_t rows)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows; i++)
        count += codes[i] == 0;
    return count;
}

AGGREGATE_HOT static void count_valid_grouped(uint8_t *states, size_t stride,
                                              const uint32_t *groups, const uint8_t *nulls,
                                              uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        *AGGREGATE_STATE(int64_t, states, stride, groups[i]) += nulls[i] == 0;
}

AGGREGATE_HOT static void count_codes_grouped(uint8_t *states, size_t stride,
                                              const uint32_t *groups, const uint32_t *codes,
                                              uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        *AGGREGATE_STATE(int64_t, states, stride, groups[i]) += codes[i] != 0;
}

static bool count_values_add(const AggregateCall *call, uint8_t *states, size_t stride,
                             const uint32_t *groups, const Vector *arguments, uint32_t rows,
                             Fault *fault)
{
    const Vector *argument = &arguments[0];
    if (aggregate_is_all_null(argument))
        return true;
    if (argument->form == VECTOR_DICTIONARY) {
        const uint32_t *codes = argument->data;
        if (groups == NULL)
            *(int64_t *)(void *)states += rows - count_zero_codes(codes, rows);
        else
            count_codes_grouped(states, stride, groups, codes, rows);
        return true;
    }
    if (argument->form == VECTOR_CONSTANT || argument->nulls == NULL)
        return count_rows_add(call, states, stride, groups, NULL, rows, fault);
    if (groups == NULL)
        *(int64_t *)(void *)states += rows - count_nulls(argument->nulls, rows);
    else
        count_valid_grouped(states, stride, groups, argument->nulls, rows);
    return true;
}

static inline void count_merge_step(int64_t *state, int64_t value, uint64_t valid)
{
    *state += value & -(int64_t)valid;
}

AGGREGATE_LOOP(count_merge_loop, int64_t, int64_t, count_merge_step)

static bool count_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                        const uint32_t *groups, const Vector *partial, uint32_t rows, Fault *fault)
{
    count_merge_loop(states, stride, groups, partial, rows);
    return true;
}

static bool count_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                         uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)
{
    int64_t *counts = arena_alloc_vector(arena, count * sizeof *counts);
    for (uint32_t i = 0; i < count; i++)
        counts[i] = *AGGREGATE_STATE_CONST(int64_t, states, stride, first + i);
    *result = vector_flat(LAYOUT_INT64, count, counts, NULL);
    return true;
}

static void count_from_sums(const AggregateCall *call, uint8_t *states, size_t stride,
                            const __int128 *sums, const int64_t *counts, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        *AGGREGATE_STATE(int64_t, states, stride, i) = counts[i];
}

#define COUNT_METHODS                                                                              \
    .result = T_INT8, .state_size = sizeof(int64_t), .partial_of = aggregate_type_int8,            \
    .partial = count_finish, .merge = count_merge, .finish = count_finish,                         \
    .from_sums = count_from_sums, .has_plain_state = true

const AggregateFunction aggregate_count_aggregates[] = {
    { .oid = 2803, .name = "count", .argument_count = 0, COUNT_METHODS, .add = count_rows_add,
      .summary = "Number of rows.",
      .example = "(SELECT count(*) FROM (VALUES (1), (NULL)) AS t(x))", .gives = "2" },
    { .oid = 2147, .name = "count", .argument_count = 1, .arguments = { T_ANY }, COUNT_METHODS,
      .add = count_values_add,
      .summary = "Number of rows in which the argument is not null.",
      .example = "(SELECT count(x) FROM (VALUES (1), (NULL)) AS t(x))", .gives = "1" },
};
const uint32_t aggregate_count_aggregate_count =
    sizeof aggregate_count_aggregates / sizeof aggregate_count_aggregates[0];

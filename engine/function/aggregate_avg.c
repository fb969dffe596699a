/*
 * AVG: an exact sum (128 bits for integers and numerics) and a count; double precision for
 * integers and floats, numeric for numerics. Partials pack sum and count into 24 bytes.
 */
#include "engine/function/aggregate_internal.h"
#include "engine/type/decimal.h"

/* --- integers and numerics --- */

typedef struct AverageWide {
    WideInt sum;
    uint64_t count : 60;
    uint64_t specials : 3; /* NaN and infinities met, as bits (decimal.h) */
    uint64_t overflowed : 1;
} AverageWide;

static inline void average_int_step(AverageWide *state, int64_t value, uint64_t valid)
{
    state->sum += value & -(int64_t)valid;
    state->count += valid;
}

static inline void average_numeric_step(AverageWide *state, __int128 value, uint64_t valid)
{
    __int128 sum;
    state->overflowed |= __builtin_add_overflow((__int128)state->sum, valid ? value : 0, &sum);
    state->sum = sum;
    state->count += valid;
}

AGGREGATE_LOOP(average_int_loop, AverageWide, int64_t, average_int_step)
AGGREGATE_LOOP(average_numeric_loop, AverageWide, __int128, average_numeric_step)

static bool average_int_add(const AggregateCall *call, uint8_t *states, size_t stride,
                            const uint32_t *groups, const Vector *arguments, uint32_t rows,
                            Fault *fault)
{
    if (groups != NULL) {
        average_int_loop(states, stride, groups, &arguments[0], rows);
        return true;
    }
    __int128 sum;
    uint64_t count;
    aggregate_sum_int64(&arguments[0], rows, &sum, &count);
    AverageWide *state = AGGREGATE_STATE(AverageWide, states, stride, 0);
    state->sum += sum;
    state->count += count;
    return true;
}

static bool average_numeric_add(const AggregateCall *call, uint8_t *states, size_t stride,
                                const uint32_t *groups, const Vector *arguments, uint32_t rows,
                                Fault *fault)
{
    if (!decimal_has_specials(&arguments[0], rows)) {
        average_numeric_loop(states, stride, groups, &arguments[0], rows);
        return true;
    }
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(&arguments[0], i))
            continue;
        AverageWide *state =
            AGGREGATE_STATE(AverageWide, states, stride, aggregate_group(groups, i));
        __int128 value = VECTOR_DATA(__int128, &arguments[0])[vector_row(&arguments[0], i)];
        unsigned bit = decimal_special_bit(value);
        state->specials |= bit;
        average_numeric_step(state, bit != 0 ? 0 : value, 1);
    }
    return true;
}

static bool average_wide_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                                 uint32_t first, uint32_t count, Arena *arena, Vector *result,
                                 Fault *fault)
{
    uint8_t *bytes;
    *result = aggregate_state_column(arena, count, sizeof(AverageWide), &bytes);
    for (uint32_t i = 0; i < count; i++)
        memcpy(bytes + (size_t)i * sizeof(AverageWide),
               AGGREGATE_STATE_CONST(AverageWide, states, stride, first + i), sizeof(AverageWide));
    return true;
}

static bool average_wide_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                               const uint32_t *groups, const Vector *partial, uint32_t rows,
                               Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        AverageWide other;
        bool is_present;
        if (!aggregate_state_read(partial, i, &other, sizeof other, &is_present, fault))
            return false;
        if (!is_present)
            continue;
        AverageWide *state =
            AGGREGATE_STATE(AverageWide, states, stride, aggregate_group(groups, i));
        __int128 sum;
        state->overflowed |= other.overflowed | __builtin_add_overflow((__int128)state->sum,
                                                                       (__int128)other.sum, &sum);
        state->sum = sum;
        state->count += other.count;
        state->specials |= other.specials;
    }
    return true;
}

static bool average_int_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                               uint32_t first, uint32_t count, Arena *arena, Vector *result,
                               Fault *fault)
{
    double *averages = arena_alloc_vector(arena, count * sizeof *averages);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++) {
        const AverageWide *state = AGGREGATE_STATE_CONST(AverageWide, states, stride, first + i);
        nulls[i] = state->count == 0;
        averages[i] = state->count == 0 ? 0 : (double)state->sum / (double)state->count;
    }
    *result = vector_flat(LAYOUT_FLOAT64, count, averages, nulls);
    return true;
}

/* A quotient of PostgreSQL's: digits by its size, at least as many as the argument has. */
static SqlType average_numeric_type(const SqlType *arguments, uint32_t count)
{
    int scale = type_scale(arguments[0]);
    return type_numeric_shown(DIGITS_QUOTIENT,
                              scale > NUMERIC_SIGNIFICANT_SCALE ? scale : NUMERIC_SIGNIFICANT_SCALE,
                              type_numeric_least(arguments[0]));
}

/* How many digits of the average are kept. */
static int average_scale(SqlType result, __int128 sum, int scale, uint64_t count)
{
    int kept = decimal_quotient_scale(sum, scale, (__int128)count, 0), most = type_scale(result);
    int least = type_numeric_least(result);
    kept = kept < least ? least : kept;
    return kept < scale ? scale : kept > most ? most : kept;
}

/* sum * 10^digits / count, rounded half away from zero; false when it does not fit. */
static bool average_divide(__int128 sum, int64_t count, int digits, __int128 *average)
{
    bool is_negative = sum < 0;
    unsigned __int128 magnitude = is_negative ? -(unsigned __int128)sum : (unsigned __int128)sum;
    unsigned __int128 quotient = magnitude / (uint64_t)count;
    unsigned __int128 remainder = magnitude % (uint64_t)count;
    const unsigned __int128 largest = ((unsigned __int128)1 << 127) - 1;
    /* Long division, a digit at a time: the remainder stays below the count. */
    for (int i = 0; i < digits; i++) {
        remainder *= 10;
        unsigned digit = (unsigned)(remainder / (uint64_t)count);
        remainder %= (uint64_t)count;
        if (quotient > (largest - digit) / 10)
            return false;
        quotient = quotient * 10 + digit;
    }
    if (remainder >= (uint64_t)count - remainder)
        quotient++;
    *average = is_negative ? -(__int128)quotient : (__int128)quotient;
    return true;
}

static bool average_numeric_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                                   uint32_t first, uint32_t count, Arena *arena, Vector *result,
                                   Fault *fault)
{
    __int128 *averages = arena_alloc_vector(arena, count * sizeof *averages);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    int scale = type_scale(call->argument_types[0]), result_scale = type_scale(call->result_type);
    for (uint32_t i = 0; i < count; i++) {
        const AverageWide *state = AGGREGATE_STATE_CONST(AverageWide, states, stride, first + i);
        nulls[i] = state->count == 0;
        averages[i] = 0;
        if (state->specials != 0)
            averages[i] = decimal_special_sum(state->specials);
        if (state->count == 0 || state->specials != 0)
            continue;
        int kept = average_scale(call->result_type, state->sum, scale, state->count);
        if (state->overflowed ||
            !average_divide(state->sum, (int64_t)state->count, kept - scale, &averages[i]) ||
            __builtin_mul_overflow(averages[i], decimal_power10(result_scale - kept),
                                   &averages[i]))
            return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                             "the average has more than %d digits", NUMERIC_MAX_DIGITS);
    }
    *result = vector_flat(LAYOUT_INT128, count, averages, nulls);
    return true;
}

/* --- floats --- */

typedef struct AverageFloat {
    double sum;
    uint64_t count;
} AverageFloat;

static inline void average_float64_step(AverageFloat *state, double value, uint64_t valid)
{
    state->sum += valid ? value : 0.0;
    state->count += valid;
}

static inline void average_float32_step(AverageFloat *state, float value, uint64_t valid)
{
    state->sum += valid ? (double)value : 0.0;
    state->count += valid;
}

AGGREGATE_LOOP(average_float64_loop, AverageFloat, double, average_float64_step)
AGGREGATE_LOOP(average_float32_loop, AverageFloat, float, average_float32_step)

static bool average_float64_add(const AggregateCall *call, uint8_t *states, size_t stride,
                                const uint32_t *groups, const Vector *arguments, uint32_t rows,
                                Fault *fault)
{
    if (groups != NULL || rows <= 32) {
        average_float64_loop(states, stride, groups, &arguments[0], rows);
        return true;
    }
    double sum;
    uint64_t count;
    aggregate_sum_float64(&arguments[0], rows, &sum, &count);
    AverageFloat *state = AGGREGATE_STATE(AverageFloat, states, stride, 0);
    state->sum += sum;
    state->count += count;
    return true;
}

static bool average_float32_add(const AggregateCall *call, uint8_t *states, size_t stride,
                                const uint32_t *groups, const Vector *arguments, uint32_t rows,
                                Fault *fault)
{
    average_float32_loop(states, stride, groups, &arguments[0], rows);
    return true;
}

static bool average_float_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                                  uint32_t first, uint32_t count, Arena *arena, Vector *result,
                                  Fault *fault)
{
    uint8_t *bytes;
    *result = aggregate_state_column(arena, count, sizeof(AverageFloat), &bytes);
    for (uint32_t i = 0; i < count; i++)
        memcpy(bytes + (size_t)i * sizeof(AverageFloat),
               AGGREGATE_STATE_CONST(AverageFloat, states, stride, first + i),
               sizeof(AverageFloat));
    return true;
}

static bool average_float_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                                const uint32_t *groups, const Vector *partial, uint32_t rows,
                                Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        AverageFloat other;
        bool is_present;
        if (!aggregate_state_read(partial, i, &other, sizeof other, &is_present, fault))
            return false;
        if (!is_present)
            continue;
        AverageFloat *state =
            AGGREGATE_STATE(AverageFloat, states, stride, aggregate_group(groups, i));
        state->sum += other.sum;
        state->count += other.count;
    }
    return true;
}

static bool average_float_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                                 uint32_t first, uint32_t count, Arena *arena, Vector *result,
                                 Fault *fault)
{
    double *averages = arena_alloc_vector(arena, count * sizeof *averages);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++) {
        const AverageFloat *state = AGGREGATE_STATE_CONST(AverageFloat, states, stride, first + i);
        nulls[i] = state->count == 0;
        averages[i] = state->count == 0 ? 0 : state->sum / (double)state->count;
    }
    *result = vector_flat(LAYOUT_FLOAT64, count, averages, nulls);
    return true;
}

static void average_from_sums(const AggregateCall *call, uint8_t *states, size_t stride,
                              const __int128 *sums, const int64_t *counts, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        *AGGREGATE_STATE(AverageWide, states, stride, i) =
            (AverageWide){.sum = sums[i], .count = (uint64_t)counts[i]};
}

#define AVERAGE_INT_METHODS                                                                        \
    .name = "avg", .argument_count = 1, .result = T_FLOAT8, .state_size = sizeof(AverageWide),     \
    .add = average_int_add, .partial_of = aggregate_type_state, .partial = average_wide_partial,   \
    .merge = average_wide_merge, .finish = average_int_finish, .from_sums = average_from_sums,     \
    .has_plain_state = true,                                                                       \
    .summary = "Mean of integers, in double precision."
#define AVERAGE_FLOAT_METHODS                                                                      \
    .name = "avg", .argument_count = 1, .result = T_FLOAT8, .state_size = sizeof(AverageFloat),    \
    .partial_of = aggregate_type_state, .partial = average_float_partial,                          \
    .merge = average_float_merge, .finish = average_float_finish, .has_plain_state = true,         \
    .summary = "Mean of floating-point numbers, in double precision."

const AggregateFunction aggregate_avg_aggregates[] = {
    { .oid = 2100, AVERAGE_INT_METHODS, .arguments = { T_INT8 },
      .example = "(SELECT avg(x) FROM (VALUES (1), (2), (NULL), (4)) AS t(x))",
      .gives = "2.3333333333333335" },
    { .oid = 2101, AVERAGE_INT_METHODS, .arguments = { T_INT4 },
      .example = "(SELECT avg(x::int4) FROM (VALUES (1), (2)) AS t(x))", .gives = "1.5" },
    { .oid = 2102, AVERAGE_INT_METHODS, .arguments = { T_INT2 },
      .example = "(SELECT avg(x::int2) FROM (VALUES (1), (2)) AS t(x))", .gives = "1.5" },
    { .oid = 2105, AVERAGE_FLOAT_METHODS, .arguments = { T_FLOAT8 }, .add = average_float64_add,
      .example = "(SELECT avg(x) FROM (VALUES (1::float8), (2)) AS t(x))", .gives = "1.5" },
    { .oid = 2104, AVERAGE_FLOAT_METHODS, .arguments = { T_FLOAT4 }, .add = average_float32_add,
      .example = "(SELECT avg(x) FROM (VALUES (1::float4), (2::float4)) AS t(x))",
      .gives = "1.5" },
    { .oid = 2103, .name = "avg", .argument_count = 1, .arguments = { T_NUMERIC },
      .result = T_NUMERIC, .result_of = average_numeric_type, .state_size = sizeof(AverageWide),
      .add = average_numeric_add, .partial_of = aggregate_type_state,
      .partial = average_wide_partial, .merge = average_wide_merge,
      .finish = average_numeric_finish, .from_sums = average_from_sums, .has_plain_state = true,
      .summary = "Mean of numerics, with at least 16 digits after the point.",
      .example = "(SELECT avg(x) FROM (VALUES (1.0), (2.0)) AS t(x))",
      .gives = "1.5000000000000000" },
};
const uint32_t aggregate_avg_aggregate_count =
    sizeof aggregate_avg_aggregates / sizeof aggregate_avg_aggregates[0];

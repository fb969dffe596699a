/*
 * SUM. Integers are summed exactly and give bigint, or 22003 when the total does not fit (in the
 * druid dialect it wraps); a total may leave the range on the way. Numerics keep their scale.
 *
 * Integers: without groups a batch is summed in 64 bits when its largest magnitude says that
 * nothing can overflow, which the compiler vectorises; else in 128 bits. With groups a state is
 * low + 2^64 * high; the loop adds to `low` alone as long as all magnitudes added by this call
 * since it was made cannot together overflow, and counts wraps in `high` after that.
 *
 * Partials: integers travel as numeric (128 bits), floats as they are, so merging is exact.
 */
#include "engine/function/aggregate_internal.h"
#include "engine/type/decimal.h"

/* --- integers --- */

typedef struct SumInt {
    int64_t low;
    int64_t high : 56; /* wraps of `low` */
    uint64_t seen : 8; /* whether any value was added */
} SumInt;

/* Largest total magnitude for which a plain sum is certain to fit. */
#define SUM_SAFE_TOTAL (UINT64_C(1) << 62)

/* What all the states of a call may hold at most: sum over batches of rows times magnitude. */
typedef struct SumBound {
    uint64_t total;
} SumBound;

static bool sum_int_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    call->prepared = ARENA_NEW(arena, SumBound);
    return true;
}

/* The bits that any value uses: every |value| <= the result (which is below 2^63). */
AGGREGATE_HOT static uint64_t int64_magnitude(const int64_t *data, uint32_t rows)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < rows; i++)
        bits |= (uint64_t)(data[i] ^ (data[i] >> 63));
    return bits;
}

/* Values and nulls in one pass, in 64 bits; true when the sum is certain to be exact. */
AGGREGATE_HOT static bool sum_narrow(const int64_t *data, uint32_t rows, int64_t *sum)
{
    uint64_t total = 0, bits = 0;
    for (uint32_t i = 0; i < rows; i++) {
        total += (uint64_t)data[i];
        bits |= (uint64_t)(data[i] ^ (data[i] >> 63));
    }
    *sum = (int64_t)total;
    return bits < SUM_SAFE_TOTAL / ((uint64_t)rows + 1);
}

AGGREGATE_HOT static bool sum_narrow_nulls(const int64_t *data, const uint8_t *nulls, uint32_t rows,
                                           int64_t *sum, uint64_t *count)
{
    uint64_t total = 0, bits = 0, valid = 0;
    for (uint32_t i = 0; i < rows; i++) {
        int64_t value = data[i] & -(int64_t)(nulls[i] == 0);
        total += (uint64_t)value;
        bits |= (uint64_t)(value ^ (value >> 63));
        valid += nulls[i] == 0;
    }
    *sum = (int64_t)total;
    *count = valid;
    return bits < SUM_SAFE_TOTAL / ((uint64_t)rows + 1);
}

void aggregate_sum_int64(const Vector *vector, uint32_t rows, __int128 *sum, uint64_t *count)
{
    const int64_t *data = vector->data;
    int64_t narrow = 0;
    *sum = 0;
    *count = 0;
    if (rows == 0 || aggregate_is_all_null(vector))
        return;
    *count = rows;
    if (vector->form == VECTOR_CONSTANT) {
        *sum = (__int128)data[0] * rows;
        return;
    }
    if (vector->nulls == NULL ? sum_narrow(data, rows, &narrow)
                              : sum_narrow_nulls(data, vector->nulls, rows, &narrow, count)) {
        *sum = narrow;
        return;
    }
    __int128 wide = 0;
    for (uint32_t i = 0; i < rows; i++)
        wide += vector->nulls != NULL && vector->nulls[i] ? 0 : data[i];
    *sum = wide;
}

static inline void sum_narrow_step(SumInt *state, int64_t value, uint64_t valid)
{
    state->low += value & -(int64_t)valid;
    state->seen |= valid;
}

static inline void sum_wide_step(SumInt *state, int64_t value, uint64_t valid)
{
    int64_t addend = value & -(int64_t)valid;
    int64_t low;
    if (__builtin_add_overflow(state->low, addend, &low))
        state->high += addend < 0 ? -1 : 1;
    state->low = low;
    state->seen |= valid;
}

AGGREGATE_LOOP(sum_narrow_loop, SumInt, int64_t, sum_narrow_step)
AGGREGATE_LOOP(sum_wide_loop, SumInt, int64_t, sum_wide_step)

static inline __int128 sum_int_value(const SumInt *state)
{
    return (__int128)state->high * ((__int128)1 << 64) + state->low;
}

static void sum_int_add_wide(SumInt *state, __int128 value)
{
    __int128 total = sum_int_value(state) + value;
    state->low = (int64_t)(uint64_t)total;
    state->high = (int64_t)((total - state->low) >> 64);
    state->seen = 1;
}

/* Whether adding these values keeps every state of the call in 64 bits. */
static bool sum_bound_allows(SumBound *bound, uint64_t magnitude, uint32_t rows)
{
    uint64_t added;
    return bound != NULL && !__builtin_mul_overflow(magnitude + 1, (uint64_t)rows, &added) &&
           !__builtin_add_overflow(bound->total, added, &bound->total) &&
           bound->total < SUM_SAFE_TOTAL;
}

static bool sum_int_add(const AggregateCall *call, uint8_t *states, size_t stride,
                        const uint32_t *groups, const Vector *arguments, uint32_t rows,
                        Fault *fault)
{
    const Vector *argument = &arguments[0];
    if (groups == NULL) {
        __int128 sum;
        uint64_t count;
        aggregate_sum_int64(argument, rows, &sum, &count);
        SumInt *state = AGGREGATE_STATE(SumInt, states, stride, 0);
        /* The one state may grow past what the bound knows of. */
        if (call->prepared != NULL)
            ((SumBound *)call->prepared)->total = SUM_SAFE_TOTAL;
        if (count > 0)
            sum_int_add_wide(state, sum);
        return true;
    }
    uint32_t values = argument->form == VECTOR_CONSTANT ? 1 : rows;
    SumBound *bound = call->prepared;
    if (bound != NULL && bound->total < SUM_SAFE_TOTAL &&
        sum_bound_allows(bound, int64_magnitude(argument->data, values), rows)) {
        sum_narrow_loop(states, stride, groups, argument, rows);
        return true;
    }
    if (bound != NULL)
        bound->total = SUM_SAFE_TOTAL;
    sum_wide_loop(states, stride, groups, argument, rows);
    return true;
}

static SqlType sum_int_partial_type(const AggregateCall *call)
{
    return type_numeric_derived(0);
}

static bool sum_int_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                            uint32_t first, uint32_t count, Arena *arena, Vector *result,
                            Fault *fault)
{
    __int128 *sums = arena_alloc_vector(arena, count * sizeof *sums);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++) {
        const SumInt *state = AGGREGATE_STATE_CONST(SumInt, states, stride, first + i);
        sums[i] = sum_int_value(state);
        nulls[i] = state->seen == 0;
    }
    *result = vector_flat(LAYOUT_INT128, count, sums, nulls);
    return true;
}

static bool sum_int_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                          const uint32_t *groups, const Vector *partial, uint32_t rows,
                          Fault *fault)
{
    const __int128 *sums = partial->data;
    if (call->prepared != NULL)
        ((SumBound *)call->prepared)->total = SUM_SAFE_TOTAL;
    for (uint32_t i = 0; i < rows; i++)
        if (!vector_is_null(partial, i))
            sum_int_add_wide(AGGREGATE_STATE(SumInt, states, stride, aggregate_group(groups, i)),
                             sums[vector_row(partial, i)]);
    return true;
}

static bool sum_int_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                           uint32_t first, uint32_t count, Arena *arena, Vector *result,
                           Fault *fault)
{
    int64_t *sums = arena_alloc_vector(arena, count * sizeof *sums);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    bool is_druid = aggregate_is_druid(call);
    uint8_t any_null = 0;
    for (uint32_t i = 0; i < count; i++) {
        const SumInt *state = AGGREGATE_STATE_CONST(SumInt, states, stride, first + i);
        if (state->high != 0 && !is_druid)
            return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
        sums[i] = state->low;
        nulls[i] = state->seen == 0;
        any_null |= nulls[i];
    }
    *result = vector_flat(LAYOUT_INT64, count, sums, any_null ? nulls : NULL);
    return true;
}

static void sum_int_from_sums(const AggregateCall *call, uint8_t *states, size_t stride,
                              const __int128 *sums, const int64_t *counts, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++) {
        SumInt *state = AGGREGATE_STATE(SumInt, states, stride, i);
        *state = (SumInt){0};
        if (counts[i] > 0)
            sum_int_add_wide(state, sums[i]);
    }
}

/* --- floats --- */

typedef struct SumFloat {
    double sum;
    uint64_t seen;
} SumFloat;

static inline void sum_float64_step(SumFloat *state, double value, uint64_t valid)
{
    state->sum += valid ? value : 0.0;
    state->seen |= valid;
}

static inline void sum_float32_step(SumFloat *state, float value, uint64_t valid)
{
    state->sum += valid ? (double)value : 0.0;
    state->seen |= valid;
}

AGGREGATE_LOOP(sum_float64_loop, SumFloat, double, sum_float64_step)
AGGREGATE_LOOP(sum_float32_loop, SumFloat, float, sum_float32_step)

enum { SUM_LANES = 8, SUM_SHORT = 32 };

/* The value, or 0 where the null byte is 1. */
static inline double value_or_zero(double value, uint8_t is_null)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits &= (uint64_t)is_null - 1;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

AGGREGATE_HOT static double sum_lanes(const double *data, const uint8_t *nulls, uint32_t rows)
{
    double lanes[SUM_LANES] = {0};
    uint32_t i = 0;
    if (nulls == NULL)
        for (; i + SUM_LANES <= rows; i += SUM_LANES)
            for (uint32_t lane = 0; lane < SUM_LANES; lane++)
                lanes[lane] += data[i + lane];
    else
        for (; i + SUM_LANES <= rows; i += SUM_LANES)
            for (uint32_t lane = 0; lane < SUM_LANES; lane++)
                lanes[lane] += value_or_zero(data[i + lane], nulls[i + lane]);
    double sum = lanes[0];
    for (uint32_t lane = 1; lane < SUM_LANES; lane++)
        sum += lanes[lane];
    for (; i < rows; i++)
        sum += nulls != NULL && nulls[i] ? 0.0 : data[i];
    return sum;
}

AGGREGATE_HOT static uint64_t count_values(const uint8_t *nulls, uint32_t rows)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows; i++)
        count += nulls[i] == 0;
    return count;
}

void aggregate_sum_float64(const Vector *vector, uint32_t rows, double *sum, uint64_t *count)
{
    const double *data = vector->data;
    *sum = 0;
    *count = 0;
    if (rows == 0 || aggregate_is_all_null(vector))
        return;
    *count = rows;
    if (vector->form == VECTOR_CONSTANT) {
        *sum = data[0] * rows;
        return;
    }
    if (vector->nulls != NULL)
        *count = count_values(vector->nulls, rows);
    *sum = sum_lanes(data, vector->nulls, rows);
}

static bool sum_float64_add(const AggregateCall *call, uint8_t *states, size_t stride,
                            const uint32_t *groups, const Vector *arguments, uint32_t rows,
                            Fault *fault)
{
    if (groups != NULL || rows <= SUM_SHORT) {
        sum_float64_loop(states, stride, groups, &arguments[0], rows);
        return true;
    }
    double sum;
    uint64_t count;
    aggregate_sum_float64(&arguments[0], rows, &sum, &count);
    SumFloat *state = AGGREGATE_STATE(SumFloat, states, stride, 0);
    state->sum += sum;
    state->seen |= count > 0;
    return true;
}

static bool sum_float32_add(const AggregateCall *call, uint8_t *states, size_t stride,
                            const uint32_t *groups, const Vector *arguments, uint32_t rows,
                            Fault *fault)
{
    sum_float32_loop(states, stride, groups, &arguments[0], rows);
    return true;
}

static SqlType sum_float_partial_type(const AggregateCall *call)
{
    return SQL_TYPE(T_FLOAT8);
}

static bool sum_float_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                              uint32_t first, uint32_t count, Arena *arena, Vector *result,
                              Fault *fault)
{
    double *sums = arena_alloc_vector(arena, count * sizeof *sums);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++) {
        const SumFloat *state = AGGREGATE_STATE_CONST(SumFloat, states, stride, first + i);
        sums[i] = state->sum;
        nulls[i] = state->seen == 0;
    }
    *result = vector_flat(LAYOUT_FLOAT64, count, sums, nulls);
    return true;
}

static bool sum_float_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                            const uint32_t *groups, const Vector *partial, uint32_t rows,
                            Fault *fault)
{
    sum_float64_loop(states, stride, groups, partial, rows);
    return true;
}

static bool sum_float32_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                               uint32_t first, uint32_t count, Arena *arena, Vector *result,
                               Fault *fault)
{
    Vector wide;
    if (!sum_float_partial(call, states, stride, first, count, arena, &wide, fault))
        return false;
    float *sums = arena_alloc_vector(arena, count * sizeof *sums);
    for (uint32_t i = 0; i < count; i++)
        sums[i] = (float)VECTOR_DATA(double, &wide)[i];
    *result = vector_flat(LAYOUT_FLOAT32, count, sums, wide.nulls);
    return true;
}

/* --- numerics --- */

typedef struct SumNumeric {
    WideInt sum;
    uint64_t seen;
    uint32_t overflowed;
    uint32_t specials; /* NaN and infinities met, as bits (decimal.h) */
} SumNumeric;

static inline void sum_numeric_step(SumNumeric *state, __int128 value, uint64_t valid)
{
    __int128 sum;
    state->overflowed |= __builtin_add_overflow((__int128)state->sum, valid ? value : 0, &sum);
    state->sum = sum;
    state->seen |= valid;
}

AGGREGATE_LOOP(sum_numeric_loop, SumNumeric, __int128, sum_numeric_step)

static bool sum_numeric_add(const AggregateCall *call, uint8_t *states, size_t stride,
                            const uint32_t *groups, const Vector *arguments, uint32_t rows,
                            Fault *fault)
{
    if (!decimal_has_specials(&arguments[0], rows)) {
        sum_numeric_loop(states, stride, groups, &arguments[0], rows);
        return true;
    }
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(&arguments[0], i))
            continue;
        SumNumeric *state = AGGREGATE_STATE(SumNumeric, states, stride, aggregate_group(groups, i));
        __int128 value = VECTOR_DATA(__int128, &arguments[0])[vector_row(&arguments[0], i)];
        unsigned bit = decimal_special_bit(value);
        state->specials |= bit;
        sum_numeric_step(state, bit != 0 ? 0 : value, 1);
    }
    return true;
}

static bool sum_numeric_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                               uint32_t first, uint32_t count, Arena *arena, Vector *result,
                               Fault *fault)
{
    __int128 *sums = arena_alloc_vector(arena, count * sizeof *sums);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++) {
        const SumNumeric *state = AGGREGATE_STATE_CONST(SumNumeric, states, stride, first + i);
        if (state->overflowed && state->specials == 0)
            return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                             "the sum has more than %d digits", NUMERIC_MAX_DIGITS);
        sums[i] = state->specials != 0 ? decimal_special_sum(state->specials) : state->sum;
        nulls[i] = state->seen == 0;
    }
    *result = vector_flat(LAYOUT_INT128, count, sums, nulls);
    return true;
}

static void sum_numeric_from_sums(const AggregateCall *call, uint8_t *states, size_t stride,
                                  const __int128 *sums, const int64_t *counts, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        *AGGREGATE_STATE(SumNumeric, states, stride, i) =
            (SumNumeric){.sum = sums[i], .seen = counts[i] > 0};
}

static SqlType sum_numeric_type(const SqlType *arguments, uint32_t count)
{
    /* Of a numeric without a modifier, or of quotients, the sum is one too. Of values of several
     * scales it has the largest, unless that is but the room of a column without precision. */
    enum { ROOM = 16 };
    NumericDigits digits = type_numeric_digits(arguments[0]);
    bool is_kept = arguments[0].modifier == -1 || numeric_digits_significant(digits) ||
                   (digits == DIGITS_TRIMMED && type_scale(arguments[0]) >= ROOM);
    return is_kept ? arguments[0] : type_numeric_derived(type_scale(arguments[0]));
}

/* --- intervals --- */

typedef struct SumInterval {
    IntervalValue sum;
    uint64_t seen, overflowed;
} SumInterval;

static inline void sum_interval_step(SumInterval *state, __int128 packed, uint64_t valid)
{
    IntervalValue value;
    memcpy(&value, &packed, sizeof value);
    if (!valid)
        return;
    state->overflowed |=
        __builtin_add_overflow(state->sum.micros, value.micros, &state->sum.micros);
    state->overflowed |= __builtin_add_overflow(state->sum.days, value.days, &state->sum.days);
    state->overflowed |=
        __builtin_add_overflow(state->sum.months, value.months, &state->sum.months);
    state->seen = 1;
}

AGGREGATE_LOOP(sum_interval_loop, SumInterval, __int128, sum_interval_step)

static bool sum_interval_add(const AggregateCall *call, uint8_t *states, size_t stride,
                             const uint32_t *groups, const Vector *arguments, uint32_t rows,
                             Fault *fault)
{
    sum_interval_loop(states, stride, groups, &arguments[0], rows);
    return true;
}

static bool sum_interval_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                                uint32_t first, uint32_t count, Arena *arena, Vector *result,
                                Fault *fault)
{
    __int128 *sums = arena_alloc_vector(arena, count * sizeof *sums);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++) {
        const SumInterval *state = AGGREGATE_STATE_CONST(SumInterval, states, stride, first + i);
        if (state->overflowed)
            return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "interval out of range");
        memcpy(&sums[i], &state->sum, sizeof state->sum);
        nulls[i] = state->seen == 0;
    }
    *result = vector_flat(LAYOUT_INT128, count, sums, nulls);
    return true;
}

/* Partials of numerics and intervals are results, so merging is adding. */
static bool sum_numeric_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                              const uint32_t *groups, const Vector *partial, uint32_t rows,
                              Fault *fault)
{
    sum_numeric_loop(states, stride, groups, partial, rows);
    return true;
}

static bool sum_interval_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                               const uint32_t *groups, const Vector *partial, uint32_t rows,
                               Fault *fault)
{
    sum_interval_loop(states, stride, groups, partial, rows);
    return true;
}

#define SUM_INT_METHODS                                                                            \
    .name = "sum", .argument_count = 1, .result = T_INT8, .state_size = sizeof(SumInt),            \
    .prepare = sum_int_prepare, .add = sum_int_add, .partial_of = sum_int_partial_type,            \
    .partial = sum_int_partial, .merge = sum_int_merge, .finish = sum_int_finish,                  \
    .from_sums = sum_int_from_sums, .has_plain_state = true

const AggregateFunction aggregate_sum_aggregates[] = {
    { .oid = 2107, SUM_INT_METHODS, .arguments = { T_INT8 },
      .summary = "Sum of integers, as bigint; an error when it does not fit.",
      .example = "(SELECT sum(x) FROM (VALUES (1), (2), (NULL), (4)) AS t(x))", .gives = "7" },
    { .oid = 2108, SUM_INT_METHODS, .arguments = { T_INT4 },
      .summary = "Sum of integers, as bigint; an error when it does not fit.",
      .example = "(SELECT sum(x::int4) FROM (VALUES (1), (2)) AS t(x))", .gives = "3" },
    { .oid = 2109, SUM_INT_METHODS, .arguments = { T_INT2 },
      .summary = "Sum of integers, as bigint; an error when it does not fit.",
      .example = "(SELECT sum(x::int2) FROM (VALUES (1), (2)) AS t(x))", .gives = "3" },
    { .oid = 2111, .name = "sum", .argument_count = 1, .arguments = { T_FLOAT8 },
      .result = T_FLOAT8, .state_size = sizeof(SumFloat), .add = sum_float64_add,
      .partial_of = sum_float_partial_type, .partial = sum_float_partial, .merge = sum_float_merge,
      .finish = sum_float_partial, .has_plain_state = true,
      .summary = "Sum of double precision numbers.",
      .example = "(SELECT sum(x) FROM (VALUES (1.5::float8), (2)) AS t(x))", .gives = "3.5" },
    { .oid = 2110, .name = "sum", .argument_count = 1, .arguments = { T_FLOAT4 },
      .result = T_FLOAT4, .state_size = sizeof(SumFloat), .add = sum_float32_add,
      .partial_of = sum_float_partial_type, .partial = sum_float_partial, .merge = sum_float_merge,
      .finish = sum_float32_finish, .has_plain_state = true,
      .summary = "Sum of real numbers, added in double precision.",
      .example = "(SELECT sum(x) FROM (VALUES (1.5::float4), (2::float4)) AS t(x))",
      .gives = "3.5" },
    { .oid = 2114, .name = "sum", .argument_count = 1, .arguments = { T_NUMERIC },
      .result = T_NUMERIC, .result_of = sum_numeric_type, .state_size = sizeof(SumNumeric),
      .add = sum_numeric_add, .partial_of = aggregate_type_result, .partial = sum_numeric_finish,
      .merge = sum_numeric_merge, .finish = sum_numeric_finish,
      .from_sums = sum_numeric_from_sums, .has_plain_state = true,
      .summary = "Sum of numerics, exact, with their scale.",
      .example = "(SELECT sum(x) FROM (VALUES (1.25), (2.50)) AS t(x))", .gives = "3.75" },
    { .oid = 2113, .name = "sum", .argument_count = 1, .arguments = { T_INTERVAL },
      .result = T_INTERVAL, .state_size = sizeof(SumInterval), .add = sum_interval_add,
      .partial_of = aggregate_type_result, .partial = sum_interval_finish,
      .merge = sum_interval_merge, .finish = sum_interval_finish, .has_plain_state = true,
      .summary = "Sum of intervals.",
      .example = "(SELECT sum(x) FROM (VALUES (INTERVAL '1 hour'), (INTERVAL '30 minutes')) AS t(x))",
      .gives = "01:30:00" },
};
const uint32_t aggregate_sum_aggregate_count =
    sizeof aggregate_sum_aggregates / sizeof aggregate_sum_aggregates[0];

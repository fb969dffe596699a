/*
 * MIN and MAX of every sortable type. The state of a fixed-width type starts at the identity
 * (the largest value for MIN), so that a step is one comparison. NaN is the greatest float.
 *
 * Texts: without groups the best row of the batch is found first and copied once. A sorted
 * dictionary's codes are compared instead of texts: without groups by one reduction over the
 * codes, with groups against the code that the state remembers for that dictionary.
 *
 * A partial has the result's type, NULL for no value.
 */
#include "engine/function/aggregate_internal.h"

#include <math.h>

/* --- fixed-width types --- */

typedef struct BestInt {
    int64_t value;
    uint64_t seen;
} BestInt;
typedef struct BestWide {
    WideInt value;
    uint64_t seen;
} BestWide;
typedef struct BestFloat {
    double value;
    uint64_t seen;
} BestFloat;

static inline void min_int_step(BestInt *state, int64_t value, uint64_t valid)
{
    int64_t mask = -(int64_t)valid;
    int64_t candidate = (value & mask) | (INT64_MAX & ~mask);
    state->value = candidate < state->value ? candidate : state->value;
    state->seen |= valid;
}

static inline void max_int_step(BestInt *state, int64_t value, uint64_t valid)
{
    int64_t mask = -(int64_t)valid;
    int64_t candidate = (value & mask) | (INT64_MIN & ~mask);
    state->value = candidate > state->value ? candidate : state->value;
    state->seen |= valid;
}

static inline void min_wide_step(BestWide *state, __int128 value, uint64_t valid)
{
    bool is_better = valid & ((value < state->value) | (state->seen == 0));
    state->value = is_better ? value : state->value;
    state->seen |= valid;
}

static inline void max_wide_step(BestWide *state, __int128 value, uint64_t valid)
{
    bool is_better = valid & ((value > state->value) | (state->seen == 0));
    state->value = is_better ? value : state->value;
    state->seen |= valid;
}

/* PostgreSQL compares intervals by their length with months of 30 days and days of 24 hours. */
static inline __int128 interval_length(__int128 packed)
{
    IntervalValue value;
    memcpy(&value, &packed, sizeof value);
    return ((__int128)value.months * 30 + value.days) * INT64_C(86400000000) + value.micros;
}

static inline void min_interval_step(BestWide *state, __int128 value, uint64_t valid)
{
    if (valid && (state->seen == 0 || interval_length(value) < interval_length(state->value))) {
        state->value = value;
        state->seen = 1;
    }
}

static inline void max_interval_step(BestWide *state, __int128 value, uint64_t valid)
{
    if (valid && (state->seen == 0 || interval_length(value) > interval_length(state->value))) {
        state->value = value;
        state->seen = 1;
    }
}

/* The identity of MIN is NaN, the greatest; of MAX minus infinity. */
static inline double min_float(double best, double value)
{
    return ((value < best) | (best != best)) ? value : best;
}

static inline double max_float(double best, double value)
{
    return ((value > best) | (value != value)) ? value : best;
}

static inline void min_float64_step(BestFloat *state, double value, uint64_t valid)
{
    state->value = min_float(state->value, valid ? value : (double)NAN);
    state->seen |= valid;
}

static inline void max_float64_step(BestFloat *state, double value, uint64_t valid)
{
    state->value = max_float(state->value, valid ? value : -(double)INFINITY);
    state->seen |= valid;
}

static inline void min_float32_step(BestFloat *state, float value, uint64_t valid)
{
    min_float64_step(state, value, valid);
}

static inline void max_float32_step(BestFloat *state, float value, uint64_t valid)
{
    max_float64_step(state, value, valid);
}

AGGREGATE_LOOP(min_int_loop, BestInt, int64_t, min_int_step)
AGGREGATE_LOOP(max_int_loop, BestInt, int64_t, max_int_step)
AGGREGATE_LOOP(min_wide_loop, BestWide, __int128, min_wide_step)
AGGREGATE_LOOP(max_wide_loop, BestWide, __int128, max_wide_step)
AGGREGATE_LOOP(min_interval_loop, BestWide, __int128, min_interval_step)
AGGREGATE_LOOP(max_interval_loop, BestWide, __int128, max_interval_step)
AGGREGATE_LOOP(min_float64_loop, BestFloat, double, min_float64_step)
AGGREGATE_LOOP(max_float64_loop, BestFloat, double, max_float64_step)
AGGREGATE_LOOP(min_float32_loop, BestFloat, float, min_float32_step)
AGGREGATE_LOOP(max_float32_loop, BestFloat, float, max_float32_step)

/*
 * Batches of doubles in eight lanes, which compilers vectorise only by hand. NaN is kept out of
 * the lanes and counted: the minimum is NaN when all values are, the maximum when one is.
 */
enum { BEST_LANES = 8 };
#define BEST_LANES_LOOP(name, sign, identity, nan_wins)                                            \
    AGGREGATE_HOT static double name(const double *data, uint32_t rows)                            \
    {                                                                                              \
        double lanes[BEST_LANES];                                                                  \
        int64_t numbers[BEST_LANES] = {0};                                                         \
        for (uint32_t lane = 0; lane < BEST_LANES; lane++)                                         \
            lanes[lane] = (identity);                                                              \
        uint32_t i = 0;                                                                            \
        for (; i + BEST_LANES <= rows; i += BEST_LANES)                                            \
            for (uint32_t lane = 0; lane < BEST_LANES; lane++) {                                   \
                double value = data[i + lane];                                                     \
                lanes[lane] = value sign lanes[lane] ? value : lanes[lane];                        \
                numbers[lane] += value == value;                                                   \
            }                                                                                      \
        for (; i < rows; i++) {                                                                    \
            lanes[0] = data[i] sign lanes[0] ? data[i] : lanes[0];                                 \
            numbers[0] += data[i] == data[i];                                                      \
        }                                                                                          \
        for (uint32_t lane = 1; lane < BEST_LANES; lane++) {                                       \
            lanes[0] = lanes[lane] sign lanes[0] ? lanes[lane] : lanes[0];                         \
            numbers[0] += numbers[lane];                                                           \
        }                                                                                          \
        return numbers[0] == ((nan_wins) ? (int64_t)rows : 0) ? ((nan_wins) ? lanes[0] : NAN)      \
                                                              : ((nan_wins) ? NAN : lanes[0]);     \
    }

BEST_LANES_LOOP(min_lanes, <, (double)INFINITY, false)
BEST_LANES_LOOP(max_lanes, >, -(double)INFINITY, true)

#define BEST_ADD(name, loop)                                                                       \
    static bool name(const AggregateCall *call, uint8_t *states, size_t stride,                    \
                     const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault) \
    {                                                                                              \
        loop(states, stride, groups, &arguments[0], rows);                                         \
        return true;                                                                               \
    }

BEST_ADD(min_int_add, min_int_loop)
BEST_ADD(max_int_add, max_int_loop)
BEST_ADD(min_wide_add, min_wide_loop)
BEST_ADD(max_wide_add, max_wide_loop)
BEST_ADD(min_interval_add, min_interval_loop)
BEST_ADD(max_interval_add, max_interval_loop)
BEST_ADD(min_float32_add, min_float32_loop)
BEST_ADD(max_float32_add, max_float32_loop)

#define BEST_FLOAT_ADD(name, loop, lanes, step)                                                    \
    static bool name(const AggregateCall *call, uint8_t *states, size_t stride,                    \
                     const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault) \
    {                                                                                              \
        const Vector *argument = &arguments[0];                                                    \
        if (groups != NULL || argument->form != VECTOR_FLAT || argument->nulls != NULL)            \
            loop(states, stride, groups, argument, rows);                                          \
        else if (rows > 0)                                                                         \
            step(AGGREGATE_STATE(BestFloat, states, stride, 0), lanes(argument->data, rows), 1);   \
        return true;                                                                               \
    }

BEST_FLOAT_ADD(min_float64_add, min_float64_loop, min_lanes, min_float64_step)
BEST_FLOAT_ADD(max_float64_add, max_float64_loop, max_lanes, max_float64_step)

static void min_int_init(const AggregateCall *call, void *state)
{
    *(BestInt *)state = (BestInt){.value = INT64_MAX};
}

static void max_int_init(const AggregateCall *call, void *state)
{
    *(BestInt *)state = (BestInt){.value = INT64_MIN};
}

static void min_float_init(const AggregateCall *call, void *state)
{
    *(BestFloat *)state = (BestFloat){.value = (double)NAN};
}

static void max_float_init(const AggregateCall *call, void *state)
{
    *(BestFloat *)state = (BestFloat){.value = -(double)INFINITY};
}

#define BEST_FINISH(name, State, type, layout)                                                     \
    static bool name(const AggregateCall *call, const uint8_t *states, size_t stride,              \
                     uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)   \
    {                                                                                              \
        type *values = arena_alloc_vector(arena, count * sizeof *values);                          \
        uint8_t *nulls = arena_alloc_vector(arena, count);                                         \
        for (uint32_t i = 0; i < count; i++) {                                                     \
            const State *state = AGGREGATE_STATE_CONST(State, states, stride, first + i);          \
            values[i] = (type)state->value;                                                        \
            nulls[i] = state->seen == 0;                                                           \
        }                                                                                          \
        *result = vector_flat(layout, count, values, nulls);                                       \
        return true;                                                                               \
    }

BEST_FINISH(best_int_finish, BestInt, int64_t, LAYOUT_INT64)
BEST_FINISH(best_wide_finish, BestWide, __int128, LAYOUT_INT128)
BEST_FINISH(best_float64_finish, BestFloat, double, LAYOUT_FLOAT64)
BEST_FINISH(best_float32_finish, BestFloat, float, LAYOUT_FLOAT32)

/* --- texts --- */

typedef struct BestText {
    StateBytes text;     /* data is not NULL once a value was seen */
    uint64_t dictionary; /* id of the sorted dictionary that `code` belongs to, or 0 */
    uint32_t code;       /* of `text` in it */
    uint32_t unused;
} BestText;

static inline bool text_is_better(Text a, Text b, bool want_max)
{
    int order = text_compare(a, b);
    return want_max ? order > 0 : order < 0;
}

static bool best_text_offer(const AggregateCall *call, BestText *state, Text text, bool want_max,
                            bool *is_taken, Fault *fault)
{
    Text best = {state->text.data, state->text.length};
    *is_taken = state->text.data == NULL || text_is_better(text, best, want_max);
    if (!*is_taken)
        return true;
    state->dictionary = 0;
    return state_bytes_set(call, &state->text, text, fault);
}

/* The least code above 0, minus one; UINT32_MAX when all are NULL. */
AGGREGATE_HOT static uint32_t codes_least(const uint32_t *codes, uint32_t rows)
{
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t code = codes[i] - 1;
        least = code < least ? code : least;
    }
    return least;
}

AGGREGATE_HOT static uint32_t codes_greatest(const uint32_t *codes, uint32_t rows)
{
    uint32_t greatest = 0;
    for (uint32_t i = 0; i < rows; i++)
        greatest = codes[i] > greatest ? codes[i] : greatest;
    return greatest;
}

/* The best row of a batch, UINT32_MAX when all are NULL. */
static uint32_t best_text_row(const Vector *vector, uint32_t rows, bool want_max)
{
    uint32_t best_row = UINT32_MAX;
    Text best = {0};
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(vector, i))
            continue;
        Text text = vector_text(vector, i);
        if (best_row == UINT32_MAX || text_is_better(text, best, want_max)) {
            best_row = i;
            best = text;
        }
    }
    return best_row;
}

static bool best_text_add_all(const AggregateCall *call, BestText *state, const Vector *vector,
                              uint32_t rows, bool want_max, Fault *fault)
{
    bool is_taken;
    if (vector->form == VECTOR_DICTIONARY && vector->dictionary->is_sorted) {
        uint32_t code =
            want_max ? codes_greatest(vector->data, rows) : codes_least(vector->data, rows) + 1;
        return code == 0 || best_text_offer(call, state, dictionary_text(vector->dictionary, code),
                                            want_max, &is_taken, fault);
    }
    if (vector->form == VECTOR_CONSTANT)
        rows = rows > 0;
    uint32_t row = best_text_row(vector, rows, want_max);
    return row == UINT32_MAX ||
           best_text_offer(call, state, vector_text(vector, row), want_max, &is_taken, fault);
}

static bool best_text_add_codes(const AggregateCall *call, uint8_t *states, size_t stride,
                                const uint32_t *groups, const Vector *vector, uint32_t rows,
                                bool want_max, Fault *fault)
{
    const uint32_t *codes = vector->data;
    uint64_t id = vector->dictionary->id;
    for (uint32_t i = 0; i < rows; i++) {
        BestText *state = AGGREGATE_STATE(BestText, states, stride, groups[i]);
        uint32_t code = codes[i];
        if (code == 0)
            continue;
        if (state->dictionary == id && (want_max ? code <= state->code : code >= state->code))
            continue;
        bool is_taken;
        if (!best_text_offer(call, state, dictionary_text(vector->dictionary, code), want_max,
                             &is_taken, fault))
            return false;
        if (is_taken) {
            state->dictionary = id;
            state->code = code;
        }
    }
    return true;
}

static bool best_text_add(const AggregateCall *call, uint8_t *states, size_t stride,
                          const uint32_t *groups, const Vector *vector, uint32_t rows,
                          bool want_max, Fault *fault)
{
    if (aggregate_is_all_null(vector))
        return true;
    if (groups == NULL)
        return best_text_add_all(call, AGGREGATE_STATE(BestText, states, stride, 0), vector, rows,
                                 want_max, fault);
    if (vector->form == VECTOR_DICTIONARY && vector->dictionary->is_sorted)
        return best_text_add_codes(call, states, stride, groups, vector, rows, want_max, fault);
    for (uint32_t i = 0; i < rows; i++) {
        bool is_taken;
        if (!vector_is_null(vector, i) &&
            !best_text_offer(call, AGGREGATE_STATE(BestText, states, stride, groups[i]),
                             vector_text(vector, i), want_max, &is_taken, fault))
            return false;
    }
    return true;
}

static bool min_text_add(const AggregateCall *call, uint8_t *states, size_t stride,
                         const uint32_t *groups, const Vector *arguments, uint32_t rows,
                         Fault *fault)
{
    return best_text_add(call, states, stride, groups, &arguments[0], rows, false, fault);
}

static bool max_text_add(const AggregateCall *call, uint8_t *states, size_t stride,
                         const uint32_t *groups, const Vector *arguments, uint32_t rows,
                         Fault *fault)
{
    return best_text_add(call, states, stride, groups, &arguments[0], rows, true, fault);
}

static bool best_text_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                             uint32_t first, uint32_t count, Arena *arena, Vector *result,
                             Fault *fault)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        const BestText *state = AGGREGATE_STATE_CONST(BestText, states, stride, first + i);
        if (state->text.data == NULL)
            vector_builder_null(&builder);
        else
            vector_builder_text(&builder, (Text){state->text.data, state->text.length});
    }
    *result = vector_builder_finish(&builder);
    return true;
}

/* --- rows --- */

#define BEST_METHODS(function, State, add_method, finish_method)                                   \
    .name = function, .argument_count = 1, .ignores_distinct = true, .state_size = sizeof(State),  \
    .add = add_method, .merge = add_method, .partial_of = aggregate_type_result,                   \
    .partial = finish_method, .finish = finish_method, .result_of = aggregate_same_type
/* A text's state points to its bytes. */
enum { PLAIN_int = true, PLAIN_float32 = true, PLAIN_float64 = true, PLAIN_wide = true,
       PLAIN_interval = true, PLAIN_text = false };
#define MIN_ROW(id, type, State, kind, finish_method, start, sample, value)                        \
    { .oid = id, BEST_METHODS("min", State, min_##kind##_add, finish_method),                      \
      .arguments = { type }, .result = type, .init = start, .has_plain_state = PLAIN_##kind,       \
      .summary = "Least value that is not null.",                                                  \
      .example = "(SELECT min(x) FROM (VALUES " sample ") AS t(x))", .gives = value }
#define MAX_ROW(id, type, State, kind, finish_method, start, sample, value)                        \
    { .oid = id, BEST_METHODS("max", State, max_##kind##_add, finish_method),                      \
      .arguments = { type }, .result = type, .init = start, .has_plain_state = PLAIN_##kind,       \
      .summary = "Greatest value that is not null.",                                               \
      .example = "(SELECT max(x) FROM (VALUES " sample ") AS t(x))", .gives = value }
#define MIN_INT_ROW(id, type, sample, value) \
    MIN_ROW(id, type, BestInt, int, best_int_finish, min_int_init, sample, value)
#define MAX_INT_ROW(id, type, sample, value) \
    MAX_ROW(id, type, BestInt, int, best_int_finish, max_int_init, sample, value)

#define SAMPLE_INT8 "(2), (1), (NULL)"
#define SAMPLE_INT4 "(2::int4), (1::int4)"
#define SAMPLE_INT2 "(2::int2), (1::int2)"
#define SAMPLE_OID "(2::oid), (1::oid)"
#define SAMPLE_DATE "(DATE '2024-01-02'), (DATE '2024-01-01')"
#define SAMPLE_TIME "(TIME '10:00'), (TIME '09:00')"
#define SAMPLE_TIMESTAMP "(TIMESTAMP '2024-01-02 00:00:00'), (TIMESTAMP '2024-01-01 00:00:00')"
#define SAMPLE_TIMESTAMPTZ \
    "(TIMESTAMPTZ '2024-01-02 00:00:00+00'), (TIMESTAMPTZ '2024-01-01 00:00:00+00')"
#define SAMPLE_INTERVAL "(INTERVAL '1 day'), (INTERVAL '1 hour')"
#define SAMPLE_NUMERIC "(2.50), (1.25)"
#define SAMPLE_FLOAT8 "(2.5::float8), (1.5::float8)"
#define SAMPLE_FLOAT4 "(2.5::float4), (1.5::float4)"
#define SAMPLE_TEXT "('b'), ('a'), (NULL)"

const AggregateFunction aggregate_min_max_aggregates[] = {
    MIN_INT_ROW(2131, T_INT8, SAMPLE_INT8, "1"),
    MIN_INT_ROW(2132, T_INT4, SAMPLE_INT4, "1"),
    MIN_INT_ROW(2133, T_INT2, SAMPLE_INT2, "1"),
    MIN_INT_ROW(2134, T_OID, SAMPLE_OID, "1"),
    MIN_INT_ROW(2138, T_DATE, SAMPLE_DATE, "2024-01-01"),
    MIN_INT_ROW(2139, T_TIME, SAMPLE_TIME, "09:00:00"),
    MIN_INT_ROW(2142, T_TIMESTAMP, SAMPLE_TIMESTAMP, "2024-01-01 00:00:00"),
    MIN_INT_ROW(2143, T_TIMESTAMPTZ, SAMPLE_TIMESTAMPTZ, "2024-01-01 00:00:00+00"),
    MIN_ROW(2135, T_FLOAT4, BestFloat, float32, best_float32_finish, min_float_init,
            SAMPLE_FLOAT4, "1.5"),
    MIN_ROW(2136, T_FLOAT8, BestFloat, float64, best_float64_finish, min_float_init,
            SAMPLE_FLOAT8, "1.5"),
    MIN_ROW(2144, T_INTERVAL, BestWide, interval, best_wide_finish, NULL, SAMPLE_INTERVAL,
            "01:00:00"),
    MIN_ROW(2146, T_NUMERIC, BestWide, wide, best_wide_finish, NULL, SAMPLE_NUMERIC, "1.25"),
    MIN_ROW(2145, T_TEXT, BestText, text, best_text_finish, NULL, SAMPLE_TEXT, "a"),
    MIN_ROW(2245, T_BPCHAR, BestText, text, best_text_finish, NULL,
            "('b'::bpchar), ('a'::bpchar)", "a"),
    MAX_INT_ROW(2115, T_INT8, SAMPLE_INT8, "2"),
    MAX_INT_ROW(2116, T_INT4, SAMPLE_INT4, "2"),
    MAX_INT_ROW(2117, T_INT2, SAMPLE_INT2, "2"),
    MAX_INT_ROW(2118, T_OID, SAMPLE_OID, "2"),
    MAX_INT_ROW(2122, T_DATE, SAMPLE_DATE, "2024-01-02"),
    MAX_INT_ROW(2123, T_TIME, SAMPLE_TIME, "10:00:00"),
    MAX_INT_ROW(2126, T_TIMESTAMP, SAMPLE_TIMESTAMP, "2024-01-02 00:00:00"),
    MAX_INT_ROW(2127, T_TIMESTAMPTZ, SAMPLE_TIMESTAMPTZ, "2024-01-02 00:00:00+00"),
    MAX_ROW(2119, T_FLOAT4, BestFloat, float32, best_float32_finish, max_float_init,
            SAMPLE_FLOAT4, "2.5"),
    MAX_ROW(2120, T_FLOAT8, BestFloat, float64, best_float64_finish, max_float_init,
            SAMPLE_FLOAT8, "2.5"),
    MAX_ROW(2128, T_INTERVAL, BestWide, interval, best_wide_finish, NULL, SAMPLE_INTERVAL,
            "1 day"),
    MAX_ROW(2130, T_NUMERIC, BestWide, wide, best_wide_finish, NULL, SAMPLE_NUMERIC, "2.50"),
    MAX_ROW(2129, T_TEXT, BestText, text, best_text_finish, NULL, SAMPLE_TEXT, "b"),
    MAX_ROW(2244, T_BPCHAR, BestText, text, best_text_finish, NULL,
            "('b'::bpchar), ('a'::bpchar)", "b"),
};
const uint32_t aggregate_min_max_aggregate_count =
    sizeof aggregate_min_max_aggregates / sizeof aggregate_min_max_aggregates[0];

/*
 * APPROX_QUANTILE_FIXED_BUCKETS: a quantile from a histogram whose buckets are given: equal parts
 * of a range. Inside a bucket the values are taken to lie evenly. Values outside the range are
 * left out (ignore, overflow) or counted in the bucket at that end (clip).
 *
 * A partial is the counts, 8 bytes each.
 */
#include "engine/function/aggregate_internal.h"

#include <math.h>

enum { MAX_BUCKETS = 100000 };

typedef struct BucketState {
    uint64_t *counts; /* NULL: no value yet */
} BucketState;

typedef struct BucketSpec {
    double fraction, lower, upper;
    uint32_t count;
    bool clips;
} BucketSpec;

/* A literal number argument; NaN when it is none. */
static double literal(const AggregateCall *call, uint32_t argument)
{
    const Vector *value = call->constants[argument];
    return value == NULL || vector_is_null(value, 0) ? (double)NAN
                                                     : VECTOR_DATA(double, value)[0];
}

static bool read_mode(const AggregateCall *call, BucketSpec *spec, Fault *fault)
{
    const Vector *mode = call->argument_count > 5 ? call->constants[5] : NULL;
    if (call->argument_count <= 5)
        return true;
    Text name = mode == NULL || vector_is_null(mode, 0) ? (Text){0} : vector_text(mode, 0);
    spec->clips = text_equal_string(name, "clip");
    if (spec->clips || text_equal_string(name, "ignore") || text_equal_string(name, "overflow"))
        return true;
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                     "the outlier mode of %s must be ignore, overflow or clip",
                     call->function->name);
}

static bool bucket_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    BucketSpec *spec = ARENA_NEW(arena, BucketSpec);
    double buckets = literal(call, 2);
    *spec = (BucketSpec){
        .fraction = literal(call, 1), .lower = literal(call, 3), .upper = literal(call, 4)};
    call->prepared = spec;
    if (!(spec->fraction >= 0 && spec->fraction <= 1))
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "the fraction of %s must be a literal from 0 to 1", call->function->name);
    if (!(buckets >= 1 && buckets <= MAX_BUCKETS) || floor(buckets) != buckets)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "the number of buckets of %s must be a literal from 1 to %d",
                         call->function->name, MAX_BUCKETS);
    if (!(spec->lower < spec->upper) || !isfinite(spec->upper - spec->lower))
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "the limits of %s must be literals, the lower below the upper one",
                         call->function->name);
    spec->count = (uint32_t)buckets;
    return read_mode(call, spec, fault);
}

static uint64_t *counts_of(const AggregateCall *call, BucketState *state, Fault *fault)
{
    const BucketSpec *spec = call->prepared;
    if (state->counts == NULL) {
        state->counts = aggregate_alloc(call, spec->count * sizeof *state->counts, fault);
        if (state->counts != NULL)
            memset(state->counts, 0, spec->count * sizeof *state->counts);
    }
    return state->counts;
}

/* The bucket of a value; false: it is outside and left out. */
static bool find_bucket(const BucketSpec *spec, double value, uint32_t *bucket)
{
    if (isnan(value) || (!spec->clips && (value < spec->lower || value >= spec->upper)))
        return false;
    double at = (value - spec->lower) / (spec->upper - spec->lower) * spec->count;
    *bucket = at <= 0 ? 0 : at >= spec->count ? spec->count - 1 : (uint32_t)at;
    return true;
}

static bool bucket_add(const AggregateCall *call, uint8_t *states, size_t stride,
                       const uint32_t *groups, const Vector *arguments, uint32_t rows,
                       Fault *fault)
{
    const Vector *values = &arguments[0];
    const double *data = values->data;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t bucket;
        if (vector_is_null(values, i) ||
            !find_bucket(call->prepared, data[vector_row(values, i)], &bucket))
            continue;
        uint64_t *counts = counts_of(
            call, AGGREGATE_STATE(BucketState, states, stride, aggregate_group(groups, i)), fault);
        if (counts == NULL)
            return false;
        counts[bucket]++;
    }
    return true;
}

static bool bucket_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                           uint32_t first, uint32_t count, Arena *arena, Vector *result,
                           Fault *fault)
{
    const BucketSpec *spec = call->prepared;
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t *counts =
            AGGREGATE_STATE_CONST(BucketState, states, stride, first + i)->counts;
        if (counts == NULL)
            vector_builder_null(&builder);
        else
            vector_builder_text(&builder, (Text){(const char *)counts,
                                                 (uint32_t)(spec->count * sizeof *counts)});
    }
    *result = vector_builder_finish(&builder);
    return true;
}

static bool bucket_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                         const uint32_t *groups, const Vector *partial, uint32_t rows,
                         Fault *fault)
{
    const BucketSpec *spec = call->prepared;
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(partial, i))
            continue;
        Text bytes = vector_text(partial, i);
        if (bytes.length != spec->count * sizeof(uint64_t))
            return fault_set(fault, FAULT_DATA_CORRUPTED, "a partial histogram has a wrong size");
        uint64_t *counts = counts_of(
            call, AGGREGATE_STATE(BucketState, states, stride, aggregate_group(groups, i)), fault);
        if (counts == NULL)
            return false;
        for (uint32_t k = 0; k < spec->count; k++) {
            uint64_t more;
            memcpy(&more, bytes.data + k * sizeof more, sizeof more);
            counts[k] += more;
        }
    }
    return true;
}

static double bucket_quantile(const BucketSpec *spec, const uint64_t *counts)
{
    uint64_t total = 0, below = 0;
    double width = (spec->upper - spec->lower) / spec->count;
    for (uint32_t i = 0; i < spec->count && counts != NULL; i++)
        total += counts[i];
    double target = spec->fraction * (double)total;
    for (uint32_t i = 0; i < spec->count && total > 0; i++) {
        if (counts[i] > 0 && (double)(below + counts[i]) >= target)
            return spec->lower +
                   width * (i + (target - (double)below) / (double)counts[i]);
        below += counts[i];
    }
    return total == 0 ? 0 : spec->upper;
}

static bool bucket_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                          uint32_t first, uint32_t count, Arena *arena, Vector *result,
                          Fault *fault)
{
    (void)fault;
    double *values = arena_alloc_vector(arena, count * sizeof *values);
    for (uint32_t i = 0; i < count; i++)
        values[i] = bucket_quantile(
            call->prepared, AGGREGATE_STATE_CONST(BucketState, states, stride, first + i)->counts);
    *result = vector_flat(LAYOUT_FLOAT64, count, values, NULL);
    return true;
}

const AggregateFunction aggregate_fixed_buckets_aggregates[] = {
    { .oid = 92036, .name = "approx_quantile_fixed_buckets", .argument_count = 6,
      .optional_count = 1,
      .arguments = { T_FLOAT8, T_FLOAT8, T_FLOAT8, T_FLOAT8, T_FLOAT8, T_TEXT },
      .result = T_FLOAT8, .state_size = sizeof(BucketState), .prepare = bucket_prepare,
      .add = bucket_add, .partial_of = aggregate_type_state, .partial = bucket_partial,
      .merge = bucket_merge, .finish = bucket_finish,
      .summary = "About the value below which a fraction of the values lie, by a histogram of so "
                 "many buckets between two limits; 0 without values. Values outside: ignore, "
                 "overflow or clip.",
      .example = "(SELECT approx_quantile_fixed_buckets(x, 0.5, 10, 0, 10) "
                 "FROM (VALUES (1), (2), (NULL), (4)) AS t(x))",
      .gives = "2.5" },
};
const uint32_t aggregate_fixed_buckets_aggregate_count =
    sizeof aggregate_fixed_buckets_aggregates / sizeof aggregate_fixed_buckets_aggregates[0];

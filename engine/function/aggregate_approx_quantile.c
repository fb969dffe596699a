/*
 * APPROX_QUANTILE_DS, APPROX_QUANTILE, DS_QUANTILES_SKETCH: quantiles from a mergeable sketch (Agarwal, Cormode,
 * Huang, Phillips, Wei, Yi, "Mergeable summaries", 2012: the randomised one; DataSketches'
 * quantiles sketch is of the same family).
 *
 * Values gather in a base buffer of 2k. A full one is sorted and every second value, starting
 * at a random one of the first two, becomes a run of k values, each of which stands for two. Two
 * runs of a level are merged and halved in the same way into one of the next: which levels hold
 * a run are the bits of a binary counter. Up to 2k values the answer is exact; with k = 128 the
 * rank is off by about 1.7 %, with 1,024 by 0.25 %.
 *
 * A partial is bytes: k, number of values, of values in the base, then the base and the runs.
 */
#include "engine/function/sketch_internal.h"

#include <math.h>
#include <stdlib.h>

enum { QUANTILE_K = 128, QUANTILE_LEAST_K = 2, QUANTILE_MOST_K = 32768, QUANTILE_LEVELS = 48 };

typedef struct Quantiles {
    uint64_t count; /* values added */
    uint32_t base_count, base_capacity;
    double *base;
    double *runs[QUANTILE_LEVELS]; /* k values each; in use where `levels` has a bit */
    uint64_t levels;
    uint64_t random;
} Quantiles;

typedef struct QuantileState {
    Quantiles *sketch; /* NULL: no value yet */
} QuantileState;

typedef struct QuantileSpec {
    double fraction;
    uint32_t k;
    double *scratch; /* 2k values */
} QuantileSpec;

/* k, a literal argument; the default when it is left out. */
static bool bind_k(AggregateCall *call, uint32_t argument, QuantileSpec *spec, Arena *arena,
                   Fault *fault)
{
    spec->k = QUANTILE_K;
    if (call->argument_count > argument) {
        const Vector *k = call->constants[argument];
        int64_t value = k == NULL || vector_is_null(k, 0) ? 0 : VECTOR_DATA(int64_t, k)[0];
        if (value < QUANTILE_LEAST_K || value > QUANTILE_MOST_K || (value & (value - 1)) != 0)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "k of %s must be a literal power of two between %d and %d",
                             call->function->name, QUANTILE_LEAST_K, QUANTILE_MOST_K);
        spec->k = (uint32_t)value;
    }
    spec->scratch = ARENA_ARRAY(arena, double, spec->k * 2);
    call->prepared = spec;
    return true;
}

static bool quantile_bind(AggregateCall *call, bool takes_k, Arena *arena, Fault *fault)
{
    QuantileSpec *spec = ARENA_NEW(arena, QuantileSpec);
    const Vector *fraction = call->constants[1];
    if (fraction == NULL || vector_is_null(fraction, 0) ||
        !(VECTOR_DATA(double, fraction)[0] > 0) || !(VECTOR_DATA(double, fraction)[0] < 1))
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "the fraction of %s must be a literal between 0 and 1",
                         call->function->name);
    spec->fraction = VECTOR_DATA(double, fraction)[0];
    if (takes_k)
        return bind_k(call, 2, spec, arena, fault);
    spec->k = QUANTILE_K * 8;
    spec->scratch = ARENA_ARRAY(arena, double, spec->k * 2);
    call->prepared = spec;
    return true;
}

/* DS_QUANTILES_SKETCH(x [, k]) */
static bool quantile_sketch_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    return bind_k(call, 1, ARENA_NEW(arena, QuantileSpec), arena, fault);
}

static bool quantile_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    return quantile_bind(call, true, arena, fault);
}

static bool quantile_plain_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    return quantile_bind(call, false, arena, fault);
}

/* --- the sketch --- */

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static uint32_t random_bit(Quantiles *sketch)
{
    /* xorshift64 (Marsaglia, 2003): every choice is as likely, and every run the same. */
    sketch->random ^= sketch->random << 13;
    sketch->random ^= sketch->random >> 7;
    sketch->random ^= sketch->random << 17;
    return sketch->random >> 32 & 1;
}

/* 2k sorted values to k. */
static void halve(Quantiles *sketch, const double *values, uint32_t k, double *run)
{
    uint32_t start = random_bit(sketch);
    for (uint32_t i = 0; i < k; i++)
        run[i] = values[2 * i + start];
}

static void merge_runs(const double *a, const double *b, uint32_t k, double *out)
{
    uint32_t i = 0, j = 0;
    while (i < k && j < k)
        *out++ = b[j] < a[i] ? b[j++] : a[i++];
    while (i < k)
        *out++ = a[i++];
    while (j < k)
        *out++ = b[j++];
}

/* Adds a run of k sorted values at a level; `run` is the sketch's from now on. */
static bool add_run(const AggregateCall *call, Quantiles *sketch, double *run, uint32_t level,
                    Fault *fault)
{
    const QuantileSpec *spec = call->prepared;
    while (sketch->levels >> level & 1) {
        if (level + 1 >= QUANTILE_LEVELS)
            return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "too many values for %s",
                             call->function->name);
        merge_runs(sketch->runs[level], run, spec->k, spec->scratch);
        halve(sketch, spec->scratch, spec->k, run);
        sketch->levels &= ~(UINT64_C(1) << level);
        level++;
    }
    /* The storage of a level that was emptied before is given up: runs are few. */
    sketch->runs[level] = run;
    sketch->levels |= UINT64_C(1) << level;
    return true;
}

static bool base_grow(const AggregateCall *call, Quantiles *sketch, Fault *fault)
{
    const QuantileSpec *spec = call->prepared;
    uint32_t most = spec->k * 2;
    if (sketch->base_capacity < most) {
        uint32_t capacity = sketch->base_capacity == 0 ? 16 : sketch->base_capacity * 2;
        capacity = capacity > most ? most : capacity;
        double *base = aggregate_alloc(call, capacity * sizeof *base, fault);
        if (base == NULL)
            return false;
        if (sketch->base_count > 0)
            memcpy(base, sketch->base, sketch->base_count * sizeof *base);
        sketch->base = base;
        sketch->base_capacity = capacity;
        return true;
    }
    double *run = aggregate_alloc(call, spec->k * sizeof *run, fault);
    if (run == NULL)
        return false;
    qsort(sketch->base, most, sizeof *sketch->base, by_value);
    halve(sketch, sketch->base, spec->k, run);
    sketch->base_count = 0;
    return add_run(call, sketch, run, 0, fault);
}

static Quantiles *sketch_of(const AggregateCall *call, QuantileState *state, Fault *fault)
{
    if (state->sketch == NULL) {
        Quantiles *sketch = aggregate_alloc(call, sizeof *sketch, fault);
        if (sketch == NULL)
            return NULL;
        *sketch = (Quantiles){.random = UINT64_C(0x9E3779B97F4A7C15)};
        state->sketch = sketch;
    }
    return state->sketch;
}

static bool sketch_add_value(const AggregateCall *call, Quantiles *sketch, double value,
                             Fault *fault)
{
    if (sketch->base_count == sketch->base_capacity && !base_grow(call, sketch, fault))
        return false;
    sketch->base[sketch->base_count++] = value;
    sketch->count++;
    return true;
}

static bool quantile_add(const AggregateCall *call, uint8_t *states, size_t stride,
                         const uint32_t *groups, const Vector *arguments, uint32_t rows,
                         Fault *fault)
{
    const Vector *values = &arguments[0];
    const double *data = values->data;
    for (uint32_t i = 0; i < rows; i++) {
        double value = data[vector_row(values, i)];
        if (vector_is_null(values, i) || isnan(value))
            continue;
        Quantiles *sketch = sketch_of(
            call, AGGREGATE_STATE(QuantileState, states, stride, aggregate_group(groups, i)),
            fault);
        if (sketch == NULL || !sketch_add_value(call, sketch, value, fault))
            return false;
    }
    return true;
}

/* --- partials --- */

typedef struct PartialHead {
    uint32_t k, base_count;
    uint64_t count, levels;
} PartialHead;

static uint32_t bit_count(uint64_t bits)
{
    return (uint32_t)__builtin_popcountll(bits);
}

static Text quantile_pack(const Quantiles *sketch, uint32_t k, Arena *arena)
{
    PartialHead head = {
        .k = k, .base_count = sketch->base_count, .count = sketch->count, .levels = sketch->levels};
    size_t values = sketch->base_count + (size_t)bit_count(sketch->levels) * k;
    char *bytes = arena_alloc(arena, sizeof head + values * sizeof(double)), *at = bytes;
    memcpy(at, &head, sizeof head);
    at += sizeof head;
    if (sketch->base_count > 0)
        memcpy(at, sketch->base, sketch->base_count * sizeof(double));
    at += sketch->base_count * sizeof(double);
    for (uint32_t level = 0; level < QUANTILE_LEVELS; level++) {
        if (!(sketch->levels >> level & 1))
            continue;
        memcpy(at, sketch->runs[level], k * sizeof(double));
        at += k * sizeof(double);
    }
    return (Text){bytes, (uint32_t)(at - bytes)};
}

static bool quantile_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                             uint32_t first, uint32_t count, Arena *arena, Vector *result,
                             Fault *fault)
{
    const QuantileSpec *spec = call->prepared;
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        const Quantiles *sketch =
            AGGREGATE_STATE_CONST(QuantileState, states, stride, first + i)->sketch;
        if (sketch == NULL)
            vector_builder_null(&builder);
        else
            vector_builder_text_view(&builder, quantile_pack(sketch, spec->k, arena));
    }
    *result = vector_builder_finish(&builder);
    return true;
}

/* The head of a packed sketch whose length and counts agree. */
static bool take_head(Text packed, PartialHead *head)
{
    if (packed.length < sizeof *head)
        return false;
    memcpy(head, packed.data, sizeof *head);
    bool is_k = head->k >= QUANTILE_LEAST_K && head->k <= QUANTILE_MOST_K &&
                (head->k & (head->k - 1)) == 0;
    return is_k && head->base_count <= 2 * head->k && head->levels >> QUANTILE_LEVELS == 0 &&
           packed.length - sizeof *head ==
               (head->base_count + (size_t)bit_count(head->levels) * head->k) * sizeof(double);
}

/* A run of `count` sorted values at a level, of a sketch whose k is larger by a power of two. */
static bool merge_run(const AggregateCall *call, Quantiles *sketch, const char *values,
                      uint32_t count, uint32_t level, Fault *fault)
{
    const QuantileSpec *spec = call->prepared;
    double *run = aggregate_alloc(call, count * sizeof *run, fault);
    if (run == NULL)
        return false;
    memcpy(run, values, count * sizeof *run);
    sketch->count += (uint64_t)count << (level + 1);
    for (; count > spec->k; count /= 2, level++) {
        uint32_t start = random_bit(sketch);
        for (uint32_t i = 0; i < count / 2; i++)
            run[i] = run[2 * i + start];
    }
    return add_run(call, sketch, run, level, fault);
}

static bool quantile_merge_packed(const AggregateCall *call, Quantiles *sketch, Text packed,
                                  const PartialHead *head, Fault *fault)
{
    const QuantileSpec *spec = call->prepared;
    const char *at = packed.data + sizeof *head;
    if (head->k < spec->k && head->levels != 0)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "a sketch of k %u cannot be added to one of k %u", head->k, spec->k);
    for (uint32_t i = 0; i < head->base_count; i++, at += sizeof(double)) {
        double value;
        memcpy(&value, at, sizeof value);
        if (!isnan(value) && !sketch_add_value(call, sketch, value, fault))
            return false;
    }
    for (uint32_t level = 0; level < QUANTILE_LEVELS; level++) {
        if (!(head->levels >> level & 1))
            continue;
        if (!merge_run(call, sketch, at, head->k, level, fault))
            return false;
        at += head->k * sizeof(double);
    }
    return true;
}

static bool quantile_merge_one(const AggregateCall *call, Quantiles *sketch, Text packed,
                               Fault *fault)
{
    const QuantileSpec *spec = call->prepared;
    PartialHead head;
    if (!take_head(packed, &head) || head.k != spec->k)
        return fault_set(fault, FAULT_DATA_CORRUPTED, "a partial state of %s is malformed",
                         call->function->name);
    return quantile_merge_packed(call, sketch, packed, &head, fault);
}

static bool quantile_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                           const uint32_t *groups, const Vector *partial, uint32_t rows,
                           Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(partial, i))
            continue;
        Quantiles *sketch = sketch_of(
            call, AGGREGATE_STATE(QuantileState, states, stride, aggregate_group(groups, i)),
            fault);
        if (sketch == NULL || !quantile_merge_one(call, sketch, vector_text(partial, i), fault))
            return false;
    }
    return true;
}

/* --- answers --- */

static int by_weighted_value(const void *a, const void *b)
{
    return by_value(&((const WeightedValue *)a)->value, &((const WeightedValue *)b)->value);
}

/* The packed form is what every answer is read from. */
bool quantile_read(Text packed, Arena *arena, QuantileView *view, Fault *fault)
{
    PartialHead head;
    if (!take_head(packed, &head))
        return sketch_fault("quantiles", fault);
    size_t total = head.base_count + (size_t)bit_count(head.levels) * head.k;
    const char *at = packed.data + sizeof head;
    *view = (QuantileView){.k = head.k, .values = ARENA_ARRAY(arena, WeightedValue, total + 1)};
    for (uint32_t i = 0; i < head.base_count; i++, at += sizeof(double)) {
        view->values[view->count].weight = 1;
        memcpy(&view->values[view->count++].value, at, sizeof(double));
    }
    for (uint32_t level = 0; level < QUANTILE_LEVELS; level++)
        for (uint32_t i = 0; (head.levels >> level & 1) && i < head.k; i++, at += sizeof(double)) {
            view->values[view->count].weight = UINT64_C(2) << level;
            memcpy(&view->values[view->count++].value, at, sizeof(double));
        }
    qsort(view->values, view->count, sizeof *view->values, by_weighted_value);
    for (uint32_t i = 0; i < view->count; i++)
        view->total += view->values[i].weight;
    return true;
}

double quantile_at(const QuantileView *view, double fraction)
{
    uint64_t weight = 0, target = (uint64_t)ceil(fraction * (double)view->total);
    for (uint32_t i = 0; i < view->count; i++) {
        weight += view->values[i].weight;
        if (weight >= target)
            return view->values[i].value;
    }
    return view->count == 0 ? (double)NAN : view->values[view->count - 1].value;
}

/* DS_QUANTILES_SKETCH: without a value too it is a sketch. */
static bool quantile_finish_packed(const AggregateCall *call, const uint8_t *states, size_t stride,
                                   uint32_t first, uint32_t count, Arena *arena, Vector *result,
                                   Fault *fault)
{
    const QuantileSpec *spec = call->prepared;
    const Quantiles empty = {0};
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        const Quantiles *sketch =
            AGGREGATE_STATE_CONST(QuantileState, states, stride, first + i)->sketch;
        vector_builder_text_view(&builder,
                                 quantile_pack(sketch == NULL ? &empty : sketch, spec->k, arena));
    }
    *result = vector_builder_finish(&builder);
    return true;
}

/* Of a column of sketches. */
static bool quantile_add_packed(const AggregateCall *call, uint8_t *states, size_t stride,
                                const uint32_t *groups, const Vector *arguments, uint32_t rows,
                                Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        PartialHead head;
        if (vector_is_null(&arguments[0], i))
            continue;
        Text packed = vector_text(&arguments[0], i);
        if (!take_head(packed, &head))
            return sketch_fault("quantiles", fault);
        Quantiles *sketch = sketch_of(
            call, AGGREGATE_STATE(QuantileState, states, stride, aggregate_group(groups, i)),
            fault);
        if (sketch == NULL || !quantile_merge_packed(call, sketch, packed, &head, fault))
            return false;
    }
    return true;
}

static bool quantile_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                            uint32_t first, uint32_t count, Arena *arena, Vector *result,
                            Fault *fault)
{
    const QuantileSpec *spec = call->prepared;
    double *values = arena_alloc_vector(arena, count * sizeof *values);
    for (uint32_t i = 0; i < count; i++) {
        const Quantiles *sketch =
            AGGREGATE_STATE_CONST(QuantileState, states, stride, first + i)->sketch;
        QuantileView view;
        values[i] = (double)NAN;
        if (sketch == NULL)
            continue;
        if (!quantile_read(quantile_pack(sketch, spec->k, arena), arena, &view, fault))
            return false;
        values[i] = quantile_at(&view, spec->fraction);
    }
    *result = vector_flat(LAYOUT_FLOAT64, count, values, NULL);
    return true;
}

#define STATE_METHODS                                                                              \
    .state_size = sizeof(QuantileState), .partial_of = aggregate_type_state,                       \
    .partial = quantile_partial, .merge = quantile_merge
#define QUANTILE_METHODS                                                                           \
    .argument_count = 3, .optional_count = 1, .arguments = { T_FLOAT8, T_FLOAT8, T_INT8 },         \
    .result = T_FLOAT8, .add = quantile_add, .finish = quantile_finish, STATE_METHODS

const AggregateFunction aggregate_approx_quantile_aggregates[] = {
    { .oid = 92030, .name = "approx_quantile_ds", QUANTILE_METHODS, .prepare = quantile_prepare,
      .summary = "About the value below which a fraction of the values lie; NaN without values.",
      .example = "(SELECT approx_quantile_ds(x, 0.5) FROM (VALUES (1), (2), (NULL), (4)) AS t(x))",
      .gives = "2" },
    { .oid = 92031, .name = "approx_quantile", QUANTILE_METHODS, .prepare = quantile_plain_prepare,
      .summary = "About the value below which a fraction of the values lie; the resolution, the "
                 "third argument, is not needed.",
      .example = "(SELECT approx_quantile(x, 0.5) FROM (VALUES (1), (2), (NULL), (4)) AS t(x))",
      .gives = "2" },
    { .oid = 92035, .name = "tdigest_quantile", QUANTILE_METHODS,
      .prepare = quantile_plain_prepare,
      .summary = "About the value below which a fraction of the values lie, by the sketch of "
                 "approx_quantile; the compression, the third argument, is not needed.",
      .example = "(SELECT tdigest_quantile(x, 0.5) FROM (VALUES (1), (2), (NULL), (4)) AS t(x))",
      .gives = "2" },
    { .oid = 92032, .name = "approx_quantile_ds", .argument_count = 3, .optional_count = 1,
      .arguments = { T_QUANTILES_SKETCH, T_FLOAT8, T_INT8 }, .result = T_FLOAT8,
      .prepare = quantile_prepare, .add = quantile_add_packed, .finish = quantile_finish,
      STATE_METHODS,
      .summary = "About the value below which a fraction of the values of sketches lie." },
    { .oid = 92033, .name = "ds_quantiles_sketch", .argument_count = 2, .optional_count = 1,
      .arguments = { T_FLOAT8, T_INT8 }, .result = T_QUANTILES_SKETCH,
      .prepare = quantile_sketch_prepare, .add = quantile_add, .finish = quantile_finish_packed,
      STATE_METHODS, .summary = "A sketch of the values' distribution.",
      .example = "(SELECT ds_get_quantile(ds_quantiles_sketch(x), 0.5) "
                 "FROM (VALUES (1), (2), (4)) AS t(x))",
      .gives = "2" },
    { .oid = 92034, .name = "ds_quantiles_sketch", .argument_count = 2, .optional_count = 1,
      .arguments = { T_QUANTILES_SKETCH, T_INT8 }, .result = T_QUANTILES_SKETCH,
      .prepare = quantile_sketch_prepare, .add = quantile_add_packed,
      .finish = quantile_finish_packed, STATE_METHODS,
      .summary = "The union of sketches of distributions." },
};
const uint32_t aggregate_approx_quantile_aggregate_count =
    sizeof aggregate_approx_quantile_aggregates / sizeof aggregate_approx_quantile_aggregates[0];

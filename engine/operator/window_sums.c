/*
 * Counts, exact sums and means over frames: the running sums of a chunk are made once, and what a
 * frame holds is the difference between two of them, so that every frame costs the same. A frame
 * that only grows needs no running sums but one that is carried on.
 */
#include "engine/operator/window_aggregate_internal.h"

#include "engine/type/decimal.h"

static bool has_values(const WindowAggregate *aggregate)
{
    return aggregate->base.spec->call.argument_count > 0;
}

static bool adds_values(const WindowAggregate *aggregate)
{
    return has_values(aggregate) && strcmp(window_function(aggregate)->name, "count") != 0;
}

/* Number of values that are not null before each passing row. */
static bool make_counts(WindowAggregate *aggregate, Fault *fault)
{
    const Vector *values = &aggregate->arguments[0];
    uint32_t *counts = window_chunk_alloc(
        aggregate, ((size_t)aggregate->passing + 1) * sizeof *counts, fault);
    if (counts == NULL)
        return false;
    counts[0] = 0;
    for (uint32_t i = 0; i < aggregate->passing; i++)
        counts[i + 1] = counts[i] + !vector_is_null(values, i);
    aggregate->counts = counts;
    return true;
}

static inline __int128 value_at(const Vector *values, uint32_t row)
{
    uint32_t at = vector_row(values, row);
    if (vector_is_null(values, row))
        return 0;
    if (values->layout == LAYOUT_INT64)
        return VECTOR_DATA(int64_t, values)[at];
    __int128 wide;
    memcpy(&wide, (const char *)values->data + at * sizeof wide, sizeof wide);
    return wide;
}

/* NaN and infinities of numerics cannot be subtracted again. */
static inline bool is_special(const Vector *values, uint32_t row)
{
    return values->layout == LAYOUT_INT128 && decimal_is_special(value_at(values, row));
}

/* False without a fault when they would overflow. */
static bool make_sums(WindowAggregate *aggregate, bool *overflows, Fault *fault)
{
    const Vector *values = &aggregate->arguments[0];
    __int128 *sums =
        window_chunk_alloc(aggregate, ((size_t)aggregate->passing + 1) * sizeof *sums, fault);
    *overflows = false;
    if (sums == NULL)
        return false;
    sums[0] = 0;
    for (uint32_t i = 0; i < aggregate->passing && !*overflows; i++)
        *overflows = is_special(values, i) ||
                     __builtin_add_overflow(sums[i], value_at(values, i), &sums[i + 1]);
    aggregate->sums = sums;
    return true;
}

static bool sums_begin(WindowCall *call, const WindowChunk *chunk, Fault *fault)
{
    WindowAggregate *aggregate = (WindowAggregate *)call;
    bool overflows = false;
    aggregate->falls_back = false;
    aggregate->sums = NULL;
    aggregate->counts = NULL;
    if (!window_arguments_prepare(aggregate, chunk, fault))
        return false;
    if (aggregate->is_growing || !has_values(aggregate))
        return true;
    if (!make_counts(aggregate, fault))
        return false;
    if (adds_values(aggregate) && !make_sums(aggregate, &overflows, fault))
        return false;
    if (!overflows)
        return true;
    window_arguments_release(aggregate);
    aggregate->falls_back = true;
    return window_tree_methods.begin(call, chunk, fault);
}

/* --- frames --- */

static void difference(const WindowAggregate *aggregate, FrameRange range, __int128 *sum,
                       int64_t *count)
{
    uint32_t first = passing_before(aggregate, range.begin);
    uint32_t last = passing_before(aggregate, range.end);
    if (aggregate->sums != NULL)
        *sum += aggregate->sums[last] - aggregate->sums[first];
    *count += aggregate->counts == NULL ? last - first
                                        : aggregate->counts[last] - aggregate->counts[first];
}

static void frame_sums(const WindowAggregate *aggregate, const WindowChunk *chunk, uint32_t from,
                       const FrameRange *frames, uint32_t count, __int128 *sums, int64_t *counts)
{
    const WindowFrame *frame = &aggregate->base.spec->frame;
    for (uint32_t i = 0; i < count; i++) {
        sums[i] = 0;
        counts[i] = 0;
        if (frame->exclusion == EXCLUDE_NOTHING) {
            difference(aggregate, frames[i], &sums[i], &counts[i]);
            continue;
        }
        FrameRange ranges[FRAME_RANGES];
        window_frame_exclude(chunk, frame, from + i, frames[i], ranges);
        for (int r = 0; r < FRAME_RANGES; r++)
            difference(aggregate, ranges[r], &sums[i], &counts[i]);
    }
}

static void grow_sums(WindowAggregate *aggregate, uint32_t end)
{
    uint32_t first = passing_before(aggregate, (uint32_t)aggregate->added);
    uint32_t last = passing_before(aggregate, end);
    aggregate->added = end;
    if (!has_values(aggregate)) {
        aggregate->count += last - first;
        return;
    }
    const Vector *values = &aggregate->arguments[0];
    bool adds = adds_values(aggregate);
    for (uint32_t i = first; i < last; i++) {
        aggregate->count += !vector_is_null(values, i);
        if (adds)
            aggregate->sum += value_at(values, i);
    }
}

/* Sums of integers carried from row to row: 2^31 of them fit. */
static void growing_sums(WindowAggregate *aggregate, const WindowChunk *chunk, uint32_t from,
                         const FrameRange *frames, uint32_t count, __int128 *sums, int64_t *counts)
{
    for (uint32_t i = 0; i < count; i++) {
        if (partition_begin(chunk, chunk_partition(chunk, from + i)) == (int64_t)(from + i)) {
            aggregate->sum = 0;
            aggregate->count = 0;
            aggregate->added = from + i;
        }
        if ((int64_t)frames[i].end > aggregate->added)
            grow_sums(aggregate, frames[i].end);
        sums[i] = aggregate->sum;
        counts[i] = aggregate->count;
    }
}

static bool sums_compute(WindowCall *call, const WindowChunk *chunk, uint32_t from, uint32_t to,
                         Arena *arena, Vector *result, Fault *fault)
{
    WindowAggregate *aggregate = (WindowAggregate *)call;
    if (aggregate->falls_back)
        return window_tree_methods.compute(call, chunk, from, to, arena, result, fault);
    uint32_t count = to - from;
    const AggregateFunction *function = window_function(aggregate);
    FrameRange *frames = ARENA_ARRAY(arena, FrameRange, count);
    __int128 *sums = arena_alloc_vector(arena, count * sizeof *sums);
    int64_t *counts = arena_alloc_vector(arena, count * sizeof *counts);
    uint8_t *states = arena_alloc_vector(arena, count * aggregate->stride);
    window_frames(chunk, call->operator_spec, &call->spec->frame, from, to, frames);
    if (aggregate->is_growing)
        growing_sums(aggregate, chunk, from, frames, count, sums, counts);
    else
        frame_sums(aggregate, chunk, from, frames, count, sums, counts);
    window_states_init(aggregate, &aggregate->running, states, count);
    function->from_sums(&aggregate->running.call, states, aggregate->stride, sums, counts, count);
    return function->finish(&aggregate->running.call, states, aggregate->stride, 0, count, arena,
                            result, fault);
}

static void sums_end(WindowCall *call, uint32_t dropped)
{
    WindowAggregate *aggregate = (WindowAggregate *)call;
    if (aggregate->falls_back) {
        window_tree_methods.end(call, dropped);
        return;
    }
    aggregate->added = aggregate->added > dropped ? aggregate->added - dropped : 0;
    window_arguments_release(aggregate);
}

const WindowMethods window_sums_methods = {
    .begin = sums_begin, .compute = sums_compute, .end = sums_end};

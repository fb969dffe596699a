/*
 * Aggregates as window functions.
 *
 * How depends on the frame and on the aggregate:
 *
 *   whole partition    one state a partition, all rows added at once, one value a partition
 *   exact sums         counts, sums and means of integers and numerics: differences of running
 *                      sums, for every frame (window_sums.c)
 *   growing frame      one state, to which what is new is added; a value where the frame's end
 *                      moves. Where a state is plain bytes it is copied then, and all copies are
 *                      finished at once.
 *   anything else      a segment tree of partial states (window_tree.c)
 *
 * Each is linear in the rows, but for the tree, where a row costs the logarithm of its frame.
 */
#include "engine/operator/window_aggregate_internal.h"

/* --- memory --- */

static bool bound_aggregate_init(BoundAggregate *bound, const StageAggregate *spec,
                                 OperatorContext *context, Fault *fault)
{
    bound->arena = arena_new("window states");
    budget_init_child(&bound->budget, context->budget, INT64_MAX);
    bound->call = (AggregateCall){.function = spec->function,
                                  .argument_count = spec->argument_count,
                                  .argument_types = spec->argument_types,
                                  .result_type = spec->result,
                                  .constants = spec->constants,
                                  .context = context->types,
                                  .arena = bound->arena,
                                  .budget = &bound->budget};
    return spec->function->prepare == NULL ||
           spec->function->prepare(&bound->call, context->arena, fault);
}

void bound_aggregate_reset(BoundAggregate *bound)
{
    arena_reset(bound->arena);
    budget_release_all(&bound->budget);
}

static void bound_aggregate_clear(BoundAggregate *bound)
{
    budget_release_all(&bound->budget);
    arena_free(bound->arena);
}

void *window_chunk_alloc(WindowAggregate *aggregate, size_t size, Fault *fault)
{
    if (!budget_reserve(&aggregate->budget, size, fault))
        return NULL;
    return arena_alloc_vector(aggregate->arena, size);
}

void window_arguments_release(WindowAggregate *aggregate)
{
    arena_reset(aggregate->arena);
    budget_release_all(&aggregate->budget);
}

/* --- arguments --- */

/* Lists the rows that pass FILTER. */
static bool filter_rows(WindowAggregate *aggregate, const WindowChunk *chunk, Fault *fault)
{
    uint32_t count = chunk->rows->rows, passing = 0;
    const Vector *filter = &chunk->rows->columns[aggregate->base.spec->call.filter];
    uint32_t *rank = window_chunk_alloc(aggregate, ((size_t)count + 1) * sizeof *rank, fault);
    uint32_t *rows =
        rank == NULL ? NULL : window_chunk_alloc(aggregate, (size_t)count * sizeof *rows, fault);
    if (rows == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        rank[i] = passing;
        if (!vector_is_null(filter, i) && VECTOR_DATA(uint8_t, filter)[vector_row(filter, i)] != 0)
            rows[passing++] = i;
    }
    rank[count] = passing;
    aggregate->rank = rank;
    aggregate->rows = rows;
    aggregate->passing = passing;
    return true;
}

bool window_arguments_prepare(WindowAggregate *aggregate, const WindowChunk *chunk, Fault *fault)
{
    const StageAggregate *spec = &aggregate->base.spec->call;
    aggregate->rank = aggregate->rows = NULL;
    aggregate->passing = chunk->rows->rows;
    if (spec->filter >= 0 && !filter_rows(aggregate, chunk, fault))
        return false;
    aggregate->arguments = ARENA_ARRAY(aggregate->arena, Vector, spec->argument_count + 1);
    for (uint32_t i = 0; i < spec->argument_count; i++) {
        Vector *argument = &aggregate->arguments[i];
        if (spec->constants[i] != NULL) {
            *argument = *spec->constants[i];
            argument->length = aggregate->passing;
            continue;
        }
        const Vector *column = &chunk->rows->columns[spec->arguments[i]];
        *argument = *column;
        if (aggregate->rows == NULL)
            continue;
        if (!budget_reserve(&aggregate->budget, vector_footprint(column), fault))
            return false;
        *argument =
            vector_gather(aggregate->arena, column, aggregate->rows, aggregate->passing);
    }
    return true;
}

void window_states_init(const WindowAggregate *aggregate, const BoundAggregate *bound,
                        uint8_t *states, uint32_t count)
{
    const AggregateFunction *function = window_function(aggregate);
    memset(states, 0, (size_t)count * aggregate->stride);
    for (uint32_t i = 0; function->init != NULL && i < count; i++)
        function->init(&bound->call, states + (size_t)i * aggregate->stride);
}

bool window_states_add(WindowAggregate *aggregate, BoundAggregate *bound, uint8_t *states,
                       const uint32_t *groups, uint32_t first, uint32_t count, Fault *fault)
{
    enum { MANY_ARGUMENTS = FUNCTION_MAX_ARGS };
    Vector pieces[MANY_ARGUMENTS];
    const StageAggregate *spec = &aggregate->base.spec->call;
    for (uint32_t i = 0; i < spec->argument_count; i++)
        pieces[i] = vector_slice(&aggregate->arguments[i], first, count);
    return spec->function->add(&bound->call, states, aggregate->stride, groups, pieces, count,
                               fault);
}

/* --- whole partitions --- */

/* Adds the passing rows of buffer rows [from, to), each to its partition's state. */
static bool add_to_partitions(WindowAggregate *aggregate, const WindowChunk *chunk,
                              uint8_t *states, uint32_t from, uint32_t to, Fault *fault)
{
    uint32_t groups[BATCH_ROWS];
    uint32_t first = passing_before(aggregate, from), end = passing_before(aggregate, to);
    for (uint32_t at = first; at < end; at += BATCH_ROWS) {
        uint32_t count = end - at < BATCH_ROWS ? end - at : BATCH_ROWS;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t row = aggregate->rows == NULL ? at + i : aggregate->rows[at + i];
            groups[i] = chunk_partition(chunk, row) - aggregate->first_partition;
        }
        if (window_is_cancelled(aggregate->base.context, fault) ||
            !window_states_add(aggregate, &aggregate->running, states, groups, at, count, fault))
            return false;
    }
    return true;
}

static bool whole_begin(WindowCall *call, const WindowChunk *chunk, Fault *fault)
{
    WindowAggregate *aggregate = (WindowAggregate *)call;
    if (!window_arguments_prepare(aggregate, chunk, fault))
        return false;
    aggregate->first_partition = chunk_partition(chunk, chunk->first);
    uint32_t count = chunk_partition(chunk, chunk->end - 1) - aggregate->first_partition + 1;
    uint8_t *states = window_chunk_alloc(aggregate, count * aggregate->stride, fault);
    if (states == NULL)
        return false;
    window_states_init(aggregate, &aggregate->running, states, count);
    return add_to_partitions(aggregate, chunk, states, chunk->first, chunk->end, fault) &&
           window_function(aggregate)->finish(&aggregate->running.call, states, aggregate->stride,
                                              0, count, aggregate->arena, &aggregate->values,
                                              fault) &&
           budget_reserve(&aggregate->budget, vector_footprint(&aggregate->values), fault);
}

static bool whole_compute(WindowCall *call, const WindowChunk *chunk, uint32_t from, uint32_t to,
                          Arena *arena, Vector *result, Fault *fault)
{
    (void)fault;
    WindowAggregate *aggregate = (WindowAggregate *)call;
    uint32_t *partitions = arena_alloc_vector(arena, (to - from) * sizeof *partitions);
    for (uint32_t row = from; row < to; row++)
        partitions[row - from] = chunk_partition(chunk, row) - aggregate->first_partition;
    *result = vector_gather(arena, &aggregate->values, partitions, to - from);
    return true;
}

static void whole_end(WindowCall *call, uint32_t dropped)
{
    (void)dropped;
    WindowAggregate *aggregate = (WindowAggregate *)call;
    bound_aggregate_reset(&aggregate->running);
    window_arguments_release(aggregate);
}

/* --- growing frames --- */

static bool growing_begin(WindowCall *call, const WindowChunk *chunk, Fault *fault)
{
    return window_arguments_prepare((WindowAggregate *)call, chunk, fault);
}

/* Brings the state up to the frame's end. One group for all rows, told row by row, so that
 * floating-point values are added in their order. */
static bool grow_to(WindowAggregate *aggregate, uint32_t end, Fault *fault)
{
    static const uint32_t one_group[BATCH_ROWS];
    uint32_t first = passing_before(aggregate, (uint32_t)aggregate->added);
    uint32_t last = passing_before(aggregate, end);
    aggregate->added = end;
    for (uint32_t at = first; at < last; at += BATCH_ROWS) {
        uint32_t count = last - at < BATCH_ROWS ? last - at : BATCH_ROWS;
        if (!window_states_add(aggregate, &aggregate->running, aggregate->state, one_group, at,
                               count, fault))
            return false;
    }
    return true;
}

/* The values at hand: of the state as it was each time. */
typedef struct Snapshots {
    WindowAggregate *aggregate;
    Arena *arena;
    uint32_t count;
    uint8_t *states; /* copies of plain states */
    Vector *parts;   /* else finished values */
} Snapshots;

static bool snapshot_take(Snapshots *snapshots, Fault *fault)
{
    WindowAggregate *aggregate = snapshots->aggregate;
    const AggregateFunction *function = window_function(aggregate);
    uint32_t at = snapshots->count++;
    if (function->has_plain_state) {
        memcpy(snapshots->states + at * aggregate->stride, aggregate->state, aggregate->stride);
        return true;
    }
    return function->finish(&aggregate->running.call, aggregate->state, aggregate->stride, 0, 1,
                            snapshots->arena, &snapshots->parts[at], fault) &&
           budget_reserve(&aggregate->piece_budget, vector_footprint(&snapshots->parts[at]), fault);
}

static bool snapshots_finish(const Snapshots *snapshots, Vector *values, Fault *fault)
{
    WindowAggregate *aggregate = snapshots->aggregate;
    const AggregateFunction *function = window_function(aggregate);
    if (function->has_plain_state)
        return function->finish(&aggregate->running.call, snapshots->states, aggregate->stride, 0,
                                snapshots->count, snapshots->arena, values, fault);
    size_t size = 0;
    for (uint32_t i = 0; i < snapshots->count; i++)
        size += vector_footprint(&snapshots->parts[i]);
    if (!budget_reserve(&aggregate->piece_budget, size, fault))
        return false;
    *values = vector_concatenate(snapshots->arena, snapshots->parts, snapshots->count);
    return true;
}

static void growing_restart(WindowAggregate *aggregate, uint32_t row)
{
    bound_aggregate_reset(&aggregate->running);
    window_states_init(aggregate, &aggregate->running, aggregate->state, 1);
    aggregate->added = row;
}

static bool growing_compute(WindowCall *call, const WindowChunk *chunk, uint32_t from, uint32_t to,
                            Arena *arena, Vector *result, Fault *fault)
{
    WindowAggregate *aggregate = (WindowAggregate *)call;
    uint32_t count = to - from;
    FrameRange *frames = ARENA_ARRAY(arena, FrameRange, count);
    uint32_t *which = arena_alloc_vector(arena, count * sizeof *which);
    Snapshots snapshots = {.aggregate = aggregate,
                           .arena = arena,
                           .states = arena_alloc_vector(arena, count * aggregate->stride),
                           .parts = ARENA_ARRAY(arena, Vector, count)};
    budget_release_all(&aggregate->piece_budget);
    window_frames(chunk, call->operator_spec, &call->spec->frame, from, to, frames);
    for (uint32_t row = from; row < to; row++) {
        bool is_new = partition_begin(chunk, chunk_partition(chunk, row)) == (int64_t)row;
        uint32_t end = frames[row - from].end;
        if (is_new)
            growing_restart(aggregate, row);
        bool has_moved = (int64_t)end > aggregate->added;
        if (has_moved && !grow_to(aggregate, end, fault))
            return false;
        if ((is_new || has_moved || row == from) && !snapshot_take(&snapshots, fault))
            return false;
        which[row - from] = snapshots.count - 1;
    }
    Vector values;
    if (!snapshots_finish(&snapshots, &values, fault))
        return false;
    *result = snapshots.count == count ? values : vector_gather(arena, &values, which, count);
    return true;
}

static void growing_end(WindowCall *call, uint32_t dropped)
{
    WindowAggregate *aggregate = (WindowAggregate *)call;
    aggregate->added = aggregate->added > dropped ? aggregate->added - dropped : 0;
    window_arguments_release(aggregate);
}

/* --- making --- */

static void aggregate_close(WindowCall *call)
{
    WindowAggregate *aggregate = (WindowAggregate *)call;
    bound_aggregate_clear(&aggregate->running);
    bound_aggregate_clear(&aggregate->building);
    budget_release_all(&aggregate->budget);
    budget_release_all(&aggregate->piece_budget);
    arena_free(aggregate->arena);
}

static const WindowMethods whole_methods = {.begin = whole_begin,
                                            .compute = whole_compute,
                                            .end = whole_end,
                                            .close = aggregate_close};
static const WindowMethods growing_methods = {.begin = growing_begin,
                                              .compute = growing_compute,
                                              .end = growing_end,
                                              .close = aggregate_close};

/* Whether frames are differences of running sums. */
static bool is_summed(const StageAggregate *spec, const WindowFrame *frame)
{
    if (spec->function->from_sums == NULL)
        return false;
    if (spec->argument_count == 0)
        return true;
    Layout layout = type_layout(spec->argument_types[0]);
    /* A numeric's running sum may overflow where no frame does: states know how to tell. */
    return strcmp(spec->function->name, "count") == 0 || layout == LAYOUT_INT64 ||
           (layout == LAYOUT_INT128 && !window_frame_is_growing(frame));
}

static void choose_methods(WindowAggregate *aggregate, WindowMethods *methods)
{
    const OperatorSpec *spec = aggregate->base.operator_spec;
    const WindowFrame *frame = &aggregate->base.spec->frame;
    aggregate->is_growing = window_frame_is_growing(frame);
    aggregate->base.needs = window_frame_needs(frame, spec->window.order_count);
    if (window_frame_is_whole(frame, spec->window.order_count)) {
        *methods = whole_methods;
        aggregate->base.needs = (WindowNeeds){.partition = true};
    } else if (is_summed(&aggregate->base.spec->call, frame)) {
        *methods = window_sums_methods;
    } else if (aggregate->is_growing) {
        *methods = growing_methods;
    } else {
        *methods = window_tree_methods;
    }
    methods->close = aggregate_close;
}

WindowCall *window_aggregate_make(const OperatorSpec *spec, const StageWindowFunction *function,
                                  OperatorContext *context, Fault *fault)
{
    if (function->call.argument_count > FUNCTION_MAX_ARGS) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "too many arguments of a window function");
        return NULL;
    }
    WindowAggregate *aggregate = ARENA_NEW(context->arena, WindowAggregate);
    WindowMethods *methods = ARENA_NEW(context->arena, WindowMethods);
    aggregate->base = (WindowCall){
        .methods = methods, .operator_spec = spec, .spec = function, .context = context};
    aggregate->stride = (function->call.function->state_size + 7u) & ~7u;
    aggregate->stride = aggregate->stride == 0 ? 8 : aggregate->stride;
    aggregate->arena = arena_new("window chunk");
    budget_init_child(&aggregate->budget, context->budget, INT64_MAX);
    budget_init_child(&aggregate->piece_budget, context->budget, INT64_MAX);
    aggregate->state = arena_zalloc(context->arena, aggregate->stride);
    choose_methods(aggregate, methods);
    bool is_bound = bound_aggregate_init(&aggregate->running, &function->call, context, fault);
    if (!bound_aggregate_init(&aggregate->building, &function->call, context, fault) || !is_bound) {
        aggregate_close(&aggregate->base);
        return NULL;
    }
    return &aggregate->base;
}

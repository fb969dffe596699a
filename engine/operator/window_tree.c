/*
 * Aggregates over frames that move, by a segment tree.
 *
 * The leaves are the rows, a node of the next level is the partial state of TREE_FANOUT of them,
 * and so on. A frame is a few rows at its ends and a few nodes of each level between, which are
 * joined from left to right, so that the order of rows is kept where it matters. Building, looking up
 * and finishing work on many states with one call each, with the methods that grouping uses:
 * adding rows, partial states as columns, merging them. (Leis, Kundhikanjana, Kemper and Neumann,
 * "Efficient Processing of Window Functions in Analytical SQL Queries", VLDB 2015.)
 *
 * A frame of a few rows is added row by row, which is also what floating-point sums want.
 */
#include "engine/operator/window_aggregate_internal.h"

enum {
    TREE_FANOUT = 16,
    DIRECT_ROWS = 64,    /* frames up to this are not looked up in the tree */
    PAIRS = 4 * BATCH_ROWS, /* (row, node) joined with one call */
};

/* --- building --- */

static bool finish_level(WindowAggregate *aggregate, uint8_t *states, uint32_t count, Fault *fault)
{
    TreeLevel *level = &aggregate->levels[aggregate->level_count];
    level->count = count;
    if (!window_function(aggregate)->partial(&aggregate->building.call, states, aggregate->stride,
                                             0, count, aggregate->arena, &level->partials, fault) ||
        !budget_reserve(&aggregate->budget, vector_footprint(&level->partials), fault))
        return false;
    aggregate->level_count++;
    return true;
}

/* Joins items [0, count) of the level below (0: rows) in states of TREE_FANOUT each. */
static bool fill_level(WindowAggregate *aggregate, uint8_t *states, uint32_t count, Fault *fault)
{
    uint32_t groups[BATCH_ROWS];
    for (uint32_t at = 0; at < count; at += BATCH_ROWS) {
        uint32_t piece = count - at < BATCH_ROWS ? count - at : BATCH_ROWS;
        bool is_added;
        for (uint32_t i = 0; i < piece; i++)
            groups[i] = (at + i) / TREE_FANOUT;
        if (window_is_cancelled(aggregate->base.context, fault))
            return false;
        if (aggregate->level_count == 0) {
            is_added = window_states_add(aggregate, &aggregate->building, states, groups, at,
                                         piece, fault);
        } else {
            const TreeLevel *below = &aggregate->levels[aggregate->level_count - 1];
            Vector partials = vector_slice(&below->partials, at, piece);
            is_added = window_function(aggregate)->merge(&aggregate->building.call, states,
                                                         aggregate->stride, groups, &partials,
                                                         piece, fault);
        }
        if (!is_added)
            return false;
    }
    return true;
}

static bool build(WindowAggregate *aggregate, Fault *fault)
{
    uint32_t count = aggregate->passing;
    while (count > TREE_FANOUT && aggregate->level_count < TREE_LEVELS) {
        uint32_t nodes = (count + TREE_FANOUT - 1) / TREE_FANOUT;
        uint8_t *states = window_chunk_alloc(aggregate, nodes * aggregate->stride, fault);
        if (states == NULL)
            return false;
        window_states_init(aggregate, &aggregate->building, states, nodes);
        if (!fill_level(aggregate, states, count, fault) ||
            !finish_level(aggregate, states, nodes, fault))
            return false;
        count = nodes;
    }
    return true;
}

/* Frames that are known to have few rows need no tree. */
static bool is_narrow(const WindowFrame *frame)
{
    if (frame->mode != FRAME_ROWS || frame->start == BOUND_UNBOUNDED_PRECEDING ||
        frame->end == BOUND_UNBOUNDED_FOLLOWING)
        return false;
    int64_t before = frame->start == BOUND_PRECEDING   ? -frame->start_offset
                     : frame->start == BOUND_FOLLOWING ? frame->start_offset
                                                       : 0;
    int64_t after = frame->end == BOUND_PRECEDING   ? -frame->end_offset
                    : frame->end == BOUND_FOLLOWING ? frame->end_offset
                                                    : 0;
    int64_t width;
    return !__builtin_sub_overflow(after, before, &width) && width < DIRECT_ROWS;
}

static bool tree_begin(WindowCall *call, const WindowChunk *chunk, Fault *fault)
{
    WindowAggregate *aggregate = (WindowAggregate *)call;
    aggregate->level_count = 0;
    if (!window_arguments_prepare(aggregate, chunk, fault))
        return false;
    return is_narrow(&call->spec->frame) || build(aggregate, fault);
}

/* --- looking up --- */

/* Items of one level to be joined to the states of a piece's rows. */
typedef struct Lookup {
    WindowAggregate *aggregate;
    uint8_t *states;
    uint32_t level; /* 0: rows */
    uint32_t count;
    uint32_t groups[PAIRS], items[PAIRS];
    Arena *arena;
    Fault *fault;
} Lookup;

static bool flush(Lookup *lookup)
{
    WindowAggregate *aggregate = lookup->aggregate;
    const AggregateFunction *function = window_function(aggregate);
    BoundAggregate *bound = &aggregate->running;
    uint32_t count = lookup->count;
    lookup->count = 0;
    if (count == 0)
        return true;
    if (window_is_cancelled(aggregate->base.context, lookup->fault))
        return false;
    arena_reset(lookup->arena);
    if (lookup->level > 0) {
        Vector partials =
            vector_gather(lookup->arena, &aggregate->levels[lookup->level - 1].partials,
                          lookup->items, count);
        return function->merge(&bound->call, lookup->states, aggregate->stride, lookup->groups,
                               &partials, count, lookup->fault);
    }
    Vector arguments[FUNCTION_MAX_ARGS];
    for (uint32_t i = 0; i < bound->call.argument_count; i++)
        arguments[i] =
            vector_gather(lookup->arena, &aggregate->arguments[i], lookup->items, count);
    return function->add(&bound->call, lookup->states, aggregate->stride, lookup->groups, arguments,
                         count, lookup->fault);
}

static bool join_items(Lookup *lookup, uint32_t group, uint32_t begin, uint32_t end)
{
    for (uint32_t item = begin; item < end; item++) {
        if (lookup->count == PAIRS && !flush(lookup))
            return false;
        lookup->groups[lookup->count] = group;
        lookup->items[lookup->count++] = item;
    }
    return true;
}

/* One range a row, and what is left of it between the ends that were joined already. */
typedef struct Spans {
    uint32_t count;
    FrameRange *middle;                     /* at the level at hand; empty when done */
    FrameRange *right[TREE_LEVELS + 1];     /* to be joined on the way down */
} Spans;

/* The left ends of the level, or all of what is short; the rest goes one level up. */
static bool climb(Lookup *lookup, Spans *spans, bool is_top)
{
    uint32_t level = lookup->level;
    for (uint32_t i = 0; i < spans->count; i++) {
        FrameRange *span = &spans->middle[i];
        uint32_t begin = span->begin, end = span->end;
        uint32_t least = level == 0 ? DIRECT_ROWS : 2 * TREE_FANOUT;
        spans->right[level][i] = (FrameRange){0, 0};
        if (is_top || end - begin <= least) {
            if (!join_items(lookup, i, begin, end))
                return false;
            *span = (FrameRange){0, 0};
            continue;
        }
        uint32_t first = (begin + TREE_FANOUT - 1) / TREE_FANOUT, last = end / TREE_FANOUT;
        if (!join_items(lookup, i, begin, first * TREE_FANOUT))
            return false;
        spans->right[level][i] = (FrameRange){last * TREE_FANOUT, end};
        *span = (FrameRange){first, last};
    }
    return flush(lookup);
}

static bool descend(Lookup *lookup, const Spans *spans)
{
    const FrameRange *right = spans->right[lookup->level];
    for (uint32_t i = 0; i < spans->count; i++)
        if (!join_items(lookup, i, right[i].begin, right[i].end))
            return false;
    return flush(lookup);
}

static bool join_spans(Lookup *lookup, Spans *spans)
{
    uint32_t top = lookup->aggregate->level_count;
    for (lookup->level = 0; lookup->level <= top; lookup->level++)
        if (!climb(lookup, spans, lookup->level == top))
            return false;
    for (lookup->level = top; lookup->level-- > 0;)
        if (!descend(lookup, spans))
            return false;
    return true;
}

static bool join_frames(Lookup *lookup, const WindowChunk *chunk, uint32_t from, uint32_t to,
                        Arena *arena)
{
    WindowAggregate *aggregate = lookup->aggregate;
    const WindowFrame *frame = &aggregate->base.spec->frame;
    uint32_t count = to - from;
    FrameRange *frames = ARENA_ARRAY(arena, FrameRange, count);
    Spans spans = {.count = count, .middle = ARENA_ARRAY(arena, FrameRange, count)};
    for (uint32_t i = 0; i <= aggregate->level_count; i++)
        spans.right[i] = ARENA_ARRAY(arena, FrameRange, count);
    window_frames(chunk, aggregate->base.operator_spec, frame, from, to, frames);
    int range_count = frame->exclusion == EXCLUDE_NOTHING ? 1 : FRAME_RANGES;
    for (int r = 0; r < range_count; r++) {
        for (uint32_t i = 0; i < count; i++) {
            FrameRange ranges[FRAME_RANGES];
            window_frame_exclude(chunk, frame, from + i, frames[i], ranges);
            spans.middle[i] = (FrameRange){passing_before(aggregate, ranges[r].begin),
                                           passing_before(aggregate, ranges[r].end)};
        }
        if (!join_spans(lookup, &spans))
            return false;
    }
    return true;
}

static bool tree_compute(WindowCall *call, const WindowChunk *chunk, uint32_t from, uint32_t to,
                         Arena *arena, Vector *result, Fault *fault)
{
    WindowAggregate *aggregate = (WindowAggregate *)call;
    uint32_t count = to - from;
    bound_aggregate_reset(&aggregate->running);
    budget_release_all(&aggregate->piece_budget);
    Lookup *lookup = ARENA_NEW(arena, Lookup);
    lookup->aggregate = aggregate;
    lookup->states = arena_alloc_vector(arena, count * aggregate->stride);
    lookup->fault = fault;
    lookup->arena = arena_new("window lookup");
    window_states_init(aggregate, &aggregate->running, lookup->states, count);
    bool is_joined = join_frames(lookup, chunk, from, to, arena);
    arena_free(lookup->arena);
    return is_joined &&
           window_function(aggregate)->finish(&aggregate->running.call, lookup->states,
                                              aggregate->stride, 0, count, arena, result, fault) &&
           budget_reserve(&aggregate->piece_budget, vector_footprint(result), fault);
}

static void tree_end(WindowCall *call, uint32_t dropped)
{
    (void)dropped;
    WindowAggregate *aggregate = (WindowAggregate *)call;
    bound_aggregate_reset(&aggregate->building);
    bound_aggregate_reset(&aggregate->running);
    window_arguments_release(aggregate);
}

const WindowMethods window_tree_methods = {
    .begin = tree_begin, .compute = tree_compute, .end = tree_end};

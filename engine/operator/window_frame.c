/*
 * Where partitions, groups of peers and frames begin and end.
 */
#include "engine/operator/window_internal.h"

/* --- partitions and peers --- */

void window_borders_init(WindowBorders *borders, Budget *budget)
{
    *borders = (WindowBorders){.budget = budget, .last = arena_new("window keys")};
}

void window_borders_clear(WindowBorders *borders)
{
    grow_array_free(&borders->partitions, borders->budget);
    grow_array_free(&borders->groups, borders->budget);
    grow_array_free(&borders->partition_of, borders->budget);
    grow_array_free(&borders->group_of, borders->budget);
    arena_free(borders->last);
}

/* differs[i] |= row i is not equal to row i - 1, for i from 1. */
static void mark_changes(const Vector *vector, uint8_t *differs)
{
    if (vector->form == VECTOR_CONSTANT)
        return;
    bool by_code = vector->form == VECTOR_DICTIONARY && vector->dictionary->is_unique;
    if (by_code) {
        const uint32_t *codes = vector->data;
        for (uint32_t i = 1; i < vector->length; i++)
            differs[i] |= codes[i] != codes[i - 1];
    } else if (vector->layout == LAYOUT_INT64 && vector->nulls == NULL) {
        const int64_t *values = vector->data;
        for (uint32_t i = 1; i < vector->length; i++)
            differs[i] |= values[i] != values[i - 1];
    } else {
        for (uint32_t i = 1; i < vector->length; i++)
            if (!differs[i])
                differs[i] = !vector_rows_equal(vector, i, vector, i - 1);
    }
}

static uint32_t key_column(const OperatorSpec *spec, uint32_t key)
{
    return key < spec->window.partition_count
               ? spec->window.partition[key]
               : spec->window.order[key - spec->window.partition_count].column;
}

/* Whether row 0 begins something among keys [from, to): it differs from the last row known. */
static bool begins_anew(const WindowBorders *borders, const OperatorSpec *spec, const Batch *batch,
                        uint32_t from, uint32_t to)
{
    if (borders->last_keys == NULL)
        return true;
    for (uint32_t k = from; k < to; k++)
        if (!vector_rows_equal(&batch->columns[key_column(spec, k)], 0,
                               &borders->last_keys->columns[k], 0))
            return true;
    return false;
}

static void keep_last(WindowBorders *borders, const OperatorSpec *spec, const Batch *batch)
{
    uint32_t count = spec->window.partition_count + spec->window.order_count;
    arena_reset(borders->last);
    Batch *keys = batch_make(borders->last, count, 1);
    uint32_t row = batch->rows - 1;
    for (uint32_t k = 0; k < count; k++) {
        Vector one = vector_gather(borders->last, &batch->columns[key_column(spec, k)], &row, 1);
        keys->columns[k] = vector_copy(borders->last, &one);
    }
    borders->last_keys = keys;
}

static bool reserve_rows(WindowBorders *borders, uint32_t rows, Fault *fault)
{
    size_t total = (size_t)borders->rows + rows + 1;
    return grow_array(&borders->partition_of, borders->budget, total * sizeof(uint32_t), fault) &&
           grow_array(&borders->group_of, borders->budget, total * sizeof(uint32_t), fault) &&
           grow_array(&borders->groups, borders->budget,
                      ((size_t)borders->group_count + rows) * sizeof(int64_t), fault) &&
           grow_array(&borders->partitions, borders->budget,
                      ((size_t)borders->partition_count + rows) * sizeof(WindowPartition), fault);
}

bool window_borders_add(WindowBorders *borders, const OperatorSpec *spec, const Batch *batch,
                        Arena *arena, Fault *fault)
{
    uint32_t rows = batch->rows, keys = spec->window.partition_count;
    if (rows == 0)
        return true;
    if (!reserve_rows(borders, rows, fault))
        return false;
    uint8_t *new_partition = arena_zalloc(arena, rows);
    uint8_t *new_group = arena_zalloc(arena, rows);
    for (uint32_t k = 0; k < keys; k++)
        mark_changes(&batch->columns[key_column(spec, k)], new_partition);
    for (uint32_t k = keys; k < keys + spec->window.order_count; k++)
        mark_changes(&batch->columns[key_column(spec, k)], new_group);
    new_partition[0] = begins_anew(borders, spec, batch, 0, keys);
    new_group[0] = begins_anew(borders, spec, batch, keys, keys + spec->window.order_count);
    WindowPartition *partitions = borders->partitions.data;
    int64_t *groups = borders->groups.data;
    uint32_t *partition_of = borders->partition_of.data, *group_of = borders->group_of.data;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t row = borders->rows + i;
        if (new_partition[i] || new_group[i])
            groups[borders->group_count++] = row;
        if (new_partition[i])
            partitions[borders->partition_count++] =
                (WindowPartition){.begin = row, .first_group = borders->group_count - 1};
        partition_of[row] = borders->partition_count - 1;
        group_of[row] = borders->group_count - 1;
    }
    borders->rows += rows;
    keep_last(borders, spec, batch);
    return true;
}

/* The last partition and group stay known even when all of their rows go: they may continue. */
void window_borders_drop(WindowBorders *borders, uint32_t count)
{
    if (count == 0)
        return;
    WindowPartition *partitions = borders->partitions.data;
    int64_t *groups = borders->groups.data;
    uint32_t *partition_of = borders->partition_of.data, *group_of = borders->group_of.data;
    uint32_t kept = count < borders->rows ? count : borders->rows - 1;
    uint32_t gone_partitions = partition_of[kept], gone_groups = group_of[kept];
    for (uint32_t i = count; i < borders->rows; i++) {
        partition_of[i - count] = partition_of[i] - gone_partitions;
        group_of[i - count] = group_of[i] - gone_groups;
    }
    for (uint32_t i = gone_partitions; i < borders->partition_count; i++)
        partitions[i - gone_partitions] =
            (WindowPartition){.begin = partitions[i].begin - count,
                              .first_group = partitions[i].first_group - gone_groups};
    for (uint32_t i = gone_groups; i < borders->group_count; i++)
        groups[i - gone_groups] = groups[i] - count;
    borders->partition_count -= gone_partitions;
    borders->group_count -= gone_groups;
    borders->rows -= count;
}

/* --- frames --- */

bool window_frame_is_whole(const WindowFrame *frame, uint32_t order_count)
{
    if (frame->exclusion != EXCLUDE_NOTHING)
        return false;
    bool all_peers = frame->mode == FRAME_RANGE && order_count == 0;
    bool from_first = frame->start == BOUND_UNBOUNDED_PRECEDING ||
                      (all_peers && frame->start == BOUND_CURRENT);
    bool to_last =
        frame->end == BOUND_UNBOUNDED_FOLLOWING || (all_peers && frame->end == BOUND_CURRENT);
    return from_first && to_last;
}

bool window_frame_is_growing(const WindowFrame *frame)
{
    return frame->start == BOUND_UNBOUNDED_PRECEDING && frame->exclusion == EXCLUDE_NOTHING;
}

WindowNeeds window_frame_needs(const WindowFrame *frame, uint32_t order_count)
{
    WindowNeeds needs = {0};
    bool has_offset = frame->start == BOUND_PRECEDING || frame->start == BOUND_FOLLOWING ||
                      frame->end == BOUND_PRECEDING || frame->end == BOUND_FOLLOWING;
    if (frame->exclusion != EXCLUDE_NOTHING || frame->end == BOUND_UNBOUNDED_FOLLOWING ||
        (frame->mode != FRAME_ROWS &&
         (has_offset || frame->start == BOUND_CURRENT || order_count == 0))) {
        needs.partition = true;
        return needs;
    }
    needs.peers = frame->mode != FRAME_ROWS;
    uint64_t start = (uint64_t)frame->start_offset, end = (uint64_t)frame->end_offset;
    if (frame->start == BOUND_PRECEDING)
        needs.before = start;
    if (frame->end == BOUND_PRECEDING && end > needs.before)
        needs.before = end;
    if (frame->start == BOUND_FOLLOWING)
        needs.after = start;
    if (frame->end == BOUND_FOLLOWING && end > needs.after)
        needs.after = end;
    return needs;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* a + b, where only the order among positions matters. */
static int64_t add_clamped(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (b > 0 ? INT64_MAX : INT64_MIN) : sum;
}

/* The first row of what the offset reaches (the end: the row after the last one). */
static int64_t rows_bound(FrameBound bound, int64_t offset, int64_t row, bool is_end)
{
    int64_t at = bound == BOUND_PRECEDING ? add_clamped(row, -offset) : add_clamped(row, offset);
    return add_clamped(at, is_end);
}

static int64_t groups_bound(const WindowChunk *chunk, FrameBound bound, int64_t offset,
                            uint32_t row, bool is_end)
{
    uint32_t partition = chunk_partition(chunk, row);
    int64_t first = chunk_partitions(chunk)[partition].first_group;
    int64_t last = partition + 1 < chunk->borders->partition_count
                       ? chunk_partitions(chunk)[partition + 1].first_group - 1
                       : (int64_t)chunk->borders->group_count - 1;
    int64_t group = chunk_group(chunk, row);
    group = add_clamped(group, bound == BOUND_PRECEDING ? -offset : offset);
    if (group > last)
        return partition_end(chunk, partition);
    if (group < first)
        return partition_begin(chunk, partition);
    return is_end ? group_end(chunk, (uint32_t)group) : group_begin(chunk, (uint32_t)group);
}

/* --- RANGE with an offset --- */

typedef struct RangeEnd {
    const Vector *keys, *bounds;
    bool descending, nulls_first;
    bool is_end;
} RangeEnd;

/* Infinity less infinity is no number: such a frame has no end on this side. */
static bool is_everywhere(const RangeEnd *end, uint32_t row)
{
    if (end->keys->layout != LAYOUT_FLOAT64 || vector_is_null(end->bounds, row))
        return false;
    double bound = VECTOR_DATA(double, end->bounds)[vector_row(end->bounds, row)];
    double key = VECTOR_DATA(double, end->keys)[vector_row(end->keys, row)];
    return bound != bound && key == key;
}

/* Whether the row at `at` still lies before the end of `row`'s frame that is looked for: before
 * its first row, or among its rows. NULLs are peers of each other and of nothing else. */
static bool lies_before(const RangeEnd *end, uint32_t at, uint32_t row)
{
    bool at_null = vector_is_null(end->keys, at), row_null = vector_is_null(end->keys, row);
    if (at_null || row_null) {
        if (end->is_end)
            return at_null == row_null || (end->nulls_first ? at_null : row_null);
        return at_null != row_null && (end->nulls_first ? at_null : row_null);
    }
    if (is_everywhere(end, row))
        return end->is_end;
    int order = vector_rows_compare(end->keys, at, end->bounds, row);
    if (end->descending)
        order = -order;
    return end->is_end ? order <= 0 : order < 0;
}

static uint32_t search(const RangeEnd *end, uint32_t low, uint32_t high, uint32_t row)
{
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lies_before(end, middle, row))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Ends never go back within a partition, so each is looked for from the one before. */
static void range_ends(const WindowChunk *chunk, const RangeEnd *end, uint32_t from, uint32_t to,
                       FrameRange *frames)
{
    uint32_t at = 0, partition = UINT32_MAX;
    for (uint32_t row = from; row < to; row++) {
        uint32_t own = chunk_partition(chunk, row);
        uint32_t limit = (uint32_t)partition_end(chunk, own);
        if (own != partition)
            at = search(end, (uint32_t)partition_begin(chunk, own), limit, row);
        partition = own;
        while (at < limit && lies_before(end, at, row))
            at++;
        if (end->is_end)
            frames[row - from].end = at;
        else
            frames[row - from].begin = at;
    }
}

static void range_frames(const WindowChunk *chunk, const OperatorSpec *spec,
                         const WindowFrame *frame, uint32_t from, uint32_t to, FrameRange *frames)
{
    RangeEnd end = {.keys = &chunk->rows->columns[frame->range_key],
                    .descending = spec->window.order[0].descending,
                    .nulls_first = spec->window.order[0].nulls_first};
    if (frame->start == BOUND_PRECEDING || frame->start == BOUND_FOLLOWING) {
        end.bounds = &chunk->rows->columns[frame->range_start];
        range_ends(chunk, &end, from, to, frames);
    }
    if (frame->end == BOUND_PRECEDING || frame->end == BOUND_FOLLOWING) {
        end.bounds = &chunk->rows->columns[frame->range_end];
        end.is_end = true;
        range_ends(chunk, &end, from, to, frames);
    }
}

/* --- all kinds --- */

static int64_t bound_position(const WindowChunk *chunk, const WindowFrame *frame, uint32_t row,
                              bool is_end)
{
    FrameBound bound = is_end ? frame->end : frame->start;
    int64_t offset = is_end ? frame->end_offset : frame->start_offset;
    uint32_t partition = chunk_partition(chunk, row), group = chunk_group(chunk, row);
    switch (bound) {
    case BOUND_UNBOUNDED_PRECEDING:
        return partition_begin(chunk, partition);
    case BOUND_UNBOUNDED_FOLLOWING:
        return partition_end(chunk, partition);
    case BOUND_CURRENT:
        if (frame->mode == FRAME_ROWS)
            return (int64_t)row + is_end;
        return is_end ? group_end(chunk, group) : group_begin(chunk, group);
    case BOUND_PRECEDING:
    case BOUND_FOLLOWING:
        break;
    }
    return frame->mode == FRAME_ROWS ? rows_bound(bound, offset, row, is_end)
                                     : groups_bound(chunk, bound, offset, row, is_end);
}

static bool is_offset(FrameBound bound)
{
    return bound == BOUND_PRECEDING || bound == BOUND_FOLLOWING;
}

void window_frames(const WindowChunk *chunk, const OperatorSpec *spec, const WindowFrame *frame,
                   uint32_t from, uint32_t to, FrameRange *frames)
{
    bool is_range = frame->mode == FRAME_RANGE;
    bool start_by_value = is_range && is_offset(frame->start);
    bool end_by_value = is_range && is_offset(frame->end);
    if (start_by_value || end_by_value)
        range_frames(chunk, spec, frame, from, to, frames);
    for (uint32_t row = from; row < to; row++) {
        FrameRange *range = &frames[row - from];
        uint32_t partition = chunk_partition(chunk, row);
        int64_t low = partition_begin(chunk, partition), high = partition_end(chunk, partition);
        low = low < 0 ? 0 : low;
        if (!start_by_value)
            range->begin = (uint32_t)clamp(bound_position(chunk, frame, row, false), low, high);
        if (!end_by_value)
            range->end = (uint32_t)clamp(bound_position(chunk, frame, row, true), low, high);
        if (range->end < range->begin)
            range->end = range->begin;
    }
}

static FrameRange cut_range(FrameRange range, int64_t begin, int64_t end)
{
    uint32_t low = (uint32_t)clamp(begin, range.begin, range.end);
    uint32_t high = (uint32_t)clamp(end, low, range.end);
    return (FrameRange){.begin = low, .end = high};
}

void window_frame_exclude(const WindowChunk *chunk, const WindowFrame *frame, uint32_t row,
                          FrameRange range, FrameRange *ranges)
{
    uint32_t group = chunk_group(chunk, row);
    int64_t first = group_begin(chunk, group), last = group_end(chunk, group);
    ranges[0] = range;
    ranges[1] = ranges[2] = (FrameRange){.begin = range.end, .end = range.end};
    switch (frame->exclusion) {
    case EXCLUDE_NOTHING:
        return;
    case EXCLUDE_CURRENT_ROW:
        ranges[0] = cut_range(range, range.begin, row);
        ranges[1] = cut_range(range, (int64_t)row + 1, range.end);
        return;
    case EXCLUDE_GROUP:
        ranges[0] = cut_range(range, range.begin, first);
        ranges[1] = cut_range(range, last, range.end);
        return;
    case EXCLUDE_TIES:
        ranges[0] = cut_range(range, range.begin, first);
        ranges[1] = cut_range(range, row, (int64_t)row + 1);
        ranges[2] = cut_range(range, last, range.end);
        return;
    }
}

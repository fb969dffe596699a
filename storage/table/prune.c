/*
 * Which segments may hold rows that a query wants, without opening any: by time chunk and range
 * of __time, by the range of the shard spec, by columns' minimum and maximum.
 */
#include "storage/table/table_internal.h"

/* --- time --- */

/* The segment's rows lie in its chunk, and within that in the range of its __time. */
static TableInterval time_bounds(const TableSegment *segment, int time_column)
{
    TableInterval bounds = segment->interval;
    const SegmentColumnSummary *summary = time_column < 0 ? NULL : segment->summaries[time_column];
    if (summary == NULL || !summary->has_range || summary->null_count > 0)
        return bounds;
    if (summary->minimum > bounds.start)
        bounds.start = summary->minimum;
    if (summary->maximum < bounds.end)
        bounds.end = summary->maximum == INT64_MAX ? INT64_MAX : summary->maximum + 1;
    return bounds;
}

/* As table_intervals_overlap, where an interval without end holds the instant "infinity" too, which
 * a half-open interval cannot say. */
static bool intervals_reach(const TableInterval *intervals, uint32_t count, TableInterval bounds)
{
    for (uint32_t i = 0; i < count; i++) {
        if (interval_overlaps(intervals[i], bounds) ||
            (bounds.end == INT64_MAX && intervals[i].end == INT64_MAX))
            return true;
    }
    return false;
}

uint32_t table_prune_time(const Table *table, const TableInterval *intervals,
                          uint32_t interval_count, const TableSegment **segments, uint32_t count)
{
    int time_column = table_find_column(table, TEXT_LITERAL("__time"));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        TableInterval bounds = time_bounds(segments[i], time_column);
        if (intervals_reach(intervals, interval_count, bounds))
            segments[kept++] = segments[i];
    }
    return kept;
}

/* --- shards --- */

/* NULL before every text. */
static int compare_values(ShardValue a, ShardValue b)
{
    if (a.is_null || b.is_null)
        return (int)b.is_null - (int)a.is_null;
    return text_compare(a.text, b.text);
}

static bool range_holds(const TableTextRange *range, ShardValue value)
{
    if (range->is_null || value.is_null)
        return range->is_null && value.is_null;
    if (range->has_low) {
        int order = text_compare(value.text, range->low);
        if (order < 0 || (order == 0 && !range->low_inclusive))
            return false;
    }
    if (range->has_high) {
        int order = text_compare(value.text, range->high);
        if (order > 0 || (order == 0 && !range->high_inclusive))
            return false;
    }
    return true;
}

/* Whether the range may hold a value strictly between two bounds (NULL pointers: no bound). */
static bool range_reaches_between(const TableTextRange *range, const ShardValue *low,
                                  const ShardValue *high)
{
    if (range->is_null)
        return low == NULL;
    if (high != NULL && range->has_low && text_compare(range->low, high->text) >= 0)
        return false;
    if (low != NULL && !low->is_null && range->has_high &&
        text_compare(range->high, low->text) <= 0)
        return false;
    return low == NULL || high == NULL || compare_values(*low, *high) < 0;
}

static const TableTextFilter *find_filter(const TableTextFilter *texts, uint32_t count, Text column)
{
    for (uint32_t i = 0; i < count; i++) {
        if (text_equal(texts[i].column, column))
            return &texts[i];
    }
    return NULL;
}

static bool filter_holds(const TableTextFilter *filter, ShardValue value)
{
    if (filter == NULL)
        return true;
    for (uint32_t i = 0; i < filter->range_count; i++) {
        if (range_holds(&filter->ranges[i], value))
            return true;
    }
    return false;
}

static bool filter_reaches_between(const TableTextFilter *filter, const ShardValue *low,
                                   const ShardValue *high)
{
    if (high != NULL && high->is_null)
        return false; /* nothing is lower than NULL */
    if (filter == NULL)
        return low == NULL || high == NULL || compare_values(*low, *high) < 0;
    for (uint32_t i = 0; i < filter->range_count; i++) {
        if (range_reaches_between(&filter->ranges[i], low, high))
            return true;
    }
    return false;
}

/*
 * Whether a row that passes may lie in the shard: rows r with start <= r < end, compared
 * dimension by dimension. `at_start` and `at_end` say that all dimensions before `dimension`
 * equal those of the bound, so that it still binds: a value strictly inside settles it, a value
 * on a bound leaves the question to the next dimension. (Druid looks at the next dimension only
 * where the filter is one value; this finds the same segments and more to leave out.)
 */
static bool shard_may_hold(const ShardSpec *shard, const TableTextFilter *texts, uint32_t count,
                           uint32_t dimension, bool at_start, bool at_end)
{
    if (!at_start && !at_end)
        return true;
    if (dimension == shard->dimension_count)
        return !at_end; /* equal to the end: not in it */
    const TableTextFilter *filter = find_filter(texts, count, shard->dimensions[dimension]);
    const ShardValue *low = at_start ? &shard->start[dimension] : NULL;
    const ShardValue *high = at_end ? &shard->end[dimension] : NULL;
    if (filter_reaches_between(filter, low, high))
        return true;
    bool same = low != NULL && high != NULL && compare_values(*low, *high) == 0;
    if (low != NULL && filter_holds(filter, *low) &&
        shard_may_hold(shard, texts, count, dimension + 1, true, same))
        return true;
    return high != NULL && !same && filter_holds(filter, *high) &&
           shard_may_hold(shard, texts, count, dimension + 1, false, true);
}

static bool segment_may_hold(const TableSegment *segment, const TableTextFilter *texts,
                             uint32_t count)
{
    const ShardSpec *shard = &segment->shard;
    if (shard->kind != SHARD_RANGE)
        return true;
    bool has_start = shard->start != NULL, has_end = shard->end != NULL;
    return shard_may_hold(shard, texts, count, 0, has_start, has_end);
}

uint32_t table_prune_shard(const TableTextFilter *texts, uint32_t text_count,
                           const TableSegment **segments, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (segment_may_hold(segments[i], texts, text_count))
            segments[kept++] = segments[i];
    }
    return kept;
}

/* --- statistics --- */

static bool int_may_pass(const TableSegment *segment, const TableIntFilter *filter)
{
    const SegmentColumnSummary *summary = segment->summaries[filter->column];
    if (summary == NULL || summary->null_count >= segment->rows)
        return false; /* NULLs only */
    return !summary->has_range ||
           (filter->minimum <= summary->maximum && summary->minimum <= filter->maximum);
}

/* A text column that is NULL throughout passes only a filter that lets NULL through; one without
 * NULLs passes only one that lets a text through. */
static bool text_may_pass(const Table *table, const TableSegment *segment,
                          const TableTextFilter *filter)
{
    int column = table_find_column(table, filter->column);
    if (column < 0)
        return true;
    const SegmentColumnSummary *summary = segment->summaries[column];
    bool all_null = summary == NULL || summary->null_count >= segment->rows;
    bool no_null = summary != NULL && summary->null_count == 0;
    for (uint32_t i = 0; i < filter->range_count; i++) {
        if (filter->ranges[i].is_null ? !no_null : !all_null)
            return true;
    }
    return false;
}

static uint32_t prune_statistics(const Table *table, const TableFilter *filter,
                                 const TableSegment **segments, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool may_pass = true;
        for (uint32_t j = 0; j < filter->int_count && may_pass; j++)
            may_pass = int_may_pass(segments[i], &filter->ints[j]);
        for (uint32_t j = 0; j < filter->text_count && may_pass; j++)
            may_pass = text_may_pass(table, segments[i], &filter->texts[j]);
        if (may_pass)
            segments[kept++] = segments[i];
    }
    return kept;
}

/* As if the rows were spread evenly over the range of their __time. */
static uint64_t rows_in_time(const TableFilter *filter, const TableSegment *segment,
                             int time_column)
{
    if (filter == NULL || !filter->has_intervals)
        return segment->rows;
    TableInterval bounds = time_bounds(segment, time_column);
    double width = (double)bounds.end - (double)bounds.start, covered = 0;
    if (width <= 0)
        return segment->rows;
    for (uint32_t i = 0; i < filter->interval_count; i++) {
        const TableInterval *interval = &filter->intervals[i];
        int64_t start = interval->start > bounds.start ? interval->start : bounds.start;
        int64_t end = interval->end < bounds.end ? interval->end : bounds.end;
        covered += end > start ? (double)end - (double)start : 0;
    }
    uint64_t rows = (uint64_t)((double)segment->rows * (covered / width)) + 1;
    return rows < segment->rows ? rows : segment->rows;
}

void table_prune(const Table *table, const TableFilter *filter, Arena *arena, TablePruned *pruned)
{
    int time_column = table_find_column(table, TEXT_LITERAL("__time"));

    uint32_t count = table->segment_count;
    const TableSegment **segments = ARENA_ARRAY(arena, const TableSegment *, count);
    *pruned = (TablePruned){.segments = segments, .total = count};
    for (uint32_t i = 0; i < count; i++)
        segments[i] = &table->segments[i];
    if (filter != NULL) {
        uint32_t before = count;
        if (filter->has_intervals)
            count =
                table_prune_time(table, filter->intervals, filter->interval_count, segments, count);
        pruned->by_time = before - count;
        before = count;
        count = table_prune_shard(filter->texts, filter->text_count, segments, count);
        pruned->by_shard = before - count;
        before = count;
        count = prune_statistics(table, filter, segments, count);
        pruned->by_statistics = before - count;
    }
    pruned->segment_count = count;
    for (uint32_t i = 0; i < count; i++) {
        pruned->rows += segments[i]->rows;
        pruned->rows_in_time += rows_in_time(filter, segments[i], time_column);
        pruned->bytes += segments[i]->bytes;
    }
}

/*
 * Which segments are hidden by newer ones: a segment is overshadowed when one of a higher
 * version covers its whole interval.
 *
 * A sweep by start: what may cover a segment begins no later than it. Intervals that are still
 * open are kept in a list, one entry for each interval and its highest version, so the list is
 * short (a few granularities, not the number of segments).
 */
#include "storage/table/table_internal.h"

#include "base/log/log.h"

#include <stdlib.h>

typedef struct OpenInterval {
    TableInterval interval;
    Text version; /* the highest of this interval */
} OpenInterval;

static int compare_by_start(const void *a, const void *b)
{
    const TableSegment *x = *(TableSegment *const *)a, *y = *(TableSegment *const *)b;
    if (x->interval.start != y->interval.start)
        return x->interval.start < y->interval.start ? -1 : 1;
    if (x->interval.end != y->interval.end)
        return x->interval.end > y->interval.end ? -1 : 1; /* the wider first */
    return text_compare(y->version, x->version);           /* the newer first */
}

static uint32_t drop_ended(OpenInterval *open, uint32_t count, int64_t start)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (open[i].interval.end > start)
            open[kept++] = open[i];
    }
    return kept;
}

static bool is_covered(const OpenInterval *open, uint32_t count, const TableSegment *segment)
{
    for (uint32_t i = 0; i < count; i++) {
        if (interval_contains(open[i].interval, segment->interval) &&
            text_compare(open[i].version, segment->version) > 0)
            return true;
    }
    return false;
}

/* Sorted as they are, the first segment of an interval has the interval's highest version. */
static uint32_t open_interval(OpenInterval *open, uint32_t count, const TableSegment *segment)
{
    for (uint32_t i = 0; i < count; i++) {
        if (interval_equal(open[i].interval, segment->interval))
            return count;
    }
    open[count] = (OpenInterval){.interval = segment->interval, .version = segment->version};
    return count + 1;
}

void table_overshadow(TableSegment *segments, uint32_t count)
{
    if (count == 0)
        return;
    TableSegment **sorted = calloc(count, sizeof *sorted);
    OpenInterval *open = calloc(count, sizeof *open);
    uint32_t open_count = 0;
    check(sorted != NULL && open != NULL);
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = &segments[i];
    qsort(sorted, count, sizeof *sorted, compare_by_start);
    for (uint32_t i = 0; i < count; i++) {
        open_count = drop_ended(open, open_count, sorted[i]->interval.start);
        open_count = open_interval(open, open_count, sorted[i]);
        sorted[i]->is_overshadowed = is_covered(open, open_count, sorted[i]);
    }
    free(sorted);
    free(open);
}

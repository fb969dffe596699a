/*
 * Cutting range partitions from key statistics.
 *
 * Every worker sends evenly spaced samples of its sorted keys, each with the rows that it stands
 * for. Merged in key order they approximate the distribution of the whole; a partition ends
 * where the rows gathered reach the bucket's share. A boundary is the first key of a partition,
 * so rows with equal keys are never divided, and buckets (time chunks) never share a partition: a
 * bucket's first partition begins with the bucket's value and NULLs, which sort before all that
 * is in it (samples do not tell what a bucket's smallest key is).
 */
#include "engine/stage/stage.h"

#include "base/log/log.h"
#include "base/memory/buffer.h"

#include <stdlib.h>

enum { MAX_BUCKETS = 5000, MAX_PARTITIONS = 25000 };

typedef struct Samples {
    const Batch *keys;       /* all samples of all workers */
    const int64_t *weights;
    const uint8_t *bytes;    /* normalised keys */
    const uint32_t *offsets;
    const uint32_t *order;   /* sample numbers in key order */
    uint32_t count;
} Samples;

static Text key_of(const Samples *samples, uint32_t sample)
{
    uint32_t start = samples->offsets[sample];
    return (Text){.data = (const char *)samples->bytes + start,
                  .length = samples->offsets[sample + 1] - start};
}

static int compare_samples(const void *a, const void *b, void *state)
{
    const Samples *samples = state;
    return text_compare(key_of(samples, *(const uint32_t *)a), key_of(samples, *(const uint32_t *)b));
}

static void merge_samples(Arena *arena, const ShuffleSpec *shuffle, const KeyStatistics *statistics,
                          uint32_t count, Buffer *key_bytes, Samples *samples)
{
    Batch **parts = ARENA_ARRAY(arena, Batch *, count);
    uint32_t part_count = 0;
    for (uint32_t i = 0; i < count; i++)
        if (statistics[i].samples != NULL && statistics[i].samples->rows > 0)
            parts[part_count++] = (Batch *)statistics[i].samples;
    *samples = (Samples){0};
    if (part_count == 0)
        return;
    Batch *all = batch_concatenate(arena, parts, part_count);
    Vector weights = vector_flatten(arena, &all->columns[shuffle->key_count]);
    SortColumn *columns = ARENA_ARRAY(arena, SortColumn, shuffle->key_count);
    for (uint32_t i = 0; i < shuffle->key_count; i++) {
        columns[i] = shuffle->keys[i];
        columns[i].column = i;
    }
    uint32_t *offsets = ARENA_ARRAY(arena, uint32_t, all->rows + 1);
    batch_sort_keys(all, columns, shuffle->key_count, key_bytes, offsets);
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, all->rows);
    for (uint32_t i = 0; i < all->rows; i++)
        order[i] = i;
    *samples = (Samples){.keys = all,
                         .weights = weights.data,
                         .bytes = key_bytes->data,
                         .offsets = offsets,
                         .order = order,
                         .count = all->rows};
    qsort_r(order, all->rows, sizeof *order, compare_samples, samples);
}

static bool same_bucket(const Samples *samples, const ShuffleSpec *shuffle, uint32_t a, uint32_t b)
{
    for (uint32_t i = 0; i < shuffle->bucket_keys; i++)
        if (!vector_rows_equal(&samples->keys->columns[i], a, &samples->keys->columns[i], b))
            return false;
    return true;
}

typedef struct Cutter {
    uint32_t *starts;    /* sample number of each partition's first key */
    bool *starts_bucket;
    uint32_t count;
    uint32_t buckets;
} Cutter;

static bool add_partition(Cutter *cutter, uint32_t sample, bool starts_bucket, Fault *fault)
{
    if (cutter->count == MAX_PARTITIONS) {
        fault_set(fault, FAULT_TOO_MANY_PARTITIONS, "too many partitions (max = %d)", MAX_PARTITIONS);
        return fault_field_int(fault, "maxPartitions", MAX_PARTITIONS);
    }
    if (starts_bucket && ++cutter->buckets > MAX_BUCKETS) {
        fault_set(fault, FAULT_TOO_MANY_BUCKETS, "too many partition buckets (max = %d)", MAX_BUCKETS);
        return fault_field_int(fault, "maxBuckets", MAX_BUCKETS);
    }
    cutter->starts[cutter->count] = sample;
    cutter->starts_bucket[cutter->count] = starts_bucket;
    cutter->count++;
    return true;
}

/* Cuts samples order[first .. end), which are of one bucket. */
static bool cut_bucket(const Samples *samples, const ShuffleSpec *shuffle, uint64_t total_rows,
                       uint32_t first, uint32_t end, Cutter *cutter, Fault *fault)
{
    uint64_t rows = 0;
    for (uint32_t i = first; i < end; i++)
        rows += (uint64_t)samples->weights[samples->order[i]];
    uint64_t target = shuffle->target_rows;
    if (shuffle->partitions > 0) /* so many partitions in all: a share by rows */
        target = (total_rows + shuffle->partitions - 1) / shuffle->partitions;
    uint64_t pieces = target == 0 ? 1 : (rows + target - 1) / target;
    if (!add_partition(cutter, samples->order[first], true, fault))
        return false;
    if (pieces <= 1)
        return true;
    uint64_t gathered = 0, piece = 1;
    uint32_t start = samples->order[first];
    for (uint32_t i = first; i < end; i++) {
        uint32_t sample = samples->order[i];
        if (gathered * pieces >= rows * piece && !text_equal(key_of(samples, sample), key_of(samples, start))) {
            if (!add_partition(cutter, sample, false, fault))
                return false;
            start = sample;
            while (gathered * pieces >= rows * piece)
                piece++;
        }
        gathered += (uint64_t)samples->weights[sample];
    }
    return true;
}

bool partition_boundaries_make(Arena *arena, const ShuffleSpec *shuffle, const SqlType *key_types,
                               const KeyStatistics *statistics, uint32_t count,
                               PartitionBoundaries *result, Fault *fault)
{
    for (uint32_t i = shuffle->bucket_keys; shuffle->bucket_keys > 0 && i < shuffle->key_count; i++)
        check(shuffle->keys[i].nulls_first && !shuffle->keys[i].descending);
    Buffer key_bytes = BUFFER_EMPTY;
    Samples samples;
    merge_samples(arena, shuffle, statistics, count, &key_bytes, &samples);
    uint64_t total_rows = 0;
    for (uint32_t i = 0; i < samples.count; i++)
        total_rows += (uint64_t)samples.weights[i];
    Cutter cutter = {.starts = ARENA_ARRAY(arena, uint32_t, samples.count + 1),
                     .starts_bucket = ARENA_ARRAY(arena, bool, samples.count + 1)};
    bool ok = true;
    for (uint32_t first = 0; ok && first < samples.count;) {
        uint32_t end = first + 1;
        while (end < samples.count &&
               same_bucket(&samples, shuffle, samples.order[first], samples.order[end]))
            end++;
        ok = cut_bucket(&samples, shuffle, total_rows, first, end, &cutter, fault);
        first = end;
    }
    buffer_clear(&key_bytes);
    if (!ok)
        return false;
    Batch *boundaries = batch_make(arena, shuffle->key_count, 0);
    if (samples.count == 0) { /* no rows at all: one empty partition */
        cutter.starts_bucket[cutter.count++] = true;
        for (uint32_t i = 0; i < shuffle->key_count; i++)
            boundaries->columns[i] = vector_flat(type_layout(key_types[i]), 0, NULL, NULL);
    } else {
        boundaries->rows = cutter.count - 1;
        uint32_t *rows = ARENA_ARRAY(arena, uint32_t, cutter.count);
        for (uint32_t i = 0; i + 1 < cutter.count; i++)
            rows[i] = cutter.starts_bucket[i + 1] ? UINT32_MAX : cutter.starts[i + 1];
        for (uint32_t i = 0; i < shuffle->key_count; i++)
            boundaries->columns[i] =
                i < shuffle->bucket_keys
                    ? vector_gather(arena, &samples.keys->columns[i], cutter.starts + 1, cutter.count - 1)
                    : vector_gather_or_null(arena, &samples.keys->columns[i], rows, cutter.count - 1);
    }
    *result = (PartitionBoundaries){.partition_count = cutter.count,
                                    .boundaries = boundaries,
                                    .starts_bucket = cutter.starts_bucket};
    return true;
}

/*
 * Sorted outputs: all rows are kept and ordered by the shuffle's key when the last one has come.
 * With more than one partition the keys are sampled, the controller cuts ranges from all workers'
 * samples, and each partition is then a range of the order. Channels gather their rows when
 * they are asked for, in any order of partitions.
 */
#include "engine/exchange/exchange_internal.h"

#include <stdlib.h>

enum {
    SAMPLES_PER_BUCKET = 2000,
    SAMPLES_TOTAL = 50000, /* divided among the buckets by their rows */
    SAMPLES_LEAST = 8,     /* and so many more for each */
    MAX_BUCKETS = 5000,
};

/* --- statistics --- */

/* Walks the order bucket by bucket, counting rows, or distinct keys for aggregates. */
typedef struct Sampler {
    const ShuffleSpec *shuffle;
    const Batch *all;
    const uint32_t *order;
    uint32_t total;
    uint32_t *rows; /* samples: rows of the output */
    int64_t *weights;
    uint32_t count, capacity;
} Sampler;

/* Whether the first `key_count` keys of two rows, by their positions in the order, agree. */
static bool keys_equal(const Sampler *sampler, uint32_t key_count, uint32_t a, uint32_t b)
{
    for (uint32_t k = 0; k < key_count; k++) {
        const Vector *vector = &sampler->all->columns[sampler->shuffle->keys[k].column];
        if (!vector_rows_equal(vector, sampler->order[a], vector, sampler->order[b]))
            return false;
    }
    return true;
}

static uint64_t units_of(const Sampler *sampler, uint32_t start, uint32_t end)
{
    if (!sampler->shuffle->is_aggregate)
        return end - start;
    uint64_t distinct = 0;
    for (uint32_t i = start; i < end; i++)
        distinct += i == start || !keys_equal(sampler, sampler->shuffle->key_count, i - 1, i);
    return distinct;
}

static void add_sample(Sampler *sampler, uint32_t position, uint64_t weight)
{
    if (sampler->count == sampler->capacity) {
        sampler->capacity = sampler->capacity == 0 ? 1024 : sampler->capacity * 2;
        sampler->rows = realloc(sampler->rows, sampler->capacity * sizeof *sampler->rows);
        sampler->weights = realloc(sampler->weights, sampler->capacity * sizeof *sampler->weights);
        check(sampler->rows != NULL && sampler->weights != NULL);
    }
    sampler->rows[sampler->count] = sampler->order[position];
    sampler->weights[sampler->count++] = (int64_t)weight;
}

static void sample_bucket(Sampler *sampler, uint32_t start, uint32_t end)
{
    uint64_t units = units_of(sampler, start, end);
    uint64_t wanted = SAMPLES_LEAST + (uint64_t)SAMPLES_TOTAL * (end - start) / sampler->total;
    if (wanted > SAMPLES_PER_BUCKET)
        wanted = SAMPLES_PER_BUCKET;
    uint64_t stride = (units + wanted - 1) / wanted, gathered = 0;
    /* The bucket's first key, which stands for no rows: its first partition must start there. */
    add_sample(sampler, start, 0);
    for (uint32_t i = start; i < end; i++) {
        bool is_last_of_key = i + 1 == end || !sampler->shuffle->is_aggregate ||
                              !keys_equal(sampler, sampler->shuffle->key_count, i, i + 1);
        gathered += is_last_of_key;
        if (is_last_of_key && (gathered >= stride || i + 1 == end)) {
            add_sample(sampler, i, gathered);
            gathered = 0;
        }
    }
}

static bool sample_buckets(Sampler *sampler, Fault *fault)
{
    const ShuffleSpec *shuffle = sampler->shuffle;
    uint32_t bucket_keys =
        shuffle->bucket_keys < shuffle->key_count ? shuffle->bucket_keys : shuffle->key_count;
    uint32_t buckets = 0;
    for (uint32_t start = 0; start < sampler->total;) {
        uint32_t end = start + 1;
        if (bucket_keys == 0)
            end = sampler->total;
        while (end < sampler->total && keys_equal(sampler, bucket_keys, start, end))
            end++;
        if (++buckets > MAX_BUCKETS) {
            fault_set(fault, FAULT_TOO_MANY_BUCKETS, "too many partition buckets (at most %d)",
                      MAX_BUCKETS);
            return fault_field_int(fault, "maxBuckets", MAX_BUCKETS);
        }
        sample_bucket(sampler, start, end);
        start = end;
    }
    return true;
}

static bool has_arrays(const StageOutput *output, const Batch *rows)
{
    const ShuffleSpec *shuffle = &output->stage->shuffle;
    for (uint32_t k = 0; k < shuffle->key_count; k++)
        if (rows->columns[shuffle->keys[k].column].layout == LAYOUT_ARRAY)
            return true;
    return false;
}

void output_give_statistics(StageOutput *output, const Batch *all, const uint32_t *rows,
                            const int64_t *row_weights, uint32_t count)
{
    const ShuffleSpec *shuffle = &output->stage->shuffle;
    Arena *arena = output->statistics_arena = arena_new("key statistics");
    Batch *samples = batch_make(arena, shuffle->key_count + 1, count);
    for (uint32_t k = 0; k < shuffle->key_count; k++) {
        Vector gathered =
            vector_gather(arena, &all->columns[shuffle->keys[k].column], rows, count);
        samples->columns[k] = vector_copy(arena, &gathered);
    }
    int64_t *weights = arena_alloc_vector(arena, count * sizeof *weights);
    if (count != 0)
        memcpy(weights, row_weights, count * sizeof *weights);
    samples->columns[shuffle->key_count] = vector_flat(LAYOUT_INT64, count, weights, NULL);
    output->statistics = (KeyStatistics){.worker = output->exchange->worker,
                                         .rows = output->rows,
                                         .samples = samples,
                                         .has_multiple_values = has_arrays(output, all)};
    output->has_statistics = true;
}

bool sorted_statistics(StageOutput *output, Fault *fault)
{
    const Batch *rows = row_store_batch(output->sorted);
    Sampler sampler = {.shuffle = &output->stage->shuffle,
                       .all = rows,
                       .order = row_order_rows(&output->order),
                       .total = output->order.rows};
    bool is_sampled = sample_buckets(&sampler, fault);
    if (is_sampled)
        output_give_statistics(output, rows, sampler.rows, sampler.weights, sampler.count);
    free(sampler.rows);
    free(sampler.weights);
    return is_sampled;
}

/* --- partitions --- */

int boundary_compare(const ShuffleSpec *shuffle, uint32_t key_count, const Batch *all, uint32_t row,
                     const Batch *cuts, uint32_t cut)
{
    for (uint32_t k = 0; k < key_count; k++) {
        const SortColumn *key = &shuffle->keys[k];
        const Vector *a = &all->columns[key->column], *b = &cuts->columns[k];
        bool null_a = vector_is_null(a, row), null_b = vector_is_null(b, cut);
        if (null_a && null_b)
            continue;
        if (null_a || null_b)
            return null_a == key->nulls_first ? -1 : 1;
        int order = vector_rows_compare(a, row, b, cut);
        if (order != 0)
            return key->descending ? -order : order;
    }
    return 0;
}

/* The first position of the order whose row does not sort before the boundary. */
static uint32_t first_not_before(const StageOutput *output, const Batch *all, const Batch *cuts,
                                 uint32_t cut)
{
    const ShuffleSpec *shuffle = &output->stage->shuffle;
    const uint32_t *rows = row_order_rows(&output->order);
    uint32_t low = 0, high = output->order.rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (boundary_compare(shuffle, shuffle->key_count, all, rows[middle], cuts, cut) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Each partition's range of the order. */
static void cut_order(StageOutput *output, const Batch *cuts, uint32_t count)
{
    output->partitions[count - 1].row_end = output->order.rows;
    if (count == 1)
        return;
    const Batch *all = row_store_batch(output->sorted);
    for (uint32_t p = 1; p < count; p++) {
        uint32_t at = first_not_before(output, all, cuts, p - 1);
        /* Boundaries ascend; if they did not, no row may be lost or given twice. */
        if (at < output->partitions[p - 1].row_start)
            at = output->partitions[p - 1].row_start;
        output->partitions[p - 1].row_end = at;
        output->partitions[p].row_start = at;
    }
}

bool output_set_boundaries(StageOutput *output, const PartitionBoundaries *boundaries, Fault *fault)
{
    const ShuffleSpec *shuffle = &output->stage->shuffle;
    const Batch *cuts = boundaries->boundaries;
    uint32_t count = boundaries->partition_count;
    uint32_t cut_count = cuts == NULL ? 0 : cuts->rows;
    if (!output->is_sorted || !output->is_finished || (count == 0 ? 0 : count - 1) != cut_count ||
        (cut_count != 0 && cuts->column_count != shuffle->key_count))
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "boundaries do not fit their stage");
    output_make_partitions(output, count, fault);
    if (count == 0)
        return true;
    for (uint32_t k = 0; cut_count != 0 && k < shuffle->key_count; k++)
        if (cuts->columns[k].layout != output->layouts[shuffle->keys[k].column])
            return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "boundaries do not fit their stage");
    if (output->is_unordered)
        ranges_place(output, boundaries);
    else
        cut_order(output, cuts, count);
    for (uint32_t p = 0; p < count; p++)
        output->partitions[p].rows =
            output->partitions[p].row_end - output->partitions[p].row_start;
    return true;
}

ExchangeStatus sorted_next(StageOutput *output, OutChannel *channel, const Batch **batch)
{
    if (!output->is_finished)
        return EXCHANGE_BLOCKED;
    const OutPartition *partition = &output->partitions[channel->partition];
    uint32_t start = partition->row_start + (uint32_t)channel->position;
    if (start >= partition->row_end)
        return EXCHANGE_DONE;
    /* As many rows as make a chunk, by the average row. */
    size_t row_bytes = row_store_bytes(output->sorted) / output->order.rows + 1;
    uint32_t count = (uint32_t)((channel->link != NULL ? CHUNK_BYTES_FAR : CHUNK_BYTES) / row_bytes);
    count = count < 256 ? 256 : count > CHUNK_ROWS ? CHUNK_ROWS : count;
    if (count > partition->row_end - start)
        count = partition->row_end - start;
    if (channel->arena == NULL)
        channel->arena = arena_new("sorted channel");
    arena_reset(channel->arena);
    *batch = batch_gather(channel->arena, row_store_batch(output->sorted),
                          row_order_rows(&output->order) + start, count);
    channel->position += count;
    return EXCHANGE_BATCH;
}

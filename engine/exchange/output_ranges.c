/*
 * Outputs in ranges whose rows may stand in any order: who reads them sorts them anyway, by
 * another key perhaps (segments, which are ordered by time first). All rows are kept, as for
 * sorted outputs, but nothing is sorted here: keys are sampled at random places, the controller
 * cuts ranges from all workers' samples, and each row is then given to its range, rows of one
 * range in the order in which they came.
 *
 * Buckets (time chunks) must not be missed by sampling, so each row's bucket is found first.
 */
#include "engine/exchange/exchange_internal.h"

#include <stdlib.h>

enum {
    SAMPLES_A_PARTITION = 1000, /* by target_rows: a partition's size is right within some percent */
    SAMPLES_LEAST = 8,          /* a bucket */
    SAMPLES_TOTAL = 50000,
    MAX_BUCKETS = 5000,
    SLOT_COUNT = 1 << 14,
};

static const uint64_t MULTIPLIER = UINT64_C(0x9E3779B97F4A7C15);

/* --- buckets --- */

typedef struct Buckets {
    uint32_t count;
    uint32_t rows[MAX_BUCKETS];      /* in each */
    uint32_t first_rows[MAX_BUCKETS]; /* one row of each */
    uint16_t slots[SLOT_COUNT];      /* by the key's hash: number + 1, 0 free */
} Buckets;

static uint32_t find_bucket(Buckets *buckets, const Vector *keys, uint32_t row)
{
    const int64_t *values = keys->data;
    bool is_null = vector_is_null(keys, row);
    int64_t value = is_null ? 0 : values[row];
    uint32_t slot = (uint32_t)(((uint64_t)value * MULTIPLIER) >> 32) % SLOT_COUNT;
    for (; buckets->slots[slot] != 0; slot = (slot + 1) % SLOT_COUNT) {
        uint32_t other = buckets->first_rows[buckets->slots[slot] - 1];
        if (vector_is_null(keys, other) == is_null && (is_null || values[other] == value))
            return buckets->slots[slot] - 1u;
    }
    if (buckets->count == MAX_BUCKETS)
        return UINT32_MAX;
    buckets->first_rows[buckets->count] = row;
    buckets->slots[slot] = (uint16_t)++buckets->count;
    return buckets->count - 1;
}

/* numbers[row]: the bucket of each row. */
static bool number_rows(const Vector *keys, uint32_t total, Buckets *buckets, uint32_t *numbers,
                        Fault *fault)
{
    const int64_t *values = keys->data;
    for (uint32_t row = 0; row < total; row++) {
        bool is_repeated = row != 0 && keys->nulls == NULL && values[row] == values[row - 1];
        numbers[row] = is_repeated ? numbers[row - 1] : find_bucket(buckets, keys, row);
        if (numbers[row] == UINT32_MAX) {
            fault_set(fault, FAULT_TOO_MANY_BUCKETS, "too many partition buckets (at most %d)",
                      MAX_BUCKETS);
            return fault_field_int(fault, "maxBuckets", MAX_BUCKETS);
        }
        buckets->rows[numbers[row]]++;
    }
    return true;
}

static bool find_buckets(StageOutput *output, const Batch *all, Buckets *buckets, Fault *fault)
{
    const ShuffleSpec *shuffle = &output->stage->shuffle;
    if (!grow_array(&output->bucket_numbers, output->exchange->budget,
                    ((size_t)all->rows + 1) * sizeof(uint32_t), fault))
        return false;
    memset(buckets, 0, sizeof *buckets);
    if (shuffle->bucket_keys != 0)
        return number_rows(&all->columns[shuffle->keys[0].column], all->rows, buckets,
                           output->bucket_numbers.data, fault);
    buckets->count = 1; /* all rows; their numbers are 0 as they came */
    buckets->rows[0] = all->rows;
    return true;
}

/* --- statistics --- */

typedef struct Samples {
    uint32_t *rows;
    int64_t *weights;
    uint32_t count;
} Samples;

/* One row of each stretch of so many rows of its bucket, anywhere in the stretch, stands for it. */
static void sample_rows(const StageOutput *output, const Buckets *buckets, uint32_t total,
                        Samples *samples)
{
    uint64_t target = output->stage->shuffle.target_rows;
    uint64_t random = MULTIPLIER;
    const uint32_t *numbers = output->bucket_numbers.data;
    uint32_t strides[MAX_BUCKETS], left[MAX_BUCKETS], seen[MAX_BUCKETS] = {0}, picked[MAX_BUCKETS];
    size_t most = 0;
    for (uint32_t b = 0; b < buckets->count; b++) {
        uint64_t rows = buckets->rows[b];
        uint64_t wanted = target == 0 ? SAMPLES_A_PARTITION : rows * SAMPLES_A_PARTITION / target;
        uint64_t share = rows * SAMPLES_TOTAL / total;
        wanted = SAMPLES_LEAST + (wanted < share ? wanted : share);
        strides[b] = (uint32_t)((rows + wanted - 1) / wanted);
        left[b] = buckets->rows[b];
        most += rows / strides[b] + 1;
    }
    *samples = (Samples){.rows = malloc(most * sizeof *samples->rows),
                         .weights = malloc(most * sizeof *samples->weights)};
    check(samples->rows != NULL && samples->weights != NULL);
    for (uint32_t row = 0; row < total; row++) {
        uint32_t b = numbers[row], stretch = strides[b] < left[b] ? strides[b] : left[b];
        if (seen[b] == 0) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            picked[b] = (uint32_t)((random >> 33) % stretch);
        }
        if (seen[b]++ == picked[b]) {
            check(samples->count < most);
            samples->rows[samples->count] = row;
            samples->weights[samples->count++] = stretch;
        }
        if (seen[b] == stretch) {
            left[b] -= stretch;
            seen[b] = 0;
        }
    }
}

bool ranges_finish(StageOutput *output, Fault *fault)
{
    const Batch *all = row_store_batch(output->sorted);
    RowOrder *order = &output->order;
    if (!grow_array(&order->order, order->budget, ((size_t)all->rows + 1) * sizeof(uint32_t), fault))
        return false;
    order->rows = all->rows;
    if (output->has_partitions) {
        uint32_t *rows = order->order.data;
        for (uint32_t i = 0; i < all->rows; i++)
            rows[i] = i;
        return true;
    }
    Buckets *buckets = malloc(sizeof *buckets);
    check(buckets != NULL);
    Samples samples = {0};
    bool ok = find_buckets(output, all, buckets, fault);
    if (ok && all->rows != 0)
        sample_rows(output, buckets, all->rows, &samples);
    if (ok)
        output_give_statistics(output, all, samples.rows, samples.weights, samples.count);
    free(samples.rows);
    free(samples.weights);
    free(buckets);
    return ok;
}

/* --- placing --- */

/* Cuts [low, high) have the row's bucket; cuts before sort before it. */
typedef struct CutRange {
    uint32_t low, high;
} CutRange;

static uint32_t cuts_before(const ShuffleSpec *shuffle, uint32_t key_count, const Batch *all,
                            uint32_t row, const Batch *cuts, CutRange range, bool or_equal)
{
    while (range.low < range.high) {
        uint32_t middle = range.low + (range.high - range.low) / 2;
        int order = boundary_compare(shuffle, key_count, all, row, cuts, middle);
        if (order > 0 || (or_equal && order == 0))
            range.low = middle + 1;
        else
            range.high = middle;
    }
    return range.low;
}

static CutRange cuts_of_bucket(const ShuffleSpec *shuffle, const Batch *all, uint32_t row,
                               const Batch *cuts)
{
    CutRange every = {0, cuts->rows};
    if (shuffle->bucket_keys == 0)
        return every;
    return (CutRange){cuts_before(shuffle, 1, all, row, cuts, every, false),
                      cuts_before(shuffle, 1, all, row, cuts, every, true)};
}

/* The partition of a row is the number of cuts that do not sort behind it. Where a bucket has one
 * cut, its own start, that is known without looking at the row. */
static void place_rows(const StageOutput *output, const PartitionBoundaries *boundaries,
                       const Batch *all, uint32_t *numbers)
{
    const ShuffleSpec *shuffle = &output->stage->shuffle;
    const Batch *cuts = boundaries->boundaries;
    CutRange ranges[MAX_BUCKETS];
    uint8_t is_known[MAX_BUCKETS] = {0};
    for (uint32_t row = 0; row < all->rows; row++) {
        uint32_t b = numbers[row];
        if (!is_known[b]) {
            ranges[b] = cuts_of_bucket(shuffle, all, row, cuts);
            is_known[b] = 1;
        }
        CutRange range = ranges[b];
        uint32_t count = range.high - range.low;
        bool is_whole = count == 0 || (count == 1 && shuffle->bucket_keys != 0 &&
                                       boundaries->starts_bucket[range.high]);
        numbers[row] =
            is_whole ? range.high
                     : cuts_before(shuffle, shuffle->key_count, all, row, cuts, range, true);
    }
}

void ranges_place(StageOutput *output, const PartitionBoundaries *boundaries)
{
    const Batch *all = row_store_batch(output->sorted);
    uint32_t *numbers = output->bucket_numbers.data, *order = output->order.order.data;
    uint32_t count = output->partition_count;
    uint32_t *next = calloc(count + 1u, sizeof *next);
    check(next != NULL);
    if (boundaries->boundaries != NULL && boundaries->boundaries->rows != 0)
        place_rows(output, boundaries, all, numbers);
    else
        memset(numbers, 0, all->rows * sizeof *numbers);
    for (uint32_t row = 0; row < all->rows; row++)
        next[numbers[row] + 1]++;
    for (uint32_t p = 0; p < count; p++) {
        OutPartition *partition = &output->partitions[p];
        partition->row_start = next[p];
        next[p + 1] += next[p];
        partition->row_end = next[p + 1];
    }
    for (uint32_t row = 0; row < all->rows; row++)
        order[next[numbers[row]]++] = row;
    free(next);
    grow_array_free(&output->bucket_numbers, output->exchange->budget);
}

/*
 * Sorting rows by normalised keys: see rows.h.
 */
#include "storage/rows/rows.h"

#include "base/log/log.h"

#include <stdlib.h>
#include <string.h>

/* Eight bytes of a row's key as a number, and the row. */
typedef struct Entry {
    uint64_t prefix;
    uint32_t row;
    uint32_t unused;
} Entry;

enum { INSERTION_MAX = 24, RADIX_MIN = 256 };

typedef struct Sorter {
    const uint8_t *keys;
    const uint32_t *offsets;
    Entry *entries;
    Entry *spare;
} Sorter;

void row_order_init(RowOrder *order, Budget *budget)
{
    memset(order, 0, sizeof *order);
    order->budget = budget;
    buffer_init(&order->keys);
}

void row_order_clear(RowOrder *order)
{
    buffer_clear(&order->keys);
    grow_array_free(&order->offsets, order->budget);
    grow_array_free(&order->order, order->budget);
    if (order->budget != NULL && order->reserved != 0)
        budget_release(order->budget, order->reserved);
    row_order_init(order, order->budget);
}

Text row_order_key(const RowOrder *order, uint32_t row)
{
    const uint32_t *offsets = order->offsets.data;
    return (Text){.data = (const char *)order->keys.data + offsets[row],
                  .length = offsets[row + 1] - offsets[row]};
}

/* --- keys --- */

static inline uint32_t key_length(const Sorter *sorter, uint32_t row)
{
    return sorter->offsets[row + 1] - sorter->offsets[row];
}

/* Bytes [depth, depth + 8) of the key as a big-endian number, zeros beyond its end. */
static inline uint64_t key_prefix(const Sorter *sorter, uint32_t row, uint32_t depth)
{
    uint32_t length = key_length(sorter, row);
    if (depth >= length)
        return 0;
    const uint8_t *key = sorter->keys + sorter->offsets[row] + depth;
    uint64_t bytes = 0;
    uint32_t available = length - depth;
    memcpy(&bytes, key, available < 8 ? available : 8);
    return __builtin_bswap64(bytes);
}

static uint32_t shared_prefix(const Sorter *sorter, const Entry *entries, uint32_t count,
                              uint32_t depth)
{
    uint32_t first = entries[0].row;
    const uint8_t *key = sorter->keys + sorter->offsets[first];
    uint32_t shared = key_length(sorter, first);
    for (uint32_t i = 1; i < count && shared > depth; i++) {
        uint32_t row = entries[i].row;
        const uint8_t *other = sorter->keys + sorter->offsets[row];
        uint32_t length = key_length(sorter, row);
        uint32_t limit = length < shared ? length : shared;
        uint32_t at = depth;
        while (at < limit && key[at] == other[at])
            at++;
        shared = at;
    }
    return shared;
}

/* --- sorting by prefix --- */

static inline bool entry_less(const Entry *a, const Entry *b)
{
    return a->prefix < b->prefix || (a->prefix == b->prefix && a->row < b->row);
}

static void sort_insertion(Entry *entries, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        Entry entry = entries[i];
        uint32_t at = i;
        for (; at > 0 && entry_less(&entry, &entries[at - 1]); at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

static int compare_entries(const void *a, const void *b)
{
    return entry_less(a, b) ? -1 : 1;
}

/* Least significant byte first, leaving out the bytes in which all are equal. */
static void sort_radix(Entry *entries, Entry *spare, uint32_t count)
{
    uint32_t counts[8][256];
    memset(counts, 0, sizeof counts);
    for (uint32_t i = 0; i < count; i++)
        for (int byte = 0; byte < 8; byte++)
            counts[byte][(entries[i].prefix >> (8 * byte)) & 0xFF]++;
    Entry *from = entries, *to = spare;
    for (int byte = 0; byte < 8; byte++) {
        if (counts[byte][(from[0].prefix >> (8 * byte)) & 0xFF] == count)
            continue;
        uint32_t next = 0;
        for (int value = 0; value < 256; value++) {
            uint32_t here = counts[byte][value];
            counts[byte][value] = next;
            next += here;
        }
        for (uint32_t i = 0; i < count; i++)
            to[counts[byte][(from[i].prefix >> (8 * byte)) & 0xFF]++] = from[i];
        Entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries)
        memcpy(entries, from, count * sizeof *entries);
}

static void sort_prefixes(Sorter *sorter, Entry *entries, uint32_t count)
{
    if (count <= INSERTION_MAX)
        sort_insertion(entries, count);
    else if (count < RADIX_MIN)
        qsort(entries, count, sizeof *entries, compare_entries);
    else
        sort_radix(entries, sorter->spare, count);
}

/*
 * Sorts entries whose keys agree in their first `depth` bytes. Runs of equal prefixes go round
 * again eight bytes further on: the depth is bounded by the key's length, and the loop handles
 * the longest run itself, so that the stack stays small.
 */
static void sort_from(Sorter *sorter, Entry *entries, uint32_t count, uint32_t depth)
{
    while (count > 1) {
        depth = shared_prefix(sorter, entries, count, depth);
        if (depth >= key_length(sorter, entries[0].row))
            return; /* keys are prefix-free: all equal */
        for (uint32_t i = 0; i < count; i++)
            entries[i].prefix = key_prefix(sorter, entries[i].row, depth);
        sort_prefixes(sorter, entries, count);
        Entry *longest = NULL;
        uint32_t longest_count = 1;
        for (uint32_t start = 0; start < count;) {
            uint32_t end = start + 1;
            while (end < count && entries[end].prefix == entries[start].prefix)
                end++;
            uint32_t run = end - start;
            if (run > longest_count) {
                if (longest != NULL)
                    sort_from(sorter, longest, longest_count, depth + 8);
                longest = entries + start;
                longest_count = run;
            } else if (run > 1) {
                sort_from(sorter, entries + start, run, depth + 8);
            }
            start = end;
        }
        if (longest == NULL)
            return;
        entries = longest;
        count = longest_count;
        depth += 8;
    }
}

static size_t key_bytes_estimate(const Batch *batch, const SortColumn *columns,
                                 uint32_t column_count)
{
    size_t sum = 0;
    for (uint32_t c = 0; c < column_count; c++) {
        const Vector *vector = &batch->columns[columns[c].column];
        if (vector->layout == LAYOUT_STRING)
            sum += vector->form == VECTOR_DICTIONARY ? (size_t)batch->rows * 16
                                                     : vector_footprint(vector);
        else
            sum += (size_t)batch->rows * (layout_size(vector->layout) + 1);
    }
    return sum;
}

static bool reserve_more(RowOrder *order, size_t bytes, Fault *fault)
{
    if (order->budget == NULL || bytes == 0)
        return true;
    if (!budget_reserve(order->budget, bytes, fault))
        return false;
    order->reserved += bytes;
    return true;
}

static bool make_keys(RowOrder *order, const Batch *batch, const SortColumn *columns,
                      uint32_t column_count, Fault *fault)
{
    if (!reserve_more(order, key_bytes_estimate(batch, columns, column_count), fault) ||
        !grow_array_unset(&order->offsets, order->budget, ((size_t)batch->rows + 1) * sizeof(uint32_t),
                    fault))
        return false;
    ((uint32_t *)order->offsets.data)[0] = 0;
    batch_sort_keys(batch, columns, column_count, &order->keys, order->offsets.data);
    if (order->keys.length > UINT32_MAX)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "sort keys take more than 4 GB");
    if (order->keys.capacity > order->reserved)
        return reserve_more(order, order->keys.capacity - order->reserved, fault);
    return true;
}

bool row_order_sort(RowOrder *order, const Batch *batch, const SortColumn *columns,
                    uint32_t column_count, Fault *fault)
{
    Budget *budget = order->budget;
    row_order_clear(order);
    order->rows = batch->rows;
    if (!make_keys(order, batch, columns, column_count, fault) ||
        !grow_array_unset(&order->order, budget, ((size_t)batch->rows + 1) * sizeof(uint32_t), fault))
        return false;
    GrowArray entries = {0}, spare = {0};
    size_t bytes = ((size_t)batch->rows + 1) * sizeof(Entry);
    bool is_sorted =
        grow_array_unset(&entries, budget, bytes, fault) && grow_array_unset(&spare, budget, bytes, fault);
    if (is_sorted) {
        Sorter sorter = {order->keys.data, order->offsets.data, entries.data, spare.data};
        for (uint32_t row = 0; row < batch->rows; row++)
            sorter.entries[row].row = row;
        if (column_count != 0)
            sort_from(&sorter, sorter.entries, batch->rows, 0);
        uint32_t *rows = order->order.data;
        for (uint32_t i = 0; i < batch->rows; i++)
            rows[i] = sorter.entries[i].row;
    }
    grow_array_free(&entries, budget);
    grow_array_free(&spare, budget);
    return is_sorted;
}

/* --- ranks --- */

/* Whether a column is better sorted by ranks of its entries. */
static bool is_ranked(const Vector *vector)
{
    return vector->form == VECTOR_DICTIONARY && vector->dictionary->count < vector->length;
}

/* ranks[code]: equal texts have equal ranks, smaller texts smaller ones. */
static bool rank_entries(Budget *budget, const Dictionary *dictionary, int64_t *ranks, Arena *arena,
                         Fault *fault)
{
    if (dictionary->is_sorted && dictionary->is_unique) {
        for (uint32_t code = 0; code < dictionary->count; code++)
            ranks[code] = code;
        return true;
    }
    Text *texts = arena_alloc_vector(arena, (size_t)dictionary->count * sizeof *texts);
    texts[0] = (Text){.data = "", .length = 0};
    for (uint32_t code = 1; code < dictionary->count; code++)
        texts[code] = dictionary_text(dictionary, code);
    Vector vector = vector_flat(LAYOUT_STRING, dictionary->count, texts, NULL);
    Batch entries = {.rows = dictionary->count, .column_count = 1, .columns = &vector};
    RowOrder order;
    row_order_init(&order, budget);
    bool is_sorted = row_order_sort(&order, &entries, &(SortColumn){.column = 0}, 1, fault);
    const uint32_t *codes = row_order_rows(&order);
    int64_t rank = 0;
    for (uint32_t i = 0; is_sorted && i < dictionary->count; i++) {
        rank += i != 0 && !text_equal(texts[codes[i]], texts[codes[i - 1]]);
        ranks[codes[i]] = rank;
    }
    row_order_clear(&order);
    return is_sorted;
}

static bool rank_column(Budget *budget, Vector *vector, Arena *arena, Fault *fault)
{
    int64_t *ranks = arena_alloc_vector(arena, (size_t)vector->dictionary->count * sizeof *ranks);
    if (!rank_entries(budget, vector->dictionary, ranks, arena, fault))
        return false;
    int64_t *values = arena_alloc_vector(arena, (size_t)vector->length * sizeof *values);
    uint8_t *nulls = arena_alloc_vector(arena, vector->length);
    const uint32_t *codes = vector->data;
    for (uint32_t i = 0; i < vector->length; i++) {
        values[i] = ranks[codes[i]];
        nulls[i] = codes[i] == 0;
    }
    *vector = vector_flat(LAYOUT_INT64, vector->length, values, nulls);
    return true;
}

bool row_order_sort_ranked(RowOrder *order, const Batch *batch, const SortColumn *columns,
                           uint32_t column_count, Fault *fault)
{
    size_t held = 0;
    for (uint32_t c = 0; c < column_count; c++)
        if (is_ranked(&batch->columns[columns[c].column]))
            held += (size_t)batch->rows * 9;
    Budget *budget = order->budget;
    if (held == 0 || (budget != NULL && !budget_reserve(budget, held, NULL)))
        return row_order_sort(order, batch, columns, column_count, fault);
    Arena *arena = arena_new("ranks");
    Batch ranked = {.rows = batch->rows,
                    .column_count = column_count,
                    .columns = ARENA_ARRAY(arena, Vector, column_count)};
    SortColumn *keys = ARENA_ARRAY(arena, SortColumn, column_count);
    bool is_sorted = true;
    for (uint32_t c = 0; c < column_count && is_sorted; c++) {
        keys[c] = columns[c];
        keys[c].column = c;
        ranked.columns[c] = batch->columns[columns[c].column];
        if (is_ranked(&ranked.columns[c]))
            is_sorted = rank_column(budget, &ranked.columns[c], arena, fault);
    }
    is_sorted = is_sorted && row_order_sort(order, &ranked, keys, column_count, fault);
    arena_free(arena);
    if (budget != NULL)
        budget_release(budget, held);
    return is_sorted;
}

uint32_t row_order_lower_bound(const RowOrder *order, Text key, bool after)
{
    const uint32_t *rows = order->order.data;
    uint32_t low = 0, high = order->rows;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int relation = text_compare(row_order_key(order, rows[middle]), key);
        if (relation < 0 || (after && relation == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

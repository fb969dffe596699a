/*
 * Local: a dictionary for this block alone. Where few different values of a wide range occur in
 * a block (codes of a large dictionary whose use is skewed; a handful of prices), indexes into
 * the sorted distinct values are much narrower than the values.
 *
 * Payload: the entries, ascending, as a nested integer block; the packed indexes.
 */
#include "storage/encoding/encoding_internal.h"

enum {
    MOST_ENTRIES = ENCODING_MAX_COUNT / 2,
    WIDEST_INDEX = 10,
    TABLE_BITS = 12,
    TABLE_SIZE = 1 << TABLE_BITS,
};

/* A set of values, open addressing; slot 0xffff is free. */
typedef struct ValueTable {
    uint16_t slots[TABLE_SIZE];
} ValueTable;

static inline uint32_t slot_of(uint64_t value)
{
    return (uint32_t)(value * 0x9E3779B97F4A7C15ULL >> (64 - TABLE_BITS));
}

/* The slot that holds `value`, or the free one where it belongs. */
static inline uint16_t *find_slot(ValueTable *table, const uint64_t *entries, uint64_t value)
{
    uint32_t slot = slot_of(value);
    while (table->slots[slot] != UINT16_MAX && entries[table->slots[slot]] != value)
        slot = (slot + 1) & (TABLE_SIZE - 1);
    return &table->slots[slot];
}

/* More distinct values than this cannot pay. Entries are counted at half their width, which
 * is what sorting them tends to save. */
static uint32_t most_useful_entries(const IntegerPlan *plan)
{
    uint64_t allowed = (uint64_t)plan->count * plan->width * 85 / 100;
    for (unsigned index_width = WIDEST_INDEX; index_width > 0; index_width--) {
        uint64_t indexes = (uint64_t)plan->count * index_width;
        if (indexes >= allowed)
            continue;
        uint64_t entries = (allowed - indexes) * 2 / plan->width;
        if (entries > 1ULL << (index_width - 1))
            return entries < 1ULL << index_width ? (uint32_t)entries : 1U << index_width;
    }
    return 0;
}

static size_t estimate(IntegerPlan *plan)
{
    ValueTable table;
    uint32_t most, found = 0;

    if (plan->width < 4 || (most = most_useful_entries(plan)) == 0)
        return SIZE_MAX;
    memset(table.slots, 0xff, sizeof table.slots);
    for (uint32_t i = 0; i < plan->count; i++) {
        uint16_t *slot = find_slot(&table, plan->local_entries, plan->offsets[i]);
        if (*slot != UINT16_MAX)
            continue;
        if (found == most)
            return SIZE_MAX;
        plan->local_entries[found] = plan->offsets[i];
        *slot = (uint16_t)found++;
    }
    plan->local_count = found;
    /* Sorted entries are packed by their distance: about log2(entries) bits less each. */
    unsigned saved = bit_width(found) > 1 ? bit_width(found) - 2 : 0;
    unsigned entry_width = plan->width > saved ? plan->width - saved : 1;
    return INTEGER_HEADER_SIZE + bitpack_size(found, entry_width) +
           bitpack_size(plan->count, bit_width(found - 1));
}

/* By bytes, least significant first, as far as the widest value needs. */
static void sort_entries(uint64_t *entries, uint32_t count, unsigned width)
{
    uint64_t other[MOST_ENTRIES];
    uint64_t *from = entries, *to = other;

    for (unsigned shift = 0; shift < width; shift += 8) {
        uint32_t starts[257] = {0};
        for (uint32_t i = 0; i < count; i++)
            starts[(from[i] >> shift & 0xff) + 1]++;
        for (unsigned byte = 0; byte < 256; byte++)
            starts[byte + 1] += starts[byte];
        for (uint32_t i = 0; i < count; i++)
            to[starts[from[i] >> shift & 0xff]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries)
        memcpy(entries, from, count * sizeof *entries);
}

/* The difference encoding of a nested block: ascending entries lie close together, and nested
 * blocks know no delta of their own. */
static void append_entries(const uint64_t *entries, uint32_t count, Buffer *out)
{
    int64_t gaps[MOST_ENTRIES];

    gaps[0] = (int64_t)entries[0];
    for (uint32_t i = 1; i < count; i++)
        gaps[i] = (int64_t)(entries[i] - entries[i - 1]);
    integer_part_encode(gaps, count, out);
}

static void encode(const IntegerPlan *plan, IntegerHeader *header, Buffer *out)
{
    ValueTable table;
    uint64_t entries[MOST_ENTRIES], indexes[ENCODING_MAX_COUNT];
    uint32_t count = plan->local_count;

    memcpy(entries, plan->local_entries, count * sizeof *entries);
    sort_entries(entries, count, plan->width);
    memset(table.slots, 0xff, sizeof table.slots);
    for (uint32_t i = 0; i < count; i++)
        *find_slot(&table, entries, entries[i]) = (uint16_t)i;
    for (uint32_t i = 0; i < plan->count; i++)
        indexes[i] = *find_slot(&table, entries, plan->offsets[i]);
    header->width = (uint8_t)bit_width(count - 1);
    header->extra_count = (uint16_t)count;
    append_entries(entries, count, out);
    bitpack_append(indexes, plan->count, header->width, out);
}

static bool measure(const IntegerBlock *block, size_t available, size_t *size, Fault *fault)
{
    IntegerBlock entries;

    if (block->width > WIDEST_INDEX || block->extra_count == 0 || block->extra_count > MOST_ENTRIES)
        return encoding_damaged(fault, "local dictionary has an impossible header");
    if (!integer_part_open(block->payload, available, block->extra_count, &entries, fault))
        return false;
    *size = entries.size + bitpack_size(block->count, block->width);
    return true;
}

/* The entries, with zeros behind so that every index of WIDEST_INDEX bits can be looked up;
 * *indexes is where the packed indexes begin. */
static bool open_entries(const IntegerBlock *block, uint64_t *entries, const uint8_t **indexes,
                         Fault *fault)
{
    IntegerBlock part;

    if (!integer_part_open(block->payload, SIZE_MAX, block->extra_count, &part, fault) ||
        !integer_block_int64(&part, (int64_t *)entries, fault))
        return false;
    for (uint32_t i = 1; i < block->extra_count; i++)
        entries[i] += entries[i - 1];
    if (block->extra_count < 1U << block->width)
        memset(entries + block->extra_count, 0,
               ((1U << block->width) - block->extra_count) * sizeof *entries);
    *indexes = block->payload + part.size;
    return true;
}

static bool decode64(const IntegerBlock *block, uint64_t *out, Fault *fault)
{
    uint64_t entries[MOST_ENTRIES + ENCODING_SLACK];
    uint32_t indexes[ENCODING_MAX_COUNT + ENCODING_SLACK];
    const uint8_t *packed;

    if (!open_entries(block, entries, &packed, fault))
        return false;
    bitpack_unpack32(packed, block->count, block->width, indexes);
    for (uint32_t i = 0; i < block->count; i++)
        out[i] = entries[indexes[i]];
    return true;
}

static bool decode32(const IntegerBlock *block, uint32_t *out, Fault *fault)
{
    uint64_t entries[MOST_ENTRIES + ENCODING_SLACK];
    uint32_t indexes[ENCODING_MAX_COUNT + ENCODING_SLACK];
    const uint8_t *packed;

    if (!open_entries(block, entries, &packed, fault))
        return false;
    bitpack_unpack32(packed, block->count, block->width, indexes);
    for (uint32_t i = 0; i < block->count; i++)
        out[i] = (uint32_t)entries[indexes[i]];
    return true;
}

static bool rows64(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                   uint64_t *out, Fault *fault)
{
    uint64_t entries[MOST_ENTRIES + ENCODING_SLACK];
    const uint8_t *packed;

    if (!open_entries(block, entries, &packed, fault))
        return false;
    for (uint32_t i = 0; i < row_count; i++)
        out[i] = entries[bitpack_get(packed, block->count, block->width, rows[i])];
    return true;
}

const IntegerMethodInfo integer_local = {
    .name = "local",
    .bias = 85,
    .estimate = estimate,
    .encode = encode,
    .measure = measure,
    .decode64 = decode64,
    .decode32 = decode32,
    .rows64 = rows64,
};

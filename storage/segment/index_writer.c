/*
 * Writing the index of a column of codes: see index_writer_internal.h.
 *
 * The lists are an inverted file (Zobel and Moffat, "Inverted files for text search engines",
 * 2006) whose documents are blocks: a block of codes is unpacked and tested in less time than a
 * list of rows would take to read, and numbers of blocks need a third of the bits. An index is a
 * help: where the budget refuses the memory to build it, the column goes without.
 */
#include "storage/segment/index_writer_internal.h"

#include "storage/segment/entry_filter_internal.h"

enum {
    FILTERED_ENTRIES = 256,    /* fewer are found as quickly in the dictionary itself */
    LISTED_SHARE = 2,          /* an entry in more than one of so many blocks is not listed */
    PIECE = SEGMENT_BLOCK_ROWS /* values handed on at a time */
};

static inline uint32_t *numbers_of(const Growing *growing)
{
    return (uint32_t *)(void *)growing->data;
}

static void drop_pairs(IndexWriter *index)
{
    growing_clear(&index->last);
    growing_clear(&index->counts);
    growing_clear(&index->codes);
    growing_clear(&index->ends);
}

static bool make_zeros(Growing *growing, size_t count)
{
    Fault ignored;
    size_t size = count * sizeof(uint32_t);

    if (!growing_reserve(growing, size, &ignored))
        return false;
    memset(growing->data, 0, size);
    growing->length = size;
    return true;
}

void index_writer_init(IndexWriter *index, SegmentOutput *output, Budget *budget,
                       uint32_t entry_count)
{
    *index = (IndexWriter){.output = output, .budget = budget, .entry_count = entry_count};
    growing_init(&index->last, budget);
    growing_init(&index->counts, budget);
    growing_init(&index->codes, budget);
    growing_init(&index->ends, budget);
    index->is_off = entry_count == 0 || !make_zeros(&index->last, (size_t)entry_count + 1) ||
                    !make_zeros(&index->counts, (size_t)entry_count + 1);
    if (index->is_off)
        drop_pairs(index);
}

void index_writer_clear(IndexWriter *index)
{
    if (index->has_lists) {
        stream_writer_clear(&index->lists);
        stream_writer_clear(&index->blocks);
    }
    if (index->has_filter)
        stream_writer_clear(&index->filter);
    if (index->has_firsts)
        stream_writer_clear(&index->firsts);
    drop_pairs(index);
    *index = (IndexWriter){0};
}

/* --- finding an entry --- */

static bool write_numbers(StreamWriter *stream, const int64_t *values, uint32_t count, Fault *fault)
{
    Vector vector = vector_flat(LAYOUT_INT64, count, values, NULL);
    return stream_writer_vector(stream, &vector, 0, count, fault);
}

static bool write_filter(IndexWriter *index, const StringPool *pool, Fault *fault)
{
    Fault ignored;
    Growing words;
    uint64_t cells = entry_filter_cells(index->entry_count);
    size_t size = cells * sizeof(EntryFilterCell);

    growing_init(&words, index->budget);
    if (!growing_reserve(&words, size, &ignored))
        return true;
    memset(words.data, 0, size);
    EntryFilterCell *filter = (EntryFilterCell *)(void *)words.data;
    for (uint32_t number = 1; number <= index->entry_count; number++)
        entry_filter_add(filter, cells, text_hash(string_pool_text(pool, number)));
    index->has_filter = true;
    bool ok = stream_writer_init(&index->filter, index->output, index->budget, LAYOUT_INT64,
                                 STREAM_VALUES, false, false, fault);
    uint64_t count = cells * ENTRY_FILTER_WORDS;
    for (uint64_t at = 0; ok && at < count; at += PIECE) {
        uint64_t left = count - at;
        ok = write_numbers(&index->filter, (const int64_t *)(const void *)words.data + at,
                           left < PIECE ? (uint32_t)left : PIECE, fault);
    }
    growing_clear(&words);
    return ok && stream_writer_finish(&index->filter, fault);
}

static bool write_firsts(IndexWriter *index, const StringPool *pool, const uint32_t *order,
                         Fault *fault)
{
    index->has_firsts = true;
    if (!stream_writer_init(&index->firsts, index->output, index->budget, LAYOUT_STRING,
                            STREAM_TEXT, true, false, fault))
        return false;
    for (uint64_t i = 0; i < index->entry_count; i += SEGMENT_BLOCK_ROWS)
        if (!stream_writer_text(&index->firsts, string_pool_text(pool, order[i]), false, fault))
            return false;
    return stream_writer_finish(&index->firsts, fault);
}

bool index_writer_entries(IndexWriter *index, const StringPool *pool, const uint32_t *order,
                          Fault *fault)
{
    if (index->entry_count >= FILTERED_ENTRIES && !write_filter(index, pool, fault))
        return false;
    return index->entry_count <= SEGMENT_BLOCK_ROWS || write_firsts(index, pool, order, fault);
}

/* --- gathering pairs --- */

void index_writer_block(IndexWriter *index, const uint32_t *codes, uint32_t count)
{
    Fault ignored;

    if (index->is_off)
        return;
    uint32_t block = ++index->block_count;
    index->is_off = !growing_reserve(&index->codes, count * sizeof(uint32_t), &ignored) ||
                    !growing_reserve(&index->ends, sizeof(uint32_t), &ignored);
    if (index->is_off) {
        drop_pairs(index);
        return;
    }
    uint32_t *last = numbers_of(&index->last), *counts = numbers_of(&index->counts);
    uint32_t *pairs = (uint32_t *)(void *)(index->codes.data + index->codes.length);
    uint32_t added = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t code = codes[i];
        if (last[code] == block)
            continue;
        last[code] = block;
        counts[code]++;
        pairs[added++] = code;
    }
    index->codes.length += added * sizeof(uint32_t);
    numbers_of(&index->ends)[block - 1] = (uint32_t)(index->codes.length / sizeof(uint32_t));
    index->ends.length += sizeof(uint32_t);
}

/* --- the lists --- */

/* last[code] becomes where the list of the code begins, or UINT32_MAX: it has none. Returns the
 * length of all. */
static uint64_t place_lists(IndexWriter *index)
{
    uint32_t *starts = numbers_of(&index->last), *counts = numbers_of(&index->counts);
    uint32_t most = index->block_count / LISTED_SHARE;
    uint64_t total = 0;

    counts[0] = 0;
    for (uint32_t code = 0; code <= index->entry_count; code++) {
        bool is_listed = counts[code] != 0 && counts[code] <= most;
        starts[code] = is_listed ? (uint32_t)total : UINT32_MAX;
        counts[code] = is_listed ? counts[code] : 0;
        total += counts[code];
    }
    return total;
}

/* The numbers of the blocks, list after list. Moves the starts to the lists' ends. */
static void fill_lists(const IndexWriter *index, uint32_t *blocks)
{
    uint32_t *starts = numbers_of(&index->last);
    const uint32_t *codes = numbers_of(&index->codes), *ends = numbers_of(&index->ends);
    uint32_t pair = 0;

    for (uint32_t block = 0; block < index->block_count; block++)
        for (; pair < ends[block]; pair++) {
            uint32_t code = codes[pair];
            if (starts[code] != UINT32_MAX)
                blocks[starts[code]++] = block;
        }
}

static bool write_lists(IndexWriter *index, const uint32_t *blocks, uint64_t total, Fault *fault)
{
    const uint32_t *counts = numbers_of(&index->counts);
    int64_t values[PIECE];

    index->has_lists = true;
    if (!stream_writer_init(&index->lists, index->output, index->budget, LAYOUT_ARRAY,
                            STREAM_ARRAYS, false, false, fault) ||
        !stream_writer_init(&index->blocks, index->output, index->budget, LAYOUT_INT64,
                            STREAM_VALUES, false, false, fault))
        return false;
    for (uint32_t code = 1; code <= index->entry_count; code++)
        if (!stream_writer_array(&index->lists, (ArrayValue){.count = counts[code]}, false,
                                 fault))
            return false;
    for (uint64_t at = 0; at < total; at += PIECE) {
        uint32_t some = total - at < PIECE ? (uint32_t)(total - at) : PIECE;
        for (uint32_t i = 0; i < some; i++)
            values[i] = blocks[at + i];
        if (!write_numbers(&index->blocks, values, some, fault))
            return false;
    }
    return stream_writer_finish(&index->lists, fault) &&
           stream_writer_finish(&index->blocks, fault);
}

bool index_writer_finish(IndexWriter *index, Fault *fault)
{
    Fault ignored;
    Growing blocks;
    bool ok = true;

    if (index->is_off || index->codes.length / sizeof(uint32_t) >= UINT32_MAX) {
        drop_pairs(index);
        return true;
    }
    uint64_t total = place_lists(index);
    growing_init(&blocks, index->budget);
    if (total != 0 && growing_reserve(&blocks, total * sizeof(uint32_t), &ignored)) {
        fill_lists(index, numbers_of(&blocks));
        ok = write_lists(index, numbers_of(&blocks), total, fault);
    }
    growing_clear(&blocks);
    drop_pairs(index);
    return ok;
}

uint64_t index_writer_bytes(const IndexWriter *index)
{
    uint64_t bytes = 0;

    if (index->has_lists)
        bytes += index->lists.stored_bytes + index->blocks.stored_bytes;
    if (index->has_filter)
        bytes += index->filter.stored_bytes;
    if (index->has_firsts)
        bytes += index->firsts.stored_bytes;
    return bytes;
}

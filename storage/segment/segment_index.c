/*
 * Finding texts and the blocks that hold them, without decoding a dictionary as a whole: the
 * filter says of most texts that the segment lacks them, the first entries of the dictionary's
 * blocks say which one to decode, the lists say which blocks of rows an entry is in.
 */
#include "storage/segment/entry_filter_internal.h"
#include "storage/segment/segment_reader_internal.h"

#include "base/log/log.h"

#include <stdlib.h>

/* --- decoded blocks of a dictionary --- */

void segment_drop_entries(SegmentReader *reader, uint32_t stream)
{
    EntryBlocks *entries = &reader->entries[stream];

    if (entries->blocks == NULL)
        return;
    for (uint32_t i = 0; i < reader->streams[stream].block_count; i++) {
        if (entries->blocks[i] == NULL)
            continue;
        reader->heap_bytes -= entries->blocks[i]->size;
        free(entries->blocks[i]);
    }
    free(entries->blocks);
    *entries = (EntryBlocks){0};
}

static bool is_ascending(const EntryBlock *block)
{
    for (uint32_t i = 1; i < block->count; i++)
        if (text_compare(entry_text(block, i - 1), entry_text(block, i)) >= 0)
            return false;
    return true;
}

/* The first entry is the one that the search went by. */
static bool is_first(SegmentReader *reader, uint32_t stream, uint32_t index,
                     const EntryBlock *block, Fault *fault)
{
    const Dictionary *firsts;

    return segment_load_dictionary(reader, reader->streams[stream].dictionary, false, &firsts,
                                   fault) &&
           (text_equal(dictionary_text(firsts, index + 1), entry_text(block, 0)) ||
            fault_set(fault, FAULT_DATA_CORRUPTED, "dictionary does not begin as its index says"));
}

static bool expand_entries(SegmentReader *reader, uint32_t stream, const TextBlock *text,
                           const uint8_t *raw, EntryBlock **result, Fault *fault)
{
    size_t offsets_size = ((size_t)text->count + 1 + ENCODING_SLACK) * sizeof(uint32_t);
    size_t size = sizeof(EntryBlock) + offsets_size + text->text_length + 64;

    if (text->text_length > reader->streams[stream].text_bytes)
        return fault_set(fault, FAULT_DATA_CORRUPTED, "dictionary is longer than it says");
    EntryBlock *block = malloc(size);
    if (block == NULL)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory for %zu bytes of a dictionary",
                         size);
    block->count = text->count;
    block->size = size;
    block->bytes = (uint8_t *)(block->offsets + text->count + 1 + ENCODING_SLACK);
    if (!text_block_expand(text, raw, block->bytes, 0, block->offsets, fault)) {
        free(block);
        return false;
    }
    *result = block;
    return true;
}

static bool decode_entries(SegmentReader *reader, uint32_t stream, uint32_t index,
                           EntryBlock **result, Fault *fault)
{
    SegmentPlace place = {.reader = reader, .stream = stream, .block = index};
    TextBlock text;
    const uint8_t *raw;
    EntryBlock *block = NULL;

    if (stream_block(reader, stream, index)->kind != BLOCK_DATA) {
        fault_set(fault, FAULT_DATA_CORRUPTED, "nulls in a dictionary");
        return segment_damaged(&place, fault, fault);
    }
    if (!segment_open_text(&place, &text, &raw, fault))
        return false;
    if (!expand_entries(reader, stream, &text, raw, &block, fault))
        return segment_damaged(&place, fault, fault);
    if (!is_ascending(block) || !is_first(reader, stream, index, block, fault)) {
        free(block);
        fault_set(fault, FAULT_DATA_CORRUPTED, "dictionary is not in order");
        return segment_damaged(&place, fault, fault);
    }
    *result = block;
    return true;
}

bool segment_entries(SegmentReader *reader, uint32_t stream, uint32_t index,
                     const EntryBlock **block, Fault *fault)
{
    EntryBlocks *entries = &reader->entries[stream];
    EntryBlock *made = NULL;

    if (entries->blocks == NULL) {
        entries->blocks = calloc(reader->streams[stream].block_count, sizeof *entries->blocks);
        if (entries->blocks == NULL)
            return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory for a dictionary's blocks");
    }
    if (entries->blocks[index] == NULL) {
        if (!decode_entries(reader, stream, index, &made, fault))
            return false;
        entries->blocks[index] = made;
        entries->count++;
        reader->heap_bytes += made->size;
    }
    *block = entries->blocks[index];
    return true;
}

/* --- finding --- */

static inline bool is_before(Text entry, Text text, bool after)
{
    int order = text_compare(entry, text);
    return order < 0 || (after && order == 0);
}

/* Whether the entries of the block are decoded with those of others. */
static bool has_block(const SegmentReader *reader, uint32_t stream, uint32_t index)
{
    const LoadedDictionary *loaded = reader->dictionaries[stream];
    return loaded != NULL && (loaded->has_block == NULL || loaded->has_block[index] != 0);
}

/* The code of the first entry of a decoded block that is not before the text, or that behind all. */
static uint32_t search_loaded(const SegmentReader *reader, uint32_t stream, uint32_t index, Text text,
                              bool after)
{
    const Dictionary *dictionary = &reader->dictionaries[stream]->dictionary;
    uint32_t low = index * SEGMENT_BLOCK_ROWS + 1;
    uint32_t high = low + stream_block_rows(&reader->streams[stream], index);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (is_before(dictionary_text(dictionary, middle), text, after))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The code of the first entry >= text (> with `after`) of a dictionary with first entries. */
static bool search_blocks(SegmentReader *reader, uint32_t stream, Text text, bool after,
                          uint32_t *code, Fault *fault)
{
    const Dictionary *firsts;
    const EntryBlock *block;

    if (!segment_load_dictionary(reader, reader->streams[stream].dictionary, false, &firsts, fault))
        return false;
    uint32_t behind = dictionary_lower_bound(firsts, text, true);
    *code = 1;
    if (behind == 1)
        return true;
    uint32_t index = behind - 2;
    if (has_block(reader, stream, index)) {
        *code = search_loaded(reader, stream, index, text, after);
        return true;
    }
    if (!segment_entries(reader, stream, index, &block, fault))
        return false;
    uint32_t low = 0, high = block->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (is_before(entry_text(block, middle), text, after))
            low = middle + 1;
        else
            high = middle;
    }
    *code = index * SEGMENT_BLOCK_ROWS + low + 1;
    return true;
}

/* Whether the dictionary is searched a block at a time. */
static bool is_searched_by_block(const SegmentReader *reader, uint32_t stream)
{
    const LoadedDictionary *loaded = reader->dictionaries[stream];

    return reader->streams[stream].dictionary != FORMAT_NO_STREAM &&
           (loaded == NULL || loaded->has_block != NULL);
}

static uint32_t dictionary_stream(const SegmentReader *reader, uint32_t column)
{
    check(column < reader->schema.column_count);
    const FormatStream *stream = &reader->streams[reader->columns[column].stream];
    return stream->form == STREAM_CODES ? stream->dictionary : FORMAT_NO_STREAM;
}

bool segment_has_dictionary(const SegmentReader *reader, uint32_t column)
{
    return dictionary_stream(reader, column) != FORMAT_NO_STREAM;
}

uint32_t segment_dictionary_count(const SegmentReader *reader, uint32_t column)
{
    uint32_t stream = dictionary_stream(reader, column);
    check(stream != FORMAT_NO_STREAM);
    return (uint32_t)reader->streams[stream].rows;
}

bool segment_lower_bound(SegmentReader *reader, uint32_t column, Text text, bool after,
                         uint32_t *code, Fault *fault)
{
    uint32_t stream = dictionary_stream(reader, column);
    const Dictionary *dictionary;

    check(stream != FORMAT_NO_STREAM);
    if (is_searched_by_block(reader, stream))
        return search_blocks(reader, stream, text, after, code, fault);
    if (!segment_load_dictionary(reader, stream, false, &dictionary, fault))
        return false;
    *code = dictionary_lower_bound(dictionary, text, after);
    return true;
}

/* Whether the dictionary may have the text, by its filter. */
static bool may_hold(SegmentReader *reader, uint32_t stream, Text text, bool *result, Fault *fault)
{
    uint32_t filter = reader->streams[stream].elements;
    uint64_t hash = text_hash(text);
    EntryFilterCell cell;

    *result = true;
    if (filter == FORMAT_NO_STREAM)
        return true;
    uint64_t cells = reader->streams[filter].rows / ENTRY_FILTER_WORDS;
    uint64_t first = entry_filter_place(hash, cells) * ENTRY_FILTER_WORDS;
    if (!segment_read_words(reader, filter, first, ENTRY_FILTER_WORDS, cell.words, fault))
        return false;
    *result = entry_filter_may_hold(&cell, hash);
    return true;
}

static bool entry_is(SegmentReader *reader, uint32_t stream, uint32_t code, Text text, bool *result,
                     Fault *fault)
{
    const EntryBlock *block;

    *result = false;
    if (code > reader->streams[stream].rows)
        return true;
    if (has_block(reader, stream, (code - 1) / SEGMENT_BLOCK_ROWS)) {
        *result = text_equal(dictionary_text(&reader->dictionaries[stream]->dictionary, code), text);
        return true;
    }
    if (!segment_entries(reader, stream, (code - 1) / SEGMENT_BLOCK_ROWS, &block, fault))
        return false;
    *result = text_equal(entry_text(block, (code - 1) % SEGMENT_BLOCK_ROWS), text);
    return true;
}

bool segment_find_entry(SegmentReader *reader, uint32_t column, Text text, uint32_t *code,
                        Fault *fault)
{
    uint32_t stream = dictionary_stream(reader, column), place;
    bool is_there;

    check(stream != FORMAT_NO_STREAM);
    *code = 0;
    if (!may_hold(reader, stream, text, &is_there, fault))
        return false;
    if (!is_there)
        return true;
    if (!segment_lower_bound(reader, column, text, false, &place, fault) ||
        !entry_is(reader, stream, place, text, &is_there, fault))
        return false;
    *code = is_there ? place : 0;
    return true;
}

/* Where a dictionary has many blocks their first entries will do. */
bool segment_entry_near(SegmentReader *reader, uint32_t column, uint32_t code, Arena *arena,
                        Text *text, Fault *fault)
{
    enum { MANY_BLOCKS = 16 };
    uint32_t stream = dictionary_stream(reader, column);
    const Dictionary *dictionary;
    const EntryBlock *block;

    check(stream != FORMAT_NO_STREAM && code >= 1 && code <= reader->streams[stream].rows);
    uint32_t index = (code - 1) / SEGMENT_BLOCK_ROWS, within = (code - 1) % SEGMENT_BLOCK_ROWS;
    if (!is_searched_by_block(reader, stream)) {
        if (!segment_load_dictionary(reader, stream, false, &dictionary, fault))
            return false;
        *text = dictionary_text(dictionary, code);
    } else if (reader->streams[stream].block_count >= MANY_BLOCKS) {
        if (!segment_load_dictionary(reader, reader->streams[stream].dictionary, false, &dictionary,
                                     fault))
            return false;
        *text = dictionary_text(dictionary, index + 1);
    } else {
        if (!segment_entries(reader, stream, index, &block, fault))
            return false;
        if (within >= block->count)
            return fault_set(fault, FAULT_DATA_CORRUPTED, "dictionary is shorter than it says");
        *text = entry_text(block, within);
    }
    *text = arena_text(arena, *text);
    return true;
}

/* --- lists --- */

/* Adds the elements [first, first + count) of the lists to the set. */
static bool add_blocks(const SegmentReader *reader, uint32_t stream, uint64_t first, uint64_t count,
                       uint64_t *set, Fault *fault)
{
    uint32_t numbers[SEGMENT_BLOCK_ROWS + ENCODING_SLACK];
    uint32_t blocks = segment_block_count(reader);

    while (count != 0) {
        SegmentPlace place = {.reader = reader,
                              .stream = stream,
                              .block = (uint32_t)(first / SEGMENT_BLOCK_ROWS)};
        uint32_t start = (uint32_t)(first % SEGMENT_BLOCK_ROWS);
        uint32_t rows = stream_block_rows(&reader->streams[stream], place.block);
        uint32_t some = count < rows - start ? (uint32_t)count : rows - start;
        if (!segment_read_numbers(&place, start, some, numbers, fault))
            return false;
        for (uint32_t i = 0; i < some; i++) {
            if (numbers[i] >= blocks) {
                fault_set(fault, FAULT_DATA_CORRUPTED, "an index names a block that is not there");
                return segment_damaged(&place, fault, fault);
            }
            set[numbers[i] / 64] |= 1ULL << numbers[i] % 64;
        }
        first += some;
        count -= some;
    }
    return true;
}

/* The entries [from, to) of one block of lists; *is_listed false: some has no list. */
static bool add_lists(const SegmentReader *reader, const SegmentPlace *place, uint32_t from,
                      uint32_t to, uint64_t *set, bool *is_listed, Fault *fault)
{
    uint32_t lengths[SEGMENT_BLOCK_ROWS + ENCODING_SLACK];
    const FormatBlock *block = stream_block(reader, place->stream, place->block);
    uint64_t wanted = 0;

    if (!segment_read_numbers(place, 0, stream_block_rows(&reader->streams[place->stream], place->block),
                              lengths, fault))
        return false;
    uint64_t before = uint32_sum(lengths, from);
    for (uint32_t i = from; i < to; i++) {
        *is_listed = *is_listed && lengths[i] != 0;
        wanted += lengths[i];
    }
    if (!*is_listed)
        return true;
    if (before + wanted > (uint64_t)block->maximum) {
        fault_set(fault, FAULT_DATA_CORRUPTED, "an index reaches beyond its lists");
        return segment_damaged(place, fault, fault);
    }
    return add_blocks(reader, reader->streams[place->stream].elements,
                      (uint64_t)block->minimum + before, wanted, set, fault);
}

bool segment_entry_blocks(SegmentReader *reader, uint32_t column, uint32_t first, uint32_t last,
                          uint64_t *set, bool *is_listed, Fault *fault)
{
    check(column < reader->schema.column_count);
    uint32_t lists = reader->streams[reader->columns[column].stream].form == STREAM_CODES
                         ? reader->streams[reader->columns[column].stream].elements
                         : FORMAT_NO_STREAM;

    *is_listed = lists != FORMAT_NO_STREAM;
    if (!*is_listed)
        return true;
    check(first >= 1 && first <= last && last <= reader->streams[lists].rows);
    uint32_t behind = last; /* entries are counted from 0, codes from 1 */
    for (uint32_t from = first - 1; *is_listed && from < behind;) {
        SegmentPlace place = {
            .reader = reader, .stream = lists, .block = from / SEGMENT_BLOCK_ROWS};
        uint32_t start = place.block * SEGMENT_BLOCK_ROWS;
        uint32_t to = behind - start < SEGMENT_BLOCK_ROWS ? behind : start + SEGMENT_BLOCK_ROWS;
        if (!add_lists(reader, &place, from - start, to - start, set, is_listed, fault))
            return false;
        from = to;
    }
    return true;
}

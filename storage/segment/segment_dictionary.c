/*
 * Dictionaries as a whole, or as much of one as is needed: where rows are divided among workers by
 * their texts (segment_expect_entries), each needs the blocks of entries that its ranges are in. What
 * is decoded lies end to end; entries of other blocks are empty texts, which no code that comes out
 * points to: when one does after all, more is decoded, as another dictionary.
 */
#include "storage/segment/segment.h"

#include "base/log/log.h"
#include "storage/segment/segment_reader_internal.h"

#include <stdlib.h>

enum { LEAST_BLOCKS = 4 }; /* of a dictionary that may be decoded in part */

/* --- decoding --- */

static inline bool is_wanted(const uint8_t *wanted, uint32_t block)
{
    return wanted == NULL || wanted[block] != 0;
}

static inline Text text_between(const uint8_t *bytes, const uint32_t *offsets, uint32_t entry)
{
    return (Text){(const char *)bytes + offsets[entry], offsets[entry + 1] - offsets[entry]};
}

/* Ascending and without repetition, as is promised to all who search it or compare its codes. */
static bool is_ascending(const uint8_t *bytes, const uint32_t *offsets, uint32_t count,
                         const uint8_t *wanted)
{
    for (uint32_t i = 2; i < count; i++) {
        uint32_t before = (i - 2) / SEGMENT_BLOCK_ROWS, block = (i - 1) / SEGMENT_BLOCK_ROWS;
        if (is_wanted(wanted, before) && is_wanted(wanted, block) &&
            text_compare(text_between(bytes, offsets, i - 1), text_between(bytes, offsets, i)) >= 0)
            return false;
    }
    return true;
}

/* `made`: bytes so far, of `limit`. */
static bool decode_block(const SegmentPlace *place, uint32_t *offsets, uint8_t *bytes, size_t limit,
                         uint32_t *made, Fault *fault)
{
    TextBlock text;
    const uint8_t *raw = NULL;

    if (stream_block(place->reader, place->stream, place->block)->kind != BLOCK_DATA)
        return segment_damaged(
            place, &(Fault){.code = FAULT_DATA_CORRUPTED, .message = "nulls in a dictionary"}, fault);
    if (!segment_open_text(place, &text, &raw, fault))
        return false;
    if (text.text_length > limit - *made) {
        fault_set(fault, FAULT_DATA_CORRUPTED, "dictionary is longer than it says");
        return segment_damaged(place, fault, fault);
    }
    if (!text_block_expand(&text, raw, bytes + *made, *made, offsets, fault))
        return segment_damaged(place, fault, fault);
    *made += text.text_length;
    return true;
}

/* `limit`: bytes that there is room for; `wanted` NULL: all blocks, which must fill it. */
static bool decode_entries(const SegmentReader *reader, uint32_t stream, const uint8_t *wanted,
                           size_t limit, uint32_t *offsets, uint8_t *bytes, Fault *fault)
{
    const FormatStream *record = &reader->streams[stream];
    SegmentPlace place = {.reader = reader, .stream = stream};
    uint32_t made = 0;

    offsets[0] = offsets[1] = 0;
    for (; place.block < record->block_count; place.block++) {
        uint32_t *of_block = offsets + 1 + (size_t)place.block * SEGMENT_BLOCK_ROWS;
        if (!is_wanted(wanted, place.block)) {
            for (uint32_t i = 0; i <= stream_block_rows(record, place.block); i++)
                of_block[i] = made;
            continue;
        }
        if (!decode_block(&place, of_block, bytes, limit, &made, fault))
            return false;
    }
    if ((wanted == NULL && made != limit) ||
        !is_ascending(bytes, offsets, (uint32_t)record->rows + 1, wanted)) {
        place.block = 0;
        fault_set(fault, FAULT_DATA_CORRUPTED, "dictionary is not in order");
        return segment_damaged(&place, fault, fault);
    }
    memset(bytes + made, 0, 64);
    return true;
}

/* Bytes of the texts of the blocks. */
static bool wanted_bytes(const SegmentReader *reader, uint32_t stream, const uint8_t *wanted,
                         size_t *bytes, Fault *fault)
{
    const FormatStream *record = &reader->streams[stream];
    SegmentPlace place = {.reader = reader, .stream = stream};

    *bytes = wanted == NULL ? record->text_bytes : 0;
    for (; wanted != NULL && place.block < record->block_count; place.block++) {
        TextBlock text;
        if (wanted[place.block] == 0 ||
            stream_block(reader, stream, place.block)->kind != BLOCK_DATA)
            continue;
        if (!segment_open_text_head(&place, &text, fault))
            return false;
        if (text.text_length > record->text_bytes - *bytes) {
            fault_set(fault, FAULT_DATA_CORRUPTED, "dictionary is longer than it says");
            return segment_damaged(&place, fault, fault);
        }
        *bytes += text.text_length;
    }
    return true;
}

static bool add_hashes(SegmentReader *reader, LoadedDictionary *loaded, Fault *fault)
{
    Dictionary *dictionary = &loaded->dictionary;

    loaded->hashes = malloc(dictionary->count * sizeof *loaded->hashes);
    if (loaded->hashes == NULL)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory for a dictionary's hashes");
    loaded->hashes[0] = 0;
    for (uint32_t i = 1; i < dictionary->count; i++)
        loaded->hashes[i] = text_hash(dictionary_text(dictionary, i));
    reader->heap_bytes += dictionary->count * sizeof *loaded->hashes;
    dictionary->hashes = loaded->hashes;
    return true;
}

static void drop_unit(SegmentReader *reader, uint32_t stream)
{
    UnitCache *cache = &reader->units[stream];

    free(cache->bytes);
    reader->heap_bytes -= cache->capacity;
    *cache = (UnitCache){0};
}

/* The column whose texts a stream holds; false: elements of arrays. */
static bool column_of_dictionary(const SegmentReader *reader, uint32_t stream, uint32_t *column)
{
    for (*column = 0; *column < reader->schema.column_count; ++*column)
        if (reader->streams[reader->columns[*column].stream].dictionary == stream)
            return true;
    return false;
}

/* Segments of one table lie in one folder. */
static uint64_t family_of(const SegmentReader *reader, uint32_t column)
{
    const char *end = strrchr(reader->path, '/');
    uint32_t folder = end == NULL ? 0 : (uint32_t)(end - reader->path);
    uint64_t family = text_hash((Text){reader->path, folder}) * 3 +
                      text_hash(reader->schema.columns[column].name);

    return family == 0 ? 1 : family;
}

static void name_home(const SegmentReader *reader, uint32_t stream, LoadedDictionary *loaded)
{
    uint32_t column;

    if (!reader->has_digest || !column_of_dictionary(reader, stream, &column))
        return;
    loaded->home.column = column;
    loaded->dictionary.family = family_of(reader, column);
    memcpy(loaded->home.digest, reader->digest, sizeof reader->digest);
    loaded->dictionary.home = &loaded->home;
}

/* --- loading --- */

static void loaded_free(DictionaryHome *home)
{
    LoadedDictionary *loaded = (LoadedDictionary *)home;

    free(loaded->offsets);
    free(loaded->bytes);
    free(loaded->has_place);
    free(loaded->hashes);
    free(loaded->kept_hashes);
    free(loaded->home.ids);
    free(loaded);
}

static void loaded_release(LoadedDictionary *loaded)
{
    if (--loaded->home.references == 0)
        loaded_free(&loaded->home);
}

static LoadedDictionary *loaded_new(const SegmentReader *reader, uint32_t stream,
                                    const uint8_t *wanted, size_t text_bytes, Fault *fault)
{
    const FormatStream *record = &reader->streams[stream];
    LoadedDictionary *loaded = calloc(1, sizeof *loaded);

    check(loaded != NULL);
    loaded->home = (DictionaryHome){.references = 1, .free = loaded_free};
    loaded->memory = (record->rows + 2 + ENCODING_SLACK) * sizeof(uint32_t) + text_bytes + 64;
    loaded->offsets = malloc((record->rows + 2 + ENCODING_SLACK) * sizeof(uint32_t));
    loaded->bytes = malloc(text_bytes + 64);
    loaded->has_place = wanted == NULL ? NULL : malloc(record->block_count + 1u);
    if (loaded->offsets == NULL || loaded->bytes == NULL ||
        (wanted != NULL && loaded->has_place == NULL)) {
        loaded_free(&loaded->home);
        fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory for a dictionary of %zu bytes",
                  text_bytes);
        return NULL;
    }
    if (wanted != NULL) {
        loaded->has_place[0] = 1;
        loaded->has_block = loaded->has_place + 1;
        memcpy(loaded->has_block, wanted, record->block_count);
    }
    return loaded;
}

/* What is known of codes stays known; who uses the old one still may until nobody uses the reader. */
static void retire(SegmentReader *reader, uint32_t stream, LoadedDictionary *successor)
{
    LoadedDictionary *old = reader->dictionaries[stream];

    if (old == NULL)
        return;
    successor->home.ids = old->home.ids;
    successor->home.ids_table = old->home.ids_table;
    old->home.ids = NULL;
    reader->heap_bytes -= old->memory + (old->hashes == NULL ? 0 : old->dictionary.count * sizeof *old->hashes);
    old->next = reader->retired;
    reader->retired = old;
}

void segment_reader_free_retired(SegmentReader *reader)
{
    while (reader->retired != NULL) {
        LoadedDictionary *old = reader->retired;
        reader->retired = old->next;
        loaded_release(old);
    }
}

/* Decodes the wanted blocks (NULL: all) in place of what is decoded. */
static bool load(SegmentReader *reader, uint32_t stream, const uint8_t *wanted, Fault *fault)
{
    size_t bytes;

    if (!wanted_bytes(reader, stream, wanted, &bytes, fault))
        return false;
    LoadedDictionary *loaded = loaded_new(reader, stream, wanted, bytes, fault);
    if (loaded == NULL)
        return false;
    if (!decode_entries(reader, stream, wanted, bytes, loaded->offsets, loaded->bytes, fault)) {
        loaded_free(&loaded->home);
        return false;
    }
    drop_unit(reader, stream);
    segment_drop_entries(reader, stream);
    reader->heap_bytes += loaded->memory;
    loaded->dictionary = (Dictionary){.count = (uint32_t)reader->streams[stream].rows + 1,
                                      .is_unique = true,
                                      .is_sorted = wanted == NULL,
                                      .offsets = loaded->offsets,
                                      .bytes = (const char *)loaded->bytes,
                                      .kept_hashes = &loaded->kept_hashes,
                                      .id = dictionary_next_id()};
    name_home(reader, stream, loaded);
    retire(reader, stream, loaded);
    reader->dictionaries[stream] = loaded;
    return true;
}

void segment_drop_dictionary(SegmentReader *reader, uint32_t stream)
{
    LoadedDictionary *loaded = reader->dictionaries[stream];

    if (loaded == NULL)
        return;
    reader->heap_bytes -=
        loaded->memory +
        (loaded->hashes == NULL ? 0 : loaded->dictionary.count * sizeof *loaded->hashes);
    reader->dictionaries[stream] = NULL;
    loaded_release(loaded);
}

bool segment_load_dictionary(SegmentReader *reader, uint32_t stream, bool with_hashes,
                             const Dictionary **dictionary, Fault *fault)
{
    LoadedDictionary *loaded = reader->dictionaries[stream];

    if ((loaded == NULL || loaded->has_block != NULL) && !load(reader, stream, NULL, fault))
        return false;
    loaded = reader->dictionaries[stream];
    loaded->is_used = true;
    if (with_hashes && loaded->hashes == NULL && !add_hashes(reader, loaded, fault))
        return false;
    *dictionary = &loaded->dictionary;
    return true;
}

bool segment_dictionary(SegmentReader *reader, uint32_t column, bool with_hashes,
                        const Dictionary **dictionary, Fault *fault)
{
    check(column < reader->schema.column_count);
    const FormatStream *stream = &reader->streams[reader->columns[column].stream];

    *dictionary = NULL;
    return stream->form != STREAM_CODES ||
           segment_load_dictionary(reader, stream->dictionary, with_hashes, dictionary, fault);
}

/* --- in part --- */

void segment_expect_entries(SegmentReader *reader, uint32_t column, const uint32_t *firsts,
                            const uint32_t *lasts, uint32_t count)
{
    check(column < reader->schema.column_count);
    const FormatStream *codes = &reader->streams[reader->columns[column].stream];
    if (codes->form != STREAM_CODES)
        return;
    const FormatStream *record = &reader->streams[codes->dictionary];
    free(reader->expected[codes->dictionary]);
    reader->expected[codes->dictionary] = NULL;
    /* without its first entries a dictionary is searched as a whole */
    if (count == 0 || record->dictionary == FORMAT_NO_STREAM || record->block_count < LEAST_BLOCKS)
        return;
    uint8_t *expected = calloc(record->block_count, 1);
    check(expected != NULL);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t code = firsts[i] == 0 ? 1 : firsts[i];
             code <= lasts[i] && code <= record->rows;
             code += SEGMENT_BLOCK_ROWS - (code - 1) % SEGMENT_BLOCK_ROWS)
            expected[(code - 1) / SEGMENT_BLOCK_ROWS] = 1;
    reader->expected[codes->dictionary] = expected;
}

/* Whether the texts of all codes are decoded. */
static bool has_codes(const LoadedDictionary *loaded, const uint32_t *codes, uint32_t count)
{
    const uint8_t *has_place = loaded->has_place;
    uint8_t has_all = 1;

    if (loaded->has_block == NULL)
        return true;
    for (uint32_t i = 0; i < count; i++)
        has_all &= has_place[(codes[i] + SEGMENT_BLOCK_ROWS - 1) / SEGMENT_BLOCK_ROWS];
    return has_all != 0;
}

/* Decodes what is expected and what is there already. */
static bool load_expected(SegmentReader *reader, uint32_t stream, Fault *fault)
{
    const LoadedDictionary *loaded = reader->dictionaries[stream];
    uint8_t *expected = reader->expected[stream];

    for (uint32_t i = 0; loaded != NULL && i < reader->streams[stream].block_count; i++)
        expected[i] |= loaded->has_block[i];
    return load(reader, stream, expected, fault);
}

bool segment_load_codes(SegmentReader *reader, uint32_t stream, const uint32_t *codes,
                        uint32_t count, const Dictionary **dictionary, Fault *fault)
{
    LoadedDictionary *loaded = reader->dictionaries[stream];

    if ((loaded == NULL || !has_codes(loaded, codes, count)) && reader->expected[stream] != NULL &&
        !load_expected(reader, stream, fault))
        return false;
    loaded = reader->dictionaries[stream];
    if (loaded == NULL || !has_codes(loaded, codes, count))
        return segment_load_dictionary(reader, stream, false, dictionary, fault);
    loaded->is_used = true;
    *dictionary = &loaded->dictionary;
    return true;
}

/* --- forgetting --- */

/* The second chance of page replacement (Corbato 1968): one use saves from one call. */
bool segment_reader_forget_unused(SegmentReader *reader)
{
    bool is_any = false;

    for (uint32_t i = 0; i < reader->footer->stream_count; i++) {
        LoadedDictionary *loaded = reader->dictionaries[i];
        if (loaded != NULL && !loaded->is_used) {
            segment_drop_dictionary(reader, i);
            is_any = true;
        } else if (loaded != NULL) {
            loaded->is_used = false;
        }
    }
    return is_any;
}

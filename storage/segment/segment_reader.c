/*
 * Reading segments: opening, what is known without decoding, checksums, text units and
 * dictionaries. Decoding blocks is segment_decode.c.
 */
#include "storage/segment/segment.h"

#include "base/log/log.h"
#include "base/memory/checked.h"
#include "base/os/os.h"
#include "storage/segment/segment_reader_internal.h"

#include <stdlib.h>
#include <xxhash.h>

/* --- opening and closing --- */

static bool map_file(SegmentReader *reader, Fault *fault)
{
    int fd;

    if (!os_open_read(reader->path, &fd, fault))
        return false;
    bool ok = os_map_read(fd, &reader->data, &reader->length, fault);
    os_close(fd);
    return ok;
}

SegmentReader *segment_reader_open(const char *path, const uint8_t *digest, Fault *fault)
{
    SegmentReader *reader = calloc(1, sizeof *reader);

    if (reader == NULL) {
        fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to open a segment");
        return NULL;
    }
    reader->arena = arena_new("segment reader");
    reader->path = arena_strdup(reader->arena, path);
    reader->has_digest = digest != NULL;
    if (digest != NULL)
        memcpy(reader->digest, digest, sizeof reader->digest);
    if (!map_file(reader, fault) || !segment_read_footer(reader, digest, fault)) {
        segment_reader_close(reader);
        return NULL;
    }
    return reader;
}

static void loaded_free(DictionaryHome *home)
{
    LoadedDictionary *loaded = (LoadedDictionary *)home;

    free(loaded->offsets);
    free(loaded->bytes);
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

void segment_reader_close(SegmentReader *reader)
{
    if (reader == NULL)
        return;
    for (uint32_t i = 0; reader->units != NULL && i < reader->footer->stream_count; i++) {
        if (reader->dictionaries[i] != NULL)
            loaded_release(reader->dictionaries[i]);
        segment_drop_entries(reader, i);
        free(reader->units[i].bytes);
    }
    if (reader->data != NULL)
        os_unmap(reader->data, reader->length);
    arena_free(reader->arena);
    free(reader);
}

bool segment_damaged(const SegmentPlace *place, const Fault *inner, Fault *fault)
{
    const SegmentReader *reader = place->reader;
    Text name = reader->schema.columns[reader->stream_columns[place->stream]].name;
    Fault copy = *inner; /* `inner` may be `fault` itself */

    if (copy.code != FAULT_DATA_CORRUPTED) {
        *fault = copy;
        return false;
    }
    return fault_set(fault, FAULT_DATA_CORRUPTED,
                     "segment file \"%s\" is damaged: column \"%.*s\", block %u: %s", reader->path,
                     TEXT_ARGS(name), place->block, copy.message);
}

/* --- what is known without decoding --- */

const SegmentSchema *segment_schema(const SegmentReader *reader)
{
    return &reader->schema;
}

uint64_t segment_row_count(const SegmentReader *reader)
{
    return reader->footer->rows;
}

uint32_t segment_block_count(const SegmentReader *reader)
{
    return (uint32_t)((reader->footer->rows + SEGMENT_BLOCK_ROWS - 1) / SEGMENT_BLOCK_ROWS);
}

uint32_t segment_block_rows(const SegmentReader *reader, uint32_t block)
{
    uint32_t blocks = segment_block_count(reader);

    check(block < blocks);
    if (block + 1 < blocks)
        return SEGMENT_BLOCK_ROWS;
    return (uint32_t)(reader->footer->rows - (uint64_t)block * SEGMENT_BLOCK_ROWS);
}

int segment_find_column(const SegmentReader *reader, Text name)
{
    for (uint32_t i = 0; i < reader->schema.column_count; i++) {
        if (text_equal(reader->schema.columns[i].name, name))
            return (int)i;
    }
    return -1;
}

const SegmentColumnSummary *segment_column_summary(const SegmentReader *reader, uint32_t column)
{
    check(column < reader->schema.column_count);
    return &reader->summaries[column];
}

static size_t offsets_bytes(const SegmentReader *reader, uint32_t stream)
{
    return (reader->streams[stream].rows + 2 + ENCODING_SLACK) * sizeof(uint32_t);
}

static size_t text_bytes(const SegmentReader *reader, uint32_t stream)
{
    return reader->streams[stream].text_bytes + 64;
}

/* What a dictionary has of the reader's heap_bytes. */
static size_t loaded_bytes(const SegmentReader *reader, uint32_t stream)
{
    const LoadedDictionary *loaded = reader->dictionaries[stream];
    size_t hashes = loaded->hashes == NULL ? 0 : loaded->dictionary.count * sizeof *loaded->hashes;

    return offsets_bytes(reader, stream) + text_bytes(reader, stream) + hashes;
}

size_t segment_reader_memory(const SegmentReader *reader)
{
    size_t kept = 0;
    for (uint32_t i = 0; i < reader->footer->stream_count; i++) {
        const LoadedDictionary *loaded = reader->dictionaries[i];
        if (loaded == NULL)
            continue;
        kept += loaded->kept_hashes == NULL ? 0 : loaded->dictionary.count * sizeof(uint64_t);
        kept += loaded->home.ids == NULL ? 0 : loaded->dictionary.count * sizeof(uint32_t);
    }
    return reader->heap_bytes + arena_size(reader->arena) + kept;
}

/* The second chance of page replacement (Corbato 1968): one use saves from one call. */
bool segment_reader_forget_unused(SegmentReader *reader)
{
    bool is_any = false;

    for (uint32_t i = 0; i < reader->footer->stream_count; i++) {
        LoadedDictionary *loaded = reader->dictionaries[i];
        if (loaded != NULL && !loaded->is_used) {
            reader->heap_bytes -= loaded_bytes(reader, i);
            reader->dictionaries[i] = NULL;
            loaded_release(loaded);
            is_any = true;
        } else if (loaded != NULL) {
            loaded->is_used = false;
        }
    }
    return is_any;
}

void segment_zone(const SegmentReader *reader, uint32_t column, uint32_t block, SegmentZone *zone)
{
    check(column < reader->schema.column_count && block < segment_block_count(reader));
    uint32_t stream = reader->columns[column].stream;
    const FormatBlock *record = stream_block(reader, stream, block);

    *zone = (SegmentZone){.rows = stream_block_rows(&reader->streams[stream], block),
                          .null_count = record->null_count,
                          .has_range = (record->flags & BLOCK_HAS_RANGE) != 0};
    if (zone->has_range) {
        zone->minimum = record->minimum;
        zone->maximum = record->maximum;
    }
}

void segment_group_zone(const SegmentReader *reader, uint32_t column, uint32_t group,
                        SegmentZone *zone)
{
    uint32_t first = group * SEGMENT_GROUP_BLOCKS;
    uint32_t blocks = segment_block_count(reader);
    uint32_t end = blocks - first < SEGMENT_GROUP_BLOCKS ? blocks : first + SEGMENT_GROUP_BLOCKS;
    bool is_unknown = false; /* a block with values has no range */

    check(first < blocks);
    *zone = (SegmentZone){0};
    for (uint32_t block = first; block < end; block++) {
        SegmentZone part;
        segment_zone(reader, column, block, &part);
        zone->rows += part.rows;
        zone->null_count += part.null_count;
        if (!part.has_range) {
            is_unknown = is_unknown || part.null_count < part.rows;
            continue;
        }
        if (!zone->has_range || part.minimum < zone->minimum)
            zone->minimum = part.minimum;
        if (!zone->has_range || part.maximum > zone->maximum)
            zone->maximum = part.maximum;
        zone->has_range = true;
    }
    if (is_unknown) {
        zone->has_range = false;
        zone->minimum = zone->maximum = 0;
    }
}

/* --- checksums --- */

bool segment_verify_chunk(const SegmentReader *reader, uint32_t stream, uint32_t chunk,
                          Fault *fault)
{
    uint32_t index = reader->streams[stream].first_chunk + chunk;
    const FormatChunk *record = &reader->chunks[index];

    if (reader->verified[index])
        return true;
    if (XXH3_64bits(reader->data + record->offset, record->length) != record->checksum) {
        Text name = reader->schema.columns[reader->stream_columns[stream]].name;
        return fault_set(fault, FAULT_DATA_CORRUPTED,
                         "segment file \"%s\" is damaged: column \"%.*s\", row group %u: "
                         "checksum mismatch",
                         reader->path, TEXT_ARGS(name), chunk);
    }
    reader->verified[index] = 1;
    return true;
}

/* The chunks must fill the file between header and footer, so that every byte is under some
 * checksum. */
bool segment_verify(SegmentReader *reader, Fault *fault)
{
    uint64_t total = sizeof(FormatHeader);

    memset(reader->verified, 0, reader->footer->chunk_count);
    for (uint32_t stream = 0; stream < reader->footer->stream_count; stream++) {
        for (uint32_t i = 0; i < reader->streams[stream].chunk_count; i++) {
            if (!segment_verify_chunk(reader, stream, i, fault))
                return false;
            total += reader->chunks[reader->streams[stream].first_chunk + i].length;
        }
    }
    if (total != reader->footer_offset)
        return fault_set(fault, FAULT_DATA_CORRUPTED,
                         "segment file \"%s\" is damaged: its parts do not fill it", reader->path);
    return true;
}

bool segment_payload(const SegmentPlace *place, const uint8_t **payload, size_t *length,
                     Fault *fault)
{
    const SegmentReader *reader = place->reader;
    const FormatBlock *block = stream_block(reader, place->stream, place->block);
    uint32_t chunk = place->block / SEGMENT_GROUP_BLOCKS;

    if (!segment_verify_chunk(reader, place->stream, chunk, fault))
        return false;
    const FormatChunk *record = &reader->chunks[reader->streams[place->stream].first_chunk + chunk];
    *payload = reader->data + record->offset + (uint64_t)block->offset * 8;
    *length = block->length;
    return true;
}

/* --- text units --- */

static bool grow_cache(SegmentReader *reader, UnitCache *cache, size_t length, Fault *fault)
{
    if (length <= cache->capacity)
        return true;
    free(cache->bytes);
    reader->heap_bytes -= cache->capacity;
    cache->capacity = 0;
    cache->bytes = malloc(length);
    if (cache->bytes == NULL)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "the system refused %zu bytes", length);
    cache->capacity = length;
    reader->heap_bytes += length;
    return true;
}

/* The cache holds the unit: the stream's last one again, or a new one in its place, of which nothing
 * is decompressed yet. */
static bool take_unit(const SegmentPlace *place, const TextUnit *unit, const FormatChunk *record,
                      uint32_t chunk, Fault *fault)
{
    SegmentReader *reader = (SegmentReader *)place->reader;
    UnitCache *cache = &reader->units[place->stream];

    if (!checked_range(unit->offset, unit->stored_length, record->length) ||
        !codec_plausible(unit->codec, unit->stored_length, unit->raw_length))
        return fault_set(fault, FAULT_DATA_CORRUPTED, "text unit lies outside");
    if (cache->is_valid && cache->chunk == chunk && cache->offset == unit->offset &&
        cache->length == unit->raw_length && cache->piece_bits == unit->piece_bits)
        return true;
    cache->is_valid = false;
    uint32_t pieces = text_unit_pieces(unit);
    if (!grow_cache(reader, cache, (size_t)unit->raw_length + pieces + 1, fault))
        return false;
    memset(cache->bytes + unit->raw_length, 0, pieces);
    cache->is_valid = true;
    cache->chunk = chunk;
    cache->offset = unit->offset;
    cache->length = unit->raw_length;
    cache->piece_bits = unit->piece_bits;
    return true;
}

bool segment_open_text_head(const SegmentPlace *place, TextBlock *text, Fault *fault)
{
    const uint8_t *payload;
    size_t length;
    uint32_t rows = stream_block_rows(&place->reader->streams[place->stream], place->block);

    return segment_payload(place, &payload, &length, fault) &&
           (text_block_open(payload, length, rows, text, fault) ||
            segment_damaged(place, fault, fault));
}

bool segment_text_bytes(const SegmentPlace *place, const TextBlock *text, uint32_t from,
                        uint32_t to, const uint8_t **raw, Fault *fault)
{
    const SegmentReader *reader = place->reader;
    const TextUnit *unit = &text->unit;
    uint32_t chunk =
        reader->streams[place->stream].first_chunk + place->block / SEGMENT_GROUP_BLOCKS;
    const FormatChunk *record = &reader->chunks[chunk];
    UnitCache *cache = &reader->units[place->stream];

    check(from <= to && to <= text->raw_length);
    if (!take_unit(place, unit, record, chunk, fault) ||
        !text_unit_decode(unit, reader->data + record->offset + unit->offset,
                          text->raw_start + from, text->raw_start + to, cache->bytes,
                          cache->bytes + unit->raw_length, fault))
        return segment_damaged(place, fault, fault);
    *raw = cache->bytes + text->raw_start;
    return true;
}

bool segment_open_text(const SegmentPlace *place, TextBlock *text, const uint8_t **raw,
                       Fault *fault)
{
    return segment_open_text_head(place, text, fault) &&
           segment_text_bytes(place, text, 0, text->raw_length, raw, fault);
}

/* --- dictionaries --- */

/* Ascending and without repetition, as is promised to all who search it or compare its codes. */
static bool is_ascending(const uint8_t *bytes, const uint32_t *offsets, uint32_t count)
{
    for (uint32_t i = 2; i < count; i++) {
        Text before = {(const char *)bytes + offsets[i - 1], offsets[i] - offsets[i - 1]};
        Text text = {(const char *)bytes + offsets[i], offsets[i + 1] - offsets[i]};
        if (text_compare(before, text) >= 0)
            return false;
    }
    return true;
}

static bool decode_entries(const SegmentReader *reader, uint32_t stream, uint32_t *offsets,
                           uint8_t *bytes, Fault *fault)
{
    const FormatStream *record = &reader->streams[stream];
    SegmentPlace place = {.reader = reader, .stream = stream};
    uint32_t made = 0;

    offsets[0] = offsets[1] = 0;
    for (; place.block < record->block_count; place.block++) {
        TextBlock text;
        const uint8_t *raw = NULL;
        if (stream_block(reader, stream, place.block)->kind != BLOCK_DATA)
            return segment_damaged(
                &place, &(Fault){.code = FAULT_DATA_CORRUPTED, .message = "nulls in a dictionary"},
                fault);
        if (!segment_open_text(&place, &text, &raw, fault))
            return false;
        if (text.text_length > record->text_bytes - made) {
            fault_set(fault, FAULT_DATA_CORRUPTED, "dictionary is longer than it says");
            return segment_damaged(&place, fault, fault);
        }
        if (!text_block_expand(&text, raw, bytes + made, made,
                               offsets + 1 + (size_t)place.block * SEGMENT_BLOCK_ROWS, fault))
            return segment_damaged(&place, fault, fault);
        made += text.text_length;
    }
    if (made != record->text_bytes || !is_ascending(bytes, offsets, (uint32_t)record->rows + 1)) {
        place.block = 0;
        fault_set(fault, FAULT_DATA_CORRUPTED, "dictionary is not in order");
        return segment_damaged(&place, fault, fault);
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

static bool load(SegmentReader *reader, uint32_t stream, Fault *fault)
{
    const FormatStream *record = &reader->streams[stream];
    size_t offsets_size = offsets_bytes(reader, stream);
    size_t bytes_size = text_bytes(reader, stream);
    LoadedDictionary *loaded = calloc(1, sizeof *loaded);
    uint32_t *offsets = malloc(offsets_size);
    uint8_t *bytes = malloc(bytes_size);
    bool ok = loaded != NULL && offsets != NULL && bytes != NULL;

    if (!ok)
        fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory for a dictionary of %zu bytes",
                  bytes_size);
    if (!ok || !decode_entries(reader, stream, offsets, bytes, fault)) {
        free(offsets);
        free(bytes);
        free(loaded);
        return false;
    }
    memset(bytes + record->text_bytes, 0, 64);
    drop_unit(reader, stream);
    segment_drop_entries(reader, stream);
    reader->heap_bytes += offsets_size + bytes_size;
    *loaded = (LoadedDictionary){.home = {.references = 1, .free = loaded_free},
                                 .offsets = offsets,
                                 .bytes = bytes};
    loaded->dictionary = (Dictionary){.count = (uint32_t)record->rows + 1,
                                      .is_unique = true,
                                      .is_sorted = true,
                                      .offsets = offsets,
                                      .bytes = (const char *)bytes,
                                      .kept_hashes = &loaded->kept_hashes,
                                      .id = dictionary_next_id()};
    name_home(reader, stream, loaded);
    reader->dictionaries[stream] = loaded;
    return true;
}

bool segment_load_dictionary(SegmentReader *reader, uint32_t stream, bool with_hashes,
                             const Dictionary **dictionary, Fault *fault)
{
    if (reader->dictionaries[stream] == NULL && !load(reader, stream, fault))
        return false;
    LoadedDictionary *loaded = reader->dictionaries[stream];
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

/*
 * Reading segments: opening, what is known without decoding, checksums, text units. Decoding blocks
 * is segment_decode.c, dictionaries segment_dictionary.c.
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

void segment_reader_close(SegmentReader *reader)
{
    if (reader == NULL)
        return;
    for (uint32_t i = 0; reader->units != NULL && i < reader->footer->stream_count; i++) {
        segment_drop_dictionary(reader, i);
        segment_drop_entries(reader, i);
        free(reader->units[i].bytes);
        free(reader->expected[i]);
    }
    segment_reader_free_retired(reader);
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

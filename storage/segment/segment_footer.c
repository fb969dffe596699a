/*
 * Reading a segment's footer: whatever stands there is checked before any of it is used, so that
 * the rest of the reader may index by it.
 */
#include "base/memory/checked.h"
#include "storage/segment/entry_filter_internal.h"
#include "storage/segment/segment_reader_internal.h"

#include <stdlib.h>
#include <xxhash.h>

static bool damaged(const SegmentReader *reader, const char *part, Fault *fault)
{
    return fault_set(fault, FAULT_DATA_CORRUPTED, "segment file \"%s\" is damaged: %s",
                     reader->path, part);
}

static bool is_zero(const void *data, size_t length)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static bool check_header(SegmentReader *reader, Fault *fault)
{
    const FormatHeader *header = (const FormatHeader *)(const void *)reader->data;

    if (reader->length < sizeof(FormatHeader) + sizeof(FormatFooter) + sizeof(FormatTail))
        return damaged(reader, "it is too short", fault);
    if (memcmp(header->magic, FORMAT_MAGIC, sizeof header->magic) != 0)
        return damaged(reader, "header: it does not begin as a segment does", fault);
    if (header->version < FORMAT_OLDEST_VERSION || header->version > FORMAT_VERSION)
        return fault_set(fault, FAULT_DATA_CORRUPTED,
                         "segment file \"%s\" has format version %u, this server reads %d to %d",
                         reader->path, header->version, FORMAT_OLDEST_VERSION, FORMAT_VERSION);
    reader->version = header->version;
    if (header->block_rows != SEGMENT_BLOCK_ROWS || header->group_blocks != SEGMENT_GROUP_BLOCKS ||
        !is_zero(header->reserved, sizeof header->reserved))
        return damaged(reader, "header: its fields are impossible", fault);
    return true;
}

static bool check_tail(SegmentReader *reader, const FormatTail **result, Fault *fault)
{
    size_t place = reader->length - sizeof(FormatTail);
    const FormatTail *tail = (const FormatTail *)(const void *)(reader->data + place);

    if (reader->length % 8 != 0 || memcmp(tail->magic, FORMAT_MAGIC, sizeof tail->magic) != 0)
        return damaged(reader, "it does not end as a segment does (cut short?)", fault);
    if (tail->checksum != XXH3_64bits(tail, offsetof(FormatTail, checksum)) ||
        tail->reserved_end != 0 || tail->reserved != 0 || tail->version != reader->version)
        return damaged(reader, "tail: checksum mismatch", fault);
    if (tail->file_length != reader->length || tail->footer_offset < sizeof(FormatHeader) ||
        tail->footer_offset % 8 != 0 || tail->footer_length < sizeof(FormatFooter) ||
        tail->footer_offset > place || tail->footer_length != place - tail->footer_offset)
        return damaged(reader, "tail: the footer lies outside", fault);
    *result = tail;
    return true;
}

static bool check_digest(const SegmentReader *reader, const FormatTail *tail, const uint8_t *digest,
                         Fault *fault)
{
    const uint8_t *footer = reader->data + tail->footer_offset;
    XXH128_canonical_t actual;

    if (XXH3_64bits(footer, tail->footer_length) != tail->footer_checksum)
        return damaged(reader, "footer: checksum mismatch", fault);
    if (digest == NULL)
        return true;
    XXH128_canonicalFromHash(&actual, XXH3_128bits(footer, tail->footer_length));
    if (memcmp(actual.digest, digest, sizeof actual.digest) != 0)
        return damaged(reader, "it is not the file that was published (digest mismatch)", fault);
    return true;
}

/* Lays the views over the footer; its length must be exactly what its counts say. */
static bool lay_views(SegmentReader *reader, const FormatTail *tail, Fault *fault)
{
    const uint8_t *start = reader->data + tail->footer_offset;
    const FormatFooter *footer = (const FormatFooter *)(const void *)start;
    /* 32-bit counts times small sizes: 64 bits cannot overflow. */
    uint64_t columns = sizeof(FormatFooter);
    uint64_t streams = columns + (uint64_t)footer->column_count * sizeof(FormatColumn);
    uint64_t chunks = streams + (uint64_t)footer->stream_count * sizeof(FormatStream);
    uint64_t blocks = chunks + (uint64_t)footer->chunk_count * sizeof(FormatChunk);
    uint64_t names = blocks + (uint64_t)footer->block_count * sizeof(FormatBlock);
    uint64_t end = (names + footer->names_length + 7) / 8 * 8;

    if (end != tail->footer_length || footer->reserved != 0 ||
        !is_zero(start + names + footer->names_length, end - names - footer->names_length))
        return damaged(reader, "footer: its parts do not fill it", fault);
    reader->footer_offset = tail->footer_offset;
    reader->footer = footer;
    reader->columns = (const FormatColumn *)(const void *)(start + columns);
    reader->streams = (const FormatStream *)(const void *)(start + streams);
    reader->chunks = (const FormatChunk *)(const void *)(start + chunks);
    reader->blocks = (const FormatBlock *)(const void *)(start + blocks);
    reader->names = (const char *)start + names;
    return true;
}

/* --- streams --- */

static bool check_chunks(const SegmentReader *reader, Fault *fault)
{
    for (uint32_t i = 0; i < reader->footer->chunk_count; i++) {
        const FormatChunk *chunk = &reader->chunks[i];
        if (chunk->offset < sizeof(FormatHeader) || chunk->offset % 8 != 0 ||
            chunk->length % 8 != 0 ||
            !checked_range(chunk->offset, chunk->length, reader->footer_offset))
            return damaged(reader, "footer: a chunk lies outside", fault);
    }
    return true;
}

static bool check_layout(const FormatStream *stream)
{
    switch ((StreamForm)stream->form) {
    case STREAM_VALUES:
        return stream->layout < LAYOUT_COUNT && stream->layout != LAYOUT_STRING &&
               stream->layout != LAYOUT_ARRAY;
    case STREAM_CODES:
    case STREAM_TEXT:
        return stream->layout == LAYOUT_STRING;
    case STREAM_ARRAYS:
        return stream->layout == LAYOUT_ARRAY;
    case STREAM_FORM_COUNT:
        break;
    }
    return false;
}

static bool stands_alone(const FormatStream *stream)
{
    return stream->dictionary == FORMAT_NO_STREAM && stream->elements == FORMAT_NO_STREAM;
}

static bool are_integers(const FormatStream *stream)
{
    return stream->form == STREAM_VALUES && stream->layout == LAYOUT_INT64;
}

/* Of a dictionary: the first entries of its blocks, the words of its filter. */
static bool check_entry_index(const SegmentReader *reader, uint32_t index)
{
    const FormatStream *stream = &reader->streams[index];

    if (stands_alone(stream))
        return true;
    if (reader->version < 2)
        return false;
    if (stream->dictionary != FORMAT_NO_STREAM) {
        if (stream->dictionary >= index)
            return false;
        const FormatStream *firsts = &reader->streams[stream->dictionary];
        if (firsts->form != STREAM_TEXT || !stands_alone(firsts) || firsts->rows == 0 ||
            firsts->rows != stream->block_count || firsts->text_bytes > INT32_MAX)
            return false;
    }
    if (stream->elements == FORMAT_NO_STREAM)
        return true;
    if (stream->elements >= index)
        return false;
    const FormatStream *filter = &reader->streams[stream->elements];
    return are_integers(filter) && filter->rows != 0 && filter->rows <= UINT32_MAX &&
           filter->rows % ENTRY_FILTER_WORDS == 0;
}

/* Of codes: for each entry of the dictionary an array of numbers of blocks. */
static bool check_lists(const SegmentReader *reader, uint32_t index)
{
    const FormatStream *stream = &reader->streams[index];

    if (stream->elements == FORMAT_NO_STREAM)
        return true;
    if (reader->version < 2 || stream->elements >= index)
        return false;
    const FormatStream *lists = &reader->streams[stream->elements];
    return lists->form == STREAM_ARRAYS && lists->elements != FORMAT_NO_STREAM &&
           lists->rows == reader->streams[stream->dictionary].rows &&
           are_integers(&reader->streams[lists->elements]);
}

/* A stream may only point to streams before it, so nothing goes round in circles. */
static bool check_references(const SegmentReader *reader, uint32_t index)
{
    const FormatStream *stream = &reader->streams[index];

    if (stream->form == STREAM_TEXT)
        return check_entry_index(reader, index);
    if (stream->form == STREAM_CODES) {
        if (stream->dictionary >= index)
            return false;
        const FormatStream *dictionary = &reader->streams[stream->dictionary];
        if (dictionary->form != STREAM_TEXT || dictionary->rows >= UINT32_MAX ||
            dictionary->text_bytes > INT32_MAX)
            return false;
        return check_lists(reader, index);
    } else if (stream->dictionary != FORMAT_NO_STREAM) {
        return false;
    }
    if (stream->elements == FORMAT_NO_STREAM)
        return true;
    return stream->form == STREAM_ARRAYS && stream->elements < index &&
           reader->streams[stream->elements].form != STREAM_ARRAYS;
}

static bool check_range(const SegmentReader *reader, const FormatStream *stream,
                        const FormatBlock *block)
{
    bool has_range = (block->flags & BLOCK_HAS_RANGE) != 0;
    int64_t lowest = INT64_MIN, highest = INT64_MAX;

    if (block->flags > BLOCK_HAS_RANGE || (has_range && block->minimum > block->maximum))
        return false;
    if (block->kind == BLOCK_CONSTANT && block->minimum != block->maximum)
        return false;
    if (!has_range && block->kind != BLOCK_CONSTANT)
        return true;
    if (stream->form == STREAM_CODES) {
        lowest = 1;
        highest = (int64_t)reader->streams[stream->dictionary].rows;
    } else if (stream->layout == LAYOUT_BOOL) {
        lowest = 0;
        highest = 1;
    } else if (has_range && stream->layout != LAYOUT_INT64) {
        return false;
    }
    return block->minimum >= lowest && block->maximum <= highest;
}

static bool check_elements(const SegmentReader *reader, const FormatStream *stream,
                           const FormatBlock *block)
{
    uint64_t available =
        stream->elements == FORMAT_NO_STREAM ? 0 : reader->streams[stream->elements].rows;
    return block->minimum >= 0 && block->maximum >= 0 &&
           block->maximum <= FORMAT_ARRAY_BLOCK_LIMIT &&
           checked_range((uint64_t)block->minimum, (uint64_t)block->maximum, available);
}

static bool check_block(const SegmentReader *reader, const FormatStream *stream, uint32_t index)
{
    const FormatBlock *block = &reader->blocks[stream->first_block + index];
    const FormatChunk *chunk = &reader->chunks[stream->first_chunk + index / SEGMENT_GROUP_BLOCKS];
    uint32_t rows = stream_block_rows(stream, index);

    if (block->kind >= BLOCK_KIND_COUNT || block->reserved != 0 || block->null_count > rows)
        return false;
    if (block->kind != BLOCK_DATA && block->length != 0)
        return false;
    if (block->kind == BLOCK_CONSTANT &&
        (block->null_count != 0 || stream->form == STREAM_TEXT || stream->form == STREAM_ARRAYS))
        return false;
    if (block->kind == BLOCK_NULLS &&
        (block->null_count != rows || (block->flags & BLOCK_HAS_RANGE)))
        return false;
    if (!checked_range((uint64_t)block->offset * 8, block->length, chunk->length))
        return false;
    return stream->form == STREAM_ARRAYS
               ? block->flags == 0 && check_elements(reader, stream, block)
               : check_range(reader, stream, block);
}

static bool check_stream(const SegmentReader *reader, uint32_t index)
{
    const FormatStream *stream = &reader->streams[index];
    const FormatFooter *footer = reader->footer;
    uint64_t blocks = stream->rows / SEGMENT_BLOCK_ROWS + (stream->rows % SEGMENT_BLOCK_ROWS != 0);
    uint64_t chunks = blocks / SEGMENT_GROUP_BLOCKS + (blocks % SEGMENT_GROUP_BLOCKS != 0);

    if (!check_layout(stream) || !is_zero(stream->reserved, sizeof stream->reserved) ||
        stream->block_count != blocks || stream->chunk_count != chunks ||
        !checked_range(stream->first_block, stream->block_count, footer->block_count) ||
        !checked_range(stream->first_chunk, stream->chunk_count, footer->chunk_count) ||
        !check_references(reader, index))
        return false;
    for (uint32_t i = 0; i < stream->block_count; i++) {
        if (!check_block(reader, stream, i))
            return false;
    }
    return true;
}

/* --- columns --- */

static bool check_column(const SegmentReader *reader, const FormatColumn *column)
{
    if (!checked_range(column->name_offset, column->name_length, reader->footer->names_length) ||
        column->stream >= reader->footer->stream_count || column->layout >= LAYOUT_COUNT ||
        column->has_range > 1 || !is_zero(column->reserved, sizeof column->reserved))
        return false;
    const FormatStream *stream = &reader->streams[column->stream];
    return stream->layout == column->layout && stream->rows == reader->footer->rows;
}

/* As deep as an array of codes, their lists, and those lists' numbers. */
static void own_streams(SegmentReader *reader, uint32_t stream, uint32_t column)
{
    const FormatStream *record = &reader->streams[stream];

    reader->stream_columns[stream] = column;
    if (record->dictionary != FORMAT_NO_STREAM)
        own_streams(reader, record->dictionary, column);
    if (record->elements != FORMAT_NO_STREAM)
        own_streams(reader, record->elements, column);
}

static void fill_columns(SegmentReader *reader)
{
    uint32_t count = reader->footer->column_count;
    SegmentColumn *columns = ARENA_ARRAY(reader->arena, SegmentColumn, count);

    reader->summaries = ARENA_ARRAY(reader->arena, SegmentColumnSummary, count);
    for (uint32_t i = 0; i < count; i++) {
        const FormatColumn *record = &reader->columns[i];
        columns[i] =
            (SegmentColumn){.name = {reader->names + record->name_offset, record->name_length},
                            .type_oid = record->type_oid,
                            .type_modifier = record->type_modifier,
                            .layout = (Layout)record->layout};
        reader->summaries[i] = (SegmentColumnSummary){.null_count = record->null_count,
                                                      .distinct_count = record->distinct_count,
                                                      .stored_bytes = record->stored_bytes,
                                                      .text_bytes = record->text_bytes,
                                                      .has_range = record->has_range,
                                                      .minimum = record->minimum,
                                                      .maximum = record->maximum};
        own_streams(reader, record->stream, i);
    }
    reader->schema = (SegmentSchema){count, columns};
}

bool segment_read_footer(SegmentReader *reader, const uint8_t *digest, Fault *fault)
{
    const FormatTail *tail = NULL;

    if (!check_header(reader, fault) || !check_tail(reader, &tail, fault) ||
        !check_digest(reader, tail, digest, fault) || !lay_views(reader, tail, fault) ||
        !check_chunks(reader, fault))
        return false;
    for (uint32_t i = 0; i < reader->footer->stream_count; i++) {
        if (!check_stream(reader, i))
            return damaged(reader, "footer: a stream is impossible", fault);
    }
    for (uint32_t i = 0; i < reader->footer->column_count; i++) {
        if (!check_column(reader, &reader->columns[i]))
            return damaged(reader, "footer: a column is impossible", fault);
    }
    reader->stream_columns = ARENA_ARRAY(reader->arena, uint32_t, reader->footer->stream_count);
    memset(reader->stream_columns, 0xff, reader->footer->stream_count * sizeof(uint32_t));
    reader->verified = arena_zalloc(reader->arena, reader->footer->chunk_count);
    reader->dictionaries =
        arena_zalloc(reader->arena, reader->footer->stream_count * sizeof(LoadedDictionary *));
    reader->entries =
        arena_zalloc(reader->arena, reader->footer->stream_count * sizeof(EntryBlocks));
    reader->expected =
        arena_zalloc(reader->arena, reader->footer->stream_count * sizeof *reader->expected);
    reader->units = arena_zalloc(reader->arena, reader->footer->stream_count * sizeof(UnitCache));
    fill_columns(reader);
    for (uint32_t i = 0; i < reader->footer->stream_count; i++) {
        if (reader->stream_columns[i] == UINT32_MAX)
            return damaged(reader, "footer: a stream belongs to no column", fault);
    }
    return true;
}

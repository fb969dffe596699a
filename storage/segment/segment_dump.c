/*
 * A segment described as text: for people, and for tests that want to see what was chosen.
 */
#include "base/memory/buffer.h"
#include "base/memory/checked.h"
#include "storage/segment/segment_reader_internal.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct BlockDescription {
    char encoding[48];
    int width; /* -1: not packed */
} BlockDescription;

static void describe_integers(const uint8_t *payload, size_t length, uint32_t rows,
                              BlockDescription *out, size_t *used)
{
    IntegerBlock block;
    Fault fault;

    *used = 0;
    if (!integer_block_open(payload, length, rows, &block, &fault)) {
        snprintf(out->encoding, sizeof out->encoding, "damaged");
        return;
    }
    snprintf(out->encoding, sizeof out->encoding, "%s%s", integer_method_name(block.method),
             block.scale == 1 ? "" : " scaled");
    out->width = block.width;
    *used = block.size;
}

static void describe_text(const uint8_t *payload, size_t length, uint32_t rows,
                          BlockDescription *out)
{
    TextBlock text;
    Fault fault;

    if (!text_block_open(payload, length, rows, &text, &fault))
        snprintf(out->encoding, sizeof out->encoding, "damaged");
    else
        snprintf(out->encoding, sizeof out->encoding, "text %s%s", codec_name(text.unit.codec),
                 text.is_front_coded ? " front-coded" : "");
}

static void describe_payload(const SegmentReader *reader, uint32_t stream, uint32_t index,
                             BlockDescription *out)
{
    const FormatStream *record = &reader->streams[stream];
    const FormatBlock *block = stream_block(reader, stream, index);
    const FormatChunk *chunk = &reader->chunks[record->first_chunk + index / SEGMENT_GROUP_BLOCKS];
    const uint8_t *payload = reader->data + chunk->offset + (uint64_t)block->offset * 8;
    size_t length = block->length, used = 0;
    uint32_t rows = stream_block_rows(record, index);

    if (record->form == STREAM_TEXT) {
        describe_text(payload, length, rows, out);
        return;
    }
    if (block->null_count != 0 && record->form != STREAM_CODES)
        describe_integers(payload, length, rows, out, &used);
    payload += used;
    length -= used;
    if (record->form == STREAM_VALUES &&
        (record->layout == LAYOUT_FLOAT32 || record->layout == LAYOUT_FLOAT64)) {
        char name[32];
        float_block_describe(payload, length, name);
        snprintf(out->encoding, sizeof out->encoding, "%s", name);
        out->width = -1;
        return;
    }
    if (record->layout == LAYOUT_INT128 && length >= 8) {
        payload += 8;
        length -= 8;
    }
    describe_integers(payload, length, rows, out, &used);
}

static void describe_block(const SegmentReader *reader, uint32_t stream, uint32_t index,
                           BlockDescription *out)
{
    const FormatBlock *block = stream_block(reader, stream, index);

    out->width = -1;
    switch ((BlockKind)block->kind) {
    case BLOCK_CONSTANT:
        snprintf(out->encoding, sizeof out->encoding, "constant");
        return;
    case BLOCK_NULLS:
        snprintf(out->encoding, sizeof out->encoding, "nulls");
        return;
    case BLOCK_DATA:
        describe_payload(reader, stream, index, out);
        return;
    case BLOCK_KIND_COUNT:
        return;
    }
}

/* --- a stream --- */

enum { MOST_KINDS = 12 };

typedef struct KindCount {
    char name[48];
    uint32_t blocks;
    uint64_t width_sum;
} KindCount;

static void count_kind(KindCount *kinds, const BlockDescription *description)
{
    for (int i = 0; i < MOST_KINDS; i++) {
        if (kinds[i].blocks == 0)
            memcpy(kinds[i].name, description->encoding, sizeof kinds[i].name);
        if (i + 1 < MOST_KINDS && strcmp(kinds[i].name, description->encoding) != 0)
            continue;
        kinds[i].blocks++;
        kinds[i].width_sum += description->width > 0 ? (uint64_t)description->width : 0;
        return;
    }
}

/* "packed 30 (12.5 bits), constant 2" */
static void dump_kinds(const SegmentReader *reader, uint32_t stream, Buffer *out)
{
    KindCount kinds[MOST_KINDS] = {{{0}, 0, 0}};

    for (uint32_t i = 0; i < reader->streams[stream].block_count; i++) {
        BlockDescription description;
        describe_block(reader, stream, i, &description);
        count_kind(kinds, &description);
    }
    for (int i = 0; i < MOST_KINDS && kinds[i].blocks != 0; i++) {
        buffer_printf(out, "%s%s %" PRIu32, i == 0 ? "" : ", ", kinds[i].name, kinds[i].blocks);
        if (kinds[i].width_sum != 0)
            buffer_printf(out, " (%.1f bits)", (double)kinds[i].width_sum / kinds[i].blocks);
    }
}

static uint64_t stream_bytes(const SegmentReader *reader, uint32_t stream)
{
    const FormatStream *record = &reader->streams[stream];
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < record->chunk_count; i++)
        bytes += reader->chunks[record->first_chunk + i].length;
    return bytes;
}

static const char *form_name(const FormatStream *stream)
{
    static const char *const names[STREAM_FORM_COUNT] = {"values", "codes", "text", "lengths"};
    return names[stream->form];
}

static void dump_stream(const SegmentReader *reader, uint32_t stream, const char *role, Buffer *out)
{
    const FormatStream *record = &reader->streams[stream];

    buffer_printf(out, "    %-10s %10" PRIu64 " %-7s %12" PRIu64 " bytes  ", role, record->rows,
                  form_name(record), stream_bytes(reader, stream));
    dump_kinds(reader, stream, out);
    buffer_append_string(out, "\n");
}

static void dump_blocks(const SegmentReader *reader, uint32_t stream, const char *role, Buffer *out)
{
    const FormatStream *record = &reader->streams[stream];

    for (uint32_t i = 0; i < record->block_count; i++) {
        const FormatBlock *block = stream_block(reader, stream, i);
        BlockDescription description;
        describe_block(reader, stream, i, &description);
        buffer_printf(out, "      %s block %" PRIu32 ": %" PRIu32 " rows, %" PRIu32 " bytes, %s",
                      role, i, stream_block_rows(record, i), block->length, description.encoding);
        if (description.width >= 0)
            buffer_printf(out, " %d bits", description.width);
        if (block->null_count != 0)
            buffer_printf(out, ", %u nulls", block->null_count);
        if (block->flags & BLOCK_HAS_RANGE)
            buffer_printf(out, ", %" PRId64 "..%" PRId64, block->minimum, block->maximum);
        buffer_append_string(out, "\n");
    }
}

/* Calls `dump` for a column's stream and what belongs to it. */
static void each_stream(const SegmentReader *reader, uint32_t stream, const char *role,
                        void (*dump)(const SegmentReader *, uint32_t, const char *, Buffer *),
                        Buffer *out)
{
    const FormatStream *record = &reader->streams[stream];

    dump(reader, stream, role, out);
    static const struct {
        const char *dictionary, *elements;
    } roles[STREAM_FORM_COUNT] = {[STREAM_CODES] = {"dictionary", "lists"},
                                  [STREAM_TEXT] = {"firsts", "filter"},
                                  [STREAM_ARRAYS] = {NULL, "elements"}};

    if (record->dictionary != FORMAT_NO_STREAM)
        each_stream(reader, record->dictionary, roles[record->form].dictionary, dump, out);
    if (record->elements != FORMAT_NO_STREAM)
        each_stream(reader, record->elements, roles[record->form].elements, dump, out);
}

/* --- the file --- */

/* Bytes of the column as plain values. */
static uint64_t plain_bytes(const SegmentReader *reader, uint32_t column)
{
    const FormatColumn *record = &reader->columns[column];
    const FormatStream *stream = &reader->streams[record->stream];

    if (record->layout == LAYOUT_STRING)
        return record->text_bytes + reader->footer->rows;
    if (record->layout == LAYOUT_ARRAY) {
        uint64_t bytes = reader->footer->rows * 4;
        if (stream->elements != FORMAT_NO_STREAM &&
            reader->streams[stream->elements].layout != LAYOUT_STRING)
            bytes += reader->streams[stream->elements].rows *
                     layout_size((Layout)reader->streams[stream->elements].layout);
        return bytes;
    }
    return reader->footer->rows * layout_size((Layout)record->layout);
}

static void dump_column(const SegmentReader *reader, uint32_t column, bool with_blocks, Buffer *out)
{
    const FormatColumn *record = &reader->columns[column];
    Text name = reader->schema.columns[column].name;
    uint64_t plain = plain_bytes(reader, column);

    buffer_printf(out, "  %.*s  %s, type %" PRIu32, TEXT_ARGS(name),
                  layout_name((Layout)record->layout), record->type_oid);
    if (record->type_modifier != -1)
        buffer_printf(out, " (%" PRId32 ")", record->type_modifier);
    buffer_printf(out, ": %" PRIu64 " bytes", record->stored_bytes);
    if (record->stored_bytes != 0)
        buffer_printf(out, ", ratio %.1f", (double)plain / (double)record->stored_bytes);
    if (record->distinct_count != 0)
        buffer_printf(out, ", %s%" PRIu64 " distinct",
                      reader->streams[record->stream].form == STREAM_CODES ? "" : "about ",
                      record->distinct_count);
    if (record->null_count != 0)
        buffer_printf(out, ", %" PRIu64 " nulls", record->null_count);
    if (record->text_bytes != 0)
        buffer_printf(out, ", %" PRIu64 " bytes of text", record->text_bytes);
    if (record->has_range)
        buffer_printf(out, ", %" PRId64 "..%" PRId64, record->minimum, record->maximum);
    buffer_append_string(out, "\n");
    each_stream(reader, record->stream, "rows", dump_stream, out);
    if (with_blocks)
        each_stream(reader, record->stream, "", dump_blocks, out);
}

void segment_dump(SegmentReader *reader, bool with_blocks, struct Buffer *out)
{
    const FormatFooter *footer = reader->footer;
    uint64_t plain = 0;

    for (uint32_t i = 0; i < footer->column_count; i++)
        plain += plain_bytes(reader, i);
    buffer_printf(out, "segment %s\n", reader->path);
    buffer_printf(out, "  format %d, %" PRIu64 " rows, %" PRIu32 " blocks, %" PRIu32 " columns\n",
                  (int)reader->version, footer->rows, segment_block_count(reader), footer->column_count);
    buffer_printf(out, "  %zu bytes (footer %zu)", reader->length,
                  reader->length - reader->footer_offset);
    if (footer->rows != 0)
        buffer_printf(out, ", %.2f a row, ratio %.1f",
                      (double)reader->length / (double)footer->rows,
                      (double)plain / (double)reader->length);
    buffer_append_string(out, "\n");
    for (uint32_t i = 0; i < footer->column_count; i++)
        dump_column(reader, i, with_blocks, out);
}

/*
 * Writing a segment: columns, then the footer that describes them, then the tail by which a
 * reader finds the footer.
 */
#include "storage/segment/segment.h"

#include "base/log/log.h"
#include "base/os/os.h"
#include "storage/segment/column_writer_internal.h"

#include <stdlib.h>
#include <xxhash.h>

struct SegmentWriter {
    Arena *arena; /* the schema's copy */
    SegmentSchema schema;
    SegmentOutput output;
    ColumnWriter *columns;
    uint64_t rows;
    uint32_t finished; /* columns, from the first on; no rows may follow */
    bool is_broken; /* a call failed: nothing more can be written */
};

static bool write_header(SegmentOutput *output, Fault *fault)
{
    FormatHeader header = {.version = FORMAT_VERSION,
                           .block_rows = SEGMENT_BLOCK_ROWS,
                           .group_blocks = SEGMENT_GROUP_BLOCKS};
    memcpy(header.magic, FORMAT_MAGIC, sizeof header.magic);
    return segment_output_write(output, &header, sizeof header, fault);
}

static void copy_schema(SegmentWriter *writer, const SegmentSchema *schema)
{
    SegmentColumn *columns = ARENA_ARRAY(writer->arena, SegmentColumn, schema->column_count);

    for (uint32_t i = 0; i < schema->column_count; i++) {
        columns[i] = schema->columns[i];
        columns[i].name = arena_text(writer->arena, schema->columns[i].name);
    }
    writer->schema = (SegmentSchema){schema->column_count, columns};
}

SegmentWriter *segment_writer_open(const char *path, const SegmentSchema *schema, Budget *budget,
                                   Fault *fault)
{
    SegmentWriter *writer = calloc(1, sizeof *writer);
    ColumnWriter *columns = calloc(schema->column_count + 1UL, sizeof *columns);

    if (writer == NULL || columns == NULL) {
        free(writer);
        free(columns);
        fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to write a segment");
        return NULL;
    }
    writer->arena = arena_new("segment writer");
    writer->columns = columns;
    writer->output.fd = -1;
    copy_schema(writer, schema);
    bool ok =
        segment_output_open(&writer->output, path, fault) && write_header(&writer->output, fault);
    for (uint32_t i = 0; ok && i < schema->column_count; i++)
        ok = column_writer_init(&columns[i], &writer->output, budget, schema->columns[i].layout,
                                fault);
    if (!ok) {
        segment_writer_free(writer);
        return NULL;
    }
    return writer;
}

void segment_writer_free(SegmentWriter *writer)
{
    if (writer == NULL)
        return;
    for (uint32_t i = 0; i < writer->schema.column_count; i++)
        column_writer_clear(&writer->columns[i]);
    segment_output_clear(&writer->output);
    free(writer->columns);
    arena_free(writer->arena);
    free(writer);
}

bool segment_writer_expect(SegmentWriter *writer, const Batch *rows, Fault *fault)
{
    for (uint32_t i = 0; i < writer->schema.column_count && i < rows->column_count; i++) {
        if (!column_writer_expect(&writer->columns[i], &rows->columns[i], fault)) {
            writer->is_broken = true;
            return false;
        }
    }
    return true;
}

bool segment_writer_append(SegmentWriter *writer, const Batch *batch, Fault *fault)
{
    if (writer->is_broken || writer->finished != 0 ||
        batch->column_count != writer->schema.column_count)
        return fault_set(fault, FAULT_INTERNAL_ERROR,
                         "a segment of %u columns is given a batch of %u",
                         writer->schema.column_count, batch->column_count);
    for (uint32_t i = 0; i < batch->column_count; i++) {
        if (!column_writer_append(&writer->columns[i], &batch->columns[i], 0, batch->rows, fault)) {
            writer->is_broken = true;
            return false;
        }
    }
    writer->rows += batch->rows;
    return true;
}

/* --- the footer --- */

/* Its parts, gathered before they are joined. */
typedef struct FooterParts {
    Buffer columns, streams, chunks, blocks, names;
} FooterParts;

static uint32_t record_count(const Buffer *records, size_t size)
{
    return (uint32_t)(records->length / size);
}

/* Returns the stream's number. */
static uint32_t add_stream(FooterParts *parts, const StreamWriter *stream, uint32_t dictionary,
                           uint32_t elements)
{
    FormatStream record = {
        .rows = stream->rows,
        .text_bytes = stream->form == STREAM_TEXT ? stream->text_bytes : 0,
        .first_chunk = record_count(&parts->chunks, sizeof(FormatChunk)),
        .chunk_count = record_count(&stream->chunks, sizeof(FormatChunk)),
        .first_block = record_count(&parts->blocks, sizeof(FormatBlock)),
        .block_count = record_count(&stream->blocks, sizeof(FormatBlock)),
        .dictionary = dictionary,
        .elements = elements,
        .layout = (uint8_t)stream->layout,
        .form = (uint8_t)stream->form,
    };
    buffer_append(&parts->chunks, stream->chunks.data, stream->chunks.length);
    buffer_append(&parts->blocks, stream->blocks.data, stream->blocks.length);
    buffer_append(&parts->streams, &record, sizeof record);
    return record_count(&parts->streams, sizeof record) - 1;
}

/* The dictionary, with what finds its entries. */
static uint32_t add_dictionary(FooterParts *parts, const ColumnWriter *column)
{
    const IndexWriter *index = &column->index;
    uint32_t firsts = FORMAT_NO_STREAM, filter = FORMAT_NO_STREAM;

    if (index->has_firsts)
        firsts = add_stream(parts, &index->firsts, FORMAT_NO_STREAM, FORMAT_NO_STREAM);
    if (index->has_filter)
        filter = add_stream(parts, &index->filter, FORMAT_NO_STREAM, FORMAT_NO_STREAM);
    return add_stream(parts, &column->dictionary, firsts, filter);
}

static uint32_t add_streams(FooterParts *parts, const ColumnWriter *column)
{
    uint32_t dictionary = FORMAT_NO_STREAM, elements = FORMAT_NO_STREAM;

    if (column->has_dictionary)
        dictionary = add_dictionary(parts, column);
    if (column->index.has_lists) {
        uint32_t blocks =
            add_stream(parts, &column->index.blocks, FORMAT_NO_STREAM, FORMAT_NO_STREAM);
        elements = add_stream(parts, &column->index.lists, FORMAT_NO_STREAM, blocks);
    }
    if (column->elements != NULL)
        elements = add_streams(parts, column->elements);
    return add_stream(parts, &column->stream, dictionary, elements);
}

static void add_column(FooterParts *parts, const SegmentColumn *schema, const ColumnWriter *column,
                       SegmentColumnSummary *summary)
{
    column_writer_summary(column, summary);
    FormatColumn record = {
        .name_offset = (uint32_t)parts->names.length,
        .name_length = schema->name.length,
        .type_oid = schema->type_oid,
        .type_modifier = schema->type_modifier,
        .stream = add_streams(parts, column),
        .layout = (uint8_t)schema->layout,
        .has_range = summary->has_range,
        .null_count = summary->null_count,
        .distinct_count = summary->distinct_count,
        .stored_bytes = summary->stored_bytes,
        .text_bytes = summary->text_bytes,
        .minimum = summary->minimum,
        .maximum = summary->maximum,
    };
    buffer_append(&parts->columns, &record, sizeof record);
    buffer_append(&parts->names, schema->name.data, schema->name.length);
}

static void join_footer(const SegmentWriter *writer, FooterParts *parts, Buffer *footer)
{
    FormatFooter head = {
        .rows = writer->rows,
        .column_count = writer->schema.column_count,
        .stream_count = record_count(&parts->streams, sizeof(FormatStream)),
        .chunk_count = record_count(&parts->chunks, sizeof(FormatChunk)),
        .block_count = record_count(&parts->blocks, sizeof(FormatBlock)),
        .names_length = (uint32_t)parts->names.length,
    };
    buffer_append(footer, &head, sizeof head);
    buffer_append(footer, parts->columns.data, parts->columns.length);
    buffer_append(footer, parts->streams.data, parts->streams.length);
    buffer_append(footer, parts->chunks.data, parts->chunks.length);
    buffer_append(footer, parts->blocks.data, parts->blocks.length);
    buffer_append(footer, parts->names.data, parts->names.length);
    buffer_append_zeros(footer, (8 - footer->length % 8) % 8);
}

static bool write_footer(SegmentWriter *writer, const Buffer *footer, SegmentSummary *summary,
                         Fault *fault)
{
    XXH128_canonical_t digest;
    FormatTail tail = {.footer_offset = writer->output.offset,
                       .footer_length = footer->length,
                       .footer_checksum = XXH3_64bits(footer->data, footer->length),
                       .file_length = writer->output.offset + footer->length + sizeof(FormatTail),
                       .version = FORMAT_VERSION};
    tail.checksum = XXH3_64bits(&tail, offsetof(FormatTail, checksum));
    memcpy(tail.magic, FORMAT_MAGIC, sizeof tail.magic);
    XXH128_canonicalFromHash(&digest, XXH3_128bits(footer->data, footer->length));
    memcpy(summary->digest, digest.digest, sizeof summary->digest);
    summary->file_bytes = tail.file_length;
    return segment_output_write(&writer->output, footer->data, footer->length, fault) &&
           segment_output_write(&writer->output, &tail, sizeof tail, fault);
}

void segment_writer_sync_by(SegmentWriter *writer, OsSyncer *syncer)
{
    writer->output.syncer = syncer;
}

bool segment_writer_finish_column(SegmentWriter *writer, bool *is_done, Fault *fault)
{
    if (!writer->is_broken && writer->finished < writer->schema.column_count) {
        writer->is_broken = !column_writer_finish(&writer->columns[writer->finished], fault);
        if (writer->is_broken)
            return false;
        writer->finished++;
    }
    *is_done = writer->is_broken || writer->finished == writer->schema.column_count;
    return true;
}

bool segment_writer_finish(SegmentWriter *writer, Arena *arena, SegmentSummary *summary,
                           Fault *fault)
{
    FooterParts parts = {0};
    Buffer footer = BUFFER_EMPTY;
    bool is_done = false;

    if (writer->is_broken)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "a broken segment cannot be finished");
    while (!is_done)
        if (!segment_writer_finish_column(writer, &is_done, fault))
            return false;
    writer->is_broken = true; /* whatever happens, nothing may follow */
    *summary = (SegmentSummary){.rows = writer->rows};
    summary->columns = ARENA_ARRAY(arena, SegmentColumnSummary, writer->schema.column_count);
    for (uint32_t i = 0; i < writer->schema.column_count; i++)
        add_column(&parts, &writer->schema.columns[i], &writer->columns[i], &summary->columns[i]);
    join_footer(writer, &parts, &footer);
    bool ok = write_footer(writer, &footer, summary, fault) &&
              segment_output_finish(&writer->output, fault);
    buffer_clear(&parts.columns);
    buffer_clear(&parts.streams);
    buffer_clear(&parts.chunks);
    buffer_clear(&parts.blocks);
    buffer_clear(&parts.names);
    buffer_clear(&footer);
    return ok;
}

/*
 * Readers: one unit, from its source through its format to batches.
 */
#include "engine/input/input_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { READ_AHEAD_FROM = 1 << 20 /* bytes of a compressed file that are worth a thread */ };

/* --- rows that cannot be parsed --- */

const char *input_snippet(Text text, char out[SNIPPET_SIZE])
{
    uint32_t limit = 100, length = 0;
    uint32_t count = text.length < limit ? text.length : limit;
    while (count < text.length && count > 0 && ((unsigned char)text.data[count] & 0xC0) == 0x80)
        count--;
    bool is_valid = json_utf8_is_valid((const uint8_t *)text.data, count);
    for (uint32_t i = 0; i < count; i++) {
        unsigned char c = (unsigned char)text.data[i];
        out[length++] = c < 0x20 || c == 0x7F || (c >= 0x80 && !is_valid) ? '?' : (char)c;
    }
    if (count < text.length) {
        memcpy(out + length, "...", 3);
        length += 3;
    }
    out[length] = '\0';
    return out;
}

/* The end of a name says more than its beginning. */
static void copy_name(char out[256], Text name)
{
    uint32_t skip = name.length > 255 ? name.length - 255 : 0;
    while (skip < name.length && skip != 0 && ((unsigned char)name.data[skip] & 0xC0) == 0x80)
        skip++;
    memcpy(out, name.data + skip, name.length - skip);
    out[name.length - skip] = '\0';
}

void input_bad_row(InputReader *reader, uint64_t line, const char *format, ...)
{
    InputErrors *errors = &reader->errors;
    errors->count++;
    if (errors->kept == INPUT_ERRORS_KEPT)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(errors->messages[errors->kept].message, sizeof errors->messages[0].message, format,
              arguments);
    va_end(arguments);
    copy_name(errors->messages[errors->kept].source, reader->unit_name);
    if (line != 0 && reader->unit->shares != 0)
        line += share_lines_before(reader->lines.stream, line);
    errors->messages[errors->kept].line = line;
    errors->kept++;
}

void input_errors_add(InputErrors *sum, const InputErrors *more)
{
    sum->count += more->count;
    for (uint32_t i = 0; i < more->kept && sum->kept < INPUT_ERRORS_KEPT; i++)
        sum->messages[sum->kept++] = more->messages[i];
}

/* --- opening --- */

static bool set_system_fields(InputReader *reader, const json_t *source)
{
    const InputOptions *options = &reader->options;
    for (uint32_t i = 0; i < options->column_count; i++) {
        Text value, name = options->external->signature_names[options->columns[i]];
        InputColumn *column = &reader->columns.columns[i];
        if (column->kind == COLUMN_CONSTANT) /* of the unit before */
            column->kind = COLUMN_TEXT;
        if (column->kind == COLUMN_TEXT &&
            source_system_field(source, reader->unit_name, name, reader->lasting, &value))
            columns_set_constant(&reader->columns, i, value);
    }
    return true;
}

static ByteStream *open_part(InputReader *reader, const InputSource *source, Fault *fault)
{
    int fd;
    uint64_t size;
    if (source->open_file == NULL) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "\"%.*s\" has no parts", TEXT_ARGS(reader->unit_name));
        return NULL;
    }
    return source->open_file(reader->unit_name, reader->options.context->settings, &fd, &size, fault)
               ? range_open(fd, reader->unit_name, reader->unit)
               : NULL;
}

static bool open_stream(InputReader *reader, const json_t *source, Fault *fault)
{
    const json_t *part;
    const Settings *settings = reader->options.context->settings;
    const InputSource *kind = source_of_unit(source, reader->unit_name, &part, fault);
    if (kind == NULL)
        return false;
    ByteStream *stream = reader->unit->end != 0
                             ? open_part(reader, kind, fault)
                             : kind->open(part, reader->unit_name, settings, fault);
    bool is_compressed = false;
    if (stream != NULL && kind->is_compressible && reader->unit->end == 0)
        stream = decompress_open(stream, reader->unit_name, &is_compressed, fault);
    if (stream == NULL)
        return false;
    if (reader->unit->shares != 0)
        stream = share_open(stream, reader->unit->preamble,
                            &reader->options.tickets[reader->unit->ticket]);
    else if (is_compressed && kind->open_file != NULL && reader->unit->bytes >= READ_AHEAD_FROM)
        stream = read_ahead_open(stream);
    line_reader_init(&reader->lines, stream, reader->budget);
    return set_system_fields(reader, part);
}

static bool open_format(InputReader *reader, const json_t *source, const json_t *format,
                        Fault *fault)
{
    const InputOptions *options = &reader->options;
    reader->format = format_find(format, fault);
    if (reader->format == NULL || !reader->format->check(format, fault))
        return false;
    if (reader->columns.columns == NULL &&
        !columns_init(&reader->columns, reader->lasting, reader->scratch, reader->budget,
                      options->context, options->external, options->columns,
                      options->column_count, fault))
        return false;
    reader->columns.source = reader->unit_name;
    return open_stream(reader, source, fault) && reader->format->open(reader, format, fault);
}

static bool open_unit(InputReader *reader, uint32_t unit, Fault *fault)
{
    const StageInput *external = reader->options.external;
    if (unit >= external->unit_count)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "unit %u of %u", unit, external->unit_count);
    reader->unit = &external->units[unit];
    if (reader->unit->shares != 0 && reader->unit->ticket >= reader->options.ticket_count)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "unit %u has ticket %u of %u", unit,
                         reader->unit->ticket, reader->options.ticket_count);
    reader->unit_name = reader->unit->name;
    json_t *source = options_load(external->source_json, "input source", fault);
    json_t *format =
        source == NULL ? NULL : options_load(external->format_json, "input format", fault);
    bool ok = format != NULL && open_format(reader, source, format, fault);
    json_decref(source);
    json_decref(format);
    return ok;
}

InputReader *input_open(const InputOptions *options, Fault *fault)
{
    Arena *lasting = arena_new("input");
    InputReader *reader = ARENA_NEW(lasting, InputReader);
    reader->lasting = lasting;
    reader->arena = arena_new("input unit");
    reader->scratch = arena_new("input batch");
    reader->options = *options;
    reader->budget = options->budget;
    reader->batch.column_count = options->column_count;
    reader->batch.columns = ARENA_ARRAY(lasting, Vector, options->column_count + 1);
    if (open_unit(reader, options->unit, fault))
        return reader;
    input_close(reader);
    return NULL;
}

static void close_unit(InputReader *reader)
{
    if (reader->state != NULL && reader->format->close != NULL)
        reader->format->close(reader);
    line_reader_clear(&reader->lines);
    if (reader->unit_reserved != 0)
        budget_release(reader->budget, reader->unit_reserved);
    reader->unit_reserved = 0;
    reader->state = NULL;
    reader->block = NULL;
    reader->block_length = 0;
    reader->line = 0;
    reader->has_lines_before = false;
    reader->errors = (InputErrors){0};
}

InputReader *input_continue(InputReader *reader, uint32_t unit, Fault *fault)
{
    close_unit(reader);
    arena_reset(reader->arena);
    if (open_unit(reader, unit, fault))
        return reader;
    input_close(reader);
    return NULL;
}

void input_close(InputReader *reader)
{
    if (reader == NULL)
        return;
    close_unit(reader);
    columns_clear(&reader->columns);
    arena_free(reader->scratch);
    arena_free(reader->arena);
    arena_free(reader->lasting);
}

/* --- reading --- */

static bool next_block(InputReader *reader, Fault *fault)
{
    if (!line_reader_next(&reader->lines, &reader->block, &reader->block_length, fault))
        return false;
    for (uint32_t i = 0; i < reader->lines.long_lines; i++)
        input_bad_row(reader, ++reader->line, "the line is longer than %d bytes", (int)LINE_LIMIT);
    return true;
}

bool input_next(InputReader *reader, Batch **batch, Fault *fault)
{
    uint64_t errors = reader->errors.count;
    *batch = NULL;
    arena_reset(reader->scratch);
    columns_begin(&reader->columns);
    /* bad rows alone must not keep the caller from looking at their number */
    while (reader->columns.rows == 0 && reader->errors.count == errors) {
        if (reader->block_length == 0) {
            if (!next_block(reader, fault))
                return false;
            if (reader->block == NULL)
                return true;
            if (reader->errors.count != errors)
                break;
        }
        if (!reader->format->rows(reader, fault))
            return false;
    }
    if (!columns_finish(&reader->columns, reader->batch.columns, fault))
        return false;
    reader->batch.rows = reader->columns.rows;
    *batch = &reader->batch;
    return true;
}

const InputErrors *input_errors(const InputReader *reader)
{
    return &reader->errors;
}

uint64_t input_error_line(InputReader *reader, uint32_t i)
{
    uint64_t line = reader->errors.messages[i].line;
    if (line == 0 || reader->unit->start == 0)
        return line;
    if (!reader->has_lines_before) {
        reader->lines_before = range_lines_before(reader->lines.stream);
        reader->has_lines_before = true;
    }
    return line + reader->lines_before;
}

uint64_t input_bytes_read(const InputReader *reader)
{
    return reader->lines.stream != NULL ? reader->lines.stream->stored : 0;
}

/* --- checking --- */

bool input_check(Text source_json, Text format_json, const Settings *settings, Fault *fault)
{
    json_t *source = options_load(source_json, "input source", fault);
    if (source == NULL)
        return false;
    json_t *format = options_load(format_json, "input format", fault);
    const InputFormat *kind = format == NULL ? NULL : format_find(format, fault);
    bool ok = kind != NULL && kind->check(format, fault) && source_check(source, settings, fault);
    json_decref(source);
    json_decref(format);
    return ok;
}

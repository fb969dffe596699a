/*
 * What COPY FROM STDIN sends, as rows: text and CSV line by line, binary tuple by tuple. Messages
 * end anywhere, so what is unfinished waits for the next; rows are counted in lines of the input,
 * for the context of errors.
 */
#include "server/controller/controller_internal.h"
#include "server/controller/copy_internal.h"

#include "protocol/pgwire/pgwire.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_RECORD = 1 << 30,   /* bytes of one row */
    SHOWN_BYTES = 100,      /* of a value or line in a context */
};

struct CopyInput {
    const CopyStatement *copy;
    const TypeContext *types;
    Buffer pending; /* from the beginning of an unfinished record on */
    size_t scanned; /* of `pending`: known to hold no end of record */
    bool in_quotes; /* CSV: the scan stopped within a quoted field */
    Buffer cell;    /* unescaped */
    const PgwireEncoding *encoding; /* of the data; NULL: UTF-8 */
    Buffer cut;     /* the beginning of a character that has not come whole */
    uint64_t line, rows;
    bool has_header, has_signature, has_ended;
    const char *column; /* being read, for the context; NULL none */
};

void copy_rows_init(CopyRows *rows, const CopyStatement *copy, Arena *arena, uint32_t capacity)
{
    (void)capacity; /* builders grow */
    *rows = (CopyRows){.arena = arena, .column_count = copy->column_count};
    rows->builders = ARENA_ARRAY(arena, VectorBuilder, copy->column_count + 1);
    for (uint32_t i = 0; i < copy->column_count; i++)
        vector_builder_init(&rows->builders[i], arena, type_layout(copy->source->columns[i].type), 1024);
}

Batch *copy_rows_finish(CopyRows *rows)
{
    Batch *batch = batch_make(rows->arena, rows->column_count, rows->count);
    for (uint32_t i = 0; i < rows->column_count; i++)
        batch->columns[i] = vector_builder_finish(&rows->builders[i]);
    return batch;
}

CopyInput *copy_input_new(const CopyStatement *copy, const TypeContext *types, Arena *arena)
{
    (void)arena;
    CopyInput *input = calloc(1, sizeof *input);
    check(input != NULL);
    input->copy = copy;
    input->types = types;
    input->has_header = copy->has_header;
    input->encoding = copy_encoding(&copy->spec, types->settings->client_encoding);
    return input;
}

void copy_input_free(CopyInput *input)
{
    buffer_clear(&input->pending);
    buffer_clear(&input->cell);
    buffer_clear(&input->cut);
    free(input);
}

uint64_t copy_input_rows(const CopyInput *input)
{
    return input->rows;
}

/* --- faults --- */

bool copy_input_context(const CopyInput *input, Fault *fault)
{
    return fault_context(fault, "COPY %.*s, line %" PRIu64, TEXT_ARGS(input->copy->relation->name),
                         input->line);
}

static int shown(Text text)
{
    return (int)(text.length < SHOWN_BYTES ? text.length : SHOWN_BYTES);
}

static bool bad_line(CopyInput *input, Text line, Fault *fault)
{
    return fault_context(fault, "COPY %.*s, line %" PRIu64 ": \"%.*s%s\"",
                         TEXT_ARGS(input->copy->relation->name), input->line, shown(line), line.data,
                         line.length > SHOWN_BYTES ? "..." : "");
}

static bool bad_cell(CopyInput *input, Text cell, Fault *fault)
{
    return fault_context(fault, "COPY %.*s, line %" PRIu64 ", column %s: \"%.*s%s\"",
                         TEXT_ARGS(input->copy->relation->name), input->line, input->column,
                         shown(cell), cell.data, cell.length > SHOWN_BYTES ? "..." : "");
}

static bool missing_column(CopyInput *input, uint32_t at, Text line, Fault *fault)
{
    fault_set(fault, FAULT_BAD_COPY_FILE_FORMAT, "missing data for column \"%.*s\"",
              TEXT_ARGS(input->copy->source->columns[at].name));
    return bad_line(input, line, fault);
}

static bool extra_data(CopyInput *input, Text line, Fault *fault)
{
    fault_set(fault, FAULT_BAD_COPY_FILE_FORMAT, "extra data after last expected column");
    return bad_line(input, line, fault);
}

/* --- cells --- */

static uint32_t character_count(Text text)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < text.length; i++)
        count += ((uint8_t)text.data[i] & 0xC0) != 0x80;
    return count;
}

static bool check_length(SqlType type, Text *cell, Fault *fault)
{
    bool has_length = (type.oid == T_VARCHAR || type.oid == T_BPCHAR) && type.modifier >= 5;
    uint32_t most = has_length ? (uint32_t)type.modifier - 4 : 0;
    while (has_length && cell->length > 0 && cell->data[cell->length - 1] == ' ' &&
           character_count(*cell) > most)
        cell->length--;
    return !has_length || character_count(*cell) <= most ||
           fault_set(fault, FAULT_STRING_DATA_RIGHT_TRUNCATION, "value too long for type %s(%u)",
                     type_info(type.oid)->sql_name, most);
}

static bool put_text(CopyInput *input, CopyRows *rows, uint32_t at, Text cell, Fault *fault)
{
    const RelationColumn *column = &input->copy->source->columns[at];
    size_t bad;
    input->column = column->name.data;
    if (cell.data == NULL)
        cell.data = "";
    bool ok = pgwire_is_utf8(cell, &bad) || pgwire_utf8_fault(cell, bad, fault);
    ok = ok && check_length(column->type, &cell, fault) &&
         type_parse_text(column->type, input->types, cell, &rows->builders[at], fault);
    return ok || bad_cell(input, cell, fault);
}

static Text text_of_cell(const Buffer *cell)
{
    return (Text){.data = cell->data == NULL ? "" : (const char *)cell->data,
                  .length = (uint32_t)cell->length};
}

/* --- text --- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What stands behind a backslash at text[at]; *at is moved past it. */
static char unescape(Text text, uint32_t *at)
{
    char c = text.data[(*at)++];
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: break;
    }
    if (c >= '0' && c <= '7') {
        int value = c - '0';
        for (int i = 0; i < 2 && *at < text.length && text.data[*at] >= '0' && text.data[*at] <= '7'; i++)
            value = value * 8 + (text.data[(*at)++] - '0');
        return (char)value;
    }
    if (c == 'x' && *at < text.length && hex_value(text.data[*at]) >= 0) {
        int value = hex_value(text.data[(*at)++]);
        if (*at < text.length && hex_value(text.data[*at]) >= 0)
            value = value * 16 + hex_value(text.data[(*at)++]);
        return (char)value;
    }
    return c;
}

static bool put_text_field(CopyInput *input, CopyRows *rows, uint32_t at, Text raw, Fault *fault)
{
    if (text_equal(raw, input->copy->spec.null_text)) {
        vector_builder_null(&rows->builders[at]);
        return true;
    }
    if (raw.length == 0 || memchr(raw.data, '\\', raw.length) == NULL)
        return put_text(input, rows, at, raw, fault);
    buffer_reset(&input->cell);
    for (uint32_t i = 0; i < raw.length;) {
        char c = raw.data[i++];
        if (c == '\\' && i < raw.length)
            c = unescape(raw, &i);
        buffer_append_byte(&input->cell, (uint8_t)c);
    }
    return put_text(input, rows, at, text_of_cell(&input->cell), fault);
}

static bool read_text_line(CopyInput *input, Text line, CopyRows *rows, Fault *fault)
{
    uint32_t columns = input->copy->column_count, at = 0, start = 0;
    for (uint32_t i = 0; i <= line.length; i++) {
        bool is_end = i == line.length;
        if (!is_end && line.data[i] == '\\' && i + 1 < line.length) {
            i++;
            continue;
        }
        if (!is_end && line.data[i] != input->copy->spec.delimiter)
            continue;
        if (at == columns)
            return extra_data(input, line, fault);
        Text raw = {.data = line.data + start, .length = i - start};
        if (!put_text_field(input, rows, at++, raw, fault))
            return false;
        start = i + 1;
    }
    return at == columns || missing_column(input, at, line, fault);
}

/* --- CSV --- */

/* One field from line[*at] on, into input->cell. */
static void read_csv_field(CopyInput *input, Text line, uint32_t *at, bool *was_quoted)
{
    const CopySpec *spec = &input->copy->spec;
    bool in_quotes = false;
    *was_quoted = false;
    buffer_reset(&input->cell);
    while (*at < line.length) {
        char c = line.data[*at];
        if (in_quotes) {
            char next = *at + 1 < line.length ? line.data[*at + 1] : '\0';
            if (c == spec->escape && *at + 1 < line.length && (next == spec->quote || next == spec->escape)) {
                buffer_append_byte(&input->cell, (uint8_t)next);
                *at += 2;
                continue;
            }
            if (c == spec->quote)
                in_quotes = false;
            else
                buffer_append_byte(&input->cell, (uint8_t)c);
        } else if (c == spec->quote) {
            in_quotes = *was_quoted = true;
        } else if (c == spec->delimiter) {
            return;
        } else {
            buffer_append_byte(&input->cell, (uint8_t)c);
        }
        (*at)++;
    }
}

static bool read_csv_line(CopyInput *input, Text line, CopyRows *rows, Fault *fault)
{
    const CopyStatement *copy = input->copy;
    uint32_t at = 0, i = 0;
    for (;;) {
        bool was_quoted;
        if (at == copy->column_count)
            return extra_data(input, line, fault);
        read_csv_field(input, line, &i, &was_quoted);
        Text cell = text_of_cell(&input->cell);
        bool is_null = text_equal(cell, copy->spec.null_text) &&
                       (was_quoted ? copy->force_null[at] : !copy->force_not_null[at]);
        if (is_null)
            vector_builder_null(&rows->builders[at]);
        else if (!put_text(input, rows, at, cell, fault))
            return false;
        at++;
        if (i >= line.length)
            break;
        i++; /* the delimiter */
        if (i == line.length && at < copy->column_count) { /* an empty last field */
            if (text_equal(copy->spec.null_text, TEXT_LITERAL("")) && !copy->force_not_null[at])
                vector_builder_null(&rows->builders[at]);
            else if (!put_text(input, rows, at, TEXT_LITERAL(""), fault))
                return false;
            at++;
            break;
        }
        if (i == line.length)
            return extra_data(input, line, fault);
    }
    return at == copy->column_count || missing_column(input, at, line, fault);
}

/* --- lines --- */

static bool check_header(CopyInput *input, Text line, Fault *fault)
{
    const CopyStatement *copy = input->copy;
    uint32_t i = 0;
    for (uint32_t at = 0; copy->matches_header && at < copy->column_count; at++) {
        bool ignored;
        read_csv_field(input, line, &i, &ignored);
        Text name = copy->source->columns[at].name;
        if (!text_equal(text_of_cell(&input->cell), name)) {
            fault_set(fault, FAULT_BAD_COPY_FILE_FORMAT,
                      "column name mismatch in header line field %u: got \"%.*s\", expected \"%.*s\"",
                      at + 1, TEXT_ARGS(text_of_cell(&input->cell)), TEXT_ARGS(name));
            return bad_line(input, line, fault);
        }
        i++;
    }
    return true;
}

static bool read_line(CopyInput *input, Text line, CopyRows *rows, Fault *fault)
{
    bool is_csv = input->copy->spec.format == COPY_CSV;
    input->line++;
    if (line.length > 0 && line.data[line.length - 1] == '\r')
        line.length--;
    if (input->has_header) {
        input->has_header = false;
        return check_header(input, line, fault);
    }
    if (line.length == 2 && memcmp(line.data, "\\.", 2) == 0) {
        input->has_ended = true;
        return true;
    }
    if (!(is_csv ? read_csv_line(input, line, rows, fault) : read_text_line(input, line, rows, fault)))
        return false;
    rows->count++;
    input->rows++;
    return true;
}

/* Where the record that begins at `start` ends: its newline; SIZE_MAX: not there yet. */
static size_t find_end(CopyInput *input, size_t start)
{
    const CopySpec *spec = &input->copy->spec;
    const uint8_t *data = input->pending.data;
    size_t i = start > input->scanned ? start : input->scanned;
    for (; i < input->pending.length; i++) {
        char c = (char)data[i];
        if (spec->format == COPY_TEXT) {
            if (c == '\\') {
                if (i + 1 >= input->pending.length)
                    break; /* what it escapes has not come */
                i++;
            } else if (c == '\n') {
                return i;
            }
            continue;
        }
        if (input->in_quotes && c == spec->escape && spec->escape != spec->quote) {
            if (i + 1 >= input->pending.length)
                break;
            char next = (char)data[i + 1];
            i += next == spec->quote || next == spec->escape;
        } else if (c == spec->quote) {
            input->in_quotes = !input->in_quotes;
        } else if (c == '\n' && !input->in_quotes) {
            return i;
        }
    }
    input->scanned = i;
    return SIZE_MAX;
}

static void drop_front(CopyInput *input, size_t length)
{
    Buffer *pending = &input->pending;
    memmove(pending->data, pending->data + length, pending->length - length);
    pending->length -= length;
    input->scanned = input->scanned > length ? input->scanned - length : 0;
}

static bool feed_lines(CopyInput *input, CopyRows *rows, Fault *fault)
{
    size_t start = 0;
    while (!input->has_ended) {
        size_t end = find_end(input, start);
        if (end == SIZE_MAX)
            break;
        Text line = {.data = (const char *)input->pending.data + start, .length = (uint32_t)(end - start)};
        if (!read_line(input, line, rows, fault))
            return false;
        start = end + 1;
        input->scanned = start;
    }
    if (input->has_ended)
        start = input->pending.length;
    if (start > 0)
        drop_front(input, start);
    return true;
}

/* --- binary --- */

static uint32_t u32_at(const uint8_t *data)
{
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

static bool read_signature(CopyInput *input, size_t *at, Fault *fault)
{
    enum { MAGIC = 11, FIXED = 19 };
    const Buffer *pending = &input->pending;
    if (pending->length < FIXED)
        return true;
    if (memcmp(pending->data, "PGCOPY\n\377\r\n", MAGIC) != 0)
        return fault_set(fault, FAULT_BAD_COPY_FILE_FORMAT, "COPY file signature not recognized");
    uint32_t extension = u32_at(pending->data + 15);
    if (extension > MAX_RECORD)
        return fault_set(fault, FAULT_BAD_COPY_FILE_FORMAT, "invalid COPY file header (wrong length)");
    if (pending->length - FIXED < extension)
        return true;
    input->has_signature = true;
    *at = FIXED + extension;
    return true;
}

/* Whether a whole tuple lies at `at`: its length. 0: not yet. */
static bool tuple_length(CopyInput *input, size_t at, size_t *length, Fault *fault)
{
    const Buffer *pending = &input->pending;
    size_t i = at + 2;
    *length = 0;
    if (pending->length < i)
        return true;
    int16_t count = (int16_t)(pending->data[at] << 8 | pending->data[at + 1]);
    if (count == -1) {
        *length = 2;
        return true;
    }
    if (count != (int32_t)input->copy->column_count) {
        fault_set(fault, FAULT_BAD_COPY_FILE_FORMAT, "row field count is %d, expected %u", count,
                  input->copy->column_count);
        return copy_input_context(input, fault);
    }
    for (int c = 0; c < count; c++) {
        if (pending->length - i < 4)
            return true;
        uint32_t size = u32_at(pending->data + i);
        i += 4;
        if (size == UINT32_MAX)
            continue;
        if (size > MAX_RECORD)
            return fault_set(fault, FAULT_BAD_COPY_FILE_FORMAT, "invalid field size");
        if (pending->length - i < size)
            return true;
        i += size;
    }
    *length = i - at;
    return true;
}

/* A text in binary, in the data's encoding. */
static bool decode_cell(CopyInput *input, SqlType type, Text *bytes, Fault *fault)
{
    const TypeInfo *info = type_info(type.oid);
    if (input->encoding == NULL)
        return true;
    if (info != NULL && pgwire_is_text_type(info->element_oid))
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "arrays of texts in binary are not converted from encoding \"%s\"",
                         pgwire_encoding_name(input->encoding));
    if (!pgwire_is_text_type(type.oid))
        return true;
    buffer_reset(&input->cell);
    if (!pgwire_decode(input->encoding, *bytes, &input->cell, fault))
        return false;
    *bytes = text_of_cell(&input->cell);
    return true;
}

static bool read_tuple(CopyInput *input, const uint8_t *data, CopyRows *rows, Fault *fault)
{
    const uint8_t *at = data + 2;
    for (uint32_t c = 0; c < input->copy->column_count; c++) {
        const RelationColumn *column = &input->copy->source->columns[c];
        uint32_t size = u32_at(at);
        at += 4;
        input->column = column->name.data;
        if (size == UINT32_MAX) {
            vector_builder_null(&rows->builders[c]);
            continue;
        }
        Text bytes = {.data = (const char *)at, .length = size};
        if (!decode_cell(input, column->type, &bytes, fault) ||
            !type_parse_binary(column->type, input->types, bytes, &rows->builders[c], fault))
            return fault_context(fault, "COPY %.*s, line %" PRIu64 ", column %s",
                                 TEXT_ARGS(input->copy->relation->name), input->line, input->column);
        at += size;
    }
    rows->count++;
    input->rows++;
    return true;
}

static bool feed_tuples(CopyInput *input, CopyRows *rows, Fault *fault)
{
    size_t at = 0;
    if (!input->has_signature && !read_signature(input, &at, fault))
        return false;
    while (input->has_signature && !input->has_ended) {
        size_t length;
        input->line++;
        if (!tuple_length(input, at, &length, fault))
            return false;
        if (length == 0) {
            input->line--;
            break;
        }
        if (length == 2)
            input->has_ended = true;
        else if (!read_tuple(input, input->pending.data + at, rows, fault))
            return false;
        at += length;
    }
    if (input->has_ended)
        at = input->pending.length;
    if (at > 0)
        drop_front(input, at);
    return true;
}

/* --- all --- */

static bool feed(CopyInput *input, CopyRows *rows, Fault *fault)
{
    if (input->pending.length > MAX_RECORD)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "a row of COPY is longer than 1 GB");
    if (input->pending.length == 0)
        return true;
    return input->copy->spec.format == COPY_BINARY ? feed_tuples(input, rows, fault)
                                                   : feed_lines(input, rows, fault);
}

/* The line that is being taken, though those before it have not been read yet. */
static bool undecodable(CopyInput *input, Fault *fault)
{
    input->line++;
    for (size_t i = 0; i < input->pending.length; i++)
        input->line += input->pending.data[i] == '\n';
    return copy_input_context(input, fault);
}

static bool decode_data(CopyInput *input, Text text, Fault *fault)
{
    uint32_t used;
    if (!pgwire_decode_piece(input->encoding, text, &input->pending, &used, fault))
        return undecodable(input, fault);
    Buffer rest = BUFFER_EMPTY; /* `text` may be what has been cut before */
    buffer_append(&rest, text.data + used, text.length - used);
    buffer_clear(&input->cut);
    input->cut = rest;
    return true;
}

/* Lines in the data's encoding, which messages may cut within a character. Of binary tuples only
 * texts are converted, where they are read. */
static bool take_data(CopyInput *input, const uint8_t *data, size_t length, Fault *fault)
{
    if (input->encoding == NULL || input->copy->spec.format == COPY_BINARY) {
        buffer_append(&input->pending, data, length);
        return true;
    }
    if (input->cut.length == 0)
        return decode_data(input, (Text){.data = (const char *)data, .length = (uint32_t)length},
                           fault);
    buffer_append(&input->cut, data, length);
    Text text = {.data = (const char *)input->cut.data, .length = (uint32_t)input->cut.length};
    return decode_data(input, text, fault);
}

bool copy_input_feed(CopyInput *input, const uint8_t *data, size_t length, CopyRows *rows, Fault *fault)
{
    if (input->has_ended || length == 0)
        return true;
    return take_data(input, data, length, fault) && feed(input, rows, fault);
}

bool copy_input_end(CopyInput *input, CopyRows *rows, Fault *fault)
{
    bool is_binary = input->copy->spec.format == COPY_BINARY;
    if (input->cut.length > 0) {
        Text cut = {.data = (const char *)input->cut.data, .length = (uint32_t)input->cut.length};
        pgwire_decode(input->encoding, cut, &input->pending, fault);
        return undecodable(input, fault);
    }
    /* the end of all data between two tuples ends them as the trailer does */
    if (is_binary && (!input->has_signature || input->pending.length > 0))
        return fault_set(fault, FAULT_BAD_COPY_FILE_FORMAT,
                         input->has_signature ? "unexpected EOF in COPY data"
                                              : "COPY file signature not recognized") ||
               copy_input_context(input, fault);
    if (is_binary || input->has_ended || input->pending.length == 0)
        return true;
    if (input->in_quotes) {
        input->line++;
        fault_set(fault, FAULT_BAD_COPY_FILE_FORMAT, "unterminated CSV quoted field");
        return copy_input_context(input, fault);
    }
    /* the last line needs no end */
    Text line = {.data = (const char *)input->pending.data, .length = (uint32_t)input->pending.length};
    bool ok = read_line(input, line, rows, fault);
    buffer_reset(&input->pending);
    return ok;
}

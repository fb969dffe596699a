/*
 * Rows as COPY TO sends them: each a CopyData message with a line of text or CSV, or a tuple in
 * binary. The texts of cells are the types' own, as in DataRows.
 */
#include "engine/operator/operator_internal.h"

#include "protocol/pgwire/pgwire.h"

static void put_u16(Buffer *out, uint16_t value)
{
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    buffer_append(out, bytes, sizeof bytes);
}

static void put_u32(Buffer *out, uint32_t value)
{
    value = __builtin_bswap32(value);
    buffer_append(out, &value, sizeof value);
}

/* What stands after the backslash for a byte that cannot stand as it is; 0: it can. */
static char escape_of(char c, char delimiter)
{
    switch (c) {
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\v': return 'v';
    case '\\': return '\\';
    default: return c == delimiter ? c : 0;
    }
}

static void put_text_cell(const CopySpec *copy, Text cell, Buffer *out)
{
    uint32_t start = 0;
    for (uint32_t i = 0; i < cell.length; i++) {
        char escape = escape_of(cell.data[i], copy->delimiter);
        if (escape == 0)
            continue;
        buffer_append(out, cell.data + start, i - start);
        buffer_append_byte(out, '\\');
        buffer_append_byte(out, (uint8_t)escape);
        start = i + 1;
    }
    buffer_append(out, cell.data + start, cell.length - start);
}

static bool needs_quotes(const CopySpec *copy, Text cell, bool is_alone)
{
    if (text_equal(cell, copy->null_text))
        return true;
    if (is_alone && cell.length == 2 && memcmp(cell.data, "\\.", 2) == 0)
        return true; /* would end the data */
    for (uint32_t i = 0; i < cell.length; i++) {
        char c = cell.data[i];
        if (c == copy->delimiter || c == copy->quote || c == '\n' || c == '\r')
            return true;
    }
    return false;
}

static void put_csv_cell(const CopySpec *copy, Text cell, bool is_forced, bool is_alone, Buffer *out)
{
    if (!is_forced && !needs_quotes(copy, cell, is_alone)) {
        buffer_append(out, cell.data, cell.length);
        return;
    }
    buffer_append_byte(out, (uint8_t)copy->quote);
    for (uint32_t i = 0; i < cell.length; i++) {
        char c = cell.data[i];
        if (c == copy->quote || c == copy->escape)
            buffer_append_byte(out, (uint8_t)copy->escape);
        buffer_append_byte(out, (uint8_t)c);
    }
    buffer_append_byte(out, (uint8_t)copy->quote);
}

static void put_line(const CopySpec *copy, const Text *const *cells, uint32_t columns, uint32_t row,
                     Buffer *out)
{
    for (uint32_t c = 0; c < columns; c++) {
        Text cell = cells[c][row];
        if (c > 0)
            buffer_append_byte(out, (uint8_t)copy->delimiter);
        if (cell.data == NULL)
            buffer_append(out, copy->null_text.data, copy->null_text.length);
        else if (copy->format == COPY_TEXT)
            put_text_cell(copy, cell, out);
        else
            put_csv_cell(copy, cell, copy->force_quote != NULL && copy->force_quote[c], columns == 1,
                         out);
    }
    buffer_append_byte(out, '\n');
}

static void put_tuple(const Text *const *cells, uint32_t columns, uint32_t row, Buffer *out)
{
    put_u16(out, (uint16_t)columns);
    for (uint32_t c = 0; c < columns; c++) {
        Text cell = cells[c][row];
        put_u32(out, cell.data == NULL ? UINT32_MAX : cell.length);
        if (cell.data != NULL)
            buffer_append(out, cell.data, cell.length);
    }
}

const PgwireEncoding *copy_encoding(const CopySpec *copy, const char *client)
{
    if (copy->encoding.length == 0)
        return pgwire_encoding_of(client);
    const PgwireEncoding *found = pgwire_encoding_find(copy->encoding);
    return found == NULL ? NULL : pgwire_encoding_of(pgwire_encoding_name(found));
}

/* The line is made before it is converted: in some encodings a character's second byte may look
 * like a backslash or a delimiter. */
static bool put_encoded_line(const CopySpec *copy, const PgwireEncoding *encoding,
                             const Text *const *cells, uint32_t columns, uint32_t row,
                             Buffer *plain, Buffer *out, Fault *fault)
{
    buffer_reset(plain);
    put_line(copy, cells, columns, row, plain);
    Text line = {.data = (const char *)plain->data, .length = (uint32_t)plain->length};
    return pgwire_encode(encoding, line, out, fault);
}

static bool append_rows(const CopySpec *copy, const PgwireEncoding *encoding,
                        const Text *const *cells, uint32_t columns, uint32_t rows, Buffer *plain,
                        Buffer *out, Fault *fault)
{
    for (uint32_t row = 0; row < rows; row++) {
        size_t start = out->length;
        buffer_append_byte(out, 'd');
        put_u32(out, 0);
        if (copy->format == COPY_BINARY)
            put_tuple(cells, columns, row, out);
        else if (encoding == NULL)
            put_line(copy, cells, columns, row, out);
        else if (!put_encoded_line(copy, encoding, cells, columns, row, plain, out, fault))
            return false;
        size_t length = out->length - start - 1;
        if (length > INT32_MAX)
            return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                             "a row of the result is longer than 2 GB");
        uint32_t wire = __builtin_bswap32((uint32_t)length);
        memcpy(out->data + start + 1, &wire, sizeof wire);
    }
    return true;
}

bool copy_append_rows(const CopySpec *copy, const PgwireEncoding *encoding,
                      const Text *const *cells, uint32_t columns, uint32_t rows, Buffer *out,
                      Fault *fault)
{
    Buffer plain = BUFFER_EMPTY;
    bool ok = append_rows(copy, encoding, cells, columns, rows, &plain, out, fault);
    buffer_clear(&plain);
    return ok;
}

/*
 * lines: each line is one value, of the column "line".
 */
#include "engine/input/input_internal.h"

static bool lines_check(const json_t *options, Fault *fault)
{
    return true;
}

static bool lines_open(InputReader *reader, const json_t *options, Fault *fault)
{
    return true;
}

static Put put_line(InputReader *reader, Text line, Fault *fault)
{
    for (uint32_t i = 0; i < reader->columns.count; i++) {
        InputColumn *column = &reader->columns.columns[i];
        if (column->kind == COLUMN_CONSTANT || !text_equal_string(column->name, "line"))
            continue;
        if (!columns_null_bytes(&reader->columns, column, &line, fault))
            return PUT_FAILED;
        return column_put_text(&reader->columns, column, line, fault);
    }
    return PUT_DONE;
}

static bool lines_rows(InputReader *reader, Fault *fault)
{
    while (reader->block_length != 0 && reader->columns.rows < BATCH_ROWS) {
        const uint8_t *end = memchr(reader->block, '\n', reader->block_length);
        size_t consumed = (size_t)(end - reader->block) + 1, length = consumed - 1;
        if (length != 0 && end[-1] == '\r')
            length--;
        Text line = {(const char *)reader->block, (uint32_t)length};
        reader->line++;
        bool is_valid = json_utf8_is_valid(reader->block, length);
        Put put = is_valid ? put_line(reader, line, fault) : PUT_BAD;
        if (put == PUT_FAILED)
            return false;
        if (put == PUT_DONE) {
            columns_end_row(&reader->columns);
        } else {
            char snippet[SNIPPET_SIZE];
            columns_drop_row(&reader->columns);
            input_bad_row(reader, reader->line, "unable to parse row [%s]: not valid UTF-8",
                          input_snippet(line, snippet));
        }
        input_consume(reader, consumed);
    }
    return true;
}

const InputFormat lines_format = {
    .type = "lines",
    .check = lines_check,
    .preamble = format_no_preamble,
    .open = lines_open,
    .rows = lines_rows,
};

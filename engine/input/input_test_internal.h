/*
 * For this room's tests: reads a unit whole, as text.
 */
#ifndef TALARIA_ENGINE_INPUT_INPUT_TEST_INTERNAL_H
#define TALARIA_ENGINE_INPUT_INPUT_TEST_INTERNAL_H

#include "base/memory/buffer.h"
#include "engine/input/input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEST_COLUMNS = 64 };

/* What a read came to. */
typedef struct TestRead {
    char *text; /* rows: cells between '|', a NULL as '~', each row ended by '\n'; free it */
    uint64_t rows, batches;
    bool failed;
    Fault fault;
    InputErrors errors;
} TestRead;

static Settings test_settings;

/* "a:text,b:bigint"; an array type is written with its SQL name, "c:text[]". */
static inline uint32_t test_signature(char *list, Text *names, SqlType *types)
{
    uint32_t count = 0;
    for (char *item; (item = strsep(&list, ",")) != NULL;) {
        char *colon = strchr(item, ':');
        const TypeInfo *info = type_by_name(text_of(colon + 1));
        assert_non_null(info);
        names[count] = (Text){item, (uint32_t)(colon - item)};
        types[count++] = SQL_TYPE(info->oid);
    }
    return count;
}

static inline void test_append_batch(const Batch *batch, const SqlType *types,
                                     const TypeContext *context, Buffer *out)
{
    Arena *arena = arena_new("test");
    Text *cells[TEST_COLUMNS];
    for (uint32_t c = 0; c < batch->column_count; c++) {
        assert_int_equal(batch->columns[c].length, batch->rows);
        cells[c] = ARENA_ARRAY(arena, Text, batch->rows);
        type_format_text(types[c], context, &batch->columns[c], arena, cells[c]);
    }
    for (uint32_t r = 0; r < batch->rows; r++) {
        for (uint32_t c = 0; c < batch->column_count; c++) {
            if (c != 0)
                buffer_append_byte(out, '|');
            if (cells[c][r].data == NULL)
                buffer_append_byte(out, '~');
            else
                buffer_append(out, cells[c][r].data, cells[c][r].length);
        }
        buffer_append_byte(out, '\n');
    }
    arena_free(arena);
}

static inline TestRead test_read_unit(const char *source, const char *unit_name, const char *format,
                                      const char *signature, Budget *budget)
{
    TestRead read = {0};
    Text names[TEST_COLUMNS];
    SqlType types[TEST_COLUMNS];
    uint32_t wanted[TEST_COLUMNS];
    char *list = strdup(signature);
    uint32_t count = signature[0] == '\0' ? 0 : test_signature(list, names, types);
    for (uint32_t i = 0; i < count; i++)
        wanted[i] = i;
    TypeContext context = {.zone = timezone_utc(), .settings = &test_settings};
    InputUnit unit = {.name = text_of(unit_name)};
    StageInput external = {.kind = INPUT_EXTERNAL,
                           .source_json = text_of(source),
                           .format_json = text_of(format),
                           .unit_count = 1,
                           .units = &unit,
                           .signature_count = count,
                           .signature_names = names,
                           .signature_types = types};
    InputOptions options = {.external = &external,
                            .column_count = count,
                            .columns = wanted,
                            .context = &context,
                            .budget = budget};
    Buffer out = BUFFER_EMPTY;
    Batch *batch = NULL;
    InputReader *reader = input_open(&options, &read.fault);
    read.failed = reader == NULL;
    while (!read.failed) {
        read.failed = !input_next(reader, &batch, &read.fault);
        if (read.failed || batch == NULL)
            break;
        assert_in_range(batch->rows, 0, BATCH_ROWS);
        read.rows += batch->rows;
        read.batches++;
        test_append_batch(batch, types, &context, &out);
    }
    if (reader != NULL)
        read.errors = *input_errors(reader);
    input_close(reader);
    free(list);
    read.text = strdup(buffer_string(&out));
    buffer_clear(&out);
    return read;
}

/* Inline data: escaped here. */
static inline TestRead test_read_inline(const char *data, const char *format, const char *signature)
{
    Buffer source = BUFFER_EMPTY;
    buffer_append_string(&source, "{\"type\":\"inline\",\"data\":\"");
    for (const char *at = data; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20)
            buffer_printf(&source, "\\u%04x", *at);
        else if (*at == '"' || *at == '\\')
            buffer_printf(&source, "\\%c", *at);
        else
            buffer_append_byte(&source, (uint8_t)*at);
    }
    buffer_append_string(&source, "\"}");
    TestRead read = test_read_unit(buffer_string(&source), "inline", format, signature, NULL);
    buffer_clear(&source);
    return read;
}

/* The rows are as expected and none was bad. */
static inline void test_expect(TestRead read, const char *expected)
{
    if (read.failed)
        print_error("fault: %s\n", read.fault.message);
    assert_false(read.failed);
    assert_string_equal(read.text, expected);
    if (read.errors.count != 0)
        print_error("bad row: %s\n", read.errors.messages[0].message);
    assert_int_equal(read.errors.count, 0);
    free(read.text);
}

/* The rows are as expected, and so is the number of bad ones. */
static inline void test_expect_bad(TestRead read, const char *expected, uint64_t bad)
{
    if (read.failed)
        print_error("fault: %s\n", read.fault.message);
    assert_false(read.failed);
    assert_string_equal(read.text, expected);
    assert_int_equal(read.errors.count, bad);
    free(read.text);
}

static inline void test_expect_fault(TestRead read, FaultCode code, const char *part)
{
    assert_true(read.failed);
    if (read.fault.code != code || strstr(read.fault.message, part) == NULL)
        print_error("fault: %s\n", read.fault.message);
    assert_int_equal(read.fault.code, code);
    assert_non_null(strstr(read.fault.message, part));
    free(read.text);
}

#endif

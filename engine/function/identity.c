/*
 * Random UUIDs, counting of NULLs, names taken apart: PostgreSQL's small functions that belong to
 * no family.
 */
#include "base/os/os.h"
#include "engine/function/text_internal.h"

enum { UUID_BYTES = 16 };

static const Text nothing = {.data = "", .length = 0};

/* Version 4 of RFC 4122: 122 random bits. */
static bool random_uuid_run(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                            const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    Text *values = arena_alloc_vector(arena, rows * sizeof *values);
    uint8_t *bytes = arena_alloc_vector(arena, (size_t)rows * UUID_BYTES);
    os_random(bytes, (size_t)rows * UUID_BYTES);
    for (uint32_t i = 0; i < rows; i++) {
        uint8_t *uuid = bytes + (size_t)i * UUID_BYTES;
        uuid[6] = (uint8_t)((uuid[6] & 0x0F) | 0x40);
        uuid[8] = (uint8_t)((uuid[8] & 0x3F) | 0x80);
        values[i] = (Text){.data = (const char *)uuid, .length = UUID_BYTES};
    }
    *result = vector_flat(LAYOUT_STRING, rows, values, NULL);
    return true;
}

static int64_t count_nulls(const RowRun *run, uint32_t row)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < run->call->argument_count; i++)
        count += row_is_null(run, i, row);
    return count;
}

static bool nulls_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = count_nulls(run, row);
    return true;
}

static bool values_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = run->call->argument_count - count_nulls(run, row);
    return true;
}

/* --- parse_ident --- */

static bool bad_identifier(RowRun *run, Text text, const char *detail)
{
    fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
              "string is not a valid identifier: \"%.*s\"", TEXT_ARGS(text));
    if (detail != NULL)
        fault_detail(run->fault, "%s", detail);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (uint8_t)c >= 0x80;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

/* A name in quotes, which are doubled inside; NULL: no end. */
static const char *take_quoted(RowRun *run, const char *at, const char *end, Text *name)
{
    char *out = text_sink_reserve(&run->sink, (size_t)(end - at)), *start = out;
    for (at++; at < end; at++) {
        if (*at == '"') {
            if (at + 1 >= end || at[1] != '"') {
                *name = text_sink_take(&run->sink, (size_t)(out - start));
                return at + 1;
            }
            at++;
        }
        *out++ = *at;
    }
    return NULL;
}

static const char *take_plain(RowRun *run, const char *at, const char *end, Text *name)
{
    const char *start = at;
    while (at < end && (is_name_start(*at) || (*at >= '0' && *at <= '9') || *at == '$'))
        at++;
    *name = text_lower(&run->sink, text_between(start, at));
    return at;
}

/* parse_ident(text [, strict]): the parts of a qualified name. */
static bool parse_ident_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    enum { MOST_PARTS = 64 };
    Text text = row_text(run, 0, row), parts[MOST_PARTS];
    bool is_strict = run->call->argument_count < 2 || row_bool(run, 1, row);
    const char *end = text.data + text.length, *at = skip_blanks(text.data, end);
    uint32_t count = 0;
    for (;;) {
        if (count == MOST_PARTS)
            return bad_identifier(run, text, "Too many parts.");
        if (at < end && *at == '"') {
            at = take_quoted(run, at, end, &parts[count]);
            if (at == NULL)
                return bad_identifier(run, text, "String has unclosed double quotes.");
            if (parts[count].length == 0)
                return bad_identifier(run, text, "Quoted identifier must not be empty.");
        } else if (at < end && is_name_start(*at)) {
            at = take_plain(run, at, end, &parts[count]);
        } else {
            return bad_identifier(run, text,
                                  count == 0         ? NULL
                                  : at < end && *at == '.'
                                      ? "No valid identifier before \".\"."
                                      : "No valid identifier after \".\".");
        }
        count++;
        at = skip_blanks(at, end);
        if (at >= end || *at != '.')
            break;
        at = skip_blanks(at + 1, end);
    }
    if (at < end && is_strict)
        return bad_identifier(run, text, NULL);
    vector_builder_array(builder, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_text(builder->elements, parts[i]);
    return true;
}

/* --- unistr: \XXXX, \+XXXXXX, \uXXXX, \UXXXXXXXX --- */

static bool take_code(const char *at, const char *end, int digits, uint32_t *code)
{
    *code = 0;
    if (end - at < digits)
        return false;
    for (int i = 0; i < digits; i++) {
        char c = at[i];
        int value = c >= '0' && c <= '9'                 ? c - '0'
                    : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                         : -1;
        if (value < 0)
            return false;
        *code = *code << 4 | (uint32_t)value;
    }
    return true;
}

static bool unistr_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    const char *at = text.data, *end = at + text.length;
    char *out = text_sink_reserve(&run->sink, text.length + 4), *start = out;
    uint32_t code, pending = 0;
    *result = nothing;
    while (at < end) {
        if (*at != '\\' || (end - at > 1 && at[1] == '\\')) {
            at += *at == '\\';
            *out++ = *at++;
            continue;
        }
        char kind = end - at > 1 ? at[1] : '\0';
        int skip = kind == '+' || kind == 'u' || kind == 'U' ? 2 : 1;
        int digits = kind == '+' ? 6 : kind == 'U' ? 8 : 4;
        if (!take_code(at + skip, end, digits, &code)) {
            fault_set(run->fault, FAULT_SYNTAX_ERROR, "invalid Unicode escape");
            return fault_hint(run->fault,
                              "Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.");
        }
        at += skip + digits;
        bool is_high = code >= 0xD800 && code < 0xDC00, is_low = code >= 0xDC00 && code < 0xE000;
        if ((pending != 0) != is_low)
            return fault_set(run->fault, FAULT_SYNTAX_ERROR, "invalid Unicode surrogate pair");
        if (is_high) {
            pending = code;
            if (at >= end || *at != '\\')
                return fault_set(run->fault, FAULT_SYNTAX_ERROR, "invalid Unicode surrogate pair");
            continue;
        }
        if (is_low)
            code = 0x10000 + ((pending - 0xD800) << 10) + (code - 0xDC00);
        pending = 0;
        if (code == 0 || code > 0x10FFFF)
            return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                             "invalid Unicode code point: %04X", code);
        out += utf8_encode(code, out);
    }
    if (pending != 0)
        return fault_set(run->fault, FAULT_SYNTAX_ERROR, "invalid Unicode surrogate pair");
    *result = text_sink_take(&run->sink, (size_t)(out - start));
    return true;
}

ROW_LOOP(nulls_loop, nulls_row, int64_t)
ROW_LOOP(values_loop, values_row, int64_t)
ARRAY_LOOP(parse_ident_loop, parse_ident_row)
ROW_LOOP(unistr_loop, unistr_row, Text)

const ScalarFunction identity_functions[] = {
    { .oid = 3432, .name = "gen_random_uuid", .result = T_UUID, .volatility = VOLATILE,
      .run = random_uuid_run, .summary = "A random UUID of version 4.",
      .example = "length(gen_random_uuid()::text)", .gives = "36" },
    { .oid = 438, .name = "num_nulls", .argument_count = 1, .is_variadic = true,
      .arguments = { T_ANY }, .result = T_INT4, .nulls = NULLS_CALLED, .run = run_rows,
      .loop = (void *)nulls_loop, .summary = "Number of arguments that are NULL.",
      .example = "num_nulls(1, NULL, 2)", .gives = "1" },
    { .oid = 440, .name = "num_nonnulls", .argument_count = 1, .is_variadic = true,
      .arguments = { T_ANY }, .result = T_INT4, .nulls = NULLS_CALLED, .run = run_rows,
      .loop = (void *)values_loop, .summary = "Number of arguments that are not NULL.",
      .example = "num_nonnulls(1, NULL, 2)", .gives = "2" },
    { .oid = 1268, .name = "parse_ident", .argument_count = 2, .optional_count = 1,
      .arguments = { T_TEXT, T_BOOL }, .result = T_TEXT_ARRAY, .run = run_array_rows,
      .loop = (void *)parse_ident_loop, .summary = "The parts of a qualified name.",
      .example = "parse_ident('\"SomeSchema\".sometable')", .gives = "{SomeSchema,sometable}" },
    { .oid = 6198, .name = "unistr", .argument_count = 1, .arguments = { T_TEXT },
      .result = T_TEXT, .run = run_rows, .prepare = rows_prepare, .loop = (void *)unistr_loop,
      .summary = "The text with its Unicode escapes replaced.",
      .example = "unistr('d\\0061t\\+000061')", .gives = "data" },
};
const uint32_t identity_function_count = sizeof identity_functions / sizeof identity_functions[0];

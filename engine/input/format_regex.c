/*
 * regex: a pattern that must match the whole line; its groups are the columns.
 */
#include "engine/input/input_internal.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { MATCH_LIMIT = 1000000, DEPTH_LIMIT = 10000 };

typedef struct RegexFormat {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    ListOptions list;
    uint32_t group_count;
    int32_t *columns; /* of each group, from 1; -1: not wanted */
} RegexFormat;

static pcre2_code *compile(const json_t *options, Fault *fault)
{
    Text pattern = {0};
    if (!options_text(options, "pattern", &pattern, fault))
        return NULL;
    if (pattern.data == NULL) {
        fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                  "input format \"regex\": key \"pattern\" is missing");
        return NULL;
    }
    int error;
    PCRE2_SIZE place;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern.data, pattern.length,
                      PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C,
                      &error, &place, NULL);
    if (code == NULL) {
        PCRE2_UCHAR message[256];
        pcre2_get_error_message(error, message, sizeof message);
        fault_set(fault, FAULT_INVALID_REGULAR_EXPRESSION, "key \"pattern\": %s at position %zu",
                  (char *)message, (size_t)place + 1);
    }
    return code;
}

static bool regex_check(const json_t *options, Fault *fault)
{
    const json_t *names;
    ListOptions list;
    if (!options_list(options, "columns", &names, fault) ||
        !list_options_read(options, &list, fault))
        return false;
    pcre2_code *code = compile(options, fault);
    pcre2_code_free(code);
    return code != NULL;
}

static void bind_groups(RegexFormat *regex, InputReader *reader, const json_t *names)
{
    regex->columns = ARENA_ARRAY(reader->arena, int32_t, regex->group_count + 1);
    for (uint32_t i = 0; i <= regex->group_count; i++)
        regex->columns[i] = -1;
    for (uint32_t c = 0; c < reader->columns.count; c++) {
        const InputColumn *column = &reader->columns.columns[c];
        for (uint32_t i = 1; column->kind != COLUMN_CONSTANT && i <= regex->group_count; i++) {
            Text name = json_array_size(names) != 0
                            ? options_item(names, i - 1)
                            : text_of(arena_printf(reader->scratch, "column_%u", i));
            if (i > json_array_size(names) && json_array_size(names) != 0)
                break;
            if (text_equal(name, column->name)) {
                regex->columns[i] = (int32_t)c;
                break;
            }
        }
    }
}

static bool regex_open(InputReader *reader, const json_t *options, Fault *fault)
{
    const json_t *names;
    RegexFormat *regex = ARENA_NEW(reader->arena, RegexFormat);
    reader->state = regex;
    regex->code = compile(options, fault);
    if (regex->code == NULL || !options_list(options, "columns", &names, fault) ||
        !list_options_read(options, &regex->list, fault))
        return false;
    regex->list.delimiter = arena_text(reader->arena, regex->list.delimiter);
    pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->group_count);
    regex->match = pcre2_match_data_create_from_pattern(regex->code, NULL);
    regex->context = pcre2_match_context_create(NULL);
    if (regex->match == NULL || regex->context == NULL)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to match a pattern");
    pcre2_set_match_limit(regex->context, MATCH_LIMIT);
    pcre2_set_depth_limit(regex->context, DEPTH_LIMIT);
    bind_groups(regex, reader, names);
    return true;
}

static Put put_groups(RegexFormat *regex, InputReader *reader, Text line, Fault *fault)
{
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(regex->match);
    for (uint32_t i = 1; i <= regex->group_count; i++) {
        if (regex->columns[i] < 0 || places[2 * i] == PCRE2_UNSET)
            continue;
        InputColumn *column = &reader->columns.columns[regex->columns[i]];
        Text text = {line.data + places[2 * i], (uint32_t)(places[2 * i + 1] - places[2 * i])};
        if (!columns_null_bytes(&reader->columns, column, &text, fault))
            return PUT_FAILED;
        Put put = list_put(&regex->list, &reader->columns, column, text, fault);
        if (put != PUT_DONE)
            return put;
    }
    return PUT_DONE;
}

/* Appends the row of a line; *problem says why it is bad. */
static Put put_line(RegexFormat *regex, InputReader *reader, Text line, const char **problem,
                    Fault *fault)
{
    *problem = "not valid UTF-8";
    if (!json_utf8_is_valid((const uint8_t *)line.data, line.length))
        return PUT_BAD;
    int found = pcre2_match(regex->code, (PCRE2_SPTR)line.data, line.length, 0, PCRE2_NO_UTF_CHECK,
                            regex->match, regex->context);
    *problem =
        found == PCRE2_ERROR_NOMATCH ? "the pattern does not match" : "matching takes too long";
    if (found < 0)
        return PUT_BAD;
    *problem = "__time holds no time";
    return put_groups(regex, reader, line, fault);
}

static bool take_line(RegexFormat *regex, InputReader *reader, Text line, Fault *fault)
{
    const char *problem;
    char snippet[SNIPPET_SIZE];
    reader->line++;
    Put put = put_line(regex, reader, line, &problem, fault);
    if (put == PUT_FAILED)
        return false;
    if (put == PUT_DONE) {
        columns_end_row(&reader->columns);
        return true;
    }
    columns_drop_row(&reader->columns);
    input_bad_row(reader, reader->line, "unable to parse row [%s]: %s",
                  input_snippet(line, snippet), problem);
    return true;
}

static bool regex_rows(InputReader *reader, Fault *fault)
{
    while (reader->block_length != 0 && reader->columns.rows < BATCH_ROWS) {
        const uint8_t *end = memchr(reader->block, '\n', reader->block_length);
        size_t consumed = (size_t)(end - reader->block) + 1, length = consumed - 1;
        if (length != 0 && end[-1] == '\r')
            length--;
        if (!take_line(reader->state, reader, (Text){(const char *)reader->block, (uint32_t)length},
                       fault))
            return false;
        input_consume(reader, consumed);
    }
    return true;
}

static void regex_close(InputReader *reader)
{
    RegexFormat *regex = reader->state;
    pcre2_match_data_free(regex->match);
    pcre2_match_context_free(regex->context);
    pcre2_code_free(regex->code);
}

const InputFormat regex_format = {
    .type = "regex",
    .check = regex_check,
    .preamble = format_no_preamble,
    .open = regex_open,
    .rows = regex_rows,
    .close = regex_close,
};

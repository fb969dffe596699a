/*
 * Rows of delimited text.
 *
 * The positions of delimiters, quotes and line ends of many lines are found at once; a row is a
 * walk over them that stops converting behind the last wanted column. Fields that start with a
 * quote, and delimiters of several characters, are taken more slowly, by their bytes.
 */
#include "engine/input/delimited_internal.h"

enum {
    WINDOW_BYTES = 128 << 10,
    MOST_COLUMNS = 10000,
};

typedef struct DelimitedOptions {
    const json_t *names; /* NULL: from the header */
    Text delimiter;
    ListOptions list;
    bool has_header;
    int64_t skip_rows;
} DelimitedOptions;

struct Delimited {
    bool has_quotes; /* csv */
    Text delimiter;
    ListOptions list;
    bool has_header;
    uint64_t rows_to_skip;
    uint32_t field_count; /* in front that matter: the last one is wanted */
    int32_t *columns;     /* of each field; -1: not wanted */
    /* the window */
    uint32_t *positions;
    uint32_t position_capacity;
    const uint8_t *data;
    const uint32_t *x;
    size_t window_left;
    bool has_null_bytes, is_suspicious; /* somewhere in the window; the latter: not UTF-8 */
    const char *problem;
};

/* --- one field --- */

static Put put_text(Delimited *delimited, InputReader *reader, InputColumn *column, Text text,
                    Fault *fault)
{
    if (delimited->has_null_bytes && !columns_null_bytes(&reader->columns, column, &text, fault))
        return PUT_FAILED;
    Put put = list_put(&delimited->list, &reader->columns, column, text, fault);
    if (put == PUT_BAD)
        delimited->problem = "__time holds no time";
    return put;
}

/* --- fields that need a closer look --- */

/*
 * The field at *at of a line that ends at `end`; *at moves behind its delimiter, or to NULL when
 * it was the last. *is_null: nothing stands there.
 */
static bool take_quoted(const uint8_t **at, const uint8_t *end, uint8_t delimiter, Arena *scratch,
                        Text *field)
{
    const uint8_t *from = *at + 1, *quote = memchr(from, '"', (size_t)(end - from));
    if (quote == NULL)
        return false;
    *field = (Text){(const char *)from, (uint32_t)(quote - from)};
    if (quote + 1 == end || quote[1] == delimiter) {
        *at = quote + 1 == end ? NULL : quote + 2;
        return true;
    }
    char *copy = arena_alloc(scratch, (size_t)(end - from)), *out = copy;
    for (;;) {
        memcpy(out, from, (size_t)(quote - from));
        out += quote - from;
        from = quote + 1;
        if (from == end || *from != '"')
            break;
        *out++ = '"';
        from++;
        quote = memchr(from, '"', (size_t)(end - from));
        if (quote == NULL)
            return false;
    }
    /* what follows the closing quote belongs to the field */
    const uint8_t *next = memchr(from, delimiter, (size_t)(end - from));
    size_t rest = (size_t)((next != NULL ? next : end) - from);
    memcpy(out, from, rest);
    out += rest;
    *field = (Text){copy, (uint32_t)(out - copy)};
    *at = next != NULL ? next + 1 : NULL;
    return true;
}

static bool take_field(const Delimited *delimited, const uint8_t **at, const uint8_t *end,
                       Arena *scratch, Text *field, bool *is_null)
{
    Text mark = delimited->delimiter;
    *is_null = false;
    if (delimited->has_quotes && *at < end && **at == '"')
        return take_quoted(at, end, (uint8_t)mark.data[0], scratch, field);
    const uint8_t *next = memmem(*at, (size_t)(end - *at), mark.data, mark.length);
    *field = (Text){(const char *)*at, (uint32_t)((next != NULL ? next : end) - *at)};
    *is_null = field->length == 0;
    *at = next != NULL ? next + mark.length : NULL;
    return true;
}

/* --- rows --- */

static inline const uint8_t *line_text_end(const uint8_t *start, const uint8_t *end)
{
    return end > start && end[-1] == '\r' ? end - 1 : end;
}

static inline Put put_field(Delimited *delimited, InputReader *reader, uint32_t number, Text text,
                            bool is_null, Fault *fault)
{
    if (delimited->columns[number] < 0)
        return PUT_DONE;
    InputColumn *column = &reader->columns.columns[delimited->columns[number]];
    if (is_null)
        return column_put_null(&reader->columns, column, fault);
    return put_text(delimited, reader, column, text, fault);
}

/* A row by its bytes, from field `number` at `at` on. */
static Put put_slowly(Delimited *delimited, InputReader *reader, const uint8_t *at,
                      const uint8_t *end, uint32_t number, Fault *fault)
{
    end = line_text_end(at, end);
    for (; at != NULL && number < delimited->field_count; number++) {
        Text field;
        bool is_null;
        if (!take_field(delimited, &at, end, reader->scratch, &field, &is_null)) {
            delimited->problem = "a quoted field does not end on its line";
            return PUT_BAD;
        }
        Put put = put_field(delimited, reader, number, field, is_null, fault);
        if (put != PUT_DONE)
            return put;
    }
    return PUT_DONE;
}

static inline const uint32_t *find_line_end(const Delimited *delimited, const uint32_t *x)
{
    while (delimited->data[*x] != '\n')
        x++;
    return x;
}

/* The row that starts at `start`; *x moves behind its line end. */
static Put put_row(Delimited *delimited, InputReader *reader, const uint8_t *start,
                   const uint32_t **x, Fault *fault)
{
    const uint8_t *data = delimited->data, *at = start;
    const uint32_t *position = *x;
    if (delimited->delimiter.length != 1) {
        *x = find_line_end(delimited, position) + 1;
        return put_slowly(delimited, reader, start, data + (*x)[-1], 0, fault);
    }
    for (uint32_t number = 0; number < delimited->field_count; number++) {
        uint8_t c = data[*position];
        const uint8_t *end = data + *position;
        if (__builtin_expect(delimited->has_quotes && c == '"', 0)) {
            *x = find_line_end(delimited, position) + 1;
            return put_slowly(delimited, reader, at, data + (*x)[-1], number, fault);
        }
        const uint8_t *text_end = c == '\n' ? line_text_end(at, end) : end;
        if (delimited->columns[number] >= 0) {
            Text text = {(const char *)at, (uint32_t)(text_end - at)};
            Put put = put_field(delimited, reader, number, text, text.length == 0, fault);
            if (put != PUT_DONE)
                return *x = find_line_end(delimited, position) + 1, put;
        }
        if (c == '\n')
            return *x = position + 1, PUT_DONE;
        at = end + 1;
        position++;
    }
    *x = find_line_end(delimited, position) + 1;
    return PUT_DONE;
}

static void bad_row(InputReader *reader, const uint8_t *line, size_t length, const char *problem)
{
    char snippet[SNIPPET_SIZE];
    input_bad_row(reader, reader->line, "unable to parse row [%s]: %s",
                  input_snippet((Text){(const char *)line, (uint32_t)length}, snippet), problem);
}

static bool take_row(Delimited *delimited, InputReader *reader, Fault *fault)
{
    const uint8_t *line = reader->block;
    Put put = put_row(delimited, reader, line, &delimited->x, fault);
    if (put == PUT_FAILED)
        return false;
    size_t length = (size_t)(delimited->data + delimited->x[-1] - line);
    reader->line++;
    if (put == PUT_DONE && delimited->is_suspicious && !json_utf8_is_valid(line, length)) {
        delimited->problem = "not valid UTF-8";
        put = PUT_BAD;
    }
    if (put == PUT_DONE) {
        columns_end_row(&reader->columns);
    } else {
        columns_drop_row(&reader->columns);
        bad_row(reader, line, length, delimited->problem);
    }
    input_consume(reader, length + 1);
    delimited->window_left -= length + 1;
    return true;
}

/* --- windows --- */

static bool reserve_positions(Delimited *delimited, InputReader *reader, size_t length,
                              Fault *fault)
{
    if (length <= delimited->position_capacity)
        return true;
    size_t capacity = length < 2 * WINDOW_BYTES ? 2 * WINDOW_BYTES : length + length / 4;
    size_t bytes = (capacity + 64) * sizeof(uint32_t);
    if (reader->budget != NULL && capacity > 2 * WINDOW_BYTES) {
        if (!budget_reserve(reader->budget, bytes, fault))
            return false;
        reader->unit_reserved += bytes;
    }
    delimited->positions = arena_alloc(reader->arena, bytes);
    delimited->position_capacity = (uint32_t)capacity;
    return true;
}

static bool open_window(Delimited *delimited, InputReader *reader, Fault *fault)
{
    size_t length = reader->block_length;
    if (length > WINDOW_BYTES) {
        const uint8_t *last = memrchr(reader->block, '\n', WINDOW_BYTES);
        if (last == NULL)
            last = memchr(reader->block, '\n', length);
        length = (size_t)(last - reader->block) + 1;
    }
    if (!reserve_positions(delimited, reader, length, fault))
        return false;
    delimited_index(reader->block, (uint32_t)length, (uint8_t)delimited->delimiter.data[0],
                    delimited->has_quotes ? '"' : 0, delimited->positions);
    delimited->data = reader->block;
    delimited->x = delimited->positions;
    delimited->window_left = length;
    delimited->has_null_bytes = memchr(reader->block, 0, length) != NULL;
    delimited->is_suspicious = !json_utf8_is_valid(reader->block, length);
    return true;
}

/* --- the header --- */

static void bind_names(Delimited *delimited, InputReader *reader, const Text *names, uint32_t count)
{
    delimited->columns = ARENA_ARRAY(reader->arena, int32_t, count + 1);
    delimited->field_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        delimited->columns[i] = -1;
        for (uint32_t c = 0; c < reader->columns.count; c++) {
            if (reader->columns.columns[c].kind != COLUMN_CONSTANT &&
                text_equal(reader->columns.columns[c].name, names[i])) {
                delimited->columns[i] = (int32_t)c;
                delimited->field_count = i + 1;
            }
        }
    }
}

static bool header_fault(InputReader *reader, const char *what, Fault *fault)
{
    return fault_set(fault, FAULT_CANNOT_PARSE_EXTERNAL_DATA, "the header line of \"%.*s\" %s",
                     TEXT_ARGS(reader->unit_name), what);
}

static bool check_names(InputReader *reader, const Text *names, uint32_t count, Fault *fault)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (text_equal(names[i], names[k]))
                return header_fault(reader, "names a column twice", fault);
    return true;
}

static bool take_header(Delimited *delimited, InputReader *reader, Fault *fault)
{
    const uint8_t *at = reader->block, *line_end = memchr(at, '\n', reader->block_length);
    const uint8_t *end = line_text_end(at, line_end);
    uint32_t count = 0, capacity = 64;
    Text *names = ARENA_ARRAY(reader->arena, Text, capacity);
    if (!json_utf8_is_valid(at, (size_t)(end - at)))
        return header_fault(reader, "is not valid UTF-8", fault);
    while (at != NULL) {
        Text field;
        bool is_null;
        if (count == MOST_COLUMNS)
            return header_fault(reader, "has too many columns", fault);
        if (!take_field(delimited, &at, end, reader->arena, &field, &is_null))
            return header_fault(reader, "has a quoted field that does not end", fault);
        if (count == capacity) {
            Text *more = ARENA_ARRAY(reader->arena, Text, capacity * 2);
            memcpy(more, names, count * sizeof *names);
            names = more;
            capacity *= 2;
        }
        count++;
        names[count - 1] = field.length != 0
                               ? arena_text(reader->arena, field)
                               : text_of(arena_printf(reader->arena, "column_%u", count));
    }
    reader->line++;
    input_consume(reader, (size_t)(line_end - reader->block) + 1);
    delimited->has_header = false;
    if (!check_names(reader, names, count, fault))
        return false;
    bind_names(delimited, reader, names, count);
    return true;
}

bool delimited_rows(InputReader *reader, Fault *fault)
{
    Delimited *delimited = reader->state;
    while (delimited->rows_to_skip != 0 && reader->block_length != 0) {
        const uint8_t *end = memchr(reader->block, '\n', reader->block_length);
        input_consume(reader, (size_t)(end - reader->block) + 1);
        reader->line++;
        delimited->rows_to_skip--;
    }
    if (delimited->has_header && reader->block_length != 0 &&
        !take_header(delimited, reader, fault))
        return false;
    while (reader->block_length != 0 && reader->columns.rows < BATCH_ROWS) {
        if (delimited->window_left == 0 && !open_window(delimited, reader, fault))
            return false;
        while (delimited->window_left != 0 && reader->columns.rows < BATCH_ROWS)
            if (!take_row(delimited, reader, fault))
                return false;
    }
    return true;
}

/* --- options --- */

static bool key_fault(const char *what, Fault *fault)
{
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "input format: %s", what);
}

static bool read_header_keys(const json_t *options, DelimitedOptions *parsed, Fault *fault)
{
    bool has_find = json_object_get(options, "findColumnsFromHeader") != NULL;
    bool has_old = json_object_get(options, "hasHeaderRow") != NULL;
    if (has_find && has_old)
        return key_fault(
            "give either key \"findColumnsFromHeader\" or key \"hasHeaderRow\", not both", fault);
    if (!options_bool(options, has_old ? "hasHeaderRow" : "findColumnsFromHeader",
                      &parsed->has_header, fault))
        return false;
    if (!parsed->has_header && parsed->names == NULL)
        return key_fault(
            "key \"columns\" is missing, and key \"findColumnsFromHeader\" is not true", fault);
    return true;
}

static bool read_options(const json_t *options, bool is_tsv, DelimitedOptions *parsed, Fault *fault)
{
    *parsed = (DelimitedOptions){.delimiter = is_tsv ? TEXT_LITERAL("\t") : TEXT_LITERAL(",")};
    if (!list_options_read(options, &parsed->list, fault) ||
        !options_list(options, "columns", &parsed->names, fault) ||
        !options_bool(options, "tryParseNumbers", &parsed->list.tries_numbers, fault) ||
        !options_int(options, "skipHeaderRows", &parsed->skip_rows, fault))
        return false;
    if (is_tsv && !options_text(options, "delimiter", &parsed->delimiter, fault))
        return false;
    if (json_array_size(parsed->names) == 0)
        parsed->names = NULL;
    if (parsed->delimiter.length == 0 ||
        memchr(parsed->delimiter.data, '\n', parsed->delimiter.length) != NULL)
        return key_fault("key \"delimiter\" must be one or more characters, no line end", fault);
    if (text_equal(parsed->delimiter, parsed->list.delimiter))
        return key_fault("keys \"delimiter\" and \"listDelimiter\" must differ", fault);
    return read_header_keys(options, parsed, fault);
}

bool delimited_check(const json_t *options, bool is_tsv, Fault *fault)
{
    DelimitedOptions parsed;
    if (!read_options(options, is_tsv, &parsed, fault))
        return false;
    if (json_array_size(parsed.names) > MOST_COLUMNS)
        return key_fault("key \"columns\" has too many", fault);
    for (size_t i = 0; i < json_array_size(parsed.names); i++) {
        Text name = options_item(parsed.names, i);
        char snippet[SNIPPET_SIZE];
        for (size_t k = 0; k < i; k++)
            if (text_equal(name, options_item(parsed.names, k)))
                return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                                 "input format: key \"columns\" has \"%s\" twice",
                                 input_snippet(name, snippet));
        if (memmem(name.data, name.length, parsed.delimiter.data, parsed.delimiter.length) != NULL)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "input format: column \"%s\" has the delimiter in its name",
                             input_snippet(name, snippet));
    }
    return true;
}

uint64_t delimited_preamble(const json_t *options, bool is_tsv)
{
    DelimitedOptions parsed;
    Fault ignored;
    if (!read_options(options, is_tsv, &parsed, &ignored))
        return 0;
    return (uint64_t)(parsed.skip_rows < 0 ? 0 : parsed.skip_rows) + parsed.has_header;
}

bool delimited_open(InputReader *reader, const json_t *options, bool is_tsv, Fault *fault)
{
    DelimitedOptions parsed;
    if (!read_options(options, is_tsv, &parsed, fault))
        return false;
    Delimited *delimited = ARENA_NEW(reader->arena, Delimited);
    reader->state = delimited;
    delimited->has_quotes = !is_tsv;
    delimited->delimiter = arena_text(reader->arena, parsed.delimiter);
    delimited->list =
        (ListOptions){arena_text(reader->arena, parsed.list.delimiter), parsed.list.tries_numbers};
    delimited->has_header = parsed.has_header;
    delimited->rows_to_skip = (uint64_t)parsed.skip_rows;
    uint32_t count = (uint32_t)json_array_size(parsed.names);
    Text *names = ARENA_ARRAY(reader->arena, Text, count + 1);
    for (uint32_t i = 0; i < count; i++)
        names[i] = arena_text(reader->arena, options_item(parsed.names, i));
    bind_names(delimited, reader, names, count);
    return true;
}

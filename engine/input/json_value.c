/*
 * Values of JSON: skipping them, and putting them into columns.
 */
#include "engine/input/json_internal.h"

/* --- scalars --- */

static inline bool is_word(Text text, const char *word, uint32_t length)
{
    return text.length == length && memcmp(text.data, word, length) == 0;
}

static inline bool scalar_is_valid(Text scalar)
{
    bool is_integer;
    switch (scalar.data[0]) {
    case 't':
        return is_word(scalar, "true", 4);
    case 'f':
        return is_word(scalar, "false", 5);
    case 'n':
        return is_word(scalar, "null", 4);
    default:
        return number_is_valid(scalar, &is_integer);
    }
}

static bool problem(JsonWalk *walk, const char *what)
{
    walk->problem = what;
    return false;
}

/* --- skipping --- */

/* What stands behind a value: closes brackets as long as there are some, *depth down to 0. Then
 * *x is at the next value of the innermost bracket that is still open. `objects` has a bit for
 * each level. */
static bool after_value(JsonWalk *walk, const uint32_t **x, uint32_t *depth,
                        const uint64_t *objects)
{
    while (*depth != 0) {
        bool is_object = objects[*depth / 64] >> (*depth % 64) & 1;
        uint8_t c = walk->data[*(*x)++];
        if (c == ',') {
            if (!is_object)
                return true;
            if (walk->data[(*x)[0]] != '"' || walk->data[(*x)[1]] != ':')
                return problem(walk, "a name and a colon are missing in an object");
            *x += 2;
            return true;
        }
        if (c != (is_object ? '}' : ']'))
            return problem(walk, "a comma or the end of an object or array is missing");
        --*depth;
    }
    return true;
}

/* Opens the bracket at *x. *is_empty: it is closed again already. */
static bool open_bracket(JsonWalk *walk, const uint32_t **x, uint32_t *depth, uint64_t *objects,
                         bool *is_empty)
{
    bool is_object = walk->data[**x] == '{';
    ++*x;
    *is_empty = walk->data[**x] == (is_object ? '}' : ']');
    if (*is_empty) {
        ++*x;
        return true;
    }
    if (++*depth == JSON_DEPTH)
        return problem(walk, "values are nested too deeply");
    uint64_t bit = UINT64_C(1) << (*depth % 64);
    objects[*depth / 64] = (objects[*depth / 64] & ~bit) | (is_object ? bit : 0);
    if (!is_object)
        return true;
    if (walk->data[(*x)[0]] != '"' || walk->data[(*x)[1]] != ':')
        return problem(walk, "a name and a colon are missing in an object");
    *x += 2;
    return true;
}

static bool skip_nested(JsonWalk *walk, const uint32_t **x)
{
    uint64_t objects[JSON_DEPTH / 64 + 1];
    uint32_t depth = 0;
    do {
        uint8_t c = walk->data[**x];
        bool is_complete = true;
        if (c == '{' || c == '[') {
            if (!open_bracket(walk, x, &depth, objects, &is_complete))
                return false;
        } else if (c == '"' || scalar_is_valid(json_raw_scalar(walk, *x))) {
            ++*x;
        } else {
            return problem(walk, "not a value");
        }
        if (is_complete && !after_value(walk, x, &depth, objects))
            return false;
    } while (depth != 0);
    return true;
}

bool json_skip(JsonWalk *walk, const uint32_t **x, Text *whole)
{
    const uint8_t *start = walk->data + **x;
    if (*start == '{' || *start == '[') {
        if (!skip_nested(walk, x))
            return false;
        if (whole != NULL)
            *whole = (Text){(const char *)start, (uint32_t)(walk->data + (*x)[-1] + 1 - start)};
        return true;
    }
    if (*start == '"') {
        if (whole != NULL) {
            Text raw = json_raw_string(walk, *x);
            *whole = (Text){raw.data - 1, raw.length + 2};
        }
        ++*x;
        return true;
    }
    Text scalar = json_raw_scalar(walk, *x);
    if (!scalar_is_valid(scalar))
        return problem(walk, "not a value");
    if (whole != NULL)
        *whole = scalar;
    ++*x;
    return true;
}

/* --- putting --- */

static Put bad(JsonWalk *walk, const char *what)
{
    walk->problem = what;
    return PUT_BAD;
}

static Put bad_time(JsonWalk *walk, Put put)
{
    return put == PUT_BAD ? bad(walk, "__time holds no time") : put;
}

static Put put_escaped(JsonWalk *walk, InputColumn *column, Text raw, Fault *fault)
{
    InputColumns *columns = &walk->reader->columns;
    Text text;
    if (!json_unescape(raw, columns->scratch, &text))
        return bad(walk, "an escape that JSON does not have");
    if (!columns_null_bytes(columns, column, &text, fault))
        return PUT_FAILED;
    return bad_time(walk, column_put_text(columns, column, text, fault));
}

static Put put_scalar(JsonWalk *walk, InputColumn *column, Text scalar, Fault *fault)
{
    InputColumns *columns = &walk->reader->columns;
    if (!scalar_is_valid(scalar))
        return bad(walk, "not a value");
    switch (scalar.data[0]) {
    case 't':
        return bad_time(walk, column_put_bool(columns, column, true, fault));
    case 'f':
        return bad_time(walk, column_put_bool(columns, column, false, fault));
    case 'n':
        return column_put_null(columns, column, fault);
    default:
        return bad_time(walk, column_put_number(columns, column, scalar, fault));
    }
}

/* The raw JSON of a value of any kind, for columns that hold JSON. */
static Put put_whole(JsonWalk *walk, const uint32_t **x, InputColumn *column, Fault *fault)
{
    InputColumns *columns = &walk->reader->columns;
    Text whole;
    if (!json_skip(walk, x, &whole))
        return PUT_BAD;
    if (json_has_escape(walk, whole) && !json_escapes_are_valid(whole))
        return bad(walk, "an escape that JSON does not have");
    if (whole.data[0] == 'n')
        return column_put_null(columns, column, fault);
    return bad_time(walk, column_put_object(columns, column, whole, fault));
}

/* One element, by the rules for elements. */
static Put put_element(JsonWalk *walk, const uint32_t **x, InputColumn *elements, Fault *fault)
{
    InputColumns *columns = &walk->reader->columns;
    uint8_t c = walk->data[**x];
    bool is_number = elements->kind == COLUMN_INT64 || elements->kind == COLUMN_FLOAT64 ||
                     elements->kind == COLUMN_FLOAT32;
    if ((c != 't' && c != 'f') || !is_number)
        return json_put(walk, x, elements, fault);
    Text scalar = json_raw_scalar(walk, *x);
    if (!scalar_is_valid(scalar))
        return bad(walk, "not a value");
    ++*x;
    return column_put_number(columns, elements, c == 't' ? TEXT_LITERAL("1") : TEXT_LITERAL("0"),
                             fault);
}

static Put put_elements(JsonWalk *walk, const uint32_t **x, InputColumn *column, Fault *fault)
{
    uint32_t first;
    column_array_begin(column, &first);
    ++*x;
    if (walk->data[**x] == ']') {
        ++*x;
        return column_array_end(&walk->reader->columns, column, first, fault);
    }
    for (;;) {
        Put put = put_element(walk, x, column->elements, fault);
        if (put != PUT_DONE)
            return put;
        uint8_t c = walk->data[*(*x)++];
        if (c == ']')
            return column_array_end(&walk->reader->columns, column, first, fault);
        if (c != ',')
            return bad(walk, "a comma or the end of an array is missing");
    }
}

/*
 * A list for a text column. One scalar stands for itself; of several the JSON text is kept, in
 * which NULL elements are the text "null".
 */
static Put put_list_as_text(JsonWalk *walk, const uint32_t **x, InputColumn *column, Fault *fault)
{
    InputColumns *columns = &walk->reader->columns;
    const uint32_t *list = *x;
    Text whole;
    if (!json_skip(walk, x, &whole))
        return PUT_BAD;
    if (*x == list + 2)
        return column_put_null(columns, column, fault);
    uint8_t c = walk->data[list[1]];
    if (*x == list + 3 && c != '[' && c != '{') {
        const uint32_t *element = list + 1;
        if (c == 'n')
            return column_put_text(columns, column, TEXT_LITERAL("null"), fault);
        return json_put(walk, &element, column, fault);
    }
    if (json_has_escape(walk, whole) && !json_escapes_are_valid(whole))
        return bad(walk, "an escape that JSON does not have");
    return column_put_object(columns, column, whole, fault);
}

static Put put_list(JsonWalk *walk, const uint32_t **x, InputColumn *column, Fault *fault)
{
    if (column->kind == COLUMN_ARRAY)
        return put_elements(walk, x, column, fault);
    if (column->kind == COLUMN_TEXT)
        return put_list_as_text(walk, x, column, fault);
    return put_whole(walk, x, column, fault);
}

Put json_put(JsonWalk *walk, const uint32_t **x, InputColumn *column, Fault *fault)
{
    uint8_t c = walk->data[**x];
    if (column->kind == COLUMN_JSON)
        return put_whole(walk, x, column, fault);
    if (c == '"') {
        Text raw = json_raw_string(walk, *x);
        ++*x;
        if (json_has_escape(walk, raw))
            return put_escaped(walk, column, raw, fault);
        return bad_time(walk, column_put_text(&walk->reader->columns, column, raw, fault));
    }
    if (c == '[')
        return put_list(walk, x, column, fault);
    if (c == '{')
        return put_whole(walk, x, column, fault);
    Text scalar = json_raw_scalar(walk, *x);
    Put put = put_scalar(walk, column, scalar, fault);
    ++*x;
    return put;
}

/*
 * Cells: how a value from outside becomes one of its column. The table of the rules is in the
 * input reference, "Value coercion": the value's kind picks the function, the column's kind the
 * case.
 */
#include "engine/input/columns_internal.h"

#include "engine/type/timezone.h"

#include <stdio.h>
#include <strings.h>

enum { NUMBER_TEXT_SIZE = 64 };

/* --- room: only the elements of arrays can be more than a batch's rows --- */

static bool column_grow(InputColumns *columns, InputColumn *column, Fault *fault)
{
    uint64_t capacity = (uint64_t)column->capacity * 2;
    size_t cell = layout_size(column->layout);
    size_t bytes = (size_t)capacity * (cell + 1 + (column->codes != NULL ? sizeof(uint32_t) : 0));
    if (capacity > INT32_MAX)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY,
                         "column \"%.*s\": too many array elements at once",
                         TEXT_ARGS(column->name));
    if (columns->budget != NULL && !budget_reserve(columns->budget, bytes, fault))
        return false;
    columns->reserved += bytes;
    void *cells = arena_alloc_vector(columns->arena, (size_t)capacity * cell);
    uint8_t *nulls = arena_alloc_vector(columns->arena, (size_t)capacity);
    memcpy(cells, column->cells, column->filled * cell);
    memcpy(nulls, column->nulls, column->filled);
    column->cells = cells;
    column->nulls = nulls;
    if (column->codes != NULL)
        column->codes = arena_alloc_vector(columns->arena, (size_t)capacity * sizeof(uint32_t));
    column->capacity = (uint32_t)capacity;
    return true;
}

static inline bool has_room(InputColumns *columns, InputColumn *column, Fault *fault)
{
    return __builtin_expect(column->filled < column->capacity, 1) ||
           column_grow(columns, column, fault);
}

/* --- plain cells --- */

static inline Put put_int64(InputColumn *column, int64_t value)
{
    ((int64_t *)column->cells)[column->filled] = value;
    column->nulls[column->filled++] = 0;
    return PUT_DONE;
}

static inline Put put_double(InputColumn *column, double value)
{
    if (column->kind == COLUMN_FLOAT64)
        ((double *)column->cells)[column->filled] = value;
    else
        ((float *)column->cells)[column->filled] = (float)value;
    column->nulls[column->filled++] = 0;
    return PUT_DONE;
}

static inline Put put_bool(InputColumn *column, bool value)
{
    ((uint8_t *)column->cells)[column->filled] = value;
    column->nulls[column->filled++] = 0;
    return PUT_DONE;
}

static inline Put put_view(InputColumn *column, Text text)
{
    ((Text *)column->cells)[column->filled++] =
        (Text){text.length == 0 ? "" : text.data, text.length};
    return PUT_DONE;
}

static Put put_null_cell(InputColumn *column)
{
    if (column->layout == LAYOUT_STRING)
        ((Text *)column->cells)[column->filled] = (Text){NULL, 0};
    else
        memset((char *)column->cells + column->filled * layout_size(column->layout), 0,
               layout_size(column->layout));
    if (column->layout == LAYOUT_ARRAY)
        ((ArrayValue *)column->cells)[column->filled].offset = column->elements->filled;
    column->nulls[column->filled++] = 1;
    column->null_count++;
    return PUT_DONE;
}

static Put put_ranged(InputColumn *column, bool is_valid, int64_t value)
{
    if (!is_valid || value < column->minimum || value > column->maximum)
        return put_null_cell(column);
    return put_int64(column, value);
}

static Put put_millis(InputColumn *column, bool is_valid, int64_t millis)
{
    int64_t micros;
    if (!is_valid || __builtin_mul_overflow(millis, INT64_C(1000), &micros))
        return put_null_cell(column);
    return put_int64(column, micros);
}

static Put put_time(InputColumn *column, bool is_valid, int64_t micros)
{
    if (!is_valid)
        return PUT_BAD;
    if (!column->is_millis)
        return put_int64(column, micros);
    int64_t millis = micros / 1000 - (micros % 1000 < 0);
    return put_int64(column, millis);
}

static bool time_of_text(Text text, int64_t *micros)
{
    int64_t millis;
    bool is_integer;
    if (number_is_valid(text, &is_integer) && is_integer && text.length > 4)
        return number_to_int64(text, &millis) &&
               !__builtin_mul_overflow(millis, INT64_C(1000), micros);
    return iso_time_parse(text, micros);
}

static Put put_parsed(InputColumns *columns, InputColumn *column, Text text)
{
    Fault ignored;
    uint32_t length = column->builder.length;
    if (!type_parse_text(column->type, columns->context, text, &column->builder, &ignored)) {
        column->builder.length = length;
        vector_builder_null(&column->builder);
        column->null_count++;
    }
    column->filled++;
    return PUT_DONE;
}

/* One scalar for an array column: an array of one. */
#define PUT_ONE_ELEMENT(columns, column, fault, put)                                               \
    do {                                                                                           \
        uint32_t first;                                                                            \
        column_array_begin(column, &first);                                                        \
        Put put_result = put;                                                                      \
        return put_result == PUT_DONE ? column_array_end(columns, column, first, fault)            \
                                      : put_result;                                                \
    } while (0)

/* --- texts --- */

/* A text as JSON: in quotes, with escapes. */
static Text json_quote(Text text, Arena *arena)
{
    char *out = arena_alloc(arena, (size_t)text.length * 6 + 2);
    uint32_t length = 0;
    out[length++] = '"';
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\') {
            out[length++] = '\\';
            out[length++] = (char)c;
        } else if (c < 0x20) {
            length += (uint32_t)snprintf(out + length, 7, "\\u%04x", c);
        } else {
            out[length++] = (char)c;
        }
    }
    out[length++] = '"';
    return (Text){out, length};
}

static Put put_text_bool(InputColumn *column, Text text)
{
    if (text.length == 4 && strncasecmp(text.data, "true", 4) == 0)
        return put_bool(column, true);
    if (text.length == 5 && strncasecmp(text.data, "false", 5) == 0)
        return put_bool(column, false);
    return put_null_cell(column);
}

Put column_put_text(InputColumns *columns, InputColumn *column, Text text, Fault *fault)
{
    int64_t integer;
    double number;
    bool is_valid;
    if (!has_room(columns, column, fault))
        return PUT_FAILED;
    switch (column->kind) {
    case COLUMN_TEXT:
        return put_view(column, text);
    case COLUMN_JSON:
        return put_view(column, json_quote(text, columns->scratch));
    case COLUMN_INT64:
        is_valid = coerce_text_to_int64(text, &integer);
        return put_ranged(column, is_valid, integer);
    case COLUMN_FLOAT64:
    case COLUMN_FLOAT32:
        return coerce_text_to_double(text, &number) ? put_double(column, number)
                                                    : put_null_cell(column);
    case COLUMN_BOOL:
        return put_text_bool(column, text);
    case COLUMN_TIMESTAMP:
        is_valid = coerce_text_to_int64(text, &integer);
        return put_millis(column, is_valid, integer);
    case COLUMN_TIME:
        is_valid = time_of_text(text, &integer);
        return put_time(column, is_valid, integer);
    case COLUMN_ARRAY:
        PUT_ONE_ELEMENT(columns, column, fault,
                        column_put_text(columns, column->elements, text, fault));
    case COLUMN_PARSED:
        return put_parsed(columns, column, text);
    case COLUMN_CONSTANT:
        return PUT_DONE;
    }
    return PUT_DONE;
}

/* --- numbers --- */

static int64_t number_cut(Text number)
{
    int64_t integer;
    return number_to_int64(number, &integer) ? integer : double_to_int64(number_to_double(number));
}

static Put put_number_time(InputColumn *column, Text number)
{
    int64_t micros;
    bool is_valid = !__builtin_mul_overflow(number_cut(number), INT64_C(1000), &micros);
    return put_time(column, is_valid, micros);
}

Put column_put_number(InputColumns *columns, InputColumn *column, Text number, Fault *fault)
{
    if (!has_room(columns, column, fault))
        return PUT_FAILED;
    switch (column->kind) {
    case COLUMN_TEXT:
        return put_view(column, number_to_text(number, columns->scratch));
    case COLUMN_JSON:
        return put_view(column, number);
    case COLUMN_INT64:
        return put_ranged(column, true, number_cut(number));
    case COLUMN_FLOAT64:
    case COLUMN_FLOAT32:
        return put_double(column, number_to_double(number));
    case COLUMN_BOOL:
        return put_bool(column, number_to_double(number) != 0);
    case COLUMN_TIMESTAMP:
        return put_millis(column, true, number_cut(number));
    case COLUMN_TIME:
        return put_number_time(column, number);
    case COLUMN_ARRAY:
        PUT_ONE_ELEMENT(columns, column, fault,
                        column_put_number(columns, column->elements, number, fault));
    case COLUMN_PARSED:
        return put_parsed(columns, column, number);
    case COLUMN_CONSTANT:
        return PUT_DONE;
    }
    return PUT_DONE;
}

/* --- booleans --- */

/* Booleans are no numbers, except among the elements of an array. */
static Put put_bool_element(InputColumns *columns, InputColumn *elements, bool value, Fault *fault)
{
    if (elements->kind == COLUMN_INT64 || elements->kind == COLUMN_FLOAT64 ||
        elements->kind == COLUMN_FLOAT32)
        return column_put_number(columns, elements, value ? TEXT_LITERAL("1") : TEXT_LITERAL("0"),
                                 fault);
    return column_put_bool(columns, elements, value, fault);
}

Put column_put_bool(InputColumns *columns, InputColumn *column, bool value, Fault *fault)
{
    Text word = value ? TEXT_LITERAL("true") : TEXT_LITERAL("false");
    if (!has_room(columns, column, fault))
        return PUT_FAILED;
    switch (column->kind) {
    case COLUMN_TEXT:
    case COLUMN_JSON:
        return put_view(column, word);
    case COLUMN_BOOL:
        return put_bool(column, value);
    case COLUMN_INT64:
    case COLUMN_FLOAT64:
    case COLUMN_FLOAT32:
    case COLUMN_TIMESTAMP:
        return put_null_cell(column);
    case COLUMN_TIME:
        return PUT_BAD;
    case COLUMN_ARRAY:
        PUT_ONE_ELEMENT(columns, column, fault,
                        put_bool_element(columns, column->elements, value, fault));
    case COLUMN_PARSED:
        return column_put_null(columns, column, fault);
    case COLUMN_CONSTANT:
        return PUT_DONE;
    }
    return PUT_DONE;
}

/* --- the rest --- */

Put column_put_null(InputColumns *columns, InputColumn *column, Fault *fault)
{
    if (!has_room(columns, column, fault))
        return PUT_FAILED;
    if (column->kind == COLUMN_TIME)
        return put_int64(column, 0);
    if (column->kind == COLUMN_CONSTANT)
        return PUT_DONE;
    if (column->kind != COLUMN_PARSED)
        return put_null_cell(column);
    vector_builder_null(&column->builder);
    column->null_count++;
    column->filled++;
    return PUT_DONE;
}

Put column_put_object(InputColumns *columns, InputColumn *column, Text json, Fault *fault)
{
    if (!has_room(columns, column, fault))
        return PUT_FAILED;
    if (column->kind == COLUMN_TEXT || column->kind == COLUMN_JSON)
        return put_view(column, json);
    if (column->kind == COLUMN_TIME)
        return PUT_BAD;
    return column_put_null(columns, column, fault);
}

void column_array_begin(InputColumn *column, uint32_t *first)
{
    *first = column->elements->filled;
}

Put column_array_end(InputColumns *columns, InputColumn *column, uint32_t first, Fault *fault)
{
    if (!has_room(columns, column, fault))
        return PUT_FAILED;
    ((ArrayValue *)column->cells)[column->filled] =
        (ArrayValue){.offset = first, .count = column->elements->filled - first};
    column->nulls[column->filled++] = 0;
    return PUT_DONE;
}

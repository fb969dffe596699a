/*
 * JSON: parsing, paths, making, PostgreSQL's arrows.
 *
 * A document is its text. JSON_VALUE gives scalars as texts (its typed forms, json_value_int8
 * and so on, are what RETURNING binds to: a value of another kind is converted, or NULL);
 * JSON_QUERY gives parts as documents.
 */
#include "engine/function/json_internal.h"
#include "engine/function/record_internal.h"
#include "engine/function/text_internal.h"
#include "engine/type/json_tree.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

typedef struct JsonPrepared {
    RowMemo memo;
    bool is_ready;
    JsonPath path;
} JsonPrepared;

/* The path is argument 1; JSON_KEYS and the like may do without. */
static bool path_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    JsonPrepared *prepared = ARENA_NEW(arena, JsonPrepared);
    row_memo_init(&prepared->memo, arena);
    call->prepared = prepared;
    if (call->argument_count < 2) {
        prepared->is_ready = true;
        return true;
    }
    const Vector *text = call_constant(call, 1);
    if (text == NULL || vector_is_null(text, 0))
        return true;
    prepared->is_ready = true;
    return json_path_compile(vector_text(text, 0), arena, &prepared->path, fault);
}

/* The value at the path of a row; *found false: there is none. False: a bad path. */
static bool find_row(RowRun *run, uint32_t row, Text *value, bool *found)
{
    const JsonPrepared *prepared = run->call->prepared;
    JsonPath own;
    const JsonPath *path = &prepared->path;
    if (!prepared->is_ready) {
        if (!json_path_compile(row_text(run, 1, row), run->arena, &own, run->fault))
            return false;
        path = &own;
    }
    *found = json_path_find(path, row_text(run, 0, row), value);
    return true;
}

static Text take_buffer(RowRun *run, const Buffer *buffer)
{
    char *out = text_sink_reserve(&run->sink, buffer->length);
    if (buffer->length > 0)
        memcpy(out, buffer->data, buffer->length);
    return text_sink_take(&run->sink, buffer->length);
}

static const Text no_text = {.data = "", .length = 0};

/* --- parsing --- */

static bool parse_row(RowRun *run, uint32_t row, bool is_lenient, Text *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    *result = no_text;
    if (!json_is_valid(text)) {
        *is_null = 1;
        return is_lenient || fault_set(run->fault, FAULT_INVALID_TEXT_REPRESENTATION,
                                       "invalid input syntax for type json");
    }
    Buffer out = BUFFER_EMPTY;
    json_compact(text, &out);
    *result = take_buffer(run, &out);
    buffer_clear(&out);
    return true;
}

static bool parse_json_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return parse_row(run, row, false, result, is_null);
}

static bool try_parse_json_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return parse_row(run, row, true, result, is_null);
}

/* --- values --- */

/* A scalar as text; false: NULL, an object or an array. */
static bool scalar_text(TextSink *sink, Text value, Text *result)
{
    switch (json_kind(value)) {
    case JSON_STRING:
        *result = json_string_text(sink, value);
        return true;
    case JSON_NUMBER:
    case JSON_TRUE:
    case JSON_FALSE:
        *result = value;
        return true;
    case JSON_NOTHING:
    case JSON_NULL:
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    return false;
}

static bool json_value_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text value;
    bool found;
    *result = no_text;
    if (!find_row(run, row, &value, &found))
        return false;
    *is_null = !found || !scalar_text(&run->sink, value, result);
    return true;
}

/* A scalar as a number; booleans are 1 and 0. */
static bool scalar_number(TextSink *sink, Text value, double *number)
{
    Text text;
    JsonKind kind = json_kind(value);
    if (kind == JSON_TRUE || kind == JSON_FALSE) {
        *number = kind == JSON_TRUE;
        return true;
    }
    char digits[400];
    if (!scalar_text(sink, value, &text) || text.length == 0 || text.length >= sizeof digits)
        return false;
    memcpy(digits, text.data, text.length);
    digits[text.length] = '\0';
    char *end;
    *number = strtod(digits, &end);
    return end == digits + text.length;
}

static bool scalar_int64(TextSink *sink, Text value, int64_t *number)
{
    Text text;
    char digits[32];
    if (scalar_text(sink, value, &text) && text.length > 0 && text.length < sizeof digits) {
        memcpy(digits, text.data, text.length);
        digits[text.length] = '\0';
        char *end;
        errno = 0;
        *number = strtoll(digits, &end, 10);
        if (end == digits + text.length && errno == 0 && end != digits)
            return true;
    }
    double real;
    if (!scalar_number(sink, value, &real) || !(real >= -9223372036854775808.0) ||
        !(real < 9223372036854775808.0))
        return false;
    *number = (int64_t)real;
    return true;
}

static bool value_int8_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text value;
    bool found;
    *result = 0;
    if (!find_row(run, row, &value, &found))
        return false;
    *is_null = !found || !scalar_int64(&run->sink, value, result);
    return true;
}

static bool value_float8_row(RowRun *run, uint32_t row, double *result, uint8_t *is_null)
{
    Text value;
    bool found;
    *result = 0;
    if (!find_row(run, row, &value, &found))
        return false;
    *is_null = !found || !scalar_number(&run->sink, value, result);
    return true;
}

static bool value_bool_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    Text value, text;
    bool found;
    double number = 0;
    *result = 0;
    if (!find_row(run, row, &value, &found))
        return false;
    if (found && scalar_text(&run->sink, value, &text) && text_equal_string(text, "true"))
        number = 1;
    else if (found && scalar_text(&run->sink, value, &text) && text_equal_string(text, "false"))
        number = 0;
    else
        found = found && scalar_number(&run->sink, value, &number);
    *is_null = !found;
    *result = number != 0;
    return true;
}

static bool json_query_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bool found;
    *result = no_text;
    if (!find_row(run, row, result, &found))
        return false;
    *is_null = !found;
    if (!found)
        *result = no_text;
    return true;
}

/* --- arrays of values --- */

static uint32_t count_members(Text container)
{
    JsonWalk walk;
    Text key, value;
    uint32_t count = 0;
    if (json_walk_begin(container, &walk))
        while (json_walk_next(&walk, &key, &value))
            count++;
    return count;
}

typedef void (*AppendValue)(RowRun *run, Text value, VectorBuilder *elements);

static void append_document(RowRun *run, Text value, VectorBuilder *elements)
{
    vector_builder_text_view(elements, value);
}

static void append_scalar_text(RowRun *run, Text value, VectorBuilder *elements)
{
    Text text;
    if (scalar_text(&run->sink, value, &text))
        vector_builder_text_view(elements, text);
    else
        vector_builder_null(elements);
}

static void append_scalar_int8(RowRun *run, Text value, VectorBuilder *elements)
{
    int64_t number;
    if (scalar_int64(&run->sink, value, &number))
        vector_builder_int64(elements, number);
    else
        vector_builder_null(elements);
}

static void append_scalar_float8(RowRun *run, Text value, VectorBuilder *elements)
{
    double number;
    if (scalar_number(&run->sink, value, &number))
        vector_builder_float64(elements, number);
    else
        vector_builder_null(elements);
}

/* The elements of the array at a path; another value (not NULL) is an array of one. */
static bool elements_row(RowRun *run, uint32_t row, VectorBuilder *builder, AppendValue append)
{
    Text value, key;
    bool found;
    if (!find_row(run, row, &value, &found))
        return false;
    JsonKind kind = found ? json_kind(value) : JSON_NOTHING;
    if (kind == JSON_NOTHING || kind == JSON_NULL) {
        vector_builder_null(builder);
        return true;
    }
    if (kind != JSON_ARRAY) {
        vector_builder_array(builder, 1);
        append(run, value, builder->elements);
        return true;
    }
    JsonWalk walk;
    vector_builder_array(builder, count_members(value));
    json_walk_begin(value, &walk);
    while (json_walk_next(&walk, &key, &value))
        append(run, value, builder->elements);
    return true;
}

static bool query_array_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return elements_row(run, row, builder, append_document);
}

static bool value_text_array_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return elements_row(run, row, builder, append_scalar_text);
}

static bool value_int8_array_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return elements_row(run, row, builder, append_scalar_int8);
}

static bool value_float8_array_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return elements_row(run, row, builder, append_scalar_float8);
}

/* JSON_KEYS(document [, path]): names of an object, "0", "1".. of an array. */
static bool keys_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    Text value, key, member;
    bool found;
    JsonWalk walk;
    if (!find_row(run, row, &value, &found))
        return false;
    if (!found || !json_walk_begin(value, &walk)) {
        vector_builder_null(builder);
        return true;
    }
    vector_builder_array(builder, count_members(value));
    for (uint32_t i = 0; json_walk_next(&walk, &key, &member); i++)
        vector_builder_text(builder->elements, walk.is_object
                                                   ? json_string_text(&run->sink, key)
                                                   : text_of(arena_printf(run->arena, "%u", i)));
    return true;
}

/* --- JSON_PATHS --- */

static bool is_plain_name(Text name)
{
    for (uint32_t i = 0; i < name.length; i++)
        if (strchr(".[]'\"$ ", name.data[i]) != NULL)
            return false;
    return name.length > 0;
}

static bool holds_only_scalars(Text array)
{
    JsonWalk walk;
    Text key, value;
    if (!json_walk_begin(array, &walk))
        return false;
    while (json_walk_next(&walk, &key, &value))
        if (json_kind(value) == JSON_OBJECT || json_kind(value) == JSON_ARRAY)
            return false;
    return true;
}

/* Appends the paths below `value`, whose own path is `prefix`; returns how many. */
static uint32_t append_paths(RowRun *run, Text value, Text prefix, int depth,
                             VectorBuilder *elements)
{
    JsonWalk walk;
    Text key, member;
    bool is_leaf = !json_walk_begin(value, &walk) || depth > JSON_MAX_DEPTH ||
                   (!walk.is_object && holds_only_scalars(value));
    if (is_leaf) {
        vector_builder_text_view(elements, prefix);
        return 1;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; json_walk_next(&walk, &key, &member); i++) {
        const char *path;
        if (!walk.is_object) {
            path = arena_printf(run->arena, "%.*s[%u]", TEXT_ARGS(prefix), i);
        } else {
            Text name = json_string_text(&run->sink, key);
            path = arena_printf(run->arena, is_plain_name(name) ? "%.*s.%.*s" : "%.*s['%.*s']",
                                TEXT_ARGS(prefix), TEXT_ARGS(name));
        }
        count += append_paths(run, member, text_of(path), depth + 1, elements);
    }
    return count;
}

static bool paths_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    /* The number of elements is known only after they are appended. */
    VectorBuilder paths;
    vector_builder_init(&paths, run->arena, LAYOUT_STRING, 16);
    uint32_t count = append_paths(run, row_text(run, 0, row), text_of("$"), 0, &paths);
    const Text *texts = paths.data;
    vector_builder_array(builder, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_text_view(builder->elements, texts[i]);
    return true;
}

/* --- making --- */

static ShownAs shown_as(Oid type)
{
    switch (type) {
    case T_JSON:
    case T_JSONB:
        return SHOWN_RAW;
    case T_BOOL:
        return SHOWN_BOOL;
    case T_INT2:
    case T_INT4:
    case T_INT8:
    case T_FLOAT4:
    case T_FLOAT8:
    case T_NUMERIC:
        return SHOWN_NUMBER;
    default:
        return SHOWN_STRING;
    }
}

/* A time as ISO 8601 and JavaScript write it: T between date and time, minutes in the offset. */
static Text iso_time(Text cell, bool has_zone, Arena *arena)
{
    char *space = cell.data == NULL ? NULL : memchr(cell.data, ' ', cell.length);
    if (space == NULL || cell.length > 60)
        return cell;
    char *text = arena_alloc(arena, cell.length + 4);
    uint32_t place = (uint32_t)(space - cell.data), length = cell.length;
    memcpy(text, cell.data, length);
    text[place] = 'T';
    char *offset = text + place;
    while (offset < text + length && *offset != '+' && *offset != '-')
        offset++;
    uint32_t at = (uint32_t)(offset - text), behind = length - at;
    bool is_short = has_zone && (behind == 3 || (behind > 3 && offset[3] == ' '));
    if (is_short) {
        memmove(offset + 6, offset + 3, behind - 3);
        memcpy(offset + 3, ":00", 3);
        length += 3;
    }
    return (Text){text, length};
}

JsonColumn json_column(const Vector *vector, SqlType type, const TypeContext *context,
                       uint32_t rows, Arena *arena)
{
    JsonColumn column = {.vector = vector, .is_array = vector->layout == LAYOUT_ARRAY};
    const Vector *source = vector;
    if (column.is_array) {
        const TypeInfo *info = type_info(type.oid);
        source = vector->elements;
        type = (SqlType){.oid = info != NULL && info->element_oid != 0 ? info->element_oid : T_TEXT,
                         .modifier = type.modifier};
    }
    column.shown = shown_as(type.oid);
    if (source == NULL)
        return column;
    Vector part = *source;
    if (!column.is_array)
        part.length = vector->form == VECTOR_CONSTANT ? 1 : rows;
    column.cells = arena_alloc_vector(arena, (size_t)(part.length + 1) * sizeof(Text));
    if (type.oid == T_RECORD) {
        column.shown = SHOWN_RAW;
        record_json_cells(context, &part, false, arena, column.cells);
        return column;
    }
    bool is_time = type.oid == T_DATE || type.oid == T_TIMESTAMP || type.oid == T_TIMESTAMPTZ;
    TypeContext iso;
    Settings settings;
    if (is_time && context != NULL && context->settings != NULL) { /* whatever DateStyle says */
        settings = *context->settings;
        memcpy(settings.date_style, "ISO, MDY", sizeof "ISO, MDY");
        iso = *context;
        iso.settings = &settings;
        context = &iso;
    }
    type_format_text(type, context, &part, arena, column.cells);
    if (type.oid == T_TIMESTAMP || type.oid == T_TIMESTAMPTZ)
        for (uint32_t i = 0; i < part.length; i++)
            column.cells[i] = iso_time(column.cells[i], type.oid == T_TIMESTAMPTZ, arena);
    return column;
}

static JsonColumn argument_column(const RowRun *run, uint32_t argument, uint32_t rows)
{
    return json_column(&run->arguments[argument], run->call->argument_types[argument],
                       run->call->context, rows, run->arena);
}

static void append_cell(Buffer *out, ShownAs shown, Text cell)
{
    if (cell.data == NULL) {
        buffer_append_string(out, "null");
        return;
    }
    switch (shown) {
    case SHOWN_RAW:
        buffer_append(out, cell.data, cell.length);
        return;
    case SHOWN_NUMBER:
        /* NaN and the infinities are no JSON numbers. */
        if (cell.length > 0 && memchr(cell.data, 'n', cell.length) == NULL &&
            memchr(cell.data, 'N', cell.length) == NULL)
            buffer_append(out, cell.data, cell.length);
        else
            json_append_string(out, cell);
        return;
    case SHOWN_BOOL:
        buffer_append_string(out, cell.length > 0 && cell.data[0] == 't' ? "true" : "false");
        return;
    case SHOWN_STRING:
        json_append_string(out, cell);
        return;
    }
}

/* Brackets as deep as the array has dimensions. */
static void append_array(Buffer *out, const JsonColumn *column, ArrayValue array)
{
    ArrayShape shape = array_shape_of(array);
    uint32_t parts[ARRAY_MAX_DIMENSIONS], part = 1; /* elements of a part of each dimension */
    for (uint32_t d = shape.dimensions; d-- > 0;)
        parts[d] = part *= shape.lengths[d];
    if (array.count == 0)
        buffer_append_string(out, "[]");
    for (uint32_t i = 0; i < array.count; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        for (uint32_t d = 0; d < shape.dimensions; d++)
            if (i % parts[d] == 0)
                buffer_append_byte(out, '[');
        append_cell(out, column->shown, column->cells[array.offset + i]);
        for (uint32_t d = shape.dimensions; d-- > 0;)
            if ((i + 1) % parts[d] == 0)
                buffer_append_byte(out, ']');
    }
}

void json_column_append(Buffer *out, const JsonColumn *column, uint32_t row)
{
    if (vector_is_null(column->vector, row)) {
        buffer_append_string(out, "null");
        return;
    }
    uint32_t place = vector_row(column->vector, row);
    if (!column->is_array) {
        append_cell(out, column->shown, column->cells[place]);
        return;
    }
    append_array(out, column, VECTOR_DATA(ArrayValue, column->vector)[place]);
}

static bool to_json_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                         uint8_t *is_null)
{
    Text *out = results;
    JsonColumn column = argument_column(run, 0, rows);
    Buffer buffer = BUFFER_EMPTY;
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = no_text;
        if (skip != NULL && skip[i])
            continue;
        buffer_reset(&buffer);
        json_column_append(&buffer, &column, i);
        out[i] = take_buffer(run, &buffer);
    }
    buffer_clear(&buffer);
    return true;
}

/* Each element of the array on a line of its own. */
static void append_lines(Buffer *out, Text array)
{
    int depth = 0;
    bool is_quoted = false;
    for (uint32_t i = 0; i < array.length; i++) {
        char c = array.data[i];
        buffer_append_byte(out, (uint8_t)c);
        if (is_quoted && c == '\\' && i + 1 < array.length) {
            buffer_append_byte(out, (uint8_t)array.data[++i]);
        } else if (c == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted) {
            depth += (c == '[' || c == '{') - (c == ']' || c == '}');
            if (c == ',' && depth == 1)
                buffer_append_string(out, "\n ");
        }
    }
}

/* array_to_json(array, pretty) */
static bool array_to_json_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                               uint8_t *is_null)
{
    Text *out = results;
    if (!to_json_loop(run, skip, rows, results, is_null))
        return false;
    Buffer buffer = BUFFER_EMPTY;
    for (uint32_t i = 0; i < rows; i++) {
        if ((skip != NULL && skip[i]) || !row_bool(run, 1, i))
            continue;
        buffer_reset(&buffer);
        append_lines(&buffer, out[i]);
        out[i] = take_buffer(run, &buffer);
    }
    buffer_clear(&buffer);
    return true;
}

static bool build_rows(RowRun *run, const uint8_t *skip, uint32_t rows, bool is_object,
                       const char *comma, const char *colon, Text *out)
{
    uint32_t count = run->call->argument_count;
    if (is_object && count % 2 != 0)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "argument list must have even number of elements");
    bool is_strict = strstr(run->call->function->name, "build_object") != NULL;
    JsonColumn *columns = ARENA_ARRAY(run->arena, JsonColumn, count + 1);
    for (uint32_t a = 0; a < count; a++)
        columns[a] = argument_column(run, a, rows);
    Buffer buffer = BUFFER_EMPTY;
    bool is_good = true;
    for (uint32_t i = 0; i < rows && is_good; i++) {
        out[i] = no_text;
        if (skip != NULL && skip[i])
            continue;
        buffer_reset(&buffer);
        buffer_append_byte(&buffer, is_object ? '{' : '[');
        for (uint32_t a = 0; a < count; a++) {
            bool is_key = is_object && a % 2 == 0;
            if (a > 0 && (is_key || !is_object))
                buffer_append_string(&buffer, comma);
            if (!is_key) {
                json_column_append(&buffer, &columns[a], i);
                continue;
            }
            if (vector_is_null(columns[a].vector, i)) {
                is_good = fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                                    "argument %u cannot be null", a + 1);
                break;
            }
            if (columns[a].is_array || (is_strict && columns[a].shown == SHOWN_RAW)) {
                is_good = fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                                    "key value must be scalar, not array, composite, or json");
                break;
            }
            json_append_string(&buffer, columns[a].cells[vector_row(columns[a].vector, i)]);
            buffer_append_string(&buffer, colon);
        }
        buffer_append_byte(&buffer, is_object ? '}' : ']');
        out[i] = take_buffer(run, &buffer);
    }
    buffer_clear(&buffer);
    return is_good;
}

static bool json_object_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                             uint8_t *is_null)
{
    return build_rows(run, skip, rows, true, ",", ":", results);
}

static bool json_build_object_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                                   uint8_t *is_null)
{
    return build_rows(run, skip, rows, true, ", ", " : ", results);
}

/* What was made for jsonb in its canonical form. */
static bool canonical_rows(RowRun *run, const uint8_t *skip, uint32_t rows, Text *out)
{
    for (uint32_t i = 0; i < rows; i++)
        if ((skip == NULL || !skip[i]) && !json_canonical(run->arena, out[i], &out[i], run->fault))
            return false;
    return true;
}

static bool jsonb_build_object_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                                    uint8_t *is_null)
{
    return build_rows(run, skip, rows, true, ", ", ": ", results) &&
           canonical_rows(run, skip, rows, results);
}

static bool jsonb_build_array_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                                   uint8_t *is_null)
{
    return build_rows(run, skip, rows, false, ", ", "", results) &&
           canonical_rows(run, skip, rows, results);
}

static bool to_jsonb_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                          uint8_t *is_null)
{
    return to_json_loop(run, skip, rows, results, is_null) &&
           canonical_rows(run, skip, rows, results);
}

static bool json_build_array_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                                  uint8_t *is_null)
{
    return build_rows(run, skip, rows, false, ", ", "", results);
}

/* --- JSON_MERGE: objects overlay by key, arrays append --- */

static bool merge_objects(RowRun *run, Text a, Text b, Buffer *out)
{
    JsonWalk walk;
    Text key, value, ignored;
    bool is_first = true;
    buffer_append_byte(out, '{');
    json_walk_begin(a, &walk);
    while (json_walk_next(&walk, &key, &value)) {
        Text name = json_string_text(&run->sink, key), newer;
        if (!is_first)
            buffer_append_byte(out, ',');
        is_first = false;
        buffer_append(out, key.data, key.length);
        buffer_append_byte(out, ':');
        json_compact(json_object_field(b, name, &newer) ? newer : value, out);
    }
    json_walk_begin(b, &walk);
    while (json_walk_next(&walk, &key, &value)) {
        if (json_object_field(a, json_string_text(&run->sink, key), &ignored))
            continue;
        if (!is_first)
            buffer_append_byte(out, ',');
        is_first = false;
        buffer_append(out, key.data, key.length);
        buffer_append_byte(out, ':');
        json_compact(value, out);
    }
    buffer_append_byte(out, '}');
    return true;
}

static void append_array_members(Text array, bool *is_first, Buffer *out)
{
    JsonWalk walk;
    Text key, value;
    json_walk_begin(array, &walk);
    while (json_walk_next(&walk, &key, &value)) {
        if (!*is_first)
            buffer_append_byte(out, ',');
        *is_first = false;
        json_compact(value, out);
    }
}

static bool merge_two(RowRun *run, Text a, Text b, Buffer *out)
{
    JsonKind kind = json_kind(a);
    if (kind == JSON_OBJECT && json_kind(b) == JSON_OBJECT)
        return merge_objects(run, a, b, out);
    if (kind != JSON_ARRAY || json_kind(b) != JSON_ARRAY)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "json_merge needs objects, or arrays");
    bool is_first = true;
    buffer_append_byte(out, '[');
    append_array_members(a, &is_first, out);
    append_array_members(b, &is_first, out);
    buffer_append_byte(out, ']');
    return true;
}

static bool merge_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Buffer out = BUFFER_EMPTY;
    bool is_good = true;
    *result = no_text;
    for (uint32_t a = 0; a < run->call->argument_count && is_good; a++) {
        Text text = row_text(run, a, row), document = no_text;
        const char *at = text.data;
        is_good =
            (json_is_valid(text) && json_take_value(&at, at + text.length, false, &document)) ||
            fault_set(run->fault, FAULT_INVALID_TEXT_REPRESENTATION,
                      "invalid input syntax for type json");
        if (!is_good || a == 0) {
            *result = document;
            continue;
        }
        buffer_reset(&out);
        is_good = merge_two(run, *result, document, &out);
        *result = take_buffer(run, &out);
    }
    buffer_clear(&out);
    return is_good;
}

/* --- PostgreSQL's arrows --- */

static bool arrow(RowRun *run, uint32_t row, bool by_index, bool as_text, Text *result,
                  uint8_t *is_null)
{
    Text document = row_text(run, 0, row), value;
    bool found = by_index ? json_array_element(document, row_int64(run, 1, row), &value)
                          : json_object_field(document, row_text(run, 1, row), &value);
    *result = found ? value : no_text;
    *is_null = !found;
    if (!found || !as_text)
        return true;
    *is_null = json_kind(value) == JSON_NULL;
    if (json_kind(value) == JSON_STRING)
        *result = json_string_text(&run->sink, value);
    return true;
}

static bool field_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return arrow(run, row, false, false, result, is_null);
}

static bool field_text_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return arrow(run, row, false, true, result, is_null);
}

static bool element_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return arrow(run, row, true, false, result, is_null);
}

static bool element_text_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return arrow(run, row, true, true, result, is_null);
}

/* In jsonb a scalar is its own only element. */
static bool jsonb_element(RowRun *run, uint32_t row, bool as_text, Text *result, uint8_t *is_null)
{
    Text document = row_text(run, 0, row);
    int64_t index = row_int64(run, 1, row);
    JsonKind kind = json_kind(document);
    if (kind == JSON_OBJECT || kind == JSON_ARRAY)
        return arrow(run, row, true, as_text, result, is_null);
    *is_null = (index != 0 && index != -1) || (as_text && kind == JSON_NULL);
    *result = as_text && kind == JSON_STRING ? json_string_text(&run->sink, document) : document;
    return true;
}

static bool jsonb_element_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return jsonb_element(run, row, false, result, is_null);
}

static bool jsonb_element_text_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return jsonb_element(run, row, true, result, is_null);
}

static bool typeof_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    static const char *const names[] = {"null",   "null",   "boolean", "boolean",
                                        "number", "string", "object",  "array"};
    Text document = row_text(run, 0, row), value = no_text;
    const char *at = document.data;
    if (document.length > 0)
        json_take_value(&at, at + document.length, false, &value);
    *result = text_of(names[json_kind(value)]);
    return true;
}

static bool array_length_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text document = row_text(run, 0, row);
    JsonWalk walk;
    if (!json_walk_begin(document, &walk) || walk.is_object)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "cannot get array length of a non-array");
    *result = count_members(document);
    return true;
}

ROW_LOOP(parse_json_loop, parse_json_row, Text)
ROW_LOOP(try_parse_json_loop, try_parse_json_row, Text)
ROW_LOOP(json_value_loop, json_value_row, Text)
ROW_LOOP(value_int8_loop, value_int8_row, int64_t)
ROW_LOOP(value_float8_loop, value_float8_row, double)
ROW_LOOP(value_bool_loop, value_bool_row, uint8_t)
ROW_LOOP(json_query_loop, json_query_row, Text)
ROW_LOOP(merge_loop, merge_row, Text)
ROW_LOOP(field_loop, field_row, Text)
ROW_LOOP(field_text_loop, field_text_row, Text)
ROW_LOOP(element_loop, element_row, Text)
ROW_LOOP(element_text_loop, element_text_row, Text)
ROW_LOOP(jsonb_element_loop, jsonb_element_row, Text)
ROW_LOOP(jsonb_element_text_loop, jsonb_element_text_row, Text)
ROW_LOOP(typeof_loop, typeof_row, Text)
ROW_LOOP(json_array_length_loop, array_length_row, int64_t)
ARRAY_LOOP(query_array_loop, query_array_row)
ARRAY_LOOP(value_text_array_loop, value_text_array_row)
ARRAY_LOOP(value_int8_array_loop, value_int8_array_row)
ARRAY_LOOP(value_float8_array_loop, value_float8_array_row)
ARRAY_LOOP(keys_loop, keys_row)
ARRAY_LOOP(paths_loop, paths_row)

#define JSON_ROW(id, function, count, type, prepare_method, loop_method, does, sample, value, ...) \
    { .oid = id, .name = function, .argument_count = count, .arguments = { __VA_ARGS__ },          \
      .result = type, .run = run_rows, .prepare = prepare_method, .loop = (void *)(loop_method),   \
      .summary = does, .example = sample, .gives = value }
#define PATH_ROWS(id, function, type, loop_method, does, sample, value)                            \
    JSON_ROW(id, function, 2, type, path_prepare, loop_method, does, sample, value, T_JSON,        \
             T_TEXT),                                                                              \
    JSON_ROW(id + 1, function, 2, type, path_prepare, loop_method, does, sample, value, T_JSONB,   \
             T_TEXT)
#define ARRAY_ROW(id, function, count, optional, type, driver_loop, does, sample, value, first)    \
    { .oid = id, .name = function, .argument_count = count, .optional_count = optional,            \
      .arguments = { first, T_TEXT }, .result = type, .run = run_array_rows,                       \
      .prepare = path_prepare, .loop = (void *)(driver_loop), .summary = does, .example = sample,  \
      .gives = value }
#define ARROW_ROW(id, function, sign, first, second, type, loop_method, does, sample, value)       \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { first, second }, .result = type, .run = run_rows, .prepare = rows_prepare,    \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }
#define BUILD_ROW(id, function, type, least, loop_method, does, sample, value)                     \
    { .oid = id, .name = function, .argument_count = least, .is_variadic = true,                   \
      .arguments = { T_ANY, T_ANY }, .result = type, .nulls = NULLS_CALLED, .volatility = STABLE,  \
      .run = run_rows, .loop = (void *)(loop_method), .summary = does, .example = sample,          \
      .gives = value }

#define EMPTY_ROW(id, function, type, loop_method, value)                                          \
    { .oid = id, .name = function, .result = type, .run = run_rows, .loop = (void *)(loop_method), \
      .summary = "An empty one.", .example = function "()", .gives = value }

const ScalarFunction json_functions[] = {
    JSON_ROW(91800, "parse_json", 1, T_JSON, rows_prepare, parse_json_loop,
             "The document that a text is; an error when it is none.",
             "parse_json('{\"a\": 1}')", "{\"a\":1}", T_TEXT),
    JSON_ROW(91801, "try_parse_json", 1, T_JSON, rows_prepare, try_parse_json_loop,
             "The document that a text is, NULL when it is none.", "try_parse_json('[1, 2]')",
             "[1,2]", T_TEXT),
    PATH_ROWS(91802, "json_value", T_TEXT, json_value_loop,
              "The scalar at a path as text; NULL for objects and arrays.",
              "json_value(parse_json('{\"x\":{\"y\":5}}'), '$.x.y')", "5"),
    PATH_ROWS(91804, "json_value_int8", T_INT8, value_int8_loop,
              "JSON_VALUE(.. RETURNING BIGINT): the scalar at a path, or NULL.",
              "json_value_int8(parse_json('{\"x\":{\"y\":5}}'), '$.x.y')", "5"),
    PATH_ROWS(91806, "json_value_float8", T_FLOAT8, value_float8_loop,
              "JSON_VALUE(.. RETURNING DOUBLE): the scalar at a path, or NULL.",
              "json_value_float8(parse_json('{\"x\":[1, 2.5]}'), '$.x[-1]')", "2.5"),
    PATH_ROWS(91808, "json_value_bool", T_BOOL, value_bool_loop,
              "JSON_VALUE(.. RETURNING BOOLEAN): the scalar at a path, or NULL.",
              "json_value_bool(parse_json('{\"x\":true}'), '$.x')", "t"),
    PATH_ROWS(91810, "json_query", T_JSON, json_query_loop, "The part of a document at a path.",
              "json_query(parse_json('{\"x\":{\"y\":5}}'), '$.x')", "{\"y\":5}"),
    ARRAY_ROW(91812, "json_query_array", 2, 0, 199, query_array_loop,
              "The elements of the array at a path, as documents.",
              "json_query_array(parse_json('{\"x\":[1,2]}'), '$.x')", "{1,2}", T_JSON),
    ARRAY_ROW(91813, "json_value_text_array", 2, 0, T_TEXT_ARRAY, value_text_array_loop,
              "JSON_VALUE(.. RETURNING VARCHAR ARRAY): the scalars of the array at a path.",
              "json_value_text_array(parse_json('{\"x\":[\"a\",1]}'), '$.x')", "{a,1}", T_JSON),
    ARRAY_ROW(91814, "json_value_int8_array", 2, 0, T_INT8_ARRAY, value_int8_array_loop,
              "JSON_VALUE(.. RETURNING BIGINT ARRAY): the scalars of the array at a path.",
              "json_value_int8_array(parse_json('{\"x\":[1,\"b\"]}'), '$.x')", "{1,NULL}", T_JSON),
    ARRAY_ROW(91815, "json_value_float8_array", 2, 0, T_FLOAT8_ARRAY, value_float8_array_loop,
              "JSON_VALUE(.. RETURNING DOUBLE ARRAY): the scalars of the array at a path.",
              "json_value_float8_array(parse_json('{\"x\":[1,2.5]}'), '$.x')", "{1,2.5}", T_JSON),
    ARRAY_ROW(91816, "json_keys", 2, 1, T_TEXT_ARRAY, keys_loop,
              "The names of the object at a path.", "json_keys(parse_json('{\"x\":1}'), '$')",
              "{x}", T_JSON),
    ARRAY_ROW(91817, "json_paths", 1, 0, T_TEXT_ARRAY, paths_loop,
              "Every path that leads to a scalar or an array of scalars.",
              "json_paths(parse_json('{\"a\":1,\"b\":{\"c\":2}}'))", "{$.a,$.b.c}", T_JSON),
    { .oid = 91820, .name = "to_json_string", .argument_count = 1, .arguments = { T_ANY },
      .result = T_TEXT, .volatility = STABLE, .run = run_rows, .loop = (void *)to_json_loop,
      .summary = "A value as JSON text.", .example = "to_json_string(ARRAY[1, 2])",
      .gives = "[1,2]" },
    { .oid = 3176, .name = "to_json", .argument_count = 1, .arguments = { T_ANY },
      .result = T_JSON, .volatility = STABLE, .run = run_rows, .loop = (void *)to_json_loop,
      .summary = "A value as a JSON document.", .example = "to_json('a \"b\"'::text)",
      .gives = "\"a \\\"b\\\"\"" },
    { .oid = 3787, .name = "to_jsonb", .argument_count = 1, .arguments = { T_ANY },
      .result = T_JSONB, .volatility = STABLE, .run = run_rows, .loop = (void *)to_jsonb_loop,
      .summary = "A value as a JSON document.", .example = "to_jsonb(true)", .gives = "true" },
    { .oid = 3153, .name = "array_to_json", .argument_count = 1, .arguments = { T_ANYARRAY },
      .result = T_JSON, .volatility = STABLE, .run = run_rows, .loop = (void *)to_json_loop,
      .summary = "An array as a JSON document.", .example = "array_to_json(ARRAY[1, 2])",
      .gives = "[1,2]" },
    { .oid = 3154, .name = "array_to_json", .argument_count = 2,
      .arguments = { T_ANYARRAY, T_BOOL }, .result = T_JSON, .volatility = STABLE,
      .run = run_rows, .loop = (void *)array_to_json_loop,
      .summary = "An array as a JSON document, with true an element a line.",
      .example = "array_to_json(ARRAY[1, 2], false)", .gives = "[1,2]" },
    EMPTY_ROW(3201, "json_build_object", T_JSON, json_build_object_loop, "{}"),
    EMPTY_ROW(3274, "jsonb_build_object", T_JSONB, jsonb_build_object_loop, "{}"),
    EMPTY_ROW(3199, "json_build_array", T_JSON, json_build_array_loop, "[]"),
    EMPTY_ROW(3272, "jsonb_build_array", T_JSONB, jsonb_build_array_loop, "[]"),
    BUILD_ROW(91821, "json_object", T_JSON, 2, json_object_loop,
              "An object of names and values: JSON_OBJECT(KEY k VALUE v, ..).",
              "json_object('a', 1, 'b', NULL)", "{\"a\":1,\"b\":null}"),
    BUILD_ROW(3200, "json_build_object", T_JSON, 1, json_build_object_loop,
              "An object of names and values.", "json_build_object('a', 1, 'b', 'x')",
              "{\"a\" : 1, \"b\" : \"x\"}"),
    BUILD_ROW(3273, "jsonb_build_object", T_JSONB, 1, jsonb_build_object_loop,
              "An object of names and values.", "jsonb_build_object('a', 1, 'b', 'x')",
              "{\"a\": 1, \"b\": \"x\"}"),
    BUILD_ROW(3198, "json_build_array", T_JSON, 1, json_build_array_loop,
              "An array of values.", "json_build_array(1, 'x', NULL)", "[1, \"x\", null]"),
    BUILD_ROW(3271, "jsonb_build_array", T_JSONB, 1, jsonb_build_array_loop,
              "An array of values.", "jsonb_build_array(1, 'x', NULL)", "[1, \"x\", null]"),
    { .oid = 91822, .name = "json_merge", .argument_count = 2, .is_variadic = true,
      .arguments = { T_JSON, T_JSON }, .result = T_JSON, .run = run_rows, .prepare = rows_prepare,
      .loop = (void *)merge_loop,
      .summary = "Objects laid over one another by name, or arrays joined.",
      .example = "json_merge(parse_json('{\"a\":1}'), parse_json('{\"a\":2,\"b\":3}'))",
      .gives = "{\"a\":2,\"b\":3}" },
    { .oid = 91823, .name = "json_merge", .argument_count = 2, .is_variadic = true,
      .arguments = { T_TEXT, T_TEXT }, .result = T_JSON, .run = run_rows, .prepare = rows_prepare,
      .loop = (void *)merge_loop,
      .summary = "Objects laid over one another by name, or arrays joined.",
      .example = "json_merge('{\"a\":1}', '{\"a\":2,\"b\":3}')", .gives = "{\"a\":2,\"b\":3}" },
    ARROW_ROW(3947, "json_object_field", "->", T_JSON, T_TEXT, T_JSON, field_loop,
              "The member of an object.", "'{\"a\":{\"b\":1}}'::json -> 'a'", "{\"b\":1}"),
    ARROW_ROW(3948, "json_object_field_text", "->>", T_JSON, T_TEXT, T_TEXT, field_text_loop,
              "The member of an object, as text.", "'{\"a\":\"x\"}'::json ->> 'a'", "x"),
    ARROW_ROW(3949, "json_array_element", "->", T_JSON, T_INT8, T_JSON, element_loop,
              "The element of an array.", "'[1,2]'::json -> 1", "2"),
    ARROW_ROW(3950, "json_array_element_text", "->>", T_JSON, T_INT8, T_TEXT, element_text_loop,
              "The element of an array, as text.", "'[1,\"b\"]'::json ->> -1", "b"),
    ARROW_ROW(3478, "jsonb_object_field", "->", T_JSONB, T_TEXT, T_JSONB, field_loop,
              "The member of an object.", "'{\"a\":1}'::jsonb -> 'a'", "1"),
    ARROW_ROW(3214, "jsonb_object_field_text", "->>", T_JSONB, T_TEXT, T_TEXT, field_text_loop,
              "The member of an object, as text.", "'{\"a\":\"x\"}'::jsonb ->> 'a'", "x"),
    ARROW_ROW(3215, "jsonb_array_element", "->", T_JSONB, T_INT8, T_JSONB, jsonb_element_loop,
              "The element of an array.", "'[1,2]'::jsonb -> 1", "2"),
    ARROW_ROW(3216, "jsonb_array_element_text", "->>", T_JSONB, T_INT8, T_TEXT, jsonb_element_text_loop,
              "The element of an array, as text.", "'[1,\"b\"]'::jsonb ->> 1", "b"),
    JSON_ROW(3968, "json_typeof", 1, T_TEXT, rows_prepare, typeof_loop, "The kind of a document.",
             "json_typeof('[1]'::json)", "array", T_JSON),
    JSON_ROW(3210, "jsonb_typeof", 1, T_TEXT, rows_prepare, typeof_loop,
             "The kind of a document.", "jsonb_typeof('1'::jsonb)", "number", T_JSONB),
    JSON_ROW(3956, "json_array_length", 1, T_INT4, rows_prepare, json_array_length_loop,
             "Number of elements of an array.", "json_array_length('[1,2]'::json)", "2", T_JSON),
    JSON_ROW(3207, "jsonb_array_length", 1, T_INT4, rows_prepare, json_array_length_loop,
             "Number of elements of an array.", "jsonb_array_length('[1,2]'::jsonb)", "2",
             T_JSONB),
};
const uint32_t json_function_count = sizeof json_functions / sizeof json_functions[0];

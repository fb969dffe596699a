/*
 * JSON into other things and back: casts of json and jsonb, elements and members as arrays (what
 * json_array_elements and json_each are made of), objects from arrays of texts.
 */
#include "engine/function/json_internal.h"
#include "engine/function/text_internal.h"
#include "engine/type/decimal.h"
#include "engine/type/json_tree.h"

#include <math.h>
#include <stdlib.h>

static const Text nothing = {.data = "", .length = 0};

/* --- casts --- */

static bool to_jsonb_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = nothing;
    return json_canonical(run->arena, row_text(run, 0, row), result, run->fault);
}

/* A document that is a number; *is_null for null. */
static bool number_row(RowRun *run, uint32_t row, Text *number, uint8_t *is_null)
{
    static const char *const kinds[] = {"null",    "null",   "boolean", "boolean",
                                        "numeric", "string", "object",  "array"};
    Text value = row_text(run, 0, row);
    JsonKind kind = json_kind(value);
    const TypeInfo *info = type_info(run->call->result_type.oid);
    *number = value;
    *is_null = 0;
    if (kind == JSON_NUMBER)
        return true;
    return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                     "cannot cast jsonb %s to type %s", kinds[kind], info->sql_name);
}

static bool to_integer(RowRun *run, uint32_t row, int64_t least, int64_t most, int64_t *result,
                       uint8_t *is_null)
{
    Text number;
    Int128 value;
    int scale = 0;
    *result = 0;
    if (!number_row(run, row, &number, is_null) ||
        !decimal_parse(number, &scale, &value, run->fault))
        return false;
    if (value < least || value > most)
        return fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE, "%s out of range",
                         type_info(run->call->result_type.oid)->sql_name);
    *result = (int64_t)value;
    return true;
}

static bool to_int2_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    return to_integer(run, row, INT16_MIN, INT16_MAX, result, is_null);
}

static bool to_int4_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    return to_integer(run, row, INT32_MIN, INT32_MAX, result, is_null);
}

static bool to_int8_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    return to_integer(run, row, INT64_MIN, INT64_MAX, result, is_null);
}

static bool to_numeric_row(RowRun *run, uint32_t row, Int128 *result, uint8_t *is_null)
{
    Text number;
    int scale = type_scale(run->call->result_type);
    *result = 0;
    return number_row(run, row, &number, is_null) &&
           decimal_parse(number, &scale, result, run->fault);
}

static bool to_float8_row(RowRun *run, uint32_t row, double *result, uint8_t *is_null)
{
    Text number;
    *result = 0;
    if (!number_row(run, row, &number, is_null))
        return false;
    char *digits = arena_strndup(run->arena, number.data, number.length);
    *result = strtod(digits, NULL);
    if (!isfinite(*result))
        return fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                         "\"%s\" is out of range for type double precision", digits);
    return true;
}

static bool to_float4_row(RowRun *run, uint32_t row, float *result, uint8_t *is_null)
{
    double wide;
    *result = 0;
    if (!to_float8_row(run, row, &wide, is_null))
        return false;
    *result = (float)wide;
    return true;
}

static bool to_bool_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    Text value = row_text(run, 0, row), ignored;
    JsonKind kind = json_kind(value);
    *result = kind == JSON_TRUE;
    if (kind == JSON_TRUE || kind == JSON_FALSE)
        return true;
    if (kind == JSON_NUMBER)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "cannot cast jsonb numeric to type boolean");
    return number_row(run, row, &ignored, is_null);
}

/* --- elements and members as arrays --- */

static const char *kind_word(Text value)
{
    JsonKind kind = json_kind(value);
    return kind == JSON_OBJECT ? "an object" : kind == JSON_ARRAY ? "an array" : "a scalar";
}

static uint32_t count_members(Text container)
{
    JsonWalk walk;
    Text key, value;
    uint32_t count = 0;
    json_walk_begin(container, &walk);
    while (json_walk_next(&walk, &key, &value))
        count++;
    return count;
}

static Text document_of(RowRun *run, uint32_t row)
{
    Text document = row_text(run, 0, row), value = nothing;
    const char *at = document.data;
    json_take_value(&at, at + document.length, false, &value);
    return value;
}

/* Appends a value as a document, or as text, where null is NULL. */
static void append_value(RowRun *run, Text value, bool as_text, VectorBuilder *elements)
{
    if (as_text && json_kind(value) == JSON_NULL)
        vector_builder_null(elements);
    else if (as_text && json_kind(value) == JSON_STRING)
        vector_builder_text_view(elements, json_string_text(&run->sink, value));
    else
        vector_builder_text_view(elements, value);
}

static bool append_members(RowRun *run, uint32_t row, bool of_object, bool keys, bool as_text,
                           VectorBuilder *builder)
{
    Text document = document_of(run, row), key, value;
    JsonWalk walk;
    bool is_right = json_walk_begin(document, &walk) && walk.is_object == of_object;
    if (!is_right && !of_object)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "cannot extract elements from %s", kind_word(document));
    if (!is_right)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         keys ? "cannot call json_object_keys on %s"
                              : "cannot deconstruct %s as an object",
                         kind_word(document));
    vector_builder_array(builder, count_members(document));
    while (json_walk_next(&walk, &key, &value)) {
        if (keys)
            vector_builder_text_view(builder->elements, json_string_text(&run->sink, key));
        else
            append_value(run, value, as_text, builder->elements);
    }
    return true;
}

static bool elements_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return append_members(run, row, false, false, false, builder);
}

static bool element_texts_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return append_members(run, row, false, false, true, builder);
}

static bool names_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return append_members(run, row, true, true, false, builder);
}

static bool values_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return append_members(run, row, true, false, false, builder);
}

static bool value_texts_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return append_members(run, row, true, false, true, builder);
}

/* --- objects of arrays --- */

static bool put_member(RowRun *run, JsonTree *object, const Vector *names, uint32_t name,
                       const Vector *values, uint32_t value)
{
    if (vector_is_null(names, name))
        return fault_set(run->fault, FAULT_NULL_VALUE_NOT_ALLOWED,
                         "null value not allowed for object key");
    bool is_null = vector_is_null(values, value);
    JsonTree *item = json_tree_make(run->arena, is_null ? JSON_TREE_NULL : JSON_TREE_STRING);
    if (!is_null)
        item->text = vector_text(values, value);
    json_tree_append(run->arena, object, vector_text(names, name), item);
    return true;
}

/* json keeps the members as they come: {"a" : "1", "b" : "2"}. */
static void write_members(Buffer *out, const JsonTree *object)
{
    buffer_append_byte(out, '{');
    for (uint32_t i = 0; i < object->count; i++) {
        if (i > 0)
            buffer_append_string(out, ", ");
        json_append_string(out, object->keys[i]);
        buffer_append_string(out, " : ");
        if (object->items[i]->kind == JSON_TREE_NULL)
            buffer_append_string(out, "null");
        else
            json_append_string(out, object->items[i]->text);
    }
    buffer_append_byte(out, '}');
}

/* json_object(array) of names and values in turn, json_object(names, values). */
static bool object_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bool is_pair = run->call->argument_count == 2;
    ArrayValue names = row_array(run, 0, row), values = is_pair ? row_array(run, 1, row) : names;
    const Vector *name_texts = run->arguments[0].elements;
    const Vector *value_texts = is_pair ? run->arguments[1].elements : name_texts;
    JsonTree *object = json_tree_make(run->arena, JSON_TREE_OBJECT);
    *result = nothing;
    if (is_pair ? names.count != values.count : names.count % 2 != 0)
        return fault_set(run->fault, FAULT_ARRAY_SUBSCRIPT_ERROR,
                         is_pair ? "mismatched array dimensions"
                                 : "array must have even number of elements");
    uint32_t step = is_pair ? 1 : 2;
    for (uint32_t i = 0; i < names.count; i += step)
        if (!put_member(run, object, name_texts, names.offset + i, value_texts,
                        values.offset + i + step - 1))
            return false;
    if (run->call->result_type.oid == T_JSONB) {
        json_tree_sort(run->arena, object);
        return json_tree_text(run->arena, object, result, run->fault);
    }
    Buffer out = BUFFER_EMPTY;
    write_members(&out, object);
    *result = (Text){arena_strndup(run->arena, (const char *)out.data, out.length),
                     (uint32_t)out.length};
    buffer_clear(&out);
    return true;
}

ROW_LOOP(to_jsonb_loop, to_jsonb_row, Text)
ROW_LOOP(to_int2_loop, to_int2_row, int64_t)
ROW_LOOP(to_int4_loop, to_int4_row, int64_t)
ROW_LOOP(to_int8_loop, to_int8_row, int64_t)
ROW_LOOP(to_numeric_loop, to_numeric_row, Int128)
ROW_LOOP(to_float8_loop, to_float8_row, double)
ROW_LOOP(to_float4_loop, to_float4_row, float)
ROW_LOOP(to_bool_loop, to_bool_row, uint8_t)
ARRAY_LOOP(elements_loop, elements_row)
ARRAY_LOOP(element_texts_loop, element_texts_row)
ARRAY_LOOP(names_loop, names_row)
ARRAY_LOOP(values_loop, values_row)
ARRAY_LOOP(value_texts_loop, value_texts_row)
ROW_LOOP(object_loop, object_row, Text)

#define CAST_ROW(id, target, from, to, rule, loop_method)                                          \
    { .oid = id, .name = target, .argument_count = 1, .arguments = { from }, .result = to,         \
      .kind = FUNCTION_CAST, .cast_rule = rule, .run = run_rows, .prepare = rows_prepare,          \
      .loop = (void *)(loop_method), .summary = "Cast." }
#define LIST_ROW(id, function, document, type, loop_method, does, sample, value)                   \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { document }, .result = type, \
      .run = run_array_rows, .loop = (void *)(loop_method), .summary = does, .example = sample,    \
      .gives = value }
#define OBJECT_ROW(id, function, count, type, does, sample, value)                                 \
    { .oid = id, .name = function, .argument_count = count,                                        \
      .arguments = { T_TEXT_ARRAY, count == 2 ? T_TEXT_ARRAY : T_NONE }, .result = type,           \
      .run = run_rows, .loop = (void *)object_loop, .summary = does, .example = sample,            \
      .gives = value }

enum { JSON_ARRAY_TYPE = 199, JSONB_ARRAY_TYPE = 3807 };

const ScalarFunction json_convert_functions[] = {
    CAST_ROW(91850, "jsonb", T_JSON, T_JSONB, CAST_ASSIGNMENT, to_jsonb_loop),
    CAST_ROW(3556, "bool", T_JSONB, T_BOOL, CAST_EXPLICIT, to_bool_loop),
    CAST_ROW(3449, "numeric", T_JSONB, T_NUMERIC, CAST_EXPLICIT, to_numeric_loop),
    CAST_ROW(3450, "int2", T_JSONB, T_INT2, CAST_EXPLICIT, to_int2_loop),
    CAST_ROW(3451, "int4", T_JSONB, T_INT4, CAST_EXPLICIT, to_int4_loop),
    CAST_ROW(3452, "int8", T_JSONB, T_INT8, CAST_EXPLICIT, to_int8_loop),
    CAST_ROW(3453, "float4", T_JSONB, T_FLOAT4, CAST_EXPLICIT, to_float4_loop),
    CAST_ROW(2580, "float8", T_JSONB, T_FLOAT8, CAST_EXPLICIT, to_float8_loop),
    LIST_ROW(91851, "json_elements", T_JSON, JSON_ARRAY_TYPE, elements_loop,
             "The elements of a JSON array.", "json_elements('[1,true]'::json)", "{1,true}"),
    LIST_ROW(91852, "jsonb_elements", T_JSONB, JSONB_ARRAY_TYPE, elements_loop,
             "The elements of a JSON array.", "jsonb_elements('[1,true]'::jsonb)", "{1,true}"),
    LIST_ROW(91853, "json_elements_text", T_JSON, T_TEXT_ARRAY, element_texts_loop,
             "The elements of a JSON array, as texts.", "json_elements_text('[1,\"a\"]'::json)",
             "{1,a}"),
    LIST_ROW(91854, "jsonb_elements_text", T_JSONB, T_TEXT_ARRAY, element_texts_loop,
             "The elements of a JSON array, as texts.", "jsonb_elements_text('[1,\"a\"]'::jsonb)",
             "{1,a}"),
    LIST_ROW(91855, "json_names", T_JSON, T_TEXT_ARRAY, names_loop, "The names of a JSON object.",
             "json_names('{\"a\":1}'::json)", "{a}"),
    LIST_ROW(91856, "jsonb_names", T_JSONB, T_TEXT_ARRAY, names_loop,
             "The names of a JSON object.", "jsonb_names('{\"a\":1}'::jsonb)", "{a}"),
    LIST_ROW(91857, "json_values", T_JSON, JSON_ARRAY_TYPE, values_loop,
             "The values of a JSON object.", "json_values('{\"a\":1}'::json)", "{1}"),
    LIST_ROW(91858, "jsonb_values", T_JSONB, JSONB_ARRAY_TYPE, values_loop,
             "The values of a JSON object.", "jsonb_values('{\"a\":1}'::jsonb)", "{1}"),
    LIST_ROW(91859, "json_values_text", T_JSON, T_TEXT_ARRAY, value_texts_loop,
             "The values of a JSON object, as texts.", "json_values_text('{\"a\":\"x\"}'::json)",
             "{x}"),
    LIST_ROW(91860, "jsonb_values_text", T_JSONB, T_TEXT_ARRAY, value_texts_loop,
             "The values of a JSON object, as texts.", "jsonb_values_text('{\"a\":\"x\"}'::jsonb)",
             "{x}"),
    OBJECT_ROW(3202, "json_object", 1, T_JSON, "An object of names and values in turn.",
               "json_object('{a,1,b,2}'::text[])", "{\"a\" : \"1\", \"b\" : \"2\"}"),
    OBJECT_ROW(3203, "json_object", 2, T_JSON, "An object of an array of names and one of values.",
               "json_object('{a,b}'::text[], '{1,2}'::text[])",
               "{\"a\" : \"1\", \"b\" : \"2\"}"),
    OBJECT_ROW(3263, "jsonb_object", 1, T_JSONB, "An object of names and values in turn.",
               "jsonb_object('{b,1,a,2}'::text[])", "{\"a\": \"2\", \"b\": \"1\"}"),
    OBJECT_ROW(3264, "jsonb_object", 2, T_JSONB,
               "An object of an array of names and one of values.",
               "jsonb_object('{a,b}'::text[], '{1,2}'::text[])", "{\"a\": \"1\", \"b\": \"2\"}"),
};
const uint32_t json_convert_function_count =
    sizeof json_convert_functions / sizeof json_convert_functions[0];

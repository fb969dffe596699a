/*
 * Functions of multi-value strings that are not those of arrays under another name: here a NULL
 * is a list of one NULL, and tests are rarely NULL. And ARRAY_QUANTILE.
 */
#include "engine/function/json_internal.h"
#include "engine/function/rows_internal.h"

#include <math.h>
#include <stdlib.h>

/* Whether row `row` of `item` (the NULL where `item` is NULL) is among the list's elements. */
static bool holds(const RowRun *run, uint32_t row, const Vector *item, uint32_t item_row)
{
    bool wants_null = item == NULL || vector_is_null(item, item_row);
    if (row_is_null(run, 0, row))
        return wants_null;
    const Vector *elements = run->arguments[0].elements;
    ArrayValue list = row_array(run, 0, row);
    for (uint32_t i = 0; i < list.count; i++) {
        bool is_null = vector_is_null(elements, list.offset + i);
        if (wants_null ? is_null
                       : !is_null && vector_rows_equal(elements, list.offset + i, item, item_row))
            return true;
    }
    return false;
}

static bool contains_element_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *result = holds(run, row, &run->arguments[1], row);
    return true;
}

static bool contains_list_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    if (row_is_null(run, 1, row)) {
        *result = holds(run, row, NULL, 0);
        return true;
    }
    ArrayValue wanted = row_array(run, 1, row);
    *result = 1;
    for (uint32_t i = 0; i < wanted.count && *result; i++)
        *result = holds(run, row, run->arguments[1].elements, wanted.offset + i);
    return true;
}

static bool overlap_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *result = 0;
    if (row_is_null(run, 1, row)) {
        *result = holds(run, row, NULL, 0);
    } else {
        ArrayValue wanted = row_array(run, 1, row);
        for (uint32_t i = 0; i < wanted.count && !*result; i++)
            *result = holds(run, row, run->arguments[1].elements, wanted.offset + i);
    }
    *is_null = !*result && holds(run, row, NULL, 0);
    return true;
}

/* MV_FILTER_PREFIX: nothing left is NULL. */
static bool has_prefix(const Vector *elements, uint32_t index, Text prefix)
{
    if (vector_is_null(elements, index))
        return false;
    Text text = vector_text(elements, index);
    return text.length >= prefix.length &&
           (prefix.length == 0 || memcmp(text.data, prefix.data, prefix.length) == 0);
}

static bool filter_prefix_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    const Vector *elements = run->arguments[0].elements;
    ArrayValue list = row_array(run, 0, row);
    Text prefix = row_text(run, 1, row);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list.count; i++)
        kept += has_prefix(elements, list.offset + i, prefix);
    if (kept == 0) {
        vector_builder_null(builder);
        return true;
    }
    vector_builder_array(builder, kept);
    for (uint32_t i = 0; i < list.count; i++)
        if (has_prefix(elements, list.offset + i, prefix))
            vector_builder_row(builder->elements, elements, list.offset + i);
    return true;
}

/* --- ARRAY_QUANTILE: linear between the sorted values around the place --- */

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static bool quantile_row(RowRun *run, uint32_t row, double *result, uint8_t *is_null)
{
    const Vector *elements = run->arguments[0].elements;
    ArrayValue list = row_array(run, 0, row);
    double fraction = row_float64(run, 1, row);
    double *values = ARENA_ARRAY(run->arena, double, (size_t)list.count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < list.count; i++)
        if (!vector_is_null(elements, list.offset + i))
            values[count++] =
                VECTOR_DATA(double, elements)[vector_row(elements, list.offset + i)];
    *result = (double)NAN;
    if (count == 0 || !(fraction >= 0 && fraction <= 1))
        return true;
    qsort(values, count, sizeof *values, by_value);
    double place = fraction * (count - 1);
    uint32_t low = (uint32_t)place, high = low + 1 < count ? low + 1 : low;
    *result = values[low] + (values[high] - values[low]) * (place - low);
    return true;
}

/*
 * MV_TO_ARRAY of a text: what was read as a list of strings into a column of texts is there as the
 * JSON list; everything else is a list of itself.
 */
static bool text_to_array_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    Text text = row_text(run, 0, row), key, value;
    JsonWalk walk;
    bool is_list = text.length > 1 && text.data[0] == '[' && json_is_valid(text);
    if (!is_list || !json_walk_begin(text, &walk)) {
        vector_builder_array(builder, 1);
        vector_builder_text_view(builder->elements, text);
        return true;
    }
    uint32_t count = 0;
    for (JsonWalk ahead = walk; json_walk_next(&ahead, &key, &value);)
        count++;
    vector_builder_array(builder, count);
    while (json_walk_next(&walk, &key, &value)) {
        if (json_kind(value) == JSON_NULL)
            vector_builder_null(builder->elements);
        else if (json_kind(value) == JSON_STRING)
            vector_builder_text_view(builder->elements, json_string_text(&run->sink, value));
        else
            vector_builder_text_view(builder->elements, value);
    }
    return true;
}

ROW_LOOP(contains_element_loop, contains_element_row, uint8_t)
ROW_LOOP(contains_list_loop, contains_list_row, uint8_t)
ROW_LOOP(overlap_loop, overlap_row, uint8_t)
ARRAY_LOOP(text_to_array_loop, text_to_array_row)
ARRAY_LOOP(filter_prefix_loop, filter_prefix_row)
ROW_LOOP(quantile_loop, quantile_row, double)

#define LIST_TEST(id, function, second, loop_method, does, sample)                                 \
    { .oid = id, .name = function, .argument_count = 2, .arguments = { T_ANYARRAY, second },       \
      .result = T_BOOL, .nulls = NULLS_CALLED, .run = run_rows, .loop = (void *)(loop_method),     \
      .summary = does, .example = sample, .gives = "t" }

const ScalarFunction multi_value_functions[] = {
    LIST_TEST(91660, "mv_contains", T_ANYELEMENT, contains_element_loop,
              "Whether a list has an element.", "mv_contains(ARRAY['a', 'b'], 'a'::text)"),
    LIST_TEST(91661, "mv_contains", T_ANYARRAY, contains_list_loop,
              "Whether a list has all elements of another.",
              "mv_contains(ARRAY['a', 'b'], ARRAY['b'])"),
    LIST_TEST(91662, "mv_overlap", T_ANYARRAY, overlap_loop,
              "Whether two lists have an element in common; NULL when not and the first has NULL.",
              "mv_overlap(ARRAY['a'], ARRAY['a', 'z'])"),
    { .oid = 91663, .name = "mv_filter_prefix", .argument_count = 2,
      .arguments = { T_TEXT_ARRAY, T_TEXT }, .result = T_TEXT_ARRAY, .run = run_array_rows,
      .loop = (void *)filter_prefix_loop,
      .summary = "The elements that begin with a text; NULL when there are none.",
      .example = "mv_filter_prefix(ARRAY['ab', 'cd'], 'a')", .gives = "{ab}" },
    { .oid = 91665, .name = "mv_to_array", .argument_count = 1, .arguments = { T_TEXT },
      .result = T_TEXT_ARRAY, .run = run_array_rows, .loop = (void *)text_to_array_loop,
      .summary = "The strings of a multi-value string: those of a JSON list, or the text alone.",
      .example = "mv_to_array('[\"en\",\"de\"]'::text)", .gives = "{en,de}" },
    { .oid = 91664, .name = "array_quantile", .argument_count = 2,
      .arguments = { T_FLOAT8_ARRAY, T_FLOAT8 }, .result = T_FLOAT8, .run = run_rows,
      .loop = (void *)quantile_loop,
      .summary = "The value below which a fraction of an array's numbers lie.",
      .example = "array_quantile(ARRAY[1, 2, 3], 0.5)", .gives = "2" },
};
const uint32_t multi_value_function_count =
    sizeof multi_value_functions / sizeof multi_value_functions[0];

/*
 * PostgreSQL's functions that look into arrays and make changed ones: positions, replacing,
 * trimming. Dimensions and bounds are in array_dimensions.c.
 */
#include "engine/function/array_internal.h"

#include <stdlib.h>

static SqlType as_first(const SqlType *arguments, uint32_t count)
{
    return arguments[0];
}

/* --- positions; NULL equals NULL --- */

bool array_search_from(ArrayValue value, int64_t *lower, Fault *fault)
{
    ArrayShape shape = array_shape_of(value);
    if (shape.dimensions > 1)
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "searching for elements in multidimensional arrays is not supported");
    *lower = shape.dimensions == 0 ? 1 : shape.lower[0];
    return true;
}

static bool position_from_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = 0;
    *is_null = 1;
    if (row_is_null(run, 0, row))
        return true;
    if (row_is_null(run, 2, row))
        return fault_set(run->fault, FAULT_NULL_VALUE_NOT_ALLOWED,
                         "initial position must not be null");
    const Vector *array = &run->arguments[0];
    ArrayValue value = row_array(run, 0, row);
    int64_t lower = 1;
    if (!array_search_from(value, &lower, run->fault))
        return false;
    int64_t start = row_int64(run, 2, row) - lower;
    for (int64_t i = start < 0 ? 0 : start; i < value.count; i++) {
        if (!vector_rows_equal(array->elements, value.offset + (uint32_t)i, &run->arguments[1],
                               row))
            continue;
        *result = i + lower;
        *is_null = 0;
        return true;
    }
    return true;
}

static bool positions_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    if (row_is_null(run, 0, row)) {
        vector_builder_null(builder);
        return true;
    }
    const Vector *array = &run->arguments[0];
    ArrayValue value = row_array(run, 0, row);
    uint32_t found = 0;
    int64_t lower = 1;
    if (!array_search_from(value, &lower, run->fault))
        return false;
    for (uint32_t i = 0; i < value.count; i++)
        found += vector_rows_equal(array->elements, value.offset + i, &run->arguments[1], row);
    vector_builder_array(builder, found);
    for (uint32_t i = 0; i < value.count; i++)
        if (vector_rows_equal(array->elements, value.offset + i, &run->arguments[1], row))
            vector_builder_int64(builder->elements, i + lower);
    return true;
}

/* --- changed arrays --- */

static bool replace_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    if (row_is_null(run, 0, row)) {
        vector_builder_null(builder);
        return true;
    }
    const Vector *array = &run->arguments[0];
    ArrayValue value = row_array(run, 0, row);
    vector_builder_shaped(builder, value.count, value.shape);
    for (uint32_t i = 0; i < value.count; i++) {
        bool is_replaced =
            vector_rows_equal(array->elements, value.offset + i, &run->arguments[1], row);
        if (is_replaced)
            vector_builder_row(builder->elements, &run->arguments[2], row);
        else
            vector_builder_row(builder->elements, array->elements, value.offset + i);
    }
    return true;
}

/* Cuts parts off the end of the first dimension; what is left counts from 1. */
static bool trim_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    ArrayValue value = row_array(run, 0, row);
    ArrayShape shape = array_shape_of(value);
    int64_t count = shape.lengths[0], cut = row_int64(run, 1, row), packed;
    if (cut < 0 || cut > count)
        return fault_set(run->fault, FAULT_ARRAY_SUBSCRIPT_ERROR,
                         "number of elements to trim must be between 0 and %lld",
                         (long long)count);
    uint32_t kept = count == 0 ? 0 : (uint32_t)(value.count / count * (count - cut));
    shape.lengths[0] = (uint32_t)(count - cut);
    for (uint32_t d = 0; d < shape.dimensions; d++)
        shape.lower[d] = 1;
    if (kept == 0)
        shape.dimensions = 0;
    if (!array_pack_shape(&shape, &packed, run->fault))
        return false;
    vector_builder_shaped(builder, kept, packed);
    for (uint32_t i = 0; i < kept; i++)
        vector_builder_row(builder->elements, run->arguments[0].elements, value.offset + i);
    return true;
}

static int compare_elements(const void *a, const void *b, void *elements)
{
    return vector_rows_compare(elements, *(const uint32_t *)a, elements, *(const uint32_t *)b);
}

/* array_distinct(a): the values in order, each once, NULL first. */
static bool distinct_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    const Vector *elements = run->arguments[0].elements;
    ArrayValue list = row_array(run, 0, row);
    uint32_t *order = ARENA_ARRAY(run->arena, uint32_t, list.count + 1);
    uint32_t count = 0, nulls = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        if (vector_is_null(elements, list.offset + i))
            nulls = 1;
        else
            order[count++] = list.offset + i;
    }
    qsort_r(order, count, sizeof *order, compare_elements, (void *)elements);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || !vector_rows_equal(elements, order[kept - 1], elements, order[i]))
            order[kept++] = order[i];
    }
    vector_builder_array(builder, kept + nulls);
    if (nulls > 0)
        vector_builder_null(builder->elements);
    for (uint32_t i = 0; i < kept; i++)
        vector_builder_row(builder->elements, elements, order[i]);
    return true;
}

ROW_LOOP(position_from_loop, position_from_row, int64_t)
ARRAY_LOOP(positions_loop, positions_row)
ARRAY_LOOP(replace_loop, replace_row)
ARRAY_LOOP(trim_loop, trim_row)
ARRAY_LOOP(distinct_loop, distinct_row)

#define EDIT_ROW(id, function, count, null_rule, typing, loop_method, does, sample, value, ...)    \
    { .oid = id, .name = function, .argument_count = count, .arguments = { __VA_ARGS__ },          \
      .result = T_ANYARRAY, .nulls = null_rule, .run = run_array_rows, .result_of = typing,        \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }

const ScalarFunction array_edit_functions[] = {
    { .oid = 3278, .name = "array_position", .argument_count = 3,
      .arguments = { T_ANYARRAY, T_ANYELEMENT, T_INT4 }, .result = T_INT4,
      .nulls = NULLS_CALLED, .run = run_rows, .loop = (void *)position_from_loop,
      .summary = "Where an element first is, from a position on.",
      .example = "array_position(ARRAY[1, 2, 1], 1, 2)", .gives = "3" },
    { .oid = 3279, .name = "array_positions", .argument_count = 2,
      .arguments = { T_ANYARRAY, T_ANYELEMENT }, .result = T_INT4_ARRAY, .nulls = NULLS_CALLED,
      .run = run_array_rows, .loop = (void *)positions_loop,
      .summary = "All positions of an element.",
      .example = "array_positions(ARRAY['A', 'A', 'B', 'A'], 'A')", .gives = "{1,2,4}" },
    EDIT_ROW(3168, "array_replace", 3, NULLS_CALLED, as_first, replace_loop,
             "Every occurrence of an element replaced.",
             "array_replace(ARRAY[1, 2, 5, 4], 5, 3)", "{1,2,3,4}", T_ANYARRAY, T_ANYELEMENT,
             T_ANYELEMENT),
    EDIT_ROW(91666, "array_distinct", 1, NULLS_STRICT, as_first, distinct_loop,
             "The different elements, in order, NULL first.",
             "array_distinct(ARRAY[2, 1, NULL, 2])", "{NULL,1,2}", T_ANYARRAY),
    EDIT_ROW(6172, "trim_array", 2, NULLS_STRICT, as_first, trim_loop,
             "Without so many elements at the end.", "trim_array(ARRAY[1, 2, 3, 4], 2)", "{1,2}",
             T_ANYARRAY, T_INT4),
};
const uint32_t array_edit_function_count =
    sizeof array_edit_functions / sizeof array_edit_functions[0];

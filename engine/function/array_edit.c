/*
 * PostgreSQL's functions that look into arrays and make changed ones: positions, replacing,
 * slices, bounds. Arrays have one dimension, which counts from 1.
 */
#include "engine/function/rows_internal.h"

#include <stdlib.h>

enum { FILL_MOST = 1000000 };

static SqlType as_first(const SqlType *arguments, uint32_t count)
{
    return arguments[0];
}

static SqlType array_of_first(const SqlType *arguments, uint32_t count)
{
    const TypeInfo *info = type_info(arguments[0].oid);
    Oid array = info == NULL ? 0 : info->array_oid;
    return (SqlType){.oid = array != 0 ? array : T_TEXT_ARRAY, .modifier = arguments[0].modifier};
}

/* --- bounds --- */

static bool upper_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = row_array(run, 0, row).count;
    *is_null = *result == 0 || row_int64(run, 1, row) != 1;
    return true;
}

static bool dimensions_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = 1;
    *is_null = row_array(run, 0, row).count == 0;
    return true;
}

static bool dims_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    uint32_t count = row_array(run, 0, row).count;
    *is_null = count == 0;
    *result = text_of(arena_printf(run->arena, "[1:%u]", count));
    return true;
}

/* --- positions; NULL equals NULL --- */

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
    int64_t start = row_int64(run, 2, row);
    for (int64_t i = start < 1 ? 1 : start; i <= value.count; i++) {
        if (!vector_rows_equal(array->elements, value.offset + (uint32_t)(i - 1),
                               &run->arguments[1], row))
            continue;
        *result = i;
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
    for (uint32_t i = 0; i < value.count; i++)
        found += vector_rows_equal(array->elements, value.offset + i, &run->arguments[1], row);
    vector_builder_array(builder, found);
    for (uint32_t i = 0; i < value.count; i++)
        if (vector_rows_equal(array->elements, value.offset + i, &run->arguments[1], row))
            vector_builder_int64(builder->elements, i + 1);
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
    vector_builder_array(builder, value.count);
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

static void append_part(RowRun *run, uint32_t row, int64_t first, int64_t last,
                        VectorBuilder *builder)
{
    ArrayValue value = row_array(run, 0, row);
    first = first < 1 ? 1 : first;
    last = last > value.count ? value.count : last;
    vector_builder_array(builder, last < first ? 0 : (uint32_t)(last - first + 1));
    for (int64_t i = first; i <= last; i++)
        vector_builder_row(builder->elements, run->arguments[0].elements,
                           value.offset + (uint32_t)(i - 1));
}

static bool trim_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    int64_t count = row_array(run, 0, row).count, cut = row_int64(run, 1, row);
    if (cut < 0 || cut > count)
        return fault_set(run->fault, FAULT_ARRAY_SUBSCRIPT_ERROR,
                         "number of elements to trim must be between 0 and %lld",
                         (long long)count);
    append_part(run, row, 1, count - cut, builder);
    return true;
}

/* a[m:n] */
static bool part_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    append_part(run, row, row_int64(run, 1, row), row_int64(run, 2, row), builder);
    return true;
}

static bool fill_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    if (row_is_null(run, 1, row))
        return fault_set(run->fault, FAULT_NULL_VALUE_NOT_ALLOWED,
                         "dimension array or low bound array cannot be null");
    ArrayValue sizes = row_array(run, 1, row);
    const Vector *elements = run->arguments[1].elements;
    if (sizes.count > 1)
        return fault_set(run->fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "arrays of more than one dimension are not supported");
    int64_t count = 0;
    if (sizes.count == 1 && vector_is_null(elements, sizes.offset))
        return fault_set(run->fault, FAULT_NULL_VALUE_NOT_ALLOWED,
                         "dimension values cannot be null");
    if (sizes.count == 1)
        count = VECTOR_DATA(int64_t, elements)[vector_row(elements, sizes.offset)];
    if (count < 0 || count > FILL_MOST)
        return fault_set(run->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "array size exceeds the maximum allowed (%d)", FILL_MOST);
    vector_builder_array(builder, (uint32_t)count);
    for (int64_t i = 0; i < count; i++)
        vector_builder_row(builder->elements, &run->arguments[0], row);
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

ROW_LOOP(upper_loop, upper_row, int64_t)
ROW_LOOP(dimensions_loop, dimensions_row, int64_t)
ROW_LOOP(dims_loop, dims_row, Text)
ROW_LOOP(position_from_loop, position_from_row, int64_t)
ARRAY_LOOP(positions_loop, positions_row)
ARRAY_LOOP(replace_loop, replace_row)
ARRAY_LOOP(trim_loop, trim_row)
ARRAY_LOOP(part_loop, part_row)
ARRAY_LOOP(fill_loop, fill_row)
ARRAY_LOOP(distinct_loop, distinct_row)

#define LOOK_ROW(id, function, count, type, loop_method, does, sample, value, ...)                 \
    { .oid = id, .name = function, .argument_count = count, .arguments = { __VA_ARGS__ },          \
      .result = type, .run = run_rows, .loop = (void *)(loop_method), .summary = does,             \
      .example = sample, .gives = value }
#define EDIT_ROW(id, function, count, null_rule, typing, loop_method, does, sample, value, ...)    \
    { .oid = id, .name = function, .argument_count = count, .arguments = { __VA_ARGS__ },          \
      .result = T_ANYARRAY, .nulls = null_rule, .run = run_array_rows, .result_of = typing,        \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }

const ScalarFunction array_edit_functions[] = {
    LOOK_ROW(2092, "array_upper", 2, T_INT4, upper_loop, "The upper bound of a dimension.",
             "array_upper(ARRAY[1, 8, 3], 1)", "3", T_ANYARRAY, T_INT4),
    LOOK_ROW(748, "array_ndims", 1, T_INT4, dimensions_loop, "Number of dimensions.",
             "array_ndims(ARRAY[1, 2])", "1", T_ANYARRAY),
    LOOK_ROW(747, "array_dims", 1, T_TEXT, dims_loop, "The bounds of the dimensions.",
             "array_dims(ARRAY[1, 2])", "[1:2]", T_ANYARRAY),
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
    EDIT_ROW(91640, "array_part", 3, NULLS_STRICT, as_first, part_loop,
             "The elements from one position to another: a[m:n].",
             "array_part(ARRAY[1, 2, 3, 4], 2, 3)", "{2,3}", T_ANYARRAY, T_INT4, T_INT4),
    EDIT_ROW(1193, "array_fill", 2, NULLS_CALLED, array_of_first, fill_loop,
             "An array of so many copies of a value.", "array_fill(11, ARRAY[3])", "{11,11,11}",
             T_ANYELEMENT, T_INT4_ARRAY),
};
const uint32_t array_edit_function_count =
    sizeof array_edit_functions / sizeof array_edit_functions[0];

/*
 * Arrays by their dimensions: bounds, elements and parts by subscripts, arrays of arrays. An
 * array's elements lie one behind the other whatever its dimensions (storage/vector), so all that
 * looks at elements alone is elsewhere and knows nothing of this.
 */
#include "engine/function/array_internal.h"

static SqlType as_first(const SqlType *arguments, uint32_t count)
{
    return arguments[0];
}

static SqlType element_of_first(const SqlType *arguments, uint32_t count)
{
    const TypeInfo *array = type_info(arguments[0].oid);
    if (array == NULL || array->element_oid == 0)
        return SQL_TYPE(T_TEXT);
    return (SqlType){.oid = array->element_oid, .modifier = arguments[0].modifier};
}

/* --- bounds --- */

/* Dimension `argument 1` of the array; false: it has no such. */
static bool dimension_of(RowRun *run, uint32_t row, ArrayShape *shape, uint32_t *dimension)
{
    int64_t wanted = row_int64(run, 1, row);
    *shape = array_shape_of(row_array(run, 0, row));
    *dimension = (uint32_t)(wanted - 1);
    return wanted >= 1 && wanted <= shape->dimensions;
}

static bool length_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    ArrayShape shape;
    uint32_t d;
    *is_null = !dimension_of(run, row, &shape, &d);
    *result = *is_null ? 0 : shape.lengths[d];
    return true;
}

static bool lower_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    ArrayShape shape;
    uint32_t d;
    *is_null = !dimension_of(run, row, &shape, &d);
    *result = *is_null ? 0 : shape.lower[d];
    return true;
}

static bool upper_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    ArrayShape shape;
    uint32_t d;
    *is_null = !dimension_of(run, row, &shape, &d);
    *result = *is_null ? 0 : (int64_t)shape.lower[d] + shape.lengths[d] - 1;
    return true;
}

static bool dimensions_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = array_shape_of(row_array(run, 0, row)).dimensions;
    *is_null = *result == 0;
    return true;
}

static bool dims_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    ArrayShape shape = array_shape_of(row_array(run, 0, row));
    *is_null = shape.dimensions == 0;
    char *out = text_sink_reserve(&run->sink, ARRAY_BOUNDS_SIZE);
    *result = text_sink_take(&run->sink, array_bounds_text(&shape, out));
    return true;
}

/* --- a[i][j] --- */

/* The place among all elements that the subscripts of a row name; UINT32_MAX: none. */
static uint32_t element_place(const Vector *arguments, uint32_t count, uint32_t row)
{
    for (uint32_t i = 0; i < count; i++)
        if (vector_is_null(&arguments[i], row))
            return UINT32_MAX;
    ArrayValue cell = VECTOR_DATA(ArrayValue, &arguments[0])[vector_row(&arguments[0], row)];
    ArrayShape shape = array_shape_of(cell);
    if (shape.dimensions != count - 1)
        return UINT32_MAX;
    uint32_t place = 0;
    for (uint32_t d = 0; d < shape.dimensions; d++) {
        const Vector *indexes = &arguments[d + 1];
        int64_t index = VECTOR_DATA(int64_t, indexes)[vector_row(indexes, row)] - shape.lower[d];
        if (index < 0 || index >= shape.lengths[d])
            return UINT32_MAX;
        place = place * shape.lengths[d] + (uint32_t)index;
    }
    return cell.offset + place;
}

static bool element_run(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                        const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    uint32_t *places = arena_alloc_vector(arena, rows * sizeof *places);
    bool any = false;
    for (uint32_t i = 0; i < rows; i++) {
        places[i] = element_place(arguments, call->argument_count, i);
        any |= places[i] != UINT32_MAX;
    }
    *result = any ? vector_gather_or_null(arena, arguments[0].elements, places, rows)
                  : vector_null(arena, type_layout(call->result_type), rows);
    return true;
}

/* --- a[m:n][p:q] --- */

/* The first and last place that are wanted of each dimension, from 0; false: of one none. */
static bool part_ranges(RowRun *run, uint32_t row, const ArrayShape *shape, uint32_t *first,
                        ArrayShape *part)
{
    uint32_t given = (run->call->argument_count - 1) / 2;
    if (shape->dimensions == 0 || given > shape->dimensions)
        return false;
    part->dimensions = shape->dimensions;
    for (uint32_t d = 0; d < shape->dimensions; d++) {
        int64_t lowest = shape->lower[d], highest = lowest + shape->lengths[d] - 1;
        int64_t from = d < given ? row_int64(run, 1 + 2 * d, row) : lowest;
        int64_t to = d < given ? row_int64(run, 2 + 2 * d, row) : highest;
        from = from < lowest ? lowest : from;
        to = to > highest ? highest : to;
        if (from > to)
            return false;
        first[d] = (uint32_t)(from - lowest);
        part->lengths[d] = (uint32_t)(to - from) + 1;
        part->lower[d] = 1;
    }
    return true;
}

/* Appends the elements of the part in their order. */
static void append_part(const Vector *elements, ArrayValue cell, const ArrayShape *shape,
                        const uint32_t *first, const ArrayShape *part, uint32_t count,
                        VectorBuilder *builder)
{
    uint32_t at[ARRAY_MAX_DIMENSIONS] = {0}; /* in the part */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = 0;
        for (uint32_t d = 0; d < shape->dimensions; d++)
            place = place * shape->lengths[d] + first[d] + at[d];
        vector_builder_row(builder->elements, elements, cell.offset + place);
        for (uint32_t d = part->dimensions; d-- > 0;) {
            if (++at[d] < part->lengths[d])
                break;
            at[d] = 0;
        }
    }
}

static bool part_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    ArrayValue cell = row_array(run, 0, row);
    ArrayShape shape = array_shape_of(cell), part = {0};
    uint32_t first[ARRAY_MAX_DIMENSIONS], count = 1;
    int64_t packed;
    if (!part_ranges(run, row, &shape, first, &part)) {
        vector_builder_array(builder, 0);
        return true;
    }
    if (!array_pack_shape(&part, &packed, run->fault))
        return false;
    for (uint32_t d = 0; d < part.dimensions; d++)
        count *= part.lengths[d];
    vector_builder_shaped(builder, count, packed);
    append_part(run->arguments[0].elements, cell, &shape, first, &part, count, builder);
    return true;
}

/* --- arrays of arrays: ARRAY[[..], [..]] --- */

static bool stack_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    uint32_t count = run->call->argument_count, total = 0;
    ArrayValue first = {0};
    bool any_empty = false;
    int64_t packed;
    for (uint32_t i = 0; i < count; i++) {
        ArrayValue cell = {0};
        if (!row_is_null(run, i, row))
            cell = row_array(run, i, row);
        any_empty |= cell.count == 0;
        bool differs = cell.count != first.count || cell.shape != first.shape;
        if (cell.count != 0 && first.count != 0 && differs)
            return array_mismatch(run->fault);
        first = cell.count != 0 ? cell : first;
        total += cell.count;
    }
    if (first.count == 0) {
        vector_builder_array(builder, 0);
        return true;
    }
    if (any_empty)
        return array_mismatch(run->fault);
    if (!array_stack_shape(first, count, &packed, run->fault))
        return false;
    vector_builder_shaped(builder, total, packed);
    for (uint32_t i = 0; i < count; i++) {
        ArrayValue cell = row_array(run, i, row);
        for (uint32_t e = 0; e < cell.count; e++)
            vector_builder_row(builder->elements, run->arguments[i].elements, cell.offset + e);
    }
    return true;
}

bool array_mismatch(Fault *fault)
{
    return fault_set(fault, FAULT_ARRAY_SUBSCRIPT_ERROR,
                     "multidimensional arrays must have array expressions with matching "
                     "dimensions");
}

bool array_stack_shape(ArrayValue part, uint32_t count, int64_t *packed, Fault *fault)
{
    ArrayShape inner = array_shape_of(part);
    if (inner.dimensions == ARRAY_MAX_DIMENSIONS)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "number of array dimensions (%u) exceeds the maximum allowed (%d)",
                         inner.dimensions + 1, ARRAY_MAX_DIMENSIONS);
    ArrayShape outer = {.dimensions = inner.dimensions + 1, .lengths = {count}, .lower = {1}};
    for (uint32_t d = 0; d < inner.dimensions; d++) {
        outer.lengths[d + 1] = inner.lengths[d];
        outer.lower[d + 1] = inner.lower[d];
    }
    return array_pack_shape(&outer, packed, fault);
}

/* --- array_cat --- */

static bool incompatible(const char *detail, Fault *fault)
{
    fault_set(fault, FAULT_ARRAY_SUBSCRIPT_ERROR, "cannot concatenate incompatible arrays");
    return fault_detail(fault, "%s", detail);
}

static bool same_inside(const ArrayShape *a, uint32_t from_a, const ArrayShape *b, uint32_t from_b)
{
    for (uint32_t i = 0; from_a + i < a->dimensions; i++)
        if (a->lengths[from_a + i] != b->lengths[from_b + i] ||
            a->lower[from_a + i] != b->lower[from_b + i])
            return false;
    return true;
}

bool array_cat_shape(ArrayValue first, ArrayValue second, int64_t *packed, Fault *fault)
{
    if (first.count == 0 || second.count == 0) {
        *packed = first.count == 0 ? second.shape : first.shape;
        return true;
    }
    ArrayShape a = array_shape_of(first), b = array_shape_of(second), sum = a;
    if (a.dimensions == b.dimensions) {
        if (!same_inside(&a, 1, &b, 1))
            return incompatible("Arrays with differing element dimensions are not compatible for "
                                "concatenation.", fault);
        sum.lengths[0] += b.lengths[0];
    } else if (a.dimensions == b.dimensions + 1) {
        if (!same_inside(&b, 0, &a, 1))
            return incompatible("Arrays with differing dimensions are not compatible for "
                                "concatenation.", fault);
        sum.lengths[0]++;
    } else if (a.dimensions + 1 == b.dimensions) {
        if (!same_inside(&a, 0, &b, 1))
            return incompatible("Arrays with differing dimensions are not compatible for "
                                "concatenation.", fault);
        sum = b;
        sum.lengths[0]++;
    } else {
        fault_set(fault, FAULT_ARRAY_SUBSCRIPT_ERROR, "cannot concatenate incompatible arrays");
        return fault_detail(fault,
                            "Arrays of %u and %u dimensions are not compatible for concatenation.",
                            a.dimensions, b.dimensions);
    }
    return array_pack_shape(&sum, packed, fault);
}

/* --- array_fill --- */

enum { FILL_MOST = 1000000 };

/* Argument `argument`, integer[], as numbers of so many dimensions. */
static bool fill_numbers(RowRun *run, uint32_t argument, uint32_t row, const char *what,
                         uint32_t *count, int64_t *numbers)
{
    if (row_is_null(run, argument, row))
        return fault_set(run->fault, FAULT_NULL_VALUE_NOT_ALLOWED,
                         "dimension array or low bound array cannot be null");
    ArrayValue list = row_array(run, argument, row);
    const Vector *elements = run->arguments[argument].elements;
    if (array_shape_of(list).dimensions > 1) {
        fault_set(run->fault, FAULT_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
        return fault_detail(run->fault, "Dimension array must be one dimensional.");
    }
    if (list.count > ARRAY_MAX_DIMENSIONS)
        return fault_set(run->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "number of dimensions (%u) exceeds the maximum allowed (%d)", list.count,
                         ARRAY_MAX_DIMENSIONS);
    for (uint32_t i = 0; i < list.count; i++) {
        if (vector_is_null(elements, list.offset + i))
            return fault_set(run->fault, FAULT_NULL_VALUE_NOT_ALLOWED, "%s values cannot be null",
                             what);
        numbers[i] = VECTOR_DATA(int64_t, elements)[vector_row(elements, list.offset + i)];
    }
    *count = list.count;
    return true;
}

static bool fill_shape(RowRun *run, uint32_t row, ArrayShape *shape, uint64_t *total)
{
    int64_t lengths[ARRAY_MAX_DIMENSIONS], lower[ARRAY_MAX_DIMENSIONS];
    uint32_t lower_count = 0;
    bool has_lower = run->call->argument_count > 2;
    if (!fill_numbers(run, 1, row, "dimension", &shape->dimensions, lengths) ||
        (has_lower && !fill_numbers(run, 2, row, "dimension", &lower_count, lower)))
        return false;
    if (has_lower && lower_count != shape->dimensions) {
        fault_set(run->fault, FAULT_ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts");
        return fault_detail(run->fault, "Low bound array has different size than dimensions "
                                        "array.");
    }
    *total = shape->dimensions > 0;
    for (uint32_t d = 0; d < shape->dimensions; d++) {
        if (lengths[d] < 0 || lengths[d] > FILL_MOST ||
            (*total *= (uint64_t)lengths[d]) > FILL_MOST)
            return fault_set(run->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                             "array size exceeds the maximum allowed (%d)", FILL_MOST);
        shape->lengths[d] = (uint32_t)lengths[d];
        shape->lower[d] = has_lower ? (int32_t)lower[d] : 1;
    }
    if (*total == 0)
        shape->dimensions = 0;
    return true;
}

static bool fill_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    ArrayShape shape = {0};
    uint64_t total = 0;
    int64_t packed;
    if (!fill_shape(run, row, &shape, &total) || !array_pack_shape(&shape, &packed, run->fault))
        return false;
    vector_builder_shaped(builder, (uint32_t)total, packed);
    for (uint64_t i = 0; i < total; i++)
        vector_builder_row(builder->elements, &run->arguments[0], row);
    return true;
}

static SqlType array_of_first(const SqlType *arguments, uint32_t count)
{
    const TypeInfo *info = type_info(arguments[0].oid);
    Oid array = info == NULL ? 0 : info->array_oid;
    return (SqlType){.oid = array != 0 ? array : T_TEXT_ARRAY, .modifier = arguments[0].modifier};
}

ROW_LOOP(length_loop, length_row, int64_t)
ROW_LOOP(lower_loop, lower_row, int64_t)
ROW_LOOP(upper_loop, upper_row, int64_t)
ROW_LOOP(dimensions_loop, dimensions_row, int64_t)
ROW_LOOP(dims_loop, dims_row, Text)
ARRAY_LOOP(part_loop, part_row)
ARRAY_LOOP(stack_loop, stack_row)
ARRAY_LOOP(fill_loop, fill_row)

#define LOOK_ROW(id, function, count, type, loop_method, does, sample, value, ...)                 \
    { .oid = id, .name = function, .argument_count = count, .arguments = { __VA_ARGS__ },          \
      .result = type, .run = run_rows, .loop = (void *)(loop_method), .summary = does,             \
      .example = sample, .gives = value }
#define MAKE_ROW(id, function, typing, loop_method)                                                \
    .oid = id, .name = function, .result = T_ANYARRAY, .run = run_array_rows,                      \
    .result_of = typing, .loop = (void *)(loop_method)

const ScalarFunction array_dimensions_functions[] = {
    LOOK_ROW(2176, "array_length", 2, T_INT4, length_loop,
             "Number of elements of a dimension; NULL when it has none.",
             "array_length(ARRAY[1, 2, 3], 1)", "3", T_ANYARRAY, T_INT4),
    LOOK_ROW(2091, "array_lower", 2, T_INT4, lower_loop, "The lower bound of a dimension.",
             "array_lower('[0:2]={1,2,3}'::integer[], 1)", "0", T_ANYARRAY, T_INT4),
    LOOK_ROW(2092, "array_upper", 2, T_INT4, upper_loop, "The upper bound of a dimension.",
             "array_upper(ARRAY[1, 8, 3], 1)", "3", T_ANYARRAY, T_INT4),
    LOOK_ROW(748, "array_ndims", 1, T_INT4, dimensions_loop, "Number of dimensions.",
             "array_ndims(ARRAY[[1, 2, 3], [4, 5, 6]])", "2", T_ANYARRAY),
    LOOK_ROW(747, "array_dims", 1, T_TEXT, dims_loop, "The bounds of the dimensions.",
             "array_dims(ARRAY[[1, 2, 3], [4, 5, 6]])", "[1:2][1:3]", T_ANYARRAY),
    { .oid = 91641, .name = "array_element", .argument_count = 2, .is_variadic = true,
      .arguments = { T_ANYARRAY, T_INT4 }, .result = T_ANYELEMENT, .run = element_run,
      .result_of = element_of_first,
      .summary = "The element that subscripts name, one for each dimension: a[m][n]; NULL when "
                 "there is none.",
      .example = "(ARRAY[[1, 2], [3, 4]])[2][1]", .gives = "3" },
    { MAKE_ROW(91640, "array_part", as_first, part_loop), .argument_count = 3,
      .is_variadic = true, .arguments = { T_ANYARRAY, T_INT4, T_INT4 },
      .summary = "The elements between pairs of subscripts: a[m:n], a[m:n][p:q].",
      .example = "array_part(ARRAY[1, 2, 3, 4], 2, 3)", .gives = "{2,3}" },
    { MAKE_ROW(91642, "array_stack", as_first, stack_loop), .argument_count = 1,
      .is_variadic = true, .arguments = { T_ANYARRAY }, .nulls = NULLS_CALLED,
      .summary = "An array of arrays: ARRAY[[..], [..]].",
      .example = "ARRAY[[1, 2], [3, 4]]", .gives = "{{1,2},{3,4}}" },
    { MAKE_ROW(1193, "array_fill", array_of_first, fill_loop), .argument_count = 2,
      .arguments = { T_ANYELEMENT, T_INT4_ARRAY }, .nulls = NULLS_CALLED,
      .summary = "An array of copies of a value, of the lengths that are given.",
      .example = "array_fill(11, ARRAY[2, 3])", .gives = "{{11,11,11},{11,11,11}}" },
    { MAKE_ROW(1286, "array_fill", array_of_first, fill_loop), .argument_count = 3,
      .arguments = { T_ANYELEMENT, T_INT4_ARRAY, T_INT4_ARRAY }, .nulls = NULLS_CALLED,
      .summary = "An array of copies of a value, of the lengths and from the lower bounds that "
                 "are given.",
      .example = "array_fill(7, ARRAY[3], ARRAY[2])", .gives = "[2:4]={7,7,7}" },
};
const uint32_t array_dimensions_function_count =
    sizeof array_dimensions_functions / sizeof array_dimensions_functions[0];

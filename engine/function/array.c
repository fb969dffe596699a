/*
 * Arrays: length, access, search, making, and texts to and from them. A multi-value string is an
 * array of texts, so the MV_ functions are other names of the same.
 *
 * Two notions of NULL elements: in Druid's functions a NULL element equals NULL; in PostgreSQL's
 * operators @> <@ && and in = ANY it equals nothing.
 */
#include "engine/function/array_internal.h"
#include "engine/function/text_internal.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* --- types --- */

static SqlType same_as_first(const SqlType *arguments, uint32_t count)
{
    return arguments[0];
}

static SqlType same_as_second(const SqlType *arguments, uint32_t count)
{
    return count > 1 ? arguments[1] : arguments[0];
}

static SqlType element_of_first(const SqlType *arguments, uint32_t count)
{
    const TypeInfo *array = type_info(arguments[0].oid);
    if (array == NULL || array->element_oid == 0)
        return SQL_TYPE(T_TEXT);
    return (SqlType){.oid = array->element_oid, .modifier = arguments[0].modifier};
}

/* --- elements --- */

static inline bool is_null_element(const Vector *array, ArrayValue value, uint32_t index)
{
    return vector_is_null(array->elements, value.offset + index);
}

/* Index of the first element equal to row `row` of `item`, or -1. NULLs are equal when
 * `null_matches`. */
static int64_t find_element(const Vector *array, ArrayValue value, const Vector *item, uint32_t row,
                            bool null_matches)
{
    if (!null_matches && vector_is_null(item, row))
        return -1;
    for (uint32_t i = 0; i < value.count; i++)
        if (vector_rows_equal(array->elements, value.offset + i, item, row))
            return i;
    return -1;
}

static bool has_null_element(const Vector *array, ArrayValue value)
{
    for (uint32_t i = 0; i < value.count; i++)
        if (is_null_element(array, value, i))
            return true;
    return false;
}

/* Whether every element of `part` is in `array`. */
static bool holds_all(const Vector *array, ArrayValue value, const Vector *part,
                      ArrayValue part_value, bool null_matches)
{
    for (uint32_t i = 0; i < part_value.count; i++)
        if (find_element(array, value, part->elements, part_value.offset + i, null_matches) < 0)
            return false;
    return true;
}

static bool holds_any(const Vector *array, ArrayValue value, const Vector *part,
                      ArrayValue part_value, bool null_matches)
{
    for (uint32_t i = 0; i < part_value.count; i++)
        if (find_element(array, value, part->elements, part_value.offset + i, null_matches) >= 0)
            return true;
    return false;
}

/* --- length and access --- */

static bool length_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = row_array(run, 0, row).count;
    return true;
}

/* Elements at an index that counts from `base`, whatever their layout: one gather. */
static bool access_elements(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                            int64_t base, Arena *arena, Vector *result)
{
    const Vector *arrays = &arguments[0], *indexes = &arguments[1];
    Layout layout = type_layout(call->result_type);
    uint32_t *places = arena_alloc_vector(arena, rows * sizeof *places);
    bool any = false;
    for (uint32_t i = 0; i < rows; i++) {
        places[i] = UINT32_MAX;
        if (vector_is_null(arrays, i) || vector_is_null(indexes, i))
            continue;
        ArrayValue array = VECTOR_DATA(ArrayValue, arrays)[vector_row(arrays, i)];
        int64_t index = VECTOR_DATA(int64_t, indexes)[vector_row(indexes, i)];
        if (index < base || index - base >= array.count)
            continue;
        places[i] = array.offset + (uint32_t)(index - base);
        any = true;
    }
    *result = any ? vector_gather_or_null(arena, arrays->elements, places, rows)
                  : vector_null(arena, layout, rows);
    return true;
}

static bool array_offset_run(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                             const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    return access_elements(call, arguments, rows, 0, arena, result);
}

static bool array_ordinal_run(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                              const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    return access_elements(call, arguments, rows, 1, arena, result);
}

/* --- search --- */

static bool offset_of_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    if (row_is_null(run, 0, row)) {
        *is_null = 1;
        return true;
    }
    *result =
        find_element(&run->arguments[0], row_array(run, 0, row), &run->arguments[1], row, true);
    *is_null = *result < 0;
    return true;
}

static bool ordinal_of_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    if (!offset_of_row(run, row, result, is_null))
        return false;
    ++*result;
    return true;
}

/* array_position(array, element): by subscripts. */
static bool position_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    int64_t lower = 1;
    if (!row_is_null(run, 0, row) &&
        !array_search_from(row_array(run, 0, row), &lower, run->fault))
        return false;
    if (!offset_of_row(run, row, result, is_null))
        return false;
    *result += lower;
    return true;
}

/* ARRAY_CONTAINS(array, element): a NULL array is NULL, a NULL element matches one. */
static bool contains_element_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *is_null = row_is_null(run, 0, row);
    *result = !*is_null && find_element(&run->arguments[0], row_array(run, 0, row),
                                        &run->arguments[1], row, true) >= 0;
    return true;
}

/* ARRAY_CONTAINS(array, array), ARRAY_OVERLAP: a NULL second array is false. */
static bool contains_all_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *is_null = row_is_null(run, 0, row);
    *result = !*is_null && !row_is_null(run, 1, row) &&
              holds_all(&run->arguments[0], row_array(run, 0, row), &run->arguments[1],
                        row_array(run, 1, row), true);
    return true;
}

static bool overlap_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *is_null = row_is_null(run, 0, row);
    *result = !*is_null && !row_is_null(run, 1, row) &&
              holds_any(&run->arguments[0], row_array(run, 0, row), &run->arguments[1],
                        row_array(run, 1, row), true);
    return true;
}

/* SCALAR_IN_ARRAY(x, array) */
static bool scalar_in_array_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *result = 0;
    *is_null = row_is_null(run, 1, row);
    if (*is_null)
        return true;
    const Vector *array = &run->arguments[1];
    ArrayValue value = row_array(run, 1, row);
    *result = find_element(array, value, &run->arguments[0], row, true) >= 0;
    *is_null = !*result && (row_is_null(run, 0, row) || has_null_element(array, value));
    return true;
}

/* x = ANY (array): three-valued. */
static bool any_equal_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    const Vector *array = &run->arguments[1];
    *result = false; /* a NULL has a value, too */
    *is_null = row_is_null(run, 1, row);
    if (*is_null)
        return true;
    ArrayValue value = row_array(run, 1, row);
    *is_null = value.count > 0; /* of no elements none is equal, be it to NULL */
    if (row_is_null(run, 0, row))
        return true;
    *result = find_element(array, value, &run->arguments[0], row, false) >= 0;
    *is_null = !*result && has_null_element(array, value);
    return true;
}

static bool pg_contains_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *result = holds_all(&run->arguments[0], row_array(run, 0, row), &run->arguments[1],
                        row_array(run, 1, row), false);
    return true;
}

static bool pg_contained_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *result = holds_all(&run->arguments[1], row_array(run, 1, row), &run->arguments[0],
                        row_array(run, 0, row), false);
    return true;
}

static bool pg_overlap_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *result = holds_any(&run->arguments[0], row_array(run, 0, row), &run->arguments[1],
                        row_array(run, 1, row), false);
    return true;
}

/* --- making --- */

static void append_elements(VectorBuilder *builder, const Vector *array, ArrayValue value)
{
    for (uint32_t i = 0; i < value.count; i++)
        vector_builder_row(builder->elements, array->elements, value.offset + i);
}

/* A NULL array is an empty one, as in PostgreSQL; in the druid dialect it gives NULL. */
static bool append_or_prepend(RowRun *run, uint32_t row, uint32_t array_argument,
                              VectorBuilder *builder)
{
    const Vector *array = &run->arguments[array_argument];
    const Vector *item = &run->arguments[1 - array_argument];
    ArrayValue value = {0};
    if (!row_is_null(run, array_argument, row)) {
        value = row_array(run, array_argument, row);
    } else if (call_is_druid(run->call)) {
        vector_builder_null(builder);
        return true;
    }
    ArrayShape shape = array_shape_of(value);
    int64_t packed = 0;
    if (shape.dimensions > 1)
        return fault_set(run->fault, FAULT_DATA_EXCEPTION,
                         "argument must be empty or one-dimensional array");
    shape.lengths[0]++; /* the lower bound stays */
    if (value.shape != 0 && !array_pack_shape(&shape, &packed, run->fault))
        return false;
    vector_builder_shaped(builder, value.count + 1, packed);
    if (array_argument == 0)
        append_elements(builder, array, value);
    vector_builder_row(builder->elements, item, row);
    if (array_argument == 1)
        append_elements(builder, array, value);
    return true;
}

static bool append_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return append_or_prepend(run, row, 0, builder);
}

static bool prepend_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return append_or_prepend(run, row, 1, builder);
}

static bool concat_strict_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    ArrayValue a = row_array(run, 0, row), b = row_array(run, 1, row);
    vector_builder_array(builder, a.count + b.count);
    append_elements(builder, &run->arguments[0], a);
    append_elements(builder, &run->arguments[1], b);
    return true;
}

/* array_cat: a NULL array adds nothing. */
static bool cat_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    bool no_a = row_is_null(run, 0, row), no_b = row_is_null(run, 1, row);
    if (no_a && no_b) {
        vector_builder_null(builder);
        return true;
    }
    ArrayValue a = {0}, b = {0};
    if (!no_a)
        a = row_array(run, 0, row);
    if (!no_b)
        b = row_array(run, 1, row);
    int64_t shape;
    if (!array_cat_shape(a, b, &shape, run->fault))
        return false;
    vector_builder_shaped(builder, a.count + b.count, shape);
    append_elements(builder, &run->arguments[0], a);
    append_elements(builder, &run->arguments[1], b);
    return true;
}

/* ARRAY_SLICE(array, start, end): 0-based, the end exclusive; NULLs fill up past the array. */
static bool slice_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    ArrayValue array = row_array(run, 0, row);
    int64_t start = row_int64(run, 1, row);
    int64_t end = run->call->argument_count > 2 ? row_int64(run, 2, row) : array.count;
    if (start < 0 || start > array.count || start > end) {
        vector_builder_null(builder);
        return true;
    }
    if (end - start > 1000000)
        return fault_set(run->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "a slice of %lld elements is too long", (long long)(end - start));
    vector_builder_array(builder, (uint32_t)(end - start));
    for (int64_t i = start; i < end; i++) {
        if (i < array.count)
            vector_builder_row(builder->elements, run->arguments[0].elements,
                               array.offset + (uint32_t)i);
        else
            vector_builder_null(builder->elements);
    }
    return true;
}

/* array_remove(array, element), with NULL equal to NULL. */
static bool remove_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    if (row_is_null(run, 0, row)) {
        vector_builder_null(builder);
        return true;
    }
    const Vector *array = &run->arguments[0], *item = &run->arguments[1];
    ArrayValue value = row_array(run, 0, row);
    ArrayShape shape = array_shape_of(value);
    int64_t packed;
    if (shape.dimensions > 1)
        return fault_set(run->fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "removing elements from multidimensional arrays is not supported");
    uint32_t kept = 0;
    for (uint32_t i = 0; i < value.count; i++)
        kept += !vector_rows_equal(array->elements, value.offset + i, item, row);
    shape.lengths[0] = kept;
    shape.dimensions = kept > 0;
    if (!array_pack_shape(&shape, &packed, run->fault))
        return false;
    vector_builder_shaped(builder, kept, packed);
    for (uint32_t i = 0; i < value.count; i++)
        if (!vector_rows_equal(array->elements, value.offset + i, item, row))
            vector_builder_row(builder->elements, array->elements, value.offset + i);
    return true;
}

/* MV_FILTER_ONLY, MV_FILTER_NONE: elements that are (not) listed; nothing left is NULL. */
static bool filter_listed(RowRun *run, uint32_t row, bool wanted, VectorBuilder *builder)
{
    const Vector *array = &run->arguments[0], *list = &run->arguments[1];
    ArrayValue value = row_array(run, 0, row), listed = row_array(run, 1, row);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < value.count; i++)
        kept +=
            (find_element(list, listed, array->elements, value.offset + i, true) >= 0) == wanted;
    if (kept == 0) {
        vector_builder_null(builder);
        return true;
    }
    vector_builder_array(builder, kept);
    for (uint32_t i = 0; i < value.count; i++)
        if ((find_element(list, listed, array->elements, value.offset + i, true) >= 0) == wanted)
            vector_builder_row(builder->elements, array->elements, value.offset + i);
    return true;
}

static bool filter_only_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return filter_listed(run, row, true, builder);
}

static bool filter_none_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return filter_listed(run, row, false, builder);
}

/* MV_TO_ARRAY, ARRAY_TO_MV: what is an array already. */
static bool identity_run(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                         const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    *result = arguments[0];
    return true;
}

/* --- texts from arrays --- */

/* array_to_string(array, separator [, null text]). NULL elements are left out, or shown as the
 * third argument; in the druid dialect as `null`, and an array of one NULL is NULL. */
static bool to_string_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                           uint8_t *is_null)
{
    const Vector *arrays = &run->arguments[0];
    Text *out = results;
    bool is_druid = call_is_druid(run->call), has_null_text = run->call->argument_count > 2;
    Text *cells = NULL;
    if (arrays->elements != NULL && arrays->elements->length > 0) {
        cells = arena_alloc_vector(run->arena, arrays->elements->length * sizeof *cells);
        SqlType element = element_of_first(run->call->argument_types, 1);
        type_format_text(element, run->call->context, arrays->elements, run->arena, cells);
    }
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = (Text){.data = "", .length = 0};
        is_null[i] |= row_is_null(run, 0, i) || row_is_null(run, 1, i);
        if ((skip != NULL && skip[i]) || is_null[i])
            continue;
        ArrayValue array = row_array(run, 0, i);
        Text separator = row_text(run, 1, i);
        Text null_text = is_druid ? text_of("null") : (Text){0};
        if (has_null_text && !row_is_null(run, 2, i)) {
            null_text = row_text(run, 2, i);
            if (null_text.data == NULL)
                null_text.data = "";
        }
        if (is_druid && array.count == 1 && cells[array.offset].data == NULL) {
            is_null[i] = 1;
            continue;
        }
        uint64_t total = 0;
        for (uint32_t j = 0; j < array.count; j++) {
            Text cell = cells[array.offset + j];
            total +=
                (uint64_t)separator.length + (cell.data == NULL ? null_text.length : cell.length);
        }
        if (total > TEXT_MAX_LENGTH)
            return text_too_long(run->fault);
        if (!guard_passes(run->fault))
            return false;
        char *start = text_sink_reserve(&run->sink, total), *at = start;
        bool is_first = true;
        for (uint32_t j = 0; j < array.count; j++) {
            Text cell = cells[array.offset + j];
            if (cell.data == NULL)
                cell = null_text;
            if (cell.data == NULL)
                continue;
            if (!is_first && separator.length > 0) {
                memcpy(at, separator.data, separator.length);
                at += separator.length;
            }
            is_first = false;
            if (cell.length > 0)
                memcpy(at, cell.data, cell.length);
            at += cell.length;
        }
        out[i] = text_sink_take(&run->sink, (size_t)(at - start));
    }
    return true;
}

/* --- arrays from texts --- */

typedef struct Pieces {
    Text *texts;
    uint32_t count, capacity;
    Arena *arena;
    Fault *fault; /* set by the guard; the loop over rows asks it again */
} Pieces;

/* False: the guard has a fault; there is no use in going on. */
static bool pieces_add(Pieces *pieces, const char *start, const char *end)
{
    if (pieces->count == pieces->capacity) {
        uint32_t capacity = pieces->capacity == 0 ? 16 : pieces->capacity * 2;
        Text *texts = ARENA_ARRAY(pieces->arena, Text, capacity);
        if (pieces->count > 0)
            memcpy(texts, pieces->texts, pieces->count * sizeof *texts);
        pieces->texts = texts;
        pieces->capacity = capacity;
    }
    pieces->texts[pieces->count++] = text_between(start, end);
    return guard_passes(pieces->fault);
}

static void split_literal(Text text, Text separator, Pieces *pieces)
{
    const char *at = text.data, *end = at + text.length;
    for (;;) {
        int64_t found = text_find(at, (size_t)(end - at), separator.data, separator.length);
        if (!pieces_add(pieces, at, found < 0 ? end : at + found) || found < 0)
            return;
        at += found + separator.length;
    }
}

static void split_characters(Text text, Pieces *pieces)
{
    const char *at = text.data, *end = at + text.length;
    while (at < end) {
        const char *next = utf8_next(at, end);
        if (!pieces_add(pieces, at, next))
            return;
        at = next;
    }
}

/* Java's split: by a regular expression, empty pieces at the end dropped. */
static bool split_regexp(Text text, Text pattern, Pieces *pieces, Fault *fault)
{
    int error;
    size_t error_at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.length,
                                     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &error_at, NULL);
    if (code == NULL)
        return fault_set(fault, FAULT_INVALID_REGULAR_EXPRESSION,
                         "invalid regular expression: %.*s", TEXT_ARGS(pattern));
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
    const size_t *places = pcre2_get_ovector_pointer(match);
    size_t piece = 0, from = 0;
    while (from <= text.length &&
           pcre2_match(code, (PCRE2_SPTR)text.data, text.length, from, 0, match, NULL) >= 0) {
        size_t start = places[0], end = places[1];
        if (end > start) {
            pieces_add(pieces, text.data + piece, text.data + start);
            piece = from = end;
        } else {
            if (start > piece && start < text.length) {
                pieces_add(pieces, text.data + piece, text.data + start);
                piece = start;
            }
            if (start >= text.length)
                break;
            from = (size_t)(utf8_next(text.data + start, text.data + text.length) - text.data);
        }
    }
    pieces_add(pieces, text.data + piece, text.data + text.length);
    while (pieces->count > 1 && pieces->texts[pieces->count - 1].length == 0)
        pieces->count--;
    pcre2_match_data_free(match);
    pcre2_code_free(code);
    return true;
}

static bool has_regexp_meaning(Text pattern)
{
    for (uint32_t i = 0; i < pattern.length; i++)
        if (pattern.data[i] == '\0' || strchr("\\^$.|?*+()[]{}", pattern.data[i]) != NULL)
            return true;
    return false;
}

static bool split_druid(Text text, Text separator, Pieces *pieces, Fault *fault)
{
    if (text.length == 0) {
        pieces_add(pieces, "", "");
        return true;
    }
    if (separator.length == 0) {
        split_characters(text, pieces);
        return true;
    }
    if (has_regexp_meaning(separator))
        return split_regexp(text, separator, pieces, fault);
    split_literal(text, separator, pieces);
    while (pieces->count > 1 && pieces->texts[pieces->count - 1].length == 0)
        pieces->count--;
    return true;
}

/*
 * string_to_array(text, separator [, null text]): a NULL separator splits into characters, an
 * empty one not at all, an empty text gives an empty array. In the druid dialect (and for
 * STRING_TO_MV) the separator is a regular expression.
 */
static bool split_row(RowRun *run, uint32_t row, bool is_druid, VectorBuilder *builder)
{
    bool has_null_text = run->call->argument_count > 2 && !row_is_null(run, 2, row);
    if (row_is_null(run, 0, row) || (is_druid && row_is_null(run, 1, row))) {
        vector_builder_null(builder);
        return true;
    }
    Text text = row_text(run, 0, row);
    Pieces pieces = {.arena = run->arena, .fault = run->fault};
    if (is_druid) {
        if (!split_druid(text, row_text(run, 1, row), &pieces, run->fault))
            return false;
    } else if (text.length > 0) {
        if (row_is_null(run, 1, row))
            split_characters(text, &pieces);
        else if (row_text(run, 1, row).length == 0)
            pieces_add(&pieces, text.data, text.data + text.length);
        else
            split_literal(text, row_text(run, 1, row), &pieces);
    }
    if (!guard_passes(run->fault))
        return false;
    vector_builder_array(builder, pieces.count);
    for (uint32_t i = 0; i < pieces.count; i++) {
        if (has_null_text && text_equal(pieces.texts[i], row_text(run, 2, row)))
            vector_builder_null(builder->elements);
        else
            vector_builder_text_view(builder->elements, pieces.texts[i]);
    }
    return true;
}

static bool string_to_array_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return split_row(run, row, call_is_druid(run->call), builder);
}

static bool string_to_mv_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return split_row(run, row, true, builder);
}

ROW_LOOP(length_loop, length_row, int64_t)
ROW_LOOP(offset_of_loop, offset_of_row, int64_t)
ROW_LOOP(position_loop, position_row, int64_t)
ROW_LOOP(ordinal_of_loop, ordinal_of_row, int64_t)
ROW_LOOP(contains_element_loop, contains_element_row, uint8_t)
ROW_LOOP(contains_all_loop, contains_all_row, uint8_t)
ROW_LOOP(overlap_loop, overlap_row, uint8_t)
ROW_LOOP(scalar_in_array_loop, scalar_in_array_row, uint8_t)
ROW_LOOP(any_equal_loop, any_equal_row, uint8_t)
ROW_LOOP(pg_contains_loop, pg_contains_row, uint8_t)
ROW_LOOP(pg_contained_loop, pg_contained_row, uint8_t)
ROW_LOOP(pg_overlap_loop, pg_overlap_row, uint8_t)
ARRAY_LOOP(append_loop, append_row)
ARRAY_LOOP(prepend_loop, prepend_row)
ARRAY_LOOP(concat_strict_loop, concat_strict_row)
ARRAY_LOOP(cat_loop, cat_row)
ARRAY_LOOP(slice_loop, slice_row)
ARRAY_LOOP(remove_loop, remove_row)
ARRAY_LOOP(filter_only_loop, filter_only_row)
ARRAY_LOOP(filter_none_loop, filter_none_row)
ARRAY_LOOP(string_to_array_loop, string_to_array_row)
ARRAY_LOOP(string_to_mv_loop, string_to_mv_row)

#define ARRAY_ROW(id, function, count, ...)                                                        \
    .oid = id, .name = function, .argument_count = count, .arguments = { __VA_ARGS__ }
#define TEST_ROW(id, function, loop_method, null_rule, first, second, does, sample, value)         \
    { ARRAY_ROW(id, function, 2, first, second), .result = T_BOOL, .nulls = null_rule,             \
      .run = run_rows_by_value, .loop = (void *)(loop_method), .summary = does, .example = sample, \
      .gives = value }
#define OPERATOR_ROW(id, function, sign, loop_method, does, sample, value)                         \
    { ARRAY_ROW(id, function, 2, T_ANYARRAY, T_ANYARRAY), .symbol = sign, .result = T_BOOL,        \
      .run = run_rows_by_value, .loop = (void *)(loop_method), .summary = does, .example = sample, \
      .gives = value }
#define MAKE_ROW(id, function, other_names, loop_method, null_rule, type_of, does, sample, value,  \
                 count, ...)                                                                       \
    { ARRAY_ROW(id, function, count, __VA_ARGS__), .aliases = other_names, .result = T_ANYARRAY,   \
      .result_of = type_of, .nulls = null_rule, .run = run_array_rows,                             \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }

const ScalarFunction array_functions[] = {
    { ARRAY_ROW(91600, "array_length", 1, T_ANYARRAY), .aliases = "mv_length", .result = T_INT8,
      .run = run_rows, .loop = (void *)length_loop,
      .summary = "Number of elements.", .example = "array_length(ARRAY[1, NULL])", .gives = "2" },
    { ARRAY_ROW(3179, "cardinality", 1, T_ANYARRAY), .result = T_INT4,
      .run = run_rows, .loop = (void *)length_loop,
      .summary = "Number of elements.", .example = "cardinality(ARRAY[1, 2])", .gives = "2" },
    { ARRAY_ROW(91601, "array_offset", 2, T_ANYARRAY, T_INT8), .aliases = "mv_offset",
      .result = T_ANYELEMENT, .result_of = element_of_first, .run = array_offset_run,
      .summary = "The element at an index from 0; NULL outside.",
      .example = "array_offset(ARRAY[5, 6], 1)", .gives = "6" },
    { ARRAY_ROW(91602, "array_ordinal", 2, T_ANYARRAY, T_INT8), .aliases = "mv_ordinal",
      .result = T_ANYELEMENT, .result_of = element_of_first, .run = array_ordinal_run,
      .summary = "The element at an index from 1; NULL outside.",
      .example = "array_ordinal(ARRAY[5, 6], 1)", .gives = "5" },
    { ARRAY_ROW(91603, "array_offset_of", 2, T_ANYARRAY, T_ANYELEMENT),
      .aliases = "mv_offset_of", .result = T_INT8, .nulls = NULLS_CALLED, .run = run_rows,
      .loop = (void *)offset_of_loop,
      .summary = "Index from 0 of the first element that equals a value, else NULL.",
      .example = "array_offset_of(ARRAY['a', 'b'], 'b')", .gives = "1" },
    { ARRAY_ROW(91604, "array_ordinal_of", 2, T_ANYARRAY, T_ANYELEMENT),
      .aliases = "mv_ordinal_of", .result = T_INT8, .nulls = NULLS_CALLED, .run = run_rows,
      .loop = (void *)ordinal_of_loop,
      .summary = "Index from 1 of the first element that equals a value, else NULL.",
      .example = "array_ordinal_of(ARRAY['a', 'b'], 'b')", .gives = "2" },
    { ARRAY_ROW(3277, "array_position", 2, T_ANYARRAY, T_ANYELEMENT), .result = T_INT4,
      .nulls = NULLS_CALLED, .run = run_rows_by_value, .loop = (void *)position_loop,
      .summary = "Index of the first element that equals a value, else NULL.",
      .example = "array_position(ARRAY['a', 'b'], 'b')", .gives = "2" },
    TEST_ROW(91605, "array_contains", contains_element_loop, NULLS_CALLED, T_ANYARRAY,
             T_ANYELEMENT, "Whether an array holds a value; NULL can match NULL.",
             "array_contains(ARRAY[1, 2, 3], 2)", "t"),
    TEST_ROW(91606, "array_contains", contains_all_loop, NULLS_CALLED, T_ANYARRAY, T_ANYARRAY,
             "Whether an array holds all elements of another.",
             "array_contains(ARRAY[1, 2, 3], ARRAY[1, 3])", "t"),
    TEST_ROW(91607, "array_overlap", overlap_loop, NULLS_CALLED, T_ANYARRAY, T_ANYARRAY,
             "Whether two arrays have an element in common.",
             "array_overlap(ARRAY[1, 2], ARRAY[2, 9])", "t"),
    TEST_ROW(91608, "scalar_in_array", scalar_in_array_loop, NULLS_CALLED, T_ANYELEMENT,
             T_ANYARRAY, "Whether a value is in an array; NULL can match NULL.",
             "scalar_in_array(2, ARRAY[1, 2])", "t"),
    TEST_ROW(91609, "array_any_equal", any_equal_loop, NULLS_CALLED, T_ANYELEMENT, T_ANYARRAY,
             "x = ANY (array).", "2 = ANY (ARRAY[1, 2])", "t"),
    OPERATOR_ROW(2748, "arraycontains", "@>", pg_contains_loop,
                 "Whether the first array holds all elements of the second.",
                 "ARRAY[1, 4, 3] @> ARRAY[3, 1]", "t"),
    OPERATOR_ROW(2749, "arraycontained", "<@", pg_contained_loop,
                 "Whether the second array holds all elements of the first.",
                 "ARRAY[2, 7] <@ ARRAY[1, 7, 4, 2]", "t"),
    OPERATOR_ROW(2747, "arrayoverlap", "&&", pg_overlap_loop,
                 "Whether two arrays have an element in common.",
                 "ARRAY[1, 4, 3] && ARRAY[2, 1]", "t"),
    { ARRAY_ROW(378, "array_append", 2, T_ANYARRAY, T_ANYELEMENT), .aliases = "mv_append",
      .symbol = "||", .result = T_ANYARRAY, .result_of = same_as_first, .nulls = NULLS_CALLED,
      .run = run_array_rows, .loop = (void *)append_loop,
      .summary = "The array with a value added at its end.",
      .example = "array_append(ARRAY[1, 2], 3)", .gives = "{1,2,3}" },
    { ARRAY_ROW(379, "array_prepend", 2, T_ANYELEMENT, T_ANYARRAY), .aliases = "mv_prepend",
      .symbol = "||", .result = T_ANYARRAY, .result_of = same_as_second, .nulls = NULLS_CALLED,
      .run = run_array_rows, .loop = (void *)prepend_loop,
      .summary = "The array with a value added at its start.",
      .example = "array_prepend(1, ARRAY[2, 3])", .gives = "{1,2,3}" },
    { ARRAY_ROW(383, "array_cat", 2, T_ANYARRAY, T_ANYARRAY), .symbol = "||",
      .result = T_ANYARRAY, .result_of = same_as_first, .nulls = NULLS_CALLED,
      .run = run_array_rows, .loop = (void *)cat_loop,
      .summary = "The elements of both arrays; a NULL array adds none.",
      .example = "array_cat(ARRAY[1, 2], ARRAY[3])", .gives = "{1,2,3}" },
    MAKE_ROW(91610, "array_concat", "mv_concat", concat_strict_loop, NULLS_STRICT, same_as_first,
             "The elements of both arrays; NULL when one is.",
             "array_concat(ARRAY[1, 2], ARRAY[3])", "{1,2,3}", 2, T_ANYARRAY, T_ANYARRAY),
    { ARRAY_ROW(91611, "array_slice", 3, T_ANYARRAY, T_INT8, T_INT8), .optional_count = 1,
      .aliases = "mv_slice", .result = T_ANYARRAY, .result_of = same_as_first,
      .run = run_array_rows, .loop = (void *)slice_loop,
      .summary = "Elements from an index (from 0) up to another, filled up with NULLs, or to the "
                 "array's end.",
      .example = "array_slice(ARRAY['a', 'b', 'c'], 1, 5)", .gives = "{b,c,NULL,NULL}" },
    MAKE_ROW(3167, "array_remove", NULL, remove_loop, NULLS_CALLED, same_as_first,
             "The array without the elements that equal a value.",
             "array_remove(ARRAY[1, 2, 3, 2], 2)", "{1,3}", 2, T_ANYARRAY, T_ANYELEMENT),
    MAKE_ROW(91612, "mv_filter_only", NULL, filter_only_loop, NULLS_STRICT, same_as_first,
             "The elements that are listed; NULL when none is.",
             "mv_filter_only(ARRAY['a', 'b'], ARRAY['a'])", "{a}", 2, T_ANYARRAY, T_ANYARRAY),
    MAKE_ROW(91613, "mv_filter_none", NULL, filter_none_loop, NULLS_STRICT, same_as_first,
             "The elements that are not listed; NULL when none is left.",
             "mv_filter_none(ARRAY['a', 'b'], ARRAY['a'])", "{b}", 2, T_ANYARRAY, T_ANYARRAY),
    { ARRAY_ROW(91614, "mv_to_array", 1, T_ANYARRAY), .aliases = "array_to_mv",
      .result = T_ANYARRAY, .result_of = same_as_first, .run = identity_run,
      .summary = "The array itself: a multi-value string is one.",
      .example = "mv_to_array(ARRAY['a', 'b'])", .gives = "{a,b}" },
    { ARRAY_ROW(384, "array_to_string", 3, T_ANYARRAY, T_TEXT, T_TEXT), .optional_count = 1,
      .aliases = "mv_to_string", .result = T_TEXT, .nulls = NULLS_CALLED, .volatility = STABLE,
      .run = run_rows, .loop = (void *)to_string_loop,
      .summary = "The elements joined by a separator; NULLs are left out, or shown as the third "
                 "argument.",
      .example = "array_to_string(ARRAY[1, 2, 3, NULL, 5], ',', '*')", .gives = "1,2,3,*,5" },
    { ARRAY_ROW(376, "string_to_array", 3, T_TEXT, T_TEXT, T_TEXT), .optional_count = 1,
      .result = T_TEXT_ARRAY, .nulls = NULLS_CALLED, .run = run_array_rows,
      .loop = (void *)string_to_array_loop,
      .summary = "The parts of a text between separators (in the druid dialect matches of a "
                 "regular expression).",
      .example = "string_to_array('xx~~yy~~zz', '~~', 'yy')", .gives = "{xx,NULL,zz}" },
    { ARRAY_ROW(91615, "string_to_mv", 2, T_TEXT, T_TEXT), .result = T_TEXT_ARRAY,
      .nulls = NULLS_CALLED, .run = run_array_rows, .loop = (void *)string_to_mv_loop,
      .summary = "The parts of a text between matches of a regular expression.",
      .example = "string_to_mv('a,b,,', ',')", .gives = "{a,b}" },
};
const uint32_t array_function_count = sizeof array_functions / sizeof array_functions[0];

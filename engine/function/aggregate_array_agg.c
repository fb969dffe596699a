/*
 * ARRAY_AGG and ARRAY_CONCAT_AGG: values collected into an array, NULLs included, in the order
 * met; no rows give NULL. A literal second argument bounds the bytes of a result (in the druid
 * dialect 1024 unless given): beyond it the query fails.
 *
 * A state is a growing array of values of fixed width (texts as views of bytes in the arena of
 * the states) with a null byte each. A partial is an array of the result's type, so merging is
 * concatenating. ARRAY_AGG of arrays does the same with all their elements and remembers the shape
 * that they have in common: the result has one dimension more.
 */
#include "engine/function/aggregate_internal.h"
#include "engine/function/array_internal.h"

typedef struct CollectState {
    uint8_t *values; /* capacity * width, then capacity null bytes */
    uint32_t count, capacity;
    uint64_t bytes; /* of the result, as Druid counts: widths and texts */
    uint64_t seen;
    ArrayValue part; /* of arrays: the count and the shape of each */
    uint64_t parts;
} CollectState;

typedef struct CollectSpec {
    Layout layout; /* of an element */
    uint32_t width;
    uint64_t max_bytes; /* 0: no limit */
    bool is_stack;      /* of arrays */
} CollectSpec;

enum { DRUID_MAX_BYTES = 1024, ARRAY_AGG_OF_ARRAYS = 4053 };

static uint8_t *collect_nulls(const CollectState *state, uint32_t width)
{
    return state->values + (size_t)state->capacity * width;
}

static bool collect_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    CollectSpec *spec = ARENA_NEW(arena, CollectSpec);
    const TypeInfo *array = type_info(call->result_type.oid);
    if (array == NULL || array->element_oid == 0)
        return fault_set(fault, FAULT_UNDEFINED_OBJECT,
                         "could not find the array type of the argument of %s",
                         call->function->name);
    spec->layout = type_layout(SQL_TYPE(array->element_oid));
    spec->width = (uint32_t)layout_size(spec->layout);
    spec->is_stack = call->function->oid == ARRAY_AGG_OF_ARRAYS;
    spec->max_bytes = aggregate_is_druid(call) ? DRUID_MAX_BYTES : 0;
    if (call->argument_count > 1) {
        const Vector *limit = call->constants[1];
        if (limit == NULL || vector_is_null(limit, 0) || VECTOR_DATA(int64_t, limit)[0] <= 0)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "the size of %s must be a positive literal", call->function->name);
        spec->max_bytes = (uint64_t)VECTOR_DATA(int64_t, limit)[0];
    }
    call->prepared = spec;
    return true;
}

static bool collect_grow(const AggregateCall *call, CollectState *state, uint32_t width,
                         Fault *fault)
{
    if (state->count < state->capacity)
        return true;
    if (state->capacity > INT32_MAX / 4)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "an array of %s has more than %u elements", call->function->name,
                         state->capacity);
    uint32_t capacity = state->capacity == 0 ? 4 : state->capacity * 2;
    uint8_t *values = aggregate_alloc(call, (size_t)capacity * (width + 1), fault);
    if (values == NULL)
        return false;
    if (state->count > 0) {
        memcpy(values, state->values, (size_t)state->count * width);
        memcpy(values + (size_t)capacity * width, collect_nulls(state, width), state->count);
    }
    state->values = values;
    state->capacity = capacity;
    return true;
}

static bool collect_text(const AggregateCall *call, Text text, Text *kept, Fault *fault)
{
    char *bytes = aggregate_alloc(call, text.length, fault);
    if (bytes == NULL)
        return false;
    if (text.length > 0)
        memcpy(bytes, text.data, text.length);
    *kept = (Text){bytes, text.length};
    return true;
}

static bool collect_one(const AggregateCall *call, CollectState *state, const Vector *values,
                        uint32_t row, Fault *fault)
{
    const CollectSpec *spec = call->prepared;
    uint32_t width = spec->width;
    if (!collect_grow(call, state, width, fault))
        return false;
    bool is_null = vector_is_null(values, row);
    uint8_t *slot = state->values + (size_t)state->count * width;
    collect_nulls(state, width)[state->count] = is_null;
    if (is_null) {
        memset(slot, 0, width);
    } else if (spec->layout == LAYOUT_STRING) {
        Text kept;
        if (!collect_text(call, vector_text(values, row), &kept, fault))
            return false;
        memcpy(slot, &kept, sizeof kept);
        state->bytes += kept.length;
    } else {
        memcpy(slot, (const uint8_t *)values->data + (size_t)vector_row(values, row) * width,
               width);
        state->bytes += width;
    }
    state->count++;
    state->seen = 1;
    if (spec->max_bytes != 0 && state->bytes > spec->max_bytes)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "the result of %s is larger than its size of %llu bytes",
                         call->function->name, (unsigned long long)spec->max_bytes);
    return true;
}

static bool collect_add(const AggregateCall *call, uint8_t *states, size_t stride,
                        const uint32_t *groups, const Vector *arguments, uint32_t rows,
                        Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++)
        if (!collect_one(call,
                         AGGREGATE_STATE(CollectState, states, stride, aggregate_group(groups, i)),
                         &arguments[0], i, fault))
            return false;
    return true;
}

/* Adds the elements of arrays; NULL arrays are skipped. Merges partials too. */
static bool collect_arrays(const AggregateCall *call, uint8_t *states, size_t stride,
                           const uint32_t *groups, const Vector *arguments, uint32_t rows,
                           Fault *fault)
{
    const Vector *arrays = &arguments[0];
    const ArrayValue *values = arrays->data;
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(arrays, i))
            continue;
        CollectState *state =
            AGGREGATE_STATE(CollectState, states, stride, aggregate_group(groups, i));
        ArrayValue array = values[vector_row(arrays, i)];
        state->seen = 1;
        for (uint32_t j = 0; j < array.count; j++)
            if (!collect_one(call, state, arrays->elements, array.offset + j, fault))
                return false;
    }
    return true;
}

/* --- arrays of arrays --- */

static bool stack_part(const AggregateCall *call, CollectState *state, ArrayValue part,
                       uint64_t parts, Fault *fault)
{
    bool differs = part.count != state->part.count || part.shape != state->part.shape;
    if (state->parts != 0 && differs)
        return fault_set(fault, FAULT_ARRAY_SUBSCRIPT_ERROR,
                         "cannot accumulate arrays of different dimensionality");
    state->part = part;
    state->parts += parts;
    return true;
}

static bool stack_elements(const AggregateCall *call, CollectState *state, const Vector *arrays,
                           ArrayValue array, Fault *fault)
{
    for (uint32_t i = 0; i < array.count; i++)
        if (!collect_one(call, state, arrays->elements, array.offset + i, fault))
            return false;
    return true;
}

static bool stack_add(const AggregateCall *call, uint8_t *states, size_t stride,
                      const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault)
{
    const Vector *arrays = &arguments[0];
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(arrays, i))
            return fault_set(fault, FAULT_NULL_VALUE_NOT_ALLOWED, "cannot accumulate null arrays");
        ArrayValue array = VECTOR_DATA(ArrayValue, arrays)[vector_row(arrays, i)];
        if (array.count == 0)
            return fault_set(fault, FAULT_ARRAY_SUBSCRIPT_ERROR,
                             "cannot accumulate empty arrays");
        CollectState *state =
            AGGREGATE_STATE(CollectState, states, stride, aggregate_group(groups, i));
        if (!stack_part(call, state, array, 1, fault) ||
            !stack_elements(call, state, arrays, array, fault))
            return false;
    }
    return true;
}

/* Partials have the outer dimension already. */
static bool stack_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                        const uint32_t *groups, const Vector *partial, uint32_t rows, Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(partial, i))
            continue;
        ArrayValue array = VECTOR_DATA(ArrayValue, partial)[vector_row(partial, i)], part = {0};
        ArrayShape shape = array_shape_of(array);
        if (shape.dimensions < 2)
            return fault_set(fault, FAULT_INTERNAL_ERROR, "a partial array of arrays is none");
        uint32_t parts = shape.lengths[0];
        shape.dimensions--;
        memmove(&shape.lengths[0], &shape.lengths[1], shape.dimensions * sizeof shape.lengths[0]);
        memmove(&shape.lower[0], &shape.lower[1], shape.dimensions * sizeof shape.lower[0]);
        part.count = array.count / parts;
        CollectState *state =
            AGGREGATE_STATE(CollectState, states, stride, aggregate_group(groups, i));
        if (!array_pack_shape(&shape, &part.shape, fault) ||
            !stack_part(call, state, part, parts, fault) ||
            !stack_elements(call, state, partial, array, fault))
            return false;
    }
    return true;
}

static bool collect_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                           uint32_t first, uint32_t count, Arena *arena, Vector *result,
                           Fault *fault)
{
    const CollectSpec *spec = call->prepared;
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += AGGREGATE_STATE_CONST(CollectState, states, stride, first + i)->count;
    if (total > UINT32_MAX)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "the arrays of %s are too large",
                         call->function->name);
    ArrayValue *arrays = arena_alloc_vector(arena, count * sizeof *arrays);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    uint8_t *elements = arena_alloc_vector(arena, total * spec->width);
    uint8_t *element_nulls = arena_alloc_vector(arena, total);
    char *text_bytes = NULL;
    size_t offset = 0;
    for (uint32_t i = 0; i < count; i++) {
        const CollectState *state = AGGREGATE_STATE_CONST(CollectState, states, stride, first + i);
        arrays[i] = (ArrayValue){.offset = (uint32_t)offset, .count = state->count};
        if (spec->is_stack && state->count > 0 &&
            !array_stack_shape(state->part, (uint32_t)state->parts, &arrays[i].shape, fault))
            return false;
        nulls[i] = state->seen == 0;
        if (state->count == 0)
            continue;
        memcpy(elements + offset * spec->width, state->values, (size_t)state->count * spec->width);
        memcpy(element_nulls + offset, collect_nulls(state, spec->width), state->count);
        if (spec->layout == LAYOUT_STRING) {
            /* The result outlives the states: its texts are copied. */
            text_bytes = arena_alloc(arena, state->bytes);
            Text *texts = (Text *)(void *)elements + offset;
            for (uint32_t j = 0; j < state->count; j++) {
                if (texts[j].length > 0)
                    memcpy(text_bytes, texts[j].data, texts[j].length);
                texts[j].data = text_bytes;
                text_bytes += texts[j].length;
            }
        }
        offset += state->count;
    }
    Vector *inner = arena_alloc(arena, sizeof *inner);
    *inner = vector_flat(spec->layout, (uint32_t)total, elements, element_nulls);
    *result = vector_flat(LAYOUT_ARRAY, count, arrays, nulls);
    result->elements = inner;
    return true;
}

static SqlType collect_array_type(const SqlType *arguments, uint32_t count)
{
    const TypeInfo *element = count == 0 ? NULL : type_info(arguments[0].oid);
    if (element == NULL || element->array_oid == 0)
        return SQL_TYPE(arguments[0].oid == T_UNKNOWN ? T_TEXT_ARRAY : T_ANYARRAY);
    return (SqlType){.oid = element->array_oid, .modifier = arguments[0].modifier};
}

#define STACK_METHODS                                                                              \
    .result = T_ANYARRAY, .state_size = sizeof(CollectState), .prepare = collect_prepare,          \
    .partial_of = aggregate_type_result, .partial = collect_finish, .finish = collect_finish,      \
    .is_order_sensitive = true
#define COLLECT_METHODS STACK_METHODS, .merge = collect_arrays

const AggregateFunction aggregate_array_agg_aggregates[] = {
    { .oid = 2335, .name = "array_agg", .argument_count = 2, .optional_count = 1,
      .arguments = { T_ANYELEMENT, T_INT8 }, COLLECT_METHODS, .result_of = collect_array_type,
      .add = collect_add,
      .summary = "The values as an array, NULLs included.",
      .example = "(SELECT array_agg(x) FROM (VALUES (1), (2), (NULL), (4)) AS t(x))",
      .gives = "{1,2,NULL,4}" },
    { .oid = ARRAY_AGG_OF_ARRAYS, .name = "array_agg", .argument_count = 2, .optional_count = 1,
      .arguments = { T_ANYARRAY, T_INT8 }, STACK_METHODS, .merge = stack_merge,
      .result_of = aggregate_same_type, .add = stack_add,
      .summary = "The arrays as an array of one dimension more.",
      .example = "(SELECT array_agg(x) FROM (VALUES (ARRAY[1, 2]), (ARRAY[3, 4])) AS t(x))",
      .gives = "{{1,2},{3,4}}" },
    { .oid = 92010, .name = "array_concat_agg", .argument_count = 2, .optional_count = 1,
      .arguments = { T_ANYARRAY, T_INT8 }, COLLECT_METHODS, .result_of = aggregate_same_type,
      .add = collect_arrays,
      .summary = "The elements of all arrays as one array; NULL arrays are skipped.",
      .example = "(SELECT array_concat_agg(x) FROM (VALUES (ARRAY[1]), (ARRAY[2, NULL])) AS t(x))",
      .gives = "{1,2,NULL}" },
};
const uint32_t aggregate_array_agg_aggregate_count =
    sizeof aggregate_array_agg_aggregates / sizeof aggregate_array_agg_aggregates[0];

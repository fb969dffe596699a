/*
 * Ordered-set aggregates: PERCENTILE_CONT, PERCENTILE_DISC and MODE, WITHIN GROUP (ORDER BY x).
 *
 * Rows come in the order that was asked for; NULLs are left out. Percentiles keep the values of a
 * group one after the other and pick at the end; of numbers they pick without sorting them (select.c),
 * and then the rows come in any order. The mode needs only the run at hand and the longest one so far. The arguments before WITHIN GROUP come first. Being given all rows in
 * order, they have no partial form. The fraction is a constant or a value of the group.
 */
#include "engine/function/aggregate_internal.h"
#include "engine/function/select_internal.h"
#include "engine/function/time_internal.h"

#include <math.h>

/* --- values in order --- */

typedef struct ValueList {
    uint8_t *data; /* of fixed width, or StoredValues */
    uint32_t count, capacity;
    double fraction; /* where each group has its own (Percentiles.is_of_group) */
    bool has_no_fraction;
} ValueList;

static uint32_t value_width(Layout layout)
{
    bool is_stored = layout == LAYOUT_STRING || layout == LAYOUT_ARRAY;
    return is_stored ? (uint32_t)sizeof(StoredValue) : (uint32_t)layout_size(layout);
}

static bool list_grow(const AggregateCall *call, ValueList *list, uint32_t width, Fault *fault)
{
    if (list->count < list->capacity)
        return true;
    uint32_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
    if (list->capacity > INT32_MAX / 2)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "%s of more than %u values",
                         call->function->name, list->capacity);
    uint8_t *data = aggregate_alloc(call, (size_t)capacity * width, fault);
    if (data == NULL)
        return false;
    if (list->count > 0)
        memcpy(data, list->data, (size_t)list->count * width);
    list->data = data;
    list->capacity = capacity;
    return true;
}

static bool list_add(const AggregateCall *call, ValueList *list, const Vector *values, uint32_t row,
                     Fault *fault)
{
    uint32_t width = value_width(values->layout);
    if (!list_grow(call, list, width, fault))
        return false;
    uint8_t *slot = list->data + (size_t)list->count * width;
    if (width == sizeof(StoredValue) &&
        (values->layout == LAYOUT_STRING || values->layout == LAYOUT_ARRAY)) {
        StoredValue *stored = (StoredValue *)(void *)slot;
        memset(stored, 0, sizeof *stored);
        if (!stored_value_set(call, stored, values, row, 0, fault))
            return false;
    } else {
        memcpy(slot, (const uint8_t *)values->data + (size_t)vector_row(values, row) * width, width);
    }
    list->count++;
    return true;
}

/* --- fractions --- */

typedef struct Percentiles {
    bool is_array;
    bool is_of_group; /* one fraction, which is the same in all rows of a group */
    uint32_t count;
    double *fractions;
    uint8_t *nulls;
} Percentiles;

static bool fraction_is_good(double fraction, Fault *fault)
{
    return fraction >= 0 && fraction <= 1
               ? true
               : fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                           "percentile value %g is not between 0 and 1", fraction);
}

/* The groups' own fractions. */
static bool note_fractions(uint8_t *states, size_t stride, const uint32_t *groups,
                           const Vector *fractions, uint32_t rows, Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        ValueList *list = AGGREGATE_STATE(ValueList, states, stride, aggregate_group(groups, i));
        list->has_no_fraction = vector_is_null(fractions, i);
        if (list->has_no_fraction)
            continue;
        list->fraction = VECTOR_DATA(double, fractions)[vector_row(fractions, i)];
        if (!fraction_is_good(list->fraction, fault))
            return false;
    }
    return true;
}

/* Numbers in any order, as integers of the same order. */
static bool add_unordered(const AggregateCall *call, uint8_t *states, size_t stride,
                          const uint32_t *groups, const Vector *values, uint32_t rows, Fault *fault)
{
    const int64_t *data = values->data;
    bool is_float = values->layout == LAYOUT_FLOAT64;
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(values, i))
            continue;
        ValueList *list = AGGREGATE_STATE(ValueList, states, stride, aggregate_group(groups, i));
        if (!list_grow(call, list, sizeof(int64_t), fault))
            return false;
        int64_t value = data[vector_row(values, i)];
        ((int64_t *)(void *)list->data)[list->count++] = is_float ? select_key_of_float(value) : value;
    }
    return true;
}

static bool percentile_add(const AggregateCall *call, uint8_t *states, size_t stride,
                           const uint32_t *groups, const Vector *arguments, uint32_t rows,
                           Fault *fault)
{
    const Vector *values = &arguments[1];
    const Percentiles *spec = call->prepared;
    if (spec->is_of_group && !note_fractions(states, stride, groups, &arguments[0], rows, fault))
        return false;
    if (call->is_unordered)
        return add_unordered(call, states, stride, groups, values, rows, fault);
    for (uint32_t i = 0; i < rows; i++)
        if (!vector_is_null(values, i) &&
            !list_add(call, AGGREGATE_STATE(ValueList, states, stride, aggregate_group(groups, i)),
                      values, i, fault))
            return false;
    return true;
}

/* The value of the group's order at a place. */
static int64_t number_at(const AggregateCall *call, const ValueList *list, uint32_t place)
{
    int64_t *values = (int64_t *)(void *)list->data;
    if (!call->is_unordered)
        return values[place];
    int64_t value = select_place(values, list->count,
                                 call->is_descending ? list->count - 1 - place : place);
    return type_layout(call->argument_types[1]) == LAYOUT_FLOAT64 ? select_float_of_key(value) : value;
}

static void list_append(const ValueList *list, uint32_t at, Layout layout, VectorBuilder *builder)
{
    uint32_t width = value_width(layout);
    StoredValue stored = {.kind = STORED_VALUE};
    if (layout == LAYOUT_STRING || layout == LAYOUT_ARRAY)
        memcpy(&stored, list->data + (size_t)at * width, sizeof stored);
    else
        memcpy(stored.raw, list->data + (size_t)at * width, width);
    stored_value_append(&stored, layout, builder);
}

static bool percentile_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    const Vector *fraction = call->constants[0];
    Percentiles *spec = ARENA_NEW(arena, Percentiles);
    call->prepared = spec;
    if (fraction == NULL && type_layout(call->argument_types[0]) == LAYOUT_ARRAY)
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "an array of fractions of %s must be a constant", call->function->name);
    spec->is_of_group = fraction == NULL;
    spec->count = 1;
    if (spec->is_of_group)
        return true;
    spec->is_array = fraction->layout == LAYOUT_ARRAY;
    ArrayValue range = {.offset = 0, .count = 1};
    bool is_null = vector_is_null(fraction, 0);
    if (spec->is_array && !is_null)
        range = VECTOR_DATA(ArrayValue, fraction)[0];
    const Vector *elements = spec->is_array ? fraction->elements : fraction;
    spec->count = is_null && spec->is_array ? 0 : range.count;
    spec->fractions = ARENA_ARRAY(arena, double, spec->count);
    spec->nulls = arena_zalloc(arena, spec->count);
    for (uint32_t i = 0; i < spec->count; i++) {
        uint32_t row = range.offset + i;
        spec->nulls[i] = vector_is_null(elements, row);
        spec->fractions[i] =
            spec->nulls[i] ? 0 : VECTOR_DATA(double, elements)[vector_row(elements, row)];
        if (!fraction_is_good(spec->fractions[i], fault))
            return false;
    }
    if (is_null && spec->is_array)
        spec->count = UINT32_MAX; /* no array at all */
    return true;
}

/* The value of one fraction. */
typedef void (*Pick)(const AggregateCall *call, const ValueList *list, double fraction,
                     VectorBuilder *builder);

static double float_at(const AggregateCall *call, const ValueList *list, uint32_t place)
{
    int64_t bits = number_at(call, list, place);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void pick_discrete(const AggregateCall *call, const ValueList *list, double fraction,
                          VectorBuilder *builder)
{
    double row = ceil(fraction * (double)list->count);
    uint32_t place = row < 1 ? 0 : (uint32_t)row - 1;
    Layout layout = type_layout(call->argument_types[1]);
    if (layout == LAYOUT_FLOAT64)
        vector_builder_float64(builder, float_at(call, list, place));
    else if (layout == LAYOUT_INT64)
        vector_builder_int64(builder, number_at(call, list, place));
    else
        list_append(list, place, layout, builder);
}

static void pick_continuous(const AggregateCall *call, const ValueList *list, double fraction,
                            VectorBuilder *builder)
{
    double at = fraction * (double)(list->count - 1);
    uint32_t first = (uint32_t)floor(at), second = (uint32_t)ceil(at);
    double value = float_at(call, list, first);
    if (second != first)
        value += (at - first) * (float_at(call, list, second) - value);
    vector_builder_float64(builder, value);
}

/* low + (high - low) * part, field by field, as PostgreSQL has it. */
static void pick_interval(const AggregateCall *call, const ValueList *list, double fraction,
                          VectorBuilder *builder)
{
    (void)call;
    double at = fraction * (double)(list->count - 1);
    uint32_t first = (uint32_t)floor(at), second = (uint32_t)ceil(at);
    IntervalValue low, high, part = {0};
    memcpy(&low, list->data + (size_t)first * sizeof low, sizeof low);
    memcpy(&high, list->data + (size_t)second * sizeof high, sizeof high);
    if (second != first) {
        IntervalValue span = {.micros = wrap_subtract(high.micros, low.micros),
                              .days = (int32_t)wrap_subtract(high.days, low.days),
                              .months = (int32_t)wrap_subtract(high.months, low.months)};
        if (interval_multiplied(span, at - first, &part) != FAULT_NONE)
            part = (IntervalValue){0};
    }
    part.micros = wrap_add(part.micros, low.micros);
    part.days = (int32_t)wrap_add(part.days, low.days);
    part.months = (int32_t)wrap_add(part.months, low.months);
    __int128 packed;
    memcpy(&packed, &part, sizeof packed);
    vector_builder_int128(builder, packed);
}

static void pick_all(const AggregateCall *call, const ValueList *list, Pick pick,
                     VectorBuilder *builder)
{
    const Percentiles *spec = call->prepared;
    VectorBuilder *to = spec->is_array ? builder->elements : builder;
    if (list->count == 0 || spec->count == UINT32_MAX ||
        (spec->is_of_group && list->has_no_fraction)) {
        vector_builder_null(builder);
        return;
    }
    if (spec->is_of_group) {
        pick(call, list, list->fraction, to);
        return;
    }
    if (spec->is_array)
        vector_builder_array(builder, spec->count);
    for (uint32_t i = 0; i < spec->count; i++) {
        if (spec->nulls[i])
            vector_builder_null(to);
        else
            pick(call, list, spec->fractions[i], to);
    }
}

static bool percentile_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                              uint32_t first, uint32_t count, Arena *arena, Vector *result,
                              Pick pick)
{
    const Percentiles *spec = call->prepared;
    Layout layout = type_layout(call->argument_types[1]);
    VectorBuilder builder;
    vector_builder_init(&builder, arena, spec->is_array ? LAYOUT_ARRAY : layout, count);
    if (spec->is_array) {
        builder.elements = ARENA_NEW(arena, VectorBuilder);
        vector_builder_init(builder.elements, arena, layout, count);
    }
    for (uint32_t i = 0; i < count; i++)
        pick_all(call, AGGREGATE_STATE_CONST(ValueList, states, stride, first + i), pick, &builder);
    *result = vector_builder_finish(&builder);
    return true;
}

static bool discrete_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                            uint32_t first, uint32_t count, Arena *arena, Vector *result,
                            Fault *fault)
{
    (void)fault;
    return percentile_finish(call, states, stride, first, count, arena, result, pick_discrete);
}

static bool continuous_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                              uint32_t first, uint32_t count, Arena *arena, Vector *result,
                              Fault *fault)
{
    (void)fault;
    return percentile_finish(call, states, stride, first, count, arena, result, pick_continuous);
}

static bool interval_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                            uint32_t first, uint32_t count, Arena *arena, Vector *result,
                            Fault *fault)
{
    (void)fault;
    return percentile_finish(call, states, stride, first, count, arena, result, pick_interval);
}

/* --- the mode --- */

typedef struct Mode {
    StoredValue best, run;
    uint64_t best_count, run_count;
} Mode;

static bool is_of_run(const Mode *mode, const Vector *values, uint32_t row)
{
    if (mode->run_count == 0)
        return false;
    if (values->layout == LAYOUT_STRING)
        return text_equal((Text){mode->run.text.data, mode->run.text.length},
                          vector_text(values, row));
    if (values->layout == LAYOUT_ARRAY)
        return vector_rows_equal(mode->run.vector, 0, values, row);
    Vector run = vector_flat(values->layout, 1, mode->run.raw, NULL);
    return vector_rows_equal(&run, 0, values, row);
}

static bool mode_add_row(const AggregateCall *call, Mode *mode, const Vector *values, uint32_t row,
                         Fault *fault)
{
    if (!is_of_run(mode, values, row)) {
        mode->run_count = 0;
        if (!stored_value_set(call, &mode->run, values, row, 0, fault))
            return false;
    }
    if (++mode->run_count <= mode->best_count)
        return true;
    if (mode->run_count == 1 || !is_of_run(&(Mode){.run = mode->best, .run_count = 1}, values, row))
        if (!stored_value_set(call, &mode->best, values, row, 0, fault))
            return false;
    mode->best_count = mode->run_count;
    return true;
}

static bool mode_add(const AggregateCall *call, uint8_t *states, size_t stride,
                     const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++)
        if (!vector_is_null(&arguments[0], i) &&
            !mode_add_row(call, AGGREGATE_STATE(Mode, states, stride, aggregate_group(groups, i)),
                          &arguments[0], i, fault))
            return false;
    return true;
}

static bool mode_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                        uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)
{
    (void)fault;
    Layout layout = type_layout(call->result_type);
    VectorBuilder builder;
    vector_builder_init(&builder, arena, layout, count);
    for (uint32_t i = 0; i < count; i++)
        stored_value_append(&AGGREGATE_STATE_CONST(Mode, states, stride, first + i)->best, layout,
                            &builder);
    *result = vector_builder_finish(&builder);
    return true;
}

/* --- no partial form --- */

static bool no_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                       uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)
{
    return fault_set(fault, FAULT_INTERNAL_ERROR, "%s has no partial states", call->function->name);
}

static bool no_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                     const uint32_t *groups, const Vector *partial, uint32_t rows, Fault *fault)
{
    return fault_set(fault, FAULT_INTERNAL_ERROR, "%s has no partial states", call->function->name);
}

static SqlType second_type(const SqlType *arguments, uint32_t count)
{
    return arguments[count > 1 ? 1 : 0];
}

static SqlType second_array_type(const SqlType *arguments, uint32_t count)
{
    SqlType element = second_type(arguments, count);
    const TypeInfo *info = type_info(element.oid);
    return info == NULL || info->array_oid == 0 ? SQL_TYPE(T_ANYARRAY)
                                                : (SqlType){info->array_oid, element.modifier};
}

#define ORDERED_METHODS                                                                            \
    .is_ordered_set = true, .is_order_sensitive = true, .partial_of = aggregate_type_state,        \
    .partial = no_partial, .merge = no_merge
#define PERCENTILE_METHODS(finish_method)                                                          \
    ORDERED_METHODS, .argument_count = 2, .direct_count = 1, .state_size = sizeof(ValueList),      \
    .selects = true, .prepare = percentile_prepare, .add = percentile_add, .finish = finish_method
#define SAMPLE " FROM (VALUES (1), (2), (2), (9)) AS t(x))"

const AggregateFunction aggregate_ordered_set_aggregates[] = {
    { .oid = 3974, .name = "percentile_cont", PERCENTILE_METHODS(continuous_finish),
      .arguments = { T_FLOAT8, T_FLOAT8 }, .result = T_FLOAT8,
      .summary = "Value at a fraction of the order, between two values where it falls there.",
      .example = "(SELECT percentile_cont(0.75) WITHIN GROUP (ORDER BY x)" SAMPLE, .gives = "3.75" },
    { .oid = 3980, .name = "percentile_cont", PERCENTILE_METHODS(continuous_finish),
      .arguments = { T_FLOAT8_ARRAY, T_FLOAT8 }, .result = T_FLOAT8_ARRAY,
      .summary = "Values at several fractions of the order.",
      .example = "(SELECT percentile_cont(ARRAY[0, 0.5]) WITHIN GROUP (ORDER BY x)" SAMPLE,
      .gives = "{1,2}" },
    { .oid = 3976, .name = "percentile_cont", PERCENTILE_METHODS(interval_finish),
      .arguments = { T_FLOAT8, T_INTERVAL }, .result = T_INTERVAL,
      .summary = "Interval at a fraction of the order, between two where it falls there.",
      .example = "(SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x)"
                 " FROM (VALUES (INTERVAL '1 day'), (INTERVAL '2 days')) AS t(x))",
      .gives = "1 day 12:00:00" },
    { .oid = 3982, .name = "percentile_cont", PERCENTILE_METHODS(interval_finish),
      .arguments = { T_FLOAT8_ARRAY, T_INTERVAL }, .result = T_INTERVAL_ARRAY,
      .summary = "Intervals at several fractions of the order.",
      .example = "(SELECT percentile_cont(ARRAY[0, 0.5]) WITHIN GROUP (ORDER BY x)"
                 " FROM (VALUES (INTERVAL '1 day'), (INTERVAL '2 days')) AS t(x))",
      .gives = "{\"1 day\",\"1 day 12:00:00\"}" },
    { .oid = 3972, .name = "percentile_disc", PERCENTILE_METHODS(discrete_finish),
      .arguments = { T_FLOAT8, T_ANYELEMENT }, .result = T_ANYELEMENT, .result_of = second_type,
      .summary = "First value at or beyond a fraction of the order.",
      .example = "(SELECT percentile_disc(0.75) WITHIN GROUP (ORDER BY x)" SAMPLE, .gives = "2" },
    { .oid = 3978, .name = "percentile_disc", PERCENTILE_METHODS(discrete_finish),
      .arguments = { T_FLOAT8_ARRAY, T_ANYELEMENT }, .result = T_ANYARRAY,
      .result_of = second_array_type,
      .summary = "First values at or beyond several fractions of the order.",
      .example = "(SELECT percentile_disc(ARRAY[0, 1]) WITHIN GROUP (ORDER BY x)" SAMPLE,
      .gives = "{1,9}" },
    { .oid = 3984, .name = "mode", ORDERED_METHODS, .argument_count = 1,
      .arguments = { T_ANYELEMENT }, .result = T_ANYELEMENT, .result_of = aggregate_same_type,
      .state_size = sizeof(Mode), .add = mode_add, .finish = mode_finish,
      .summary = "The value that comes most often, the first of them in the order.",
      .example = "(SELECT mode() WITHIN GROUP (ORDER BY x)" SAMPLE, .gives = "2" },
};
const uint32_t aggregate_ordered_set_aggregate_count =
    sizeof aggregate_ordered_set_aggregates / sizeof aggregate_ordered_set_aggregates[0];

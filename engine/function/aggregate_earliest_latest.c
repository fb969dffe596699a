/*
 * EARLIEST, LATEST: the value at the smallest or greatest __time; EARLIEST_BY, LATEST_BY: by a
 * time that is an argument. Rows without a time do not count; the value may be NULL. Of equal
 * times the first row met wins. An optional literal cuts strings to so many bytes (1024 unless
 * given in the druid dialect).
 *
 * EARLIEST(x [, bytes]) gets __time as its last argument from the binder (wants_time).
 *
 * A partial is bytes: time (8), kind of value (1), and the value's bytes.
 */
#include "engine/function/aggregate_internal.h"

typedef struct TimedValue {
    int64_t time;
    StoredValue value; /* kind STORED_NONE: nothing was added yet */
} TimedValue;

typedef struct TimedSpec {
    uint32_t time;      /* the argument that is the time */
    uint32_t max_bytes; /* 0: whole strings */
    bool wants_latest;
} TimedSpec;

enum { DRUID_MAX_BYTES = 1024, PARTIAL_HEAD = 9 };

static bool timed_prepare(AggregateCall *call, bool wants_latest, Arena *arena, Fault *fault)
{
    TimedSpec *spec = ARENA_NEW(arena, TimedSpec);
    spec->wants_latest = wants_latest;
    bool is_by = !call->function->wants_time;
    spec->time = is_by ? 1 : call->argument_count - 1;
    spec->max_bytes = aggregate_is_druid(call) ? DRUID_MAX_BYTES : 0;
    if (call->argument_count < 2)
        return fault_set(fault, FAULT_UNDEFINED_COLUMN, "%s needs a relation with a column __time",
                         call->function->name);
    if (type_layout(call->argument_types[spec->time]) != LAYOUT_INT64)
        return fault_set(fault, FAULT_DATATYPE_MISMATCH, "the time of %s must be a timestamp",
                         call->function->name);
    if (type_layout(call->argument_types[0]) == LAYOUT_ARRAY)
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED, "%s of arrays is not supported",
                         call->function->name);
    if (call->argument_count == 3) {
        const Vector *limit = call->constants[is_by ? 2 : 1];
        if (limit == NULL || vector_is_null(limit, 0) || VECTOR_DATA(int64_t, limit)[0] <= 0 ||
            VECTOR_DATA(int64_t, limit)[0] > INT32_MAX)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "the number of bytes must be a positive literal");
        spec->max_bytes = (uint32_t)VECTOR_DATA(int64_t, limit)[0];
    }
    call->prepared = spec;
    return true;
}

static bool earliest_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    return timed_prepare(call, false, arena, fault);
}

static bool latest_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    return timed_prepare(call, true, arena, fault);
}

static inline bool timed_is_better(const TimedSpec *spec, const TimedValue *state, int64_t time)
{
    return state->value.kind == STORED_NONE ||
           (spec->wants_latest ? time > state->time : time < state->time);
}

static bool timed_offer(const AggregateCall *call, TimedValue *state, int64_t time,
                        const Vector *values, uint32_t row, Fault *fault)
{
    const TimedSpec *spec = call->prepared;
    if (!timed_is_better(spec, state, time))
        return true;
    state->time = time;
    return stored_value_set(call, &state->value, values, row, spec->max_bytes, fault);
}

/* The row with the best time, UINT32_MAX when no row has a time. */
static uint32_t timed_best_row(const Vector *times, uint32_t rows, bool wants_latest)
{
    const int64_t *data = times->data;
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < rows; i++) {
        if (times->nulls != NULL && times->nulls[i])
            continue;
        if (best == UINT32_MAX || (wants_latest ? data[i] > data[best] : data[i] < data[best]))
            best = i;
    }
    return best;
}

static bool timed_add(const AggregateCall *call, uint8_t *states, size_t stride,
                      const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault)
{
    const TimedSpec *spec = call->prepared;
    const Vector *values = &arguments[0], *times = &arguments[spec->time];
    const int64_t *data = times->data;
    if (aggregate_is_all_null(times) || rows == 0)
        return true;
    if (groups == NULL) {
        uint32_t row =
            times->form == VECTOR_CONSTANT ? 0 : timed_best_row(times, rows, spec->wants_latest);
        return row == UINT32_MAX ||
               timed_offer(call, AGGREGATE_STATE(TimedValue, states, stride, 0), data[row], values,
                           row, fault);
    }
    for (uint32_t i = 0; i < rows; i++)
        if (!vector_is_null(times, i) &&
            !timed_offer(call, AGGREGATE_STATE(TimedValue, states, stride, groups[i]),
                         data[vector_row(times, i)], values, i, fault))
            return false;
    return true;
}

static bool timed_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                          uint32_t first, uint32_t count, Arena *arena, Vector *result,
                          Fault *fault)
{
    Layout layout = type_layout(call->result_type);
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        const TimedValue *state = AGGREGATE_STATE_CONST(TimedValue, states, stride, first + i);
        if (state->value.kind == STORED_NONE) {
            vector_builder_null(&builder);
            continue;
        }
        uint32_t length = state->value.kind == STORED_NULL ? 0
                          : layout == LAYOUT_STRING        ? state->value.text.length
                                                           : (uint32_t)layout_size(layout);
        const void *bytes = layout == LAYOUT_STRING ? (const void *)state->value.text.data
                                                    : (const void *)state->value.raw;
        char *packed = arena_alloc(arena, PARTIAL_HEAD + (size_t)length);
        memcpy(packed, &state->time, sizeof state->time);
        packed[8] = (char)state->value.kind;
        if (length > 0)
            memcpy(packed + PARTIAL_HEAD, bytes, length);
        vector_builder_text_view(&builder, (Text){packed, PARTIAL_HEAD + length});
    }
    *result = vector_builder_finish(&builder);
    return true;
}

static bool timed_merge_one(const AggregateCall *call, TimedValue *state, Text packed, Fault *fault)
{
    Layout layout = type_layout(call->result_type);
    uint32_t length = packed.length - PARTIAL_HEAD;
    if (packed.length < PARTIAL_HEAD || (packed.data[8] == STORED_VALUE &&
                                         layout != LAYOUT_STRING && length != layout_size(layout)))
        return fault_set(fault, FAULT_DATA_CORRUPTED, "a partial state of %s is malformed",
                         call->function->name);
    int64_t time;
    memcpy(&time, packed.data, sizeof time);
    __int128 value = 0;
    Text text = {packed.data + PARTIAL_HEAD, length};
    uint8_t is_null = packed.data[8] != STORED_VALUE;
    if (!is_null && layout != LAYOUT_STRING)
        memcpy(&value, text.data, length);
    Vector one =
        vector_flat(layout, 1, layout == LAYOUT_STRING ? (void *)&text : (void *)&value, &is_null);
    return timed_offer(call, state, time, &one, 0, fault);
}

static bool timed_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                        const uint32_t *groups, const Vector *partial, uint32_t rows, Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++)
        if (!vector_is_null(partial, i) &&
            !timed_merge_one(
                call, AGGREGATE_STATE(TimedValue, states, stride, aggregate_group(groups, i)),
                vector_text(partial, i), fault))
            return false;
    return true;
}

static bool timed_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                         uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)
{
    Layout layout = type_layout(call->result_type);
    VectorBuilder builder;
    vector_builder_init(&builder, arena, layout, count);
    for (uint32_t i = 0; i < count; i++)
        stored_value_append(&AGGREGATE_STATE_CONST(TimedValue, states, stride, first + i)->value,
                            layout, &builder);
    *result = vector_builder_finish(&builder);
    return true;
}

#define TIMED_METHODS                                                                              \
    .result = T_ANYELEMENT, .result_of = aggregate_same_type, .state_size = sizeof(TimedValue),    \
    .add = timed_add, .partial_of = aggregate_type_state, .partial = timed_partial,                \
    .merge = timed_merge, .finish = timed_finish, .ignores_distinct = true

#define TIMED_SAMPLE                                                                               \
    " FROM (VALUES ('a', TIMESTAMP '2024-01-01 00:00:00'), "                                       \
    "('b', TIMESTAMP '2024-01-01 01:00:00')) AS t(v, __time))"

const AggregateFunction aggregate_earliest_latest_aggregates[] = {
    { .oid = 92001, .name = "earliest", .argument_count = 2, .optional_count = 1,
      .arguments = { T_ANYELEMENT, T_INT8 }, TIMED_METHODS, .prepare = earliest_prepare,
      .wants_time = true,
      .summary = "The value at the smallest __time.",
      .example = "(SELECT earliest(v)" TIMED_SAMPLE, .gives = "a" },
    { .oid = 92002, .name = "latest", .argument_count = 2, .optional_count = 1,
      .arguments = { T_ANYELEMENT, T_INT8 }, TIMED_METHODS, .prepare = latest_prepare,
      .wants_time = true,
      .summary = "The value at the greatest __time.",
      .example = "(SELECT latest(v)" TIMED_SAMPLE, .gives = "b" },
    { .oid = 92003, .name = "earliest_by", .argument_count = 3, .optional_count = 1,
      .arguments = { T_ANYELEMENT, T_ANY, T_INT8 }, TIMED_METHODS, .prepare = earliest_prepare,
      .summary = "The value of the row whose time, the second argument, is smallest.",
      .example = "(SELECT earliest_by(v, __time)" TIMED_SAMPLE, .gives = "a" },
    { .oid = 92004, .name = "latest_by", .argument_count = 3, .optional_count = 1,
      .arguments = { T_ANYELEMENT, T_ANY, T_INT8 }, TIMED_METHODS, .prepare = latest_prepare,
      .summary = "The value of the row whose time, the second argument, is greatest.",
      .example = "(SELECT latest_by(v, __time)" TIMED_SAMPLE, .gives = "b" },
};
const uint32_t aggregate_earliest_latest_aggregate_count =
    sizeof aggregate_earliest_latest_aggregates / sizeof aggregate_earliest_latest_aggregates[0];

/*
 * ANY_VALUE: the first value met that is not null, of any type; NULL when there is none. A
 * literal second argument cuts strings to so many bytes (1024 unless given in the druid
 * dialect). A partial has the result's type.
 */
#include "engine/function/aggregate_internal.h"

typedef struct AnyValueSpec {
    uint32_t max_bytes; /* 0: whole strings */
} AnyValueSpec;

enum { DRUID_MAX_BYTES = 1024 };

static bool any_value_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    AnyValueSpec *spec = ARENA_NEW(arena, AnyValueSpec);
    spec->max_bytes = aggregate_is_druid(call) ? DRUID_MAX_BYTES : 0;
    if (call->argument_count > 1) {
        const Vector *limit = call->constants[1];
        if (limit == NULL || vector_is_null(limit, 0) || VECTOR_DATA(int64_t, limit)[0] <= 0 ||
            VECTOR_DATA(int64_t, limit)[0] > INT32_MAX)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "the number of bytes must be a positive literal");
        spec->max_bytes = (uint32_t)VECTOR_DATA(int64_t, limit)[0];
    }
    call->prepared = spec;
    return true;
}

static bool any_value_add(const AggregateCall *call, uint8_t *states, size_t stride,
                          const uint32_t *groups, const Vector *arguments, uint32_t rows,
                          Fault *fault)
{
    const AnyValueSpec *spec = call->prepared;
    const Vector *argument = &arguments[0];
    if (aggregate_is_all_null(argument))
        return true;
    for (uint32_t i = 0; i < rows; i++) {
        StoredValue *state =
            AGGREGATE_STATE(StoredValue, states, stride, aggregate_group(groups, i));
        if (state->kind == STORED_NONE && !vector_is_null(argument, i) &&
            !stored_value_set(call, state, argument, i, spec->max_bytes, fault))
            return false;
        if (groups == NULL && state->kind != STORED_NONE)
            return true;
    }
    return true;
}

static bool any_value_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                             uint32_t first, uint32_t count, Arena *arena, Vector *result,
                             Fault *fault)
{
    Layout layout = type_layout(call->result_type);
    VectorBuilder builder;
    vector_builder_init(&builder, arena, layout, count);
    for (uint32_t i = 0; i < count; i++)
        stored_value_append(AGGREGATE_STATE_CONST(StoredValue, states, stride, first + i), layout,
                            &builder);
    *result = vector_builder_finish(&builder);
    return true;
}

const AggregateFunction aggregate_any_value_aggregates[] = {
    { .oid = 6321, .name = "any_value", .argument_count = 3, .optional_count = 2,
      .arguments = { T_ANYELEMENT, T_INT8, T_BOOL }, .result = T_ANYELEMENT,
      .result_of = aggregate_same_type, .state_size = sizeof(StoredValue),
      .prepare = any_value_prepare, .add = any_value_add, .partial_of = aggregate_type_result,
      .partial = any_value_finish, .merge = any_value_add, .finish = any_value_finish,
      .ignores_distinct = true,
      .summary = "Some value that is not null.",
      .example = "(SELECT any_value(x) FROM (VALUES (NULL), ('a')) AS t(x))", .gives = "a" },
};
const uint32_t aggregate_any_value_aggregate_count =
    sizeof aggregate_any_value_aggregates / sizeof aggregate_any_value_aggregates[0];

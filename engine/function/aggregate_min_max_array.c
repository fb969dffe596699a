/*
 * MIN and MAX of arrays: element by element, then the shorter one first. A partial has the
 * result's type.
 */
#include "engine/function/aggregate_internal.h"

/* `sign`: 1 when greater is better. */
static bool best_add(const AggregateCall *call, uint8_t *states, size_t stride,
                     const uint32_t *groups, const Vector *values, uint32_t rows, int sign,
                     Fault *fault)
{
    if (aggregate_is_all_null(values))
        return true;
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(values, i))
            continue;
        StoredValue *state =
            AGGREGATE_STATE(StoredValue, states, stride, aggregate_group(groups, i));
        bool is_better = state->kind == STORED_NONE ||
                         sign * vector_rows_compare(values, i, state->vector, 0) > 0;
        if (is_better && !stored_value_set(call, state, values, i, 0, fault))
            return false;
    }
    return true;
}

static bool max_add(const AggregateCall *call, uint8_t *states, size_t stride,
                    const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault)
{
    return best_add(call, states, stride, groups, &arguments[0], rows, 1, fault);
}

static bool min_add(const AggregateCall *call, uint8_t *states, size_t stride,
                    const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault)
{
    return best_add(call, states, stride, groups, &arguments[0], rows, -1, fault);
}

static bool best_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                        uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_ARRAY, count);
    for (uint32_t i = 0; i < count; i++)
        stored_value_append(AGGREGATE_STATE_CONST(StoredValue, states, stride, first + i),
                            LAYOUT_ARRAY, &builder);
    if (builder.elements == NULL) {
        const TypeInfo *info = type_info(call->result_type.oid);
        builder.elements = ARENA_NEW(arena, VectorBuilder);
        vector_builder_init(builder.elements, arena,
                            type_layout(SQL_TYPE(info->element_oid)), 1);
    }
    *result = vector_builder_finish(&builder);
    return true;
}

#define BEST_ROW(id, function, add_method, does, value)                                            \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { T_ANYARRAY },               \
      .result = T_ANYARRAY, .result_of = aggregate_same_type, .ignores_distinct = true,            \
      .state_size = sizeof(StoredValue), .add = add_method, .merge = add_method,                   \
      .partial_of = aggregate_type_result, .partial = best_finish, .finish = best_finish,          \
      .summary = does, .gives = value,                                                             \
      .example =                                                                                   \
          "(SELECT " function "(x) FROM (VALUES (ARRAY[1, 3]), (ARRAY[1, 2])) AS t(x))" }

const AggregateFunction aggregate_min_max_array_aggregates[] = {
    BEST_ROW(2051, "min", min_add, "Least array that is not null.", "{1,2}"),
    BEST_ROW(2050, "max", max_add, "Greatest array that is not null.", "{1,3}"),
};
const uint32_t aggregate_min_max_array_aggregate_count =
    sizeof aggregate_min_max_array_aggregates / sizeof aggregate_min_max_array_aggregates[0];

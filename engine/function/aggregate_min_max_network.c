/*
 * MIN and MAX of addresses: by family, network, mask and host, which their texts do not show. A
 * partial has the result's type.
 */
#include "engine/function/aggregate_internal.h"
#include "engine/type/network.h"

static bool order_of(Text text, uint8_t *order, uint32_t *size, Fault *fault)
{
    NetworkAddress address;
    if (!network_parse(text, false, &address, fault))
        return false;
    *size = network_order(&address, order);
    return true;
}

/* `sign`: 1 when greater is better. */
static bool is_better(Text text, const StoredValue *state, int sign, bool *better, Fault *fault)
{
    uint8_t own[NETWORK_ORDER_SIZE], best[NETWORK_ORDER_SIZE];
    uint32_t own_size, best_size;
    *better = true;
    if (state->kind == STORED_NONE)
        return true;
    if (!order_of(text, own, &own_size, fault) ||
        !order_of((Text){state->text.data, state->text.length}, best, &best_size, fault))
        return false;
    *better = sign * memcmp(own, best, own_size < best_size ? own_size : best_size) > 0;
    return true;
}

static bool best_add(const AggregateCall *call, uint8_t *states, size_t stride,
                     const uint32_t *groups, const Vector *values, uint32_t rows, int sign,
                     Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        bool better;
        if (vector_is_null(values, i))
            continue;
        StoredValue *state =
            AGGREGATE_STATE(StoredValue, states, stride, aggregate_group(groups, i));
        if (!is_better(vector_text(values, i), state, sign, &better, fault) ||
            (better && !stored_value_set(call, state, values, i, 0, fault)))
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
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++)
        stored_value_append(AGGREGATE_STATE_CONST(StoredValue, states, stride, first + i),
                            LAYOUT_STRING, &builder);
    *result = vector_builder_finish(&builder);
    return true;
}

#define BEST_ROW(id, function, add_method, does, value)                                            \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { T_INET },                   \
      .result = T_INET, .ignores_distinct = true, .state_size = sizeof(StoredValue),               \
      .add = add_method, .merge = add_method, .partial_of = aggregate_type_result,                 \
      .partial = best_finish, .finish = best_finish, .summary = does, .gives = value,              \
      .example =                                                                                   \
          "(SELECT " function "(x) FROM (VALUES (inet '10.0.0.1'), (inet '9.0.0.1')) AS t(x))" }

const AggregateFunction aggregate_min_max_network_aggregates[] = {
    BEST_ROW(3565, "min", min_add, "Least address that is not null.", "9.0.0.1"),
    BEST_ROW(3564, "max", max_add, "Greatest address that is not null.", "10.0.0.1"),
};
const uint32_t aggregate_min_max_network_aggregate_count =
    sizeof aggregate_min_max_network_aggregates / sizeof aggregate_min_max_network_aggregates[0];

/*
 * STRING_AGG (LISTAGG): texts joined by a separator. NULLs are skipped; without a value the
 * result is NULL. A literal third argument bounds the bytes of a result (in the druid dialect
 * 1024 unless given): beyond it the query fails.
 *
 * A state keeps separators in front of their values, the first one too, as PostgreSQL does, so
 * that partial states join without knowing the separator: a partial is the length of the first
 * separator (4 bytes) and those bytes.
 */
#include "engine/function/aggregate_internal.h"

typedef struct JoinState {
    StateBytes text;
    uint32_t first_separator; /* bytes of `text` that the result leaves out */
    uint32_t seen;
} JoinState;

typedef struct JoinSpec {
    uint32_t max_bytes; /* 0: no limit */
} JoinSpec;

enum { DRUID_MAX_BYTES = 1024 };

static bool join_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    JoinSpec *spec = ARENA_NEW(arena, JoinSpec);
    spec->max_bytes = aggregate_is_druid(call) ? DRUID_MAX_BYTES : 0;
    if (call->argument_count > 2) {
        const Vector *limit = call->constants[2];
        if (limit == NULL || vector_is_null(limit, 0) || VECTOR_DATA(int64_t, limit)[0] <= 0 ||
            VECTOR_DATA(int64_t, limit)[0] > INT32_MAX)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "the size of %s must be a positive literal", call->function->name);
        spec->max_bytes = (uint32_t)VECTOR_DATA(int64_t, limit)[0];
    }
    call->prepared = spec;
    return true;
}

static bool join_append(const AggregateCall *call, JoinState *state, Text separator, Text value,
                        Fault *fault)
{
    const JoinSpec *spec = call->prepared;
    if (!state->seen)
        state->first_separator = separator.length;
    state->seen = 1;
    if (!state_bytes_append(call, &state->text, separator.data, separator.length, fault) ||
        !state_bytes_append(call, &state->text, value.data, value.length, fault))
        return false;
    if (spec->max_bytes != 0 && state->text.length - state->first_separator > spec->max_bytes)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "the result of %s is longer than its size of %u bytes",
                         call->function->name, spec->max_bytes);
    return true;
}

static bool join_add(const AggregateCall *call, uint8_t *states, size_t stride,
                     const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault)
{
    const Vector *values = &arguments[0];
    const Vector *separators = call->argument_count > 1 ? &arguments[1] : NULL;
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(values, i))
            continue;
        Text separator = separators == NULL || vector_is_null(separators, i)
                             ? (Text){.data = "", .length = 0}
                             : vector_text(separators, i);
        if (!join_append(call,
                         AGGREGATE_STATE(JoinState, states, stride, aggregate_group(groups, i)),
                         separator, vector_text(values, i), fault))
            return false;
    }
    return true;
}

static bool join_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                         uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        const JoinState *state = AGGREGATE_STATE_CONST(JoinState, states, stride, first + i);
        if (!state->seen) {
            vector_builder_null(&builder);
            continue;
        }
        uint32_t head = sizeof state->first_separator;
        char *packed = arena_alloc(arena, (size_t)head + state->text.length);
        memcpy(packed, &state->first_separator, head);
        memcpy(packed + head, state->text.data, state->text.length);
        vector_builder_text_view(&builder, (Text){packed, head + state->text.length});
    }
    *result = vector_builder_finish(&builder);
    return true;
}

static bool join_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                       const uint32_t *groups, const Vector *partial, uint32_t rows, Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(partial, i))
            continue;
        Text packed = vector_text(partial, i);
        uint32_t separator = 0, head = sizeof separator;
        if (packed.length >= head)
            memcpy(&separator, packed.data, head);
        if (packed.length < head || separator > packed.length - head)
            return fault_set(fault, FAULT_DATA_CORRUPTED, "a partial state of %s is malformed",
                             call->function->name);
        Text text = {packed.data + head + separator, packed.length - head - separator};
        if (!join_append(call,
                         AGGREGATE_STATE(JoinState, states, stride, aggregate_group(groups, i)),
                         (Text){packed.data + head, separator}, text, fault))
            return false;
    }
    return true;
}

static bool join_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                        uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        const JoinState *state = AGGREGATE_STATE_CONST(JoinState, states, stride, first + i);
        if (!state->seen)
            vector_builder_null(&builder);
        else
            vector_builder_text(&builder, (Text){state->text.data + state->first_separator,
                                                 state->text.length - state->first_separator});
    }
    *result = vector_builder_finish(&builder);
    return true;
}

#define JOIN_METHODS                                                                               \
    .state_size = sizeof(JoinState), .prepare = join_prepare, .add = join_add,                     \
    .partial_of = aggregate_type_state, .partial = join_partial, .merge = join_merge,              \
    .finish = join_finish, .is_order_sensitive = true

const AggregateFunction aggregate_string_agg_aggregates[] = {
    { .oid = 3538, .name = "string_agg", .aliases = "listagg", .argument_count = 3,
      .optional_count = 2, .arguments = { T_TEXT, T_TEXT, T_INT8 }, .result = T_TEXT, JOIN_METHODS,
      .summary = "The texts that are not null, joined by a separator.",
      .example = "(SELECT string_agg(x, ',') FROM (VALUES ('a'), ('b'), (NULL), ('a')) AS t(x))",
      .gives = "a,b,a" },
    { .oid = 3545, .name = "string_agg", .argument_count = 2, .arguments = { T_BYTEA, T_BYTEA },
      .result = T_BYTEA, JOIN_METHODS,
      .summary = "The byte strings that are not null, joined by a separator.",
      .example = "(SELECT string_agg(x, '\\x00'::bytea) FROM (VALUES ('\\x01'::bytea), "
                 "('\\x02'::bytea)) AS t(x))",
      .gives = "\\x010002" },
};
const uint32_t aggregate_string_agg_aggregate_count =
    sizeof aggregate_string_agg_aggregates / sizeof aggregate_string_agg_aggregates[0];

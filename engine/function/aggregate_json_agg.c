/*
 * JSON_AGG and JSON_OBJECT_AGG (JSONB_AGG, JSONB_OBJECT_AGG): values as one JSON array, names
 * and values as one object; NULLs are kept, no rows give NULL.
 *
 * A state is the text between the brackets; so is a partial.
 */
#include "engine/function/aggregate_internal.h"
#include "engine/function/json_internal.h"
#include "engine/type/json_tree.h"

typedef struct JsonState {
    StateBytes text;
    uint64_t seen;
} JsonState;

static bool json_append(const AggregateCall *call, JsonState *state, const void *data,
                        size_t length, Fault *fault)
{
    if (length > INT32_MAX)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "a JSON document is too long");
    /* arrays and records of a json array stand on lines of their own, as PostgreSQL has them */
    const TypeInfo *info = type_info(call->argument_types[0].oid);
    bool is_long = call->argument_count == 1 && call->function->result == T_JSON && info != NULL &&
                   (info->oid == T_RECORD || info->category == CATEGORY_ARRAY);
    if (state->seen &&
        !state_bytes_append(call, &state->text, ", \n ", is_long ? 4 : 2, fault))
        return false;
    state->seen = 1;
    return state_bytes_append(call, &state->text, data, (uint32_t)length, fault);
}

static bool json_add_rows(const AggregateCall *call, uint8_t *states, size_t stride,
                          const uint32_t *groups, const Vector *arguments, uint32_t rows,
                          Arena *arena, Buffer *buffer, Fault *fault)
{
    bool is_object = call->argument_count == 2;
    JsonColumn columns[2];
    for (uint32_t a = 0; a < call->argument_count; a++)
        columns[a] =
            json_column(&arguments[a], call->argument_types[a], call->context, rows, arena);
    for (uint32_t i = 0; i < rows; i++) {
        buffer_reset(buffer);
        if (is_object) {
            if (vector_is_null(&arguments[0], i))
                return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                                 "field name must not be null");
            json_append_string(buffer, columns[0].cells[vector_row(&arguments[0], i)]);
            buffer_append_string(buffer, call->function->result == T_JSONB ? ": " : " : ");
        }
        json_column_append(buffer, &columns[is_object], i);
        if (!json_append(call,
                         AGGREGATE_STATE(JsonState, states, stride, aggregate_group(groups, i)),
                         buffer->data, buffer->length, fault))
            return false;
    }
    return true;
}

static bool json_add(const AggregateCall *call, uint8_t *states, size_t stride,
                     const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault)
{
    Arena *arena = arena_new("json aggregate");
    Buffer buffer = BUFFER_EMPTY;
    bool is_good =
        json_add_rows(call, states, stride, groups, arguments, rows, arena, &buffer, fault);
    buffer_clear(&buffer);
    arena_free(arena);
    return is_good;
}

static bool json_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                         uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        const JsonState *state = AGGREGATE_STATE_CONST(JsonState, states, stride, first + i);
        if (!state->seen)
            vector_builder_null(&builder);
        else
            vector_builder_text(&builder, (Text){state->text.data, state->text.length});
    }
    *result = vector_builder_finish(&builder);
    return true;
}

static bool json_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                       const uint32_t *groups, const Vector *partial, uint32_t rows, Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(partial, i))
            continue;
        Text text = vector_text(partial, i);
        if (!json_append(call,
                         AGGREGATE_STATE(JsonState, states, stride, aggregate_group(groups, i)),
                         text.data, text.length, fault))
            return false;
    }
    return true;
}

static bool json_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                        uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)
{
    bool is_object = call->argument_count == 2, is_jsonb = call->function->result == T_JSONB;
    const char *open = !is_object ? "[" : is_jsonb ? "{" : "{ ";
    const char *close = !is_object ? "]" : is_jsonb ? "}" : " }";
    size_t open_length = strlen(open), close_length = strlen(close);
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        const JsonState *state = AGGREGATE_STATE_CONST(JsonState, states, stride, first + i);
        if (!state->seen) {
            vector_builder_null(&builder);
            continue;
        }
        size_t length = open_length + state->text.length + close_length;
        char *text = arena_alloc(arena, length);
        memcpy(text, open, open_length);
        memcpy(text + open_length, state->text.data, state->text.length);
        memcpy(text + length - close_length, close, close_length);
        Text document = {text, (uint32_t)length};
        if (is_jsonb && !json_canonical(arena, document, &document, fault))
            return false;
        vector_builder_text_view(&builder, document);
    }
    *result = vector_builder_finish(&builder);
    return true;
}

#define JSON_METHODS                                                                               \
    .state_size = sizeof(JsonState), .add = json_add, .partial_of = aggregate_type_state,          \
    .partial = json_partial, .merge = json_merge, .finish = json_finish, .is_order_sensitive = true
#define ARRAY_ROW(id, function, type)                                                              \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { T_ANY }, .result = type,    \
      JSON_METHODS, .summary = "The values as a JSON array.",                                      \
      .example = "(SELECT " function "(x) FROM (VALUES (1), (NULL), (2)) AS t(x))",                \
      .gives = "[1, null, 2]" }
#define OBJECT_ROW(id, function, type, value)                                                      \
    { .oid = id, .name = function, .argument_count = 2, .arguments = { T_ANY, T_ANY },             \
      .result = type, JSON_METHODS, .summary = "Names and values as a JSON object.",               \
      .example = "(SELECT " function "(k, v) FROM (VALUES ('a', 1), ('b', 2)) AS t(k, v))",        \
      .gives = value }

const AggregateFunction aggregate_json_agg_aggregates[] = {
    ARRAY_ROW(3175, "json_agg", T_JSON),
    ARRAY_ROW(3267, "jsonb_agg", T_JSONB),
    OBJECT_ROW(3197, "json_object_agg", T_JSON, "{ \"a\" : 1, \"b\" : 2 }"),
    OBJECT_ROW(3270, "jsonb_object_agg", T_JSONB, "{\"a\": 1, \"b\": 2}"),
};
const uint32_t aggregate_json_agg_aggregate_count =
    sizeof aggregate_json_agg_aggregates / sizeof aggregate_json_agg_aggregates[0];

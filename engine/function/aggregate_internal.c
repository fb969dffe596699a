/*
 * What the aggregates share. See aggregate_internal.h.
 */
#include "engine/function/aggregate_internal.h"

#include <stdlib.h>

void *aggregate_alloc(const AggregateCall *call, size_t size, Fault *fault)
{
    if (call->budget != NULL && !budget_reserve(call->budget, size, fault))
        return NULL;
    return arena_alloc(call->arena, size);
}

static bool state_bytes_room(const AggregateCall *call, StateBytes *bytes, uint64_t wanted,
                             Fault *fault)
{
    if (bytes->data != NULL && wanted <= bytes->capacity)
        return true;
    if (wanted > INT32_MAX)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "a value of an aggregate is longer than %d bytes", INT32_MAX);
    uint64_t capacity = 16;
    while (capacity < wanted)
        capacity *= 2;
    char *data = aggregate_alloc(call, capacity, fault);
    if (data == NULL)
        return false;
    if (bytes->length > 0)
        memcpy(data, bytes->data, bytes->length);
    bytes->data = data;
    bytes->capacity = (uint32_t)capacity;
    return true;
}

bool state_bytes_append(const AggregateCall *call, StateBytes *bytes, const void *data,
                        uint32_t length, Fault *fault)
{
    if (!state_bytes_room(call, bytes, (uint64_t)bytes->length + length, fault))
        return false;
    if (length > 0)
        memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
    return true;
}

bool state_bytes_set(const AggregateCall *call, StateBytes *bytes, Text text, Fault *fault)
{
    bytes->length = 0;
    return state_bytes_append(call, bytes, text.data, text.length, fault);
}

/* Cuts at the start of a UTF-8 character. */
static Text text_cut(Text text, uint32_t max_bytes)
{
    if (max_bytes == 0 || text.length <= max_bytes)
        return text;
    uint32_t length = max_bytes;
    while (length > 0 && ((uint8_t)text.data[length] & 0xC0) == 0x80)
        length--;
    return (Text){.data = text.data, .length = length};
}

bool stored_value_set(const AggregateCall *call, StoredValue *stored, const Vector *vector,
                      uint32_t row, uint32_t max_bytes, Fault *fault)
{
    if (vector_is_null(vector, row)) {
        /* The bytes of an earlier text stay for the next one. */
        stored->kind = STORED_NULL;
        return true;
    }
    stored->kind = STORED_VALUE;
    if (vector->layout == LAYOUT_STRING)
        return state_bytes_set(call, &stored->text, text_cut(vector_text(vector, row), max_bytes),
                               fault);
    if (vector->layout == LAYOUT_ARRAY) {
        Vector slice = vector_slice(vector, row, 1);
        if (call->budget != NULL &&
            !budget_reserve(call->budget, sizeof(Vector) + vector_footprint(&slice), fault))
            return false;
        Vector *copy = arena_alloc(call->arena, sizeof *copy);
        *copy = vector_copy(call->arena, &slice);
        stored->vector = copy;
        return true;
    }
    size_t size = layout_size(vector->layout);
    memcpy(stored->raw, (const uint8_t *)vector->data + vector_row(vector, row) * size, size);
    return true;
}

void stored_value_append(const StoredValue *stored, Layout layout, VectorBuilder *builder)
{
    if (stored->kind != STORED_VALUE) {
        vector_builder_null(builder);
        return;
    }
    if (layout == LAYOUT_STRING) {
        vector_builder_text(builder, (Text){stored->text.data, stored->text.length});
        return;
    }
    if (layout == LAYOUT_ARRAY) {
        vector_builder_row(builder, stored->vector, 0);
        return;
    }
    /* Aligned for any layout of fixed width. */
    __int128 value = 0;
    memcpy(&value, stored->raw, layout_size(layout));
    Vector one = vector_flat(layout, 1, &value, NULL);
    vector_builder_row(builder, &one, 0);
}

Vector aggregate_state_column(Arena *arena, uint32_t count, uint32_t size, uint8_t **bytes)
{
    Text *texts = arena_alloc_vector(arena, (size_t)count * sizeof(Text));
    uint8_t *data = arena_zalloc(arena, (size_t)count * size);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = (Text){.data = (const char *)data + (size_t)i * size, .length = size};
    *bytes = data;
    return vector_flat(LAYOUT_STRING, count, texts, NULL);
}

bool aggregate_state_read(const Vector *partial, uint32_t row, void *state, uint32_t size,
                          bool *is_present, Fault *fault)
{
    *is_present = !vector_is_null(partial, row);
    if (!*is_present)
        return true;
    Text text = vector_text(partial, row);
    if (text.length != size)
        return fault_set(fault, FAULT_DATA_CORRUPTED,
                         "a partial state of %u bytes where %u were expected", text.length, size);
    memcpy(state, text.data, size);
    return true;
}

SqlType aggregate_type_state(const AggregateCall *call)
{
    return SQL_TYPE(T_STATE);
}

SqlType aggregate_type_int8(const AggregateCall *call)
{
    return SQL_TYPE(T_INT8);
}

SqlType aggregate_type_result(const AggregateCall *call)
{
    return call->result_type;
}

SqlType aggregate_same_type(const SqlType *arguments, uint32_t count)
{
    return count == 0 ? SQL_TYPE(T_UNKNOWN) : arguments[0];
}

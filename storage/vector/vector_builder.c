/*
 * Building vectors value by value. Room doubles; what was outgrown stays in the arena.
 */
#include "base/log/log.h"
#include "storage/vector/vector.h"
#include "storage/vector/vector_internal.h"

enum { SMALLEST = 16 };

void vector_builder_init(VectorBuilder *builder, Arena *arena, Layout layout, uint32_t capacity)
{
    *builder = (VectorBuilder){
        .arena = arena,
        .layout = layout,
        .capacity = capacity < SMALLEST ? SMALLEST : capacity,
    };
    builder->data = arena_alloc_vector(arena, layout_size(layout) * builder->capacity);
}

static void *moved(Arena *arena, const void *data, size_t used, size_t size)
{
    return memcpy(arena_alloc_vector(arena, size), data, used);
}

static void grow(VectorBuilder *builder)
{
    check(builder->capacity < UINT32_MAX / 2);
    uint32_t capacity = builder->capacity * 2;
    size_t size = layout_size(builder->layout);
    builder->data = moved(builder->arena, builder->data, size * builder->length, size * capacity);
    if (builder->nulls != NULL) {
        builder->nulls = moved(builder->arena, builder->nulls, builder->length, capacity);
        memset(builder->nulls + builder->length, 0, capacity - builder->length);
    }
    builder->capacity = capacity;
}

/* The next cell, its null flag clear. */
static inline uint32_t next_cell(VectorBuilder *builder)
{
    if (builder->length == builder->capacity)
        grow(builder);
    return builder->length++;
}

void vector_builder_null(VectorBuilder *builder)
{
    uint32_t row = next_cell(builder);
    if (builder->nulls == NULL)
        builder->nulls =
            memset(arena_alloc_vector(builder->arena, builder->capacity), 0, builder->capacity);
    builder->nulls[row] = 1;
    size_t size = layout_size(builder->layout);
    memset((char *)builder->data + row * size, 0, size);
}

void vector_builder_int64(VectorBuilder *builder, int64_t value)
{
    check(builder->layout == LAYOUT_INT64);
    uint32_t row = next_cell(builder);
    ((int64_t *)builder->data)[row] = value;
}

void vector_builder_int128(VectorBuilder *builder, __int128 value)
{
    check(builder->layout == LAYOUT_INT128);
    uint32_t row = next_cell(builder);
    ((__int128 *)builder->data)[row] = value;
}

void vector_builder_float64(VectorBuilder *builder, double value)
{
    uint32_t row = next_cell(builder);
    if (builder->layout == LAYOUT_FLOAT32) {
        ((float *)builder->data)[row] = (float)value;
    } else {
        check(builder->layout == LAYOUT_FLOAT64);
        ((double *)builder->data)[row] = value;
    }
}

void vector_builder_bool(VectorBuilder *builder, bool value)
{
    check(builder->layout == LAYOUT_BOOL);
    uint32_t row = next_cell(builder);
    ((uint8_t *)builder->data)[row] = value;
}

void vector_builder_text_view(VectorBuilder *builder, Text value)
{
    check(builder->layout == LAYOUT_STRING);
    uint32_t row = next_cell(builder);
    ((Text *)builder->data)[row] = value;
}

void vector_builder_text(VectorBuilder *builder, Text value)
{
    vector_builder_text_view(builder, arena_text(builder->arena, value));
}

void vector_builder_array(VectorBuilder *builder, uint32_t count)
{
    vector_builder_shaped(builder, count, 0);
}

void vector_builder_shaped(VectorBuilder *builder, uint32_t count, int64_t shape)
{
    check(builder->layout == LAYOUT_ARRAY);
    check(builder->elements != NULL || count == 0);
    uint32_t row = next_cell(builder);
    ((ArrayValue *)builder->data)[row] = (ArrayValue){
        .offset = builder->elements != NULL ? builder->elements->length : 0,
        .count = count,
        .shape = shape,
    };
}

static void append_array(VectorBuilder *builder, const Vector *vector, uint32_t row)
{
    ArrayValue cell = array_value(vector, row);
    const Vector *elements = array_elements(vector);
    if (builder->elements == NULL && cell.count > 0) {
        builder->elements = ARENA_NEW(builder->arena, VectorBuilder);
        vector_builder_init(builder->elements, builder->arena, elements->layout, cell.count);
    }
    vector_builder_shaped(builder, cell.count, cell.shape);
    for (uint32_t i = 0; i < cell.count; i++)
        vector_builder_row(builder->elements, elements, cell.offset + i);
}

void vector_builder_row(VectorBuilder *builder, const Vector *vector, uint32_t row)
{
    check(vector->layout == builder->layout);
    if (vector_is_null(vector, row)) {
        vector_builder_null(builder);
        return;
    }
    if (builder->layout == LAYOUT_STRING) {
        vector_builder_text(builder, vector_text(vector, row));
        return;
    }
    if (builder->layout == LAYOUT_ARRAY) {
        append_array(builder, vector, row);
        return;
    }
    size_t size = layout_size(builder->layout);
    uint32_t to = next_cell(builder);
    memcpy((char *)builder->data + to * size,
           (const char *)vector->data + vector_row(vector, row) * size, size);
}

Vector vector_builder_finish(VectorBuilder *builder)
{
    Vector vector = vector_flat(builder->layout, builder->length, builder->data, builder->nulls);
    if (builder->elements != NULL) {
        Vector *elements = ARENA_NEW(builder->arena, Vector);
        *elements = vector_builder_finish(builder->elements);
        vector.elements = elements;
    }
    return vector;
}

/*
 * Vectors: making them, and small questions about them. See vector.h.
 */
#include "storage/vector/vector.h"

#include "base/log/log.h"
#include "storage/vector/vector_internal.h"

const uint8_t vector_no_data[64] __attribute__((aligned(64)));
const Vector vector_no_elements = {
    .layout = LAYOUT_STRING, .form = VECTOR_FLAT, .length = 0, .data = vector_no_data};

size_t layout_size(Layout layout)
{
    switch (layout) {
    case LAYOUT_BOOL: return sizeof(uint8_t);
    case LAYOUT_INT64: return sizeof(int64_t);
    case LAYOUT_INT128: return sizeof(__int128);
    case LAYOUT_FLOAT32: return sizeof(float);
    case LAYOUT_FLOAT64: return sizeof(double);
    case LAYOUT_STRING: return sizeof(Text);
    case LAYOUT_ARRAY: return sizeof(ArrayValue);
    case LAYOUT_COUNT: break;
    }
    check(false);
    return 0;
}

const char *layout_name(Layout layout)
{
    switch (layout) {
    case LAYOUT_BOOL: return "bool";
    case LAYOUT_INT64: return "int64";
    case LAYOUT_INT128: return "int128";
    case LAYOUT_FLOAT32: return "float32";
    case LAYOUT_FLOAT64: return "float64";
    case LAYOUT_STRING: return "string";
    case LAYOUT_ARRAY: return "array";
    case LAYOUT_COUNT: break;
    }
    return "unknown";
}

static bool any_byte_set(const uint8_t *bytes, uint32_t length)
{
    uint8_t any = 0;
    for (uint32_t i = 0; i < length; i++)
        any |= bytes[i];
    return any != 0;
}

static bool any_code_zero(const uint32_t *codes, uint32_t length)
{
    uint32_t any = 0;
    for (uint32_t i = 0; i < length; i++)
        any |= codes[i] == 0;
    return any != 0;
}

bool vector_has_nulls(const Vector *vector)
{
    if (vector->length == 0)
        return false;
    switch (vector->form) {
    case VECTOR_FLAT:
        return vector->nulls != NULL && any_byte_set(vector->nulls, vector->length);
    case VECTOR_CONSTANT:
        return vector->nulls != NULL && vector->nulls[0] != 0;
    case VECTOR_DICTIONARY:
        return any_code_zero(VECTOR_DATA(uint32_t, vector), vector->length);
    }
    return false;
}

Vector vector_flat(Layout layout, uint32_t length, const void *data, const uint8_t *nulls)
{
    return (Vector){
        .layout = layout,
        .form = VECTOR_FLAT,
        .length = length,
        .data = data,
        .nulls = nulls,
        .elements = layout == LAYOUT_ARRAY ? &vector_no_elements : NULL,
    };
}

Vector vector_constant(Arena *arena, Layout layout, uint32_t length, const void *value)
{
    size_t size = layout_size(layout);
    void *data = arena_alloc_vector(arena, size);
    memcpy(data, value, size);
    if (layout == LAYOUT_STRING) {
        Text text;
        memcpy(&text, value, sizeof text);
        text = arena_text(arena, text);
        memcpy(data, &text, sizeof text);
    }
    return (Vector){
        .layout = layout,
        .form = VECTOR_CONSTANT,
        .length = length,
        .data = data,
        .elements = layout == LAYOUT_ARRAY ? &vector_no_elements : NULL,
    };
}

Vector vector_null(Arena *arena, Layout layout, uint32_t length)
{
    size_t size = layout_size(layout);
    void *data = memset(arena_alloc_vector(arena, size), 0, size);
    uint8_t *nulls = arena_alloc_vector(arena, 1);
    nulls[0] = 1;
    return (Vector){
        .layout = layout,
        .form = VECTOR_CONSTANT,
        .length = length,
        .data = data,
        .nulls = nulls,
        .elements = layout == LAYOUT_ARRAY ? &vector_no_elements : NULL,
    };
}

Vector vector_dictionary(const Dictionary *dictionary, uint32_t length, const uint32_t *codes)
{
    return (Vector){
        .layout = LAYOUT_STRING,
        .form = VECTOR_DICTIONARY,
        .length = length,
        .data = codes,
        .dictionary = dictionary,
    };
}

Vector vector_slice(const Vector *vector, uint32_t start, uint32_t count)
{
    check(start <= vector->length && count <= vector->length - start);
    Vector slice = *vector;
    slice.length = count;
    switch (vector->form) {
    case VECTOR_FLAT:
        slice.data = (const char *)vector->data + start * layout_size(vector->layout);
        slice.nulls = vector->nulls != NULL ? vector->nulls + start : NULL;
        break;
    case VECTOR_CONSTANT:
        break;
    case VECTOR_DICTIONARY:
        slice.data = VECTOR_DATA(uint32_t, vector) + start;
        break;
    }
    return slice;
}

/* --- sizes --- */

uint64_t array_used_elements(const Vector *vector)
{
    uint64_t used = 0;
    for (uint32_t row = 0; row < vector->length; row++)
        if (!vector_is_null(vector, row))
            used += array_value(vector, row).count;
    return used;
}

static size_t string_bytes(const Vector *vector)
{
    if (vector->length == 0)
        return 0;
    size_t bytes = 0;
    switch (vector->form) {
    case VECTOR_FLAT:
        for (uint32_t row = 0; row < vector->length; row++)
            bytes += VECTOR_DATA(Text, vector)[row].length;
        break;
    case VECTOR_CONSTANT:
        bytes = (size_t)VECTOR_DATA(Text, vector)[0].length * vector->length;
        break;
    case VECTOR_DICTIONARY: {
        const uint32_t *offsets = vector->dictionary->offsets;
        const uint32_t *codes = VECTOR_DATA(uint32_t, vector);
        for (uint32_t row = 0; row < vector->length; row++)
            bytes += offsets[codes[row] + 1] - offsets[codes[row]];
        break;
    }
    }
    return bytes;
}

/* A share of the elements' footprint, by the number of elements that the rows use. */
static size_t element_bytes(const Vector *vector)
{
    const Vector *elements = array_elements(vector);
    uint64_t used = array_used_elements(vector);
    if (elements->length == 0 || used == 0)
        return 0;
    size_t all = vector_footprint(elements);
    return used >= elements->length
               ? all * (size_t)((used + elements->length - 1) / elements->length)
               : (size_t)((unsigned __int128)all * used / elements->length) + 1;
}

size_t vector_footprint(const Vector *vector)
{
    size_t bytes = (layout_size(vector->layout) + 1) * (size_t)vector->length;
    if (vector->layout == LAYOUT_STRING)
        bytes += string_bytes(vector);
    if (vector->layout == LAYOUT_ARRAY)
        bytes += element_bytes(vector);
    return bytes;
}

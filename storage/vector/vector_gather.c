/*
 * Moving rows: gather, flatten, copy, concatenate.
 *
 * The loops are by the width of a value, not by its type. Strings are moved as views: a gather
 * shares the bytes, only vector_copy copies them (into one block a vector).
 */
#include "base/log/log.h"
#include "storage/vector/vector.h"
#include "storage/vector/vector_internal.h"

#define GATHER(type)                                                                               \
    do {                                                                                           \
        type *to = out;                                                                            \
        const type *from = source;                                                                 \
        for (uint32_t i = 0; i < count; i++)                                                       \
            to[i] = from[rows[i]];                                                                 \
    } while (0)

typedef struct Wide {
    uint64_t low, high;
} Wide;

void gather_values(size_t value_size, void *out, const void *source, const uint32_t *rows,
                   uint32_t count)
{
    switch (value_size) {
    case 1: GATHER(uint8_t); break;
    case 4: GATHER(uint32_t); break;
    case 8: GATHER(uint64_t); break;
    case 16: GATHER(Wide); break;
    default: check(false);
    }
}

static const void *gather_new(Arena *arena, size_t value_size, const void *source,
                              const uint32_t *rows, uint32_t count)
{
    void *out = arena_alloc_vector(arena, value_size * count);
    gather_values(value_size, out, source, rows, count);
    return out;
}

static size_t cell_size(const Vector *vector)
{
    return vector->form == VECTOR_DICTIONARY ? sizeof(uint32_t) : layout_size(vector->layout);
}

Vector vector_gather(Arena *arena, const Vector *vector, const uint32_t *rows, uint32_t count)
{
    Vector out = *vector;
    out.length = count;
    if (vector->form == VECTOR_CONSTANT)
        return out;
    out.data = gather_new(arena, cell_size(vector), vector->data, rows, count);
    if (vector->nulls != NULL)
        out.nulls = gather_new(arena, 1, vector->nulls, rows, count);
    return out;
}

/* --- with missing rows --- */

static bool any_missing(const uint32_t *rows, uint32_t count)
{
    uint32_t any = 0;
    for (uint32_t i = 0; i < count; i++)
        any |= rows[i] == UINT32_MAX;
    return any != 0;
}

/* Missing rows read row 0: the cell under a null may be any value. */
static const uint32_t *rows_or_first(Arena *arena, const uint32_t *rows, uint32_t count)
{
    uint32_t *out = arena_alloc_vector(arena, sizeof(uint32_t) * count);
    for (uint32_t i = 0; i < count; i++)
        out[i] = rows[i] == UINT32_MAX ? 0 : rows[i];
    return out;
}

static const uint8_t *gather_nulls(Arena *arena, const Vector *vector, const uint32_t *rows,
                                   const uint32_t *present, uint32_t count)
{
    uint8_t *nulls = arena_alloc_vector(arena, count);
    if (vector->nulls == NULL) {
        for (uint32_t i = 0; i < count; i++)
            nulls[i] = rows[i] == UINT32_MAX;
    } else {
        gather_values(1, nulls, vector->nulls, present, count);
        for (uint32_t i = 0; i < count; i++)
            nulls[i] |= rows[i] == UINT32_MAX;
    }
    return nulls;
}

static Vector gather_codes_or_null(Arena *arena, const Vector *vector, const uint32_t *rows,
                                   uint32_t count)
{
    uint32_t *codes = arena_alloc_vector(arena, sizeof(uint32_t) * count);
    const uint32_t *from = vector->data;
    for (uint32_t i = 0; i < count; i++)
        codes[i] = rows[i] == UINT32_MAX ? 0 : from[rows[i]];
    return vector_dictionary(vector->dictionary, count, codes);
}

static Vector constant_or_null(Arena *arena, const Vector *vector, const uint32_t *rows,
                               uint32_t count)
{
    Vector out = *vector;
    out.length = count;
    if (vector_is_null(vector, 0))
        return out;
    Vector flat = vector_flatten(arena, &out);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++)
        nulls[i] = rows[i] == UINT32_MAX;
    flat.nulls = nulls;
    return flat;
}

Vector vector_gather_or_null(Arena *arena, const Vector *vector, const uint32_t *rows,
                             uint32_t count)
{
    if (!any_missing(rows, count))
        return vector_gather(arena, vector, rows, count);
    if (vector->length == 0) {
        Vector nothing = vector_null(arena, vector->layout, count);
        nothing.elements = vector->elements;
        return nothing;
    }
    if (vector->form == VECTOR_DICTIONARY)
        return gather_codes_or_null(arena, vector, rows, count);
    if (vector->form == VECTOR_CONSTANT)
        return constant_or_null(arena, vector, rows, count);
    const uint32_t *present = rows_or_first(arena, rows, count);
    Vector out = *vector;
    out.length = count;
    out.data = gather_new(arena, cell_size(vector), vector->data, present, count);
    out.nulls = gather_nulls(arena, vector, rows, present, count);
    return out;
}

/* --- flatten --- */

static void repeat_value(size_t value_size, void *out, const void *value, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        memcpy((char *)out + i * value_size, value, value_size);
}

static Vector flatten_constant(Arena *arena, const Vector *vector)
{
    size_t size = layout_size(vector->layout);
    Vector flat = *vector;
    flat.form = VECTOR_FLAT;
    flat.nulls = NULL;
    void *data = arena_alloc_vector(arena, size * vector->length);
    repeat_value(size, data, vector->data, vector->length);
    flat.data = data;
    if (vector->nulls != NULL && vector->nulls[0] != 0) {
        uint8_t *nulls = arena_alloc_vector(arena, vector->length);
        flat.nulls = memset(nulls, 1, vector->length);
    }
    return flat;
}

static Vector flatten_dictionary(Arena *arena, const Vector *vector)
{
    const Dictionary *dictionary = vector->dictionary;
    const uint32_t *codes = vector->data;
    Text *texts = arena_alloc_vector(arena, sizeof(Text) * vector->length);
    uint32_t any_null = 0;
    for (uint32_t row = 0; row < vector->length; row++) {
        texts[row] = dictionary_text(dictionary, codes[row]);
        any_null |= codes[row] == 0;
    }
    uint8_t *nulls = NULL;
    if (any_null) {
        nulls = arena_alloc_vector(arena, vector->length);
        for (uint32_t row = 0; row < vector->length; row++)
            nulls[row] = codes[row] == 0;
    }
    return vector_flat(LAYOUT_STRING, vector->length, texts, nulls);
}

Vector vector_flatten(Arena *arena, const Vector *vector)
{
    switch (vector->form) {
    case VECTOR_FLAT: return *vector;
    case VECTOR_CONSTANT: return flatten_constant(arena, vector);
    case VECTOR_DICTIONARY: return flatten_dictionary(arena, vector);
    }
    return *vector;
}

/* --- copy --- */

static const void *copy_bytes(Arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_alloc_vector(arena, size);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

/* Copies the bytes that `count` texts point to into one block. The texts under nulls become
 * empty: their bytes may be anything. */
static const Text *copy_texts(Arena *arena, const Text *texts, const uint8_t *nulls, uint32_t count)
{
    size_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += nulls != NULL && nulls[i] != 0 ? 0 : texts[i].length;
    char *bytes = arena_alloc(arena, total);
    Text *out = arena_alloc_vector(arena, sizeof(Text) * count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = nulls != NULL && nulls[i] != 0 ? 0 : texts[i].length;
        if (length > 0)
            memcpy(bytes, texts[i].data, length);
        out[i] = (Text){.data = bytes, .length = length};
        bytes += length;
    }
    return out;
}

static Vector copy_dictionary(Arena *arena, const Vector *vector)
{
    Vector out = *vector;
    if (vector->dictionary->count > vector->length) {
        uint32_t *codes = arena_alloc_vector(arena, sizeof(uint32_t) * vector->length);
        out.dictionary = dictionary_compact(arena, vector->dictionary, vector->data,
                                            vector->length, codes);
        out.data = codes;
    } else {
        out.dictionary = dictionary_copy(arena, vector->dictionary);
        out.data = copy_bytes(arena, vector->data, sizeof(uint32_t) * vector->length);
    }
    return out;
}

/* The same rows over just the elements they use, in order; flat. */
static Vector compact_array(Arena *arena, const Vector *vector)
{
    Vector flat = vector_flatten(arena, vector);
    uint64_t used = array_used_elements(&flat);
    check(used < UINT32_MAX);
    uint32_t *rows = ARENA_ARRAY(arena, uint32_t, used);
    ArrayValue *cells = arena_alloc_vector(arena, sizeof(ArrayValue) * flat.length);
    uint32_t at = 0;
    for (uint32_t row = 0; row < flat.length; row++) {
        ArrayValue cell = {0};
        if (!vector_is_null(&flat, row))
            cell = array_value(&flat, row);
        cells[row] = (ArrayValue){.offset = at, .count = cell.count, .shape = cell.shape};
        for (uint32_t i = 0; i < cell.count; i++)
            rows[at++] = cell.offset + i;
    }
    Vector *elements = ARENA_NEW(arena, Vector);
    *elements = vector_gather(arena, array_elements(&flat), rows, at);
    flat.data = cells;
    flat.elements = elements;
    return flat;
}

Vector vector_compact_array(Arena *arena, const Vector *vector)
{
    uint64_t used = array_used_elements(vector);
    return used >= array_elements(vector)->length / 2 ? *vector : compact_array(arena, vector);
}

static Vector copy_array(Arena *arena, const Vector *vector)
{
    Vector out = vector_compact_array(arena, vector);
    uint32_t cells = out.form == VECTOR_CONSTANT ? 1 : out.length;
    out.data = copy_bytes(arena, out.data, sizeof(ArrayValue) * cells);
    if (out.nulls != NULL)
        out.nulls = copy_bytes(arena, out.nulls, cells);
    Vector *elements = ARENA_NEW(arena, Vector);
    *elements = vector_copy(arena, array_elements(&out));
    out.elements = elements;
    return out;
}

Vector vector_copy(Arena *arena, const Vector *vector)
{
    if (vector->form == VECTOR_DICTIONARY)
        return copy_dictionary(arena, vector);
    if (vector->layout == LAYOUT_ARRAY)
        return copy_array(arena, vector);
    Vector out = *vector;
    uint32_t cells = vector->form == VECTOR_CONSTANT ? 1 : vector->length;
    if (vector->nulls != NULL)
        out.nulls = copy_bytes(arena, vector->nulls, cells);
    out.data = vector->layout == LAYOUT_STRING
                   ? (const void *)copy_texts(arena, vector->data, vector->nulls, cells)
                   : copy_bytes(arena, vector->data, cells * layout_size(vector->layout));
    return out;
}

/* --- concatenate --- */

static uint32_t total_length(const Vector *parts, uint32_t count)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += parts[i].length;
    check(total < UINT32_MAX);
    return (uint32_t)total;
}

/* The one dictionary that all parts with rows have (NULL constants fit any), else NULL. */
static const Dictionary *shared_dictionary(const Vector *parts, uint32_t count)
{
    const Dictionary *shared = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const Vector *part = &parts[i];
        if (part->length == 0 || (part->form == VECTOR_CONSTANT && vector_is_null(part, 0)))
            continue;
        if (part->form != VECTOR_DICTIONARY)
            return NULL;
        if (shared != NULL && part->dictionary != shared && part->dictionary->id != shared->id)
            return NULL;
        shared = part->dictionary;
    }
    return shared;
}

static Vector concatenate_codes(Arena *arena, const Dictionary *dictionary, const Vector *parts,
                                uint32_t count, uint32_t length)
{
    uint32_t *codes = arena_alloc_vector(arena, sizeof(uint32_t) * length);
    uint32_t *to = codes;
    for (uint32_t i = 0; i < count; i++) {
        if (parts[i].length == 0)
            continue;
        if (parts[i].form == VECTOR_DICTIONARY)
            memcpy(to, parts[i].data, sizeof(uint32_t) * parts[i].length);
        else
            memset(to, 0, sizeof(uint32_t) * parts[i].length);
        to += parts[i].length;
    }
    return vector_dictionary(dictionary, length, codes);
}

static bool is_same_constant(const Vector *parts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (parts[i].form != VECTOR_CONSTANT || parts[i].data != parts[0].data ||
            parts[i].nulls != parts[0].nulls)
            return false;
    return count > 0;
}

static const uint8_t *concatenate_nulls(Arena *arena, const Vector *parts, uint32_t count,
                                        uint32_t length)
{
    bool any = false;
    for (uint32_t i = 0; i < count && !any; i++)
        any = vector_has_nulls(&parts[i]);
    if (!any)
        return NULL;
    uint8_t *nulls = arena_alloc_vector(arena, length);
    uint8_t *to = nulls;
    for (uint32_t i = 0; i < count; i++) {
        const Vector *part = &parts[i];
        switch (part->form) {
        case VECTOR_FLAT:
            if (part->nulls != NULL)
                memcpy(to, part->nulls, part->length);
            else
                memset(to, 0, part->length);
            break;
        case VECTOR_CONSTANT:
            memset(to, part->nulls != NULL && part->nulls[0] != 0, part->length);
            break;
        case VECTOR_DICTIONARY:
            for (uint32_t row = 0; row < part->length; row++)
                to[row] = VECTOR_DATA(uint32_t, part)[row] == 0;
            break;
        }
        to += part->length;
    }
    return nulls;
}

static void append_cells(void *to, const Vector *part)
{
    size_t size = layout_size(part->layout);
    switch (part->form) {
    case VECTOR_FLAT:
        if (part->length > 0)
            memcpy(to, part->data, size * part->length);
        break;
    case VECTOR_CONSTANT:
        repeat_value(size, to, part->data, part->length);
        break;
    case VECTOR_DICTIONARY:
        for (uint32_t row = 0; row < part->length; row++)
            ((Text *)to)[row] =
                dictionary_text(part->dictionary, VECTOR_DATA(uint32_t, part)[row]);
        break;
    }
}

static bool share_elements(const Vector *parts, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (parts[i].elements != parts[0].elements)
            return false;
    return true;
}

/* Moves the cells of each part behind the elements of the parts before it. */
static const Vector *concatenate_elements(Arena *arena, const Vector *parts, uint32_t count,
                                          ArrayValue *cells)
{
    Vector *elements = ARENA_ARRAY(arena, Vector, count);
    uint32_t used = 0, offset = 0;
    for (uint32_t i = 0; i < count; i++) {
        const Vector *own = array_elements(&parts[i]);
        for (uint32_t row = 0; row < parts[i].length; row++)
            cells[row].offset += offset;
        cells += parts[i].length;
        if (own->length > 0)
            elements[used++] = *own;
        check(own->length < UINT32_MAX - offset);
        offset += own->length;
    }
    Vector *out = ARENA_NEW(arena, Vector);
    *out = used > 0 ? vector_concatenate(arena, elements, used) : *array_elements(&parts[0]);
    return out;
}

Vector vector_concatenate(Arena *arena, const Vector *parts, uint32_t count)
{
    check(count > 0);
    if (count == 1)
        return parts[0];
    uint32_t length = total_length(parts, count);
    if (is_same_constant(parts, count)) {
        Vector out = parts[0];
        out.length = length;
        return out;
    }
    const Dictionary *dictionary =
        parts[0].layout == LAYOUT_STRING ? shared_dictionary(parts, count) : NULL;
    if (dictionary != NULL)
        return concatenate_codes(arena, dictionary, parts, count, length);

    bool moves_elements = parts[0].layout == LAYOUT_ARRAY && !share_elements(parts, count);
    if (moves_elements) {
        Vector *compact = ARENA_ARRAY(arena, Vector, count);
        for (uint32_t i = 0; i < count; i++)
            compact[i] = vector_compact_array(arena, &parts[i]);
        parts = compact;
    }
    size_t size = layout_size(parts[0].layout);
    char *data = arena_alloc_vector(arena, size * length);
    char *to = data;
    for (uint32_t i = 0; i < count; i++) {
        check(parts[i].layout == parts[0].layout);
        append_cells(to, &parts[i]);
        to += size * parts[i].length;
    }
    const uint8_t *nulls = concatenate_nulls(arena, parts, count, length);
    Vector out = vector_flat(parts[0].layout, length, data, nulls);
    if (out.layout == LAYOUT_ARRAY)
        out.elements = moves_elements
                           ? concatenate_elements(arena, parts, count, (ArrayValue *)data)
                           : array_elements(&parts[0]);
    return out;
}

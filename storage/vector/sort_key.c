/*
 * Sort keys: bytes whose memcmp order is the order wanted.
 *
 * Each column gives a marker byte, which places NULL first or last and is never inverted, and
 * then the value, all bits inverted when descending. Integers are big-endian with the sign bit
 * flipped; floats as IEEE bits, negative ones inverted, others with the sign bit flipped (-0 is
 * written as 0, every NaN as one that is greater than infinity); strings escaped so that no key
 * is a prefix of another: 0x00 becomes 0x00 0xFF, the end is 0x00 0x00. Arrays: a byte before
 * each element (0x01, or 0x02 for NULL), 0x00 at the end and a byte for the shape, which is written
 * out when it is not that of one dimension from 1. Under a NULL fixed layouts write zero
 * bytes, so that all keys of such columns have one width; strings and arrays write nothing.
 * The normalisation is described in Graefe, "Implementing Sorting in Database Systems" (2006).
 *
 * Keys are made in two passes over the columns: the lengths, then the bytes, with one cursor a
 * row. The array of offsets serves as lengths first, then as cursors.
 */
#include "base/log/log.h"
#include "base/memory/buffer.h"
#include "storage/vector/vector.h"
#include "storage/vector/vector_internal.h"

#define SIGN64 UINT64_C(0x8000000000000000)

enum { ELEMENT_END = 0x00, ELEMENT_VALUE = 0x01, ELEMENT_NULL = 0x02 };
/* One dimension from less than 1, from 1, from more; two and more dimensions. */
enum { SHAPE_BELOW = 0x00, SHAPE_PLAIN = 0x01, SHAPE_ABOVE = 0x02, SHAPE_SEVERAL = 0x03 };

/* Bytes of a fixed layout's value, 0 for the others. */
static uint32_t fixed_width(Layout layout)
{
    bool is_fixed = layout != LAYOUT_STRING && layout != LAYOUT_ARRAY;
    return is_fixed ? (uint32_t)layout_size(layout) : 0;
}

/* --- lengths --- */

static uint32_t escaped_length(Text text)
{
    if (text.length == 0 || memchr(text.data, '\0', text.length) == NULL)
        return text.length + 2;
    uint32_t zeros = 0;
    for (uint32_t i = 0; i < text.length; i++)
        zeros += text.data[i] == '\0';
    return text.length + zeros + 2;
}

static uint64_t value_length(const Vector *vector, uint32_t row)
{
    if (vector->layout == LAYOUT_STRING)
        return escaped_length(vector_text(vector, row));
    if (vector->layout != LAYOUT_ARRAY)
        return fixed_width(vector->layout);
    ArrayValue cell = array_value(vector, row);
    const Vector *elements = array_elements(vector);
    uint64_t length = 2 + (cell.shape == 0 ? 0 : 8 * (uint64_t)array_shape_of(cell).dimensions);
    for (uint32_t i = cell.offset; i < cell.offset + cell.count; i++)
        length += 1 + (vector_is_null(elements, i) ? 0 : value_length(elements, i));
    return length;
}

/* Adds each row's bytes to lengths[row]; the sum of all must fit 32 bits. */
static void add_lengths(const Vector *vector, uint32_t *lengths)
{
    uint32_t width = fixed_width(vector->layout);
    if (width > 0) {
        for (uint32_t row = 0; row < vector->length; row++)
            lengths[row] += 1 + width;
        return;
    }
    for (uint32_t row = 0; row < vector->length; row++) {
        uint64_t length = 1 + (vector_is_null(vector, row) ? 0 : value_length(vector, row));
        check(length <= UINT32_MAX - lengths[row]);
        lengths[row] += (uint32_t)length;
    }
}

/* --- bytes --- */

static inline void write_u64(uint8_t *to, uint64_t value)
{
    value = __builtin_bswap64(value);
    memcpy(to, &value, sizeof value);
}

static inline uint64_t ordered_float64(double value)
{
    if (value != value)
        return UINT64_MAX;
    value = value == 0.0 ? 0.0 : value;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & SIGN64 ? ~bits : bits | SIGN64;
}

static inline uint32_t ordered_float32(float value)
{
    if (value != value)
        return UINT32_MAX;
    value = value == 0.0F ? 0.0F : value;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000U ? ~bits : bits | 0x80000000U;
}

/* Writers of one value; `flip` is all ones when descending. They return the end. */

static inline uint8_t *write_bool(uint8_t *to, uint8_t value, uint64_t flip)
{
    *to = (uint8_t)((value != 0) ^ flip);
    return to + 1;
}

static inline uint8_t *write_int64(uint8_t *to, int64_t value, uint64_t flip)
{
    write_u64(to, ((uint64_t)value ^ SIGN64) ^ flip);
    return to + 8;
}

static inline uint8_t *write_int128(uint8_t *to, __int128 value, uint64_t flip)
{
    write_u64(to, ((uint64_t)(value >> 64) ^ SIGN64) ^ flip);
    write_u64(to + 8, (uint64_t)value ^ flip);
    return to + 16;
}

static inline uint8_t *write_float32(uint8_t *to, float value, uint64_t flip)
{
    uint32_t ordered = __builtin_bswap32(ordered_float32(value) ^ (uint32_t)flip);
    memcpy(to, &ordered, sizeof ordered);
    return to + 4;
}

static inline uint8_t *write_float64(uint8_t *to, double value, uint64_t flip)
{
    write_u64(to, ordered_float64(value) ^ flip);
    return to + 8;
}

static uint8_t *write_text(uint8_t *to, Text text, uint64_t flip)
{
    uint8_t mask = (uint8_t)flip;
    if (text.length > 0 && memchr(text.data, '\0', text.length) == NULL && mask == 0) {
        memcpy(to, text.data, text.length);
        to += text.length;
    } else {
        for (uint32_t i = 0; i < text.length; i++) {
            *to++ = (uint8_t)text.data[i] ^ mask;
            if (text.data[i] == '\0')
                *to++ = 0xFF ^ mask;
        }
    }
    to[0] = to[1] = mask;
    return to + 2;
}

static uint8_t *write_array(uint8_t *to, const Vector *vector, uint32_t row, uint64_t flip);

static uint8_t *write_value(uint8_t *to, const Vector *vector, uint32_t row, uint64_t flip)
{
    uint32_t cell = vector_row(vector, row);
    switch (vector->layout) {
    case LAYOUT_BOOL: return write_bool(to, VECTOR_DATA(uint8_t, vector)[cell], flip);
    case LAYOUT_INT64: return write_int64(to, VECTOR_DATA(int64_t, vector)[cell], flip);
    case LAYOUT_INT128: return write_int128(to, VECTOR_DATA(__int128, vector)[cell], flip);
    case LAYOUT_FLOAT32: return write_float32(to, VECTOR_DATA(float, vector)[cell], flip);
    case LAYOUT_FLOAT64: return write_float64(to, VECTOR_DATA(double, vector)[cell], flip);
    case LAYOUT_STRING: return write_text(to, vector_text(vector, row), flip);
    case LAYOUT_ARRAY: return write_array(to, vector, row, flip);
    case LAYOUT_COUNT: break;
    }
    check(false);
    return to;
}

static uint8_t *write_uint32(uint8_t *to, uint32_t value, uint8_t mask)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *to++ = (uint8_t)(value >> shift) ^ mask;
    return to;
}

static uint8_t *write_shape(uint8_t *to, ArrayValue cell, uint8_t mask)
{
    if (cell.shape == 0) {
        *to++ = SHAPE_PLAIN ^ mask;
        return to;
    }
    ArrayShape shape = array_shape_of(cell);
    uint8_t marker = shape.dimensions > 1 ? (uint8_t)(SHAPE_SEVERAL + shape.dimensions)
                     : shape.lower[0] < 1 ? SHAPE_BELOW
                                          : SHAPE_ABOVE;
    *to++ = marker ^ mask;
    for (uint32_t i = 0; i < shape.dimensions; i++)
        to = write_uint32(to, shape.lengths[i], mask);
    for (uint32_t i = 0; i < shape.dimensions; i++)
        to = write_uint32(to, (uint32_t)shape.lower[i] ^ UINT32_C(0x80000000), mask);
    return to;
}

static uint8_t *write_array(uint8_t *to, const Vector *vector, uint32_t row, uint64_t flip)
{
    uint8_t mask = (uint8_t)flip;
    ArrayValue cell = array_value(vector, row);
    const Vector *elements = array_elements(vector);
    for (uint32_t i = cell.offset; i < cell.offset + cell.count; i++) {
        bool is_null = vector_is_null(elements, i);
        *to++ = (is_null ? ELEMENT_NULL : ELEMENT_VALUE) ^ mask;
        if (!is_null)
            to = write_value(to, elements, i, flip);
    }
    *to++ = ELEMENT_END ^ mask;
    return write_shape(to, cell, mask);
}

/* A column of a fixed layout, flat: cursors[row] moves behind what was written. */
#define WRITE_COLUMN(type, writer)                                                                 \
    do {                                                                                           \
        const type *cells = vector->data;                                                          \
        for (uint32_t row = 0; row < vector->length; row++) {                                      \
            uint8_t *to = keys + cursors[row];                                                     \
            *to = value_marker;                                                                    \
            writer(to + 1, cells[row], flip);                                                      \
            cursors[row] += 1 + (uint32_t)sizeof(type);                                            \
        }                                                                                          \
    } while (0)

static void write_flat_column(const Vector *vector, uint8_t value_marker, uint64_t flip,
                              uint8_t *keys, uint32_t *cursors)
{
    switch (vector->layout) {
    case LAYOUT_BOOL: WRITE_COLUMN(uint8_t, write_bool); break;
    case LAYOUT_INT64: WRITE_COLUMN(int64_t, write_int64); break;
    case LAYOUT_INT128: WRITE_COLUMN(__int128, write_int128); break;
    case LAYOUT_FLOAT32: WRITE_COLUMN(float, write_float32); break;
    case LAYOUT_FLOAT64: WRITE_COLUMN(double, write_float64); break;
    case LAYOUT_STRING:
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT: check(false);
    }
}

static void write_column(const Vector *vector, const SortColumn *column, uint8_t *keys,
                         uint32_t *cursors)
{
    uint64_t flip = column->descending ? UINT64_MAX : 0;
    uint8_t value_marker = column->nulls_first ? 1 : 0;
    uint8_t null_marker = 1 - value_marker;
    uint32_t width = fixed_width(vector->layout);
    if (width > 0 && vector->form == VECTOR_FLAT && !vector_has_nulls(vector)) {
        write_flat_column(vector, value_marker, flip, keys, cursors);
        return;
    }
    for (uint32_t row = 0; row < vector->length; row++) {
        uint8_t *to = keys + cursors[row];
        if (vector_is_null(vector, row)) {
            *to++ = null_marker;
            memset(to, 0, width);
            to += width;
        } else {
            *to++ = value_marker;
            to = write_value(to, vector, row, flip);
        }
        cursors[row] = (uint32_t)(to - keys);
    }
}

void batch_sort_keys(const Batch *batch, const SortColumn *columns, uint32_t column_count,
                     Buffer *keys, uint32_t *offsets)
{
    uint32_t rows = batch->rows;
    uint32_t *cursors = offsets + 1;
    memset(cursors, 0, sizeof(uint32_t) * rows);
    for (uint32_t i = 0; i < column_count; i++)
        add_lengths(&batch->columns[columns[i].column], cursors);

    uint64_t end = keys->length;
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t length = cursors[row];
        cursors[row] = (uint32_t)end;
        end += length;
        check(end <= UINT32_MAX);
    }
    offsets[0] = (uint32_t)keys->length;
    buffer_reserve(keys, (size_t)end - keys->length);
    for (uint32_t i = 0; i < column_count; i++)
        write_column(&batch->columns[columns[i].column], &columns[i], keys->data, cursors);
    keys->length = (size_t)end;
}

/*
 * Equality and order of single rows: what hashing and sort keys agree with. NULL equals NULL and
 * is greater than all; -0 equals 0; NaN equals NaN and is the greatest number.
 */
#include "base/log/log.h"
#include "storage/vector/vector.h"
#include "storage/vector/vector_internal.h"

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int float_compare(double a, double b)
{
    if (a != a || b != b)
        return (a != a) - (b != b);
    return ORDER(a, b);
}

static int array_compare(const Vector *a, uint32_t row_a, const Vector *b, uint32_t row_b)
{
    ArrayValue left = array_value(a, row_a), right = array_value(b, row_b);
    uint32_t shorter = left.count < right.count ? left.count : right.count;
    const Vector *elements_a = array_elements(a), *elements_b = array_elements(b);
    for (uint32_t i = 0; i < shorter; i++) {
        int order = vector_rows_compare(elements_a, left.offset + i, elements_b, right.offset + i);
        if (order != 0)
            return order;
    }
    return left.count != right.count ? ORDER(left.count, right.count)
                                     : array_shape_compare(left, right);
}

static bool array_equal(const Vector *a, uint32_t row_a, const Vector *b, uint32_t row_b)
{
    ArrayValue left = array_value(a, row_a), right = array_value(b, row_b);
    if (left.count != right.count || left.shape != right.shape)
        return false;
    const Vector *elements_a = array_elements(a), *elements_b = array_elements(b);
    for (uint32_t i = 0; i < left.count; i++)
        if (!vector_rows_equal(elements_a, left.offset + i, elements_b, right.offset + i))
            return false;
    return true;
}

#define CELL(type, vector, row) (VECTOR_DATA(type, vector)[vector_row(vector, row)])

/* Both vectors' codes into the same set of different strings: codes tell. */
static bool share_unique_dictionary(const Vector *a, const Vector *b)
{
    return a->form == VECTOR_DICTIONARY && b->form == VECTOR_DICTIONARY &&
           a->dictionary == b->dictionary && a->dictionary->is_unique;
}

bool vector_rows_equal(const Vector *a, uint32_t row_a, const Vector *b, uint32_t row_b)
{
    if (share_unique_dictionary(a, b))
        return VECTOR_DATA(uint32_t, a)[row_a] == VECTOR_DATA(uint32_t, b)[row_b];
    bool null_a = vector_is_null(a, row_a), null_b = vector_is_null(b, row_b);
    if (null_a || null_b)
        return null_a && null_b;
    switch (a->layout) {
    case LAYOUT_BOOL: return CELL(uint8_t, a, row_a) == CELL(uint8_t, b, row_b);
    case LAYOUT_INT64: return CELL(int64_t, a, row_a) == CELL(int64_t, b, row_b);
    case LAYOUT_INT128: return CELL(__int128, a, row_a) == CELL(__int128, b, row_b);
    case LAYOUT_FLOAT32:
        return float_compare((double)CELL(float, a, row_a), (double)CELL(float, b, row_b)) == 0;
    case LAYOUT_FLOAT64:
        return float_compare(CELL(double, a, row_a), CELL(double, b, row_b)) == 0;
    case LAYOUT_STRING: return text_equal(vector_text(a, row_a), vector_text(b, row_b));
    case LAYOUT_ARRAY: return array_equal(a, row_a, b, row_b);
    case LAYOUT_COUNT: break;
    }
    check(false);
    return false;
}

int vector_rows_compare(const Vector *a, uint32_t row_a, const Vector *b, uint32_t row_b)
{
    bool null_a = vector_is_null(a, row_a), null_b = vector_is_null(b, row_b);
    if (null_a || null_b)
        return null_a - null_b;
    switch (a->layout) {
    case LAYOUT_BOOL: return ORDER(CELL(uint8_t, a, row_a), CELL(uint8_t, b, row_b));
    case LAYOUT_INT64: return ORDER(CELL(int64_t, a, row_a), CELL(int64_t, b, row_b));
    case LAYOUT_INT128: return ORDER(CELL(__int128, a, row_a), CELL(__int128, b, row_b));
    case LAYOUT_FLOAT32:
        return float_compare((double)CELL(float, a, row_a), (double)CELL(float, b, row_b));
    case LAYOUT_FLOAT64: return float_compare(CELL(double, a, row_a), CELL(double, b, row_b));
    case LAYOUT_STRING: return text_compare(vector_text(a, row_a), vector_text(b, row_b));
    case LAYOUT_ARRAY: return array_compare(a, row_a, b, row_b);
    case LAYOUT_COUNT: break;
    }
    check(false);
    return 0;
}

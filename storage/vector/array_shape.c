/*
 * Shapes of arrays: how many dimensions, how long, counted from where, packed into 64 bits.
 *
 * Nearly all arrays have one dimension that counts from 1: shape 0. Otherwise bits 60-62 are the
 * number of dimensions, bit 59 says that all lower bounds are 1, and each dimension has an equal
 * part of the other 59 bits, the first one highest: its length and, unless bit 59 is set, its
 * lower bound, biased. So two dimensions are as long as 2^29, six as long as 511; what does not
 * fit is refused where arrays are made.
 */
#include "base/log/log.h"
#include "storage/vector/vector.h"
#include "storage/vector/vector_internal.h"

enum { DIMENSIONS_BIT = 60, SHAPE_BITS = 59 };
#define FROM_ONE (INT64_C(1) << SHAPE_BITS)

/* Bits of a length and of a lower bound. */
typedef struct Parts {
    uint32_t length, lower;
} Parts;

static Parts parts_of(uint32_t dimensions, bool is_from_one)
{
    static const Parts bounded[] = {{0, 0}, {29, 30}, {15, 14}, {10, 9}, {8, 6}, {6, 5}, {5, 4}};
    return is_from_one ? (Parts){.length = SHAPE_BITS / dimensions} : bounded[dimensions];
}

static bool counts_from_one(const ArrayShape *shape)
{
    for (uint32_t i = 0; i < shape->dimensions; i++)
        if (shape->lower[i] != 1)
            return false;
    return true;
}

bool array_shape_pack(const ArrayShape *shape, int64_t *packed)
{
    bool is_from_one = counts_from_one(shape);
    check(shape->dimensions <= ARRAY_MAX_DIMENSIONS);
    *packed = 0;
    if (shape->dimensions == 0 || (shape->dimensions == 1 && is_from_one))
        return true;
    Parts parts = parts_of(shape->dimensions, is_from_one);
    int64_t bias = is_from_one ? 0 : INT64_C(1) << (parts.lower - 1);
    uint64_t bits = 0;
    for (uint32_t i = 0; i < shape->dimensions; i++) {
        if (shape->lengths[i] == 0 || shape->lengths[i] >= UINT32_C(1) << parts.length)
            return false;
        bits = bits << parts.length | shape->lengths[i];
        if (is_from_one)
            continue;
        int64_t lower = shape->lower[i] + bias;
        if (lower < 0 || lower >= 2 * bias)
            return false;
        bits = bits << parts.lower | (uint64_t)lower;
    }
    *packed = (int64_t)shape->dimensions << DIMENSIONS_BIT | (is_from_one ? FROM_ONE : 0) |
              (int64_t)bits;
    return true;
}

static ArrayShape unpack(int64_t packed)
{
    ArrayShape shape = {.dimensions = (uint32_t)(packed >> DIMENSIONS_BIT)};
    bool is_from_one = (packed & FROM_ONE) != 0;
    Parts parts = parts_of(shape.dimensions, is_from_one);
    int64_t bias = is_from_one ? 0 : INT64_C(1) << (parts.lower - 1);
    uint64_t bits = (uint64_t)packed & ((uint64_t)FROM_ONE - 1);
    for (uint32_t i = shape.dimensions; i-- > 0;) {
        shape.lower[i] = 1;
        if (!is_from_one) {
            shape.lower[i] =
                (int32_t)((int64_t)(bits & ((UINT64_C(1) << parts.lower) - 1)) - bias);
            bits >>= parts.lower;
        }
        shape.lengths[i] = (uint32_t)(bits & ((UINT64_C(1) << parts.length) - 1));
        bits >>= parts.length;
    }
    return shape;
}

ArrayShape array_shape_of(ArrayValue value)
{
    if (value.count == 0)
        return (ArrayShape){0};
    if (value.shape == 0)
        return (ArrayShape){.dimensions = 1, .lengths = {value.count}, .lower = {1}};
    return unpack(value.shape);
}

uint64_t array_shape_count(int64_t packed)
{
    int64_t dimensions = packed >> DIMENSIONS_BIT;
    if (dimensions < 1 || dimensions > ARRAY_MAX_DIMENSIONS)
        return 0;
    ArrayShape shape = unpack(packed);
    uint64_t product = 1;
    for (uint32_t i = 0; i < shape.dimensions; i++) {
        if (product > UINT32_MAX)
            return UINT64_MAX;
        product *= shape.lengths[i];
    }
    return product;
}

bool array_shape_is_valid(int64_t packed, uint32_t count)
{
    int64_t again;
    if (packed == 0)
        return true;
    if (count == 0 || array_shape_count(packed) != count)
        return false;
    ArrayShape shape = unpack(packed);
    return array_shape_pack(&shape, &again) && again == packed;
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

int array_shape_compare(ArrayValue a, ArrayValue b)
{
    if (a.shape == b.shape)
        return 0;
    ArrayShape left = array_shape_of(a), right = array_shape_of(b);
    int order = ORDER(left.dimensions, right.dimensions);
    for (uint32_t i = 0; order == 0 && i < left.dimensions; i++)
        order = ORDER(left.lengths[i], right.lengths[i]);
    for (uint32_t i = 0; order == 0 && i < left.dimensions; i++)
        order = ORDER(left.lower[i], right.lower[i]);
    return order;
}

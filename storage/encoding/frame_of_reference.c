/*
 * Packed: the distance of each value from the block's minimum, in units of the greatest common
 * divisor of all distances, bit-packed. (Frame of reference: Goldstein, Ramakrishnan and Shaft,
 * "Compressing relations and indexes", 1998. The divisor is what makes whole seconds, stored
 * in microseconds, twenty bits narrower.)
 */
#include "storage/encoding/encoding_internal.h"

static size_t estimate(IntegerPlan *plan)
{
    return plan->packed_size;
}

static void encode(const IntegerPlan *plan, IntegerHeader *header, Buffer *out)
{
    header->width = (uint8_t)plan->width;
    bitpack_append(plan->offsets, plan->count, plan->width, out);
}

static bool measure(const IntegerBlock *block, size_t available, size_t *size, Fault *fault)
{
    *size = bitpack_size(block->count, block->width);
    return true;
}

static bool decode64(const IntegerBlock *block, uint64_t *out, Fault *fault)
{
    bitpack_unpack64(block->payload, block->count, block->width, 0, out);
    return true;
}

static bool decode32(const IntegerBlock *block, uint32_t *out, Fault *fault)
{
    bitpack_unpack32(block->payload, block->count, block->width, out);
    return true;
}

static bool rows64(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                   uint64_t *out, Fault *fault)
{
    for (uint32_t i = 0; i < row_count; i++)
        out[i] = bitpack_get(block->payload, block->count, block->width, rows[i]);
    return true;
}

const IntegerMethodInfo integer_packed = {
    .name = "packed",
    .may_nest = true,
    .bias = 100,
    .estimate = estimate,
    .encode = encode,
    .measure = measure,
    .decode64 = decode64,
    .decode32 = decode32,
    .rows64 = rows64,
};

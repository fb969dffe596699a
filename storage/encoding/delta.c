/*
 * Delta: the first value (the header's base) and the difference of each following value from
 * the one before, as a nested integer block. All arithmetic is modulo 2^64, so that any jump
 * can be written.
 */
#include "storage/encoding/encoding_internal.h"

static size_t estimate(IntegerPlan *plan)
{
    uint64_t offsets[ENCODING_MAX_COUNT];
    uint32_t count = plan->count - 1;
    int64_t minimum = INT64_MAX, maximum = INT64_MIN;
    unsigned patched_width;
    uint32_t exceptions;

    /* Two bits a value are not worth a prefix sum. */
    if (plan->width <= 2)
        return SIZE_MAX;
    for (uint32_t i = 0; i < count; i++) {
        int64_t delta = (int64_t)((uint64_t)plan->values[i + 1] - (uint64_t)plan->values[i]);
        plan->deltas[i] = delta;
        minimum = delta < minimum ? delta : minimum;
        maximum = delta > maximum ? delta : maximum;
    }
    uint64_t range = (uint64_t)maximum - (uint64_t)minimum;
    if (plan->scale != 1)
        range /= plan->scale;
    unsigned width = bit_width(range);
    size_t packed = bitpack_size(count, width);
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = (uint64_t)plan->deltas[i] - (uint64_t)minimum;
        if (plan->scale != 1)
            offsets[i] /= plan->scale;
    }
    size_t patched = patched_estimate(offsets, count, width, &patched_width, &exceptions);
    return INTEGER_HEADER_SIZE + (patched < packed ? patched : packed);
}

static void encode(const IntegerPlan *plan, IntegerHeader *header, Buffer *out)
{
    size_t start = out->length;

    header->base = (uint64_t)plan->values[0];
    integer_part_encode(plan->deltas, plan->count - 1, out);
    /* Not needed to decode; says in descriptions what a value takes. */
    header->width = out->data[start + offsetof(IntegerHeader, width)];
}

static bool measure(const IntegerBlock *block, size_t available, size_t *size, Fault *fault)
{
    IntegerBlock deltas;

    if (block->count < 2)
        return encoding_damaged(fault, "delta block is too short");
    if (!integer_part_open(block->payload, available, block->count - 1, &deltas, fault))
        return false;
    *size = deltas.size;
    return true;
}

static bool decode64(const IntegerBlock *block, uint64_t *out, Fault *fault)
{
    int64_t deltas[ENCODING_MAX_COUNT + ENCODING_SLACK];
    IntegerBlock part;
    uint64_t value = block->base;

    if (!integer_part_open(block->payload, SIZE_MAX, block->count - 1, &part, fault) ||
        !integer_block_int64(&part, deltas, fault))
        return false;
    out[0] = value;
    for (uint32_t i = 1; i < block->count; i++)
        out[i] = value += (uint64_t)deltas[i - 1];
    return true;
}

static bool decode32(const IntegerBlock *block, uint32_t *out, Fault *fault)
{
    uint32_t deltas[ENCODING_MAX_COUNT + ENCODING_SLACK];
    IntegerBlock part;
    uint32_t value = (uint32_t)block->base;

    if (!integer_part_open(block->payload, SIZE_MAX, block->count - 1, &part, fault) ||
        !integer_block_uint32(&part, deltas, fault))
        return false;
    out[0] = value;
    for (uint32_t i = 1; i < block->count; i++)
        out[i] = value += deltas[i - 1];
    return true;
}

/* Differences that fit 32 bits are summed from one row to the next, without making the values
 * between them. */
static bool sum_rows(const IntegerBlock *part, const IntegerMethodInfo *info, uint64_t base,
                     const uint32_t *rows, uint32_t row_count, uint64_t *out, Fault *fault)
{
    uint32_t offsets[ENCODING_MAX_COUNT + ENCODING_SLACK];
    uint64_t sum = 0;
    uint32_t at = 0;

    if (!info->decode32(part, offsets, fault))
        return false;
    for (uint32_t i = 0; i < row_count; i++) {
        sum += uint32_sum(offsets + at, rows[i] - at);
        at = rows[i];
        out[i] = base + part->base * at + part->scale * sum;
    }
    return true;
}

static bool rows64(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                   uint64_t *out, Fault *fault)
{
    uint64_t values[ENCODING_MAX_COUNT + ENCODING_SLACK];
    IntegerBlock part;

    if (!integer_part_open(block->payload, SIZE_MAX, block->count - 1, &part, fault))
        return false;
    bool is_few = row_count < block->count / 32U;
    if (is_few && part.method == INTEGER_PACKED && part.width <= 32)
        return sum_rows(&part, &integer_packed, block->base, rows, row_count, out, fault);
    if (is_few && part.method == INTEGER_PATCHED && part.width + part.extra_width <= 32)
        return sum_rows(&part, &integer_patched, block->base, rows, row_count, out, fault);
    if (!decode64(block, values, fault))
        return false;
    for (uint32_t i = 0; i < row_count; i++)
        out[i] = values[rows[i]];
    return true;
}

const IntegerMethodInfo integer_delta = {
    .name = "delta",
    .gives_values = true,
    .bias = 88,
    .estimate = estimate,
    .encode = encode,
    .measure = measure,
    .decode64 = decode64,
    .decode32 = decode32,
    .rows64 = rows64,
};

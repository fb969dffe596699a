/*
 * Runs: a value and how often it is repeated.
 *
 * Payload: packed lengths less one, `width` bits each; the values as a nested integer block.
 */
#include "storage/encoding/encoding_internal.h"

enum { LONGEST_WIDTH = 11 }; /* ENCODING_MAX_COUNT - 1 */

static size_t estimate(IntegerPlan *plan)
{
    /* Short runs decode slowly and save little. */
    if (plan->run_count > plan->count / 6)
        return SIZE_MAX;
    return bitpack_size(plan->run_count, LONGEST_WIDTH) + INTEGER_HEADER_SIZE +
           bitpack_size(plan->run_count, plan->width);
}

static void encode(const IntegerPlan *plan, IntegerHeader *header, Buffer *out)
{
    int64_t values[ENCODING_MAX_COUNT];
    uint64_t lengths[ENCODING_MAX_COUNT];
    uint64_t longest = 0;
    uint32_t run = 0;

    values[0] = plan->values[0];
    lengths[0] = 0;
    for (uint32_t i = 1; i < plan->count; i++) {
        if (plan->values[i] == values[run]) {
            lengths[run]++;
            continue;
        }
        longest = lengths[run] > longest ? lengths[run] : longest;
        values[++run] = plan->values[i];
        lengths[run] = 0;
    }
    longest = lengths[run] > longest ? lengths[run] : longest;
    header->base = 0;
    header->width = (uint8_t)bit_width(longest);
    header->extra_count = (uint16_t)(run + 1);
    bitpack_append(lengths, run + 1, header->width, out);
    integer_part_encode(values, run + 1, out);
}

static bool measure(const IntegerBlock *block, size_t available, size_t *size, Fault *fault)
{
    IntegerBlock values;

    if (block->width > LONGEST_WIDTH || block->extra_count == 0)
        return encoding_damaged(fault, "run-length block has an impossible header");
    size_t lengths = bitpack_size(block->extra_count, block->width);
    if (lengths > available)
        return encoding_damaged(fault, "run-length block is cut short");
    if (!integer_part_open(block->payload + lengths, available - lengths, block->extra_count,
                           &values, fault))
        return false;
    *size = lengths + values.size;
    return true;
}

/* Lengths (not less one), which add up to the block's count, and the part with the values. */
static bool open_runs(const IntegerBlock *block, uint32_t *lengths, IntegerBlock *values,
                      Fault *fault)
{
    uint32_t total = 0;

    bitpack_unpack32(block->payload, block->extra_count, block->width, lengths);
    for (uint32_t i = 0; i < block->extra_count; i++)
        total += ++lengths[i];
    if (total != block->count)
        return encoding_damaged(fault, "run-length block has another number of values");
    return integer_part_open(block->payload + bitpack_size(block->extra_count, block->width),
                             SIZE_MAX, block->extra_count, values, fault);
}

static bool decode64(const IntegerBlock *block, uint64_t *out, Fault *fault)
{
    uint32_t lengths[ENCODING_MAX_COUNT + ENCODING_SLACK];
    int64_t values[ENCODING_MAX_COUNT + ENCODING_SLACK];
    IntegerBlock part;

    if (!open_runs(block, lengths, &part, fault) || !integer_block_int64(&part, values, fault))
        return false;
    for (uint32_t run = 0; run < block->extra_count; run++) {
        uint64_t value = (uint64_t)values[run];
        for (uint32_t i = 0; i < lengths[run]; i++)
            out[i] = value;
        out += lengths[run];
    }
    return true;
}

static bool decode32(const IntegerBlock *block, uint32_t *out, Fault *fault)
{
    uint32_t lengths[ENCODING_MAX_COUNT + ENCODING_SLACK];
    uint32_t values[ENCODING_MAX_COUNT + ENCODING_SLACK];
    IntegerBlock part;

    if (!open_runs(block, lengths, &part, fault) || !integer_block_uint32(&part, values, fault))
        return false;
    for (uint32_t run = 0; run < block->extra_count; run++) {
        uint32_t value = values[run];
        for (uint32_t i = 0; i < lengths[run]; i++)
            out[i] = value;
        out += lengths[run];
    }
    return true;
}

static bool rows64(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                   uint64_t *out, Fault *fault)
{
    uint32_t lengths[ENCODING_MAX_COUNT + ENCODING_SLACK];
    int64_t values[ENCODING_MAX_COUNT + ENCODING_SLACK];
    IntegerBlock part;
    uint32_t run = 0;

    if (!open_runs(block, lengths, &part, fault) || !integer_block_int64(&part, values, fault))
        return false;
    uint32_t end = lengths[0];
    for (uint32_t i = 0; i < row_count; i++) {
        while (rows[i] >= end)
            end += lengths[++run];
        out[i] = (uint64_t)values[run];
    }
    return true;
}

const IntegerMethodInfo integer_runs = {
    .name = "runs",
    .gives_values = true,
    .bias = 80,
    .estimate = estimate,
    .encode = encode,
    .measure = measure,
    .decode64 = decode64,
    .decode32 = decode32,
    .rows64 = rows64,
};

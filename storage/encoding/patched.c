/*
 * Patched: packed with a width that suits most values; the high bits of the few wider ones
 * (exceptions) stand apart and are patched in afterwards. (Zukowski, Heman, Nes and Boncz,
 * "Super-scalar RAM-CPU cache compression", 2006.)
 *
 * Payload: packed low bits of all values; packed high bits of the exceptions; their positions
 * as ascending u16, padded to 8 bytes.
 */
#include "storage/encoding/encoding_internal.h"

#include "base/memory/checked.h"

static size_t positions_size(uint32_t count)
{
    return (count * sizeof(uint16_t) + 7) / 8 * 8;
}

static size_t total_size(uint32_t count, unsigned width, uint32_t exceptions, unsigned high_width)
{
    return bitpack_size(count, width) + bitpack_size(exceptions, high_width) +
           positions_size(exceptions);
}

size_t patched_estimate(const uint64_t *values, uint32_t count, unsigned width,
                        unsigned *best_width, uint32_t *exceptions)
{
    uint32_t of_width[65] = {0}, more[3][65] = {{0}}; /* no counter waits for itself */
    size_t best = SIZE_MAX;
    uint32_t wider = 0, i = 0;

    for (; i + 4 <= count; i += 4) {
        of_width[bit_width(values[i])]++;
        more[0][bit_width(values[i + 1])]++;
        more[1][bit_width(values[i + 2])]++;
        more[2][bit_width(values[i + 3])]++;
    }
    for (; i < count; i++)
        of_width[bit_width(values[i])]++;
    for (unsigned w = 0; w <= width; w++)
        of_width[w] += more[0][w] + more[1][w] + more[2][w];
    for (unsigned low = width; low-- > 0;) {
        wider += of_width[low + 1];
        if (wider > count / 4)
            break;
        size_t size = total_size(count, low, wider, width - low);
        if (size < best) {
            best = size;
            *best_width = low;
            *exceptions = wider;
        }
    }
    return best;
}

static size_t estimate(IntegerPlan *plan)
{
    return patched_estimate(plan->offsets, plan->count, plan->width, &plan->patched_width,
                            &plan->patched_count);
}

static void encode(const IntegerPlan *plan, IntegerHeader *header, Buffer *out)
{
    uint64_t high[ENCODING_MAX_COUNT];
    uint16_t positions[ENCODING_MAX_COUNT];
    uint32_t found = 0;
    unsigned width = plan->patched_width;

    for (uint32_t i = 0; i < plan->count; i++) {
        if (plan->offsets[i] >> width != 0) {
            high[found] = plan->offsets[i] >> width;
            positions[found++] = (uint16_t)i;
        }
    }
    header->width = (uint8_t)width;
    header->extra_width = (uint8_t)(plan->width - width);
    header->extra_count = (uint16_t)found;
    bitpack_append(plan->offsets, plan->count, width, out);
    bitpack_append(high, found, header->extra_width, out);
    buffer_append(out, positions, found * sizeof *positions);
    buffer_append_zeros(out, positions_size(found) - found * sizeof *positions);
}

static const uint8_t *high_part(const IntegerBlock *block)
{
    return block->payload + bitpack_size(block->count, block->width);
}

static const uint8_t *position_part(const IntegerBlock *block)
{
    return high_part(block) + bitpack_size(block->extra_count, block->extra_width);
}

static bool measure(const IntegerBlock *block, size_t available, size_t *size, Fault *fault)
{
    if (block->width + block->extra_width > 64 || block->width == 64)
        return encoding_damaged(fault, "patched block has an impossible width");
    *size = total_size(block->count, block->width, block->extra_count, block->extra_width);
    return true;
}

static bool decode64(const IntegerBlock *block, uint64_t *out, Fault *fault)
{
    uint64_t high[ENCODING_MAX_COUNT + ENCODING_SLACK];
    const uint8_t *positions = position_part(block);

    bitpack_unpack64(block->payload, block->count, block->width, 0, out);
    bitpack_unpack64(high_part(block), block->extra_count, block->extra_width, 0, high);
    for (uint32_t i = 0; i < block->extra_count; i++) {
        uint32_t position = read_u16(positions + i * 2);
        if (position >= block->count)
            return encoding_damaged(fault, "patched block has an exception outside");
        out[position] |= high[i] << block->width;
    }
    return true;
}

static bool decode32(const IntegerBlock *block, uint32_t *out, Fault *fault)
{
    uint32_t high[ENCODING_MAX_COUNT + ENCODING_SLACK];
    const uint8_t *positions = position_part(block);

    bitpack_unpack32(block->payload, block->count, block->width, out);
    if (block->width >= 32)
        return true;
    bitpack_unpack32(high_part(block), block->extra_count, block->extra_width, high);
    for (uint32_t i = 0; i < block->extra_count; i++) {
        uint32_t position = read_u16(positions + i * 2);
        if (position >= block->count)
            return encoding_damaged(fault, "patched block has an exception outside");
        out[position] |= high[i] << block->width;
    }
    return true;
}

static bool rows64(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                   uint64_t *out, Fault *fault)
{
    const uint8_t *positions = position_part(block);
    uint32_t next = 0;

    for (uint32_t i = 0; i < row_count; i++) {
        out[i] = bitpack_get(block->payload, block->count, block->width, rows[i]);
        while (next < block->extra_count && read_u16(positions + next * 2) < rows[i])
            next++;
        if (next < block->extra_count && read_u16(positions + next * 2) == rows[i])
            out[i] |= bitpack_get(high_part(block), block->extra_count, block->extra_width, next)
                      << block->width;
    }
    return true;
}

const IntegerMethodInfo integer_patched = {
    .name = "patched",
    .may_nest = true,
    .bias = 92,
    .estimate = estimate,
    .encode = encode,
    .measure = measure,
    .decode64 = decode64,
    .decode32 = decode32,
    .rows64 = rows64,
};

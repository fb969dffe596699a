/*
 * Wide blocks: 128-bit values (decimals, intervals).
 *
 * When all values of the block fit 64 bits they are one integer block; else the low and the
 * high halves are an integer block each. An 8-byte header says which.
 */
#include "storage/encoding/encoding_internal.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

enum { WIDE_ONE = 1, WIDE_TWO = 2 };

static int64_t low_half(__int128 value)
{
    return (int64_t)(uint64_t)(unsigned __int128)value;
}

static int64_t high_half(__int128 value)
{
    return (int64_t)(uint64_t)((unsigned __int128)value >> 64);
}

static __int128 join_halves(int64_t low, int64_t high)
{
    return (__int128)((unsigned __int128)(uint64_t)high << 64 | (uint64_t)low);
}

void wide_block_encode(const __int128 *values, uint32_t count, Buffer *out)
{
    int64_t low[ENCODING_MAX_COUNT], high[ENCODING_MAX_COUNT];
    uint64_t halves = WIDE_ONE;

    check(count > 0 && count <= ENCODING_MAX_COUNT);
    for (uint32_t i = 0; i < count; i++) {
        low[i] = low_half(values[i]);
        high[i] = high_half(values[i]);
        if (high[i] != low[i] >> 63)
            halves = WIDE_TWO;
    }
    buffer_append(out, &halves, sizeof halves);
    integer_block_encode(low, count, out);
    if (halves == WIDE_TWO)
        integer_block_encode(high, count, out);
}

static bool read_half(const uint8_t *data, size_t length, uint32_t count, const uint32_t *rows,
                      uint32_t row_count, int64_t *out, size_t *used, Fault *fault)
{
    IntegerBlock block;

    if (!integer_block_open(data, length, count, &block, fault))
        return false;
    *used = block.size;
    if (rows == NULL)
        return integer_block_int64(&block, out, fault);
    return integer_block_rows_int64(&block, rows, row_count, out, fault);
}

bool wide_block_decode(const uint8_t *data, size_t length, uint32_t count, const uint32_t *rows,
                       uint32_t row_count, __int128 *out, Fault *fault)
{
    int64_t low[ENCODING_MAX_COUNT + ENCODING_SLACK], high[ENCODING_MAX_COUNT + ENCODING_SLACK];
    uint32_t wanted = rows == NULL ? count : row_count;
    size_t used;

    if (length < sizeof(uint64_t))
        return encoding_damaged(fault, "wide block is cut short");
    uint64_t halves = read_u64(data);
    data += sizeof(uint64_t);
    length -= sizeof(uint64_t);
    if (halves != WIDE_ONE && halves != WIDE_TWO)
        return encoding_damaged(fault, "wide block has an impossible header");
    if (!read_half(data, length, count, rows, row_count, low, &used, fault))
        return false;
    if (halves == WIDE_ONE) {
        for (uint32_t i = 0; i < wanted; i++)
            out[i] = low[i];
        return true;
    }
    if (!read_half(data + used, length - used, count, rows, row_count, high, &used, fault))
        return false;
    for (uint32_t i = 0; i < wanted; i++)
        out[i] = join_halves(low[i], high[i]);
    return true;
}

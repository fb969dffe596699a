/*
 * Integers to decimal digits, two at a time.
 */
#include "engine/type/type_internal.h"

const char digit_pairs[200] = {
    '0', '0', '0', '1', '0', '2', '0', '3', '0', '4', '0', '5', '0', '6', '0', '7', '0', '8', '0',
    '9', '1', '0', '1', '1', '1', '2', '1', '3', '1', '4', '1', '5', '1', '6', '1', '7', '1', '8',
    '1', '9', '2', '0', '2', '1', '2', '2', '2', '3', '2', '4', '2', '5', '2', '6', '2', '7', '2',
    '8', '2', '9', '3', '0', '3', '1', '3', '2', '3', '3', '3', '4', '3', '5', '3', '6', '3', '7',
    '3', '8', '3', '9', '4', '0', '4', '1', '4', '2', '4', '3', '4', '4', '4', '5', '4', '6', '4',
    '7', '4', '8', '4', '9', '5', '0', '5', '1', '5', '2', '5', '3', '5', '4', '5', '5', '5', '6',
    '5', '7', '5', '8', '5', '9', '6', '0', '6', '1', '6', '2', '6', '3', '6', '4', '6', '5', '6',
    '6', '6', '7', '6', '8', '6', '9', '7', '0', '7', '1', '7', '2', '7', '3', '7', '4', '7', '5',
    '7', '6', '7', '7', '7', '8', '7', '9', '8', '0', '8', '1', '8', '2', '8', '3', '8', '4', '8',
    '5', '8', '6', '8', '7', '8', '8', '8', '9', '9', '0', '9', '1', '9', '2', '9', '3', '9', '4',
    '9', '5', '9', '6', '9', '7', '9', '8', '9', '9'};

static uint32_t digit_count(uint64_t value)
{
    uint32_t count = 1;
    for (;;) {
        if (value < 10)
            return count;
        if (value < 100)
            return count + 1;
        if (value < 1000)
            return count + 2;
        if (value < 10000)
            return count + 3;
        value /= 10000;
        count += 4;
    }
}

uint32_t uint64_format(uint64_t value, char *out)
{
    uint32_t count = digit_count(value);
    char *p = out + count;
    while (value >= 100) {
        p -= 2;
        two_digits(p, (unsigned)(value % 100));
        value /= 100;
    }
    if (value >= 10)
        two_digits(p - 2, (unsigned)value);
    else
        p[-1] = (char)('0' + value);
    return count;
}

uint32_t int64_format(int64_t value, char *out)
{
    if (value >= 0)
        return uint64_format((uint64_t)value, out);
    *out = '-';
    return 1 + uint64_format(-(uint64_t)value, out + 1);
}

void uint64_format_padded(uint64_t value, int width, char *out)
{
    for (int i = width; i > 0; i--) {
        out[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

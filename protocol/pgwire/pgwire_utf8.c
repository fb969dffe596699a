/*
 * UTF-8 as PostgreSQL accepts it: no overlong forms, no surrogates, nothing above U+10FFFF, no
 * zero byte. Table 3-7 of the Unicode standard, "Well-Formed UTF-8 Byte Sequences".
 */
#include "protocol/pgwire/pgwire.h"

#include "base/memory/checked.h"

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the well-formed sequence at `p`, of which `left` bytes are there; 0 when there is none. */
static size_t sequence_length(const uint8_t *p, size_t left)
{
    uint8_t lead = p[0];
    if (lead < 0x80)
        return lead == 0 ? 0 : 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (left < length)
        return 0;
    uint8_t low = 0x80, high = 0xbf;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if (!is_tail(p[i]))
            return 0;
    }
    return length;
}

/* Whether eight bytes are all in 0x01..0x7f. */
static bool is_plain_word(const uint8_t *p)
{
    uint64_t word = read_u64(p);
    uint64_t zero = (word - UINT64_C(0x0101010101010101)) & ~word;
    return ((word | zero) & UINT64_C(0x8080808080808080)) == 0;
}

bool pgwire_is_utf8(Text text, size_t *bad)
{
    const uint8_t *data = (const uint8_t *)text.data;
    size_t at = 0;
    while (at < text.length) {
        if (text.length - at >= 8 && is_plain_word(data + at)) {
            at += 8;
            continue;
        }
        size_t length = sequence_length(data + at, text.length - at);
        if (length == 0) {
            *bad = at;
            return false;
        }
        at += length;
    }
    return true;
}

bool pgwire_utf8_fault(Text text, size_t bad, Fault *fault)
{
    const uint8_t *data = (const uint8_t *)text.data + bad;
    size_t claimed = data[0] < 0xe0 ? 2 : data[0] < 0xf0 ? 3 : 4;
    if (data[0] < 0xc0 || data[0] > 0xf7)
        claimed = 1;
    size_t left = text.length - bad;
    char bytes[32] = "";
    size_t used = 0;
    for (size_t i = 0; i < claimed && i < left; i++) {
        static const char digits[] = "0123456789abcdef";
        if (i > 0)
            bytes[used++] = ' ';
        bytes[used++] = '0';
        bytes[used++] = 'x';
        bytes[used++] = digits[data[i] >> 4];
        bytes[used++] = digits[data[i] & 15];
    }
    bytes[used] = 0;
    return fault_set(fault, FAULT_CHARACTER_NOT_IN_REPERTOIRE,
                     "invalid byte sequence for encoding \"UTF8\": %s", bytes);
}

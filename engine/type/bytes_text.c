/*
 * Text forms of uuid and bytea.
 */
#include "engine/type/type_internal.h"

static const char hex_digits[] = "0123456789abcdef";

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static char *put_hex(char *p, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        *p++ = hex_digits[bytes[i] >> 4];
        *p++ = hex_digits[bytes[i] & 15];
    }
    return p;
}

uint32_t uuid_format(const uint8_t bytes[16], char *out)
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    char *p = out;
    for (int i = 0; i < 5; bytes += groups[i++]) {
        if (i > 0)
            *p++ = '-';
        p = put_hex(p, bytes, groups[i]);
    }
    return (uint32_t)(p - out);
}

/* 32 hexadecimal digits, with a dash allowed after every four, and braces around. */
bool uuid_parse(Text text, uint8_t bytes[16], Fault *fault)
{
    Text body = text;
    int digits = 0;
    if (body.length >= 2 && body.data[0] == '{' && body.data[body.length - 1] == '}')
        body = (Text){body.data + 1, body.length - 2};
    for (uint32_t i = 0; i < body.length; i++) {
        int value = hex_value(body.data[i]);
        if (body.data[i] == '-' && digits > 0 && digits % 4 == 0 && digits < 32 &&
            i + 1 < body.length && body.data[i - 1] != '-')
            continue;
        if (value < 0 || digits == 32)
            return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, "uuid", text);
        if (digits % 2 == 0)
            bytes[digits / 2] = (uint8_t)(value << 4);
        else
            bytes[digits / 2] |= (uint8_t)value;
        digits++;
    }
    if (digits != 32)
        return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, "uuid", text);
    return true;
}

uint32_t bytea_format(Text bytes, char *out)
{
    out[0] = '\\';
    out[1] = 'x';
    return (uint32_t)(put_hex(out + 2, (const uint8_t *)bytes.data, bytes.length) - out);
}

static bool parse_hex(Text text, Arena *arena, Text *bytes, Fault *fault)
{
    char *out = arena_alloc(arena, text.length / 2 + 1);
    uint32_t length = 0;
    for (uint32_t i = 2; i < text.length; i++) {
        char c = text.data[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            continue;
        int high = hex_value(c);
        if (high < 0)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "invalid hexadecimal digit: \"%c\"", c);
        if (++i == text.length)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "invalid hexadecimal data: odd number of digits");
        int low = hex_value(text.data[i]);
        if (low < 0)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "invalid hexadecimal digit: \"%c\"", text.data[i]);
        out[length++] = (char)(high << 4 | low);
    }
    *bytes = (Text){out, length};
    return true;
}

static bool is_octal(char c, char most)
{
    return c >= '0' && c <= most;
}

/* Hex (\x...) or the older escapes: \\ and \ooo. */
bool bytea_parse(Text text, Arena *arena, Text *bytes, Fault *fault)
{
    if (text.length >= 2 && text.data[0] == '\\' && text.data[1] == 'x')
        return parse_hex(text, arena, bytes, fault);
    char *out = arena_alloc(arena, text.length + 1);
    uint32_t length = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        const char *p = text.data + i;
        if (*p != '\\') {
            out[length++] = *p;
        } else if (i + 1 < text.length && p[1] == '\\') {
            out[length++] = '\\';
            i++;
        } else if (i + 3 < text.length && is_octal(p[1], '3') && is_octal(p[2], '7') &&
                   is_octal(p[3], '7')) {
            out[length++] = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
            i += 3;
        } else {
            return fault_set(fault, FAULT_INVALID_TEXT_REPRESENTATION,
                             "invalid input syntax for type bytea");
        }
    }
    *bytes = (Text){out, length};
    return true;
}

/* --- base64 (RFC 4648), in one line --- */

uint32_t base64_format(Text bytes, char *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *in = (const uint8_t *)bytes.data;
    char *start = out;
    for (size_t i = 0; i < bytes.length; i += 3) {
        size_t left = bytes.length - i;
        uint32_t word = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                        (left > 2 ? in[i + 2] : 0);
        *out++ = alphabet[word >> 18];
        *out++ = alphabet[word >> 12 & 63];
        *out++ = left > 1 ? alphabet[word >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[word & 63] : '=';
    }
    return (uint32_t)(out - start);
}

static int base64_value(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

bool base64_parse(Text text, const char *type_name, Arena *arena, Text *bytes, Fault *fault)
{
    char *out = arena_alloc(arena, (size_t)text.length / 4 * 3 + 4), *start = out;
    uint32_t word = 0;
    int bits = 0;
    while (text.length > 0 && text.data[text.length - 1] == '=')
        text.length--;
    for (uint32_t i = 0; i < text.length; i++) {
        int value = base64_value(text.data[i]);
        if (value < 0)
            return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, type_name, text);
        word = word << 6 | (uint32_t)value;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        *out++ = (char)(word >> bits & 255);
    }
    *bytes = (Text){start, (uint32_t)(out - start)};
    return true;
}

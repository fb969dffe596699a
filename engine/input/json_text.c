/*
 * Strings of JSON: escapes.
 */
#include "engine/input/json_internal.h"

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits after \u, or -1. */
static int32_t take_unit(const uint8_t *at, const uint8_t *end)
{
    int32_t unit = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static char *put_code_point(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

/* \uXXXX at *at (behind the u), with its other half when it is one of a pair. A half without the
 * other becomes '?'. */
static bool put_unicode(const uint8_t **at, const uint8_t *end, char **out)
{
    int32_t unit = take_unit(*at, end);
    if (unit < 0)
        return false;
    *at += 4;
    uint32_t code = (uint32_t)unit;
    if (unit >= 0xD800 && unit < 0xE000) {
        int32_t low =
            end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u' ? take_unit(*at + 2, end) : -1;
        bool is_pair = unit < 0xDC00 && low >= 0xDC00 && low < 0xE000;
        code =
            is_pair ? 0x10000 + ((uint32_t)(unit - 0xD800) << 10) + (uint32_t)(low - 0xDC00) : '?';
        *at += is_pair ? 6 : 0;
    }
    *out = put_code_point(*out, code);
    return true;
}

static bool put_escape(const uint8_t **at, const uint8_t *end, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (*at == end)
        return false;
    char c = (char)*(*at)++;
    if (c == 'u')
        return put_unicode(at, end, out);
    const char *found = c == '\0' ? NULL : strchr(from, c);
    if (found == NULL)
        return false;
    *(*out)++ = to[found - from];
    return true;
}

bool json_unescape(Text raw, Arena *arena, Text *text)
{
    const uint8_t *at = (const uint8_t *)raw.data, *end = at + raw.length;
    char *start = arena_alloc(arena, raw.length), *out = start;
    while (at < end) {
        const uint8_t *escape = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((escape != NULL ? escape : end) - at);
        memcpy(out, at, plain);
        out += plain;
        at += plain;
        if (escape == NULL)
            break;
        at++;
        if (!put_escape(&at, end, &out))
            return false;
    }
    *text = (Text){start, (uint32_t)(out - start)};
    return true;
}

bool json_escapes_are_valid(Text json)
{
    const uint8_t *at = (const uint8_t *)json.data, *end = at + json.length;
    char room[8];
    while (at < end && (at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        char *out = room;
        at++;
        if (!put_escape(&at, end, &out))
            return false;
    }
    return true;
}

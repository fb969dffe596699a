/*
 * SASLprep (RFC 4013), a profile of stringprep (RFC 3454): map, normalise (NFKC), prohibit, check
 * bidirectional text. The tables are those of RFC 3454, by name; normalisation and the direction
 * of characters are utf8proc's, of a newer Unicode than 3.2.
 */
#include "base/scram/scram.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

typedef struct Range {
    int32_t first, last;
} Range;

/* C.1.2: spaces that are not ASCII's; they become one. */
static const Range spaces[] = {{0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200b},
                               {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};

/* B.1: what is mapped to nothing. */
static const Range nothing[] = {{0xad, 0xad},     {0x34f, 0x34f},   {0x1806, 0x1806},
                                {0x180b, 0x180d}, {0x200b, 0x200d}, {0x2060, 0x2060},
                                {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}};

static const Range prohibited[] = {
    {0x00, 0x1f},         {0x7f, 0x9f},       {0x6dd, 0x6dd},     {0x70f, 0x70f},
    {0x180e, 0x180e},     {0x200c, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x2063},
    {0x206a, 0x206f},     {0xfeff, 0xfeff},   {0xfff9, 0xfffd},   {0x1d173, 0x1d17a}, /* C.2 */
    {0xe000, 0xf8ff},     {0xf0000, 0xffffd}, {0x100000, 0x10fffd},                  /* C.3 */
    {0xfdd0, 0xfdef},                                                                /* C.4 */
    {0xd800, 0xdfff},                                                                /* C.5 */
    {0x2ff0, 0x2ffb},                                                                /* C.7 */
    {0x340, 0x341},                                                                  /* C.8 */
    {0xe0001, 0xe0001},   {0xe0020, 0xe007f},                                        /* C.9 */
};

#define IN(code, table) is_in(code, table, sizeof(table) / sizeof *(table))

static bool is_in(int32_t code, const Range *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= table[i].first && code <= table[i].last)
            return true;
    }
    return false;
}

static bool is_prohibited(int32_t code)
{
    bool is_no_character = (code & 0xfffe) == 0xfffe; /* C.4: the last two of every plane */
    return is_no_character || IN(code, prohibited) || IN(code, spaces) ||
           utf8proc_category(code) == UTF8PROC_CATEGORY_CN;
}

/* Section 6 of RFC 3454: right-to-left text stands alone, and at both ends. */
static bool is_direction_sound(const int32_t *codes, size_t count)
{
    bool has_left = false, has_right = false;
    for (size_t i = 0; i < count; i++) {
        int direction = utf8proc_get_property(codes[i])->bidi_class;
        has_left = has_left || direction == UTF8PROC_BIDI_CLASS_L;
        has_right = has_right || direction == UTF8PROC_BIDI_CLASS_R ||
                    direction == UTF8PROC_BIDI_CLASS_AL;
    }
    if (!has_right)
        return true;
    int first = utf8proc_get_property(codes[0])->bidi_class;
    int last = utf8proc_get_property(codes[count - 1])->bidi_class;
    bool ends_right = (first == UTF8PROC_BIDI_CLASS_R || first == UTF8PROC_BIDI_CLASS_AL) &&
                      (last == UTF8PROC_BIDI_CLASS_R || last == UTF8PROC_BIDI_CLASS_AL);
    return !has_left && ends_right;
}

/* Appends the text with C.1.2 and B.1 mapped. False when it is not UTF-8. */
static bool map(Text text, Buffer *out)
{
    const uint8_t *at = (const uint8_t *)text.data, *end = at + text.length;
    while (at < end) {
        utf8proc_int32_t code;
        utf8proc_ssize_t length = utf8proc_iterate(at, end - at, &code);
        if (length <= 0 || code == 0)
            return false;
        bool is_nothing = IN(code, nothing) && code != 0x200b;
        if (IN(code, spaces))
            buffer_append_byte(out, ' ');
        else if (!is_nothing)
            buffer_append(out, at, (size_t)length);
        at += length;
    }
    return true;
}

static bool is_allowed(const uint8_t *text)
{
    size_t length = strlen((const char *)text), count = 0;
    int32_t *codes = malloc((length + 1) * sizeof *codes);
    const uint8_t *at = text, *end = text + length;
    bool ok = codes != NULL && length > 0;
    while (ok && at < end) {
        utf8proc_ssize_t step = utf8proc_iterate(at, end - at, &codes[count]);
        ok = step > 0 && !is_prohibited(codes[count]);
        count++;
        at += step > 0 ? step : 0;
    }
    ok = ok && is_direction_sound(codes, count);
    free(codes);
    return ok;
}

static bool is_printable_ascii(Text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] < 0x20 || text.data[i] > 0x7e)
            return false;
    }
    return true;
}

void scram_prepare(Text password, Buffer *out)
{
    Buffer mapped = BUFFER_EMPTY;
    uint8_t *normal = NULL;
    bool ok = false;
    if (!is_printable_ascii(password) && map(password, &mapped)) {
        buffer_append_byte(&mapped, 0);
        utf8proc_option_t options =
            UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
        ok = utf8proc_map(mapped.data, 0, &normal, options) >= 0 && is_allowed(normal);
    }
    if (ok)
        buffer_append_string(out, (const char *)normal);
    else if (password.length > 0)
        buffer_append(out, password.data, password.length);
    free(normal);
    buffer_clear(&mapped);
}

/* Text for talaria-generate. */
#include "regress/bench/generate_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_clear(Text *text)
{
    text->length = 0;
}

static void add_bytes(Text *text, const char *bytes, size_t length)
{
    if (length > TEXT_CAPACITY - text->length) {
        fprintf(stderr, "a line is too long\n");
        exit(1);
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void add_byte(Text *text, char byte)
{
    add_bytes(text, &byte, 1);
}

void text_add(Text *text, const char *bytes)
{
    add_bytes(text, bytes, strlen(bytes));
}

void text_add_text(Text *text, const Text *other)
{
    add_bytes(text, other->bytes, other->length);
}

void text_add_number(Text *text, int64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        digits[--at] = '-';
    add_bytes(text, digits + at, sizeof digits - at);
}

void text_add_json(Text *text, const Text *value)
{
    for (size_t i = 0; i < value->length; i++) {
        if (value->bytes[i] == '"' || value->bytes[i] == '\\')
            add_byte(text, '\\');
        add_byte(text, value->bytes[i]);
    }
}

void text_add_csv(Text *text, const Text *value)
{
    if (memchr(value->bytes, ',', value->length) == NULL &&
        memchr(value->bytes, '"', value->length) == NULL) {
        text_add_text(text, value);
        return;
    }
    add_byte(text, '"');
    for (size_t i = 0; i < value->length; i++) {
        if (value->bytes[i] == '"')
            add_byte(text, '"');
        add_byte(text, value->bytes[i]);
    }
    add_byte(text, '"');
}

size_t text_characters(const Text *text)
{
    size_t count = 0;
    for (size_t i = 0; i < text->length; i++)
        count += ((unsigned char)text->bytes[i] & 0xC0) != 0x80;
    return count;
}

/*
 * UTF-8 texts: counting, stepping, folding, finding. Positions that SQL sees are code points;
 * everything here is defined for invalid UTF-8 too (a stray byte counts as a character).
 */
#ifndef TALARIA_ENGINE_FUNCTION_TEXT_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_TEXT_INTERNAL_H

#include "base/memory/checked.h"
#include "engine/function/rows_internal.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline bool utf8_is_continuation(char byte)
{
    return ((uint8_t)byte & 0xC0) == 0x80;
}

/* Continuation bytes among the eight of a word: bit 7 set and bit 6 clear. Summed by a product,
 * which every processor has, into the highest byte. */
static inline uint32_t utf8_word_continuations(uint64_t word)
{
    uint64_t ones = (word & ~(word << 1) & HIGH_BITS) >> 7;
    return (uint32_t)((ones * UINT64_C(0x0101010101010101)) >> 56);
}

/* Characters: bytes that are no continuation. */
static inline uint32_t utf8_count(const char *data, size_t length)
{
    size_t i = 0;
    uint32_t continuations = 0;
    for (; i + 8 <= length; i += 8)
        continuations += utf8_word_continuations(read_u64(data + i));
    uint64_t tail = 0;
    if (i < length)
        memcpy(&tail, data + i, length - i);
    return (uint32_t)length - continuations - utf8_word_continuations(tail);
}

/* The same for many texts. */
void utf8_counts(const Text *texts, uint32_t rows, int64_t *out);

static inline bool text_is_ascii(Text text)
{
    uint64_t bits = 0, tail = 0;
    uint32_t i = 0;
    for (; i + 8 <= text.length; i += 8)
        bits |= read_u64(text.data + i);
    if (i < text.length)
        memcpy(&tail, text.data + i, text.length - i);
    return ((bits | tail) & HIGH_BITS) == 0;
}

/* The start of the character after the one at `at`. */
static inline const char *utf8_next(const char *at, const char *end)
{
    at++;
    while (at < end && utf8_is_continuation(*at))
        at++;
    return at;
}

/* Where the character `count` after `at` starts, or `end`. */
static inline const char *utf8_advance(const char *at, const char *end, uint64_t count)
{
    while (count >= 8 && end - at >= 8 && (read_u64(at) & HIGH_BITS) == 0) {
        at += 8;
        count -= 8;
    }
    if (count > 0 && count < 8 && end - at >= 8 &&
        (read_u64(at) & (HIGH_BITS >> (64 - 8 * count))) == 0)
        return at + count;
    while (count > 0 && at < end) {
        at = utf8_next(at, end);
        count--;
    }
    return at;
}

/* The start of the last character before `at`, which is after `start`. */
static inline const char *utf8_before(const char *start, const char *at)
{
    at--;
    while (at > start && utf8_is_continuation(*at))
        at--;
    return at;
}

/* Decodes the character at `at`; *next is behind it. An invalid byte gives its value | 0x110000. */
uint32_t utf8_decode(const char *at, const char *end, const char **next);
/* Writes at most four bytes; returns how many. */
uint32_t utf8_encode(uint32_t code_point, char *out);

static inline Text text_between(const char *start, const char *end)
{
    return (Text){.data = start, .length = (uint32_t)(end - start)};
}

/*
 * Finding a needle of at least one byte: the offset of its first occurrence, or -1. With AVX2
 * where the processor has it, else with SSE2, else byte by byte; all give the same.
 */
int64_t text_find(const char *data, size_t length, const char *needle, size_t needle_length);
int64_t text_find_portable(const char *data, size_t length, const char *needle,
                           size_t needle_length);

/* The text with every character lowered (raised): simple case mapping, whatever the locale. */
Text text_lower(TextSink *sink, Text text);
Text text_upper(TextSink *sink, Text text);

/* In quotes, which are doubled inside; `escapes`: as E'..', with backslashes doubled. */
Text text_quoted(TextSink *sink, Text text, char quote, bool escapes);
/* As an identifier of a statement: quoted unless it is lower-case letters, digits and
 * underscores, and no keyword. */
Text text_identifier(TextSink *sink, Text text);
bool text_is_keyword(Text word); /* of the grammar, but for those that may be any name */
/* Text forms of all rows of an argument, data NULL for NULL; a text is its own. */
Text *row_argument_texts(const RowRun *run, uint32_t argument, uint32_t rows);

uint32_t code_point_lower(uint32_t code_point);
uint32_t code_point_upper(uint32_t code_point);
/* Of many texts; runs of them that lie one after the other in memory are mapped as one. */
void texts_lower(TextSink *sink, const Text *texts, uint32_t rows, Text *out);
void texts_upper(TextSink *sink, const Text *texts, uint32_t rows, Text *out);

/* The row behind the last of those from `row` on whose bytes follow one another in memory; *end
 * is behind the last one's bytes. */
uint32_t texts_adjacent(const Text *texts, uint32_t row, uint32_t rows, const char **end);

#endif

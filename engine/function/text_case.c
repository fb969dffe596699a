/*
 * Case of UTF-8 texts: every character by its simple mapping, whatever the locale.
 *
 * Sixteen bytes of ASCII are flipped at once. Where a byte is not ASCII, characters of two and
 * three bytes are mapped through a table, which is filled from utf8proc a page of 256 code
 * points at a time, when one of the page is met first. Few mappings change a character's length;
 * as long as none does, texts that lie one after the other in memory are mapped as one.
 */
#include "engine/function/text_internal.h"

#include <utf8proc.h>

enum { CASE_LIMIT = 0x10000, CASE_PAGE = 256, NOT_A_CODE_POINT = 0x110000 };

typedef struct CaseMap {
    utf8proc_int32_t (*map)(utf8proc_int32_t);
    uint8_t first; /* of the 26 letters of ASCII that change */
    bool *is_filled;
    uint16_t *mapped; /* of code points below CASE_LIMIT, where its page is filled */
} CaseMap;

/* As PostgreSQL has it, there is no capital of sharp s. */
static utf8proc_int32_t upper_of(utf8proc_int32_t code_point)
{
    return code_point == 0xDF ? code_point : utf8proc_toupper(code_point);
}

static bool is_lower_filled[CASE_LIMIT / CASE_PAGE], is_upper_filled[CASE_LIMIT / CASE_PAGE];
static uint16_t lower_mapped[CASE_LIMIT], upper_mapped[CASE_LIMIT];
static const CaseMap lower_map = {utf8proc_tolower, 'A', is_lower_filled, lower_mapped};
static const CaseMap upper_map = {upper_of, 'a', is_upper_filled, upper_mapped};

/* 0 stands for a mapping that leaves the table: those are looked up one by one. */
static void fill_page(const CaseMap *map, uint32_t page)
{
    for (uint32_t c = page * CASE_PAGE; c < (page + 1) * CASE_PAGE; c++) {
        utf8proc_int32_t mapped = map->map((utf8proc_int32_t)c);
        map->mapped[c] = mapped > 0 && mapped < CASE_LIMIT ? (uint16_t)mapped : 0;
    }
    map->is_filled[page] = true;
}

static inline uint32_t map_code_point(const CaseMap *map, uint32_t code_point)
{
    if (code_point >= NOT_A_CODE_POINT)
        return code_point;
    if (code_point < CASE_LIMIT) {
        if (!map->is_filled[code_point / CASE_PAGE])
            fill_page(map, code_point / CASE_PAGE);
        if (map->mapped[code_point] != 0)
            return map->mapped[code_point];
    }
    return (uint32_t)map->map((utf8proc_int32_t)code_point);
}

uint32_t code_point_upper(uint32_t code_point)
{
    return map_code_point(&upper_map, code_point);
}

uint32_t code_point_lower(uint32_t code_point)
{
    return map_code_point(&lower_map, code_point);
}

/* --- bytes --- */

typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef uint64_t Words __attribute__((vector_size(16)));

/* Flips 16 bytes; false when one of them is not ASCII, and then `out` is of no use. */
static inline bool flip_block(const char *in, char *out, uint8_t first)
{
    Bytes bytes;
    memcpy(&bytes, in, sizeof bytes);
    Bytes is_letter = (Bytes)(bytes - first < 26);
    Bytes flipped = bytes ^ (is_letter & 32);
    memcpy(out, &flipped, sizeof flipped);
    Words words = (Words)bytes;
    return ((words[0] | words[1]) & HIGH_BITS) == 0;
}

static inline bool is_two_bytes(uint8_t lead, uint8_t second)
{
    return lead >= 0xC2 && lead < 0xE0 && (second & 0xC0) == 0x80;
}

/* The character at *at, of any length, to *out. */
static inline void map_character(const CaseMap *map, const char **at, const char *end, char **out)
{
    uint8_t lead = (uint8_t)**at;
    if (lead < 0x80) {
        *(*out)++ = (char)(lead ^ ((uint8_t)(lead - map->first) < 26 ? 32 : 0));
        (*at)++;
        return;
    }
    uint32_t code_point;
    if (end - *at >= 2 && is_two_bytes(lead, (uint8_t)(*at)[1])) {
        code_point = (lead & 0x1Fu) << 6 | ((uint8_t)(*at)[1] & 0x3Fu);
        *at += 2;
    } else {
        code_point = utf8_decode(*at, end, at);
    }
    code_point = map_code_point(map, code_point);
    if (code_point >= 0x80 && code_point < 0x800) {
        (*out)[0] = (char)(0xC0 | code_point >> 6);
        (*out)[1] = (char)(0x80 | (code_point & 0x3F));
        *out += 2;
    } else {
        *out += utf8_encode(code_point, *out);
    }
}

/* Maps [at, end) to `out`, which has room for twice as much and 16 bytes more. Returns the end
 * of what was written. `keeps_length`: gives up, with NULL, at a character that takes another
 * number of bytes when mapped; then `out` needs room for no more than as much and 16 bytes. */
static inline char *map_bytes(const CaseMap *map, const char *at, const char *end, char *out,
                              bool keeps_length)
{
    while (end - at >= (ptrdiff_t)sizeof(Bytes)) {
        if (flip_block(at, out, map->first)) {
            at += sizeof(Bytes);
            out += sizeof(Bytes);
            continue;
        }
        const char *behind = at + sizeof(Bytes);
        while (at < behind) {
            const char *from = at;
            char *to = out;
            map_character(map, &at, end, &out);
            if (keeps_length && at - from != out - to)
                return NULL;
        }
    }
    while (at < end) {
        const char *from = at;
        char *to = out;
        map_character(map, &at, end, &out);
        if (keeps_length && at - from != out - to)
            return NULL;
    }
    return out;
}

/* --- texts --- */

static Text map_text(const CaseMap *map, TextSink *sink, Text text)
{
    char *out = text_sink_reserve(sink, (size_t)text.length * 2 + sizeof(Bytes));
    if (text.length == 0)
        return text_sink_take(sink, 0);
    char *end = map_bytes(map, text.data, text.data + text.length, out, false);
    return text_sink_take(sink, (size_t)(end - out));
}

Text text_lower(TextSink *sink, Text text)
{
    return map_text(&lower_map, sink, text);
}

Text text_upper(TextSink *sink, Text text)
{
    return map_text(&upper_map, sink, text);
}

uint32_t texts_adjacent(const Text *texts, uint32_t row, uint32_t rows, const char **end)
{
    const char *at = texts[row].data + texts[row].length;
    row++;
    while (row < rows && texts[row].data == at) {
        at += texts[row].length;
        row++;
    }
    *end = at;
    return row;
}

/* A character must not begin in one text and go on in the next. */
static bool starts_inside(const Text *texts, uint32_t row, uint32_t behind)
{
    bool is_inside = false;
    for (; row < behind; row++)
        is_inside |= texts[row].length != 0 && utf8_is_continuation(texts[row].data[0]);
    return is_inside;
}

/* Texts whose bytes follow one another as one; false when that cannot be. */
static bool map_run(const CaseMap *map, TextSink *sink, const Text *texts, uint32_t row,
                    uint32_t behind, const char *end, Text *out)
{
    const char *start = texts[row].data;
    size_t length = (size_t)(end - start);
    if (length < 64 || starts_inside(texts, row + 1, behind))
        return false;
    char *room = text_sink_reserve(sink, length + sizeof(Bytes));
    if (map_bytes(map, start, end, room, true) == NULL)
        return false;
    for (; row < behind; row++)
        out[row] =
            (Text){.data = room + (texts[row].data - start), .length = texts[row].length};
    text_sink_take(sink, length);
    return true;
}

static void map_texts(const CaseMap *map, TextSink *sink, const Text *texts, uint32_t rows,
                      Text *out)
{
    for (uint32_t row = 0; row < rows;) {
        const char *end;
        uint32_t behind = texts_adjacent(texts, row, rows, &end);
        if (!map_run(map, sink, texts, row, behind, end, out))
            for (uint32_t i = row; i < behind; i++)
                out[i] = map_text(map, sink, texts[i]);
        row = behind;
    }
}

void texts_lower(TextSink *sink, const Text *texts, uint32_t rows, Text *out)
{
    map_texts(&lower_map, sink, texts, rows, out);
}

void texts_upper(TextSink *sink, const Text *texts, uint32_t rows, Text *out)
{
    map_texts(&upper_map, sink, texts, rows, out);
}

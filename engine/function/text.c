/*
 * UTF-8 texts: stepping, folding, finding. See text_internal.h.
 *
 * Finding compares the needle's first and last bytes at 32 (16) places at once and looks closer
 * where both agree (W. Muła, "SIMD-friendly algorithms for substring searching", 2016).
 * Lowering ASCII adds 32 to the letters of eight bytes at once; other characters go through
 * utf8proc's simple case mapping.
 */
#include "engine/function/text_internal.h"

#include <utf8proc.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* --- characters --- */

uint32_t utf8_decode(const char *at, const char *end, const char **next)
{
    utf8proc_int32_t code_point;
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)at, end - at, &code_point);
    if (size <= 0) {
        *next = at + 1;
        return (uint8_t)*at | UINT32_C(0x110000);
    }
    *next = at + size;
    return (uint32_t)code_point;
}

uint32_t utf8_encode(uint32_t code_point, char *out)
{
    if (code_point >= UINT32_C(0x110000)) {
        out[0] = (char)(code_point & 0xFF);
        return 1;
    }
    return (uint32_t)utf8proc_encode_char((utf8proc_int32_t)code_point, (utf8proc_uint8_t *)out);
}

/* --- case --- */

#define REPEAT_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* 0x20 in every byte that lies within [first, first + 26), all bytes being below 128. */
static inline uint64_t letters_of(uint64_t word, uint8_t first)
{
    uint64_t from_first = word + REPEAT_BYTE((uint8_t)(128 - first));
    uint64_t past_last = word + REPEAT_BYTE((uint8_t)(128 - first - 26));
    return ((from_first & ~past_last) & HIGH_BITS) >> 2;
}

/* Flips the letters that start at `first` ('A' or 'a') into the other case; false when there is
 * a byte that is not ASCII. */
static inline bool ascii_flip(const char *in, char *out, uint32_t length, uint8_t first)
{
    uint64_t bits = 0;
    uint32_t i = 0;
    for (; i + 8 <= length; i += 8) {
        uint64_t word = read_u64(in + i);
        bits |= word;
        word ^= letters_of(word & ~HIGH_BITS, first);
        memcpy(out + i, &word, sizeof word);
    }
    uint64_t tail = 0;
    if (i < length) {
        memcpy(&tail, in + i, length - i);
        bits |= tail;
        tail ^= letters_of(tail & ~HIGH_BITS, first);
        memcpy(out + i, &tail, length - i);
    }
    return (bits & HIGH_BITS) == 0;
}

/* The same over many bytes, for the compiler to vectorise. */
ROWS_HOT static bool ascii_flip_bulk(const char *in, char *restrict out, size_t length,
                                     uint8_t first)
{
    uint8_t high = 0;
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)in[i];
        high |= byte;
        out[i] = (char)(byte ^ ((uint8_t)(byte - first) < 26 ? 32 : 0));
    }
    return high < 0x80;
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

static void flip_texts(TextSink *sink, const Text *texts, uint32_t rows, uint8_t first, Text *out)
{
    for (uint32_t row = 0; row < rows;) {
        const char *end;
        uint32_t behind = texts_adjacent(texts, row, rows, &end);
        size_t length = (size_t)(end - texts[row].data);
        char *room = length < 64 ? NULL : text_sink_reserve(sink, length);
        if (room != NULL && ascii_flip_bulk(texts[row].data, room, length, first)) {
            ptrdiff_t moved = room - texts[row].data;
            for (; row < behind; row++)
                out[row] = (Text){.data = texts[row].data + moved, .length = texts[row].length};
            text_sink_take(sink, length);
            continue;
        }
        for (; row < behind; row++)
            out[row] = first == 'A' ? text_lower(sink, texts[row]) : text_upper(sink, texts[row]);
    }
}

void texts_lower(TextSink *sink, const Text *texts, uint32_t rows, Text *out)
{
    flip_texts(sink, texts, rows, 'A', out);
}

void texts_upper(TextSink *sink, const Text *texts, uint32_t rows, Text *out)
{
    flip_texts(sink, texts, rows, 'a', out);
}

/* As PostgreSQL has it, there is no capital of sharp s. */
static utf8proc_int32_t upper_of(utf8proc_int32_t code_point)
{
    return code_point == 0xDF ? code_point : utf8proc_toupper(code_point);
}

uint32_t code_point_upper(uint32_t code_point)
{
    return code_point < UINT32_C(0x110000) ? (uint32_t)upper_of((utf8proc_int32_t)code_point)
                                           : code_point;
}

uint32_t code_point_lower(uint32_t code_point)
{
    return code_point < UINT32_C(0x110000)
               ? (uint32_t)utf8proc_tolower((utf8proc_int32_t)code_point)
               : code_point;
}

static Text text_map(TextSink *sink, Text text, utf8proc_int32_t (*map)(utf8proc_int32_t))
{
    /* Mapping two bytes gives at most three. */
    char *out = text_sink_reserve(sink, (size_t)text.length * 2 + 4), *start = out;
    const char *at = text.data, *end = at + text.length;
    while (at < end) {
        uint32_t code_point = utf8_decode(at, end, &at);
        if (code_point < UINT32_C(0x110000))
            code_point = (uint32_t)map((utf8proc_int32_t)code_point);
        out += utf8_encode(code_point, out);
    }
    return text_sink_take(sink, (size_t)(out - start));
}

Text text_lower(TextSink *sink, Text text)
{
    char *out = text_sink_reserve(sink, text.length);
    if (text.length == 0 || ascii_flip(text.data, out, text.length, 'A'))
        return text_sink_take(sink, text.length);
    return text_map(sink, text, utf8proc_tolower);
}

Text text_upper(TextSink *sink, Text text)
{
    char *out = text_sink_reserve(sink, text.length);
    if (text.length == 0 || ascii_flip(text.data, out, text.length, 'a'))
        return text_sink_take(sink, text.length);
    return text_map(sink, text, upper_of);
}

/* --- finding --- */

static int64_t find_from(const char *data, size_t from, size_t length, const char *needle,
                         size_t needle_length)
{
    const char *end = data + length;
    for (const char *at = data + from; (size_t)(end - at) >= needle_length; at++) {
        at = memchr(at, needle[0], (size_t)(end - at) - needle_length + 1);
        if (at == NULL)
            return -1;
        if (memcmp(at, needle, needle_length) == 0)
            return at - data;
    }
    return -1;
}

int64_t text_find_portable(const char *data, size_t length, const char *needle,
                           size_t needle_length)
{
    return find_from(data, 0, length, needle, needle_length);
}

#ifdef __x86_64__

#define FIND_BLOCKS(width, load, equal, both, mask_of, first, last)                                \
    size_t i = 0;                                                                                  \
    for (; i + needle_length - 1 + (width) <= length; i += (width)) {                              \
        uint32_t mask = (uint32_t)mask_of(                                                         \
            both(equal(first, load((const void *)(data + i))),                                     \
                 equal(last, load((const void *)(data + i + needle_length - 1)))));                \
        while (mask != 0) {                                                                        \
            uint32_t bit = (uint32_t)__builtin_ctz(mask);                                          \
            if (needle_length <= 2 ||                                                              \
                memcmp(data + i + bit + 1, needle + 1, needle_length - 2) == 0)                    \
                return (int64_t)(i + bit);                                                         \
            mask &= mask - 1;                                                                      \
        }                                                                                          \
    }                                                                                              \
    *searched = i;                                                                                 \
    return -1;

__attribute__((target("avx2"))) static int64_t find_avx2(const char *data, size_t length,
                                                         const char *needle, size_t needle_length,
                                                         size_t *searched)
{
    const __m256i first = _mm256_set1_epi8(needle[0]);
    const __m256i last = _mm256_set1_epi8(needle[needle_length - 1]);
    FIND_BLOCKS(32, _mm256_loadu_si256, _mm256_cmpeq_epi8, _mm256_and_si256, _mm256_movemask_epi8,
                first, last)
}

static int64_t find_sse2(const char *data, size_t length, const char *needle, size_t needle_length,
                         size_t *searched)
{
    const __m128i first = _mm_set1_epi8(needle[0]);
    const __m128i last = _mm_set1_epi8(needle[needle_length - 1]);
    FIND_BLOCKS(16, _mm_loadu_si128, _mm_cmpeq_epi8, _mm_and_si128, _mm_movemask_epi8, first, last)
}

/* Whether 16 bytes at `at` lie in one page, which a byte of them shows to be readable. */
static inline bool is_block_readable(const char *at)
{
    return ((uintptr_t)at & 4095) <= 4096 - 16;
}

/* The few places that are left. Blocks are read where they stand, past the end of the text but
 * not of its page; what is found past the last possible place is masked out. */
__attribute__((no_sanitize("address"))) static int64_t
find_rest(const char *data, size_t length, const char *needle, size_t needle_length)
{
    enum { BLOCK = 16 };
    if (length < needle_length)
        return -1;
    const __m128i first = _mm_set1_epi8(needle[0]);
    const __m128i last = _mm_set1_epi8(needle[needle_length - 1]);
    size_t places = length - needle_length + 1;
    for (size_t i = 0; i < places; i += BLOCK) {
        const char *tail = data + i + needle_length - 1;
        if (!is_block_readable(data + i) || !is_block_readable(tail))
            return find_from(data, i, length, needle, needle_length);
        uint32_t mask = (uint32_t)_mm_movemask_epi8(
            _mm_and_si128(_mm_cmpeq_epi8(first, _mm_loadu_si128((const void *)(data + i))),
                          _mm_cmpeq_epi8(last, _mm_loadu_si128((const void *)tail))));
        if (places - i < BLOCK)
            mask &= (UINT32_C(1) << (places - i)) - 1;
        for (; mask != 0; mask &= mask - 1) {
            size_t at = i + (uint32_t)__builtin_ctz(mask);
            if (needle_length <= 2 || memcmp(data + at + 1, needle + 1, needle_length - 2) == 0)
                return (int64_t)at;
        }
    }
    return -1;
}

static int has_avx2 = -1;

int64_t text_find(const char *data, size_t length, const char *needle, size_t needle_length)
{
    size_t searched = 0;
    int64_t found;
    if (length < needle_length)
        return -1;
    if (length >= needle_length + 31) {
        if (has_avx2 < 0)
            has_avx2 = __builtin_cpu_supports("avx2") != 0;
        found = has_avx2 ? find_avx2(data, length, needle, needle_length, &searched)
                         : find_sse2(data, length, needle, needle_length, &searched);
        if (found >= 0)
            return found;
    }
    found = find_rest(data + searched, length - searched, needle, needle_length);
    return found < 0 ? -1 : found + (int64_t)searched;
}

#else

int64_t text_find(const char *data, size_t length, const char *needle, size_t needle_length)
{
    return text_find_portable(data, length, needle, needle_length);
}

#endif

/* --- quoting --- */

Text text_quoted(TextSink *sink, Text text, char quote, bool escapes)
{
    char *out = text_sink_reserve(sink, (size_t)text.length * 2 + 4), *start = out;
    if (escapes)
        *out++ = 'E';
    *out++ = quote;
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] == quote || (escapes && text.data[i] == '\\'))
            *out++ = text.data[i];
        *out++ = text.data[i];
    }
    *out++ = quote;
    return text_sink_take(sink, (size_t)(out - start));
}

Text text_identifier(TextSink *sink, Text text)
{
    bool is_plain =
        text.length > 0 && ((text.data[0] >= 'a' && text.data[0] <= 'z') || text.data[0] == '_');
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        is_plain = is_plain && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
    }
    return is_plain ? text : text_quoted(sink, text, '"', false);
}

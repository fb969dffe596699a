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
    return text_map(sink, text, utf8proc_toupper);
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

int64_t text_find(const char *data, size_t length, const char *needle, size_t needle_length)
{
    size_t searched = 0, more = 0;
    int64_t found;
    if (length < needle_length)
        return -1;
    if (length >= needle_length + 31 && __builtin_cpu_supports("avx2")) {
        found = find_avx2(data, length, needle, needle_length, &searched);
        if (found >= 0)
            return found;
    }
    found = find_sse2(data + searched, length - searched, needle, needle_length, &more);
    if (found >= 0)
        return found + (int64_t)searched;
    return find_from(data, searched + more, length, needle, needle_length);
}

#else

int64_t text_find(const char *data, size_t length, const char *needle, size_t needle_length)
{
    return text_find_portable(data, length, needle, needle_length);
}

#endif

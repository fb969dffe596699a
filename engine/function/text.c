/*
 * UTF-8 texts: stepping, folding, finding. See text_internal.h.
 *
 * Finding compares the needle's first and last bytes at 32 (16) places at once and looks closer
 * where both agree (W. Muła, "SIMD-friendly algorithms for substring searching", 2016).
 * Counting compares 64 bytes with the least byte that is no continuation. Case is text_case.c.
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

/* --- counting --- */

static void counts_portable(const Text *texts, uint32_t rows, int64_t *out)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i] = utf8_count(texts[i].data, texts[i].length);
}

#ifdef __x86_64__

/* Continuations are the signed bytes below -64. Bytes past the end are masked and never read. */
__attribute__((target("avx512bw,bmi2,popcnt"))) static void
counts_avx512(const Text *texts, uint32_t rows, int64_t *out)
{
    const __m512i least = _mm512_set1_epi8(-64);
    for (uint32_t i = 0; i < rows; i++) {
        const char *at = texts[i].data;
        uint32_t left = texts[i].length;
        int64_t count = left;
        for (; left >= 64; left -= 64, at += 64)
            count -= _mm_popcnt_u64(_mm512_cmplt_epi8_mask(_mm512_loadu_si512(at), least));
        if (left != 0) {
            __mmask64 mask = _bzhi_u64(~UINT64_C(0), left);
            __m512i tail = _mm512_maskz_loadu_epi8(mask, at);
            count -= _mm_popcnt_u64(_mm512_cmplt_epi8_mask(tail, least));
        }
        out[i] = count;
    }
}

void utf8_counts(const Text *texts, uint32_t rows, int64_t *out)
{
    static int has_avx512 = -1;
    if (has_avx512 < 0)
        has_avx512 = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("bmi2");
    if (has_avx512)
        counts_avx512(texts, rows, out);
    else
        counts_portable(texts, rows, out);
}

#else

void utf8_counts(const Text *texts, uint32_t rows, int64_t *out)
{
    counts_portable(texts, rows, out);
}

#endif

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
    is_plain = is_plain && !text_is_keyword(text);
    return is_plain ? text : text_quoted(sink, text, '"', false);
}

/*
 * Finding delimiters, quotes and line ends, 64 bytes at a time: a mask of what was found, then
 * its bits as positions (after Langdale and Lemire, as for JSON).
 */
#include "engine/input/delimited_internal.h"

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2"))) static uint64_t mask_avx2(const uint8_t *data, uint8_t delimiter,
                                                          uint8_t quote)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)data);
    __m256i high = _mm256_loadu_si256((const __m256i *)(data + 32));
    __m256i d = _mm256_set1_epi8((char)delimiter), q = _mm256_set1_epi8((char)quote),
            n = _mm256_set1_epi8('\n');
    __m256i found_low =
        _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(low, d), _mm256_cmpeq_epi8(low, q)),
                        _mm256_cmpeq_epi8(low, n));
    __m256i found_high =
        _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(high, d), _mm256_cmpeq_epi8(high, q)),
                        _mm256_cmpeq_epi8(high, n));
    return (uint32_t)_mm256_movemask_epi8(found_low) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(found_high) << 32;
}
#endif

static uint64_t mask_plain(const uint8_t *data, uint8_t delimiter, uint8_t quote)
{
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++)
        mask |= (uint64_t)(data[i] == delimiter || data[i] == quote || data[i] == '\n') << i;
    return mask;
}

/* One loop for each way to make masks: they are inlined. */
static inline __attribute__((always_inline)) uint32_t
index_loop(const uint8_t *data, uint32_t length, uint8_t delimiter, uint8_t quote,
           uint32_t *positions, uint64_t (*mask_of)(const uint8_t *, uint8_t, uint8_t))
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < length; at += 64) {
        uint64_t mask = mask_of(data + at, delimiter, quote);
        if (length - at < 64)
            mask &= (UINT64_C(1) << (length - at)) - 1;
        while (mask != 0) {
            positions[count++] = at + (uint32_t)__builtin_ctzll(mask);
            mask &= mask - 1;
        }
    }
    return count;
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi"))) static uint32_t index_avx2(const uint8_t *data, uint32_t length,
                                                               uint8_t delimiter, uint8_t quote,
                                                               uint32_t *positions)
{
    return index_loop(data, length, delimiter, quote, positions, mask_avx2);
}
#endif

uint32_t delimited_index(const uint8_t *data, uint32_t length, uint8_t delimiter, uint8_t quote,
                         uint32_t *positions)
{
    /* without quotes: look for something that is looked for anyway */
    quote = quote == 0 ? delimiter : quote;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
        return index_avx2(data, length, delimiter, quote, positions);
#endif
    return index_loop(data, length, delimiter, quote, positions, mask_plain);
}

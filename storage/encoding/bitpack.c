/*
 * Bit-packing: values of a fixed number of bits, interleaved over sixteen lanes of 32 bits.
 *
 * Value i belongs to lane i % 16 and is the i / 16-th of its lane; a lane is a stream of bits
 * in 32-bit words, and the words of the lanes alternate. So sixteen values are shifted out at
 * once by one vector operation with the same shift in every lane, whatever the vector unit's
 * size, and a single value is still found by arithmetic. (The idea of interleaving for vector
 * units: Lemire and Boytsov, "Decoding billions of integers per second through vectorization",
 * 2015; with virtual lanes: Afroozeh and Boncz, "The FastLanes compression layout", 2023.)
 *
 * Widths above 32 are two packed arrays: the low 32 bits, then the rest.
 *
 * Unpacking is an always-inlined function with a `width` argument that is called from a switch
 * with literal widths: the compiler folds every shift.
 */
#include "storage/encoding/encoding_internal.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

enum { LANES = 16, WORD_BITS = 32 };

typedef uint32_t Lanes __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t HalfLanes __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint64_t WideLanes __attribute__((vector_size(64), aligned(8), may_alias));

static inline uint32_t step_count(uint32_t count)
{
    return (count + LANES - 1) / LANES;
}

static size_t narrow_size(uint32_t count, unsigned width)
{
    size_t words = ((size_t)step_count(count) * width + WORD_BITS - 1) / WORD_BITS;
    return words * sizeof(Lanes);
}

size_t bitpack_size(uint32_t count, unsigned width)
{
    if (width <= WORD_BITS)
        return narrow_size(count, width);
    return narrow_size(count, WORD_BITS) + narrow_size(count, width - WORD_BITS);
}

/* --- packing --- */

/* `values` has room (zeros) up to a multiple of LANES; `out` is zeroed. */
static void pack_narrow(const uint32_t *values, uint32_t count, unsigned width, Lanes *out)
{
    uint32_t steps = step_count(count);
    for (uint32_t step = 0; step < steps; step++) {
        uint32_t bit = step * width;
        uint32_t word = bit / WORD_BITS, shift = bit % WORD_BITS;
        Lanes value = *(const Lanes *)(values + step * LANES);
        out[word] |= value << shift;
        if (shift + width > WORD_BITS)
            out[word + 1] |= value >> (WORD_BITS - shift);
    }
}

static void append_narrow(const uint64_t *values, uint32_t count, unsigned width, unsigned drop,
                          Buffer *out)
{
    uint32_t narrow[ENCODING_MAX_COUNT + LANES];
    uint32_t mask = width == WORD_BITS ? UINT32_MAX : (1U << width) - 1;
    size_t size = narrow_size(count, width);

    if (size == 0)
        return;
    for (uint32_t i = 0; i < count; i++)
        narrow[i] = (uint32_t)(values[i] >> drop) & mask;
    for (uint32_t i = count; i < step_count(count) * LANES; i++)
        narrow[i] = 0;
    uint8_t *place = buffer_reserve(out, size);
    memset(place, 0, size);
    pack_narrow(narrow, count, width, (Lanes *)place);
    out->length += size;
}

void bitpack_append(const uint64_t *values, uint32_t count, unsigned width, Buffer *out)
{
    check(count <= ENCODING_MAX_COUNT && width <= 64);
    if (width <= WORD_BITS) {
        append_narrow(values, count, width, 0, out);
        return;
    }
    append_narrow(values, count, WORD_BITS, 0, out);
    append_narrow(values, count, width - WORD_BITS, WORD_BITS, out);
}

/* --- unpacking --- */

static inline __attribute__((always_inline)) void
unpack_step(const Lanes *in, unsigned width, unsigned step, uint32_t mask, Lanes *out)
{
    unsigned bit = step * width;
    unsigned word = bit / WORD_BITS, shift = bit % WORD_BITS;
    Lanes value = in[word] >> shift;
    if (shift + width > WORD_BITS)
        value |= in[word + 1] << (WORD_BITS - shift);
    out[step] = value & mask;
}

/* Whole units of 32 steps (512 values), then the steps that are left. */
static inline __attribute__((always_inline)) void unpack_width(const Lanes *in, unsigned width,
                                                               uint32_t steps, Lanes *out)
{
    const uint32_t mask = width == WORD_BITS ? UINT32_MAX : (1U << width) - 1;

    for (; steps >= 32; steps -= 32) {
#pragma GCC unroll 32
        for (unsigned step = 0; step < 32; step++)
            unpack_step(in, width, step, mask, out);
        in += width;
        out += 32;
    }
#pragma GCC unroll 1
    for (unsigned step = 0; step < steps; step++)
        unpack_step(in, width, step, mask, out);
}

void unpack_narrow(const uint8_t *bytes, uint32_t steps, unsigned width, uint32_t *values);

ENCODING_CLONES
void unpack_narrow(const uint8_t *bytes, uint32_t steps, unsigned width, uint32_t *values)
{
    const Lanes *in = (const Lanes *)bytes;
    Lanes *out = (Lanes *)values;

#define WIDTH(w)                                                                                   \
    case w:                                                                                        \
        unpack_width(in, w, steps, out);                                                           \
        break
    switch (width) {
        WIDTH(1);
        WIDTH(2);
        WIDTH(3);
        WIDTH(4);
        WIDTH(5);
        WIDTH(6);
        WIDTH(7);
        WIDTH(8);
        WIDTH(9);
        WIDTH(10);
        WIDTH(11);
        WIDTH(12);
        WIDTH(13);
        WIDTH(14);
        WIDTH(15);
        WIDTH(16);
        WIDTH(17);
        WIDTH(18);
        WIDTH(19);
        WIDTH(20);
        WIDTH(21);
        WIDTH(22);
        WIDTH(23);
        WIDTH(24);
        WIDTH(25);
        WIDTH(26);
        WIDTH(27);
        WIDTH(28);
        WIDTH(29);
        WIDTH(30);
        WIDTH(31);
    case 0:
        memset(values, 0, (size_t)steps * sizeof(Lanes));
        break;
    default:
        memcpy(values, bytes, (size_t)steps * sizeof(Lanes));
        break;
    }
#undef WIDTH
}

void bitpack_unpack32(const uint8_t *in, uint32_t count, unsigned width, uint32_t *out)
{
    unpack_narrow(in, step_count(count), width < WORD_BITS ? width : WORD_BITS, out);
}

void widen(const uint32_t *low, uint32_t steps, uint64_t base, uint64_t *values);
void widen_pair(const uint32_t *low, const uint32_t *high, uint32_t steps, uint64_t base,
                uint64_t *values);

ENCODING_CLONES
void widen(const uint32_t *low, uint32_t steps, uint64_t base, uint64_t *values)
{
    const HalfLanes *in = (const HalfLanes *)low;
    WideLanes *out = (WideLanes *)values;
    for (uint32_t i = 0; i < steps * 2; i++)
        out[i] = __builtin_convertvector(in[i], WideLanes) + base;
}

ENCODING_CLONES
void widen_pair(const uint32_t *low, const uint32_t *high, uint32_t steps, uint64_t base,
                uint64_t *values)
{
    const HalfLanes *in = (const HalfLanes *)low;
    const HalfLanes *in_high = (const HalfLanes *)high;
    WideLanes *out = (WideLanes *)values;
    for (uint32_t i = 0; i < steps * 2; i++) {
        WideLanes upper = __builtin_convertvector(in_high[i], WideLanes) << 32;
        out[i] = (__builtin_convertvector(in[i], WideLanes) | upper) + base;
    }
}

void bitpack_unpack64(const uint8_t *in, uint32_t count, unsigned width, uint64_t base,
                      uint64_t *out)
{
    uint32_t low[ENCODING_MAX_COUNT + LANES], high[ENCODING_MAX_COUNT + LANES];
    uint32_t steps = step_count(count);

    check(count <= ENCODING_MAX_COUNT);
    if (width <= WORD_BITS) {
        unpack_narrow(in, steps, width, low);
        widen(low, steps, base, out);
        return;
    }
    unpack_narrow(in + narrow_size(count, WORD_BITS), steps, width - WORD_BITS, high);
    widen_pair((const uint32_t *)in, high, steps, base, out);
}

static inline uint32_t get_narrow(const uint8_t *in, unsigned width, uint32_t index)
{
    uint32_t bit = index / LANES * width;
    uint32_t word = bit / WORD_BITS, shift = bit % WORD_BITS;
    const uint8_t *place = in + (word * LANES + index % LANES) * sizeof(uint32_t);
    uint64_t value = read_u32(place);
    if (shift + width > WORD_BITS)
        value |= (uint64_t)read_u32(place + sizeof(Lanes)) << 32;
    return (uint32_t)((value >> shift) & ((1ULL << width) - 1));
}

uint64_t bitpack_get(const uint8_t *in, uint32_t count, unsigned width, uint32_t index)
{
    if (width == 0)
        return 0;
    if (width <= WORD_BITS)
        return get_narrow(in, width, index);
    uint64_t high = get_narrow(in + narrow_size(count, WORD_BITS), width - WORD_BITS, index);
    return get_narrow(in, WORD_BITS, index) | high << 32;
}

/* --- loops over decoded values --- */

ENCODING_CLONES
void add_scaled64(uint64_t *values, uint32_t count, uint64_t base, uint64_t scale)
{
    WideLanes *out = (WideLanes *)values;
    if (scale == 1) {
        for (uint32_t i = 0; i < step_count(count) * 2; i++)
            out[i] += base;
        return;
    }
    for (uint32_t i = 0; i < step_count(count) * 2; i++)
        out[i] = out[i] * scale + base;
}

ENCODING_CLONES
void add_scaled32(uint32_t *values, uint32_t count, uint32_t base, uint32_t scale)
{
    Lanes *out = (Lanes *)values;
    for (uint32_t i = 0; i < step_count(count); i++)
        out[i] = out[i] * scale + base;
}

uint32_t maximum_of_steps(const uint32_t *values, uint32_t steps);

ENCODING_CLONES
uint32_t maximum_of_steps(const uint32_t *values, uint32_t steps)
{
    const Lanes *in = (const Lanes *)values;
    Lanes highest = {0};
    for (uint32_t i = 0; i < steps; i++) {
        Lanes is_higher = (Lanes)(in[i] > highest);
        highest = (in[i] & is_higher) | (highest & ~is_higher);
    }
    uint32_t maximum = 0;
    for (unsigned lane = 0; lane < LANES; lane++)
        maximum = highest[lane] > maximum ? highest[lane] : maximum;
    return maximum;
}

uint32_t uint32_maximum(const uint32_t *values, uint32_t count)
{
    uint32_t maximum = maximum_of_steps(values, count / LANES);
    for (uint32_t i = count / LANES * LANES; i < count; i++)
        maximum = values[i] > maximum ? values[i] : maximum;
    return maximum;
}

uint64_t sum_of_steps(const uint32_t *values, uint32_t steps);

/* Halves are summed apart, so that no lane of 32 bits overflows: 128 of 16 bits a lane. */
ENCODING_CLONES
uint64_t sum_of_steps(const uint32_t *values, uint32_t steps)
{
    const Lanes *in = (const Lanes *)values;
    Lanes low = {0}, high = {0};
    uint64_t sum = 0;
    for (uint32_t i = 0; i < steps; i++) {
        low += in[i] & 0xFFFF;
        high += in[i] >> 16;
    }
    for (unsigned lane = 0; lane < LANES; lane++)
        sum += low[lane] + ((uint64_t)high[lane] << 16);
    return sum;
}

uint64_t uint32_sum(const uint32_t *values, uint32_t count)
{
    uint64_t sum = sum_of_steps(values, count / LANES);
    for (uint32_t i = count / LANES * LANES; i < count; i++)
        sum += values[i];
    return sum;
}

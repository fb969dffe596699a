/*
 * Float blocks: doubles and floats, bit for bit.
 *
 * Much of what is stored as a float was a decimal once (prices, measured values): when value =
 * integer / 10^k exactly, for one k and nearly all values of the block, the integers are
 * written as an integer block and the few others apart. Else the bits are written as an integer
 * block, which still finds runs, repeated values and common exponents; else plainly. (The
 * decimal form follows Afroozeh, Kuffo and Boncz, "ALP: adaptive lossless floating-point
 * compression", 2023; division instead of multiplication makes more values exact.)
 *
 * A block: FloatHeader; decimal: exceptions' bits (u64 each), their ascending positions (u16,
 * padded to 8 bytes), integer block; bits: integer block; raw: the values, padded to 8 bytes.
 */
#include "storage/encoding/encoding_internal.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

#include <math.h>
#include <stdio.h>

enum { HIGHEST_EXPONENT = 10, SAMPLE = 64 };

/* Below 2^51 an integer becomes a double by an addition: see divide_doubles. */
#define DECIMAL_LIMIT 2251799813685248.0

typedef enum FloatKind { FLOAT_RAW, FLOAT_BITS, FLOAT_DECIMAL, FLOAT_KIND_COUNT } FloatKind;

typedef struct FloatHeader {
    uint8_t kind;
    uint8_t exponent;
    uint16_t exceptions;
    uint32_t length; /* of the whole block */
} FloatHeader;
_Static_assert(sizeof(FloatHeader) == 8, "the header as it is stored");

static const double powers[HIGHEST_EXPONENT + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5,
                                                    1e6, 1e7, 1e8, 1e9, 1e10};

/* The two widths differ in how an integer becomes a value again. Values travel as doubles (to
 * which every float converts exactly, NaN payloads aside: those are compared by their bits). */
typedef struct FloatSource {
    const double *doubles;
    const float *floats; /* one of the two */
    uint32_t count;
} FloatSource;

static uint64_t source_bits(const FloatSource *source, uint32_t i)
{
    if (source->doubles != NULL)
        return read_u64(&source->doubles[i]);
    return read_u32(&source->floats[i]);
}

static double source_value(const FloatSource *source, uint32_t i)
{
    return source->doubles != NULL ? source->doubles[i] : (double)source->floats[i];
}

static uint64_t decimal_bits(const FloatSource *source, int64_t integer, double power)
{
    double value = (double)integer / power;
    if (source->doubles != NULL)
        return read_u64(&value);
    float narrow = (float)value;
    return read_u32(&narrow);
}

/* Whether value i is integer / power, bit for bit. */
static bool as_decimal(const FloatSource *source, uint32_t i, double power, int64_t *integer)
{
    double scaled = source_value(source, i) * power;
    if (!(fabs(scaled) < DECIMAL_LIMIT)) /* NaN fails too */
        return false;
    *integer = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
    return decimal_bits(source, *integer, power) == source_bits(source, i);
}

/* The exponent that a sample needs, -1 when too many of it are no decimals. */
static int find_exponent(const FloatSource *source)
{
    uint32_t stride = source->count / SAMPLE + 1;
    uint32_t tried = 0, failed = 0;
    int highest = 0;

    for (uint32_t i = 0; i < source->count; i += stride) {
        int exponent = highest;
        int64_t integer;
        tried++;
        while (exponent <= HIGHEST_EXPONENT && !as_decimal(source, i, powers[exponent], &integer))
            exponent++;
        /* A smaller exponent may do for a value although a larger one does not. */
        if (exponent > HIGHEST_EXPONENT)
            failed++;
        else
            highest = exponent;
    }
    return failed > tried / 8 ? -1 : highest;
}

typedef struct Decimals {
    int64_t integers[ENCODING_MAX_COUNT];
    uint64_t bits[ENCODING_MAX_COUNT];
    uint16_t positions[ENCODING_MAX_COUNT];
    uint32_t exceptions;
} Decimals;

static void split_decimals(const FloatSource *source, int exponent, Decimals *decimals)
{
    int64_t filler = 0;

    decimals->exceptions = 0;
    for (uint32_t i = 0; i < source->count; i++) {
        if (as_decimal(source, i, powers[exponent], &decimals->integers[i])) {
            filler = decimals->integers[i];
            continue;
        }
        decimals->integers[i] = filler;
        decimals->bits[decimals->exceptions] = source_bits(source, i);
        decimals->positions[decimals->exceptions++] = (uint16_t)i;
    }
}

static size_t positions_size(uint32_t count)
{
    return (count * sizeof(uint16_t) + 7) / 8 * 8;
}

static bool append_decimal(const FloatSource *source, Buffer *out)
{
    Decimals decimals;
    int exponent = find_exponent(source);

    if (exponent < 0)
        return false;
    split_decimals(source, exponent, &decimals);
    if (decimals.exceptions > source->count / 8)
        return false;
    FloatHeader header = {.kind = FLOAT_DECIMAL,
                          .exponent = (uint8_t)exponent,
                          .exceptions = (uint16_t)decimals.exceptions};
    size_t used = decimals.exceptions * sizeof(uint16_t);
    buffer_append(out, &header, sizeof header);
    buffer_append(out, decimals.bits, decimals.exceptions * sizeof(uint64_t));
    buffer_append(out, decimals.positions, used);
    buffer_append_zeros(out, positions_size(decimals.exceptions) - used);
    integer_block_encode(decimals.integers, source->count, out);
    return true;
}

static void append_bits(const FloatSource *source, Buffer *out)
{
    int64_t bits[ENCODING_MAX_COUNT];
    FloatHeader header = {.kind = FLOAT_BITS};

    for (uint32_t i = 0; i < source->count; i++)
        bits[i] = (int64_t)source_bits(source, i);
    buffer_append(out, &header, sizeof header);
    integer_block_encode(bits, source->count, out);
}

static void append_raw(const FloatSource *source, Buffer *out)
{
    FloatHeader header = {.kind = FLOAT_RAW};

    buffer_append(out, &header, sizeof header);
    if (source->doubles != NULL)
        buffer_append(out, source->doubles, source->count * sizeof(double));
    else
        buffer_append(out, source->floats, source->count * sizeof(float));
    buffer_append_zeros(out, (8 - out->length % 8) % 8);
}

/* Decimals, unless the bits take less; plain, unless that saves a twentieth. */
static void encode(const FloatSource *source, Buffer *out)
{
    size_t start = out->length;
    size_t value_size = source->doubles != NULL ? sizeof(double) : sizeof(float);
    size_t raw_size = source->count * value_size;

    check(source->count > 0 && source->count <= ENCODING_MAX_COUNT && start % 8 == 0);
    if (!append_decimal(source, out) || out->length - start > raw_size / 2) {
        size_t decimal_size = out->length - start;
        append_bits(source, out);
        size_t bits_size = out->length - start - decimal_size;
        if (decimal_size != 0 && decimal_size <= bits_size) {
            out->length = start + decimal_size;
        } else {
            memmove(out->data + start, out->data + start + decimal_size, bits_size);
            out->length = start + bits_size;
        }
    }
    if (out->length - start > raw_size - raw_size / 20 + 8) {
        out->length = start;
        append_raw(source, out);
    }
    uint32_t length = (uint32_t)(out->length - start);
    memcpy(out->data + start + offsetof(FloatHeader, length), &length, sizeof length);
}

void float_block_encode_double(const double *values, uint32_t count, Buffer *out)
{
    encode(&(FloatSource){.doubles = values, .count = count}, out);
}

void float_block_encode_float(const float *values, uint32_t count, Buffer *out)
{
    encode(&(FloatSource){.floats = values, .count = count}, out);
}

/* --- decoding --- */

/* An opened block; the parts that its kind has not are empty. */
typedef struct FloatBlock {
    FloatHeader header;
    const uint8_t *raw;
    const uint8_t *exception_bits;
    const uint8_t *exception_positions;
    IntegerBlock integers;
} FloatBlock;

static bool open_block(const uint8_t *data, size_t length, uint32_t count, size_t value_size,
                       FloatBlock *block, Fault *fault)
{
    FloatHeader *header = &block->header;
    size_t used = sizeof *header;

    if (length < used)
        return encoding_damaged(fault, "float block is cut short");
    memcpy(header, data, used);
    if (header->length > length || header->length < used)
        return encoding_damaged(fault, "float block is cut short");
    length = header->length;
    if (header->kind >= FLOAT_KIND_COUNT || header->exponent > HIGHEST_EXPONENT ||
        header->exceptions > count || count > ENCODING_MAX_COUNT)
        return encoding_damaged(fault, "float block has an impossible header");
    block->raw = data + used;
    if (header->kind == FLOAT_RAW) {
        if (length - used < count * value_size)
            return encoding_damaged(fault, "float block is cut short");
        return true;
    }
    if (header->kind == FLOAT_BITS)
        header->exceptions = 0;
    size_t bits_size = header->exceptions * sizeof(uint64_t);
    size_t exceptions_size = bits_size + positions_size(header->exceptions);
    if (length - used < exceptions_size)
        return encoding_damaged(fault, "float block is cut short");
    block->exception_bits = data + used;
    block->exception_positions = data + used + bits_size;
    used += exceptions_size;
    for (uint32_t i = 0; i < header->exceptions; i++) {
        if (read_u16(block->exception_positions + i * 2) >= count)
            return encoding_damaged(fault, "float block has an exception outside");
    }
    return integer_block_open(data + used, length - used, count, &block->integers, fault);
}

static bool read_integers(const FloatBlock *block, const uint32_t *rows, uint32_t row_count,
                          int64_t *out, Fault *fault)
{
    if (rows == NULL)
        return integer_block_int64(&block->integers, out, fault);
    return integer_block_rows_int64(&block->integers, rows, row_count, out, fault);
}

/*
 * The exceptions among the wanted rows: calls back with the place in the output and the bits.
 * Rows ascend and positions are written ascending; positions that do not ascend (a damaged
 * file) are merely missed.
 */
typedef struct ExceptionWalk {
    const FloatBlock *block;
    const uint32_t *rows;
    uint32_t row_count;
    uint32_t exception, row;
} ExceptionWalk;

static bool next_exception(ExceptionWalk *walk, uint32_t *place, uint64_t *bits)
{
    while (walk->exception < walk->block->header.exceptions) {
        uint32_t index = walk->exception++;
        uint32_t position = read_u16(walk->block->exception_positions + index * 2);
        *bits = read_u64(walk->block->exception_bits + index * 8);
        if (walk->rows == NULL) {
            *place = position;
            return true;
        }
        while (walk->row < walk->row_count && walk->rows[walk->row] < position)
            walk->row++;
        if (walk->row < walk->row_count && walk->rows[walk->row] == position) {
            *place = walk->row;
            return true;
        }
    }
    return false;
}

static void copy_raw(const uint8_t *raw, size_t value_size, const uint32_t *rows, uint32_t count,
                     uint8_t *out)
{
    if (rows == NULL) {
        memcpy(out, raw, count * value_size);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        memcpy(out + i * value_size, raw + rows[i] * value_size, value_size);
}

typedef int64_t Integers __attribute__((vector_size(64), aligned(8), may_alias));
typedef uint64_t Bits __attribute__((vector_size(64), aligned(8), may_alias));
typedef double Doubles __attribute__((vector_size(64), aligned(8), may_alias));
typedef float Floats __attribute__((vector_size(32), aligned(4), may_alias));

enum { LANES = 8 };

/*
 * Few processors turn 64-bit integers into doubles by vectors, but all add them: 1.5 * 2^52 has
 * its unit in the lowest bit, so an integer below 2^51 (of either sign) added to its bits is
 * that number plus the integer, exactly. Larger ones, of damaged blocks, become something else.
 */
static inline __attribute__((always_inline)) void divide(const Integers *integers, double power,
                                                         Doubles *values)
{
    const double magic = 6755399441055744.0;
    const uint64_t magic_bits = 0x4338000000000000; /* lanes past the end hold anything: wraps */
    Bits shifted = (Bits)*integers + magic_bits;
    memcpy(values, &shifted, sizeof *values);
    *values = (*values - magic) / power;
}

void divide_doubles(const int64_t *integers, uint32_t count, double power, double *out);
void divide_floats(const int64_t *integers, uint32_t count, double power, float *out);

/* Both may write ENCODING_SLACK past the end. */
ENCODING_CLONES
void divide_doubles(const int64_t *integers, uint32_t count, double power, double *out)
{
    const Integers *in = (const Integers *)integers;
    for (uint32_t i = 0; i < (count + LANES - 1) / LANES; i++)
        divide(&in[i], power, (Doubles *)out + i);
}

ENCODING_CLONES
void divide_floats(const int64_t *integers, uint32_t count, double power, float *out)
{
    const Integers *in = (const Integers *)integers;
    for (uint32_t i = 0; i < (count + LANES - 1) / LANES; i++) {
        Doubles values;
        divide(&in[i], power, &values);
        ((Floats *)out)[i] = __builtin_convertvector(values, Floats);
    }
}

bool float_block_double(const uint8_t *data, size_t length, uint32_t count, const uint32_t *rows,
                        uint32_t row_count, double *out, Fault *fault)
{
    int64_t integers[ENCODING_MAX_COUNT + ENCODING_SLACK];
    FloatBlock block;
    uint32_t wanted = rows == NULL ? count : row_count;
    uint32_t place;
    uint64_t bits;

    if (!open_block(data, length, count, sizeof *out, &block, fault))
        return false;
    if (block.header.kind == FLOAT_RAW) {
        copy_raw(block.raw, sizeof *out, rows, wanted, (uint8_t *)out);
        return true;
    }
    if (!read_integers(&block, rows, row_count, integers, fault))
        return false;
    if (block.header.kind == FLOAT_BITS) {
        memcpy(out, integers, wanted * sizeof *out);
        return true;
    }
    divide_doubles(integers, wanted, powers[block.header.exponent], out);
    ExceptionWalk walk = {.block = &block, .rows = rows, .row_count = row_count};
    while (next_exception(&walk, &place, &bits))
        memcpy(&out[place], &bits, sizeof *out);
    return true;
}

bool float_block_float(const uint8_t *data, size_t length, uint32_t count, const uint32_t *rows,
                       uint32_t row_count, float *out, Fault *fault)
{
    int64_t integers[ENCODING_MAX_COUNT + ENCODING_SLACK];
    FloatBlock block;
    uint32_t wanted = rows == NULL ? count : row_count;
    uint32_t place;
    uint64_t bits;

    if (!open_block(data, length, count, sizeof *out, &block, fault))
        return false;
    if (block.header.kind == FLOAT_RAW) {
        copy_raw(block.raw, sizeof *out, rows, wanted, (uint8_t *)out);
        return true;
    }
    if (!read_integers(&block, rows, row_count, integers, fault))
        return false;
    if (block.header.kind == FLOAT_BITS) {
        for (uint32_t i = 0; i < wanted; i++) {
            uint32_t low = (uint32_t)integers[i];
            memcpy(&out[i], &low, sizeof low);
        }
        return true;
    }
    divide_floats(integers, wanted, powers[block.header.exponent], out);
    ExceptionWalk walk = {.block = &block, .rows = rows, .row_count = row_count};
    while (next_exception(&walk, &place, &bits)) {
        uint32_t low = (uint32_t)bits;
        memcpy(&out[place], &low, sizeof low);
    }
    return true;
}

void float_block_describe(const uint8_t *data, size_t length, char out[32])
{
    FloatHeader header;

    snprintf(out, 32, "damaged");
    if (length < sizeof header)
        return;
    memcpy(&header, data, sizeof header);
    if (header.kind == FLOAT_RAW)
        snprintf(out, 32, "raw");
    else if (header.kind == FLOAT_BITS && length > sizeof header)
        snprintf(out, 32, "bits %s", integer_method_name((IntegerMethod)data[sizeof header]));
    else if (header.kind == FLOAT_DECIMAL)
        snprintf(out, 32, "decimal %u", header.exponent);
}

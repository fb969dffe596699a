/*
 * What the files of this room share: bit-packing, the plan that an integer block is chosen
 * from, and the table of methods.
 */
#ifndef TALARIA_STORAGE_ENCODING_ENCODING_INTERNAL_H
#define TALARIA_STORAGE_ENCODING_ENCODING_INTERNAL_H

#include "storage/encoding/encoding.h"

#include <stddef.h>

/*
 * Wider units for hot loops, chosen when the program is loaded. Sanitizers instrument the
 * choosing functions before they are set up, so their builds take the plain version.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer) ||             \
    __has_feature(thread_sanitizer)
#define ENCODING_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__x86_64__) ||       \
    !defined(__gnu_linux__)
#define ENCODING_SANITIZED 1
#endif
/* clang gives the clones a name of their own, which other files do not call. */
#if defined(ENCODING_SANITIZED) || defined(__clang__)
#define ENCODING_CLONES
#else
#define ENCODING_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif

/* --- bitpack.c: `count` values of `width` bits (0..64), interleaved over 16 lanes --- */
static inline unsigned bit_width(uint64_t value)
{
    return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}

/* Bytes that `count` values take; a multiple of 64. */
size_t bitpack_size(uint32_t count, unsigned width);
void bitpack_append(const uint64_t *values, uint32_t count, unsigned width, Buffer *out);
/* Low 32 bits of each value. out: room for ENCODING_SLACK more. */
void bitpack_unpack32(const uint8_t *in, uint32_t count, unsigned width, uint32_t *out);
/* base + value. */
void bitpack_unpack64(const uint8_t *in, uint32_t count, unsigned width, uint64_t base,
                      uint64_t *out);
uint64_t bitpack_get(const uint8_t *in, uint32_t count, unsigned width, uint32_t index);

/* Loops over whole outputs, slack included. */
void add_scaled64(uint64_t *values, uint32_t count, uint64_t base, uint64_t scale);
void add_scaled32(uint32_t *values, uint32_t count, uint32_t base, uint32_t scale);

/* --- integer blocks --- */
enum { INTEGER_HEADER_SIZE = 16, INTEGER_SCALED = 1 };

/* As it stands in the file; followed by a u64 scale when flags has INTEGER_SCALED. */
typedef struct IntegerHeader {
    uint8_t method;
    uint8_t width;
    uint8_t flags;
    uint8_t extra_width;
    uint16_t count;
    uint16_t extra_count;
    uint64_t base;
} IntegerHeader;
_Static_assert(sizeof(IntegerHeader) == INTEGER_HEADER_SIZE, "the header as it is stored");

/* What is known of a block's values when a method is chosen. */
typedef struct IntegerPlan {
    const int64_t *values;
    uint32_t count;
    bool is_nested; /* a part of another block: only methods that hold no parts themselves */
    uint32_t run_count;
    uint64_t scale;     /* greatest common divisor of all differences, at least 1 */
    unsigned width;     /* of the largest offset */
    size_t packed_size; /* of the payload if packed: the measure of the others */
    uint64_t base;      /* minimum */
    uint64_t offsets[ENCODING_MAX_COUNT + ENCODING_SLACK]; /* (value - base) / scale */
    /* Scratch that an estimate leaves to its encoder. */
    unsigned patched_width;
    uint32_t patched_count;
    int64_t deltas[ENCODING_MAX_COUNT];
    uint32_t local_count;
    uint64_t local_entries[ENCODING_MAX_COUNT / 2];
} IntegerPlan;

/*
 * One way to write an integer block. A method sees offsets when encoding; when decoding it
 * gives offsets too, or (gives_values) finished values: then base and scale are not applied.
 */
typedef struct IntegerMethodInfo {
    const char *name;
    bool may_nest;
    bool gives_values;
    /* A method is taken when its estimate is below this many percent of packing: slower
     * methods must save more. */
    unsigned bias;
    /* Bytes of the payload, SIZE_MAX when the method does not suit. */
    size_t (*estimate)(IntegerPlan *plan);
    /* Fills the header's fields and appends the payload; the header stands already. */
    void (*encode)(const IntegerPlan *plan, IntegerHeader *header, Buffer *out);
    /* Checks the payload of an opened block; *size its bytes. */
    bool (*measure)(const IntegerBlock *block, size_t available, size_t *size, Fault *fault);
    bool (*decode64)(const IntegerBlock *block, uint64_t *out, Fault *fault);
    bool (*decode32)(const IntegerBlock *block, uint32_t *out, Fault *fault);
    /* One value, or NULL when all must be decoded first. */
    bool (*rows64)(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                   uint64_t *out, Fault *fault);
} IntegerMethodInfo;

extern const IntegerMethodInfo integer_constant;
extern const IntegerMethodInfo integer_packed;
extern const IntegerMethodInfo integer_patched;
extern const IntegerMethodInfo integer_delta;
extern const IntegerMethodInfo integer_runs;
extern const IntegerMethodInfo integer_local;

/* A part of another block: any method with may_nest. */
void integer_part_encode(const int64_t *values, uint32_t count, Buffer *out);
bool integer_part_open(const uint8_t *data, size_t length, uint32_t count, IntegerBlock *block,
                       Fault *fault);
/* Size, when patched, of `count` values whose largest has `width` bits. */
size_t patched_estimate(const uint64_t *values, uint32_t count, unsigned width,
                        unsigned *best_width, uint32_t *exceptions);

bool encoding_damaged(Fault *fault, const char *what); /* sets the fault; false */

#endif

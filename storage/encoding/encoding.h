/*
 * Encodings: how a block of at most 2,048 values of one column is written to bytes, and read
 * back, wholly or for chosen rows.
 *
 * The bricks:
 *   integer block   int64 values: constant, packed (frame of reference), patched, delta, runs,
 *                   or a dictionary local to the block; the smallest (with a leaning towards
 *                   the fastest) is chosen for each block. Everything countable is written with
 *                   it: integers, times, dictionary codes, booleans, null marks, lengths.
 *   float block     floats and doubles: as decimals when they are ones, else by their bits
 *   wide block      128-bit values: as int64 when they fit, else as two halves
 *   text block      texts: lengths as integer blocks, bytes gathered into compressed units,
 *                   optionally front-coded (each text shares a prefix with the one before)
 *   distinct sketch a HyperLogLog, for the number of distinct values
 *
 * Bytes are hostile. *_open checks every size against the bytes that are there, decoding checks
 * what depends on the data; both give FAULT_DATA_CORRUPTED with a message that names the part
 * and leave it to the caller to name the file. Block data must start at an address that is a
 * multiple of 8; every encoded block is a multiple of 8 bytes long. All is little-endian.
 */
#ifndef TALARIA_STORAGE_ENCODING_ENCODING_H
#define TALARIA_STORAGE_ENCODING_ENCODING_H

#include "base/fault/fault.h"
#include "base/memory/buffer.h"
#include "base/memory/text.h"

enum {
    ENCODING_MAX_COUNT = 2048, /* values of a block */
    /* Decoders may write this many values past the end: outputs need the room. */
    ENCODING_SLACK = 16,
};

/* --- integer blocks --- */
typedef enum IntegerMethod {
    INTEGER_CONSTANT,
    INTEGER_PACKED,
    INTEGER_PATCHED,
    INTEGER_DELTA,
    INTEGER_RUNS,
    INTEGER_LOCAL,
    INTEGER_METHOD_COUNT
} IntegerMethod;

/* An opened block: a checked view of encoded bytes. */
typedef struct IntegerBlock {
    IntegerMethod method;
    uint8_t width;       /* bits of a packed value, 0..64 */
    uint8_t extra_width; /* patched: bits of the high parts */
    uint16_t count;
    uint16_t extra_count; /* patched: exceptions; runs: runs; local: entries */
    uint64_t base, scale; /* value = base + scale * packed, modulo 2^64; scale >= 1 */
    const uint8_t *payload;
    size_t size; /* bytes of the whole block */
} IntegerBlock;

const char *integer_method_name(IntegerMethod method);

/* Appends an encoded block; `count` is 1..ENCODING_MAX_COUNT. */
void integer_block_encode(const int64_t *values, uint32_t count, Buffer *out);
/* What suited the blocks before, of a stream: so that not every method is tried on each. {0} first. */
typedef struct IntegerHabit {
    IntegerMethod method;
    uint32_t left; /* blocks for which it is taken, as long as it pays */
} IntegerHabit;
/* The next block of a stream. */
void integer_block_encode_next(const int64_t *values, uint32_t count, IntegerHabit *habit,
                               Buffer *out);
/* Checks that a block of exactly `count` values stands at the start of `data`. */
bool integer_block_open(const uint8_t *data, size_t length, uint32_t count, IntegerBlock *block,
                        Fault *fault);
/* Every value; out has room for count + ENCODING_SLACK. The narrow forms keep the low bits:
 * the caller checks what it must (see integer_block_maximum). Bool: value != 0 as 0 or 1. */
bool integer_block_int64(const IntegerBlock *block, int64_t *out, Fault *fault);
bool integer_block_uint32(const IntegerBlock *block, uint32_t *out, Fault *fault);
bool integer_block_bool(const IntegerBlock *block, uint8_t *out, Fault *fault);
/* The values of `rows` (ascending, each below the block's count); the same slack. */
bool integer_block_rows_int64(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                              int64_t *out, Fault *fault);
bool integer_block_rows_uint32(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                               uint32_t *out, Fault *fault);
bool integer_block_rows_bool(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                             uint8_t *out, Fault *fault);
/* Largest of `count` values. */
uint32_t uint32_maximum(const uint32_t *values, uint32_t count);
/* Their sum; at most ENCODING_MAX_COUNT. */
uint64_t uint32_sum(const uint32_t *values, uint32_t count);

/* --- float blocks --- */
void float_block_encode_double(const double *values, uint32_t count, Buffer *out);
void float_block_encode_float(const float *values, uint32_t count, Buffer *out);
/* Bit for bit what was encoded. `rows` NULL: all `count` values; else the chosen ones. `used`
 * (may be NULL) receives the block's length in bytes. */
bool float_block_double(const uint8_t *data, size_t length, uint32_t count, const uint32_t *rows,
                        uint32_t row_count, double *out, Fault *fault);
bool float_block_float(const uint8_t *data, size_t length, uint32_t count, const uint32_t *rows,
                       uint32_t row_count, float *out, Fault *fault);
/* "raw", "decimal 2", or the integer method of the bits: for descriptions. `out` 32 bytes. */
void float_block_describe(const uint8_t *data, size_t length, char out[32]);

/* --- wide blocks: __int128 --- */
void wide_block_encode(const __int128 *values, uint32_t count, Buffer *out);
bool wide_block_decode(const uint8_t *data, size_t length, uint32_t count, const uint32_t *rows,
                       uint32_t row_count, __int128 *out, Fault *fault);

/* --- compressed bytes --- */
typedef enum Codec { CODEC_RAW, CODEC_LZ4, CODEC_ZSTD, CODEC_COUNT } Codec;
const char *codec_name(Codec codec);
/* What suited the units before, of a stream: so that not every codec is tried on each. {0} first. */
typedef struct CodecHabit {
    Codec codec;
    uint32_t left; /* units for which it is taken without a trial */
} CodecHabit;
/* Appends the compressed bytes (no header); returns the codec that suited. `is_thorough` takes
 * half as long again and saves a twentieth. `length` is at most TEXT_UNIT_LIMIT. `habit` may be
 * NULL. */
Codec codec_compress(const void *data, size_t length, bool is_thorough, CodecHabit *habit,
                     Buffer *out);
/* Decompresses into exactly `raw_length` bytes at `out`. */
bool codec_decompress(Codec codec, const uint8_t *data, size_t length, uint8_t *out,
                      size_t raw_length, Fault *fault);
/* Whether `length` compressed bytes can at all become `raw_length`: before allocating. */
bool codec_plausible(Codec codec, size_t length, size_t raw_length);
/* As codec_compress, with a codec that is known to suit; RAW when the bytes do not shrink by it:
 * only then are they as many as before. */
Codec codec_compress_as(Codec codec, const void *data, size_t length, bool is_thorough, Buffer *out);

/* --- text blocks --- */
enum {
    TEXT_UNIT_LIMIT = 1 << 30, /* raw bytes of one unit, and so of one block */
    /* A unit is closed when it has this many raw bytes or blocks. Front-coded texts are mostly
     * read as a whole, so theirs may be larger. */
    TEXT_UNIT_BYTES = 96 << 10,
    TEXT_UNIT_BLOCKS = 8,
    TEXT_UNIT_CODED_BYTES = 256 << 10,
    TEXT_UNIT_CODED_BLOCKS = 32,
    /* Raw bytes that are compressed together: smaller ones are read faster by the row and
     * compress less well (2^14: by a twentieth). */
    TEXT_PIECE_BITS = 14,
    TEXT_PIECE_FEWEST_BITS = 12, /* that are read */
};

/* Where the bytes of a block lie: several blocks share one compressed unit. */
typedef struct TextUnit {
    uint64_t offset;        /* of the compressed bytes, in the caller's terms */
    uint32_t stored_length; /* compressed */
    uint32_t raw_length;
    Codec codec;
    uint8_t piece_bits; /* pieces of 2^n raw bytes each are compressed by themselves; 0: one piece */
} TextUnit;

/* Compresses a unit's raw bytes at the end of `out`; the results belong into its TextUnit. */
Codec text_unit_compress(const uint8_t *data, size_t length, bool is_thorough, CodecHabit *habit,
                         uint8_t *piece_bits, Buffer *out);
uint32_t text_unit_pieces(const TextUnit *unit);
/* Decompresses the pieces that hold the raw bytes [from, to), at most raw_length, to their places in
 * `out` (room for raw_length). `have`, a byte a piece: 1 for those that are there already. */
bool text_unit_decode(const TextUnit *unit, const uint8_t *stored, uint32_t from, uint32_t to,
                      uint8_t *out, uint8_t *have, Fault *fault);

/* Writing: blocks are added to a unit; closing it appends the compressed unit to `out` and then
 * each block, and tells where in `out` each block begins and ends. */
typedef struct TextUnitWriter {
    Buffer bytes; /* raw bytes of the open unit */
    Buffer heads; /* encoded blocks, without their unit's place */
    uint32_t block_count;
    struct {
        size_t head_start; /* in `heads` */
        uint32_t raw_start, raw_length, text_length;
        bool has_nulls;
    } blocks[TEXT_UNIT_CODED_BLOCKS];
    bool is_front_coded;
    CodecHabit habit;
    IntegerHabit lengths_habit, prefixes_habit;
} TextUnitWriter;

typedef struct TextBlockPlace {
    size_t offset, length; /* in `out` */
} TextBlockPlace;

void text_unit_writer_init(TextUnitWriter *writer, bool is_front_coded);
void text_unit_writer_clear(TextUnitWriter *writer);
/* Adds a block; false (PROGRAM_LIMIT_EXCEEDED) when the unit's bytes would exceed
 * TEXT_UNIT_LIMIT. `nulls` NULL, or a byte a text, 1 = NULL (its text is then empty). The caller
 * closes the unit as soon as text_unit_is_full. */
bool text_unit_add(TextUnitWriter *writer, const Text *texts, const uint8_t *nulls, uint32_t count,
                   Fault *fault);
bool text_unit_is_full(const TextUnitWriter *writer);
/* places[0..block_count): returns how many blocks were written; `out` must be 8-aligned. */
uint32_t text_unit_close(TextUnitWriter *writer, Buffer *out,
                         TextBlockPlace places[TEXT_UNIT_CODED_BLOCKS]);

/* Reading. */
typedef struct TextBlock {
    TextUnit unit;
    uint32_t count;
    uint32_t raw_start; /* of the block's bytes in the decompressed unit */
    uint32_t raw_length;
    uint32_t text_length; /* sum of the texts' lengths: more than raw_length if front-coded */
    bool is_front_coded;
    bool has_nulls;
    IntegerBlock lengths;  /* of the stored bytes of each text */
    IntegerBlock prefixes; /* front-coded: bytes shared with the text before */
    IntegerBlock nulls;    /* has_nulls: 1 = NULL */
} TextBlock;

bool text_block_open(const uint8_t *data, size_t length, uint32_t count, TextBlock *block,
                     Fault *fault);
/* The stored lengths as offsets from raw_start: offsets[count + 1], room for
 * count + 1 + ENCODING_SLACK. Checked: ascending, and ending at raw_length. */
bool text_block_offsets(const TextBlock *block, uint32_t *offsets, Fault *fault);
/*
 * Writes all texts one after the other to `out` (room for text_length bytes), undoing front
 * coding, and offsets[count + 1] starting at `start` (room for count + 1 + ENCODING_SLACK).
 * `raw`: the block's bytes in the decompressed unit (raw_length of them).
 */
bool text_block_expand(const TextBlock *block, const uint8_t *raw, uint8_t *out, uint32_t start,
                       uint32_t *offsets, Fault *fault);

/* --- distinct sketch --- */
enum { DISTINCT_SKETCH_BITS = 12 };
/* HyperLogLog of Flajolet et al. (2007), linear counting below 2.5 m; error about 1.6 %. */
typedef struct DistinctSketch {
    uint8_t registers[1 << DISTINCT_SKETCH_BITS];
} DistinctSketch;

void distinct_sketch_init(DistinctSketch *sketch);
static inline void distinct_sketch_add(DistinctSketch *sketch, uint64_t hash)
{
    uint64_t rest = hash << DISTINCT_SKETCH_BITS | 1ULL << (DISTINCT_SKETCH_BITS - 1);
    uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
    uint8_t *cell = &sketch->registers[hash >> (64 - DISTINCT_SKETCH_BITS)];
    if (rank > *cell)
        *cell = rank;
}
uint64_t distinct_sketch_count(const DistinctSketch *sketch);

#endif

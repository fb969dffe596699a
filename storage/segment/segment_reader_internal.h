/*
 * An open segment: the mapping, checked views into its footer, and what was decoded of it.
 */
#ifndef TALARIA_STORAGE_SEGMENT_SEGMENT_READER_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_SEGMENT_READER_INTERNAL_H

#include "storage/encoding/encoding.h"
#include "storage/segment/format_internal.h"

/* A block of a dictionary's entries, decoded by itself. */
typedef struct EntryBlock {
    uint32_t count;
    size_t size; /* of this memory */
    uint8_t *bytes;
    uint32_t offsets[]; /* count + 1; the bytes lie behind */
} EntryBlock;

static inline Text entry_text(const EntryBlock *block, uint32_t entry)
{
    uint32_t start = block->offsets[entry];
    return (Text){(const char *)block->bytes + start, block->offsets[entry + 1] - start};
}

/* Those of a dictionary, until it is decoded as a whole. */
typedef struct EntryBlocks {
    EntryBlock **blocks; /* NULL: not decoded yet, each or all */
    uint32_t count;      /* of those that are decoded */
} EntryBlocks;

/* A dictionary once decoded, on the heap: the reader holds it, and who else needs it for longer.
 * `dictionary.offsets` and so on are the memory below. */
typedef struct LoadedDictionary {
    DictionaryHome home;
    bool is_used; /* since unused ones were forgotten last */
    Dictionary dictionary;
    size_t memory;      /* of offsets and bytes */
    uint8_t *has_block; /* those that are decoded (1, else 0); NULL: all */
    uint8_t *has_place; /* the same behind a place for NULL, which is always there */
    struct LoadedDictionary *next; /* retired ones */
    uint32_t *offsets;
    uint8_t *bytes;
    uint64_t *hashes;
    uint64_t *kept_hashes; /* instead of those, as they are computed */
} LoadedDictionary;

/* The last decompressed unit of a text stream: neighbouring blocks share it. */
typedef struct UnitCache {
    bool is_valid;
    uint32_t chunk; /* of all chunks */
    uint64_t offset;
    uint32_t length;
    uint8_t piece_bits;
    size_t capacity;
    uint8_t *bytes; /* behind these a byte a piece: those that are decompressed */
} UnitCache;

struct SegmentReader {
    Arena *arena;
    const char *path;
    bool has_digest; /* it was known what file to expect */
    uint8_t digest[16];
    const uint8_t *data; /* the mapping */
    size_t length;
    size_t footer_offset;
    uint32_t version;
    const FormatFooter *footer;
    const FormatColumn *columns;
    const FormatStream *streams;
    const FormatChunk *chunks;
    const FormatBlock *blocks;
    const char *names;
    SegmentSchema schema;
    SegmentColumnSummary *summaries;
    uint32_t *stream_columns;       /* by stream: the column it belongs to */
    uint8_t *verified;              /* by chunk: its checksum was right */
    LoadedDictionary **dictionaries; /* by stream (the dictionary's own); NULL: not decoded */
    uint8_t **expected; /* by stream (the dictionary's own): blocks of it that may be needed; NULL: all */
    LoadedDictionary *retired; /* in whose place more was decoded */
    EntryBlocks *entries;           /* by stream (the dictionary's own) */
    UnitCache *units;               /* by stream */
    size_t heap_bytes;
};

/* A place in the file, for faults. */
typedef struct SegmentPlace {
    const SegmentReader *reader;
    uint32_t stream;
    uint32_t block; /* of the stream */
} SegmentPlace;

/* DATA_CORRUPTED with the file, the column, the block, and what `inner` says. False. */
bool segment_damaged(const SegmentPlace *place, const Fault *inner, Fault *fault);

static inline uint32_t stream_block_rows(const FormatStream *stream, uint32_t block)
{
    return block + 1 < stream->block_count
               ? (uint32_t)SEGMENT_BLOCK_ROWS
               : (uint32_t)(stream->rows - (uint64_t)block * SEGMENT_BLOCK_ROWS);
}

static inline const FormatBlock *stream_block(const SegmentReader *reader, uint32_t stream,
                                              uint32_t block)
{
    return &reader->blocks[reader->streams[stream].first_block + block];
}

/* footer.c: checks everything the footer says and fills the reader's views. */
bool segment_read_footer(SegmentReader *reader, const uint8_t *digest, Fault *fault);

/* The payload of a block, its chunk's checksum verified. */
bool segment_payload(const SegmentPlace *place, const uint8_t **payload, size_t *length,
                     Fault *fault);
bool segment_verify_chunk(const SegmentReader *reader, uint32_t stream, uint32_t chunk,
                          Fault *fault);
/* An opened text block and its bytes in the decompressed unit (valid until the next call for
 * the stream). */
bool segment_open_text(const SegmentPlace *place, TextBlock *text, const uint8_t **raw,
                       Fault *fault);
/* The same in steps: opened; then its bytes, of which [from, to) are decompressed. */
bool segment_open_text_head(const SegmentPlace *place, TextBlock *text, Fault *fault);
bool segment_text_bytes(const SegmentPlace *place, const TextBlock *text, uint32_t from,
                        uint32_t to, const uint8_t **raw, Fault *fault);
/* segment_dictionary.c: as a whole; or what has the texts of the codes. */
bool segment_load_dictionary(SegmentReader *reader, uint32_t stream, bool with_hashes,
                             const Dictionary **dictionary, Fault *fault);
bool segment_load_codes(SegmentReader *reader, uint32_t stream, const uint32_t *codes,
                        uint32_t count, const Dictionary **dictionary, Fault *fault);
void segment_drop_dictionary(SegmentReader *reader, uint32_t stream);

/* segment_decode.c: values [start, start + count) of a block of integers without nulls (the
 * lengths of a block of arrays), their low halves; room for count + ENCODING_SLACK. */
bool segment_read_numbers(const SegmentPlace *place, uint32_t start, uint32_t count, uint32_t *out,
                          Fault *fault);
/* At most 16 words of a stream of int64 without nulls, all of one block. */
bool segment_read_words(const SegmentReader *reader, uint32_t stream, uint64_t first,
                        uint32_t count, uint64_t *out, Fault *fault);

/* segment_index.c: a block of entries of a dictionary that has first entries. Valid until the
 * whole dictionary is loaded. */
bool segment_entries(SegmentReader *reader, uint32_t stream, uint32_t index,
                     const EntryBlock **block, Fault *fault);
void segment_drop_entries(SegmentReader *reader, uint32_t stream);

#endif

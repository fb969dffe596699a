/*
 * The segment file as it lies on disk: docs/segment-format.md in structs. Little-endian; every
 * struct begins at a multiple of 8 from the file's start, so that a mapped file is read in
 * place.
 *
 *   header | chunks, one after the other | footer | tail
 *
 * A stream is a column of scalars: a run of blocks of 2,048 values, 32 blocks to a chunk. A
 * column is one stream, with a second one for its dictionary, further ones for the index of
 * that, and for arrays (whose own stream holds lengths) the streams of the elements.
 */
#ifndef TALARIA_STORAGE_SEGMENT_FORMAT_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_FORMAT_INTERNAL_H

#include "storage/segment/segment.h"

enum {
    FORMAT_VERSION = 2,        /* that is written */
    FORMAT_OLDEST_VERSION = 1, /* that is read: it has no indexes */
    /* Elements of one block of arrays: a reader must be able to hold them. */
    FORMAT_ARRAY_BLOCK_LIMIT = 1 << 26,
};
#define FORMAT_NO_STREAM UINT32_MAX
#define FORMAT_MAGIC     "TALSEG\r\n"

typedef struct FormatHeader {
    uint8_t magic[8];
    uint32_t version;
    uint32_t block_rows;
    uint32_t group_blocks;
    uint32_t reserved[11]; /* 0 */
} FormatHeader;
_Static_assert(sizeof(FormatHeader) == 64, "as stored");

typedef struct FormatTail {
    uint64_t footer_offset;
    uint64_t footer_length;
    uint64_t footer_checksum; /* XXH3 64 of the footer */
    uint64_t file_length;
    uint32_t version;
    uint32_t reserved;     /* 0 */
    uint64_t checksum;     /* XXH3 64 of the tail up to here */
    uint64_t reserved_end; /* 0 */
    uint8_t magic[8];
} FormatTail;
_Static_assert(sizeof(FormatTail) == 64, "as stored");

/* The footer: this, then the columns, streams, chunks, blocks, and the names' bytes padded
 * to 8. */
typedef struct FormatFooter {
    uint64_t rows;
    uint32_t column_count;
    uint32_t stream_count;
    uint32_t chunk_count; /* of all streams */
    uint32_t block_count; /* of all streams */
    uint32_t names_length;
    uint32_t reserved; /* 0 */
} FormatFooter;
_Static_assert(sizeof(FormatFooter) == 32, "as stored");

typedef struct FormatColumn {
    uint32_t name_offset; /* in the names */
    uint32_t name_length;
    uint32_t type_oid;
    int32_t type_modifier;
    uint32_t stream;
    uint8_t layout;
    uint8_t has_range;
    uint8_t reserved[2]; /* 0 */
    uint64_t null_count;
    uint64_t distinct_count;
    uint64_t stored_bytes;
    uint64_t text_bytes;
    int64_t minimum, maximum;
} FormatColumn;
_Static_assert(sizeof(FormatColumn) == 72, "as stored");

typedef enum StreamForm {
    STREAM_VALUES, /* values of the layout */
    STREAM_CODES,  /* STRING: codes into the stream `dictionary` */
    STREAM_TEXT,   /* STRING: text blocks */
    STREAM_ARRAYS, /* ARRAY: lengths; the elements are the stream `elements` */
    STREAM_FORM_COUNT
} StreamForm;

typedef struct FormatStream {
    uint64_t rows;
    uint64_t text_bytes; /* TEXT: of all texts, decoded */
    uint32_t first_chunk, chunk_count;
    uint32_t first_block, block_count;
    /* Or FORMAT_NO_STREAM. CODES: the dictionary. TEXT, a dictionary: the first entries of its
     * blocks. */
    uint32_t dictionary;
    /* Or FORMAT_NO_STREAM. ARRAYS: the elements. CODES: for each entry of the dictionary an array
     * of the blocks that have it. TEXT, a dictionary: the words of its filter. */
    uint32_t elements;
    uint8_t layout;
    uint8_t form;
    uint8_t reserved[6]; /* 0 */
} FormatStream;
_Static_assert(sizeof(FormatStream) == 48, "as stored");

typedef struct FormatChunk {
    uint64_t offset;   /* from the file's start */
    uint64_t length;   /* a multiple of 8 */
    uint64_t checksum; /* XXH3 64 */
} FormatChunk;
_Static_assert(sizeof(FormatChunk) == 24, "as stored");

typedef enum BlockKind {
    BLOCK_DATA,
    BLOCK_CONSTANT, /* no nulls, every value is `minimum` (floats: its bits); no payload */
    BLOCK_NULLS,    /* every row is NULL; no payload */
    BLOCK_KIND_COUNT
} BlockKind;

enum { BLOCK_HAS_RANGE = 1 };

/* Payload of a DATA block: in VALUES and ARRAYS streams, if null_count is not 0, an integer
 * block of marks (1 = NULL); then what the stream's form and layout say. */
typedef struct FormatBlock {
    uint32_t offset; /* in its chunk, in units of 8 bytes */
    uint32_t length; /* bytes */
    uint16_t null_count;
    uint8_t kind;
    uint8_t flags;
    uint32_t reserved; /* 0 */
    /* The zone; arrays: the block's first element and how many it has. */
    int64_t minimum, maximum;
} FormatBlock;
_Static_assert(sizeof(FormatBlock) == 32, "as stored");

#endif

/*
 * Segments: immutable columnar files, each covering one time chunk and one partition of it.
 *
 * Inside: each column as a run of blocks of BATCH_ROWS rows (the last block is shorter), 32
 * blocks make a row group, the unit in which scans are shared out. Each block has a zone
 * (minimum, maximum, nulls); strings have one sorted unique dictionary a column, or, when
 * nearly every value differs, compressed text blocks. Checksums over every part; a footer that
 * is found from the file's end. docs/segment-format.md is the specification.
 *
 * Readers map the file and decode a block of a column at a time into vectors; what the file
 * says is checked as if it were hostile. A reader belongs to one process, is opened once and
 * used for many queries: dictionaries, once decoded, stay with it.
 */
#ifndef TALARIA_STORAGE_SEGMENT_SEGMENT_H
#define TALARIA_STORAGE_SEGMENT_SEGMENT_H

#include "base/fault/fault.h"
#include "base/memory/budget.h"
#include "base/os/os.h"
#include "storage/vector/vector.h"

enum { SEGMENT_BLOCK_ROWS = BATCH_ROWS, SEGMENT_GROUP_BLOCKS = 32 };

/* A column as the file knows it. The SQL type is opaque here: an OID and a modifier. */
typedef struct SegmentColumn {
    Text name;
    uint32_t type_oid;
    int32_t type_modifier;
    Layout layout;
} SegmentColumn;

typedef struct SegmentSchema {
    uint32_t column_count;
    const SegmentColumn *columns;
} SegmentSchema;

/* What is known of a column without reading its rows: for planning, kept in the metadata. */
/*
 * A row's id: which segment of the store, and which of its rows. No file has it: readers give it to
 * who asks for a column of this name, which no stored column can have.
 */
#define SEGMENT_ROW_ID "\001row"
#define SEGMENT_ROW_ID_MAKE(segment, row) ((int64_t)((uint64_t)(segment) << 32 | (uint64_t)(row)))
#define SEGMENT_ROW_ID_SEGMENT(id)        ((id) >> 32)
#define SEGMENT_ROW_ID_ROW(id)            ((id) & UINT32_MAX)

typedef struct SegmentColumnSummary {
    uint64_t null_count;
    uint64_t distinct_count; /* exact for dictionaries, an estimate for numbers, 0 unknown */
    uint64_t stored_bytes;
    uint64_t text_bytes; /* strings: sum of the rows' lengths */
    bool has_range;      /* minimum and maximum are set: INT64 layout only */
    int64_t minimum, maximum;
} SegmentColumnSummary;

typedef struct SegmentSummary {
    uint64_t rows;
    uint64_t file_bytes;
    uint8_t digest[16];            /* XXH3 128 over footer and column checksums */
    SegmentColumnSummary *columns; /* one a column of the schema, in the caller's arena */
} SegmentSummary;

/* --- writing --- */
typedef struct SegmentWriter SegmentWriter;

/*
 * Creates `path` (which must not exist). Rows must be appended in their final order. Strings
 * are gathered as codes until the end, so memory grows with rows x string columns x 4 bytes
 * plus the dictionaries, reserved from `budget`.
 */
SegmentWriter *segment_writer_open(const char *path, const SegmentSchema *schema, Budget *budget,
                                   Fault *fault);
/* Before the first batch: all rows that will come, in any order, so that the writer can look at
 * some of them where it would else have to try. Only looked at in this call. */
bool segment_writer_expect(SegmentWriter *writer, const Batch *rows, Fault *fault);
/* Batches of any row count; columns in the schema's order and layouts. */
bool segment_writer_append(SegmentWriter *writer, const Batch *batch, Fault *fault);
/* Leaves syncing the finished file to `syncer`: it is durable when os_syncer_wait says so. */
void segment_writer_sync_by(SegmentWriter *writer, OsSyncer *syncer);
/* A part of finishing: one column's dictionary and codes. For who has other things to do between two
 * of them; *is_done when nothing is left but segment_writer_finish, which does the rest anyway. */
bool segment_writer_finish_column(SegmentWriter *writer, bool *is_done, Fault *fault);
/* Writes dictionaries and footer, fsyncs, closes. The writer must still be freed. */
bool segment_writer_finish(SegmentWriter *writer, Arena *arena, SegmentSummary *summary,
                           Fault *fault);
/* Frees; an unfinished file is unlinked. NULL is fine. */
void segment_writer_free(SegmentWriter *writer);

/* --- reading --- */
typedef struct SegmentReader SegmentReader;

typedef struct SegmentZone {
    uint32_t rows;
    uint32_t null_count;
    bool has_range; /* INT64 and BOOL: minimum..maximum of the non-null values;
                       dictionary strings: of the codes (1..); else false */
    int64_t minimum, maximum;
} SegmentZone;

/* Opens and validates the footer. `digest` NULL, or 16 bytes that must agree. */
SegmentReader *segment_reader_open(const char *path, const uint8_t *digest, Fault *fault);
void segment_reader_close(SegmentReader *reader);

const SegmentSchema *segment_schema(const SegmentReader *reader);
uint64_t segment_row_count(const SegmentReader *reader);
uint32_t segment_block_count(const SegmentReader *reader);
uint32_t segment_block_rows(const SegmentReader *reader, uint32_t block);
/* Index of a column by name, -1 when the segment lacks it (its rows are then NULL). */
int segment_find_column(const SegmentReader *reader, Text name);
const SegmentColumnSummary *segment_column_summary(const SegmentReader *reader, uint32_t column);
/* Heap memory the reader holds beyond the mapping (decoded dictionaries). */
size_t segment_reader_memory(const SegmentReader *reader);
/* Gives back the dictionaries that were not asked for since this was called before (nobody but who
 * holds them may still use them); whether there were any. */
bool segment_reader_forget_unused(SegmentReader *reader);

void segment_zone(const SegmentReader *reader, uint32_t column, uint32_t block, SegmentZone *zone);
/* The same over a whole row group. */
void segment_group_zone(const SegmentReader *reader, uint32_t column, uint32_t group,
                        SegmentZone *zone);

/* The column's dictionary, decoded (and its checksum verified) at the first call, with hashes
 * when `with_hashes`; lives as long as the reader, and longer for who holds it (it has a home when
 * the reader was opened with a digest). *dictionary is NULL for columns without one. */
bool segment_dictionary(SegmentReader *reader, uint32_t column, bool with_hashes,
                        const Dictionary **dictionary, Fault *fault);

/*
 * From now on only rows whose codes are in the ranges firsts[i]..lasts[i] will be read of a column:
 * then its dictionary need not be decoded further than that. `count` 0: all may be. Other rows can be
 * read all the same, for more.
 */
void segment_expect_entries(SegmentReader *reader, uint32_t column, const uint32_t *firsts,
                            const uint32_t *lasts, uint32_t count);
/* Nobody uses what has come out of the reader, but for dictionaries that are held. */
void segment_reader_free_retired(SegmentReader *reader);

/*
 * Looking texts up in a column that has a dictionary, decoding as little of it as the segment's
 * index allows. Codes are as in the dictionary: entry c is code c, from 1 on.
 */
bool segment_has_dictionary(const SegmentReader *reader, uint32_t column);
/* Its entries, without that of NULL: the highest code. */
uint32_t segment_dictionary_count(const SegmentReader *reader, uint32_t column);
/* The code of the text; 0: the segment does not have it. */
bool segment_find_entry(SegmentReader *reader, uint32_t column, Text text, uint32_t *code,
                        Fault *fault);
/* The first code whose text is >= (> with `after`) `text`; one more than the last: none. */
bool segment_lower_bound(SegmentReader *reader, uint32_t column, Text text, bool after,
                         uint32_t *code, Fault *fault);
/* The text of the entry, or of one before it that is at hand for less: at most a block of the
 * dictionary away. In `arena`. */
bool segment_entry_near(SegmentReader *reader, uint32_t column, uint32_t code, Arena *arena,
                        Text *text, Fault *fault);
/* Adds the blocks whose rows have a code of first..last (of those that there are) to `set`, a bit
 * a block. *is_listed false: the index does not say it of all of them, and the set is of no use. */
bool segment_entry_blocks(SegmentReader *reader, uint32_t column, uint32_t first, uint32_t last,
                          uint64_t *set, bool *is_listed, Fault *fault);
/* The codes of a block's rows (of a column that has a dictionary), without the dictionary: to be
 * compared only, since in a damaged file they may lie outside of it. */
bool segment_read_codes(SegmentReader *reader, uint32_t column, uint32_t block, Arena *arena,
                        const uint32_t **codes, Fault *fault);

/*
 * Decodes a block of a column into `vector` (in `arena`, or pointing into the mapping or the
 * reader). `rows` NULL: every row; else the `count` ascending row numbers (within the block)
 * that are wanted. Checksums are verified once a column and row group. Run-length blocks of one
 * run come out as constant vectors; dictionary columns as dictionary vectors, but a few rows of
 * them may come out flat while the dictionary is not decoded.
 */
bool segment_read(SegmentReader *reader, uint32_t column, uint32_t block, const uint32_t *rows,
                  uint32_t count, Arena *arena, Vector *vector, Fault *fault);

/* Verifies every checksum of the file. */
bool segment_verify(SegmentReader *reader, Fault *fault);
/* Describes the file (columns, encodings, sizes, zones when `with_blocks`) as text. */
void segment_dump(SegmentReader *reader, bool with_blocks, struct Buffer *out);

#endif

/*
 * Writing the index of a column of codes: for each entry of the dictionary the blocks whose rows
 * have it; a Bloom filter of the entries; the first entry of each block of the dictionary. A
 * reader finds by them which blocks may hold a text without decoding the dictionary.
 */
#ifndef TALARIA_STORAGE_SEGMENT_INDEX_WRITER_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_INDEX_WRITER_INTERNAL_H

#include "storage/segment/growing_internal.h"
#include "storage/segment/stream_writer_internal.h"
#include "storage/segment/string_pool_internal.h"

typedef struct IndexWriter {
    SegmentOutput *output;
    Budget *budget; /* may be NULL */
    bool is_off;    /* nothing is gathered: not wanted, or the budget has refused */
    uint32_t entry_count;
    uint32_t block_count; /* so far */
    /* Pairs of an entry and a block that has it, in the order of the blocks. */
    Growing last;   /* uint32_t a code: the block that had it last, plus one */
    Growing counts; /* uint32_t a code: blocks that have it */
    Growing codes;  /* uint32_t a pair */
    Growing ends;   /* uint32_t a block: pairs so far */
    /* What is written. */
    StreamWriter lists;  /* ARRAYS: numbers of blocks, an entry a row; empty: not listed */
    StreamWriter blocks; /* VALUES: the elements of the lists */
    StreamWriter filter; /* VALUES: the words of the filter */
    StreamWriter firsts; /* TEXT */
    bool has_lists, has_filter, has_firsts;
} IndexWriter;

/* For a dictionary of `entry_count` entries, without that of NULL. */
void index_writer_init(IndexWriter *index, SegmentOutput *output, Budget *budget,
                       uint32_t entry_count);
void index_writer_clear(IndexWriter *index);
/* What finds an entry: `order` holds the entries' numbers in the pool as they ascend. */
bool index_writer_entries(IndexWriter *index, const StringPool *pool, const uint32_t *order,
                          Fault *fault);
/* The next block's codes. */
void index_writer_block(IndexWriter *index, const uint32_t *codes, uint32_t count);
/* Writes the lists, where they tell enough to be worth their bytes. */
bool index_writer_finish(IndexWriter *index, Fault *fault);
uint64_t index_writer_bytes(const IndexWriter *index);

#endif

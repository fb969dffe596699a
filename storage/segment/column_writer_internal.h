/*
 * Writing one column: its stream and what belongs to it (a growing dictionary, its index, elements).
 */
#ifndef TALARIA_STORAGE_SEGMENT_COLUMN_WRITER_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_COLUMN_WRITER_INTERNAL_H

#include "storage/segment/index_writer_internal.h"
#include "storage/segment/number_store_internal.h"
#include "storage/segment/stream_writer_internal.h"
#include "storage/segment/string_pool_internal.h"

typedef struct ColumnWriter {
    SegmentOutput *output;
    Budget *budget;
    Layout layout;
    StreamWriter stream;
    bool has_stream; /* strings have none until it is known whether they are codes or text */
    /* STRING, while a dictionary grows. */
    StringPool pool;
    NumberStore numbers; /* of the rows' texts in the pool */
    uint64_t null_count;
    uint64_t pool_bytes;     /* of all rows' texts */
    StreamWriter dictionary; /* once finished with codes */
    bool has_dictionary;
    uint64_t distinct_count;
    bool is_element;   /* of an array: nobody looks its values up */
    IndexWriter index; /* once finished with codes */
    /* ARRAY: NULL until the first vector with elements tells their layout. */
    struct ColumnWriter *elements;
} ColumnWriter;

bool column_writer_init(ColumnWriter *column, SegmentOutput *output, Budget *budget, Layout layout,
                        Fault *fault);
void column_writer_clear(ColumnWriter *column);
/* All rows that will come: whether a dictionary is worth trying. Nothing was appended yet. */
bool column_writer_expect(ColumnWriter *column, const Vector *vector, Fault *fault);
bool column_writer_append(ColumnWriter *column, const Vector *vector, uint32_t start,
                          uint32_t count, Fault *fault);
/* Writes everything but the footer's part. */
bool column_writer_finish(ColumnWriter *column, Fault *fault);
/* After finishing: what the footer says of the column. */
void column_writer_summary(const ColumnWriter *column, SegmentColumnSummary *summary);

#endif

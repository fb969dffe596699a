/*
 * Writing one stream: values are gathered into blocks, blocks into chunks; what the footer
 * must say of them is kept until the end.
 */
#ifndef TALARIA_STORAGE_SEGMENT_STREAM_WRITER_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_STREAM_WRITER_INTERNAL_H

#include "storage/encoding/encoding.h"
#include "storage/segment/format_internal.h"
#include "storage/segment/segment_output_internal.h"

typedef struct StreamWriter {
    SegmentOutput *output;
    Budget *budget; /* may be NULL */
    size_t reserved;
    Layout layout;
    StreamForm form;
    /* The block that is being filled. */
    uint32_t pending;
    uint32_t pending_nulls;
    void *values; /* SEGMENT_BLOCK_ROWS of the layout; CODES: uint32_t; ARRAYS: lengths as
                     int64_t; TEXT: Text, whose data is an offset into `bytes` */
    uint8_t *nulls;
    Buffer bytes;           /* TEXT */
    uint64_t element_start; /* ARRAYS: first element of the block, elements so far */
    uint64_t element_count;
    /* The chunk that is being filled. */
    TextUnitWriter unit; /* TEXT */
    Buffer chunk;
    IntegerHabit habit; /* of its blocks of integers */
    uint32_t chunk_blocks;
    /* For the footer. */
    Buffer blocks; /* FormatBlock[] */
    Buffer chunks; /* FormatChunk[] */
    uint64_t rows;
    uint64_t null_count;
    uint64_t text_bytes;
    uint64_t stored_bytes;
    bool has_range; /* INT64: of all non-null values */
    int64_t minimum, maximum;
    DistinctSketch *sketch; /* NULL: not counted */
} StreamWriter;

/* `is_front_coded`: TEXT, sorted. `is_counted`: with a sketch of the distinct values. */
bool stream_writer_init(StreamWriter *writer, SegmentOutput *output, Budget *budget, Layout layout,
                        StreamForm form, bool is_front_coded, bool is_counted, Fault *fault);
void stream_writer_clear(StreamWriter *writer);
/* Rows [start, start + count) of a flat or constant vector of numbers. */
bool stream_writer_vector(StreamWriter *writer, const Vector *vector, uint32_t start,
                          uint32_t count, Fault *fault);
bool stream_writer_codes(StreamWriter *writer, const uint32_t *codes, uint64_t count, Fault *fault);
bool stream_writer_text(StreamWriter *writer, Text text, bool is_null, Fault *fault);
bool stream_writer_array(StreamWriter *writer, ArrayValue array, bool is_null, Fault *fault);
/* Writes what is gathered. */
bool stream_writer_finish(StreamWriter *writer, Fault *fault);

#endif

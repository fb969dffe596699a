/*
 * Writing one column.
 *
 * Numbers go to their stream at once. Strings are interned into a growing dictionary and kept as
 * numbers, since only the end tells how the sorted dictionary looks; but when nearly every text
 * is a new one, the column turns to text blocks, what was gathered is written out as such, and
 * the rest follows without a dictionary.
 */
#include "storage/segment/column_writer_internal.h"

#include "base/log/log.h"

#include <stdlib.h>

enum {
    INTERN_ROWS = 16384,        /* between two looks at the dictionary's worth */
    UNDECIDED_ROWS = 65536,     /* so few rows prove nothing */
    SMALL_DICTIONARY = 16384,   /* entries that always pay */
    LARGE_DICTIONARY = 1 << 19, /* entries that cost more than they give, if most are new */
    NEARLY_ALL_PERCENT = 90,    /* of the rows are different: text, unless very short */
    MOST_PERCENT = 60,          /* of the rows are different: text, if long or very many */
    SHORT_TEXT = 24,
    SAMPLE_ROWS = 4096,   /* that tell whether nearly all of at most so many differ: */
    SAMPLE_MOST = 100000, /* a tenth of repeated ones still gives 17 pairs in the sample */
    LONG_TEXT = 64,
};

bool column_writer_init(ColumnWriter *column, SegmentOutput *output, Budget *budget, Layout layout,
                        Fault *fault)
{
    memset(column, 0, sizeof *column);
    column->output = output;
    column->budget = budget;
    column->layout = layout;
    number_store_init(&column->numbers, budget);
    if (layout == LAYOUT_STRING)
        return string_pool_init(&column->pool, budget, fault);
    column->has_stream = true;
    return stream_writer_init(&column->stream, output, budget, layout,
                              layout == LAYOUT_ARRAY ? STREAM_ARRAYS : STREAM_VALUES, false,
                              layout != LAYOUT_ARRAY, fault);
}

void column_writer_clear(ColumnWriter *column)
{
    if (column->has_stream)
        stream_writer_clear(&column->stream);
    if (column->has_dictionary)
        stream_writer_clear(&column->dictionary);
    if (column->layout == LAYOUT_STRING)
        string_pool_clear(&column->pool);
    index_writer_clear(&column->index);
    number_store_clear(&column->numbers);
    if (column->elements != NULL) {
        column_writer_clear(column->elements);
        free(column->elements);
    }
    memset(column, 0, sizeof *column);
}

/* --- strings --- */

static bool prefers_text(const ColumnWriter *column)
{
    uint64_t rows = column->numbers.count - column->null_count;
    uint64_t distinct = column->pool.count - 1;

    if (distinct < SMALL_DICTIONARY)
        return false;
    uint64_t length = column->pool.bytes.length / distinct;
    if (distinct > rows / 100 * NEARLY_ALL_PERCENT)
        return length >= SHORT_TEXT;
    return distinct > rows / 100 * MOST_PERCENT &&
           (length >= LONG_TEXT || distinct >= LARGE_DICTIONARY);
}

/* Writes the rows gathered so far as text and forgets the dictionary. */
static bool turn_to_text(ColumnWriter *column, Fault *fault)
{
    uint32_t room[SEGMENT_BLOCK_ROWS];
    uint32_t count;

    column->has_stream = true;
    if (!stream_writer_init(&column->stream, column->output, column->budget, LAYOUT_STRING,
                            STREAM_TEXT, false, true, fault))
        return false;
    for (uint64_t done = 0; done < column->numbers.count; done += count) {
        const uint32_t *numbers =
            number_store_block(&column->numbers, done / SEGMENT_BLOCK_ROWS, room, &count);
        for (uint32_t i = 0; i < count; i++) {
            Text text = string_pool_text(&column->pool, numbers[i]);
            if (!stream_writer_text(&column->stream, text, numbers[i] == 0, fault))
                return false;
        }
    }
    number_store_clear(&column->numbers);
    string_pool_clear(&column->pool);
    return true;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/*
 * Rows drawn at random, one from each stretch, tell whether nearly all of them differ: of two rows
 * with the same text both are drawn with the square of the share that is drawn. More rows than can
 * be told from so few are not looked at.
 */
static bool seems_all_different(const Vector *vector)
{
    uint64_t hashes[SAMPLE_ROWS], random = SAMPLE_ROWS, bytes = 0;
    uint32_t rows = vector->length, count = 0, equal = 0;

    if (rows < 2 * SAMPLE_ROWS || rows > SAMPLE_MOST)
        return false;
    for (uint32_t i = 0; i < SAMPLE_ROWS; i++) {
        uint32_t start = (uint32_t)((uint64_t)rows * i / SAMPLE_ROWS);
        uint32_t end = (uint32_t)((uint64_t)rows * (i + 1) / SAMPLE_ROWS);
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t row = start + (uint32_t)((random >> 33) % (end - start));
        if (vector_is_null(vector, row))
            continue;
        Text text = vector_text(vector, row);
        bytes += text.length;
        hashes[count++] = text_hash(text);
    }
    if (count < SAMPLE_ROWS / 2 || bytes / count < SHORT_TEXT)
        return false;
    qsort(hashes, count, sizeof *hashes, compare_hashes);
    for (uint32_t i = 1; i < count; i++)
        equal += hashes[i] == hashes[i - 1];
    uint64_t repeated = (uint64_t)equal * rows / SAMPLE_ROWS * rows / SAMPLE_ROWS;
    return repeated < rows / 100 * (100 - NEARLY_ALL_PERCENT) / 2;
}

bool column_writer_expect(ColumnWriter *column, const Vector *vector, Fault *fault)
{
    bool is_text = column->layout == LAYOUT_STRING && vector->form == VECTOR_FLAT &&
                   !column->has_stream && column->numbers.count == 0 &&
                   seems_all_different(vector);
    return !is_text || turn_to_text(column, fault);
}

static bool append_text_rows(ColumnWriter *column, const Vector *vector, uint32_t start,
                             uint32_t count, Fault *fault)
{
    for (uint32_t row = start; row < start + count; row++) {
        bool is_null = vector_is_null(vector, row);
        Text text = is_null ? (Text){0} : vector_text(vector, row);
        if (!stream_writer_text(&column->stream, text, is_null, fault))
            return false;
    }
    return true;
}

/* Interns up to a block of rows; *done fewer than *asked: the dictionary is full. */
static bool append_interned(ColumnWriter *column, const Vector *vector, uint32_t start,
                            uint32_t count, uint32_t *asked, uint32_t *done, Fault *fault)
{
    uint32_t room;
    uint32_t *numbers = number_store_room(&column->numbers, &room);

    *asked = count < room ? count : room;
    if (!string_pool_intern(&column->pool, vector, start, *asked, numbers, done, fault))
        return false;
    for (uint32_t i = 0; i < *done; i++)
        column->null_count += numbers[i] == 0;
    return number_store_took(&column->numbers, *done, fault);
}

static bool append_strings(ColumnWriter *column, const Vector *vector, uint32_t start,
                           uint32_t count, Fault *fault)
{
    while (count > 0 && !column->has_stream) {
        uint64_t before = column->numbers.count;
        uint32_t asked, done;
        if (!append_interned(column, vector, start, count, &asked, &done, fault))
            return false;
        start += done;
        count -= done;
        bool is_time = column->numbers.count >= UNDECIDED_ROWS &&
                       column->numbers.count / INTERN_ROWS != before / INTERN_ROWS;
        if (done < asked || (is_time && prefers_text(column))) {
            if (!turn_to_text(column, fault))
                return false;
        }
    }
    return append_text_rows(column, vector, start, count, fault);
}

/* --- finishing strings --- */

/* Dictionary entries in their order; place[number] becomes the code. */
static bool write_dictionary(ColumnWriter *column, uint32_t *order, uint32_t *codes, Fault *fault)
{
    const StringPool *pool = &column->pool;

    if (!string_pool_sort(pool, order, fault))
        return false;
    column->has_dictionary = true;
    if (!stream_writer_init(&column->dictionary, column->output, column->budget, LAYOUT_STRING,
                            STREAM_TEXT, true, false, fault))
        return false;
    codes[0] = 0;
    for (uint32_t i = 0; i < pool->count - 1; i++) {
        codes[order[i]] = i + 1;
        if (!stream_writer_text(&column->dictionary, string_pool_text(pool, order[i]), false,
                                fault))
            return false;
    }
    return stream_writer_finish(&column->dictionary, fault) &&
           index_writer_entries(&column->index, pool, order, fault);
}

static bool write_codes(ColumnWriter *column, const uint32_t *codes, Fault *fault)
{
    uint32_t room[SEGMENT_BLOCK_ROWS], block[SEGMENT_BLOCK_ROWS];
    uint32_t count;

    column->has_stream = true;
    if (!stream_writer_init(&column->stream, column->output, column->budget, LAYOUT_STRING,
                            STREAM_CODES, false, false, fault))
        return false;
    for (uint64_t done = 0; done < column->numbers.count; done += count) {
        const uint32_t *numbers =
            number_store_block(&column->numbers, done / SEGMENT_BLOCK_ROWS, room, &count);
        for (uint32_t i = 0; i < count; i++) {
            block[i] = codes[numbers[i]];
            column->pool_bytes += string_pool_text(&column->pool, numbers[i]).length;
        }
        index_writer_block(&column->index, block, count);
        if (!stream_writer_codes(&column->stream, block, count, fault))
            return false;
    }
    return stream_writer_finish(&column->stream, fault) &&
           index_writer_finish(&column->index, fault);
}

static bool finish_codes(ColumnWriter *column, Fault *fault)
{
    Growing order, codes;
    size_t size = column->pool.count * sizeof(uint32_t);

    growing_init(&order, column->budget);
    growing_init(&codes, column->budget);
    /* Of one block, the index could leave nothing out. */
    bool is_indexed = !column->is_element && column->numbers.count > SEGMENT_BLOCK_ROWS;
    index_writer_init(&column->index, column->output, column->budget,
                      is_indexed ? column->pool.count - 1 : 0);
    bool ok = growing_reserve(&order, size, fault) && growing_reserve(&codes, size, fault) &&
              write_dictionary(column, (uint32_t *)(void *)order.data,
                               (uint32_t *)(void *)codes.data, fault) &&
              write_codes(column, (const uint32_t *)(const void *)codes.data, fault);
    growing_clear(&order);
    growing_clear(&codes);
    column->distinct_count = column->pool.count - 1;
    string_pool_clear(&column->pool);
    number_store_clear(&column->numbers);
    return ok;
}

static bool finish_strings(ColumnWriter *column, Fault *fault)
{
    if (!column->has_stream && prefers_text(column) && !turn_to_text(column, fault))
        return false;
    if (column->has_stream)
        return stream_writer_finish(&column->stream, fault);
    return finish_codes(column, fault);
}

/* --- arrays --- */

/* Vectors without elements (all empty or NULL) say nothing about the elements' layout. */
static bool ensure_elements(ColumnWriter *column, const Vector *vector, Fault *fault)
{
    if (vector->elements == NULL || vector->elements->length == 0)
        return true;
    Layout layout = vector->elements->layout;
    if (layout == LAYOUT_ARRAY)
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "arrays of arrays cannot be stored in a table");
    if (column->elements != NULL && column->elements->layout != layout)
        return fault_set(fault, FAULT_INTERNAL_ERROR,
                         "an array column's elements change from %s to %s",
                         layout_name(column->elements->layout), layout_name(layout));
    if (column->elements != NULL)
        return true;
    column->elements = calloc(1, sizeof *column->elements);
    if (column->elements == NULL)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to write a column");
    if (!column_writer_init(column->elements, column->output, column->budget, layout, fault))
        return false;
    column->elements->is_element = true;
    return true;
}

/* Arrays that lie one after the other are appended with one call. */
static bool append_arrays(ColumnWriter *column, const Vector *vector, uint32_t start,
                          uint32_t count, Fault *fault)
{
    const ArrayValue *arrays = VECTOR_DATA(ArrayValue, vector);
    uint32_t run_start = 0, run_count = 0;

    if (!ensure_elements(column, vector, fault))
        return false;
    for (uint32_t row = start; row < start + count; row++) {
        bool is_null = vector_is_null(vector, row);
        ArrayValue array = is_null ? (ArrayValue){0} : arrays[vector_row(vector, row)];
        if (!stream_writer_array(&column->stream, array, is_null, fault))
            return false;
        if (array.count == 0)
            continue;
        check(column->elements != NULL);
        if (array.offset != run_start + run_count) {
            if (run_count != 0 && !column_writer_append(column->elements, vector->elements,
                                                        run_start, run_count, fault))
                return false;
            run_start = array.offset;
            run_count = 0;
        }
        run_count += array.count;
    }
    return run_count == 0 ||
           column_writer_append(column->elements, vector->elements, run_start, run_count, fault);
}

/* --- all --- */

bool column_writer_append(ColumnWriter *column, const Vector *vector, uint32_t start,
                          uint32_t count, Fault *fault)
{
    if (vector->layout != column->layout)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "a column of %s is given %s",
                         layout_name(column->layout), layout_name(vector->layout));
    switch (column->layout) {
    case LAYOUT_STRING:
        return append_strings(column, vector, start, count, fault);
    case LAYOUT_ARRAY:
        return append_arrays(column, vector, start, count, fault);
    case LAYOUT_BOOL:
    case LAYOUT_INT64:
    case LAYOUT_INT128:
    case LAYOUT_FLOAT32:
    case LAYOUT_FLOAT64:
        return stream_writer_vector(&column->stream, vector, start, count, fault);
    case LAYOUT_COUNT:
        break;
    }
    check(false);
}

bool column_writer_finish(ColumnWriter *column, Fault *fault)
{
    if (column->layout == LAYOUT_STRING)
        return finish_strings(column, fault);
    if (!stream_writer_finish(&column->stream, fault))
        return false;
    return column->elements == NULL || column_writer_finish(column->elements, fault);
}

static uint64_t stored_bytes(const ColumnWriter *column)
{
    uint64_t bytes = column->stream.stored_bytes;
    if (column->has_dictionary)
        bytes += column->dictionary.stored_bytes + index_writer_bytes(&column->index);
    if (column->elements != NULL)
        bytes += stored_bytes(column->elements);
    return bytes;
}

void column_writer_summary(const ColumnWriter *column, SegmentColumnSummary *summary)
{
    const StreamWriter *stream = &column->stream;

    *summary = (SegmentColumnSummary){.null_count = stream->null_count,
                                      .stored_bytes = stored_bytes(column),
                                      .text_bytes = stream->text_bytes + column->pool_bytes};
    if (stream->form == STREAM_CODES)
        summary->distinct_count = column->distinct_count;
    else if (stream->sketch != NULL)
        summary->distinct_count = distinct_sketch_count(stream->sketch);
    if (column->layout == LAYOUT_INT64 && stream->has_range) {
        summary->has_range = true;
        summary->minimum = stream->minimum;
        summary->maximum = stream->maximum;
    }
}

/*
 * Decoding: a block of a stream becomes a vector, wholly or for chosen rows.
 */
#include "base/log/log.h"
#include "storage/segment/segment_reader_internal.h"

enum {
    MOST_ENTRIES = 16, /* rows whose entries are read one by one */
    INDEX_FEW = 16,    /* numbers that are picked out of their block */
};

/* What is to be read, and where it goes. */
typedef struct DecodeJob {
    SegmentPlace place;
    SegmentReader *reader;
    const FormatStream *stream;
    const FormatBlock *block;
    uint32_t block_rows;
    const uint32_t *rows; /* NULL: all */
    uint32_t count;       /* rows wanted */
    Arena *arena;
} DecodeJob;

static void *alloc_values(const DecodeJob *job, size_t size)
{
    return arena_alloc_vector(job->arena, ((size_t)job->count + ENCODING_SLACK) * size);
}

/* --- one integer block as each output type --- */

static bool read_int64(const DecodeJob *job, const IntegerBlock *block, int64_t *out, Fault *fault)
{
    return job->rows == NULL ? integer_block_int64(block, out, fault)
                             : integer_block_rows_int64(block, job->rows, job->count, out, fault);
}

static bool read_uint32(const DecodeJob *job, const IntegerBlock *block, uint32_t *out,
                        Fault *fault)
{
    return job->rows == NULL ? integer_block_uint32(block, out, fault)
                             : integer_block_rows_uint32(block, job->rows, job->count, out, fault);
}

static bool read_bool(const DecodeJob *job, const IntegerBlock *block, uint8_t *out, Fault *fault)
{
    return job->rows == NULL ? integer_block_bool(block, out, fault)
                             : integer_block_rows_bool(block, job->rows, job->count, out, fault);
}

/* The null marks in front of a payload: NULL when the block has none. Moves past them. */
static bool read_nulls(const DecodeJob *job, const uint8_t **payload, size_t *length,
                       const uint8_t **nulls, Fault *fault)
{
    IntegerBlock marks;

    *nulls = NULL;
    if (job->block->null_count == 0)
        return true;
    if (!integer_block_open(*payload, *length, job->block_rows, &marks, fault))
        return false;
    uint8_t *out = alloc_values(job, 1);
    if (!read_bool(job, &marks, out, fault))
        return false;
    *payload += marks.size;
    *length -= marks.size;
    *nulls = out;
    return true;
}

/* --- numbers --- */

static bool decode_numbers(const DecodeJob *job, const uint8_t *payload, size_t length, void *out,
                           Fault *fault)
{
    IntegerBlock block;

    switch ((Layout)job->stream->layout) {
    case LAYOUT_BOOL:
        return integer_block_open(payload, length, job->block_rows, &block, fault) &&
               read_bool(job, &block, out, fault);
    case LAYOUT_INT64:
        return integer_block_open(payload, length, job->block_rows, &block, fault) &&
               read_int64(job, &block, out, fault);
    case LAYOUT_INT128:
        return wide_block_decode(payload, length, job->block_rows, job->rows, job->count, out,
                                 fault);
    case LAYOUT_FLOAT32:
        return float_block_float(payload, length, job->block_rows, job->rows, job->count, out,
                                 fault);
    case LAYOUT_FLOAT64:
        return float_block_double(payload, length, job->block_rows, job->rows, job->count, out,
                                  fault);
    case LAYOUT_STRING:
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT:
        break;
    }
    check(false);
}

static Vector constant_number(const DecodeJob *job)
{
    Layout layout = (Layout)job->stream->layout;
    int64_t value = job->block->minimum;
    uint8_t truth = value != 0;
    __int128 wide = value;
    const void *source = &value; /* floats: the low bytes are their bits */

    if (layout == LAYOUT_BOOL)
        source = &truth;
    else if (layout == LAYOUT_INT128)
        source = &wide;
    return vector_constant(job->arena, layout, job->count, source);
}

static bool read_numbers(const DecodeJob *job, Vector *vector, Fault *fault)
{
    Layout layout = (Layout)job->stream->layout;
    const uint8_t *payload, *nulls;
    size_t length;

    if (job->block->kind == BLOCK_NULLS) {
        *vector = vector_null(job->arena, layout, job->count);
        return true;
    }
    if (job->block->kind == BLOCK_CONSTANT) {
        *vector = constant_number(job);
        return true;
    }
    if (!segment_payload(&job->place, &payload, &length, fault))
        return false;
    void *out = alloc_values(job, layout_size(layout));
    if (!read_nulls(job, &payload, &length, &nulls, fault) ||
        !decode_numbers(job, payload, length, out, fault))
        return segment_damaged(&job->place, fault, fault);
    *vector = vector_flat(layout, job->count, out, nulls);
    return true;
}

/* --- dictionary codes --- */

/* `limit` 0: whoever takes the codes only compares them. */
static bool decode_codes(const DecodeJob *job, uint32_t limit, uint32_t *codes, Fault *fault)
{
    const uint8_t *payload;
    size_t length;
    IntegerBlock block;

    if (!segment_payload(&job->place, &payload, &length, fault))
        return false;
    if (!integer_block_open(payload, length, job->block_rows, &block, fault) ||
        !read_uint32(job, &block, codes, fault))
        return segment_damaged(&job->place, fault, fault);
    if (limit != 0 && uint32_maximum(codes, job->count) >= limit) {
        fault_set(fault, FAULT_DATA_CORRUPTED, "a code lies outside the dictionary");
        return segment_damaged(&job->place, fault, fault);
    }
    return true;
}

static bool codes_of(const DecodeJob *job, uint32_t limit, uint32_t **result, Fault *fault)
{
    uint32_t *codes = alloc_values(job, sizeof *codes);

    *result = codes;
    if (job->block->kind == BLOCK_DATA)
        return decode_codes(job, limit, codes, fault);
    uint32_t code = job->block->kind == BLOCK_NULLS ? 0 : (uint32_t)job->block->minimum;
    for (uint32_t i = 0; i < job->count; i++)
        codes[i] = code;
    return true;
}

/* Few rows of a column whose dictionary is large and was not needed yet: their entries alone. */
static bool is_read_by_entry(const DecodeJob *job)
{
    const FormatStream *dictionary = &job->reader->streams[job->stream->dictionary];
    const SegmentReader *reader = job->reader;

    return reader->dictionaries[job->stream->dictionary] == NULL && job->rows != NULL &&
           dictionary->dictionary != FORMAT_NO_STREAM && job->count <= MOST_ENTRIES &&
           reader->entries[job->stream->dictionary].count <= dictionary->block_count / 2;
}

static bool read_entries(const DecodeJob *job, const uint32_t *codes, Vector *vector, Fault *fault)
{
    Text *texts = alloc_values(job, sizeof *texts);
    uint8_t *nulls = alloc_values(job, 1);
    const EntryBlock *block;
    bool has_nulls = false;

    for (uint32_t i = 0; i < job->count; i++) {
        texts[i] = (Text){0};
        nulls[i] = codes[i] == 0;
        has_nulls = has_nulls || codes[i] == 0;
        if (codes[i] == 0)
            continue;
        if (!segment_entries(job->reader, job->stream->dictionary,
                             (codes[i] - 1) / SEGMENT_BLOCK_ROWS, &block, fault))
            return false;
        Text text = entry_text(block, (codes[i] - 1) % SEGMENT_BLOCK_ROWS);
        texts[i] = arena_text(job->arena, text);
    }
    *vector = vector_flat(LAYOUT_STRING, job->count, texts, has_nulls ? nulls : NULL);
    return true;
}

static bool read_codes(const DecodeJob *job, Vector *vector, Fault *fault)
{
    const Dictionary *dictionary;
    uint32_t entries = (uint32_t)job->reader->streams[job->stream->dictionary].rows, *codes;

    if (!codes_of(job, entries + 1, &codes, fault))
        return false;
    if (is_read_by_entry(job))
        return read_entries(job, codes, vector, fault);
    if (!segment_load_codes(job->reader, job->stream->dictionary, codes, job->count, &dictionary,
                            fault))
        return false;
    *vector = vector_dictionary(dictionary, job->count, codes);
    return true;
}

/* --- text --- */

/* The bytes of the wanted texts in the decompressed unit. */
static bool wanted_bytes(const DecodeJob *job, const TextBlock *text, const uint32_t *offsets,
                         const uint8_t **bytes, Fault *fault)
{
    if (job->rows == NULL || job->count == 0)
        return segment_text_bytes(&job->place, text, 0, job->rows == NULL ? text->raw_length : 0,
                                  bytes, fault);
    for (uint32_t i = 0; i < job->count; i++)
        if (!segment_text_bytes(&job->place, text, offsets[job->rows[i]], offsets[job->rows[i] + 1],
                                bytes, fault))
            return false;
    return true;
}

/* Offsets of all texts of the block, and the bytes of the wanted ones: in the arena when
 * front-coded, else in the unit. */
static bool expand_text(const DecodeJob *job, const TextBlock *text, uint32_t *offsets,
                        const uint8_t **bytes, Fault *fault)
{
    const uint8_t *raw;

    if (!text->is_front_coded)
        return (text_block_offsets(text, offsets, fault) ||
                segment_damaged(&job->place, fault, fault)) &&
               wanted_bytes(job, text, offsets, bytes, fault);
    uint8_t *out = arena_alloc_vector(job->arena, text->text_length);
    *bytes = out;
    return segment_text_bytes(&job->place, text, 0, text->raw_length, &raw, fault) &&
           (text_block_expand(text, raw, out, 0, offsets, fault) ||
            segment_damaged(&job->place, fault, fault));
}

/* Copies the wanted texts out of the unit, which does not live as long as the vector. */
static void copy_texts(const DecodeJob *job, const uint8_t *bytes, const uint32_t *offsets,
                       Text *texts)
{
    size_t total = 0;

    if (job->rows == NULL) {
        char *copy = arena_alloc_vector(job->arena, offsets[job->count]);
        if (offsets[job->count] != 0)
            memcpy(copy, bytes, offsets[job->count]);
        for (uint32_t i = 0; i < job->count; i++)
            texts[i] = (Text){copy + offsets[i], offsets[i + 1] - offsets[i]};
        return;
    }
    for (uint32_t i = 0; i < job->count; i++)
        total += offsets[job->rows[i] + 1] - offsets[job->rows[i]];
    char *copy = arena_alloc_vector(job->arena, total);
    for (uint32_t i = 0; i < job->count; i++) {
        uint32_t start = offsets[job->rows[i]], length = offsets[job->rows[i] + 1] - start;
        if (length != 0)
            memcpy(copy, bytes + start, length);
        texts[i] = (Text){copy, length};
        copy += length;
    }
}

static bool read_text(const DecodeJob *job, Vector *vector, Fault *fault)
{
    uint32_t offsets[SEGMENT_BLOCK_ROWS + 1 + ENCODING_SLACK];
    TextBlock text;
    const uint8_t *bytes;
    uint8_t *nulls = NULL;

    if (job->block->kind == BLOCK_NULLS) {
        *vector = vector_null(job->arena, LAYOUT_STRING, job->count);
        return true;
    }
    if (!segment_open_text_head(&job->place, &text, fault))
        return false;
    if (text.has_nulls) {
        nulls = alloc_values(job, 1);
        if (!read_bool(job, &text.nulls, nulls, fault))
            return segment_damaged(&job->place, fault, fault);
    }
    if (!expand_text(job, &text, offsets, &bytes, fault))
        return false;
    Text *texts = alloc_values(job, sizeof *texts);
    copy_texts(job, bytes, offsets, texts);
    *vector = vector_flat(LAYOUT_STRING, job->count, texts, nulls);
    return true;
}

/* --- arrays --- */

static bool read_block(SegmentReader *reader, uint32_t stream, uint32_t block, const uint32_t *rows,
                       uint32_t count, Arena *arena, Vector *vector, Fault *fault);

/* The elements [first, first + count) with whatever else is in their blocks; *shift is the place
 * of the first. */
static bool read_elements(const DecodeJob *job, uint64_t first, uint64_t count, Vector *elements,
                          uint32_t *shift, Fault *fault)
{
    uint32_t from = (uint32_t)(first / SEGMENT_BLOCK_ROWS);
    uint32_t to = (uint32_t)((first + count - 1) / SEGMENT_BLOCK_ROWS);
    Vector *parts = ARENA_ARRAY(job->arena, Vector, to - from + 1);

    for (uint32_t block = from; block <= to; block++) {
        if (!read_block(job->reader, job->stream->elements, block, NULL, 0, job->arena,
                        &parts[block - from], fault))
            return false;
    }
    *shift = (uint32_t)(first % SEGMENT_BLOCK_ROWS);
    /* Constant blocks among them: a vector of elements is flat or dictionary. */
    for (uint32_t i = 0; i <= to - from; i++) {
        if (parts[i].form == VECTOR_CONSTANT)
            parts[i] = vector_flatten(job->arena, &parts[i]);
    }
    *elements = from == to ? parts[0] : vector_concatenate(job->arena, parts, to - from + 1);
    return true;
}

/* A length, or a shape with the sign bit set, whose lengths' product is the length. */
static bool read_length(int64_t value, ArrayValue *array)
{
    uint64_t count = (uint64_t)value;
    if (value < 0) {
        array->shape = value & INT64_MAX;
        count = array_shape_count(array->shape);
        if (count > UINT32_MAX || !array_shape_is_valid(array->shape, (uint32_t)count))
            return false;
    }
    array->count = (uint32_t)count;
    return count <= UINT32_MAX;
}

/* Ranges of the wanted arrays, from the lengths of all arrays of the block. */
static bool lay_ranges(const DecodeJob *job, const IntegerBlock *lengths, uint32_t shift,
                       ArrayValue *arrays, Fault *fault)
{
    int64_t values[SEGMENT_BLOCK_ROWS + ENCODING_SLACK];
    uint32_t total = (uint32_t)job->block->maximum;
    uint32_t used = 0, wanted = 0;

    if (!integer_block_int64(lengths, values, fault))
        return false;
    for (uint32_t i = 0; i < job->block_rows; i++) {
        ArrayValue array = {.offset = shift + used};
        if (!read_length(values[i], &array) || array.count > total - used)
            return fault_set(fault, FAULT_DATA_CORRUPTED, "arrays reach beyond their elements");
        if (job->rows == NULL)
            arrays[wanted++] = array;
        while (job->rows != NULL && wanted < job->count && job->rows[wanted] == i)
            arrays[wanted++] = array;
        used += array.count;
    }
    if (used != total || wanted != job->count)
        return fault_set(fault, FAULT_DATA_CORRUPTED, "arrays do not use all their elements");
    return true;
}

static Layout element_layout(const DecodeJob *job)
{
    return job->stream->elements == FORMAT_NO_STREAM
               ? LAYOUT_INT64
               : (Layout)job->reader->streams[job->stream->elements].layout;
}

static bool read_arrays(const DecodeJob *job, Vector *vector, Fault *fault)
{
    Vector *elements = ARENA_ARRAY(job->arena, Vector, 1);
    const uint8_t *payload, *nulls;
    size_t length;
    IntegerBlock lengths;
    uint32_t shift = 0;

    *elements = vector_flat(element_layout(job), 0, arena_alloc_vector(job->arena, 16), NULL);
    if (job->block->kind == BLOCK_NULLS) {
        *vector = vector_null(job->arena, LAYOUT_ARRAY, job->count);
        vector->elements = elements;
        return true;
    }
    if (!segment_payload(&job->place, &payload, &length, fault))
        return false;
    if (job->block->maximum != 0 &&
        !read_elements(job, (uint64_t)job->block->minimum, (uint64_t)job->block->maximum, elements,
                       &shift, fault))
        return false;
    ArrayValue *arrays = alloc_values(job, sizeof *arrays);
    if (!read_nulls(job, &payload, &length, &nulls, fault) ||
        !integer_block_open(payload, length, job->block_rows, &lengths, fault) ||
        !lay_ranges(job, &lengths, shift, arrays, fault))
        return segment_damaged(&job->place, fault, fault);
    *vector = vector_flat(LAYOUT_ARRAY, job->count, arrays, nulls);
    vector->elements = elements;
    return true;
}

/* --- numbers of an index --- */

bool segment_read_numbers(const SegmentPlace *place, uint32_t start, uint32_t count, uint32_t *out,
                          Fault *fault)
{
    uint32_t rows[INDEX_FEW];
    const FormatBlock *block = stream_block(place->reader, place->stream, place->block);
    uint32_t block_rows = stream_block_rows(&place->reader->streams[place->stream], place->block);
    uint32_t values[SEGMENT_BLOCK_ROWS + ENCODING_SLACK];
    const uint8_t *payload;
    size_t length;
    IntegerBlock integers;

    check(start <= block_rows && count <= block_rows - start);
    if (block->kind == BLOCK_CONSTANT) {
        for (uint32_t i = 0; i < count; i++)
            out[i] = (uint32_t)block->minimum;
        return true;
    }
    if (block->kind == BLOCK_NULLS || block->null_count != 0) {
        fault_set(fault, FAULT_DATA_CORRUPTED, "nulls in an index");
        return segment_damaged(place, fault, fault);
    }
    if (!segment_payload(place, &payload, &length, fault))
        return false;
    if (!integer_block_open(payload, length, block_rows, &integers, fault))
        return segment_damaged(place, fault, fault);
    bool is_few = count <= INDEX_FEW;
    for (uint32_t i = 0; is_few && i < count; i++)
        rows[i] = start + i;
    if (!(is_few ? integer_block_rows_uint32(&integers, rows, count, out, fault)
                 : integer_block_uint32(&integers, count == block_rows ? out : values, fault)))
        return segment_damaged(place, fault, fault);
    if (!is_few && count != block_rows)
        memcpy(out, values + start, count * sizeof *out);
    return true;
}

bool segment_read_words(const SegmentReader *reader, uint32_t stream, uint64_t first,
                        uint32_t count, uint64_t *out, Fault *fault)
{
    SegmentPlace place = {
        .reader = reader, .stream = stream, .block = (uint32_t)(first / SEGMENT_BLOCK_ROWS)};
    const FormatBlock *block = stream_block(reader, stream, place.block);
    uint32_t block_rows = stream_block_rows(&reader->streams[stream], place.block);
    int64_t values[INDEX_FEW + ENCODING_SLACK];
    uint32_t rows[INDEX_FEW];
    const uint8_t *payload;
    size_t length;
    IntegerBlock integers;

    check(count <= INDEX_FEW);
    if (block->kind != BLOCK_DATA) {
        for (uint32_t i = 0; i < count; i++)
            out[i] = block->kind == BLOCK_CONSTANT ? (uint64_t)block->minimum : UINT64_MAX;
        return true;
    }
    for (uint32_t i = 0; i < count; i++)
        rows[i] = (uint32_t)(first % SEGMENT_BLOCK_ROWS) + i;
    check(rows[count - 1] < block_rows);
    if (!segment_payload(&place, &payload, &length, fault))
        return false;
    if (!integer_block_open(payload, length, block_rows, &integers, fault) ||
        !integer_block_rows_int64(&integers, rows, count, values, fault))
        return segment_damaged(&place, fault, fault);
    memcpy(out, values, count * sizeof *out);
    return true;
}

/* --- all --- */

static bool read_block(SegmentReader *reader, uint32_t stream, uint32_t block, const uint32_t *rows,
                       uint32_t count, Arena *arena, Vector *vector, Fault *fault)
{
    DecodeJob job = {.place = {.reader = reader, .stream = stream, .block = block},
                     .reader = reader,
                     .stream = &reader->streams[stream],
                     .block = stream_block(reader, stream, block),
                     .block_rows = stream_block_rows(&reader->streams[stream], block),
                     .rows = rows,
                     .arena = arena};

    check(block < job.stream->block_count);
    job.count = rows == NULL ? job.block_rows : count;
    check(job.count <= job.block_rows);
    check(rows == NULL || count == 0 || rows[count - 1] < job.block_rows);
    switch ((StreamForm)job.stream->form) {
    case STREAM_VALUES:
        return read_numbers(&job, vector, fault);
    case STREAM_CODES:
        return read_codes(&job, vector, fault);
    case STREAM_TEXT:
        return read_text(&job, vector, fault);
    case STREAM_ARRAYS:
        return read_arrays(&job, vector, fault);
    case STREAM_FORM_COUNT:
        break;
    }
    check(false);
}

bool segment_read_codes(SegmentReader *reader, uint32_t column, uint32_t block, Arena *arena,
                        const uint32_t **codes, Fault *fault)
{
    uint32_t stream = reader->columns[column].stream;
    DecodeJob job = {.place = {.reader = reader, .stream = stream, .block = block},
                     .reader = reader,
                     .stream = &reader->streams[stream],
                     .block = stream_block(reader, stream, block),
                     .block_rows = segment_block_rows(reader, block),
                     .count = segment_block_rows(reader, block),
                     .arena = arena};
    uint32_t *made;

    check(job.stream->form == STREAM_CODES);
    if (!codes_of(&job, 0, &made, fault))
        return false;
    *codes = made;
    return true;
}

bool segment_read(SegmentReader *reader, uint32_t column, uint32_t block, const uint32_t *rows,
                  uint32_t count, Arena *arena, Vector *vector, Fault *fault)
{
    check(column < reader->schema.column_count);
    return read_block(reader, reader->columns[column].stream, block, rows, count, arena, vector,
                      fault);
}

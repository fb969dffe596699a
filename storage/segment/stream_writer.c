/* Writing one stream: see stream_writer_internal.h. */
#include "storage/segment/stream_writer_internal.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

#include <stdlib.h>
#include <xxhash.h>

static size_t value_size(const StreamWriter *writer)
{
    switch (writer->form) {
    case STREAM_VALUES:
        return layout_size(writer->layout);
    case STREAM_CODES:
        return sizeof(uint32_t);
    case STREAM_TEXT:
        return sizeof(Text);
    case STREAM_ARRAYS:
        return sizeof(int64_t);
    case STREAM_FORM_COUNT:
        break;
    }
    check(false);
}

/* What the buffers have come to hold; the integers' are small and bounded, texts are not. */
static bool account(StreamWriter *writer, Fault *fault)
{
    size_t held = writer->bytes.capacity + writer->unit.bytes.capacity +
                  writer->unit.heads.capacity + writer->chunk.capacity + writer->blocks.capacity +
                  writer->chunks.capacity;

    if (held <= writer->reserved || writer->budget == NULL)
        return true;
    size_t more = held - writer->reserved;
    if (!budget_reserve(writer->budget, more, fault))
        return false;
    writer->reserved += more;
    return true;
}

bool stream_writer_init(StreamWriter *writer, SegmentOutput *output, Budget *budget, Layout layout,
                        StreamForm form, bool is_front_coded, bool is_counted, Fault *fault)
{
    *writer = (StreamWriter){.output = output, .budget = budget, .layout = layout, .form = form};
    if (form == STREAM_TEXT)
        buffer_reserve(&writer->bytes, SEGMENT_BLOCK_ROWS);
    text_unit_writer_init(&writer->unit, is_front_coded);
    writer->values = malloc(SEGMENT_BLOCK_ROWS * value_size(writer));
    writer->nulls = calloc(SEGMENT_BLOCK_ROWS, 1);
    writer->sketch = is_counted ? malloc(sizeof *writer->sketch) : NULL;
    if (writer->values == NULL || writer->nulls == NULL || (is_counted && writer->sketch == NULL))
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to write a column");
    if (writer->sketch != NULL)
        distinct_sketch_init(writer->sketch);
    return true;
}

void stream_writer_clear(StreamWriter *writer)
{
    free(writer->values);
    free(writer->nulls);
    free(writer->sketch);
    buffer_clear(&writer->bytes);
    text_unit_writer_clear(&writer->unit);
    buffer_clear(&writer->chunk);
    buffer_clear(&writer->blocks);
    buffer_clear(&writer->chunks);
    if (writer->reserved != 0)
        budget_release(writer->budget, writer->reserved);
    *writer = (StreamWriter){0};
}

/* --- chunks --- */

static FormatBlock *block_records(const StreamWriter *writer)
{
    return (FormatBlock *)(void *)writer->blocks.data;
}

static bool place_block(FormatBlock *record, size_t offset, size_t length, Fault *fault)
{
    if (offset / 8 > UINT32_MAX || length > UINT32_MAX)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "the values of %d rows of a column take too many bytes",
                         SEGMENT_BLOCK_ROWS * SEGMENT_GROUP_BLOCKS);
    record->offset = (uint32_t)(offset / 8);
    record->length = (uint32_t)length;
    return true;
}

/* Text blocks get their place when their unit is closed: they are then the last DATA blocks of
 * the stream, since blocks without payload join no unit. */
static bool close_unit(StreamWriter *writer, Fault *fault)
{
    TextBlockPlace places[TEXT_UNIT_CODED_BLOCKS];
    uint32_t count = text_unit_close(&writer->unit, &writer->chunk, places);
    uint32_t record = (uint32_t)(writer->blocks.length / sizeof(FormatBlock));

    while (count > 0) {
        FormatBlock *block = &block_records(writer)[--record];
        if (block->kind != BLOCK_DATA)
            continue;
        count--;
        if (!place_block(block, places[count].offset, places[count].length, fault))
            return false;
    }
    return true;
}

static bool flush_chunk(StreamWriter *writer, Fault *fault)
{
    if (writer->chunk_blocks == 0)
        return true;
    if (writer->form == STREAM_TEXT && !close_unit(writer, fault))
        return false;
    FormatChunk chunk = {.offset = writer->output->offset,
                         .length = writer->chunk.length,
                         .checksum = XXH3_64bits(writer->chunk.data, writer->chunk.length)};
    check(chunk.length % 8 == 0);
    buffer_append(&writer->chunks, &chunk, sizeof chunk);
    if (!segment_output_write(writer->output, writer->chunk.data, writer->chunk.length, fault))
        return false;
    writer->stored_bytes += chunk.length;
    writer->chunk_blocks = 0;
    buffer_reset(&writer->chunk);
    return true;
}

/* --- blocks --- */

/* Under nulls stands the value before (at the start: the first that there is): that packs,
 * deltas and runs alike. */
static void fill_nulls(StreamWriter *writer, size_t size)
{
    uint8_t *values = writer->values;
    uint32_t first = 0;

    while (writer->nulls[first])
        first++;
    for (uint32_t i = 0; i < first; i++)
        memcpy(values + i * size, values + first * size, size);
    for (uint32_t i = first + 1; i < writer->pending; i++) {
        if (writer->nulls[i])
            memcpy(values + i * size, values + (i - 1) * size, size);
    }
}

static void append_nulls(StreamWriter *writer, Buffer *out)
{
    int64_t marks[SEGMENT_BLOCK_ROWS];

    for (uint32_t i = 0; i < writer->pending; i++)
        marks[i] = writer->nulls[i];
    integer_block_encode(marks, writer->pending, out);
}

static inline uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCDULL;
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53ULL;
    return value ^ value >> 33;
}

/* Values under nulls repeat a neighbour, so they count nothing new. */
static void count_distinct(StreamWriter *writer, const int64_t *values)
{
    if (writer->sketch == NULL)
        return;
    distinct_sketch_add(writer->sketch, mix((uint64_t)values[0] + 1));
    for (uint32_t i = 1; i < writer->pending; i++) {
        if (values[i] != values[i - 1])
            distinct_sketch_add(writer->sketch, mix((uint64_t)values[i] + 1));
    }
}

static void range_of(const int64_t *values, uint32_t count, FormatBlock *record)
{
    int64_t minimum = values[0], maximum = values[0];

    for (uint32_t i = 1; i < count; i++) {
        minimum = values[i] < minimum ? values[i] : minimum;
        maximum = values[i] > maximum ? values[i] : maximum;
    }
    record->minimum = minimum;
    record->maximum = maximum;
    record->flags |= BLOCK_HAS_RANGE;
}

static void widen_range(StreamWriter *writer, const FormatBlock *record)
{
    if (!writer->has_range || record->minimum < writer->minimum)
        writer->minimum = record->minimum;
    if (!writer->has_range || record->maximum > writer->maximum)
        writer->maximum = record->maximum;
    writer->has_range = true;
}

static void append_integers(StreamWriter *writer, const int64_t *values, FormatBlock *record)
{
    range_of(values, writer->pending, record);
    widen_range(writer, record);
    count_distinct(writer, values);
    if (writer->pending_nulls == 0 && record->minimum == record->maximum) {
        record->kind = BLOCK_CONSTANT;
        return;
    }
    if (writer->pending_nulls != 0)
        append_nulls(writer, &writer->chunk);
    integer_block_encode_next(values, writer->pending, &writer->habit, &writer->chunk);
}

static void append_bools(StreamWriter *writer, FormatBlock *record)
{
    const uint8_t *bools = writer->values;
    int64_t values[SEGMENT_BLOCK_ROWS];

    for (uint32_t i = 0; i < writer->pending; i++)
        values[i] = bools[i] != 0;
    append_integers(writer, values, record);
}

static bool all_equal(const int64_t *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (values[i] != values[0])
            return false;
    }
    return true;
}

static void append_floats(StreamWriter *writer, FormatBlock *record)
{
    int64_t bits[SEGMENT_BLOCK_ROWS];

    for (uint32_t i = 0; i < writer->pending; i++) {
        if (writer->layout == LAYOUT_FLOAT64)
            memcpy(&bits[i], (const double *)writer->values + i, sizeof bits[i]);
        else
            bits[i] = read_u32((const float *)writer->values + i);
    }
    count_distinct(writer, bits);
    if (writer->pending_nulls == 0 && all_equal(bits, writer->pending)) {
        record->kind = BLOCK_CONSTANT;
        record->minimum = record->maximum = bits[0];
        return;
    }
    if (writer->pending_nulls != 0)
        append_nulls(writer, &writer->chunk);
    if (writer->layout == LAYOUT_FLOAT64)
        float_block_encode_double(writer->values, writer->pending, &writer->chunk);
    else
        float_block_encode_float(writer->values, writer->pending, &writer->chunk);
}

static void append_wide(StreamWriter *writer, FormatBlock *record)
{
    const __int128 *values = writer->values;
    int64_t folded[SEGMENT_BLOCK_ROWS];
    bool is_constant = writer->pending_nulls == 0 && values[0] == (int64_t)values[0];

    folded[0] = 0;
    for (uint32_t i = 0; i < writer->pending; i++) {
        is_constant = is_constant && values[i] == values[0];
        folded[i] = (int64_t)((uint64_t)values[i] ^ mix((uint64_t)(values[i] >> 64)));
    }
    count_distinct(writer, folded);
    if (is_constant) {
        record->kind = BLOCK_CONSTANT;
        record->minimum = record->maximum = (int64_t)values[0];
        return;
    }
    if (writer->pending_nulls != 0)
        append_nulls(writer, &writer->chunk);
    wide_block_encode(values, writer->pending, &writer->chunk);
}

/* Codes: NULL is code 0 and stands among the others; the zone is that of the others. */
static void append_codes(StreamWriter *writer, FormatBlock *record)
{
    const uint32_t *codes = writer->values;
    int64_t values[SEGMENT_BLOCK_ROWS];
    uint32_t minimum = UINT32_MAX, maximum = 0;

    for (uint32_t i = 0; i < writer->pending; i++) {
        uint32_t code = codes[i];
        values[i] = code;
        maximum = code > maximum ? code : maximum;
        minimum = code != 0 && code < minimum ? code : minimum;
    }
    record->minimum = minimum;
    record->maximum = maximum;
    record->flags |= BLOCK_HAS_RANGE;
    if (writer->pending_nulls == 0 && minimum == maximum) {
        record->kind = BLOCK_CONSTANT;
        return;
    }
    integer_block_encode_next(values, writer->pending, &writer->habit, &writer->chunk);
}

static bool append_arrays(StreamWriter *writer, FormatBlock *record, Fault *fault)
{
    if (writer->element_count - writer->element_start > FORMAT_ARRAY_BLOCK_LIMIT)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "%u consecutive arrays of a column have more than %d elements together",
                         writer->pending, FORMAT_ARRAY_BLOCK_LIMIT);
    record->minimum = (int64_t)writer->element_start;
    record->maximum = (int64_t)(writer->element_count - writer->element_start);
    writer->element_start = writer->element_count;
    if (record->kind == BLOCK_NULLS)
        return true;
    if (writer->pending_nulls != 0)
        append_nulls(writer, &writer->chunk);
    integer_block_encode_next(writer->values, writer->pending, &writer->habit, &writer->chunk);
    return true;
}

static bool append_text(StreamWriter *writer, Fault *fault)
{
    Text texts[SEGMENT_BLOCK_ROWS];
    const Text *gathered = writer->values;

    for (uint32_t i = 0; i < writer->pending; i++) {
        texts[i].length = gathered[i].length;
        texts[i].data = (const char *)writer->bytes.data + (uintptr_t)gathered[i].data;
    }
    if (!text_unit_add(&writer->unit, texts, writer->pending_nulls == 0 ? NULL : writer->nulls,
                       writer->pending, fault))
        return false;
    buffer_reset(&writer->bytes);
    return true;
}

/* Every row NULL: only codes could do without the kind, but a zone reader likes it too. */
static bool append_payload(StreamWriter *writer, FormatBlock *record, Fault *fault)
{
    bool all_null = writer->pending_nulls == writer->pending;

    if (all_null)
        record->kind = BLOCK_NULLS;
    if (writer->form == STREAM_ARRAYS)
        return append_arrays(writer, record, fault);
    if (all_null) {
        buffer_reset(&writer->bytes);
        return true;
    }
    switch (writer->form) {
    case STREAM_VALUES:
        if (writer->pending_nulls != 0)
            fill_nulls(writer, value_size(writer));
        break;
    case STREAM_CODES:
        append_codes(writer, record);
        return true;
    case STREAM_TEXT:
        return append_text(writer, fault);
    case STREAM_ARRAYS:
    case STREAM_FORM_COUNT:
        return true;
    }
    switch (writer->layout) {
    case LAYOUT_INT64:
        append_integers(writer, writer->values, record);
        return true;
    case LAYOUT_BOOL:
        append_bools(writer, record);
        return true;
    case LAYOUT_FLOAT32:
    case LAYOUT_FLOAT64:
        append_floats(writer, record);
        return true;
    case LAYOUT_INT128:
        append_wide(writer, record);
        return true;
    case LAYOUT_STRING:
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT:
        break;
    }
    check(false);
}

static bool flush_block(StreamWriter *writer, Fault *fault)
{
    FormatBlock record = {.null_count = (uint16_t)writer->pending_nulls};
    size_t start = writer->chunk.length;

    if (writer->pending == 0)
        return true;
    if (!append_payload(writer, &record, fault))
        return false;
    /* Text blocks get their place later. */
    if (writer->form != STREAM_TEXT &&
        !place_block(&record, start, writer->chunk.length - start, fault))
        return false;
    buffer_append(&writer->blocks, &record, sizeof record);
    writer->rows += writer->pending;
    writer->null_count += writer->pending_nulls;
    writer->chunk_blocks++;
    writer->pending = 0;
    if (writer->pending_nulls != 0)
        memset(writer->nulls, 0, SEGMENT_BLOCK_ROWS);
    writer->pending_nulls = 0;
    if (text_unit_is_full(&writer->unit) && !close_unit(writer, fault))
        return false;
    if (!account(writer, fault))
        return false;
    return writer->chunk_blocks < SEGMENT_GROUP_BLOCKS || flush_chunk(writer, fault);
}

static bool flush_if_full(StreamWriter *writer, Fault *fault)
{
    return writer->pending < SEGMENT_BLOCK_ROWS || flush_block(writer, fault);
}

bool stream_writer_finish(StreamWriter *writer, Fault *fault)
{
    return flush_block(writer, fault) && flush_chunk(writer, fault);
}

/* --- rows --- */

static void take_flat(StreamWriter *writer, const Vector *vector, uint32_t start, uint32_t count)
{
    size_t size = value_size(writer);

    memcpy((uint8_t *)writer->values + writer->pending * size,
           (const uint8_t *)vector->data + start * size, count * size);
    if (vector->nulls == NULL)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t is_null = vector->nulls[start + i] != 0;
        writer->nulls[writer->pending + i] = is_null;
        writer->pending_nulls += is_null;
    }
}

static void take_constant(StreamWriter *writer, const Vector *vector, uint32_t count)
{
    size_t size = value_size(writer);
    uint8_t *to = (uint8_t *)writer->values + writer->pending * size;

    if (vector->nulls != NULL && vector->nulls[0]) {
        memset(to, 0, count * size);
        memset(writer->nulls + writer->pending, 1, count);
        writer->pending_nulls += count;
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        memcpy(to + i * size, vector->data, size);
}

bool stream_writer_vector(StreamWriter *writer, const Vector *vector, uint32_t start,
                          uint32_t count, Fault *fault)
{
    while (count > 0) {
        uint32_t room = SEGMENT_BLOCK_ROWS - writer->pending;
        uint32_t some = count < room ? count : room;
        if (vector->form == VECTOR_CONSTANT)
            take_constant(writer, vector, some);
        else
            take_flat(writer, vector, start, some);
        writer->pending += some;
        start += some;
        count -= some;
        if (!flush_if_full(writer, fault))
            return false;
    }
    return true;
}

bool stream_writer_codes(StreamWriter *writer, const uint32_t *codes, uint64_t count, Fault *fault)
{
    while (count > 0) {
        uint32_t room = SEGMENT_BLOCK_ROWS - writer->pending;
        uint32_t some = count < room ? (uint32_t)count : room;
        memcpy((uint32_t *)writer->values + writer->pending, codes, some * sizeof *codes);
        for (uint32_t i = 0; i < some; i++)
            writer->pending_nulls += codes[i] == 0;
        writer->pending += some;
        codes += some;
        count -= some;
        if (!flush_if_full(writer, fault))
            return false;
    }
    return true;
}

bool stream_writer_text(StreamWriter *writer, Text text, bool is_null, Fault *fault)
{
    Text *gathered = (Text *)writer->values + writer->pending;

    if (is_null) {
        writer->nulls[writer->pending] = 1;
        writer->pending_nulls++;
        text.length = 0;
    } else if (writer->sketch != NULL) {
        distinct_sketch_add(writer->sketch, text_hash(text));
    }
    if (text.length > TEXT_UNIT_LIMIT - writer->bytes.length)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "%d consecutive texts of a column have more than %d bytes together",
                         SEGMENT_BLOCK_ROWS, TEXT_UNIT_LIMIT);
    gathered->data = (const char *)writer->bytes.length;
    gathered->length = text.length;
    buffer_append(&writer->bytes, text.data, text.length);
    writer->text_bytes += text.length;
    writer->pending++;
    return account(writer, fault) && flush_if_full(writer, fault);
}

bool stream_writer_array(StreamWriter *writer, ArrayValue array, bool is_null, Fault *fault)
{
    if (is_null) {
        writer->nulls[writer->pending] = 1;
        writer->pending_nulls++;
        array = (ArrayValue){0};
    }
    ((int64_t *)writer->values)[writer->pending++] =
        array.shape == 0 ? (int64_t)array.count : array.shape | INT64_MIN;
    writer->element_count += array.count;
    return flush_if_full(writer, fault);
}

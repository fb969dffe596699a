/*
 * Write rows: batches to PostgreSQL's DataRow messages.
 *
 * Each column is formatted as a whole, then the cells are copied column by column into the rows'
 * places in one buffer, which goes to the sink when it is large enough, and in any case before
 * the operator waits for input: a slow query shows its first rows early.
 */
#include "engine/operator/operator_internal.h"
#include "protocol/pgwire/pgwire.h"

enum {
    SEND_BYTES = 128 * 1024,
    ROW_HEADER = 7, /* 'D', int32 length, int16 column count */
};

typedef struct WriteRowsOperator {
    Operator base;
    Buffer rows;
    uint32_t row_count; /* in `rows` */
    bool is_input_done;
    Arena *arena; /* of the batch */
    const PgwireEncoding *encoding; /* of a client that does not speak UTF-8; or NULL */
    Buffer encoded;
} WriteRowsOperator;

/* --- formatting --- */

static bool is_plain_text(SqlType type)
{
    return type.oid == T_TEXT || type.oid == T_VARCHAR || type.oid == T_NAME;
}

static void texts_of(const Vector *vector, Text *cells)
{
    for (uint32_t i = 0; i < vector->length; i++) {
        cells[i] = (Text){0};
        if (!vector_is_null(vector, i)) {
            cells[i] = vector_text(vector, i);
            if (cells[i].data == NULL)
                cells[i].data = "";
        }
    }
}

static bool format_column(WriteRowsOperator *write, uint32_t c, const Vector *vector, Text *cells,
                          Fault *fault)
{
    const OperatorSpec *spec = write->base.spec;
    SqlType type = spec->children[0]->types[c];
    if (is_plain_text(type)) {
        texts_of(vector, cells);
        return true;
    }
    const TypeContext *types = write->base.context->types;
    if (spec->write_rows.formats != NULL && spec->write_rows.formats[c] == 1)
        return type_format_binary(type, types, vector, write->arena, cells, fault);
    type_format_text(type, types, vector, write->arena, cells);
    return true;
}

/* --- the client's encoding --- */

static bool has_only_ascii(Text text)
{
    uint8_t bits = 0;
    for (uint32_t i = 0; i < text.length; i++)
        bits |= (uint8_t)text.data[i];
    return bits < 0x80;
}

static bool encode_column(WriteRowsOperator *write, uint32_t c, Text *cells, uint32_t rows,
                          Fault *fault)
{
    const OperatorSpec *spec = write->base.spec;
    SqlType type = spec->children[0]->types[c];
    bool is_binary = spec->write_rows.formats != NULL && spec->write_rows.formats[c] == 1;
    const TypeInfo *info = type_info(type.oid);
    if (is_binary && info != NULL && pgwire_is_text_type(info->element_oid))
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "arrays of texts in binary are not converted to client_encoding \"%s\"",
                         pgwire_encoding_name(write->encoding));
    if (is_binary && !pgwire_is_text_type(type.oid))
        return true;
    for (uint32_t i = 0; i < rows; i++) {
        if (cells[i].data == NULL || has_only_ascii(cells[i]))
            continue;
        buffer_reset(&write->encoded);
        if (!pgwire_encode(write->encoding, cells[i], &write->encoded, fault))
            return false;
        cells[i] = (Text){.data = arena_strndup(write->arena, (const char *)write->encoded.data,
                                                write->encoded.length),
                          .length = (uint32_t)write->encoded.length};
    }
    return true;
}

/* --- assembling --- */

static inline uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(at, &value, sizeof value);
    return at + sizeof value;
}

/* Short cells, by far the most, as two copies of fixed size that may overlap. */
static inline uint8_t *put_bytes(uint8_t *at, const char *data, uint32_t length)
{
    if (length >= 8 && length <= 16) {
        memcpy(at, data, 8);
        memcpy(at + length - 8, data + length - 8, 8);
    } else if (length >= 4 && length < 8) {
        memcpy(at, data, 4);
        memcpy(at + length - 4, data + length - 4, 4);
    } else if (length > 16) {
        memcpy(at, data, length);
    } else {
        for (uint32_t i = 0; i < length; i++)
            at[i] = (uint8_t)data[i];
    }
    return at + length;
}

static bool row_lengths(const Text *const *cells, uint32_t column_count, uint32_t rows,
                        uint32_t *lengths, size_t *total, Fault *fault)
{
    uint64_t sums[BATCH_ROWS];
    for (uint32_t i = 0; i < rows; i++)
        sums[i] = ROW_HEADER - 1 + 4 * (uint64_t)column_count;
    for (uint32_t c = 0; c < column_count; c++)
        for (uint32_t i = 0; i < rows; i++)
            sums[i] += cells[c][i].data == NULL ? 0 : cells[c][i].length;
    *total = 0;
    for (uint32_t i = 0; i < rows; i++) {
        if (sums[i] > INT32_MAX)
            return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                             "a row of the result is longer than 2 GB");
        lengths[i] = (uint32_t)sums[i];
        *total += sums[i] + 1;
    }
    return true;
}

static bool append_rows(WriteRowsOperator *write, const Text *const *cells, uint32_t column_count,
                        uint32_t rows, Fault *fault)
{
    uint32_t lengths[BATCH_ROWS];
    uint8_t *at[BATCH_ROWS];
    size_t total;
    if (!row_lengths(cells, column_count, rows, lengths, &total, fault))
        return false;
    uint8_t *next = buffer_reserve(&write->rows, total);
    for (uint32_t i = 0; i < rows; i++) {
        at[i] = next;
        next += lengths[i] + 1;
        *at[i]++ = 'D';
        at[i] = put_u32(at[i], lengths[i]);
        *at[i]++ = (uint8_t)(column_count >> 8);
        *at[i]++ = (uint8_t)column_count;
    }
    for (uint32_t c = 0; c < column_count; c++) {
        const Text *column = cells[c];
        for (uint32_t i = 0; i < rows; i++) {
            if (column[i].data == NULL) {
                at[i] = put_u32(at[i], UINT32_MAX);
            } else {
                at[i] = put_u32(at[i], column[i].length);
                at[i] = put_bytes(at[i], column[i].data, column[i].length);
            }
        }
    }
    write->rows.length += total;
    write->row_count += rows;
    return true;
}

static bool write_batch(WriteRowsOperator *write, const Batch *batch, Fault *fault)
{
    arena_reset(write->arena);
    Text **cells = ARENA_ARRAY(write->arena, Text *, batch->column_count + 1);
    const CopySpec *copy = write->base.spec->write_rows.copy;
    bool has_lines = copy != NULL && copy->format != COPY_BINARY; /* converted as they are made */
    for (uint32_t c = 0; c < batch->column_count; c++) {
        cells[c] = ARENA_ARRAY(write->arena, Text, batch->rows);
        if (!format_column(write, c, &batch->columns[c], cells[c], fault))
            return false;
        if (write->encoding != NULL && !has_lines &&
            !encode_column(write, c, cells[c], batch->rows, fault))
            return false;
    }
    write->base.context->counters->output_rows += batch->rows;
    if (copy != NULL) {
        write->row_count += batch->rows;
        return copy_append_rows(copy, write->encoding, (const Text *const *)cells,
                                batch->column_count, batch->rows, &write->rows, fault);
    }
    return append_rows(write, (const Text *const *)cells, batch->column_count, batch->rows, fault);
}

static bool send_rows(WriteRowsOperator *write, Fault *fault)
{
    const ResultSink *sink = write->base.context->sink;
    StageCounters *counters = write->base.context->counters;
    counters->output_bytes += write->rows.length;
    counters->output_frames++;
    bool is_sent =
        sink->write(sink->state, write->rows.data, write->rows.length, write->row_count, fault);
    buffer_reset(&write->rows);
    write->row_count = 0;
    return is_sent;
}

static Progress write_rows_next(Operator *self, Batch **batch, Fault *fault)
{
    WriteRowsOperator *write = (WriteRowsOperator *)self;
    const ResultSink *sink = self->context->sink;
    *batch = NULL;
    for (;;) {
        if (write->rows.length >= SEND_BYTES || (write->is_input_done && write->row_count != 0)) {
            if (!sink->is_ready(sink->state))
                return PROGRESS_BLOCKED;
            if (!send_rows(write, fault))
                return PROGRESS_FAILED;
        }
        if (write->is_input_done)
            return PROGRESS_DONE;
        Batch *input;
        Progress progress = operator_next(self->children[0], &input, fault);
        if (progress == PROGRESS_FAILED)
            return progress;
        if (progress == PROGRESS_DONE) {
            write->is_input_done = true;
            continue;
        }
        if (progress == PROGRESS_BATCH) {
            if (!operator_check_row_sizes(self->context->types, input, fault))
                return PROGRESS_FAILED;
            if (!write_batch(write, input, fault))
                return PROGRESS_FAILED;
            if (!operator_must_yield(self->context))
                continue;
            return PROGRESS_YIELDED;
        }
        if (write->row_count != 0 && sink->is_ready(sink->state) && !send_rows(write, fault))
            return PROGRESS_FAILED;
        return progress;
    }
}

static void write_rows_close(Operator *self)
{
    WriteRowsOperator *write = (WriteRowsOperator *)self;
    buffer_clear(&write->rows);
    buffer_clear(&write->encoded);
    arena_free(write->arena);
}

static const OperatorClass write_rows_class = {
    .name = "write rows", .next = write_rows_next, .close = write_rows_close};

Operator *write_rows_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                          Fault *fault)
{
    if (context->sink == NULL) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "a stage writes rows, but nobody takes them");
        return NULL;
    }
    if (spec->children[0]->column_count > INT16_MAX) {
        fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "a result has %u columns; %d are allowed",
                  spec->children[0]->column_count, INT16_MAX);
        return NULL;
    }
    WriteRowsOperator *write =
        operator_new(sizeof *write, &write_rows_class, spec, context, children);
    buffer_init(&write->rows);
    buffer_init(&write->encoded);
    const Settings *settings = context->types == NULL ? NULL : context->types->settings;
    const char *client = settings == NULL ? "UTF8" : settings->client_encoding;
    write->encoding = spec->write_rows.copy == NULL
                          ? pgwire_encoding_of(client)
                          : copy_encoding(spec->write_rows.copy, client);
    write->arena = arena_new("write rows");
    return &write->base;
}

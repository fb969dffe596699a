/*
 * Write segments: the rows of each partition become one segment.
 *
 * Rows arrive partition after partition (a range of time chunk and cluster keys), in any order in
 * each; inside the segment they stand in the order of `sort`. Rows that come in no order (a
 * table without time and cluster key) are cut into segments of rowsPerSegment here. The file is
 * written under a staging name; what it holds is reported, and the controller publishes it or not.
 * Files are synced while the next one is made; the stage is done when all are.
 */
#include "engine/operator/operator_internal.h"

enum { MOST_PARTITIONS = 25000 }; /* of a shuffle */

typedef struct WriteSegmentsOperator {
    Operator base;
    SegmentColumn *columns; /* stored ones */
    SegmentSchema schema;
    uint32_t range_count;
    uint32_t *range_columns; /* positions of the range dimensions in the input */
    RowStore *store;         /* of the partition at hand */
    uint32_t partition;
    uint64_t rows_per_segment; /* where the shuffle has not cut; UINT64_MAX: it has */
    uint32_t segment_number;   /* there: of the segment at hand */
    uint64_t most_rows;        /* of a partition in one segment: see find_most_rows */
    uint32_t piece;            /* of the partition at hand: one more for each segment of it */
    int64_t minimum_time, maximum_time;
    bool is_input_done;
    Batch *waiting; /* the first batch of the next partition */
    /* while a segment is being written */
    SegmentWriter *writer;
    char *path;
    RowOrder order;
    uint32_t written;
    bool are_columns_done;
    OsSyncer *syncer; /* of the segments written: synced while the next one is made */
    Arena *arena; /* of the batch */
} WriteSegmentsOperator;

/* --- taking rows in --- */

static bool take_times(WriteSegmentsOperator *write, const Batch *batch, Fault *fault)
{
    int32_t position = write->base.spec->write_segments.time_column;
    if (position < 0)
        return true;
    const Vector *times = &batch->columns[position];
    if (vector_has_nulls(times))
        return fault_set(fault, FAULT_INSERT_TIME_NULL, "null timestamp (__time) encountered");
    if (row_store_rows(write->store) == 0) {
        write->minimum_time = INT64_MAX;
        write->maximum_time = INT64_MIN;
    }
    const int64_t *values = times->data;
    uint32_t count = times->form == VECTOR_CONSTANT ? 1 : times->length;
    for (uint32_t i = 0; i < count; i++) {
        write->minimum_time = values[i] < write->minimum_time ? values[i] : write->minimum_time;
        write->maximum_time = values[i] > write->maximum_time ? values[i] : write->maximum_time;
    }
    return true;
}

static bool take_batch(WriteSegmentsOperator *write, const Batch *batch, Fault *fault)
{
    write->partition = write->base.context->partition;
    if (write->rows_per_segment != UINT64_MAX)
        write->partition = write->segment_number;
    return operator_check_row_sizes(write->base.context->types, batch, fault) &&
           take_times(write, batch, fault) && row_store_append(write->store, batch, NULL, 0, fault);
}

/* --- writing --- */

static bool begin_segment(WriteSegmentsOperator *write, Fault *fault)
{
    OperatorContext *context = write->base.context;
    const OperatorSpec *spec = write->base.spec;
    const Batch *rows = row_store_batch(write->store);
    if (!row_order_sort_ranked(&write->order, rows, spec->write_segments.sort,
                               spec->write_segments.sort_count, fault))
        return false;
    uint64_t number = write->partition + (uint64_t)write->piece * MOST_PARTITIONS;
    write->path = arena_printf(context->arena, "%.*s/%llu-%llu.segment",
                               TEXT_ARGS(spec->write_segments.staging_folder),
                               (unsigned long long)context->definition->query,
                               (unsigned long long)number);
    write->writer = segment_writer_open(write->path, &write->schema, context->budget, fault);
    write->written = 0;
    write->are_columns_done = false;
    if (write->writer == NULL)
        return false;
    segment_writer_sync_by(write->writer, write->syncer);
    return segment_writer_expect(write->writer, rows, fault);
}

static bool write_rows(WriteSegmentsOperator *write, Fault *fault)
{
    const Batch *all = row_store_batch(write->store);
    uint32_t left = all->rows - write->written;
    uint32_t count = left < BATCH_ROWS ? left : BATCH_ROWS;
    const uint32_t *rows = row_order_rows(&write->order) + write->written;
    arena_reset(write->arena);
    Batch *batch = batch_make(write->arena, write->schema.column_count, count);
    for (uint32_t c = 0; c < write->schema.column_count; c++)
        batch->columns[c] = vector_gather(write->arena, &all->columns[c], rows, count);
    write->written += count;
    return segment_writer_append(write->writer, batch, fault);
}

static int compare_keys(const WriteSegmentsOperator *write, const Batch *all, uint32_t a, uint32_t b)
{
    for (uint32_t d = 0; d < write->range_count; d++) {
        const Vector *column = &all->columns[write->range_columns[d]];
        bool null_a = vector_is_null(column, a), null_b = vector_is_null(column, b);
        if (null_a && null_b)
            continue;
        if (null_a || null_b)
            return null_a ? -1 : 1;
        int order = vector_rows_compare(column, a, column, b);
        if (order != 0)
            return order;
    }
    return 0;
}

/* The rows with the smallest and the largest range key. Where the key is one dictionary column,
 * each of its entries is compared once. */
static void find_extremes(WriteSegmentsOperator *write, const Batch *all, uint32_t *first,
                          uint32_t *last)
{
    const uint32_t *codes = NULL;
    uint8_t *is_seen = NULL;
    *first = *last = 0;
    if (write->range_count == 0)
        return;
    const Vector *column = &all->columns[write->range_columns[0]];
    if (write->range_count == 1 && column->form == VECTOR_DICTIONARY) {
        codes = column->data;
        is_seen = ARENA_ARRAY(write->arena, uint8_t, column->dictionary->count);
        memset(is_seen, 0, column->dictionary->count);
    }
    for (uint32_t row = 0; row < all->rows; row++) {
        if (codes != NULL && is_seen[codes[row]]++ != 0) {
            is_seen[codes[row]] = 1;
            continue;
        }
        if (compare_keys(write, all, row, *first) < 0)
            *first = row;
        if (compare_keys(write, all, row, *last) > 0)
            *last = row;
    }
}

/* The range dimensions of one row. */
static const Batch *range_key(WriteSegmentsOperator *write, const Batch *all, uint32_t row)
{
    Batch *key = batch_make(write->arena, write->range_count, 1);
    for (uint32_t d = 0; d < write->range_count; d++)
        key->columns[d] =
            vector_gather(write->arena, &all->columns[write->range_columns[d]], &row, 1);
    return key;
}

static bool bucket_of(const WriteSegmentsOperator *write, const Batch *all, int64_t *bucket,
                      Fault *fault)
{
    int32_t position = write->base.spec->write_segments.bucket_column;
    *bucket = INT64_MIN;
    if (position < 0)
        return true;
    const Vector *buckets = &all->columns[position];
    const int64_t *values = VECTOR_DATA(int64_t, buckets);
    bool is_other = false;
    *bucket = values[0];
    for (uint32_t i = 0; i < all->rows; i++)
        is_other |= values[vector_row(buckets, i)] != *bucket;
    if (is_other)
        return fault_set(fault, FAULT_INTERNAL_ERROR,
                         "a partition holds rows of several time chunks");
    return true;
}

static bool report(WriteSegmentsOperator *write, const SegmentSummary *summary, Fault *fault)
{
    OperatorContext *context = write->base.context;
    const Batch *all = row_store_batch(write->store);
    SegmentWritten segment = {
        .path = text_of(write->path),
        .stage = context->stage->number,
        .partition = write->partition,
        .minimum_time = write->base.spec->write_segments.time_column < 0 ? 0 : write->minimum_time,
        .maximum_time = write->base.spec->write_segments.time_column < 0 ? 0 : write->maximum_time,
        .range_dimensions = write->range_count,
        .schema = &write->schema,
        .summary = summary,
    };
    if (!bucket_of(write, all, &segment.bucket, fault))
        return false;
    uint32_t first, last;
    find_extremes(write, all, &first, &last);
    segment.first_key = range_key(write, all, first);
    segment.last_key = range_key(write, all, last);
    for (uint32_t d = 0; d < write->range_count; d++)
        segment.has_multiple_values |= segment.first_key->columns[d].layout == LAYOUT_ARRAY;
    context->counters->output_rows += all->rows;
    context->counters->output_bytes += summary->file_bytes;
    context->counters->output_frames++;
    return context->reports == NULL ||
           context->reports->segment_written(context->reports->state, &segment, fault);
}

static bool finish_segment(WriteSegmentsOperator *write, Fault *fault)
{
    SegmentSummary summary;
    arena_reset(write->arena);
    if (!segment_writer_finish(write->writer, write->arena, &summary, fault))
        return false;
    segment_writer_free(write->writer);
    write->writer = NULL;
    if (!report(write, &summary, fault))
        return false;
    row_order_clear(&write->order);
    row_store_reset(write->store);
    write->segment_number++;
    return true;
}

/* --- driving --- */

/* Writes the partition at hand a slice at a time; DONE when it is finished, but for syncing. Others
 * wait for rows that only this process's next look at its sockets will send. */
static Progress write_partition(WriteSegmentsOperator *write, Fault *fault)
{
    if (write->writer == NULL && !begin_segment(write, fault))
        return PROGRESS_FAILED;
    while (write->written < row_store_rows(write->store)) {
        if (!write_rows(write, fault))
            return PROGRESS_FAILED;
        if (operator_must_yield(write->base.context))
            return PROGRESS_YIELDED;
    }
    while (!write->are_columns_done) {
        if (!segment_writer_finish_column(write->writer, &write->are_columns_done, fault))
            return PROGRESS_FAILED;
        if (operator_must_yield(write->base.context))
            return PROGRESS_YIELDED;
    }
    return finish_segment(write, fault) ? PROGRESS_DONE : PROGRESS_FAILED;
}

static Progress write_segments_next(Operator *self, Batch **batch, Fault *fault)
{
    WriteSegmentsOperator *write = (WriteSegmentsOperator *)self;
    *batch = NULL;
    for (;;) {
        uint64_t held = row_store_rows(write->store);
        bool is_full = held >= write->rows_per_segment || held >= write->most_rows;
        bool is_complete = write->waiting != NULL || write->is_input_done || is_full;
        if (is_complete && held != 0) {
            Progress progress = write_partition(write, fault);
            if (progress != PROGRESS_DONE)
                return progress;
            write->piece = write->waiting == NULL ? write->piece + 1 : 0;
        }
        if (write->waiting != NULL) {
            if (!take_batch(write, write->waiting, fault))
                return PROGRESS_FAILED;
            write->waiting = NULL;
        }
        if (write->is_input_done)
            return os_syncer_wait(write->syncer, fault) ? PROGRESS_DONE : PROGRESS_FAILED;
        Batch *input;
        Progress progress = operator_next(self->children[0], &input, fault);
        if (progress == PROGRESS_DONE) {
            write->is_input_done = true;
            continue;
        }
        if (progress != PROGRESS_BATCH)
            return progress;
        bool is_cut =
            write->rows_per_segment == UINT64_MAX && self->context->partition != write->partition;
        if (row_store_rows(write->store) != 0 && is_cut) {
            write->waiting = input;
            continue;
        }
        if (!take_batch(write, input, fault))
            return PROGRESS_FAILED;
        if (operator_must_yield(self->context))
            return PROGRESS_YIELDED;
    }
}

static void write_segments_close(Operator *self)
{
    WriteSegmentsOperator *write = (WriteSegmentsOperator *)self;
    segment_writer_free(write->writer);
    os_syncer_free(write->syncer);
    row_order_clear(&write->order);
    row_store_free(write->store);
    arena_free(write->arena);
}

static const OperatorClass write_segments_class = {
    .name = "write segments", .next = write_segments_next, .close = write_segments_close};

/* --- building --- */

static const ShuffleSpec *shuffle_of_input(const OperatorContext *context,
                                           const OperatorSpec *child)
{
    if (child->kind != OPERATOR_INPUT)
        return NULL;
    const StageInput *input = &context->stage->inputs[child->input.index];
    if (input->kind != INPUT_STAGE)
        return NULL;
    const ShuffleSpec *shuffle = &context->definition->stages[input->stage].shuffle;
    return shuffle->kind == SHUFFLE_GLOBAL_SORT ? shuffle : NULL;
}

/* The range dimensions are the leading cluster keys: the shuffle's keys after the bucket. Without a
 * shuffle that sorts there are none, and nothing is cut yet. */
static void find_range_columns(WriteSegmentsOperator *write)
{
    const OperatorSpec *spec = write->base.spec, *child = spec->children[0];
    OperatorContext *context = write->base.context;
    const ShuffleSpec *shuffle = shuffle_of_input(context, child);
    write->range_columns =
        ARENA_ARRAY(context->arena, uint32_t, spec->write_segments.range_dimensions);
    write->rows_per_segment = UINT64_MAX;
    if (shuffle == NULL) {
        write->rows_per_segment = (uint64_t)context->types->settings->rows_per_segment;
        return;
    }
    for (uint32_t d = 0; d < spec->write_segments.range_dimensions; d++) {
        uint32_t key = shuffle->bucket_keys + d;
        uint32_t at = 0;
        if (key >= shuffle->key_count)
            return;
        while (at < child->column_count && operator_kept(child, at) != shuffle->keys[key].column)
            at++;
        if (at == child->column_count)
            return;
        write->range_columns[write->range_count++] = at;
    }
}

static void make_schema(WriteSegmentsOperator *write)
{
    const OperatorSpec *spec = write->base.spec, *child = spec->children[0];
    uint32_t count = spec->write_segments.stored_count;
    write->columns = ARENA_ARRAY(write->base.context->arena, SegmentColumn, count);
    for (uint32_t c = 0; c < count; c++)
        write->columns[c] = (SegmentColumn){
            .name = spec->write_segments.names[c],
            .type_oid = child->types[c].oid,
            .type_modifier = child->types[c].modifier,
            .layout = type_layout(child->types[c]),
        };
    write->schema = (SegmentSchema){.column_count = count, .columns = write->columns};
}

/*
 * A shuffle keeps rows of equal keys together, and without CLUSTERED BY the key is the time: many
 * rows of one instant are one partition, which nothing keeps from being several segments. What is
 * cut is cut by estimates, so that some more than what was wanted is let pass.
 */
static void find_most_rows(WriteSegmentsOperator *write)
{
    const Settings *settings = write->base.context->types->settings;
    uint64_t wanted = (uint64_t)settings->rows_per_segment;
    bool is_bounded = write->rows_per_segment == UINT64_MAX && write->range_count == 0;
    write->most_rows = is_bounded && wanted < UINT32_MAX ? wanted + wanted / 2 : UINT64_MAX;
}

Operator *write_segments_make(const OperatorSpec *spec, OperatorContext *context,
                              Operator **children, Fault *fault)
{
    (void)fault;
    const OperatorSpec *child = spec->children[0];
    WriteSegmentsOperator *write =
        operator_new(sizeof *write, &write_segments_class, spec, context, children);
    make_schema(write);
    find_range_columns(write);
    find_most_rows(write);
    write->store = row_store_new(context->budget, child->column_count,
                                 operator_layouts(context, child->types, child->column_count));
    row_order_init(&write->order, context->budget);
    write->syncer = os_syncer_new();
    write->arena = arena_new("write segments");
    return &write->base;
}

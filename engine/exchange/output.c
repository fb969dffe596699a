/*
 * The output of a stage: rows go to partitions, partitions wait in chunks until every channel that
 * reads them has taken them. A chunk is shared by the channels of its partition.
 */
#include "engine/exchange/exchange_internal.h"

#include <stdlib.h>

/* --- partitions and channels --- */

static bool is_read_by(const Reader *reader, uint32_t partition, uint32_t consumer)
{
    return reader->read == READ_ALL || partition % reader->workers == consumer;
}

static void make_channels(StageOutput *output)
{
    uint32_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1) {
            output->channels = calloc(count + 1u, sizeof *output->channels);
            check(output->channels != NULL);
        }
        count = 0;
        for (uint32_t p = 0; p < output->partition_count; p++) {
            output->partitions[p].channel_first = count;
            for (uint32_t r = 0; r < output->reader_count; r++)
                for (uint32_t w = 0; w < output->readers[r].workers; w++) {
                    if (!is_read_by(&output->readers[r], p, w))
                        continue;
                    if (pass == 1)
                        output->channels[count] =
                            (OutChannel){.reader = r, .partition = p, .consumer = w};
                    count++;
                }
            output->partitions[p].channel_count = count - output->partitions[p].channel_first;
        }
    }
    output->channel_count = count;
}

bool output_make_partitions(StageOutput *output, uint32_t count, Fault *fault)
{
    (void)fault;
    output->partitions = calloc(count + 1u, sizeof *output->partitions);
    check(output->partitions != NULL);
    output->partition_count = count;
    output->has_partitions = true;
    make_channels(output);
    return true;
}

static uint32_t known_partitions(const ShuffleSpec *shuffle)
{
    switch (shuffle->kind) {
    case SHUFFLE_HASH:
        return shuffle->partitions == 0 ? 1 : shuffle->partitions;
    case SHUFFLE_GLOBAL_SORT:
        return shuffle->partitions == 1 ? 1 : 0;
    case SHUFFLE_NONE:
    case SHUFFLE_MIX:
    case SHUFFLE_BROADCAST:
        return 1;
    }
    return 1;
}

/* Buckets are numbers: time chunks. */
static bool can_be_unordered(const StageOutput *output)
{
    const ShuffleSpec *shuffle = &output->stage->shuffle;
    return shuffle->is_unordered && (shuffle->bucket_keys == 0 ||
                                     output->layouts[shuffle->keys[0].column] == LAYOUT_INT64);
}

StageOutput *output_new(Exchange *exchange, uint32_t stage)
{
    const StageDefinition *definition = &exchange->definition->stages[stage];
    StageOutput *output = calloc(1, sizeof *output);
    check(output != NULL);
    output->exchange = exchange;
    output->stage = definition;
    output->readers = exchange_readers(exchange, stage, &output->reader_count);
    output->layouts = exchange_layouts(exchange, definition);
    output->is_sorted = definition->shuffle.kind == SHUFFLE_GLOBAL_SORT;
    output->counters = &exchange->counters[stage];
    output->scratch = arena_new("exchange output");
    row_order_init(&output->order, exchange->budget);
    output->is_unordered = output->is_sorted && can_be_unordered(output);
    if (output->is_sorted)
        output->sorted =
            row_store_new(exchange->budget, definition->root->column_count, output->layouts);
    uint32_t count = known_partitions(&definition->shuffle);
    if (count != 0)
        output_make_partitions(output, count, NULL);
    return output;
}

OutChannel *output_channel(StageOutput *output, uint32_t reader, uint32_t partition,
                           uint32_t consumer)
{
    if (partition >= output->partition_count)
        return NULL;
    const OutPartition *place = &output->partitions[partition];
    for (uint32_t i = 0; i < place->channel_count; i++) {
        OutChannel *channel = &output->channels[place->channel_first + i];
        if (channel->reader == reader && channel->consumer == consumer)
            return channel;
    }
    return NULL;
}

/* --- chunks --- */

static void chunk_release(Chunk *chunk)
{
    if (chunk == NULL || --chunk->references != 0)
        return;
    row_store_free(chunk->store);
    free(chunk);
}

static void partition_clear(OutPartition *partition)
{
    row_store_free(partition->builder);
    for (uint32_t i = 0; i < partition->count; i++)
        chunk_release(partition->chunks[i]);
    free(partition->chunks);
}

void output_free(StageOutput *output)
{
    for (uint32_t c = 0; c < output->channel_count; c++) {
        chunk_release(output->channels[c].held);
        arena_free(output->channels[c].arena);
    }
    for (uint32_t p = 0; p < output->partition_count; p++)
        partition_clear(&output->partitions[p]);
    row_order_clear(&output->order);
    grow_array_free(&output->bucket_numbers, output->exchange->budget);
    row_store_free(output->sorted);
    arena_free(output->scratch);
    arena_free(output->statistics_arena);
    free(output->partitions);
    free(output->channels);
    free(output);
}

static bool is_wanted(const StageOutput *output, const OutPartition *partition)
{
    for (uint32_t i = 0; i < partition->channel_count; i++)
        if (!output->channels[partition->channel_first + i].is_stopped)
            return true;
    return false;
}

/* Drops the chunks that every channel of the partition has taken. */
static void trim(StageOutput *output, OutPartition *partition)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < partition->channel_count; i++) {
        const OutChannel *channel = &output->channels[partition->channel_first + i];
        if (!channel->is_stopped && channel->position < least)
            least = channel->position;
    }
    uint32_t gone = 0;
    if (partition->count == 0)
        return;
    while (gone < partition->count && partition->first + gone < least) {
        output->queued_bytes -= partition->chunks[gone]->bytes;
        chunk_release(partition->chunks[gone++]);
    }
    partition->count -= gone;
    partition->first += gone;
    memmove(partition->chunks, partition->chunks + gone,
            partition->count * sizeof *partition->chunks);
}

/* The rows built so far become a chunk. */
static bool flush(StageOutput *output, OutPartition *partition, Fault *fault)
{
    if (partition->builder == NULL || row_store_rows(partition->builder) == 0)
        return true;
    if (!row_store_settle(partition->builder, fault))
        return false;
    if (partition->count == partition->capacity) {
        partition->capacity = partition->capacity == 0 ? 8 : partition->capacity * 2;
        partition->chunks =
            realloc(partition->chunks, partition->capacity * sizeof *partition->chunks);
        check(partition->chunks != NULL);
    }
    Chunk *chunk = calloc(1, sizeof *chunk);
    check(chunk != NULL);
    *chunk = (Chunk){
        .store = partition->builder, .references = 1, .bytes = row_store_bytes(partition->builder)};
    partition->builder = NULL;
    partition->chunks[partition->count++] = chunk;
    output->is_chunk_new = true;
    output->queued_bytes += chunk->bytes;
    return true;
}

/* --- writing --- */

static RowStore *builder_new(const StageOutput *output, uint32_t columns)
{
    const Exchange *exchange = output->exchange;
    bool is_sharing = exchange->segments != NULL && segment_cache_is_roomy(exchange->segments);
    return is_sharing ? row_store_new_sharing(exchange->budget, columns, output->layouts)
                      : row_store_new_loose(exchange->budget, columns, output->layouts);
}

static bool append(StageOutput *output, OutPartition *partition, const Batch *batch,
                   const uint32_t *rows, uint32_t count, Fault *fault)
{
    if (!is_wanted(output, partition))
        return true;
    if (partition->builder != NULL && row_store_rows(partition->builder) >= CHUNK_ROWS_SHARED &&
        !row_store_is_sharing_with(partition->builder, batch) &&
        !flush(output, partition, fault))
        return false;
    if (partition->builder == NULL)
        partition->builder = builder_new(output, batch->column_count);
    if (!row_store_append(partition->builder, batch, rows, count, fault))
        return false;
    partition->rows += rows == NULL ? batch->rows : count;
    if (row_store_rows(partition->builder) >= CHUNK_ROWS ||
        row_store_bytes(partition->builder) >= CHUNK_BYTES)
        return flush(output, partition, fault);
    return true;
}

/* The partition is the hash's upper half scaled down: no division, and other bits than those that
 * hash tables use. */
static bool scatter(StageOutput *output, const Batch *batch, Fault *fault)
{
    const ShuffleSpec *shuffle = &output->stage->shuffle;
    uint32_t partitions = output->partition_count;
    arena_reset(output->scratch);
    uint64_t *hashes = ARENA_ARRAY(output->scratch, uint64_t, batch->rows);
    memset(hashes, 0, batch->rows * sizeof *hashes);
    for (uint32_t k = 0; k < shuffle->key_count; k++)
        vector_hash(&batch->columns[shuffle->keys[k].column], hashes, k != 0);
    uint32_t *starts = ARENA_ARRAY(output->scratch, uint32_t, partitions + 1);
    uint32_t *targets = ARENA_ARRAY(output->scratch, uint32_t, batch->rows);
    uint32_t *rows = ARENA_ARRAY(output->scratch, uint32_t, batch->rows);
    memset(starts, 0, (partitions + 1) * sizeof *starts);
    for (uint32_t i = 0; i < batch->rows; i++) {
        targets[i] = (uint32_t)(((hashes[i] >> 32) * partitions) >> 32);
        starts[targets[i]]++;
    }
    uint32_t sum = 0;
    for (uint32_t p = 0; p <= partitions; p++) {
        uint32_t here = p == partitions ? 0 : starts[p];
        starts[p] = sum;
        sum += here;
    }
    for (uint32_t i = 0; i < batch->rows; i++)
        rows[starts[targets[i]]++] = i;
    for (uint32_t p = 0; p < partitions; p++) {
        uint32_t start = p == 0 ? 0 : starts[p - 1];
        if (starts[p] != start &&
            !append(output, &output->partitions[p], batch, rows + start, starts[p] - start, fault))
            return false;
    }
    return true;
}

bool output_write(StageOutput *output, const Batch *batch, Fault *fault)
{
    check(!output->is_finished);
    output->rows += batch->rows;
    output->counters->output_rows += batch->rows;
    if (batch->rows == 0)
        return true;
    if (output->is_sorted)
        return row_store_append(output->sorted, batch, NULL, 0, fault);
    if (output->stage->shuffle.kind == SHUFFLE_HASH && output->partition_count > 1)
        return scatter(output, batch, fault);
    return append(output, &output->partitions[0], batch, NULL, 0, fault);
}

bool output_is_full(const StageOutput *output)
{
    return !output->is_sorted && output->reader_count == 1 && output->queued_bytes >= QUEUE_BYTES;
}

bool output_finish(StageOutput *output, Fault *fault)
{
    output->is_finished = true;
    if (!output->is_sorted) {
        for (uint32_t p = 0; p < output->partition_count; p++)
            if (!flush(output, &output->partitions[p], fault))
                return false;
        return true;
    }
    const ShuffleSpec *shuffle = &output->stage->shuffle;
    if (output->is_unordered
            ? !ranges_finish(output, fault)
            : !row_order_sort_ranked(&output->order, row_store_batch(output->sorted), shuffle->keys,
                                     shuffle->key_count, fault))
        return false;
    if (output->has_partitions) {
        output->partitions[0].row_end = output->order.rows;
        output->partitions[0].rows = output->order.rows;
        return true;
    }
    return output->is_unordered || sorted_statistics(output, fault);
}

/* --- reading --- */

static ExchangeStatus queued_next(StageOutput *output, OutChannel *channel, const Batch **batch)
{
    OutPartition *partition = &output->partitions[channel->partition];
    chunk_release(channel->held);
    channel->held = NULL;
    if (channel->position == partition->first + partition->count)
        return output->is_finished ? EXCHANGE_DONE : EXCHANGE_BLOCKED;
    Chunk *chunk = partition->chunks[channel->position - partition->first];
    chunk->references++;
    channel->held = chunk;
    channel->position++;
    *batch = row_store_batch(chunk->store);
    trim(output, partition);
    return EXCHANGE_BATCH;
}

ExchangeStatus output_next(StageOutput *output, OutChannel *channel, const Batch **batch,
                           Fault *fault)
{
    (void)fault;
    if (channel->is_stopped)
        return EXCHANGE_DONE;
    ExchangeStatus status = output->is_sorted ? sorted_next(output, channel, batch)
                                              : queued_next(output, channel, batch);
    if (status == EXCHANGE_DONE)
        output_stop(output, channel);
    if (status == EXCHANGE_BATCH)
        output->counters->output_frames++;
    return status;
}

void output_stop(StageOutput *output, OutChannel *channel)
{
    if (channel->is_stopped)
        return; /* the reader's stop and the end of the rows may cross on their way */
    channel->is_stopped = true;
    chunk_release(channel->held);
    channel->held = NULL;
    arena_free(channel->arena);
    channel->arena = NULL;
    OutPartition *partition = &output->partitions[channel->partition];
    trim(output, partition);
    if (!is_wanted(output, partition)) {
        row_store_free(partition->builder);
        partition->builder = NULL;
    }
    /* What was sorted is held until the last channel has gone through it. */
    if (output->is_sorted && output->is_finished && output_is_drained(output)) {
        row_store_reset(output->sorted);
        row_store_free(output->sorted);
        output->sorted = NULL;
        row_order_clear(&output->order);
    }
}

bool output_is_drained(const StageOutput *output)
{
    return output->is_finished && output_is_unwanted(output);
}

bool output_is_unwanted(const StageOutput *output)
{
    if (!output->has_partitions)
        return false;
    for (uint32_t c = 0; c < output->channel_count; c++)
        if (!output->channels[c].is_stopped)
            return false;
    return true;
}

/* --- sending --- */

static void begin_frame(FrameWriter *writer, Link *link, FrameKind kind, const StageOutput *output,
                        const OutChannel *channel)
{
    frame_begin(writer, link_out(link), kind);
    frame_put_uint(writer, "query", output->exchange->definition->query);
    frame_put_uint(writer, "stage", output->stage->number);
    frame_put_uint(writer, "reader", channel->reader);
    frame_put_uint(writer, "partition", channel->partition);
    frame_put_uint(writer, "producer", output->exchange->worker);
}

static void send_batch(StageOutput *output, OutChannel *channel, const Batch *batch)
{
    size_t before = link_out(channel->link)->length;
    FrameWriter writer;
    begin_frame(&writer, channel->link, FRAME_CHANNEL_DATA, output, channel);
    frame_put_uint(&writer, "rows", batch->rows);
    frame_end_with_references(&writer, batch);
    size_t bytes = link_out(channel->link)->length - before;
    channel->credit -= (int64_t)bytes;
    output->counters->output_bytes += bytes;
}

bool output_pump_channel(StageOutput *output, OutChannel *channel, bool *moved, Fault *fault)
{
    while (channel->link != NULL && !channel->is_stopped && channel->credit > 0 &&
           link_unsent(channel->link) < LINK_UNSENT) {
        const Batch *batch;
        Link *link = channel->link;
        ExchangeStatus status = output_next(output, channel, &batch, fault);
        if (status == EXCHANGE_BLOCKED)
            return true;
        if (status == EXCHANGE_FAILED)
            return false;
        *moved = true;
        if (status == EXCHANGE_BATCH) {
            send_batch(output, channel, batch);
            continue;
        }
        FrameWriter writer;
        begin_frame(&writer, link, FRAME_CHANNEL_END, output, channel);
        frame_end(&writer);
    }
    return true;
}

bool output_pump(StageOutput *output, bool *moved, Fault *fault)
{
    *moved = false;
    output->is_chunk_new = false;
    for (uint32_t c = 0; c < output->channel_count; c++)
        if (output->channels[c].is_open &&
            !output_pump_channel(output, &output->channels[c], moved, fault))
            return false;
    return true;
}

/*
 * Reading an earlier stage: channels to all its producers, for all partitions of this worker at
 * once, or, where partitions must be kept apart or their order matters, for one after the other.
 */
#include "engine/exchange/exchange_internal.h"

#include <stdlib.h>

StageInflow *inflow_new(Exchange *exchange, uint32_t stage, uint32_t input, bool keeps_partitions)
{
    const StageDefinition *consumer = &exchange->definition->stages[stage];
    const StageInput *spec = &consumer->inputs[input];
    StageInflow *inflow = calloc(1, sizeof *inflow);
    check(inflow != NULL);
    inflow->exchange = exchange;
    inflow->producer = &exchange->definition->stages[spec->stage];
    inflow->input = spec;
    inflow->consumer_stage = stage;
    inflow->input_index = input;
    inflow->consumers = consumer->worker_count;
    inflow->producers = inflow->producer->worker_count;
    inflow->is_merge = spec->is_sorted_merge;
    inflow->keeps_partitions = keeps_partitions || spec->is_sorted_merge;
    inflow->opens_ahead = keeps_partitions && !spec->is_sorted_merge;
    uint32_t reader_count;
    const Reader *readers = exchange_readers(exchange, spec->stage, &reader_count);
    while (inflow->reader < reader_count &&
           (readers[inflow->reader].stage != stage || readers[inflow->reader].input != input))
        inflow->reader++;
    const ShuffleSpec *shuffle = &inflow->producer->shuffle;
    bool by_statistics = shuffle->kind == SHUFFLE_GLOBAL_SORT && shuffle->partitions != 1;
    if (!by_statistics)
        inflow_set_partitions(inflow, shuffle->kind == SHUFFLE_HASH && shuffle->partitions != 0
                                          ? shuffle->partitions
                                          : 1);
    if (inflow->is_merge)
        inflow->merge = merge_new(inflow);
    if (exchange->inflow_count == exchange->inflow_capacity) {
        exchange->inflow_capacity =
            exchange->inflow_capacity == 0 ? 4 : exchange->inflow_capacity * 2;
        StageInflow **grown =
            ARENA_ARRAY(exchange->arena, StageInflow *, exchange->inflow_capacity);
        if (exchange->inflow_count != 0)
            memcpy(grown, exchange->inflows, exchange->inflow_count * sizeof *grown);
        exchange->inflows = grown;
    }
    exchange->inflows[exchange->inflow_count++] = inflow;
    return inflow;
}

void inflow_set_partitions(StageInflow *inflow, uint32_t count)
{
    inflow->partition_count = count;
    inflow->has_partitions = true;
    if (inflow->is_stopped && !inflow->is_started) {
        inflow->is_stopped = false;
        inflow_stop(inflow);
    }
}

/* --- received frames --- */

static void received_free(StageInflow *inflow, Received *received)
{
    if (received == NULL)
        return;
    if (inflow->exchange->budget != NULL)
        budget_release(inflow->exchange->budget, received->length);
    link_body_free(received->body);
    free(received);
}

static void channel_clear(StageInflow *inflow, InChannel *channel)
{
    received_free(inflow, channel->current);
    channel->current = NULL;
    while (channel->first != NULL) {
        Received *next = channel->first->next;
        received_free(inflow, channel->first);
        channel->first = next;
    }
    channel->last = &channel->first;
    shared_dictionaries_release(channel);
    arena_free(channel->arena);
    channel->arena = NULL;
}

static void channels_clear(StageInflow *inflow)
{
    for (uint32_t c = 0; c < inflow->channel_count; c++)
        channel_clear(inflow, &inflow->channels[c]);
    free(inflow->channels);
    inflow->channels = NULL;
    inflow->channel_count = 0;
}

static void ahead_clear(StageInflow *inflow)
{
    for (uint32_t c = 0; c < inflow->ahead_count; c++)
        channel_clear(inflow, &inflow->ahead[c]);
    free(inflow->ahead);
    inflow->ahead = NULL;
    inflow->ahead_count = 0;
}

void inflow_free(StageInflow *inflow)
{
    merge_free(inflow->merge);
    channels_clear(inflow);
    ahead_clear(inflow);
    free(inflow);
}

static InChannel *find_channel(StageInflow *inflow, const Frame *frame)
{
    uint64_t partition = frame_uint(frame, "partition", UINT64_MAX);
    uint64_t producer = frame_uint(frame, "producer", UINT64_MAX);
    for (uint32_t c = 0; c < inflow->channel_count; c++)
        if (inflow->channels[c].partition == partition && inflow->channels[c].producer == producer)
            return &inflow->channels[c];
    for (uint32_t c = 0; c < inflow->ahead_count; c++)
        if (inflow->ahead[c].partition == partition && inflow->ahead[c].producer == producer)
            return &inflow->ahead[c];
    return NULL;
}

/* What was stopped may still be on its way. */
static bool stray(const StageInflow *inflow, Fault *fault)
{
    return inflow->is_stopped || inflow->is_done ||
           fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                     "a worker sent rows for a channel that is not open");
}

bool inflow_receive(StageInflow *inflow, Link *link, const Frame *frame, Fault *fault)
{
    InChannel *channel = find_channel(inflow, frame);
    if (channel == NULL || channel->is_ended || inflow->is_stopped)
        return stray(inflow, fault);
    LinkBody *body = link_take(link);
    if (body == NULL)
        return fault_set(fault, FAULT_INTERNAL_ERROR,
                         "rows came on a link that did not bring them");
    if (inflow->exchange->budget != NULL &&
        !budget_reserve(inflow->exchange->budget, frame->body_length, fault)) {
        link_body_free(body);
        return false;
    }
    Received *received = calloc(1, sizeof *received);
    check(received != NULL);
    *received = (Received){.body = body, .data = frame->body, .length = frame->body_length};
    *channel->last = received;
    channel->last = &received->next;
    inflow->exchange->counters[inflow->consumer_stage].input_bytes += frame->body_length;
    return true;
}

bool inflow_ended(StageInflow *inflow, const Frame *frame, Fault *fault)
{
    InChannel *channel = find_channel(inflow, frame);
    if (channel == NULL || inflow->is_stopped)
        return stray(inflow, fault);
    if (frame_fault(frame, "fault", fault))
        return false;
    channel->is_ended = true;
    return true;
}

/* --- opening --- */

static void begin_frame(FrameWriter *writer, const StageInflow *inflow, const InChannel *channel,
                        FrameKind kind)
{
    frame_begin(writer, link_out(channel->link), kind);
    frame_put_uint(writer, "query", inflow->exchange->definition->query);
    frame_put_uint(writer, "stage", inflow->producer->number);
    frame_put_uint(writer, "reader", inflow->reader);
    frame_put_uint(writer, "partition", channel->partition);
    frame_put_uint(writer, "consumer", inflow->exchange->worker);
}

static bool channel_open(StageInflow *inflow, InChannel *channel, uint32_t partition,
                         uint32_t producer, Fault *fault)
{
    Exchange *exchange = inflow->exchange;
    *channel = (InChannel){.exchange = exchange, .partition = partition, .producer = producer};
    channel->last = &channel->first;
    if (producer == exchange->worker) {
        channel->local = exchange->outputs[inflow->producer->number];
        if (channel->local == NULL)
            return fault_set(fault, FAULT_INTERNAL_ERROR, "a stage reads one that does not run");
        channel->is_opened = true;
        return true;
    }
    if (exchange->network == NULL)
        return fault_set(fault, FAULT_INTERNAL_ERROR,
                         "a stage has a producer that cannot be reached");
    channel->link = exchange->network->link_to(exchange->network->state, producer, fault);
    if (channel->link == NULL)
        return false;
    channel->is_opened = true;
    FrameWriter writer;
    begin_frame(&writer, inflow, channel, FRAME_CHANNEL_OPEN);
    frame_put_int(&writer, "credit", (int64_t)inflow->window);
    frame_end(&writer);
    return true;
}

/* The channels of `partitions` partitions from `first` on; *opened counts those that are open. */
static InChannel *open_partitions(StageInflow *inflow, uint32_t first, uint32_t step,
                                  uint32_t partitions, uint32_t *opened, Fault *fault)
{
    uint32_t total = partitions * inflow->producers;
    InChannel *channels = calloc((size_t)total + 1, sizeof *channels);
    check(channels != NULL);
    inflow->window = total == 0 ? 0 : WINDOW_TOTAL / total;
    if (inflow->window < WINDOW_LEAST)
        inflow->window = WINDOW_LEAST;
    size_t most = inflow->opens_ahead ? WINDOW_AHEAD : WINDOW_MOST;
    if (inflow->window > most)
        inflow->window = most;
    *opened = 0;
    for (uint32_t p = 0; p < partitions; p++)
        for (uint32_t w = 0; w < inflow->producers; w++) {
            if (!channel_open(inflow, &channels[*opened], first + p * step, w, fault))
                return channels;
            ++*opened;
        }
    return channels;
}

static bool open_ahead(StageInflow *inflow, uint32_t partition, uint32_t step, Fault *fault)
{
    if (!inflow->opens_ahead || partition >= inflow->partition_count ||
        inflow->partition_count - partition <= step)
        return true;
    inflow->ahead_partition = partition + step;
    inflow->ahead =
        open_partitions(inflow, inflow->ahead_partition, step, 1, &inflow->ahead_count, fault);
    return inflow->ahead_count == inflow->producers;
}

/* Partitions of this worker from `first` on: all of them, or only the first. */
static bool channels_open(StageInflow *inflow, uint32_t first, uint32_t step, bool only_one,
                          Fault *fault)
{
    channels_clear(inflow);
    if (inflow->ahead != NULL && inflow->ahead_partition == first) {
        inflow->channels = inflow->ahead;
        inflow->channel_count = inflow->ahead_count;
        inflow->ahead = NULL;
        inflow->ahead_count = 0;
        return open_ahead(inflow, first, step, fault);
    }
    uint32_t partitions = 0;
    for (uint32_t p = first; p < inflow->partition_count && !(only_one && partitions == 1);
         p += step)
        partitions++;
    inflow->channels =
        open_partitions(inflow, first, step, partitions, &inflow->channel_count, fault);
    return inflow->channel_count == partitions * inflow->producers &&
           open_ahead(inflow, first, step, fault);
}

/* --- reading a channel --- */

static void grant(StageInflow *inflow, InChannel *channel, size_t bytes)
{
    channel->to_grant += bytes;
    if (channel->is_ended || channel->to_grant < inflow->window / 2 || channel->link == NULL)
        return;
    FrameWriter writer;
    begin_frame(&writer, inflow, channel, FRAME_CHANNEL_CREDIT);
    frame_put_int(&writer, "bytes", (int64_t)channel->to_grant);
    frame_end(&writer);
    channel->to_grant = 0;
}

static ExchangeStatus local_next(StageInflow *inflow, InChannel *channel, Batch **batch,
                                 Fault *fault)
{
    if (!channel->local->has_partitions)
        return EXCHANGE_BLOCKED;
    if (channel->local_channel == NULL) {
        channel->local_channel = output_channel(channel->local, inflow->reader, channel->partition,
                                                inflow->exchange->worker);
        if (channel->local_channel == NULL) {
            fault_set(fault, FAULT_INTERNAL_ERROR, "a stage reads a partition that does not exist");
            return EXCHANGE_FAILED;
        }
    }
    const Batch *given;
    ExchangeStatus status = output_next(channel->local, channel->local_channel, &given, fault);
    if (status == EXCHANGE_BATCH)
        *batch = (Batch *)(uintptr_t)given; /* nobody writes to published batches */
    return status;
}

static ExchangeStatus remote_next(StageInflow *inflow, InChannel *channel, Batch **batch,
                                  Fault *fault)
{
    if (channel->current != NULL) {
        size_t bytes = channel->current->length;
        shared_dictionaries_release(channel);
        received_free(inflow, channel->current);
        channel->current = NULL;
        grant(inflow, channel, bytes);
    }
    if (channel->first == NULL)
        return channel->is_ended ? EXCHANGE_DONE : EXCHANGE_BLOCKED;
    channel->current = channel->first;
    channel->first = channel->first->next;
    if (channel->first == NULL)
        channel->last = &channel->first;
    if (channel->arena == NULL)
        channel->arena = arena_new("exchange channel");
    arena_reset(channel->arena);
    Frame frame;
    const DictionaryFinder finder = {.find = shared_dictionary_find, .state = channel};
    if (!frame_read(channel->current->data, channel->current->length, &frame, fault) ||
        !frame_read_references(&frame, channel->arena, &finder, batch, fault))
        return EXCHANGE_FAILED;
    const StageDefinition *producer = inflow->producer;
    bool fits = (*batch)->column_count == producer->root->column_count;
    for (uint32_t c = 0; fits && c < (*batch)->column_count; c++)
        fits = (*batch)->columns[c].layout == type_layout(producer->root->types[c]);
    if (!fits) {
        fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                  "a worker sent rows of another shape than its stage has");
        return EXCHANGE_FAILED;
    }
    return EXCHANGE_BATCH;
}

ExchangeStatus in_channel_next(StageInflow *inflow, InChannel *channel, Batch **batch, Fault *fault)
{
    if (channel->is_done)
        return EXCHANGE_DONE;
    ExchangeStatus status;
    do {
        status = channel->local != NULL ? local_next(inflow, channel, batch, fault)
                                        : remote_next(inflow, channel, batch, fault);
    } while (status == EXCHANGE_BATCH && (*batch)->rows == 0);
    if (status == EXCHANGE_DONE) {
        channel->is_done = true;
        channel_clear(inflow, channel);
    }
    return status;
}

/* --- reading all --- */

static bool is_one_by_one(const StageInflow *inflow)
{
    return inflow->keeps_partitions;
}

static uint32_t step_of(const StageInflow *inflow)
{
    return inflow->input->read == READ_ALL ? 1 : inflow->consumers;
}

static bool start(StageInflow *inflow, Fault *fault)
{
    inflow->is_started = true;
    inflow->partition = inflow->input->read == READ_ALL ? 0 : inflow->exchange->worker;
    if (!channels_open(inflow, inflow->partition, step_of(inflow), is_one_by_one(inflow), fault))
        return false;
    if (inflow->merge != NULL)
        merge_begin(inflow->merge);
    return true;
}

/* All channels were read to their end. */
static bool next_partition(StageInflow *inflow, Fault *fault)
{
    uint32_t step = step_of(inflow);
    if (!is_one_by_one(inflow) || inflow->partition_count - inflow->partition <= step ||
        inflow->partition >= inflow->partition_count) {
        inflow->is_done = true;
        return true;
    }
    inflow->partition += step;
    if (!channels_open(inflow, inflow->partition, step, true, fault))
        return false;
    if (inflow->merge != NULL)
        merge_begin(inflow->merge);
    return true;
}

/* Whichever channel has something, taking turns. */
static ExchangeStatus any_next(StageInflow *inflow, Batch **batch, uint32_t *partition,
                               Fault *fault)
{
    bool is_blocked = false;
    for (uint32_t tried = 0; tried < inflow->channel_count; tried++) {
        InChannel *channel = &inflow->channels[inflow->turn % inflow->channel_count];
        inflow->turn++;
        ExchangeStatus status = in_channel_next(inflow, channel, batch, fault);
        *partition = channel->partition;
        if (status == EXCHANGE_BATCH || status == EXCHANGE_FAILED)
            return status;
        is_blocked |= status == EXCHANGE_BLOCKED;
    }
    return is_blocked ? EXCHANGE_BLOCKED : EXCHANGE_DONE;
}

ExchangeStatus inflow_next(StageInflow *inflow, Batch **batch, uint32_t *partition, Fault *fault)
{
    if (!inflow->has_partitions)
        return EXCHANGE_BLOCKED;
    if (!inflow->is_started && !start(inflow, fault))
        return EXCHANGE_FAILED;
    while (!inflow->is_done && !inflow->is_stopped) {
        *partition = inflow->partition;
        ExchangeStatus status = inflow->merge != NULL ? merge_next(inflow->merge, batch, fault)
                                                      : any_next(inflow, batch, partition, fault);
        if (status != EXCHANGE_DONE)
            return status;
        if (!next_partition(inflow, fault))
            return EXCHANGE_FAILED;
    }
    return EXCHANGE_DONE;
}

/* --- stopping --- */

static void stop_remote(StageInflow *inflow, InChannel *channel)
{
    if (channel->link == NULL || channel->is_ended)
        return;
    FrameWriter writer;
    begin_frame(&writer, inflow, channel, FRAME_CHANNEL_CREDIT);
    frame_put_int(&writer, "bytes", 0);
    frame_put_bool(&writer, "stop", true);
    frame_end(&writer);
}

static void stop_channels(StageInflow *inflow)
{
    for (uint32_t c = 0; c < inflow->channel_count; c++) {
        InChannel *channel = &inflow->channels[c];
        if (channel->is_done)
            continue;
        if (channel->local == NULL) {
            stop_remote(inflow, channel);
            continue;
        }
        if (channel->local_channel == NULL && channel->local->has_partitions)
            channel->local_channel = output_channel(channel->local, inflow->reader,
                                                    channel->partition, inflow->exchange->worker);
        if (channel->local_channel != NULL && !channel->local_channel->is_stopped)
            output_stop(channel->local, channel->local_channel);
    }
}

/* Every partition must be told, also those whose turn has not come; a producer that does not hear
 * of it would wait for ever. Where that fails the link is broken, and its owner hears of it. */
void inflow_stop(StageInflow *inflow)
{
    if (inflow->is_stopped || inflow->is_done)
        return;
    Fault ignored;
    if (inflow->has_partitions && !inflow->is_started && !start(inflow, &ignored)) {
        inflow->is_stopped = true;
        return;
    }
    while (inflow->is_started && !inflow->is_done) {
        stop_channels(inflow);
        if (!is_one_by_one(inflow) || !next_partition(inflow, &ignored))
            break;
    }
    inflow->is_stopped = true;
    channels_clear(inflow);
}

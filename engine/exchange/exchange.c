/*
 * The exchange of a query: its outputs and inflows, and the frames that reach them.
 */
#include "engine/exchange/exchange.h"

#include "engine/exchange/exchange_internal.h"

#include <stdlib.h>

typedef struct EarlyOpen {
    Link *link;
    uint32_t stage, reader, partition, consumer;
    int64_t credit;
    bool is_stopped;
    struct EarlyOpen *next;
} EarlyOpen;

/* --- readers --- */

static void find_readers(Exchange *exchange, uint32_t stage)
{
    const QueryDefinition *definition = exchange->definition;
    uint32_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1)
            exchange->readers[stage] = ARENA_ARRAY(exchange->arena, Reader, count);
        count = 0;
        for (uint32_t s = 0; s < definition->stage_count; s++)
            for (uint32_t i = 0; i < definition->stages[s].input_count; i++) {
                const StageInput *input = &definition->stages[s].inputs[i];
                if (input->kind != INPUT_STAGE || input->stage != stage)
                    continue;
                if (pass == 1)
                    exchange->readers[stage][count] =
                        (Reader){.stage = s,
                                 .input = i,
                                 .workers = definition->stages[s].worker_count,
                                 .read = input->read};
                count++;
            }
    }
    exchange->reader_counts[stage] = count;
}

const Reader *exchange_readers(Exchange *exchange, uint32_t stage, uint32_t *count)
{
    *count = exchange->reader_counts[stage];
    return exchange->readers[stage];
}

Layout *exchange_layouts(Exchange *exchange, const StageDefinition *stage)
{
    uint32_t count = stage->root->column_count;
    Layout *layouts = ARENA_ARRAY(exchange->arena, Layout, count);
    for (uint32_t c = 0; c < count; c++)
        layouts[c] = type_layout(stage->root->types[c]);
    return layouts;
}

/* --- birth and death --- */

Exchange *exchange_new(const ExchangeOptions *options)
{
    Arena *arena = options->arena;
    Exchange *exchange = ARENA_NEW(arena, Exchange);
    *exchange = (Exchange){.definition = options->definition,
                           .worker = options->worker,
                           .budget = options->budget,
                           .network = options->network,
                           .counters = options->counters,
                           .segments = options->segments,
                           .arena = arena};
    uint32_t stages = options->definition->stage_count;
    exchange->outputs = arena_zalloc(arena, stages * sizeof *exchange->outputs);
    exchange->readers = arena_zalloc(arena, stages * sizeof *exchange->readers);
    exchange->reader_counts = arena_zalloc(arena, stages * sizeof *exchange->reader_counts);
    for (uint32_t s = 0; s < stages; s++) {
        const StageDefinition *stage = &options->definition->stages[s];
        find_readers(exchange, s);
        if (stage->shuffle.kind != SHUFFLE_NONE && exchange->worker < stage->worker_count)
            exchange->outputs[s] = output_new(exchange, s);
    }
    return exchange;
}

void exchange_free(Exchange *exchange)
{
    if (exchange == NULL)
        return;
    for (uint32_t i = 0; i < exchange->inflow_count; i++)
        inflow_free(exchange->inflows[i]);
    for (uint32_t s = 0; s < exchange->definition->stage_count; s++)
        if (exchange->outputs[s] != NULL)
            output_free(exchange->outputs[s]);
}

/* --- the reading side --- */

static Progress source_next(void *state, Batch **batch, uint32_t *partition, Fault *fault)
{
    switch (inflow_next(state, batch, partition, fault)) {
    case EXCHANGE_BATCH:
        return PROGRESS_BATCH;
    case EXCHANGE_BLOCKED:
        return PROGRESS_BLOCKED;
    case EXCHANGE_DONE:
        return PROGRESS_DONE;
    case EXCHANGE_FAILED:
        break;
    }
    return PROGRESS_FAILED;
}

static void source_stop(void *state)
{
    inflow_stop(state);
}

StageSource exchange_source(Exchange *exchange, uint32_t stage, uint32_t input)
{
    bool keeps_partitions =
        exchange->definition->stages[stage].root->kind == OPERATOR_WRITE_SEGMENTS;
    return (StageSource){.next = source_next,
                         .stop = source_stop,
                         .state = inflow_new(exchange, stage, input, keeps_partitions)};
}

/* --- the writing side --- */

bool exchange_is_ready(const Exchange *exchange, uint32_t stage)
{
    const StageOutput *output = exchange->outputs[stage];
    return !output_is_full(output) && !output_is_unwanted(output);
}

bool exchange_put(Exchange *exchange, uint32_t stage, const Batch *batch, Fault *fault)
{
    StageOutput *output = exchange->outputs[stage];
    if (!output_write(output, batch, fault))
        return false;
    if (!output->is_chunk_new)
        return true;
    bool moved;
    return output_pump(output, &moved, fault);
}

bool exchange_finish(Exchange *exchange, uint32_t stage, Fault *fault)
{
    return output_finish(exchange->outputs[stage], fault);
}

bool exchange_statistics(Exchange *exchange, uint32_t stage, KeyStatistics *statistics)
{
    StageOutput *output = exchange->outputs[stage];
    if (!output->has_statistics)
        return false;
    *statistics = output->statistics;
    output->has_statistics = false;
    return true;
}

Progress exchange_drain(Exchange *exchange, uint32_t stage, Fault *fault)
{
    StageOutput *output = exchange->outputs[stage];
    bool moved = false;
    if (!output_pump(output, &moved, fault))
        return PROGRESS_FAILED;
    if (output_is_unwanted(output))
        return PROGRESS_DONE;
    return moved || (!output->is_finished && !output_is_full(output)) ? PROGRESS_YIELDED
                                                                      : PROGRESS_BLOCKED;
}

/* --- frames --- */

static StageInflow *find_inflow(Exchange *exchange, uint32_t stage, uint32_t reader)
{
    for (uint32_t i = 0; i < exchange->inflow_count; i++)
        if (exchange->inflows[i]->producer->number == stage &&
            exchange->inflows[i]->reader == reader)
            return exchange->inflows[i];
    return NULL;
}

static bool open_channel(StageOutput *output, Link *link, const EarlyOpen *open, Fault *fault)
{
    OutChannel *channel = output_channel(output, open->reader, open->partition, open->consumer);
    if (channel == NULL || channel->is_open)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "a worker opened a channel that does not exist");
    channel->is_open = true;
    channel->link = link;
    channel->credit = open->credit;
    if (open->is_stopped)
        output_stop(output, channel);
    bool moved;
    return output_pump_channel(output, channel, &moved, fault);
}

static void remember_open(Exchange *exchange, const EarlyOpen *open)
{
    EarlyOpen *early = ARENA_NEW(exchange->arena, EarlyOpen);
    *early = *open;
    early->next = exchange->early;
    exchange->early = early;
}

static bool handle_open(Exchange *exchange, Link *link, const Frame *frame, StageOutput *output,
                        Fault *fault)
{
    EarlyOpen open = {
        .link = link,
        .stage = output->stage->number,
        .reader = (uint32_t)frame_uint(frame, "reader", UINT32_MAX),
        .partition = (uint32_t)frame_uint(frame, "partition", UINT32_MAX),
        .consumer = (uint32_t)frame_uint(frame, "consumer", UINT32_MAX),
        .credit = frame_int(frame, "credit", 0),
    };
    if (open.credit < 0 || open.credit > INT32_MAX)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "a worker granted impossible credit");
    if (!output->has_partitions) {
        remember_open(exchange, &open);
        return true;
    }
    return open_channel(output, link, &open, fault);
}

static bool handle_credit(Exchange *exchange, const Frame *frame, StageOutput *output, Fault *fault)
{
    uint32_t reader = (uint32_t)frame_uint(frame, "reader", UINT32_MAX);
    uint32_t partition = (uint32_t)frame_uint(frame, "partition", UINT32_MAX);
    uint32_t consumer = (uint32_t)frame_uint(frame, "consumer", UINT32_MAX);
    bool stop = frame_bool(frame, "stop", false);
    int64_t bytes = frame_int(frame, "bytes", 0);
    if (bytes < 0 || bytes > INT32_MAX)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "a worker granted impossible credit");
    if (!output->has_partitions) {
        for (EarlyOpen *early = exchange->early; early != NULL; early = early->next)
            if (early->stage == output->stage->number && early->reader == reader &&
                early->partition == partition && early->consumer == consumer) {
                early->credit += bytes;
                early->is_stopped |= stop;
            }
        return true;
    }
    OutChannel *channel = output_channel(output, reader, partition, consumer);
    if (channel == NULL || !channel->is_open)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "a worker granted credit to a channel that is not open");
    channel->credit += bytes;
    if (stop)
        output_stop(output, channel);
    bool moved;
    return output_pump_channel(output, channel, &moved, fault);
}

bool exchange_frame(Exchange *exchange, Link *link, const Frame *frame, Fault *fault)
{
    if (frame_uint(frame, "query", 0) != exchange->definition->query)
        return true;
    uint64_t stage = frame_uint(frame, "stage", UINT64_MAX);
    if (stage >= exchange->definition->stage_count)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "a worker named a stage that does not exist");
    if (frame->kind == FRAME_CHANNEL_OPEN || frame->kind == FRAME_CHANNEL_CREDIT) {
        StageOutput *output = exchange->outputs[stage];
        if (output == NULL)
            return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                             "a worker asked for a stage that is not run here");
        return frame->kind == FRAME_CHANNEL_OPEN ? handle_open(exchange, link, frame, output, fault)
                                                 : handle_credit(exchange, frame, output, fault);
    }
    StageInflow *inflow =
        find_inflow(exchange, (uint32_t)stage, (uint32_t)frame_uint(frame, "reader", UINT32_MAX));
    if (inflow == NULL)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "a worker sent rows that nobody here reads");
    return frame->kind == FRAME_CHANNEL_DATA ? inflow_receive(inflow, link, frame, fault)
                                             : inflow_ended(inflow, frame, fault);
}

static bool link_fault(Fault *fault)
{
    return fault_set(fault, FAULT_WORKER_RPC_FAILED,
                     "the connection to another worker of the query broke");
}

bool exchange_link_lost(Exchange *exchange, const Link *link, Fault *fault)
{
    for (const EarlyOpen *early = exchange->early; early != NULL; early = early->next)
        if (early->link == link && !exchange->outputs[early->stage]->has_partitions)
            return link_fault(fault);
    for (uint32_t s = 0; s < exchange->definition->stage_count; s++) {
        StageOutput *output = exchange->outputs[s];
        if (output == NULL)
            continue;
        for (uint32_t c = 0; c < output->channel_count; c++) {
            OutChannel *channel = &output->channels[c];
            if (channel->link == link && !channel->is_stopped)
                return link_fault(fault);
            if (channel->link == link)
                channel->link = NULL;
        }
    }
    for (uint32_t i = 0; i < exchange->inflow_count; i++) {
        StageInflow *inflow = exchange->inflows[i];
        for (uint32_t c = 0; c < inflow->channel_count; c++) {
            InChannel *channel = &inflow->channels[c];
            if (channel->link == link && !channel->is_ended && !inflow->is_stopped)
                return link_fault(fault);
            if (channel->link == link)
                channel->link = NULL;
        }
    }
    return true;
}

bool exchange_boundaries(Exchange *exchange, uint32_t stage, const PartitionBoundaries *boundaries,
                         Fault *fault)
{
    if (stage >= exchange->definition->stage_count)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "boundaries of a stage that does not exist");
    StageOutput *output = exchange->outputs[stage];
    if (output != NULL && output->has_partitions)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "boundaries of a stage that has them already");
    if (output != NULL && !output_set_boundaries(output, boundaries, fault))
        return false;
    /* After the output: an input that was stopped before stops the output's channels here. */
    for (uint32_t i = 0; i < exchange->inflow_count; i++)
        if (exchange->inflows[i]->producer->number == stage)
            inflow_set_partitions(exchange->inflows[i], boundaries->partition_count);
    if (output == NULL)
        return true;
    for (EarlyOpen *early = exchange->early; early != NULL; early = early->next)
        if (early->stage == stage && !open_channel(output, early->link, early, fault))
            return false;
    return true;
}

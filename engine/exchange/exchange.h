/*
 * Exchange: the channels between the stages of a query.
 *
 * A stage's output is divided into partitions. Every input that reads the stage is a reader of
 * it; a channel is named by (query, stage, reader, partition, producer, consumer), where producer
 * and consumer are indexes of workers. Where both are the same worker batches are handed over as
 * they are; else they travel as frames over the link of the two processes, pulled by credit: a
 * consumer opens a channel, grants bytes, and grants more as it goes through them.
 *
 * A slow consumer stops its producers: what an output queues is bounded (stage_output_is_full).
 * Outputs with several readers are not bounded that way, because one reader may have to be served
 * to its end before another one starts; there the memory budget is the bound.
 *
 * Nothing here waits. The owner calls exchange_handle for frames that came, exchange_pump to move
 * what can be moved, and flushes the links.
 */
#ifndef TALARIA_ENGINE_EXCHANGE_EXCHANGE_H
#define TALARIA_ENGINE_EXCHANGE_EXCHANGE_H

#include "base/memory/budget.h"
#include "engine/stage/stage.h"
#include "protocol/frame/link.h"

typedef enum ExchangeStatus { EXCHANGE_BATCH, EXCHANGE_BLOCKED, EXCHANGE_DONE, EXCHANGE_FAILED } ExchangeStatus;

/* How other workers of the query are reached. */
typedef struct ExchangeNetwork {
    /* The link to worker `worker` on which channels are opened; kept by the network's owner. */
    Link *(*peer)(void *state, uint32_t worker, Fault *fault);
    void *state;
} ExchangeNetwork;

typedef struct Exchange Exchange;
typedef struct StageOutput StageOutput;
typedef struct StageInflow StageInflow;

/* `definition` and `network` (NULL: there are no other workers) must outlive the exchange. */
Exchange *exchange_new(const QueryDefinition *definition, uint32_t worker, Budget *budget,
                       const ExchangeNetwork *network);
void exchange_free(Exchange *exchange); /* NULL is fine */

/* A frame of kind CHANNEL_* that came over `link`. Frames of another query are ignored. Takes the
 * frame's memory (link_take) where it keeps it. False: hostile or impossible. */
bool exchange_handle(Exchange *exchange, Link *link, const Frame *frame, Fault *fault);
/* Writes to the links what consumers have credit for. *moved: something was written. */
bool exchange_pump(Exchange *exchange, bool *moved, Fault *fault);
/* A link is gone: FAULT_WORKER_RPC_FAILED when a channel still needed it, else true. */
bool exchange_link_closed(Exchange *exchange, const Link *link, Fault *fault);
/* Boundaries of a stage that is partitioned by statistics: for its producers and its readers. */
bool exchange_boundaries(Exchange *exchange, uint32_t stage, const PartitionBoundaries *boundaries,
                         Fault *fault);

/* --- the output of a stage that this worker runs --- */
StageOutput *exchange_output(Exchange *exchange, uint32_t stage);
/* Copies the batch. */
bool stage_output_write(StageOutput *output, const Batch *batch, Fault *fault);
/* Enough is queued: write no more until the readers have caught up. */
bool stage_output_is_full(const StageOutput *output);
/* No more batches will come. Sorts what must be sorted. */
bool stage_output_finish(StageOutput *output, Fault *fault);
/* After finish, for outputs partitioned by statistics: a sample of the keys, in `arena`. */
bool stage_output_wants_boundaries(const StageOutput *output);
bool stage_output_statistics(StageOutput *output, Arena *arena, KeyStatistics *statistics, Fault *fault);
/* All readers have all they want. */
bool stage_output_is_drained(const StageOutput *output);
/* All readers have said that they want nothing more. */
bool stage_output_is_unwanted(const StageOutput *output);
void stage_output_count(const StageOutput *output, StageCounters *counters);

/* --- an input that reads an earlier stage --- */
/* `keeps_partitions`: the rows of a partition come together, partitions in ascending order. */
StageInflow *exchange_inflow(Exchange *exchange, uint32_t stage, uint32_t input, bool keeps_partitions);
/* The batch is valid until the next call; it may have more than BATCH_ROWS rows. */
ExchangeStatus stage_inflow_next(StageInflow *inflow, Batch **batch, uint32_t *partition, Fault *fault);
void stage_inflow_stop(StageInflow *inflow);
uint64_t stage_inflow_bytes(const StageInflow *inflow);

#endif

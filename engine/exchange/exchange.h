/*
 * The exchange: rows on their way from one stage to the next, within a process and between
 * processes. One Exchange holds all channels of one query in one process.
 *
 * Every input that reads a stage is a reader of it; a channel is (stage, reader, partition,
 * producing worker, consuming worker). Consumers open channels and grant credit in bytes;
 * producers send batches as frames while there is credit, so a slow consumer stops its producers,
 * all the way down. Between two stages of the same process batches are handed over without being
 * encoded. What waits in a channel counts against the budget. The output of a stage with several
 * readers is bounded by the budget alone, because one reader may have to be served to its end
 * before another one starts.
 *
 * Which worker reads a partition: with READ_PARTITIONS partition p belongs to the consumer's
 * worker p modulo its worker count; with READ_ALL everybody reads everything.
 */
#ifndef TALARIA_ENGINE_EXCHANGE_EXCHANGE_H
#define TALARIA_ENGINE_EXCHANGE_EXCHANGE_H

#include "engine/operator/operator.h"
#include "protocol/frame/link.h"

typedef struct Exchange Exchange;

/* How this process reaches the other workers of the query. NULL: there are none. */
typedef struct ExchangeNetwork {
    /* The link to worker `worker` (its index in the query), connected at the first call; the
     * caller of exchange_new owns it, watches it, and gives every CHANNEL_* frame that arrives on
     * any link to exchange_frame. NULL: could not connect. */
    Link *(*link_to)(void *state, uint32_t worker, Fault *fault);
    void *state;
} ExchangeNetwork;

typedef struct ExchangeOptions {
    Arena *arena; /* the query's in this process: outlives the exchange */
    const QueryDefinition *definition;
    uint32_t worker; /* this process's index in the query */
    Budget *budget;
    const TypeContext *types;
    const ExchangeNetwork *network;
    StageCounters *counters; /* one a stage: output_rows, output_bytes, output_frames */
    /* Where segments are read: codes of their dictionaries then travel without texts. NULL: with. */
    SegmentCache *segments;
} ExchangeOptions;

Exchange *exchange_new(const ExchangeOptions *options);
void exchange_free(Exchange *exchange); /* NULL is fine */

/* --- the reading side --- */
/* The source that operators of `stage` read its input `input` (an INPUT_STAGE) through. Remote
 * channels are opened at the first call of `next`. */
StageSource exchange_source(Exchange *exchange, uint32_t stage, uint32_t input);

/* --- the writing side: where the batches of a stage's root operator go --- */
/* Whether exchange_put may be called now: false while channels are full. */
bool exchange_is_ready(const Exchange *exchange, uint32_t stage);
/* Takes the batch over (copies or encodes what it needs before it returns). */
bool exchange_put(Exchange *exchange, uint32_t stage, const Batch *batch, Fault *fault);
/* No more batches will be put: sorts what must be sorted. With key statistics exchange_statistics
 * then has them. Fault: TOO_MANY_BUCKETS. */
bool exchange_finish(Exchange *exchange, uint32_t stage, Fault *fault);
/* The keys that the stage has put here, once finished; false when its shuffle needs none or they
 * were given already. The samples live in the exchange. */
bool exchange_statistics(Exchange *exchange, uint32_t stage, KeyStatistics *statistics);
/* The answer: where partitions begin. To be given to producers and to readers of the stage. */
bool exchange_boundaries(Exchange *exchange, uint32_t stage, const PartitionBoundaries *boundaries,
                         Fault *fault);
/*
 * Moves what has been put on its way: to be called again and again, after exchange_finish until
 * DONE. BLOCKED: waits for credit or boundaries; YIELDED: call again; DONE: everything is
 * delivered (a stage whose readers have stopped is DONE too).
 */
Progress exchange_drain(Exchange *exchange, uint32_t stage, Fault *fault);

/* --- from the network --- */
/* A CHANNEL_* frame of this query that has just been got with link_next on `link` (whose body may
 * be taken). Frames that make no sense are faults: the peer is then not to be trusted. */
bool exchange_frame(Exchange *exchange, Link *link, const Frame *frame, Fault *fault);
/* The link is gone: channels over it fail with WORKER_RPC_FAILED unless they have ended. */
bool exchange_link_lost(Exchange *exchange, const Link *link, Fault *fault);

#endif

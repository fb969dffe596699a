/*
 * What the files of the exchange share.
 */
#ifndef TALARIA_ENGINE_EXCHANGE_EXCHANGE_INTERNAL_H
#define TALARIA_ENGINE_EXCHANGE_EXCHANGE_INTERNAL_H

#include "engine/exchange/exchange.h"

#include "base/log/log.h"
#include "storage/rows/rows.h"

typedef enum ExchangeStatus {
    EXCHANGE_BATCH,
    EXCHANGE_BLOCKED,
    EXCHANGE_DONE,
    EXCHANGE_FAILED
} ExchangeStatus;

typedef struct StageOutput StageOutput;
typedef struct StageInflow StageInflow;

enum {
    CHUNK_BYTES = 256 * 1024, /* a batch is handed on when it has grown to this */
    CHUNK_BYTES_FAR = 1024 * 1024, /* sorted outputs to others: each frame has its own dictionaries */
    CHUNK_ROWS = 16 * 1024,
    CHUNK_ROWS_SHARED = 64, /* so many are handed on rather than their texts copied */
    QUEUE_BYTES = 8 * 1024 * 1024,  /* what an output queues at most, about */
    WINDOW_TOTAL = 8 * 1024 * 1024, /* credit that an input grants at most, all channels together */
    WINDOW_LEAST = 256 * 1024,
    WINDOW_MOST = 1024 * 1024,
    WINDOW_AHEAD = 4 * 1024 * 1024, /* where partitions are gathered ahead: most of one */
    LINK_UNSENT = 1024 * 1024, /* bytes that wait in a link at most before more is encoded */
};

/* --- readers: who reads a stage --- */
typedef struct Reader {
    uint32_t stage; /* the consumer's */
    uint32_t input;
    uint32_t workers; /* of the consumer */
    StageRead read;
} Reader;

/* Readers of a stage in the order of (stage, input): the same in every process. */
const Reader *exchange_readers(Exchange *exchange, uint32_t stage, uint32_t *count);

/* --- outgoing --- */

/* Rows that are handed on together. */
typedef struct Chunk {
    RowStore *store;
    uint32_t references;
    size_t bytes;
} Chunk;

typedef struct OutChannel {
    uint32_t reader, partition, consumer;
    bool is_stopped;   /* the consumer wants nothing more, or has everything */
    bool is_open;      /* remote: the consumer has asked for it */
    Link *link;        /* remote */
    int64_t credit;    /* remote: bytes that may still be sent; may fall below 0 */
    uint64_t position; /* next chunk (queued outputs) or row of the order (sorted ones) */
    Chunk *held;       /* given to a local consumer last */
    Arena *arena;      /* sorted: of the batch given last */
} OutChannel;

typedef struct OutPartition {
    RowStore *builder;
    Chunk **chunks; /* queued: chunk number `first` + i */
    uint64_t first;
    uint32_t count, capacity;
    uint32_t row_start, row_end;           /* sorted: its range of the order */
    uint32_t channel_first, channel_count; /* its channels */
    uint64_t rows;
} OutPartition;

struct StageOutput {
    Exchange *exchange;
    const StageDefinition *stage;
    uint32_t reader_count;
    const Reader *readers;
    bool is_sorted;      /* GLOBAL_SORT: all rows are kept until the last one has come */
    bool is_unordered;   /* and ranges may have theirs in any order */
    bool is_finished;    /* no more batches */
    bool has_partitions; /* their number is known: always but before boundaries */
    uint32_t partition_count;
    OutPartition *partitions;
    OutChannel *channels;
    uint32_t channel_count;
    size_t queued_bytes;
    Layout *layouts;
    RowStore *sorted; /* sorted outputs: all rows */
    RowOrder order;
    GrowArray bucket_numbers; /* unordered: uint32_t, of each row, until it is placed */
    bool has_statistics; /* made, not given yet */
    KeyStatistics statistics;
    Arena *statistics_arena;
    StageCounters *counters;
    uint64_t rows;
    bool is_chunk_new; /* a chunk was queued since the last look */
    Arena *scratch;
};

StageOutput *output_new(Exchange *exchange, uint32_t stage);
/* Copies the batch. */
bool output_write(StageOutput *output, const Batch *batch, Fault *fault);
/* Enough is queued: write no more until the readers have caught up. */
bool output_is_full(const StageOutput *output);
/* No more batches will come. Sorts what must be sorted, makes statistics. */
bool output_finish(StageOutput *output, Fault *fault);
/* All readers have all they want. */
bool output_is_drained(const StageOutput *output);
/* All readers have said that they want nothing more. */
bool output_is_unwanted(const StageOutput *output);
bool output_make_partitions(StageOutput *output, uint32_t count, Fault *fault);
void output_free(StageOutput *output);
bool output_set_boundaries(StageOutput *output, const PartitionBoundaries *boundaries,
                           Fault *fault);
OutChannel *output_channel(StageOutput *output, uint32_t reader, uint32_t partition,
                           uint32_t consumer);
/* The next batch of a channel: BATCH, BLOCKED or DONE. Valid until the next call for the channel.
 */
ExchangeStatus output_next(StageOutput *output, OutChannel *channel, const Batch **batch,
                           Fault *fault);
/* Nothing more is wanted: gives back what only this channel held. */
void output_stop(StageOutput *output, OutChannel *channel);
/* Writes to the links what consumers have credit for. *moved: something was written. */
bool output_pump(StageOutput *output, bool *moved, Fault *fault);
bool output_pump_channel(StageOutput *output, OutChannel *channel, bool *moved, Fault *fault);

bool sorted_statistics(StageOutput *output, Fault *fault);
/* The keys of these rows of `all`, each with what it stands for, become the statistics. */
void output_give_statistics(StageOutput *output, const Batch *all, const uint32_t *rows,
                            const int64_t *weights, uint32_t count);
/* < 0, 0, > 0: how a row sorts against a boundary by the first `key_count` keys. */
int boundary_compare(const ShuffleSpec *shuffle, uint32_t key_count, const Batch *all, uint32_t row,
                     const Batch *cuts, uint32_t cut);
/* Unordered ranges: all rows are there; statistics, unless there is but one partition. */
bool ranges_finish(StageOutput *output, Fault *fault);
void ranges_place(StageOutput *output, const PartitionBoundaries *boundaries);
ExchangeStatus sorted_next(StageOutput *output, OutChannel *channel, const Batch **batch);

/* --- incoming --- */
typedef struct Received {
    LinkBody *body;
    const uint8_t *data;
    size_t length;
    struct Received *next;
} Received;

typedef struct InChannel {
    struct Exchange *exchange;
    uint32_t partition, producer;
    StageOutput *local; /* the producer is this worker */
    OutChannel *local_channel;
    Link *link;
    bool is_opened, is_ended, is_done;
    Received *first, **last;
    Received *current; /* its batch is in use */
    struct HeldDictionary *held; /* by that batch; in `arena` */
    size_t to_grant;   /* bytes gone through, not granted again yet */
    Arena *arena;      /* of the batch in use */
} InChannel;

typedef struct Merge Merge;

struct StageInflow {
    Exchange *exchange;
    const StageDefinition *producer;
    const StageInput *input;
    uint32_t consumer_stage, input_index;
    uint32_t reader;    /* its number among the producer's readers */
    uint32_t consumers; /* workers of the consuming stage */
    uint32_t producers;
    bool is_merge, keeps_partitions;
    bool has_partitions;
    uint32_t partition_count;
    uint32_t partition; /* at hand, when partitions are read one after the other */
    bool is_started, is_stopped, is_done;
    InChannel *channels; /* of the partition at hand, or of all */
    uint32_t channel_count;
    /* Where rows of a partition are gathered and then worked on for a while: the next one's
     * channels are opened already, so that its first rows are here when it begins. */
    bool opens_ahead;
    InChannel *ahead;
    uint32_t ahead_count, ahead_partition;
    uint32_t turn; /* channel to ask first */
    size_t window;
    Merge *merge;
};

/* `keeps_partitions`: the rows of a partition come together, partitions in ascending order. */
StageInflow *inflow_new(Exchange *exchange, uint32_t stage, uint32_t input, bool keeps_partitions);
/* The batch is valid until the next call; it may have more than BATCH_ROWS rows. */
ExchangeStatus inflow_next(StageInflow *inflow, Batch **batch, uint32_t *partition, Fault *fault);
void inflow_stop(StageInflow *inflow);
void inflow_free(StageInflow *inflow);
void inflow_set_partitions(StageInflow *inflow, uint32_t count);
bool inflow_receive(StageInflow *inflow, Link *link, const Frame *frame, Fault *fault);
bool inflow_ended(StageInflow *inflow, const Frame *frame, Fault *fault);
ExchangeStatus in_channel_next(StageInflow *inflow, InChannel *channel, Batch **batch,
                               Fault *fault);

Merge *merge_new(StageInflow *inflow);
void merge_free(Merge *merge);
void merge_begin(Merge *merge);
ExchangeStatus merge_next(Merge *merge, Batch **batch, Fault *fault);

struct Exchange {
    const QueryDefinition *definition;
    uint32_t worker;
    Budget *budget;
    const ExchangeNetwork *network;
    StageCounters *counters;
    Arena *arena;
    SegmentCache *segments; /* may be NULL */
    const InputSegment **directory; /* all segments of the query by digest, once one was named */
    uint32_t directory_count;
    StageOutput **outputs; /* by stage; NULL: not run here */
    Reader **readers;      /* by stage */
    uint32_t *reader_counts;
    StageInflow **inflows;
    uint32_t inflow_count, inflow_capacity;
    struct EarlyOpen *early; /* channels opened before their output knew its partitions */
};

/* Dictionaries of segments that a batch from another worker names (shared.c): finds one, and holds
 * it in the channel's list, whose items lie in the channel's arena. */
const Dictionary *shared_dictionary_find(void *channel, const uint8_t digest[16], uint32_t column,
                                         Fault *fault);
void shared_dictionaries_release(InChannel *channel);

Layout *exchange_layouts(Exchange *exchange, const StageDefinition *stage);

#endif

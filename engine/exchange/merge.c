/*
 * Merging the producers' sorted streams of one partition: a loser tree over the streams' next
 * keys (Knuth 5.4.1). The order of the next rows is found first, then the rows are put together:
 * each stream's rows are appended to a store in one go, and one gather brings them into order.
 */
#include "engine/exchange/exchange_internal.h"

#include <stdlib.h>

enum { MERGE_ROWS = 8192 };

typedef struct Stream {
    InChannel *channel;
    Batch *batch; /* NULL: the next must be fetched, or there is none */
    uint32_t row;
    bool is_done;
    Buffer keys; /* of the batch */
    uint32_t *offsets;
    uint32_t offset_capacity;
    uint64_t prefix;      /* of the next key: its first eight bytes */
    uint32_t taken_first; /* rows [taken_first, row) are in the merge at hand */
} Stream;

struct Merge {
    StageInflow *inflow;
    uint32_t key_count;
    const SortColumn *keys;
    RowStore *store;
    uint32_t stream_count;
    Stream *streams;
    uint32_t *tree; /* [0] the winner, [1..) losers, by stream number */
    bool is_tree_ready;
    uint32_t *taken; /* the streams of the rows of the merge at hand, in order */
    uint32_t taken_count;
    Arena *arena; /* of the batch given */
};

Merge *merge_new(StageInflow *inflow)
{
    Exchange *exchange = inflow->exchange;
    Merge *merge = calloc(1, sizeof *merge);
    check(merge != NULL);
    merge->inflow = inflow;
    merge->key_count = inflow->producer->shuffle.key_count;
    merge->keys = inflow->producer->shuffle.keys;
    merge->store = row_store_new(exchange->budget, inflow->producer->root->column_count,
                                 exchange_layouts(exchange, inflow->producer));
    merge->stream_count = inflow->producers;
    merge->streams = calloc(merge->stream_count + 1u, sizeof *merge->streams);
    merge->tree = calloc(merge->stream_count + 1u, sizeof *merge->tree);
    merge->taken = calloc(MERGE_ROWS, sizeof *merge->taken);
    check(merge->streams != NULL && merge->tree != NULL && merge->taken != NULL);
    for (uint32_t s = 0; s < merge->stream_count; s++)
        buffer_init(&merge->streams[s].keys);
    merge->arena = arena_new("merge");
    return merge;
}

void merge_free(Merge *merge)
{
    if (merge == NULL)
        return;
    for (uint32_t s = 0; s < merge->stream_count; s++) {
        buffer_clear(&merge->streams[s].keys);
        free(merge->streams[s].offsets);
    }
    row_store_free(merge->store);
    arena_free(merge->arena);
    free(merge->streams);
    free(merge->tree);
    free(merge->taken);
    free(merge);
}

/* A new partition: its channels are open, one a producer, in order. */
void merge_begin(Merge *merge)
{
    for (uint32_t s = 0; s < merge->stream_count; s++) {
        Stream *stream = &merge->streams[s];
        stream->channel = s < merge->inflow->channel_count ? &merge->inflow->channels[s] : NULL;
        stream->batch = NULL;
        stream->row = stream->taken_first = 0;
        stream->is_done = stream->channel == NULL;
    }
    merge->is_tree_ready = false;
}

/* --- keys --- */

static inline Text stream_key(const Stream *stream)
{
    uint32_t start = stream->offsets[stream->row];
    return (Text){(const char *)stream->keys.data + start,
                  stream->offsets[stream->row + 1] - start};
}

static inline void load_prefix(Stream *stream)
{
    Text key = stream_key(stream);
    uint64_t bytes = 0;
    memcpy(&bytes, key.data, key.length < 8 ? key.length : 8);
    stream->prefix = __builtin_bswap64(bytes);
}

/* Streams that are done come last; equal keys in the order of the producers. */
static bool comes_before(const Merge *merge, uint32_t a, uint32_t b)
{
    const Stream *first = &merge->streams[a], *second = &merge->streams[b];
    if (first->is_done || second->is_done)
        return !first->is_done || (second->is_done && a < b);
    if (first->prefix != second->prefix)
        return first->prefix < second->prefix;
    int order = text_compare(stream_key(first), stream_key(second));
    return order != 0 ? order < 0 : a < b;
}

static void make_keys(Merge *merge, Stream *stream)
{
    uint32_t needed = stream->batch->rows + 1;
    if (needed > stream->offset_capacity) {
        stream->offsets = realloc(stream->offsets, needed * sizeof *stream->offsets);
        check(stream->offsets != NULL);
        stream->offset_capacity = needed;
    }
    buffer_reset(&stream->keys);
    stream->offsets[0] = 0;
    batch_sort_keys(stream->batch, merge->keys, merge->key_count, &stream->keys, stream->offsets);
    load_prefix(stream);
}

/* Makes sure that every stream has a row or is done; BLOCKED when one is not there yet. */
static ExchangeStatus fetch_all(Merge *merge, Fault *fault)
{
    ExchangeStatus outcome = EXCHANGE_BATCH;
    for (uint32_t s = 0; s < merge->stream_count; s++) {
        Stream *stream = &merge->streams[s];
        if (stream->is_done || stream->batch != NULL)
            continue;
        ExchangeStatus status =
            in_channel_next(merge->inflow, stream->channel, &stream->batch, fault);
        if (status == EXCHANGE_FAILED)
            return status;
        stream->row = stream->taken_first = 0;
        if (status == EXCHANGE_BATCH) {
            make_keys(merge, stream);
            continue;
        }
        stream->batch = NULL;
        stream->is_done = status == EXCHANGE_DONE;
        if (status == EXCHANGE_BLOCKED)
            outcome = EXCHANGE_BLOCKED;
    }
    return outcome;
}

/* --- the tree --- */

static void tree_replay(Merge *merge, uint32_t stream)
{
    uint32_t winner = stream;
    for (uint32_t node = (stream + merge->stream_count) / 2; node > 0; node /= 2)
        if (comes_before(merge, merge->tree[node], winner)) {
            uint32_t loser = winner;
            winner = merge->tree[node];
            merge->tree[node] = loser;
        }
    merge->tree[0] = winner;
}

static uint32_t tree_build(Merge *merge, uint32_t node)
{
    if (node >= merge->stream_count)
        return node - merge->stream_count;
    uint32_t left = tree_build(merge, node * 2), right = tree_build(merge, node * 2 + 1);
    bool is_left = comes_before(merge, left, right);
    merge->tree[node] = is_left ? right : left;
    return is_left ? left : right;
}

/* --- rows --- */

/* Takes rows until there are enough or a stream has run out of its batch. */
static void take_rows(Merge *merge)
{
    while (merge->taken_count < MERGE_ROWS) {
        uint32_t winner = merge->tree[0];
        Stream *stream = &merge->streams[winner];
        if (stream->is_done)
            return;
        merge->taken[merge->taken_count++] = winner;
        stream->row++;
        if (stream->row == stream->batch->rows)
            return;
        load_prefix(stream);
        tree_replay(merge, winner);
    }
}

static bool gather_rows(Merge *merge, Batch **batch, Fault *fault)
{
    uint32_t *next = ARENA_ARRAY(merge->arena, uint32_t, merge->stream_count);
    row_store_reset(merge->store);
    for (uint32_t s = 0; s < merge->stream_count; s++) {
        Stream *stream = &merge->streams[s];
        next[s] = row_store_rows(merge->store);
        if (stream->batch == NULL || stream->row == stream->taken_first)
            continue;
        uint32_t count = stream->row - stream->taken_first;
        Batch *piece = batch_slice(merge->arena, stream->batch, stream->taken_first, count);
        if (!row_store_append(merge->store, piece, NULL, 0, fault))
            return false;
    }
    uint32_t *rows = ARENA_ARRAY(merge->arena, uint32_t, merge->taken_count);
    for (uint32_t i = 0; i < merge->taken_count; i++)
        rows[i] = next[merge->taken[i]]++;
    *batch = batch_gather(merge->arena, row_store_batch(merge->store), rows, merge->taken_count);
    for (uint32_t s = 0; s < merge->stream_count; s++) {
        Stream *stream = &merge->streams[s];
        stream->taken_first = stream->row;
        if (stream->batch != NULL && stream->row == stream->batch->rows) {
            stream->batch = NULL;
            merge->is_tree_ready = false;
        }
    }
    merge->taken_count = 0;
    return true;
}

/* One stream: its batches are the merge. */
static ExchangeStatus single_next(Merge *merge, Batch **batch, Fault *fault)
{
    return merge->streams[0].channel == NULL
               ? EXCHANGE_DONE
               : in_channel_next(merge->inflow, merge->streams[0].channel, batch, fault);
}

ExchangeStatus merge_next(Merge *merge, Batch **batch, Fault *fault)
{
    if (merge->stream_count == 1)
        return single_next(merge, batch, fault);
    ExchangeStatus status = fetch_all(merge, fault);
    if (status != EXCHANGE_BATCH)
        return status;
    if (!merge->is_tree_ready) {
        merge->tree[0] = tree_build(merge, 1);
        merge->is_tree_ready = true;
    }
    arena_reset(merge->arena);
    take_rows(merge);
    if (merge->taken_count == 0)
        return EXCHANGE_DONE;
    return gather_rows(merge, batch, fault) ? EXCHANGE_BATCH : EXCHANGE_FAILED;
}

/*
 * Window functions: what the operator (window.c) and its functions share.
 *
 * The operator keeps rows in a buffer and hands its functions chunks: the rows of the buffer, what
 * is known of their partitions and groups of peers (rows that are equal in the order), and which
 * rows are to be computed now. A function says how much it must see: the whole partition, the
 * whole group of peers, or so many rows before and after the one at hand.
 *
 * Positions are rows of the buffer. What was dropped from its front lies at negative positions.
 */
#ifndef TALARIA_ENGINE_OPERATOR_WINDOW_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_WINDOW_INTERNAL_H

#include "engine/operator/operator_internal.h"

/* --- partitions and peers --- */
typedef struct WindowPartition {
    int64_t begin;
    int64_t first_group; /* index of its first group; negative: that many were dropped before */
} WindowPartition;

typedef struct WindowBorders {
    Budget *budget;
    GrowArray partitions;   /* WindowPartition */
    GrowArray groups;       /* int64_t: where each begins */
    GrowArray partition_of; /* uint32_t a row */
    GrowArray group_of;
    uint32_t partition_count, group_count, rows;
    Arena *last;            /* holds the keys of the last row that was looked at */
    const Batch *last_keys; /* one row; NULL: none yet */
} WindowBorders;

void window_borders_init(WindowBorders *borders, Budget *budget);
void window_borders_clear(WindowBorders *borders);
/* Looks at the rows of `batch`, which come after those that are known. */
bool window_borders_add(WindowBorders *borders, const OperatorSpec *spec, const Batch *batch,
                        Arena *arena, Fault *fault);
/* The first `count` rows leave the buffer. */
void window_borders_drop(WindowBorders *borders, uint32_t count);

/* --- chunks --- */
typedef struct WindowChunk {
    const Batch *rows;
    const WindowBorders *borders;
    uint32_t first, end; /* rows to be computed; functions are asked for pieces of it in order */
    bool is_last;        /* no rows follow those of the buffer */
} WindowChunk;

static inline uint32_t chunk_partition(const WindowChunk *chunk, uint32_t row)
{
    return ((const uint32_t *)chunk->borders->partition_of.data)[row];
}

static inline uint32_t chunk_group(const WindowChunk *chunk, uint32_t row)
{
    return ((const uint32_t *)chunk->borders->group_of.data)[row];
}

static inline const WindowPartition *chunk_partitions(const WindowChunk *chunk)
{
    return chunk->borders->partitions.data;
}

static inline int64_t partition_begin(const WindowChunk *chunk, uint32_t partition)
{
    return chunk_partitions(chunk)[partition].begin;
}

static inline int64_t partition_end(const WindowChunk *chunk, uint32_t partition)
{
    return partition + 1 < chunk->borders->partition_count
               ? chunk_partitions(chunk)[partition + 1].begin
               : (int64_t)chunk->borders->rows;
}

static inline int64_t group_begin(const WindowChunk *chunk, uint32_t group)
{
    return ((const int64_t *)chunk->borders->groups.data)[group];
}

static inline int64_t group_end(const WindowChunk *chunk, uint32_t group)
{
    return group + 1 < chunk->borders->group_count ? group_begin(chunk, group + 1)
                                                   : (int64_t)chunk->borders->rows;
}

/* --- frames (window_frame.c) --- */

/* The rows of a frame, in order, as up to three ranges: more than one only with EXCLUDE. */
enum { FRAME_RANGES = 3 };

typedef struct FrameRange {
    uint32_t begin, end; /* begin <= end */
} FrameRange;

/* The frames of rows [from, to), without what EXCLUDE leaves out; of the buffer. */
void window_frames(const WindowChunk *chunk, const OperatorSpec *spec, const WindowFrame *frame,
                   uint32_t from, uint32_t to, FrameRange *frames);
/* What EXCLUDE leaves of a row's frame: ranges[FRAME_RANGES], empty ones included. */
void window_frame_exclude(const WindowChunk *chunk, const WindowFrame *frame, uint32_t row,
                          FrameRange range, FrameRange *ranges);
/* Whether frames reach from the first to the last row of their partition. */
bool window_frame_is_whole(const WindowFrame *frame, uint32_t order_count);
/* Whether they begin with the first row of the partition, and the end never goes back. */
bool window_frame_is_growing(const WindowFrame *frame);

/* --- functions --- */
typedef struct WindowCall WindowCall;

typedef struct WindowNeeds {
    bool partition;         /* the whole partition */
    bool peers;             /* the whole group of peers */
    uint64_t before, after; /* rows, when not the whole partition */
} WindowNeeds;

typedef struct WindowMethods {
    /* Optional: the rows of a chunk have come. */
    bool (*begin)(WindowCall *call, const WindowChunk *chunk, Fault *fault);
    /* The values of rows [from, to) of the chunk, at most BATCH_ROWS. Good until the next call. */
    bool (*compute)(WindowCall *call, const WindowChunk *chunk, uint32_t from, uint32_t to,
                    Arena *arena, Vector *result, Fault *fault);
    /* Optional: the chunk was computed; `dropped` rows leave the buffer's front. */
    void (*end)(WindowCall *call, uint32_t dropped);
    void (*close)(WindowCall *call); /* optional */
} WindowMethods;

struct WindowCall {
    const WindowMethods *methods;
    const OperatorSpec *operator_spec;
    const StageWindowFunction *spec;
    OperatorContext *context;
    WindowNeeds needs;
};

/* The call of a function, in the context's arena. NULL with a fault. */
WindowCall *window_rank_make(const OperatorSpec *spec, const StageWindowFunction *function,
                             OperatorContext *context, Fault *fault);
WindowCall *window_value_make(const OperatorSpec *spec, const StageWindowFunction *function,
                              OperatorContext *context, Fault *fault);
WindowCall *window_aggregate_make(const OperatorSpec *spec, const StageWindowFunction *function,
                                  OperatorContext *context, Fault *fault);

/* An integer argument of a row; false: NULL. */
bool window_integer(const WindowCall *call, const WindowChunk *chunk, uint32_t argument,
                    uint32_t row, int64_t *value);
/* Needs of a function that looks at the frame, when it does without more of the past. */
WindowNeeds window_frame_needs(const WindowFrame *frame, uint32_t order_count);
bool window_is_cancelled(const OperatorContext *context, Fault *fault);

#endif

/*
 * Aggregates as window functions: what the ways to compute them share.
 */
#ifndef TALARIA_ENGINE_OPERATOR_WINDOW_AGGREGATE_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_WINDOW_AGGREGATE_INTERNAL_H

#include "engine/operator/window_internal.h"

enum { TREE_LEVELS = 8 };

/* A level of a segment tree: partial states of TREE_FANOUT nodes of the level below, or rows. */
typedef struct TreeLevel {
    uint32_t count;
    Vector partials;
} TreeLevel;

/* A call with memory of its own: what its states allocate. */
typedef struct BoundAggregate {
    AggregateCall call;
    Arena *arena;
    Budget budget;
} BoundAggregate;

typedef struct WindowAggregate {
    WindowCall base;
    size_t stride;           /* bytes of a state, a multiple of 8 */
    BoundAggregate running;  /* states that outlive a piece, or are of one */
    BoundAggregate building; /* states of the tree */
    Budget piece_budget;     /* results of a piece */
    /* the chunk: rows that pass the filter, in their order */
    Arena *arena;
    Budget budget;
    uint32_t passing;        /* how many */
    const uint32_t *rank;    /* of each row of the buffer and its end: passing rows before it; NULL:
                                all rows pass */
    const uint32_t *rows;    /* of the buffer, in order; NULL as well */
    Vector *arguments;       /* of the passing rows */
    /* whole partitions */
    uint32_t first_partition;
    Vector values;           /* one a partition */
    /* growing frames */
    uint8_t *state;
    int64_t added;           /* rows of the buffer that are in the state */
    __int128 sum;            /* sums: instead of a state */
    int64_t count;
    /* sums */
    bool is_growing, falls_back;
    const __int128 *sums;    /* of the passing rows before each; NULL: only counts matter */
    const uint32_t *counts;  /* of values that are not null; NULL: all are values */
    /* tree */
    uint32_t level_count;
    TreeLevel levels[TREE_LEVELS];
} WindowAggregate;

static inline const AggregateFunction *window_function(const WindowAggregate *aggregate)
{
    return aggregate->base.spec->call.function;
}

static inline uint32_t passing_before(const WindowAggregate *aggregate, uint32_t row)
{
    return aggregate->rank == NULL ? row : aggregate->rank[row];
}

/* begin: arguments of the rows that pass. */
bool window_arguments_prepare(WindowAggregate *aggregate, const WindowChunk *chunk, Fault *fault);
/* What the chunk holds is given back. */
void window_arguments_release(WindowAggregate *aggregate);
/* Memory of the chunk, for `size` bytes at least. */
void *window_chunk_alloc(WindowAggregate *aggregate, size_t size, Fault *fault);
/* `count` empty states. */
void window_states_init(const WindowAggregate *aggregate, const BoundAggregate *bound,
                        uint8_t *states, uint32_t count);
/* Adds passing rows [first, first + count) to the states of `groups`. */
bool window_states_add(WindowAggregate *aggregate, BoundAggregate *bound, uint8_t *states,
                       const uint32_t *groups, uint32_t first, uint32_t count, Fault *fault);
void bound_aggregate_reset(BoundAggregate *bound);

/* Exact sums and counts (window_sums.c). */
extern const WindowMethods window_sums_methods;
/* Everything else: a segment tree (window_tree.c). */
extern const WindowMethods window_tree_methods;

#endif

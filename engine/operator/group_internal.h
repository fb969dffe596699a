/*
 * The aggregates of a group operator: states and how batches are added to them.
 */
#ifndef TALARIA_ENGINE_OPERATOR_GROUP_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_GROUP_INTERNAL_H

#include "engine/operator/key_table_internal.h"

typedef struct GroupAggregate {
    const StageAggregate *spec;
    AggregateCall call;
    uint32_t offset; /* of its state within a row of states */
    bool has_filter;
    bool is_merging; /* its argument is a column of partial states */
    KeyTable *distinct;     /* (group, arguments) seen so far; NULL: not distinct */
    uint32_t distinct_seen; /* entries of `distinct` */
    bool distinct_null_seen;
    RowStore *ordered;     /* arguments, order columns, group: until the input is done */
    uint32_t column_count; /* arguments that are columns, not constants */
    uint32_t *columns;     /* their positions in the input */
} GroupAggregate;

typedef struct AggregateSet {
    OperatorContext *context;
    GroupMode mode;
    uint32_t part_column; /* of the input: see StageAggregate's part */
    uint32_t count;
    GroupAggregate *aggregates;
    size_t stride; /* bytes of a row of states */
    GrowArray states;
    uint32_t ready; /* rows of states that are initialised */
    Arena *arena;   /* what the states allocate */
    Budget budget;  /* which they reserve from here */
} AggregateSet;

bool aggregate_set_init(AggregateSet *set, const OperatorSpec *spec, OperatorContext *context,
                        Fault *fault);
void aggregate_set_clear(AggregateSet *set);
/* Whether an aggregate must see all rows of a group before its state is handed on. */
bool aggregate_set_has_distinct(const AggregateSet *set);
/* No groups, no states. */
void aggregate_set_reset(AggregateSet *set);
/* Initialises the states of groups up to `count`. */
bool aggregate_set_grow(AggregateSet *set, uint32_t count, Fault *fault);
/* `groups` NULL: all rows belong to group 0. */
bool aggregate_set_add(AggregateSet *set, const Batch *batch, const uint32_t *groups, Arena *arena,
                       Fault *fault);
/* Whether rows wait to be added in the order of an ORDER BY; aggregate_set_drain adds them. */
bool aggregate_set_is_buffering(const AggregateSet *set);
bool aggregate_set_drain(AggregateSet *set, Arena *arena, Fault *fault);
/* One column an aggregate: partial states or finished values. */
bool aggregate_set_emit(AggregateSet *set, bool partial, uint32_t first, uint32_t count,
                        Arena *arena, Vector *columns, Fault *fault);
size_t aggregate_set_memory(const AggregateSet *set);

/* --- runs of rows with equal keys --- */

/* The first rows of the runs, ascending from 0, into `starts` (room for BATCH_ROWS + 64); how
 * many. 0: the runs are too short to be of use. */
uint32_t runs_of_keys(const Vector *const *columns, uint32_t column_count, uint32_t rows,
                      uint32_t *starts);
uint32_t runs_of_groups(const uint32_t *groups, uint32_t rows, uint32_t *starts);
/* groups[i] = entries[r] for the rows of run r. */
void runs_spread(const uint32_t *starts, uint32_t count, const uint32_t *entries, uint32_t rows,
                 uint32_t *groups);

#endif

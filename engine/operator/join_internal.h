/*
 * The build side of a hash join.
 */
#ifndef TALARIA_ENGINE_OPERATOR_JOIN_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_JOIN_INTERNAL_H

#include "engine/operator/key_table_internal.h"

/*
 * The right child's rows, and for each distinct key the rows that have it: rows[starts[e] ..
 * starts[e + 1]) for entry e. Without keys there is one entry, that of all rows.
 */
typedef struct JoinTable {
    Budget *budget;
    uint32_t key_count;
    const uint32_t *key_columns; /* in the right child */
    const bool *null_equal;
    RowStore *store;
    const Batch *batch; /* of the store, once built */
    KeyTable *keys;
    bool is_unique;      /* no key comes twice and none is NULL: entry e is row e */
    GrowArray starts;    /* uint32_t */
    GrowArray rows;      /* uint32_t */
    GrowArray null_rows; /* uint32_t: rows with a NULL in a key that NULL never matches */
    uint32_t null_count;
} JoinTable;

void join_table_init(JoinTable *table, OperatorContext *context, const OperatorSpec *spec);
void join_table_clear(JoinTable *table);
/* To be called once all rows are in `store`. */
bool join_table_build(JoinTable *table, Fault *fault);
/* For each row of a probe batch its entry, or KEY_ENTRY_NONE; *has_null (one byte a row, may be
 * NULL) tells which rows have a NULL in a key that NULL never matches. */
bool join_table_find(JoinTable *table, const Batch *batch, const uint32_t *key_columns,
                     uint32_t *entries, uint8_t *has_null, Fault *fault);

/* There was no memory for the table of `side`, or another fault: says so in the words of what can be
 * done (BroadcastTablesTooLarge, TooManyRowsWithSameKey). Returns false. */
bool join_refused(const OperatorContext *context, const OperatorSpec *side, const JoinTable *table,
                  Fault *fault);

static inline uint32_t join_table_start(const JoinTable *table, uint32_t entry)
{
    if (table->is_unique)
        return entry;
    return table->keys == NULL ? 0 : ((const uint32_t *)table->starts.data)[entry];
}
static inline uint32_t join_table_end(const JoinTable *table, uint32_t entry)
{
    if (table->is_unique)
        return entry + 1;
    return table->keys == NULL ? table->batch->rows
                               : ((const uint32_t *)table->starts.data)[entry + 1];
}
static inline uint32_t join_table_row(const JoinTable *table, uint32_t at)
{
    return table->keys == NULL || table->is_unique ? at : ((const uint32_t *)table->rows.data)[at];
}

#endif

/*
 * The build side of a join: a hash table of its keys, and an order of the rows of a key.
 */
#ifndef TALARIA_ENGINE_OPERATOR_JOIN_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_JOIN_INTERNAL_H

#include "engine/operator/key_table_internal.h"

enum {
    JOIN_RANGE_TESTS = 2,  /* inequalities of use */
    JOIN_RANGE_BLOCK = 64, /* positions of a block, blocks of the next larger one, and so on */
    JOIN_RANGE_LEVELS = 3,
};

/* left op right, an inequality between the sides. Codes stand for the values: right's at most
 * left's wherever it holds. */
typedef struct RangeTest {
    ExprProgram *left, *right;    /* over their own side's columns */
    SqlType left_type, right_type;
    bool is_turned; /* right is the larger: codes are complemented */
} RangeTest;

/*
 * Inequalities that a condition demands, used to pass over right rows for which they do not hold.
 * The rows of a key lie in the order of the first test's codes, so that those which pass it are
 * the first ones; for the second test the least codes of blocks of positions are known, of blocks
 * of blocks, and so on. What is found is more than what matches: codes are coarse, and the whole
 * condition is still to be looked at.
 *
 * (With two tests this answers what the joins on inequalities do that sort both sides: Khayyat et
 * al., "Lightning fast and space efficient inequality joins", VLDB 2015. Here only the right side
 * needs to be held.)
 */
typedef struct JoinRange {
    Budget *budget;
    uint32_t test_count; /* 0: of no use */
    RangeTest tests[JOIN_RANGE_TESTS];
    GrowArray codes[JOIN_RANGE_TESTS];  /* uint64_t, by position */
    GrowArray lows[JOIN_RANGE_LEVELS];  /* uint64_t: the second test's least codes */
} JoinRange;

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
    GrowArray rows;      /* uint32_t; empty: position and row are one */
    GrowArray null_rows; /* uint32_t: rows with a NULL in a key that NULL never matches */
    uint32_t null_count;
    JoinRange range;
} JoinTable;

bool join_table_init(JoinTable *table, OperatorContext *context, const OperatorSpec *spec,
                     Fault *fault);
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
    const uint32_t *rows = table->rows.data;
    return rows == NULL ? at : rows[at];
}

/* --- join_range.c --- */
/* Finds the tests in the join's condition. */
bool join_range_init(JoinRange *range, OperatorContext *context, const OperatorSpec *spec,
                     Fault *fault);
void join_range_clear(JoinRange *range);
/* Orders the positions of a table that is otherwise built, if that is worth it; test_count
 * becomes 0 if not. */
bool join_range_build(JoinRange *range, JoinTable *table, Fault *fault);
/* Codes of a left batch, a row of codes a test. is_never[i]: no right row passes. */
void join_range_find(JoinRange *range, const Batch *left, uint64_t (*codes)[BATCH_ROWS],
                     uint8_t *is_never);
/* Where the positions [start, end), those of a key, end that pass the first test. */
uint32_t join_range_end(const JoinRange *range, uint32_t start, uint32_t end, uint64_t code);
/* The rows at the next positions from *at that pass the second test, `room` at most; *at is moved
 * on. Writes one more element than it returns. */
uint32_t join_range_take(const JoinTable *table, uint32_t *at, uint32_t end, uint64_t code,
                         uint32_t room, uint32_t *rows);

#endif

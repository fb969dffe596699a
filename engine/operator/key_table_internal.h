/*
 * Key tables: rows of key columns mapped to small numbers, equal keys to equal numbers. Groups,
 * DISTINCT and joins are made of them. Private to engine/operator.
 *
 * Every column is first turned into small integers: strings and wide values are interned (a
 * dictionary's entry once, through a remapping array), integers in a small range lose an offset,
 * other integers stay as they are. Then the tuple is looked up in the cheapest way that fits
 * what was seen so far, changing as more is seen:
 *
 *   IDENTITY  one interned column: its id is the entry (not when its texts are kept)
 *   LOCAL     one column that stays with its dictionary: the code is the entry, whether it has
 *             come or not
 *   KEPT      one column whose texts are kept from query to query: the text's number there is the
 *             entry, whether it has come or not; where most of them are thought to come
 *   DIRECT    the product of the columns' ranges is small: an array indexed by the combined code
 *   HASH      open addressing on the packed tuple, probed a batch at a time with prefetching
 *
 * NULL is a value like any other here and equals itself; callers that want NULLs apart look at
 * key_table's vectors themselves.
 */
#ifndef TALARIA_ENGINE_OPERATOR_KEY_TABLE_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_KEY_TABLE_INTERNAL_H

#include "engine/operator/operator_internal.h"

typedef struct KeyTable KeyTable;

enum { KEY_ENTRY_NONE = UINT32_MAX };

KeyTable *key_table_new(Budget *budget, uint32_t column_count, const Layout *layouts);
/* About so many keys will come: a larger array may be indexed directly. */
void key_table_expect(KeyTable *table, uint64_t keys);
/* Only to be added to: texts may be looked up in tables that are kept from query to query. */
void key_table_borrow_texts(KeyTable *table, SegmentCache *cache);
/*
 * For groups that are merged elsewhere: an empty table takes the codes of the columns' dictionaries
 * as they are, when one of them is large, until key_table_reset. False: it does not. `is_dense`: most
 * codes will come. Before each batch key_table_accepts tells whether the dictionaries are still the
 * same ones.
 */
bool key_table_be_local(KeyTable *table, const Vector *const *columns, bool is_dense);
bool key_table_accepts(const KeyTable *table, const Vector *const *columns);
void key_table_free(KeyTable *table);  /* NULL is fine */
void key_table_reset(KeyTable *table); /* no entries; gives the memory back */

/* The entry of each row's key; keys not seen before get the next numbers in the order of their
 * first rows. `columns[c]` has `rows` rows, at most BATCH_ROWS. */
bool key_table_add(KeyTable *table, const Vector *const *columns, uint32_t rows, uint32_t *entries,
                   Fault *fault);
/* The same without adding: KEY_ENTRY_NONE for keys that are not there. Once it has been called
 * nothing may be added. */
bool key_table_find(KeyTable *table, const Vector *const *columns, uint32_t rows, uint32_t *entries,
                    Fault *fault);

/* Entries are first .. count - 1, where first is 1 when the table reserves 0 for a NULL key that
 * has not come, else 0. */
uint32_t key_table_first(const KeyTable *table);
/* Whether entry 0 stands for NULL and nothing else. */
bool key_table_reserves_null(const KeyTable *table);
uint32_t key_table_count(const KeyTable *table);
/* How many of them are keys that have come: all, but where entries are codes. */
uint32_t key_table_present_count(const KeyTable *table);
/* Which of the entries [first, first + count): those numbers less `first` go to `rows` (room for
 * count + 64); returns how many. */
uint32_t key_table_present(const KeyTable *table, uint32_t first, uint32_t count, uint32_t *rows);
size_t key_table_memory(const KeyTable *table);

/* Tables of one integer column: the least and the greatest key. False: not such a table, or no
 * keys but NULL. */
bool key_table_range(const KeyTable *table, int64_t *low, int64_t *high);

/* Tables of one integer column: a bit for each value from the least key on, set for the keys; behind
 * them one that is not set. `bits` has room for width + 1 of them, all 0, width = high - low + 1. */
void key_table_mark(const KeyTable *table, int64_t low, uint64_t *bits);

/* The key columns of entries [first, first + count): strings as dictionary vectors. They share
 * the table's memory: good until the next add or reset. */
void key_table_columns(KeyTable *table, uint32_t first, uint32_t count, Arena *arena,
                       Vector *columns);

#endif

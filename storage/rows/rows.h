/*
 * Rows held in memory: what operators and exchanges use to keep rows of many batches.
 *
 *   GrowArray  an array of bytes that grows in place where it can, reserved from a budget
 *   TextTable  texts interned to small numbers; the numbers are codes of one dictionary
 *   RowStore   the rows of many batches as one batch, column by column
 *   RowOrder   rows sorted by normalised keys
 *
 * All of them reserve from a Budget before they grow (NULL: unlimited) and give the fault
 * NotEnoughMemory when it refuses.
 */
#ifndef TALARIA_STORAGE_ROWS_ROWS_H
#define TALARIA_STORAGE_ROWS_ROWS_H

#include "base/memory/budget.h"
#include "base/memory/buffer.h"
#include "storage/vector/vector.h"

/* Rows that one store, table or order holds at most. */
#define ROWS_LIMIT UINT32_C(0x7FFFFFFF)

/* --- GrowArray --- */
/* 64-byte aligned, zeroed beyond what was written, 64 readable bytes behind its end. Large
 * arrays are mappings that the kernel moves instead of copying. {0} is an empty one. */
typedef struct GrowArray {
    void *data;
    size_t size; /* usable bytes */
} GrowArray;

/* Makes room for `size` bytes in all. */
bool grow_array(GrowArray *array, Budget *budget, size_t size, Fault *fault);
/* The same for an array that is written before it is read: bytes beyond have any value. An array
 * is grown by one of the two only. */
bool grow_array_unset(GrowArray *array, Budget *budget, size_t size, Fault *fault);
/* Freed mappings are kept for arrays to come; this gives them back to the system. */
void grow_arrays_give_back(void);
void grow_array_free(GrowArray *array, Budget *budget);

/* --- TextTable --- */
enum { TEXT_TABLE_REMAPS = 16 };

/* For one dictionary: its codes as ids of a table. 0: not looked up yet. */
typedef struct TextRemap {
    uint64_t dictionary; /* id; 0 unused */
    uint64_t lineage;    /* of the dictionary, 0 none */
    uint32_t count;
    uint64_t rows_seen;
    uint64_t used_at;
    GrowArray ids; /* uint32_t; empty while looking up row by row is cheaper */
} TextRemap;

/*
 * Interned texts: equal texts have equal ids, 1, 2, 3, ... in the order of their first
 * appearance; 0 stands for NULL. Each distinct entry of a dictionary is hashed once and not once
 * a row: a remapping array is kept for the dictionaries seen last.
 *
 * A table that is kept from query to query has a number and a family: dictionaries of that family
 * keep their remapping arrays themselves, so that texts of a segment are looked up once for all
 * queries. Such a table is only added to.
 */
typedef struct TextTable {
    Budget *budget;
    uint32_t count; /* entries with entry 0, as in a Dictionary */
    size_t bytes_used;
    uint32_t slot_bits;
    GrowArray offsets; /* uint32_t, count + 1 */
    GrowArray bytes;
    GrowArray hashes; /* uint64_t */
    GrowArray slots;  /* uint64_t: a part of the hash, id */
    uint32_t expected;
    uint64_t clock;
    uint64_t lineage; /* of the dictionaries that it gives; 0: none yet */
    bool is_finding; /* what the remaps hold: results of finding, not of adding */
    bool is_list;    /* entries may be equal: see text_list_init */
    uint64_t number; /* of a table that is kept; 0: it is not */
    uint64_t family; /* then: of the dictionaries whose texts it has */
    TextRemap remaps[TEXT_TABLE_REMAPS];
} TextTable;

void text_table_init(TextTable *table, Budget *budget);
/* A table for those who only want a dictionary: nothing is looked up, and texts that do not come
 * from one dictionary are entered each time. */
void text_list_init(TextTable *table, Budget *budget);
/* One that is kept: `number` is never that of another one in this process. */
void text_table_init_kept(TextTable *table, Budget *budget, uint64_t number, uint64_t family);
/* About so many texts will come: makes room for them with the first. */
void text_table_expect(TextTable *table, uint32_t texts);
void text_table_clear(TextTable *table); /* frees; then as after init */
void text_table_reset(TextTable *table); /* forgets the texts and the remaps, keeps memory */
/* The id of a text (`hash` is its text_hash); 0 with a fault. */
uint32_t text_table_add(TextTable *table, Text text, uint64_t hash, Fault *fault);
/* The ids of at most TEXT_TABLE_SOME texts: quicker than one after the other. */
enum { TEXT_TABLE_SOME = 64 };
bool text_table_add_some(TextTable *table, const Text *texts, const uint64_t *hashes,
                         uint32_t count, uint32_t *ids, Fault *fault);
/* UINT32_MAX when it is not there. */
uint32_t text_table_find(const TextTable *table, Text text, uint64_t hash);
/* Ids of all rows of a STRING vector. */
bool text_table_add_vector(TextTable *table, const Vector *vector, uint32_t *ids, Fault *fault);
/* Ids, UINT32_MAX for texts that are not there. No text may be added after the first find. */
bool text_table_find_vector(TextTable *table, const Vector *vector, uint32_t *ids, Fault *fault);
static inline Text text_table_text(const TextTable *table, uint32_t id)
{
    const uint32_t *offsets = table->offsets.data;
    return (Text){.data = (const char *)table->bytes.data + offsets[id],
                  .length = offsets[id + 1] - offsets[id]};
}
/* The table as an unsorted dictionary, unique unless it is a list, with a new id: a view, good
 * until the next add. */
Dictionary text_table_dictionary(TextTable *table);
/* The dictionary that the table gave before ({0}: none), as it is now. Without new texts it is the
 * same one, with the same id, but may lie elsewhere: room was made for texts that were there. */
void text_table_refresh(TextTable *table, Dictionary *dictionary);
/* Only the texts are wanted from now on, until the next reset: gives back what finds them. */
void text_table_freeze(TextTable *table);
/* Gives back the remapping arrays: the dictionaries seen so far will not come again. */
void text_table_forget_dictionaries(TextTable *table);
size_t text_table_memory(const TextTable *table);

/* --- RowStore --- */
typedef struct RowStore RowStore;

RowStore *row_store_new(Budget *budget, uint32_t column_count, const Layout *layouts);
/* One whose strings' dictionaries may have equal entries: cheaper to fill. */
RowStore *row_store_new_loose(Budget *budget, uint32_t column_count, const Layout *layouts);
/* A loose one that holds dictionaries with a home instead of copying texts, as long as all rows
 * of a column have the same one; when others come their texts are copied after all. */
RowStore *row_store_new_sharing(Budget *budget, uint32_t column_count, const Layout *layouts);
/* False: the batch's dictionaries would end the sharing of some column. */
bool row_store_is_sharing_with(const RowStore *store, const Batch *batch);
/* No more rows will come: ends the sharing of dictionaries that are much larger than what the rows
 * can use of them, so that who reads the rows need not have them. */
bool row_store_settle(RowStore *store, Fault *fault);
void row_store_free(RowStore *store);  /* NULL is fine */
void row_store_reset(RowStore *store); /* no rows; keeps some memory */
/* Appends rows rows[0..count), or all rows (`rows` NULL, `count` ignored). Copies everything. */
bool row_store_append(RowStore *store, const Batch *batch, const uint32_t *rows, uint32_t count,
                      Fault *fault);
uint32_t row_store_rows(const RowStore *store);
/* Bytes held, about. */
size_t row_store_bytes(const RowStore *store);
/* All rows as one batch that shares the store's memory: good until the next append, reset or
 * free. Strings that came in dictionaries are in one dictionary vector. */
const Batch *row_store_batch(RowStore *store);
/* Keeps rows rows[0..count) only, in that order. */
bool row_store_keep(RowStore *store, const uint32_t *rows, uint32_t count, Fault *fault);

/* --- RowOrder --- */
/*
 * The order of a batch's rows by sort columns, and their keys, so that other rows can be placed.
 * Radix sort on eight bytes of the key at a time, after the bytes that all keys share; short
 * runs by insertion. (Knuth 5.2.5; the recursion on equal prefixes is American flag's.)
 */
typedef struct RowOrder {
    Budget *budget;
    uint32_t rows;
    Buffer keys;
    GrowArray offsets; /* uint32_t, rows + 1 */
    GrowArray order;   /* uint32_t: row numbers in ascending order of their keys */
    size_t reserved;
} RowOrder;

void row_order_init(RowOrder *order, Budget *budget);
void row_order_clear(RowOrder *order);
bool row_order_sort(RowOrder *order, const Batch *batch, const SortColumn *columns,
                    uint32_t column_count, Fault *fault);
/*
 * The same order, faster and in less memory for strings in dictionaries: their entries are sorted
 * once and rows by their ranks. The keys then mean nothing outside of this order.
 */
bool row_order_sort_ranked(RowOrder *order, const Batch *batch, const SortColumn *columns,
                           uint32_t column_count, Fault *fault);
static inline const uint32_t *row_order_rows(const RowOrder *order)
{
    return order->order.data;
}
/* The key of a row (by its number in the batch). */
Text row_order_key(const RowOrder *order, uint32_t row);
/* First position in the order whose key is >= `key` (> with `after`). */
uint32_t row_order_lower_bound(const RowOrder *order, Text key, bool after);

#endif

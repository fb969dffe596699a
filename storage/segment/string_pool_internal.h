/*
 * The dictionary of a string column while it is written: texts to numbers, growing.
 *
 * Numbers are given in order of first sight, from 1; 0 is NULL. Sorting comes at the end.
 */
#ifndef TALARIA_STORAGE_SEGMENT_STRING_POOL_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_STRING_POOL_INTERNAL_H

#include "storage/segment/growing_internal.h"
#include "storage/vector/vector.h"

enum { STRING_POOL_MAPS = 8 };

/* What the codes of a dictionary that batches bring are here. */
typedef struct StringMap {
    uint64_t dictionary_id; /* 0: free */
    uint64_t last_use;
    uint32_t count;
    uint32_t *numbers; /* by code; 0: not seen yet */
} StringMap;

typedef struct StringPool {
    Budget *budget;
    uint32_t count;      /* entries with NULL: at least 1 */
    Growing bytes;       /* of all texts */
    Growing starts;      /* uint32_t[count + 1] */
    Growing slots;       /* the hash table: StringSlot[slot_count] */
    uint32_t slot_count; /* a power of two */
    /* As long as one dictionary whose entries differ has given all texts, its map alone finds them,
     * and the table is empty: that dictionary's id. */
    uint64_t sole_dictionary;
    StringMap maps[STRING_POOL_MAPS];
    uint64_t uses;
} StringPool;

/* Bytes a dictionary may have: offsets are 32 bits, with room for a batch above. */
enum { STRING_POOL_LIMIT = INT32_MAX };

bool string_pool_init(StringPool *pool, Budget *budget, Fault *fault);
void string_pool_clear(StringPool *pool);
Text string_pool_text(const StringPool *pool, uint32_t number);
/*
 * numbers[0..count) of rows [start, start + count) of a STRING vector. *done says for how many:
 * fewer than asked when the texts would exceed STRING_POOL_LIMIT.
 */
bool string_pool_intern(StringPool *pool, const Vector *vector, uint32_t start, uint32_t count,
                        uint32_t *numbers, uint32_t *done, Fault *fault);
/* order[0..count - 1): the numbers 1.. by their texts' bytes, ascending. The caller has reserved
 * nothing; room is taken from the pool's budget while sorting. */
bool string_pool_sort(const StringPool *pool, uint32_t *order, Fault *fault);

#endif

/*
 * The numbers of a string column's rows while the dictionary grows: a block of rows at a time,
 * in as many bytes as the numbers need so far. Most columns take one or two bytes a row so.
 */
#ifndef TALARIA_STORAGE_SEGMENT_NUMBER_STORE_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_NUMBER_STORE_INTERNAL_H

#include "storage/segment/growing_internal.h"
#include "storage/segment/segment.h"

typedef struct NumberStore {
    uint64_t count;
    uint32_t pending_count;
    uint32_t pending[SEGMENT_BLOCK_ROWS]; /* the block that is being filled */
    Growing bytes;                        /* full blocks */
    Growing starts; /* uint64_t a full block: offset in `bytes` * 8 + width in bytes */
} NumberStore;

void number_store_init(NumberStore *store, Budget *budget);
void number_store_clear(NumberStore *store);
/* Where the next numbers go, and for how many there is room (never none). */
uint32_t *number_store_room(NumberStore *store, uint32_t *room);
/* So many were put there. */
bool number_store_took(NumberStore *store, uint32_t count, Fault *fault);
/* Block `index` (of SEGMENT_BLOCK_ROWS rows): returns its numbers, in `out` or in place. */
const uint32_t *number_store_block(const NumberStore *store, uint64_t index,
                                   uint32_t out[SEGMENT_BLOCK_ROWS], uint32_t *count);

#endif

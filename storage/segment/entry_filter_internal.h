/*
 * The filter of a dictionary's entries: whether a text may be among them, by its hash. A split
 * block Bloom filter (Putze, Sanders and Singler, "Cache-, hash- and space-efficient Bloom
 * filters", 2007): an entry sets one bit in each of eight words of one cell, so that a look
 * touches one line of the cache. Ten bits an entry let about one in a hundred others pass.
 */
#ifndef TALARIA_STORAGE_SEGMENT_ENTRY_FILTER_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_ENTRY_FILTER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ENTRY_FILTER_WORDS = 4, /* of 64 bits, in a cell: as stored */
    ENTRY_FILTER_PARTS = 8, /* of 32 bits */
    ENTRY_FILTER_ENTRIES_64 = 25 * 64, /* so many entries have 64 cells */
};

typedef struct EntryFilterCell {
    uint64_t words[ENTRY_FILTER_WORDS];
} EntryFilterCell;

static inline uint64_t entry_filter_cells(uint64_t entries)
{
    return (entries * 64 + ENTRY_FILTER_ENTRIES_64 - 1) / ENTRY_FILTER_ENTRIES_64;
}

/* The bits of an entry in its cell: part i, which is the i-th word of 32 bits, has the bit whose
 * number are the highest five bits of the hash's low half times the i-th factor. */
static inline EntryFilterCell entry_filter_mask(uint64_t hash)
{
    static const uint32_t factors[ENTRY_FILTER_PARTS] = {0x9E3779B1U, 0x85EBCA77U, 0xC2B2AE3DU,
                                                         0x27D4EB2FU, 0x165667B1U, 0xD3A2646DU,
                                                         0xFD7046C5U, 0xB55A4F09U};
    EntryFilterCell mask = {{0}};
    for (uint32_t i = 0; i < ENTRY_FILTER_PARTS; i++)
        mask.words[i / 2] |= 1ULL << (((uint32_t)hash * factors[i] >> 27) + i % 2 * 32);
    return mask;
}

/* Which of `cells` (at most 2^32): by the hash's high half. */
static inline uint64_t entry_filter_place(uint64_t hash, uint64_t cells)
{
    return (hash >> 32) * cells >> 32;
}

static inline void entry_filter_add(EntryFilterCell *filter, uint64_t cells, uint64_t hash)
{
    EntryFilterCell *cell = &filter[entry_filter_place(hash, cells)];
    EntryFilterCell mask = entry_filter_mask(hash);
    for (uint32_t i = 0; i < ENTRY_FILTER_WORDS; i++)
        cell->words[i] |= mask.words[i];
}

static inline bool entry_filter_may_hold(const EntryFilterCell *cell, uint64_t hash)
{
    EntryFilterCell mask = entry_filter_mask(hash);
    uint64_t missing = 0;
    for (uint32_t i = 0; i < ENTRY_FILTER_WORDS; i++)
        missing |= mask.words[i] & ~cell->words[i];
    return missing == 0;
}

#endif

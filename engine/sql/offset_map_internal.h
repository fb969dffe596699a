/*
 * Which byte of the text that the user typed a byte of a rewritten text came from.
 *
 * A rewritten text is made of pieces: copied ones, whose bytes correspond one to one, and
 * written ones, all of whose bytes stand for one place.
 */
#ifndef TALARIA_ENGINE_SQL_OFFSET_MAP_INTERNAL_H
#define TALARIA_ENGINE_SQL_OFFSET_MAP_INTERNAL_H

#include "base/memory/arena.h"

typedef struct OffsetPiece {
    int32_t rewritten; /* first byte of the piece in the rewritten text */
    int32_t original;
    bool is_copied;
} OffsetPiece;

typedef struct OffsetMap {
    uint32_t count, capacity;
    OffsetPiece *pieces; /* ascending by `rewritten` */
} OffsetMap;

/* Says that from byte `rewritten` on, the text comes from `original`. Must be called in order. */
void offset_map_add(OffsetMap *map, Arena *arena, int32_t rewritten, int32_t original,
                    bool is_copied);
/* The original place of a byte of the rewritten text; -1 for -1. */
int32_t offset_map_find(const OffsetMap *map, int32_t rewritten);

#endif

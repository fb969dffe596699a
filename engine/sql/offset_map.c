/*
 * Offset maps: a sorted list of pieces, searched by halving.
 */
#include "engine/sql/offset_map_internal.h"

void offset_map_add(OffsetMap *map, Arena *arena, int32_t rewritten, int32_t original,
                    bool is_copied)
{
    if (map->count > 0) {
        OffsetPiece *last = &map->pieces[map->count - 1];
        if (last->rewritten == rewritten) { /* the piece before was empty */
            *last = (OffsetPiece){rewritten, original, is_copied};
            return;
        }
        bool continues = last->is_copied && is_copied &&
                         original - last->original == rewritten - last->rewritten;
        if (continues)
            return;
    }
    if (map->count == map->capacity) {
        uint32_t capacity = map->capacity == 0 ? 16 : map->capacity * 2;
        OffsetPiece *pieces = ARENA_ARRAY(arena, OffsetPiece, capacity);
        if (map->count > 0)
            memcpy(pieces, map->pieces, map->count * sizeof *pieces);
        map->pieces = pieces;
        map->capacity = capacity;
    }
    map->pieces[map->count++] = (OffsetPiece){rewritten, original, is_copied};
}

int32_t offset_map_find(const OffsetMap *map, int32_t rewritten)
{
    if (rewritten < 0 || map->count == 0)
        return rewritten < 0 ? -1 : rewritten;
    uint32_t low = 0, high = map->count; /* pieces[low] begins at or before `rewritten` */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (map->pieces[middle].rewritten <= rewritten)
            low = middle;
        else
            high = middle;
    }
    const OffsetPiece *piece = &map->pieces[low];
    return piece->is_copied ? piece->original + (rewritten - piece->rewritten) : piece->original;
}

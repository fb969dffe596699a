/*
 * What was made from a key, kept with the arena that it lies in, to be used again instead of made
 * again: parsed texts, plans. Bounded in number and in bytes; what was not used for longest goes
 * first.
 *
 * What is asked for once only (a text with its values written into it) would push out what is
 * asked for again and again. So the first request for a key leaves nothing but a trace; from the
 * second on the key is worth keeping. Who finds that something must not be kept says so
 * (arena_cache_refuse), and is asked no more.
 *
 * For one thread. Values are immutable once they are kept.
 */
#ifndef TALARIA_BASE_MEMORY_ARENA_CACHE_H
#define TALARIA_BASE_MEMORY_ARENA_CACHE_H

#include "base/memory/arena.h"

typedef struct ArenaCache ArenaCache;
typedef struct KeptArena KeptArena;

/* At most `entries` values, whose arenas and keys hold at most `bytes` together. */
ArenaCache *arena_cache_new(uint32_t entries, size_t bytes);
void arena_cache_free(ArenaCache *cache); /* nothing in it may be in use; NULL is fine */
/* All values go; those in use when they are given back. Traces stay. */
void arena_cache_clear(ArenaCache *cache);

/* The value of the key, in use until arena_cache_give_back; NULL when there is none, and then
 * *is_wanted says whether one should be made to be kept. */
KeptArena *arena_cache_find(ArenaCache *cache, Text key, bool *is_wanted);
/* Keeps `value`, which lies in `arena`, from now on the cache's; it is in use as one that was found.
 * NULL when the arena is too large to be kept (it stays the caller's, and the key is refused).
 * The key must not be there. */
KeptArena *arena_cache_keep(ArenaCache *cache, Text key, Arena *arena, void *value);
/* Nothing is to be kept for this key: it is not wanted any more. */
void arena_cache_refuse(ArenaCache *cache, Text key);

void *kept_arena_value(const KeptArena *kept);
void arena_cache_give_back(ArenaCache *cache, KeptArena *kept); /* NULL is fine */

/* Bytes held by values and keys. */
size_t arena_cache_size(const ArenaCache *cache);

#endif

/*
 * See arena_cache.h. A hash table with chains for finding, a list from newest to oldest use for
 * giving up. Traces of keys that were asked for are their hashes, one a slot: a later key may take
 * the slot, which costs a key one more request before it is kept, or one more making in vain.
 */
#include "base/memory/arena_cache.h"

#include "base/log/log.h"
#include "base/memory/guard.h"

#include <stdlib.h>

enum {
    BUCKETS = 512,
    TRACES = 2048,
    LARGEST_PART = 8, /* a value may hold this part of the cache's bytes */
};

typedef enum TraceKind { TRACE_ASKED, TRACE_REFUSED } TraceKind;

typedef struct Trace {
    uint64_t hash; /* 0: none */
    TraceKind kind;
} Trace;

struct KeptArena {
    KeptArena *next_in_bucket;
    KeptArena *newer, *older;
    Arena *arena;
    void *value;
    size_t bytes;
    uint64_t hash;
    uint32_t users;
    bool is_given_up; /* in no list any more: goes with its last user */
    uint32_t key_length;
    char key[];
};

struct ArenaCache {
    uint32_t most_entries, count;
    size_t most_bytes, bytes;
    KeptArena *newest, *oldest;
    KeptArena *buckets[BUCKETS];
    Trace traces[TRACES];
};

/* Eight bytes at a time, each mixed in by a multiplication: keys are compared whole, so this need
 * only spread them. */
static uint64_t hash_of(Text key)
{
    static const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t hash = key.length * factor;
    uint32_t at = 0;
    for (; at + 8 <= key.length; at += 8) {
        uint64_t word;
        memcpy(&word, key.data + at, 8);
        hash = (hash ^ word) * factor;
        hash ^= hash >> 32;
    }
    for (; at < key.length; at++)
        hash = (hash ^ (uint8_t)key.data[at]) * factor;
    hash ^= hash >> 29;
    return hash == 0 ? 1 : hash;
}

static Trace *trace_of(ArenaCache *cache, uint64_t hash)
{
    return &cache->traces[(hash >> 20) % TRACES];
}

ArenaCache *arena_cache_new(uint32_t entries, size_t bytes)
{
    ArenaCache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        log_error("out of memory: cache");
        guard_end_process();
    }
    cache->most_entries = entries;
    cache->most_bytes = bytes;
    return cache;
}

/* --- giving up --- */

static void drop(KeptArena *kept)
{
    arena_free(kept->arena);
    free(kept);
}

static void unlink_use(ArenaCache *cache, KeptArena *kept)
{
    if (kept->newer != NULL)
        kept->newer->older = kept->older;
    else
        cache->newest = kept->older;
    if (kept->older != NULL)
        kept->older->newer = kept->newer;
    else
        cache->oldest = kept->newer;
    kept->newer = kept->older = NULL;
}

static void link_newest(ArenaCache *cache, KeptArena *kept)
{
    kept->newer = NULL;
    kept->older = cache->newest;
    if (cache->newest != NULL)
        cache->newest->newer = kept;
    else
        cache->oldest = kept;
    cache->newest = kept;
}

static void give_up(ArenaCache *cache, KeptArena *kept)
{
    KeptArena **at = &cache->buckets[kept->hash % BUCKETS];
    while (*at != kept)
        at = &(*at)->next_in_bucket;
    *at = kept->next_in_bucket;
    unlink_use(cache, kept);
    cache->count--;
    cache->bytes -= kept->bytes;
    kept->is_given_up = true;
    if (kept->users == 0)
        drop(kept);
}

void arena_cache_clear(ArenaCache *cache)
{
    while (cache->oldest != NULL)
        give_up(cache, cache->oldest);
}

void arena_cache_free(ArenaCache *cache)
{
    if (cache == NULL)
        return;
    arena_cache_clear(cache);
    free(cache);
}

void arena_cache_give_back(ArenaCache *cache, KeptArena *kept)
{
    (void)cache;
    if (kept == NULL)
        return;
    check(kept->users > 0);
    kept->users--;
    if (kept->users == 0 && kept->is_given_up)
        drop(kept);
}

/* --- finding, keeping --- */

KeptArena *arena_cache_find(ArenaCache *cache, Text key, bool *is_wanted)
{
    uint64_t hash = hash_of(key);
    *is_wanted = false;
    KeptArena *kept = cache->buckets[hash % BUCKETS];
    while (kept != NULL &&
           (kept->hash != hash ||
            !text_equal(key, (Text){.data = kept->key, .length = kept->key_length})))
        kept = kept->next_in_bucket;
    if (kept != NULL) {
        unlink_use(cache, kept);
        link_newest(cache, kept);
        kept->users++;
        return kept;
    }
    Trace *trace = trace_of(cache, hash);
    *is_wanted = trace->hash == hash && trace->kind == TRACE_ASKED;
    if (trace->hash != hash)
        *trace = (Trace){.hash = hash, .kind = TRACE_ASKED};
    return NULL;
}

void arena_cache_refuse(ArenaCache *cache, Text key)
{
    uint64_t hash = hash_of(key);
    *trace_of(cache, hash) = (Trace){.hash = hash, .kind = TRACE_REFUSED};
}

KeptArena *arena_cache_keep(ArenaCache *cache, Text key, Arena *arena, void *value)
{
    size_t bytes = sizeof(KeptArena) + key.length + arena_size(arena);
    if (bytes > cache->most_bytes / LARGEST_PART || cache->most_entries == 0) {
        arena_cache_refuse(cache, key);
        return NULL;
    }
    while (cache->count >= cache->most_entries || cache->bytes + bytes > cache->most_bytes)
        give_up(cache, cache->oldest);
    KeptArena *kept = malloc(sizeof *kept + key.length);
    if (kept == NULL) {
        log_error("out of memory: cache");
        guard_end_process();
    }
    uint64_t hash = hash_of(key);
    KeptArena **bucket = &cache->buckets[hash % BUCKETS];
    *kept = (KeptArena){.next_in_bucket = *bucket,
                        .arena = arena,
                        .value = value,
                        .bytes = bytes,
                        .hash = hash,
                        .users = 1,
                        .key_length = key.length};
    if (key.length > 0)
        memcpy(kept->key, key.data, key.length);
    *bucket = kept;
    link_newest(cache, kept);
    cache->count++;
    cache->bytes += bytes;
    return kept;
}

void *kept_arena_value(const KeptArena *kept)
{
    return kept->value;
}

size_t arena_cache_size(const ArenaCache *cache)
{
    return cache->bytes;
}

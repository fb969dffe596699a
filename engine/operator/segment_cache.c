/*
 * Segment readers kept open across queries, least recently used first to go. A reader that is
 * pinned is never closed; memory and files may exceed their limits by what is pinned.
 */
#include "engine/operator/operator_internal.h"

#include <stdlib.h>

typedef struct CachedReader {
    SegmentReader *reader;
    char *path;
    uint8_t digest[16];
    uint32_t pins;
    uint64_t used_at;
} CachedReader;

struct SegmentCache {
    uint32_t max_files;
    size_t max_memory;
    uint64_t clock;
    uint32_t count, capacity;
    CachedReader *readers;
};

SegmentCache *segment_cache_new(uint32_t max_files, size_t max_memory)
{
    SegmentCache *cache = calloc(1, sizeof *cache);
    check(cache != NULL);
    cache->max_files = max_files == 0 ? 1 : max_files;
    cache->max_memory = max_memory;
    return cache;
}

static void drop(SegmentCache *cache, uint32_t index)
{
    segment_reader_close(cache->readers[index].reader);
    free(cache->readers[index].path);
    cache->readers[index] = cache->readers[--cache->count];
}

void segment_cache_drop_all(SegmentCache *cache)
{
    while (cache->count != 0)
        drop(cache, cache->count - 1);
}

void segment_cache_free(SegmentCache *cache)
{
    if (cache == NULL)
        return;
    segment_cache_drop_all(cache);
    free(cache->readers);
    free(cache);
}

static size_t memory_held(const SegmentCache *cache)
{
    size_t sum = 0;
    for (uint32_t i = 0; i < cache->count; i++)
        sum += segment_reader_memory(cache->readers[i].reader);
    return sum;
}

/* Index of the unpinned reader that was used longest ago; count when all are pinned. */
static uint32_t oldest_unpinned(const SegmentCache *cache)
{
    uint32_t oldest = cache->count;
    for (uint32_t i = 0; i < cache->count; i++)
        if (cache->readers[i].pins == 0 &&
            (oldest == cache->count || cache->readers[i].used_at < cache->readers[oldest].used_at))
            oldest = i;
    return oldest;
}

static void make_room(SegmentCache *cache)
{
    while (cache->count >= cache->max_files || memory_held(cache) > cache->max_memory) {
        uint32_t oldest = oldest_unpinned(cache);
        if (oldest == cache->count)
            return;
        drop(cache, oldest);
    }
}

static SegmentReader *pin(SegmentCache *cache, CachedReader *cached)
{
    cached->pins++;
    cached->used_at = ++cache->clock;
    return cached->reader;
}

SegmentReader *segment_cache_acquire(SegmentCache *cache, const InputSegment *segment, Fault *fault)
{
    for (uint32_t i = 0; i < cache->count; i++) {
        CachedReader *cached = &cache->readers[i];
        if (memcmp(cached->digest, segment->digest, sizeof cached->digest) == 0 &&
            text_equal_string(segment->path, cached->path))
            return pin(cache, cached);
    }
    make_room(cache);
    if (cache->count == cache->capacity) {
        cache->capacity = cache->capacity == 0 ? 16 : cache->capacity * 2;
        cache->readers = realloc(cache->readers, cache->capacity * sizeof *cache->readers);
        check(cache->readers != NULL);
    }
    char *path = strndup(segment->path.data, segment->path.length);
    check(path != NULL);
    SegmentReader *reader = segment_reader_open(path, segment->digest, fault);
    if (reader == NULL) {
        free(path);
        return NULL;
    }
    CachedReader *cached = &cache->readers[cache->count++];
    *cached = (CachedReader){.reader = reader, .path = path};
    memcpy(cached->digest, segment->digest, sizeof cached->digest);
    return pin(cache, cached);
}

void segment_cache_release(SegmentCache *cache, SegmentReader *reader)
{
    for (uint32_t i = 0; i < cache->count; i++)
        if (cache->readers[i].reader == reader) {
            check(cache->readers[i].pins > 0);
            cache->readers[i].pins--;
            return;
        }
}

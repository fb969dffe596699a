/*
 * Segment readers kept open across queries, least recently used first to go. A reader that is
 * pinned is never closed; memory and files may exceed their limits by what is pinned.
 *
 * With them the texts of their dictionaries, each column's in one table, so that texts have numbers
 * that go for all segments and all queries: segments never change, and what was looked up once need
 * not be again. The tables count against the same limit and go with the segments.
 */
#include "engine/operator/operator_internal.h"

#include <stdlib.h>

typedef struct CachedReader {
    SegmentReader *reader;
    char *path;
    uint8_t digest[16];
    uint32_t pins;
    uint64_t used_at;
    size_t memory; /* when it was released last */
} CachedReader;

enum { KEPT_TEXTS = 64 }; /* tables at most */

/* The texts of a family of dictionaries. */
typedef struct KeptTexts {
    TextTable table;
    bool is_lent;
    Budget loan; /* the borrower's, for what is added meanwhile */
    uint64_t used_at;
    size_t memory; /* when it was given back last */
} KeptTexts;

struct SegmentCache {
    uint32_t max_files;
    size_t max_memory;
    size_t held;     /* by all, as they were weighed last */
    bool is_crowded; /* what is in use does not fit */
    uint64_t clock;
    uint32_t count, capacity;
    uint32_t next; /* where the next segment is likely to be: queries name them in one order */
    CachedReader *readers;
    uint32_t kept_count;
    KeptTexts *kept[KEPT_TEXTS];
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
    cache->held -= cache->readers[index].memory;
    segment_reader_close(cache->readers[index].reader);
    free(cache->readers[index].path);
    cache->readers[index] = cache->readers[--cache->count];
    cache->next = 0;
}

/* --- kept texts --- */

static void kept_drop(SegmentCache *cache, uint32_t index)
{
    cache->held -= cache->kept[index]->memory;
    text_table_clear(&cache->kept[index]->table);
    free(cache->kept[index]);
    cache->kept[index] = cache->kept[--cache->kept_count];
}

/* Drops the table that was used longest ago; false when all are lent. */
static bool kept_make_room(SegmentCache *cache)
{
    uint32_t oldest = UINT32_MAX;
    for (uint32_t i = 0; i < cache->kept_count; i++)
        if (!cache->kept[i]->is_lent &&
            (oldest == UINT32_MAX || cache->kept[i]->used_at < cache->kept[oldest]->used_at))
            oldest = i;
    if (oldest != UINT32_MAX)
        kept_drop(cache, oldest);
    return oldest != UINT32_MAX;
}

static void kept_forget(SegmentCache *cache, const KeptTexts *kept)
{
    uint32_t index = 0;
    while (cache->kept[index] != kept)
        index++;
    kept_drop(cache, index);
}

static KeptTexts *kept_of(SegmentCache *cache, uint64_t family)
{
    static uint64_t last_number;
    for (uint32_t i = 0; i < cache->kept_count; i++)
        if (cache->kept[i]->table.family == family)
            return cache->kept[i];
    if (cache->kept_count == KEPT_TEXTS && !kept_make_room(cache))
        return NULL;
    KeptTexts *kept = calloc(1, sizeof *kept);
    check(kept != NULL);
    text_table_init_kept(&kept->table, NULL, ++last_number, family);
    cache->kept[cache->kept_count++] = kept;
    return kept;
}

TextTable *kept_texts_borrow(SegmentCache *cache, uint64_t family, Budget *budget)
{
    KeptTexts *kept = cache->is_crowded ? NULL : kept_of(cache, family);
    if (kept == NULL || kept->is_lent)
        return NULL;
    kept->is_lent = true;
    kept->used_at = ++cache->clock;
    budget_init_child(&kept->loan, budget, INT64_MAX);
    kept->table.budget = &kept->loan;
    return &kept->table;
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

static void weigh(SegmentCache *cache, CachedReader *cached)
{
    size_t memory = segment_reader_memory(cached->reader);
    cache->held += memory - cached->memory;
    cached->memory = memory;
}

/* Dictionaries that queries have not asked for lately. */
static void forget_unused(SegmentCache *cache)
{
    for (uint32_t i = 0; i < cache->count; i++) {
        CachedReader *cached = &cache->readers[i];
        if (cached->pins == 0 && segment_reader_forget_unused(cached->reader))
            weigh(cache, cached);
    }
}

static bool drop_oldest(SegmentCache *cache)
{
    uint32_t oldest = oldest_unpinned(cache);
    if (oldest == cache->count)
        return false;
    drop(cache, oldest);
    return true;
}

/* Gives up what is missed least first. When whole readers have to go for their memory, what one
 * query uses does not fit. */
static void make_room(SegmentCache *cache)
{
    if (cache->held > cache->max_memory)
        forget_unused(cache);
    while (cache->held > cache->max_memory && kept_make_room(cache))
        continue;
    cache->is_crowded = cache->held > cache->max_memory;
    while (cache->held > cache->max_memory && drop_oldest(cache))
        continue;
    while (cache->count >= cache->max_files && drop_oldest(cache))
        continue;
}

/* After a table has grown. */
static void make_room_beside(SegmentCache *cache, KeptTexts *kept)
{
    cache->held += text_table_memory(&kept->table) - kept->memory;
    kept->memory = text_table_memory(&kept->table);
    if (kept->memory > cache->max_memory / 2)
        kept_forget(cache, kept); /* the next query's own texts would have no room beside them */
    if (cache->held > cache->max_memory)
        make_room(cache);
}

void kept_texts_return(SegmentCache *cache, TextTable *texts)
{
    KeptTexts *kept = (KeptTexts *)texts;
    check(kept->is_lent);
    text_table_forget_dictionaries(texts);
    texts->budget = NULL;
    bool has_grown = kept->loan.used > 0;
    budget_release_all(&kept->loan);
    kept->is_lent = false;
    if (has_grown)
        make_room_beside(cache, kept);
}

/* --- readers --- */

void segment_cache_drop_all(SegmentCache *cache)
{
    while (kept_make_room(cache))
        continue;
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

bool segment_cache_is_roomy(const SegmentCache *cache)
{
    return !cache->is_crowded;
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
        uint32_t at = cache->next + i < cache->count ? cache->next + i : cache->next + i - cache->count;
        CachedReader *cached = &cache->readers[at];
        if (memcmp(cached->digest, segment->digest, sizeof cached->digest) == 0 &&
            text_equal_string(segment->path, cached->path)) {
            cache->next = at + 1 < cache->count ? at + 1 : 0;
            return pin(cache, cached);
        }
    }
    if (cache->count >= cache->max_files)
        make_room(cache);
    cache->next = 0;
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
    uint32_t last = cache->next == 0 ? cache->count : cache->next;
    for (uint32_t i = 1; i <= cache->count; i++) {
        CachedReader *cached = &cache->readers[last >= i ? last - i : last + cache->count - i];
        if (cached->reader == reader) {
            check(cached->pins > 0);
            cached->pins--;
            if (cached->pins == 0)
                segment_reader_free_retired(reader);
            weigh(cache, cached);
            if (cache->held > cache->max_memory)
                make_room(cache);
            else if (cache->held < cache->max_memory / 2)
                cache->is_crowded = false;
            return;
        }
    }
}

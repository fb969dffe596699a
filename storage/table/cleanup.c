/*
 * What is removed, and when.
 *
 *   at start-up   staged files; files that no row names (renamed, never committed); files and
 *                 rows of unused segments; locks. Nobody else is there who could need them.
 *   while running files and rows of segments that have been unused for longer than a grace
 *                 period, which is the caller's: longer than a query takes from its snapshot to
 *                 opening its segments (an open segment stays readable without its name).
 *
 * A file goes before its row: a crash in between leaves an unused row whose file is missing,
 * which the next round removes.
 */
#include "storage/table/table_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Cleaning {
    TableStore *store;
    Arena *arena;
    TableCleanup *cleanup;
    Fault *fault;
    bool failed;
    const char **known; /* paths of all rows, sorted */
    uint32_t known_count;
} Cleaning;

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool remove_file(Cleaning *cleaning, const char *name, uint32_t *count)
{
    if (!deep_remove(cleaning->store->deep, name, cleaning->fault)) {
        cleaning->failed = true;
        return false;
    }
    ++*count;
    return true;
}

static bool remove_staged(const char *name, void *state)
{
    Cleaning *cleaning = state;
    return remove_file(cleaning, name, &cleaning->cleanup->staged_removed);
}

static bool remove_orphan(const char *name, void *state)
{
    Cleaning *cleaning = state;
    if (cleaning->known_count > 0 && bsearch(&name, cleaning->known, cleaning->known_count,
                                             sizeof *cleaning->known, compare_names) != NULL)
        return true;
    log_info("removing segment file %s, which was never published", name);
    return remove_file(cleaning, name, &cleaning->cleanup->orphans_removed);
}

static bool remove_files(Cleaning *cleaning, const MetaSegment *segments, uint32_t count)
{
    Deep *deep = cleaning->store->deep;
    cleaning->known = ARENA_ARRAY(cleaning->arena, const char *, count);
    for (uint32_t i = 0; i < count; i++)
        cleaning->known[cleaning->known_count++] = segments[i].path.data;
    if (count > 1)
        qsort(cleaning->known, count, sizeof *cleaning->known, compare_names);
    return deep_list(deep, DEEP_STAGING, remove_staged, cleaning, cleaning->fault) &&
           !cleaning->failed &&
           deep_list(deep, DEEP_SEGMENTS, remove_orphan, cleaning, cleaning->fault) &&
           !cleaning->failed;
}

/* Files first, then their rows in one transaction. */
static bool remove_unused(Cleaning *cleaning, const MetaSegment *segments, uint32_t count,
                          int64_t unused_before)
{
    Meta *meta = cleaning->store->meta;
    int64_t *numbers = ARENA_ARRAY(cleaning->arena, int64_t, count);
    uint32_t removed = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (segments[i].state != META_SEGMENT_UNUSED)
            continue;
        if (segments[i].state_since > unused_before) {
            cleaning->cleanup->unused_kept++;
            continue;
        }
        if (segments[i].path.length > 0 &&
            !deep_remove(cleaning->store->deep, segments[i].path.data, cleaning->fault))
            return false;
        numbers[removed++] = segments[i].number;
    }
    if (removed == 0)
        return true;
    if (!meta_begin(meta, true, cleaning->fault))
        return false;
    for (uint32_t i = 0; i < removed; i++) {
        if (!meta_remove_segment(meta, numbers[i], cleaning->fault)) {
            meta_rollback(meta);
            return false;
        }
    }
    cleaning->cleanup->unused_removed += removed;
    return meta_commit(meta, cleaning->fault);
}

static void report_missing(Cleaning *cleaning, const MetaSegment *segments, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (segments[i].state != META_SEGMENT_USED ||
            deep_exists(cleaning->store->deep, segments[i].path.data))
            continue;
        log_error("file %s of segment %s is missing: its table cannot be read",
                  segments[i].path.data, segments[i].id.data);
        cleaning->cleanup->missing++;
    }
}

static bool remove_locks(Cleaning *cleaning)
{
    Meta *meta = cleaning->store->meta;
    MetaLock *locks;
    uint32_t count;
    if (!meta_begin(meta, true, cleaning->fault))
        return false;
    bool ok = meta_locks(meta, cleaning->arena, &locks, &count, cleaning->fault);
    for (uint32_t i = 0; ok && i < count; i++)
        ok = meta_remove_lock(meta, locks[i].id, cleaning->fault);
    if (ok)
        return meta_commit(meta, cleaning->fault);
    meta_rollback(meta);
    return false;
}

static bool recover(Cleaning *cleaning)
{
    MetaSegment *segments;
    uint32_t count;
    if (!meta_segments(cleaning->store->meta, 0, META_ALL_STATES, cleaning->arena, &segments,
                       &count, cleaning->fault) ||
        !remove_files(cleaning, segments, count) ||
        !remove_unused(cleaning, segments, count, INT64_MAX) || !remove_locks(cleaning))
        return false;
    report_missing(cleaning, segments, count);
    return true;
}

bool table_recover(TableStore *store, TableCleanup *cleanup, Fault *fault)
{
    *cleanup = (TableCleanup){0};
    Cleaning cleaning = {
        .store = store, .arena = arena_new("clean-up"), .cleanup = cleanup, .fault = fault};
    bool ok = recover(&cleaning);
    arena_free(cleaning.arena);
    return ok;
}

bool table_collect(TableStore *store, int64_t grace, TableCleanup *cleanup, Fault *fault)
{
    MetaSegment *segments;
    uint32_t count;
    *cleanup = (TableCleanup){0};
    Cleaning cleaning = {
        .store = store, .arena = arena_new("clean-up"), .cleanup = cleanup, .fault = fault};
    bool ok =
        meta_segments(store->meta, 0, META_UNUSED, cleaning.arena, &segments, &count, fault) &&
        remove_unused(&cleaning, segments, count, os_now_micros() - grace);
    arena_free(cleaning.arena);
    return ok;
}

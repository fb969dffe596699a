/*
 * Transaction blocks. What a block changes goes into a copy of the metadata that only its session
 * reads; segments are published to their folder as always, and nobody else has rows that name them.
 * At the end the difference between the copy and what it was made of is merged (merge.c), or the
 * files that only the copy names are removed.
 *
 * A version of a block is a pair of files, DIR/transactions/<session>-<version>.base and .changed.
 * A savepoint keeps the version that it was made at; what is changed behind it goes into another
 * one. Nothing of this survives a start: table_recover removes the folder's files, and segments
 * that no row names.
 */
#include "storage/table/publish_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct BlockPaths {
    char base[DEEP_PATH_SIZE], changed[DEEP_PATH_SIZE];
} BlockPaths;

static bool make_path(const TableStore *store, TableBlock block, const char *ending,
                      char path[DEEP_PATH_SIZE], Fault *fault)
{
    int length = snprintf(path, DEEP_PATH_SIZE, "%s/transactions/%llu-%u.%s", store->deep->folder,
                          (unsigned long long)block.session, block.version, ending);
    return (length > 0 && length < DEEP_PATH_SIZE) ||
           fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "the data folder's path is too long");
}

static bool paths_of(const TableStore *store, TableBlock block, BlockPaths *paths, Fault *fault)
{
    return make_path(store, block, "base", paths->base, fault) &&
           make_path(store, block, "changed", paths->changed, fault);
}

static bool new_paths_of(const TableStore *store, TableBlock block, BlockPaths *paths, Fault *fault)
{
    return make_path(store, block, "base.new", paths->base, fault) &&
           make_path(store, block, "changed.new", paths->changed, fault);
}

static void unlink_paths(const BlockPaths *paths)
{
    Fault fault;
    if (!os_unlink(paths->base, &fault) || !os_unlink(paths->changed, &fault))
        log_fault(LOG_LEVEL_WARNING, "removing a transaction block's files", &fault);
}

static bool copy_file(const char *from, const char *to, Fault *fault)
{
    Buffer bytes = BUFFER_EMPTY;
    int fd;
    bool ok = os_read_file(from, &bytes, SIZE_MAX, fault) && os_create(to, &fd, fault);
    if (ok) {
        ok = os_write_all(fd, bytes.data, bytes.length, fault);
        close(fd);
    }
    buffer_clear(&bytes);
    return ok;
}

/* The metadata as it is, twice. */
static bool make_copies(TableStore *store, const BlockPaths *paths, uint64_t *revision,
                        Fault *fault)
{
    char folder[DEEP_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s/transactions", store->deep->folder);
    return os_make_folder(folder, fault) &&
           meta_copy(store->meta, paths->base, revision, fault) &&
           copy_file(paths->base, paths->changed, fault);
}

bool table_block_begin(TableStore *store, TableBlock block, uint64_t *revision, Fault *fault)
{
    BlockPaths paths;
    if (!paths_of(store, block, &paths, fault))
        return false;
    unlink_paths(&paths); /* of a request that was killed */
    bool ok = make_copies(store, &paths, revision, fault);
    if (!ok)
        unlink_paths(&paths);
    return ok;
}

bool table_block_fork(TableStore *store, TableBlock from, TableBlock to, Fault *fault)
{
    BlockPaths source, target;
    if (!paths_of(store, from, &source, fault) || !paths_of(store, to, &target, fault))
        return false;
    unlink_paths(&target);
    bool ok = copy_file(source.base, target.base, fault) &&
              copy_file(source.changed, target.changed, fault);
    if (!ok)
        unlink_paths(&target);
    return ok;
}

/* --- reading and writing --- */

TableStore *table_block_open(TableStore *store, TableBlock block, uint64_t revision, Fault *fault)
{
    BlockPaths paths;
    if (!paths_of(store, block, &paths, fault))
        return NULL;
    if (access(paths.changed, F_OK) != 0) {
        fault_set(fault, FAULT_IO_ERROR, "the transaction block's changes are not there");
        return NULL;
    }
    Meta *meta = meta_open_sqlite_copy(paths.changed, store->meta, fault);
    if (meta == NULL)
        return NULL;
    TableStore *opened = table_store_open(meta, store->deep, NULL);
    /* tables that the block has not changed need not be read again */
    const TableSnapshot *snapshot = table_snapshot(store, fault);
    if (snapshot != NULL && snapshot->revision == revision)
        opened->current = (SnapshotHolder *)table_snapshot_share(snapshot);
    table_snapshot_release(store, snapshot);
    return opened;
}

Meta *table_store_meta(const TableStore *store)
{
    return store->meta;
}

void table_block_close(TableStore *opened)
{
    if (opened == NULL)
        return;
    Meta *meta = opened->meta;
    table_store_close(opened);
    meta_close(meta);
}

/* The changes onto new copies of the metadata. */
static bool rebase(TableStore *store, const BlockPaths *old, const BlockPaths *new,
                   uint64_t *revision, TableMeeting *meeting, Fault *fault)
{
    TableMerge merge = {.base = old->base, .changed = old->changed, .meeting = meeting};
    if (!make_copies(store, new, revision, fault))
        return false;
    Meta *meta = meta_open_sqlite_copy(new->changed, store->meta, fault);
    if (meta == NULL)
        return false;
    TableStore *target = table_store_open(meta, store->deep, NULL);
    bool ok = table_merge(target, &merge, fault);
    table_block_close(target);
    return ok && os_rename(new->base, old->base, fault) &&
           os_rename(new->changed, old->changed, fault);
}

bool table_block_follow(TableStore *store, TableBlock block, uint64_t *revision,
                        TableMeeting *meeting, Fault *fault)
{
    uint64_t now, copied = 0;
    BlockPaths old, new;
    if (!meta_revision(store->meta, &now, fault))
        return false;
    if (now == *revision)
        return true;
    if (!paths_of(store, block, &old, fault) || !new_paths_of(store, block, &new, fault))
        return false;
    unlink_paths(&new);
    bool ok = rebase(store, &old, &new, &copied, meeting, fault);
    if (ok)
        *revision = copied;
    else
        unlink_paths(&new);
    return ok;
}

/* --- the end --- */

bool table_block_commit(TableStore *store, TableBlock block, uint64_t revision, bool *is_behind,
                        Fault *fault)
{
    BlockPaths paths;
    *is_behind = false;
    if (!paths_of(store, block, &paths, fault))
        return false;
    TableMerge merge = {.base = paths.base, .changed = paths.changed, .revision = revision};
    bool ok = table_merge(store, &merge, fault);
    *is_behind = merge.is_behind;
    return ok;
}

static bool is_published(const MetaSegment *published, uint32_t count, Text path)
{
    for (uint32_t i = 0; i < count; i++)
        if (text_equal(published[i].path, path))
            return true;
    return false;
}

/* Files that only the block's metadata name. */
static bool remove_segments(TableStore *store, const BlockPaths *paths, Arena *arena, Fault *fault)
{
    MetaSegmentChanges changes = {0};
    MetaSegment *published = NULL;
    uint32_t count = 0;
    if (!meta_attach(store->meta, paths->base, paths->changed, fault))
        return false;
    bool ok = meta_attached_segments(store->meta, arena, &changes, fault);
    meta_detach(store->meta);
    for (uint32_t i = 0; i < changes.added_count && ok; i++) {
        const MetaSegment *segment = &changes.added[i];
        if (i == 0 || segment->table_oid != changes.added[i - 1].table_oid)
            ok = meta_segments(store->meta, segment->table_oid, META_ALL_STATES, arena, &published,
                               &count, fault);
        if (ok && segment->path.length > 0 && !is_published(published, count, segment->path))
            ok = deep_remove(store->deep, segment->path.data, fault);
    }
    return ok;
}

void table_block_remove(TableStore *store, TableBlock block)
{
    BlockPaths paths;
    Fault fault;
    Arena *arena = arena_new("end of a block");
    if (paths_of(store, block, &paths, &fault) && access(paths.changed, F_OK) == 0) {
        if (!remove_segments(store, &paths, arena, &fault))
            log_fault(LOG_LEVEL_WARNING, "removing a transaction block's segments", &fault);
        unlink_paths(&paths);
    }
    arena_free(arena);
}

static bool remove_file(const char *name, void *state)
{
    const TableStore *store = state;
    char path[DEEP_PATH_SIZE];
    Fault fault;
    int length = snprintf(path, sizeof path, "%s/transactions/%s", store->deep->folder, name);
    if (length > 0 && length < DEEP_PATH_SIZE && !os_unlink(path, &fault))
        log_fault(LOG_LEVEL_WARNING, "removing a transaction block's files", &fault);
    return true;
}

bool table_block_recover(TableStore *store, Fault *fault)
{
    char folder[DEEP_PATH_SIZE];
    snprintf(folder, sizeof folder, "%s/transactions", store->deep->folder);
    return access(folder, F_OK) != 0 || os_list_folder(folder, remove_file, store, fault);
}

/*
 * Locks on time chunks: rows of the metadata, looked at and changed in write transactions, so
 * that SQLite's own lock makes every decision atomic.
 *
 * A row names its owner by pid and by the time the process started; a row whose owner has ended
 * counts for nothing, and is removed by whoever meets it. So a controller that is killed holds
 * nothing, and nobody has to clean up for it.
 */
#include "storage/table/table_internal.h"

#include "base/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_WAIT_MILLISECONDS = 20 };

/* --- owners --- */

/* When a process started, in the kernel's ticks since boot: field 22 of /proc/<pid>/stat
 * (proc(5)). -1 when there is no such process, or it is a zombie. */
static int64_t process_started(int64_t pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = 0;
    /* Field 2, the name, is in parentheses and may hold anything: count from its end. */
    char *rest = strrchr(line, ')');
    if (rest == NULL || rest[1] != ' ' || rest[2] == 'Z' || rest[2] == 'X')
        return -1;
    char *field = rest + 2; /* field 3 */
    for (int number = 3; number < 22; number++) {
        field = strchr(field, ' ');
        if (field == NULL)
            return -1;
        field++;
    }
    return strtoll(field, NULL, 10);
}

static bool is_alive(const MetaLock *lock)
{
    return process_started(lock->owner_pid) == lock->owner_started;
}

/* --- conflicts --- */

static bool excludes(const MetaLock *lock, Text table, const TableInterval *intervals,
                     uint32_t interval_count, bool is_exclusive)
{
    return text_equal(lock->table, table) && (lock->is_exclusive || is_exclusive) &&
           table_intervals_overlap(intervals, interval_count,
                                   (TableInterval){.start = lock->start, .end = lock->end});
}

static bool find_conflict(TableStore *store, Arena *arena, Text table,
                          const TableInterval *intervals, uint32_t interval_count,
                          bool is_exclusive, int64_t own, LockConflict *conflict, Fault *fault)
{
    MetaLock *locks;
    uint32_t count;
    *conflict = (LockConflict){0};
    if (!meta_locks(store->meta, arena, &locks, &count, fault))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (locks[i].id == own ||
            !excludes(&locks[i], table, intervals, interval_count, is_exclusive))
            continue;
        if (!is_alive(&locks[i])) {
            if (!meta_remove_lock(store->meta, locks[i].id, fault))
                return false;
            continue;
        }
        conflict->found = true;
        snprintf(conflict->query, sizeof conflict->query, "%.*s", TEXT_ARGS(locks[i].query));
        return true;
    }
    return true;
}

bool table_lock_find_conflict(TableStore *store, Text table, const TableInterval *intervals,
                              uint32_t interval_count, bool is_exclusive, int64_t own,
                              LockConflict *conflict, Fault *fault)
{
    Arena *arena = arena_new("locks");
    bool ok = find_conflict(store, arena, table, intervals, interval_count, is_exclusive, own,
                            conflict, fault);
    arena_free(arena);
    return ok;
}

bool table_lock_is_held(TableStore *store, Text table, const TableInterval *intervals,
                        uint32_t interval_count, int64_t id, bool *held, Fault *fault)
{
    MetaLock *locks;
    uint32_t count, kept = 0;
    Arena *arena = arena_new("locks");
    bool ok = meta_locks(store->meta, arena, &locks, &count, fault);
    if (ok) {
        TableInterval *owned = ARENA_ARRAY(arena, TableInterval, count);
        for (uint32_t i = 0; i < count; i++) {
            if (locks[i].id == id && text_equal(locks[i].table, table))
                owned[kept++] = (TableInterval){.start = locks[i].start, .end = locks[i].end};
        }
        kept = table_intervals_normalize(owned, kept);
        *held = true;
        for (uint32_t i = 0; i < interval_count; i++)
            *held = *held && table_intervals_cover(owned, kept, intervals[i]);
    }
    arena_free(arena);
    return ok;
}

/* --- waiting --- */

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = LOCK_WAIT_MILLISECONDS * 1000000L}, NULL);
}

static bool preempted(Text table, const LockConflict *conflict, Fault *fault)
{
    fault_set(fault, FAULT_INSERT_LOCK_PREEMPTED,
              "another statement holds a lock on the same time chunks of table \"%.*s\"",
              TEXT_ARGS(table));
    if (conflict->query[0] != 0)
        fault_detail(fault, "The lock is held by query %s.", conflict->query);
    return false;
}

bool table_lock_begin_write(TableStore *store, Text table, const TableInterval *intervals,
                            uint32_t interval_count, bool is_exclusive, int64_t own,
                            int64_t timeout, Fault *fault)
{
    int64_t start = os_monotonic_nanos();
    for (;;) {
        LockConflict conflict;
        if (!meta_begin(store->meta, true, fault))
            return false;
        if (!table_lock_find_conflict(store, table, intervals, interval_count, is_exclusive, own,
                                      &conflict, fault)) {
            meta_rollback(store->meta);
            return false;
        }
        if (!conflict.found)
            return true;
        meta_rollback(store->meta);
        if ((os_monotonic_nanos() - start) / 1000000 >= timeout)
            return preempted(table, &conflict, fault);
        wait_a_little();
    }
}

/* --- taking and giving back --- */

static bool add_rows(TableStore *store, const TableLockRequest *request,
                     const TableInterval *intervals, uint32_t count, int64_t *id, Fault *fault)
{
    MetaLock lock = {
        .table = request->table,
        .is_exclusive = request->is_exclusive,
        .owner_pid = getpid(),
        .owner_started = process_started(getpid()),
        .query = request->query,
        .created = os_now_micros(),
    };
    for (uint32_t i = 0; i < count; i++) {
        lock.start = intervals[i].start;
        lock.end = intervals[i].end;
        if (!meta_add_lock(store->meta, &lock, fault))
            return false;
    }
    *id = lock.id;
    return true;
}

/* Locks are their processes': none outlives a crash, so that nobody needs to wait for the disk. */
bool table_lock(TableStore *store, const TableLockRequest *request, int64_t *lock, Fault *fault)
{
    Arena *arena = arena_new("lock");
    TableInterval *intervals = ARENA_ARRAY(arena, TableInterval, request->interval_count);
    if (request->interval_count > 0)
        memcpy(intervals, request->intervals, request->interval_count * sizeof *intervals);
    uint32_t count = table_intervals_normalize(intervals, request->interval_count);
    *lock = 0;
    meta_set_durable(store->meta, false);
    bool ok = table_lock_begin_write(store, request->table, intervals, count, request->is_exclusive,
                                     0, request->timeout, fault);
    if (ok) {
        ok = add_rows(store, request, intervals, count, lock, fault);
        if (ok)
            ok = meta_commit(store->meta, fault);
        else
            meta_rollback(store->meta);
    }
    meta_set_durable(store->meta, true);
    arena_free(arena);
    return ok;
}

static bool remove_rows(TableStore *store, int64_t lock, Fault *fault)
{
    if (!meta_begin(store->meta, true, fault))
        return false;
    if (!meta_remove_lock(store->meta, lock, fault)) {
        meta_rollback(store->meta);
        return false;
    }
    return meta_commit(store->meta, fault);
}

bool table_unlock(TableStore *store, int64_t lock, Fault *fault)
{
    if (lock == 0)
        return true;
    meta_set_durable(store->meta, false);
    bool ok = remove_rows(store, lock, fault);
    meta_set_durable(store->meta, true);
    return ok;
}

/*
 * Segments and the locks on time chunks in the SQLite store.
 */
#include "storage/meta/sqlite_internal.h"

bool sqlite_read_segment(sqlite3_stmt *row, Arena *arena, MetaSegment *segment, Fault *fault)
{
    *segment = (MetaSegment){
        .number = sqlite3_column_int64(row, 0),
        .table_oid = (uint32_t)sqlite3_column_int64(row, 1),
        .id = sqlite_text(row, 2, arena),
        .start = sqlite3_column_int64(row, 3),
        .end = sqlite3_column_int64(row, 4),
        .version = sqlite_text(row, 5, arena),
        .partition_number = (uint32_t)sqlite3_column_int64(row, 6),
        .core_partitions = (uint32_t)sqlite3_column_int64(row, 7),
        .shard_spec = sqlite_text(row, 8, arena),
        .rows = (uint64_t)sqlite3_column_int64(row, 9),
        .bytes = (uint64_t)sqlite3_column_int64(row, 10),
        .path = sqlite_text(row, 12, arena),
        .summary = sqlite_text(row, 13, arena),
        .state = (MetaSegmentState)sqlite3_column_int(row, 14),
        .created = sqlite3_column_int64(row, 15),
        .state_since = sqlite3_column_int64(row, 16),
    };
    if (sqlite3_column_bytes(row, 11) != (int)sizeof segment->digest)
        return fault_set(fault, FAULT_DATA_CORRUPTED,
                         "the metadata of segment \"%.*s\" has no digest", TEXT_ARGS(segment->id));
    memcpy(segment->digest, sqlite3_column_blob(row, 11), sizeof segment->digest);
    return true;
}

bool sqlite_segments(Meta *meta, uint32_t table_oid, unsigned states, Arena *arena,
                     MetaSegment **segments, uint32_t *count, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    uint32_t capacity = 0;
    bool row;
    *segments = NULL;
    *count = 0;
    sqlite3_stmt *statement =
        sqlite_use(store, table_oid == 0 ? STATEMENT_SEGMENTS : STATEMENT_SEGMENTS_OF, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, states);
    if (table_oid != 0)
        sqlite_bind_int(statement, 2, table_oid);
    while (sqlite_next(store, statement, &row, "read", fault)) {
        if (!row)
            return true;
        *segments = sqlite_grow(arena, *segments, *count, &capacity, sizeof **segments);
        if (!sqlite_read_segment(statement, arena, &(*segments)[(*count)++], fault)) {
            sqlite3_reset(statement);
            return false;
        }
    }
    return false;
}

bool sqlite_add_segment(Meta *meta, const MetaSegment *segment, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_ADD_SEGMENT, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, segment->table_oid);
    sqlite_bind_text_view(statement, 2, segment->id);
    sqlite_bind_int(statement, 3, segment->start);
    sqlite_bind_int(statement, 4, segment->end);
    sqlite_bind_text_view(statement, 5, segment->version);
    sqlite_bind_int(statement, 6, segment->partition_number);
    sqlite_bind_int(statement, 7, segment->core_partitions);
    sqlite_bind_text_view(statement, 8, segment->shard_spec);
    sqlite_bind_int(statement, 9, (int64_t)segment->rows);
    sqlite_bind_int(statement, 10, (int64_t)segment->bytes);
    sqlite3_bind_blob(statement, 11, segment->digest, sizeof segment->digest, SQLITE_STATIC);
    sqlite_bind_text_view(statement, 12, segment->path);
    sqlite_bind_text_view(statement, 13, segment->summary);
    sqlite_bind_int(statement, 14, segment->state);
    sqlite_bind_int(statement, 15, segment->created);
    sqlite_bind_int(statement, 16, segment->state_since);
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_set_segment_state(Meta *meta, int64_t number, MetaSegmentState state, int64_t now,
                              Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_SET_SEGMENT_STATE, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, number);
    sqlite_bind_int(statement, 2, state);
    sqlite_bind_int(statement, 3, now);
    store->changed = true;
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_next_partition(Meta *meta, uint32_t table_oid, int64_t start, int64_t end, Text version,
                           uint32_t *next, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    bool row;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_NEXT_PARTITION, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, table_oid);
    sqlite_bind_int(statement, 2, start);
    sqlite_bind_int(statement, 3, end);
    sqlite_bind_text_view(statement, 4, version);
    if (!sqlite_next(store, statement, &row, "read", fault))
        return false;
    *next = row ? (uint32_t)sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_reset(statement);
    return true;
}

bool sqlite_remove_segment(Meta *meta, int64_t number, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_REMOVE_SEGMENT, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, number);
    return sqlite_run(store, statement, "write", fault);
}

/* --- locks --- */

bool sqlite_locks(Meta *meta, Arena *arena, MetaLock **locks, uint32_t *count, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    uint32_t capacity = 0;
    bool row;
    *locks = NULL;
    *count = 0;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_LOCKS, fault);
    if (statement == NULL)
        return false;
    while (sqlite_next(store, statement, &row, "read", fault)) {
        if (!row)
            return true;
        *locks = sqlite_grow(arena, *locks, *count, &capacity, sizeof **locks);
        (*locks)[(*count)++] = (MetaLock){
            .id = sqlite3_column_int64(statement, 0),
            .table = sqlite_text(statement, 1, arena),
            .start = sqlite3_column_int64(statement, 2),
            .end = sqlite3_column_int64(statement, 3),
            .is_exclusive = sqlite3_column_int(statement, 4) != 0,
            .owner_pid = sqlite3_column_int64(statement, 5),
            .owner_started = sqlite3_column_int64(statement, 6),
            .query = sqlite_text(statement, 7, arena),
            .created = sqlite3_column_int64(statement, 8),
        };
    }
    return false;
}

/* A lock without an id gets the next one; with an id it is one more interval of that lock. */
bool sqlite_add_lock(Meta *meta, MetaLock *lock, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    if (lock->id == 0) {
        sqlite3_stmt *next = sqlite_use(store, STATEMENT_NEXT_LOCK, fault);
        bool row;
        if (next == NULL || !sqlite_next(store, next, &row, "read", fault))
            return false;
        lock->id = (row ? sqlite3_column_int64(next, 0) : 0) + 1;
        sqlite3_reset(next);
        sqlite3_stmt *set = sqlite_use(store, STATEMENT_SET_COUNTER, fault);
        if (set == NULL)
            return false;
        sqlite_bind_text_view(set, 1, TEXT_LITERAL("lock"));
        sqlite_bind_int(set, 2, lock->id);
        if (!sqlite_run(store, set, "write", fault))
            return false;
    }
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_ADD_LOCK, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, lock->id);
    sqlite_bind_text_view(statement, 2, lock->table);
    sqlite_bind_int(statement, 3, lock->start);
    sqlite_bind_int(statement, 4, lock->end);
    sqlite_bind_int(statement, 5, lock->is_exclusive);
    sqlite_bind_int(statement, 6, lock->owner_pid);
    sqlite_bind_int(statement, 7, lock->owner_started);
    sqlite_bind_text_view(statement, 8, lock->query);
    sqlite_bind_int(statement, 9, lock->created);
    return sqlite_run(store, statement, "write", fault);
}

bool sqlite_remove_lock(Meta *meta, int64_t id, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_REMOVE_LOCK, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_int(statement, 1, id);
    return sqlite_run(store, statement, "write", fault);
}

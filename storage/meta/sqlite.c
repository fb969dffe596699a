/*
 * The SQLite store: opening, transactions, counters, and the helpers that every statement
 * goes through. DIR/metadata.sqlite in WAL mode with synchronous=FULL, so that a commit that
 * returned survives the loss of power, and readers never wait for the writer.
 */
#include "storage/meta/sqlite_internal.h"

#include "base/log/log.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const statement_texts[] = {
#define STATEMENT(symbol, sql) sql,
#include "storage/meta/sqlite_statements.def"
#undef STATEMENT
};

/* --- helpers --- */

static FaultCode fault_code_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return FAULT_DISK_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return FAULT_OBJECT_IN_USE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return FAULT_DATA_CORRUPTED;
    case SQLITE_NOMEM:
        return FAULT_OUT_OF_MEMORY;
    case SQLITE_CONSTRAINT:
        return FAULT_INTERNAL_ERROR;
    default:
        return FAULT_IO_ERROR;
    }
}

bool sqlite_fault(SqliteMeta *store, int code, const char *doing, Fault *fault)
{
    return fault_set(fault, fault_code_of(code), "could not %s the metadata store: %s", doing,
                     store->database != NULL ? sqlite3_errmsg(store->database)
                                             : sqlite3_errstr(code));
}

sqlite3_stmt *sqlite_use(SqliteMeta *store, SqliteStatement which, Fault *fault)
{
    sqlite3_stmt **statement = &store->statements[which];
    if (*statement == NULL) {
        int code = sqlite3_prepare_v3(store->database, statement_texts[which], -1,
                                      SQLITE_PREPARE_PERSISTENT, statement, NULL);
        if (code != SQLITE_OK) {
            sqlite_fault(store, code, "ask", fault);
            return NULL;
        }
    }
    sqlite3_reset(*statement);
    sqlite3_clear_bindings(*statement);
    return *statement;
}

void sqlite_bind_int(sqlite3_stmt *statement, int place, int64_t value)
{
    check(sqlite3_bind_int64(statement, place, value) == SQLITE_OK);
}

void sqlite_bind_text_view(sqlite3_stmt *statement, int place, Text value)
{
    const char *data = value.data != NULL ? value.data : "";
    check(value.length <= INT32_MAX);
    check(sqlite3_bind_text(statement, place, data, (int)value.length, SQLITE_STATIC) == SQLITE_OK);
}

bool sqlite_next(SqliteMeta *store, sqlite3_stmt *statement, bool *row, const char *doing,
                 Fault *fault)
{
    int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    if (*row)
        return true;
    bool done = code == SQLITE_DONE || sqlite_fault(store, code, doing, fault);
    sqlite3_reset(statement);
    return done;
}

bool sqlite_run(SqliteMeta *store, sqlite3_stmt *statement, const char *doing, Fault *fault)
{
    bool row = true;
    while (row) {
        if (!sqlite_next(store, statement, &row, doing, fault))
            return false;
    }
    return true;
}

Text sqlite_text(sqlite3_stmt *statement, int column, Arena *arena)
{
    const char *data = (const char *)sqlite3_column_text(statement, column);
    int length = sqlite3_column_bytes(statement, column);
    if (data == NULL)
        return TEXT_LITERAL("");
    return (Text){.data = arena_strndup(arena, data, (size_t)length), .length = (uint32_t)length};
}

void *sqlite_grow(Arena *arena, void *items, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    uint32_t larger = *capacity == 0 ? 16 : *capacity * 2;
    check(larger > count);
    void *copy = arena_alloc_array(arena, larger, size);
    if (count > 0)
        memcpy(copy, items, count * size);
    *capacity = larger;
    return copy;
}

/* --- counters --- */

static bool get_counter(SqliteMeta *store, const char *name, int64_t *value, Fault *fault)
{
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_GET_COUNTER, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_text_view(statement, 1, text_of(name));
    bool row;
    if (!sqlite_next(store, statement, &row, "read", fault))
        return false;
    if (!row)
        return fault_set(fault, FAULT_DATA_CORRUPTED, "the metadata store lacks the counter %s",
                         name);
    *value = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return true;
}

static bool set_counter(SqliteMeta *store, const char *name, int64_t value, Fault *fault)
{
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_SET_COUNTER, fault);
    if (statement == NULL)
        return false;
    sqlite_bind_text_view(statement, 1, text_of(name));
    sqlite_bind_int(statement, 2, value);
    return sqlite_run(store, statement, "write", fault);
}

static bool sqlite_revision(Meta *meta, uint64_t *revision, Fault *fault)
{
    int64_t value;
    if (!get_counter((SqliteMeta *)meta, "revision", &value, fault))
        return false;
    *revision = (uint64_t)value;
    return true;
}

/* What a copy hands out must not come again anywhere: it asks the store that it is of. */
static bool begin_counting(const SqliteMeta *store, Fault *fault)
{
    return meta_begin(store->origin, true, fault);
}

static bool sqlite_allocate_oid(Meta *meta, uint32_t *oid, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    int64_t next;
    if (store->origin != NULL) {
        if (begin_counting(store, fault) && meta_allocate_oid(store->origin, oid, fault) &&
            meta_commit(store->origin, fault))
            return true;
        meta_rollback(store->origin);
        return false;
    }
    if (!get_counter(store, "oid", &next, fault))
        return false;
    if (next < META_FIRST_OID || next >= UINT32_MAX)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "there are no more object ids");
    *oid = (uint32_t)next;
    return set_counter(store, "oid", next + 1, fault);
}

static bool sqlite_next_version(Meta *meta, int64_t now, char version[META_TIME_SIZE], Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    int64_t last;
    if (store->origin != NULL) {
        if (begin_counting(store, fault) &&
            meta_next_version(store->origin, now, version, fault) &&
            meta_commit(store->origin, fault))
            return true;
        meta_rollback(store->origin);
        return false;
    }
    if (!get_counter(store, "version", &last, fault))
        return false;
    int64_t millis = now / 1000;
    if (millis <= last)
        millis = last + 1;
    meta_format_time(millis * 1000, version);
    return set_counter(store, "version", millis, fault);
}

/* --- transactions --- */

static bool run_simple(SqliteMeta *store, SqliteStatement which, const char *doing, Fault *fault)
{
    sqlite3_stmt *statement = sqlite_use(store, which, fault);
    return statement != NULL && sqlite_run(store, statement, doing, fault);
}

static void sqlite_rollback(Meta *meta)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    Fault ignored;
    /* After some failures SQLite has rolled back by itself; then this changes nothing. */
    if (!sqlite3_get_autocommit(store->database))
        (void)run_simple(store, STATEMENT_ROLLBACK, "roll back in", &ignored);
    store->changed = false;
}

/* With a log NORMAL means that it is not synced at each commit. */
static void sqlite_set_durable(Meta *meta, bool is_durable)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    if (store->origin != NULL)
        return; /* a copy never is */
    (void)sqlite3_exec(store->database,
                       is_durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", NULL,
                       NULL, NULL);
}

static bool sqlite_begin(Meta *meta, bool write, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    store->changed = false;
    if (!run_simple(store, write ? STATEMENT_BEGIN_WRITE : STATEMENT_BEGIN_READ, "begin in", fault))
        return false;
    uint64_t revision;
    if (write && !sqlite_revision(meta, &revision, fault)) {
        sqlite_rollback(meta);
        return false;
    }
    store->revision = write ? revision + 1 : 0;
    return true;
}

static bool sqlite_commit(Meta *meta, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    if (store->changed && !set_counter(store, "revision", (int64_t)store->revision, fault))
        return false;
    store->changed = false;
    return run_simple(store, STATEMENT_COMMIT, "commit to", fault);
}

/* --- opening --- */

static void sqlite_close(Meta *meta)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->database);
    free(store);
}

static bool sqlite_prepare(SqliteMeta *store, const char *path, const char *pragmas, Fault *fault)
{
    int code = sqlite3_open_v2(path, &store->database,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                   SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI,
                               NULL);
    if (code != SQLITE_OK)
        return sqlite_fault(store, code, "open", fault);
    sqlite3_busy_timeout(store->database, META_BUSY_MILLISECONDS);
    code = sqlite3_exec(store->database, pragmas, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return sqlite_fault(store, code, "open", fault);
    return sqlite_migrate(store, fault);
}

static const MetaOperations sqlite_operations = {
    .close = sqlite_close,
    .set_durable = sqlite_set_durable,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .revision = sqlite_revision,
    .allocate_oid = sqlite_allocate_oid,
    .next_version = sqlite_next_version,
    .tables = sqlite_tables,
    .find_table = sqlite_find_table,
    .add_table = sqlite_add_table,
    .update_table = sqlite_update_table,
    .remove_table = sqlite_remove_table,
    .put_column = sqlite_put_column,
    .remove_column = sqlite_remove_column,
    .segments = sqlite_segments,
    .add_segment = sqlite_add_segment,
    .set_segment_state = sqlite_set_segment_state,
    .next_partition = sqlite_next_partition,
    .remove_segment = sqlite_remove_segment,
    .locks = sqlite_locks,
    .add_lock = sqlite_add_lock,
    .remove_lock = sqlite_remove_lock,
    .roles = sqlite_roles,
    .put_role = sqlite_put_role,
    .remove_role = sqlite_remove_role,
    .members = sqlite_members,
    .put_member = sqlite_put_member,
    .remove_member = sqlite_remove_member,
    .grants = sqlite_grants,
    .put_grant = sqlite_put_grant,
    .owners = sqlite_owners,
    .put_owner = sqlite_put_owner,
    .get_value = sqlite_get_value,
    .put_value = sqlite_put_value,
    .copy = sqlite_copy,
    .attach = sqlite_attach,
    .merge = sqlite_merge,
    .attached_segments = sqlite_attached_segments,
    .detach = sqlite_detach,
};

static Meta *open_at(const char *path, const char *pragmas, Meta *origin, Fault *fault)
{
    SqliteMeta *store = calloc(1, sizeof *store);
    check(store != NULL);
    store->meta.operations = &sqlite_operations;
    store->origin = origin;
    if (!sqlite_prepare(store, path, pragmas, fault)) {
        sqlite_close(&store->meta);
        return NULL;
    }
    return &store->meta;
}

Meta *meta_open_sqlite_copy(const char *path, Meta *origin, Fault *fault)
{
    /* Nobody reads a copy that a crash has left: it need not survive one. */
    return open_at(path,
                   "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
                   "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY",
                   origin, fault);
}

Meta *meta_open_sqlite(const char *folder, Fault *fault)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/metadata.sqlite", folder);
    if (length < 0 || (size_t)length >= sizeof path) {
        fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "the data folder's path is too long");
        return NULL;
    }
    return open_at(path,
                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                   "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY",
                   NULL, fault);
}

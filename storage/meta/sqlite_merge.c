/*
 * Copies of the SQLite store, and bringing what was changed in one into the store that it is of.
 *
 * The difference between two copies is found table by table with SQL that is made from the schema:
 * a table that a migration adds takes part without a word here. Every table has a primary key of
 * columns that are not NULL.
 */
#include "storage/meta/sqlite_internal.h"

#include "base/log/log.h"
#include "base/memory/buffer.h"
#include "base/os/os.h"

/* --- copies --- */

static bool run_with_path(SqliteMeta *store, const char *sql, const char *path, Fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    bool ok = code == SQLITE_DONE || sqlite_fault(store, code, "copy", fault);
    sqlite3_finalize(statement);
    return ok;
}

/* Read only, and nobody writes it: a transaction takes no locks on it and syncs nothing of it. */
static bool attach_copy(SqliteMeta *store, const char *sql, const char *path, Fault *fault)
{
    Buffer uri = BUFFER_EMPTY;
    buffer_printf(&uri, "file:");
    for (const char *at = path; *at != 0; at++)
        if (strchr("%?#", *at) != NULL)
            buffer_printf(&uri, "%%%02X", (unsigned char)*at);
        else
            buffer_append(&uri, at, 1);
    buffer_printf(&uri, "?mode=ro&immutable=1");
    buffer_append(&uri, "", 1);
    bool ok = run_with_path(store, sql, (const char *)uri.data, fault);
    buffer_clear(&uri);
    return ok;
}

static bool revision_of(SqliteMeta *store, const char *path, uint64_t *revision, Fault *fault)
{
    static const char sql[] = "SELECT value FROM copied.counters WHERE name = 'revision'";
    if (!attach_copy(store, "ATTACH ?1 AS copied", path, fault))
        return false;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *revision = (uint64_t)sqlite3_column_int64(statement, 0);
    bool ok = code == SQLITE_ROW || sqlite_fault(store, code, "copy", fault);
    sqlite3_finalize(statement);
    (void)sqlite3_exec(store->database, "DETACH copied", NULL, NULL, NULL);
    return ok;
}

bool sqlite_copy(Meta *meta, const char *path, uint64_t *revision, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    /* the copy is synced as the store is, and need not be */
    (void)sqlite3_exec(store->database, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    bool ok = run_with_path(store, "VACUUM INTO ?1", path, fault);
    (void)sqlite3_exec(store->database, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
    return ok && revision_of(store, path, revision, fault);
}

bool sqlite_attach(Meta *meta, const char *base, const char *changed, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    if (attach_copy(store, "ATTACH ?1 AS base", base, fault) &&
        attach_copy(store, "ATTACH ?1 AS changed", changed, fault))
        return true;
    sqlite_detach(meta);
    return false;
}

void sqlite_detach(Meta *meta)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    (void)sqlite3_exec(store->database, "DETACH base", NULL, NULL, NULL);
    (void)sqlite3_exec(store->database, "DETACH changed", NULL, NULL, NULL);
}

/* --- what a table consists of --- */

enum { MOST_COLUMNS = 64 };

typedef struct Shape {
    const char *table;
    uint32_t count;
    const char *columns[MOST_COLUMNS];
    bool is_key[MOST_COLUMNS];
    bool is_compared[MOST_COLUMNS];
} Shape;

static bool read_shape(SqliteMeta *store, Arena *arena, Shape *shape, Fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database,
                                  "SELECT name, pk FROM pragma_table_info(?1, 'main')", -1,
                                  &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(statement, 1, shape->table, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
        check(shape->count < MOST_COLUMNS);
        const char *name = sqlite_text(statement, 0, arena).data;
        shape->columns[shape->count] = name;
        shape->is_key[shape->count] = sqlite3_column_int(statement, 1) > 0;
        shape->is_compared[shape->count++] = strcmp(name, "revision") != 0;
    }
    bool ok = code == SQLITE_DONE || sqlite_fault(store, code, "read", fault);
    sqlite3_finalize(statement);
    return ok;
}

/* --- SQL made from it --- */

/* " AND a.k = b.k ..." of the key */
static void put_same_key(const Shape *shape, const char *a, const char *b, Buffer *out)
{
    for (uint32_t i = 0; i < shape->count; i++)
        if (shape->is_key[i])
            buffer_printf(out, " AND %s.\"%s\" = %s.\"%s\"", a, shape->columns[i], b,
                          shape->columns[i]);
}

static void put_same_values(const Shape *shape, const char *a, const char *b, Buffer *out)
{
    buffer_printf(out, "(1");
    for (uint32_t i = 0; i < shape->count; i++)
        if (shape->is_compared[i])
            buffer_printf(out, " AND %s.\"%s\" IS %s.\"%s\"", a, shape->columns[i], b,
                          shape->columns[i]);
    buffer_printf(out, ")");
}

static void put_list(const Shape *shape, const char *of, bool keys_only, Buffer *out)
{
    const char *comma = "";
    for (uint32_t i = 0; i < shape->count; i++) {
        if (keys_only && !shape->is_key[i])
            continue;
        buffer_printf(out, "%s%s%s\"%s\"", comma, of == NULL ? "" : of, of == NULL ? "" : ".",
                      shape->columns[i]);
        comma = ", ";
    }
}

static const char *first_key(const Shape *shape)
{
    uint32_t i = 0;
    while (!shape->is_key[i])
        check(++i < shape->count);
    return shape->columns[i];
}

/* Rows of one copy that the other does not have, or has otherwise. */
static void put_difference(const Shape *shape, const char *of, const char *from, Buffer *out)
{
    buffer_printf(out, " FROM %s.\"%s\" AS x LEFT JOIN %s.\"%s\" AS y ON 1", of, shape->table, from,
                  shape->table);
    put_same_key(shape, "x", "y", out);
    buffer_printf(out, " WHERE (y.\"%s\" IS NULL OR NOT ", first_key(shape));
    put_same_values(shape, "x", "y", out);
    buffer_printf(out, ")");
}

/* --- merging --- */

static bool conflict(Fault *fault)
{
    return fault_set(fault, FAULT_SERIALIZATION_FAILURE,
                     "could not serialize access due to concurrent update");
}

/* Runs it; *any: whether it gave a row. */
static bool run_sql(SqliteMeta *store, Buffer *sql, bool *any, Fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, (const char *)sql->data, (int)sql->length,
                                  &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    *any = code == SQLITE_ROW;
    bool ok = code == SQLITE_ROW || code == SQLITE_DONE;
    if (!ok)
        ok = (code & 0xff) == SQLITE_CONSTRAINT ? conflict(fault)
                                                : sqlite_fault(store, code, "merge into", fault);
    sqlite3_finalize(statement);
    sql->length = 0;
    return ok;
}

/* Rows that were changed or removed and are not what they were before. */
static bool check_untouched(SqliteMeta *store, const Shape *shape, Buffer *sql, Fault *fault)
{
    bool any;
    buffer_printf(sql, "SELECT 1");
    put_difference(shape, "base", "changed", sql);
    buffer_printf(sql, " AND NOT EXISTS (SELECT 1 FROM main.\"%s\" AS m WHERE 1", shape->table);
    put_same_key(shape, "m", "x", sql);
    buffer_printf(sql, " AND ");
    put_same_values(shape, "m", "x", sql);
    buffer_printf(sql, ") LIMIT 1");
    return run_sql(store, sql, &any, fault) && (!any || conflict(fault));
}

static bool remove_rows(SqliteMeta *store, const Shape *shape, Buffer *sql, Fault *fault)
{
    bool any;
    buffer_printf(sql, "DELETE FROM main.\"%s\" WHERE (", shape->table);
    put_list(shape, NULL, true, sql);
    buffer_printf(sql, ") IN (SELECT ");
    put_list(shape, "x", true, sql);
    put_difference(shape, "base", "changed", sql);
    buffer_printf(sql, ")");
    return run_sql(store, sql, &any, fault);
}

static bool add_rows(SqliteMeta *store, const Shape *shape, Buffer *sql, Fault *fault)
{
    bool any;
    buffer_printf(sql, "INSERT INTO main.\"%s\" (", shape->table);
    put_list(shape, NULL, false, sql);
    buffer_printf(sql, ") SELECT ");
    put_list(shape, "x", false, sql);
    put_difference(shape, "changed", "base", sql);
    return run_sql(store, sql, &any, fault);
}

/* Tables that were changed in any way are as of this commit: snapshots read them again. */
static bool raise_revisions(SqliteMeta *store, Buffer *sql, Fault *fault)
{
    bool any;
    buffer_printf(sql,
                  "UPDATE main.tables SET revision = %llu WHERE oid IN (SELECT c.oid"
                  " FROM changed.tables AS c LEFT JOIN base.tables AS b ON b.oid = c.oid"
                  " WHERE b.revision IS NOT c.revision)",
                  (unsigned long long)store->revision);
    return run_sql(store, sql, &any, fault);
}

/* What others have added to a table that is dropped goes with it. */
static bool drop_segments(SqliteMeta *store, Buffer *sql, Fault *fault)
{
    bool any;
    buffer_printf(sql,
                  "UPDATE main.segments SET state = 0, state_since = %lld WHERE state <> 0 AND"
                  " table_oid IN (SELECT oid FROM base.tables EXCEPT SELECT oid FROM"
                  " changed.tables)",
                  (long long)os_now_micros());
    return run_sql(store, sql, &any, fault);
}

static bool list_tables(SqliteMeta *store, Arena *arena, Shape **shapes, uint32_t *count,
                        Fault *fault)
{
    static const char sql[] =
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
        " ESCAPE '\\' AND name NOT IN ('counters', 'locks', 'migrations', 'segments')";
    sqlite3_stmt *statement = NULL;
    uint32_t capacity = 0;
    *shapes = NULL;
    *count = 0;
    int code = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
        *shapes = sqlite_grow(arena, *shapes, *count, &capacity, sizeof **shapes);
        (*shapes)[(*count)++] = (Shape){.table = sqlite_text(statement, 0, arena).data};
    }
    bool ok = code == SQLITE_DONE || sqlite_fault(store, code, "read", fault);
    sqlite3_finalize(statement);
    for (uint32_t i = 0; i < *count && ok; i++)
        ok = read_shape(store, arena, &(*shapes)[i], fault);
    return ok;
}

bool sqlite_merge(Meta *meta, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    Arena *arena = arena_new("merging metadata");
    Buffer sql = BUFFER_EMPTY;
    Shape *shapes;
    uint32_t count;
    bool ok = list_tables(store, arena, &shapes, &count, fault);
    for (uint32_t i = 0; i < count && ok; i++)
        ok = check_untouched(store, &shapes[i], &sql, fault);
    for (uint32_t i = 0; i < count && ok; i++)
        ok = remove_rows(store, &shapes[i], &sql, fault);
    for (uint32_t i = 0; i < count && ok; i++)
        ok = add_rows(store, &shapes[i], &sql, fault);
    ok = ok && raise_revisions(store, &sql, fault) && drop_segments(store, &sql, fault);
    store->changed = true;
    buffer_clear(&sql);
    arena_free(arena);
    return ok;
}

/* --- segments --- */

static bool added_segments(SqliteMeta *store, Arena *arena, MetaSegment **segments,
                           uint32_t *count, Fault *fault)
{
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_ADDED_SEGMENTS, fault);
    uint32_t capacity = 0;
    bool row = statement != NULL;
    *segments = NULL;
    *count = 0;
    while (row) {
        if (!sqlite_next(store, statement, &row, "read", fault))
            return false;
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

static bool changed_segments(SqliteMeta *store, Arena *arena, MetaStateChange **changes,
                             uint32_t *count, Fault *fault)
{
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_CHANGED_SEGMENTS, fault);
    uint32_t capacity = 0;
    bool row = statement != NULL;
    *changes = NULL;
    *count = 0;
    while (row) {
        if (!sqlite_next(store, statement, &row, "read", fault))
            return false;
        if (!row)
            return true;
        *changes = sqlite_grow(arena, *changes, *count, &capacity, sizeof **changes);
        (*changes)[(*count)++] = (MetaStateChange){
            .number = sqlite3_column_int64(statement, 0),
            .table_oid = (uint32_t)sqlite3_column_int64(statement, 1),
            .start = sqlite3_column_int64(statement, 2),
            .end = sqlite3_column_int64(statement, 3),
            .from = (MetaSegmentState)sqlite3_column_int(statement, 4),
            .to = (MetaSegmentState)sqlite3_column_int(statement, 5),
        };
    }
    return false;
}

static bool last_number(SqliteMeta *store, int64_t *number, Fault *fault)
{
    bool row;
    sqlite3_stmt *statement = sqlite_use(store, STATEMENT_LAST_NUMBER, fault);
    if (statement == NULL || !sqlite_next(store, statement, &row, "read", fault))
        return false;
    *number = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    return true;
}

bool sqlite_attached_segments(Meta *meta, Arena *arena, MetaSegmentChanges *changes, Fault *fault)
{
    SqliteMeta *store = (SqliteMeta *)meta;
    return last_number(store, &changes->last_number, fault) &&
           added_segments(store, arena, &changes->added, &changes->added_count, fault) &&
           changed_segments(store, arena, &changes->states, &changes->state_count, fault);
}

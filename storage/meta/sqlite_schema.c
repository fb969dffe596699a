/*
 * The schema of metadata.sqlite, as steps from nothing to now. A step, once released, never
 * changes: a new need is a new step at the end. PRAGMA user_version holds how many have been
 * taken, the table `migrations` when.
 */
#include "storage/meta/sqlite_internal.h"

#include "base/os/os.h"

#include <stdio.h>

typedef struct Migration {
    const char *description;
    const char *sql;
} Migration;

static const Migration migrations[] = {
    {"tables, columns, segments, locks, roles, values",
     "CREATE TABLE migrations (number INTEGER PRIMARY KEY, description TEXT NOT NULL,"
     " applied INTEGER NOT NULL);"
     "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
     "INSERT INTO counters VALUES ('revision', 1), ('oid', 16384), ('version', 0), ('lock', 0);"
     "CREATE TABLE tables (oid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
     " comment TEXT NOT NULL, properties TEXT NOT NULL, revision INTEGER NOT NULL,"
     " created INTEGER NOT NULL, next_column INTEGER NOT NULL);"
     "CREATE TABLE columns (table_oid INTEGER NOT NULL, number INTEGER NOT NULL,"
     " name TEXT NOT NULL, type_oid INTEGER NOT NULL, type_modifier INTEGER NOT NULL,"
     " comment TEXT NOT NULL, PRIMARY KEY (table_oid, number), UNIQUE (table_oid, name))"
     " WITHOUT ROWID;"
     "CREATE TABLE segments (number INTEGER PRIMARY KEY AUTOINCREMENT,"
     " table_oid INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, start_time INTEGER NOT NULL,"
     " end_time INTEGER NOT NULL, version TEXT NOT NULL, partition_number INTEGER NOT NULL,"
     " core_partitions INTEGER NOT NULL, shard_spec TEXT NOT NULL, rows INTEGER NOT NULL,"
     " bytes INTEGER NOT NULL, digest BLOB NOT NULL, path TEXT NOT NULL, summary TEXT NOT NULL,"
     " state INTEGER NOT NULL, created INTEGER NOT NULL, state_since INTEGER NOT NULL);"
     "CREATE INDEX segments_of_table ON segments (table_oid, state, start_time);"
     "CREATE TABLE locks (id INTEGER NOT NULL, table_name TEXT NOT NULL,"
     " start_time INTEGER NOT NULL, end_time INTEGER NOT NULL, is_exclusive INTEGER NOT NULL,"
     " owner_pid INTEGER NOT NULL, owner_started INTEGER NOT NULL, query TEXT NOT NULL,"
     " created INTEGER NOT NULL, PRIMARY KEY (id, start_time)) WITHOUT ROWID;"
     "CREATE TABLE roles (oid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
     " is_superuser INTEGER NOT NULL, can_login INTEGER NOT NULL,"
     " can_create_role INTEGER NOT NULL, can_create_database INTEGER NOT NULL,"
     " inherits INTEGER NOT NULL, password TEXT NOT NULL, connection_limit INTEGER NOT NULL,"
     " valid_until INTEGER NOT NULL, settings TEXT NOT NULL);"
     "CREATE TABLE \"values\" (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"},
    {"memberships, grants, owners",
     "ALTER TABLE roles ADD COLUMN can_replicate INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE roles ADD COLUMN bypasses_row_security INTEGER NOT NULL DEFAULT 0;"
     "CREATE TABLE members (role INTEGER NOT NULL, member INTEGER NOT NULL,"
     " grantor INTEGER NOT NULL, is_admin INTEGER NOT NULL, PRIMARY KEY (role, member))"
     " WITHOUT ROWID;"
     "CREATE TABLE grants (kind INTEGER NOT NULL, object INTEGER NOT NULL, name TEXT NOT NULL,"
     " grantee INTEGER NOT NULL, grantor INTEGER NOT NULL, privileges INTEGER NOT NULL,"
     " options INTEGER NOT NULL, PRIMARY KEY (kind, object, name, grantee, grantor))"
     " WITHOUT ROWID;"
     "CREATE TABLE owners (object INTEGER PRIMARY KEY, role INTEGER NOT NULL);"},
};

enum { MIGRATION_COUNT = sizeof migrations / sizeof migrations[0] };

static bool execute(SqliteMeta *store, const char *sql, Fault *fault)
{
    int code = sqlite3_exec(store->database, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || sqlite_fault(store, code, "prepare", fault);
}

static bool read_version(SqliteMeta *store, int *version, Fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->database, "PRAGMA user_version", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || sqlite_fault(store, code, "read the version of", fault);
}

static bool apply(SqliteMeta *store, int number, Fault *fault)
{
    char note[256];
    snprintf(note, sizeof note,
             "INSERT INTO migrations VALUES (%d, '%s', %lld); PRAGMA user_version = %d", number,
             migrations[number - 1].description, (long long)os_now_micros(), number);
    return execute(store, migrations[number - 1].sql, fault) && execute(store, note, fault);
}

bool sqlite_migrate(SqliteMeta *store, Fault *fault)
{
    int version;
    if (!read_version(store, &version, fault))
        return false;
    if (version == MIGRATION_COUNT)
        return true;
    /* Another process may be at it: look again once no other can. */
    if (!execute(store, "BEGIN IMMEDIATE", fault))
        return false;
    bool ok = read_version(store, &version, fault);
    if (ok && version > MIGRATION_COUNT) {
        ok = fault_set(fault, FAULT_OBJECT_NOT_IN_PREREQUISITE_STATE,
                       "the metadata store has version %d, and this release knows only %d", version,
                       MIGRATION_COUNT);
        fault_hint(fault, "Start the release that wrote it, or a newer one.");
    }
    for (int number = version + 1; ok && number <= MIGRATION_COUNT; number++)
        ok = apply(store, number, fault);
    if (ok)
        ok = execute(store, "COMMIT", fault);
    if (!ok)
        sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    return ok;
}

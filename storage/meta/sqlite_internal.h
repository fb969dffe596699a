/*
 * The SQLite store's own: its struct, its prepared statements, and the few helpers with which
 * every statement is bound, stepped and read.
 */
#ifndef TALARIA_STORAGE_META_SQLITE_INTERNAL_H
#define TALARIA_STORAGE_META_SQLITE_INTERNAL_H

#include "storage/meta/meta.h"

#include <sqlite3.h>

typedef enum SqliteStatement {
#define STATEMENT(symbol, sql) STATEMENT_##symbol,
#include "storage/meta/sqlite_statements.def"
#undef STATEMENT
    STATEMENT_COUNT
} SqliteStatement;

typedef struct SqliteMeta {
    Meta meta;
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENT_COUNT]; /* prepared at first use */
    bool changed;      /* this transaction has changed what counts for the revision */
    uint64_t revision; /* write transactions: the revision that the commit will have */
    Meta *origin;      /* of a copy: whose counters count; else NULL */
} SqliteMeta;

/* Brings the schema up to date. */
bool sqlite_migrate(SqliteMeta *store, Fault *fault);

/* Fills the fault from SQLite's last error. Returns false. */
bool sqlite_fault(SqliteMeta *store, int code, const char *doing, Fault *fault);
/* A statement reset and ready to be bound; NULL on failure. */
sqlite3_stmt *sqlite_use(SqliteMeta *store, SqliteStatement which, Fault *fault);
void sqlite_bind_int(sqlite3_stmt *statement, int place, int64_t value);
void sqlite_bind_text_view(sqlite3_stmt *statement, int place, Text value);
/* Runs a statement that returns no rows. */
bool sqlite_run(SqliteMeta *store, sqlite3_stmt *statement, const char *doing, Fault *fault);
/* Steps to the next row; *row false at the end. The statement is reset at the end or on failure. */
bool sqlite_next(SqliteMeta *store, sqlite3_stmt *statement, bool *row, const char *doing,
                 Fault *fault);
/* A text column, copied and terminated. */
Text sqlite_text(sqlite3_stmt *statement, int column, Arena *arena);

/* An array in an arena that grows by doubling: returns the place of the next element. */
void *sqlite_grow(Arena *arena, void *items, uint32_t count, uint32_t *capacity, size_t size);

/* The operations, by file. */
bool sqlite_tables(Meta *meta, Arena *arena, MetaTable **tables, uint32_t *count, Fault *fault);
bool sqlite_find_table(Meta *meta, Text name, Arena *arena, MetaTable **table, Fault *fault);
bool sqlite_add_table(Meta *meta, const MetaTable *table, Fault *fault);
bool sqlite_update_table(Meta *meta, const MetaTable *table, Fault *fault);
bool sqlite_remove_table(Meta *meta, uint32_t oid, Fault *fault);
bool sqlite_put_column(Meta *meta, uint32_t table_oid, const MetaColumn *column, Fault *fault);
bool sqlite_remove_column(Meta *meta, uint32_t table_oid, int32_t number, Fault *fault);
bool sqlite_segments(Meta *meta, uint32_t table_oid, unsigned states, Arena *arena,
                     MetaSegment **segments, uint32_t *count, Fault *fault);
bool sqlite_add_segment(Meta *meta, const MetaSegment *segment, Fault *fault);
bool sqlite_set_segment_state(Meta *meta, int64_t number, MetaSegmentState state, int64_t now,
                              Fault *fault);
bool sqlite_next_partition(Meta *meta, uint32_t table_oid, int64_t start, int64_t end, Text version,
                           uint32_t *next, Fault *fault);
bool sqlite_remove_segment(Meta *meta, int64_t number, Fault *fault);
bool sqlite_locks(Meta *meta, Arena *arena, MetaLock **locks, uint32_t *count, Fault *fault);
bool sqlite_add_lock(Meta *meta, MetaLock *lock, Fault *fault);
bool sqlite_remove_lock(Meta *meta, int64_t id, Fault *fault);
bool sqlite_roles(Meta *meta, Arena *arena, MetaRole **roles, uint32_t *count, Fault *fault);
bool sqlite_put_role(Meta *meta, const MetaRole *role, Fault *fault);
bool sqlite_remove_role(Meta *meta, Text name, Fault *fault);
bool sqlite_members(Meta *meta, Arena *arena, MetaMember **members, uint32_t *count, Fault *fault);
bool sqlite_put_member(Meta *meta, const MetaMember *member, Fault *fault);
bool sqlite_remove_member(Meta *meta, uint32_t role, uint32_t member, Fault *fault);
bool sqlite_grants(Meta *meta, Arena *arena, MetaGrant **grants, uint32_t *count, Fault *fault);
bool sqlite_put_grant(Meta *meta, const MetaGrant *grant, Fault *fault);
bool sqlite_owners(Meta *meta, Arena *arena, MetaOwner **owners, uint32_t *count, Fault *fault);
bool sqlite_put_owner(Meta *meta, uint32_t object, uint32_t role, Fault *fault);
/* All that is kept of an object's or a role's rights; with the object or the role itself. */
bool sqlite_forget_rights(SqliteMeta *store, uint32_t oid, Fault *fault);
bool sqlite_copy(Meta *meta, const char *path, uint64_t *revision, Fault *fault);
bool sqlite_attach(Meta *meta, const char *base, const char *changed, Fault *fault);
bool sqlite_merge(Meta *meta, Fault *fault);
bool sqlite_attached_segments(Meta *meta, Arena *arena, MetaSegmentChanges *changes, Fault *fault);
void sqlite_detach(Meta *meta);
bool sqlite_read_segment(sqlite3_stmt *row, Arena *arena, MetaSegment *segment, Fault *fault);
bool sqlite_get_value(Meta *meta, Text name, Arena *arena, Text *value, bool *found, Fault *fault);
bool sqlite_put_value(Meta *meta, Text name, Text value, Fault *fault);

#endif

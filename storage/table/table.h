/*
 * Tables as sets of segments: what a query may read, how a statement's segments become visible,
 * who may change what at the same time, and what is cleaned up.
 *
 * Reading. A TableSnapshot is every table as of one commit: immutable, counted. It is cached
 * and cheap to take again while SharedPage.catalog_version stands still.
 *
 * Writing. table_publish is the only way in: it validates the staged files, renames and syncs
 * them, and then changes the metadata in one transaction. Before its commit the statement never
 * happened; after it, it did. A reader sees all of it or nothing.
 *
 * Intervals are half-open [start, end) in microseconds since 1970 UTC; a table partitioned by
 * ALL has one chunk of [META_ETERNITY_START, META_ETERNITY_END).
 */
#ifndef TALARIA_STORAGE_TABLE_TABLE_H
#define TALARIA_STORAGE_TABLE_TABLE_H

#include "base/memory/buffer.h"
#include "storage/deep/deep.h"
#include "storage/meta/meta.h"
#include "storage/segment/segment.h"

#include <stdatomic.h>

typedef struct TableInterval {
    int64_t start, end;
} TableInterval;

#define TABLE_ETERNITY ((TableInterval){.start = META_ETERNITY_START, .end = META_ETERNITY_END})

/* --- shard specs: which part of its time chunk a segment is --- */
typedef enum ShardKind { SHARD_NUMBERED, SHARD_RANGE, SHARD_TOMBSTONE } ShardKind;

typedef struct ShardValue { /* a value of a dimension; NULL sorts before every text */
    bool is_null;
    Text text;
} ShardValue;

typedef struct ShardSpec {
    ShardKind kind;
    uint32_t partition_number;
    uint32_t core_partitions; /* how many segments were written together; 0: appended */
    /* RANGE: rows whose values of `dimensions` are >= start and < end, compared value by value.
     * `start` NULL: from the lowest; `end` NULL: to the highest. */
    uint32_t dimension_count;
    const Text *dimensions;
    const ShardValue *start;
    const ShardValue *end;
} ShardSpec;

/* The JSON of section 13.2 of the dialect: {"type":"numbered","partitionNum":0,"partitions":1}. */
void shard_spec_write(const ShardSpec *shard, Buffer *out);
/* XX001 when it is none of ours. */
bool shard_spec_read(Text json, Arena *arena, ShardSpec *shard, Fault *fault);

/* --- what a snapshot holds --- */
typedef struct TableColumn {
    Text name;
    uint32_t type_oid;
    int32_t type_modifier;
    int32_t number; /* attnum */
    Text comment;
    bool not_null;
    Text default_text; /* an expression in SQL; empty: none */
    char identity;     /* GENERATED AS IDENTITY: 'a' always, 'd' by default; 0: none */
    bool is_generated; /* the default is what a generated column always holds */
} TableColumn;

typedef struct TableSegment {
    int64_t number; /* unique in the store, ascending by publication */
    Text id;
    TableInterval interval; /* its time chunk */
    Text version;
    ShardSpec shard;
    uint64_t rows, bytes;
    Text path; /* complete, terminated; empty for tombstones */
    uint8_t digest[16];
    int64_t created;
    bool is_tombstone, is_overshadowed;
    /* One a column of the table, in its order; NULL where the segment lacks the column (every
     * row is NULL there). */
    const SegmentColumnSummary *const *summaries;
} TableSegment;

/* What is known of a column over all visible segments, for the planner. */
typedef struct TableColumnStatistics {
    uint64_t null_count;
    uint64_t distinct_count; /* an estimate; 0: unknown */
    double average_bytes;    /* of a non-null text; 0 for other layouts */
    bool has_range;          /* INT64 layout, and every segment with values knew its range */
    int64_t minimum, maximum;
} TableColumnStatistics;

/*
 * What the rows of the metadata's `tables` are. A relation is known by its key: its name when it
 * lies in schema public, else schema/name (no name may hold a slash). A schema is a row
 * with the key schema/.
 */
typedef enum TableKind { TABLE_STORED, TABLE_VIEW, TABLE_SCHEMA, TABLE_SEQUENCE } TableKind;

/* What a sequence is declared as; where it stands is not here (server/controller/sequence.c). */
typedef struct TableSequence {
    uint32_t type_oid;
    int64_t start, increment, minimum, maximum, cache;
    bool cycles;
    uint32_t owner_table; /* it goes with this column; 0: with none */
    int32_t owner_column;
    bool is_identity;     /* of an identity column */
} TableSequence;

/* What is kept of a relation besides its columns, as the JSON of its `properties`. */
/* What rows must fulfil, checked by those who write them. */
typedef struct TableConstraint {
    char kind; /* as pg_constraint.contype has it: 'p' primary key, 'u' unique, 'c' check */
    Text name;
    uint32_t column_count;
    const int32_t *columns; /* their numbers; of a check those that its definition stands at */
    Text check;             /* an expression in SQL */
    bool is_index;          /* CREATE UNIQUE INDEX: 'u', and no constraint by name */
} TableConstraint;

typedef struct TableProperties {
    TableKind kind;
    Text definition;     /* VIEW, and a stored table that is a materialized view: its query */
    Text search_path;    /* under which the query is read */
    Text partitioned_by; /* the granularity of statements that name none; empty: not declared */
    bool drops_at_commit; /* a temporary table ON COMMIT DROP */
    uint32_t used_count; /* OIDs of the relations that the definition reads */
    const uint32_t *used;
    uint32_t dropped_count; /* columns that are gone while segments still have them */
    const Text *dropped;
    TableSequence sequence; /* SEQUENCE */
    uint32_t constraint_count;
    const TableConstraint *constraints;
} TableProperties;

/* A materialized view: a table whose rows are those of its definition when it was last made. */
static inline bool table_is_materialized(const TableProperties *properties)
{
    return properties->kind == TABLE_STORED && properties->definition.length > 0;
}

/* The properties of a relation that is being made, as they are kept. */
Text table_properties_text(Arena *arena, const TableProperties *properties);

typedef struct Table {
    uint32_t oid;
    Text key;    /* terminated, as all texts here */
    Text schema; /* "public", ... */
    uint32_t schema_oid; /* 0: public */
    Text name;
    Text comment, properties;
    TableProperties parsed; /* of `properties` */
    uint64_t revision; /* changes whenever anything of the table does */
    int64_t created;
    uint32_t column_count;
    const TableColumn *columns;              /* `__time` first */
    const TableColumnStatistics *statistics; /* one a column */
    /* Visible: used, not overshadowed, no tombstones; by start, end, partition number. */
    uint32_t segment_count;
    const TableSegment *segments;
    uint64_t rows, bytes; /* of the visible segments */
    /* Used but not visible: overshadowed ones and tombstones (for sys.segments). */
    uint32_t hidden_count;
    const TableSegment *hidden;
} Table;

typedef struct TableSnapshot {
    uint64_t revision; /* the store's */
    uint32_t table_count;
    const Table *const *tables; /* tables and views, by key, bytewise */
    uint32_t schema_count;
    const Table *const *schemas; /* those that users have made; `name` is the schema's */
} TableSnapshot;

/* Schemas of temporary relations: this prefix and the number of the session. */
#define TABLE_TEMPORARY_PREFIX "pg_temp_"

/* --- the store: one a process, opened after the fork --- */
typedef struct TableStore TableStore;

/*
 * `meta` and `deep` stay the caller's and must outlive the store. `catalog_version` is the
 * counter in the shared page (NULL: the metadata is asked each time, for tools and tests).
 */
TableStore *table_store_open(Meta *meta, Deep *deep, _Atomic uint64_t *catalog_version);
void table_store_close(TableStore *store);

/* The newest snapshot; NULL on failure. Give it back with table_snapshot_release; it stays valid
 * until then, whatever is published meanwhile. While the catalog version stands still this is
 * two loads (the metadata's own counter is asked once a second all the same, so that a
 * controller killed between its commit and raising the version is noticed). */
const TableSnapshot *table_snapshot(TableStore *store, Fault *fault);
void table_snapshot_release(TableStore *store, const TableSnapshot *snapshot);
/* The same snapshot once more, to be released as often as it was taken. */
const TableSnapshot *table_snapshot_share(const TableSnapshot *snapshot);

/* Of exactly this key, or with this OID; NULL when there is none. */
const Table *table_find(const TableSnapshot *snapshot, Text name);
const Table *table_by_oid(const TableSnapshot *snapshot, uint32_t oid);
int table_find_column(const Table *table, Text name); /* exactly; -1 when there is none */

/* The table as it is, with a last column SEGMENT_ROW_ID (int8) of the rows' ids; of its visible
 * segments only those whose numbers are among `numbers` (NULL: all). In arena; it points into the
 * snapshot. */
Table *table_with_row_ids(const Table *table, const int64_t *numbers, uint32_t number_count,
                          Arena *arena);
/* A table of files that are not published, to be read by whoever has written them. `columns` in
 * the order of reading, matched with the files' by name; the summaries come from the files. */
bool table_of_files(Table *table, const char *const *paths, const uint8_t (*digests)[16],
                    uint32_t count, Arena *arena, Fault *fault);

/* --- pruning --- */
typedef struct TableTextRange { /* one value: low = high, both inclusive */
    bool is_null;               /* stands for NULL alone; the rest is not looked at */
    bool has_low, has_high;
    bool low_inclusive, high_inclusive;
    Text low, high;
} TableTextRange;

/* column IN (any of the ranges). A filter with no ranges lets no row through. */
typedef struct TableTextFilter {
    Text column;
    uint32_t range_count;
    const TableTextRange *ranges;
} TableTextFilter;

/* minimum <= column <= maximum, for columns of INT64 layout; does not let NULL through. */
typedef struct TableIntFilter {
    uint32_t column; /* index in table->columns */
    int64_t minimum, maximum;
} TableIntFilter;

/* What is known of the rows wanted: a row must pass every part. All zeros: every row. */
typedef struct TableFilter {
    bool has_intervals; /* __time lies in one of `intervals` (none: no row can pass) */
    uint32_t interval_count;
    const TableInterval *intervals; /* in any order; may overlap */
    uint32_t text_count;
    const TableTextFilter *texts; /* one a column at most */
    uint32_t int_count;
    const TableIntFilter *ints;
} TableFilter;

typedef struct TablePruned {
    uint32_t segment_count;
    const TableSegment *const *segments; /* in the table's order */
    uint64_t rows, bytes;
    uint64_t rows_in_time;  /* about so many of the rows lie in the intervals */
    uint32_t total;         /* visible segments before pruning */
    uint32_t by_time;       /* dropped: outside the intervals (chunk, or the range of __time) */
    uint32_t by_shard;      /* dropped: outside the range of the shard spec */
    uint32_t by_statistics; /* dropped: outside a column's minimum and maximum */
} TablePruned;

/* The segments that may hold rows that pass. `filter` may be NULL. */
void table_prune(const Table *table, const TableFilter *filter, Arena *arena, TablePruned *pruned);
/* The same in steps, over a list: keeps the segments that may pass, returns how many. */
uint32_t table_prune_time(const Table *table, const TableInterval *intervals,
                          uint32_t interval_count, const TableSegment **segments, uint32_t count);
uint32_t table_prune_shard(const TableTextFilter *texts, uint32_t text_count,
                           const TableSegment **segments, uint32_t count);
/* Sorted, overlaps and neighbours merged, empty ones left out; in place, returns how many. */
uint32_t table_intervals_normalize(TableInterval *intervals, uint32_t count);

/* --- publishing --- */
typedef enum PublishMode {
    PUBLISH_INSERT,  /* adds to what is there */
    PUBLISH_REPLACE, /* replaces everything in `overwrite` */
    PUBLISH_REWRITE, /* adds to what is there, in place of the segments `retired`; needs a lock */
} PublishMode;

/* A file that a worker has finished (written, synced, closed) under a staging path. Columns,
 * rows and summaries are read from the file itself. */
typedef struct StagedSegment {
    const char *path;
    uint8_t digest[16]; /* as segment_writer_finish said: must agree with the file */
    TableInterval chunk;
    /* REPLACE: the shard as it will be, partition_number ascending from 0 within the chunk.
     * INSERT: not looked at; appended segments are numbered on. */
    ShardSpec shard;
} StagedSegment;

typedef struct TableChange TableChange;

typedef struct PublishRequest {
    Text table; /* exactly as it is to be named; made when it does not exist */
    PublishMode mode;
    /* REPLACE: what to replace; {TABLE_ETERNITY} is OVERWRITE ALL. Every chunk must lie in one. */
    uint32_t overwrite_count;
    const TableInterval *overwrite;
    uint32_t retired_count; /* REWRITE: numbers of segments, all of them still in use: else 40001 */
    const int64_t *retired;
    /* REWRITE: how the table itself changes with it. Every segment of it is retired then, and the
     * columns below are those after the changes. */
    uint32_t change_count;
    const TableChange *changes;
    uint32_t segment_count;
    const StagedSegment *segments;
    /*
     * The statement's output columns in their order (`number` and `comment` are not looked at).
     * They are matched by name; new ones are appended to the table, which is thus changed even
     * when there are no segments. With OVERWRITE ALL and at least one segment the table's
     * columns become these (those that stay keep their numbers).
     */
    uint32_t column_count;
    const TableColumn *columns;
    Text properties;                /* of a table that is made: a JSON object, or empty */
    bool must_be_new;               /* 42P07 when the table is there */
    uint32_t owner;                 /* of a table that is made: a role's OID, 0: the superuser */
    int64_t lock;                   /* from table_lock, 0: none (an INSERT needs none) */
    int64_t lock_timeout;           /* milliseconds an INSERT waits for a REPLACE on its chunks */
    uint32_t max_segments_in_chunk; /* 0: any number; else TooManySegmentsInTimeChunk */
} PublishRequest;

typedef struct PublishResult {
    uint32_t table_oid;
    bool made_table;
    uint64_t rows, bytes;
    uint32_t segments_added, segments_replaced;
    char version[META_TIME_SIZE]; /* of the new segments ("" when there are none) */
} PublishResult;

/*
 * Makes the staged files part of the table, atomically, from any process. On failure nothing
 * has changed for any reader, and the staged files are gone or still staged (deep_remove_staged
 * removes them).
 * Faults: INSERT_CANNOT_ALLOCATE_SEGMENT (an INSERT into a chunk that is there in another
 * granularity), INSERT_CANNOT_REPLACE_EXISTING_SEGMENT (an existing segment reaches beyond the
 * OVERWRITE intervals), INSERT_TIME_OUT_OF_BOUNDS (a chunk outside them), INSERT_LOCK_PREEMPTED,
 * DATATYPE_MISMATCH (a column exists with another type), TOO_MANY_SEGMENTS_IN_TIME_CHUNK,
 * DATA_CORRUPTED (a file is not what its digest says), INVALID_NAME, and the stores' own.
 */
bool table_publish(TableStore *store, const PublishRequest *request, PublishResult *result,
                   Fault *fault);
/* Values by name that the store keeps for whoever has no table of its own for them (storage/meta);
 * *value is empty when there is none. A value that was put is durable. */
bool table_get_value(TableStore *store, Text name, Arena *arena, Text *value, Fault *fault);
bool table_put_value(TableStore *store, Text name, Text value, Fault *fault);

/* Whether a column of type `have` may take values of type `given`, and the type that it then
 * has: the same type, a wider integer (int2, int4, int8), a wider or unbounded text. */
bool table_widen_type(uint32_t have, int32_t have_modifier, uint32_t given, int32_t given_modifier,
                      uint32_t *type_oid, int32_t *type_modifier);
/* Not empty, no '/', tab or newline, no '.' first, no blank first or last: else INVALID_NAME. */
bool table_check_name(Text name, Fault *fault);

/* --- changing tables otherwise --- */

/* The key of a relation; an empty name gives the schema's own. In arena, terminated. */
Text table_key(Arena *arena, Text schema, Text name);
/* What a key is made of. */
Text table_key_schema(Text key);
Text table_key_name(Text key);
/* Both parts of a key are names (table_check_name): else INVALID_NAME. */
bool table_check_key(Text key, Fault *fault);

typedef struct TableDefinition {
    Text key;
    uint32_t owner; /* a role's OID; 0: the superuser */
    TableProperties properties;
    uint32_t column_count;
    const TableColumn *columns; /* numbered in this order */
} TableDefinition;

/* Makes a relation or a schema. 42P07 (42P06 for a schema) when the key is taken; with
 * `replaces_view` a view that is there takes the new definition. */
bool table_create(TableStore *store, const TableDefinition *definition, bool replaces_view,
                  uint32_t *oid, Fault *fault);

typedef enum TableChangeKind {
    TABLE_RENAME,        /* `to` is the new key */
    TABLE_ADD_COLUMN,    /* column */
    TABLE_DROP_COLUMN,   /* column.name */
    TABLE_RENAME_COLUMN, /* column.name, `to`; of a table with segments only by a publish: 0A000 */
    TABLE_ALTER_COLUMN,  /* column.name gets what `column` says besides its name and type */
    TABLE_ALTER_SEQUENCE, /* sequence */
    TABLE_RETYPE_COLUMN,  /* column.name gets column's type; with segments as TABLE_RENAME_COLUMN */
    TABLE_ADD_CONSTRAINT,  /* constraint, which whoever asks has checked the rows for; 42710 */
    TABLE_DROP_CONSTRAINT, /* constraint.name; 42704 */
} TableChangeKind;

struct TableChange {
    TableChangeKind kind;
    TableColumn column;
    Text to;
    TableSequence sequence;
    TableConstraint constraint;
};

/* All of them or none. 42P01, 42701, 42703, 42P07, 0A000. */
bool table_alter(TableStore *store, Text key, const TableChange *changes, uint32_t count,
                 int64_t lock_timeout, Fault *fault);
/* The same by the statement that holds the exclusive lock `lock` on the whole table. */
bool table_alter_locked(TableStore *store, Text key, const TableChange *changes, uint32_t count,
                        int64_t lock, int64_t lock_timeout, Fault *fault);
/* Every row goes; the table and its columns stay. */
bool table_truncate(TableStore *store, Text key, int64_t lock_timeout, Fault *fault);
/* Every relation of the schema with the schema itself; one that is not there is no error. */
bool table_drop_schema(TableStore *store, Text schema, Fault *fault);
/* At start-up: what temporary relations the last run has left. */
bool table_drop_temporary(TableStore *store, Fault *fault);

/* Its segments become unused. 42P01 when there is none of this name; INSERT_LOCK_PREEMPTED when
 * a statement holds a lock on it for longer than lock_timeout milliseconds. */
bool table_drop(TableStore *store, Text name, int64_t lock_timeout, Fault *fault);
/* COMMENT ON TABLE, or on the column when `column` is not empty. An empty text removes it. */
bool table_set_comment(TableStore *store, Text table, Text column, Text comment, Fault *fault);

/* --- locks on time chunks --- */
/*
 * A REPLACE takes an exclusive lock on its intervals before it reads anything, and gives the id
 * to table_publish, so that nothing published meanwhile is lost. Shared locks exclude exclusive
 * ones only; an INSERT may take one to keep a REPLACE away while it runs, and otherwise waits in
 * table_publish. Locks are rows of the metadata, with the owning process's pid and start time:
 * those of processes that have ended count for nothing.
 *
 * A conflicting lock is waited for (asking every 20 ms) up to `timeout` milliseconds, 0: not at
 * all; then INSERT_LOCK_PREEMPTED, naming the query that holds it.
 */
typedef struct TableLockRequest {
    Text table;
    uint32_t interval_count; /* several become several rows under one id */
    const TableInterval *intervals;
    bool is_exclusive;
    Text query;
    int64_t timeout;
} TableLockRequest;

bool table_lock(TableStore *store, const TableLockRequest *request, int64_t *lock, Fault *fault);
/* 0 and locks that are gone are fine. */
bool table_unlock(TableStore *store, int64_t lock, Fault *fault);

/* --- transaction blocks (block.c) --- */
/*
 * What a session has changed in a block and the others do not see yet: the metadata as they will
 * be, in a file. A session's blocks have versions, one for each savepoint that something was
 * changed after. `revision` is the metadata's that the block's are made of.
 */
typedef struct TableBlock {
    uint64_t session;
    uint32_t version;
} TableBlock;

/* Tables to which the block has added rows, and others, too, since it was last looked at. */
typedef struct TableMeeting {
    Arena *arena;
    uint32_t count;
    uint32_t *oids;
} TableMeeting;

/* Makes a version that has no changes yet. */
bool table_block_begin(TableStore *store, TableBlock block, uint64_t *revision, Fault *fault);
/* Makes version `to`, which is as `from`. */
bool table_block_fork(TableStore *store, TableBlock from, TableBlock to, Fault *fault);
/* What others have committed since is in the version from now on. 40001 when it has changed what
 * the block has changed, too. */
bool table_block_follow(TableStore *store, TableBlock block, uint64_t *revision,
                        TableMeeting *meeting, Fault *fault);
/* The tables as the block has them, to read and to write; to be closed with table_block_close, and
 * before `store`. NULL with a fault. */
TableStore *table_block_open(TableStore *store, TableBlock block, uint64_t revision, Fault *fault);
Meta *table_store_meta(const TableStore *store);
void table_block_close(TableStore *opened); /* NULL is fine */
/* Everybody sees the changes, all at once. On failure (40001 as above) nobody does. *is_behind: others
 * have committed since `revision`, and the block has to follow first. */
bool table_block_commit(TableStore *store, TableBlock block, uint64_t revision, bool *is_behind,
                        Fault *fault);
/* Removes the version, and the segments that were made for it and not committed. One that is not
 * there is fine. */
void table_block_remove(TableStore *store, TableBlock block);
/* At start-up, before table_recover: removes all. */
bool table_block_recover(TableStore *store, Fault *fault);

/* --- cleaning up --- */
typedef struct TableCleanup {
    uint32_t staged_removed;  /* files that failed statements left */
    uint32_t orphans_removed; /* renamed, but never committed */
    uint32_t unused_removed;  /* replaced or dropped segments */
    uint32_t unused_kept;     /* not unused for long enough */
    uint32_t missing;         /* used segments whose file is not there: logged by name */
} TableCleanup;

/* At start-up, before any other process uses the store. Missing files do not stop the start:
 * reading their table fails with the file's name. */
bool table_recover(TableStore *store, TableCleanup *cleanup, Fault *fault);
/* At any time: removes the files of segments that have been unused for `grace` microseconds. A
 * query that took its snapshot earlier than that and has not opened them yet fails. */
bool table_collect(TableStore *store, int64_t grace, TableCleanup *cleanup, Fault *fault);

#endif

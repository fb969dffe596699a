/*
 * The metadata store: which tables, columns and segments there are, settings, roles, locks.
 *
 * A store is a struct of functions, so that another database can take SQLite's place;
 * meta_open_sqlite gives the one behind DIR/metadata.sqlite (WAL, synchronous=FULL). A
 * connection belongs to one process: open it after the fork. Nothing here interprets what it
 * keeps: storage/table decides what a segment's state means and when to change it.
 *
 * Every change happens in a write transaction (meta_begin with `write`), which excludes all
 * other writers from its begin on; meta_commit raises the store's revision. Reads
 * outside a transaction see the last commit; several reads that belong together go in a read
 * transaction.
 *
 * What a read returns lies in the caller's arena. Texts are terminated (one zero byte behind
 * them). Faults: 58030 (IO_ERROR) for the store's failures, 53100 when the disk is full, XX001
 * when the file is damaged, 55006 (OBJECT_IN_USE) when another writer held the store for longer
 * than the busy timeout.
 */
#ifndef TALARIA_STORAGE_META_META_H
#define TALARIA_STORAGE_META_META_H

#include "base/fault/fault.h"
#include "base/memory/arena.h"

#include <limits.h>

enum {
    META_FIRST_OID = 16384,         /* PostgreSQL's first OID for users' objects */
    META_BUSY_MILLISECONDS = 30000, /* how long to wait for another writer */
    META_TIME_SIZE = 40,            /* room for meta_format_time */
};

/* Ends of the interval of a table that is partitioned by ALL: all of time. */
#define META_ETERNITY_START INT64_MIN
#define META_ETERNITY_END   INT64_MAX

typedef struct MetaColumn {
    Text name;
    uint32_t type_oid;
    int32_t type_modifier;
    int32_t number; /* pg_attribute.attnum: from 1, never changed, never reused in its table */
    Text comment;   /* may be empty */
} MetaColumn;

typedef struct MetaTable {
    uint32_t oid;          /* >= META_FIRST_OID, never reused */
    Text name;             /* in schema public */
    Text comment;          /* may be empty */
    Text properties;       /* a JSON object */
    uint64_t revision;     /* the store's revision at the table's last change */
    int64_t created;       /* microseconds UTC */
    int32_t next_column;   /* the number that the next new column gets */
    uint32_t column_count; /* in order of their numbers; only filled by meta_tables/_find */
    const MetaColumn *columns;
} MetaTable;

typedef enum MetaSegmentState {
    META_SEGMENT_UNUSED = 0, /* replaced or dropped: its file may go */
    META_SEGMENT_USED = 1,
    META_SEGMENT_TOMBSTONE = 2, /* no file, no rows: hides what is older in its interval */
} MetaSegmentState;

/* Which states a read wants: an OR of these. */
enum { META_USED = 1, META_UNUSED = 2, META_TOMBSTONES = 4, META_ALL_STATES = 7 };

typedef struct MetaSegment {
    int64_t number; /* the row's key, ascending in order of publication; 0 before it is added */
    uint32_t table_oid;
    Text id;            /* <datasource>_<start>_<end>_<version>[_<n>] */
    int64_t start, end; /* the time chunk, microseconds UTC, end exclusive */
    Text version;       /* ISO timestamp; compare as bytes: the larger is newer */
    uint32_t partition_number;
    uint32_t core_partitions;
    Text shard_spec; /* JSON */
    uint64_t rows, bytes;
    uint8_t digest[16];
    Text path;    /* relative, as storage/deep names it; empty for tombstones */
    Text summary; /* JSON, per column (storage/table writes and reads it) */
    MetaSegmentState state;
    int64_t created;     /* microseconds UTC */
    int64_t state_since; /* when the state was last changed */
} MetaSegment;

/* How a copy of the store differs from an earlier one in its segments. */
typedef struct MetaStateChange {
    int64_t number;
    uint32_t table_oid;
    int64_t start, end;
    MetaSegmentState from, to;
} MetaStateChange;

typedef struct MetaSegmentChanges {
    uint32_t added_count, state_count;
    MetaSegment *added; /* by number */
    MetaStateChange *states;
    int64_t last_number; /* that the earlier copy had given out */
} MetaSegmentChanges;

typedef struct MetaLock {
    int64_t id; /* 0 before it is added */
    Text table; /* by name: the table need not exist yet */
    int64_t start, end;
    bool is_exclusive;
    int64_t owner_pid;
    int64_t owner_started; /* start time of the process, in the kernel's ticks: pids are reused */
    Text query;            /* whose, for messages */
    int64_t created;
} MetaLock;

typedef struct MetaRole {
    uint32_t oid;
    Text name;
    bool is_superuser, can_login, can_create_role, can_create_database, inherits;
    bool can_replicate, bypasses_row_security; /* kept and shown; nothing here heeds them */
    Text password;            /* a SCRAM verifier, or empty: no password */
    int32_t connection_limit; /* -1: none */
    int64_t valid_until;      /* microseconds UTC, INT64_MAX: for ever */
    Text settings;            /* a JSON object of settings the role's sessions start with */
} MetaRole;

/* `member` belongs to `role`; both by OID. */
typedef struct MetaMember {
    uint32_t role, member, grantor;
    bool is_admin; /* may let others in */
} MetaMember;

/* What a role may do with an object. What kinds and privileges there are is engine/access's. */
typedef struct MetaGrant {
    int32_t kind;
    uint32_t object;              /* OID; 0 for kinds that have none */
    Text name;                    /* of objects without an OID; else empty */
    uint32_t grantee, grantor;    /* roles; grantee 0 is PUBLIC */
    uint32_t privileges, options; /* bits; `options`: those it may grant on */
} MetaGrant;

/* Who owns an object; those without a row belong to the first superuser. */
typedef struct MetaOwner {
    uint32_t object, role;
} MetaOwner;

typedef struct Meta Meta;

typedef struct MetaOperations {
    void (*close)(Meta *meta);
    void (*set_durable)(Meta *meta, bool is_durable);
    bool (*begin)(Meta *meta, bool write, Fault *fault);
    bool (*commit)(Meta *meta, Fault *fault);
    void (*rollback)(Meta *meta);
    bool (*revision)(Meta *meta, uint64_t *revision, Fault *fault);

    bool (*allocate_oid)(Meta *meta, uint32_t *oid, Fault *fault);
    bool (*next_version)(Meta *meta, int64_t now, char version[META_TIME_SIZE], Fault *fault);

    bool (*tables)(Meta *meta, Arena *arena, MetaTable **tables, uint32_t *count, Fault *fault);
    bool (*find_table)(Meta *meta, Text name, Arena *arena, MetaTable **table, Fault *fault);
    bool (*add_table)(Meta *meta, const MetaTable *table, Fault *fault);
    bool (*update_table)(Meta *meta, const MetaTable *table, Fault *fault);
    bool (*remove_table)(Meta *meta, uint32_t oid, Fault *fault);
    bool (*put_column)(Meta *meta, uint32_t table_oid, const MetaColumn *column, Fault *fault);
    bool (*remove_column)(Meta *meta, uint32_t table_oid, int32_t number, Fault *fault);

    bool (*segments)(Meta *meta, uint32_t table_oid, unsigned states, Arena *arena,
                     MetaSegment **segments, uint32_t *count, Fault *fault);
    bool (*add_segment)(Meta *meta, const MetaSegment *segment, Fault *fault);
    bool (*set_segment_state)(Meta *meta, int64_t number, MetaSegmentState state, int64_t now,
                              Fault *fault);
    bool (*next_partition)(Meta *meta, uint32_t table_oid, int64_t start, int64_t end, Text version,
                           uint32_t *next, Fault *fault);
    bool (*remove_segment)(Meta *meta, int64_t number, Fault *fault);

    bool (*locks)(Meta *meta, Arena *arena, MetaLock **locks, uint32_t *count, Fault *fault);
    bool (*add_lock)(Meta *meta, MetaLock *lock, Fault *fault);
    bool (*remove_lock)(Meta *meta, int64_t id, Fault *fault);

    bool (*roles)(Meta *meta, Arena *arena, MetaRole **roles, uint32_t *count, Fault *fault);
    bool (*put_role)(Meta *meta, const MetaRole *role, Fault *fault);
    bool (*remove_role)(Meta *meta, Text name, Fault *fault);
    bool (*members)(Meta *meta, Arena *arena, MetaMember **members, uint32_t *count, Fault *fault);
    bool (*put_member)(Meta *meta, const MetaMember *member, Fault *fault);
    bool (*remove_member)(Meta *meta, uint32_t role, uint32_t member, Fault *fault);
    bool (*grants)(Meta *meta, Arena *arena, MetaGrant **grants, uint32_t *count, Fault *fault);
    bool (*put_grant)(Meta *meta, const MetaGrant *grant, Fault *fault);
    bool (*owners)(Meta *meta, Arena *arena, MetaOwner **owners, uint32_t *count, Fault *fault);
    bool (*put_owner)(Meta *meta, uint32_t object, uint32_t role, Fault *fault);

    bool (*get_value)(Meta *meta, Text name, Arena *arena, Text *value, bool *found, Fault *fault);
    bool (*put_value)(Meta *meta, Text name, Text value, Fault *fault);

    bool (*copy)(Meta *meta, const char *path, uint64_t *revision, Fault *fault);
    bool (*attach)(Meta *meta, const char *base, const char *changed, Fault *fault);
    bool (*merge)(Meta *meta, Fault *fault);
    bool (*attached_segments)(Meta *meta, Arena *arena, MetaSegmentChanges *changes, Fault *fault);
    void (*detach)(Meta *meta);
} MetaOperations;

/* A store's own struct begins with this. */
struct Meta {
    const MetaOperations *operations;
    bool in_transaction, is_writing;
};

/*
 * Opens (and creates, or brings to the newest schema) the SQLite store in DIR/metadata.sqlite.
 * `folder` must exist. NULL on failure; a store written by a newer release is refused (55000).
 */
Meta *meta_open_sqlite(const char *folder, Fault *fault);
/* Rolls back what is open. NULL is fine. */
void meta_close(Meta *meta);

/* --- transactions --- */
/* Whether the commits of transactions that begin from now on are on disk when they return; one that
 * is not is lost with the power, but not with the process, and never without those after it. */
void meta_set_durable(Meta *meta, bool is_durable);
bool meta_begin(Meta *meta, bool write, Fault *fault);
/* After a failure nothing of the transaction holds and none is open. */
bool meta_commit(Meta *meta, Fault *fault);
/* Does nothing when none is open. */
void meta_rollback(Meta *meta);
/* Between meta_begin for writing and its end. For signal handlers, too; NULL is fine. */
bool meta_is_writing(const Meta *meta);
/* Goes up with every commit, by any process, that changed tables, columns, segments or roles
 * (locks and values do not count); cheap to ask. */
bool meta_revision(Meta *meta, uint64_t *revision, Fault *fault);

/* --- counters; in a write transaction --- */
/* The next OID for tables and roles. */
bool meta_allocate_oid(Meta *meta, uint32_t *oid, Fault *fault);
/* A version for segments: `now` (microseconds) as an ISO timestamp in milliseconds, or the last
 * version plus one millisecond when the clock has not moved on or went back. */
bool meta_next_version(Meta *meta, int64_t now, char version[META_TIME_SIZE], Fault *fault);

/* --- tables. All tables with their columns, by name. --- */
bool meta_tables(Meta *meta, Arena *arena, MetaTable **tables, uint32_t *count, Fault *fault);
/* *table is NULL when there is none of exactly this name. */
bool meta_find_table(Meta *meta, Text name, Arena *arena, MetaTable **table, Fault *fault);
/* Adds the row and its columns; revision is set to the transaction's. 42P07 when it exists. */
bool meta_add_table(Meta *meta, const MetaTable *table, Fault *fault);
/* Writes name, comment, properties, next_column of the row with this OID (not its columns) and
 * raises its revision: call it too when only its segments or columns changed. */
bool meta_update_table(Meta *meta, const MetaTable *table, Fault *fault);
/* Removes the row and its columns; its segments stay, and are the caller's to mark unused. */
bool meta_remove_table(Meta *meta, uint32_t oid, Fault *fault);
/* Adds the column, or changes the one with this number. */
bool meta_put_column(Meta *meta, uint32_t table_oid, const MetaColumn *column, Fault *fault);
bool meta_remove_column(Meta *meta, uint32_t table_oid, int32_t number, Fault *fault);

/* --- segments. Of one table, or of all with table_oid 0; in order of start, end, version,
 *     partition number. --- */
bool meta_segments(Meta *meta, uint32_t table_oid, unsigned states, Arena *arena,
                   MetaSegment **segments, uint32_t *count, Fault *fault);
bool meta_add_segment(Meta *meta, const MetaSegment *segment, Fault *fault);
bool meta_set_segment_state(Meta *meta, int64_t number, MetaSegmentState state, int64_t now,
                            Fault *fault);
/* The number after the last partition that the version has, or has had, in the chunk. */
bool meta_next_partition(Meta *meta, uint32_t table_oid, int64_t start, int64_t end, Text version,
                         uint32_t *next, Fault *fault);
bool meta_remove_segment(Meta *meta, int64_t number, Fault *fault);

/* --- locks on time chunks; who may hold which is storage/table's business --- */
bool meta_locks(Meta *meta, Arena *arena, MetaLock **locks, uint32_t *count, Fault *fault);
/* Sets lock->id. */
bool meta_add_lock(Meta *meta, MetaLock *lock, Fault *fault);
/* A missing one is no error. */
bool meta_remove_lock(Meta *meta, int64_t id, Fault *fault);

/* --- roles. None at first: `count` 0 means that no role has been created, and that everybody
 *     is the superuser. --- */
bool meta_roles(Meta *meta, Arena *arena, MetaRole **roles, uint32_t *count, Fault *fault);
/* Adds the role, or changes the one with this OID. */
bool meta_put_role(Meta *meta, const MetaRole *role, Fault *fault);
/* Its memberships and what was granted to it go with it; a missing one is no error. */
bool meta_remove_role(Meta *meta, Text name, Fault *fault);

/* --- who belongs to which role, who may do what, who owns what. An object's grants and owner go
 *     with it in meta_remove_table. --- */
bool meta_members(Meta *meta, Arena *arena, MetaMember **members, uint32_t *count, Fault *fault);
/* Adds it, or changes the one of this role and member. */
bool meta_put_member(Meta *meta, const MetaMember *member, Fault *fault);
bool meta_remove_member(Meta *meta, uint32_t role, uint32_t member, Fault *fault);
bool meta_grants(Meta *meta, Arena *arena, MetaGrant **grants, uint32_t *count, Fault *fault);
/* Adds it, or changes the one of this object, grantee and grantor; without privileges it goes. */
bool meta_put_grant(Meta *meta, const MetaGrant *grant, Fault *fault);
bool meta_owners(Meta *meta, Arena *arena, MetaOwner **owners, uint32_t *count, Fault *fault);
bool meta_put_owner(Meta *meta, uint32_t object, uint32_t role, Fault *fault);

/* --- values by name: what has no table of its own --- */
bool meta_get_value(Meta *meta, Text name, Arena *arena, Text *value, bool *found, Fault *fault);
bool meta_put_value(Meta *meta, Text name, Text value, Fault *fault);

/* --- copies: what a transaction block changes before the others see it --- */
/* The store as of its last commit in a file of its own, which must not exist; outside of a
 * transaction. *revision: that commit's. */
bool meta_copy(Meta *meta, const char *path, uint64_t *revision, Fault *fault);
/* Opens a copy, for one process at a time. OIDs and versions that it hands out are `origin`'s, so
 * that they come only once. The copy is not safe from a crash: it is to be removed after one. */
Meta *meta_open_sqlite_copy(const char *path, Meta *origin, Fault *fault);
/*
 * Brings what makes the copy `changed` differ from `base`, a copy too, into this store: meta_attach
 * outside of a transaction, meta_merge in a write transaction, meta_detach after its end. Rows that
 * were changed or removed must be in this store what they are in `base`, and those that were added
 * must find their keys free: else 40001. Not looked at: segments, which storage/table
 * merges (meta_attached_segments; those of dropped tables become unused here), counters and locks; of tables, the revision, which becomes the transaction's.
 */
bool meta_attach(Meta *meta, const char *base, const char *changed, Fault *fault);
bool meta_merge(Meta *meta, Fault *fault);
bool meta_attached_segments(Meta *meta, Arena *arena, MetaSegmentChanges *changes, Fault *fault);
void meta_detach(Meta *meta);

/* --- times as segments' names have them --- */
/* "2016-06-27T00:00:00.000Z"; the ends of eternity as Druid writes them. Returns the length. */
int meta_format_time(int64_t micros, char out[META_TIME_SIZE]);

#endif

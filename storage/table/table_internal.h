/*
 * What the files of this room share: the store's struct, what is kept of a segment's columns,
 * and the small helpers over intervals and names.
 */
#ifndef TALARIA_STORAGE_TABLE_TABLE_INTERNAL_H
#define TALARIA_STORAGE_TABLE_TABLE_INTERNAL_H

#include "storage/table/table.h"

/* A column as its segment has it, with what the metadata keeps of it. */
typedef struct ColumnSummary {
    Text name;
    uint32_t type_oid;
    int32_t type_modifier;
    SegmentColumnSummary summary;
} ColumnSummary;

typedef struct SegmentColumns {
    uint32_t count;
    const ColumnSummary *columns;
} SegmentColumns;

/* A table of one or more snapshots. */
typedef struct TableHolder {
    Table table; /* what snapshots point to: must come first */
    Arena *arena;
    uint32_t references;
    /* By segment number, for the next version of the table to copy from. */
    uint32_t known_count;
    struct KnownSegment *known;
} TableHolder;

typedef struct SnapshotHolder {
    TableSnapshot snapshot; /* must come first */
    Arena *arena;
    uint32_t references;
} SnapshotHolder;

struct TableStore {
    Meta *meta;
    Deep *deep;
    _Atomic uint64_t *catalog_version; /* NULL: none */
    SnapshotHolder *current;           /* holds one reference */
    uint64_t seen_version;             /* of the catalog when `current` was known to be new */
    int64_t checked_at;                /* monotonic nanoseconds */
};

/* A copy with a zero byte behind it. */
static inline Text terminated_text(Arena *arena, Text text)
{
    return (Text){.data = arena_strndup(arena, text.length > 0 ? text.data : "", text.length),
                  .length = text.length};
}

/* The statistics of its visible segments' summaries, made in arena. */
void table_sum_statistics(Table *table, Arena *arena);

/* --- intervals --- */
static inline bool interval_overlaps(TableInterval a, TableInterval b)
{
    return a.start < b.end && b.start < a.end;
}

static inline bool interval_contains(TableInterval outer, TableInterval inner)
{
    return outer.start <= inner.start && inner.end <= outer.end;
}

static inline bool interval_equal(TableInterval a, TableInterval b)
{
    return a.start == b.start && a.end == b.end;
}

/* Whether `inner` lies in one of normalized intervals. */
bool table_intervals_cover(const TableInterval *intervals, uint32_t count, TableInterval inner);
bool table_intervals_overlap(const TableInterval *intervals, uint32_t count, TableInterval other);

enum { INTERVAL_TEXT_SIZE = 2 * META_TIME_SIZE };
/* "2024-01-01T00:00:00.000Z/2024-01-02T00:00:00.000Z" */
const char *table_interval_format(TableInterval interval, char out[INTERVAL_TEXT_SIZE]);

/* --- JSON --- */
void table_json_write_text(Buffer *out, Text text); /* with its quotes */
void table_segment_columns_write(const SegmentColumns *columns, Buffer *out);
bool table_segment_columns_read(Text json, Arena *arena, SegmentColumns *columns, Fault *fault);

/* --- properties --- */
void table_properties_write(const TableProperties *properties, const TableColumn *columns,
                            uint32_t column_count, Buffer *out);
/* What is no JSON of ours has no properties. */
void table_properties_read(Text json, Arena *arena, TableProperties *properties,
                           TableColumn *columns, uint32_t column_count);
bool table_was_dropped(const TableProperties *properties, Text column);

/* --- changes; in a write transaction (define.c) --- */
/* As table_alter, of a table whose segments all become unused: *retired of them. */
bool table_alter_emptied(TableStore *store, Text key, const TableChange *changes, uint32_t count,
                         Arena *arena, uint32_t *retired, Fault *fault);

/* --- snapshots --- */
/* Marks is_overshadowed of each: another of a newer version holds its whole interval. */
void table_overshadow(TableSegment *segments, uint32_t count);
void table_raise_version(TableStore *store);

/* --- locks; in a write transaction --- */
typedef struct LockConflict {
    bool found;
    char query[128];
} LockConflict;

/* Looks for a living lock of another statement (id not `own`) that excludes one of this kind. */
bool table_lock_find_conflict(TableStore *store, Text table, const TableInterval *intervals,
                              uint32_t interval_count, bool is_exclusive, int64_t own,
                              LockConflict *conflict, Fault *fault);
/* Whether the lock `id` on the table is there and holds all the intervals. */
bool table_lock_is_held(TableStore *store, Text table, const TableInterval *intervals,
                        uint32_t interval_count, int64_t id, bool *held, Fault *fault);
/*
 * Begins a write transaction in which no other statement's lock excludes this one: waits up to
 * `timeout` milliseconds for it, then INSERT_LOCK_PREEMPTED and no transaction.
 */
bool table_lock_begin_write(TableStore *store, Text table, const TableInterval *intervals,
                            uint32_t interval_count, bool is_exclusive, int64_t own,
                            int64_t timeout, Fault *fault);

#endif

/*
 * A publish under way: publish.c leads it, publish_columns.c and publish_segments.c do the two
 * halves of its transaction.
 */
#ifndef TALARIA_STORAGE_TABLE_PUBLISH_INTERNAL_H
#define TALARIA_STORAGE_TABLE_PUBLISH_INTERNAL_H

#include "storage/table/table_internal.h"

typedef struct PublishFile {
    const StagedSegment *staged;
    SegmentColumns columns;
    uint64_t rows, bytes;
    ShardSpec shard;
    Text shard_json, summary;
    char name[DEEP_NAME_SIZE];
    bool is_renamed;
} PublishFile;

/* Files of one time chunk, which lie side by side. */
typedef struct PublishChunk {
    TableInterval interval;
    uint32_t first_file, file_count;
} PublishChunk;

typedef struct Publish {
    TableStore *store;
    const PublishRequest *request;
    PublishResult *result;
    Arena *arena;
    int64_t now;
    uint32_t file_count;
    PublishFile *files; /* by chunk and partition number */
    uint32_t chunk_count;
    PublishChunk *chunks;
    uint32_t overwrite_count;
    TableInterval *overwrite; /* normalized */
    uint32_t locked_count;
    TableInterval *locked; /* normalized: what others must keep off */
    uint32_t oid;
    bool may_be_committed;
} Publish;

/* Makes the table or changes its columns; sets publish->oid to the table's and the result's. */
bool table_publish_columns(Publish *publish, Fault *fault);
/* Retires what is replaced and adds the new segments. */
bool table_publish_segments(Publish *publish, Fault *fault);

/* A segment's name, and its shard as the metadata keeps it; in arena. */
Text table_segment_id(Arena *arena, Text table, TableInterval interval, Text version,
                      uint32_t partition);
Text table_shard_text(Arena *arena, const ShardSpec *shard);

/* --- merge.c --- */
typedef struct TableMerge {
    const char *base, *changed; /* copies of the metadata */
    uint64_t revision;          /* that the store must have; 0: any */
    bool is_behind;             /* out: it has another one, and nothing was done */
    TableMeeting *meeting;      /* out, or NULL */
} TableMerge;

/* Brings what makes the copy `changed` differ from the copy `base` into the store's metadata, in one
 * transaction; 40001 when others have changed the same meanwhile. */
bool table_merge(TableStore *store, TableMerge *wish, Fault *fault);

#endif

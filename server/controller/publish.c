/*
 * The end of INSERT and REPLACE: the lock on what is replaced, the files that workers staged, the
 * publish transaction.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOCK_TIMEOUT_MS = 60000 };

static TableInterval *overwritten(Arena *arena, const IngestTarget *target, uint32_t *count)
{
    if (target->overwrite_all || target->mode != INGEST_REPLACE) { /* of UPDATE: the whole table */
        TableInterval *all = ARENA_NEW(arena, TableInterval);
        *all = TABLE_ETERNITY;
        *count = 1;
        return all;
    }
    TableInterval *intervals = ARENA_ARRAY(arena, TableInterval, target->overwrite_count);
    for (uint32_t i = 0; i < target->overwrite_count; i++)
        intervals[i] = (TableInterval){.start = target->overwrite[i].start, .end = target->overwrite[i].end};
    *count = target->overwrite_count;
    return intervals;
}

bool ingest_lock(Request *request, const IngestTarget *target, Fault *fault)
{
    TableLockRequest lock = {.table = text_of(target->table),
                             .is_exclusive = true,
                             .query = text_of(arena_printf(request->arena, "%" PRIu64, request->query)),
                             .timeout = LOCK_TIMEOUT_MS};
    lock.intervals = overwritten(request->arena, target, &lock.interval_count);
    return table_lock(request->controller->tables, &lock, &request->lock, fault);
}

static void unlock(Request *request, int64_t *lock)
{
    Fault fault;
    if (*lock != 0 && !table_unlock(request->controller->tables, *lock, &fault))
        log_fault(LOG_LEVEL_WARNING, "unlocking", &fault);
    *lock = 0;
}

void ingest_unlock(Request *request)
{
    unlock(request, &request->lock);
}

/* The first range key of the partition as a shard boundary. */
static const ShardValue *boundary_of(Arena *arena, const Batch *key, uint32_t dimensions)
{
    ShardValue *values = ARENA_ARRAY(arena, ShardValue, dimensions);
    for (uint32_t i = 0; i < dimensions; i++) {
        values[i] = (ShardValue){.is_null = vector_is_null(&key->columns[i], 0)};
        if (!values[i].is_null)
            values[i].text = arena_text(arena, vector_text(&key->columns[i], 0));
    }
    return values;
}

static TableInterval chunk_of(const IngestTarget *target, int64_t bucket)
{
    if (target->is_partitioned_by_all)
        return TABLE_ETERNITY;
    return (TableInterval){.start = bucket,
                           .end = period_shift(&target->granularity, bucket, 1, timezone_utc())};
}

static const Text *dimension_names(Execution *execution, uint32_t count)
{
    const IngestTarget *target = execution->query->ingest;
    Arena *arena = execution->request->arena;
    Text *names = ARENA_ARRAY(arena, Text, count);
    for (uint32_t i = 0; i < count; i++) {
        names[i] = TEXT_LITERAL("");
        for (uint32_t k = 0; k < execution->query->output_count; k++)
            if (target->cluster_keys[i]->kind == EXPR_COLUMN &&
                execution->query->outputs[k].id == target->cluster_keys[i]->column)
                names[i] = text_of(execution->query->outputs[k].name);
        if (names[i].length == 0)
            return NULL;
    }
    return names;
}

static void grow_staged(Execution *execution)
{
    if (execution->staged_count < execution->staged_capacity)
        return;
    uint32_t capacity = execution->staged_capacity == 0 ? 16 : execution->staged_capacity * 2;
    StagedSegment *staged = ARENA_ARRAY(execution->request->arena, StagedSegment, capacity);
    if (execution->staged_count > 0)
        memcpy(staged, execution->staged, execution->staged_count * sizeof *staged);
    execution->staged = staged;
    execution->staged_capacity = capacity;
}

void ingest_add_segment(Execution *execution, const SegmentWritten *segment)
{
    Arena *arena = execution->request->arena;
    const IngestTarget *target = execution->query->ingest;
    grow_staged(execution);
    StagedSegment *staged = &execution->staged[execution->staged_count++];
    *staged = (StagedSegment){.path = arena_strndup(arena, segment->path.data, segment->path.length),
                              .chunk = chunk_of(target, segment->bucket)};
    memcpy(staged->digest, segment->summary->digest, sizeof staged->digest);
    /* partition order is key order: numbers follow when all are there */
    staged->shard.partition_number = segment->partition;
    if (segment->range_dimensions > 0 && !segment->has_multiple_values) {
        staged->shard.dimensions = dimension_names(execution, segment->range_dimensions);
        if (staged->shard.dimensions != NULL) {
            staged->shard.kind = SHARD_RANGE;
            staged->shard.dimension_count = segment->range_dimensions;
            staged->shard.start = boundary_of(arena, segment->first_key, segment->range_dimensions);
        }
    }
    execution->staged_rows += segment->summary->rows;
}

static int by_chunk_and_partition(const void *a, const void *b)
{
    const StagedSegment *left = a, *right = b;
    if (left->chunk.start != right->chunk.start)
        return left->chunk.start < right->chunk.start ? -1 : 1;
    return (left->shard.partition_number > right->shard.partition_number) -
           (left->shard.partition_number < right->shard.partition_number);
}

static bool same_values(const ShardValue *a, const ShardValue *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (a[i].is_null != b[i].is_null || (!a[i].is_null && !text_equal(a[i].text, b[i].text)))
            return false;
    return true;
}

/*
 * Numbers the partitions of each chunk and closes the ranges: a segment's range ends where the
 * next one's begins, the first begins and the last ends open. Neighbours whose first keys are
 * alike (rows of one key are never divided, but the range key may be shorter than the cluster
 * key) make the whole chunk numbered.
 */
static void finish_shards(Execution *execution)
{
    StagedSegment *staged = execution->staged;
    uint32_t count = execution->staged_count;
    if (count == 0)
        return;
    qsort(staged, count, sizeof *staged, by_chunk_and_partition);
    for (uint32_t first = 0; first < count;) {
        uint32_t end = first + 1;
        bool is_range = staged[first].shard.kind == SHARD_RANGE;
        while (end < count && staged[end].chunk.start == staged[first].chunk.start) {
            is_range = is_range && staged[end].shard.kind == SHARD_RANGE &&
                       !same_values(staged[end - 1].shard.start, staged[end].shard.start,
                                    staged[end].shard.dimension_count);
            end++;
        }
        for (uint32_t i = first; i < end; i++) {
            ShardSpec *shard = &staged[i].shard;
            shard->partition_number = i - first;
            shard->core_partitions = end - first;
            shard->kind = is_range ? SHARD_RANGE : SHARD_NUMBERED;
            shard->end = is_range && i + 1 < end ? staged[i + 1].shard.start : NULL;
        }
        for (uint32_t i = first; i < end; i++) {
            if (!is_range)
                staged[i].shard.dimension_count = 0;
            if (!is_range || i == first)
                staged[i].shard.start = NULL;
        }
        first = end;
    }
}

/* intervalBounds: the intervals as a list, as far as a field has room. */
static bool add_bounds(const TableInterval *bounds, uint32_t count, Fault *fault)
{
    char list[sizeof fault->fields[0].value];
    size_t used = 1;
    list[0] = '[';
    for (uint32_t i = 0; i < count; i++) {
        char start[META_TIME_SIZE], end[META_TIME_SIZE], item[2 * META_TIME_SIZE + 8];
        meta_format_time(bounds[i].start, start);
        meta_format_time(bounds[i].end, end);
        int length =
            snprintf(item, sizeof item, "%s\"%s/%s\"", i == 0 ? "" : ",", start, end);
        if (length < 0 || used + (size_t)length + 2 > sizeof list)
            break;
        memcpy(list + used, item, (size_t)length);
        used += (size_t)length;
    }
    memcpy(list + used, "]", 2);
    return fault_field_json(fault, "intervalBounds", list);
}

static bool check_bounds(Execution *execution, const TableInterval *bounds, uint32_t count, Fault *fault)
{
    for (uint32_t i = 0; i < execution->staged_count; i++) {
        TableInterval chunk = execution->staged[i].chunk;
        bool inside = false;
        for (uint32_t k = 0; k < count; k++)
            inside = inside || (bounds[k].start <= chunk.start && chunk.end <= bounds[k].end);
        if (inside)
            continue;
        char start[META_TIME_SIZE], end[META_TIME_SIZE], interval[2 * META_TIME_SIZE];
        meta_format_time(chunk.start, start);
        meta_format_time(chunk.end, end);
        snprintf(interval, sizeof interval, "%s/%s", start, end);
        fault_set(fault, FAULT_INSERT_TIME_OUT_OF_BOUNDS,
                  "query generated time chunk [%s] out of the bounds of OVERWRITE WHERE", interval);
        fault_field_text(fault, "interval", interval);
        return add_bounds(bounds, count, fault);
    }
    return true;
}

static TableColumn *output_columns(Execution *execution)
{
    const BoundQuery *query = execution->query;
    Arena *arena = execution->request->arena;
    TableColumn *columns = ARENA_ARRAY(arena, TableColumn, query->output_count);
    uint32_t count = 0;
    for (int pass = 0; pass < 2; pass++) /* __time first */
        for (uint32_t i = 0; i < query->output_count; i++)
            if ((strcmp(query->outputs[i].name, "__time") == 0) == (pass == 0)) {
                SqlType type = query->outputs[i].type;
                columns[count++] = (TableColumn){.name = text_of(query->outputs[i].name),
                                                 .type_oid = type.oid,
                                                 .type_modifier = type.modifier};
            }
    return columns;
}

bool ingest_publish(Execution *execution, Fault *fault)
{
    Request *request = execution->request;
    const IngestTarget *target = execution->query->ingest;
    if (target->mode == INGEST_EXPORT)
        return export_publish(execution, fault);
    if (execution->staged_count == 0 && !target->is_create && !execution->is_rewrite && request->settings.fail_on_empty_insert) {
        fault_set(fault, FAULT_INSERT_CANNOT_BE_EMPTY, "no rows to insert for table \"%s\"", target->table);
        return fault_field_text(fault, "dataSource", target->table);
    }
    finish_shards(execution);
    PublishRequest publish = {
        .table = text_of(target->table),
        .mode = execution->is_rewrite            ? PUBLISH_REWRITE
                : target->mode == INGEST_REPLACE ? PUBLISH_REPLACE
                                                 : PUBLISH_INSERT,
        .retired_count = execution->retired_count,
        .retired = execution->retired,
        .change_count = execution->change_count,
        .changes = execution->changes,
        .segment_count = execution->staged_count,
        .segments = execution->staged,
        .column_count = execution->query->output_count,
        .columns = output_columns(execution),
        .lock = execution->lock,
        .must_be_new = target->is_create,
        .lock_timeout = LOCK_TIMEOUT_MS,
        .owner = request->user.roles != NULL ? request->user.role->oid : 0,
        .max_segments_in_chunk = (uint32_t)request->settings.max_num_segments};
    if (target->mode == INGEST_REPLACE) {
        publish.overwrite = overwritten(request->arena, target, &publish.overwrite_count);
        if (!check_bounds(execution, publish.overwrite, publish.overwrite_count, fault))
            return false;
    }
    if (target->materialized != NULL)
        publish.properties = table_properties_text(request->arena, target->materialized);
    if (target->drops_at_commit)
        publish.properties = TEXT_LITERAL("{\"on_commit\":\"drop\"}");
    PublishResult result;
    if (!table_publish(request->controller->tables, &publish, &result, fault))
        return false;
    log_info("published table=%s rows=%" PRIu64 " segments=%u replaced=%u query=%" PRIu64, target->table,
             result.rows, result.segments_added, result.segments_replaced, request->query);
    unlock(request, &execution->lock);
    return true;
}

void ingest_abandon(Execution *execution)
{
    Request *request = execution->request;
    Fault fault;
    unlock(request, &execution->lock);
    char query[32];
    if (execution->definition == NULL)
        return; /* nothing was run */
    if (execution->query->ingest->mode == INGEST_EXPORT) {
        export_abandon(execution);
        return;
    }
    snprintf(query, sizeof query, "%" PRIu64, execution->definition->query);
    if (!deep_remove_staged(request->controller->deep, query, &fault))
        log_fault(LOG_LEVEL_WARNING, "removing staged files", &fault);
}

bool ingest_give_back(Execution *execution)
{
    unlock(execution->request, &execution->lock);
    return false;
}

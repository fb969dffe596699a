/*
 * The segments of a publish: what a REPLACE covers becomes unused, the new ones are added under
 * a version. An INSERT into a chunk that is there joins the newest version of it, so that old
 * and new rows are visible together; a new chunk and a REPLACE get a new version.
 */
#include "storage/table/publish_internal.h"

#include "base/log/log.h"

typedef struct Existing {
    uint32_t count;
    MetaSegment *segments; /* used and tombstones */
} Existing;

static TableInterval interval_of(const MetaSegment *segment)
{
    return (TableInterval){.start = segment->start, .end = segment->end};
}

/* --- replacing --- */

static bool cannot_replace(const Publish *publish, const MetaSegment *segment, Fault *fault)
{
    char text[INTERVAL_TEXT_SIZE];
    fault_set(fault, FAULT_INSERT_CANNOT_REPLACE_EXISTING_SEGMENT,
              "the intervals to overwrite hold only a part of segment \"%.*s\"",
              TEXT_ARGS(segment->id));
    fault_detail(fault, "The segment's time chunk is %s.",
                 table_interval_format(interval_of(segment), text));
    (void)publish;
    char id[160];
    uint32_t length = segment->id.length < sizeof id - 1 ? segment->id.length : sizeof id - 1;
    memcpy(id, segment->id.data, length);
    id[length] = 0;
    return fault_field_text(fault, "segmentId", id);
}

static bool retire(Publish *publish, const Existing *existing, Fault *fault)
{
    for (uint32_t i = 0; i < existing->count; i++) {
        const MetaSegment *segment = &existing->segments[i];
        TableInterval interval = interval_of(segment);
        if (!table_intervals_overlap(publish->overwrite, publish->overwrite_count, interval))
            continue;
        if (!table_intervals_cover(publish->overwrite, publish->overwrite_count, interval))
            return cannot_replace(publish, segment, fault);
        if (!meta_set_segment_state(publish->store->meta, segment->number, META_SEGMENT_UNUSED,
                                    publish->now, fault))
            return false;
        publish->result->segments_replaced++;
    }
    return true;
}

/* --- rewriting --- */

static const MetaSegment *find_used(const Existing *existing, int64_t number)
{
    for (uint32_t i = 0; i < existing->count; i++)
        if (existing->segments[i].number == number)
            return existing->segments[i].state == META_SEGMENT_USED ? &existing->segments[i] : NULL;
    return NULL;
}

/* What one of the retired has hidden would be seen again: it goes, too. */
static bool retire_hidden(Publish *publish, const Existing *existing, const MetaSegment *retired,
                          Fault *fault)
{
    for (uint32_t i = 0; i < existing->count; i++) {
        const MetaSegment *segment = &existing->segments[i];
        if (text_compare(segment->version, retired->version) < 0 &&
            interval_contains(interval_of(retired), interval_of(segment)) &&
            !meta_set_segment_state(publish->store->meta, segment->number, META_SEGMENT_UNUSED,
                                    publish->now, fault))
            return false;
    }
    return true;
}

static bool retire_listed(Publish *publish, const Existing *existing, Fault *fault)
{
    const PublishRequest *request = publish->request;
    for (uint32_t i = 0; i < request->retired_count; i++) {
        const MetaSegment *segment = find_used(existing, request->retired[i]);
        if (segment == NULL)
            return fault_set(fault, FAULT_SERIALIZATION_FAILURE,
                             "could not serialize access due to concurrent update");
        if (!retire_hidden(publish, existing, segment, fault) ||
            !meta_set_segment_state(publish->store->meta, segment->number, META_SEGMENT_UNUSED,
                                    publish->now, fault))
            return false;
        publish->result->segments_replaced++;
    }
    return true;
}

/* --- where an INSERT goes --- */

typedef struct Allocation {
    Text version;
    uint32_t next_partition;
    uint32_t existing;
} Allocation;

static bool cannot_allocate(const Publish *publish, TableInterval wanted, TableInterval there,
                            Fault *fault)
{
    char text[INTERVAL_TEXT_SIZE], other[INTERVAL_TEXT_SIZE], name[160];
    Text table = publish->request->table;
    uint32_t length = table.length < sizeof name - 1 ? table.length : sizeof name - 1;
    memcpy(name, table.data, length);
    name[length] = 0;
    fault_set(fault, FAULT_INSERT_CANNOT_ALLOCATE_SEGMENT,
              "table \"%s\" has segments of another granularity in %s", name,
              table_interval_format(wanted, text));
    fault_detail(fault, "There is a time chunk of %s.", table_interval_format(there, other));
    fault_field_text(fault, "dataSource", name);
    fault_field_text(fault, "interval", text);
    return fault_field_text(fault, "allocatedInterval", other);
}

/* The newest version in the chunk and the number after its last partition; a chunk in which
 * nothing is used leaves `version` empty. */
static bool find_allocation(const Publish *publish, const Existing *existing, TableInterval chunk,
                            Allocation *allocation, Fault *fault)
{
    *allocation = (Allocation){0};
    for (uint32_t i = 0; i < existing->count; i++) {
        const MetaSegment *segment = &existing->segments[i];
        TableInterval interval = interval_of(segment);
        if (segment->state != META_SEGMENT_USED || !interval_overlaps(interval, chunk))
            continue;
        if (!interval_equal(interval, chunk))
            return cannot_allocate(publish, chunk, interval, fault);
        int order = text_compare(segment->version, allocation->version);
        if (order > 0)
            *allocation = (Allocation){.version = segment->version};
        allocation->existing += order >= 0;
    }
    /* numbers of segments that are gone, too, do not come again: they are part of names */
    return allocation->version.length == 0 ||
           meta_next_partition(publish->store->meta, publish->oid, chunk.start, chunk.end,
                               allocation->version, &allocation->next_partition, fault);
}

/* --- adding --- */

Text table_segment_id(Arena *arena, Text table, TableInterval interval, Text version,
                      uint32_t partition)
{
    char start[META_TIME_SIZE], end[META_TIME_SIZE];
    meta_format_time(interval.start, start);
    meta_format_time(interval.end, end);
    char *id = partition == 0 ? arena_printf(arena, "%.*s_%s_%s_%.*s", TEXT_ARGS(table), start, end,
                                             TEXT_ARGS(version))
                              : arena_printf(arena, "%.*s_%s_%s_%.*s_%u", TEXT_ARGS(table), start,
                                             end, TEXT_ARGS(version), partition);
    return text_of(id);
}

Text table_shard_text(Arena *arena, const ShardSpec *shard)
{
    Buffer json = BUFFER_EMPTY;
    shard_spec_write(shard, &json);
    Text text =
        terminated_text(arena, (Text){.data = (char *)json.data, .length = (uint32_t)json.length});
    buffer_clear(&json);
    return text;
}

static bool add_segment(Publish *publish, const PublishChunk *chunk, PublishFile *file,
                        Text version, Fault *fault)
{
    MetaSegment segment = {
        .table_oid = publish->oid,
        .id = table_segment_id(publish->arena, publish->request->table, chunk->interval, version,
                               file->shard.partition_number),
        .start = chunk->interval.start,
        .end = chunk->interval.end,
        .version = version,
        .partition_number = file->shard.partition_number,
        .core_partitions = file->shard.core_partitions,
        .shard_spec = table_shard_text(publish->arena, &file->shard),
        .rows = file->rows,
        .bytes = file->bytes,
        .path = text_of(file->name),
        .summary = file->summary,
        .state = META_SEGMENT_USED,
        .created = publish->now,
        .state_since = publish->now,
    };
    memcpy(segment.digest, file->staged->digest, sizeof segment.digest);
    publish->result->segments_added++;
    publish->result->rows += file->rows;
    publish->result->bytes += file->bytes;
    return meta_add_segment(publish->store->meta, &segment, fault);
}

static bool check_chunk_size(const Publish *publish, const PublishChunk *chunk, uint32_t existing,
                             Fault *fault)
{
    uint32_t most = publish->request->max_segments_in_chunk;
    uint64_t count = (uint64_t)existing + chunk->file_count;
    char start[META_TIME_SIZE];
    if (most == 0 || count <= most)
        return true;
    meta_format_time(chunk->interval.start, start);
    fault_set(fault, FAULT_TOO_MANY_SEGMENTS_IN_TIME_CHUNK,
              "time chunk %s would have %llu segments, more than maxNumSegments = %u", start,
              (unsigned long long)count, most);
    fault_field_text(fault, "timeChunk", start);
    fault_field_int(fault, "numSegments", (int64_t)count);
    return fault_field_int(fault, "maxNumSegments", most);
}

/* The version for chunks that start afresh: one for the whole statement. */
static bool new_version(Publish *publish, Fault *fault)
{
    if (publish->result->version[0] != 0)
        return true;
    return meta_next_version(publish->store->meta, publish->now, publish->result->version, fault);
}

static bool add_chunk(Publish *publish, const Existing *existing, const PublishChunk *chunk,
                      Fault *fault)
{
    Allocation allocation = {0};
    if (publish->request->mode != PUBLISH_REPLACE &&
        !find_allocation(publish, existing, chunk->interval, &allocation, fault))
        return false;
    if (!check_chunk_size(publish, chunk, allocation.existing, fault))
        return false;
    if (allocation.version.length == 0) {
        if (!new_version(publish, fault))
            return false;
        allocation.version = text_of(publish->result->version);
    }
    for (uint32_t i = 0; i < chunk->file_count; i++) {
        PublishFile *file = &publish->files[chunk->first_file + i];
        file->shard.partition_number = allocation.next_partition + i;
        if (!add_segment(publish, chunk, file, allocation.version, fault))
            return false;
    }
    return true;
}

bool table_publish_segments(Publish *publish, Fault *fault)
{
    Existing existing;
    if (!meta_segments(publish->store->meta, publish->oid, META_USED | META_TOMBSTONES,
                       publish->arena, &existing.segments, &existing.count, fault))
        return false;
    if (publish->request->mode == PUBLISH_REPLACE && !retire(publish, &existing, fault))
        return false;
    if (publish->request->mode == PUBLISH_REWRITE && !retire_listed(publish, &existing, fault))
        return false;
    for (uint32_t i = 0; i < publish->chunk_count; i++) {
        if (!add_chunk(publish, &existing, &publish->chunks[i], fault))
            return false;
    }
    return true;
}

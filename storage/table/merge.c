/*
 * Merging: what a transaction block has done to its copy of the metadata is done to the metadata
 * itself. Rows of all kinds are storage/meta's (meta_merge); segments are placed here, as those of
 * a publish are: appended ones join the newest version that their time chunk has by now and get
 * numbers of their own there.
 */
#include "storage/table/publish_internal.h"

#include "base/os/os.h"

typedef struct MergedTable {
    uint32_t oid;
    bool is_there;
    Text name;
    MetaSegment *segments; /* all states, and what was added meanwhile */
    uint32_t count, capacity;
    bool has_others; /* rows that were added behind the copy's back */
    bool has_own;
} MergedTable;

typedef struct Merge {
    TableStore *store;
    Arena *arena;
    MetaSegmentChanges changes;
    MetaTable *tables;
    uint32_t table_count;
    MergedTable *merged;
    uint32_t merged_count;
} Merge;

static bool conflict(Fault *fault)
{
    return fault_set(fault, FAULT_SERIALIZATION_FAILURE,
                     "could not serialize access due to concurrent update");
}

/* The table with its segments, read when it is met first; NULL with a fault. */
static MergedTable *find_table(Merge *merge, uint32_t oid, Fault *fault)
{
    for (uint32_t i = 0; i < merge->merged_count; i++)
        if (merge->merged[i].oid == oid)
            return &merge->merged[i];
    MergedTable *table = &merge->merged[merge->merged_count];
    *table = (MergedTable){.oid = oid};
    for (uint32_t i = 0; i < merge->table_count; i++)
        if (merge->tables[i].oid == oid) {
            table->is_there = true;
            table->name = merge->tables[i].name;
        }
    MetaSegment *segments;
    if (!meta_segments(merge->store->meta, oid, META_ALL_STATES, merge->arena, &segments,
                       &table->count, fault))
        return NULL;
    table->capacity = table->count + merge->changes.added_count;
    table->segments = ARENA_ARRAY(merge->arena, MetaSegment, table->capacity + 1);
    if (table->count > 0)
        memcpy(table->segments, segments, table->count * sizeof *segments);
    for (uint32_t i = 0; i < table->count; i++)
        table->has_others |= segments[i].number > merge->changes.last_number &&
                             segments[i].state == META_SEGMENT_USED;
    merge->merged_count++;
    return table;
}

/* --- segments that were there --- */

static bool change_state(Merge *merge, const MetaStateChange *change, Fault *fault)
{
    MergedTable *table = find_table(merge, change->table_oid, fault);
    if (table == NULL)
        return false;
    if (!table->is_there) /* dropped, and its segments with it */
        return true;
    for (uint32_t i = 0; i < table->count; i++) {
        MetaSegment *segment = &table->segments[i];
        if (segment->number != change->number)
            continue;
        if (segment->state != change->from)
            return conflict(fault);
        segment->state = change->to;
        return meta_set_segment_state(merge->store->meta, change->number, change->to,
                                      os_now_micros(), fault);
    }
    return conflict(fault);
}

/* --- segments that are new --- */

static bool has_replaced(const Merge *merge, const MetaSegment *added)
{
    for (uint32_t i = 0; i < merge->changes.state_count; i++) {
        const MetaStateChange *change = &merge->changes.states[i];
        if (change->table_oid == added->table_oid && change->start < added->end &&
            added->start < change->end)
            return true;
    }
    return false;
}

/* The version under which the segment can be seen beside what its chunk holds; empty: none. */
static bool find_version(const Merge *merge, const MergedTable *table, const MetaSegment *added,
                         Text *version, Fault *fault)
{
    Text newest = {0};
    for (uint32_t i = 0; i < table->count; i++) {
        const MetaSegment *segment = &table->segments[i];
        if (segment->state != META_SEGMENT_USED || segment->start >= added->end ||
            added->start >= segment->end)
            continue;
        if (segment->start != added->start || segment->end != added->end)
            return conflict(fault);
        if (text_compare(segment->version, newest) > 0)
            newest = segment->version;
    }
    *version = added->version;
    if (newest.length == 0 || text_equal(newest, added->version))
        return true;
    *version = newest;
    return !has_replaced(merge, added) || conflict(fault);
}

static bool is_taken(const MergedTable *table, Text id)
{
    for (uint32_t i = 0; i < table->count; i++)
        if (text_equal(table->segments[i].id, id))
            return true;
    return false;
}

/* Gives the segment a place behind those that its chunk's version has. */
static bool renumber(Merge *merge, const MergedTable *table, Text version, MetaSegment *added,
                     Fault *fault)
{
    ShardSpec shard;
    if (!meta_next_partition(merge->store->meta, table->oid, added->start, added->end, version,
                             &added->partition_number, fault) ||
        !shard_spec_read(added->shard_spec, merge->arena, &shard, fault))
        return false;
    shard.partition_number = added->partition_number;
    shard.core_partitions = added->core_partitions = 0;
    added->version = version;
    added->shard_spec = table_shard_text(merge->arena, &shard);
    added->id = table_segment_id(merge->arena, table->name,
                                 (TableInterval){.start = added->start, .end = added->end}, version,
                                 added->partition_number);
    return true;
}

/* One that the block has made and given up again comes, too: its file is then removed like others. */
static bool add_segment(Merge *merge, const MetaSegment *added, Fault *fault)
{
    MergedTable *table = find_table(merge, added->table_oid, fault);
    MetaSegment segment = *added;
    Text version = added->version;
    if (table == NULL)
        return false;
    if (segment.state == META_SEGMENT_USED) {
        table->has_own = true;
        if (!table->is_there)
            return conflict(fault);
        if (!find_version(merge, table, &segment, &version, fault))
            return false;
    }
    if ((!text_equal(version, segment.version) || is_taken(table, segment.id)) &&
        !renumber(merge, table, version, &segment, fault))
        return false;
    if (segment.state == META_SEGMENT_UNUSED)
        segment.state_since = os_now_micros();
    table->segments[table->count++] = segment;
    return meta_add_segment(merge->store->meta, &segment, fault);
}

static bool merge_segments(Merge *merge, Fault *fault)
{
    const MetaSegmentChanges *changes = &merge->changes;
    merge->merged =
        ARENA_ARRAY(merge->arena, MergedTable, changes->added_count + changes->state_count + 1);
    if (!meta_tables(merge->store->meta, merge->arena, &merge->tables, &merge->table_count, fault))
        return false;
    for (uint32_t i = 0; i < changes->state_count; i++)
        if (!change_state(merge, &changes->states[i], fault))
            return false;
    for (uint32_t i = 0; i < changes->added_count; i++)
        if (!add_segment(merge, &changes->added[i], fault))
            return false;
    return true;
}

static void tell_meetings(const Merge *merge, TableMeeting *meeting)
{
    meeting->oids = ARENA_ARRAY(meeting->arena, uint32_t, merge->merged_count + 1);
    for (uint32_t i = 0; i < merge->merged_count; i++)
        if (merge->merged[i].has_own && merge->merged[i].has_others)
            meeting->oids[meeting->count++] = merge->merged[i].oid;
}

static bool is_as_expected(Meta *meta, TableMerge *wish, Fault *fault)
{
    uint64_t revision;
    if (!meta_revision(meta, &revision, fault))
        return false;
    wish->is_behind = wish->revision != 0 && revision != wish->revision;
    return !wish->is_behind;
}

bool table_merge(TableStore *store, TableMerge *wish, Fault *fault)
{
    Meta *meta = store->meta;
    wish->is_behind = false;
    if (!meta_attach(meta, wish->base, wish->changed, fault))
        return false;
    Merge merge = {.store = store, .arena = arena_new("merge")};
    bool ok = meta_begin(meta, true, fault) && is_as_expected(meta, wish, fault) &&
              meta_merge(meta, fault) &&
              meta_attached_segments(meta, merge.arena, &merge.changes, fault) &&
              merge_segments(&merge, fault) && meta_commit(meta, fault);
    meta_rollback(meta);
    meta_detach(meta);
    if (ok && wish->meeting != NULL)
        tell_meetings(&merge, wish->meeting);
    arena_free(merge.arena);
    if (ok)
        table_raise_version(store);
    return ok;
}

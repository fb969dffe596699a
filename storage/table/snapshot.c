/*
 * Snapshots: what every table was as of one commit.
 *
 * A table is loaded again only when its own revision has changed; otherwise the next snapshot
 * shares it. When it is loaded again, what is known of the columns of the segments that stay
 * is copied from the version before, so that a small INSERT into a table of many segments does
 * not read all their JSON again.
 */
#include "storage/table/table_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <math.h>
#include <stdlib.h>

/* How long the catalog version alone is believed. */
#define RECHECK_NANOS INT64_C(1000000000)

typedef struct KnownSegment {
    int64_t number;
    SegmentColumns columns;
} KnownSegment;

/* --- counting --- */

static void table_release(TableHolder *holder)
{
    check(holder->references > 0);
    if (--holder->references == 0)
        arena_free(holder->arena); /* the holder lies in it */
}

static void snapshot_free(SnapshotHolder *holder)
{
    for (uint32_t i = 0; i < holder->snapshot.table_count; i++)
        table_release((TableHolder *)holder->snapshot.tables[i]);
    for (uint32_t i = 0; i < holder->snapshot.schema_count; i++)
        table_release((TableHolder *)holder->snapshot.schemas[i]);
    arena_free(holder->arena);
}

void table_snapshot_release(TableStore *store, const TableSnapshot *snapshot)
{
    (void)store;
    if (snapshot == NULL)
        return;
    SnapshotHolder *holder = (SnapshotHolder *)snapshot;
    check(holder->references > 0);
    if (--holder->references == 0)
        snapshot_free(holder);
}

const TableSnapshot *table_snapshot_share(const TableSnapshot *snapshot)
{
    SnapshotHolder *holder = (SnapshotHolder *)snapshot;
    check(holder->references > 0);
    holder->references++;
    return snapshot;
}

/* --- segments --- */

static const KnownSegment *find_known(const TableHolder *previous, int64_t number)
{
    uint32_t low = 0, high = previous == NULL ? 0 : previous->known_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (previous->known[middle].number == number)
            return &previous->known[middle];
        if (previous->known[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static SegmentColumns copy_columns(const SegmentColumns *from, Arena *arena)
{
    ColumnSummary *columns = ARENA_ARRAY(arena, ColumnSummary, from->count);
    for (uint32_t i = 0; i < from->count; i++) {
        columns[i] = from->columns[i];
        columns[i].name = terminated_text(arena, from->columns[i].name);
    }
    return (SegmentColumns){.count = from->count, .columns = columns};
}

/* The summaries in the table's order. Segments mostly have the table's columns in its order, so
 * the search begins where the last one ended. */
static const SegmentColumnSummary *const *
order_summaries(const Table *table, const SegmentColumns *columns, Arena *arena)
{
    const SegmentColumnSummary **ordered =
        ARENA_ARRAY(arena, const SegmentColumnSummary *, table->column_count);
    uint32_t from = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        ordered[i] = NULL;
        for (uint32_t tried = 0; tried < columns->count; tried++) {
            uint32_t at = (from + tried) % columns->count;
            if (text_equal(columns->columns[at].name, table->columns[i].name)) {
                ordered[i] = &columns->columns[at].summary;
                from = at + 1;
                break;
            }
        }
    }
    return ordered;
}

static Text complete_path(const Deep *deep, Text name, Arena *arena)
{
    if (name.length == 0)
        return TEXT_LITERAL("");
    return text_of(arena_printf(arena, "%s/%.*s", deep->folder, TEXT_ARGS(name)));
}

static bool load_segment(TableStore *store, const MetaSegment *row, const TableHolder *previous,
                         TableHolder *holder, KnownSegment *known, TableSegment *segment,
                         Fault *fault)
{
    Arena *arena = holder->arena;
    *segment = (TableSegment){
        .number = row->number,
        .id = terminated_text(arena, row->id),
        .interval = {.start = row->start, .end = row->end},
        .version = terminated_text(arena, row->version),
        .rows = row->rows,
        .bytes = row->bytes,
        .path = complete_path(store->deep, row->path, arena),
        .created = row->created,
        .is_tombstone = row->state == META_SEGMENT_TOMBSTONE,
    };
    memcpy(segment->digest, row->digest, sizeof segment->digest);
    if (!shard_spec_read(row->shard_spec, arena, &segment->shard, fault))
        return false;
    const KnownSegment *before = find_known(previous, row->number);
    *known = (KnownSegment){.number = row->number};
    if (before != NULL)
        known->columns = copy_columns(&before->columns, arena);
    else if (!table_segment_columns_read(row->summary, arena, &known->columns, fault))
        return false;
    segment->summaries = order_summaries(&holder->table, &known->columns, arena);
    return true;
}

static int compare_known(const void *a, const void *b)
{
    const KnownSegment *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* The visible ones first, in the order they came in; sums of them. */
static void part_segments(Table *table, TableSegment *segments, uint32_t count, Arena *arena)
{
    TableSegment *visible = ARENA_ARRAY(arena, TableSegment, count);
    TableSegment *hidden = ARENA_ARRAY(arena, TableSegment, count);
    for (uint32_t i = 0; i < count; i++) {
        if (segments[i].is_overshadowed || segments[i].is_tombstone) {
            hidden[table->hidden_count++] = segments[i];
            continue;
        }
        visible[table->segment_count++] = segments[i];
        table->rows += segments[i].rows;
        table->bytes += segments[i].bytes;
    }
    table->segments = visible;
    table->hidden = hidden;
}

/* --- statistics --- */

/*
 * How many distinct values there are over all segments lies between the largest count of one
 * and the sum of all: their geometric mean is the guess. It is exact for one segment.
 */
static uint64_t guess_distinct(uint64_t largest, double sum, const TableColumnStatistics *known,
                               uint64_t rows)
{
    double guess = sqrt((double)largest * sum);
    double bound = (double)(rows - known->null_count);
    if (known->has_range) {
        double width = (double)known->maximum - (double)known->minimum + 1;
        bound = width < bound ? width : bound;
    }
    return (uint64_t)(guess < bound ? guess : bound);
}

static TableColumnStatistics sum_column(const Table *table, uint32_t column)
{
    TableColumnStatistics sum = {.minimum = INT64_MAX, .maximum = INT64_MIN};
    uint64_t largest = 0, text_bytes = 0;
    double distinct = 0;
    bool all_ranges = true, all_distinct = true;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const TableSegment *segment = &table->segments[i];
        const SegmentColumnSummary *one = segment->summaries[column];
        sum.null_count += one == NULL ? segment->rows : one->null_count;
        if (one == NULL || one->null_count >= segment->rows)
            continue;
        text_bytes += one->text_bytes;
        distinct += (double)one->distinct_count;
        largest = one->distinct_count > largest ? one->distinct_count : largest;
        all_distinct = all_distinct && one->distinct_count > 0;
        all_ranges = all_ranges && one->has_range;
        sum.has_range = true;
        sum.minimum = one->minimum < sum.minimum ? one->minimum : sum.minimum;
        sum.maximum = one->maximum > sum.maximum ? one->maximum : sum.maximum;
    }
    sum.has_range = sum.has_range && all_ranges;
    if (!sum.has_range)
        sum.minimum = sum.maximum = 0;
    if (sum.null_count > table->rows)
        sum.null_count = table->rows;
    if (sum.null_count < table->rows)
        sum.average_bytes = (double)text_bytes / (double)(table->rows - sum.null_count);
    if (all_distinct)
        sum.distinct_count = guess_distinct(largest, distinct, &sum, table->rows);
    return sum;
}

void table_sum_statistics(Table *table, Arena *arena)
{
    TableColumnStatistics *statistics =
        ARENA_ARRAY(arena, TableColumnStatistics, table->column_count + 1);
    for (uint32_t i = 0; i < table->column_count; i++)
        statistics[i] = sum_column(table, i);
    table->statistics = statistics;
}

/* --- tables --- */

static void copy_table_columns(Table *table, const MetaTable *row, Arena *arena)
{
    TableColumn *columns = ARENA_ARRAY(arena, TableColumn, row->column_count);
    for (uint32_t i = 0; i < row->column_count; i++) {
        columns[i] = (TableColumn){
            .name = terminated_text(arena, row->columns[i].name),
            .type_oid = row->columns[i].type_oid,
            .type_modifier = row->columns[i].type_modifier,
            .number = row->columns[i].number,
            .comment = terminated_text(arena, row->columns[i].comment),
        };
    }
    table_properties_read(table->properties, arena, &table->parsed, columns, row->column_count);
    table->columns = columns;
    table->column_count = row->column_count;
}

static bool fill_segments(TableStore *store, TableHolder *holder, const TableHolder *previous,
                          Arena *scratch, Fault *fault)
{
    MetaSegment *rows;
    uint32_t count;
    Arena *arena = holder->arena;
    if (!meta_segments(store->meta, holder->table.oid, META_USED | META_TOMBSTONES, scratch, &rows,
                       &count, fault))
        return false;
    TableSegment *segments = ARENA_ARRAY(scratch, TableSegment, count);
    holder->known = ARENA_ARRAY(arena, KnownSegment, count);
    holder->known_count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (!load_segment(store, &rows[i], previous, holder, &holder->known[i], &segments[i],
                          fault))
            return false;
    }
    if (count > 1)
        qsort(holder->known, count, sizeof *holder->known, compare_known);
    table_overshadow(segments, count);
    part_segments(&holder->table, segments, count, arena);
    return true;
}

/* A schema lies in itself: what it is called is the first part of its key. */
static void name_schema(Table *table)
{
    if (table->name.length == 0 && table->key.length > 0)
        table->name = table->schema;
}

/* The OID of the schema that a relation lies in; 0 for public. */
static uint32_t find_schema(const MetaTable *rows, uint32_t count, const MetaTable *row)
{
    Text schema = table_key_schema(row->name);
    for (uint32_t i = 0; i < count; i++) {
        bool is_schema = rows[i].name.length == schema.length + 1 &&
                         rows[i].name.data[schema.length] == '/' &&
                         memcmp(rows[i].name.data, schema.data, schema.length) == 0;
        if (is_schema)
            return rows[i].oid;
    }
    return 0;
}

static TableHolder *load_table(TableStore *store, const MetaTable *row, uint32_t schema,
                               const TableHolder *previous, Arena *scratch, Fault *fault)
{
    Arena *arena = arena_new("table");
    TableHolder *holder = ARENA_NEW(arena, TableHolder);
    holder->arena = arena;
    holder->references = 1;
    holder->table = (Table){
        .oid = row->oid,
        .key = terminated_text(arena, row->name),
        .schema = terminated_text(arena, table_key_schema(row->name)),
        .name = terminated_text(arena, table_key_name(row->name)),
        .comment = terminated_text(arena, row->comment),
        .properties = terminated_text(arena, row->properties),
        .revision = row->revision,
        .created = row->created,
        .schema_oid = schema,
    };
    name_schema(&holder->table);
    copy_table_columns(&holder->table, row, arena);
    if (!fill_segments(store, holder, previous, scratch, fault)) {
        arena_free(arena);
        return NULL;
    }
    TableColumnStatistics *statistics =
        ARENA_ARRAY(arena, TableColumnStatistics, row->column_count);
    for (uint32_t i = 0; i < row->column_count; i++)
        statistics[i] = sum_column(&holder->table, i);
    holder->table.statistics = statistics;
    return holder;
}

/* The table as it is in the current snapshot, whatever its revision; NULL when it is not. */
static TableHolder *find_previous(TableStore *store, uint32_t oid)
{
    if (store->current == NULL)
        return NULL;
    const TableSnapshot *snapshot = &store->current->snapshot;
    for (uint32_t i = 0; i < snapshot->schema_count; i++)
        if (snapshot->schemas[i]->oid == oid)
            return (TableHolder *)snapshot->schemas[i];
    return (TableHolder *)table_by_oid(snapshot, oid);
}

static TableHolder *take_table(TableStore *store, const MetaTable *row, uint32_t schema,
                               Arena *scratch, Fault *fault)
{
    TableHolder *previous = find_previous(store, row->oid);
    if (previous == NULL || previous->table.revision != row->revision)
        return load_table(store, row, schema, previous, scratch, fault);
    previous->references++;
    return previous;
}

/* --- snapshots --- */

static int compare_tables(const void *a, const void *b)
{
    return text_compare((*(const Table *const *)a)->key, (*(const Table *const *)b)->key);
}

/* Within a read transaction. */
static SnapshotHolder *load_within(TableStore *store, Arena *scratch, Fault *fault)
{
    MetaTable *rows;
    uint32_t count;
    uint64_t revision;
    if (!meta_revision(store->meta, &revision, fault) ||
        !meta_tables(store->meta, scratch, &rows, &count, fault))
        return NULL;
    Arena *arena = arena_new("snapshot");
    SnapshotHolder *holder = ARENA_NEW(arena, SnapshotHolder);
    const Table **tables = ARENA_ARRAY(arena, const Table *, count);
    const Table **schemas = ARENA_ARRAY(arena, const Table *, count);
    holder->arena = arena;
    holder->references = 1;
    holder->snapshot = (TableSnapshot){.revision = revision, .tables = tables, .schemas = schemas};
    for (uint32_t i = 0; i < count; i++) {
        bool is_in_schema = memchr(rows[i].name.data, '/', rows[i].name.length) != NULL;
        uint32_t schema = is_in_schema ? find_schema(rows, count, &rows[i]) : 0;
        TableHolder *table = take_table(store, &rows[i], schema, scratch, fault);
        if (table == NULL) {
            snapshot_free(holder);
            return NULL;
        }
        if (table->table.parsed.kind == TABLE_SCHEMA)
            schemas[holder->snapshot.schema_count++] = &table->table;
        else
            tables[holder->snapshot.table_count++] = &table->table;
    }
    if (holder->snapshot.table_count > 1)
        qsort(tables, holder->snapshot.table_count, sizeof *tables, compare_tables);
    return holder;
}

static SnapshotHolder *load_snapshot(TableStore *store, Fault *fault)
{
    if (!meta_begin(store->meta, false, fault))
        return NULL;
    Arena *scratch = arena_new("snapshot loading");
    SnapshotHolder *holder = load_within(store, scratch, fault);
    meta_rollback(store->meta);
    arena_free(scratch);
    return holder;
}

static const TableSnapshot *take_current(TableStore *store)
{
    store->current->references++;
    return &store->current->snapshot;
}

const TableSnapshot *table_snapshot(TableStore *store, Fault *fault)
{
    /* The version is read before the metadata: a commit in between makes the next call look
     * again, never miss it. */
    uint64_t version = store->catalog_version == NULL ? 0 : atomic_load(store->catalog_version);
    int64_t now = os_monotonic_nanos();
    if (store->current != NULL && store->catalog_version != NULL &&
        version == store->seen_version && now - store->checked_at < RECHECK_NANOS)
        return take_current(store);
    uint64_t revision;
    if (!meta_revision(store->meta, &revision, fault))
        return NULL;
    if (store->current == NULL || revision != store->current->snapshot.revision) {
        SnapshotHolder *holder = load_snapshot(store, fault);
        if (holder == NULL)
            return NULL;
        if (store->current != NULL)
            table_snapshot_release(store, &store->current->snapshot);
        store->current = holder;
    }
    store->seen_version = version;
    store->checked_at = now;
    return take_current(store);
}

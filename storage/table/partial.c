/*
 * Tables to read that are none of a snapshot's: a table with its rows' ids, or some of its segments
 * only; files that nobody has published. For statements that change rows, which read what they have
 * found, and leave out what they rewrite.
 */
#include "storage/table/table_internal.h"

enum { TYPE_INT8 = 20 }; /* its OID */

/* --- with row ids --- */

static bool is_listed(const int64_t *numbers, uint32_t count, int64_t number)
{
    for (uint32_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static void add_row_ids(TableSegment *segment, uint32_t column_count, Arena *arena)
{
    const SegmentColumnSummary **all =
        ARENA_ARRAY(arena, const SegmentColumnSummary *, (size_t)column_count + 1);
    SegmentColumnSummary *ids = ARENA_NEW(arena, SegmentColumnSummary);
    *ids = (SegmentColumnSummary){.distinct_count = segment->rows,
                                  .has_range = true,
                                  .minimum = SEGMENT_ROW_ID_MAKE(segment->number, 0),
                                  .maximum = SEGMENT_ROW_ID_MAKE(segment->number, UINT32_MAX)};
    for (uint32_t i = 0; i < column_count; i++)
        all[i] = segment->summaries[i];
    all[column_count] = ids;
    segment->summaries = all;
}

static TableColumn *with_id_column(const Table *table, Arena *arena)
{
    TableColumn *columns = ARENA_ARRAY(arena, TableColumn, (size_t)table->column_count + 1);
    for (uint32_t i = 0; i < table->column_count; i++)
        columns[i] = table->columns[i];
    columns[table->column_count] = (TableColumn){.name = TEXT_LITERAL(SEGMENT_ROW_ID),
                                                 .type_oid = TYPE_INT8,
                                                 .type_modifier = -1,
                                                 .comment = TEXT_LITERAL(""),
                                                 .default_text = TEXT_LITERAL("")};
    return columns;
}

Table *table_with_row_ids(const Table *table, const int64_t *numbers, uint32_t number_count,
                          Arena *arena)
{
    Table *copy = ARENA_NEW(arena, Table);
    *copy = *table;
    copy->columns = with_id_column(table, arena);
    copy->column_count = table->column_count + 1;
    copy->segment_count = 0;
    copy->rows = copy->bytes = 0;
    TableSegment *segments = ARENA_ARRAY(arena, TableSegment, (size_t)table->segment_count + 1);
    for (uint32_t i = 0; i < table->segment_count; i++) {
        if (numbers != NULL && !is_listed(numbers, number_count, table->segments[i].number))
            continue;
        TableSegment *segment = &segments[copy->segment_count++];
        *segment = table->segments[i];
        add_row_ids(segment, table->column_count, arena);
        copy->rows += segment->rows;
        copy->bytes += segment->bytes;
    }
    copy->segments = segments;
    table_sum_statistics(copy, arena);
    return copy;
}

/* --- files --- */

static void take_summaries(const Table *table, const SegmentReader *reader, TableSegment *segment,
                           Arena *arena)
{
    const SegmentSchema *schema = segment_schema(reader);
    const SegmentColumnSummary **all =
        ARENA_ARRAY(arena, const SegmentColumnSummary *, (size_t)table->column_count + 1);
    for (uint32_t i = 0; i < table->column_count; i++) {
        all[i] = NULL;
        for (uint32_t k = 0; k < schema->column_count && all[i] == NULL; k++) {
            if (!text_equal(schema->columns[k].name, table->columns[i].name))
                continue;
            SegmentColumnSummary *summary = ARENA_NEW(arena, SegmentColumnSummary);
            *summary = *segment_column_summary(reader, k);
            all[i] = summary;
        }
    }
    segment->summaries = all;
}

static bool read_file(const Table *table, const char *path, const uint8_t *digest, uint32_t number,
                      TableSegment *segment, Arena *arena, Fault *fault)
{
    SegmentReader *reader = segment_reader_open(path, digest, fault);
    if (reader == NULL)
        return false;
    *segment = (TableSegment){.number = number,
                              .id = TEXT_LITERAL(""),
                              .interval = TABLE_ETERNITY,
                              .version = TEXT_LITERAL(""),
                              .shard = {.kind = SHARD_NUMBERED, .partition_number = number},
                              .rows = segment_row_count(reader),
                              .path = text_of(path)};
    memcpy(segment->digest, digest, sizeof segment->digest);
    take_summaries(table, reader, segment, arena);
    segment_reader_close(reader);
    return true;
}

bool table_of_files(Table *table, const char *const *paths, const uint8_t (*digests)[16],
                    uint32_t count, Arena *arena, Fault *fault)
{
    TableSegment *segments = ARENA_ARRAY(arena, TableSegment, (size_t)count + 1);
    table->segment_count = count;
    table->rows = table->bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_file(table, paths[i], digests[i], i, &segments[i], arena, fault))
            return false;
        table->rows += segments[i].rows;
    }
    table->segments = segments;
    table_sum_statistics(table, arena);
    return true;
}

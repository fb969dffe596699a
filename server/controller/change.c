/*
 * UPDATE, DELETE, INSERT ... RETURNING and ON CONFLICT: the steps of a statement that changes rows (RowChange in
 * engine/plan/plan.h), and their one publish.
 *
 *   find      rows and what becomes of them go to files of the statement's own, the work table
 *   rewrite   the segments in which rows were found are written anew; where every row of one was
 *             found nothing of it is read again
 *   publish   the new segments take the place of the old ones, in one commit
 *   return    RETURNING reads the work table
 *
 * The table is locked before anything is read, as REPLACE has it. Small segments that lie about are
 * written anew together with the others: whoever changes rows one by one leaves few behind.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"

#include <stdlib.h>

enum {
    SMALL_ROWS = 4096,    /* a segment below this is written anew with others.. */
    SMALL_COUNT = 8,      /* .. when there are so many */
    MERGED_ROWS = 65536,  /* and up to so many rows of them at once */
    MERGE_COUNT = 32,     /* an INSERT that leaves so many merges them */
};

typedef struct Found { /* a segment of the target, and how many of its rows were found */
    int64_t number;
    uint32_t index;
    uint64_t rows;
    bool is_retired;
} Found;

typedef struct ChangeRun {
    Request *request;
    const ParsedStatement *statement;
    const BoundQuery *query;
    const RowChange *change;
    uint64_t executions[4]; /* that may have staged files */
    uint32_t execution_count;
    uint64_t rows; /* found, or inserted */
    Found *found;  /* one a segment of the target, by number */
    Fault *fault;
} ChangeRun;

/* --- steps --- */

static bool run_step(ChangeRun *run, BoundQuery *query, Execution *execution)
{
    *execution = (Execution){.request = run->request, .query = query, .defers_publish = true};
    bool ok = query_run_step(run->request, query, execution, run->fault);
    if (execution->definition != NULL)
        run->executions[run->execution_count++] = execution->definition->query;
    return ok;
}

static void remove_files(ChangeRun *run)
{
    Request *request = run->request;
    for (uint32_t i = 0; i < run->execution_count; i++) {
        Fault fault;
        const char *number =
            arena_printf(request->arena, "%llu", (unsigned long long)run->executions[i]);
        if (!deep_remove_staged(request->controller->deep, number, &fault))
            log_fault(LOG_LEVEL_WARNING, "removing staged files", &fault);
    }
}

/* The work table is what the step has written. */
static bool fill_work(ChangeRun *run, const Execution *execution)
{
    Arena *arena = run->request->arena;
    uint32_t count = execution->staged_count;
    const char **paths = ARENA_ARRAY(arena, const char *, count + 1);
    uint8_t(*digests)[16] = arena_alloc_array(arena, (size_t)count + 1, sizeof *digests);
    Table *table = ARENA_NEW(arena, Table);
    for (uint32_t i = 0; i < count; i++) {
        paths[i] = execution->staged[i].path;
        memcpy(digests[i], execution->staged[i].digest, sizeof digests[i]);
    }
    *table = *run->change->work->table;
    if (!table_of_files(table, paths, (const uint8_t(*)[16])digests, count, arena, run->fault))
        return false;
    run->change->work->table = table;
    return true;
}

/* --- which segments --- */

static int by_number(const void *a, const void *b)
{
    const Found *left = a, *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

static void list_segments(ChangeRun *run)
{
    const Table *table = run->change->relation->table;
    run->found = ARENA_ARRAY(run->request->arena, Found, table->segment_count + 1);
    for (uint32_t i = 0; i < table->segment_count; i++)
        run->found[i] = (Found){.number = table->segments[i].number, .index = i};
    if (table->segment_count > 1)
        qsort(run->found, table->segment_count, sizeof *run->found, by_number);
}

/* Rows without an id are new ones. */
static bool count_ids(ChangeRun *run, const Vector *vector, uint32_t count)
{
    const int64_t *ids = VECTOR_DATA(int64_t, vector);
    uint32_t segments = run->change->relation->table->segment_count;
    Found *last = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (vector_is_null(vector, i))
            continue;
        Found key = {.number = SEGMENT_ROW_ID_SEGMENT(ids[i])};
        if (last == NULL || last->number != key.number)
            last = bsearch(&key, run->found, segments, sizeof key, by_number);
        if (last == NULL)
            return fault_set(run->fault, FAULT_INTERNAL_ERROR, "a row of an unknown segment was found");
        last->rows++;
    }
    run->rows += count;
    return true;
}

static bool count_file(ChangeRun *run, SegmentReader *reader, int column, Arena *arena)
{
    for (uint32_t block = 0; block < segment_block_count(reader); block++) {
        Vector vector;
        uint32_t rows = segment_block_rows(reader, block);
        arena_reset(arena);
        if (!segment_read(reader, (uint32_t)column, block, NULL, rows, arena, &vector, run->fault))
            return false;
        vector = vector_flatten(arena, &vector);
        if (!count_ids(run, &vector, rows))
            return false;
        if (run->request->is_cancelled) {
            *run->fault = run->request->cancel_fault;
            return false;
        }
    }
    return true;
}

/* The ids in the work table's files tell which segments and how many rows of each. */
static bool count_found(ChangeRun *run, const Execution *execution)
{
    Text name = run->change->work->columns[0].name;
    bool ok = true;
    list_segments(run);
    Arena *arena = arena_new("rows found");
    for (uint32_t i = 0; ok && i < execution->staged_count; i++) {
        const StagedSegment *file = &execution->staged[i];
        SegmentReader *reader = segment_reader_open(file->path, file->digest, run->fault);
        int column = reader == NULL ? -1 : segment_find_column(reader, name);
        ok = column >= 0 && count_file(run, reader, column, arena);
        if (reader != NULL && column < 0)
            fault_set(run->fault, FAULT_INTERNAL_ERROR, "a work table has no row ids");
        if (reader != NULL)
            segment_reader_close(reader);
    }
    arena_free(arena);
    return ok;
}

static bool is_usual_chunk(const IngestTarget *target, TableInterval interval)
{
    bool is_all = interval.start == META_ETERNITY_START && interval.end == META_ETERNITY_END;
    if (target->is_partitioned_by_all || is_all)
        return target->is_partitioned_by_all && is_all;
    const TimeZone *utc = timezone_utc();
    return period_floor(&target->granularity, interval.start, 0, utc) == interval.start &&
           period_shift(&target->granularity, interval.start, 1, utc) == interval.end;
}

/* A chunk of another granularity than new rows get is written anew as a whole: both cannot be. */
static void retire_neighbours(ChangeRun *run, const Found *found)
{
    const Table *table = run->change->relation->table;
    TableInterval interval = table->segments[found->index].interval;
    if (is_usual_chunk(run->change->rewrite->ingest, interval))
        return;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        TableInterval other = table->segments[run->found[i].index].interval;
        if (other.start < interval.end && interval.start < other.end)
            run->found[i].is_retired = true;
    }
}

static void retire_small(ChangeRun *run)
{
    const Table *table = run->change->relation->table;
    uint32_t count = 0;
    uint64_t rows = 0;
    for (uint32_t i = 0; i < table->segment_count; i++)
        count += table->segments[i].rows < SMALL_ROWS;
    for (uint32_t i = 0; count >= SMALL_COUNT && i < table->segment_count && rows < MERGED_ROWS; i++) {
        const TableSegment *segment = &table->segments[run->found[i].index];
        if (segment->rows >= SMALL_ROWS || run->found[i].is_retired)
            continue;
        run->found[i].is_retired = true;
        rows += segment->rows;
    }
}

/* Fills in what is retired, and what of that is read again. */
static void choose_segments(ChangeRun *run, Execution *execution)
{
    Arena *arena = run->request->arena;
    const Table *table = run->change->relation->table;
    int64_t *retired = ARENA_ARRAY(arena, int64_t, table->segment_count + 1);
    int64_t *kept = ARENA_ARRAY(arena, int64_t, table->segment_count + 1);
    uint32_t kept_count = 0;
    for (uint32_t i = 0; i < table->segment_count; i++)
        run->found[i].is_retired = run->found[i].rows > 0;
    for (uint32_t i = 0; i < table->segment_count; i++)
        if (run->found[i].rows > 0)
            retire_neighbours(run, &run->found[i]);
    retire_small(run);
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const Found *found = &run->found[i];
        if (!found->is_retired)
            continue;
        retired[execution->retired_count++] = found->number;
        if (found->rows < table->segments[found->index].rows)
            kept[kept_count++] = found->number;
    }
    execution->retired = retired;
    run->change->kept->table = table_with_row_ids(table, kept, kept_count, arena);
}

/* --- the statement --- */

/* Hands the request's lock on to the publish. */
static bool rewrite(ChangeRun *run)
{
    Execution planned = {0}, execution;
    choose_segments(run, &planned);
    if (!run_step(run, run->change->rewrite, &execution))
        return false;
    execution.is_rewrite = true;
    execution.retired = planned.retired;
    execution.retired_count = planned.retired_count;
    execution.lock = run->request->lock;
    run->request->lock = 0;
    return (constraints_check(run->request, run->statement, &execution, run->fault) &&
            ingest_publish(&execution, run->fault)) ||
           ingest_give_back(&execution);
}

static bool check_once(ChangeRun *run)
{
    Buffer rows = BUFFER_EMPTY;
    if (run->change->twice == NULL || run->rows < 2)
        return true;
    bool ok = query_collect(run->request, run->change->twice, &rows, run->fault);
    if (ok && rows.length > 0) {
        fault_set(run->fault, FAULT_CARDINALITY_VIOLATION,
                  "ON CONFLICT DO UPDATE command cannot affect row a second time");
        ok = fault_hint(run->fault, "No two of the rows that are inserted may have the same key.");
    }
    buffer_clear(&rows);
    return ok;
}

static bool change_rows(ChangeRun *run)
{
    Execution execution;
    BoundQuery query = *run->query;
    if (!run_step(run, &query, &execution) || !fill_work(run, &execution) ||
        !count_found(run, &execution) || !check_once(run))
        return false;
    return run->rows == 0 || rewrite(run);
}

/* The segments that the publish has made of the files, found by what is in them. */
static bool find_inserted(ChangeRun *run, const Execution *execution)
{
    Request *request = run->request;
    Arena *arena = request->arena;
    uint32_t count = execution->staged_count, left = count;
    if (!request_refresh_snapshot(request, run->fault))
        return false;
    const Table *table = table_by_oid(request->snapshot, run->change->relation->oid);
    const char **paths = ARENA_ARRAY(arena, const char *, count + 1);
    uint8_t(*digests)[16] = arena_alloc_array(arena, (size_t)count + 1, sizeof *digests);
    for (uint32_t i = 0; i < count; i++) {
        int64_t newest = -1;
        for (uint32_t k = 0; table != NULL && k < table->segment_count; k++) {
            const TableSegment *segment = &table->segments[k];
            if (segment->number < newest ||
                memcmp(segment->digest, execution->staged[i].digest, sizeof segment->digest) != 0)
                continue;
            newest = segment->number;
            paths[i] = segment->path.data;
        }
        left -= newest >= 0;
        memcpy(digests[i], execution->staged[i].digest, sizeof digests[i]);
    }
    if (left > 0)
        return fault_set(run->fault, FAULT_SERIALIZATION_FAILURE,
                         "the rows that were inserted have been changed by another statement since");
    Table *work = ARENA_NEW(arena, Table);
    *work = *run->change->work->table;
    run->change->work->table = work;
    return table_of_files(work, paths, (const uint8_t(*)[16])digests, count, arena, run->fault);
}

static bool insert_rows(ChangeRun *run)
{
    Execution execution;
    BoundQuery query = *run->query;
    if (!run_step(run, &query, &execution))
        return false;
    run->rows = execution.staged_rows;
    execution.lock = run->request->lock; /* of ON CONFLICT */
    run->request->lock = 0;
    if (!constraints_check(run->request, run->statement, &execution, run->fault) ||
        !ingest_publish(&execution, run->fault))
        return ingest_give_back(&execution);
    return run->change->returning == NULL || find_inserted(run, &execution);
}

/* --- merging --- */

static bool merge(ChangeRun *run, const Relation *relation)
{
    BindContext context = query_context(run->request, run->request->text);
    context.tables = run->request->snapshot;
    if (!sql_bind_merge(run->request->arena, run->statement, &context, relation, &run->change,
                        run->fault))
        return false;
    list_segments(run);
    return rewrite(run);
}

static uint32_t count_small(const Table *table)
{
    uint32_t count = 0;
    for (uint32_t i = 0; table != NULL && i < table->segment_count; i++)
        count += table->segments[i].rows < SMALL_ROWS;
    return count;
}

static bool lock_to_merge(Request *request, Text table, Fault *fault)
{
    const TableInterval all = TABLE_ETERNITY;
    TableLockRequest lock = {.table = table,
                             .interval_count = 1,
                             .intervals = &all,
                             .is_exclusive = true};
    return table_lock(request->controller->tables, &lock, &request->lock, fault);
}

void change_merge_small(Request *request, const ParsedStatement *statement,
                        const IngestTarget *target)
{
    Fault fault;
    ChangeRun run = {.request = request, .statement = statement, .fault = &fault};
    Text key = text_of(arena_strdup(request->arena, target->table)); /* not the snapshot's */
    if (target->relation == NULL || block_is_open(request) ||
        !request_refresh_snapshot(request, &fault) ||
        count_small(table_find(request->snapshot, key)) < MERGE_COUNT ||
        !lock_to_merge(request, key, &fault)) /* somebody else is at it: another time */
        return;
    bool ok = request_refresh_snapshot(request, &fault);
    const Table *table = ok ? table_find(request->snapshot, key) : NULL;
    const Relation *relation =
        table == NULL ? NULL
                      : schema_relation_by_oid(request->arena, request->snapshot, table->oid);
    if (relation != NULL && count_small(table) >= MERGE_COUNT && !merge(&run, relation))
        log_fault(LOG_LEVEL_WARNING, "merging small segments", &fault);
    ingest_unlock(request);
    remove_files(&run);
}

/* --- the answer --- */

static bool answer(ChangeRun *run)
{
    Request *request = run->request;
    if (run->change->returning != NULL)
        return query_run_returning(request, run->statement, run->change->returning, run->fault);
    respond_complete(request, arena_printf(request->arena, "%s %llu", run->statement->tag,
                                           (unsigned long long)run->rows));
    return true;
}

bool change_run(Request *request, const ParsedStatement *statement, const BoundQuery *query,
                Fault *fault)
{
    ChangeRun run = {.request = request,
                     .statement = statement,
                     .query = query,
                     .change = query->change,
                     .fault = fault};
    const TableSnapshot *bound = table_snapshot_share(request->snapshot); /* what is named is in it */
    bool ok = query->change->kind == CHANGE_INSERT ? insert_rows(&run) : change_rows(&run);
    ingest_unlock(request); /* when nothing was found, or something failed */
    ok = ok && answer(&run);
    remove_files(&run);
    if (ok && query->change->kind == CHANGE_INSERT)
        change_merge_small(request, statement, query->ingest);
    table_snapshot_release(request->controller->tables, bound);
    return ok;
}

/*
 * Constraints, looked at between the writing of a statement's segments and their publish: each is a
 * query of the files (engine/sql/bind_constraint.c) that gives a row which breaks it. Keys need the
 * table's lock, so that nobody publishes the same key between the look and the publish.
 */
#include "server/controller/controller_internal.h"

#include <inttypes.h>

enum { LOCK_TIMEOUT_MS = 60000 };

typedef struct ConstraintRun {
    Request *request;
    const ParsedStatement *statement;
    Execution *execution;
    const Relation *relation;
    const Relation *work; /* the files */
    const Relation *rest; /* what stays of the table */
    bool is_altered;      /* it is the table's own rows that break it, not new ones */
    Fault *fault;
} ConstraintRun;

/* --- what is there --- */

static bool has_keys(const Table *table)
{
    for (uint32_t i = 0; i < table->parsed.constraint_count; i++)
        if (table->parsed.constraints[i].kind != 'c')
            return true;
    return false;
}

/* Nobody else publishes from now on, and what others have published is seen. */
static bool lock_table(ConstraintRun *run, Text key)
{
    Request *request = run->request;
    const TableInterval all = TABLE_ETERNITY;
    TableLockRequest lock = {
        .table = key,
        .interval_count = 1,
        .intervals = &all,
        .is_exclusive = true,
        .query = text_of(arena_printf(request->arena, "%" PRIu64, request->query)),
        .timeout = LOCK_TIMEOUT_MS};
    if (run->execution->lock != 0)
        return true;
    if (request->held == NULL) /* what the statement is bound to points into it */
        request->held = table_snapshot_share(request->snapshot);
    return table_lock(request->controller->tables, &lock, &run->execution->lock, run->fault) &&
           request_refresh_snapshot(request, run->fault);
}

static bool read_work(ConstraintRun *run, const Table *table)
{
    Arena *arena = run->request->arena;
    const Execution *execution = run->execution;
    uint32_t count = execution->staged_count;
    const char **paths = ARENA_ARRAY(arena, const char *, (size_t)count + 1);
    uint8_t(*digests)[16] = arena_alloc_array(arena, (size_t)count + 1, sizeof *digests);
    Table *work = ARENA_NEW(arena, Table);
    *work = *table;
    for (uint32_t i = 0; i < count; i++) {
        paths[i] = execution->staged[i].path;
        memcpy(digests[i], execution->staged[i].digest, sizeof digests[i]);
    }
    if (!table_of_files(work, paths, (const uint8_t(*)[16])digests, count, arena, run->fault))
        return false;
    run->work = sql_work_relation(arena, run->relation, work);
    return true;
}

static bool is_retired(const Execution *execution, int64_t number)
{
    for (uint32_t i = 0; i < execution->retired_count; i++)
        if (execution->retired[i] == number)
            return true;
    return false;
}

static void find_rest(ConstraintRun *run, const Table *table)
{
    Arena *arena = run->request->arena;
    run->rest = run->relation;
    if (run->execution->retired_count == 0)
        return;
    int64_t *kept = ARENA_ARRAY(arena, int64_t, (size_t)table->segment_count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < table->segment_count; i++)
        if (!is_retired(run->execution, table->segments[i].number))
            kept[count++] = table->segments[i].number;
    run->rest =
        sql_work_relation(arena, run->relation, table_with_row_ids(table, kept, count, arena));
}

/* --- what breaks it --- */

/* The values of the first DataRow, "(a, null)". */
static const char *shown_row(Arena *arena, const Buffer *rows)
{
    enum { HEADER = 7 }; /* 'D', length, number of columns */
    Buffer text = BUFFER_EMPTY;
    size_t at = HEADER;
    uint32_t count = (uint32_t)rows->data[5] << 8 | rows->data[6];
    for (uint32_t i = 0; i < count && at + 4 <= rows->length; i++) {
        uint32_t length = (uint32_t)rows->data[at] << 24 | (uint32_t)rows->data[at + 1] << 16 |
                          (uint32_t)rows->data[at + 2] << 8 | rows->data[at + 3];
        at += 4;
        buffer_append_string(&text, i > 0 ? ", " : "(");
        if (length == UINT32_MAX) {
            buffer_append_string(&text, "null");
            continue;
        }
        if (length > rows->length - at)
            break;
        buffer_append(&text, rows->data + at, length);
        at += length;
    }
    buffer_append_byte(&text, ')');
    const char *copy = arena_strdup(arena, buffer_string(&text));
    buffer_clear(&text);
    return copy;
}

static bool broken_check(ConstraintRun *run, const TableConstraint *constraint, const Buffer *row)
{
    if (run->is_altered)
        return fault_set(run->fault, FAULT_CHECK_VIOLATION,
                         "check constraint \"%.*s\" of relation \"%.*s\" is violated by some row",
                         TEXT_ARGS(constraint->name), TEXT_ARGS(run->relation->name));
    fault_set(run->fault, FAULT_CHECK_VIOLATION,
              "new row for relation \"%.*s\" violates check constraint \"%.*s\"",
              TEXT_ARGS(run->relation->name), TEXT_ARGS(constraint->name));
    return fault_detail(run->fault, "Failing row contains %s.",
                        shown_row(run->request->arena, row));
}

static bool broken_key(ConstraintRun *run, const TableConstraint *constraint, const Buffer *row)
{
    Buffer names = BUFFER_EMPTY;
    for (uint32_t i = 0; i < constraint->column_count; i++)
        for (uint32_t k = 0; k < run->relation->column_count; k++)
            if (run->relation->columns[k].number == constraint->columns[i])
                buffer_printf(&names, "%s%.*s", i > 0 ? ", " : "",
                              TEXT_ARGS(run->relation->columns[k].name));
    fault_set(run->fault, FAULT_UNIQUE_VIOLATION,
              run->is_altered ? "could not create unique index \"%.*s\""
                         : "duplicate key value violates unique constraint \"%.*s\"",
              TEXT_ARGS(constraint->name));
    fault_detail(run->fault, "Key (%s)=%s %s.", buffer_string(&names),
                 shown_row(run->request->arena, row),
                 run->is_altered ? "is duplicated" : "already exists");
    buffer_clear(&names);
    return false;
}

static bool look(ConstraintRun *run, const TableConstraint *constraint, const Relation *rest)
{
    Request *request = run->request;
    BindContext context = query_context(request, request->text);
    BoundQuery query;
    Buffer rows = BUFFER_EMPTY;
    context.tables = request->snapshot;
    bool ok = sql_bind_constraint(request->arena, run->statement, &context, run->work, rest, constraint,
                                  &query, run->fault) &&
              query_collect(request, &query, &rows, run->fault);
    if (ok && rows.length > 0)
        ok = constraint->kind == 'c' ? broken_check(run, constraint, &rows)
                                     : broken_key(run, constraint, &rows);
    buffer_clear(&rows);
    return ok;
}

static bool look_at_all(ConstraintRun *run, const Table *table)
{
    for (uint32_t i = 0; i < table->parsed.constraint_count; i++) {
        const TableConstraint *constraint = &table->parsed.constraints[i];
        if (!look(run, constraint, NULL))
            return false;
        if (constraint->kind != 'c' && run->rest->table->rows > 0 &&
            !look(run, constraint, run->rest))
            return false;
    }
    return true;
}

/* A query of a table as it is, which no statement of the client's asks. */
static ConstraintRun run_of_table(Request *request, const Table *table, Fault *fault)
{
    static const ParsedStatement none = {.kind = STATEMENT_QUERY, .tag = "SELECT", .has_own_text = true};
    ConstraintRun run = {.request = request, .statement = &none, .fault = fault};
    run.relation = schema_relation_by_oid(request->arena, request->snapshot, table->oid);
    run.work = run.relation;
    return run;
}

/* Keys that come twice in a table as it is. */
static bool look_at_table(Request *request, const Table *table, Fault *fault)
{
    ConstraintRun run = run_of_table(request, table, fault);
    for (uint32_t i = 0; i < table->parsed.constraint_count; i++)
        if (table->parsed.constraints[i].kind != 'c' &&
            !look(&run, &table->parsed.constraints[i], NULL))
            return false;
    return true;
}

bool constraints_check_added(Request *request, const Definition *definition, Fault *fault)
{
    const Table *table = table_by_oid(request->snapshot, definition->targets[0].oid);
    if (table == NULL || table->rows == 0)
        return true;
    ConstraintRun run = run_of_table(request, table, fault);
    run.is_altered = true;
    for (uint32_t i = 0; i < definition->change_count; i++)
        if (definition->changes[i].kind == TABLE_ADD_CONSTRAINT &&
            !look(&run, &definition->changes[i].constraint, NULL))
            return false;
    return true;
}

bool constraints_check_tables(Request *request, const uint32_t *oids, uint32_t count, Fault *fault)
{
    for (uint32_t i = 0; i < count; i++) {
        const Table *table = table_by_oid(request->snapshot, oids[i]);
        if (table != NULL && !look_at_table(request, table, fault))
            return false;
    }
    return true;
}

bool constraints_check(Request *request, const ParsedStatement *statement, Execution *execution,
                       Fault *fault)
{
    ConstraintRun run = {
        .request = request, .statement = statement, .execution = execution, .fault = fault};
    run.is_altered = execution->altered != NULL;
    Text key = text_of(arena_strdup(request->arena, execution->query->ingest->table));
    const Table *table = table_find(request->snapshot, key);
    if (execution->altered != NULL)
        table = execution->altered->table;
    if (table == NULL || table->parsed.constraint_count == 0 || execution->staged_count == 0)
        return true;
    if (has_keys(table) && !lock_table(&run, key))
        return false;
    if (execution->altered == NULL)
        table = table_find(request->snapshot, key);
    if (table == NULL)
        return true; /* gone meanwhile, which the publish will say */
    run.relation = execution->altered != NULL
                       ? execution->altered
                       : schema_relation_by_oid(request->arena, request->snapshot, table->oid);
    if (!read_work(&run, table))
        return false;
    find_rest(&run, table);
    return look_at_all(&run, table);
}

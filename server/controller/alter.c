/*
 * ALTER TABLE that needs rows to be written anew: another type of a column, a column with values in
 * the rows that are there, another name of a column (segments know columns by name). The rows are
 * read under the table's lock, written as the changes have them, and published together with the
 * changes: nobody sees one without the other.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"

#include <inttypes.h>

enum { LOCK_TIMEOUT_MS = 60000 };

static bool lock_table(Request *request, Text key, Fault *fault)
{
    const TableInterval all = TABLE_ETERNITY;
    TableLockRequest lock = {
        .table = key,
        .interval_count = 1,
        .intervals = &all,
        .is_exclusive = true,
        .query = text_of(arena_printf(request->arena, "%" PRIu64, request->query)),
        .timeout = LOCK_TIMEOUT_MS};
    if (request->held == NULL) /* what the statement is bound to points into it */
        request->held = table_snapshot_share(request->snapshot);
    return table_lock(request->controller->tables, &lock, &request->lock, fault) &&
           request_refresh_snapshot(request, fault);
}

static void remove_files(Request *request, const Execution *execution)
{
    Fault fault;
    if (execution->definition == NULL)
        return;
    const char *number = arena_printf(request->arena, "%" PRIu64, execution->definition->query);
    if (!deep_remove_staged(request->controller->deep, number, &fault))
        log_fault(LOG_LEVEL_WARNING, "removing staged files", &fault);
}

/* Hands the request's lock on to the publish. */
static bool publish(Request *request, const ParsedStatement *statement,
                    const Definition *definition, Execution *execution, Fault *fault)
{
    execution->is_rewrite = true;
    execution->changes = definition->changes;
    execution->change_count = definition->change_count;
    execution->lock = request->lock;
    request->lock = 0;
    return (constraints_check(request, statement, execution, fault) &&
            ingest_publish(execution, fault)) ||
           ingest_give_back(execution);
}

/* Serial and identity columns that are added take their numbers from sequences of their own. */
static bool add_sequences(Request *request, Definition *definition, Fault *fault)
{
    uint32_t oids[DEFINITION_MAX_SEQUENCES], count = definition->change_count;
    TableColumn *columns = ARENA_ARRAY(request->arena, TableColumn, (size_t)count + 1);
    TableChange *changes = ARENA_ARRAY(request->arena, TableChange, (size_t)count + 1);
    for (uint32_t i = 0; i < count; i++) {
        changes[i] = definition->changes[i];
        columns[i] = changes[i].kind == TABLE_ADD_COLUMN ? changes[i].column : (TableColumn){0};
    }
    if (!define_make_sequences(request, definition, columns, count, oids, fault))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (changes[i].kind == TABLE_ADD_COLUMN)
            changes[i].column.default_text = columns[i].default_text;
    definition->changes = changes;
    return request_refresh_snapshot(request, fault);
}

static bool own_sequences(Request *request, const Definition *definition, uint32_t oid, Fault *fault)
{
    if (definition->sequence_count == 0)
        return true;
    if (!request_refresh_snapshot(request, fault))
        return false;
    const Table *table = table_by_oid(request->snapshot, oid);
    return table == NULL || define_own_sequences(request, definition, table->columns,
                                                 table->column_count, oid, fault);
}

static bool run(Request *request, const ParsedStatement *statement, const Definition *definition,
                Fault *fault)
{
    BoundQuery *query;
    const Relation *altered;
    BindContext context = query_context(request, request->text);
    if (!sql_bind_alter(request->arena, statement, &context, definition, &query, &altered, fault))
        return false;
    Execution execution = {
        .request = request, .query = query, .defers_publish = true, .altered = altered};
    bool ok = query_run_step(request, query, &execution, fault) &&
              publish(request, statement, definition, &execution, fault);
    remove_files(request, &execution);
    return ok;
}

static bool rewrite(Request *request, const ParsedStatement *statement, Definition *definition,
                    Fault *fault)
{
    BindContext context = query_context(request, request->text);
    if (!sql_bind_definition(request->arena, statement, &context, definition, fault))
        return false;
    if (definition->target_count == 0 || definition->change_count == 0)
        return true; /* gone meanwhile, which IF EXISTS lets it be */
    const TableSnapshot *bound = table_snapshot_share(request->snapshot); /* what is named is in it */
    uint32_t oid = definition->targets[0].oid;
    bool ok = (definition->sequence_count == 0 || add_sequences(request, definition, fault)) &&
              run(request, statement, definition, fault);
    if (ok)
        ok = own_sequences(request, definition, oid, fault);
    else
        define_drop_sequences(request, definition);
    table_snapshot_release(request->controller->tables, bound);
    return ok;
}

bool alter_rewrite(Request *request, const ParsedStatement *statement, Definition *definition,
                   Fault *fault)
{
    Text key = text_of(arena_strndup(request->arena, definition->targets[0].key.data,
                                     definition->targets[0].key.length));
    request->controller->may_give_up = 0;
    bool ok = lock_table(request, key, fault) && rewrite(request, statement, definition, fault);
    ingest_unlock(request);
    return ok;
}

/* The rows that are there are looked at under the lock, and the change is made while it is held. */
static bool constrain(Request *request, const ParsedStatement *statement, Definition *definition,
                      Fault *fault)
{
    BindContext context = query_context(request, request->text);
    if (!sql_bind_definition(request->arena, statement, &context, definition, fault))
        return false;
    if (definition->target_count == 0 || definition->change_count == 0)
        return true; /* gone meanwhile, which IF EXISTS lets it be */
    return constraints_check_added(request, definition, fault) &&
           table_alter_locked(request->controller->tables, definition->targets[0].key,
                              definition->changes, definition->change_count, request->lock,
                              LOCK_TIMEOUT_MS, fault);
}

bool alter_constrain(Request *request, const ParsedStatement *statement, Definition *definition,
                     Fault *fault)
{
    Text key = text_of(arena_strndup(request->arena, definition->targets[0].key.data,
                                     definition->targets[0].key.length));
    request->controller->may_give_up = 0;
    bool ok = lock_table(request, key, fault) && constrain(request, statement, definition, fault);
    ingest_unlock(request);
    return ok;
}

/*
 * A request from beginning to end: parse the text, then each statement in turn; the first that
 * fails ends it.
 */
#include "server/controller/controller_internal.h"

#include "base/os/os.h"
#include "engine/catalog/catalog.h"

#include "engine/type/timezone.h"

/* The time of the statement: the clock's, or what sqlCurrentTimestamp says. */
static bool read_now(const TimeZone *zone, const char *fixed, int64_t *now, Fault *fault)
{
    *now = os_now_micros();
    if (*fixed == '\0')
        return true;
    TypeContext context = {.zone = zone};
    Arena *arena = arena_new("current timestamp");
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_INT64, 1);
    bool is_read =
        type_parse_text(SQL_TYPE(T_TIMESTAMPTZ), &context, text_of(fixed), &builder, fault);
    if (is_read)
        *now = ((const int64_t *)builder.data)[0];
    arena_free(arena);
    return is_read;
}

/* Zone, dialect and settings as they are now: a SET before may have changed them. */
static bool refresh_types(Request *request, Fault *fault)
{
    int64_t now;
    const TimeZone *zone = timezone_of_setting(text_of(request->settings.time_zone), request->settings.dialect != 1, fault);
    if (zone == NULL || !read_now(zone, request->settings.sql_current_timestamp, &now, fault))
        return false;
    request->types = (TypeContext){.zone = zone,
                                   .dialect = request->settings.dialect,
                                   .now = now,
                                   .settings = &request->settings,
                                   .is_momentary = &request->is_momentary};
    return true;
}

bool request_refresh_snapshot(Request *request, Fault *fault)
{
    TableStore *tables = request->controller->tables;
    if (request->snapshot != NULL)
        table_snapshot_release(tables, request->snapshot);
    request->snapshot = table_snapshot(tables, fault);
    if (request->catalog != NULL && request->snapshot != NULL)
        request->catalog->tables = request->snapshot;
    return request->snapshot != NULL;
}

static bool ends_transaction(StatementKind kind)
{
    return kind == STATEMENT_COMMIT || kind == STATEMENT_ROLLBACK || kind == STATEMENT_SAVEPOINT;
}

/* `--:context name: value` comments hold for this statement alone. */
static bool apply_context(Request *request, const ParsedStatement *statement, Fault *fault)
{
    for (uint32_t i = 0; i < statement->context_count; i++) {
        Text name = text_of(statement->context_names[i]);
        if (setting_find(name) == NULL)
            continue; /* unknown context parameters are ignored */
        if (!setting_set(&request->settings, name, text_of(statement->context_values[i]),
                         SCOPE_SESSION, fault))
            return false;
    }
    return true;
}

bool request_in_failed_transaction(Fault *fault)
{
    return fault_set(fault, FAULT_IN_FAILED_SQL_TRANSACTION,
                     "current transaction is aborted, commands ignored until end of transaction block");
}

bool request_ask_statement(Request *request, Text name, PreparedText *prepared, Fault *fault)
{
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->front), FRAME_RESPONSE);
    frame_put_uint(&writer, "query", request->query);
    frame_put_text(&writer, "want_statement", name);
    frame_end(&writer);
    request->has_answer = false;
    if (front_flush(request))
        front_await(request, &request->has_answer);
    if (!request->has_answer) {
        *fault = request->cancel_fault;
        return false;
    }
    if (!request->found_statement)
        return fault_set(fault, FAULT_INVALID_SQL_STATEMENT_NAME,
                         "prepared statement \"%.*s\" does not exist", TEXT_ARGS(name));
    *prepared = request->answer;
    prepared->name = name;
    return true;
}

bool request_ask_settings(Request *request, Fault *fault)
{
    if (request->statement_at + 1 >= request->statement_count)
        return true; /* nothing follows that would see them */
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->front), FRAME_RESPONSE);
    frame_put_uint(&writer, "query", request->query);
    frame_put_bool(&writer, "want_settings", true);
    frame_end(&writer);
    request->has_answer = false;
    if (front_flush(request))
        front_await(request, &request->has_answer);
    if (!request->has_answer) {
        *fault = request->cancel_fault;
        return false;
    }
    if (!setting_unpack(&request->settings, (const uint8_t *)request->answer.text.data,
                        request->answer.text.length, fault))
        return false;
    if (request->transaction != 'T') {
        request->settings.transaction_isolation = request->settings.default_transaction_isolation;
        request->settings.transaction_read_only = request->settings.default_transaction_read_only;
    }
    return true;
}

bool statement_writes(const ParsedStatement *statement)
{
    switch (statement->kind) {
    case STATEMENT_QUERY:
        return strcmp(statement->tag, "SELECT") != 0;
    case STATEMENT_COPY:
        return statement->is_copy_from;
    case STATEMENT_DEFINE:
    case STATEMENT_CREATE_AS:
    case STATEMENT_ROLE:
    case STATEMENT_DISCARD:
        return true;
    default:
        return false;
    }
}

static bool look_up_world(Request *request, Fault *fault)
{
    return refresh_types(request, fault) && request_refresh_snapshot(request, fault) &&
           request_set_catalog(request, fault);
}

static bool run_statement(Request *request, const ParsedStatement *statement, Fault *fault)
{
    if (request->transaction == 'E' && !ends_transaction(statement->kind))
        return request_in_failed_transaction(fault);
    Settings before;
    if (statement->context_count > 0)
        before = request->settings;
    if (!ends_transaction(statement->kind) &&
        !block_enter(request, statement_writes(statement), fault))
        return false;
    bool is_ready = request->is_ready && statement->context_count == 0;
    request->is_ready = false;
    if (!is_ready &&
        (!apply_context(request, statement, fault) || !look_up_world(request, fault)))
        return false;
    bool has_plan = statement->kind == STATEMENT_QUERY || statement->kind == STATEMENT_EXPLAIN ||
                    statement->kind == STATEMENT_CREATE_AS;
    bool ok;
    if (statement->explain_execute)
        ok = prepared_execute(request, statement, fault);
    else
        ok = has_plan ? query_run(request, statement, fault)
                      : statement_run(request, statement, fault);
    if (statement->context_count > 0)
        request->settings = before;
    carried_settle(request);
    return ok;
}

static bool prepare(Request *request, ParsedStatement *statements, uint32_t count, Fault *fault)
{
    if (count > 1)
        return fault_set(fault, FAULT_SYNTAX_ERROR,
                         "cannot insert multiple commands into a prepared statement");
    if (request->transaction == 'E' && !ends_transaction(statements[0].kind))
        return request_in_failed_transaction(fault);
    if (!block_enter(request, false, fault))
        return false;
    if (!request->is_ready &&
        (!request_refresh_snapshot(request, fault) || !request_set_catalog(request, fault)))
        return false;
    switch (statements[0].kind) {
    case STATEMENT_QUERY:
    case STATEMENT_CREATE_AS:
    case STATEMENT_EXPLAIN:
        if (statements[0].explain_execute) {
            query_describe_explain(request, &statements[0]);
            return true;
        }
        return query_prepare(request, &statements[0], fault);
    case STATEMENT_EXECUTE:
        return prepared_describe_execute(request, &statements[0], fault);
    case STATEMENT_DECLARE:
        return cursor_describe_declare(request, &statements[0], fault);
    case STATEMENT_FETCH:
        if (!statements[0].cursor.is_move) {
            respond_prepared_fetch(request, statements[0].name);
            return true;
        }
        break;
    default:
        break;
    }
    Buffer description = BUFFER_EMPTY;
    statement_describe(&statements[0], &description);
    respond_prepared(request, NULL, 0, &description);
    buffer_clear(&description);
    return true;
}

/* A single SELECT is what plans are kept of. */
static bool may_keep_plan(const ParsedStatement *statements, uint32_t count)
{
    return count == 1 && statements[0].kind == STATEMENT_QUERY &&
           statements[0].context_count == 0 && strcmp(statements[0].tag, "SELECT") == 0;
}

static bool parse(Request *request, ParsedStatement **statements, uint32_t *count, Fault *fault)
{
    if (!plan_draft_is_open(request))
        return plan_cache_parse(request, request->text, statements, count, fault);
    plan_draft_enter(request);
    bool ok = sql_parse(request->arena, request->text, request->types.dialect, statements, count,
                        fault);
    plan_draft_leave(request);
    if (ok && !may_keep_plan(*statements, *count))
        plan_draft_settle(request, NULL);
    return ok;
}

static bool run_kept(Request *request, const void *kept, Fault *fault)
{
    if (request->kind != REQUEST_PARSE)
        return query_run_kept(request, kept, fault);
    query_prepare_kept(request, kept);
    return true;
}

static void run(Request *request, Fault *fault, bool *ok)
{
    ParsedStatement *statements;
    uint32_t count;
    if (request->kind == REQUEST_FAREWELL) {
        block_forget(request);
        schema_set_session(request->process_id);
        *ok = define_drop_temporary(request, fault);
        return;
    }
    if (plan_cache_may_serve(request)) {
        *ok = request->is_ready = look_up_world(request, fault);
        const void *kept = *ok ? plan_cache_find(request) : NULL;
        if (kept != NULL)
            *ok = run_kept(request, kept, fault);
        if (kept != NULL || !*ok)
            return;
    }
    *ok = (request->is_ready || refresh_types(request, fault)) &&
          parse(request, &statements, &count, fault);
    if (!*ok)
        return;
    if (request->kind == REQUEST_PARSE) {
        *ok = prepare(request, statements, count, fault);
        return;
    }
    request->statement_count = count;
    for (uint32_t i = 0; *ok && i < count; i++) {
        request->statement_at = i;
        *ok = run_statement(request, &statements[i], fault);
        if (*ok && request->is_cancelled) {
            *fault = request->cancel_fault;
            *ok = false;
        }
    }
}

/* Several statements in one text that are not in a block are one of their own. */
static bool end_implicit_block(Request *request, bool ok, Fault *fault)
{
    if (request->transaction != 'I' || request->carried.last_block_version == 0)
        return ok;
    ok = ok && block_commit(request, fault);
    carried_end_transaction(request);
    return ok;
}

void request_run(Request *request)
{
    Fault fault;
    bool ok;
    run(request, &fault, &ok);
    ingest_unlock(request);
    ok = end_implicit_block(request, ok, &fault);
    catalog_set_context(NULL); /* it lives in the request's arena */
    if (!ok && request->controller->interrupted && !request->is_cancelled)
        front_pump(request, CANCEL_WAIT_MS); /* the cancel may have been what failed it */
    if (!ok)
        respond_failed(request, request->is_cancelled ? &request->cancel_fault : &fault);
}

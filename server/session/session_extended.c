/*
 * The extended query protocol: prepared statements and portals live here, in the front end, and
 * so any controller can serve any of them. Parse asks a controller what the text means (types of
 * parameters and columns); Bind and Describe are answered from that; Execute runs it.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "base/memory/checked.h"
#include "base/os/os.h"

#include <stdlib.h>
#include <string.h>

static Text text_of_buffer(const Buffer *buffer)
{
    return (Text){.data = buffer->data == NULL ? "" : (const char *)buffer->data,
                  .length = (uint32_t)buffer->length};
}

Text session_copy_text(Text text)
{
    char *copy = malloc((size_t)text.length + 1);
    check(copy != NULL);
    if (text.length > 0)
        memcpy(copy, text.data, text.length);
    copy[text.length] = 0;
    return (Text){.data = copy, .length = text.length};
}

/* ---------- what a session holds ---------- */

static size_t statement_size(const Statement *statement)
{
    return sizeof *statement + statement->entry.name.length + statement->text.length +
           statement->declared.length;
}

static void statement_free(Statement *statement)
{
    free((void *)(uintptr_t)statement->entry.name.data);
    free((void *)(uintptr_t)statement->text.data);
    buffer_clear(&statement->declared);
    buffer_clear(&statement->parameter_types);
    buffer_clear(&statement->row_description);
    free(statement);
}

void statement_release(Session *session, Statement *statement)
{
    if (--statement->references > 0)
        return;
    session_unhold(session, statement_size(statement));
    statement_free(statement);
}

Statement *session_find_statement(Session *session, Text name)
{
    if (name.length == 0)
        return session->unnamed_statement;
    return (Statement *)(void *)names_find(&session->statements, name);
}

static void remove_statement(Session *session, Statement *statement)
{
    if (statement == session->unnamed_statement)
        session->unnamed_statement = NULL;
    else
        names_remove(&session->statements, &statement->entry);
    statement_release(session, statement);
}

void session_drop_statements(Session *session)
{
    NameEntry *entry;
    while ((entry = names_any(&session->statements)) != NULL)
        remove_statement(session, (Statement *)(void *)entry);
    if (session->unnamed_statement != NULL)
        remove_statement(session, session->unnamed_statement);
}

Portal *session_find_portal(Session *session, Text name)
{
    return (Portal *)(void *)names_find(&session->portals, name);
}

void session_drop_portal(Session *session, Portal *portal, CancelReason reason)
{
    Request *request = portal->request;
    names_remove(&session->portals, &portal->entry);
    if (request != NULL)
        request_drop(request, reason);
    session_unhold(session, portal->held);
    statement_release(session, portal->statement);
    free((void *)(uintptr_t)portal->entry.name.data);
    buffer_clear(&portal->parameters);
    buffer_clear(&portal->result_formats);
    spool_free(portal->spool);
    free((void *)(uintptr_t)portal->declaration.data);
    free(portal);
}

void session_drop_portals(Session *session, CancelReason reason)
{
    NameEntry *entry;
    while ((entry = names_any(&session->portals)) != NULL)
        session_drop_portal(session, (Portal *)(void *)entry, reason);
}

void session_drop_unnamed(Session *session)
{
    Portal *portal = session_find_portal(session, (Text){.data = "", .length = 0});
    if (portal != NULL)
        session_drop_portal(session, portal, CANCEL_PORTAL);
    if (session->unnamed_statement != NULL)
        remove_statement(session, session->unnamed_statement);
}

static bool no_statement(Text name, Fault *fault)
{
    if (name.length == 0)
        return fault_set(fault, FAULT_INVALID_SQL_STATEMENT_NAME,
                         "unnamed prepared statement does not exist");
    return fault_set(fault, FAULT_INVALID_SQL_STATEMENT_NAME,
                     "prepared statement \"%.*s\" does not exist", TEXT_ARGS(name));
}

bool session_deallocate(Session *session, Text name, Fault *fault)
{
    Statement *statement = name.length == 0 ? NULL : session_find_statement(session, name);
    if (statement == NULL)
        return no_statement(name, fault);
    remove_statement(session, statement);
    return true;
}

/* ---------- Parse ---------- */

static void copy_types(Buffer *out, const uint8_t *types, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        uint32_t type = pgwire_type_at(types, i);
        buffer_append(out, &type, sizeof type);
    }
}

static Statement *make_statement(Session *session, const PgwireMessage *message, Fault *fault)
{
    Statement *statement = calloc(1, sizeof *statement);
    check(statement != NULL);
    statement->references = 1;
    statement->entry.name = session_copy_text(message->parse.name);
    statement->text = session_copy_text(message->parse.text);
    copy_types(&statement->declared, message->parse.types, message->parse.type_count);
    statement->prepared = os_now_micros();
    if (session_hold(session, statement_size(statement), fault))
        return statement;
    statement_free(statement);
    return NULL;
}

static bool check_parse(Session *session, const PgwireMessage *message, Fault *fault)
{
    Text name = message->parse.name;
    if (!session_check_utf8(name, fault))
        return false;
    if (name.length > 0 && session_find_statement(session, name) != NULL)
        return fault_set(fault, FAULT_DUPLICATE_PREPARED_STATEMENT,
                         "prepared statement \"%.*s\" already exists", TEXT_ARGS(name));
    return true;
}

void session_parse(Session *session, const PgwireMessage *given)
{
    Fault fault;
    Statement *statement = NULL;
    Buffer decoded = BUFFER_EMPTY;
    PgwireMessage plain = *given, *message = &plain;
    bool ok = session_decode(session, &message->parse.text, &decoded, &fault) &&
              check_parse(session, message, &fault);
    if (ok && message->parse.name.length == 0 && session->unnamed_statement != NULL)
        remove_statement(session, session->unnamed_statement);
    if (ok)
        statement = make_statement(session, message, &fault);
    buffer_clear(&decoded);
    if (statement == NULL) {
        session_extended_error(session, &fault);
        return;
    }
    session_show_query(session, statement->text);
    Request *request = request_start(session, &(RequestParts){
                                                  .kind = REQUEST_PARSE,
                                                  .text = statement->text,
                                                  .types = text_of_buffer(&statement->declared),
                                              });
    request->statement = statement;
}

/* What the controller said, put to use: how many parameters and columns. */
static bool accept_description(Statement *statement, Fault *fault)
{
    size_t parameters = statement->parameter_types.length / 4;
    if (statement->row_description.length == 0)
        pgwire_no_data(&statement->row_description);
    Text description = text_of_buffer(&statement->row_description);
    if (parameters > PGWIRE_MAX_PARAMETERS ||
        !pgwire_row_description_count(description, &statement->column_count))
        return fault_set(fault, FAULT_INTERNAL_ERROR, "the statement could not be described");
    statement->parameter_count = (uint16_t)parameters;
    statement->has_rows = description.data[0] == 'T';
    return true;
}

static void keep_statement(Session *session, Statement *statement)
{
    if (statement->entry.name.length == 0)
        session->unnamed_statement = statement;
    else
        names_insert(&session->statements, &statement->entry);
}

Statement *session_make_statement(Session *session, const StatementParts *parts, Fault *fault)
{
    Statement *statement = calloc(1, sizeof *statement);
    check(statement != NULL);
    statement->references = 1;
    statement->entry.name = session_copy_text(parts->name);
    statement->text = session_copy_text(parts->text);
    statement->prepared = os_now_micros();
    buffer_append(&statement->declared, parts->declared.data, parts->declared.length / 4 * 4);
    buffer_append(&statement->parameter_types, parts->parameter_types.data,
                  parts->parameter_types.length / 4 * 4);
    buffer_append(&statement->row_description, parts->row_description.data,
                  parts->row_description.length);
    if (accept_description(statement, fault) &&
        session_hold(session, statement_size(statement), fault))
        return statement;
    statement_free(statement);
    return NULL;
}

bool session_prepare(Session *session, const Frame *frame, Fault *fault)
{
    StatementParts parts = {.name = frame_text(frame, "prepare"),
                            .text = frame_text(frame, "text"),
                            .declared = frame_text(frame, "types"),
                            .parameter_types = frame_text(frame, "parameter_types"),
                            .row_description = frame_text(frame, "row_description")};
    if (session_find_statement(session, parts.name) != NULL)
        return fault_set(fault, FAULT_DUPLICATE_PREPARED_STATEMENT,
                         "prepared statement \"%.*s\" already exists", TEXT_ARGS(parts.name));
    Statement *statement = session_make_statement(session, &parts, fault);
    if (statement == NULL)
        return false;
    statement->from_sql = true;
    keep_statement(session, statement);
    return true;
}

void session_parse_done(Session *session, Request *request, bool failed)
{
    Statement *statement = request->statement;
    request->statement = NULL;
    Fault fault;
    if (!failed && accept_description(statement, &fault)) {
        keep_statement(session, statement);
        pgwire_parse_complete(session_out(session));
        session_enter(session, SESSION_READY);
        return;
    }
    if (!failed)
        session_write_error(session, &fault);
    statement_release(session, statement);
    session_abort(session);
    session_enter(session, SESSION_SKIPPING);
}

/* ---------- Bind ---------- */

static bool check_bind(const Statement *statement, const PgwireMessage *message, Fault *fault)
{
    uint16_t parameters = message->bind.parameter_count;
    uint16_t formats = message->bind.parameter_format_count;
    uint16_t results = message->bind.result_format_count;
    if (formats > 1 && formats != parameters)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "bind message has %u parameter formats but %u parameters", formats,
                         parameters);
    if (parameters != statement->parameter_count)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "bind message supplies %u parameters, but prepared statement \"%.*s\" "
                         "requires %u",
                         parameters, TEXT_ARGS(statement->entry.name),
                         statement->parameter_count);
    if (results > 1 && results != statement->column_count && statement->has_rows)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                         "bind message has %u result formats but query has %u columns", results,
                         statement->column_count);
    return true;
}

Portal *session_make_portal(Session *session, Text name, Statement *statement, Text parameters,
                            Text result_formats, Fault *fault)
{
    size_t size = sizeof(Portal) + name.length + parameters.length + result_formats.length;
    if (!session_hold(session, size, fault))
        return NULL;
    Portal *portal = calloc(1, sizeof *portal);
    check(portal != NULL);
    portal->entry.name = session_copy_text(name);
    portal->statement = statement;
    statement->references++;
    portal->held = size;
    buffer_append(&portal->parameters, parameters.data, parameters.length);
    buffer_append(&portal->result_formats, result_formats.data, result_formats.length);
    names_insert(&session->portals, &portal->entry);
    return portal;
}

static bool bind_portal(Session *session, const PgwireMessage *message, Fault *fault)
{
    Text name = message->bind.portal;
    if (!session_check_utf8(name, fault) || !session_check_utf8(message->bind.statement, fault))
        return false;
    Statement *statement = session_find_statement(session, message->bind.statement);
    if (statement == NULL)
        return no_statement(message->bind.statement, fault);
    if (!check_bind(statement, message, fault))
        return false;
    Portal *old = session_find_portal(session, name);
    if (old != NULL && name.length > 0)
        return fault_set(fault, FAULT_DUPLICATE_CURSOR, "portal \"%.*s\" already exists",
                         TEXT_ARGS(name));
    if (old != NULL)
        session_drop_portal(session, old, CANCEL_PORTAL);
    const PgwireEncoding *encoding = session_encoding(session);
    Buffer decoded = BUFFER_EMPTY;
    Text parameters = message->bind.parameters;
    bool ok = encoding == NULL ||
              pgwire_decode_parameters(encoding, parameters, statement->parameter_types.data,
                                       statement->parameter_count, &decoded, fault);
    if (ok && encoding != NULL)
        parameters = text_of_buffer(&decoded);
    ok = ok && session_make_portal(session, name, statement, parameters,
                                   message->bind.result_formats, fault) != NULL;
    buffer_clear(&decoded);
    return ok;
}

void session_bind(Session *session, const PgwireMessage *message)
{
    Fault fault;
    if (bind_portal(session, message, &fault))
        pgwire_bind_complete(session_out(session));
    else
        session_extended_error(session, &fault);
}

/* ---------- Describe ---------- */

static bool no_portal(Text name, Fault *fault)
{
    return fault_set(fault, FAULT_INVALID_CURSOR_NAME, "portal \"%.*s\" does not exist",
                     TEXT_ARGS(name));
}

static bool describe_statement(Session *session, Text name, Fault *fault)
{
    const Statement *statement = session_find_statement(session, name);
    if (statement == NULL)
        return no_statement(name, fault);
    size_t mark = session_mark(session);
    pgwire_parameter_description(session_out(session), statement->parameter_types.data,
                                 statement->parameter_count);
    buffer_append(session_out(session), statement->row_description.data,
                  statement->row_description.length);
    session_encode_from(session, mark);
    return true;
}

static bool describe_portal(Session *session, Text name, Fault *fault)
{
    const Portal *portal = session_find_portal(session, name);
    if (portal == NULL)
        return no_portal(name, fault);
    size_t mark = session_mark(session);
    if (!pgwire_row_description_with_formats(session_out(session),
                                             text_of_buffer(&portal->statement->row_description),
                                             text_of_buffer(&portal->result_formats)))
        return fault_set(fault, FAULT_INTERNAL_ERROR, "the portal could not be described");
    session_encode_from(session, mark);
    return true;
}

void session_describe(Session *session, const PgwireMessage *message)
{
    Fault fault;
    Text name = message->target.name;
    bool ok = session_check_utf8(name, &fault);
    if (ok && message->target.what == 'S')
        ok = describe_statement(session, name, &fault);
    else if (ok)
        ok = describe_portal(session, name, &fault);
    if (!ok)
        session_extended_error(session, &fault);
}

/* ---------- Execute ---------- */

static Request *start_portal(Session *session, Portal *portal, uint64_t limit)
{
    const Statement *statement = portal->statement;
    if (!portal->is_cursor)
        session_show_query(session, statement->text);
    Request *request =
        request_start(session, &(RequestParts){
                                   .kind = REQUEST_EXECUTE,
                                   .text = statement->text,
                                   .types = text_of_buffer(&statement->declared),
                                   .parameter_types = text_of_buffer(&statement->parameter_types),
                                   .parameters = text_of_buffer(&portal->parameters),
                                   .result_formats = text_of_buffer(&portal->result_formats),
                                   .limit = limit,
                               });
    request->portal = portal;
    portal->request = request;
    portal->state = PORTAL_OPEN;
    return request;
}

static void resume_portal(Session *session, Portal *portal, uint64_t limit)
{
    Request *request = portal->request;
    request->limit = limit;
    if (request->results != NULL)
        request->results->rows = 0;
    session->active = request;
    if (session->state != SESSION_BUSY)
        session_enter(session, SESSION_BUSY);
    request_advance(request);
}

void session_run_portal(Session *session, Portal *portal, uint64_t limit, Request *puller,
                        bool discards)
{
    Request *request = portal->request;
    if (request == NULL)
        request = start_portal(session, portal, limit);
    request->puller = puller;
    request->discards = discards;
    session->active = request;
    if (portal->has_started)
        resume_portal(session, portal, limit);
    portal->has_started = true;
}

/* A portal that has run to its end gives no rows again; what is no query cannot run twice. */
static void execute_finished(Session *session, const Portal *portal)
{
    Fault fault;
    if (portal->state == PORTAL_FINISHED && portal->statement->has_rows) {
        pgwire_command_complete_rows(session_out(session), TEXT_LITERAL("SELECT"), 0);
        return;
    }
    fault_set(&fault, FAULT_OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"%.*s\" cannot be run",
              TEXT_ARGS(portal->entry.name));
    session_extended_error(session, &fault);
}

void session_execute(Session *session, const PgwireMessage *message)
{
    Fault fault;
    Text name = message->execute.portal;
    Portal *portal = session_find_portal(session, name);
    if (portal == NULL) {
        bool is_text = session_check_utf8(name, &fault);
        if (is_text)
            no_portal(name, &fault);
        session_extended_error(session, &fault);
        return;
    }
    switch (portal->state) {
    case PORTAL_NEW:
    case PORTAL_OPEN:
        session_run_portal(session, portal, message->execute.limit, NULL, false);
        break;
    case PORTAL_FINISHED:
    case PORTAL_FAILED:
        execute_finished(session, portal);
        break;
    }
}

static Portal *part_from_portal(Request *request)
{
    Portal *portal = request->portal;
    request->portal = NULL;
    if (portal != NULL)
        portal->request = NULL;
    return portal;
}

void session_execute_done(Session *session, Request *request, bool failed)
{
    Portal *portal = part_from_portal(request);
    Request *puller = request->puller;
    if (portal != NULL)
        portal->state = failed ? PORTAL_FAILED : PORTAL_FINISHED;
    if (puller != NULL) {
        request->puller = NULL;
        session->active = puller;
        fetch_pulled(puller, request->pulled, failed);
        return;
    }
    if (failed) {
        session_abort(session);
        session_enter(session, SESSION_SKIPPING);
    } else {
        session_enter(session, SESSION_READY);
    }
}

void session_portal_suspended(Session *session, Request *request)
{
    Request *puller = request->puller;
    if (puller != NULL) {
        request->puller = NULL;
        session->active = puller;
        fetch_pulled(puller, request->limit, false);
        return;
    }
    pgwire_portal_suspended(session_out(session));
    session->active = NULL;
    session_enter(session, SESSION_READY);
}

/* ---------- Close, Sync ---------- */

void session_close_target(Session *session, const PgwireMessage *message)
{
    Text name = message->target.name;
    if (message->target.what == 'S') {
        Statement *statement = session_find_statement(session, name);
        if (statement != NULL)
            remove_statement(session, statement);
    } else {
        Portal *portal = session_find_portal(session, name);
        if (portal != NULL)
            session_drop_portal(session, portal, CANCEL_PORTAL);
    }
    /* What is not there is as good as closed. */
    pgwire_close_complete(session_out(session));
}

void session_sync(Session *session)
{
    session_ready_for_query(session);
}

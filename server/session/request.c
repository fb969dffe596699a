/*
 * A request's life: made from a session's message, waits for a controller, is answered by
 * RESPONSE frames, ends. What a RESPONSE says is done in its order; one that comes while rows
 * of the result before it are still being forwarded waits.
 *
 * A request may outlive its session's interest (a dropped portal, a closed connection): then
 * `session` is NULL and it only waits for its controller to be done.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <stdlib.h>
#include <string.h>

static void escalate(void *state);
static void end_block(Session *session, bool rolls_back);

/* ---------- making ---------- */

static const char *kind_word(RequestKind kind)
{
    switch (kind) {
    case REQUEST_SIMPLE:
        return "simple";
    case REQUEST_PARSE:
        return "parse";
    case REQUEST_EXECUTE:
        return "execute";
    case REQUEST_FAREWELL:
        return "farewell";
    }
    return "";
}

static void put_text_bytes(FrameWriter *writer, const char *name, Text bytes)
{
    frame_put_bytes(writer, name, bytes.data, bytes.length);
}

static void write_frame(const Request *request, const RequestParts *parts, Buffer *out)
{
    Session *session = request->session;
    Buffer *settings = &session->packed_settings;
    FrameWriter writer;
    if (settings->length == 0)
        setting_pack(&session->settings, settings);
    frame_begin(&writer, out, FRAME_REQUEST);
    frame_put_uint(&writer, "query", request->id);
    frame_put_uint(&writer, "session", session->process_id);
    frame_put_text(&writer, "kind", text_of(kind_word(parts->kind)));
    frame_put_text(&writer, "text", parts->text);
    put_text_bytes(&writer, "types", parts->types);
    put_text_bytes(&writer, "parameter_types", parts->parameter_types);
    put_text_bytes(&writer, "parameters", parts->parameters);
    put_text_bytes(&writer, "result_formats", parts->result_formats);
    frame_put_bytes(&writer, "settings", settings->data, settings->length);
    frame_put_text(&writer, "role", text_of(session->user));
    frame_put_text(&writer, "database", text_of(session->database));
    frame_put_text(&writer, "transaction",
                   (Text){.data = &session->transaction, .length = 1});
    frame_put_bool(&writer, "row_description", parts->kind == REQUEST_SIMPLE);
    frame_put_uint(&writer, "row_limit", parts->limit);
    frame_put_uint(&writer, "process_id", session->process_id);
    frame_put_bytes(&writer, "carried", session->carried.data, session->carried.length);
    frame_end(&writer);
}

static void put_in_bucket(Request *request)
{
    Request **bucket = &request->front->requests[request->id % REQUEST_BUCKETS];
    request->next_in_bucket = *bucket;
    *bucket = request;
}

Request *request_find(FrontEnd *front, uint64_t id)
{
    Request *request = front->requests[id % REQUEST_BUCKETS];
    while (request != NULL && request->id != id)
        request = request->next_in_bucket;
    return request;
}

static Request *request_make(Session *session, const RequestParts *parts)
{
    FrontEnd *front = session->front;
    Request *request = calloc(1, sizeof *request);
    check(request != NULL);
    request->id = front->next_request++;
    request->front = front;
    request->session = session;
    request->kind = parts->kind;
    request->limit = parts->limit;
    loop_timer_init(&request->escalate, front->loop, escalate, request);
    loop_task_init(&request->grant, front->loop, request_grant, request);
    put_in_bucket(request);
    write_frame(request, parts, &request->frame);
    return request;
}

Request *request_start(Session *session, const RequestParts *parts)
{
    Request *request = request_make(session, parts);
    session->active = request;
    if (session->state != SESSION_BUSY) /* a FETCH is answered */
        session_enter(session, SESSION_BUSY);
    dispatch_enqueue(request);
    return request;
}

void request_send_farewell(Session *session)
{
    Request *request = request_make(session, &(RequestParts){.kind = REQUEST_FAREWELL});
    request->session = NULL;
    dispatch_enqueue(request);
}

/* ---------- the end ---------- */

static void request_free(Request *request)
{
    Request **at = &request->front->requests[request->id % REQUEST_BUCKETS];
    while (*at != request)
        at = &(*at)->next_in_bucket;
    *at = request->next_in_bucket;
    loop_timer_stop(&request->escalate);
    loop_task_cancel(&request->grant);
    while (request->first_answer != NULL) {
        Answer *answer = request->first_answer;
        request->first_answer = answer->next;
        free(answer);
    }
    request_drop_results(request);
    check(request->statement == NULL && request->controller == NULL && !request->is_waiting);
    buffer_clear(&request->frame);
    free(request->doom);
    free(request->fetch);
    buffer_clear(&request->prefix);
    buffer_clear(&request->trailer);
    free(request);
}

/* Takes the request off its session and off its portal, and tells the session how it ended. */
static void finish(Request *request, bool failed)
{
    Session *session = request->session;
    check(session->active == request);
    if (request->waits_for_lock) { /* its controller has died, or it was cancelled */
        request->waits_for_lock = false;
        advisory_abandon(&session->front->advisory, &session->advisory, request->id);
    }
    if (session->ends_block && request->puller == NULL)
        end_block(session, failed);
    request->session = NULL;
    session->active = NULL;
    switch (request->kind) {
    case REQUEST_SIMPLE:
        session_simple_done(session, failed);
        break;
    case REQUEST_PARSE:
        session_parse_done(session, request, failed);
        break;
    case REQUEST_EXECUTE:
        session_execute_done(session, request, failed);
        break;
    case REQUEST_FAREWELL:
        break;
    }
    if (request->is_done)
        request_free(request);
}

void request_fail(Request *request, const Fault *fault)
{
    Session *session = request->session;
    if (session == NULL) {
        if (request->is_done)
            request_free(request);
        return;
    }
    if (session->active != request) {
        /* A suspended portal's: told when somebody asks for its rows. */
        request_drop_results(request);
        if (request->doom == NULL)
            request->doom = malloc(sizeof *request->doom);
        check(request->doom != NULL);
        *request->doom = *fault;
        return;
    }
    session_write_error(session, fault);
    request_drop_results(request);
    finish(request, true);
    session_send(session);
}

void request_lost_rows_fault(Fault *fault)
{
    fault_set(fault, FAULT_WORKER_FAILED, "a worker ended before it had sent all rows");
}

/* ---------- cancelling ---------- */

static void send_cancel(Request *request)
{
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->link), FRAME_REQUEST_CANCEL);
    frame_put_uint(&writer, "query", request->id);
    frame_put_text(&writer, "reason", text_of(cancel_reason_name(request->cancel)));
    frame_end(&writer);
    child_flush(request->controller);
    child_interrupt(request->controller);
    Fault fault;
    cancel_fault(request->cancel, &fault);
    dispatch_refuse_slots(request, &fault);
    loop_timer_start(&request->escalate, CANCEL_PATIENCE_MS);
}

void request_cancel(Request *request, CancelReason reason)
{
    if (request->controller != NULL) {
        if (request->cancel == CANCEL_NONE) {
            request->cancel = reason;
            send_cancel(request);
        }
        return;
    }
    /* No controller has it: it waits for one, or only its rows are left to be sent. */
    dispatch_withdraw(request);
    request->cancel = reason;
    request->is_done = true;
    Fault fault;
    cancel_fault(reason, &fault);
    request_fail(request, &fault);
}

void request_drop(Request *request, CancelReason reason)
{
    if (request->portal != NULL)
        request->portal->request = NULL;
    request->portal = NULL;
    if (request->statement != NULL)
        statement_release(request->session, request->statement);
    request->statement = NULL;
    request->session = NULL;
    request_drop_results(request);
    request_cancel(request, reason);
}

/* It was asked to end and did not. */
static void escalate(void *state)
{
    Request *request = state;
    log_warning("a cancelled query did not end: killing its controller query=%llu",
                (unsigned long long)request->id);
    Session *session = request->session;
    Fault fault;
    cancel_fault(request->cancel, &fault);
    dispatch_kill(request);
    request->is_done = true;
    request_fail(request, &fault);
    if (session != NULL)
        session_pump(session);
}

/* ---------- answers ---------- */

static bool has_rollback_tag(Text wire)
{
    static const char message[] = "C\0\0\0\x0dROLLBACK";
    return wire.length >= sizeof message &&
           memcmp(wire.data + wire.length - sizeof message, message, sizeof message) == 0;
}

/* The tag that follows the end of a block says whether its settings stay: COMMIT of a failed block
 * answers ROLLBACK and undoes them, as ROLLBACK does. */
static void end_block(Session *session, bool rolls_back)
{
    session->ends_block = false;
    if (rolls_back) {
        session_rollback_settings(session);
        session_rollback_notices(session);
    } else {
        session_commit_settings(session);
        session_commit_notices(session);
    }
    session->savepoints = 0;
    advisory_release_transaction(&session->front->advisory, &session->advisory, 0);
    session_sweep_portals(session, rolls_back ? SWEEP_ROLLBACK : SWEEP_COMMIT);
}

static void take_transaction(Session *session, Text status)
{
    char after = status.data[0];
    if (after != 'I' && after != 'T' && after != 'E')
        return;
    if (after == 'I' && session->transaction == 'E')
        end_block(session, true);
    else if (after == 'I' && session->transaction == 'T')
        session->ends_block = true;
    session->transaction = after;
}

/* A savepoint was made, released or gone back to. */
static void take_savepoints(Session *session, const Frame *frame)
{
    if (frame_has(frame, "savepoints_undone")) {
        uint32_t depth = (uint32_t)frame_uint(frame, "savepoints_undone", 0);
        session_undo_settings(session, depth);
        session_undo_notices(session, depth);
        advisory_release_transaction(&session->front->advisory, &session->advisory, depth);
    }
    if (frame_has(frame, "savepoints_released")) {
        uint32_t depth = (uint32_t)frame_uint(frame, "savepoints_released", 0);
        session_release_settings(session, depth);
        session_release_notices(session, depth);
        advisory_keep(&session->advisory, depth);
    }
    session->savepoints = (uint32_t)frame_uint(frame, "savepoints", session->savepoints);
}

static bool take_settings(Session *session, const Frame *frame, Fault *fault)
{
    if (frame_has(frame, "setting_name") &&
        !session_set(session, frame_text(frame, "setting_name"),
                     frame_text(frame, "setting_value"), frame_bool(frame, "setting_local", false),
                     fault))
        return false;
    return !frame_has(frame, "setting_reset") ||
           session_reset(session, frame_text(frame, "setting_reset"), fault);
}

static void take_description(Request *request, const Frame *frame)
{
    Statement *statement = request->statement;
    if (request->kind != REQUEST_PARSE || statement == NULL)
        return;
    if (frame_has(frame, "parameter_types")) {
        Text types = frame_text(frame, "parameter_types");
        buffer_reset(&statement->parameter_types);
        buffer_append(&statement->parameter_types, types.data, types.length / 4 * 4);
    }
    if (frame_has(frame, "describe_cursor")) {
        const Portal *portal =
            session_find_portal(request->session, frame_text(frame, "describe_cursor"));
        if (portal != NULL)
            buffer_append(&statement->row_description, portal->statement->row_description.data,
                          portal->statement->row_description.length);
    }
    if (frame_has(frame, "row_description")) {
        Text description = frame_text(frame, "row_description");
        buffer_reset(&statement->row_description);
        buffer_append(&statement->row_description, description.data, description.length);
    }
}

/* DEALLOCATE and DISCARD: prepared statements live here. */
static bool take_deallocation(Session *session, const Frame *frame, Fault *fault)
{
    if (frame_bool(frame, "deallocate_all", false))
        session_drop_statements(session);
    return !frame_has(frame, "deallocate") ||
           session_deallocate(session, frame_text(frame, "deallocate"), fault);
}

void request_end_failed(Request *request)
{
    bool runs_on = !request->is_done;
    request_drop_results(request);
    finish(request, true);
    if (runs_on)
        request_cancel(request, CANCEL_PORTAL);
}

/* What the session holds is refused by the session: the client gets the error instead of what
 * the controller has to say. */
static void refuse_change(Request *request, const Fault *fault)
{
    session_write_error(request->session, fault);
    request_end_failed(request);
}

static void refuse_result(Request *request)
{
    log_error("a controller announced an impossible result query=%llu",
              (unsigned long long)request->id);
    if (request->controller != NULL)
        dispatch_kill(request);
    request->is_done = true;
    Fault fault;
    fault_set(&fault, FAULT_INTERNAL_ERROR, "a result of the query could not be forwarded");
    request_fail(request, &fault);
}

/* Cursors, and what controllers leave for themselves. */
static bool take_cursors(Session *session, const Request *request, const Frame *frame, Fault *fault)
{
    if (frame_has(frame, "carried")) {
        Text carried = frame_text(frame, "carried");
        buffer_reset(&session->carried);
        buffer_append(&session->carried, carried.data, carried.length);
        session->has_temporary = frame_bool(frame, "has_temporary", session->has_temporary);
    }
    if (frame_bool(frame, "close_all", false))
        session_close_all_cursors(session);
    if (frame_has(frame, "close") && !session_close_cursor(session, frame_text(frame, "close"), fault))
        return false;
    if (frame_has(frame, "prepare") && !session_prepare(session, frame, fault))
        return false;
    return !frame_has(frame, "declare") || session_declare(session, request, frame, fault);
}

/* What the first CopyData begins with: names of columns, or the signature of binary COPY. */
static void take_prefix(Request *request, Text prefix)
{
    static const char signature[] = "PGCOPY\n\377";
    enum { LENGTH = sizeof signature - 1 };
    const PgwireEncoding *encoding = session_encoding(request->session);
    bool is_binary = prefix.length >= LENGTH && memcmp(prefix.data, signature, LENGTH) == 0;
    if (encoding == NULL || is_binary)
        buffer_append(&request->prefix, prefix.data, prefix.length);
    else
        pgwire_encode(encoding, prefix, &request->prefix, NULL);
}

/* Does what a RESPONSE says. True when the request ended with it (and may be freed). */
static bool apply(Request *request, const Frame *frame)
{
    Session *session = request->session;
    bool failed = frame_bool(frame, "failed", false);
    Fault fault;
    if (!take_deallocation(session, frame, &fault) || !take_settings(session, frame, &fault) ||
        !take_cursors(session, request, frame, &fault) ||
        !session_take_notice(session, frame, &fault)) {
        refuse_change(request, &fault);
        return true;
    }
    if (frame_has(frame, "fetch")) {
        if (session_fetch(request, frame, &fault))
            return session->active != request;
        refuse_change(request, &fault);
        return true;
    }
    take_savepoints(session, frame);
    Text transaction = frame_text(frame, "transaction");
    if (transaction.length == 1)
        take_transaction(session, transaction);
    Text wire = frame_text(frame, "wire");
    size_t mark = session_mark(session);
    buffer_append(session_out(session), wire.data, wire.length);
    session_encode_from(session, mark);
    if (wire.length > 0) {
        session_start_statement_timer(session);
        if (session->ends_block)
            end_block(session, has_rollback_tag(wire) || failed);
    }
    take_description(request, frame);
    if (frame_has(frame, "prefix")) {
        Text prefix = frame_text(frame, "prefix");
        take_prefix(request, prefix);
    }
    if (frame_has(frame, "trailer")) {
        Text trailer = frame_text(frame, "trailer");
        const PgwireEncoding *encoding = session_encoding(session);
        if (encoding == NULL)
            buffer_append(&request->trailer, trailer.data, trailer.length);
        else
            pgwire_encode_messages(encoding, (const uint8_t *)trailer.data, trailer.length,
                                   &request->trailer);
    }
    if (frame_bool(frame, "copy_in", false))
        request->copies_in = true;
    if (frame_has(frame, "result_partitions") && !result_announce(request, frame)) {
        refuse_result(request);
        return true;
    }
    if (frame_bool(frame, "result_closed", false) && request->results != NULL)
        request->results->is_open = false;
    if (frame_bool(frame, "want_settings", false))
        server_state_send_settings(request);
    if (failed || frame_bool(frame, "done", false)) {
        finish(request, failed);
        return true;
    }
    return false;
}

static void keep_answer(Request *request, const Frame *frame)
{
    Answer *answer = malloc(sizeof *answer + frame->body_length);
    check(answer != NULL);
    answer->next = NULL;
    answer->length = frame->body_length;
    memcpy(answer->body, frame->body, frame->body_length);
    if (request->first_answer == NULL)
        request->first_answer = answer;
    else
        request->last_answer->next = answer;
    request->last_answer = answer;
}

/* True when there was one and the request goes on. */
static bool apply_kept_answer(Request *request)
{
    Answer *answer = request->first_answer;
    if (answer == NULL)
        return false;
    request->first_answer = answer->next;
    Frame frame;
    Fault fault;
    bool ok = frame_read(answer->body, answer->length, &frame, &fault);
    check(ok); /* it has been read before */
    bool ended = apply(request, &frame);
    free(answer);
    return !ended;
}

void request_advance(Request *request)
{
    Session *session = request->session;
    if (request->doom != NULL && session->active == request) {
        Fault fault = *request->doom;
        request_fail(request, &fault);
        return;
    }
    while (session->active == request) {
        if (request->fetch != NULL) {
            fetch_drained(request);
            if (session->active != request || request->fetch != NULL)
                break;
            continue;
        }
        Result *result = request->results;
        if (result == NULL || !result->is_announced) {
            if (!apply_kept_answer(request))
                break;
            continue;
        }
        ForwardOutcome outcome = result_forward(request, result);
        if (outcome == FORWARD_WAITS)
            break;
        if (outcome == FORWARD_OPEN) {
            /* what is kept next closes it, or is the query's failure */
            if (!apply_kept_answer(request))
                break;
            continue;
        }
        if (outcome == FORWARD_SUSPENDED) {
            session_portal_suspended(session, request);
            break;
        }
        if (request->puller != NULL) {
            request->pulled = result->rows; /* the FETCH has a tag of its own */
        } else {
            size_t written = 0;
            if (session_copy_prefix(request, request->trailer.data, request->trailer.length))
                written = 5; /* no row has taken the prefix along */
            buffer_append(session_out(session), request->trailer.data + written,
                          request->trailer.length - written);
            buffer_reset(&request->trailer);
            pgwire_command_complete_rows(session_out(session), text_of(result->tag), result->rows);
            session_start_statement_timer(session);
        }
        request_finish_result(request);
    }
    session_send(session);
}

static bool can_apply_now(const Request *request)
{
    bool in_result = request->results != NULL && request->results->is_announced;
    return request->session->active == request && !in_result && request->first_answer == NULL &&
           request->fetch == NULL;
}

void request_response(Request *request, Child *child, const Frame *frame)
{
    if (frame_bool(frame, "want_state", false)) {
        server_state_send(request);
        return;
    }
    if (frame_has(frame, "copy_credit")) {
        uint64_t bytes = frame_uint(frame, "copy_credit", 0);
        request->copy_sent -= bytes < request->copy_sent ? bytes : request->copy_sent;
        if (request->session != NULL)
            session_pump(request->session);
        return;
    }
    if (frame_has(frame, "want_statement")) {
        server_state_send_statement(request, frame_text(frame, "want_statement"));
        return;
    }
    if (frame_has(frame, "advisory")) {
        session_advisory(request, frame);
        return;
    }
    if (frame_has(frame, "signal_session")) {
        session_signal(request->front, (uint32_t)frame_uint(frame, "signal_session", 0),
                       frame_bool(frame, "signal_ends", false));
        return;
    }
    bool failed = frame_bool(frame, "failed", false);
    if (failed)
        request_abandon_results(request);
    if (frame_bool(frame, "done", false)) {
        loop_timer_stop(&request->escalate);
        request->is_done = true;
        dispatch_release(request);
    }
    Session *session = request->session;
    if (session != NULL && request->is_done && request->has_lost_rows && !failed) {
        Fault fault;
        request_lost_rows_fault(&fault);
        request_fail(request, &fault);
        session_pump(session);
        return;
    }
    if (session == NULL) {
        if (request->is_done)
            request_free(request);
        return;
    }
    bool ended = false;
    if (can_apply_now(request))
        ended = apply(request, frame);
    else
        keep_answer(request, frame);
    if (!ended && session->active == request)
        request_advance(request);
    if (session->state != SESSION_CLOSED) {
        session_send(session);
        session_pump(session);
    }
}

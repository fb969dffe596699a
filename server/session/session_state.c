/*
 * SERVER_STATE: what only the front end knows, for pg_stat_activity and sys.*, asked for by a
 * controller in the middle of a request.
 *
 *   sessions  array of maps: pid, user, database, application_name, client_addr, state, query,
 *             query_start, backend_start, state_change (microseconds since 1970; 0 never)
 *   workers   array of maps: number, generation, pid, state, query (0: none)
 *   statements array of maps: name, statement, parameter_types (OIDs), from_sql, prepared: the
 *             asking session's own
 *   cursors   array of maps: name, statement, hold, binary, scroll, created: likewise
 *
 * A prepared statement that EXECUTE asks for: found, text, types, parameter_types.
 */
#include "server/session/session_internal.h"

#include "base/memory/pack.h"

static const char *state_word(const Session *session)
{
    if (session->state == SESSION_BUSY)
        return "active";
    if (session->transaction == 'T')
        return "idle in transaction";
    return session->transaction == 'E' ? "idle in transaction (aborted)" : "idle";
}

static void pack_named_text(Buffer *out, const char *name, const char *value)
{
    pack_string(out, name);
    pack_string(out, value == NULL ? "" : value);
}

static void pack_named_int(Buffer *out, const char *name, int64_t value)
{
    pack_string(out, name);
    pack_int(out, value);
}

static void pack_session(Buffer *out, const Session *session)
{
    char address[64];
    auth_peer_text(&session->peer, address, sizeof address);
    pack_map(out, 14);
    pack_named_int(out, "client_port", auth_peer_port(&session->peer));
    pack_named_text(out, "tls_version", conn_tls_version(&session->conn));
    pack_named_text(out, "tls_cipher", conn_tls_cipher(&session->conn));
    pack_named_int(out, "tls_bits", conn_tls_bits(&session->conn));
    pack_named_int(out, "pid", session->process_id);
    pack_named_text(out, "user", session->user);
    pack_named_text(out, "database", session->database);
    pack_named_text(out, "application_name", session->settings.application_name);
    pack_named_text(out, "client_addr", address);
    pack_named_text(out, "state", state_word(session));
    pack_named_text(out, "query", session->query);
    pack_named_int(out, "query_start", session->query_start);
    pack_named_int(out, "backend_start", session->backend_start);
    pack_named_int(out, "state_change", session->state_change);
}

static void pack_sessions(Buffer *out, const FrontEnd *front)
{
    uint32_t count = 0;
    for (const Session *s = front->sessions; s != NULL; s = s->next)
        count += s->is_started && s->state != SESSION_CLOSED;
    pack_array(out, count);
    for (const Session *s = front->sessions; s != NULL; s = s->next) {
        if (s->is_started && s->state != SESSION_CLOSED)
            pack_session(out, s);
    }
}

static const char *worker_state(const Child *worker, uint64_t query)
{
    if (worker->state != CHILD_READY)
        return worker->state == CHILD_STARTING ? "starting" : "ended";
    return query != 0 ? "busy" : "idle";
}

static void pack_workers(Buffer *out, const FrontEnd *front)
{
    int count = supervisor_count(front->supervisor, CHILD_WORKER);
    pack_array(out, (uint32_t)supervisor_wanted(front->supervisor, CHILD_WORKER));
    for (int i = 0; i < count; i++) {
        const Child *worker = supervisor_child(front->supervisor, CHILD_WORKER, i);
        if (!worker->is_wanted)
            continue; /* retired */
        uint64_t query = slots_holder(front->slots, i);
        pack_map(out, 5);
        pack_named_int(out, "number", i);
        pack_named_int(out, "generation", (int64_t)worker->generation);
        pack_named_int(out, "pid", worker->pid);
        pack_named_text(out, "state", worker_state(worker, query));
        pack_named_int(out, "query", (int64_t)query);
    }
}

static void pack_statements(Buffer *out, const Session *session)
{
    uint32_t count = session == NULL ? 0 : session->statements.count;
    pack_array(out, count);
    for (uint32_t i = 0; count > 0 && i < session->statements.bucket_count; i++) {
        for (const NameEntry *e = session->statements.buckets[i]; e != NULL; e = e->next) {
            const Statement *statement = (const Statement *)(const void *)e;
            pack_map(out, 5);
            pack_string(out, "from_sql");
            pack_bool(out, statement->from_sql);
            pack_named_int(out, "prepared", statement->prepared);
            pack_string(out, "name");
            pack_text(out, e->name);
            pack_string(out, "statement");
            pack_text(out, statement->text);
            pack_string(out, "parameter_types");
            pack_bytes(out, statement->parameter_types.data, statement->parameter_types.length);
        }
    }
}

static void pack_cursors(Buffer *out, const Session *session)
{
    uint32_t count = 0;
    const NameTable *portals = session == NULL ? NULL : &session->portals;
    for (uint32_t i = 0; portals != NULL && portals->count > 0 && i < portals->bucket_count; i++)
        for (const NameEntry *e = portals->buckets[i]; e != NULL; e = e->next)
            count += ((const Portal *)(const void *)e)->is_cursor;
    pack_array(out, count);
    for (uint32_t i = 0; count > 0 && i < portals->bucket_count; i++) {
        for (const NameEntry *e = portals->buckets[i]; e != NULL; e = e->next) {
            const Portal *portal = (const Portal *)(const void *)e;
            if (!portal->is_cursor)
                continue;
            pack_map(out, 6);
            pack_string(out, "name");
            pack_text(out, e->name);
            pack_string(out, "statement");
            pack_text(out, portal->declaration);
            pack_string(out, "hold");
            pack_bool(out, portal->is_hold);
            pack_string(out, "binary");
            pack_bool(out, portal->is_binary);
            pack_string(out, "scroll");
            pack_bool(out, portal->is_scroll);
            pack_named_int(out, "created", portal->created);
        }
    }
}

static void pack_channels(Buffer *out, const Session *session)
{
    uint32_t count = session == NULL ? 0 : session->channels.count;
    pack_array(out, count);
    for (uint32_t i = 0; count > 0 && i < session->channels.bucket_count; i++)
        for (const NameEntry *e = session->channels.buckets[i]; e != NULL; e = e->next)
            pack_text(out, e->name);
}

void server_state_send_statement(Request *request, Text name)
{
    if (request->controller == NULL)
        return;
    const Statement *statement = NULL;
    if (request->session != NULL && name.length > 0)
        statement = session_find_statement(request->session, name);
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->link), FRAME_SERVER_STATE);
    frame_put_uint(&writer, "query", request->id);
    frame_put_bool(&writer, "found", statement != NULL);
    if (statement != NULL) {
        frame_put_text(&writer, "text", statement->text);
        frame_put_bytes(&writer, "types", statement->declared.data, statement->declared.length);
        frame_put_bytes(&writer, "parameter_types", statement->parameter_types.data,
                        statement->parameter_types.length);
    }
    frame_end(&writer);
    child_flush(request->controller);
}

void server_state_send_settings(Request *request)
{
    if (request->controller == NULL || request->session == NULL)
        return;
    Buffer settings = BUFFER_EMPTY;
    setting_pack(&request->session->settings, &settings);
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->link), FRAME_SERVER_STATE);
    frame_put_uint(&writer, "query", request->id);
    frame_put_bytes(&writer, "settings", settings.data, settings.length);
    frame_end(&writer);
    buffer_clear(&settings);
    child_flush(request->controller);
}

void server_state_send(Request *request)
{
    if (request->controller == NULL)
        return;
    Buffer sessions = BUFFER_EMPTY, workers = BUFFER_EMPTY, statements = BUFFER_EMPTY, cursors = BUFFER_EMPTY;
    Buffer channels = BUFFER_EMPTY, locks = BUFFER_EMPTY;
    pack_sessions(&sessions, request->front);
    pack_workers(&workers, request->front);
    pack_statements(&statements, request->session);
    pack_cursors(&cursors, request->session);
    pack_channels(&channels, request->session);
    session_pack_advisory(&locks, request->front);
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->link), FRAME_SERVER_STATE);
    frame_put_uint(&writer, "query", request->id);
    frame_put_bytes(&writer, "sessions", sessions.data, sessions.length);
    frame_put_bytes(&writer, "workers", workers.data, workers.length);
    frame_put_bytes(&writer, "statements", statements.data, statements.length);
    frame_put_bytes(&writer, "cursors", cursors.data, cursors.length);
    frame_put_bytes(&writer, "channels", channels.data, channels.length);
    frame_put_bytes(&writer, "locks", locks.data, locks.length);
    frame_end(&writer);
    buffer_clear(&cursors);
    buffer_clear(&channels);
    buffer_clear(&locks);
    buffer_clear(&sessions);
    buffer_clear(&workers);
    buffer_clear(&statements);
    child_flush(request->controller);
}

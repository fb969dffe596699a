/*
 * A session's life: states, messages in their order, errors, the end. What a message does is in
 * session_simple.c and session_extended.c.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_readable(void *state);
static void on_drained(void *state);
static void on_broken(void *state);
static void on_timer(void *state);
static void reap(void *state);
static void say_goodbye(Session *session);

static const ConnEvents session_events = {on_readable, on_drained, on_broken};

/* ---------- birth ---------- */

static void tune_socket(int fd, const struct sockaddr_storage *peer)
{
    if (peer->ss_family == AF_UNIX)
        return;
    int on = 1; /* how long and how often is the session's to set: session_apply_settings */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void session_accept(FrontEnd *front, int fd, const struct sockaddr_storage *peer)
{
    Session *session = NULL;
    bool is_full = front->session_count >= front->settings->max_connections + SESSION_EXTRA;
    if (!is_full && !front->is_stopping)
        session = calloc(1, sizeof *session);
    if (session == NULL) {
        close(fd);
        return;
    }
    tune_socket(fd, peer);
    session->magic = SESSION_MAGIC;
    session->front = front;
    session->peer.address = *peer;
    session->peer.fd = fd;
    if (peer->ss_family != AF_INET && peer->ss_family != AF_INET6)
        session->peer.address.ss_family = AF_UNIX;
    session->transaction = 'I';
    session->backend_start = session->state_change = os_now_micros();
    conn_init(&session->conn, front->loop, fd, &session_events, session);
    loop_timer_init(&session->timer, front->loop, on_timer, session);
    loop_task_init(&session->reap, front->loop, reap, session);
    session->next = front->sessions;
    if (front->sessions != NULL)
        front->sessions->previous = session;
    front->sessions = session;
    front->session_count++;
    loop_timer_start(&session->timer, front->settings->authentication_timeout * 1000);
}

/* ---------- states ---------- */

static bool may_enter(SessionState from, SessionState to)
{
    static const uint8_t allowed[] = {
        [SESSION_STARTING] = 1 << SESSION_READY | 1 << SESSION_CLOSING | 1 << SESSION_CLOSED,
        [SESSION_READY] = 1 << SESSION_READY | 1 << SESSION_BUSY | 1 << SESSION_SKIPPING |
                          1 << SESSION_CLOSING | 1 << SESSION_CLOSED,
        [SESSION_BUSY] = 1 << SESSION_READY | 1 << SESSION_SKIPPING | 1 << SESSION_CLOSING |
                         1 << SESSION_CLOSED,
        [SESSION_SKIPPING] = 1 << SESSION_READY | 1 << SESSION_CLOSING | 1 << SESSION_CLOSED,
        [SESSION_CLOSING] = 1 << SESSION_CLOSED,
        [SESSION_CLOSED] = 0,
    };
    return (allowed[from] & 1 << to) != 0;
}

/* What a session still has to do with controllers ends before it closes. */
static void let_go(Session *session)
{
    CancelReason reason =
        session->front->is_stopping ? CANCEL_SHUTDOWN : CANCEL_DISCONNECT;
    Request *active = session->active;
    if (active != NULL && active->puller != NULL) {
        Request *puller = active->puller; /* a FETCH and its cursor end together */
        active->puller = NULL;
        active = puller;
    }
    if (active != NULL && active->portal == NULL)
        request_drop(active, reason);
    session->active = NULL;
    session_drop_portals(session, reason);
}

void session_enter(Session *session, SessionState state)
{
    check(session->magic == SESSION_MAGIC && may_enter(session->state, state));
    bool changes = session->state != state;
    session->state = state;
    if (changes)
        session->state_change = os_now_micros();
    switch (state) {
    case SESSION_STARTING:
    case SESSION_READY:
    case SESSION_SKIPPING:
        loop_timer_stop(&session->timer);
        break;
    case SESSION_BUSY:
        session_start_statement_timer(session);
        break;
    case SESSION_CLOSING:
        let_go(session);
        loop_timer_start(&session->timer, LINGER_MS);
        session_send(session);
        if (session->conn.queued == 0)
            say_goodbye(session);
        break;
    case SESSION_CLOSED:
        let_go(session);
        loop_timer_stop(&session->timer);
        conn_clear(&session->conn);
        loop_task_queue(&session->reap);
        break;
    }
}

void session_close(Session *session)
{
    if (session->state != SESSION_CLOSED)
        session_enter(session, SESSION_CLOSED);
}

static void forget_process(Session *session)
{
    if (!session->is_started)
        return;
    Session **at = &session->front->by_process[session->process_id % SESSION_BUCKETS];
    while (*at != session)
        at = &(*at)->next_in_bucket;
    *at = session->next_in_bucket;
}

static void reap(void *state)
{
    Session *session = state;
    FrontEnd *front = session->front;
    check(session->magic == SESSION_MAGIC && session->state == SESSION_CLOSED);
    if (session->has_temporary && !front->is_stopping)
        request_send_farewell(session);
    forget_process(session);
    session_drop_statements(session);
    session_end_notices(session);
    advisory_leave(&front->advisory, &session->advisory);
    session_release_settings(session, 0);
    if (session->previous != NULL)
        session->previous->next = session->next;
    else
        front->sessions = session->next;
    if (session->next != NULL)
        session->next->previous = session->previous;
    front->session_count--;
    front->started_count -= session->is_counted;
    front->client_bytes -= session->input;
    buffer_clear(&session->startup);
    buffer_clear(&session->packed_settings);
    buffer_clear(&session->carried);
    free(session->changes);
    free(session->reported);
    session_end_login(session);
    free(session->role_settings);
    free(session->user);
    free(session->database);
    free(session->query);
    session->magic = 0;
    free(session);
    front_end_check_stop(front);
}

/* ---------- messages ---------- */

void session_dispatch_message(Session *session, const PgwireMessage *message)
{
    switch (message->kind) {
    case PGWIRE_CLIENT_QUERY:
        session_query(session, message->query);
        return;
    case PGWIRE_CLIENT_PARSE:
        session_parse(session, message);
        return;
    case PGWIRE_CLIENT_BIND:
        session_bind(session, message);
        return;
    case PGWIRE_CLIENT_DESCRIBE:
        session_describe(session, message);
        return;
    case PGWIRE_CLIENT_EXECUTE:
        session_execute(session, message);
        return;
    case PGWIRE_CLIENT_CLOSE:
        session_close_target(session, message);
        return;
    case PGWIRE_CLIENT_SYNC:
        session_sync(session);
        return;
    case PGWIRE_CLIENT_FUNCTION_CALL:
        session_function_call(session);
        return;
    case PGWIRE_CLIENT_TERMINATE:
        session->has_said_last = true;
        session_enter(session, SESSION_CLOSING);
        return;
    case PGWIRE_CLIENT_FLUSH: /* everything is sent at the end of the turn anyway */
    case PGWIRE_CLIENT_COPY_DATA: /* outside of COPY these are left-overs of a failed one */
    case PGWIRE_CLIENT_COPY_DONE:
    case PGWIRE_CLIENT_COPY_FAIL:
        return;
    case PGWIRE_CLIENT_PASSWORD:
    case PGWIRE_CLIENT_KIND_COUNT:
        break;
    }
    Fault fault;
    fault_set(&fault, FAULT_PROTOCOL_VIOLATION, "unexpected %s message",
              pgwire_client_name(message->kind));
    session_fatal(session, &fault);
}

/* In the extended protocol everything between an error and Sync is ignored. */
static bool is_skipped(const Session *session, const PgwireMessage *message)
{
    return session->state == SESSION_SKIPPING && message->kind != PGWIRE_CLIENT_SYNC &&
           message->kind != PGWIRE_CLIENT_TERMINATE && message->kind != PGWIRE_CLIENT_PASSWORD;
}

/* True when a message was handled, false when bytes are missing or it was the last. */
static bool message_step(Session *session)
{
    size_t available, total;
    const uint8_t *input = conn_input(&session->conn, &available);
    Fault fault;
    PgwireMessage message;
    if (!pgwire_message_length(input, available, true, &total, &fault)) {
        session_fatal(session, &fault);
        return false;
    }
    if (total == 0 || total > available)
        return false;
    if (!pgwire_message_read(input, total, &message, &fault)) {
        session_fatal(session, &fault);
        return false;
    }
    if (session->state == SESSION_BUSY)
        session_copy_message(session, &message);
    else if (!is_skipped(session, &message))
        session_dispatch_message(session, &message);
    if (session->conn.fd >= 0)
        conn_used(&session->conn, total);
    return true;
}

static bool takes_messages(const Session *session)
{
    return session->state == SESSION_STARTING || session->state == SESSION_READY ||
           session->state == SESSION_SKIPPING || session_takes_copy(session);
}

static bool count_input(Session *session, Fault *fault);

static void discard_input(Session *session)
{
    size_t available;
    conn_input(&session->conn, &available);
    conn_used(&session->conn, available);
}

/* After a pump: what the state means for reading, and for a client that has gone. */
static void settle(Session *session)
{
    if (session->state == SESSION_CLOSED)
        return;
    session_send(session);
    Fault fault;
    if (!count_input(session, &fault))
        session_fatal(session, &fault);
    size_t available;
    conn_input(&session->conn, &available);
    if (session->state == SESSION_CLOSING)
        discard_input(session);
    if (session->state == SESSION_CLOSED)
        return;
    bool is_waiting = takes_messages(session) && !conn_is_full(&session->conn);
    if (session->conn.at_end) {
        /* Who sends no more and waits for nothing is gone; so is, for all we can know, who sends
         * no more while a request runs: nothing should run for nobody. */
        if (is_waiting || session->state == SESSION_BUSY || session->state == SESSION_CLOSING)
            session_close(session);
        return;
    }
    conn_read_more(&session->conn, is_waiting || session->state == SESSION_CLOSING ||
                                       available < SESSION_READ_AHEAD);
}

void session_pump(Session *session)
{
    if (session->is_pumping)
        return;
    session->is_pumping = true;
    while (takes_messages(session) && !conn_is_full(&session->conn)) {
        bool got_on = session->state == SESSION_STARTING ? session_startup_step(session)
                                                         : message_step(session);
        if (!got_on)
            break;
    }
    session->is_pumping = false;
    settle(session);
}

static void on_readable(void *state)
{
    Session *session = state;
    check(session->magic == SESSION_MAGIC);
    session_pump(session);
}

/* Nothing is left to say: half-close, and wait a moment for the client to close its half, so
 * that unread input does not make the system throw away what was sent. */
static void say_goodbye(Session *session)
{
    if (session->has_said_last || session->conn.at_end || session->conn.is_broken) {
        session_close(session);
        return;
    }
    session->has_said_last = true;
    conn_shut_down(&session->conn);
    conn_read_more(&session->conn, true);
}

static void on_drained(void *state)
{
    Session *session = state;
    check(session->magic == SESSION_MAGIC);
    if (session->state == SESSION_CLOSING) {
        if (session->conn.queued == 0)
            say_goodbye(session);
        return;
    }
    if (session->active != NULL)
        request_advance(session->active);
    if (session->state != SESSION_CLOSED)
        session_pump(session);
}

static void on_broken(void *state)
{
    session_close(state);
}

static void on_timer(void *state)
{
    Session *session = state;
    check(session->magic == SESSION_MAGIC);
    Fault fault;
    switch (session->state) {
    case SESSION_STARTING:
        session_startup_timeout(session);
        return;
    case SESSION_READY:
        if (session->transaction == 'I') {
            fault_set(&fault, FAULT_IDLE_SESSION_TIMEOUT,
                      "terminating connection due to idle-session timeout");
            session_fatal(session, &fault);
            return;
        }
        fault_set(&fault, FAULT_IDLE_IN_TRANSACTION_TIMEOUT,
                  "terminating connection due to idle-in-transaction timeout");
        session_fatal(session, &fault);
        return;
    case SESSION_BUSY:
        session_statement_timeout(session);
        return;
    case SESSION_CLOSING:
        session_close(session);
        return;
    case SESSION_SKIPPING:
    case SESSION_CLOSED:
        return;
    }
}

/* ---------- errors ---------- */

void session_abort(Session *session)
{
    if (session->transaction != 'I' && session->savepoints > 0) {
        /* what was before the last savepoint stays: the block may go back there */
        session_undo_settings(session, session->savepoints);
        session_undo_notices(session, session->savepoints);
        advisory_release_transaction(&session->front->advisory, &session->advisory,
                                     session->savepoints);
    } else {
        session_rollback_settings(session);
        session_rollback_notices(session);
        advisory_release_transaction(&session->front->advisory, &session->advisory, 0);
    }
    session_sweep_portals(session, SWEEP_ROLLBACK);
    if (session->transaction == 'T')
        session->transaction = 'E';
}

void session_write_error(Session *session, const Fault *fault)
{
    size_t mark = session_mark(session);
    pgwire_error(session_out(session), fault, (Text){.data = "", .length = 0});
    session_encode_from(session, mark);
}

void session_extended_error(Session *session, const Fault *fault)
{
    session_write_error(session, fault);
    session_abort(session);
    session_enter(session, SESSION_SKIPPING);
}

void session_simple_error(Session *session, const Fault *fault)
{
    session_write_error(session, fault);
    session_abort(session);
    session_ready_for_query(session);
}

void session_ready_for_query(Session *session)
{
    if (session->transaction == 'I') {
        session_commit_settings(session);
        session_sweep_portals(session, SWEEP_COMMIT);
        session_commit_notices(session);
        advisory_release_transaction(&session->front->advisory, &session->advisory, 0);
        session_send_notices(session);
    }
    session_report_settings(session);
    pgwire_ready_for_query(session_out(session), session->transaction);
    session_enter(session, SESSION_READY);
    const Settings *settings = &session->settings;
    int64_t patience = session->transaction != 'I' ? settings->idle_in_transaction_session_timeout
                                                   : settings->idle_session_timeout;
    if (patience > 0)
        loop_timer_start(&session->timer, patience);
}

void session_fatal(Session *session, const Fault *fault)
{
    if (session->state == SESSION_CLOSING || session->state == SESSION_CLOSED)
        return;
    size_t mark = session_mark(session);
    pgwire_report(session_out(session), PGWIRE_SEVERITY_FATAL, fault,
                  (Text){.data = "", .length = 0});
    session_encode_from(session, mark);
    session_enter(session, SESSION_CLOSING);
}

/* ---------- what clients make us keep ---------- */

static bool count_bytes(FrontEnd *front, size_t bytes, Fault *fault)
{
    if (bytes > front->client_limit || front->client_bytes > front->client_limit - bytes)
        return fault_set(fault, FAULT_OUT_OF_MEMORY,
                         "the clients of this server hold more than %zu MB together",
                         front->client_limit >> 20);
    front->client_bytes += bytes;
    return true;
}

bool session_hold(Session *session, size_t bytes, Fault *fault)
{
    if (bytes > SESSION_HELD_LIMIT - session->held)
        return fault_set(fault, FAULT_OUT_OF_MEMORY,
                         "the prepared statements and portals of this session hold more than %d MB",
                         SESSION_HELD_LIMIT >> 20) ||
               fault_hint(fault, "Close those that are not needed any more.");
    if (!count_bytes(session->front, bytes, fault))
        return false;
    session->held += bytes;
    return true;
}

void session_unhold(Session *session, size_t bytes)
{
    session->held -= bytes;
    session->front->client_bytes -= bytes;
}

/* Unfinished messages are counted as they grow, so that many clients with half of a large one
 * cannot take all memory. */
static bool count_input(Session *session, Fault *fault)
{
    size_t held = session->conn.in.capacity;
    session->front->client_bytes -= session->input;
    session->input = 0;
    if (held < SESSION_SMALL_INPUT)
        return true;
    if (!count_bytes(session->front, held, fault))
        return false;
    session->input = held;
    return true;
}

/* ---------- small helpers ---------- */

bool session_check_utf8(Text text, Fault *fault)
{
    size_t bad;
    return pgwire_is_utf8(text, &bad) || pgwire_utf8_fault(text, bad, fault);
}

const PgwireEncoding *session_encoding(const Session *session)
{
    const char *name = session->settings.client_encoding;
    return strcmp(name, "UTF8") == 0 ? NULL : pgwire_encoding_of(name);
}

bool session_decode(const Session *session, Text *text, Buffer *room, Fault *fault)
{
    const PgwireEncoding *encoding = session_encoding(session);
    if (encoding == NULL)
        return session_check_utf8(*text, fault);
    buffer_reset(room);
    if (!pgwire_decode(encoding, *text, room, fault))
        return false;
    *text = (Text){.data = room->length == 0 ? "" : (const char *)room->data,
                   .length = (uint32_t)room->length};
    return true;
}

void session_encode_from(Session *session, size_t mark)
{
    const PgwireEncoding *encoding = session_encoding(session);
    Buffer *out = session_out(session);
    if (encoding == NULL || out->length <= mark)
        return;
    Buffer plain = BUFFER_EMPTY;
    buffer_append(&plain, out->data + mark, out->length - mark);
    out->length = mark;
    pgwire_encode_messages(encoding, plain.data, plain.length, out);
    buffer_clear(&plain);
}

void session_show_query(Session *session, Text text)
{
    uint32_t length = text.length < SESSION_QUERY_SHOWN ? text.length : SESSION_QUERY_SHOWN;
    while (length < text.length && length > 0 && ((uint8_t)text.data[length] & 0xc0) == 0x80)
        length--;
    free(session->query);
    session->query = malloc((size_t)length + 1);
    check(session->query != NULL);
    if (length > 0)
        memcpy(session->query, text.data, length);
    session->query[length] = 0;
    session->query_start = os_now_micros();
}

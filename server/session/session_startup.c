/*
 * The start of a connection:
 *
 *   [GSSENCRequest -> 'N'] [SSLRequest -> 'S', TLS | 'N'] StartupMessage
 *       -> [NegotiateProtocolVersion] [the exchange of server/auth] AuthenticationOk ... ReadyForQuery
 *   CancelRequest -> the connection closes without a word
 *
 * or TLS from the first byte on.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { VERSION_3_0 = 3 << 16, MOST_UNKNOWN_OPTIONS = 64 };

/* What comes in between the startup packet and AuthenticationOk. */
typedef struct SessionLogin {
    AuthAttempt *attempt;
    LoopTimer work; /* for what takes the processor: a little in each turn */
} SessionLogin;

/* ---------- encryption ---------- */

static bool has_tls(const Session *session)
{
    return auth_server_tls(session->front->auth) != NULL &&
           session->peer.address.ss_family != AF_UNIX;
}

/* 'S' and TLS, or 'N'. Bytes behind the request were sent before the answer was known: either a
 * client that does not keep to the protocol, or somebody in the middle who put them there. */
static void answer_encryption_request(Session *session, const PgwireStartup *startup,
                                      size_t available, size_t total)
{
    bool is_ssl = startup->kind == PGWIRE_SSL_REQUEST;
    bool *asked = is_ssl ? &session->has_asked_ssl : &session->has_asked_gss;
    Fault fault;
    if (*asked || available > total || conn_is_encrypted(&session->conn)) {
        fault_set(&fault, FAULT_PROTOCOL_VIOLATION, "received unencrypted data after %s request",
                  is_ssl ? "SSL" : "GSSAPI encryption");
        session_fatal(session, &fault);
        return;
    }
    *asked = true;
    conn_used(&session->conn, total);
    if (!is_ssl || !has_tls(session)) {
        buffer_append_byte(session_out(session), 'N');
        return;
    }
    if (!conn_start_tls(&session->conn, auth_server_tls(session->front->auth), 'S'))
        session_close(session);
}

static void begin_with_tls(Session *session)
{
    session->began_with_tls = true;
    if (!has_tls(session) ||
        !conn_start_tls(&session->conn, auth_server_tls(session->front->auth), 0)) {
        log_info("a client began with TLS, which is not offered");
        session_close(session);
    }
}

/* Somebody who begins with TLS may mean another protocol that begins so: ALPN must say. */
static bool check_protocol(Session *session, Fault *fault)
{
    return !session->began_with_tls || conn_has_protocol(&session->conn) ||
           fault_set(fault, FAULT_PROTOCOL_VIOLATION,
                     "received direct SSL connection request without ALPN protocol negotiation "
                     "extension");
}

/* ---------- the startup packet ---------- */

static char *copy_text(Text text)
{
    char *copy = strndup(text.data, text.length);
    check(copy != NULL);
    return copy;
}

static bool is_replication_off(Text value)
{
    static const char *const words[] = {"false", "off", "no", "0", "f", "n"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (value.length == strlen(words[i]) && strncasecmp(value.data, words[i], value.length) == 0)
            return true;
    }
    return false;
}

static bool take_names(Session *session, const PgwireStartup *startup, Fault *fault)
{
    Text rest = startup->parameters, name, value;
    Text user = {.data = "", .length = 0}, database = {.data = "", .length = 0};
    while (pgwire_next_parameter(&rest, &name, &value)) {
        if (!session_check_utf8(name, fault) || !session_check_utf8(value, fault))
            return false;
        if (text_equal_string(name, "user"))
            user = value;
        else if (text_equal_string(name, "database"))
            database = value;
        else if (text_equal_string(name, "replication") && !is_replication_off(value))
            return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                             "replication connections are not supported");
    }
    if (user.length == 0)
        return fault_set(fault, FAULT_INVALID_AUTHORIZATION,
                         "no PostgreSQL user name specified in startup packet");
    if (database.length == 0)
        database = user;
    session->user = copy_text(user);
    session->database = copy_text(database);
    return true;
}

static bool has_room(Session *session, Fault *fault)
{
    FrontEnd *front = session->front;
    if (front->started_count >= front->settings->max_connections)
        return fault_set(fault, FAULT_TOO_MANY_CONNECTIONS, "sorry, too many clients already") ||
               fault_hint(fault, "Raise max_connections, or let idle clients go.");
    front->started_count++;
    session->is_counted = true;
    return true;
}

/* A minor version that we do not speak becomes the newest one that we do and that is not newer
 * than what was asked for; options that we do not know are named. */
static void negotiate(Session *session, const PgwireStartup *startup)
{
    Text unknown[MOST_UNKNOWN_OPTIONS];
    uint32_t count = 0;
    Text rest = startup->parameters, name, value;
    while (pgwire_next_parameter(&rest, &name, &value) && count < MOST_UNKNOWN_OPTIONS) {
        if (name.length >= 5 && memcmp(name.data, "_pq_.", 5) == 0)
            unknown[count++] = name;
    }
    uint32_t minor = startup->minor >= PGWIRE_NEWEST_MINOR ? PGWIRE_NEWEST_MINOR : 0;
    session->key_length = minor >= 2 ? CANCEL_KEY_BYTES : 4;
    if (startup->minor != minor || count > 0)
        pgwire_negotiate_protocol_version(session_out(session), VERSION_3_0 | minor, unknown,
                                          count);
}

/* A number that no other session has; never 0, positive as an int32. */
static uint32_t new_process_id(FrontEnd *front)
{
    for (;;) {
        uint32_t id = front->next_process_id++;
        if (front->next_process_id > INT32_MAX)
            front->next_process_id = 1;
        Session *other = front->by_process[id % SESSION_BUCKETS];
        while (other != NULL && other->process_id != id)
            other = other->next_in_bucket;
        if (other == NULL)
            return id;
    }
}

static void register_session(Session *session)
{
    FrontEnd *front = session->front;
    session->process_id = new_process_id(front);
    session->advisory.process_id = session->process_id;
    os_random(session->key, sizeof session->key);
    Session **bucket = &front->by_process[session->process_id % SESSION_BUCKETS];
    session->next_in_bucket = *bucket;
    *bucket = session;
    session->is_started = true;
}

static void greet(Session *session)
{
    Buffer *out = session_out(session);
    int count;
    const SettingInfo *table = setting_table(&count);
    for (int i = 0; i < count; i++) {
        if (!table[i].is_reported)
            continue;
        char value[SETTING_TEXT_SIZE];
        setting_show(&session->settings, &table[i], value, sizeof value);
        pgwire_parameter_status(out, table[i].name, value);
    }
    Text key = {.data = (const char *)session->key, .length = session->key_length};
    pgwire_backend_key_data(out, session->process_id, key);
    session_ready_for_query(session);
}

/* ---------- coming in ---------- */

static uint32_t count_sessions_of(const FrontEnd *front, const char *user)
{
    uint32_t count = 0;
    for (const Session *s = front->sessions; s != NULL; s = s->next)
        count += s->is_started && s->state != SESSION_CLOSED && s->state != SESSION_CLOSING &&
                 strcmp(s->user, user) == 0;
    return count;
}

static bool check_limits(const Session *session, const AuthRole *role, Fault *fault)
{
    const FrontEnd *front = session->front;
    int64_t reserved = front->settings->superuser_reserved_connections;
    bool is_scarce = front->started_count > front->settings->max_connections - reserved;
    if (role->is_superuser)
        return true;
    if (is_scarce && front->settings->max_connections > reserved)
        return fault_set(fault, FAULT_TOO_MANY_CONNECTIONS,
                         "remaining connection slots are reserved for non-replication superuser "
                         "connections");
    return role->connection_limit < 0 ||
           count_sessions_of(front, session->user) < (uint32_t)role->connection_limit ||
           fault_set(fault, FAULT_TOO_MANY_CONNECTIONS, "too many connections for role \"%s\"",
                     session->user);
}

static bool enter(Session *session, Fault *fault)
{
    AuthRole role;
    if (!auth_role(session->front->auth, session->login->attempt, &role, fault) ||
        !check_limits(session, &role, fault))
        return false;
    session->is_superuser = role.is_superuser;
    if (role.settings.length > 2)
        session->role_settings = copy_text(role.settings);
    session_end_login(session);
    session->settings = *session->front->settings;
    if (!session_startup_settings(session, &session->settings, fault))
        return false;
    session_apply_settings(session);
    register_session(session);
    greet(session);
    log_debug("session started process_id=%u user=%s database=%s", session->process_id,
              session->user, session->database);
    return true;
}

static void follow_step(Session *session, AuthStep step, Fault *fault)
{
    switch (step) {
    case AUTH_WAITS:
        return;
    case AUTH_WORKS:
        loop_timer_start(&session->login->work, 0);
        return;
    case AUTH_ADMITS:
        pgwire_authentication_ok(session_out(session));
        if (!enter(session, fault))
            session_fatal(session, fault);
        return;
    case AUTH_REFUSES:
        session_fatal(session, fault);
        return;
    }
}

static void on_work(void *state)
{
    Session *session = state;
    Fault fault;
    if (session->state != SESSION_STARTING || session->login == NULL)
        return;
    AuthStep step = auth_work(session->login->attempt, session_out(session), &fault);
    follow_step(session, step, &fault);
    session_pump(session);
}

void session_end_login(Session *session)
{
    if (session->login == NULL)
        return;
    loop_timer_stop(&session->login->work);
    auth_end(session->login->attempt);
    free(session->login);
    session->login = NULL;
}

void session_startup_timeout(Session *session)
{
    Fault fault;
    log_info("a client did not finish its start-up in time");
    if (session->login == NULL) {
        session_close(session);
        return;
    }
    fault_set(&fault, FAULT_QUERY_CANCELED, "canceling authentication due to timeout");
    session_fatal(session, &fault);
}

static AuthStep begin_login(Session *session, Fault *fault)
{
    char name[TLS_NAME_SIZE];
    AuthPeer *peer = &session->peer;
    peer->is_encrypted = conn_is_encrypted(&session->conn);
    peer->has_certificate = conn_peer_certificate(&session->conn, name);
    peer->common_name = text_of(name);
    peer->end_point = peer->is_encrypted
                          ? tls_context_end_point(conn_tls_context(&session->conn))
                          : (Text){.data = "", .length = 0};
    session->login = calloc(1, sizeof *session->login);
    check(session->login != NULL);
    loop_timer_init(&session->login->work, session->front->loop, on_work, session);
    AuthStep step = auth_begin(session->front->auth, peer, text_of(session->user),
                               text_of(session->database), &session->login->attempt,
                               session_out(session), fault);
    peer->common_name = (Text){.data = "", .length = 0}; /* it was this function's */
    return step;
}

static bool begin_session(Session *session, const PgwireStartup *startup, Fault *fault)
{
    if (!check_protocol(session, fault) || !take_names(session, startup, fault) ||
        !has_room(session, fault))
        return false;
    buffer_append(&session->startup, startup->parameters.data, startup->parameters.length);
    negotiate(session, startup);
    follow_step(session, begin_login(session, fault), fault);
    return true;
}

/* The client's next word in the exchange. */
static bool login_step(Session *session)
{
    size_t available, total;
    const uint8_t *input = conn_input(&session->conn, &available);
    Fault fault;
    PgwireMessage message;
    if (loop_timer_is_running(&session->login->work))
        return false; /* what comes now waits for the verdict */
    if (!pgwire_message_length(input, available, false, &total, &fault)) {
        session_fatal(session, &fault);
        return false;
    }
    if (total == 0 || total > available)
        return false;
    bool ok = pgwire_message_read(input, total, &message, &fault);
    if (ok && message.kind == PGWIRE_CLIENT_TERMINATE) {
        session_close(session);
        return false;
    }
    if (ok && message.kind != PGWIRE_CLIENT_PASSWORD)
        ok = fault_set(&fault, FAULT_PROTOCOL_VIOLATION,
                       "expected password response, got message type %u", input[0]);
    if (ok)
        follow_step(session,
                    auth_take(session->login->attempt, message.bytes, session_out(session), &fault),
                    &fault);
    else
        session_fatal(session, &fault);
    if (session->conn.fd < 0)
        return false;
    conn_used(&session->conn, total);
    return true;
}

bool session_startup_step(Session *session)
{
    if (conn_begins_with_tls(&session->conn)) {
        begin_with_tls(session);
        return false;
    }
    if (session->login != NULL)
        return login_step(session);
    size_t available, total;
    const uint8_t *input = conn_input(&session->conn, &available);
    Fault fault;
    PgwireStartup startup;
    if (!pgwire_startup_length(input, available, &total, &fault)) {
        session_fatal(session, &fault);
        return false;
    }
    if (total == 0 || total > available)
        return false;
    if (!pgwire_startup_read(input, total, &startup, &fault)) {
        session_fatal(session, &fault);
        return false;
    }
    switch (startup.kind) {
    case PGWIRE_SSL_REQUEST:
    case PGWIRE_GSSENC_REQUEST:
        answer_encryption_request(session, &startup, available, total);
        return session->state == SESSION_STARTING;
    case PGWIRE_CANCEL_REQUEST:
        session_cancel_request(session->front, &startup);
        session_close(session);
        return false;
    case PGWIRE_STARTUP:
        if (session->front->is_stopping)
            fault_set(&fault, FAULT_CANNOT_CONNECT_NOW, "the database system is shutting down");
        if (session->front->is_stopping || !begin_session(session, &startup, &fault))
            session_fatal(session, &fault);
        break;
    }
    if (session->conn.fd < 0)
        return false;
    conn_used(&session->conn, total);
    return true;
}

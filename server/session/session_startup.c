/*
 * The start of a connection:
 *
 *   [GSSENCRequest -> 'N'] [SSLRequest -> 'N'] StartupMessage -> ... ReadyForQuery
 *   CancelRequest -> the connection closes without a word
 *
 * TLS goes where SSLRequest is refused, a password exchange between the startup packet and
 * AuthenticationOk (begin_session).
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { VERSION_3_0 = 3 << 16, MOST_UNKNOWN_OPTIONS = 64 };

static void refuse_encryption(Session *session, const PgwireStartup *startup, size_t available,
                              size_t total)
{
    bool *asked = startup->kind == PGWIRE_SSL_REQUEST ? &session->has_refused_ssl
                                                      : &session->has_refused_gss;
    Fault fault;
    /* Bytes behind the request were sent before the answer was known: either a client that does
     * not keep to the protocol, or somebody in the middle who put them there. */
    if (*asked || available > total) {
        fault_set(&fault, FAULT_PROTOCOL_VIOLATION, "received unencrypted data after %s request",
                  startup->kind == PGWIRE_SSL_REQUEST ? "SSL" : "GSSAPI encryption");
        session_fatal(session, &fault);
        return;
    }
    *asked = true;
    buffer_append_byte(session_out(session), 'N');
}

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

static void negotiate(Session *session, const PgwireStartup *startup)
{
    Text unknown[MOST_UNKNOWN_OPTIONS];
    uint32_t count = 0;
    Text rest = startup->parameters, name, value;
    while (pgwire_next_parameter(&rest, &name, &value) && count < MOST_UNKNOWN_OPTIONS) {
        if (name.length >= 5 && memcmp(name.data, "_pq_.", 5) == 0)
            unknown[count++] = name;
    }
    if (startup->minor > 0 || count > 0)
        pgwire_negotiate_protocol_version(session_out(session), VERSION_3_0, unknown, count);
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
    os_random(&session->key, sizeof session->key);
    Session **bucket = &front->by_process[session->process_id % SESSION_BUCKETS];
    session->next_in_bucket = *bucket;
    *bucket = session;
    session->is_started = true;
}

static void greet(Session *session)
{
    Buffer *out = session_out(session);
    pgwire_authentication_ok(out);
    int count;
    const SettingInfo *table = setting_table(&count);
    for (int i = 0; i < count; i++) {
        if (!table[i].is_reported)
            continue;
        char value[SETTING_TEXT_SIZE];
        setting_show(&session->settings, &table[i], value, sizeof value);
        pgwire_parameter_status(out, table[i].name, value);
    }
    pgwire_parameter_status(out, "session_authorization", session->user);
    pgwire_backend_key_data(out, session->process_id, session->key);
    session_ready_for_query(session);
}

static bool begin_session(Session *session, const PgwireStartup *startup, Fault *fault)
{
    if (!take_names(session, startup, fault) || !has_room(session, fault))
        return false;
    if (!auth_decide(&session->peer, text_of(session->user), text_of(session->database), fault))
        return false;
    session->settings = *session->front->settings;
    buffer_append(&session->startup, startup->parameters.data, startup->parameters.length);
    if (!session_startup_settings(session, &session->settings, fault))
        return false;
    negotiate(session, startup);
    register_session(session);
    greet(session);
    log_debug("session started process_id=%u user=%s database=%s", session->process_id,
              session->user, session->database);
    return true;
}

bool session_startup_step(Session *session)
{
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
        refuse_encryption(session, &startup, available, total);
        break;
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

/*
 * Cancelling: by the client's second connection, by the statement's timeout. What follows for
 * the request is in request.c.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "base/scram/scram.h"

const char *cancel_reason_name(CancelReason reason)
{
    switch (reason) {
    case CANCEL_NONE:
    case CANCEL_USER:
        return "user";
    case CANCEL_TIMEOUT:
        return "timeout";
    case CANCEL_SHUTDOWN:
        return "shutdown";
    case CANCEL_DISCONNECT:
        return "disconnect";
    case CANCEL_PORTAL:
        return "portal";
    }
    return "user";
}

bool cancel_fault(CancelReason reason, Fault *fault)
{
    if (reason == CANCEL_SHUTDOWN) {
        fault_set(fault, FAULT_CANCELED_BY_SHUTDOWN,
                  "terminating connection due to administrator command");
        return fault_field_text(fault, "reason", "TASK_SHUTDOWN");
    }
    bool is_timeout = reason == CANCEL_TIMEOUT;
    fault_set(fault, FAULT_CANCELED, "canceling statement due to %s",
              is_timeout ? "statement timeout" : "user request");
    return fault_field_text(fault, "reason", is_timeout ? "QUERY_TIMEOUT" : "USER_REQUEST");
}

/* The key is a secret: how far a guess agrees must not show in the time that it takes. */
static bool is_key(const Session *session, Text key)
{
    return key.length == session->key_length && scram_equal(key.data, session->key, key.length);
}

void session_cancel_request(FrontEnd *front, const PgwireStartup *cancel)
{
    Session *session = front->by_process[cancel->process_id % SESSION_BUCKETS];
    while (session != NULL && session->process_id != cancel->process_id)
        session = session->next_in_bucket;
    if (session == NULL || !is_key(session, cancel->key)) {
        log_info("cancel request with a wrong key process_id=%u", cancel->process_id);
        return;
    }
    /* A request that has ended meanwhile must not be mistaken for the next one: there is none
     * before the client has heard of the end. */
    if (session->state == SESSION_BUSY && session->active != NULL) {
        request_cancel(session->active, CANCEL_USER);
        session_pump(session);
    }
}

/* pg_cancel_backend, pg_terminate_backend: the controller has asked whether it may be done. */
void session_signal(FrontEnd *front, uint32_t process_id, bool ends)
{
    Fault fault;
    Session *session = front->by_process[process_id % SESSION_BUCKETS];
    while (session != NULL && session->process_id != process_id)
        session = session->next_in_bucket;
    if (session == NULL || session->state == SESSION_CLOSED)
        return;
    if (ends) {
        fault_set(&fault, FAULT_ADMIN_SHUTDOWN,
                  "terminating connection due to administrator command");
        session_fatal(session, &fault);
    } else if (session->state == SESSION_BUSY && session->active != NULL) {
        request_cancel(session->active, CANCEL_USER);
        session_pump(session);
    }
}

void session_statement_timeout(Session *session)
{
    if (session->active == NULL)
        return;
    request_cancel(session->active, CANCEL_TIMEOUT);
    session_pump(session);
}

void session_start_statement_timer(Session *session)
{
    if (session->settings.statement_timeout > 0)
        loop_timer_start(&session->timer, session->settings.statement_timeout);
    else
        loop_timer_stop(&session->timer);
}

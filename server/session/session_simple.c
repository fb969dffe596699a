/*
 * The simple query protocol: one text, any number of statements, one transaction.
 */
#include "server/session/session_internal.h"

void session_query(Session *session, Text text)
{
    Fault fault;
    Buffer decoded = BUFFER_EMPTY;
    session_drop_unnamed(session);
    if (session_decode(session, &text, &decoded, &fault)) {
        session_show_query(session, text);
        request_start(session, &(RequestParts){.kind = REQUEST_SIMPLE, .text = text});
    } else {
        session_simple_error(session, &fault);
    }
    buffer_clear(&decoded);
}

void session_simple_done(Session *session, bool failed)
{
    if (failed)
        session_abort(session);
    session_ready_for_query(session);
}

void session_function_call(Session *session)
{
    Fault fault;
    fault_set(&fault, FAULT_FEATURE_NOT_SUPPORTED, "the function call protocol is not supported");
    fault_hint(&fault, "Call the function in a SELECT.");
    session_simple_error(session, &fault);
}

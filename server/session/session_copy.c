/*
 * COPY FROM: what the client sends goes to the controller as it comes, no more than a window of it
 * ahead of what has been read there; then the session stops reading, and the client must wait.
 */
#include "server/session/session_internal.h"

bool session_takes_copy(const Session *session)
{
    const Request *request = session->active;
    return session->state == SESSION_BUSY && request != NULL && request->copies_in &&
           request->controller != NULL && request->copy_sent < COPY_WINDOW;
}

static void send_data(Request *request, Text data, bool is_done, const Text *failure)
{
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->link), FRAME_COPY_DATA);
    frame_put_uint(&writer, "query", request->id);
    if (is_done)
        frame_put_bool(&writer, "done", true);
    if (failure != NULL)
        frame_put_text(&writer, "failed", *failure);
    frame_put_bytes(&writer, "data", data.data, data.length);
    frame_end(&writer);
    request->copy_sent += data.length;
    child_flush(request->controller);
}

bool session_copy_prefix(Request *request, const uint8_t *data, size_t length)
{
    enum { HEADER = 5 };
    Buffer *prefix = &request->prefix;
    if (prefix->length == 0 || length < HEADER || data[0] != 'd')
        return false;
    uint32_t size = (uint32_t)data[1] << 24 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 8 | data[4];
    size += (uint32_t)prefix->length;
    uint8_t header[HEADER] = {'d', (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                              (uint8_t)size};
    buffer_append(session_out(request->session), header, sizeof header);
    buffer_append(session_out(request->session), prefix->data, prefix->length);
    session_send(request->session);
    buffer_reset(prefix);
    return true;
}

void session_copy_message(Session *session, const PgwireMessage *message)
{
    Request *request = session->active;
    Text none = {.data = "", .length = 0};
    Text reason;
    Fault fault;
    switch (message->kind) {
    case PGWIRE_CLIENT_COPY_DATA:
        send_data(request, message->bytes, false, NULL);
        return;
    case PGWIRE_CLIENT_COPY_DONE:
        request->copies_in = false;
        send_data(request, none, true, NULL);
        return;
    case PGWIRE_CLIENT_COPY_FAIL:
        request->copies_in = false;
        reason = message->bytes; /* a text with its end mark */
        if (reason.length > 0 && reason.data[reason.length - 1] == 0)
            reason.length--;
        if (!session_check_utf8(reason, &fault))
            reason = none;
        send_data(request, none, false, &reason);
        return;
    case PGWIRE_CLIENT_FLUSH:
    case PGWIRE_CLIENT_SYNC: /* PostgreSQL passes them over */
        return;
    case PGWIRE_CLIENT_TERMINATE:
        session->has_said_last = true;
        session_enter(session, SESSION_CLOSING);
        return;
    default:
        break;
    }
    request->copies_in = false;
    reason = text_of("unexpected message during COPY from stdin");
    send_data(request, none, false, &reason);
}

/*
 * Advisory locks on behalf of queries: a controller asks for a lock, gives one back, or waits no
 * longer, and is told by SERVER_STATE how that went. Locks of a transaction go with it, all go
 * with the session.
 */
#include "server/session/session_internal.h"

#include "base/memory/pack.h"

static void answer(Request *request, const char *outcome, const char *detail)
{
    FrameWriter writer;
    request->waits_for_lock = false;
    if (request->controller == NULL)
        return;
    frame_begin(&writer, link_out(request->controller->link), FRAME_SERVER_STATE);
    frame_put_uint(&writer, "query", request->id);
    frame_put_text(&writer, "advisory", text_of(outcome));
    frame_put_text(&writer, "detail", text_of(detail));
    frame_end(&writer);
    child_flush(request->controller);
}

static void granted(void *state, uint64_t number)
{
    Request *request = request_find(state, number);
    if (request != NULL)
        answer(request, "yes", "");
}

void session_advisory_init(FrontEnd *front)
{
    front->advisory.granted = granted;
    front->advisory.state = front;
    front->advisory.most_waiters = SHARED_CONTROLLERS * 3 / 4;
}

static void take(Request *request, const Frame *frame, AdvisoryKey key, AdvisoryMode mode, bool waits)
{
    Session *session = request->session;
    bool is_transaction = frame_bool(frame, "transaction", false);
    AdvisoryWish wish = {.mode = mode,
                         .depth = is_transaction ? session->savepoints : ADVISORY_SESSION,
                         .waits = waits,
                         .request = request->id};
    char detail[640] = "";
    switch (advisory_take(&request->front->advisory, &session->advisory, key, &wish, detail,
                          sizeof detail)) {
    case ADVISORY_GRANTED:
        answer(request, "yes", "");
        return;
    case ADVISORY_REFUSED:
        answer(request, "no", "");
        return;
    case ADVISORY_DEADLOCK:
        answer(request, "deadlock", detail);
        return;
    case ADVISORY_FULL:
        answer(request, "full", "");
        return;
    case ADVISORY_WAITS:
        request->waits_for_lock = true; /* its controller is not one of those that work */
        dispatch_waiting(request->front);
        return;
    }
}

void session_advisory(Request *request, const Frame *frame)
{
    Session *session = request->session;
    AdvisoryTable *table = &request->front->advisory;
    Text what = frame_text(frame, "advisory");
    AdvisoryKey key = {.class_id = (uint32_t)frame_uint(frame, "class", 0),
                       .object_id = (uint32_t)frame_uint(frame, "object", 0),
                       .kind = (uint16_t)frame_uint(frame, "kind", 0)};
    AdvisoryMode mode = frame_bool(frame, "shared", false) ? ADVISORY_SHARED : ADVISORY_EXCLUSIVE;
    if (session == NULL)
        return; /* the controller has been told to stop */
    if (text_equal_string(what, "take")) {
        take(request, frame, key, mode, true);
    } else if (text_equal_string(what, "try")) {
        take(request, frame, key, mode, false);
    } else if (text_equal_string(what, "unlock")) {
        answer(request, advisory_release(table, &session->advisory, key, mode) ? "yes" : "no", "");
    } else if (text_equal_string(what, "unlock_all")) {
        advisory_release_session(table, &session->advisory);
        answer(request, "yes", "");
    } else if (request->waits_for_lock) { /* abandon */
        request->waits_for_lock = false;
        advisory_abandon(table, &session->advisory, request->id);
    } else { /* it came too late: the lock is given back */
        advisory_give_back(table, &session->advisory, key, mode,
                           frame_bool(frame, "transaction", false));
    }
}

static void pack_lock(void *state, AdvisoryKey key, uint32_t process_id, AdvisoryMode mode,
                      bool is_granted)
{
    Buffer *out = state;
    pack_array(out, 6);
    pack_uint(out, process_id);
    pack_uint(out, key.class_id);
    pack_uint(out, key.object_id);
    pack_uint(out, key.kind);
    pack_string(out, advisory_mode_name(mode));
    pack_bool(out, is_granted);
}

void session_pack_advisory(Buffer *out, const FrontEnd *front)
{
    pack_array(out, front->advisory.count);
    advisory_visit(&front->advisory, pack_lock, out);
}

/*
 * Advisory locks: the front end has them; a query asks and waits here.
 */
#include "server/controller/controller_internal.h"

#include "base/os/os.h"

static void send(Request *request, const char *what, const AdvisoryCall *call)
{
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->front), FRAME_RESPONSE);
    frame_put_uint(&writer, "query", request->query);
    frame_put_text(&writer, "advisory", text_of(what));
    frame_put_uint(&writer, "class", call->class_id);
    frame_put_uint(&writer, "object", call->object_id);
    frame_put_uint(&writer, "kind", call->kind);
    frame_put_bool(&writer, "shared", call->is_shared);
    frame_put_bool(&writer, "transaction", call->is_transaction);
    frame_end(&writer);
    front_flush(request);
}

/* Until there is an answer, the request is cancelled, or lock_timeout is over. */
static void await(Request *request)
{
    enum { PATIENCE_MS = 1000 };
    int64_t limit = request->settings.lock_timeout, start = os_monotonic_nanos();
    while (!request->has_answer && !request->is_cancelled) {
        int64_t wait = PATIENCE_MS, left = limit - (os_monotonic_nanos() - start) / 1000000;
        if (limit > 0 && left <= 0)
            return;
        if (limit > 0 && left < wait)
            wait = left;
        if (!front_pump(request, (int)wait))
            return;
    }
}

static bool gave_up(Request *request, const AdvisoryCall *call, Fault *fault)
{
    if (call->what == ADVISORY_TAKE || call->what == ADVISORY_TRY)
        send(request, "abandon", call);
    if (request->is_cancelled) {
        *fault = request->cancel_fault;
        return false;
    }
    return fault_set(fault, FAULT_LOCK_NOT_AVAILABLE, "canceling statement due to lock timeout");
}

static bool refuse(const Request *request, Fault *fault)
{
    if (text_equal_string(request->answer.text, "deadlock")) {
        fault_set(fault, FAULT_DEADLOCK_DETECTED, "deadlock detected");
        fault_detail(fault, "%.*s", TEXT_ARGS(request->answer.declared));
        return fault_hint(fault, "See server log for query details.");
    }
    fault_set(fault, FAULT_OUT_OF_MEMORY, "out of shared memory");
    return fault_hint(fault, "Too many advisory locks are held or waited for.");
}

bool advisory_ask(void *state, const AdvisoryCall *call, bool *done, Fault *fault)
{
    static const char *const words[] = {[ADVISORY_TAKE] = "take",
                                        [ADVISORY_TRY] = "try",
                                        [ADVISORY_UNLOCK] = "unlock",
                                        [ADVISORY_UNLOCK_ALL] = "unlock_all"};
    Request *request = state;
    request->has_answer = false;
    send(request, words[call->what], call);
    await(request);
    if (!request->has_answer)
        return gave_up(request, call, fault);
    *done = text_equal_string(request->answer.text, "yes");
    if (*done)
        return true;
    if (text_equal_string(request->answer.text, "no")) {
        Fault warning;
        if (call->what == ADVISORY_UNLOCK) {
            fault_set(&warning, FAULT_WARNING, "you don't own a lock of type %s",
                      call->is_shared ? "ShareLock" : "ExclusiveLock");
            respond_notice(request, PGWIRE_SEVERITY_WARNING, &warning);
        }
        return true;
    }
    return refuse(request, fault);
}

/*
 * Asking the front end for workers, and giving them back.
 */
#include "server/controller/controller_internal.h"

static void put_wanted(Request *request, uint32_t maximum, bool is_short)
{
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->front), FRAME_SLOTS_WANTED);
    frame_put_uint(&writer, "query", request->query);
    frame_put_uint(&writer, "minimum", 1);
    frame_put_uint(&writer, "maximum", maximum);
    frame_put_bool(&writer, "short", is_short);
    frame_put_uint(&writer, "timeout", (uint64_t)request->settings.task_start_timeout);
    frame_end(&writer);
}

static uint32_t count_workers(const char *grant)
{
    uint32_t count = grant[0] != '\0' ? 1 : 0;
    for (; *grant != '\0'; grant++)
        count += *grant == ',';
    return count;
}

bool slots_acquire(Request *request, uint32_t maximum, bool is_short, uint32_t *count,
                   Fault *fault)
{
    request->has_grant = false;
    request->grant[0] = '\0';
    put_wanted(request, maximum, is_short);
    if (!front_flush(request)) {
        *fault = request->cancel_fault;
        return false;
    }
    front_await(request, &request->has_grant); /* where there are workers, it comes at once */
    if (!request->has_grant) {
        *fault = request->cancel_fault;
        slots_release(request, true); /* takes the wish back, or the grant under way */
        return false;
    }
    if (request->grant_fault.code != FAULT_NONE) {
        *fault = request->grant_fault;
        return false;
    }
    *count = count_workers(request->grant);
    return *count > 0 || fault_set(fault, FAULT_INTERNAL_ERROR, "no workers were granted");
}

void slots_release(Request *request, bool is_clean)
{
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->front), FRAME_SLOTS_RELEASED);
    frame_put_uint(&writer, "query", request->query);
    frame_put_bool(&writer, "clean", is_clean);
    frame_end(&writer);
    front_flush(request);
}

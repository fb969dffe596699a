/*
 * The link to the front end while a request runs.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

static void on_cancel(Request *request, const Frame *frame)
{
    if (request->is_cancelled)
        return;
    request->is_cancelled = true;
    Text reason = frame_text(frame, "reason");
    if (text_equal_string(reason, "timeout")) {
        fault_set(&request->cancel_fault, FAULT_CANCELED,
                  "canceling statement due to statement timeout");
        fault_field_text(&request->cancel_fault, "reason", "QUERY_TIMEOUT");
    } else if (text_equal_string(reason, "shutdown")) {
        fault_set(&request->cancel_fault, FAULT_CANCELED_BY_SHUTDOWN,
                  "terminating connection due to administrator command");
        fault_field_text(&request->cancel_fault, "reason", "TASK_SHUTDOWN");
    } else {
        fault_set(&request->cancel_fault, FAULT_CANCELED, "canceling statement due to user request");
        fault_field_text(&request->cancel_fault, "reason", "USER_REQUEST");
    }
}

static void on_grant(Request *request, const Frame *frame)
{
    Text workers = frame_text(frame, "workers");
    fault_clear(&request->grant_fault);
    if (frame_has(frame, "fault"))
        frame_fault(frame, "fault", &request->grant_fault);
    else if (workers.length >= sizeof request->grant)
        fault_set(&request->grant_fault, FAULT_INTERNAL_ERROR, "too many workers granted");
    else
        snprintf(request->grant, sizeof request->grant, "%.*s", TEXT_ARGS(workers));
    request->has_grant = true;
}

static void on_copy_data(Request *request, const Frame *frame)
{
    Text data = frame_text(frame, "data");
    if (request->copy_input == NULL)
        return; /* it has failed */
    buffer_append(&request->copy_pending, data.data, data.length);
    request->copy_done = request->copy_done || frame_bool(frame, "done", false);
    if (frame_has(frame, "failed")) {
        request->copy_failed = true;
        request->copy_failure = arena_text(request->arena, frame_text(frame, "failed"));
    }
}

static void on_frame(Request *request, const Frame *frame)
{
    if (frame_uint(frame, "query", 0) != request->query)
        return; /* of a request that is over */
    if (frame->kind == FRAME_COPY_DATA) {
        on_copy_data(request, frame);
    } else if (frame->kind == FRAME_REQUEST_CANCEL) {
        on_cancel(request, frame);
    } else if (frame->kind == FRAME_SLOTS_GRANTED) {
        on_grant(request, frame);
    } else if (frame->kind == FRAME_RESULT_CREDIT) {
        request->result_credit += (int64_t)frame_uint(frame, "bytes", 0);
    } else if (frame->kind == FRAME_SERVER_STATE && frame_has(frame, "found")) {
        request->found_statement = frame_bool(frame, "found", false);
        request->answer.text = arena_text(request->arena, frame_text(frame, "text"));
        request->answer.declared = arena_text(request->arena, frame_text(frame, "types"));
        request->answer.parameters = arena_text(request->arena, frame_text(frame, "parameter_types"));
        request->has_answer = true;
    } else if (frame->kind == FRAME_SERVER_STATE && frame_has(frame, "settings")) {
        request->answer.text = arena_text(request->arena, frame_text(frame, "settings"));
        request->has_answer = true;
    } else if (frame->kind == FRAME_SERVER_STATE && frame_has(frame, "advisory")) {
        request->answer.text = arena_text(request->arena, frame_text(frame, "advisory"));
        request->answer.declared = arena_text(request->arena, frame_text(frame, "detail"));
        request->has_answer = true;
    } else if (frame->kind == FRAME_SERVER_STATE && frame_has(frame, "fetched")) {
        request->has_fetched = true;
    } else if (frame->kind == FRAME_SERVER_STATE) {
        request->state_sessions = arena_text(request->arena, frame_text(frame, "sessions"));
        request->state_workers = arena_text(request->arena, frame_text(frame, "workers"));
        request->state_statements = arena_text(request->arena, frame_text(frame, "statements"));
        request->state_cursors = arena_text(request->arena, frame_text(frame, "cursors"));
        request->state_channels = arena_text(request->arena, frame_text(frame, "channels"));
        request->state_locks = arena_text(request->arena, frame_text(frame, "locks"));
        request->has_state = true;
    }
}

static bool lose_front(Request *request)
{
    request->front_lost = true;
    if (!request->is_cancelled) {
        request->is_cancelled = true;
        fault_set(&request->cancel_fault, FAULT_CANCELED_BY_SHUTDOWN, "the front end is gone");
    }
    return false;
}

bool front_pump(Request *request, int timeout_ms)
{
    Link *front = request->controller->front;
    Fault fault;
    if (request->front_lost)
        return false;
    struct pollfd item = {.fd = link_fd(front), .events = POLLIN};
    if (link_wants_write(front))
        item.events |= POLLOUT;
    if (poll(&item, 1, timeout_ms) <= 0)
        return true;
    if ((item.revents & POLLOUT) != 0 && !link_flush(front, &fault))
        return lose_front(request);
    if ((item.revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !link_fill(front, &fault))
        return lose_front(request);
    for (;;) {
        Frame frame;
        bool has;
        if (!link_next(front, &frame, &has, &fault))
            return lose_front(request);
        if (!has)
            return true;
        on_frame(request, &frame);
    }
}

void front_await(Request *request, const bool *has_come)
{
    OsSpin spin = {.nanos = 40000};
    os_spin_start(&spin);
    while (!*has_come && !request->is_cancelled)
        if (!front_pump(request, os_spin_again(&spin) ? 0 : 1000))
            return;
}

bool front_flush(Request *request)
{
    Link *front = request->controller->front;
    Fault fault;
    if (request->front_lost)
        return false;
    if (!link_flush(front, &fault))
        return lose_front(request);
    while (link_wants_write(front))
        if (!front_pump(request, 1000))
            return false;
    return true;
}

/*
 * Who works for whom: requests to controllers, workers to queries; and what happens when one of
 * them ends.
 *
 * Requests wait first come, first served. The controller that was idle last gets the next one:
 * its plans are warm. A suspended portal keeps its controller, so while some are kept, others are
 * added: base_controllers are always there for those who are not waiting for their own client.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------- the queue ---------- */

static void give(Request *request, Child *controller)
{
    FrontEnd *front = request->front;
    front->running[controller->number] = request;
    request->controller = controller;
    Buffer *out = link_out(controller->link);
    buffer_append(out, request->frame.data, request->frame.length);
    buffer_clear(&request->frame);
    child_flush(controller);
}

static void append_waiting(Request *request)
{
    FrontEnd *front = request->front;
    request->is_waiting = true;
    request->previous_waiting = front->waiting_last;
    request->next_waiting = NULL;
    if (front->waiting_last == NULL)
        front->waiting_first = request;
    else
        front->waiting_last->next_waiting = request;
    front->waiting_last = request;
}

void dispatch_withdraw(Request *request)
{
    FrontEnd *front = request->front;
    if (!request->is_waiting)
        return;
    if (request->previous_waiting == NULL)
        front->waiting_first = request->next_waiting;
    else
        request->previous_waiting->next_waiting = request->next_waiting;
    if (request->next_waiting == NULL)
        front->waiting_last = request->previous_waiting;
    else
        request->next_waiting->previous_waiting = request->previous_waiting;
    request->next_waiting = request->previous_waiting = NULL;
    request->is_waiting = false;
}

/* ---------- who waits for its own client ---------- */

enum {
    LOOK_MS = 50,     /* between two looks, while somebody waits for a controller or a worker */
    FULL_LOOKS = 3,   /* so many in a row with a full connection: its client is the slower one */
    RETIRE_MS = 10000 /* what was added is kept so long after it is too much */
};

static bool is_suspended(const Request *request)
{
    return request != NULL && request->session != NULL && request->session->active != request;
}

/* Whether the request uses no core: its client has asked for no more rows, or takes them more
 * slowly than they are made. `is_look`: time has passed since the last one. */
static void note_parked(Request *request, bool is_look)
{
    FrontEnd *front = request->front;
    Session *session = request->session;
    bool is_full = session != NULL && conn_is_full(&session->conn);
    if (!is_full)
        request->full_looks = 0;
    else if (is_look && request->full_looks < FULL_LOOKS)
        request->full_looks++;
    bool is_parked = is_suspended(request) || request->full_looks == FULL_LOOKS;
    if (is_parked == request->is_parked)
        return;
    request->is_parked = is_parked;
    slots_set_parked(front->slots, request->id, is_parked);
}

static void note_all_parked(FrontEnd *front, bool is_look)
{
    int count = supervisor_count(front->supervisor, CHILD_CONTROLLER);
    for (int i = 0; i < count; i++)
        if (front->running[i] != NULL)
            note_parked(front->running[i], is_look);
}

/* While somebody waits, those that run are looked at again and again. */
static void keep_looking(FrontEnd *front)
{
    bool is_waiting = front->waiting_first != NULL || slots_waiting_count(front->slots) > 0;
    if (is_waiting && !loop_timer_is_running(&front->look_timer))
        loop_timer_start(&front->look_timer, LOOK_MS);
}

void dispatch_look(void *state)
{
    FrontEnd *front = state;
    note_all_parked(front, true);
    dispatch_waiting(front);
    dispatch_run_slots(front);
    keep_looking(front);
}

/* ---------- more controllers, and fewer again ---------- */

/* Controllers that only wait: for their client, for workers, or for what workers do. */
static int count_kept(const FrontEnd *front)
{
    int kept = 0;
    int count = supervisor_count(front->supervisor, CHILD_CONTROLLER);
    for (int i = 0; i < count; i++) {
        const Request *request = front->running[i];
        kept += request != NULL &&
                (request->is_parked || request->wants_slots || request->holds_slots ||
                 request->waits_for_lock);
    }
    return kept;
}

/* Every controller there may be is kept by a portal whose client has stopped asking. */
static bool are_all_suspended(const FrontEnd *front)
{
    for (int i = 0; i < SHARED_CONTROLLERS; i++)
        if (!is_suspended(front->running[i]))
            return false;
    return true;
}

static void plan_retirement(FrontEnd *front)
{
    if (!loop_timer_is_running(&front->retire_timer) && !front->is_stopping)
        loop_timer_start(&front->retire_timer, RETIRE_MS);
}

static void add_controllers(FrontEnd *front)
{
    int kept = count_kept(front);
    while (supervisor_wanted(front->supervisor, CHILD_CONTROLLER) - kept <
               front->base_controllers &&
           supervisor_add(front->supervisor, CHILD_CONTROLLER) != NULL)
        plan_retirement(front);
    if (are_all_suspended(front))
        loop_task_queue(&front->starved);
}

static bool has_idle_surplus(const FrontEnd *front)
{
    return front->idle_count > 0 && front->waiting_first == NULL &&
           supervisor_wanted(front->supervisor, CHILD_CONTROLLER) >
               front->base_controllers + count_kept(front);
}

void dispatch_retire(void *state)
{
    FrontEnd *front = state;
    SlotWorker worker;
    while (has_idle_surplus(front))
        child_retire(supervisor_child(front->supervisor, CHILD_CONTROLLER, front->idle[0]));
    while (slots_take_surplus(front->slots, &worker))
        child_retire(supervisor_child(front->supervisor, CHILD_WORKER, worker.number));
    bool is_base = supervisor_wanted(front->supervisor, CHILD_CONTROLLER) <= front->base_controllers &&
                   supervisor_wanted(front->supervisor, CHILD_WORKER) <= front->base_workers;
    if (!is_base)
        plan_retirement(front);
}

void dispatch_waiting(FrontEnd *front)
{
    while (front->waiting_first != NULL && front->idle_count > 0) {
        int number = front->idle[--front->idle_count];
        Request *request = front->waiting_first;
        dispatch_withdraw(request);
        give(request, supervisor_child(front->supervisor, CHILD_CONTROLLER, number));
    }
    if (front->waiting_first == NULL)
        return;
    note_all_parked(front, false);
    add_controllers(front);
    keep_looking(front);
}

void dispatch_enqueue(Request *request)
{
    append_waiting(request);
    dispatch_waiting(request->front);
}

void dispatch_starved(void *state)
{
    FrontEnd *front = state;
    while (front->waiting_first != NULL && are_all_suspended(front)) {
        Request *request = front->waiting_first;
        Session *session = request->session;
        Fault fault;
        dispatch_withdraw(request);
        request->is_done = true;
        fault_set(&fault, FAULT_INSUFFICIENT_RESOURCES,
                  "all controllers are kept by open portals");
        fault_hint(&fault, "Fetch the open portals' rows to their end, or close them.");
        request_fail(request, &fault);
        if (session != NULL)
            session_pump(session);
    }
}

static void push_idle(FrontEnd *front, int number)
{
    front->idle[front->idle_count++] = number;
    dispatch_waiting(front);
}

static void remove_idle(FrontEnd *front, int number)
{
    for (int i = 0; i < front->idle_count; i++) {
        if (front->idle[i] != number)
            continue;
        memmove(&front->idle[i], &front->idle[i + 1],
                (size_t)(front->idle_count - i - 1) * sizeof front->idle[0]);
        front->idle_count--;
        return;
    }
}

void dispatch_release(Request *request)
{
    Child *controller = request->controller;
    if (controller == NULL)
        return;
    /* A controller that is done and still holds workers has lost track of them. */
    dispatch_slots_released(request, false);
    request->controller = NULL;
    request->front->running[controller->number] = NULL;
    if (controller->state == CHILD_READY)
        push_idle(request->front, controller->number);
    front_end_check_stop(request->front);
}

void dispatch_kill(Request *request)
{
    Child *controller = request->controller;
    if (controller == NULL)
        return;
    /* Parted first: the controller's end is then no news about this request. */
    request->controller = NULL;
    request->front->running[controller->number] = NULL;
    dispatch_slots_released(request, false);
    child_kill(controller);
}

void dispatch_forget(Request *request)
{
    Fault fault;
    if (request->controller != NULL)
        request->front->running[request->controller->number] = NULL;
    request->controller = NULL;
    request->is_done = true;
    cancel_fault(CANCEL_SHUTDOWN, &fault);
    request_fail(request, &fault);
}

/* ---------- slots ---------- */

static void send_workers(Request *request, const SlotGrant *grant)
{
    Buffer workers = BUFFER_EMPTY;
    for (int i = 0; i < grant->count; i++)
        buffer_printf(&workers, "%s%d:%llu", i > 0 ? "," : "", grant->workers[i].number,
                      (unsigned long long)grant->workers[i].generation);
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->link), FRAME_SLOTS_GRANTED);
    frame_put_uint(&writer, "query", request->id);
    frame_put_text(&writer, "workers", (Text){.data = (const char *)workers.data,
                                              .length = (uint32_t)workers.length});
    frame_end(&writer);
    buffer_clear(&workers);
    child_flush(request->controller);
}

void dispatch_refuse_slots(Request *request, const Fault *fault)
{
    if (!request->wants_slots || request->controller == NULL)
        return;
    request->wants_slots = false;
    slots_forget(request->front->slots, request->id);
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->link), FRAME_SLOTS_GRANTED);
    frame_put_uint(&writer, "query", request->id);
    frame_put_fault(&writer, "fault", fault);
    frame_end(&writer);
    child_flush(request->controller);
}

/* Workers that somebody waits for and may have. */
static void add_workers(FrontEnd *front)
{
    note_all_parked(front, false);
    for (int lacking = slots_lacking(front->slots); lacking > 0; lacking--) {
        if (supervisor_add(front->supervisor, CHILD_WORKER) == NULL)
            break;
        plan_retirement(front);
    }
    slots_set_coming(front->slots, supervisor_coming(front->supervisor, CHILD_WORKER));
}

void dispatch_run_slots(FrontEnd *front)
{
    SlotGrant grant;
    slots_set_coming(front->slots, supervisor_coming(front->supervisor, CHILD_WORKER));
    if (slots_waiting_count(front->slots) > 0)
        add_workers(front);
    while (slots_next_grant(front->slots, &grant)) {
        Request *request = request_find(front, grant.query);
        check(request != NULL && request->controller != NULL);
        request->wants_slots = false;
        request->holds_slots = true;
        send_workers(request, &grant);
    }
    keep_looking(front);
    int64_t deadline = slots_next_deadline(front->slots);
    if (deadline == INT64_MAX) {
        loop_timer_stop(&front->slots_timer);
    } else {
        int64_t left = (deadline - os_monotonic_nanos()) / 1000000;
        loop_timer_start(&front->slots_timer, left < 0 ? 0 : left + 1);
    }
}

void dispatch_slots_due(void *state)
{
    FrontEnd *front = state;
    uint64_t query;
    Fault fault;
    while (slots_next_expired(front->slots, os_monotonic_nanos(), &query, &fault)) {
        Request *request = request_find(front, query);
        if (request != NULL)
            dispatch_refuse_slots(request, &fault);
    }
    dispatch_run_slots(front);
}

void dispatch_slots_wanted(Request *request, const Frame *frame)
{
    FrontEnd *front = request->front;
    uint64_t maximum = frame_uint(frame, "maximum", 1);
    int64_t now = os_monotonic_nanos();
    /* The session may be gone; then the query is being cancelled anyway. */
    int64_t patience = front->settings->task_start_timeout;
    if (request->session != NULL)
        patience = request->session->settings.task_start_timeout;
    int64_t deadline;
    if (patience > INT64_MAX / 2000000 ||
        __builtin_add_overflow(now, patience * 1000000, &deadline))
        deadline = INT64_MAX - 1;
    int most = maximum > SLOTS_MOST_WORKERS ? SLOTS_MOST_WORKERS : (int)maximum;
    request->wants_slots = true;
    if (request->cancel != CANCEL_NONE ||
        !slots_want(front->slots, request->id, most, frame_bool(frame, "short", false), now,
                    deadline)) {
        Fault fault;
        if (request->cancel != CANCEL_NONE)
            cancel_fault(request->cancel, &fault);
        else
            fault_set(&fault, FAULT_INTERNAL_ERROR, "the query has asked for workers already");
        dispatch_refuse_slots(request, &fault);
        return;
    }
    dispatch_run_slots(front);
}

void dispatch_slots_released(Request *request, bool clean)
{
    FrontEnd *front = request->front;
    if (request->wants_slots) {
        slots_forget(front->slots, request->id);
        request->wants_slots = false;
    }
    if (!request->holds_slots)
        return;
    request->holds_slots = false;
    SlotGrant lost;
    slots_give_back(front->slots, request->id, clean, &lost);
    for (int i = 0; i < lost.count; i++) {
        Child *worker =
            supervisor_child(front->supervisor, CHILD_WORKER, lost.workers[i].number);
        if (worker->generation == lost.workers[i].generation)
            child_kill(worker);
    }
    dispatch_run_slots(front);
}

/* ---------- children ---------- */

static void on_ready(void *state, Child *child)
{
    FrontEnd *front = state;
    switch (child->kind) {
    case CHILD_CONTROLLER:
        push_idle(front, child->number);
        break;
    case CHILD_WORKER:
        slots_worker_ready(front->slots, child->number, child->generation);
        dispatch_run_slots(front);
        break;
    case CHILD_KIND_COUNT:
        break;
    }
}

/* None lives or is being born, and this one died quickly several times in a row: who waits is
 * told, and not left to wait for what will not come. */
static bool are_controllers_hopeless(const FrontEnd *front, const Child *last)
{
    enum { MANY_QUICK_DEATHS = 3 };
    int count = supervisor_count(front->supervisor, CHILD_CONTROLLER);
    for (int i = 0; i < count; i++) {
        const Child *child = supervisor_child(front->supervisor, CHILD_CONTROLLER, i);
        if (child->state == CHILD_STARTING || child->state == CHILD_READY)
            return false;
    }
    return last->history.quick_deaths >= MANY_QUICK_DEATHS;
}

static void fail_waiting(FrontEnd *front)
{
    while (front->waiting_first != NULL) {
        Request *request = front->waiting_first;
        Session *session = request->session;
        Fault fault;
        dispatch_withdraw(request);
        request->is_done = true;
        fault_set(&fault, FAULT_SYSTEM_ERROR, "the processes that run queries end as they start");
        fault_hint(&fault, "The server's log says why.");
        request_fail(request, &fault);
        session_pump(session);
    }
}

static void controller_lost(FrontEnd *front, int number)
{
    const Child *child = supervisor_child(front->supervisor, CHILD_CONTROLLER, number);
    if (are_controllers_hopeless(front, child))
        fail_waiting(front);

    remove_idle(front, number);
    Request *request = front->running[number];
    if (request == NULL)
        return;
    Session *session = request->session;
    Fault fault;
    front->running[number] = NULL;
    request->controller = NULL;
    request->is_done = true;
    dispatch_slots_released(request, false);
    if (request->cancel != CANCEL_NONE) {
        cancel_fault(request->cancel, &fault);
    } else if (atomic_load(&front->shared->memory.slot_refused[child->memory_slot])) {
        fault_set(&fault, FAULT_NOT_ENOUGH_MEMORY, "not enough memory for values of the query");
    } else {
        fault_set(&fault, FAULT_SYSTEM_ERROR, "the process that ran the query ended unexpectedly");
        fault_hint(&fault, "Try again; the server's log says how it ended.");
    }
    request_fail(request, &fault);
    if (session != NULL)
        session_pump(session);
    front_end_check_stop(front);
}

/* A running query's controller notices by itself; who has done its part needs the front end. */
static void worker_lost(FrontEnd *front, const Child *worker)
{
    slots_worker_gone(front->slots, worker->number);
    for (int i = 0; i < REQUEST_BUCKETS; i++) {
        for (Request *request = front->requests[i], *next; request != NULL; request = next) {
            next = request->next_in_bucket;
            request_note_lost_source(request, worker);
            Session *session = request->session;
            if (!request->has_lost_rows || !request->is_done || session == NULL)
                continue;
            Fault fault;
            request_lost_rows_fault(&fault);
            request_fail(request, &fault);
            session_pump(session);
            /* The pump may have changed the bucket: start over with it. */
            next = front->requests[i];
        }
    }
    dispatch_run_slots(front);
}

static void on_lost(void *state, Child *child)
{
    FrontEnd *front = state;
    switch (child->kind) {
    case CHILD_CONTROLLER:
        controller_lost(front, child->number);
        break;
    case CHILD_WORKER:
        worker_lost(front, child);
        break;
    case CHILD_KIND_COUNT:
        break;
    }
}

/* The request that a controller's frame is about; NULL when that has ended for us. */
static Request *own_request(FrontEnd *front, const Child *child, const Frame *frame)
{
    if (child->kind != CHILD_CONTROLLER)
        return NULL;
    Request *request = front->running[child->number];
    bool matches = request != NULL && request->id == frame_uint(frame, "query", 0);
    return matches ? request : NULL;
}

static void on_frame(void *state, Child *child, const Frame *frame)
{
    FrontEnd *front = state;
    Request *request;
    if (frame->kind == FRAME_RESULT_ROWS || frame->kind == FRAME_RESULT_END) {
        request = request_find(front, frame_uint(frame, "query", 0));
        if (request != NULL && frame->kind == FRAME_RESULT_ROWS)
            result_rows(request, child, frame);
        else if (request != NULL)
            result_end(request, child, frame);
        return;
    }
    request = own_request(front, child, frame);
    if (request == NULL)
        return;
    if (frame->kind == FRAME_RESPONSE) {
        request_response(request, child, frame);
    } else if (frame->kind == FRAME_SLOTS_WANTED) {
        dispatch_slots_wanted(request, frame);
    } else if (frame->kind == FRAME_SLOTS_RELEASED) {
        dispatch_slots_released(request, frame_bool(frame, "clean", false));
    } else {
        log_warning("a controller sent a frame of kind %s", frame_kind_name(frame->kind));
    }
}

static void on_zygote_lost(void *state)
{
    FrontEnd *front = state;
    if (!front->is_stopping) {
        log_error("the zygote ended, and with it every controller and worker: the server ends");
        front->has_failed = true;
    }
    loop_stop(front->loop);
}

const SupervisorListener front_end_children = {on_ready, on_frame, on_lost, on_zygote_lost};

/*
 * Running a query here: the whole definition in this process, through the same operators, with
 * rows going to the front end over this controller's own link.
 */
#include "server/controller/controller_internal.h"

#include "engine/run/run.h"
#include "engine/stage/kernel.h"

enum {
    SEND_BYTES = 64 << 10, /* rows that are sent at once; fewer go with what ends the run's slice */
};

typedef struct LocalRun {
    Execution *execution;
    Run *run;
    uint64_t rows;
} LocalRun;

/* --- rows --- */

static bool sink_is_ready(void *state)
{
    LocalRun *local = state;
    return local->execution->collect != NULL || local->execution->request->result_credit > 0;
}

static bool sink_write(void *state, const void *data, size_t length, uint32_t rows, Fault *fault)
{
    LocalRun *local = state;
    Request *request = local->execution->request;
    FrameWriter writer;
    if (local->execution->collect != NULL) {
        buffer_append(local->execution->collect, data, length);
        return true;
    }
    frame_begin(&writer, link_out(request->controller->front), FRAME_RESULT_ROWS);
    frame_put_uint(&writer, "query", request->query);
    frame_put_uint(&writer, "partition", 0);
    frame_put_uint(&writer, "result", request->result_count - 1); /* announced before */
    frame_put_uint(&writer, "rows", rows);
    frame_put_bytes(&writer, "data", data, length);
    frame_end(&writer);
    request->result_credit -= (int64_t)length;
    local->rows += rows;
    return link_unsent(request->controller->front) < SEND_BYTES ||
           link_flush(request->controller->front, fault);
}

static void end_result(LocalRun *local)
{
    Request *request = local->execution->request;
    FrameWriter writer;
    frame_begin(&writer, link_out(request->controller->front), FRAME_RESULT_END);
    frame_put_uint(&writer, "query", request->query);
    frame_put_uint(&writer, "partition", 0);
    frame_put_uint(&writer, "result", request->result_count - 1); /* announced before */
    frame_put_uint(&writer, "rows", local->rows);
    frame_end(&writer);
}

/* --- what the run tells goes through the kernel, as from a worker --- */

static bool on_statistics(void *state, uint32_t stage, const KeyStatistics *statistics, Fault *fault)
{
    (void)fault;
    LocalRun *local = state;
    kernel_handle(local->execution->kernel, &(KernelEvent){.kind = KERNEL_STATISTICS,
                                                           .stage = stage,
                                                           .statistics = statistics});
    return true;
}

/* INSERT and REPLACE of few rows. */
static bool on_segment(void *state, const SegmentWritten *segment, Fault *fault)
{
    (void)fault;
    ingest_add_segment(((LocalRun *)state)->execution, segment);
    return true;
}

static void publish(LocalRun *local)
{
    Fault fault;
    bool ok = local->execution->defers_publish || ingest_publish(local->execution, &fault);
    kernel_handle(local->execution->kernel,
                  &(KernelEvent){.kind = ok ? KERNEL_PUBLISHED : KERNEL_PUBLISH_FAILED,
                                 .fault = &fault});
}

static void on_stage_done(void *state, uint32_t stage, const StageCounters *counters)
{
    LocalRun *local = state;
    kernel_handle(local->execution->kernel,
                  &(KernelEvent){.kind = KERNEL_STAGE_DONE, .stage = stage, .counters = counters});
}

static bool take_actions(LocalRun *local, Fault *fault)
{
    KernelAction action;
    while (kernel_next_action(local->execution->kernel, &action)) {
        if (action.kind == ACTION_SEND_BOUNDARIES &&
            !run_boundaries(local->run, action.stage, action.boundaries, fault))
            return false;
        if (action.kind == ACTION_PUBLISH)
            publish(local);
        if (action.kind == ACTION_FAIL) {
            *fault = *action.fault;
            return false;
        }
    }
    return true;
}

/* Looks at the link when it must: when a cancel was signalled, or there is nothing else to do. */
static bool look_at_front(Request *request, bool is_blocked, Fault *fault)
{
    if (is_blocked || request->controller->interrupted) {
        request->controller->interrupted = 0;
        front_pump(request, is_blocked ? 1000 : 0);
    }
    if (!request->is_cancelled)
        return true;
    *fault = request->cancel_fault;
    return false;
}

static bool drive(LocalRun *local, Fault *fault)
{
    Request *request = local->execution->request;
    uint32_t stage;
    for (;;) {
        RunState state = run_step(local->run, &stage, fault);
        if (state == RUN_FAILED) {
            if (request->controller->interrupted) /* the cancel may have been what failed it */
                front_pump(request, CANCEL_WAIT_MS);
            if (request->is_cancelled)
                *fault = request->cancel_fault;
            return false;
        }
        if (!take_actions(local, fault))
            return false;
        if (state == RUN_DONE)
            return true; /* what is left goes with the answer's end, in one piece */
        if (!link_flush(request->controller->front, fault))
            return false;
        if (!look_at_front(request, state == RUN_BLOCKED, fault))
            return false;
    }
}

bool execute_local(Execution *execution, Fault *fault)
{
    Request *request = execution->request;
    const ChildContext *child = request->controller->child;
    Budget budget;
    LocalRun local = {.execution = execution};
    ResultSink sink = {.is_ready = sink_is_ready, .write = sink_write, .state = &local};
    _Atomic uint32_t *tickets = child->shared->tickets[child->number];
    for (uint32_t i = 0; i < execution->definition->ticket_count; i++)
        atomic_store(&tickets[i], 0);
    budget_init_root(&budget, &child->shared->memory, child->memory_slot);
    RunOptions options = {.definition = execution->definition,
                          .types = &request->types,
                          .budget = &budget,
                          .tickets = tickets,
                          .segments = request->controller->segments,
                          .is_cancelled = &request->is_cancelled,
                          .sink = &sink,
                          .reports = {.statistics = on_statistics,
                                      .stage_done = on_stage_done,
                                      .segment_written = on_segment,
                                      .state = &local}};
    local.run = run_new(&options, fault);
    bool ok = local.run != NULL && drive(&local, fault);
    run_free(local.run);
    budget_release_all(&budget);
    if (ok && execution->query->ingest == NULL && execution->collect == NULL)
        end_result(&local);
    return ok;
}

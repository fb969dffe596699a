/*
 * Running a query over workers: work orders out, reports in, the kernel deciding, until every
 * stage is done or something failed.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"
#include "engine/stage/kernel.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { END_WAIT_MS = 2000 };

typedef struct Remote { /* a worker of the query */
    Link *link;
    uint64_t number, generation;
    bool is_lost;
    bool has_ended; /* it said that it is clean again */
} Remote;

typedef struct Distributed {
    Execution *execution;
    Remote *workers;
    uint32_t count;
    bool is_over;
    bool ok;
    Fault *fault;
} Distributed;

/* --- beginning --- */

static bool connect_worker(Distributed *run, uint32_t index, uint64_t number, uint64_t generation, Fault *fault)
{
    Remote *remote = &run->workers[index];
    Fault cause;
    *remote = (Remote){.number = number, .generation = generation};
    remote->link = worker_link_take(run->execution->request->controller, number, generation, &cause);
    if (remote->link != NULL)
        return true;
    fault_set(fault, FAULT_WORKER_RPC_FAILED, "worker %u cannot be reached: %.600s", index, cause.message);
    return fault_field_int(fault, "workerNumber", index);
}

static bool connect_workers(Distributed *run, Fault *fault)
{
    char *at = run->execution->request->grant;
    for (uint32_t i = 0; i < run->count; i++) {
        uint64_t number = strtoull(at, &at, 10);
        if (*at++ != ':')
            return fault_set(fault, FAULT_INTERNAL_ERROR, "grant of workers is malformed");
        uint64_t generation = strtoull(at, &at, 10);
        if (!connect_worker(run, i, number, generation, fault))
            return false;
        if (*at == ',')
            at++;
    }
    return true;
}

static void send_work_orders(Distributed *run)
{
    Request *request = run->execution->request;
    const ChildContext *child = request->controller->child;
    Buffer definition = BUFFER_EMPTY, settings = BUFFER_EMPTY;
    query_definition_pack(run->execution->definition, &definition);
    setting_pack(&request->settings, &settings);
    _Atomic uint32_t *tickets = child->shared->tickets[child->number];
    for (uint32_t i = 0; i < run->execution->definition->ticket_count; i++)
        atomic_store(&tickets[i], 0);
    for (uint32_t i = 0; i < run->count; i++) {
        FrameWriter writer;
        frame_begin(&writer, link_out(run->workers[i].link), FRAME_WORK_ORDER);
        frame_put_uint(&writer, "query", run->execution->definition->query);
        frame_put_uint(&writer, "request", request->query);
        frame_put_uint(&writer, "result", request->result_count - 1);
        frame_put_uint(&writer, "worker", i);
        frame_put_text(&writer, "workers", text_of(request->grant));
        frame_put_bytes(&writer, "definition", definition.data, definition.length);
        frame_put_bytes(&writer, "settings", settings.data, settings.length);
        frame_put_int(&writer, "now", request->types.now);
        frame_put_uint(&writer, "tickets_row", (uint64_t)child->number);
        frame_end(&writer);
    }
    buffer_clear(&definition);
    buffer_clear(&settings);
}

/* --- actions --- */

static void send_boundaries(Distributed *run, const KernelAction *action)
{
    const PartitionBoundaries *boundaries = action->boundaries;
    for (uint32_t i = 0; i < run->count; i++) {
        if (run->workers[i].is_lost)
            continue;
        FrameWriter writer;
        frame_begin(&writer, link_out(run->workers[i].link), FRAME_PARTITION_BOUNDARIES);
        frame_put_uint(&writer, "query", run->execution->definition->query);
        frame_put_uint(&writer, "stage", action->stage);
        frame_put_bytes(&writer, "starts_bucket", boundaries->starts_bucket, boundaries->partition_count);
        frame_end_with_batch(&writer, boundaries->boundaries);
    }
}

static void publish(Distributed *run)
{
    Fault fault;
    bool ok = run->execution->defers_publish || ingest_publish(run->execution, &fault);
    kernel_handle(run->execution->kernel,
                  &(KernelEvent){.kind = ok ? KERNEL_PUBLISHED : KERNEL_PUBLISH_FAILED, .fault = &fault});
}

static void take_actions(Distributed *run)
{
    KernelAction action;
    while (kernel_next_action(run->execution->kernel, &action)) {
        switch (action.kind) {
        case ACTION_SEND_BOUNDARIES:
            send_boundaries(run, &action);
            break;
        case ACTION_PUBLISH:
            publish(run);
            break;
        case ACTION_SUCCEED:
            run->is_over = run->ok = true;
            break;
        case ACTION_FAIL:
            run->is_over = true;
            *run->fault = *action.fault;
            break;
        }
    }
}

/* --- events --- */

static StageCounters read_counters(const Frame *frame)
{
    return (StageCounters){.input_rows = frame_uint(frame, "input_rows", 0),
                           .input_bytes = frame_uint(frame, "input_bytes", 0),
                           .input_frames = frame_uint(frame, "input_frames", 0),
                           .input_files = frame_uint(frame, "input_files", 0),
                           .total_files = frame_uint(frame, "total_files", 0),
                           .output_rows = frame_uint(frame, "output_rows", 0),
                           .output_bytes = frame_uint(frame, "output_bytes", 0),
                           .output_frames = frame_uint(frame, "output_frames", 0),
                           .parse_errors = frame_uint(frame, "parse_errors", 0),
                           .cpu_nanos = frame_uint(frame, "cpu_nanos", 0),
                           .wall_nanos = frame_uint(frame, "wall_nanos", 0),
                           .peak_memory = frame_uint(frame, "peak_memory", 0),
                           .blocks_read = frame_uint(frame, "blocks_read", 0),
                           .blocks_skipped = frame_uint(frame, "blocks_skipped", 0)};
}

static bool read_statistics(Request *request, const Frame *frame, uint32_t worker, const StageDefinition *stage,
                            KeyStatistics *statistics, Fault *fault)
{
    *statistics = (KeyStatistics){.worker = worker,
                                  .rows = frame_uint(frame, "rows", 0),
                                  .has_multiple_values = frame_bool(frame, "multiple_values", false)};
    if (frame->body_length <= frame->map_length)
        return true;
    Batch *samples;
    if (!frame_read_batch(frame, request->arena, &samples, fault))
        return false;
    bool fits = samples->column_count == stage->shuffle.key_count + 1 &&
                samples->columns[stage->shuffle.key_count].layout == LAYOUT_INT64;
    for (uint32_t i = 0; fits && i < stage->shuffle.key_count; i++)
        fits = samples->columns[i].layout == type_layout(stage->root->types[stage->shuffle.keys[i].column]);
    statistics->samples = samples;
    return fits || fault_set(fault, FAULT_INTERNAL_ERROR, "key statistics are malformed");
}

static bool read_segment(Distributed *run, const Frame *frame, Fault *fault)
{
    Request *request = run->execution->request;
    SegmentSummary summary = {.rows = frame_uint(frame, "rows", 0),
                              .file_bytes = frame_uint(frame, "bytes", 0)};
    Text digest = frame_text(frame, "digest");
    if (digest.length != sizeof summary.digest)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "report of a segment is malformed");
    memcpy(summary.digest, digest.data, digest.length);
    SegmentWritten segment = {.path = frame_text(frame, "path"),
                              .stage = (uint32_t)frame_uint(frame, "stage", 0),
                              .partition = (uint32_t)frame_uint(frame, "partition", 0),
                              .bucket = frame_int(frame, "bucket", INT64_MIN),
                              .minimum_time = frame_int(frame, "minimum_time", 0),
                              .maximum_time = frame_int(frame, "maximum_time", 0),
                              .has_multiple_values = frame_bool(frame, "multiple_values", false),
                              .range_dimensions = (uint32_t)frame_uint(frame, "range_dimensions", 0),
                              .summary = &summary};
    if (segment.range_dimensions > 0) {
        Batch *key;
        if (!frame_read_batch(frame, request->arena, &key, fault))
            return false;
        if (key->rows != 1 || key->column_count != segment.range_dimensions ||
            segment.range_dimensions > run->execution->query->ingest->cluster_count)
            return fault_set(fault, FAULT_INTERNAL_ERROR, "range key of a segment is malformed");
        for (uint32_t i = 0; i < key->column_count; i++)
            if (key->columns[i].layout != LAYOUT_STRING)
                return fault_set(fault, FAULT_INTERNAL_ERROR, "range key of a segment is malformed");
        segment.first_key = key;
    }
    ingest_add_segment(run->execution, &segment);
    return true;
}

static void on_warning(Distributed *run, const Frame *frame)
{
    Text name = frame_text(frame, "code");
    char code[64];
    snprintf(code, sizeof code, "%.*s", TEXT_ARGS(name));
    warnings_take(run->execution, fault_code_by_name(code), frame);
    kernel_handle(run->execution->kernel, &(KernelEvent){.kind = KERNEL_WARNING,
                                                         .code = fault_code_by_name(code),
                                                         .count = frame_uint(frame, "count", 0)});
}

static void fail_with(Distributed *run, uint32_t worker, const Fault *fault)
{
    kernel_handle(run->execution->kernel,
                  &(KernelEvent){.kind = KERNEL_WORKER_FAULT, .worker = worker, .fault = fault});
}

static void on_frame(Distributed *run, uint32_t worker, const Frame *frame)
{
    Request *request = run->execution->request;
    const QueryDefinition *definition = run->execution->definition;
    uint32_t stage = (uint32_t)frame_uint(frame, "stage", UINT32_MAX);
    Fault fault;
    if (frame_uint(frame, "query", 0) != definition->query)
        return;
    if (frame->kind == FRAME_QUERY_ENDED) {
        run->workers[worker].has_ended = true;
    } else if (frame->kind == FRAME_KEY_STATISTICS && stage < definition->stage_count) {
        KeyStatistics statistics;
        if (read_statistics(request, frame, worker, &definition->stages[stage], &statistics, &fault))
            kernel_handle(run->execution->kernel, &(KernelEvent){.kind = KERNEL_STATISTICS,
                                                                 .stage = stage,
                                                                 .worker = worker,
                                                                 .statistics = &statistics});
        else
            fail_with(run, worker, &fault);
    } else if (frame->kind == FRAME_STAGE_DONE) {
        StageCounters counters = read_counters(frame);
        kernel_handle(run->execution->kernel, &(KernelEvent){.kind = KERNEL_STAGE_DONE,
                                                             .stage = stage,
                                                             .worker = worker,
                                                             .counters = &counters});
    } else if (frame->kind == FRAME_WORKER_WARNING) {
        on_warning(run, frame);
    } else if (frame->kind == FRAME_WORKER_FAULT) {
        if (!frame_fault(frame, "fault", &fault))
            fault_set(&fault, FAULT_UNKNOWN_ERROR, "a worker failed without saying why");
        fail_with(run, worker, &fault);
    } else if (frame->kind == FRAME_SEGMENT_WRITTEN && run->execution->query->ingest != NULL) {
        if (!read_segment(run, frame, &fault))
            fail_with(run, worker, &fault);
    }
}

static void lose_worker(Distributed *run, uint32_t worker)
{
    run->workers[worker].is_lost = true;
    /* a worker's slot is its number */
    const MemoryPool *pool = &run->execution->request->controller->child->shared->memory;
    if (atomic_load(&pool->slot_refused[run->workers[worker].number])) {
        Fault fault;
        fault_set(&fault, FAULT_NOT_ENOUGH_MEMORY, "not enough memory for values of the query");
        fail_with(run, worker, &fault);
    }
    kernel_handle(run->execution->kernel, &(KernelEvent){.kind = KERNEL_WORKER_LOST, .worker = worker});
}

static void read_worker(Distributed *run, uint32_t worker)
{
    Link *link = run->workers[worker].link;
    Fault fault;
    bool alive = link_fill(link, &fault);
    for (;;) {
        Frame frame;
        bool has;
        if (!link_next(link, &frame, &has, &fault)) {
            alive = false;
            break;
        }
        if (!has)
            break;
        on_frame(run, worker, &frame);
    }
    if (!alive)
        lose_worker(run, worker);
}

/* --- the loop --- */

/* Serves all sockets once; waits up to `timeout` milliseconds. */
static void serve(Distributed *run, int timeout)
{
    Request *request = run->execution->request;
    Link *front = request->controller->front;
    static struct pollfd set[1024 + 1];
    uint32_t count = run->count;
    set[0] = (struct pollfd){.fd = link_fd(front), .events = POLLIN};
    Fault fault;
    link_flush(front, &fault);
    if (link_wants_write(front))
        set[0].events |= POLLOUT;
    for (uint32_t i = 0; i < count; i++) {
        Remote *remote = &run->workers[i];
        set[i + 1] = (struct pollfd){.fd = -1};
        if (remote->link == NULL || remote->is_lost)
            continue;
        if (!link_flush(remote->link, &fault)) {
            lose_worker(run, i);
            continue;
        }
        set[i + 1] = (struct pollfd){.fd = link_fd(remote->link), .events = POLLIN};
        if (link_wants_write(remote->link))
            set[i + 1].events |= POLLOUT;
    }
    if (poll(set, count + 1, timeout) <= 0 && !request->controller->interrupted)
        return;
    request->controller->interrupted = 0;
    if (set[0].revents != 0)
        front_pump(request, 0);
    for (uint32_t i = 0; i < count; i++)
        if (set[i + 1].fd >= 0 && (set[i + 1].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            read_worker(run, i);
}

static void drive(Distributed *run)
{
    Request *request = run->execution->request;
    while (!run->is_over) {
        if (request->is_cancelled)
            kernel_handle(run->execution->kernel,
                          &(KernelEvent){.kind = KERNEL_CANCEL, .fault = &request->cancel_fault});
        take_actions(run);
        if (!run->is_over)
            serve(run, 1000);
        take_actions(run);
    }
}

/* --- the end --- */

static bool all_ended(const Distributed *run)
{
    for (uint32_t i = 0; i < run->count; i++)
        if (!run->workers[i].has_ended && run->workers[i].link != NULL)
            return false;
    return true;
}

/* Tells the workers that it is over and waits until they are clean; false: some are not. */
static bool end_workers(Distributed *run)
{
    bool all_alive = true;
    for (uint32_t i = 0; i < run->count; i++) {
        Remote *remote = &run->workers[i];
        if (remote->link == NULL || remote->is_lost) {
            all_alive = false;
            continue;
        }
        FrameWriter writer;
        frame_begin(&writer, link_out(remote->link), FRAME_QUERY_END);
        frame_put_uint(&writer, "query", run->execution->definition->query);
        frame_end(&writer);
    }
    int64_t until = os_monotonic_nanos() + (int64_t)END_WAIT_MS * 1000000;
    while (all_alive && !all_ended(run) && os_monotonic_nanos() < until) {
        serve(run, 100);
        for (uint32_t i = 0; i < run->count; i++)
            all_alive = all_alive && !run->workers[i].is_lost;
    }
    return all_alive && all_ended(run);
}

bool execute_distributed(Execution *execution, Fault *fault)
{
    Request *request = execution->request;
    uint32_t count = 1;
    for (const char *at = request->grant; *at != '\0'; at++)
        count += *at == ',';
    Distributed run = {.execution = execution,
                       .workers = arena_zalloc(request->arena, count * sizeof(Remote)),
                       .count = count,
                       .fault = fault};
    check(count <= 1024);
    sig_atomic_t may_give_up = request->controller->may_give_up;
    request->controller->may_give_up = 0;
    if (connect_workers(&run, fault)) {
        send_work_orders(&run);
        drive(&run);
    }
    /* after a cancel the workers are replaced: certain, and every byte is given back */
    bool is_clean = !request->is_cancelled && end_workers(&run);
    for (uint32_t i = 0; i < count; i++) {
        Remote *remote = &run.workers[i];
        if (is_clean) /* all have said so */
            worker_link_keep(request->controller, remote->number, remote->generation, remote->link);
        else
            link_free(remote->link);
    }
    slots_release(request, is_clean);
    request->controller->may_give_up = may_give_up;
    return run.ok;
}

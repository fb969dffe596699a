/*
 * A worker's query: from the work order to QUERY_END.
 */
#include "server/worker/worker_internal.h"

#include "base/log/log.h"
#include "base/memory/guard.h"
#include "base/os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* --- the work order --- */

/* "number:generation,number:generation", the query's workers in order. */
static bool read_peers(WorkerQuery *query, Text list, Fault *fault)
{
    char *text = arena_strndup(query->arena, list.data, list.length);
    query->peers = ARENA_ARRAY(query->arena, Peer, WORKER_MAX_PEERS);
    for (char *at = text; *at != '\0';) {
        char *end;
        if (query->peer_count == WORKER_MAX_PEERS)
            return fault_set(fault, FAULT_TOO_MANY_WORKERS, "too many workers in a work order");
        Peer *peer = &query->peers[query->peer_count++];
        peer->number = strtoull(at, &end, 10);
        if (end == at || *end != ':')
            return fault_set(fault, FAULT_INTERNAL_ERROR, "work order names its workers badly");
        at = end + 1;
        peer->generation = strtoull(at, &end, 10);
        if (end == at || (*end != ',' && *end != '\0'))
            return fault_set(fault, FAULT_INTERNAL_ERROR, "work order names its workers badly");
        at = *end == ',' ? end + 1 : end;
    }
    return true;
}

static Link *link_to_worker(void *state, uint32_t index, Fault *fault)
{
    Worker *worker = state;
    if (index >= worker->query.peer_count) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "no worker %u in this query", index);
        return NULL;
    }
    Fault cause;
    Link *link = worker_link_to_peer(worker, &worker->query.peers[index], &cause);
    if (link == NULL) {
        fault_set(fault, FAULT_WORKER_RPC_FAILED, "worker %u cannot be reached: %.600s", index, cause.message);
        fault_field_int(fault, "workerNumber", index);
    }
    return link;
}

static bool read_work_order(Worker *worker, const Frame *frame, Fault *fault)
{
    WorkerQuery *query = &worker->query;
    query->worker = (uint32_t)frame_uint(frame, "worker", 0);
    setting_defaults(&query->settings);
    Text settings = frame_text(frame, "settings");
    if (!setting_unpack(&query->settings, (const uint8_t *)settings.data, settings.length, fault) ||
        !read_peers(query, frame_text(frame, "workers"), fault))
        return false;
    const TimeZone *zone = timezone_of_setting(text_of(query->settings.time_zone), query->settings.dialect != 1, fault);
    if (zone == NULL)
        return false;
    query->types = (TypeContext){.zone = zone,
                                 .dialect = query->settings.dialect,
                                 .now = frame_int(frame, "now", 0),
                                 .settings = &query->settings};
    Text definition = frame_text(frame, "definition");
    query->definition = query_definition_unpack(query->arena, (const uint8_t *)definition.data,
                                                definition.length, fault);
    if (query->definition == NULL)
        return false;
    uint64_t row = frame_uint(frame, "tickets_row", SHARED_CONTROLLERS);
    if (row >= SHARED_CONTROLLERS)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "work order names no row of tickets");
    query->network = (ExchangeNetwork){.link_to = link_to_worker, .state = worker};
    query->sink = worker_result_sink(worker);
    RunOptions options = {.definition = query->definition,
                          .counts_cpu = true,
                          .worker = query->worker,
                          .types = &query->types,
                          .budget = &worker->budget,
                          .tickets = worker->child->shared->tickets[row],
                          .segments = worker->segments,
                          .network = &query->network,
                          .sink = &query->sink,
                          .reports = worker_reports(worker)};
    query->run = run_new(&options, fault);
    return query->run != NULL;
}

static void fail_query(Worker *worker, uint32_t stage, const Fault *fault)
{
    worker_report_fault(worker, stage, fault);
    run_free(worker->query.run);
    worker->query.run = NULL;
}

static void replay_deferred(Worker *worker)
{
    uint32_t count = worker->deferred_count, kept = 0;
    Deferred *ours = ARENA_ARRAY(worker->query.arena, Deferred, count);
    uint32_t our_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (frame_uint(&worker->deferred[i].frame, "query", 0) == worker->query.query)
            ours[our_count++] = worker->deferred[i];
        else
            worker->deferred[kept++] = worker->deferred[i];
    }
    worker->deferred_count = kept;
    for (uint32_t i = 0; i < our_count; i++) {
        worker_frame(worker, ours[i].link, &ours[i].frame);
        link_body_free(ours[i].body);
    }
}

static void begin_query(Worker *worker, Link *controller, const Frame *frame)
{
    guard_begin();
    if (worker->query.query != 0)
        worker_end_query(worker);
    worker->query = (WorkerQuery){.query = frame_uint(frame, "query", 0),
                                  .request = frame_uint(frame, "request", frame_uint(frame, "query", 0)),
                                  .result = frame_uint(frame, "result", 0),
                                  .arena = arena_new("work order"),
                                  .controller = controller,
                                  .result_credit = 1 << 20};
    os_process_title("talaria: worker %d query %" PRIu64, worker->child->number, worker->query.request);
    Fault fault;
    if (!read_work_order(worker, frame, &fault))
        fail_query(worker, UINT32_MAX, &fault);
    else
        replay_deferred(worker);
}

/* Drops what waits for an execution that is over, and what has waited too long for a work order
 * that will never come. */
static void drop_deferred(Worker *worker, uint64_t ended)
{
    static const int64_t PATIENCE = INT64_C(60) * 1000000000;
    int64_t now = os_monotonic_nanos();
    uint32_t kept = 0;
    for (uint32_t i = 0; i < worker->deferred_count; i++) {
        Deferred *deferred = &worker->deferred[i];
        if (frame_uint(&deferred->frame, "query", 0) != ended && now - deferred->since < PATIENCE)
            worker->deferred[kept++] = *deferred;
        else
            link_body_free(deferred->body);
    }
    worker->deferred_count = kept;
}

void worker_end_query(Worker *worker)
{
    WorkerQuery *query = &worker->query;
    if (query->query == 0)
        return;
    run_free(query->run);
    budget_release_all(&worker->budget);
    worker->ended[worker->ended_next++ % WORKER_ENDED_KEPT] = query->query;
    arena_free(query->arena);
    drop_deferred(worker, query->query);
    *query = (WorkerQuery){0};
    os_process_title("talaria: worker %d idle", worker->child->number);
}

/* --- frames --- */

static bool read_boundaries(Worker *worker, const Frame *frame, Fault *fault)
{
    WorkerQuery *query = &worker->query;
    Batch *batch;
    Text starts = frame_text(frame, "starts_bucket");
    PartitionBoundaries boundaries = {.partition_count = starts.length};
    if (!frame_read_batch(frame, query->arena, &batch, fault))
        return false;
    if (starts.length == 0 || batch->rows + 1 != starts.length)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "partition boundaries are malformed");
    boundaries.boundaries = batch_copy(query->arena, batch);
    boundaries.starts_bucket =
        (const bool *)arena_strndup(query->arena, starts.data, starts.length);
    return run_boundaries(query->run, (uint32_t)frame_uint(frame, "stage", UINT32_MAX), &boundaries, fault);
}

static void defer(Worker *worker, Link *link, const Frame *frame)
{
    LinkBody *body = link_take(link);
    if (worker->deferred_count == WORKER_MAX_DEFERRED)
        drop_deferred(worker, 0);
    if (body == NULL || worker->deferred_count == WORKER_MAX_DEFERRED) {
        link_body_free(body);
        return;
    }
    worker->deferred[worker->deferred_count++] = (Deferred){
        .link = link, .body = body, .frame = *frame, .since = os_monotonic_nanos()};
}

static bool has_ended(const Worker *worker, uint64_t query)
{
    for (uint32_t i = 0; i < WORKER_ENDED_KEPT; i++)
        if (worker->ended[i] == query)
            return true;
    return false;
}

static bool is_channel(FrameKind kind)
{
    return kind == FRAME_CHANNEL_OPEN || kind == FRAME_CHANNEL_DATA || kind == FRAME_CHANNEL_CREDIT ||
           kind == FRAME_CHANNEL_END;
}

void worker_frame(Worker *worker, Link *link, const Frame *frame)
{
    uint64_t id = frame_uint(frame, "query", 0);
    Fault fault;
    if (frame->kind == FRAME_WORK_ORDER) {
        begin_query(worker, link, frame);
    } else if (frame->kind == FRAME_QUERY_END) {
        if (id == worker->query.query)
            worker_end_query(worker);
        worker_report_ended(worker, link, id);
    } else if (is_channel(frame->kind) && id != worker->query.query && !has_ended(worker, id)) {
        defer(worker, link, frame); /* its work order is still on its way */
    } else if (id != worker->query.query || worker->query.run == NULL) {
        return; /* late */
    } else if (is_channel(frame->kind)) {
        if (!exchange_frame(run_exchange(worker->query.run), link, frame, &fault))
            fail_query(worker, UINT32_MAX, &fault);
    } else if (frame->kind == FRAME_PARTITION_BOUNDARIES) {
        if (!read_boundaries(worker, frame, &fault))
            fail_query(worker, UINT32_MAX, &fault);
    }
}

void worker_front_frame(Worker *worker, const Frame *frame)
{
    if (frame->kind == FRAME_SHUTDOWN)
        worker->stop = true;
    else if (frame->kind == FRAME_RESULT_CREDIT && frame_uint(frame, "query", 0) == worker->query.request)
        worker->query.result_credit += (int64_t)frame_uint(frame, "bytes", 0);
}

void worker_link_lost(Worker *worker, Link *link)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < worker->deferred_count; i++) {
        if (worker->deferred[i].link == link)
            link_body_free(worker->deferred[i].body);
        else
            worker->deferred[kept++] = worker->deferred[i];
    }
    worker->deferred_count = kept;
    if (worker->query.query == 0)
        return;
    if (link == worker->query.controller) {
        log_warning("controller lost in the middle of query %" PRIu64, worker->query.query);
        worker->stop = true; /* a new process in place of one in an unknown state */
        return;
    }
    Fault fault;
    if (worker->query.run != NULL && !exchange_link_lost(run_exchange(worker->query.run), link, &fault))
        fail_query(worker, UINT32_MAX, &fault);
}

bool worker_step(Worker *worker)
{
    if (worker->query.run == NULL)
        return false;
    Fault fault;
    uint32_t stage;
    switch (run_step(worker->query.run, &stage, &fault)) {
    case RUN_PROGRESSED:
        return true;
    case RUN_BLOCKED:
        return false;
    case RUN_DONE:
        run_free(worker->query.run);
        worker->query.run = NULL;
        return false;
    case RUN_FAILED:
        fail_query(worker, stage, &fault);
        return false;
    }
    return false;
}

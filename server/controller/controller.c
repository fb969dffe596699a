/*
 * A controller's life: open the stores, take requests one at a time, end with the front end.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"
#include "base/memory/guard.h"
#include "base/os/os.h"
#include "engine/catalog/catalog.h"
#include "engine/run/run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void handle_signals(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    os_keep_memory();
    arena_keep_blocks();
}

static bool open_stores(Controller *controller, Fault *fault)
{
    const ChildContext *child = controller->child;
    controller->meta = meta_open_sqlite(child->data_folder, fault);
    if (controller->meta == NULL)
        return false;
    controller->deep = deep_open_local(child->data_folder, fault);
    if (controller->deep == NULL)
        return false;
    controller->tables =
        table_store_open(controller->meta, controller->deep, &child->shared->catalog_version);
    controller->published = controller->tables;
    controller->segments = segment_cache_new(1000, (size_t)128 << 20);
    snprintf(controller->staging_folder, sizeof controller->staging_folder, "%s/staging",
             child->data_folder);
    controller->plan_cache = plan_cache_new();
    return controller->tables != NULL;
}

static void close_stores(Controller *controller)
{
    worker_links_drop(controller);
    plan_cache_free(controller->plan_cache, controller->tables);
    segment_cache_free(controller->segments);
    if (controller->tables != NULL)
        table_store_close(controller->tables);
    deep_close(controller->deep);
    meta_close(controller->meta);
}

static Text copy_text(Request *request, const Frame *frame, const char *name)
{
    return arena_text(request->arena, frame_text(frame, name));
}

static bool read_kind(Text kind, RequestKind *out)
{
    if (text_equal_string(kind, "parse"))
        *out = REQUEST_PARSE;
    else if (text_equal_string(kind, "simple"))
        *out = REQUEST_SIMPLE;
    else if (text_equal_string(kind, "execute"))
        *out = REQUEST_EXECUTE;
    else if (text_equal_string(kind, "farewell"))
        *out = REQUEST_FAREWELL;
    else
        return false;
    return true;
}

/* Into controller->settings. They seldom differ from those of the request before. */
static bool read_settings(Controller *controller, Text packed, Fault *fault)
{
    Buffer *known = &controller->packed_settings;
    if (known->length == packed.length && packed.length > 0 &&
        memcmp(known->data, packed.data, packed.length) == 0)
        return true;
    buffer_reset(known);
    if (!setting_unpack(&controller->settings, (const uint8_t *)packed.data, packed.length, fault))
        return false;
    buffer_append(known, packed.data, packed.length);
    return true;
}

static bool read_request(Controller *controller, const Frame *frame, Arena *arena, Request *request,
                         Fault *fault)
{
    *request = (Request){.controller = controller, .arena = arena};
    request->query = frame_uint(frame, "query", 0);
    request->session = frame_uint(frame, "session", 0);
    request->text = copy_text(request, frame, "text");
    request->login = request->session_role = request->role = copy_text(request, frame, "role");
    request->database = copy_text(request, frame, "database");
    request->process_id = (int64_t)frame_uint(frame, "process_id", 0);
    request->declared_types = copy_text(request, frame, "types");
    request->told_types = copy_text(request, frame, "parameter_types");
    request->parameters = copy_text(request, frame, "parameters");
    request->result_formats = copy_text(request, frame, "result_formats");
    Text transaction = frame_text(frame, "transaction");
    request->transaction = transaction.length == 1 ? transaction.data[0] : 'I';
    carried_read(request, frame_text(frame, "carried"));
    request->result_credit = 1 << 20; /* the window that a producer starts with */
    if (!read_settings(controller, frame_text(frame, "settings"), fault))
        return false;
    request->settings = controller->settings;
    if (request->transaction == 'I') { /* each statement is a transaction of its own */
        request->settings.transaction_isolation = request->settings.default_transaction_isolation;
        request->settings.transaction_read_only = request->settings.default_transaction_read_only;
    }
    return read_kind(frame_text(frame, "kind"), &request->kind) ||
           fault_set(fault, FAULT_INTERNAL_ERROR, "request of an unknown kind");
}

static void serve(Controller *controller, const Frame *frame)
{
    Arena *arena = arena_new("request");
    Request *request = arena_alloc(arena, sizeof *request); /* filled by read_request */
    Fault fault;
    interrupt_begin_request(controller);
    collect_begin_request(controller);
    if (read_request(controller, frame, arena, request, &fault)) {
        os_process_title("talaria: controller %d query %llu", controller->child->number,
                         (unsigned long long)request->query);
        request_run(request);
    } else {
        respond_failed(request, &fault);
    }
    block_leave(request);
    respond_done(request);
    front_flush(request);
    interrupt_end_request(controller);
    plan_cache_end_request(request);
    if (request->snapshot != NULL)
        table_snapshot_release(controller->tables, request->snapshot);
    if (request->held != NULL)
        table_snapshot_release(controller->tables, request->held);
    arena_free(arena);
    collect_end_request(controller);
    os_process_title("talaria: controller %d idle", controller->child->number);
}

/* Frames that come between requests and belong to none any more (late cancels and credit) are
 * passed over. */
static bool take_requests(Controller *controller, bool *any)
{
    *any = false;
    for (;;) {
        Frame frame;
        Fault fault;
        bool has;
        if (!link_next(controller->front, &frame, &has, &fault)) {
            log_fault(LOG_LEVEL_ERROR, "reading from the front end", &fault);
            return false;
        }
        if (!has)
            return true;
        if (frame.kind == FRAME_SHUTDOWN)
            return false;
        if (frame.kind == FRAME_REQUEST) {
            serve(controller, &frame);
            *any = true;
        }
    }
}

/* How long to look for the next request before sleeping: a wake-up costs as much. To look is to
 * read, so that what has come costs one system call. */
static OsSpin spin = {.nanos = 40000};
enum {
    KEEP_MEMORY_MS = 1000,
    KEEP_SEGMENTS_MS = 60000, /* open, with what was decoded of them; plans too */
};

/* *keeps_memory: what the last request has freed is kept for the next one, if that comes soon. */
static void wait_readable(Controller *controller, bool was_busy, bool *keeps_memory)
{
    struct pollfd item = {.fd = link_fd(controller->front), .events = POLLIN};
    if (was_busy)
        os_spin_start(&spin);
    if (os_spin_again(&spin))
        return;
    if (*keeps_memory) {
        if (poll(&item, 1, KEEP_MEMORY_MS) != 0)
            return;
        worker_links_drop(controller);
        run_give_memory_back();
        *keeps_memory = false;
        if (poll(&item, 1, KEEP_SEGMENTS_MS) != 0)
            return;
        segment_cache_drop_all(controller->segments);
        plan_cache_forget(controller->plan_cache, controller->tables);
        run_give_memory_back();
    }
    poll(&item, 1, collect_wait_ms(controller));
}

int controller_main(const ChildContext *context)
{
    Controller controller = {.child = context, .started = os_now_micros()};
    Fault fault;
    handle_signals();
    catalog_register();
    controller.front = link_new(context->front_fd);
    if (!open_stores(&controller, &fault) || !interrupt_set_up(&controller, &fault)) {
        log_fault(LOG_LEVEL_ERROR, "starting", &fault);
        return 1;
    }
    guard_set_pool(&context->shared->memory, context->memory_slot);
    collect_end_request(&controller); /* the one before in this place may have been killed */
    os_process_title("talaria: controller %d idle", context->number);
    bool keeps_memory = false;
    for (;;) {
        if (!link_fill(controller.front, &fault)) {
            if (fault.code != FAULT_NONE)
                log_fault(LOG_LEVEL_ERROR, "reading from the front end", &fault);
            break;
        }
        bool any;
        if (!take_requests(&controller, &any))
            break;
        collect_when_due(&controller);
        keeps_memory = keeps_memory || any;
        wait_readable(&controller, any, &keeps_memory);
    }
    close_stores(&controller);
    buffer_clear(&controller.packed_settings);
    buffer_clear(&controller.key);
    link_free(controller.front);
    return 0;
}

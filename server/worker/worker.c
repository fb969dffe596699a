/*
 * A worker's loop: sockets, then a slice of work, in turn. Between two slices every socket is
 * looked at, so that credit, boundaries and other workers are served while it computes.
 */
#include "server/worker/worker_internal.h"

#include "base/log/log.h"
#include "base/memory/guard.h"
#include "base/os/os.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

/* How long to look at the sockets again and again before sleeping: a wake-up costs as much. */
static OsSpin spin = {.nanos = 40000};
enum {
    KEEP_MEMORY_MS = 1000,  /* freed by a query, for the next one, if that comes soon */
    KEEP_SEGMENTS_MS = 60000, /* open, with what was decoded of them */
};

typedef struct PollSet {
    struct pollfd *items; /* listener, front end, then the links */
    uint32_t capacity;
    uint64_t last_query; /* whose freed memory is still kept; 0: given back */
} PollSet;

static uint32_t fill_poll_set(Worker *worker, PollSet *set)
{
    uint32_t count = worker->link_count + 2;
    if (count > set->capacity) {
        set->capacity = count * 2;
        free(set->items);
        set->items = calloc(set->capacity, sizeof *set->items);
        check(set->items != NULL);
    }
    set->items[0] = (struct pollfd){.fd = worker->listener, .events = POLLIN};
    set->items[1] = (struct pollfd){.fd = link_fd(worker->front), .events = POLLIN};
    if (link_wants_write(worker->front))
        set->items[1].events |= POLLOUT;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        Link *link = worker->links[i].link;
        set->items[i + 2] = (struct pollfd){.fd = link_fd(link), .events = POLLIN};
        if (link_wants_write(link))
            set->items[i + 2].events |= POLLOUT;
    }
    return count;
}

static void lose_link(Worker *worker, WorkerLink *link, const Fault *fault)
{
    if (link->is_broken)
        return;
    if (fault->code != FAULT_NONE)
        log_fault(LOG_LEVEL_WARNING, "a link to another process", fault);
    link->is_broken = true;
    worker_link_lost(worker, link->link);
}

static void read_link(Worker *worker, uint32_t index)
{
    Link *link = worker->links[index].link;
    Fault fault;
    bool alive = link_fill(link, &fault);
    Fault end = fault;
    for (;;) {
        Frame frame;
        bool has;
        if (!link_next(link, &frame, &has, &fault)) {
            lose_link(worker, &worker->links[index], &fault);
            return;
        }
        if (!has)
            break;
        worker_frame(worker, link, &frame);
    }
    if (!alive)
        lose_link(worker, &worker->links[index], &end);
}

static void read_front(Worker *worker)
{
    Fault fault;
    bool alive = link_fill(worker->front, &fault);
    for (;;) {
        Frame frame;
        bool has;
        if (!link_next(worker->front, &frame, &has, &fault))
            break;
        if (!has) {
            worker->stop = worker->stop || !alive;
            return;
        }
        worker_front_frame(worker, &frame);
    }
    worker->stop = true;
}

/* Whether a link that was full has room again: whose rows waited for it goes on, and nobody but
 * us will say so when all of it left at once. */
static bool flush_links(Worker *worker)
{
    enum { MUCH_UNSENT = 64 << 10 }; /* an exchange stops encoding at more than this */
    Fault fault;
    bool has_room = false;
    if (!link_flush(worker->front, &fault))
        worker->stop = true;
    for (uint32_t i = 0; i < worker->link_count; i++) {
        size_t unsent = worker->links[i].is_broken ? 0 : link_unsent(worker->links[i].link);
        if (unsent == 0)
            continue;
        if (!link_flush(worker->links[i].link, &fault))
            lose_link(worker, &worker->links[i], &fault);
        else if (unsent >= MUCH_UNSENT && link_unsent(worker->links[i].link) < unsent)
            has_room = true;
    }
    return has_room;
}

/* Serves what is ready; waits `timeout` milliseconds for it. Whether there was anything. */
static bool serve_sockets(Worker *worker, PollSet *set, int timeout)
{
    uint32_t count = fill_poll_set(worker, set);
    int ready = poll(set->items, count, timeout);
    if (ready <= 0)
        return false;
    if ((set->items[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
        read_front(worker);
    /* links may be added meanwhile (connecting to peers): only those polled are read */
    for (uint32_t i = 0; i + 2 < count; i++)
        if ((set->items[i + 2].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !worker->links[i].is_broken)
            read_link(worker, i);
    if ((set->items[0].revents & POLLIN) != 0)
        worker_accept(worker);
    return true;
}

static void serve_blocked(Worker *worker, PollSet *set)
{
    if (worker->query.query != 0) {
        os_spin_start(&spin);
        while (os_spin_again(&spin))
            if (serve_sockets(worker, set, 0))
                return;
        set->last_query = worker->query.query;
    } else if (set->last_query != 0) {
        if (serve_sockets(worker, set, KEEP_MEMORY_MS))
            return;
        run_give_memory_back();
        if (serve_sockets(worker, set, KEEP_SEGMENTS_MS))
            return;
        segment_cache_drop_all(worker->segments);
        run_give_memory_back();
        set->last_query = 0;
    }
    serve_sockets(worker, set, -1);
}

static void say_hello(Worker *worker)
{
    FrameWriter writer;
    frame_begin(&writer, link_out(worker->front), FRAME_HELLO);
    frame_put_text(&writer, "kind", TEXT_LITERAL("worker"));
    frame_put_uint(&writer, "number", (uint64_t)worker->child->number);
    frame_put_uint(&writer, "generation", worker->child->generation);
    frame_end(&writer);
}

int worker_main(const ChildContext *context)
{
    Worker *worker = calloc(1, sizeof *worker);
    check(worker != NULL);
    Fault fault;
    PollSet set = {0};
    worker->child = context;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    os_keep_memory();
    arena_keep_blocks();
    worker->front = link_new(context->front_fd);
    budget_init_root(&worker->budget, &context->shared->memory, context->memory_slot);
    guard_set_pool(&context->shared->memory, context->memory_slot);
    worker->segments = segment_cache_new(4000, (size_t)1 << 30);
    if (!worker_listen(worker, &fault)) {
        log_fault(LOG_LEVEL_ERROR, "listening", &fault);
        return 1;
    }
    say_hello(worker);
    os_process_title("talaria: worker %d idle", context->number);
    while (!worker->stop) {
        bool has_more = worker_step(worker);
        has_more = flush_links(worker) || has_more;
        worker_drop_broken_links(worker);
        if (has_more)
            serve_sockets(worker, &set, 0);
        else
            serve_blocked(worker, &set);
    }
    worker_end_query(worker);
    segment_cache_free(worker->segments);
    for (uint32_t i = 0; i < worker->link_count; i++)
        link_free(worker->links[i].link);
    link_free(worker->front);
    os_close(worker->listener);
    free(set.items);
    free(worker);
    return 0;
}

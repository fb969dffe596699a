/*
 * See supervisor.h. One Child for each number of each kind; its lives follow each other.
 *
 *   ABSENT --order--> STARTING --hello or forked--> READY --link broke, ended, killed--> ENDING
 *      ^-------------------------------- the zygote says it has ended ---------------------'
 *
 * Only when the zygote has said so is the child's memory given back and its number used again:
 * two lives of one number never overlap. What the link still held is read first.
 */
#include "server/supervisor/supervisor.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { MOST_BIRTHS_AT_ONCE = 8 }; /* keeps what waits in the zygote's socket small */

static const char *const kind_names[CHILD_KIND_COUNT] = {"controller", "worker"};

/* A link that broke while its frames were being handled: freed at the end of the turn. */
typedef struct DeadLink {
    struct DeadLink *next;
    Link *link;
} DeadLink;

struct Supervisor {
    Loop *loop;
    SupervisorPlan plan;
    const SupervisorListener *listener;
    void *state;
    Link *zygote; /* NULL when gone */
    LoopWatch zygote_watch;
    bool is_stopping;
    int births; /* ordered and not yet answered */
    uint64_t next_generation;
    int counts[CHILD_KIND_COUNT], capacities[CHILD_KIND_COUNT];
    Child *children[CHILD_KIND_COUNT];
    LoopTask bury;
    DeadLink *dead;
};

static void child_ready(void *state, bool readable, bool writable);
static void zygote_ready(void *state, bool readable, bool writable);
static void order_births(Supervisor *supervisor);
static void bury(void *state);
static void birth_due(void *state);

Supervisor *supervisor_new(Loop *loop, const SupervisorPlan *plan,
                           const SupervisorListener *listener, void *state)
{
    Supervisor *supervisor = calloc(1, sizeof *supervisor);
    check(supervisor != NULL);
    supervisor->loop = loop;
    supervisor->plan = *plan;
    supervisor->listener = listener;
    supervisor->state = state;
    supervisor->next_generation = 1;
    supervisor->zygote = link_new(plan->zygote_fd);
    supervisor->capacities[CHILD_CONTROLLER] = plan->most_controllers;
    supervisor->capacities[CHILD_WORKER] = plan->most_workers;
    check(plan->most_workers + plan->most_controllers <= MEMORY_POOL_SLOTS);
    loop_task_init(&supervisor->bury, loop, bury, supervisor);
    for (int kind = 0; kind < CHILD_KIND_COUNT; kind++) {
        int capacity = supervisor->capacities[kind];
        supervisor->children[kind] = calloc((size_t)capacity, sizeof(Child));
        check(supervisor->children[kind] != NULL);
        for (int i = 0; i < capacity; i++) {
            Child *child = &supervisor->children[kind][i];
            child->supervisor = supervisor;
            child->kind = (ChildKind)kind;
            child->number = i;
            child->memory_slot = kind == CHILD_WORKER ? i : plan->most_workers + i;
            loop_timer_init(&child->birth, loop, birth_due, child);
        }
    }
    loop_watch_init(&supervisor->zygote_watch, loop, plan->zygote_fd, zygote_ready, supervisor);
    return supervisor;
}

static void want(Supervisor *supervisor, ChildKind kind, int count)
{
    for (int i = supervisor->counts[kind]; i < count; i++)
        supervisor->children[kind][i].is_wanted = true;
    supervisor->counts[kind] = count;
}

void supervisor_start(Supervisor *supervisor)
{
    loop_watch_set(&supervisor->zygote_watch, true, false);
    want(supervisor, CHILD_CONTROLLER, supervisor->plan.controllers);
    want(supervisor, CHILD_WORKER, supervisor->plan.workers);
    order_births(supervisor);
}

int supervisor_count(const Supervisor *supervisor, ChildKind kind)
{
    return supervisor->counts[kind];
}

Child *supervisor_child(Supervisor *supervisor, ChildKind kind, int number)
{
    bool exists = number >= 0 && number < supervisor->counts[kind];
    return exists ? &supervisor->children[kind][number] : NULL;
}

int supervisor_wanted(const Supervisor *supervisor, ChildKind kind)
{
    int wanted = 0;
    for (int i = 0; i < supervisor->counts[kind]; i++)
        wanted += supervisor->children[kind][i].is_wanted;
    return wanted;
}

int supervisor_coming(const Supervisor *supervisor, ChildKind kind)
{
    int coming = 0;
    for (int i = 0; i < supervisor->counts[kind]; i++) {
        const Child *child = &supervisor->children[kind][i];
        coming += child->is_wanted && child->state != CHILD_READY &&
                  !loop_timer_is_running(&child->birth);
    }
    return coming;
}

/* A number that was retired, or a new one; -1: all are in use. */
static int next_number(const Supervisor *supervisor, ChildKind kind)
{
    for (int i = 0; i < supervisor->counts[kind]; i++)
        if (!supervisor->children[kind][i].is_wanted)
            return i;
    int count = supervisor->counts[kind];
    return count < supervisor->capacities[kind] ? count : -1;
}

Child *supervisor_add(Supervisor *supervisor, ChildKind kind)
{
    int number = next_number(supervisor, kind);
    if (number < 0)
        return NULL;
    if (number == supervisor->counts[kind])
        supervisor->counts[kind]++;
    supervisor->children[kind][number].is_wanted = true;
    order_births(supervisor);
    return &supervisor->children[kind][number];
}

/* ---------- births ---------- */

static void zygote_is_lost(Supervisor *supervisor)
{
    if (supervisor->zygote == NULL)
        return;
    loop_watch_stop(&supervisor->zygote_watch);
    link_free(supervisor->zygote);
    supervisor->zygote = NULL;
    supervisor->listener->zygote_lost(supervisor->state);
}

static bool send_order(Supervisor *supervisor, const Child *child, int fd, Fault *fault)
{
    Buffer settings = BUFFER_EMPTY, out = BUFFER_EMPTY;
    FrameWriter writer;
    setting_pack(supervisor->plan.settings, &settings);
    frame_begin(&writer, &out, FRAME_SPAWN);
    frame_put_uint(&writer, "kind", child->kind);
    frame_put_uint(&writer, "number", (uint64_t)child->number);
    frame_put_uint(&writer, "generation", child->generation);
    frame_put_uint(&writer, "memory_slot", (uint64_t)child->memory_slot);
    frame_put_bytes(&writer, "settings", settings.data, settings.length);
    frame_end(&writer);
    bool ok = os_send_descriptor(link_fd(supervisor->zygote), fd, out.data, out.length, fault);
    buffer_clear(&out);
    buffer_clear(&settings);
    return ok;
}

static bool order_birth(Child *child)
{
    Supervisor *supervisor = child->supervisor;
    Fault fault;
    int fds[2];
    if (!os_socket_pair(fds, &fault)) {
        log_fault(LOG_LEVEL_ERROR, "making a socket for a child", &fault);
        loop_timer_start(&child->birth, 1000);
        return false;
    }
    child->generation = supervisor->next_generation++;
    bool ok = send_order(supervisor, child, fds[1], &fault);
    os_close(fds[1]);
    if (!ok) {
        os_close(fds[0]);
        log_fault(LOG_LEVEL_ERROR, "ordering a child", &fault);
        zygote_is_lost(supervisor);
        return false;
    }
    supervisor->births++;
    child->state = CHILD_STARTING;
    child->pid = 0;
    child->kill_ordered = false;
    child->history.born_at = os_monotonic_nanos();
    child->link = link_new(fds[0]);
    loop_watch_init(&child->watch, supervisor->loop, fds[0], child_ready, child);
    loop_watch_set(&child->watch, true, false);
    return true;
}

static void order_births(Supervisor *supervisor)
{
    /* Controllers first: without one nothing can be asked. */
    for (int kind = 0; kind < CHILD_KIND_COUNT; kind++) {
        for (int i = 0; i < supervisor->counts[kind]; i++) {
            Child *child = &supervisor->children[kind][i];
            if (supervisor->zygote == NULL || supervisor->is_stopping ||
                supervisor->births >= MOST_BIRTHS_AT_ONCE)
                return;
            bool is_due = child->state == CHILD_ABSENT && child->is_wanted &&
                          !loop_timer_is_running(&child->birth);
            if (is_due && !order_birth(child) && supervisor->zygote == NULL)
                return;
        }
    }
}

static void birth_due(void *state)
{
    order_births(((Child *)state)->supervisor);
}

/* ---------- deaths ---------- */

static void bury(void *state)
{
    Supervisor *supervisor = state;
    while (supervisor->dead != NULL) {
        DeadLink *dead = supervisor->dead;
        supervisor->dead = dead->next;
        link_free(dead->link);
        free(dead);
    }
}

/* The link ends here; whoever is handling one of its frames may finish with it. */
static void drop_link(Child *child)
{
    Supervisor *supervisor = child->supervisor;
    DeadLink *dead = calloc(1, sizeof *dead);
    check(dead != NULL);
    loop_watch_stop(&child->watch);
    dead->link = child->link;
    dead->next = supervisor->dead;
    supervisor->dead = dead;
    child->link = NULL;
    loop_task_queue(&supervisor->bury);
}

static void end_life(Child *child)
{
    if (child->state != CHILD_STARTING && child->state != CHILD_READY)
        return;
    child->state = CHILD_ENDING;
    drop_link(child);
    if (child->pid > 0)
        kill(child->pid, SIGKILL);
    child->supervisor->listener->lost(child->supervisor->state, child);
}

void child_kill(Child *child)
{
    child->kill_ordered = true;
    end_life(child);
}

void child_retire(Child *child)
{
    child->is_wanted = false;
    child_kill(child);
}

void child_interrupt(Child *child)
{
    if (child->pid > 0 && child->state == CHILD_READY)
        kill(child->pid, SIGINT);
}

static void log_death(const Child *child, int status)
{
    const char *kind = kind_names[child->kind];
    if (child->kill_ordered || child->supervisor->is_stopping)
        log_debug("%s %d ended pid=%d", kind, child->number, (int)child->pid);
    else if (WIFSIGNALED(status))
        log_warning("%s %d was killed by signal %d (%s) pid=%d", kind, child->number,
                    WTERMSIG(status), strsignal(WTERMSIG(status)), (int)child->pid);
    else
        log_warning("%s %d ended with status %d pid=%d", kind, child->number,
                    WEXITSTATUS(status), (int)child->pid);
}

/* ---------- frames of children ---------- */

/* True while this life of the child goes on. */
static bool is_same_life(const Child *child, uint64_t generation)
{
    return child->generation == generation && child->link != NULL;
}

static void handle_frame(Child *child, const Frame *frame)
{
    Supervisor *supervisor = child->supervisor;
    if (frame->kind == FRAME_HELLO && child->kind == CHILD_WORKER &&
        child->state == CHILD_STARTING) {
        child->state = CHILD_READY;
        supervisor->listener->ready(supervisor->state, child);
        return;
    }
    supervisor->listener->frame(supervisor->state, child, frame);
}

/* False when the link broke (or was dropped on the way). */
static bool handle_frames(Child *child, Fault *fault)
{
    uint64_t generation = child->generation;
    for (;;) {
        Frame frame;
        bool has = false;
        if (!link_next(child->link, &frame, &has, fault)) {
            log_fault(LOG_LEVEL_ERROR, "reading a frame of a child", fault);
            child_kill(child);
            return false;
        }
        if (!has)
            return true;
        handle_frame(child, &frame);
        if (!is_same_life(child, generation))
            return false;
    }
}

static void read_link(Child *child)
{
    Fault fault;
    bool open = link_fill(child->link, &fault);
    if (handle_frames(child, &fault) && !open)
        end_life(child);
}

static void child_ready(void *state, bool readable, bool writable)
{
    Child *child = state;
    if (writable)
        child_flush(child);
    if (readable && child->link != NULL)
        read_link(child);
}

void child_flush(Child *child)
{
    if (child->link == NULL)
        return;
    Fault fault;
    /* A broken link is noticed by reading it, where its last frames are still taken. */
    bool ok = link_flush(child->link, &fault);
    loop_watch_set(&child->watch, true, ok && link_wants_write(child->link));
}

/* ---------- what the zygote tells ---------- */

static void on_spawned(Child *child, pid_t pid)
{
    Supervisor *supervisor = child->supervisor;
    supervisor->births--;
    child->pid = pid;
    if (child->state == CHILD_ENDING) {
        kill(pid, SIGKILL);
    } else if (child->kind == CHILD_CONTROLLER && child->state == CHILD_STARTING) {
        child->state = CHILD_READY;
        supervisor->listener->ready(supervisor->state, child);
    }
    order_births(supervisor);
}

/* The peer is dead, so the socket comes to its end after what a socket can hold; the bound is for
 * a descendant that keeps it open and must not exist. */
static void read_to_the_end(Child *child)
{
    enum { MOST_READS = 256 };
    Fault fault;
    bool open = true;
    for (int i = 0; open && i < MOST_READS; i++) {
        open = link_fill(child->link, &fault);
        if (!handle_frames(child, &fault))
            return;
    }
}

/* A worker's socket outlives it when it was killed. */
static void remove_socket(const Child *child)
{
    const char *folder = child->supervisor->plan.run_folder;
    char path[PATH_MAX];
    Fault fault;
    if (child->kind != CHILD_WORKER || folder == NULL)
        return;
    snprintf(path, sizeof path, "%s/worker-%d-%" PRIu64 ".sock", folder, child->number,
             child->generation);
    if (!os_unlink(path, &fault))
        log_fault(LOG_LEVEL_WARNING, "removing a worker's socket", &fault);
}

static void on_ended(Child *child, int status, bool was_spawned)
{
    Supervisor *supervisor = child->supervisor;
    if (!was_spawned)
        supervisor->births--;
    child->kill_ordered |= WIFEXITED(status) && WEXITSTATUS(status) == CHILD_GAVE_UP;
    log_death(child, status);
    if (child->link != NULL)
        read_to_the_end(child);
    child->pid = 0;
    remove_socket(child);
    end_life(child);
    memory_pool_release_slot(supervisor->plan.memory, child->memory_slot);
    child->state = CHILD_ABSENT;
    int64_t delay = 0;
    if (!child->kill_ordered)
        delay = restart_delay(&child->history, os_monotonic_nanos());
    if (delay > 0)
        loop_timer_start(&child->birth, delay / 1000000);
    order_births(supervisor);
}

static void handle_zygote_frame(Supervisor *supervisor, const Frame *frame)
{
    uint64_t kind = frame_uint(frame, "kind", CHILD_KIND_COUNT);
    uint64_t number = frame_uint(frame, "number", UINT64_MAX);
    pid_t pid = (pid_t)frame_uint(frame, "pid", 0);
    if (kind >= CHILD_KIND_COUNT || number >= (uint64_t)supervisor->counts[kind])
        return;
    Child *child = &supervisor->children[kind][number];
    if (child->generation != frame_uint(frame, "generation", 0))
        return;
    if (frame->kind == FRAME_SPAWNED)
        on_spawned(child, pid);
    else if (frame->kind == FRAME_CHILD_ENDED)
        on_ended(child, (int)frame_int(frame, "status", 0), pid != 0);
}

static void zygote_ready(void *state, bool readable, bool writable)
{
    Supervisor *supervisor = state;
    Fault fault;
    bool open = link_fill(supervisor->zygote, &fault);
    while (supervisor->zygote != NULL) {
        Frame frame;
        bool has = false;
        if (!link_next(supervisor->zygote, &frame, &has, &fault))
            open = false;
        if (!has)
            break;
        handle_zygote_frame(supervisor, &frame);
    }
    if (!open)
        zygote_is_lost(supervisor);
}

/* ---------- the end ---------- */

void supervisor_stop(Supervisor *supervisor)
{
    if (supervisor->is_stopping || supervisor->zygote == NULL)
        return;
    supervisor->is_stopping = true;
    for (int kind = 0; kind < CHILD_KIND_COUNT; kind++) {
        for (int i = 0; i < supervisor->counts[kind]; i++) {
            Child *child = &supervisor->children[kind][i];
            loop_timer_stop(&child->birth);
            if (child->link == NULL)
                continue;
            /* A closed link is a child's sign to end; the zygote sees to those who miss it. */
            child->state = CHILD_ENDING;
            drop_link(child);
            supervisor->listener->lost(supervisor->state, child);
        }
    }
    if (supervisor->zygote == NULL)
        return;
    FrameWriter writer;
    Fault fault;
    frame_begin(&writer, link_out(supervisor->zygote), FRAME_SHUTDOWN);
    frame_end(&writer);
    if (!link_flush(supervisor->zygote, &fault))
        zygote_is_lost(supervisor);
}

bool supervisor_is_stopped(const Supervisor *supervisor)
{
    return supervisor->zygote == NULL;
}

void supervisor_free(Supervisor *supervisor)
{
    if (supervisor == NULL)
        return;
    for (int kind = 0; kind < CHILD_KIND_COUNT; kind++) {
        for (int i = 0; i < supervisor->counts[kind]; i++) {
            Child *child = &supervisor->children[kind][i];
            loop_timer_stop(&child->birth);
            if (child->link != NULL)
                drop_link(child);
        }
        free(supervisor->children[kind]);
    }
    loop_watch_stop(&supervisor->zygote_watch);
    link_free(supervisor->zygote);
    bury(supervisor);
    loop_task_cancel(&supervisor->bury);
    free(supervisor);
}

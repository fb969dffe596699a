/*
 * See loop.h. A turn is: wait for events, handle all that came, then run the queued tasks. Tasks
 * are where output is flushed and dead objects are freed: both want to come after everything
 * that happened at once.
 */
#include "server/loop/loop.h"

#include "base/log/log.h"
#include "server/loop/loop_internal.h"

#include <stdlib.h>

Loop *loop_new(Fault *fault)
{
    Loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        fault_set(fault, FAULT_OUT_OF_MEMORY, "out of memory for the event loop");
        return NULL;
    }
    loop->ev = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (loop->ev == NULL)
        loop->ev = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
    if (loop->ev == NULL) {
        free(loop);
        fault_set(fault, FAULT_SYSTEM_ERROR, "could not create the event loop");
        return NULL;
    }
    loop->tasks.next = loop->tasks.previous = &loop->tasks;
    return loop;
}

void loop_free(Loop *loop)
{
    if (loop == NULL)
        return;
    ev_loop_destroy(loop->ev);
    free(loop);
}

static void run_tasks(Loop *loop)
{
    /* A task may queue others, itself too; those run as well, but before any new event. */
    while (loop->tasks.next != &loop->tasks) {
        LoopTask *task = loop->tasks.next;
        loop_task_cancel(task);
        task->run(task->state);
    }
}

void loop_run(Loop *loop)
{
    loop->is_stopping = false;
    run_tasks(loop);
    while (!loop->is_stopping) {
        loop_wait(loop);
        run_tasks(loop);
    }
}

void loop_stop(Loop *loop)
{
    loop->is_stopping = true;
}

/* ---------- descriptors ---------- */

static void watch_ready(struct ev_loop *ev, ev_io *io, int events)
{
    LoopWatch *watch = io->data;
    watch->loop->had_event = true;
    watch->ready(watch->state, (events & EV_READ) != 0, (events & EV_WRITE) != 0);
}

void loop_watch_init(LoopWatch *watch, Loop *loop, int fd, LoopReady *ready, void *state)
{
    ev_io_init(&watch->io, watch_ready, fd, 0);
    watch->io.data = watch;
    watch->loop = loop;
    watch->ready = ready;
    watch->state = state;
}

void loop_watch_set(LoopWatch *watch, bool read, bool write)
{
    int wanted = (read ? EV_READ : 0) | (write ? EV_WRITE : 0);
    int present = ev_is_active(&watch->io) ? watch->io.events & (EV_READ | EV_WRITE) : 0;
    if (wanted == present)
        return;
    ev_io_stop(watch->loop->ev, &watch->io);
    if (wanted == 0)
        return;
    /* not ev_io_set: what is changed and changed back within a turn is then no system call */
    ev_io_modify(&watch->io, wanted);
    ev_io_start(watch->loop->ev, &watch->io);
}

void loop_watch_stop(LoopWatch *watch)
{
    if (watch->loop != NULL)
        ev_io_stop(watch->loop->ev, &watch->io);
}

/* ---------- timers ---------- */

static void timer_fired(struct ev_loop *ev, ev_timer *timer, int events)
{
    LoopTimer *self = timer->data;
    self->loop->had_event = true;
    self->fire(self->state);
}

void loop_timer_init(LoopTimer *timer, Loop *loop, void (*fire)(void *state), void *state)
{
    ev_timer_init(&timer->timer, timer_fired, 0., 0.);
    timer->timer.data = timer;
    timer->loop = loop;
    timer->fire = fire;
    timer->state = state;
}

void loop_timer_start(LoopTimer *timer, int64_t milliseconds)
{
    /* libev counts in doubles of seconds: a bound keeps the sum with "now" meaningful. */
    enum { LONGEST_SECONDS = 1000000000 };
    double seconds = (double)milliseconds / 1000.;
    if (seconds > LONGEST_SECONDS)
        seconds = LONGEST_SECONDS;
    if (seconds < 0)
        seconds = 0;
    ev_timer_stop(timer->loop->ev, &timer->timer);
    ev_timer_set(&timer->timer, seconds, 0.);
    ev_timer_start(timer->loop->ev, &timer->timer);
}

void loop_timer_stop(LoopTimer *timer)
{
    if (timer->loop != NULL)
        ev_timer_stop(timer->loop->ev, &timer->timer);
}

bool loop_timer_is_running(const LoopTimer *timer)
{
    return ev_is_active(&timer->timer);
}

/* ---------- signals ---------- */

static void signal_arrived(struct ev_loop *ev, ev_signal *signal, int events)
{
    LoopSignal *self = signal->data;
    self->loop->had_event = true;
    self->fire(self->state, signal->signum);
}

void loop_signal_start(LoopSignal *signal, Loop *loop, int number,
                       void (*fire)(void *state, int number), void *state)
{
    ev_signal_init(&signal->signal, signal_arrived, number);
    signal->signal.data = signal;
    signal->loop = loop;
    signal->fire = fire;
    signal->state = state;
    ev_signal_start(loop->ev, &signal->signal);
}

void loop_signal_stop(LoopSignal *signal)
{
    if (signal->loop != NULL)
        ev_signal_stop(signal->loop->ev, &signal->signal);
}

/* ---------- tasks ---------- */

void loop_task_init(LoopTask *task, Loop *loop, void (*run)(void *state), void *state)
{
    *task = (LoopTask){.loop = loop, .run = run, .state = state};
}

void loop_task_queue(LoopTask *task)
{
    if (task->next != NULL)
        return;
    LoopTask *head = &task->loop->tasks;
    task->next = head;
    task->previous = head->previous;
    head->previous->next = task;
    head->previous = task;
}

void loop_task_cancel(LoopTask *task)
{
    if (task->next == NULL)
        return;
    task->previous->next = task->next;
    task->next->previous = task->previous;
    task->next = task->previous = NULL;
}

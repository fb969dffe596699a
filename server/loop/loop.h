/*
 * The front end's event loop: libev behind a door. Descriptors, timers, signals, tasks that run
 * at the end of a turn. One loop a process; everything runs on its one thread.
 *
 * All objects are embedded in their owners' structs and allocate nothing.
 */
#ifndef TALARIA_SERVER_LOOP_LOOP_H
#define TALARIA_SERVER_LOOP_LOOP_H

#include "base/fault/fault.h"

#include <ev.h>

typedef struct Loop Loop;

/* NULL with a fault when the system gives no event queue. */
Loop *loop_new(Fault *fault);
void loop_free(Loop *loop);
/* Runs until loop_stop. */
void loop_run(Loop *loop);
void loop_stop(Loop *loop);
/* Microseconds to go on asking for events after the last one before sleeping; see loop_spin.c. */
void loop_set_spin(Loop *loop, int64_t micros);

/* --- a descriptor's readiness --- */
typedef struct LoopWatch LoopWatch;
typedef void LoopReady(void *state, bool readable, bool writable);
struct LoopWatch {
    ev_io io;
    Loop *loop;
    LoopReady *ready;
    void *state;
};

/* The descriptor stays the caller's. Watches nothing at first. */
void loop_watch_init(LoopWatch *watch, Loop *loop, int fd, LoopReady *ready, void *state);
/* Which readiness to be told of; costs nothing when unchanged. */
void loop_watch_set(LoopWatch *watch, bool read, bool write);
/* Must come before the descriptor is closed. */
void loop_watch_stop(LoopWatch *watch);

/* --- a timer, once --- */
typedef struct LoopTimer {
    ev_timer timer;
    Loop *loop;
    void (*fire)(void *state);
    void *state;
} LoopTimer;

void loop_timer_init(LoopTimer *timer, Loop *loop, void (*fire)(void *state), void *state);
/* (Re)starts it: fires once after so many milliseconds. */
void loop_timer_start(LoopTimer *timer, int64_t milliseconds);
void loop_timer_stop(LoopTimer *timer);
bool loop_timer_is_running(const LoopTimer *timer);

/* --- a signal of the process --- */
typedef struct LoopSignal {
    ev_signal signal;
    Loop *loop;
    void (*fire)(void *state, int number);
    void *state;
} LoopSignal;

void loop_signal_start(LoopSignal *signal, Loop *loop, int number,
                       void (*fire)(void *state, int number), void *state);
void loop_signal_stop(LoopSignal *signal);

/* --- a task: runs once at the end of this turn, after all events at hand --- */
typedef struct LoopTask {
    struct LoopTask *next, *previous; /* in the loop's list; NULL when not queued */
    Loop *loop;
    void (*run)(void *state);
    void *state;
} LoopTask;

void loop_task_init(LoopTask *task, Loop *loop, void (*run)(void *state), void *state);
void loop_task_queue(LoopTask *task); /* no matter how often: it runs once */
void loop_task_cancel(LoopTask *task);

#endif

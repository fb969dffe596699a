/* The loop's inside, for loop.c and loop_spin.c. */
#ifndef TALARIA_SERVER_LOOP_LOOP_INTERNAL_H
#define TALARIA_SERVER_LOOP_LOOP_INTERNAL_H

#include "base/os/os.h"
#include "server/loop/loop.h"

struct Loop {
    struct ev_loop *ev;
    LoopTask tasks;      /* head of the ring of queued tasks */
    bool is_stopping;
    bool had_event;      /* something was handled since this was last cleared */
    OsSpin spin;
};

/* Waits for events and handles them: one system call, or a few while it spins. */
void loop_wait(Loop *loop);

#endif

/*
 * Spinning before sleeping. A process that sleeps in epoll takes some 20 microseconds to wake,
 * which is as long as a short query takes altogether. After an event another one is likely (the
 * controller's answer, the client's next statement), so the loop goes on asking, without
 * sleeping, for a bounded time after the last event (os_spin_again says how); an idle server
 * therefore costs nothing.
 *
 * What was handled may have queued tasks, so there is no sleep before a turn's end.
 *
 * The bound is one number. Zero, for machines with one core, sleeps at once.
 */
#include "base/os/os.h"
#include "server/loop/loop_internal.h"

void loop_set_spin(Loop *loop, int64_t micros)
{
    loop->spin.nanos = micros * 1000;
}

void loop_wait(Loop *loop)
{
    loop->had_event = false;
    if (loop->spin.nanos == 0) {
        ev_run(loop->ev, EVRUN_ONCE);
        return;
    }
    ev_run(loop->ev, EVRUN_NOWAIT);
    if (!loop->had_event) {
        if (os_spin_again(&loop->spin))
            return;
        ev_run(loop->ev, EVRUN_ONCE);
    }
    os_spin_start(&loop->spin);
}

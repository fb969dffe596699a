/*
 * Looking again and again before sleeping. See os.h.
 *
 * Between two looks the core is offered to whoever waits for it: the one who will send what is
 * waited for, or who waits for what was just sent, may well be among them, and then gets to run
 * at once, without being woken on another core and without waiting for this one to be given up.
 */
#include "base/os/os.h"

#include <sched.h>

void os_spin_start(OsSpin *spin)
{
    spin->since = os_monotonic_nanos();
}

bool os_spin_again(const OsSpin *spin)
{
    if (os_monotonic_nanos() - spin->since >= spin->nanos)
        return false;
    sched_yield();
    return true;
}

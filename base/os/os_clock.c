/*
 * The clock.
 */
#include "base/os/os.h"

#include <time.h>

static int64_t nanos(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t os_now_micros(void)
{
    return nanos(CLOCK_REALTIME) / 1000;
}

int64_t os_monotonic_nanos(void)
{
    return nanos(CLOCK_MONOTONIC);
}

int64_t os_cpu_nanos(void)
{
    return nanos(CLOCK_PROCESS_CPUTIME_ID);
}

bool os_sleep(int64_t nanos)
{
    struct timespec wanted = {.tv_sec = nanos / 1000000000, .tv_nsec = nanos % 1000000000};
    return nanos <= 0 || nanosleep(&wanted, NULL) == 0;
}

/*
 * Threads, of which a process has few: its own work is done by one.
 */
#include "base/os/os.h"

#include <pthread.h>
#include <signal.h>

bool os_thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *), void *state)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool has_started = pthread_attr_setstacksize(&attributes, stack_bytes) == 0 &&
                       pthread_create(thread, &attributes, run, state) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return has_started;
}

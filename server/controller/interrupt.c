/*
 * SIGINT: the request is to end. Who looks for it does so between batches of rows, and within long values
 * (guard_passes). What is not at such a place after INTERRUPT_PATIENCE_MS ends with its whole
 * process: nothing that a client may see is lost with a controller, another one takes its place, and
 * the front end tells the client why its statement has ended. Three things keep the process alive, and
 * leave it to the front end to lose its patience: a commit of the metadata, which must be known to have
 * happened or not; statements that ingest, whose files somebody must remove; and waiting for workers.
 */
#include "server/controller/controller_internal.h"

#include "base/memory/guard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { INTERRUPT_PATIENCE_MS = 200 };

static Controller *signalled; /* for the handlers: a process has one controller */
static timer_t patience;

/* Async-signal-safe, 0: off. */
static void set_patience(long milliseconds)
{
    struct itimerspec time = {.it_value.tv_nsec = milliseconds * 1000000};
    timer_settime(patience, 0, &time, NULL);
}

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    signalled->interrupted = 1;
    guard_interrupt();
    if (signalled->may_give_up)
        set_patience(INTERRUPT_PATIENCE_MS);
}

static void on_patience_over(int signal_number)
{
    (void)signal_number;
    if (signalled->may_give_up && !meta_is_writing(signalled->meta))
        _exit(CHILD_GAVE_UP);
}

bool interrupt_set_up(Controller *controller, Fault *fault)
{
    signalled = controller;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    if (timer_create(CLOCK_MONOTONIC, &event, &patience) != 0)
        return fault_set(fault, FAULT_SYSTEM_ERROR, "timer_create: %s", strerror(errno));
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    action = (struct sigaction){.sa_handler = on_patience_over, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    return true;
}

void interrupt_begin_request(Controller *controller)
{
    controller->interrupted = 0;
    guard_begin();
    controller->may_give_up = 1;
}

void interrupt_end_request(Controller *controller)
{
    controller->may_give_up = 0;
    if (controller->interrupted || guard_is_raised)
        set_patience(0);
}

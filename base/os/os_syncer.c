/*
 * Files synced by a thread while their writer goes on with the next one. What both look at is
 * behind one mutex. Without a thread (the system refuses one) a file is synced where it is given.
 */
#include "base/os/os_internal.h"

#include "base/log/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_WAITING = 4, /* so that a slow disk slows the writer, and not the memory of pages fills */
    STACK_BYTES = 256 << 10,
};

struct OsSyncer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool has_thread, must_stop, has_failed;
    uint32_t count; /* of `fds`; the first is being synced */
    int fds[MOST_WAITING];
    Fault fault; /* the first one's */
};

OsSyncer *os_syncer_new(void)
{
    OsSyncer *syncer = calloc(1, sizeof *syncer);
    check(syncer != NULL);
    pthread_mutex_init(&syncer->mutex, NULL);
    pthread_cond_init(&syncer->changed, NULL);
    return syncer;
}

static void keep_fault(OsSyncer *syncer, const Fault *fault)
{
    if (!syncer->has_failed)
        syncer->fault = *fault;
    syncer->has_failed = true;
}

static void *sync_files(void *state)
{
    OsSyncer *syncer = state;
    pthread_mutex_lock(&syncer->mutex);
    for (;;) {
        while (syncer->count == 0 && !syncer->must_stop)
            pthread_cond_wait(&syncer->changed, &syncer->mutex);
        if (syncer->count == 0)
            break;
        int fd = syncer->fds[0];
        Fault fault;
        pthread_mutex_unlock(&syncer->mutex);
        bool ok = os_fsync(fd, &fault);
        os_close(fd);
        pthread_mutex_lock(&syncer->mutex);
        if (!ok)
            keep_fault(syncer, &fault);
        syncer->count--;
        memmove(syncer->fds, syncer->fds + 1, syncer->count * sizeof *syncer->fds);
        pthread_cond_broadcast(&syncer->changed);
    }
    pthread_mutex_unlock(&syncer->mutex);
    return NULL;
}

void os_syncer_add(OsSyncer *syncer, int fd)
{
    if (!syncer->has_thread)
        syncer->has_thread = os_thread_start(&syncer->thread, STACK_BYTES, sync_files, syncer);
    if (!syncer->has_thread) {
        Fault fault;
        if (!os_fsync(fd, &fault))
            keep_fault(syncer, &fault);
        os_close(fd);
        return;
    }
    pthread_mutex_lock(&syncer->mutex);
    while (syncer->count == MOST_WAITING)
        pthread_cond_wait(&syncer->changed, &syncer->mutex);
    syncer->fds[syncer->count++] = fd;
    pthread_cond_broadcast(&syncer->changed);
    pthread_mutex_unlock(&syncer->mutex);
}

bool os_syncer_wait(OsSyncer *syncer, Fault *fault)
{
    pthread_mutex_lock(&syncer->mutex);
    while (syncer->count != 0)
        pthread_cond_wait(&syncer->changed, &syncer->mutex);
    if (syncer->has_failed)
        *fault = syncer->fault;
    pthread_mutex_unlock(&syncer->mutex);
    return !syncer->has_failed;
}

void os_syncer_free(OsSyncer *syncer)
{
    if (syncer == NULL)
        return;
    if (syncer->has_thread) {
        pthread_mutex_lock(&syncer->mutex);
        syncer->must_stop = true;
        pthread_cond_broadcast(&syncer->changed);
        pthread_mutex_unlock(&syncer->mutex);
        pthread_join(syncer->thread, NULL);
    }
    pthread_cond_destroy(&syncer->changed);
    pthread_mutex_destroy(&syncer->mutex);
    free(syncer);
}

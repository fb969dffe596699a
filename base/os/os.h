/*
 * The operating system behind one thin door: durable files, sockets between processes, the
 * clock. Nothing else calls fsync, rename, unlink or clock_gettime, so that a test build
 * (--enable-fault-points, or TALARIA_FAULT_POINTS in the environment of such a build) can fail,
 * delay, cut short or kill at the n-th call of any named point.
 */
#ifndef TALARIA_BASE_OS_OS_H
#define TALARIA_BASE_OS_OS_H

#include "base/fault/fault.h"
#include "base/memory/buffer.h"

#include <pthread.h>
#include <sys/types.h>
#include <sys/uio.h>

/* --- files. All descriptors are close-on-exec. Paths are terminated strings. --- */
bool os_create(const char *path, int *fd, Fault *fault);          /* O_EXCL | O_RDWR, mode 0600 */
bool os_open_read(const char *path, int *fd, Fault *fault);
bool os_write_all(int fd, const void *data, size_t length, Fault *fault);
bool os_pwrite_all(int fd, const void *data, size_t length, off_t offset, Fault *fault);
/* Reads exactly `length` bytes; fewer is FAULT_DATA_CORRUPTED. */
bool os_pread_all(int fd, void *data, size_t length, off_t offset, Fault *fault);
bool os_fsync(int fd, Fault *fault);                               /* a failed file is condemned: never sync again */
bool os_fsync_folder(const char *path, Fault *fault);
bool os_rename(const char *from, const char *to, Fault *fault);
bool os_unlink(const char *path, Fault *fault);                    /* a missing file is no error */
bool os_make_folder(const char *path, Fault *fault);               /* and its parents, mode 0700 */
bool os_file_size(int fd, uint64_t *size, Fault *fault);
void os_close(int fd);
/* Calls `visit` with each entry's name (not . and ..) until it returns false. */
bool os_list_folder(const char *path, bool (*visit)(const char *name, void *state), void *state, Fault *fault);
bool os_read_file(const char *path, Buffer *out, size_t limit, Fault *fault);
/* Write to path.tmp, sync, rename, sync the folder. */
bool os_write_file_atomically(const char *path, const void *data, size_t length, Fault *fault);
/* Maps a whole file for reading; *data NULL for an empty file. Unmap with os_unmap. */
bool os_map_read(int fd, const uint8_t **data, size_t *length, Fault *fault);
void os_unmap(const void *data, size_t length);
/* Shared anonymous memory for all children; zeroed. Never NULL (the process ends). */
void *os_map_shared(size_t length);

/* --- threads --- */
/* Starts a thread with a stack of so many bytes. Signals are the process's own affair: the thread
 * takes none. False: the system gives no thread now. */
bool os_thread_start(pthread_t *thread, size_t stack_bytes, void *(*run)(void *), void *state);

/* --- syncing while the next file is written --- */
typedef struct OsSyncer OsSyncer;
OsSyncer *os_syncer_new(void);
/* Takes `fd` over: a thread syncs and closes it. Waits while some files are waiting already. */
void os_syncer_add(OsSyncer *syncer, int fd);
/* Until every file given so far is synced; false when one could not be (the first one's fault). */
bool os_syncer_wait(OsSyncer *syncer, Fault *fault);
void os_syncer_free(OsSyncer *syncer); /* waits too; NULL is fine */

/* --- sockets between processes (Unix, stream) --- */
bool os_socket_pair(int fds[2], Fault *fault);                     /* non-blocking, close-on-exec */
bool os_socket_listen(const char *path, int *fd, Fault *fault);    /* replaces a stale socket file */
bool os_socket_accept(int listener, int *fd);                      /* false: none waiting */
bool os_socket_connect(const char *path, int *fd, Fault *fault);
/* Passing a descriptor along with some bytes (at least one). Receiving: *fd is -1 when none
 * came; true with *length 0 when nothing is waiting on a non-blocking socket; false with
 * FAULT_CONNECTION_FAILURE when the peer has closed. */
bool os_send_descriptor(int socket, int fd, const void *data, size_t length, Fault *fault);
bool os_receive_descriptor(int socket, int *fd, void *data, size_t size, size_t *length, Fault *fault);
bool os_set_nonblocking(int fd, bool on);
/* Sends what the socket takes now; *sent may be less than `length`, 0 when it is full. */
bool os_socket_send(int fd, const void *data, size_t length, size_t *sent, Fault *fault);
/* Receives what has arrived into the pieces, in order; *received 0 and true when nothing has.
 * The peer having closed is no fault: true, *received 0, *closed. */
bool os_socket_receive(int fd, const struct iovec *pieces, int count, size_t *received,
                       bool *closed, Fault *fault);

/* --- clock --- */
int64_t os_now_micros(void);       /* wall clock, microseconds since 1970-01-01 UTC */
int64_t os_monotonic_nanos(void);  /* for durations and timeouts */
int64_t os_cpu_nanos(void);        /* CPU time of this process */
bool os_sleep(int64_t nanos);      /* false: a signal came first */

/* --- looking before sleeping: to be woken costs as much as a short answer takes --- */
typedef struct OsSpin {
    int64_t nanos; /* how long to look after an event; 0: not at all */
    int64_t since; /* the last event */
} OsSpin;

void os_spin_start(OsSpin *spin); /* there was an event */
/* True: look once more, without waiting; false: sleep. Offers the core to others. */
bool os_spin_again(const OsSpin *spin);

/* --- processes --- */
int os_core_count(void);
int64_t os_memory_size(void);
/* From now on what is freed stays with the process, to be used again without the kernel's zeroing
 * every page anew, until os_give_memory_back. */
void os_keep_memory(void);
/* Gives memory that has been freed, but is still this process's, back to the system. */
void os_give_memory_back(void);
/* Must be called once by main before any fork; argv's memory is used for the titles. */
void os_process_title_init(int argc, char **argv);
void os_process_title(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* PR_SET_PDEATHSIG SIGKILL, and ends at once when `parent` is gone already. */
void os_die_with_parent(pid_t parent);
void os_random(void *out, size_t length); /* unguessable bytes */

/* --- fault points: os_point("segment.write") is free in ordinary builds --- */
#ifdef TALARIA_FAULT_POINTS
/* False when the point is told to fail now; may sleep, or never return. TALARIA_FAULT names the
 * points and what happens there: see os_point.c. */
bool os_point(const char *name, Fault *fault);
#else
static inline bool os_point(const char *name, Fault *fault)
{
    (void)name;
    (void)fault;
    return true;
}
#endif

#endif

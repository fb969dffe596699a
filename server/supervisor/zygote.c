/*
 * The zygote: a small process without sockets of clients, which forks all others.
 *
 * It hears SPAWN {kind, number, generation, memory_slot, settings}, each with the child's end of
 * a socket to the front end, and answers SPAWNED {kind, number, generation, pid}. Whoever ends is
 * told as CHILD_ENDED {kind, number, generation, pid, status: wait's}. On SHUTDOWN it lets the
 * children end (their sockets are closed by then), kills those that linger, and ends.
 *
 * SIGTERM, SIGINT and SIGQUIT mean the front end, which ends in its own order: the zygote and its
 * children ignore them, so that a signal to the whole group does not cut queries short. (A
 * controller puts its own handler on SIGINT.) They die with their parent in any case.
 */
#include "server/supervisor/supervisor.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MOST_CHILDREN = SHARED_CONTROLLERS + 128,
    RECEIVE_SIZE = 64 << 10,
    LINGER_MILLISECONDS = 1000,
};

typedef struct ZygoteChild {
    pid_t pid; /* 0: free entry */
    ChildKind kind;
    int number;
    uint64_t generation;
} ZygoteChild;

typedef struct Zygote {
    ZygoteOrders orders;
    int fd;
    bool is_stopping;
    int64_t kill_at; /* monotonic nanoseconds, when stopping */
    Buffer in;
    sigset_t waiting_mask; /* while in ppoll: SIGCHLD comes through */
    sigset_t plain_mask;
    ZygoteChild children[MOST_CHILDREN];
} Zygote;

static void on_child_signal(int number)
{
    (void)number; /* wakes ppoll */
}

/* ---------- telling the front end ---------- */

static void tell(Zygote *zygote, FrameKind kind, const ZygoteChild *child, int status)
{
    Buffer out = BUFFER_EMPTY;
    FrameWriter writer;
    frame_begin(&writer, &out, kind);
    frame_put_uint(&writer, "kind", child->kind);
    frame_put_uint(&writer, "number", (uint64_t)child->number);
    frame_put_uint(&writer, "generation", child->generation);
    frame_put_uint(&writer, "pid", (uint64_t)child->pid);
    if (kind == FRAME_CHILD_ENDED)
        frame_put_int(&writer, "status", status);
    frame_end(&writer);
    Fault fault;
    /* Nobody to tell: the front end is gone, and so are we. */
    if (!os_write_all(zygote->fd, out.data, out.length, &fault))
        _exit(1);
    buffer_clear(&out);
}

/* ---------- births ---------- */

static ZygoteChild *free_entry(Zygote *zygote)
{
    for (int i = 0; i < MOST_CHILDREN; i++) {
        if (zygote->children[i].pid == 0)
            return &zygote->children[i];
    }
    return NULL;
}

static int __attribute__((noreturn))
live(Zygote *zygote, const ZygoteChild *self, pid_t parent, int front_fd, const Frame *frame)
{
    os_die_with_parent(parent);
    os_close(zygote->fd);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &zygote->plain_mask, NULL);
    static char name[32];
    static const char *const kinds[CHILD_KIND_COUNT] = {"controller", "worker"};
    snprintf(name, sizeof name, "%s %d", kinds[self->kind], self->number);
    log_set_process(name);
    os_process_title("talaria: %s", name);
    static Settings settings;
    setting_defaults(&settings);
    Text packed = frame_text(frame, "settings");
    Fault fault;
    if (!setting_unpack(&settings, (const uint8_t *)packed.data, packed.length, &fault)) {
        log_fault(LOG_LEVEL_ERROR, "reading the settings", &fault);
        _exit(1);
    }
    ChildContext context = {
        .number = self->number,
        .generation = self->generation,
        .front_fd = front_fd,
        .data_folder = zygote->orders.data_folder,
        .run_folder = zygote->orders.run_folder,
        .settings = &settings,
        .shared = zygote->orders.shared,
        .memory_slot = (int)frame_uint(frame, "memory_slot", 0),
    };
    int status = zygote->orders.run[self->kind](&context);
    fflush(NULL);
    _exit(status);
}

static void spawn(Zygote *zygote, const Frame *frame, int front_fd)
{
    ZygoteChild self = {
        .kind = (ChildKind)frame_uint(frame, "kind", 0),
        .number = (int)frame_uint(frame, "number", 0),
        .generation = frame_uint(frame, "generation", 0),
    };
    check(self.kind < CHILD_KIND_COUNT && front_fd >= 0);
    pid_t parent = getpid();
    ZygoteChild *entry = free_entry(zygote);
    pid_t pid = entry == NULL ? -1 : fork();
    if (pid == 0)
        live(zygote, &self, parent, front_fd, frame);
    os_close(front_fd);
    if (pid < 0) {
        log_error("could not fork: %s", entry == NULL ? "too many children" : strerror(errno));
        tell(zygote, FRAME_CHILD_ENDED, &self, 1 << 8);
        return;
    }
    self.pid = pid;
    *entry = self;
    tell(zygote, FRAME_SPAWNED, entry, 0);
}

/* ---------- deaths ---------- */

static void reap(Zygote *zygote)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (int i = 0; i < MOST_CHILDREN; i++) {
            ZygoteChild *child = &zygote->children[i];
            if (child->pid == pid) {
                tell(zygote, FRAME_CHILD_ENDED, child, status);
                child->pid = 0;
            }
        }
    }
}

static bool has_children(const Zygote *zygote)
{
    for (int i = 0; i < MOST_CHILDREN; i++) {
        if (zygote->children[i].pid != 0)
            return true;
    }
    return false;
}

static void kill_all(const Zygote *zygote)
{
    for (int i = 0; i < MOST_CHILDREN; i++) {
        if (zygote->children[i].pid != 0)
            kill(zygote->children[i].pid, SIGKILL);
    }
}

/* ---------- the loop ---------- */

static void obey(Zygote *zygote, const Frame *frame, int *passed)
{
    if (frame->kind == FRAME_SPAWN) {
        spawn(zygote, frame, *passed);
        *passed = -1;
    } else if (frame->kind == FRAME_SHUTDOWN) {
        zygote->is_stopping = true;
        zygote->kill_at = os_monotonic_nanos() + LINGER_MILLISECONDS * INT64_C(1000000);
    }
}

/* The kernel never glues two messages with descriptors together, so at most one came along, and
 * it belongs to the last whole SPAWN. */
static bool receive(Zygote *zygote)
{
    Fault fault;
    int passed = -1;
    size_t got = 0;
    uint8_t *room = buffer_reserve(&zygote->in, RECEIVE_SIZE);
    if (!os_receive_descriptor(zygote->fd, &passed, room, RECEIVE_SIZE, &got, &fault) || got == 0)
        return false;
    zygote->in.length += got;
    for (;;) {
        size_t total;
        Frame frame;
        if (!frame_length(zygote->in.data, zygote->in.length, &total, &fault))
            return false;
        if (total == 0 || total > zygote->in.length)
            break;
        if (!frame_read(zygote->in.data + FRAME_PREFIX, total - FRAME_PREFIX, &frame, &fault))
            return false;
        obey(zygote, &frame, &passed);
        buffer_consume(&zygote->in, total);
    }
    if (passed >= 0)
        os_close(passed);
    return true;
}

static int milliseconds_left(const Zygote *zygote)
{
    if (!zygote->is_stopping)
        return -1;
    int64_t left = (zygote->kill_at - os_monotonic_nanos()) / 1000000;
    return left < 0 ? 0 : (int)left + 1;
}

static void __attribute__((noreturn)) serve(Zygote *zygote)
{
    for (;;) {
        int left = milliseconds_left(zygote);
        struct timespec timeout = {.tv_sec = left / 1000, .tv_nsec = (left % 1000) * 1000000L};
        struct pollfd ready = {.fd = zygote->fd, .events = POLLIN};
        int count = ppoll(&ready, 1, left < 0 ? NULL : &timeout, &zygote->waiting_mask);
        if (count < 0 && errno != EINTR)
            _exit(1);
        reap(zygote);
        if (zygote->is_stopping) {
            if (!has_children(zygote))
                _exit(0);
            if (milliseconds_left(zygote) == 0)
                kill_all(zygote);
        }
        if (count > 0 && !receive(zygote))
            _exit(1); /* the front end is gone; the children follow us */
    }
}

static void __attribute__((noreturn)) zygote_main(const ZygoteOrders *orders, int fd)
{
    static Zygote zygote;
    zygote.orders = *orders;
    zygote.fd = fd;
    log_set_process("zygote");
    os_process_title("talaria: zygote");
    os_set_nonblocking(fd, false);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    struct sigaction action = {.sa_handler = on_child_signal, .sa_flags = SA_NOCLDSTOP};
    sigaction(SIGCHLD, &action, NULL);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &zygote.plain_mask);
    zygote.waiting_mask = zygote.plain_mask;
    sigdelset(&zygote.waiting_mask, SIGCHLD);
    serve(&zygote);
}

bool zygote_start(const ZygoteOrders *orders, int *fd, pid_t *pid, Fault *fault)
{
    int fds[2];
    if (!os_socket_pair(fds, fault))
        return false;
    pid_t parent = getpid();
    fflush(NULL);
    *pid = fork();
    if (*pid < 0) {
        fault_set_system(fault, errno, "fork the zygote");
        os_close(fds[0]);
        os_close(fds[1]);
        return false;
    }
    if (*pid == 0) {
        os_die_with_parent(parent);
        os_close(fds[0]);
        zygote_main(orders, fds[1]);
    }
    os_close(fds[1]);
    *fd = fds[0];
    return true;
}

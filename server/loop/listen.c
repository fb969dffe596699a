/*
 * See listen.h.
 */
#include "server/loop/listen.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    MOST_ACCEPTED_A_TURN = 64,
    PAUSE_MILLISECONDS = 100,
};

/* ---------- TCP ---------- */

static bool open_address(Listener *listener, const struct addrinfo *address, bool *in_use,
                         Fault *fault)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fault_set_system(fault, errno, "create a socket");
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
        *in_use |= errno == EADDRINUSE;
        fault_set_system(fault, errno, "listen on the TCP address");
        close(fd);
        return false;
    }
    memset(listener, 0, sizeof *listener);
    listener->fd = fd;
    return true;
}

typedef struct TcpList {
    Listener *listeners;
    int capacity, count;
} TcpList;

static void open_name(TcpList *list, const char *name, int port, bool *in_use, Fault *fault)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    int status = getaddrinfo(strcmp(name, "*") == 0 ? NULL : name, service, &hints, &found);
    if (status != 0) {
        fault_set(fault, FAULT_CONFIG_FILE_ERROR, "could not find the address \"%s\": %s", name,
                  gai_strerror(status));
        log_fault(LOG_LEVEL_WARNING, "listening", fault);
        return;
    }
    for (const struct addrinfo *a = found; a != NULL && list->count < list->capacity;
         a = a->ai_next) {
        if (open_address(&list->listeners[list->count], a, in_use, fault)) {
            list->count++;
        } else {
            fault_detail(fault, "address \"%s\", port %d", name, port);
            log_fault(LOG_LEVEL_WARNING, "listening", fault);
        }
    }
    freeaddrinfo(found);
}

bool listener_open_tcp(Listener *listeners, int capacity, int *count, const char *addresses,
                       int port, Fault *fault)
{
    TcpList list = {.listeners = listeners, .capacity = capacity};
    char names[1024];
    bool in_use = false;
    snprintf(names, sizeof names, "%s", addresses);
    fault_set(fault, FAULT_CONFIG_FILE_ERROR, "listen_addresses names no address");
    char *rest = names;
    for (char *name; (name = strsep(&rest, ",")) != NULL;) {
        name += strspn(name, " \t");
        name[strcspn(name, " \t")] = 0;
        if (name[0] != 0)
            open_name(&list, name, port, &in_use, fault);
    }
    *count = list.count;
    if (list.count > 0 && !in_use)
        return true;
    /* Half a server on a port that another one has is worse than none. */
    for (int i = 0; i < list.count; i++)
        listener_close(&listeners[i]);
    *count = 0;
    return false;
}

/* ---------- Unix ---------- */

static bool somebody_listens(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool answered = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
                    errno == EAGAIN || errno == EINPROGRESS;
    close(fd);
    return answered;
}

bool listener_open_unix(Listener *listener, const char *path, Fault *fault)
{
    struct sockaddr_un final = {.sun_family = AF_UNIX}, fresh = {.sun_family = AF_UNIX};
    int length = snprintf(final.sun_path, sizeof final.sun_path, "%s", path);
    int fresh_length =
        snprintf(fresh.sun_path, sizeof fresh.sun_path, "%s.%d", path, (int)getpid());
    if (length < 0 || fresh_length < 0 || (size_t)fresh_length >= sizeof fresh.sun_path)
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR,
                         "the path of the Unix socket is longer than %d bytes",
                         (int)sizeof final.sun_path - 9) ||
               fault_hint(fault, "Choose a shorter unix_socket_directories.");
    if (somebody_listens(&final))
        return fault_set(fault, FAULT_OBJECT_IN_USE,
                         "another server listens on the Unix socket \"%s\"", path) ||
               fault_hint(fault, "Choose another port, or stop that server.");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fault_set_system(fault, errno, "create a socket");
    Fault ignored;
    os_unlink(fresh.sun_path, &ignored);
    /* Bound under a name of its own, then renamed: whoever connects meets a file that listens. */
    if (bind(fd, (const struct sockaddr *)&fresh, sizeof fresh) < 0 || listen(fd, BACKLOG) < 0 ||
        chmod(fresh.sun_path, 0777) < 0) {
        fault_set_system(fault, errno, "listen on the Unix socket \"%s\"", path);
        close(fd);
        return false;
    }
    if (!os_rename(fresh.sun_path, final.sun_path, fault)) {
        os_unlink(fresh.sun_path, &ignored);
        close(fd);
        return false;
    }
    memset(listener, 0, sizeof *listener);
    listener->fd = fd;
    memcpy(listener->path, final.sun_path, sizeof listener->path);
    return true;
}

/* ---------- accepting ---------- */

static bool is_out_of_descriptors(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void resume(void *state)
{
    Listener *listener = state;
    loop_watch_set(&listener->watch, true, false);
}

static void accept_some(void *state, bool readable, bool writable)
{
    Listener *listener = state;
    for (int i = 0; i < MOST_ACCEPTED_A_TURN; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t length = sizeof peer;
        int fd = accept4(listener->fd, (struct sockaddr *)&peer, &length,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            listener->accepted(listener->state, fd, &peer);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (is_out_of_descriptors(errno)) {
            log_warning("could not accept a connection: %s", strerror(errno));
            loop_watch_set(&listener->watch, false, false);
            loop_timer_start(&listener->pause, PAUSE_MILLISECONDS);
        }
        return;
    }
}

void listener_start(Listener *listener, Loop *loop,
                    void (*accepted)(void *state, int fd, const struct sockaddr_storage *peer),
                    void *state)
{
    listener->accepted = accepted;
    listener->state = state;
    loop_timer_init(&listener->pause, loop, resume, listener);
    loop_watch_init(&listener->watch, loop, listener->fd, accept_some, listener);
    loop_watch_set(&listener->watch, true, false);
}

void listener_close(Listener *listener)
{
    if (listener->fd < 0)
        return;
    loop_timer_stop(&listener->pause);
    loop_watch_stop(&listener->watch);
    if (listener->path[0] != 0) {
        Fault ignored;
        os_unlink(listener->path, &ignored);
    }
    close(listener->fd);
    listener->fd = -1;
}

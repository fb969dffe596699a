/*
 * Unix stream sockets between processes.
 */
#include "base/os/os_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    CONNECT_SECONDS = 30, /* a listener whose backlog stays full for so long is dead */
    SEND_WAIT_MS = 30000,
};

bool os_set_nonblocking(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return false;
    return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) == 0;
}

bool os_socket_pair(int fds[2], Fault *fault)
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0 ||
           fault_set_system(fault, errno, "make a socket pair");
}

static bool address_of(const char *path, struct sockaddr_un *address, Fault *fault)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path)
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR,
                         "path of Unix socket is longer than %zu bytes: \"%s\"",
                         sizeof address->sun_path - 1, path);
    memcpy(address->sun_path, path, strlen(path) + 1);
    return true;
}

static bool remove_stale_socket(const char *path, Fault *fault)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT || fault_set_system(fault, errno, "look at \"%s\"", path);
    if (!S_ISSOCK(status.st_mode))
        return fault_set_system(fault, EEXIST, "listen on \"%s\", which is no socket", path);
    return os_unlink(path, fault);
}

static bool bind_and_listen(int fd, const char *path, Fault *fault)
{
    struct sockaddr_un address;
    if (!address_of(path, &address, fault) || !remove_stale_socket(path, fault))
        return false;
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return fault_set_system(fault, errno, "bind socket \"%s\"", path);
    if (chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0)
        return fault_set_system(fault, errno, "listen on \"%s\"", path);
    return true;
}

bool os_socket_listen(const char *path, int *fd, Fault *fault)
{
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return fault_set_system(fault, errno, "make a socket");
    if (bind_and_listen(*fd, path, fault))
        return true;
    close(*fd);
    *fd = -1;
    return false;
}

bool os_socket_accept(int listener, int *fd)
{
    do
        *fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (*fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    return *fd >= 0;
}

/* Connecting waits only while the listener's backlog is full. */
static bool connect_waiting(int fd, const char *path, Fault *fault)
{
    struct sockaddr_un address;
    if (!address_of(path, &address, fault))
        return false;
    struct timeval patience = {.tv_sec = CONNECT_SECONDS};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    int result;
    do
        result = connect(fd, (const struct sockaddr *)&address, sizeof address);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return fault_set(fault, FAULT_CONNECTION_FAILURE, "could not connect to \"%s\": %s", path,
                         strerror(errno));
    struct timeval none = {0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
    return os_set_nonblocking(fd, true) || fault_set_system(fault, errno, "set up a socket");
}

bool os_socket_connect(const char *path, int *fd, Fault *fault)
{
    if (!os_point("os.connect", fault))
        return false;
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return fault_set_system(fault, errno, "make a socket");
    if (connect_waiting(*fd, path, fault))
        return true;
    close(*fd);
    *fd = -1;
    return false;
}

/* --- bytes --- */

static bool is_for_later(int error_number)
{
    return error_number == EAGAIN || error_number == EWOULDBLOCK;
}

bool os_socket_send(int fd, const void *data, size_t length, size_t *sent, Fault *fault)
{
    *sent = 0;
    if (!os_point("os.send", fault))
        return false;
    ssize_t count;
    do
        count = send(fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    if (count < 0 && !is_for_later(errno))
        return fault_set(fault, FAULT_CONNECTION_FAILURE, "could not send to another process: %s",
                         strerror(errno));
    *sent = count > 0 ? (size_t)count : 0;
    return true;
}

bool os_socket_receive(int fd, const struct iovec *pieces, int count, size_t *received,
                       bool *closed, Fault *fault)
{
    *received = 0;
    *closed = false;
    if (!os_point("os.receive", fault))
        return false;
    ssize_t got;
    do
        got = readv(fd, pieces, count);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == ECONNRESET)
        got = 0;
    else if (got < 0 && is_for_later(errno))
        return true;
    if (got < 0)
        return fault_set(fault, FAULT_CONNECTION_FAILURE,
                         "could not receive from another process: %s", strerror(errno));
    *closed = got == 0;
    *received = (size_t)got;
    return true;
}

/* --- descriptors --- */

typedef union ControlSpace {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
} ControlSpace;

static bool wait_writable(int socket)
{
    struct pollfd wanted = {.fd = socket, .events = POLLOUT};
    int ready;
    do
        ready = poll(&wanted, 1, SEND_WAIT_MS);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* sendmsg until some bytes went; a full non-blocking socket is waited for. */
static ssize_t send_waiting(int socket, const struct msghdr *message)
{
    for (;;) {
        ssize_t sent = sendmsg(socket, message, MSG_NOSIGNAL);
        if (sent >= 0)
            return sent;
        if (errno == EINTR)
            continue;
        if (!is_for_later(errno) || !wait_writable(socket))
            return -1;
    }
}

bool os_send_descriptor(int socket, int fd, const void *data, size_t length, Fault *fault)
{
    ControlSpace control = {0};
    struct iovec piece = {.iov_base = (void *)(uintptr_t)data, .iov_len = length};
    struct msghdr message = {
        .msg_iov = &piece,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    while (piece.iov_len > 0) {
        ssize_t sent = send_waiting(socket, &message);
        if (sent < 0)
            return fault_set_system(fault, errno, "pass a descriptor");
        piece.iov_base = (char *)piece.iov_base + sent;
        piece.iov_len -= (size_t)sent;
        message.msg_control = NULL; /* it went with the first byte */
        message.msg_controllen = 0;
    }
    return true;
}

/* The one descriptor that is wanted; others that came along are closed. */
static int take_descriptor(struct msghdr *message)
{
    int taken = -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            if (taken < 0)
                taken = fd;
            else
                close(fd);
        }
    }
    return taken;
}

bool os_receive_descriptor(int socket, int *fd, void *data, size_t size, size_t *length,
                           Fault *fault)
{
    ControlSpace control = {0};
    struct iovec piece = {.iov_base = data, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &piece,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    *fd = -1;
    *length = 0;
    ssize_t received;
    do
        received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0 && is_for_later(errno))
        return true;
    if (received < 0)
        return fault_set_system(fault, errno, "receive a descriptor");
    *fd = take_descriptor(&message);
    if (received == 0)
        return fault_set(fault, FAULT_CONNECTION_FAILURE, "the other process has closed its end");
    *length = (size_t)received;
    return true;
}

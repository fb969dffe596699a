/*
 * Links. See link.h.
 *
 * Receiving: bytes arrive in a staging buffer. A frame that is whole there is copied into its
 * own aligned memory (it is still in the cache). For a frame that is not, that memory is made at
 * once from the announced length, and the rest of it is read there directly by readv, with the
 * staging buffer behind it for the beginning of the next one. While a large frame is awaited the
 * staging part is kept small, so that in a stream of large frames nearly every byte is moved
 * once only.
 *
 * Sending: frames are written into one buffer, sent from its front; what is sent is dropped when
 * all is, or when it has become much.
 */
#include "protocol/frame/link.h"

#include "base/log/log.h"
#include "base/os/os.h"
#include "protocol/frame/link_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LINK_MAGIC = 0x4C696E6B,
    STAGING = 256 * 1024,
    STAGING_BEHIND_LARGE = 16 * 1024,
    LARGE_REST = 64 * 1024,
    SOCKET_BUFFER = 1024 * 1024,
    DROP_SENT = 1024 * 1024,  /* move the unsent bytes to the front when so many are sent */
    KEPT_OUT = 4 * 1024 * 1024, /* an emptied buffer larger than this is given back */
};

struct Link {
    uint32_t magic;
    int fd;
    bool peer_closed;
    bool is_taken;     /* the current frame's memory belongs to the caller */
    Buffer out;
    size_t sent;       /* bytes of `out` */
    LinkBody *current; /* of the frame last given out */
    LinkBody *partial; /* of the frame that is arriving */
    size_t start, end; /* the bytes in `staging` that belong to no frame yet */
    uint8_t *staging;
};

Link *link_new(int fd)
{
    Link *link = calloc(1, sizeof *link);
    uint8_t *staging = malloc(STAGING);
    if (link == NULL || staging == NULL) {
        log_error("out of memory: link");
        _exit(3);
    }
    int size = SOCKET_BUFFER;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    os_set_nonblocking(fd, true);
    link->magic = LINK_MAGIC;
    link->fd = fd;
    link->staging = staging;
    return link;
}

static void drop_current(Link *link)
{
    if (!link->is_taken)
        link_body_free(link->current);
    link->current = NULL;
    link->is_taken = false;
}

void link_free(Link *link)
{
    if (link == NULL)
        return;
    check(link->magic == LINK_MAGIC);
    drop_current(link);
    link_body_free(link->partial);
    buffer_clear(&link->out);
    free(link->staging);
    os_close(link->fd);
    link->magic = 0;
    free(link);
}

int link_fd(const Link *link)
{
    return link->fd;
}

/* --- sending --- */

Buffer *link_out(Link *link)
{
    return &link->out;
}

size_t link_unsent(const Link *link)
{
    return link->out.length - link->sent;
}

bool link_wants_write(const Link *link)
{
    return link_unsent(link) > 0;
}

static void drop_sent(Link *link)
{
    if (link->sent == link->out.length) {
        buffer_reset(&link->out);
        link->sent = 0;
        if (link->out.capacity > KEPT_OUT)
            buffer_clear(&link->out);
    } else if (link->sent > DROP_SENT && link->sent > link_unsent(link)) {
        buffer_consume(&link->out, link->sent);
        link->sent = 0;
    }
}

bool link_flush(Link *link, Fault *fault)
{
    check(link->magic == LINK_MAGIC);
    while (link_unsent(link) > 0) {
        size_t sent;
        if (!os_socket_send(link->fd, link->out.data + link->sent, link_unsent(link), &sent,
                            fault))
            return false;
        if (sent == 0)
            break;
        link->sent += sent;
    }
    drop_sent(link);
    return true;
}

/* --- receiving --- */

/* Whether link_next has something to give out without reading. */
static bool has_whole_frame(const Link *link)
{
    if (link->partial != NULL)
        return link->partial->filled == link->partial->length;
    size_t available = link->end - link->start, total;
    Fault unused;
    if (!frame_length(link->staging + link->start, available, &total, &unused))
        return true; /* link_next shall say so */
    return total > 0 && total <= available;
}

/* Free room at the end of the staging buffer; what is in it moves to the front when little. */
static size_t staging_room(Link *link)
{
    if (link->start == link->end) {
        link->start = link->end = 0;
    } else if (STAGING - link->end < STAGING / 2 && link->start > 0) {
        memmove(link->staging, link->staging + link->start, link->end - link->start);
        link->end -= link->start;
        link->start = 0;
    }
    return STAGING - link->end;
}

static bool receive_some(Link *link, size_t *received, bool *closed, Fault *fault)
{
    struct iovec pieces[2];
    int count = 0;
    size_t rest = 0, room = staging_room(link);
    if (link->partial != NULL) {
        rest = link->partial->length - link->partial->filled;
        pieces[count++] = (struct iovec){
            .iov_base = link->partial->data + link->partial->filled, .iov_len = rest};
        if (rest >= LARGE_REST && room > STAGING_BEHIND_LARGE)
            room = STAGING_BEHIND_LARGE;
    }
    pieces[count++] =
        (struct iovec){.iov_base = link->staging + link->end, .iov_len = room};
    if (!os_socket_receive(link->fd, pieces, count, received, closed, fault))
        return false;
    size_t direct = *received < rest ? *received : rest;
    if (link->partial != NULL)
        link->partial->filled += direct;
    link->end += *received - direct;
    return true;
}

/* Moves what the staging buffer holds of the next frame into memory of its own. False with the
 * fault set when it is no frame. */
static bool begin_frame(Link *link, Fault *fault)
{
    size_t available = link->end - link->start, total;
    if (!frame_length(link->staging + link->start, available, &total, fault))
        return false;
    if (total == 0)
        return true; /* not even the length is there */
    link->start += FRAME_PREFIX;
    available -= FRAME_PREFIX;
    LinkBody *body = link_body_new(total - FRAME_PREFIX);
    body->filled = available < body->length ? available : body->length;
    if (body->filled > 0)
        memcpy(body->data, link->staging + link->start, body->filled);
    link->start += body->filled;
    link->partial = body;
    return true;
}

bool link_fill(Link *link, Fault *fault)
{
    check(link->magic == LINK_MAGIC);
    fault_clear(fault);
    if (has_whole_frame(link))
        return true; /* first things first; the socket stays readable */
    /* from here on the staging buffer has room: it holds less than a prefix */
    if (link->partial == NULL && !begin_frame(link, fault))
        return false;
    if (!link->peer_closed) {
        size_t received;
        if (!receive_some(link, &received, &link->peer_closed, fault))
            return false;
    }
    if (!link->peer_closed)
        return true;
    if (link->partial != NULL || link->start < link->end)
        return fault_set(fault, FAULT_CONNECTION_FAILURE,
                         "another process closed its end within a message");
    return false;
}

bool link_next(Link *link, Frame *frame, bool *has, Fault *fault)
{
    check(link->magic == LINK_MAGIC);
    *has = false;
    drop_current(link);
    if (link->partial == NULL && !begin_frame(link, fault))
        return false;
    if (link->partial == NULL || link->partial->filled < link->partial->length)
        return true;
    link->current = link->partial;
    link->partial = NULL;
    *has = frame_read(link->current->data, link->current->length, frame, fault);
    return *has;
}

LinkBody *link_take(Link *link)
{
    check(link->magic == LINK_MAGIC);
    if (link->is_taken)
        return NULL;
    link->is_taken = link->current != NULL;
    return link->current;
}

/* --- waiting --- */

static bool wait_ready(const Link *link, int64_t deadline, Fault *fault)
{
    struct pollfd wanted = {
        .fd = link->fd,
        .events = (short)(POLLIN | (link_wants_write(link) ? POLLOUT : 0)),
    };
    int64_t left = deadline < 0 ? -1 : (deadline - os_monotonic_nanos()) / 1000000;
    if (deadline >= 0 && left < 0)
        left = 0;
    int ready = poll(&wanted, 1, (int)left);
    if (ready == 0)
        return fault_set(fault, FAULT_CONNECTION_FAILURE, "another process did not answer in time");
    return ready > 0 || errno == EINTR ||
           fault_set(fault, FAULT_CONNECTION_FAILURE, "could not wait for another process");
}

bool link_wait_frame(Link *link, Frame *frame, int timeout_ms, Fault *fault)
{
    int64_t deadline =
        timeout_ms < 0 ? -1 : os_monotonic_nanos() + (int64_t)timeout_ms * 1000000;
    for (;;) {
        bool has;
        if (!link_next(link, frame, &has, fault))
            return false;
        if (has)
            return true;
        if (!link_flush(link, fault))
            return false;
        if (!wait_ready(link, deadline, fault))
            return false;
        if (!link_fill(link, fault)) {
            if (fault->code == FAULT_NONE)
                fault_set(fault, FAULT_CONNECTION_FAILURE, "another process closed its end");
            return false;
        }
    }
}

/*
 * Links: frames over a non-blocking Unix stream socket. One link a pair of processes and
 * purpose; owns its descriptor and its buffers. It never blocks: the owner's loop tells it when
 * the socket is ready.
 */
#ifndef TALARIA_PROTOCOL_FRAME_LINK_H
#define TALARIA_PROTOCOL_FRAME_LINK_H

#include "protocol/frame/frame.h"

typedef struct Link Link;

/* Takes over `fd` (made non-blocking; its system buffers are widened as far as allowed). */
Link *link_new(int fd);
void link_free(Link *link); /* closes; NULL is fine */
int link_fd(const Link *link);

/* The buffer to write frames into (frame_begin(&w, link_out(link), ...)); then link_flush. */
Buffer *link_out(Link *link);
/* Sends what it can. False: the link is broken (fault says why). Unsent bytes stay. */
bool link_flush(Link *link, Fault *fault);
bool link_wants_write(const Link *link);     /* unsent bytes remain: wait for writability */
size_t link_unsent(const Link *link);

/* Reads from the socket, at most one piece a call (readiness is level-triggered): call link_next
 * until it has no more, then wait for the socket again. False with code FAULT_NONE: the peer
 * closed and every whole frame has been given out; else broken. */
bool link_fill(Link *link, Fault *fault);
/*
 * The next whole frame, if one has arrived: true and *has; its body stays valid
 * until the next link_next unless it is taken with link_take. Bodies are 64-byte aligned, with
 * 64 readable bytes behind. False: hostile bytes.
 */
bool link_next(Link *link, Frame *frame, bool *has, Fault *fault);
/* Makes the caller owner of the current frame's memory, so that its batch can be used in place
 * after the next link_next; give it back with link_body_free. Once a frame: NULL when there is
 * no current frame or it was taken. It outlives the link. */
typedef struct LinkBody LinkBody;
LinkBody *link_take(Link *link);
void link_body_free(LinkBody *body); /* NULL is fine */
/* Bytes that the memory of a taken frame holds, for budgets. */
size_t link_body_size(const LinkBody *body);
/* For loopback channels and tests: blocks until the frame is there or `timeout_ms` passed (-1:
 * for ever), sending what is unsent meanwhile. Timeout and the peer's closing are
 * FAULT_CONNECTION_FAILURE. */
bool link_wait_frame(Link *link, Frame *frame, int timeout_ms, Fault *fault);

#endif

/*
 * The memory of a frame that arrives. See link_body.c.
 */
#ifndef TALARIA_PROTOCOL_FRAME_LINK_INTERNAL_H
#define TALARIA_PROTOCOL_FRAME_LINK_INTERNAL_H

#include "protocol/frame/frame_internal.h"
#include "protocol/frame/link.h"

struct LinkBody {
    LinkBody *next; /* among the freed ones */
    size_t capacity;
    size_t length; /* of the frame's body */
    size_t filled; /* so much of it has arrived */
    uint8_t data[] __attribute__((aligned(64)));
};

LinkBody *link_body_new(size_t length);
/* Frees what is kept for reuse. */
void link_body_drop_kept(void);

#endif

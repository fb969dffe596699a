/*
 * The memory of frames that have arrived: 64-byte aligned, with a readable tail, and reused.
 * Large blocks fresh from the system cost a page fault for every 4 KiB, more than the transfer
 * itself; so a process keeps freed ones by power of two, up to a bound.
 */
#include "protocol/frame/link_internal.h"

#include "base/log/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SMALLEST_BITS = 10,
    LARGEST_BITS = 21, /* larger ones are not kept */
    CLASSES = LARGEST_BITS - SMALLEST_BITS + 1,
    KEPT_BYTES = 16 << 20,
};

static struct {
    LinkBody *free[CLASSES];
    size_t bytes;
} kept;

/* The class whose blocks hold `capacity`; CLASSES when none does. */
static unsigned class_of(size_t capacity)
{
    unsigned class = 0;
    while (class < CLASSES && ((size_t)1 << (SMALLEST_BITS + class)) < capacity)
        class++;
    return class;
}

LinkBody *link_body_new(size_t length)
{
    unsigned class = class_of(length);
    LinkBody *body;
    if (class < CLASSES && kept.free[class] != NULL) {
        body = kept.free[class];
        kept.free[class] = body->next;
        kept.bytes -= body->capacity;
    } else {
        size_t capacity =
            class < CLASSES ? (size_t)1 << (SMALLEST_BITS + class) : frame_padded(length);
        body = aligned_alloc(FRAME_ALIGNMENT, sizeof(LinkBody) + capacity + FRAME_TAIL);
        if (body == NULL) {
            log_error("out of memory: frame requested=%zu", length);
            _exit(3);
        }
        body->capacity = capacity;
    }
    body->next = NULL;
    body->length = length;
    body->filled = 0;
    memset(body->data + length, 0, FRAME_TAIL);
    return body;
}

void link_body_free(LinkBody *body)
{
    if (body == NULL)
        return;
    unsigned class = class_of(body->capacity);
    if (class == CLASSES || kept.bytes + body->capacity > KEPT_BYTES) {
        free(body);
        return;
    }
    body->next = kept.free[class];
    kept.free[class] = body;
    kept.bytes += body->capacity;
}

size_t link_body_size(const LinkBody *body)
{
    return sizeof(LinkBody) + body->capacity + FRAME_TAIL;
}

void link_body_drop_kept(void)
{
    for (unsigned class = 0; class < CLASSES; class++)
        while (kept.free[class] != NULL) {
            LinkBody *body = kept.free[class];
            kept.free[class] = body->next;
            free(body);
        }
    kept.bytes = 0;
}

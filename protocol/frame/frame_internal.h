/*
 * Shared by the files of this room.
 */
#ifndef TALARIA_PROTOCOL_FRAME_FRAME_INTERNAL_H
#define TALARIA_PROTOCOL_FRAME_FRAME_INTERNAL_H

#include "protocol/frame/frame.h"

enum {
    FRAME_ALIGNMENT = 64,
    FRAME_TAIL = 64, /* readable bytes behind a body, as vectors promise */
};

/* How dictionary vectors are described. */
enum {
    DICTIONARY_FIELDS = 10,
    REFERENCE_FIELDS = 6, /* one that lies elsewhere */
    DICTIONARY_UNIQUE = 1,
    DICTIONARY_SORTED = 2,
    DICTIONARY_ELSEWHERE = 4,
};

static inline size_t frame_padded(size_t length)
{
    return (length + FRAME_ALIGNMENT - 1) & ~(size_t)(FRAME_ALIGNMENT - 1);
}

/* A fault as one msgpack value, and back (false: not a fault). */
void fault_encode(const Fault *fault, Buffer *out);
bool fault_decode(const void *data, size_t length, Fault *out);

#endif

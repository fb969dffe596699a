/*
 * Gzip files through ISA-L, whose inflate is some three times as fast as zlib's: members one
 * behind the other, each with its checksum and length tested. What follows the last member and
 * does not begin like one (padding) is left alone, as gzip does.
 */
#include "engine/input/input_internal.h"

#ifdef HAVE_ISAL

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

enum { STORED_BYTES = 256 << 10 };

typedef struct GunzipStream {
    ByteStream base;
    ByteStream *inner;
    Text name;
    bool is_at_end;  /* of the stored bytes */
    bool is_between; /* behind a member */
    struct inflate_state state;
    uint8_t stored[STORED_BYTES];
} GunzipStream;

static bool damaged(const GunzipStream *gunzip, const char *what, Fault *fault)
{
    return fault_set(fault, FAULT_DATA_CORRUPTED, "could not decompress \"%.*s\" (gzip): %s",
                     TEXT_ARGS(gunzip->name), what);
}

/* What is left of the stored bytes moves to the front, and more comes behind. */
static bool read_stored(GunzipStream *gunzip, Fault *fault)
{
    size_t left = gunzip->state.avail_in, got;
    if (left != 0)
        memmove(gunzip->stored, gunzip->state.next_in, left);
    if (!gunzip->inner->read(gunzip->inner, gunzip->stored + left, STORED_BYTES - left, &got, fault))
        return false;
    gunzip->state.next_in = gunzip->stored;
    gunzip->state.avail_in = (uint32_t)(left + got);
    gunzip->is_at_end = got == 0;
    gunzip->base.stored = gunzip->inner->stored;
    return true;
}

/* Behind a member: whether another one follows. */
static bool next_member(GunzipStream *gunzip, bool *has, Fault *fault)
{
    while (gunzip->state.avail_in < 2 && !gunzip->is_at_end)
        if (!read_stored(gunzip, fault))
            return false;
    const uint8_t *next = gunzip->state.next_in;
    *has = gunzip->state.avail_in >= 2 && next[0] == 0x1F && next[1] == 0x8B;
    if (*has) {
        isal_inflate_reset(&gunzip->state);
        gunzip->state.crc_flag = ISAL_GZIP;
        gunzip->is_between = false;
    }
    return true;
}

static bool inflate_some(GunzipStream *gunzip, Fault *fault)
{
    switch (isal_inflate(&gunzip->state)) {
    case ISAL_DECOMP_OK:
        gunzip->is_between = gunzip->state.block_state == ISAL_BLOCK_FINISH;
        return true;
    case ISAL_INCORRECT_CHECKSUM:
        return damaged(gunzip, "the checksum does not match", fault);
    case ISAL_UNSUPPORTED_METHOD:
        return damaged(gunzip, "unknown method", fault);
    default:
        return damaged(gunzip, "damaged data", fault);
    }
}

static bool gunzip_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    GunzipStream *gunzip = (GunzipStream *)self;
    struct inflate_state *state = &gunzip->state;
    uint32_t room = size < (1u << 30) ? (uint32_t)size : 1u << 30;
    state->next_out = out;
    state->avail_out = room;
    while (state->avail_out == room) {
        bool has = true;
        if (gunzip->is_between && !next_member(gunzip, &has, fault))
            return false;
        if (!has)
            break;
        if (state->avail_in == 0 && !gunzip->is_at_end && !read_stored(gunzip, fault))
            return false;
        uint32_t before = state->avail_in;
        if (!inflate_some(gunzip, fault))
            return false;
        /* it takes all that it is given, so that it stands still at the end alone */
        bool is_still = state->avail_in == before && state->avail_out == room;
        if (is_still && !gunzip->is_between)
            return damaged(gunzip, "truncated gzip input", fault);
    }
    *got = room - state->avail_out;
    return true;
}

static void gunzip_close(ByteStream *self)
{
    GunzipStream *gunzip = (GunzipStream *)self;
    gunzip->inner->close(gunzip->inner);
    free(gunzip);
}

ByteStream *gunzip_open(ByteStream *inner, Text name)
{
    GunzipStream *gunzip = malloc(sizeof *gunzip);
    if (gunzip == NULL)
        abort();
    memset(gunzip, 0, offsetof(GunzipStream, state));
    gunzip->base = (ByteStream){.read = gunzip_read, .close = gunzip_close};
    gunzip->inner = inner;
    gunzip->name = name;
    isal_inflate_init(&gunzip->state);
    gunzip->state.crc_flag = ISAL_GZIP;
    gunzip->state.avail_in = 0;
    gunzip->state.next_in = gunzip->stored;
    return &gunzip->base;
}

#endif

/*
 * msgpack: writing into a Buffer (through msgpack-c's packer) and reading with a cursor that
 * checks every byte, because what it reads comes from another process or from disk. Reading
 * allocates nothing: texts point into the message.
 */
#ifndef TALARIA_BASE_MEMORY_PACK_H
#define TALARIA_BASE_MEMORY_PACK_H

#include "base/memory/buffer.h"
#include "base/memory/text.h"

void pack_nil(Buffer *out);
void pack_bool(Buffer *out, bool value);
void pack_uint(Buffer *out, uint64_t value);
void pack_int(Buffer *out, int64_t value);
void pack_double(Buffer *out, double value);
void pack_text(Buffer *out, Text value);
void pack_string(Buffer *out, const char *value);
void pack_bytes(Buffer *out, const void *data, size_t length);
void pack_array(Buffer *out, uint32_t count); /* then so many values */
void pack_map(Buffer *out, uint32_t count);   /* then so many pairs */

/*
 * A cursor over msgpack bytes. The first thing that does not fit (wrong type, out of range, end
 * of the bytes) sets `failed` and moves to the end; from then on every read gives zero, so that
 * a caller may read a whole struct and look at `failed` once.
 */
typedef struct Unpacker {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
} Unpacker;

typedef enum PackType {
    PACK_NIL, PACK_BOOL, PACK_UINT, PACK_INT /* negative */, PACK_DOUBLE, PACK_TEXT, PACK_BYTES,
    PACK_ARRAY, PACK_MAP, PACK_BAD
} PackType;

void unpack_init(Unpacker *unpacker, const void *data, size_t length);
PackType unpack_peek(const Unpacker *unpacker);
bool unpack_nil(Unpacker *unpacker); /* consumes a nil when there is one */
bool unpack_bool(Unpacker *unpacker);
uint64_t unpack_uint(Unpacker *unpacker);
int64_t unpack_int(Unpacker *unpacker);
double unpack_double(Unpacker *unpacker); /* integers too */
Text unpack_text(Unpacker *unpacker);
Text unpack_bytes(Unpacker *unpacker);
/* Counts are checked against the bytes that are left (an element takes at least one), so they
 * may be handed to an allocator after a limit of the caller's own. */
uint32_t unpack_array(Unpacker *unpacker);
uint32_t unpack_map(Unpacker *unpacker);
void unpack_skip(Unpacker *unpacker); /* one value of any kind; nested at most 64 deep */
/* unpack_uint, which must be below `limit`. */
uint64_t unpack_below(Unpacker *unpacker, uint64_t limit);

#endif

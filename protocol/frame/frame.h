/*
 * Frames: messages between processes, over Unix stream sockets.
 *
 * On the socket a frame is one msgpack `bin 32`: byte 0xC6, a big-endian length, then a body of
 * so many bytes. The body is a msgpack array [kind, map]; the map's fields depend on the kind
 * (kinds.def and docs/messages.md). Frames that carry a batch hold, after the msgpack part and
 * padding to 64 bytes, the columns' buffers, laid out so that the receiver uses them in place:
 * no pointers, 64-byte aligned offsets that the map names. Reading such a frame is checking its
 * header, not decoding its rows.
 *
 * This module makes and reads bytes; it does no I/O (protocol/frame/link.h moves them).
 */
#ifndef TALARIA_PROTOCOL_FRAME_FRAME_H
#define TALARIA_PROTOCOL_FRAME_FRAME_H

#include "base/fault/fault.h"
#include "base/memory/arena.h"
#include "base/memory/buffer.h"
#include "storage/vector/vector.h"

typedef enum FrameKind {
#define FRAME_KIND(symbol, name) FRAME_##symbol,
#include "protocol/frame/kinds.def"
#undef FRAME_KIND
    FRAME_KIND_COUNT
} FrameKind;

const char *frame_kind_name(FrameKind kind);

enum {
    FRAME_PREFIX = 5,               /* 0xC6 + length */
    FRAME_MAX_BODY = 1 << 30,
};

/* --- the map of a message, written field by field in any order --- */
typedef struct FrameWriter {
    Buffer *out;
    size_t start;       /* where the frame's prefix begins in `out` */
    size_t count_at;    /* where the map's field count is patched */
    uint32_t fields;
} FrameWriter;

/* Begins a frame at the end of `out`. Every begin needs a frame_end. Several frames may be
 * appended to one buffer. */
void frame_begin(FrameWriter *writer, Buffer *out, FrameKind kind);
void frame_put_uint(FrameWriter *writer, const char *name, uint64_t value);
void frame_put_int(FrameWriter *writer, const char *name, int64_t value);
void frame_put_bool(FrameWriter *writer, const char *name, bool value);
void frame_put_double(FrameWriter *writer, const char *name, double value);
void frame_put_text(FrameWriter *writer, const char *name, Text value);
void frame_put_bytes(FrameWriter *writer, const char *name, const void *data, size_t length);
void frame_put_fault(FrameWriter *writer, const char *name, const Fault *fault);
void frame_end(FrameWriter *writer);

/* --- reading one whole frame --- */
typedef struct FrameField {
    Text name;
    enum { FIELD_NIL, FIELD_BOOL, FIELD_UINT, FIELD_INT, FIELD_DOUBLE, FIELD_TEXT, FIELD_BYTES } type;
    union {
        bool boolean;
        uint64_t uint;
        int64_t sint;
        double real;
        Text bytes; /* TEXT and BYTES: points into the frame */
    };
} FrameField;

enum { FRAME_MAX_FIELDS = 64 };

typedef struct Frame {
    FrameKind kind;
    uint32_t field_count;
    FrameField fields[FRAME_MAX_FIELDS];
    const uint8_t *body; /* start of the body (after the prefix); 64-byte aligned if decoded from a link */
    size_t body_length;
    size_t map_length;   /* bytes of the msgpack part; buffers follow, padded to 64 */
} Frame;

/* Total bytes (with prefix) of the frame that starts at `data`; 0 when more bytes are needed to
 * know; fault when it is no frame or too long. */
bool frame_length(const uint8_t *data, size_t available, size_t *total, Fault *fault);
/* Reads a body (without the prefix). Every access below is checked. */
bool frame_read(const uint8_t *body, size_t length, Frame *frame, Fault *fault);
/* Fields by name; a missing one or one of another type gives the default. */
uint64_t frame_uint(const Frame *frame, const char *name, uint64_t otherwise);
int64_t frame_int(const Frame *frame, const char *name, int64_t otherwise);
bool frame_bool(const Frame *frame, const char *name, bool otherwise);
double frame_double(const Frame *frame, const char *name, double otherwise);
Text frame_text(const Frame *frame, const char *name); /* empty when missing */
bool frame_has(const Frame *frame, const char *name);
bool frame_fault(const Frame *frame, const char *name, Fault *out); /* false when missing or bad */

/* --- batches --- */
/*
 * Appends a whole frame of `kind` whose map has the fields already put on `writer` plus the
 * batch's description, followed by its buffers; ends the frame. Dictionary vectors travel as
 * codes and the entries used (compacted when fewer rows than entries); constants as one value.
 * The frame must stay below FRAME_MAX_BODY (a check): who sends large values looks at
 * batch_footprint first, which is an upper bound but for dictionaries' headers.
 */
void frame_end_with_batch(FrameWriter *writer, const Batch *batch);
/* The batch of a frame, in place: vectors point into the body, small headers (Dictionary, Text
 * arrays of flat strings) are made in `arena`. The body must outlive the batch, and 64 bytes
 * behind it must be readable (a link's are; when the body is not 64-byte aligned, its buffers
 * are copied into `arena`). Everything is bounds-checked, codes and offsets too; at most 2^24
 * rows. */
bool frame_read_batch(const Frame *frame, Arena *arena, Batch **batch, Fault *fault);

/* The same between processes that have the same segments: of dictionaries with a home only the
 * codes travel, and the home's name. */
void frame_end_with_references(FrameWriter *writer, const Batch *batch);
/* Finds the dictionary of a name; it stays as long as the batch is used. NULL with a fault when
 * there is none: names come from outside. */
typedef struct DictionaryFinder {
    const Dictionary *(*find)(void *state, const uint8_t digest[16], uint32_t column, Fault *fault);
    void *state;
} DictionaryFinder;
bool frame_read_references(const Frame *frame, Arena *arena, const DictionaryFinder *finder,
                           Batch **batch, Fault *fault);

#endif

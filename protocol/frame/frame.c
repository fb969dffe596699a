/*
 * The envelope and the map of a frame. See frame.h, and docs/messages.md for the format.
 */
#include "protocol/frame/frame.h"

#include "base/log/log.h"
#include "base/memory/pack.h"
#include "protocol/frame/frame_internal.h"

#include <string.h>

enum { PREFIX_TAG = 0xC6, MAP32_TAG = 0xDF };

static const char *const KIND_NAMES[FRAME_KIND_COUNT] = {
#define FRAME_KIND(symbol, name) [FRAME_##symbol] = name,
#include "protocol/frame/kinds.def"
#undef FRAME_KIND
};

const char *frame_kind_name(FrameKind kind)
{
    return (unsigned)kind < FRAME_KIND_COUNT ? KIND_NAMES[kind] : "unknown";
}

/* --- writing --- */

static void patch_u32be(Buffer *out, size_t at, size_t value)
{
    uint32_t swapped = __builtin_bswap32((uint32_t)value);
    memcpy(out->data + at, &swapped, sizeof swapped);
}

void frame_begin(FrameWriter *writer, Buffer *out, FrameKind kind)
{
    writer->out = out;
    writer->start = out->length;
    writer->fields = 0;
    buffer_append_byte(out, PREFIX_TAG);
    buffer_append_u32be(out, 0); /* the length, known at the end */
    pack_array(out, 2);
    pack_uint(out, (uint64_t)kind);
    buffer_append_byte(out, MAP32_TAG);
    writer->count_at = out->length;
    buffer_append_u32be(out, 0); /* the number of fields */
}

static void put_name(FrameWriter *writer, const char *name)
{
    check(writer->fields < FRAME_MAX_FIELDS);
    writer->fields++;
    pack_string(writer->out, name);
}

void frame_put_uint(FrameWriter *writer, const char *name, uint64_t value)
{
    put_name(writer, name);
    pack_uint(writer->out, value);
}

void frame_put_int(FrameWriter *writer, const char *name, int64_t value)
{
    put_name(writer, name);
    pack_int(writer->out, value);
}

void frame_put_bool(FrameWriter *writer, const char *name, bool value)
{
    put_name(writer, name);
    pack_bool(writer->out, value);
}

void frame_put_double(FrameWriter *writer, const char *name, double value)
{
    put_name(writer, name);
    pack_double(writer->out, value);
}

void frame_put_text(FrameWriter *writer, const char *name, Text value)
{
    put_name(writer, name);
    pack_text(writer->out, value);
}

void frame_put_bytes(FrameWriter *writer, const char *name, const void *data, size_t length)
{
    check(length <= FRAME_MAX_BODY);
    put_name(writer, name);
    pack_bytes(writer->out, data, length);
}

void frame_put_fault(FrameWriter *writer, const char *name, const Fault *fault)
{
    Buffer encoded = BUFFER_EMPTY;
    fault_encode(fault, &encoded);
    frame_put_bytes(writer, name, encoded.data, encoded.length);
    buffer_clear(&encoded);
}

void frame_end(FrameWriter *writer)
{
    size_t length = writer->out->length - writer->start - FRAME_PREFIX;
    check(length <= FRAME_MAX_BODY);
    patch_u32be(writer->out, writer->start + 1, length);
    patch_u32be(writer->out, writer->count_at, writer->fields);
}

/* --- reading --- */

static bool refuse(Fault *fault, const char *why)
{
    return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "malformed frame: %s", why);
}

bool frame_length(const uint8_t *data, size_t available, size_t *total, Fault *fault)
{
    *total = 0;
    if (available > 0 && data[0] != PREFIX_TAG)
        return refuse(fault, "does not begin as a frame does");
    if (available < FRAME_PREFIX)
        return true;
    uint32_t length;
    memcpy(&length, data + 1, sizeof length);
    length = __builtin_bswap32(length);
    if (length > FRAME_MAX_BODY)
        return refuse(fault, "too long");
    *total = FRAME_PREFIX + (size_t)length;
    return true;
}

static bool read_value(Unpacker *in, FrameField *field)
{
    switch (unpack_peek(in)) {
    case PACK_NIL:
        field->type = FIELD_NIL;
        unpack_nil(in);
        return true;
    case PACK_BOOL:
        field->type = FIELD_BOOL;
        field->boolean = unpack_bool(in);
        return true;
    case PACK_UINT:
        field->type = FIELD_UINT;
        field->uint = unpack_uint(in);
        return true;
    case PACK_INT:
        field->type = FIELD_INT;
        field->sint = unpack_int(in);
        return true;
    case PACK_DOUBLE:
        field->type = FIELD_DOUBLE;
        field->real = unpack_double(in);
        return true;
    case PACK_TEXT:
        field->type = FIELD_TEXT;
        field->bytes = unpack_text(in);
        return true;
    case PACK_BYTES:
        field->type = FIELD_BYTES;
        field->bytes = unpack_bytes(in);
        return true;
    case PACK_ARRAY:
    case PACK_MAP:
    case PACK_BAD:
        return false;
    }
    return false;
}

bool frame_read(const uint8_t *body, size_t length, Frame *frame, Fault *fault)
{
    frame->field_count = 0;
    frame->body = body;
    frame->body_length = length;
    frame->map_length = 0;
    if (length > FRAME_MAX_BODY)
        return refuse(fault, "too long");
    Unpacker in;
    unpack_init(&in, body, length);
    if (unpack_array(&in) != 2)
        return refuse(fault, "no kind and map");
    frame->kind = (FrameKind)unpack_below(&in, FRAME_KIND_COUNT);
    uint32_t fields = unpack_map(&in);
    if (in.failed || fields > FRAME_MAX_FIELDS)
        return refuse(fault, in.failed ? "unknown kind or no map" : "too many fields");
    for (uint32_t i = 0; i < fields; i++) {
        FrameField *field = &frame->fields[i];
        field->name = unpack_text(&in);
        if (in.failed || !read_value(&in, field) || in.failed)
            return refuse(fault, "a field cannot be read");
    }
    frame->field_count = fields;
    frame->map_length = (size_t)(in.at - body);
    return true;
}

static const FrameField *find(const Frame *frame, const char *name)
{
    for (uint32_t i = 0; i < frame->field_count; i++)
        if (text_equal_string(frame->fields[i].name, name))
            return &frame->fields[i];
    return NULL;
}

uint64_t frame_uint(const Frame *frame, const char *name, uint64_t otherwise)
{
    const FrameField *field = find(frame, name);
    return field != NULL && field->type == FIELD_UINT ? field->uint : otherwise;
}

int64_t frame_int(const Frame *frame, const char *name, int64_t otherwise)
{
    const FrameField *field = find(frame, name);
    if (field != NULL && field->type == FIELD_INT)
        return field->sint;
    /* a writer of msgpack gives numbers that are not negative as unsigned */
    if (field != NULL && field->type == FIELD_UINT && field->uint <= INT64_MAX)
        return (int64_t)field->uint;
    return otherwise;
}

bool frame_bool(const Frame *frame, const char *name, bool otherwise)
{
    const FrameField *field = find(frame, name);
    return field != NULL && field->type == FIELD_BOOL ? field->boolean : otherwise;
}

double frame_double(const Frame *frame, const char *name, double otherwise)
{
    const FrameField *field = find(frame, name);
    return field != NULL && field->type == FIELD_DOUBLE ? field->real : otherwise;
}

Text frame_text(const Frame *frame, const char *name)
{
    const FrameField *field = find(frame, name);
    bool is_there = field != NULL && (field->type == FIELD_TEXT || field->type == FIELD_BYTES);
    return is_there ? field->bytes : (Text){.data = "", .length = 0};
}

bool frame_has(const Frame *frame, const char *name)
{
    return find(frame, name) != NULL;
}

bool frame_fault(const Frame *frame, const char *name, Fault *out)
{
    const FrameField *field = find(frame, name);
    return field != NULL && field->type == FIELD_BYTES &&
           fault_decode(field->bytes.data, field->bytes.length, out);
}

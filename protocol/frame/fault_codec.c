/*
 * Faults between processes: [code, position, message, detail, hint, [[name, value, is_number]]].
 * Code is the number of the row in faults.def: all processes are of one build.
 */
#include "protocol/frame/frame_internal.h"

#include "base/memory/pack.h"

void fault_encode(const Fault *fault, Buffer *out)
{
    pack_array(out, 6);
    pack_uint(out, (uint64_t)fault->code);
    pack_int(out, fault->position);
    pack_string(out, fault->message);
    pack_string(out, fault->detail);
    pack_string(out, fault->hint);
    pack_array(out, (uint32_t)fault->field_count);
    for (int i = 0; i < fault->field_count; i++) {
        pack_array(out, 3);
        pack_string(out, fault->fields[i].name);
        pack_string(out, fault->fields[i].value);
        pack_bool(out, fault->fields[i].is_number);
    }
}

/* Into an array of fixed size with its end mark; too long or with a zero byte is a failure. */
static void decode_text(Unpacker *in, char *out, size_t size)
{
    Text text = unpack_text(in);
    out[0] = '\0';
    if (text.length >= size || (text.length > 0 && memchr(text.data, '\0', text.length) != NULL)) {
        in->failed = true;
        return;
    }
    if (text.length > 0)
        memcpy(out, text.data, text.length);
    out[text.length] = '\0';
}

static void decode_field(Unpacker *in, FaultField *field)
{
    if (unpack_array(in) != 3)
        in->failed = true;
    decode_text(in, field->name, sizeof field->name);
    decode_text(in, field->value, sizeof field->value);
    field->is_number = unpack_bool(in);
}

bool fault_decode(const void *data, size_t length, Fault *out)
{
    Unpacker in;
    unpack_init(&in, data, length);
    fault_clear(out);
    if (unpack_array(&in) != 6)
        return false;
    uint64_t code = unpack_below(&in, FAULT_CODE_COUNT);
    int64_t position = unpack_int(&in);
    decode_text(&in, out->message, sizeof out->message);
    decode_text(&in, out->detail, sizeof out->detail);
    decode_text(&in, out->hint, sizeof out->hint);
    uint32_t fields = unpack_array(&in);
    if (fields > FAULT_MAX_FIELDS || position < 0 || position > INT32_MAX || code == FAULT_NONE)
        in.failed = true;
    for (uint32_t i = 0; i < fields && !in.failed; i++)
        decode_field(&in, &out->fields[i]);
    if (in.failed || in.at != in.end) {
        fault_clear(out);
        return false;
    }
    out->code = (FaultCode)code;
    out->position = (int32_t)position;
    out->field_count = (int)fields;
    return true;
}

/*
 * See pack.h. The format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
#include "base/memory/pack.h"

#include <msgpack/pack.h>

enum { MAX_DEPTH = 64 };

static int write_to_buffer(void *data, const char *bytes, size_t length)
{
    buffer_append(data, bytes, length);
    return 0;
}

static msgpack_packer packer_of(Buffer *out)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, write_to_buffer);
    return packer;
}

void pack_nil(Buffer *out)
{
    msgpack_packer packer = packer_of(out);
    msgpack_pack_nil(&packer);
}

void pack_bool(Buffer *out, bool value)
{
    msgpack_packer packer = packer_of(out);
    if (value)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
}

void pack_uint(Buffer *out, uint64_t value)
{
    msgpack_packer packer = packer_of(out);
    msgpack_pack_uint64(&packer, value);
}

void pack_int(Buffer *out, int64_t value)
{
    msgpack_packer packer = packer_of(out);
    msgpack_pack_int64(&packer, value);
}

void pack_double(Buffer *out, double value)
{
    msgpack_packer packer = packer_of(out);
    msgpack_pack_double(&packer, value);
}

void pack_text(Buffer *out, Text value)
{
    msgpack_packer packer = packer_of(out);
    msgpack_pack_str_with_body(&packer, value.length > 0 ? value.data : "", value.length);
}

void pack_string(Buffer *out, const char *value)
{
    pack_text(out, text_of(value));
}

void pack_bytes(Buffer *out, const void *data, size_t length)
{
    msgpack_packer packer = packer_of(out);
    msgpack_pack_bin(&packer, length);
    if (length > 0)
        msgpack_pack_bin_body(&packer, data, length);
}

void pack_array(Buffer *out, uint32_t count)
{
    msgpack_packer packer = packer_of(out);
    msgpack_pack_array(&packer, count);
}

void pack_map(Buffer *out, uint32_t count)
{
    msgpack_packer packer = packer_of(out);
    msgpack_pack_map(&packer, count);
}

/* --- reading --- */

static uint64_t fail(Unpacker *unpacker)
{
    unpacker->failed = true;
    unpacker->at = unpacker->end;
    return 0;
}

static size_t bytes_left(const Unpacker *unpacker)
{
    return (size_t)(unpacker->end - unpacker->at);
}

static uint64_t take_big_endian(Unpacker *unpacker, size_t width)
{
    if (bytes_left(unpacker) < width)
        return fail(unpacker);
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | unpacker->at[i];
    unpacker->at += width;
    return value;
}

static Text take_bytes(Unpacker *unpacker, uint64_t length)
{
    if (unpacker->failed || length > bytes_left(unpacker)) {
        fail(unpacker);
        return (Text){.data = "", .length = 0};
    }
    Text text = {.data = (const char *)unpacker->at, .length = (uint32_t)length};
    unpacker->at += length;
    return text;
}

void unpack_init(Unpacker *unpacker, const void *data, size_t length)
{
    unpacker->at = data;
    unpacker->end = unpacker->at + length;
    unpacker->failed = false;
}

PackType unpack_peek(const Unpacker *unpacker)
{
    if (unpacker->at == unpacker->end)
        return PACK_BAD;
    uint8_t tag = *unpacker->at;
    if (tag <= 0x7F)
        return PACK_UINT;
    if (tag <= 0x8F)
        return PACK_MAP;
    if (tag <= 0x9F)
        return PACK_ARRAY;
    if (tag <= 0xBF)
        return PACK_TEXT;
    if (tag >= 0xE0)
        return PACK_INT;
    switch (tag) {
    case 0xC0: return PACK_NIL;
    case 0xC2: case 0xC3: return PACK_BOOL;
    case 0xC4: case 0xC5: case 0xC6: return PACK_BYTES;
    case 0xCA: case 0xCB: return PACK_DOUBLE;
    case 0xCC: case 0xCD: case 0xCE: case 0xCF: return PACK_UINT;
    case 0xD0: case 0xD1: case 0xD2: case 0xD3: return PACK_INT;
    case 0xD9: case 0xDA: case 0xDB: return PACK_TEXT;
    case 0xDC: case 0xDD: return PACK_ARRAY;
    case 0xDE: case 0xDF: return PACK_MAP;
    default: return PACK_BAD; /* extension types are not used */
    }
}

static uint8_t take_tag(Unpacker *unpacker)
{
    return *unpacker->at++;
}

bool unpack_nil(Unpacker *unpacker)
{
    if (unpack_peek(unpacker) != PACK_NIL)
        return false;
    unpacker->at++;
    return true;
}

bool unpack_bool(Unpacker *unpacker)
{
    if (unpack_peek(unpacker) != PACK_BOOL)
        return fail(unpacker);
    return take_tag(unpacker) == 0xC3;
}

uint64_t unpack_uint(Unpacker *unpacker)
{
    PackType type = unpack_peek(unpacker);
    if (type != PACK_UINT) {
        /* packers may write small non-negative values as signed */
        int64_t value = type == PACK_INT ? unpack_int(unpacker) : -1;
        return value >= 0 ? (uint64_t)value : fail(unpacker);
    }
    uint8_t tag = take_tag(unpacker);
    return tag <= 0x7F ? tag : take_big_endian(unpacker, (size_t)1 << (tag - 0xCC));
}

int64_t unpack_int(Unpacker *unpacker)
{
    PackType type = unpack_peek(unpacker);
    if (type == PACK_UINT) {
        uint64_t value = unpack_uint(unpacker);
        return value <= INT64_MAX ? (int64_t)value : (int64_t)fail(unpacker);
    }
    if (type != PACK_INT)
        return (int64_t)fail(unpacker);
    uint8_t tag = take_tag(unpacker);
    if (tag >= 0xE0)
        return (int8_t)tag;
    size_t width = (size_t)1 << (tag - 0xD0);
    uint64_t raw = take_big_endian(unpacker, width);
    unsigned shift = 64 - 8 * (unsigned)width;
    return (int64_t)(raw << shift) >> shift;
}

double unpack_double(Unpacker *unpacker)
{
    PackType type = unpack_peek(unpacker);
    if (type == PACK_UINT || type == PACK_INT)
        return (double)unpack_int(unpacker);
    if (type != PACK_DOUBLE)
        return (double)fail(unpacker);
    if (take_tag(unpacker) == 0xCA) {
        uint32_t bits = (uint32_t)take_big_endian(unpacker, 4);
        float value;
        memcpy(&value, &bits, sizeof value);
        return (double)value;
    }
    uint64_t bits = take_big_endian(unpacker, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

Text unpack_text(Unpacker *unpacker)
{
    if (unpack_peek(unpacker) != PACK_TEXT) {
        fail(unpacker);
        return (Text){.data = "", .length = 0};
    }
    uint8_t tag = take_tag(unpacker);
    uint64_t length = tag <= 0xBF ? (uint64_t)(tag & 0x1F)
                                  : take_big_endian(unpacker, (size_t)1 << (tag - 0xD9));
    return take_bytes(unpacker, length);
}

Text unpack_bytes(Unpacker *unpacker)
{
    if (unpack_peek(unpacker) != PACK_BYTES) {
        fail(unpacker);
        return (Text){.data = "", .length = 0};
    }
    uint8_t tag = take_tag(unpacker);
    return take_bytes(unpacker, take_big_endian(unpacker, (size_t)1 << (tag - 0xC4)));
}

static uint32_t take_count(Unpacker *unpacker, PackType type, uint8_t fixed_tag, uint8_t tag16,
                           size_t bytes_each)
{
    if (unpack_peek(unpacker) != type)
        return (uint32_t)fail(unpacker);
    uint8_t tag = take_tag(unpacker);
    uint64_t count = (tag & 0xF0) == fixed_tag ? (uint64_t)(tag & 0x0F)
                                               : take_big_endian(unpacker, tag == tag16 ? 2 : 4);
    if (count > bytes_left(unpacker) / bytes_each)
        return (uint32_t)fail(unpacker);
    return (uint32_t)count;
}

uint32_t unpack_array(Unpacker *unpacker)
{
    return take_count(unpacker, PACK_ARRAY, 0x90, 0xDC, 1);
}

uint32_t unpack_map(Unpacker *unpacker)
{
    return take_count(unpacker, PACK_MAP, 0x80, 0xDE, 2);
}

static void skip(Unpacker *unpacker, int depth)
{
    if (depth > MAX_DEPTH) {
        fail(unpacker);
        return;
    }
    uint64_t values = 0;
    switch (unpack_peek(unpacker)) {
    case PACK_NIL: unpack_nil(unpacker); break;
    case PACK_BOOL: unpack_bool(unpacker); break;
    case PACK_UINT: unpack_uint(unpacker); break;
    case PACK_INT: unpack_int(unpacker); break;
    case PACK_DOUBLE: unpack_double(unpacker); break;
    case PACK_TEXT: unpack_text(unpacker); break;
    case PACK_BYTES: unpack_bytes(unpacker); break;
    case PACK_ARRAY: values = unpack_array(unpacker); break;
    case PACK_MAP: values = 2 * (uint64_t)unpack_map(unpacker); break;
    case PACK_BAD: fail(unpacker); break;
    }
    for (uint64_t i = 0; i < values && !unpacker->failed; i++)
        skip(unpacker, depth + 1);
}

void unpack_skip(Unpacker *unpacker)
{
    skip(unpacker, 0);
}

uint64_t unpack_below(Unpacker *unpacker, uint64_t limit)
{
    uint64_t value = unpack_uint(unpacker);
    return value < limit ? value : fail(unpacker);
}

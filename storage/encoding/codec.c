/*
 * General compression of bytes: LZ4 where it is nearly as small, else Zstandard; plain when
 * neither saves a sixteenth.
 */
#include "storage/encoding/encoding_internal.h"

#include "base/log/log.h"

#include <lz4.h>
#include <zstd.h>

/* LZ4 decodes three times as fast; this many percent larger it may be. */
enum { LZ4_PREMIUM = 10, FAST_LEVEL = 1, THOROUGH_LEVEL = 3 };

/* Zstandard's contexts are larger than most units and slow to set up: a process, which has one
 * thread, keeps one of each. */
static _Thread_local ZSTD_CCtx *compressor;
static _Thread_local ZSTD_DCtx *decompressor;

const char *codec_name(Codec codec)
{
    static const char *const names[CODEC_COUNT] = {"raw", "lz4", "zstd"};
    return (unsigned)codec < CODEC_COUNT ? names[codec] : "unknown";
}

Codec codec_compress(const void *data, size_t length, bool is_thorough, Buffer *out)
{
    int level = is_thorough ? THOROUGH_LEVEL : FAST_LEVEL;

    check(length <= TEXT_UNIT_LIMIT);
    size_t bound = ZSTD_compressBound(length);
    size_t lz4_bound = (size_t)LZ4_compressBound((int)length);
    size_t start = out->length;

    uint8_t *place = buffer_reserve(out, bound + lz4_bound);
    size_t zstd_size = SIZE_MAX;
    if (compressor == NULL)
        compressor = ZSTD_createCCtx();
    if (compressor != NULL)
        zstd_size = ZSTD_compressCCtx(compressor, place, bound, data, length, level);
    if (ZSTD_isError(zstd_size))
        zstd_size = SIZE_MAX;
    int lz4_size = LZ4_compress_default(data, (char *)place + bound, (int)length, (int)lz4_bound);

    if (lz4_size > 0 && (size_t)lz4_size <= length - length / 16 &&
        (zstd_size == SIZE_MAX || (size_t)lz4_size <= zstd_size + zstd_size / 100 * LZ4_PREMIUM)) {
        memmove(place, place + bound, (size_t)lz4_size);
        out->length = start + (size_t)lz4_size;
        return CODEC_LZ4;
    }
    if (zstd_size <= length - length / 16) {
        out->length = start + zstd_size;
        return CODEC_ZSTD;
    }
    if (length != 0)
        memcpy(place, data, length);
    out->length = start + length;
    return CODEC_RAW;
}

/* LZ4 makes at most 255 bytes of one; Zstandard 128 KiB of a block of four bytes. */
bool codec_plausible(Codec codec, size_t length, size_t raw_length)
{
    switch (codec) {
    case CODEC_RAW:
        return raw_length == length;
    case CODEC_LZ4:
        return raw_length / 255 <= length;
    case CODEC_ZSTD:
        return raw_length / 32768 <= length;
    case CODEC_COUNT:
        break;
    }
    return false;
}

bool codec_decompress(Codec codec, const uint8_t *data, size_t length, uint8_t *out,
                      size_t raw_length, Fault *fault)
{
    if (!codec_plausible(codec, length, raw_length) || length > INT32_MAX ||
        raw_length > TEXT_UNIT_LIMIT)
        return encoding_damaged(fault, "compressed bytes have an impossible length");
    switch (codec) {
    case CODEC_RAW:
        if (length != 0)
            memcpy(out, data, length);
        return true;
    case CODEC_LZ4:
        if (LZ4_decompress_safe((const char *)data, (char *)out, (int)length, (int)raw_length) !=
            (int)raw_length)
            return encoding_damaged(fault, "LZ4 bytes are damaged");
        return true;
    case CODEC_ZSTD:
        if (decompressor == NULL && (decompressor = ZSTD_createDCtx()) == NULL)
            return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to decompress");
        if (ZSTD_decompressDCtx(decompressor, out, raw_length, data, length) != raw_length)
            return encoding_damaged(fault, "Zstandard bytes are damaged");
        return true;
    case CODEC_COUNT:
        break;
    }
    return encoding_damaged(fault, "compressed bytes have an unknown codec");
}

/*
 * General compression of bytes: LZ4 where it is nearly as small, else Zstandard; plain when
 * neither saves a sixteenth.
 */
#include "storage/encoding/encoding_internal.h"

#include "base/log/log.h"

#include <lz4.h>
#include <zstd.h>

/* LZ4 decodes three times as fast; this many percent larger it may be. */
enum { LZ4_PREMIUM = 10, FAST_LEVEL = 1, THOROUGH_LEVEL = 2 };

/* Units of one stream are much alike: what was best for one is taken for so many after it. */
enum { HABIT_UNITS = 7 };

/* Zstandard's contexts are larger than most units and slow to set up: a process, which has one
 * thread, keeps one of each. */
static _Thread_local ZSTD_CCtx *compressor;
static _Thread_local ZSTD_DCtx *decompressor;

const char *codec_name(Codec codec)
{
    static const char *const names[CODEC_COUNT] = {"raw", "lz4", "zstd"};
    return (unsigned)codec < CODEC_COUNT ? names[codec] : "unknown";
}

static size_t zstd_compress(const void *data, size_t length, bool is_thorough, uint8_t *out,
                            size_t bound)
{
    if (compressor == NULL && (compressor = ZSTD_createCCtx()) == NULL)
        return SIZE_MAX;
    int level = is_thorough ? THOROUGH_LEVEL : FAST_LEVEL;
    size_t size = ZSTD_compressCCtx(compressor, out, bound, data, length, level);
    return ZSTD_isError(size) ? SIZE_MAX : size;
}

static size_t lz4_compress(const void *data, size_t length, uint8_t *out, size_t bound)
{
    int size = LZ4_compress_default(data, (char *)out, (int)length, (int)bound);
    return size <= 0 ? SIZE_MAX : (size_t)size;
}

/* Tries what `wanted` says (RAW: all), and keeps the best: at `start` of `out`. */
static Codec compress(const void *data, size_t length, bool is_thorough, Codec wanted, Buffer *out)
{
    size_t zstd_bound = ZSTD_compressBound(length);
    size_t lz4_bound = (size_t)LZ4_compressBound((int)length);
    size_t worth = length - length / 16, start = out->length;
    uint8_t *place = buffer_reserve(out, zstd_bound + lz4_bound);
    size_t zstd_size = SIZE_MAX, lz4_size = SIZE_MAX;
    if (wanted != CODEC_LZ4)
        zstd_size = zstd_compress(data, length, is_thorough, place, zstd_bound);
    if (wanted != CODEC_ZSTD)
        lz4_size = lz4_compress(data, length, place + zstd_bound, lz4_bound);
    if (lz4_size <= worth &&
        (zstd_size == SIZE_MAX || lz4_size <= zstd_size + zstd_size / 100 * LZ4_PREMIUM)) {
        memmove(place, place + zstd_bound, lz4_size);
        out->length = start + lz4_size;
        return CODEC_LZ4;
    }
    if (zstd_size <= worth) {
        out->length = start + zstd_size;
        return CODEC_ZSTD;
    }
    if (length != 0)
        memcpy(place, data, length);
    out->length = start + length;
    return CODEC_RAW;
}

Codec codec_compress(const void *data, size_t length, bool is_thorough, CodecHabit *habit,
                     Buffer *out)
{
    check(length <= TEXT_UNIT_LIMIT);
    bool is_known = habit != NULL && habit->left != 0;
    if (is_known)
        habit->left--;
    Codec codec =
        compress(data, length, is_thorough, is_known ? habit->codec : CODEC_RAW, out);
    if (habit != NULL && !is_known)
        *habit = (CodecHabit){.codec = codec, .left = HABIT_UNITS};
    return codec;
}

Codec codec_compress_as(Codec codec, const void *data, size_t length, bool is_thorough, Buffer *out)
{
    check(length <= TEXT_UNIT_LIMIT && codec != CODEC_RAW);
    return compress(data, length, is_thorough, codec, out);
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

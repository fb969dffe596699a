/*
 * The bytes of a unit of texts, compressed in pieces, so that a few texts are had without
 * decompressing the rest.
 *
 * In the file: for each piece a u32, where its compressed bytes end, counted from behind these
 * numbers; zeros up to a multiple of 8; the pieces' bytes. A piece that is as long as its raw
 * bytes is not compressed. A unit of one piece is nothing but its compressed bytes.
 */
#include "storage/encoding/encoding_internal.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

static size_t table_size(uint32_t pieces)
{
    return ((size_t)pieces * sizeof(uint32_t) + 7) / 8 * 8;
}

uint32_t text_unit_pieces(const TextUnit *unit)
{
    if (unit->piece_bits == 0)
        return 1;
    return (uint32_t)(((uint64_t)unit->raw_length + (1U << unit->piece_bits) - 1) >>
                      unit->piece_bits);
}

/* --- writing --- */

Codec text_unit_compress(const uint8_t *data, size_t length, bool is_thorough, CodecHabit *habit,
                         uint8_t *piece_bits, Buffer *out)
{
    size_t start = out->length, piece = (size_t)1 << TEXT_PIECE_BITS;

    *piece_bits = 0;
    if (length <= piece + piece / 2)
        return codec_compress(data, length, is_thorough, habit, out);
    uint32_t pieces = (uint32_t)((length + piece - 1) / piece);
    buffer_append_zeros(out, table_size(pieces));
    size_t first = out->length;
    /* The first piece tells what suits all. */
    Codec codec = codec_compress(data, piece, is_thorough, habit, out);
    if (codec == CODEC_RAW) {
        out->length = start;
        buffer_append(out, data, length);
        return CODEC_RAW;
    }
    for (uint32_t i = 0; i < pieces; i++) {
        size_t at = (size_t)i << TEXT_PIECE_BITS;
        if (i > 0)
            codec_compress_as(codec, data + at, length - at < piece ? length - at : piece,
                              is_thorough, out);
        uint32_t end = (uint32_t)(out->length - first);
        memcpy(out->data + start + i * sizeof end, &end, sizeof end);
    }
    *piece_bits = TEXT_PIECE_BITS;
    return codec;
}

/* --- reading --- */

static bool decode_piece(const TextUnit *unit, const uint8_t *stored, uint32_t piece, uint8_t *out,
                         Fault *fault)
{
    size_t table = table_size(text_unit_pieces(unit)), available = unit->stored_length - table;
    uint32_t start = piece == 0 ? 0 : read_u32(stored + (piece - 1) * sizeof(uint32_t));
    uint32_t end = read_u32(stored + piece * sizeof(uint32_t));
    size_t at = (size_t)piece << unit->piece_bits;
    size_t raw_length = unit->raw_length - at;

    if (raw_length > 1U << unit->piece_bits)
        raw_length = 1U << unit->piece_bits;
    if (start > end || end > available)
        return encoding_damaged(fault, "a piece of a text unit lies outside");
    return codec_decompress(end - start == raw_length ? CODEC_RAW : unit->codec,
                            stored + table + start, end - start, out + at, raw_length, fault);
}

bool text_unit_decode(const TextUnit *unit, const uint8_t *stored, uint32_t from, uint32_t to,
                      uint8_t *out, uint8_t *have, Fault *fault)
{
    check(from <= to && to <= unit->raw_length);
    if (unit->piece_bits == 0) {
        if (!have[0] && !codec_decompress(unit->codec, stored, unit->stored_length, out,
                                          unit->raw_length, fault))
            return false;
        have[0] = 1;
        return true;
    }
    if (table_size(text_unit_pieces(unit)) > unit->stored_length)
        return encoding_damaged(fault, "a text unit is too short for its pieces");
    for (uint32_t piece = from >> unit->piece_bits; piece << unit->piece_bits < to; piece++) {
        if (have[piece])
            continue;
        if (!decode_piece(unit, stored, piece, out, fault))
            return false;
        have[piece] = 1;
    }
    return true;
}

/*
 * Text blocks: texts that have no dictionary, and the entries of dictionaries.
 *
 * The lengths are an integer block. The bytes of several blocks are gathered into one unit and
 * compressed together: compression needs some tens of kilobytes to work well, and a reader
 * keeps the last unit. Sorted texts (dictionaries) are front-coded: a second integer block says
 * how many bytes a text shares with the one before; only the rest is stored. A block's first
 * text shares nothing, so every block can be expanded by itself. (Front coding: Witten, Moffat
 * and Bell, "Managing gigabytes", 1999, section 4.1.)
 *
 * In the file: the unit's bytes, padded to 8; then for each of its blocks a TextHeader, the
 * lengths, the prefixes when front-coded, the null marks when there are any.
 */
#include "storage/encoding/encoding_internal.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

typedef struct TextHeader {
    uint64_t unit_offset;
    uint32_t unit_stored_length;
    uint32_t unit_raw_length;
    uint32_t raw_start;
    uint32_t raw_length;
    uint32_t text_length;
    uint8_t codec;
    uint8_t is_front_coded;
    uint8_t has_nulls;
    uint8_t piece_bits; /* of the unit */
} TextHeader;
_Static_assert(sizeof(TextHeader) == 32, "the header as it is stored");

/* --- writing --- */

void text_unit_writer_init(TextUnitWriter *writer, bool is_front_coded)
{
    *writer = (TextUnitWriter){.is_front_coded = is_front_coded};
}

void text_unit_writer_clear(TextUnitWriter *writer)
{
    buffer_clear(&writer->bytes);
    buffer_clear(&writer->heads);
    writer->block_count = 0;
}

static uint32_t shared_prefix(Text a, Text b)
{
    uint32_t shorter = a.length < b.length ? a.length : b.length;
    uint32_t i = 0;
    while (i + 8 <= shorter && read_u64(a.data + i) == read_u64(b.data + i))
        i += 8;
    while (i < shorter && a.data[i] == b.data[i])
        i++;
    return i;
}

static void append_head(TextUnitWriter *writer, const int64_t *lengths, const int64_t *prefixes,
                        const uint8_t *nulls, uint32_t count)
{
    int64_t marks[ENCODING_MAX_COUNT];

    integer_block_encode_next(lengths, count, &writer->lengths_habit, &writer->heads);
    if (writer->is_front_coded)
        integer_block_encode_next(prefixes, count, &writer->prefixes_habit, &writer->heads);
    if (nulls == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        marks[i] = nulls[i] != 0;
    integer_block_encode(marks, count, &writer->heads);
}

bool text_unit_add(TextUnitWriter *writer, const Text *texts, const uint8_t *nulls, uint32_t count,
                   Fault *fault)
{
    int64_t lengths[ENCODING_MAX_COUNT], prefixes[ENCODING_MAX_COUNT];
    uint64_t text_length = 0;
    size_t raw_start = writer->bytes.length;

    check(count > 0 && count <= ENCODING_MAX_COUNT && !text_unit_is_full(writer));
    for (uint32_t i = 0; i < count; i++)
        text_length += texts[i].length;
    if (text_length > TEXT_UNIT_LIMIT - raw_start)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "%u consecutive texts of a column have more than %d bytes together", count,
                         TEXT_UNIT_LIMIT);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t shared =
            writer->is_front_coded && i > 0 ? shared_prefix(texts[i - 1], texts[i]) : 0;
        prefixes[i] = shared;
        lengths[i] = texts[i].length - shared;
        if (lengths[i] != 0)
            buffer_append(&writer->bytes, texts[i].data + shared, (size_t)lengths[i]);
    }
    writer->blocks[writer->block_count].head_start = writer->heads.length;
    writer->blocks[writer->block_count].raw_start = (uint32_t)raw_start;
    writer->blocks[writer->block_count].raw_length = (uint32_t)(writer->bytes.length - raw_start);
    writer->blocks[writer->block_count].text_length = (uint32_t)text_length;
    writer->blocks[writer->block_count].has_nulls = nulls != NULL;
    writer->block_count++;
    append_head(writer, lengths, prefixes, nulls, count);
    return true;
}

bool text_unit_is_full(const TextUnitWriter *writer)
{
    if (writer->is_front_coded)
        return writer->block_count == TEXT_UNIT_CODED_BLOCKS ||
               writer->bytes.length >= TEXT_UNIT_CODED_BYTES;
    return writer->block_count == TEXT_UNIT_BLOCKS || writer->bytes.length >= TEXT_UNIT_BYTES;
}

uint32_t text_unit_close(TextUnitWriter *writer, Buffer *out,
                         TextBlockPlace places[TEXT_UNIT_CODED_BLOCKS])
{
    uint32_t block_count = writer->block_count;

    if (block_count == 0)
        return 0;
    check(out->length % 8 == 0);
    size_t unit_offset = out->length;
    uint8_t piece_bits;
    Codec codec = text_unit_compress(writer->bytes.data, writer->bytes.length,
                                     writer->is_front_coded, &writer->habit, &piece_bits, out);
    size_t stored = out->length - unit_offset;
    buffer_append_zeros(out, (8 - stored % 8) % 8);
    for (uint32_t i = 0; i < block_count; i++) {
        TextHeader header = {.unit_offset = unit_offset,
                             .unit_stored_length = (uint32_t)stored,
                             .unit_raw_length = (uint32_t)writer->bytes.length,
                             .raw_start = writer->blocks[i].raw_start,
                             .raw_length = writer->blocks[i].raw_length,
                             .text_length = writer->blocks[i].text_length,
                             .codec = (uint8_t)codec,
                             .is_front_coded = writer->is_front_coded,
                             .has_nulls = writer->blocks[i].has_nulls,
                             .piece_bits = piece_bits};
        size_t head_end =
            i + 1 < block_count ? writer->blocks[i + 1].head_start : writer->heads.length;
        places[i].offset = out->length;
        buffer_append(out, &header, sizeof header);
        buffer_append(out, writer->heads.data + writer->blocks[i].head_start,
                      head_end - writer->blocks[i].head_start);
        places[i].length = out->length - places[i].offset;
    }
    buffer_reset(&writer->bytes);
    buffer_reset(&writer->heads);
    writer->block_count = 0;
    return block_count;
}

/* --- reading --- */

bool text_block_open(const uint8_t *data, size_t length, uint32_t count, TextBlock *block,
                     Fault *fault)
{
    TextHeader header;
    size_t used = sizeof header;

    if (length < used)
        return encoding_damaged(fault, "text block is cut short");
    memcpy(&header, data, sizeof header);
    if (header.codec >= CODEC_COUNT || header.is_front_coded > 1 || header.has_nulls > 1 ||
        (header.piece_bits != 0 &&
         (header.codec == CODEC_RAW || header.piece_bits < TEXT_PIECE_FEWEST_BITS ||
          header.piece_bits > 30)) ||
        header.unit_raw_length > TEXT_UNIT_LIMIT ||
        header.text_length > TEXT_UNIT_LIMIT ||
        !checked_range(header.raw_start, header.raw_length, header.unit_raw_length) ||
        (!header.is_front_coded && header.text_length != header.raw_length))
        return encoding_damaged(fault, "text block has an impossible header");
    *block = (TextBlock){.unit = {.offset = header.unit_offset,
                                  .stored_length = header.unit_stored_length,
                                  .raw_length = header.unit_raw_length,
                                  .codec = (Codec)header.codec,
                                  .piece_bits = header.piece_bits},
                         .count = count,
                         .raw_start = header.raw_start,
                         .raw_length = header.raw_length,
                         .text_length = header.text_length,
                         .is_front_coded = header.is_front_coded,
                         .has_nulls = header.has_nulls};
    if (!integer_block_open(data + used, length - used, count, &block->lengths, fault))
        return false;
    used += block->lengths.size;
    if (block->is_front_coded) {
        if (!integer_block_open(data + used, length - used, count, &block->prefixes, fault))
            return false;
        used += block->prefixes.size;
    }
    return !block->has_nulls ||
           integer_block_open(data + used, length - used, count, &block->nulls, fault);
}

bool text_block_offsets(const TextBlock *block, uint32_t *offsets, Fault *fault)
{
    uint64_t end = 0;

    offsets[0] = 0;
    if (!integer_block_uint32(&block->lengths, offsets + 1, fault))
        return false;
    for (uint32_t i = 1; i <= block->count; i++) {
        end += offsets[i];
        offsets[i] = (uint32_t)end;
    }
    /* The sum of 2,048 32-bit lengths cannot wrap 64 bits, so none passed the end unseen. */
    if (end != block->raw_length)
        return encoding_damaged(fault, "text block has lengths that disagree with its bytes");
    return true;
}

/* Short copies as one of fixed size are what makes this loop fast: a load, then a store, so that
 * the two may overlap. Both sides must have 16 bytes; near the end they do not. */
static inline void copy_short(uint8_t *to, const uint8_t *from, size_t length, bool is_roomy)
{
    if (is_roomy && length <= 16) {
        uint64_t first = read_u64(from), second = read_u64(from + 8);
        memcpy(to, &first, 8);
        memcpy(to + 8, &second, 8);
    } else {
        memcpy(to, from, length);
    }
}

static bool expand_front_coded(const TextBlock *block, const uint8_t *raw, uint8_t *out,
                               uint32_t start, uint32_t *offsets, Fault *fault)
{
    uint32_t lengths[ENCODING_MAX_COUNT + ENCODING_SLACK];
    uint32_t prefixes[ENCODING_MAX_COUNT + ENCODING_SLACK];
    uint32_t used = 0, made = 0, previous = 0, previous_length = 0;

    if (!integer_block_uint32(&block->lengths, lengths, fault) ||
        !integer_block_uint32(&block->prefixes, prefixes, fault))
        return false;
    for (uint32_t i = 0; i < block->count; i++) {
        uint32_t prefix = prefixes[i], length = lengths[i];
        if (prefix > previous_length || length > block->raw_length - used ||
            prefix + length > block->text_length - made)
            return encoding_damaged(fault, "front-coded texts reach beyond their bytes");
        bool is_roomy = block->text_length - made >= prefix + 16 && block->raw_length - used >= 16;
        copy_short(out + made, out + previous, prefix, is_roomy);
        copy_short(out + made + prefix, raw + used, length, is_roomy);
        offsets[i] = start + made;
        previous = made;
        previous_length = prefix + length;
        used += length;
        made += previous_length;
    }
    if (made != block->text_length || used != block->raw_length)
        return encoding_damaged(fault, "text block has lengths that disagree with its bytes");
    offsets[block->count] = start + made;
    return true;
}

bool text_block_expand(const TextBlock *block, const uint8_t *raw, uint8_t *out, uint32_t start,
                       uint32_t *offsets, Fault *fault)
{
    if (block->is_front_coded)
        return expand_front_coded(block, raw, out, start, offsets, fault);
    if (!text_block_offsets(block, offsets, fault))
        return false;
    for (uint32_t i = 0; i <= block->count; i++)
        offsets[i] += start;
    if (block->raw_length != 0)
        memcpy(out, raw, block->raw_length);
    return true;
}

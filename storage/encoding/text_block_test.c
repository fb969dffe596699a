/* Text blocks, codecs and the distinct sketch. */
#include "storage/encoding/encoding_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { TEXTS = ENCODING_MAX_COUNT };

static char pool[TEXTS * 64];
static Text texts[TEXTS];

/* 0: numbered pages, ascending; 1: random bytes; 2: empty; 3: one long repeated text */
static void make_texts(int shape)
{
    char *next = pool;
    for (uint32_t i = 0; i < TEXTS; i++) {
        int length = 0;
        if (shape == 0)
            length = sprintf(next, "https://example.org/page/%06u/%s", i, i % 3 ? "view" : "");
        else if (shape == 1)
            for (length = 0; length < (int)(i % 40); length++)
                next[length] = (char)random();
        else if (shape == 3)
            length = sprintf(next, "the same text again and again");
        texts[i] = (Text){.data = next, .length = (uint32_t)length};
        next += length;
    }
}

static uint8_t *copy_bytes(const uint8_t *data, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    memcpy(copy, data, length);
    return copy;
}

/* Reads block `place` of `file` as a reader of segments would. */
static bool read_block(const uint8_t *file, size_t file_length, TextBlockPlace place,
                       uint32_t count, uint32_t start, uint32_t *offsets, uint8_t **bytes,
                       Fault *fault)
{
    TextBlock block;
    *bytes = NULL;
    if (!text_block_open(file + place.offset, place.length, count, &block, fault))
        return false;
    const TextUnit *unit = &block.unit;
    if (unit->offset > file_length || unit->stored_length > file_length - unit->offset ||
        !codec_plausible(unit->codec, unit->stored_length, unit->raw_length))
        return fault_set(fault, FAULT_DATA_CORRUPTED, "text unit lies outside");
    uint8_t *raw = malloc(unit->raw_length + 1);
    uint8_t *have = calloc(text_unit_pieces(unit) + 1UL, 1);
    *bytes = malloc(block.text_length + 1);
    bool ok = text_unit_decode(unit, file + unit->offset, block.raw_start,
                               block.raw_start + block.raw_length, raw, have, fault);
    free(have);
    if (ok) {
        /* The block's own bytes alone, to see reads outside. */
        uint8_t *own = copy_bytes(raw + block.raw_start, block.raw_length);
        ok = text_block_expand(&block, own, *bytes, start, offsets, fault);
        free(own);
    }
    free(raw);
    return ok;
}

static void round_trip(int shape, bool is_front_coded, uint32_t count)
{
    static uint32_t offsets[TEXTS + 1 + ENCODING_SLACK];
    TextUnitWriter writer;
    TextBlockPlace places[TEXT_UNIT_CODED_BLOCKS];
    Buffer out = BUFFER_EMPTY;
    Fault fault;
    uint8_t *bytes;

    make_texts(shape);
    buffer_append_zeros(&out, 64);
    text_unit_writer_init(&writer, is_front_coded);
    uint32_t added = 0;
    while (!text_unit_is_full(&writer)) {
        assert_true(text_unit_add(&writer, texts, NULL, count, &fault));
        added++;
    }
    assert_int_equal(text_unit_close(&writer, &out, places), added);
    assert_int_equal(text_unit_close(&writer, &out, places), 0);
    uint8_t *file = copy_bytes(out.data, out.length);
    for (uint32_t b = 0; b < added; b++) {
        assert_true(read_block(file, out.length, places[b], count, 100, offsets, &bytes, &fault));
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(offsets[i + 1] - offsets[i], texts[i].length);
            assert_memory_equal(bytes + offsets[i] - 100, texts[i].data, texts[i].length);
        }
        free(bytes);
    }
    for (int i = 0; i < 3000; i++) {
        size_t place = i % 2 ? places[0].offset + (size_t)random() % 160 : (size_t)random();
        uint8_t *byte = &file[place % out.length];
        uint8_t before = *byte;
        *byte = (uint8_t)random();
        if (!read_block(file, out.length, places[0], count, 0, offsets, &bytes, &fault))
            assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
        free(bytes);
        *byte = before;
    }
    free(file);
    text_unit_writer_clear(&writer);
    buffer_clear(&out);
}

static void test_text_blocks(void **state)
{
    for (int shape = 0; shape < 4; shape++) {
        round_trip(shape, false, TEXTS);
        round_trip(shape, true, TEXTS);
        round_trip(shape, true, 1);
        round_trip(shape, false, 100);
    }
}

static void test_front_coding_is_smaller(void **state)
{
    TextBlockPlace places[TEXT_UNIT_CODED_BLOCKS];
    size_t sizes[2];

    make_texts(0);
    for (int coded = 0; coded < 2; coded++) {
        Buffer out = BUFFER_EMPTY;
        TextUnitWriter writer;
        Fault fault;
        text_unit_writer_init(&writer, coded);
        assert_true(text_unit_add(&writer, texts, NULL, TEXTS, &fault));
        text_unit_close(&writer, &out, places);
        sizes[coded] = out.length;
        text_unit_writer_clear(&writer);
        buffer_clear(&out);
    }
    assert_true(sizes[1] < sizes[0]);
}

static void test_codecs(void **state)
{
    static uint8_t raw[100000], back[100000];
    Fault fault;

    for (int kind = 0; kind < 3; kind++) {
        Buffer out = BUFFER_EMPTY;
        for (size_t i = 0; i < sizeof raw; i++)
            raw[i] = kind == 0 ? 'x' : kind == 1 ? (uint8_t)random() : (uint8_t)(random() % 4);
        Codec codec = codec_compress(raw, sizeof raw, kind == 0, NULL, &out);
        assert_int_equal(codec, kind == 0 ? CODEC_ZSTD : kind == 1 ? CODEC_RAW : CODEC_ZSTD);
        assert_true(codec_plausible(codec, out.length, sizeof raw));
        assert_true(codec_decompress(codec, out.data, out.length, back, sizeof raw, &fault));
        assert_memory_equal(raw, back, sizeof raw);
        assert_false(codec_decompress(codec, out.data, out.length - 1, back, sizeof raw, &fault));
        assert_false(codec_decompress(codec, out.data, out.length, back, sizeof raw - 1, &fault));
        buffer_clear(&out);
    }
    assert_false(codec_plausible(CODEC_LZ4, 10, 1 << 20));
    assert_false(codec_plausible(CODEC_ZSTD, 10, 1 << 30));
}

static void test_sketch(void **state)
{
    static const uint64_t counts[] = {0, 1, 2, 100, 3000, 20000, 1000000};
    DistinctSketch sketch;

    for (int c = 0; c < 7; c++) {
        distinct_sketch_init(&sketch);
        for (uint64_t i = 0; i < counts[c] * 2; i++) {
            /* splitmix64 of i / 2: every value twice */
            uint64_t x = (i / 2 + 1) * 0x9E3779B97F4A7C15ULL;
            x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ULL;
            x = (x ^ x >> 27) * 0x94D049BB133111EBULL;
            distinct_sketch_add(&sketch, x ^ x >> 31);
        }
        double estimate = (double)distinct_sketch_count(&sketch), exact = (double)counts[c];
        assert_true(estimate >= exact * 0.94 && estimate <= exact * 1.06);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_blocks),
        cmocka_unit_test(test_front_coding_is_smaller),
        cmocka_unit_test(test_codecs),
        cmocka_unit_test(test_sketch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Damaged segments: every region of the file changed, cut short, and crafted with right
 * checksums. A fault that names the file, or other values; never a crash or a read outside (the
 * sanitizers watch).
 */
#include "storage/segment/segment.h"

#include "base/os/os.h"
#include "storage/segment/format_internal.h"
#include "storage/segment/segment_test_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <xxhash.h>

enum { ROWS = 5000 };

static Arena *arena;
static uint8_t *original;
static size_t original_length;
static uint8_t digest[16];

static int make_file(void **state)
{
    const char *path = test_path("damage");
    SegmentSummary summary;
    Budget budget;
    Buffer bytes = BUFFER_EMPTY;
    Fault fault;

    arena = arena_new("test");
    SegmentSchema schema = test_schema(arena);
    budget_init_root(&budget, NULL, 0);
    SegmentWriter *writer = segment_writer_open(path, &schema, &budget, &fault);
    if (writer == NULL || !segment_writer_append(writer, test_table(arena, ROWS), &fault) ||
        !segment_writer_finish(writer, arena, &summary, &fault) ||
        !os_read_file(path, &bytes, 1 << 30, &fault))
        return -1;
    segment_writer_free(writer);
    unlink(path);
    original = bytes.data;
    original_length = bytes.length;
    memcpy(digest, summary.digest, sizeof digest);
    return 0;
}

static int drop_file(void **state)
{
    free(original);
    arena_free(arena);
    return 0;
}

static const char *put_file(const uint8_t *data, size_t length)
{
    const char *path = test_path("damaged");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    fclose(file);
    return path;
}

/* Damage is one code, and its message names the file. */
static void check_fault(const Fault *fault, const char *path)
{
    if (fault->code != FAULT_DATA_CORRUPTED || strstr(fault->message, path) == NULL)
        fail_msg("%d: %s", (int)fault->code, fault->message);
}

/* Looks texts up by the index, before the dictionary is decoded; false when something complained. */
static bool look_up(SegmentReader *reader, uint32_t column, const char *path)
{
    static const char *const texts[] = {"", "name 4711", "name 88888", "tag 5", "zzz"};
    uint64_t set[64] = {0};
    bool ok = true, is_listed;
    Fault fault;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint32_t code, bound, count = segment_dictionary_count(reader, column);
        if (!segment_find_entry(reader, column, text_of(texts[i]), &code, &fault) ||
            !segment_lower_bound(reader, column, text_of(texts[i]), true, &bound, &fault)) {
            check_fault(&fault, path);
            ok = false;
            continue;
        }
        if (bound <= count && segment_block_count(reader) <= 64 * 64 &&
            !segment_entry_blocks(reader, column, bound, i % 2 == 0 ? bound : count, set, &is_listed,
                                  &fault)) {
            check_fault(&fault, path);
            ok = false;
        }
    }
    return ok;
}

/* Reads everything there is; true when nothing complained. */
static bool read_all(SegmentReader *reader, const char *path)
{
    static const uint32_t some[] = {0, 5, 6, 100, 500};
    Arena *scratch = arena_new("scratch");
    uint32_t columns = segment_schema(reader)->column_count;
    bool ok = true;
    Buffer out = BUFFER_EMPTY;
    Fault fault;

    for (uint32_t column = 0; column < columns; column++) {
        const Dictionary *dictionary;
        Vector few;
        if (segment_has_dictionary(reader, column)) {
            ok = look_up(reader, column, path) && ok;
            if (segment_block_count(reader) != 0 &&
                !segment_read(reader, column, 0, some, 1, scratch, &few, &fault)) {
                check_fault(&fault, path);
                ok = false;
            }
        }
        if (!segment_dictionary(reader, column, true, &dictionary, &fault)) {
            check_fault(&fault, path);
            ok = false;
        }
        for (uint32_t block = 0; block < segment_block_count(reader); block++) {
            Vector vector;
            SegmentZone zone;
            segment_zone(reader, column, block, &zone);
            if (!segment_read(reader, column, block, NULL, 0, scratch, &vector, &fault)) {
                check_fault(&fault, path);
                ok = false;
            } else if (vector.layout != LAYOUT_ARRAY) {
                /* Touches every value and text. */
                uint64_t *hashes = arena_alloc_vector(scratch, vector.length * 8UL);
                vector_hash(&vector, hashes, false);
            }
            uint32_t count = segment_block_rows(reader, block) > 500 ? 5 : 1;
            if (!segment_read(reader, column, block, some, count, scratch, &vector, &fault)) {
                check_fault(&fault, path);
                ok = false;
            }
            arena_reset(scratch);
        }
    }
    segment_dump(reader, true, &out);
    buffer_clear(&out);
    arena_free(scratch);
    return ok;
}

/* True when the file was refused or a read failed. */
static bool is_noticed(const uint8_t *data, size_t length)
{
    const char *path = put_file(data, length);
    Fault fault;
    SegmentReader *reader = segment_reader_open(path, NULL, &fault);
    bool noticed = reader == NULL;

    if (reader == NULL)
        check_fault(&fault, path);
    else
        noticed = !read_all(reader, path);
    segment_reader_close(reader);
    unlink(path);
    return noticed;
}

static void test_sound(void **state)
{
    assert_false(is_noticed(original, original_length));
}

static void test_cut_short(void **state)
{
    for (size_t length = 0; length < original_length;
         length += length < 300 || original_length - length < 300 ? 1 : original_length / 40)
        assert_true(is_noticed(original, length));
    /* Something behind it is no segment either. */
    uint8_t *longer = calloc(1, original_length + 64);
    memcpy(longer, original, original_length);
    assert_true(is_noticed(longer, original_length + 64));
    free(longer);
}

/* One byte changed anywhere: opening or segment_verify must notice. */
static void test_flipped(void **state)
{
    uint8_t *copy = malloc(original_length);
    Fault fault;

    memcpy(copy, original, original_length);
    for (int i = 0; i < 1500; i++) {
        size_t place = i < 64    ? (size_t)i
                       : i < 128 ? original_length - 128 + (size_t)i - 64 + 64
                                 : test_random() % original_length;
        copy[place] ^= (uint8_t)(1 << test_random() % 8);
        const char *path = put_file(copy, original_length);
        SegmentReader *reader = segment_reader_open(path, NULL, &fault);
        if (reader != NULL && segment_verify(reader, &fault))
            fail_msg("a changed byte at %zu went unseen", place);
        check_fault(&fault, path);
        segment_reader_close(reader);
        copy[place] = original[place];
    }
    free(copy);
}

static void sign(uint8_t *file, size_t length)
{
    FormatTail *tail = (FormatTail *)(void *)(file + length - sizeof *tail);
    uint8_t *footer = file + tail->footer_offset;
    FormatFooter *head = (FormatFooter *)(void *)footer;
    FormatChunk *chunks =
        (FormatChunk *)(void *)(footer + sizeof *head + head->column_count * sizeof(FormatColumn) +
                                head->stream_count * sizeof(FormatStream));

    if ((uint8_t *)(chunks + head->chunk_count) <= (uint8_t *)tail) {
        for (uint32_t i = 0; i < head->chunk_count; i++) {
            if (chunks[i].offset <= length && chunks[i].length <= length - chunks[i].offset)
                chunks[i].checksum = XXH3_64bits(file + chunks[i].offset, chunks[i].length);
        }
    }
    tail->footer_checksum = XXH3_64bits(footer, tail->footer_length);
    tail->checksum = XXH3_64bits(tail, offsetof(FormatTail, checksum));
}

/* As a forger would: any byte changed, and every checksum made right again. */
static int forge(size_t start, size_t length, int times)
{
    uint8_t *copy = malloc(original_length);
    int noticed = 0;

    for (int i = 0; i < times; i++) {
        memcpy(copy, original, original_length);
        for (uint64_t changes = 1 + test_random() % 3; changes > 0; changes--) {
            size_t place = start + test_random() % length;
            copy[place] = test_random() % 3 == 0   ? 0xff
                          : test_random() % 2 == 0 ? copy[place] + 1
                                                   : (uint8_t)test_random();
        }
        sign(copy, original_length);
        noticed += is_noticed(copy, original_length);
    }
    free(copy);
    return noticed;
}

static void test_forged_data(void **state)
{
    const FormatTail *tail =
        (const FormatTail *)(const void *)(original + original_length - sizeof *tail);
    size_t start = sizeof(FormatHeader), end = tail->footer_offset;

    assert_true(forge(start, end - start, 300) > 0);
    /* Block headers, where a change does most, stand at the starts of chunks and blocks. */
    const FormatFooter *head = (const FormatFooter *)(const void *)(original + tail->footer_offset);
    const FormatChunk *chunks =
        (const FormatChunk *)(const void *)((const uint8_t *)head + sizeof *head +
                                            head->column_count * sizeof(FormatColumn) +
                                            head->stream_count * sizeof(FormatStream));
    int noticed = 0;
    for (uint32_t i = 0; i < head->chunk_count; i++) {
        if (chunks[i].length >= 64)
            noticed += forge(chunks[i].offset, 64, 15);
    }
    assert_true(noticed > 20);
}

static void test_forged_footer(void **state)
{
    const FormatTail *tail =
        (const FormatTail *)(const void *)(original + original_length - sizeof *tail);

    assert_true(forge(tail->footer_offset, tail->footer_length, 600) > 0);
    assert_true(forge(tail->footer_offset, sizeof(FormatFooter), 60) > 0);
}

/* Another file's digest. */
static void test_digest(void **state)
{
    const char *path = put_file(original, original_length);
    Fault fault;
    SegmentReader *reader = segment_reader_open(path, digest, &fault);
    assert_non_null(reader);
    segment_reader_close(reader);
    digest[3] ^= 1;
    assert_null(segment_reader_open(path, digest, &fault));
    check_fault(&fault, path);
    digest[3] ^= 1;
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),         cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_flipped),       cmocka_unit_test(test_forged_data),
        cmocka_unit_test(test_forged_footer), cmocka_unit_test(test_digest),
    };
    return cmocka_run_group_tests(tests, make_file, drop_file);
}

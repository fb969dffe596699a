/*
 * The index of codes: every entry is found, others are not; the blocks that it names are those
 * that have the entry; few rows read by entry are the rows; dictionaries in part; a file of the version before it.
 */
#include "storage/segment/segment.h"

#include "base/os/os.h"
#include "storage/segment/format_internal.h"
#include "storage/segment/segment_test_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <xxhash.h>

enum { ROWS = 30000, BLOCKS = (ROWS + SEGMENT_BLOCK_ROWS - 1) / SEGMENT_BLOCK_ROWS };

typedef struct Fixture {
    Arena *arena;
    Batch *table;
    const char *path;
    SegmentReader *reader;
} Fixture;

static void write_rows(Fixture *fixture, uint32_t rows, Budget *budget)
{
    SegmentSummary summary;
    Fault fault;
    SegmentSchema schema = test_schema(fixture->arena);

    fixture->table = test_table(fixture->arena, rows);
    SegmentWriter *writer = segment_writer_open(fixture->path, &schema, budget, &fault);
    assert_non_null(writer);
    assert_true(segment_writer_append(writer, fixture->table, &fault));
    assert_true(segment_writer_finish(writer, fixture->arena, &summary, &fault));
    segment_writer_free(writer);
}

static int make_fixture(void **state)
{
    static Fixture fixture;
    Budget budget;
    Fault fault;

    fixture = (Fixture){.arena = arena_new("test"), .path = test_path("index")};
    budget_init_root(&budget, NULL, 0);
    write_rows(&fixture, ROWS, &budget);
    assert_int_equal(budget.used, 0);
    fixture.reader = segment_reader_open(fixture.path, NULL, &fault);
    assert_non_null(fixture.reader);
    *state = &fixture;
    return 0;
}

static int drop_fixture(void **state)
{
    Fixture *fixture = *state;
    segment_reader_close(fixture->reader);
    unlink(fixture->path);
    arena_free(fixture->arena);
    return 0;
}

/* All entries, from a reader of their own, so that the fixture's decodes what it looks up. */
static const Dictionary *entries_of(Fixture *fixture, uint32_t column, SegmentReader **reader)
{
    const Dictionary *dictionary;
    Fault fault;
    *reader = segment_reader_open(fixture->path, NULL, &fault);
    assert_non_null(*reader);
    assert_true(segment_dictionary(*reader, column, false, &dictionary, &fault));
    assert_non_null(dictionary);
    return dictionary;
}

static void test_found(void **state)
{
    static const uint32_t columns[] = {T_NAMES, T_CODES, T_STRING_CONSTANT};
    Fixture *fixture = *state;
    Fault fault;

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        SegmentReader *reader;
        uint32_t column = columns[i], code;
        const Dictionary *dictionary = entries_of(fixture, column, &reader);
        assert_true(segment_has_dictionary(fixture->reader, column));
        assert_int_equal(segment_dictionary_count(fixture->reader, column), dictionary->count - 1);
        for (uint32_t want = 1; want < dictionary->count; want++) {
            Text text = dictionary_text(dictionary, want);
            assert_true(segment_find_entry(fixture->reader, column, text, &code, &fault));
            assert_int_equal(code, want);
            assert_true(segment_lower_bound(fixture->reader, column, text, false, &code, &fault));
            assert_int_equal(code, want);
            assert_true(segment_lower_bound(fixture->reader, column, text, true, &code, &fault));
            assert_int_equal(code, want + 1);
        }
        segment_reader_close(reader);
    }
    assert_false(segment_has_dictionary(fixture->reader, T_DOCUMENTS));
    assert_false(segment_has_dictionary(fixture->reader, T_RANDOM));
}

static void test_not_found(void **state)
{
    Fixture *fixture = *state;
    SegmentReader *reader;
    const Dictionary *dictionary = entries_of(fixture, T_NAMES, &reader);
    Fault fault;

    for (uint32_t i = 0; i < 20000; i++) {
        char text[40];
        uint32_t code;
        snprintf(text, sizeof text, i % 3 == 0 ? "%u" : i % 3 == 1 ? "name %u?" : "name %u", i);
        assert_true(
            segment_find_entry(fixture->reader, T_NAMES, text_of(text), &code, &fault));
        assert_int_equal(code, dictionary_find(dictionary, text_of(text)));
        for (int after = 0; after < 2; after++) {
            assert_true(segment_lower_bound(fixture->reader, T_NAMES, text_of(text), after, &code,
                                            &fault));
            assert_int_equal(code, dictionary_lower_bound(dictionary, text_of(text), after));
        }
    }
    segment_reader_close(reader);
}

/* The blocks that have one of the codes, by looking. */
static uint64_t blocks_with(Fixture *fixture, uint32_t column, uint32_t first, uint32_t last)
{
    Arena *scratch = arena_new("test");
    uint64_t set = 0;
    Fault fault;

    for (uint32_t block = 0; block < BLOCKS; block++) {
        const uint32_t *codes;
        arena_reset(scratch);
        assert_true(
            segment_read_codes(fixture->reader, column, block, scratch, &codes, &fault));
        for (uint32_t i = 0; i < segment_block_rows(fixture->reader, block); i++)
            if (codes[i] >= first && codes[i] <= last)
                set |= 1ULL << block;
    }
    arena_free(scratch);
    return set;
}

static void test_blocks(void **state)
{
    Fixture *fixture = *state;
    uint32_t count = segment_dictionary_count(fixture->reader, T_NAMES), listed = 0;
    Fault fault;

    for (int i = 0; i < 300; i++) {
        uint32_t first = 1 + (uint32_t)(test_random() % count);
        uint32_t width = i % 3 == 0 ? 1 : 1 + (uint32_t)(test_random() % (i % 3 == 1 ? 5 : 5000));
        uint32_t last = count - first < width ? count : first + width - 1;
        uint64_t set = 0;
        bool is_listed;
        assert_true(segment_entry_blocks(fixture->reader, T_NAMES, first, last, &set, &is_listed,
                                         &fault));
        if (!is_listed)
            continue;
        listed++;
        assert_true(set == blocks_with(fixture, T_NAMES, first, last));
    }
    assert_true(listed > 200);
    /* Each of fifty names is in every block, one text is in all rows: nothing is said of them. */
    static const uint32_t columns[] = {T_CODES, T_STRING_CONSTANT};
    for (int i = 0; i < 2; i++) {
        uint64_t set = 0;
        bool is_listed = true;
        assert_true(segment_entry_blocks(fixture->reader, columns[i], 1, 1, &set, &is_listed,
                                         &fault));
        assert_false(is_listed);
    }
}

/* Few rows of a column whose dictionary nobody has decoded, and of one whose texts lie in pieces. */
static void test_few_rows(void **state)
{
    Fixture *fixture = *state;
    Arena *scratch = arena_new("test");
    bool was_flat = false, was_coded = false;
    Fault fault;

    for (int i = 0; i < 400; i++) {
        uint32_t block = (uint32_t)(test_random() % BLOCKS), rows[100];
        uint32_t count = 1 + (uint32_t)(test_random() % (i >= 300 ? 100 : 4));
        uint32_t step = segment_block_rows(fixture->reader, block) / count;
        Vector vector;
        arena_reset(scratch);
        for (uint32_t k = 0; k < count; k++)
            rows[k] = k * step + (uint32_t)(test_random() % step);
        uint32_t column = i % 3 == 0 ? T_NAMES : i % 3 == 1 ? T_CODES : T_DOCUMENTS;
        if (i == 300) { /* from here on by codes */
            const Dictionary *dictionary;
            assert_true(
                segment_dictionary(fixture->reader, T_NAMES, false, &dictionary, &fault));
        }
        assert_true(segment_read(fixture->reader, column, block, rows, count, scratch, &vector,
                                 &fault));
        was_flat |= column == T_NAMES && vector.form == VECTOR_FLAT;
        was_coded |= column == T_NAMES && vector.form == VECTOR_DICTIONARY;
        for (uint32_t k = 0; k < count; k++)
            assert_true(vector_rows_equal(&vector, k, &fixture->table->columns[column],
                                          block * SEGMENT_BLOCK_ROWS + rows[k]));
    }
    assert_true(was_flat && was_coded);
    arena_free(scratch);
}

/* Makes the file one of another version. */
/* Rows of the block whose codes are in first..last. */
static uint32_t rows_within(SegmentReader *reader, uint32_t block, uint32_t first, uint32_t last,
                            Arena *arena, uint32_t *rows)
{
    const uint32_t *codes;
    uint32_t count = 0;
    Fault fault;
    assert_true(segment_read_codes(reader, T_NAMES, block, arena, &codes, &fault));
    for (uint32_t i = 0; i < segment_block_rows(reader, block); i++)
        if (codes[i] >= first && codes[i] <= last)
            rows[count++] = i;
    return count;
}

static void check_rows(const Fixture *fixture, uint32_t block, const uint32_t *rows, uint32_t count,
                       const Vector *vector)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = block * SEGMENT_BLOCK_ROWS + rows[i];
        const Vector *names = &fixture->table->columns[T_NAMES];
        assert_int_equal(vector_is_null(vector, i), vector_is_null(names, row));
        if (!vector_is_null(names, row))
            assert_true(text_equal(vector_text(vector, i), vector_text(names, row)));
    }
}

/* A dictionary of which some entries are expected: rows that have them come with less of it, others
 * come all the same, and what was held stays as it was. */
static void test_part(void **state)
{
    Fixture *fixture = *state;
    SegmentReader *whole;
    const Dictionary *dictionary = entries_of(fixture, T_NAMES, &whole), *held = NULL;
    uint32_t rows[SEGMENT_BLOCK_ROWS], entries = dictionary->count - 1;
    Fault fault;

    assert_true(entries > 5 * SEGMENT_BLOCK_ROWS);
    for (uint32_t round = 0; round < 3; round++) {
        uint32_t first = round == 2 ? 0 : entries / 4 * (round + 1), last = first + entries / 8;
        if (round == 2)
            last = entries;
        else
            segment_expect_entries(fixture->reader, T_NAMES, &first, &last, 1);
        uint64_t id = 0;
        for (uint32_t block = 0; block < BLOCKS; block++) {
            Vector vector;
            uint32_t count = rows_within(fixture->reader, block, first, last, fixture->arena, rows);
            assert_true(count > 64);
            assert_true(segment_read(fixture->reader, T_NAMES, block, rows, count, fixture->arena,
                                     &vector, &fault));
            check_rows(fixture, block, rows, count, &vector);
            assert_int_equal(vector.form, VECTOR_DICTIONARY);
            assert_true(id == 0 || id == vector.dictionary->id);
            id = vector.dictionary->id;
            assert_int_equal(vector.dictionary->is_sorted, round == 2);
            if (held == NULL) {
                held = vector.dictionary;
                assert_true(segment_reader_memory(fixture->reader) <
                            segment_reader_memory(whole) * 2 / 3);
            }
        }
        for (uint32_t code = 1; code <= entries; code += 7) {
            uint32_t found;
            Text text = dictionary_text(dictionary, code);
            assert_true(segment_find_entry(fixture->reader, T_NAMES, text, &found, &fault));
            assert_int_equal(found, code);
            assert_true(segment_lower_bound(fixture->reader, T_NAMES, text, true, &found, &fault));
            assert_int_equal(found, code + 1);
        }
        /* nobody has left the reader: the first part still has its texts */
        assert_true(text_equal(dictionary_text(held, entries / 4 + 1),
                               dictionary_text(dictionary, entries / 4 + 1)));
        segment_expect_entries(fixture->reader, T_NAMES, NULL, NULL, 0);
    }
    segment_reader_free_retired(fixture->reader);
    segment_reader_close(whole);
}

static void set_version(const char *path, uint32_t version)
{
    Buffer bytes = BUFFER_EMPTY;
    Fault fault;

    assert_true(os_read_file(path, &bytes, 1 << 30, &fault));
    FormatHeader *header = (FormatHeader *)(void *)bytes.data;
    FormatTail *tail = (FormatTail *)(void *)(bytes.data + bytes.length - sizeof *tail);
    header->version = tail->version = version;
    tail->checksum = XXH3_64bits(tail, offsetof(FormatTail, checksum));
    unlink(path);
    FILE *file = fopen(path, "w");
    assert_int_equal(fwrite(bytes.data, 1, bytes.length, file), bytes.length);
    fclose(file);
    buffer_clear(&bytes);
}

/* Files of version 1 have no index; one that has is damaged, one of version 3 unknown. */
static void test_versions(void **state)
{
    static const struct {
        uint32_t rows, version;
        bool is_read;
    } cases[] = {{100, 1, true}, {ROWS, 1, false}, {ROWS, 2, true}, {100, 3, false}, {100, 0, false}};
    Fault fault;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Fixture fixture = {.arena = arena_new("test"), .path = test_path("versions")};
        write_rows(&fixture, cases[i].rows, NULL);
        set_version(fixture.path, cases[i].version);
        SegmentReader *reader = segment_reader_open(fixture.path, NULL, &fault);
        assert_int_equal(reader != NULL, cases[i].is_read);
        uint32_t code;
        if (reader == NULL)
            assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
        else
            assert_true(segment_find_entry(reader, T_STRING_CONSTANT, text_of("always this"), &code,
                                           &fault) &&
                        code == 1);
        segment_reader_close(reader);
        unlink(fixture.path);
        arena_free(fixture.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(test_not_found, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(test_blocks, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(test_few_rows, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(test_part, make_fixture, drop_fixture),
        cmocka_unit_test(test_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

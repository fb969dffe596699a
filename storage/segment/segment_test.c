/* Segments: what is written comes back, by block and by row; zones and summaries are right. */
#include "storage/segment/segment.h"

#include "base/os/os.h"
#include "storage/segment/segment_test_internal.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <cmocka.h>

/* Every layout but arrays, bit for bit. */
static void assert_same_value(const Vector *a, uint32_t row_a, const Vector *b, uint32_t row_b)
{
    assert_int_equal(vector_is_null(a, row_a), vector_is_null(b, row_b));
    if (vector_is_null(a, row_a))
        return;
    if (a->layout == LAYOUT_STRING) {
        assert_true(text_equal(vector_text(a, row_a), vector_text(b, row_b)));
        return;
    }
    size_t size = layout_size(a->layout);
    assert_memory_equal((const char *)a->data + vector_row(a, row_a) * size,
                        (const char *)b->data + vector_row(b, row_b) * size, size);
}

static void assert_same_cell(const Vector *a, uint32_t row_a, const Vector *b, uint32_t row_b)
{
    assert_int_equal(a->layout, b->layout);
    if (a->layout != LAYOUT_ARRAY) {
        assert_same_value(a, row_a, b, row_b);
        return;
    }
    assert_int_equal(vector_is_null(a, row_a), vector_is_null(b, row_b));
    if (vector_is_null(a, row_a))
        return;
    ArrayValue left = VECTOR_DATA(ArrayValue, a)[vector_row(a, row_a)];
    ArrayValue right = VECTOR_DATA(ArrayValue, b)[vector_row(b, row_b)];
    assert_int_equal(left.count, right.count);
    for (uint32_t i = 0; i < left.count; i++)
        assert_same_value(a->elements, left.offset + i, b->elements, right.offset + i);
}

/* The same rows in another form: dictionary for strings, constant where all rows are equal. */
static Vector other_form(Arena *arena, const Vector *vector)
{
    if (vector->length == 0 || vector->layout == LAYOUT_ARRAY)
        return *vector;
    if (vector->layout == LAYOUT_STRING) {
        Text *texts = ARENA_ARRAY(arena, Text, vector->length + 1);
        uint32_t *codes = arena_alloc_vector(arena, vector->length * sizeof *codes);
        texts[0] = (Text){0};
        for (uint32_t i = 0; i < vector->length; i++) {
            bool is_null = vector_is_null(vector, i);
            texts[i + 1] = is_null ? TEXT_LITERAL("never seen") : vector_text(vector, i);
            codes[i] = is_null ? 0 : i + 1;
        }
        Dictionary *dictionary = dictionary_make(arena, texts, vector->length + 1, false, false);
        return vector_dictionary(dictionary, vector->length, codes);
    }
    for (uint32_t i = 1; i < vector->length; i++) {
        if (!vector_rows_equal(vector, 0, vector, i))
            return *vector;
    }
    if (vector_is_null(vector, 0))
        return vector_null(arena, vector->layout, vector->length);
    return vector_constant(arena, vector->layout, vector->length, vector->data);
}

static void append_in_pieces(SegmentWriter *writer, Arena *arena, const Batch *table)
{
    Fault fault;
    uint32_t step = 0;

    for (uint32_t start = 0; start < table->rows;) {
        static const uint32_t sizes[] = {2048, 1000, 1, 5000, 2048, 37};
        uint32_t size = sizes[step++ % 6];
        if (size > table->rows - start)
            size = table->rows - start;
        Batch *piece = batch_slice(arena, table, start, size);
        if (step % 2) {
            for (uint32_t i = 0; i < piece->column_count; i++)
                piece->columns[i] = other_form(arena, &piece->columns[i]);
        }
        assert_true(segment_writer_append(writer, piece, &fault));
        start += size;
    }
}

static void write_table(const char *path, Arena *arena, const Batch *table, SegmentSummary *summary)
{
    SegmentSchema schema = test_schema(arena);
    Budget budget;
    Fault fault;

    budget_init_root(&budget, NULL, 0);
    SegmentWriter *writer = segment_writer_open(path, &schema, &budget, &fault);
    assert_non_null(writer);
    append_in_pieces(writer, arena, table);
    bool ok = segment_writer_finish(writer, arena, summary, &fault);
    if (!ok)
        print_message("%s\n", fault.message);
    assert_true(ok);
    segment_writer_free(writer);
    assert_int_equal(budget.used, 0);
}

static void check_block(SegmentReader *reader, Arena *arena, const Batch *table, uint32_t column,
                        uint32_t block, unsigned one_in)
{
    uint32_t rows[BATCH_ROWS], count = 0;
    uint32_t length = segment_block_rows(reader, block);
    uint32_t start = block * SEGMENT_BLOCK_ROWS;
    Vector vector;
    Fault fault;

    for (uint32_t i = 0; i < length; i++) {
        if (one_in == 1 || test_random() % one_in == 0)
            rows[count++] = i;
    }
    bool ok = segment_read(reader, column, block, one_in == 1 ? NULL : rows, count, arena, &vector,
                           &fault);
    if (!ok)
        print_message("%s\n", fault.message);
    assert_true(ok);
    assert_int_equal(vector.length, count);
    if (vector.form != VECTOR_CONSTANT)
        assert_int_equal((uintptr_t)vector.data % 64, 0);
    for (uint32_t i = 0; i < count; i++)
        assert_same_cell(&vector, i, &table->columns[column], start + rows[i]);
}

static void check_zone(SegmentReader *reader, const Batch *table, uint32_t column, uint32_t block)
{
    const Vector *vector = &table->columns[column];
    uint32_t nulls = 0;
    int64_t minimum = INT64_MAX, maximum = INT64_MIN;
    SegmentZone zone;

    segment_zone(reader, column, block, &zone);
    assert_int_equal(zone.rows, segment_block_rows(reader, block));
    for (uint32_t i = 0; i < zone.rows; i++) {
        uint32_t row = block * SEGMENT_BLOCK_ROWS + i;
        if (vector_is_null(vector, row)) {
            nulls++;
            continue;
        }
        if (vector->layout != LAYOUT_INT64 && vector->layout != LAYOUT_BOOL)
            continue;
        int64_t value = vector->layout == LAYOUT_INT64 ? VECTOR_DATA(int64_t, vector)[row]
                                                       : VECTOR_DATA(uint8_t, vector)[row];
        minimum = value < minimum ? value : minimum;
        maximum = value > maximum ? value : maximum;
    }
    assert_int_equal(zone.null_count, nulls);
    if (minimum <= maximum) {
        assert_true(zone.has_range);
        assert_int_equal(zone.minimum, minimum);
        assert_int_equal(zone.maximum, maximum);
    } else if (vector->layout != LAYOUT_STRING) {
        assert_false(zone.has_range);
    }
}

/* Codes within their zone, and the zone no wider than they. */
static void check_code_zone(SegmentReader *reader, Arena *arena, uint32_t column, uint32_t block)
{
    Vector vector;
    SegmentZone zone;
    Fault fault;
    uint32_t minimum = UINT32_MAX, maximum = 0;

    assert_true(segment_read(reader, column, block, NULL, 0, arena, &vector, &fault));
    assert_int_equal(vector.form, VECTOR_DICTIONARY);
    segment_zone(reader, column, block, &zone);
    for (uint32_t i = 0; i < vector.length; i++) {
        uint32_t code = VECTOR_DATA(uint32_t, &vector)[i];
        if (code == 0)
            continue;
        minimum = code < minimum ? code : minimum;
        maximum = code > maximum ? code : maximum;
    }
    assert_int_equal(zone.has_range, maximum != 0);
    if (zone.has_range) {
        assert_int_equal(zone.minimum, minimum);
        assert_int_equal(zone.maximum, maximum);
    }
}

static void check_group_zones(SegmentReader *reader, uint32_t column)
{
    uint32_t blocks = segment_block_count(reader);
    for (uint32_t group = 0; group * SEGMENT_GROUP_BLOCKS < blocks; group++) {
        SegmentZone whole, part;
        uint32_t rows = 0;
        segment_group_zone(reader, column, group, &whole);
        for (uint32_t block = group * SEGMENT_GROUP_BLOCKS;
             block < blocks && block < (group + 1) * SEGMENT_GROUP_BLOCKS; block++) {
            segment_zone(reader, column, block, &part);
            rows += part.rows;
            if (whole.has_range && part.has_range) {
                assert_true(whole.minimum <= part.minimum);
                assert_true(whole.maximum >= part.maximum);
            }
            if (part.has_range && !whole.has_range)
                fail_msg("a group without a range holds a block with one");
        }
        assert_int_equal(whole.rows, rows);
    }
}

static void check_table(uint32_t rows)
{
    Arena *arena = arena_new("test"), *scratch = arena_new("scratch");
    const char *path = test_path("segment");
    Batch *table = test_table(arena, rows);
    SegmentSummary summary;
    Fault fault;

    write_table(path, arena, table, &summary);
    SegmentReader *reader = segment_reader_open(path, summary.digest, &fault);
    if (reader == NULL)
        print_message("%s\n", fault.message);
    assert_non_null(reader);
    assert_int_equal(segment_row_count(reader), rows);
    assert_int_equal(segment_block_count(reader), (rows + 2047) / 2048);
    assert_true(segment_verify(reader, &fault));
    for (uint32_t column = 0; column < T_SHAPES; column++) {
        assert_int_equal(segment_find_column(reader, text_of(test_columns[column].name)), column);
        for (uint32_t block = 0; block < segment_block_count(reader); block++) {
            check_block(reader, scratch, table, column, block, 1);
            check_block(reader, scratch, table, column, block, 3);
            check_block(reader, scratch, table, column, block, 100);
            check_zone(reader, table, column, block);
            if (column == T_CODES || column == T_NAMES || column == T_STRING_NULL)
                check_code_zone(reader, scratch, column, block);
            arena_reset(scratch);
        }
        check_group_zones(reader, column);
    }
    assert_int_equal(segment_find_column(reader, TEXT_LITERAL("missing")), -1);
    segment_reader_close(reader);
    unlink(path);
    arena_free(arena);
    arena_free(scratch);
}

static void test_sizes(void **state)
{
    check_table(0);
    check_table(1);
    check_table(100);
    check_table(2048);
    check_table(2049);
}

static void test_groups(void **state)
{
    check_table(SEGMENT_BLOCK_ROWS * SEGMENT_GROUP_BLOCKS + 4500);
}

static void test_summary(void **state)
{
    Arena *arena = arena_new("test");
    const char *path = test_path("summary");
    Batch *table = test_table(arena, 30000);
    SegmentSummary summary;
    Fault fault;

    write_table(path, arena, table, &summary);
    assert_int_equal(summary.rows, 30000);
    SegmentReader *reader = segment_reader_open(path, summary.digest, &fault);
    assert_non_null(reader);
    const SegmentColumnSummary *columns = summary.columns;
    for (int i = 0; i < T_SHAPES; i++) {
        const SegmentColumnSummary *read = segment_column_summary(reader, (uint32_t)i);
        assert_int_equal(columns[i].null_count, read->null_count);
        assert_int_equal(columns[i].distinct_count, read->distinct_count);
        assert_int_equal(columns[i].stored_bytes, read->stored_bytes);
        assert_int_equal(columns[i].text_bytes, read->text_bytes);
        assert_int_equal(columns[i].has_range, read->has_range);
        assert_int_equal(columns[i].minimum, read->minimum);
        assert_int_equal(columns[i].maximum, read->maximum);
        uint64_t nulls = 0;
        for (uint32_t row = 0; row < table->rows; row++)
            nulls += vector_is_null(&table->columns[i], row);
        assert_int_equal(columns[i].null_count, nulls);
    }
    assert_true(columns[T_SECONDS].has_range);
    assert_int_equal(columns[T_SECONDS].minimum / 10000000, 144201600);
    assert_in_range(columns[T_RANDOM].distinct_count, 28500, 31500);
    assert_int_equal(columns[T_CONSTANT].distinct_count, 1);
    assert_int_equal(columns[T_CODES].distinct_count, 50);
    assert_int_equal(columns[T_STRING_CONSTANT].distinct_count, 1);
    assert_int_equal(columns[T_STRING_CONSTANT].text_bytes, 30000 * 11);
    assert_in_range(columns[T_DOCUMENTS].distinct_count, 26000, 30000);
    assert_true(columns[T_DOCUMENTS].text_bytes > 60 * 25000);
    assert_int_equal(columns[T_BOOL].distinct_count, 2);
    /* Documents are all different: no dictionary. */
    const Dictionary *dictionary;
    assert_true(segment_dictionary(reader, T_DOCUMENTS, true, &dictionary, &fault));
    assert_null(dictionary);
    assert_true(segment_dictionary(reader, T_RANDOM, false, &dictionary, &fault));
    assert_null(dictionary);
    segment_reader_close(reader);
    unlink(path);
    arena_free(arena);
}

static void test_dictionary(void **state)
{
    Arena *arena = arena_new("test");
    const char *path = test_path("dictionary");
    Batch *table = test_table(arena, 20000);
    SegmentSummary summary;
    const Dictionary *dictionary, *again;
    Fault fault;

    write_table(path, arena, table, &summary);
    SegmentReader *reader = segment_reader_open(path, NULL, &fault);
    assert_non_null(reader);
    assert_true(segment_dictionary(reader, T_NAMES, false, &dictionary, &fault));
    assert_true(dictionary->is_sorted && dictionary->is_unique && dictionary->id != 0);
    assert_null(dictionary->hashes);
    size_t before = segment_reader_memory(reader);
    assert_true(segment_dictionary(reader, T_NAMES, true, &again, &fault));
    assert_ptr_equal(dictionary, again);
    assert_true(segment_reader_memory(reader) >= before + dictionary->count * 8);
    for (uint32_t code = 1; code < dictionary->count; code++) {
        assert_true(dictionary->hashes[code] == text_hash(dictionary_text(dictionary, code)));
        assert_int_equal(dictionary_find(dictionary, dictionary_text(dictionary, code)), code);
        if (code > 1)
            assert_true(text_compare(dictionary_text(dictionary, code - 1),
                                     dictionary_text(dictionary, code)) < 0);
    }
    segment_reader_close(reader);
    unlink(path);
    arena_free(arena);
}

/* A dictionary that is held outlives its reader; one that was not asked for lately is forgotten. */
static void test_dictionary_held(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    const char *path = test_path("held");
    SegmentSummary summary;
    const Dictionary *names, *codes, *again;
    Fault fault;

    write_table(path, arena, test_table(arena, 20000), &summary);
    SegmentReader *reader = segment_reader_open(path, summary.digest, &fault);
    assert_non_null(reader);
    size_t before = segment_reader_memory(reader);
    assert_true(segment_dictionary(reader, T_NAMES, false, &names, &fault));
    assert_true(segment_dictionary(reader, T_CODES, false, &codes, &fault));
    assert_int_equal(names->home->column, T_NAMES);
    assert_memory_equal(names->home->digest, summary.digest, 16);
    assert_true(names->family != 0 && names->family != codes->family);
    dictionary_hold(names);
    Text first = dictionary_text(names, 1);
    assert_false(segment_reader_forget_unused(reader));
    assert_true(segment_dictionary(reader, T_CODES, false, &again, &fault));
    assert_ptr_equal(codes, again);
    assert_true(segment_reader_forget_unused(reader)); /* the names */
    assert_true(segment_reader_forget_unused(reader)); /* the codes */
    assert_int_equal(segment_reader_memory(reader), before);
    assert_true(segment_dictionary(reader, T_NAMES, false, &again, &fault));
    assert_ptr_not_equal(names, again);
    segment_reader_close(reader);
    assert_true(text_equal(first, dictionary_text(names, 1)));
    dictionary_release(names);
    unlink(path);
    arena_free(arena);
}

/* Texts that differ only far in, or only in zero bytes at the end, or begin one another; and the
 * file finished in steps and synced by a thread. */
static void test_awkward_texts(void **state)
{
    Arena *arena = arena_new("test");
    const char *path = test_path("awkward");
    SegmentColumn column = {.name = TEXT_LITERAL("t"), .layout = LAYOUT_STRING};
    SegmentSchema schema = {1, &column};
    SegmentSummary summary;
    VectorBuilder builder;
    Budget budget;
    Fault fault;
    char text[300];
    bool is_done = false;
    OsSyncer *syncer = os_syncer_new();

    memset(text, 'a', sizeof text);
    vector_builder_init(&builder, arena, LAYOUT_STRING, 3000);
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t length = (uint32_t)(test_random() % 290);
        memset(text, i % 3 ? 'a' : 0, sizeof text);
        if (i % 5 == 0)
            text[length] = (char)test_random();
        vector_builder_text(&builder, (Text){text, length + (i % 5 == 0)});
    }
    Batch *batch = batch_make(arena, 1, 3000);
    batch->columns[0] = vector_builder_finish(&builder);
    budget_init_root(&budget, NULL, 0);
    SegmentWriter *writer = segment_writer_open(path, &schema, &budget, &fault);
    assert_non_null(writer);
    assert_true(segment_writer_append(writer, batch, &fault));
    segment_writer_sync_by(writer, syncer);
    assert_true(segment_writer_finish_column(writer, &is_done, &fault));
    assert_true(is_done);
    assert_false(segment_writer_append(writer, batch, &fault));
    assert_true(segment_writer_finish(writer, arena, &summary, &fault));
    assert_true(os_syncer_wait(syncer, &fault));
    os_syncer_free(syncer);
    segment_writer_free(writer);
    SegmentReader *reader = segment_reader_open(path, summary.digest, &fault);
    assert_non_null(reader);
    for (uint32_t block = 0; block < 2; block++) {
        Vector vector;
        assert_true(segment_read(reader, 0, block, NULL, 0, arena, &vector, &fault));
        for (uint32_t i = 0; i < vector.length; i++)
            assert_same_cell(&vector, i, &batch->columns[0], block * 2048 + i);
    }
    segment_reader_close(reader);
    unlink(path);
    arena_free(arena);
}

/* A column that turns to text while it is written, long before the end. */
static void test_turning_to_text(void **state)
{
    Arena *arena = arena_new("test"), *scratch = arena_new("scratch");
    const char *path = test_path("turning");
    SegmentColumn column = {.name = TEXT_LITERAL("t"), .layout = LAYOUT_STRING};
    SegmentSchema schema = {1, &column};
    SegmentSummary summary;
    Budget budget;
    Fault fault;
    enum { ROWS = 100000 };
    VectorBuilder builder;

    vector_builder_init(&builder, arena, LAYOUT_STRING, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        if (i % 97 == 5)
            vector_builder_null(&builder);
        else
            test_text(&builder, "a unique text of some length %lu %lu", test_random(), i);
    }
    Batch *batch = batch_make(arena, 1, ROWS);
    batch->columns[0] = vector_builder_finish(&builder);
    budget_init_root(&budget, NULL, 0);
    SegmentWriter *writer = segment_writer_open(path, &schema, &budget, &fault);
    assert_non_null(writer);
    assert_true(segment_writer_append(writer, batch, &fault));
    /* The gathered part is gone: what is held now is far below the texts' bytes. */
    assert_true(budget.used < 3 << 20);
    assert_true(segment_writer_finish(writer, arena, &summary, &fault));
    segment_writer_free(writer);
    assert_int_equal(budget.used, 0);
    SegmentReader *reader = segment_reader_open(path, summary.digest, &fault);
    assert_non_null(reader);
    for (uint32_t block = 0; block < segment_block_count(reader); block++) {
        check_block(reader, scratch, batch, 0, block, 1);
        check_block(reader, scratch, batch, 0, block, 50);
        arena_reset(scratch);
    }
    segment_reader_close(reader);
    unlink(path);
    arena_free(arena);
    arena_free(scratch);
}

static void test_refusals(void **state)
{
    Arena *arena = arena_new("test");
    const char *path = test_path("refused");
    SegmentSchema schema = test_schema(arena);
    Batch *table = test_table(arena, 50000);
    SegmentSummary summary;
    Budget root, budget;
    Fault fault;

    /* No memory: a fault, and no file stays. */
    budget_init_root(&root, NULL, 0);
    budget_init_child(&budget, &root, 200000);
    SegmentWriter *writer = segment_writer_open(path, &schema, &budget, &fault);
    assert_non_null(writer);
    assert_false(segment_writer_append(writer, table, &fault));
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    assert_false(segment_writer_finish(writer, arena, &summary, &fault));
    segment_writer_free(writer);
    assert_int_equal(budget.used, 0);
    assert_int_equal(access(path, F_OK), -1);

    /* The path must be new. */
    writer = segment_writer_open(path, &schema, &root, &fault);
    assert_non_null(writer);
    assert_null(segment_writer_open(path, &schema, &root, &fault));
    assert_int_equal(access(path, F_OK), 0);
    segment_writer_free(writer);
    segment_writer_free(NULL);
    assert_null(segment_reader_open(path, NULL, &fault));
    segment_reader_close(NULL);

    /* Another layout than the schema's. */
    writer = segment_writer_open(path, &schema, &root, &fault);
    Batch *wrong = batch_slice(arena, table, 0, 10);
    wrong->columns[T_BOOL] = wrong->columns[T_RANDOM];
    assert_false(segment_writer_append(writer, wrong, &fault));
    segment_writer_free(writer);
    arena_free(arena);
}

/* The disk is full (here: files may not grow): a fault, and no file stays. */
static void test_full_disk(void **state)
{
    Arena *arena = arena_new("test");
    const char *path = test_path("full");
    SegmentSchema schema = test_schema(arena);
    Batch *table = test_table(arena, 70000);
    struct rlimit before, limit;
    SegmentSummary summary;
    Budget budget;
    Fault fault;

    budget_init_root(&budget, NULL, 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 1500000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    SegmentWriter *writer = segment_writer_open(path, &schema, &budget, &fault);
    bool ok = writer != NULL && segment_writer_append(writer, table, &fault) &&
              segment_writer_finish(writer, arena, &summary, &fault);
    segment_writer_free(writer);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(ok);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(budget.used, 0);
    arena_free(arena);
}

static void test_dump(void **state)
{
    Arena *arena = arena_new("test");
    const char *path = test_path("dump");
    Batch *table = test_table(arena, 20000);
    SegmentSummary summary;
    Buffer out = BUFFER_EMPTY;
    Fault fault;

    write_table(path, arena, table, &summary);
    SegmentReader *reader = segment_reader_open(path, NULL, &fault);
    assert_non_null(reader);
    segment_dump(reader, true, &out);
    const char *text = buffer_string(&out);
    assert_non_null(strstr(text, "20000 rows, 10 blocks, 25 columns"));
    assert_non_null(strstr(text, "delta"));
    assert_non_null(strstr(text, "patched"));
    assert_non_null(strstr(text, "decimal 2"));
    assert_non_null(strstr(text, "front-coded"));
    assert_non_null(strstr(text, "elements"));
    assert_null(strstr(text, "damaged"));
    buffer_clear(&out);
    segment_reader_close(reader);
    unlink(path);
    arena_free(arena);
}

/* What is expected decides between dictionary and text before the first row; whatever comes then
 * is kept, also when it is not what was expected. */
static void test_expected_texts(void **state)
{
    enum { ROWS = 30000 };
    for (uint32_t distinct = 5000; distinct <= ROWS; distinct += 12500) {
        Arena *arena = arena_new("test");
        const char *path = test_path("expected");
        SegmentColumn column = {.name = TEXT_LITERAL("t"), .layout = LAYOUT_STRING};
        SegmentSchema schema = {1, &column};
        SegmentSummary summary;
        VectorBuilder builder;
        Budget budget;
        Fault fault;
        vector_builder_init(&builder, arena, LAYOUT_STRING, ROWS);
        for (uint32_t i = 0; i < ROWS; i++)
            vector_builder_text(&builder, text_of(arena_printf(arena, "a text of some length %u",
                                                               i % distinct)));
        Batch *batch = batch_make(arena, 1, ROWS);
        batch->columns[0] = vector_builder_finish(&builder);
        budget_init_root(&budget, NULL, 0);
        SegmentWriter *writer = segment_writer_open(path, &schema, &budget, &fault);
        assert_non_null(writer);
        assert_true(segment_writer_expect(writer, batch, &fault));
        assert_true(segment_writer_append(writer, batch, &fault));
        assert_true(segment_writer_finish(writer, arena, &summary, &fault));
        segment_writer_free(writer);
        assert_in_range(summary.columns[0].distinct_count, distinct * 94 / 100, distinct * 106 / 100);
        SegmentReader *reader = segment_reader_open(path, summary.digest, &fault);
        assert_non_null(reader);
        Vector vector;
        assert_true(segment_read(reader, 0, 1, NULL, 0, arena, &vector, &fault));
        assert_int_equal(vector.form == VECTOR_DICTIONARY, distinct != ROWS);
        for (uint32_t i = 0; i < vector.length; i++)
            assert_true(text_equal(vector_text(&vector, i),
                                   vector_text(&batch->columns[0], SEGMENT_BLOCK_ROWS + i)));
        segment_reader_close(reader);
        unlink(path);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),         cmocka_unit_test(test_groups),
        cmocka_unit_test(test_summary),       cmocka_unit_test(test_dictionary),
        cmocka_unit_test(test_expected_texts),
        cmocka_unit_test(test_dictionary_held),
        cmocka_unit_test(test_awkward_texts), cmocka_unit_test(test_turning_to_text),
        cmocka_unit_test(test_refusals),      cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

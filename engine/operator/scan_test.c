/*
 * Tests of the scan and of writing segments: filters of all kinds over segments, against the same
 * conditions over all rows; missing and retyped columns; several workers; a top N above.
 */
#include "engine/operator/test_stage_internal.h"

#include "engine/operator/operator.h"

#include <stdio.h>
#include <unistd.h>

enum {
    INT8_EQUAL = 467,
    INT8_LESS = 469,
    INT8_GREATER_EQUAL = 472,
    TEXT_EQUAL = 67,
    TEXT_LESS = 740,
    TEXT_NOT_EQUAL = 157,
    TEXT_LIKE = 850,
};

/* __time, name, value, other (missing in the last segment) */
enum { COLUMNS = 4, SEGMENTS = 3, SEGMENT_ROWS = 70000 };

static const Text names[COLUMNS] = {{"__time", 6}, {"name", 4}, {"value", 5}, {"other", 5}};
static const SqlType types[COLUMNS] = {{T_INT8, -1}, {T_TEXT, -1}, {T_INT8, -1}, {T_TEXT, -1}};

static char folder[64];

typedef struct Table {
    Arena *arena;
    InputSegment segments[SEGMENTS];
    Batch *rows; /* all of them, as a scan should give them */
} Table;

static Table table;

static Batch *make_rows(Arena *arena, uint32_t segment, uint32_t rows)
{
    Batch *batch = batch_make(arena, COLUMNS, rows);
    int64_t *times = arena_alloc_vector(arena, rows * sizeof *times);
    for (uint32_t i = 0; i < rows; i++)
        times[i] = (int64_t)segment * 1000000 + i * 10;
    batch->columns[0] = vector_flat(LAYOUT_INT64, rows, times, NULL);
    batch->columns[1] = random_flat(arena, LAYOUT_STRING, rows, 40 + segment * 500, segment != 1);
    batch->columns[2] = random_flat(arena, LAYOUT_INT64, rows, 1000, true);
    batch->columns[3] = segment == SEGMENTS - 1 ? vector_null(arena, LAYOUT_STRING, rows)
                                                : random_flat(arena, LAYOUT_STRING, rows, 3, true);
    return batch;
}

static void write_segment(uint32_t number, const Batch *batch)
{
    Fault fault;
    Budget budget;
    budget_init_root(&budget, NULL, 0);
    SegmentColumn columns[COLUMNS];
    /* The value is a smaller integer in the first segment; the last one lacks a column. */
    for (uint32_t c = 0; c < COLUMNS; c++)
        columns[c] = (SegmentColumn){.name = names[c],
                                     .type_oid = c == 2 && number == 0 ? T_INT4 : types[c].oid,
                                     .type_modifier = -1,
                                     .layout = type_layout(types[c])};
    SegmentSchema schema = {.column_count = number == SEGMENTS - 1 ? COLUMNS - 1 : COLUMNS,
                            .columns = columns};
    const char *path = arena_printf(table.arena, "%s/%u.segment", folder, number);
    SegmentWriter *writer = segment_writer_open(path, &schema, &budget, &fault);
    assert_non_null(writer);
    Batch stored = *batch;
    stored.column_count = schema.column_count;
    assert_true(segment_writer_append(writer, &stored, &fault));
    SegmentSummary summary;
    if (!segment_writer_finish(writer, table.arena, &summary, &fault))
        fail_msg("%s", fault.message);
    segment_writer_free(writer);
    table.segments[number] =
        (InputSegment){.path = text_of(path), .rows = summary.rows, .bytes = summary.file_bytes};
    memcpy(table.segments[number].digest, summary.digest, 16);
}

static int make_table(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/talaria-scan-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    table.arena = arena_new("test table");
    Batch *parts[SEGMENTS];
    for (uint32_t s = 0; s < SEGMENTS; s++) {
        parts[s] = make_rows(table.arena, s, SEGMENT_ROWS + s * 777);
        write_segment(s, parts[s]);
    }
    table.rows = batch_concatenate(table.arena, parts, SEGMENTS);
    return 0;
}

static int drop_table(void **state)
{
    (void)state;
    for (uint32_t s = 0; s < SEGMENTS; s++)
        unlink(arena_printf(table.arena, "%.*s", TEXT_ARGS(table.segments[s].path)));
    arena_free(table.arena);
    return rmdir(folder);
}

static OperatorSpec *scan_spec(TestStage *test, const Expr *filter)
{
    test->inputs[0] = (StageInput){.kind = INPUT_SEGMENTS,
                                   .column_count = COLUMNS,
                                   .types = types,
                                   .names = names,
                                   .segment_count = SEGMENTS,
                                   .segments = table.segments,
                                   .ticket = 1};
    OperatorSpec *spec = ARENA_NEW(test->arena, OperatorSpec);
    *spec = (OperatorSpec){.kind = OPERATOR_INPUT, .column_count = COLUMNS, .types = types};
    spec->input.filter = filter;
    return spec;
}

static const Expr *column(TestStage *test, uint32_t c)
{
    return expr_column(test->arena, types[c], c, -1);
}

static const Expr *integer(TestStage *test, int64_t value)
{
    return expr_int64(test->arena, SQL_TYPE(T_INT8), value, -1);
}

static const Expr *text(TestStage *test, const char *value)
{
    return expr_text(test->arena, SQL_TYPE(T_TEXT), text_of(value), -1);
}

static const Expr *compare(TestStage *test, uint32_t oid, const Expr *a, const Expr *b)
{
    return test_call(test, oid, SQL_TYPE(T_BOOL), a, b);
}

static const Expr *in_list(TestStage *test)
{
    VectorBuilder builder;
    vector_builder_init(&builder, test->arena, LAYOUT_INT64, 3);
    vector_builder_int64(&builder, -100);
    vector_builder_int64(&builder, 5);
    vector_builder_int64(&builder, 77);
    Vector *list = ARENA_NEW(test->arena, Vector);
    *list = vector_builder_finish(&builder);
    return expr_in_list(test->arena, column(test, 2), list, false, -1);
}

enum { CONDITIONS = 15 };

static const Expr *condition(TestStage *test, uint32_t number)
{
    const Expr *argument;
    switch (number) {
    case 0:
        return compare(test, INT8_GREATER_EQUAL, column(test, 0), integer(test, 1300000));
    case 1:
        return compare(test, INT8_LESS, column(test, 0), integer(test, 2100000));
    case 2:
        return compare(test, INT8_LESS, integer(test, 400), column(test, 2));
    case 3:
        return compare(test, INT8_EQUAL, column(test, 2), integer(test, 7));
    case 4:
        return compare(test, TEXT_EQUAL, column(test, 1), text(test, "text-17"));
    case 5:
        return compare(test, TEXT_EQUAL, text(test, "no such text"), column(test, 1));
    case 6:
        return compare(test, TEXT_LESS, column(test, 1), text(test, "text-3"));
    case 7:
        return compare(test, TEXT_NOT_EQUAL, column(test, 3), text(test, "text-1"));
    case 8:
        return compare(test, TEXT_LIKE, column(test, 1), text(test, "%-1%3"));
    case 9:
        argument = column(test, 3);
        return expr_nary(test->arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &argument, 1, -1);
    case 10:
        argument = condition(test, 9);
        return expr_nary(test->arena, EXPR_NOT, SQL_TYPE(T_BOOL), &argument, 1, -1);
    case 11:
        return in_list(test);
    case 12:
        return compare(test, INT8_LESS, column(test, 2), column(test, 0));
    case 13: {
        const Expr *either[] = {condition(test, 4), condition(test, 3)};
        return expr_nary(test->arena, EXPR_OR, SQL_TYPE(T_BOOL), either, 2, -1);
    }
    default: {
        const Expr *either[] = {condition(test, 9), condition(test, 7)};
        return expr_nary(test->arena, EXPR_OR, SQL_TYPE(T_BOOL), either, 2, -1);
    }
    }
}

/* The rows of the table for which the condition holds. */
static Batch *naive(TestStage *test, const Expr *filter)
{
    if (filter == NULL)
        return table.rows;
    Fault fault;
    ExprProgram *program = expr_compile(test->arena, &filter, 1, &test->types, &fault);
    assert_non_null(program);
    uint32_t *rows = ARENA_ARRAY(test->arena, uint32_t, table.rows->rows);
    uint32_t count = 0;
    for (uint32_t at = 0; at < table.rows->rows; at += BATCH_ROWS) {
        uint32_t left = table.rows->rows - at;
        Batch *piece =
            batch_slice(test->arena, table.rows, at, left < BATCH_ROWS ? left : BATCH_ROWS);
        Vector holds;
        assert_true(expr_run(program, piece, NULL, test->arena, &holds, &fault));
        for (uint32_t i = 0; i < piece->rows; i++)
            if (!vector_is_null(&holds, i) && VECTOR_DATA(uint8_t, &holds)[vector_row(&holds, i)])
                rows[count++] = at + i;
    }
    return batch_gather(test->arena, table.rows, rows, count);
}

static void run_filter(const uint32_t *numbers, uint32_t count, SegmentCache *cache)
{
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    test.context.segments = cache;
    const Expr *parts[CONDITIONS];
    for (uint32_t i = 0; i < count; i++)
        parts[i] = condition(&test, numbers[i]);
    const Expr *filter =
        count == 0 ? NULL : expr_nary(test.arena, EXPR_AND, SQL_TYPE(T_BOOL), parts, count, -1);
    Batch *actual = test_run(&test, scan_spec(&test, filter), &fault);
    if (actual == NULL)
        fail_msg("%s", fault.message);
    assert_same_rows(actual, naive(&test, filter));
    test_stage_clear(&test);
}

static void test_filters(void **state)
{
    (void)state;
    SegmentCache *cache = segment_cache_new(2, 1 << 20);
    run_filter(NULL, 0, cache);
    for (uint32_t i = 0; i < CONDITIONS; i++)
        run_filter(&i, 1, cache);
    for (int round = 0; round < 25; round++) {
        uint32_t numbers[4], count = 2 + random_below(3);
        for (uint32_t i = 0; i < count; i++)
            numbers[i] = random_below(CONDITIONS);
        run_filter(numbers, count, cache);
    }
    segment_cache_free(cache);
}

static void test_zones_skip_blocks(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    test.context.segments = segment_cache_new(10, 1 << 20);
    const Expr *parts[] = {
        compare(&test, INT8_GREATER_EQUAL, column(&test, 0), integer(&test, 1300000)),
        compare(&test, INT8_LESS, column(&test, 0), integer(&test, 1330000))};
    const Expr *filter = expr_nary(test.arena, EXPR_AND, SQL_TYPE(T_BOOL), parts, 2, -1);
    Batch *actual = test_run(&test, scan_spec(&test, filter), &fault);
    assert_non_null(actual);
    assert_int_equal(actual->rows, 3000);
    assert_true(test.counters.blocks_read <= 3);
    assert_true(test.counters.blocks_skipped > 90);
    segment_cache_free(test.context.segments);
    test_stage_clear(&test);
}

/* Two workers with one counter: every row once. */
static void test_workers_share_morsels(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    SegmentCache *cache = segment_cache_new(10, 1 << 20);
    test.context.segments = cache;
    OperatorSpec *spec = scan_spec(&test, NULL);
    OperatorContext contexts[2] = {test.context, test.context};
    Operator *roots[2];
    uint64_t rows[2] = {0}, sum = 0, expected = 0;
    for (int w = 0; w < 2; w++) {
        contexts[w].slice_end = INT64_MAX;
        roots[w] = operator_build(spec, &contexts[w], &fault);
        assert_non_null(roots[w]);
    }
    bool done[2] = {false};
    while (!done[0] || !done[1]) {
        uint32_t w = random_below(2);
        if (done[w])
            continue;
        Batch *batch;
        Progress progress = operator_next(roots[w], &batch, &fault);
        assert_int_not_equal(progress, PROGRESS_FAILED);
        done[w] = progress == PROGRESS_DONE;
        if (progress != PROGRESS_BATCH)
            continue;
        rows[w] += batch->rows;
        for (uint32_t i = 0; i < batch->rows; i++)
            sum += test_row_hash(batch, i);
    }
    for (uint32_t i = 0; i < table.rows->rows; i++)
        expected += test_row_hash(table.rows, i);
    assert_int_equal(rows[0] + rows[1], table.rows->rows);
    assert_true(sum == expected);
    assert_true(rows[0] != 0 && rows[1] != 0);
    operator_close(roots[0]);
    operator_close(roots[1]);
    segment_cache_free(cache);
    test_stage_clear(&test);
}

/* The rows of each worker of a division; every row comes once, to who owns its text. */
static void run_division(const RowDivision *division, uint32_t workers, const uint32_t *number,
                         SegmentCache *cache)
{
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    test.context.segments = cache;
    const Expr *filter = number == NULL ? NULL : condition(&test, *number);
    OperatorSpec *spec = scan_spec(&test, filter);
    Batch *parts[4];
    test.inputs[0].division = division;
    for (uint32_t w = 0; w < workers; w++) {
        test.context.worker = w;
        parts[w] = test_run(&test, spec, &fault);
        assert_non_null(parts[w]);
        for (uint32_t i = 0; i < parts[w]->rows; i++) {
            const Vector *texts = &parts[w]->columns[division->column];
            uint32_t range = 0;
            while (!vector_is_null(texts, i) && range + 1 < division->range_count &&
                   text_compare(division->splits[range], vector_text(texts, i)) <= 0)
                range++;
            assert_int_equal(division->owners[range], w);
        }
    }
    assert_same_rows(batch_concatenate(test.arena, parts, workers), naive(&test, filter));
    test_stage_clear(&test);
}

static void test_divided_rows(void **state)
{
    (void)state;
    SegmentCache *cache = segment_cache_new(2, 1 << 20);
    Arena *arena = arena_new("divisions");
    for (uint32_t round = 0; round < 20; round++) {
        uint32_t ranges = 1 + random_below(6), workers = 1 + random_below(4), number = random_below(CONDITIONS);
        Text *splits = ARENA_ARRAY(arena, Text, ranges);
        uint32_t *owners = ARENA_ARRAY(arena, uint32_t, ranges);
        for (uint32_t i = 0; i < ranges; i++) {
            splits[i] = text_of(arena_printf(arena, "text-%u%u", i + 1, random_below(9)));
            owners[i] = random_below(workers);
        }
        RowDivision division = {.column = random_below(2) ? 1 : 3,
                                .range_count = ranges,
                                .splits = splits,
                                .owners = owners};
        run_division(&division, workers, random_below(4) == 0 ? NULL : &number, cache);
    }
    arena_free(arena);
    segment_cache_free(cache);
}

/* What is made of a sample is even, and holds for all rows. */
static void test_dividing(void **state)
{
    (void)state;
    SegmentCache *cache = segment_cache_new(2, 1 << 20);
    Fault fault;
    for (uint32_t workers = 2; workers <= 4; workers++) {
        TestStage test;
        const RowDivision *division;
        double entries;
        test_stage_init(&test);
        scan_spec(&test, NULL);
        assert_true(scan_divide(cache, &test.inputs[0], 1, workers, test.arena, &division, &entries,
                                &fault));
        assert_non_null(division);
        assert_true(entries > 1000 && entries < 2000);
        for (uint32_t i = 0; i + 2 < division->range_count; i++)
            assert_true(text_compare(division->splits[i], division->splits[i + 1]) < 0);
        run_division(division, workers, NULL, cache);
        /* three texts are too few, and a segment lacks the column */
        assert_true(scan_divide(cache, &test.inputs[0], 3, workers, test.arena, &division, &entries,
                                &fault));
        assert_null(division);
        test_stage_clear(&test);
    }
    segment_cache_free(cache);
}

static void test_sample(void **state)
{
    (void)state;
    SegmentCache *cache = segment_cache_new(2, 1 << 20);
    for (uint32_t number = 0; number < CONDITIONS; number++) {
        TestStage test;
        Fault fault;
        double share;
        test_stage_init(&test);
        const Expr *filter = condition(&test, number);
        scan_spec(&test, NULL);
        assert_true(scan_sample(cache, &test.inputs[0], filter, &test.types, &share, &fault));
        double actual = (double)naive(&test, filter)->rows / (double)table.rows->rows;
        assert_true(share == 1 || (share > actual - 0.1 && share < actual + 0.1));
        assert_true(number != 0 || share < 1); /* this one is tested */
        test_stage_clear(&test);
    }
    segment_cache_free(cache);
}

static void test_top_n_skips_blocks(void **state)
{
    (void)state;
    for (int descending = 0; descending < 2; descending++) {
        TestStage test;
        Fault fault;
        test_stage_init(&test);
        test.context.segments = segment_cache_new(10, 1 << 20);
        const OperatorSpec *scan = scan_spec(&test, NULL);
        SortColumn key = {.column = 0, .descending = descending};
        OperatorSpec spec = {.kind = OPERATOR_SORT,
                             .column_count = COLUMNS,
                             .types = types,
                             .child_count = 1,
                             .children = test_children(&test, scan, NULL)};
        spec.sort.key_count = 1;
        spec.sort.keys = &key;
        spec.sort.limit = 10;
        Batch *actual = test_run(&test, &spec, &fault);
        assert_non_null(actual);
        assert_int_equal(actual->rows, 10);
        for (uint32_t i = 0; i < 10; i++)
            assert_true(
                test_rows_equal(actual, i, table.rows, descending ? table.rows->rows - 1 - i : i));
        assert_true(test.counters.blocks_read < 12);
        segment_cache_free(test.context.segments);
        test_stage_clear(&test);
    }
}

/* A join above: the scan leaves out what cannot match, and blocks in which nothing can. */
static void test_join_restricts_scan(void **state)
{
    (void)state;
    static const uint32_t zero[] = {0}, key_columns[] = {0, 1, 2};
    for (uint32_t k = 0; k < 3; k++)
        for (int type = STAGE_JOIN_INNER; type <= STAGE_JOIN_ANTI; type++) {
            TestStage test;
            Fault fault;
            test_stage_init(&test);
            test.context.segments = segment_cache_new(10, 1 << 20);
            const OperatorSpec *scan = scan_spec(&test, k == 1 ? condition(&test, 1) : NULL);
            /* A few keys; times lie together, so that blocks can be skipped. */
            Batch *build = batch_make(test.arena, 1, 50);
            VectorBuilder builder;
            vector_builder_init(&builder, test.arena, type_layout(types[k]), 50);
            for (uint32_t i = 0; i < 50; i++) {
                if (i == 7)
                    vector_builder_null(&builder);
                else if (k == 1)
                    vector_builder_text(&builder,
                                        text_of(arena_printf(test.arena, "text-%u", i * 9)));
                else
                    vector_builder_int64(&builder, k == 0 ? 1200000 + i * 5 : (int64_t)i * 3 - 60);
            }
            build->columns[0] = vector_builder_finish(&builder);
            test_stage_add(&test, 1, build);
            SqlType *joined = ARENA_ARRAY(test.arena, SqlType, COLUMNS + 1);
            memcpy(joined, types, sizeof types);
            joined[COLUMNS] = types[k];
            bool gives_right = type != STAGE_JOIN_SEMI && type != STAGE_JOIN_ANTI;
            const OperatorSpec *right = test_input(&test, 1, 1, &types[k]);
            OperatorSpec spec = {.kind = OPERATOR_JOIN,
                                 .column_count = COLUMNS + gives_right,
                                 .types = joined,
                                 .child_count = 2,
                                 .children = test_children(&test, scan, right)};
            spec.join.type = (StageJoinType)type;
            spec.join.key_count = 1;
            spec.join.left_keys = &key_columns[k];
            spec.join.right_keys = zero;
            Batch *actual = test_run(&test, &spec, &fault);
            assert_non_null(actual);
            /* Keys are unique: a row matches at most once. */
            Batch *left = naive(&test, k == 1 ? condition(&test, 1) : NULL);
            uint32_t matched = 0, unmatched_right = 0;
            for (uint32_t i = 0; i < left->rows; i++)
                for (uint32_t r = 0; r < 50; r++)
                    matched += r != 7 && !vector_is_null(&left->columns[k], i) &&
                               vector_rows_equal(&left->columns[k], i, &build->columns[0], r);
            for (uint32_t r = 0; r < 50; r++) {
                bool is_matched = false;
                for (uint32_t i = 0; i < left->rows && !is_matched; i++)
                    is_matched = r != 7 && !vector_is_null(&left->columns[k], i) &&
                                 vector_rows_equal(&left->columns[k], i, &build->columns[0], r);
                unmatched_right += !is_matched;
            }
            assert_true(matched > 0 && matched < left->rows);
            uint32_t expected = matched;
            if (type == STAGE_JOIN_LEFT || type == STAGE_JOIN_FULL)
                expected = left->rows;
            if (type == STAGE_JOIN_RIGHT || type == STAGE_JOIN_FULL)
                expected += unmatched_right;
            if (type == STAGE_JOIN_ANTI)
                expected = left->rows - matched;
            assert_int_equal(actual->rows, expected);
            if (k == 0 && (type == STAGE_JOIN_INNER || type == STAGE_JOIN_SEMI))
                assert_true(test.counters.blocks_read <= 2);
            segment_cache_free(test.context.segments);
            test_stage_clear(&test);
        }
}

static void test_wrong_digest(void **state)
{
    (void)state;
    TestStage test;
    Fault fault = {0};
    test_stage_init(&test);
    test.context.segments = segment_cache_new(10, 1 << 20);
    table.segments[1].digest[3] ^= 1;
    assert_null(test_run(&test, scan_spec(&test, NULL), &fault));
    assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
    table.segments[1].digest[3] ^= 1;
    segment_cache_free(test.context.segments);
    test_stage_clear(&test);
}

/* --- writing --- */

typedef struct Written {
    Arena *arena;
    uint32_t count;
    InputSegment segments[8];
    int64_t buckets[8], minimum[8], maximum[8];
    Text first[8], last[8];
    uint64_t rows;
} Written;

static bool on_segment(void *state, const SegmentWritten *segment, Fault *fault)
{
    (void)fault;
    Written *written = state;
    uint32_t i = written->count++;
    assert_true(i < 8);
    written->segments[i] = (InputSegment){.path = arena_text(written->arena, segment->path),
                                          .rows = segment->summary->rows};
    memcpy(written->segments[i].digest, segment->summary->digest, 16);
    written->buckets[i] = segment->bucket;
    written->minimum[i] = segment->minimum_time;
    written->maximum[i] = segment->maximum_time;
    assert_int_equal(segment->range_dimensions, 1);
    assert_int_equal(segment->first_key->rows, 1);
    written->first[i] = arena_text(written->arena, vector_text(&segment->first_key->columns[0], 0));
    written->last[i] = arena_text(written->arena, vector_text(&segment->last_key->columns[0], 0));
    written->rows += segment->summary->rows;
    return true;
}

/* Partitions as a global sort gives them: by bucket, then name; columns: time, name, bucket. */
static void add_partitions(TestStage *test, uint32_t partitions, bool with_null_time)
{
    for (uint32_t p = 0; p < partitions; p++)
        for (uint32_t part = 0; part < 3; part++) {
            uint32_t rows = 1 + random_below(5000);
            Batch *batch = batch_make(test->arena, 3, rows);
            batch->columns[0] =
                random_flat(test->arena, LAYOUT_INT64, rows, 100000, with_null_time);
            VectorBuilder builder;
            vector_builder_init(&builder, test->arena, LAYOUT_STRING, rows);
            for (uint32_t i = 0; i < rows; i++)
                vector_builder_text(&builder, text_of(arena_printf(test->arena, "%u-%u", p, part)));
            batch->columns[1] = vector_builder_finish(&builder);
            int64_t bucket = p / 2 * 1000;
            batch->columns[2] = vector_constant(test->arena, LAYOUT_INT64, rows, &bucket);
            test->data[0].partitions[test->data[0].count] = p;
            test_stage_add(test, 0, batch);
        }
}

static OperatorSpec *write_spec(TestStage *test)
{
    static const SqlType written_types[3] = {{T_TIMESTAMPTZ, -1}, {T_TEXT, -1}, {T_INT8, -1}};
    static const SortColumn sort[2] = {{.column = 0}, {.column = 1}};
    static SortColumn keys[2] = {{.column = 2}, {.column = 1}};
    static StageDefinition stages[2];
    /* The producer, whose shuffle key tells the range dimensions. */
    stages[0] = (StageDefinition){
        .shuffle = {.kind = SHUFFLE_GLOBAL_SORT, .key_count = 2, .keys = keys, .bucket_keys = 1}};
    test->definition.stages = stages;
    test->definition.stage_count = 2;
    OperatorSpec *spec = ARENA_NEW(test->arena, OperatorSpec);
    *spec = (OperatorSpec){.kind = OPERATOR_WRITE_SEGMENTS,
                           .child_count = 1,
                           .children =
                               test_children(test, test_input(test, 0, 3, written_types), NULL)};
    spec->write_segments.stored_count = 2;
    spec->write_segments.names = names;
    spec->write_segments.time_column = 0;
    spec->write_segments.bucket_column = 2;
    spec->write_segments.staging_folder = text_of(folder);
    spec->write_segments.range_dimensions = 1;
    spec->write_segments.sort_count = 2;
    spec->write_segments.sort = sort;
    return spec;
}

static void test_write_segments(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    add_partitions(&test, 4, false);
    Written written = {.arena = test.arena};
    StageReports reports = {.segment_written = on_segment, .state = &written};
    test.context.reports = &reports;
    if (test_run(&test, write_spec(&test), &fault) == NULL)
        fail_msg("%s", fault.message);
    Batch *all = test_all_rows(&test, 0);
    assert_int_equal(written.count, 4);
    assert_int_equal(written.rows, all->rows);
    for (uint32_t p = 0; p < 4; p++) {
        char path[128], key[16];
        snprintf(path, sizeof path, "%s/5-%u.segment", folder, p);
        assert_true(text_equal_string(written.segments[p].path, path));
        assert_int_equal(written.buckets[p], p / 2 * 1000);
        snprintf(key, sizeof key, "%u-0", p);
        assert_true(text_equal_string(written.first[p], key));
        snprintf(key, sizeof key, "%u-2", p);
        assert_true(text_equal_string(written.last[p], key));
        SegmentReader *reader = segment_reader_open(path, written.segments[p].digest, &fault);
        assert_non_null(reader);
        Vector times;
        int64_t last = INT64_MIN;
        for (uint32_t b = 0; b < segment_block_count(reader); b++) {
            assert_true(segment_read(reader, 0, b, NULL, 0, test.arena, &times, &fault));
            for (uint32_t i = 0; i < times.length; i++) {
                int64_t time = VECTOR_DATA(int64_t, &times)[vector_row(&times, i)];
                assert_true(time >= last);
                assert_true(last != INT64_MIN || time == written.minimum[p]);
                last = time;
            }
        }
        assert_int_equal(last, written.maximum[p]);
        segment_reader_close(reader);
        unlink(path);
    }
    test_stage_clear(&test);
}

static void test_write_null_time(void **state)
{
    (void)state;
    TestStage test;
    Fault fault = {0};
    test_stage_init(&test);
    add_partitions(&test, 1, true);
    assert_null(test_run(&test, write_spec(&test), &fault));
    assert_int_equal(fault.code, FAULT_INSERT_TIME_NULL);
    test_stage_clear(&test);
}

/* A writer that is closed in the middle leaves no file. */
static void test_write_interrupted(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    add_partitions(&test, 2, false);
    Operator *root = operator_build(write_spec(&test), &test.context, &fault);
    assert_non_null(root);
    char path[128];
    snprintf(path, sizeof path, "%s/5-0.segment", folder);
    Batch *batch;
    test.context.slice_end = 0;
    for (int i = 0; i < 200 && access(path, F_OK) != 0; i++)
        assert_int_not_equal(operator_next(root, &batch, &fault), PROGRESS_FAILED);
    assert_int_equal(access(path, F_OK), 0);
    operator_close(root);
    assert_int_not_equal(access(path, F_OK), 0);
    test_stage_clear(&test);
}

/* --- texts that are kept with the segments --- */

static void add_texts(TextTable *texts, uint32_t first, uint32_t count)
{
    Arena *arena = arena_new("test");
    Fault fault;
    for (uint32_t i = first; i < first + count; i++) {
        Text text = text_of(arena_printf(arena, "text number %u", i));
        assert_int_not_equal(text_table_add(texts, text, text_hash(text), &fault), 0);
    }
    arena_free(arena);
}

static void test_kept_texts(void **state)
{
    (void)state;
    SegmentCache *cache = segment_cache_new(10, 1 << 20);
    Budget budget;
    budget_init_root(&budget, NULL, 0);
    TextTable *texts = kept_texts_borrow(cache, 5, &budget);
    assert_non_null(texts);
    assert_null(kept_texts_borrow(cache, 5, &budget));
    add_texts(texts, 0, 1000);
    assert_true(budget.used > 0);
    TextTable *others = kept_texts_borrow(cache, 6, &budget);
    assert_int_equal(others->count, 1);
    kept_texts_return(cache, others);
    kept_texts_return(cache, texts);
    assert_int_equal(budget.used, 0);

    /* the next query finds them, and pays for what it adds alone */
    texts = kept_texts_borrow(cache, 5, &budget);
    assert_int_equal(texts->count, 1001);
    add_texts(texts, 0, 1000);
    assert_int_equal(texts->count, 1001);
    assert_int_equal(budget.used, 0);
    add_texts(texts, 1000, 20000);
    kept_texts_return(cache, texts);
    assert_int_equal(budget.used, 0);

    /* that was too much to be kept */
    texts = kept_texts_borrow(cache, 5, &budget);
    assert_int_equal(texts->count, 1);
    add_texts(texts, 0, 10);
    kept_texts_return(cache, texts);
    segment_cache_drop_all(cache);
    texts = kept_texts_borrow(cache, 5, &budget);
    assert_int_equal(texts->count, 1);
    kept_texts_return(cache, texts);
    segment_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_zones_skip_blocks),
        cmocka_unit_test(test_workers_share_morsels),
        cmocka_unit_test(test_divided_rows),
        cmocka_unit_test(test_dividing),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_kept_texts),
        cmocka_unit_test(test_top_n_skips_blocks),
        cmocka_unit_test(test_join_restricts_scan),
        cmocka_unit_test(test_wrong_digest),
        cmocka_unit_test(test_write_segments),
        cmocka_unit_test(test_write_null_time),
        cmocka_unit_test(test_write_interrupted),
    };
    return cmocka_run_group_tests(tests, make_table, drop_table);
}

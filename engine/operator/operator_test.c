/*
 * Tests of the smaller operators: filter, project, limit, union, sort, top N, rows out, and that
 * trees can be closed at any point.
 */
#include "engine/operator/test_stage_internal.h"

enum { INT8_LESS = 469, INT8_PLUS = 463 };

enum { COLUMNS = 3 };
static const SqlType types[COLUMNS] = {{T_INT8, -1}, {T_TEXT, -1}, {T_FLOAT8, -1}};

static void make_rows(TestStage *test, uint32_t input, uint32_t batches, uint32_t variety)
{
    for (uint32_t b = 0; b < batches; b++) {
        uint32_t rows = 1 + random_below(3000);
        Batch *batch = batch_make(test->arena, COLUMNS, rows);
        for (uint32_t c = 0; c < COLUMNS; c++)
            batch->columns[c] =
                random_vector(test->arena, type_layout(types[c]), rows, variety, true);
        test_stage_add(test, input, batch);
    }
}

static OperatorSpec *over(TestStage *test, OperatorKind kind, const OperatorSpec *child)
{
    OperatorSpec *spec = ARENA_NEW(test->arena, OperatorSpec);
    *spec = (OperatorSpec){.kind = kind,
                           .column_count = child->column_count,
                           .types = child->types,
                           .child_count = 1,
                           .children = test_children(test, child, NULL)};
    return spec;
}

static const Expr *first_column_below(TestStage *test, int64_t value)
{
    return test_call(test, INT8_LESS, SQL_TYPE(T_BOOL),
                     expr_column(test->arena, SQL_TYPE(T_INT8), 0, -1),
                     expr_int64(test->arena, SQL_TYPE(T_INT8), value, -1));
}

static Batch *rows_below(TestStage *test, const Batch *all, int64_t value)
{
    uint32_t *rows = ARENA_ARRAY(test->arena, uint32_t, all->rows);
    uint32_t count = 0;
    for (uint32_t i = 0; i < all->rows; i++)
        if (!vector_is_null(&all->columns[0], i) &&
            VECTOR_DATA(int64_t, &all->columns[0])[i] < value)
            rows[count++] = i;
    return batch_gather(test->arena, all, rows, count);
}

static void test_filter(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    make_rows(&test, 0, 10, 100);
    OperatorSpec *spec = over(&test, OPERATOR_FILTER, test_input(&test, 0, COLUMNS, types));
    const Expr *parts[] = {first_column_below(&test, 30), first_column_below(&test, 12)};
    spec->filter.condition = expr_nary(test.arena, EXPR_AND, SQL_TYPE(T_BOOL), parts, 2, -1);
    Batch *actual = test_run(&test, spec, &fault);
    assert_non_null(actual);
    assert_true(actual->rows > 0);
    assert_same_rows(actual, rows_below(&test, test_all_rows(&test, 0), 12));
    test_stage_clear(&test);
}

static void test_project(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    make_rows(&test, 0, 5, 100);
    SqlType results[2] = {{T_TEXT, -1}, {T_INT8, -1}};
    const Expr *items[2] = {expr_column(test.arena, SQL_TYPE(T_TEXT), 1, -1),
                            test_call(&test, INT8_PLUS, SQL_TYPE(T_INT8),
                                      expr_column(test.arena, SQL_TYPE(T_INT8), 0, -1),
                                      expr_int64(test.arena, SQL_TYPE(T_INT8), 1000, -1))};
    OperatorSpec *spec = over(&test, OPERATOR_PROJECT, test_input(&test, 0, COLUMNS, types));
    spec->column_count = 2;
    spec->types = results;
    spec->project.items = items;
    Batch *actual = test_run(&test, spec, &fault);
    Batch *all = test_all_rows(&test, 0);
    assert_non_null(actual);
    assert_int_equal(actual->rows, all->rows);
    for (uint32_t i = 0; i < all->rows; i++) {
        assert_true(vector_rows_equal(&actual->columns[0], i, &all->columns[1], i));
        assert_int_equal(vector_is_null(&actual->columns[1], i),
                         vector_is_null(&all->columns[0], i));
        if (!vector_is_null(&all->columns[0], i))
            assert_int_equal(
                VECTOR_DATA(int64_t, &actual->columns[1])[i],
                VECTOR_DATA(int64_t, &all->columns[0])[vector_row(&all->columns[0], i)] + 1000);
    }
    test_stage_clear(&test);
}

static void test_limit(void **state)
{
    (void)state;
    static const int64_t counts[] = {0, 1, 100, 5000, 1000000, -1},
                         offsets[] = {0, 7, 3000, 1000000};
    for (size_t c = 0; c < 6; c++)
        for (size_t o = 0; o < 4; o++) {
            TestStage test;
            Fault fault;
            test_stage_init(&test);
            make_rows(&test, 0, 8, 100);
            OperatorSpec *spec = over(&test, OPERATOR_LIMIT, test_input(&test, 0, COLUMNS, types));
            spec->limit.count = counts[c];
            spec->limit.offset = offsets[o];
            Batch *actual = test_run(&test, spec, &fault), *all = test_all_rows(&test, 0);
            int64_t expected = (int64_t)all->rows - offsets[o];
            expected = expected < 0 ? 0 : expected;
            expected = counts[c] >= 0 && expected > counts[c] ? counts[c] : expected;
            assert_non_null(actual);
            assert_int_equal(actual->rows, expected);
            for (uint32_t i = 0; i < actual->rows; i++)
                assert_true(test_rows_equal(actual, i, all, i + (uint32_t)offsets[o]));
            test_stage_clear(&test);
        }
}

static void test_union(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    make_rows(&test, 0, 8, 100);
    make_rows(&test, 1, 5, 10);
    OperatorSpec *spec = over(&test, OPERATOR_UNION, test_input(&test, 0, COLUMNS, types));
    spec->child_count = 2;
    spec->children = test_children(&test, spec->children[0], test_input(&test, 1, COLUMNS, types));
    Batch *actual = test_run(&test, spec, &fault);
    Batch *parts[2] = {test_all_rows(&test, 0), test_all_rows(&test, 1)};
    assert_non_null(actual);
    assert_same_rows(actual, batch_concatenate(test.arena, parts, 2));
    test_stage_clear(&test);
}

static int compare_rows(const Batch *batch, const SortColumn *keys, uint32_t count, uint32_t a,
                        uint32_t b)
{
    for (uint32_t k = 0; k < count; k++) {
        const Vector *vector = &batch->columns[keys[k].column];
        bool null_a = vector_is_null(vector, a), null_b = vector_is_null(vector, b);
        if (null_a && null_b)
            continue;
        if (null_a || null_b)
            return null_a == keys[k].nulls_first ? -1 : 1;
        int order = vector_rows_compare(vector, a, vector, b);
        if (order != 0)
            return keys[k].descending ? -order : order;
    }
    return 0;
}

static void run_sort(int64_t limit, uint32_t variety)
{
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    make_rows(&test, 0, 20, variety);
    SortColumn keys[3];
    for (uint32_t k = 0; k < 3; k++)
        keys[k] = (SortColumn){
            .column = k, .descending = random_below(2), .nulls_first = random_below(2)};
    uint32_t first = random_below(3);
    SortColumn swap = keys[0];
    keys[0] = keys[first];
    keys[first] = swap;
    OperatorSpec *spec = over(&test, OPERATOR_SORT, test_input(&test, 0, COLUMNS, types));
    spec->sort.key_count = 3;
    spec->sort.keys = keys;
    spec->sort.limit = limit;
    Batch *actual = test_run(&test, spec, &fault), *all = test_all_rows(&test, 0);
    assert_non_null(actual);
    uint32_t expected = limit >= 0 && limit < all->rows ? (uint32_t)limit : all->rows;
    assert_int_equal(actual->rows, expected);
    for (uint32_t i = 1; i < actual->rows; i++)
        assert_true(compare_rows(actual, keys, 3, i - 1, i) <= 0);
    if (expected == all->rows) {
        assert_same_rows(actual, all);
    } else if (expected != 0) {
        /* No row that was left out sorts before the last one that is there. */
        Batch *parts[2] = {actual, all};
        Batch *both = batch_concatenate(test.arena, parts, 2);
        uint32_t before = 0, not_after = 0;
        for (uint32_t i = 0; i < all->rows; i++) {
            int order = compare_rows(both, keys, 3, expected + i, expected - 1);
            before += order < 0;
            not_after += order <= 0;
        }
        assert_true(before < expected && not_after >= expected);
    }
    test_stage_clear(&test);
}

static void test_sort(void **state)
{
    (void)state;
    for (int round = 0; round < 12; round++)
        run_sort(-1, 1 + random_below(2000));
}

static void test_top_n(void **state)
{
    (void)state;
    static const int64_t limits[] = {0, 1, 10, 2048, 9000, 1000000, INT64_MAX};
    for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++)
        for (int round = 0; round < 4; round++)
            run_sort(limits[l], round % 2 == 0 ? 5 : 5000);
}

static void test_sort_memory_refused(void **state)
{
    (void)state;
    TestStage test;
    Fault fault = {0};
    test_stage_init(&test);
    test.budget.limit = 500000;
    make_rows(&test, 0, 40, 10000);
    SortColumn key = {.column = 0};
    OperatorSpec *spec = over(&test, OPERATOR_SORT, test_input(&test, 0, COLUMNS, types));
    spec->sort.key_count = 1;
    spec->sort.keys = &key;
    spec->sort.limit = -1;
    assert_null(test_run(&test, spec, &fault));
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    test_stage_clear(&test);
}

/* --- rows out --- */

typedef struct Taken {
    Buffer bytes;
    uint32_t rows;
    bool was_ready;
} Taken;

static bool sink_is_ready(void *state)
{
    Taken *taken = state;
    taken->was_ready = !taken->was_ready;
    return taken->was_ready;
}

static bool sink_write(void *state, const void *data, size_t length, uint32_t rows, Fault *fault)
{
    (void)fault;
    Taken *taken = state;
    buffer_append(&taken->bytes, data, length);
    taken->rows += rows;
    return true;
}

static uint32_t read_u32be(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void test_write_rows(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++) {
        TestStage test;
        Fault fault;
        Taken taken = {0};
        test_stage_init(&test);
        make_rows(&test, 0, 12, 1000000);
        ResultSink sink = {sink_is_ready, sink_write, &taken};
        test.context.sink = &sink;
        int16_t formats[COLUMNS] = {(int16_t)format, (int16_t)format, 0};
        OperatorSpec *spec = over(&test, OPERATOR_WRITE_ROWS, test_input(&test, 0, COLUMNS, types));
        spec->write_rows.formats = formats;
        Batch *nothing = test_run(&test, spec, &fault);
        assert_non_null(nothing);
        assert_int_equal(nothing->rows, 0);
        Batch *all = test_all_rows(&test, 0);
        assert_int_equal(taken.rows, all->rows);
        assert_int_equal(test.counters.output_rows, all->rows);
        const uint8_t *at = taken.bytes.data;
        for (uint32_t i = 0; i < all->rows; i++) {
            assert_int_equal(*at, 'D');
            const uint8_t *end = at + 1 + read_u32be(at + 1);
            assert_int_equal(at[5] << 8 | at[6], COLUMNS);
            at += 7;
            for (uint32_t c = 0; c < COLUMNS; c++) {
                uint32_t length = read_u32be(at);
                at += 4;
                if (length == UINT32_MAX) {
                    assert_true(vector_is_null(&all->columns[c], i));
                    continue;
                }
                assert_false(vector_is_null(&all->columns[c], i));
                Text cell = {(const char *)at, length};
                at += length;
                if (c == 1)
                    assert_true(text_equal(cell, vector_text(&all->columns[c], i)));
                if (c == 0 && format == 0)
                    assert_int_equal(
                        strtoll(arena_strndup(test.arena, cell.data, cell.length), NULL, 10),
                        VECTOR_DATA(int64_t, &all->columns[0])[i]);
                if (c == 0 && format == 1) {
                    assert_int_equal(length, 8);
                    assert_int_equal((int32_t)read_u32be((const uint8_t *)cell.data + 4),
                                     VECTOR_DATA(int64_t, &all->columns[0])[i]);
                }
            }
            assert_ptr_equal(at, end);
        }
        assert_ptr_equal(at, taken.bytes.data + taken.bytes.length);
        buffer_clear(&taken.bytes);
        test_stage_clear(&test);
    }
}

/* --- ends --- */

static void test_close_in_the_middle(void **state)
{
    (void)state;
    for (uint32_t calls = 0; calls < 12; calls++) {
        TestStage test;
        Fault fault;
        test_stage_init(&test);
        make_rows(&test, 0, 8, 100);
        OperatorSpec *filter = over(&test, OPERATOR_FILTER, test_input(&test, 0, COLUMNS, types));
        filter->filter.condition = first_column_below(&test, 1000);
        SortColumn key = {.column = 1};
        OperatorSpec *sort = over(&test, OPERATOR_SORT, filter);
        sort->sort.key_count = 1;
        sort->sort.keys = &key;
        sort->sort.limit = -1;
        Operator *root = operator_build(sort, &test.context, &fault);
        assert_non_null(root);
        for (uint32_t i = 0; i < calls; i++) {
            Batch *batch;
            (void)operator_next(root, &batch, &fault);
        }
        operator_close(root);
        test_stage_clear(&test);
    }
}

static void test_cancel(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    make_rows(&test, 0, 8, 100);
    volatile bool is_cancelled = true;
    test.context.is_cancelled = &is_cancelled;
    assert_null(test_run(&test, test_input(&test, 0, COLUMNS, types), &fault));
    assert_int_equal(fault.code, FAULT_CANCELED);
    test_stage_clear(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_project),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_union),
        cmocka_unit_test(test_sort),
        cmocka_unit_test(test_top_n),
        cmocka_unit_test(test_sort_memory_refused),
        cmocka_unit_test(test_write_rows),
        cmocka_unit_test(test_close_in_the_middle),
        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

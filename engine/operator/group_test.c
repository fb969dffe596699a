/*
 * Tests of group: against one pass over all pairs of rows.
 */
#include "engine/operator/test_stage_internal.h"

enum { COUNT_ROWS = 2803, COUNT_VALUES = 2147, SUM_INT8 = 2107, ARRAY_AGG = 2335 };

static StageAggregate aggregate(TestStage *test, uint32_t oid, SqlType result,
                                uint32_t argument_count, uint32_t column, SqlType type)
{
    SqlType *types = ARENA_ARRAY(test->arena, SqlType, 2);
    uint32_t *arguments = ARENA_ARRAY(test->arena, uint32_t, 2);
    types[0] = type;
    arguments[0] = column;
    StageAggregate made = {.function = function_aggregate_by_oid(oid),
                           .result = result,
                           .filter = -1,
                           .argument_count = argument_count,
                           .argument_types = types,
                           .arguments = arguments};
    assert_non_null(made.function);
    return made;
}

typedef struct Shape {
    uint32_t key_count;
    Oid keys[4];
    uint32_t variety[4];
    bool has_nulls;
    uint32_t batches, rows;
    uint32_t run; /* about so many rows after one another have the same keys; 0: by chance */
} Shape;

/* Each run's rows have the keys of its first. */
static void make_runs(TestStage *test, Batch *batch, const Shape *shape)
{
    uint32_t *rows = ARENA_ARRAY(test->arena, uint32_t, batch->rows);
    for (uint32_t i = 0, start = 0; i < batch->rows; i++) {
        if (random_below(shape->run) == 0)
            start = i;
        rows[i] = start;
    }
    for (uint32_t k = 0; k < shape->key_count; k++)
        batch->columns[k] = vector_gather(test->arena, &batch->columns[k], rows, batch->rows);
}

/* Columns: keys, then an integer, then a boolean. */
static const SqlType *make_input(TestStage *test, const Shape *shape)
{
    SqlType *types = ARENA_ARRAY(test->arena, SqlType, shape->key_count + 2);
    for (uint32_t k = 0; k < shape->key_count; k++)
        types[k] = SQL_TYPE(shape->keys[k]);
    types[shape->key_count] = SQL_TYPE(T_INT8);
    types[shape->key_count + 1] = SQL_TYPE(T_BOOL);
    for (uint32_t b = 0; b < shape->batches; b++) {
        uint32_t rows = 1 + random_below(shape->rows);
        Batch *batch = batch_make(test->arena, shape->key_count + 2, rows);
        for (uint32_t k = 0; k < shape->key_count; k++)
            batch->columns[k] = random_vector(test->arena, type_layout(types[k]), rows,
                                              shape->variety[k] * (b + 1), shape->has_nulls);
        batch->columns[shape->key_count] = random_vector(test->arena, LAYOUT_INT64, rows, 50, true);
        batch->columns[shape->key_count + 1] = random_flat(test->arena, LAYOUT_BOOL, rows, 2, true);
        if (shape->run != 0)
            make_runs(test, batch, shape);
        test_stage_add(test, 0, batch);
    }
    return types;
}

static bool same_key(const Batch *batch, uint32_t a, uint32_t b, uint32_t key_count)
{
    for (uint32_t k = 0; k < key_count; k++)
        if (!vector_rows_equal(&batch->columns[k], a, &batch->columns[k], b))
            return false;
    return true;
}

static bool value_of(const Batch *batch, uint32_t row, uint32_t column, int64_t *value)
{
    const Vector *vector = &batch->columns[column];
    if (vector_is_null(vector, row))
        return false;
    *value = VECTOR_DATA(int64_t, vector)[vector_row(vector, row)];
    return true;
}

/* Expected: keys, count(*), count(x), sum(x), sum(x) FILTER (b), count(DISTINCT x). */
static Batch *naive(TestStage *test, const Batch *all, uint32_t key_count)
{
    uint32_t columns = key_count + 5;
    VectorBuilder *builders = ARENA_ARRAY(test->arena, VectorBuilder, columns);
    for (uint32_t c = 0; c < columns; c++) {
        vector_builder_init(&builders[c], test->arena,
                            c < key_count ? all->columns[c].layout : LAYOUT_INT64, 16);
    }
    bool *is_done = arena_zalloc(test->arena, all->rows + 1);
    for (uint32_t i = 0; i < all->rows; i++) {
        if (is_done[i])
            continue;
        int64_t rows = 0, values = 0, sum = 0, passing = 0, passing_sum = 0, distinct = 0, value,
                passes;
        bool seen[4096] = {false};
        for (uint32_t j = i; j < all->rows; j++) {
            if (is_done[j] || !same_key(all, i, j, key_count))
                continue;
            is_done[j] = true;
            rows++;
            const Vector *flags = &all->columns[key_count + 1];
            passes = !vector_is_null(flags, j) && VECTOR_DATA(uint8_t, flags)[vector_row(flags, j)];
            if (!value_of(all, j, key_count, &value))
                continue;
            values++;
            sum += value;
            passing += passes;
            passing_sum += passes ? value : 0;
            distinct += !seen[value + 1000];
            seen[value + 1000] = true;
        }
        for (uint32_t k = 0; k < key_count; k++)
            vector_builder_row(&builders[k], &all->columns[k], i);
        vector_builder_int64(&builders[key_count], rows);
        vector_builder_int64(&builders[key_count + 1], values);
        if (values == 0)
            vector_builder_null(&builders[key_count + 2]);
        else
            vector_builder_int64(&builders[key_count + 2], sum);
        if (passing == 0)
            vector_builder_null(&builders[key_count + 3]);
        else
            vector_builder_int64(&builders[key_count + 3], passing_sum);
        vector_builder_int64(&builders[key_count + 4], distinct);
    }
    Batch *expected = batch_make(test->arena, columns, 0);
    for (uint32_t c = 0; c < columns; c++) {
        expected->columns[c] = vector_builder_finish(&builders[c]);
        expected->rows = expected->columns[c].length;
    }
    return expected;
}

static OperatorSpec *group_spec(TestStage *test, const OperatorSpec *child, const Shape *shape,
                                GroupMode mode)
{
    uint32_t key_count = shape->key_count;
    OperatorSpec *spec = ARENA_NEW(test->arena, OperatorSpec);
    SqlType *types = ARENA_ARRAY(test->arena, SqlType, key_count + 5);
    uint32_t *keys = ARENA_ARRAY(test->arena, uint32_t, key_count);
    StageAggregate *aggregates = ARENA_ARRAY(test->arena, StageAggregate, 5);
    SqlType int8 = SQL_TYPE(T_INT8);
    aggregates[0] = aggregate(test, COUNT_ROWS, int8, 0, 0, int8);
    aggregates[1] = aggregate(test, COUNT_VALUES, int8, 1, key_count, int8);
    aggregates[2] = aggregate(test, SUM_INT8, int8, 1, key_count, int8);
    aggregates[3] = aggregate(test, SUM_INT8, int8, 1, key_count, int8);
    aggregates[3].filter = (int32_t)key_count + 1;
    aggregates[4] = aggregate(test, COUNT_VALUES, int8, 1, key_count, int8);
    aggregates[4].is_distinct = mode == GROUP_COMPLETE;
    uint32_t count = mode == GROUP_COMPLETE ? 5 : 4;
    for (uint32_t k = 0; k < key_count; k++) {
        types[k] = SQL_TYPE(shape->keys[k]);
        keys[k] = k;
    }
    for (uint32_t a = 0; a < count; a++) {
        types[key_count + a] = aggregates[a].result;
        if (mode == GROUP_PARTIAL) {
            AggregateCall call = {.function = aggregates[a].function,
                                  .argument_count = aggregates[a].argument_count,
                                  .argument_types = aggregates[a].argument_types,
                                  .result_type = int8,
                                  .context = &test->types};
            types[key_count + a] = aggregates[a].function->partial_of(&call);
        }
        if (mode == GROUP_FINAL) {
            uint32_t *state = ARENA_ARRAY(test->arena, uint32_t, 1);
            *state = key_count + a;
            aggregates[a].arguments = state;
        }
    }
    *spec = (OperatorSpec){.kind = OPERATOR_GROUP,
                           .column_count = key_count + count,
                           .types = types,
                           .child_count = 1,
                           .children = test_children(test, child, NULL)};
    spec->group.mode = mode;
    spec->group.key_count = key_count;
    spec->group.keys = keys;
    spec->group.aggregate_count = count;
    spec->group.aggregates = aggregates;
    return spec;
}

static Batch *first_columns(TestStage *test, const Batch *batch, uint32_t count)
{
    Batch *made = batch_make(test->arena, count, batch->rows);
    memcpy(made->columns, batch->columns, count * sizeof *made->columns);
    return made;
}

static void run_shape(const Shape *shape)
{
    for (int mode = 0; mode < 2; mode++) {
        TestStage test;
        Fault fault;
        test_stage_init(&test);
        const SqlType *types = make_input(&test, shape);
        const OperatorSpec *spec = test_input(&test, 0, shape->key_count + 2, types);
        Batch *expected = naive(&test, test_all_rows(&test, 0), shape->key_count);
        if (mode == 0) {
            spec = group_spec(&test, spec, shape, GROUP_COMPLETE);
        } else {
            spec = group_spec(&test, spec, shape, GROUP_PARTIAL);
            spec = group_spec(&test, spec, shape, GROUP_FINAL);
            expected = first_columns(&test, expected, shape->key_count + 4);
        }
        Batch *actual = test_run(&test, spec, &fault);
        if (actual == NULL)
            fail_msg("%s", fault.message);
        assert_same_rows(actual, expected);
        test_stage_clear(&test);
    }
}

static void test_shapes(void **state)
{
    (void)state;
    run_shape(&(Shape){1, {T_TEXT}, {5}, true, 10, 800, 0});
    run_shape(&(Shape){1, {T_TEXT}, {500}, false, 4, 800, 0});
    run_shape(&(Shape){1, {T_INT8}, {5}, true, 10, 800, 0});
    run_shape(&(Shape){1, {T_INT8}, {900}, true, 4, 800, 0});
    run_shape(&(Shape){1, {T_FLOAT8}, {9}, true, 4, 800, 0});
    run_shape(&(Shape){1, {T_TEXT_ARRAY}, {9}, true, 4, 800, 0});
    run_shape(&(Shape){2, {T_TEXT, T_INT8}, {4, 3}, true, 6, 800, 0});
    run_shape(&(Shape){3, {T_BOOL, T_TEXT, T_NUMERIC}, {2, 3, 3}, true, 6, 800, 0});
    run_shape(&(Shape){4, {T_INT8, T_TEXT, T_TEXT, T_INT8}, {9, 9, 9, 9}, false, 3, 800, 0});
}

static void test_runs(void **state)
{
    (void)state;
    for (uint32_t run = 10; run < 200; run *= 2) {
        run_shape(&(Shape){1, {T_INT8}, {900}, true, 4, 800, run});
        run_shape(&(Shape){1, {T_TEXT}, {5}, true, 4, 800, run});
        run_shape(&(Shape){2, {T_TEXT, T_FLOAT8}, {4, 3}, true, 4, 800, run});
        run_shape(&(Shape){3, {T_BOOL, T_INT8, T_FLOAT4}, {2, 9, 3}, true, 4, 800, run});
        run_shape(&(Shape){2, {T_NUMERIC, T_INT8}, {2, 9}, false, 4, 800, run});
    }
}

static void test_without_keys(void **state)
{
    (void)state;
    run_shape(&(Shape){0, {0}, {0}, true, 10, 800, 0});
}

/* No rows: no groups with keys, exactly one without. */
static void test_no_rows(void **state)
{
    (void)state;
    for (uint32_t keys = 0; keys < 2; keys++)
        for (int mode = 0; mode < 2; mode++) {
            TestStage test;
            Fault fault;
            test_stage_init(&test);
            Shape shape = {keys, {T_TEXT}, {5}, true, 0, 0, 0};
            const SqlType *types = make_input(&test, &shape);
            const OperatorSpec *spec = test_input(&test, 0, keys + 2, types);
            if (mode == 0) {
                spec = group_spec(&test, spec, &shape, GROUP_COMPLETE);
            } else {
                spec = group_spec(&test, spec, &shape, GROUP_PARTIAL);
                spec = group_spec(&test, spec, &shape, GROUP_FINAL);
            }
            Batch *actual = test_run(&test, spec, &fault);
            assert_non_null(actual);
            assert_int_equal(actual->rows, keys == 0 ? 1 : 0);
            if (keys == 0) {
                assert_int_equal(VECTOR_DATA(int64_t, &actual->columns[0])[0], 0);
                assert_true(vector_is_null(&actual->columns[2], 0));
            }
            test_stage_clear(&test);
        }
}

/* Every row another key: the partial table is left after a while, rows pass, the sums stay. */
static void test_partial_that_does_not_reduce(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    Shape shape = {1, {T_INT8}, {1}, false, 0, 0, 0};
    const SqlType *types = make_input(&test, &shape);
    uint32_t batches[TEST_BATCHES];
    (void)batches;
    int64_t next = 0;
    for (uint32_t b = 0; b < TEST_BATCHES; b++) {
        /* Longer batches than flow: the source's are cut into pieces. */
        uint32_t rows = 5000;
        Batch *batch = batch_make(test.arena, 3, rows);
        int64_t *keys = arena_alloc_vector(test.arena, rows * sizeof *keys);
        for (uint32_t i = 0; i < rows; i++)
            keys[i] = next++ * 1000003;
        batch->columns[0] = vector_flat(LAYOUT_INT64, rows, keys, NULL);
        int64_t one = 1;
        bool yes = true;
        batch->columns[1] = vector_constant(test.arena, LAYOUT_INT64, rows, &one);
        batch->columns[2] = vector_constant(test.arena, LAYOUT_BOOL, rows, &yes);
        test_stage_add(&test, 0, batch);
    }
    const OperatorSpec *spec = test_input(&test, 0, 3, types);
    spec = group_spec(&test, spec, &shape, GROUP_PARTIAL);
    Batch *actual = test_run(&test, spec, &fault);
    assert_non_null(actual);
    assert_int_equal(actual->rows, next);
    test_stage_clear(&test);
}

static void test_order_inside_aggregate(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    SqlType *types = ARENA_ARRAY(test.arena, SqlType, 3);
    types[0] = types[1] = types[2] = SQL_TYPE(T_INT8);
    for (uint32_t b = 0; b < 8; b++) {
        uint32_t rows = 1 + random_below(500);
        Batch *batch = batch_make(test.arena, 3, rows);
        batch->columns[0] = random_flat(test.arena, LAYOUT_INT64, rows, 7, true);
        batch->columns[1] = random_flat(test.arena, LAYOUT_INT64, rows, 10000, false);
        /* The third is the second turned round: sorted ascending by it, the second descends. */
        int64_t *negated = arena_alloc_vector(test.arena, rows * sizeof *negated);
        for (uint32_t i = 0; i < rows; i++)
            negated[i] = -VECTOR_DATA(int64_t, &batch->columns[1])[i];
        batch->columns[2] = vector_flat(LAYOUT_INT64, rows, negated, NULL);
        test_stage_add(&test, 0, batch);
    }
    uint32_t total = test_all_rows(&test, 0)->rows;
    StageAggregate array =
        aggregate(&test, ARRAY_AGG, SQL_TYPE(T_INT8_ARRAY), 1, 1, SQL_TYPE(T_INT8));
    SortColumn order = {.column = 2};
    array.order_count = 1;
    array.order = &order;
    SqlType *results = ARENA_ARRAY(test.arena, SqlType, 2);
    results[0] = SQL_TYPE(T_INT8);
    results[1] = SQL_TYPE(T_INT8_ARRAY);
    uint32_t key = 0;
    OperatorSpec spec = {.kind = OPERATOR_GROUP,
                         .column_count = 2,
                         .types = results,
                         .child_count = 1,
                         .children = test_children(&test, test_input(&test, 0, 3, types), NULL)};
    spec.group.key_count = 1;
    spec.group.keys = &key;
    spec.group.aggregate_count = 1;
    spec.group.aggregates = &array;
    Batch *actual = test_run(&test, &spec, &fault);
    assert_non_null(actual);
    uint32_t elements = 0;
    for (uint32_t g = 0; g < actual->rows; g++) {
        ArrayValue cell = VECTOR_DATA(ArrayValue, &actual->columns[1])[g];
        const int64_t *values = actual->columns[1].elements->data;
        elements += cell.count;
        for (uint32_t e = 1; e < cell.count; e++)
            assert_true(values[cell.offset + e - 1] >= values[cell.offset + e]);
    }
    assert_int_equal(elements, total);
    test_stage_clear(&test);
}

static void test_memory_refused(void **state)
{
    (void)state;
    TestStage test;
    Fault fault = {0};
    test_stage_init(&test);
    test.budget.limit = 300000;
    Shape shape = {1, {T_TEXT}, {100000}, false, 20, 2000, 0};
    const SqlType *types = make_input(&test, &shape);
    const OperatorSpec *spec =
        group_spec(&test, test_input(&test, 0, 3, types), &shape, GROUP_COMPLETE);
    assert_null(test_run(&test, spec, &fault));
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    test_stage_clear(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_without_keys),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_partial_that_does_not_reduce),
        cmocka_unit_test(test_order_inside_aggregate),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

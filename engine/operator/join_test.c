/*
 * Tests of joins: every type against nested loops, with and without keys, conditions, NULLs.
 */
#include "engine/operator/test_stage_internal.h"

enum { INT8_LESS = 469, INT8_EQUAL = 467, TEXT_GREATER_EQUAL = 743 };

typedef enum Truth { FALSE_, TRUE_, UNKNOWN } Truth;

/* Both sides: a text key, an integer key, an integer that the condition compares, a row number. */
enum { COLUMNS = 4 };

typedef struct Shape {
    StageJoinType type;
    uint32_t key_count;
    bool null_equal;    /* of the second key */
    bool has_condition; /* left.2 < right.2 */
    bool has_second;    /* and left.0 >= right.0 */
    bool is_null_aware;
    bool has_any; /* left.2 = right.2 as the comparison of IN */
    uint32_t left_rows, right_rows, variety;
    bool has_nulls;
} Shape;

static void make_side(TestStage *test, uint32_t side, const Shape *shape, uint32_t rows)
{
    int64_t number = side * 1000000;
    for (uint32_t left = rows; left != 0;) {
        uint32_t count = 1 + random_below(300);
        if (count > left)
            count = left;
        left -= count;
        Batch *batch = batch_make(test->arena, COLUMNS, count);
        batch->columns[0] =
            random_vector(test->arena, LAYOUT_STRING, count, shape->variety, shape->has_nulls);
        batch->columns[1] =
            random_flat(test->arena, LAYOUT_INT64, count, shape->variety, shape->has_nulls);
        batch->columns[2] = random_flat(test->arena, LAYOUT_INT64, count, 8, shape->has_nulls);
        int64_t *numbers = arena_alloc_vector(test->arena, count * sizeof *numbers);
        for (uint32_t i = 0; i < count; i++)
            numbers[i] = number++;
        batch->columns[3] = vector_flat(LAYOUT_INT64, count, numbers, NULL);
        test_stage_add(test, side, batch);
    }
}

/* --- nested loops --- */

static Truth key_truth(const Shape *shape, const Batch *left, uint32_t l, const Batch *right,
                       uint32_t r)
{
    Truth truth = TRUE_;
    for (uint32_t k = 0; k < shape->key_count; k++) {
        const Vector *a = &left->columns[k], *b = &right->columns[k];
        bool compares_null = shape->null_equal && k == 1;
        if (!compares_null && (vector_is_null(a, l) || vector_is_null(b, r)))
            truth = truth == FALSE_ ? FALSE_ : UNKNOWN;
        else if (!vector_rows_equal(a, l, b, r))
            truth = FALSE_;
    }
    return truth;
}

static Truth both(Truth a, Truth b)
{
    return a == FALSE_ || b == FALSE_ ? FALSE_ : a == UNKNOWN || b == UNKNOWN ? UNKNOWN : TRUE_;
}

static Truth condition_truth(const Shape *shape, const Batch *left, uint32_t l, const Batch *right,
                             uint32_t r)
{
    if (!shape->has_condition)
        return TRUE_;
    Truth first = UNKNOWN, second = UNKNOWN;
    if (!vector_is_null(&left->columns[2], l) && !vector_is_null(&right->columns[2], r))
        first = VECTOR_DATA(int64_t, &left->columns[2])[l] <
                        VECTOR_DATA(int64_t, &right->columns[2])[r]
                    ? TRUE_
                    : FALSE_;
    if (!shape->has_second)
        return first;
    if (!vector_is_null(&left->columns[0], l) && !vector_is_null(&right->columns[0], r))
        second = vector_rows_compare(&left->columns[0], l, &right->columns[0], r) >= 0 ? TRUE_
                                                                                       : FALSE_;
    return both(first, second);
}

static Truth any_truth(const Shape *shape, const Batch *left, uint32_t l, const Batch *right,
                       uint32_t r)
{
    if (!shape->has_any)
        return TRUE_;
    if (vector_is_null(&left->columns[2], l) || vector_is_null(&right->columns[2], r))
        return UNKNOWN;
    return vector_rows_equal(&left->columns[2], l, &right->columns[2], r) ? TRUE_ : FALSE_;
}

typedef struct Expected {
    VectorBuilder builders[2 * COLUMNS];
    uint32_t columns;
} Expected;

static void add_row(Expected *expected, const Batch *left, uint32_t l, const Batch *right,
                    uint32_t r, Truth mark, StageJoinType type)
{
    bool is_right_only = type == STAGE_JOIN_RIGHT_SEMI || type == STAGE_JOIN_RIGHT_ANTI;
    uint32_t left_columns = is_right_only ? 0 : COLUMNS;
    for (uint32_t c = 0; c < left_columns; c++)
        if (l == UINT32_MAX)
            vector_builder_null(&expected->builders[c]);
        else
            vector_builder_row(&expected->builders[c], &left->columns[c], l);
    if (type == STAGE_JOIN_MARK) {
        if (mark == UNKNOWN)
            vector_builder_null(&expected->builders[COLUMNS]);
        else
            vector_builder_bool(&expected->builders[COLUMNS], mark == TRUE_);
        return;
    }
    for (uint32_t c = left_columns; c < expected->columns; c++)
        if (r == UINT32_MAX)
            vector_builder_null(&expected->builders[c]);
        else
            vector_builder_row(&expected->builders[c], &right->columns[c - left_columns], r);
}

static Batch *nested_loops(TestStage *test, const Shape *shape, const OperatorSpec *spec,
                           bool *is_ambiguous)
{
    Batch *left = test_all_rows(test, 0), *right = test_all_rows(test, 1);
    uint32_t left_rows = left == NULL ? 0 : left->rows,
             right_rows = right == NULL ? 0 : right->rows;
    Expected expected = {.columns = spec->column_count};
    for (uint32_t c = 0; c < spec->column_count; c++)
        vector_builder_init(&expected.builders[c], test->arena, type_layout(spec->types[c]), 16);
    bool *right_matched = arena_zalloc(test->arena, right_rows + 1);
    *is_ambiguous = false;
    bool pairs = shape->type != STAGE_JOIN_SEMI && shape->type != STAGE_JOIN_ANTI &&
                 shape->type != STAGE_JOIN_MARK && shape->type != STAGE_JOIN_RIGHT_SEMI &&
                 shape->type != STAGE_JOIN_RIGHT_ANTI;
    for (uint32_t l = 0; l < left_rows; l++) {
        uint32_t matches = 0;
        bool is_unknown = false;
        for (uint32_t r = 0; r < right_rows; r++) {
            Truth truth = both(key_truth(shape, left, l, right, r),
                               condition_truth(shape, left, l, right, r));
            is_unknown |= truth == UNKNOWN && shape->is_null_aware;
            if (truth != TRUE_)
                continue;
            truth = any_truth(shape, left, l, right, r);
            is_unknown |= truth == UNKNOWN;
            if (truth != TRUE_)
                continue;
            matches++;
            right_matched[r] = true;
            if (pairs)
                add_row(&expected, left, l, right, r, FALSE_, shape->type);
        }
        *is_ambiguous |= matches > 1;
        bool wants_rest = shape->type == STAGE_JOIN_LEFT || shape->type == STAGE_JOIN_FULL ||
                          shape->type == STAGE_JOIN_SINGLE;
        if ((wants_rest && matches == 0) || (shape->type == STAGE_JOIN_SEMI && matches != 0) ||
            (shape->type == STAGE_JOIN_ANTI && matches == 0 && !is_unknown) ||
            shape->type == STAGE_JOIN_MARK)
            add_row(&expected, left, l, right, UINT32_MAX,
                    matches != 0 ? TRUE_
                    : is_unknown ? UNKNOWN
                                 : FALSE_,
                    shape->type);
    }
    if (shape->type == STAGE_JOIN_RIGHT || shape->type == STAGE_JOIN_FULL ||
        shape->type == STAGE_JOIN_RIGHT_SEMI || shape->type == STAGE_JOIN_RIGHT_ANTI)
        for (uint32_t r = 0; r < right_rows; r++)
            if (right_matched[r] == (shape->type == STAGE_JOIN_RIGHT_SEMI))
                add_row(&expected, left, UINT32_MAX, right, r, FALSE_, shape->type);
    Batch *batch = batch_make(test->arena, spec->column_count, 0);
    for (uint32_t c = 0; c < spec->column_count; c++)
        batch->columns[c] = vector_builder_finish(&expected.builders[c]);
    batch->rows = batch->columns[0].length;
    return batch;
}

static OperatorSpec *join_spec(TestStage *test, const Shape *shape)
{
    static const uint32_t keys[] = {0, 1};
    SqlType *types = ARENA_ARRAY(test->arena, SqlType, 2 * COLUMNS);
    bool *null_equal = arena_zalloc(test->arena, 2);
    null_equal[1] = shape->null_equal;
    for (uint32_t c = 0; c < 2 * COLUMNS; c++)
        types[c] = SQL_TYPE(c % COLUMNS == 0 ? T_TEXT : T_INT8);
    OperatorSpec *spec = ARENA_NEW(test->arena, OperatorSpec);
    uint32_t columns = 2 * COLUMNS;
    if (shape->type == STAGE_JOIN_SEMI || shape->type == STAGE_JOIN_ANTI ||
        shape->type == STAGE_JOIN_RIGHT_SEMI || shape->type == STAGE_JOIN_RIGHT_ANTI)
        columns = COLUMNS;
    if (shape->type == STAGE_JOIN_MARK) {
        columns = COLUMNS + 1;
        types[COLUMNS] = SQL_TYPE(T_BOOL);
    }
    SqlType *side = ARENA_ARRAY(test->arena, SqlType, COLUMNS);
    for (uint32_t c = 0; c < COLUMNS; c++)
        side[c] = SQL_TYPE(c == 0 ? T_TEXT : T_INT8);
    *spec = (OperatorSpec){.kind = OPERATOR_JOIN,
                           .column_count = columns,
                           .types = types,
                           .child_count = 2,
                           .children = test_children(test, test_input(test, 0, COLUMNS, side),
                                                     test_input(test, 1, COLUMNS, side))};
    spec->join.type = shape->type;
    spec->join.key_count = shape->key_count;
    spec->join.left_keys = spec->join.right_keys = keys;
    spec->join.null_equal = null_equal;
    spec->join.is_null_aware = shape->is_null_aware;
    if (shape->has_any)
        spec->join.any_condition = test_call(
            test, INT8_EQUAL, SQL_TYPE(T_BOOL), expr_column(test->arena, SQL_TYPE(T_INT8), 2, -1),
            expr_column(test->arena, SQL_TYPE(T_INT8), COLUMNS + 2, -1));
    if (shape->has_condition)
        spec->join.condition = test_call(
            test, INT8_LESS, SQL_TYPE(T_BOOL), expr_column(test->arena, SQL_TYPE(T_INT8), 2, -1),
            expr_column(test->arena, SQL_TYPE(T_INT8), COLUMNS + 2, -1));
    if (shape->has_second) {
        const Expr *parts[] = {
            spec->join.condition,
            test_call(test, TEXT_GREATER_EQUAL, SQL_TYPE(T_BOOL),
                      expr_column(test->arena, SQL_TYPE(T_TEXT), 0, -1),
                      expr_column(test->arena, SQL_TYPE(T_TEXT), COLUMNS, -1))};
        spec->join.condition =
            expr_nary(test->arena, EXPR_AND, SQL_TYPE(T_BOOL), parts, 2, -1);
    }
    return spec;
}

static void run_shape(const Shape *shape)
{
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    make_side(&test, 0, shape, shape->left_rows);
    make_side(&test, 1, shape, shape->right_rows);
    OperatorSpec *spec = join_spec(&test, shape);
    bool is_ambiguous;
    Batch *expected = nested_loops(&test, shape, spec, &is_ambiguous);
    Batch *actual = test_run(&test, spec, &fault);
    if (shape->type == STAGE_JOIN_SINGLE && is_ambiguous) {
        assert_null(actual);
        assert_int_equal(fault.code, FAULT_CARDINALITY_VIOLATION);
    } else {
        if (actual == NULL)
            fail_msg("%s", fault.message);
        assert_same_rows(actual, expected);
    }
    test_stage_clear(&test);
}

static void test_all_types(void **state)
{
    (void)state;
    for (int type = STAGE_JOIN_INNER; type <= STAGE_JOIN_RIGHT_ANTI; type++)
        for (uint32_t keys = 0; keys <= 2; keys++)
            for (int bits = 0; bits < 16; bits++) {
                Shape shape = {.type = (StageJoinType)type,
                               .key_count = keys,
                               .null_equal = bits & 1,
                               .has_condition = bits & 2,
                               .is_null_aware = bits & 4,
                               .has_nulls = bits & 8,
                               .left_rows = 150,
                               .right_rows = 120,
                               .variety = 20};
                run_shape(&shape);
            }
}

static void test_comparison_beside_keys(void **state)
{
    (void)state;
    for (int type = STAGE_JOIN_ANTI; type <= STAGE_JOIN_MARK; type++)
        for (uint32_t keys = 0; keys <= 1; keys++)
            for (int bits = 0; bits < 4; bits++) {
                Shape shape = {.type = (StageJoinType)type,
                               .key_count = keys,
                               .has_condition = bits & 1,
                               .has_nulls = bits & 2,
                               .has_any = true,
                               .left_rows = 200,
                               .right_rows = keys == 0 ? 6 : 60,
                               .variety = 10};
                run_shape(&shape);
            }
}

/* Right sides that are ordered by what the condition compares. */
static void test_inequalities(void **state)
{
    (void)state;
    for (int type = STAGE_JOIN_INNER; type <= STAGE_JOIN_RIGHT_ANTI; type++)
        for (uint32_t keys = 0; keys <= 2; keys++)
            for (int bits = 0; bits < 8; bits++) {
                Shape shape = {.type = (StageJoinType)type,
                               .key_count = keys,
                               .has_condition = true,
                               .has_second = bits & 1,
                               .has_nulls = bits & 2,
                               .is_null_aware = bits & 4,
                               .left_rows = 120,
                               .right_rows = keys == 0 ? 4500 : 600,
                               .variety = keys == 0 ? 2000 : 5};
                run_shape(&shape);
            }
}

static void test_sizes(void **state)
{
    (void)state;
    for (int type = STAGE_JOIN_INNER; type <= STAGE_JOIN_RIGHT_ANTI; type++) {
        for (int bits = 0; bits < 4; bits++) {
            Shape shape = {.type = (StageJoinType)type,
                           .key_count = 1,
                           .has_condition = bits & 1,
                           .is_null_aware = bits & 2,
                           .has_nulls = true,
                           .variety = 3};
            shape.right_rows = 50; /* no left rows */
            run_shape(&shape);
            shape.left_rows = 50;
            shape.right_rows = 0;
            run_shape(&shape);
            shape.right_rows = 1;
            run_shape(&shape);
            shape.left_rows = 300;
            shape.right_rows = 900; /* many matches a row: more pairs than fit a batch */
            run_shape(&shape);
            shape.variety = 3000; /* few */
            run_shape(&shape);
        }
    }
}

static void test_inner_without_build_rows_reads_nothing(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    Shape shape = {.type = STAGE_JOIN_INNER, .key_count = 1, .left_rows = 3000, .variety = 10};
    test_stage_init(&test);
    make_side(&test, 0, &shape, shape.left_rows);
    Batch *actual = test_run(&test, join_spec(&test, &shape), &fault);
    assert_non_null(actual);
    assert_int_equal(actual->rows, 0);
    assert_int_equal(test.data[0].next, 0);
    assert_true(test.data[0].is_stopped);
    test_stage_clear(&test);
}

static void test_memory_refused(void **state)
{
    (void)state;
    TestStage test;
    Fault fault = {0};
    Shape shape = {.type = STAGE_JOIN_INNER,
                   .key_count = 2,
                   .left_rows = 10,
                   .right_rows = 6000,
                   .variety = 100000};
    test_stage_init(&test);
    test.budget.limit = 200000;
    make_side(&test, 0, &shape, shape.left_rows);
    make_side(&test, 1, &shape, shape.right_rows);
    assert_null(test_run(&test, join_spec(&test, &shape), &fault));
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    test_stage_clear(&test);
}

/* Rows of one key cannot be divided: that is what is said. */
static void test_memory_refused_to_one_key(void **state)
{
    (void)state;
    TestStage test;
    Fault fault = {0};
    Shape shape = {.type = STAGE_JOIN_INNER,
                   .key_count = 1,
                   .left_rows = 10,
                   .right_rows = 6000,
                   .variety = 1};
    test_stage_init(&test);
    test.budget.limit = 200000;
    make_side(&test, 0, &shape, shape.left_rows);
    make_side(&test, 1, &shape, shape.right_rows);
    assert_null(test_run(&test, join_spec(&test, &shape), &fault));
    assert_int_equal(fault.code, FAULT_TOO_MANY_ROWS_WITH_SAME_KEY);
    assert_string_equal(fault.fields[0].name, "numBytes");
    test_stage_clear(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_types),
        cmocka_unit_test(test_comparison_beside_keys),
        cmocka_unit_test(test_inequalities),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_inner_without_build_rows_reads_nothing),
        cmocka_unit_test(test_memory_refused),
        cmocka_unit_test(test_memory_refused_to_one_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Tests of window functions: random rows, sorted, in batches of all sizes, against values computed
 * for each row from the definition of its frame.
 */
#include "engine/operator/test_stage_internal.h"

enum { PARTITION, ORDER, VALUE, TEXT, RANGE_LOW, RANGE_HIGH, PASSES, COLUMNS };
enum { LOW = 2, HIGH = 3 }; /* offsets of RANGE */
enum { SUM_INT8 = 2107, COUNT_ALL = 2803, MIN_INT8 = 2131, ARRAY_AGG = 2335, SUM_FLOAT8 = 2111,
       MAX_TEXT = 2129 };

static const SqlType types[COLUMNS] = {{T_INT8, -1}, {T_INT8, -1}, {T_INT8, -1}, {T_TEXT, -1},
                                       {T_INT8, -1}, {T_INT8, -1}, {T_BOOL, -1}};

typedef struct Rows {
    uint32_t count;
    int64_t *partition, *order, *value;
    bool *is_null; /* of value */
    bool *passes;
    Batch *batch;
} Rows;

static int64_t *integers(TestStage *test, uint32_t count)
{
    return arena_alloc_vector(test->arena, (count + 1) * sizeof(int64_t));
}

/* `length`: rows of a partition, about; `ties`: rows that are equal in the order, about. */
static Rows make_rows(TestStage *test, uint32_t count, uint32_t length, uint32_t ties)
{
    Rows rows = {.count = count,
                 .partition = integers(test, count),
                 .order = integers(test, count),
                 .value = integers(test, count),
                 .is_null = ARENA_ARRAY(test->arena, bool, count + 1),
                 .passes = ARENA_ARRAY(test->arena, bool, count + 1)};
    int64_t partition = 0, order = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (random_below(length) == 0) {
            partition++;
            order = -5;
        }
        order += random_below(ties) == 0 ? 1 + random_below(3) : 0;
        rows.partition[i] = partition;
        rows.order[i] = order;
        rows.value[i] = (int64_t)random_below(1000) - 300;
        rows.is_null[i] = random_below(7) == 0;
        rows.passes[i] = random_below(3) != 0;
    }
    rows.batch = batch_make(test->arena, COLUMNS, count);
    VectorBuilder builders[COLUMNS];
    for (uint32_t c = 0; c < COLUMNS; c++)
        vector_builder_init(&builders[c], test->arena, type_layout(types[c]), count);
    for (uint32_t i = 0; i < count; i++) {
        vector_builder_int64(&builders[PARTITION], rows.partition[i]);
        vector_builder_int64(&builders[ORDER], rows.order[i]);
        if (rows.is_null[i]) {
            vector_builder_null(&builders[VALUE]);
            vector_builder_null(&builders[TEXT]);
        } else {
            vector_builder_int64(&builders[VALUE], rows.value[i]);
            vector_builder_text(&builders[TEXT],
                                text_of(arena_printf(test->arena, "%05d", (int)rows.value[i] + 500)));
        }
        vector_builder_int64(&builders[RANGE_LOW], rows.order[i] - LOW);
        vector_builder_int64(&builders[RANGE_HIGH], rows.order[i] + HIGH);
        vector_builder_bool(&builders[PASSES], rows.passes[i]);
    }
    for (uint32_t c = 0; c < COLUMNS; c++)
        rows.batch->columns[c] = vector_builder_finish(&builders[c]);
    for (uint32_t at = 0; at < count;) {
        uint32_t piece = 1 + random_below(count / 20 + 1);
        piece = piece < count - at ? piece : count - at;
        test_stage_add(test, 0, batch_slice(test->arena, rows.batch, at, piece));
        at += piece;
    }
    return rows;
}

/* --- by definition --- */

static bool reaches_down(const WindowFrame *frame, const Rows *rows, int64_t groups, uint32_t row,
                         uint32_t other)
{
    int64_t distance = frame->mode == FRAME_ROWS ? (int64_t)other - row : groups;
    switch (frame->start) {
    case BOUND_UNBOUNDED_PRECEDING: return true;
    case BOUND_UNBOUNDED_FOLLOWING: return false;
    case BOUND_CURRENT: return distance >= 0;
    case BOUND_PRECEDING:
        return frame->mode == FRAME_RANGE ? rows->order[other] >= rows->order[row] - LOW
                                          : distance >= -frame->start_offset;
    case BOUND_FOLLOWING:
        return frame->mode == FRAME_RANGE ? rows->order[other] >= rows->order[row] + HIGH
                                          : distance >= frame->start_offset;
    }
    return false;
}

static bool reaches_up(const WindowFrame *frame, const Rows *rows, int64_t groups, uint32_t row,
                       uint32_t other)
{
    int64_t distance = frame->mode == FRAME_ROWS ? (int64_t)other - row : groups;
    switch (frame->end) {
    case BOUND_UNBOUNDED_PRECEDING: return false;
    case BOUND_UNBOUNDED_FOLLOWING: return true;
    case BOUND_CURRENT: return distance <= 0;
    case BOUND_PRECEDING:
        return frame->mode == FRAME_RANGE ? rows->order[other] <= rows->order[row] - LOW
                                          : distance <= -frame->end_offset;
    case BOUND_FOLLOWING:
        return frame->mode == FRAME_RANGE ? rows->order[other] <= rows->order[row] + HIGH
                                          : distance <= frame->end_offset;
    }
    return false;
}

static bool is_excluded(const WindowFrame *frame, bool is_peer, uint32_t row, uint32_t other)
{
    switch (frame->exclusion) {
    case EXCLUDE_NOTHING: return false;
    case EXCLUDE_CURRENT_ROW: return row == other;
    case EXCLUDE_GROUP: return is_peer;
    case EXCLUDE_TIES: return is_peer && row != other;
    }
    return false;
}

/* The rows of a row's frame. */
static uint32_t frame_rows(const Rows *rows, const WindowFrame *frame, uint32_t row, uint32_t *found)
{
    uint32_t first = row, count = 0;
    while (first > 0 && rows->partition[first - 1] == rows->partition[row])
        first--;
    int64_t group = 0, own = 0;
    for (uint32_t i = first; i < row; i++)
        own += rows->order[i + 1] != rows->order[i];
    for (uint32_t i = first; i < rows->count && rows->partition[i] == rows->partition[row]; i++) {
        group += i > first && rows->order[i] != rows->order[i - 1];
        if (reaches_down(frame, rows, group - own, row, i) &&
            reaches_up(frame, rows, group - own, row, i) &&
            !is_excluded(frame, group == own, row, i))
            found[count++] = i;
    }
    return count;
}

/* --- what is tested --- */

enum { FUNCTIONS = 11 };

static const StageWindowFunction *make_functions(TestStage *test, WindowFrame frame)
{
    static const struct {
        uint32_t oid;
        SqlType result;
        int32_t argument;
        bool is_filtered, has_number;
    } calls[FUNCTIONS] = {
        {SUM_INT8, {T_INT8, -1}, VALUE, false, false},
        {COUNT_ALL, {T_INT8, -1}, -1, true, false},
        {MIN_INT8, {T_INT8, -1}, VALUE, true, false},
        {ARRAY_AGG, {T_INT8_ARRAY, -1}, VALUE, false, false},
        {MAX_TEXT, {T_TEXT, -1}, TEXT, false, false},
        {3112, {T_INT8, -1}, VALUE, false, false}, /* first_value */
        {3113, {T_TEXT, -1}, TEXT, false, false},  /* last_value */
        {3114, {T_INT8, -1}, VALUE, false, true},  /* nth_value */
        {3100, {T_INT8, -1}, -1, false, false},    /* row_number */
        {3102, {T_INT8, -1}, -1, false, false},    /* dense_rank */
        {3107, {T_INT8, -1}, VALUE, false, true},  /* lag */
    };
    StageWindowFunction *functions = ARENA_ARRAY(test->arena, StageWindowFunction, FUNCTIONS);
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        uint32_t count = (calls[i].argument >= 0) + calls[i].has_number;
        SqlType *argument_types = ARENA_ARRAY(test->arena, SqlType, 2);
        uint32_t *arguments = ARENA_ARRAY(test->arena, uint32_t, 2);
        const Vector **constants = ARENA_ARRAY(test->arena, const Vector *, 2);
        Vector *three = ARENA_NEW(test->arena, Vector);
        int64_t number = 3;
        *three = vector_constant(test->arena, LAYOUT_INT64, 1, &number);
        constants[0] = NULL;
        constants[1] = calls[i].has_number ? three : NULL;
        arguments[0] = calls[i].argument < 0 ? 0 : (uint32_t)calls[i].argument;
        arguments[1] = 0;
        argument_types[0] = types[arguments[0]];
        argument_types[1] = SQL_TYPE(T_INT4);
        functions[i] = (StageWindowFunction){.function = function_window_by_oid(calls[i].oid),
                                             .frame = frame,
                                             .call = {.function = function_aggregate_by_oid(calls[i].oid),
                                                      .result = calls[i].result,
                                                      .argument_count = count,
                                                      .argument_types = argument_types,
                                                      .arguments = arguments,
                                                      .constants = constants,
                                                      .filter = calls[i].is_filtered ? PASSES : -1}};
    }
    return functions;
}

static OperatorSpec *make_spec(TestStage *test, const StageWindowFunction *functions, uint32_t count)
{
    const OperatorSpec *child = test_input(test, 0, COLUMNS, types);
    OperatorSpec *spec = ARENA_NEW(test->arena, OperatorSpec);
    SqlType *all = ARENA_ARRAY(test->arena, SqlType, COLUMNS + count);
    uint32_t *partition = ARENA_ARRAY(test->arena, uint32_t, 1);
    SortColumn *order = ARENA_ARRAY(test->arena, SortColumn, 1);
    memcpy(all, types, sizeof types);
    for (uint32_t i = 0; i < count; i++)
        all[COLUMNS + i] = functions[i].call.result;
    partition[0] = PARTITION;
    order[0] = (SortColumn){.column = ORDER};
    *spec = (OperatorSpec){.kind = OPERATOR_WINDOW,
                           .column_count = COLUMNS + count,
                           .types = all,
                           .child_count = 1,
                           .children = test_children(test, child, NULL)};
    spec->window.partition_count = 1;
    spec->window.partition = partition;
    spec->window.order_count = 1;
    spec->window.order = order;
    spec->window.function_count = count;
    spec->window.functions = functions;
    return spec;
}

static void assert_integer(const Vector *vector, uint32_t row, bool is_null, int64_t value)
{
    assert_int_equal(vector_is_null(vector, row), is_null);
    if (!is_null)
        assert_int_equal(VECTOR_DATA(int64_t, vector)[vector_row(vector, row)], value);
}

static void assert_at(const Rows *rows, const Vector *vector, uint32_t row, bool is_there,
                      uint32_t source)
{
    bool is_null = !is_there || rows->is_null[source];
    assert_integer(vector, row, is_null, is_null ? 0 : rows->value[source]);
}

static void assert_text_at(const Rows *rows, const Vector *vector, uint32_t row, bool is_there,
                           uint32_t source)
{
    bool is_null = !is_there || rows->is_null[source];
    assert_int_equal(vector_is_null(vector, row), is_null);
    if (!is_null)
        assert_true(text_equal(vector_text(vector, row),
                               vector_text(&rows->batch->columns[TEXT], source)));
}

static void check_aggregates(const Rows *rows, const Vector *results, uint32_t row,
                             const uint32_t *found, uint32_t count)
{
    int64_t sum = 0, passing = 0, least = INT64_MAX, greatest = INT64_MIN;
    uint32_t values = 0, passing_values = 0, best = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = found[i];
        passing += rows->passes[at];
        if (rows->is_null[at])
            continue;
        values++;
        sum += rows->value[at];
        if (rows->value[at] > greatest)
            greatest = rows->value[best = at];
        if (!rows->passes[at])
            continue;
        passing_values++;
        least = rows->value[at] < least ? rows->value[at] : least;
    }
    assert_integer(&results[0], row, values == 0, sum);
    assert_integer(&results[1], row, false, passing);
    assert_integer(&results[2], row, passing_values == 0, least);
    assert_text_at(rows, &results[4], row, values > 0, best);
    assert_int_equal(vector_is_null(&results[3], row), count == 0);
    if (count == 0)
        return;
    ArrayValue array = VECTOR_DATA(ArrayValue, &results[3])[row];
    assert_int_equal(array.count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_at(rows, results[3].elements, array.offset + i, true, found[i]);
}

static void check_row(const Rows *rows, const Vector *results, uint32_t row, const uint32_t *found,
                      uint32_t count)
{
    check_aggregates(rows, results, row, found, count);
    assert_at(rows, &results[5], row, count > 0, count > 0 ? found[0] : 0);
    assert_text_at(rows, &results[6], row, count > 0, count > 0 ? found[count - 1] : 0);
    assert_at(rows, &results[7], row, count > 2, count > 2 ? found[2] : 0);
    uint32_t first = row;
    int64_t dense = 1;
    while (first > 0 && rows->partition[first - 1] == rows->partition[row])
        first--;
    for (uint32_t i = first; i < row; i++)
        dense += rows->order[i] != rows->order[i + 1];
    assert_integer(&results[8], row, false, row - first + 1);
    assert_integer(&results[9], row, false, dense);
    assert_at(rows, &results[10], row, row - first >= 3, row >= 3 ? row - 3 : 0);
}

/* `single`: one function at a time, so that it keeps no more rows than it needs itself. */
static void check_frame(uint32_t count, uint32_t length, uint32_t ties, WindowFrame frame,
                        bool single)
{
    for (uint32_t f = 0; f < (single ? FUNCTIONS : 1); f++) {
        TestStage test;
        Fault fault;
        test_stage_init(&test);
        Rows rows = make_rows(&test, count, length, ties);
        const StageWindowFunction *functions = make_functions(&test, frame);
        /* array_agg beside it would make it keep everything */
        OperatorSpec *spec = make_spec(&test, single ? functions + f : functions,
                                       single ? 1 : FUNCTIONS);
        Batch *actual = test_run(&test, spec, &fault);
        assert_non_null(actual);
        assert_int_equal(actual->rows, count);
        Vector results[FUNCTIONS];
        if (single) { /* the others are taken from a run of all of them */
            for (uint32_t b = 0; b < test.data[0].count; b++)
                test.data[0].next = 0;
            Batch *all = test_run(&test, make_spec(&test, functions, FUNCTIONS), &fault);
            assert_non_null(all);
            memcpy(results, all->columns + COLUMNS, sizeof results);
            results[f] = actual->columns[COLUMNS];
        } else {
            memcpy(results, actual->columns + COLUMNS, sizeof results);
        }
        uint32_t *found = ARENA_ARRAY(test.arena, uint32_t, count + 1);
        for (uint32_t row = 0; row < count; row++)
            check_row(&rows, results, row, found, frame_rows(&rows, &frame, row, found));
        test_stage_clear(&test);
    }
}

static WindowFrame random_frame(void)
{
    WindowFrame frame;
    do {
        frame = (WindowFrame){.mode = (FrameMode)random_below(3),
                              .start = (FrameBound)random_below(4),
                              .end = (FrameBound)(1 + random_below(4)),
                              .exclusion = (FrameExclusion)(random_below(2) ? random_below(4) : 0),
                              .start_offset = random_below(random_below(2) ? 4 : 200),
                              .end_offset = random_below(random_below(2) ? 4 : 200),
                              .range_key = ORDER};
    } while (frame.start > frame.end);
    frame.range_start = frame.start == BOUND_PRECEDING ? RANGE_LOW : RANGE_HIGH;
    frame.range_end = frame.end == BOUND_PRECEDING ? RANGE_LOW : RANGE_HIGH;
    return frame;
}

static void test_random_frames(void **state)
{
    (void)state;
    for (int i = 0; i < 150; i++)
        check_frame(1 + random_below(300), 1 + random_below(60), 1 + random_below(3),
                    random_frame(), false);
}

static void test_each_function_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 25; i++)
        check_frame(1 + random_below(300), 1 + random_below(80), 1 + random_below(3),
                    random_frame(), true);
}

static void test_partitions_beyond_batches(void **state)
{
    (void)state;
    static const WindowFrame frames[] = {
        {.mode = FRAME_RANGE, .end = BOUND_CURRENT, .range_key = -1},
        {.mode = FRAME_ROWS, .end = BOUND_CURRENT},
        {.mode = FRAME_ROWS, .start = BOUND_PRECEDING, .end = BOUND_FOLLOWING, .start_offset = 70,
         .end_offset = 90},
        {.mode = FRAME_ROWS, .end = BOUND_UNBOUNDED_FOLLOWING, .exclusion = EXCLUDE_TIES},
    };
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        check_frame(5000, 2500, 3, frames[i], false);
}

/* --- the first rows of each partition --- */

static void check_top_of_each(uint32_t limit, bool with_ties)
{
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    uint32_t count = 150000;
    Rows rows = make_rows(&test, count, 3000, 40);
    /* in random order, so that thresholds get tighter */
    uint32_t *order = ARENA_ARRAY(test.arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = random_below(i + 1);
        order[i] = order[other];
        order[other] = i;
    }
    Batch *shuffled = batch_gather(test.arena, rows.batch, order, count);
    test.data[0].count = 0;
    for (uint32_t at = 0; at < count; at += 3000)
        test_stage_add(&test, 0, batch_slice(test.arena, shuffled, at, 3000));
    const OperatorSpec *child = test_input(&test, 0, COLUMNS, types);
    SortColumn keys[2] = {{.column = PARTITION}, {.column = ORDER}};
    OperatorSpec spec = {.kind = OPERATOR_SORT,
                         .column_count = COLUMNS,
                         .types = types,
                         .child_count = 1,
                         .children = test_children(&test, child, NULL)};
    spec.sort.key_count = 2;
    spec.sort.keys = keys;
    spec.sort.limit = limit;
    spec.sort.each_count = 1;
    spec.sort.with_ties = with_ties;
    Batch *actual = test_run(&test, &spec, &fault);
    assert_non_null(actual);
    const int64_t *partition = VECTOR_DATA(int64_t, &actual->columns[PARTITION]);
    const int64_t *values = VECTOR_DATA(int64_t, &actual->columns[ORDER]);
    uint32_t at = 0;
    for (uint32_t i = 0, first = 0; i < count; i++) {
        first = i > 0 && rows.partition[i] == rows.partition[i - 1] ? first : i;
        bool stays = i - first < limit ||
                     (with_ties && rows.order[i] == rows.order[first + limit - 1]);
        if (!stays)
            continue;
        assert_true(at < actual->rows);
        assert_int_equal(partition[at], rows.partition[i]);
        assert_int_equal(values[at++], rows.order[i]);
    }
    assert_int_equal(actual->rows, at);
    test_stage_clear(&test);
}

static void test_top_of_each(void **state)
{
    (void)state;
    check_top_of_each(1, false);
    check_top_of_each(7, false);
    check_top_of_each(7, true);
}

/* --- memory --- */

static void add_many(TestStage *test, uint32_t batches)
{
    Rows rows = make_rows(test, BATCH_ROWS, UINT32_MAX, 2);
    test->data[0].count = 0;
    for (uint32_t i = 0; i < batches; i++)
        test_stage_add(test, 0, rows.batch);
}

static void test_running_sum_keeps_nothing(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    add_many(&test, 50);
    WindowFrame frame = {.mode = FRAME_ROWS, .end = BOUND_CURRENT};
    OperatorSpec *spec = make_spec(&test, make_functions(&test, frame), 2); /* sum, count */
    Batch *actual = test_run(&test, spec, &fault);
    assert_non_null(actual);
    assert_int_equal(actual->rows, 50 * BATCH_ROWS);
    assert_true(test.budget.peak < 50 * BATCH_ROWS * 8);
    test_stage_clear(&test);
}

static void test_memory_is_bounded(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    add_many(&test, 50);
    test.budget.limit = 1 << 20;
    WindowFrame frame = {.mode = FRAME_ROWS, .end = BOUND_UNBOUNDED_FOLLOWING};
    OperatorSpec *spec = make_spec(&test, make_functions(&test, frame), FUNCTIONS);
    assert_null(test_run(&test, spec, &fault));
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    test_stage_clear(&test);
}

static void test_no_rows(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    WindowFrame frame = {.mode = FRAME_ROWS, .end = BOUND_UNBOUNDED_FOLLOWING};
    Batch *actual = test_run(&test, make_spec(&test, make_functions(&test, frame), FUNCTIONS), &fault);
    assert_non_null(actual);
    assert_int_equal(actual->rows, 0);
    test_stage_clear(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_frames),
        cmocka_unit_test(test_each_function_alone),
        cmocka_unit_test(test_partitions_beyond_batches),
        cmocka_unit_test(test_top_of_each),
        cmocka_unit_test(test_running_sum_keeps_nothing),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_no_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Running operators over batches in memory, for tests: a stage whose inputs are sources that give
 * the batches one after the other, now and then blocked or in another partition.
 */
#ifndef TALARIA_ENGINE_OPERATOR_TEST_STAGE_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_TEST_STAGE_INTERNAL_H

#include "engine/operator/operator_internal.h"
#include "engine/operator/test_batches_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEST_INPUTS = 2, TEST_BATCHES = 64 };

typedef struct TestSource {
    Batch *batches[TEST_BATCHES];
    uint32_t partitions[TEST_BATCHES];
    uint32_t count, next;
    bool was_blocked, is_stopped;
    Arena *arena; /* of a copy that goes away with the next call */
} TestSource;

typedef struct TestStage {
    Arena *arena;
    Budget root, budget;
    Settings settings;
    TypeContext types;
    StageInput inputs[TEST_INPUTS];
    StageDefinition stage;
    QueryDefinition definition;
    StageCounters counters;
    TestSource data[TEST_INPUTS];
    StageSource sources[TEST_INPUTS];
    _Atomic uint32_t tickets[4];
    OperatorContext context;
} TestStage;

static inline Progress test_source_next(void *state, Batch **batch, uint32_t *partition,
                                        Fault *fault)
{
    (void)fault;
    TestSource *source = state;
    if (source->arena != NULL)
        arena_free(source->arena);
    source->arena = NULL;
    if (!source->was_blocked && random_below(4) == 0) {
        source->was_blocked = true;
        return PROGRESS_BLOCKED;
    }
    source->was_blocked = false;
    if (source->next == source->count)
        return PROGRESS_DONE;
    /* A copy that is gone at the next call, so that whoever keeps views is found out. */
    source->arena = arena_new("test source");
    *batch = batch_copy(source->arena, source->batches[source->next]);
    *partition = source->partitions[source->next++];
    return PROGRESS_BATCH;
}

static inline void test_source_stop(void *state)
{
    ((TestSource *)state)->is_stopped = true;
}

static inline void test_stage_init(TestStage *test)
{
    memset(test, 0, sizeof *test);
    test->arena = arena_new("test stage");
    budget_init_root(&test->root, NULL, 0);
    budget_init_child(&test->budget, &test->root, INT64_MAX);
    setting_defaults(&test->settings);
    test->types = (TypeContext){.zone = timezone_utc(), .settings = &test->settings};
    test->stage =
        (StageDefinition){.input_count = TEST_INPUTS, .inputs = test->inputs, .worker_count = 1};
    test->definition = (QueryDefinition){.query = 5, .stage_count = 1, .stages = &test->stage};
    for (int i = 0; i < TEST_INPUTS; i++) {
        test->inputs[i].kind = INPUT_STAGE;
        test->sources[i] = (StageSource){test_source_next, test_source_stop, &test->data[i]};
    }
    test->context = (OperatorContext){.arena = test->arena,
                                      .budget = &test->budget,
                                      .types = &test->types,
                                      .definition = &test->definition,
                                      .stage = &test->stage,
                                      .worker_count = 1,
                                      .tickets = test->tickets,
                                      .ticket_count = 4,
                                      .counters = &test->counters,
                                      .sources = test->sources};
}

static inline void test_stage_clear(TestStage *test)
{
    for (int i = 0; i < TEST_INPUTS; i++)
        if (test->data[i].arena != NULL)
            arena_free(test->data[i].arena);
    assert_int_equal(test->budget.used, 0);
    budget_release_all(&test->root);
    arena_free(test->arena);
}

static inline void test_stage_add(TestStage *test, uint32_t input, Batch *batch)
{
    TestSource *source = &test->data[input];
    assert_true(source->count < TEST_BATCHES);
    source->batches[source->count++] = batch;
}

/* An OPERATOR_INPUT of all columns. */
static inline OperatorSpec *test_input(TestStage *test, uint32_t index, uint32_t column_count,
                                       const SqlType *types)
{
    test->inputs[index].column_count = column_count;
    test->inputs[index].types = types;
    OperatorSpec *spec = ARENA_NEW(test->arena, OperatorSpec);
    *spec = (OperatorSpec){.kind = OPERATOR_INPUT, .column_count = column_count, .types = types};
    spec->input.index = index;
    return spec;
}

static inline const OperatorSpec *const *test_children(TestStage *test, const OperatorSpec *a,
                                                       const OperatorSpec *b)
{
    const OperatorSpec **children = ARENA_ARRAY(test->arena, const OperatorSpec *, 2);
    children[0] = a;
    children[1] = b;
    return children;
}

/* All rows of all batches of an input, as one batch; NULL without any. */
static inline Batch *test_all_rows(TestStage *test, uint32_t input)
{
    TestSource *source = &test->data[input];
    return source->count == 0 ? NULL
                              : batch_concatenate(test->arena, source->batches, source->count);
}

/* Runs the tree to its end; what comes out, as one batch in the stage's arena. NULL: it failed. */
static inline Batch *test_run(TestStage *test, const OperatorSpec *spec, Fault *fault)
{
    Operator *root = operator_build(spec, &test->context, fault);
    if (root == NULL)
        return NULL;
    VectorBuilder *builders = ARENA_ARRAY(test->arena, VectorBuilder, spec->column_count);
    for (uint32_t c = 0; c < spec->column_count; c++)
        vector_builder_init(&builders[c], test->arena, type_layout(spec->types[c]), 16);
    uint32_t total = 0;
    Progress progress = PROGRESS_YIELDED;
    while (progress != PROGRESS_DONE && progress != PROGRESS_FAILED) {
        Batch *batch = NULL;
        /* Slices that are over at once, often, so that every operator has to go on where it was. */
        test->context.slice_end = random_below(2) ? 0 : INT64_MAX;
        progress = operator_next(root, &batch, fault);
        if (progress != PROGRESS_BATCH)
            continue;
        assert_in_range(batch->rows, 1, BATCH_ROWS);
        assert_int_equal(batch->column_count, spec->column_count);
        total += batch->rows;
        for (uint32_t c = 0; c < spec->column_count; c++) {
            assert_int_equal(batch->columns[c].length, batch->rows);
            for (uint32_t i = 0; i < batch->rows; i++)
                vector_builder_row(&builders[c], &batch->columns[c], i);
        }
    }
    operator_close(root);
    if (progress == PROGRESS_FAILED)
        return NULL;
    Batch *all = batch_make(test->arena, spec->column_count, total);
    for (uint32_t c = 0; c < spec->column_count; c++)
        all->columns[c] = vector_builder_finish(&builders[c]);
    return all;
}

static inline bool test_rows_equal(const Batch *a, uint32_t row_a, const Batch *b, uint32_t row_b)
{
    for (uint32_t c = 0; c < a->column_count; c++)
        if (!vector_rows_equal(&a->columns[c], row_a, &b->columns[c], row_b))
            return false;
    return true;
}

static inline uint64_t test_row_hash(const Batch *batch, uint32_t row)
{
    uint64_t hash = 0;
    for (uint32_t c = 0; c < batch->column_count; c++) {
        Vector one = vector_slice(&batch->columns[c], row, 1);
        vector_hash(&one, &hash, c != 0);
    }
    return hash;
}

/* The same rows, each as often, in any order: sums over hashes, which is proof enough in a test. */
static inline void assert_same_rows(const Batch *actual, const Batch *expected)
{
    assert_int_equal(actual->rows, expected->rows);
    uint64_t sums[2][2] = {{0}};
    for (uint32_t i = 0; i < actual->rows; i++) {
        uint64_t hash = test_row_hash(actual, i);
        sums[0][0] += hash;
        sums[0][1] += hash * hash;
        hash = test_row_hash(expected, i);
        sums[1][0] += hash;
        sums[1][1] += hash * hash;
    }
    assert_int_equal(sums[0][0], sums[1][0]);
    assert_int_equal(sums[0][1], sums[1][1]);
}

/* A call of the function with this OID on columns or constants. */
static inline const Expr *test_call(TestStage *test, uint32_t oid, SqlType result, const Expr *a,
                                    const Expr *b)
{
    const ScalarFunction *function = function_scalar_by_oid(oid);
    assert_non_null(function);
    const Expr *arguments[2] = {a, b};
    return expr_call(test->arena, function, result, arguments, b == NULL ? 1 : 2, -1);
}

#endif

#include "engine/stage/kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Two stages of two workers; the first is cut by statistics on its only column. */
static QueryDefinition *definition_make(Arena *arena, ShuffleKind kind, uint32_t partitions)
{
    static const SqlType types[1] = {{.oid = T_INT8, .modifier = -1}};
    static const SortColumn keys[1] = {{.column = 0}};
    StageDefinition *stages = arena_zalloc(arena, 2 * sizeof *stages);
    OperatorSpec *root = arena_zalloc(arena, sizeof *root);
    root->column_count = 1;
    root->types = types;
    for (uint32_t i = 0; i < 2; i++)
        stages[i] = (StageDefinition){.number = i, .root = root, .worker_count = 2, .processor = "scan"};
    stages[0].shuffle = (ShuffleSpec){.kind = kind, .key_count = 1, .keys = keys, .partitions = partitions,
                                      .target_rows = 10};
    QueryDefinition *definition = arena_zalloc(arena, sizeof *definition);
    *definition = (QueryDefinition){.query = 1, .stage_count = 2, .stages = stages};
    return definition;
}

static void done(Kernel *kernel, uint32_t stage, uint32_t worker)
{
    StageCounters counters = {.output_rows = 5};
    kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_STAGE_DONE, .stage = stage, .worker = worker, .counters = &counters});
}

static void statistics(Arena *arena, Kernel *kernel, uint32_t worker, int64_t first)
{
    Batch *samples = batch_make(arena, 2, 20);
    int64_t *keys = ARENA_ARRAY(arena, int64_t, 20), *weights = ARENA_ARRAY(arena, int64_t, 20);
    for (int i = 0; i < 20; i++) {
        keys[i] = first + i;
        weights[i] = 1;
    }
    samples->columns[0] = vector_flat(LAYOUT_INT64, 20, keys, NULL);
    samples->columns[1] = vector_flat(LAYOUT_INT64, 20, weights, NULL);
    KeyStatistics statistics = {.worker = worker, .rows = 20, .samples = samples};
    kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_STATISTICS, .worker = worker, .statistics = &statistics});
}

static void test_plain_query_succeeds_once_every_stage_is_done(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    Kernel *kernel = kernel_new(arena, definition_make(arena, SHUFFLE_HASH, 2), false, 0);
    KernelAction action;
    done(kernel, 0, 0);
    done(kernel, 0, 0); /* said twice: counts once */
    done(kernel, 1, 0);
    done(kernel, 1, 1);
    assert_false(kernel_next_action(kernel, &action));
    assert_int_equal(kernel_phase(kernel, 1), PHASE_FINISHED);
    done(kernel, 0, 1);
    assert_true(kernel_next_action(kernel, &action));
    assert_int_equal(action.kind, ACTION_SUCCEED);
    assert_true(kernel_is_over(kernel));
    assert_int_equal(kernel_counters(kernel, 0).output_rows, 10);
    assert_false(kernel_next_action(kernel, &action));
    arena_free(arena);
}

static void test_boundaries_wait_for_all_statistics(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    Kernel *kernel = kernel_new(arena, definition_make(arena, SHUFFLE_GLOBAL_SORT, 0), true, 0);
    KernelAction action;
    statistics(arena, kernel, 1, 100);
    assert_int_equal(kernel_phase(kernel, 0), PHASE_MERGING_STATISTICS);
    assert_false(kernel_next_action(kernel, &action));
    statistics(arena, kernel, 0, 0);
    assert_true(kernel_next_action(kernel, &action));
    assert_int_equal(action.kind, ACTION_SEND_BOUNDARIES);
    assert_int_equal(action.boundaries->partition_count, 4); /* 40 rows, 10 each */
    const int64_t *keys = action.boundaries->boundaries->columns[0].data;
    for (uint32_t i = 1; i + 1 < action.boundaries->partition_count; i++)
        assert_true(keys[i - 1] < keys[i]);
    assert_int_equal(kernel_phase(kernel, 0), PHASE_POST_READING);
    for (uint32_t stage = 0; stage < 2; stage++)
        for (uint32_t worker = 0; worker < 2; worker++)
            done(kernel, stage, worker);
    assert_true(kernel_next_action(kernel, &action));
    assert_int_equal(action.kind, ACTION_PUBLISH);
    assert_false(kernel_is_over(kernel));
    kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_WORKER_LOST}); /* too late to matter */
    kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_PUBLISHED});
    assert_true(kernel_next_action(kernel, &action));
    assert_int_equal(action.kind, ACTION_SUCCEED);
    arena_free(arena);
}

static void test_only_the_first_fault_counts(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    Kernel *kernel = kernel_new(arena, definition_make(arena, SHUFFLE_HASH, 2), false, 0);
    KernelAction action;
    Fault fault;
    fault_set(&fault, FAULT_DIVISION_BY_ZERO, "division by zero");
    kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_WORKER_FAULT, .worker = 1, .fault = &fault});
    kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_WORKER_LOST, .worker = 0});
    done(kernel, 0, 0);
    assert_true(kernel_next_action(kernel, &action));
    assert_int_equal(action.kind, ACTION_FAIL);
    assert_int_equal(action.fault->code, FAULT_DIVISION_BY_ZERO);
    assert_false(kernel_next_action(kernel, &action));
    assert_int_equal(kernel_phase(kernel, 0), PHASE_FAILED);
    arena_free(arena);
}

static void test_lost_worker_fails_the_query(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    Kernel *kernel = kernel_new(arena, definition_make(arena, SHUFFLE_HASH, 2), false, 0);
    KernelAction action;
    kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_WORKER_LOST, .worker = 1});
    assert_true(kernel_next_action(kernel, &action));
    assert_int_equal(action.fault->code, FAULT_WORKER_FAILED);
    arena_free(arena);
}

static void test_warnings_of_all_workers_are_added(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    Kernel *kernel = kernel_new(arena, definition_make(arena, SHUFFLE_HASH, 2), false, 3);
    KernelAction action;
    KernelEvent warning = {.kind = KERNEL_WARNING, .code = FAULT_CANNOT_PARSE_EXTERNAL_DATA, .count = 2};
    kernel_handle(kernel, &warning);
    assert_false(kernel_next_action(kernel, &action));
    warning.worker = 1;
    kernel_handle(kernel, &warning);
    assert_true(kernel_next_action(kernel, &action));
    assert_int_equal(action.fault->code, FAULT_TOO_MANY_WARNINGS);
    assert_int_equal(kernel_warnings(kernel), 4);
    arena_free(arena);
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*seed >> 33);
}

/* Whatever the order of events: at most one last action, and none after it. */
static void test_random_events_end_at_most_once(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int round = 0; round < 500; round++) {
        Arena *arena = arena_new("test");
        ShuffleKind kind = round % 2 == 0 ? SHUFFLE_GLOBAL_SORT : SHUFFLE_HASH;
        Kernel *kernel = kernel_new(arena, definition_make(arena, kind, 0), round % 3 == 0, 2);
        Fault fault;
        int ends = 0;
        fault_set(&fault, FAULT_CANCELED, "canceled");
        for (int i = 0; i < 60; i++) {
            uint32_t pick = next_random(&seed) % 16, stage = next_random(&seed) % 3, worker = next_random(&seed) % 3;
            if (pick < 8)
                done(kernel, stage, worker);
            else if (pick < 12)
                statistics(arena, kernel, worker, (int64_t)pick);
            else if (pick == 12)
                kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_CANCEL, .fault = &fault});
            else if (pick == 13)
                kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_PUBLISHED});
            else if (pick == 14)
                kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_WARNING, .count = 1});
            else
                kernel_handle(kernel, &(KernelEvent){.kind = KERNEL_PUBLISH_FAILED, .fault = &fault});
            KernelAction action;
            while (kernel_next_action(kernel, &action)) {
                assert_int_equal(ends, 0);
                ends += action.kind == ACTION_SUCCEED || action.kind == ACTION_FAIL;
            }
            assert_int_equal(ends, kernel_is_over(kernel) ? 1 : 0);
        }
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_query_succeeds_once_every_stage_is_done),
        cmocka_unit_test(test_boundaries_wait_for_all_statistics),
        cmocka_unit_test(test_only_the_first_fault_counts),
        cmocka_unit_test(test_lost_worker_fails_the_query),
        cmocka_unit_test(test_warnings_of_all_workers_are_added),
        cmocka_unit_test(test_random_events_end_at_most_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

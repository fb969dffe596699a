/*
 * Tests of whole queries: a count by key in three stages, in one process and over two workers
 * whose links are a socket pair, with one result partition and with ranges cut from statistics.
 */
#include "engine/run/run.h"

#include "base/os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT_ROWS = 2803, ROWS = 200000, KEYS = 5000 };

static uint32_t key_of(uint32_t row)
{
    return (uint32_t)(int64_hash(row) % KEYS);
}

/* --- the query: scan and count partially | count | write rows --- */

typedef struct Query {
    Arena *arena;
    QueryDefinition definition;
    StageDefinition stages[3];
    StageInput inputs[3];
    OperatorSpec nodes[8];
    uint32_t node_count;
} Query;

static OperatorSpec *node(Query *query, OperatorKind kind, uint32_t columns, const SqlType *types,
                          const OperatorSpec *child)
{
    OperatorSpec *spec = &query->nodes[query->node_count++];
    const OperatorSpec **children = ARENA_ARRAY(query->arena, const OperatorSpec *, 1);
    children[0] = child;
    *spec = (OperatorSpec){.kind = kind,
                           .column_count = columns,
                           .types = types,
                           .child_count = child != NULL,
                           .children = children};
    return spec;
}

static OperatorSpec *group(Query *query, GroupMode mode, const OperatorSpec *child,
                           const SqlType *types)
{
    static const uint32_t keys[1] = {0}, states[1] = {1};
    StageAggregate *count = ARENA_NEW(query->arena, StageAggregate);
    *count = (StageAggregate){.function = function_aggregate_by_oid(COUNT_ROWS),
                              .result = SQL_TYPE(T_INT8),
                              .filter = -1,
                              .arguments = states};
    assert_non_null(count->function);
    OperatorSpec *spec = node(query, OPERATOR_GROUP, 2, types, child);
    spec->group.mode = mode;
    spec->group.key_count = 1;
    spec->group.keys = keys;
    spec->group.aggregate_count = 1;
    spec->group.aggregates = count;
    return spec;
}

static const Batch *make_rows(Arena *arena)
{
    Text *texts = ARENA_ARRAY(arena, Text, KEYS + 1);
    texts[0] = (Text){0};
    for (uint32_t k = 0; k < KEYS; k++)
        texts[k + 1] = text_of(arena_printf(arena, "key %05u", k));
    const Dictionary *dictionary = dictionary_make(arena, texts, KEYS + 1, true, true);
    uint32_t *codes = arena_alloc_vector(arena, ROWS * sizeof *codes);
    for (uint32_t i = 0; i < ROWS; i++)
        codes[i] = key_of(i) + 1;
    Batch *batch = batch_make(arena, 1, ROWS);
    batch->columns[0] = vector_dictionary(dictionary, ROWS, codes);
    return batch;
}

static void make_query(Query *query, uint32_t workers, bool by_statistics)
{
    static const SqlType text[2] = {{T_TEXT, -1}, {T_INT8, -1}};
    static const SortColumn hash_key[1] = {{.column = 0}},
                            sort_key[1] = {{.column = 0, .descending = true}};
    *query = (Query){.arena = arena_new("test query")};
    AggregateCall call = {.function = function_aggregate_by_oid(COUNT_ROWS)};
    SqlType *partial = ARENA_ARRAY(query->arena, SqlType, 2);
    partial[0] = SQL_TYPE(T_TEXT);
    partial[1] = call.function->partial_of(&call);
    query->inputs[0] = (StageInput){
        .kind = INPUT_BATCH, .column_count = 1, .types = text, .batch = make_rows(query->arena)};
    query->inputs[1] =
        (StageInput){.kind = INPUT_STAGE, .column_count = 2, .types = partial, .stage = 0};
    query->inputs[2] = (StageInput){
        .kind = INPUT_STAGE, .column_count = 2, .types = text, .stage = 1, .is_sorted_merge = true};
    query->stages[0] = (StageDefinition){
        .number = 0,
        .input_count = 1,
        .inputs = &query->inputs[0],
        .worker_count = workers,
        .root = group(query, GROUP_PARTIAL, node(query, OPERATOR_INPUT, 1, text, NULL), partial),
        .shuffle = {.kind = SHUFFLE_HASH, .key_count = 1, .keys = hash_key, .partitions = workers}};
    query->stages[1] = (StageDefinition){
        .number = 1,
        .input_count = 1,
        .inputs = &query->inputs[1],
        .worker_count = workers,
        .root = group(query, GROUP_FINAL, node(query, OPERATOR_INPUT, 2, partial, NULL), text),
        .shuffle = {.kind = SHUFFLE_GLOBAL_SORT,
                    .key_count = 1,
                    .keys = sort_key,
                    .partitions = by_statistics ? 0 : 1,
                    .target_rows = by_statistics ? 500 : 0}};
    query->stages[2] = (StageDefinition){.number = 2,
                                         .input_count = 1,
                                         .inputs = &query->inputs[2],
                                         .worker_count = by_statistics ? workers : 1,
                                         .root = node(query, OPERATOR_WRITE_ROWS, 2, text,
                                                      node(query, OPERATOR_INPUT, 2, text, NULL))};
    query->definition = (QueryDefinition){.query = 9, .stage_count = 3, .stages = query->stages};
}

/* --- workers --- */

typedef struct TestWorker {
    uint32_t number;
    const Query *query;
    Link *link;
    Budget budget;
    Settings settings;
    TypeContext types;
    ExchangeNetwork network;
    ResultSink sink;
    Run *run;
    bool is_done, is_sink_ready;
    Buffer rows;
    uint32_t row_count;
    uint32_t stages_done;
    bool has_statistics;
    Arena *statistics_arena;
    KeyStatistics statistics;
} TestWorker;

static Link *link_to(void *state, uint32_t worker, Fault *fault)
{
    (void)fault;
    TestWorker *self = state;
    assert_int_not_equal(worker, self->number);
    return self->link;
}

static bool sink_is_ready(void *state)
{
    TestWorker *self = state;
    self->is_sink_ready = !self->is_sink_ready;
    return self->is_sink_ready;
}

static bool sink_write(void *state, const void *data, size_t length, uint32_t rows, Fault *fault)
{
    (void)fault;
    TestWorker *self = state;
    buffer_append(&self->rows, data, length);
    self->row_count += rows;
    return true;
}

static bool on_statistics(void *state, uint32_t stage, const KeyStatistics *statistics,
                          Fault *fault)
{
    (void)fault;
    TestWorker *self = state;
    assert_int_equal(stage, 1);
    assert_false(self->has_statistics);
    self->has_statistics = true;
    self->statistics = *statistics;
    self->statistics.samples = batch_copy(self->statistics_arena, statistics->samples);
    return true;
}

static void on_stage_done(void *state, uint32_t stage, const StageCounters *counters)
{
    TestWorker *self = state;
    assert_int_equal(self->stages_done & 1u << stage, 0);
    self->stages_done |= 1u << stage;
    if (stage == 0 && self->number == 0)
        assert_int_equal(counters->input_rows, ROWS);
}

static void worker_start_sliced(TestWorker *worker, const Query *query, uint32_t number, Link *link,
                                int64_t slice_nanos)
{
    static _Atomic uint32_t tickets[4];
    *worker = (TestWorker){.number = number, .query = query, .link = link};
    budget_init_root(&worker->budget, NULL, 0);
    setting_defaults(&worker->settings);
    worker->types = (TypeContext){.zone = timezone_utc(), .settings = &worker->settings};
    worker->network = (ExchangeNetwork){.link_to = link_to, .state = worker};
    worker->sink = (ResultSink){.is_ready = sink_is_ready, .write = sink_write, .state = worker};
    worker->statistics_arena = arena_new("test statistics");
    RunOptions options = {
        .definition = &query->definition,
        .worker = number,
        .types = &worker->types,
        .budget = &worker->budget,
        .tickets = tickets,
        .network = link == NULL ? NULL : &worker->network,
        .sink = &worker->sink,
        .slice_nanos = slice_nanos,
        .reports = {.statistics = on_statistics, .stage_done = on_stage_done, .state = worker}};
    Fault fault;
    worker->run = run_new(&options, &fault);
    if (worker->run == NULL)
        fail_msg("%s", fault.message);
}

static void worker_start(TestWorker *worker, const Query *query, uint32_t number, Link *link)
{
    worker_start_sliced(worker, query, number, link, 0);
}

static void worker_stop(TestWorker *worker)
{
    run_free(worker->run);
    assert_int_equal(worker->budget.used, 0);
    arena_free(worker->statistics_arena);
    buffer_clear(&worker->rows);
    link_free(worker->link);
}

static RunState step(TestWorker *worker)
{
    Fault fault;
    uint32_t stage;
    if (worker->is_done)
        return RUN_DONE;
    RunState state = run_step(worker->run, &stage, &fault);
    if (state == RUN_FAILED)
        fail_msg("stage %u: %s", stage, fault.message);
    worker->is_done = state == RUN_DONE;
    return state;
}

static void serve(TestWorker *worker)
{
    Fault fault;
    assert_true(link_flush(worker->link, &fault));
    assert_true(link_fill(worker->link, &fault));
    for (;;) {
        Frame frame;
        bool has;
        assert_true(link_next(worker->link, &frame, &has, &fault));
        if (!has)
            return;
        if (!exchange_frame(run_exchange(worker->run), worker->link, &frame, &fault))
            fail_msg("%s", fault.message);
    }
}

static void give_boundaries(TestWorker *workers, uint32_t count)
{
    KeyStatistics statistics[2];
    for (uint32_t w = 0; w < count; w++) {
        if (!workers[w].has_statistics)
            return;
        statistics[w] = workers[w].statistics;
    }
    Arena *arena = arena_new("test boundaries");
    PartitionBoundaries boundaries;
    Fault fault;
    const SqlType type = SQL_TYPE(T_TEXT);
    assert_true(partition_boundaries_make(arena, &workers[0].query->stages[1].shuffle, &type,
                                          statistics, count, &boundaries, &fault));
    assert_in_range(boundaries.partition_count, 8, 14);
    for (uint32_t w = 0; w < count; w++) {
        assert_true(run_boundaries(workers[w].run, 1, &boundaries, &fault));
        workers[w].has_statistics = false;
    }
    arena_free(arena);
}

/* --- what must come out --- */

static uint32_t read_u32be(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Checks the rows of one worker: descending keys, right counts; marks the keys seen. */
static void check_rows(const TestWorker *worker, const uint32_t *expected, bool *seen)
{
    const uint8_t *at = worker->rows.data;
    char last[16] = "z";
    for (uint32_t i = 0; i < worker->row_count; i++) {
        char key[16] = "", count[16] = "";
        assert_int_equal(*at, 'D');
        at += 7;
        memcpy(key, at + 4, read_u32be(at));
        at += 4 + read_u32be(at);
        memcpy(count, at + 4, read_u32be(at));
        at += 4 + read_u32be(at);
        assert_true(strcmp(key, last) < 0);
        memcpy(last, key, sizeof last);
        long number = strtol(key + 4, NULL, 10);
        assert_int_equal(strtol(count, NULL, 10), expected[number]);
        assert_false(seen[number]);
        seen[number] = true;
    }
    assert_ptr_equal(at, worker->rows.data + worker->rows.length);
}

static void check_result(const TestWorker *workers, uint32_t count)
{
    static uint32_t expected[KEYS];
    static bool seen[KEYS];
    memset(expected, 0, sizeof expected);
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < ROWS; i++)
        expected[key_of(i)]++;
    for (uint32_t w = 0; w < count; w++)
        check_rows(&workers[w], expected, seen);
    for (uint32_t k = 0; k < KEYS; k++)
        assert_int_equal(seen[k], expected[k] != 0);
}

static void test_one_process(void **state)
{
    (void)state;
    for (int by_statistics = 0; by_statistics < 2; by_statistics++) {
        Query query;
        TestWorker worker;
        make_query(&query, 1, by_statistics);
        worker_start(&worker, &query, 0, NULL);
        for (int turn = 0; !worker.is_done; turn++) {
            assert_true(turn < 100000);
            step(&worker);
            if (by_statistics)
                give_boundaries(&worker, 1);
        }
        assert_int_equal(worker.stages_done, 7);
        check_result(&worker, 1);
        worker_stop(&worker);
        arena_free(query.arena);
    }
}

/* However short the slices are: who says that it is blocked must be waiting for somebody else. The
 * sink refuses every second time only, so a single process is never blocked twice in a row. */
static void test_short_slices(void **state)
{
    (void)state;
    Query query;
    TestWorker worker;
    make_query(&query, 1, false);
    worker_start_sliced(&worker, &query, 0, NULL, 1);
    for (RunState last = RUN_PROGRESSED; !worker.is_done;) {
        RunState now = step(&worker);
        assert_false(last == RUN_BLOCKED && now == RUN_BLOCKED);
        last = now;
    }
    check_result(&worker, 1);
    worker_stop(&worker);
    arena_free(query.arena);
}

static void test_two_workers(void **state)
{
    (void)state;
    for (int by_statistics = 0; by_statistics < 2; by_statistics++) {
        Query query;
        TestWorker workers[2];
        int fds[2];
        Fault fault;
        make_query(&query, 2, by_statistics);
        assert_true(os_socket_pair(fds, &fault));
        for (uint32_t w = 0; w < 2; w++)
            worker_start(&workers[w], &query, w, link_new(fds[w]));
        for (int turn = 0; !workers[0].is_done || !workers[1].is_done; turn++) {
            assert_true(turn < 100000);
            for (uint32_t w = 0; w < 2; w++) {
                step(&workers[w]);
                serve(&workers[w]);
            }
            if (by_statistics)
                give_boundaries(workers, 2);
        }
        assert_int_equal(workers[0].stages_done, 7);
        assert_int_equal(workers[1].stages_done, by_statistics ? 7 : 3);
        check_result(workers, 2);
        for (uint32_t w = 0; w < 2; w++)
            worker_stop(&workers[w]);
        arena_free(query.arena);
    }
}

static void test_freed_in_the_middle(void **state)
{
    (void)state;
    for (int steps = 0; steps < 12; steps++) {
        Query query;
        TestWorker workers[2];
        int fds[2];
        Fault fault;
        make_query(&query, 2, true);
        assert_true(os_socket_pair(fds, &fault));
        for (uint32_t w = 0; w < 2; w++)
            worker_start(&workers[w], &query, w, link_new(fds[w]));
        for (int turn = 0; turn < steps; turn++)
            for (uint32_t w = 0; w < 2; w++) {
                step(&workers[w]);
                serve(&workers[w]);
            }
        for (uint32_t w = 0; w < 2; w++)
            worker_stop(&workers[w]);
        arena_free(query.arena);
    }
}

static void test_memory_refused(void **state)
{
    (void)state;
    Query query;
    TestWorker worker;
    Fault fault = {0};
    make_query(&query, 1, false);
    worker_start(&worker, &query, 0, NULL);
    worker.budget.limit = 100000;
    uint32_t stage;
    RunState outcome = RUN_PROGRESSED;
    for (int turn = 0; turn < 100000 && outcome != RUN_FAILED && outcome != RUN_DONE; turn++)
        outcome = run_step(worker.run, &stage, &fault);
    assert_int_equal(outcome, RUN_FAILED);
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    worker_stop(&worker);
    arena_free(query.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_process),
        cmocka_unit_test(test_short_slices),
        cmocka_unit_test(test_two_workers),
        cmocka_unit_test(test_freed_in_the_middle),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

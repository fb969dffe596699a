/*
 * Tests of the exchange: every shuffle between two workers whose links are a socket pair, in one
 * process where both can be watched, and once more in two processes.
 */
#include "engine/exchange/exchange.h"

#include "base/log/log.h"
#include "base/os/os.h"
#include "engine/exchange/exchange_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % limit;
}

/* --- rows: a number unique to the row, a text, an integer key with nulls --- */

enum { COLUMNS = 3, MAX_ROWS = 400000 };

static Batch *make_batch(Arena *arena, uint32_t rows, int64_t first_number)
{
    Batch *batch = batch_make(arena, COLUMNS, rows);
    int64_t *numbers = arena_alloc_vector(arena, rows * sizeof *numbers);
    for (uint32_t i = 0; i < rows; i++)
        numbers[i] = first_number + i;
    batch->columns[0] = vector_flat(LAYOUT_INT64, rows, numbers, NULL);
    VectorBuilder texts, keys;
    vector_builder_init(&texts, arena, LAYOUT_STRING, rows);
    vector_builder_init(&keys, arena, LAYOUT_INT64, rows);
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t hash = (uint64_t)int64_hash(first_number + i);
        vector_builder_text(
            &texts, text_of(arena_printf(arena, "text %llu", (unsigned long long)(hash % 97))));
        if (hash % 11 == 0)
            vector_builder_null(&keys);
        else
            vector_builder_int64(&keys, (int64_t)(hash % 5003) - 2500);
    }
    batch->columns[1] = vector_builder_finish(&texts);
    batch->columns[2] = vector_builder_finish(&keys);
    return batch;
}

/* The row of a number is known: whether a row that arrived is the one that was sent. */
static void assert_row_is_right(const Batch *batch, uint32_t row)
{
    int64_t number = VECTOR_DATA(int64_t, &batch->columns[0])[vector_row(&batch->columns[0], row)];
    uint64_t hash = (uint64_t)int64_hash(number);
    char text[32];
    snprintf(text, sizeof text, "text %llu", (unsigned long long)(hash % 97));
    assert_true(text_equal_string(vector_text(&batch->columns[1], row), text));
    assert_int_equal(vector_is_null(&batch->columns[2], row), hash % 11 == 0);
    if (hash % 11 != 0)
        assert_int_equal(VECTOR_DATA(int64_t, &batch->columns[2])[row],
                         (int64_t)(hash % 5003) - 2500);
}

/* --- a definition of two stages --- */

typedef struct Plan2 {
    QueryDefinition definition;
    StageDefinition stages[2];
    StageInput inputs[2];
    OperatorSpec root;
    SqlType types[COLUMNS];
    SortColumn keys[2];
} Plan2;

static void make_plan(Plan2 *plan, ShuffleSpec shuffle, uint32_t producers, uint32_t consumers,
                      StageRead read, bool merge, uint32_t readers)
{
    *plan = (Plan2){0};
    plan->types[0] = plan->types[2] = SQL_TYPE(T_INT8);
    plan->types[1] = SQL_TYPE(T_TEXT);
    plan->root =
        (OperatorSpec){.kind = OPERATOR_INPUT, .column_count = COLUMNS, .types = plan->types};
    plan->keys[0] = (SortColumn){.column = 2, .descending = true};
    plan->keys[1] = (SortColumn){.column = 1};
    shuffle.keys = plan->keys;
    plan->stages[0] = (StageDefinition){
        .number = 0, .root = &plan->root, .shuffle = shuffle, .worker_count = producers};
    for (uint32_t i = 0; i < readers; i++)
        plan->inputs[i] = (StageInput){.kind = INPUT_STAGE,
                                       .column_count = COLUMNS,
                                       .types = plan->types,
                                       .stage = 0,
                                       .read = read,
                                       .is_sorted_merge = merge};
    plan->stages[1] = (StageDefinition){.number = 1,
                                        .root = &plan->root,
                                        .worker_count = consumers,
                                        .inputs = plan->inputs,
                                        .input_count = readers};
    plan->definition = (QueryDefinition){.query = 77, .stage_count = 2, .stages = plan->stages};
}

/* --- a worker --- */

typedef struct TestWorker {
    uint32_t number;
    Link *link; /* to the other one */
    Arena *arena;
    Budget budget;
    StageCounters counters[2];
    ExchangeNetwork network;
    Exchange *exchange;
    StageSource sources[2];
    bool is_source_done[2];
    uint32_t source_count;
    bool is_producing, is_drained;
    uint32_t batches_left;
    int64_t next_number;
    /* what arrived at each source, in order */
    int64_t *numbers[2];
    uint32_t *partitions[2];
    uint32_t count[2];
} TestWorker;

static Link *other_worker(void *state, uint32_t worker, Fault *fault)
{
    (void)fault;
    TestWorker *self = state;
    assert_int_not_equal(worker, self->number);
    return self->link;
}

static void worker_start(TestWorker *worker, const Plan2 *plan, uint32_t number, Link *link,
                         uint32_t batches)
{
    *worker = (TestWorker){.number = number,
                           .link = link,
                           .batches_left = batches,
                           .next_number = (int64_t)number * 1000000};
    worker->arena = arena_new("test worker");
    budget_init_root(&worker->budget, NULL, 0);
    worker->network = (ExchangeNetwork){.link_to = other_worker, .state = worker};
    ExchangeOptions options = {.arena = worker->arena,
                               .definition = &plan->definition,
                               .worker = number,
                               .budget = &worker->budget,
                               .network = &worker->network,
                               .counters = worker->counters};
    worker->exchange = exchange_new(&options);
    worker->is_producing = number < plan->stages[0].worker_count;
    worker->is_drained = !worker->is_producing;
    if (number < plan->stages[1].worker_count)
        worker->source_count = plan->stages[1].input_count;
    for (uint32_t s = 0; s < worker->source_count; s++) {
        worker->sources[s] = exchange_source(worker->exchange, 1, s);
        worker->numbers[s] = malloc(MAX_ROWS * sizeof(int64_t));
        worker->partitions[s] = malloc(MAX_ROWS * sizeof(uint32_t));
    }
}

static void worker_stop(TestWorker *worker)
{
    exchange_free(worker->exchange);
    assert_int_equal(worker->budget.used, 0);
    arena_free(worker->arena);
    for (uint32_t s = 0; s < worker->source_count; s++) {
        free(worker->numbers[s]);
        free(worker->partitions[s]);
    }
}

static void serve(TestWorker *worker)
{
    Fault fault;
    if (worker->link == NULL)
        return;
    assert_true(link_flush(worker->link, &fault));
    assert_true(link_fill(worker->link, &fault));
    for (;;) {
        Frame frame;
        bool has;
        assert_true(link_next(worker->link, &frame, &has, &fault));
        if (!has)
            return;
        assert_true(exchange_frame(worker->exchange, worker->link, &frame, &fault));
    }
}

/* Puts a batch, finishes, or drains. */
static void produce(TestWorker *worker)
{
    Fault fault;
    if (worker->is_producing && exchange_is_ready(worker->exchange, 0) &&
        worker->batches_left != 0) {
        Arena *arena = arena_new("batch");
        uint32_t rows = 1 + random_below(BATCH_ROWS);
        assert_true(exchange_put(worker->exchange, 0, make_batch(arena, rows, worker->next_number),
                                 &fault));
        worker->next_number += rows;
        arena_free(arena);
        if (--worker->batches_left == 0) {
            assert_true(exchange_finish(worker->exchange, 0, &fault));
            worker->is_producing = false;
        }
        return;
    }
    if (worker->is_drained)
        return;
    Progress progress = exchange_drain(worker->exchange, 0, &fault);
    assert_int_not_equal(progress, PROGRESS_FAILED);
    worker->is_drained = progress == PROGRESS_DONE;
}

static void consume(TestWorker *worker, uint32_t s)
{
    Batch *batch;
    Fault fault;
    uint32_t partition;
    if (worker->is_source_done[s])
        return;
    Progress progress =
        worker->sources[s].next(worker->sources[s].state, &batch, &partition, &fault);
    if (progress == PROGRESS_FAILED)
        fail_msg("%s", fault.message);
    worker->is_source_done[s] = progress == PROGRESS_DONE;
    if (progress != PROGRESS_BATCH)
        return;
    for (uint32_t i = 0; i < batch->rows; i++) {
        assert_true(worker->count[s] < MAX_ROWS);
        assert_row_is_right(batch, i);
        worker->numbers[s][worker->count[s]] =
            VECTOR_DATA(int64_t, &batch->columns[0])[vector_row(&batch->columns[0], i)];
        worker->partitions[s][worker->count[s]++] = partition;
    }
}

static bool is_finished(const TestWorker *worker)
{
    for (uint32_t s = 0; s < worker->source_count; s++)
        if (!worker->is_source_done[s])
            return false;
    return worker->is_drained;
}

/* --- two workers in one process --- */

static TestWorker workers[2];

static void exchange_statistics_of_both(const Plan2 *plan, bool *done)
{
    KeyStatistics statistics[2];
    uint32_t count = plan->stages[0].worker_count;
    for (uint32_t w = 0; w < count; w++)
        if (workers[w].is_producing || workers[w].batches_left != 0)
            return;
    for (uint32_t w = 0; w < count; w++)
        assert_true(exchange_statistics(workers[w].exchange, 0, &statistics[w]));
    Arena *arena = arena_new("boundaries");
    PartitionBoundaries boundaries;
    Fault fault;
    assert_true(partition_boundaries_make(arena, &plan->stages[0].shuffle, NULL, statistics, count,
                                          &boundaries, &fault));
    assert_true(boundaries.partition_count > 3);
    for (uint32_t w = 0; w < 2; w++)
        assert_true(exchange_boundaries(workers[w].exchange, 0, &boundaries, &fault));
    arena_free(arena);
    *done = true;
}

static int64_t run_both(const Plan2 *plan, uint32_t batches)
{
    int fds[2];
    Fault fault;
    assert_true(os_socket_pair(fds, &fault));
    for (uint32_t w = 0; w < 2; w++)
        worker_start(&workers[w], plan, w, link_new(fds[w]), batches);
    bool has_boundaries = plan->stages[0].shuffle.kind != SHUFFLE_GLOBAL_SORT ||
                          plan->stages[0].shuffle.partitions == 1;
    for (int turn = 0; !is_finished(&workers[0]) || !is_finished(&workers[1]); turn++) {
        assert_true(turn < 2000000);
        if (!has_boundaries)
            exchange_statistics_of_both(plan, &has_boundaries);
        TestWorker *worker = &workers[random_below(2)];
        uint32_t what = random_below(3);
        if (what == 0)
            serve(worker);
        else if (what == 1)
            produce(worker);
        else
            for (uint32_t s = 0; s < worker->source_count; s++)
                consume(worker, s);
    }
    int64_t total = 0;
    for (uint32_t w = 0; w < plan->stages[0].worker_count; w++)
        total += workers[w].next_number - (int64_t)w * 1000000;
    return total;
}

static void stop_both(void)
{
    for (uint32_t w = 0; w < 2; w++) {
        worker_stop(&workers[w]);
        link_free(workers[w].link);
    }
}

/* Every row that was sent is among `numbers`, once. */
static void assert_all_once(int64_t *const *numbers, const uint32_t *counts, uint32_t lists,
                            int64_t total)
{
    uint8_t *seen = calloc(2000000, 1);
    int64_t sum = 0;
    for (uint32_t l = 0; l < lists; l++)
        for (uint32_t i = 0; i < counts[l]; i++) {
            assert_in_range(numbers[l][i], 0, 1999999);
            assert_int_equal(seen[numbers[l][i]], 0);
            seen[numbers[l][i]] = 1;
            sum++;
        }
    assert_int_equal(sum, total);
    free(seen);
}

static void assert_divided(int64_t total)
{
    int64_t *numbers[2] = {workers[0].numbers[0], workers[1].numbers[0]};
    uint32_t counts[2] = {workers[0].count[0], workers[1].count[0]};
    assert_all_once(numbers, counts, workers[1].source_count == 0 ? 1 : 2, total);
}

static void key_of(int64_t number, bool *is_null, int64_t *key, uint64_t *text)
{
    uint64_t hash = (uint64_t)int64_hash(number);
    *is_null = hash % 11 == 0;
    *key = (int64_t)(hash % 5003) - 2500;
    *text = hash % 97;
}

static void test_hash(void **state)
{
    (void)state;
    for (uint32_t partitions = 2; partitions <= 5; partitions += 3) {
        Plan2 plan;
        make_plan(&plan,
                  (ShuffleSpec){.kind = SHUFFLE_HASH, .key_count = 1, .partitions = partitions}, 2,
                  2, READ_PARTITIONS, false, 1);
        int64_t total = run_both(&plan, 60);
        assert_divided(total);
        assert_true(workers[0].count[0] > total / 6 && workers[1].count[0] > total / 6);
        /* Rows of one key are in one partition. */
        uint32_t *partition_of = calloc(5004, sizeof *partition_of);
        for (uint32_t w = 0; w < 2; w++)
            for (uint32_t i = 0; i < workers[w].count[0]; i++) {
                bool is_null;
                int64_t key;
                uint64_t text;
                key_of(workers[w].numbers[0][i], &is_null, &key, &text);
                uint32_t *known = &partition_of[is_null ? 5003 : key + 2500];
                uint32_t partition = workers[w].partitions[0][i];
                assert_int_equal(partition % 2, w);
                assert_true(*known == 0 || *known == partition + 1);
                *known = partition + 1;
            }
        free(partition_of);
        stop_both();
    }
}

static void test_mix(void **state)
{
    (void)state;
    Plan2 plan;
    make_plan(&plan, (ShuffleSpec){.kind = SHUFFLE_MIX}, 2, 1, READ_PARTITIONS, false, 1);
    assert_divided(run_both(&plan, 60));
    stop_both();
}

static void test_broadcast(void **state)
{
    (void)state;
    Plan2 plan;
    make_plan(&plan, (ShuffleSpec){.kind = SHUFFLE_BROADCAST}, 2, 2, READ_ALL, false, 1);
    int64_t total = run_both(&plan, 30);
    for (uint32_t w = 0; w < 2; w++)
        assert_all_once(&workers[w].numbers[0], &workers[w].count[0], 1, total);
    stop_both();
}

static void test_two_readers_one_after_the_other(void **state)
{
    (void)state;
    Plan2 plan;
    make_plan(&plan, (ShuffleSpec){.kind = SHUFFLE_HASH, .key_count = 1, .partitions = 2}, 2, 2,
              READ_PARTITIONS, false, 2);
    int64_t total = run_both(&plan, 40);
    for (uint32_t s = 0; s < 2; s++) {
        int64_t *numbers[2] = {workers[0].numbers[s], workers[1].numbers[s]};
        uint32_t counts[2] = {workers[0].count[s], workers[1].count[s]};
        assert_all_once(numbers, counts, 2, total);
    }
    stop_both();
}

/* Descending by the integer, nulls last (they are greater, then turned round... as asked), then
 * text. */
static int compare_numbers(const Plan2 *plan, int64_t a, int64_t b)
{
    bool null_a, null_b;
    int64_t key_a, key_b;
    uint64_t text_a, text_b;
    char bytes_a[32], bytes_b[32];
    key_of(a, &null_a, &key_a, &text_a);
    key_of(b, &null_b, &key_b, &text_b);
    if (null_a != null_b)
        return null_a == plan->keys[0].nulls_first ? -1 : 1;
    if (!null_a && key_a != key_b)
        return key_a > key_b ? -1 : 1;
    snprintf(bytes_a, sizeof bytes_a, "%llu", (unsigned long long)text_a);
    snprintf(bytes_b, sizeof bytes_b, "%llu", (unsigned long long)text_b);
    return strcmp(bytes_a, bytes_b);
}

static void assert_sorted(const Plan2 *plan, const TestWorker *worker)
{
    for (uint32_t i = 1; i < worker->count[0]; i++) {
        assert_true(worker->partitions[0][i - 1] <= worker->partitions[0][i]);
        assert_true(compare_numbers(plan, worker->numbers[0][i - 1], worker->numbers[0][i]) <= 0);
    }
}

static void test_global_sort_one_partition(void **state)
{
    (void)state;
    for (uint32_t producers = 1; producers <= 2; producers++) {
        Plan2 plan;
        make_plan(&plan,
                  (ShuffleSpec){.kind = SHUFFLE_GLOBAL_SORT, .key_count = 2, .partitions = 1},
                  producers, 1, READ_PARTITIONS, true, 1);
        assert_divided(run_both(&plan, 60));
        assert_sorted(&plan, &workers[0]);
        stop_both();
    }
}

static void test_global_sort_by_statistics(void **state)
{
    (void)state;
    Plan2 plan;
    make_plan(&plan,
              (ShuffleSpec){.kind = SHUFFLE_GLOBAL_SORT, .key_count = 2, .target_rows = 9000}, 2, 2,
              READ_PARTITIONS, true, 1);
    assert_divided(run_both(&plan, 60));
    /* Within a worker partitions ascend and rows ascend; over all, partitions are ranges. */
    int64_t last_of[512], first_of[512];
    memset(last_of, 0xFF, sizeof last_of);
    memset(first_of, 0xFF, sizeof first_of);
    uint32_t rows_of[512] = {0};
    for (uint32_t w = 0; w < 2; w++) {
        assert_sorted(&plan, &workers[w]);
        for (uint32_t i = 0; i < workers[w].count[0]; i++) {
            uint32_t partition = workers[w].partitions[0][i];
            assert_true(partition < 512);
            if (first_of[partition] < 0)
                first_of[partition] = workers[w].numbers[0][i];
            last_of[partition] = workers[w].numbers[0][i];
            rows_of[partition]++;
        }
    }
    for (uint32_t p = 1; p < 512 && first_of[p] >= 0; p++) {
        assert_true(compare_numbers(&plan, last_of[p - 1], first_of[p]) < 0);
        assert_in_range(rows_of[p - 1], 4000, 16000);
    }
    stop_both();
}

/* Ranges without order inside: each partition's rows still lie before the next one's. */
static void test_unordered_ranges(void **state)
{
    (void)state;
    Plan2 plan;
    make_plan(&plan,
              (ShuffleSpec){.kind = SHUFFLE_GLOBAL_SORT,
                            .key_count = 2,
                            .target_rows = 9000,
                            .is_unordered = true},
              2, 2, READ_PARTITIONS, false, 1);
    assert_divided(run_both(&plan, 60));
    int64_t least[512], most[512];
    uint32_t rows_of[512] = {0}, count = 0;
    for (uint32_t w = 0; w < 2; w++)
        for (uint32_t i = 0; i < workers[w].count[0]; i++) {
            uint32_t p = workers[w].partitions[0][i];
            int64_t number = workers[w].numbers[0][i];
            assert_true(p < 512);
            if (rows_of[p] == 0 || compare_numbers(&plan, number, least[p]) < 0)
                least[p] = number;
            if (rows_of[p] == 0 || compare_numbers(&plan, number, most[p]) > 0)
                most[p] = number;
            rows_of[p]++;
            count = p >= count ? p + 1 : count;
        }
    assert_true(count > 2);
    for (uint32_t p = 1; p < count; p++) {
        assert_true(compare_numbers(&plan, most[p - 1], least[p]) < 0);
        assert_in_range(rows_of[p - 1], 4000, 16000);
    }
    stop_both();
}

/* A consumer that wants no more after its first rows stops its producers. */
static void test_stop(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        Plan2 plan;
        ShuffleSpec hash = {.kind = SHUFFLE_HASH, .key_count = 1, .partitions = 4};
        ShuffleSpec sort = {.kind = SHUFFLE_GLOBAL_SORT, .key_count = 1, .partitions = 1};
        make_plan(&plan, kind == 0 ? hash : sort, 2, kind == 0 ? 2 : 1, READ_PARTITIONS, kind == 1,
                  1);
        int fds[2];
        Fault fault;
        assert_true(os_socket_pair(fds, &fault));
        for (uint32_t w = 0; w < 2; w++)
            worker_start(&workers[w], &plan, w, link_new(fds[w]), kind == 0 ? UINT32_MAX : 50);
        for (int turn = 0; !workers[0].is_drained || !workers[1].is_drained; turn++) {
            assert_true(turn < 500000);
            for (uint32_t w = 0; w < 2; w++) {
                TestWorker *worker = &workers[w];
                serve(worker);
                produce(worker);
                if (worker->source_count == 0 || worker->is_source_done[0])
                    continue;
                consume(worker, 0);
                if (worker->count[0] > 1000) {
                    worker->sources[0].stop(worker->sources[0].state);
                    worker->is_source_done[0] = true;
                }
            }
        }
        stop_both();
    }
}

/* A producer is held back by a consumer that does not read. */
static void test_backpressure(void **state)
{
    (void)state;
    Plan2 plan;
    make_plan(&plan, (ShuffleSpec){.kind = SHUFFLE_MIX}, 2, 1, READ_PARTITIONS, false, 1);
    int fds[2];
    Fault fault;
    assert_true(os_socket_pair(fds, &fault));
    for (uint32_t w = 0; w < 2; w++)
        worker_start(&workers[w], &plan, w, link_new(fds[w]), UINT32_MAX);
    Batch *batch;
    uint32_t partition;
    /* The first call opens the channels. */
    assert_int_equal(
        workers[0].sources[0].next(workers[0].sources[0].state, &batch, &partition, &fault),
        PROGRESS_BLOCKED);
    for (int turn = 0; turn < 3000; turn++)
        for (uint32_t w = 0; w < 2; w++) {
            serve(&workers[w]);
            produce(&workers[w]);
        }
    for (uint32_t w = 0; w < 2; w++) {
        assert_false(exchange_is_ready(workers[w].exchange, 0));
        assert_true(workers[w].budget.peak < 40 << 20);
    }
    stop_both();
}

static void test_lost_link(void **state)
{
    (void)state;
    Plan2 plan;
    make_plan(&plan, (ShuffleSpec){.kind = SHUFFLE_MIX}, 2, 1, READ_PARTITIONS, false, 1);
    int fds[2];
    Fault fault;
    assert_true(os_socket_pair(fds, &fault));
    for (uint32_t w = 0; w < 2; w++)
        worker_start(&workers[w], &plan, w, link_new(fds[w]), 10);
    consume(&workers[0], 0);
    assert_false(exchange_link_lost(workers[0].exchange, workers[0].link, &fault));
    assert_int_equal(fault.code, FAULT_WORKER_RPC_FAILED);
    assert_true(exchange_link_lost(workers[1].exchange, workers[1].link, &fault));
    stop_both();
}

static void test_hostile_frames(void **state)
{
    (void)state;
    Plan2 plan;
    make_plan(&plan, (ShuffleSpec){.kind = SHUFFLE_HASH, .key_count = 1, .partitions = 2}, 2, 2,
              READ_PARTITIONS, false, 1);
    int fds[2];
    Fault fault;
    assert_true(os_socket_pair(fds, &fault));
    for (uint32_t w = 0; w < 2; w++)
        worker_start(&workers[w], &plan, w, link_new(fds[w]), 10);
    const FrameKind kinds[] = {FRAME_CHANNEL_OPEN, FRAME_CHANNEL_CREDIT, FRAME_CHANNEL_DATA,
                               FRAME_CHANNEL_END};
    for (int round = 0; round < 4000; round++) {
        Buffer bytes = BUFFER_EMPTY;
        FrameWriter writer;
        FrameKind kind = kinds[random_below(4)];
        frame_begin(&writer, &bytes, kind);
        frame_put_uint(&writer, "query", 77);
        const char *names[] = {"stage",    "reader", "partition", "producer",
                               "consumer", "credit", "bytes"};
        for (size_t i = 0; i < 7; i++)
            if (random_below(8) != 0)
                frame_put_uint(&writer, names[i],
                               random_below(4) == 0 ? random_state : random_below(3));
        if (random_below(4) == 0)
            frame_put_bool(&writer, "stop", true);
        frame_end(&writer);
        Frame frame;
        assert_true(
            frame_read(bytes.data + FRAME_PREFIX, bytes.length - FRAME_PREFIX, &frame, &fault));
        /* Data frames are taken from a link; here there is none to take from. */
        if (kind != FRAME_CHANNEL_DATA)
            (void)exchange_frame(workers[0].exchange, workers[0].link, &frame, &fault);
        buffer_clear(&bytes);
    }
    stop_both();
}

/* --- two processes --- */

static void run_one(uint32_t number, int fd, const Plan2 *plan)
{
    TestWorker *worker = &workers[number];
    worker_start(worker, plan, number, link_new(fd), 80);
    bool has_said_bye = false;
    for (;;) {
        Fault fault;
        bool was_finished = is_finished(worker);
        produce(worker);
        for (uint32_t s = 0; s < worker->source_count; s++)
            consume(worker, s);
        if (was_finished && !has_said_bye && !link_wants_write(worker->link)) {
            FrameWriter writer;
            frame_begin(&writer, link_out(worker->link), FRAME_QUERY_ENDED);
            frame_end(&writer);
            has_said_bye = true;
        }
        assert_true(link_flush(worker->link, &fault));
        bool is_alive = link_fill(worker->link, &fault);
        for (;;) {
            Frame frame;
            bool has;
            assert_true(link_next(worker->link, &frame, &has, &fault));
            if (!has)
                break;
            if (frame.kind == FRAME_QUERY_ENDED && has_said_bye)
                return;
            if (frame.kind == FRAME_QUERY_ENDED)
                is_alive = true;
            else
                assert_true(exchange_frame(worker->exchange, worker->link, &frame, &fault));
        }
        if (!is_alive)
            return;
    }
}

static void test_two_processes(void **state)
{
    (void)state;
    Plan2 plan;
    make_plan(&plan, (ShuffleSpec){.kind = SHUFFLE_HASH, .key_count = 1, .partitions = 2}, 2, 2,
              READ_PARTITIONS, false, 1);
    int fds[2], pipe_fds[2];
    Fault fault;
    assert_true(os_socket_pair(fds, &fault));
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    random_state += (uint64_t)child;
    uint32_t number = child == 0;
    os_close(fds[1 - number]);
    run_one(number, fds[number], &plan);
    struct {
        uint32_t received;
        int64_t sent, sum;
    } mine = {.received = workers[number].count[0],
              .sent = workers[number].next_number - number * 1000000},
      other;
    for (uint32_t i = 0; i < mine.received; i++)
        mine.sum += workers[number].numbers[0][i];
    int64_t sent_sum = 0;
    for (int64_t n = number * 1000000; n < workers[number].next_number; n++)
        sent_sum += n;
    mine.sum -= sent_sum;
    worker_stop(&workers[number]);
    link_free(workers[number].link);
    if (child == 0) {
        ssize_t written = write(pipe_fds[1], &mine, sizeof mine);
        _exit(written == sizeof mine ? 0 : 1);
    }
    int status;
    assert_int_equal(read(pipe_fds[0], &other, sizeof other), sizeof other);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(mine.received + other.received, mine.sent + other.sent);
    assert_int_equal(mine.sum + other.sum, 0);
    assert_true(mine.received > 10000 && other.received > 10000);
    os_close(pipe_fds[0]);
    os_close(pipe_fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_mix),
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_two_readers_one_after_the_other),
        cmocka_unit_test(test_global_sort_one_partition),
        cmocka_unit_test(test_global_sort_by_statistics),
        cmocka_unit_test(test_unordered_ranges),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_backpressure),
        cmocka_unit_test(test_lost_link),
        cmocka_unit_test(test_hostile_frames),
        cmocka_unit_test(test_two_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

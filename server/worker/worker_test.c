/*
 * Two workers as processes of their own; the test plays the front end and the controller. A count
 * by key goes through a hash shuffle and a global sort cut by statistics, several times over, and
 * between them a query that fails: the workers stay warm.
 */
#include "server/worker/worker.h"

#include "base/log/log.h"
#include "base/os/os.h"
#include "engine/stage/stage.h"
#include "protocol/frame/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    WORKERS = 2,
    COUNT_ROWS = 2803,
    INT8_DIVIDE = 466,
    ROWS = 100000,
    KEYS = 3000,
    STAGES = 3,
    WAIT_MS = 20000
};

static char run_folder[64];
static SharedPage *shared;
static Settings settings;
static pid_t children[WORKERS];
static Link *fronts[WORKERS], *controllers[WORKERS];

static uint32_t key_of(uint32_t row)
{
    return (uint32_t)(int64_hash(row) % KEYS);
}

/* --- the query --- */

typedef struct Query {
    Arena *arena;
    QueryDefinition definition;
    StageDefinition stages[STAGES];
    StageInput inputs[STAGES];
    Text names[2];
} Query;

static OperatorSpec *node(Arena *arena, OperatorKind kind, uint32_t columns, const SqlType *types,
                          const OperatorSpec *child)
{
    OperatorSpec *spec = ARENA_NEW(arena, OperatorSpec);
    const OperatorSpec **children_of = ARENA_ARRAY(arena, const OperatorSpec *, 1);
    children_of[0] = child;
    *spec = (OperatorSpec){.kind = kind,
                           .column_count = columns,
                           .types = types,
                           .child_count = child != NULL,
                           .children = children_of};
    return spec;
}

static OperatorSpec *input(Arena *arena, uint32_t columns, const SqlType *types)
{
    static const uint32_t keep[] = {0, 1};
    OperatorSpec *spec = node(arena, OPERATOR_INPUT, columns, types, NULL);
    spec->input.keep = keep;
    spec->input.keep_count = columns;
    return spec;
}

static OperatorSpec *group(Arena *arena, GroupMode mode, const OperatorSpec *child,
                           const SqlType *types)
{
    static const uint32_t keys[] = {0}, arguments[] = {1};
    StageAggregate *count = ARENA_NEW(arena, StageAggregate);
    *count = (StageAggregate){.function = function_aggregate_by_oid(COUNT_ROWS),
                              .result = SQL_TYPE(T_INT8),
                              .filter = -1};
    if (mode == GROUP_FINAL) { /* its one input is the state */
        static const SqlType state = {T_INT8, -1};
        static const Vector *const none[] = {NULL};
        count->argument_count = 1;
        count->arguments = arguments;
        count->argument_types = &state;
        count->constants = none;
    }
    OperatorSpec *spec = node(arena, OPERATOR_GROUP, 2, types, child);
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
    uint32_t *codes = arena_alloc_vector(arena, ROWS * sizeof *codes);
    for (uint32_t i = 0; i < ROWS; i++)
        codes[i] = key_of(i) + 1;
    Batch *batch = batch_make(arena, 1, ROWS);
    batch->columns[0] =
        vector_dictionary(dictionary_make(arena, texts, KEYS + 1, true, true), ROWS, codes);
    return batch;
}

/* A filter that divides by zero for every row: the query fails where rows are read. */
static const OperatorSpec *failing(Arena *arena, const OperatorSpec *child)
{
    OperatorSpec *spec = node(arena, OPERATOR_PROJECT, 2, child->types, child);
    const Expr **items = ARENA_ARRAY(arena, const Expr *, 2);
    const Expr *column = expr_column(arena, SQL_TYPE(T_INT8), 1, -1);
    const Expr *arguments[] = {column, expr_int64(arena, SQL_TYPE(T_INT8), 0, -1)};
    items[0] = expr_column(arena, SQL_TYPE(T_TEXT), 0, -1);
    items[1] =
        expr_call(arena, function_scalar_by_oid(INT8_DIVIDE), SQL_TYPE(T_INT8), arguments, 2, -1);
    spec->project.items = items;
    return spec;
}

static void make_query(Query *query, uint64_t number, bool fails)
{
    static const SqlType text[2] = {{T_TEXT, -1}, {T_INT8, -1}};
    static const SortColumn hash_key[] = {{.column = 0}},
                            sort_key[] = {{.column = 0, .descending = true}};
    static const int16_t formats[2] = {0, 0};
    *query = (Query){.arena = arena_new("test query")};
    Arena *arena = query->arena;
    AggregateCall call = {.function = function_aggregate_by_oid(COUNT_ROWS)};
    SqlType *partial = ARENA_ARRAY(arena, SqlType, 2);
    partial[0] = SQL_TYPE(T_TEXT);
    partial[1] = call.function->partial_of(&call);
    query->names[0] = query->names[1] = TEXT_LITERAL("x");
    query->inputs[0] = (StageInput){.kind = INPUT_BATCH,
                                    .column_count = 1,
                                    .types = text,
                                    .names = query->names,
                                    .batch = make_rows(arena)};
    query->inputs[1] = (StageInput){.kind = INPUT_STAGE,
                                    .column_count = 2,
                                    .types = partial,
                                    .stage = 0,
                                    .names = query->names};
    query->inputs[2] = (StageInput){.kind = INPUT_STAGE,
                                    .column_count = 2,
                                    .types = text,
                                    .stage = 1,
                                    .names = query->names,
                                    .is_sorted_merge = true};
    query->stages[0] = (StageDefinition){
        .number = 0,
        .input_count = 1,
        .inputs = &query->inputs[0],
        .worker_count = WORKERS,
        .max_worker_count = WORKERS,
        .processor = "groupByPreShuffle",
        .root = group(arena, GROUP_PARTIAL, input(arena, 1, text), partial),
        .shuffle = {.kind = SHUFFLE_HASH, .key_count = 1, .keys = hash_key, .partitions = WORKERS}};
    const OperatorSpec *counted = group(arena, GROUP_FINAL, input(arena, 2, partial), text);
    query->stages[1] = (StageDefinition){
        .number = 1,
        .input_count = 1,
        .inputs = &query->inputs[1],
        .worker_count = WORKERS,
        .max_worker_count = WORKERS,
        .processor = "groupByPostShuffle",
        .root = fails ? failing(arena, counted) : counted,
        .shuffle = {
            .kind = SHUFFLE_GLOBAL_SORT, .key_count = 1, .keys = sort_key, .target_rows = 400}};
    OperatorSpec *write = node(arena, OPERATOR_WRITE_ROWS, 2, text, input(arena, 2, text));
    write->write_rows.formats = formats;
    query->stages[2] = (StageDefinition){.number = 2,
                                         .input_count = 1,
                                         .inputs = &query->inputs[2],
                                         .worker_count = WORKERS,
                                         .max_worker_count = WORKERS,
                                         .processor = "scan",
                                         .root = write};
    query->definition = (QueryDefinition){.query = number,
                                          .stage_count = STAGES,
                                          .stages = query->stages,
                                          .result_partitions = WORKERS};
}

/* --- what the front end and the controller have heard --- */

typedef struct Heard {
    Buffer rows[WORKERS];
    uint32_t row_count[WORKERS];
    bool has_result_end[WORKERS];
    uint32_t stages_done;
    bool has_statistics[WORKERS];
    KeyStatistics statistics[WORKERS];
    bool has_fault;
    Fault fault;
    uint32_t ended;
} Heard;

static void send_work_orders(const Query *query)
{
    Buffer definition = BUFFER_EMPTY, packed_settings = BUFFER_EMPTY;
    query_definition_pack(&query->definition, &definition);
    setting_pack(&settings, &packed_settings);
    for (uint32_t w = 0; w < WORKERS; w++) {
        FrameWriter writer;
        frame_begin(&writer, link_out(controllers[w]), FRAME_WORK_ORDER);
        frame_put_uint(&writer, "query", query->definition.query);
        frame_put_uint(&writer, "worker", w);
        frame_put_text(&writer, "workers", TEXT_LITERAL("0:1,1:1"));
        frame_put_bytes(&writer, "definition", definition.data, definition.length);
        frame_put_bytes(&writer, "settings", packed_settings.data, packed_settings.length);
        frame_put_int(&writer, "now", 0);
        frame_put_uint(&writer, "tickets_row", 0);
        frame_end(&writer);
    }
    buffer_clear(&definition);
    buffer_clear(&packed_settings);
}

static void hear_front(Heard *heard, uint32_t w, const Frame *frame, uint64_t query)
{
    if (frame_uint(frame, "query", 0) != query)
        return;
    if (frame->kind == FRAME_RESULT_END) {
        assert_int_equal(frame_uint(frame, "rows", 0), heard->row_count[w]);
        heard->has_result_end[w] = true;
    }
    if (frame->kind != FRAME_RESULT_ROWS)
        return;
    Text data = frame_text(frame, "data");
    buffer_append(&heard->rows[w], data.data, data.length);
    heard->row_count[w] += (uint32_t)frame_uint(frame, "rows", 0);
    FrameWriter writer;
    frame_begin(&writer, link_out(fronts[w]), FRAME_RESULT_CREDIT);
    frame_put_uint(&writer, "query", query);
    frame_put_uint(&writer, "bytes", data.length);
    frame_end(&writer);
}

static void hear_statistics(Heard *heard, uint32_t w, const Frame *frame, Arena *arena)
{
    Batch *samples;
    Fault fault;
    assert_false(heard->has_statistics[w]);
    assert_true(frame_read_batch(frame, arena, &samples, &fault));
    heard->statistics[w] = (KeyStatistics){
        .worker = w, .rows = frame_uint(frame, "rows", 0), .samples = batch_copy(arena, samples)};
    heard->has_statistics[w] = true;
}

static void hear_worker(Heard *heard, uint32_t w, const Frame *frame, const Query *query)
{
    if (frame_uint(frame, "query", 0) != query->definition.query)
        return;
    if (frame->kind == FRAME_STAGE_DONE)
        heard->stages_done++;
    if (frame->kind == FRAME_KEY_STATISTICS)
        hear_statistics(heard, w, frame, query->arena);
    if (frame->kind == FRAME_QUERY_ENDED)
        heard->ended++;
    if (frame->kind == FRAME_WORKER_FAULT) {
        heard->has_fault = true;
        assert_true(frame_fault(frame, "fault", &heard->fault));
    }
}

static bool hear_link(Link *link, Frame *frame)
{
    Fault fault;
    bool has;
    assert_true(link_next(link, frame, &has, &fault));
    return has;
}

/* Serves all links once. */
static void serve(Heard *heard, const Query *query)
{
    Fault fault;
    Frame frame;
    for (uint32_t w = 0; w < WORKERS; w++) {
        assert_true(link_flush(fronts[w], &fault) && link_flush(controllers[w], &fault));
        assert_true(link_fill(fronts[w], &fault) && link_fill(controllers[w], &fault));
        while (hear_link(fronts[w], &frame))
            hear_front(heard, w, &frame, query->definition.query);
        while (hear_link(controllers[w], &frame))
            hear_worker(heard, w, &frame, query);
    }
    usleep(100);
}

static void send_boundaries(Heard *heard, const Query *query)
{
    PartitionBoundaries boundaries;
    Fault fault;
    const SqlType type = SQL_TYPE(T_TEXT);
    assert_true(partition_boundaries_make(query->arena, &query->stages[1].shuffle, &type,
                                          heard->statistics, WORKERS, &boundaries, &fault));
    assert_true(boundaries.partition_count > 4);
    for (uint32_t w = 0; w < WORKERS; w++) {
        FrameWriter writer;
        frame_begin(&writer, link_out(controllers[w]), FRAME_PARTITION_BOUNDARIES);
        frame_put_uint(&writer, "query", query->definition.query);
        frame_put_uint(&writer, "stage", 1);
        frame_put_bytes(&writer, "starts_bucket", boundaries.starts_bucket,
                        boundaries.partition_count);
        frame_end_with_batch(&writer, boundaries.boundaries);
    }
    heard->has_statistics[0] = false;
}

static bool is_over(const Heard *heard)
{
    return heard->has_fault || (heard->stages_done == STAGES * WORKERS &&
                                heard->has_result_end[0] && heard->has_result_end[1]);
}

static void run_query(Heard *heard, const Query *query)
{
    int64_t until = os_monotonic_nanos() + (int64_t)WAIT_MS * 1000000;
    *heard = (Heard){0};
    send_work_orders(query);
    while (!is_over(heard)) {
        assert_true(os_monotonic_nanos() < until);
        serve(heard, query);
        if (heard->has_statistics[0] && heard->has_statistics[1])
            send_boundaries(heard, query);
    }
    for (uint32_t w = 0; w < WORKERS; w++) {
        FrameWriter writer;
        frame_begin(&writer, link_out(controllers[w]), FRAME_QUERY_END);
        frame_put_uint(&writer, "query", query->definition.query);
        frame_end(&writer);
    }
    while (heard->ended < WORKERS) {
        assert_true(os_monotonic_nanos() < until);
        serve(heard, query);
    }
}

/* --- checking --- */

static uint32_t read_u32be(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void check_rows(const Heard *heard)
{
    static uint32_t expected[KEYS];
    static bool seen[KEYS];
    memset(expected, 0, sizeof expected);
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < ROWS; i++)
        expected[key_of(i)]++;
    for (uint32_t w = 0; w < WORKERS; w++) {
        const uint8_t *at = heard->rows[w].data;
        long last = KEYS;
        for (uint32_t i = 0; i < heard->row_count[w]; i++) {
            char key[16] = "", count[16] = "";
            assert_int_equal(*at, 'D');
            at += 7;
            memcpy(key, at + 4, read_u32be(at));
            at += 4 + read_u32be(at);
            memcpy(count, at + 4, read_u32be(at));
            at += 4 + read_u32be(at);
            long number = strtol(key + 4, NULL, 10);
            assert_true(number < last);
            assert_false(seen[number]);
            assert_int_equal(strtol(count, NULL, 10), expected[number]);
            seen[number] = true;
            last = number;
        }
        assert_true(heard->row_count[w] > 500);
    }
    for (uint32_t k = 0; k < KEYS; k++)
        assert_int_equal(seen[k], expected[k] != 0);
}

static void clear(Heard *heard, Query *query)
{
    for (uint32_t w = 0; w < WORKERS; w++)
        buffer_clear(&heard->rows[w]);
    arena_free(query->arena);
}

static void test_queries(void **state)
{
    (void)state;
    Query query;
    Heard heard;
    for (uint64_t number = 1; number <= 6; number++) {
        bool fails = number % 3 == 2;
        make_query(&query, number, fails);
        run_query(&heard, &query);
        assert_int_equal(heard.has_fault, fails);
        if (fails)
            assert_int_equal(heard.fault.code, FAULT_DIVISION_BY_ZERO);
        else
            check_rows(&heard);
        /* Everything was given back: a clean worker holds nothing of the pool. */
        for (uint32_t w = 0; w < WORKERS; w++)
            assert_int_equal(atomic_load(&shared->memory.slot_used[w]), 0);
        clear(&heard, &query);
    }
}

static void test_malformed_work_order(void **state)
{
    (void)state;
    Query query;
    Heard heard = {0};
    make_query(&query, 7, false);
    FrameWriter writer;
    frame_begin(&writer, link_out(controllers[0]), FRAME_WORK_ORDER);
    frame_put_uint(&writer, "query", 7);
    frame_put_text(&writer, "workers", TEXT_LITERAL("0:1,1:1"));
    frame_put_bytes(&writer, "definition", "not msgpack", 11);
    frame_end(&writer);
    int64_t until = os_monotonic_nanos() + (int64_t)WAIT_MS * 1000000;
    while (!heard.has_fault) {
        assert_true(os_monotonic_nanos() < until);
        serve(&heard, &query);
    }
    clear(&heard, &query);
    make_query(&query, 8, false);
    run_query(&heard, &query);
    check_rows(&heard);
    clear(&heard, &query);
}

/* --- the processes --- */

static void wait_hello(Link *front)
{
    Frame frame;
    Fault fault;
    if (!link_wait_frame(front, &frame, WAIT_MS, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(frame.kind, FRAME_HELLO);
}

static void start_worker(uint32_t number)
{
    int fds[2];
    Fault fault;
    assert_true(os_socket_pair(fds, &fault));
    children[number] = fork();
    assert_true(children[number] >= 0);
    if (children[number] == 0) {
        for (uint32_t w = 0; w < number; w++)
            link_free(fronts[w]);
        os_close(fds[0]);
        ChildContext context = {.number = (int)number,
                                .generation = 1,
                                .front_fd = fds[1],
                                .data_folder = run_folder,
                                .run_folder = run_folder,
                                .settings = &settings,
                                .shared = shared,
                                .memory_slot = (int)number};
        _exit(worker_main(&context));
    }
    os_close(fds[1]);
    fronts[number] = link_new(fds[0]);
    wait_hello(fronts[number]);
}

static void connect_worker(uint32_t number)
{
    char path[128];
    int fd;
    Fault fault;
    snprintf(path, sizeof path, "%s/worker-%u-1.sock", run_folder, number);
    assert_true(os_socket_connect(path, &fd, &fault));
    controllers[number] = link_new(fd);
    FrameWriter writer;
    frame_begin(&writer, link_out(controllers[number]), FRAME_HELLO);
    frame_put_text(&writer, "kind", TEXT_LITERAL("controller"));
    frame_put_uint(&writer, "number", 0);
    frame_end(&writer);
}

static int start(void **state)
{
    (void)state;
    snprintf(run_folder, sizeof run_folder, "/tmp/talaria-worker-test-XXXXXX");
    if (mkdtemp(run_folder) == NULL)
        return -1;
    setting_defaults(&settings);
    shared = os_map_shared(sizeof *shared);
    memory_pool_init(&shared->memory, INT64_C(1) << 30, WORKERS);
    for (uint32_t w = 0; w < WORKERS; w++)
        start_worker(w);
    for (uint32_t w = 0; w < WORKERS; w++)
        connect_worker(w);
    return 0;
}

/* Workers end when their front end is gone, and end well. */
static int stop(void **state)
{
    (void)state;
    int result = 0;
    for (uint32_t w = 0; w < WORKERS; w++) {
        link_free(controllers[w]);
        link_free(fronts[w]);
        int status;
        if (waitpid(children[w], &status, 0) != children[w] || status != 0)
            result = -1;
        char path[128];
        snprintf(path, sizeof path, "%s/worker-%u-1.sock", run_folder, w);
        unlink(path);
    }
    return rmdir(run_folder) == 0 ? result : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_malformed_work_order),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

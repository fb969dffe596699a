/*
 * How fast grouping, joining, sorting and scanning are, on synthetic rows: a program to look at
 * while working on them, not a test. Prints million rows a second of one core.
 */
#include "engine/operator/operator_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    ROWS = 5000000,
    COUNT_ROWS = 2803,
    SUM_INT8 = 2107,
    COUNT_VALUES = 2147,
    INT8_GREATER_EQUAL = 472,
    INT8_LESS = 469
};

typedef struct Speed {
    Arena *arena;
    Budget budget;
    Settings settings;
    TypeContext types;
    StageInput inputs[2];
    StageDefinition stage;
    QueryDefinition definition;
    StageCounters counters;
    _Atomic uint32_t tickets[4];
    OperatorContext context;
} Speed;

static uint64_t random_state = 88172645463325252u;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state >> 20;
}

static Vector integers(Arena *arena, uint32_t distinct, int64_t scale)
{
    int64_t *values = arena_alloc_vector(arena, ROWS * sizeof *values);
    for (uint32_t i = 0; i < ROWS; i++)
        values[i] = (int64_t)(random_next() % distinct) * scale;
    return vector_flat(LAYOUT_INT64, ROWS, values, NULL);
}

static Vector strings(Arena *arena, uint32_t distinct)
{
    Text *texts = ARENA_ARRAY(arena, Text, distinct + 1);
    texts[0] = (Text){0};
    for (uint32_t i = 0; i < distinct; i++)
        texts[i + 1] = text_of(arena_printf(arena, "https://example.org/wiki/page-%07u", i));
    const Dictionary *dictionary = dictionary_make(arena, texts, distinct + 1, true, true);
    uint32_t *codes = arena_alloc_vector(arena, ROWS * sizeof *codes);
    for (uint32_t i = 0; i < ROWS; i++)
        codes[i] = 1 + (uint32_t)(random_next() % distinct);
    return vector_dictionary(dictionary, ROWS, codes);
}

static void speed_init(Speed *speed)
{
    memset(speed, 0, sizeof *speed);
    speed->arena = arena_new("speed");
    budget_init_root(&speed->budget, NULL, 0);
    setting_defaults(&speed->settings);
    speed->types = (TypeContext){.zone = timezone_utc(), .settings = &speed->settings};
    speed->stage = (StageDefinition){.input_count = 2, .inputs = speed->inputs, .worker_count = 1};
    speed->definition = (QueryDefinition){.query = 1, .stage_count = 1, .stages = &speed->stage};
    speed->context = (OperatorContext){.arena = speed->arena,
                                       .budget = &speed->budget,
                                       .types = &speed->types,
                                       .definition = &speed->definition,
                                       .stage = &speed->stage,
                                       .worker_count = 1,
                                       .tickets = speed->tickets,
                                       .ticket_count = 4,
                                       .counters = &speed->counters,
                                       .segments = segment_cache_new(100, (size_t)1 << 30),
                                       .slice_end = INT64_MAX};
}

static void run(Speed *speed, const char *what, const OperatorSpec *spec)
{
    Fault fault;
    int64_t best = INT64_MAX;
    uint64_t rows = 0;
    for (int round = 0; round < 3; round++) {
        memset(speed->tickets, 0, sizeof speed->tickets);
        int64_t start = os_cpu_nanos();
        Operator *root = operator_build(spec, &speed->context, &fault);
        if (root == NULL) {
            printf("%s: %s\n", what, fault.message);
            return;
        }
        Batch *batch;
        Progress progress;
        rows = 0;
        while ((progress = operator_next(root, &batch, &fault)) == PROGRESS_BATCH ||
               progress == PROGRESS_YIELDED)
            rows += progress == PROGRESS_BATCH ? batch->rows : 0;
        if (progress == PROGRESS_FAILED)
            printf("%s: %s\n", what, fault.message);
        operator_close(root);
        int64_t nanos = os_cpu_nanos() - start;
        best = nanos < best ? nanos : best;
    }
    printf("%-46s %7.1f ms %8.1f M rows/s  %8llu rows out\n", what, (double)best / 1e6,
           ROWS / ((double)best / 1e3), (unsigned long long)rows);
    fflush(stdout);
}

static const OperatorSpec *input(Speed *speed, uint32_t index, const Vector *columns,
                                 uint32_t count)
{
    SqlType *types = ARENA_ARRAY(speed->arena, SqlType, count);
    Batch *batch = batch_make(speed->arena, count, columns[0].length);
    for (uint32_t c = 0; c < count; c++) {
        types[c] = SQL_TYPE(columns[c].layout == LAYOUT_STRING ? T_TEXT : T_INT8);
        batch->columns[c] = columns[c];
    }
    speed->inputs[index] =
        (StageInput){.kind = INPUT_BATCH, .column_count = count, .types = types, .batch = batch};
    OperatorSpec *spec = ARENA_NEW(speed->arena, OperatorSpec);
    *spec = (OperatorSpec){.kind = OPERATOR_INPUT, .column_count = count, .types = types};
    spec->input.index = index;
    return spec;
}

static OperatorSpec *over(Speed *speed, OperatorKind kind, uint32_t columns, const OperatorSpec *a,
                          const OperatorSpec *b)
{
    OperatorSpec *spec = ARENA_NEW(speed->arena, OperatorSpec);
    const OperatorSpec **children = ARENA_ARRAY(speed->arena, const OperatorSpec *, 2);
    SqlType *types = ARENA_ARRAY(speed->arena, SqlType, columns);
    for (uint32_t c = 0; c < columns; c++)
        types[c] = c < a->column_count ? a->types[c] : SQL_TYPE(T_INT8);
    children[0] = a;
    children[1] = b;
    *spec = (OperatorSpec){.kind = kind,
                           .column_count = columns,
                           .types = types,
                           .child_count = b == NULL ? 1 : 2,
                           .children = children};
    return spec;
}

/* count(*), sum of the last column, by the columns before it. */
static const OperatorSpec *group(Speed *speed, const OperatorSpec *child, bool distinct)
{
    uint32_t key_count = child->column_count - 1;
    uint32_t *columns = ARENA_ARRAY(speed->arena, uint32_t, child->column_count);
    SqlType *type = ARENA_NEW(speed->arena, SqlType);
    for (uint32_t c = 0; c < child->column_count; c++)
        columns[c] = c;
    *type = child->types[key_count];
    StageAggregate *aggregates = ARENA_ARRAY(speed->arena, StageAggregate, 2);
    aggregates[0] = (StageAggregate){.function = function_aggregate_by_oid(COUNT_ROWS),
                                     .result = SQL_TYPE(T_INT8),
                                     .filter = -1};
    aggregates[1] =
        (StageAggregate){.function = function_aggregate_by_oid(distinct ? COUNT_VALUES : SUM_INT8),
                         .result = SQL_TYPE(T_INT8),
                         .filter = -1,
                         .argument_count = 1,
                         .argument_types = type,
                         .arguments = columns + key_count,
                         .is_distinct = distinct};
    OperatorSpec *spec = over(speed, OPERATOR_GROUP, key_count + 2, child, NULL);
    spec->estimated_rows = child->estimated_rows;
    spec->group.key_count = key_count;
    spec->group.keys = columns;
    spec->group.aggregate_count = 2;
    spec->group.aggregates = aggregates;
    return spec;
}

static void speed_of_groups(Speed *speed)
{
    Vector value = integers(speed->arena, 1000, 1);
    Vector low = strings(speed->arena, 50), middle = strings(speed->arena, 5000),
           high = strings(speed->arena, 800000);
    Vector small = integers(speed->arena, 1000, 1), large = integers(speed->arena, 600000, 1000003);
    Vector hours = integers(speed->arena, 720, INT64_C(3600000000));
    run(speed, "read only", input(speed, 0, &value, 1));
    run(speed, "sum without keys", group(speed, input(speed, 0, &value, 1), false));
    run(speed, "group by 50 strings",
        group(speed, input(speed, 0, (Vector[]){low, value}, 2), false));
    run(speed, "group by 5,000 strings",
        group(speed, input(speed, 0, (Vector[]){middle, value}, 2), false));
    run(speed, "group by 800,000 strings",
        group(speed, input(speed, 0, (Vector[]){high, value}, 2), false));
    run(speed, "group by 1,000 integers",
        group(speed, input(speed, 0, (Vector[]){small, value}, 2), false));
    run(speed, "group by 720 hours",
        group(speed, input(speed, 0, (Vector[]){hours, value}, 2), false));
    run(speed, "group by 600,000 integers",
        group(speed, input(speed, 0, (Vector[]){large, value}, 2), false));
    run(speed, "group by 50 strings, 1,000 integers",
        group(speed, input(speed, 0, (Vector[]){low, small, value}, 3), false));
    run(speed, "group by 600,000 integers, 50 strings",
        group(speed, input(speed, 0, (Vector[]){large, low, value}, 3), false));
    run(speed, "count distinct of 600,000 integers",
        group(speed, input(speed, 0, &large, 1), true));
    run(speed, "count distinct of 800,000 strings", group(speed, input(speed, 0, &high, 1), true));
    run(speed, "count distinct 5,000 strings by 50 strings",
        group(speed, input(speed, 0, (Vector[]){low, middle}, 2), true));
}

static void speed_of_joins(Speed *speed)
{
    static const uint32_t keys[] = {0};
    Vector probe = integers(speed->arena, 1000000, 7), value = integers(speed->arena, 1000, 1);
    int64_t *ids = arena_alloc_vector(speed->arena, 1000000 * sizeof *ids);
    for (uint32_t i = 0; i < 1000000; i++)
        ids[i] = (int64_t)i * 7;
    Vector build = vector_flat(LAYOUT_INT64, 1000000, ids, NULL);
    OperatorSpec *join = over(speed, OPERATOR_JOIN, 4, input(speed, 0, (Vector[]){probe, value}, 2),
                              input(speed, 1, (Vector[]){build, build}, 2));
    join->join.key_count = 1;
    join->join.left_keys = join->join.right_keys = keys;
    run(speed, "join with 1,000,000 integers", join);
    Vector few = vector_slice(&build, 0, 1000), small = integers(speed->arena, 1000, 7);
    join = over(speed, OPERATOR_JOIN, 4, input(speed, 0, (Vector[]){small, value}, 2),
                input(speed, 1, (Vector[]){few, few}, 2));
    join->join.key_count = 1;
    join->join.left_keys = join->join.right_keys = keys;
    run(speed, "join with 1,000 integers", join);
}

static void speed_of_sorts(Speed *speed)
{
    static const SortColumn first[] = {{.column = 0}};
    Vector value = integers(speed->arena, 1000000000, 977), text = strings(speed->arena, 100000);
    OperatorSpec *sort =
        over(speed, OPERATOR_SORT, 2, input(speed, 0, (Vector[]){value, text}, 2), NULL);
    sort->sort.key_count = 1;
    sort->sort.keys = first;
    sort->sort.limit = -1;
    run(speed, "sort by integers", sort);
    sort->sort.limit = 10;
    run(speed, "first 10 by integers", sort);
    OperatorSpec *by_text =
        over(speed, OPERATOR_SORT, 2, input(speed, 0, (Vector[]){text, value}, 2), NULL);
    by_text->sort = sort->sort;
    run(speed, "first 10 by strings", by_text);
    by_text->sort.limit = -1;
    run(speed, "sort by strings", by_text);
}

/* --- rows for a client --- */

static bool sink_is_ready(void *state)
{
    (void)state;
    return true;
}

static bool sink_write(void *state, const void *data, size_t length, uint32_t rows, Fault *fault)
{
    (void)data;
    (void)rows;
    (void)fault;
    *(uint64_t *)state += length;
    return true;
}

static void speed_of_rows(Speed *speed)
{
    uint64_t bytes = 0;
    ResultSink sink = {sink_is_ready, sink_write, &bytes};
    speed->context.sink = &sink;
    Vector value = integers(speed->arena, 1000000, 17), text = strings(speed->arena, 100000);
    Vector numbers[10], wide[10];
    for (int c = 0; c < 10; c++) {
        numbers[c] = value;
        wide[c] = c % 2 == 0 ? text : value;
    }
    run(speed, "write 10 integers",
        over(speed, OPERATOR_WRITE_ROWS, 10, input(speed, 0, numbers, 10), NULL));
    run(speed, "write 5 strings, 5 integers",
        over(speed, OPERATOR_WRITE_ROWS, 10, input(speed, 0, wide, 10), NULL));
}

/* --- a segment --- */

static const Text names[] = {{"__time", 6}, {"page", 4}, {"user", 4}, {"delta", 5}};

static bool write_segment(Speed *speed, const char *path, Vector *columns)
{
    Fault fault;
    SegmentColumn described[4];
    for (uint32_t c = 0; c < 4; c++)
        described[c] =
            (SegmentColumn){.name = names[c],
                            .type_oid = columns[c].layout == LAYOUT_STRING ? T_TEXT : T_INT8,
                            .type_modifier = -1,
                            .layout = columns[c].layout};
    SegmentSchema schema = {.column_count = 4, .columns = described};
    Batch batch = {.rows = ROWS, .column_count = 4, .columns = columns};
    SegmentSummary summary;
    SegmentWriter *writer = segment_writer_open(path, &schema, &speed->budget, &fault);
    bool is_written = writer != NULL && segment_writer_append(writer, &batch, &fault) &&
                      segment_writer_finish(writer, speed->arena, &summary, &fault);
    if (!is_written)
        printf("segment: %s\n", fault.message);
    segment_writer_free(writer);
    static InputSegment segment;
    segment = (InputSegment){.path = text_of(path), .rows = ROWS};
    memcpy(segment.digest, summary.digest, sizeof segment.digest);
    static const SqlType types[] = {{T_INT8, -1}, {T_TEXT, -1}, {T_TEXT, -1}, {T_INT8, -1}};
    speed->inputs[0] = (StageInput){.kind = INPUT_SEGMENTS,
                                    .column_count = 4,
                                    .types = types,
                                    .names = names,
                                    .segment_count = 1,
                                    .segments = &segment};
    return is_written;
}

static OperatorSpec *scan(Speed *speed, const uint32_t *keep, uint32_t count, const Expr *filter)
{
    OperatorSpec *spec = ARENA_NEW(speed->arena, OperatorSpec);
    SqlType *types = ARENA_ARRAY(speed->arena, SqlType, count);
    for (uint32_t c = 0; c < count; c++)
        types[c] = speed->inputs[0].types[keep[c]];
    *spec = (OperatorSpec){.kind = OPERATOR_INPUT, .column_count = count, .types = types};
    spec->input.keep = keep;
    spec->input.keep_count = count;
    spec->input.filter = filter;
    return spec;
}

static const Expr *compare(Speed *speed, uint32_t oid, uint32_t column, int64_t value)
{
    const Expr *arguments[] = {expr_column(speed->arena, SQL_TYPE(T_INT8), column, -1),
                               expr_int64(speed->arena, SQL_TYPE(T_INT8), value, -1)};
    return expr_call(speed->arena, function_scalar_by_oid(oid), SQL_TYPE(T_BOOL), arguments, 2, -1);
}

static void speed_of_scans(Speed *speed)
{
    static const uint32_t delta[] = {3}, page_delta[] = {1, 3}, user_delta[] = {2, 3},
                          all[] = {0, 1, 2, 3};
    char path[] = "/tmp/talaria-speed-XXXXXX";
    int fd = mkstemp(path);
    os_close(fd);
    unlink(path);
    int64_t *times = arena_alloc_vector(speed->arena, ROWS * sizeof *times);
    for (uint32_t i = 0; i < ROWS; i++)
        times[i] = (int64_t)i * 500000;
    Vector columns[4] = {vector_flat(LAYOUT_INT64, ROWS, times, NULL),
                         strings(speed->arena, 300000), strings(speed->arena, 60),
                         integers(speed->arena, 10000, 1)};
    if (write_segment(speed, path, columns)) {
        run(speed, "scan: one integer", scan(speed, delta, 1, NULL));
        run(speed, "scan: sum", group(speed, scan(speed, delta, 1, NULL), false));
        run(speed, "scan: sum where delta < 100 (1 %)",
            group(speed, scan(speed, delta, 1, compare(speed, INT8_LESS, 3, 100)), false));
        run(speed, "scan: sum where delta < 5000 (50 %)",
            group(speed, scan(speed, delta, 1, compare(speed, INT8_LESS, 3, 5000)), false));
        run(speed, "scan: group by 60 strings",
            group(speed, scan(speed, user_delta, 2, NULL), false));
        run(speed, "scan: group by 300,000 strings",
            group(speed, scan(speed, page_delta, 2, NULL), false));
        run(speed, "scan: last tenth by time",
            group(speed,
                  scan(speed, user_delta, 2,
                       compare(speed, INT8_GREATER_EQUAL, 0, (int64_t)ROWS / 10 * 9 * 500000)),
                  false));
        run(speed, "scan: all columns", scan(speed, all, 4, NULL));
    }
    unlink(path);
}

int main(void)
{
    Speed speed;
    speed_init(&speed);
    speed_of_groups(&speed);
    speed_of_joins(&speed);
    speed_of_sorts(&speed);
    speed_of_rows(&speed);
    speed_of_scans(&speed);
    segment_cache_free(speed.context.segments);
    arena_free(speed.arena);
    return 0;
}

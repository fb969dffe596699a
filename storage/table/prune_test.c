/*
 * Pruning, overshadowing, shard specs and statistics, over segments made by hand.
 */
#include "storage/table/test_support_internal.h"

static Arena *arena;
static Fault fault;

static int setup(void **state)
{
    (void)state;
    arena = arena_new("test");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* --- shard specs --- */

static Text text(const char *s)
{
    return text_of(s);
}

static const ShardValue *values(const char *a, const char *b)
{
    ShardValue *bound = ARENA_ARRAY(arena, ShardValue, 2);
    bound[0] = a == NULL ? (ShardValue){.is_null = true} : (ShardValue){.text = text_of(a)};
    bound[1] = b == NULL ? (ShardValue){.is_null = true} : (ShardValue){.text = text_of(b)};
    return bound;
}

static const Text two_dimensions[] = {{"country", 7}, {"city", 4}};

static ShardSpec range(const ShardValue *start, const ShardValue *end)
{
    return (ShardSpec){.kind = SHARD_RANGE,
                       .partition_number = 1,
                       .core_partitions = 3,
                       .dimension_count = 2,
                       .dimensions = two_dimensions,
                       .start = start,
                       .end = end};
}

static const char *written(const ShardSpec *shard)
{
    Buffer out = BUFFER_EMPTY;
    shard_spec_write(shard, &out);
    char *copy = arena_strndup(arena, (char *)out.data, out.length);
    buffer_clear(&out);
    return copy;
}

static void test_shard_json(void **state)
{
    (void)state;
    ShardSpec shard = range(values("DE", "Ki\"el\n"), values("FR", NULL)), again;
    const char *json = written(&shard);
    assert_string_equal(json, "{\"type\":\"range\",\"dimensions\":[\"country\",\"city\"],"
                              "\"start\":[\"DE\",\"Ki\\\"el\\u000a\"],\"end\":[\"FR\",null],"
                              "\"partitionNum\":1,\"numCorePartitions\":3}");
    assert_true(shard_spec_read(text(json), arena, &again, &fault));
    assert_string_equal(written(&again), json);
    shard = range(NULL, values("a", "b"));
    assert_true(shard_spec_read(text(written(&shard)), arena, &again, &fault));
    assert_null(again.start);
    assert_true(text_equal(again.end[1].text, text("b")));
    shard = (ShardSpec){.kind = SHARD_NUMBERED, .partition_number = 4, .core_partitions = 0};
    assert_string_equal(written(&shard),
                        "{\"type\":\"numbered\",\"partitionNum\":4,\"partitions\":0}");
    assert_true(shard_spec_read(text(written(&shard)), arena, &again, &fault));
    assert_int_equal(again.partition_number, 4);
    static const char *const bad[] = {
        "",
        "{}",
        "[1]",
        "{\"type\":\"odd\"}",
        "{\"type\":\"range\",\"dimensions\":[]}",
        "{\"type\":\"range\",\"dimensions\":[\"a\"],\"start\":[\"x\",\"y\"],\"end\":null}",
        "{\"type\":\"range\",\"dimensions\":[1],\"start\":null,\"end\":null}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(shard_spec_read(text(bad[i]), arena, &again, &fault));
        assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
    }
}

static void test_column_json(void **state)
{
    (void)state;
    ColumnSummary columns[] = {
        {TEXT_LITERAL("a\\b"), 25, -1, {.null_count = 1, .distinct_count = 2, .text_bytes = 9}},
        {TEXT_LITERAL("n"),
         20,
         -1,
         {.has_range = true, .minimum = INT64_MIN, .maximum = INT64_MAX}},
    };
    SegmentColumns summary = {.count = 2, .columns = columns}, again;
    Buffer out = BUFFER_EMPTY;
    table_segment_columns_write(&summary, &out);
    Text json = {.data = (char *)out.data, .length = (uint32_t)out.length};
    assert_true(table_segment_columns_read(json, arena, &again, &fault));
    assert_int_equal(again.count, 2);
    assert_true(text_equal(again.columns[0].name, text("a\\b")));
    assert_int_equal(again.columns[0].summary.text_bytes, 9);
    assert_false(again.columns[0].summary.has_range);
    assert_true(again.columns[1].summary.minimum == INT64_MIN);
    assert_true(again.columns[1].summary.maximum == INT64_MAX);
    for (uint32_t cut = 0; cut < json.length; cut++) {
        Text part = {.data = json.data, .length = cut};
        assert_false(table_segment_columns_read(part, arena, &again, &fault));
    }
    buffer_clear(&out);
}

/* --- overshadowing --- */

typedef struct Made {
    int64_t start, end;
    const char *version;
    bool hidden;
} Made;

static void check_overshadowed(const Made *made, uint32_t count)
{
    TableSegment *segments = ARENA_ARRAY(arena, TableSegment, count);
    for (uint32_t i = 0; i < count; i++)
        segments[i] = (TableSegment){.interval = {.start = made[i].start, .end = made[i].end},
                                     .version = text_of(made[i].version)};
    table_overshadow(segments, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(segments[i].is_overshadowed, made[i].hidden);
}

static void test_overshadow(void **state)
{
    (void)state;
    check_overshadowed(NULL, 0);
    check_overshadowed((Made[]){{0, 10, "1", true},
                                {0, 10, "2", false},
                                {0, 10, "2", false},
                                {10, 20, "1", false},
                                {5, 7, "0", true},
                                {5, 7, "3", false}},
                       6);
    check_overshadowed((Made[]){{0, 10, "5", true},
                                {-5, 20, "6", false},
                                {8, 12, "7", false},
                                {9, 11, "6", true},
                                {20, 30, "1", false}},
                       5);
    check_overshadowed((Made[]){{INT64_MIN, INT64_MAX, "9", false}, {0, 1, "8", true}}, 2);
    check_overshadowed((Made[]){{0, 31, "1", false}, {0, 15, "2", false}, {15, 31, "2", false}}, 3);
}

/* Against the definition, with many small intervals. */
static void test_overshadow_randomly(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int round = 0; round < 200; round++) {
        enum { COUNT = 40 };
        TableSegment segments[COUNT];
        static const char *const versions[] = {"a", "b", "c", "d"};
        for (int i = 0; i < COUNT; i++) {
            seed = seed * 1103515245u + 12345u;
            int64_t start = (seed >> 16) % 12, length = 1 + (seed >> 8) % 6;
            segments[i] = (TableSegment){.interval = {.start = start, .end = start + length},
                                         .version = text_of(versions[(seed >> 20) % 4])};
        }
        table_overshadow(segments, COUNT);
        for (int i = 0; i < COUNT; i++) {
            bool hidden = false;
            for (int j = 0; j < COUNT; j++)
                hidden = hidden || (interval_contains(segments[j].interval, segments[i].interval) &&
                                    text_compare(segments[j].version, segments[i].version) > 0);
            assert_int_equal(segments[i].is_overshadowed, hidden);
        }
    }
}

/* --- pruning by shard --- */

static TableTextRange one_value(const char *value)
{
    if (value == NULL)
        return (TableTextRange){.is_null = true};
    return (TableTextRange){.has_low = true,
                            .has_high = true,
                            .low_inclusive = true,
                            .high_inclusive = true,
                            .low = text_of(value),
                            .high = text_of(value)};
}

static bool shard_kept(const ShardSpec *shard, const TableTextFilter *filters, uint32_t count)
{
    TableSegment segment = {.shard = *shard};
    const TableSegment *list[] = {&segment};
    return table_prune_shard(filters, count, list, 1) == 1;
}

static bool kept_for(const ShardSpec *shard, const char *country, const char *city)
{
    TableTextRange ranges[] = {one_value(country), one_value(city)};
    TableTextFilter filters[] = {{two_dimensions[0], 1, &ranges[0]},
                                 {two_dimensions[1], 1, &ranges[1]}};
    return shard_kept(shard, filters, 2);
}

static bool kept_for_country(const ShardSpec *shard, const TableTextRange *ranges, uint32_t count)
{
    TableTextFilter filter = {two_dimensions[0], count, ranges};
    return shard_kept(shard, &filter, 1);
}

static void test_prune_equality(void **state)
{
    (void)state;
    ShardSpec shard = range(values("DE", "Kiel"), values("FR", NULL));
    assert_true(kept_for(&shard, "DE", "Kiel"));
    assert_true(kept_for(&shard, "DE", "Koeln"));
    assert_false(kept_for(&shard, "DE", "Berlin"));
    assert_false(kept_for(&shard, "DE", NULL));
    assert_true(kept_for(&shard, "ES", "Aachen"));
    assert_true(kept_for(&shard, "ES", NULL));
    assert_false(kept_for(&shard, "FR", NULL)); /* the end is not in it */
    assert_false(kept_for(&shard, "FR", "Paris"));
    assert_false(kept_for(&shard, "AA", "Kiel"));
    assert_false(kept_for(&shard, NULL, "Kiel"));
    shard = range(NULL, values("DE", "Kiel"));
    assert_true(kept_for(&shard, NULL, NULL));
    assert_true(kept_for(&shard, "DE", "Berlin"));
    assert_false(kept_for(&shard, "DE", "Kiel"));
    shard = range(values("DE", "Kiel"), NULL);
    assert_true(kept_for(&shard, "ZZ", "Z"));
    assert_false(kept_for(&shard, "DE", "A"));
    shard = (ShardSpec){.kind = SHARD_NUMBERED};
    assert_true(kept_for(&shard, "ZZ", "Z"));
}

static void test_prune_ranges(void **state)
{
    (void)state;
    ShardSpec shard = range(values("DE", "Kiel"), values("FR", NULL));
    TableTextRange in_list[] = {one_value("AA"), one_value("EE"), one_value("ZZ")};
    assert_true(kept_for_country(&shard, in_list, 3));
    in_list[1] = one_value("GB");
    assert_false(kept_for_country(&shard, in_list, 3));
    assert_false(kept_for_country(&shard, in_list, 0)); /* no row can pass */
    TableTextRange below = {.has_high = true, .high = TEXT_LITERAL("DE")};
    assert_false(kept_for_country(&shard, &below, 1));
    below.high_inclusive = true;
    assert_true(kept_for_country(&shard, &below, 1));
    TableTextRange above = {.has_low = true, .low = TEXT_LITERAL("FR"), .low_inclusive = true};
    assert_false(kept_for_country(&shard, &above, 1));
    above.low = TEXT_LITERAL("EX");
    assert_true(kept_for_country(&shard, &above, 1));
    /* Only the second dimension is known: the countries in between hold every city. */
    TableTextRange city = one_value("Aachen");
    TableTextFilter filter = {two_dimensions[1], 1, &city};
    assert_true(shard_kept(&shard, &filter, 1));
    /* All of one country: now the city decides. */
    shard = range(values("DE", "Kiel"), values("DE", "Mainz"));
    assert_false(shard_kept(&shard, &filter, 1));
    city = one_value("Lahr");
    assert_true(shard_kept(&shard, &filter, 1));
}

/* Every tuple over a small alphabet: a shard that holds it must be kept. */
static void test_prune_never_loses_a_row(void **state)
{
    (void)state;
    static const char *const letters[] = {NULL, "a", "b", "c", "d"};
    enum { LETTERS = 5 };
    for (int s = 0; s < LETTERS * LETTERS; s++) {
        for (int e = s + 1; e < LETTERS * LETTERS; e++) {
            ShardSpec shard = range(values(letters[s / LETTERS], letters[s % LETTERS]),
                                    values(letters[e / LETTERS], letters[e % LETTERS]));
            for (int t = 0; t < LETTERS * LETTERS; t++) {
                bool inside = s <= t && t < e;
                bool kept = kept_for(&shard, letters[t / LETTERS], letters[t % LETTERS]);
                assert_int_equal(kept, inside);
            }
        }
        arena_reset(arena);
    }
}

/* --- pruning by time and statistics --- */

static Table make_table(TableSegment *segments, uint32_t count)
{
    static const TableColumn columns[] = {
        {.name = TEXT_LITERAL("__time"), .type_oid = TEST_OID_TIMESTAMPTZ},
        {.name = TEXT_LITERAL("country"), .type_oid = TEST_OID_TEXT},
        {.name = TEXT_LITERAL("n"), .type_oid = TEST_OID_INT8},
    };
    return (Table){
        .column_count = 3, .columns = columns, .segment_count = count, .segments = segments};
}

static const SegmentColumnSummary *const *
summaries(int64_t time_low, int64_t time_high, uint64_t country_nulls, int64_t low, int64_t high)
{
    SegmentColumnSummary *columns = ARENA_ARRAY(arena, SegmentColumnSummary, 3);
    const SegmentColumnSummary **list = ARENA_ARRAY(arena, const SegmentColumnSummary *, 3);
    columns[0] =
        (SegmentColumnSummary){.has_range = true, .minimum = time_low, .maximum = time_high};
    columns[1] = (SegmentColumnSummary){.null_count = country_nulls};
    columns[2] = (SegmentColumnSummary){.has_range = true, .minimum = low, .maximum = high};
    for (int i = 0; i < 3; i++)
        list[i] = &columns[i];
    return list;
}

static void test_prune_table(void **state)
{
    (void)state;
    TableSegment segments[] = {
        {.number = 1,
         .interval = DAY_CHUNK(0),
         .rows = 10,
         .bytes = 100,
         .summaries = summaries(10, 20, 0, 0, 5)},
        {.number = 2,
         .interval = DAY_CHUNK(1),
         .rows = 20,
         .bytes = 200,
         .summaries = summaries(DAY + 10, DAY + 20, 20, 5, 9)},
        {.number = 3,
         .interval = TABLE_ETERNITY,
         .rows = 30,
         .bytes = 300,
         .summaries = summaries(5 * DAY, INT64_MAX, 1, 100, 200)},
    };
    Table table = make_table(segments, 3);
    TablePruned pruned;
    table_prune(&table, NULL, arena, &pruned);
    assert_int_equal(pruned.segment_count, 3);
    assert_int_equal(pruned.rows, 60);
    assert_int_equal(pruned.rows_in_time, 60);
    assert_int_equal(pruned.bytes, 600);

    TableInterval intervals[] = {{.start = 0, .end = 15}, {.start = 6 * DAY, .end = 7 * DAY}};
    TableFilter filter = {.has_intervals = true, .interval_count = 2, .intervals = intervals};
    table_prune(&table, &filter, arena, &pruned);
    assert_int_equal(pruned.segment_count, 2);
    assert_int_equal(pruned.segments[0]->number, 1);
    assert_int_equal(pruned.segments[1]->number, 3);
    assert_int_equal(pruned.by_time, 1);
    intervals[0] = (TableInterval){.start = 21, .end = DAY}; /* in the chunk, after its last row */
    filter.interval_count = 1;
    table_prune(&table, &filter, arena, &pruned);
    assert_int_equal(pruned.segment_count, 0);
    intervals[0] = (TableInterval){.start = INT64_MAX - 1, .end = INT64_MAX};
    table_prune(&table, &filter, arena, &pruned); /* infinity */
    assert_int_equal(pruned.segment_count, 1);
    filter.interval_count = 0;
    table_prune(&table, &filter, arena, &pruned);
    assert_int_equal(pruned.segment_count, 0);
    assert_int_equal(pruned.total, 3);

    TableIntFilter number = {.column = 2, .minimum = 5, .maximum = 50};
    filter = (TableFilter){.int_count = 1, .ints = &number};
    table_prune(&table, &filter, arena, &pruned);
    assert_int_equal(pruned.segment_count, 2);
    assert_int_equal(pruned.by_statistics, 1);
    TableTextRange wanted = one_value("DE");
    TableTextFilter country = {TEXT_LITERAL("country"), 1, &wanted};
    filter = (TableFilter){.text_count = 1, .texts = &country};
    table_prune(&table, &filter, arena, &pruned); /* the second has only NULLs */
    assert_int_equal(pruned.segment_count, 2);
    assert_int_equal(pruned.segments[1]->number, 3);
    wanted = one_value(NULL);
    table_prune(&table, &filter, arena, &pruned); /* the first has none */
    assert_int_equal(pruned.segment_count, 2);
    assert_int_equal(pruned.segments[0]->number, 2);
}

static void test_intervals(void **state)
{
    (void)state;
    TableInterval list[] = {{10, 20}, {5, 5}, {20, 30}, {0, 3}, {12, 15}, {40, 50}, {45, 60}};
    assert_int_equal(table_intervals_normalize(list, 7), 3);
    assert_true(list[0].start == 0 && list[0].end == 3);
    assert_true(list[1].start == 10 && list[1].end == 30);
    assert_true(list[2].start == 40 && list[2].end == 60);
    assert_true(table_intervals_cover(list, 3, (TableInterval){11, 30}));
    assert_false(table_intervals_cover(list, 3, (TableInterval){2, 11}));
    assert_true(table_intervals_overlap(list, 3, (TableInterval){2, 4}));
    assert_false(table_intervals_overlap(list, 3, (TableInterval){3, 10}));
}

static void test_widening(void **state)
{
    (void)state;
    uint32_t oid;
    int32_t modifier;
    assert_true(table_widen_type(23, -1, 20, -1, &oid, &modifier) && oid == 20);
    assert_true(table_widen_type(20, -1, 21, -1, &oid, &modifier) && oid == 20);
    assert_true(table_widen_type(1043, 14, 1043, 24, &oid, &modifier) && modifier == 24);
    assert_true(table_widen_type(1043, 14, 25, -1, &oid, &modifier) && oid == 1043 &&
                modifier == -1);
    assert_true(table_widen_type(25, -1, 1043, 24, &oid, &modifier) && oid == 25 && modifier == -1);
    assert_false(table_widen_type(20, -1, 25, -1, &oid, &modifier));
    assert_false(table_widen_type(1700, 655366, 1700, 655368, &oid, &modifier));
    assert_true(table_widen_type(1700, 655366, 1700, 655366, &oid, &modifier));
    assert_false(table_widen_type(1114, -1, 1184, -1, &oid, &modifier));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shard_json),
        cmocka_unit_test(test_column_json),
        cmocka_unit_test(test_overshadow),
        cmocka_unit_test(test_overshadow_randomly),
        cmocka_unit_test(test_prune_equality),
        cmocka_unit_test(test_prune_ranges),
        cmocka_unit_test(test_prune_never_loses_a_row),
        cmocka_unit_test(test_prune_table),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_widening),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

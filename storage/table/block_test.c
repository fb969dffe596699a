/*
 * Transaction blocks: what is merged, what gives way, which files are left.
 */
#include "storage/table/test_support_internal.h"

static const TableColumn columns[] = {
    {.name = TEXT_LITERAL("__time"), .type_oid = TEST_OID_TIMESTAMPTZ, .type_modifier = -1},
    {.name = TEXT_LITERAL("name"), .type_oid = TEST_OID_TEXT, .type_modifier = -1},
    {.name = TEXT_LITERAL("amount"), .type_oid = TEST_OID_INT8, .type_modifier = -1},
};

static bool publish(TestStore *test, TableStore *store, PublishMode mode, uint32_t rows)
{
    TestFile file = {.chunk = DAY_CHUNK(3), .prefix = "r", .rows = rows};
    static const TableInterval all = TABLE_ETERNITY;
    PublishResult result;
    PublishRequest request = {.table = TEXT_LITERAL("t"),
                              .mode = mode,
                              .overwrite_count = mode == PUBLISH_REPLACE,
                              .overwrite = &all,
                              .segment_count = 1,
                              .segments = test_stage(test, &file, 1),
                              .column_count = 3,
                              .columns = columns};
    int64_t lock = 0;
    TableLockRequest locking = {.table = TEXT_LITERAL("t"),
                                .interval_count = 1,
                                .intervals = &all,
                                .is_exclusive = true,
                                .query = TEXT_LITERAL("q")};
    if (mode == PUBLISH_REPLACE && !table_lock(store, &locking, &lock, &test->fault))
        return false;
    request.lock = lock;
    bool ok = table_publish(store, &request, &result, &test->fault);
    Fault ignored;
    return table_unlock(store, lock, &ignored) && ok;
}

/* Rows that can be seen; -1: no table. */
static int64_t rows_of(TestStore *test, TableStore *store)
{
    const TableSnapshot *snapshot = table_snapshot(store, &test->fault);
    assert_non_null(snapshot);
    const Table *table = table_find(snapshot, TEXT_LITERAL("t"));
    int64_t rows = table == NULL ? -1 : (int64_t)table->rows;
    table_snapshot_release(store, snapshot);
    return rows;
}

static bool count_file(const char *name, void *state)
{
    (void)name;
    ++*(int *)state;
    return true;
}

static int files_of(TestStore *test)
{
    int count = 0;
    assert_true(deep_list(test->deep, DEEP_SEGMENTS, count_file, &count, &test->fault));
    return count;
}

typedef struct Open {
    TableBlock id;
    uint64_t revision;
    TableStore *store;
} Open;

static Open begin(TestStore *test, uint64_t session)
{
    Open block = {.id = {.session = session, .version = 1}};
    assert_true(table_block_begin(test->store, block.id, &block.revision, &test->fault));
    block.store = table_block_open(test->store, block.id, block.revision, &test->fault);
    assert_non_null(block.store);
    return block;
}

static bool commit(TestStore *test, Open *block)
{
    table_block_close(block->store);
    bool is_behind;
    bool ok = table_block_commit(test->store, block->id, 0, &is_behind, &test->fault);
    table_block_remove(test->store, block->id);
    return ok;
}

static void test_commit_and_removal(void **state)
{
    TestStore *test = *state;
    assert_true(publish(test, test->store, PUBLISH_INSERT, 5));
    Open block = begin(test, 1);
    assert_true(publish(test, block.store, PUBLISH_INSERT, 3));
    assert_int_equal(rows_of(test, block.store), 8);
    assert_int_equal(rows_of(test, test->store), 5);
    assert_true(commit(test, &block));
    assert_int_equal(rows_of(test, test->store), 8);
    block = begin(test, 1);
    assert_true(publish(test, block.store, PUBLISH_INSERT, 2));
    assert_int_equal(files_of(test), 3);
    table_block_close(block.store);
    table_block_remove(test->store, block.id);
    assert_int_equal(files_of(test), 2);
    assert_int_equal(rows_of(test, test->store), 8);
}

/* Both make the first version of the chunk; every row can be seen afterwards. */
static void test_appends_meet(void **state)
{
    TestStore *test = *state;
    assert_true(table_create(test->store,
                             &(TableDefinition){.key = TEXT_LITERAL("t"),
                                                .column_count = 3,
                                                .columns = columns},
                             false, &(uint32_t){0}, &test->fault));
    Open one = begin(test, 1), two = begin(test, 2);
    for (int i = 0; i < 3; i++) {
        assert_true(publish(test, one.store, PUBLISH_INSERT, 1));
        assert_true(publish(test, two.store, PUBLISH_INSERT, 10));
    }
    assert_true(commit(test, &two));
    assert_true(commit(test, &one));
    assert_int_equal(rows_of(test, test->store), 33);
}

static void test_replacing_gives_way(void **state)
{
    TestStore *test = *state;
    assert_true(publish(test, test->store, PUBLISH_INSERT, 5));
    Open one = begin(test, 1), two = begin(test, 2);
    assert_true(publish(test, one.store, PUBLISH_REPLACE, 1));
    assert_int_equal(rows_of(test, one.store), 1);
    assert_true(publish(test, two.store, PUBLISH_REPLACE, 2));
    assert_true(commit(test, &one));
    assert_false(commit(test, &two));
    assert_int_equal(test->fault.code, FAULT_SERIALIZATION_FAILURE);
    assert_int_equal(rows_of(test, test->store), 1);
    /* an INSERT that REPLACE has not seen */
    one = begin(test, 1);
    assert_true(publish(test, one.store, PUBLISH_REPLACE, 3));
    assert_true(publish(test, test->store, PUBLISH_INSERT, 4));
    assert_false(commit(test, &one));
    assert_int_equal(test->fault.code, FAULT_SERIALIZATION_FAILURE);
    assert_int_equal(rows_of(test, test->store), 5);
    /* the other way round the rows join the new version */
    one = begin(test, 1);
    assert_true(publish(test, one.store, PUBLISH_INSERT, 3));
    assert_true(publish(test, test->store, PUBLISH_REPLACE, 2));
    assert_true(commit(test, &one));
    assert_int_equal(rows_of(test, test->store), 5);
}

static void test_following(void **state)
{
    TestStore *test = *state;
    assert_true(publish(test, test->store, PUBLISH_INSERT, 5));
    Open block = begin(test, 1);
    assert_true(publish(test, block.store, PUBLISH_INSERT, 1));
    assert_true(publish(test, test->store, PUBLISH_INSERT, 10));
    table_block_close(block.store);
    TableBlock second = {.session = 1, .version = 2};
    assert_true(table_block_fork(test->store, block.id, second, &test->fault));
    bool is_behind;
    TableMeeting meeting = {.arena = test->arena};
    assert_false(table_block_commit(test->store, block.id, block.revision, &is_behind, &test->fault));
    assert_true(is_behind);
    assert_true(
        table_block_follow(test->store, block.id, &block.revision, &meeting, &test->fault));
    assert_int_equal(meeting.count, 1); /* both have added rows */
    block.store = table_block_open(test->store, block.id, block.revision, &test->fault);
    assert_int_equal(rows_of(test, block.store), 16);
    assert_true(publish(test, block.store, PUBLISH_INSERT, 100));
    assert_true(commit(test, &block));
    assert_int_equal(rows_of(test, test->store), 116);
    table_block_remove(test->store, second); /* shares a file with what was committed */
    assert_int_equal(files_of(test), 4);
}

static void test_definitions_meet(void **state)
{
    TestStore *test = *state;
    assert_true(publish(test, test->store, PUBLISH_INSERT, 5));
    Open one = begin(test, 1), two = begin(test, 2);
    assert_true(table_drop(one.store, TEXT_LITERAL("t"), 0, &test->fault));
    assert_int_equal(rows_of(test, one.store), -1);
    assert_true(publish(test, two.store, PUBLISH_INSERT, 5));
    assert_true(publish(test, test->store, PUBLISH_INSERT, 7)); /* goes with the table */
    assert_true(commit(test, &one));
    assert_int_equal(rows_of(test, test->store), -1);
    assert_false(commit(test, &two));
    assert_int_equal(test->fault.code, FAULT_SERIALIZATION_FAILURE);
    assert_int_equal(rows_of(test, test->store), -1);
}

static void test_start_removes_all(void **state)
{
    TestStore *test = *state;
    TableCleanup cleanup;
    assert_true(publish(test, test->store, PUBLISH_INSERT, 5));
    Open block = begin(test, 7);
    assert_true(publish(test, block.store, PUBLISH_INSERT, 5));
    table_block_close(block.store);
    assert_true(table_block_recover(test->store, &test->fault));
    assert_null(table_block_open(test->store, block.id, block.revision, &test->fault));
    assert_true(table_recover(test->store, &cleanup, &test->fault));
    assert_int_equal(cleanup.orphans_removed, 1);
    assert_int_equal(rows_of(test, test->store), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_commit_and_removal, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(test_appends_meet, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(test_replacing_gives_way, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(test_following, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(test_definitions_meet, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(test_start_removes_all, test_setup, test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

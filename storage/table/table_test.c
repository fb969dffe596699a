/*
 * Tables through their public functions, over real segment files: publishing in both modes,
 * what must be refused, snapshots, locks, dropping and cleaning up.
 */
#include "storage/table/test_support_internal.h"

#include "base/os/os.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const TableInterval everything = TABLE_ETERNITY;

static bool insert(TestStore *test, const TestFile *files, uint32_t count, PublishResult *result)
{
    PublishRequest request = {.table = TEXT_LITERAL("visits"),
                              .mode = PUBLISH_INSERT,
                              .segment_count = count,
                              .segments = test_stage(test, files, count)};
    return table_publish(test->store, &request, result, &test->fault);
}

static bool replace(TestStore *test, TableInterval overwrite, const TestFile *files, uint32_t count,
                    PublishResult *result)
{
    PublishRequest request = {.table = TEXT_LITERAL("visits"),
                              .mode = PUBLISH_REPLACE,
                              .overwrite_count = 1,
                              .overwrite = &overwrite,
                              .segment_count = count,
                              .segments = test_stage(test, files, count)};
    return table_publish(test->store, &request, result, &test->fault);
}

static const TableSnapshot *snapshot(TestStore *test)
{
    const TableSnapshot *taken = table_snapshot(test->store, &test->fault);
    assert_non_null(taken);
    return taken;
}

static const Table *visits(const TableSnapshot *taken)
{
    const Table *table = table_find(taken, TEXT_LITERAL("visits"));
    assert_non_null(table);
    return table;
}

typedef struct FileCount {
    int count;
} FileCount;

static bool count_file(const char *name, void *state)
{
    (void)name;
    ((FileCount *)state)->count++;
    return true;
}

static int files_in(TestStore *test, DeepPlace place)
{
    FileCount count = {0};
    assert_true(deep_list(test->deep, place, count_file, &count, &test->fault));
    return count.count;
}

static void test_insert_makes_a_table(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TestFile files[] = {{DAY_CHUNK(1), "a", 10, 0, NULL}, {DAY_CHUNK(0), "b", 20, 0, NULL}};
    assert_true(insert(test, files, 2, &result));
    assert_true(result.made_table);
    assert_int_equal(result.rows, 30);
    assert_int_equal(result.segments_added, 2);
    assert_int_equal(files_in(test, DEEP_STAGING), 0);
    assert_int_equal(files_in(test, DEEP_SEGMENTS), 2);

    const TableSnapshot *taken = snapshot(test);
    const Table *table = visits(taken);
    assert_int_equal(table->oid, META_FIRST_OID);
    assert_ptr_equal(table_by_oid(taken, META_FIRST_OID), table);
    assert_int_equal(table->rows, 30);
    assert_int_equal(table->column_count, 3);
    assert_string_equal(table->columns[0].name.data, "__time");
    assert_int_equal(table->columns[0].number, 1);
    assert_int_equal(table->columns[2].number, 3);
    assert_int_equal(table->segment_count, 2);
    const TableSegment *first = &table->segments[0];
    assert_true(first->interval.start == 0 && first->interval.end == DAY);
    assert_int_equal(first->rows, 20);
    assert_int_equal(first->shard.kind, SHARD_NUMBERED);
    assert_int_equal(access(first->path.data, R_OK), 0);
    char id[256];
    snprintf(id, sizeof id, "visits_1970-01-01T00:00:00.000Z_1970-01-02T00:00:00.000Z_%s",
             result.version);
    assert_string_equal(first->id.data, id);
    /* Statistics come from the files. */
    assert_true(table->statistics[2].has_range);
    assert_int_equal(table->statistics[2].minimum, 0);
    assert_int_equal(table->statistics[2].maximum, 19);
    assert_true(table->statistics[1].distinct_count >= 20);
    assert_true(table->statistics[1].distinct_count <= 30);
    assert_true(table->statistics[1].average_bytes > 1);
    assert_int_equal(table->statistics[0].maximum, DAY + 9 * (DAY / 24));
    table_snapshot_release(test->store, taken);
}

static void test_insert_joins_the_newest_version(void **state)
{
    TestStore *test = *state;
    PublishResult first, second, third;
    TestFile files[] = {{DAY_CHUNK(0), "a", 10, 0, NULL}, {DAY_CHUNK(0), "b", 5, 0, NULL}};
    assert_true(insert(test, files, 2, &first));
    assert_true(insert(test, files, 1, &second));
    assert_string_equal(second.version, ""); /* no new version: it joined */
    const TableSnapshot *taken = snapshot(test);
    const Table *table = visits(taken);
    assert_int_equal(table->segment_count, 3);
    assert_int_equal(table->rows, 25);
    for (uint32_t i = 0; i < 3; i++) {
        assert_string_equal(table->segments[i].version.data, first.version);
        assert_int_equal(table->segments[i].shard.partition_number, i);
        assert_int_equal(table->segments[i].shard.core_partitions, 0);
    }
    table_snapshot_release(test->store, taken);

    assert_true(replace(test, DAY_CHUNK(0), files, 1, &second));
    assert_true(strcmp(second.version, first.version) > 0);
    assert_int_equal(second.segments_replaced, 3);
    assert_true(insert(test, files + 1, 1, &third));
    taken = snapshot(test);
    table = visits(taken);
    assert_int_equal(table->rows, 15);
    assert_int_equal(table->segment_count, 2);
    assert_int_equal(table->segments[0].shard.core_partitions, 1);
    assert_int_equal(table->segments[1].shard.partition_number, 1);
    assert_string_equal(table->segments[1].version.data, second.version);
    table_snapshot_release(test->store, taken);
}

static void test_replace_clears_chunks_without_rows(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TestFile files[] = {{DAY_CHUNK(0), "a", 10, 0, NULL},
                        {DAY_CHUNK(1), "b", 10, 0, NULL},
                        {DAY_CHUNK(2), "c", 10, 0, NULL}};
    assert_true(insert(test, files, 3, &result));
    TableInterval two_days = {.start = 0, .end = 2 * DAY};
    TestFile only_second = {DAY_CHUNK(1), "d", 3, 0, NULL};
    assert_true(replace(test, two_days, &only_second, 1, &result));
    assert_int_equal(result.segments_replaced, 2);
    const TableSnapshot *taken = snapshot(test);
    assert_int_equal(visits(taken)->rows, 13);
    assert_int_equal(visits(taken)->segment_count, 2);
    table_snapshot_release(test->store, taken);

    /* Nothing at all: an empty REPLACE deletes, and the table stays. */
    assert_true(replace(test, everything, NULL, 0, &result));
    taken = snapshot(test);
    assert_int_equal(visits(taken)->rows, 0);
    assert_int_equal(visits(taken)->segment_count, 0);
    assert_int_equal(visits(taken)->column_count, 3);
    table_snapshot_release(test->store, taken);
}

static void test_other_granularities_are_refused(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TestFile month = {{.start = 0, .end = 31 * DAY}, "a", 10, 0, NULL};
    TestFile day = {DAY_CHUNK(3), "b", 10, 0, NULL};
    assert_true(insert(test, &month, 1, &result));
    assert_false(insert(test, &day, 1, &result));
    assert_int_equal(test->fault.code, FAULT_INSERT_CANNOT_ALLOCATE_SEGMENT);
    assert_false(replace(test, DAY_CHUNK(3), &day, 1, &result));
    assert_int_equal(test->fault.code, FAULT_INSERT_CANNOT_REPLACE_EXISTING_SEGMENT);
    assert_false(replace(test, DAY_CHUNK(4), &day, 1, &result));
    assert_int_equal(test->fault.code, FAULT_INSERT_TIME_OUT_OF_BOUNDS);
    const TableSnapshot *taken = snapshot(test);
    assert_int_equal(visits(taken)->rows, 10);
    table_snapshot_release(test->store, taken);
    /* Nothing of the refused statements lies among the segments. */
    assert_int_equal(files_in(test, DEEP_SEGMENTS), 1);
    /* The whole table in another granularity is fine. */
    assert_true(replace(test, everything, &day, 1, &result));
    taken = snapshot(test);
    assert_int_equal(visits(taken)->segment_count, 1);
    assert_true(visits(taken)->segments[0].interval.start == 3 * DAY);
    table_snapshot_release(test->store, taken);
}

static void test_columns(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TestFile small = {DAY_CHUNK(0), "a", 2, TEST_OID_INT4, NULL};
    TestFile wide = {DAY_CHUNK(0), "b", 3, TEST_OID_INT8, "more"};
    TestFile wrong = {DAY_CHUNK(0), "c", 3, TEST_OID_TIMESTAMPTZ, NULL};
    assert_true(insert(test, &small, 1, &result));
    assert_true(insert(test, &wide, 1, &result));
    const TableSnapshot *taken = snapshot(test);
    const Table *table = visits(taken);
    assert_int_equal(table->column_count, 4);
    assert_int_equal(table->columns[2].type_oid, TEST_OID_INT8); /* widened */
    assert_string_equal(table->columns[3].name.data, "more");
    assert_null(table->segments[0].summaries[3]); /* the first segment lacks it */
    assert_non_null(table->segments[1].summaries[3]);
    assert_int_equal(table->statistics[3].null_count, 2);
    table_snapshot_release(test->store, taken);

    assert_false(insert(test, &wrong, 1, &result));
    assert_int_equal(test->fault.code, FAULT_DATATYPE_MISMATCH);
    assert_false(replace(test, DAY_CHUNK(0), &wrong, 1, &result));
    assert_int_equal(test->fault.code, FAULT_DATATYPE_MISMATCH);

    /* Written anew, a table may have other columns and types; numbers are never used again. */
    assert_true(replace(test, everything, &wrong, 1, &result));
    assert_true(
        insert(test, &(TestFile){DAY_CHUNK(0), "d", 1, TEST_OID_TIMESTAMPTZ, "more"}, 1, &result));
    taken = snapshot(test);
    table = visits(taken);
    assert_int_equal(table->column_count, 4);
    assert_int_equal(table->columns[2].type_oid, TEST_OID_TIMESTAMPTZ);
    assert_int_equal(table->columns[2].number, 3);
    assert_int_equal(table->columns[3].number, 5);
    table_snapshot_release(test->store, taken);
}

static void test_columns_without_rows(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TableColumn columns[] = {
        {.name = TEXT_LITERAL("x"), .type_oid = TEST_OID_TEXT, .type_modifier = -1},
        {.name = TEXT_LITERAL("__time"), .type_oid = TEST_OID_TIMESTAMPTZ, .type_modifier = -1}};
    PublishRequest request = {.table = TEXT_LITERAL("visits"),
                              .mode = PUBLISH_INSERT,
                              .column_count = 2,
                              .columns = columns};
    assert_true(table_publish(test->store, &request, &result, &test->fault));
    const TableSnapshot *taken = snapshot(test);
    assert_int_equal(visits(taken)->column_count, 2);
    assert_string_equal(visits(taken)->columns[0].name.data, "__time");
    assert_int_equal(table_find_column(visits(taken), TEXT_LITERAL("x")), 1);
    assert_int_equal(table_find_column(visits(taken), TEXT_LITERAL("X")), -1);
    table_snapshot_release(test->store, taken);
    columns[1].name = TEXT_LITERAL("x");
    assert_false(table_publish(test->store, &request, &result, &test->fault));
    assert_int_equal(test->fault.code, FAULT_DUPLICATE_COLUMN);
    request.column_count = 1;
    request.table = TEXT_LITERAL("a/b/c"); /* schema a, and a name with a slash */
    assert_false(table_publish(test->store, &request, &result, &test->fault));
    assert_int_equal(test->fault.code, FAULT_INVALID_NAME);
}

static void test_damaged_files_are_refused(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TestFile file = {DAY_CHUNK(0), "a", 10, 0, NULL};
    StagedSegment *staged = test_stage(test, &file, 1);
    PublishRequest request = {.table = TEXT_LITERAL("visits"),
                              .mode = PUBLISH_INSERT,
                              .segment_count = 1,
                              .segments = staged};
    staged->digest[3] ^= 1;
    assert_false(table_publish(test->store, &request, &result, &test->fault));
    assert_int_equal(test->fault.code, FAULT_DATA_CORRUPTED);
    staged->digest[3] ^= 1;
    assert_int_equal(truncate(staged->path, 100), 0);
    assert_false(table_publish(test->store, &request, &result, &test->fault));
    const TableSnapshot *taken = snapshot(test);
    assert_int_equal(taken->table_count, 0);
    table_snapshot_release(test->store, taken);
    assert_true(deep_remove_staged(test->deep, "test", &test->fault));
    assert_int_equal(files_in(test, DEEP_STAGING), 0);
}

static void test_chunk_limit(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TestFile files[] = {{DAY_CHUNK(0), "a", 1, 0, NULL}, {DAY_CHUNK(0), "b", 1, 0, NULL}};
    PublishRequest request = {.table = TEXT_LITERAL("visits"),
                              .mode = PUBLISH_INSERT,
                              .segment_count = 2,
                              .segments = test_stage(test, files, 2),
                              .max_segments_in_chunk = 2};
    assert_true(table_publish(test->store, &request, &result, &test->fault));
    request.segment_count = 1;
    request.segments = test_stage(test, files, 1);
    assert_false(table_publish(test->store, &request, &result, &test->fault));
    assert_int_equal(test->fault.code, FAULT_TOO_MANY_SEGMENTS_IN_TIME_CHUNK);
}

static void test_snapshots_are_immutable_and_shared(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TestFile file = {DAY_CHUNK(0), "a", 10, 0, NULL};
    assert_true(insert(test, &file, 1, &result));
    PublishRequest other = {.table = TEXT_LITERAL("other"),
                            .mode = PUBLISH_INSERT,
                            .segment_count = 1,
                            .segments = test_stage(test, &file, 1)};
    assert_true(table_publish(test->store, &other, &result, &test->fault));
    const TableSnapshot *old = snapshot(test), *same = snapshot(test);
    assert_ptr_equal(old, same);
    const Table *old_visits = visits(old), *old_other = table_find(old, TEXT_LITERAL("other"));
    assert_true(insert(test, &file, 1, &result));
    const TableSnapshot *new = snapshot(test);
    assert_ptr_not_equal(new, old);
    assert_int_equal(old_visits->rows, 10);
    assert_int_equal(visits(new)->rows, 20);
    assert_int_equal(visits(new)->segments[0].summaries[1]->distinct_count, 10);
    assert_ptr_equal(table_find(new, TEXT_LITERAL("other")), old_other); /* not loaded again */
    table_snapshot_release(test->store, old);
    table_snapshot_release(test->store, same);
    table_snapshot_release(test->store, new);
}

static void test_other_processes_are_seen(void **state)
{
    TestStore *test = *state;
    const TableSnapshot *taken = snapshot(test);
    assert_int_equal(taken->table_count, 0);
    table_snapshot_release(test->store, taken);
    /* A process whose commit was not announced, as if it had been killed right after it. */
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        TestStore own = {.staged = 100};
        PublishResult result;
        strcpy(own.folder, test->folder);
        TestFile file = {DAY_CHUNK(0), "a", 7, 0, NULL};
        _exit(!test_store_open(&own) || !insert(&own, &file, 1, &result));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    test->store->checked_at -= INT64_C(2000000000); /* as if time had passed */
    taken = snapshot(test);
    assert_int_equal(visits(taken)->rows, 7);
    table_snapshot_release(test->store, taken);
}

static bool lock(TestStore *test, TableInterval interval, bool is_exclusive, int64_t timeout,
                 int64_t *id)
{
    TableLockRequest request = {.table = TEXT_LITERAL("visits"),
                                .interval_count = 1,
                                .intervals = &interval,
                                .is_exclusive = is_exclusive,
                                .query = TEXT_LITERAL("query-x"),
                                .timeout = timeout};
    return table_lock(test->store, &request, id, &test->fault);
}

static void test_locks(void **state)
{
    TestStore *test = *state;
    int64_t first, second, third;
    assert_true(lock(test, DAY_CHUNK(0), true, 0, &first));
    assert_true(lock(test, DAY_CHUNK(1), true, 0, &second));
    assert_false(lock(test, everything, false, 0, &third));
    assert_int_equal(test->fault.code, FAULT_INSERT_LOCK_PREEMPTED);
    assert_non_null(strstr(test->fault.detail, "query-x"));
    assert_true(table_unlock(test->store, first, &test->fault));
    assert_true(table_unlock(test->store, second, &test->fault));
    assert_true(lock(test, everything, false, 0, &first));
    assert_true(lock(test, DAY_CHUNK(5), false, 0, &second)); /* shared locks are shared */
    assert_false(lock(test, DAY_CHUNK(5), true, 50, &third));
    assert_true(table_unlock(test->store, first, &test->fault));
    assert_true(table_unlock(test->store, second, &test->fault));
    assert_true(lock(test, DAY_CHUNK(5), true, 0, &third));
    assert_true(table_unlock(test->store, third, &test->fault));
    assert_true(table_unlock(test->store, 0, &test->fault));
}

static void test_publish_respects_locks(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    int64_t id;
    TestFile file = {DAY_CHUNK(0), "a", 10, 0, NULL}, elsewhere = {DAY_CHUNK(9), "a", 1, 0, NULL};
    TableInterval day = DAY_CHUNK(0);
    assert_true(lock(test, day, true, 0, &id));
    assert_false(insert(test, &file, 1, &result));
    assert_int_equal(test->fault.code, FAULT_INSERT_LOCK_PREEMPTED);
    assert_false(table_drop(test->store, TEXT_LITERAL("visits"), 0, &test->fault));
    assert_int_equal(test->fault.code, FAULT_INSERT_LOCK_PREEMPTED);
    assert_true(insert(test, &elsewhere, 1, &result));
    PublishRequest request = {.table = TEXT_LITERAL("visits"),
                              .mode = PUBLISH_REPLACE,
                              .overwrite_count = 1,
                              .overwrite = &day,
                              .segment_count = 1,
                              .segments = test_stage(test, &file, 1),
                              .lock = id};
    assert_true(table_publish(test->store, &request, &result, &test->fault));
    assert_true(table_unlock(test->store, id, &test->fault));
    request.segments = test_stage(test, &file, 1);
    assert_false(table_publish(test->store, &request, &result, &test->fault)); /* lock is gone */
    assert_int_equal(test->fault.code, FAULT_INSERT_LOCK_PREEMPTED);
    assert_true(insert(test, &file, 1, &result));
}

static void test_locks_of_the_dead_do_not_count(void **state)
{
    TestStore *test = *state;
    int64_t id;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        TestStore own = {0};
        strcpy(own.folder, test->folder);
        if (!test_store_open(&own) || !lock(&own, everything, true, 0, &id))
            _exit(1);
        kill(getpid(), SIGSTOP);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    assert_false(lock(test, DAY_CHUNK(0), true, 0, &id)); /* it lives */
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(lock(test, DAY_CHUNK(0), true, 0, &id));
}

static void test_drop_and_clean_up(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TableCleanup cleanup;
    TestFile file = {DAY_CHUNK(0), "a", 10, 0, NULL};
    assert_true(insert(test, &file, 1, &result));
    uint32_t oid = result.table_oid;
    assert_true(table_drop(test->store, TEXT_LITERAL("visits"), 0, &test->fault));
    assert_false(table_drop(test->store, TEXT_LITERAL("visits"), 0, &test->fault));
    assert_int_equal(test->fault.code, FAULT_UNDEFINED_TABLE);
    const TableSnapshot *taken = snapshot(test);
    assert_int_equal(taken->table_count, 0);
    table_snapshot_release(test->store, taken);
    assert_int_equal(files_in(test, DEEP_SEGMENTS), 1); /* somebody may be reading it */
    assert_true(table_collect(test->store, 3600 * INT64_C(1000000), &cleanup, &test->fault));
    assert_int_equal(cleanup.unused_removed, 0);
    assert_int_equal(cleanup.unused_kept, 1);
    assert_true(table_collect(test->store, 0, &cleanup, &test->fault));
    assert_int_equal(cleanup.unused_removed, 1);
    assert_int_equal(files_in(test, DEEP_SEGMENTS), 0);
    assert_true(insert(test, &file, 1, &result)); /* the name is free; the OID is not used again */
    assert_true(result.table_oid > oid);
}

static void test_recovery(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TableCleanup cleanup;
    char name[DEEP_NAME_SIZE];
    int64_t id;
    TestFile files[] = {{DAY_CHUNK(0), "a", 10, 0, NULL}, {DAY_CHUNK(1), "b", 5, 0, NULL}};
    assert_true(insert(test, files, 2, &result));
    assert_true(replace(test, DAY_CHUNK(0), files, 1, &result)); /* leaves one unused */
    StagedSegment *staged = test_stage(test, files, 2);
    assert_true(deep_publish(test->deep, staged[0].path, 4711, name, &test->fault)); /* orphan */
    assert_true(lock(test, everything, true, 0, &id));
    const TableSnapshot *taken = snapshot(test);
    assert_int_equal(unlink(visits(taken)->segments[1].path.data), 0); /* a lost file */
    table_snapshot_release(test->store, taken);
    assert_true(table_recover(test->store, &cleanup, &test->fault));
    assert_int_equal(cleanup.staged_removed, 1);
    assert_int_equal(cleanup.orphans_removed, 1);
    assert_int_equal(cleanup.unused_removed, 1);
    assert_int_equal(cleanup.missing, 1);
    assert_int_equal(files_in(test, DEEP_STAGING), 0);
    assert_int_equal(files_in(test, DEEP_SEGMENTS), 1);
    assert_true(lock(test, everything, true, 0, &id)); /* locks are gone */
    assert_true(table_recover(test->store, &cleanup, &test->fault));
    assert_int_equal(cleanup.staged_removed + cleanup.orphans_removed + cleanup.unused_removed, 0);
}

static void test_comments(void **state)
{
    TestStore *test = *state;
    PublishResult result;
    TestFile file = {DAY_CHUNK(0), "a", 1, 0, NULL};
    assert_true(insert(test, &file, 1, &result));
    Text name = TEXT_LITERAL("visits"), none = TEXT_LITERAL("");
    assert_true(table_set_comment(test->store, name, none, TEXT_LITERAL("who came"), &test->fault));
    assert_true(table_set_comment(test->store, name, TEXT_LITERAL("amount"), TEXT_LITERAL("of"),
                                  &test->fault));
    assert_false(table_set_comment(test->store, name, TEXT_LITERAL("nope"), none, &test->fault));
    assert_int_equal(test->fault.code, FAULT_UNDEFINED_COLUMN);
    assert_false(table_set_comment(test->store, TEXT_LITERAL("no"), none, none, &test->fault));
    assert_int_equal(test->fault.code, FAULT_UNDEFINED_TABLE);
    const TableSnapshot *taken = snapshot(test);
    assert_string_equal(visits(taken)->comment.data, "who came");
    assert_string_equal(visits(taken)->columns[2].comment.data, "of");
    table_snapshot_release(test->store, taken);
}

/* Several processes add to and read the same chunk at once; nothing is lost. */
static void test_concurrent_inserts(void **state)
{
    enum { PROCESSES = 4, EACH = 5 };
    TestStore *test = *state;
    for (uint32_t i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child != 0)
            continue;
        TestStore own = {.staged = (i + 1) * 1000};
        PublishResult result;
        TestFile file = {DAY_CHUNK(0), "a", 3, 0, NULL};
        strcpy(own.folder, test->folder);
        if (!test_store_open(&own))
            _exit(1);
        for (int j = 0; j < EACH; j++) {
            if (!insert(&own, &file, 1, &result))
                _exit(2);
        }
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    table_raise_version(test->store);
    const TableSnapshot *taken = snapshot(test);
    assert_int_equal(taken->table_count, 1);
    assert_int_equal(visits(taken)->rows, PROCESSES * EACH * 3);
    for (uint32_t i = 0; i < visits(taken)->segment_count; i++)
        assert_int_equal(visits(taken)->segments[i].shard.partition_number, i);
    table_snapshot_release(test->store, taken);
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_insert_makes_a_table),
        STORE_TEST(test_insert_joins_the_newest_version),
        STORE_TEST(test_replace_clears_chunks_without_rows),
        STORE_TEST(test_other_granularities_are_refused),
        STORE_TEST(test_columns),
        STORE_TEST(test_columns_without_rows),
        STORE_TEST(test_damaged_files_are_refused),
        STORE_TEST(test_chunk_limit),
        STORE_TEST(test_snapshots_are_immutable_and_shared),
        STORE_TEST(test_other_processes_are_seen),
        STORE_TEST(test_locks),
        STORE_TEST(test_publish_respects_locks),
        STORE_TEST(test_locks_of_the_dead_do_not_count),
        STORE_TEST(test_drop_and_clean_up),
        STORE_TEST(test_recovery),
        STORE_TEST(test_comments),
        STORE_TEST(test_concurrent_inserts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

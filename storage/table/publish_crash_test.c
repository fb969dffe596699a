/*
 * Publishing is killed, or failed, at each of its steps; afterwards a reader sees the table as
 * it was or as it should be, never a mixture, and start-up leaves no file that is not needed.
 *
 * The program runs itself with TALARIA_FAULT in the environment: `publish_crash_test FOLDER`
 * does one REPLACE of both days in a store that is there. It needs a build with fault points
 * (-DTALARIA_FAULT_POINTS), and says so and skips in others.
 */
#include "storage/table/test_support_internal.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OLD_ROWS = 10 + 11, NEW_ROWS = 5 + 6 };

#ifdef TALARIA_FAULT_POINTS

/* What the killed process does: both days anew, in two files. */
static int replace_in(const char *folder)
{
    TestStore test = {.staged = 1000};
    PublishResult result;
    TableInterval overwrite = {.start = 0, .end = 2 * DAY};
    TestFile files[] = {{DAY_CHUNK(0), "x", 5, 0, NULL}, {DAY_CHUNK(1), "y", 6, 0, NULL}};
    snprintf(test.folder, sizeof test.folder, "%s", folder);
    if (!test_store_open(&test))
        return 3;
    PublishRequest request = {.table = TEXT_LITERAL("visits"),
                              .mode = PUBLISH_REPLACE,
                              .overwrite_count = 1,
                              .overwrite = &overwrite,
                              .segment_count = 2,
                              .segments = test_stage(&test, files, 2)};
    bool ok = table_publish(test.store, &request, &result, &test.fault);
    test_store_close(&test);
    return ok ? 0 : 2;
}

static void fill_old(TestStore *test)
{
    PublishResult result;
    TestFile files[] = {{DAY_CHUNK(0), "a", 10, 0, NULL}, {DAY_CHUNK(1), "b", 11, 0, NULL}};
    PublishRequest request = {.table = TEXT_LITERAL("visits"),
                              .mode = PUBLISH_INSERT,
                              .segment_count = 2,
                              .segments = test_stage(test, files, 2)};
    assert_true(table_publish(test->store, &request, &result, &test->fault));
}

static int run_self(const char *folder, const char *rule)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("TALARIA_FAULT", rule, 1);
        execl("/proc/self/exe", "publish_crash_test", folder, NULL);
        _exit(9);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static bool count_one(const char *name, void *state)
{
    (void)name;
    ++*(int *)state;
    return true;
}

/* Reads every row of the table, so that a file that is gone or damaged is noticed. */
static uint64_t read_rows(TestStore *test, const Table *table, char *prefixes)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < table->segment_count; i++) {
        const TableSegment *segment = &table->segments[i];
        SegmentReader *reader =
            segment_reader_open(segment->path.data, segment->digest, &test->fault);
        Vector names;
        assert_non_null(reader);
        assert_true(segment_verify(reader, &test->fault));
        int column = segment_find_column(reader, TEXT_LITERAL("name"));
        assert_true(
            segment_read(reader, (uint32_t)column, 0, NULL, 0, test->arena, &names, &test->fault));
        for (uint32_t row = 0; row < names.length; row++)
            assert_int_equal(vector_text(&names, row).data[0], vector_text(&names, 0).data[0]);
        *prefixes++ = vector_text(&names, 0).data[0];
        rows += names.length;
        segment_reader_close(reader);
    }
    *prefixes = 0;
    return rows;
}

/* Old or new, whole; returns whether it is new. */
static bool look(TestStore *test)
{
    char prefixes[8];
    const TableSnapshot *taken = table_snapshot(test->store, &test->fault);
    assert_non_null(taken);
    const Table *table = table_find(taken, TEXT_LITERAL("visits"));
    assert_non_null(table);
    assert_int_equal(table->segment_count, 2);
    uint64_t rows = read_rows(test, table, prefixes);
    assert_int_equal(rows, table->rows);
    bool is_new = rows == NEW_ROWS;
    assert_true(is_new || rows == OLD_ROWS);
    assert_string_equal(prefixes, is_new ? "xy" : "ab");
    table_snapshot_release(test->store, taken);
    return is_new;
}

static void try_rule(const char *rule, bool expect_new)
{
    void *state = NULL;
    assert_int_equal(test_setup(&state), 0);
    TestStore *test = state;
    fill_old(test);
    assert_false(look(test));
    int status = run_self(test->folder, rule);
    bool was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (strstr(rule, ":kill") != NULL)
        assert_true(was_killed);
    else
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 2 || expect_new));

    /* A reader that was there all along, before any recovery. */
    test->store->checked_at = 0;
    test->catalog_version++;
    assert_int_equal(look(test), expect_new);
    /* The next start. */
    TableCleanup cleanup;
    int files = 0;
    assert_true(table_recover(test->store, &cleanup, &test->fault));
    assert_int_equal(cleanup.missing, 0);
    assert_int_equal(look(test), expect_new);
    assert_true(deep_list(test->deep, DEEP_SEGMENTS, count_one, &files, &test->fault));
    assert_int_equal(files, 2);
    files = 0;
    assert_true(deep_list(test->deep, DEEP_STAGING, count_one, &files, &test->fault));
    assert_int_equal(files, 0);
    /* And the statement can be done again. */
    assert_int_equal(run_self(test->folder, "never.called:1:kill"), 0);
    test->catalog_version++;
    assert_true(look(test));
    assert_int_equal(test_teardown(&state), 0);
}

static void test_kills(void **state)
{
    (void)state;
    static const char *const before_commit[] = {
        "publish.validate:1:kill", "publish.rename:1:kill", "os.rename:1:kill",
        "os.rename:2:kill",        "publish.sync:1:kill",   "publish.commit:1:kill",
    };
    for (size_t i = 0; i < sizeof before_commit / sizeof before_commit[0]; i++)
        try_rule(before_commit[i], false);
    try_rule("publish.after:1:kill", true);
}

static void test_failures(void **state)
{
    (void)state;
    static const char *const before_commit[] = {
        "publish.validate:1:fail", "publish.rename:1:fail", "os.rename:1:fail",
        "os.rename:2:fail",        "publish.sync:1:fail",   "publish.commit:1:fail",
    };
    for (size_t i = 0; i < sizeof before_commit / sizeof before_commit[0]; i++)
        try_rule(before_commit[i], false);
    try_rule("publish.after:1:fail", true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kills),
        cmocka_unit_test(test_failures),
    };
    if (argc == 2)
        return replace_in(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    puts("skipped: needs a build with fault points (-DTALARIA_FAULT_POINTS)");
    return 77; /* Automake: skipped */
}

#endif

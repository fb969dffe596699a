/*
 * The SQLite store: what is written is read back, transactions hold or vanish, revisions and
 * versions ascend, another process sees commits, a newer store is refused.
 */
#include "storage/meta/meta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

typedef struct Setup {
    char folder[64];
    Meta *meta;
    Arena *arena;
    Fault fault;
} Setup;

static int setup(void **state)
{
    Setup *setup_state = calloc(1, sizeof *setup_state);
    strcpy(setup_state->folder, "/tmp/meta_test_XXXXXX");
    if (setup_state == NULL || mkdtemp(setup_state->folder) == NULL)
        return 1;
    setup_state->arena = arena_new("test");
    setup_state->meta = meta_open_sqlite(setup_state->folder, &setup_state->fault);
    *state = setup_state;
    return setup_state->meta == NULL;
}

static int teardown(void **state)
{
    Setup *s = *state;
    char command[128];
    meta_close(s->meta);
    arena_free(s->arena);
    snprintf(command, sizeof command, "rm -rf %s", s->folder);
    int result = system(command);
    free(s);
    return result;
}

static void begin(Setup *s)
{
    assert_true(meta_begin(s->meta, true, &s->fault));
}

static void commit(Setup *s)
{
    assert_true(meta_commit(s->meta, &s->fault));
}

static uint32_t add_table(Setup *s, const char *name)
{
    MetaColumn columns[] = {
        {.name = TEXT_LITERAL("__time"), .type_oid = 1184, .type_modifier = -1, .number = 1},
        {.name = TEXT_LITERAL("country"),
         .type_oid = 25,
         .type_modifier = -1,
         .number = 2,
         .comment = TEXT_LITERAL("where")},
    };
    MetaTable table = {.name = text_of(name),
                       .properties = TEXT_LITERAL("{}"),
                       .created = 7,
                       .next_column = 3,
                       .column_count = 2,
                       .columns = columns};
    assert_true(meta_allocate_oid(s->meta, &table.oid, &s->fault));
    assert_true(meta_add_table(s->meta, &table, &s->fault));
    return table.oid;
}

static void test_tables(void **state)
{
    Setup *s = *state;
    MetaTable *tables, *one;
    uint32_t count;
    begin(s);
    uint32_t first = add_table(s, "visits");
    uint32_t second = add_table(s, "Alpha");
    commit(s);
    assert_int_equal(first, META_FIRST_OID);
    assert_int_equal(second, META_FIRST_OID + 1);

    assert_true(meta_tables(s->meta, s->arena, &tables, &count, &s->fault));
    assert_int_equal(count, 2);
    assert_string_equal(tables[0].name.data, "Alpha");
    assert_string_equal(tables[1].name.data, "visits");
    assert_int_equal(tables[1].column_count, 2);
    assert_string_equal(tables[1].columns[1].name.data, "country");
    assert_string_equal(tables[1].columns[1].comment.data, "where");
    assert_int_equal(tables[1].columns[0].type_oid, 1184);

    assert_true(meta_find_table(s->meta, TEXT_LITERAL("visits"), s->arena, &one, &s->fault));
    assert_int_equal(one->oid, first);
    assert_int_equal(one->column_count, 2);
    assert_true(meta_find_table(s->meta, TEXT_LITERAL("VISITS"), s->arena, &one, &s->fault));
    assert_null(one);

    begin(s);
    MetaTable again = tables[1];
    again.oid = 99999;
    assert_false(meta_add_table(s->meta, &again, &s->fault));
    assert_int_equal(s->fault.code, FAULT_DUPLICATE_TABLE);
    meta_rollback(s->meta);

    begin(s);
    assert_true(meta_remove_column(s->meta, first, 2, &s->fault));
    assert_true(meta_remove_table(s->meta, second, &s->fault));
    commit(s);
    assert_true(meta_tables(s->meta, s->arena, &tables, &count, &s->fault));
    assert_int_equal(count, 1);
    assert_int_equal(tables[0].column_count, 1);
}

static void test_transactions_and_revisions(void **state)
{
    Setup *s = *state;
    uint64_t before, after;
    MetaTable *table;
    assert_true(meta_revision(s->meta, &before, &s->fault));
    begin(s);
    add_table(s, "gone");
    meta_rollback(s->meta);
    assert_true(meta_revision(s->meta, &after, &s->fault));
    assert_int_equal(before, after);
    assert_true(meta_find_table(s->meta, TEXT_LITERAL("gone"), s->arena, &table, &s->fault));
    assert_null(table);

    begin(s);
    add_table(s, "kept");
    commit(s);
    assert_true(meta_revision(s->meta, &after, &s->fault));
    assert_int_equal(after, before + 1);
    assert_true(meta_find_table(s->meta, TEXT_LITERAL("kept"), s->arena, &table, &s->fault));
    assert_int_equal(table->revision, after);

    /* Locks and values are nobody's reason to look at the tables again. */
    begin(s);
    assert_true(meta_put_value(s->meta, TEXT_LITERAL("a"), TEXT_LITERAL("b"), &s->fault));
    commit(s);
    assert_true(meta_revision(s->meta, &before, &s->fault));
    assert_int_equal(before, after);
}

static void test_versions_ascend(void **state)
{
    Setup *s = *state;
    char first[META_TIME_SIZE], second[META_TIME_SIZE], third[META_TIME_SIZE];
    const int64_t now = INT64_C(1700000000123456);
    begin(s);
    assert_true(meta_next_version(s->meta, now, first, &s->fault));
    assert_true(meta_next_version(s->meta, now, second, &s->fault));
    commit(s);
    begin(s);
    assert_true(meta_next_version(s->meta, now - 3600 * INT64_C(1000000), third, &s->fault));
    commit(s);
    assert_string_equal(first, "2023-11-14T22:13:20.123Z");
    assert_string_equal(second, "2023-11-14T22:13:20.124Z");
    assert_string_equal(third, "2023-11-14T22:13:20.125Z");
}

static MetaSegment example_segment(const char *id, int64_t start)
{
    MetaSegment segment = {
        .table_oid = 16384,
        .id = text_of(id),
        .start = start,
        .end = start + 10,
        .version = TEXT_LITERAL("v1"),
        .partition_number = 3,
        .core_partitions = 4,
        .shard_spec = TEXT_LITERAL("{}"),
        .rows = 5,
        .bytes = 6,
        .path = TEXT_LITERAL("segments/16384/x.segment"),
        .summary = TEXT_LITERAL("[]"),
        .state = META_SEGMENT_USED,
        .created = 8,
        .state_since = 8,
    };
    memset(segment.digest, 0xab, sizeof segment.digest);
    return segment;
}

static void test_segments(void **state)
{
    Setup *s = *state;
    MetaSegment *segments;
    uint32_t count;
    MetaSegment later = example_segment("later", 100);
    MetaSegment eternal = example_segment("eternal", 0);
    MetaSegment grave = example_segment("grave", 50);
    eternal.start = META_ETERNITY_START;
    eternal.end = META_ETERNITY_END;
    grave.state = META_SEGMENT_TOMBSTONE;
    grave.table_oid = 16385;
    begin(s);
    assert_true(meta_add_segment(s->meta, &later, &s->fault));
    assert_true(meta_add_segment(s->meta, &eternal, &s->fault));
    assert_true(meta_add_segment(s->meta, &grave, &s->fault));
    commit(s);

    assert_true(meta_segments(s->meta, 16384, META_USED, s->arena, &segments, &count, &s->fault));
    assert_int_equal(count, 2);
    assert_string_equal(segments[0].id.data, "eternal");
    assert_true(segments[0].start == INT64_MIN && segments[0].end == INT64_MAX);
    assert_int_equal(segments[1].partition_number, 3);
    assert_memory_equal(segments[1].digest, later.digest, 16);
    assert_true(meta_segments(s->meta, 0, META_ALL_STATES, s->arena, &segments, &count, &s->fault));
    assert_int_equal(count, 3);
    assert_true(meta_segments(s->meta, 0, META_TOMBSTONES, s->arena, &segments, &count, &s->fault));
    assert_int_equal(count, 1);

    begin(s);
    assert_true(meta_set_segment_state(s->meta, 1, META_SEGMENT_UNUSED, 77, &s->fault));
    commit(s);
    assert_true(meta_segments(s->meta, 0, META_UNUSED, s->arena, &segments, &count, &s->fault));
    assert_int_equal(count, 1);
    assert_string_equal(segments[0].id.data, "later");
    assert_int_equal(segments[0].state_since, 77);

    begin(s);
    assert_true(meta_remove_segment(s->meta, 1, &s->fault));
    commit(s);
    assert_true(meta_segments(s->meta, 0, META_UNUSED, s->arena, &segments, &count, &s->fault));
    assert_int_equal(count, 0);
}

static void test_locks_roles_values(void **state)
{
    Setup *s = *state;
    MetaLock *locks;
    MetaRole *roles;
    uint32_t count;
    bool found;
    Text value;
    MetaLock lock = {.table = TEXT_LITERAL("t"),
                     .start = 1,
                     .end = 2,
                     .is_exclusive = true,
                     .owner_pid = 5,
                     .owner_started = 6,
                     .query = TEXT_LITERAL("q")};
    begin(s);
    assert_true(meta_add_lock(s->meta, &lock, &s->fault));
    int64_t id = lock.id;
    lock.start = 10;
    lock.end = 20;
    assert_true(meta_add_lock(s->meta, &lock, &s->fault));
    assert_int_equal(lock.id, id);
    MetaLock other = {.table = TEXT_LITERAL("t"), .start = 1, .end = 2};
    assert_true(meta_add_lock(s->meta, &other, &s->fault));
    assert_true(other.id > id);
    commit(s);
    assert_true(meta_locks(s->meta, s->arena, &locks, &count, &s->fault));
    assert_int_equal(count, 3);
    assert_true(locks[0].is_exclusive && !locks[2].is_exclusive);
    begin(s);
    assert_true(meta_remove_lock(s->meta, id, &s->fault));
    commit(s);
    assert_true(meta_locks(s->meta, s->arena, &locks, &count, &s->fault));
    assert_int_equal(count, 1);

    assert_true(meta_roles(s->meta, s->arena, &roles, &count, &s->fault));
    assert_int_equal(count, 0);
    MetaRole role = {.oid = 20000,
                     .name = TEXT_LITERAL("ann"),
                     .can_login = true,
                     .connection_limit = -1,
                     .valid_until = INT64_MAX};
    begin(s);
    assert_true(meta_put_role(s->meta, &role, &s->fault));
    role.is_superuser = true;
    assert_true(meta_put_role(s->meta, &role, &s->fault));
    commit(s);
    assert_true(meta_roles(s->meta, s->arena, &roles, &count, &s->fault));
    assert_int_equal(count, 1);
    assert_true(roles[0].is_superuser && roles[0].can_login);
    assert_int_equal(roles[0].connection_limit, -1);

    assert_true(meta_get_value(s->meta, TEXT_LITERAL("k"), s->arena, &value, &found, &s->fault));
    assert_false(found);
    begin(s);
    assert_true(meta_put_value(s->meta, TEXT_LITERAL("k"), TEXT_LITERAL("1"), &s->fault));
    assert_true(meta_put_value(s->meta, TEXT_LITERAL("k"), TEXT_LITERAL("2"), &s->fault));
    commit(s);
    assert_true(meta_get_value(s->meta, TEXT_LITERAL("k"), s->arena, &value, &found, &s->fault));
    assert_true(found);
    assert_string_equal(value.data, "2");
}

/* A child with a connection of its own commits; one that is killed within a transaction leaves
 * nothing, and no lock that would stop the next writer. */
static void test_processes(void **state)
{
    Setup *s = *state;
    MetaTable *tables;
    uint32_t count;
    for (int dies = 0; dies < 2; dies++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            Setup own = {.arena = s->arena};
            own.meta = meta_open_sqlite(s->folder, &own.fault);
            if (own.meta == NULL)
                _exit(1);
            begin(&own);
            add_table(&own, dies ? "never" : "child");
            if (dies)
                kill(getpid(), 9);
            commit(&own);
            meta_close(own.meta);
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(dies ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_true(meta_tables(s->meta, s->arena, &tables, &count, &s->fault));
        assert_int_equal(count, 1);
        assert_string_equal(tables[0].name.data, "child");
        begin(s);
        meta_rollback(s->meta);
    }
}

static void test_newer_store_is_refused(void **state)
{
    Setup *s = *state;
    char path[128];
    sqlite3 *database;
    snprintf(path, sizeof path, "%s/metadata.sqlite", s->folder);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "PRAGMA user_version = 1000", NULL, NULL, NULL), 0);
    sqlite3_close(database);
    assert_null(meta_open_sqlite(s->folder, &s->fault));
    assert_int_equal(s->fault.code, FAULT_OBJECT_NOT_IN_PREREQUISITE_STATE);
}

static void test_damaged_store_is_told(void **state)
{
    Setup *s = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/other", s->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/other/metadata.sqlite", s->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 4096; i++)
        fputc('x', file);
    fclose(file);
    snprintf(path, sizeof path, "%s/other", s->folder);
    assert_null(meta_open_sqlite(path, &s->fault));
    assert_int_equal(s->fault.code, FAULT_DATA_CORRUPTED);
}

static void test_format_time(void **state)
{
    (void)state;
    char text[META_TIME_SIZE];
    meta_format_time(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    meta_format_time(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    meta_format_time(INT64_C(1709210096789000), text);
    assert_string_equal(text, "2024-02-29T12:34:56.789Z");
    meta_format_time(INT64_C(-62198755200000000), text);
    assert_string_equal(text, "-0001-01-01T00:00:00.000Z");
    meta_format_time(META_ETERNITY_START, text);
    assert_string_equal(text, "-146136543-09-08T08:23:32.096Z");
    meta_format_time(META_ETERNITY_END, text);
    assert_string_equal(text, "146140482-04-24T15:36:27.903Z");
}

#define STORE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_tables),
        STORE_TEST(test_transactions_and_revisions),
        STORE_TEST(test_versions_ascend),
        STORE_TEST(test_segments),
        STORE_TEST(test_locks_roles_values),
        STORE_TEST(test_processes),
        STORE_TEST(test_newer_store_is_refused),
        STORE_TEST(test_damaged_store_is_told),
        cmocka_unit_test(test_format_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * sql_parse: kinds and contents of statements, errors at the place that was typed.
 */
#include "engine/sql/sql.h"

#include "base/memory/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static Arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new("parse test");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static ParsedStatement parse_all(const char *sql, uint32_t expected)
{
    ParsedStatement *statements;
    uint32_t count;
    Fault fault = {0};
    if (!sql_parse(arena, text_of(sql), 0, &statements, &count, &fault))
        fail_msg("%s: %s", sql, fault.message);
    assert_int_equal(count, expected);
    return statements[expected - 1];
}

static ParsedStatement parse(const char *sql)
{
    return parse_all(sql, 1);
}

static void assert_kind(const char *sql, StatementKind kind, const char *tag)
{
    ParsedStatement statement = parse(sql);
    assert_string_equal(statement.tag, tag);
    assert_int_equal(statement.kind, kind);
}

static void assert_set(const char *sql, const char *name, const char *value)
{
    ParsedStatement statement = parse(sql);
    assert_int_equal(statement.kind, STATEMENT_SET);
    assert_string_equal(statement.name, name);
    if (value == NULL)
        assert_null(statement.value);
    else
        assert_string_equal(statement.value, value);
}

static void assert_refused(const char *sql, FaultCode code, int32_t position, const char *message)
{
    ParsedStatement *statements;
    uint32_t count;
    Fault fault = {0};
    assert_false(sql_parse(arena, text_of(sql), 0, &statements, &count, &fault));
    assert_string_equal(fault.message, message);
    assert_int_equal(fault.code, code);
    assert_int_equal(fault.position, position + 1);
}

static void test_kinds(void **state)
{
    (void)state;
    assert_kind("", STATEMENT_EMPTY, "");
    assert_kind(" ;; -- nothing\n", STATEMENT_EMPTY, "");
    assert_kind("select 1", STATEMENT_QUERY, "SELECT");
    assert_kind("values (1)", STATEMENT_QUERY, "SELECT");
    assert_kind("with x as (select 1) select * from x", STATEMENT_QUERY, "SELECT");
    assert_kind("insert into t select 1", STATEMENT_QUERY, "INSERT 0");
    assert_kind("replace into t overwrite all select 1 partitioned by all", STATEMENT_QUERY,
                "REPLACE 0");
    assert_kind("explain select 1", STATEMENT_EXPLAIN, "EXPLAIN");
    assert_kind("explain plan for replace into t overwrite all select 1 partitioned by all",
                STATEMENT_EXPLAIN, "EXPLAIN");
    assert_kind("start transaction read only", STATEMENT_BEGIN, "START TRANSACTION");
    assert_kind("end", STATEMENT_COMMIT, "COMMIT");
    assert_kind("abort", STATEMENT_ROLLBACK, "ROLLBACK");
    assert_kind("savepoint a", STATEMENT_SAVEPOINT, "SAVEPOINT");
    assert_kind("release a", STATEMENT_SAVEPOINT, "RELEASE");
    assert_kind("rollback to a", STATEMENT_SAVEPOINT, "ROLLBACK");
    assert_kind("discard all", STATEMENT_DISCARD, "DISCARD ALL");
    assert_kind("analyze", STATEMENT_ACCEPTED, "ANALYZE");
    assert_kind("vacuum full t", STATEMENT_ACCEPTED, "VACUUM");
    assert_kind("unlisten *", STATEMENT_NOTICE, "UNLISTEN");
    assert_kind("listen a", STATEMENT_NOTICE, "LISTEN");
    assert_kind("close all", STATEMENT_CLOSE, "CLOSE CURSOR ALL");
    assert_kind("deallocate all", STATEMENT_DEALLOCATE, "DEALLOCATE ALL");
    assert_string_equal(parse("deallocate Foo").name, "foo");
}

static void test_settings(void **state)
{
    (void)state;
    assert_set("set sqlTimeZone = 'Europe/Paris'", "sqlTimeZone", "Europe/Paris");
    assert_set("SET maxNumTasks TO 5", "maxNumTasks", "5");
    assert_set("set a.B = on", "a.b", "on");
    assert_set("set a.\"B\" = on", "a.B", "on");
    assert_set("set finalizeAggregations = FALSE", "finalizeAggregations", "false");
    assert_set("set search_path to public, \"$user\", Foo", "search_path",
               "public, \"$user\", \"Foo\"");
    assert_set("set time zone -7", "timezone", "<-07>+07");
    assert_set("set time zone interval '+00:00' hour to minute", "timezone", "<+00>-00");
    assert_set("set time zone default", "timezone", NULL);
    assert_set("set names 'utf8'", "client_encoding", "utf8");
    ParsedStatement both =
        parse("set session characteristics as transaction isolation level serializable, read only");
    assert_string_equal(both.name, "default_transaction_isolation");
    assert_string_equal(both.value, "serializable");
    assert_int_equal(both.more_count, 1);
    assert_string_equal(both.more_names[0], "default_transaction_read_only");
    assert_string_equal(both.more_values[0], "on");
    assert_true(parse("set local work_mem = 1").is_local);
    assert_string_equal(parse("show \"DateStyle\"").name, "DateStyle");
    assert_null(parse("show all").name);
    assert_null(parse("reset all").name);
    ParsedStatement begin = parse("begin isolation level repeatable read");
    assert_int_equal(begin.more_count, 1);
    assert_string_equal(begin.more_values[0], "repeatable read");
}

static void test_drop_table(void **state)
{
    (void)state;
    ParsedStatement drop = parse("drop table if exists druid.\"Wiki\"");
    assert_int_equal(drop.kind, STATEMENT_DEFINE);
    assert_string_equal(drop.tag, "DROP TABLE");
}

static void test_explain_options(void **state)
{
    (void)state;
    ParsedStatement explain = parse("EXPLAIN (ANALYZE, FORMAT JSON) SELECT 1");
    assert_true(explain.explain_analyze);
    assert_true(explain.explain_json);
    assert_false(explain.explain_plan_for);
    assert_true(parse("explain plan for select 1").explain_plan_for);
}

static void test_several(void **state)
{
    (void)state;
    const char *sql = "set a.b = 1; select 2 ;\n--:context x: y\nselect 3";
    ParsedStatement last = parse_all(sql, 3);
    assert_int_equal(last.offset, strstr(sql, "select 3") - sql);
    assert_true(text_equal_string(last.text, "select 3"));
    assert_int_equal(last.context_count, 1);
    assert_string_equal(last.context_names[0], "x");
}

static void test_errors(void **state)
{
    (void)state;
    assert_refused("select 1 frm x y", FAULT_SYNTAX_ERROR, 13, "syntax error at or near \"x\"");
    assert_refused("select Abc frm x Yz", FAULT_SYNTAX_ERROR, 15, "syntax error at or near \"x\"");
    assert_refused("select 1 From From", FAULT_SYNTAX_ERROR, 14,
                   "syntax error at or near \"From\"");
    assert_refused("select a Bcd Efg", FAULT_SYNTAX_ERROR, 13, "syntax error at or near \"Efg\"");
    assert_refused("select 'é', \"é\" x \"Y z\"", FAULT_SYNTAX_ERROR, 20,
                   "syntax error at or near \"\"Y z\"\"");
    assert_refused("select 1 +; select 2", FAULT_SYNTAX_ERROR, 10, "syntax error at or near \";\"");
    assert_refused("select (1", FAULT_SYNTAX_ERROR, 9, "syntax error at end of input");
    assert_refused("replace into t overwrite where __time > select 1 partitioned by all",
                   FAULT_SYNTAX_ERROR, 40, "syntax error at or near \"select\"");
    assert_refused("insert into t select 1 partitioned by day x", FAULT_SYNTAX_ERROR, 23,
                   "syntax error in the PARTITIONED BY clause");
    assert_refused("insert into t select 1 partitioned by day 3", FAULT_SYNTAX_ERROR, 42,
                   "syntax error at or near \"3\"");
    assert_refused("insert into t select 1 partitioned by day clustered by", FAULT_SYNTAX_ERROR, 54,
                   "syntax error at end of input");
    assert_refused(" do $$ begin end $$", FAULT_FEATURE_NOT_SUPPORTED, 1, "DO is not supported");
}

/* As deep as is let through: parsed on the large stack. */
static void test_deep_statement(void **state)
{
    (void)state;
    Buffer sql = BUFFER_EMPTY;
    buffer_append_string(&sql, "select 1");
    for (int i = 0; i < 3500; i++)
        buffer_append_string(&sql, "+1");
    assert_kind(buffer_string(&sql), STATEMENT_QUERY, "SELECT");
    buffer_clear(&sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_drop_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_explain_options, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_several, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deep_statement, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

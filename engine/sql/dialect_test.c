/*
 * The dialect pass: what it writes, where its bytes come from, what it refuses.
 */
#include "engine/sql/dialect_internal.h"

#include "base/memory/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static Arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new("dialect test");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const DialectStatement *rewrite(const char *sql)
{
    DialectText *text = ARENA_NEW(arena, DialectText);
    Fault fault = {0};
    if (!dialect_rewrite(arena, text_of(sql), text, &fault))
        fail_msg("%s: %s", sql, fault.message);
    assert_int_equal(text->statement_count, 1);
    return &text->statements[0];
}

static void assert_rewritten(const char *sql, const char *expected)
{
    assert_string_equal(rewrite(sql)->main.text, expected);
}

static void assert_refused(const char *sql, FaultCode code, int32_t position, const char *message)
{
    DialectText text;
    Fault fault = {0};
    assert_false(dialect_rewrite(arena, text_of(sql), &text, &fault));
    assert_string_equal(fault.message, message);
    assert_int_equal(fault.code, code);
    assert_int_equal(fault.position, position + 1);
}

static void test_identifiers_are_marked(void **state)
{
    (void)state;
    assert_rewritten("select a, Ab, \"c\", \"Cd\", 'Xy' from T",
                     "select a, \"\x01"
                     "Ab\", \"\x02"
                     "c\", \"Cd\", 'Xy' from \"\x01T\"");
    /* keywords stay keywords, but where they can only be names their case is kept */
    assert_rewritten("SELECT t.Name AS Value, CAST(x AS Timestamp)",
                     "SELECT t.\"\x01Name\" AS \"\x01Value\", CAST(x AS Timestamp)");
    assert_rewritten("SELECT EXTRACT(DOW FROM x)", "SELECT EXTRACT(DOW FROM x)");
}

static void test_expression_forms(void **state)
{
    (void)state;
    assert_rewritten("select FLOOR(x TO DAY), ceil(y to Month)",
                     "select floor_to(x , 'DAY'), ceil_to(y , 'Month')");
    assert_rewritten("select floor(floor(x to day) to month), floor(1.5)",
                     "select floor_to(floor_to(x , 'day') , 'month'), floor(1.5)");
    assert_rewritten("select timestampadd(DAY, 1, x), timestampdiff(SQL_TSI_HOUR, x, y)",
                     "select timestampadd('DAY', 1, x), timestampdiff('HOUR', x, y)");
    assert_rewritten("select array[array[1][1], 2][1], cast(x as int array[3])",
                     "select (ARRAY[(ARRAY[1])[1], 2])[1], cast(x as int array[3])");
    assert_rewritten("select position('a' in b from 3), position('a' in b)",
                     "select position_from('a' , b , 3), position('a' in b)");
    assert_rewritten("select json_value(x, '$.a' returning bigint null on empty)",
                     "select json_value(x, '$.a' , 'bigint'   )");
    assert_rewritten("select json_value(x, '$.a' returning varchar(10) array)",
                     "select json_value(x, '$.a' , 'varchar(10) array' )");
    assert_rewritten("select json_object(key 'a' value 1, 'b': c::text)",
                     "select json_object( 'a' , 1, 'b', c::text)");
}

static void test_table_functions(void **state)
{
    (void)state;
    assert_rewritten(
        "select * from table(extern('a', 'b')) extend (x varchar, y bigint not null) as t",
        "select * from ROWS FROM(extern('a', 'b') AS (x varchar, y bigint  )) as t");
    assert_rewritten("select * from TABLE(inline(data => array['1'])) (x bigint)",
                     "select * from ROWS FROM(inline(data => array['1']) AS  (x bigint))");
    assert_rewritten("select * from TABLE(extern('a', 'b', 'c')) t",
                     "select * from ROWS FROM(extern('a', 'b', 'c')) t");
}

static void test_replace_is_taken_apart(void **state)
{
    (void)state;
    const char *sql = "REPLACE INTO w OVERWRITE WHERE __time >= TIMESTAMP '2020-01-01'\n"
                      "SELECT Foo, count(*) FROM t GROUP BY 1 LIMIT 3 "
                      "PARTITIONED BY FLOOR(__time TO DAY) CLUSTERED BY Foo, bar";
    const DialectStatement *statement = rewrite(sql);
    assert_true(statement->is_replace);
    assert_string_equal(statement->main.text, "INSERT INTO w SELECT \"\x01"
                                              "Foo\", count(*) FROM t "
                                              "GROUP BY 1 LIMIT 3");
    assert_string_equal(statement->overwrite.text, "SELECT __time >= TIMESTAMP '2020-01-01'");
    assert_string_equal(statement->partitioned.text, "SELECT floor_to(__time , 'DAY')");
    assert_string_equal(statement->clustered.text, "SELECT ORDER BY \"\x01"
                                                   "Foo\", bar");
    assert_true(rewrite("insert into t select 1 partitioned by all time")->partitioned_all);
    assert_true(rewrite("replace into t overwrite all with x as (select 1) select * from x "
                        "partitioned by all")
                    ->overwrite_all);
    assert_string_equal(
        rewrite("EXPLAIN PLAN FOR REPLACE INTO t OVERWRITE ALL SELECT 1")->main.text,
        "EXPLAIN   INSERT INTO t SELECT 1");
}

/* Every copied word of the rewritten text must stand at its mapped place in the original. */
static void assert_mapped(const char *sql, const RewrittenText *text, const char *word)
{
    const char *at = strstr(text->text, word);
    assert_non_null(at);
    int32_t original = offset_map_find(&text->map, (int32_t)(at - text->text));
    assert_int_equal(original, strstr(sql, word) - sql);
}

static void test_offsets(void **state)
{
    (void)state;
    const char *sql =
        "replace into w overwrite where aaa < 1 select bbb, floor(ccc to day), Ddd, eee "
        "from table(extern('fff')) extend (ggg varchar) hhh partitioned by iii "
        "clustered by jjj, kkk";
    const DialectStatement *statement = rewrite(sql);
    const char *main_words[] = {"w ", "select", "bbb", "ccc", "eee", "'fff'", "ggg", "hhh"};
    for (size_t i = 0; i < sizeof main_words / sizeof *main_words; i++)
        assert_mapped(sql, &statement->main, main_words[i]);
    assert_mapped(sql, &statement->overwrite, "aaa");
    assert_mapped(sql, &statement->partitioned, "iii");
    assert_mapped(sql, &statement->clustered, "kkk");
    const char *marked = strstr(statement->main.text, "\"\x01"
                                                      "Ddd");
    assert_int_equal(
        offset_map_find(&statement->main.map, (int32_t)(marked - statement->main.text)),
        strstr(sql, "Ddd") - sql);
}

static void test_refusals(void **state)
{
    (void)state;
    assert_refused("insert into t select 1 clustered by a partitioned by day", FAULT_SYNTAX_ERROR,
                   23, "CLUSTERED BY found before PARTITIONED BY");
    assert_refused("insert into t overwrite all select 1", FAULT_SYNTAX_ERROR, 14,
                   "OVERWRITE is not allowed in INSERT");
    assert_refused("replace into t select 1", FAULT_SYNTAX_ERROR, 15,
                   "missing time chunk information in OVERWRITE clause for REPLACE");
    assert_refused("upsert into t select 1", FAULT_FEATURE_NOT_SUPPORTED, 0,
                   "UPSERT is not supported");
    assert_refused("select 'abc", FAULT_SYNTAX_ERROR, 7,
                   "unterminated quoted string at or near \"'abc\"");
    assert_refused("replace into t overwrite all 3 select 1", FAULT_SYNTAX_ERROR, 29,
                   "syntax error at or near \"3\"");
}

static void test_contexts_and_splitting(void **state)
{
    (void)state;
    DialectText text;
    Fault fault;
    const char *sql =
        "--:context maxNumTasks: 3\n;; select 1;--:context finalizeAggregations: false \n"
        "/* ; */ select ';' , \";\"; ";
    assert_true(dialect_rewrite(arena, text_of(sql), &text, &fault));
    assert_int_equal(text.statement_count, 2);
    assert_int_equal(text.statements[0].context_count, 1);
    assert_string_equal(text.statements[0].context_names[0], "maxNumTasks");
    assert_string_equal(text.statements[0].context_values[0], "3");
    assert_int_equal(text.statements[1].context_count, 1);
    assert_string_equal(text.statements[1].context_values[0], "false");
    assert_int_equal(text.statements[1].start, strstr(sql, "select ';'") - sql);
}

static char *repeat(const char *head, const char *piece, size_t count, const char *tail)
{
    Buffer out = BUFFER_EMPTY;
    buffer_append_string(&out, head);
    for (size_t i = 0; i < count; i++)
        buffer_append_string(&out, piece);
    buffer_append_string(&out, tail);
    char *text = arena_strdup(arena, buffer_string(&out));
    buffer_clear(&out);
    return text;
}

static void assert_too_deep(const char *sql)
{
    DialectText text;
    Fault fault = {0};
    assert_false(dialect_rewrite(arena, text_of(sql), &text, &fault));
    assert_int_equal(fault.code, FAULT_STATEMENT_TOO_COMPLEX);
}

static void test_depth_guard(void **state)
{
    (void)state;
    assert_too_deep(repeat("select 1", "+1", 50000, ""));
    assert_too_deep(repeat("select ", "(", 50000, "1"));
    assert_too_deep(repeat("select ", "not ", 50000, "true"));
    assert_too_deep(repeat("select ", "case when a then b else ", 50000, "1"));
    assert_too_deep(repeat("select ", "f(1, ", 50000, "1"));
    assert_too_deep(repeat("select * from a", " join b using (c)", 50000, ""));
    /* wide is not deep */
    rewrite(repeat("select 1 in (1", ",1", 100000, ")"));
    rewrite(repeat("select a = 1", " or a = 2", 50000, ""));
    rewrite(repeat("select 1", ", f((2 + 3) * 4)", 50000, ""));
    rewrite(repeat("select 1", "+1", 3000, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_identifiers_are_marked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_expression_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_table_functions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_replace_is_taken_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_offsets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_contexts_and_splitting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth_guard, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

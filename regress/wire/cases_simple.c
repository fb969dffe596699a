/* The simple query protocol: results, errors, transactions, settings. */
#include "regress/wire/cases.h"

#include <stdlib.h>
#include <unistd.h>

static const char *ask(Wire *wire, const char *text)
{
    wire_query(wire, text);
    return wire_until_ready(wire);
}

static void test_results(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    assert_string_equal(ask(wire, "SELECT 1"), "T D*1 C Z");
    assert_string_equal(wire_last_value(), "1");
    assert_string_equal(wire_last_tag(), "SELECT 1");
    assert_string_equal(ask(wire, "SELECT 1; SELECT 1;"), "T D*1 C T D*1 C Z");
    assert_string_equal(ask(wire, ""), "I Z");
    assert_string_equal(ask(wire, " ; "), "I Z");
    assert_string_equal(ask(wire, series(0)), "T C Z");
    assert_string_equal(wire_last_tag(), "SELECT 0");
    assert_string_equal(ask(wire, series(100)), "T D*100 C Z");
    assert_string_equal(wire_last_tag(), "SELECT 100");
    wire_close(wire);
}

static void test_errors(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    assert_fails(ask(wire, "SELECT 1/0"));
    assert_sqlstate("22012");
    assert_string_equal(wire_error_field('S'), "ERROR");
    const char *answer = ask(wire, "SELECT 1; SELECT 1/0; SELECT 1");
    assert_memory_equal(answer, "T D*1 C ", 8);
    assert_fails(answer + 8);
    assert_int_equal(wire->status, 'I');
    assert_string_equal(ask(wire, "SELEKT 1"), "E Z");
    assert_sqlstate("42601");
    assert_string_equal(wire_error_field('P'), "1");
    assert_string_equal(ask(wire, "SELECT 'a\xff'"), "E Z");
    assert_sqlstate("22021");
    assert_string_equal(ask(wire, "SELECT 1"), "T D*1 C Z");
    wire_close(wire);
}

static void test_transactions(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    assert_string_equal(ask(wire, "BEGIN"), "C Z");
    assert_int_equal(wire->status, 'T');
    assert_string_equal(ask(wire, "SELECT 1"), "T D*1 C Z");
    assert_int_equal(wire->status, 'T');
    ask(wire, "SELECT 1/0");
    assert_int_equal(wire->status, 'E');
    assert_string_equal(ask(wire, "SELECT 1"), "E Z");
    assert_sqlstate("25P02");
    assert_string_equal(ask(wire, "COMMIT"), "C Z");
    assert_string_equal(wire_last_tag(), "ROLLBACK");
    assert_int_equal(wire->status, 'I');
    wire_close(wire);
}

static const char *application_name(Wire *wire)
{
    ask(wire, "SHOW application_name");
    return wire_last_value();
}

static void test_settings(void **state)
{
    Wire *wire = wire_start(&wire_target, (const char *[]){"application_name", "first", NULL});
    assert_string_equal(ask(wire, "SET application_name TO 'second'"), "C Z");
    assert_string_equal(wire_parameter("application_name"), "second");
    assert_string_equal(application_name(wire), "second");
    ask(wire, "RESET application_name");
    assert_string_equal(wire_parameter("application_name"), "first");
    assert_string_equal(application_name(wire), "first");
    /* One text is one transaction: what failed undoes what was set before it. */
    ask(wire, "SET application_name TO 'third'; SELECT 1/0");
    assert_string_equal(application_name(wire), "first");
    assert_string_equal(wire_parameter("application_name"), "first");
    ask(wire, "BEGIN");
    ask(wire, "SET application_name TO 'fourth'");
    assert_string_equal(wire_parameter("application_name"), "fourth");
    ask(wire, "ROLLBACK");
    assert_string_equal(wire_parameter("application_name"), "first");
    ask(wire, "BEGIN");
    ask(wire, "SET application_name TO 'fifth'");
    ask(wire, "COMMIT");
    assert_string_equal(application_name(wire), "fifth");
    ask(wire, "BEGIN");
    ask(wire, "SET application_name TO 'sixth'");
    ask(wire, "SELECT 1/0");
    assert_string_equal(wire_parameter("application_name"), "fifth");
    ask(wire, "ROLLBACK");
    assert_string_equal(application_name(wire), "fifth");
    assert_string_equal(ask(wire, "SET no_such_setting TO 1"), "E Z");
    assert_sqlstate("42704");
    wire_close(wire);
}

static void test_statement_timeout(void **state)
{
    Wire *wire = wire_start(&wire_target, (const char *[]){"statement_timeout", "200", NULL});
    const char *answer = ask(wire, "SELECT pg_sleep(20)"); /* the columns may be described before */
    assert_true(strcmp(answer, "E Z") == 0 || strcmp(answer, "T E Z") == 0);
    assert_sqlstate("57014");
    assert_string_equal(wire_error_field('M'), "canceling statement due to statement timeout");
    assert_string_equal(ask(wire, "SELECT 1"), "T D*1 C Z");
    wire_close(wire);
}

static void test_idle_in_transaction(void **state)
{
    Wire *wire = wire_start(
        &wire_target, (const char *[]){"idle_in_transaction_session_timeout", "200", NULL});
    assert_int_equal(wire_next(wire, 500), WIRE_NOTHING);
    ask(wire, "BEGIN");
    assert_string_equal(wire_until_ready(wire), "E .");
    assert_sqlstate("25P03");
    wire_close(wire);
}

/* All of a large result, to a client that first does not read for a while. */
static void test_large_result(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_query(wire, series(1000000));
    usleep(300000);
    uint64_t rows = 0, sum = 0;
    int letter;
    while ((letter = wire_next(wire, WIRE_PATIENCE_MS)) > 0 && letter != 'Z') {
        if (letter != 'D')
            continue;
        rows++;
        sum += strtoull((const char *)wire->message.data + 6, NULL, 10);
    }
    assert_int_equal(letter, 'Z');
    assert_int_equal(rows, 1000000);
    assert_int_equal(sum, UINT64_C(500000500000));
    wire_close(wire);
}

/* A client that leaves in the middle of a result leaves nothing behind. */
static void test_leaves_early(void **state)
{
    for (int i = 0; i < 10; i++) {
        Wire *wire = wire_start(&wire_target, NULL);
        wire_query(wire, series(1000000));
        wire_next(wire, WIRE_PATIENCE_MS);
        wire_close(wire);
    }
    Wire *wire = wire_start(&wire_target, NULL);
    assert_string_equal(ask(wire, series(5000)), "T D*5000 C Z");
    wire_close(wire);
}

int run_simple_cases(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),           cmocka_unit_test(test_errors),
        cmocka_unit_test(test_transactions),      cmocka_unit_test(test_settings),
        cmocka_unit_test(test_statement_timeout), cmocka_unit_test(test_idle_in_transaction),
        cmocka_unit_test(test_large_result),      cmocka_unit_test(test_leaves_early),
    };
    return cmocka_run_group_tests_name("simple", tests, NULL, NULL);
}

/* The extended query protocol: statements, errors up to Sync, pipelines. */
#include "regress/wire/cases.h"

#include <stdio.h>

static void test_unnamed(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_parse(wire, "", "SELECT 1", 0, NULL);
    wire_bind(wire, "", "", 0, NULL);
    wire_describe(wire, 'P', "");
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 T D*1 C Z");
    assert_string_equal(wire_last_tag(), "SELECT 1");
    /* The statement outlives Sync, the portal does not. */
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "E Z");
    assert_sqlstate("34000");
    wire_bind(wire, "", "", 0, NULL);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "2 D*1 C Z");
    wire_close(wire);
}

static void test_parameters(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_parse(wire, "two", "SELECT $1::text, $2::text", 0, NULL);
    wire_describe(wire, 'S', "two");
    wire_bind(wire, "", "two", 2, (const char *[]){"hello", NULL});
    wire_execute(wire, "", 0);
    wire_bind(wire, "", "two", 2, (const char *[]){NULL, "x"});
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until(wire, "C"), "1 t T 2 D*1 C");
    assert_string_equal(wire_last_value(), "hello");
    assert_string_equal(wire_until_ready(wire), "2 D*1 C Z");
    assert_string_equal(wire_last_value(), "(null)");
    wire_bind(wire, "", "two", 1, (const char *[]){"x"});
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "E Z");
    assert_sqlstate("08P01");
    assert_string_equal(wire_error_field('S'), "ERROR");
    wire_close(wire);
}

static void expect_error(Wire *wire, const char *sqlstate)
{
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "E Z");
    assert_sqlstate(sqlstate);
}

static void test_names(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_bind(wire, "", "nobody", 0, NULL);
    expect_error(wire, "26000");
    wire_bind(wire, "", "", 0, NULL);
    expect_error(wire, "26000");
    wire_describe(wire, 'S', "nobody");
    expect_error(wire, "26000");
    wire_describe(wire, 'P', "nobody");
    expect_error(wire, "34000");
    wire_execute(wire, "nobody", 0);
    expect_error(wire, "34000");
    wire_parse(wire, "one", "SELECT 1", 0, NULL);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 Z");
    wire_parse(wire, "one", "SELECT 1", 0, NULL);
    expect_error(wire, "42P05");
    wire_close_named(wire, 'S', "one");
    wire_close_named(wire, 'S', "nobody");
    wire_close_named(wire, 'P', "nobody");
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "3 3 3 Z");
    wire_parse(wire, "one", "SELECT 1", 0, NULL);
    wire_bind(wire, "p", "one", 0, NULL);
    wire_bind(wire, "p", "one", 0, NULL);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 E Z");
    assert_sqlstate("42P03");
    wire_close(wire);
}

/* After an error everything is skipped up to Sync; what came before stays. */
static void test_skipping(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_parse(wire, "good", "SELECT 1", 0, NULL);
    wire_parse(wire, "bad", "SELEKT", 0, NULL);
    wire_parse(wire, "never", "SELECT 1", 0, NULL);
    wire_bind(wire, "", "good", 0, NULL);
    wire_execute(wire, "", 0);
    wire_query(wire, "SELECT 1"); /* skipped as well */
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 E Z");
    assert_sqlstate("42601");
    wire_bind(wire, "", "good", 0, NULL);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "2 D*1 C Z");
    wire_bind(wire, "", "never", 0, NULL);
    expect_error(wire, "26000");
    wire_parse(wire, "", "SELECT 1/0", 0, NULL);
    wire_bind(wire, "", "", 0, NULL);
    wire_execute(wire, "", 0);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_true(strstr(wire_until_ready(wire), "E Z") != NULL);
    assert_sqlstate("22012");
    wire_close(wire);
}

static void test_description_formats(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_parse(wire, "", "SELECT 1", 0, NULL);
    wire_begin(wire, 'B');
    wire_put_string(wire, "");
    wire_put_string(wire, "");
    wire_put_u16(wire, 0);
    wire_put_u16(wire, 0);
    wire_put_u16(wire, 1);
    wire_put_u16(wire, 1);
    wire_end(wire);
    wire_describe(wire, 'S', "");
    wire_describe(wire, 'P', "");
    wire_sync(wire);
    assert_string_equal(wire_until(wire, "T"), "1 2 t T");
    assert_int_equal(wire->message.data[wire->message.length - 1], 0);
    assert_string_equal(wire_until(wire, "T"), "T");
    assert_int_equal(wire->message.data[wire->message.length - 1], 1);
    assert_string_equal(wire_until_ready(wire), "Z");
    /* What gives no rows has nothing to describe. */
    wire_parse(wire, "", "SET application_name TO 'x'", 0, NULL);
    wire_bind(wire, "", "", 0, NULL);
    wire_describe(wire, 'S', "");
    wire_describe(wire, 'P', "");
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 t n n C Z");
    assert_string_equal(wire_last_tag(), "SET");
    wire_parse(wire, "", "", 0, NULL);
    wire_bind(wire, "", "", 0, NULL);
    wire_describe(wire, 'P', "");
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 n I Z");
    wire_close(wire);
}

/* Hundreds of messages at once, answered in their order. */
static void test_pipeline(void **state)
{
    enum { COUNT = 400 };
    Wire *wire = wire_start(&wire_target, NULL);
    wire_parse(wire, "echo", "SELECT $1::text", 0, NULL);
    for (int i = 0; i < COUNT; i++) {
        char value[16];
        snprintf(value, sizeof value, "%d", i);
        wire_bind(wire, "", "echo", 1, (const char *[]){value});
        wire_execute(wire, "", 0);
    }
    wire_sync(wire);
    assert_string_equal(wire_until(wire, "1"), "1");
    for (int i = 0; i < COUNT; i++) {
        char value[16];
        snprintf(value, sizeof value, "%d", i);
        assert_string_equal(wire_until(wire, "CE"), "2 D*1 C");
        assert_string_equal(wire_last_value(), value);
    }
    assert_string_equal(wire_until_ready(wire), "Z");
    /* Several Syncs in one packet: an error ends with its own. */
    wire_bind(wire, "", "nobody", 0, NULL);
    wire_simple(wire, 'S');
    wire_bind(wire, "", "echo", 1, (const char *[]){"a"});
    wire_execute(wire, "", 0);
    wire_simple(wire, 'S');
    wire_simple(wire, 'S');
    wire_flush(wire);
    assert_string_equal(wire_until_ready(wire), "E Z");
    assert_string_equal(wire_until_ready(wire), "2 D*1 C Z");
    assert_string_equal(wire_until_ready(wire), "Z");
    wire_close(wire);
}

/* Flush brings the answers without Sync. */
static void test_flush(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_parse(wire, "", "SELECT 1", 0, NULL);
    wire_simple(wire, 'H');
    wire_flush(wire);
    assert_string_equal(wire_until(wire, "1"), "1");
    wire_bind(wire, "", "", 0, NULL);
    wire_execute(wire, "", 0);
    wire_simple(wire, 'H');
    wire_flush(wire);
    assert_string_equal(wire_until(wire, "C"), "2 D*1 C");
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "Z");
    wire_close(wire);
}

static void test_transaction_status(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_parse(wire, "", "BEGIN", 0, NULL);
    wire_bind(wire, "", "", 0, NULL);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 C Z");
    assert_int_equal(wire->status, 'T');
    wire_bind(wire, "", "nobody", 0, NULL);
    wire_sync(wire);
    wire_until_ready(wire);
    assert_int_equal(wire->status, 'E');
    wire_parse(wire, "", "ROLLBACK", 0, NULL);
    wire_bind(wire, "", "", 0, NULL);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 C Z");
    assert_int_equal(wire->status, 'I');
    wire_close(wire);
}

/* Between two Syncs is one transaction: an error undoes a SET before it. */
static void test_settings_between_syncs(void **state)
{
    Wire *wire = wire_start(&wire_target, (const char *[]){"application_name", "first", NULL});
    wire_parse(wire, "", "SET application_name TO 'second'", 0, NULL);
    wire_bind(wire, "", "", 0, NULL);
    wire_execute(wire, "", 0);
    wire_bind(wire, "", "nobody", 0, NULL);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 C E Z");
    wire_query(wire, "SHOW application_name");
    wire_until_ready(wire);
    assert_string_equal(wire_last_value(), "first");
    wire_close(wire);
}

int run_extended_cases(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unnamed),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_skipping),
        cmocka_unit_test(test_description_formats),
        cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_flush),
        cmocka_unit_test(test_transaction_status),
        cmocka_unit_test(test_settings_between_syncs),
    };
    return cmocka_run_group_tests_name("extended", tests, NULL, NULL);
}

/* Portals with row limits: suspended, continued, interleaved, dropped. */
#include "regress/wire/cases.h"

static void open_series(Wire *wire, const char *portal, long count)
{
    wire_parse(wire, "", series(count), 0, NULL);
    wire_bind(wire, portal, "", 0, NULL);
}

static void begin(Wire *wire)
{
    wire_query(wire, "BEGIN");
    wire_until_ready(wire);
}

/* The last row within the limit suspends; only the next Execute finds the end. */
static void test_limits(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    open_series(wire, "", 5);
    wire_execute(wire, "", 2);
    wire_execute(wire, "", 2);
    wire_execute(wire, "", 2);
    wire_execute(wire, "", 2);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 D*2 s D*2 s D*1 C C Z");
    assert_string_equal(wire_last_tag(), "SELECT 0");
    open_series(wire, "", 4);
    wire_execute(wire, "", 4);
    wire_execute(wire, "", 4);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 D*4 s C Z");
    assert_string_equal(wire_last_tag(), "SELECT 0");
    open_series(wire, "", 5);
    wire_execute(wire, "", 2);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 D*2 s D*3 C Z");
    assert_string_equal(wire_last_tag(), "SELECT 3"); /* the batch, not the portal */
    wire_close(wire);
}

/* Outside a transaction Sync ends portals, inside it does not. */
static void test_sync(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    open_series(wire, "p", 10);
    wire_execute(wire, "p", 3);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 D*3 s Z");
    wire_execute(wire, "p", 3);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "E Z");
    assert_sqlstate("34000");
    begin(wire);
    open_series(wire, "p", 10);
    wire_execute(wire, "p", 3);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 D*3 s Z");
    wire_execute(wire, "p", 3);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "D*3 s Z");
    assert_string_equal(wire_last_value(), "6");
    wire_query(wire, "COMMIT");
    wire_until_ready(wire);
    wire_execute(wire, "p", 3);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "E Z");
    assert_sqlstate("34000");
    wire_close(wire);
}

static void test_interleaved(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    begin(wire);
    open_series(wire, "a", 700);
    open_series(wire, "b", 200000);
    for (int i = 0; i < 7; i++) {
        wire_execute(wire, "a", 100);
        wire_execute(wire, "b", 1000);
        wire_sync(wire);
        assert_string_equal(wire_until(wire, "sC"), i == 0 ? "1 2 1 2 D*100 s" : "D*100 s");
        assert_string_equal(wire_until_ready(wire), "D*1000 s Z");
    }
    wire_close_named(wire, 'P', "b");
    wire_execute(wire, "a", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "3 C Z");
    assert_string_equal(wire_last_tag(), "SELECT 0");
    wire_query(wire, "SELECT 1");
    assert_string_equal(wire_until_ready(wire), "T D*1 C Z");
    wire_close(wire);
}

/* A portal that waits keeps what it has made; everybody else goes on. */
static void test_many_suspended(void **state)
{
    enum { COUNT = 12 };
    Wire *wires[COUNT];
    for (int i = 0; i < COUNT; i++) {
        wires[i] = wire_start(&wire_target, NULL);
        begin(wires[i]);
        open_series(wires[i], "p", 900);
        wire_execute(wires[i], "p", 1);
        wire_sync(wires[i]);
        assert_string_equal(wire_until_ready(wires[i]), "1 2 D*1 s Z");
    }
    for (int i = 0; i < COUNT; i++) {
        wire_query(wires[i], "SELECT 1");
        assert_string_equal(wire_until_ready(wires[i]), "T D*1 C Z");
    }
    for (int i = 0; i < COUNT; i++) {
        wire_execute(wires[i], "p", 0);
        wire_sync(wires[i]);
        assert_string_equal(wire_until_ready(wires[i]), "D*899 C Z");
        wire_close(wires[i]);
    }
}

/* An error ends the portals of a transaction. */
static void test_error_ends_portals(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    begin(wire);
    open_series(wire, "p", 100000);
    wire_execute(wire, "p", 10);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 D*10 s Z");
    wire_query(wire, "SELECT 1/0");
    assert_fails(wire_until_ready(wire));
    wire_execute(wire, "p", 10);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "E Z");
    wire_query(wire, "ROLLBACK");
    assert_string_equal(wire_until_ready(wire), "C Z");
    wire_close(wire);
}

int run_portal_cases(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),         cmocka_unit_test(test_sync),
        cmocka_unit_test(test_interleaved),    cmocka_unit_test(test_many_suspended),
        cmocka_unit_test(test_error_ends_portals),
    };
    return cmocka_run_group_tests_name("portal", tests, NULL, NULL);
}

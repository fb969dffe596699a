/* The start of a connection, from the first byte. */
#include "regress/wire/cases.h"

#include <stdio.h>
#include <unistd.h>

WireTarget wire_target;

const char *series(long count)
{
    static char text[128];
    snprintf(text, sizeof text, "SELECT x FROM generate_series(1, %ld) AS t(x)", count);
    return text;
}

void assert_fails(const char *answer)
{
    bool is_described = answer[0] == 'T';
    assert_string_equal(is_described ? answer + 2 : answer, "E Z");
}

static char one_byte(Wire *wire)
{
    char byte = 0;
    return read(wire->fd, &byte, 1) == 1 ? byte : '.';
}

static void test_plain(void **state)
{
    Wire *wire = wire_connect(&wire_target);
    wire_startup(wire, (const char *[]){"user", "ann", "database", "db", NULL});
    wire_flush(wire);
    assert_string_equal(wire_until_ready(wire), "R K Z");
    assert_int_equal(wire->status, 'I');
    assert_string_equal(wire_parameter("client_encoding"), "UTF8");
    assert_string_equal(wire_parameter("server_encoding"), "UTF8");
    assert_string_equal(wire_parameter("integer_datetimes"), "on");
    assert_string_equal(wire_parameter("standard_conforming_strings"), "on");
    assert_string_equal(wire_parameter("DateStyle"), "ISO, MDY");
    assert_string_equal(wire_parameter("session_authorization"), "ann");
    assert_memory_equal(wire_parameter("server_version"), "15", 2);
    wire_close(wire);
}

static void test_encryption_refused(void **state)
{
    Wire *wire = wire_connect(&wire_target);
    wire_send(wire, "\0\0\0\x08\x04\xd2\x16\x30", 8);
    assert_int_equal(one_byte(wire), 'N');
    wire_send(wire, "\0\0\0\x08\x04\xd2\x16\x2f", 8);
    assert_int_equal(one_byte(wire), 'N');
    wire_startup(wire, (const char *[]){"user", "ann", NULL});
    wire_flush(wire);
    assert_string_equal(wire_until_ready(wire), "R K Z");
    wire_close(wire);
}

/* Somebody in the middle may not put bytes before the answer. */
static void test_bytes_behind_ssl_request(void **state)
{
    Wire *wire = wire_connect(&wire_target);
    wire_put(wire, "\0\0\0\x08\x04\xd2\x16\x2f", 8);
    wire_startup(wire, (const char *[]){"user", "ann", NULL});
    wire_flush(wire);
    assert_string_equal(wire_until_ready(wire), "E .");
    assert_sqlstate("08P01");
    wire_close(wire);
}

static void expect_answer(const char *const *pairs, const char *answer, const char *sqlstate)
{
    Wire *wire = wire_connect(&wire_target);
    wire_startup(wire, pairs);
    wire_flush(wire);
    assert_string_equal(wire_until_ready(wire), answer);
    assert_sqlstate(sqlstate);
    assert_string_equal(wire_error_field('S'), "FATAL");
    wire_close(wire);
}

static void expect_refused(const char *const *pairs, const char *sqlstate)
{
    expect_answer(pairs, "E .", sqlstate);
}

/* Let in, and then something is wrong with a setting: as PostgreSQL does it. */
static void expect_setting_refused(const char *const *pairs, const char *sqlstate)
{
    expect_answer(pairs, "R E .", sqlstate);
}

static void test_refused(void **state)
{
    expect_refused((const char *[]){"database", "db", NULL}, "28000");
    expect_setting_refused((const char *[]){"user", "ann", "no_such_setting", "1", NULL}, "42704");
    expect_setting_refused((const char *[]){"user", "ann", "client_encoding", "KLINGON", NULL}, "22023");
    expect_setting_refused((const char *[]){"user", "ann", "options", "-c no_such=1", NULL}, "42704");
    expect_setting_refused((const char *[]){"user", "ann", "options", "-x", NULL}, "42601");
    expect_setting_refused((const char *[]){"user", "ann", "statement_timeout", "x", NULL}, "22023");
    expect_setting_refused((const char *[]){"user", "ann", "server_version", "9", NULL}, "55P02");
    expect_refused((const char *[]){"user", "ann", "replication", "true", NULL}, "0A000");
    expect_refused((const char *[]){"user", "a\xff", NULL}, "22021");
}

static void test_parameters(void **state)
{
    Wire *wire = wire_start(&wire_target,
                            (const char *[]){"client_encoding", "'utf-8'", "DateStyle", "ISO",
                                             "timezone", "UTC", "extra_float_digits", "3", "jit",
                                             "off", "my.own", "x", "replication", "false",
                                             "options", "-c statement_timeout=7s --application-name=a\\ b",
                                             NULL});
    assert_int_equal(wire->status, 'I');
    assert_string_equal(wire_parameter("client_encoding"), "UTF8");
    assert_string_equal(wire_parameter("DateStyle"), "ISO, MDY");
    assert_string_equal(wire_parameter("application_name"), "a b");
    wire_query(wire, "SHOW statement_timeout");
    assert_string_equal(wire_until_ready(wire), "T D*1 C Z");
    assert_string_equal(wire_last_value(), "7s");
    wire_close(wire);
}

static void test_negotiation(void **state)
{
    Wire *wire = wire_connect(&wire_target);
    wire_begin(wire, 0);
    wire_put_u32(wire, (3 << 16) + 7);
    wire_put_string(wire, "user");
    wire_put_string(wire, "ann");
    wire_put_string(wire, "_pq_.new_thing");
    wire_put_string(wire, "1");
    wire_put_byte(wire, 0);
    wire_end(wire);
    wire_flush(wire);
    assert_int_equal(wire_next(wire, WIRE_PATIENCE_MS), 'v');
    assert_memory_equal(wire->message.data, "\0\3\0\2\0\0\0\1_pq_.new_thing", 23);
    assert_string_equal(wire_until_ready(wire), "R K Z");
    wire_close(wire);
}

/* Protocol 3.2 is spoken, with a longer key; 3.1 never was, and becomes 3.0. */
static void test_newer_protocol(void **state)
{
    static const int minors[] = {2, 1};
    for (int i = 0; i < 2; i++) {
        Wire *wire = wire_connect(&wire_target);
        wire_begin(wire, 0);
        wire_put_u32(wire, (3u << 16) + (uint32_t)minors[i]);
        wire_put(wire, "user\0ann\0", 10); /* with the zero that ends the list */
        wire_end(wire);
        wire_flush(wire);
        assert_string_equal(wire_until(wire, "K"), minors[i] == 2 ? "R K" : "v R K");
        assert_int_equal(wire->message.length, 4 + (minors[i] == 2 ? 32 : 4));
        char key[36];
        memcpy(key, wire->message.data, wire->message.length);
        uint32_t length = (uint32_t)wire->message.length;
        assert_string_equal(wire_until_ready(wire), "Z");
        wire_query(wire, "SELECT pg_sleep(20)");
        usleep(300000);
        Wire *cancel = wire_connect(&wire_target);
        wire_begin(cancel, 0);
        wire_put_u32(cancel, 80877102);
        wire_put(cancel, key, length - 1); /* cut: it is not the key */
        wire_put_byte(cancel, 0x7f);
        wire_put_byte(cancel, 0x7f);
        wire_end(cancel);
        wire_flush(cancel);
        assert_int_equal(wire_next(cancel, WIRE_PATIENCE_MS), WIRE_END);
        wire_close(cancel);
        cancel = wire_connect(&wire_target);
        wire_begin(cancel, 0);
        wire_put_u32(cancel, 80877102);
        wire_put(cancel, key, length);
        wire_end(cancel);
        wire_flush(cancel);
        assert_int_equal(wire_next(cancel, WIRE_PATIENCE_MS), WIRE_END);
        wire_close(cancel);
        wire_until_ready(wire);
        assert_sqlstate("57014");
        wire_close(wire);
    }
}

static void expect_bytes_refused(const void *data, size_t length, const char *sqlstate)
{
    Wire *wire = wire_connect(&wire_target);
    wire_send(wire, data, length);
    assert_string_equal(wire_until_ready(wire), "E .");
    assert_sqlstate(sqlstate);
    wire_close(wire);
}

static void test_garbage(void **state)
{
    expect_bytes_refused("GET / HTTP/1.1\r\n\r\n", 18, "08P01");
    expect_bytes_refused("\0\0\0\3", 4, "08P01");
    expect_bytes_refused("\x7f\xff\xff\xff", 4, "08P01");
    expect_bytes_refused("\0\0\0\x09\0\2\0\0\0", 9, "0A000");
    expect_bytes_refused("\0\0\0\x0d\0\3\0\0user\0", 13, "08P01");
}

/* A startup packet that comes byte by byte, and a client that leaves in the middle. */
static void test_slow_start(void **state)
{
    Wire *wire = wire_connect(&wire_target);
    wire_startup(wire, (const char *[]){"user", "ann", NULL});
    for (size_t i = 0; i < wire->out.length; i++) {
        wire_send(wire, wire->out.data + i, 1);
        usleep(500);
    }
    buffer_reset(&wire->out);
    assert_string_equal(wire_until_ready(wire), "R K Z");
    wire_close(wire);
    wire = wire_connect(&wire_target);
    wire_send(wire, "\0\0\0\x20\0\3", 6);
    wire_close(wire);
}

static void cancel(uint32_t process_id, uint32_t key)
{
    Wire *wire = wire_connect(&wire_target);
    wire_begin(wire, 0);
    wire_put_u32(wire, 80877102);
    wire_put_u32(wire, process_id);
    wire_put_u32(wire, key);
    wire_end(wire);
    wire_flush(wire);
    assert_int_equal(wire_next(wire, WIRE_PATIENCE_MS), WIRE_END);
    wire_close(wire);
}

static void test_cancel(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_query(wire, "SELECT pg_sleep(30)");
    int first = wire_next(wire, 300);
    if (first == 'T') /* the columns may be described before */
        first = wire_next(wire, 300);
    assert_int_equal(first, WIRE_NOTHING);
    cancel(wire->process_id, wire->key ^ 1);
    assert_int_equal(wire_next(wire, 300), WIRE_NOTHING);
    cancel(wire->process_id, wire->key);
    const char *answer = wire_until_ready(wire);
    assert_true(strcmp(answer, "E Z") == 0 || strcmp(answer, "T E Z") == 0);
    assert_sqlstate("57014");
    assert_string_equal(wire_error_field('M'), "canceling statement due to user request");
    /* Late: there is nothing to cancel, and the next statement is not touched. */
    cancel(wire->process_id, wire->key);
    wire_query(wire, "SELECT 1");
    assert_string_equal(wire_until_ready(wire), "T D*1 C Z");
    wire_close(wire);
}

static void test_many_connections(void **state)
{
    enum { COUNT = 200 };
    Wire *wires[COUNT];
    for (int i = 0; i < COUNT; i++)
        wires[i] = wire_start(&wire_target, NULL);
    for (int i = 0; i < COUNT; i++)
        wire_query(wires[i], "SELECT 1");
    for (int i = 0; i < COUNT; i++) {
        assert_string_equal(wire_until_ready(wires[i]), "T D*1 C Z");
        for (int j = 0; j < i; j++)
            assert_true(wires[i]->process_id != wires[j]->process_id);
        wire_simple(wires[i], 'X');
        wire_flush(wires[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(wire_next(wires[i], WIRE_PATIENCE_MS), WIRE_END);
        wire_close(wires[i]);
    }
}

int run_startup_cases(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_encryption_refused),
        cmocka_unit_test(test_bytes_behind_ssl_request),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_negotiation),
        cmocka_unit_test(test_newer_protocol),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_slow_start),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_many_connections),
    };
    return cmocka_run_group_tests_name("startup", tests, NULL, NULL);
}

/* Malformed, truncated, oversized, out of order: one connection ends, the server goes on. */
#include "regress/wire/cases.h"

#include <stdlib.h>

static void expect_fatal(const void *data, size_t length)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_send(wire, data, length);
    assert_string_equal(wire_until_ready(wire), "E .");
    assert_string_equal(wire_error_field('S'), "FATAL");
    assert_sqlstate("08P01");
    wire_close(wire);
    wire = wire_start(&wire_target, NULL);
    wire_query(wire, "SELECT 1");
    assert_string_equal(wire_until_ready(wire), "T D*1 C Z");
    wire_close(wire);
}

static void test_malformed(void **state)
{
    expect_fatal("z\0\0\0\4", 5);
    expect_fatal("Q\0\0\0\3", 5);
    expect_fatal("Q\xff\xff\xff\xff", 5);
    expect_fatal("Q\x7f\xff\xff\xffSELECT", 11);
    expect_fatal("Q\0\0\0\x08\x41\x41\x41\x41", 9);       /* no end mark */
    expect_fatal("Q\0\0\0\x0aSELECT\0\0\0", 11);          /* bytes behind it */
    expect_fatal("P\0\0\0\x08\0\0\xff\xff", 9);           /* 65,535 types, none there */
    expect_fatal("B\0\0\0\x0c\0\0\0\0\0\1\x7f\xff\xff\xff", 15); /* announces less than it has */
    expect_fatal("B\0\0\0\x0e\0\0\0\0\0\1\x7f\xff\xff\xff\0\0", 15);
    expect_fatal("B\0\0\0\x0e\0\0\0\0\0\1\xff\xff\xff\xfe\0\0", 15);
    expect_fatal("E\0\0\0\x07\0\0\0", 8);
    expect_fatal("D\0\0\0\x06Q\0", 7);
    expect_fatal("C\0\0\0\x06Q\0", 7);
    expect_fatal("S\0\0\0\5x", 6);
    expect_fatal("S\0\1\0\0", 5); /* too long for what it is */
    expect_fatal("p\0\0\0\6x\0", 7); /* no password was asked for */
}

/* What follows a fatal error is not heard. */
static void test_fatal_ends_all(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_put(wire, "z\0\0\0\4", 5);
    for (int i = 0; i < 10; i++) {
        wire_begin(wire, 'Q');
        wire_put_string(wire, "SELECT 1");
        wire_end(wire);
    }
    wire_flush(wire);
    assert_string_equal(wire_until_ready(wire), "E .");
    wire_close(wire);
}

static void test_truncated(void **state)
{
    static const char bind[] = "B\0\0\0\x20portal\0statement\0\0\0\0\0\0\0";
    for (size_t length = 1; length < sizeof bind - 1; length += 3) {
        Wire *wire = wire_start(&wire_target, NULL);
        wire_send(wire, bind, length);
        wire_close(wire);
    }
    Wire *wire = wire_start(&wire_target, NULL);
    wire_query(wire, "SELECT 1");
    assert_string_equal(wire_until_ready(wire), "T D*1 C Z");
    wire_close(wire);
}

static void test_out_of_place(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    /* Left-overs of a COPY are ignored. */
    wire_begin(wire, 'd');
    wire_put(wire, "rows", 4);
    wire_end(wire);
    wire_simple(wire, 'c');
    wire_begin(wire, 'f');
    wire_put_string(wire, "no");
    wire_end(wire);
    wire_query(wire, "SELECT 1");
    assert_string_equal(wire_until_ready(wire), "T D*1 C Z");
    /* Function calls are refused, the session goes on. */
    wire_begin(wire, 'F');
    wire_put_u32(wire, 1);
    wire_put_u32(wire, 0);
    wire_end(wire);
    wire_flush(wire);
    assert_string_equal(wire_until_ready(wire), "E Z");
    assert_sqlstate("0A000");
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "Z");
    wire_close(wire);
}

/* A statement of several megabytes goes through; memory for it is given back. */
static void test_large_statement(void **state)
{
    enum { SIZE = 4 << 20 };
    char *text = malloc(SIZE + 16);
    assert_non_null(text);
    memset(text, ' ', SIZE);
    memcpy(text + SIZE - 8, "SELECT 1", 9);
    Wire *wire = wire_start(&wire_target, NULL);
    wire_query(wire, text);
    assert_string_equal(wire_until_ready(wire), "T D*1 C Z");
    free(text);
    wire_close(wire);
}

/* Random bytes behind a good start, from a fixed seed. */
static void test_noise(void **state)
{
    unsigned seed = 4711;
    static const char letters[] = "QPBDECSHXFdcfp";
    for (int round = 0; round < 200; round++) {
        Wire *wire = wire_start(&wire_target, NULL);
        for (int i = 0; i < 5; i++) {
            int length = rand_r(&seed) % 40;
            wire_begin(wire, letters[(size_t)rand_r(&seed) % (sizeof letters - 1)]);
            for (int j = 0; j < length; j++)
                wire_put_byte(wire, rand_r(&seed) % 3 == 0 ? 0 : (char)rand_r(&seed));
            wire_end(wire);
        }
        wire_flush(wire);
        wire_close(wire);
    }
    Wire *wire = wire_start(&wire_target, NULL);
    wire_query(wire, "SELECT 1");
    assert_string_equal(wire_until_ready(wire), "T D*1 C Z");
    wire_close(wire);
}

int run_hostile_cases(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed),       cmocka_unit_test(test_fatal_ends_all),
        cmocka_unit_test(test_truncated),       cmocka_unit_test(test_out_of_place),
        cmocka_unit_test(test_large_statement), cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}

#include "base/memory/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t INTEGERS[] = {0,     1,      -1,     31,         -32,        -33,       127,
                                   128,   -128,   -129,   255,        256,        32767,     32768,
                                   -32768, -32769, 65535, 65536,      INT32_MAX,  INT32_MIN, 1LL << 31,
                                   1LL << 32, INT64_MAX,  INT64_MIN};
enum { INTEGER_COUNT = sizeof INTEGERS / sizeof *INTEGERS };

static void test_round_trip(void **state)
{
    (void)state;
    Buffer out = BUFFER_EMPTY;
    char *long_text = malloc(70000);
    memset(long_text, 'q', 70000);
    pack_array(&out, 9);
    pack_nil(&out);
    pack_bool(&out, true);
    pack_bool(&out, false);
    pack_double(&out, -2.5);
    pack_string(&out, "short");
    pack_text(&out, (Text){.data = long_text, .length = 70000});
    pack_bytes(&out, "\0\1\2", 3);
    pack_map(&out, 20);
    for (int i = 0; i < 20; i++) {
        pack_uint(&out, (uint64_t)i);
        pack_uint(&out, UINT64_MAX - (uint64_t)i);
    }
    pack_array(&out, INTEGER_COUNT);
    for (int i = 0; i < INTEGER_COUNT; i++)
        pack_int(&out, INTEGERS[i]);

    Unpacker in;
    unpack_init(&in, out.data, out.length);
    assert_int_equal(unpack_array(&in), 9);
    assert_true(unpack_nil(&in));
    assert_true(unpack_bool(&in));
    assert_false(unpack_bool(&in));
    assert_true(unpack_double(&in) == -2.5);
    assert_true(text_equal_string(unpack_text(&in), "short"));
    Text text = unpack_text(&in);
    assert_int_equal(text.length, 70000);
    assert_memory_equal(text.data, long_text, 70000);
    Text bytes = unpack_bytes(&in);
    assert_int_equal(bytes.length, 3);
    assert_memory_equal(bytes.data, "\0\1\2", 3);
    assert_int_equal(unpack_map(&in), 20);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(unpack_below(&in, 20), i);
        assert_true(unpack_uint(&in) == UINT64_MAX - (uint64_t)i);
    }
    assert_int_equal(unpack_array(&in), INTEGER_COUNT);
    for (int i = 0; i < INTEGER_COUNT; i++)
        assert_true(unpack_int(&in) == INTEGERS[i]);
    assert_false(in.failed);
    assert_ptr_equal(in.at, in.end);

    unpack_init(&in, out.data, out.length);
    unpack_skip(&in);
    assert_false(in.failed);
    assert_ptr_equal(in.at, in.end);

    /* every proper prefix fails, and reads nothing outside (the copy is exactly as long) */
    for (size_t length = 0; length < out.length; length += length < 300 ? 1 : 977) {
        uint8_t *prefix = malloc(length + 1);
        memcpy(prefix, out.data, length);
        unpack_init(&in, prefix, length);
        unpack_skip(&in);
        assert_true(in.failed);
        free(prefix);
    }
    free(long_text);
    buffer_clear(&out);
}

static void test_refusals(void **state)
{
    (void)state;
    Unpacker in;
    const uint8_t huge_array[] = {0xDD, 0xFF, 0xFF, 0xFF, 0xFF};
    unpack_init(&in, huge_array, sizeof huge_array);
    assert_int_equal(unpack_array(&in), 0);
    assert_true(in.failed);
    const uint8_t negative[] = {0xD0, 0x80, 0x05};
    unpack_init(&in, negative, sizeof negative);
    assert_int_equal(unpack_uint(&in), 0);
    assert_true(in.failed);
    assert_int_equal(unpack_uint(&in), 0); /* stays failed: the 5 is not read */
    const uint8_t big[] = {0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    unpack_init(&in, big, sizeof big);
    unpack_int(&in);
    assert_true(in.failed);
    const uint8_t extension[] = {0xD4, 0x01, 0x00};
    unpack_init(&in, extension, sizeof extension);
    unpack_skip(&in);
    assert_true(in.failed);
    uint8_t nested[200];
    memset(nested, 0x91, sizeof nested);
    nested[199] = 0xC0;
    unpack_init(&in, nested, sizeof nested);
    unpack_skip(&in);
    assert_true(in.failed);
}

static void test_random_bytes(void **state)
{
    (void)state;
    srand(3);
    for (int round = 0; round < 20000; round++) {
        size_t length = (size_t)(rand() % 40);
        uint8_t *bytes = malloc(length + 1);
        for (size_t i = 0; i < length; i++)
            bytes[i] = (uint8_t)rand();
        Unpacker in;
        unpack_init(&in, bytes, length);
        while (!in.failed && in.at < in.end)
            unpack_skip(&in);
        assert_true(in.at == in.end);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

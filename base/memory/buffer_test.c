#include "base/memory/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_append_and_consume(void **state)
{
    (void)state;
    Buffer buffer;
    buffer_init(&buffer);
    assert_string_equal(buffer_string(&buffer), "");
    buffer_append(&buffer, NULL, 0);
    buffer_append_string(&buffer, "one ");
    buffer_append_byte(&buffer, '2');
    buffer_append_zeros(&buffer, 3);
    buffer_append_u16be(&buffer, 0x0102);
    buffer_append_u32be(&buffer, 0x03040506);
    buffer_append_u64be(&buffer, 0x0708090A0B0C0D0EULL);
    const uint8_t wanted[] = {'o', 'n', 'e', ' ', '2', 0, 0, 0, 1, 2,  3,
                              4,   5,   6,   7,   8,   9, 10, 11, 12, 13, 14};
    assert_int_equal(buffer.length, sizeof wanted);
    assert_memory_equal(buffer.data, wanted, sizeof wanted);
    buffer_consume(&buffer, 8);
    assert_memory_equal(buffer.data, wanted + 8, sizeof wanted - 8);
    buffer_reset(&buffer);
    assert_int_equal(buffer.length, 0);
    buffer_clear(&buffer);
    assert_null(buffer.data);
}

static void test_printf_grows(void **state)
{
    (void)state;
    Buffer buffer = BUFFER_EMPTY;
    char *wide = malloc(5001);
    memset(wide, 'w', 5000);
    wide[5000] = '\0';
    buffer_printf(&buffer, "%d:", 42);
    buffer_printf(&buffer, "%s|", wide);
    assert_int_equal(buffer.length, 3 + 5001);
    assert_memory_equal(buffer_string(&buffer), "42:www", 6);
    assert_int_equal(buffer.data[buffer.length - 1], '|');
    for (int i = 0; i < 100000; i++)
        buffer_append_u32be(&buffer, (uint32_t)i);
    assert_int_equal(buffer.length, 5004 + 400000);
    free(wide);
    buffer_clear(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_and_consume),
        cmocka_unit_test(test_printf_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The pause before a birth: none after a long life, doubling after quick deaths, bounded. */
#include "server/supervisor/supervisor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const int64_t second = INT64_C(1000000000);

static void test_quick_deaths(void **state)
{
    RestartHistory history = {.born_at = 100 * second};
    int64_t now = 100 * second + second / 100;
    static const int64_t tenths[] = {0, 1, 2, 4, 8, 16, 32, 64, 100, 100, 100};
    for (size_t i = 0; i < sizeof tenths / sizeof tenths[0]; i++) {
        int64_t delay = restart_delay(&history, now);
        assert_int_equal(delay, tenths[i] * (second / 10));
        history.born_at = now + delay;
        now = history.born_at + second / 100;
    }
}

static void test_long_life_forgives(void **state)
{
    RestartHistory history = {.born_at = 0, .quick_deaths = 9};
    assert_int_equal(restart_delay(&history, 5 * second), 0);
    assert_int_equal(history.quick_deaths, 0);
    history.born_at = 5 * second;
    assert_int_equal(restart_delay(&history, 6 * second), 0);
    history.born_at = 6 * second;
    assert_int_equal(restart_delay(&history, 7 * second), second / 10);
}

static void test_never_overflows(void **state)
{
    RestartHistory history = {.born_at = 0, .quick_deaths = UINT32_MAX};
    assert_int_equal(restart_delay(&history, 1), 10 * second);
    assert_int_equal(history.quick_deaths, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quick_deaths),
        cmocka_unit_test(test_long_life_forgives),
        cmocka_unit_test(test_never_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

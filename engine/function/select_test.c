/*
 * Selection against sorting.
 */
#include "engine/function/select_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 5000 };

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void check_places(const int64_t *values, uint32_t count)
{
    static int64_t sorted[MOST], work[MOST];
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, compare);
    uint32_t places[] = {0, count / 4, count / 2, count - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        memcpy(work, values, count * sizeof *values);
        assert_int_equal(select_place(work, count, places[i]), sorted[places[i]]);
        /* again in what it left */
        assert_int_equal(select_place(work, count, places[3 - i]), sorted[places[3 - i]]);
    }
}

static void test_places(void **state)
{
    (void)state;
    static int64_t values[MOST];
    uint32_t counts[] = {1, 2, 3, 24, 25, 100, MOST};
    uint64_t seed = 7;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (int shape = 0; shape < 6; shape++) {
            for (uint32_t i = 0; i < counts[c]; i++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                int64_t any = (int64_t)seed;
                values[i] = shape == 0   ? any
                            : shape == 1 ? (int64_t)i
                            : shape == 2 ? -(int64_t)i
                            : shape == 3 ? 5
                            : shape == 4 ? any % 7
                                         : (i % 2 == 0 ? INT64_MIN : INT64_MAX);
            }
            check_places(values, counts[c]);
        }
}

static int64_t bits_of(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void test_floats(void **state)
{
    (void)state;
    double upwards[] = {-INFINITY, -1e300, -1, -1e-310, 0, 1e-310, 1, 1e300, INFINITY, NAN};
    for (size_t i = 0; i < sizeof upwards / sizeof upwards[0]; i++) {
        int64_t key = select_key_of_float(bits_of(upwards[i]));
        if (i > 0)
            assert_true(key > select_key_of_float(bits_of(upwards[i - 1])));
        if (!isnan(upwards[i]))
            assert_int_equal(select_float_of_key(key), bits_of(upwards[i]));
    }
    assert_int_equal(select_key_of_float(bits_of(-(double)NAN)), select_key_of_float(bits_of((double)NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places), cmocka_unit_test(test_floats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

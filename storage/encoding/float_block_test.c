/* Float and wide blocks: bit for bit, for decimals and for anything else. */
#include "storage/encoding/encoding_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static double make_double(int shape, uint32_t i)
{
    switch (shape) {
    case 0: /* money */
        return (double)(random() % 1000000) / 100.0;
    case 1:
        return sqrt((double)random());
    case 2: /* money with a few that are none */
        return i % 100 == 7    ? NAN
               : i % 100 == 13 ? -0.0
               : i % 100 == 50 ? 1.0 / 3
                               : (double)(random() % 5000 - 2500) / 10.0;
    case 3:
        return 17.25;
    case 4: {
        double value;
        uint64_t bits = (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^ (uint64_t)random();
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    case 5:
        return i % 2 ? INFINITY : -INFINITY;
    case 6: /* few different values */
        return sqrt((double)(random() % 9));
    default:
        return (double)i;
    }
}

enum { SHAPES = 8 };

static void test_doubles(void **state)
{
    static double values[ENCODING_MAX_COUNT], out[ENCODING_MAX_COUNT + ENCODING_SLACK];
    static uint32_t rows[ENCODING_MAX_COUNT];
    static const uint32_t counts[] = {1, 5, 100, 2048};
    Fault fault;

    for (int shape = 0; shape < SHAPES; shape++) {
        for (int c = 0; c < 4; c++) {
            Buffer bytes = BUFFER_EMPTY;
            uint32_t count = counts[c], row_count = 0;
            for (uint32_t i = 0; i < count; i++)
                values[i] = make_double(shape, i);
            float_block_encode_double(values, count, &bytes);
            assert_int_equal(bytes.length % 8, 0);
            uint8_t *copy = malloc(bytes.length);
            memcpy(copy, bytes.data, bytes.length);
            assert_true(float_block_double(copy, bytes.length, count, NULL, 0, out, &fault));
            assert_memory_equal(out, values, count * sizeof *values);
            for (uint32_t i = 0; i < count; i += 1 + (uint32_t)random() % 20)
                rows[row_count++] = i;
            assert_true(
                float_block_double(copy, bytes.length, count, rows, row_count, out, &fault));
            for (uint32_t i = 0; i < row_count; i++)
                assert_memory_equal(&out[i], &values[rows[i]], sizeof(double));
            if (shape == 0 && count == 2048)
                assert_true(bytes.length < 2048 * 20 / 8 + 200); /* 20 bits of cents */
            for (size_t length = 0; length < bytes.length; length += 1 + bytes.length / 50)
                assert_false(float_block_double(copy, length, count, NULL, 0, out, &fault));
            free(copy);
            buffer_clear(&bytes);
        }
    }
}

static void test_floats(void **state)
{
    static float values[ENCODING_MAX_COUNT], out[ENCODING_MAX_COUNT + ENCODING_SLACK];
    static uint32_t rows[ENCODING_MAX_COUNT];
    Fault fault;

    for (int shape = 0; shape < SHAPES; shape++) {
        for (uint32_t count = 1; count <= 2048; count += 89) {
            Buffer bytes = BUFFER_EMPTY;
            uint32_t row_count = 0;
            for (uint32_t i = 0; i < count; i++) {
                double value = make_double(shape, i);
                /* Any bits, NaNs with payloads too. */
                if (shape == 4)
                    memcpy(&values[i], &value, sizeof(float));
                else
                    values[i] = (float)value;
            }
            float_block_encode_float(values, count, &bytes);
            assert_int_equal(bytes.length % 8, 0);
            assert_true(float_block_float(bytes.data, bytes.length, count, NULL, 0, out, &fault));
            assert_memory_equal(out, values, count * sizeof *values);
            for (uint32_t i = 0; i < count; i += 1 + (uint32_t)random() % 20)
                rows[row_count++] = i;
            assert_true(
                float_block_float(bytes.data, bytes.length, count, rows, row_count, out, &fault));
            for (uint32_t i = 0; i < row_count; i++)
                assert_memory_equal(&out[i], &values[rows[i]], sizeof(float));
            buffer_clear(&bytes);
        }
    }
}

static void test_wide(void **state)
{
    static __int128 values[ENCODING_MAX_COUNT], out[ENCODING_MAX_COUNT + ENCODING_SLACK];
    static uint32_t rows[ENCODING_MAX_COUNT];
    Fault fault;

    for (int shape = 0; shape < 4; shape++) {
        Buffer bytes = BUFFER_EMPTY;
        uint32_t row_count = 0;
        for (uint32_t i = 0; i < ENCODING_MAX_COUNT; i++) {
            values[i] = (__int128)random() - RAND_MAX / 2;
            if (shape == 1)
                values[i] *= (__int128)random() << 40;
            if (shape == 2 && i % 50 == 0)
                values[i] = i % 100 ? (__int128)((unsigned __int128)1 << 127)
                                    : (__int128)(((unsigned __int128)1 << 127) - 1);
            if (shape == 3)
                values[i] = 5;
        }
        wide_block_encode(values, ENCODING_MAX_COUNT, &bytes);
        assert_true(
            wide_block_decode(bytes.data, bytes.length, ENCODING_MAX_COUNT, NULL, 0, out, &fault));
        assert_memory_equal(out, values, sizeof values);
        for (uint32_t i = 0; i < ENCODING_MAX_COUNT; i += 1 + (uint32_t)random() % 30)
            rows[row_count++] = i;
        assert_true(wide_block_decode(bytes.data, bytes.length, ENCODING_MAX_COUNT, rows, row_count,
                                      out, &fault));
        for (uint32_t i = 0; i < row_count; i++)
            assert_memory_equal(&out[i], &values[rows[i]], sizeof *values);
        assert_false(wide_block_decode(bytes.data, bytes.length - 8, ENCODING_MAX_COUNT, NULL, 0,
                                       out, &fault));
        assert_false(wide_block_decode(bytes.data, 4, ENCODING_MAX_COUNT, NULL, 0, out, &fault));
        buffer_clear(&bytes);
    }
}

/* Any byte changed: a fault or other values, never a crash. */
static void test_damage(void **state)
{
    static double values[ENCODING_MAX_COUNT], out[ENCODING_MAX_COUNT + ENCODING_SLACK];
    static const uint32_t rows[] = {1, 7, 8, 107, 2040};
    Fault fault;

    for (int shape = 0; shape < SHAPES; shape++) {
        Buffer bytes = BUFFER_EMPTY;
        for (uint32_t i = 0; i < ENCODING_MAX_COUNT; i++)
            values[i] = make_double(shape, i);
        float_block_encode_double(values, ENCODING_MAX_COUNT, &bytes);
        uint8_t *copy = malloc(bytes.length);
        for (int i = 0; i < 2000; i++) {
            memcpy(copy, bytes.data, bytes.length);
            size_t region = i % 2 ? 64 : bytes.length;
            copy[(size_t)random() % region % bytes.length] = (uint8_t)random();
            if (!float_block_double(copy, bytes.length, ENCODING_MAX_COUNT, NULL, 0, out, &fault))
                assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
            if (!float_block_double(copy, bytes.length, ENCODING_MAX_COUNT, rows, 5, out, &fault))
                assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
        }
        free(copy);
        buffer_clear(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

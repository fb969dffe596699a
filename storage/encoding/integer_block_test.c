/* Integer blocks: every shape comes back, wholly and by rows, and damage never crashes. */
#include "storage/encoding/encoding_internal.h"

#include "base/memory/checked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t random_state = 88172645463325252ULL;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545F4914F6CDD1DULL;
}

static uint64_t random_bits(unsigned width)
{
    return width == 0 ? 0 : next_random() >> (64 - width);
}

typedef enum Shape {
    SHAPE_CONSTANT,
    SHAPE_RANDOM,
    SHAPE_SORTED,
    SHAPE_SORTED_SECONDS,
    SHAPE_DESCENDING,
    SHAPE_RUNS,
    SHAPE_OUTLIERS,
    SHAPE_SKEWED,
    SHAPE_EXTREMES,
    SHAPE_STEPS,
    SHAPE_COUNT
} Shape;

static void fill(Shape shape, unsigned width, int64_t *values, uint32_t count)
{
    int64_t value = (int64_t)next_random() / 4;
    int64_t few[50];
    for (int i = 0; i < 50; i++)
        few[i] = (int64_t)random_bits(width ? width : 1);

    for (uint32_t i = 0; i < count; i++) {
        switch (shape) {
        case SHAPE_CONSTANT:
            break;
        case SHAPE_RANDOM:
            value = (int64_t)(random_bits(width) - random_bits(width) / 2);
            break;
        case SHAPE_SORTED:
            value = (int64_t)((uint64_t)value + random_bits(width / 2));
            break;
        case SHAPE_SORTED_SECONDS:
            value = (i == 0 ? 1442016000000000 : value) + (int64_t)random_bits(4) * 1000000;
            break;
        case SHAPE_DESCENDING:
            value = (int64_t)((uint64_t)value - random_bits(width / 3));
            break;
        case SHAPE_RUNS:
            if (next_random() % 40 == 0)
                value = (int64_t)random_bits(width);
            break;
        case SHAPE_OUTLIERS:
            value = (int64_t)random_bits(next_random() % 50 == 0 ? width : 5);
            break;
        case SHAPE_SKEWED:
            value = few[next_random() % 50];
            break;
        case SHAPE_EXTREMES:
            value = next_random() % 2 ? INT64_MIN : next_random() % 2 ? INT64_MAX : -1;
            break;
        case SHAPE_STEPS:
            value = (int64_t)(i / 100) * 1000 - 7;
            break;
        case SHAPE_COUNT:
            break;
        }
        values[i] = value;
    }
}

static const uint32_t counts[] = {1, 2, 3, 15, 16, 17, 31, 100, 511, 512, 513, 1000, 2047, 2048};
enum { COUNT_KINDS = sizeof counts / sizeof counts[0] };

static unsigned seen_methods;

static void check_rows(const IntegerBlock *block, const int64_t *values, unsigned one_in)
{
    static uint32_t rows[ENCODING_MAX_COUNT];
    static int64_t wide[ENCODING_MAX_COUNT + ENCODING_SLACK];
    static uint32_t narrow[ENCODING_MAX_COUNT + ENCODING_SLACK];
    static uint8_t bools[ENCODING_MAX_COUNT + ENCODING_SLACK];
    uint32_t row_count = 0;
    Fault fault;

    for (uint32_t i = 0; i < block->count; i++) {
        if (next_random() % one_in == 0)
            rows[row_count++] = i;
    }
    assert_true(integer_block_rows_int64(block, rows, row_count, wide, &fault));
    assert_true(integer_block_rows_uint32(block, rows, row_count, narrow, &fault));
    assert_true(integer_block_rows_bool(block, rows, row_count, bools, &fault));
    for (uint32_t i = 0; i < row_count; i++) {
        assert_int_equal(wide[i], values[rows[i]]);
        assert_int_equal(narrow[i], (uint32_t)values[rows[i]]);
        assert_int_equal(bools[i], (uint32_t)values[rows[i]] != 0);
    }
}

static void check_round_trip(const int64_t *values, uint32_t count)
{
    static int64_t wide[ENCODING_MAX_COUNT + ENCODING_SLACK];
    static uint32_t narrow[ENCODING_MAX_COUNT + ENCODING_SLACK];
    Buffer out = BUFFER_EMPTY;
    IntegerBlock block;
    Fault fault;

    integer_block_encode(values, count, &out);
    assert_int_equal(out.length % 8, 0);
    /* A copy of the exact size: reading past the end is seen by the sanitizer. */
    uint8_t *copy = malloc(out.length);
    memcpy(copy, out.data, out.length);
    assert_true(integer_block_open(copy, out.length, count, &block, &fault));
    assert_int_equal(block.size, out.length);
    seen_methods |= 1U << block.method;
    assert_true(integer_block_int64(&block, wide, &fault));
    assert_memory_equal(wide, values, count * sizeof *values);
    assert_true(integer_block_uint32(&block, narrow, &fault));
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(narrow[i], (uint32_t)values[i]);
    check_rows(&block, values, 2);
    check_rows(&block, values, 40);
    free(copy);
    buffer_clear(&out);
}

static void test_round_trip(void **state)
{
    static int64_t values[ENCODING_MAX_COUNT];

    for (int shape = 0; shape < SHAPE_COUNT; shape++) {
        for (unsigned width = 0; width <= 64; width++) {
            uint32_t count = counts[(width + (unsigned)shape) % COUNT_KINDS];
            fill((Shape)shape, width, values, count);
            check_round_trip(values, count);
            fill((Shape)shape, width, values, ENCODING_MAX_COUNT);
            check_round_trip(values, ENCODING_MAX_COUNT);
        }
    }
    /* The shapes above must have reached every method. */
    assert_int_equal(seen_methods, (1U << INTEGER_METHOD_COUNT) - 1);
}

/* A stream whose blocks change their shape within and between habits: each comes back. */
static void test_habit(void **state)
{
    static int64_t values[ENCODING_MAX_COUNT], wide[ENCODING_MAX_COUNT + ENCODING_SLACK];
    IntegerHabit habit = {0};
    uint32_t followed = 0;

    for (uint32_t i = 0; i < 2000; i++) {
        Buffer out = BUFFER_EMPTY;
        IntegerBlock block;
        Fault fault;
        uint32_t count = counts[i % 7 == 0 ? next_random() % COUNT_KINDS : COUNT_KINDS - 1];
        fill((Shape)(i / 19 % SHAPE_COUNT), i / 19 * 7 % 65, values, count);
        bool has_habit = habit.left != 0;
        integer_block_encode_next(values, count, &habit, &out);
        assert_true(integer_block_open(out.data, out.length, count, &block, &fault));
        assert_int_equal(block.size, out.length);
        assert_true(integer_block_int64(&block, wide, &fault));
        assert_memory_equal(wide, values, count * sizeof *values);
        followed += has_habit && block.method == habit.method;
        buffer_clear(&out);
    }
    assert_in_range(followed, 500, 2000);
}

static void test_bitpack(void **state)
{
    static uint64_t values[ENCODING_MAX_COUNT], wide[ENCODING_MAX_COUNT + ENCODING_SLACK];
    static uint32_t narrow[ENCODING_MAX_COUNT + ENCODING_SLACK];

    for (unsigned width = 0; width <= 64; width++) {
        for (int kind = 0; kind < COUNT_KINDS; kind++) {
            Buffer out = BUFFER_EMPTY;
            uint32_t count = counts[kind];
            for (uint32_t i = 0; i < count; i++)
                values[i] = random_bits(width);
            bitpack_append(values, count, width, &out);
            assert_int_equal(out.length, bitpack_size(count, width));
            bitpack_unpack64(out.data, count, width, 7, wide);
            bitpack_unpack32(out.data, count, width, narrow);
            for (uint32_t i = 0; i < count; i++) {
                assert_int_equal(wide[i], values[i] + 7);
                assert_int_equal(narrow[i], (uint32_t)values[i]);
                assert_int_equal(bitpack_get(out.data, count, width, i), values[i]);
            }
            buffer_clear(&out);
        }
    }
}

static void test_sizes(void **state)
{
    static int64_t values[ENCODING_MAX_COUNT];
    Buffer out = BUFFER_EMPTY;

    /* Seconds in microseconds, ascending by less than 16: four bits a value and a header. */
    fill(SHAPE_SORTED_SECONDS, 0, values, ENCODING_MAX_COUNT);
    integer_block_encode(values, ENCODING_MAX_COUNT, &out);
    assert_true(out.length < 1024 + 100);
    buffer_reset(&out);
    fill(SHAPE_CONSTANT, 0, values, ENCODING_MAX_COUNT);
    integer_block_encode(values, ENCODING_MAX_COUNT, &out);
    assert_int_equal(out.length, 16);
    buffer_reset(&out);
    /* 50 different values of 40 bits. */
    fill(SHAPE_SKEWED, 40, values, ENCODING_MAX_COUNT);
    integer_block_encode(values, ENCODING_MAX_COUNT, &out);
    assert_true(out.length < 2048 * 6 / 8 + 50 * 8);
    buffer_reset(&out);
    fill(SHAPE_OUTLIERS, 60, values, ENCODING_MAX_COUNT);
    integer_block_encode(values, ENCODING_MAX_COUNT, &out);
    assert_true(out.length < 2048 * 5 / 8 + 70 * 12);
    buffer_clear(&out);
}

/* Any byte changed: a fault or other values, never a crash or a read outside. */
static void test_damage(void **state)
{
    static int64_t values[ENCODING_MAX_COUNT + ENCODING_SLACK];
    static const uint32_t rows[] = {0, 3, 100, 101, 2000};
    Fault fault;
    uint32_t refused = 0;

    for (int shape = 0; shape < SHAPE_COUNT; shape++) {
        Buffer out = BUFFER_EMPTY;
        IntegerBlock block;
        fill((Shape)shape, 37, values, ENCODING_MAX_COUNT);
        integer_block_encode(values, ENCODING_MAX_COUNT, &out);
        for (size_t length = 0; length < out.length; length += length < 300 ? 1 : 97) {
            uint8_t *cut = malloc(length + 1);
            memcpy(cut, out.data, length);
            assert_false(integer_block_open(cut, length, ENCODING_MAX_COUNT, &block, &fault));
            assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
            free(cut);
        }
        uint8_t *copy = malloc(out.length);
        for (int i = 0; i < 4000; i++) {
            memcpy(copy, out.data, out.length);
            size_t region = next_random() % 2 ? 64 : out.length;
            copy[next_random() % region % out.length] = (uint8_t)next_random();
            if (integer_block_open(copy, out.length, ENCODING_MAX_COUNT, &block, &fault)) {
                refused += !integer_block_int64(&block, values, &fault);
                refused += !integer_block_uint32(&block, (uint32_t *)values, &fault);
                refused += !integer_block_rows_int64(&block, rows, 5, values, &fault);
            }
        }
        free(copy);
        buffer_clear(&out);
    }
    assert_true(refused > 0);
}

static void test_maximum(void **state)
{
    static uint32_t values[ENCODING_MAX_COUNT];

    for (int kind = 0; kind < COUNT_KINDS; kind++) {
        uint32_t count = counts[kind], place = (uint32_t)(next_random() % count);
        for (uint32_t i = 0; i < count; i++)
            values[i] = (uint32_t)random_bits(31);
        values[place] = UINT32_MAX - 3;
        assert_int_equal(uint32_maximum(values, count), UINT32_MAX - 3);
    }
    assert_int_equal(uint32_maximum(values, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bitpack), cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_habit),
        cmocka_unit_test(test_sizes),   cmocka_unit_test(test_damage),
        cmocka_unit_test(test_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

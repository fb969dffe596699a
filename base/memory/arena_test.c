#include "base/memory/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_alignment_and_separation(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    enum { COUNT = 3000 };
    unsigned char *blocks[COUNT];
    size_t sizes[COUNT];
    srand(1);
    for (int i = 0; i < COUNT; i++) {
        sizes[i] = (size_t)(rand() % (i % 50 == 0 ? 300000 : 200));
        bool is_vector = i % 3 == 0;
        blocks[i] = is_vector ? arena_alloc_vector(arena, sizes[i]) : arena_alloc(arena, sizes[i]);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % (is_vector ? 64 : 16), 0);
        memset(blocks[i], i & 0xFF, sizes[i]);
        if (is_vector)
            for (int tail = 0; tail < 64; tail++)
                assert_int_equal(blocks[i][sizes[i] + (size_t)tail], 0);
    }
    for (int i = 0; i < COUNT; i++)
        for (size_t at = 0; at < sizes[i]; at++)
            if (blocks[i][at] != (i & 0xFF))
                fail_msg("block %d overwritten", i);
    arena_free(arena);
    arena_free(NULL);
}

static void one_round(Arena *arena)
{
    for (int i = 0; i < 40; i++)
        memset(arena_alloc_vector(arena, 16384), i, 16384);
}

static void test_reset_settles_in_one_block(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    for (int round = 0; round < 6; round++) {
        one_round(arena);
        arena_reset(arena);
    }
    size_t settled = arena_size(arena);
    assert_true(settled >= 40 * 16384);
    one_round(arena);
    assert_int_equal(arena_size(arena), settled); /* no further block */
    arena_reset(arena);
    arena_alloc(arena, 100 << 20);
    arena_reset(arena);
    assert_true(arena_size(arena) <= 8 << 20); /* an exceptional batch is given back */
    arena_free(arena);
}

static void test_zero_and_text(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    memset(arena_alloc(arena, 2000), 0xFF, 2000);
    arena_reset(arena);
    const unsigned char *zeros = arena_zalloc(arena, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(zeros[i], 0);
    assert_non_null(arena_alloc(arena, 0));
    assert_string_equal(arena_strdup(arena, "abc"), "abc");
    assert_string_equal(arena_strndup(arena, "abcdef", 2), "ab");
    assert_string_equal(arena_printf(arena, "%d-%s", 5, "x"), "5-x");
    Text copy = arena_text(arena, TEXT_LITERAL("hello"));
    assert_true(text_equal_string(copy, "hello"));
    assert_int_equal(arena_text(arena, (Text){0}).length, 0);
    arena_free(arena);
}

/* Blocks go from arena to arena, and nothing that was in them matters. */
static void test_kept_blocks(void **state)
{
    arena_keep_blocks();
    for (int round = 0; round < 3; round++) {
        test_alignment_and_separation(state);
        test_reset_settles_in_one_block(state);
        test_zero_and_text(state);
        Arena *arenas[40];
        for (int i = 0; i < 40; i++) {
            arenas[i] = arena_new("test");
            unsigned char *zeros = arena_zalloc(arenas[i], (size_t)1 << (i % 20));
            for (size_t at = 0; at < (size_t)1 << (i % 20); at++)
                assert_int_equal(zeros[at], 0);
            memset(zeros, 0xAA, (size_t)1 << (i % 20));
        }
        for (int i = 0; i < 40; i++)
            arena_free(arenas[i]);
        if (round == 1)
            arena_give_blocks_back();
    }
    arena_give_blocks_back();
    arena_give_blocks_back();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment_and_separation),
        cmocka_unit_test(test_reset_settles_in_one_block),
        cmocka_unit_test(test_zero_and_text),
        cmocka_unit_test(test_kept_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

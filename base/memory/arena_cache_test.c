#include "base/memory/arena_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Keeps the key itself as the value, in an arena of at least `bytes`; gives it back at once. */
static bool keep(ArenaCache *cache, const char *key, size_t bytes)
{
    Arena *arena = arena_new("test");
    arena_alloc(arena, bytes);
    KeptArena *kept = arena_cache_keep(cache, text_of(key), arena, arena_strdup(arena, key));
    if (kept == NULL)
        arena_free(arena);
    arena_cache_give_back(cache, kept);
    return kept != NULL;
}

static bool holds(ArenaCache *cache, const char *key)
{
    bool is_wanted;
    KeptArena *kept = arena_cache_find(cache, text_of(key), &is_wanted);
    if (kept == NULL)
        return false;
    assert_string_equal(kept_arena_value(kept), key);
    arena_cache_give_back(cache, kept);
    return true;
}

static void test_wanted_from_the_second_time(void **state)
{
    (void)state;
    ArenaCache *cache = arena_cache_new(4, 1 << 20);
    bool is_wanted;
    assert_null(arena_cache_find(cache, text_of("a"), &is_wanted));
    assert_false(is_wanted);
    assert_null(arena_cache_find(cache, text_of("a"), &is_wanted));
    assert_true(is_wanted);
    assert_null(arena_cache_find(cache, text_of("b"), &is_wanted));
    assert_false(is_wanted);
    assert_true(keep(cache, "a", 10));
    assert_true(holds(cache, "a"));
    assert_false(holds(cache, "b"));
    arena_cache_refuse(cache, text_of("c"));
    for (int i = 0; i < 3; i++) {
        assert_null(arena_cache_find(cache, text_of("c"), &is_wanted));
        assert_false(is_wanted);
    }
    arena_cache_clear(cache);
    assert_null(arena_cache_find(cache, text_of("a"), &is_wanted));
    assert_true(is_wanted);
    arena_cache_free(cache);
}

static void test_the_oldest_use_goes_first(void **state)
{
    (void)state;
    ArenaCache *cache = arena_cache_new(3, 1 << 20);
    keep(cache, "a", 10);
    keep(cache, "b", 10);
    keep(cache, "c", 10);
    assert_true(holds(cache, "a"));
    keep(cache, "d", 10);
    assert_false(holds(cache, "b"));
    assert_true(holds(cache, "a"));
    assert_true(holds(cache, "c"));
    assert_true(holds(cache, "d"));
    keep(cache, "e", 10);
    assert_false(holds(cache, "a"));
    arena_cache_free(cache);
}

static void test_bytes_are_bounded(void **state)
{
    (void)state;
    enum { MOST = 1 << 20 };
    ArenaCache *cache = arena_cache_new(1000, MOST);
    bool is_wanted;
    assert_false(keep(cache, "large", MOST));
    arena_cache_find(cache, text_of("large"), &is_wanted);
    assert_null(arena_cache_find(cache, text_of("large"), &is_wanted));
    assert_false(is_wanted); /* it would be too large again */
    for (int i = 0; i < 500; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        assert_true(keep(cache, key, 20000));
        assert_true(arena_cache_size(cache) <= MOST);
        assert_true(holds(cache, key));
    }
    assert_false(holds(cache, "0"));
    arena_cache_clear(cache);
    assert_int_equal(arena_cache_size(cache), 0);
    arena_cache_free(cache);
}

/* What is in use outlives its place in the cache. */
static void test_in_use(void **state)
{
    (void)state;
    ArenaCache *cache = arena_cache_new(1, 1 << 20);
    bool is_wanted;
    keep(cache, "a", 10);
    KeptArena *first = arena_cache_find(cache, text_of("a"), &is_wanted);
    KeptArena *second = arena_cache_find(cache, text_of("a"), &is_wanted);
    assert_ptr_equal(first, second);
    keep(cache, "b", 10);
    assert_false(holds(cache, "a"));
    assert_string_equal(kept_arena_value(first), "a");
    arena_cache_give_back(cache, first);
    assert_string_equal(kept_arena_value(second), "a");
    arena_cache_give_back(cache, second);
    arena_cache_give_back(cache, NULL);
    arena_cache_free(cache);
    arena_cache_free(NULL);
}

static void test_many_keys(void **state)
{
    (void)state;
    enum { COUNT = 600 };
    ArenaCache *cache = arena_cache_new(COUNT, 64 << 20);
    char key[300];
    memset(key, 'x', sizeof key);
    for (int i = 0; i < COUNT; i++) {
        snprintf(key + 280, 20, "%d", i); /* long, and different at their ends only */
        assert_true(keep(cache, key, 10));
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(key + 280, 20, "%d", i);
        assert_true(holds(cache, key));
    }
    arena_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wanted_from_the_second_time),
        cmocka_unit_test(test_the_oldest_use_goes_first),
        cmocka_unit_test(test_bytes_are_bounded),
        cmocka_unit_test(test_in_use),
        cmocka_unit_test(test_many_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

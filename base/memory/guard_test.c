#include "base/memory/guard.h"

#include "base/memory/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MB ((size_t)1 << 20)

static MemoryPool pool;

static int set_up(void **state)
{
    (void)state;
    memory_pool_init(&pool, 100 << 20, 4);
    guard_set_pool(&pool, 0);
    return 0;
}

static void test_interrupt(void **state)
{
    (void)state;
    Fault fault;
    guard_begin();
    assert_true(guard_passes(&fault));
    guard_interrupt();
    assert_false(guard_passes(&fault));
    assert_int_equal(fault.code, FAULT_CANCELED);
    assert_false(guard_passes(&fault)); /* until the next request */
    guard_begin();
    assert_true(guard_passes(&fault));
    assert_false(guard_is_raised);
}

static void test_large_blocks(void **state)
{
    (void)state;
    Fault fault;
    Arena *arena = arena_new("guarded");
    guard_begin();
    arena_alloc(arena, 100 * MB);
    assert_true(guard_passes(&fault));
    assert_true(pool.slot_large[0] >= (int64_t)(100 * MB));
    arena_alloc(arena, 60 * MB); /* more than the limit and half of it */
    assert_false(guard_passes(&fault));
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    arena_reset(arena); /* given back: it goes on */
    assert_true(guard_passes(&fault));
    assert_false(guard_is_raised);
    assert_int_equal(pool.slot_large[0], 0);
    arena_free(arena);
}

/* What the others hold, by their budgets or in blocks, whichever is more, is not to be had. */
static void test_others(void **state)
{
    (void)state;
    Fault fault;
    Arena *arena = arena_new("guarded");
    guard_begin();
    pool.slot_used[1] = 60 << 20;
    pool.slot_large[1] = 80 << 20;
    arena_alloc(arena, 60 * MB);
    assert_true(guard_passes(&fault));
    arena_alloc(arena, 20 * MB);
    assert_false(guard_passes(&fault));
    memory_pool_release_slot(&pool, 1); /* its process has died */
    assert_true(guard_passes(&fault));
    arena_free(arena);
}

/* What caches hold when a request begins is not the request's. */
static void test_caches(void **state)
{
    (void)state;
    Fault fault;
    Arena *cache = arena_new("cache"), *arena = arena_new("guarded");
    arena_alloc(cache, 200 * MB);
    guard_begin();
    assert_true(guard_passes(&fault));
    arena_alloc(arena, 100 * MB);
    assert_true(guard_passes(&fault));
    assert_true(guard_counted() >= (int64_t)(100 * MB) && guard_counted() < (int64_t)(110 * MB));
    arena_free(arena);
    arena_free(cache);
}

/* Who never asks is ended, with the status that says why. */
static void test_grace(void **state)
{
    (void)state;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        Arena *arena = arena_new("guarded");
        guard_begin();
        arena_alloc(arena, 3000 * MB);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), GUARD_OUT_OF_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_interrupt, set_up), cmocka_unit_test_setup(test_large_blocks, set_up),
        cmocka_unit_test_setup(test_others, set_up),    cmocka_unit_test_setup(test_caches, set_up),
        cmocka_unit_test_setup(test_grace, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

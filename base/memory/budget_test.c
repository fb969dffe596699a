#include "base/memory/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MB ((size_t)1 << 20)

static MemoryPool *new_pool(int64_t limit, int slots)
{
    MemoryPool *pool = mmap(NULL, sizeof *pool, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                            -1, 0);
    assert_true(pool != MAP_FAILED);
    memory_pool_init(pool, limit, slots);
    return pool;
}

static void test_tree(void **state)
{
    (void)state;
    MemoryPool *pool = new_pool(64 << 20, 4);
    Budget root, child, grandchild;
    Fault fault;
    budget_init_root(&root, pool, 0);
    budget_init_child(&child, &root, 10 << 20);
    budget_init_child(&grandchild, &child, INT64_MAX);
    assert_true(budget_reserve(&grandchild, 6 * MB, &fault));
    assert_int_equal(root.used, 6 * MB);
    assert_false(budget_reserve(&grandchild, 5 * MB, &fault)); /* the child's own limit */
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    assert_string_equal(fault.fields[0].name, "serverMemory");
    assert_string_equal(fault.fields[0].value, "10485760");
    assert_string_equal(fault.fields[2].value, "5242880");
    assert_int_equal(root.used, 6 * MB); /* nothing taken */
    assert_int_equal(grandchild.used, 6 * MB);
    assert_false(budget_reserve(&grandchild, SIZE_MAX, NULL));
    budget_release(&grandchild, 2 * MB);
    assert_int_equal(child.used, 4 * MB);
    assert_int_equal(grandchild.peak, 6 * MB);
    assert_true(atomic_load(&pool->used) >= 4 << 20);
    budget_release_all(&child);
    assert_int_equal(root.used, 0);
    budget_release_all(&root);
    assert_int_equal(atomic_load(&pool->used), 0);
    munmap(pool, sizeof *pool);
}

static void test_guaranteed_and_borrowed(void **state)
{
    (void)state;
    MemoryPool *pool = new_pool(64 << 20, 4); /* shares of 8 MB, 32 MB to borrow */
    Budget greedy, modest;
    budget_init_root(&greedy, pool, 0);
    budget_init_root(&modest, pool, 1);
    size_t taken = 0;
    while (budget_reserve(&greedy, MB, NULL))
        taken += MB;
    assert_int_equal(taken, 40 * MB);
    taken = 0;
    while (budget_reserve(&modest, MB, NULL))
        taken += MB;
    assert_int_equal(taken, 8 * MB); /* its share, although the rest is gone */
    memory_pool_release_slot(pool, 0); /* the greedy one was killed */
    assert_true(budget_reserve(&modest, 32 * MB, NULL));
    assert_int_equal(atomic_load(&pool->used), 40 << 20);
    munmap(pool, sizeof *pool);
}

static void take_and_release(MemoryPool *pool, int slot)
{
    Budget budget;
    budget_init_root(&budget, pool, slot);
    unsigned seed = (unsigned)slot;
    for (int i = 0; i < 20000; i++) {
        size_t size = (size_t)rand_r(&seed) % (4 * MB);
        if (budget_reserve(&budget, size, NULL) && rand_r(&seed) % 3 != 0)
            budget_release(&budget, size);
        if (budget.used > 20 << 20)
            budget_release_all(&budget);
    }
    budget_release_all(&budget);
}

static void test_many_processes(void **state)
{
    (void)state;
    MemoryPool *pool = new_pool(32 << 20, 4);
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            take_and_release(pool, i);
            _exit(0);
        }
    }
    for (int i = 0; i < 4; i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(atomic_load(&pool->used), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(atomic_load(&pool->slot_used[i]), 0);
    munmap(pool, sizeof *pool);
}

static void test_unlimited(void **state)
{
    (void)state;
    Budget root;
    budget_init_root(&root, NULL, 0);
    assert_true(budget_reserve(&root, (size_t)1 << 40, NULL));
    budget_release_all(&root);
    assert_int_equal(root.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_guaranteed_and_borrowed),
        cmocka_unit_test(test_many_processes),
        cmocka_unit_test(test_unlimited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

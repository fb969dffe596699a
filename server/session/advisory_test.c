/* Advisory locks: modes, queues, depths of savepoints, circles; then at random against a model. */
#include "server/session/advisory_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OWNERS = 4, KEYS = 3 };

static AdvisoryTable table;
static AdvisoryOwner owners[OWNERS];
static uint64_t last_granted;
static char detail[640];

static void granted(void *state, uint64_t request)
{
    (void)state;
    last_granted = request;
}

static int set_up(void **state)
{
    (void)state;
    memset(&table, 0, sizeof table);
    memset(owners, 0, sizeof owners);
    table.granted = granted;
    table.most_waiters = 3;
    last_granted = 0;
    for (uint32_t i = 0; i < OWNERS; i++)
        owners[i].process_id = 100 + i;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < OWNERS; i++)
        advisory_leave(&table, &owners[i]);
    return table.count == 0 && table.waiter_count == 0 ? 0 : -1;
}

static AdvisoryKey key(uint32_t number)
{
    return (AdvisoryKey){.object_id = number, .kind = 1};
}

static AdvisoryOutcome take(int owner, uint32_t number, AdvisoryMode mode, bool waits)
{
    AdvisoryWish wish = {.mode = mode, .depth = ADVISORY_SESSION, .waits = waits, .request = (uint64_t)owner + 1};
    return advisory_take(&table, &owners[owner], key(number), &wish, detail, sizeof detail);
}

static AdvisoryOutcome take_at(int owner, uint32_t number, uint32_t depth)
{
    AdvisoryWish wish = {.mode = ADVISORY_EXCLUSIVE, .depth = depth, .request = (uint64_t)owner + 1};
    return advisory_take(&table, &owners[owner], key(number), &wish, detail, sizeof detail);
}

static bool give(int owner, uint32_t number, AdvisoryMode mode)
{
    return advisory_release(&table, &owners[owner], key(number), mode);
}

static void test_modes(void **state)
{
    (void)state;
    assert_int_equal(take(0, 1, ADVISORY_SHARED, false), ADVISORY_GRANTED);
    assert_int_equal(take(1, 1, ADVISORY_SHARED, false), ADVISORY_GRANTED);
    assert_int_equal(take(2, 1, ADVISORY_EXCLUSIVE, false), ADVISORY_REFUSED);
    assert_int_equal(take(0, 1, ADVISORY_EXCLUSIVE, false), ADVISORY_REFUSED);
    assert_true(give(1, 1, ADVISORY_SHARED));
    assert_false(give(1, 1, ADVISORY_SHARED));
    assert_int_equal(take(0, 1, ADVISORY_EXCLUSIVE, false), ADVISORY_GRANTED);
    assert_int_equal(take(0, 1, ADVISORY_EXCLUSIVE, false), ADVISORY_GRANTED);
    assert_true(give(0, 1, ADVISORY_EXCLUSIVE));
    assert_int_equal(take(1, 1, ADVISORY_SHARED, false), ADVISORY_REFUSED); /* taken twice */
    assert_true(give(0, 1, ADVISORY_EXCLUSIVE));
    assert_int_equal(take(1, 1, ADVISORY_SHARED, false), ADVISORY_GRANTED);
    AdvisoryKey pair = {.object_id = 1, .kind = 2};
    AdvisoryWish wish = {.mode = ADVISORY_EXCLUSIVE, .depth = ADVISORY_SESSION};
    assert_int_equal(advisory_take(&table, &owners[3], pair, &wish, detail, sizeof detail), ADVISORY_GRANTED);
}

static void test_queue(void **state)
{
    (void)state;
    take(0, 1, ADVISORY_EXCLUSIVE, false);
    assert_int_equal(take(1, 1, ADVISORY_EXCLUSIVE, true), ADVISORY_WAITS);
    assert_int_equal(take(2, 1, ADVISORY_SHARED, true), ADVISORY_WAITS);
    assert_int_equal(take(0, 1, ADVISORY_EXCLUSIVE, true), ADVISORY_GRANTED);
    give(0, 1, ADVISORY_EXCLUSIVE);
    assert_int_equal(last_granted, 0);
    give(0, 1, ADVISORY_EXCLUSIVE);
    assert_int_equal(last_granted, 2);
    assert_int_equal(take(3, 1, ADVISORY_SHARED, false), ADVISORY_REFUSED);
    advisory_leave(&table, &owners[1]);
    assert_int_equal(last_granted, 3);
    /* whoever stops waiting lets those behind through */
    assert_int_equal(take(0, 1, ADVISORY_EXCLUSIVE, true), ADVISORY_WAITS);
    assert_int_equal(take(3, 1, ADVISORY_SHARED, true), ADVISORY_WAITS);
    advisory_abandon(&table, &owners[0], 1);
    assert_int_equal(last_granted, 4);
}

static void test_limit(void **state)
{
    (void)state;
    table.most_waiters = 1;
    take(0, 1, ADVISORY_EXCLUSIVE, false);
    assert_int_equal(take(1, 1, ADVISORY_EXCLUSIVE, true), ADVISORY_WAITS);
    assert_int_equal(take(2, 1, ADVISORY_EXCLUSIVE, true), ADVISORY_FULL);
    assert_int_equal(take(2, 2, ADVISORY_EXCLUSIVE, true), ADVISORY_GRANTED);
}

static void test_depths(void **state)
{
    (void)state;
    assert_int_equal(take_at(0, 1, 0), ADVISORY_GRANTED);
    assert_int_equal(take_at(0, 2, 1), ADVISORY_GRANTED);
    assert_int_equal(take(0, 3, ADVISORY_EXCLUSIVE, false), ADVISORY_GRANTED);
    assert_false(give(0, 1, ADVISORY_EXCLUSIVE)); /* the transaction's cannot be given back */
    advisory_release_transaction(&table, &owners[0], 1);
    assert_int_equal(take(1, 2, ADVISORY_EXCLUSIVE, false), ADVISORY_GRANTED);
    assert_int_equal(take(1, 1, ADVISORY_EXCLUSIVE, false), ADVISORY_REFUSED);
    take_at(0, 4, 1);
    advisory_keep(&owners[0], 1);
    advisory_release_transaction(&table, &owners[0], 1);
    assert_int_equal(take(1, 4, ADVISORY_EXCLUSIVE, false), ADVISORY_REFUSED);
    advisory_release_transaction(&table, &owners[0], 0);
    assert_int_equal(take(1, 4, ADVISORY_EXCLUSIVE, false), ADVISORY_GRANTED);
    assert_int_equal(take(1, 3, ADVISORY_EXCLUSIVE, false), ADVISORY_REFUSED);
    advisory_release_session(&table, &owners[0]);
    assert_int_equal(take(1, 3, ADVISORY_EXCLUSIVE, false), ADVISORY_GRANTED);
}

static void test_circle(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        take(i, (uint32_t)i, ADVISORY_EXCLUSIVE, false);
    assert_int_equal(take(0, 1, ADVISORY_EXCLUSIVE, true), ADVISORY_WAITS);
    assert_int_equal(take(1, 2, ADVISORY_EXCLUSIVE, true), ADVISORY_WAITS);
    assert_int_equal(take(2, 0, ADVISORY_SHARED, true), ADVISORY_DEADLOCK);
    assert_string_equal(
        detail, "Process 102 waits for ShareLock on advisory lock [5,0,0,1]; blocked by process 100.\n"
                "Process 100 waits for ExclusiveLock on advisory lock [5,0,1,1]; blocked by process 101.\n"
                "Process 101 waits for ExclusiveLock on advisory lock [5,0,2,1]; blocked by process 102.");
    give(2, 2, ADVISORY_EXCLUSIVE);
    assert_int_equal(last_granted, 2);
}

/* Never two sessions with an exclusive lock, or an exclusive one beside a shared one. */
static uint32_t exclusive[KEYS], shared[KEYS];

static void count(void *state, AdvisoryKey at, uint32_t process_id, AdvisoryMode mode, bool is_granted)
{
    (void)state;
    uint32_t bit = 1u << (process_id - 100);
    if (is_granted && mode == ADVISORY_EXCLUSIVE)
        exclusive[at.object_id] |= bit;
    else if (is_granted)
        shared[at.object_id] |= bit;
}

static void test_random(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (int round = 0; round < 50000; round++) {
        seed = seed * 1103515245 + 12345;
        unsigned bits = seed >> 8;
        int owner = (int)(bits % OWNERS);
        uint32_t number = bits / 4 % KEYS;
        AdvisoryMode mode = bits / 16 % 2 == 0 ? ADVISORY_SHARED : ADVISORY_EXCLUSIVE;
        switch (bits / 32 % 6) {
        case 0:
        case 1:
        case 2:
            if (owners[owner].waiters == NULL)
                take(owner, number, mode, bits / 256 % 2 == 0);
            break;
        case 3: give(owner, number, mode); break;
        case 4: advisory_abandon(&table, &owners[owner], (uint64_t)owner + 1); break;
        default:
            if (bits / 256 % 8 == 0)
                advisory_leave(&table, &owners[owner]);
            break;
        }
        memset(exclusive, 0, sizeof exclusive);
        memset(shared, 0, sizeof shared);
        advisory_visit(&table, count, NULL);
        for (int i = 0; i < KEYS; i++) {
            uint32_t one = exclusive[i];
            assert_true((one & (one - 1)) == 0);
            assert_true(one == 0 || (shared[i] & ~one) == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_modes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_circle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

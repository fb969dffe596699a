/* Slots: all at once or not at all, in order, with a reserve, a deadline, and dead workers. */
#include "server/slots/slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static Slots *with_workers(int capacity, int reserve)
{
    Slots *slots = slots_new(capacity, reserve, SLOTS_MOST_WORKERS);
    for (int i = 0; i < capacity; i++)
        slots_worker_ready(slots, i, 100 + (uint64_t)i);
    return slots;
}

static void test_grants_what_is_free(void **state)
{
    Slots *slots = with_workers(4, 0);
    SlotGrant grant, lost;
    assert_false(slots_next_grant(slots, &grant));
    assert_true(slots_want(slots, 1, 3, false, 0, 1000));
    assert_true(slots_next_grant(slots, &grant));
    assert_int_equal(grant.query, 1);
    assert_int_equal(grant.count, 3);
    assert_int_equal(grant.workers[2].number, 2);
    assert_int_equal(grant.workers[2].generation, 102);
    assert_true(slots_want(slots, 2, 100, false, 0, 1000));
    assert_true(slots_next_grant(slots, &grant));
    assert_int_equal(grant.count, 1);
    assert_int_equal(grant.workers[0].number, 3);
    assert_true(slots_want(slots, 3, 1, false, 0, 1000));
    assert_false(slots_next_grant(slots, &grant));
    slots_give_back(slots, 1, true, &lost);
    assert_int_equal(lost.count, 0);
    assert_true(slots_next_grant(slots, &grant));
    assert_int_equal(grant.query, 3);
    assert_int_equal(grant.count, 1);
    assert_int_equal(slots_free_count(slots), 2);
    slots_free(slots);
}

static void test_first_come_first_served(void **state)
{
    Slots *slots = with_workers(2, 0);
    SlotGrant grant, lost;
    slots_want(slots, 9, 2, false, 0, 1000);
    assert_true(slots_next_grant(slots, &grant));
    for (uint64_t query = 10; query < 14; query++)
        assert_true(slots_want(slots, query, 2, false, 0, 1000));
    assert_false(slots_want(slots, 12, 2, false, 0, 1000));
    assert_false(slots_want(slots, 9, 2, false, 0, 1000));
    slots_forget(slots, 11);
    assert_int_equal(slots_waiting_count(slots), 3);
    uint64_t holder = 9;
    static const uint64_t order[] = {10, 12, 13};
    for (int i = 0; i < 3; i++) {
        assert_false(slots_next_grant(slots, &grant));
        slots_give_back(slots, holder, true, &lost);
        assert_true(slots_next_grant(slots, &grant));
        assert_int_equal(grant.query, order[i]);
        assert_int_equal(grant.count, 2);
        holder = order[i];
    }
    slots_free(slots);
}

static void test_unclean_release(void **state)
{
    Slots *slots = with_workers(2, 0);
    SlotGrant grant, lost;
    slots_want(slots, 1, 2, false, 0, 1000);
    assert_true(slots_next_grant(slots, &grant));
    slots_want(slots, 2, 2, false, 0, 1000);
    slots_give_back(slots, 1, false, &lost);
    assert_int_equal(lost.count, 2);
    assert_int_equal(lost.workers[1].generation, 101);
    assert_false(slots_next_grant(slots, &grant));
    slots_worker_ready(slots, 1, 500);
    assert_true(slots_next_grant(slots, &grant));
    assert_int_equal(grant.count, 1);
    assert_int_equal(grant.workers[0].generation, 500);
    slots_free(slots);
}

static void test_worker_dies(void **state)
{
    Slots *slots = with_workers(2, 0);
    SlotGrant grant, lost;
    slots_want(slots, 1, 2, false, 0, 1000);
    assert_true(slots_next_grant(slots, &grant));
    slots_worker_gone(slots, 0);
    slots_worker_ready(slots, 0, 700);
    assert_int_equal(slots_free_count(slots), 1);
    slots_give_back(slots, 1, true, &lost);
    assert_int_equal(slots_free_count(slots), 2);
    slots_worker_gone(slots, 1);
    slots_worker_gone(slots, 1);
    assert_int_equal(slots_free_count(slots), 1);
    slots_free(slots);
}

static void test_timeout(void **state)
{
    Slots *slots = with_workers(1, 0);
    SlotGrant grant;
    Fault fault;
    uint64_t query;
    assert_int_equal(slots_next_deadline(slots), INT64_MAX);
    slots_want(slots, 1, 1, false, 0, INT64_MAX);
    assert_true(slots_next_grant(slots, &grant));
    slots_want(slots, 2, 1, false, 0, INT64_C(5000000000));
    slots_want(slots, 3, 1, false, 0, INT64_C(3000000000));
    assert_int_equal(slots_next_deadline(slots), INT64_C(3000000000));
    assert_false(slots_next_expired(slots, INT64_C(2999999999), &query, &fault));
    assert_true(slots_next_expired(slots, INT64_C(3000000000), &query, &fault));
    assert_int_equal(query, 3);
    assert_int_equal(fault.code, FAULT_TASK_START_TIMEOUT);
    assert_int_equal(fault.field_count, 3);
    assert_string_equal(fault.fields[0].name, "pendingTasks");
    assert_string_equal(fault.fields[1].value, "2");
    assert_string_equal(fault.fields[2].value, "3000");
    assert_false(slots_next_expired(slots, INT64_C(3000000000), &query, &fault));
    assert_int_equal(slots_waiting_count(slots), 1);
    slots_free(slots);
}

/* Short queries may have a worker more, and pass by others only into it. */
static void test_reserve(void **state)
{
    Slots *slots = with_workers(4, 1);
    SlotGrant grant, lost;
    slots_want(slots, 1, 4, false, 0, 1000);
    assert_true(slots_next_grant(slots, &grant));
    assert_int_equal(grant.count, 4);
    slots_want(slots, 2, 4, false, 0, 1000);
    assert_false(slots_next_grant(slots, &grant));
    assert_int_equal(slots_lacking(slots), 0);
    slots_want(slots, 3, 2, true, 0, 1000);
    assert_int_equal(slots_lacking(slots), 1);
    slots_set_coming(slots, 1);
    assert_int_equal(slots_lacking(slots), 0);
    assert_false(slots_next_grant(slots, &grant));
    slots_worker_ready(slots, 4, 104);
    slots_set_coming(slots, 0);
    assert_true(slots_next_grant(slots, &grant));
    assert_int_equal(grant.query, 3);
    assert_int_equal(grant.count, 1);
    /* The next short one waits: who waits before it gets the shares. */
    slots_want(slots, 4, 1, true, 0, 1000);
    assert_false(slots_next_grant(slots, &grant));
    slots_give_back(slots, 1, true, &lost);
    assert_true(slots_next_grant(slots, &grant));
    assert_int_equal(grant.query, 2);
    assert_int_equal(grant.count, 4);
    assert_false(slots_next_grant(slots, &grant));
    slots_give_back(slots, 3, true, &lost);
    assert_true(slots_next_grant(slots, &grant));
    assert_int_equal(grant.query, 4);
    slots_give_back(slots, 4, true, &lost);
    assert_true(slots_has_surplus(slots));
    SlotWorker worker;
    assert_true(slots_take_surplus(slots, &worker));
    assert_int_equal(worker.number, 4);
    assert_false(slots_take_surplus(slots, &worker));
    slots_free(slots);
}

/* Who waits for its client gives its shares to others, who get workers of their own. */
static void test_parked(void **state)
{
    Slots *slots = with_workers(2, 0);
    SlotGrant grant, lost;
    SlotWorker worker;
    slots_want(slots, 1, 2, false, 0, 1000);
    assert_true(slots_next_grant(slots, &grant));
    slots_want(slots, 2, 2, false, 0, 1000);
    assert_int_equal(slots_lacking(slots), 0);
    slots_set_parked(slots, 1, true);
    assert_int_equal(slots_lacking(slots), 2);
    slots_worker_ready(slots, 2, 102);
    slots_set_coming(slots, 1);
    assert_false(slots_next_grant(slots, &grant)); /* the other one is on its way */
    slots_worker_ready(slots, 3, 103);
    slots_set_coming(slots, 0);
    assert_true(slots_next_grant(slots, &grant));
    assert_int_equal(grant.count, 2);
    assert_int_equal(grant.workers[0].number, 2);
    slots_set_parked(slots, 1, false);
    slots_want(slots, 3, 2, false, 0, 1000);
    assert_int_equal(slots_lacking(slots), 0);
    assert_false(slots_take_surplus(slots, &worker));
    slots_give_back(slots, 2, true, &lost);
    assert_false(slots_next_grant(slots, &grant)); /* four are there, but two shares */
    slots_give_back(slots, 1, true, &lost);
    assert_true(slots_next_grant(slots, &grant));
    assert_int_equal(grant.query, 3);
    assert_true(slots_take_surplus(slots, &worker));
    assert_int_equal(worker.number, 3);
    assert_true(slots_take_surplus(slots, &worker));
    assert_false(slots_take_surplus(slots, &worker));
    slots_give_back(slots, 3, true, &lost);
    assert_int_equal(slots_free_count(slots), 2);
    slots_free(slots);
}

/* Random events: nobody gets a worker twice, and no free worker is left while somebody waits. */
static void test_random(void **state)
{
    enum { CAPACITY = 5, ROUNDS = 20000 };
    Slots *slots = with_workers(CAPACITY, 0);
    uint64_t next = 1, live[64] = {0}, owner[CAPACITY] = {0}, generation = 1000;
    bool is_there[CAPACITY] = {true, true, true, true, true};
    unsigned seed = 7;
    for (int round = 0; round < ROUNDS; round++) {
        int what = rand_r(&seed) % 5, at = rand_r(&seed) % 64, worker = rand_r(&seed) % CAPACITY;
        SlotGrant grant;
        if (what <= 1 && live[at] == 0) {
            live[at] = next++;
            assert_true(slots_want(slots, live[at], 1 + rand_r(&seed) % 8, false, round, INT64_MAX));
        } else if (what == 2 && live[at] != 0) {
            bool clean = rand_r(&seed) % 2;
            slots_forget(slots, live[at]);
            slots_give_back(slots, live[at], clean, &grant);
            for (int i = 0; i < CAPACITY; i++) {
                if (owner[i] == live[at]) {
                    owner[i] = 0;
                    is_there[i] = clean && is_there[i];
                }
            }
            live[at] = 0;
        } else if (what == 3) {
            slots_worker_gone(slots, worker);
            owner[worker] = 0;
            is_there[worker] = false;
        } else if (what == 4 && !is_there[worker]) {
            slots_worker_ready(slots, worker, generation++);
            is_there[worker] = true;
        }
        while (slots_next_grant(slots, &grant)) {
            assert_true(grant.count >= 1);
            for (int i = 0; i < grant.count; i++) {
                int number = grant.workers[i].number;
                assert_true(is_there[number]);
                assert_int_equal(owner[number], 0);
                owner[number] = grant.query;
            }
        }
        int free_count = 0;
        for (int i = 0; i < CAPACITY; i++)
            free_count += is_there[i] && owner[i] == 0;
        assert_int_equal(free_count, slots_free_count(slots));
        assert_true(slots_waiting_count(slots) == 0 || free_count == 0);
    }
    slots_free(slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grants_what_is_free), cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_unclean_release),     cmocka_unit_test(test_worker_dies),
        cmocka_unit_test(test_timeout),             cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_parked),              cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The table of names against a plain list, through growing and emptying. */
#include "server/session/session_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT = 500 };

typedef struct Thing {
    NameEntry entry;
    char name[24];
    bool is_in;
} Thing;

static void test_random(void **state)
{
    static Thing things[COUNT];
    NameTable table = {0};
    unsigned seed = 3;
    uint32_t count = 0;
    for (int i = 0; i < COUNT; i++) {
        snprintf(things[i].name, sizeof things[i].name, "name %d", i);
        things[i].entry.name = text_of(things[i].name);
    }
    for (int round = 0; round < 20000; round++) {
        Thing *thing = &things[rand_r(&seed) % COUNT];
        NameEntry *found = names_find(&table, text_of(thing->name));
        assert_ptr_equal(found, thing->is_in ? &thing->entry : NULL);
        if (thing->is_in)
            names_remove(&table, &thing->entry);
        else
            names_insert(&table, &thing->entry);
        thing->is_in = !thing->is_in;
        count += thing->is_in ? 1 : -1u;
        assert_int_equal(table.count, count);
    }
    NameEntry *entry;
    while ((entry = names_any(&table)) != NULL) {
        names_remove(&table, entry);
        count--;
    }
    assert_int_equal(count, 0);
    assert_null(table.buckets);
    assert_null(names_find(&table, text_of("name 1")));
}

static void test_empty_name(void **state)
{
    NameTable table = {0};
    NameEntry entry = {.name = text_of("")};
    assert_null(names_find(&table, text_of("")));
    names_insert(&table, &entry);
    assert_ptr_equal(names_find(&table, text_of("")), &entry);
    names_remove(&table, &entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_empty_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

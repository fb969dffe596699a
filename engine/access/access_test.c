/*
 * Who may do what: everybody without roles, superusers everything, others read.
 */
#include "engine/access/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_check(void **state)
{
    (void)state;
    Fault fault;
    AccessRole boss = {.name = TEXT_LITERAL("boss"), .is_superuser = true};
    AccessRole ann = {.name = TEXT_LITERAL("ann")};
    Text what = TEXT_LITERAL("visits");
    for (int action = ACCESS_READ_TABLE; action <= ACCESS_CONTROL; action++) {
        assert_true(access_check(NULL, (AccessAction)action, what, &fault));
        assert_true(access_check(&boss, (AccessAction)action, what, &fault));
        bool allowed = access_check(&ann, (AccessAction)action, what, &fault);
        assert_int_equal(allowed, action == ACCESS_READ_TABLE);
        if (!allowed) {
            assert_int_equal(fault.code, FAULT_INSUFFICIENT_PRIVILEGE);
            assert_non_null(strstr(fault.message, "visits"));
        }
    }
}

static void test_load(void **state)
{
    (void)state;
    char folder[] = "/tmp/access_test_XXXXXX", command[64];
    Fault fault;
    AccessRoles roles;
    assert_non_null(mkdtemp(folder));
    Arena *arena = arena_new("test");
    Meta *meta = meta_open_sqlite(folder, &fault);
    assert_non_null(meta);
    assert_true(access_load(meta, arena, &roles, &fault));
    assert_int_equal(roles.count, 0);
    MetaRole role = {.oid = 16400,
                     .name = TEXT_LITERAL("ann"),
                     .can_login = true,
                     .password = TEXT_LITERAL("SCRAM-SHA-256$..."),
                     .connection_limit = -1};
    assert_true(meta_begin(meta, true, &fault));
    assert_true(meta_put_role(meta, &role, &fault));
    assert_true(meta_commit(meta, &fault));
    assert_true(access_load(meta, arena, &roles, &fault));
    assert_int_equal(roles.count, 1);
    const AccessRole *found = access_find_role(&roles, TEXT_LITERAL("ann"));
    assert_non_null(found);
    assert_true(found->has_password && found->can_login && !found->is_superuser);
    assert_null(access_find_role(&roles, TEXT_LITERAL("Ann")));
    meta_close(meta);
    arena_free(arena);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Roles in a store of their own: who may do what, before the first role, with it, after grants,
 * revokes, drops; and what is refused.
 */
#include "engine/access/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Test {
    char folder[64];
    Meta *meta;
    Arena *arena;
    AccessRoles roles;
    char notice[sizeof((Fault *)0)->message];
    Fault fault;
} Test;

static Test test;
static const AccessTarget visits = {ACCESS_ON_TABLE, 20000, TEXT_LITERAL("visits"), false};
static const AccessTarget catalog = {ACCESS_ON_TABLE, 1259, TEXT_LITERAL("pg_class"), false};
static const AccessTarget secrets = {ACCESS_ON_TABLE, 1260, TEXT_LITERAL("pg_authid"), false};
static const AccessTarget http = {ACCESS_ON_EXTERNAL, 0, TEXT_LITERAL("http"), false};
static const AccessTarget external = {ACCESS_ON_EXTERNAL, 0, TEXT_LITERAL(""), false};

static void take_notice(void *state, const Fault *notice)
{
    (void)state;
    snprintf(test.notice, sizeof test.notice, "%s", notice->message);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(test.folder, "/tmp/access_test_XXXXXX");
    assert_non_null(mkdtemp(test.folder));
    test.arena = arena_new("test");
    test.meta = meta_open_sqlite(test.folder, &test.fault);
    assert_non_null(test.meta);
    assert_true(access_load(test.meta, test.arena, &test.roles, &test.fault));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[96];
    meta_close(test.meta);
    arena_free(test.arena);
    snprintf(command, sizeof command, "rm -rf %s", test.folder);
    return system(command);
}

static AccessChange as(const char *user)
{
    test.notice[0] = 0;
    return (AccessChange){.meta = test.meta,
                          .arena = test.arena,
                          .user = text_of(user),
                          .session = text_of(user),
                          .notice = take_notice};
}

static bool done(bool ok)
{
    assert_true(access_load(test.meta, test.arena, &test.roles, &test.fault));
    return ok;
}

static bool create_role(const char *by, const char *name, AccessChoice superuser)
{
    AccessChange change = as(by);
    AccessRoleChange role = {.name = text_of(name),
                             .login = ACCESS_YES,
                             .superuser = superuser,
                             .has_password = true,
                             .password = TEXT_LITERAL("secret")};
    return done(access_create_role(&change, &role, &test.fault));
}

static AccessUser user(const char *name)
{
    return access_user(&test.roles, text_of(name));
}

static bool grant(const char *by, const char *to, const AccessTarget *target, uint32_t privileges,
                  bool with_option)
{
    AccessChange change = as(by);
    Text grantee = text_of(to);
    AccessGrantChange request = {.is_grant = true,
                                 .with_option = with_option,
                                 .privileges = privileges,
                                 .target_count = 1,
                                 .grantee_count = 1,
                                 .targets = target,
                                 .grantees = &grantee};
    return done(access_change_grants(&change, &request, &test.fault));
}

static bool revoke(const char *by, const char *from, const AccessTarget *target,
                   uint32_t privileges, bool cascades)
{
    AccessChange change = as(by);
    Text grantee = text_of(from);
    AccessGrantChange request = {.cascades = cascades,
                                 .privileges = privileges,
                                 .target_count = 1,
                                 .grantee_count = 1,
                                 .targets = target,
                                 .grantees = &grantee};
    return done(access_change_grants(&change, &request, &test.fault));
}

static bool join(const char *by, const char *role, const char *member)
{
    AccessChange change = as(by);
    Text roles = text_of(role), members = text_of(member);
    AccessMembership membership = {.is_grant = true,
                                   .role_count = 1,
                                   .member_count = 1,
                                   .roles = &roles,
                                   .members = &members};
    return done(access_change_members(&change, &membership, &test.fault));
}

static bool drop_role(const char *by, const char *name)
{
    AccessChange change = as(by);
    return done(access_drop_role(&change, text_of(name), false, &test.fault));
}

static bool may(const char *who, const AccessTarget *target, uint32_t wanted)
{
    Fault fault = {0};
    bool allowed = access_check(user(who), target, wanted, &fault);
    assert_true(allowed || fault.code == FAULT_INSUFFICIENT_PRIVILEGE);
    return allowed;
}

static void test_without_roles(void **state)
{
    (void)state;
    assert_null(user("ann").roles);
    assert_true(may("ann", &visits, ACCESS_ALL_TABLE));
    assert_true(may("ann", &secrets, ACCESS_SELECT));
    assert_true(may("ann", &http, ACCESS_SELECT));
    assert_true(access_owns(user("ann"), 20000));
}

static void test_first_role(void **state)
{
    (void)state;
    assert_true(create_role("root", "ann", ACCESS_UNSAID));
    assert_non_null(strstr(test.notice, "root"));
    assert_int_equal(test.roles.count, 2);
    assert_true(access_find_role(&test.roles, TEXT_LITERAL("root"))->is_superuser);
    assert_int_equal(access_find_role(&test.roles, TEXT_LITERAL("root"))->oid, 10);
    assert_true(may("root", &visits, ACCESS_ALL_TABLE));
    assert_false(may("ann", &visits, ACCESS_SELECT));
    assert_true(may("ann", &catalog, ACCESS_SELECT));
    assert_false(may("ann", &catalog, ACCESS_INSERT));
    assert_false(may("ann", &secrets, ACCESS_SELECT));
    assert_false(may("ann", &http, ACCESS_SELECT));
    /* Whoever is no role may do nothing. */
    assert_false(may("stranger", &visits, ACCESS_SELECT));
    assert_true(may("stranger", &catalog, ACCESS_SELECT));
    assert_false(access_owns(user("stranger"), 20000));
    /* The last role goes, and all is as it was. */
    assert_true(drop_role("root", "ann"));
    assert_int_equal(test.roles.count, 0);
}

static void test_first_role_is_self(void **state)
{
    (void)state;
    assert_true(create_role("ann", "ann", ACCESS_UNSAID));
    assert_int_equal(test.roles.count, 1);
    assert_true(test.roles.roles[0].is_superuser);
    assert_false(drop_role("ann", "ann"));
    assert_int_equal(test.fault.code, FAULT_OBJECT_IN_USE);
}

static void test_grants(void **state)
{
    (void)state;
    assert_true(create_role("root", "ann", ACCESS_UNSAID));
    assert_true(create_role("root", "bob", ACCESS_UNSAID));
    assert_true(grant("root", "ann", &visits, ACCESS_SELECT | ACCESS_INSERT, false));
    assert_true(may("ann", &visits, ACCESS_SELECT | ACCESS_INSERT));
    assert_false(may("ann", &visits, ACCESS_SELECT | ACCESS_DELETE));
    assert_false(may("bob", &visits, ACCESS_SELECT));
    /* Who has no option grants nothing; who has nothing is refused. */
    assert_true(grant("ann", "bob", &visits, ACCESS_SELECT, false));
    assert_non_null(strstr(test.notice, "no privileges were granted"));
    assert_false(may("bob", &visits, ACCESS_SELECT));
    assert_false(grant("bob", "ann", &visits, ACCESS_SELECT, false));
    assert_int_equal(test.fault.code, FAULT_INSUFFICIENT_PRIVILEGE);
    assert_true(revoke("root", "ann", &visits, ACCESS_INSERT, false));
    assert_false(may("ann", &visits, ACCESS_INSERT));
    assert_true(may("ann", &visits, ACCESS_SELECT));
    /* PUBLIC is everybody. */
    assert_true(grant("root", "", &visits, ACCESS_SELECT, false));
    assert_true(may("bob", &visits, ACCESS_SELECT));
    /* Outside data, of one type and of all. */
    assert_true(grant("root", "ann", &http, ACCESS_SELECT, false));
    AccessTarget local = {ACCESS_ON_EXTERNAL, 0, TEXT_LITERAL("local"), false};
    assert_true(may("ann", &http, ACCESS_SELECT));
    assert_false(may("ann", &local, ACCESS_SELECT));
    assert_true(grant("root", "ann", &external, ACCESS_SELECT, false));
    assert_true(may("ann", &local, ACCESS_SELECT));
    assert_false(may("ann", &local, ACCESS_INSERT));
    assert_false(grant("root", "ann", &external, ACCESS_TRIGGER, false));
    assert_int_equal(test.fault.code, FAULT_INVALID_GRANT_OPERATION);
    assert_false(grant("root", "carl", &visits, ACCESS_SELECT, false));
    assert_int_equal(test.fault.code, FAULT_UNDEFINED_OBJECT);
    /* A role with rights stays. */
    assert_false(drop_role("root", "ann"));
    assert_int_equal(test.fault.code, FAULT_DEPENDENT_OBJECTS_STILL_EXIST);
}

static void test_options(void **state)
{
    (void)state;
    assert_true(create_role("root", "ann", ACCESS_UNSAID));
    assert_true(create_role("root", "bob", ACCESS_UNSAID));
    assert_true(create_role("root", "carl", ACCESS_UNSAID));
    assert_true(grant("root", "ann", &visits, ACCESS_SELECT, true));
    assert_true(grant("ann", "bob", &visits, ACCESS_SELECT, true));
    assert_true(grant("bob", "carl", &visits, ACCESS_SELECT, false));
    assert_true(may("carl", &visits, ACCESS_SELECT));
    Text *items;
    uint32_t count;
    access_acl(&test.roles, ACCESS_ON_TABLE, 20000, TEXT_LITERAL(""), test.arena, &items, &count);
    assert_int_equal(count, 4);
    assert_string_equal(items[0].data, "root=arwdDxt/root");
    assert_string_equal(items[1].data, "ann=r*/root");
    assert_string_equal(items[2].data, "bob=r*/ann");
    assert_string_equal(items[3].data, "carl=r/bob");
    assert_false(revoke("root", "ann", &visits, ACCESS_SELECT, false));
    assert_int_equal(test.fault.code, FAULT_DEPENDENT_OBJECTS_STILL_EXIST);
    assert_true(may("carl", &visits, ACCESS_SELECT));
    assert_true(revoke("root", "ann", &visits, ACCESS_SELECT, true));
    assert_false(may("ann", &visits, ACCESS_SELECT));
    assert_false(may("bob", &visits, ACCESS_SELECT));
    assert_false(may("carl", &visits, ACCESS_SELECT));
}

static void test_public_defaults(void **state)
{
    (void)state;
    AccessTarget schema = {ACCESS_ON_SCHEMA, 2200, TEXT_LITERAL("public"), false};
    assert_true(create_role("root", "ann", ACCESS_UNSAID));
    assert_true(may("ann", &schema, ACCESS_USAGE));
    assert_false(may("ann", &schema, ACCESS_CREATE));
    assert_true(revoke("root", "", &schema, ACCESS_USAGE, false));
    assert_false(may("ann", &schema, ACCESS_USAGE));
    assert_true(grant("root", "ann", &schema, ACCESS_USAGE | ACCESS_CREATE, false));
    assert_true(may("ann", &schema, ACCESS_USAGE | ACCESS_CREATE));
    assert_true(grant("root", "", &schema, ACCESS_USAGE, false));
    assert_true(create_role("root", "bob", ACCESS_UNSAID));
    assert_true(may("bob", &schema, ACCESS_USAGE));
}

static void test_members(void **state)
{
    (void)state;
    assert_true(create_role("root", "readers", ACCESS_UNSAID));
    assert_true(create_role("root", "ann", ACCESS_UNSAID));
    assert_true(create_role("root", "bob", ACCESS_UNSAID));
    assert_true(grant("root", "readers", &visits, ACCESS_SELECT, false));
    assert_true(join("root", "readers", "ann"));
    assert_true(join("root", "ann", "bob"));
    assert_true(may("ann", &visits, ACCESS_SELECT));
    assert_true(may("bob", &visits, ACCESS_SELECT));
    assert_false(join("root", "bob", "readers"));
    assert_int_equal(test.fault.code, FAULT_INVALID_GRANT_OPERATION);
    assert_false(join("root", "ann", "ann"));
    assert_false(join("ann", "readers", "bob"));
    assert_int_equal(test.fault.code, FAULT_INSUFFICIENT_PRIVILEGE);
    assert_true(join("root", "pg_read_all_data", "bob"));
    AccessTarget other = {ACCESS_ON_TABLE, 20001, TEXT_LITERAL("other"), false};
    assert_true(may("bob", &other, ACCESS_SELECT));
    assert_false(may("ann", &other, ACCESS_SELECT));
    assert_false(may("bob", &secrets, ACCESS_SELECT));
    /* Without INHERIT it takes a SET ROLE. */
    AccessChange change = as("root");
    AccessRoleChange alter = {.name = TEXT_LITERAL("bob"), .inherits = ACCESS_NO};
    assert_true(done(access_alter_role(&change, &alter, &test.fault)));
    assert_false(may("bob", &visits, ACCESS_SELECT));
    uint32_t readers = access_find_role(&test.roles, TEXT_LITERAL("readers"))->oid;
    assert_true(access_is_member(&test.roles, user("bob").role, readers));
    assert_true(drop_role("root", "ann"));
    assert_false(access_is_member(&test.roles, user("bob").role, readers));
}

static void test_owners(void **state)
{
    (void)state;
    assert_true(create_role("root", "ann", ACCESS_UNSAID));
    assert_true(create_role("root", "bob", ACCESS_UNSAID));
    AccessChange change = as("root");
    assert_true(done(access_change_owner(&change, &visits, TEXT_LITERAL("ann"), &test.fault)));
    assert_true(may("ann", &visits, ACCESS_ALL_TABLE));
    assert_true(grant("ann", "bob", &visits, ACCESS_SELECT, false));
    assert_true(may("bob", &visits, ACCESS_SELECT));
    assert_false(access_check_owner(user("bob"), &visits, &test.fault));
    assert_string_equal(test.fault.message, "must be owner of table visits");
    assert_false(drop_role("root", "ann"));
    assert_true(revoke("ann", "bob", &visits, ACCESS_SELECT, false));
    change = as("root");
    assert_true(done(access_reassign_owned(&change, TEXT_LITERAL("ann"), TEXT_LITERAL("bob"),
                                           &test.fault)));
    assert_true(access_owns(user("bob"), 20000));
    assert_true(drop_role("root", "ann"));
}

static void test_who_may_change_roles(void **state)
{
    (void)state;
    assert_true(create_role("root", "ann", ACCESS_UNSAID));
    assert_true(create_role("root", "boss", ACCESS_YES));
    assert_false(create_role("ann", "carl", ACCESS_UNSAID));
    assert_string_equal(test.fault.message, "permission denied to create role");
    assert_false(create_role("ann", "carl", ACCESS_YES));
    assert_string_equal(test.fault.message, "must be superuser to create superusers");
    assert_false(create_role("root", "ann", ACCESS_UNSAID));
    assert_int_equal(test.fault.code, FAULT_DUPLICATE_OBJECT);
    assert_false(create_role("root", "pg_mine", ACCESS_UNSAID));
    assert_int_equal(test.fault.code, FAULT_RESERVED_NAME);
    assert_false(create_role("root", "public", ACCESS_UNSAID));
    AccessChange change = as("ann");
    AccessRoleChange password = {.name = TEXT_LITERAL("ann"),
                                 .has_password = true,
                                 .password = TEXT_LITERAL("other")};
    assert_true(done(access_alter_role(&change, &password, &test.fault)));
    password.name = TEXT_LITERAL("boss");
    assert_false(done(access_alter_role(&change, &password, &test.fault)));
    AccessRoleChange rise = {.name = TEXT_LITERAL("ann"), .superuser = ACCESS_YES};
    assert_false(done(access_alter_role(&change, &rise, &test.fault)));
    AccessRoleChange maker = {.name = TEXT_LITERAL("ann"), .create_role = ACCESS_YES};
    assert_false(done(access_alter_role(&change, &maker, &test.fault)));
    assert_string_equal(test.fault.message, "permission denied");
    change = as("root");
    assert_true(done(access_alter_role(&change, &maker, &test.fault)));
    assert_true(create_role("ann", "carl", ACCESS_UNSAID));
    assert_false(drop_role("ann", "boss"));
    assert_false(join("ann", "boss", "ann"));
    assert_string_equal(test.fault.message, "must be superuser to alter superusers");
    AccessRoleChange md5 = {.name = TEXT_LITERAL("carl"),
                            .has_password = true,
                            .password = TEXT_LITERAL("md50123456789abcdef0123456789abcdef")};
    assert_false(done(access_alter_role(&change, &md5, &test.fault)));
    assert_int_equal(test.fault.code, FAULT_FEATURE_NOT_SUPPORTED);
    AccessRoleChange demote = {.name = TEXT_LITERAL("root"), .superuser = ACCESS_NO};
    assert_false(done(access_alter_role(&change, &demote, &test.fault)));
}

static void test_settings(void **state)
{
    (void)state;
    assert_true(create_role("root", "ann", ACCESS_UNSAID));
    AccessChange change = as("root");
    Text zone = TEXT_LITERAL("Europe/Paris"), name = TEXT_LITERAL("ann");
    assert_true(done(access_set_role_setting(&change, name, TEXT_LITERAL("TimeZone"), &zone,
                                             &test.fault)));
    assert_string_equal(user("ann").role->settings.data, "{\"TimeZone\":\"Europe/Paris\"}");
    assert_true(done(access_set_role_setting(&change, name, TEXT_LITERAL("TimeZone"), NULL,
                                             &test.fault)));
    assert_string_equal(user("ann").role->settings.data, "{}");
}

static void test_words(void **state)
{
    (void)state;
    assert_int_equal(access_privilege_bits(TEXT_LITERAL("select")), ACCESS_SELECT);
    assert_int_equal(access_privilege_bits(TEXT_LITERAL("READ")), ACCESS_SELECT);
    assert_true((access_privilege_bits(TEXT_LITERAL("Write")) & ACCESS_REPLACE) == ACCESS_REPLACE);
    assert_int_equal(access_privilege_bits(TEXT_LITERAL("selec")), 0);
    assert_int_equal(access_privilege_bits(TEXT_LITERAL("")), 0);
    assert_string_equal(access_privilege_word(ACCESS_TRUNCATE), "TRUNCATE");
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_without_roles),   CASE(test_first_role), CASE(test_first_role_is_self),
        CASE(test_grants),          CASE(test_options),    CASE(test_public_defaults),
        CASE(test_members),         CASE(test_owners),     CASE(test_who_may_change_roles),
        CASE(test_settings),        CASE(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

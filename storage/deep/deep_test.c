/*
 * The local folder: staging paths, publishing by rename, listing, removing what a query staged
 * and nothing else, and names that must not lead out of the folder.
 */
#include "storage/deep/deep.h"

#include "base/os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static Deep *deep;
static Fault fault;

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/deep_test_XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    deep = deep_open_local(folder, &fault);
    return deep == NULL;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    deep_close(deep);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void stage(const char *query, uint32_t number, char path[DEEP_PATH_SIZE])
{
    int fd;
    assert_true(deep_staging_path(deep, query, number, path, &fault));
    assert_true(os_create(path, &fd, &fault));
    assert_true(os_write_all(fd, "x", 1, &fault));
    os_close(fd);
}

typedef struct Names {
    int count;
    char names[16][DEEP_NAME_SIZE];
} Names;

static bool gather(const char *name, void *state)
{
    Names *names = state;
    assert_true(names->count < 16);
    strcpy(names->names[names->count++], name);
    return true;
}

static Names list(DeepPlace place)
{
    Names names = {0};
    assert_true(deep_list(deep, place, gather, &names, &fault));
    return names;
}

static void test_publish(void **state)
{
    (void)state;
    char path[DEEP_PATH_SIZE], first[DEEP_NAME_SIZE], second[DEEP_NAME_SIZE];
    stage("query-1", 0, path);
    assert_int_equal(list(DEEP_STAGING).count, 1);
    assert_true(deep_publish(deep, path, 16384, first, &fault));
    stage("query-1", 0, path);
    assert_true(deep_publish(deep, path, 16385, second, &fault));
    assert_true(deep_sync(deep, 16384, &fault) && deep_sync(deep, 16385, &fault));
    assert_memory_equal(first, "segments/16384/", 15);
    assert_string_not_equal(first + 15, second + 15);
    assert_int_equal(list(DEEP_STAGING).count, 0);
    assert_int_equal(list(DEEP_SEGMENTS).count, 2);
    assert_true(deep_exists(deep, first));
    assert_true(deep_path(deep, text_of(first), path, &fault));
    assert_int_equal(access(path, R_OK), 0);
    assert_true(deep_remove(deep, first, &fault));
    assert_true(deep_remove(deep, first, &fault)); /* a missing file is no error */
    assert_false(deep_exists(deep, first));
    Names left = list(DEEP_SEGMENTS);
    assert_int_equal(left.count, 1);
    assert_string_equal(left.names[0], second);
    assert_false(deep_publish(deep, "/nonexistent/file", 16384, first, &fault));
}

static void test_remove_staged(void **state)
{
    (void)state;
    char path[DEEP_PATH_SIZE];
    stage("q", 0, path);
    stage("q", 12, path);
    stage("q-1", 0, path);
    stage("qq", 0, path);
    assert_true(deep_remove_staged(deep, "q", &fault));
    Names left = list(DEEP_STAGING);
    assert_int_equal(left.count, 2);
    for (int i = 0; i < 2; i++)
        assert_true(strcmp(left.names[i], "staging/q-1-0.segment") == 0 ||
                    strcmp(left.names[i], "staging/qq-0.segment") == 0);
}

static void test_names_stay_inside(void **state)
{
    (void)state;
    char path[DEEP_PATH_SIZE];
    static const char *const bad[] = {"../metadata.sqlite", "/etc/passwd", "", "segments/../x",
                                      "segments/.hidden"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(deep_path(deep, text_of(bad[i]), path, &fault));
        assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
        assert_false(deep_exists(deep, bad[i]));
    }
    assert_false(deep_staging_path(deep, "../x", 0, path, &fault));
    assert_int_equal(fault.code, FAULT_INVALID_PARAMETER_VALUE);
    assert_false(deep_staging_path(deep, "", 0, path, &fault));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_publish, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remove_staged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_stay_inside, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

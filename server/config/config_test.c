/* The command line, the folder, the sample file, and reading it again. */
#include "server/config/config.h"

#include "base/os/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static bool parse(Config *config, char **argv, Fault *fault)
{
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    return config_parse(config, argc, argv, fault);
}

static void test_command_line(void **state)
{
    Config config;
    Fault fault;
    assert_true(parse(&config, (char *[]){"talaria", "--help", NULL}, &fault));
    assert_int_equal(config.action, CONFIG_HELP);
    assert_true(parse(&config, (char *[]){"talaria", "--describe", "faults", NULL}, &fault));
    assert_int_equal(config.action, CONFIG_DESCRIBE);
    assert_string_equal(config.describe, "faults");
    assert_false(parse(&config, (char *[]){"talaria", NULL}, &fault));
    assert_false(parse(&config, (char *[]){"talaria", "--data", NULL}, &fault));
    assert_false(parse(&config, (char *[]){"talaria", "--no-such", NULL}, &fault));
    assert_false(parse(&config, (char *[]){"talaria", "--data", "x", "more", NULL}, &fault));
    assert_false(parse(&config, (char *[]){"talaria", "--data", "x", "-c", "=1", NULL}, &fault));
    assert_false(parse(&config, (char *[]){"talaria", "--data", "x", "-c", "port", NULL}, &fault));
}

static void test_folder_and_settings(void **state)
{
    Config config, second;
    Settings settings;
    Fault fault;
    char *argv[] = {"talaria", "--data", folder, "--port", "7000", "-c", "rowsPerSegment=5", NULL};
    assert_true(parse(&config, argv, &fault));
    assert_true(config_prepare_folder(&config, &fault));
    assert_true(config_load(&config, &settings, &fault));
    assert_int_equal(settings.port, 7000);
    assert_int_equal(settings.rows_per_segment, 5);
    assert_string_equal(settings.time_zone, "UTC");
    assert_int_equal(access(config.run_folder, F_OK), 0);
    /* Who comes second is told. */
    assert_true(parse(&second, argv, &fault));
    assert_false(config_prepare_folder(&second, &fault));
    assert_int_equal(fault.code, FAULT_OBJECT_IN_USE);
    /* The sample, every line of it taken as a setting, is good and changes nothing. */
    char command[2048];
    snprintf(command, sizeof command, "sed -i -E 's/^#([^ ]+ = )/\\1/' %s", config.file);
    assert_int_equal(system(command), 0);
    Settings again;
    bool ok = config_load(&config, &again, &fault);
    if (!ok)
        print_message("%s\n", fault.message);
    assert_true(ok);
    int count;
    const SettingInfo *table = setting_table(&count);
    for (int i = 0; i < count; i++)
        assert_true(setting_equal(&settings, &again, &table[i]));
    /* Read again: session settings change, those of the start do not, the command line wins. */
    FILE *file = fopen(config.file, "w");
    assert_non_null(file);
    fputs("TimeZone = 'Europe/Paris'\nport = 1\nmax_connections = 7\nrowsPerSegment = 9\n", file);
    fclose(file);
    assert_true(config_reload(&config, &settings, &fault));
    assert_string_equal(settings.time_zone, "Europe/Paris");
    assert_int_equal(settings.port, 7000);
    assert_int_equal(settings.max_connections, 5000);
    assert_int_equal(settings.rows_per_segment, 5);
    file = fopen(config.file, "w");
    fputs("TimeZone = UTC\nno_such_setting = 1\n", file);
    fclose(file);
    assert_false(config_reload(&config, &settings, &fault));
    assert_string_equal(settings.time_zone, "Europe/Paris");
    os_close(config.lock_fd);
}

static void test_not_a_data_folder(void **state)
{
    Config config;
    Fault fault;
    assert_true(parse(&config, (char *[]){"talaria", "--data", "/etc", NULL}, &fault));
    assert_false(config_prepare_folder(&config, &fault));
    assert_int_equal(fault.code, FAULT_CONFIG_FILE_ERROR);
    assert_true(parse(&config, (char *[]){"talaria", "--data", "/dev/null/x", NULL}, &fault));
    assert_false(config_prepare_folder(&config, &fault));
}

static void test_pages(void **state)
{
    Buffer page = BUFFER_EMPTY;
    config_describe_settings(&page);
    assert_non_null(strstr(buffer_string(&page), "| `maxNumTasks` |"));
    buffer_reset(&page);
    config_describe_faults(&page);
    assert_non_null(strstr(buffer_string(&page), "| TooManyWarnings | 22P04 |"));
    buffer_clear(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_line),
        cmocka_unit_test(test_folder_and_settings),
        cmocka_unit_test(test_not_a_data_folder),
        cmocka_unit_test(test_pages),
    };
    snprintf(folder, sizeof folder, "/tmp/talaria-config-%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return failed + (system(command) != 0);
}

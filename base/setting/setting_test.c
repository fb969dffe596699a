#include "base/setting/setting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool set(Settings *settings, const char *name, const char *value, Fault *fault)
{
    return setting_set(settings, text_of(name), text_of(value), SCOPE_SESSION, fault);
}

static const char *show(const Settings *settings, const char *name)
{
    static char text[SETTING_TEXT_SIZE];
    setting_show(settings, setting_find(text_of(name)), text, sizeof text);
    return text;
}

static void test_table_is_sound(void **state)
{
    (void)state;
    int count;
    const SettingInfo *infos = setting_table(&count);
    assert_true(count > 40);
    Settings defaults, again;
    Fault fault;
    setting_defaults(&defaults);
    setting_defaults(&again);
    for (int i = 0; i < count; i++) {
        const SettingInfo *info = &infos[i];
        assert_ptr_equal(setting_find(text_of(info->name)), info); /* no name twice */
        assert_true(strlen(info->description) > 0);
        /* each default can be set by what is shown of it, and stays the same */
        char value[SETTING_TEXT_SIZE];
        setting_show(&defaults, info, value, sizeof value);
        if (info->scope != SCOPE_FIXED)
            assert_true(setting_set(&again, text_of(info->name), text_of(value), SCOPE_SERVER,
                                    &fault));
        assert_true(setting_equal(&defaults, &again, info));
    }
}

static void test_values(void **state)
{
    (void)state;
    Settings settings;
    Fault fault;
    setting_defaults(&settings);
    assert_true(set(&settings, "STATEMENT_timeout", "90s", &fault));
    assert_int_equal(settings.statement_timeout, 90000);
    assert_string_equal(show(&settings, "statement_timeout"), "90s");
    assert_true(set(&settings, "timeout", " 2 min ", &fault)); /* an old name, blanks */
    assert_string_equal(show(&settings, "statement_timeout"), "2min");
    assert_true(set(&settings, "maxInputBytesPerWorker", "512kb", &fault));
    assert_int_equal(settings.max_input_bytes_per_worker, 512 << 10);
    assert_string_equal(show(&settings, "maxinputbytesperworker"), "512kB");
    assert_true(set(&settings, "failOnEmptyInsert", "YES", &fault));
    assert_true(settings.fail_on_empty_insert);
    assert_true(set(&settings, "talaria.dialect", "Druid", &fault));
    assert_int_equal(settings.dialect, 1);
    assert_string_equal(show(&settings, "talaria.dialect"), "druid");
    assert_true(set(&settings, "transaction_isolation", "repeatable read", &fault));
    assert_true(set(&settings, "sqlTimeZone", "Europe/Berlin", &fault));
    assert_string_equal(settings.time_zone, "Europe/Berlin");
    assert_true(set(&settings, "maxParseExceptions", "-1", &fault));
    assert_string_equal(show(&settings, "maxParseExceptions"), "-1");
    assert_true(set(&settings, "myapp.setting", "anything", &fault));
}

static void expect_code(Settings *settings, const char *name, const char *value, FaultCode code)
{
    Fault fault;
    Settings before = *settings;
    assert_false(set(settings, name, value, &fault));
    assert_int_equal(fault.code, code);
    assert_memory_equal(&before, settings, sizeof before);
}

static void test_refusals(void **state)
{
    (void)state;
    Settings settings;
    setting_defaults(&settings);
    expect_code(&settings, "no_such", "1", FAULT_UNDEFINED_OBJECT);
    expect_code(&settings, "", "1", FAULT_UNDEFINED_OBJECT);
    expect_code(&settings, "port", "1", FAULT_CANT_CHANGE_RUNTIME_PARAM);
    expect_code(&settings, "server_version", "1", FAULT_CANT_CHANGE_RUNTIME_PARAM);
    expect_code(&settings, "log_level", "debug", FAULT_CANT_CHANGE_RUNTIME_PARAM);
    expect_code(&settings, "failOnEmptyInsert", "perhaps", FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "maxNumTasks", "1002", FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "maxNumTasks", "two", FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "maxNumTasks", "", FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "maxNumTasks", "2kB", FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "statement_timeout", "1 kB", FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "statement_timeout", "9223372036854775807d",
                FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "statement_timeout", "99999999999999999999",
                FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "taskAssignment", "some", FAULT_INVALID_PARAMETER_VALUE);
    char wide[SETTING_TEXT_SIZE + 1];
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    expect_code(&settings, "application_name", wide, FAULT_INVALID_PARAMETER_VALUE);
    wide[SETTING_TEXT_SIZE - 1] = '\0';
    Fault fault;
    assert_true(set(&settings, "application_name", wide, &fault));
}

static void test_reset_and_travel(void **state)
{
    (void)state;
    Settings server, session, there;
    Fault fault;
    setting_defaults(&server);
    assert_true(setting_set(&server, text_of("port"), text_of("1234"), SCOPE_SERVER, &fault));
    assert_true(set(&server, "statement_timeout", "5s", &fault));
    session = server;
    assert_true(set(&session, "statement_timeout", "1d", &fault));
    assert_true(set(&session, "search_path", "a, 'b'", &fault));
    assert_true(set(&session, "useApproximateCountDistinct", "on", &fault));
    Buffer packed = BUFFER_EMPTY;
    setting_pack(&session, &packed);
    assert_true(setting_unpack(&there, packed.data, packed.length, &fault));
    assert_memory_equal(&there, &session, sizeof there);
    for (size_t length = 0; length < packed.length; length++) {
        uint8_t *prefix = malloc(length + 1);
        if (length > 0)
            memcpy(prefix, packed.data, length);
        assert_false(setting_unpack(&there, prefix, length, &fault));
        free(prefix);
    }
    const SettingInfo *info = setting_find(text_of("statement_timeout"));
    assert_false(setting_equal(&session, &server, info));
    setting_reset(&session, &server, info);
    assert_true(setting_equal(&session, &server, info));
    assert_int_equal(session.statement_timeout, 5000);
    buffer_clear(&packed);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_file(void **state)
{
    (void)state;
    char path[] = "/tmp/talaria-setting-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    Settings settings;
    Fault fault;
    setting_defaults(&settings);
    write_file(path, "# a comment\n\nport = 6000 # behind\n"
                     "  application_name='it''s me # no comment'\n"
                     "statement_timeout 10s\r\nextern_allowed_folders = /a,/b=c");
    assert_true(setting_read_file(&settings, path, SCOPE_SERVER, &fault));
    assert_int_equal(settings.port, 6000);
    assert_string_equal(settings.application_name, "it's me # no comment");
    assert_int_equal(settings.statement_timeout, 10000);
    assert_string_equal(settings.extern_allowed_folders, "/a,/b=c");

    write_file(path, "port = 7000\nlog_level = debug\n");
    assert_true(setting_read_file(&settings, path, SCOPE_RELOAD, &fault));
    assert_int_equal(settings.port, 6000); /* needs a restart */
    assert_int_equal(settings.log_level, 0);

    Settings before = settings;
    const char *bad[] = {"log_level = info\nport 1 2\n", "log_level = info\nno_such = 1\n",
                         "log_level = info\nport = 'x\n", "log_level = info\nport =\n",
                         "log_level = info\nport = 70000\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(path, bad[i]);
        assert_false(setting_read_file(&settings, path, SCOPE_SERVER, &fault));
        assert_int_equal(fault.code, FAULT_CONFIG_FILE_ERROR);
        assert_non_null(strstr(fault.message, "line 2: "));
        assert_memory_equal(&before, &settings, sizeof before);
    }
    unlink(path);
    assert_true(setting_read_file(&settings, path, SCOPE_SERVER, &fault)); /* missing */
}

static void test_describe(void **state)
{
    (void)state;
    Buffer page = BUFFER_EMPTY;
    setting_describe(&page);
    const char *text = buffer_string(&page);
    int count, lines = 0;
    setting_table(&count);
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    assert_int_equal(lines, count + 2);
    assert_non_null(strstr(text, "| `taskStartTimeout` | integer | `10min` | milliseconds | session | "));
    buffer_clear(&page);
}

static void test_custom(void **state)
{
    (void)state;
    Settings server, session, there;
    Fault fault;
    Text value, name;
    uint32_t at = 0;
    setting_defaults(&server);
    session = server;
    assert_false(setting_custom_get(&session, text_of("my.own"), &value));
    assert_true(set(&session, "my.own", "a", &fault));
    assert_true(set(&session, "My.Other", "b", &fault));
    assert_true(set(&session, "MY.OWN", "longer", &fault));
    assert_true(setting_custom_get(&session, text_of("my.own"), &value));
    assert_true(text_equal_string(value, "longer"));
    expect_code(&session, "my-own.x", "1", FAULT_INVALID_NAME);
    expect_code(&session, "my.", "1", FAULT_INVALID_NAME);
    expect_code(&session, ".my", "1", FAULT_INVALID_NAME);
    Buffer packed = BUFFER_EMPTY;
    setting_pack(&session, &packed);
    assert_true(setting_unpack(&there, packed.data, packed.length, &fault));
    assert_memory_equal(&there, &session, sizeof there);
    buffer_clear(&packed);
    char wide[sizeof session.custom.bytes];
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    expect_code(&session, "my.wide", wide, FAULT_PROGRAM_LIMIT_EXCEEDED);
    assert_true(setting_custom_reset(&session, &server, text_of("my.own"), &fault));
    assert_true(setting_custom_get(&session, text_of("my.own"), &value));
    assert_int_equal(value.length, 0);
    there = server; /* a rollback: names stay known, and are empty */
    session.custom = there.custom;
    assert_true(set(&session, "my.fresh", "x", &fault));
    setting_custom_restore(&session, &there);
    assert_true(setting_custom_next(&session, &at, &name, &value));
    assert_true(text_equal_string(name, "my.fresh") && value.length == 0);
    assert_false(setting_custom_next(&session, &at, &name, &value));
}

static void test_units(void **state)
{
    (void)state;
    Settings settings;
    Fault fault;
    setting_defaults(&settings);
    assert_true(set(&settings, "work_mem", "65536", &fault));
    assert_string_equal(show(&settings, "work_mem"), "64MB");
    assert_true(set(&settings, "temp_buffers", "1.5 MB", &fault));
    assert_string_equal(show(&settings, "temp_buffers"), "1536kB");
    assert_true(set(&settings, "statement_timeout", "2500us", &fault));
    assert_int_equal(settings.statement_timeout, 2); /* to the even one */
    assert_true(set(&settings, "statement_timeout", "-0", &fault));
    expect_code(&settings, "work_mem", "63", FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "work_mem", "1e400", FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "work_mem", "infinity", FAULT_INVALID_PARAMETER_VALUE);
    expect_code(&settings, "work_mem", ".", FAULT_INVALID_PARAMETER_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_custom),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_reset_and_travel),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_describe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

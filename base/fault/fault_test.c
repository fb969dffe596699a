#include "base/fault/fault.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_table_is_sound(void **state)
{
    (void)state;
    for (int code = 0; code < FAULT_CODE_COUNT; code++) {
        const FaultInfo *info = fault_info((FaultCode)code);
        assert_non_null(info->symbol);
        assert_int_equal(strlen(info->sqlstate), 5);
        assert_true(strlen(info->name) > 0);
    }
    assert_string_equal(fault_info(FAULT_DIVISION_BY_ZERO)->sqlstate, "22012");
    assert_int_equal(fault_code_by_name("TooManyWarnings"), FAULT_TOO_MANY_WARNINGS);
    assert_int_equal(fault_code_by_name("Canceled"), FAULT_CANCELED);
    assert_int_equal(fault_code_by_name("NoSuchThing"), FAULT_NONE);
}

static void test_set_clears_what_was_there(void **state)
{
    (void)state;
    Fault fault;
    memset(&fault, 0xAA, sizeof fault);
    assert_false(fault_set_at(&fault, 7, FAULT_SYNTAX_ERROR, "near \"%s\"", "x"));
    assert_int_equal(fault.position, 8);
    fault_detail(&fault, "detail %d", 1);
    fault_hint(&fault, "hint");
    fault_field_int(&fault, "a", 1);
    assert_false(fault_set(&fault, FAULT_DIVISION_BY_ZERO, "after %s", fault.message));
    assert_string_equal(fault.message, "after near \"x\"");
    assert_int_equal(fault.position, 0);
    assert_string_equal(fault.detail, "");
    assert_string_equal(fault_hint_text(&fault), "");
    assert_int_equal(fault.field_count, 0);
    fault_set_at(&fault, -1, FAULT_SYNTAX_ERROR, "x");
    assert_int_equal(fault.position, 0);
}

static void test_detail_shows_code_and_fields(void **state)
{
    (void)state;
    Fault fault;
    char detail[256];
    fault_set(&fault, FAULT_TOO_MANY_WARNINGS, "too many warnings");
    fault_format_detail(&fault, detail, sizeof detail);
    assert_string_equal(detail, "TooManyWarnings");
    fault_field_int(&fault, "maxWarnings", 10);
    fault_format_detail(&fault, detail, sizeof detail);
    assert_string_equal(detail, "TooManyWarnings {\"maxWarnings\":10}");
    fault_field_text(&fault, "rootErrorCode", "a \"b\"\n");
    fault_detail(&fault, "free text");
    fault_format_detail(&fault, detail, sizeof detail);
    assert_string_equal(detail, "free text\nTooManyWarnings "
                                "{\"maxWarnings\":10,\"rootErrorCode\":\"a \\\"b\\\"\\n\"}");
    fault_field_int(&fault, "maxWarnings", 11); /* replaced, not added */
    assert_int_equal(fault.field_count, 2);
    assert_true(strlen(fault_hint_text(&fault)) > 0);

    fault_set(&fault, FAULT_DIVISION_BY_ZERO, "division by zero");
    fault_field_int(&fault, "row", 1);
    fault_format_detail(&fault, detail, sizeof detail);
    assert_string_equal(detail, "");
}

static void test_texts_are_cut_at_characters(void **state)
{
    (void)state;
    Fault fault;
    char text[2000];
    for (size_t shift = 0; shift < 4; shift++) {
        size_t length = 0;
        memset(text, 'x', shift);
        length = shift;
        while (length + 4 < sizeof text) {
            memcpy(text + length, "\xE2\x82\xAC", 3);
            length += 3;
        }
        text[length] = '\0';
        fault_set(&fault, FAULT_INTERNAL_ERROR, "%s", text);
        size_t kept = strlen(fault.message);
        assert_true(kept < sizeof fault.message);
        assert_true(kept + 3 >= sizeof fault.message);
        assert_int_equal((kept - shift) % 3, 0);
        fault_field_text(&fault, "f", text);
        assert_int_equal((strlen(fault.fields[0].value) - shift) % 3, 0);
        char small[20];
        fault_detail(&fault, "%s", text);
        fault_format_detail(&fault, small, sizeof small);
        assert_int_equal((strlen(small) - shift) % 3, 0);
    }
}

static void test_fields_are_bounded(void **state)
{
    (void)state;
    Fault fault;
    fault_set(&fault, FAULT_UNKNOWN_ERROR, "x");
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        fault_field_int(&fault, name, i);
    }
    assert_int_equal(fault.field_count, FAULT_MAX_FIELDS);
    assert_string_equal(fault.fields[7].name, "f7");
}

static void test_system_errors(void **state)
{
    (void)state;
    Fault fault;
    assert_false(fault_set_system(&fault, ENOSPC, "write file \"%s\"", "a"));
    assert_string_equal(fault.message, "could not write file \"a\": No space left on device");
    assert_string_equal(fault_info(fault.code)->sqlstate, "53100");
    fault_set_system(&fault, ENOENT, "open");
    assert_string_equal(fault_info(fault.code)->sqlstate, "58P01");
    fault_set_system(&fault, EACCES, "open");
    assert_string_equal(fault_info(fault.code)->sqlstate, "42501");
    fault_set_system(&fault, EIO, "read");
    assert_string_equal(fault_info(fault.code)->sqlstate, "58030");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_set_clears_what_was_there),
        cmocka_unit_test(test_detail_shows_code_and_fields),
        cmocka_unit_test(test_texts_are_cut_at_characters),
        cmocka_unit_test(test_fields_are_bounded),
        cmocka_unit_test(test_system_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

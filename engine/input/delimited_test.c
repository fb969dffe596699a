/*
 * csv, tsv and lines.
 */
#include "engine/input/input_test_internal.h"

#define CSV_HEADER "{\"type\":\"csv\",\"findColumnsFromHeader\":true}"
#define CSV_ABC    "{\"type\":\"csv\",\"columns\":[\"a\",\"b\",\"c\"]}"

static void reads_csv(void **state)
{
    test_expect(test_read_inline("a,b,c\n1,x,2.5\n2,,\n3,\"\",\"q\"\"u,o\"\n\n4\n5,y,z,more,\"\n6,"
                                 "\"p\"t,\"r\"\r\n7,mid\"dle,\"\"\"\"\n8,\r\n",
                                 CSV_HEADER, "c:text,b:text,a:bigint"),
                "2.5|x|1\n~|~|2\nq\"u,o||3\n~|~|~\n~|~|4\nz|y|5\nr|pt|6\n\"|mid\"dle|7\n~|~|8\n");
    test_expect(test_read_inline("1,2,3\n4,5,6", CSV_ABC, "b:bigint"), "2\n5\n");
    test_expect(test_read_inline("1,2,3\n4,5,6", CSV_ABC, "unknown:bigint"), "~\n~\n");
    test_expect(test_read_inline("", CSV_HEADER, "a:text"), "");
    test_expect(test_read_inline("a,b", CSV_HEADER, "a:text"), "");
    TestRead read =
        test_read_inline("1,\"x\n2,y\n3,\"z\"\"\n\"4\",\"w\"", CSV_ABC, "a:bigint,b:text");
    assert_int_equal(read.errors.messages[1].line, 3);
    assert_non_null(strstr(read.errors.messages[0].message, "[1,\"x]"));
    test_expect_bad(read, "2|y\n4|w\n", 2);
}

static void reads_headers(void **state)
{
    test_expect(test_read_inline("junk\nx,,z\n1,2,3",
                                 "{\"type\":\"csv\",\"hasHeaderRow\":true,\"skipHeaderRows\":1}",
                                 "column_2:text,z:text"),
                "2|3\n");
    test_expect(test_read_inline(
                    "x,y\n1,2",
                    "{\"type\":\"csv\",\"findColumnsFromHeader\":true,\"columns\":[\"y\",\"x\"]}",
                    "x:text"),
                "1\n");
    test_expect_fault(test_read_inline("x,x\n1,2", CSV_HEADER, "x:text"),
                      FAULT_CANNOT_PARSE_EXTERNAL_DATA, "twice");
    test_expect_fault(test_read_inline("", "{\"type\":\"csv\"}", "x:text"),
                      FAULT_INVALID_PARAMETER_VALUE, "columns");
    test_expect_fault(
        test_read_inline("",
                         "{\"type\":\"csv\",\"findColumnsFromHeader\":true,\"hasHeaderRow\":true}",
                         "x:text"),
        FAULT_INVALID_PARAMETER_VALUE, "not both");
    test_expect_fault(test_read_inline("", "{\"type\":\"csv\",\"columns\":[\"a,b\"]}", "x:text"),
                      FAULT_INVALID_PARAMETER_VALUE, "delimiter");
    test_expect_fault(
        test_read_inline("", "{\"type\":\"csv\",\"columns\":[\"a\",\"a\"]}", "a:text"),
        FAULT_INVALID_PARAMETER_VALUE, "twice");
}

static void reads_tsv(void **state)
{
    test_expect(test_read_inline("a\tb\n1\t\"x\"\n\t\n2",
                                 "{\"type\":\"tsv\",\"findColumnsFromHeader\":true}",
                                 "a:bigint,b:text"),
                "1|\"x\"\n~|~\n2|~\n");
    test_expect(
        test_read_inline("1||x|y\n2||\n||z\r\n",
                         "{\"type\":\"tsv\",\"columns\":[\"a\",\"b\"],\"delimiter\":\"||\"}",
                         "b:text,a:bigint"),
        "x|y|1\n~|2\nz|~\n");
    test_expect_fault(
        test_read_inline(
            "",
            "{\"type\":\"tsv\",\"columns\":[\"a\"],\"delimiter\":\";\",\"listDelimiter\":\";\"}",
            "a:text"),
        FAULT_INVALID_PARAMETER_VALUE, "differ");
}

static void reads_lists(void **state)
{
    test_expect(test_read_inline("a|b\n\"c\"\"|d\"\n\nx",
                                 "{\"type\":\"csv\",\"columns\":[\"v\"],\"listDelimiter\":\"|\"}",
                                 "v:text[]"),
                "{a,b}\n{\"c\\\"\",d}\n~\n{x}\n");
    test_expect(test_read_inline("a|b\n\"c\"\"|d\"\nx",
                                 "{\"type\":\"csv\",\"columns\":[\"v\"],\"listDelimiter\":\"|\"}",
                                 "v:text"),
                "[\"a\",\"b\"]\n[\"c\\\"\",\"d\"]\nx\n");
    test_expect(test_read_inline("1|2|x",
                                 "{\"type\":\"csv\",\"columns\":[\"v\"],\"listDelimiter\":\"|\"}",
                                 "v:bigint[]"),
                "{1,2,NULL}\n");
    test_expect(test_read_inline("1|2|x",
                                 "{\"type\":\"csv\",\"columns\":[\"v\"],\"listDelimiter\":\"|\"}",
                                 "v:bigint"),
                "~\n");
}

static void tries_numbers(void **state)
{
    const char *format = "{\"type\":\"csv\",\"columns\":[\"a\",\"b\"],\"tryParseNumbers\":true}";
    test_expect(test_read_inline("1.50,2\nx,3.0\n", format, "a:text,b:json"), "1.5|2\nx|3.0\n");
    test_expect(test_read_inline("1.50,2\nx,3.0\n", CSV_ABC, "a:text,b:json"),
                "1.50|\"2\"\nx|\"3.0\"\n");
}

static void reads_lines(void **state)
{
    test_expect(test_read_inline("a b\r\n\n{x}", "{\"type\":\"lines\"}", "line:text,other:text"),
                "a b|~\n|~\n{x}|~\n");
}

static void reads_many_rows(void **state)
{
    Buffer data = BUFFER_EMPTY, expected = BUFFER_EMPTY;
    for (int i = 0; i < 20000; i++) {
        buffer_printf(&data, i % 7 == 0 ? "%d,\"v%d\",%d\n" : "%d,v%d,%d\n", i, i, i % 10);
        buffer_printf(&expected, "%d|v%d|%d\n", i, i, i % 10);
    }
    TestRead read = test_read_inline(buffer_string(&data), CSV_ABC, "a:bigint,b:text,c:text");
    assert_int_equal(read.rows, 20000);
    test_expect(read, buffer_string(&expected));
    buffer_clear(&data);
    buffer_clear(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_csv),       cmocka_unit_test(reads_headers),
        cmocka_unit_test(reads_tsv),       cmocka_unit_test(reads_lists),
        cmocka_unit_test(tries_numbers),   cmocka_unit_test(reads_lines),
        cmocka_unit_test(reads_many_rows),
    };
    setting_defaults(&test_settings);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * JSON: rows, values, conversions, bad rows.
 */
#include "engine/input/input_test_internal.h"

#define JSON "{\"type\":\"json\"}"

static void reads_fields_by_name(void **state)
{
    test_expect(
        test_read_inline(
            "{\"a\":1,\"b\":\"x\"}\n{\"b\":\"y\",\"a\":2}\n{\"c\":[1,{\"d\":\"}\"}],\"a\":3}\n{}",
            JSON, "b:text,a:bigint"),
        "x|1\ny|2\n~|3\n~|~\n");
    /* the last of two with one name counts, whatever it holds */
    test_expect(test_read_inline("{\"a\":1,\"a\":2}\n{\"a\":3,\"a\":null}\n{\"l\":[1,2],\"l\":[3]}",
                                 JSON, "a:bigint,l:bigint[]"),
                "2|~\n~|~\n~|{3}\n");
    /* names with escapes, empty names, long names */
    test_expect(test_read_inline("{\"\\u0061\":1}\n{\"\":2}\n{\"a\\\"b\":5,\"a\":6}", JSON,
                                 "a:bigint,:bigint"),
                "1|~\n~|2\n6|~\n");
}

static void converts_values(void **state)
{
    const char *signature =
        "v:text,v2:bigint,v3:double precision,v4:real,v5:boolean,v6:json,v7:timestamp";
    char row[512], rows[4096] = "";
    static const char *const values[] = {"\"x\"",
                                         "\" +1,234.9 \"",
                                         "12",
                                         "-1.50",
                                         "true",
                                         "null",
                                         "\"true\"",
                                         "1e300",
                                         "\"\"",
                                         "{\"p\": [1, 2]}",
                                         "9223372036854775808",
                                         "1.0",
                                         "\"NaN\""};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const char *v = values[i];
        snprintf(row, sizeof row,
                 "{\"v\":%s,\"v2\":%s,\"v3\":%s,\"v4\":%s,\"v5\":%s,\"v6\":%s,\"v7\":%s}\n", v, v,
                 v, v, v, v, v);
        strcat(rows, row);
    }
    test_expect(test_read_inline(rows, JSON, signature),
                "x|~|~|~|~|\"x\"|~\n"
                " +1,234.9 |1234|1234.9|1234.9|~|\" +1,234.9 \"|1970-01-01 00:00:01.234\n"
                "12|12|12|12|t|12|1970-01-01 00:00:00.012\n"
                "-1.5|-1|-1.5|-1.5|t|-1.50|1969-12-31 23:59:59.999\n"
                "true|~|~|~|t|true|~\n"
                "~|~|~|~|~|~|~\n"
                "true|~|~|~|t|\"true\"|~\n"
                "1.0E300|9223372036854775807|1e+300|Infinity|t|1e300|~\n"
                "|~|~|~|~|\"\"|~\n"
                "{\"p\": [1, 2]}|~|~|~|~|{\"p\": [1, 2]}|~\n"
                "9.223372036854776E18|9223372036854775807|9.223372036854776e+18|9.223372e+18|t|"
                "9223372036854775808|~\n"
                "1.0|1|1|1|t|1.0|1970-01-01 00:00:00.001\n"
                "NaN|0|NaN|NaN|~|\"NaN\"|1970-01-01 00:00:00\n");
    test_expect(test_read_inline("{\"i\":40000,\"j\":40000,\"d\":\"2020-02-30\",\"n\":\"12.345\"}"
                                 "\n{\"d\":\"2020-02-29\",\"n\":7}",
                                 JSON, "i:smallint,j:integer,d:date,n:numeric"),
                "~|40000|~|12.345\n~|~|2020-02-29|7\n");
}

static void unescapes_strings(void **state)
{
    test_expect(
        test_read_inline("{\"a\":\"q\\\"b\\\\s\\/"
                         "n\\u00e9\\ud83d\\ude00t\\td\"}\n{\"a\":\"plain\"}\n{\"a\":\"\\ud800x\"}",
                         JSON, "a:text"),
        "q\"b\\s/n\xc3\xa9\xf0\x9f\x98\x80t\td\nplain\n?x\n");
    test_expect_bad(
        test_read_inline("{\"a\":\"\\x\"}\n{\"a\":\"\\u12g4\"}\n{\"a\":1}\n{\"a\":\"\\u12\"}", JSON,
                         "a:text"),
        "1\n", 3);
}

static void reads_arrays(void **state)
{
    test_expect(
        test_read_inline("{\"t\":[\"a\",null,1,true],\"n\":[1,\"2\",\"x\",true,null],\"d\":[1.5]}\n"
                         "{\"t\":\"one\",\"n\":5,\"d\":[]}\n{\"t\":null,\"n\":{},\"d\":true}\n{}",
                         JSON, "t:text[],n:bigint[],d:double precision[]"),
        "{a,NULL,1,true}|{1,2,NULL,1,NULL}|{1.5}\n{one}|{5}|{}\n~|~|{1}\n~|~|~\n");
    /* lists in a column of single texts */
    test_expect(
        test_read_inline(
            "{\"t\":[\"a\",\"b\"]}\n{\"t\":[\"a\"]}\n{\"t\":[]}\n{\"t\":[null]}\n{\"t\":[7]}", JSON,
            "t:text"),
        "[\"a\",\"b\"]\na\n~\nnull\n7\n");
}

static void skips_bad_rows(void **state)
{
    static const char *const bad[] = {
        "",
        "x",
        "[1]",
        "1",
        "\"a\"",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":01}",
        "{\"a\":1.}",
        "{\"a\":tru}",
        "{\"a\":nul}",
        "{\"a\":-}",
        "{\"a\":1 2}",
        "{\"a\":\"x}",
        "{\"a\":\"x\ty\"}",
        "{\"a\":1}{\"a\":2}",
        "{\"a\":1} x",
        "{\"a\":[1}",
        "{\"a\":[1,]}",
        "{\"a\":{\"b\":}}",
        "{\"a\":{\"b\"}}",
        "{\"a\":\xff}",
        "{\"a\":\"\xc3(\"}",
        "{\"b\":[1 2]}",
        "{\"b\":{1:2}}",
        "{\"a\":\"x\"y}",
        "}",
        ",",
        ":",
        "{\"a\":1]",
        "{,}",
        "{\"b\":NaN}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char rows[256];
        /* the inline JSON cannot hold bytes that are not UTF-8: those come from files */
        if (strchr(bad[i], '\xff') != NULL || strchr(bad[i], '\xc3') != NULL)
            continue;
        snprintf(rows, sizeof rows, "{\"a\":\"first\"}\n%s\n{\"a\":\"l\\u0061st\"}\n", bad[i]);
        TestRead read = test_read_inline(rows, JSON, "a:text");
        if (read.errors.count != 1)
            print_error("%s\n", bad[i]);
        assert_int_equal(read.errors.messages[0].line, 2);
        assert_string_equal(read.errors.messages[0].source, "inline");
        test_expect_bad(read, "first\nlast\n", 1);
    }
}

static void reads_lines_of_blanks(void **state)
{
    test_expect_bad(test_read_inline("  ", JSON, "a:text"), "", 1);
    test_expect_bad(test_read_inline("\n\r\n \n{\"a\":1}\n\n", JSON, "a:text"), "1\n", 4);
}

static void bounds_nesting(void **state)
{
    char row[8192];
    for (int depth = 900; depth <= 1100; depth += 200) {
        int at = snprintf(row, sizeof row, "{\"b\":");
        for (int i = 0; i < depth; i++)
            row[at++] = '[';
        for (int i = 0; i < depth; i++)
            row[at++] = ']';
        snprintf(row + at, sizeof row - (size_t)at, ",\"a\":1}");
        test_expect_bad(test_read_inline(row, JSON, "a:bigint"), depth < 1000 ? "1\n" : "",
                        depth < 1000 ? 0 : 1);
        TestRead read = test_read_inline(row, JSON, "b:json,a:bigint");
        assert_int_equal(strlen(read.text), depth < 1000 ? 2 * depth + 3 : 0);
        free(read.text);
    }
}

static void treats_null_bytes(void **state)
{
    TestRead read = test_read_inline("{\"a\":\"x\\u0000y\"}", JSON, "a:text");
    assert_string_equal(read.fault.fields[1].name, "column");
    assert_string_equal(read.fault.fields[1].value, "a");
    test_expect_fault(read, FAULT_INVALID_NULL_BYTE, "null byte");
    test_settings.remove_null_bytes = true;
    test_expect(test_read_inline("{\"a\":\"x\\u0000y\"}", JSON, "a:text"), "xy\n");
    test_settings.remove_null_bytes = false;
    test_expect(test_read_inline("{\"b\":\"x\\u0000y\"}", JSON, "a:text"), "~\n");
}

static void reads_time_column(void **state)
{
    test_expect_bad(
        test_read_inline("{\"__time\":\"2015-09-12T00:46:58.771Z\"}\n{\"__time\":1442018818771}\n{"
                         "\"__time\":\"1442018818771\"}\n"
                         "{\"__time\":\"yesterday\"}\n{}\n{\"__time\":\"2015-09-12 "
                         "02:00:00+02:00\"}\n{\"__time\":\"2015-09-12\"}\n{\"__time\":{}}",
                         JSON, "__time:timestamp"),
        "2015-09-12 00:46:58.771\n2015-09-12 00:46:58.771\n2015-09-12 00:46:58.771\n1970-01-01 "
        "00:00:00\n"
        "2015-09-12 00:00:00\n2015-09-12 00:00:00\n",
        2);
    test_expect(
        test_read_inline("{\"__time\":\"1969-12-31T23:59:59.999Z\"}", JSON, "__time:bigint"),
        "-1\n");
}

static void flattens(void **state)
{
    const char *format =
        "{\"type\":\"json\",\"flattenSpec\":{\"useFieldDiscovery\":true,\"fields\":[\"r\","
        "{\"type\":\"root\",\"name\":\"s\",\"expr\":\"r\"},"
        "{\"type\":\"path\",\"name\":\"c\",\"expr\":\"$.a.b[1].c\"},"
        "{\"type\":\"path\",\"name\":\"d\",\"expr\":\"$['a']['x.y']\"},"
        "{\"type\":\"path\",\"name\":\"e\",\"expr\":\"$.e\"}]}}";
    test_expect(test_read_inline("{\"r\":1,\"a\":{\"x.y\":\"q\\\"\",\"b\":[0,{\"c\":\"deep\\\\\"}]}"
                                 ",\"e\":2,\"z\":\"\\\\\"}\n{\"a\":{\"b\":[]},\"z\":5}\n{\"a\":3}",
                                 format, "r:bigint,s:bigint,c:text,d:text,e:bigint,z:text,a:json"),
                "1|1|deep\\|q\"|2|\\|{\"x.y\":\"q\\\"\",\"b\":[0,{\"c\":\"deep\\\\\"}]}\n~|~|~|~|~|"
                "5|{\"b\":[]}\n~|~|~|~|~|~|3\n");
    test_expect_fault(test_read_inline("",
                                       "{\"type\":\"json\",\"flattenSpec\":{\"fields\":[{\"type\":"
                                       "\"jq\",\"name\":\"a\",\"expr\":\".x\"}]}}",
                                       "a:text"),
                      FAULT_FEATURE_NOT_SUPPORTED, "jq");
    test_expect_fault(test_read_inline("",
                                       "{\"type\":\"json\",\"flattenSpec\":{\"fields\":[{\"type\":"
                                       "\"path\",\"name\":\"a\",\"expr\":\"$.*\"}]}}",
                                       "a:text"),
                      FAULT_FEATURE_NOT_SUPPORTED, "wildcards");
}

static void reads_many_rows(void **state)
{
    Buffer data = BUFFER_EMPTY, expected = BUFFER_EMPTY;
    for (int i = 0; i < 5000; i++) {
        buffer_printf(&data,
                      i % 3 == 0 ? "{\"k\":\"v%d\",\"n\":%d,\"l\":[\"a%d\",\"b\"]}\n"
                                 : "{\"n\":%2$d,\"k\":\"v%1$d\",\"l\":[\"a%3$d\",\"b\"]}\n",
                      i % 700, i, i % 10);
        buffer_printf(&expected, "v%d|%d|{a%d,b}\n", i % 700, i, i % 10);
    }
    TestRead read = test_read_inline(buffer_string(&data), JSON, "k:text,n:bigint,l:text[]");
    assert_int_equal(read.rows, 5000);
    assert_int_equal(read.batches, 3);
    test_expect(read, buffer_string(&expected));
    read = test_read_inline(buffer_string(&data), JSON, "");
    assert_int_equal(read.rows, 5000);
    free(read.text);
    buffer_clear(&data);
    buffer_clear(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_fields_by_name), cmocka_unit_test(converts_values),
        cmocka_unit_test(unescapes_strings),    cmocka_unit_test(reads_arrays),
        cmocka_unit_test(skips_bad_rows),       cmocka_unit_test(reads_lines_of_blanks),
        cmocka_unit_test(bounds_nesting),       cmocka_unit_test(treats_null_bytes),
        cmocka_unit_test(reads_time_column),    cmocka_unit_test(flattens),
        cmocka_unit_test(reads_many_rows),
    };
    setting_defaults(&test_settings);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Tests of reading external data: units from the shared counter, rows that cannot be parsed under
 * each limit.
 */
#include "engine/operator/test_stage_internal.h"

#include <stdio.h>

static const SqlType types[] = {{T_INT8, -1}, {T_TEXT, -1}};
static const Text names[] = {{"n", 1}, {"s", 1}};

typedef struct Warned {
    uint64_t count;
    uint32_t kept;
    char first[256];
} Warned;

static void on_warning(void *state, const WarningReport *warning)
{
    Warned *warned = state;
    assert_int_equal(warning->code, FAULT_CANNOT_PARSE_EXTERNAL_DATA);
    if (warned->kept == 0 && warning->kept != 0)
        snprintf(warned->first, sizeof warned->first, "%.*s", TEXT_ARGS(warning->messages[0]));
    warned->count += warning->count;
    warned->kept += warning->kept;
}

/* `rows` lines, of which those whose number is a multiple of `bad` are no JSON. */
static OperatorSpec *external(TestStage *test, uint32_t rows, uint32_t bad)
{
    Buffer data = BUFFER_EMPTY;
    buffer_append_string(&data, "{\"type\":\"inline\",\"data\":\"");
    for (uint32_t i = 1; i <= rows; i++)
        if (bad != 0 && i % bad == 0)
            buffer_append_string(&data, "{\\\"n\\\": oops\\n");
        else
            buffer_printf(&data, "{\\\"n\\\":%u,\\\"s\\\":\\\"text %u\\\"}\\n", i, i % 7);
    buffer_append_string(&data, "\"}");
    InputUnit *unit = ARENA_NEW(test->arena, InputUnit);
    unit->name = TEXT_LITERAL("inline");
    test->inputs[0] = (StageInput){
        .kind = INPUT_EXTERNAL,
        .column_count = 2,
        .types = types,
        .names = names,
        .source_json = arena_text(test->arena, (Text){(char *)data.data, (uint32_t)data.length}),
        .format_json = TEXT_LITERAL("{\"type\":\"json\"}"),
        .unit_count = 1,
        .units = unit,
        .signature_count = 2,
        .signature_names = names,
        .signature_types = types,
        .ticket = 2};
    buffer_clear(&data);
    OperatorSpec *spec = ARENA_NEW(test->arena, OperatorSpec);
    *spec = (OperatorSpec){.kind = OPERATOR_INPUT, .column_count = 2, .types = types};
    return spec;
}

static void test_rows(void **state)
{
    (void)state;
    TestStage test;
    Fault fault;
    test_stage_init(&test);
    Batch *actual = test_run(&test, external(&test, 5000, 0), &fault);
    if (actual == NULL)
        fail_msg("%s", fault.message);
    assert_int_equal(actual->rows, 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        char text[16];
        snprintf(text, sizeof text, "text %u", (i + 1) % 7);
        assert_int_equal(VECTOR_DATA(int64_t, &actual->columns[0])[i], i + 1);
        assert_true(text_equal_string(vector_text(&actual->columns[1], i), text));
    }
    assert_int_equal(test.counters.input_rows, 5000);
    assert_int_equal(test.counters.input_files, 1);
    assert_int_equal(test.counters.total_files, 1);
    test_stage_clear(&test);
}

static void test_filter_and_no_unit_left(void **state)
{
    (void)state;
    for (int is_taken = 0; is_taken < 2; is_taken++) {
        TestStage test;
        Fault fault;
        test_stage_init(&test);
        OperatorSpec *spec = external(&test, 1000, 0);
        spec->input.filter = test_call(&test, 469, SQL_TYPE(T_BOOL),
                                       expr_column(test.arena, SQL_TYPE(T_INT8), 0, -1),
                                       expr_int64(test.arena, SQL_TYPE(T_INT8), 11, -1));
        atomic_store(&test.tickets[2], (uint32_t)is_taken);
        Batch *actual = test_run(&test, spec, &fault);
        assert_non_null(actual);
        assert_int_equal(actual->rows, is_taken ? 0 : 10);
        test_stage_clear(&test);
    }
}

static void test_parse_errors(void **state)
{
    (void)state;
    /* 100 rows, each tenth is bad: 10 of them. */
    static const struct {
        int64_t limit;
        const char *mode;
        FaultCode code;
    } cases[] = {{0, "default", FAULT_CANNOT_PARSE_EXTERNAL_DATA},
                 {0, "nonStrict", FAULT_NONE},
                 {3, "default", FAULT_TOO_MANY_WARNINGS},
                 {10, "default", FAULT_NONE},
                 {-1, "default", FAULT_NONE}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        TestStage test;
        Fault fault = {0};
        Warned warned = {0};
        test_stage_init(&test);
        StageReports reports = {.warning = on_warning, .state = &warned};
        test.context.reports = &reports;
        test.settings.max_parse_exceptions = cases[c].limit;
        assert_true(setting_set(&test.settings, TEXT_LITERAL("mode"), text_of(cases[c].mode),
                                SCOPE_SESSION, &fault));
        Batch *actual = test_run(&test, external(&test, 100, 10), &fault);
        if (cases[c].code != FAULT_NONE) {
            assert_null(actual);
            assert_int_equal(fault.code, cases[c].code);
        } else {
            assert_non_null(actual);
            assert_int_equal(actual->rows, 90);
            assert_int_equal(warned.count, 10);
            assert_int_equal(warned.kept, INPUT_ERRORS_KEPT);
            assert_non_null(strstr(warned.first, "line 10"));
            assert_int_equal(test.counters.parse_errors, 10);
        }
        test_stage_clear(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_filter_and_no_unit_left),
        cmocka_unit_test(test_parse_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Overload resolution against what PostgreSQL 15 chooses, its messages, common types, and an
 * audit of the tables.
 */
#include "engine/function/function.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static Fault fault;

static uint32_t read_types(const char *names, SqlType *types)
{
    uint32_t count = 0;
    while (*names != '\0') {
        size_t length = strcspn(names, ",");
        const TypeInfo *info = type_by_name((Text){names, (uint32_t)length});
        assert_non_null(info);
        types[count++] = SQL_TYPE(info->oid);
        names += length + (names[length] == ',');
    }
    return count;
}

/* --- the row that is chosen, by its OID --- */

typedef struct Case {
    int dialect;
    const char *name, *arguments;
    uint32_t oid;
} Case;

static const Case operators[] = {
    {0, "+", "int4,int4", 177},      {0, "+", "int2,int4", 177},
    {0, "+", "int4,int8", 463},      {0, "+", "int4,unknown", 177},
    {0, "+", "unknown,int8", 463},   {0, "+", "int4,float4", 285},
    {0, "+", "int4,numeric", 1724},  {0, "+", "numeric,float8", 218},
    {0, "+", "date,int4", 1141},     {0, "+", "date,interval", 2071},
    {0, "+", "date,unknown", 0},     {0, "-", "date,unknown", 1140},
    {0, "+", "timestamp,unknown", 2032},
    {0, "-", "timestamp,timestamp", 2031},
    {0, "-", "timestamptz,timestamp", 1188},
    {0, "*", "interval,int4", 1618}, {0, "*", "int4,interval", 1624},
    {0, "=", "int4,int8", 467},      {0, "=", "varchar,unknown", 67},
    {0, "=", "varchar,varchar", 67}, {0, "=", "unknown,unknown", 67},
    {0, "=", "name,text", 240},      {0, "=", "name,unknown", 62},
    {0, "=", "\"char\",unknown", 61},    {0, "=", "date,timestamp", 2052},
    {0, "=", "timestamp,timestamptz", 1152},
    {0, "=", "oid,int4", 184},       {0, "=", "text[],text[]", 744},
    {0, "<", "float4,float8", 295},  {0, "-", "int4", 212},
    {0, "-", "float8", 220},         {0, "%", "int4,int8", 947},
    {0, "||", "text,int4", 2003},    {0, "!=", "int4,int4", 144},
    {1, "+", "int4,int4", 95000},    {1, "+", "int4,numeric", 95001},
    {1, "=", "varchar,int8", 467},   {1, ">", "timestamp,varchar", 2057},
};

static const Case functions[] = {
    {0, "abs", "int4", 1397},        {0, "ABS", "int2", 1398},
    {0, "abs", "unknown", 1395},     {0, "round", "numeric,int4", 1707},
    {0, "sqrt", "int4", 1344},       {0, "sqrt", "numeric", 1730},
    {0, "upper", "unknown", 871},    {0, "upper", "varchar", 871},
    {0, "greatest", "int4,unknown", 95210},
    {0, "ceiling", "float8", 2308},  {0, "power", "int4,int4", 1368},
    {1, "abs", "int4", 95010},
};

static void check_choice(const Case *c, bool is_operator)
{
    SqlType types[8], coerced[8];
    uint32_t count = read_types(c->arguments, types);
    const ScalarFunction *row =
        is_operator ? function_resolve_operator(text_of(c->name), types, count, c->dialect,
                                                coerced, 3, &fault)
                    : function_resolve(text_of(c->name), types, count, c->dialect, coerced, 3,
                                       &fault);
    uint32_t oid = row == NULL ? 0 : row->oid;
    if (oid != c->oid)
        fail_msg("%s(%s) is %u, not %u: %s", c->name, c->arguments, oid, c->oid,
                 row == NULL ? fault.message : row->name);
}

static void test_choices(void **state)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        check_choice(&operators[i], true);
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        check_choice(&functions[i], false);
}

/* --- faults --- */

static void check_fault(const char *name, const char *arguments, bool is_operator, FaultCode code,
                        const char *message)
{
    SqlType types[8], coerced[8];
    uint32_t count = read_types(arguments, types);
    const ScalarFunction *row =
        is_operator ? function_resolve_operator(text_of(name), types, count, 0, coerced, 7, &fault)
                    : function_resolve(text_of(name), types, count, 0, coerced, 7, &fault);
    assert_null(row);
    assert_int_equal(fault.code, code);
    assert_string_equal(fault.message, message);
    assert_int_equal(fault.position, 8);
    assert_true(fault_hint_text(&fault)[0] != '\0');
}

static void test_faults(void **state)
{
    check_fault("foo", "int4", false, FAULT_UNDEFINED_FUNCTION,
                "function foo(integer) does not exist");
    check_fault("abs", "text,int8", false, FAULT_UNDEFINED_FUNCTION,
                "function abs(text, bigint) does not exist");
    check_fault("+", "text,int4", true, FAULT_UNDEFINED_FUNCTION,
                "operator does not exist: text + integer");
    check_fault("-", "text", true, FAULT_UNDEFINED_FUNCTION, "operator does not exist: - text");
    check_fault("+", "bool,bool", true, FAULT_UNDEFINED_FUNCTION,
                "operator does not exist: boolean + boolean");
    check_fault("+", "unknown,unknown", true, FAULT_AMBIGUOUS_FUNCTION,
                "operator is not unique: unknown + unknown");
    check_fault("", "int4", false, FAULT_UNDEFINED_FUNCTION,
                "function (integer) does not exist");
}

/* --- polymorphic arguments take one type --- */

static void test_polymorphic(void **state)
{
    SqlType types[3] = {SQL_TYPE(T_INT4), type_numeric_derived(2), SQL_TYPE(T_UNKNOWN)};
    SqlType coerced[3];
    assert_non_null(function_resolve(TEXT_LITERAL("greatest"), types, 3, 0, coerced, -1, &fault));
    for (int i = 0; i < 3; i++)
        assert_true(type_equal(coerced[i], type_numeric_shown(DIGITS_TWO, 2, 0)));
    types[0] = SQL_TYPE(T_BOOL);
    assert_null(function_resolve(TEXT_LITERAL("greatest"), types, 2, 0, coerced, -1, &fault));
    assert_int_equal(fault.code, FAULT_DATATYPE_MISMATCH);
    /* integers become numerics without digits after the point */
    types[0] = SQL_TYPE(T_INT8);
    types[1] = type_numeric_derived(3);
    assert_non_null(function_resolve_operator(TEXT_LITERAL("+"), types, 2, 0, coerced, -1, &fault));
    assert_true(type_equal(coerced[0], type_numeric_derived(0)));
    assert_true(type_equal(coerced[1], type_numeric_derived(3)));
}

/* --- common types --- */

static void check_common(const char *names, const char *expected)
{
    SqlType types[8], common;
    uint32_t count = read_types(names, types);
    bool is_found = function_common_type(types, count, "CASE", &common, &fault);
    const char *result = is_found ? type_info(common.oid)->name : fault.message;
    if (strcmp(result, expected) != 0)
        fail_msg("%s have %s, not %s", names, result, expected);
}

static void test_common_types(void **state)
{
    check_common("int4,int8", "int8");
    check_common("int4,unknown", "int4");
    check_common("int4,numeric,int8", "numeric");
    check_common("numeric,float8", "float8");
    check_common("int4,float4", "float4");
    check_common("varchar,text", "varchar");
    check_common("varchar,unknown", "varchar");
    check_common("date,timestamp", "timestamp");
    check_common("date,timestamptz,timestamp", "timestamptz");
    check_common("unknown,unknown", "unknown");
    check_common("int4,text", "CASE types integer and text cannot be matched");
    check_common("bool,int4", "CASE types boolean and integer cannot be matched");
    SqlType common;
    const SqlType scales[] = {type_numeric_derived(1), SQL_TYPE(T_INT4), type_numeric_derived(4)};
    assert_true(function_common_type(scales, 3, "UNION", &common, &fault));
    assert_true(type_equal(common, type_numeric_shown(DIGITS_TRIMMED, 4, 0)));
}

/* --- the tables --- */

static int by_oid(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void test_tables(void **state)
{
    uint32_t count;
    const ScalarFunction *const *rows = function_scalars(&count);
    uint32_t *oids = malloc(count * sizeof *oids);
    for (uint32_t i = 0; i < count; i++) {
        const ScalarFunction *row = rows[i];
        oids[i] = row->oid;
        if (row->summary == NULL || row->run == NULL || row->oid == 0 || row->name == NULL)
            fail_msg("function %u (%s) is incomplete", row->oid, row->name);
        if (row->optional_count > row->argument_count || row->argument_count > FUNCTION_MAX_ARGS)
            fail_msg("function %s has bad argument counts", row->name);
        for (uint32_t k = 0; k < row->argument_count; k++)
            if (type_info(row->arguments[k]) == NULL)
                fail_msg("function %s has an argument of no type", row->name);
        if (type_info(row->result) == NULL)
            fail_msg("function %s has a result of no type", row->name);
        bool is_polymorphic = row->result == T_ANYELEMENT || row->result == T_ANYARRAY;
        if (is_polymorphic && row->kind != FUNCTION_CAST && row->result_of == NULL)
            fail_msg("function %s does not say the type of its result", row->name);
        for (const char *p = row->name; *p != '\0'; p++)
            if (*p >= 'A' && *p <= 'Z')
                fail_msg("function %s is not lower case", row->name);
        assert_ptr_equal(function_scalar_by_oid(row->oid), row);
    }
    qsort(oids, count, sizeof *oids, by_oid);
    for (uint32_t i = 1; i < count; i++)
        if (oids[i - 1] == oids[i])
            fail_msg("OID %u names two functions", oids[i]);
    free(oids);
    assert_null(function_scalar_by_oid(0));
    const AggregateFunction *const *sums = function_aggregates(&count);
    for (uint32_t i = 0; i < count; i++)
        if (sums[i]->summary == NULL || sums[i]->add == NULL || sums[i]->finish == NULL ||
            sums[i]->merge == NULL || sums[i]->partial == NULL || sums[i]->state_size % 8 != 0)
            fail_msg("aggregate %s is incomplete", sums[i]->name);
    assert_true(function_is_aggregate(TEXT_LITERAL("SUM")));
    assert_false(function_is_aggregate(TEXT_LITERAL("upper")));
    assert_true(function_exists(TEXT_LITERAL("Upper")));
    assert_false(function_exists(TEXT_LITERAL("nothing")));
    Buffer page = BUFFER_EMPTY;
    function_describe(&page);
    assert_true(page.length > 10000);
    buffer_clear(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices),      cmocka_unit_test(test_faults),
        cmocka_unit_test(test_polymorphic),  cmocka_unit_test(test_common_types),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

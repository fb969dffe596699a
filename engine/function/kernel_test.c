/*
 * Arithmetic, comparisons and casts: each case as constants, as columns with failing garbage
 * beneath a NULL and in an inactive row, and with either side constant; and loops against naive
 * ones on random values.
 */
#include "engine/function/kernel.h"
#include "engine/type/decimal.h"
#include "engine/type/timezone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static Arena *arena;
static TypeContext context;
static Fault fault;

static SqlType type_of(const char *name)
{
    int scale;
    if (sscanf(name, "numeric(%d)", &scale) == 1)
        return type_numeric_derived(scale);
    if (sscanf(name, "quotient(%d)", &scale) == 1)
        return type_numeric_shown(DIGITS_QUOTIENT, NUMERIC_SIGNIFICANT_SCALE, scale);
    if (strcmp(name, "quotient") == 0) /* no digits are left behind the point */
        return type_numeric_shown(DIGITS_QUOTIENT, 0, 0);
    const TypeInfo *info = type_by_name(text_of(name));
    if (info == NULL)
        fail_msg("no type %s", name);
    return SQL_TYPE(info->oid);
}

/* Three rows: the value, NULL over other bytes, the value again; or one for a constant. */
static Vector vector_of(SqlType type, const char *text, bool is_constant)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, type_layout(type), 3);
    for (int i = 0; i < 3; i++) {
        if (text == NULL || (i == 1 && !is_constant))
            vector_builder_null(&builder);
        else if (!type_parse_text(type, &context, text_of(text), &builder, &fault))
            fail_msg("cannot read %s", text);
    }
    Vector vector = vector_builder_finish(&builder);
    if (is_constant)
        vector.form = VECTOR_CONSTANT;
    return vector;
}

typedef struct Bound {
    ScalarCall call;
    SqlType types[FUNCTION_MAX_ARGS];
    const Vector *constants[FUNCTION_MAX_ARGS];
} Bound;

static void bind(Bound *bound, const ScalarFunction *function, const SqlType *types,
                 uint32_t count, const Vector *arguments, SqlType result)
{
    memset(bound, 0, sizeof *bound);
    memcpy(bound->types, types, count * sizeof *types);
    for (uint32_t i = 0; i < count; i++)
        bound->constants[i] = arguments[i].form == VECTOR_CONSTANT ? &arguments[i] : NULL;
    bound->call = (ScalarCall){.function = function, .argument_count = count,
                               .argument_types = bound->types, .result_type = result,
                               .constants = bound->constants, .context = &context};
    assert_true(function->prepare == NULL || function->prepare(&bound->call, arena, &fault));
}

static const char *text_of_row(SqlType type, const Vector *vector, uint32_t row)
{
    Text cells[3];
    type_format_text(type, &context, vector, arena, cells);
    return cells[row].data == NULL ? "NULL"
                                   : arena_strndup(arena, cells[row].data, cells[row].length);
}

/* The result's text in all shapes, which must agree; or the SQLSTATE. */
static const char *evaluate(const ScalarFunction *function, const SqlType *types, uint32_t count,
                            const char *const *texts, SqlType result)
{
    static const uint8_t active[] = {1, 1, 0};
    const char *first = NULL;
    for (uint32_t shape = 0; shape < 1u << count; shape++) {
        Vector arguments[FUNCTION_MAX_ARGS], out;
        Bound bound;
        for (uint32_t i = 0; i < count; i++)
            arguments[i] = vector_of(types[i], texts[i], (shape >> i & 1) == 0);
        bind(&bound, function, types, count, arguments, result);
        bool is_ok = function->run(&bound.call, arguments, 3, NULL, arena, &out, &fault);
        const char *text = is_ok ? text_of_row(result, &out, 0) : fault_info(fault.code)->sqlstate;
        if (first == NULL)
            first = text;
        if (strcmp(first, text) != 0)
            fail_msg("%s: %s and %s", function->name, first, text);
        if (is_ok && shape != 0 && function->nulls == NULLS_STRICT)
            assert_true(vector_is_null(&out, 1));
        /* a failing row that is NULL or inactive is no failure */
        static const uint8_t none[] = {0, 1, 0};
        if (!is_ok && shape != 0)
            assert_true(function->run(&bound.call, arguments, 3, none, arena, &out, &fault));
        if (is_ok)
            assert_true(function->run(&bound.call, arguments, 3, active, arena, &out, &fault));
    }
    return first;
}

/* --- operators --- */

typedef struct Case {
    int dialect;
    const char *symbol;
    const char *types[2], *values[2];
    const char *result_type, *result;
} Case;

static const Case cases[] = {
    {0, "+", {"int4", "int4"}, {"2147483647", "1"}, "int4", "22003"},
    {0, "+", {"int4", "int8"}, {"2147483647", "1"}, "int8", "2147483648"},
    {0, "+", {"int2", "int2"}, {"32767", "1"}, "int2", "22003"},
    {0, "-", {"int8", "int8"}, {"-9223372036854775808", "1"}, "int8", "22003"},
    {0, "*", {"int8", "int8"}, {"4611686018427387904", "2"}, "int8", "22003"},
    {0, "*", {"int4", "int4"}, {"65536", "32768"}, "int4", "22003"},
    {0, "/", {"int8", "int8"}, {"-9223372036854775808", "-1"}, "int8", "22003"},
    {0, "%", {"int8", "int8"}, {"-9223372036854775808", "-1"}, "int8", "0"},
    {0, "/", {"int4", "int4"}, {"7", "0"}, "int4", "22012"},
    {0, "/", {"int4", "int4"}, {"-7", "2"}, "int4", "-3"},
    {1, "+", {"int8", "int8"}, {"9223372036854775807", "1"}, "int8", "-9223372036854775808"},
    {1, "*", {"int8", "int8"}, {"9223372036854775807", "2"}, "int8", "-2"},
    {1, "/", {"int8", "int8"}, {"1", "0"}, "int8", "22012"},
    {1, "/", {"int8", "int8"}, {"-9223372036854775808", "-1"}, "int8", "-9223372036854775808"},
    {0, "*", {"float8", "float8"}, {"1e200", "1e200"}, "float8", "22003"},
    {0, "*", {"float8", "float8"}, {"1e-200", "1e-200"}, "float8", "22003"},
    {0, "+", {"float8", "float8"}, {"Infinity", "1"}, "float8", "Infinity"},
    {0, "/", {"float8", "float8"}, {"1", "0"}, "float8", "22012"},
    {0, "/", {"float8", "float8"}, {"1", "Infinity"}, "float8", "0"},
    {0, "+", {"float4", "float8"}, {"0.5", "0.25"}, "float8", "0.75"},
    {0, "+", {"float4", "float4"}, {"3e38", "3e38"}, "float4", "22003"},
    {1, "/", {"float8", "float8"}, {"1", "0"}, "float8", "Infinity"},
    {0, "+", {"numeric(1)", "numeric(2)"}, {"1.5", "2.25"}, "numeric(2)", "3.75"},
    {0, "-", {"numeric(1)", "numeric(2)"}, {"1.5", "2.25"}, "numeric(2)", "-0.75"},
    {0, "*", {"numeric(1)", "numeric(2)"}, {"1.5", "0.05"}, "numeric(3)", "0.075"},
    {0, "*", {"numeric(0)", "numeric(0)"}, {"99999999999999999999", "99999999999999999999"},
     "numeric(0)", "22003"},
    {0, "*", {"numeric(0)", "numeric(0)"}, {"9999999999999999999", "9999999999999999999"},
     "numeric(0)", "99999999999999999980000000000000000001"},
    {0, "+", {"numeric(0)", "numeric(20)"}, {"99999999999999999999", "1"}, "numeric(20)", "22003"},
    {0, "/", {"numeric(0)", "numeric(1)"}, {"10", "3.0"}, "quotient(1)", "3.3333333333333333"},
    {0, "/", {"numeric(1)", "numeric(1)"}, {"1.0", "0.0"}, "quotient(1)", "22012"},
    {0, "/", {"numeric(0)", "numeric(38)"},
     {"0", "0.00000000000000000000000000000000000001"}, "quotient", "0"},
    {0, "%", {"numeric(1)", "numeric(0)"}, {"7.5", "2"}, "numeric(1)", "1.5"},
    {0, "=", {"numeric(1)", "numeric(3)"}, {"1.5", "1.500"}, "bool", "t"},
    {0, "<", {"numeric(0)", "numeric(38)"}, {"9999999999999999999999", "0.5"}, "bool", "f"},
    {0, ">", {"numeric(38)", "numeric(0)"}, {"0.5", "-99999999999999999999999999999999999999"},
     "bool", "t"},
    {0, "=", {"float8", "float8"}, {"NaN", "NaN"}, "bool", "t"},
    {0, ">", {"float8", "float8"}, {"NaN", "Infinity"}, "bool", "t"},
    {0, "<", {"float4", "float4"}, {"NaN", "1"}, "bool", "f"},
    {0, "<>", {"bool", "bool"}, {"t", "f"}, "bool", "t"},
    {0, "=", {"interval", "interval"}, {"1 mon", "30 days"}, "bool", "t"},
    {0, ">=", {"date", "date"}, {"2024-01-02", "2024-01-02"}, "bool", "t"},
    {0, "=", {"text", "text"}, {"a", "a"}, "bool", "t"},
    {0, "<", {"text", "text"}, {"a", "ab"}, "bool", "t"},
    {0, ">", {"bytea", "bytea"}, {"\\xff", "\\x00ff"}, "bool", "t"},
    {0, "=", {"int4[]", "int4[]"}, {"{1,NULL}", "{1,NULL}"}, "bool", "t"},
    {0, "<", {"int4[]", "int4[]"}, {"{1,2}", "{1,2,0}"}, "bool", "t"},
    {0, "+", {"timestamp", "interval"}, {"2024-01-31 10:00", "1 month 1 day"}, "timestamp",
     "2024-03-01 10:00:00"},
    {0, "+", {"timestamp", "interval"}, {"infinity", "1 month"}, "timestamp", "infinity"},
    {0, "+", {"timestamp", "interval"}, {"294246-01-01", "10 years"}, "timestamp", "22008"},
    {0, "+", {"timestamptz", "interval"}, {"2024-03-09 12:00", "1 day"}, "timestamptz",
     "2024-03-10 12:00:00-07"},
    {0, "+", {"timestamptz", "interval"}, {"2024-03-09 12:00", "24 hours"}, "timestamptz",
     "2024-03-10 13:00:00-07"},
    {0, "-", {"timestamp", "timestamp"}, {"2024-03-10", "2024-03-01 12:00"}, "interval",
     "8 days 12:00:00"},
    {0, "-", {"date", "date"}, {"infinity", "2024-01-01"}, "int4", "22008"},
    {0, "+", {"date", "int4"}, {"2024-02-28", "2"}, "date", "2024-03-01"},
    {0, "*", {"interval", "float8"}, {"1 month", "1.5"}, "interval", "1 mon 15 days"},
    {0, "/", {"interval", "float8"}, {"1 day", "0"}, "interval", "22012"},
    {0, "*", {"interval", "float8"}, {"1000000 months", "1e10"}, "interval", "22008"},
    {0, "<<", {"int4", "int4"}, {"1", "31"}, "int4", "-2147483648"},
    {0, "^", {"float8", "float8"}, {"-8", "0.5"}, "float8", "2201F"},
};

static void test_operators(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const Case *c = &cases[i];
        SqlType types[2] = {type_of(c->types[0]), type_of(c->types[1])}, coerced[2];
        context.dialect = c->dialect;
        const ScalarFunction *function = function_resolve_operator(
            text_of(c->symbol), types, 2, c->dialect, coerced, -1, &fault);
        if (function == NULL)
            fail_msg("%s %s %s: %s", c->types[0], c->symbol, c->types[1], fault.message);
        SqlType result = function->result_of != NULL ? function->result_of(coerced, 2)
                                                     : SQL_TYPE(function->result);
        SqlType expected = type_of(c->result_type);
        if (!type_equal(result, expected))
            fail_msg("%s %s %s gives %s", c->types[0], c->symbol, c->types[1],
                     type_format_name(arena, result));
        /* values are written in their own types, the loops want the coerced ones of equal layout */
        for (int k = 0; k < 2; k++)
            assert_int_equal(type_layout(types[k]), type_layout(coerced[k]));
        const char *text = evaluate(function, types, 2, c->values, result);
        if (strcmp(text, c->result) != 0)
            fail_msg("%s %s %s is %s, not %s", c->values[0], c->symbol, c->values[1], text,
                     c->result);
    }
    context.dialect = 0;
}

/* --- casts --- */

typedef struct CastCase {
    int dialect;
    const char *from, *value, *to, *result;
} CastCase;

static const CastCase cast_cases[] = {
    {0, "int8", "32768", "int2", "22003"},
    {0, "int8", "-32768", "int2", "-32768"},
    {0, "float8", "2.5", "int4", "2"},
    {0, "float8", "3.5", "int4", "4"},
    {0, "float8", "2147483647.5", "int4", "22003"},
    {0, "float8", "9.3e18", "int8", "22003"},
    {0, "float8", "NaN", "int8", "22003"},
    {0, "float8", "1e300", "float4", "22003"},
    {0, "numeric(1)", "2.5", "int4", "3"},
    {0, "numeric(1)", "-2.5", "int8", "-3"},
    {0, "numeric(3)", "1.234", "numeric(1)", "1.2"},
    {0, "float8", "0.1", "numeric(3)", "0.100"},
    {0, "float4", "0.1", "numeric(3)", "0.100"},
    {0, "int8", "9223372036854775807", "numeric(20)", "22003"},
    {0, "int8", "9223372036854775807", "numeric(19)", "9223372036854775807.0000000000000000000"},
    {0, "text", "12", "int4", "12"},
    {0, "text", "x", "int4", "22P02"},
    {0, "text", "99999999999", "int4", "22003"},
    {0, "text", "2024-02-30", "date", "22008"},
    {0, "text", "{1,2}", "int4[]", "{1,2}"},
    {0, "bool", "t", "text", "true"},
    {0, "float8", "1e15", "text", "1e+15"},
    {0, "int4[]", "{1,NULL}", "text", "{1,NULL}"},
    {0, "text[]", "{1,NULL,2}", "int4[]", "{1,NULL,2}"},
    {0, "text[]", "{1,x}", "int4[]", "22P02"},
    {0, "timestamp", "2024-01-02 03:04:05", "date", "2024-01-02"},
    {0, "timestamp", "1969-12-31 23:00", "date", "1969-12-31"},
    {0, "timestamp", "1969-12-31 23:00", "time", "23:00:00"},
    {0, "timestamp", "2024-07-01 12:00", "timestamptz", "2024-07-01 12:00:00-07"},
    {0, "date", "5000000-01-01", "timestamp", "22008"},
    {0, "timestamp", "2024-01-02 00:00:00.001", "int8", "1704153600001"},
    {0, "int4", "-1", "oid", "4294967295"},
    {0, "bpchar", "ab  ", "text", "ab"},
    {1, "text", "x", "int8", "NULL"},
    {1, "text", "12.9", "int8", "12"},
    {1, "text", "True", "int8", "1"},
    {1, "text", "1e30", "int8", "9223372036854775807"},
    {1, "text", "abc", "float8", "NULL"},
    {1, "text", "2", "bool", "t"},
    {1, "text", "2024-01-02T12:00:00Z", "timestamp", "2024-01-02 04:00:00"},
    {1, "text", "nonsense", "timestamp", "NULL"},
    {1, "float8", "NaN", "int8", "0"},
    {1, "float8", "-1e300", "int8", "-9223372036854775808"},
    {1, "float8", "2.9", "int8", "2"},
    {1, "numeric(1)", "-2.9", "int8", "-2"},
    {1, "timestamp", "2024-01-02 03:04:05.678", "text", "2024-01-02 03:04:05"},
};

static void test_casts(void **state)
{
    for (size_t i = 0; i < sizeof cast_cases / sizeof cast_cases[0]; i++) {
        const CastCase *c = &cast_cases[i];
        SqlType from = type_of(c->from), to = type_of(c->to);
        bool is_noop;
        context.dialect = c->dialect;
        const ScalarFunction *cast =
            function_find_cast(from, to, CAST_EXPLICIT, c->dialect, &is_noop);
        if (cast == NULL)
            fail_msg("no cast from %s to %s", c->from, c->to);
        const char *text = evaluate(cast, &from, 1, &c->value, to);
        if (strcmp(text, c->result) != 0)
            fail_msg("%s %s as %s is %s, not %s", c->from, c->value, c->to, text, c->result);
    }
    context.dialect = 0;
}

static void check_rule(const char *from, const char *to, int dialect, int least)
{
    for (int rule = CAST_EXPLICIT; rule <= CAST_IMPLICIT; rule++) {
        bool is_noop;
        bool has_cast = function_find_cast(type_of(from), type_of(to), (CastRule)rule, dialect,
                                           &is_noop) != NULL || is_noop;
        if (has_cast != (rule <= least))
            fail_msg("%s to %s by rule %d: %d", from, to, rule, has_cast);
    }
}

static void test_cast_rules(void **state)
{
    check_rule("int4", "int8", 0, CAST_IMPLICIT);
    check_rule("int8", "int4", 0, CAST_ASSIGNMENT);
    check_rule("int4", "float8", 0, CAST_IMPLICIT);
    check_rule("float8", "numeric(2)", 0, CAST_ASSIGNMENT);
    check_rule("int4", "bool", 0, CAST_EXPLICIT);
    check_rule("int4", "text", 0, CAST_ASSIGNMENT);
    check_rule("text", "int4", 0, CAST_EXPLICIT);
    check_rule("text", "int4", 1, CAST_IMPLICIT);
    check_rule("varchar", "text", 0, CAST_IMPLICIT);
    check_rule("date", "timestamp", 0, CAST_IMPLICIT);
    check_rule("timestamptz", "timestamp", 0, CAST_ASSIGNMENT);
    check_rule("varchar[]", "text[]", 0, CAST_IMPLICIT);
    check_rule("int2vector", "int2[]", 0, CAST_IMPLICIT);
    check_rule("bool", "date", 0, -1);
    check_rule("bool", "float8", 0, -1);
    check_rule("int4", "text[]", 0, -1);
    check_rule("record", "int4", 0, -1);
}

/* --- loops against naive ones --- */

static uint64_t next_bits(void)
{
    static uint64_t bits = 88172645463325252;
    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    return bits;
}

enum { ROWS = 1000 };

static void test_random_sums(void **state)
{
    SqlType types[2] = {SQL_TYPE(T_INT8), SQL_TYPE(T_INT8)}, coerced[2];
    const ScalarFunction *add = function_resolve_operator(TEXT_LITERAL("+"), types, 2, 0, coerced,
                                                          -1, &fault);
    assert_non_null(add);
    for (int round = 0; round < 200; round++) {
        int64_t a[ROWS], b[ROWS];
        uint8_t null_a[ROWS], null_b[ROWS], active[ROWS];
        bool expects_failure = false;
        for (int i = 0; i < ROWS; i++) {
            a[i] = (int64_t)next_bits() >> (next_bits() % 3);
            b[i] = (int64_t)next_bits() >> (next_bits() % 3);
            int64_t ignored;
            bool overflows = __builtin_add_overflow(a[i], b[i], &ignored);
            null_a[i] = next_bits() % 4 == 0;
            /* in most rounds all that would overflow is NULL or inactive */
            bool hide = overflows && round % 10 != 0;
            null_b[i] = hide && next_bits() % 2 == 0;
            active[i] = !(hide && null_b[i] == 0);
            expects_failure |= overflows && !null_a[i] && !null_b[i] && active[i];
        }
        Vector arguments[2] = {vector_flat(LAYOUT_INT64, ROWS, a, null_a),
                               vector_flat(LAYOUT_INT64, ROWS, b, null_b)}, out;
        Bound bound;
        bind(&bound, add, types, 2, arguments, SQL_TYPE(T_INT8));
        bool is_ok = add->run(&bound.call, arguments, ROWS, active, arena, &out, &fault);
        assert_int_equal(is_ok, !expects_failure);
        if (!is_ok) {
            assert_string_equal(fault.message, "bigint out of range");
            continue;
        }
        for (int i = 0; i < ROWS; i++) {
            assert_int_equal(vector_is_null(&out, (uint32_t)i), null_a[i] || null_b[i]);
            if (!null_a[i] && !null_b[i] && active[i])
                assert_true(VECTOR_DATA(int64_t, &out)[i] ==
                            (int64_t)((uint64_t)a[i] + (uint64_t)b[i]));
        }
    }
}

static Dictionary *dictionary_of(bool is_sorted, bool is_unique, uint32_t *count)
{
    static const char *const sorted[] = {"", "", "a", "ab", "b", "ba", "c"};
    static const char *const mixed[] = {"", "b", "a", "c", "", "ab", "ba"};
    static const char *const repeated[] = {"", "b", "a", "b", "", "a", "ba"};
    Text texts[7];
    const char *const *source = is_sorted ? sorted : is_unique ? mixed : repeated;
    *count = 7;
    for (int i = 0; i < 7; i++)
        texts[i] = text_of(source[i]);
    return dictionary_make(arena, texts, 7, is_unique, is_sorted);
}

static bool compare_by(const char *symbol, int order)
{
    switch (symbol[0]) {
    case '=': return order == 0;
    case '<': return symbol[1] == '>' ? order != 0 : symbol[1] == '=' ? order <= 0 : order < 0;
    default: return symbol[1] == '=' ? order >= 0 : order > 0;
    }
}

static void test_text_comparisons(void **state)
{
    static const char *const symbols[] = {"=", "<>", "<", "<=", ">", ">="};
    static const char *const constants[] = {"", "a", "aa", "b", "c", "d"};
    SqlType types[2] = {SQL_TYPE(T_TEXT), SQL_TYPE(T_TEXT)}, coerced[2];
    for (int kind = 0; kind < 3; kind++)
        for (size_t s = 0; s < 6; s++)
            for (size_t c = 0; c < 6; c++) {
                uint32_t count, codes[64];
                Dictionary *dictionary = dictionary_of(kind == 0, kind < 2, &count);
                for (uint32_t i = 0; i < 64; i++)
                    codes[i] = (uint32_t)(next_bits() % count);
                Text constant = text_of(constants[c]);
                Vector column = vector_dictionary(dictionary, 64, codes);
                Vector flat = vector_flatten(arena, &column);
                Vector value = vector_constant(arena, LAYOUT_STRING, 64, &constant);
                const ScalarFunction *function = function_resolve_operator(
                    text_of(symbols[s]), types, 2, 0, coerced, -1, &fault);
                const Vector pairs[5][2] = {{column, value}, {value, column}, {flat, value},
                                            {column, column}, {flat, column}};
                for (int p = 0; p < 5; p++) {
                    Bound bound;
                    Vector out;
                    bind(&bound, function, types, 2, pairs[p], SQL_TYPE(T_BOOL));
                    for (int again = 0; again < 2; again++) { /* the second time from the memo */
                        assert_true(function->run(&bound.call, pairs[p], 64, NULL, arena, &out,
                                                  &fault));
                        for (uint32_t i = 0; i < 64; i++) {
                            bool is_null = codes[i] == 0;
                            assert_int_equal(vector_is_null(&out, i), is_null);
                            if (is_null)
                                continue;
                            int order = text_compare(vector_text(&pairs[p][0], i),
                                                     vector_text(&pairs[p][1], i));
                            assert_int_equal(VECTOR_DATA(uint8_t, &out)[i],
                                             compare_by(symbols[s], order));
                        }
                    }
                }
                arena_reset(arena);
            }
}

/* --- what knows NULL --- */

static void check_nulls(const char *name, uint32_t count, const char *const *types,
                        const char *const *values, const char *expected)
{
    SqlType given[3], coerced[3];
    for (uint32_t i = 0; i < count; i++)
        given[i] = type_of(types[i]);
    const ScalarFunction *function = function_resolve(text_of(name), given, count, 0, coerced, -1,
                                                      &fault);
    if (function == NULL)
        fail_msg("%s: %s", name, fault.message);
    SqlType result = function->result_of != NULL ? function->result_of(coerced, count)
                                                 : SQL_TYPE(function->result);
    const char *text = evaluate(function, coerced, count, values, result);
    if (strcmp(text, expected) != 0)
        fail_msg("%s(%s, ...) is %s, not %s", name, values[0], text, expected);
}

static void test_null_rules(void **state)
{
    static const char *const ints[] = {"int4", "int4", "int4"};
    static const char *const bools[] = {"bool"};
    static const char *const texts[] = {"text", "text", "text"};
    static const char *const mixed[] = {"int4", "numeric(1)", "int8"};
    static const char *const intervals[] = {"interval", "interval"};
    check_nulls("greatest", 3, ints, (const char *[]){"1", NULL, "3"}, "3");
    check_nulls("least", 3, ints, (const char *[]){"2", "1", NULL}, "1");
    check_nulls("greatest", 2, ints, (const char *[]){NULL, NULL}, "NULL");
    check_nulls("greatest", 3, texts, (const char *[]){"a", "c", "b"}, "c");
    check_nulls("greatest", 3, mixed, (const char *[]){"1", "2.5", "2"}, "2.5");
    check_nulls("least", 2, intervals, (const char *[]){"1 mon", "29 days"}, "29 days");
    check_nulls("nullif", 2, ints, (const char *[]){"1", "1"}, "NULL");
    check_nulls("nullif", 2, ints, (const char *[]){"1", NULL}, "1");
    check_nulls("is_true", 1, bools, (const char *[]){NULL}, "f");
    check_nulls("is_not_true", 1, bools, (const char *[]){NULL}, "t");
    check_nulls("is_false", 1, bools, (const char *[]){"f"}, "t");
    check_nulls("is_distinct_from", 2, ints, (const char *[]){"1", NULL}, "t");
    check_nulls("is_distinct_from", 2, ints, (const char *[]){NULL, NULL}, "f");
    check_nulls("is_not_distinct_from", 2, texts, (const char *[]){"a", "a"}, "t");
}

static int set_up(void **state)
{
    arena = arena_new("test");
    return 0;
}

static int tear_down(void **state)
{
    arena_free(arena);
    return 0;
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_operators),   UNIT(test_casts),            UNIT(test_cast_rules),
        UNIT(test_random_sums), UNIT(test_text_comparisons), UNIT(test_null_rules),
    };
    context.zone = timezone_find(TEXT_LITERAL("America/Los_Angeles"), &fault);
    return context.zone == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

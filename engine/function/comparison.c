/*
 * = <> < <= > >= of everything that is not a text (comparison_text.c).
 *
 * Floats: NaN equals NaN and is greater than all numbers. Intervals compare by length, a month
 * being 30 days and a day 24 hours. Numerics of different scales are widened first. Arrays
 * compare element by element, NULLs last.
 */
#include "engine/function/kernel.h"
#include "engine/type/decimal.h"
#include "engine/type/timezone.h"

/* --- values of the machine --- */

#define SIX_LOOPS(name, A, B, eq, lt, gt)                                                          \
    COMPARISON_LOOP(name##_eq, A, B, eq)                                                           \
    COMPARISON_LOOP(name##_ne, A, B, !(eq))                                                        \
    COMPARISON_LOOP(name##_lt, A, B, lt)                                                           \
    COMPARISON_LOOP(name##_le, A, B, !(gt))                                                        \
    COMPARISON_LOOP(name##_gt, A, B, gt)                                                           \
    COMPARISON_LOOP(name##_ge, A, B, !(lt))

/* Booleans and NaNs: expressions without branches, so that loops stay vectors. */
#define FLOAT_EQ ((a == b) | ((a != a) & (b != b)))
#define FLOAT_LT ((a < b) | ((a == a) & (b != b)))
#define FLOAT_GT ((a > b) | ((a != a) & (b == b)))
SIX_LOOPS(bool, uint8_t, uint8_t, (a != 0) == (b != 0), (a == 0) & (b != 0), (a != 0) & (b == 0))
SIX_LOOPS(int, int64_t, int64_t, a == b, a < b, a > b)
SIX_LOOPS(float4, float, float, FLOAT_EQ, FLOAT_LT, FLOAT_GT)
SIX_LOOPS(float8, double, double, FLOAT_EQ, FLOAT_LT, FLOAT_GT)

/* --- intervals --- */

static inline Int128 interval_length(IntervalValue value)
{
    return ((Int128)value.months * 30 + value.days) * MICROS_PER_DAY + value.micros;
}

static inline int compare_intervals(IntervalValue a, IntervalValue b)
{
    Int128 left = interval_length(a), right = interval_length(b);
    return (left > right) - (left < right);
}

#define ORDER_LOOPS(name, T, compare)                                                              \
    COMPARISON_LOOP(name##_eq, T, T, compare(a, b) == 0)                                           \
    COMPARISON_LOOP(name##_ne, T, T, compare(a, b) != 0)                                           \
    COMPARISON_LOOP(name##_lt, T, T, compare(a, b) < 0)                                            \
    COMPARISON_LOOP(name##_le, T, T, compare(a, b) <= 0)                                           \
    COMPARISON_LOOP(name##_gt, T, T, compare(a, b) > 0)                                            \
    COMPARISON_LOOP(name##_ge, T, T, compare(a, b) >= 0)
ORDER_LOOPS(interval, IntervalValue, compare_intervals)

/* What bytes order as intervals do: their length. */
static inline unsigned interval_order(IntervalValue value, Int128 *result)
{
    *result = interval_length(value);
    return FAULT_NONE;
}
UNARY_LOOP(interval_order_loop, interval_order, IntervalValue, Int128)

/* --- numerics --- */

typedef struct Scales {
    int a, b;
    Int128 widen_a, widen_b;
    /* A constant of the smaller scale is widened once: then both sides are integers. */
    int constant_side; /* 0, 1; -1: none */
    Int128 constant;
} Scales;

static void widen_constant(const ScalarCall *call, Scales *scales)
{
    int side = scales->a < scales->b ? 0 : 1;
    const Vector *value = call->constants == NULL ? NULL : call->constants[side];
    int own = side == 0 ? scales->a : scales->b, other = side == 0 ? scales->b : scales->a;
    scales->constant_side = -1;
    if (own != other && value != NULL && !vector_is_null(value, 0) &&
        decimal_rescale(VECTOR_DATA(Int128, value)[0], own, other, &scales->constant))
        scales->constant_side = side;
}

static bool prepare_scales(ScalarCall *call, Arena *arena, Fault *fault)
{
    Scales *scales = ARENA_NEW(arena, Scales);
    scales->a = type_scale(call->argument_types[0]);
    scales->b = type_scale(call->argument_types[1]);
    int common = scales->a > scales->b ? scales->a : scales->b;
    scales->widen_a = decimal_power10(common - scales->a);
    scales->widen_b = decimal_power10(common - scales->b);
    widen_constant(call, scales);
    call->prepared = scales;
    return true;
}

static inline int compare_numerics(const Scales *scales, Int128 a, Int128 b)
{
    if (scales->a != scales->b) {
        if (a != (int64_t)a || b != (int64_t)b || scales->widen_a > INT64_MAX ||
            scales->widen_b > INT64_MAX)
            return decimal_compare(a, scales->a, b, scales->b);
        a *= scales->widen_a;
        b *= scales->widen_b;
    }
    return (a > b) - (a < b);
}

/* Of one scale: integers. */
#define NUMERIC_LOOP(name, test)                                                                   \
    static inline FaultCode numeric_##name(const ScalarCall *call, Int128 a, Int128 b,             \
                                           uint8_t *result)                                        \
    {                                                                                              \
        *result = compare_numerics(call->prepared, a, b) test 0;                                   \
        return FAULT_NONE;                                                                         \
    }                                                                                              \
    BINARY_CALL_LOOP(widened_##name##_loop, numeric_##name, Int128, Int128, uint8_t)               \
    COMPARISON_LOOP(int128_##name, Int128, Int128, a test b)                                       \
    static FaultCode numeric_##name##_loop(const ScalarCall *call, const void *const *inputs,      \
                                           const uint32_t *steps, void *result, uint32_t rows)     \
    {                                                                                              \
        const Scales *scales = call->prepared;                                                     \
        const void *widened[2] = {inputs[0], inputs[1]};                                           \
        if (scales->constant_side >= 0)                                                            \
            widened[scales->constant_side] = &scales->constant;                                    \
        return scales->a == scales->b || scales->constant_side >= 0                                \
                   ? int128_##name##_loop(call, widened, steps, result, rows)                      \
                   : widened_##name##_loop(call, inputs, steps, result, rows);                     \
    }
NUMERIC_LOOP(eq, ==)
NUMERIC_LOOP(ne, !=)
NUMERIC_LOOP(lt, <)
NUMERIC_LOOP(le, <=)
NUMERIC_LOOP(gt, >)
NUMERIC_LOOP(ge, >=)

/* --- by value --- */

static const ScalarFunction *element_order(SqlType type)
{
    const TypeInfo *info = type_info(type.oid);
    return info == NULL || info->element_oid == 0 ? NULL : function_for_order(info->element_oid);
}

bool order_form(const ScalarCall *call, SqlType type, const Vector *values, uint32_t rows,
                Arena *arena, Vector *form, Fault *fault)
{
    const ScalarFunction *function = function_for_order(type.oid);
    *form = *values;
    if (function == NULL && element_order(type) != NULL && values->elements != NULL) {
        Vector *elements = ARENA_NEW(arena, Vector);
        form->elements = elements;
        return order_form(call, SQL_TYPE(type_info(type.oid)->element_oid), values->elements,
                          values->elements->length, arena, elements, fault);
    }
    if (function == NULL || rows == 0)
        return true;
    const Vector *const constants[1] = {NULL};
    ScalarCall order = {.function = function,
                        .argument_count = 1,
                        .argument_types = &type,
                        .result_type = function->result == T_NUMERIC ? type_numeric_derived(0)
                                                                     : SQL_TYPE(function->result),
                        .constants = constants,
                        .context = call->context};
    return function->run(&order, values, rows, NULL, arena, form, fault);
}

bool order_forms(const ScalarCall *call, const Vector *arguments, uint32_t rows, Arena *arena,
                 Vector *forms, Fault *fault)
{
    for (uint32_t i = 0; i < call->argument_count; i++) {
        if (!order_form(call, call->argument_types[i], &arguments[i], rows, arena, &forms[i], fault))
            return false;
    }
    return true;
}

/* --- arrays --- */

typedef enum ArrayTest { ARRAY_EQ, ARRAY_NE, ARRAY_LT, ARRAY_LE, ARRAY_GT, ARRAY_GE } ArrayTest;

static bool array_test_holds(ArrayTest test, int order)
{
    switch (test) {
    case ARRAY_EQ: return order == 0;
    case ARRAY_NE: return order != 0;
    case ARRAY_LT: return order < 0;
    case ARRAY_LE: return order <= 0;
    case ARRAY_GT: return order > 0;
    case ARRAY_GE: return order >= 0;
    }
    return false;
}

static bool run_array_test(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                           const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    ArrayTest test = *(const ArrayTest *)call->function->loop;
    uint8_t *out = arena_alloc_vector(arena, rows);
    if (kernel_is_constant_null(arguments, 2)) {
        *result = kernel_null_result(call, arena, rows);
        return true;
    }
    const uint8_t *nulls = kernel_nulls(arguments, 2, rows, arena);
    Vector forms[2];
    if (!order_forms(call, arguments, rows, arena, forms, fault))
        return false;
    for (uint32_t i = 0; i < rows; i++)
        out[i] = (nulls == NULL || nulls[i] == 0) &&
                 array_test_holds(test, vector_rows_compare(&forms[0], vector_row(&forms[0], i),
                                                            &forms[1], vector_row(&forms[1], i)));
    *result = vector_flat(LAYOUT_BOOL, rows, out, nulls);
    return true;
}

static const ArrayTest array_tests[] = {ARRAY_EQ, ARRAY_NE, ARRAY_LT,
                                        ARRAY_LE, ARRAY_GT, ARRAY_GE};

/* --- rows --- */

#define ROW(id, function, sign, type, stamped, preparing, text)                                    \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { type, type }, .result = T_BOOL, .kind = FUNCTION_OPERATOR_ONLY,               \
      .run = run_loop, .loop = stamped, .prepare = preparing, .summary = text }
#define SIX(type, prefix, loops, preparing, eq, ne, lt, le, gt, ge)                                \
    ROW(eq, prefix "eq", "=", type, loops##_eq_loop, preparing, "Equal."),                         \
    ROW(ne, prefix "ne", "<>", type, loops##_ne_loop, preparing, "Not equal."),                    \
    ROW(lt, prefix "lt", "<", type, loops##_lt_loop, preparing, "Less."),                          \
    ROW(le, prefix "le", "<=", type, loops##_le_loop, preparing, "Less or equal."),                \
    ROW(gt, prefix "gt", ">", type, loops##_gt_loop, preparing, "Greater."),                       \
    ROW(ge, prefix "ge", ">=", type, loops##_ge_loop, preparing, "Greater or equal.")
#define ARRAY_ROW(id, function, sign, test, text)                                                  \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { T_ANYARRAY, T_ANYARRAY }, .result = T_BOOL, .kind = FUNCTION_OPERATOR_ONLY,   \
      .run = run_array_test, .loop = (void *)&array_tests[test], .summary = text }

const ScalarFunction comparison_functions[] = {
    SIX(T_BOOL, "bool", bool, NULL, 60, 84, 56, 1691, 57, 1692),
    SIX(T_INT2, "int2", int, NULL, 63, 145, 64, 148, 146, 151),
    SIX(T_INT4, "int4", int, NULL, 65, 144, 66, 149, 147, 150),
    SIX(T_INT8, "int8", int, NULL, 467, 468, 469, 471, 470, 472),
    SIX(T_OID, "oid", int, NULL, 184, 185, 716, 717, 1638, 1639),
    SIX(5069, "xid8", int, NULL, 5084, 5085, 5034, 5036, 5035, 5037),
    SIX(T_FLOAT4, "float4", float4, NULL, 287, 288, 289, 290, 291, 292),
    SIX(T_FLOAT8, "float8", float8, NULL, 293, 294, 295, 296, 297, 298),
    SIX(T_NUMERIC, "numeric_", numeric, prepare_scales, 1718, 1719, 1722, 1723, 1720, 1721),
    SIX(T_DATE, "date_", int, NULL, 1086, 1091, 1087, 1088, 1089, 1090),
    SIX(T_TIME, "time_", int, NULL, 1145, 1106, 1102, 1103, 1104, 1105),
    SIX(T_TIMESTAMP, "timestamp_", int, NULL, 2052, 2053, 2054, 2055, 2057, 2056),
    SIX(T_TIMESTAMPTZ, "timestamptz_", int, NULL, 1152, 1153, 1154, 1155, 1157, 1156),
    SIX(T_INTERVAL, "interval_", interval, NULL, 1162, 1163, 1164, 1165, 1167, 1166),
    { .oid = FUNCTION_INTERVAL_ORDER, .name = "interval_order", .argument_count = 1, .arguments = { T_INTERVAL },
      .result = T_NUMERIC, .kind = FUNCTION_OPERATOR_ONLY, .run = run_loop,
      .loop = interval_order_loop, .summary = "A number that orders as the interval does." },
    ROW(68, "xideq", "=", T_XID, int_eq_loop, NULL, "Equal."),
    ROW(3308, "xidneq", "<>", T_XID, int_ne_loop, NULL, "Not equal."),
    { .oid = 1319, .name = "xideqint4", .symbol = "=", .argument_count = 2,
      .arguments = { T_XID, T_INT4 }, .result = T_BOOL, .kind = FUNCTION_OPERATOR_ONLY,
      .run = run_loop, .loop = int_eq_loop, .summary = "Equal." },
    ARRAY_ROW(744, "array_eq", "=", ARRAY_EQ, "The same elements in the same order."),
    ARRAY_ROW(390, "array_ne", "<>", ARRAY_NE, "Not the same elements in the same order."),
    ARRAY_ROW(391, "array_lt", "<", ARRAY_LT, "Less, element by element."),
    ARRAY_ROW(393, "array_le", "<=", ARRAY_LE, "Less or equal, element by element."),
    ARRAY_ROW(392, "array_gt", ">", ARRAY_GT, "Greater, element by element."),
    ARRAY_ROW(396, "array_ge", ">=", ARRAY_GE, "Greater or equal, element by element."),
};

const uint32_t comparison_function_count =
    sizeof comparison_functions / sizeof comparison_functions[0];

bool function_orders_by_bytes(SqlType type)
{
    return type_layout(type) == LAYOUT_STRING && type.oid != T_BPCHAR &&
           function_for_order(type.oid) == NULL;
}

const ScalarFunction *function_for_order(Oid type)
{
    switch (type) {
    case T_INTERVAL: return function_scalar_by_oid(FUNCTION_INTERVAL_ORDER);
    case T_JSONB: return function_scalar_by_oid(FUNCTION_JSONB_ORDER);
    case T_INET: case T_CIDR: return function_scalar_by_oid(FUNCTION_NETWORK_ORDER);
    default: return NULL;
    }
}

/*
 * Arithmetic of numeric. The scale of a result follows from the types of the arguments:
 *
 *     a + b, a - b, a % b   the larger scale
 *     a * b                 the sum of the scales; where that is above 28, the larger of 20 and
 *                           both scales, rounded
 *     a / b                 the largest of both scales and 20, less where the dividend could not
 *                           be widened to it within 38 digits; of these, as many are kept and
 *                           shown as PostgreSQL chooses by the quotient's size
 *
 * Rounding is half away from zero. More than 38 digits are an error.
 *
 * The dialect druid has no exact decimals: there, floats do all this.
 */
#include "engine/function/functions_internal.h"
#include "engine/function/kernel.h"
#include "engine/type/decimal.h"

#define RANGE(failed) ((failed) ? FAULT_NUMERIC_VALUE_OUT_OF_RANGE : FAULT_NONE)

enum { EXACT_PRODUCT_SCALE = 28, ROUNDED_PRODUCT_SCALE = 20 };

/* What `prepare` works out from the types. */
typedef struct NumericPlan {
    Int128 widen_a, widen_b; /* factors that bring the arguments to a common scale */
    bool is_same_scale;
    int shift;               /* quotient: zeros behind the dividend; product: digits dropped */
    int scale_b, least;      /* quotient: of the divisor; digits that are shown at least */
    bool is_shown;           /* quotient: it has as many digits as PostgreSQL gives it */
    int scale_a, scale_result;
    SqlType result;
} NumericPlan;

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int argument_scale(SqlType type)
{
    return type.oid == T_NUMERIC ? type_scale(type) : 0;
}

static int argument_least(SqlType type)
{
    return type.oid == T_NUMERIC ? type_numeric_least(type) : 0;
}

static bool is_significant(SqlType type)
{
    return type.oid == T_NUMERIC && numeric_digits_significant(type_numeric_digits(type));
}

static bool is_trimmed(SqlType type)
{
    return type.oid == T_NUMERIC && type.modifier != -1 &&
           numeric_digits_several(type_numeric_digits(type));
}

static SqlType scale_of_sum(const SqlType *arguments, uint32_t count)
{
    int scale = larger(argument_scale(arguments[0]), argument_scale(arguments[1]));
    int least = larger(argument_least(arguments[0]), argument_least(arguments[1]));
    for (int i = 0; i < 2; i++)
        if (is_significant(arguments[i]))
            return type_numeric_shown(type_numeric_digits(arguments[i]), scale, least);
    if (is_trimmed(arguments[0]) || is_trimmed(arguments[1]))
        return type_numeric_shown(DIGITS_TRIMMED, scale, least);
    return type_numeric_derived(scale);
}

/* Zeros stay zeros beside a factor that has all its digits. */
static NumericDigits digits_of_product(const SqlType *arguments)
{
    for (int i = 0; i < 2; i++) {
        SqlType other = arguments[1 - i];
        bool is_exact = other.oid != T_NUMERIC || type_numeric_digits(other) == DIGITS_ALL;
        if (is_exact && arguments[i].oid == T_NUMERIC &&
            type_numeric_digits(arguments[i]) == DIGITS_ZERO)
            return DIGITS_ZERO;
    }
    return DIGITS_TRIMMED;
}

static SqlType scale_of_product(const SqlType *arguments, uint32_t count)
{
    int a = argument_scale(arguments[0]), b = argument_scale(arguments[1]);
    bool is_rounded = a + b > EXACT_PRODUCT_SCALE;
    int scale = is_rounded ? larger(ROUNDED_PRODUCT_SCALE, larger(a, b)) : a + b;
    if (is_trimmed(arguments[0]) || is_trimmed(arguments[1]))
        return type_numeric_shown(digits_of_product(arguments), scale,
                                  argument_least(arguments[0]) + argument_least(arguments[1]));
    return type_numeric_derived(scale);
}

static SqlType scale_of_quotient(const SqlType *arguments, uint32_t count)
{
    int a = argument_scale(arguments[0]), b = argument_scale(arguments[1]);
    int scale = larger(NUMERIC_SIGNIFICANT_SCALE, larger(a, b));
    if (scale + b - a > NUMERIC_MAX_DIGITS)
        scale = NUMERIC_MAX_DIGITS - b + a;
    return type_numeric_shown(DIGITS_QUOTIENT, scale,
                              larger(argument_least(arguments[0]), argument_least(arguments[1])));
}

static SqlType scale_of_argument(const SqlType *arguments, uint32_t count)
{
    bool is_kept = arguments[0].modifier == -1 ||
                   (arguments[0].oid == T_NUMERIC &&
                    type_numeric_digits(arguments[0]) != DIGITS_ALL);
    return is_kept ? arguments[0] : type_numeric_derived(argument_scale(arguments[0]));
}

static SqlType whole_scale(const SqlType *arguments, uint32_t count)
{
    return type_numeric_derived(0);
}

static bool prepare_numeric(ScalarCall *call, Arena *arena, Fault *fault)
{
    NumericPlan *plan = ARENA_NEW(arena, NumericPlan);
    int a = argument_scale(call->argument_types[0]);
    int b = call->argument_count > 1 ? argument_scale(call->argument_types[1]) : a;
    int common = larger(a, b);
    plan->scale_a = a;
    plan->scale_result = type_scale(call->result_type);
    plan->result = call->result_type;
    plan->widen_a = decimal_power10(common - a);
    plan->widen_b = decimal_power10(common - b);
    plan->is_same_scale = a == b;
    call->prepared = plan;
    return true;
}

static bool prepare_product(ScalarCall *call, Arena *arena, Fault *fault)
{
    prepare_numeric(call, arena, fault);
    NumericPlan *plan = call->prepared;
    plan->shift = argument_scale(call->argument_types[0]) +
                  argument_scale(call->argument_types[1]) - plan->scale_result;
    return true;
}

static bool prepare_quotient(ScalarCall *call, Arena *arena, Fault *fault)
{
    prepare_numeric(call, arena, fault);
    NumericPlan *plan = call->prepared;
    plan->scale_b = argument_scale(call->argument_types[1]);
    plan->shift = plan->scale_result + plan->scale_b - plan->scale_a;
    plan->is_shown = type_numeric_digits(call->result_type) != DIGITS_ALL;
    plan->least = type_numeric_least(call->result_type);
    return true;
}

/* --- scalars --- */

static inline bool is_small(Int128 value)
{
    return value == (int64_t)value;
}

static inline bool widen(Int128 value, Int128 factor, Int128 *wide)
{
    if (is_small(value) && is_small(factor)) {
        *wide = value * factor;
        return true;
    }
    return !__builtin_mul_overflow(value, factor, wide);
}

/* --- what is not finite: out of the way of all else --- */

static inline bool any_special(Int128 a, Int128 b)
{
    return __builtin_expect(decimal_is_special(a) | decimal_is_special(b), 0);
}

static FaultCode add_special(Int128 a, Int128 b, Int128 *sum)
{
    *sum = decimal_special_sum(decimal_special_bit(a) | decimal_special_bit(b));
    return FAULT_NONE;
}

static inline Int128 negated(Int128 a)
{
    return a == NUMERIC_NAN ? a : (Int128)-(UInt128)a;
}

static inline int sign_of(Int128 a)
{
    return (a > 0) - (a < 0);
}

static FaultCode multiply_special(Int128 a, Int128 b, Int128 *product)
{
    bool is_nan = a == NUMERIC_NAN || b == NUMERIC_NAN || a == 0 || b == 0;
    *product = is_nan ? NUMERIC_NAN : sign_of(a) * sign_of(b) * NUMERIC_INFINITY;
    return FAULT_NONE;
}

static FaultCode divide_special(Int128 a, Int128 b, Int128 *quotient)
{
    *quotient = NUMERIC_NAN;
    if (a == NUMERIC_NAN || b == NUMERIC_NAN)
        return FAULT_NONE;
    if (b == 0)
        return FAULT_DIVISION_BY_ZERO;
    if (!decimal_is_special(a))
        *quotient = 0;
    else if (!decimal_is_special(b))
        *quotient = sign_of(a) * sign_of(b) * NUMERIC_INFINITY;
    return FAULT_NONE;
}

/* The rest at the scale of the result: of something finite it is that. */
static FaultCode modulo_special(const NumericPlan *plan, Int128 a, Int128 b, Int128 *rest)
{
    *rest = NUMERIC_NAN;
    if (a == NUMERIC_NAN || b == NUMERIC_NAN)
        return FAULT_NONE;
    if (b == 0)
        return FAULT_DIVISION_BY_ZERO;
    return decimal_is_special(a)
               ? FAULT_NONE
               : RANGE(!decimal_rescale(a, plan->scale_a, plan->scale_result, rest));
}

static inline FaultCode add_numeric(const ScalarCall *call, Int128 a, Int128 b, Int128 *sum)
{
    const NumericPlan *plan = call->prepared;
    bool fits = true;
    if (any_special(a, b))
        return add_special(a, b, sum);
    if (!plan->is_same_scale) {
        fits = widen(a, plan->widen_a, &a);
        fits &= widen(b, plan->widen_b, &b);
    }
    fits &= !__builtin_add_overflow(a, b, sum);
    return RANGE(!fits || !decimal_fits(*sum));
}

static inline FaultCode subtract_numeric(const ScalarCall *call, Int128 a, Int128 b,
                                         Int128 *difference)
{
    const NumericPlan *plan = call->prepared;
    bool fits = true;
    if (any_special(a, b))
        return add_special(a, negated(b), difference);
    if (!plan->is_same_scale) {
        fits = widen(a, plan->widen_a, &a);
        fits &= widen(b, plan->widen_b, &b);
    }
    fits &= !__builtin_sub_overflow(a, b, difference);
    return RANGE(!fits || !decimal_fits(*difference));
}

static inline FaultCode multiply_numeric(const ScalarCall *call, Int128 a, Int128 b,
                                         Int128 *product)
{
    const NumericPlan *plan = call->prepared;
    if (plan->shift == 0 && is_small(a) && is_small(b)) {
        *product = a * b;
        return RANGE(!decimal_fits(*product));
    }
    if (any_special(a, b))
        return multiply_special(a, b, product);
    return RANGE(!decimal_multiply(a, b, plan->shift, product));
}

static inline FaultCode divide_numeric(const ScalarCall *call, Int128 a, Int128 b,
                                       Int128 *quotient)
{
    const NumericPlan *plan = call->prepared;
    if (any_special(a, b))
        return divide_special(a, b, quotient);
    if (b == 0)
        return *quotient = 0, FAULT_DIVISION_BY_ZERO;
    int kept_scale = plan->scale_result;
    if (plan->is_shown) {
        kept_scale = larger(decimal_quotient_scale(a, plan->scale_a, b, plan->scale_b),
                            plan->least);
        kept_scale = kept_scale < plan->scale_result ? kept_scale : plan->scale_result;
    }
    /* Divided at once to the digits that are kept: rounding twice would be wrong. */
    int drop = plan->scale_result - kept_scale;
    Int128 kept;
    if (drop > plan->shift)
        return RANGE(!decimal_divide(a, b, plan->shift, quotient) ||
                     !decimal_round_shown(plan->result, quotient));
    if (!decimal_divide(a, b, plan->shift - drop, &kept))
        return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    return RANGE(__builtin_mul_overflow(kept, decimal_power10(drop), quotient));
}

static inline FaultCode modulo_numeric(const ScalarCall *call, Int128 a, Int128 b, Int128 *rest)
{
    const NumericPlan *plan = call->prepared;
    *rest = 0;
    if (any_special(a, b))
        return modulo_special(plan, a, b, rest);
    if (b == 0)
        return FAULT_DIVISION_BY_ZERO;
    if (!widen(a, plan->widen_a, &a) || !widen(b, plan->widen_b, &b))
        return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    if (b != -1)
        *rest = a % b;
    return FAULT_NONE;
}

/* Quotient without its fraction. */
static inline FaultCode divide_whole(const ScalarCall *call, Int128 a, Int128 b, Int128 *quotient)
{
    const NumericPlan *plan = call->prepared;
    *quotient = 0;
    if (any_special(a, b))
        return divide_special(a, b, quotient);
    if (b == 0)
        return FAULT_DIVISION_BY_ZERO;
    if (!widen(a, plan->widen_a, &a) || !widen(b, plan->widen_b, &b))
        return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    if (b == -1)
        *quotient = (Int128)-(UInt128)a;
    else
        *quotient = a / b;
    return RANGE(!decimal_fits(*quotient));
}

/* Garbage under nulls may be the one value without a negative. */
static inline FaultCode negate_numeric(Int128 a, Int128 *result)
{
    *result = negated(a);
    return FAULT_NONE;
}

static inline FaultCode keep_numeric(Int128 a, Int128 *result)
{
    *result = a;
    return FAULT_NONE;
}

static inline FaultCode absolute_numeric(Int128 a, Int128 *result)
{
    *result = a < 0 ? (Int128)-(UInt128)a : a;
    return FAULT_NONE;
}

static inline FaultCode sign_numeric(Int128 a, Int128 *result)
{
    *result = a == NUMERIC_NAN ? a : (a > 0) - (a < 0);
    return FAULT_NONE;
}

static inline FaultCode ceil_numeric(const ScalarCall *call, Int128 a, Int128 *result)
{
    const NumericPlan *plan = call->prepared;
    Int128 unit = decimal_power10(plan->scale_a);
    *result = decimal_is_special(a) ? a : a / unit + (a % unit > 0);
    return FAULT_NONE;
}

static inline FaultCode floor_numeric(const ScalarCall *call, Int128 a, Int128 *result)
{
    const NumericPlan *plan = call->prepared;
    Int128 unit = decimal_power10(plan->scale_a);
    *result = decimal_is_special(a) ? a : a / unit - (a % unit < 0);
    return FAULT_NONE;
}

static inline FaultCode round_whole(const ScalarCall *call, Int128 a, Int128 *result)
{
    const NumericPlan *plan = call->prepared;
    return RANGE(!decimal_rescale(a, plan->scale_a, 0, result));
}

static inline FaultCode truncate_whole(const ScalarCall *call, Int128 a, Int128 *result)
{
    const NumericPlan *plan = call->prepared;
    *result = decimal_is_special(a) ? a : a / decimal_power10(plan->scale_a);
    return FAULT_NONE;
}

/* To `digits` behind the point (before it when negative), then to the result's scale. */
static inline FaultCode cut_numeric(const ScalarCall *call, Int128 a, int64_t digits, bool rounds,
                                    Int128 *result)
{
    const NumericPlan *plan = call->prepared;
    int64_t drop = plan->scale_a - digits;
    *result = a;
    if (decimal_is_special(a))
        return FAULT_NONE;
    *result = 0;
    if (drop > NUMERIC_MAX_DIGITS)
        return FAULT_NONE;
    if (drop > 0) {
        Int128 unit = decimal_power10((int)drop), whole;
        if (!rounds)
            whole = a / unit;
        else if (!decimal_rescale(a, (int)drop, 0, &whole))
            return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
        if (__builtin_mul_overflow(whole, unit, &a))
            return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    }
    return RANGE(!decimal_rescale(a, plan->scale_a, plan->scale_result, result));
}

static inline FaultCode round_numeric(const ScalarCall *call, Int128 a, int64_t digits,
                                      Int128 *result)
{
    return cut_numeric(call, a, digits, true, result);
}

static inline FaultCode truncate_numeric(const ScalarCall *call, Int128 a, int64_t digits,
                                         Int128 *result)
{
    return cut_numeric(call, a, digits, false, result);
}

/* Integers: PostgreSQL rounds them as numerics, so that round(5, 2) is 5.00. */
static inline FaultCode round_integer(const ScalarCall *call, int64_t a, int64_t digits,
                                      Int128 *result)
{
    return cut_numeric(call, a, digits, true, result);
}

static inline FaultCode truncate_integer(const ScalarCall *call, int64_t a, int64_t digits,
                                         Int128 *result)
{
    return cut_numeric(call, a, digits, false, result);
}

BINARY_CALL_LOOP(round_integer_loop, round_integer, int64_t, int64_t, Int128)
BINARY_CALL_LOOP(truncate_integer_loop, truncate_integer, int64_t, int64_t, Int128)
BINARY_CALL_LOOP(add_loop, add_numeric, Int128, Int128, Int128)
BINARY_CALL_LOOP(subtract_loop, subtract_numeric, Int128, Int128, Int128)
BINARY_CALL_LOOP(multiply_loop, multiply_numeric, Int128, Int128, Int128)
BINARY_CALL_LOOP(divide_loop, divide_numeric, Int128, Int128, Int128)
BINARY_CALL_LOOP(modulo_loop, modulo_numeric, Int128, Int128, Int128)
BINARY_CALL_LOOP(divide_whole_loop, divide_whole, Int128, Int128, Int128)
BINARY_CALL_LOOP(round_loop, round_numeric, Int128, int64_t, Int128)
BINARY_CALL_LOOP(truncate_loop, truncate_numeric, Int128, int64_t, Int128)
UNARY_LOOP(negate_loop, negate_numeric, Int128, Int128)
UNARY_LOOP(keep_loop, keep_numeric, Int128, Int128)
UNARY_LOOP(absolute_loop, absolute_numeric, Int128, Int128)
UNARY_LOOP(sign_loop, sign_numeric, Int128, Int128)
UNARY_CALL_LOOP(ceil_loop, ceil_numeric, Int128, Int128)
UNARY_CALL_LOOP(floor_loop, floor_numeric, Int128, Int128)
UNARY_CALL_LOOP(round_whole_loop, round_whole, Int128, Int128)
UNARY_CALL_LOOP(truncate_whole_loop, truncate_whole, Int128, Int128)

/* --- round(x, n) and trunc(x, n) with a constant n have n digits behind the point --- */

enum { ROUND_OID = 1707, TRUNC_OID = 1709, ROUND_INTEGER_OID = 95030 /* and five more */,
       ROUND_MOST_DIGITS = 30 };

SqlType function_refine_type(const ScalarFunction *function, SqlType type, const Vector *digits)
{
    if (function->oid == FUNCTION_TO_NUMBER && digits != NULL && !vector_is_null(digits, 0)) {
        int scale = number_template_scale(vector_text(digits, 0));
        return scale < 0 ? type : type_numeric_shown(DIGITS_TRIMMED, scale, 0);
    }
    bool is_rounding = function->oid == ROUND_OID || function->oid == TRUNC_OID ||
                       (function->oid >= ROUND_INTEGER_OID &&
                        function->oid < ROUND_INTEGER_OID + 6);
    if (!is_rounding || digits == NULL || vector_is_null(digits, 0))
        return type;
    int64_t count = VECTOR_DATA(int64_t, digits)[0];
    return type_numeric_derived(count < 0 ? 0 : count > ROUND_MOST_DIGITS ? ROUND_MOST_DIGITS
                                                                          : (int)count);
}

#define OPERATOR(id, function, sign, stamped, preparing, scaling, text, sample, result_text)       \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { T_NUMERIC, T_NUMERIC }, .result = T_NUMERIC,                                  \
      .kind = FUNCTION_OPERATOR_ONLY, .run = run_loop, .loop = stamped, .prepare = preparing,      \
      .result_of = scaling, .dialect = 1, .summary = text, .example = sample, .gives = result_text }
#define FUNCTION(id, function, also, count, stamped, scaling, text, sample, result_text)           \
    { .oid = id, .name = function, .aliases = also, .argument_count = count,                       \
      .arguments = { T_NUMERIC, count == 2 ? T_INT4 : T_NONE }, .result = T_NUMERIC,               \
      .run = run_loop, .loop = stamped, .prepare = prepare_numeric, .result_of = scaling,          \
      .order = ORDER_KEPT, .summary = text, .example = sample, .gives = result_text }

#define INTEGER(id, function, also, type, stamped, text)                                           \
    { .oid = id, .name = function, .aliases = also, .argument_count = 2,                           \
      .arguments = { type, T_INT4 }, .result = T_NUMERIC, .run = run_loop, .loop = stamped,        \
      .prepare = prepare_numeric, .result_of = whole_scale, .dialect = 1, .summary = text }

const ScalarFunction numeric_functions[] = {
    OPERATOR(1724, "numeric_add", "+", add_loop, prepare_numeric, scale_of_sum, "Sum.",
             "1.5 + 2.25", "3.75"),
    OPERATOR(1725, "numeric_sub", "-", subtract_loop, prepare_numeric, scale_of_sum,
             "Difference.", "1.5 - 2.25", "-0.75"),
    OPERATOR(1726, "numeric_mul", "*", multiply_loop, prepare_product, scale_of_product,
             "Product.", "1.5 * 0.05", "0.075"),
    OPERATOR(1727, "numeric_div", "/", divide_loop, prepare_quotient, scale_of_quotient,
             "Quotient.", "10 / 3.0", "3.3333333333333333"),
    { .oid = 1728, .name = "mod", .aliases = "numeric_mod", .symbol = "%", .argument_count = 2,
      .arguments = { T_NUMERIC, T_NUMERIC }, .result = T_NUMERIC, .run = run_loop,
      .loop = modulo_loop, .prepare = prepare_numeric, .result_of = scale_of_sum, .dialect = 1,
      .summary = "Rest of the division, with the sign of the dividend.", .example = "7.5 % 2",
      .gives = "1.5" },
    { .oid = 1973, .name = "div", .argument_count = 2,
      .arguments = { T_NUMERIC, T_NUMERIC }, .result = T_NUMERIC, .run = run_loop,
      .loop = divide_whole_loop, .prepare = prepare_numeric, .result_of = whole_scale,
      .dialect = 1, .summary = "Quotient truncated to a whole number.", .example = "div(9.5, 2)",
      .gives = "4" },
    { .oid = 1771, .name = "numeric_uminus", .symbol = "-", .argument_count = 1,
      .arguments = { T_NUMERIC }, .result = T_NUMERIC, .kind = FUNCTION_OPERATOR_ONLY,
      .run = run_loop, .loop = negate_loop, .result_of = scale_of_argument,
      .summary = "Negation." },
    { .oid = 1915, .name = "numeric_uplus", .symbol = "+", .argument_count = 1,
      .arguments = { T_NUMERIC }, .result = T_NUMERIC, .kind = FUNCTION_OPERATOR_ONLY,
      .run = run_loop, .loop = keep_loop, .result_of = scale_of_argument,
      .summary = "The number." },
    { .oid = 1705, .name = "abs", .symbol = "@", .argument_count = 1, .arguments = { T_NUMERIC },
      .result = T_NUMERIC, .run = run_loop, .loop = absolute_loop,
      .result_of = scale_of_argument, .summary = "Absolute value.", .example = "abs(-1.5)",
      .gives = "1.5" },
    { .oid = 1706, .name = "sign", .argument_count = 1, .arguments = { T_NUMERIC },
      .result = T_NUMERIC, .run = run_loop, .loop = sign_loop, .result_of = whole_scale,
      .order = ORDER_KEPT, .summary = "-1, 0 or 1.", .example = "sign(-8.4)", .gives = "-1" },
    FUNCTION(1711, "ceil", "ceiling", 1, ceil_loop, whole_scale,
             "Smallest whole number that is not less.", "ceil(1.2)", "2"),
    FUNCTION(1712, "floor", NULL, 1, floor_loop, whole_scale,
             "Largest whole number that is not greater.", "floor(-1.2)", "-2"),
    FUNCTION(1708, "round", NULL, 1, round_whole_loop, whole_scale,
             "Nearest whole number, halves away from zero.", "round(2.5)", "3"),
    FUNCTION(ROUND_OID, "round", NULL, 2, round_loop, scale_of_argument,
             "Rounded to so many digits after the point, halves away from zero.",
             "round(1234.567, 2)", "1234.57"),
    FUNCTION(1710, "trunc", "truncate", 1, truncate_whole_loop, whole_scale,
             "Without the fraction.", "trunc(-1.28)", "-1"),
    FUNCTION(TRUNC_OID, "trunc", "truncate", 2, truncate_loop, scale_of_argument,
             "Cut to so many digits after the point.", "trunc(-1.28, 1)", "-1.2"),
    INTEGER(ROUND_INTEGER_OID, "round", NULL, T_INT2, round_integer_loop,
            "Rounded to so many digits after the point."),
    INTEGER(ROUND_INTEGER_OID + 1, "round", NULL, T_INT4, round_integer_loop,
            "Rounded to so many digits after the point."),
    INTEGER(ROUND_INTEGER_OID + 2, "round", NULL, T_INT8, round_integer_loop,
            "Rounded to so many digits after the point."),
    INTEGER(ROUND_INTEGER_OID + 3, "trunc", "truncate", T_INT2, truncate_integer_loop,
            "Cut to so many digits after the point."),
    INTEGER(ROUND_INTEGER_OID + 4, "trunc", "truncate", T_INT4, truncate_integer_loop,
            "Cut to so many digits after the point."),
    INTEGER(ROUND_INTEGER_OID + 5, "trunc", "truncate", T_INT8, truncate_integer_loop,
            "Cut to so many digits after the point."),
};

const uint32_t numeric_function_count = sizeof numeric_functions / sizeof numeric_functions[0];

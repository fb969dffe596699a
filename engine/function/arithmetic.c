/*
 * + - * / % and signs of integers and floats.
 *
 * In the dialect postgres results that do not fit are errors; in the dialect druid all integers
 * are 64 bits wide and wrap, and floats give infinities. Rows carry the dialect.
 *
 * Integers of all widths are 64-bit values in vectors: the narrow types compute in 64 bits and
 * check the range.
 */
#include "engine/function/kernel.h"

#include <math.h>

#define RANGE(failed) ((failed) ? FAULT_NUMERIC_VALUE_OUT_OF_RANGE : FAULT_NONE)

/* Wrapping arithmetic, defined for all values. */
static inline int64_t wrap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t wrap_subtract(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t wrap_multiply(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static inline FaultCode check_int2(int64_t value, int64_t *result)
{
    *result = value;
    return RANGE(value != (int16_t)value);
}

static inline FaultCode check_int4(int64_t value, int64_t *result)
{
    *result = value;
    return RANGE(value != (int32_t)value);
}

/* --- smallint and integer --- */

#define NARROW_SCALARS(width)                                                                      \
    static inline FaultCode add_##width(int64_t a, int64_t b, int64_t *sum)                        \
    {                                                                                              \
        return check_##width(wrap_add(a, b), sum);                                                 \
    }                                                                                              \
    static inline FaultCode subtract_##width(int64_t a, int64_t b, int64_t *difference)            \
    {                                                                                              \
        return check_##width(wrap_subtract(a, b), difference);                                     \
    }                                                                                              \
    static inline FaultCode multiply_##width(int64_t a, int64_t b, int64_t *product)               \
    {                                                                                              \
        return check_##width(wrap_multiply(a, b), product);                                        \
    }                                                                                              \
    static inline FaultCode negate_##width(int64_t a, int64_t *result)                             \
    {                                                                                              \
        return check_##width(wrap_subtract(0, a), result);                                         \
    }                                                                                              \
    static inline FaultCode absolute_##width(int64_t a, int64_t *result)                           \
    {                                                                                              \
        return check_##width(a < 0 ? wrap_subtract(0, a) : a, result);                             \
    }                                                                                              \
    static inline FaultCode divide_##width(int64_t a, int64_t b, int64_t *quotient)                \
    {                                                                                              \
        if (b == 0)                                                                                \
            return *quotient = 0, FAULT_DIVISION_BY_ZERO;                                          \
        return check_##width(b == -1 ? wrap_subtract(0, a) : a / b, quotient);                     \
    }
NARROW_SCALARS(int2)
NARROW_SCALARS(int4)

/* --- bigint --- */

static inline FaultCode add_int8(int64_t a, int64_t b, int64_t *sum)
{
    *sum = wrap_add(a, b);
    return RANGE(((a ^ *sum) & (b ^ *sum)) < 0);
}

static inline FaultCode subtract_int8(int64_t a, int64_t b, int64_t *difference)
{
    *difference = wrap_subtract(a, b);
    return RANGE(((a ^ b) & (a ^ *difference)) < 0);
}

static inline FaultCode multiply_int8(int64_t a, int64_t b, int64_t *product)
{
    return RANGE(__builtin_mul_overflow(a, b, product));
}

static inline FaultCode divide_int8(int64_t a, int64_t b, int64_t *quotient)
{
    if (b == 0)
        return *quotient = 0, FAULT_DIVISION_BY_ZERO;
    if (b == -1)
        return *quotient = wrap_subtract(0, a), RANGE(a == INT64_MIN);
    *quotient = a / b;
    return FAULT_NONE;
}

static inline FaultCode modulo_int8(int64_t a, int64_t b, int64_t *rest)
{
    if (b == 0)
        return *rest = 0, FAULT_DIVISION_BY_ZERO;
    *rest = b == -1 ? 0 : a % b;
    return FAULT_NONE;
}

static inline FaultCode negate_int8(int64_t a, int64_t *result)
{
    *result = wrap_subtract(0, a);
    return RANGE(a == INT64_MIN);
}

static inline FaultCode absolute_int8(int64_t a, int64_t *result)
{
    *result = a < 0 ? wrap_subtract(0, a) : a;
    return RANGE(a == INT64_MIN);
}

static inline FaultCode keep_int8(int64_t a, int64_t *result)
{
    *result = a;
    return FAULT_NONE;
}

/* --- bigint that wraps --- */

static inline FaultCode add_wrapping(int64_t a, int64_t b, int64_t *sum)
{
    *sum = wrap_add(a, b);
    return FAULT_NONE;
}

static inline FaultCode subtract_wrapping(int64_t a, int64_t b, int64_t *difference)
{
    *difference = wrap_subtract(a, b);
    return FAULT_NONE;
}

static inline FaultCode multiply_wrapping(int64_t a, int64_t b, int64_t *product)
{
    *product = wrap_multiply(a, b);
    return FAULT_NONE;
}

static inline FaultCode divide_wrapping(int64_t a, int64_t b, int64_t *quotient)
{
    if (b == 0)
        return *quotient = 0, FAULT_DIVISION_BY_ZERO;
    *quotient = b == -1 ? wrap_subtract(0, a) : a / b;
    return FAULT_NONE;
}

static inline FaultCode negate_wrapping(int64_t a, int64_t *result)
{
    *result = wrap_subtract(0, a);
    return FAULT_NONE;
}

static inline FaultCode absolute_wrapping(int64_t a, int64_t *result)
{
    *result = a < 0 ? wrap_subtract(0, a) : a;
    return FAULT_NONE;
}

/* --- floats --- */

/* An infinity made from finite values is an overflow, a zero from others than zero an
 * underflow. */
#define FLOAT_SCALARS(name, A, B, R, infinite)                                                     \
    static inline FaultCode add_##name(A a, B b, R *sum)                                           \
    {                                                                                              \
        *sum = (R)((R)a + (R)b);                                                                   \
        return RANGE(infinite(*sum) & !infinite(a) & !infinite(b));                                \
    }                                                                                              \
    static inline FaultCode subtract_##name(A a, B b, R *difference)                               \
    {                                                                                              \
        *difference = (R)((R)a - (R)b);                                                            \
        return RANGE(infinite(*difference) & !infinite(a) & !infinite(b));                         \
    }                                                                                              \
    static inline FaultCode multiply_##name(A a, B b, R *product)                                  \
    {                                                                                              \
        *product = (R)((R)a * (R)b);                                                               \
        return RANGE((infinite(*product) & !infinite(a) & !infinite(b)) |                          \
                     ((*product == 0) & (a != 0) & (b != 0)));                                     \
    }                                                                                              \
    static inline FaultCode divide_##name(A a, B b, R *quotient)                                   \
    {                                                                                              \
        *quotient = (R)((R)a / (R)b);                                                              \
        unsigned is_zero = (b == 0) & (a == a);                                                    \
        unsigned failed = (infinite(*quotient) & !infinite(a)) |                                   \
                          ((*quotient == 0) & (a != 0) & !infinite(b));                            \
        return is_zero ? FAULT_DIVISION_BY_ZERO : RANGE(failed);                                   \
    }

#define INFINITE(x) (fabs((double)(x)) > 1.7976931348623157e308)
#define INFINITE_FLOAT(x) (fabsf((float)(x)) > 3.4028234663852886e38f)
FLOAT_SCALARS(float4, float, float, float, INFINITE_FLOAT)
FLOAT_SCALARS(float8, double, double, double, INFINITE)
FLOAT_SCALARS(float48, float, double, double, INFINITE)
FLOAT_SCALARS(float84, double, float, double, INFINITE)

#define LOOSE_FLOAT_SCALARS(name, T)                                                               \
    static inline FaultCode add_##name(T a, T b, T *sum)                                           \
    {                                                                                              \
        *sum = a + b;                                                                              \
        return FAULT_NONE;                                                                         \
    }                                                                                              \
    static inline FaultCode subtract_##name(T a, T b, T *difference)                               \
    {                                                                                              \
        *difference = a - b;                                                                       \
        return FAULT_NONE;                                                                         \
    }                                                                                              \
    static inline FaultCode multiply_##name(T a, T b, T *product)                                  \
    {                                                                                              \
        *product = a * b;                                                                          \
        return FAULT_NONE;                                                                         \
    }                                                                                              \
    static inline FaultCode divide_##name(T a, T b, T *quotient)                                   \
    {                                                                                              \
        *quotient = a / b;                                                                         \
        return FAULT_NONE;                                                                         \
    }
LOOSE_FLOAT_SCALARS(loose8, double)

static inline FaultCode modulo_loose8(double a, double b, double *rest)
{
    *rest = fmod(a, b);
    return FAULT_NONE;
}

#define FLOAT_SIGNS(name, T, magnitude)                                                            \
    static inline FaultCode negate_##name(T a, T *result)                                          \
    {                                                                                              \
        *result = -a;                                                                              \
        return FAULT_NONE;                                                                         \
    }                                                                                              \
    static inline FaultCode keep_##name(T a, T *result)                                            \
    {                                                                                              \
        *result = a;                                                                               \
        return FAULT_NONE;                                                                         \
    }                                                                                              \
    static inline FaultCode absolute_##name(T a, T *result)                                        \
    {                                                                                              \
        *result = magnitude(a);                                                                    \
        return FAULT_NONE;                                                                         \
    }
FLOAT_SIGNS(float4, float, fabsf)
FLOAT_SIGNS(float8, double, fabs)

/* --- loops --- */

#define ARITHMETIC_LOOPS(name, A, B, R)                                                            \
    BINARY_LOOP(add_##name##_loop, add_##name, A, B, R)                                            \
    BINARY_LOOP(subtract_##name##_loop, subtract_##name, A, B, R)                                  \
    BINARY_LOOP(multiply_##name##_loop, multiply_##name, A, B, R)                                  \
    BINARY_LOOP(divide_##name##_loop, divide_##name, A, B, R)
ARITHMETIC_LOOPS(int2, int64_t, int64_t, int64_t)
ARITHMETIC_LOOPS(int4, int64_t, int64_t, int64_t)
ARITHMETIC_LOOPS(int8, int64_t, int64_t, int64_t)
ARITHMETIC_LOOPS(wrapping, int64_t, int64_t, int64_t)
ARITHMETIC_LOOPS(float4, float, float, float)
ARITHMETIC_LOOPS(float8, double, double, double)
ARITHMETIC_LOOPS(float48, float, double, double)
ARITHMETIC_LOOPS(float84, double, float, double)
ARITHMETIC_LOOPS(loose8, double, double, double)
BINARY_LOOP(modulo_int8_loop, modulo_int8, int64_t, int64_t, int64_t)
BINARY_LOOP(modulo_loose8_loop, modulo_loose8, double, double, double)

#define SIGN_LOOPS(name, T)                                                                        \
    UNARY_LOOP(negate_##name##_loop, negate_##name, T, T)                                          \
    UNARY_LOOP(absolute_##name##_loop, absolute_##name, T, T)
SIGN_LOOPS(int2, int64_t)
SIGN_LOOPS(int4, int64_t)
SIGN_LOOPS(int8, int64_t)
SIGN_LOOPS(wrapping, int64_t)
SIGN_LOOPS(float4, float)
SIGN_LOOPS(float8, double)
UNARY_LOOP(keep_int8_loop, keep_int8, int64_t, int64_t)
UNARY_LOOP(keep_float4_loop, keep_float4, float, float)
UNARY_LOOP(keep_float8_loop, keep_float8, double, double)

/* --- rows --- */

#define BINARY(id, function, sign, a, b, r, stamped, which, text, sample, result_text)             \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2, .arguments = { a, b },     \
      .result = r, .kind = FUNCTION_OPERATOR_ONLY, .run = run_loop, .loop = stamped,               \
      .dialect = which, .summary = text, .example = sample, .gives = result_text }
#define UNARY(id, function, sign, a, how, stamped, which, text, sample, result_text)               \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 1, .arguments = { a },        \
      .result = a, .kind = how, .run = run_loop, .loop = stamped, .dialect = which,                \
      .summary = text, .example = sample, .gives = result_text }

#define SUM_TEXT "Sum."
#define DIFFERENCE_TEXT "Difference."
#define PRODUCT_TEXT "Product."
#define QUOTIENT_TEXT "Quotient; of integers truncated toward zero."
#define REST_TEXT "Rest of the division, with the sign of the dividend."

#define MODULO(id, alias, type)                                                                    \
    { .oid = id, .name = "mod", .aliases = alias, .symbol = "%", .argument_count = 2,              \
      .arguments = { type, type }, .result = type, .run = run_loop, .loop = modulo_int8_loop,      \
      .summary = REST_TEXT, .example = "7 % 3", .gives = "1" }

const ScalarFunction arithmetic_functions[] = {
    BINARY(176, "int2pl", "+", T_INT2, T_INT2, T_INT2, add_int2_loop, 1, SUM_TEXT, NULL, NULL),
    BINARY(177, "int4pl", "+", T_INT4, T_INT4, T_INT4, add_int4_loop, 1, SUM_TEXT, "2 + 3", "5"),
    BINARY(463, "int8pl", "+", T_INT8, T_INT8, T_INT8, add_int8_loop, 1, SUM_TEXT, NULL, NULL),
    BINARY(95000, "longpl", "+", T_INT8, T_INT8, T_INT8, add_wrapping_loop, 2, SUM_TEXT, NULL,
           NULL),
    BINARY(204, "float4pl", "+", T_FLOAT4, T_FLOAT4, T_FLOAT4, add_float4_loop, 1, SUM_TEXT, NULL,
           NULL),
    BINARY(218, "float8pl", "+", T_FLOAT8, T_FLOAT8, T_FLOAT8, add_float8_loop, 1, SUM_TEXT, NULL,
           NULL),
    BINARY(281, "float48pl", "+", T_FLOAT4, T_FLOAT8, T_FLOAT8, add_float48_loop, 1, SUM_TEXT,
           NULL, NULL),
    BINARY(285, "float84pl", "+", T_FLOAT8, T_FLOAT4, T_FLOAT8, add_float84_loop, 1, SUM_TEXT,
           NULL, NULL),
    BINARY(95001, "doublepl", "+", T_FLOAT8, T_FLOAT8, T_FLOAT8, add_loose8_loop, 2, SUM_TEXT,
           NULL, NULL),

    BINARY(180, "int2mi", "-", T_INT2, T_INT2, T_INT2, subtract_int2_loop, 1, DIFFERENCE_TEXT,
           NULL, NULL),
    BINARY(181, "int4mi", "-", T_INT4, T_INT4, T_INT4, subtract_int4_loop, 1, DIFFERENCE_TEXT,
           "2 - 3", "-1"),
    BINARY(464, "int8mi", "-", T_INT8, T_INT8, T_INT8, subtract_int8_loop, 1, DIFFERENCE_TEXT,
           NULL, NULL),
    BINARY(95002, "longmi", "-", T_INT8, T_INT8, T_INT8, subtract_wrapping_loop, 2,
           DIFFERENCE_TEXT, NULL, NULL),
    BINARY(205, "float4mi", "-", T_FLOAT4, T_FLOAT4, T_FLOAT4, subtract_float4_loop, 1,
           DIFFERENCE_TEXT, NULL, NULL),
    BINARY(219, "float8mi", "-", T_FLOAT8, T_FLOAT8, T_FLOAT8, subtract_float8_loop, 1,
           DIFFERENCE_TEXT, NULL, NULL),
    BINARY(282, "float48mi", "-", T_FLOAT4, T_FLOAT8, T_FLOAT8, subtract_float48_loop, 1,
           DIFFERENCE_TEXT, NULL, NULL),
    BINARY(286, "float84mi", "-", T_FLOAT8, T_FLOAT4, T_FLOAT8, subtract_float84_loop, 1,
           DIFFERENCE_TEXT, NULL, NULL),
    BINARY(95003, "doublemi", "-", T_FLOAT8, T_FLOAT8, T_FLOAT8, subtract_loose8_loop, 2,
           DIFFERENCE_TEXT, NULL, NULL),

    BINARY(152, "int2mul", "*", T_INT2, T_INT2, T_INT2, multiply_int2_loop, 1, PRODUCT_TEXT, NULL,
           NULL),
    BINARY(141, "int4mul", "*", T_INT4, T_INT4, T_INT4, multiply_int4_loop, 1, PRODUCT_TEXT,
           "2 * 3", "6"),
    BINARY(465, "int8mul", "*", T_INT8, T_INT8, T_INT8, multiply_int8_loop, 1, PRODUCT_TEXT, NULL,
           NULL),
    BINARY(95004, "longmul", "*", T_INT8, T_INT8, T_INT8, multiply_wrapping_loop, 2, PRODUCT_TEXT,
           NULL, NULL),
    BINARY(202, "float4mul", "*", T_FLOAT4, T_FLOAT4, T_FLOAT4, multiply_float4_loop, 1,
           PRODUCT_TEXT, NULL, NULL),
    BINARY(216, "float8mul", "*", T_FLOAT8, T_FLOAT8, T_FLOAT8, multiply_float8_loop, 1,
           PRODUCT_TEXT, NULL, NULL),
    BINARY(279, "float48mul", "*", T_FLOAT4, T_FLOAT8, T_FLOAT8, multiply_float48_loop, 1,
           PRODUCT_TEXT, NULL, NULL),
    BINARY(283, "float84mul", "*", T_FLOAT8, T_FLOAT4, T_FLOAT8, multiply_float84_loop, 1,
           PRODUCT_TEXT, NULL, NULL),
    BINARY(95005, "doublemul", "*", T_FLOAT8, T_FLOAT8, T_FLOAT8, multiply_loose8_loop, 2,
           PRODUCT_TEXT, NULL, NULL),

    BINARY(153, "int2div", "/", T_INT2, T_INT2, T_INT2, divide_int2_loop, 1, QUOTIENT_TEXT, NULL,
           NULL),
    BINARY(154, "int4div", "/", T_INT4, T_INT4, T_INT4, divide_int4_loop, 1, QUOTIENT_TEXT,
           "7 / 2", "3"),
    BINARY(466, "int8div", "/", T_INT8, T_INT8, T_INT8, divide_int8_loop, 1, QUOTIENT_TEXT, NULL,
           NULL),
    BINARY(95006, "longdiv", "/", T_INT8, T_INT8, T_INT8, divide_wrapping_loop, 2, QUOTIENT_TEXT,
           NULL, NULL),
    BINARY(203, "float4div", "/", T_FLOAT4, T_FLOAT4, T_FLOAT4, divide_float4_loop, 1,
           QUOTIENT_TEXT, NULL, NULL),
    BINARY(217, "float8div", "/", T_FLOAT8, T_FLOAT8, T_FLOAT8, divide_float8_loop, 1,
           QUOTIENT_TEXT, NULL, NULL),
    BINARY(280, "float48div", "/", T_FLOAT4, T_FLOAT8, T_FLOAT8, divide_float48_loop, 1,
           QUOTIENT_TEXT, NULL, NULL),
    BINARY(284, "float84div", "/", T_FLOAT8, T_FLOAT4, T_FLOAT8, divide_float84_loop, 1,
           QUOTIENT_TEXT, NULL, NULL),
    BINARY(95007, "doublediv", "/", T_FLOAT8, T_FLOAT8, T_FLOAT8, divide_loose8_loop, 2,
           QUOTIENT_TEXT, NULL, NULL),

    MODULO(940, "int2mod", T_INT2),
    MODULO(941, "int4mod", T_INT4),
    MODULO(947, "int8mod", T_INT8),
    { .oid = 95008, .name = "mod", .symbol = "%", .argument_count = 2,
      .arguments = { T_FLOAT8, T_FLOAT8 }, .result = T_FLOAT8, .run = run_loop,
      .loop = modulo_loose8_loop, .dialect = 2, .summary = REST_TEXT },

    UNARY(213, "int2um", "-", T_INT2, FUNCTION_OPERATOR_ONLY, negate_int2_loop, 1,
          "Negation.", NULL, NULL),
    UNARY(212, "int4um", "-", T_INT4, FUNCTION_OPERATOR_ONLY, negate_int4_loop, 1,
          "Negation.", "-(3)", "-3"),
    UNARY(462, "int8um", "-", T_INT8, FUNCTION_OPERATOR_ONLY, negate_int8_loop, 1,
          "Negation.", NULL, NULL),
    UNARY(95009, "longum", "-", T_INT8, FUNCTION_OPERATOR_ONLY, negate_wrapping_loop, 2,
          "Negation.", NULL, NULL),
    UNARY(206, "float4um", "-", T_FLOAT4, FUNCTION_OPERATOR_ONLY, negate_float4_loop, 0,
          "Negation.", NULL, NULL),
    UNARY(220, "float8um", "-", T_FLOAT8, FUNCTION_OPERATOR_ONLY, negate_float8_loop, 0,
          "Negation.", NULL, NULL),
    UNARY(1911, "int2up", "+", T_INT2, FUNCTION_OPERATOR_ONLY, keep_int8_loop, 0, "The number.",
          NULL, NULL),
    UNARY(1912, "int4up", "+", T_INT4, FUNCTION_OPERATOR_ONLY, keep_int8_loop, 0, "The number.",
          "+3", "3"),
    UNARY(1910, "int8up", "+", T_INT8, FUNCTION_OPERATOR_ONLY, keep_int8_loop, 0, "The number.",
          NULL, NULL),
    UNARY(1913, "float4up", "+", T_FLOAT4, FUNCTION_OPERATOR_ONLY, keep_float4_loop, 0,
          "The number.", NULL, NULL),
    UNARY(1914, "float8up", "+", T_FLOAT8, FUNCTION_OPERATOR_ONLY, keep_float8_loop, 0,
          "The number.", NULL, NULL),

    UNARY(1398, "abs", "@", T_INT2, FUNCTION_PLAIN, absolute_int2_loop, 1, "Absolute value.",
          NULL, NULL),
    UNARY(1397, "abs", "@", T_INT4, FUNCTION_PLAIN, absolute_int4_loop, 1, "Absolute value.",
          "abs(-3)", "3"),
    UNARY(1396, "abs", "@", T_INT8, FUNCTION_PLAIN, absolute_int8_loop, 1, "Absolute value.",
          NULL, NULL),
    UNARY(95010, "abs", "@", T_INT8, FUNCTION_PLAIN, absolute_wrapping_loop, 2,
          "Absolute value.", NULL, NULL),
    UNARY(1394, "abs", "@", T_FLOAT4, FUNCTION_PLAIN, absolute_float4_loop, 0,
          "Absolute value.", NULL, NULL),
    UNARY(1395, "abs", "@", T_FLOAT8, FUNCTION_PLAIN, absolute_float8_loop, 0,
          "Absolute value.", NULL, NULL),
};

const uint32_t arithmetic_function_count =
    sizeof arithmetic_functions / sizeof arithmetic_functions[0];

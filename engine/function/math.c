/*
 * Mathematical functions of doubles, rounding, and the few of integers.
 *
 * Where PostgreSQL reports values outside a function's domain, Druid gives NaN or an infinity:
 * such functions have a row for each dialect. Rounding is half away from zero in both, and
 * decimal: 1.005 rounded to two digits is 1.01, as its shortest text suggests.
 */
#include "base/os/os.h"
#include "engine/function/kernel.h"
#include "engine/function/rows_internal.h"
#include "engine/type/decimal.h"

#include <math.h>
#include <stdio.h>

#define RANGE(failed) ((failed) ? FAULT_NUMERIC_VALUE_OUT_OF_RANGE : FAULT_NONE)
#define PI 3.141592653589793

/* --- plain functions of one double --- */

#define PLAIN(name, expression)                                                                    \
    static inline FaultCode name##_plain(double x, double *result)                                 \
    {                                                                                              \
        *result = (expression);                                                                    \
        return FAULT_NONE;                                                                         \
    }                                                                                              \
    UNARY_LOOP(name##_loop, name##_plain, double, double)

PLAIN(ceil, ceil(x))
PLAIN(floor, floor(x))
PLAIN(truncate, trunc(x))
PLAIN(round, round(x))
PLAIN(sign, (x > 0) - (x < 0))
PLAIN(cube_root, cbrt(x))
PLAIN(square_root, sqrt(x))
PLAIN(exponential, exp(x))
PLAIN(logarithm, log(x))
PLAIN(logarithm10, log10(x))
PLAIN(sine, sin(x))
PLAIN(cosine, cos(x))
PLAIN(tangent, tan(x))
PLAIN(cotangent, 1 / tan(x))
PLAIN(arc_sine, asin(x))
PLAIN(arc_cosine, acos(x))
PLAIN(arc_tangent, atan(x))
PLAIN(hyperbolic_sine, sinh(x))
PLAIN(hyperbolic_cosine, cosh(x))
PLAIN(hyperbolic_tangent, tanh(x))
PLAIN(area_sine, asinh(x))
PLAIN(area_cosine, acosh(x))
PLAIN(area_tangent, atanh(x))
PLAIN(degrees, x * (180 / PI))
PLAIN(radians, x * (PI / 180))

/* --- the same with PostgreSQL's checks --- */

#define CHECKED(name, expression, failure)                                                         \
    static inline FaultCode name##_checked(double x, double *result)                               \
    {                                                                                              \
        *result = (expression);                                                                    \
        return (failure);                                                                          \
    }                                                                                              \
    UNARY_LOOP(name##_checked_loop, name##_checked, double, double)

#define POWER_FAULT(failed) ((failed) ? FAULT_INVALID_ARGUMENT_FOR_POWER : FAULT_NONE)
#define LOG_FAULT(failed) ((failed) ? FAULT_INVALID_ARGUMENT_FOR_LOGARITHM : FAULT_NONE)
CHECKED(square_root, sqrt(x), POWER_FAULT(x < 0))
CHECKED(exponential, exp(x), RANGE((isinf(*result) && !isinf(x)) || (*result == 0 && !isinf(x))))
CHECKED(logarithm, log(x), LOG_FAULT(x <= 0))
CHECKED(logarithm10, log10(x), LOG_FAULT(x <= 0))
CHECKED(sine, sin(x), RANGE(isinf(x)))
CHECKED(cosine, cos(x), RANGE(isinf(x)))
CHECKED(tangent, tan(x), RANGE(isinf(x)))
CHECKED(arc_sine, asin(x), RANGE(x < -1 || x > 1))
CHECKED(arc_cosine, acos(x), RANGE(x < -1 || x > 1))
CHECKED(area_cosine, acosh(x), RANGE(x < 1))
CHECKED(area_tangent, atanh(x), RANGE(x < -1 || x > 1))

/* --- two doubles --- */

static inline FaultCode power_plain(double x, double y, double *result)
{
    *result = pow(x, y);
    return FAULT_NONE;
}

static inline FaultCode power_checked(double x, double y, double *result)
{
    *result = pow(x, y);
    if ((x == 0 && y < 0) || (x < 0 && isfinite(y) && y != floor(y)))
        return FAULT_INVALID_ARGUMENT_FOR_POWER;
    bool is_finite = !isinf(x) && !isinf(y);
    return RANGE(is_finite && (isinf(*result) || (*result == 0 && x != 0)));
}

static inline FaultCode arc_tangent2(double y, double x, double *result)
{
    *result = atan2(y, x);
    return FAULT_NONE;
}

BINARY_LOOP(power_loop, power_plain, double, double, double)
BINARY_LOOP(power_checked_loop, power_checked, double, double, double)
BINARY_LOOP(arc_tangent2_loop, arc_tangent2, double, double, double)

/* --- rounding to digits --- */

enum { MOST_DIGITS = 18 };

/* By the shortest decimal text, which is what a user sees and expects to be rounded. */
static double round_by_text(double x, int digits, bool rounds)
{
    Int128 whole;
    if (digits >= 0) {
        if (!decimal_from_double(x, digits, &whole))
            return x;
        if (!rounds) {
            Int128 finer;
            if (!decimal_from_double(x, digits + 1, &finer))
                return x;
            whole = finer / 10;
        }
        return decimal_to_double(whole, digits);
    }
    double unit = pow(10, -digits);
    double scaled = x / unit;
    return (rounds ? round(scaled) : trunc(scaled)) * unit;
}

static inline double cut_double(double x, int64_t digits, bool rounds)
{
    static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                  1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    if (!isfinite(x) || digits > MOST_DIGITS)
        return x;
    if (digits < 0 || fabs(x) >= 1e15)
        return digits < -308 ? 0 : fabs(x) >= 1e15 && digits >= 0
                                       ? x : round_by_text(x, (int)digits, rounds);
    double scaled = fabs(x) * tens[digits];
    double fraction = scaled - floor(scaled);
    double edge = rounds ? fabs(fraction - 0.5) : fmin(fraction, 1 - fraction);
    /* Near the place where rounding turns, the product's own rounding must not decide. */
    if (scaled >= 4e15 || edge < 1e-3 + scaled * 1e-15)
        return round_by_text(x, (int)digits, rounds);
    double whole = rounds ? floor(scaled + 0.5) : floor(scaled);
    return copysign(whole / tens[digits], x);
}

static inline FaultCode round_digits(double x, int64_t digits, double *result)
{
    *result = cut_double(x, digits, true);
    return FAULT_NONE;
}

static inline FaultCode truncate_digits(double x, int64_t digits, double *result)
{
    *result = cut_double(x, digits, false);
    return FAULT_NONE;
}

static inline FaultCode cut_integer(int64_t x, int64_t digits, bool rounds, int64_t *result)
{
    *result = x;
    if (digits >= 0)
        return FAULT_NONE;
    if (digits < -18)
        return *result = 0, FAULT_NONE;
    int64_t unit = (int64_t)decimal_power10((int)-digits);
    int64_t rest = x % unit, whole = x - rest;
    if (rounds && 2 * (Int128)(rest < 0 ? -rest : rest) >= unit)
        return RANGE(__builtin_add_overflow(whole, rest < 0 ? -unit : unit, result));
    *result = whole;
    return FAULT_NONE;
}

static inline FaultCode round_integer(int64_t x, int64_t digits, int64_t *result)
{
    return cut_integer(x, digits, true, result);
}

static inline FaultCode truncate_integer(int64_t x, int64_t digits, int64_t *result)
{
    return cut_integer(x, digits, false, result);
}

static inline FaultCode keep_integer(int64_t x, int64_t *result)
{
    *result = x;
    return FAULT_NONE;
}

BINARY_LOOP(round_digits_loop, round_digits, double, int64_t, double)
BINARY_LOOP(truncate_digits_loop, truncate_digits, double, int64_t, double)
BINARY_LOOP(round_integer_loop, round_integer, int64_t, int64_t, int64_t)
BINARY_LOOP(truncate_integer_loop, truncate_integer, int64_t, int64_t, int64_t)
UNARY_LOOP(keep_integer_loop, keep_integer, int64_t, int64_t)

/* --- integers --- */

static inline FaultCode integer_quotient(int64_t a, int64_t b, int64_t *quotient)
{
    if (b == 0)
        return *quotient = 0, FAULT_DIVISION_BY_ZERO;
    *quotient = b == -1 ? (int64_t)-(uint64_t)a : a / b;
    return FAULT_NONE;
}

static inline uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static inline uint64_t magnitude(int64_t a)
{
    return a < 0 ? -(uint64_t)a : (uint64_t)a;
}

static inline FaultCode common_divisor(int64_t a, int64_t b, int64_t *result)
{
    uint64_t divisor = greatest_divisor(magnitude(a), magnitude(b));
    *result = (int64_t)divisor;
    return RANGE(divisor > INT64_MAX);
}

static inline FaultCode common_multiple(int64_t a, int64_t b, int64_t *result)
{
    *result = 0;
    if (a == 0 || b == 0)
        return FAULT_NONE;
    uint64_t divisor = greatest_divisor(magnitude(a), magnitude(b)), product;
    bool is_over = __builtin_mul_overflow(magnitude(a) / divisor, magnitude(b), &product);
    *result = (int64_t)product;
    return RANGE(is_over || product > INT64_MAX);
}

static inline FaultCode common_divisor4(int64_t a, int64_t b, int64_t *result)
{
    FaultCode code = common_divisor(a, b, result);
    return *result > INT32_MAX ? FAULT_NUMERIC_VALUE_OUT_OF_RANGE : code;
}

static inline FaultCode common_multiple4(int64_t a, int64_t b, int64_t *result)
{
    FaultCode code = common_multiple(a, b, result);
    return *result > INT32_MAX ? FAULT_NUMERIC_VALUE_OUT_OF_RANGE : code;
}

BINARY_LOOP(integer_quotient_loop, integer_quotient, int64_t, int64_t, int64_t)
BINARY_LOOP(common_divisor_loop, common_divisor, int64_t, int64_t, int64_t)
BINARY_LOOP(common_multiple_loop, common_multiple, int64_t, int64_t, int64_t)
BINARY_LOOP(common_divisor4_loop, common_divisor4, int64_t, int64_t, int64_t)
BINARY_LOOP(common_multiple4_loop, common_multiple4, int64_t, int64_t, int64_t)

/* --- SAFE_DIVIDE: NULL for a divisor of zero --- */

static inline bool safe_divide_integer(RowRun *run, uint32_t row, int64_t *result,
                                       uint8_t *is_null)
{
    int64_t b = row_int64(run, 1, row);
    *is_null = b == 0;
    integer_quotient(row_int64(run, 0, row), b, result);
    return true;
}
ROW_LOOP(safe_divide_integer_loop, safe_divide_integer, int64_t)

static inline bool safe_divide_double(RowRun *run, uint32_t row, double *result, uint8_t *is_null)
{
    double b = row_float64(run, 1, row);
    *is_null = b == 0;
    *result = b == 0 ? 0 : row_float64(run, 0, row) / b;
    return true;
}
ROW_LOOP(safe_divide_double_loop, safe_divide_double, double)

/* --- sizes for people --- */

/* The value in units of 1024 or 1000 with `precision` digits. */
static bool format_size(RowRun *run, uint32_t row, Text *result, const char *const *units,
                        double step, bool rounds)
{
    int64_t value = row_int64(run, 0, row);
    int64_t precision = run->call->argument_count > 1 ? row_int64(run, 1, row) : 2;
    if (precision < 0 || precision > 3)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "precision must be between 0 and 3, is %lld", (long long)precision);
    char *out = text_sink_reserve(&run->sink, 64);
    double size = fabs((double)value), scaled = size;
    int unit = 0;
    while (scaled >= step && unit < 6) {
        scaled /= step;
        unit++;
    }
    int length;
    if (unit == 0) {
        length = snprintf(out, 64, "%lld%s%s", (long long)value, units[0][0] != '\0' ? " " : "",
                          units[0]);
    } else {
        /* Decimal units are counted in whole thousandths of the unit. */
        if (!rounds)
            scaled = floor(scaled * 1000) / 1000;
        length = snprintf(out, 64, "%s%.*f %s", value < 0 ? "-" : "", (int)precision, scaled,
                          units[unit]);
    }
    *result = text_sink_take(&run->sink, (size_t)length);
    return true;
}

static const char *const binary_units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
static const char *const decimal_units[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
static const char *const plain_units[] = {"", "K", "M", "G", "T", "P", "E"};

static inline bool binary_bytes(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return format_size(run, row, result, binary_units, 1024, true);
}
ROW_LOOP(binary_bytes_loop, binary_bytes, Text)

static inline bool decimal_bytes(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return format_size(run, row, result, decimal_units, 1000, false);
}
ROW_LOOP(decimal_bytes_loop, decimal_bytes, Text)

static inline bool decimal_number(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return format_size(run, row, result, plain_units, 1000, false);
}
ROW_LOOP(decimal_number_loop, decimal_number, Text)

/* --- without arguments --- */

static bool run_pi(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                   const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    double pi = PI;
    *result = vector_constant(arena, LAYOUT_FLOAT64, rows, &pi);
    return true;
}

/* xorshift64*, seeded once a process (Vigna, "An experimental exploration of Marsaglia's
 * xorshift generators, scrambled"). */
static uint64_t next_random(void)
{
    static uint64_t state;
    while (state == 0)
        os_random(&state, sizeof state);
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(2685821657736338717);
}

static bool run_random(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                       const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    double *values = arena_alloc_vector(arena, rows * sizeof *values);
    for (uint32_t i = 0; i < rows; i++)
        values[i] = (double)(next_random() >> 11) * 0x1p-53;
    *result = vector_flat(LAYOUT_FLOAT64, rows, values, NULL);
    return true;
}

/* --- rows --- */

#define ONE(id, function, also, sign_text, stamped, which, kept, text, sample, result_text)        \
    { .oid = id, .name = function, .aliases = also, .symbol = sign_text, .argument_count = 1,      \
      .arguments = { T_FLOAT8 }, .result = T_FLOAT8, .run = run_loop, .loop = stamped,             \
      .dialect = which, .order = kept, .summary = text, .example = sample, .gives = result_text }
#define BOTH(id, function, also, sign_text, base, kept, text, sample, result_text)                 \
    ONE(id, function, also, sign_text, base##_checked_loop, 1, kept, text, sample, result_text),   \
    ONE(96000 + (id) % 1000, function, also, sign_text, base##_loop, 2, kept, text, NULL, NULL)
#define TWO(id, function, also, sign_text, stamped, which, text, sample, result_text)              \
    { .oid = id, .name = function, .aliases = also, .symbol = sign_text, .argument_count = 2,      \
      .arguments = { T_FLOAT8, T_FLOAT8 }, .result = T_FLOAT8, .run = run_loop, .loop = stamped,   \
      .dialect = which, .summary = text, .example = sample, .gives = result_text }
#define DIGITS(id, function, also, type, stamped, which, text, sample, result_text)                \
    { .oid = id, .name = function, .aliases = also, .argument_count = 2,                           \
      .arguments = { type, T_INT4 }, .result = type, .run = run_loop, .loop = stamped,             \
      .dialect = which, .summary = text, .example = sample, .gives = result_text }
#define WHOLE(id, function, also)                                                                  \
    { .oid = id, .name = function, .aliases = also, .argument_count = 1,                           \
      .arguments = { T_INT8 }, .result = T_INT8, .run = run_loop, .loop = keep_integer_loop,       \
      .dialect = 2, .order = ORDER_KEPT, .summary = "The number." }
#define INTEGERS(id, function, type, stamped, which, text, sample, result_text)                    \
    { .oid = id, .name = function, .argument_count = 2, .arguments = { type, type },               \
      .result = type, .run = run_loop, .loop = stamped, .dialect = which, .summary = text,         \
      .example = sample, .gives = result_text }
#define SIZE(id, function, stamped, text, sample, result_text)                                     \
    { .oid = id, .name = function, .argument_count = 2, .optional_count = 1,                       \
      .arguments = { T_INT8, T_INT8 }, .result = T_TEXT, .run = run_rows, .loop = stamped,         \
      .summary = text, .example = sample, .gives = result_text }

const ScalarFunction math_functions[] = {
    ONE(2308, "ceil", "ceiling", NULL, ceil_loop, 0, ORDER_KEPT,
        "Smallest whole number that is not less.", NULL, NULL),
    ONE(2309, "floor", NULL, NULL, floor_loop, 0, ORDER_KEPT,
        "Largest whole number that is not greater.", NULL, NULL),
    ONE(1342, "round", NULL, NULL, round_loop, 0, ORDER_KEPT,
        "Nearest whole number, halves away from zero.", NULL, NULL),
    ONE(1343, "trunc", "truncate", NULL, truncate_loop, 0, ORDER_KEPT, "Without the fraction.",
        NULL, NULL),
    DIGITS(95100, "round", NULL, T_FLOAT8, round_digits_loop, 0,
           "Rounded to so many digits after the point, halves away from zero.",
           "round(1234.567::float8, 2)", "1234.57"),
    DIGITS(95101, "trunc", "truncate", T_FLOAT8, truncate_digits_loop, 0,
           "Cut to so many digits after the point.", "trunc(-1.28::float8, 1)", "-1.2"),
    DIGITS(95102, "round", NULL, T_INT8, round_integer_loop, 2,
           "Rounded to so many digits before the point.", NULL, NULL),
    DIGITS(95103, "trunc", "truncate", T_INT8, truncate_integer_loop, 2,
           "Cut to so many digits before the point.", NULL, NULL),
    WHOLE(95104, "ceil", "ceiling"),
    WHOLE(95105, "floor", NULL),
    WHOLE(95106, "round", NULL),
    WHOLE(95107, "trunc", "truncate"),
    ONE(2310, "sign", NULL, NULL, sign_loop, 0, ORDER_KEPT, "-1, 0 or 1.", NULL, NULL),
    ONE(1345, "cbrt", NULL, "||/", cube_root_loop, 0, ORDER_KEPT, "Cube root.", "cbrt(64)", "4"),
    BOTH(1344, "sqrt", NULL, "|/", square_root, ORDER_KEPT, "Square root.", "sqrt(9)", "3"),
    BOTH(1347, "exp", NULL, NULL, exponential, ORDER_KEPT, "e to this power.", "exp(0)", "1"),
    BOTH(1341, "ln", NULL, NULL, logarithm, ORDER_KEPT, "Natural logarithm.", "ln(1)", "0"),
    BOTH(1194, "log10", "log", NULL, logarithm10, ORDER_KEPT, "Logarithm to base 10.",
         "log10(1000)", "3"),
    BOTH(1604, "sin", NULL, NULL, sine, ORDER_UNKNOWN, "Sine, in radians.", "sin(0)", "0"),
    BOTH(1605, "cos", NULL, NULL, cosine, ORDER_UNKNOWN, "Cosine, in radians.", "cos(0)", "1"),
    BOTH(1606, "tan", NULL, NULL, tangent, ORDER_UNKNOWN, "Tangent, in radians.", "tan(0)", "0"),
    ONE(1607, "cot", NULL, NULL, cotangent_loop, 0, ORDER_UNKNOWN, "Cotangent, in radians.",
        "cot(1)", "0.6420926159343306"),
    BOTH(1600, "asin", NULL, NULL, arc_sine, ORDER_KEPT, "Inverse sine.", "asin(0)", "0"),
    BOTH(1601, "acos", NULL, NULL, arc_cosine, ORDER_UNKNOWN, "Inverse cosine.", "acos(0)",
         "1.5707963267948966"),
    ONE(1602, "atan", NULL, NULL, arc_tangent_loop, 0, ORDER_KEPT, "Inverse tangent.", "atan(0)",
        "0"),
    TWO(1603, "atan2", NULL, NULL, arc_tangent2_loop, 0, "Angle of the point (x, y).",
        "atan2(1, -1)", "2.356194490192345"),
    ONE(2462, "sinh", NULL, NULL, hyperbolic_sine_loop, 0, ORDER_KEPT, "Hyperbolic sine.",
        "sinh(0)", "0"),
    ONE(2463, "cosh", NULL, NULL, hyperbolic_cosine_loop, 0, ORDER_UNKNOWN, "Hyperbolic cosine.",
        "cosh(0)", "1"),
    ONE(2464, "tanh", NULL, NULL, hyperbolic_tangent_loop, 0, ORDER_KEPT, "Hyperbolic tangent.",
        "tanh(0)", "0"),
    ONE(2465, "asinh", NULL, NULL, area_sine_loop, 0, ORDER_KEPT, "Inverse hyperbolic sine.",
        "asinh(0)", "0"),
    BOTH(2466, "acosh", NULL, NULL, area_cosine, ORDER_KEPT, "Inverse hyperbolic cosine.",
         "acosh(1)", "0"),
    BOTH(2467, "atanh", NULL, NULL, area_tangent, ORDER_KEPT, "Inverse hyperbolic tangent.",
         "atanh(0)", "0"),
    ONE(1608, "degrees", NULL, NULL, degrees_loop, 0, ORDER_KEPT, "Radians to degrees.",
        "degrees(pi())", "180"),
    ONE(1609, "radians", NULL, NULL, radians_loop, 0, ORDER_KEPT, "Degrees to radians.",
        "radians(180)", "3.141592653589793"),
    TWO(1368, "power", "pow,dpow", "^", power_checked_loop, 1, "The first to the second power.",
        "power(2, 10)", "1024"),
    TWO(96368, "power", "pow", "^", power_loop, 2, "The first to the second power.", NULL, NULL),
    { .oid = 1610, .name = "pi", .result = T_FLOAT8, .run = run_pi,
      .summary = "The ratio of a circle's circumference to its diameter.", .example = "pi()",
      .gives = "3.141592653589793" },
    { .oid = 1598, .name = "random", .result = T_FLOAT8, .run = run_random,
      .volatility = VOLATILE, .summary = "A random number from 0 up to but not 1." },
    INTEGERS(95108, "div", T_INT8, integer_quotient_loop, 2, "Quotient, truncated toward zero.",
             NULL, NULL),
    INTEGERS(5044, "gcd", T_INT4, common_divisor4_loop, 0, "Greatest common divisor.",
             "gcd(1071, 462)", "21"),
    INTEGERS(5045, "gcd", T_INT8, common_divisor_loop, 0, "Greatest common divisor.", NULL, NULL),
    INTEGERS(5046, "lcm", T_INT4, common_multiple4_loop, 0, "Least common multiple.",
             "lcm(1071, 462)", "23562"),
    INTEGERS(5047, "lcm", T_INT8, common_multiple_loop, 0, "Least common multiple.", NULL, NULL),
    { .oid = 95110, .name = "safe_divide", .argument_count = 2, .arguments = { T_INT8, T_INT8 },
      .result = T_INT8, .run = run_rows, .loop = safe_divide_integer_loop,
      .summary = "Quotient, or NULL when the divisor is zero.", .example = "safe_divide(7, 2)", .gives = "3" },
    { .oid = 95115, .name = "safe_divide", .argument_count = 2, .arguments = { T_INT4, T_INT4 },
      .result = T_INT4, .run = run_rows, .loop = safe_divide_integer_loop,
      .summary = "Quotient, or NULL when the divisor is zero." },
    { .oid = 95111, .name = "safe_divide", .argument_count = 2,
      .arguments = { T_FLOAT8, T_FLOAT8 }, .result = T_FLOAT8, .run = run_rows,
      .loop = safe_divide_double_loop, .summary = "Quotient, or NULL when the divisor is zero." },
    SIZE(95112, "human_readable_binary_byte_format", binary_bytes_loop,
         "A number of bytes in KiB, MiB and so on.", "human_readable_binary_byte_format(1048576)",
         "1.00 MiB"),
    SIZE(95113, "human_readable_decimal_byte_format", decimal_bytes_loop,
         "A number of bytes in KB, MB and so on.", "human_readable_decimal_byte_format(1000000)",
         "1.00 MB"),
    SIZE(95114, "human_readable_decimal_format", decimal_number_loop,
         "A number in K, M and so on.", "human_readable_decimal_format(1500000)", "1.50 M"),
};

const uint32_t math_function_count = sizeof math_functions / sizeof math_functions[0];

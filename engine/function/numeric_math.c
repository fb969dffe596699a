/*
 * Functions of numeric that PostgreSQL computes in decimals: roots, powers, logarithms, common
 * divisors, scales, buckets.
 *
 * Transcendental functions go through the processor's 80-bit floats: 18 digits are right, and 16
 * significant ones are shown, as many as PostgreSQL promises. Whole powers are multiplied out.
 * The dialect druid computes these in doubles (math.c).
 */
#include "engine/function/kernel.h"
#include "engine/function/rows_internal.h"
#include "engine/type/decimal.h"

#include <math.h>

#define RANGE(failed) ((failed) ? FAULT_NUMERIC_VALUE_OUT_OF_RANGE : FAULT_NONE)

enum { POWER_SCALE = 16 };

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int scale_of(SqlType type)
{
    return type.oid == T_NUMERIC ? type_scale(type) : 0;
}

static int least_of(const SqlType *arguments, uint32_t count)
{
    int least = 0;
    for (uint32_t i = 0; i < count; i++)
        if (arguments[i].oid == T_NUMERIC)
            least = larger(least, type_numeric_least(arguments[i]));
    return least;
}

static long double to_long_double(Int128 value, int scale)
{
    if (decimal_is_special(value))
        return decimal_to_double(value, scale);
    return (long double)value / (long double)decimal_power10(scale);
}

/* What is not finite is an overflow, unless an argument was so. Rounded to the digits that the type
 * shows; whole part and fraction apart, to lose none. */
static FaultCode from_long_double(long double value, bool is_special, SqlType type,
                                  Int128 *result)
{
    int scale = type_scale(type);
    *result = 0;
    if (!isfinite(value) && is_special)
        return RANGE(!decimal_from_double((double)value, scale, result));
    if (!isfinite(value) || fabsl(value) >= 1e37L)
        return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    long double whole = truncl(value);
    long double unit = (long double)decimal_power10(scale);
    Int128 high;
    if (__builtin_mul_overflow((Int128)whole, decimal_power10(scale), &high))
        return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    *result = high + (Int128)roundl((value - whole) * unit);
    return RANGE(!decimal_fits(*result) || !decimal_round_shown(type, result));
}

static SqlType shown_type(NumericDigits digits, const SqlType *arguments, uint32_t count)
{
    int least = least_of(arguments, count);
    return type_numeric_shown(digits, larger(NUMERIC_SIGNIFICANT_SCALE, least), least);
}

/* --- of one number --- */

static SqlType type_of_root(const SqlType *arguments, uint32_t count)
{
    return shown_type(DIGITS_ROOT, arguments, count);
}

static SqlType type_of_exponential(const SqlType *arguments, uint32_t count)
{
    return shown_type(DIGITS_EXPONENTIAL, arguments, count);
}

static SqlType type_of_logarithm(const SqlType *arguments, uint32_t count)
{
    return shown_type(DIGITS_LOGARITHM, arguments, count);
}

static SqlType type_of_logarithm10(const SqlType *arguments, uint32_t count)
{
    return shown_type(DIGITS_LOGARITHM10, arguments, count);
}

static inline FaultCode square_root(const ScalarCall *call, Int128 a, Int128 *result)
{
    *result = 0;
    if (a < 0)
        return FAULT_INVALID_ARGUMENT_FOR_POWER;
    return from_long_double(sqrtl(to_long_double(a, scale_of(call->argument_types[0]))),
                            decimal_is_special(a), call->result_type, result);
}

static inline FaultCode exponential(const ScalarCall *call, Int128 a, Int128 *result)
{
    return from_long_double(expl(to_long_double(a, scale_of(call->argument_types[0]))),
                            decimal_is_special(a), call->result_type, result);
}

static inline FaultCode natural_logarithm(const ScalarCall *call, Int128 a, Int128 *result)
{
    *result = 0;
    if (a <= 0)
        return FAULT_INVALID_ARGUMENT_FOR_LOGARITHM;
    return from_long_double(logl(to_long_double(a, scale_of(call->argument_types[0]))),
                            decimal_is_special(a), call->result_type, result);
}

static inline FaultCode decimal_logarithm(const ScalarCall *call, Int128 a, Int128 *result)
{
    *result = 0;
    if (a <= 0)
        return FAULT_INVALID_ARGUMENT_FOR_LOGARITHM;
    return from_long_double(log10l(to_long_double(a, scale_of(call->argument_types[0]))),
                            decimal_is_special(a), call->result_type, result);
}

UNARY_CALL_LOOP(square_root_loop, square_root, Int128, Int128)
UNARY_CALL_LOOP(exponential_loop, exponential, Int128, Int128)
UNARY_CALL_LOOP(natural_logarithm_loop, natural_logarithm, Int128, Int128)
UNARY_CALL_LOOP(decimal_logarithm_loop, decimal_logarithm, Int128, Int128)

/* --- of two --- */

static inline FaultCode logarithm_to_base(const ScalarCall *call, Int128 base, Int128 a,
                                          Int128 *result)
{
    *result = 0;
    if (a <= 0 || base <= 0)
        return FAULT_INVALID_ARGUMENT_FOR_LOGARITHM;
    long double divisor = logl(to_long_double(base, scale_of(call->argument_types[0])));
    if (divisor == 0)
        return FAULT_DIVISION_BY_ZERO;
    long double number = to_long_double(a, scale_of(call->argument_types[1]));
    return from_long_double(logl(number) / divisor,
                            decimal_is_special(a) || decimal_is_special(base), call->result_type,
                            result);
}

static SqlType type_of_power(const SqlType *arguments, uint32_t count)
{
    int least = least_of(arguments, count);
    if (scale_of(arguments[1]) == 0)
        return type_numeric_derived(larger(POWER_SCALE, least));
    return shown_type(DIGITS_EXPONENTIAL, arguments, count);
}

/* Multiplied out with as many digits behind the point as 38 allow. False: floats must do. */
static bool whole_power(Int128 base, int scale, int64_t exponent, int result_scale, Int128 *result)
{
    if (exponent < 0 || exponent > 4096)
        return false;
    long double size = powl(fabsl(to_long_double(base, scale)), (long double)exponent);
    long double most = fabsl(to_long_double(base, scale));
    most = size > most ? size : most;
    int whole = most < 1 ? 1 : (int)log10l(most) + 2, working = NUMERIC_MAX_DIGITS - 1 - whole;
    if (!isfinite(size) || working < result_scale)
        return false;
    Int128 product, factor;
    if (!decimal_rescale(base, scale, working, &factor))
        return false;
    product = decimal_power10(working);
    for (int64_t i = 0; i < exponent; i++)
        if (!decimal_multiply(product, factor, working, &product))
            return false;
    return decimal_rescale(product, working, result_scale, result);
}

static inline FaultCode power_numeric(const ScalarCall *call, Int128 a, Int128 b, Int128 *result)
{
    int scale_a = scale_of(call->argument_types[0]), scale_b = scale_of(call->argument_types[1]);
    Int128 unit = decimal_power10(scale_b);
    *result = 0;
    if (decimal_is_special(a) || decimal_is_special(b))
        return from_long_double(powl(to_long_double(a, scale_a), to_long_double(b, scale_b)), true,
                                call->result_type, result);
    if ((a == 0 && b < 0) || (a < 0 && b % unit != 0))
        return FAULT_INVALID_ARGUMENT_FOR_POWER;
    bool is_whole = b % unit == 0 && b / unit == (int64_t)(b / unit);
    if (is_whole && whole_power(a, scale_a, (int64_t)(b / unit), type_scale(call->result_type),
                                result))
        return FAULT_NONE;
    long double power = powl(to_long_double(a, scale_a), to_long_double(b, scale_b));
    return from_long_double(power, false, call->result_type, result);
}

BINARY_CALL_LOOP(logarithm_to_base_loop, logarithm_to_base, Int128, Int128, Int128)
BINARY_CALL_LOOP(power_numeric_loop, power_numeric, Int128, Int128, Int128)

/* --- divisors --- */

static SqlType common_scale(const SqlType *arguments, uint32_t count)
{
    return type_numeric_derived(larger(scale_of(arguments[0]), scale_of(arguments[1])));
}

static UInt128 magnitude_at(Int128 value, int from, int to, bool *fits)
{
    Int128 wide = 0;
    *fits = *fits && decimal_rescale(value, from, to, &wide);
    return wide < 0 ? -(UInt128)wide : (UInt128)wide;
}

static FaultCode common_divisor(const ScalarCall *call, Int128 a, Int128 b, bool is_multiple,
                                Int128 *result)
{
    int scale = type_scale(call->result_type);
    bool fits = true;
    UInt128 x = magnitude_at(a, scale_of(call->argument_types[0]), scale, &fits);
    UInt128 y = magnitude_at(b, scale_of(call->argument_types[1]), scale, &fits);
    UInt128 left = x, right = y;
    *result = NUMERIC_NAN;
    if (decimal_is_special(a) || decimal_is_special(b))
        return FAULT_NONE;
    *result = 0;
    if (!fits)
        return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    while (y != 0) {
        UInt128 rest = x % y;
        x = y;
        y = rest;
    }
    UInt128 value = x;
    if (is_multiple && x != 0 && __builtin_mul_overflow(left / x, right, &value))
        return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    *result = (Int128)value;
    return RANGE(!decimal_fits(*result) || *result < 0);
}

static inline FaultCode greatest_divisor(const ScalarCall *call, Int128 a, Int128 b,
                                         Int128 *result)
{
    return common_divisor(call, a, b, false, result);
}

static inline FaultCode least_multiple(const ScalarCall *call, Int128 a, Int128 b, Int128 *result)
{
    return common_divisor(call, a, b, true, result);
}

BINARY_CALL_LOOP(greatest_divisor_loop, greatest_divisor, Int128, Int128, Int128)
BINARY_CALL_LOOP(least_multiple_loop, least_multiple, Int128, Int128, Int128)

/* --- factorial --- */

static SqlType whole_type(const SqlType *arguments, uint32_t count)
{
    return type_numeric_derived(0);
}

static bool factorial_run(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                          const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_INT128, rows);
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(&arguments[0], i) || (active != NULL && !active[i])) {
            vector_builder_null(&builder);
            continue;
        }
        int64_t number = VECTOR_DATA(int64_t, &arguments[0])[vector_row(&arguments[0], i)];
        if (number < 0)
            return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                             "factorial of a negative number is undefined");
        if (number > 33)
            return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                             "value overflows numeric format");
        Int128 product = 1;
        for (int64_t n = 2; n <= number; n++)
            product *= n;
        vector_builder_int128(&builder, product);
    }
    *result = vector_builder_finish(&builder);
    return true;
}

/* --- scales --- */

static inline FaultCode shown_scale(const ScalarCall *call, Int128 a, int64_t *result)
{
    *result = decimal_shown_scale(call->argument_types[0], a);
    return FAULT_NONE;
}

static inline FaultCode least_scale(const ScalarCall *call, Int128 a, int64_t *result)
{
    SqlType type = call->argument_types[0];
    *result = decimal_shown_scale(type_numeric_shown(DIGITS_TRIMMED, type_scale(type), 0), a);
    return FAULT_NONE;
}

static SqlType type_trimmed(const SqlType *arguments, uint32_t count)
{
    return type_numeric_shown(DIGITS_TRIMMED, scale_of(arguments[0]), 0);
}

static inline FaultCode keep_value(const ScalarCall *call, Int128 a, Int128 *result)
{
    (void)call;
    *result = a;
    return FAULT_NONE;
}

UNARY_CALL_LOOP(shown_scale_loop, shown_scale, Int128, int64_t)
UNARY_CALL_LOOP(least_scale_loop, least_scale, Int128, int64_t)
UNARY_CALL_LOOP(keep_value_loop, keep_value, Int128, Int128)

/* --- width_bucket --- */

static bool check_buckets(int64_t count, bool is_empty, Fault *fault)
{
    if (count <= 0)
        return fault_set(fault, FAULT_INVALID_ARGUMENT_FOR_WIDTH_BUCKET,
                         "count must be greater than zero");
    return !is_empty || fault_set(fault, FAULT_INVALID_ARGUMENT_FOR_WIDTH_BUCKET,
                                  "lower bound cannot equal upper bound");
}

static bool check_bounds(bool is_nan, bool is_infinite, Fault *fault)
{
    if (is_nan)
        return fault_set(fault, FAULT_INVALID_ARGUMENT_FOR_WIDTH_BUCKET,
                         "operand, lower bound, and upper bound cannot be NaN");
    return !is_infinite || fault_set(fault, FAULT_INVALID_ARGUMENT_FOR_WIDTH_BUCKET,
                                     "lower and upper bounds must be finite");
}

/* The bucket behind the last. */
static bool bucket_behind(int64_t count, int64_t *result, Fault *fault)
{
    *result = count + 1;
    return count < INT32_MAX ||
           fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range");
}

static bool width_bucket_float_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    double x = row_float64(run, 0, row), low = row_float64(run, 1, row);
    double high = row_float64(run, 2, row);
    int64_t count = row_int64(run, 3, row);
    *result = 0;
    if (!check_bounds(isnan(x) || isnan(low) || isnan(high), isinf(low) || isinf(high), run->fault))
        return false;
    if (!check_buckets(count, low == high, run->fault))
        return false;
    bool is_before = low < high ? x < low : x > low, is_after = low < high ? x >= high : x <= high;
    if (is_before)
        *result = 0;
    else if (is_after)
        return bucket_behind(count, result, run->fault);
    else if (isinf(high - low)) /* halves, whose differences do not overflow */
        *result = (int64_t)((double)count * ((x / 2 - low / 2) / (high / 2 - low / 2))) + 1;
    else
        *result = (int64_t)((double)count * ((x - low) / (high - low))) + 1;
    return true;
}

static Int128 row_int128(const RowRun *run, uint32_t argument, uint32_t row)
{
    const Vector *vector = &run->arguments[argument];
    return VECTOR_DATA(Int128, vector)[vector_row(vector, row)];
}

static bool width_bucket_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Int128 values[3];
    int scale = 0;
    int64_t count = row_int64(run, 3, row);
    *result = 0;
    Int128 operand = row_int128(run, 0, row), first = row_int128(run, 1, row), last = row_int128(run, 2, row);
    bool is_nan = operand == NUMERIC_NAN || first == NUMERIC_NAN || last == NUMERIC_NAN;
    if (!check_bounds(is_nan, decimal_is_special(first) || decimal_is_special(last), run->fault))
        return false;
    for (int i = 0; i < 3; i++)
        scale = larger(scale, scale_of(run->call->argument_types[i]));
    for (uint32_t i = 0; i < 3; i++)
        if (!decimal_rescale(row_int128(run, i, row), scale_of(run->call->argument_types[i]),
                             scale, &values[i]))
            return fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                             "value overflows numeric format");
    Int128 x = values[0], low = values[1], high = values[2];
    if (!check_buckets(count, low == high, run->fault))
        return false;
    bool is_before = low < high ? x < low : x > low, is_after = low < high ? x >= high : x <= high;
    Int128 above, width, product;
    if (is_before)
        *result = 0;
    else if (is_after)
        return bucket_behind(count, result, run->fault);
    else if (!__builtin_sub_overflow(x, low, &above) && !__builtin_sub_overflow(high, low, &width) &&
             !__builtin_mul_overflow(above, (Int128)count, &product))
        *result = (int64_t)(product / width) + 1;
    else
        *result = (int64_t)(((long double)x - (long double)low) /
                            ((long double)high - (long double)low) * count) + 1;
    return true;
}

/* In which of the ranges between sorted thresholds a value is. */
static bool width_bucket_array_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    const Vector *array = &run->arguments[1];
    ArrayValue range = row_array(run, 1, row);
    uint32_t low = 0, high = range.count;
    *result = 0;
    if (array_shape_of(range).dimensions > 1)
        return fault_set(run->fault, FAULT_ARRAY_SUBSCRIPT_ERROR,
                         "thresholds must be one-dimensional array");
    for (uint32_t i = 0; i < range.count; i++)
        if (vector_is_null(array->elements, range.offset + i))
            return fault_set(run->fault, FAULT_NULL_VALUE_NOT_ALLOWED,
                             "thresholds array must not contain NULLs");
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (vector_rows_compare(&run->arguments[0], row, array->elements, range.offset + middle) <
            0)
            high = middle;
        else
            low = middle + 1;
    }
    *result = low;
    return true;
}

ROW_LOOP(width_bucket_float_loop, width_bucket_float_row, int64_t)
ROW_LOOP(width_bucket_loop, width_bucket_row, int64_t)
ROW_LOOP(width_bucket_array_loop, width_bucket_array_row, int64_t)

#define NUMBER(id, function, count, stamped, typing, sign_text, text, sample, result_text)         \
    { .oid = id, .name = function, .symbol = sign_text, .argument_count = count,                   \
      .arguments = { T_NUMERIC, count == 2 ? T_NUMERIC : T_NONE }, .result = T_NUMERIC,            \
      .run = run_loop, .loop = stamped, .result_of = typing, .dialect = 1, .summary = text,        \
      .example = sample, .gives = result_text }
#define SCALE(id, function, type, stamped, typing, text, sample, result_text)                      \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { T_NUMERIC },                \
      .result = type, .run = run_loop, .loop = stamped, .result_of = typing, .summary = text,      \
      .example = sample, .gives = result_text }

const ScalarFunction numeric_math_functions[] = {
    NUMBER(1730, "sqrt", 1, square_root_loop, type_of_root, NULL, "Square root.", "sqrt(2.0)",
           "1.414213562373095"),
    NUMBER(1732, "exp", 1, exponential_loop, type_of_exponential, NULL, "e to this power.",
           "exp(1.0)", "2.7182818284590452"),
    NUMBER(1734, "ln", 1, natural_logarithm_loop, type_of_logarithm, NULL, "Natural logarithm.",
           "ln(2.0)", "0.6931471805599453"),
    NUMBER(1741, "log", 1, decimal_logarithm_loop, type_of_logarithm10, NULL,
           "Logarithm to base 10.", "log(100.0)", "2.0000000000000000"),
    NUMBER(1481, "log10", 1, decimal_logarithm_loop, type_of_logarithm10, NULL,
           "Logarithm to base 10.", "log10(1000.0)", "3.0000000000000000"),
    NUMBER(1736, "log", 2, logarithm_to_base_loop, type_of_logarithm, NULL,
           "Logarithm of the second number to the first as base.", "log(2.0, 64.0)",
           "6.0000000000000000"),
    NUMBER(2169, "power", 2, power_numeric_loop, type_of_power, "^",
           "The first to the second power.", "power(2.5, 2)", "6.2500000000000000"),
    NUMBER(91070, "pow", 2, power_numeric_loop, type_of_power, NULL,
           "The first to the second power.", "pow(2.5, 2)", "6.2500000000000000"),
    NUMBER(5048, "gcd", 2, greatest_divisor_loop, common_scale, NULL, "Greatest common divisor.",
           "gcd(12.5, 2.5)", "2.5"),
    NUMBER(5049, "lcm", 2, least_multiple_loop, common_scale, NULL, "Least common multiple.",
           "lcm(12.5, 2.5)", "12.5"),
    { .oid = 1376, .name = "factorial", .argument_count = 1, .arguments = { T_INT8 },
      .result = T_NUMERIC, .run = factorial_run, .result_of = whole_type,
      .summary = "The product of the numbers from 1 to this.", .example = "factorial(5)",
      .gives = "120" },
    SCALE(3281, "scale", T_INT4, shown_scale_loop, NULL, "Digits after the point.",
          "scale(8.4100)", "4"),
    SCALE(5042, "min_scale", T_INT4, least_scale_loop, NULL,
          "Digits after the point that are needed.", "min_scale(8.4100)", "2"),
    SCALE(5043, "trim_scale", T_NUMERIC, keep_value_loop, type_trimmed,
          "Without trailing zeros after the point.", "trim_scale(8.4100)", "8.41"),
    { .oid = 320, .name = "width_bucket", .argument_count = 4,
      .arguments = { T_FLOAT8, T_FLOAT8, T_FLOAT8, T_INT4 }, .result = T_INT4, .run = run_rows,
      .loop = (void *)width_bucket_float_loop,
      .summary = "Number of the bucket, of so many of one width between two bounds.",
      .example = "width_bucket(5.35::float8, 0.024, 10.06, 5)", .gives = "3" },
    { .oid = 2170, .name = "width_bucket", .argument_count = 4,
      .arguments = { T_NUMERIC, T_NUMERIC, T_NUMERIC, T_INT4 }, .result = T_INT4,
      .run = run_rows, .loop = (void *)width_bucket_loop,
      .summary = "Number of the bucket, of so many of one width between two bounds.",
      .example = "width_bucket(5.35, 0.024, 10.06, 5)", .gives = "3" },
    { .oid = 3218, .name = "width_bucket", .argument_count = 2,
      .arguments = { T_ANYELEMENT, T_ANYARRAY }, .result = T_INT4, .run = run_rows,
      .loop = (void *)width_bucket_array_loop,
      .summary = "Number of the range, between sorted thresholds, that a value is in.",
      .example = "width_bucket(35, ARRAY[10, 20, 30, 40])", .gives = "3" },
};
const uint32_t numeric_math_function_count =
    sizeof numeric_math_functions / sizeof numeric_math_functions[0];

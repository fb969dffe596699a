/*
 * Trigonometry in degrees. Angles that are multiples of 15 give the values that people expect:
 * sind(30) is exactly 0.5. As in PostgreSQL, sines and cosines are computed in the first 30 or
 * 60 degrees only, and divided by what the same formula gives for 30 and 60.
 */
#include "engine/function/kernel.h"

#include <math.h>

#define PI 3.141592653589793
#define RANGE(failed) ((failed) ? FAULT_NUMERIC_VALUE_OUT_OF_RANGE : FAULT_NONE)

static double to_radians(double degrees)
{
    return degrees * (PI / 180);
}

/* The sine of 0 .. 30 degrees, the cosine of 0 .. 60. */
static double small_sine(double x)
{
    return sin(to_radians(x)) / sin(to_radians(30)) / 2;
}

static double small_cosine(double x)
{
    return 1 - (1 - cos(to_radians(x))) / (1 - cos(to_radians(60))) / 2;
}

static double quadrant_sine(double x) /* 0 .. 90 */
{
    return x <= 30 ? small_sine(x) : small_cosine(90 - x);
}

static double quadrant_cosine(double x)
{
    return x <= 60 ? small_cosine(x) : small_sine(90 - x);
}

/* Into 0 .. 360, then mirrored into 0 .. 90; the signs of sine and cosine there. */
static double first_quadrant(double x, int *sine_sign, int *cosine_sign)
{
    *sine_sign = *cosine_sign = 1;
    x = fmod(x, 360);
    if (x < 0) {
        x = -x;
        *sine_sign = -*sine_sign;
    }
    if (x > 180) {
        x = 360 - x;
        *sine_sign = -*sine_sign;
    }
    if (x > 90) {
        x = 180 - x;
        *cosine_sign = -*cosine_sign;
    }
    return x;
}

static inline FaultCode sine_degrees(double x, double *result)
{
    int sine_sign, cosine_sign;
    *result = x;
    if (isnan(x) || isinf(x))
        return RANGE(isinf(x));
    x = first_quadrant(x, &sine_sign, &cosine_sign);
    *result = sine_sign * quadrant_sine(x);
    return FAULT_NONE;
}

static inline FaultCode cosine_degrees(double x, double *result)
{
    int sine_sign, cosine_sign;
    *result = x;
    if (isnan(x) || isinf(x))
        return RANGE(isinf(x));
    x = first_quadrant(x, &sine_sign, &cosine_sign);
    *result = cosine_sign * quadrant_cosine(x);
    return FAULT_NONE;
}

/* Never -0, so that an infinity has the sign that one expects. */
static inline FaultCode tangent_degrees(double x, double *result)
{
    int sine_sign, cosine_sign;
    *result = x;
    if (isnan(x) || isinf(x))
        return RANGE(isinf(x));
    x = first_quadrant(x, &sine_sign, &cosine_sign);
    double unit = quadrant_sine(45) / quadrant_cosine(45);
    double tangent = quadrant_sine(x) / quadrant_cosine(x) / unit;
    *result = sine_sign * cosine_sign * tangent;
    *result = *result == 0 ? 0 : *result;
    return FAULT_NONE;
}

static inline FaultCode cotangent_degrees(double x, double *result)
{
    int sine_sign, cosine_sign;
    *result = x;
    if (isnan(x) || isinf(x))
        return RANGE(isinf(x));
    x = first_quadrant(x, &sine_sign, &cosine_sign);
    double unit = quadrant_cosine(45) / quadrant_sine(45);
    double cotangent = quadrant_cosine(x) / quadrant_sine(x) / unit;
    *result = sine_sign * cosine_sign * cotangent;
    *result = *result == 0 ? 0 : *result;
    return FAULT_NONE;
}

static double quadrant_arc_sine(double x) /* 0 .. 1 */
{
    return x <= 0.5 ? asin(x) / asin(0.5) * 30 : 90 - acos(x) / acos(0.5) * 60;
}

static double quadrant_arc_cosine(double x)
{
    return x <= 0.5 ? 90 - asin(x) / asin(0.5) * 30 : acos(x) / acos(0.5) * 60;
}

static inline FaultCode arc_sine_degrees(double x, double *result)
{
    *result = x >= 0 ? quadrant_arc_sine(x) : -quadrant_arc_sine(-x);
    return RANGE(x < -1 || x > 1);
}

static inline FaultCode arc_cosine_degrees(double x, double *result)
{
    *result = x >= 0 ? quadrant_arc_cosine(x) : 90 + quadrant_arc_sine(-x);
    return RANGE(x < -1 || x > 1);
}

static inline FaultCode arc_tangent_degrees(double x, double *result)
{
    *result = atan(x) / atan(1.0) * 45;
    return FAULT_NONE;
}

static inline FaultCode arc_tangent2_degrees(double y, double x, double *result)
{
    *result = atan2(y, x) / atan(1.0) * 45;
    return FAULT_NONE;
}

UNARY_LOOP(sine_degrees_loop, sine_degrees, double, double)
UNARY_LOOP(cosine_degrees_loop, cosine_degrees, double, double)
UNARY_LOOP(tangent_degrees_loop, tangent_degrees, double, double)
UNARY_LOOP(cotangent_degrees_loop, cotangent_degrees, double, double)
UNARY_LOOP(arc_sine_degrees_loop, arc_sine_degrees, double, double)
UNARY_LOOP(arc_cosine_degrees_loop, arc_cosine_degrees, double, double)
UNARY_LOOP(arc_tangent_degrees_loop, arc_tangent_degrees, double, double)
BINARY_LOOP(arc_tangent2_degrees_loop, arc_tangent2_degrees, double, double, double)

#define DEGREES(id, function, count, stamped, text, sample, result_text)                           \
    { .oid = id, .name = function, .argument_count = count,                                        \
      .arguments = { T_FLOAT8, count == 2 ? T_FLOAT8 : T_NONE }, .result = T_FLOAT8,               \
      .run = run_loop, .loop = stamped, .summary = text, .example = sample, .gives = result_text }

const ScalarFunction math_degrees_functions[] = {
    DEGREES(2735, "sind", 1, sine_degrees_loop, "Sine, in degrees.", "sind(30)", "0.5"),
    DEGREES(2736, "cosd", 1, cosine_degrees_loop, "Cosine, in degrees.", "cosd(60)", "0.5"),
    DEGREES(2737, "tand", 1, tangent_degrees_loop, "Tangent, in degrees.", "tand(45)", "1"),
    DEGREES(2738, "cotd", 1, cotangent_degrees_loop, "Cotangent, in degrees.", "cotd(45)", "1"),
    DEGREES(2731, "asind", 1, arc_sine_degrees_loop, "Inverse sine, in degrees.", "asind(0.5)",
            "30"),
    DEGREES(2732, "acosd", 1, arc_cosine_degrees_loop, "Inverse cosine, in degrees.",
            "acosd(0.5)", "60"),
    DEGREES(2733, "atand", 1, arc_tangent_degrees_loop, "Inverse tangent, in degrees.",
            "atand(1)", "45"),
    DEGREES(2734, "atan2d", 2, arc_tangent2_degrees_loop,
            "Angle of the point (x, y), in degrees.", "atan2d(1, 1)", "45"),
};
const uint32_t math_degrees_function_count =
    sizeof math_degrees_functions / sizeof math_degrees_functions[0];

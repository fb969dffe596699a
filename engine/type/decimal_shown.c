/*
 * How many digits of a numeric are shown. PostgreSQL gives quotients, roots and the like at
 * least 16 significant digits: it chooses the digits behind the point by the size of the result,
 * estimated before it is computed (src/backend/utils/adt/numeric.c, select_div_scale and after).
 * Here the same follows from the result itself, so that a value needs no scale of its own.
 */
#include "engine/type/decimal.h"

#include "base/log/log.h"

#include <math.h>

enum { LEAST_SIGNIFICANT = 16, GROUP = 4 };

static UInt128 magnitude_of(Int128 value)
{
    return value < 0 ? -(UInt128)value : (UInt128)value;
}

/* floor(log10(magnitude)); 0 for 0. */
static int last_power(UInt128 magnitude)
{
    int power = 0;
    while (power < NUMERIC_MAX_DIGITS && magnitude >= (UInt128)decimal_power10(power + 1))
        power++;
    return power;
}

static int floor_divide(int a, int b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

static int trimmed_scale(UInt128 magnitude, int scale, int least)
{
    while (scale > least && magnitude % 10 == 0) {
        magnitude /= 10;
        scale--;
    }
    return scale;
}

/* In groups of four digits. A quotient of exactly 1, 10,000, .. comes from operands that begin
 * with the same digits: PostgreSQL then expects it to be smaller. */
static int quotient_scale(UInt128 magnitude, int scale)
{
    int power = last_power(magnitude), weight = floor_divide(power - scale, GROUP);
    if (magnitude == 0)
        weight = -1;
    else if (power - scale == weight * GROUP && magnitude == (UInt128)decimal_power10(power))
        weight--;
    return LEAST_SIGNIFICANT - weight * GROUP;
}

/* The first group of four digits of a magnitude, counted from the point, and its place. */
static uint32_t first_group(UInt128 magnitude, int scale, int *weight)
{
    int power = last_power(magnitude);
    *weight = magnitude == 0 ? 0 : floor_divide(power - scale, GROUP);
    int digits = power - scale - *weight * GROUP + 1, behind = power - (digits - 1);
    if (magnitude == 0)
        return 0;
    return behind >= 0 ? (uint32_t)(magnitude / (UInt128)decimal_power10(behind))
                       : (uint32_t)(magnitude * (UInt128)decimal_power10(-behind));
}

int decimal_quotient_scale(Int128 a, int scale_a, Int128 b, int scale_b)
{
    int weight_a, weight_b;
    uint32_t first_a = first_group(magnitude_of(a), scale_a, &weight_a);
    uint32_t first_b = first_group(magnitude_of(b), scale_b, &weight_b);
    int weight = weight_a - weight_b - (first_a <= first_b);
    int scale = LEAST_SIGNIFICANT - weight * GROUP;
    return scale < 0 ? 0 : scale;
}

/* A quotient whose operands begin with the same digits has a group more; it is seen where the
 * digits there are not zeros. */
static int widened_quotient(UInt128 magnitude, int scale, int shown)
{
    if (shown < 0 || shown >= scale)
        return shown;
    return magnitude % (UInt128)decimal_power10(scale - shown) == 0 ? shown : shown + GROUP;
}

/* The operand, the root's square, decides. */
static int root_scale(UInt128 magnitude, int scale)
{
    if (magnitude == 0)
        return LEAST_SIGNIFICANT - 1;
    double power = 2 * (log10((double)magnitude) - scale);
    int weight = floor_divide((int)floor(power + 1e-12), GROUP);
    return LEAST_SIGNIFICANT - ((weight + 1) * GROUP / 2 - 1);
}

static int logarithm_scale(UInt128 magnitude, int scale, double unit)
{
    if (magnitude == 0)
        return LEAST_SIGNIFICANT;
    double size = (double)magnitude / pow(10, scale) * unit, power = log10(size);
    return LEAST_SIGNIFICANT - (int)(size < 0.0953 ? floor(power) : power);
}

int decimal_shown_scale(SqlType numeric, Int128 value)
{
    int scale = type_scale(numeric), least = type_numeric_least(numeric), shown = scale;
    UInt128 magnitude = magnitude_of(value);
    if (decimal_is_special(value))
        return scale;
    switch (type_numeric_digits(numeric)) {
    case DIGITS_ALL:
        return scale;
    case DIGITS_TRIMMED:
        return trimmed_scale(magnitude, scale, least);
    case DIGITS_ZERO:
        return magnitude == 0 ? least : scale;
    case DIGITS_TWO:
        return magnitude % (UInt128)decimal_power10(scale - least) == 0 ? least : scale;
    case DIGITS_MIXED:
        shown = trimmed_scale(magnitude, scale, 0);
        shown = shown == 0
                    ? 0
                    : widened_quotient(magnitude, scale, quotient_scale(magnitude, scale));
        break;
    case DIGITS_QUOTIENT:
        shown = widened_quotient(magnitude, scale, quotient_scale(magnitude, scale));
        break;
    case DIGITS_ROOT:
        shown = root_scale(magnitude, scale);
        break;
    case DIGITS_EXPONENTIAL:
        shown = LEAST_SIGNIFICANT - (magnitude == 0 ? 0 : (int)(log10((double)magnitude) - scale));
        break;
    case DIGITS_LOGARITHM:
        shown = logarithm_scale(magnitude, scale, 1);
        break;
    case DIGITS_LOGARITHM10:
        shown = logarithm_scale(magnitude, scale, M_LN10);
        break;
    }
    shown = shown < least ? least : shown;
    return shown > scale ? scale : shown;
}

bool decimal_round_shown(SqlType numeric, Int128 *value)
{
    int scale = type_scale(numeric), shown = decimal_shown_scale(numeric, *value);
    Int128 rounded;
    if (shown == scale)
        return true;
    if (!decimal_rescale(*value, scale, shown, &rounded))
        return false;
    return decimal_rescale(rounded, shown, scale, value);
}

uint32_t decimal_format_shown(SqlType type, Int128 value, char *out)
{
    int scale = type_scale(type), shown = decimal_shown_scale(type, value);
    if (shown < scale)
        value /= decimal_power10(scale - shown);
    return decimal_format(value, shown, false, out);
}

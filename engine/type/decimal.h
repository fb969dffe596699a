/*
 * Decimals: values of numeric as 128-bit integers that the type's scale divides. A value has at
 * most 38 digits; everything that would need more is refused, never cut. NaN and the infinities are
 * the outermost integers, whatever the scale, so that values are ordered and equal as they lie.
 *
 * Products and quotients go through 256 bits, so that only results can overflow.
 */
#ifndef TALARIA_ENGINE_TYPE_DECIMAL_H
#define TALARIA_ENGINE_TYPE_DECIMAL_H

#include "engine/type/type.h"

typedef __int128 Int128;
typedef unsigned __int128 UInt128;

/* The scale of numeric without a modifier, whose values come from texts or doubles of any
 * scale: 22 digits before the point remain. Its text form leaves out trailing zeros. */
enum { NUMERIC_PLAIN_SCALE = 16, DECIMAL_TEXT_SIZE = 48 };

/* Precision of numeric(p, s), 0 when it has none. */
int type_numeric_precision(SqlType numeric);

/* How many digits of a value of this type are shown after the point. */
int decimal_shown_scale(SqlType numeric, Int128 value);
/* Rounded to that many digits, kept at the type's scale. */
bool decimal_round_shown(SqlType numeric, Int128 *value);

/* 22003 "numeric field overflow" when the value has more digits than numeric(p, s) allows. */
bool type_check_numeric(SqlType type, Int128 value, Fault *fault);

Int128 decimal_power10(int exponent); /* 0 .. 38 */

/* Whether a value has at most 38 digits. */
static inline bool decimal_fits(Int128 value)
{
    /* 10^38 in two halves: C has no literal of that width. */
    const UInt128 limit = (UInt128)UINT64_C(5421010862427522170) << 64 |
                          UINT64_C(687399551400673280);
    UInt128 magnitude = value < 0 ? -(UInt128)value : (UInt128)value;
    return magnitude < limit;
}

#define NUMERIC_NAN ((Int128)(~(UInt128)0 >> 1))
#define NUMERIC_INFINITY (NUMERIC_NAN - 1)
#define NUMERIC_MINUS_INFINITY (-NUMERIC_INFINITY)

static inline bool decimal_is_special(Int128 value)
{
    return value >= NUMERIC_INFINITY || value <= NUMERIC_MINUS_INFINITY;
}

/* What sums of values that are not finite come to: bits of those met, and what they give. */
enum { MET_NAN = 1, MET_INFINITY = 2, MET_MINUS_INFINITY = 4 };
static inline unsigned decimal_special_bit(Int128 value)
{
    return !decimal_is_special(value)  ? 0
           : value == NUMERIC_NAN      ? MET_NAN
           : value == NUMERIC_INFINITY ? MET_INFINITY
                                       : MET_MINUS_INFINITY;
}
Int128 decimal_special_sum(unsigned bits);
/* Whether a vector of numerics has such a value. */
bool decimal_has_specials(const Vector *numerics, uint32_t rows);

/* From one scale to another, rounding half away from zero; NaN and infinities stay. False: too
 * many digits. */
bool decimal_rescale(Int128 value, int from, int to, Int128 *result);
/* a * b / 10^drop, rounded half away from zero. */
bool decimal_multiply(Int128 a, Int128 b, int drop, Int128 *result);
/* a * 10^shift / b, rounded half away from zero; b is not 0, shift 0 .. 38. */
bool decimal_divide(Int128 a, Int128 b, int shift, Int128 *result);
/* -1, 0, 1: values of different scales. */
int decimal_compare(Int128 a, int scale_a, Int128 b, int scale_b);

/* How many digits PostgreSQL gives a / b behind the point, before those that the operands have
 * themselves (select_div_scale of numeric.c): 16 significant ones, judged by the operands' first
 * groups of four digits. */
int decimal_quotient_scale(Int128 a, int scale_a, Int128 b, int scale_b);

double decimal_to_double(Int128 value, int scale);
/* The nearest decimal of that scale (to the double's shortest text, so that 0.1 is 0.1); what is
 * not finite stays so. False: too large. */
bool decimal_from_double(double value, int scale, Int128 *result);
/* Rounded half away from zero to a whole number; false: beyond 64 bits. */
bool decimal_to_int64(Int128 value, int scale, int64_t *result);

/*
 * Reads [+-]digits[.digits][e[+-]digits] with blanks around. `*scale` -1 asks for the text's own
 * scale and receives it; else the value is rounded to it. Faults: 22P02, 22003.
 */
bool decimal_parse(Text text, int *scale, Int128 *value, Fault *fault);
/* Writes the text form and returns its length (at most DECIMAL_TEXT_SIZE); `trim` leaves out
 * trailing zeros of the fraction. */
uint32_t decimal_format(Int128 value, int scale, bool trim, char *out);
/* The same with the digits that a type shows. */
uint32_t decimal_format_shown(SqlType type, Int128 value, char *out);

#endif

/*
 * Arithmetic and text form of decimals. 256-bit intermediate results are two 128-bit halves;
 * the division of such by 128 bits is the schoolbook's, bit by bit: it runs only when a result
 * needs more than 38 digits on the way.
 */
#include "engine/type/decimal.h"

#include "base/log/log.h"
#include "engine/type/type_internal.h"

#include <math.h>
#include <stdlib.h>

#define TEN19 ((UInt128)UINT64_C(10000000000000000000))

Int128 decimal_power10(int exponent)
{
    static const uint64_t small[] = {
        UINT64_C(1), UINT64_C(10), UINT64_C(100), UINT64_C(1000), UINT64_C(10000),
        UINT64_C(100000), UINT64_C(1000000), UINT64_C(10000000), UINT64_C(100000000),
        UINT64_C(1000000000), UINT64_C(10000000000), UINT64_C(100000000000),
        UINT64_C(1000000000000), UINT64_C(10000000000000), UINT64_C(100000000000000),
        UINT64_C(1000000000000000), UINT64_C(10000000000000000), UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000), UINT64_C(10000000000000000000)};
    check(exponent >= 0 && exponent <= NUMERIC_MAX_DIGITS);
    if (exponent <= 19)
        return (Int128)small[exponent];
    return (Int128)(TEN19 * small[exponent - 19]);
}

static inline UInt128 magnitude_of(Int128 value)
{
    return value < 0 ? -(UInt128)value : (UInt128)value;
}

static inline bool with_sign(UInt128 magnitude, bool is_negative, Int128 *result)
{
    *result = is_negative ? (Int128)-magnitude : (Int128)magnitude;
    return magnitude < TEN19 * TEN19;
}

/* --- NaN and infinities --- */

Int128 decimal_special_sum(unsigned bits)
{
    bool is_nan = (bits & MET_NAN) != 0 ||
                  (bits & (MET_INFINITY | MET_MINUS_INFINITY)) ==
                      (MET_INFINITY | MET_MINUS_INFINITY);
    return is_nan ? NUMERIC_NAN
           : (bits & MET_INFINITY) != 0 ? NUMERIC_INFINITY
                                            : NUMERIC_MINUS_INFINITY;
}

bool decimal_has_specials(const Vector *numerics, uint32_t rows)
{
    const Int128 *values = numerics->data;
    uint32_t count = numerics->form == VECTOR_CONSTANT && rows > 0 ? 1 : rows, found = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t high = (int64_t)(values[i] >> 64);
        found |= (high == INT64_MAX) | (high == INT64_MIN);
    }
    if (found == 0)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (decimal_is_special(values[i]) && !vector_is_null(numerics, i))
            return true;
    return false;
}

static bool special_from_word(Text word, Int128 *value)
{
    static const struct {
        const char *word;
        int sign; /* 0: NaN */
    } words[] = {{"nan", 0},       {"infinity", 1},   {"inf", 1},  {"+infinity", 1},
                 {"+inf", 1},      {"-infinity", -1}, {"-inf", -1}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!text_is_word(word, words[i].word))
            continue;
        *value = words[i].sign == 0 ? NUMERIC_NAN : words[i].sign * NUMERIC_INFINITY;
        return true;
    }
    return false;
}

static uint32_t special_format(Int128 value, char *out)
{
    const char *word = value == NUMERIC_NAN        ? "NaN"
                       : value == NUMERIC_INFINITY ? "Infinity"
                                                   : "-Infinity";
    memcpy(out, word, strlen(word));
    return (uint32_t)strlen(word);
}

/* --- 256 bits --- */

static void multiply_wide(UInt128 a, UInt128 b, UInt128 *high, UInt128 *low)
{
    uint64_t a0 = (uint64_t)a, a1 = (uint64_t)(a >> 64);
    uint64_t b0 = (uint64_t)b, b1 = (uint64_t)(b >> 64);
    UInt128 p00 = (UInt128)a0 * b0, p01 = (UInt128)a0 * b1;
    UInt128 p10 = (UInt128)a1 * b0, p11 = (UInt128)a1 * b1;
    UInt128 middle = (p00 >> 64) + (uint64_t)p01 + (uint64_t)p10;
    *low = (middle << 64) | (uint64_t)p00;
    *high = p11 + (p01 >> 64) + (p10 >> 64) + (middle >> 64);
}

/* Quotient of 256 by 128 bits, high < divisor; rounded half up. */
static UInt128 divide_wide(UInt128 high, UInt128 low, UInt128 divisor)
{
    UInt128 remainder = high, quotient = 0;
    for (int bit = 127; bit >= 0; bit--) {
        bool carry = (remainder >> 127) != 0;
        remainder = (remainder << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if (carry || remainder >= divisor) {
            remainder -= divisor;
            quotient |= 1;
        }
    }
    return quotient + (remainder >= divisor - remainder);
}

static UInt128 divide_rounded(UInt128 value, UInt128 divisor)
{
    if ((value >> 64) == 0 && (divisor >> 64) == 0) {
        uint64_t v = (uint64_t)value, d = (uint64_t)divisor;
        return v / d + (v % d >= d - v % d);
    }
    UInt128 remainder = value % divisor;
    return value / divisor + (remainder >= divisor - remainder);
}

/* a * b / divisor, rounded half up; false when it does not fit. */
static bool multiply_divide(UInt128 a, UInt128 b, UInt128 divisor, UInt128 *result)
{
    UInt128 high, low;
    if (!__builtin_mul_overflow(a, b, &low)) {
        *result = divisor == 1 ? low : divide_rounded(low, divisor);
        return true;
    }
    multiply_wide(a, b, &high, &low);
    if (high >= divisor)
        return false;
    *result = divide_wide(high, low, divisor);
    return true;
}

/* --- arithmetic --- */

bool decimal_rescale(Int128 value, int from, int to, Int128 *result)
{
    if (decimal_is_special(value) || from == to) {
        *result = value;
        return decimal_fits(value) || decimal_is_special(value);
    }
    if (to > from) {
        Int128 scaled;
        bool overflow = __builtin_mul_overflow(value, decimal_power10(to - from), &scaled);
        *result = scaled;
        return !overflow && decimal_fits(scaled);
    }
    return with_sign(divide_rounded(magnitude_of(value), (UInt128)decimal_power10(from - to)),
                     value < 0, result);
}

bool decimal_multiply(Int128 a, Int128 b, int drop, Int128 *result)
{
    UInt128 magnitude = 0;
    *result = 0;
    if (!multiply_divide(magnitude_of(a), magnitude_of(b), (UInt128)decimal_power10(drop),
                         &magnitude))
        return false;
    return with_sign(magnitude, (a < 0) != (b < 0), result);
}

bool decimal_divide(Int128 a, Int128 b, int shift, Int128 *result)
{
    UInt128 magnitude = 0;
    *result = 0;
    if (!multiply_divide(magnitude_of(a), (UInt128)decimal_power10(shift), magnitude_of(b),
                         &magnitude))
        return false;
    return with_sign(magnitude, (a < 0) != (b < 0), result);
}

int decimal_compare(Int128 a, int scale_a, Int128 b, int scale_b)
{
    int common = scale_a > scale_b ? scale_a : scale_b;
    Int128 wide_a, wide_b;
    if (decimal_is_special(a) || decimal_is_special(b))
        return (a > b) - (a < b);
    /* A value that does not fit the wider scale is beyond all values that do. */
    if (__builtin_mul_overflow(a, decimal_power10(common - scale_a), &wide_a))
        return a < 0 ? -1 : 1;
    if (__builtin_mul_overflow(b, decimal_power10(common - scale_b), &wide_b))
        return b < 0 ? 1 : -1;
    return (wide_a > wide_b) - (wide_a < wide_b);
}

double decimal_to_double(Int128 value, int scale)
{
    /* Both are exact up to 2^53 and 10^22, so that one division rounds once. */
    if (value > -(INT64_C(1) << 53) && value < (INT64_C(1) << 53) && scale <= 22) {
        static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
        return (double)(int64_t)value / tens[scale];
    }
    if (decimal_is_special(value))
        return value == NUMERIC_NAN ? (double)NAN
               : value > 0          ? (double)INFINITY
                                    : -(double)INFINITY;
    char text[DECIMAL_TEXT_SIZE + 1];
    text[decimal_format(value, scale, false, text)] = '\0';
    return strtod(text, NULL);
}

bool decimal_from_double(double value, int scale, Int128 *result)
{
    *result = 0;
    if (!isfinite(value)) {
        *result = isnan(value) ? NUMERIC_NAN
                  : value > 0  ? NUMERIC_INFINITY
                               : NUMERIC_MINUS_INFINITY;
        return true;
    }
    if (value == (double)(int64_t)(fabs(value) < 1e15 ? value : 0.5))
        return decimal_rescale((int64_t)value, 0, scale, result);
    char text[40];
    uint32_t length = double_format(value, text);
    Fault fault;
    int wanted = scale;
    return decimal_parse((Text){text, length}, &wanted, result, &fault);
}

bool decimal_to_int64(Int128 value, int scale, int64_t *result)
{
    UInt128 magnitude = divide_rounded(magnitude_of(value), (UInt128)decimal_power10(scale));
    Int128 whole = value < 0 ? -(Int128)magnitude : (Int128)magnitude;
    *result = (int64_t)whole;
    return whole >= INT64_MIN && whole <= INT64_MAX;
}

/* --- text --- */

typedef struct Digits {
    char significant[DECIMAL_TEXT_SIZE]; /* without leading zeros */
    int count;
    int point;      /* the value is 0.significant * 10^point */
    int own_scale;  /* digits written after the point, the exponent applied */
    bool is_negative;
    bool is_too_long; /* more digits than are kept; those dropped only matter for rounding */
} Digits;

static bool invalid_numeric(Text text, Fault *fault)
{
    return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, "numeric", text);
}

/* One more digit after those read so far. */
static void add_digit(Digits *digits, char digit, bool after_point)
{
    bool is_leading_zero = digits->count == 0 && digit == '0';
    if (digits->count < (int)sizeof digits->significant) {
        if (!is_leading_zero)
            digits->significant[digits->count++] = digit;
    } else {
        digits->is_too_long = true;
    }
    if (!after_point && !is_leading_zero)
        digits->point++;
    if (after_point && is_leading_zero)
        digits->point--;
    digits->own_scale += after_point;
}

static bool read_exponent(const char **at, const char *end, int *exponent)
{
    const char *p = *at + 1;
    bool is_negative = p < end && *p == '-';
    int value = 0;
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || *p < '0' || *p > '9')
        return false;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (value < 100000)
            value = value * 10 + (*p - '0');
    *exponent = is_negative ? -value : value;
    *at = p;
    return true;
}

static bool read_digits(Text text, Digits *digits)
{
    Text body = parse_trim(text);
    const char *p = body.data, *end = body.data + body.length;
    int seen = 0, exponent = 0;
    *digits = (Digits){0};
    if (p < end && (*p == '-' || *p == '+'))
        digits->is_negative = *p++ == '-';
    for (; p < end && *p >= '0' && *p <= '9'; p++, seen++)
        add_digit(digits, *p, false);
    if (p < end && *p == '.')
        for (p++; p < end && *p >= '0' && *p <= '9'; p++, seen++)
            add_digit(digits, *p, true);
    if (seen == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E') && !read_exponent(&p, end, &exponent))
        return false;
    digits->point += exponent;
    digits->own_scale -= exponent;
    if (digits->own_scale < 0)
        digits->own_scale = 0;
    return p == end;
}

bool decimal_parse(Text text, int *scale, Int128 *value, Fault *fault)
{
    Digits digits;
    *value = 0;
    if (!read_digits(text, &digits)) {
        *scale = *scale < 0 ? 0 : *scale;
        return special_from_word(parse_trim(text), value) || invalid_numeric(text, fault);
    }
    if (*scale < 0)
        *scale = digits.own_scale > NUMERIC_MAX_DIGITS ? NUMERIC_MAX_DIGITS : digits.own_scale;
    if (digits.count == 0)
        return true;
    /* Digits up to that place are kept, the next one rounds. */
    int keep = digits.point + *scale;
    if (keep > NUMERIC_MAX_DIGITS)
        return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                         "value overflows numeric format");
    UInt128 magnitude = 0;
    for (int i = 0; i < keep; i++)
        magnitude = magnitude * 10 + (UInt128)(i < digits.count ? digits.significant[i] - '0' : 0);
    if (keep >= 0 && keep < digits.count && digits.significant[keep] >= '5')
        magnitude++;
    if (!with_sign(magnitude, digits.is_negative, value))
        return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                         "value overflows numeric format");
    return true;
}

uint32_t decimal_format(Int128 value, int scale, bool trim, char *out)
{
    char digits[2 * DECIMAL_TEXT_SIZE];
    UInt128 magnitude = magnitude_of(value);
    if (decimal_is_special(value))
        return special_format(value, out);
    /* At most 39 digits: two halves of 64 bits, so that division is cheap. */
    uint32_t count;
    if (magnitude < TEN19) {
        count = uint64_format((uint64_t)magnitude, digits);
    } else {
        count = decimal_format((Int128)(magnitude / TEN19), 0, false, digits);
        uint64_format_padded((uint64_t)(magnitude % TEN19), 19, digits + count);
        count += 19;
    }
    char *p = out;
    if (value < 0)
        *p++ = '-';
    uint32_t whole = count > (uint32_t)scale ? count - (uint32_t)scale : 0;
    if (whole == 0)
        *p++ = '0';
    memcpy(p, digits, whole);
    p += whole;
    if (scale > 0) {
        char *point = p;
        *p++ = '.';
        for (uint32_t zeros = count < (uint32_t)scale ? (uint32_t)scale - count : 0; zeros > 0;
             zeros--)
            *p++ = '0';
        memcpy(p, digits + whole, count - whole);
        p += count - whole;
        while (trim && p[-1] == '0')
            p--;
        if (trim && p - 1 == point)
            p = point;
    }
    return (uint32_t)(p - out);
}

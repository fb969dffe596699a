/*
 * Floats to the decimal with the fewest digits that reads back as the same float, and back.
 *
 * The search is Schubfach (Raffaello Giulietti, "The Schubfach way to render doubles", 2020): the
 * interval of reals that round to the float, scaled by a power of ten chosen so that it holds at
 * least one and at most a few integers, is tested with 126-bit approximations of those powers.
 * Their table, 617 powers, is computed once from exact integers of 1,280 bits.
 *
 * Floats use the same code with their own bounds: their significands and exponents are a subset.
 *
 * The layout of the digits is PostgreSQL's: 1e+15 from 15 digits before the point on (floats: 6),
 * 1e-05 from five places after it.
 */
#include "engine/type/type_internal.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

/* --- powers of ten: g(k) = floor(10^-k * 2^-r) + 1 with 126 bits --- */
enum { K_MIN = -324, K_MAX = 292, LIMBS = 44 };

typedef struct Power {
    uint64_t high, low; /* 63 bits each */
} Power;

static Power powers[K_MAX - K_MIN + 1];
static pthread_once_t powers_once = PTHREAD_ONCE_INIT;

typedef struct Wide {
    uint32_t limbs[LIMBS]; /* little end first */
} Wide;

static int wide_bits(const Wide *wide)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (wide->limbs[i] != 0)
            return 32 * i + 32 - __builtin_clz(wide->limbs[i]);
    return 0;
}

/* Bits [from, from + 63), zero below bit 0. */
static uint64_t wide_extract(const Wide *wide, int from)
{
    uint64_t value = 0;
    for (int bit = 62; bit >= 0; bit--) {
        int at = from + bit;
        uint32_t set = at < 0 ? 0 : (wide->limbs[at / 32] >> (at % 32)) & 1;
        value = (value << 1) | set;
    }
    return value;
}

static void store_power(int k, const Wide *wide)
{
    int bits = wide_bits(wide);
    Power *power = &powers[k - K_MIN];
    power->high = wide_extract(wide, bits - 63);
    power->low = wide_extract(wide, bits - 126) + 1;
    power->high += power->low >> 63;
    power->low &= UINT64_MAX >> 1;
}

static void make_powers(void)
{
    Wide wide = {.limbs = {1}};
    for (int k = 0; k >= K_MIN; k--) { /* 10^-k, exact */
        store_power(k, &wide);
        uint64_t carry = 0;
        for (int i = 0; i < LIMBS; i++) {
            carry += (uint64_t)wide.limbs[i] * 10;
            wide.limbs[i] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    /* 2^1407 / 10^k: dividing by ten k times and cutting gives the same as dividing once. */
    memset(&wide, 0, sizeof wide);
    wide.limbs[LIMBS - 1] = UINT32_C(1) << 31;
    for (int k = 1; k <= K_MAX; k++) {
        uint64_t remainder = 0;
        for (int i = LIMBS - 1; i >= 0; i--) {
            remainder = (remainder << 32) | wide.limbs[i];
            wide.limbs[i] = (uint32_t)(remainder / 10);
            remainder %= 10;
        }
        store_power(k, &wide);
    }
}

/* floor(log10(2^e)), floor(log10(3/4 * 2^e)), floor(log2(10^e)) in fixed point. */
static inline int log10_of_power2(int e)
{
    return (int)((e * INT64_C(661971961083)) >> 41);
}

static inline int log10_of_three_quarters_power2(int e)
{
    return (int)((e * INT64_C(661971961083) - INT64_C(274743187321)) >> 41);
}

static inline int log2_of_power10(int e)
{
    return (int)((e * INT64_C(913124641741)) >> 38);
}

static inline uint64_t multiply_high(uint64_t a, uint64_t b)
{
    return (uint64_t)(((unsigned __int128)a * b) >> 64);
}

/* g * cp / 2^127 rounded to odd: exact comparisons need no more. */
static inline uint64_t round_to_odd(Power g, uint64_t cp)
{
    uint64_t x1 = multiply_high(g.low, cp);
    uint64_t y0 = g.high * cp;
    uint64_t y1 = multiply_high(g.high, cp);
    uint64_t z = (y0 >> 1) + x1;
    uint64_t w = y1 + (z >> 63);
    return w | (((z & (UINT64_MAX >> 1)) + (UINT64_MAX >> 1)) >> 63);
}

/* The decimal digits * 10^exponent for significand * 2^binary. */
static void shortest(uint64_t significand, int binary, bool is_at_power, uint64_t *digits,
                     int *exponent)
{
    /* The interval's ends, which read back as this float only if its significand is even, are
     * left out, as PostgreSQL does: readers that round less carefully shall agree. */
    const uint64_t out = 1;
    uint64_t center = significand << 2;
    uint64_t right = center + 2, left = is_at_power ? center - 1 : center - 2;
    int k = is_at_power ? log10_of_three_quarters_power2(binary) : log10_of_power2(binary);
    int h = binary + log2_of_power10(-k) + 2;
    Power g = powers[k - K_MIN];
    uint64_t v = round_to_odd(g, center << h);
    uint64_t v_left = round_to_odd(g, left << h);
    uint64_t v_right = round_to_odd(g, right << h);
    uint64_t s = v >> 2;

    *exponent = k;
    if (s >= 10) {
        uint64_t below = s / 10 * 10, above = below + 10;
        bool is_below_in = v_left + out <= below << 2;
        bool is_above_in = (above << 2) + out <= v_right;
        if (is_below_in != is_above_in) {
            *digits = is_below_in ? below : above;
            return;
        }
    }
    uint64_t t = s + 1;
    bool is_s_in = v_left + out <= s << 2;
    bool is_t_in = (t << 2) + out <= v_right;
    if (is_s_in != is_t_in) {
        *digits = is_s_in ? s : t;
        return;
    }
    int64_t order = (int64_t)(v - ((s + t) << 1));
    *digits = order < 0 || (order == 0 && (s & 1) == 0) ? s : t;
}

/* --- layout --- */

static uint32_t put_special(bool is_nan, bool is_negative, char *out)
{
    const char *text = is_nan ? "NaN" : is_negative ? "-Infinity" : "Infinity";
    uint32_t length = (uint32_t)strlen(text);
    memcpy(out, text, length);
    return length;
}

/* digits * 10^exponent; `width` is how many digits may stand before the point. */
static uint32_t put_decimal(uint64_t digits, int exponent, int width, char *out)
{
    char text[24], *p = out;
    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    int count = (int)uint64_format(digits, text);
    int scientific = exponent + count - 1; /* d.ddd * 10^scientific */
    if (scientific < -4 || scientific >= width) {
        *p++ = text[0];
        if (count > 1) {
            *p++ = '.';
            memcpy(p, text + 1, (size_t)count - 1);
            p += count - 1;
        }
        *p++ = 'e';
        *p++ = scientific < 0 ? '-' : '+';
        unsigned size = (unsigned)abs(scientific);
        if (size >= 100)
            *p++ = (char)('0' + size / 100);
        p = two_digits(p, size % 100);
        return (uint32_t)(p - out);
    }
    if (scientific < 0) {
        memcpy(p, "0.000", 5);
        p += 1 - scientific;
        memcpy(p, text, (size_t)count);
        return (uint32_t)(p + count - out);
    }
    int whole = scientific + 1;
    if (count <= whole) {
        memcpy(p, text, (size_t)count);
        memset(p + count, '0', (size_t)(whole - count));
        return (uint32_t)(p + whole - out);
    }
    memcpy(p, text, (size_t)whole);
    p[whole] = '.';
    memcpy(p + whole + 1, text + whole, (size_t)(count - whole));
    return (uint32_t)(p + count + 1 - out);
}

static uint32_t put_zero(bool is_negative, char *out)
{
    memcpy(out, "-0", 2);
    if (!is_negative)
        out[0] = '0';
    return is_negative ? 2 : 1;
}

/* Whether the value is that of a decimal with so few places. All decimals of up to 15 digits
 * have doubles of their own, so there is no shorter one but itself without trailing zeros. */
static bool has_few_places(double value, double unit, uint64_t *digits)
{
    double scaled = value * unit;
    if (!(scaled < 1e15 && scaled >= 1))
        return false;
    *digits = (uint64_t)(scaled + 0.5);
    return (double)*digits / unit == value;
}

uint32_t double_format(double value, char *out)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool is_negative = (bits >> 63) != 0;
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    int biased = (int)(bits >> 52) & 0x7ff;
    if (biased == 0x7ff)
        return put_special(fraction != 0, is_negative, out);
    if (fraction == 0 && biased == 0)
        return put_zero(is_negative, out);
    uint32_t sign = is_negative;
    if (is_negative)
        *out = '-';
    if (value == (double)(int64_t)(fabs(value) < 1e15 ? value : 0.5))
        return sign + uint64_format((uint64_t)fabs(value), out + sign);

    uint64_t digits;
    if (has_few_places(fabs(value), 1e2, &digits))
        return sign + put_decimal(digits, -2, 15, out + sign);
    if (has_few_places(fabs(value), 1e6, &digits))
        return sign + put_decimal(digits, -6, 15, out + sign);
    pthread_once(&powers_once, make_powers);
    uint64_t significand = biased == 0 ? fraction : fraction | UINT64_C(1) << 52;
    int binary = (biased == 0 ? 1 : biased) - 1075, exponent;
    shortest(significand, binary, fraction == 0 && biased > 1, &digits, &exponent);
    return sign + put_decimal(digits, exponent, 15, out + sign);
}

uint32_t float_format(float value, char *out)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bool is_negative = (bits >> 31) != 0;
    uint32_t fraction = bits & ((UINT32_C(1) << 23) - 1);
    int biased = (int)(bits >> 23) & 0xff;
    if (biased == 0xff)
        return put_special(fraction != 0, is_negative, out);
    if (fraction == 0 && biased == 0)
        return put_zero(is_negative, out);
    uint32_t sign = is_negative;
    if (is_negative)
        *out = '-';
    pthread_once(&powers_once, make_powers);
    uint64_t significand = biased == 0 ? fraction : fraction | UINT32_C(1) << 23, digits;
    int binary = (biased == 0 ? 1 : biased) - 150, exponent;
    shortest(significand, binary, fraction == 0 && biased > 1, &digits, &exponent);
    return sign + put_decimal(digits, exponent, 6, out + sign);
}

/* --- reading --- */

/* The text with an end mark, for strtod; NULL when it cannot be a number. */
static const char *terminate(Text text, char *buffer, size_t size)
{
    if (text.length == 0 || text.length >= size || memchr(text.data, '\0', text.length) != NULL)
        return NULL;
    memcpy(buffer, text.data, text.length);
    buffer[text.length] = '\0';
    return buffer;
}

/* Up to 19 digits and a small power of ten, which cover most texts, without strtod. */
static bool read_simple(Text text, double *value)
{
    static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *p = text.data, *end = p + text.length;
    uint64_t digits = 0;
    bool is_negative = false;
    if (p < end && *p == '-') {
        is_negative = true;
        p++;
    }
    const char *start = p;
    while (p < end && *p >= '0' && *p <= '9')
        digits = digits * 10 + (uint64_t)(*p++ - '0');
    long places = 0;
    long whole = p - start;
    if (p < end && *p == '.') {
        const char *point = ++p;
        while (p < end && *p >= '0' && *p <= '9')
            digits = digits * 10 + (uint64_t)(*p++ - '0');
        places = p - point;
    }
    if (p != end || whole + places == 0 || whole + places > 15)
        return false;
    double result = (double)digits / tens[places];
    *value = is_negative ? -result : result;
    return true;
}

bool double_parse(Text text, const char *type_name, double *value, Fault *fault)
{
    char buffer[1024], *end;
    Text body = parse_trim(text);
    if (read_simple(body, value))
        return true;
    const char *start = terminate(body, buffer, sizeof buffer);
    if (start == NULL)
        return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, type_name, text);
    errno = 0;
    *value = strtod(start, &end);
    if (*end != '\0' || end == start)
        return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, type_name, text);
    bool is_underflow = errno == ERANGE && *value == 0;
    bool is_overflow = errno == ERANGE && isinf(*value);
    if (is_underflow || is_overflow)
        return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                         "\"%s\" is out of range for type %s", start, type_name);
    return true;
}

bool float_parse(Text text, float *value, Fault *fault)
{
    char buffer[1024], *end;
    Text body = parse_trim(text);
    const char *start = terminate(body, buffer, sizeof buffer);
    if (start == NULL)
        return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, "real", text);
    errno = 0;
    *value = strtof(start, &end);
    if (*end != '\0' || end == start)
        return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, "real", text);
    if (errno == ERANGE && (*value == 0 || isinf(*value)))
        return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                         "\"%s\" is out of range for type real", start);
    return true;
}

/*
 * Conversions of external values: Java's and Druid's leniency, not PostgreSQL's input functions.
 */
#include "engine/input/columns_internal.h"

#include "engine/type/timezone.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DOUBLE_TEXT_SIZE = 512 };

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static Text trim(Text text)
{
    while (text.length != 0 && (unsigned char)text.data[0] <= ' ')
        text = (Text){text.data + 1, text.length - 1};
    while (text.length != 0 && (unsigned char)text.data[text.length - 1] <= ' ')
        text.length--;
    return text;
}

int64_t double_to_int64(double value)
{
    if (isnan(value))
        return 0;
    if (value >= 9223372036854775808.0)
        return INT64_MAX;
    if (value <= -9223372036854775808.0)
        return INT64_MIN;
    return (int64_t)value;
}

/* --- decimal integers --- */

/* Digits with a minus sign before them, the whole text. */
static inline bool parse_int64(Text text, int64_t *value)
{
    const char *at = text.data, *end = text.data + text.length;
    bool is_negative = at < end && *at == '-';
    at += is_negative;
    if (at == end)
        return false;
    uint64_t sum = 0;
    if (end - at <= 18) {
        for (; at < end; at++) {
            if (!is_digit(*at))
                return false;
            sum = sum * 10 + (uint64_t)(*at - '0');
        }
        *value = is_negative ? -(int64_t)sum : (int64_t)sum;
        return true;
    }
    uint64_t limit = (uint64_t)INT64_MAX + is_negative;
    for (; at < end; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (!is_digit(*at) || sum > (limit - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = (int64_t)(is_negative ? 0 - sum : sum);
    return true;
}

bool number_to_int64(Text number, int64_t *value)
{
    return parse_int64(number, value);
}

/* --- numbers --- */

bool number_is_valid(Text text, bool *is_integer)
{
    const char *at = text.data, *end = text.data + text.length;
    *is_integer = true;
    at += at < end && *at == '-';
    if (at == end || !is_digit(*at))
        return false;
    if (*at == '0' && at + 1 < end && is_digit(at[1]))
        return false;
    while (at < end && is_digit(*at))
        at++;
    if (at < end && *at == '.') {
        *is_integer = false;
        at++;
        if (at == end || !is_digit(*at))
            return false;
        while (at < end && is_digit(*at))
            at++;
    }
    if (at < end && (*at | 0x20) == 'e') {
        *is_integer = false;
        at++;
        at += at < end && (*at == '+' || *at == '-');
        if (at == end || !is_digit(*at))
            return false;
        while (at < end && is_digit(*at))
            at++;
    }
    return at == end;
}

/*
 * Up to 19 significant digits with a small exponent are exact in one multiplication or division
 * of doubles (Clinger, "How to read floating point numbers accurately", fast path).
 */
static bool parse_fast(Text text, double *value)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *at = text.data, *end = text.data + text.length;
    bool is_negative = at < end && *at == '-';
    at += is_negative;
    if (end - at > 18)
        return false;
    uint64_t digits = 0;
    int after_point = 0;
    for (; at < end && is_digit(*at); at++)
        digits = digits * 10 + (uint64_t)(*at - '0');
    if (at < end && *at == '.')
        for (at++; at < end && is_digit(*at); at++, after_point++)
            digits = digits * 10 + (uint64_t)(*at - '0');
    if (at != end || digits > (UINT64_C(1) << 53))
        return false;
    double result = (double)digits / powers[after_point];
    *value = is_negative ? -result : result;
    return true;
}

static double parse_slow(Text text)
{
    char copy[DOUBLE_TEXT_SIZE];
    if (text.length < sizeof copy) {
        memcpy(copy, text.data, text.length);
        copy[text.length] = '\0';
        return strtod(copy, NULL);
    }
    char *long_copy = malloc((size_t)text.length + 1);
    if (long_copy == NULL)
        return NAN;
    memcpy(long_copy, text.data, text.length);
    long_copy[text.length] = '\0';
    double value = strtod(long_copy, NULL);
    free(long_copy);
    return value;
}

double number_to_double(Text number)
{
    double value;
    return parse_fast(number, &value) ? value : parse_slow(number);
}

/* Java's Double.parseDouble, less its hexadecimal form: 1, .5, 1., 1e3, 1d, NaN, -Infinity. */
static bool parse_java_double(Text text, double *value)
{
    if (text.length != 0 && is_digit(text.data[text.length - 1]) && parse_fast(text, value))
        return true;
    Text body = text;
    bool is_negative = body.length != 0 && body.data[0] == '-';
    if (is_negative || (body.length != 0 && body.data[0] == '+'))
        body = (Text){body.data + 1, body.length - 1};
    if (text_equal_string(body, "NaN") || text_equal_string(body, "Infinity")) {
        *value = body.data[0] == 'N' ? NAN : is_negative ? -INFINITY : INFINITY;
        return true;
    }
    if (body.length != 0 && strchr("dDfF", body.data[body.length - 1]) != NULL)
        body.length--;
    const char *at = body.data, *end = body.data + body.length;
    uint32_t digits = 0;
    for (; at < end && is_digit(*at); at++)
        digits++;
    if (at < end && *at == '.')
        for (at++; at < end && is_digit(*at); at++)
            digits++;
    if (digits == 0)
        return false;
    if (at < end && (*at | 0x20) == 'e') {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        if (at == end)
            return false;
        while (at < end && is_digit(*at))
            at++;
    }
    if (at != end)
        return false;
    double result = parse_slow(body);
    *value = is_negative ? -result : result;
    return true;
}

/* --- what declared numeric columns accept of texts --- */

enum { CLEANED_SIZE = 256 };

/* Without commas and one leading plus. False: too long to be a number. */
static bool clean(Text text, char out[CLEANED_SIZE], Text *cleaned)
{
    text = trim(text);
    uint32_t length = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] == ',')
            continue;
        if (length == CLEANED_SIZE)
            return false;
        out[length++] = text.data[i];
    }
    bool has_plus = length != 0 && out[0] == '+';
    *cleaned = (Text){out + has_plus, length - has_plus};
    return true;
}

bool coerce_text_to_int64(Text text, int64_t *value)
{
    if (parse_int64(text, value))
        return true;
    char buffer[CLEANED_SIZE];
    Text cleaned;
    double number;
    if (!clean(text, buffer, &cleaned))
        return false;
    if (parse_int64(cleaned, value))
        return true;
    if (!parse_java_double(cleaned, &number))
        return false;
    *value = double_to_int64(number);
    return true;
}

bool coerce_text_to_double(Text text, double *value)
{
    char buffer[CLEANED_SIZE];
    Text cleaned;
    if (text.length != 0 && is_digit(text.data[0]) && is_digit(text.data[text.length - 1]) &&
        parse_fast(text, value))
        return true;
    return clean(text, buffer, &cleaned) && parse_java_double(cleaned, value);
}

/* --- numbers as texts --- */

/* Whether the text is what Java would print: 12.5, 0.25, 3.0; few digits, no zeros to spare. */
static bool is_java_form(Text number)
{
    const char *at = number.data, *end = number.data + number.length;
    at += at < end && *at == '-';
    const char *whole = at;
    while (at < end && is_digit(*at))
        at++;
    if (at == end || *at != '.' || at - whole > 7 || end - whole > 16)
        return false;
    if (*whole == '0' && (end - at < 2 || (at[1] == '0' && end - at > 2)))
        return false;
    return is_digit(end[-1]) && (end[-1] != '0' || end - at == 2);
}

static Text java_double_text(double value, Arena *arena)
{
    char digits[40];
    if (isinf(value))
        return value < 0 ? TEXT_LITERAL("-Infinity") : TEXT_LITERAL("Infinity");
    if (isnan(value))
        return TEXT_LITERAL("NaN");
    if (value == 0)
        return signbit(value) ? TEXT_LITERAL("-0.0") : TEXT_LITERAL("0.0");
    int precision = 0;
    do
        snprintf(digits, sizeof digits, "%.*e", precision, value);
    while (strtod(digits, NULL) != value && ++precision < 17);
    int exponent = atoi(strchr(digits, 'e') + 1);
    if (exponent >= -3 && exponent < 7) {
        int after_point = precision - exponent;
        return text_of(arena_printf(arena, "%.*f", after_point < 1 ? 1 : after_point, value));
    }
    *strchr(digits, 'e') = '\0';
    return text_of(arena_printf(arena, "%s%sE%d", digits, precision == 0 ? ".0" : "", exponent));
}

Text number_to_text(Text number, Arena *arena)
{
    int64_t integer;
    if (number_to_int64(number, &integer))
        return integer == 0 ? TEXT_LITERAL("0") : number;
    if (is_java_form(number))
        return number;
    return java_double_text(number_to_double(number), arena);
}

/* --- times --- */

/* `count` digits at *at. */
static bool take_digits(const char **at, const char *end, int count, int *value)
{
    if (end - *at < count)
        return false;
    *value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (!is_digit(**at))
            return false;
        *value = *value * 10 + (**at - '0');
    }
    return true;
}

static bool take(const char **at, const char *end, char c)
{
    bool is_there = *at < end && **at == c;
    *at += is_there;
    return is_there;
}

static bool take_fraction(const char **at, const char *end, int *micros)
{
    int count = 0;
    *micros = 0;
    for (; *at < end && is_digit(**at); (*at)++, count++)
        if (count < 6)
            *micros = *micros * 10 + (**at - '0');
    for (int i = count; i < 6; i++)
        *micros *= 10;
    return count != 0;
}

static bool take_zone(const char **at, const char *end, int64_t *offset)
{
    *offset = 0;
    if (*at == end || take(at, end, 'Z') || take(at, end, 'z'))
        return true;
    int sign = take(at, end, '+') ? 1 : take(at, end, '-') ? -1 : 0;
    int hours, minutes = 0;
    if (sign == 0 || !take_digits(at, end, 2, &hours))
        return false;
    bool has_minutes = take(at, end, ':') || *at < end;
    if (has_minutes && !take_digits(at, end, 2, &minutes))
        return false;
    *offset = sign * (hours * INT64_C(3600) + minutes * INT64_C(60)) * MICROS_PER_SECOND;
    return hours < 24 && minutes < 60;
}

static bool take_clock(const char **at, const char *end, CivilTime *civil)
{
    if (!take_digits(at, end, 2, &civil->hour))
        return false;
    if (take(at, end, ':') && !take_digits(at, end, 2, &civil->minute))
        return false;
    if (take(at, end, ':') && !take_digits(at, end, 2, &civil->second))
        return false;
    if ((take(at, end, '.') || take(at, end, ',')) && !take_fraction(at, end, &civil->micros))
        return false;
    return civil->hour < 24 && civil->minute < 60 && civil->second < 60;
}

bool iso_time_parse(Text text, int64_t *micros)
{
    text = trim(text);
    const char *at = text.data, *end = text.data + text.length;
    CivilTime civil = {.month = 1, .day = 1};
    int year;
    int64_t offset = 0;
    if (!take_digits(&at, end, 4, &year))
        return false;
    civil.year = year;
    if (take(&at, end, '-') && !take_digits(&at, end, 2, &civil.month))
        return false;
    if (take(&at, end, '-') && !take_digits(&at, end, 2, &civil.day))
        return false;
    if (civil.month < 1 || civil.month > 12 || civil.day < 1 ||
        civil.day > civil_days_in_month(civil.year, civil.month))
        return false;
    if ((take(&at, end, 'T') || take(&at, end, ' ')) &&
        (!take_clock(&at, end, &civil) || !take_zone(&at, end, &offset)))
        return false;
    *micros = civil_to_micros(&civil) - offset;
    return at == end;
}

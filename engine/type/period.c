/*
 * ISO 8601 periods and the grids of time they make.
 *
 * A grid starts at its origin: 1970-01-01 00:00 on the zone's clock unless given, for whole weeks
 * the Monday before (1969-12-29). Months and days are counted on the clock of the zone, hours and
 * less in physical time; a single hour, minute or second is the one the clock shows, which
 * matters in zones that are half an hour off.
 */
#include "engine/type/type_internal.h"

enum { EPOCH_MONDAY = -3 /* days */ };

/* --- parsing --- */

static bool invalid_period(Text text, Fault *fault)
{
    fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "invalid period \"%.*s\"", TEXT_ARGS(text));
    fault_hint(fault, "Periods are written as in ISO 8601: PT1H, P1D, P3M.");
    return false;
}

typedef struct PeriodReader {
    const char *at, *end;
} PeriodReader;

static bool read_amount(PeriodReader *reader, int64_t *whole, int64_t *micros, bool *has_fraction)
{
    bool is_negative = reader->at < reader->end && *reader->at == '-';
    const char *start = reader->at += is_negative;
    *whole = *micros = 0;
    *has_fraction = false;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        *whole = *whole * 10 + (*reader->at++ - '0');
        if (*whole > INT64_C(1000000000000))
            return false;
    }
    if (reader->at == start)
        return false;
    if (reader->at < reader->end && *reader->at == '.') {
        int64_t unit = 100000;
        *has_fraction = true;
        for (reader->at++; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
             reader->at++, unit /= 10)
            *micros += (*reader->at - '0') * unit;
    }
    if (is_negative) {
        *whole = -*whole;
        *micros = -*micros;
    }
    return reader->at < reader->end;
}

static bool add_part(Period *period, char unit, bool is_time, int64_t whole, int64_t micros)
{
    int64_t *field = is_time ? &period->micros : &period->days;
    int64_t factor = 0;
    switch (unit) {
    case 'Y': field = &period->months; factor = is_time ? 0 : 12; break;
    case 'W': factor = is_time ? 0 : 7; break;
    case 'D': factor = is_time ? 0 : 1; break;
    case 'H': factor = is_time ? 3600 * MICROS_PER_SECOND : 0; break;
    case 'S': factor = is_time ? MICROS_PER_SECOND : 0; break;
    case 'M':
        factor = is_time ? 60 * MICROS_PER_SECOND : 1;
        if (!is_time)
            field = &period->months;
        break;
    }
    int64_t amount;
    return factor != 0 && !__builtin_mul_overflow(whole, factor, &amount) &&
           !__builtin_add_overflow(*field, amount, field) &&
           !__builtin_add_overflow(*field, micros, field);
}

bool period_parse(Text text, Period *period, Fault *fault)
{
    PeriodReader reader = {text.data, text.data + text.length};
    bool is_time = false, has_part = false;
    *period = (Period){0};
    if (text.length < 2 || (*reader.at != 'P' && *reader.at != 'p'))
        return invalid_period(text, fault);
    reader.at++;
    while (reader.at < reader.end) {
        int64_t whole, micros;
        bool has_fraction;
        if (!is_time && (*reader.at == 'T' || *reader.at == 't')) {
            is_time = true;
            has_part = false;
            reader.at++;
            continue;
        }
        if (!read_amount(&reader, &whole, &micros, &has_fraction))
            return invalid_period(text, fault);
        char unit = *reader.at++;
        if (unit >= 'a' && unit <= 'z')
            unit = (char)(unit - ('a' - 'A'));
        if ((has_fraction && unit != 'S') || !add_part(period, unit, is_time, whole, micros))
            return invalid_period(text, fault);
        has_part = true;
    }
    return has_part ? true : invalid_period(text, fault);
}

/* --- arithmetic --- */

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t add_saturated(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return b < 0 ? INT64_MIN + 1 : INT64_MAX - 1;
    return sum;
}

static int64_t multiply_saturated(int64_t a, int64_t b)
{
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return (a < 0) != (b < 0) ? INT64_MIN + 1 : INT64_MAX - 1;
    return product;
}

static int64_t add_months(int64_t local, int64_t months)
{
    CivilTime civil;
    civil_from_micros(local, &civil);
    /* Beyond some 300,000 years there are no timestamps in either direction. */
    if (months > INT64_C(12) * 600000 || months < INT64_C(-12) * 600000)
        return months < 0 ? INT64_MIN + 1 : INT64_MAX - 1;
    int64_t month = civil.year * 12 + civil.month - 1 + months;
    civil.year = floor_divide(month, 12);
    civil.month = (int)(month - civil.year * 12) + 1;
    int last = civil_days_in_month(civil.year, civil.month);
    if (civil.day > last)
        civil.day = last;
    return civil_to_micros(&civil);
}

int64_t period_shift(const Period *period, int64_t utc, int64_t count, const TimeZone *zone)
{
    if (utc == INT64_MAX || utc == INT64_MIN)
        return utc;
    if (period->months != 0 || period->days != 0) {
        int64_t local = timezone_to_local(zone, utc);
        if (period->months != 0)
            local = add_months(local, multiply_saturated(period->months, count));
        int64_t days = multiply_saturated(period->days, count);
        local = add_saturated(local, multiply_saturated(days, MICROS_PER_DAY));
        utc = timezone_to_utc(zone, local);
    }
    return add_saturated(utc, multiply_saturated(period->micros, count));
}

static bool is_weeks(const Period *period)
{
    return period->months == 0 && period->micros == 0 && period->days != 0 &&
           period->days % 7 == 0;
}

static int64_t default_origin(const Period *period)
{
    return is_weeks(period) ? EPOCH_MONDAY * MICROS_PER_DAY : 0;
}

/* origin + a multiple of width, at or before value. */
static int64_t floor_to(int64_t value, int64_t origin, int64_t width)
{
    int64_t distance = value - origin;
    if (__builtin_sub_overflow(value, origin, &distance))
        return value;
    int64_t rest = distance % width;
    return value - (rest < 0 ? rest + width : rest);
}

static int64_t floor_months(const Period *period, int64_t local, int64_t origin)
{
    CivilTime a, b;
    civil_from_micros(local, &a);
    civil_from_micros(origin, &b);
    int64_t months = (a.year - b.year) * 12 + (a.month - b.month);
    int64_t start = add_months(origin, months);
    if (start > local)
        months--;
    return add_months(origin, floor_divide(months, period->months) * period->months);
}

/* Periods of mixed fields: guess the number of steps by their mean length, then walk. */
static int64_t floor_mixed(const Period *period, int64_t utc, int64_t origin, const TimeZone *zone)
{
    double width = (double)period->months * 2629746e6 + (double)period->days * 86400e6 +
                   (double)period->micros;
    int64_t count = (int64_t)(((double)utc - (double)origin) / width);
    int64_t start = period_shift(period, origin, count, zone);
    while (start > utc)
        start = period_shift(period, origin, --count, zone);
    for (;;) {
        int64_t next = period_shift(period, origin, count + 1, zone);
        if (next > utc || next <= start)
            return start;
        start = next;
        count++;
    }
}

static bool is_clock_unit(int64_t micros)
{
    return micros == 3600 * MICROS_PER_SECOND || micros == 60 * MICROS_PER_SECOND ||
           micros == MICROS_PER_SECOND;
}

int64_t period_floor(const Period *period, int64_t utc, int64_t origin, const TimeZone *zone)
{
    bool has_origin = origin != INT64_MIN;
    if (utc == INT64_MAX || utc == INT64_MIN || period->months < 0 || period->days < 0 ||
        period->micros < 0 || (period->months | period->days | period->micros) == 0)
        return utc;
    int64_t local_origin = has_origin ? timezone_to_local(zone, origin) : default_origin(period);
    if (period->days == 0 && period->micros == 0)
        return timezone_to_utc(
            zone, floor_months(period, timezone_to_local(zone, utc), local_origin));
    if (period->months == 0 && period->micros == 0)
        return timezone_to_utc(
            zone, floor_to(timezone_to_local(zone, utc), local_origin,
                           multiply_saturated(period->days, MICROS_PER_DAY)));
    if (period->months == 0 && period->days == 0 && !has_origin && is_clock_unit(period->micros)) {
        int64_t local = timezone_to_local(zone, utc);
        return utc - (local - floor_to(local, 0, period->micros));
    }
    int64_t utc_origin = has_origin ? origin : timezone_to_utc(zone, local_origin);
    if (period->months == 0 && period->days == 0)
        return floor_to(utc, utc_origin, period->micros);
    return floor_mixed(period, utc, utc_origin, zone);
}

bool period_is_uniform(const Period *period, const TimeZone *zone, int64_t origin, int64_t *width,
                       int64_t *anchor)
{
    int64_t offset;
    *width = *anchor = 0;
    if (!timezone_is_fixed(zone, &offset) || period->months != 0 || period->days < 0 ||
        period->micros < 0)
        return false;
    if (__builtin_mul_overflow(period->days, MICROS_PER_DAY, width) ||
        __builtin_add_overflow(*width, period->micros, width) || *width == 0)
        return false;
    *anchor = origin != INT64_MIN ? origin : default_origin(period) - offset;
    return true;
}

/* --- intervals between instants --- */

static bool interval_instant(Text text, const TypeContext *context, int64_t *instant, Fault *fault)
{
    Arena *arena = arena_new("interval");
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_INT64, 1);
    bool is_good = type_parse_text(SQL_TYPE(T_TIMESTAMPTZ), context, text, &builder, fault);
    if (is_good)
        *instant = ((const int64_t *)builder.data)[0];
    arena_free(arena);
    return is_good;
}

bool time_interval_parse(Text text, const TypeContext *context, int64_t *start, int64_t *end,
                         Fault *fault)
{
    const char *slash = text.length == 0 ? NULL : memchr(text.data, '/', text.length);
    if (slash == NULL)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "\"%.*s\" is not an interval: start/end", TEXT_ARGS(text));
    Text first = {text.data, (uint32_t)(slash - text.data)};
    Text last = {slash + 1, (uint32_t)(text.data + text.length - slash - 1)};
    bool first_is_period = first.length > 0 && (first.data[0] == 'P' || first.data[0] == 'p');
    bool last_is_period = last.length > 0 && (last.data[0] == 'P' || last.data[0] == 'p');
    Period period;
    if (first_is_period && last_is_period)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "\"%.*s\" is not an interval: one side must be a time", TEXT_ARGS(text));
    if ((!first_is_period && !interval_instant(first, context, start, fault)) ||
        (!last_is_period && !interval_instant(last, context, end, fault)))
        return false;
    if ((first_is_period || last_is_period) &&
        !period_parse(first_is_period ? first : last, &period, fault))
        return false;
    if (first_is_period)
        *start = period_shift(&period, *end, -1, context_zone(context));
    if (last_is_period)
        *end = period_shift(&period, *start, 1, context_zone(context));
    return true;
}

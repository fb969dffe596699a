/*
 * Texts to dates, times and timestamps.
 *
 * The ISO form is read by a fast path. Everything else is cut into fields (datetime_words.c)
 * whose meaning follows from their shape and from what has been seen before (datetime_fields.c);
 * numbers are in the order that DateStyle says. What words like "today" mean stands here.
 */
#include "engine/type/datetime_internal.h"

const TimeZone *context_zone(const TypeContext *context)
{
    return context == NULL || context->zone == NULL ? timezone_utc() : context->zone;
}

/* --- pieces --- */

/* Digits at *p, at most `most` of them; returns how many. */
static int read_digits(const char **p, const char *end, int most, int64_t *value)
{
    int count = 0;
    *value = 0;
    while (*p < end && datetime_is_digit(**p) && count < most) {
        *value = *value * 10 + (*(*p)++ - '0');
        count++;
    }
    return count;
}

/* Digits behind a point as microseconds, rounded; any number of digits. */
static int64_t read_fraction(const char **p, const char *end)
{
    int64_t value = 0, unit = 100000;
    bool is_first_dropped = true;
    while (*p < end && datetime_is_digit(**p)) {
        int digit = *(*p)++ - '0';
        value += digit * unit;
        if (unit == 0 && is_first_dropped) {
            value += digit >= 5;
            is_first_dropped = false;
        }
        unit /= 10;
    }
    return value;
}

/* [+-]hh, hhmm, hh:mm, hh:mm:ss */
static ReadResult read_offset(const char **p, const char *end, int64_t *offset)
{
    bool is_west = **p == '-';
    int64_t hour, minute = 0, second = 0;
    (*p)++;
    int digits = read_digits(p, end, 4, &hour);
    if (digits == 0)
        return READ_SYNTAX;
    if (digits > 2) {
        minute = hour % 100;
        hour /= 100;
    } else if (*p < end && **p == ':') {
        (*p)++;
        if (read_digits(p, end, 2, &minute) == 0)
            return READ_SYNTAX;
        if (*p < end && **p == ':') {
            (*p)++;
            if (read_digits(p, end, 2, &second) == 0)
                return READ_SYNTAX;
        }
    }
    if (hour > 15 || minute > 59 || second > 59)
        return READ_ZONE;
    int64_t total = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND;
    *offset = is_west ? -total : total;
    return READ_OK;
}

static ReadResult check_date(const Moment *moment)
{
    if (moment->month < 1 || moment->month > 12 || moment->day < 1 ||
        moment->day > civil_days_in_month(moment->year, moment->month))
        return READ_RANGE;
    return READ_OK;
}

/* --- the ISO form --- */

/* Two digits, or something above 99. */
static inline unsigned two_of(const char *p)
{
    unsigned high = (unsigned)(p[0] - '0'), low = (unsigned)(p[1] - '0');
    return high > 9 || low > 9 ? 1000 : high * 10 + low;
}

/* Behind the date: a blank or T, hh:mm:ss, a fraction, Z or an offset. */
static bool read_iso_time(const char *p, const char *end, Moment *moment)
{
    if ((*p != ' ' && *p != 'T') || end - p < 6 || p[3] != ':')
        return false;
    unsigned hour = two_of(p + 1), minute = two_of(p + 4), second = 0;
    if (hour > 23 || minute > 59)
        return false;
    p += 6;
    if (end - p >= 3 && *p == ':') {
        second = two_of(p + 1);
        if (second > 59)
            return false;
        p += 3;
    }
    moment->time = ((int64_t)hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND;
    moment->has_time = true;
    if (p < end && *p == '.') {
        p++;
        moment->time += read_fraction(&p, end);
    }
    if (p == end)
        return true;
    moment->has_zone = true;
    if (*p == 'Z')
        return p + 1 == end;
    return (*p == '+' || *p == '-') && read_offset(&p, end, &moment->offset) == READ_OK &&
           p == end;
}

/* What does not fit here exactly is left to the general form. */
static bool read_iso(Text text, Moment *moment)
{
    const char *p = text.data, *end = p + text.length;
    if (text.length < 10 || p[4] != '-' || p[7] != '-')
        return false;
    unsigned century = two_of(p), year = two_of(p + 2), month = two_of(p + 5), day = two_of(p + 8);
    if (century > 99 || year > 99 || month > 12 || day > 31)
        return false;
    moment->year = century * 100 + year;
    moment->month = (int)month;
    moment->day = (int)day;
    moment->has_date = true;
    if (moment->year == 0 || check_date(moment) != READ_OK)
        return false;
    return text.length == 10 || read_iso_time(p + 10, end, moment);
}

/* --- faults --- */

static bool moment_fault(ReadResult result, const Moment *moment, Text text, const char *type_name,
                         Fault *fault)
{
    switch (result) {
    case READ_RANGE:
    case READ_MONTH_DAY:
        fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW,
                  "date/time field value out of range: \"%.*s\"", TEXT_ARGS(text));
        if (result == READ_MONTH_DAY)
            fault_hint(fault, "Perhaps you need a different \"datestyle\" setting.");
        return false;
    case READ_ZONE_NAME:
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "time zone \"%s\" not recognized",
                         moment->unknown_zone);
    case READ_ZONE:
        return fault_set(fault, FAULT_TIME_ZONE_DISPLACEMENT,
                         "time zone displacement out of range: \"%.*s\"", TEXT_ARGS(text));
    case READ_SYNTAX:
    case READ_OK:
        break;
    }
    return parse_fault(fault, FAULT_INVALID_DATETIME_FORMAT, type_name, text);
}

static bool read_moment(Text text, const TypeContext *context, const char *type_name,
                        Moment *moment, Fault *fault)
{
    DateTimeFields fields;
    Text body = parse_trim(text);
    *moment = (Moment){0};
    if (read_iso(body, moment))
        return true;
    *moment = (Moment){0};
    ReadResult result =
        datetime_cut(body, &fields)
            ? datetime_decode(&fields, style_field_order(context), moment)
            : READ_SYNTAX;
    return result == READ_OK || moment_fault(result, moment, text, type_name, fault);
}

/* --- meaning --- */

/* Midnight of the day that `now` falls on in the session's zone, moved by `days`: local time. */
static int64_t local_day(const TypeContext *context, int days)
{
    int64_t now = type_now(context);
    int64_t local = timezone_to_local(context_zone(context), now);
    int64_t day = local / MICROS_PER_DAY - (local % MICROS_PER_DAY < 0);
    return (day + days) * MICROS_PER_DAY;
}

static int64_t local_now(const TypeContext *context)
{
    return timezone_to_local(context_zone(context), type_now(context));
}

static bool timestamp_is_infinite(int64_t value)
{
    return value == INT64_MAX || value == INT64_MIN;
}

/* Local time (and whether the words gave an instant in the session's zone instead of an epoch). */
static bool special_local(const Moment *moment, const TypeContext *context, int64_t *local)
{
    *local = 0;
    switch (moment->special) {
    case SPECIAL_INFINITY: *local = INT64_MAX; return true;
    case SPECIAL_MINUS_INFINITY: *local = INT64_MIN; return true;
    case SPECIAL_EPOCH: *local = 0; return true;
    case SPECIAL_NOW: *local = local_now(context); return true;
    case SPECIAL_TODAY: *local = local_day(context, 0); break;
    case SPECIAL_TOMORROW: *local = local_day(context, 1); break;
    case SPECIAL_YESTERDAY: *local = local_day(context, -1); break;
    case SPECIAL_ALLBALLS:
    case SPECIAL_NONE: return false;
    }
    if (moment->has_time)
        *local += moment->time;
    return true;
}

static bool moment_local(const Moment *moment, int64_t *local)
{
    CivilTime civil = {.year = moment->year, .month = moment->month, .day = moment->day};
    if (moment->year > 294300 || moment->year < -4800)
        return false;
    /* a zone may be up to a day away from the bounds of UTC */
    *local = civil_to_micros(&civil);
    return *local >= TIMESTAMP_MINIMUM - MICROS_PER_DAY && *local < TIMESTAMP_END &&
           !__builtin_add_overflow(*local, moment->time, local);
}

static bool timestamp_range(Text text, Fault *fault)
{
    return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range: \"%.*s\"",
                     TEXT_ARGS(text));
}

bool timestamp_parse(Text text, const TypeContext *context, int64_t *micros, Fault *fault)
{
    Moment moment;
    if (!read_moment(text, context, "timestamp", &moment, fault))
        return false;
    if (special_local(&moment, context, micros))
        return true;
    return (moment_local(&moment, micros) && *micros >= TIMESTAMP_MINIMUM) ||
           timestamp_range(text, fault);
}

/* Local time in the zone that the text names, or in the session's. */
static int64_t moment_to_utc(const Moment *moment, const TypeContext *context, int64_t local)
{
    const ZoneAbbreviation *abbreviation = &moment->abbreviation;
    if (abbreviation->zone != NULL) {
        int64_t near = timezone_to_utc(abbreviation->zone, local);
        return local - timezone_abbreviation_offset(abbreviation, near);
    }
    return timezone_to_utc(moment->zone != NULL ? moment->zone : context_zone(context), local);
}

bool timestamptz_parse(Text text, const TypeContext *context, int64_t *utc, Fault *fault)
{
    Moment moment;
    int64_t local;
    if (!read_moment(text, context, "timestamp with time zone", &moment, fault))
        return false;
    if (moment.special == SPECIAL_EPOCH) {
        *utc = 0;
        return true;
    }
    if (moment.special == SPECIAL_NOW) {
        *utc = type_now(context);
        return true;
    }
    bool is_special = special_local(&moment, context, &local);
    if (is_special && timestamp_is_infinite(local)) {
        *utc = local;
        return true;
    }
    if (!is_special && !moment_local(&moment, &local))
        return timestamp_range(text, fault);
    bool is_offset = moment.has_zone && moment.zone == NULL && moment.abbreviation.zone == NULL;
    if (!is_offset)
        *utc = moment_to_utc(&moment, context, local);
    else if (__builtin_sub_overflow(local, moment.offset, utc))
        return timestamp_range(text, fault);
    return *utc >= TIMESTAMP_MINIMUM || timestamp_range(text, fault);
}

bool date_parse(Text text, const TypeContext *context, int64_t *days, Fault *fault)
{
    Moment moment;
    int64_t local;
    if (!read_moment(text, context, "date", &moment, fault))
        return false;
    if (special_local(&moment, context, &local)) {
        bool is_infinite = timestamp_is_infinite(local);
        *days = is_infinite ? local : local / MICROS_PER_DAY - (local % MICROS_PER_DAY < 0);
        return true;
    }
    *days = civil_to_days(moment.year, moment.month, moment.day);
    if (*days < DATE_MINIMUM || *days >= DATE_END)
        return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "date out of range: \"%.*s\"",
                         TEXT_ARGS(text));
    return true;
}

bool time_parse(Text text, const TypeContext *context, int64_t *micros, Fault *fault)
{
    Moment moment = {0};
    DateTimeFields fields;
    ReadResult result = datetime_cut(parse_trim(text), &fields)
                            ? time_decode(&fields, style_field_order(context), &moment)
                            : READ_SYNTAX;
    if (result != READ_OK)
        return moment_fault(result, &moment, text, "time", fault);
    if (moment.special == SPECIAL_NOW) {
        int64_t local = local_now(context);
        *micros = (local % MICROS_PER_DAY + MICROS_PER_DAY) % MICROS_PER_DAY;
        return true;
    }
    *micros = moment.time;
    return true;
}

/*
 * The forms of output other than the usual ones: DateStyle SQL, Postgres and German, IntervalStyle
 * sql_standard, postgres_verbose and iso_8601, bytea_output escape, fewer digits of floats. As
 * PostgreSQL's documentation has them ("Date/Time Output", "Interval Output", "bytea Escape
 * Format", extra_float_digits).
 */
#include "engine/type/type_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static bool starts_with(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

FieldOrder style_field_order(const TypeContext *context)
{
    if (context == NULL || context->settings == NULL)
        return ORDER_MDY;
    const char *style = context->settings->date_style;
    size_t length = strlen(style);
    const char *order = length >= 3 ? style + length - 3 : "";
    return starts_with(order, "DMY") ? ORDER_DMY : starts_with(order, "YMD") ? ORDER_YMD : ORDER_MDY;
}

OutputStyle output_style(const TypeContext *context)
{
    OutputStyle style = {.order = style_field_order(context), .float_digits = 1};
    if (context == NULL || context->settings == NULL)
        return style;
    const Settings *settings = context->settings;
    style.date = starts_with(settings->date_style, "SQL")        ? DATES_SQL
                 : starts_with(settings->date_style, "Postgres") ? DATES_POSTGRES
                 : starts_with(settings->date_style, "German")   ? DATES_GERMAN
                                                                 : DATES_ISO;
    style.interval = settings->interval_style;
    style.is_bytea_escape = settings->bytea_output == 1;
    style.float_digits = (int)settings->extra_float_digits;
    return style;
}

/* --- dates --- */

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static uint32_t put_word(char *out, const char *text)
{
    uint32_t length = (uint32_t)strlen(text);
    memcpy(out, text, length);
    return length;
}

static uint32_t put_infinity(int64_t value, char *out)
{
    return put_word(out, value == INT64_MAX ? "infinity" : "-infinity");
}

static bool is_infinite_time(int64_t value)
{
    return value == INT64_MAX || value == INT64_MIN;
}

static int64_t shown_year(int64_t year)
{
    return year <= 0 ? 1 - year : year;
}

/* 12/17/1997, 17.12.1997: two numbers and the year behind `separator`. */
static uint32_t put_numbers(const OutputStyle *style, char separator, const CivilTime *civil,
                            char *out)
{
    bool is_day_first = style->date == DATES_GERMAN || style->order == ORDER_DMY;
    int first = is_day_first ? civil->day : civil->month;
    int second = is_day_first ? civil->month : civil->day;
    return (uint32_t)sprintf(out, "%02d%c%02d%c%04" PRId64, first, separator, second, separator,
                             shown_year(civil->year));
}

uint32_t date_format_styled(int64_t days, const OutputStyle *style, char *out)
{
    CivilTime civil = {0};
    if (is_infinite_time(days))
        return put_infinity(days, out);
    civil_from_days(days, &civil.year, &civil.month, &civil.day);
    char separator = style->date == DATES_SQL ? '/' : style->date == DATES_GERMAN ? '.' : '-';
    uint32_t length = put_numbers(style, separator, &civil, out);
    return length + (civil.year <= 0 ? put_word(out + length, " BC") : 0);
}

/* `zone_name` NULL: none is shown; its first letter a sign: an offset instead of a name. */
static uint32_t put_moment(int64_t local, const OutputStyle *style, const char *zone_name, char *out)
{
    char clock[32], *p = out;
    CivilTime civil;
    civil_from_micros(local, &civil);
    int64_t midnight = civil_to_days(civil.year, civil.month, civil.day) * MICROS_PER_DAY;
    clock[time_format(local - midnight, clock)] = '\0';
    bool is_numeric_zone = zone_name != NULL && (zone_name[0] == '+' || zone_name[0] == '-');
    if (style->date == DATES_POSTGRES) {
        int day_of_week = civil_day_of_week(midnight / MICROS_PER_DAY);
        const char *month = month_names[civil.month - 1];
        p += style->order == ORDER_DMY
                 ? sprintf(p, "%s %02d %s", day_names[day_of_week], civil.day, month)
                 : sprintf(p, "%s %s %02d", day_names[day_of_week], month, civil.day);
        p += sprintf(p, " %s %04" PRId64, clock, shown_year(civil.year));
        if (zone_name != NULL)
            p += sprintf(p, " %.32s", zone_name);
    } else {
        p += put_numbers(style, style->date == DATES_SQL ? '/' : '.', &civil, p);
        p += sprintf(p, " %s", clock);
        if (zone_name != NULL)
            p += sprintf(p, "%s%.32s", is_numeric_zone ? "" : " ", zone_name);
    }
    if (civil.year <= 0)
        p += put_word(p, " BC");
    return (uint32_t)(p - out);
}

uint32_t timestamp_format_styled(int64_t micros, const OutputStyle *style, char *out)
{
    return is_infinite_time(micros) ? put_infinity(micros, out)
                                    : put_moment(micros, style, NULL, out);
}

uint32_t timestamptz_format_styled(int64_t utc, const TimeZone *zone, const OutputStyle *style,
                                   char *out)
{
    if (is_infinite_time(utc))
        return put_infinity(utc, out);
    const char *abbreviation = NULL;
    char offset_text[16];
    int64_t offset = timezone_offset_at(zone, utc, &abbreviation), local;
    if (__builtin_add_overflow(utc, offset, &local)) {
        local = utc;
        offset = 0;
    }
    bool has_name = abbreviation != NULL && abbreviation[0] != '\0' && abbreviation[0] != '+' &&
                    abbreviation[0] != '-';
    if (!has_name) {
        *offset_format(offset, offset_text) = '\0';
        abbreviation = offset_text;
    }
    return put_moment(local, style, abbreviation, out);
}

/* --- intervals --- */

/* An interval in the fields that are shown; all of a clock's have the sign of the whole clock. */
typedef struct IntervalFields {
    int64_t years, months, days, hours, minutes, seconds, micros;
} IntervalFields;

static IntervalFields fields_of(IntervalValue value)
{
    int64_t seconds = value.micros / MICROS_PER_SECOND;
    return (IntervalFields){.years = value.months / 12,
                            .months = value.months % 12,
                            .days = value.days,
                            .hours = seconds / 3600,
                            .minutes = seconds / 60 % 60,
                            .seconds = seconds % 60,
                            .micros = value.micros % MICROS_PER_SECOND};
}

/* Seconds and their fraction without sign; `width` digits before the point at least. */
static int put_seconds(char *out, const IntervalFields *fields, int width)
{
    int length = sprintf(out, "%0*" PRId64, width, (int64_t)llabs(fields->seconds));
    if (fields->micros == 0)
        return length;
    length += sprintf(out + length, ".%06" PRId64, (int64_t)llabs(fields->micros));
    while (out[length - 1] == '0')
        length--;
    return length;
}

static uint32_t put_sql_standard(IntervalValue value, char *out)
{
    char *p = out;
    bool has_negative = value.months < 0 || value.days < 0 || value.micros < 0;
    bool has_positive = value.months > 0 || value.days > 0 || value.micros > 0;
    bool has_day_time = value.days != 0 || value.micros != 0;
    IntervalFields fields = fields_of(value);
    if (!has_negative && !has_positive)
        return put_word(out, "0");
    if ((has_negative && has_positive) || (value.months != 0 && has_day_time)) {
        p += sprintf(p, "%c%lld-%lld %c%lld %c%lld:%02lld:", value.months < 0 ? '-' : '+',
                     llabs(fields.years), llabs(fields.months), value.days < 0 ? '-' : '+',
                     llabs(fields.days), value.micros < 0 ? '-' : '+', llabs(fields.hours),
                     llabs(fields.minutes));
        p += put_seconds(p, &fields, 2);
        return (uint32_t)(p - out);
    }
    if (has_negative)
        *p++ = '-';
    if (value.months != 0)
        return (uint32_t)(p - out) +
               (uint32_t)sprintf(p, "%lld-%lld", llabs(fields.years), llabs(fields.months));
    if (value.days != 0)
        p += sprintf(p, "%lld ", llabs(fields.days));
    p += sprintf(p, "%lld:%02lld:", llabs(fields.hours), llabs(fields.minutes));
    p += put_seconds(p, &fields, 2);
    return (uint32_t)(p - out);
}

static char *put_iso_part(char *p, int64_t value, char unit)
{
    return value == 0 ? p : p + sprintf(p, "%" PRId64 "%c", value, unit);
}

static uint32_t put_iso_8601(IntervalValue value, char *out)
{
    char *p = out;
    IntervalFields fields = fields_of(value);
    if (value.months == 0 && value.days == 0 && value.micros == 0)
        return put_word(out, "PT0S");
    *p++ = 'P';
    p = put_iso_part(p, fields.years, 'Y');
    p = put_iso_part(p, fields.months, 'M');
    p = put_iso_part(p, fields.days, 'D');
    if (value.micros == 0)
        return (uint32_t)(p - out);
    *p++ = 'T';
    p = put_iso_part(p, fields.hours, 'H');
    p = put_iso_part(p, fields.minutes, 'M');
    if (fields.seconds != 0 || fields.micros != 0) {
        if (value.micros < 0)
            *p++ = '-';
        p += put_seconds(p, &fields, 1);
        *p++ = 'S';
    }
    return (uint32_t)(p - out);
}

typedef struct VerboseWriter {
    char *at;
    bool is_empty;
    bool is_before; /* the first part was negative: signs are shown turned, and "ago" ends it */
} VerboseWriter;

static void put_verbose_part(VerboseWriter *writer, int64_t value, const char *unit)
{
    if (value == 0)
        return;
    if (writer->is_empty)
        writer->is_before = value < 0;
    if (writer->is_before)
        value = -value;
    writer->at += sprintf(writer->at, " %" PRId64 " %s%s", value, unit, value == 1 ? "" : "s");
    writer->is_empty = false;
}

static uint32_t put_verbose(IntervalValue value, char *out)
{
    IntervalFields fields = fields_of(value);
    VerboseWriter writer = {.at = out, .is_empty = true};
    *writer.at++ = '@';
    put_verbose_part(&writer, fields.years, "year");
    put_verbose_part(&writer, fields.months, "mon");
    put_verbose_part(&writer, fields.days, "day");
    put_verbose_part(&writer, fields.hours, "hour");
    put_verbose_part(&writer, fields.minutes, "min");
    if (fields.seconds != 0 || fields.micros != 0) {
        bool is_negative = fields.seconds < 0 || fields.micros < 0;
        if (writer.is_empty)
            writer.is_before = is_negative;
        *writer.at++ = ' ';
        if (is_negative != writer.is_before)
            *writer.at++ = '-';
        writer.at += put_seconds(writer.at, &fields, 1);
        bool is_one = llabs(fields.seconds) == 1 && fields.micros == 0;
        writer.at += put_word(writer.at, is_one ? " sec" : " secs");
        writer.is_empty = false;
    }
    if (writer.is_empty)
        writer.at += put_word(writer.at, " 0");
    if (writer.is_before)
        writer.at += put_word(writer.at, " ago");
    return (uint32_t)(writer.at - out);
}

uint32_t interval_format_styled(IntervalValue value, const OutputStyle *style, char *out)
{
    switch (style->interval) {
    case INTERVALS_SQL_STANDARD: return put_sql_standard(value, out);
    case INTERVALS_POSTGRES_VERBOSE: return put_verbose(value, out);
    case INTERVALS_ISO_8601: return put_iso_8601(value, out);
    case INTERVALS_POSTGRES: break;
    }
    return interval_format(value, out);
}

/* --- floats and bytes --- */

static uint32_t put_digits(double value, int digits, char *out)
{
    if (isnan(value))
        return put_word(out, "NaN");
    if (isinf(value))
        return put_word(out, value < 0 ? "-Infinity" : "Infinity");
    return (uint32_t)sprintf(out, "%.*g", digits < 1 ? 1 : digits, value);
}

uint32_t double_format_styled(double value, const OutputStyle *style, char *out)
{
    enum { DIGITS = 15 };
    return put_digits(value, DIGITS + style->float_digits, out);
}

uint32_t float_format_styled(float value, const OutputStyle *style, char *out)
{
    enum { DIGITS = 6 };
    return put_digits((double)value, DIGITS + style->float_digits, out);
}

uint32_t bytea_format_escape(Text bytes, char *out)
{
    char *p = out;
    for (uint32_t i = 0; i < bytes.length; i++) {
        uint8_t byte = (uint8_t)bytes.data[i];
        if (byte == '\\') {
            *p++ = '\\';
            *p++ = '\\';
        } else if (byte < 0x20 || byte > 0x7e) {
            *p++ = '\\';
            *p++ = (char)('0' + (byte >> 6));
            *p++ = (char)('0' + ((byte >> 3) & 7));
            *p++ = (char)('0' + (byte & 7));
        } else {
            *p++ = (char)byte;
        }
    }
    return (uint32_t)(p - out);
}

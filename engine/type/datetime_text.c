/*
 * Dates, times and timestamps to text, in ISO form as PostgreSQL prints it. Columns of timestamps
 * mostly repeat the day of the row before, so its text is kept.
 */
#include "engine/type/type_internal.h"

static uint32_t put_string(char *out, const char *text)
{
    uint32_t length = (uint32_t)strlen(text);
    memcpy(out, text, length);
    return length;
}

static uint32_t put_infinity(int64_t value, char *out)
{
    return put_string(out, value == INT64_MAX ? "infinity" : "-infinity");
}

/* YYYY-MM-DD without the era; years are counted from 1 BC backwards. */
static uint32_t put_date(int64_t days, char *out, bool *is_before_christ)
{
    int64_t year;
    int month, day;
    char *p = out;
    civil_from_days(days, &year, &month, &day);
    *is_before_christ = year <= 0;
    uint64_t shown = (uint64_t)(year <= 0 ? 1 - year : year);
    if (shown < 10000) {
        p = two_digits(p, (unsigned)(shown / 100));
        p = two_digits(p, (unsigned)(shown % 100));
    } else {
        p += uint64_format(shown, p);
    }
    *p++ = '-';
    p = two_digits(p, (unsigned)month);
    *p++ = '-';
    p = two_digits(p, (unsigned)day);
    return (uint32_t)(p - out);
}

/* .ffffff without trailing zeros, nothing for 0. */
static char *put_fraction(char *p, uint32_t micros)
{
    if (micros == 0)
        return p;
    *p++ = '.';
    uint64_format_padded(micros, 6, p);
    p += 6;
    while (p[-1] == '0')
        p--;
    return p;
}

static char *put_time(char *p, int64_t micros)
{
    uint32_t seconds = (uint32_t)(micros / MICROS_PER_SECOND);
    p = two_digits(p, seconds / 3600);
    *p++ = ':';
    p = two_digits(p, seconds / 60 % 60);
    *p++ = ':';
    p = two_digits(p, seconds % 60);
    return put_fraction(p, (uint32_t)(micros % MICROS_PER_SECOND));
}

uint32_t date_format(int64_t days, char *out)
{
    bool is_before_christ;
    if (days == INT64_MAX || days == INT64_MIN)
        return put_infinity(days, out);
    uint32_t length = put_date(days, out, &is_before_christ);
    return length + (is_before_christ ? put_string(out + length, " BC") : 0);
}

uint32_t time_format(int64_t micros, char *out)
{
    return (uint32_t)(put_time(out, micros) - out);
}

/* Date and time of a local clock, without the era, which goes behind a zone. */
static char *put_timestamp(int64_t local, DateCache *cache, char *out)
{
    int64_t days = local / MICROS_PER_DAY, rest = local % MICROS_PER_DAY;
    if (rest < 0) {
        days--;
        rest += MICROS_PER_DAY;
    }
    if (cache->length == 0 || cache->days != days) {
        cache->length = put_date(days, cache->text, &cache->is_before_christ);
        cache->days = days;
    }
    memcpy(out, cache->text, sizeof cache->text);
    out[cache->length] = ' ';
    return put_time(out + cache->length + 1, rest);
}

uint32_t timestamp_format(int64_t micros, DateCache *cache, char *out)
{
    if (micros == INT64_MAX || micros == INT64_MIN)
        return put_infinity(micros, out);
    char *p = put_timestamp(micros, cache, out);
    if (cache->is_before_christ)
        p += put_string(p, " BC");
    return (uint32_t)(p - out);
}

char *offset_format(int64_t offset_micros, char *out)
{
    char *p = out;
    int seconds = (int)(offset_micros / MICROS_PER_SECOND);
    *p++ = seconds < 0 ? '-' : '+';
    unsigned magnitude = (unsigned)(seconds < 0 ? -seconds : seconds);
    p = two_digits(p, magnitude / 3600);
    if (magnitude % 3600 != 0) {
        *p++ = ':';
        p = two_digits(p, magnitude / 60 % 60);
    }
    if (magnitude % 60 != 0) {
        *p++ = ':';
        p = two_digits(p, magnitude % 60);
    }
    return p;
}

uint32_t timestamptz_format(int64_t utc, const TimeZone *zone, DateCache *cache, char *out)
{
    if (utc == INT64_MAX || utc == INT64_MIN)
        return put_infinity(utc, out);
    int64_t offset = timezone_offset_at(zone, utc, NULL), local;
    if (__builtin_add_overflow(utc, offset, &local)) {
        local = utc;
        offset = 0;
    }
    char *p = offset_format(offset, put_timestamp(local, cache, out));
    if (cache->is_before_christ)
        p += put_string(p, " BC");
    return (uint32_t)(p - out);
}

/* --- intervals --- */

typedef struct IntervalWriter {
    char *at;
    bool is_empty;
    bool was_negative; /* the part before: a positive one after it shows its sign */
} IntervalWriter;

static void put_part(IntervalWriter *writer, int64_t value, const char *unit)
{
    if (value == 0)
        return;
    if (!writer->is_empty)
        *writer->at++ = ' ';
    if (writer->was_negative && value > 0)
        *writer->at++ = '+';
    writer->at += int64_format(value, writer->at);
    *writer->at++ = ' ';
    writer->at += put_string(writer->at, unit);
    if (value != 1)
        *writer->at++ = 's';
    writer->was_negative = value < 0;
    writer->is_empty = false;
}

uint32_t interval_format(IntervalValue value, char *out)
{
    IntervalWriter writer = {.at = out, .is_empty = true};
    put_part(&writer, value.months / 12, "year");
    put_part(&writer, value.months % 12, "mon");
    put_part(&writer, value.days, "day");
    if (value.micros == 0 && !writer.is_empty)
        return (uint32_t)(writer.at - out);
    char *p = writer.at;
    if (!writer.is_empty)
        *p++ = ' ';
    if (value.micros < 0)
        *p++ = '-';
    else if (writer.was_negative)
        *p++ = '+';
    uint64_t micros = value.micros < 0 ? -(uint64_t)value.micros : (uint64_t)value.micros;
    uint64_t seconds = micros / 1000000, hours = seconds / 3600;
    if (hours < 100)
        p = two_digits(p, (unsigned)hours);
    else
        p += uint64_format(hours, p);
    *p++ = ':';
    p = two_digits(p, (unsigned)(seconds / 60 % 60));
    *p++ = ':';
    p = two_digits(p, (unsigned)(seconds % 60));
    return (uint32_t)(put_fraction(p, (uint32_t)(micros % 1000000)) - out);
}

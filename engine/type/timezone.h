/*
 * Time zones and calendar arithmetic. Zones come from the system's TZif files
 * (/usr/share/zoneinfo, RFC 8536) or are fixed offsets; loaded once a process and kept.
 * Days and civil dates: the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level
 * date algorithms"). All times are microseconds since 1970-01-01 00:00:00 UTC unless named local.
 */
#ifndef TALARIA_ENGINE_TYPE_TIMEZONE_H
#define TALARIA_ENGINE_TYPE_TIMEZONE_H

#include "base/fault/fault.h"
#include "base/memory/text.h"

typedef struct TimeZone TimeZone;

#define MICROS_PER_SECOND INT64_C(1000000)
#define MICROS_PER_DAY    INT64_C(86400000000)

/* Timestamps begin where PostgreSQL's do, 4714-11-24 BC, and end where microseconds since 1970 do,
 * in 294247 AD (PostgreSQL's, counted from 2000, 29 years later). */
#define TIMESTAMP_MINIMUM (INT64_C(-210866803200) * MICROS_PER_SECOND)
#define TIMESTAMP_END     INT64_MAX

const TimeZone *timezone_utc(void);
/* "UTC", "America/Los_Angeles", "+02:00", "-0530", "Z"; NULL with FAULT_INVALID_PARAMETER_VALUE. */
const TimeZone *timezone_find(Text name, Fault *fault);
const TimeZone *timezone_of_offset(int32_t seconds); /* east of UTC, less than 168 hours */
/* A session's TimeZone setting: as above, or a number of hours east of UTC ("-8", "10.5"); with
 * `is_posix` a bare "+02:00" counts west of Greenwich, as PostgreSQL has it. */
const TimeZone *timezone_of_setting(Text value, bool is_posix, Fault *fault);

/* PST, EST, MSK: PostgreSQL's default abbreviations (zone_abbreviations.c). */
typedef struct ZoneAbbreviation {
    const char *name;     /* in lower case */
    int64_t offset;       /* microseconds east of UTC, when `zone` is NULL */
    bool is_summer;
    const TimeZone *zone; /* the offset is what the name meant there at the time */
} ZoneAbbreviation;
bool timezone_abbreviation(Text name, ZoneAbbreviation *found);
/* All of them; false behind the last. */
bool timezone_abbreviation_at(uint32_t i, ZoneAbbreviation *found);
/* The zone that it stands for: one of a fixed offset, or that which it names. */
const TimeZone *timezone_by_abbreviation(Text name);
int64_t timezone_abbreviation_offset(const ZoneAbbreviation *abbreviation, int64_t utc);
/* The offset that the zone called `abbreviation` last at or before an instant, else first after
 * it; false: never. */
bool timezone_offset_named(const TimeZone *zone, const char *abbreviation, int64_t utc, int64_t *offset);
const char *timezone_name(const TimeZone *zone);
bool timezone_is_fixed(const TimeZone *zone, int64_t *offset_micros);
/* Offset (local - UTC) in force at an instant; *abbreviation optional. */
int64_t timezone_offset_at(const TimeZone *zone, int64_t utc, const char **abbreviation);
int64_t timezone_to_local(const TimeZone *zone, int64_t utc);
/* Gaps: the offset before the change applies; overlaps: the later instant, which is standard time
 * at the end of daylight saving (PostgreSQL's rule). */
int64_t timezone_to_utc(const TimeZone *zone, int64_t local);

typedef struct CivilTime {
    int64_t year; /* astronomical: 0 is 1 BC */
    int month, day, hour, minute, second, micros; /* month and day from 1 */
} CivilTime;

int64_t civil_to_days(int64_t year, int month, int day);
void civil_from_days(int64_t days, int64_t *year, int *month, int *day);
int64_t civil_to_micros(const CivilTime *civil);
void civil_from_micros(int64_t micros, CivilTime *civil);
int civil_days_in_month(int64_t year, int month);
int civil_day_of_week(int64_t days); /* 0 Sunday .. 6 Saturday */
void civil_iso_week(int64_t days, int64_t *iso_year, int *week);

/* ISO 8601 periods (P1D, PT1H, P3M). */
typedef struct Period {
    int64_t months, days, micros;
} Period;
bool period_parse(Text text, Period *period, Fault *fault);
/* The grid of TIME_FLOOR: start of the period that holds `utc`; `origin` in UTC or INT64_MIN for
 * the default (epoch; Monday 1970-01-05 less a week for weeks). */
int64_t period_floor(const Period *period, int64_t utc, int64_t origin, const TimeZone *zone);
/* `utc` moved by `count` periods with calendar arithmetic (month ends clamp). */
int64_t period_shift(const Period *period, int64_t utc, int64_t count, const TimeZone *zone);
/* Whether the grid is a fixed number of microseconds in this zone (UTC and fixed offsets: all
 * but months); then *width and *anchor (a grid point) make floor a subtraction and a multiple. */
bool period_is_uniform(const Period *period, const TimeZone *zone, int64_t origin, int64_t *width, int64_t *anchor);

#endif

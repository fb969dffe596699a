/*
 * Days and civil dates of the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible
 * low-level date algorithms"): eras of 400 years that begin on 1 March.
 */
#include "engine/type/timezone.h"

enum { DAYS_PER_ERA = 146097, DAYS_0000_TO_1970 = 719468 };

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t civil_to_days(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_0000_TO_1970;
}

void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += DAYS_0000_TO_1970;
    int64_t era = floor_divide(days, DAYS_PER_ERA);
    unsigned day_of_era = (unsigned)(days - era * DAYS_PER_ERA);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

int64_t civil_to_micros(const CivilTime *civil)
{
    int64_t days = civil_to_days(civil->year, civil->month, civil->day);
    int64_t seconds = civil->hour * 3600 + civil->minute * 60 + civil->second;
    /* Far years saturate: callers check against the type's bounds. */
    int64_t micros;
    if (__builtin_mul_overflow(days, MICROS_PER_DAY, &micros) ||
        __builtin_add_overflow(micros, seconds * MICROS_PER_SECOND + civil->micros, &micros))
        return days < 0 ? INT64_MIN : INT64_MAX;
    return micros;
}

void civil_from_micros(int64_t micros, CivilTime *civil)
{
    int64_t days = floor_divide(micros, MICROS_PER_DAY);
    int64_t rest = micros - days * MICROS_PER_DAY;
    int seconds = (int)(rest / MICROS_PER_SECOND);
    civil_from_days(days, &civil->year, &civil->month, &civil->day);
    civil->hour = seconds / 3600;
    civil->minute = seconds / 60 % 60;
    civil->second = seconds % 60;
    civil->micros = (int)(rest % MICROS_PER_SECOND);
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int civil_days_in_month(int64_t year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

int civil_day_of_week(int64_t days)
{
    int64_t day = (days + 4) % 7; /* 1970-01-01 was a Thursday */
    return (int)(day < 0 ? day + 7 : day);
}

/* The week belongs to the year that holds its Thursday. */
void civil_iso_week(int64_t days, int64_t *iso_year, int *week)
{
    int month, day, from_monday = (civil_day_of_week(days) + 6) % 7;
    int64_t thursday = days - from_monday + 3;
    civil_from_days(thursday, iso_year, &month, &day);
    *week = (int)((thursday - civil_to_days(*iso_year, 1, 1)) / 7) + 1;
}

/*
 * Zones, civil dates, periods.
 */
#include "engine/type/timezone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const TimeZone *zone_of(const char *name)
{
    Fault fault;
    const TimeZone *zone = timezone_find(text_of(name), &fault);
    assert_non_null(zone);
    return zone;
}

static int64_t at(int year, int month, int day, int hour, int minute)
{
    CivilTime civil = {.year = year, .month = month, .day = day, .hour = hour, .minute = minute};
    return civil_to_micros(&civil);
}

static void check_local(const TimeZone *zone, int64_t utc, int64_t local)
{
    assert_true(timezone_to_local(zone, utc) == local);
}

static void test_calendar(void **state)
{
    assert_true(civil_to_days(1970, 1, 1) == 0);
    assert_true(civil_to_days(2000, 3, 1) == 11017);
    assert_true(civil_to_days(0, 1, 1) == -719528);
    for (int64_t days = -800000; days < 800000; days += 37) {
        int64_t year;
        int month, day;
        civil_from_days(days, &year, &month, &day);
        assert_true(civil_to_days(year, month, day) == days);
        assert_true(day >= 1 && day <= civil_days_in_month(year, month));
    }
    int64_t year;
    int week;
    civil_iso_week(civil_to_days(2021, 1, 3), &year, &week);
    assert_true(year == 2020 && week == 53);
    civil_iso_week(civil_to_days(2024, 12, 30), &year, &week);
    assert_true(year == 2025 && week == 1);
    assert_int_equal(civil_day_of_week(0), 4);
    assert_int_equal(civil_day_of_week(-5), 6);
}

static void test_rules_as_names(void **state)
{
    (void)state;
    int64_t offset;
    assert_true(timezone_is_fixed(zone_of("GMT-05:30"), &offset));
    assert_true(offset == 19800 * INT64_C(1000000)); /* POSIX counts to the west */
    assert_true(timezone_is_fixed(zone_of("<+0530>-5:30"), &offset));
    assert_true(offset == 19800 * INT64_C(1000000));
    check_local(zone_of("FOO8BAR"), at(2024, 7, 1, 0, 0), at(2024, 6, 30, 17, 0));
    check_local(zone_of("FOO8BAR"), at(2024, 1, 1, 0, 0), at(2023, 12, 31, 16, 0));
}

static void test_daylight_saving(void **state)
{
    const TimeZone *zone = zone_of("America/New_York");
    const char *abbreviation;
    check_local(zone, at(2024, 1, 15, 12, 0), at(2024, 1, 15, 7, 0));
    check_local(zone, at(2024, 7, 15, 12, 0), at(2024, 7, 15, 8, 0));
    timezone_offset_at(zone, at(2024, 7, 15, 12, 0), &abbreviation);
    assert_string_equal(abbreviation, "EDT");
    /* by the rule of the footer, long after the last transition in the file */
    check_local(zone, at(2150, 7, 15, 12, 0), at(2150, 7, 15, 8, 0));
    check_local(zone, at(2150, 1, 15, 12, 0), at(2150, 1, 15, 7, 0));
    /* 2024-03-10 02:30 was skipped, 2024-11-03 01:30 came twice */
    assert_true(timezone_to_utc(zone, at(2024, 3, 10, 2, 30)) == at(2024, 3, 10, 7, 30));
    assert_true(timezone_to_utc(zone, at(2024, 11, 3, 1, 30)) == at(2024, 11, 3, 6, 30));
    assert_true(timezone_to_utc(zone, at(2024, 11, 3, 0, 30)) == at(2024, 11, 3, 4, 30));
    /* the southern half of the year */
    const TimeZone *sydney = zone_of("Australia/Sydney");
    check_local(sydney, at(2100, 1, 1, 0, 0), at(2100, 1, 1, 11, 0));
    check_local(sydney, at(2100, 7, 1, 0, 0), at(2100, 7, 1, 10, 0));
    for (int64_t utc = at(2020, 1, 1, 0, 0); utc < at(2026, 1, 1, 0, 0);
         utc += 7 * 3600 * MICROS_PER_SECOND) {
        int64_t back = timezone_to_utc(zone, timezone_to_local(zone, utc));
        /* but for the hour that comes twice */
        assert_true(back == utc || back == utc + 3600 * MICROS_PER_SECOND);
    }
}

static void test_names(void **state)
{
    Fault fault;
    int64_t offset;
    assert_ptr_equal(zone_of("UTC"), timezone_utc());
    assert_ptr_equal(zone_of("Z"), timezone_utc());
    assert_true(timezone_is_fixed(zone_of("+02:00"), &offset));
    assert_true(offset == 2 * 3600 * MICROS_PER_SECOND);
    assert_true(timezone_is_fixed(zone_of("-0530"), &offset));
    assert_true(offset == -(5 * 3600 + 30 * 60) * MICROS_PER_SECOND);
    assert_ptr_equal(zone_of("+02:00"), zone_of("+2"));
    assert_ptr_equal(zone_of("europe/paris"), zone_of("Europe/Paris"));
    assert_string_equal(timezone_name(zone_of("europe/paris")), "Europe/Paris");
    assert_false(timezone_is_fixed(zone_of("Europe/Paris"), &offset));
    static const char *const bad[] = {"", "GMT-200", "GMT-20", "GMT-", "<+0530", "FOO8BAR,",
                                      "FOO8BAR,M3.2.0", "Nowhere/Land", "../../etc/passwd", "/etc/passwd",
                                      "+25:00", "+", "Europe", "posixrules\n", "zone.tab"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(timezone_find(text_of(bad[i]), &fault));
        assert_int_equal(fault.code, FAULT_INVALID_PARAMETER_VALUE);
    }
}

static Period period_of(const char *text)
{
    Period period;
    Fault fault;
    assert_true(period_parse(text_of(text), &period, &fault));
    return period;
}

static void test_period_parsing(void **state)
{
    Period period = period_of("P1Y2M3W4DT5H6M7.5S");
    Fault fault;
    assert_true(period.months == 14 && period.days == 25 &&
                period.micros == (5 * 3600 + 6 * 60) * MICROS_PER_SECOND + 7500000);
    static const char *const bad[] = {"", "P", "PT", "P1", "1D", "P1H", "PT1D", "P1.5D", "PDT1H",
                                      "P1DT", "P99999999999999999999D"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (period_parse(text_of(bad[i]), &period, &fault))
            fail_msg("%s was read", bad[i]);
}

static int64_t floor_of(const char *period, int64_t utc, const char *zone)
{
    Period parsed = period_of(period);
    return period_floor(&parsed, utc, INT64_MIN, zone_of(zone));
}

static void test_floors(void **state)
{
    int64_t time = at(2024, 3, 13, 10, 47); /* a Wednesday */
    assert_true(floor_of("PT1H", time, "UTC") == at(2024, 3, 13, 10, 0));
    assert_true(floor_of("PT15M", time, "UTC") == at(2024, 3, 13, 10, 45));
    assert_true(floor_of("PT6H", time, "UTC") == at(2024, 3, 13, 6, 0));
    assert_true(floor_of("P1D", time, "UTC") == at(2024, 3, 13, 0, 0));
    assert_true(floor_of("P1W", time, "UTC") == at(2024, 3, 11, 0, 0));
    assert_true(floor_of("P1M", time, "UTC") == at(2024, 3, 1, 0, 0));
    assert_true(floor_of("P3M", time, "UTC") == at(2024, 1, 1, 0, 0));
    assert_true(floor_of("P1Y", time, "UTC") == at(2024, 1, 1, 0, 0));
    assert_true(floor_of("P1D", at(2024, 3, 13, 3, 0), "America/Los_Angeles") ==
                at(2024, 3, 12, 7, 0));
    assert_true(floor_of("PT1H", at(2024, 3, 13, 10, 47), "Asia/Kolkata") ==
                at(2024, 3, 13, 10, 30));
    assert_true(floor_of("P1M", at(1969, 12, 31, 23, 0), "UTC") == at(1969, 12, 1, 0, 0));
    assert_true(floor_of("PT1H", at(1969, 12, 31, 23, 30), "UTC") == at(1969, 12, 31, 23, 0));
    assert_true(floor_of("P1M2D", time, "UTC") <= time);
    Period day = period_of("P1D");
    assert_true(period_floor(&day, time, at(2024, 1, 1, 12, 0), timezone_utc()) ==
                at(2024, 3, 12, 12, 0));
    /* uniform grids agree with the general floor */
    static const char *const uniform[] = {"PT1S", "PT1H", "PT7H", "P1D", "P1W", "P1DT6H"};
    static const char *const zones[] = {"UTC", "+05:30", "-03:00"};
    for (size_t p = 0; p < sizeof uniform / sizeof uniform[0]; p++)
        for (size_t z = 0; z < sizeof zones / sizeof zones[0]; z++) {
            Period period = period_of(uniform[p]);
            int64_t width, anchor;
            assert_true(period_is_uniform(&period, zone_of(zones[z]), INT64_MIN, &width, &anchor));
            for (int64_t utc = -50 * MICROS_PER_DAY; utc < 50 * MICROS_PER_DAY;
                 utc += 1234567891011) {
                int64_t rest = (utc - anchor) % width;
                int64_t expected = utc - (rest < 0 ? rest + width : rest);
                assert_true(period_floor(&period, utc, INT64_MIN, zone_of(zones[z])) == expected);
            }
        }
    Period month = period_of("P1M");
    int64_t width, anchor;
    assert_false(period_is_uniform(&month, timezone_utc(), INT64_MIN, &width, &anchor));
}

static void test_shifts(void **state)
{
    const TimeZone *utc = timezone_utc(), *la = zone_of("America/Los_Angeles");
    Period month = period_of("P1M"), day = period_of("P1D");
    assert_true(period_shift(&month, at(2024, 1, 31, 0, 0), 1, utc) == at(2024, 2, 29, 0, 0));
    assert_true(period_shift(&month, at(2024, 3, 31, 0, 0), -1, utc) == at(2024, 2, 29, 0, 0));
    assert_true(period_shift(&month, at(2024, 1, 15, 0, 0), -13, utc) == at(2022, 12, 15, 0, 0));
    /* the day of the change has 23 hours */
    assert_true(period_shift(&day, at(2024, 3, 9, 20, 0), 1, la) == at(2024, 3, 10, 19, 0));
    /* beyond the range of timestamps: saturated, not wrapped */
    assert_true(period_shift(&month, at(2024, 1, 1, 0, 0), INT64_MAX, utc) > 0);
    assert_true(period_shift(&day, at(2024, 1, 1, 0, 0), INT64_MIN, utc) < 0);
    assert_true(period_shift(&day, INT64_MAX, 1, utc) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar),       cmocka_unit_test(test_daylight_saving),
        cmocka_unit_test(test_rules_as_names),
        cmocka_unit_test(test_names),          cmocka_unit_test(test_period_parsing),
        cmocka_unit_test(test_floors),         cmocka_unit_test(test_shifts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

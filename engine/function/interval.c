/*
 * Functions of intervals: justifying, making, truncating; whether a time is finite; whether two
 * spans of time overlap; the wall clock at an offset.
 */
#include "engine/function/time_internal.h"

#include <math.h>

enum { DAYS_PER_MONTH = 30, MONTHS_PER_YEAR = 12 };

static IntervalValue row_interval(const RowRun *run, uint32_t argument, uint32_t row)
{
    const Vector *vector = &run->arguments[argument];
    return VECTOR_DATA(IntervalValue, vector)[vector_row(vector, row)];
}

static bool too_large(RowRun *run)
{
    return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW, "interval out of range");
}

/* An interval whose fields are kept in 64 bits while they are carried over. */
typedef struct Fields {
    int64_t months, days, micros;
} Fields;

static bool put_fields(RowRun *run, Fields fields, IntervalValue *result)
{
    *result = (IntervalValue){0};
    if (fields.months != (int32_t)fields.months || fields.days != (int32_t)fields.days)
        return too_large(run);
    *result = (IntervalValue){.micros = fields.micros, .days = (int32_t)fields.days,
                              .months = (int32_t)fields.months};
    return true;
}

/* --- justify --- */

static void carry_hours(Fields *fields)
{
    fields->days += fields->micros / MICROS_PER_DAY;
    fields->micros %= MICROS_PER_DAY;
}

static void carry_days(Fields *fields)
{
    fields->months += fields->days / DAYS_PER_MONTH;
    fields->days %= DAYS_PER_MONTH;
}

static void align_hours(Fields *fields)
{
    if (fields->days > 0 && fields->micros < 0) {
        fields->micros += MICROS_PER_DAY;
        fields->days--;
    } else if (fields->days < 0 && fields->micros > 0) {
        fields->micros -= MICROS_PER_DAY;
        fields->days++;
    }
}

static bool justify_hours_row(RowRun *run, uint32_t row, IntervalValue *result, uint8_t *is_null)
{
    IntervalValue value = row_interval(run, 0, row);
    Fields fields = {value.months, value.days, value.micros};
    carry_hours(&fields);
    align_hours(&fields);
    return put_fields(run, fields, result);
}

static bool justify_days_row(RowRun *run, uint32_t row, IntervalValue *result, uint8_t *is_null)
{
    IntervalValue value = row_interval(run, 0, row);
    Fields fields = {value.months, value.days, value.micros};
    carry_days(&fields);
    if (fields.months > 0 && fields.days < 0) {
        fields.days += DAYS_PER_MONTH;
        fields.months--;
    } else if (fields.months < 0 && fields.days > 0) {
        fields.days -= DAYS_PER_MONTH;
        fields.months++;
    }
    return put_fields(run, fields, result);
}

static bool justify_interval_row(RowRun *run, uint32_t row, IntervalValue *result,
                                 uint8_t *is_null)
{
    IntervalValue value = row_interval(run, 0, row);
    Fields fields = {value.months, value.days, value.micros};
    carry_hours(&fields);
    carry_days(&fields);
    bool is_below = fields.days < 0 || (fields.days == 0 && fields.micros < 0);
    bool is_above = fields.days > 0 || (fields.days == 0 && fields.micros > 0);
    if (fields.months > 0 && is_below) {
        fields.days += DAYS_PER_MONTH;
        fields.months--;
    } else if (fields.months < 0 && is_above) {
        fields.days -= DAYS_PER_MONTH;
        fields.months++;
    }
    align_hours(&fields);
    return put_fields(run, fields, result);
}

/* --- making --- */

/* make_interval(years, months, weeks, days, hours, mins, secs): all may be left out. */
static bool make_interval_row(RowRun *run, uint32_t row, IntervalValue *result, uint8_t *is_null)
{
    int64_t numbers[6] = {0};
    uint32_t count = run->call->argument_count;
    for (uint32_t i = 0; i < 6 && i < count; i++)
        numbers[i] = row_int64(run, i, row);
    double seconds = count > 6 ? row_float64(run, 6, row) : 0;
    *result = (IntervalValue){0};
    for (int i = 0; i < 6; i++)
        if (numbers[i] != (int32_t)numbers[i])
            return too_large(run);
    if (!isfinite(seconds) || fabs(seconds) > 9e12)
        return too_large(run);
    Fields fields = {
        .months = numbers[0] * MONTHS_PER_YEAR + numbers[1],
        .days = numbers[2] * 7 + numbers[3],
        .micros = (numbers[4] * 3600 + numbers[5] * 60) * MICROS_PER_SECOND +
                  (int64_t)rint(seconds * 1e6),
    };
    return put_fields(run, fields, result);
}

/* --- date_trunc of intervals --- */

static bool truncate_fields(TimeUnit unit, Fields *fields)
{
    static const struct {
        TimeUnit unit;
        int64_t months, micros;
    } units[] = {
        {UNIT_MILLENNIUM, 12000, 0}, {UNIT_CENTURY, 1200, 0}, {UNIT_DECADE, 120, 0},
        {UNIT_YEAR, 12, 0},          {UNIT_QUARTER, 3, 0},    {UNIT_MONTH, 1, 0},
        {UNIT_HOUR, 0, 3600 * MICROS_PER_SECOND}, {UNIT_MINUTE, 0, 60 * MICROS_PER_SECOND},
        {UNIT_SECOND, 0, MICROS_PER_SECOND},      {UNIT_MILLISECOND, 0, 1000},
        {UNIT_MICROSECOND, 0, 1},
    };
    if (unit == UNIT_DAY) {
        fields->micros = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (units[i].unit != unit)
            continue;
        if (units[i].months > 0)
            *fields = (Fields){.months = fields->months / units[i].months * units[i].months};
        else
            fields->micros = fields->micros / units[i].micros * units[i].micros;
        return true;
    }
    return false;
}

static bool trunc_row(RowRun *run, uint32_t row, IntervalValue *result, uint8_t *is_null)
{
    Text name = row_text(run, 0, row);
    TimeUnit unit = time_unit_of(name);
    IntervalValue value = row_interval(run, 1, row);
    Fields fields = {value.months, value.days, value.micros};
    *result = (IntervalValue){0};
    if (unit == UNIT_NO_TIME)
        return time_unit_unknown(name, run->fault);
    if (!truncate_fields(unit, &fields)) {
        fault_set(run->fault, FAULT_FEATURE_NOT_SUPPORTED,
                  "unit \"%.*s\" not supported for type interval", TEXT_ARGS(name));
        if (unit == UNIT_WEEK)
            fault_detail(run->fault, "Months usually have fractional weeks.");
        return false;
    }
    return put_fields(run, fields, result);
}

/* --- finite --- */

static bool is_finite_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *result = !time_is_infinite(row_int64(run, 0, row));
    return true;
}

static bool always_finite_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    *result = 1;
    return true;
}

/* --- overlaps --- */

typedef struct Span {
    int64_t start, end;
    bool has_start, has_end;
} Span;

/* The ends in order; one that is missing is the other, and then there is no end. */
static Span row_span(const RowRun *run, uint32_t first, uint32_t row)
{
    Span span = {.has_start = !row_is_null(run, first, row),
                 .has_end = !row_is_null(run, first + 1, row)};
    if (span.has_start)
        span.start = row_int64(run, first, row);
    if (span.has_end)
        span.end = row_int64(run, first + 1, row);
    if (!span.has_start && span.has_end) {
        span.start = span.end;
        span.has_start = true;
        span.has_end = false;
    } else if (span.has_end && span.start > span.end) {
        int64_t start = span.start;
        span.start = span.end;
        span.end = start;
    }
    return span;
}

/* The standard's rule: spans hold their start and not their end, a moment holds itself. What a
 * missing end could change is NULL. */
static bool overlaps_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    Span a = row_span(run, 0, row), b = row_span(run, 2, row);
    *result = 0;
    if (!a.has_start || !b.has_start) {
        *is_null = 1;
        return true;
    }
    if (a.start == b.start) {
        *is_null = !a.has_end || !b.has_end;
        *result = 1;
        return true;
    }
    const Span *earlier = a.start < b.start ? &a : &b, *later = a.start < b.start ? &b : &a;
    if (!earlier->has_end) {
        *is_null = 1;
        return true;
    }
    *result = later->start < earlier->end;
    *is_null = !*result && !later->has_end;
    return true;
}

/* --- AT TIME ZONE with an interval --- */

static bool at_offset(RowRun *run, uint32_t row, int sign, int64_t *result)
{
    IntervalValue offset = row_interval(run, 0, row);
    int64_t time = row_int64(run, 1, row);
    *result = time;
    if (offset.months != 0 || offset.days != 0)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "interval time zone must not include months or days");
    if (!time_is_infinite(time))
        *result = wrap_add(time, wrap_multiply(sign, offset.micros));
    return true;
}

static bool local_at_offset_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    return at_offset(run, row, 1, result);
}

static bool instant_at_offset_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    return at_offset(run, row, -1, result);
}

ROW_LOOP(justify_hours_loop, justify_hours_row, IntervalValue)
ROW_LOOP(justify_days_loop, justify_days_row, IntervalValue)
ROW_LOOP(justify_interval_loop, justify_interval_row, IntervalValue)
ROW_LOOP(make_interval_loop, make_interval_row, IntervalValue)
ROW_LOOP(trunc_loop, trunc_row, IntervalValue)
ROW_LOOP(is_finite_loop, is_finite_row, uint8_t)
ROW_LOOP(always_finite_loop, always_finite_row, uint8_t)
ROW_LOOP(overlaps_loop, overlaps_row, uint8_t)
ROW_LOOP(local_at_offset_loop, local_at_offset_row, int64_t)
ROW_LOOP(instant_at_offset_loop, instant_at_offset_row, int64_t)

#define SPAN_ROW(id, function, count, type, loop_method, does, sample, value, ...)                 \
    { .oid = id, .name = function, .argument_count = count, .arguments = { __VA_ARGS__ },          \
      .result = type, .run = run_rows, .loop = (void *)(loop_method), .summary = does,             \
      .example = sample, .gives = value }
#define OVERLAPS_ROW(id, type, sample)                                                             \
    { .oid = id, .name = "overlaps", .argument_count = 4, .arguments = { type, type, type, type }, \
      .result = T_BOOL, .nulls = NULLS_CALLED, .run = run_rows, .loop = (void *)overlaps_loop,     \
      .summary = "Whether two spans of time overlap: (a, b) OVERLAPS (c, d).",                     \
      .example = sample, .gives = "t" }

const ScalarFunction interval_functions[] = {
    SPAN_ROW(1175, "justify_hours", 1, T_INTERVAL, justify_hours_loop,
             "24 hours as a day.", "justify_hours(INTERVAL '27 hours')", "1 day 03:00:00",
             T_INTERVAL),
    SPAN_ROW(1295, "justify_days", 1, T_INTERVAL, justify_days_loop,
             "30 days as a month.", "justify_days(INTERVAL '35 days')", "1 mon 5 days",
             T_INTERVAL),
    SPAN_ROW(2711, "justify_interval", 1, T_INTERVAL, justify_interval_loop,
             "24 hours as a day, 30 days as a month, all of one sign.",
             "justify_interval(INTERVAL '1 mon -1 hour')", "29 days 23:00:00", T_INTERVAL),
    { .oid = 3464, .name = "make_interval", .argument_count = 7, .optional_count = 7,
      .arguments = { T_INT8, T_INT8, T_INT8, T_INT8, T_INT8, T_INT8, T_FLOAT8 },
      .result = T_INTERVAL, .run = run_rows, .loop = (void *)make_interval_loop,
      .summary = "An interval of years, months, weeks, days, hours, minutes, seconds.",
      .example = "make_interval(0, 0, 0, 10)", .gives = "10 days" },
    SPAN_ROW(1218, "date_trunc", 2, T_INTERVAL, trunc_loop,
             "The interval without what is below a unit.",
             "date_trunc('hour', INTERVAL '3 days 02:47:33')", "3 days 02:00:00", T_TEXT,
             T_INTERVAL),
    SPAN_ROW(1373, "isfinite", 1, T_BOOL, is_finite_loop, "Whether a date is not an infinity.",
             "isfinite(DATE '2001-02-16')", "t", T_DATE),
    SPAN_ROW(2048, "isfinite", 1, T_BOOL, is_finite_loop, "Whether a time is not an infinity.",
             "isfinite(TIMESTAMP 'infinity')", "f", T_TIMESTAMP),
    SPAN_ROW(1389, "isfinite", 1, T_BOOL, is_finite_loop,
             "Whether an instant is not an infinity.", "isfinite(TIMESTAMPTZ 'infinity')", "f",
             T_TIMESTAMPTZ),
    SPAN_ROW(1390, "isfinite", 1, T_BOOL, always_finite_loop,
             "Whether an interval is finite, as all are.", "isfinite(INTERVAL '4 hours')", "t",
             T_INTERVAL),
    OVERLAPS_ROW(1304, T_TIMESTAMPTZ,
                 "(TIMESTAMPTZ '2001-02-16 00:00:00+00', TIMESTAMPTZ '2001-12-21 00:00:00+00') "
                 "OVERLAPS (TIMESTAMPTZ '2001-10-30 00:00:00+00', "
                 "TIMESTAMPTZ '2002-10-30 00:00:00+00')"),
    OVERLAPS_ROW(2041, T_TIMESTAMP,
                 "(TIMESTAMP '2001-02-16', TIMESTAMP '2001-12-21') OVERLAPS "
                 "(TIMESTAMP '2001-10-30', TIMESTAMP '2002-10-30')"),
    OVERLAPS_ROW(1308, T_TIME,
                 "(TIME '10:00', TIME '12:00') OVERLAPS (TIME '11:00', TIME '13:00')"),
    SPAN_ROW(1026, "timezone", 2, T_TIMESTAMP, local_at_offset_loop,
             "The wall clock at an offset from UTC: x AT TIME ZONE interval.",
             "TIMESTAMPTZ '2024-03-13 10:47:00+00' AT TIME ZONE INTERVAL '-08:00'",
             "2024-03-13 02:47:00", T_INTERVAL, T_TIMESTAMPTZ),
    SPAN_ROW(2070, "timezone", 2, T_TIMESTAMPTZ, instant_at_offset_loop,
             "The instant of a wall clock at an offset from UTC: x AT TIME ZONE interval.",
             "TIMESTAMP '2024-03-13 02:47:00' AT TIME ZONE INTERVAL '-08:00'",
             "2024-03-13 10:47:00+00", T_INTERVAL, T_TIMESTAMP),
};
const uint32_t interval_function_count = sizeof interval_functions / sizeof interval_functions[0];

/*
 * Arithmetic of dates, times and intervals.
 *
 * Months move on the calendar and clamp to the month's end; then days are added, then
 * microseconds. A timestamp with time zone moves months and days on the clock of the session's
 * zone, so that a day may have 23 or 25 hours. Differences of timestamps are days and time.
 */
#include "engine/function/kernel.h"
#include "engine/function/rows_internal.h"
#include "engine/function/time_internal.h"
#include "engine/type/timezone.h"

#include <math.h>

#define OVERFLOW(failed) ((failed) ? FAULT_DATETIME_FIELD_OVERFLOW : FAULT_NONE)

static inline bool is_infinite(int64_t value)
{
    return value == INT64_MAX || value == INT64_MIN;
}

static inline const TimeZone *session_zone(const ScalarCall *call)
{
    return call->context == NULL || call->context->zone == NULL ? timezone_utc()
                                                                : call->context->zone;
}

/* --- moving a local clock --- */

static bool add_months(int64_t *local, int64_t months)
{
    CivilTime civil;
    civil_from_micros(*local, &civil);
    int64_t month = civil.year * 12 + civil.month - 1 + months;
    civil.year = month / 12 - (month % 12 < 0);
    civil.month = (int)(month - civil.year * 12) + 1;
    if (civil.year > 300000 || civil.year < -10000)
        return false;
    int last = civil_days_in_month(civil.year, civil.month);
    if (civil.day > last)
        civil.day = last;
    *local = civil_to_micros(&civil);
    return !is_infinite(*local);
}

static bool add_calendar(int64_t *local, int64_t months, int64_t days)
{
    if (months != 0 && !add_months(local, months))
        return false;
    int64_t micros;
    return !__builtin_mul_overflow(days, MICROS_PER_DAY, &micros) &&
           !__builtin_add_overflow(*local, micros, local) && !is_infinite(*local);
}

static inline FaultCode shift_timestamp(int64_t value, IntervalValue by, int sign, int64_t *result)
{
    *result = value;
    if (is_infinite(value))
        return FAULT_NONE;
    bool fits = add_calendar(result, sign * (int64_t)by.months, sign * (int64_t)by.days) &&
                !(sign > 0 ? __builtin_add_overflow(*result, by.micros, result)
                           : __builtin_sub_overflow(*result, by.micros, result));
    return OVERFLOW(!fits || is_infinite(*result) || *result < TIMESTAMP_MINIMUM);
}

static inline FaultCode shift_timestamptz(const ScalarCall *call, int64_t value, IntervalValue by,
                                          int sign, int64_t *result)
{
    *result = value;
    if (is_infinite(value))
        return FAULT_NONE;
    if (by.months != 0 || by.days != 0) {
        const TimeZone *zone = session_zone(call);
        int64_t local = timezone_to_local(zone, value);
        if (!add_calendar(&local, sign * (int64_t)by.months, sign * (int64_t)by.days))
            return FAULT_DATETIME_FIELD_OVERFLOW;
        *result = timezone_to_utc(zone, local);
    }
    bool fits = !(sign > 0 ? __builtin_add_overflow(*result, by.micros, result)
                           : __builtin_sub_overflow(*result, by.micros, result));
    return OVERFLOW(!fits || is_infinite(*result) || *result < TIMESTAMP_MINIMUM);
}

static inline FaultCode midnight_of(int64_t date, int64_t *micros)
{
    if (is_infinite(date))
        return *micros = date, FAULT_NONE;
    *micros = 0;
    return OVERFLOW(__builtin_mul_overflow(date, MICROS_PER_DAY, micros));
}

/* --- scalars --- */

static inline FaultCode timestamp_plus(int64_t value, IntervalValue by, int64_t *result)
{
    return shift_timestamp(value, by, 1, result);
}

static inline FaultCode timestamp_minus(int64_t value, IntervalValue by, int64_t *result)
{
    return shift_timestamp(value, by, -1, result);
}

static inline FaultCode plus_timestamp(IntervalValue by, int64_t value, int64_t *result)
{
    return shift_timestamp(value, by, 1, result);
}

static inline FaultCode timestamptz_plus(const ScalarCall *call, int64_t value, IntervalValue by,
                                         int64_t *result)
{
    return shift_timestamptz(call, value, by, 1, result);
}

static inline FaultCode timestamptz_minus(const ScalarCall *call, int64_t value, IntervalValue by,
                                          int64_t *result)
{
    return shift_timestamptz(call, value, by, -1, result);
}

static inline FaultCode plus_timestamptz(const ScalarCall *call, IntervalValue by, int64_t value,
                                         int64_t *result)
{
    return shift_timestamptz(call, value, by, 1, result);
}

static inline FaultCode date_plus(int64_t date, IntervalValue by, int64_t *result)
{
    int64_t midnight;
    FaultCode code = midnight_of(date, &midnight), shifted = shift_timestamp(midnight, by, 1, result);
    return code != FAULT_NONE ? code : shifted;
}

static inline FaultCode date_minus(int64_t date, IntervalValue by, int64_t *result)
{
    int64_t midnight;
    FaultCode code = midnight_of(date, &midnight), shifted = shift_timestamp(midnight, by, -1, result);
    return code != FAULT_NONE ? code : shifted;
}

static inline FaultCode plus_date(IntervalValue by, int64_t date, int64_t *result)
{
    return date_plus(date, by, result);
}

static inline FaultCode difference(int64_t a, int64_t b, IntervalValue *result)
{
    int64_t micros = 0;
    bool failed = is_infinite(a) || is_infinite(b) || __builtin_sub_overflow(a, b, &micros);
    *result = (IntervalValue){.days = (int32_t)(micros / MICROS_PER_DAY),
                              .micros = micros % MICROS_PER_DAY};
    return OVERFLOW(failed);
}

/* Dates outside the type's range cannot come from adding to dates inside it unnoticed. */
static inline FaultCode check_date(int64_t date, int64_t *result)
{
    *result = date;
    return OVERFLOW(date < -2440588 || date >= 2145042906);
}

static inline FaultCode date_plus_days(int64_t date, int64_t days, int64_t *result)
{
    if (is_infinite(date))
        return *result = date, FAULT_NONE;
    return check_date((int64_t)((uint64_t)date + (uint64_t)days), result);
}

static inline FaultCode date_minus_days(int64_t date, int64_t days, int64_t *result)
{
    if (is_infinite(date))
        return *result = date, FAULT_NONE;
    return check_date((int64_t)((uint64_t)date - (uint64_t)days), result);
}

static inline FaultCode days_plus_date(int64_t days, int64_t date, int64_t *result)
{
    return date_plus_days(date, days, result);
}

static inline FaultCode days_between(int64_t a, int64_t b, int64_t *result)
{
    *result = (int64_t)((uint64_t)a - (uint64_t)b);
    return OVERFLOW(is_infinite(a) || is_infinite(b));
}

static inline FaultCode date_and_time(int64_t date, int64_t time, int64_t *result)
{
    int64_t midnight;
    FaultCode code = midnight_of(date, &midnight);
    *result = midnight;
    if (code != FAULT_NONE || is_infinite(date))
        return code;
    return OVERFLOW(__builtin_add_overflow(midnight, time, result));
}

static inline FaultCode time_and_date(int64_t time, int64_t date, int64_t *result)
{
    return date_and_time(date, time, result);
}

static inline int64_t wrap_day(int64_t micros)
{
    int64_t rest = micros % MICROS_PER_DAY;
    return rest < 0 ? rest + MICROS_PER_DAY : rest;
}

static inline FaultCode time_plus(int64_t time, IntervalValue by, int64_t *result)
{
    *result = wrap_day(wrap_day(time) + by.micros % MICROS_PER_DAY);
    return FAULT_NONE;
}

static inline FaultCode time_minus(int64_t time, IntervalValue by, int64_t *result)
{
    *result = wrap_day(wrap_day(time) - by.micros % MICROS_PER_DAY);
    return FAULT_NONE;
}

static inline FaultCode plus_time(IntervalValue by, int64_t time, int64_t *result)
{
    return time_plus(time, by, result);
}

static inline FaultCode time_between(int64_t a, int64_t b, IntervalValue *result)
{
    *result = (IntervalValue){.micros = (int64_t)((uint64_t)a - (uint64_t)b)};
    return FAULT_NONE;
}

static inline FaultCode interval_plus(IntervalValue a, IntervalValue b, IntervalValue *result)
{
    bool failed = __builtin_add_overflow(a.months, b.months, &result->months);
    failed |= __builtin_add_overflow(a.days, b.days, &result->days);
    failed |= __builtin_add_overflow(a.micros, b.micros, &result->micros);
    return OVERFLOW(failed);
}

static inline FaultCode interval_minus(IntervalValue a, IntervalValue b, IntervalValue *result)
{
    bool failed = __builtin_sub_overflow(a.months, b.months, &result->months);
    failed |= __builtin_sub_overflow(a.days, b.days, &result->days);
    failed |= __builtin_sub_overflow(a.micros, b.micros, &result->micros);
    return OVERFLOW(failed);
}

static inline FaultCode interval_negate(IntervalValue a, IntervalValue *result)
{
    return interval_minus((IntervalValue){0}, a, result);
}

static inline double round_micros(double seconds)
{
    return rint(seconds * 1e6) / 1e6;
}

/* Fractions of months go to days (30 a month), of days to time, as PostgreSQL has it. */
static FaultCode interval_scaled(double months, double days, double micros,
                                 IntervalValue *result)
{
    *result = (IntervalValue){0};
    if (!(fabs(months) <= INT32_MAX) || !(fabs(days) <= INT32_MAX))
        return FAULT_DATETIME_FIELD_OVERFLOW;
    double whole_months = trunc(months), whole_days = trunc(days);
    double month_days = round_micros((months - whole_months) * 30);
    double seconds = round_micros((days - whole_days + month_days - trunc(month_days)) * 86400);
    if (fabs(seconds) >= 86400) {
        double carried = trunc(seconds / 86400);
        whole_days += carried;
        seconds -= carried * 86400;
    }
    whole_days += trunc(month_days);
    micros = rint(micros + seconds * 1e6);
    if (fabs(whole_days) > INT32_MAX || !(fabs(micros) < 9.2e18))
        return FAULT_DATETIME_FIELD_OVERFLOW;
    *result = (IntervalValue){.months = (int32_t)whole_months, .days = (int32_t)whole_days,
                              .micros = (int64_t)micros};
    return FAULT_NONE;
}

FaultCode interval_multiplied(IntervalValue a, double factor, IntervalValue *result)
{
    return interval_scaled(a.months * factor, a.days * factor, (double)a.micros * factor, result);
}

/* Not by the reciprocal: 49 days / 49 is a day. */
FaultCode interval_divided(IntervalValue a, double divisor, IntervalValue *result)
{
    return interval_scaled(a.months / divisor, a.days / divisor, (double)a.micros / divisor,
                           result);
}

static inline FaultCode interval_times(IntervalValue a, double factor, IntervalValue *result)
{
    return interval_multiplied(a, factor, result);
}

static inline FaultCode times_interval(double factor, IntervalValue a, IntervalValue *result)
{
    return interval_multiplied(a, factor, result);
}

static inline FaultCode interval_divide(IntervalValue a, double divisor, IntervalValue *result)
{
    if (divisor == 0)
        return *result = (IntervalValue){0}, FAULT_DIVISION_BY_ZERO;
    return interval_divided(a, divisor, result);
}

BINARY_LOOP(timestamp_plus_loop, timestamp_plus, int64_t, IntervalValue, int64_t)
BINARY_LOOP(timestamp_minus_loop, timestamp_minus, int64_t, IntervalValue, int64_t)
BINARY_LOOP(plus_timestamp_loop, plus_timestamp, IntervalValue, int64_t, int64_t)
BINARY_CALL_LOOP(timestamptz_plus_loop, timestamptz_plus, int64_t, IntervalValue, int64_t)
BINARY_CALL_LOOP(timestamptz_minus_loop, timestamptz_minus, int64_t, IntervalValue, int64_t)
BINARY_CALL_LOOP(plus_timestamptz_loop, plus_timestamptz, IntervalValue, int64_t, int64_t)
BINARY_LOOP(date_plus_loop, date_plus, int64_t, IntervalValue, int64_t)
BINARY_LOOP(date_minus_loop, date_minus, int64_t, IntervalValue, int64_t)
BINARY_LOOP(plus_date_loop, plus_date, IntervalValue, int64_t, int64_t)
BINARY_LOOP(difference_loop, difference, int64_t, int64_t, IntervalValue)
BINARY_LOOP(date_plus_days_loop, date_plus_days, int64_t, int64_t, int64_t)
BINARY_LOOP(date_minus_days_loop, date_minus_days, int64_t, int64_t, int64_t)
BINARY_LOOP(days_plus_date_loop, days_plus_date, int64_t, int64_t, int64_t)
BINARY_LOOP(days_between_loop, days_between, int64_t, int64_t, int64_t)
BINARY_LOOP(date_and_time_loop, date_and_time, int64_t, int64_t, int64_t)
BINARY_LOOP(time_and_date_loop, time_and_date, int64_t, int64_t, int64_t)
BINARY_LOOP(time_plus_loop, time_plus, int64_t, IntervalValue, int64_t)
BINARY_LOOP(time_minus_loop, time_minus, int64_t, IntervalValue, int64_t)
BINARY_LOOP(plus_time_loop, plus_time, IntervalValue, int64_t, int64_t)
BINARY_LOOP(time_between_loop, time_between, int64_t, int64_t, IntervalValue)
BINARY_LOOP(interval_plus_loop, interval_plus, IntervalValue, IntervalValue, IntervalValue)
BINARY_LOOP(interval_minus_loop, interval_minus, IntervalValue, IntervalValue, IntervalValue)
UNARY_LOOP(interval_negate_loop, interval_negate, IntervalValue, IntervalValue)
BINARY_LOOP(interval_times_loop, interval_times, IntervalValue, double, IntervalValue)
BINARY_LOOP(times_interval_loop, times_interval, double, IntervalValue, IntervalValue)
BINARY_LOOP(interval_divide_loop, interval_divide, IntervalValue, double, IntervalValue)

/* --- instants a step apart: what generate_series of times unnests --- */

static inline IntervalValue row_interval(const RowRun *run, uint32_t argument, uint32_t row)
{
    const Vector *vector = &run->arguments[argument];
    return VECTOR_DATA(IntervalValue, vector)[vector_row(vector, row)];
}

/* Which way the step goes, months counted as 30 days: 1, -1 or 0. */
static int step_sign(IntervalValue step)
{
    __int128 span = ((__int128)step.months * 30 + step.days) * MICROS_PER_DAY + step.micros;
    return (span > 0) - (span < 0);
}

static bool time_series_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    enum { MAX_INSTANTS = 1000000 };
    int64_t start = row_int64(run, 0, row), stop = row_int64(run, 1, row);
    IntervalValue step = row_interval(run, 2, row);
    int sign = step_sign(step);
    if (sign == 0)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE, "step size cannot equal zero");
    bool is_local = run->call->argument_types[0].oid == T_TIMESTAMP;
    uint32_t count = 0, capacity = 64;
    int64_t *instants = ARENA_ARRAY(run->arena, int64_t, capacity);
    for (int64_t at = start; sign > 0 ? at <= stop : at >= stop; count++) {
        if (count == MAX_INSTANTS)
            return fault_set(run->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                             "a series of more than %d times", MAX_INSTANTS);
        if (count == capacity) {
            int64_t *more = ARENA_ARRAY(run->arena, int64_t, (size_t)capacity * 2);
            memcpy(more, instants, capacity * sizeof *more);
            instants = more;
            capacity *= 2;
        }
        instants[count] = at;
        int64_t next;
        FaultCode code = is_local ? shift_timestamp(at, step, 1, &next)
                                  : shift_timestamptz(run->call, at, step, 1, &next);
        if (code != FAULT_NONE)
            return fault_set(run->fault, code, "timestamp out of range");
        if (is_infinite(at)) {
            count++;
            break;
        }
        at = next;
    }
    vector_builder_array(builder, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_int64(builder->elements, instants[i]);
    return true;
}

ARRAY_LOOP(time_series_loop, time_series_row)

#define SERIES_ROW(id, kind, list, when)                                                           \
    { .oid = id, .name = "time_series", .argument_count = 3,                                       \
      .arguments = { kind, kind, T_INTERVAL }, .result = list, .volatility = when,                 \
      .run = run_array_rows, .loop = (void *)time_series_loop,                                     \
      .summary = "The times from the first to the second, a step apart." }

#define ROW(id, function, sign, a, b, r, stamped, when, text, sample, result_text)                 \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2, .arguments = { a, b },     \
      .result = r, .kind = FUNCTION_OPERATOR_ONLY, .volatility = when, .run = run_loop,            \
      .loop = stamped, .summary = text, .example = sample, .gives = result_text }

const ScalarFunction arithmetic_time_functions[] = {
    SERIES_ROW(93921, T_TIMESTAMP, T_TIMESTAMP_ARRAY, IMMUTABLE),
    SERIES_ROW(93922, T_TIMESTAMPTZ, T_TIMESTAMPTZ_ARRAY, STABLE),
    ROW(2032, "timestamp_pl_interval", "+", T_TIMESTAMP, T_INTERVAL, T_TIMESTAMP,
        timestamp_plus_loop, IMMUTABLE, "Later by an interval.",
        "timestamp '2024-01-31 00:00:00' + interval '1 month'", "2024-02-29 00:00:00"),
    ROW(2033, "timestamp_mi_interval", "-", T_TIMESTAMP, T_INTERVAL, T_TIMESTAMP,
        timestamp_minus_loop, IMMUTABLE, "Earlier by an interval.",
        "timestamp '2024-03-31 00:00:00' - interval '1 month'", "2024-02-29 00:00:00"),
    ROW(2548, "interval_pl_timestamp", "+", T_INTERVAL, T_TIMESTAMP, T_TIMESTAMP,
        plus_timestamp_loop, IMMUTABLE, "Later by an interval.", NULL, NULL),
    ROW(1189, "timestamptz_pl_interval", "+", T_TIMESTAMPTZ, T_INTERVAL, T_TIMESTAMPTZ,
        timestamptz_plus_loop, STABLE, "Later by an interval.", NULL, NULL),
    ROW(1190, "timestamptz_mi_interval", "-", T_TIMESTAMPTZ, T_INTERVAL, T_TIMESTAMPTZ,
        timestamptz_minus_loop, STABLE, "Earlier by an interval.", NULL, NULL),
    ROW(2549, "interval_pl_timestamptz", "+", T_INTERVAL, T_TIMESTAMPTZ, T_TIMESTAMPTZ,
        plus_timestamptz_loop, STABLE, "Later by an interval.", NULL, NULL),
    ROW(2031, "timestamp_mi", "-", T_TIMESTAMP, T_TIMESTAMP, T_INTERVAL, difference_loop,
        IMMUTABLE, "Days and time between.",
        "timestamp '2024-01-03 12:00:00' - timestamp '2024-01-01 00:00:00'", "2 days 12:00:00"),
    ROW(1188, "timestamptz_mi", "-", T_TIMESTAMPTZ, T_TIMESTAMPTZ, T_INTERVAL, difference_loop,
        IMMUTABLE, "Days and time between.", NULL, NULL),
    ROW(1141, "date_pli", "+", T_DATE, T_INT4, T_DATE, date_plus_days_loop, IMMUTABLE,
        "Later by so many days.", "date '2024-02-28' + 2", "2024-03-01"),
    ROW(1142, "date_mii", "-", T_DATE, T_INT4, T_DATE, date_minus_days_loop, IMMUTABLE,
        "Earlier by so many days.", "date '2024-03-01' - 1", "2024-02-29"),
    ROW(2550, "integer_pl_date", "+", T_INT4, T_DATE, T_DATE, days_plus_date_loop, IMMUTABLE,
        "Later by so many days.", NULL, NULL),
    ROW(1140, "date_mi", "-", T_DATE, T_DATE, T_INT4, days_between_loop, IMMUTABLE,
        "Days between.", "date '2024-03-01' - date '2024-01-01'", "60"),
    ROW(2071, "date_pl_interval", "+", T_DATE, T_INTERVAL, T_TIMESTAMP, date_plus_loop, IMMUTABLE,
        "Later by an interval.", "date '2024-01-31' + interval '1 month'", "2024-02-29 00:00:00"),
    ROW(2072, "date_mi_interval", "-", T_DATE, T_INTERVAL, T_TIMESTAMP, date_minus_loop,
        IMMUTABLE, "Earlier by an interval.", NULL, NULL),
    ROW(2546, "interval_pl_date", "+", T_INTERVAL, T_DATE, T_TIMESTAMP, plus_date_loop, IMMUTABLE,
        "Later by an interval.", NULL, NULL),
    ROW(1272, "datetime_pl", "+", T_DATE, T_TIME, T_TIMESTAMP, date_and_time_loop, IMMUTABLE,
        "The time of that day.", "date '2024-01-01' + time '12:00'", "2024-01-01 12:00:00"),
    ROW(1296, "timedate_pl", "+", T_TIME, T_DATE, T_TIMESTAMP, time_and_date_loop, IMMUTABLE,
        "The time of that day.", NULL, NULL),
    ROW(1747, "time_pl_interval", "+", T_TIME, T_INTERVAL, T_TIME, time_plus_loop, IMMUTABLE,
        "Later, around the clock.", "time '23:00' + interval '2 hours'", "01:00:00"),
    ROW(1748, "time_mi_interval", "-", T_TIME, T_INTERVAL, T_TIME, time_minus_loop, IMMUTABLE,
        "Earlier, around the clock.", NULL, NULL),
    ROW(1848, "interval_pl_time", "+", T_INTERVAL, T_TIME, T_TIME, plus_time_loop, IMMUTABLE,
        "Later, around the clock.", NULL, NULL),
    ROW(1690, "time_mi_time", "-", T_TIME, T_TIME, T_INTERVAL, time_between_loop, IMMUTABLE,
        "Time between.", "time '05:00' - time '03:00'", "02:00:00"),
    ROW(1169, "interval_pl", "+", T_INTERVAL, T_INTERVAL, T_INTERVAL, interval_plus_loop,
        IMMUTABLE, "Sum, field by field.", "interval '1 day' + interval '1 hour'",
        "1 day 01:00:00"),
    ROW(1170, "interval_mi", "-", T_INTERVAL, T_INTERVAL, T_INTERVAL, interval_minus_loop,
        IMMUTABLE, "Difference, field by field.", NULL, NULL),
    { .oid = 1168, .name = "interval_um", .symbol = "-", .argument_count = 1,
      .arguments = { T_INTERVAL }, .result = T_INTERVAL, .kind = FUNCTION_OPERATOR_ONLY,
      .run = run_loop, .loop = interval_negate_loop, .summary = "Negation, field by field.",
      .example = "-interval '1 day'", .gives = "-1 days" },
    ROW(1618, "interval_mul", "*", T_INTERVAL, T_FLOAT8, T_INTERVAL, interval_times_loop,
        IMMUTABLE, "Multiple.", "interval '1 month' * 1.5", "1 mon 15 days"),
    ROW(1624, "mul_d_interval", "*", T_FLOAT8, T_INTERVAL, T_INTERVAL, times_interval_loop,
        IMMUTABLE, "Multiple.", NULL, NULL),
    ROW(1326, "interval_div", "/", T_INTERVAL, T_FLOAT8, T_INTERVAL, interval_divide_loop,
        IMMUTABLE, "Part.", "interval '1 hour' / 2", "00:30:00"),
};

const uint32_t arithmetic_time_function_count =
    sizeof arithmetic_time_functions / sizeof arithmetic_time_functions[0];

/*
 * Times: flooring, shifting, differences, intervals, the clock, construction.
 *
 * A timestamptz is worked on in the session's zone, or one that an argument names; a timestamp
 * as it stands. Periods, units and zones are nearly always literals and are read when the
 * expression is compiled; where they vary they are read row by row.
 */
#include "base/os/os.h"
#include "engine/function/time_internal.h"

#include <math.h>

/* --- arguments --- */

/* Whether optional argument `argument` is there and not NULL in this row. */
static bool row_has(const RowRun *run, int argument, uint32_t row)
{
    return argument >= 0 && (uint32_t)argument < run->call->argument_count &&
           !row_is_null(run, (uint32_t)argument, row);
}

/* In PostgreSQL's dialect an abbreviation comes before a zone of its name. */
static const TimeZone *zone_by_name(const ScalarCall *call, Text name, Fault *fault)
{
    const TimeZone *zone = call_is_druid(call) ? NULL : timezone_by_abbreviation(name);
    return zone != NULL ? zone : timezone_find(name, fault);
}

/* The zone that a function works in for a row: the argument's, or the session's for instants,
 * or UTC. NULL with a fault. */
static const TimeZone *zone_of_row(RowRun *run, int zone_argument, Oid time_type, uint32_t row)
{
    if (row_has(run, zone_argument, row))
        return zone_by_name(run->call, row_text(run, (uint32_t)zone_argument, row), run->fault);
    return time_type == T_TIMESTAMPTZ ? call_zone(run->call) : timezone_utc();
}

/* --- TIME_FLOOR, TIME_CEIL, date_trunc, FLOOR(.. TO ..), CEIL(.. TO ..) --- */

typedef struct FloorPrepared {
    RowMemo memo;
    bool is_ready;  /* all but the time are constants, and `grid` is made from them */
    bool is_null;   /* ... and one of them is NULL */
    bool is_period; /* TIME_FLOOR; else a unit */
    int time_argument, name_argument, origin_argument,
        zone_argument; /* -1: the function has none */
    TimeGrid grid;
} FloorPrepared;

/* The grid of a row from its arguments, which may be one-row constants. */
static bool grid_of_row(RowRun *run, const FloorPrepared *prepared, uint32_t row, TimeGrid *grid)
{
    Oid type = run->call->argument_types[prepared->time_argument].oid;
    const TimeZone *zone = zone_of_row(run, prepared->zone_argument, type, row);
    if (zone == NULL)
        return false;
    Text name = row_text(run, (uint32_t)prepared->name_argument, row);
    if (!prepared->is_period)
        return time_grid_of_unit(time_unit_of(name), zone, grid) ||
               time_unit_unknown(name, run->fault);
    int64_t origin = row_has(run, prepared->origin_argument, row)
                         ? row_int64(run, (uint32_t)prepared->origin_argument, row)
                         : INT64_MIN;
    return time_grid_of_period(name, origin, zone, grid, run->fault);
}

static bool floor_bind(ScalarCall *call, bool is_period, int time_argument, int name_argument,
                       int origin_argument, int zone_argument, Arena *arena, Fault *fault)
{
    FloorPrepared *prepared = ARENA_NEW(arena, FloorPrepared);
    row_memo_init(&prepared->memo, arena);
    prepared->is_period = is_period;
    prepared->time_argument = time_argument;
    prepared->name_argument = name_argument;
    prepared->origin_argument = origin_argument;
    prepared->zone_argument = zone_argument;
    call->prepared = prepared;
    Vector constants[FUNCTION_MAX_ARGS] = {0};
    for (uint32_t i = 0; i < call->argument_count && i < FUNCTION_MAX_ARGS; i++) {
        if ((int)i == time_argument)
            continue;
        const Vector *constant = call_constant(call, i);
        if (constant == NULL)
            return true;
        constants[i] = *constant;
    }
    prepared->is_ready = true;
    prepared->is_null = vector_is_null(&constants[name_argument], 0);
    RowRun run = {.call = call, .arguments = constants, .arena = arena, .fault = fault};
    if (!prepared->is_null && !grid_of_row(&run, prepared, 0, &prepared->grid))
        return false;
    time_grid_remember(&prepared->grid, arena);
    return true;
}

static bool period_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    return floor_bind(call, true, 0, 1, 2, 3, arena, fault);
}

static bool unit_first_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    return floor_bind(call, false, 1, 0, -1, 2, arena, fault);
}

static bool unit_last_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    return floor_bind(call, false, 0, 1, -1, -1, arena, fault);
}

static int64_t grid_ceil(const TimeGrid *grid, int64_t time)
{
    int64_t start = time_grid_floor_one(grid, time);
    return start == time ? time : time_grid_next(grid, start);
}

/* Each row with its own period or unit. */
static bool floor_varying(RowRun *run, const uint8_t *skip, uint32_t rows, bool up, int64_t *out,
                          uint8_t *is_null)
{
    const FloorPrepared *prepared = run->call->prepared;
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = 0;
        if (skip != NULL && skip[i])
            continue;
        is_null[i] = row_is_null(run, (uint32_t)prepared->time_argument, i) ||
                     row_is_null(run, (uint32_t)prepared->name_argument, i);
        if (is_null[i])
            continue;
        TimeGrid own;
        const TimeGrid *grid = &prepared->grid;
        if (!prepared->is_ready) {
            if (!grid_of_row(run, prepared, i, &own))
                return false;
            grid = &own;
        }
        int64_t time = row_int64(run, (uint32_t)prepared->time_argument, i);
        out[i] = up ? grid_ceil(grid, time) : time_grid_floor_one(grid, time);
    }
    return true;
}

static void copy_nulls(const Vector *vector, uint32_t rows, uint8_t *is_null)
{
    if (vector->nulls != NULL)
        memcpy(is_null, vector->nulls, rows);
}

static bool floor_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                       uint8_t *is_null)
{
    const FloorPrepared *prepared = run->call->prepared;
    const Vector *times = &run->arguments[prepared->time_argument];
    if (!prepared->is_ready || prepared->is_null || times->form != VECTOR_FLAT)
        return floor_varying(run, skip, rows, false, results, is_null);
    time_grid_floor(&prepared->grid, times->data, rows, results);
    copy_nulls(times, rows, is_null);
    return true;
}

static bool ceil_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                      uint8_t *is_null)
{
    const FloorPrepared *prepared = run->call->prepared;
    const Vector *times = &run->arguments[prepared->time_argument];
    if (!prepared->is_ready || prepared->is_null || times->form != VECTOR_FLAT)
        return floor_varying(run, skip, rows, true, results, is_null);
    const int64_t *data = times->data;
    int64_t *out = results;
    time_grid_floor(&prepared->grid, data, rows, out);
    int64_t start = 0, next = 0;
    for (uint32_t i = 0; i < rows; i++) {
        if (out[i] == data[i])
            continue;
        if (out[i] != start || next == 0) {
            start = out[i];
            next = time_grid_next(&prepared->grid, start);
        }
        out[i] = next;
    }
    copy_nulls(times, rows, is_null);
    return true;
}

/* date_bin(stride, time, origin) */
static bool date_bin_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    const Vector *strides = &run->arguments[0];
    IntervalValue stride;
    memcpy(&stride, VECTOR_DATA(__int128, strides) + vector_row(strides, row), sizeof stride);
    int64_t time = row_int64(run, 1, row), origin = row_int64(run, 2, row), width;
    if (stride.months != 0)
        return fault_set(run->fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "timestamps cannot be binned into intervals containing months or years");
    int64_t days;
    if (__builtin_mul_overflow((int64_t)stride.days, MICROS_PER_DAY, &days) ||
        __builtin_add_overflow(days, stride.micros, &width))
        return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW, "interval out of range");
    if (width <= 0)
        return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW,
                         "stride must be greater than zero");
    __int128 rest = ((__int128)time - origin) % width;
    __int128 start = (__int128)time - (rest < 0 ? rest + width : rest);
    if (!time_is_infinite(time) && start < TIMESTAMP_MINIMUM)
        return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    *result = time_is_infinite(time) ? time : (int64_t)start;
    return true;
}

/* --- shifting --- */

/* TIME_SHIFT(time, period, step [, zone]) */
static bool time_shift_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Period period;
    const TimeZone *zone = zone_of_row(run, 3, run->call->argument_types[0].oid, row);
    if (zone == NULL || !period_parse(row_text(run, 1, row), &period, run->fault))
        return false;
    int64_t time = row_int64(run, 0, row), step = row_int64(run, 2, row);
    if (step > 100000000 || step < -100000000)
        return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    *result = time_is_infinite(time) ? time : period_shift(&period, time, step, zone);
    return true;
}

/* The period of one unit; false: not a unit to add. */
static bool unit_period(TimeUnit unit, Period *period)
{
    *period = (Period){0};
    switch (unit) {
    case UNIT_MICROSECOND:
        period->micros = 1;
        return true;
    case UNIT_MILLISECOND:
        period->micros = 1000;
        return true;
    case UNIT_SECOND:
        period->micros = MICROS_PER_SECOND;
        return true;
    case UNIT_MINUTE:
        period->micros = 60 * MICROS_PER_SECOND;
        return true;
    case UNIT_HOUR:
        period->micros = 3600 * MICROS_PER_SECOND;
        return true;
    case UNIT_DAY: /* fixed, as Druid's day intervals are */
        period->micros = MICROS_PER_DAY;
        return true;
    case UNIT_WEEK:
        period->micros = 7 * MICROS_PER_DAY;
        return true;
    case UNIT_MONTH:
        period->months = 1;
        return true;
    case UNIT_QUARTER:
        period->months = 3;
        return true;
    case UNIT_YEAR:
        period->months = 12;
        return true;
    default:
        return false;
    }
}

/* TIMESTAMPADD(unit, count, time) */
static bool timestampadd_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text name = row_text(run, 0, row);
    Period period;
    if (!unit_period(time_unit_of(name), &period))
        return time_unit_unknown(name, run->fault);
    const TimeZone *zone = zone_of_row(run, -1, run->call->argument_types[2].oid, row);
    int64_t count = row_int64(run, 1, row), time = row_int64(run, 2, row), moved;
    if (time_is_infinite(time)) {
        *result = time;
        return true;
    }
    if (period.months == 0) {
        if (!__builtin_mul_overflow(count, period.micros, &moved) &&
            !__builtin_add_overflow(time, moved, result) && !time_is_infinite(*result))
            return true;
    } else if (count > -12000000 && count < 12000000) {
        *result = period_shift(&period, time, count, zone);
        return true;
    }
    return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range");
}

/* Whole months from `from` to `to`, both on the wall clock, truncated towards zero. */
static int64_t months_between(int64_t from, int64_t to)
{
    CivilTime a, b;
    civil_from_micros(from, &a);
    civil_from_micros(to, &b);
    int64_t months = (b.year - a.year) * 12 + b.month - a.month;
    /* What is left of the month, as day and time of the day. */
    int64_t left_a = from - civil_to_days(a.year, a.month, 1) * MICROS_PER_DAY;
    int64_t left_b = to - civil_to_days(b.year, b.month, 1) * MICROS_PER_DAY;
    if (months > 0 && left_b < left_a)
        months--;
    if (months < 0 && left_b > left_a)
        months++;
    return months;
}

/* TIMESTAMPDIFF(unit, from, to) */
static bool timestampdiff_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text name = row_text(run, 0, row);
    int64_t from = row_int64(run, 1, row), to = row_int64(run, 2, row), distance;
    Period period;
    if (!unit_period(time_unit_of(name), &period))
        return time_unit_unknown(name, run->fault);
    if (time_is_infinite(from) || time_is_infinite(to) ||
        __builtin_sub_overflow(to, from, &distance))
        return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    if (period.months == 0) {
        *result = distance / period.micros;
        return true;
    }
    if (run->call->argument_types[1].oid == T_TIMESTAMPTZ) {
        from = timezone_to_local(call_zone(run->call), from);
        to = timezone_to_local(call_zone(run->call), to);
    }
    *result = months_between(from, to) / period.months;
    return true;
}

/* --- intervals of time --- */

/* age(to, from): years, months, days and a time, symbolically, as PostgreSQL's timestamp_age. */
static bool age_of(int64_t to, int64_t from, IntervalValue *age, Fault *fault)
{
    if (time_is_infinite(to) || time_is_infinite(from))
        return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "interval out of range");
    bool is_negative = to < from;
    CivilTime a, b; /* a is the later */
    civil_from_micros(is_negative ? from : to, &a);
    civil_from_micros(is_negative ? to : from, &b);
    int64_t time_a = floor_modulo(is_negative ? from : to, MICROS_PER_DAY);
    int64_t time_b = floor_modulo(is_negative ? to : from, MICROS_PER_DAY);
    int64_t micros = time_a - time_b;
    int64_t days = a.day - b.day, months = (a.year - b.year) * 12 + a.month - b.month;
    if (micros < 0) {
        micros += MICROS_PER_DAY;
        days--;
    }
    while (days < 0) {
        /* Days are borrowed of the month of the earlier time. */
        days += civil_days_in_month(b.year, b.month);
        months--;
    }
    int sign = is_negative ? -1 : 1;
    *age = (IntervalValue){.micros = sign * micros,
                           .days = (int32_t)(sign * days),
                           .months = (int32_t)(sign * months)};
    return true;
}

static bool age_row(RowRun *run, uint32_t row, __int128 *result, uint8_t *is_null)
{
    bool is_instant = run->call->argument_types[0].oid == T_TIMESTAMPTZ;
    int64_t to, from;
    if (run->call->argument_count > 1) {
        to = row_int64(run, 0, row);
        from = row_int64(run, 1, row);
    } else {
        /* Of midnight today. */
        int64_t now = timezone_to_local(call_zone(run->call), type_now(run->call->context));
        to = floor_divide(now, MICROS_PER_DAY) * MICROS_PER_DAY;
        from = row_int64(run, 0, row);
        if (is_instant)
            to = timezone_to_utc(call_zone(run->call), to);
    }
    if (is_instant && !time_is_infinite(to) && !time_is_infinite(from)) {
        to = timezone_to_local(call_zone(run->call), to);
        from = timezone_to_local(call_zone(run->call), from);
    }
    IntervalValue age = {0};
    bool is_good = age_of(to, from, &age, run->fault);
    memcpy(result, &age, sizeof age);
    return is_good;
}

/* --- TIME_IN_INTERVAL(time, 'start/end') --- */

typedef struct IntervalPrepared {
    RowMemo memo;
    bool is_ready;
    int64_t start, end;
} IntervalPrepared;

static bool interval_parse(const ScalarCall *call, Text text, int64_t *start, int64_t *end,
                           Fault *fault)
{
    TypeContext context = {0};
    if (call->context != NULL)
        context = *call->context;
    context.zone = call->argument_types[0].oid == T_TIMESTAMPTZ ? call_zone(call) : timezone_utc();
    return time_interval_parse(text, &context, start, end, fault);
}

static bool in_interval_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    IntervalPrepared *prepared = ARENA_NEW(arena, IntervalPrepared);
    row_memo_init(&prepared->memo, arena);
    call->prepared = prepared;
    const Vector *text = call_constant(call, 1);
    if (text == NULL || vector_is_null(text, 0))
        return true;
    prepared->is_ready = true;
    return interval_parse(call, vector_text(text, 0), &prepared->start, &prepared->end, fault);
}

ROWS_HOT static void in_interval(const int64_t *times, int64_t start, int64_t end, uint32_t rows,
                                 uint8_t *out)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i] = (times[i] >= start) & (times[i] < end);
}

static bool in_interval_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                             uint8_t *is_null)
{
    const IntervalPrepared *prepared = run->call->prepared;
    uint8_t *out = results;
    if (prepared->is_ready && run->arguments[0].form == VECTOR_FLAT) {
        in_interval(run->arguments[0].data, prepared->start, prepared->end, rows, out);
        return true;
    }
    for (uint32_t i = 0; i < rows; i++) {
        int64_t start = prepared->start, end = prepared->end;
        out[i] = 0;
        if (skip != NULL && skip[i])
            continue;
        if (!prepared->is_ready &&
            !interval_parse(run->call, row_text(run, 1, i), &start, &end, run->fault))
            return false;
        int64_t time = row_int64(run, 0, i);
        out[i] = time >= start && time < end;
    }
    return true;
}

/* --- numbers and times --- */

static bool millis_to_timestamp_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    return !__builtin_mul_overflow(row_int64(run, 0, row), 1000, result) ||
           fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range");
}

static bool timestamp_to_millis_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = floor_divide(row_int64(run, 0, row), 1000);
    return true;
}

/* to_timestamp(seconds) */
static bool to_timestamp_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    double seconds = row_float64(run, 0, row);
    if (isinf(seconds)) {
        *result = seconds > 0 ? INT64_MAX : INT64_MIN;
        return true;
    }
    if (isnan(seconds))
        return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp cannot be NaN");
    double micros = rint(seconds * 1000000.0);
    if (micros < -211813488000000000.0 || micros >= 9223371331200000000.0)
        return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW,
                         "timestamp out of range: \"%g\"", seconds);
    *result = (int64_t)micros;
    return true;
}

static bool date_is_valid(int64_t year, int64_t month, int64_t day)
{
    return year != 0 && year > -4714 && year < 294277 && month >= 1 && month <= 12 && day >= 1 &&
           day <= civil_days_in_month(year < 0 ? year + 1 : year, (int)month);
}

/* The days of a date in PostgreSQL's counting of years (-1 is 1 BC). */
static bool make_days(int64_t year, int64_t month, int64_t day, int64_t *days, Fault *fault)
{
    if (!date_is_valid(year, month, day))
        return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW,
                         "date field value out of range: %lld-%02lld-%02lld", (long long)year,
                         (long long)month, (long long)day);
    *days = civil_to_days(year < 0 ? year + 1 : year, (int)month, (int)day);
    return true;
}

static bool make_time_of_day(int64_t hour, int64_t minute, double second, int64_t *micros,
                             Fault *fault)
{
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(second >= 0) || second > 60 ||
        (hour == 24 && (minute > 0 || second > 0)))
        return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW,
                         "time field value out of range: %lld:%02lld:%02g", (long long)hour,
                         (long long)minute, second);
    *micros = (hour * 3600 + minute * 60) * MICROS_PER_SECOND + (int64_t)rint(second * 1000000.0);
    return true;
}

static bool make_date_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    return make_days(row_int64(run, 0, row), row_int64(run, 1, row), row_int64(run, 2, row), result,
                     run->fault);
}

static bool make_time_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    return make_time_of_day(row_int64(run, 0, row), row_int64(run, 1, row),
                            row_float64(run, 2, row), result, run->fault);
}

static bool make_timestamp_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    int64_t days, micros;
    if (!make_days(row_int64(run, 0, row), row_int64(run, 1, row), row_int64(run, 2, row), &days,
                   run->fault) ||
        !make_time_of_day(row_int64(run, 3, row), row_int64(run, 4, row), row_float64(run, 5, row),
                          &micros, run->fault))
        return false;
    *result = wrap_add(wrap_multiply(days, MICROS_PER_DAY), micros);
    if (run->call->result_type.oid == T_TIMESTAMPTZ)
        *result = timezone_to_utc(call_zone(run->call), *result);
    return true;
}

/* "+2" counts east of Greenwich here; names and abbreviations are those of other functions. */
static const TimeZone *zone_of_fields(const ScalarCall *call, Text name, Fault *fault)
{
    if (name.length > 0 && name.data[0] >= '0' && name.data[0] <= '9') {
        fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                  "invalid input syntax for type %s: \"%.*s\"", "numeric time zone",
                  TEXT_ARGS(name));
        fault_hint(fault, "Numeric time zones must have \"-\" or \"+\" as first character.");
        return NULL;
    }
    bool is_signed = name.length > 0 && (name.data[0] == '+' || name.data[0] == '-');
    if (!is_signed)
        return zone_by_name(call, name, fault);
    const TimeZone *zone = timezone_find(name, fault);
    if (zone == NULL)
        fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "numeric time zone \"%.*s\" out of range",
                  TEXT_ARGS(name));
    return zone;
}

/* make_timestamptz(year, month, mday, hour, min, sec, timezone) */
static bool make_in_zone_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    const TimeZone *zone = zone_of_fields(run->call, row_text(run, 6, row), run->fault);
    int64_t days, micros;
    if (zone == NULL ||
        !make_days(row_int64(run, 0, row), row_int64(run, 1, row), row_int64(run, 2, row), &days,
                   run->fault) ||
        !make_time_of_day(row_int64(run, 3, row), row_int64(run, 4, row), row_float64(run, 5, row),
                          &micros, run->fault))
        return false;
    *result = timezone_to_utc(zone, wrap_add(wrap_multiply(days, MICROS_PER_DAY), micros));
    return true;
}

/* timestamp(date, time), timestamptz(date, time) */
static bool date_and_time_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    int64_t date = row_int64(run, 0, row);
    *result = date;
    if (time_is_infinite(date))
        return true;
    if (__builtin_mul_overflow(date, MICROS_PER_DAY, result) ||
        __builtin_add_overflow(*result, row_int64(run, 1, row), result))
        return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW,
                         "date out of range for timestamp");
    if (run->call->result_type.oid == T_TIMESTAMPTZ)
        *result = timezone_to_utc(call_zone(run->call), *result);
    return true;
}

/* x AT TIME ZONE z is timezone(z, x). */
static bool timezone_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text name = row_text(run, 0, row);
    int64_t time = row_int64(run, 1, row), offset;
    bool is_instant = run->call->argument_types[1].oid == T_TIMESTAMPTZ;
    ZoneAbbreviation abbreviation;
    if (timezone_abbreviation(name, &abbreviation) && !time_is_infinite(time)) {
        int64_t near = is_instant || abbreviation.zone == NULL
                           ? time
                           : timezone_to_utc(abbreviation.zone, time);
        offset = timezone_abbreviation_offset(&abbreviation, near);
        *result = is_instant ? wrap_add(time, offset) : wrap_subtract(time, offset);
        return true;
    }
    const TimeZone *zone = timezone_find(name, run->fault);
    if (zone == NULL)
        return false;
    /* A bare offset counts as POSIX has it, west of Greenwich, in PostgreSQL's dialect. */
    bool is_posix = name.length > 0 && (name.data[0] == '+' || name.data[0] == '-') &&
                    !call_is_druid(run->call) && timezone_is_fixed(zone, &offset);
    if (is_posix && !time_is_infinite(time)) {
        *result = is_instant ? wrap_subtract(time, offset) : wrap_add(time, offset);
        return true;
    }
    *result = time_is_infinite(time)                              ? time
              : run->call->argument_types[1].oid == T_TIMESTAMPTZ ? timezone_to_local(zone, time)
                                                                  : timezone_to_utc(zone, time);
    return true;
}

/* --- the clock --- */

static int64_t statement_time(const ScalarCall *call)
{
    return call->context != NULL ? type_now(call->context) : os_now_micros();
}

static bool now_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = statement_time(run->call);
    return true;
}

static bool clock_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = os_now_micros();
    return true;
}

static bool local_now_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = timezone_to_local(call_zone(run->call), statement_time(run->call));
    return true;
}

static bool today_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = floor_divide(timezone_to_local(call_zone(run->call), statement_time(run->call)),
                           MICROS_PER_DAY);
    return true;
}

static bool time_of_day_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = floor_modulo(timezone_to_local(call_zone(run->call), statement_time(run->call)),
                           MICROS_PER_DAY);
    return true;
}

ROW_LOOP(date_bin_loop, date_bin_row, int64_t)
ROW_LOOP(make_in_zone_loop, make_in_zone_row, int64_t)
ROW_LOOP(date_and_time_loop, date_and_time_row, int64_t)
ROW_LOOP(time_shift_loop, time_shift_row, int64_t)
ROW_LOOP(timestampadd_loop, timestampadd_row, int64_t)
ROW_LOOP(timestampdiff_loop, timestampdiff_row, int64_t)
ROW_LOOP(age_loop, age_row, __int128)
ROW_LOOP(millis_to_timestamp_loop, millis_to_timestamp_row, int64_t)
ROW_LOOP(timestamp_to_millis_loop, timestamp_to_millis_row, int64_t)
ROW_LOOP(to_timestamp_loop, to_timestamp_row, int64_t)
ROW_LOOP(make_date_loop, make_date_row, int64_t)
ROW_LOOP(make_time_loop, make_time_row, int64_t)
ROW_LOOP(make_timestamp_loop, make_timestamp_row, int64_t)
ROW_LOOP(timezone_loop, timezone_row, int64_t)
ROW_LOOP(now_loop, now_row, int64_t)
ROW_LOOP(clock_loop, clock_row, int64_t)
ROW_LOOP(local_now_loop, local_now_row, int64_t)
ROW_LOOP(today_loop, today_row, int64_t)
ROW_LOOP(time_of_day_loop, time_of_day_row, int64_t)

/* --- rows --- */

#define SAMPLE_TS "TIMESTAMP '2024-03-13 10:47:00'"
#define SAMPLE_TZ "TIMESTAMPTZ '2024-03-13 10:47:00+00'"

#define PERIOD_ROW(id, function, type, loop_method, does, sample, value)                           \
    { .oid = id, .name = function, .argument_count = 4, .optional_count = 2,                       \
      .arguments = { type, T_TEXT, type, T_TEXT }, .result = type, .nulls = NULLS_CALLED,          \
      .volatility = STABLE, .order = ORDER_KEPT, .run = run_rows, .prepare = period_prepare,       \
      .loop = (void *)(loop_method), .summary = does,                                              \
      .example = function "(" sample ", 'PT1H')", .gives = value }

#define UNIT_ROW(id, function, type, loop_method, does, sample, value)                             \
    { .oid = id, .name = function, .argument_count = 2, .arguments = { type, T_TEXT },             \
      .result = type, .volatility = STABLE, .order = ORDER_KEPT, .run = run_rows,                  \
      .prepare = unit_last_prepare, .loop = (void *)(loop_method), .summary = does,                \
      .example = function "(" sample ", 'MONTH')", .gives = value }

#define TIME_ROW(id, function, count, result_type, loop_method, does, sample, value, ...)          \
    { .oid = id, .name = function, .argument_count = count, .arguments = { __VA_ARGS__ },          \
      .result = result_type, .volatility = STABLE, .run = run_rows,                                \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }

#define CLOCK_ROW(id, function, other_names, result_type, when, loop_method, does, sample, value)  \
    { .oid = id, .name = function, .aliases = other_names, .result = result_type,                  \
      .volatility = when, .run = run_rows, .loop = (void *)(loop_method), .summary = does,         \
      .example = sample, .gives = value }

const ScalarFunction time_functions[] = {
    PERIOD_ROW(91400, "time_floor", T_TIMESTAMPTZ, floor_loop,
               "The start of the ISO 8601 period that holds a time, counted from an origin, in a "
               "zone.", SAMPLE_TZ, "2024-03-13 10:00:00+00"),
    PERIOD_ROW(91401, "time_floor", T_TIMESTAMP, floor_loop,
               "The start of the ISO 8601 period that holds a time, counted from an origin.",
               SAMPLE_TS, "2024-03-13 10:00:00"),
    PERIOD_ROW(91402, "time_ceil", T_TIMESTAMPTZ, ceil_loop,
               "The end of the ISO 8601 period that holds a time; a start stays as it is.",
               SAMPLE_TZ, "2024-03-13 11:00:00+00"),
    PERIOD_ROW(91403, "time_ceil", T_TIMESTAMP, ceil_loop,
               "The end of the ISO 8601 period that holds a time; a start stays as it is.",
               SAMPLE_TS, "2024-03-13 11:00:00"),
    UNIT_ROW(91404, "floor", T_TIMESTAMPTZ, floor_loop,
             "The start of the unit that holds a time: FLOOR(t TO unit).", SAMPLE_TZ,
             "2024-03-01 00:00:00+00"),
    UNIT_ROW(91405, "floor", T_TIMESTAMP, floor_loop,
             "The start of the unit that holds a time: FLOOR(t TO unit).", SAMPLE_TS,
             "2024-03-01 00:00:00"),
    UNIT_ROW(91406, "ceil", T_TIMESTAMPTZ, ceil_loop,
             "The end of the unit that holds a time: CEIL(t TO unit).", SAMPLE_TZ,
             "2024-04-01 00:00:00+00"),
    UNIT_ROW(91407, "ceil", T_TIMESTAMP, ceil_loop,
             "The end of the unit that holds a time: CEIL(t TO unit).", SAMPLE_TS,
             "2024-04-01 00:00:00"),
    { .oid = 1217, .name = "date_trunc", .argument_count = 3, .optional_count = 1,
      .arguments = { T_TEXT, T_TIMESTAMPTZ, T_TEXT }, .result = T_TIMESTAMPTZ,
      .volatility = STABLE, .order = ORDER_KEPT, .run = run_rows, .prepare = unit_first_prepare,
      .loop = (void *)floor_loop,
      .summary = "The start of the unit that holds a time, in a zone (the session's).",
      .example = "date_trunc('week', " SAMPLE_TZ ")", .gives = "2024-03-11 00:00:00+00" },
    { .oid = 2020, .name = "date_trunc", .argument_count = 2, .arguments = { T_TEXT, T_TIMESTAMP },
      .result = T_TIMESTAMP, .order = ORDER_KEPT, .run = run_rows, .prepare = unit_first_prepare,
      .loop = (void *)floor_loop,
      .summary = "The start of the unit that holds a time.",
      .example = "date_trunc('week', " SAMPLE_TS ")", .gives = "2024-03-11 00:00:00" },
    TIME_ROW(6178, "date_bin", 3, T_TIMESTAMPTZ, date_bin_loop,
             "The start of the bin of a width, counted from an origin, that holds a time.",
             "date_bin(INTERVAL '15 minutes', TIMESTAMPTZ '2020-02-11 15:44:17+00', "
             "TIMESTAMPTZ '2001-01-01 00:00:00+00')", "2020-02-11 15:30:00+00",
             T_INTERVAL, T_TIMESTAMPTZ, T_TIMESTAMPTZ),
    TIME_ROW(6177, "date_bin", 3, T_TIMESTAMP, date_bin_loop,
             "The start of the bin of a width, counted from an origin, that holds a time.",
             "date_bin(INTERVAL '15 minutes', TIMESTAMP '2020-02-11 15:44:17', "
             "TIMESTAMP '2001-01-01 00:00:00')", "2020-02-11 15:30:00",
             T_INTERVAL, T_TIMESTAMP, T_TIMESTAMP),
    { .oid = 91410, .name = "time_shift", .argument_count = 4, .optional_count = 1,
      .arguments = { T_TIMESTAMPTZ, T_TEXT, T_INT8, T_TEXT }, .result = T_TIMESTAMPTZ,
      .volatility = STABLE, .order = ORDER_KEPT, .run = run_rows, .loop = (void *)time_shift_loop,
      .summary = "A time moved by so many ISO 8601 periods, by the calendar of a zone.",
      .example = "time_shift(" SAMPLE_TZ ", 'P1M', 1)", .gives = "2024-04-13 10:47:00+00" },
    { .oid = 91411, .name = "time_shift", .argument_count = 4, .optional_count = 1,
      .arguments = { T_TIMESTAMP, T_TEXT, T_INT8, T_TEXT }, .result = T_TIMESTAMP,
      .volatility = STABLE, .order = ORDER_KEPT, .run = run_rows, .loop = (void *)time_shift_loop,
      .summary = "A time moved by so many ISO 8601 periods, by the calendar.",
      .example = "time_shift(TIMESTAMP '2024-01-31 00:00:00', 'P1M', 1)",
      .gives = "2024-02-29 00:00:00" },
    TIME_ROW(91412, "timestampadd", 3, T_TIMESTAMPTZ, timestampadd_loop,
             "A time moved by so many units.", "timestampadd('DAY', 1, " SAMPLE_TZ ")",
             "2024-03-14 10:47:00+00", T_TEXT, T_INT8, T_TIMESTAMPTZ),
    TIME_ROW(91413, "timestampadd", 3, T_TIMESTAMP, timestampadd_loop,
             "A time moved by so many units.", "timestampadd('DAY', 1, " SAMPLE_TS ")",
             "2024-03-14 10:47:00", T_TEXT, T_INT8, T_TIMESTAMP),
    TIME_ROW(91414, "timestampdiff", 3, T_INT8, timestampdiff_loop,
             "Whole units from the first time to the second.",
             "timestampdiff('HOUR', TIMESTAMPTZ '2024-03-13 00:00:00+00', " SAMPLE_TZ ")", "10",
             T_TEXT, T_TIMESTAMPTZ, T_TIMESTAMPTZ),
    TIME_ROW(91415, "timestampdiff", 3, T_INT8, timestampdiff_loop,
             "Whole units from the first time to the second.",
             "timestampdiff('DAY', TIMESTAMP '2024-01-01 00:00:00', TIMESTAMP '2024-03-01 00:00:00')",
             "60", T_TEXT, T_TIMESTAMP, T_TIMESTAMP),
    TIME_ROW(1199, "age", 2, T_INTERVAL, age_loop,
             "Years, months, days and time from the second time to the first.",
             "age(TIMESTAMPTZ '2001-04-10 00:00:00+00', TIMESTAMPTZ '1957-06-13 00:00:00+00')",
             "43 years 9 mons 27 days", T_TIMESTAMPTZ, T_TIMESTAMPTZ),
    TIME_ROW(2058, "age", 2, T_INTERVAL, age_loop,
             "Years, months, days and time from the second time to the first.",
             "age(TIMESTAMP '2001-04-10 00:00:00', TIMESTAMP '1957-06-13 00:00:00')",
             "43 years 9 mons 27 days", T_TIMESTAMP, T_TIMESTAMP),
    TIME_ROW(1386, "age", 1, T_INTERVAL, age_loop, "Time from an instant to today's midnight.",
             "age(CURRENT_DATE::timestamptz)", "00:00:00", T_TIMESTAMPTZ),
    TIME_ROW(2059, "age", 1, T_INTERVAL, age_loop, "Time from a time to today's midnight.",
             "age(CURRENT_DATE::timestamp)", "00:00:00", T_TIMESTAMP),
    { .oid = 91420, .name = "time_in_interval", .argument_count = 2,
      .arguments = { T_TIMESTAMPTZ, T_TEXT }, .result = T_BOOL, .volatility = STABLE,
      .run = run_rows, .prepare = in_interval_prepare, .loop = (void *)in_interval_loop,
      .summary = "Whether a time lies in 'start/end', of which either may be a period.",
      .example = "time_in_interval(" SAMPLE_TZ ", '2024-03-01/P1M')", .gives = "t" },
    { .oid = 91421, .name = "time_in_interval", .argument_count = 2,
      .arguments = { T_TIMESTAMP, T_TEXT }, .result = T_BOOL, .volatility = STABLE,
      .run = run_rows, .prepare = in_interval_prepare, .loop = (void *)in_interval_loop,
      .summary = "Whether a time lies in 'start/end', of which either may be a period.",
      .example = "time_in_interval(" SAMPLE_TS ", '2024-03-01/2024-03-02')", .gives = "f" },
    TIME_ROW(91422, "millis_to_timestamp", 1, T_TIMESTAMPTZ, millis_to_timestamp_loop,
             "The instant so many milliseconds after 1970-01-01 UTC.",
             "millis_to_timestamp(1710326820000)", "2024-03-13 10:47:00+00", T_INT8),
    TIME_ROW(91423, "timestamp_to_millis", 1, T_INT8, timestamp_to_millis_loop,
             "Milliseconds from 1970-01-01 UTC to an instant.",
             "timestamp_to_millis(" SAMPLE_TZ ")", "1710326820000", T_TIMESTAMPTZ),
    TIME_ROW(91424, "timestamp_to_millis", 1, T_INT8, timestamp_to_millis_loop,
             "Milliseconds from 1970-01-01 to a time.",
             "timestamp_to_millis(" SAMPLE_TS ")", "1710326820000", T_TIMESTAMP),
    TIME_ROW(1158, "to_timestamp", 1, T_TIMESTAMPTZ, to_timestamp_loop,
             "The instant so many seconds after 1970-01-01 UTC.",
             "to_timestamp(1284352323)", "2010-09-13 04:32:03+00", T_FLOAT8),
    TIME_ROW(3846, "make_date", 3, T_DATE, make_date_loop, "A date of year, month and day.",
             "make_date(2013, 7, 15)", "2013-07-15", T_INT8, T_INT8, T_INT8),
    TIME_ROW(3847, "make_time", 3, T_TIME, make_time_loop, "A time of hour, minute and seconds.",
             "make_time(8, 15, 23.5)", "08:15:23.5", T_INT8, T_INT8, T_FLOAT8),
    TIME_ROW(3461, "make_timestamp", 6, T_TIMESTAMP, make_timestamp_loop,
             "A timestamp of its fields.", "make_timestamp(2013, 7, 15, 8, 15, 23.5)",
             "2013-07-15 08:15:23.5", T_INT8, T_INT8, T_INT8, T_INT8, T_INT8, T_FLOAT8),
    TIME_ROW(3462, "make_timestamptz", 6, T_TIMESTAMPTZ, make_timestamp_loop,
             "An instant of its fields in the session's zone.",
             "make_timestamptz(2013, 7, 15, 8, 15, 23.5)", "2013-07-15 08:15:23.5+00", T_INT8,
             T_INT8, T_INT8, T_INT8, T_INT8, T_FLOAT8),
    TIME_ROW(3463, "make_timestamptz", 7, T_TIMESTAMPTZ, make_in_zone_loop,
             "An instant of its fields in a zone.",
             "make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'CET')", "2013-07-15 07:15:23.5+00",
             T_INT8, T_INT8, T_INT8, T_INT8, T_INT8, T_FLOAT8, T_TEXT),
    TIME_ROW(2025, "timestamp", 2, T_TIMESTAMP, date_and_time_loop,
             "A date and a time of day together.",
             "\"timestamp\"(DATE '2024-03-13', TIME '10:47')", "2024-03-13 10:47:00", T_DATE,
             T_TIME),
    TIME_ROW(1176, "timestamptz", 2, T_TIMESTAMPTZ, date_and_time_loop,
             "A date and a time of day in the session's zone together.",
             "timestamptz(DATE '2024-03-13', TIME '10:47')", "2024-03-13 10:47:00+00", T_DATE,
             T_TIME),
    TIME_ROW(1159, "timezone", 2, T_TIMESTAMP, timezone_loop,
             "The wall clock of a zone at an instant: x AT TIME ZONE z.",
             "TIMESTAMPTZ '2024-03-13 10:47:00+00' AT TIME ZONE 'America/Los_Angeles'",
             "2024-03-13 03:47:00", T_TEXT, T_TIMESTAMPTZ),
    TIME_ROW(2069, "timezone", 2, T_TIMESTAMPTZ, timezone_loop,
             "The instant at which a zone's wall clock shows a time: x AT TIME ZONE z.",
             "TIMESTAMP '2024-03-13 03:47:00' AT TIME ZONE 'America/Los_Angeles'",
             "2024-03-13 10:47:00+00", T_TEXT, T_TIMESTAMP),
    CLOCK_ROW(1299, "now", "current_timestamp", T_TIMESTAMPTZ, STABLE, now_loop,
              "The instant at which the statement started.", "now() = statement_timestamp()", "t"),
    CLOCK_ROW(2647, "transaction_timestamp", NULL, T_TIMESTAMPTZ, STABLE, now_loop,
              "The instant at which the statement started.",
              "transaction_timestamp() = now()", "t"),
    CLOCK_ROW(2648, "statement_timestamp", NULL, T_TIMESTAMPTZ, STABLE, now_loop,
              "The instant at which the statement started.", "statement_timestamp() = now()", "t"),
    CLOCK_ROW(2649, "clock_timestamp", NULL, T_TIMESTAMPTZ, VOLATILE, clock_loop,
              "The time by the clock, which goes on.", "clock_timestamp() >= now()", "t"),
    CLOCK_ROW(91430, "localtimestamp", NULL, T_TIMESTAMP, STABLE, local_now_loop,
              "The session's wall clock when the statement started.",
              "localtimestamp = now()::timestamp", "t"),
    CLOCK_ROW(91431, "current_date", NULL, T_DATE, STABLE, today_loop,
              "Today in the session's zone.", "current_date = now()::date", "t"),
    CLOCK_ROW(91432, "current_time", "localtime", T_TIME, STABLE, time_of_day_loop,
              "The time of the day in the session's zone.",
              "localtime = now()::time", "t"),
};
const uint32_t time_function_count = sizeof time_functions / sizeof time_functions[0];

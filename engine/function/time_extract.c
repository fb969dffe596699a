/*
 * Fields of times: EXTRACT, date_part, TIME_EXTRACT, YEAR(..) and its kin.
 *
 * EXTRACT(field FROM x) has four forms under one semantics, of which the binder picks by the
 * field, a literal: extract_whole gives numeric without a fraction, for the fields that are
 * whole numbers in PostgreSQL; extract_numeric gives numeric with six digits, for second and
 * epoch; extract_int gives bigint, for all fields in the druid dialect; extract, PostgreSQL's
 * own name, gives plain numeric and serves the rest.
 *
 * DOW is 0 for Sunday in PostgreSQL; in the druid dialect, and always for TIME_EXTRACT and
 * DAYOFWEEK, it is ISODOW: Monday 1 to Sunday 7.
 *
 * Times without a zone are read as they stand; instants on the session's wall clock. Fields of
 * an infinite time are NULL; date_part, which is a double, has infinity for those that grow.
 */
#include "engine/function/time_internal.h"
#include "engine/type/decimal.h"

#include <math.h>

/* --- one field --- */

static inline int64_t century_of(int64_t year)
{
    return year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100);
}

static inline int64_t millennium_of(int64_t year)
{
    return year > 0 ? (year + 999) / 1000 : -((999 - (year - 1)) / 1000);
}

static inline int64_t day_of_week(int64_t days)
{
    return floor_modulo(wrap_add(days, 4), 7); /* 1970-01-01 was a Thursday */
}

static int64_t iso_week_field(TimeUnit unit, int64_t days)
{
    int64_t year;
    int week;
    civil_iso_week(days, &year, &week);
    return unit == UNIT_WEEK ? week : year <= 0 ? year - 1 : year;
}

/* Fields that need the calendar. Years before 1 are shown as PostgreSQL does: 0 is -1. */
static inline int64_t civil_field(TimeUnit unit, int64_t days)
{
    int64_t year;
    int32_t month, day;
    days_to_civil(days, &year, &month, &day);
    switch (unit) {
    case UNIT_DAY:
        return day;
    case UNIT_MONTH:
        return month;
    case UNIT_QUARTER:
        return (month + 2) / 3;
    case UNIT_YEAR:
        return year > 0 ? year : year - 1;
    case UNIT_DECADE:
        return floor_divide(year, 10);
    case UNIT_CENTURY:
        return century_of(year);
    case UNIT_MILLENNIUM:
        return millennium_of(year);
    case UNIT_DOY:
        return days - month_to_days(year * 12) + 1;
    default:
        return 0;
    }
}

int64_t time_field(TimeUnit unit, int64_t local, int64_t utc, bool iso_dow)
{
    int64_t days = floor_divide(local, MICROS_PER_DAY);
    int64_t of_day = floor_modulo(local, MICROS_PER_DAY);
    switch (unit) {
    case UNIT_MICROSECOND:
        return of_day % (60 * MICROS_PER_SECOND);
    case UNIT_MILLISECOND:
        return of_day % (60 * MICROS_PER_SECOND) / 1000;
    case UNIT_SECOND:
        return of_day / MICROS_PER_SECOND % 60;
    case UNIT_MINUTE:
        return of_day / (60 * MICROS_PER_SECOND) % 60;
    case UNIT_HOUR:
        return of_day / (3600 * MICROS_PER_SECOND);
    case UNIT_EPOCH:
        return floor_divide(utc, MICROS_PER_SECOND);
    case UNIT_DOW:
        return iso_dow ? floor_modulo(wrap_add(days, 3), 7) + 1 : day_of_week(days);
    case UNIT_ISODOW:
        return floor_modulo(wrap_add(days, 3), 7) + 1;
    case UNIT_WEEK:
    case UNIT_ISOYEAR:
        return iso_week_field(unit, days);
    case UNIT_JULIAN:
        return days + 2440588;
    case UNIT_TIMEZONE:
        return wrap_subtract(local, utc) / MICROS_PER_SECOND;
    case UNIT_TIMEZONE_HOUR:
        return wrap_subtract(local, utc) / (3600 * MICROS_PER_SECOND);
    case UNIT_TIMEZONE_MINUTE:
        return wrap_subtract(local, utc) / (60 * MICROS_PER_SECOND) % 60;
    case UNIT_NO_TIME:
        return 0;
    case UNIT_DAY:
    case UNIT_MONTH:
    case UNIT_QUARTER:
    case UNIT_YEAR:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
    case UNIT_DOY:
        break;
    }
    return civil_field(unit, days);
}

__int128 time_field_millionths(TimeUnit unit, int64_t local, int64_t utc, bool iso_dow)
{
    int64_t of_day = floor_modulo(local, MICROS_PER_DAY);
    switch (unit) {
    case UNIT_SECOND:
        return of_day % (60 * MICROS_PER_SECOND);
    case UNIT_MILLISECOND:
        return (__int128)(of_day % (60 * MICROS_PER_SECOND)) * 1000;
    case UNIT_EPOCH:
        return utc;
    case UNIT_JULIAN:
        return ((__int128)floor_divide(local, MICROS_PER_DAY) + 2440588) * 1000000 +
               of_day / (MICROS_PER_DAY / 1000000);
    default:
        return (__int128)time_field(unit, local, utc, iso_dow) * 1000000;
    }
}

/* --- fields of intervals --- */

static bool interval_field_millionths(TimeUnit unit, IntervalValue value, __int128 *result)
{
    int64_t years = value.months / 12, of_minute = value.micros % (60 * MICROS_PER_SECOND);
    switch (unit) {
    case UNIT_MICROSECOND:
        *result = (__int128)of_minute * 1000000;
        return true;
    case UNIT_MILLISECOND:
        *result = (__int128)of_minute * 1000;
        return true;
    case UNIT_SECOND:
        *result = of_minute;
        return true;
    case UNIT_MINUTE:
        *result = (__int128)(value.micros / (60 * MICROS_PER_SECOND) % 60) * 1000000;
        return true;
    case UNIT_HOUR:
        *result = (__int128)(value.micros / (3600 * MICROS_PER_SECOND)) * 1000000;
        return true;
    case UNIT_DAY:
        *result = (__int128)value.days * 1000000;
        return true;
    case UNIT_MONTH:
        *result = (__int128)(value.months % 12) * 1000000;
        return true;
    case UNIT_QUARTER:
        *result = (__int128)(value.months % 12 / 3 + 1) * 1000000;
        return true;
    case UNIT_YEAR:
        *result = (__int128)years * 1000000;
        return true;
    case UNIT_DECADE:
        *result = (__int128)(years / 10) * 1000000;
        return true;
    case UNIT_CENTURY:
        *result = (__int128)(years / 100) * 1000000;
        return true;
    case UNIT_MILLENNIUM:
        *result = (__int128)(years / 1000) * 1000000;
        return true;
    case UNIT_EPOCH:
        /* A year of 365.25 days, a month of 30. */
        *result = value.micros + (__int128)years * 31557600 * 1000000 +
                  (__int128)(value.months % 12) * 2592000 * 1000000 +
                  (__int128)value.days * 86400 * 1000000;
        return true;
    default:
        return false;
    }
}

/* --- binding --- */

typedef struct ExtractPrepared {
    RowMemo memo;
    bool is_ready;
    TimeUnit unit;
    const TimeZone *zone; /* NULL: a time without one */
    bool zone_varies;
    bool iso_dow;
    int unit_argument, time_argument, zone_argument; /* -1: absent */
    Oid type;                                        /* of the time */
} ExtractPrepared;

static bool unit_fits(const ExtractPrepared *prepared, TimeUnit unit, Text name, Fault *fault)
{
    if (unit == UNIT_NO_TIME)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "unit \"%.*s\" not recognized for type %s", TEXT_ARGS(name),
                         type_info(prepared->type)->sql_name);
    bool needs_zone =
        unit == UNIT_TIMEZONE || unit == UNIT_TIMEZONE_HOUR || unit == UNIT_TIMEZONE_MINUTE;
    bool is_of_day = unit == UNIT_MICROSECOND || unit == UNIT_MILLISECOND || unit == UNIT_SECOND ||
                     unit == UNIT_MINUTE || unit == UNIT_HOUR;
    if ((needs_zone && prepared->type != T_TIMESTAMPTZ) ||
        (prepared->type == T_DATE && is_of_day) ||
        (prepared->type == T_TIME && !is_of_day && unit != UNIT_EPOCH))
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "unit \"%.*s\" not supported for type %s", TEXT_ARGS(name),
                         type_info(prepared->type)->sql_name);
    return true;
}

static bool extract_bind(ScalarCall *call, int unit_argument, int time_argument, int zone_argument,
                         TimeUnit unit, bool iso_dow, Arena *arena, Fault *fault)
{
    ExtractPrepared *prepared = ARENA_NEW(arena, ExtractPrepared);
    row_memo_init(&prepared->memo, arena);
    prepared->unit_argument =
        unit_argument >= 0 && (uint32_t)unit_argument < call->argument_count ? unit_argument : -1;
    prepared->time_argument = time_argument;
    prepared->zone_argument =
        zone_argument >= 0 && (uint32_t)zone_argument < call->argument_count ? zone_argument : -1;
    prepared->type = call->argument_types[time_argument].oid;
    prepared->iso_dow = iso_dow || call_is_druid(call);
    prepared->unit = unit;
    prepared->zone = prepared->type == T_TIMESTAMPTZ ? call_zone(call) : NULL;
    call->prepared = prepared;
    if (prepared->zone_argument >= 0) {
        const Vector *zone = call_constant(call, (uint32_t)zone_argument);
        if (zone == NULL)
            prepared->zone_varies = true;
        else if (!vector_is_null(zone, 0)) {
            prepared->zone = timezone_find(vector_text(zone, 0), fault);
            if (prepared->zone == NULL)
                return false;
        }
    }
    if (prepared->unit_argument >= 0) {
        const Vector *name = call_constant(call, (uint32_t)prepared->unit_argument);
        if (name == NULL || vector_is_null(name, 0))
            return true;
        prepared->unit = time_unit_of(vector_text(name, 0));
        if (!unit_fits(prepared, prepared->unit, vector_text(name, 0), fault))
            return false;
    }
    prepared->is_ready = !prepared->zone_varies;
    return true;
}

/* extract(field, time), date_part(field, time) */
static bool extract_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    return extract_bind(call, 0, 1, -1, UNIT_EPOCH, false, arena, fault);
}

/* time_extract(time [, field [, zone]]) */
static bool time_extract_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    return extract_bind(call, 1, 0, 2, UNIT_EPOCH, true, arena, fault);
}

/* --- rows --- */

typedef struct FieldOf {
    TimeUnit unit;
    int64_t local, utc;
    bool is_infinite;
} FieldOf;

static bool field_of_row(RowRun *run, uint32_t row, FieldOf *field)
{
    const ExtractPrepared *prepared = run->call->prepared;
    field->unit = prepared->unit;
    if (!prepared->is_ready && prepared->unit_argument >= 0) {
        Text name = row_text(run, (uint32_t)prepared->unit_argument, row);
        field->unit = time_unit_of(name);
        if (!unit_fits(prepared, field->unit, name, run->fault))
            return false;
    }
    const TimeZone *zone = prepared->zone;
    if (prepared->zone_varies) {
        zone = timezone_find(row_text(run, (uint32_t)prepared->zone_argument, row), run->fault);
        if (zone == NULL)
            return false;
    }
    field->utc = row_int64(run, (uint32_t)prepared->time_argument, row);
    field->is_infinite = time_is_infinite(field->utc);
    if (prepared->type == T_DATE)
        field->utc = wrap_multiply(field->utc, MICROS_PER_DAY);
    field->local = field->utc;
    if (zone != NULL && !field->is_infinite)
        field->local = timezone_to_local(zone, field->utc);
    return true;
}

static bool extract_int_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    const ExtractPrepared *prepared = run->call->prepared;
    FieldOf field;
    if (!field_of_row(run, row, &field))
        return false;
    *is_null = field.is_infinite;
    *result =
        field.is_infinite ? 0 : time_field(field.unit, field.local, field.utc, prepared->iso_dow);
    return true;
}

ROW_LOOP(extract_int_slow, extract_int_row, int64_t)

/* Integer fields of flat times with a fixed offset, a loop for each. */
#define FIELD_CASE(unit, expression)                                                               \
    case unit:                                                                                     \
        for (uint32_t i = 0; i < rows; i++) {                                                      \
            int64_t local = wrap_add(times[i], offset);                                            \
            out[i] = (expression);                                                                 \
        }                                                                                          \
        return;

ROWS_HOT static void extract_all(TimeUnit unit, bool iso_dow, const int64_t *times, int64_t offset,
                                 uint32_t rows, int64_t *restrict out)
{
    switch (unit) {
        FIELD_CASE(UNIT_SECOND, floor_modulo(local, 60 * MICROS_PER_SECOND) / MICROS_PER_SECOND)
        FIELD_CASE(UNIT_MINUTE,
                   floor_modulo(local, 3600 * MICROS_PER_SECOND) / (60 * MICROS_PER_SECOND))
        FIELD_CASE(UNIT_HOUR, floor_modulo(local, MICROS_PER_DAY) / (3600 * MICROS_PER_SECOND))
        FIELD_CASE(UNIT_DAY, civil_field(UNIT_DAY, floor_divide(local, MICROS_PER_DAY)))
        FIELD_CASE(UNIT_MONTH, civil_field(UNIT_MONTH, floor_divide(local, MICROS_PER_DAY)))
        FIELD_CASE(UNIT_YEAR, civil_field(UNIT_YEAR, floor_divide(local, MICROS_PER_DAY)))
        FIELD_CASE(UNIT_QUARTER, civil_field(UNIT_QUARTER, floor_divide(local, MICROS_PER_DAY)))
    default:
        for (uint32_t i = 0; i < rows; i++)
            out[i] = time_field(unit, wrap_add(times[i], offset), times[i], iso_dow);
    }
}

static const int64_t *micros_of_days(Arena *arena, const int64_t *days, uint32_t rows)
{
    int64_t *micros = arena_alloc_vector(arena, rows * sizeof *micros);
    for (uint32_t i = 0; i < rows; i++)
        micros[i] = wrap_multiply(days[i], MICROS_PER_DAY);
    return micros;
}

static bool extract_int_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                             uint8_t *is_null)
{
    const ExtractPrepared *prepared = run->call->prepared;
    const Vector *times = &run->arguments[prepared->time_argument];
    int64_t offset = 0;
    if (!prepared->is_ready || times->form != VECTOR_FLAT ||
        (prepared->zone != NULL && !timezone_is_fixed(prepared->zone, &offset)))
        return extract_int_slow(run, skip, rows, results, is_null);
    const int64_t *data = times->data;
    for (uint32_t i = 0; i < rows; i++)
        is_null[i] = time_is_infinite(data[i]);
    if (prepared->type == T_DATE)
        data = micros_of_days(run->arena, data, rows);
    extract_all(prepared->unit, prepared->iso_dow, data, offset, rows, results);
    return true;
}

static bool extract_millionths(RowRun *run, uint32_t row, __int128 *result, uint8_t *is_null)
{
    const ExtractPrepared *prepared = run->call->prepared;
    if (prepared->type == T_INTERVAL) {
        TimeUnit unit = prepared->unit;
        Text name = {0};
        if (prepared->unit_argument >= 0) {
            name = row_text(run, (uint32_t)prepared->unit_argument, row);
            unit = time_unit_of(name);
        }
        const Vector *vector = &run->arguments[prepared->time_argument];
        IntervalValue value;
        memcpy(&value, VECTOR_DATA(__int128, vector) + vector_row(vector, row), sizeof value);
        return interval_field_millionths(unit, value, result) ||
               fault_set(run->fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "unit \"%.*s\" not supported for type interval", TEXT_ARGS(name));
    }
    FieldOf field;
    if (!field_of_row(run, row, &field))
        return false;
    *is_null = field.is_infinite;
    *result = field.is_infinite
                  ? 0
                  : time_field_millionths(field.unit, field.local, field.utc, prepared->iso_dow);
    return true;
}

/* Fields that grow without end do so with an infinite time: the sign of it; 0 for others. */
static int endless_sign(RowRun *run, uint32_t row)
{
    const ExtractPrepared *prepared = run->call->prepared;
    FieldOf field;
    if (prepared->type == T_INTERVAL || !field_of_row(run, row, &field) || !field.is_infinite)
        return 0;
    switch (field.unit) {
    case UNIT_YEAR:
    case UNIT_ISOYEAR:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
    case UNIT_JULIAN:
    case UNIT_EPOCH:
        return row_int64(run, (uint32_t)prepared->time_argument, row) > 0 ? 1 : -1;
    default:
        return 0;
    }
}

/* ... which is infinite too, instead of unknown. */
static void set_endless(RowRun *run, uint32_t row, __int128 *result, uint8_t *is_null)
{
    int sign = endless_sign(run, row);
    if (sign == 0)
        return;
    *is_null = 0;
    *result = sign > 0 ? NUMERIC_INFINITY : NUMERIC_MINUS_INFINITY;
}

static bool extract_numeric_row(RowRun *run, uint32_t row, __int128 *result, uint8_t *is_null)
{
    __int128 millionths;
    *result = 0;
    if (!extract_millionths(run, row, &millionths, is_null))
        return false;
    if (*is_null)
        set_endless(run, row, result, is_null);
    return *is_null || decimal_is_special(*result) ||
           decimal_rescale(millionths, 6, type_scale(run->call->result_type), result) ||
           fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow");
}

static bool date_part_row(RowRun *run, uint32_t row, double *result, uint8_t *is_null)
{
    __int128 millionths = 0;
    if (!extract_millionths(run, row, &millionths, is_null))
        return false;
    *result = (double)millionths / 1000000.0;
    int sign = *is_null ? endless_sign(run, row) : 0;
    if (sign != 0) {
        *is_null = 0;
        *result = sign > 0 ? (double)INFINITY : -(double)INFINITY;
    }
    return true;
}

static bool interval_int_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    __int128 millionths = 0;
    if (!extract_millionths(run, row, &millionths, is_null))
        return false;
    *result = (int64_t)(millionths / 1000000);
    return true;
}

ROW_LOOP(extract_numeric_loop, extract_numeric_row, __int128)
ROW_LOOP(date_part_loop, date_part_row, double)
ROW_LOOP(interval_int_loop, interval_int_row, int64_t)

static SqlType numeric_six(const SqlType *arguments, uint32_t count)
{
    return type_numeric_derived(6);
}

static SqlType numeric_three(const SqlType *arguments, uint32_t count)
{
    return type_numeric_derived(3);
}

static SqlType numeric_whole(const SqlType *arguments, uint32_t count)
{
    return type_numeric_derived(0);
}

static bool extract_whole_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                               uint8_t *is_null)
{
    const ExtractPrepared *prepared = run->call->prepared;
    __int128 *out = results;
    int64_t *whole = arena_alloc_vector(run->arena, rows * sizeof *whole);
    if (!(prepared->type == T_INTERVAL ? interval_int_loop : extract_int_loop)(run, skip, rows,
                                                                               whole, is_null))
        return false;
    for (uint32_t i = 0; i < rows; i++)
        out[i] = whole[i];
    for (uint32_t i = 0; i < rows; i++)
        if (is_null[i] && (skip == NULL || !skip[i]))
            set_endless(run, i, &out[i], &is_null[i]);
    return true;
}

/* --- YEAR(t) and its kin: the field is the function's name --- */

#define FIELD_PREPARE(name, unit)                                                                  \
    static bool name(ScalarCall *call, Arena *arena, Fault *fault)                                 \
    {                                                                                              \
        return extract_bind(call, -1, 0, -1, unit, true, arena, fault);                            \
    }

FIELD_PREPARE(year_prepare, UNIT_YEAR)
FIELD_PREPARE(quarter_prepare, UNIT_QUARTER)
FIELD_PREPARE(month_prepare, UNIT_MONTH)
FIELD_PREPARE(week_prepare, UNIT_WEEK)
FIELD_PREPARE(dayofyear_prepare, UNIT_DOY)
FIELD_PREPARE(dayofmonth_prepare, UNIT_DAY)
FIELD_PREPARE(dayofweek_prepare, UNIT_ISODOW)
FIELD_PREPARE(hour_prepare, UNIT_HOUR)
FIELD_PREPARE(minute_prepare, UNIT_MINUTE)
FIELD_PREPARE(second_prepare, UNIT_SECOND)

/* YEAR keeps the order of its argument, as the others do not. */
#define FIELD_ROW(id, function, type, prepare_method, rule, does, value)                           \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { type }, .result = T_INT8,   \
      .volatility = STABLE, .order = rule, .run = run_rows, .prepare = prepare_method,             \
      .loop = (void *)extract_int_loop, .summary = does,                                           \
      .example = function "(TIMESTAMP '2024-03-13 10:47:00')", .gives = value }
#define FIELD_ROWS(id, function, prepare_method, rule, does, value)                                \
    FIELD_ROW(id, function, T_TIMESTAMP, prepare_method, rule, does, value),                       \
    FIELD_ROW(id + 1, function, T_TIMESTAMPTZ, prepare_method, rule, does, value)

#define EXTRACT_ROW(id, function, type, result_type, loop_method, does, sample, value)             \
    { .oid = id, .name = function, .argument_count = 2, .arguments = { T_TEXT, type },             \
      .result = result_type, .volatility = STABLE, .run = run_rows, .prepare = extract_prepare,    \
      .loop = (void *)(loop_method), .summary = does,                                              \
      .example = function "(" sample ")", .gives = value }
#define EXTRACT_ROWS(id_tz, id_ts, id_date, id_time, id_interval, function, result_type, loop,     \
                     interval_loop, does)                                                          \
    EXTRACT_ROW(id_tz, function, T_TIMESTAMPTZ, result_type, loop, does,                           \
                "'hour', TIMESTAMPTZ '2024-03-13 10:47:00+00'", "10"),                             \
    EXTRACT_ROW(id_ts, function, T_TIMESTAMP, result_type, loop, does,                             \
                "'hour', TIMESTAMP '2024-03-13 10:47:00'", "10"),                                  \
    EXTRACT_ROW(id_date, function, T_DATE, result_type, loop, does,                                \
                "'day', DATE '2024-03-13'", "13"),                                                 \
    EXTRACT_ROW(id_time, function, T_TIME, result_type, loop, does,                                \
                "'minute', TIME '10:47:00'", "47"),                                                \
    EXTRACT_ROW(id_interval, function, T_INTERVAL, result_type, interval_loop, does,               \
                "'hour', INTERVAL '3 hours 20 minutes'", "3")

/* The binder takes one of the other forms for a literal field. */
#define PLAIN_ROW(id, type, sample, value)                                                         \
    { .oid = id, .name = "extract", .argument_count = 2, .arguments = { T_TEXT, type },            \
      .result = T_NUMERIC, .volatility = STABLE, .run = run_rows, .prepare = extract_prepare,      \
      .loop = (void *)extract_numeric_loop, .summary = "A field of a time or an interval.",        \
      .example = "EXTRACT(" sample ")", .gives = value }

#define WHOLE_ROW(id, type, sample, value)                                                         \
    { .oid = id, .name = "extract_whole", .argument_count = 2, .arguments = { T_TEXT, type },      \
      .result = T_NUMERIC, .result_of = numeric_whole, .volatility = STABLE, .run = run_rows,      \
      .prepare = extract_prepare, .loop = (void *)extract_whole_loop,                              \
      .summary = "A field of a time that is a whole number: EXTRACT of year, hour and the like.",  \
      .example = "extract_whole(" sample ")", .gives = value }

#define NUMERIC_THREE(id, type, sample, value)                                                     \
    { .oid = id, .name = "extract_milliseconds", .argument_count = 2,                              \
      .arguments = { T_TEXT, type }, .result = T_NUMERIC, .result_of = numeric_three,              \
      .volatility = STABLE, .run = run_rows, .prepare = extract_prepare,                           \
      .loop = (void *)extract_numeric_loop,                                                        \
      .summary = "Milliseconds of a time with three digits after the point.",                      \
      .example = "extract_milliseconds(" sample ")", .gives = value }

#define NUMERIC_SIX(id, type, sample, value)                                                       \
    { .oid = id, .name = "extract_numeric", .argument_count = 2, .arguments = { T_TEXT, type },    \
      .result = T_NUMERIC, .result_of = numeric_six, .volatility = STABLE, .run = run_rows,        \
      .prepare = extract_prepare, .loop = (void *)extract_numeric_loop,                            \
      .summary = "A field of a time with six digits after the point: EXTRACT of second and epoch.",\
      .example = "extract_numeric(" sample ")", .gives = value }

const ScalarFunction time_extract_functions[] = {
    PLAIN_ROW(6203, T_TIMESTAMPTZ, "hour FROM TIMESTAMPTZ '2024-03-13 10:47:00+00'", "10"),
    PLAIN_ROW(6202, T_TIMESTAMP, "second FROM TIMESTAMP '2024-03-13 10:47:28.5'", "28.500000"),
    PLAIN_ROW(6199, T_DATE, "day FROM DATE '2024-03-13'", "13"),
    PLAIN_ROW(6200, T_TIME, "minute FROM TIME '10:47:00'", "47"),
    PLAIN_ROW(6204, T_INTERVAL, "hour FROM INTERVAL '3 hours 20 minutes'", "3"),
    EXTRACT_ROWS(1171, 2021, 1384, 1385, 1172, "date_part", T_FLOAT8, date_part_loop,
                 date_part_loop, "A field of a time or an interval, in double precision."),
    EXTRACT_ROWS(91300, 91301, 91302, 91303, 91304, "extract_int", T_INT8, extract_int_loop,
                 interval_int_loop, "A field of a time or an interval as a whole number."),
    NUMERIC_SIX(91305, T_TIMESTAMPTZ, "'second', TIMESTAMPTZ '2024-03-13 10:47:28.5+00'",
                "28.500000"),
    NUMERIC_SIX(91306, T_TIMESTAMP, "'second', TIMESTAMP '2024-03-13 10:47:28.5'", "28.500000"),
    NUMERIC_SIX(91307, T_DATE, "'epoch', DATE '1970-01-02'", "86400.000000"),
    NUMERIC_SIX(91308, T_TIME, "'second', TIME '10:47:28.5'", "28.500000"),
    NUMERIC_SIX(91309, T_INTERVAL, "'epoch', INTERVAL '1 day'", "86400.000000"),
    NUMERIC_THREE(91340, T_TIMESTAMPTZ,
                  "'milliseconds', TIMESTAMPTZ '2024-03-13 10:47:28.5+00'", "28500.000"),
    NUMERIC_THREE(91341, T_TIMESTAMP, "'milliseconds', TIMESTAMP '2024-03-13 10:47:28.5'",
                  "28500.000"),
    NUMERIC_THREE(91342, T_TIME, "'milliseconds', TIME '10:47:28.5'", "28500.000"),
    NUMERIC_THREE(91343, T_INTERVAL, "'milliseconds', INTERVAL '1.5 seconds'", "1500.000"),
    WHOLE_ROW(91312, T_TIMESTAMPTZ, "'hour', TIMESTAMPTZ '2024-03-13 10:47:28.5+00'", "10"),
    WHOLE_ROW(91313, T_TIMESTAMP, "'hour', TIMESTAMP '2024-03-13 10:47:28.5'", "10"),
    WHOLE_ROW(91314, T_DATE, "'month', DATE '1970-01-02'", "1"),
    WHOLE_ROW(91315, T_TIME, "'minute', TIME '10:47:28.5'", "47"),
    WHOLE_ROW(91316, T_INTERVAL, "'hour', INTERVAL '3 hours'", "3"),
    { .oid = 91310, .name = "time_extract", .argument_count = 3, .optional_count = 2,
      .arguments = { T_TIMESTAMPTZ, T_TEXT, T_TEXT }, .result = T_INT8, .volatility = STABLE,
      .run = run_rows, .prepare = time_extract_prepare, .loop = (void *)extract_int_loop,
      .summary = "A field of a time (seconds since 1970 unless named) in a zone.",
      .example = "time_extract(TIMESTAMPTZ '2024-03-13 10:47:00+00', 'HOUR')", .gives = "10" },
    { .oid = 91311, .name = "time_extract", .argument_count = 3, .optional_count = 2,
      .arguments = { T_TIMESTAMP, T_TEXT, T_TEXT }, .result = T_INT8, .volatility = STABLE,
      .run = run_rows, .prepare = time_extract_prepare, .loop = (void *)extract_int_loop,
      .summary = "A field of a time (seconds since 1970 unless named) in a zone.",
      .example = "time_extract(TIMESTAMP '2024-03-13 10:47:00', 'HOUR')", .gives = "10" },
    FIELD_ROWS(91320, "year", year_prepare, ORDER_KEPT, "The year of a time.", "2024"),
    FIELD_ROWS(91322, "quarter", quarter_prepare, ORDER_UNKNOWN, "The quarter, 1 to 4.", "1"),
    FIELD_ROWS(91324, "month", month_prepare, ORDER_UNKNOWN, "The month, 1 to 12.", "3"),
    FIELD_ROWS(91326, "week", week_prepare, ORDER_UNKNOWN, "The ISO week, 1 to 53.", "11"),
    FIELD_ROWS(91328, "dayofyear", dayofyear_prepare, ORDER_UNKNOWN, "The day of the year.", "73"),
    FIELD_ROWS(91330, "dayofmonth", dayofmonth_prepare, ORDER_UNKNOWN, "The day of the month.",
               "13"),
    FIELD_ROWS(91332, "dayofweek", dayofweek_prepare, ORDER_UNKNOWN,
               "The day of the week, Monday 1 to Sunday 7.", "3"),
    FIELD_ROWS(91334, "hour", hour_prepare, ORDER_UNKNOWN, "The hour, 0 to 23.", "10"),
    FIELD_ROWS(91336, "minute", minute_prepare, ORDER_UNKNOWN, "The minute, 0 to 59.", "47"),
    FIELD_ROWS(91338, "second", second_prepare, ORDER_UNKNOWN, "The second, 0 to 59.", "0"),
};
const uint32_t time_extract_function_count =
    sizeof time_extract_functions / sizeof time_extract_functions[0];

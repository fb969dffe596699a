/*
 * Casts between values of fixed width, casts to a modifier, casts that need no function, and
 * finding them. Rows have pg_cast's rules. Casts from and to texts: casts_text.c; what the
 * dialect druid does differently: casts_druid.c.
 */
#include "engine/function/kernel.h"
#include "engine/function/functions_internal.h"
#include "engine/function/rows_internal.h"
#include "engine/type/decimal.h"
#include "engine/type/timezone.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>

#define RANGE(failed) ((failed) ? FAULT_NUMERIC_VALUE_OUT_OF_RANGE : FAULT_NONE)
#define TIME_RANGE(failed) ((failed) ? FAULT_DATETIME_FIELD_OVERFLOW : FAULT_NONE)

/* --- integers and floats --- */

static inline FaultCode to_int2(int64_t a, int64_t *result)
{
    *result = a;
    return RANGE(a != (int16_t)a);
}

static inline FaultCode to_int4(int64_t a, int64_t *result)
{
    *result = a;
    return RANGE(a != (int32_t)a);
}

static inline FaultCode to_oid(int64_t a, int64_t *result)
{
    *result = (uint32_t)a;
    return RANGE(a < INT32_MIN || a > UINT32_MAX);
}

static inline FaultCode int_to_float4(int64_t a, float *result)
{
    *result = (float)a;
    return FAULT_NONE;
}

static inline FaultCode int_to_float8(int64_t a, double *result)
{
    *result = (double)a;
    return FAULT_NONE;
}

/* Ties to even, as the machine rounds. */
static inline FaultCode float_to_int(double a, double limit, int64_t *result)
{
    double whole = rint(a);
    bool fits = whole >= -limit && whole < limit;
    *result = fits ? (int64_t)whole : 0;
    return RANGE(!fits);
}

static inline FaultCode float8_to_int2(double a, int64_t *result)
{
    return float_to_int(a, 32768.0, result);
}

static inline FaultCode float8_to_int4(double a, int64_t *result)
{
    return float_to_int(a, 2147483648.0, result);
}

static inline FaultCode float8_to_int8(double a, int64_t *result)
{
    return float_to_int(a, 9223372036854775808.0, result);
}

static inline FaultCode float4_to_int2(float a, int64_t *result)
{
    return float_to_int(a, 32768.0, result);
}

static inline FaultCode float4_to_int4(float a, int64_t *result)
{
    return float_to_int(a, 2147483648.0, result);
}

static inline FaultCode float4_to_int8(float a, int64_t *result)
{
    return float_to_int(a, 9223372036854775808.0, result);
}

static inline FaultCode float4_to_float8(float a, double *result)
{
    *result = a;
    return FAULT_NONE;
}

static inline FaultCode float8_to_float4(double a, float *result)
{
    *result = (float)a;
    return RANGE((isinf(*result) && !isinf(a)) || (*result == 0 && a != 0));
}

static inline FaultCode int_to_bool(int64_t a, uint8_t *result)
{
    *result = a != 0;
    return FAULT_NONE;
}

static inline FaultCode bool_to_int(uint8_t a, int64_t *result)
{
    *result = a != 0;
    return FAULT_NONE;
}

UNARY_LOOP(to_int2_loop, to_int2, int64_t, int64_t)
UNARY_LOOP(to_int4_loop, to_int4, int64_t, int64_t)
UNARY_LOOP(to_oid_loop, to_oid, int64_t, int64_t)
UNARY_LOOP(int_to_float4_loop, int_to_float4, int64_t, float)
UNARY_LOOP(int_to_float8_loop, int_to_float8, int64_t, double)
UNARY_LOOP(float8_to_int2_loop, float8_to_int2, double, int64_t)
UNARY_LOOP(float8_to_int4_loop, float8_to_int4, double, int64_t)
UNARY_LOOP(float8_to_int8_loop, float8_to_int8, double, int64_t)
UNARY_LOOP(float4_to_int2_loop, float4_to_int2, float, int64_t)
UNARY_LOOP(float4_to_int4_loop, float4_to_int4, float, int64_t)
UNARY_LOOP(float4_to_int8_loop, float4_to_int8, float, int64_t)
UNARY_LOOP(float4_to_float8_loop, float4_to_float8, float, double)
UNARY_LOOP(float8_to_float4_loop, float8_to_float4, double, float)
UNARY_LOOP(int_to_bool_loop, int_to_bool, int64_t, uint8_t)
UNARY_LOOP(bool_to_int_loop, bool_to_int, uint8_t, int64_t)

/* --- numeric --- */

static inline FaultCode check_precision(const ScalarCall *call, Int128 value)
{
    int precision = type_numeric_precision(call->result_type);
    if (precision == 0 || precision >= NUMERIC_MAX_DIGITS)
        return FAULT_NONE;
    Int128 limit = decimal_power10(precision);
    return RANGE((value <= -limit || value >= limit) && value != NUMERIC_NAN);
}

static inline FaultCode int_to_numeric(const ScalarCall *call, int64_t a, Int128 *result)
{
    if (!decimal_rescale(a, 0, type_scale(call->result_type), result))
        return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    return check_precision(call, *result);
}

/* By the digits that a float says for certain, fifteen or six: what PostgreSQL takes of it. */
static FaultCode digits_to_numeric(const ScalarCall *call, double a, int digits, Int128 *result)
{
    char text[32];
    int scale = type_scale(call->result_type);
    Fault ignored;
    *result = 0;
    if (!isfinite(a)) {
        decimal_from_double(a, scale, result);
        return check_precision(call, *result);
    }
    if (a == trunc(a) && fabs(a) < 1e6)
        return int_to_numeric(call, (int64_t)a, result);
    int length = snprintf(text, sizeof text, "%.*g", digits, a);
    if (!decimal_parse((Text){text, (uint32_t)length}, &scale, result, &ignored))
        return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    return check_precision(call, *result);
}

static inline FaultCode float8_to_numeric(const ScalarCall *call, double a, Int128 *result)
{
    return digits_to_numeric(call, a, 15, result);
}

static inline FaultCode float4_to_numeric(const ScalarCall *call, float a, Int128 *result)
{
    return digits_to_numeric(call, a, 6, result);
}

static inline FaultCode numeric_to_numeric(const ScalarCall *call, Int128 a, Int128 *result)
{
    if (!decimal_rescale(a, type_scale(call->argument_types[0]), type_scale(call->result_type),
                         result))
        return FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    return check_precision(call, *result);
}

static inline FaultCode numeric_to_int(const ScalarCall *call, Int128 a, int64_t minimum,
                                       int64_t maximum, int64_t *result)
{
    if (decimal_is_special(a))
        return *result = 0, FAULT_FEATURE_NOT_SUPPORTED;
    bool fits = decimal_to_int64(a, type_scale(call->argument_types[0]), result);
    return RANGE(!fits || *result < minimum || *result > maximum);
}

static inline FaultCode numeric_to_int2(const ScalarCall *call, Int128 a, int64_t *result)
{
    return numeric_to_int(call, a, INT16_MIN, INT16_MAX, result);
}

static inline FaultCode numeric_to_int4(const ScalarCall *call, Int128 a, int64_t *result)
{
    return numeric_to_int(call, a, INT32_MIN, INT32_MAX, result);
}

static inline FaultCode numeric_to_int8(const ScalarCall *call, Int128 a, int64_t *result)
{
    return numeric_to_int(call, a, INT64_MIN, INT64_MAX, result);
}

/* decimal_to_double wants at most 38 digits; garbage under nulls may have one more. */
static inline FaultCode numeric_to_float8(const ScalarCall *call, Int128 a, double *result)
{
    *result = decimal_fits(a) || decimal_is_special(a) ? decimal_to_double(a, type_scale(call->argument_types[0]))
                                                         : 0;
    return FAULT_NONE;
}

static inline FaultCode numeric_to_float4(const ScalarCall *call, Int128 a, float *result)
{
    double wide;
    numeric_to_float8(call, a, &wide);
    *result = (float)wide;
    return FAULT_NONE;
}

UNARY_CALL_LOOP(int_to_numeric_loop, int_to_numeric, int64_t, Int128)
UNARY_CALL_LOOP(float8_to_numeric_loop, float8_to_numeric, double, Int128)
UNARY_CALL_LOOP(float4_to_numeric_loop, float4_to_numeric, float, Int128)
UNARY_CALL_LOOP(numeric_to_numeric_loop, numeric_to_numeric, Int128, Int128)
UNARY_CALL_LOOP(numeric_to_int2_loop, numeric_to_int2, Int128, int64_t)
UNARY_CALL_LOOP(numeric_to_int4_loop, numeric_to_int4, Int128, int64_t)
UNARY_CALL_LOOP(numeric_to_int8_loop, numeric_to_int8, Int128, int64_t)
UNARY_CALL_LOOP(numeric_to_float8_loop, numeric_to_float8, Int128, double)
UNARY_CALL_LOOP(numeric_to_float4_loop, numeric_to_float4, Int128, float)

/* --- dates and times --- */

static inline bool is_infinite(int64_t value)
{
    return value == INT64_MAX || value == INT64_MIN;
}

static inline const TimeZone *session_zone(const ScalarCall *call)
{
    return call->context == NULL || call->context->zone == NULL ? timezone_utc()
                                                                : call->context->zone;
}

static inline int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static inline FaultCode date_to_timestamp(int64_t date, int64_t *result)
{
    *result = date;
    if (is_infinite(date))
        return FAULT_NONE;
    return TIME_RANGE(__builtin_mul_overflow(date, MICROS_PER_DAY, result));
}

static inline FaultCode date_to_timestamptz(const ScalarCall *call, int64_t date, int64_t *result)
{
    FaultCode code = date_to_timestamp(date, result);
    if (code == FAULT_NONE && !is_infinite(date))
        *result = timezone_to_utc(session_zone(call), *result);
    return code;
}

static inline FaultCode timestamp_to_date(int64_t local, int64_t *result)
{
    *result = is_infinite(local) ? local : floor_divide(local, MICROS_PER_DAY);
    return FAULT_NONE;
}

static inline FaultCode timestamp_to_time(int64_t local, int64_t *result)
{
    *result = local - floor_divide(local, MICROS_PER_DAY) * MICROS_PER_DAY;
    return FAULT_NONE;
}

static inline FaultCode timestamp_to_timestamptz(const ScalarCall *call, int64_t local,
                                                 int64_t *result)
{
    *result = timezone_to_utc(session_zone(call), local);
    return FAULT_NONE;
}

static inline FaultCode timestamptz_to_timestamp(const ScalarCall *call, int64_t utc,
                                                 int64_t *result)
{
    *result = timezone_to_local(session_zone(call), utc);
    return FAULT_NONE;
}

static inline FaultCode timestamptz_to_date(const ScalarCall *call, int64_t utc, int64_t *result)
{
    return timestamp_to_date(timezone_to_local(session_zone(call), utc), result);
}

static inline FaultCode timestamptz_to_time(const ScalarCall *call, int64_t utc, int64_t *result)
{
    return timestamp_to_time(timezone_to_local(session_zone(call), utc), result);
}

static inline FaultCode time_to_interval(int64_t time, IntervalValue *result)
{
    *result = (IntervalValue){.micros = time};
    return FAULT_NONE;
}

static inline FaultCode interval_to_time(IntervalValue interval, int64_t *result)
{
    return timestamp_to_time(interval.micros, result);
}

/* Milliseconds since 1970: Druid's timestamps as numbers. */
static inline FaultCode timestamp_to_millis(int64_t value, int64_t *result)
{
    *result = floor_divide(value, 1000);
    return FAULT_NONE;
}

static inline FaultCode millis_to_timestamp(int64_t millis, int64_t *result)
{
    *result = 0;
    return TIME_RANGE(__builtin_mul_overflow(millis, INT64_C(1000), result));
}

static inline FaultCode date_to_millis(int64_t date, int64_t *result)
{
    *result = 0;
    return TIME_RANGE(__builtin_mul_overflow(date, INT64_C(86400000), result));
}

static inline FaultCode millis_to_date(int64_t millis, int64_t *result)
{
    *result = floor_divide(millis, 86400000);
    return FAULT_NONE;
}

static inline FaultCode round_time(const ScalarCall *call, int64_t value, int64_t *result)
{
    *result = value;
    return TIME_RANGE(!type_round_timestamp(call->result_type, result));
}

static inline FaultCode adjust_interval(const ScalarCall *call, IntervalValue value,
                                        IntervalValue *result)
{
    *result = value;
    type_adjust_interval(call->result_type.modifier, result);
    return FAULT_NONE;
}

UNARY_CALL_LOOP(adjust_interval_loop, adjust_interval, IntervalValue, IntervalValue)
UNARY_LOOP(date_to_timestamp_loop, date_to_timestamp, int64_t, int64_t)
UNARY_CALL_LOOP(date_to_timestamptz_loop, date_to_timestamptz, int64_t, int64_t)
UNARY_LOOP(timestamp_to_date_loop, timestamp_to_date, int64_t, int64_t)
UNARY_LOOP(timestamp_to_time_loop, timestamp_to_time, int64_t, int64_t)
UNARY_CALL_LOOP(timestamp_to_timestamptz_loop, timestamp_to_timestamptz, int64_t, int64_t)
UNARY_CALL_LOOP(timestamptz_to_timestamp_loop, timestamptz_to_timestamp, int64_t, int64_t)
UNARY_CALL_LOOP(timestamptz_to_date_loop, timestamptz_to_date, int64_t, int64_t)
UNARY_CALL_LOOP(timestamptz_to_time_loop, timestamptz_to_time, int64_t, int64_t)
UNARY_LOOP(time_to_interval_loop, time_to_interval, int64_t, IntervalValue)
UNARY_LOOP(interval_to_time_loop, interval_to_time, IntervalValue, int64_t)
UNARY_LOOP(timestamp_to_millis_loop, timestamp_to_millis, int64_t, int64_t)
UNARY_LOOP(millis_to_timestamp_loop, millis_to_timestamp, int64_t, int64_t)
UNARY_LOOP(date_to_millis_loop, date_to_millis, int64_t, int64_t)
UNARY_LOOP(millis_to_date_loop, millis_to_date, int64_t, int64_t)
UNARY_CALL_LOOP(round_time_loop, round_time, int64_t, int64_t)

/* --- arrays: the cast of their elements --- */

typedef struct ElementCast {
    ScalarCall call;
    SqlType argument_type;
    const Vector *constants[1];
} ElementCast;

static bool prepare_array_cast(ScalarCall *call, Arena *arena, Fault *fault)
{
    ElementCast *cast = ARENA_NEW(arena, ElementCast);
    SqlType from = SQL_TYPE(type_info(call->argument_types[0].oid)->element_oid);
    SqlType to = {type_info(call->result_type.oid)->element_oid, call->result_type.modifier};
    int32_t dialect = call->context == NULL ? 0 : call->context->dialect;
    bool is_noop;
    from.modifier = call->argument_types[0].modifier;
    cast->argument_type = from;
    cast->call = (ScalarCall){.function = function_find_cast(from, to, CAST_EXPLICIT, dialect,
                                                             &is_noop),
                              .argument_count = 1, .argument_types = &cast->argument_type,
                              .result_type = to, .constants = cast->constants,
                              .context = call->context};
    call->prepared = cast;
    const ScalarFunction *function = cast->call.function;
    return function == NULL || function->prepare == NULL ||
           function->prepare(&cast->call, arena, fault);
}

/* Elements that no row uses are not to fail. */
static const uint8_t *used_elements(const Vector *vector, const uint8_t *active, uint32_t rows,
                                    Arena *arena)
{
    uint8_t *used = arena_alloc_vector(arena, vector->elements->length + 1);
    memset(used, 0, vector->elements->length + 1);
    uint32_t count = vector->form == VECTOR_CONSTANT && rows > 0 ? 1 : rows;
    for (uint32_t i = 0; i < count; i++) {
        if (vector_is_null(vector, i) || (active != NULL && count > 1 && active[i] == 0))
            continue;
        ArrayValue cell = VECTOR_DATA(ArrayValue, vector)[i];
        memset(used + cell.offset, 1, cell.count);
    }
    return used;
}

static bool run_array_cast(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                           const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    const ElementCast *cast = call->prepared;
    const Vector *elements = arguments[0].elements;
    *result = arguments[0];
    if (cast->call.function == NULL || elements == NULL || elements->length == 0)
        return true;
    Vector *made = ARENA_NEW(arena, Vector);
    const uint8_t *used = used_elements(&arguments[0], active, rows, arena);
    if (!cast->call.function->run(&cast->call, elements, elements->length, used, arena, made,
                                  fault))
        return false;
    if (made->form == VECTOR_CONSTANT)
        *made = vector_flatten(arena, made);
    result->elements = made;
    return true;
}

/* --- rows --- */

#define CAST(id, target, from, to, rule_of, stamped, when, kept)                                   \
    { .oid = id, .name = target, .argument_count = 1, .arguments = { from }, .result = to,         \
      .kind = FUNCTION_CAST, .cast_rule = rule_of, .volatility = when, .order = kept,              \
      .run = run_loop, .loop = stamped, .summary = "Cast." }
#define KEEPS(id, target, from, to, rule_of, stamped)                                              \
    CAST(id, target, from, to, rule_of, stamped, IMMUTABLE, ORDER_KEPT)
#define LOCAL(id, target, from, to, rule_of, stamped)                                              \
    CAST(id, target, from, to, rule_of, stamped, STABLE, ORDER_UNKNOWN)

enum { TIMESTAMP_PRECISION, TIMESTAMPTZ_PRECISION, TIME_PRECISION, INTERVAL_PRECISION,
       NUMERIC_PRECISION, ARRAY_CAST };

const ScalarFunction cast_functions[] = {
    /* found by their place, not by their types */
    [TIMESTAMP_PRECISION] = KEEPS(1961, "timestamp", T_TIMESTAMP, T_TIMESTAMP, CAST_IMPLICIT,
                                  round_time_loop),
    [TIMESTAMPTZ_PRECISION] = KEEPS(1967, "timestamptz", T_TIMESTAMPTZ, T_TIMESTAMPTZ,
                                    CAST_IMPLICIT, round_time_loop),
    [TIME_PRECISION] = KEEPS(1968, "time", T_TIME, T_TIME, CAST_IMPLICIT, round_time_loop),
    [INTERVAL_PRECISION] = CAST(1200, "interval", T_INTERVAL, T_INTERVAL, CAST_IMPLICIT,
                                adjust_interval_loop, IMMUTABLE, ORDER_UNKNOWN),
    [NUMERIC_PRECISION] = KEEPS(1703, "numeric", T_NUMERIC, T_NUMERIC, CAST_IMPLICIT,
                                numeric_to_numeric_loop),
    [ARRAY_CAST] = { .oid = 95300, .name = "array", .argument_count = 1,
                     .arguments = { T_ANYARRAY }, .result = T_ANYARRAY, .kind = FUNCTION_CAST,
                     .cast_rule = CAST_IMPLICIT, .volatility = STABLE, .run = run_array_cast,
                     .prepare = prepare_array_cast, .summary = "Casts every element." },

    KEEPS(714, "int2", T_INT8, T_INT2, CAST_ASSIGNMENT, to_int2_loop),
    KEEPS(314, "int2", T_INT4, T_INT2, CAST_ASSIGNMENT, to_int2_loop),
    KEEPS(480, "int4", T_INT8, T_INT4, CAST_ASSIGNMENT, to_int4_loop),
    KEEPS(1287, "oid", T_INT8, T_OID, CAST_IMPLICIT, to_oid_loop),
    CAST(95301, "oid", T_INT4, T_OID, CAST_IMPLICIT, to_oid_loop, IMMUTABLE, ORDER_UNKNOWN),
    CAST(95302, "oid", T_INT2, T_OID, CAST_IMPLICIT, to_oid_loop, IMMUTABLE, ORDER_UNKNOWN),
    KEEPS(652, "float4", T_INT8, T_FLOAT4, CAST_IMPLICIT, int_to_float4_loop),
    KEEPS(318, "float4", T_INT4, T_FLOAT4, CAST_IMPLICIT, int_to_float4_loop),
    KEEPS(236, "float4", T_INT2, T_FLOAT4, CAST_IMPLICIT, int_to_float4_loop),
    KEEPS(482, "float8", T_INT8, T_FLOAT8, CAST_IMPLICIT, int_to_float8_loop),
    KEEPS(316, "float8", T_INT4, T_FLOAT8, CAST_IMPLICIT, int_to_float8_loop),
    KEEPS(235, "float8", T_INT2, T_FLOAT8, CAST_IMPLICIT, int_to_float8_loop),
    KEEPS(237, "int2", T_FLOAT8, T_INT2, CAST_ASSIGNMENT, float8_to_int2_loop),
    KEEPS(317, "int4", T_FLOAT8, T_INT4, CAST_ASSIGNMENT, float8_to_int4_loop),
    KEEPS(483, "int8", T_FLOAT8, T_INT8, CAST_ASSIGNMENT, float8_to_int8_loop),
    KEEPS(238, "int2", T_FLOAT4, T_INT2, CAST_ASSIGNMENT, float4_to_int2_loop),
    KEEPS(319, "int4", T_FLOAT4, T_INT4, CAST_ASSIGNMENT, float4_to_int4_loop),
    KEEPS(653, "int8", T_FLOAT4, T_INT8, CAST_ASSIGNMENT, float4_to_int8_loop),
    KEEPS(311, "float8", T_FLOAT4, T_FLOAT8, CAST_IMPLICIT, float4_to_float8_loop),
    KEEPS(312, "float4", T_FLOAT8, T_FLOAT4, CAST_ASSIGNMENT, float8_to_float4_loop),
    KEEPS(2557, "bool", T_INT4, T_BOOL, CAST_EXPLICIT, int_to_bool_loop),
    KEEPS(2558, "int4", T_BOOL, T_INT4, CAST_EXPLICIT, bool_to_int_loop),

    KEEPS(1781, "numeric", T_INT8, T_NUMERIC, CAST_IMPLICIT, int_to_numeric_loop),
    KEEPS(1740, "numeric", T_INT4, T_NUMERIC, CAST_IMPLICIT, int_to_numeric_loop),
    KEEPS(1782, "numeric", T_INT2, T_NUMERIC, CAST_IMPLICIT, int_to_numeric_loop),
    KEEPS(1743, "numeric", T_FLOAT8, T_NUMERIC, CAST_ASSIGNMENT, float8_to_numeric_loop),
    KEEPS(1742, "numeric", T_FLOAT4, T_NUMERIC, CAST_ASSIGNMENT, float4_to_numeric_loop),
    KEEPS(1783, "int2", T_NUMERIC, T_INT2, CAST_ASSIGNMENT, numeric_to_int2_loop),
    KEEPS(1744, "int4", T_NUMERIC, T_INT4, CAST_ASSIGNMENT, numeric_to_int4_loop),
    KEEPS(1779, "int8", T_NUMERIC, T_INT8, CAST_ASSIGNMENT, numeric_to_int8_loop),
    KEEPS(1745, "float4", T_NUMERIC, T_FLOAT4, CAST_IMPLICIT, numeric_to_float4_loop),
    KEEPS(1746, "float8", T_NUMERIC, T_FLOAT8, CAST_IMPLICIT, numeric_to_float8_loop),

    KEEPS(2024, "timestamp", T_DATE, T_TIMESTAMP, CAST_IMPLICIT, date_to_timestamp_loop),
    LOCAL(1174, "timestamptz", T_DATE, T_TIMESTAMPTZ, CAST_IMPLICIT, date_to_timestamptz_loop),
    KEEPS(2029, "date", T_TIMESTAMP, T_DATE, CAST_ASSIGNMENT, timestamp_to_date_loop),
    CAST(1316, "time", T_TIMESTAMP, T_TIME, CAST_ASSIGNMENT, timestamp_to_time_loop, IMMUTABLE,
         ORDER_UNKNOWN),
    LOCAL(2028, "timestamptz", T_TIMESTAMP, T_TIMESTAMPTZ, CAST_IMPLICIT,
          timestamp_to_timestamptz_loop),
    LOCAL(1178, "date", T_TIMESTAMPTZ, T_DATE, CAST_ASSIGNMENT, timestamptz_to_date_loop),
    LOCAL(2019, "time", T_TIMESTAMPTZ, T_TIME, CAST_ASSIGNMENT, timestamptz_to_time_loop),
    LOCAL(2027, "timestamp", T_TIMESTAMPTZ, T_TIMESTAMP, CAST_ASSIGNMENT,
          timestamptz_to_timestamp_loop),
    KEEPS(1370, "interval", T_TIME, T_INTERVAL, CAST_IMPLICIT, time_to_interval_loop),
    CAST(1419, "time", T_INTERVAL, T_TIME, CAST_ASSIGNMENT, interval_to_time_loop, IMMUTABLE,
         ORDER_UNKNOWN),

    /* Druid's: timestamps are milliseconds */
    KEEPS(95310, "int8", T_TIMESTAMP, T_INT8, CAST_EXPLICIT, timestamp_to_millis_loop),
    KEEPS(95311, "int8", T_TIMESTAMPTZ, T_INT8, CAST_EXPLICIT, timestamp_to_millis_loop),
    KEEPS(95312, "timestamp", T_INT8, T_TIMESTAMP, CAST_EXPLICIT, millis_to_timestamp_loop),
    KEEPS(95313, "timestamptz", T_INT8, T_TIMESTAMPTZ, CAST_EXPLICIT, millis_to_timestamp_loop),
    KEEPS(95314, "int8", T_DATE, T_INT8, CAST_EXPLICIT, date_to_millis_loop),
    KEEPS(95315, "date", T_INT8, T_DATE, CAST_EXPLICIT, millis_to_date_loop),
};

const uint32_t cast_function_count = sizeof cast_functions / sizeof cast_functions[0];
const ScalarFunction *const cast_array_to_array = &cast_functions[ARRAY_CAST];

/* --- finding --- */

const ScalarFunction *cast_to_modifier(Oid type, CastRule rule)
{
    switch (type) {
    case T_TIMESTAMP: return &cast_functions[TIMESTAMP_PRECISION];
    case T_TIMESTAMPTZ: return &cast_functions[TIMESTAMPTZ_PRECISION];
    case T_TIME: return &cast_functions[TIME_PRECISION];
    case T_INTERVAL: return &cast_functions[INTERVAL_PRECISION];
    case T_NUMERIC: return &cast_functions[NUMERIC_PRECISION];
    case T_NUMERIC_ARRAY: return &cast_functions[ARRAY_CAST];
    case T_VARCHAR: case T_BPCHAR: return cast_to_length(type, rule);
    case T_BIT: case T_VARBIT: return cast_to_bits(type, rule);
    default: return NULL;
    }
}

enum { CAST_SLOTS = 1024 };
static const ScalarFunction *cast_slots[CAST_SLOTS];
static pthread_once_t cast_once = PTHREAD_ONCE_INIT;

static uint32_t cast_slot(Oid from, Oid to)
{
    return (from * 31 + to * 7919) % CAST_SLOTS;
}

/* Open addressing; rows of a dialect stand beside those of the other. */
static void index_casts(void)
{
    uint32_t count;
    const ScalarFunction *const *rows = function_scalars(&count);
    for (uint32_t i = 0; i < count; i++) {
        const ScalarFunction *row = rows[i];
        if (row->kind != FUNCTION_CAST || row->argument_count != 1 ||
            row->arguments[0] == row->result || row->result == T_ANY ||
            row->arguments[0] == T_ANY)
            continue;
        uint32_t slot = cast_slot(row->arguments[0], row->result);
        while (cast_slots[slot] != NULL)
            slot = (slot + 1) % CAST_SLOTS;
        cast_slots[slot] = row;
    }
}

const ScalarFunction *cast_row(Oid from, Oid to, int32_t dialect)
{
    const ScalarFunction *found = NULL;
    pthread_once(&cast_once, index_casts);
    for (uint32_t slot = cast_slot(from, to); cast_slots[slot] != NULL;
         slot = (slot + 1) % CAST_SLOTS) {
        const ScalarFunction *row = cast_slots[slot];
        if (row->arguments[0] != from || row->result != to)
            continue;
        if (row->dialect == dialect + 1)
            return row;
        if (row->dialect == 0)
            found = row;
    }
    return found;
}

/* --- casts that need no function --- */

static bool is_reg(Oid oid)
{
    switch (oid) {
    case T_REGPROC: case T_REGPROCEDURE: case T_REGCLASS: case T_REGTYPE: case T_REGNAMESPACE:
    case T_REGROLE: case 2203: case 2204: case 3734: case 3769: case 4191: return true;
    default: return false;
    }
}

static int integer_width(Oid oid)
{
    return oid == T_INT2 ? 2 : oid == T_INT4 ? 4 : oid == T_INT8 ? 8 : 0;
}

static bool integers_are_alike(Oid from, Oid to, int32_t dialect, CastRule *rule)
{
    int source = integer_width(from), target = integer_width(to);
    if (source != 0 && target != 0) {
        *rule = CAST_IMPLICIT;
        return source <= target || dialect == 1;
    }
    bool from_oid = from == T_OID || is_reg(from), to_oid = to == T_OID || is_reg(to);
    if (from_oid && to_oid) {
        *rule = from == T_OID || to == T_OID ? CAST_IMPLICIT : CAST_EXPLICIT;
        return true;
    }
    *rule = is_reg(to) ? CAST_IMPLICIT : CAST_ASSIGNMENT;
    return (from_oid && target >= 4) || (source != 0 && is_reg(to));
}

bool cast_is_noop(Oid from, Oid to, int32_t dialect, CastRule *rule)
{
    static const struct {
        Oid from, to;
        CastRule rule;
    } pairs[] = {
        {T_VARCHAR, T_TEXT, CAST_IMPLICIT},    {T_TEXT, T_VARCHAR, CAST_IMPLICIT},
        {T_TEXT, T_BPCHAR, CAST_IMPLICIT},     {T_VARCHAR, T_BPCHAR, CAST_IMPLICIT},
        {T_NAME, T_TEXT, CAST_IMPLICIT},       {T_NAME, T_VARCHAR, CAST_ASSIGNMENT},
        {T_NAME, T_BPCHAR, CAST_ASSIGNMENT},   {T_CHAR, T_TEXT, CAST_IMPLICIT},
        {T_CHAR, T_VARCHAR, CAST_ASSIGNMENT},  {T_CHAR, T_BPCHAR, CAST_ASSIGNMENT},
        {T_UNKNOWN, T_TEXT, CAST_IMPLICIT},    {T_UNKNOWN, T_VARCHAR, CAST_IMPLICIT},
        {T_UNKNOWN, T_BPCHAR, CAST_IMPLICIT},  {T_PG_NODE_TREE, T_TEXT, CAST_IMPLICIT},
        {T_JSON, T_TEXT, CAST_ASSIGNMENT},     {T_JSON, T_VARCHAR, CAST_ASSIGNMENT},
        {T_JSONB, T_TEXT, CAST_ASSIGNMENT},    {T_JSONB, T_VARCHAR, CAST_ASSIGNMENT},
        {T_JSONB, T_JSON, CAST_ASSIGNMENT},
        {T_ACLITEM, T_TEXT, CAST_ASSIGNMENT},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i].from == from && pairs[i].to == to) {
            *rule = pairs[i].rule;
            return true;
        }
    return integers_are_alike(from, to, dialect, rule);
}

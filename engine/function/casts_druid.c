/*
 * Casts of the dialect druid. Texts that cannot be read give NULL; numbers are cut instead of
 * rounded and saturate; numbers and booleans convert both ways; a timestamp's text has no
 * fraction.
 */
#include "engine/function/casts_internal.h"
#include "engine/function/functions_internal.h"
#include "engine/function/kernel.h"
#include "engine/type/decimal.h"
#include "engine/type/timezone.h"

#include <math.h>
#include <stdio.h>

/* --- texts --- */

/* A value of `type` from the text: false (and nothing appended) when it cannot be read. */
static bool try_parse(const ScalarCall *call, SqlType type, Text text, VectorBuilder *builder)
{
    Fault ignored;
    return type_parse_text(type, call->context, text, builder, &ignored);
}

static int64_t saturate(double value)
{
    if (isnan(value))
        return 0;
    if (value >= 9223372036854775808.0)
        return INT64_MAX;
    return value < -9223372036854775808.0 ? INT64_MIN : (int64_t)value;
}

static bool read_double(const ScalarCall *call, Text text, Arena *arena, double *value)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_FLOAT64, 1);
    if (!try_parse(call, SQL_TYPE(T_FLOAT8), text, &builder))
        return false;
    *value = ((const double *)builder.data)[0];
    return true;
}

static bool is_word(Text text, const char *word)
{
    uint32_t i = 0;
    for (; i < text.length && word[i] != '\0'; i++)
        if ((text.data[i] | 0x20) != word[i])
            return false;
    return i == text.length && word[i] == '\0';
}

/* true and false, a whole number, or another number cut to one. */
static void read_integer(const ScalarCall *call, Text text, VectorBuilder *builder)
{
    double value;
    if (is_word(text, "true") || is_word(text, "false"))
        vector_builder_int64(builder, is_word(text, "true"));
    else if (try_parse(call, SQL_TYPE(T_INT8), text, builder))
        return;
    else if (read_double(call, text, builder->arena, &value))
        vector_builder_int64(builder, saturate(value));
    else
        vector_builder_null(builder);
}

static void read_boolean(const ScalarCall *call, Text text, VectorBuilder *builder)
{
    double value;
    if (is_word(text, "true") || is_word(text, "false"))
        vector_builder_bool(builder, is_word(text, "true"));
    else if (read_double(call, text, builder->arena, &value))
        vector_builder_bool(builder, value != 0);
    else
        vector_builder_null(builder);
}

/* A text with a zone is an instant; the timestamp is the session's clock at it. */
static void read_timestamp(const ScalarCall *call, Text text, VectorBuilder *builder)
{
    const TimeZone *zone = call->context == NULL || call->context->zone == NULL
                               ? timezone_utc() : call->context->zone;
    VectorBuilder instant;
    vector_builder_init(&instant, builder->arena, LAYOUT_INT64, 1);
    if (!try_parse(call, SQL_TYPE(T_TIMESTAMPTZ), text, &instant)) {
        vector_builder_null(builder);
        return;
    }
    int64_t local = timezone_to_local(zone, ((const int64_t *)instant.data)[0]);
    bool is_date = call->result_type.oid == T_DATE;
    vector_builder_int64(builder, !is_date ? local
                                           : local / MICROS_PER_DAY - (local % MICROS_PER_DAY < 0));
}

static bool read_leniently(const ScalarCall *call, Text text, VectorBuilder *builder, Fault *fault)
{
    switch (call->result_type.oid) {
    case T_INT2: case T_INT4: case T_INT8: read_integer(call, text, builder); break;
    case T_BOOL: read_boolean(call, text, builder); break;
    case T_TIMESTAMP: case T_DATE: read_timestamp(call, text, builder); break;
    default:
        if (!try_parse(call, call->result_type, text, builder))
            vector_builder_null(builder);
    }
    return true;
}

static bool parse_leniently_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                                 uint8_t *is_null)
{
    return cast_parse_rows(run, skip, rows, results, is_null, read_leniently);
}

/* yyyy-MM-dd HH:mm:ss; an instant by the session's clock */
static inline bool timestamp_text(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    int64_t micros = row_int64(run, 0, row);
    CivilTime civil;
    char *out = text_sink_reserve(&run->sink, 64);
    if (micros == INT64_MAX || micros == INT64_MIN)
        return *is_null = 1, *result = (Text){0}, true;
    const TypeContext *context = run->call->context;
    if (run->call->argument_types[0].oid == T_TIMESTAMPTZ && context != NULL &&
        context->zone != NULL)
        micros = timezone_to_local(context->zone, micros);
    civil_from_micros(micros, &civil);
    int length = snprintf(out, 64, "%04lld-%02d-%02d %02d:%02d:%02d", (long long)civil.year,
                          civil.month, civil.day, civil.hour, civil.minute, civil.second);
    *result = text_sink_take(&run->sink, (size_t)length);
    return true;
}
ROW_LOOP(timestamp_text_loop, timestamp_text, Text)

/* --- numbers --- */

static inline FaultCode double_to_long(double a, int64_t *result)
{
    *result = saturate(a);
    return FAULT_NONE;
}

static inline FaultCode float_to_long(float a, int64_t *result)
{
    *result = saturate(a);
    return FAULT_NONE;
}

static inline FaultCode numeric_to_long(const ScalarCall *call, Int128 a, int64_t *result)
{
    if (decimal_is_special(a))
        return *result = 0, FAULT_NUMERIC_VALUE_OUT_OF_RANGE;
    Int128 whole = a / decimal_power10(type_scale(call->argument_types[0]));
    *result = whole > INT64_MAX ? INT64_MAX : whole < INT64_MIN ? INT64_MIN : (int64_t)whole;
    return FAULT_NONE;
}

static inline FaultCode long_to_bool(int64_t a, uint8_t *result)
{
    *result = a != 0;
    return FAULT_NONE;
}

static inline FaultCode double_to_bool(double a, uint8_t *result)
{
    *result = a != 0;
    return FAULT_NONE;
}

static inline FaultCode bool_to_long(uint8_t a, int64_t *result)
{
    *result = a != 0;
    return FAULT_NONE;
}

static inline FaultCode bool_to_double(uint8_t a, double *result)
{
    *result = a != 0;
    return FAULT_NONE;
}

UNARY_LOOP(double_to_long_loop, double_to_long, double, int64_t)
UNARY_LOOP(float_to_long_loop, float_to_long, float, int64_t)
UNARY_CALL_LOOP(numeric_to_long_loop, numeric_to_long, Int128, int64_t)
UNARY_LOOP(long_to_bool_loop, long_to_bool, int64_t, uint8_t)
UNARY_LOOP(double_to_bool_loop, double_to_bool, double, uint8_t)
UNARY_LOOP(bool_to_long_loop, bool_to_long, uint8_t, int64_t)
UNARY_LOOP(bool_to_double_loop, bool_to_double, uint8_t, double)

/* --- rows --- */

#define CAST(id, target, from, to, rule, stamped)                                                  \
    { .oid = id, .name = target, .argument_count = 1, .arguments = { from }, .result = to,         \
      .kind = FUNCTION_CAST, .cast_rule = rule, .run = run_loop, .loop = stamped, .dialect = 2,    \
      .summary = "Cast." }
#define TIME_TEXT(id, target, from, to)                                                            \
    { .oid = id, .name = target, .argument_count = 1, .arguments = { from }, .result = to,         \
      .kind = FUNCTION_CAST, .cast_rule = CAST_IMPLICIT, .volatility = STABLE, .run = run_rows,    \
      .loop = timestamp_text_loop, .dialect = 2, .summary = "Cast." }

const ScalarFunction cast_druid_functions[] = {
    { .oid = 95500, .name = "try_parse", .argument_count = 1, .arguments = { T_TEXT },
      .result = T_ANY, .kind = FUNCTION_CAST, .volatility = STABLE, .run = cast_run_parse,
      .loop = parse_leniently_loop, .prepare = rows_prepare, .dialect = 2,
      .summary = "Reads a text by the type's input function, NULL when it cannot." },
    CAST(95501, "int8", T_FLOAT8, T_INT8, CAST_EXPLICIT, double_to_long_loop),
    CAST(95502, "int4", T_FLOAT8, T_INT4, CAST_EXPLICIT, double_to_long_loop),
    CAST(95503, "int2", T_FLOAT8, T_INT2, CAST_EXPLICIT, double_to_long_loop),
    CAST(95504, "int8", T_FLOAT4, T_INT8, CAST_EXPLICIT, float_to_long_loop),
    CAST(95505, "int4", T_FLOAT4, T_INT4, CAST_EXPLICIT, float_to_long_loop),
    CAST(95506, "int2", T_FLOAT4, T_INT2, CAST_EXPLICIT, float_to_long_loop),
    CAST(95507, "int8", T_NUMERIC, T_INT8, CAST_ASSIGNMENT, numeric_to_long_loop),
    CAST(95508, "int4", T_NUMERIC, T_INT4, CAST_ASSIGNMENT, numeric_to_long_loop),
    CAST(95509, "int2", T_NUMERIC, T_INT2, CAST_ASSIGNMENT, numeric_to_long_loop),
    CAST(95510, "bool", T_INT8, T_BOOL, CAST_EXPLICIT, long_to_bool_loop),
    CAST(95511, "bool", T_INT4, T_BOOL, CAST_EXPLICIT, long_to_bool_loop),
    CAST(95512, "bool", T_FLOAT8, T_BOOL, CAST_EXPLICIT, double_to_bool_loop),
    CAST(95513, "int8", T_BOOL, T_INT8, CAST_IMPLICIT, bool_to_long_loop),
    CAST(95514, "int4", T_BOOL, T_INT4, CAST_EXPLICIT, bool_to_long_loop),
    CAST(95515, "float8", T_BOOL, T_FLOAT8, CAST_EXPLICIT, bool_to_double_loop),
    TIME_TEXT(95516, "text", T_TIMESTAMP, T_TEXT),
    TIME_TEXT(95517, "varchar", T_TIMESTAMP, T_VARCHAR),
    TIME_TEXT(95518, "text", T_TIMESTAMPTZ, T_TEXT),
    TIME_TEXT(95519, "varchar", T_TIMESTAMPTZ, T_VARCHAR),
};

const uint32_t cast_druid_function_count =
    sizeof cast_druid_functions / sizeof cast_druid_functions[0];
const ScalarFunction *const cast_text_to_any_druid = &cast_druid_functions[0];

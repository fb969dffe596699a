/*
 * information_schema's functions about a type and its modifier: lengths, precisions, scales, as its
 * views compute them (PostgreSQL's information_schema.sql says which types have which).
 */
#include "engine/function/rows_internal.h"

#include <ctype.h>

enum {
    HEADER = 4,            /* what character and numeric modifiers begin with */
    TEXT_OCTETS = 1 << 30, /* of a text without a length */
    UTF8_OCTETS = 4,
    DEFAULT_FRACTION = 6,
};

typedef int64_t Measure(Oid type, int64_t modifier, uint8_t *is_null);

static int64_t none(uint8_t *is_null)
{
    *is_null = 1;
    return 0;
}

static int64_t char_length(Oid type, int64_t modifier, uint8_t *is_null)
{
    if (modifier == -1)
        return none(is_null);
    if (type == T_BPCHAR || type == T_VARCHAR)
        return modifier - HEADER;
    return type == T_BIT || type == T_VARBIT ? modifier : none(is_null);
}

static int64_t octet_length(Oid type, int64_t modifier, uint8_t *is_null)
{
    if (type != T_TEXT && type != T_BPCHAR && type != T_VARCHAR)
        return none(is_null);
    if (modifier == -1)
        return TEXT_OCTETS;
    return UTF8_OCTETS * char_length(type, modifier, is_null);
}

static int64_t numeric_precision(Oid type, int64_t modifier, uint8_t *is_null)
{
    switch (type) {
    case T_INT2:
        return 16;
    case T_INT4:
        return 32;
    case T_INT8:
        return 64;
    case T_FLOAT4:
        return 24;
    case T_FLOAT8:
        return 53;
    case T_NUMERIC:
        return modifier == -1 ? none(is_null) : ((modifier - HEADER) >> 16) & 0xffff;
    default:
        return none(is_null);
    }
}

static int64_t numeric_radix(Oid type, int64_t modifier, uint8_t *is_null)
{
    (void)modifier;
    if (type == T_NUMERIC)
        return 10;
    bool is_binary = type == T_INT2 || type == T_INT4 || type == T_INT8 || type == T_FLOAT4 ||
                     type == T_FLOAT8;
    return is_binary ? 2 : none(is_null);
}

static int64_t numeric_scale(Oid type, int64_t modifier, uint8_t *is_null)
{
    if (type == T_INT2 || type == T_INT4 || type == T_INT8)
        return 0;
    if (type != T_NUMERIC || modifier == -1)
        return none(is_null);
    return (modifier - HEADER) & 0xffff;
}

static int64_t datetime_precision(Oid type, int64_t modifier, uint8_t *is_null)
{
    switch (type) {
    case T_DATE:
        return 0;
    case T_TIME:
    case T_TIMETZ:
    case T_TIMESTAMP:
    case T_TIMESTAMPTZ:
        return modifier < 0 ? DEFAULT_FRACTION : modifier;
    case T_INTERVAL:
        return modifier < 0 || (modifier & 0xffff) == 0xffff ? DEFAULT_FRACTION
                                                             : modifier & 0xffff;
    default:
        return none(is_null);
    }
}

static bool measure_row(RowRun *run, uint32_t row, Measure *measure, int64_t *result,
                        uint8_t *is_null)
{
    *result = measure((Oid)row_int64(run, 0, row), row_int64(run, 1, row), is_null);
    return true;
}

#define MEASURE_LOOP(name, measure)                                                                \
    static bool name##_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)           \
    {                                                                                              \
        return measure_row(run, row, measure, result, is_null);                                    \
    }                                                                                              \
    ROW_LOOP(name##_loop, name##_row, int64_t)
MEASURE_LOOP(char_length, char_length)
MEASURE_LOOP(octet_length, octet_length)
MEASURE_LOOP(numeric_precision, numeric_precision)
MEASURE_LOOP(numeric_radix, numeric_radix)
MEASURE_LOOP(numeric_scale, numeric_scale)
MEASURE_LOOP(datetime_precision, datetime_precision)

/* The fields of an interval, in capitals: "DAY TO SECOND". */
static bool interval_fields_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    SqlType type = {T_INTERVAL, (int32_t)row_int64(run, 1, row)};
    *result = (Text){.data = "", .length = 0};
    *is_null = 1;
    if (row_int64(run, 0, row) != T_INTERVAL)
        return true;
    const char *name = type_format_name(run->arena, type);
    const char *fields = strchr(name, ' ');
    if (fields == NULL)
        return true;
    size_t length = strlen(++fields);
    char *out = text_sink_reserve(&run->sink, length + 1);
    for (size_t i = 0; i < length; i++)
        out[i] = (char)toupper((unsigned char)fields[i]);
    *result = text_sink_take(&run->sink, length);
    *is_null = 0;
    return true;
}
ROW_LOOP(interval_fields_loop, interval_fields_row, Text)

/* No column is part of an index. */
static bool no_position_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    (void)run;
    (void)row;
    *result = 0;
    *is_null = 1;
    return true;
}
ROW_LOOP(no_position_loop, no_position_row, int64_t)

/* clang-format off */
#define MEASURE(id, function, method, does, sample, value)                                         \
    { .oid = id, .name = function, .argument_count = 2, .arguments = { T_OID, T_INT4 },            \
      .result = T_INT4, .run = run_rows, .loop = (void *)(method), .prepare = rows_prepare,        \
      .summary = does, .example = sample, .gives = value }

const ScalarFunction type_modifier_functions[] = {
    MEASURE(13212, "_pg_char_max_length", char_length_loop, "The length in a type's modifier.",
            "_pg_char_max_length(1043, 14)", "10"),
    MEASURE(13213, "_pg_char_octet_length", octet_length_loop, "Its length in bytes at most.",
            "_pg_char_octet_length(1043, 14)", "40"),
    MEASURE(13215, "_pg_numeric_precision", numeric_precision_loop, "A number's digits.",
            "_pg_numeric_precision(1700, 655366)", "10"),
    MEASURE(13216, "_pg_numeric_precision_radix", numeric_radix_loop, "What its digits count.",
            "_pg_numeric_precision_radix(23, -1)", "2"),
    MEASURE(13217, "_pg_numeric_scale", numeric_scale_loop, "A number's digits after the point.",
            "_pg_numeric_scale(1700, 655366)", "2"),
    MEASURE(13218, "_pg_datetime_precision", datetime_precision_loop,
            "A time's digits of a second.", "_pg_datetime_precision(1114, -1)", "6"),
    { .oid = 13219, .name = "_pg_interval_type", .argument_count = 2,
      .arguments = { T_OID, T_INT4 }, .result = T_TEXT, .run = run_rows,
      .loop = (void *)interval_fields_loop, .prepare = rows_prepare,
      .summary = "The fields of an interval." },
    { .oid = 13209, .name = "_pg_index_position", .argument_count = 2,
      .arguments = { T_OID, T_INT2 }, .result = T_INT4, .run = run_rows,
      .loop = (void *)no_position_loop, .prepare = rows_prepare,
      .summary = "Where a column stands in an index." },
};
/* clang-format on */
const uint32_t type_modifier_function_count =
    sizeof type_modifier_functions / sizeof type_modifier_functions[0];

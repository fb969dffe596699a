/*
 * Numbers with units, read and shown as PostgreSQL does: a number without a unit is in the
 * setting's own (work_mem = 64 is 64kB), fractions are rounded, hexadecimal and octal are read.
 */
#include "base/setting/setting_internal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum Measure { MEASURE_NONE, MEASURE_MEMORY, MEASURE_TIME } Measure;

/* What a SettingUnit is: how many bytes or microseconds one of it is. */
static const struct {
    Measure measure;
    int64_t size;
    const char *name;
} bases[] = {
    [UNIT_NONE] = {MEASURE_NONE, 1, ""},
    [UNIT_ROWS] = {MEASURE_NONE, 1, ""},
    [UNIT_BYTES] = {MEASURE_MEMORY, 1, "B"},
    [UNIT_KILOBYTES] = {MEASURE_MEMORY, 1024, "kB"},
    [UNIT_BLOCKS] = {MEASURE_MEMORY, 8192, "8kB"},
    [UNIT_MILLISECONDS] = {MEASURE_TIME, 1000, "ms"},
    [UNIT_SECONDS] = {MEASURE_TIME, 1000000, "s"},
};

typedef struct UnitName {
    Measure measure;
    const char *name;
    int64_t size;
} UnitName;

/* Largest first, so that showing finds the largest that divides. */
static const UnitName names[] = {
    {MEASURE_MEMORY, "TB", INT64_C(1) << 40}, {MEASURE_MEMORY, "GB", 1 << 30},
    {MEASURE_MEMORY, "MB", 1 << 20},          {MEASURE_MEMORY, "kB", 1 << 10},
    {MEASURE_MEMORY, "B", 1},                 {MEASURE_TIME, "d", INT64_C(86400000000)},
    {MEASURE_TIME, "h", INT64_C(3600000000)}, {MEASURE_TIME, "min", 60000000},
    {MEASURE_TIME, "s", 1000000},             {MEASURE_TIME, "ms", 1000},
    {MEASURE_TIME, "us", 1},
};

enum { NAME_COUNT = sizeof names / sizeof *names };

/* Bytes or microseconds of a unit's name behind a number; 0 when the setting knows no such unit.
 * Names are matched exactly first ("ms" is not "Ms"), then without regard to case for memory. */
static int64_t unit_size(SettingUnit unit, Text name)
{
    Measure measure = bases[unit].measure;
    if (name.length == 0)
        return bases[unit].size;
    for (int i = 0; i < NAME_COUNT; i++)
        if (names[i].measure == measure && text_equal_string(name, names[i].name))
            return names[i].size;
    for (int i = 0; i < NAME_COUNT && measure == MEASURE_MEMORY; i++)
        if (names[i].measure == measure && strlen(names[i].name) == name.length &&
            strncasecmp(names[i].name, name.data, name.length) == 0)
            return names[i].size;
    return 0;
}

static bool refuse(const SettingInfo *info, Text value, Fault *fault)
{
    fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "invalid value for parameter \"%s\": \"%.*s\"",
              info->name, TEXT_ARGS(value));
    switch (bases[info->unit].measure) {
    case MEASURE_NONE: return false;
    case MEASURE_MEMORY:
        return fault_hint(fault, "Valid units for this parameter are \"B\", \"kB\", \"MB\", "
                                 "\"GB\", and \"TB\".");
    case MEASURE_TIME:
        return fault_hint(fault, "Valid units for this parameter are \"us\", \"ms\", \"s\", "
                                 "\"min\", \"h\", and \"d\".");
    }
    return false;
}

static bool refuse_range(const SettingInfo *info, const char *number, Fault *fault)
{
    const char *unit = bases[info->unit].name;
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                     "%s%s%s is outside the valid range for parameter \"%s\" (%" PRId64
                     " .. %" PRId64 ")",
                     number, unit[0] != '\0' ? " " : "", unit, info->name, info->minimum,
                     info->maximum);
}

/* A whole number exactly, any other as a double; false: `text` does not begin with one. */
static bool read_number(const char *text, bool *is_whole, long long *whole, double *number,
                        char **rest)
{
    errno = 0;
    *whole = strtoll(text, rest, 0);
    *is_whole = *rest != text && errno == 0 && strchr(".eE", **rest == '\0' ? 'x' : **rest) == NULL;
    if (*is_whole)
        return true;
    if (!isdigit((unsigned char)text[strspn(text, "+-.")])) /* not nan, not infinity */
        return false;
    *number = strtod(text, rest);
    return *rest != text;
}

bool setting_parse_int(const SettingInfo *info, Text value, int64_t *number, Fault *fault)
{
    char text[64], shown[32], *rest;
    bool is_whole;
    long long whole;
    double real;
    if (value.length == 0 || value.length >= sizeof text)
        return refuse(info, value, fault);
    memcpy(text, value.data, value.length);
    text[value.length] = '\0';
    if (!read_number(text, &is_whole, &whole, &real, &rest))
        return refuse(info, value, fault);
    while (isspace((unsigned char)*rest))
        rest++;
    int64_t size = unit_size(info->unit, text_of(rest)), base = bases[info->unit].size, result;
    if (size == 0)
        return refuse(info, value, fault);
    if (is_whole && size % base == 0) {
        if (__builtin_mul_overflow((int64_t)whole, size / base, &result))
            return refuse_range(info, text, fault);
    } else {
        double scaled = rint((is_whole ? (double)whole : real) * ((double)size / (double)base));
        if (!(fabs(scaled) < 9.2e18))
            return refuse_range(info, text, fault);
        result = (int64_t)scaled;
    }
    snprintf(shown, sizeof shown, "%" PRId64, result);
    if (result < info->minimum || result > info->maximum)
        return refuse_range(info, shown, fault);
    *number = result;
    return true;
}

void setting_show_int(const SettingInfo *info, int64_t number, char *out, size_t size)
{
    __int128 amount = (__int128)number * bases[info->unit].size;
    for (int i = 0; i < NAME_COUNT && number > 0; i++) {
        if (names[i].measure == bases[info->unit].measure && amount % names[i].size == 0) {
            snprintf(out, size, "%" PRId64 "%s", (int64_t)(amount / names[i].size), names[i].name);
            return;
        }
    }
    snprintf(out, size, "%" PRId64, number);
}

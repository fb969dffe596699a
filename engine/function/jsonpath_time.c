/*
 * datetime() of SQL/JSON paths: texts read by a template or as ISO 8601, how such times are
 * written, how they compare. PostgreSQL's jsonpath_exec.c (executeDateTimeMethod,
 * compareDatetime).
 */
#include "engine/function/jsonpath_internal.h"
#include "engine/function/time_template_internal.h"

#include <stdio.h>

enum { TYPE_TIMETZ = 1266 };

/* --- reading --- */

static bool set_value(const TemplateTime *read, Text text, JsonTime *time, Fault *fault)
{
    int64_t local;
    if (!read->is_dated && !read->is_timed)
        return fault_set(fault, FAULT_INVALID_DATETIME_FORMAT,
                         "datetime format is not dated and not timed");
    if (read->is_zoned && !read->is_timed)
        return fault_set(fault, FAULT_INVALID_DATETIME_FORMAT,
                         "datetime format is zoned but not timed");
    if (!read->is_timed) {
        *time = (JsonTime){.type = T_DATE, .value = read->days};
        return true;
    }
    if (!read->is_dated) {
        *time = (JsonTime){.type = read->is_zoned ? TYPE_TIMETZ : T_TIME,
                           .value = read->of_day,
                           .offset = read->offset};
        return true;
    }
    if (__builtin_mul_overflow(read->days, MICROS_PER_DAY, &local) ||
        __builtin_add_overflow(local, read->of_day, &local) || local < TIMESTAMP_MINIMUM)
        return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range: \"%.*s\"",
                         TEXT_ARGS(text));
    *time = (JsonTime){.type = read->is_zoned ? T_TIMESTAMPTZ : T_TIMESTAMP,
                       .value = local - read->offset,
                       .offset = read->offset};
    return true;
}

/* To the digits that FF1 .. FF6 asked for. */
static bool round_value(int digits, JsonTime *time, Fault *fault)
{
    if (digits == 0 || time->type == T_DATE)
        return true;
    bool is_of_day = time->type == T_TIME || time->type == TYPE_TIMETZ;
    SqlType type = SQL_TYPE(is_of_day ? T_TIME : T_TIMESTAMP);
    type.modifier = digits;
    return type_round_timestamp(type, &time->value) ||
           fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range");
}

static bool read_by(Text text, Text template, Arena *arena, JsonTime *time, Fault *fault)
{
    Template compiled;
    TemplateTime read;
    template_compile(template, arena, &compiled);
    for (uint32_t i = 0; i < compiled.count; i++) {
        const TemplateToken *token = &compiled.tokens[i];
        bool is_separator = token->field != FIELD_LITERAL || token->is_quoted ||
                            (token->literal.length == 1 &&
                             strchr("-./,':; ", token->literal.data[0]) != NULL);
        if (!is_separator)
            return fault_set(fault, FAULT_INVALID_DATETIME_FORMAT,
                             "invalid datetime format separator: \"%.*s\"",
                             TEXT_ARGS(token->literal));
    }
    return time_read_by_template(&compiled, text, true, &read, fault) &&
           set_value(&read, text, time, fault) && round_value(read.digits, time, fault);
}

static bool read_iso(Text text, Arena *arena, JsonTime *time, Fault *fault)
{
    static const char *const templates[] = {
        "yyyy-mm-dd",
        "HH24:MI:SS.USTZH:TZM",
        "HH24:MI:SS.USTZH",
        "HH24:MI:SSTZH:TZM",
        "HH24:MI:SSTZH",
        "HH24:MI:SS.US",
        "HH24:MI:SS",
        "yyyy-mm-dd HH24:MI:SS.USTZH:TZM",
        "yyyy-mm-dd HH24:MI:SS.USTZH",
        "yyyy-mm-dd HH24:MI:SSTZH:TZM",
        "yyyy-mm-dd HH24:MI:SSTZH",
        "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH:TZM",
        "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH",
        "yyyy-mm-dd\"T\"HH24:MI:SSTZH:TZM",
        "yyyy-mm-dd\"T\"HH24:MI:SSTZH",
        "yyyy-mm-dd HH24:MI:SS.US",
        "yyyy-mm-dd HH24:MI:SS",
        "yyyy-mm-dd\"T\"HH24:MI:SS.US",
        "yyyy-mm-dd\"T\"HH24:MI:SS",
    };
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++) {
        Fault ignored = {0};
        if (read_by(text, text_of(templates[i]), arena, time, &ignored))
            return true;
    }
    fault_set(fault, FAULT_INVALID_SQL_JSON_DATETIME, "datetime format is not recognized: \"%.*s\"",
              TEXT_ARGS(text));
    return fault_hint(fault,
                      "Use a datetime template argument to specify the input data format.");
}

/* --- writing: ISO 8601, in the zone that was read --- */

static int put_date(char *out, size_t room, int64_t days)
{
    int64_t year;
    int month, day;
    civil_from_days(days, &year, &month, &day);
    return snprintf(out, room, "%04lld-%02d-%02d", (long long)(year > 0 ? year : 1 - year), month,
                    day);
}

static int put_clock(char *out, size_t room, int64_t micros)
{
    int64_t seconds = micros / MICROS_PER_SECOND, rest = micros % MICROS_PER_SECOND;
    int length = snprintf(out, room, "%02d:%02d:%02d", (int)(seconds / 3600),
                          (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (rest == 0)
        return length;
    length += snprintf(out + length, room - (size_t)length, ".%06d", (int)rest);
    while (out[length - 1] == '0')
        length--;
    return length;
}

static int put_offset(char *out, size_t room, int64_t offset)
{
    int64_t minutes = (offset < 0 ? -offset : offset) / (60 * MICROS_PER_SECOND);
    return snprintf(out, room, "%c%02d:%02d", offset < 0 ? '-' : '+', (int)(minutes / 60),
                    (int)(minutes % 60));
}

static Text time_text(Arena *arena, const JsonTime *time)
{
    char text[96];
    int length = 0;
    bool is_of_day = time->type == T_TIME || time->type == TYPE_TIMETZ;
    bool is_zoned = time->type == T_TIMESTAMPTZ || time->type == TYPE_TIMETZ;
    int64_t local = time->type == T_TIMESTAMPTZ ? time->value + time->offset : time->value;
    int64_t days = time->type == T_DATE ? time->value : floor_divide(local, MICROS_PER_DAY);
    if (!is_of_day)
        length = put_date(text, sizeof text, days);
    if (!is_of_day && time->type != T_DATE)
        text[length++] = 'T';
    if (time->type != T_DATE)
        length += put_clock(text + length, sizeof text - (size_t)length,
                            is_of_day ? local : floor_modulo(local, MICROS_PER_DAY));
    if (is_zoned)
        length += put_offset(text + length, sizeof text - (size_t)length, time->offset);
    int64_t year;
    int month, day;
    civil_from_days(days, &year, &month, &day);
    if (!is_of_day && year <= 0)
        length += snprintf(text + length, sizeof text - (size_t)length, " BC");
    return (Text){arena_strndup(arena, text, (size_t)length), (uint32_t)length};
}

JsonTree *json_time_read(Arena *arena, Text text, const Text *template, Fault *fault)
{
    JsonTime *time = ARENA_NEW(arena, JsonTime);
    if (!(template != NULL ? read_by(text, *template, arena, time, fault)
                           : read_iso(text, arena, time, fault)))
        return NULL;
    JsonTree *tree = json_tree_make(arena, JSON_TREE_STRING);
    tree->text = time_text(arena, time);
    tree->time = time;
    return tree;
}

const char *json_time_type(const JsonTime *time)
{
    switch (time->type) {
    case T_DATE: return "date";
    case T_TIME: return "time without time zone";
    case TYPE_TIMETZ: return "time with time zone";
    case T_TIMESTAMP: return "timestamp without time zone";
    default: return "timestamp with time zone";
    }
}

/* --- comparing --- */

static const char *short_name(Oid type)
{
    switch (type) {
    case T_DATE: return "date";
    case T_TIME: return "time";
    case TYPE_TIMETZ: return "timetz";
    case T_TIMESTAMP: return "timestamp";
    default: return "timestamptz";
    }
}

static bool is_of_day(const JsonTime *time)
{
    return time->type == T_TIME || time->type == TYPE_TIMETZ;
}

static bool is_zoned(const JsonTime *time)
{
    return time->type == TYPE_TIMETZ || time->type == T_TIMESTAMPTZ;
}

/* Microseconds, with room for the days of every date. */
static __int128 instant_of(const JsonTime *time, const TimeZone *zone, int64_t now)
{
    if (time->type == TYPE_TIMETZ)
        return (__int128)time->value - time->offset;
    if (time->type == T_TIME)
        return zone == NULL ? time->value : time->value - timezone_offset_at(zone, now, NULL);
    __int128 local = time->type == T_DATE ? (__int128)time->value * MICROS_PER_DAY : time->value;
    bool is_local = zone != NULL && time->type != T_TIMESTAMPTZ && local < INT64_MAX;
    return is_local ? timezone_to_utc(zone, (int64_t)local) : local;
}

static int64_t offset_of(const JsonTime *time, const TimeZone *zone, int64_t now)
{
    return time->type == TYPE_TIMETZ ? time->offset
           : zone == NULL            ? 0
                                     : timezone_offset_at(zone, now, NULL);
}

TimeOrder json_time_compare(const JsonTime *a, const JsonTime *b, const TimeZone *zone, int64_t now,
                            int *order, Fault *fault)
{
    *order = 0;
    if (is_of_day(a) != is_of_day(b))
        return TIMES_DIFFER;
    bool needs_zone = is_zoned(a) != is_zoned(b);
    if (needs_zone && zone == NULL) {
        const JsonTime *plain = is_zoned(a) ? b : a, *zoned = is_zoned(a) ? a : b;
        fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                  "cannot convert value from %s to %s without time zone usage",
                  short_name(plain->type), short_name(zoned->type));
        fault_hint(fault, "Use *_tz() function for time zone support.");
        return TIMES_NEED_ZONE;
    }
    __int128 left = instant_of(a, needs_zone ? zone : NULL, now);
    __int128 right = instant_of(b, needs_zone ? zone : NULL, now);
    *order = left < right ? -1 : left > right;
    if (*order == 0 && is_of_day(a) && (is_zoned(a) || is_zoned(b))) {
        int64_t west_a = -offset_of(a, zone, now), west_b = -offset_of(b, zone, now);
        *order = west_a < west_b ? -1 : west_a > west_b;
    }
    return TIMES_COMPARE;
}

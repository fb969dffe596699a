/*
 * TIME_FORMAT and TIME_PARSE: times as texts by patterns of Joda-Time, or ISO 8601 without one.
 *
 * A pattern is cut into tokens once: runs of one letter, and literal text. What does not parse
 * gives NULL. Sources: the documentation of org.joda.time.format.DateTimeFormat.
 */
#include "engine/function/text_internal.h"
#include "engine/function/time_internal.h"

#include <strings.h>

typedef struct FormatToken {
    char letter;   /* 0: literal */
    uint8_t count; /* of the letter */
    Text literal;
} FormatToken;

typedef struct FormatPattern {
    FormatToken *tokens;
    uint32_t count;
    size_t room; /* bytes that formatting takes at most */
} FormatPattern;

typedef struct FormatPrepared {
    RowMemo memo;
    bool is_ready, is_null; /* the pattern is a constant (or there is none); it is NULL */
    bool is_iso;            /* no pattern */
    bool zone_ready;
    FormatPattern pattern;
    const TimeZone *zone;
} FormatPrepared;

static const char *const month_names[] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December",
};
static const char *const day_names[] = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
};

/* --- patterns --- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool pattern_compile(Text text, Arena *arena, FormatPattern *pattern, Fault *fault)
{
    *pattern = (FormatPattern){.tokens = ARENA_ARRAY(arena, FormatToken, (size_t)text.length + 1)};
    char *literals = arena_alloc(arena, text.length);
    uint32_t i = 0;
    while (i < text.length) {
        char c = text.data[i];
        FormatToken *token = &pattern->tokens[pattern->count++];
        *token = (FormatToken){0};
        if (is_letter(c)) {
            if (strchr("GCYxweEyDMdaKhHkmsSzZ", c) == NULL)
                return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                                 "illegal pattern component: %c", c);
            uint32_t start = i;
            while (i < text.length && text.data[i] == c && i - start < 200)
                i++;
            token->letter = c;
            token->count = (uint8_t)(i - start);
            pattern->room += 48u + token->count;
            continue;
        }
        char *out = literals;
        bool is_quoted = false;
        for (; i < text.length; i++) {
            c = text.data[i];
            if (c == '\'' && i + 1 < text.length && text.data[i + 1] == '\'') {
                *out++ = '\'';
                i++;
            } else if (c == '\'') {
                is_quoted = !is_quoted;
            } else if (!is_quoted && is_letter(c)) {
                break;
            } else {
                *out++ = c;
            }
        }
        token->literal = text_between(literals, out);
        pattern->room += token->literal.length;
        literals = out;
    }
    return true;
}

static bool format_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    FormatPrepared *prepared = ARENA_NEW(arena, FormatPrepared);
    row_memo_init(&prepared->memo, arena);
    call->prepared = prepared;
    bool is_instant = call->argument_types[0].oid != T_TIMESTAMP;
    prepared->zone = is_instant ? call_zone(call) : timezone_utc();
    prepared->zone_ready = call->argument_count < 3;
    const Vector *zone = call_constant(call, 2);
    if (zone != NULL) {
        prepared->zone_ready = true;
        if (!vector_is_null(zone, 0))
            prepared->zone = timezone_find(vector_text(zone, 0), fault);
        if (prepared->zone == NULL)
            return false;
    }
    prepared->is_iso = call->argument_count < 2;
    prepared->is_ready = prepared->is_iso;
    const Vector *pattern = call_constant(call, 1);
    if (pattern == NULL)
        return true;
    prepared->is_ready = true;
    /* A NULL pattern is ISO 8601 too: TIME_FORMAT(t, NULL, 'zone'). */
    prepared->is_iso = vector_is_null(pattern, 0);
    return prepared->is_iso ||
           pattern_compile(vector_text(pattern, 0), arena, &prepared->pattern, fault);
}

/* Pattern and zone of a row; *is_iso when the pattern is absent or NULL. */
static bool format_of_row(RowRun *run, uint32_t row, FormatPattern *pattern, bool *is_iso,
                          const TimeZone **zone)
{
    const FormatPrepared *prepared = run->call->prepared;
    *zone = prepared->zone;
    if (!prepared->zone_ready && !row_is_null(run, 2, row)) {
        *zone = timezone_find(row_text(run, 2, row), run->fault);
        if (*zone == NULL)
            return false;
    }
    *is_iso = prepared->is_iso;
    *pattern = prepared->pattern;
    if (prepared->is_ready)
        return true;
    *is_iso = row_is_null(run, 1, row);
    return *is_iso || pattern_compile(row_text(run, 1, row), run->arena, pattern, run->fault);
}

/* --- formatting --- */

static char *put_number(char *out, int64_t value, int width)
{
    char digits[24];
    int count = 0;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (value < 0)
        *out++ = '-';
    do {
        digits[count++] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    for (; width > count; width--)
        *out++ = '0';
    while (count > 0)
        *out++ = digits[--count];
    return out;
}

static char *put_string(char *out, const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    memcpy(out, text, length);
    return out + length;
}

static char *put_offset(char *out, int64_t offset, bool colon)
{
    int64_t minutes = (offset < 0 ? -offset : offset) / (60 * MICROS_PER_SECOND);
    *out++ = offset < 0 ? '-' : '+';
    out = put_number(out, minutes / 60, 2);
    if (colon)
        *out++ = ':';
    return put_number(out, minutes % 60, 2);
}

typedef struct WallClock {
    int64_t year;
    int32_t month, day, hour, minute, second, micros;
    int64_t days; /* since 1970-01-01 */
    int64_t utc, offset;
    const TimeZone *zone;
} WallClock;

static void wall_clock(int64_t utc, const TimeZone *zone, WallClock *clock)
{
    int64_t local = timezone_to_local(zone, utc);
    int64_t of_day = floor_modulo(local, MICROS_PER_DAY);
    clock->utc = utc;
    clock->zone = zone;
    clock->offset = wrap_subtract(local, utc);
    clock->days = floor_divide(local, MICROS_PER_DAY);
    days_to_civil(clock->days, &clock->year, &clock->month, &clock->day);
    clock->hour = (int32_t)(of_day / (3600 * MICROS_PER_SECOND));
    clock->minute = (int32_t)(of_day / (60 * MICROS_PER_SECOND) % 60);
    clock->second = (int32_t)(of_day / MICROS_PER_SECOND % 60);
    clock->micros = (int32_t)(of_day % MICROS_PER_SECOND);
}

static char *put_fraction(char *out, int32_t micros, int count)
{
    for (int i = 0; i < count; i++) {
        *out++ = (char)('0' + micros / 100000 % 10);
        micros = micros % 100000 * 10;
    }
    return out;
}

static char *put_zone_name(char *out, const WallClock *clock)
{
    const char *abbreviation = NULL;
    timezone_offset_at(clock->zone, clock->utc, &abbreviation);
    return put_string(out, abbreviation != NULL ? abbreviation : timezone_name(clock->zone), 40);
}

static char *put_token(char *out, const FormatToken *token, const WallClock *clock)
{
    int count = token->count;
    int day_of_week = (int)floor_modulo(clock->days + 3, 7);
    int64_t iso_year;
    int week;
    switch (token->letter) {
    case 'G':
        return put_string(out, clock->year > 0 ? "AD" : "BC", 2);
    case 'C':
        return put_number(out, (clock->year > 0 ? clock->year : 1 - clock->year) / 100, count);
    case 'Y':
        return put_number(out,
                          count == 2 ? (clock->year > 0 ? clock->year : 1 - clock->year) % 100
                                     : (clock->year > 0 ? clock->year : 1 - clock->year),
                          count);
    case 'y':
        return put_number(out, count == 2 ? floor_modulo(clock->year, 100) : clock->year, count);
    case 'x':
        civil_iso_week(clock->days, &iso_year, &week);
        return put_number(out, count == 2 ? floor_modulo(iso_year, 100) : iso_year, count);
    case 'w':
        civil_iso_week(clock->days, &iso_year, &week);
        return put_number(out, week, count);
    case 'e':
        return put_number(out, day_of_week + 1, count);
    case 'E':
        return put_string(out, day_names[day_of_week], count < 4 ? 3 : 40);
    case 'D':
        return put_number(out, clock->days - month_to_days(clock->year * 12) + 1, count);
    case 'M':
        return count < 3 ? put_number(out, clock->month, count)
                         : put_string(out, month_names[clock->month - 1], count == 3 ? 3 : 40);
    case 'd':
        return put_number(out, clock->day, count);
    case 'a':
        return put_string(out, clock->hour < 12 ? "AM" : "PM", 2);
    case 'K':
        return put_number(out, clock->hour % 12, count);
    case 'h':
        return put_number(out, clock->hour % 12 == 0 ? 12 : clock->hour % 12, count);
    case 'H':
        return put_number(out, clock->hour, count);
    case 'k':
        return put_number(out, clock->hour == 0 ? 24 : clock->hour, count);
    case 'm':
        return put_number(out, clock->minute, count);
    case 's':
        return put_number(out, clock->second, count);
    case 'S':
        return put_fraction(out, clock->micros, count);
    case 'z':
        return put_zone_name(out, clock);
    case 'Z':
        return count >= 3 ? put_string(out, timezone_name(clock->zone), 40)
                          : put_offset(out, clock->offset, count == 2);
    }
    if (token->literal.length > 0)
        memcpy(out, token->literal.data, token->literal.length);
    return out + token->literal.length;
}

/* 2024-03-13T10:47:00.000Z */
static char *put_iso(char *out, const WallClock *clock)
{
    out = put_number(out, clock->year, 4);
    *out++ = '-';
    out = put_number(out, clock->month, 2);
    *out++ = '-';
    out = put_number(out, clock->day, 2);
    *out++ = 'T';
    out = put_number(out, clock->hour, 2);
    *out++ = ':';
    out = put_number(out, clock->minute, 2);
    *out++ = ':';
    out = put_number(out, clock->second, 2);
    *out++ = '.';
    out = put_fraction(out, clock->micros, 3);
    if (clock->offset == 0) {
        *out++ = 'Z';
        return out;
    }
    return put_offset(out, clock->offset, true);
}

static bool time_format_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = (Text){.data = "", .length = 0};
    *is_null = row_is_null(run, 0, row);
    if (*is_null)
        return true;
    FormatPattern pattern;
    bool is_iso;
    const TimeZone *zone;
    if (!format_of_row(run, row, &pattern, &is_iso, &zone))
        return false;
    int64_t time = row_int64(run, 0, row);
    if (time_is_infinite(time)) {
        *result = text_of(time == INT64_MAX ? "infinity" : "-infinity");
        return true;
    }
    WallClock clock;
    wall_clock(time, zone, &clock);
    char *start = text_sink_reserve(&run->sink, is_iso ? 64 : pattern.room), *out = start;
    if (is_iso) {
        out = put_iso(out, &clock);
    } else {
        for (uint32_t i = 0; i < pattern.count; i++)
            out = put_token(out, &pattern.tokens[i], &clock);
    }
    *result = text_sink_take(&run->sink, (size_t)(out - start));
    return true;
}

/* --- parsing --- */

typedef struct ParsedTime {
    int64_t year, month, day, day_of_year, week_year, week, day_of_week;
    int64_t hour, half_hour, minute, second, micros;
    int half; /* 0 AM, 1 PM, -1 not said */
    bool has_year, has_offset, is_24;
    int64_t offset;
    const TimeZone *zone; /* said by the text */
} ParsedTime;

/* Reads at most `most` digits, never more than fit. */
static bool take_number(const char **at, const char *end, int most, int64_t *value)
{
    const char *start = *at;
    *value = 0;
    while (*at < end && *at - start < most && *at - start < 18 && (uint8_t)(**at - '0') < 10)
        *value = *value * 10 + (*(*at)++ - '0');
    return *at > start;
}

static bool take_literal(const char **at, const char *end, Text literal)
{
    if ((size_t)(end - *at) < literal.length ||
        (literal.length > 0 && memcmp(*at, literal.data, literal.length) != 0))
        return false;
    *at += literal.length;
    return true;
}

/* The longest of full names and their first three letters. */
static bool take_name(const char **at, const char *end, const char *const *names, int count,
                      int64_t *index)
{
    for (int whole = 1; whole >= 0; whole--)
        for (int i = 0; i < count; i++) {
            size_t length = whole ? strlen(names[i]) : 3;
            if ((size_t)(end - *at) >= length && strncasecmp(*at, names[i], length) == 0) {
                *at += length;
                *index = i + 1;
                return true;
            }
        }
    return false;
}

/* Z, +hh, +hhmm, +hh:mm */
static bool take_offset(const char **at, const char *end, ParsedTime *time)
{
    time->has_offset = true;
    if (*at < end && (**at == 'Z' || **at == 'z')) {
        ++*at;
        time->offset = 0;
        return true;
    }
    if (*at == end || (**at != '+' && **at != '-'))
        return false;
    int sign = *(*at)++ == '-' ? -1 : 1;
    int64_t hours, minutes = 0;
    const char *start = *at;
    if (!take_number(at, end, 2, &hours) || *at - start != 2)
        return false;
    if (*at < end && **at == ':')
        ++*at;
    start = *at;
    if (take_number(at, end, 2, &minutes) && *at - start != 2)
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    time->offset = sign * (hours * 60 + minutes) * 60 * MICROS_PER_SECOND;
    return true;
}

/* A zone's name: letters, digits and /_+- as far as they go. */
static bool take_zone(const char **at, const char *end, ParsedTime *time)
{
    const char *start = *at;
    if (start < end && (*start == '+' || *start == '-'))
        return take_offset(at, end, time);
    while (*at < end && (is_letter(**at) || strchr("/_+-0123456789", **at) != NULL))
        ++*at;
    Fault ignored;
    time->zone = *at == start ? NULL : timezone_find(text_between(start, *at), &ignored);
    return time->zone != NULL;
}

static bool is_numeric(const FormatToken *token)
{
    return token->letter != 0 && strchr("aEzZG", token->letter) == NULL &&
           !(token->letter == 'M' && token->count >= 3);
}

static bool take_fraction(const char **at, const char *end, int most, int64_t *micros)
{
    const char *start = *at;
    int64_t scale = 100000;
    *micros = 0;
    while (*at < end && *at - start < most && (uint8_t)(**at - '0') < 10) {
        *micros += (*(*at)++ - '0') * scale;
        scale /= 10;
    }
    return *at > start;
}

/* Joda: two digits are years around the present. */
static int64_t pivot_year(int64_t two_digits, const ScalarCall *call)
{
    int64_t year, now = type_now(call->context);
    int32_t month, day;
    days_to_civil(floor_divide(now, MICROS_PER_DAY), &year, &month, &day);
    int64_t low = year - 80; /* a window of 100 years, 30 years back in its middle */
    return low + floor_modulo(two_digits - low, 100);
}

static bool take_token(const char **at, const char *end, const FormatToken *token,
                       bool next_is_number, const ScalarCall *call, ParsedTime *time)
{
    int most = next_is_number ? token->count : 9;
    const char *start = *at;
    bool is_negative = false;
    switch (token->letter) {
    case 0:
        return take_literal(at, end, token->literal);
    case 'Y':
    case 'y':
        time->has_year = true;
        if (start < end && (*start == '-' || *start == '+') && token->count != 2) {
            is_negative = *start == '-';
            ++*at;
        }
        if (!take_number(at, end, token->count == 2 && next_is_number ? 2 : most, &time->year))
            return false;
        if (token->count == 2 && *at - start == 2)
            time->year = pivot_year(time->year, call);
        if (is_negative)
            time->year = -time->year;
        return true;
    case 'x':
        return take_number(at, end, most, &time->week_year);
    case 'w':
        return take_number(at, end, next_is_number ? most : 2, &time->week);
    case 'e':
        return take_number(at, end, 1, &time->day_of_week);
    case 'E':
        return take_name(at, end, day_names, 7, &time->day_of_week);
    case 'D':
        return take_number(at, end, next_is_number ? most : 3, &time->day_of_year);
    case 'M':
        return token->count >= 3 ? take_name(at, end, month_names, 12, &time->month)
                                 : take_number(at, end, next_is_number ? most : 2, &time->month);
    case 'd':
        return take_number(at, end, next_is_number ? most : 2, &time->day);
    case 'a':
        if (end - start < 2 || (start[1] != 'M' && start[1] != 'm'))
            return false;
        time->half = start[0] == 'P' || start[0] == 'p';
        *at += 2;
        return time->half || start[0] == 'A' || start[0] == 'a';
    case 'h':
    case 'K':
        return take_number(at, end, next_is_number ? most : 2, &time->half_hour) &&
               time->half_hour <= 12 && (time->half_hour %= 12, true);
    case 'H':
        return take_number(at, end, next_is_number ? most : 2, &time->hour) && time->hour <= 23;
    case 'k':
        return take_number(at, end, next_is_number ? most : 2, &time->hour) && time->hour <= 24 &&
               (time->hour %= 24, true);
    case 'm':
        return take_number(at, end, next_is_number ? most : 2, &time->minute) && time->minute <= 59;
    case 's':
        return take_number(at, end, next_is_number ? most : 2, &time->second) && time->second <= 59;
    case 'S':
        return take_fraction(at, end,
                             next_is_number     ? most
                             : token->count < 9 ? 9
                                                : token->count,
                             &time->micros);
    case 'z':
        return take_zone(at, end, time);
    case 'Z':
        return token->count >= 3 ? take_zone(at, end, time) : take_offset(at, end, time);
    }
    return false;
}

static bool pattern_parse(const FormatPattern *pattern, Text text, const ScalarCall *call,
                          ParsedTime *time)
{
    const char *at = text.data, *end = at + text.length;
    for (uint32_t i = 0; i < pattern->count; i++) {
        bool next_is_number = is_numeric(&pattern->tokens[i]) && i + 1 < pattern->count &&
                              is_numeric(&pattern->tokens[i + 1]);
        if (!take_token(&at, end, &pattern->tokens[i], next_is_number, call, time))
            return false;
    }
    return at == end;
}

/* yyyy[-MM[-dd]][(T| )HH[:mm[:ss[.fraction]]][offset]] */
static bool iso_parse(Text text, ParsedTime *time)
{
    const char *at = text.data, *end = at + text.length;
    const char *start = at;
    bool is_negative = at < end && *at == '-';
    at += is_negative;
    if (!take_number(&at, end, 9, &time->year) || at - start < 4)
        return false;
    time->has_year = true;
    if (is_negative)
        time->year = -time->year;
    if (at < end && *at == '-') {
        at++;
        if (!take_number(&at, end, 2, &time->month))
            return false;
        if (at < end && *at == '-') {
            at++;
            if (!take_number(&at, end, 2, &time->day))
                return false;
        }
    }
    if (at == end)
        return true;
    if (*at != 'T' && *at != 't' && *at != ' ')
        return false;
    at++;
    if (!take_number(&at, end, 2, &time->hour))
        return false;
    if (at < end && *at == ':') {
        at++;
        if (!take_number(&at, end, 2, &time->minute))
            return false;
        if (at < end && *at == ':') {
            at++;
            if (!take_number(&at, end, 2, &time->second))
                return false;
            if (at < end && (*at == '.' || *at == ',')) {
                at++;
                if (!take_fraction(&at, end, 9, &time->micros))
                    return false;
            }
        }
    }
    if (at < end && *at == ' ')
        at++;
    if (at < end && !take_offset(&at, end, time))
        return false;
    return at == end && time->hour <= 23 && time->minute <= 59 && time->second <= 59;
}

/* The day that the fields name; false when there is none. */
static bool parsed_days(const ParsedTime *time, int64_t *days)
{
    int64_t year = time->year;
    if (year > 290000 || year < -290000)
        return false;
    if (time->week >= 0) {
        /* ISO week: 4 January is always in week 1. */
        int64_t fourth = civil_to_days(time->week_year >= 0 ? time->week_year : year, 1, 4);
        int64_t monday = fourth - floor_modulo(fourth + 3, 7);
        int64_t day_of_week = time->day_of_week >= 1 ? time->day_of_week : 1;
        *days = monday + (time->week - 1) * 7 + day_of_week - 1;
        return time->week >= 1 && time->week <= 53 && day_of_week <= 7;
    }
    if (time->day_of_year >= 0) {
        int64_t first = civil_to_days(year, 1, 1);
        *days = first + time->day_of_year - 1;
        return time->day_of_year >= 1 && *days < civil_to_days(year + 1, 1, 1);
    }
    int64_t month = time->month >= 0 ? time->month : 1, day = time->day >= 0 ? time->day : 1;
    if (month < 1 || month > 12 || day < 1 || day > civil_days_in_month(year, (int)month))
        return false;
    *days = civil_to_days(year, (int)month, (int)day);
    return true;
}

static bool parsed_instant(const ParsedTime *time, const TimeZone *zone, int64_t *instant)
{
    int64_t days, hour = time->hour;
    if (!parsed_days(time, &days))
        return false;
    if (time->half_hour >= 0)
        hour = time->half_hour + (time->half == 1 ? 12 : 0);
    int64_t local = days * MICROS_PER_DAY +
                    ((hour * 60 + time->minute) * 60 + time->second) * MICROS_PER_SECOND +
                    time->micros;
    *instant = time->has_offset ? local - time->offset
                                : timezone_to_utc(time->zone != NULL ? time->zone : zone, local);
    return true;
}

static bool time_parse_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    *result = 0;
    *is_null = row_is_null(run, 0, row);
    if (*is_null)
        return true;
    FormatPattern pattern;
    bool is_iso;
    const TimeZone *zone;
    if (!format_of_row(run, row, &pattern, &is_iso, &zone))
        return false;
    ParsedTime time = {.month = -1,
                       .day = -1,
                       .day_of_year = -1,
                       .week_year = -1,
                       .week = -1,
                       .day_of_week = -1,
                       .half_hour = -1,
                       .half = -1};
    Text text = row_text(run, 0, row);
    bool is_good =
        is_iso ? iso_parse(text, &time) : pattern_parse(&pattern, text, run->call, &time);
    if (!time.has_year)
        time.year = time.month >= 0 || time.day >= 0 ? 2000 : 1970;
    *is_null = !is_good || !parsed_instant(&time, zone, result);
    return true;
}

ROW_LOOP(time_format_loop, time_format_row, Text)
ROW_LOOP(time_parse_loop, time_parse_row, int64_t)

#define FORMAT_ROW(id, type, sample)                                                               \
    { .oid = id, .name = "time_format", .argument_count = 3, .optional_count = 2,                  \
      .arguments = { type, T_TEXT, T_TEXT }, .result = T_TEXT, .nulls = NULLS_CALLED,              \
      .volatility = STABLE, .run = run_rows, .prepare = format_prepare,                            \
      .loop = (void *)time_format_loop,                                                            \
      .summary = "A time as text by a pattern of Joda-Time (ISO 8601 without one), in a zone.",    \
      .example = "time_format(" sample ", 'yyyy-MM-dd HH:mm')", .gives = "2024-03-13 10:47" }

const ScalarFunction time_format_functions[] = {
    FORMAT_ROW(91440, T_TIMESTAMPTZ, "TIMESTAMPTZ '2024-03-13 10:47:00+00'"),
    FORMAT_ROW(91441, T_TIMESTAMP, "TIMESTAMP '2024-03-13 10:47:00'"),
    { .oid = 91442, .name = "time_parse", .argument_count = 3, .optional_count = 2,
      .arguments = { T_TEXT, T_TEXT, T_TEXT }, .result = T_TIMESTAMPTZ, .nulls = NULLS_CALLED,
      .volatility = STABLE, .run = run_rows, .prepare = format_prepare,
      .loop = (void *)time_parse_loop,
      .summary = "The instant that a text names by a pattern of Joda-Time (ISO 8601 without "
                 "one); NULL when it does not parse.",
      .example = "time_parse('13/03/2024', 'dd/MM/yyyy')", .gives = "2024-03-13 00:00:00+00" },
};
const uint32_t time_format_function_count =
    sizeof time_format_functions / sizeof time_format_functions[0];

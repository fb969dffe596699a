/*
 * to_char, to_date and to_timestamp: times as texts by PostgreSQL's template patterns.
 *
 * A template is cut into tokens once: the longest pattern that fits, with its prefix FM and
 * suffix TH, or a literal character. Source: PostgreSQL 15's manual, section 9.8.
 */
#include "engine/function/text_internal.h"
#include "engine/function/time_template_internal.h"

#include <ctype.h>
#include <strings.h>

typedef struct TemplatePrepared {
    RowMemo memo;
    bool is_ready;
    Template template;
} TemplatePrepared;

/* Longer names before their beginnings. */
static const struct {
    const char *name;
    Field field;
} field_names[] = {
    {"Y,YYY", FIELD_Y_YYY}, {"YYYY", FIELD_YYYY}, {"YYY", FIELD_YYY}, {"YY", FIELD_YY},
    {"Y", FIELD_Y},         {"IYYY", FIELD_IYYY}, {"IYY", FIELD_IYY}, {"IY", FIELD_IY},
    {"IDDD", FIELD_IDDD},   {"ID", FIELD_ID},     {"IW", FIELD_IW},   {"I", FIELD_I},
    {"MONTH", FIELD_MONTH}, {"MON", FIELD_MON},   {"MM", FIELD_MM},   {"MI", FIELD_MI},
    {"MS", FIELD_MS},       {"RM", FIELD_RM},     {"DAY", FIELD_DAY}, {"DY", FIELD_DY},
    {"DDD", FIELD_DDD},     {"DD", FIELD_DD},     {"D", FIELD_D},     {"WW", FIELD_WW},
    {"W", FIELD_W},         {"CC", FIELD_CC},     {"J", FIELD_J},     {"Q", FIELD_Q},
    {"HH24", FIELD_HH24},   {"HH12", FIELD_HH12}, {"HH", FIELD_HH12}, {"SSSSS", FIELD_SSSSS},
    {"SSSS", FIELD_SSSSS},  {"SS", FIELD_SS},     {"US", FIELD_US},   {"A.M.", FIELD_A_M},
    {"P.M.", FIELD_A_M},    {"AM", FIELD_AM},     {"PM", FIELD_AM},   {"A.D.", FIELD_B_C},
    {"B.C.", FIELD_B_C},    {"AD", FIELD_BC},     {"BC", FIELD_BC},   {"TZH", FIELD_TZH},
    {"TZM", FIELD_TZM},     {"TZ", FIELD_TZ},     {"OF", FIELD_OF},   {"FX", FIELD_FX},
};

const char *const month_names[12] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December",
};
const char *const day_names[7] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
};
const char *const roman_months[12] = {
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII",
};

/* --- templates --- */

static LetterCase case_of(const char *at)
{
    if (at[0] >= 'a' && at[0] <= 'z')
        return CASE_LOWER;
    return at[1] >= 'a' && at[1] <= 'z' ? CASE_CAPITAL : CASE_UPPER;
}

/* A pattern at *at; false when none stands there. */
static bool take_field(const char **at, const char *end, TemplateToken *token)
{
    size_t left = (size_t)(end - *at);
    if (left >= 3 && strncasecmp(*at, "FF", 2) == 0 && (*at)[2] >= '1' && (*at)[2] <= '6') {
        token->field = FIELD_FF;
        token->digits = (uint8_t)((*at)[2] - '0');
        *at += 3;
        return true;
    }
    for (size_t i = 0; i < sizeof field_names / sizeof field_names[0]; i++) {
        size_t length = strlen(field_names[i].name);
        if (left < length || strncasecmp(*at, field_names[i].name, length) != 0)
            continue;
        token->field = field_names[i].field;
        token->letter_case = length > 1 ? case_of(*at) : CASE_UPPER;
        *at += length;
        return true;
    }
    return false;
}

void template_compile(Text text, Arena *arena, Template *template)
{
    *template = (Template){.tokens = ARENA_ARRAY(arena, TemplateToken, (size_t)text.length + 1)};
    const char *at = text.data, *end = at + text.length;
    while (at < end) {
        TemplateToken *token = &template->tokens[template->count++];
        *token = (TemplateToken){0};
        const char *start = at;
        if (end - at >= 2 && strncasecmp(at, "FM", 2) == 0) {
            token->fill_mode = true;
            at += 2;
        }
        bool is_translated = end - at >= 2 && strncasecmp(at, "TM", 2) == 0;
        if (is_translated)
            at += 2;
        const char *name = at;
        if (take_field(&at, end, token)) {
            token->name = text_between(name, at);
            bool is_name = token->field == FIELD_MONTH || token->field == FIELD_MON ||
                           token->field == FIELD_DAY || token->field == FIELD_DY;
            token->fill_mode |= is_translated && is_name;
            if (end - at >= 2 && strncasecmp(at, "TH", 2) == 0) {
                token->ordinal = *at == 'T' ? 'T' : 't';
                at += 2;
            }
            template->room += 48;
            continue;
        }
        at = start;
        if (*at == '"') {
            token->is_quoted = true;
            char *quoted = arena_alloc(arena, (size_t)(end - at) + 1);
            uint32_t length = 0;
            for (at++; at < end && *at != '"';) {
                at += *at == '\\' && at + 1 < end; /* \" is a quote */
                quoted[length++] = *at++;
            }
            token->literal = (Text){quoted, length};
            at += at < end;
        } else {
            at += *at == '\\' && at + 1 < end && at[1] == '"';
            start = at;
            at = utf8_next(at, end);
            token->literal = text_between(start, at);
        }
        template->room += token->literal.length;
    }
    for (uint32_t i = 0; i < template->count; i++) {
        template->tokens[i].literal = arena_text(arena, template->tokens[i].literal);
        template->tokens[i].name = arena_text(arena, template->tokens[i].name);
    }
}

static bool template_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    TemplatePrepared *prepared = ARENA_NEW(arena, TemplatePrepared);
    row_memo_init(&prepared->memo, arena);
    call->prepared = prepared;
    const Vector *text = call_constant(call, 1);
    if (text == NULL || vector_is_null(text, 0))
        return true;
    prepared->is_ready = true;
    template_compile(vector_text(text, 0), arena, &prepared->template);
    return true;
}

static const Template *template_of_row(RowRun *run, uint32_t row, Template *own)
{
    const TemplatePrepared *prepared = run->call->prepared;
    if (prepared->is_ready)
        return &prepared->template;
    template_compile(row_text(run, 1, row), run->arena, own);
    return own;
}

/* --- writing --- */

typedef struct Moment {
    int64_t year, iso_year, days, local, utc;
    int32_t month, day, week, of_year;
    int64_t of_day;       /* microseconds */
    const TimeZone *zone; /* NULL: a time without one */
    bool is_interval;     /* fields are those of an interval, of_day all its time */
} Moment;

static void moment_of(int64_t local, int64_t utc, const TimeZone *zone, Moment *moment)
{
    int week;
    moment->local = local;
    moment->utc = utc;
    moment->zone = zone;
    moment->is_interval = false;
    moment->days = floor_divide(local, MICROS_PER_DAY);
    moment->of_day = floor_modulo(local, MICROS_PER_DAY);
    days_to_civil(moment->days, &moment->year, &moment->month, &moment->day);
    civil_iso_week(moment->days, &moment->iso_year, &week);
    moment->week = week;
    moment->of_year = (int32_t)(moment->days - month_to_days(moment->year * 12) + 1);
}

static char *put_number(char *out, int64_t value, int width, const TemplateToken *token)
{
    char digits[24];
    int count = 0;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char *start = out;
    if (value < 0)
        *out++ = '-';
    do {
        digits[count++] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    for (int i = count; !token->fill_mode && i < width; i++)
        *out++ = '0';
    while (count > 0)
        *out++ = digits[--count];
    if (token->ordinal != 0) {
        char last = out[-1], before = out - start > 1 ? out[-2] : '0';
        const char *ending = before == '1' ? "th"
                             : last == '1' ? "st"
                             : last == '2' ? "nd"
                             : last == '3' ? "rd"
                                           : "th";
        for (int i = 0; i < 2; i++)
            *out++ = token->ordinal == 'T' ? (char)toupper(ending[i]) : ending[i];
    }
    return out;
}

static char *put_name(char *out, const char *name, size_t most, size_t width,
                      const TemplateToken *token)
{
    size_t length = strnlen(name, most);
    for (size_t i = 0; i < length; i++)
        out[i] = token->letter_case == CASE_UPPER   ? (char)toupper(name[i])
                 : token->letter_case == CASE_LOWER ? (char)tolower(name[i])
                                                    : name[i];
    for (; length < width && !token->fill_mode; length++)
        out[length] = ' ';
    return out + length;
}

static char *put_bytes(char *out, const char *bytes, const TemplateToken *token)
{
    for (; *bytes != '\0'; bytes++)
        *out++ = token->letter_case == CASE_LOWER ? (char)tolower(*bytes) : *bytes;
    return out;
}

static int64_t shown_year(int64_t year)
{
    return year > 0 ? year : 1 - year;
}

static char *put_offset(char *out, const Moment *moment, bool always_minutes)
{
    const TemplateToken plain = {0};
    int64_t minutes = (moment->local - moment->utc) / (60 * MICROS_PER_SECOND);
    *out++ = minutes < 0 ? '-' : '+';
    minutes = minutes < 0 ? -minutes : minutes;
    out = put_number(out, minutes / 60, 2, &plain);
    if (always_minutes || minutes % 60 != 0) {
        *out++ = ':';
        out = put_number(out, minutes % 60, 2, &plain);
    }
    return out;
}

static char *put_zone(char *out, const Moment *moment, const TemplateToken *token)
{
    const char *abbreviation = NULL;
    if (moment->zone == NULL)
        return out;
    timezone_offset_at(moment->zone, moment->utc, &abbreviation);
    return put_name(out, abbreviation != NULL ? abbreviation : "", 16, 0, token);
}

/* Months of an interval below zero count back from XII; none of a whole number of years is shown
 * unless years are there: as PostgreSQL has it. */
static char *put_roman(char *out, const Moment *moment, const TemplateToken *token)
{
    int month = moment->month;
    if (moment->is_interval && month == 0 && moment->year == 0)
        return out;
    if (month <= 0)
        month = month == 0 && moment->year >= 0 ? 12 : month == 0 ? 1 : month + 13;
    return put_name(out, roman_months[month - 1], 4, 4, token);
}

static char *put_field(char *out, const TemplateToken *token, const Moment *moment)
{
    int64_t year = moment->is_interval ? moment->year : shown_year(moment->year);
    int64_t iso_year = moment->is_interval ? moment->year : shown_year(moment->iso_year);
    int64_t hour = moment->of_day / (3600 * MICROS_PER_SECOND);
    int64_t micros = moment->of_day % MICROS_PER_SECOND;
    int64_t dow = floor_modulo(moment->days + 4, 7);
    const TemplateToken plain = {0};
    switch (token->field) {
    case FIELD_LITERAL:
        if (token->literal.length > 0)
            memcpy(out, token->literal.data, token->literal.length);
        return out + token->literal.length;
    case FIELD_YYYY:
        return put_number(out, year, 4, token);
    case FIELD_YYY:
        return put_number(out, year % 1000, 3, token);
    case FIELD_YY:
        return put_number(out, year % 100, 2, token);
    case FIELD_Y:
        return put_number(out, year % 10, 1, token);
    case FIELD_Y_YYY:
        out = put_number(out, year / 1000, 1, &plain);
        *out++ = ',';
        return put_number(out, year % 1000, 3, &plain);
    case FIELD_IYYY:
        return put_number(out, iso_year, 4, token);
    case FIELD_IYY:
        return put_number(out, iso_year % 1000, 3, token);
    case FIELD_IY:
        return put_number(out, iso_year % 100, 2, token);
    case FIELD_I:
        return put_number(out, iso_year % 10, 1, token);
    case FIELD_MONTH:
        return put_name(out, month_names[moment->month - 1], 9, 9, token);
    case FIELD_MON:
        return put_name(out, month_names[moment->month - 1], 3, 3, token);
    case FIELD_MM:
        return put_number(out, moment->month, 2, token);
    case FIELD_RM:
        return put_roman(out, moment, token);
    case FIELD_DAY:
        return put_name(out, day_names[dow], 9, 9, token);
    case FIELD_DY:
        return put_name(out, day_names[dow], 3, 3, token);
    case FIELD_DDD:
        return put_number(out, moment->of_year, 3, token);
    case FIELD_IDDD:
        return put_number(out, (moment->week - 1) * 7 + floor_modulo(moment->days + 3, 7) + 1, 3,
                          token);
    case FIELD_DD:
        return put_number(out, moment->day, 2, token);
    case FIELD_D:
        return put_number(out, dow + 1, 1, token);
    case FIELD_ID:
        return put_number(out, dow == 0 ? 7 : dow, 1, token);
    case FIELD_WW:
        return put_number(out, (moment->of_year - 1) / 7 + 1, 2, token);
    case FIELD_IW:
        return put_number(out, moment->week, 2, token);
    case FIELD_W:
        return put_number(out, (moment->day - 1) / 7 + 1, 1, token);
    case FIELD_CC:
        if (!moment->is_interval && moment->year <= 0) { /* centuries before the first one count down from -1 */
            *out++ = '-';
            return put_number(out, (year + 99) / 100, 2, token);
        }
        return put_number(out, (year + 99) / 100, 2, token);
    case FIELD_J:
        return put_number(out, moment->days + 2440588, 0, token);
    case FIELD_Q:
        return put_number(out, (moment->month + 2) / 3, 1, token);
    case FIELD_HH24:
        return put_number(out, hour, 2, token);
    case FIELD_HH12:
        return put_number(out, hour % 12 == 0 ? 12 : hour % 12, 2, token);
    case FIELD_MI:
        return put_number(out, moment->of_day / (60 * MICROS_PER_SECOND) % 60, 2, token);
    case FIELD_SS:
        return put_number(out, moment->of_day / MICROS_PER_SECOND % 60, 2, token);
    case FIELD_MS:
        return put_number(out, micros / 1000, 3, &plain);
    case FIELD_US:
        return put_number(out, micros, 6, &plain);
    case FIELD_FF:
        for (int i = token->digits; i < 6; i++)
            micros /= 10;
        return put_number(out, micros, token->digits, &plain);
    case FIELD_SSSSS:
        return put_number(out, moment->of_day / MICROS_PER_SECOND, 0, token);
    case FIELD_AM:
        return put_bytes(out, hour < 12 ? "AM" : "PM", token);
    case FIELD_A_M:
        return put_bytes(out, hour < 12 ? "A.M." : "P.M.", token);
    case FIELD_BC:
        return put_bytes(out, moment->year > 0 ? "AD" : "BC", token);
    case FIELD_B_C:
        return put_bytes(out, moment->year > 0 ? "A.D." : "B.C.", token);
    case FIELD_TZ:
        return put_zone(out, moment, token);
    case FIELD_TZH:
        *out++ = moment->local < moment->utc ? '-' : '+';
        return put_number(out,
                          (moment->local < moment->utc ? moment->utc - moment->local
                                                       : moment->local - moment->utc) /
                              (3600 * MICROS_PER_SECOND),
                          2, &plain);
    case FIELD_TZM:
        return put_number(out,
                          (moment->local < moment->utc ? moment->utc - moment->local
                                                       : moment->local - moment->utc) /
                              (60 * MICROS_PER_SECOND) % 60,
                          2, &plain);
    case FIELD_OF:
        return put_offset(out, moment, false);
    case FIELD_FX:
        return out;
    }
    return out;
}

static bool to_char_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Template own;
    const Template *template = template_of_row(run, row, &own);
    int64_t time = row_int64(run, 0, row);
    bool is_instant = run->call->argument_types[0].oid == T_TIMESTAMPTZ;
    *result = (Text){.data = "", .length = 0};
    *is_null = time_is_infinite(time);
    if (*is_null)
        return true;
    Moment moment;
    const TimeZone *zone = is_instant ? call_zone(run->call) : NULL;
    moment_of(is_instant ? timezone_to_local(zone, time) : time, time, zone, &moment);
    char *start = text_sink_reserve(&run->sink, template->room), *out = start;
    for (uint32_t i = 0; i < template->count; i++)
        out = put_field(out, &template->tokens[i], &moment);
    *result = text_sink_take(&run->sink, (size_t)(out - start));
    return true;
}

/* --- intervals --- */

static void moment_of_interval(IntervalValue value, Moment *moment)
{
    *moment = (Moment){.is_interval = true, .year = value.months / 12, .month = value.months % 12,
                       .day = value.days, .of_day = value.micros, .local = value.micros,
                       .utc = value.micros};
    moment->of_year = (int32_t)((int64_t)value.months * 30 + value.days);
}

/* Names, eras and zones belong to dates. */
static bool fits_interval(const Template *template, Fault *fault)
{
    for (uint32_t i = 0; i < template->count; i++) {
        switch (template->tokens[i].field) {
        case FIELD_MONTH: case FIELD_MON: case FIELD_DAY: case FIELD_DY:
        case FIELD_D: case FIELD_ID: case FIELD_BC: case FIELD_B_C: case FIELD_TZ:
        case FIELD_TZH: case FIELD_TZM: case FIELD_OF:
            fault_set(fault, FAULT_INVALID_DATETIME_FORMAT,
                      "invalid format specification for an interval value");
            return fault_hint(fault, "Intervals are not tied to specific calendar dates.");
        default:
            break;
        }
    }
    return true;
}

static bool interval_to_char_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Template own;
    const Template *template = template_of_row(run, row, &own);
    const Vector *vector = &run->arguments[0];
    Moment moment;
    *result = (Text){.data = "", .length = 0};
    if (!fits_interval(template, run->fault))
        return false;
    moment_of_interval(VECTOR_DATA(IntervalValue, vector)[vector_row(vector, row)], &moment);
    char *start = text_sink_reserve(&run->sink, template->room), *out = start;
    for (uint32_t i = 0; i < template->count; i++)
        out = put_field(out, &template->tokens[i], &moment);
    *result = text_sink_take(&run->sink, (size_t)(out - start));
    return true;
}

/* --- reading --- */

static bool read_row(RowRun *run, uint32_t row, TemplateTime *time)
{
    Template own;
    const Template *template = template_of_row(run, row, &own);
    return time_read_by_template(template, row_text(run, 0, row), false, time, run->fault);
}

static bool to_date_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    TemplateTime time;
    *result = 0;
    if (!read_row(run, row, &time))
        return false;
    *result = time.days;
    return true;
}

static bool to_timestamp_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    TemplateTime time;
    int64_t local;
    *result = 0;
    if (!read_row(run, row, &time))
        return false;
    if (__builtin_mul_overflow(time.days, MICROS_PER_DAY, &local) ||
        __builtin_add_overflow(local, time.of_day, &local) || local < TIMESTAMP_MINIMUM)
        return fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    *result = time.has_zone ? local - time.offset : timezone_to_utc(call_zone(run->call), local);
    if (time.digits > 0) {
        SqlType rounded = SQL_TYPE(T_TIMESTAMPTZ);
        rounded.modifier = time.digits;
        return type_round_timestamp(rounded, result) ||
               fault_set(run->fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range");
    }
    return true;
}

ROW_LOOP(to_char_loop, to_char_row, Text)
ROW_LOOP(interval_to_char_loop, interval_to_char_row, Text)
ROW_LOOP(to_date_loop, to_date_row, int64_t)
ROW_LOOP(to_timestamp_loop, to_timestamp_row, int64_t)

#define TEMPLATE_ROW(id, function, type, result_type, loop_method, does, sample, value)            \
    { .oid = id, .name = function, .argument_count = 2, .arguments = { type, T_TEXT },             \
      .result = result_type, .volatility = STABLE, .run = run_rows, .prepare = template_prepare,   \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }

const ScalarFunction time_template_functions[] = {
    TEMPLATE_ROW(1770, "to_char", T_TIMESTAMPTZ, T_TEXT, to_char_loop,
                 "A time as text by a template.",
                 "to_char(TIMESTAMPTZ '2024-03-13 10:47:00+00', 'HH12:MI:SS')", "10:47:00"),
    TEMPLATE_ROW(2049, "to_char", T_TIMESTAMP, T_TEXT, to_char_loop,
                 "A time as text by a template.",
                 "to_char(TIMESTAMP '2024-03-13 10:47:00', 'FMDay, DD Mon YYYY')",
                 "Wednesday, 13 Mar 2024"),
    TEMPLATE_ROW(1768, "to_char", T_INTERVAL, T_TEXT, interval_to_char_loop,
                 "An interval as text by a template.",
                 "to_char(INTERVAL '15h 2m 12s', 'HH24:MI:SS')", "15:02:12"),
    TEMPLATE_ROW(1780, "to_date", T_TEXT, T_DATE, to_date_loop,
                 "The date that a text names by a template.",
                 "to_date('05 Dec 2000', 'DD Mon YYYY')", "2000-12-05"),
    TEMPLATE_ROW(1778, "to_timestamp", T_TEXT, T_TIMESTAMPTZ, to_timestamp_loop,
                 "The instant that a text names by a template.",
                 "to_timestamp('05 Dec 2000 13:05', 'DD Mon YYYY HH24:MI')",
                 "2000-12-05 13:05:00+00"),
};
const uint32_t time_template_function_count =
    sizeof time_template_functions / sizeof time_template_functions[0];

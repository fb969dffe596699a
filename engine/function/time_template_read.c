/*
 * Times read by template patterns: to_timestamp, to_date, and datetime() of SQL/JSON paths.
 *
 * Fields of the template take their characters from the text one after the other; how much
 * leeway there is between them (blanks, separators, letters of the template that the text has
 * otherwise) follows PostgreSQL's DCH_from_char, what the fields mean together its
 * do_to_timestamp.
 */
#include "engine/function/text_internal.h"
#include "engine/function/time_template_internal.h"

#include <ctype.h>
#include <strings.h>

typedef enum DateMode { MODE_NONE, MODE_GREGORIAN, MODE_ISO_WEEK } DateMode;

/* What has been read: 0 is as good as nothing. */
typedef struct ReadFields {
    DateMode mode;
    int year, year_digits, month, day, century, week, week_of_month, day_of_week, day_of_year;
    int julian;
    int hour, minute, second, milliseconds, micros, second_of_day, fraction_digits;
    int is_pm, is_before_christ;
    bool is_twelve_hours;
    int zone_sign, zone_hour, zone_minute;
} ReadFields;

typedef struct TimeReader {
    const Template *template;
    const char *start, *at, *end;
    bool is_standard, is_exact; /* exact: behind FX, and in standard mode */
    int extra_skip;             /* characters passed over beyond what the template asked for */
    uint32_t token;
    ReadFields fields;
    Fault *fault;
} TimeReader;

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_separator(char c)
{
    return c > ' ' && c < 0x7F && !isalnum((unsigned char)c);
}

static const TemplateToken *token_of(const TimeReader *reader)
{
    return &reader->template->tokens[reader->token];
}

static void skip_blanks(TimeReader *reader)
{
    while (reader->at < reader->end && is_blank(*reader->at)) {
        reader->at++;
        reader->extra_skip++;
    }
}

static void skip_character(TimeReader *reader)
{
    reader->at = utf8_next(reader->at, reader->end);
}

/* --- faults --- */

static bool invalid_value(TimeReader *reader, Text value, const char *detail)
{
    fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT, "invalid value \"%.*s\" for \"%.*s\"",
              TEXT_ARGS(value), TEXT_ARGS(token_of(reader)->name));
    return fault_detail(reader->fault, "%s", detail);
}

static bool out_of_range(TimeReader *reader)
{
    return fault_set(reader->fault, FAULT_DATETIME_FIELD_OVERFLOW,
                     "date/time field value out of range: \"%.*s\"",
                     (int)(reader->end - reader->start), reader->start);
}

static bool set_once(TimeReader *reader, int *field, int value)
{
    if (*field != 0 && *field != value) {
        fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                  "conflicting values for \"%.*s\" field in formatting string",
                  TEXT_ARGS(token_of(reader)->name));
        return fault_detail(reader->fault,
                            "This value contradicts a previous setting for the same field type.");
    }
    *field = value;
    return true;
}

/* --- numbers --- */

static bool is_number_field(Field field)
{
    switch (field) {
    case FIELD_LITERAL: case FIELD_MONTH: case FIELD_MON: case FIELD_RM: case FIELD_DAY:
    case FIELD_DY: case FIELD_AM: case FIELD_A_M: case FIELD_BC: case FIELD_B_C: case FIELD_TZ:
    case FIELD_TZH: case FIELD_OF: case FIELD_FX:
        return false;
    default:
        return true;
    }
}

/* Whether something that is no digit must follow this field. */
static bool is_delimited(const TimeReader *reader)
{
    const TemplateToken *token = token_of(reader);
    if (token->fill_mode || token->ordinal != 0 || reader->token + 1 >= reader->template->count)
        return true;
    const TemplateToken *next = token + 1;
    if (next->field != FIELD_LITERAL)
        return !is_number_field(next->field);
    return next->literal.length == 0 || !isdigit((unsigned char)next->literal.data[0]);
}

/* A sign and digits of [*at, end); false: out of the range of an int. Nothing there: unmoved. */
static bool scan_integer(const char **at, const char *end, int *value)
{
    const char *p = *at;
    int64_t total = 0;
    bool is_negative = false, is_over = false;
    *value = 0;
    while (p < end && is_blank(*p))
        p++;
    if (p < end && (*p == '-' || *p == '+'))
        is_negative = *p++ == '-';
    const char *digits = p;
    for (; p < end && isdigit((unsigned char)*p); p++) {
        total = total * 10 + (*p - '0');
        is_over |= total > (int64_t)INT32_MAX + is_negative;
        total = is_over ? 0 : total;
    }
    if (p == digits)
        return true;
    *at = p;
    *value = (int)(is_negative ? -total : total);
    return !is_over;
}

static bool too_short(TimeReader *reader, int length, int left)
{
    fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
              "source string too short for \"%.*s\" formatting field",
              TEXT_ARGS(token_of(reader)->name));
    fault_detail(reader->fault, "Field requires %d characters, but only %d remain.", length, left);
    return fault_hint(reader->fault, "If your source string is not fixed-width, try using the "
                                     "\"FM\" modifier.");
}

/* A number of `length` digits, or of any number where no digit can follow. *used: characters
 * taken, blanks before it too. */
static bool read_integer_counted(TimeReader *reader, int length, int *field, int *used)
{
    const char *before = reader->at;
    int value, ignored = 0;
    while (reader->at < reader->end && is_blank(*reader->at))
        reader->at++;
    int left = (int)(reader->end - reader->at < length ? reader->end - reader->at : length);
    Text shown = {reader->at, (uint32_t)left};
    bool any_length = is_delimited(reader);
    const char *limit = any_length ? reader->end : reader->at + left, *at = reader->at;
    if (!any_length && left < length)
        return too_short(reader, length, left);
    bool fits = scan_integer(&at, limit, &value);
    if (at == reader->at)
        return invalid_value(reader, shown, "Value must be an integer.");
    if (!any_length && at - reader->at < length) {
        fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                  "invalid value \"%.*s\" for \"%.*s\"", TEXT_ARGS(shown),
                  TEXT_ARGS(token_of(reader)->name));
        fault_detail(reader->fault, "Field requires %d characters, but only %d could be parsed.",
                     length, (int)(at - reader->at));
        return fault_hint(reader->fault, "If your source string is not fixed-width, try using the "
                                         "\"FM\" modifier.");
    }
    if (!fits) {
        fault_set(reader->fault, FAULT_DATETIME_FIELD_OVERFLOW,
                  "value for \"%.*s\" in source string is out of range",
                  TEXT_ARGS(token_of(reader)->name));
        return fault_detail(reader->fault, "Value must be in the range %d to %d.", INT32_MIN,
                            INT32_MAX);
    }
    reader->at = at;
    *used = (int)(at - before);
    return set_once(reader, field != NULL ? field : &ignored, value);
}

static bool read_integer(TimeReader *reader, int length, int *field)
{
    int used;
    return read_integer_counted(reader, length, field, &used);
}

/* .25 as 250 of `digits` 3: what is left out at the end are zeros. */
static bool read_fraction(TimeReader *reader, int length, int digits, int *field)
{
    int used;
    if (!read_integer_counted(reader, length, field, &used))
        return false;
    for (int i = used; i >= 1 && i < digits; i++)
        *field *= 10;
    return true;
}

/* 99, 999: the year nearest to 2020. */
static int full_year(int year)
{
    if (year < 70 || (year >= 100 && year < 520))
        return year + 2000;
    return year < 100 ? year + 1900 : year < 1000 ? year + 1000 : year;
}

static bool read_short_year(TimeReader *reader, int digits)
{
    int used;
    if (!read_integer_counted(reader, digits, &reader->fields.year, &used))
        return false;
    if (used < 4)
        reader->fields.year = full_year(reader->fields.year);
    reader->fields.year_digits = digits;
    return true;
}

/* Y,YYY */
static bool read_year_with_comma(TimeReader *reader)
{
    const char *at = reader->at;
    int millennia, years;
    bool fits = scan_integer(&at, reader->end, &millennia) && at > reader->at &&
                at < reader->end && *at == ',';
    const char *rest = at + 1;
    const char *limit = reader->end - rest > 3 ? rest + 3 : reader->end;
    if (!fits || rest >= reader->end || !scan_integer(&rest, limit, &years) || rest == at + 1 ||
        millennia > 1000000 || millennia < -1000000)
        return fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                         "invalid input string for \"Y,YYY\"");
    reader->at = rest;
    reader->fields.year_digits = 4;
    return set_once(reader, &reader->fields.year, millennia * 1000 + years);
}

/* --- names --- */

/* One of `names`, the first that the text begins with; *index from 0. */
static bool read_name(TimeReader *reader, const char *const *names, int count, size_t most,
                      int *index)
{
    for (int i = 0; i < count; i++) {
        size_t length = strnlen(names[i], most);
        if ((size_t)(reader->end - reader->at) < length ||
            strncasecmp(reader->at, names[i], length) != 0)
            continue;
        reader->at += length;
        *index = i;
        return true;
    }
    const char *stop = reader->at;
    while (stop < reader->end && !is_blank(*stop))
        stop++;
    return invalid_value(reader, text_between(reader->at, stop),
                         "The given value did not match any of the allowed values for this field.");
}

static bool read_month_name(TimeReader *reader, size_t most)
{
    int index;
    return read_name(reader, month_names, 12, most, &index) &&
           set_once(reader, &reader->fields.month, index + 1);
}

static bool read_day_name(TimeReader *reader, size_t most)
{
    int index;
    if (!read_name(reader, day_names, 7, most, &index))
        return false;
    return set_once(reader, &reader->fields.day_of_week, index + 1);
}

static bool read_roman_month(TimeReader *reader)
{
    /* those that begin with another come first */
    static const char *const names[12] = {"XII", "XI", "X",  "IX",  "VIII", "VII",
                                          "VI",  "V",  "IV", "III", "II",   "I"};
    int index;
    return read_name(reader, names, 12, 4, &index) &&
           set_once(reader, &reader->fields.month, 12 - index);
}

static bool read_meridiem(TimeReader *reader, bool has_points)
{
    static const char *const short_names[] = {"AM", "PM"}, *const long_names[] = {"A.M.", "P.M."};
    int index;
    reader->fields.is_twelve_hours = true;
    return read_name(reader, has_points ? long_names : short_names, 2, 4, &index) &&
           set_once(reader, &reader->fields.is_pm, index);
}

static bool read_era(TimeReader *reader, bool has_points)
{
    static const char *const short_names[] = {"AD", "BC"}, *const long_names[] = {"A.D.", "B.C."};
    int index;
    return read_name(reader, has_points ? long_names : short_names, 2, 4, &index) &&
           set_once(reader, &reader->fields.is_before_christ, index);
}

/* --- zones --- */

static bool read_zone_hour(TimeReader *reader)
{
    char c = reader->at < reader->end ? *reader->at : '\0';
    reader->fields.zone_sign = 1;
    if (c == '+' || c == '-' || c == ' ') {
        reader->fields.zone_sign = c == '-' ? -1 : 1;
        reader->at++;
    } else if (reader->extra_skip > 0 && reader->at > reader->start && reader->at[-1] == '-') {
        reader->fields.zone_sign = -1; /* it was taken for a separator */
    }
    return read_integer(reader, 2, &reader->fields.zone_hour);
}

static bool read_zone_minute(TimeReader *reader)
{
    if (reader->fields.zone_sign == 0)
        reader->fields.zone_sign = 1;
    return read_integer(reader, 2, &reader->fields.zone_minute);
}

/* --- fields --- */

static DateMode mode_of(Field field)
{
    switch (field) {
    case FIELD_IYYY: case FIELD_IYY: case FIELD_IY: case FIELD_I: case FIELD_IW: case FIELD_ID:
    case FIELD_IDDD:
        return MODE_ISO_WEEK;
    case FIELD_YYYY: case FIELD_YYY: case FIELD_YY: case FIELD_Y: case FIELD_Y_YYY:
    case FIELD_MONTH: case FIELD_MON: case FIELD_MM: case FIELD_RM: case FIELD_DDD: case FIELD_DD:
    case FIELD_D: case FIELD_W: case FIELD_WW: case FIELD_DAY: case FIELD_DY:
        return MODE_GREGORIAN;
    default:
        return MODE_NONE;
    }
}

static bool set_mode(TimeReader *reader, DateMode mode)
{
    bool is_day_name = token_of(reader)->field == FIELD_DAY || token_of(reader)->field == FIELD_DY;
    if (mode == MODE_NONE || is_day_name || reader->fields.mode == mode)
        return true;
    if (reader->fields.mode != MODE_NONE) {
        fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                  "invalid combination of date conventions");
        return fault_hint(reader->fault, "Do not mix Gregorian and ISO week date conventions in a "
                                         "formatting template.");
    }
    reader->fields.mode = mode;
    return true;
}

static bool read_iso_day(TimeReader *reader)
{
    if (!read_integer(reader, 1, &reader->fields.day_of_week))
        return false;
    reader->fields.day_of_week = reader->fields.day_of_week % 7 + 1; /* Sunday is 1 */
    return true;
}

static bool read_value(TimeReader *reader, const TemplateToken *token)
{
    ReadFields *fields = &reader->fields;
    int ignored = 0;
    switch (token->field) {
    case FIELD_YYYY:
    case FIELD_IYYY: fields->year_digits = 4; return read_integer(reader, 4, &fields->year);
    case FIELD_YYY:
    case FIELD_IYY: return read_short_year(reader, 3);
    case FIELD_YY:
    case FIELD_IY: return read_short_year(reader, 2);
    case FIELD_Y:
    case FIELD_I: return read_short_year(reader, 1);
    case FIELD_Y_YYY: return read_year_with_comma(reader);
    case FIELD_MONTH: return read_month_name(reader, 9);
    case FIELD_MON: return read_month_name(reader, 3);
    case FIELD_RM: return read_roman_month(reader);
    case FIELD_DAY: return read_day_name(reader, 9);
    case FIELD_DY: return read_day_name(reader, 3);
    case FIELD_MM: return read_integer(reader, 2, &fields->month);
    case FIELD_DDD: return read_integer(reader, 3, &fields->day_of_year);
    case FIELD_IDDD: return read_integer(reader, 3, &fields->day_of_year);
    case FIELD_DD: return read_integer(reader, 2, &fields->day);
    case FIELD_D: return read_integer(reader, 1, &fields->day_of_week);
    case FIELD_ID: return read_iso_day(reader);
    case FIELD_WW:
    case FIELD_IW: return read_integer(reader, 2, &fields->week);
    case FIELD_W: return read_integer(reader, 1, &fields->week_of_month);
    case FIELD_Q: return read_integer(reader, 1, &ignored);
    case FIELD_CC: return read_integer(reader, 2, &fields->century);
    case FIELD_J: return read_integer(reader, 1, &fields->julian);
    case FIELD_HH12: fields->is_twelve_hours = true; return read_integer(reader, 2, &fields->hour);
    case FIELD_HH24: return read_integer(reader, 2, &fields->hour);
    case FIELD_MI: return read_integer(reader, 2, &fields->minute);
    case FIELD_SS: return read_integer(reader, 2, &fields->second);
    case FIELD_MS: return read_fraction(reader, 3, 3, &fields->milliseconds);
    case FIELD_US: return read_fraction(reader, 6, 6, &fields->micros);
    case FIELD_FF:
        fields->fraction_digits = token->digits;
        return read_fraction(reader, token->digits, 6, &fields->micros);
    case FIELD_SSSSS:
        return read_integer(reader, (int)token->name.length, &fields->second_of_day);
    case FIELD_AM: return read_meridiem(reader, false);
    case FIELD_A_M: return read_meridiem(reader, true);
    case FIELD_BC: return read_era(reader, false);
    case FIELD_B_C: return read_era(reader, true);
    case FIELD_TZH: return read_zone_hour(reader);
    case FIELD_TZM: return read_zone_minute(reader);
    case FIELD_TZ:
    case FIELD_OF:
        return fault_set(reader->fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "formatting field \"%.*s\" is only supported in to_char",
                         TEXT_ARGS(token->name));
    case FIELD_FX: reader->is_exact = true; return true;
    case FIELD_LITERAL: break;
    }
    return true;
}

/* What stands behind a number with TH is passed over. */
static void skip_ordinal(TimeReader *reader, const TemplateToken *token)
{
    if (token->ordinal == 0 || !is_number_field(token->field))
        return;
    for (int i = 0; i < 2 && reader->at < reader->end; i++)
        skip_character(reader);
}

static bool read_separator(TimeReader *reader, char wanted)
{
    if (reader->is_standard) {
        if (*reader->at++ == wanted)
            return true;
        return fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                         "unmatched format separator \"%c\"", wanted);
    }
    if (reader->is_exact) {
        skip_character(reader);
        return true;
    }
    reader->extra_skip--;
    if (is_blank(*reader->at) || is_separator(*reader->at)) {
        reader->at++;
        reader->extra_skip++;
    }
    return true;
}

/* A letter of the template stands for any character. */
static bool read_letter(TimeReader *reader, const char *wanted, size_t length)
{
    if (!reader->is_exact) {
        if (reader->extra_skip > 0)
            reader->extra_skip--;
        else
            skip_character(reader);
        return true;
    }
    bool fits = (size_t)(reader->end - reader->at) >= length &&
                memcmp(reader->at, wanted, length) == 0;
    if (reader->is_standard && !fits)
        return fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                         "unmatched format character \"%.*s\"", (int)length, wanted);
    skip_character(reader);
    return true;
}

static bool read_literal(TimeReader *reader, const TemplateToken *token)
{
    const char *p = token->literal.data, *end = p + token->literal.length;
    while (p < end && reader->at < reader->end) {
        const char *next = utf8_next(p, end);
        bool is_letter = token->is_quoted || (!is_blank(*p) && !is_separator(*p));
        if (!(is_letter ? read_letter(reader, p, (size_t)(next - p)) : read_separator(reader, *p)))
            return false;
        p = next;
    }
    if (p < end && reader->is_standard)
        return fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                         "input string is too short for datetime format");
    return true;
}

static bool read_token(TimeReader *reader)
{
    const TemplateToken *token = token_of(reader);
    bool is_field = token->field != FIELD_LITERAL;
    if (!reader->is_exact && token->field != FIELD_FX && (is_field || reader->token == 0))
        skip_blanks(reader);
    if (!is_field)
        return read_literal(reader, token);
    if (!set_mode(reader, mode_of(token->field)) || !read_value(reader, token))
        return false;
    skip_ordinal(reader, token);
    if (!reader->is_exact) {
        reader->extra_skip = 0;
        skip_blanks(reader);
    }
    return true;
}

static bool read_all(TimeReader *reader)
{
    while (reader->token < reader->template->count && reader->at < reader->end) {
        if (!read_token(reader))
            return false;
        reader->token++;
    }
    if (!reader->is_standard)
        return true;
    if (reader->token < reader->template->count)
        return fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                         "input string is too short for datetime format");
    while (reader->at < reader->end && is_blank(*reader->at))
        reader->at++;
    return reader->at == reader->end ||
           fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                     "trailing characters remain in input string after datetime format");
}

/* --- what they mean together --- */

typedef struct Civil {
    int64_t year;
    int month, day;
    bool has_year, has_month, has_day;
} Civil;

enum { JULIAN_OF_1970 = 2440588 };

static void set_civil(Civil *civil, int64_t days)
{
    civil_from_days(days, &civil->year, &civil->month, &civil->day);
    civil->has_year = civil->has_month = civil->has_day = true;
}

static void year_of_fields(const ReadFields *fields, Civil *civil)
{
    int century = fields->is_before_christ ? -fields->century : fields->century;
    civil->has_year = fields->year != 0 || century != 0;
    if (fields->year != 0 && century != 0 && fields->year_digits <= 2) {
        int in_century = fields->year % 100;
        if (in_century != 0)
            civil->year = century >= 0 ? (int64_t)(century - 1) * 100 + in_century
                                       : (int64_t)(century + 1) * 100 - in_century + 1;
        else
            civil->year = (int64_t)century * 100 + (century >= 0 ? 0 : 1);
    } else if (fields->year != 0) {
        civil->year = fields->is_before_christ ? -(int64_t)fields->year : fields->year;
        civil->year += civil->year < 0; /* there is no year 0 */
    } else if (century != 0) {
        civil->year = century >= 0 ? (int64_t)(century - 1) * 100 + 1 : (int64_t)century * 100 + 1;
    }
}

/* The Monday on which an ISO year's first week begins. */
static int64_t first_monday(int64_t year)
{
    int64_t fourth = civil_to_days(year, 1, 4);
    return fourth - floor_modulo(fourth + 3, 7);
}

static void week_of_fields(ReadFields *fields, Civil *civil)
{
    if (fields->week == 0)
        return;
    if (fields->mode != MODE_ISO_WEEK) {
        fields->day_of_year = (fields->week - 1) * 7 + 1;
        return;
    }
    int64_t monday = first_monday(civil->year) + (int64_t)(fields->week - 1) * 7;
    int weekday = fields->day_of_week == 1 ? 6 : fields->day_of_week - 2;
    set_civil(civil, monday + (fields->day_of_week != 0 ? weekday : 0));
}

static bool day_of_year(TimeReader *reader, Civil *civil)
{
    const ReadFields *fields = &reader->fields;
    if (fields->day_of_year == 0 || (civil->month > 1 && civil->day > 1))
        return true;
    if (civil->year == 0 && !fields->is_before_christ)
        return fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                         "cannot calculate day of year without year information");
    if (fields->mode == MODE_ISO_WEEK) {
        set_civil(civil, first_monday(civil->year) - 1 + fields->day_of_year);
        return true;
    }
    int month = 1, before = 0;
    while (month <= 12 && fields->day_of_year > before + civil_days_in_month(civil->year, month))
        before += civil_days_in_month(civil->year, month++);
    if (civil->month <= 1)
        civil->month = month;
    if (civil->day <= 1)
        civil->day = fields->day_of_year - before;
    civil->has_month = civil->has_day = true;
    return true;
}

static bool is_valid(const Civil *civil)
{
    if (civil->has_month && (civil->month < 1 || civil->month > 12))
        return false;
    if (civil->has_day && (civil->day < 1 || civil->day > 31))
        return false;
    return !(civil->has_year && civil->has_month && civil->has_day) ||
           civil->day <= civil_days_in_month(civil->year, civil->month);
}

static bool date_of_fields(TimeReader *reader, int64_t *days)
{
    ReadFields *fields = &reader->fields;
    Civil civil = {.year = 0, .month = 1, .day = 1};
    year_of_fields(fields, &civil);
    if (civil.year > 6000000 || civil.year < -6000000 || fields->week > 1000000 ||
        fields->week < -1000000 || fields->week_of_month > 1000000 ||
        fields->week_of_month < -1000000)
        return out_of_range(reader);
    if (fields->julian != 0)
        set_civil(&civil, (int64_t)fields->julian - JULIAN_OF_1970);
    week_of_fields(fields, &civil);
    if (fields->week_of_month != 0)
        fields->day = (fields->week_of_month - 1) * 7 + 1;
    if (fields->day != 0) {
        civil.day = fields->day;
        civil.has_day = true;
    }
    if (fields->month != 0) {
        civil.month = fields->month;
        civil.has_month = true;
    }
    if (!day_of_year(reader, &civil))
        return false;
    if (!is_valid(&civil))
        return out_of_range(reader);
    *days = civil_to_days(civil.year, civil.month, civil.day);
    enum { FIRST_DAY = -2440588, LAST_DAY = 2145042906 };
    if (*days < FIRST_DAY || *days >= LAST_DAY)
        return fault_set(reader->fault, FAULT_DATETIME_FIELD_OVERFLOW,
                         "date out of range: \"%.*s\"", (int)(reader->end - reader->start),
                         reader->start);
    return true;
}

static bool time_of_fields(TimeReader *reader, int64_t *of_day)
{
    const ReadFields *fields = &reader->fields;
    int64_t hour = fields->second_of_day / 3600, minute = fields->second_of_day / 60 % 60,
            second = fields->second_of_day % 60;
    hour = fields->hour != 0 ? fields->hour : hour;
    minute = fields->minute != 0 ? fields->minute : minute;
    second = fields->second != 0 ? fields->second : second;
    if (fields->is_twelve_hours) {
        if (hour < 1 || hour > 12) {
            fault_set(reader->fault, FAULT_INVALID_DATETIME_FORMAT,
                      "hour \"%d\" is invalid for the 12-hour clock", (int)hour);
            return fault_hint(reader->fault,
                              "Use the 24-hour clock, or give an hour between 1 and 12.");
        }
        hour = hour % 12 + (fields->is_pm ? 12 : 0);
    }
    int64_t micros = (int64_t)fields->milliseconds * 1000 + fields->micros;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
        micros < 0 || micros >= MICROS_PER_SECOND)
        return out_of_range(reader);
    *of_day = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + micros;
    return true;
}

static bool zone_of_fields(TimeReader *reader, TemplateTime *time)
{
    const ReadFields *fields = &reader->fields;
    time->has_zone = fields->zone_sign != 0;
    if (!time->has_zone)
        return true;
    if (fields->zone_hour < 0 || fields->zone_hour > 15 || fields->zone_minute < 0 ||
        fields->zone_minute > 59)
        return fault_set(reader->fault, FAULT_TIME_ZONE_DISPLACEMENT,
                         "time zone displacement out of range: \"%.*s\"",
                         (int)(reader->end - reader->start), reader->start);
    time->offset = fields->zone_sign * (int64_t)(fields->zone_hour * 60 + fields->zone_minute) *
                   60 * MICROS_PER_SECOND;
    return true;
}

static void classify(const Template *template, TemplateTime *time)
{
    for (uint32_t i = 0; i < template->count; i++) {
        Field field = template->tokens[i].field;
        switch (field) {
        case FIELD_LITERAL: case FIELD_FX:
            break;
        case FIELD_TZ: case FIELD_TZH: case FIELD_TZM: case FIELD_OF:
            time->is_zoned = true;
            break;
        case FIELD_AM: case FIELD_A_M: case FIELD_HH12: case FIELD_HH24: case FIELD_MI:
        case FIELD_SS: case FIELD_MS: case FIELD_US: case FIELD_FF: case FIELD_SSSSS:
            time->is_timed = true;
            break;
        default:
            time->is_dated = true;
            break;
        }
    }
}

bool time_read_by_template(const Template *template, Text text, bool is_standard,
                           TemplateTime *time, Fault *fault)
{
    TimeReader reader = {.template = template,
                         .start = text.data,
                         .at = text.data,
                         .end = text.data + text.length,
                         .is_standard = is_standard,
                         .is_exact = is_standard,
                         .fault = fault};
    *time = (TemplateTime){0};
    classify(template, time);
    if (!read_all(&reader))
        return false;
    time->digits = reader.fields.fraction_digits;
    return time_of_fields(&reader, &time->of_day) && date_of_fields(&reader, &time->days) &&
           zone_of_fields(&reader, time);
}

/*
 * Texts to dates, times and timestamps.
 *
 * The ISO form is read by a fast path. Everything else is cut into words and numbers whose
 * meaning follows from their shape and from what has been seen before, as PostgreSQL's manual
 * describes ("Date/Time Input Interpretation"); numbers are in the order that DateStyle says.
 */
#include "engine/type/type_internal.h"

#include <ctype.h>

typedef enum SpecialTime {
    SPECIAL_NONE, SPECIAL_EPOCH, SPECIAL_INFINITY, SPECIAL_MINUS_INFINITY, SPECIAL_NOW,
    SPECIAL_TODAY, SPECIAL_TOMORROW, SPECIAL_YESTERDAY, SPECIAL_ALLBALLS
} SpecialTime;

/* What a text says. */
typedef struct Moment {
    SpecialTime special;
    bool has_date, has_time, has_zone;
    int64_t year;
    int month, day;
    int64_t time;            /* microseconds of the day, 24:00 and :60 included */
    int64_t offset;          /* microseconds east of UTC */
    const TimeZone *zone;    /* a named zone instead of an offset */
} Moment;

typedef enum ReadResult { READ_OK, READ_SYNTAX, READ_RANGE, READ_ZONE } ReadResult;

const TimeZone *context_zone(const TypeContext *context)
{
    return context == NULL || context->zone == NULL ? timezone_utc() : context->zone;
}

/* --- pieces --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Digits at *p, at most `most` of them; returns how many. */
static int read_digits(const char **p, const char *end, int most, int64_t *value)
{
    int count = 0;
    *value = 0;
    while (*p < end && is_digit(**p) && count < most) {
        *value = *value * 10 + (*(*p)++ - '0');
        count++;
    }
    return count;
}

/* Digits behind a point as microseconds, rounded; any number of digits. */
static int64_t read_fraction(const char **p, const char *end)
{
    int64_t value = 0, unit = 100000;
    bool is_first_dropped = true;
    while (*p < end && is_digit(**p)) {
        int digit = *(*p)++ - '0';
        value += digit * unit;
        if (unit == 0 && is_first_dropped) {
            value += digit >= 5;
            is_first_dropped = false;
        }
        unit /= 10;
    }
    return value;
}

/* h:mm[:ss[.f]] */
static ReadResult read_clock(const char **p, const char *end, int64_t *time)
{
    int64_t hour, minute, second = 0, micros = 0;
    if (read_digits(p, end, 4, &hour) == 0 || *p == end || **p != ':')
        return READ_SYNTAX;
    (*p)++;
    if (read_digits(p, end, 3, &minute) == 0)
        return READ_SYNTAX;
    if (*p < end && **p == ':') {
        (*p)++;
        if (read_digits(p, end, 3, &second) == 0)
            return READ_SYNTAX;
    }
    if (*p < end && **p == '.') {
        (*p)++;
        micros = read_fraction(p, end);
    }
    if (hour > 24 || minute > 59 || second > 60 ||
        (hour == 24 && (minute > 0 || second > 0 || micros > 0)))
        return READ_RANGE;
    *time = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND + micros;
    return READ_OK;
}

/* [+-]hh, hhmm, hh:mm, hh:mm:ss */
static ReadResult read_offset(const char **p, const char *end, int64_t *offset)
{
    bool is_west = **p == '-';
    int64_t hour, minute = 0, second = 0;
    (*p)++;
    int digits = read_digits(p, end, 4, &hour);
    if (digits == 0)
        return READ_SYNTAX;
    if (digits > 2) {
        minute = hour % 100;
        hour /= 100;
    } else if (*p < end && **p == ':') {
        (*p)++;
        if (read_digits(p, end, 2, &minute) == 0)
            return READ_SYNTAX;
        if (*p < end && **p == ':') {
            (*p)++;
            if (read_digits(p, end, 2, &second) == 0)
                return READ_SYNTAX;
        }
    }
    if (hour > 15 || minute > 59 || second > 59)
        return READ_ZONE;
    int64_t total = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND;
    *offset = is_west ? -total : total;
    return READ_OK;
}

static ReadResult check_date(const Moment *moment)
{
    if (moment->month < 1 || moment->month > 12 || moment->day < 1 ||
        moment->day > civil_days_in_month(moment->year, moment->month))
        return READ_RANGE;
    return READ_OK;
}

/* --- the ISO form --- */

/* Two digits, or something above 99. */
static inline unsigned two_of(const char *p)
{
    unsigned high = (unsigned)(p[0] - '0'), low = (unsigned)(p[1] - '0');
    return high > 9 || low > 9 ? 1000 : high * 10 + low;
}

/* Behind the date: a blank or T, hh:mm:ss, a fraction, Z or an offset. */
static bool read_iso_time(const char *p, const char *end, Moment *moment)
{
    if ((*p != ' ' && *p != 'T') || end - p < 6 || p[3] != ':')
        return false;
    unsigned hour = two_of(p + 1), minute = two_of(p + 4), second = 0;
    if (hour > 23 || minute > 59)
        return false;
    p += 6;
    if (end - p >= 3 && *p == ':') {
        second = two_of(p + 1);
        if (second > 59)
            return false;
        p += 3;
    }
    moment->time = ((int64_t)hour * 3600 + minute * 60 + second) * MICROS_PER_SECOND;
    moment->has_time = true;
    if (p < end && *p == '.') {
        p++;
        moment->time += read_fraction(&p, end);
    }
    if (p == end)
        return true;
    moment->has_zone = true;
    if (*p == 'Z')
        return p + 1 == end;
    return (*p == '+' || *p == '-') && read_offset(&p, end, &moment->offset) == READ_OK &&
           p == end;
}

/* What does not fit here exactly is left to the general form. */
static bool read_iso(Text text, Moment *moment)
{
    const char *p = text.data, *end = p + text.length;
    if (text.length < 10 || p[4] != '-' || p[7] != '-')
        return false;
    unsigned century = two_of(p), year = two_of(p + 2), month = two_of(p + 5), day = two_of(p + 8);
    if (century > 99 || year > 99 || month > 12 || day > 31)
        return false;
    moment->year = century * 100 + year;
    moment->month = (int)month;
    moment->day = (int)day;
    moment->has_date = true;
    if (moment->year == 0 || check_date(moment) != READ_OK)
        return false;
    return text.length == 10 || read_iso_time(p + 10, end, moment);
}

/* --- the general form --- */

typedef struct MomentReader {
    const char *at, *end;
    Moment *moment;
    FieldOrder order;
    bool has_year, has_month, has_day, is_before_christ;
    bool is_julian; /* the date is known: J2451187 */
    int year_digits;
    int meridiem; /* 0, 1 am, 2 pm */
} MomentReader;

static int month_by_name(Text word)
{
    static const char *const names[] = {"january", "february", "march", "april", "may", "june",
                                        "july", "august", "september", "october", "november",
                                        "december"};
    char lower[16];
    if (word.length < 3 || word.length >= sizeof lower)
        return 0;
    for (uint32_t i = 0; i <= word.length; i++)
        lower[i] = i < word.length ? (char)tolower((unsigned char)word.data[i]) : '\0';
    if (strcmp(lower, "sept") == 0)
        return 9;
    for (int i = 0; i < 12; i++)
        if (strcmp(lower, names[i]) == 0 ||
            (word.length == 3 && strncmp(lower, names[i], 3) == 0))
            return i + 1;
    return 0;
}

static bool is_day_name(Text word)
{
    static const char *const names[] = {"sunday", "monday", "tuesday", "wednesday", "thursday",
                                        "friday", "saturday", "sun", "mon", "tue", "tues", "wed",
                                        "weds", "thu", "thur", "thurs", "fri", "sat"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_is_word(word, names[i]))
            return true;
    return false;
}

static SpecialTime special_by_name(Text word)
{
    static const struct {
        const char *word;
        SpecialTime special;
    } words[] = {{"epoch", SPECIAL_EPOCH}, {"infinity", SPECIAL_INFINITY},
                 {"now", SPECIAL_NOW}, {"today", SPECIAL_TODAY},
                 {"tomorrow", SPECIAL_TOMORROW}, {"yesterday", SPECIAL_YESTERDAY},
                 {"allballs", SPECIAL_ALLBALLS}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (text_is_word(word, words[i].word))
            return words[i].special;
    return SPECIAL_NONE;
}

/* The abbreviations of PostgreSQL's default set that data carry; minutes east of UTC. */
static const struct {
    const char *name;
    int16_t minutes;
    bool is_summer;
} abbreviations[] = {
    {"utc", 0, false}, {"gmt", 0, false}, {"z", 0, false}, {"zulu", 0, false}, {"ut", 0, false},
    {"wet", 0, false}, {"bst", 60, true}, {"cet", 60, false},
    {"met", 60, false}, {"cest", 120, true}, {"mest", 120, true}, {"eet", 120, false},
    {"sast", 120, false}, {"eest", 180, true}, {"msk", 180, false}, {"ist", 120, false},
    {"pkt", 300, false}, {"hkt", 480, false}, {"sgt", 480, false}, {"awst", 480, false},
    {"jst", 540, false}, {"kst", 540, false}, {"acst", 570, false}, {"aest", 600, false},
    {"acdt", 630, true}, {"aedt", 660, true}, {"nzst", 720, false}, {"nzdt", 780, true},
    {"nst", -210, false}, {"ndt", -150, true}, {"ast", -240, false}, {"adt", -180, true},
    {"est", -300, false}, {"edt", -240, true}, {"cst", -360, false}, {"cdt", -300, true},
    {"mst", -420, false}, {"mdt", -360, true}, {"pst", -480, false}, {"pdt", -420, true},
    {"akst", -540, false}, {"akdt", -480, true}, {"hst", -600, false}, {"brt", -180, false},
    {"art", -180, false},
};
enum { ABBREVIATION_COUNT = sizeof abbreviations / sizeof abbreviations[0] };

bool timezone_abbreviation_at(uint32_t i, const char **name, int64_t *offset, bool *is_summer)
{
    if (i >= ABBREVIATION_COUNT)
        return false;
    *name = abbreviations[i].name;
    *offset = abbreviations[i].minutes * 60 * MICROS_PER_SECOND;
    *is_summer = abbreviations[i].is_summer;
    return true;
}

bool timezone_abbreviation(Text word, int64_t *offset)
{
    for (size_t i = 0; i < ABBREVIATION_COUNT; i++)
        if (text_is_word(word, abbreviations[i].name)) {
            *offset = abbreviations[i].minutes * 60 * MICROS_PER_SECOND;
            return true;
        }
    return false;
}

static ReadResult set_year(MomentReader *reader, int64_t value, int digits)
{
    if (reader->has_year)
        return READ_SYNTAX;
    reader->has_year = true;
    reader->year_digits = digits;
    reader->moment->year = value;
    return READ_OK;
}

static ReadResult set_month(MomentReader *reader, int64_t value)
{
    if (reader->has_month)
        return READ_SYNTAX;
    reader->has_month = true;
    reader->moment->month = (int)value;
    return value < 1 || value > 12 ? READ_RANGE : READ_OK;
}

static ReadResult set_day(MomentReader *reader, int64_t value)
{
    if (reader->has_day)
        return READ_SYNTAX;
    reader->has_day = true;
    reader->moment->day = (int)value;
    return value < 1 || value > 31 ? READ_RANGE : READ_OK;
}

/* A lone number among words: day or year, as what is missing suggests. */
static ReadResult set_number(MomentReader *reader, int64_t value, int digits)
{
    if (digits >= 3)
        return set_year(reader, value, digits);
    if (!reader->has_month && !reader->has_day)
        return set_month(reader, value);
    if (!reader->has_day)
        return set_day(reader, value);
    return set_year(reader, value, digits);
}

/* 19990108, 990108; time behind a T: 040506, 0405. */
static ReadResult set_run_of_digits(MomentReader *reader, const char *start, int digits)
{
    const char *p = start, *end = start + digits;
    int64_t year, month, day;
    read_digits(&p, end, digits - 4, &year);
    read_digits(&p, end, 2, &month);
    read_digits(&p, end, 2, &day);
    ReadResult result = set_year(reader, year, digits - 4);
    if (result == READ_OK)
        result = set_month(reader, month);
    return result == READ_OK ? set_day(reader, day) : result;
}

static ReadResult set_compact_time(MomentReader *reader)
{
    int64_t fields[3] = {0}, micros = 0;
    int count = 0;
    while (count < 3 && reader->at + 1 < reader->end && is_digit(reader->at[0]) &&
           is_digit(reader->at[1]))
        read_digits(&reader->at, reader->end, 2, &fields[count++]);
    if (count < 2 || reader->moment->has_time)
        return READ_SYNTAX;
    if (reader->at < reader->end && *reader->at == '.') {
        reader->at++;
        micros = read_fraction(&reader->at, reader->end);
    }
    if (fields[0] > 24 || fields[1] > 59 || fields[2] > 60)
        return READ_RANGE;
    reader->moment->has_time = true;
    reader->moment->time =
        ((fields[0] * 60 + fields[1]) * 60 + fields[2]) * MICROS_PER_SECOND + micros;
    return READ_OK;
}

/* Parts joined by - / or . : 1999-01-08, 1/8/1999, 8-Jan-1999, Jan-8-1999, 1999.008. */
static ReadResult read_joined_date(MomentReader *reader)
{
    struct {
        int64_t value;
        int digits; /* 0: a month's name */
    } parts[3];
    int count = 0, named = -1;
    char separator = '\0';
    while (count < 3 && reader->at < reader->end) {
        const char *start = reader->at;
        parts[count].digits = read_digits(&reader->at, reader->end, 9, &parts[count].value);
        if (parts[count].digits == 0) {
            while (reader->at < reader->end && is_letter(*reader->at))
                reader->at++;
            parts[count].value =
                month_by_name((Text){start, (uint32_t)(reader->at - start)});
            if (parts[count].value == 0 || named >= 0)
                return READ_SYNTAX;
            named = count;
        }
        count++;
        if (reader->at == reader->end || strchr("-/.", *reader->at) == NULL || count == 3)
            break;
        if (separator != '\0' && *reader->at != separator)
            return READ_SYNTAX;
        separator = *reader->at++;
    }
    if (count == 2 && named < 0 && parts[0].digits >= 3 && parts[1].digits == 3) {
        /* year and day of the year */
        int64_t days = civil_to_days(parts[0].value, 1, 1) + parts[1].value - 1, year;
        civil_from_days(days, &year, &reader->moment->month, &reader->moment->day);
        reader->has_month = reader->has_day = true;
        return year != parts[0].value ? READ_RANGE
                                      : set_year(reader, parts[0].value, parts[0].digits);
    }
    if (count != 3)
        return READ_SYNTAX;
    int year = 2, month = 0, day = 1; /* month, day, year */
    if (parts[0].digits >= 3) {
        year = 0;
        month = named == 2 ? 2 : 1;
        day = named == 2 ? 1 : 2;
    } else if (named < 0 && reader->order == ORDER_YMD) {
        year = 0;
        month = 1;
        day = 2;
    } else if (named < 0 && reader->order == ORDER_DMY) {
        day = 0;
        month = 1;
    } else if (named == 1) {
        day = 0;
        month = 1;
        if (parts[2].digits < 3 && parts[0].digits > 2)
            return READ_SYNTAX;
    }
    ReadResult result = set_year(reader, parts[year].value, parts[year].digits);
    if (result == READ_OK)
        result = set_month(reader, parts[month].value);
    return result == READ_OK ? set_day(reader, parts[day].value) : result;
}

static ReadResult read_number_token(MomentReader *reader)
{
    const char *start = reader->at, *p = start;
    int64_t value;
    int digits = read_digits(&p, reader->end, 18, &value);
    char next = p < reader->end ? *p : '\0';
    if (next == ':') {
        if (reader->moment->has_time)
            return READ_SYNTAX;
        reader->moment->has_time = true;
        return read_clock(&reader->at, reader->end, &reader->moment->time);
    }
    if ((next == '-' || next == '/' || next == '.') && !reader->has_year && !reader->has_day &&
        p + 1 < reader->end && (is_digit(p[1]) || is_letter(p[1])))
        return read_joined_date(reader);
    reader->at = p;
    if ((digits == 8 || (digits == 6 && !reader->has_month)) && !reader->has_year)
        return set_run_of_digits(reader, start, digits);
    bool has_all = reader->has_year && reader->has_month && reader->has_day;
    if (has_all && (digits == 6 || digits == 4)) {
        reader->at = start;
        return set_compact_time(reader);
    }
    return set_number(reader, value, digits);
}

static ReadResult set_zone_name(MomentReader *reader, Text word)
{
    Fault ignored;
    Moment *moment = reader->moment;
    if (moment->has_zone)
        return READ_SYNTAX;
    moment->has_zone = true;
    if (timezone_abbreviation(word, &moment->offset)) {
        /* UTC+3 and the like: the sign is that of POSIX */
        if (reader->at + 1 < reader->end && (*reader->at == '+' || *reader->at == '-') &&
            is_digit(reader->at[1])) {
            int64_t shift;
            ReadResult result = read_offset(&reader->at, reader->end, &shift);
            moment->offset -= shift;
            return result;
        }
        return READ_OK;
    }
    moment->zone = timezone_find(word, &ignored);
    return moment->zone == NULL ? READ_SYNTAX : READ_OK;
}

/* J2451187: days since 4714-11-24 BC; what stands behind a point is a part of the day. */
static ReadResult read_julian(MomentReader *reader)
{
    enum { JULIAN_OF_1970 = 2440588, JULIAN_DIGITS = 10 };
    Moment *moment = reader->moment;
    int64_t days;
    reader->at++;
    if (reader->has_year || reader->has_month || reader->has_day ||
        read_digits(&reader->at, reader->end, JULIAN_DIGITS, &days) == 0)
        return READ_SYNTAX;
    civil_from_days(days - JULIAN_OF_1970, &moment->year, &moment->month, &moment->day);
    reader->has_year = reader->has_month = reader->has_day = reader->is_julian = true;
    if (reader->at == reader->end || *reader->at != '.')
        return READ_OK;
    int64_t part, scale = 1;
    reader->at++;
    int digits = read_digits(&reader->at, reader->end, JULIAN_DIGITS, &part);
    for (int i = 0; i < digits; i++)
        scale *= 10;
    if (moment->has_time)
        return READ_SYNTAX;
    moment->has_time = true;
    moment->time = (int64_t)((__int128)part * 86400 * MICROS_PER_SECOND / scale);
    return READ_OK;
}

static ReadResult read_word_token(MomentReader *reader)
{
    const char *start = reader->at;
    bool is_julian = (*start == 'J' || *start == 'j') && start + 1 < reader->end &&
                     is_digit(start[1]);
    if (is_julian)
        return read_julian(reader);
    while (reader->at < reader->end && is_letter(*reader->at))
        reader->at++;
    Text word = {start, (uint32_t)(reader->at - start)};
    int month = month_by_name(word);
    char next = reader->at < reader->end ? *reader->at : '\0';
    if (month != 0 && (next == '-' || next == '/') && !reader->has_month) {
        reader->at = start;
        return read_joined_date(reader);
    }
    if (month != 0) {
        /* "Jan 8": a number taken for the month before was the day. */
        if (reader->has_month && !reader->has_day) {
            reader->has_month = false;
            ReadResult result = set_day(reader, reader->moment->month);
            if (result != READ_OK)
                return result;
        }
        return set_month(reader, month);
    }
    SpecialTime special = special_by_name(word);
    if (special != SPECIAL_NONE) {
        if (reader->moment->special != SPECIAL_NONE)
            return READ_SYNTAX;
        reader->moment->special = special;
        return READ_OK;
    }
    if (text_is_word(word, "am") || text_is_word(word, "pm")) {
        reader->meridiem = text_is_word(word, "am") ? 1 : 2;
        return READ_OK;
    }
    if (text_is_word(word, "bc") || text_is_word(word, "ad")) {
        reader->is_before_christ = text_is_word(word, "bc");
        return READ_OK;
    }
    if (text_is_word(word, "t") && reader->has_day) {
        if (reader->at + 2 < reader->end && is_digit(reader->at[0]) && is_digit(reader->at[1]) &&
            reader->at[2] != ':')
            return set_compact_time(reader);
        return READ_OK;
    }
    if (text_is_word(word, "at") || text_is_word(word, "on") || is_day_name(word))
        return READ_OK;
    /* Names of zones go on with / _ and digits. */
    while (reader->at < reader->end && next == '/' &&
           (is_letter(*reader->at) || is_digit(*reader->at) || strchr("/_-+", *reader->at)))
        reader->at++;
    word.length = (uint32_t)(reader->at - start);
    return set_zone_name(reader, word);
}

static ReadResult read_sign_token(MomentReader *reader)
{
    char sign = *reader->at;
    if (reader->at + 1 < reader->end && is_letter(reader->at[1])) {
        reader->at++;
        if (sign == '-' && reader->end - reader->at >= 8 &&
            text_is_word((Text){reader->at, 8}, "infinity")) {
            reader->at += 8;
            reader->moment->special = SPECIAL_MINUS_INFINITY;
            return READ_OK;
        }
        return sign == '+' ? READ_OK : READ_SYNTAX;
    }
    /* behind a whole date an offset may stand without a time: 2024-01-01+00 */
    bool has_date = reader->has_year && reader->has_month && reader->has_day;
    if ((!reader->moment->has_time && !has_date) || reader->moment->has_zone)
        return READ_SYNTAX;
    reader->moment->has_zone = true;
    return read_offset(&reader->at, reader->end, &reader->moment->offset);
}

static ReadResult finish_moment(MomentReader *reader)
{
    Moment *moment = reader->moment;
    if (reader->meridiem != 0) {
        int64_t hour = 3600 * MICROS_PER_SECOND;
        if (!moment->has_time || moment->time >= 13 * hour)
            return moment->has_time ? READ_RANGE : READ_SYNTAX;
        if (reader->meridiem == 2 && moment->time < 12 * hour)
            moment->time += 12 * hour;
        else if (reader->meridiem == 1 && moment->time >= 12 * hour)
            moment->time -= 12 * hour;
    }
    if (!reader->has_year && !reader->has_month && !reader->has_day)
        return READ_OK;
    if (!reader->has_year || !reader->has_month || !reader->has_day)
        return READ_SYNTAX;
    if (reader->is_julian) {
        /* a day of any era, whatever is said of it */
    } else if (reader->is_before_christ) {
        if (moment->year == 0)
            return READ_RANGE;
        moment->year = 1 - moment->year;
    } else if (moment->year == 0 && reader->year_digits > 2) {
        return READ_RANGE;
    } else if (reader->year_digits <= 2) {
        moment->year += moment->year < 70 ? 2000 : 1900;
    }
    moment->has_date = true;
    if (moment->year > 300000 * INT64_C(20))
        return READ_RANGE;
    return check_date(moment);
}

static ReadResult read_general(Text text, FieldOrder order, Moment *moment)
{
    MomentReader reader = {
        .at = text.data, .end = text.data + text.length, .moment = moment, .order = order};
    *moment = (Moment){0};
    while (reader.at < reader.end) {
        char c = *reader.at;
        ReadResult result = READ_OK;
        if (c == ' ' || c == ',' || (c >= '\t' && c <= '\r'))
            reader.at++;
        else if (is_digit(c))
            result = read_number_token(&reader);
        else if (is_letter(c))
            result = read_word_token(&reader);
        else if (c == '+' || c == '-')
            result = read_sign_token(&reader);
        else
            result = READ_SYNTAX;
        if (result != READ_OK)
            return result;
    }
    return finish_moment(&reader);
}

static bool moment_fault(ReadResult result, Text text, const char *type_name, Fault *fault)
{
    switch (result) {
    case READ_RANGE:
        fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW,
                  "date/time field value out of range: \"%.*s\"", TEXT_ARGS(text));
        return false;
    case READ_ZONE:
        return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW,
                         "time zone displacement out of range: \"%.*s\"", TEXT_ARGS(text));
    case READ_SYNTAX:
    case READ_OK:
        break;
    }
    return parse_fault(fault, FAULT_INVALID_DATETIME_FORMAT, type_name, text);
}

static bool read_moment(Text text, const TypeContext *context, const char *type_name,
                        Moment *moment, Fault *fault)
{
    Text body = parse_trim(text);
    *moment = (Moment){0};
    if (read_iso(body, moment))
        return true;
    ReadResult result = body.length == 0 || body.length > 200 ? READ_SYNTAX
                                   : read_general(body, style_field_order(context), moment);
    return result == READ_OK || moment_fault(result, text, type_name, fault);
}

/* --- meaning --- */

/* Midnight of the day that `now` falls on in the session's zone, moved by `days`: local time. */
static int64_t local_day(const TypeContext *context, int days)
{
    int64_t now = type_now(context);
    int64_t local = timezone_to_local(context_zone(context), now);
    int64_t day = local / MICROS_PER_DAY - (local % MICROS_PER_DAY < 0);
    return (day + days) * MICROS_PER_DAY;
}

static int64_t local_now(const TypeContext *context)
{
    return timezone_to_local(context_zone(context), type_now(context));
}

/* Local time (and whether the words gave an instant in the session's zone instead of an epoch). */
static bool special_local(const Moment *moment, const TypeContext *context, int64_t *local)
{
    *local = 0;
    switch (moment->special) {
    case SPECIAL_INFINITY: *local = INT64_MAX; return true;
    case SPECIAL_MINUS_INFINITY: *local = INT64_MIN; return true;
    case SPECIAL_EPOCH: *local = 0; return true;
    case SPECIAL_NOW: *local = local_now(context); return true;
    case SPECIAL_TODAY: *local = local_day(context, 0); break;
    case SPECIAL_TOMORROW: *local = local_day(context, 1); break;
    case SPECIAL_YESTERDAY: *local = local_day(context, -1); break;
    case SPECIAL_ALLBALLS:
    case SPECIAL_NONE: return false;
    }
    if (moment->has_time)
        *local += moment->time;
    return true;
}

static bool moment_local(const Moment *moment, int64_t *local)
{
    CivilTime civil = {.year = moment->year, .month = moment->month, .day = moment->day};
    *local = civil_to_micros(&civil);
    return *local >= TIMESTAMP_MINIMUM && *local < TIMESTAMP_END &&
           !__builtin_add_overflow(*local, moment->time, local);
}

static bool timestamp_range(Text text, Fault *fault)
{
    return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "timestamp out of range: \"%.*s\"",
                     TEXT_ARGS(text));
}

bool timestamp_parse(Text text, const TypeContext *context, int64_t *micros, Fault *fault)
{
    Moment moment;
    if (!read_moment(text, context, "timestamp", &moment, fault))
        return false;
    if (special_local(&moment, context, micros))
        return true;
    if (!moment.has_date)
        return moment_fault(READ_SYNTAX, text, "timestamp", fault);
    return moment_local(&moment, micros) || timestamp_range(text, fault);
}

bool timestamptz_parse(Text text, const TypeContext *context, int64_t *utc, Fault *fault)
{
    Moment moment;
    int64_t local;
    if (!read_moment(text, context, "timestamp with time zone", &moment, fault))
        return false;
    if (moment.special == SPECIAL_EPOCH) {
        *utc = 0;
        return true;
    }
    bool is_special = special_local(&moment, context, &local);
    if (!is_special && !moment.has_date)
        return moment_fault(READ_SYNTAX, text, "timestamp with time zone", fault);
    if (!is_special && !moment_local(&moment, &local))
        return timestamp_range(text, fault);
    if (moment.has_zone && moment.zone == NULL && !is_special) {
        if (__builtin_sub_overflow(local, moment.offset, utc))
            return timestamp_range(text, fault);
        return true;
    }
    *utc = timezone_to_utc(moment.zone != NULL ? moment.zone : context_zone(context), local);
    return true;
}

bool date_parse(Text text, const TypeContext *context, int64_t *days, Fault *fault)
{
    Moment moment;
    int64_t local;
    if (!read_moment(text, context, "date", &moment, fault))
        return false;
    if (special_local(&moment, context, &local)) {
        bool is_infinite = local == INT64_MAX || local == INT64_MIN;
        *days = is_infinite ? local : local / MICROS_PER_DAY - (local % MICROS_PER_DAY < 0);
        return true;
    }
    if (!moment.has_date)
        return moment_fault(READ_SYNTAX, text, "date", fault);
    *days = civil_to_days(moment.year, moment.month, moment.day);
    if (*days < DATE_MINIMUM || *days >= DATE_END)
        return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "date out of range: \"%.*s\"",
                         TEXT_ARGS(text));
    return true;
}

/* 0405, 040506: alone they would be dates. */
static bool is_compact_time(Text body, Moment *moment)
{
    MomentReader reader = {.at = body.data, .end = body.data + body.length, .moment = moment};
    *moment = (Moment){0};
    return (body.length == 4 || body.length == 6) && set_compact_time(&reader) == READ_OK &&
           reader.at == reader.end;
}

bool time_parse(Text text, const TypeContext *context, int64_t *micros, Fault *fault)
{
    Moment moment;
    Text body = parse_trim(text);
    if (is_compact_time(body, &moment)) {
        *micros = moment.time;
        return true;
    }
    if (!read_moment(text, context, "time", &moment, fault))
        return false;
    if (moment.special == SPECIAL_NOW) {
        int64_t local = local_now(context);
        *micros = (local % MICROS_PER_DAY + MICROS_PER_DAY) % MICROS_PER_DAY;
        return true;
    }
    *micros = moment.time;
    if (!moment.has_time && moment.special != SPECIAL_ALLBALLS)
        return moment_fault(READ_SYNTAX, text, "time", fault);
    if (moment.time > MICROS_PER_DAY)
        return moment_fault(READ_RANGE, text, "time", fault);
    return true;
}

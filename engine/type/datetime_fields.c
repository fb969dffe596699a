/*
 * The second half of reading dates and times: what the fields of a text (datetime_words.c) mean
 * together. A field means what its shape says, what has been seen before leaves open, and
 * DateStyle's order decides; the rules are those of PostgreSQL's DecodeDateTime and
 * DecodeTimeOnly, so that both read the same texts alike.
 */
#include "engine/type/datetime_internal.h"

#include <math.h>
#include <stdlib.h>

/* What has been seen. */
enum {
    SEEN_YEAR = 1 << 0,
    SEEN_MONTH = 1 << 1,
    SEEN_DAY = 1 << 2,
    SEEN_DAY_OF_YEAR = 1 << 3,
    SEEN_HOUR = 1 << 4,
    SEEN_MINUTE = 1 << 5,
    SEEN_SECOND = 1 << 6,
    SEEN_FRACTION = 1 << 7,
    SEEN_ZONE = 1 << 8,
    SEEN_WEEKDAY = 1 << 9,
    SEEN_MERIDIEM = 1 << 10,
    SEEN_ERA = 1 << 11,
    SEEN_SUMMER = 1 << 12,
    SEEN_DATE = SEEN_YEAR | SEEN_MONTH | SEEN_DAY,
    SEEN_TIME = SEEN_HOUR | SEEN_MINUTE | SEEN_SECOND | SEEN_FRACTION
};

typedef struct Decoder {
    const DateTimeFields *fields;
    Moment *moment;
    FieldOrder order;
    bool is_time_only;
    unsigned seen;
    Label label; /* of the number that follows */
    bool has_month_name, has_short_year, is_before_christ, is_julian;
    int meridiem;
    int64_t year;
    int month, day, day_of_year;
    int hour, minute, second;
    int64_t micros;
} Decoder;

enum { JULIAN_OF_1970 = 2440588 };

/* --- numbers --- */

/* An integer at `text`; *rest is behind its digits. */
static ReadResult read_integer(const char *text, const char **rest, int *value)
{
    int64_t total = 0;
    const char *p = text;
    for (; datetime_is_digit(*p); p++) {
        total = total * 10 + (*p - '0');
        if (total > INT32_MAX)
            return READ_RANGE;
    }
    *rest = p;
    *value = (int)total;
    return p == text ? READ_SYNTAX : READ_OK;
}

/* ".25" as microseconds, rounded; anything behind the digits is an error. */
static ReadResult read_fraction(const char *text, int64_t *micros)
{
    char *end = NULL;
    *micros = 0;
    if (text[1] == '\0')
        return READ_OK;
    double part = datetime_is_digit(text[1]) ? strtod(text, &end) : 0;
    if (end == NULL || *end != '\0')
        return READ_SYNTAX;
    *micros = (int64_t)rint(part * MICROS_PER_SECOND);
    return READ_OK;
}

static int two_digits_at(const char *text)
{
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* +hh, +hhmm, +hh:mm, +hh:mm:ss */
static ReadResult read_zone_offset(const char *text, int64_t *offset)
{
    const char *p;
    int hour, minute = 0, second = 0;
    if (*text != '+' && *text != '-')
        return READ_SYNTAX;
    ReadResult result = read_integer(text + 1, &p, &hour);
    if (result == READ_OK && *p == ':') {
        result = read_integer(p + 1, &p, &minute);
        if (result == READ_OK && *p == ':')
            result = read_integer(p + 1, &p, &second);
    } else if (result == READ_OK && *p == '\0' && p - text > 3) {
        minute = hour % 100;
        hour /= 100;
    }
    if (result == READ_RANGE || hour > 15 || minute > 59 || second > 59)
        return READ_ZONE;
    if (result != READ_OK || *p != '\0')
        return READ_SYNTAX;
    int64_t total = ((hour * 60 + minute) * 60 + second) * MICROS_PER_SECOND;
    *offset = *text == '-' ? -total : total;
    return READ_OK;
}

/* h:mm, h:mm:ss[.f], mm:ss.f */
static ReadResult decode_clock(Decoder *decoder, const char *text)
{
    const char *p;
    ReadResult result = read_integer(text, &p, &decoder->hour);
    decoder->second = 0;
    decoder->micros = 0;
    if (result != READ_OK || *p != ':')
        return result != READ_OK ? result : READ_SYNTAX;
    result = read_integer(p + 1, &p, &decoder->minute);
    if (result == READ_OK && *p == '.') {
        decoder->second = decoder->minute;
        decoder->minute = decoder->hour;
        decoder->hour = 0;
    } else if (result == READ_OK && *p == ':') {
        result = read_integer(p + 1, &p, &decoder->second);
    }
    if (result == READ_OK && *p == '.')
        result = read_fraction(p, &decoder->micros);
    else if (result == READ_OK && *p != '\0')
        result = READ_SYNTAX;
    if (result == READ_OK && (decoder->minute > 59 || decoder->second > 60))
        result = READ_RANGE;
    return result;
}

static int64_t clock_micros(const Decoder *decoder)
{
    return (((int64_t)decoder->hour * 60 + decoder->minute) * 60 + decoder->second) *
               MICROS_PER_SECOND +
           decoder->micros;
}

/* --- single fields --- */

/* Digits run together: 19990108, 990108, 040506[.789], 0405. */
static ReadResult decode_run(Decoder *decoder, char *text, unsigned seen, unsigned *found)
{
    char *point = strchr(text, '.');
    size_t length = strlen(text);
    if (strspn(text, "0123456789.") != length)
        return READ_SYNTAX;
    if (point != NULL) {
        if (read_fraction(point, &decoder->micros) != READ_OK)
            return READ_SYNTAX;
        *point = '\0';
        length = (size_t)(point - text);
    } else if ((seen & SEEN_DATE) != SEEN_DATE && length >= 6) {
        *found = SEEN_DATE;
        decoder->day = two_digits_at(text + length - 2);
        decoder->month = two_digits_at(text + length - 4);
        if (length > 4 + 9)
            return READ_RANGE;
        text[length - 4] = '\0';
        decoder->year = strtoll(text, NULL, 10);
        decoder->has_short_year = length == 6;
        return READ_OK;
    }
    if ((seen & SEEN_TIME) == SEEN_TIME || (length != 6 && length != 4))
        return READ_SYNTAX;
    *found = SEEN_TIME;
    decoder->hour = two_digits_at(text);
    decoder->minute = two_digits_at(text + 2);
    decoder->second = length == 6 ? two_digits_at(text + 4) : 0;
    return READ_OK;
}

/* Which part of a date a number is, when `seen` of it is known. */
static unsigned part_of_date(Decoder *decoder, size_t length, unsigned seen)
{
    bool is_year_first = length >= 3 || decoder->order == ORDER_YMD;
    switch (seen & SEEN_DATE) {
    case 0:
        return is_year_first ? SEEN_YEAR : decoder->order == ORDER_DMY ? SEEN_DAY : SEEN_MONTH;
    case SEEN_YEAR:
    case SEEN_DAY:
        return SEEN_MONTH;
    case SEEN_MONTH:
        return decoder->has_month_name && is_year_first ? SEEN_YEAR : SEEN_DAY;
    case SEEN_YEAR | SEEN_MONTH:
        return SEEN_DAY;
    case SEEN_MONTH | SEEN_DAY:
        return SEEN_YEAR;
    default:
        return 0;
    }
}

static void set_part(Decoder *decoder, unsigned part, int value)
{
    if (part == SEEN_YEAR)
        decoder->year = value;
    else if (part == SEEN_MONTH)
        decoder->month = value;
    else
        decoder->day = value;
}

static ReadResult decode_number(Decoder *decoder, char *text, unsigned seen, unsigned *found)
{
    const char *rest;
    int value;
    size_t length = strlen(text);
    *found = 0;
    ReadResult result = read_integer(text, &rest, &value);
    if (result != READ_OK)
        return result;
    if (*rest == '.') {
        if (rest - text > 2) /* 2001.360, 20011225, 040506.789 */
            return decode_run(decoder, text, seen | SEEN_DATE, found);
        if (read_fraction(rest, &decoder->micros) != READ_OK)
            return READ_SYNTAX;
    } else if (*rest != '\0') {
        return READ_SYNTAX;
    }
    if (length == 3 && (seen & SEEN_DATE) == SEEN_YEAR && value >= 1 && value <= 366) {
        *found = SEEN_DAY_OF_YEAR | SEEN_MONTH | SEEN_DAY;
        decoder->day_of_year = value;
        return READ_OK;
    }
    if ((seen & SEEN_DATE) == SEEN_DATE)
        return decode_run(decoder, text, seen, found);
    bool was_day = (seen & SEEN_DATE) == (SEEN_YEAR | SEEN_MONTH) && decoder->has_month_name &&
                   length >= 3 && decoder->has_short_year;
    if (was_day) { /* 08-Jan-1999 by YMD: what was taken for the year was the day */
        *found = SEEN_DAY;
        decoder->day = (int)decoder->year;
        decoder->year = value;
        decoder->has_short_year = false;
        return READ_OK;
    }
    unsigned part = part_of_date(decoder, length, seen);
    if (part == 0)
        return READ_SYNTAX;
    *found = part;
    set_part(decoder, part, value);
    if (part == SEEN_YEAR)
        decoder->has_short_year = length <= 2;
    return READ_OK;
}

enum { PART_MAXIMUM = 25 };

/* The parts of a joined date; what stands between them is overwritten. */
static bool split_date(char *text, char *parts[PART_MAXIMUM], uint32_t *count)
{
    *count = 0;
    while (*text != '\0' && *count < PART_MAXIMUM) {
        while (*text != '\0' && !datetime_is_digit(*text) && !datetime_is_letter(*text))
            text++;
        if (*text == '\0')
            return false;
        parts[(*count)++] = text;
        bool is_number = datetime_is_digit(*text);
        while (is_number ? datetime_is_digit(*text) : datetime_is_letter(*text))
            text++;
        if (*text != '\0')
            *text++ = '\0';
    }
    return true;
}

/* A month by its name comes first, because it is never in doubt. */
static ReadResult decode_date(Decoder *decoder, char *text, unsigned *found)
{
    char *parts[PART_MAXIMUM];
    uint32_t count;
    unsigned seen = decoder->seen;
    *found = 0;
    if (!split_date(text, parts, &count))
        return READ_SYNTAX;
    for (uint32_t i = 0; i < count; i++) {
        if (datetime_is_digit(parts[i][0]))
            continue;
        const DateTimeWord *word = datetime_word(parts[i]);
        if (word == NULL || (word->kind != WORD_MONTH && word->kind != WORD_IGNORED) ||
            (word->kind == WORD_MONTH && (seen & SEEN_MONTH) != 0))
            return READ_SYNTAX;
        if (word->kind == WORD_MONTH) {
            decoder->month = word->value;
            decoder->has_month_name = true;
            seen |= SEEN_MONTH;
            *found |= SEEN_MONTH;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        unsigned part;
        if (!datetime_is_digit(parts[i][0]))
            continue;
        ReadResult result = decode_number(decoder, parts[i], seen, &part);
        if (result != READ_OK)
            return result;
        if ((seen & part) != 0)
            return READ_SYNTAX;
        seen |= part;
        *found |= part;
    }
    return (seen & ~(unsigned)(SEEN_DAY_OF_YEAR | SEEN_ZONE)) == SEEN_DATE ? READ_OK : READ_SYNTAX;
}

static void set_julian(Decoder *decoder, int value)
{
    civil_from_days((int64_t)value - JULIAN_OF_1970, &decoder->year, &decoder->month,
                    &decoder->day);
    decoder->is_julian = true;
}

/* J2451187.5: what stands behind the point is a part of the day. */
static ReadResult decode_julian(Decoder *decoder, int value, const char *rest, unsigned *found)
{
    int64_t part;
    *found = SEEN_DATE;
    set_julian(decoder, value);
    if (*rest != '.')
        return READ_OK;
    double fraction = rest[1] == '\0' ? 0 : strtod(rest, NULL);
    part = (int64_t)(fraction * 86400 * MICROS_PER_SECOND);
    decoder->hour = (int)(part / (3600 * MICROS_PER_SECOND));
    decoder->minute = (int)(part / (60 * MICROS_PER_SECOND) % 60);
    decoder->second = (int)(part / MICROS_PER_SECOND % 60);
    decoder->micros = part % MICROS_PER_SECOND;
    *found |= SEEN_TIME;
    return READ_OK;
}

/* A number behind a label: Y2001 M12 D27 H04 MM05 S06.789, T040506, J2451187. */
static ReadResult decode_labelled(Decoder *decoder, char *text, unsigned *found)
{
    const char *rest;
    int value;
    Label label = decoder->label;
    decoder->label = LABEL_NONE;
    *found = 0;
    ReadResult result = read_integer(text, &rest, &value);
    if (result != READ_OK)
        return result;
    bool may_have_point = label == LABEL_JULIAN || label == LABEL_TIME || label == LABEL_SECOND;
    if (*rest != '\0' && (*rest != '.' || !may_have_point))
        return READ_SYNTAX;
    switch (label) {
    case LABEL_YEAR:
        decoder->year = value;
        *found = SEEN_YEAR;
        return READ_OK;
    case LABEL_MONTH:
        if ((decoder->seen & SEEN_MONTH) != 0 && (decoder->seen & SEEN_HOUR) != 0) {
            decoder->minute = value; /* H04M05 */
            *found = SEEN_MINUTE;
        } else {
            decoder->month = value;
            *found = SEEN_MONTH;
        }
        return READ_OK;
    case LABEL_DAY:
        decoder->day = value;
        *found = SEEN_DAY;
        return READ_OK;
    case LABEL_HOUR:
        decoder->hour = value;
        *found = SEEN_HOUR;
        return READ_OK;
    case LABEL_MINUTE:
        decoder->minute = value;
        *found = SEEN_MINUTE;
        return READ_OK;
    case LABEL_SECOND:
        decoder->second = value;
        *found = *rest == '.' ? SEEN_SECOND | SEEN_FRACTION : SEEN_SECOND;
        return *rest == '.' ? read_fraction(rest, &decoder->micros) : READ_OK;
    case LABEL_JULIAN:
        return decode_julian(decoder, value, rest, found);
    case LABEL_TIME:
        result = decode_run(decoder, text, decoder->seen | SEEN_DATE, found);
        return result == READ_OK && *found != SEEN_TIME ? READ_SYNTAX : result;
    case LABEL_OTHER:
    case LABEL_NONE:
        break;
    }
    return READ_SYNTAX;
}

static ReadResult decode_zone_name(Decoder *decoder, const char *name, bool is_word,
                                   unsigned *found)
{
    Fault ignored;
    *found = SEEN_ZONE;
    decoder->moment->zone = timezone_find(text_of(name), &ignored);
    if (decoder->moment->zone != NULL)
        return READ_OK;
    if (is_word)
        return READ_SYNTAX;
    uint32_t length = (uint32_t)strnlen(name, ZONE_NAME_SIZE - 1);
    memcpy(decoder->moment->unknown_zone, name, length);
    decoder->moment->unknown_zone[length] = '\0';
    return READ_ZONE_NAME;
}

/* A time run together with an offset: 040506-08. */
static ReadResult decode_time_and_offset(Decoder *decoder, char *text, unsigned seen,
                                         unsigned *found)
{
    char *sign = strchr(text, '-');
    if ((decoder->seen & SEEN_TIME) == SEEN_TIME || sign == NULL)
        return READ_SYNTAX;
    ReadResult result = read_zone_offset(sign, &decoder->moment->offset);
    if (result != READ_OK)
        return result;
    *sign = '\0';
    result = decode_run(decoder, text, seen, found);
    *found |= SEEN_ZONE;
    return result;
}

/* --- fields by kind --- */

static ReadResult decode_date_field(Decoder *decoder, char *text, unsigned *found)
{
    if (decoder->label == LABEL_JULIAN) { /* J2451187-08 */
        const char *rest;
        int value;
        decoder->label = LABEL_NONE;
        *found = SEEN_DATE | SEEN_TIME | SEEN_ZONE;
        ReadResult result = read_integer(text, &rest, &value);
        if (result != READ_OK)
            return result;
        set_julian(decoder, value);
        return read_zone_offset(rest, &decoder->moment->offset);
    }
    bool has_date = (decoder->seen & (SEEN_MONTH | SEEN_DAY)) == (SEEN_MONTH | SEEN_DAY);
    if (decoder->label == LABEL_NONE && !has_date)
        return decode_date(decoder, text, found);
    if (decoder->label == LABEL_NONE && !datetime_is_digit(*text))
        return decode_zone_name(decoder, text, false, found);
    if (decoder->label != LABEL_NONE && decoder->label != LABEL_TIME)
        return READ_SYNTAX;
    decoder->label = LABEL_NONE;
    return decode_time_and_offset(decoder, text, decoder->seen, found);
}

static ReadResult decode_number_field(Decoder *decoder, char *text, unsigned *found)
{
    size_t length = strlen(text);
    const char *point = strchr(text, '.');
    if (decoder->label != LABEL_NONE)
        return decode_labelled(decoder, text, found);
    if (point != NULL && (decoder->seen & SEEN_DATE) == 0)
        return decode_date(decoder, text, found);
    bool is_run = (point != NULL && point - text > 2) ||
                  (length >= 6 &&
                   ((decoder->seen & SEEN_DATE) == 0 || (decoder->seen & SEEN_TIME) == 0));
    if (is_run)
        return decode_run(decoder, text, decoder->seen, found);
    return decode_number(decoder, text, decoder->seen, found);
}

static ReadResult decode_time_field(Decoder *decoder, const char *text, unsigned *found)
{
    if (decoder->label != LABEL_NONE && decoder->label != LABEL_TIME)
        return READ_SYNTAX;
    decoder->label = LABEL_NONE;
    *found = SEEN_TIME;
    ReadResult result = decode_clock(decoder, text);
    if (result == READ_OK && clock_micros(decoder) > MICROS_PER_DAY)
        return READ_RANGE;
    return result;
}

static ReadResult decode_special(Decoder *decoder, SpecialTime special, unsigned *found)
{
    decoder->moment->special = special;
    switch (special) {
    case SPECIAL_TODAY:
    case SPECIAL_TOMORROW:
    case SPECIAL_YESTERDAY:
        *found = SEEN_DATE;
        break;
    case SPECIAL_ALLBALLS:
        *found = SEEN_TIME | SEEN_ZONE;
        decoder->hour = decoder->minute = decoder->second = 0;
        decoder->micros = 0;
        break;
    case SPECIAL_EPOCH:
    case SPECIAL_INFINITY:
    case SPECIAL_MINUS_INFINITY:
    case SPECIAL_NOW:
        *found = decoder->is_time_only ? SEEN_TIME : SEEN_DATE | SEEN_TIME | SEEN_ZONE;
        break;
    case SPECIAL_NONE:
        break;
    }
    bool fits = !decoder->is_time_only || special == SPECIAL_NOW || special == SPECIAL_ALLBALLS;
    return fits ? READ_OK : READ_SYNTAX;
}

/* "Jan" behind a number that was taken for the month: that was the day. */
static void decode_month_name(Decoder *decoder, int month, unsigned *found)
{
    *found = SEEN_MONTH;
    if ((decoder->seen & SEEN_MONTH) != 0 && !decoder->has_month_name &&
        (decoder->seen & SEEN_DAY) == 0 && decoder->month >= 1 && decoder->month <= 31) {
        decoder->day = decoder->month;
        *found = SEEN_DAY;
    }
    decoder->has_month_name = true;
    decoder->month = month;
}

/* Whether the field behind field `at` can be a time. */
static bool is_time_next(const Decoder *decoder, uint32_t at)
{
    if (at + 1 >= decoder->fields->count)
        return false;
    FieldKind next = decoder->fields->fields[at + 1].kind;
    return next == FIELD_NUMBER || next == FIELD_TIME || next == FIELD_DATE;
}

static ReadResult decode_word(Decoder *decoder, uint32_t at, const DateTimeWord *word,
                              unsigned *found)
{
    switch (word->kind) {
    case WORD_MONTH:
        decode_month_name(decoder, word->value, found);
        return decoder->is_time_only ? READ_SYNTAX : READ_OK;
    case WORD_WEEKDAY:
        *found = SEEN_WEEKDAY;
        return decoder->is_time_only ? READ_SYNTAX : READ_OK;
    case WORD_SPECIAL:
        return decode_special(decoder, (SpecialTime)word->value, found);
    case WORD_MERIDIEM:
        *found = SEEN_MERIDIEM;
        decoder->meridiem = word->value;
        return READ_OK;
    case WORD_ERA:
        *found = SEEN_ERA;
        decoder->is_before_christ = word->value == 1;
        return READ_OK;
    case WORD_IGNORED:
        return READ_OK;
    case WORD_LABEL:
        decoder->label = (Label)word->value;
        return READ_OK;
    case WORD_TIME:
        decoder->label = LABEL_TIME;
        return is_time_next(decoder, at) &&
                       (decoder->is_time_only || (decoder->seen & SEEN_DATE) == SEEN_DATE)
                   ? READ_OK
                   : READ_SYNTAX;
    case WORD_SUMMER_TIME: /* "MET DST" */
        *found = SEEN_SUMMER;
        decoder->moment->offset += 3600 * MICROS_PER_SECOND;
        return READ_OK;
    }
    return READ_SYNTAX;
}

static ReadResult decode_word_field(Decoder *decoder, uint32_t at, const char *text,
                                    unsigned *found)
{
    ZoneAbbreviation abbreviation;
    if (timezone_abbreviation(text_of(text), &abbreviation)) {
        *found = SEEN_ZONE;
        if (abbreviation.zone != NULL)
            decoder->moment->abbreviation = abbreviation;
        else
            decoder->moment->offset += abbreviation.offset;
        return READ_OK;
    }
    const DateTimeWord *word = datetime_word(text);
    return word != NULL ? decode_word(decoder, at, word, found)
                        : decode_zone_name(decoder, text, true, found);
}

static ReadResult decode_zone_field(Decoder *decoder, const char *text, unsigned *found)
{
    *found = SEEN_ZONE;
    return read_zone_offset(text, &decoder->moment->offset);
}

static ReadResult decode_field(Decoder *decoder, uint32_t at, unsigned *found)
{
    const DateTimeField *field = &decoder->fields->fields[at];
    switch (field->kind) {
    case FIELD_DATE: return decode_date_field(decoder, field->text, found);
    case FIELD_TIME: return decode_time_field(decoder, field->text, found);
    case FIELD_NUMBER: return decode_number_field(decoder, field->text, found);
    case FIELD_ZONE: return decode_zone_field(decoder, field->text, found);
    case FIELD_WORD: return decode_word_field(decoder, at, field->text, found);
    }
    return READ_SYNTAX;
}

/* --- the whole --- */

static ReadResult finish_year(Decoder *decoder)
{
    if ((decoder->seen & SEEN_YEAR) == 0 || decoder->is_julian)
        return READ_OK;
    if (decoder->is_before_christ) {
        if (decoder->year <= 0)
            return READ_RANGE;
        decoder->year = 1 - decoder->year;
    } else if (decoder->has_short_year) {
        decoder->year += decoder->year < 70 ? 2000 : decoder->year < 100 ? 1900 : 0;
    } else if (decoder->year <= 0) {
        return READ_RANGE;
    }
    return READ_OK;
}

static ReadResult finish_date(Decoder *decoder)
{
    ReadResult result = finish_year(decoder);
    if (result != READ_OK)
        return result;
    if ((decoder->seen & SEEN_DAY_OF_YEAR) != 0)
        civil_from_days(civil_to_days(decoder->year, 1, 1) + decoder->day_of_year - 1,
                        &decoder->year, &decoder->month, &decoder->day);
    if ((decoder->seen & SEEN_MONTH) != 0 && (decoder->month < 1 || decoder->month > 12))
        return READ_MONTH_DAY;
    if ((decoder->seen & SEEN_DAY) != 0 && (decoder->day < 1 || decoder->day > 31))
        return READ_MONTH_DAY;
    if ((decoder->seen & SEEN_DATE) == SEEN_DATE &&
        decoder->day > civil_days_in_month(decoder->year, decoder->month))
        return READ_RANGE;
    return READ_OK;
}

static ReadResult finish_meridiem(Decoder *decoder)
{
    if (decoder->meridiem == 0)
        return READ_OK;
    if (decoder->hour > 12)
        return READ_RANGE;
    if (decoder->meridiem == MERIDIEM_AM && decoder->hour == 12)
        decoder->hour = 0;
    else if (decoder->meridiem == MERIDIEM_PM && decoder->hour != 12)
        decoder->hour += 12;
    return READ_OK;
}

static void finish_moment(Decoder *decoder)
{
    Moment *moment = decoder->moment;
    moment->year = decoder->year;
    moment->month = decoder->month;
    moment->day = decoder->day;
    moment->time = clock_micros(decoder);
    moment->has_date = (decoder->seen & SEEN_DATE) == SEEN_DATE;
    moment->has_time = (decoder->seen & SEEN_TIME) != 0;
    moment->has_zone = (decoder->seen & SEEN_ZONE) != 0;
}

static ReadResult run(Decoder *decoder,
                      ReadResult (*decode)(Decoder *decoder, uint32_t at, unsigned *found))
{
    *decoder->moment = (Moment){0};
    for (uint32_t i = 0; i < decoder->fields->count; i++) {
        unsigned found = 0;
        ReadResult result = decode(decoder, i, &found);
        if (result != READ_OK)
            return result;
        if ((found & decoder->seen) != 0)
            return READ_SYNTAX;
        decoder->seen |= found;
    }
    return READ_OK;
}

ReadResult datetime_decode(DateTimeFields *fields, FieldOrder order, Moment *moment)
{
    Decoder decoder = {.fields = fields, .moment = moment, .order = order};
    ReadResult result = run(&decoder, decode_field);
    if (result != READ_OK)
        return result;
    SpecialTime special = moment->special;
    bool is_whole = special == SPECIAL_EPOCH || special == SPECIAL_INFINITY ||
                    special == SPECIAL_MINUS_INFINITY || special == SPECIAL_NOW;
    bool is_day = special == SPECIAL_TODAY || special == SPECIAL_TOMORROW ||
                  special == SPECIAL_YESTERDAY;
    if (!is_whole && !is_day)
        result = finish_date(&decoder);
    if (result == READ_OK)
        result = finish_meridiem(&decoder);
    if (result != READ_OK)
        return result;
    finish_moment(&decoder);
    bool has_summer_zone = (decoder.seen & SEEN_SUMMER) != 0 &&
                           (moment->zone != NULL || (decoder.seen & SEEN_ZONE) == 0);
    return !moment->has_date || has_summer_zone ? READ_SYNTAX : READ_OK;
}

/* --- times of day --- */

/* A date may stand first when a time follows. */
static bool may_be_date(const Decoder *decoder, uint32_t at)
{
    uint32_t count = decoder->fields->count;
    return at == 0 && count >= 2 &&
           (decoder->fields->fields[count - 1].kind == FIELD_DATE ||
            decoder->fields->fields[1].kind == FIELD_TIME);
}

static ReadResult decode_time_number(Decoder *decoder, uint32_t at, char *text, unsigned *found)
{
    const char *point = strchr(text, '.');
    if (decoder->label != LABEL_NONE)
        return decode_labelled(decoder, text, found);
    if (point != NULL && at == 0 && may_be_date(decoder, at) &&
        decoder->fields->fields[decoder->fields->count - 1].kind == FIELD_DATE)
        return decode_date(decoder, text, found);
    if (point != NULL ? point - text > 2 : strlen(text) > 4)
        return decode_run(decoder, text, decoder->seen | SEEN_DATE, found);
    return point != NULL ? READ_SYNTAX
                         : decode_number(decoder, text, decoder->seen | SEEN_DATE, found);
}

static ReadResult decode_time_only_field(Decoder *decoder, uint32_t at, unsigned *found)
{
    const DateTimeField *field = &decoder->fields->fields[at];
    switch (field->kind) {
    case FIELD_DATE:
        if (may_be_date(decoder, at))
            return decode_date(decoder, field->text, found);
        decoder->label = LABEL_NONE;
        return datetime_is_digit(field->text[0])
                   ? decode_time_and_offset(decoder, field->text, decoder->seen | SEEN_DATE, found)
                   : decode_zone_name(decoder, field->text, false, found);
    case FIELD_TIME: return decode_time_field(decoder, field->text, found);
    case FIELD_NUMBER: return decode_time_number(decoder, at, field->text, found);
    case FIELD_ZONE: return decode_zone_field(decoder, field->text, found);
    case FIELD_WORD: return decode_word_field(decoder, at, field->text, found);
    }
    return READ_SYNTAX;
}

ReadResult time_decode(DateTimeFields *fields, FieldOrder order, Moment *moment)
{
    int64_t ignored;
    Decoder decoder = {.fields = fields, .moment = moment, .order = order, .is_time_only = true};
    ReadResult result = run(&decoder, decode_time_only_field);
    if (result == READ_OK)
        result = finish_date(&decoder);
    if (result == READ_OK)
        result = finish_meridiem(&decoder);
    if (result != READ_OK)
        return result;
    finish_moment(&decoder);
    if (moment->time > MICROS_PER_DAY || decoder.hour > 24 || decoder.minute > 59 ||
        decoder.second > 60)
        return READ_RANGE;
    if ((decoder.seen & SEEN_TIME) != SEEN_TIME)
        return READ_SYNTAX;
    /* what a zone's offset is depends on the date, unless it never changes */
    bool needs_date = moment->zone != NULL && !timezone_is_fixed(moment->zone, &ignored);
    return needs_date && !moment->has_date ? READ_SYNTAX : READ_OK;
}

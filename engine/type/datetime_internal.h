/*
 * What the files that read dates and times share: the fields that a text is cut into, the words,
 * and what comes out.
 */
#ifndef TALARIA_ENGINE_TYPE_DATETIME_INTERNAL_H
#define TALARIA_ENGINE_TYPE_DATETIME_INTERNAL_H

#include "engine/type/type_internal.h"

typedef enum SpecialTime {
    SPECIAL_NONE, SPECIAL_EPOCH, SPECIAL_INFINITY, SPECIAL_MINUS_INFINITY, SPECIAL_NOW,
    SPECIAL_TODAY, SPECIAL_TOMORROW, SPECIAL_YESTERDAY, SPECIAL_ALLBALLS
} SpecialTime;

enum { ZONE_NAME_SIZE = 64 };

/* What a text says. */
typedef struct Moment {
    SpecialTime special;
    bool has_date, has_time, has_zone;
    int64_t year; /* astronomical: 0 is 1 BC */
    int month, day;
    int64_t time;                  /* microseconds of the day, 24:00 and :60 included */
    int64_t offset;                /* microseconds east of UTC */
    const TimeZone *zone;          /* a named zone instead of an offset */
    ZoneAbbreviation abbreviation; /* or, with a zone in it, an abbreviation */
    char unknown_zone[ZONE_NAME_SIZE]; /* of READ_ZONE_NAME */
} Moment;

typedef enum ReadResult {
    READ_OK,
    READ_SYNTAX,
    READ_RANGE,      /* no such day or hour */
    READ_MONTH_DAY,  /* no such month or day, perhaps because DateStyle says another order */
    READ_ZONE,       /* an offset that no zone has */
    READ_ZONE_NAME   /* a name that is none of a zone */
} ReadResult;

typedef enum WordKind {
    WORD_MONTH, WORD_WEEKDAY, WORD_SPECIAL, WORD_MERIDIEM, WORD_ERA /* value 1: BC */,
    WORD_IGNORED, WORD_LABEL /* of the number that follows: Y2001M12 */,
    WORD_TIME /* T: a time follows */, WORD_SUMMER_TIME
} WordKind;

enum { MERIDIEM_AM = 1, MERIDIEM_PM = 2 };

typedef enum Label {
    LABEL_NONE, LABEL_YEAR, LABEL_MONTH, LABEL_DAY, LABEL_HOUR, LABEL_MINUTE, LABEL_SECOND,
    LABEL_JULIAN, LABEL_TIME, LABEL_OTHER
} Label;

typedef struct DateTimeWord {
    const char *word; /* in lower case */
    WordKind kind;
    int value;
} DateTimeWord;

/* NULL: it means nothing. */
const DateTimeWord *datetime_word(const char *word);

typedef enum FieldKind {
    FIELD_NUMBER, /* digits, perhaps with a point */
    FIELD_DATE,   /* parts with - / or . between them; also names of zones */
    FIELD_TIME,   /* digits with colons */
    FIELD_ZONE,   /* a sign and digits */
    FIELD_WORD
} FieldKind;

typedef struct DateTimeField {
    char *text; /* in lower case, ends in \0 */
    FieldKind kind;
} DateTimeField;

enum { DATETIME_FIELD_MAXIMUM = 25, DATETIME_TEXT_MAXIMUM = 200 };

typedef struct DateTimeFields {
    DateTimeField fields[DATETIME_FIELD_MAXIMUM];
    uint32_t count;
    char text[DATETIME_TEXT_MAXIMUM + DATETIME_FIELD_MAXIMUM + 2];
} DateTimeFields;

/* False: characters that no date has. */
bool datetime_cut(Text text, DateTimeFields *fields);

/* What the fields mean together; the texts of `fields` are changed. A moment without a date is
 * READ_SYNTAX. */
ReadResult datetime_decode(DateTimeFields *fields, FieldOrder order, Moment *moment);
/* The same for a time of day, which may have a date before it. */
ReadResult time_decode(DateTimeFields *fields, FieldOrder order, Moment *moment);

static inline bool datetime_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool datetime_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

#endif

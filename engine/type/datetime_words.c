/*
 * The first half of reading dates and times in PostgreSQL's many forms: a text cut into fields by
 * the shape of their characters, and the words that have a meaning of their own. What fields mean
 * together is datetime_fields.c. Both follow the rules of PostgreSQL's manual, "Date/Time Input
 * Interpretation", and of its ParseDateTime.
 */
#include "engine/type/datetime_internal.h"

#include <stdlib.h>

static const DateTimeWord words[] = {
    {"+infinity", WORD_SPECIAL, SPECIAL_INFINITY},
    {"-infinity", WORD_SPECIAL, SPECIAL_MINUS_INFINITY},
    {"ad", WORD_ERA, 0},
    {"allballs", WORD_SPECIAL, SPECIAL_ALLBALLS},
    {"am", WORD_MERIDIEM, MERIDIEM_AM},
    {"apr", WORD_MONTH, 4},
    {"april", WORD_MONTH, 4},
    {"at", WORD_IGNORED, 0},
    {"aug", WORD_MONTH, 8},
    {"august", WORD_MONTH, 8},
    {"bc", WORD_ERA, 1},
    {"d", WORD_LABEL, LABEL_DAY},
    {"dec", WORD_MONTH, 12},
    {"december", WORD_MONTH, 12},
    {"dow", WORD_LABEL, LABEL_OTHER},
    {"doy", WORD_LABEL, LABEL_OTHER},
    {"dst", WORD_SUMMER_TIME, 0},
    {"epoch", WORD_SPECIAL, SPECIAL_EPOCH},
    {"feb", WORD_MONTH, 2},
    {"february", WORD_MONTH, 2},
    {"fri", WORD_WEEKDAY, 5},
    {"friday", WORD_WEEKDAY, 5},
    {"h", WORD_LABEL, LABEL_HOUR},
    {"infinity", WORD_SPECIAL, SPECIAL_INFINITY},
    {"isodow", WORD_LABEL, LABEL_OTHER},
    {"isoyear", WORD_LABEL, LABEL_OTHER},
    {"j", WORD_LABEL, LABEL_JULIAN},
    {"jan", WORD_MONTH, 1},
    {"january", WORD_MONTH, 1},
    {"jd", WORD_LABEL, LABEL_JULIAN},
    {"jul", WORD_MONTH, 7},
    {"julian", WORD_LABEL, LABEL_JULIAN},
    {"july", WORD_MONTH, 7},
    {"jun", WORD_MONTH, 6},
    {"june", WORD_MONTH, 6},
    {"m", WORD_LABEL, LABEL_MONTH},
    {"mar", WORD_MONTH, 3},
    {"march", WORD_MONTH, 3},
    {"may", WORD_MONTH, 5},
    {"mm", WORD_LABEL, LABEL_MINUTE},
    {"mon", WORD_WEEKDAY, 1},
    {"monday", WORD_WEEKDAY, 1},
    {"nov", WORD_MONTH, 11},
    {"november", WORD_MONTH, 11},
    {"now", WORD_SPECIAL, SPECIAL_NOW},
    {"oct", WORD_MONTH, 10},
    {"october", WORD_MONTH, 10},
    {"on", WORD_IGNORED, 0},
    {"pm", WORD_MERIDIEM, MERIDIEM_PM},
    {"s", WORD_LABEL, LABEL_SECOND},
    {"sat", WORD_WEEKDAY, 6},
    {"saturday", WORD_WEEKDAY, 6},
    {"sep", WORD_MONTH, 9},
    {"sept", WORD_MONTH, 9},
    {"september", WORD_MONTH, 9},
    {"sun", WORD_WEEKDAY, 0},
    {"sunday", WORD_WEEKDAY, 0},
    {"t", WORD_TIME, 0},
    {"thu", WORD_WEEKDAY, 4},
    {"thur", WORD_WEEKDAY, 4},
    {"thurs", WORD_WEEKDAY, 4},
    {"thursday", WORD_WEEKDAY, 4},
    {"today", WORD_SPECIAL, SPECIAL_TODAY},
    {"tomorrow", WORD_SPECIAL, SPECIAL_TOMORROW},
    {"tue", WORD_WEEKDAY, 2},
    {"tues", WORD_WEEKDAY, 2},
    {"tuesday", WORD_WEEKDAY, 2},
    {"wed", WORD_WEEKDAY, 3},
    {"wednesday", WORD_WEEKDAY, 3},
    {"weds", WORD_WEEKDAY, 3},
    {"y", WORD_LABEL, LABEL_YEAR},
    {"yesterday", WORD_SPECIAL, SPECIAL_YESTERDAY},
};

static int compare_words(const void *a, const void *b)
{
    return strcmp(((const DateTimeWord *)a)->word, ((const DateTimeWord *)b)->word);
}

const DateTimeWord *datetime_word(const char *word)
{
    DateTimeWord key = {.word = word};
    return bsearch(&key, words, sizeof words / sizeof words[0], sizeof words[0], compare_words);
}

/* --- fields --- */

typedef struct Cutter {
    const char *at, *end;
    char *out;
} Cutter;

static bool at_end(const Cutter *cutter)
{
    return cutter->at == cutter->end;
}

static char peek(const Cutter *cutter)
{
    return at_end(cutter) ? '\0' : *cutter->at;
}

static void take(Cutter *cutter)
{
    char c = *cutter->at++;
    *cutter->out++ = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_alnum(char c)
{
    return datetime_is_digit(c) || datetime_is_letter(c);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Digits, and characters of `others`. */
static void take_digits_and(Cutter *cutter, const char *others)
{
    while (!at_end(cutter) &&
           (datetime_is_digit(*cutter->at) || strchr(others, *cutter->at) != NULL))
        take(cutter);
}

/* 1999-01-08, 8-Jan-1999, 12:30, 20.5, 1999: what follows the first digits tells. */
static FieldKind cut_number(Cutter *cutter)
{
    take_digits_and(cutter, "");
    char next = peek(cutter);
    if (next == ':') {
        take_digits_and(cutter, ":.");
        return FIELD_TIME;
    }
    if (next != '-' && next != '/' && next != '.')
        return FIELD_NUMBER;
    char separator[2] = {next, '\0'};
    take(cutter);
    if (datetime_is_digit(peek(cutter))) {
        take_digits_and(cutter, "");
        if (peek(cutter) == next) {
            take_digits_and(cutter, separator);
            return FIELD_DATE;
        }
        return next == '.' ? FIELD_NUMBER : FIELD_DATE;
    }
    while (is_alnum(peek(cutter)) || peek(cutter) == next)
        take(cutter);
    return FIELD_DATE;
}

/* A word; or a date with the month first (Jan-8-1999), or a zone's name (America/New_York). */
static FieldKind cut_word(Cutter *cutter)
{
    const char *start = cutter->out;
    while (datetime_is_letter(peek(cutter)))
        take(cutter);
    char next = peek(cutter);
    bool goes_on = next == '-' || next == '/' || next == '.';
    if (next == '+' || datetime_is_digit(next)) {
        *cutter->out = '\0';
        goes_on = datetime_word(start) == NULL;
    }
    if (!goes_on)
        return FIELD_WORD;
    do {
        take(cutter);
    } while (is_alnum(peek(cutter)) || (!at_end(cutter) && strchr("+-/_.:", peek(cutter)) != NULL));
    return FIELD_DATE;
}

/* An offset from UTC, or a word with a sign: -infinity. */
static bool cut_signed(Cutter *cutter, FieldKind *kind)
{
    take(cutter);
    while (!at_end(cutter) && is_blank(*cutter->at))
        cutter->at++;
    if (datetime_is_digit(peek(cutter))) {
        *kind = FIELD_ZONE;
        take_digits_and(cutter, ":.-");
        return true;
    }
    *kind = FIELD_WORD;
    if (!datetime_is_letter(peek(cutter)))
        return false;
    while (datetime_is_letter(peek(cutter)))
        take(cutter);
    return true;
}

static bool cut_field(Cutter *cutter, FieldKind *kind)
{
    char c = peek(cutter);
    if (datetime_is_digit(c)) {
        *kind = cut_number(cutter);
    } else if (c == '.') {
        *kind = FIELD_NUMBER;
        take(cutter);
        take_digits_and(cutter, "");
    } else if (datetime_is_letter(c)) {
        *kind = cut_word(cutter);
    } else {
        return cut_signed(cutter, kind);
    }
    return true;
}

bool datetime_cut(Text text, DateTimeFields *fields)
{
    Cutter cutter = {.at = text.data, .end = text.data + text.length, .out = fields->text};
    fields->count = 0;
    if (text.length > DATETIME_TEXT_MAXIMUM || memchr(text.data, '\0', text.length) != NULL)
        return false;
    while (!at_end(&cutter)) {
        char c = *cutter.at;
        bool is_punctuation = c > ' ' && c < 127 && !is_alnum(c) && strchr("+-.", c) == NULL;
        if (is_blank(c) || is_punctuation) {
            cutter.at++;
            continue;
        }
        if (fields->count == DATETIME_FIELD_MAXIMUM || c <= ' ' || c >= 127)
            return false;
        DateTimeField *field = &fields->fields[fields->count++];
        field->text = cutter.out;
        if (!cut_field(&cutter, &field->kind))
            return false;
        *cutter.out++ = '\0';
    }
    return true;
}

/*
 * Texts to intervals: '1 year 2 mons 3 days 04:05:06.789', '1-2', '1 02:03', ISO 8601 in both
 * forms, 'ago', bare numbers whose unit the type's fields give (INTERVAL '1' DAY).
 *
 * Parts are read from right to left, as PostgreSQL does, since what stands to the right says what
 * a number means: '1 2' of DAY TO HOUR is a day and two hours.
 */
#include "engine/type/type_internal.h"

#include <math.h>

typedef enum Unit {
    UNIT_NOTHING, UNIT_MICROSECOND, UNIT_MILLISECOND, UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR,
    UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR, UNIT_DECADE, UNIT_CENTURY, UNIT_MILLENNIUM
} Unit;

typedef struct IntervalSum {
    int64_t months, days;
    __int128 micros;
    bool is_out_of_range; /* why adding failed, when it did */
    uint32_t seen;        /* units that were there: a bit each */
} IntervalSum;

typedef enum PartKind { PART_NUMBER, PART_CLOCK, PART_YEAR_MONTH, PART_WORD } PartKind;
typedef struct Part {
    PartKind kind;
    Text text;
} Part;

enum { MAX_PARTS = 25, MASK_MONTH = 1 << 1, MASK_YEAR = 1 << 2, MASK_DAY = 1 << 3,
       MASK_HOUR = 1 << 10, MASK_MINUTE = 1 << 11, MASK_SECOND = 1 << 12 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static Unit unit_by_name(Text word)
{
    static const struct {
        const char *name;
        Unit unit;
    } names[] = {
        {"us", UNIT_MICROSECOND}, {"usec", UNIT_MICROSECOND}, {"usecs", UNIT_MICROSECOND},
        {"usecond", UNIT_MICROSECOND}, {"useconds", UNIT_MICROSECOND},
        {"microsecond", UNIT_MICROSECOND}, {"microseconds", UNIT_MICROSECOND},
        {"microsecon", UNIT_MICROSECOND}, {"ms", UNIT_MILLISECOND}, {"msec", UNIT_MILLISECOND},
        {"msecs", UNIT_MILLISECOND}, {"msecond", UNIT_MILLISECOND},
        {"mseconds", UNIT_MILLISECOND}, {"millisecond", UNIT_MILLISECOND},
        {"milliseconds", UNIT_MILLISECOND}, {"millisecon", UNIT_MILLISECOND},
        {"s", UNIT_SECOND}, {"sec", UNIT_SECOND}, {"secs", UNIT_SECOND}, {"second", UNIT_SECOND},
        {"seconds", UNIT_SECOND}, {"m", UNIT_MINUTE}, {"min", UNIT_MINUTE},
        {"mins", UNIT_MINUTE}, {"minute", UNIT_MINUTE}, {"minutes", UNIT_MINUTE},
        {"h", UNIT_HOUR}, {"hr", UNIT_HOUR}, {"hrs", UNIT_HOUR}, {"hour", UNIT_HOUR},
        {"hours", UNIT_HOUR}, {"d", UNIT_DAY}, {"day", UNIT_DAY}, {"days", UNIT_DAY},
        {"w", UNIT_WEEK}, {"week", UNIT_WEEK}, {"weeks", UNIT_WEEK}, {"mon", UNIT_MONTH},
        {"mons", UNIT_MONTH}, {"month", UNIT_MONTH}, {"months", UNIT_MONTH}, {"y", UNIT_YEAR},
        {"yr", UNIT_YEAR}, {"yrs", UNIT_YEAR}, {"year", UNIT_YEAR}, {"years", UNIT_YEAR},
        {"dec", UNIT_DECADE}, {"decs", UNIT_DECADE}, {"decade", UNIT_DECADE},
        {"decades", UNIT_DECADE}, {"c", UNIT_CENTURY}, {"cent", UNIT_CENTURY},
        {"century", UNIT_CENTURY}, {"centuries", UNIT_CENTURY}, {"mil", UNIT_MILLENNIUM},
        {"mils", UNIT_MILLENNIUM}, {"millennium", UNIT_MILLENNIUM},
        {"millenniums", UNIT_MILLENNIUM}, {"millennia", UNIT_MILLENNIUM},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (text_is_word(word, names[i].name))
            return names[i].unit;
    return UNIT_NOTHING;
}

/* --- adding up; false: overflow --- */

static void negate(IntervalSum *sum)
{
    sum->months = -sum->months;
    sum->days = -sum->days;
    sum->micros = -sum->micros;
}

static bool add_days(IntervalSum *sum, double days)
{
    double whole = trunc(days);
    if (fabs(whole) > 2147483647.0)
        return false;
    sum->days += (int64_t)whole;
    sum->micros += (int64_t)rint((days - whole) * 86400e6);
    return true;
}

static bool check_whole(IntervalSum *sum, int64_t whole)
{
    sum->is_out_of_range = whole > INT32_MAX || whole < INT32_MIN;
    return !sum->is_out_of_range;
}

static bool add_unit(IntervalSum *sum, Unit unit, int64_t whole, double fraction)
{
    static const int64_t micros[] = {[UNIT_MICROSECOND] = 1, [UNIT_MILLISECOND] = 1000,
                                     [UNIT_SECOND] = 1000000, [UNIT_MINUTE] = 60000000,
                                     [UNIT_HOUR] = INT64_C(3600000000)};
    static const int16_t months[] = {[UNIT_MONTH] = 1, [UNIT_YEAR] = 12, [UNIT_DECADE] = 120,
                                     [UNIT_CENTURY] = 1200, [UNIT_MILLENNIUM] = 12000};
    switch (unit) {
    case UNIT_MICROSECOND: case UNIT_MILLISECOND: case UNIT_SECOND: case UNIT_MINUTE:
    case UNIT_HOUR:
        sum->micros += (__int128)whole * micros[unit] +
                       (int64_t)rint(fraction * (double)micros[unit]);
        return true;
    case UNIT_DAY: case UNIT_WEEK:
        if (!check_whole(sum, whole))
            return false;
        sum->days += unit == UNIT_WEEK ? whole * 7 : whole;
        return add_days(sum, unit == UNIT_WEEK ? fraction * 7 : fraction);
    case UNIT_MONTH:
        if (!check_whole(sum, whole))
            return false;
        sum->months += whole;
        return add_days(sum, fraction * 30);
    case UNIT_YEAR: case UNIT_DECADE: case UNIT_CENTURY: case UNIT_MILLENNIUM:
        if (!check_whole(sum, whole))
            return false;
        sum->months += whole * months[unit] + (int64_t)rint(fraction * months[unit]);
        return true;
    case UNIT_NOTHING:
        break;
    }
    return false;
}

/* A unit comes once; a clock is hours, minutes and all of the seconds. */
static bool note_units(IntervalSum *sum, uint32_t units)
{
    bool is_new = (sum->seen & units) == 0;
    sum->seen |= units;
    return is_new;
}

enum {
    SECOND_UNITS = 1 << UNIT_SECOND | 1 << UNIT_MILLISECOND | 1 << UNIT_MICROSECOND,
    CLOCK_UNITS = 1 << UNIT_HOUR | 1 << UNIT_MINUTE | SECOND_UNITS,
};

static uint32_t units_of(Unit unit, double fraction)
{
    return unit == UNIT_SECOND && fraction != 0 ? SECOND_UNITS : UINT32_C(1) << unit;
}

/* [+-]digits[.digits] */
static bool read_number(Text text, int64_t *whole, double *fraction)
{
    const char *p = text.data, *end = p + text.length;
    bool is_negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    *whole = 0;
    *fraction = 0;
    if (p == end)
        return false;
    for (; p < end && is_digit(*p); p++) /* downwards, where there is one value more */
        if (__builtin_mul_overflow(*whole, 10, whole) ||
            __builtin_sub_overflow(*whole, *p - '0', whole))
            return false;
    if (!is_negative && __builtin_sub_overflow(0, *whole, whole))
        return false;
    if (p < end && *p == '.') {
        double unit = 0.1;
        int64_t digits = 0;
        double scale = 1;
        for (p++; p < end && is_digit(*p); p++, unit /= 10)
            if (scale < 1e17) {
                digits = digits * 10 + (*p - '0');
                scale *= 10;
            }
        *fraction = (double)digits / scale;
    }
    if (is_negative)
        *fraction = -*fraction;
    return p == end;
}

/* --- ISO 8601 --- */

static Unit iso_unit(char letter, bool is_time)
{
    switch (letter) {
    case 'Y': return is_time ? UNIT_NOTHING : UNIT_YEAR;
    case 'M': return is_time ? UNIT_MINUTE : UNIT_MONTH;
    case 'W': return is_time ? UNIT_NOTHING : UNIT_WEEK;
    case 'D': return is_time ? UNIT_NOTHING : UNIT_DAY;
    case 'H': return is_time ? UNIT_HOUR : UNIT_NOTHING;
    case 'S': return is_time ? UNIT_SECOND : UNIT_NOTHING;
    default: return UNIT_NOTHING;
    }
}

/* P0001-02-03T04:05:06: units follow each other. */
static Unit next_iso_unit(Unit unit)
{
    switch (unit) {
    case UNIT_YEAR: return UNIT_MONTH;
    case UNIT_MONTH: return UNIT_DAY;
    case UNIT_HOUR: return UNIT_MINUTE;
    case UNIT_MINUTE: return UNIT_SECOND;
    default: return UNIT_NOTHING;
    }
}

static bool read_iso(Text text, IntervalSum *sum)
{
    const char *p = text.data + 1, *end = text.data + text.length;
    bool is_time = false, has_part = false;
    Unit expected = UNIT_YEAR;
    while (p < end) {
        if (*p == 'T' && !is_time) {
            is_time = true;
            expected = UNIT_HOUR;
            p++;
            continue;
        }
        const char *start = p;
        if (*p == '-' || *p == '+')
            p++;
        while (p < end && (is_digit(*p) || *p == '.'))
            p++;
        int64_t whole;
        double fraction;
        if (!read_number((Text){start, (uint32_t)(p - start)}, &whole, &fraction))
            return false;
        Unit unit = p < end ? iso_unit(*p, is_time) : UNIT_NOTHING;
        int digits = (int)(p - start);
        bool is_end = p == end || *p == 'T';
        if (is_end && fraction == 0 && expected == UNIT_YEAR && !is_time && digits == 8) {
            sum->months += whole / 10000 * 12 + whole / 100 % 100; /* yyyymmdd */
            sum->days += whole % 100;
            has_part = true;
            continue;
        }
        if (p == end && fraction == 0 && expected == UNIT_HOUR && is_time && digits == 6) {
            sum->micros += /* hhmmss */
                (whole / 10000 * 3600 + whole / 100 % 100 * 60 + whole % 100) * MICROS_PER_SECOND;
            return true;
        }
        if (unit != UNIT_NOTHING) {
            p++;
        } else {
            unit = expected;
            expected = next_iso_unit(expected);
            if (p < end && (*p == '-' || *p == ':'))
                p++;
            else if (p < end && *p != 'T')
                return false;
        }
        if (!add_unit(sum, unit, whole, fraction))
            return false;
        has_part = true;
    }
    return has_part;
}

/* --- parts --- */

static int split(Text text, Part *parts)
{
    const char *p = text.data, *end = p + text.length;
    int count = 0;
    while (p < end) {
        if (*p == ' ' || (*p >= '\t' && *p <= '\r') || *p == '@' || *p == ',') {
            p++;
            continue;
        }
        if (count == MAX_PARTS)
            return -1;
        const char *start = p;
        Part *part = &parts[count++];
        bool is_signed = *p == '-' || *p == '+';
        if (is_digit(*p) || *p == '.' || is_signed) {
            part->kind = PART_NUMBER;
            for (p++; p < end && (is_digit(*p) || *p == '.' || *p == ':' || *p == '-'); p++) {
                if (*p == ':')
                    part->kind = PART_CLOCK;
                else if (*p == '-' && part->kind == PART_NUMBER)
                    part->kind = PART_YEAR_MONTH;
                else if (*p == '-')
                    return -1;
            }
        } else if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')) {
            part->kind = PART_WORD;
            while (p < end && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')))
                p++;
        } else {
            return -1;
        }
        part->text = (Text){start, (uint32_t)(p - start)};
    }
    return count;
}

/* [+-]h:mm[:ss[.f]]; two fields are minutes and seconds in MINUTE TO SECOND. */
static bool add_clock(IntervalSum *sum, Text text, int mask)
{
    const char *p = text.data, *end = p + text.length;
    bool is_negative = *p == '-';
    int64_t fields[3] = {0};
    double fraction = 0;
    int count = 0;
    if (*p == '-' || *p == '+')
        p++;
    for (;; p++) {
        if (p == end || !is_digit(*p) || count == 3)
            return false;
        for (; p < end && is_digit(*p); p++)
            if (__builtin_mul_overflow(fields[count], 10, &fields[count]) ||
                __builtin_add_overflow(fields[count], *p - '0', &fields[count]))
                return false;
        count++;
        if (p == end || *p != ':')
            break;
    }
    if (p < end) {
        int64_t ignored;
        if (*p != '.' || !read_number((Text){p, (uint32_t)(end - p)}, &ignored, &fraction))
            return false;
    }
    bool is_minutes = count == 2 && (mask == (MASK_MINUTE | MASK_SECOND) || fraction != 0);
    if (is_minutes) {
        fields[2] = fields[1];
        fields[1] = fields[0];
        fields[0] = 0;
    }
    sum->is_out_of_range = fields[1] > 59 || fields[2] > 60 || fields[0] > INT64_C(3000000000);
    if (sum->is_out_of_range)
        return false;
    __int128 micros = ((__int128)fields[0] * 3600 + fields[1] * 60 + fields[2]) * 1000000 +
                      (int64_t)rint(fraction * 1e6);
    sum->micros += is_negative ? -micros : micros;
    return true;
}

static bool add_year_month(IntervalSum *sum, Text text)
{
    const char *dash = memchr(text.data + 1, '-', text.length - 1);
    int64_t years, months;
    double fraction;
    if (dash == NULL ||
        !read_number((Text){text.data, (uint32_t)(dash - text.data)}, &years, &fraction) ||
        fraction != 0 ||
        !read_number((Text){dash + 1, (uint32_t)(text.data + text.length - dash - 1)}, &months,
                     &fraction) ||
        fraction != 0 || months < 0 || months > 11 || years > INT32_MAX || years < INT32_MIN)
        return false;
    sum->months += years * 12 + (text.data[0] == '-' ? -months : months);
    return true;
}

/* The unit of a bare number, by the fields of the type. */
static Unit default_unit(int mask)
{
    switch (mask) {
    case MASK_YEAR: return UNIT_YEAR;
    case MASK_MONTH: case MASK_YEAR | MASK_MONTH: return UNIT_MONTH;
    case MASK_DAY: return UNIT_DAY;
    case MASK_HOUR: case MASK_DAY | MASK_HOUR: return UNIT_HOUR;
    case MASK_MINUTE: case MASK_HOUR | MASK_MINUTE: case MASK_DAY | MASK_HOUR | MASK_MINUTE:
        return UNIT_MINUTE;
    default: return UNIT_SECOND;
    }
}

static bool add_parts(const Part *parts, int count, int mask, IntervalSum *sum)
{
    Unit unit = UNIT_NOTHING; /* of the next number to the left */
    bool is_ago = false, has_value = false;
    for (int i = count - 1; i >= 0; i--) {
        int64_t whole;
        double fraction;
        switch (parts[i].kind) {
        case PART_WORD:
            if (text_is_word(parts[i].text, "ago") && i == count - 1) {
                is_ago = true;
                break;
            }
            unit = unit_by_name(parts[i].text);
            if (unit == UNIT_NOTHING || i == 0 || parts[i - 1].kind != PART_NUMBER)
                return false;
            break;
        case PART_CLOCK:
            if (!note_units(sum, CLOCK_UNITS) || !add_clock(sum, parts[i].text, mask))
                return false;
            unit = UNIT_DAY;
            has_value = true;
            break;
        case PART_YEAR_MONTH:
            if (!note_units(sum, 1 << UNIT_YEAR | 1 << UNIT_MONTH) ||
                !add_year_month(sum, parts[i].text))
                return false;
            has_value = true;
            break;
        case PART_NUMBER:
            if (unit == UNIT_NOTHING) {
                /* '5' alone, or the last of '1 2': only one number may do without a unit */
                if (has_value)
                    return false;
                unit = default_unit(mask);
            }
            if (!read_number(parts[i].text, &whole, &fraction) ||
                !note_units(sum, units_of(unit, fraction)) || !add_unit(sum, unit, whole, fraction))
                return false;
            unit = unit == UNIT_HOUR && mask == (MASK_DAY | MASK_HOUR) ? UNIT_DAY : UNIT_NOTHING;
            has_value = true;
            break;
        }
    }
    if (is_ago)
        negate(sum);
    return has_value;
}

/* --- fields of the type --- */

static int64_t truncate_to(int64_t value, int64_t unit)
{
    return value - value % unit;
}

/* INTERVAL '1 day 02:03' DAY keeps the day; INTERVAL(0) rounds the seconds. */
void type_adjust_interval(int32_t modifier, IntervalValue *value)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    if (modifier < 0)
        return;
    int mask = (modifier >> 16) & 0x7fff, precision = modifier & 0xffff;
    if (mask == MASK_YEAR)
        value->months = (int32_t)truncate_to(value->months, 12);
    if (mask == MASK_YEAR || mask == MASK_MONTH || mask == (MASK_YEAR | MASK_MONTH)) {
        value->days = 0;
        value->micros = 0;
    } else if (mask == MASK_DAY) {
        value->micros = 0;
    } else if (mask == MASK_HOUR || mask == (MASK_DAY | MASK_HOUR)) {
        value->micros = truncate_to(value->micros, 3600 * MICROS_PER_SECOND);
    } else if (mask == MASK_MINUTE || mask == (MASK_HOUR | MASK_MINUTE) ||
               mask == (MASK_DAY | MASK_HOUR | MASK_MINUTE)) {
        value->micros = truncate_to(value->micros, 60 * MICROS_PER_SECOND);
    }
    if (precision < 6) {
        int64_t unit = units[precision], rest = value->micros % unit;
        value->micros -= rest;
        if (2 * (rest < 0 ? -rest : rest) >= unit)
            value->micros += rest < 0 ? -unit : unit;
    }
}

/* '1 month - 1 second': a sign belongs to the number behind it. */
static Text join_signs(Text text, char *out, uint32_t room)
{
    uint32_t length = 0;
    if (text.length > room)
        return text;
    for (uint32_t i = 0; i < text.length; i++) {
        out[length++] = text.data[i];
        if (text.data[i] != '-' && text.data[i] != '+')
            continue;
        while (i + 1 < text.length && text.data[i + 1] == ' ')
            i++;
    }
    return (Text){out, length};
}

/* '-1 2:03' of the SQL standard: the one sign, at the start, is that of every field. */
static bool take_leading_sign(Part *parts, int count)
{
    if (count == 0 || parts[0].text.data[0] != '-' || parts[0].kind == PART_WORD)
        return false;
    for (int i = 1; i < count; i++)
        if (parts[i].text.data[0] == '-' || parts[i].text.data[0] == '+')
            return false;
    parts[0].text.data++;
    parts[0].text.length--;
    return parts[0].text.length > 0;
}

bool interval_parse(Text text, int32_t modifier, bool is_sql_standard, IntervalValue *value,
                    Fault *fault)
{
    Part parts[MAX_PARTS];
    IntervalSum sum = {0};
    char joined[256];
    Text body = join_signs(parse_trim(text), joined, sizeof joined);
    int mask = modifier < 0 ? 0 : (modifier >> 16) & 0x7fff;
    if (mask == 0x7fff)
        mask = 0;
    bool is_read;
    *value = (IntervalValue){0};
    if (body.length > 0 && body.data[0] == 'P') {
        is_read = read_iso(body, &sum);
    } else {
        int count = split(body, parts);
        bool is_negative = is_sql_standard && take_leading_sign(parts, count);
        is_read = count > 0 && add_parts(parts, count, mask, &sum);
        if (is_negative)
            negate(&sum);
    }
    if (!is_read && !sum.is_out_of_range)
        return parse_fault(fault, FAULT_INVALID_DATETIME_FORMAT, "interval", text);
    if (!is_read)
        return fault_set(fault, FAULT_INTERVAL_FIELD_OVERFLOW,
                         "interval field value out of range: \"%.*s\"", TEXT_ARGS(text));
    bool has_many_months = sum.months > INT32_MAX || sum.months < INT32_MIN;
    if (has_many_months && sum.seen == 1 << UNIT_YEAR) /* the years alone would do */
        return fault_set(fault, FAULT_DATETIME_FIELD_OVERFLOW, "interval out of range");
    if (has_many_months || sum.days > INT32_MAX || sum.days < INT32_MIN ||
        sum.micros > INT64_MAX || sum.micros < INT64_MIN)
        return fault_set(fault, FAULT_INTERVAL_FIELD_OVERFLOW,
                         "interval field value out of range: \"%.*s\"", TEXT_ARGS(text));
    *value = (IntervalValue){.months = (int32_t)sum.months, .days = (int32_t)sum.days,
                             .micros = (int64_t)sum.micros};
    type_adjust_interval(modifier, value);
    return true;
}

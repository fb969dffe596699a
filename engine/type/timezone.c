/*
 * Time zones from TZif files (RFC 8536, version 2 and later) with the POSIX rule of their footer
 * for times after the last transition, and fixed offsets. Zones are read once a process and
 * kept, because values and plans point to them.
 *
 * Local times that a change of offset skips are taken with the offset before the change (so that
 * they end up as much later as the clock jumped). Of local times that occur twice the later
 * instant is taken, which is standard time at the end of daylight saving: PostgreSQL's rule, and
 * what its clients expect.
 */
#include "engine/type/timezone.h"

#include "base/memory/arena.h"
#include "base/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { MAX_FILE = 1 << 20, ABBREVIATION_SIZE = 8, NAME_SIZE = 64 };

/* A change to or from daylight saving time, by the rule: Mm.w.d, Jn or n, and a time. */
typedef struct RuleDate {
    enum { RULE_MONTH, RULE_JULIAN, RULE_DAY } kind;
    int month, week, day;
    int seconds; /* of that day, local time before the change; -167 .. 167 hours */
} RuleDate;

typedef struct Rule {
    bool has_daylight;
    int standard, daylight; /* seconds east of UTC */
    char standard_name[ABBREVIATION_SIZE], daylight_name[ABBREVIATION_SIZE];
    RuleDate start, end;
} Rule;

typedef struct LocalType {
    int32_t offset; /* seconds east of UTC */
    char abbreviation[ABBREVIATION_SIZE];
} LocalType;

struct TimeZone {
    char name[NAME_SIZE];
    bool is_fixed;
    int32_t fixed; /* seconds */
    char fixed_abbreviation[16];
    uint32_t transition_count;
    const int64_t *transitions; /* seconds UTC, ascending */
    const uint8_t *types;       /* of the time from each transition on */
    const LocalType *locals;
    bool has_rule;
    Rule rule;
    const struct TimeZone *next;
};

static const TimeZone *loaded; /* all zones of this process */
static Arena *zones;           /* they live for ever */

static const TimeZone utc_zone = {
    .name = "UTC", .is_fixed = true, .fixed = 0, .fixed_abbreviation = "UTC"};

const TimeZone *timezone_utc(void)
{
    return &utc_zone;
}

const char *timezone_name(const TimeZone *zone)
{
    return zone->name;
}

bool timezone_is_fixed(const TimeZone *zone, int64_t *offset_micros)
{
    *offset_micros = zone->is_fixed ? zone->fixed * MICROS_PER_SECOND : 0;
    return zone->is_fixed;
}

/* --- POSIX rules: "CET-1CEST,M3.5.0,M10.5.0/3" --- */

static bool read_number(const char **p, int limit, int *value)
{
    if (**p < '0' || **p > '9')
        return false;
    *value = 0;
    while (**p >= '0' && **p <= '9') {
        *value = *value * 10 + (*(*p)++ - '0');
        if (*value > limit)
            return false;
    }
    return true;
}

static bool read_abbreviation(const char **p, char *out)
{
    bool is_quoted = **p == '<';
    size_t length = 0;
    if (is_quoted)
        (*p)++;
    while (**p != '\0' && (is_quoted ? **p != '>' : (**p >= 'A' && **p <= 'Z') ||
                                                        (**p >= 'a' && **p <= 'z'))) {
        if (length < ABBREVIATION_SIZE - 1)
            out[length++] = **p;
        (*p)++;
    }
    out[length] = '\0';
    if (is_quoted) {
        if (**p != '>')
            return false;
        (*p)++;
    }
    return length > 0;
}

/* [+-]hh[:mm[:ss]] */
static bool read_clock(const char **p, int *seconds)
{
    int sign = **p == '-' ? -1 : 1, hours, minutes = 0, rest = 0;
    if (**p == '-' || **p == '+')
        (*p)++;
    if (!read_number(p, 167, &hours))
        return false;
    if (**p == ':') {
        (*p)++;
        if (!read_number(p, 59, &minutes))
            return false;
        if (**p == ':') {
            (*p)++;
            if (!read_number(p, 59, &rest))
                return false;
        }
    }
    *seconds = sign * (hours * 3600 + minutes * 60 + rest);
    return true;
}

static bool read_rule_date(const char **p, RuleDate *date)
{
    *date = (RuleDate){.seconds = 7200};
    if (*(*p)++ != ',')
        return false;
    if (**p == 'M') {
        date->kind = RULE_MONTH;
        (*p)++;
        if (!read_number(p, 12, &date->month) || *(*p)++ != '.' ||
            !read_number(p, 5, &date->week) || *(*p)++ != '.' ||
            !read_number(p, 6, &date->day) || date->month < 1 || date->week < 1)
            return false;
    } else {
        date->kind = **p == 'J' ? RULE_JULIAN : RULE_DAY;
        if (**p == 'J')
            (*p)++;
        if (!read_number(p, 365, &date->day))
            return false;
    }
    if (**p == '/') {
        (*p)++;
        return read_clock(p, &date->seconds);
    }
    return true;
}

static bool read_rule(const char *text, Rule *rule)
{
    const char *p = text;
    int west;
    *rule = (Rule){0};
    if (!read_abbreviation(&p, rule->standard_name) || !read_clock(&p, &west))
        return false;
    rule->standard = -west;
    if (*p == '\0')
        return true;
    if (!read_abbreviation(&p, rule->daylight_name))
        return false;
    rule->has_daylight = true;
    rule->daylight = rule->standard + 3600;
    if (*p != ',' && *p != '\0') {
        if (!read_clock(&p, &west))
            return false;
        rule->daylight = -west;
    }
    if (*p == '\0')
        p = ",M3.2.0,M11.1.0"; /* what POSIX implementations take when the rule is left out */
    return read_rule_date(&p, &rule->start) && read_rule_date(&p, &rule->end) && *p == '\0';
}

static int64_t rule_date_days(const RuleDate *date, int64_t year)
{
    int64_t january = civil_to_days(year, 1, 1);
    switch (date->kind) {
    case RULE_DAY:
        return january + date->day;
    case RULE_JULIAN: /* 29 February is never counted */
        return january + date->day - 1 +
               (date->day >= 60 && civil_days_in_month(year, 2) == 29);
    case RULE_MONTH:
        break;
    }
    int64_t first = civil_to_days(year, date->month, 1);
    int64_t days = first + (date->day - civil_day_of_week(first) + 7) % 7 + 7 * (date->week - 1);
    while (days >= first + civil_days_in_month(year, date->month))
        days -= 7;
    return days;
}

static int64_t year_of(int64_t seconds)
{
    int64_t year;
    int month, day;
    civil_from_days(seconds / 86400 - (seconds % 86400 < 0), &year, &month, &day);
    return year;
}

static bool rule_is_daylight(const Rule *rule, int64_t utc)
{
    if (!rule->has_daylight)
        return false;
    int64_t year = year_of(utc + rule->standard);
    int64_t start = rule_date_days(&rule->start, year) * 86400 + rule->start.seconds -
                    rule->standard;
    int64_t end = rule_date_days(&rule->end, year) * 86400 + rule->end.seconds - rule->daylight;
    if (start < end)
        return utc >= start && utc < end;
    return utc >= start || utc < end;
}

/* --- TZif --- */

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const uint8_t *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

typedef struct TzifHeader {
    uint32_t utc_indicators, standard_indicators, leaps, times, types, characters;
} TzifHeader;

enum { TZIF_HEADER = 44 };

static bool read_header(const uint8_t *p, const uint8_t *end, TzifHeader *header)
{
    if (end - p < TZIF_HEADER || memcmp(p, "TZif", 4) != 0)
        return false;
    *header = (TzifHeader){.utc_indicators = be32(p + 20), .standard_indicators = be32(p + 24),
                           .leaps = be32(p + 28), .times = be32(p + 32), .types = be32(p + 36),
                           .characters = be32(p + 40)};
    return header->times <= MAX_FILE / 8 && header->types > 0 && header->types <= 256 &&
           header->characters <= 4096 && header->leaps <= 4096 &&
           header->utc_indicators <= 256 && header->standard_indicators <= 256;
}

static size_t body_size(const TzifHeader *header, size_t time_size)
{
    return header->times * (time_size + 1) + header->types * 6 + header->characters +
           header->leaps * (time_size + 4) + header->standard_indicators + header->utc_indicators;
}

static bool read_locals(const TzifHeader *header, const uint8_t *p, LocalType *locals)
{
    const char *names = (const char *)p + header->types * 6;
    for (uint32_t i = 0; i < header->types; i++, p += 6) {
        locals[i].offset = (int32_t)be32(p);
        if (p[5] >= header->characters || locals[i].offset < -26 * 3600 ||
            locals[i].offset > 26 * 3600)
            return false;
        size_t room = header->characters - p[5], length = strnlen(names + p[5], room);
        if (length >= ABBREVIATION_SIZE)
            length = ABBREVIATION_SIZE - 1;
        memcpy(locals[i].abbreviation, names + p[5], length);
        locals[i].abbreviation[length] = '\0';
    }
    return true;
}

static bool read_footer(const uint8_t *p, const uint8_t *end, TimeZone *zone)
{
    char text[128];
    if (p >= end || *p != '\n')
        return true; /* version 1 has none */
    p++;
    const uint8_t *close = memchr(p, '\n', (size_t)(end - p));
    if (close == NULL || (size_t)(close - p) >= sizeof text)
        return false;
    memcpy(text, p, (size_t)(close - p));
    text[close - p] = '\0';
    zone->has_rule = text[0] != '\0';
    return !zone->has_rule || read_rule(text, &zone->rule);
}

static bool read_tzif(const uint8_t *data, size_t length, TimeZone *zone)
{
    const uint8_t *p = data, *end = data + length;
    TzifHeader header;
    size_t time_size = 4;
    if (!read_header(p, end, &header))
        return false;
    if (data[4] >= '2') { /* the 64-bit block follows the old one */
        size_t old = TZIF_HEADER + body_size(&header, 4);
        if ((size_t)(end - p) < old || !read_header(p + old, end, &header))
            return false;
        p += old;
        time_size = 8;
    }
    p += TZIF_HEADER;
    if ((size_t)(end - p) < body_size(&header, time_size))
        return false;
    int64_t *transitions = ARENA_ARRAY(zones, int64_t, header.times);
    uint8_t *types = ARENA_ARRAY(zones, uint8_t, header.times);
    LocalType *locals = ARENA_ARRAY(zones, LocalType, header.types);
    for (uint32_t i = 0; i < header.times; i++) {
        transitions[i] = time_size == 8 ? be64(p + 8 * i) : (int32_t)be32(p + 4 * i);
        types[i] = p[header.times * time_size + i];
        if (types[i] >= header.types || (i > 0 && transitions[i] <= transitions[i - 1]))
            return false;
    }
    if (!read_locals(&header, p + header.times * (time_size + 1), locals))
        return false;
    zone->transition_count = header.times;
    zone->transitions = transitions;
    zone->types = types;
    zone->locals = locals;
    return read_footer(p + body_size(&header, time_size), end, zone);
}

/* --- finding --- */

static bool is_zone_name(Text name)
{
    if (name.length == 0 || name.length >= NAME_SIZE || name.data[0] == '/' ||
        name.data[0] == '.')
        return false;
    for (uint32_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_letter && !(c >= '0' && c <= '9') && strchr("/_-+", c) == NULL)
            return false;
    }
    return true;
}

/* The name of an entry of `folder` that equals `part` but for case. */
typedef struct CaseSearch {
    Text part;
    char found[NAME_SIZE];
} CaseSearch;

static bool same_but_case(const char *entry, void *state)
{
    CaseSearch *search = state;
    if (strlen(entry) != search->part.length ||
        strncasecmp(entry, search->part.data, search->part.length) != 0)
        return true;
    memcpy(search->found, entry, search->part.length + 1);
    return false;
}

/* "america/new_york" to "America/New_York": PostgreSQL finds zones without regard to case. */
static bool correct_case(char *name)
{
    char folder[512] = "/usr/share/zoneinfo";
    Fault ignored;
    for (char *part = name; *part != '\0';) {
        size_t length = strcspn(part, "/");
        CaseSearch search = {.part = {part, (uint32_t)length}};
        if (!os_list_folder(folder, same_but_case, &search, &ignored) || search.found[0] == '\0')
            return false;
        memcpy(part, search.found, length);
        size_t used = strlen(folder);
        snprintf(folder + used, sizeof folder - used, "/%s", search.found);
        part += length + (part[length] == '/');
    }
    return true;
}

static bool read_zone_file(const char *name, Buffer *file)
{
    char path[NAME_SIZE + 32];
    Fault ignored;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    buffer_reset(file);
    return os_read_file(path, file, MAX_FILE, &ignored) && file->length >= TZIF_HEADER;
}

static const TimeZone *load(Text text)
{
    char name[NAME_SIZE];
    memcpy(name, text.data, text.length);
    name[text.length] = '\0';
    if (zones == NULL)
        zones = arena_new("time zones");
    TimeZone *zone = ARENA_NEW(zones, TimeZone);
    Buffer file = BUFFER_EMPTY;
    bool is_read = (read_zone_file(name, &file) ||
                    (correct_case(name) && read_zone_file(name, &file))) &&
                   read_tzif(file.data, file.length, zone);
    buffer_clear(&file);
    if (!is_read)
        return NULL;
    memcpy(zone->name, name, sizeof name);
    if (zone->transition_count == 0 && (!zone->has_rule || !zone->rule.has_daylight)) {
        zone->is_fixed = true;
        zone->fixed = zone->has_rule ? zone->rule.standard : zone->locals[0].offset;
        memcpy(zone->fixed_abbreviation, zone->locals[0].abbreviation, ABBREVIATION_SIZE);
    }
    zone->next = loaded;
    loaded = zone;
    return zone;
}

const TimeZone *timezone_of_offset(int32_t seconds)
{
    for (const TimeZone *zone = loaded; zone != NULL; zone = zone->next)
        if (zone->is_fixed && zone->fixed == seconds && zone->name[0] != '\0' &&
            (zone->name[0] == '+' || zone->name[0] == '-'))
            return zone;
    if (zones == NULL)
        zones = arena_new("time zones");
    TimeZone *zone = ARENA_NEW(zones, TimeZone);
    int magnitude = abs(seconds);
    int length = snprintf(zone->name, sizeof zone->name, "%c%02d:%02d", seconds < 0 ? '-' : '+',
                          magnitude / 3600, magnitude / 60 % 60);
    if (magnitude % 60 != 0)
        snprintf(zone->name + length, sizeof zone->name - (size_t)length, ":%02d",
                 magnitude % 60);
    snprintf(zone->fixed_abbreviation, sizeof zone->fixed_abbreviation, "%.15s", zone->name);
    zone->is_fixed = true;
    zone->fixed = seconds;
    zone->next = loaded;
    loaded = zone;
    return zone;
}

/* A rule as a name, as clients send it for zones of their own: "GMT-05:30" is five and a half hours
 * east of Greenwich, "FOO8BAR" has daylight saving time too. NULL: it is none. */
static const TimeZone *posix_zone(Text name)
{
    enum { MOST_SECONDS = 15 * 3600 + 3599, MOST_POSIX_ZONES = 256 /* they live for ever */ };
    static uint32_t posix_zones;
    char text[NAME_SIZE];
    Rule rule;
    if (name.length >= sizeof text || memchr(name.data, '\0', name.length) != NULL)
        return NULL;
    memcpy(text, name.data, name.length);
    text[name.length] = '\0';
    if (!read_rule(text, &rule) || abs(rule.standard) > MOST_SECONDS || posix_zones == MOST_POSIX_ZONES)
        return NULL;
    posix_zones++;
    if (zones == NULL)
        zones = arena_new("time zones");
    TimeZone *zone = ARENA_NEW(zones, TimeZone);
    memcpy(zone->name, text, name.length + 1);
    zone->has_rule = true;
    zone->rule = rule;
    zone->is_fixed = !rule.has_daylight;
    zone->fixed = rule.standard;
    memcpy(zone->fixed_abbreviation, rule.standard_name, sizeof rule.standard_name);
    zone->next = loaded;
    loaded = zone;
    return zone;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* [+-]h, hh, hhmm, hh:mm, hh:mm:ss. */
static bool read_offset(Text text, int32_t *seconds)
{
    int fields[3] = {0}, count = 0, digits = 0;
    if (text.length < 2 || (text.data[0] != '+' && text.data[0] != '-'))
        return false;
    for (uint32_t i = 1; i < text.length; i++) {
        char c = text.data[i];
        if (c == ':') {
            if (digits == 0 || ++count > 2)
                return false;
            digits = 0;
        } else if (c >= '0' && c <= '9' && digits < 4) {
            fields[count] = fields[count] * 10 + (c - '0');
            digits++;
        } else {
            return false;
        }
    }
    if (digits == 0 || (digits > 2 && (count > 0 || digits != 4)))
        return false;
    if (digits == 4) {
        fields[1] = fields[0] % 100;
        fields[0] /= 100;
    }
    if (fields[0] > 15 || fields[1] > 59 || fields[2] > 59)
        return false;
    int total = fields[0] * 3600 + fields[1] * 60 + fields[2];
    *seconds = text.data[0] == '-' ? -total : total;
    return true;
}

static bool is_utc_name(Text name)
{
    return (name.length == 3 && (strncasecmp(name.data, "utc", 3) == 0 ||
                                 strncasecmp(name.data, "gmt", 3) == 0)) ||
           (name.length == 1 && (name.data[0] == 'Z' || name.data[0] == 'z')) ||
           (name.length == 4 && strncasecmp(name.data, "zulu", 4) == 0);
}

const TimeZone *timezone_find(Text name, Fault *fault)
{
    int32_t seconds;
    if (is_utc_name(name))
        return &utc_zone;
    if (read_offset(name, &seconds))
        return timezone_of_offset(seconds);
    for (const TimeZone *zone = loaded; zone != NULL; zone = zone->next)
        if (strlen(zone->name) == name.length &&
            strncasecmp(zone->name, name.data, name.length) == 0)
            return zone;
    const TimeZone *zone = is_zone_name(name) ? load(name) : NULL;
    if (zone == NULL)
        zone = posix_zone(name);
    if (zone == NULL)
        fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "time zone \"%.*s\" not recognized",
                  TEXT_ARGS(name));
    return zone;
}

/* "-8", "10.5": hours east of UTC. */
static bool read_hours(Text value, int32_t *seconds)
{
    char text[32], *end;
    if (value.length == 0 || value.length >= sizeof text)
        return false;
    memcpy(text, value.data, value.length);
    text[value.length] = '\0';
    if (text[strspn(text, "+-.0123456789eE")] != '\0')
        return false;
    double hours = strtod(text, &end);
    if (*end != '\0' || !(hours > -168 && hours < 168))
        return false;
    *seconds = (int32_t)(hours * 3600);
    return true;
}

const TimeZone *timezone_of_setting(Text value, bool is_posix, Fault *fault)
{
    int32_t seconds;
    if (read_hours(value, &seconds))
        return timezone_of_offset(seconds);
    char text[16];
    bool is_bare = value.length > 1 && value.length < sizeof text - 1 && is_digit(value.data[0]);
    if (is_bare) { /* a POSIX rule may leave the plus out */
        text[0] = '+';
        memcpy(text + 1, value.data, value.length);
    }
    if (is_posix &&
        read_offset(is_bare ? (Text){text, value.length + 1} : value, &seconds))
        return timezone_of_offset(-seconds);
    return timezone_find(value, fault);
}

/* --- offsets --- */

static int64_t floor_seconds(int64_t micros)
{
    return micros / MICROS_PER_SECOND - (micros % MICROS_PER_SECOND < 0);
}

/* Number of transitions at or before that second. */
static uint32_t transitions_until(const TimeZone *zone, int64_t seconds)
{
    uint32_t low = 0, high = zone->transition_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->transitions[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_seconds(const TimeZone *zone, int64_t utc, const char **abbreviation)
{
    if (zone->is_fixed) {
        *abbreviation = zone->fixed_abbreviation;
        return zone->fixed;
    }
    uint32_t passed = transitions_until(zone, utc);
    if (passed == zone->transition_count && zone->has_rule) {
        bool is_daylight = rule_is_daylight(&zone->rule, utc);
        *abbreviation = is_daylight ? zone->rule.daylight_name : zone->rule.standard_name;
        return is_daylight ? zone->rule.daylight : zone->rule.standard;
    }
    const LocalType *local =
        &zone->locals[passed == 0 ? 0 : zone->types[passed - 1]];
    *abbreviation = local->abbreviation;
    return local->offset;
}

int64_t timezone_offset_at(const TimeZone *zone, int64_t utc, const char **abbreviation)
{
    const char *ignored;
    return offset_seconds(zone, floor_seconds(utc),
                          abbreviation == NULL ? &ignored : abbreviation) * MICROS_PER_SECOND;
}

int64_t timezone_to_local(const TimeZone *zone, int64_t utc)
{
    int64_t local;
    if (utc == INT64_MAX || utc == INT64_MIN)
        return utc;
    if (__builtin_add_overflow(utc, timezone_offset_at(zone, utc, NULL), &local))
        return utc < 0 ? INT64_MIN : INT64_MAX;
    return local;
}

int64_t timezone_to_utc(const TimeZone *zone, int64_t local)
{
    if (local == INT64_MAX || local == INT64_MIN)
        return local;
    if (zone->is_fixed)
        return local - zone->fixed * MICROS_PER_SECOND;
    int64_t seconds = floor_seconds(local), rest = local - seconds * MICROS_PER_SECOND;
    const char *ignored;
    /* No zone changes twice within two days, so these are the offsets on both sides. A time that
     * fits neither was skipped: as if the clock had not jumped. */
    int32_t before = offset_seconds(zone, seconds - 86400, &ignored);
    int32_t after = offset_seconds(zone, seconds + 86400, &ignored);
    if (before != after && offset_seconds(zone, seconds - after, &ignored) == after)
        before = after;
    return (seconds - before) * MICROS_PER_SECOND + rest;
}

bool timezone_offset_named(const TimeZone *zone, const char *abbreviation, int64_t utc, int64_t *offset)
{
    uint32_t passed = transitions_until(zone, floor_seconds(utc));
    const LocalType *found = NULL;
    for (uint32_t i = passed; i > 0 && found == NULL; i--)
        if (strcmp(zone->locals[zone->types[i - 1]].abbreviation, abbreviation) == 0)
            found = &zone->locals[zone->types[i - 1]];
    for (uint32_t i = passed; i < zone->transition_count && found == NULL; i++)
        if (strcmp(zone->locals[zone->types[i]].abbreviation, abbreviation) == 0)
            found = &zone->locals[zone->types[i]];
    if (found == NULL)
        return false;
    *offset = found->offset * MICROS_PER_SECOND;
    return true;
}

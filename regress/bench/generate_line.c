/* An edit as a line of NDJSON or CSV. */
#include "regress/bench/generate_edit.h"

/* "2015-09-12T00:46:58.771Z". The date of a day is found once: rows come in order of time. */
static void add_time(Text *line, int64_t millis)
{
    static Text date;
    static int64_t date_day = INT64_MIN;
    int64_t day = millis / 86400000, rest = millis % 86400000;
    if (day != date_day) { /* days to a civil date (Hinnant, 2013) */
        int64_t z = day + 719468, era = z / 146097, day_of_era = z - era * 146097;
        int64_t year =
            (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
        int64_t shifted = (5 * day_of_year + 2) / 153,
                month = shifted < 10 ? shifted + 3 : shifted - 9;
        int64_t day_of_month = day_of_year - (153 * shifted + 2) / 5 + 1;
        text_clear(&date);
        text_add_number(&date, year + era * 400 + (month <= 2));
        text_add(&date, month < 10 ? "-0" : "-");
        text_add_number(&date, month);
        text_add(&date, day_of_month < 10 ? "-0" : "-");
        text_add_number(&date, day_of_month);
        text_add(&date, "T");
        date_day = day;
    }
    text_add_text(line, &date);
    int64_t hour = rest / 3600000, minute = rest / 60000 % 60, second = rest / 1000 % 60,
            fraction = rest % 1000;
    char clock[] = {(char)('0' + hour / 10),
                    (char)('0' + hour % 10),
                    ':',
                    (char)('0' + minute / 10),
                    (char)('0' + minute % 10),
                    ':',
                    (char)('0' + second / 10),
                    (char)('0' + second % 10),
                    '.',
                    (char)('0' + fraction / 100),
                    (char)('0' + fraction / 10 % 10),
                    (char)('0' + fraction % 10),
                    'Z',
                    '\0'};
    text_add(line, clock);
}

static void add_boolean(Text *line, const char *before, bool value)
{
    text_add(line, before);
    text_add(line, value ? "true" : "false");
}

static void add_number(Text *line, const char *before, int64_t value)
{
    text_add(line, before);
    text_add_number(line, value);
}

static void add_words(Text *line, const char *before, const char *value, const char *after)
{
    if (value == NULL)
        return;
    text_add(line, before);
    text_add(line, value);
    text_add(line, after);
}

static void add_flags(Text *line, const Edit *edit)
{
    text_add(line, edit->is_new ? "N" : "");
    text_add(line, edit->is_minor ? "M" : "");
    text_add(line, edit->is_robot ? "B" : "");
    text_add(line, edit->is_unpatrolled ? "!" : "");
}

static void add_address(Text *line, const Edit *edit)
{
    add_words(line, "https://", edit->channel, ".wikipedia.org/w/index.php?diff=");
    text_add_number(line, edit->revision);
    add_number(line, "&oldid=", edit->parent_revision);
}

static void add_bucket(Text *line, const Edit *edit)
{
    int64_t delta = edit->added - edit->deleted;
    int64_t bucket = delta / 100 * 100 - (delta % 100 < 0 ? 100 : 0);
    text_add_number(line, bucket);
    text_add(line, ".0");
}

void edit_write_json(const Edit *edit, Text *line)
{
    add_boolean(line, "{\"isRobot\":", edit->is_robot);
    add_words(line, ",\"channel\":\"#", edit->channel, ".wikipedia\",\"timestamp\":\"");
    add_time(line, edit->millis);
    text_add(line, "\",\"flags\":\"");
    add_flags(line, edit);
    add_boolean(line, "\",\"isUnpatrolled\":", edit->is_unpatrolled);
    text_add(line, ",\"page\":\"");
    text_add_json(line, &edit->page);
    text_add(line, "\",\"diffUrl\":\"");
    add_address(line, edit);
    add_number(line, "\",\"added\":", edit->added);
    text_add(line, ",\"comment\":\"");
    text_add_json(line, &edit->comment);
    add_number(line, "\",\"commentLength\":", (int64_t)text_characters(&edit->comment));
    add_boolean(line, ",\"isNew\":", edit->is_new);
    add_boolean(line, ",\"isMinor\":", edit->is_minor);
    add_number(line, ",\"delta\":", edit->added - edit->deleted);
    add_boolean(line, ",\"isAnonymous\":", edit->is_anonymous);
    text_add(line, ",\"user\":\"");
    text_add_json(line, &edit->user);
    text_add(line, "\",\"deltaBucket\":");
    add_bucket(line, edit);
    add_number(line, ",\"deleted\":", edit->deleted);
    add_words(line, ",\"namespace\":\"", edit->namespace, "\"");
    add_words(line, ",\"cityName\":\"", edit->city, "\"");
    add_words(line, ",\"countryName\":\"", edit->country, "\"");
    add_words(line, ",\"regionIsoCode\":\"", edit->region_code, "\"");
    add_words(line, ",\"countryIsoCode\":\"", edit->country_code, "\"");
    add_words(line, ",\"regionName\":\"", edit->region, "\"");
    text_add(line, "}\n");
}

void edit_write_header(Text *line)
{
    text_add(
        line,
        "timestamp,channel,namespace,page,user,cityName,countryIsoCode,countryName,regionIsoCode,"
        "regionName,comment,commentLength,diffUrl,flags,isRobot,isNew,isMinor,isUnpatrolled,"
        "isAnonymous,added,deleted,delta,deltaBucket\n");
}

void edit_write_csv(const Edit *edit, Text *line)
{
    add_time(line, edit->millis);
    add_words(line, ",#", edit->channel, ".wikipedia,");
    add_words(line, "", edit->namespace, ",");
    text_add_csv(line, &edit->page);
    text_add(line, ",");
    text_add_csv(line, &edit->user);
    text_add(line, ",");
    add_words(line, "", edit->city, "");
    add_words(line, ",", edit->country_code == NULL ? "" : edit->country_code, ",");
    add_words(line, "", edit->country, "");
    add_words(line, ",", edit->region_code == NULL ? "" : edit->region_code, ",");
    add_words(line, "", edit->region, "");
    text_add(line, ",");
    text_add_csv(line, &edit->comment);
    add_number(line, ",", (int64_t)text_characters(&edit->comment));
    text_add(line, ",");
    add_address(line, edit);
    text_add(line, ",");
    add_flags(line, edit);
    add_boolean(line, ",", edit->is_robot);
    add_boolean(line, ",", edit->is_new);
    add_boolean(line, ",", edit->is_minor);
    add_boolean(line, ",", edit->is_unpatrolled);
    add_boolean(line, ",", edit->is_anonymous);
    add_number(line, ",", edit->added);
    add_number(line, ",", edit->deleted);
    add_number(line, ",", edit->added - edit->deleted);
    text_add(line, ",");
    add_bucket(line, edit);
    text_add(line, "\n");
}

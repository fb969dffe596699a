/*
 * talaria.conf: lines of `name = value` (the sign may be missing), `#` comments, values that
 * hold blanks in '...' with '' for a quote. All or nothing: the settings change only when every
 * line is good.
 */
#include "base/os/os.h"
#include "base/setting/setting.h"

#include <ctype.h>
#include <stddef.h>

enum { LONGEST_FILE = 1 << 20 };

typedef struct Line {
    const char *at;
    const char *end;
} Line;

static void skip_blanks(Line *line)
{
    while (line->at < line->end && isspace((unsigned char)*line->at))
        line->at++;
}

static bool is_over(const Line *line)
{
    return line->at == line->end || *line->at == '#';
}

static Text take_word(Line *line)
{
    const char *start = line->at;
    while (!is_over(line) && !isspace((unsigned char)*line->at) && *line->at != '=')
        line->at++;
    return (Text){.data = start, .length = (uint32_t)(line->at - start)};
}

/* A quoted value into `out`; false when its end is missing. */
static bool take_quoted(Line *line, Buffer *out)
{
    line->at++;
    while (line->at < line->end) {
        char c = *line->at++;
        if (c == '\'') {
            if (line->at == line->end || *line->at != '\'')
                return true;
            line->at++;
        }
        buffer_append_byte(out, (uint8_t)c);
    }
    return false;
}

static bool take_value(Line *line, Buffer *out)
{
    buffer_reset(out);
    if (line->at < line->end && *line->at == '\'')
        return take_quoted(line, out);
    /* unquoted values may hold '=': only the one behind the name separates */
    const char *start = line->at;
    while (!is_over(line) && !isspace((unsigned char)*line->at))
        line->at++;
    buffer_append(out, start, (size_t)(line->at - start));
    return line->at > start;
}

/*
 * A file that is read again holds settings of the server's start too: they are checked, and
 * change at the next start.
 */
static bool set_or_check(Settings *settings, Text name, Text value, SettingScope may_set,
                         Fault *fault)
{
    const SettingInfo *info = setting_find(name);
    if (may_set != SCOPE_RELOAD || info == NULL || info->scope != SCOPE_SERVER)
        return setting_set(settings, name, value, may_set, fault);
    Settings unused = *settings;
    return setting_set(&unused, name, value, SCOPE_SERVER, fault);
}

static bool read_line(Settings *settings, Line line, SettingScope may_set, Buffer *value,
                      Fault *fault)
{
    skip_blanks(&line);
    if (is_over(&line))
        return true;
    Text name = take_word(&line);
    skip_blanks(&line);
    if (line.at < line.end && *line.at == '=') {
        line.at++;
        skip_blanks(&line);
    }
    bool is_good = name.length > 0 && take_value(&line, value);
    skip_blanks(&line);
    if (!is_good || !is_over(&line))
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR, "expected: name = value");
    Text text = {.data = (const char *)value->data, .length = (uint32_t)value->length};
    return set_or_check(settings, name, text, may_set, fault);
}

static bool read_lines(Settings *settings, const Buffer *file, const char *path,
                       SettingScope may_set, Fault *fault)
{
    const char *at = (const char *)file->data, *end = at + file->length;
    Buffer value = BUFFER_EMPTY;
    bool is_good = true;
    for (int number = 1; is_good && at < end; number++) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL)
            line_end = end;
        Line line = {.at = at, .end = line_end};
        is_good = read_line(settings, line, may_set, &value, fault);
        if (!is_good) {
            char reason[sizeof fault->message];
            memcpy(reason, fault->message, sizeof reason);
            fault_set(fault, FAULT_CONFIG_FILE_ERROR, "%.300s, line %d: %.400s", path, number,
                      reason);
            fault_field_int(fault, "line", number);
        }
        at = line_end < end ? line_end + 1 : end;
    }
    buffer_clear(&value);
    return is_good;
}

bool setting_read_file(Settings *settings, const char *path, SettingScope may_set, Fault *fault)
{
    Buffer file = BUFFER_EMPTY;
    if (!os_read_file(path, &file, LONGEST_FILE, fault)) {
        buffer_clear(&file);
        return fault->code == FAULT_UNDEFINED_FILE;
    }
    Settings changed = *settings;
    bool is_good = read_lines(&changed, &file, path, may_set, fault);
    if (is_good)
        *settings = changed;
    buffer_clear(&file);
    return is_good;
}

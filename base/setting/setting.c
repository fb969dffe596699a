/*
 * The table of settings and what is done with it. See setting.h.
 */
#include "base/setting/setting_internal.h"

#include "base/memory/pack.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- the table --- */

typedef struct Row {
    SettingInfo info;
    int64_t default_number; /* BOOL, INT, ENUM */
    const char *default_text;
} Row;

static const Row ROWS[] = {
#define SETTING_ROW_BOOL(field, name_, old, otherwise, scope_, report, text)                       \
    {{.name = name_, .old_names = old, .description = text, .type = SETTING_BOOL,                  \
      .scope = scope_, .is_reported = report, .minimum = 0, .maximum = 1,                          \
      .offset = offsetof(Settings, field)}, otherwise, NULL},
#define SETTING_ROW_INT(field, name_, old, otherwise, min, max, unit_, scope_, report, text)       \
    {{.name = name_, .old_names = old, .description = text, .type = SETTING_INT,                   \
      .scope = scope_, .unit = unit_, .is_reported = report, .minimum = min, .maximum = max,       \
      .offset = offsetof(Settings, field)}, otherwise, NULL},
#define SETTING_ROW_TEXT(field, name_, old, otherwise, scope_, report, text)                       \
    {{.name = name_, .old_names = old, .description = text, .type = SETTING_TEXT,                  \
      .scope = scope_, .is_reported = report, .offset = offsetof(Settings, field)}, 0, otherwise},
#define SETTING_ROW_ENUM(field, name_, old, otherwise, choices_, scope_, report, text)             \
    {{.name = name_, .old_names = old, .description = text, .type = SETTING_ENUM,                  \
      .scope = scope_, .is_reported = report, .choices = choices_,                                 \
      .offset = offsetof(Settings, field)}, otherwise, NULL},
#include "base/setting/settings.def"
#undef SETTING_ROW_BOOL
#undef SETTING_ROW_INT
#undef SETTING_ROW_TEXT
#undef SETTING_ROW_ENUM
};

enum { ROW_COUNT = sizeof ROWS / sizeof *ROWS };

/* The rows' first members, contiguous, as setting_table gives them out. */
static SettingInfo table[ROW_COUNT];

const SettingInfo *setting_table(int *count)
{
    if (table[0].name == NULL)
        for (int i = 0; i < ROW_COUNT; i++)
            table[i] = ROWS[i].info;
    *count = ROW_COUNT;
    return table;
}

static bool same_name(Text a, const char *b, size_t length)
{
    return a.length == length && length > 0 && strncasecmp(a.data, b, length) == 0;
}

/* Whether `name` is one of the comma-separated `names`. */
static bool is_among(Text name, const char *names)
{
    for (const char *at = names; *at != '\0';) {
        size_t length = strcspn(at, ",");
        if (same_name(name, at, length))
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

const SettingInfo *setting_find(Text name)
{
    int count;
    const SettingInfo *infos = setting_table(&count);
    for (int i = 0; i < count; i++)
        if (same_name(name, infos[i].name, strlen(infos[i].name)))
            return &infos[i];
    for (int i = 0; i < count; i++)
        if (is_among(name, infos[i].old_names))
            return &infos[i];
    return NULL;
}

/* --- values --- */

static bool *bool_of(const Settings *settings, const SettingInfo *info)
{
    return (bool *)((char *)settings + info->offset);
}

static int64_t *int_of(const Settings *settings, const SettingInfo *info)
{
    return (int64_t *)(void *)((char *)settings + info->offset);
}

static int32_t *enum_of(const Settings *settings, const SettingInfo *info)
{
    return (int32_t *)(void *)((char *)settings + info->offset);
}

static char *text_value_of(const Settings *settings, const SettingInfo *info)
{
    return (char *)settings + info->offset;
}

static void make_defaults(Settings *settings)
{
    memset(settings, 0, sizeof *settings);
    int count;
    const SettingInfo *infos = setting_table(&count);
    for (int i = 0; i < count; i++) {
        const SettingInfo *info = &infos[i];
        switch (info->type) {
        case SETTING_BOOL: *bool_of(settings, info) = ROWS[i].default_number != 0; break;
        case SETTING_INT: *int_of(settings, info) = ROWS[i].default_number; break;
        case SETTING_ENUM: *enum_of(settings, info) = (int32_t)ROWS[i].default_number; break;
        case SETTING_TEXT:
            snprintf(text_value_of(settings, info), SETTING_TEXT_SIZE, "%s", ROWS[i].default_text);
            break;
        }
    }
}

/* Asked for with each request: made once. */
void setting_defaults(Settings *settings)
{
    static Settings defaults;
    static bool are_made;
    if (!are_made)
        make_defaults(&defaults);
    are_made = true;
    *settings = defaults;
}

static size_t value_size(const SettingInfo *info)
{
    switch (info->type) {
    case SETTING_BOOL: return sizeof(bool);
    case SETTING_INT: return sizeof(int64_t);
    case SETTING_ENUM: return sizeof(int32_t);
    case SETTING_TEXT: return SETTING_TEXT_SIZE;
    }
    return 0;
}

void setting_reset(Settings *settings, const Settings *server, const SettingInfo *info)
{
    memcpy((char *)settings + info->offset, (const char *)server + info->offset, value_size(info));
}

bool setting_equal(const Settings *a, const Settings *b, const SettingInfo *info)
{
    if (info->type == SETTING_TEXT)
        return strcmp(text_value_of(a, info), text_value_of(b, info)) == 0;
    return memcmp((const char *)a + info->offset, (const char *)b + info->offset,
                  value_size(info)) == 0;
}

/* --- parsing --- */

static Text trimmed(Text text)
{
    while (text.length > 0 && isspace((unsigned char)text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && isspace((unsigned char)text.data[text.length - 1]))
        text.length--;
    return text;
}

static bool set_bool(Settings *settings, const SettingInfo *info, Text value, Fault *fault)
{
    static const char *const yes[] = {"on", "true", "yes", "1", "t", "y"};
    static const char *const no[] = {"off", "false", "no", "0", "f", "n"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        bool is_yes = same_name(value, yes[i], strlen(yes[i]));
        if (is_yes || same_name(value, no[i], strlen(no[i]))) {
            *bool_of(settings, info) = is_yes;
            return true;
        }
    }
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                     "parameter \"%s\" requires a Boolean value", info->name);
}

static bool set_text(Settings *settings, const SettingInfo *info, Text value, Fault *fault)
{
    if (value.length >= SETTING_TEXT_SIZE)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "value for parameter \"%s\" is longer than %d bytes", info->name,
                         SETTING_TEXT_SIZE - 1);
    if (value.length > 0 && memchr(value.data, '\0', value.length) != NULL)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "value for parameter \"%s\" contains a zero byte", info->name);
    char *out = text_value_of(settings, info);
    memset(out, 0, SETTING_TEXT_SIZE);
    if (value.length > 0)
        memcpy(out, value.data, value.length);
    return true;
}

static bool set_enum(Settings *settings, const SettingInfo *info, Text value, Fault *fault)
{
    int32_t index = 0;
    for (const char *at = info->choices; *at != '\0'; index++) {
        size_t length = strcspn(at, ",");
        if (same_name(value, at, length)) {
            *enum_of(settings, info) = index;
            return true;
        }
        at += length + (at[length] == ',');
    }
    fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "invalid value for parameter \"%s\": \"%.*s\"",
              info->name, TEXT_ARGS(value));
    char choices[SETTING_TEXT_SIZE];
    size_t length = 0;
    for (const char *at = info->choices; *at != '\0' && length + 2 < sizeof choices; at++) {
        choices[length++] = *at;
        if (*at == ',')
            choices[length++] = ' ';
    }
    choices[length] = '\0';
    return fault_hint(fault, "Available values: %s.", choices);
}

static bool set_value(Settings *settings, const SettingInfo *info, Text value, Fault *fault)
{
    switch (info->type) {
    case SETTING_BOOL: return set_bool(settings, info, trimmed(value), fault);
    case SETTING_INT:
        return setting_parse_int(info, trimmed(value), int_of(settings, info), fault);
    case SETTING_ENUM: return set_enum(settings, info, trimmed(value), fault);
    case SETTING_TEXT: return set_text(settings, info, value, fault);
    }
    return false;
}

static bool refuse_scope(const SettingInfo *info, Fault *fault)
{
    if (info->scope == SCOPE_FIXED)
        return fault_set(fault, FAULT_CANT_CHANGE_RUNTIME_PARAM,
                         "parameter \"%s\" cannot be changed", info->name);
    if (info->scope == SCOPE_SERVER)
        return fault_set(fault, FAULT_CANT_CHANGE_RUNTIME_PARAM,
                         "parameter \"%s\" cannot be changed without restarting the server",
                         info->name);
    return fault_set(fault, FAULT_CANT_CHANGE_RUNTIME_PARAM,
                     "parameter \"%s\" cannot be changed now", info->name);
}

bool setting_is_ignored(Text name)
{
    static const char *const names[] = {
#define SETTING_IGNORED(name_) name_,
#include "base/setting/ignored.def"
#undef SETTING_IGNORED
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (same_name(name, names[i], strlen(names[i])))
            return true;
    return false;
}

bool setting_set(Settings *settings, Text name, Text value, SettingScope may_set, Fault *fault)
{
    const SettingInfo *info = setting_find(name);
    if (info == NULL) {
        if (setting_is_custom(name))
            return setting_custom_set(settings, name, value, fault);
        return setting_is_ignored(name) ||
               fault_set(fault, FAULT_UNDEFINED_OBJECT,
                                      "unrecognized configuration parameter \"%.*s\"",
                                      TEXT_ARGS(name));
    }
    /* who may set SERVER settings may set all others too, and so on down */
    if (info->scope == SCOPE_FIXED || info->scope < may_set)
        return refuse_scope(info, fault);
    return set_value(settings, info, value, fault);
}

int64_t setting_parse_exceptions(const Settings *settings)
{
    enum { MODE_NON_STRICT = 2 };
    bool is_any = settings->max_parse_exceptions == 0 && settings->mode == MODE_NON_STRICT;
    return is_any ? -1 : settings->max_parse_exceptions;
}

/* --- showing --- */

static void show_choice(const SettingInfo *info, int32_t index, char *out, size_t size)
{
    const char *at = info->choices;
    for (int32_t i = 0; i < index && *at != '\0'; i++) {
        at += strcspn(at, ",");
        at += *at == ',';
    }
    snprintf(out, size, "%.*s", (int)strcspn(at, ","), at);
}

void setting_show(const Settings *settings, const SettingInfo *info, char *out, size_t size)
{
    switch (info->type) {
    case SETTING_BOOL:
        snprintf(out, size, "%s", *bool_of(settings, info) ? "on" : "off");
        break;
    case SETTING_INT: setting_show_int(info, *int_of(settings, info), out, size); break;
    case SETTING_ENUM: show_choice(info, *enum_of(settings, info), out, size); break;
    case SETTING_TEXT: snprintf(out, size, "%s", text_value_of(settings, info)); break;
    }
}

/* --- travelling --- */

void setting_pack(const Settings *settings, Buffer *out)
{
    Settings defaults;
    setting_defaults(&defaults);
    int count;
    const SettingInfo *infos = setting_table(&count);
    uint32_t differing = 0;
    for (int i = 0; i < count; i++)
        differing += !setting_equal(settings, &defaults, &infos[i]);
    Text name, custom;
    for (uint32_t at = 0; setting_custom_next(settings, &at, &name, &custom);)
        differing++;
    pack_map(out, differing);
    for (uint32_t at = 0; setting_custom_next(settings, &at, &name, &custom);) {
        pack_text(out, name);
        pack_text(out, custom);
    }
    for (int i = 0; i < count; i++) {
        if (setting_equal(settings, &defaults, &infos[i]))
            continue;
        char value[SETTING_TEXT_SIZE];
        setting_show(settings, &infos[i], value, sizeof value);
        pack_string(out, infos[i].name);
        pack_string(out, value);
    }
}

bool setting_unpack(Settings *settings, const uint8_t *data, size_t length, Fault *fault)
{
    setting_defaults(settings);
    Unpacker in;
    unpack_init(&in, data, length);
    uint32_t pairs = unpack_map(&in);
    for (uint32_t i = 0; i < pairs && !in.failed; i++) {
        Text name = unpack_text(&in);
        Text value = unpack_text(&in);
        const SettingInfo *info = in.failed ? NULL : setting_find(name);
        if (info == NULL && (in.failed || !setting_is_custom(name)))
            return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "malformed settings in a message");
        if (info == NULL ? !setting_custom_set(settings, name, value, fault)
                         : !set_value(settings, info, value, fault))
            return false;
    }
    if (in.failed || in.at != in.end)
        return fault_set(fault, FAULT_PROTOCOL_VIOLATION, "malformed settings in a message");
    return true;
}

/* --- the page in docs --- */

static const char *type_name(SettingType type)
{
    switch (type) {
    case SETTING_BOOL: return "boolean";
    case SETTING_INT: return "integer";
    case SETTING_TEXT: return "text";
    case SETTING_ENUM: return "choice";
    }
    return "";
}

static const char *unit_name(SettingUnit unit)
{
    switch (unit) {
    case UNIT_NONE: return "";
    case UNIT_BYTES: return "bytes";
    case UNIT_KILOBYTES: return "kilobytes";
    case UNIT_BLOCKS: return "blocks of 8 kB";
    case UNIT_MILLISECONDS: return "milliseconds";
    case UNIT_ROWS: return "rows";
    case UNIT_SECONDS: return "seconds";
    }
    return "";
}

static const char *scope_name(SettingScope scope)
{
    switch (scope) {
    case SCOPE_SERVER: return "server";
    case SCOPE_RELOAD: return "reload";
    case SCOPE_SESSION: return "session";
    case SCOPE_FIXED: return "fixed";
    }
    return "";
}

/* Text of a table's cell: a bar would end it. */
static void describe_text(Buffer *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '|')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, (uint8_t)*at);
    }
}

static void describe_row(Buffer *out, const Settings *defaults, const SettingInfo *info)
{
    char value[SETTING_TEXT_SIZE];
    setting_show(defaults, info, value, sizeof value);
    buffer_printf(out, "| `%s` | %s | ", info->name, type_name(info->type));
    if (value[0] != '\0') {
        buffer_append_byte(out, '`');
        describe_text(out, value);
        buffer_append_byte(out, '`');
    }
    buffer_printf(out, " | %s | %s | ", unit_name(info->unit), scope_name(info->scope));
    describe_text(out, info->description);
    if (info->type == SETTING_ENUM)
        buffer_printf(out, " One of: %s.", info->choices);
    if (info->type == SETTING_INT && info->maximum < INT64_MAX)
        buffer_printf(out, " From %" PRId64 " to %" PRId64 ".", info->minimum, info->maximum);
    if (info->old_names[0] != '\0')
        buffer_printf(out, " Also known as: %s.", info->old_names);
    buffer_append_string(out, " |\n");
}

void setting_describe(Buffer *out)
{
    Settings defaults;
    setting_defaults(&defaults);
    int count;
    const SettingInfo *infos = setting_table(&count);
    buffer_append_string(out, "| name | type | default | unit | scope | description |\n"
                              "|---|---|---|---|---|---|\n");
    for (int i = 0; i < count; i++)
        describe_row(out, &defaults, &infos[i]);
}

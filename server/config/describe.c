/*
 * Pages made from the tables: the sample talaria.conf, the references of settings and of faults.
 */
#include "server/config/config.h"

#include <string.h>

static const char *const scope_words[] = {
    [SCOPE_SERVER] = "at start",
    [SCOPE_RELOAD] = "reload",
    [SCOPE_SESSION] = "session",
    [SCOPE_FIXED] = "fixed",
};

static const char *const type_words[] = {
    [SETTING_BOOL] = "boolean",
    [SETTING_INT] = "integer",
    [SETTING_TEXT] = "text",
    [SETTING_ENUM] = "one of",
};

static void put_range(Buffer *out, const SettingInfo *info)
{
    if (info->type == SETTING_ENUM && info->choices != NULL)
        buffer_printf(out, "%s", info->choices);
    else if (info->type == SETTING_INT && info->maximum == INT64_MAX)
        buffer_printf(out, "%lld or more", (long long)info->minimum);
    else if (info->type == SETTING_INT)
        buffer_printf(out, "%lld to %lld", (long long)info->minimum, (long long)info->maximum);
}

void config_sample_file(Buffer *out)
{
    buffer_append_string(
        out, "# Settings of this Talaria server. Every setting is here with its default, commented.\n"
             "# Lines: name = value, values with spaces in '...'. Sizes take kB MB GB TB, times\n"
             "# ms s min h d. The command line (-c name=value) wins over this file. \"at start\"\n"
             "# settings need a restart; the others are read again on SIGHUP.\n");
    Settings defaults;
    setting_defaults(&defaults);
    int count;
    const SettingInfo *table = setting_table(&count);
    for (int i = 0; i < count; i++) {
        const SettingInfo *info = &table[i];
        if (info->scope == SCOPE_FIXED)
            continue;
        char value[SETTING_TEXT_SIZE];
        setting_show(&defaults, info, value, sizeof value);
        buffer_printf(out, "\n# %s (%s)\n", info->description, scope_words[info->scope]);
        bool is_plain = value[0] != 0 && strcspn(value, " \"'#,") == strlen(value);
        buffer_printf(out, is_plain ? "#%s = %s\n" : "#%s = '%s'\n", info->name, value);
    }
}

/* A cell of a Markdown table: bars would end it. */
static void put_cell(Buffer *out, const char *text)
{
    for (const char *p = text; *p != 0; p++) {
        if (*p == '|')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, (uint8_t)*p);
    }
}

void config_describe_settings(Buffer *out)
{
    Settings defaults;
    setting_defaults(&defaults);
    int count;
    const SettingInfo *table = setting_table(&count);
    buffer_append_string(out, "# Settings\n\n"
                              "| name | also | type | values | default | set | meaning |\n"
                              "|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < count; i++) {
        const SettingInfo *info = &table[i];
        char value[SETTING_TEXT_SIZE];
        setting_show(&defaults, info, value, sizeof value);
        buffer_printf(out, "| `%s` | %s | %s | ", info->name, info->old_names,
                      type_words[info->type]);
        put_range(out, info);
        buffer_append_string(out, " | ");
        put_cell(out, value);
        buffer_printf(out, " | %s | ", scope_words[info->scope]);
        put_cell(out, info->description);
        buffer_append_string(out, " |\n");
    }
    buffer_append_string(out, "\nAccepted without effect, for statements written for Druid:");
#define SETTING_IGNORED(name) buffer_append_string(out, " `" name "`");
#include "base/setting/ignored.def"
#undef SETTING_IGNORED
    buffer_append_string(out, ".\n");
}

void config_describe_faults(Buffer *out)
{
    buffer_append_string(out, "# Faults\n\n| fault | SQLSTATE | hint |\n|---|---|---|\n");
    for (int code = 1; code < FAULT_CODE_COUNT; code++) {
        const FaultInfo *info = fault_info((FaultCode)code);
        buffer_printf(out, "| %s | %s | ", info->name, info->sqlstate);
        put_cell(out, info->hint == NULL ? "" : info->hint);
        buffer_append_string(out, " |\n");
    }
}

/*
 * Custom settings: names with a dot that no row of the table has (`myapp.tenant`), which clients make
 * by setting them. They are kept as a list of terminated name and value pairs in a field of fixed
 * size, so that Settings stays a struct that can be copied.
 *
 * As in PostgreSQL, a name once set stays known to its session: where its value is taken back, it
 * is empty from then on.
 */
#include "base/setting/setting_internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* One pair of the list. */
typedef struct Pair {
    uint32_t at, end; /* in the list's bytes */
    Text name, value;
} Pair;

/* The pair that begins at `at`; false at the end of the list. */
static bool pair_at(const SettingCustom *custom, uint32_t at, Pair *pair)
{
    if (at >= custom->length)
        return false;
    const char *name = custom->bytes + at;
    pair->at = at;
    pair->name = text_of(name);
    pair->value = text_of(name + pair->name.length + 1);
    pair->end = at + pair->name.length + pair->value.length + 2;
    return true;
}

static bool find_pair(const SettingCustom *custom, Text name, Pair *pair)
{
    for (uint32_t at = 0; pair_at(custom, at, pair); at = pair->end) {
        if (pair->name.length == name.length &&
            strncasecmp(pair->name.data, name.data, name.length) == 0)
            return true;
    }
    return false;
}

bool setting_is_custom(Text name)
{
    return name.length > 0 && memchr(name.data, '.', name.length) != NULL &&
           setting_find(name) == NULL;
}

/* Two or more simple identifiers with dots between them. */
static bool is_custom_name(Text name)
{
    bool begins = true, has_dot = false;
    for (uint32_t i = 0; i < name.length; i++) {
        unsigned char letter = (unsigned char)name.data[i];
        bool is_dot = letter == '.' && !begins;
        bool is_start = isalpha(letter) || letter == '_' || letter >= 0x80;
        if (!is_dot && !is_start && (begins || (!isdigit(letter) && letter != '$')))
            return false;
        has_dot |= is_dot;
        begins = is_dot;
    }
    return has_dot && !begins;
}

static bool refuse_name(Text name, Fault *fault)
{
    fault_set(fault, FAULT_INVALID_NAME, "invalid configuration parameter name \"%.*s\"",
              TEXT_ARGS(name));
    return fault_detail(fault, "Custom parameter names must be two or more simple identifiers "
                               "separated by dots.");
}

static void remove_pair(SettingCustom *custom, const Pair *pair)
{
    uint32_t freed = pair->end - pair->at;
    memmove(custom->bytes + pair->at, custom->bytes + pair->end, custom->length - pair->end);
    custom->length -= freed;
    /* what is not used is zero, so that equal lists are equal bytes */
    memset(custom->bytes + custom->length, 0, freed);
}

static void append_text(SettingCustom *custom, Text text)
{
    if (text.length > 0)
        memcpy(custom->bytes + custom->length, text.data, text.length);
    custom->bytes[custom->length + text.length] = '\0';
    custom->length += text.length + 1;
}

bool setting_custom_set(Settings *settings, Text name, Text value, Fault *fault)
{
    SettingCustom *custom = &settings->custom;
    if (!is_custom_name(name))
        return refuse_name(name, fault);
    if (value.length > 0 && memchr(value.data, '\0', value.length) != NULL)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "value for parameter \"%.*s\" contains a zero byte", TEXT_ARGS(name));
    Pair pair;
    bool is_known = find_pair(custom, name, &pair);
    uint64_t needed = (uint64_t)name.length + value.length + 2;
    uint64_t kept = custom->length - (is_known ? pair.end - pair.at : 0);
    if (kept + needed > sizeof custom->bytes)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "custom parameters of a session hold at most %zu bytes, names included",
                         sizeof custom->bytes);
    if (is_known)
        remove_pair(custom, &pair);
    append_text(custom, name);
    append_text(custom, value);
    return true;
}

bool setting_custom_get(const Settings *settings, Text name, Text *value)
{
    Pair pair;
    if (!find_pair(&settings->custom, name, &pair))
        return false;
    *value = pair.value;
    return true;
}

bool setting_custom_reset(Settings *settings, const Settings *server, Text name, Fault *fault)
{
    Text value = TEXT_LITERAL("");
    setting_custom_get(server, name, &value);
    return setting_custom_set(settings, name, value, fault);
}

bool setting_custom_next(const Settings *settings, uint32_t *at, Text *name, Text *value)
{
    Pair pair;
    if (!pair_at(&settings->custom, *at, &pair))
        return false;
    *name = pair.name;
    *value = pair.value;
    *at = pair.end;
    return true;
}

void setting_custom_restore(Settings *settings, const Settings *other)
{
    Settings before = {.custom = settings->custom};
    Text name, value, kept;
    Fault fault;
    settings->custom = other->custom;
    for (uint32_t at = 0; setting_custom_next(&before, &at, &name, &value);) {
        if (!setting_custom_get(settings, name, &kept))
            setting_custom_set(settings, name, TEXT_LITERAL(""), &fault); /* full: not known */
    }
}

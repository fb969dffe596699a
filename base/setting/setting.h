/*
 * Settings: one struct of values made from one table (settings.def), from which the command
 * line, talaria.conf, SET, SHOW, pg_settings, context parameters of queries and the page in
 * docs are all fed.
 *
 * A server has a Settings (defaults, then talaria.conf, then -c). A session starts with a copy.
 * A request and a work order carry the copy along (setting_pack / setting_unpack send only what
 * differs from the defaults). Nobody reads a global.
 */
#ifndef TALARIA_BASE_SETTING_SETTING_H
#define TALARIA_BASE_SETTING_SETTING_H

#include "base/fault/fault.h"
#include "base/memory/buffer.h"
#include "base/memory/text.h"

typedef enum SettingType {
    SETTING_BOOL,
    SETTING_INT,  /* int64_t; accepts units: B kB MB GB TB, us ms s min h d */
    SETTING_TEXT, /* char[SETTING_TEXT_SIZE] */
    SETTING_ENUM, /* int32_t index into the row's `choices` */
} SettingType;

typedef enum SettingUnit {
    UNIT_NONE,
    UNIT_BYTES,
    UNIT_MILLISECONDS,
    UNIT_ROWS,
    UNIT_SECONDS,
    UNIT_KILOBYTES,
    UNIT_BLOCKS, /* of 8 kB: what PostgreSQL counts buffers in */
} SettingUnit;

typedef enum SettingScope {
    SCOPE_SERVER,  /* set at start: command line and talaria.conf */
    SCOPE_RELOAD,  /* as SERVER, and read again on SIGHUP */
    SCOPE_SESSION, /* as RELOAD, and SET by any session (query context parameters too) */
    SCOPE_FIXED,   /* reported, never set: server_version */
} SettingScope;

enum { SETTING_TEXT_SIZE = 256 };

/* Custom settings, as terminated name and value pairs; what is not used is zero. */
typedef struct SettingCustom {
    uint32_t length;
    char bytes[4092];
} SettingCustom;

/* settings.def rows:
 *   SETTING_ROW_BOOL(field, "name", "old,names", default, scope, report, "description")
 *   SETTING_ROW_INT (field, "name", "old,names", default, min, max, unit, scope, report, "...")
 *   SETTING_ROW_TEXT(field, "name", "old,names", "default", scope, report, "...")
 *   SETTING_ROW_ENUM(field, "name", "old,names", default_index, "a,b,c", scope, report, "...")
 * `report`: a change is sent to the client as ParameterStatus.
 */
typedef struct Settings {
#define SETTING_ROW_BOOL(field, ...) bool field;
#define SETTING_ROW_INT(field, ...) int64_t field;
#define SETTING_ROW_TEXT(field, ...) char field[SETTING_TEXT_SIZE];
#define SETTING_ROW_ENUM(field, ...) int32_t field;
#include "base/setting/settings.def"
#undef SETTING_ROW_BOOL
#undef SETTING_ROW_INT
#undef SETTING_ROW_TEXT
#undef SETTING_ROW_ENUM
    SettingCustom custom;
} Settings;

typedef struct SettingInfo {
    const char *name;      /* as SHOW prints it; matched without regard to case */
    const char *old_names; /* comma-separated aliases, may be "" */
    const char *description;
    SettingType type;
    SettingScope scope;
    SettingUnit unit;
    bool is_reported;
    const char *choices; /* ENUM: comma-separated, else NULL */
    int64_t minimum, maximum;
    uint32_t offset; /* of the value in Settings */
} SettingInfo;

/* The table, in the order of settings.def; `count` rows. */
const SettingInfo *setting_table(int *count);
/* By name or old name, case-insensitive; NULL when there is none. */
const SettingInfo *setting_find(Text name);

/* Whether the name is one of Druid's context parameters that have no effect here (ignored.def). */
bool setting_is_ignored(Text name);

void setting_defaults(Settings *settings);
/* Parses and checks. Faults: 22023 with the bounds or choices, 42704 unknown name, 55P02 when
 * `scope` (what the caller may set) does not reach the row's. A dotted unknown name makes a
 * custom setting (42602 malformed, 54000 no room); those of setting_is_ignored are accepted
 * without effect (true). */
bool setting_set(Settings *settings, Text name, Text value, SettingScope may_set, Fault *fault);
/* The value as SHOW prints it (units as PostgreSQL: "128MB"); writes into `out`. */
void setting_show(const Settings *settings, const SettingInfo *info, char *out, size_t size);
/* RESET: back to the value in `server`. */
void setting_reset(Settings *settings, const Settings *server, const SettingInfo *info);
/* Whether the two hold the same value of this setting. */
bool setting_equal(const Settings *a, const Settings *b, const SettingInfo *info);

/* --- custom settings: names with a dot that are not of the table --- */
bool setting_is_custom(Text name);
/* Its value, which points into `settings`; false when it has not been set. */
bool setting_custom_get(const Settings *settings, Text name, Text *value);
/* Back to its value in `server`, or to an empty one. Faults as setting_set. */
bool setting_custom_reset(Settings *settings, const Settings *server, Text name, Fault *fault);
/* One after the other, from *at = 0; false behind the last. */
bool setting_custom_next(const Settings *settings, uint32_t *at, Text *name, Text *value);
/* All of them back to what they are in `other`; names that it has not got stay known, and empty. */
void setting_custom_restore(Settings *settings, const Settings *other);

/* Rows of external data that may fail to parse, -1 any number: maxParseExceptions, or where that
 * is 0 what the mode says. */
int64_t setting_parse_exceptions(const Settings *settings);

/* Only what differs from the defaults, as a msgpack map name -> text. */
void setting_pack(const Settings *settings, Buffer *out);
bool setting_unpack(Settings *settings, const uint8_t *data, size_t length, Fault *fault);

/* Appends a markdown table of all settings: the reference page in docs. */
void setting_describe(Buffer *out);

/* Reads talaria.conf: lines `name = value`, `#` comments, values optionally in '...'. Faults
 * carry the file's line, and leave the settings as they were. A missing file is no error. With
 * SCOPE_RELOAD, rows of SCOPE_SERVER are checked and left alone. */
bool setting_read_file(Settings *settings, const char *path, SettingScope may_set, Fault *fault);

#endif

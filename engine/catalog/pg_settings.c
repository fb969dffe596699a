/*
 * pg_catalog.pg_settings: the table of settings with their values in this session.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"name", T_TEXT}, {"setting", T_TEXT}, {"unit", T_TEXT}, {"category", T_TEXT},
    {"short_desc", T_TEXT}, {"extra_desc", T_TEXT}, {"context", T_TEXT}, {"vartype", T_TEXT},
    {"source", T_TEXT}, {"min_val", T_TEXT}, {"max_val", T_TEXT}, {"enumvals", T_TEXT_ARRAY},
    {"boot_val", T_TEXT}, {"reset_val", T_TEXT}, {"sourcefile", T_TEXT}, {"sourceline", T_INT4},
    {"pending_restart", T_BOOL},
};
/* clang-format on */

static const char *const contexts[] = {
    [SCOPE_SERVER] = "postmaster",
    [SCOPE_RELOAD] = "sighup",
    [SCOPE_SESSION] = "user",
    [SCOPE_FIXED] = "internal",
};
static const char *const types[] = {
    [SETTING_BOOL] = "bool",
    [SETTING_INT] = "integer",
    [SETTING_TEXT] = "string",
    [SETTING_ENUM] = "enum",
};
static const char *const units[] = {
    [UNIT_NONE] = NULL, [UNIT_BYTES] = "B", [UNIT_MILLISECONDS] = "ms", [UNIT_ROWS] = NULL,
    [UNIT_SECONDS] = "s",
    [UNIT_KILOBYTES] = "kB", [UNIT_BLOCKS] = "8kB"};

/* Numbers are plain, in the unit of their row; all else is as SHOW prints it. */
static const char *value_of(Arena *arena, const Settings *settings, const SettingInfo *info)
{
    char text[SETTING_TEXT_SIZE + 32];
    if (info->type == SETTING_INT) {
        int64_t value;
        memcpy(&value, (const char *)settings + info->offset, sizeof value);
        return arena_printf(arena, "%lld", (long long)value);
    }
    setting_show(settings, info, text, sizeof text);
    return arena_strdup(arena, text);
}

static void set_choices(CatalogRows *rows, const char *choices)
{
    Text list[32];
    uint32_t count = 0;
    while (choices != NULL && *choices != 0 && count < 32) {
        uint32_t length = (uint32_t)strcspn(choices, ",");
        list[count++] = (Text){.data = choices, .length = length};
        choices += length + (choices[length] == ',');
    }
    if (count > 0)
        catalog_set_texts(rows, "enumvals", list, count);
}

static void add_setting(CatalogRows *rows, const CatalogContext *context, const Settings *defaults,
                        const SettingInfo *info)
{
    const Settings *server = context->server_settings;
    server = server == NULL ? defaults : server;
    const Settings *session = context->settings == NULL ? server : context->settings;
    bool from_session = !setting_equal(session, server, info);
    bool from_file = !setting_equal(server, defaults, info);
    catalog_set_string(rows, "name", info->name);
    catalog_set_string(rows, "setting", value_of(rows->arena, session, info));
    catalog_set_string(rows, "unit", units[info->unit]);
    catalog_set_string(rows, "category",
                       strchr(info->name, '.') != NULL ? "Customized Options" : "Talaria");
    catalog_set_string(rows, "short_desc", info->description);
    catalog_set_string(rows, "context", contexts[info->scope]);
    catalog_set_string(rows, "vartype", types[info->type]);
    catalog_set_string(rows, "source",
                       from_session ? "session" : (from_file ? "configuration file" : "default"));
    if (info->type == SETTING_INT) {
        catalog_set_string(rows, "min_val",
                           arena_printf(rows->arena, "%lld", (long long)info->minimum));
        catalog_set_string(rows, "max_val",
                           arena_printf(rows->arena, "%lld", (long long)info->maximum));
    }
    if (info->type == SETTING_ENUM)
        set_choices(rows, info->choices);
    catalog_set_string(rows, "boot_val", value_of(rows->arena, defaults, info));
    catalog_set_string(rows, "reset_val", value_of(rows->arena, server, info));
    catalog_set_bool(rows, "pending_restart", false);
    catalog_row_end(rows);
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    int count;
    const SettingInfo *settings = setting_table(&count);
    Settings *defaults = ARENA_NEW(arena, Settings);
    CatalogRows rows;
    setting_defaults(defaults);
    ROWS_BEGIN(&rows, columns, arena);
    for (int i = 0; i < count; i++)
        add_setting(&rows, context, defaults, &settings[i]);
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_settings = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                             .name = "pg_settings",
                                             .oid = 12104,
                                             .is_view = true,
                                             CATALOG_COLUMNS(columns),
                                             .produce = produce};

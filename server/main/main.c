/*
 * The program: the server with its real controllers and workers.
 */
#include "server/controller/controller.h"
#include "server/main/server.h"
#include "server/worker/worker.h"

#include "base/log/log.h"
#include "engine/function/function.h"
#include "engine/type/timezone.h"
#include "storage/deep/deep.h"
#include "storage/meta/meta.h"
#include "storage/table/table.h"

#include <string.h>

static bool recover_tables(Meta *meta, Deep *deep, Fault *fault)
{
    TableCleanup cleanup = {0};
    TableStore *store = table_store_open(meta, deep, NULL);
    /* what sessions of the last run had for themselves goes first: its files are then unused */
    bool ok = table_block_recover(store, fault) && table_drop_temporary(store, fault) &&
              table_recover(store, &cleanup, fault);
    if (ok && cleanup.staged_removed + cleanup.orphans_removed > 0)
        log_info("removed what unfinished statements left staged=%u orphans=%u",
                 cleanup.staged_removed, cleanup.orphans_removed);
    table_store_close(store);
    return ok;
}

/* What a crash left behind goes before anybody reads. */
static bool prepare(const Config *config, const Settings *settings, Fault *fault)
{
    Meta *meta = meta_open_sqlite(config->data_folder, fault);
    if (meta == NULL)
        return false;
    Deep *deep = deep_open_local(config->data_folder, fault);
    bool ok = deep != NULL && recover_tables(meta, deep, fault);
    deep_close(deep);
    meta_close(meta);
    return ok;
}

static bool check_instant(Text value, Fault *fault)
{
    TypeContext context = {.zone = timezone_utc()};
    Arena *arena = arena_new("setting");
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_INT64, 1);
    bool is_good = type_parse_text(SQL_TYPE(T_TIMESTAMPTZ), &context, value, &builder, fault);
    arena_free(arena);
    return is_good;
}

static bool check_setting(const SettingInfo *info, Text value, Fault *fault)
{
    if (strcmp(info->name, "sqlCurrentTimestamp") == 0)
        return value.length == 0 || check_instant(value, fault);
    if (strcmp(info->name, "TimeZone") != 0)
        return true;
    return timezone_of_setting(value, true, fault) != NULL;
}

int main(int argc, char **argv)
{
    static const DescribeTopic topics[] = {
        {"functions", function_describe},
        {NULL, NULL},
    };
    static const ServerParts parts = {
        .run = {[CHILD_CONTROLLER] = controller_main, [CHILD_WORKER] = worker_main},
        .prepare = prepare,
        .check_setting = check_setting,
        .topics = topics,
    };
    return server_main(&parts, argc, argv);
}

/*
 * sys.servers, sys.tasks and sys.supervisors: this server, the queries that the caller knows
 * of, and the supervisors of streams, of which there are none.
 */
#include "engine/catalog/catalog_internal.h"

static const VirtualColumn server_columns[] = {
    {"server", T_VARCHAR},     {"host", T_VARCHAR},        {"plaintext_port", T_INT8},
    {"tls_port", T_INT8},      {"server_type", T_VARCHAR}, {"tier", T_VARCHAR},
    {"curr_size", T_INT8},     {"max_size", T_INT8},       {"is_leader", T_INT8},
    {"start_time", T_VARCHAR}, {"version", T_VARCHAR},     {"labels", T_VARCHAR},
};

static const VirtualColumn task_columns[] = {
    {"task_id", T_VARCHAR},    {"group_id", T_VARCHAR},      {"type", T_VARCHAR},
    {"datasource", T_VARCHAR}, {"created_time", T_VARCHAR},  {"queue_insertion_time", T_VARCHAR},
    {"status", T_VARCHAR},     {"runner_status", T_VARCHAR}, {"duration", T_INT8},
    {"location", T_VARCHAR},   {"host", T_VARCHAR},          {"plaintext_port", T_INT8},
    {"tls_port", T_INT8},      {"error_msg", T_VARCHAR},
};

static const VirtualColumn supervisor_columns[] = {
    {"supervisor_id", T_VARCHAR},  {"datasource", T_VARCHAR}, {"state", T_VARCHAR},
    {"detailed_state", T_VARCHAR}, {"healthy", T_INT8},       {"type", T_VARCHAR},
    {"source", T_VARCHAR},         {"suspended", T_INT8},     {"spec", T_VARCHAR},
};

static Text location(const CatalogContext *context, Arena *arena)
{
    return text_of(arena_printf(arena, "%.*s:%d", TEXT_ARGS(context->host), context->port));
}

static uint64_t stored_bytes(const CatalogContext *context)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < context->tables->table_count; i++)
        bytes += context->tables->tables[i]->bytes;
    return bytes;
}

/* One process group is all of Druid's servers; it is shown as the one that holds segments. */
static bool produce_servers(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, server_columns, arena);
    catalog_set_text(&rows, "server", location(context, arena));
    catalog_set_text(&rows, "host", context->host);
    catalog_set_int(&rows, "plaintext_port", context->port);
    catalog_set_int(&rows, "tls_port", -1);
    catalog_set_string(&rows, "server_type", "historical");
    catalog_set_string(&rows, "tier", "_default_tier");
    catalog_set_int(&rows, "curr_size", (int64_t)stored_bytes(context));
    catalog_set_int(&rows, "max_size", 0);
    catalog_set_int(&rows, "is_leader", 1);
    catalog_set_text(&rows, "start_time", catalog_time(arena, context->server_started));
    catalog_row_end(&rows);
    *out = catalog_rows_finish(&rows);
    return true;
}

static void add_task(CatalogRows *rows, const CatalogContext *context, const CatalogTask *task)
{
    catalog_set_text(rows, "task_id", task->id);
    catalog_set_text(rows, "group_id", task->group.length > 0 ? task->group : task->id);
    catalog_set_text(rows, "type", task->type);
    catalog_set_text(rows, "datasource", task->datasource);
    catalog_set_text(rows, "created_time", catalog_time(rows->arena, task->created));
    catalog_set_text(rows, "queue_insertion_time", catalog_time(rows->arena, task->queued));
    catalog_set_text(rows, "status", task->status);
    catalog_set_text(rows, "runner_status", task->runner_status);
    catalog_set_int(rows, "duration", task->duration);
    catalog_set_text(rows, "location", location(context, rows->arena));
    catalog_set_text(rows, "host", context->host);
    catalog_set_int(rows, "plaintext_port", context->port);
    catalog_set_int(rows, "tls_port", -1);
    if (task->error.length > 0)
        catalog_set_text(rows, "error_msg", task->error);
    catalog_row_end(rows);
}

static bool produce_tasks(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, task_columns, arena);
    for (uint32_t i = 0; i < context->task_count; i++)
        add_task(&rows, context, &context->tasks[i]);
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_sys_servers = {.schema_oid = SCHEMA_OID_SYS,
                                             .name = "servers",
                                             .oid = 15002,
                                             CATALOG_COLUMNS(server_columns),
                                             .produce = produce_servers};
const VirtualRelation catalog_sys_tasks = {.schema_oid = SCHEMA_OID_SYS,
                                           .name = "tasks",
                                           .oid = 15003,
                                           CATALOG_COLUMNS(task_columns),
                                           .produce = produce_tasks};
const VirtualRelation catalog_sys_supervisors = {.schema_oid = SCHEMA_OID_SYS,
                                                 .name = "supervisors",
                                                 .oid = 15004,
                                                 CATALOG_COLUMNS(supervisor_columns)};

/*
 * sys.segments and sys.server_segments: the segments of every table, hidden ones too.
 */
#include "engine/catalog/catalog_internal.h"

static const VirtualColumn columns[] = {
    {"segment_id", T_VARCHAR},
    {"datasource", T_VARCHAR},
    {"start", T_VARCHAR},
    {"end", T_VARCHAR},
    {"size", T_INT8},
    {"version", T_VARCHAR},
    {"partition_num", T_INT8},
    {"num_replicas", T_INT8},
    {"num_rows", T_INT8},
    {"is_active", T_INT8},
    {"is_published", T_INT8},
    {"is_available", T_INT8},
    {"is_realtime", T_INT8},
    {"is_overshadowed", T_INT8},
    {"shard_spec", T_VARCHAR},
    {"dimensions", T_VARCHAR},
    {"metrics", T_VARCHAR},
    {"projections", T_VARCHAR},
    {"last_compaction_state", T_VARCHAR},
    {"replication_factor", T_INT8},
};

static const VirtualColumn server_columns[] = {{"server", T_VARCHAR}, {"segment_id", T_VARCHAR}};

static Text take_text(Arena *arena, Buffer *buffer)
{
    const char *copy = arena_strdup(arena, buffer_string(buffer));
    buffer_reset(buffer);
    return text_of(copy);
}

/* ["country","city"]: the columns that the segment holds, but for __time. */
static void write_dimensions(const Table *table, const TableSegment *segment, Buffer *json)
{
    bool is_first = true;
    buffer_append_byte(json, '[');
    for (uint32_t i = 0; i < table->column_count; i++) {
        Text name = table->columns[i].name;
        if (segment->summaries[i] == NULL || text_equal_string(name, "__time"))
            continue;
        buffer_append_string(json, is_first ? "\"" : ",\"");
        for (uint32_t j = 0; j < name.length; j++) {
            unsigned char c = (unsigned char)name.data[j];
            if (c < ' ')
                buffer_printf(json, "\\u%04x", c);
            else
                buffer_printf(json, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
        }
        buffer_append_byte(json, '"');
        is_first = false;
    }
    buffer_append_byte(json, ']');
}

static void add_segment(CatalogRows *rows, const Table *table, const TableSegment *segment,
                        Buffer *buffer)
{
    bool is_active = !segment->is_overshadowed;
    bool is_available = is_active && !segment->is_tombstone;
    catalog_set_text(rows, "segment_id", segment->id);
    catalog_set_text(rows, "datasource", table->name);
    catalog_set_text(rows, "start", catalog_time(rows->arena, segment->interval.start));
    catalog_set_text(rows, "end", catalog_time(rows->arena, segment->interval.end));
    catalog_set_int(rows, "size", (int64_t)segment->bytes);
    catalog_set_text(rows, "version", segment->version);
    catalog_set_int(rows, "partition_num", segment->shard.partition_number);
    catalog_set_int(rows, "num_replicas", is_available);
    catalog_set_int(rows, "num_rows", (int64_t)segment->rows);
    catalog_set_int(rows, "is_active", is_active);
    catalog_set_int(rows, "is_published", 1);
    catalog_set_int(rows, "is_available", is_available);
    catalog_set_int(rows, "is_realtime", 0);
    catalog_set_int(rows, "is_overshadowed", segment->is_overshadowed);
    shard_spec_write(&segment->shard, buffer);
    catalog_set_text(rows, "shard_spec", take_text(rows->arena, buffer));
    write_dimensions(table, segment, buffer);
    catalog_set_text(rows, "dimensions", take_text(rows->arena, buffer));
    catalog_set_string(rows, "metrics", "[]");
    catalog_set_int(rows, "replication_factor", 1);
    catalog_row_end(rows);
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    Buffer buffer = BUFFER_EMPTY;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < context->tables->table_count; i++) {
        const Table *table = context->tables->tables[i];
        AccessTarget target = {.kind = ACCESS_ON_TABLE, .oid = table->oid};
        if (access_held(catalog_context_user(context), &target, ACCESS_SELECT) == 0)
            continue;
        for (uint32_t j = 0; j < table->segment_count; j++)
            add_segment(&rows, table, &table->segments[j], &buffer);
        for (uint32_t j = 0; j < table->hidden_count; j++)
            add_segment(&rows, table, &table->hidden[j], &buffer);
    }
    buffer_clear(&buffer);
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_servers(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, server_columns, arena);
    Text server = text_of(arena_printf(arena, "%.*s:%d", TEXT_ARGS(context->host), context->port));
    for (uint32_t i = 0; i < context->tables->table_count; i++) {
        const Table *table = context->tables->tables[i];
        for (uint32_t j = 0; j < table->segment_count; j++) {
            catalog_set_text(&rows, "server", server);
            catalog_set_text(&rows, "segment_id", table->segments[j].id);
            catalog_row_end(&rows);
        }
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_sys_segments = {.schema_oid = SCHEMA_OID_SYS,
                                              .name = "segments",
                                              .oid = 15000,
                                              CATALOG_COLUMNS(columns),
                                              .produce = produce};
const VirtualRelation catalog_sys_server_segments = {.schema_oid = SCHEMA_OID_SYS,
                                                     .name = "server_segments",
                                                     .oid = 15001,
                                                     CATALOG_COLUMNS(server_columns),
                                                     .produce = produce_servers};

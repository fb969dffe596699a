/*
 * Changing tables other than by publishing: dropping and commenting.
 */
#include "storage/table/table_internal.h"

#include "base/os/os.h"

static bool undefined(Text name, Fault *fault)
{
    return fault_set(fault, FAULT_UNDEFINED_TABLE, "table \"%.*s\" does not exist",
                     TEXT_ARGS(name));
}

/* Ends a write transaction: commits when `ok`, and tells the readers. */
static bool finish(TableStore *store, bool ok, Fault *fault)
{
    if (!ok) {
        meta_rollback(store->meta);
        return false;
    }
    if (!meta_commit(store->meta, fault))
        return false;
    table_raise_version(store);
    return true;
}

static bool drop_within(TableStore *store, Text name, Arena *arena, Fault *fault)
{
    MetaTable *table;
    MetaSegment *segments;
    uint32_t count;
    int64_t now = os_now_micros();
    if (!meta_find_table(store->meta, name, arena, &table, fault))
        return false;
    if (table == NULL)
        return undefined(name, fault);
    if (!meta_segments(store->meta, table->oid, META_USED | META_TOMBSTONES, arena, &segments,
                       &count, fault))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!meta_set_segment_state(store->meta, segments[i].number, META_SEGMENT_UNUSED, now,
                                    fault))
            return false;
    }
    return meta_remove_table(store->meta, table->oid, fault);
}

bool table_drop(TableStore *store, Text name, int64_t lock_timeout, Fault *fault)
{
    TableInterval everything = TABLE_ETERNITY;
    if (!table_lock_begin_write(store, name, &everything, 1, true, 0, lock_timeout, fault))
        return false;
    Arena *arena = arena_new("drop table");
    bool ok = drop_within(store, name, arena, fault);
    arena_free(arena);
    return finish(store, ok, fault);
}

static bool comment_within(TableStore *store, Text name, Text column, Text comment, Arena *arena,
                           Fault *fault)
{
    MetaTable *table;
    if (!meta_find_table(store->meta, name, arena, &table, fault))
        return false;
    if (table == NULL)
        return undefined(name, fault);
    if (column.length == 0) {
        table->comment = comment;
        return meta_update_table(store->meta, table, fault);
    }
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (!text_equal(table->columns[i].name, column))
            continue;
        MetaColumn changed = table->columns[i];
        changed.comment = comment;
        return meta_put_column(store->meta, table->oid, &changed, fault) &&
               meta_update_table(store->meta, table, fault);
    }
    return fault_set(fault, FAULT_UNDEFINED_COLUMN,
                     "column \"%.*s\" of relation \"%.*s\" does not exist", TEXT_ARGS(column),
                     TEXT_ARGS(name));
}

bool table_set_comment(TableStore *store, Text table, Text column, Text comment, Fault *fault)
{
    if (!meta_begin(store->meta, true, fault))
        return false;
    Arena *arena = arena_new("comment");
    bool ok = comment_within(store, table, column, comment, arena, fault);
    arena_free(arena);
    return finish(store, ok, fault);
}

/*
 * pg_locks: the advisory locks of all sessions. What statements lock for themselves is held by the
 * processes that run them, and not shown.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"locktype", T_TEXT}, {"database", T_OID}, {"relation", T_OID}, {"page", T_INT4},
    {"tuple", T_INT2}, {"virtualxid", T_TEXT}, {"transactionid", T_XID}, {"classid", T_OID},
    {"objid", T_OID}, {"objsubid", T_INT2}, {"virtualtransaction", T_TEXT}, {"pid", T_INT4},
    {"mode", T_TEXT}, {"granted", T_BOOL}, {"fastpath", T_BOOL}, {"waitstart", T_TIMESTAMPTZ},
};
/* clang-format on */

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < context->lock_count; i++) {
        const CatalogLock *lock = &context->locks[i];
        catalog_set_string(&rows, "locktype", "advisory");
        catalog_set_int(&rows, "database", CATALOG_DATABASE_OID);
        catalog_set_int(&rows, "classid", lock->class_id);
        catalog_set_int(&rows, "objid", lock->object_id);
        catalog_set_int(&rows, "objsubid", lock->kind);
        catalog_set_string(&rows, "virtualtransaction", arena_printf(arena, "%d/1", lock->pid));
        catalog_set_int(&rows, "pid", lock->pid);
        catalog_set_text(&rows, "mode", lock->mode);
        catalog_set_bool(&rows, "granted", lock->is_granted);
        catalog_set_bool(&rows, "fastpath", false);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_locks = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                          .name = "pg_locks",
                                          .oid = 12073,
                                          .is_view = true,
                                          CATALOG_COLUMNS(columns),
                                          .produce = produce};

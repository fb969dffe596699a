/*
 * pg_catalog.pg_namespace: schemas.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"oid", T_OID}, {"nspname", T_NAME}, {"nspowner", T_OID}, {"nspacl", T_ACLITEM_ARRAY},
};
/* clang-format on */

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count;
    const SchemaInfo *schemas = schema_list_all(arena, context->tables, &count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        catalog_set_int(&rows, "oid", schemas[i].oid);
        catalog_set_string(&rows, "nspname", schemas[i].name);
        catalog_set_int(&rows, "nspowner", ACCESS_SUPERUSER_OID);
        catalog_set_acl(&rows, "nspacl", context, ACCESS_ON_SCHEMA, schemas[i].oid);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_namespace = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                              .name = "pg_namespace",
                                              .oid = 2615,
                                              CATALOG_COLUMNS(columns),
                                              .produce = produce};

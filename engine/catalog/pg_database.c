/*
 * pg_catalog.pg_database: the one database, by the name that the session connected to.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"oid", T_OID}, {"datname", T_NAME}, {"datdba", T_OID}, {"encoding", T_INT4},
    {"datlocprovider", T_CHAR}, {"datistemplate", T_BOOL}, {"datallowconn", T_BOOL},
    {"datconnlimit", T_INT4}, {"datfrozenxid", T_XID}, {"datminmxid", T_XID},
    {"dattablespace", T_OID}, {"datcollate", T_TEXT}, {"datctype", T_TEXT},
    {"daticulocale", T_TEXT}, {"datcollversion", T_TEXT}, {"datacl", T_ACLITEM_ARRAY},
};
/* clang-format on */

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    catalog_set_int(&rows, "oid", CATALOG_DATABASE_OID);
    catalog_set_text(&rows, "datname", catalog_database(context));
    catalog_set_int(&rows, "datdba", ACCESS_SUPERUSER_OID);
    catalog_set_int(&rows, "encoding", CATALOG_UTF8);
    catalog_set_char(&rows, "datlocprovider", 'c');
    catalog_set_bool(&rows, "datistemplate", false);
    catalog_set_bool(&rows, "datallowconn", true);
    catalog_set_int(&rows, "datconnlimit", -1);
    catalog_set_int(&rows, "datfrozenxid", 0);
    catalog_set_int(&rows, "datminmxid", 0);
    catalog_set_int(&rows, "dattablespace", CATALOG_TABLESPACE_OID);
    catalog_set_string(&rows, "datcollate", "C");
    catalog_set_string(&rows, "datctype", "C.UTF-8");
    catalog_row_end(&rows);
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_database = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                             .name = "pg_database",
                                             .oid = 1262,
                                             CATALOG_COLUMNS(columns),
                                             .produce = produce};

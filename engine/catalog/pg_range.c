/*
 * pg_catalog.pg_range: the range types that pg_type lists, so that what refers to them joins.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"rngtypid", T_OID}, {"rngsubtype", T_OID}, {"rngmultitypid", T_OID},
    {"rngcollation", T_OID}, {"rngsubopc", T_OID}, {"rngcanonical", T_REGPROC},
    {"rngsubdiff", T_REGPROC},
};
/* clang-format on */

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    static const struct {
        Oid range, subtype, multirange;
    } ranges[] = {
        {3904, T_INT4, 4451},        {3906, T_NUMERIC, 4532}, {3908, T_TIMESTAMP, 4533},
        {3910, T_TIMESTAMPTZ, 4534}, {3912, T_DATE, 4535},    {3926, T_INT8, 4536},
    };
    (void)context;
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        catalog_set_int(&rows, "rngtypid", ranges[i].range);
        catalog_set_int(&rows, "rngsubtype", ranges[i].subtype);
        catalog_set_int(&rows, "rngmultitypid", ranges[i].multirange);
        catalog_set_int(&rows, "rngcollation", 0);
        catalog_set_int(&rows, "rngsubopc", 0);
        catalog_set_int(&rows, "rngcanonical", 0);
        catalog_set_int(&rows, "rngsubdiff", 0);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_range = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                          .name = "pg_range",
                                          .oid = 3541,
                                          CATALOG_COLUMNS(columns),
                                          .produce = produce};

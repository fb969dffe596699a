/*
 * pg_catalog.pg_aggregate: the aggregates of engine/function. Their steps are not functions of
 * their own, so those columns are 0.
 */
#include "engine/catalog/catalog_internal.h"
#include "engine/function/function.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"aggfnoid", T_REGPROC}, {"aggkind", T_CHAR}, {"aggnumdirectargs", T_INT2},
    {"aggtransfn", T_REGPROC}, {"aggfinalfn", T_REGPROC}, {"aggcombinefn", T_REGPROC},
    {"aggserialfn", T_REGPROC}, {"aggdeserialfn", T_REGPROC}, {"aggmtransfn", T_REGPROC},
    {"aggminvtransfn", T_REGPROC}, {"aggmfinalfn", T_REGPROC}, {"aggfinalextra", T_BOOL},
    {"aggmfinalextra", T_BOOL}, {"aggfinalmodify", T_CHAR}, {"aggmfinalmodify", T_CHAR},
    {"aggsortop", T_OID}, {"aggtranstype", T_OID}, {"aggtransspace", T_INT4},
    {"aggmtranstype", T_OID}, {"aggmtransspace", T_INT4}, {"agginitval", T_TEXT},
    {"aggminitval", T_TEXT},
};
/* clang-format on */

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    static const char *const functions_of[] = {
        "aggtransfn",    "aggfinalfn",  "aggcombinefn",   "aggserialfn",
        "aggdeserialfn", "aggmtransfn", "aggminvtransfn", "aggmfinalfn",
    };
    (void)context;
    (void)fault;
    uint32_t count;
    const AggregateFunction *const *functions = function_aggregates(&count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        catalog_set_int(&rows, "aggfnoid", functions[i]->oid);
        catalog_set_char(&rows, "aggkind", functions[i]->is_ordered_set ? 'o' : 'n');
        catalog_set_int(&rows, "aggnumdirectargs", functions[i]->direct_count);
        for (size_t j = 0; j < sizeof functions_of / sizeof functions_of[0]; j++)
            catalog_set_int(&rows, functions_of[j], 0);
        catalog_set_bool(&rows, "aggfinalextra", false);
        catalog_set_bool(&rows, "aggmfinalextra", false);
        catalog_set_char(&rows, "aggfinalmodify", 'r');
        catalog_set_char(&rows, "aggmfinalmodify", 'r');
        catalog_set_int(&rows, "aggsortop", 0);
        catalog_set_int(&rows, "aggtranstype", 2281);
        catalog_set_int(&rows, "aggtransspace", functions[i]->state_size);
        catalog_set_int(&rows, "aggmtranstype", 0);
        catalog_set_int(&rows, "aggmtransspace", 0);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_aggregate = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                              .name = "pg_aggregate",
                                              .oid = 2600,
                                              CATALOG_COLUMNS(columns),
                                              .produce = produce};

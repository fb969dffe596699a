/*
 * pg_catalog.pg_cast: the casts of engine/function. A cast goes by its function's OID.
 */
#include "engine/catalog/catalog_internal.h"
#include "engine/function/function.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"oid", T_OID}, {"castsource", T_OID}, {"casttarget", T_OID}, {"castfunc", T_OID},
    {"castcontext", T_CHAR}, {"castmethod", T_CHAR},
};
/* clang-format on */

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    static const char contexts[] = {
        [CAST_EXPLICIT] = 'e', [CAST_ASSIGNMENT] = 'a', [CAST_IMPLICIT] = 'i'};
    (void)fault;
    uint32_t count;
    const ScalarFunction *const *functions = function_scalars(&count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        const ScalarFunction *function = functions[i];
        if (function->kind != FUNCTION_CAST || function->argument_count == 0 ||
            !catalog_speaks(context, function))
            continue;
        catalog_set_int(&rows, "oid", function->oid);
        catalog_set_int(&rows, "castsource", function->arguments[0]);
        catalog_set_int(&rows, "casttarget", function->result);
        catalog_set_int(&rows, "castfunc", function->oid);
        catalog_set_char(&rows, "castcontext", contexts[function->cast_rule]);
        catalog_set_char(&rows, "castmethod", 'f');
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_cast = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                         .name = "pg_cast",
                                         .oid = 2605,
                                         CATALOG_COLUMNS(columns),
                                         .produce = produce};

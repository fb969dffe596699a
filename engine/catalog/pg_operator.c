/*
 * pg_catalog.pg_operator: the functions of engine/function that have an operator's spelling. An
 * operator goes by its function's OID.
 */
#include "engine/catalog/catalog_internal.h"
#include "engine/function/function.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"oid", T_OID}, {"oprname", T_NAME}, {"oprnamespace", T_OID}, {"oprowner", T_OID},
    {"oprkind", T_CHAR}, {"oprcanmerge", T_BOOL}, {"oprcanhash", T_BOOL}, {"oprleft", T_OID},
    {"oprright", T_OID}, {"oprresult", T_OID}, {"oprcom", T_OID}, {"oprnegate", T_OID},
    {"oprcode", T_REGPROC}, {"oprrest", T_REGPROC}, {"oprjoin", T_REGPROC},
};
/* clang-format on */

static void add_operator(CatalogRows *rows, const ScalarFunction *function)
{
    bool is_binary = function->argument_count == 2;
    catalog_set_int(rows, "oid", function->oid);
    catalog_set_string(rows, "oprname", function->symbol);
    catalog_set_int(rows, "oprnamespace", SCHEMA_OID_PG_CATALOG);
    catalog_set_int(rows, "oprowner", ACCESS_SUPERUSER_OID);
    catalog_set_char(rows, "oprkind", is_binary ? 'b' : 'l');
    catalog_set_bool(rows, "oprcanmerge", is_binary && strcmp(function->symbol, "=") == 0);
    catalog_set_bool(rows, "oprcanhash", is_binary && strcmp(function->symbol, "=") == 0);
    catalog_set_int(rows, "oprleft", is_binary ? function->arguments[0] : 0);
    catalog_set_int(rows, "oprright", function->arguments[is_binary ? 1 : 0]);
    catalog_set_int(rows, "oprresult", function->result);
    catalog_set_int(rows, "oprcom", 0);
    catalog_set_int(rows, "oprnegate", 0);
    catalog_set_int(rows, "oprcode", function->oid);
    catalog_set_int(rows, "oprrest", 0);
    catalog_set_int(rows, "oprjoin", 0);
    catalog_row_end(rows);
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count;
    const ScalarFunction *const *functions = function_scalars(&count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t arguments = functions[i]->argument_count;
        if (functions[i]->symbol != NULL && (arguments == 1 || arguments == 2) &&
            catalog_speaks(context, functions[i]))
            add_operator(&rows, functions[i]);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_operator = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                             .name = "pg_operator",
                                             .oid = 2617,
                                             CATALOG_COLUMNS(columns),
                                             .produce = produce};

/*
 * pg_catalog.pg_proc: the functions and aggregates of engine/function, and the input, output,
 * receive and send functions of types, by which drivers classify types.
 */
#include "engine/catalog/catalog_internal.h"
#include "engine/function/function.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"oid", T_OID}, {"proname", T_NAME}, {"pronamespace", T_OID}, {"proowner", T_OID},
    {"prolang", T_OID}, {"procost", T_FLOAT4}, {"prorows", T_FLOAT4}, {"provariadic", T_OID},
    {"prosupport", T_REGPROC}, {"prokind", T_CHAR}, {"prosecdef", T_BOOL},
    {"proleakproof", T_BOOL}, {"proisstrict", T_BOOL}, {"proretset", T_BOOL},
    {"provolatile", T_CHAR}, {"proparallel", T_CHAR}, {"pronargs", T_INT2},
    {"pronargdefaults", T_INT2}, {"prorettype", T_OID}, {"proargtypes", T_OIDVECTOR},
    {"proallargtypes", T_OID_ARRAY}, {"proargmodes", T_CHAR_ARRAY},
    {"proargnames", T_TEXT_ARRAY}, {"proargdefaults", T_PG_NODE_TREE},
    {"protrftypes", T_OID_ARRAY}, {"prosrc", T_TEXT}, {"probin", T_TEXT},
    {"prosqlbody", T_PG_NODE_TREE}, {"proconfig", T_TEXT_ARRAY}, {"proacl", T_ACLITEM_ARRAY},
};
/* clang-format on */

typedef struct Procedure {
    Oid oid, result, variadic;
    const char *name;
    char kind, volatility;
    bool is_strict;
    uint32_t argument_count, default_count;
    const Oid *arguments;
} Procedure;

static void add_procedure(CatalogRows *rows, const Procedure *procedure)
{
    int64_t arguments[FUNCTION_MAX_ARGS];
    for (uint32_t i = 0; i < procedure->argument_count; i++)
        arguments[i] = procedure->arguments[i];
    catalog_set_int(rows, "oid", procedure->oid);
    catalog_set_string(rows, "proname", procedure->name);
    catalog_set_int(rows, "pronamespace",
                    strncmp(procedure->name, "_pg_", 4) == 0 ? SCHEMA_OID_INFORMATION_SCHEMA
                                                             : SCHEMA_OID_PG_CATALOG);
    catalog_set_int(rows, "proowner", ACCESS_SUPERUSER_OID);
    catalog_set_int(rows, "prolang", CATALOG_LANGUAGE_INTERNAL);
    catalog_set_float(rows, "procost", 1);
    catalog_set_float(rows, "prorows", 0);
    catalog_set_int(rows, "provariadic", procedure->variadic);
    catalog_set_int(rows, "prosupport", 0);
    catalog_set_char(rows, "prokind", procedure->kind);
    catalog_set_bool(rows, "prosecdef", false);
    catalog_set_bool(rows, "proleakproof", false);
    catalog_set_bool(rows, "proisstrict", procedure->is_strict);
    catalog_set_bool(rows, "proretset", false);
    catalog_set_char(rows, "provolatile", procedure->volatility);
    catalog_set_char(rows, "proparallel", 's');
    catalog_set_int(rows, "pronargs", procedure->argument_count);
    catalog_set_int(rows, "pronargdefaults", procedure->default_count);
    catalog_set_int(rows, "prorettype", procedure->result);
    catalog_set_ints(rows, "proargtypes", arguments, procedure->argument_count);
    catalog_set_string(rows, "prosrc", procedure->name);
    catalog_row_end(rows);
}

static char volatility_letter(Volatility volatility)
{
    return volatility == IMMUTABLE ? 'i' : volatility == STABLE ? 's' : 'v';
}

static void add_scalars(CatalogRows *rows, const CatalogContext *context)
{
    uint32_t count;
    const ScalarFunction *const *functions = function_scalars(&count);
    for (uint32_t i = 0; i < count; i++) {
        const ScalarFunction *function = functions[i];
        if (!catalog_speaks(context, function))
            continue;
        uint32_t arguments = function->argument_count < FUNCTION_MAX_ARGS ? function->argument_count
                                                                          : FUNCTION_MAX_ARGS;
        Procedure procedure = {
            .oid = function->oid,
            .name = function->name,
            .result = function->result,
            .kind = 'f',
            .volatility = volatility_letter(function->volatility),
            .is_strict = function->nulls == NULLS_STRICT,
            .argument_count = arguments,
            .default_count = function->optional_count,
            .arguments = function->arguments,
            .variadic =
                function->is_variadic && arguments > 0 ? function->arguments[arguments - 1] : 0,
        };
        add_procedure(rows, &procedure);
    }
}

static void add_aggregates(CatalogRows *rows)
{
    uint32_t count;
    const AggregateFunction *const *functions = function_aggregates(&count);
    for (uint32_t i = 0; i < count; i++) {
        Procedure procedure = {
            .oid = functions[i]->oid,
            .name = functions[i]->name,
            .result = functions[i]->result,
            .kind = 'a',
            .volatility = 'i',
            .argument_count = functions[i]->argument_count,
            .default_count = functions[i]->optional_count,
            .arguments = functions[i]->arguments,
        };
        add_procedure(rows, &procedure);
    }
}

static void add_windows(CatalogRows *rows)
{
    uint32_t count;
    const WindowFunction *functions = function_windows(&count);
    for (uint32_t i = 0; i < count; i++) {
        Procedure procedure = {
            .oid = functions[i].oid,
            .name = functions[i].name,
            .result = functions[i].result,
            .kind = 'w',
            .volatility = 'i',
            .is_strict = true,
            .argument_count = functions[i].argument_count,
            .arguments = functions[i].arguments,
        };
        add_procedure(rows, &procedure);
    }
}

static void add_type_functions(CatalogRows *rows)
{
    uint32_t count;
    const TypeFunction *functions = catalog_type_functions(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (function_scalar_by_oid(functions[i].oid) != NULL)
            continue;
        Procedure procedure = {
            .oid = functions[i].oid,
            .name = functions[i].name,
            .result = functions[i].result,
            .kind = 'f',
            .volatility = functions[i].volatility,
            .is_strict = true,
            .argument_count = functions[i].argument_count,
            .arguments = functions[i].arguments,
        };
        add_procedure(rows, &procedure);
    }
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    add_scalars(&rows, context);
    add_aggregates(&rows);
    add_windows(&rows);
    add_type_functions(&rows);
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_proc = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                         .name = "pg_proc",
                                         .oid = 1255,
                                         CATALOG_COLUMNS(columns),
                                         .produce = produce};

/*
 * pg_catalog.pg_description and pg_shdescription: comments on tables and columns, and what
 * schemas, functions and the database have to say of themselves.
 */
#include "engine/catalog/catalog_internal.h"
#include "engine/function/function.h"

/* clang-format off */
static const VirtualColumn columns[] = {
    {"objoid", T_OID}, {"classoid", T_OID}, {"objsubid", T_INT4}, {"description", T_TEXT},
};
/* clang-format on */

/* clang-format off */
static const VirtualColumn shared_columns[] = {
    {"objoid", T_OID}, {"classoid", T_OID}, {"description", T_TEXT},
};
/* clang-format on */

static void add(CatalogRows *rows, Oid oid, Oid class_oid, int32_t number, Text description)
{
    if (description.length == 0)
        return;
    catalog_set_int(rows, "objoid", oid);
    catalog_set_int(rows, "classoid", class_oid);
    catalog_set_int(rows, "objsubid", number);
    catalog_set_text(rows, "description", description);
    catalog_row_end(rows);
}

static void add_table(CatalogRows *rows, const Table *table)
{
    add(rows, table->oid, CLASS_PG_CLASS, 0, table->comment);
    for (uint32_t i = 0; i < table->column_count; i++)
        add(rows, table->oid, CLASS_PG_CLASS, table->columns[i].number, table->columns[i].comment);
}

static void add_functions(CatalogRows *rows, const CatalogContext *context)
{
    uint32_t count;
    const ScalarFunction *const *scalars = function_scalars(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (scalars[i]->summary != NULL && catalog_speaks(context, scalars[i]))
            add(rows, scalars[i]->oid, CLASS_PG_PROC, 0, text_of(scalars[i]->summary));
    }
    const AggregateFunction *const *aggregates = function_aggregates(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (aggregates[i]->summary != NULL)
            add(rows, aggregates[i]->oid, CLASS_PG_PROC, 0, text_of(aggregates[i]->summary));
    }
    const WindowFunction *windows = function_windows(&count);
    for (uint32_t i = 0; i < count; i++)
        add(rows, windows[i].oid, CLASS_PG_PROC, 0, text_of(windows[i].summary));
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    uint32_t count;
    const SchemaInfo *schemas = schema_list_all(arena, context->tables, &count);
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < context->tables->table_count; i++)
        add_table(&rows, context->tables->tables[i]);
    for (uint32_t i = 0; i < count; i++) {
        if (schemas[i].description != NULL)
            add(&rows, schemas[i].oid, CLASS_PG_NAMESPACE, 0, text_of(schemas[i].description));
    }
    add_functions(&rows, context);
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_shared(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)context;
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, shared_columns, arena);
    catalog_set_int(&rows, "objoid", CATALOG_DATABASE_OID);
    catalog_set_int(&rows, "classoid", CLASS_PG_DATABASE);
    catalog_set_string(&rows, "description", CATALOG_DATABASE_COMMENT);
    catalog_row_end(&rows);
    *out = catalog_rows_finish(&rows);
    return true;
}

static Text function_summary(Oid oid)
{
    const ScalarFunction *scalar = function_scalar_by_oid(oid);
    const AggregateFunction *aggregate = function_aggregate_by_oid(oid);
    const char *summary =
        scalar != NULL ? scalar->summary : (aggregate != NULL ? aggregate->summary : NULL);
    return summary == NULL ? TEXT_LITERAL("") : text_of(summary);
}

Text catalog_description(const CatalogContext *context, Oid class_oid, Oid oid, int32_t number)
{
    uint32_t count;
    const SchemaInfo *schemas = schema_list(&count);
    const Table *table = class_oid == CLASS_PG_CLASS ? table_by_oid(context->tables, oid) : NULL;
    if (table != NULL && number == 0)
        return table->comment;
    for (uint32_t i = 0; table != NULL && i < table->column_count; i++) {
        if (table->columns[i].number == number)
            return table->columns[i].comment;
    }
    for (uint32_t i = 0; class_oid == CLASS_PG_NAMESPACE && i < count; i++) {
        if (schemas[i].oid == oid && schemas[i].description != NULL)
            return text_of(schemas[i].description);
    }
    return class_oid == CLASS_PG_PROC ? function_summary(oid) : TEXT_LITERAL("");
}

const VirtualRelation catalog_pg_description = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                .name = "pg_description",
                                                .oid = 2609,
                                                CATALOG_COLUMNS(columns),
                                                .produce = produce};
const VirtualRelation catalog_pg_shdescription = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                  .name = "pg_shdescription",
                                                  .oid = 2396,
                                                  CATALOG_COLUMNS(shared_columns),
                                                  .produce = produce_shared};

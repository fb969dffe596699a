/*
 * Functions in FROM that the catalogs know: those that give a relation's rows, as
 * pg_get_keywords() does (engine/schema), and those that take a value of the row beside them
 * apart into several columns, as pg_options_to_table(options) does. The columns of the latter are
 * series side by side, each the elements of an array (bind_series.c).
 */
#include "engine/sql/bind_record_internal.h"

enum { MAX_COLUMNS = 4 };

/* Instead of a function: the argument's own elements; their numbers. */
#define ELEMENT_FUNCTION ""
#define NUMBER_FUNCTION "#"

/* A column: the elements of `function`(argument). */
typedef struct SeriesColumn {
    const char *name, *function;
} SeriesColumn;

typedef struct TableFunction {
    const char *name;
    Oid argument; /* T_NONE: of any type */
    SeriesColumn columns[MAX_COLUMNS];
} TableFunction;

static const TableFunction functions[] = {
    {"pg_options_to_table", T_TEXT_ARRAY,
     {{"option_name", "option_names"}, {"option_value", "option_values"}}},
    {"aclexplode", T_NONE,
     {{"grantor", "acl_grantors"},
      {"grantee", "acl_grantees"},
      {"privilege_type", "acl_privileges"},
      {"is_grantable", "acl_grantable"}}},
    {"pg_partition_tree", T_REGCLASS,
     {{"relid", "partition_relations"},
      {"parentrelid", "partition_relations"},
      {"isleaf", "partition_leaves"},
      {"level", "partition_levels"}}},
    {"pg_partition_ancestors", T_REGCLASS, {{"relid", "partition_relations"}}},
    {"_pg_expandarray", T_NONE, {{"x", ELEMENT_FUNCTION}, {"n", NUMBER_FUNCTION}}},
    {"pg_tablespace_databases", T_OID, {{"pg_tablespace_databases", "tablespace_databases"}}},
};

/* All of them take one argument; NULL when there is none of this name. */
static const TableFunction *find_function(const char *name, size_t count)
{
    for (size_t i = 0; count == 1 && i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    return NULL;
}

static const Plan *relation_rows(Binder *binder, const Relation *relation)
{
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, relation->column_count + 1);
    return bind_scan(binder, relation, columns);
}

static bool add_column(Binder *binder, const SeriesColumn *column, const Expr *argument,
                       const Expr *number, int32_t location, SelectSeries *item)
{
    bool is_plain = column->function[0] == '\0' || column->function[0] == '#';
    const Expr *array =
        is_plain ? argument : bind_call(binder, column->function, &argument, 1, location);
    *item = (SelectSeries){.location = location};
    if (array == NULL ||
        !row_series_bind(binder, "unnest", &array, 1, number, location, &item->series))
        return false;
    if (column->function[0] == '#')
        item->series.value = coerce_to(binder, number, SQL_TYPE(T_INT4), CAST_EXPLICIT, location);
    if (item->series.value == NULL)
        return false;
    item->column = bind_new_column(binder, item->series.value->type, column->name);
    return true;
}

/* One series a column. */
static bool add_columns(Binder *binder, const TableFunction *function, const Expr *argument,
                        const Expr *number, int32_t location, SelectSeries *items,
                        uint32_t *count)
{
    if (function->argument != T_NONE)
        argument =
            coerce_to(binder, argument, SQL_TYPE(function->argument), CAST_IMPLICIT, location);
    if (argument == NULL)
        return false;
    for (*count = 0; *count < MAX_COLUMNS && function->columns[*count].name != NULL; (*count)++) {
        if (!add_column(binder, &function->columns[*count], argument, number, location,
                        &items[*count]))
            return false;
    }
    return true;
}

bool table_function_exists(const char *name, uint32_t count)
{
    return find_function(name, count) != NULL;
}

bool table_function_records(Binder *binder, const char *name, const Expr *argument,
                            const Expr *number, int32_t location, RowSeries *series)
{
    SelectSeries items[MAX_COLUMNS];
    const Expr *values[MAX_COLUMNS];
    const char *names[MAX_COLUMNS];
    uint32_t count;
    if (!add_columns(binder, find_function(name, 1), argument, number, location, items, &count))
        return false;
    *series = items[0].series;
    series->name = name;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = items[i].series.value;
        names[i] = items[i].column.name;
    }
    if (count > 1)
        series->value = bind_record(binder, values, names, count, location);
    return series->value != NULL;
}

bool bind_table_function(Binder *binder, ExprContext *context, const char *name,
                         const PgQuery__FuncCall *call, bool with_ordinality, const Plan **plan,
                         bool *is_known)
{
    int32_t location = bind_location(binder, call->location);
    const Relation *relation =
        call->n_args == 0 && !with_ordinality ? schema_function(binder->arena, text_of(name)) : NULL;
    const TableFunction *function = find_function(name, call->n_args);
    *is_known = relation != NULL || function != NULL;
    if (relation != NULL)
        return (*plan = relation_rows(binder, relation)) != NULL;
    if (function == NULL)
        return true;
    const Expr *argument = bind_expr(binder, context, call->args[0]);
    PlanColumn column = bind_new_column(binder, SQL_TYPE(T_INT8), "ordinality");
    const Expr *number = expr_column(binder->arena, column.type, column.id, location);
    SelectSeries *items = ARENA_ARRAY(binder->arena, SelectSeries, MAX_COLUMNS);
    uint32_t count = 0;
    if (argument == NULL ||
        !add_columns(binder, function, argument, number, location, items, &count))
        return false;
    *plan = row_series_expand(binder, plan_values(binder->arena, NULL, 0, NULL, 1), items, count,
                              column, with_ordinality);
    return *plan != NULL;
}

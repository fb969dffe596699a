/*
 * Functions in FROM that the catalogs know: those that give a relation's rows, as
 * pg_get_keywords() does (engine/schema), and those that take a value of the row beside them
 * apart into several columns, as pg_options_to_table(options) does. The columns of the latter are
 * series side by side, each the elements of an array (bind_series.c).
 */
#include "engine/sql/bind_internal.h"

enum { MAX_COLUMNS = 4 };

/* Instead of a function: the argument's own elements; their numbers. */
#define ELEMENT_FUNCTION ""
#define NUMBER_FUNCTION "#"

/* A column: the elements of `function`(argument). */
typedef struct SeriesColumn {
    const char *name, *function;
} SeriesColumn;

static const struct {
    const char *name;
    uint32_t least, most;
    Oid argument;
    SeriesColumn columns[MAX_COLUMNS];
} functions[] = {
    {"pg_options_to_table", 1, 1, T_TEXT_ARRAY,
     {{"option_name", "option_names"}, {"option_value", "option_values"}}},
    {"aclexplode", 1, 1, T_NONE,
     {{"grantor", "acl_grantors"},
      {"grantee", "acl_grantees"},
      {"privilege_type", "acl_privileges"},
      {"is_grantable", "acl_grantable"}}},
    {"pg_partition_tree", 1, 1, T_REGCLASS,
     {{"relid", "partition_relations"},
      {"parentrelid", "partition_relations"},
      {"isleaf", "partition_leaves"},
      {"level", "partition_levels"}}},
    {"pg_partition_ancestors", 1, 1, T_REGCLASS, {{"relid", "partition_relations"}}},
    {"_pg_expandarray", 1, 1, T_NONE, {{"x", ELEMENT_FUNCTION}, {"n", NUMBER_FUNCTION}}},
    {"pg_tablespace_databases", 1, 1, T_OID, {{"pg_tablespace_databases", "tablespace_databases"}}},
};

static const Plan *relation_rows(Binder *binder, const Relation *relation)
{
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, relation->column_count + 1);
    return bind_scan(binder, relation, columns);
}

static bool add_column(Binder *binder, const SeriesColumn *column, const Expr *argument,
                       PlanColumn number, int32_t location, SelectSeries *item)
{
    const Expr *n = expr_column(binder->arena, number.type, number.id, location);
    bool is_plain = column->function[0] == '\0' || column->function[0] == '#';
    const Expr *array =
        is_plain ? argument : bind_call(binder, column->function, &argument, 1, location);
    *item = (SelectSeries){.location = location};
    if (array == NULL ||
        !row_series_bind(binder, "unnest", &array, 1, n, location, &item->series))
        return false;
    if (column->function[0] == '#')
        item->series.value = coerce_to(binder, n, SQL_TYPE(T_INT4), CAST_EXPLICIT, location);
    if (item->series.value == NULL)
        return false;
    item->column = bind_new_column(binder, item->series.value->type, column->name);
    return true;
}

bool bind_table_function(Binder *binder, ExprContext *context, const char *name,
                         const PgQuery__FuncCall *call, bool with_ordinality, const Plan **plan,
                         bool *is_known)
{
    int32_t location = bind_location(binder, call->location);
    const Relation *relation =
        call->n_args == 0 && !with_ordinality ? schema_function(binder->arena, text_of(name)) : NULL;
    *is_known = relation != NULL;
    if (relation != NULL)
        return (*plan = relation_rows(binder, relation)) != NULL;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (strcmp(functions[i].name, name) != 0 || call->n_args < functions[i].least ||
            call->n_args > functions[i].most)
            continue;
        *is_known = true;
        const Expr *argument = bind_expr(binder, context, call->args[0]);
        if (argument != NULL && functions[i].argument != T_NONE)
            argument = coerce_to(binder, argument, SQL_TYPE(functions[i].argument), CAST_IMPLICIT,
                                 location);
        if (argument == NULL)
            return false;
        PlanColumn number = bind_new_column(binder, SQL_TYPE(T_INT8), "ordinality");
        SelectSeries *items = ARENA_ARRAY(binder->arena, SelectSeries, MAX_COLUMNS);
        uint32_t count = 0;
        for (; count < MAX_COLUMNS && functions[i].columns[count].name != NULL; count++) {
            if (!add_column(binder, &functions[i].columns[count], argument, number, location,
                            &items[count]))
                return false;
        }
        *plan = row_series_expand(binder, plan_values(binder->arena, NULL, 0, NULL, 1), items,
                                  count, number, with_ordinality);
        return *plan != NULL;
    }
    return true;
}

/*
 * TABLE(APPEND('t1', 't2', ...)): the rows of several tables as those of one. Columns meet by name;
 * where a table lacks one it is NULL, and of different types the common one is taken.
 */
#include "engine/sql/bind_internal.h"

enum { MAX_TABLES = 64 };

typedef struct AppendColumn {
    const char *name;
    SqlType types[MAX_TABLES];
    uint32_t type_count;
    PlanColumn column;
} AppendColumn;

typedef struct Append {
    Binder *binder;
    uint32_t table_count;
    const Plan *plans[MAX_TABLES];
    ScopeColumn *scopes[MAX_TABLES];
    uint32_t column_count, capacity;
    AppendColumn *columns;
} Append;

static const Relation *find_table(Binder *binder, const PgQuery__Node *node, int32_t location)
{
    bool is_text = node->node_case == PG_QUERY__NODE__NODE_A_CONST && !node->a_const->isnull &&
                   node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL;
    if (!is_text) {
        bind_fault(binder, location, FAULT_INVALID_PARAMETER_VALUE,
                   "the arguments of APPEND must be names of tables as literals");
        return NULL;
    }
    SchemaName name = {text_of(node->a_const->sval->sval), true};
    const Relation *relation =
        schema_resolve(binder->arena, binder->context->tables, NULL, name,
                       bind_search_path(binder), location, binder->fault);
    if (relation == NULL || !bind_check_relation(binder, relation, ACCESS_SELECT))
        return NULL;
    if (relation->kind == RELATION_TABLE && schema_is_view(relation)) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "APPEND of views is not supported");
        return NULL;
    }
    bind_note_relation(binder, relation->oid);
    return relation;
}

static void add_column(Append *append, const ScopeColumn *column)
{
    uint32_t i = 0;
    while (i < append->column_count && strcmp(append->columns[i].name, column->name) != 0)
        i++;
    if (i == append->capacity) {
        uint32_t capacity = append->capacity == 0 ? 16 : append->capacity * 2;
        AppendColumn *columns = ARENA_ARRAY(append->binder->arena, AppendColumn, capacity);
        if (append->column_count > 0)
            memcpy(columns, append->columns, append->column_count * sizeof *columns);
        append->columns = columns;
        append->capacity = capacity;
    }
    if (i == append->column_count)
        append->columns[append->column_count++] = (AppendColumn){.name = column->name};
    AppendColumn *known = &append->columns[i];
    known->types[known->type_count++] = column->type;
}

static bool add_table(Append *append, const PgQuery__Node *node, int32_t location)
{
    Binder *binder = append->binder;
    const Relation *relation = find_table(binder, node, location);
    if (relation == NULL)
        return false;
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, relation->column_count + 1);
    append->scopes[append->table_count] = columns;
    append->plans[append->table_count++] = bind_scan(binder, relation, columns);
    for (uint32_t i = 0; i < relation->column_count; i++)
        add_column(append, &columns[i]);
    return true;
}

/* One table's rows with the columns of all. */
static const Plan *fill_up(Append *append, uint32_t table, int32_t location)
{
    Binder *binder = append->binder;
    PlanProjection *items = ARENA_ARRAY(binder->arena, PlanProjection, append->column_count + 1);
    const Plan *plan = append->plans[table];
    for (uint32_t i = 0; i < append->column_count; i++) {
        const AppendColumn *column = &append->columns[i];
        const Expr *value = expr_null(binder->arena, column->column.type, location);
        for (uint32_t k = 0; k < plan->column_count; k++) {
            const ScopeColumn *own = &append->scopes[table][k];
            if (strcmp(own->name, column->name) == 0)
                value = coerce_to(binder, expr_column(binder->arena, own->type, own->id, location),
                                  column->column.type, CAST_EXPLICIT, location);
        }
        if (value == NULL)
            return NULL;
        items[i] =
            (PlanProjection){bind_new_column(binder, column->column.type, column->name), value};
    }
    return plan_project(binder->arena, plan, items, append->column_count);
}

bool bind_append(Binder *binder, const char *name, const PgQuery__FuncCall *call,
                 const Plan **plan, bool *is_known)
{
    int32_t location = bind_location(binder, call->location);
    *is_known = strcmp(name, "append") == 0 && call->n_args > 0;
    if (!*is_known)
        return true;
    if (call->n_args > MAX_TABLES)
        return bind_fault(binder, location, FAULT_PROGRAM_LIMIT_EXCEEDED,
                          "APPEND takes at most %d tables", MAX_TABLES);
    Append append = {.binder = binder};
    for (size_t i = 0; i < call->n_args; i++) {
        if (!add_table(&append, call->args[i], location))
            return false;
    }
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, append.column_count + 1);
    for (uint32_t i = 0; i < append.column_count; i++) {
        AppendColumn *column = &append.columns[i];
        SqlType common;
        if (!function_common_type(column->types, column->type_count, "APPEND", &common,
                                  binder->fault)) {
            if (!coerce_may_be_texts(column->types, column->type_count))
                return bind_fault_place(binder, location);
            fault_clear(binder->fault);
            common = SQL_TYPE(T_TEXT);
        }
        column->column = columns[i] = bind_new_column(binder, common, column->name);
    }
    const Plan **inputs = ARENA_ARRAY(binder->arena, const Plan *, append.table_count);
    for (uint32_t i = 0; i < append.table_count; i++) {
        inputs[i] = fill_up(&append, i, location);
        if (inputs[i] == NULL)
            return false;
    }
    *plan = plan_union_all(binder->arena, inputs, append.table_count, columns);
    return true;
}

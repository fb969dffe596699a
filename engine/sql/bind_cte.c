/*
 * WITH: a CTE is bound anew at each reference, as if its text stood there: no plan is shared,
 * columns get new ids each time. Only where that would give each reference rows of its own, since
 * something in the CTE is volatile, it is run once and the references read its rows.
 *
 * With RECURSIVE all queries of the list see each other; the one that is being bound knows it, so
 * that a name met inside of itself is the recursion (bind_recursive.c) and a circle over several
 * of them is found.
 */
#include "engine/sql/bind_internal.h"

bool bind_with(Binder *binder, Scope *scope, const PgQuery__WithClause *with)
{
    scope->ctes = ARENA_ARRAY(binder->arena, CommonTable, with->n_ctes);
    for (size_t i = 0; i < with->n_ctes; i++) {
        const PgQuery__CommonTableExpr *cte = with->ctes[i]->common_table_expr;
        int32_t location = bind_location(binder, cte->location);
        if (cte->ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
            return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                              "a WITH query that changes data is not supported");
        const char *name = name_made(binder->arena, cte->ctename, binder->dialect);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(scope->ctes[k].name, name) == 0)
                return bind_fault(binder, location, FAULT_DUPLICATE_ALIAS,
                                  "WITH query name \"%s\" specified more than once", name);
        }
        scope->ctes[i] = (CommonTable){.name = name, .node = cte};
    }
    scope->cte_count = (uint32_t)with->n_ctes;
    scope->is_recursive = with->recursive;
    return true;
}

static bool column_names(Binder *binder, const PgQuery__CommonTableExpr *cte, const char *name,
                         QueryResult *query)
{
    if (cte->n_aliascolnames > query->count)
        return bind_fault(binder, bind_location(binder, cte->location),
                          FAULT_INVALID_COLUMN_REFERENCE,
                          "WITH query \"%s\" has %u columns available but %zu columns specified",
                          name, query->count, cte->n_aliascolnames);
    for (size_t i = 0; i < cte->n_aliascolnames; i++)
        query->columns[i].column.name =
            name_made(binder->arena, cte->aliascolnames[i]->string->sval, binder->dialect);
    return true;
}

/* The query by itself, with the names that the WITH list gives its columns. */
static bool bind_cte(Binder *binder, Scope *owner, uint32_t index, QueryResult *query)
{
    CommonTable *cte = &owner->ctes[index];
    Scope *inner = ARENA_NEW(binder->arena, Scope);
    *inner = (Scope){.parent = owner->parent,
                     .parent_context = owner->parent_context,
                     .cte_count = owner->is_recursive ? owner->cte_count : index,
                     .ctes = owner->ctes,
                     .is_recursive = owner->is_recursive};
    bool has_clauses = cte->node->search_clause != NULL || cte->node->cycle_clause != NULL;
    if (has_clauses && !recursion_is_self(owner, cte))
        return bind_fault(binder, bind_location(binder, cte->node->location), FAULT_SYNTAX_ERROR,
                          "WITH query is not recursive");
    cte->is_being_bound = true;
    bool ok = recursion_is_self(owner, cte)
                  ? bind_recursive(binder, inner, cte, query)
                  : bind_query(binder, cte->node->ctequery->select_stmt, inner, NULL, false, query);
    cte->is_being_bound = false;
    cte->is_volatile = ok && plan_is_volatile(query->plan);
    return ok && column_names(binder, cte->node, cte->name, query);
}

bool bind_cte_reference(Binder *binder, Scope *scope, Scope *owner, uint32_t index,
                        const PgQuery__RangeVar *range, QueryResult *query)
{
    CommonTable *cte = &owner->ctes[index];
    int32_t location = bind_location(binder, range->location);
    cte->references++;
    if (cte->recursion != NULL)
        return bind_recursion_reference(binder, scope, owner, cte, location, query);
    if (cte->shared != NULL) {
        bind_working_rows(binder, cte->shared, location, query);
        return true;
    }
    if (cte->is_being_bound)
        return bind_fault(binder, bind_location(binder, cte->node->location),
                          FAULT_FEATURE_NOT_SUPPORTED,
                          "mutual recursion between WITH items is not implemented");
    return bind_count_expansion(binder, location) && bind_cte(binder, owner, index, query);
}

/* --- rows that must be the same at every reference --- */
bool bind_shared_ctes(Binder *binder, Scope *scope, bool *any)
{
    *any = false;
    for (uint32_t i = 0; i < scope->cte_count; i++) {
        CommonTable *cte = &scope->ctes[i];
        if (cte->references < 2 || !cte->is_volatile)
            continue;
        QueryResult query;
        if (!bind_cte(binder, scope, i, &query))
            return false;
        Recursion *shared = ARENA_NEW(binder->arena, Recursion);
        *shared = (Recursion){.id = binder->next_column++, .count = query.count};
        shared->columns = ARENA_ARRAY(binder->arena, PlanColumn, query.count + 1);
        PlanProjection *items = ARENA_ARRAY(binder->arena, PlanProjection, query.count + 1);
        for (uint32_t c = 0; c < query.count; c++) {
            const PlanColumn *column = &query.columns[c].column;
            shared->columns[c] = bind_new_column(binder, column->type, column->name);
            items[c] = (PlanProjection){
                shared->columns[c], expr_column(binder->arena, column->type, column->id, -1)};
        }
        cte->shared_plan = plan_project(binder->arena, query.plan, items, query.count);
        cte->shared = shared;
        *any = true;
    }
    return true;
}

void bind_share_rows(Binder *binder, const Scope *scope, QueryResult *result)
{
    for (uint32_t i = scope->cte_count; i-- > 0;) {
        const CommonTable *cte = &scope->ctes[i];
        if (cte->shared == NULL)
            continue;
        const Plan *rest = result->plan;
        PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, rest->column_count + 1);
        for (uint32_t c = 0; c < rest->column_count; c++) {
            columns[c] = bind_new_column(binder, rest->columns[c].type, rest->columns[c].name);
            for (uint32_t k = 0; k < result->count; k++) {
                if (result->columns[k].column.id == rest->columns[c].id)
                    result->columns[k].column.id = columns[c].id;
            }
        }
        result->plan =
            plan_share(binder->arena, cte->shared_plan, rest, cte->shared->id, columns);
    }
}

/* What nobody refers to must be right all the same. */
bool bind_unused_ctes(Binder *binder, Scope *scope)
{
    for (uint32_t i = 0; i < scope->cte_count; i++) {
        QueryResult ignored;
        if (scope->ctes[i].references == 0 && !bind_cte(binder, scope, i, &ignored))
            return false;
    }
    return true;
}

/*
 * Subqueries in expressions become Apply nodes: the expression uses the column that the Apply
 * will add, and the Apply waits in a list until it is known what it stands on. Columns of the
 * outer query are simply named; a rule of the planner decorrelates.
 */
#include "engine/sql/bind_internal.h"

PlanColumn bind_new_column(Binder *binder, SqlType type, const char *name)
{
    return (PlanColumn){.id = binder->next_column++, .type = type, .name = name};
}

void apply_list_add(Binder *binder, ApplyList *list, PendingApply apply)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        PendingApply *items = ARENA_ARRAY(binder->arena, PendingApply, capacity);
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = apply;
}

const Plan *apply_list_attach(Binder *binder, const ApplyList *list, const Plan *plan)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const PendingApply *apply = &list->items[i];
        plan = plan_apply(binder->arena, apply->type, apply->join_type, plan, apply->right,
                          apply->condition, apply->result);
    }
    return plan;
}

static const Expr *add_apply(Binder *binder, ExprContext *context, ApplyType type,
                             const Plan *right, const Expr *condition, SqlType result,
                             int32_t location)
{
    PlanColumn column = bind_new_column(binder, result, "subquery");
    apply_list_add(
        binder, context->applies,
        (PendingApply){
            .type = type, .right = right, .condition = condition, .result = column});
    return expr_column(binder->arena, result, column.id, location);
}

static bool may_have_subquery(Binder *binder, const ExprContext *context, int32_t location)
{
    return context->applies != NULL
               ? true
               : bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                            "subqueries are not supported in %s", clause_name(context->clause));
}

/* --- x op ANY (SELECT ...) --- */
static const Expr *test_condition(Binder *binder, const PgQuery__SubLink *link,
                                  const Expr *const *left, uint32_t count, const QueryResult *query,
                                  int32_t location)
{
    const char *symbol = bind_operator_name(link->oper_name, link->n_oper_name);
    if (query->count != count) {
        bind_fault(binder, location, FAULT_SYNTAX_ERROR, "subquery has too %s columns",
                   query->count > count ? "many" : "few");
        return NULL;
    }
    const Expr **right = ARENA_ARRAY(binder->arena, const Expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        const PlanColumn *column = &query->columns[i].column;
        right[i] = expr_column(binder->arena, column->type, column->id, location);
    }
    const Expr *test = bind_compare_rows(binder, symbol, left, right, count, location);
    if (test != NULL && test->type.oid != T_BOOL) {
        bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                   "operator %s must return type boolean, not type %s", symbol,
                   type_format_name(binder->arena, test->type));
        return NULL;
    }
    return test;
}

/* ALL: not any row for which the comparison is false. */
static const Expr *bind_any_or_all(Binder *binder, ExprContext *context,
                                   const PgQuery__SubLink *link, const QueryResult *query,
                                   int32_t location)
{
    const Expr **left;
    uint32_t count;
    bool is_all = link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK;
    if (!bind_row_items(binder, context, link->testexpr, &left, &count))
        return NULL;
    const Expr *condition = test_condition(binder, link, left, count, query, location);
    if (condition == NULL)
        return NULL;
    if (is_all)
        condition = bind_not(binder, condition);
    const Expr *result =
        add_apply(binder, context, APPLY_ANY, query->plan, condition, SQL_TYPE(T_BOOL), location);
    return is_all ? bind_not(binder, result) : result;
}

static bool has_one_column(Binder *binder, const QueryResult *query, int32_t location)
{
    return query->count == 1 ? true
                             : bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                                          "subquery must return only one column");
}

/* --- ARRAY(SELECT ...) --- */

/* The Sort that the subquery ends in, under projections that only leave columns out. */
static const Plan *final_sort(const Plan *plan)
{
    while (plan->kind == PLAN_PROJECT) {
        for (uint32_t i = 0; i < plan->column_count; i++) {
            if (plan->project.items[i].expr->kind != EXPR_COLUMN ||
                plan->project.items[i].expr->column != plan->columns[i].id)
                return NULL;
        }
        plan = plan->project.input;
    }
    return plan->kind == PLAN_SORT ? plan : NULL;
}

static const Expr *bind_array_query(Binder *binder, ExprContext *context, const QueryResult *query,
                                    int32_t location)
{
    const PlanColumn *column = &query->columns[0].column;
    const Plan *sort = final_sort(query->plan);
    uint32_t key_count = sort != NULL ? sort->sort.key_count : 0;
    SqlType coerced;
    const AggregateFunction *function = function_resolve_aggregate(
        TEXT_LITERAL("array_agg"), &column->type, 1, &coerced, location, binder->fault);
    if (function == NULL)
        return NULL;
    SqlType type = function->result_of != NULL ? function->result_of(&column->type, 1)
                                               : SQL_TYPE(function->result);
    Expr *aggregate = ARENA_NEW(binder->arena, Expr);
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, 1 + key_count);
    SortColumn *order = ARENA_ARRAY(binder->arena, SortColumn, key_count + 1);
    arguments[0] = expr_column(binder->arena, column->type, column->id, location);
    for (uint32_t i = 0; i < key_count; i++) {
        const PlanSortKey *key = &sort->sort.keys[i];
        arguments[1 + i] = bind_order_key(binder, key->expr);
        order[i] = (SortColumn){1 + i, key->descending, key->nulls_first};
    }
    *aggregate = (Expr){.kind = EXPR_AGGREGATE,
                        .type = type,
                        .location = location,
                        .argument_count = 1 + key_count,
                        .arguments = arguments};
    aggregate->aggregate.function = function;
    aggregate->aggregate.direct_count = 1;
    aggregate->aggregate.order_count = key_count;
    aggregate->aggregate.order = order;
    PlanProjection item = {bind_new_column(binder, type, "array"), aggregate};
    const Plan *input = sort != NULL ? sort->sort.input : query->plan;
    const Plan *plan = plan_aggregate(binder->arena, input, NULL, 0, &item, 1);
    const Expr *pair[2] = {add_apply(binder, context, APPLY_SCALAR, plan, NULL, type, location),
                           type.oid == T_RECORD_ARRAY
                               ? expr_nary(binder->arena, EXPR_ARRAY, type, NULL, 0, location)
                               : bind_literal(binder, type, TEXT_LITERAL("{}"), location)};
    return pair[1] == NULL ? NULL
                           : expr_nary(binder->arena, EXPR_COALESCE, type, pair, 2, location);
}

/* --- (a, b) = (SELECT ...) --- */
const Expr **bind_row_sub_link(Binder *binder, ExprContext *context, const PgQuery__SubLink *link,
                               uint32_t count, int32_t location)
{
    QueryResult query;
    if (!may_have_subquery(binder, context, location) ||
        !bind_query(binder, link->subselect->select_stmt, context->scope, context, false, &query))
        return NULL;
    if (query.count != count) {
        bind_fault(binder, location, FAULT_SYNTAX_ERROR, "subquery has too %s columns",
                   query.count > count ? "many" : "few");
        return NULL;
    }
    apply_list_add(binder, context->applies,
                   (PendingApply){.type = APPLY_JOIN,
                                  .join_type = JOIN_SINGLE,
                                  .right = query.plan});
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        const PlanColumn *column = &query.columns[i].column;
        items[i] = expr_column(binder->arena, column->type, column->id, location);
    }
    return items;
}

const Expr *bind_sub_link(Binder *binder, ExprContext *context, const PgQuery__SubLink *link)
{
    int32_t location = bind_location(binder, link->location);
    if (!may_have_subquery(binder, context, location))
        return NULL;
    QueryResult query;
    if (link->subselect->node_case != PG_QUERY__NODE__NODE_SELECT_STMT ||
        !bind_query(binder, link->subselect->select_stmt, context->scope, context, false, &query))
        return NULL;
    switch (link->sub_link_type) {
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK:
        return add_apply(binder, context, APPLY_EXISTS, query.plan, NULL, SQL_TYPE(T_BOOL),
                         location);
    case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK:
    case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK:
        return bind_any_or_all(binder, context, link, &query, location);
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK:
        return !has_one_column(binder, &query, location)
                   ? NULL
                   : add_apply(binder, context, APPLY_SCALAR, query.plan, NULL,
                               query.columns[0].column.type, location);
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK:
        return !has_one_column(binder, &query, location)
                   ? NULL
                   : bind_array_query(binder, context, &query, location);
    default:
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "this form of a subquery is not supported");
        return NULL;
    }
}

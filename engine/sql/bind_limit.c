/*
 * LIMIT, OFFSET, FETCH FIRST .. WITH TIES.
 *
 * Numbers that are known now become a Limit node. Others (subqueries, columns of an outer query)
 * are compared with the number of each row in the order:
 *
 *     Sort (keys)
 *       Filter (n > offset, n - offset <= count)
 *         Window (n = row_number over (order by keys))
 *
 * which is a plan that can be decorrelated like any other.
 */
#include "engine/sql/bind_internal.h"

#include "base/log/log.h"

typedef struct LimitBinding {
    Binder *binder;
    Scope *scope;
    ApplyList applies; /* subqueries met */
    bool is_late;      /* something is known only when the query runs */
} LimitBinding;

/* One of the two numbers: known now, or an expression; neither: NULL, a parameter without a value,
 * or nothing. */
typedef struct RowCount {
    int64_t known;    /* -1: not known */
    const Expr *late; /* int8 */
} RowCount;

static bool is_variable(const Expr *expr)
{
    return expr_has_kind(expr, EXPR_COLUMN) || expr_has_kind(expr, EXPR_SUBQUERY);
}

/* What the query itself reads is not seen; its CTEs and what stands around it are. */
static const Expr *bind_number(LimitBinding *limit, const PgQuery__Node *node, Clause clause)
{
    Binder *binder = limit->binder;
    Scope outside = *limit->scope;
    outside.from = (FromItem){0};
    outside.select = NULL;
    Scope *kept = ARENA_NEW(binder->arena, Scope);
    *kept = outside;
    ExprContext context = {.scope = kept, .clause = clause, .applies = &limit->applies};
    int32_t location = bind_node_location(binder, node);
    const Expr *expr = bind_expr(binder, &context, node);
    if (expr == NULL) {
        if (binder->fault->code == FAULT_UNDEFINED_COLUMN)
            bind_fault(binder, location, FAULT_INVALID_COLUMN_REFERENCE,
                       "argument of %s must not contain variables", clause_name(clause));
        return NULL;
    }
    return coerce_to(binder, expr, SQL_TYPE(T_INT8), CAST_ASSIGNMENT, location);
}

static bool bind_count(LimitBinding *limit, const PgQuery__Node *node, Clause clause,
                       RowCount *count)
{
    Binder *binder = limit->binder;
    *count = (RowCount){.known = -1};
    if (node == NULL || (node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->isnull))
        return true;
    int32_t location = bind_node_location(binder, node);
    const Expr *expr = bind_number(limit, node, clause);
    if (expr == NULL)
        return false;
    if (is_variable(expr)) {
        bool is_limit = clause == CLAUSE_LIMIT;
        const ScalarFunction *function =
            function_scalar_by_oid(is_limit ? FUNCTION_LIMIT_COUNT : FUNCTION_OFFSET_COUNT);
        count->late = expr_call(binder->arena, function, SQL_TYPE(T_INT8), &expr, 1, location);
        limit->is_late = true;
        return true;
    }
    if (expr_has_kind(expr, EXPR_PARAMETER))
        return true;
    Vector result;
    if (!expr_evaluate_constant(binder->arena, expr, binder->context->types, &result,
                                binder->fault))
        return bind_fault_place(binder, location);
    if (vector_is_null(&result, 0))
        return true;
    count->known = VECTOR_DATA(int64_t, &result)[0];
    if (count->known < 0)
        return bind_fault(binder, location,
                          clause == CLAUSE_LIMIT ? FAULT_INVALID_ROW_COUNT_IN_LIMIT
                                                 : FAULT_INVALID_ROW_COUNT_IN_OFFSET,
                          "%s must not be negative", clause_name(clause));
    return true;
}

/* --- numbers that are not known yet --- */

static const Expr *number_or(LimitBinding *limit, const RowCount *count, int64_t otherwise)
{
    Arena *arena = limit->binder->arena;
    SqlType type = SQL_TYPE(T_INT8);
    if (count->late == NULL)
        return expr_int64(arena, type, count->known < 0 ? otherwise : count->known, -1);
    const Expr *parts[2] = {count->late, expr_int64(arena, type, otherwise, -1)};
    return expr_nary(arena, EXPR_COALESCE, type, parts, 2, -1);
}

bool bind_ranking(Binder *binder, const char *name, PlanWindowFunction *function)
{
    const WindowFunction *row = function_resolve_window(text_of(name), NULL, 0, 0, NULL, -1,
                                                        binder->fault);
    if (row == NULL)
        return false;
    Expr *call = ARENA_NEW(binder->arena, Expr);
    call->kind = EXPR_WINDOW;
    call->type = SQL_TYPE(row->result);
    call->location = -1;
    call->window.function = row;
    *function = (PlanWindowFunction){.column = bind_new_column(binder, call->type, name),
                                     .expr = call,
                                     .frame = {.mode = FRAME_RANGE,
                                               .start = BOUND_UNBOUNDED_PRECEDING,
                                               .end = BOUND_CURRENT,
                                               .range_key = -1,
                                               .range_start = -1,
                                               .range_end = -1}};
    return true;
}

static const Expr *compare(Binder *binder, const char *symbol, const Expr *a, const Expr *b)
{
    return a == NULL || b == NULL ? NULL : bind_operator(binder, symbol, a, b, -1);
}

/* n > offset AND rank - offset <= count, where rank is n without ties. */
static const Expr *row_condition(LimitBinding *limit, const PlanWindowFunction *functions,
                                 uint32_t count, const RowCount *offset, const RowCount *most)
{
    Binder *binder = limit->binder;
    Arena *arena = binder->arena;
    const PlanColumn *number = &functions[0].column, *rank = &functions[count - 1].column;
    const Expr *skipped = number_or(limit, offset, 0);
    const Expr *tests[2] = {
        compare(binder, ">", expr_column(arena, number->type, number->id, -1), skipped),
        compare(binder, "<=",
                compare(binder, "-", expr_column(arena, rank->type, rank->id, -1), skipped),
                number_or(limit, most, INT64_MAX))};
    return tests[0] == NULL || tests[1] == NULL
               ? NULL
               : expr_nary(arena, EXPR_AND, SQL_TYPE(T_BOOL), tests, 2, -1);
}

static const Plan *limit_by_number(LimitBinding *limit, const Plan *plan, const RowCount *offset,
                                   const RowCount *most, bool with_ties)
{
    Binder *binder = limit->binder;
    bool is_sorted = plan->kind == PLAN_SORT;
    PlanWindowFunction functions[2];
    uint32_t count = with_ties ? 2 : 1;
    if (!bind_ranking(binder, "row_number", &functions[0]) ||
        (with_ties && !bind_ranking(binder, "rank", &functions[1])))
        return NULL;
    Plan window = {.window = {.function_count = count, .functions = functions}};
    if (is_sorted) {
        window.window.order_count = plan->sort.key_count;
        window.window.order = plan->sort.keys;
    }
    const Plan *numbered =
        plan_window(binder->arena, is_sorted ? plan->sort.input : plan, &window);
    numbered = apply_list_attach(binder, &limit->applies, numbered);
    const Expr *condition = row_condition(limit, functions, count, offset, most);
    if (condition == NULL)
        return NULL;
    numbered = plan_filter(binder->arena, numbered, condition);
    return is_sorted
               ? plan_sort(binder->arena, numbered, plan->sort.keys, plan->sort.key_count)
               : numbered;
}

const Plan *bind_limit(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope,
                       const Plan *plan)
{
    if (statement->limit_count == NULL && statement->limit_offset == NULL)
        return plan;
    LimitBinding limit = {.binder = binder, .scope = scope};
    bool with_ties =
        statement->limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES;
    RowCount count, offset;
    if (!bind_count(&limit, statement->limit_offset, CLAUSE_OFFSET, &offset) ||
        !bind_count(&limit, statement->limit_count, CLAUSE_LIMIT, &count))
        return NULL;
    if (limit.is_late)
        return limit_by_number(&limit, plan, &offset, &count, with_ties);
    int64_t skipped = offset.known < 0 ? 0 : offset.known;
    if (!with_ties)
        return plan_limit(binder->arena, plan, count.known, skipped);
    /* the grammar wants ORDER BY beside it, which stands right below, over columns */
    check(plan->kind == PLAN_SORT);
    ColumnId *keys = ARENA_ARRAY(binder->arena, ColumnId, plan->sort.key_count);
    for (uint32_t i = 0; i < plan->sort.key_count; i++)
        keys[i] = plan->sort.keys[i].expr->column;
    return plan_limit_by(binder->arena, plan, count.known, skipped, keys, plan->sort.key_count, 0,
                         true);
}

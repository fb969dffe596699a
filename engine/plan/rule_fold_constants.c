/*
 * Fold constants: subtrees of immutable and stable functions whose arguments are constants are
 * evaluated once.
 *
 *     Filter (a > 1 + 2)        ->   Filter (a > 3)
 *     Filter (true)  over x     ->   x
 *     Filter (false) over x     ->   Values with no rows
 */
#include "engine/plan/plan_internal.h"

static const Expr *fold(PlanContext *context, const Expr *expr)
{
    return expr == NULL ? NULL : expr_fold(context->arena, expr, context->types, true);
}

static const PlanProjection *fold_items(PlanContext *context, const PlanProjection *items,
                                        uint32_t count, bool *changed)
{
    PlanProjection *folded = ARENA_ARRAY(context->arena, PlanProjection, count);
    *changed = false;
    for (uint32_t i = 0; i < count; i++) {
        folded[i] = items[i];
        folded[i].expr = fold(context, items[i].expr);
        *changed = *changed || folded[i].expr != items[i].expr;
    }
    return folded;
}

static bool is_constant_bool(const Expr *expr, bool *is_true)
{
    if (expr->kind != EXPR_CONSTANT)
        return false;
    *is_true = !vector_is_null(expr->value, 0) && VECTOR_DATA(uint8_t, expr->value)[0] != 0;
    return true;
}

static const Plan *fold_filter(PlanContext *context, const Plan *plan)
{
    const Expr *condition = fold(context, plan->filter.condition);
    bool is_true;
    if (is_constant_bool(condition, &is_true))
        return is_true ? plan->filter.input
                       : plan_values(context->arena, plan->columns, plan->column_count, NULL, 0);
    return condition == plan->filter.condition
               ? plan
               : plan_filter(context->arena, plan->filter.input, condition);
}

static const Plan *fold_aggregate(PlanContext *context, const Plan *plan)
{
    bool keys_changed, aggregates_changed;
    const PlanProjection *keys =
        fold_items(context, plan->aggregate.keys, plan->aggregate.key_count, &keys_changed);
    const PlanProjection *aggregates =
        fold_items(context, plan->aggregate.aggregates, plan->aggregate.aggregate_count,
                   &aggregates_changed);
    if (!keys_changed && !aggregates_changed)
        return plan;
    return plan_aggregate(context->arena, plan->aggregate.input, keys, plan->aggregate.key_count,
                          aggregates, plan->aggregate.aggregate_count);
}

static const Plan *fold_values(PlanContext *context, const Plan *plan)
{
    uint32_t count = plan->values.row_count * plan->column_count;
    const Expr **cells = ARENA_ARRAY(context->arena, const Expr *, count);
    bool changed = false;
    for (uint32_t i = 0; i < count; i++) {
        cells[i] = fold(context, plan->values.cells[i]);
        changed = changed || cells[i] != plan->values.cells[i];
    }
    if (!changed)
        return plan;
    return plan_values(context->arena, plan->columns, plan->column_count, cells,
                       plan->values.row_count);
}

static const Plan *fold_sort(PlanContext *context, const Plan *plan)
{
    PlanSortKey *keys = ARENA_ARRAY(context->arena, PlanSortKey, plan->sort.key_count);
    uint32_t count = 0;
    bool changed = false;
    for (uint32_t i = 0; i < plan->sort.key_count; i++) {
        PlanSortKey key = plan->sort.keys[i];
        key.expr = fold(context, key.expr);
        changed = changed || key.expr != plan->sort.keys[i].expr || key.expr->kind == EXPR_CONSTANT;
        if (key.expr->kind != EXPR_CONSTANT) /* a constant orders nothing */
            keys[count++] = key;
    }
    if (!changed)
        return plan;
    return count == 0 ? plan->sort.input
                      : plan_sort(context->arena, plan->sort.input, keys, count);
}

/* Whether a frame of RANGE with an offset asks how the order runs. */
static bool has_range_offset(const Plan *plan)
{
    for (uint32_t i = 0; i < plan->window.function_count; i++) {
        if (plan->window.functions[i].frame.range_key >= 0)
            return true;
    }
    return false;
}

/* Constants divide and order nothing. */
static const Plan *fold_window(PlanContext *context, const Plan *plan)
{
    Arena *arena = context->arena;
    Plan window = {.window = plan->window};
    const Expr **partition = ARENA_ARRAY(arena, const Expr *, plan->window.partition_count);
    PlanSortKey *order = ARENA_ARRAY(arena, PlanSortKey, plan->window.order_count);
    PlanWindowFunction *functions =
        ARENA_ARRAY(arena, PlanWindowFunction, plan->window.function_count);
    uint32_t partition_count = 0, order_count = 0;
    bool changed = false, keeps_order = has_range_offset(plan);
    for (uint32_t i = 0; i < plan->window.partition_count; i++) {
        const Expr *key = fold(context, plan->window.partition[i]);
        changed = changed || key != plan->window.partition[i] || key->kind == EXPR_CONSTANT;
        if (key->kind != EXPR_CONSTANT)
            partition[partition_count++] = key;
    }
    for (uint32_t i = 0; i < plan->window.order_count; i++) {
        PlanSortKey key = plan->window.order[i];
        key.expr = fold(context, key.expr);
        bool drops = key.expr->kind == EXPR_CONSTANT && !keeps_order;
        changed = changed || key.expr != plan->window.order[i].expr || drops;
        if (!drops)
            order[order_count++] = key;
    }
    for (uint32_t i = 0; i < plan->window.function_count; i++) {
        functions[i] = plan->window.functions[i];
        functions[i].expr = fold(context, functions[i].expr);
        changed = changed || functions[i].expr != plan->window.functions[i].expr;
    }
    if (!changed)
        return plan;
    window.window.partition_count = partition_count;
    window.window.partition = partition;
    window.window.order_count = order_count;
    window.window.order = order;
    window.window.functions = functions;
    return plan_window(arena, plan->window.input, &window);
}

static const Plan *fold_node(PlanContext *context, const Plan *plan, void *state, Fault *fault)
{
    (void)state;
    (void)fault;
    Arena *arena = context->arena;
    bool changed;
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
    case PLAN_EXTERN:
    case PLAN_LIMIT:
    case PLAN_RECURSE:
    case PLAN_WORKING:
    case PLAN_UNION_ALL:
        return plan;
    case PLAN_VALUES:
        return fold_values(context, plan);
    case PLAN_FILTER:
        return fold_filter(context, plan);
    case PLAN_PROJECT: {
        const PlanProjection *items =
            fold_items(context, plan->project.items, plan->column_count, &changed);
        return changed ? plan_project(arena, plan->project.input, items, plan->column_count) : plan;
    }
    case PLAN_AGGREGATE:
        return fold_aggregate(context, plan);
    case PLAN_WINDOW:
        return fold_window(context, plan);
    case PLAN_SORT:
        return fold_sort(context, plan);
    case PLAN_EXPAND: {
        const Expr *count = fold(context, plan->expand.count);
        const PlanColumn *number = plan_find_column(plan, plan->expand.number);
        return count == plan->expand.count
                   ? plan
                   : plan_expand(arena, plan->expand.input, count, *number, plan->expand.is_outer);
    }
    case PLAN_JOIN: {
        PlanColumn mark = {0};
        if (plan->join.type == JOIN_MARK)
            mark = *plan_find_column(plan, plan->join.mark);
        const Expr *condition = fold(context, plan->join.condition);
        const Expr *any = fold(context, plan->join.any_condition);
        if (condition == plan->join.condition && any == plan->join.any_condition)
            return plan;
        return plan_join_any(arena, plan->join.type, plan->join.left, plan->join.right, condition, any,
                             mark);
    }
    case PLAN_APPLY: {
        const PlanColumn *result = plan_find_column(plan, plan->apply.result);
        const Expr *condition = fold(context, plan->apply.condition);
        if (condition == plan->apply.condition)
            return plan;
        return plan_apply(arena, plan->apply.type, plan->apply.join_type, plan->apply.left,
                          plan->apply.right, condition,
                          result != NULL ? *result : (PlanColumn){0});
    }
    }
    return plan;
}

const Plan *rule_fold_constants(PlanContext *context, const Plan *plan, Fault *fault)
{
    return plan_rewrite(context, plan, fold_node, NULL, fault);
}

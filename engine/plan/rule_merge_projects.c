/*
 * Merge projections: a projection over a projection is one projection, where no expression is
 * volatile and none that costs something would be computed twice; one that changes nothing but
 * names goes.
 *
 *     Project [b + 1 as c]                   Project [a * 2 + 1 as c]
 *       Project [a * 2 as b]         ->        x
 *         x
 */
#include "engine/plan/plan_internal.h"

typedef struct UseCount {
    const Plan *inner;
    uint32_t *uses; /* one an inner item */
} UseCount;

static void count_use(ColumnId column, void *state)
{
    UseCount *count = state;
    for (uint32_t i = 0; i < count->inner->column_count; i++)
        if (count->inner->columns[i].id == column)
            count->uses[i]++;
}

static bool is_cheap(const Expr *expr)
{
    return expr->kind == EXPR_COLUMN || expr->kind == EXPR_CONSTANT;
}

static bool may_merge(PlanContext *context, const Plan *outer, const Plan *inner)
{
    UseCount count = {.inner = inner,
                      .uses = arena_zalloc(context->arena, inner->column_count * sizeof(uint32_t))};
    for (uint32_t i = 0; i < outer->column_count; i++)
        expr_columns(outer->project.items[i].expr, count_use, &count);
    for (uint32_t i = 0; i < inner->column_count; i++) {
        const Expr *expr = inner->project.items[i].expr;
        if (expr_is_volatile(expr) || (count.uses[i] > 1 && !is_cheap(expr)))
            return false;
    }
    return true;
}

/* The same columns in the same order. */
static bool is_identity(const Plan *project)
{
    const Plan *input = project->project.input;
    if (input->column_count != project->column_count)
        return false;
    for (uint32_t i = 0; i < project->column_count; i++)
        if (project->project.items[i].expr->kind != EXPR_COLUMN ||
            project->project.items[i].expr->column != project->columns[i].id ||
            input->columns[i].id != project->columns[i].id)
            return false;
    return true;
}

static const Plan *merge_node(PlanContext *context, const Plan *plan, void *state, Fault *fault)
{
    (void)state;
    (void)fault;
    if (plan->kind != PLAN_PROJECT)
        return plan;
    if (is_identity(plan))
        return plan->project.input;
    const Plan *inner = plan->project.input;
    if (inner->kind != PLAN_PROJECT || !may_merge(context, plan, inner))
        return plan;
    PlanProjection *items = ARENA_ARRAY(context->arena, PlanProjection, plan->column_count);
    for (uint32_t i = 0; i < plan->column_count; i++) {
        items[i].column = plan->project.items[i].column;
        items[i].expr = expr_substitute(context->arena, plan->project.items[i].expr,
                                        inner->project.items, inner->column_count);
    }
    return plan_project(context->arena, inner->project.input, items, plan->column_count);
}

const Plan *rule_merge_projects(PlanContext *context, const Plan *plan, Fault *fault)
{
    return plan_rewrite(context, plan, merge_node, NULL, fault);
}

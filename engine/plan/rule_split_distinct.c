/*
 * Split DISTINCT aggregates: when every aggregate of a node is DISTINCT over one and the same
 * expression, duplicates are dropped by grouping first, which needs no sets in the states, works
 * on dictionary codes, and is parallel.
 *
 *     Aggregate (k) [count(distinct x)]          Aggregate (k) [count(x)]
 *       t                                  ->      Aggregate (k, x)
 *                                                    t
 *
 * DISTINCT that changes nothing (min, max, bool_and) is dropped. A FILTER becomes a CASE around
 * the argument first. What is left over (several different expressions, other aggregates beside)
 * runs as a complete aggregation over the shuffled rows (cut_group).
 */
#include "engine/plan/plan_internal.h"

/* With CASE WHEN filter THEN x END instead of FILTER; sound where NULLs are not counted. */
static const Expr *filter_to_case(Arena *arena, const Expr *aggregate)
{
    const Expr *argument = aggregate->arguments[0];
    const Expr *parts[3] = {aggregate->aggregate.filter, argument,
                            expr_null(arena, argument->type, -1)};
    return expr_nary(arena, EXPR_CASE, argument->type, parts, 3, argument->location);
}

static const Expr *distinct_argument(Arena *arena, const Expr *aggregate)
{
    if (aggregate->argument_count != 1 || aggregate->aggregate.order_count > 0)
        return NULL;
    if (aggregate->aggregate.filter == NULL)
        return aggregate->arguments[0];
    return strcmp(aggregate->aggregate.function->name, "count") == 0
               ? filter_to_case(arena, aggregate)
               : NULL;
}

static const Expr *without_distinct(Arena *arena, const Expr *aggregate, const Expr *argument)
{
    Expr *copy = ARENA_NEW(arena, Expr);
    *copy = *aggregate;
    copy->aggregate.is_distinct = false;
    if (argument != NULL) {
        const Expr **arguments = ARENA_ARRAY(arena, const Expr *, 1);
        arguments[0] = argument;
        copy->arguments = arguments;
        copy->aggregate.filter = NULL;
    }
    return copy;
}

/* Drops DISTINCT where it means nothing. */
static const Plan *drop_idle_distinct(PlanContext *context, const Plan *plan)
{
    PlanProjection *items =
        ARENA_ARRAY(context->arena, PlanProjection, plan->aggregate.aggregate_count);
    bool changed = false;
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++) {
        items[i] = plan->aggregate.aggregates[i];
        if (items[i].expr->aggregate.is_distinct &&
            items[i].expr->aggregate.function->ignores_distinct) {
            items[i].expr = without_distinct(context->arena, items[i].expr, NULL);
            changed = true;
        }
    }
    return changed ? plan_aggregate(context->arena, plan->aggregate.input, plan->aggregate.keys,
                                    plan->aggregate.key_count, items,
                                    plan->aggregate.aggregate_count)
                   : plan;
}

/* The expression that all aggregates are DISTINCT over, or NULL. */
static const Expr *common_argument(Arena *arena, const Plan *plan)
{
    const Expr *common = NULL;
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++) {
        const Expr *aggregate = plan->aggregate.aggregates[i].expr;
        const Expr *argument =
            aggregate->aggregate.is_distinct ? distinct_argument(arena, aggregate) : NULL;
        if (argument == NULL || expr_is_volatile(argument) ||
            (common != NULL && !expr_equal(common, argument)))
            return NULL;
        common = argument;
    }
    return common;
}

static const Plan *split_node(PlanContext *context, const Plan *plan, void *state, Fault *fault)
{
    (void)state;
    (void)fault;
    if (plan->kind != PLAN_AGGREGATE)
        return plan;
    plan = drop_idle_distinct(context, plan);
    Arena *arena = context->arena;
    const Expr *argument = common_argument(arena, plan);
    if (argument == NULL)
        return plan;
    uint32_t key_count = plan->aggregate.key_count;
    PlanProjection *inner_keys = ARENA_ARRAY(arena, PlanProjection, key_count + 1);
    PlanProjection *outer_keys = ARENA_ARRAY(arena, PlanProjection, key_count);
    for (uint32_t i = 0; i < key_count; i++) {
        PlanColumn column = plan->aggregate.keys[i].column;
        PlanColumn inner = column;
        inner.id = plan_new_column(context);
        inner_keys[i] = (PlanProjection){.column = inner, .expr = plan->aggregate.keys[i].expr};
        outer_keys[i] = (PlanProjection){.column = column,
                                         .expr = expr_column(arena, inner.type, inner.id, -1)};
    }
    PlanColumn value = {.id = plan_new_column(context), .type = argument->type, .name = "distinct"};
    inner_keys[key_count] = (PlanProjection){.column = value, .expr = argument};
    const Plan *inner =
        plan_aggregate(arena, plan->aggregate.input, inner_keys, key_count + 1, NULL, 0);
    PlanProjection *aggregates =
        ARENA_ARRAY(arena, PlanProjection, plan->aggregate.aggregate_count);
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++) {
        aggregates[i] = plan->aggregate.aggregates[i];
        aggregates[i].expr = without_distinct(arena, aggregates[i].expr,
                                              expr_column(arena, value.type, value.id, -1));
    }
    return plan_aggregate(arena, inner, outer_keys, key_count, aggregates,
                          plan->aggregate.aggregate_count);
}

const Plan *rule_split_distinct(PlanContext *context, const Plan *plan, Fault *fault)
{
    return plan_rewrite(context, plan, split_node, NULL, fault);
}

/*
 * Push semi joins: a join that only chooses among the left side's rows (SEMI, ANTI) asks for
 * columns of some of the tables that are joined there. Where these have no more rows by
 * themselves than all together, it chooses among theirs, and the others meet fewer rows.
 *
 *     Semi a.k = c.k                      Join a.j = b.j
 *       Join a.j = b.j             ->       Semi a.k = c.k
 *         a (few rows)                        a
 *         b (many rows)                       c
 *       c                                   b
 *
 * Before order_joins, which sees the result as one of the inputs to order.
 */
#include "engine/plan/plan_internal.h"

static bool only_chooses(const Plan *plan)
{
    return plan->kind == PLAN_JOIN &&
           (plan->join.type == JOIN_SEMI || plan->join.type == JOIN_ANTI);
}

static bool asks_for(const Plan *join, const Plan *input)
{
    return (join->join.condition != NULL && expr_touches_plan(join->join.condition, input)) ||
           (join->join.any_condition != NULL && expr_touches_plan(join->join.any_condition, input));
}

static const Plan *over(Arena *arena, const Plan *join, const Plan *left)
{
    const Plan *inputs[2] = {left, join->join.right};
    return plan_with_inputs(arena, join, inputs);
}

/* The rows of `left` that the join chooses, chosen as far down as is worth it. */
static const Plan *choose_among(Arena *arena, const Plan *join, const Plan *left)
{
    bool keeps_left = left->kind == PLAN_JOIN &&
                      (left->join.type == JOIN_INNER || left->join.type == JOIN_LEFT);
    for (int side = 0; keeps_left && side < (left->join.type == JOIN_INNER ? 2 : 1); side++) {
        const Plan *inputs[2] = {left->join.left, left->join.right};
        if (!asks_for(join, inputs[side]) || asks_for(join, inputs[1 - side]) ||
            plan_estimate_rows(inputs[side]) > plan_estimate_rows(left))
            continue;
        inputs[side] = choose_among(arena, join, inputs[side]);
        return plan_with_inputs(arena, left, inputs);
    }
    return over(arena, join, left);
}

const Plan *plan_choose_below(Arena *arena, const Plan *join)
{
    const Plan *chosen = choose_among(arena, join, join->join.left);
    bool stays = chosen->kind == join->kind && chosen->join.type == join->join.type;
    return stays ? join : chosen;
}

static const Plan *push(PlanContext *context, const Plan *plan, void *state, Fault *fault)
{
    (void)state, (void)fault;
    bool is_candidate = only_chooses(plan) && plan->join.left->kind == PLAN_JOIN && !plan_is_volatile(plan);
    return is_candidate ? plan_choose_below(context->arena, plan) : plan;
}

const Plan *rule_push_semi_joins(PlanContext *context, const Plan *plan, Fault *fault)
{
    return plan_rewrite(context, plan, push, NULL, fault);
}

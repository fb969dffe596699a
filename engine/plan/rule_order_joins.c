/*
 * Order joins: a run of inner joins is taken apart into its inputs and conditions and put
 * together again. A few inputs: the cheapest of all trees (search_joins.c). Many, or such as only
 * a cross product brings together: the largest streams through hash tables of the others, most
 * selective first, and never a cross product while a connected input is left.
 *
 *     Join c                                  Join b
 *       Join b                      ->          Join c (few rows)
 *         a (many rows)                           a
 *         b                                       c
 *       c (few rows)                            b
 *
 * Greedy, as in "operator ordering" (Fegaras, 1998), on the estimates of estimate.c. A left join whose
 * left side is much smaller is turned round, so that the smaller side is held.
 */
#include "engine/plan/order_joins_internal.h"

static bool is_inner(const Plan *plan)
{
    return plan->kind == PLAN_JOIN && plan->join.type == JOIN_INNER;
}

static bool gather(JoinRegion *region, const Plan *plan)
{
    if (is_inner(plan)) {
        expr_list_add_conjuncts(&region->conditions, plan->join.condition);
        return gather(region, plan->join.left) && gather(region, plan->join.right);
    }
    if (region->leaf_count == MAX_REGION_LEAVES)
        return false;
    region->leaves[region->leaf_count++] = plan;
    return true;
}

static void note_touched(JoinRegion *region, Arena *arena)
{
    region->placed = arena_zalloc(arena, region->conditions.count + 1);
    region->touched = ARENA_ARRAY(arena, uint64_t, region->conditions.count + 1);
    for (uint32_t i = 0; i < region->conditions.count; i++) {
        region->touched[i] = 0;
        for (uint32_t leaf = 0; leaf < region->leaf_count; leaf++)
            if (expr_touches_plan(region->conditions.items[i], region->leaves[leaf]))
                region->touched[i] |= UINT64_C(1) << leaf;
    }
}

/* --- greedy --- */

/* The conditions that hold once the leaf is joined to those of `joined`, as one; marks them when
 * `take`. */
static const Expr *condition_with(JoinRegion *region, Arena *arena, uint64_t joined, uint32_t leaf,
                                  bool take)
{
    uint64_t both = joined | UINT64_C(1) << leaf;
    ExprList list;
    expr_list_init(&list, arena);
    for (uint32_t i = 0; i < region->conditions.count; i++)
        if (!region->placed[i] && region->touched[i] != 0 && (region->touched[i] & ~both) == 0) {
            expr_list_add(&list, region->conditions.items[i]);
            region->placed[i] = take;
        }
    return expr_list_and(&list);
}

static bool is_connected(const JoinRegion *region, uint64_t joined, uint32_t leaf)
{
    uint64_t bit = UINT64_C(1) << leaf;
    for (uint32_t i = 0; i < region->conditions.count; i++)
        if ((region->touched[i] & bit) != 0 && (region->touched[i] & joined) != 0 &&
            (region->touched[i] & ~(joined | bit)) == 0)
            return true;
    return false;
}

static uint32_t largest_leaf(const JoinRegion *region)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < region->leaf_count; i++)
        if (plan_estimate_rows(region->leaves[i]) > plan_estimate_rows(region->leaves[best]))
            best = i;
    return best;
}

/* The leaf whose join with `plan`, which has those of `joined`, leaves the fewest rows, connected
 * ones first. */
static uint32_t next_leaf(JoinRegion *region, Arena *arena, const Plan *plan, uint64_t joined)
{
    uint32_t best = UINT32_MAX;
    double best_rows = 0;
    bool best_connected = false;
    for (uint32_t i = 0; i < region->leaf_count; i++) {
        if (joined >> i & 1)
            continue;
        const Expr *condition = condition_with(region, arena, joined, i, false);
        bool connected = is_connected(region, joined, i);
        double rows = plan_estimate_rows(
            plan_join(arena, JOIN_INNER, plan, region->leaves[i], condition, (PlanColumn){0}));
        rows += plan_estimate_rows(region->leaves[i]) * 0.01; /* among equals the smaller table to hold */
        if (best == UINT32_MAX || (connected && !best_connected) ||
            (connected == best_connected && rows < best_rows)) {
            best = i;
            best_rows = rows;
            best_connected = connected;
        }
    }
    return best;
}

static const Plan *join_greedily(JoinRegion *region, Arena *arena)
{
    uint32_t first = largest_leaf(region);
    uint64_t joined = UINT64_C(1) << first;
    const Plan *ordered = region->leaves[first];
    for (uint32_t count = 1; count < region->leaf_count; count++) {
        uint32_t leaf = next_leaf(region, arena, ordered, joined);
        const Plan *right = region->leaves[leaf];
        const Expr *condition = condition_with(region, arena, joined, leaf, true);
        joined |= UINT64_C(1) << leaf;
        ordered = plan_estimate_rows(right) > plan_estimate_rows(ordered)
                      ? plan_join(arena, JOIN_INNER, right, ordered, condition, (PlanColumn){0})
                      : plan_join(arena, JOIN_INNER, ordered, right, condition, (PlanColumn){0});
    }
    return ordered;
}

static const Plan *order_region(PlanContext *context, const Plan *plan)
{
    Arena *arena = context->arena;
    JoinRegion region = {0};
    expr_list_init(&region.conditions, arena);
    if (!gather(&region, plan))
        return plan;
    note_touched(&region, arena);
    const Plan *ordered = search_join_tree(arena, &region);
    if (ordered == NULL)
        ordered = join_greedily(&region, arena);
    ExprList rest; /* conditions of one leaf, or without columns */
    expr_list_init(&rest, arena);
    for (uint32_t i = 0; i < region.conditions.count; i++)
        if (!region.placed[i])
            expr_list_add(&rest, region.conditions.items[i]);
    const Expr *left_over = expr_list_and(&rest);
    return left_over == NULL ? ordered : plan_filter(arena, ordered, left_over);
}

static const Plan *turn_round(PlanContext *context, const Plan *plan)
{
    JoinType type = plan->join.type;
    if (type != JOIN_LEFT && type != JOIN_RIGHT)
        return plan;
    double left = plan_estimate_rows(plan->join.left), right = plan_estimate_rows(plan->join.right);
    bool wants_left = right > left * 4;
    if (!wants_left)
        return plan;
    return plan_join(context->arena, type == JOIN_LEFT ? JOIN_RIGHT : JOIN_LEFT, plan->join.right,
                     plan->join.left, plan->join.condition, (PlanColumn){0});
}

static const Plan *order(PlanContext *context, const Plan *plan);

static const Plan *order_inputs(PlanContext *context, const Plan *plan)
{
    uint32_t count = plan_input_count(plan);
    if (count == 0)
        return plan;
    const Plan **inputs = ARENA_ARRAY(context->arena, const Plan *, count);
    bool changed = false;
    for (uint32_t i = 0; i < count; i++) {
        const Plan *input = plan_input(plan, i);
        /* the inside of a region of inner joins is ordered with the region */
        inputs[i] = is_inner(plan) && is_inner(input) ? order_inputs(context, input)
                                                      : order(context, input);
        changed = changed || inputs[i] != input;
    }
    return changed ? plan_with_inputs(context->arena, plan, inputs) : plan;
}

static const Plan *order(PlanContext *context, const Plan *plan)
{
    plan = order_inputs(context, plan);
    if (is_inner(plan))
        return order_region(context, plan);
    return plan->kind == PLAN_JOIN ? turn_round(context, plan) : plan;
}

const Plan *rule_order_joins(PlanContext *context, const Plan *plan, Fault *fault)
{
    (void)fault;
    return order(context, plan);
}

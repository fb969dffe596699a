/*
 * The search for the cheapest tree of inner joins.
 *
 *     Join orders                             Join
 *       Join customer                ->         lineitem (streams through)
 *         lineitem                              Join (held: few rows)
 *         orders                                  orders
 *         customer                                customer
 *
 * A set's rows are estimated once, by its first tree, so that all its trees are compared on what
 * they do and not on how they were estimated.
 */
#include "engine/plan/order_joins_internal.h"

/* What the work with one row costs, beside one probe of a small table. */
static const double SEND_COST = 2;    /* into a frame, to another worker, and read there */
static const double HOLD_COST = 3;    /* into a hash table */
static const double MAKE_COST = 0.5;  /* as a row of the join */
static const double SMALL_TABLE = 2e4; /* rows whose table stays in the cache near the core */
static const double LARGE_TABLE = 1e6;
static const double BROADCAST_ROWS = 1e6; /* as cut_join.c decides */
static const double WORKERS = 2;          /* that share the work, where it can be shared */

typedef struct JoinSet {
    const Plan *plan; /* NULL: no tree without a cross product is known */
    double rows;
    double cost;
    uint32_t held; /* the leaves of the side that is held; 0 for a leaf */
} JoinSet;

typedef struct Search {
    Arena *arena;
    JoinRegion *region;
    JoinSet *sets; /* by the set's bits */
} Search;

static double probe_cost(double held_rows)
{
    return held_rows < SMALL_TABLE ? 1 : held_rows < LARGE_TABLE ? 2 : 4;
}

/* What this join costs by itself: `streaming` rows pass a table of `held` rows. */
static double join_cost(double streaming, double held, double made)
{
    bool is_broadcast = held <= BROADCAST_ROWS || held * WORKERS < streaming;
    double cost = streaming * probe_cost(held) / WORKERS + made * MAKE_COST / WORKERS;
    if (is_broadcast)
        return cost + held * (SEND_COST + HOLD_COST);
    return cost + (streaming + held) * SEND_COST / WORKERS + held * HOLD_COST / WORKERS;
}

/* Whether the condition is one of the join of the two sets: it holds with them, and not before. */
static bool is_between(uint64_t touched, uint32_t left, uint32_t right)
{
    return (touched & ~(uint64_t)(left | right)) == 0 && (touched & left) != 0 && (touched & right) != 0;
}

static bool are_connected(const JoinRegion *region, uint32_t left, uint32_t right)
{
    for (uint32_t i = 0; i < region->conditions.count; i++)
        if (is_between(region->touched[i], left, right))
            return true;
    return false;
}

static const Plan *make_join(Search *search, uint32_t streaming, uint32_t held)
{
    JoinRegion *region = search->region;
    ExprList conditions;
    expr_list_init(&conditions, search->arena);
    for (uint32_t i = 0; i < region->conditions.count; i++)
        if (is_between(region->touched[i], streaming, held))
            expr_list_add(&conditions, region->conditions.items[i]);
    return plan_join(search->arena, JOIN_INNER, search->sets[streaming].plan, search->sets[held].plan,
                     expr_list_and(&conditions), (PlanColumn){0});
}

/* Takes the tree into account that joins the two sets, `held` in a hash table. */
static void consider(Search *search, uint32_t streaming, uint32_t held)
{
    JoinSet *set = &search->sets[streaming | held];
    const JoinSet *left = &search->sets[streaming], *right = &search->sets[held];
    if (set->rows == 0)
        set->rows = plan_estimate_rows(make_join(search, streaming, held));
    double cost = left->cost + right->cost + join_cost(left->rows, right->rows, set->rows);
    if (set->held == 0 || cost < set->cost) {
        set->cost = cost;
        set->held = held;
    }
}

static void search_set(Search *search, uint32_t set)
{
    JoinSet *found = &search->sets[set];
    for (uint32_t part = (set - 1) & set; part > 0; part = (part - 1) & set)
        if (search->sets[part].plan != NULL && search->sets[set ^ part].plan != NULL &&
            are_connected(search->region, part, set ^ part))
            consider(search, part, set ^ part);
    if (found->held == 0)
        return;
    Plan *plan = (Plan *)make_join(search, set ^ found->held, found->held);
    plan->estimated_rows = found->rows;
    found->plan = plan;
}

const Plan *search_join_tree(Arena *arena, JoinRegion *region)
{
    if (region->leaf_count > MAX_SEARCHED_LEAVES)
        return NULL;
    uint32_t all = (UINT32_C(1) << region->leaf_count) - 1;
    Search search = {
        .arena = arena, .region = region, .sets = arena_zalloc(arena, (all + 1) * sizeof(JoinSet))};
    for (uint32_t i = 0; i < region->leaf_count; i++) {
        JoinSet *leaf = &search.sets[UINT32_C(1) << i];
        leaf->plan = region->leaves[i];
        leaf->rows = plan_estimate_rows(leaf->plan);
    }
    for (uint32_t set = 1; set <= all; set++)
        if ((set & (set - 1)) != 0)
            search_set(&search, set);
    if (search.sets[all].plan == NULL)
        return NULL;
    for (uint32_t i = 0; i < region->conditions.count; i++)
        region->placed[i] = (region->touched[i] & (region->touched[i] - 1)) != 0;
    return search.sets[all].plan;
}

/*
 * Recursion in stages: one worker owns the loop, in one operator. Of its step everything that
 * does not look at the rows of the round before is cut like any other plan, in as many stages as
 * it takes, and brought to that worker once; the rest is a tree of operators without stages.
 *
 * Rows that are shared (plan_share) are a recursion of one round.
 */
#include "engine/plan/cut_internal.h"

typedef struct HeldPart {
    Fragment fragment;
    uint32_t id;
} HeldPart;

struct HeldScope {
    ColumnId id; /* of the recursion */
    struct HeldScope *outer;
    HeldPart *parts;
    uint32_t count, capacity;
};

static bool uses_working(const Plan *plan, ColumnId id)
{
    if (plan->kind == PLAN_WORKING)
        return plan->working.recursion == id;
    for (uint32_t i = 0; i < plan_input_count(plan); i++)
        if (uses_working(plan_input(plan, i), id))
            return true;
    return false;
}

bool cut_is_held(const Cutter *cutter, const Plan *plan)
{
    return cutter->held != NULL && !uses_working(plan, cutter->held->id);
}

/* A leaf that reads what the recursion holds under `id`. */
static Fragment held_leaf(Cutter *cutter, uint32_t id, const SqlType *types, const ColumnId *ids,
                          uint32_t count)
{
    OperatorSpec *spec = cut_operator(cutter, OPERATOR_HELD, types, count, NULL, 0);
    spec->held.id = id;
    return (Fragment){.root = spec, .ids = ids, .is_single = true, .processor = "scan"};
}

bool cut_held(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    struct HeldScope *scope = cutter->held;
    HeldPart part = {.id = plan_new_column(cutter->context->plan)};
    cutter->held = scope->outer;
    bool ok = cut_plan(cutter, plan, &part.fragment);
    cutter->held = scope;
    if (!ok)
        return false;
    if (scope->outer == NULL)
        cut_to_single(cutter, &part.fragment);
    if (scope->count == scope->capacity) {
        uint32_t capacity = scope->capacity == 0 ? 4 : scope->capacity * 2;
        HeldPart *parts = ARENA_ARRAY(cutter->arena, HeldPart, capacity);
        if (scope->count > 0)
            memcpy(parts, scope->parts, scope->count * sizeof *parts);
        scope->parts = parts;
        scope->capacity = capacity;
    }
    scope->parts[scope->count++] = part;
    *fragment = held_leaf(cutter, part.id, part.fragment.root->types, part.fragment.ids,
                          part.fragment.root->column_count);
    fragment->root = part.fragment.root->estimated_rows > 0
                         ? cut_with_estimate(cutter, fragment->root,
                                             part.fragment.root->estimated_rows)
                         : fragment->root;
    return true;
}

bool cut_working(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    uint32_t count = plan->column_count;
    SqlType *types = ARENA_ARRAY(cutter->arena, SqlType, count);
    ColumnId *ids = ARENA_ARRAY(cutter->arena, ColumnId, count);
    for (uint32_t i = 0; i < count; i++) {
        types[i] = plan->columns[i].type;
        ids[i] = plan->columns[i].id;
    }
    *fragment = held_leaf(cutter, plan->working.recursion, types, ids, count);
    return true;
}

/* Exactly these columns, which an input has in the same order. */
static void name_columns(Cutter *cutter, const PlanColumn *columns, const Plan *input,
                         Fragment *fragment)
{
    PlanProjection *items = ARENA_ARRAY(cutter->arena, PlanProjection, input->column_count);
    for (uint32_t i = 0; i < input->column_count; i++)
        items[i] = (PlanProjection){columns[i],
                                    expr_column(cutter->arena, input->columns[i].type,
                                                input->columns[i].id, -1)};
    fragment_project(cutter, fragment, items, input->column_count);
}

static bool cut_step(Cutter *cutter, const Plan *plan, struct HeldScope *scope, Fragment *step)
{
    cutter->held = scope;
    bool ok = cut_plan(cutter, plan->recurse.step, step);
    cutter->held = scope->outer;
    if (ok)
        name_columns(cutter, plan->columns, plan->recurse.step, step);
    return ok;
}

bool cut_recurse(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    struct HeldScope scope = {.id = plan->recurse.id, .outer = cutter->held};
    Fragment first, step;
    if (!cut_plan(cutter, plan->recurse.first, &first))
        return false;
    const Plan *shared = plan->recurse.first;
    name_columns(cutter, plan->recurse.is_once ? shared->columns : plan->columns, shared, &first);
    cut_to_single(cutter, &first);
    if (!cut_step(cutter, plan, &scope, &step))
        return false;
    uint32_t count = scope.count + 2;
    const OperatorSpec **children = ARENA_ARRAY(arena, const OperatorSpec *, count);
    uint32_t *held = ARENA_ARRAY(arena, uint32_t, count);
    children[0] = first.root;
    held[0] = plan->recurse.id;
    for (uint32_t i = 0; i < scope.count; i++) {
        fragment_join_inputs(cutter, &first, &scope.parts[i].fragment, &children[i + 1]);
        held[i + 1] = scope.parts[i].id;
    }
    children[count - 1] = step.root;
    OperatorSpec *spec = cut_operator(cutter, OPERATOR_RECURSE, step.root->types,
                                      plan->column_count, children, count);
    spec->recurse.is_distinct = plan->recurse.is_distinct;
    spec->recurse.is_once = plan->recurse.is_once;
    spec->recurse.held = held;
    spec->estimated_rows = plan_estimate_rows(plan);
    first.root = spec;
    first.ids = step.ids;
    first.is_single = true;
    first.processor = "recurse";
    *fragment = first;
    return true;
}

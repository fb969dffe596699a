/*
 * Decorrelate: Apply nodes become joins, so that no subquery is ever run once a row.
 *
 *     Apply scalar (x)                      Join single on t.a = o.a
 *       o                             ->      o
 *       Aggregate () [x = sum(t.b)]           Aggregate (t.a) [x = sum(t.b)]
 *         Filter (t.a = o.a)                    t
 *           t
 *
 * The right side's conditions that name columns of the left are pulled up to the join, through
 * filters, projections, inner joins and, where they are equalities, aggregates (which group by the inner
 * side of the equality). Where an aggregate has other conditions below it, or its arguments name the outer
 * query, the distinct values of the outer columns that they name are joined in below the aggregate
 * and become keys. What cannot be pulled is left to decorrelate_domain.c. An aggregate without keys gives a row even where nothing matches: after
 * the join COUNT's NULL becomes 0 again. EXISTS and ANY become mark joins; a mark that is only
 * filtered on becomes a semi or an anti join (push_filters). The idea is that of Galindo-Legaria
 * and Joshi, "Orthogonal Optimization of Subqueries and Aggregation", 2001.
 */
#include "engine/plan/decorrelate_internal.h"

typedef struct Pull {
    PlanContext *context;
    const Plan *outer;
    ExprList conditions; /* pulled: over the outer's and the right side's columns */
    /* A global aggregate was given keys: what its outputs are without rows. */
    const Plan *global_aggregate;
    /* Projections whose expressions name the outer, or stand above such an aggregate: to be
     * computed after the join. In order from the inside out. */
    const Plan *deferred[16];
    uint32_t deferred_count;
    bool keeps_columns; /* columns of the inside may be added to projections */
    bool ignores_rows;  /* EXISTS: limits above zero and orders do not matter */
    Fault *fault;
} Pull;

static const Plan *pull(Pull *state, const Plan *plan);
static const Plan *settle_deferred(Pull *state, const Plan *input);

static const Plan *not_supported(Pull *state, const char *what)
{
    fault_set(state->fault, FAULT_FEATURE_NOT_SUPPORTED,
              "correlated subquery is not supported in this form: %s", what);
    return NULL;
}

static const Plan *pull_filter(Pull *state, const Plan *plan)
{
    const Plan *input = pull(state, plan->filter.input);
    if (input == NULL)
        return NULL;
    ExprList all, kept;
    expr_list_init(&all, state->context->arena);
    expr_list_init(&kept, state->context->arena);
    expr_list_add_conjuncts(&all, plan->filter.condition);
    for (uint32_t i = 0; i < all.count; i++) {
        if (expr_touches_plan(all.items[i], state->outer))
            expr_list_add(&state->conditions, all.items[i]);
        else
            expr_list_add(&kept, all.items[i]);
    }
    if (state->global_aggregate != NULL)
        return not_supported(state, "a condition over an aggregate of the outer query's rows");
    if (state->deferred_count > 0 && (input = settle_deferred(state, input)) == NULL)
        return NULL;
    const Expr *condition = expr_list_and(&kept);
    return condition == NULL ? input : plan_filter(state->context->arena, input, condition);
}

typedef struct MissingColumns {
    const Plan *plan;   /* outputs that are there already */
    const Plan *input;  /* where the missing ones come from */
    PlanProjection *items;
    uint32_t count;
    Arena *arena;
} MissingColumns;

static void add_missing(ColumnId column, void *state)
{
    MissingColumns *missing = state;
    for (uint32_t i = 0; i < missing->count; i++)
        if (missing->items[i].column.id == column)
            return;
    const PlanColumn *found = plan_find_column(missing->input, column);
    if (found != NULL)
        missing->items[missing->count++] =
            (PlanProjection){.column = *found,
                             .expr = expr_column(missing->arena, found->type, column, -1)};
}

/* The projection and, after its items, the columns that pulled conditions need. */
static const Plan *project_keeping(Pull *state, const Plan *plan, const Plan *input)
{
    Arena *arena = state->context->arena;
    MissingColumns missing = {
        .input = input,
        .arena = arena,
        .items = ARENA_ARRAY(arena, PlanProjection, plan->column_count + input->column_count),
        .count = plan->column_count};
    memcpy(missing.items, plan->project.items, plan->column_count * sizeof *missing.items);
    for (uint32_t i = 0; i < state->conditions.count; i++)
        expr_columns(state->conditions.items[i], add_missing, &missing);
    return plan_project(arena, input, missing.items, missing.count);
}

static const Plan *pull_project(Pull *state, const Plan *plan)
{
    const Plan *input = pull(state, plan->project.input);
    if (input == NULL)
        return NULL;
    bool touches = state->global_aggregate != NULL || state->deferred_count > 0;
    for (uint32_t i = 0; i < plan->column_count; i++)
        touches = touches || expr_touches_plan(plan->project.items[i].expr, state->outer);
    if (!touches)
        return project_keeping(state, plan, input);
    if (state->deferred_count == sizeof state->deferred / sizeof state->deferred[0])
        return not_supported(state, "too many nested expressions");
    state->deferred[state->deferred_count++] = plan;
    return input;
}

PlanProjection *decorrelate_pass(Arena *arena, const Plan *plan, uint32_t extra, uint32_t *count)
{
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, plan->column_count + extra);
    for (uint32_t i = 0; i < plan->column_count; i++)
        items[i] = (PlanProjection){
            .column = plan->columns[i],
            .expr = expr_column(arena, plan->columns[i].type, plan->columns[i].id, -1)};
    *count = plan->column_count;
    return items;
}

/* --- the distinct values of outer columns, joined in --- */

typedef struct OuterColumns {
    Pull *state;
    PlanProjection *keys;   /* of the distinct: new column, outer column */
    PlanProjection *inside; /* outer column -> new column, for substitution */
    uint32_t count, capacity;
} OuterColumns;

static void add_outer_column(ColumnId column, void *data)
{
    OuterColumns *outer = data;
    const PlanColumn *found = plan_find_column(outer->state->outer, column);
    if (found == NULL || outer->count == outer->capacity)
        return;
    for (uint32_t i = 0; i < outer->count; i++)
        if (outer->inside[i].column.id == column)
            return;
    Arena *arena = outer->state->context->arena;
    PlanColumn inner = *found;
    inner.id = plan_new_column(outer->state->context);
    outer->keys[outer->count] = (PlanProjection){
        .column = inner, .expr = expr_column(arena, found->type, found->id, -1)};
    outer->inside[outer->count++] = (PlanProjection){
        .column = *found, .expr = expr_column(arena, inner.type, inner.id, -1)};
}

static OuterColumns outer_columns(Pull *state)
{
    uint32_t most = state->outer->column_count;
    return (OuterColumns){.state = state,
                          .keys = ARENA_ARRAY(state->context->arena, PlanProjection, most),
                          .inside = ARENA_ARRAY(state->context->arena, PlanProjection, most),
                          .capacity = most};
}

const Expr *decorrelate_same(Arena *arena, const Expr *a, const Expr *b, Fault *fault)
{
    const Expr *arguments[2] = {a, b};
    SqlType types[2] = {a->type, b->type}, coerced[2];
    const ScalarFunction *function = function_resolve(TEXT_LITERAL("is_not_distinct_from"), types,
                                                      2, 0, coerced, -1, fault);
    return function == NULL
               ? NULL
               : expr_call(arena, function, SQL_TYPE(T_BOOL), arguments, 2, -1);
}

/* copy IS NOT DISTINCT FROM outer, for each column. */
static bool add_identities(Pull *state, const OuterColumns *outer)
{
    for (uint32_t i = 0; i < outer->count; i++) {
        const Expr *same = decorrelate_same(state->context->arena, outer->inside[i].expr,
                                            outer->keys[i].expr, state->fault);
        if (same == NULL)
            return false;
        expr_list_add(&state->conditions, same);
    }
    return true;
}

/* `input` joined with the outer columns' distinct values where `conditions` (from `first` on,
 * taken off the list) hold; equalities with the outer columns are pulled in their place. */
static const Plan *join_outer_values(Pull *state, const Plan *input, uint32_t first, OuterColumns *outer)
{
    Arena *arena = state->context->arena;
    ExprList on;
    expr_list_init(&on, arena);
    for (uint32_t i = first; i < state->conditions.count; i++)
        expr_columns(state->conditions.items[i], add_outer_column, outer);
    for (uint32_t i = first; i < state->conditions.count; i++)
        expr_list_add(&on, expr_substitute(arena, state->conditions.items[i], outer->inside, outer->count));
    state->conditions.count = first;
    const Plan *values = plan_aggregate(arena, state->outer, outer->keys, outer->count, NULL, 0);
    if (!add_identities(state, outer))
        return NULL;
    return plan_join(arena, JOIN_INNER, input, values, expr_list_and(&on), (PlanColumn){0});
}

/*
 * Projections that wait for the join are computed here after all, over the outer columns' values
 * joined in: something above (an aggregate, a condition) needs them now.
 */
static const Plan *settle_deferred(Pull *state, const Plan *input)
{
    Arena *arena = state->context->arena;
    OuterColumns outer = outer_columns(state);
    for (uint32_t d = 0; d < state->deferred_count; d++)
        for (uint32_t i = 0; i < state->deferred[d]->column_count; i++)
            expr_columns(state->deferred[d]->project.items[i].expr, add_outer_column, &outer);
    input = join_outer_values(state, input, state->conditions.count, &outer);
    for (uint32_t d = 0; input != NULL && d < state->deferred_count; d++) {
        const Plan *deferred = state->deferred[d];
        uint32_t count;
        PlanProjection *items = decorrelate_pass(arena, input, deferred->column_count, &count);
        for (uint32_t i = 0; i < deferred->column_count; i++)
            if (!plan_has_column(input, deferred->columns[i].id)) {
                items[count] = deferred->project.items[i];
                items[count].expr = expr_substitute(arena, items[count].expr, outer.inside, outer.count);
                count++;
            }
        input = plan_project(arena, input, items, count);
    }
    state->deferred_count = 0;
    return input;
}

/* inner = outer, with `inner` over the plan and `outer` over the outer query alone. */
static bool is_correlation(const Expr *condition, const Plan *input, const Plan *outer,
                           const Expr **inner)
{
    if (condition->kind != EXPR_CALL || condition->argument_count != 2)
        return false;
    const ScalarFunction *function = condition->call.function;
    if ((function->symbol == NULL || strcmp(function->symbol, "=") != 0) &&
        strcmp(function->name, "is_not_distinct_from") != 0)
        return false;
    for (int side = 0; side < 2; side++) {
        const Expr *mine = condition->arguments[side], *other = condition->arguments[1 - side];
        if (expr_fits_plan(mine, input) && !expr_touches_plan(mine, outer) &&
            expr_fits_plan(other, outer)) {
            *inner = mine;
            return true;
        }
    }
    return false;
}

static const Expr *replace_side(Arena *arena, const Expr *condition, const Expr *inner,
                                const Expr *column)
{
    const Expr *arguments[2];
    for (int side = 0; side < 2; side++)
        arguments[side] = condition->arguments[side] == inner ? column : condition->arguments[side];
    return expr_call(arena, condition->call.function, condition->type, arguments, 2,
                     condition->location);
}

static const PlanProjection *substitute_items(Arena *arena, const PlanProjection *items, uint32_t count,
                                              const OuterColumns *outer)
{
    if (outer->count == 0)
        return items;
    PlanProjection *replaced = ARENA_ARRAY(arena, PlanProjection, count);
    for (uint32_t i = 0; i < count; i++) {
        replaced[i] = items[i];
        replaced[i].expr = expr_substitute(arena, items[i].expr, outer->inside, outer->count);
    }
    return replaced;
}

static const Plan *pull_aggregate(Pull *state, const Plan *plan)
{
    Arena *arena = state->context->arena;
    uint32_t before = state->conditions.count;
    const Plan *input = pull(state, plan->aggregate.input);
    if (input == NULL)
        return NULL;
    if (state->global_aggregate != NULL)
        return not_supported(state, "an aggregate over an aggregate of the outer query's rows");
    if (state->deferred_count > 0 && (input = settle_deferred(state, input)) == NULL)
        return NULL;
    OuterColumns outer = outer_columns(state);
    const PlanProjection *aggregates = plan->aggregate.aggregates;
    const Expr *ignored;
    bool needs_values = false;
    for (uint32_t i = before; i < state->conditions.count; i++)
        needs_values = needs_values || !is_correlation(state->conditions.items[i], input, state->outer, &ignored);
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++)
        if (expr_touches_plan(aggregates[i].expr, state->outer)) {
            expr_columns(aggregates[i].expr, add_outer_column, &outer);
            needs_values = true;
        }
    for (uint32_t i = 0; i < plan->aggregate.key_count; i++)
        if (expr_touches_plan(plan->aggregate.keys[i].expr, state->outer)) {
            expr_columns(plan->aggregate.keys[i].expr, add_outer_column, &outer);
            needs_values = true;
        }
    if (needs_values && (input = join_outer_values(state, input, before, &outer)) == NULL)
        return NULL;
    aggregates = substitute_items(arena, aggregates, plan->aggregate.aggregate_count, &outer);
    uint32_t pulled = state->conditions.count - before;
    uint32_t key_count = plan->aggregate.key_count;
    PlanProjection *keys = ARENA_ARRAY(arena, PlanProjection, key_count + pulled);
    memcpy(keys, substitute_items(arena, plan->aggregate.keys, key_count, &outer), key_count * sizeof *keys);
    for (uint32_t i = before; i < state->conditions.count; i++) {
        const Expr *inner;
        if (!is_correlation(state->conditions.items[i], input, state->outer, &inner))
            return not_supported(state, "below an aggregate only equalities may name the outer query");
        PlanColumn column = {.id = plan_new_column(state->context), .type = inner->type, .name = "key"};
        keys[key_count++] = (PlanProjection){.column = column, .expr = inner};
        state->conditions.items[i] =
            replace_side(arena, state->conditions.items[i], inner,
                         expr_column(arena, inner->type, column.id, -1));
    }
    if (plan->aggregate.key_count == 0)
        state->global_aggregate = plan;
    return plan_aggregate(arena, input, keys, key_count, aggregates, plan->aggregate.aggregate_count);
}

/* One side of a join. What the join's condition may name is computed below the join. */
static const Plan *pull_side(Pull *state, const Plan *plan, bool is_named)
{
    const Plan *side = pull(state, plan);
    if (side != NULL && state->global_aggregate != NULL)
        return not_supported(state, "a join of an aggregate of the outer query's rows");
    return side != NULL && is_named && state->deferred_count > 0 ? settle_deferred(state, side)
                                                                  : side;
}

static const Plan *pull_join(Pull *state, const Plan *plan)
{
    Arena *arena = state->context->arena;
    const Plan *left = plan->join.left, *right = plan->join.right;
    bool right_refers = plan_refers_to(right, state->outer);
    const Expr *condition = plan->join.condition;
    const Expr *any = plan->join.any_condition;
    bool condition_refers = (condition != NULL && expr_touches_plan(condition, state->outer)) ||
                            (any != NULL && expr_touches_plan(any, state->outer));
    if (plan->join.type != JOIN_INNER && (right_refers || condition_refers))
        return not_supported(state, "an outer join's inner side names the outer query");
    if (plan->join.type == JOIN_RIGHT || plan->join.type == JOIN_FULL)
        return not_supported(state, "a right or full join names the outer query");
    left = pull_side(state, left, condition != NULL || right_refers);
    if (left == NULL ||
        (right_refers && (right = pull_side(state, right, condition != NULL)) == NULL))
        return NULL;
    if (plan->join.type == JOIN_INNER && condition != NULL) {
        ExprList all, kept;
        expr_list_init(&all, arena);
        expr_list_init(&kept, arena);
        expr_list_add_conjuncts(&all, condition);
        for (uint32_t i = 0; i < all.count; i++)
            expr_list_add(expr_touches_plan(all.items[i], state->outer) ? &state->conditions : &kept,
                          all.items[i]);
        condition = expr_list_and(&kept);
    }
    const PlanColumn *mark = plan_find_column(plan, plan->join.mark);
    return plan_join_any(arena, plan->join.type, left, right, condition, plan->join.any_condition,
                         mark != NULL ? *mark : (PlanColumn){0});
}

/* Each outer row has windows of its own: the inner side of the equalities divides them. */
static const Plan *pull_window(Pull *state, const Plan *plan)
{
    uint32_t before = state->conditions.count, count = plan->window.partition_count;
    const Plan *input = pull(state, plan->window.input);
    if (input == NULL)
        return NULL;
    if (state->global_aggregate != NULL || state->deferred_count > 0)
        return not_supported(state, "a window function over expressions of the outer query");
    uint32_t pulled = state->conditions.count - before;
    const Expr **partition = ARENA_ARRAY(state->context->arena, const Expr *, count + pulled);
    for (uint32_t i = 0; i < count; i++)
        partition[i] = plan->window.partition[i];
    for (uint32_t i = before; i < state->conditions.count; i++)
        if (!is_correlation(state->conditions.items[i], input, state->outer, &partition[count++]))
            return not_supported(state, "below a window function only equalities may name the "
                                        "outer query");
    Plan window = {.window = plan->window};
    window.window.partition_count = count;
    window.window.partition = partition;
    const Plan *pulled_plan = plan_window(state->context->arena, input, &window);
    return plan_refers_to(pulled_plan, state->outer)
               ? not_supported(state, "a window function of the outer query's columns")
               : pulled_plan;
}

static const Plan *pull_limit(Pull *state, const Plan *plan)
{
    if (state->ignores_rows && plan->limit.offset == 0 && plan->limit.count != 0)
        return pull(state, plan->limit.input);
    return not_supported(state, "LIMIT");
}

/* `plan` without references to the outer query; they end up in state->conditions and
 * state->deferred. */
static const Plan *pull(Pull *state, const Plan *plan)
{
    if (!plan_refers_to(plan, state->outer))
        return plan;
    switch (plan->kind) {
    case PLAN_FILTER:
        return pull_filter(state, plan);
    case PLAN_PROJECT:
        return pull_project(state, plan);
    case PLAN_AGGREGATE:
        return pull_aggregate(state, plan);
    case PLAN_JOIN:
        return pull_join(state, plan);
    case PLAN_SORT:
        return pull(state, plan->sort.input);
    case PLAN_LIMIT:
        return pull_limit(state, plan);
    case PLAN_WINDOW:
        return pull_window(state, plan);
    case PLAN_UNION_ALL:
        return not_supported(state, "UNION");
    case PLAN_VALUES:
        return not_supported(state, "VALUES");
    case PLAN_EXPAND:
        return not_supported(state, "a function of several rows");
    case PLAN_RECURSE:
    case PLAN_WORKING:
        return not_supported(state, "WITH RECURSIVE");
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
    case PLAN_EXTERN:
    case PLAN_APPLY: /* inner ones are gone: rewriting goes bottom-up */
        break;
    }
    return not_supported(state, "subquery");
}

/* --- after the join --- */

/* count(x) of no rows is 0, every other aggregate's NULL stays. */
const Plan *decorrelate_repair_counts(PlanContext *context, const Plan *plan,
                                      const Plan *aggregate)
{
    Arena *arena = context->arena;
    uint32_t count;
    PlanProjection *items = decorrelate_pass(arena, plan, 0, &count);
    for (uint32_t i = 0; i < aggregate->aggregate.aggregate_count; i++) {
        const PlanProjection *item = &aggregate->aggregate.aggregates[i];
        const AggregateFunction *function = item->expr->aggregate.function;
        if (strcmp(function->name, "count") != 0 && strncmp(function->name, "approx_count", 12) != 0)
            continue;
        for (uint32_t k = 0; k < count; k++)
            if (items[k].column.id == item->column.id) {
                const Expr *parts[2] = {items[k].expr,
                                        expr_int64(arena, item->column.type, 0, -1)};
                items[k].expr = expr_nary(arena, EXPR_COALESCE, item->column.type, parts, 2, -1);
            }
    }
    return plan_project(arena, plan, items, count);
}

static const Plan *repair_counts(Pull *state, const Plan *plan)
{
    return decorrelate_repair_counts(state->context, plan, state->global_aggregate);
}

static const Plan *add_deferred(Pull *state, const Plan *plan)
{
    Arena *arena = state->context->arena;
    for (uint32_t d = 0; d < state->deferred_count; d++) {
        const Plan *deferred = state->deferred[d];
        uint32_t count;
        PlanProjection *items =
            decorrelate_pass(arena, plan, deferred->column_count, &count);
        for (uint32_t i = 0; i < deferred->column_count; i++)
            if (!plan_has_column(plan, deferred->columns[i].id))
                items[count++] = deferred->project.items[i];
        plan = plan_project(arena, plan, items, count);
    }
    return plan;
}

const Plan *decorrelate_project_result(PlanContext *context, const Plan *plan, const Plan *left,
                                       PlanColumn result, ColumnId value)
{
    uint32_t count;
    PlanProjection *items = decorrelate_pass(context->arena, left, 1, &count);
    items[count++] = (PlanProjection){
        .column = result, .expr = expr_column(context->arena, result.type, value, -1)};
    return plan_project(context->arena, plan, items, count);
}

/* A column that is true in every row of `plan`: NULL after a join that found none. */
static const Plan *add_presence(PlanContext *context, const Plan *plan, PlanColumn *presence)
{
    uint32_t count;
    PlanProjection *items = decorrelate_pass(context->arena, plan, 1, &count);
    *presence = (PlanColumn){
        .id = plan_new_column(context), .type = SQL_TYPE(T_BOOL), .name = "present"};
    items[count++] =
        (PlanProjection){.column = *presence, .expr = expr_bool(context->arena, true)};
    return plan_project(context->arena, plan, items, count);
}

/* The value where the subquery had a row: what waited for the join is computed in every row. */
static const Plan *project_present(PlanContext *context, const Plan *plan, const Plan *left,
                                   PlanColumn result, ColumnId value, PlanColumn presence)
{
    Arena *arena = context->arena;
    uint32_t count;
    PlanProjection *items = decorrelate_pass(arena, left, 1, &count);
    const Expr *branches[3] = {expr_column(arena, presence.type, presence.id, -1),
                               expr_column(arena, result.type, value, -1),
                               expr_null(arena, result.type, -1)};
    items[count++] = (PlanProjection){
        .column = result, .expr = expr_nary(arena, EXPR_CASE, result.type, branches, 3, -1)};
    return plan_project(arena, plan, items, count);
}

static const Plan *decorrelate_scalar(Pull *state, const Plan *apply, const Plan *right)
{
    PlanContext *context = state->context;
    PlanColumn result = *plan_find_column(apply, apply->apply.result);
    ColumnId value = apply->apply.right->columns[0].id;
    PlanColumn presence;
    bool needs_presence = state->deferred_count > 0 && state->global_aggregate == NULL;
    if (needs_presence)
        right = add_presence(context, right, &presence);
    const Plan *joined = plan_join(context->arena, JOIN_SINGLE, apply->apply.left, right,
                                   expr_list_and(&state->conditions), (PlanColumn){0});
    if (state->global_aggregate != NULL)
        joined = repair_counts(state, joined);
    joined = add_deferred(state, joined);
    if (needs_presence)
        return project_present(context, joined, apply->apply.left, result, value, presence);
    return decorrelate_project_result(context, joined, apply->apply.left, result, value);
}

static const Plan *decorrelate_join(Pull *state, const Plan *apply, const Plan *right)
{
    Arena *arena = state->context->arena;
    bool is_late = state->deferred_count > 0 || state->global_aggregate != NULL;
    if (apply->apply.condition != NULL) {
        if (is_late)
            return not_supported(state, "a LATERAL join's condition over an expression of the outer query");
        expr_list_add_conjuncts(&state->conditions, apply->apply.condition);
    }
    /* an aggregate without keys has a row for every outer row */
    JoinType type = state->global_aggregate != NULL ? JOIN_LEFT : apply->apply.join_type;
    bool gives_nulls = type == JOIN_LEFT || type == JOIN_SINGLE;
    if (is_late && gives_nulls && state->global_aggregate == NULL)
        return not_supported(state, "a LATERAL left join with an expression of the outer query");
    const Plan *joined = plan_join(arena, type, apply->apply.left, right,
                                   expr_list_and(&state->conditions), (PlanColumn){0});
    if (state->global_aggregate != NULL)
        joined = repair_counts(state, joined);
    return add_deferred(state, joined);
}

/* IN of an aggregate without keys: it gives one row, the mark is the comparison with it. */
static const Plan *compare_with_aggregate(Pull *state, const Plan *apply, const Plan *right,
                                          PlanColumn mark)
{
    Arena *arena = state->context->arena;
    const Plan *left = apply->apply.left;
    const Plan *joined = plan_join(arena, JOIN_SINGLE, left, right,
                                   expr_list_and(&state->conditions), (PlanColumn){0});
    joined = add_deferred(state, repair_counts(state, joined));
    uint32_t count;
    PlanProjection *items = decorrelate_pass(arena, left, 1, &count);
    items[count++] = (PlanProjection){.column = mark, .expr = apply->apply.condition};
    return plan_project(arena, joined, items, count);
}

/* What waited for the join is computed in the comparison of IN itself, which sees both sides. */
static const Expr *with_deferred(Pull *state, const Expr *expr)
{
    for (uint32_t d = state->deferred_count; d-- > 0;)
        expr = expr_substitute(state->context->arena, expr, state->deferred[d]->project.items,
                               state->deferred[d]->column_count);
    return expr;
}

static const Plan *decorrelate_mark(Pull *state, const Plan *apply, const Plan *right)
{
    Arena *arena = state->context->arena;
    PlanColumn mark = *plan_find_column(apply, apply->apply.result);
    const Expr *any = apply->apply.type == APPLY_ANY ? apply->apply.condition : NULL;
    if (state->global_aggregate != NULL && apply->apply.type == APPLY_EXISTS) {
        /* a global aggregate always has its row */
        uint32_t count;
        PlanProjection *items = decorrelate_pass(arena, apply->apply.left, 1, &count);
        items[count++] = (PlanProjection){.column = mark, .expr = expr_bool(arena, true)};
        return plan_project(arena, apply->apply.left, items, count);
    }
    if (any != NULL && state->global_aggregate != NULL)
        return compare_with_aggregate(state, apply, right, mark);
    if (any != NULL)
        any = with_deferred(state, any);
    return plan_join_any(arena, JOIN_MARK, apply->apply.left, right,
                         expr_list_and(&state->conditions), any, mark);
}

static const Plan *decorrelate_by_pulling(PlanContext *context, const Plan *plan, Fault *fault)
{
    Pull state = {.context = context,
                  .outer = plan->apply.left,
                  .ignores_rows = plan->apply.type == APPLY_EXISTS,
                  .fault = fault};
    expr_list_init(&state.conditions, context->arena);
    const Plan *right = pull(&state, plan->apply.right);
    if (right == NULL)
        return NULL;
    switch (plan->apply.type) {
    case APPLY_SCALAR:
        return decorrelate_scalar(&state, plan, right);
    case APPLY_EXISTS:
    case APPLY_ANY:
        return decorrelate_mark(&state, plan, right);
    case APPLY_JOIN:
        return decorrelate_join(&state, plan, right);
    }
    return NULL;
}

/*
 * A LATERAL item that is made of nothing but expressions over the outer row, copied or not, is
 * computed on the outer rows themselves. NULL: it is not made so. `in_left`: of a left join, where
 * a row without copies comes out with NULLs.
 */
static const Plan *on_outer_rows(Pull *state, const Plan *plan, bool in_left)
{
    Arena *arena = state->context->arena;
    const Plan *input;
    uint32_t count;
    switch (plan->kind) {
    case PLAN_VALUES: {
        if (plan->values.row_count != 1)
            return NULL;
        PlanProjection *items = decorrelate_pass(arena, state->outer, plan->column_count, &count);
        for (uint32_t i = 0; i < plan->column_count; i++)
            items[count++] = (PlanProjection){plan->columns[i], plan->values.cells[i]};
        return plan_project(arena, state->outer, items, count);
    }
    case PLAN_EXPAND:
        if (in_left && plan->expand.input->kind != PLAN_VALUES)
            return NULL;
        input = on_outer_rows(state, plan->expand.input, false);
        return input == NULL ? NULL
                             : plan_expand(arena, input, plan->expand.count,
                                           *plan_find_column(plan, plan->expand.number), in_left);
    case PLAN_PROJECT: {
        const Plan *below = plan->project.input;
        if (in_left && below->kind != PLAN_EXPAND && below->kind != PLAN_VALUES)
            return NULL;
        input = on_outer_rows(state, below, in_left);
        if (input == NULL)
            return NULL;
        const Expr *number = NULL;
        if (in_left && below->kind == PLAN_EXPAND)
            number = expr_column(arena, SQL_TYPE(T_INT8), below->expand.number, -1);
        PlanProjection *items = decorrelate_pass(arena, state->outer, plan->column_count, &count);
        for (uint32_t i = 0; i < plan->column_count; i++) {
            PlanProjection item = plan->project.items[i];
            if (number != NULL) {
                const Expr *is_none =
                    expr_nary(arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &number, 1, -1);
                const Expr *parts[3] = {is_none, expr_null(arena, item.expr->type, -1), item.expr};
                item.expr = expr_nary(arena, EXPR_CASE, item.expr->type, parts, 3, -1);
            }
            items[count++] = item;
        }
        return plan_project(arena, input, items, count);
    }
    case PLAN_FILTER:
        input = in_left ? NULL : on_outer_rows(state, plan->filter.input, false);
        return input == NULL ? NULL : plan_filter(arena, input, plan->filter.condition);
    default:
        return NULL;
    }
}

static const Plan *decorrelate_function(PlanContext *context, const Plan *plan)
{
    if (plan->apply.type != APPLY_JOIN || !plan_refers_to(plan->apply.right, plan->apply.left))
        return NULL;
    JoinType type = plan->apply.join_type;
    bool is_left = type == JOIN_LEFT;
    if ((is_left && plan->apply.condition != NULL) || (!is_left && type != JOIN_INNER))
        return NULL;
    Pull state = {.context = context, .outer = plan->apply.left};
    const Plan *made = on_outer_rows(&state, plan->apply.right, is_left);
    if (made == NULL || plan->apply.condition == NULL)
        return made;
    return plan_filter(context->arena, made, plan->apply.condition);
}

/* Pulling gives the better plan where it can be done. */
static const Plan *decorrelate_node(PlanContext *context, const Plan *plan, void *unused,
                                    Fault *fault)
{
    (void)unused;
    if (plan->kind != PLAN_APPLY)
        return plan;
    const Plan *computed = decorrelate_function(context, plan);
    if (computed != NULL)
        return computed;
    Fault refused = {0};
    const Plan *joined = decorrelate_by_pulling(context, plan, &refused);
    return joined != NULL ? joined : decorrelate_by_domain(context, plan, fault);
}

const Plan *rule_decorrelate(PlanContext *context, const Plan *plan, Fault *fault)
{
    return plan_rewrite(context, plan, decorrelate_node, NULL, fault);
}

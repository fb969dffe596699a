/*
 * The general way to decorrelate: the right side is computed once for each combination of values
 * of the outer columns that it names.
 *
 *     Apply                                Join on D.a = o.a
 *       o                                    o
 *       Limit 1                     ->       Limit 1 for each D.a
 *         Sort by t.b                          Sort by D.a, t.b
 *           Filter (t.a = o.a)                   Filter (t.a = D.a)
 *             t                                    Join
 *                                                    t
 *                                                    D: the distinct values of o.a
 *
 * The domain D goes down to where its columns are named, and every node on the way lets its
 * columns through: aggregates and limits work for each of its rows, unions have it in every branch,
 * both sides of a join meet on it. This is Neumann and Kemper, "Unnesting Arbitrary Queries", BTW
 * 2015. Filters pushed down later make joins of the cross products.
 */
#include "engine/plan/decorrelate_internal.h"

typedef struct Domain {
    PlanContext *context;
    const Plan *outer;
    uint32_t count, capacity;
    PlanColumn *columns; /* of the outer plan, those that are named below */
    ColumnSet recursions; /* whose working rows carry the domain's columns */
    Fault *fault;
} Domain;

/* A plan with the domain's columns among its own: `copies` of them, of which each row has one. */
typedef struct Bound {
    const Plan *plan;
    PlanColumn *copies;
} Bound;

static bool bind_plan(Domain *domain, const Plan *plan, Bound *bound);

/* --- what the plan names of the outer query --- */

static void add_column(ColumnId column, void *state)
{
    Domain *domain = state;
    const PlanColumn *found = plan_find_column(domain->outer, column);
    for (uint32_t i = 0; found != NULL && i < domain->count; i++)
        if (domain->columns[i].id == column)
            return;
    if (found != NULL && domain->count < domain->capacity)
        domain->columns[domain->count++] = *found;
}

static void gather_columns(Domain *domain, const Plan *plan)
{
    plan_node_columns(plan, add_column, domain);
    for (uint32_t i = 0; i < plan_input_count(plan); i++)
        gather_columns(domain, plan_input(plan, i));
}

/* Whether the plan, or anything below it, has rows that differ with the row of the domain. */
static bool depends(const Domain *domain, const Plan *plan)
{
    if (plan->kind == PLAN_WORKING)
        return column_set_has(&domain->recursions, plan->working.recursion);
    if (plan_refers_to(plan, domain->outer))
        return true;
    for (uint32_t i = 0; i < plan_input_count(plan); i++)
        if (depends(domain, plan_input(plan, i)))
            return true;
    return false;
}

/* --- pieces --- */

static const Expr *column_of(const Domain *domain, PlanColumn column)
{
    return expr_column(domain->context->arena, column.type, column.id, -1);
}

/* The distinct values, by names of their own. */
static Bound domain_values(Domain *domain)
{
    Arena *arena = domain->context->arena;
    PlanProjection *keys = ARENA_ARRAY(arena, PlanProjection, domain->count);
    Bound bound = {.copies = ARENA_ARRAY(arena, PlanColumn, domain->count)};
    for (uint32_t i = 0; i < domain->count; i++) {
        bound.copies[i] = domain->columns[i];
        bound.copies[i].id = plan_new_column(domain->context);
        keys[i] = (PlanProjection){bound.copies[i], column_of(domain, domain->columns[i])};
    }
    bound.plan = plan_aggregate(arena, domain->outer, keys, domain->count, NULL, 0);
    return bound;
}

/* An expression over the outer columns' copies. */
static const Expr *rebind(const Domain *domain, const Expr *expr, const PlanColumn *copies)
{
    if (expr == NULL)
        return NULL;
    Arena *arena = domain->context->arena;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, domain->count);
    for (uint32_t i = 0; i < domain->count; i++)
        items[i] = (PlanProjection){domain->columns[i], column_of(domain, copies[i])};
    return expr_substitute(arena, expr, items, domain->count);
}

static PlanProjection *rebind_items(const Domain *domain, const PlanProjection *items,
                                    uint32_t count, const PlanColumn *copies, uint32_t extra)
{
    PlanProjection *result = ARENA_ARRAY(domain->context->arena, PlanProjection, count + extra);
    for (uint32_t i = 0; i < count; i++)
        result[i] = (PlanProjection){items[i].column, rebind(domain, items[i].expr, copies)};
    return result;
}

static void put_copies(const Domain *domain, PlanProjection *items, const PlanColumn *copies)
{
    for (uint32_t i = 0; i < domain->count; i++)
        items[i] = (PlanProjection){copies[i], column_of(domain, copies[i])};
}

/* a and b stand for the same row of the domain. */
static bool add_same(Domain *domain, const PlanColumn *a, const PlanColumn *b, ExprList *conditions)
{
    for (uint32_t i = 0; i < domain->count; i++) {
        const Expr *same = decorrelate_same(domain->context->arena, column_of(domain, a[i]),
                                            column_of(domain, b[i]), domain->fault);
        if (same == NULL)
            return false;
        expr_list_add(conditions, same);
    }
    return true;
}

/* --- nodes --- */

/* Every row of the plan for every row of the domain. */
static bool bind_free(Domain *domain, const Plan *plan, Bound *bound)
{
    *bound = domain_values(domain);
    bound->plan = plan_join(domain->context->arena, JOIN_INNER, plan, bound->plan, NULL,
                            (PlanColumn){0});
    return true;
}

static bool bind_filter(Domain *domain, const Plan *plan, Bound *bound)
{
    if (!bind_plan(domain, plan->filter.input, bound))
        return false;
    bound->plan = plan_filter(domain->context->arena, bound->plan,
                              rebind(domain, plan->filter.condition, bound->copies));
    return true;
}

static bool bind_project(Domain *domain, const Plan *plan, Bound *bound)
{
    if (!bind_plan(domain, plan->project.input, bound))
        return false;
    uint32_t count = plan->column_count;
    PlanProjection *items =
        rebind_items(domain, plan->project.items, count, bound->copies, domain->count);
    put_copies(domain, items + count, bound->copies);
    bound->plan =
        plan_project(domain->context->arena, bound->plan, items, count + domain->count);
    return true;
}

/* Without keys of its own it gives a row for every row of the domain, also where nothing comes. */
static bool bind_aggregate(Domain *domain, const Plan *plan, Bound *bound)
{
    Arena *arena = domain->context->arena;
    if (!bind_plan(domain, plan->aggregate.input, bound))
        return false;
    uint32_t count = plan->aggregate.key_count;
    PlanProjection *keys =
        rebind_items(domain, plan->aggregate.keys, count, bound->copies, domain->count);
    put_copies(domain, keys + count, bound->copies);
    const PlanProjection *aggregates =
        rebind_items(domain, plan->aggregate.aggregates, plan->aggregate.aggregate_count,
                     bound->copies, 0);
    bound->plan = plan_aggregate(arena, bound->plan, keys, count + domain->count, aggregates,
                                 plan->aggregate.aggregate_count);
    if (count > 0)
        return true;
    Bound all = domain_values(domain);
    ExprList on;
    expr_list_init(&on, arena);
    if (!add_same(domain, all.copies, bound->copies, &on))
        return false;
    const Plan *joined =
        plan_join(arena, JOIN_LEFT, all.plan, bound->plan, expr_list_and(&on), (PlanColumn){0});
    bound->plan = decorrelate_repair_counts(domain->context, joined, plan);
    bound->copies = all.copies;
    return true;
}

/* The side whose rows all come out has the domain; the other one too where it names it. */
static bool bind_sides(Domain *domain, const Plan *plan, Bound *left, Bound *right,
                       const PlanColumn **copies)
{
    JoinType type = plan->join.type;
    bool right_refers = depends(domain, plan->join.right);
    bool left_refers = depends(domain, plan->join.left);
    bool needs_both = type == JOIN_FULL;
    bool leads_right = type == JOIN_RIGHT || (type == JOIN_INNER && !left_refers && right_refers);
    *left = (Bound){.plan = plan->join.left};
    *right = (Bound){.plan = plan->join.right};
    if ((!leads_right || left_refers || needs_both) &&
        !bind_plan(domain, plan->join.left, left))
        return false;
    if ((leads_right || right_refers || needs_both) &&
        !bind_plan(domain, plan->join.right, right))
        return false;
    *copies = leads_right ? right->copies : left->copies;
    return true;
}

/* After a full join a row has its domain from the one side or from the other. */
static const Plan *merge_copies(Domain *domain, const Plan *joined, const PlanColumn *left,
                                const PlanColumn *right, PlanColumn *merged)
{
    Arena *arena = domain->context->arena;
    uint32_t count;
    PlanProjection *items = decorrelate_pass(arena, joined, domain->count, &count);
    for (uint32_t i = 0; i < domain->count; i++) {
        const Expr *pair[2] = {column_of(domain, left[i]), column_of(domain, right[i])};
        merged[i] = left[i];
        merged[i].id = plan_new_column(domain->context);
        items[count++] = (PlanProjection){
            merged[i], expr_nary(arena, EXPR_COALESCE, merged[i].type, pair, 2, -1)};
    }
    return plan_project(arena, joined, items, count);
}

static bool bind_join(Domain *domain, const Plan *plan, Bound *bound)
{
    Arena *arena = domain->context->arena;
    Bound left, right;
    const PlanColumn *copies;
    ExprList conditions;
    expr_list_init(&conditions, arena);
    if (!bind_sides(domain, plan, &left, &right, &copies))
        return false;
    expr_list_add_conjuncts(&conditions, rebind(domain, plan->join.condition, copies));
    bool are_both = left.copies != NULL && right.copies != NULL;
    if (are_both && !add_same(domain, left.copies, right.copies, &conditions))
        return false;
    const PlanColumn *mark = plan_find_column(plan, plan->join.mark);
    bound->plan = plan_join_any(arena, plan->join.type, left.plan, right.plan,
                                expr_list_and(&conditions),
                                rebind(domain, plan->join.any_condition, copies),
                                mark != NULL ? *mark : (PlanColumn){0});
    bound->copies = ARENA_ARRAY(arena, PlanColumn, domain->count);
    memcpy(bound->copies, copies, domain->count * sizeof *copies);
    if (plan->join.type == JOIN_FULL)
        bound->plan =
            merge_copies(domain, bound->plan, left.copies, right.copies, bound->copies);
    return true;
}

/* Sorts by the domain and by what the limit's own order is, as columns; NULL with a fault. */
static const Plan *sort_each(Domain *domain, const Plan *sort, Bound *input)
{
    Arena *arena = domain->context->arena;
    uint32_t own = sort != NULL ? sort->sort.key_count : 0, count = domain->count;
    PlanSortKey *keys = ARENA_ARRAY(arena, PlanSortKey, count + own);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (PlanSortKey){.expr = column_of(domain, input->copies[i])};
    for (uint32_t i = 0; i < own; i++) {
        keys[count + i] = sort->sort.keys[i];
        keys[count + i].expr = rebind(domain, sort->sort.keys[i].expr, input->copies);
    }
    return plan_sort(arena, input->plan, keys, count + own);
}

static bool bind_limit(Domain *domain, const Plan *plan, Bound *bound)
{
    Arena *arena = domain->context->arena;
    const Plan *sort = plan->limit.input->kind == PLAN_SORT ? plan->limit.input : NULL;
    if (!bind_plan(domain, sort != NULL ? sort->sort.input : plan->limit.input, bound))
        return false;
    bound->plan = sort_each(domain, sort, bound);
    uint32_t count = domain->count + plan->limit.key_count;
    ColumnId *keys = ARENA_ARRAY(arena, ColumnId, count);
    for (uint32_t i = 0; i < domain->count; i++)
        keys[i] = bound->copies[i].id;
    for (uint32_t i = 0; i < plan->limit.key_count; i++)
        keys[domain->count + i] = plan->limit.keys[i];
    bound->plan = plan_limit_by(arena, bound->plan, plan->limit.count, plan->limit.offset, keys,
                                count, domain->count + plan->limit.each_count,
                                plan->limit.with_ties);
    return true;
}

/* `plan` with these columns (by new names) and the copies. */
static const Plan *branch(Domain *domain, const Plan *plan, const Expr *const *exprs,
                          const PlanColumn *columns, uint32_t count, const PlanColumn *copies)
{
    Arena *arena = domain->context->arena;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, count + domain->count);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = (PlanProjection){columns[i], exprs[i]};
        items[i].column.id = plan_new_column(domain->context);
    }
    for (uint32_t i = 0; i < domain->count; i++) {
        items[count + i] = (PlanProjection){copies[i], column_of(domain, copies[i])};
        items[count + i].column.id = plan_new_column(domain->context);
    }
    return plan_project(arena, plan, items, count + domain->count);
}

/* The columns of a node whose inputs are branches: `plan`'s own and copies. */
static PlanColumn *united_columns(Domain *domain, const Plan *plan, Bound *bound)
{
    uint32_t width = plan->column_count;
    PlanColumn *columns = ARENA_ARRAY(domain->context->arena, PlanColumn, width + domain->count);
    if (width > 0)
        memcpy(columns, plan->columns, width * sizeof *columns);
    bound->copies = columns + width;
    for (uint32_t i = 0; i < domain->count; i++) {
        bound->copies[i] = domain->columns[i];
        bound->copies[i].id = plan_new_column(domain->context);
    }
    return columns;
}

/* `input` as a branch of `plan`, its columns by position. */
static bool bind_branch(Domain *domain, const Plan *plan, const Plan *input, const Plan **result)
{
    uint32_t width = plan->column_count;
    Bound one;
    if (!bind_plan(domain, input, &one))
        return false;
    const Expr **exprs = ARENA_ARRAY(domain->context->arena, const Expr *, width);
    for (uint32_t c = 0; c < width; c++)
        exprs[c] = column_of(domain, input->columns[c]);
    *result = branch(domain, one.plan, exprs, plan->columns, width, one.copies);
    return true;
}

static bool bind_union(Domain *domain, const Plan *plan, Bound *bound)
{
    uint32_t count = plan->union_all.input_count;
    const Plan **branches = ARENA_ARRAY(domain->context->arena, const Plan *, count);
    for (uint32_t i = 0; i < count; i++)
        if (!bind_branch(domain, plan, plan->union_all.inputs[i], &branches[i]))
            return false;
    const PlanColumn *columns = united_columns(domain, plan, bound);
    bound->plan = plan_union_all(domain->context->arena, branches, count, columns);
    return true;
}

/* All recursions, one for each row of the domain, run as one. */
static bool bind_recurse(Domain *domain, const Plan *plan, Bound *bound)
{
    const Plan *branches[2], *first = plan->recurse.first;
    if (!bind_branch(domain, plan->recurse.is_once ? first : plan, first, &branches[0]))
        return false;
    column_set_add(&domain->recursions, plan->recurse.id);
    if (!bind_branch(domain, plan, plan->recurse.step, &branches[1]))
        return false;
    const PlanColumn *columns = united_columns(domain, plan, bound);
    Arena *arena = domain->context->arena;
    ColumnId id = plan->recurse.id;
    bound->plan = plan->recurse.is_once
                      ? plan_share(arena, branches[0], branches[1], id, columns)
                      : plan_recurse(arena, branches[0], branches[1], id,
                                     plan->recurse.is_distinct, columns);
    return true;
}

static bool bind_working(Domain *domain, const Plan *plan, Bound *bound)
{
    const PlanColumn *columns = united_columns(domain, plan, bound);
    bound->plan = plan_working(domain->context->arena, plan->working.recursion, columns,
                               plan->column_count + domain->count);
    return true;
}

static bool bind_values(Domain *domain, const Plan *plan, Bound *bound)
{
    Arena *arena = domain->context->arena;
    uint32_t count = plan->values.row_count, width = plan->column_count;
    const Plan **branches = ARENA_ARRAY(arena, const Plan *, count);
    for (uint32_t i = 0; i < count; i++) {
        Bound one = domain_values(domain);
        const Expr **exprs = ARENA_ARRAY(arena, const Expr *, width);
        for (uint32_t c = 0; c < width; c++)
            exprs[c] = rebind(domain, plan->values.cells[i * width + c], one.copies);
        branches[i] = branch(domain, one.plan, exprs, plan->columns, width, one.copies);
    }
    const PlanColumn *columns = united_columns(domain, plan, bound);
    bound->plan = plan_union_all(arena, branches, count, columns);
    return true;
}

static bool bind_expand(Domain *domain, const Plan *plan, Bound *bound)
{
    if (!bind_plan(domain, plan->expand.input, bound))
        return false;
    bound->plan = plan_expand(domain->context->arena, bound->plan,
                              rebind(domain, plan->expand.count, bound->copies),
                              *plan_find_column(plan, plan->expand.number), plan->expand.is_outer);
    return true;
}

/* Each row of the domain has partitions of its own. */
static bool bind_window(Domain *domain, const Plan *plan, Bound *bound)
{
    Arena *arena = domain->context->arena;
    if (!bind_plan(domain, plan->window.input, bound))
        return false;
    Plan window = {.window = plan->window};
    uint32_t own = plan->window.partition_count;
    const Expr **partition = ARENA_ARRAY(arena, const Expr *, own + domain->count);
    PlanSortKey *order = ARENA_ARRAY(arena, PlanSortKey, plan->window.order_count);
    PlanWindowFunction *functions =
        ARENA_ARRAY(arena, PlanWindowFunction, plan->window.function_count);
    for (uint32_t i = 0; i < own; i++)
        partition[i] = rebind(domain, plan->window.partition[i], bound->copies);
    for (uint32_t i = 0; i < domain->count; i++)
        partition[own + i] = column_of(domain, bound->copies[i]);
    for (uint32_t i = 0; i < plan->window.order_count; i++) {
        order[i] = plan->window.order[i];
        order[i].expr = rebind(domain, order[i].expr, bound->copies);
    }
    for (uint32_t i = 0; i < plan->window.function_count; i++) {
        functions[i] = plan->window.functions[i];
        functions[i].expr = rebind(domain, functions[i].expr, bound->copies);
    }
    window.window.partition_count = own + domain->count;
    window.window.partition = partition;
    window.window.order = order;
    window.window.functions = functions;
    bound->plan = plan_window(arena, bound->plan, &window);
    return true;
}

static bool bind_plan(Domain *domain, const Plan *plan, Bound *bound)
{
    if (!depends(domain, plan))
        return bind_free(domain, plan, bound);
    switch (plan->kind) {
    case PLAN_FILTER:
        return bind_filter(domain, plan, bound);
    case PLAN_PROJECT:
        return bind_project(domain, plan, bound);
    case PLAN_AGGREGATE:
        return bind_aggregate(domain, plan, bound);
    case PLAN_JOIN:
        return bind_join(domain, plan, bound);
    case PLAN_SORT: /* only a limit gives an order a meaning */
        return bind_plan(domain, plan->sort.input, bound);
    case PLAN_LIMIT:
        return bind_limit(domain, plan, bound);
    case PLAN_UNION_ALL:
        return bind_union(domain, plan, bound);
    case PLAN_VALUES:
        return bind_values(domain, plan, bound);
    case PLAN_RECURSE:
        return bind_recurse(domain, plan, bound);
    case PLAN_WORKING:
        return bind_working(domain, plan, bound);
    case PLAN_EXPAND:
        return bind_expand(domain, plan, bound);
    case PLAN_WINDOW:
        return bind_window(domain, plan, bound);
    case PLAN_TABLE: /* leaves name nothing before filters are pushed down */
    case PLAN_VIRTUAL:
    case PLAN_EXTERN:
    case PLAN_APPLY: /* inner ones are gone: rewriting goes bottom-up */
        break;
    }
    return fault_set(domain->fault, FAULT_FEATURE_NOT_SUPPORTED,
                     "correlated subquery is not supported in this form");
}

const Plan *decorrelate_by_domain(PlanContext *context, const Plan *apply, Fault *fault)
{
    Arena *arena = context->arena;
    const Plan *left = apply->apply.left;
    Domain domain = {.context = context,
                     .outer = left,
                     .capacity = left->column_count,
                     .columns = ARENA_ARRAY(arena, PlanColumn, left->column_count + 1),
                     .fault = fault};
    column_set_init(&domain.recursions, arena);
    gather_columns(&domain, apply->apply.right);
    Bound right;
    ExprList on;
    expr_list_init(&on, arena);
    if (!bind_plan(&domain, apply->apply.right, &right) ||
        !add_same(&domain, right.copies, domain.columns, &on))
        return NULL;
    PlanColumn result = {0};
    if (apply->apply.type != APPLY_JOIN)
        result = *plan_find_column(apply, apply->apply.result);
    switch (apply->apply.type) {
    case APPLY_SCALAR:
        return decorrelate_project_result(
            context,
            plan_join(arena, JOIN_SINGLE, left, right.plan, expr_list_and(&on), (PlanColumn){0}),
            left, result, apply->apply.right->columns[0].id);
    case APPLY_EXISTS:
        return plan_join(arena, JOIN_MARK, left, right.plan, expr_list_and(&on), result);
    case APPLY_ANY:
        return plan_join_any(arena, JOIN_MARK, left, right.plan, expr_list_and(&on),
                             apply->apply.condition, result);
    case APPLY_JOIN:
        expr_list_add_conjuncts(&on, apply->apply.condition);
        return plan_join(arena, apply->apply.join_type, left, right.plan, expr_list_and(&on),
                         (PlanColumn){0});
    }
    return NULL;
}

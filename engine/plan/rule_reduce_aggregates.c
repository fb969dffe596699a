/*
 * Reduce aggregates: an aggregate that is joined by its key is asked for the groups that the other
 * side has, and for no others. Where these come from a few rows, its input is restricted to them
 * first, as a decorrelated subquery wants it (magic sets: Mumick, Finkelstein, Pirahesh and
 * Ramakrishnan, "Magic is Relevant", 1990).
 *
 *     Single a.k = g.k                    Single a.k = g.k
 *       Join                                Join
 *         t                                   t
 *         a (few rows)             ->         a (few rows)
 *       Aggregate (k) g                     Aggregate (k) g
 *         s                                   Semi s.k = a.k
 *                                               s
 *                                               Project a.k
 *                                                 a
 *
 * The few rows are read twice, or once where their stages turn out to be the same (cut.c). After
 * order_joins, which gives the sides.
 */
#include "engine/plan/plan_internal.h"

/* Worth it: the rows read again are so few beside those that they restrict, and so are the
 * groups that are left. */
static const double FEW = 0.25;

/* --- the other side: where its key comes from --- */

/* Rows that reading the source again takes; -1: it is more than tables and choices among them. */
static double rows_to_read(const Plan *source)
{
    if (source->kind == PLAN_TABLE)
        return plan_estimate_rows(source);
    if (source->kind == PLAN_FILTER)
        return rows_to_read(source->filter.input);
    if (source->kind == PLAN_PROJECT)
        return rows_to_read(source->project.input);
    bool is_choice = source->kind == PLAN_JOIN &&
                     (source->join.type == JOIN_SEMI || source->join.type == JOIN_ANTI ||
                      source->join.type == JOIN_INNER);
    if (!is_choice)
        return -1;
    double left = rows_to_read(source->join.left), right = rows_to_read(source->join.right);
    return left < 0 || right < 0 ? -1 : left + right;
}

/* A plan's column with all values, and perhaps more, that the key has. */
typedef struct Source {
    const Plan *plan; /* NULL: none is small enough */
    ColumnId column;
} Source;

static bool is_plain_equality(const Expr *expr)
{
    return expr->kind == EXPR_CALL && expr->argument_count == 2 &&
           expr->call.function->symbol != NULL && strcmp(expr->call.function->symbol, "=") == 0 &&
           expr->arguments[0]->kind == EXPR_COLUMN && expr->arguments[1]->kind == EXPR_COLUMN &&
           expr->arguments[0]->type.oid == expr->arguments[1]->type.oid;
}

static Source least_source(Arena *arena, const Plan *plan, ColumnId column, double limit);

static Source smaller(Source a, Source b)
{
    if (a.plan == NULL || (b.plan != NULL && plan_estimate_rows(b.plan) < plan_estimate_rows(a.plan)))
        return b;
    return a;
}

/* Values of the join's column are some of the side's that it comes from (or NULL), and where only
 * rows with partners come out, of the column's that it must equal. */
static Source source_in_join(Arena *arena, const Plan *join, ColumnId column, double limit)
{
    const Plan *sides[2] = {join->join.left, join->join.right};
    int side = plan_has_column(sides[0], column) ? 0 : 1;
    if (join->join.type == JOIN_MARK && column == join->join.mark)
        return (Source){NULL, 0};
    Source least = least_source(arena, sides[side], column, limit);
    ExprList conjuncts;
    expr_list_init(&conjuncts, arena);
    if (join->join.type == JOIN_INNER || join->join.type == JOIN_SEMI)
        expr_list_add_conjuncts(&conjuncts, join->join.condition);
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        const Expr *equality = conjuncts.items[i];
        for (int k = 0; k < 2 && is_plain_equality(equality); k++) {
            ColumnId other = equality->arguments[1 - k]->column;
            if (equality->arguments[k]->column == column && plan_has_column(sides[1 - side], other))
                least = smaller(least, least_source(arena, sides[1 - side], other, limit));
        }
    }
    return least;
}

/* The fewest rows to read, at and below `plan`, that have all values of `column` in it. */
static Source least_source(Arena *arena, const Plan *plan, ColumnId column, double limit)
{
    double rows = rows_to_read(plan);
    Source below = {NULL, 0}, here = {rows >= 0 && rows <= limit ? plan : NULL, column};
    if (plan->kind == PLAN_JOIN)
        below = source_in_join(arena, plan, column, limit);
    else if (plan->kind == PLAN_FILTER)
        below = least_source(arena, plan->filter.input, column, limit);
    return smaller(below, here);
}

/* --- the aggregate --- */

static const PlanProjection *item_of(const PlanProjection *items, uint32_t count, ColumnId column)
{
    for (uint32_t i = 0; i < count; i++)
        if (items[i].column.id == column && items[i].expr->kind == EXPR_COLUMN)
            return &items[i];
    return NULL;
}

/* `equality` of two columns of the same types: the input's key and the source's. */
static const Expr *restated(Arena *arena, const Expr *equality, int key_side, ColumnId key,
                            ColumnId other)
{
    Expr *copy = ARENA_NEW(arena, Expr);
    const Expr **arguments = ARENA_ARRAY(arena, const Expr *, 2);
    *copy = *equality;
    for (int i = 0; i < 2; i++)
        arguments[i] = expr_column(arena, equality->arguments[i]->type, i == key_side ? key : other,
                                   equality->arguments[i]->location);
    copy->arguments = arguments;
    return copy;
}

static const Plan *project_one(Arena *arena, const Plan *input, ColumnId column)
{
    PlanProjection item = {.column = *plan_find_column(input, column)};
    item.expr = expr_column(arena, item.column.type, column, -1);
    return plan_project(arena, input, &item, 1);
}

static const Plan *restrict_input(Arena *arena, const Plan *input, const Expr *equality, int key_side,
                                  ColumnId key, const Plan *left)
{
    double rows = plan_estimate_rows(input);
    ColumnId column = equality->arguments[1 - key_side]->column;
    Source source = least_source(arena, left, column, rows * FEW);
    if (source.plan == NULL || plan_is_volatile(source.plan) ||
        plan_estimate_rows(source.plan) > plan_estimate_distinct(input, key) * FEW)
        return input;
    const Plan *values = project_one(arena, source.plan, source.column);
    const Expr *condition = restated(arena, equality, key_side, key, source.column);
    const Plan *semi = plan_join(arena, JOIN_SEMI, input, values, condition, (PlanColumn){0});
    return plan_choose_below(arena, semi);
}

/* `plan` with the input of the aggregate restricted whose key `column` is; itself: there is none. */
static const Plan *restrict_aggregate(Arena *arena, const Plan *plan, const Expr *equality,
                                      int key_side, ColumnId column, const Plan *left)
{
    const Plan *input, *changed;
    const PlanProjection *item;
    switch (plan->kind) {
    case PLAN_FILTER:
        input = plan->filter.input;
        changed = restrict_aggregate(arena, input, equality, key_side, column, left);
        break;
    case PLAN_PROJECT:
        input = plan->project.input;
        item = item_of(plan->project.items, plan->column_count, column);
        if (item == NULL)
            return plan;
        changed = restrict_aggregate(arena, input, equality, key_side, item->expr->column, left);
        break;
    case PLAN_AGGREGATE:
        input = plan->aggregate.input;
        item = item_of(plan->aggregate.keys, plan->aggregate.key_count, column);
        if (item == NULL)
            return plan;
        changed = restrict_input(arena, input, equality, key_side, item->expr->column, left);
        break;
    default:
        return plan;
    }
    return changed == input ? plan : plan_with_inputs(arena, plan, &changed);
}

/* --- the join --- */

static bool drops_what_is_not_asked_for(const Plan *join)
{
    return join->join.type != JOIN_RIGHT && join->join.type != JOIN_FULL &&
           join->join.any_condition == NULL && join->join.condition != NULL;
}

static const Plan *reduce_join(PlanContext *context, const Plan *join)
{
    ExprList conjuncts;
    expr_list_init(&conjuncts, context->arena);
    expr_list_add_conjuncts(&conjuncts, join->join.condition);
    const Plan *right = join->join.right;
    for (uint32_t i = 0; i < conjuncts.count && right == join->join.right; i++) {
        const Expr *equality = conjuncts.items[i];
        if (!is_plain_equality(equality))
            continue;
        int key_side = plan_has_column(right, equality->arguments[0]->column) ? 0 : 1;
        ColumnId key = equality->arguments[key_side]->column;
        if (plan_has_column(right, key) &&
            plan_has_column(join->join.left, equality->arguments[1 - key_side]->column))
            right = restrict_aggregate(context->arena, right, equality, key_side, key, join->join.left);
    }
    if (right == join->join.right)
        return join;
    const Plan *inputs[2] = {join->join.left, right};
    return plan_with_inputs(context->arena, join, inputs);
}

static const Plan *reduce(PlanContext *context, const Plan *plan, void *state, Fault *fault)
{
    (void)state, (void)fault;
    return plan->kind == PLAN_JOIN && drops_what_is_not_asked_for(plan) ? reduce_join(context, plan) : plan;
}

const Plan *rule_reduce_aggregates(PlanContext *context, const Plan *plan, Fault *fault)
{
    return plan_rewrite(context, plan, reduce, NULL, fault);
}

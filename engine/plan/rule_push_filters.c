/*
 * Push filters down: each conjunct goes as near to the rows it speaks of as is sound.
 *
 *     Filter (a.x > 1 and b.y = 2)            Join
 *       Join on a.k = b.k               ->      Table a, filter (x > 1)
 *         Table a                               Table b, filter (y = 2)
 *         Table b
 *
 * On the way an outer join whose NULL rows a conjunct rejects becomes an inner one, a mark that
 * is only filtered on becomes a semi or an anti join, and a conjunct over both sides of an inner
 * join becomes part of its condition. Conjuncts over grouping keys go below the aggregate, those
 * over what windows are partitioned by below the window functions.
 */
#include "engine/plan/plan_internal.h"

static const Plan *push(PlanContext *context, const Plan *plan, ExprList *conditions);

static const Plan *push_into_input(PlanContext *context, const Plan *plan, ExprList *conditions)
{
    const Plan *input = push(context, plan_input(plan, 0), conditions);
    return input == plan_input(plan, 0) ? plan : plan_with_inputs(context->arena, plan, &input);
}

static void split(ExprList *from, const Plan *plan, ExprList *fitting, ExprList *rest)
{
    for (uint32_t i = 0; i < from->count; i++)
        expr_list_add(expr_fits_plan(from->items[i], plan) ? fitting : rest, from->items[i]);
}

static const Plan *filter_with(PlanContext *context, const Plan *plan, const ExprList *conditions)
{
    const Expr *condition = expr_list_and(conditions);
    return condition == NULL ? plan : plan_filter(context->arena, plan, condition);
}

/* --- leaves --- */

static const Expr *and_with(PlanContext *context, const Expr *filter, const ExprList *conditions)
{
    ExprList all;
    expr_list_init(&all, context->arena);
    expr_list_add_conjuncts(&all, filter);
    for (uint32_t i = 0; i < conditions->count; i++)
        expr_list_add_new(&all, conditions->items[i]);
    return expr_list_and(&all);
}

static const Plan *push_into_leaf(PlanContext *context, const Plan *plan, ExprList *conditions)
{
    if (conditions->count == 0)
        return plan;
    if (plan->kind == PLAN_VIRTUAL || plan->kind == PLAN_VALUES)
        return filter_with(context, plan, conditions);
    Plan *leaf = ARENA_NEW(context->arena, Plan);
    *leaf = *plan;
    leaf->estimated_rows = 0;
    if (plan->kind == PLAN_TABLE)
        leaf->table.filter = and_with(context, plan->table.filter, conditions);
    else
        leaf->external.filter = and_with(context, plan->external.filter, conditions);
    return leaf;
}

/* --- one input --- */

static bool any_volatile(const PlanProjection *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (expr_is_volatile(items[i].expr))
            return true;
    return false;
}

static const Plan *push_through_project(PlanContext *context, const Plan *plan,
                                        ExprList *conditions)
{
    if (any_volatile(plan->project.items, plan->column_count)) {
        ExprList none;
        expr_list_init(&none, context->arena);
        return filter_with(context, push_into_input(context, plan, &none), conditions);
    }
    ExprList below;
    expr_list_init(&below, context->arena);
    for (uint32_t i = 0; i < conditions->count; i++)
        expr_list_add_conjuncts(&below, expr_substitute(context->arena, conditions->items[i],
                                                        plan->project.items, plan->column_count));
    return push_into_input(context, plan, &below);
}

static const Plan *push_through_aggregate(PlanContext *context, const Plan *plan,
                                          ExprList *conditions)
{
    ExprList below, above;
    expr_list_init(&below, context->arena);
    expr_list_init(&above, context->arena);
    const PlanProjection *keys = plan->aggregate.keys;
    uint32_t key_count = plan->aggregate.key_count;
    for (uint32_t i = 0; i < conditions->count; i++) {
        bool only_keys = key_count > 0;
        for (uint32_t k = 0; only_keys && k < plan->aggregate.aggregate_count; k++)
            only_keys = !expr_uses_column(conditions->items[i],
                                          plan->aggregate.aggregates[k].column.id);
        if (only_keys && !expr_is_volatile(conditions->items[i]))
            expr_list_add_conjuncts(&below, expr_substitute(context->arena, conditions->items[i],
                                                            keys, key_count));
        else
            expr_list_add(&above, conditions->items[i]);
    }
    return filter_with(context, push_into_input(context, plan, &below), &above);
}

/* Whether every column of it stands within something that the windows are partitioned by. */
static bool is_of_partition(const Expr *expr, const Plan *plan)
{
    for (uint32_t i = 0; i < plan->window.partition_count; i++)
        if (expr_equal(expr, plan->window.partition[i]))
            return true;
    if (expr->kind == EXPR_COLUMN)
        return false;
    for (uint32_t i = 0; i < expr->argument_count; i++)
        if (!is_of_partition(expr->arguments[i], plan))
            return false;
    return true;
}

/* rank <= 3, 3 > rank, rank = 1: how many rows of a partition can pass. INT64_MAX: any number. */
static int64_t rows_that_pass(const Expr *condition, ColumnId rank)
{
    static const struct {
        const char *symbol, *mirrored;
        int64_t less;
    } bounds[] = {{"<=", ">=", 0}, {"<", ">", 1}, {"=", "=", 0}};
    if (condition->kind != EXPR_CALL || condition->argument_count != 2 ||
        condition->call.function->symbol == NULL)
        return INT64_MAX;
    bool is_mirrored = condition->arguments[0]->kind == EXPR_CONSTANT;
    const Expr *column = condition->arguments[is_mirrored], *bound = condition->arguments[!is_mirrored];
    if (column->kind != EXPR_COLUMN || column->column != rank || bound->kind != EXPR_CONSTANT ||
        bound->value->layout != LAYOUT_INT64 || vector_is_null(bound->value, 0))
        return INT64_MAX;
    int64_t value = VECTOR_DATA(int64_t, bound->value)[0];
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        if (strcmp(condition->call.function->symbol,
                   is_mirrored ? bounds[i].mirrored : bounds[i].symbol) == 0)
            return value <= bounds[i].less ? 1 : value - bounds[i].less;
    return INT64_MAX;
}

/* Functions that look at nothing behind the row. */
static bool only_ranks(const Plan *plan)
{
    for (uint32_t i = 0; i < plan->window.function_count; i++) {
        const WindowFunction *function = plan->window.functions[i].expr->window.function;
        if (function == NULL ||
            (function->kind != WINDOW_ROW_NUMBER && function->kind != WINDOW_RANK &&
             function->kind != WINDOW_DENSE_RANK))
            return false;
    }
    return true;
}

/* Of row numbers and ranks that are filtered on only the first rows need be looked at. */
static const Plan *limit_window(PlanContext *context, const Plan *plan, const ExprList *conditions)
{
    enum { MANY_ROWS = 10000 };
    Plan window = {.window = plan->window};
    int64_t least = INT64_MAX;
    if (!only_ranks(plan))
        return plan;
    for (uint32_t i = 0; i < plan->window.function_count; i++) {
        const PlanWindowFunction *function = &plan->window.functions[i];
        WindowKind kind = function->expr->window.function->kind;
        for (uint32_t k = 0; kind != WINDOW_DENSE_RANK && k < conditions->count; k++) {
            int64_t rows = rows_that_pass(conditions->items[k], function->column.id);
            if (rows >= least)
                continue;
            least = rows;
            window.window.first_with_ties = kind == WINDOW_RANK;
        }
    }
    if (least > MANY_ROWS)
        return plan;
    window.window.first_rows = least;
    return plan_window(context->arena, plan->window.input, &window);
}

/* Whole partitions stay or go, so what is left of a partition is what it was. */
static const Plan *push_through_window(PlanContext *context, const Plan *plan,
                                       ExprList *conditions)
{
    ExprList below, above;
    expr_list_init(&below, context->arena);
    expr_list_init(&above, context->arena);
    for (uint32_t i = 0; i < conditions->count; i++) {
        bool may_sink = plan->window.partition_count > 0 &&
                        is_of_partition(conditions->items[i], plan) &&
                        !expr_is_volatile(conditions->items[i]);
        expr_list_add(may_sink ? &below : &above, conditions->items[i]);
    }
    plan = limit_window(context, plan, &above);
    return filter_with(context, push_into_input(context, plan, &below), &above);
}

static const Plan *push_through_union(PlanContext *context, const Plan *plan, ExprList *conditions)
{
    Arena *arena = context->arena;
    uint32_t count = plan->union_all.input_count;
    const Plan **inputs = ARENA_ARRAY(arena, const Plan *, count);
    for (uint32_t i = 0; i < count; i++) {
        const Plan *input = plan->union_all.inputs[i];
        PlanProjection *names = ARENA_ARRAY(arena, PlanProjection, plan->column_count);
        for (uint32_t c = 0; c < plan->column_count; c++)
            names[c] = (PlanProjection){
                .column = plan->columns[c],
                .expr = expr_column(arena, input->columns[c].type, input->columns[c].id, -1)};
        ExprList below;
        expr_list_init(&below, arena);
        for (uint32_t k = 0; k < conditions->count; k++)
            expr_list_add(&below, expr_substitute(arena, conditions->items[k], names,
                                                  plan->column_count));
        inputs[i] = push(context, input, &below);
    }
    return plan_union_all(arena, inputs, count, plan->columns);
}

/* --- joins --- */

static const Expr *null_column(Arena *arena, const Expr *expr, void *state)
{
    if (expr->kind == EXPR_COLUMN && plan_has_column(state, expr->column))
        return expr_null(arena, expr->type, -1);
    return expr;
}

/* Whether the condition cannot be TRUE for a row in which all of `plan`'s columns are NULL. */
static bool rejects_nulls(PlanContext *context, const Expr *condition, const Plan *plan)
{
    if (!expr_touches_plan(condition, plan))
        return false;
    const Expr *probed = expr_rewrite(context->arena, condition, null_column, (void *)plan);
    probed = expr_fold(context->arena, probed, context->types, true);
    if (probed->kind == EXPR_AND) { /* other columns remain: one conjunct that is not TRUE is enough */
        for (uint32_t i = 0; i < probed->argument_count; i++)
            if (probed->arguments[i]->kind == EXPR_CONSTANT &&
                (vector_is_null(probed->arguments[i]->value, 0) ||
                 VECTOR_DATA(uint8_t, probed->arguments[i]->value)[0] == 0))
                return true;
        return false;
    }
    return probed->kind == EXPR_CONSTANT &&
           (vector_is_null(probed->value, 0) || VECTOR_DATA(uint8_t, probed->value)[0] == 0);
}

static bool any_rejects_nulls(PlanContext *context, const ExprList *conditions, const Plan *plan)
{
    for (uint32_t i = 0; i < conditions->count; i++)
        if (rejects_nulls(context, conditions->items[i], plan))
            return true;
    return false;
}

static JoinType strengthen(PlanContext *context, const Plan *join, const ExprList *conditions)
{
    JoinType type = join->join.type;
    if (type != JOIN_LEFT && type != JOIN_RIGHT && type != JOIN_FULL)
        return type;
    bool rejects_left = any_rejects_nulls(context, conditions, join->join.left);
    bool rejects_right = any_rejects_nulls(context, conditions, join->join.right);
    if (type == JOIN_LEFT)
        return rejects_right ? JOIN_INNER : JOIN_LEFT;
    if (type == JOIN_RIGHT)
        return rejects_left ? JOIN_INNER : JOIN_RIGHT;
    if (rejects_left && rejects_right)
        return JOIN_INNER;
    /* rows without a left partner are rejected: what is left is every left row */
    return rejects_left ? JOIN_LEFT : rejects_right ? JOIN_RIGHT : JOIN_FULL;
}

/*
 * A mark that stands alone among the conditions, as `mark` or `not mark`, and nowhere else in
 * them, makes the join a semi or an anti join. The mark's column is then the constant it was
 * filtered to.
 */
static const Plan *mark_to_semi(PlanContext *context, const Plan *join, ExprList *conditions)
{
    ColumnId mark = join->join.mark;
    int found = -1;
    bool is_negated = false;
    for (uint32_t i = 0; i < conditions->count; i++) {
        const Expr *condition = conditions->items[i];
        bool negated = condition->kind == EXPR_NOT;
        const Expr *inner = negated ? condition->arguments[0] : condition;
        if (found < 0 && inner->kind == EXPR_COLUMN && inner->column == mark) {
            found = (int)i;
            is_negated = negated;
        } else if (expr_uses_column(condition, mark)) {
            return NULL;
        }
    }
    if (found < 0)
        return NULL;
    Arena *arena = context->arena;
    ExprList rest;
    expr_list_init(&rest, arena);
    for (uint32_t i = 0; i < conditions->count; i++)
        if ((int)i != found)
            expr_list_add(&rest, conditions->items[i]);
    *conditions = rest;
    const Expr *condition = join->join.condition, *any = join->join.any_condition;
    if (!is_negated && any != NULL) { /* unknown and false are alike here */
        ExprList both;
        expr_list_init(&both, arena);
        expr_list_add_conjuncts(&both, condition);
        expr_list_add_conjuncts(&both, any);
        condition = expr_list_and(&both);
        any = NULL;
    }
    const Plan *semi = plan_join_any(arena, is_negated ? JOIN_ANTI : JOIN_SEMI, join->join.left,
                                     join->join.right, condition, any, (PlanColumn){0});
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, join->column_count);
    for (uint32_t i = 0; i < join->column_count; i++) {
        PlanColumn column = join->columns[i];
        items[i] = (PlanProjection){.column = column,
                                    .expr = column.id == mark
                                                ? expr_bool(arena, !is_negated)
                                                : expr_column(arena, column.type, column.id, -1)};
    }
    return plan_project(arena, semi, items, join->column_count);
}

static bool keeps_left_rows_whole(JoinType type)
{ /* a condition over left columns alone may be asked of the left input */
    return type != JOIN_RIGHT && type != JOIN_FULL;
}

/* Only where conditions end in a leaf or a join, which know what they have been asked already:
 * elsewhere they would pile up as filters each time that the rule runs. */
static void add_implied(PlanContext *context, const Expr *condition, const Plan *input,
                        ExprList *conditions)
{
    bool is_leaf = input->kind == PLAN_TABLE || input->kind == PLAN_EXTERN || input->kind == PLAN_JOIN;
    const Expr *implied = is_leaf ? expr_implied_for(context->arena, condition, input) : NULL;
    if (implied != NULL)
        expr_list_add(conditions, implied);
}

static const Plan *push_through_join(PlanContext *context, const Plan *plan, ExprList *conditions)
{
    Arena *arena = context->arena;
    if (plan->join.type == JOIN_MARK) {
        const Plan *semi = mark_to_semi(context, plan, conditions);
        if (semi != NULL)
            return push(context, semi, conditions);
    }
    JoinType type = strengthen(context, plan, conditions);
    const Plan *left = plan->join.left, *right = plan->join.right;
    ExprList to_left, to_right, on, above, rest;
    expr_list_init(&to_left, arena);
    expr_list_init(&to_right, arena);
    expr_list_init(&on, arena);
    expr_list_init(&above, arena);
    expr_list_init(&rest, arena);

    if (keeps_left_rows_whole(type))
        split(conditions, left, &to_left, &rest);
    else
        rest = *conditions;
    if (type == JOIN_INNER || type == JOIN_RIGHT) {
        ExprList others;
        expr_list_init(&others, arena);
        split(&rest, right, &to_right, &others);
        rest = others;
    }
    /* what speaks of both sides joins an inner join's condition */
    for (uint32_t i = 0; i < rest.count; i++)
        expr_list_add(type == JOIN_INNER && !expr_is_volatile(rest.items[i]) ? &on : &above,
                      rest.items[i]);

    /* the condition itself: conjuncts over one side that may be asked of that side's input */
    ExprList own;
    expr_list_init(&own, arena);
    expr_list_add_conjuncts(&own, plan->join.condition);
    for (uint32_t i = 0; i < own.count; i++) {
        const Expr *conjunct = own.items[i];
        bool left_only = expr_fits_plan(conjunct, left);
        bool right_only = !left_only && expr_fits_plan(conjunct, right);
        bool may_left = type == JOIN_INNER || type == JOIN_RIGHT || type == JOIN_SEMI;
        bool may_right = type != JOIN_RIGHT && type != JOIN_FULL;
        if (expr_is_volatile(conjunct))
            expr_list_add(&on, conjunct);
        else if (left_only && may_left)
            expr_list_add(&to_left, conjunct);
        else if (right_only && may_right)
            expr_list_add(&to_right, conjunct);
        else
            expr_list_add_new(&on, conjunct);
    }
    for (uint32_t i = 0; i < on.count && type == JOIN_INNER; i++) {
        add_implied(context, on.items[i], left, &to_left);
        add_implied(context, on.items[i], right, &to_right);
    }
    left = push(context, left, &to_left);
    right = push(context, right, &to_right);
    const PlanColumn *mark = plan_find_column(plan, plan->join.mark);
    const Plan *join = plan_join_any(arena, type, left, right, expr_list_and(&on),
                                     plan->join.any_condition,
                                     mark != NULL ? *mark : (PlanColumn){0});
    return filter_with(context, join, &above);
}

static bool names_only(const Expr *expr, const ColumnId *columns, uint32_t count)
{
    if (expr->kind == EXPR_COLUMN) {
        for (uint32_t i = 0; i < count; i++)
            if (columns[i] == expr->column)
                return true;
        return false;
    }
    for (uint32_t i = 0; i < expr->argument_count; i++)
        if (!names_only(expr->arguments[i], columns, count))
            return false;
    return true;
}

/* A limit for each combination of columns lets whole combinations be left out before it. */
static const Plan *push_through_limit(PlanContext *context, const Plan *plan, ExprList *conditions)
{
    ExprList below, above;
    expr_list_init(&below, context->arena);
    expr_list_init(&above, context->arena);
    for (uint32_t i = 0; i < conditions->count; i++) {
        const Expr *condition = conditions->items[i];
        bool may = plan->limit.each_count > 0 && !expr_is_volatile(condition) &&
                   names_only(condition, plan->limit.keys, plan->limit.each_count);
        expr_list_add(may ? &below : &above, condition);
    }
    return filter_with(context, push_into_input(context, plan, &below), &above);
}

/* What does not ask for a copy's number is asked before copying. */
static const Plan *push_through_expand(PlanContext *context, const Plan *plan, ExprList *conditions)
{
    ExprList below, above;
    expr_list_init(&below, context->arena);
    expr_list_init(&above, context->arena);
    for (uint32_t i = 0; i < conditions->count; i++) {
        const Expr *condition = conditions->items[i];
        bool may = expr_fits_plan(condition, plan->expand.input) && !expr_is_volatile(condition);
        expr_list_add(may ? &below : &above, condition);
    }
    const Plan *input = push(context, plan->expand.input, &below);
    return filter_with(context, plan_with_inputs(context->arena, plan, &input), &above);
}

/* --- the rule --- */

static const Plan *push(PlanContext *context, const Plan *plan, ExprList *conditions)
{
    ExprList none;
    expr_list_init(&none, context->arena);
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
    case PLAN_EXTERN:
    case PLAN_VALUES:
        return push_into_leaf(context, plan, conditions);
    case PLAN_FILTER: {
        ExprList all;
        expr_list_init(&all, context->arena);
        expr_list_add_conjuncts(&all, plan->filter.condition);
        for (uint32_t i = 0; i < conditions->count; i++)
            expr_list_add(&all, conditions->items[i]);
        return push(context, plan->filter.input, &all);
    }
    case PLAN_PROJECT:
        return push_through_project(context, plan, conditions);
    case PLAN_AGGREGATE:
        return push_through_aggregate(context, plan, conditions);
    case PLAN_SORT:
        return push_into_input(context, plan, conditions);
    case PLAN_LIMIT:
        return push_through_limit(context, plan, conditions);
    case PLAN_JOIN:
        return push_through_join(context, plan, conditions);
    case PLAN_UNION_ALL:
        return push_through_union(context, plan, conditions);
    case PLAN_RECURSE: {
        const Plan *inputs[2] = {push(context, plan->recurse.first, &none), NULL};
        expr_list_init(&none, context->arena);
        inputs[1] = push(context, plan->recurse.step, &none);
        return filter_with(context, plan_with_inputs(context->arena, plan, inputs), conditions);
    }
    case PLAN_EXPAND:
        return push_through_expand(context, plan, conditions);
    case PLAN_WINDOW:
        return push_through_window(context, plan, conditions);
    case PLAN_WORKING:
    case PLAN_APPLY: /* gone by now */
        break;
    }
    return filter_with(context, plan, conditions);
}

const Plan *rule_push_filters(PlanContext *context, const Plan *plan, Fault *fault)
{
    (void)fault;
    ExprList none;
    expr_list_init(&none, context->arena);
    return push(context, plan, &none);
}

/*
 * Group by what makes equal values equal: intervals and documents may be equal though their cells
 * differ ('1 day' and '24 hours', 1 and 1.0). They are grouped and divided by the value of the
 * function that orders them; what is shown is one value of the group.
 *
 *     Aggregate (x) [..]    ->    Aggregate (order(x)) [.., any_value(x)]
 *     Window (PARTITION x)  ->    Window (PARTITION order(x))
 *     count(DISTINCT x)     ->    count(DISTINCT order(x))
 *     f(DISTINCT x)         ->    f(DISTINCT w), where w is any_value(x) OVER (PARTITION BY keys,
 *                                 order(x)): equal values become the same one
 *
 * Sorts and joins do the same where they are cut. Before: constants are folded, so that none is a
 * key. After: the other rules see keys of plain types only.
 */
#include "engine/plan/plan_internal.h"

const Expr *expr_order_form(Arena *arena, const Expr *expr)
{
    const ScalarFunction *function = function_for_order(expr->type.oid);
    if (function == NULL)
        return expr;
    SqlType type = function->result == T_NUMERIC ? type_numeric_derived(0)
                                                 : SQL_TYPE(function->result);
    return expr_call(arena, function, type, &expr, 1, expr->location);
}

static const Expr *any_value_of(Arena *arena, const Expr *value)
{
    SqlType coerced;
    Fault ignored;
    const AggregateFunction *function = function_resolve_aggregate(
        TEXT_LITERAL("any_value"), &value->type, 1, &coerced, -1, &ignored);
    if (function == NULL)
        return NULL;
    Expr *aggregate = ARENA_NEW(arena, Expr);
    const Expr **arguments = ARENA_ARRAY(arena, const Expr *, 1);
    arguments[0] = value;
    *aggregate = (Expr){.kind = EXPR_AGGREGATE,
                        .type = value->type,
                        .location = value->location,
                        .argument_count = 1,
                        .arguments = arguments};
    aggregate->aggregate.function = function;
    aggregate->aggregate.direct_count = 1;
    return aggregate;
}

/* count(DISTINCT x) */
static const Expr *count_forms(Arena *arena, const Expr *aggregate)
{
    bool is_count = aggregate->aggregate.is_distinct && aggregate->argument_count == 1 &&
                    strcmp(aggregate->aggregate.function->name, "count") == 0;
    if (!is_count || function_for_order(aggregate->arguments[0]->type.oid) == NULL)
        return aggregate;
    Expr *copy = ARENA_NEW(arena, Expr);
    const Expr **arguments = ARENA_ARRAY(arena, const Expr *, 1);
    *copy = *aggregate;
    arguments[0] = expr_order_form(arena, aggregate->arguments[0]);
    copy->arguments = arguments;
    return copy;
}

/* --- f(DISTINCT x) --- */

/* The window that gives each row's value the form of those that equal it. */
typedef struct Likeness {
    PlanContext *context;
    const Plan *plan; /* an aggregate */
    const Plan *input;
} Likeness;

static bool needs_likeness(const Expr *aggregate)
{
    if (!aggregate->aggregate.is_distinct)
        return false;
    for (uint32_t a = 0; a < aggregate->aggregate.direct_count; a++)
        if (function_for_order(aggregate->arguments[a]->type.oid) != NULL)
            return true;
    return false;
}

/* A column beside the input's: one value for all rows of a group that are equal in `value`. */
static const Expr *alike(Likeness *likeness, const Expr *value)
{
    Arena *arena = likeness->context->arena;
    const Expr *any = any_value_of(arena, value);
    uint32_t keys = likeness->plan->aggregate.key_count;
    const Expr **partition = ARENA_ARRAY(arena, const Expr *, keys + 1);
    Expr *call = ARENA_NEW(arena, Expr);
    PlanWindowFunction *function = ARENA_NEW(arena, PlanWindowFunction);
    if (any == NULL)
        return value;
    for (uint32_t k = 0; k < keys; k++)
        partition[k] = expr_order_form(arena, likeness->plan->aggregate.keys[k].expr);
    partition[keys] = expr_order_form(arena, value);
    *call = (Expr){.kind = EXPR_WINDOW, .type = value->type, .location = value->location,
                   .argument_count = 1, .arguments = any->arguments};
    call->window.aggregate = any->aggregate.function;
    call->window.direct_count = 1;
    function->column = (PlanColumn){plan_new_column(likeness->context), value->type, "alike"};
    function->expr = call;
    function->frame = (WindowFrame){.mode = FRAME_ROWS, .start = BOUND_UNBOUNDED_PRECEDING,
                                    .end = BOUND_UNBOUNDED_FOLLOWING, .range_key = -1,
                                    .range_start = -1, .range_end = -1};
    Plan window = {.window = {.input = likeness->input, .partition_count = keys + 1,
                              .partition = partition, .function_count = 1,
                              .functions = function}};
    likeness->input = plan_window(arena, likeness->input, &window);
    return expr_column(arena, value->type, function->column.id, value->location);
}

/* Its arguments as those columns; what it is ordered by, in a form that orders. */
static const Expr *over_likeness(Likeness *likeness, const Expr *aggregate)
{
    Arena *arena = likeness->context->arena;
    uint32_t count = aggregate->argument_count, orders = aggregate->aggregate.order_count;
    const Expr **arguments = ARENA_ARRAY(arena, const Expr *, count + orders + 1);
    SortColumn *order = ARENA_ARRAY(arena, SortColumn, orders + 1);
    Expr *copy = ARENA_NEW(arena, Expr);
    for (uint32_t a = 0; a < count; a++)
        arguments[a] = function_for_order(aggregate->arguments[a]->type.oid) == NULL
                           ? aggregate->arguments[a]
                           : alike(likeness, aggregate->arguments[a]);
    *copy = *aggregate;
    for (uint32_t o = 0; o < orders; o++) {
        order[o] = aggregate->aggregate.order[o];
        const Expr *key = arguments[order[o].column], *form = expr_order_form(arena, key);
        if (form == key)
            continue;
        order[o].column = count;
        arguments[count++] = form;
    }
    copy->arguments = arguments;
    copy->argument_count = count;
    copy->aggregate.order = order;
    return copy;
}

/* The aggregate over such windows; itself when nothing asks for one. */
static const Plan *make_alike(PlanContext *context, const Plan *plan)
{
    Likeness likeness = {context, plan, plan->aggregate.input};
    uint32_t count = plan->aggregate.aggregate_count;
    PlanProjection *items = ARENA_ARRAY(context->arena, PlanProjection, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = plan->aggregate.aggregates[i];
        if (needs_likeness(items[i].expr) &&
            count_forms(context->arena, items[i].expr) == items[i].expr)
            items[i].expr = over_likeness(&likeness, items[i].expr);
    }
    return likeness.input == plan->aggregate.input
               ? plan
               : plan_aggregate(context->arena, likeness.input, plan->aggregate.keys,
                                plan->aggregate.key_count, items, count);
}

static const Plan *form_aggregate(PlanContext *context, const Plan *plan)
{
    plan = make_alike(context, plan);
    Arena *arena = context->arena;
    uint32_t keys = plan->aggregate.key_count, aggregates = plan->aggregate.aggregate_count;
    PlanProjection *new_keys = ARENA_ARRAY(arena, PlanProjection, keys + 1);
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, keys + aggregates + 1);
    bool is_changed = false, has_shown = false;
    uint32_t count = 0;
    for (; count < aggregates; count++) {
        items[count] = plan->aggregate.aggregates[count];
        items[count].expr = count_forms(arena, items[count].expr);
        is_changed = is_changed || items[count].expr != plan->aggregate.aggregates[count].expr;
    }
    for (uint32_t i = 0; i < keys; i++) {
        new_keys[i] = plan->aggregate.keys[i];
        const Expr *form = expr_order_form(arena, new_keys[i].expr);
        const Expr *shown = form == new_keys[i].expr ? NULL : any_value_of(arena, new_keys[i].expr);
        if (shown == NULL)
            continue;
        items[count] = (PlanProjection){new_keys[i].column, shown};
        count++;
        new_keys[i].column = (PlanColumn){plan_new_column(context), form->type, "order"};
        new_keys[i].expr = form;
        is_changed = has_shown = true;
    }
    if (!is_changed)
        return plan;
    const Plan *grouped =
        plan_aggregate(arena, plan->aggregate.input, new_keys, keys, items, count);
    if (!has_shown)
        return grouped;
    PlanProjection *outputs = ARENA_ARRAY(arena, PlanProjection, plan->column_count + 1);
    for (uint32_t i = 0; i < plan->column_count; i++)
        outputs[i] = (PlanProjection){
            plan->columns[i], expr_column(arena, plan->columns[i].type, plan->columns[i].id, -1)};
    return plan_project(arena, grouped, outputs, plan->column_count);
}

static const Plan *form_window(PlanContext *context, const Plan *plan)
{
    Arena *arena = context->arena;
    uint32_t count = plan->window.partition_count;
    const Expr **partition = ARENA_ARRAY(arena, const Expr *, count + 1);
    bool is_changed = false;
    for (uint32_t i = 0; i < count; i++) {
        partition[i] = expr_order_form(arena, plan->window.partition[i]);
        is_changed = is_changed || partition[i] != plan->window.partition[i];
    }
    if (!is_changed)
        return plan;
    Plan window = {.window = plan->window};
    window.window.partition = partition;
    return plan_window(arena, plan->window.input, &window);
}

/* --- LIMIT of each, WITH TIES: rows that are equal in the order --- */

static bool has_formed_key(const Plan *plan)
{
    for (uint32_t i = 0; i < plan->limit.key_count; i++) {
        const PlanColumn *column = plan_find_column(plan, plan->limit.keys[i]);
        if (column != NULL && function_for_order(column->type.oid) != NULL)
            return true;
    }
    return false;
}

/* Beside the input's columns, what orders those that the limit compares; keys name it. */
static const Plan *form_limit(PlanContext *context, const Plan *plan)
{
    const Plan *sort = plan->limit.input;
    if (sort->kind != PLAN_SORT || !has_formed_key(plan))
        return plan;
    Arena *arena = context->arena;
    const Plan *input = sort->sort.input;
    uint32_t width = input->column_count, keys = plan->limit.key_count;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, width + keys + 1);
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, keys + 1);
    PlanSortKey *order = ARENA_ARRAY(arena, PlanSortKey, sort->sort.key_count + 1);
    memcpy(order, sort->sort.keys, sort->sort.key_count * sizeof *order);
    for (uint32_t i = 0; i < width; i++)
        items[i] = (PlanProjection){
            input->columns[i],
            expr_column(arena, input->columns[i].type, input->columns[i].id, -1)};
    uint32_t count = width;
    for (uint32_t i = 0; i < keys; i++) {
        const PlanColumn *column = plan_find_column(plan, plan->limit.keys[i]);
        ids[i] = plan->limit.keys[i];
        if (column == NULL || function_for_order(column->type.oid) == NULL)
            continue;
        const Expr *form =
            expr_order_form(arena, expr_column(arena, column->type, column->id, -1));
        PlanColumn formed = {plan_new_column(context), form->type, "order"};
        items[count++] = (PlanProjection){formed, form};
        ids[i] = formed.id;
        for (uint32_t k = 0; k < sort->sort.key_count; k++)
            if (order[k].expr->kind == EXPR_COLUMN && order[k].expr->column == column->id)
                order[k].expr = expr_column(arena, formed.type, formed.id, -1);
    }
    const Plan *below = plan_project(arena, input, items, count);
    const Plan *sorted = plan_sort(arena, below, order, sort->sort.key_count);
    const Plan *limited =
        plan_limit_by(arena, sorted, plan->limit.count, plan->limit.offset, ids, keys,
                      plan->limit.each_count, plan->limit.with_ties);
    return plan_project(arena, limited, items, width);
}

static const Plan *form_node(PlanContext *context, const Plan *plan, void *state, Fault *fault)
{
    (void)state;
    (void)fault;
    if (plan->kind == PLAN_AGGREGATE)
        return form_aggregate(context, plan);
    if (plan->kind == PLAN_LIMIT)
        return form_limit(context, plan);
    return plan->kind == PLAN_WINDOW ? form_window(context, plan) : plan;
}

const Plan *rule_order_forms(PlanContext *context, const Plan *plan, Fault *fault)
{
    return plan_rewrite(context, plan, form_node, NULL, fault);
}

/*
 * Looking at plans and taking them apart: what every rule needs.
 */
#include "engine/plan/plan_internal.h"

#include "base/log/log.h"

/* --- lists --- */

void expr_list_init(ExprList *list, Arena *arena)
{
    *list = (ExprList){.arena = arena};
}

void expr_list_add(ExprList *list, const Expr *expr)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        const Expr **items = ARENA_ARRAY(list->arena, const Expr *, capacity);
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = expr;
}

const Expr *expr_list_and(const ExprList *list)
{
    if (list->count == 0)
        return NULL;
    return expr_nary(list->arena, EXPR_AND, SQL_TYPE(T_BOOL), list->items, list->count, -1);
}

/* --- columns --- */

const PlanColumn *plan_find_column(const Plan *plan, ColumnId column)
{
    for (uint32_t i = 0; i < plan->column_count; i++)
        if (plan->columns[i].id == column)
            return &plan->columns[i];
    return NULL;
}

bool plan_has_column(const Plan *plan, ColumnId column)
{
    return plan_find_column(plan, column) != NULL;
}

typedef struct FitState {
    const Plan *plan;
    bool all, some;
} FitState;

static void note_column(ColumnId column, void *state)
{
    FitState *fit = state;
    bool has = plan_has_column(fit->plan, column);
    fit->all = fit->all && has;
    fit->some = fit->some || has;
}

bool expr_fits_plan(const Expr *expr, const Plan *plan)
{
    FitState fit = {.plan = plan, .all = true};
    expr_columns(expr, note_column, &fit);
    return fit.all;
}

bool expr_touches_plan(const Expr *expr, const Plan *plan)
{
    FitState fit = {.plan = plan, .all = true};
    expr_columns(expr, note_column, &fit);
    return fit.some;
}

ColumnId plan_new_column(PlanContext *context)
{
    return context->next_column++;
}

static void each_item(const PlanProjection *items, uint32_t count, PlanExprVisit *each, void *state)
{
    for (uint32_t i = 0; i < count; i++)
        each(items[i].expr, state);
}

static void each_optional(const Expr *expr, PlanExprVisit *each, void *state)
{
    if (expr != NULL)
        each(expr, state);
}

void plan_node_exprs(const Plan *plan, PlanExprVisit *each, void *state)
{
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
        each_optional(plan->table.filter, each, state);
        return;
    case PLAN_EXTERN:
        each_optional(plan->external.filter, each, state);
        return;
    case PLAN_VALUES:
        for (uint32_t i = 0; i < plan->values.row_count * plan->column_count; i++)
            each(plan->values.cells[i], state);
        return;
    case PLAN_FILTER:
        each(plan->filter.condition, state);
        return;
    case PLAN_PROJECT:
        each_item(plan->project.items, plan->column_count, each, state);
        return;
    case PLAN_AGGREGATE:
        each_item(plan->aggregate.keys, plan->aggregate.key_count, each, state);
        each_item(plan->aggregate.aggregates, plan->aggregate.aggregate_count, each, state);
        return;
    case PLAN_JOIN:
        each_optional(plan->join.condition, each, state);
        each_optional(plan->join.any_condition, each, state);
        return;
    case PLAN_APPLY:
        each_optional(plan->apply.condition, each, state);
        return;
    case PLAN_SORT:
        for (uint32_t i = 0; i < plan->sort.key_count; i++)
            each(plan->sort.keys[i].expr, state);
        return;
    case PLAN_EXPAND:
        each(plan->expand.count, state);
        return;
    case PLAN_RECURSE:
    case PLAN_WORKING:
    case PLAN_LIMIT: /* its keys are columns of its input, never of an outer query */
    case PLAN_UNION_ALL:
        return;
    case PLAN_WINDOW:
        for (uint32_t i = 0; i < plan->window.partition_count; i++)
            each(plan->window.partition[i], state);
        for (uint32_t i = 0; i < plan->window.order_count; i++)
            each(plan->window.order[i].expr, state);
        for (uint32_t i = 0; i < plan->window.function_count; i++)
            each(plan->window.functions[i].expr, state);
        return;
    }
}

typedef struct ColumnVisit {
    void (*each)(ColumnId column, void *state);
    void *state;
} ColumnVisit;

static void visit_columns(const Expr *expr, void *state)
{
    const ColumnVisit *visit = state;
    expr_columns(expr, visit->each, visit->state);
}

void plan_node_columns(const Plan *plan, void (*each)(ColumnId column, void *state), void *state)
{
    ColumnVisit visit = {each, state};
    plan_node_exprs(plan, visit_columns, &visit);
}

static void note_volatile(const Expr *expr, void *state)
{
    bool *is_volatile = state;
    *is_volatile = *is_volatile || expr_is_volatile(expr);
}

bool plan_is_volatile(const Plan *plan)
{
    bool is_volatile = false;
    plan_node_exprs(plan, note_volatile, &is_volatile);
    for (uint32_t i = 0; i < plan_input_count(plan) && !is_volatile; i++)
        is_volatile = plan_is_volatile(plan_input(plan, i));
    return is_volatile;
}

static bool node_refers_to(const Plan *plan, const Plan *outer)
{
    FitState fit = {.plan = outer, .all = true};
    plan_node_columns(plan, note_column, &fit);
    return fit.some;
}

typedef struct NameSearch {
    ColumnId column;
    bool found;
} NameSearch;

static void look_for_name(ColumnId column, void *state)
{
    NameSearch *search = state;
    search->found = search->found || column == search->column;
}

bool plan_names_column(const Plan *plan, ColumnId column)
{
    NameSearch search = {.column = column};
    plan_node_columns(plan, look_for_name, &search);
    for (uint32_t i = 0; i < plan_input_count(plan) && !search.found; i++)
        search.found = plan_names_column(plan_input(plan, i), column);
    return search.found;
}

bool plan_refers_to(const Plan *plan, const Plan *outer)
{
    if (node_refers_to(plan, outer))
        return true;
    for (uint32_t i = 0; i < plan_input_count(plan); i++)
        if (plan_refers_to(plan_input(plan, i), outer))
            return true;
    return false;
}

typedef struct Substitution {
    const PlanProjection *items;
    uint32_t count;
} Substitution;

static const Expr *substitute_column(Arena *arena, const Expr *expr, void *state)
{
    (void)arena;
    const Substitution *substitution = state;
    if (expr->kind != EXPR_COLUMN)
        return expr;
    for (uint32_t i = 0; i < substitution->count; i++)
        if (substitution->items[i].column.id == expr->column)
            return substitution->items[i].expr;
    return expr;
}

const Expr *expr_substitute(Arena *arena, const Expr *expr, const PlanProjection *items,
                            uint32_t count)
{
    Substitution substitution = {.items = items, .count = count};
    return expr_rewrite(arena, expr, substitute_column, &substitution);
}

/* --- sets --- */

void column_set_init(ColumnSet *set, Arena *arena)
{
    *set = (ColumnSet){.arena = arena};
}

void column_set_add(ColumnSet *set, ColumnId column)
{
    uint32_t word = column / 64;
    if (word >= set->word_count) {
        uint32_t count = word + 16;
        uint64_t *words = arena_zalloc(set->arena, count * sizeof *words);
        if (set->word_count > 0)
            memcpy(words, set->words, set->word_count * sizeof *words);
        set->words = words;
        set->word_count = count;
    }
    set->words[word] |= UINT64_C(1) << (column % 64);
}

static void add_to_set(ColumnId column, void *state)
{
    column_set_add(state, column);
}

void column_set_add_expr(ColumnSet *set, const Expr *expr)
{
    if (expr != NULL)
        expr_columns(expr, add_to_set, set);
}

bool column_set_has(const ColumnSet *set, ColumnId column)
{
    return column / 64 < set->word_count && (set->words[column / 64] >> (column % 64) & 1) != 0;
}

/* --- inputs --- */

uint32_t plan_input_count(const Plan *plan)
{
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
    case PLAN_EXTERN:
    case PLAN_VALUES:
    case PLAN_WORKING:
        return 0;
    case PLAN_FILTER:
    case PLAN_PROJECT:
    case PLAN_AGGREGATE:
    case PLAN_SORT:
    case PLAN_LIMIT:
    case PLAN_EXPAND:
    case PLAN_WINDOW:
        return 1;
    case PLAN_JOIN:
    case PLAN_APPLY:
    case PLAN_RECURSE:
        return 2;
    case PLAN_UNION_ALL:
        return plan->union_all.input_count;
    }
    return 0;
}

const Plan *plan_input(const Plan *plan, uint32_t index)
{
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
    case PLAN_EXTERN:
    case PLAN_VALUES:
    case PLAN_WORKING:
        break;
    case PLAN_FILTER:
        return plan->filter.input;
    case PLAN_PROJECT:
        return plan->project.input;
    case PLAN_AGGREGATE:
        return plan->aggregate.input;
    case PLAN_SORT:
        return plan->sort.input;
    case PLAN_LIMIT:
        return plan->limit.input;
    case PLAN_EXPAND:
        return plan->expand.input;
    case PLAN_JOIN:
        return index == 0 ? plan->join.left : plan->join.right;
    case PLAN_APPLY:
        return index == 0 ? plan->apply.left : plan->apply.right;
    case PLAN_RECURSE:
        return index == 0 ? plan->recurse.first : plan->recurse.step;
    case PLAN_UNION_ALL:
        return plan->union_all.inputs[index];
    case PLAN_WINDOW:
        return plan->window.input;
    }
    check_failed("plan has inputs", __FILE__, __LINE__, __func__);
}

static PlanColumn output_named(const Plan *plan, ColumnId column)
{
    const PlanColumn *found = plan_find_column(plan, column);
    return found != NULL ? *found : (PlanColumn){0};
}

const Plan *plan_with_inputs(Arena *arena, const Plan *plan, const Plan *const *inputs)
{
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
    case PLAN_EXTERN:
    case PLAN_VALUES:
    case PLAN_WORKING:
        return plan;
    case PLAN_FILTER:
        return plan_filter(arena, inputs[0], plan->filter.condition);
    case PLAN_PROJECT:
        return plan_project(arena, inputs[0], plan->project.items, plan->column_count);
    case PLAN_AGGREGATE:
        return plan_aggregate(arena, inputs[0], plan->aggregate.keys, plan->aggregate.key_count,
                              plan->aggregate.aggregates, plan->aggregate.aggregate_count);
    case PLAN_SORT:
        return plan_sort(arena, inputs[0], plan->sort.keys, plan->sort.key_count);
    case PLAN_LIMIT:
        return plan_limit_by(arena, inputs[0], plan->limit.count, plan->limit.offset,
                             plan->limit.keys, plan->limit.key_count, plan->limit.each_count,
                             plan->limit.with_ties);
    case PLAN_EXPAND:
        return plan_expand(arena, inputs[0], plan->expand.count,
                           output_named(plan, plan->expand.number), plan->expand.is_outer);
    case PLAN_JOIN:
        return plan_join_any(arena, plan->join.type, inputs[0], inputs[1], plan->join.condition,
                             plan->join.any_condition, output_named(plan, plan->join.mark));
    case PLAN_APPLY:
        return plan_apply(arena, plan->apply.type, plan->apply.join_type, inputs[0], inputs[1],
                          plan->apply.condition, output_named(plan, plan->apply.result));
    case PLAN_RECURSE:
        if (plan->recurse.is_once)
            return plan_share(arena, inputs[0], inputs[1], plan->recurse.id, plan->columns);
        return plan_recurse(arena, inputs[0], inputs[1], plan->recurse.id,
                            plan->recurse.is_distinct, plan->columns);
    case PLAN_UNION_ALL:
        return plan_union_all(arena, inputs, plan->union_all.input_count, plan->columns);
    case PLAN_WINDOW:
        return plan_window(arena, inputs[0], plan);
    }
    return plan;
}

const Plan *plan_rewrite(PlanContext *context, const Plan *plan, PlanRule rule, void *state,
                         Fault *fault)
{
    uint32_t count = plan_input_count(plan);
    if (count > 0) {
        const Plan **inputs = ARENA_ARRAY(context->arena, const Plan *, count);
        bool changed = false;
        for (uint32_t i = 0; i < count; i++) {
            inputs[i] = plan_rewrite(context, plan_input(plan, i), rule, state, fault);
            if (inputs[i] == NULL)
                return NULL;
            changed = changed || inputs[i] != plan_input(plan, i);
        }
        if (changed)
            plan = plan_with_inputs(context->arena, plan, inputs);
    }
    return rule(context, plan, state, fault);
}

const char *plan_column_name(ColumnId column, void *state)
{
    const PlanColumn *found = plan_find_column(state, column);
    return found != NULL && found->name != NULL ? found->name : "?";
}

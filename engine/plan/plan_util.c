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

static void item_columns(const PlanProjection *items, uint32_t count,
                         void (*each)(ColumnId column, void *state), void *state)
{
    for (uint32_t i = 0; i < count; i++)
        expr_columns(items[i].expr, each, state);
}

static void optional_columns(const Expr *expr, void (*each)(ColumnId column, void *state),
                             void *state)
{
    if (expr != NULL)
        expr_columns(expr, each, state);
}

void plan_node_columns(const Plan *plan, void (*each)(ColumnId column, void *state), void *state)
{
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
        optional_columns(plan->table.filter, each, state);
        return;
    case PLAN_EXTERN:
        optional_columns(plan->external.filter, each, state);
        return;
    case PLAN_VALUES:
        for (uint32_t i = 0; i < plan->values.row_count * plan->column_count; i++)
            expr_columns(plan->values.cells[i], each, state);
        return;
    case PLAN_FILTER:
        expr_columns(plan->filter.condition, each, state);
        return;
    case PLAN_PROJECT:
        item_columns(plan->project.items, plan->column_count, each, state);
        return;
    case PLAN_AGGREGATE:
        item_columns(plan->aggregate.keys, plan->aggregate.key_count, each, state);
        item_columns(plan->aggregate.aggregates, plan->aggregate.aggregate_count, each, state);
        return;
    case PLAN_JOIN:
        optional_columns(plan->join.condition, each, state);
        optional_columns(plan->join.any_condition, each, state);
        return;
    case PLAN_APPLY:
        optional_columns(plan->apply.condition, each, state);
        return;
    case PLAN_SORT:
        for (uint32_t i = 0; i < plan->sort.key_count; i++)
            expr_columns(plan->sort.keys[i].expr, each, state);
        return;
    case PLAN_EXPAND:
        expr_columns(plan->expand.count, each, state);
        return;
    case PLAN_RECURSE:
    case PLAN_WORKING:
    case PLAN_LIMIT: /* its keys are columns of its input, never of an outer query */
    case PLAN_UNION_ALL:
        return;
    case PLAN_WINDOW:
        for (uint32_t i = 0; i < plan->window.partition_count; i++)
            expr_columns(plan->window.partition[i], each, state);
        for (uint32_t i = 0; i < plan->window.order_count; i++)
            expr_columns(plan->window.order[i].expr, each, state);
        for (uint32_t i = 0; i < plan->window.function_count; i++)
            expr_columns(plan->window.functions[i].expr, each, state);
        return;
    }
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

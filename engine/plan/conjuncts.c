/*
 * Taking conditions apart.
 *
 *     (k = j AND a = 1) OR (k = j AND b = 2)   ->   k = j,  a = 1 OR b = 2
 *
 * What all branches of an OR have in common holds by itself (AND distributes over OR in
 * three-valued logic too): it may be a join's key. And where every branch says something of one
 * input, that input's rows can be asked for as much beforehand.
 */
#include "engine/plan/plan_internal.h"

static bool is_true_constant(const Expr *expr)
{
    return expr->kind == EXPR_CONSTANT && expr->type.oid == T_BOOL &&
           !vector_is_null(expr->value, 0) && VECTOR_DATA(uint8_t, expr->value)[0] != 0;
}

/* A branch's own conjuncts: no ORs below it are taken apart. */
static void add_plain_conjuncts(ExprList *list, const Expr *expr)
{
    if (expr->kind != EXPR_AND) {
        expr_list_add(list, expr);
        return;
    }
    for (uint32_t i = 0; i < expr->argument_count; i++)
        add_plain_conjuncts(list, expr->arguments[i]);
}

static bool list_has(const ExprList *list, const Expr *expr)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (expr_equal(list->items[i], expr))
            return true;
    return false;
}

void expr_list_add_new(ExprList *list, const Expr *expr)
{
    enum { MAX_COMPARED = 200 }; /* a longer list may repeat itself: looking costs the square */
    if (list->count > MAX_COMPARED || !list_has(list, expr))
        expr_list_add(list, expr);
}

static bool branch_has(const Expr *branch, const Expr *conjunct)
{
    if (branch->kind != EXPR_AND)
        return expr_equal(branch, conjunct);
    for (uint32_t i = 0; i < branch->argument_count; i++)
        if (branch_has(branch->arguments[i], conjunct))
            return true;
    return false;
}

/* Conjuncts that every branch has. */
static void find_common(const Expr *condition, ExprList *common)
{
    ExprList first;
    expr_list_init(&first, common->arena);
    add_plain_conjuncts(&first, condition->arguments[0]);
    for (uint32_t i = 0; i < first.count; i++) {
        bool is_common = !expr_is_volatile(first.items[i]);
        for (uint32_t b = 1; b < condition->argument_count && is_common; b++)
            is_common = branch_has(condition->arguments[b], first.items[i]);
        if (is_common)
            expr_list_add_new(common, first.items[i]);
    }
}

/* The OR of what is left of the branches; NULL when nothing is left of one of them: it is true
 * wherever the common conjuncts are. */
static const Expr *or_of_rest(const Expr *condition, const ExprList *common)
{
    ExprList branches;
    expr_list_init(&branches, common->arena);
    for (uint32_t b = 0; b < condition->argument_count; b++) {
        ExprList all, rest;
        expr_list_init(&all, common->arena);
        expr_list_init(&rest, common->arena);
        add_plain_conjuncts(&all, condition->arguments[b]);
        for (uint32_t i = 0; i < all.count; i++)
            if (!list_has(common, all.items[i]))
                expr_list_add(&rest, all.items[i]);
        if (rest.count == 0)
            return NULL;
        expr_list_add(&branches, expr_list_and(&rest));
    }
    return expr_nary(common->arena, EXPR_OR, SQL_TYPE(T_BOOL), branches.items, branches.count,
                     condition->location);
}

void expr_list_add_conjuncts(ExprList *list, const Expr *condition)
{
    if (condition == NULL || is_true_constant(condition))
        return;
    if (condition->kind == EXPR_AND) {
        for (uint32_t i = 0; i < condition->argument_count; i++)
            expr_list_add_conjuncts(list, condition->arguments[i]);
        return;
    }
    ExprList common;
    expr_list_init(&common, list->arena);
    if (condition->kind == EXPR_OR && condition->argument_count > 1)
        find_common(condition, &common);
    if (common.count == 0) {
        expr_list_add(list, condition);
        return;
    }
    for (uint32_t i = 0; i < common.count; i++)
        expr_list_add(list, common.items[i]);
    const Expr *rest = or_of_rest(condition, &common);
    if (rest != NULL)
        expr_list_add(list, rest);
}

const Expr *expr_implied_for(Arena *arena, const Expr *condition, const Plan *plan)
{
    if (condition->kind != EXPR_OR)
        return NULL;
    ExprList branches;
    expr_list_init(&branches, arena);
    for (uint32_t b = 0; b < condition->argument_count; b++) {
        ExprList all, own;
        expr_list_init(&all, arena);
        expr_list_init(&own, arena);
        add_plain_conjuncts(&all, condition->arguments[b]);
        for (uint32_t i = 0; i < all.count; i++)
            if (expr_fits_plan(all.items[i], plan) && !expr_is_volatile(all.items[i]) &&
                !expr_can_fail(all.items[i]))
                expr_list_add(&own, all.items[i]);
        if (own.count == 0)
            return NULL;
        expr_list_add(&branches, expr_list_and(&own));
    }
    return expr_nary(arena, EXPR_OR, SQL_TYPE(T_BOOL), branches.items, branches.count, -1);
}

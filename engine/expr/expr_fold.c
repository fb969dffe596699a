/*
 * Folding: subtrees whose arguments are constants become constants; conditions that are decided
 * by a constant lose it.
 *
 * An error in folding leaves the node as it is: it is raised only if a row reaches it, so that
 * CASE WHEN false THEN 1/0 END stays harmless.
 */
#include "engine/expr/expr.h"

#include <stdlib.h>

typedef struct Folding {
    const TypeContext *context;
    bool fold_stable;
} Folding;

typedef enum Truth { TRUTH_UNKNOWN_NODE, TRUTH_TRUE, TRUTH_FALSE, TRUTH_NULL } Truth;

static Truth truth_of(const Expr *expr)
{
    if (expr->kind != EXPR_CONSTANT)
        return TRUTH_UNKNOWN_NODE;
    if (vector_is_null(expr->value, 0))
        return TRUTH_NULL;
    return VECTOR_DATA(uint8_t, expr->value)[0] != 0 ? TRUTH_TRUE : TRUTH_FALSE;
}

static bool all_constant(const Expr *expr)
{
    for (uint32_t i = 0; i < expr->argument_count; i++)
        if (expr->arguments[i]->kind != EXPR_CONSTANT)
            return false;
    return true;
}

static const Expr *evaluate(Arena *arena, const Expr *expr, const Folding *folding)
{
    Vector value;
    Fault ignored;
    if (!expr_evaluate_constant(arena, expr, folding->context, &value, &ignored))
        return expr;
    return expr_constant(arena, expr->type, &value, expr->location);
}

/* AND and OR: `idle` leaves the others as they are, `decisive` is the whole. */
static const Expr *fold_logical(Arena *arena, const Expr *expr, Truth idle, Truth decisive)
{
    const Expr **kept = ARENA_ARRAY(arena, const Expr *, expr->argument_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        Truth truth = truth_of(expr->arguments[i]);
        if (truth == decisive)
            return expr->arguments[i];
        if (truth != idle)
            kept[count++] = expr->arguments[i];
    }
    if (count == expr->argument_count)
        return expr;
    if (count == 0)
        return expr_bool(arena, idle == TRUTH_TRUE);
    return expr_nary(arena, expr->kind, expr->type, kept, count, expr->location);
}

/* value = constant, of one type whose equality is that of its cells. */
static bool is_plain_equality(const Expr *expr)
{
    if (expr->kind != EXPR_CALL || expr->argument_count != 2 || expr->call.function->symbol == NULL ||
        strcmp(expr->call.function->symbol, "=") != 0)
        return false;
    const Expr *value = expr->arguments[0], *constant = expr->arguments[1];
    Layout layout = type_layout(value->type);
    return constant->kind == EXPR_CONSTANT && value->kind != EXPR_CONSTANT &&
           value->type.oid == constant->type.oid && value->type.oid != T_BPCHAR &&
           (layout == LAYOUT_INT64 || layout == LAYOUT_STRING) && !vector_is_null(constant->value, 0) &&
           !expr_is_volatile(value);
}

static int compare_items(const void *a, const void *b, void *state)
{
    const Vector *items = state;
    return vector_rows_compare(items, *(const uint32_t *)a, items, *(const uint32_t *)b);
}

/* x = 1 OR x = 2 OR ... is x IN (1, 2, ...): one look instead of one a constant. */
static const Expr *fold_equalities(Arena *arena, const Expr *expr)
{
    enum { FEWEST = 3 };
    if (expr->kind != EXPR_OR || expr->argument_count < FEWEST)
        return expr;
    for (uint32_t i = 0; i < expr->argument_count; i++)
        if (!is_plain_equality(expr->arguments[i]) ||
            !expr_equal(expr->arguments[i]->arguments[0], expr->arguments[0]->arguments[0]))
            return expr;
    const Expr *value = expr->arguments[0]->arguments[0];
    VectorBuilder builder;
    vector_builder_init(&builder, arena, type_layout(value->type), expr->argument_count);
    uint32_t *order = ARENA_ARRAY(arena, uint32_t, expr->argument_count);
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        vector_builder_row(&builder, expr->arguments[i]->arguments[1]->value, 0);
        order[i] = i;
    }
    Vector items = vector_builder_finish(&builder);
    qsort_r(order, items.length, sizeof *order, compare_items, &items);
    uint32_t count = 0;
    for (uint32_t i = 0; i < items.length; i++)
        if (count == 0 || !vector_rows_equal(&items, order[count - 1], &items, order[i]))
            order[count++] = order[i];
    Vector list = vector_gather(arena, &items, order, count);
    return expr_in_list(arena, value, &list, false, expr->location);
}

static const Expr *fold_case(Arena *arena, const Expr *expr)
{
    const Expr **kept = ARENA_ARRAY(arena, const Expr *, expr->argument_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i + 1 < expr->argument_count; i += 2) {
        Truth truth = truth_of(expr->arguments[i]);
        if (truth == TRUTH_FALSE || truth == TRUTH_NULL)
            continue;
        if (truth == TRUTH_TRUE) { /* nothing after it is reached */
            kept[count++] = expr->arguments[i + 1];
            return count == 1 ? kept[0]
                              : expr_nary(arena, EXPR_CASE, expr->type, kept, count, expr->location);
        }
        kept[count++] = expr->arguments[i];
        kept[count++] = expr->arguments[i + 1];
    }
    kept[count++] = expr->arguments[expr->argument_count - 1];
    if (count == expr->argument_count)
        return expr;
    return count == 1 ? kept[0] : expr_nary(arena, EXPR_CASE, expr->type, kept, count, expr->location);
}

static const Expr *fold_coalesce(Arena *arena, const Expr *expr)
{
    const Expr **kept = ARENA_ARRAY(arena, const Expr *, expr->argument_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        const Expr *argument = expr->arguments[i];
        bool is_constant = argument->kind == EXPR_CONSTANT;
        if (is_constant && vector_is_null(argument->value, 0))
            continue;
        kept[count++] = argument;
        if (is_constant)
            break;
    }
    if (count == 0)
        return expr_null(arena, expr->type, expr->location);
    if (count == 1)
        return kept[0];
    return count == expr->argument_count
               ? expr
               : expr_nary(arena, EXPR_COALESCE, expr->type, kept, count, expr->location);
}

static const Expr *fold_call(Arena *arena, const Expr *expr, const Folding *folding)
{
    const ScalarFunction *function = expr->call.function;
    if (function->volatility == VOLATILE)
        return expr;
    if (function->nulls == NULLS_STRICT)
        for (uint32_t i = 0; i < expr->argument_count; i++)
            if (expr->arguments[i]->kind == EXPR_CONSTANT && vector_is_null(expr->arguments[i]->value, 0))
                return expr_null(arena, expr->type, expr->location);
    if (function->volatility == STABLE && !folding->fold_stable)
        return expr;
    return all_constant(expr) ? evaluate(arena, expr, folding) : expr;
}

static const Expr *fold_not(Arena *arena, const Expr *expr)
{
    const Expr *argument = expr->arguments[0];
    Truth truth = truth_of(argument);
    if (argument->kind == EXPR_NOT)
        return argument->arguments[0];
    if (truth == TRUTH_UNKNOWN_NODE)
        return expr;
    return truth == TRUTH_NULL ? argument : expr_bool(arena, truth == TRUTH_FALSE);
}

static const Expr *fold_node(Arena *arena, const Expr *expr, void *state)
{
    const Folding *folding = state;
    switch (expr->kind) {
    case EXPR_CALL: return fold_call(arena, expr, folding);
    case EXPR_AND: return fold_logical(arena, expr, TRUTH_TRUE, TRUTH_FALSE);
    case EXPR_OR: return fold_equalities(arena, fold_logical(arena, expr, TRUTH_FALSE, TRUTH_TRUE));
    case EXPR_NOT: return fold_not(arena, expr);
    case EXPR_CASE: return fold_case(arena, expr);
    case EXPR_COALESCE: return fold_coalesce(arena, expr);
    case EXPR_IS_NULL:
    case EXPR_IN_LIST:
    case EXPR_ARRAY: return all_constant(expr) ? evaluate(arena, expr, folding) : expr;
    case EXPR_CONSTANT:
    case EXPR_COLUMN:
    case EXPR_PARAMETER:
    case EXPR_AGGREGATE:
    case EXPR_WINDOW:
    case EXPR_SUBQUERY: return expr;
    }
    return expr;
}

const Expr *expr_fold(Arena *arena, const Expr *expr, const TypeContext *context, bool fold_stable)
{
    Folding folding = {.context = context, .fold_stable = fold_stable};
    return expr_rewrite(arena, expr, fold_node, &folding);
}

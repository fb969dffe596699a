/*
 * Operators: plain ones, LIKE, BETWEEN, IN, ANY and ALL over arrays, rows side by side.
 */
#include "engine/sql/bind_internal.h"

#include <stdlib.h>

const char *bind_operator_name(PgQuery__Node *const *names, size_t count)
{
    return count == 0 ? "=" : names[count - 1]->string->sval;
}

static SqlType call_result(const ScalarFunction *function, const SqlType *types, uint32_t count)
{
    return function->result_of != NULL ? function->result_of(types, count)
                                       : SQL_TYPE(function->result);
}

static bool is_array(const Expr *expr)
{
    const TypeInfo *info = expr == NULL ? NULL : type_info(expr->type.oid);
    return info != NULL && info->element_oid != 0;
}

const Expr *bind_operator(Binder *binder, const char *symbol, const Expr *left, const Expr *right,
                          int32_t location)
{
    const Expr *arguments[2] = {left, right};
    /* of the ways to read || this one is meant: an array is no element of another */
    if (strcmp(symbol, "||") == 0 && is_array(left) && is_array(right))
        return bind_call(binder, "array_cat", arguments, 2, location);
    uint32_t count = 0;
    if (left != NULL)
        arguments[count++] = bind_reg_as_oid(binder, left);
    arguments[count++] = bind_reg_as_oid(binder, right);
    SqlType types[2], coerced[2];
    for (uint32_t i = 0; i < count; i++)
        types[i] = arguments[i]->type;
    const ScalarFunction *function = function_resolve_operator(
        text_of(symbol), types, count, binder->dialect, coerced, location, binder->fault);
    if (function == NULL || !coerce_all(binder, arguments, count, coerced, location))
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        types[i] = arguments[i]->type;
    return expr_call(binder->arena, function, call_result(function, types, count), arguments, count,
                     location);
}

static const Expr *combine(Binder *binder, ExprKind kind, const Expr *const *items, uint32_t count,
                           int32_t location)
{
    return expr_nary(binder->arena, kind, SQL_TYPE(T_BOOL), items, count, location);
}

/* a IS NOT DISTINCT FROM b: the function when there is one, else spelled out. */
static const Expr *not_distinct(Binder *binder, const Expr *left, const Expr *right,
                                int32_t location)
{
    bool is_null_test = expr_is_null(left) || expr_is_null(right);
    if (is_null_test) {
        const Expr *other = coerce_unknown_to_text(binder, expr_is_null(left) ? right : left);
        return combine(binder, EXPR_IS_NULL, &other, 1, location);
    }
    const Expr *equal = bind_operator(binder, "=", left, right, location);
    if (equal == NULL)
        return NULL;
    if (function_exists(TEXT_LITERAL("is_not_distinct_from")))
        return bind_call(binder, "is_not_distinct_from", equal->arguments, 2, location);
    const Expr *nulls[2] = {combine(binder, EXPR_IS_NULL, &equal->arguments[0], 1, location),
                            combine(binder, EXPR_IS_NULL, &equal->arguments[1], 1, location)};
    const Expr *known[2] = {equal, expr_bool(binder->arena, false)};
    const Expr *either[2] = {combine(binder, EXPR_COALESCE, known, 2, location),
                             combine(binder, EXPR_AND, nulls, 2, location)};
    return combine(binder, EXPR_OR, either, 2, location);
}

/* NULLIF(a, b): CASE WHEN a = b THEN NULL ELSE a END. */
static const Expr *null_if(Binder *binder, const Expr *left, const Expr *right, int32_t location)
{
    left = coerce_unknown_to_text(binder, left);
    const Expr *equal = left == NULL ? NULL : bind_operator(binder, "=", left, right, location);
    if (equal == NULL)
        return NULL;
    const Expr *arguments[3] = {equal, expr_null(binder->arena, left->type, location), left};
    return expr_nary(binder->arena, EXPR_CASE, left->type, arguments, 3, location);
}

/* --- BETWEEN --- */
static const Expr *between(Binder *binder, const Expr *value, const Expr *low, const Expr *high,
                           int32_t location)
{
    const Expr *both[2];
    both[0] = bind_operator(binder, ">=", value, low, location);
    both[1] = both[0] == NULL ? NULL : bind_operator(binder, "<=", value, high, location);
    return both[1] == NULL ? NULL : combine(binder, EXPR_AND, both, 2, location);
}

static const Expr *bind_between(Binder *binder, ExprContext *context, const PgQuery__AExpr *expr,
                                int32_t location)
{
    const PgQuery__List *bounds = expr->rexpr->list;
    const Expr *value = bind_expr(binder, context, expr->lexpr);
    const Expr *low = value == NULL ? NULL : bind_expr(binder, context, bounds->items[0]);
    const Expr *high = low == NULL ? NULL : bind_expr(binder, context, bounds->items[1]);
    if (high == NULL)
        return NULL;
    bool is_symmetric = expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM ||
                        expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
    bool is_negated = expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN ||
                      expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM;
    const Expr *result = between(binder, value, low, high, location);
    if (result != NULL && is_symmetric) {
        const Expr *either[2] = {result, between(binder, value, high, low, location)};
        result = either[1] == NULL ? NULL : combine(binder, EXPR_OR, either, 2, location);
    }
    return result == NULL || !is_negated ? result : bind_not(binder, result);
}

/* --- rows --- */
static bool bind_row_items(Binder *binder, ExprContext *context, const PgQuery__RowExpr *row,
                           const Expr **items)
{
    for (size_t i = 0; i < row->n_args; i++) {
        items[i] = bind_expr(binder, context, row->args[i]);
        if (items[i] == NULL)
            return false;
    }
    return true;
}

static bool rows_match(Binder *binder, const PgQuery__RowExpr *left, const PgQuery__RowExpr *right,
                       int32_t location)
{
    return left->n_args == right->n_args && left->n_args > 0
               ? true
               : bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                            "unequal number of entries in row expressions");
}

/* (a, b) < (c, d): a < c OR a = c AND b < d. */
static const Expr *compare_from(Binder *binder, const char *symbol, const Expr *const *left,
                                const Expr *const *right, uint32_t count, int32_t location)
{
    if (count == 1)
        return bind_operator(binder, symbol, left[0], right[0], location);
    char strict[2] = {symbol[0], '\0'};
    const Expr *either[2], *both[2];
    either[0] = bind_operator(binder, strict, left[0], right[0], location);
    both[0] = bind_operator(binder, "=", left[0], right[0], location);
    both[1] = both[0] == NULL
                  ? NULL
                  : compare_from(binder, symbol, left + 1, right + 1, count - 1, location);
    if (either[0] == NULL || both[1] == NULL)
        return NULL;
    either[1] = combine(binder, EXPR_AND, both, 2, location);
    return combine(binder, EXPR_OR, either, 2, location);
}

static const Expr *equal_rows(Binder *binder, const Expr *const *left, const Expr *const *right,
                              uint32_t count, int32_t location)
{
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = bind_operator(binder, "=", left[i], right[i], location);
        if (items[i] == NULL)
            return NULL;
    }
    return combine(binder, EXPR_AND, items, count, location);
}

static const Expr *not_distinct_rows(Binder *binder, const Expr *const *left,
                                     const Expr *const *right, uint32_t count, int32_t location)
{
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = not_distinct(binder, left[i], right[i], location);
        if (items[i] == NULL)
            return NULL;
    }
    return combine(binder, EXPR_AND, items, count, location);
}

static const Expr *bind_row_operator(Binder *binder, ExprContext *context,
                                     const PgQuery__AExpr *expr, const char *symbol,
                                     int32_t location)
{
    const PgQuery__RowExpr *left_row = bind_row(expr->lexpr), *right_row = bind_row(expr->rexpr);
    if (!rows_match(binder, left_row, right_row, location))
        return NULL;
    uint32_t count = (uint32_t)left_row->n_args;
    const Expr **left = ARENA_ARRAY(binder->arena, const Expr *, count);
    const Expr **right = ARENA_ARRAY(binder->arena, const Expr *, count);
    if (!bind_row_items(binder, context, left_row, left) ||
        !bind_row_items(binder, context, right_row, right))
        return NULL;
    bool is_distinct = expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT;
    const Expr *result;
    if (is_distinct || expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT)
        result = not_distinct_rows(binder, left, right, count, location);
    else if (strcmp(symbol, "=") == 0 || strcmp(symbol, "<>") == 0)
        result = equal_rows(binder, left, right, count, location);
    else if (symbol[0] == '<' || symbol[0] == '>')
        result = compare_from(binder, symbol, left, right, count, location);
    else
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "operator %s is not supported for rows", symbol),
               NULL;
    bool is_negated = is_distinct || strcmp(symbol, "<>") == 0;
    return result != NULL && is_negated && expr->kind != PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT
               ? bind_not(binder, result)
               : result;
}

/* (a, b) IN ((1, 2), (3, 4)) */
static const Expr *bind_row_in(Binder *binder, ExprContext *context, const PgQuery__RowExpr *row,
                               const PgQuery__List *list, int32_t location)
{
    uint32_t width = (uint32_t)row->n_args;
    const Expr **left = ARENA_ARRAY(binder->arena, const Expr *, width);
    const Expr **right = ARENA_ARRAY(binder->arena, const Expr *, width);
    const Expr **either = ARENA_ARRAY(binder->arena, const Expr *, list->n_items);
    if (!bind_row_items(binder, context, row, left))
        return NULL;
    for (size_t i = 0; i < list->n_items; i++) {
        const PgQuery__RowExpr *item = bind_row(list->items[i]);
        if (item == NULL)
            return bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                              "a row can only be compared with rows"),
                   NULL;
        if (!rows_match(binder, row, item, location) ||
            !bind_row_items(binder, context, item, right))
            return NULL;
        either[i] = equal_rows(binder, left, right, width, location);
        if (either[i] == NULL)
            return NULL;
    }
    return combine(binder, EXPR_OR, either, (uint32_t)list->n_items, location);
}

static const Expr *bind_in(Binder *binder, ExprContext *context, const PgQuery__AExpr *expr,
                           int32_t location)
{
    const PgQuery__List *list = expr->rexpr->list;
    bool is_negated = bind_operator_name(expr->name, expr->n_name)[0] == '<';
    const Expr *result;
    if (bind_row(expr->lexpr) != NULL) {
        result = bind_row_in(binder, context, bind_row(expr->lexpr), list, location);
    } else {
        const Expr *value = bind_expr(binder, context, expr->lexpr);
        const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, list->n_items);
        if (value == NULL)
            return NULL;
        for (size_t i = 0; i < list->n_items; i++) {
            items[i] = bind_expr(binder, context, list->items[i]);
            if (items[i] == NULL)
                return NULL;
        }
        result = bind_in_list(binder, value, items, (uint32_t)list->n_items, location);
    }
    return result == NULL || !is_negated ? result : bind_not(binder, result);
}

/* x SIMILAR TO p: the grammar gives similar_to_escape(p) as the right side and ~ as operator. */
static const Expr *bind_two_sided(Binder *binder, ExprContext *context, const PgQuery__AExpr *expr,
                                  const char *symbol, int32_t location)
{
    const Expr *left = NULL;
    if (expr->lexpr != NULL) {
        left = bind_expr(binder, context, expr->lexpr);
        if (left == NULL)
            return NULL;
    }
    const Expr *right = bind_expr(binder, context, expr->rexpr);
    if (right == NULL)
        return NULL;
    switch (expr->kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
        return bind_any_array(binder, symbol, left, right, false, location);
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL:
        return bind_any_array(binder, symbol, left, right, true, location);
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT: {
        const Expr *same = not_distinct(binder, left, right, location);
        return same == NULL ? NULL : bind_not(binder, same);
    }
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
        return not_distinct(binder, left, right, location);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
        return null_if(binder, left, right, location);
    default:
        return bind_operator(binder, symbol, left, right, location);
    }
}

const Expr *bind_a_expr(Binder *binder, ExprContext *context, const PgQuery__AExpr *expr)
{
    int32_t location = bind_location(binder, expr->location);
    const char *symbol = bind_operator_name(expr->name, expr->n_name);
    switch (expr->kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM:
        return bind_between(binder, context, expr, location);
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
        return bind_in(binder, context, expr, location);
    default:
        break;
    }
    bool are_rows =
        expr->lexpr != NULL && bind_row(expr->lexpr) != NULL && bind_row(expr->rexpr) != NULL;
    return are_rows ? bind_row_operator(binder, context, expr, symbol, location)
                    : bind_two_sided(binder, context, expr, symbol, location);
}

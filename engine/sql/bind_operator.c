/*
 * Operators: plain ones, LIKE, BETWEEN, IN, ANY and ALL over arrays. Rows are in bind_row.c.
 */
#include "engine/sql/bind_record_internal.h"

#include "engine/type/decimal.h"

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

/* A quotient of constants has the digits that PostgreSQL gives it: known before it is computed. */
static SqlType quotient_of_constants(Binder *binder, SqlType result, const Expr *const *arguments)
{
    __int128 values[2];
    int scales[2], shown[2];
    for (uint32_t i = 0; i < 2; i++) {
        const Expr *folded = bind_fold(binder, arguments[i]);
        if (folded->kind != EXPR_CONSTANT || expr_is_null(folded) || folded->type.oid != T_NUMERIC)
            return result;
        memcpy(&values[i], folded->value->data, sizeof values[i]);
        scales[i] = type_scale(folded->type);
        shown[i] = decimal_shown_scale(folded->type, values[i]);
    }
    int scale = values[1] == 0 ? 0
                               : decimal_quotient_scale(values[0], scales[0], values[1], scales[1]);
    scale = scale > shown[0] ? scale : shown[0];
    scale = scale > shown[1] ? scale : shown[1];
    int shift = scale + scales[1] - scales[0];
    return scale <= NUMERIC_MAX_DIGITS && shift >= 0 && shift <= NUMERIC_MAX_DIGITS
               ? type_numeric_derived(scale)
               : result;
}

/* Patterns see a char(n) with its blanks; elsewhere they mean nothing. */
static bool is_pattern(const char *symbol)
{
    static const char *const symbols[] = {"~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*"};
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (strcmp(symbol, symbols[i]) == 0)
            return true;
    return false;
}

static bool is_comparison(const char *symbol)
{
    static const char *const symbols[] = {"=", "<>", "<", "<=", ">", ">="};
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (strcmp(symbol, symbols[i]) == 0)
            return true;
    return false;
}

const Expr *bind_padded_text(Binder *binder, const Expr *expr)
{
    return expr->type.oid != T_BPCHAR
               ? expr
               : expr_nary(binder->arena, EXPR_COALESCE, SQL_TYPE(T_TEXT), &expr, 1,
                           expr->location);
}

/* What is compared with a char(n) is one, too. */
static const Expr *literal_beside(Binder *binder, const Expr *literal, const Expr *other)
{
    bool is_beside = other->type.oid == T_BPCHAR && literal->kind == EXPR_CONSTANT &&
                     expr_is_unknown(literal) && !expr_is_null(literal);
    return is_beside ? coerce_to(binder, literal, SQL_TYPE(T_BPCHAR), CAST_IMPLICIT,
                                 literal->location)
                     : literal;
}

/* '2000-01-01' + INTERVAL '1' DAY: in the druid dialect the text is a time. */
static bool is_time_text(const Binder *binder, const char *symbol, const Expr *left,
                         const Expr *right)
{
    return binder->dialect == 1 && left != NULL && right != NULL && expr_is_unknown(left) &&
           !expr_is_null(left) && left->kind == EXPR_CONSTANT && right->type.oid == T_INTERVAL &&
           (strcmp(symbol, "+") == 0 || strcmp(symbol, "-") == 0);
}

const Expr *bind_operator(Binder *binder, const char *symbol, const Expr *left, const Expr *right,
                          int32_t location)
{
    if (is_time_text(binder, symbol, left, right)) {
        left = coerce_to(binder, left, SQL_TYPE(T_TIMESTAMP), CAST_IMPLICIT, location);
        if (left == NULL)
            return NULL;
    }
    if (multi_value_is_compared(binder, left, right) && multi_value_can_compare(symbol))
        return multi_value_compare(binder, symbol, left, right, location);
    if (left != NULL && is_pattern(symbol))
        left = bind_padded_text(binder, left);
    if (left != NULL && is_comparison(symbol)) {
        const Expr *given = left;
        left = literal_beside(binder, left, right);
        right = literal_beside(binder, right, given);
        if (left == NULL || right == NULL)
            return NULL;
    }
    const Expr *arguments[2] = {left, right};
    /* of the ways to read || this one is meant: an array is no element of another */
    if (strcmp(symbol, "||") == 0 && is_array(left) && is_array(right))
        return bind_call(binder, "array_cat", arguments, 2, location);
    uint32_t count = 0;
    bool are_records = left != NULL && left->type.oid == T_RECORD && right->type.oid == T_RECORD;
    if (are_records && !bind_record_operands(binder, &left, &right, location))
        return NULL;
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
    SqlType result = call_result(function, types, count);
    if (result.oid == T_NUMERIC && strcmp(symbol, "/") == 0)
        result = quotient_of_constants(binder, result, arguments);
    return expr_call(binder->arena, function, result, arguments, count, location);
}

static const Expr *combine(Binder *binder, ExprKind kind, const Expr *const *items, uint32_t count,
                           int32_t location)
{
    return expr_nary(binder->arena, kind, SQL_TYPE(T_BOOL), items, count, location);
}

/* a IS NOT DISTINCT FROM b: the function when there is one, else spelled out. */
const Expr *bind_not_distinct(Binder *binder, const Expr *left, const Expr *right,
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
static const Expr *between(Binder *binder, const ExprContext *context, const Expr *value,
                           const Expr *low, const Expr *high, int32_t location)
{
    const Expr *both[2];
    both[0] = multi_value_of_each(binder, context,
                                  bind_operator(binder, ">=", value, low, location));
    both[1] = both[0] == NULL
                  ? NULL
                  : multi_value_of_each(binder, context,
                                        bind_operator(binder, "<=", value, high, location));
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
    const Expr *result = between(binder, context, value, low, high, location);
    if (result != NULL && is_symmetric) {
        const Expr *either[2] = {result, between(binder, context, value, high, low, location)};
        result = either[1] == NULL ? NULL : combine(binder, EXPR_OR, either, 2, location);
    }
    return result == NULL || !is_negated ? result : bind_not(binder, result);
}

/* --- IN --- */
static const Expr *bind_in(Binder *binder, ExprContext *context, const PgQuery__AExpr *expr,
                           int32_t location)
{
    const PgQuery__List *list = expr->rexpr->list;
    bool is_negated = bind_operator_name(expr->name, expr->n_name)[0] == '<';
    const Expr *result;
    if (bind_row(expr->lexpr) != NULL) {
        result = bind_row_in(binder, context, expr->lexpr, list, location);
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
        if (result != NULL && !multi_value_may_equal(binder, context, value, items,
                                                     (uint32_t)list->n_items, &result, location))
            return NULL;
    }
    return result == NULL || !is_negated ? result : bind_not(binder, result);
}

/* An operator between two sides; = and <> of a column look into its lists (druid). */
static const Expr *bind_comparison(Binder *binder, ExprContext *context, const char *symbol,
                                   const Expr *left, const Expr *right, int32_t location)
{
    bool is_unlike = binder->dialect == 1 && strncmp(symbol, "!~~", 3) == 0;
    const Expr *sides[2] = {left, right};
    if (!multi_value_can_compare(symbol) &&
        !multi_value_as_texts(binder, is_unlike ? symbol + 1 : symbol, sides, 2))
        return NULL;
    left = sides[0], right = sides[1];
    if (is_unlike) { /* no value is like it */
        const Expr *like = bind_operator(binder, symbol + 1, left, right, location);
        const Expr *any = multi_value_of_each(binder, context, like);
        if (any == NULL || any != like)
            return any == NULL ? NULL : bind_not(binder, any);
    }
    bool is_negated = strcmp(symbol, "<>") == 0;
    bool is_equality = binder->dialect == 1 && left != NULL &&
                       (is_negated || strcmp(symbol, "=") == 0);
    bool is_turned = is_equality && (left->kind == EXPR_CONSTANT || left->kind == EXPR_PARAMETER);
    const Expr *column = is_turned ? right : left, *item = is_turned ? left : right;
    const Expr *plain =
        bind_operator(binder, is_equality ? "=" : symbol, left, right, location);
    if (plain == NULL || !is_equality)
        return multi_value_of_each(binder, context, plain);
    const Expr *equal = plain;
    if (!multi_value_may_equal(binder, context, column, &item, 1, &equal, location))
        return NULL;
    return !is_negated      ? equal
           : equal != plain ? bind_not(binder, equal)
                            : bind_operator(binder, "<>", left, right, location);
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
        const Expr *same = bind_not_distinct(binder, left, right, location);
        return same == NULL ? NULL : bind_not(binder, same);
    }
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
        return bind_not_distinct(binder, left, right, location);
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
        return null_if(binder, left, right, location);
    default:
        return bind_comparison(binder, context, symbol, left, right, location);
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
    return bind_are_rows(expr) ? bind_row_operator(binder, context, expr, symbol, location)
                               : bind_two_sided(binder, context, expr, symbol, location);
}

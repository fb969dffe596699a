/*
 * Two ways round a tree, to look and to change, and the questions that are asked of trees.
 */
#include "engine/expr/expr.h"

const Expr *expr_filter(const Expr *expr)
{
    return expr->kind == EXPR_AGGREGATE ? expr->aggregate.filter
           : expr->kind == EXPR_WINDOW  ? expr->window.filter
                                        : NULL;
}

bool expr_each_child(const Expr *expr, ExprVisit visit, void *state)
{
    for (uint32_t i = 0; i < expr->argument_count; i++)
        if (!visit(expr->arguments[i], state))
            return false;
    const Expr *filter = expr_filter(expr);
    return filter == NULL || visit(filter, state);
}

const Expr *expr_rewrite(Arena *arena, const Expr *expr, ExprRule rule, void *state)
{
    const Expr **arguments = NULL;
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        const Expr *argument = expr_rewrite(arena, expr->arguments[i], rule, state);
        if (argument != expr->arguments[i] && arguments == NULL) {
            arguments = ARENA_ARRAY(arena, const Expr *, expr->argument_count);
            memcpy(arguments, expr->arguments, expr->argument_count * sizeof *arguments);
        }
        if (arguments != NULL)
            arguments[i] = argument;
    }
    const Expr *old_filter = expr_filter(expr);
    const Expr *filter =
        old_filter == NULL ? NULL : expr_rewrite(arena, old_filter, rule, state);
    if (arguments != NULL || filter != old_filter) {
        Expr *copy = ARENA_NEW(arena, Expr);
        *copy = *expr;
        if (arguments != NULL)
            copy->arguments = arguments;
        if (filter != NULL && expr->kind == EXPR_AGGREGATE)
            copy->aggregate.filter = filter;
        else if (filter != NULL)
            copy->window.filter = filter;
        expr = copy;
    }
    return rule(arena, expr, state);
}

/* --- equality --- */

static bool same_order(const Expr *a, const Expr *b)
{
    for (uint32_t i = 0; i < a->aggregate.order_count; i++)
        if (a->aggregate.order[i].column != b->aggregate.order[i].column ||
            a->aggregate.order[i].descending != b->aggregate.order[i].descending ||
            a->aggregate.order[i].nulls_first != b->aggregate.order[i].nulls_first)
            return false;
    return true;
}

static bool same_lists(const Vector *a, const Vector *b)
{
    if (a->length != b->length || a->layout != b->layout)
        return false;
    for (uint32_t i = 0; i < a->length; i++)
        if (!vector_rows_equal(a, i, b, i))
            return false;
    return true;
}

/* What the kind has beside its arguments. */
static bool same_own(const Expr *a, const Expr *b)
{
    switch (a->kind) {
    case EXPR_CONSTANT:
        return a->value->layout == b->value->layout && vector_rows_equal(a->value, 0, b->value, 0);
    case EXPR_COLUMN:
        return a->column == b->column;
    case EXPR_PARAMETER:
        return a->parameter == b->parameter;
    case EXPR_CALL:
        return a->call.function == b->call.function;
    case EXPR_IN_LIST:
        return a->in.list_has_null == b->in.list_has_null && same_lists(a->in.list, b->in.list);
    case EXPR_AGGREGATE:
        return a->aggregate.function == b->aggregate.function &&
               a->aggregate.is_distinct == b->aggregate.is_distinct &&
               a->aggregate.order_count == b->aggregate.order_count && same_order(a, b) &&
               (a->aggregate.filter == NULL) == (b->aggregate.filter == NULL) &&
               (a->aggregate.filter == NULL || expr_equal(a->aggregate.filter, b->aggregate.filter));
    case EXPR_SUBQUERY:
        return a->subquery.plan == b->subquery.plan && a->subquery.subquery_kind == b->subquery.subquery_kind;
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_NOT:
    case EXPR_IS_NULL:
    case EXPR_CASE:
    case EXPR_COALESCE:
    case EXPR_ARRAY:
        return true;
    case EXPR_WINDOW:
        return a->window.function == b->window.function &&
               a->window.aggregate == b->window.aggregate &&
               a->window.direct_count == b->window.direct_count &&
               (a->window.filter == NULL) == (b->window.filter == NULL) &&
               (a->window.filter == NULL || expr_equal(a->window.filter, b->window.filter));
    }
    return false;
}

bool expr_equal(const Expr *a, const Expr *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || !type_equal(a->type, b->type) || a->argument_count != b->argument_count ||
        !same_own(a, b))
        return false;
    for (uint32_t i = 0; i < a->argument_count; i++)
        if (!expr_equal(a->arguments[i], b->arguments[i]))
            return false;
    return true;
}

/* Another name of the same thing, as text for varchar, bigint for integer: a cast that does
 * nothing. */
static bool is_relabel(SqlType from, SqlType to)
{
    bool is_noop = false;
    return from.modifier == to.modifier && type_layout(from) == type_layout(to) &&
           function_find_cast(from, to, CAST_EXPLICIT, 0, &is_noop) == NULL && is_noop;
}

bool expr_same_value(const Expr *a, const Expr *b)
{
    if (a->kind == EXPR_COLUMN && b->kind == EXPR_COLUMN)
        return a->column == b->column;
    if (a->kind != b->kind || type_equal(a->type, b->type) ||
        (!is_relabel(a->type, b->type) && !is_relabel(b->type, a->type)))
        return expr_equal(a, b);
    Expr renamed = *b;
    renamed.type = a->type;
    return expr_equal(a, &renamed);
}

uint64_t expr_hash(const Expr *expr)
{
    uint64_t hash = int64_hash((int64_t)expr->kind * 1000003 + expr->type.oid);
    switch (expr->kind) {
    case EXPR_CONSTANT: {
        uint64_t value;
        vector_hash(expr->value, &value, false);
        hash ^= value;
        break;
    }
    case EXPR_COLUMN: hash ^= int64_hash(expr->column); break;
    case EXPR_PARAMETER: hash ^= int64_hash(expr->parameter); break;
    case EXPR_CALL: hash ^= int64_hash(expr->call.function->oid); break;
    case EXPR_AGGREGATE: hash ^= int64_hash(expr->aggregate.function->oid); break;
    case EXPR_IN_LIST: hash ^= int64_hash(expr->in.list->length); break;
    case EXPR_AND: case EXPR_OR: case EXPR_NOT: case EXPR_IS_NULL: case EXPR_CASE: case EXPR_COALESCE:
    case EXPR_ARRAY: case EXPR_WINDOW: case EXPR_SUBQUERY:
        break;
    }
    for (uint32_t i = 0; i < expr->argument_count; i++)
        hash = int64_hash((int64_t)(hash * 31 + expr_hash(expr->arguments[i])));
    return hash;
}

/* --- questions --- */

bool expr_is_constant(const Expr *expr)
{
    return expr->kind == EXPR_CONSTANT;
}

static bool visit_not_volatile(const Expr *expr, void *state)
{
    (void)state;
    if (expr->kind == EXPR_CALL && expr->call.function->volatility == VOLATILE)
        return false;
    return expr_each_child(expr, visit_not_volatile, NULL);
}

bool expr_is_volatile(const Expr *expr)
{
    return !visit_not_volatile(expr, NULL);
}

static bool visit_other_column(const Expr *expr, void *state)
{
    if (expr->kind == EXPR_COLUMN && expr->column == *(const ColumnId *)state)
        return false;
    return expr_each_child(expr, visit_other_column, state);
}

bool expr_uses_column(const Expr *expr, ColumnId column)
{
    return !visit_other_column(expr, &column);
}

static bool visit_other_kind(const Expr *expr, void *state)
{
    if (expr->kind == *(const ExprKind *)state)
        return false;
    return expr_each_child(expr, visit_other_kind, state);
}

bool expr_has_kind(const Expr *expr, ExprKind kind)
{
    return !visit_other_kind(expr, &kind);
}

typedef struct ColumnVisit {
    void (*each)(ColumnId column, void *state);
    void *state;
} ColumnVisit;

static bool visit_columns(const Expr *expr, void *state)
{
    const ColumnVisit *visit = state;
    if (expr->kind == EXPR_COLUMN)
        visit->each(expr->column, visit->state);
    return expr_each_child(expr, visit_columns, state);
}

void expr_columns(const Expr *expr, void (*each)(ColumnId column, void *state), void *state)
{
    ColumnVisit visit = {.each = each, .state = state};
    visit_columns(expr, &visit);
}

/* Operators that have a result for every value of their types. */
static bool is_total(const ScalarFunction *function)
{
    static const char *const symbols[] = {"=", "<>", "<", "<=", ">", ">=", "~~", "!~~", "~~*", "!~~*", "||"};
    if (function->kind == FUNCTION_CAST) /* numbers to floats */
        return (function->result == T_FLOAT8 || function->result == T_FLOAT4) &&
               function->cast_rule == CAST_IMPLICIT;
    if (function->symbol == NULL)
        return strncmp(function->name, "is_", 3) == 0;
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
        if (strcmp(symbols[i], function->symbol) == 0)
            return true;
    return false;
}

static bool visit_cannot_fail(const Expr *expr, void *state)
{
    (void)state;
    if (expr->kind == EXPR_CALL && !is_total(expr->call.function))
        return false;
    return expr_each_child(expr, visit_cannot_fail, NULL);
}

bool expr_can_fail(const Expr *expr)
{
    return !visit_cannot_fail(expr, NULL);
}

/* --- numbering --- */

typedef struct Numbering {
    uint32_t (*position_of)(ColumnId column, void *state);
    void *state;
} Numbering;

static const Expr *number_column(Arena *arena, const Expr *expr, void *state)
{
    const Numbering *numbering = state;
    if (expr->kind != EXPR_COLUMN)
        return expr;
    uint32_t position = numbering->position_of(expr->column, numbering->state);
    return position == expr->column ? expr : expr_column(arena, expr->type, position, expr->location);
}

const Expr *expr_number_columns(Arena *arena, const Expr *expr,
                                uint32_t (*position_of)(ColumnId column, void *state), void *state)
{
    Numbering numbering = {.position_of = position_of, .state = state};
    return expr_rewrite(arena, expr, number_column, &numbering);
}

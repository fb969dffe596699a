/*
 * Constructors of expressions: one a kind.
 */
#include "engine/expr/expr.h"

#include "base/log/log.h"

static Expr *make(Arena *arena, ExprKind kind, SqlType type, int32_t location)
{
    Expr *expr = ARENA_NEW(arena, Expr);
    expr->kind = kind;
    expr->type = type;
    expr->location = location;
    return expr;
}

static void set_arguments(Arena *arena, Expr *expr, const Expr *const *arguments, uint32_t count)
{
    const Expr **copy = ARENA_ARRAY(arena, const Expr *, count);
    if (count > 0)
        memcpy(copy, arguments, count * sizeof *copy);
    expr->arguments = copy;
    expr->argument_count = count;
}

const Expr *expr_constant(Arena *arena, SqlType type, const Vector *value, int32_t location)
{
    Expr *expr = make(arena, EXPR_CONSTANT, type, location);
    Vector *copy = ARENA_NEW(arena, Vector);
    *copy = vector_copy(arena, value);
    if (copy->form != VECTOR_CONSTANT) { /* one flat row is a constant as well */
        check(copy->length == 1);
        *copy = vector_flatten(arena, copy);
        copy->form = VECTOR_CONSTANT;
    }
    copy->length = 1;
    expr->value = copy;
    return expr;
}

const Expr *expr_null(Arena *arena, SqlType type, int32_t location)
{
    Vector value = vector_null(arena, type_layout(type), 1);
    return expr_constant(arena, type, &value, location);
}

const Expr *expr_bool(Arena *arena, bool value)
{
    uint8_t byte = value;
    Vector vector = vector_constant(arena, LAYOUT_BOOL, 1, &byte);
    return expr_constant(arena, SQL_TYPE(T_BOOL), &vector, -1);
}

const Expr *expr_int64(Arena *arena, SqlType type, int64_t value, int32_t location)
{
    check(type_layout(type) == LAYOUT_INT64);
    Vector vector = vector_constant(arena, LAYOUT_INT64, 1, &value);
    return expr_constant(arena, type, &vector, location);
}

const Expr *expr_text(Arena *arena, SqlType type, Text value, int32_t location)
{
    check(type_layout(type) == LAYOUT_STRING);
    Vector vector = vector_constant(arena, LAYOUT_STRING, 1, &value);
    return expr_constant(arena, type, &vector, location);
}

const Expr *expr_column(Arena *arena, SqlType type, ColumnId column, int32_t location)
{
    Expr *expr = make(arena, EXPR_COLUMN, type, location);
    expr->column = column;
    return expr;
}

const Expr *expr_parameter(Arena *arena, SqlType type, uint32_t number, int32_t location)
{
    Expr *expr = make(arena, EXPR_PARAMETER, type, location);
    expr->parameter = number;
    return expr;
}

const Expr *expr_call(Arena *arena, const ScalarFunction *function, SqlType type,
                      const Expr *const *arguments, uint32_t count, int32_t location)
{
    bool has_digits = count == 2 && arguments[1]->kind == EXPR_CONSTANT;
    type = function_refine_type(function, type, has_digits ? arguments[1]->value : NULL);
    Expr *expr = make(arena, EXPR_CALL, type, location);
    set_arguments(arena, expr, arguments, count);
    expr->call.function = function;
    return expr;
}

const Expr *expr_nary(Arena *arena, ExprKind kind, SqlType type, const Expr *const *arguments,
                      uint32_t count, int32_t location)
{
    if ((kind == EXPR_AND || kind == EXPR_OR) && count == 1)
        return arguments[0];
    if (kind == EXPR_CASE)
        check(count % 2 == 1);
    Expr *expr = make(arena, kind, type, location);
    set_arguments(arena, expr, arguments, count);
    return expr;
}

const Expr *expr_in_list(Arena *arena, const Expr *value, const Vector *list, bool list_has_null,
                         int32_t location)
{
    check(list->form == VECTOR_FLAT && list->layout == type_layout(value->type));
    Expr *expr = make(arena, EXPR_IN_LIST, SQL_TYPE(T_BOOL), location);
    set_arguments(arena, expr, &value, 1);
    Vector *copy = ARENA_NEW(arena, Vector);
    *copy = vector_copy(arena, list);
    expr->in.list = copy;
    expr->in.list_has_null = list_has_null;
    return expr;
}

/* The same value under another name of its representation. A call reads its own length or
 * precision from its type (the cast to varchar(2)): it keeps it, below a COALESCE of one. */
static const Expr *retype(Arena *arena, const Expr *expr, SqlType type)
{
    if (expr->kind == EXPR_CALL && expr->type.modifier != type.modifier)
        return expr_nary(arena, EXPR_COALESCE, type, &expr, 1, expr->location);
    Expr *copy = ARENA_NEW(arena, Expr);
    *copy = *expr;
    copy->type = type;
    return copy;
}

/* numeric without a modifier takes the scale that the source needs, where that is known. */
static SqlType target_of(const Expr *expr, SqlType type)
{
    if (type.oid == T_NUMERIC_ARRAY && type.modifier == -1) {
        const TypeInfo *source = type_info(expr->type.oid);
        bool is_whole = source != NULL && source->element_oid != 0 &&
                        type_layout(SQL_TYPE(source->element_oid)) == LAYOUT_INT64;
        if (is_whole)
            type.modifier = type_numeric_derived(0).modifier;
    }
    if (type.oid != T_NUMERIC || type.modifier != -1)
        return type;
    return type_layout(expr->type) == LAYOUT_INT64 ? type_numeric_derived(0) : type;
}

/* Lengths and precisions are applied to the type itself: 12 to varchar(1) goes by way of varchar.
 * numeric's scale is part of how a value is made, and texts are read with the modifier. */
static bool needs_two_steps(SqlType from, SqlType to)
{
    if (to.modifier == -1 || from.oid == to.oid)
        return false;
    switch (to.oid) {
    case T_VARCHAR: case T_BPCHAR: return true;
    case T_BIT: case T_VARBIT: return type_layout(from) == LAYOUT_STRING;
    case T_TIMESTAMP: case T_TIMESTAMPTZ: case T_TIME:
        return type_layout(from) == LAYOUT_INT64;
    default: return false;
    }
}

const Expr *expr_cast(Arena *arena, const Expr *expr, SqlType type, CastRule rule, int32_t dialect,
                      Fault *fault)
{
    bool is_null = expr->kind == EXPR_CONSTANT && vector_is_null(expr->value, 0);
    bool is_same = expr->type.oid == type.oid && type.modifier == -1;
    if (type_equal(expr->type, type) || (is_same && !is_null))
        return expr;
    if (is_null)
        return expr_null(arena, type, expr->location);
    if (needs_two_steps(expr->type, type)) {
        expr = expr_cast(arena, expr, SQL_TYPE(type.oid), rule, dialect, fault);
        return expr == NULL ? NULL : expr_cast(arena, expr, type, rule, dialect, fault);
    }
    bool is_noop = false;
    type = target_of(expr, type);
    const ScalarFunction *function = function_find_cast(expr->type, type, rule, dialect, &is_noop);
    if (function != NULL)
        return expr_call(arena, function, type, &expr, 1, expr->location);
    if (is_noop)
        return retype(arena, expr, type);
    fault_set_at(fault, expr->location, FAULT_CANNOT_COERCE, "cannot cast type %s to %s",
                 type_info(expr->type.oid)->sql_name, type_info(type.oid)->sql_name);
    return NULL;
}

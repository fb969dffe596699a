/*
 * Recognising comparisons in conditions.
 */
#include "engine/operator/operator_internal.h"

Comparison comparison_of(const ScalarFunction *function)
{
    static const struct {
        const char *symbol;
        Comparison comparison;
    } table[] = {{"=", COMPARE_EQ},  {"<>", COMPARE_NE}, {"!=", COMPARE_NE}, {"<", COMPARE_LT},
                 {"<=", COMPARE_LE}, {">", COMPARE_GT},  {">=", COMPARE_GE}};
    if (function->symbol == NULL || function->argument_count != 2)
        return COMPARE_NONE;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(function->symbol, table[i].symbol) == 0)
            return table[i].comparison;
    return COMPARE_NONE;
}

Comparison comparison_mirrored(Comparison comparison)
{
    switch (comparison) {
    case COMPARE_LT:
        return COMPARE_GT;
    case COMPARE_LE:
        return COMPARE_GE;
    case COMPARE_GT:
        return COMPARE_LT;
    case COMPARE_GE:
        return COMPARE_LE;
    case COMPARE_NONE:
    case COMPARE_EQ:
    case COMPARE_NE:
        return comparison;
    }
    return comparison;
}

bool expr_as_comparison(const Expr *expr, const Expr **left, Comparison *comparison,
                        const Vector **constant)
{
    if (expr->kind != EXPR_CALL || expr->argument_count != 2)
        return false;
    *comparison = comparison_of(expr->call.function);
    if (*comparison == COMPARE_NONE)
        return false;
    const Expr *a = expr->arguments[0], *b = expr->arguments[1];
    if (a->kind == EXPR_CONSTANT) {
        const Expr *swap = a;
        a = b;
        b = swap;
        *comparison = comparison_mirrored(*comparison);
    }
    if (b->kind != EXPR_CONSTANT || vector_is_null(b->value, 0))
        return false;
    *left = a;
    *constant = b->value;
    return true;
}

/* Types whose values compare as their integers do. */
static bool compares_as_integer(SqlType type)
{
    return type.oid == T_INT2 || type.oid == T_INT4 || type.oid == T_INT8;
}

bool are_comparable_as_integers(SqlType a, SqlType b)
{
    if (type_layout(a) != LAYOUT_INT64 || type_layout(b) != LAYOUT_INT64)
        return false;
    return a.oid == b.oid || (compares_as_integer(a) && compares_as_integer(b));
}

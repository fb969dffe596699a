/*
 * TABLESAMPLE: a filter over the table's rows. BERNOULLI and SYSTEM choose row by row, at random,
 * so that a sample says as much as it can of the whole; with REPEATABLE by a hash of the row and the
 * seed: the same rows again as long as they are there.
 */
#include "engine/sql/bind_internal.h"

static const Expr *sample_argument(Binder *binder, const PgQuery__Node *node)
{
    Scope nothing = {0};
    ExprContext context = {.scope = &nothing, .clause = CLAUSE_FUNCTION_IN_FROM};
    int32_t location = bind_node_location(binder, node);
    const Expr *value = bind_expr(binder, &context, node);
    value = value == NULL
                ? NULL
                : coerce_to(binder, value, SQL_TYPE(T_FLOAT8), CAST_ASSIGNMENT, location);
    value = value == NULL ? NULL : bind_fold(binder, value);
    if (value != NULL && value->kind != EXPR_CONSTANT && !expr_has_kind(value, EXPR_PARAMETER)) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "TABLESAMPLE wants constants");
        return NULL;
    }
    return value;
}

static bool check_percent(Binder *binder, const Expr *percent)
{
    if (percent->kind != EXPR_CONSTANT)
        return true;
    if (expr_is_null(percent))
        return bind_fault(binder, -1, FAULT_INVALID_TABLESAMPLE_ARGUMENT,
                          "TABLESAMPLE parameter cannot be null");
    double value = VECTOR_DATA(double, percent->value)[0];
    return value >= 0 && value <= 100
               ? true
               : bind_fault(binder, -1, FAULT_INVALID_TABLESAMPLE_ARGUMENT,
                            "sample percentage must be between 0 and 100");
}

/* What a row's place in [0, 100) is made of. */
static const Expr *place_of_row(Binder *binder, const PgQuery__RangeTableSample *sample,
                                const FromItem *item)
{
    if (sample->repeatable == NULL) {
        const Expr *random = bind_call(binder, "random", NULL, 0, -1);
        const Expr *hundred = random == NULL ? NULL
                                             : bind_literal(binder, SQL_TYPE(T_FLOAT8),
                                                            TEXT_LITERAL("100"), -1);
        return hundred == NULL ? NULL : bind_operator(binder, "*", random, hundred, -1);
    }
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, item->column_count + 1);
    arguments[0] = sample_argument(binder, sample->repeatable);
    if (arguments[0] == NULL)
        return NULL;
    if (expr_is_null(arguments[0])) {
        bind_fault(binder, -1, FAULT_INVALID_TABLESAMPLE_REPEAT,
                   "TABLESAMPLE REPEATABLE parameter cannot be null");
        return NULL;
    }
    for (uint32_t i = 0; i < item->column_count; i++)
        arguments[i + 1] = expr_column(binder->arena, item->columns[i].type, item->columns[i].id, -1);
    return bind_call(binder, "sample_place", arguments, item->column_count + 1, -1);
}

bool bind_table_sample(Binder *binder, Scope *scope, const PgQuery__RangeTableSample *sample,
                       FromItem *item)
{
    int32_t location = bind_location(binder, sample->location);
    const char *method =
        name_folded(binder->arena, sample->method[sample->n_method - 1]->string->sval);
    if (!bind_from_item(binder, scope, sample->relation, item))
        return false;
    if (strcmp(method, "bernoulli") != 0 && strcmp(method, "system") != 0)
        return bind_fault(binder, location, FAULT_UNDEFINED_OBJECT,
                          "tablesample method %s does not exist", method);
    if (sample->n_args != 1)
        return bind_fault(binder, location, FAULT_INVALID_TABLESAMPLE_ARGUMENT,
                          "tablesample method %s requires 1 argument, not %zu", method,
                          sample->n_args);
    const Expr *percent = sample_argument(binder, sample->args[0]);
    if (percent == NULL || !check_percent(binder, percent))
        return false;
    const Expr *place = place_of_row(binder, sample, item);
    const Expr *is_in = place == NULL ? NULL : bind_operator(binder, "<", place, percent, -1);
    if (is_in == NULL)
        return false;
    item->plan = plan_filter(binder->arena, item->plan, is_in);
    return true;
}

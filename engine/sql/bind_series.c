/*
 * generate_series and unnest of constants: rows that are known when the query is bound.
 *
 * A long series is not written out row by row: its number is taken apart into digits of base
 * 1,000, each a VALUES of 1,000 rows, crossed with one another, put together and cut off.
 */
#include "engine/sql/bind_internal.h"

enum { SERIES_BASE = 1000 };

typedef struct Series {
    Binder *binder;
    int32_t location;
    SqlType type;
    const char *name;
} Series;

static const Expr *int_constant(const Series *series, int64_t value)
{
    return expr_int64(series->binder->arena, SQL_TYPE(T_INT8), value, series->location);
}

/* 0 .. count - 1 as one column. */
static const Plan *digit(const Series *series, uint32_t count, PlanColumn *column)
{
    const Expr **cells = ARENA_ARRAY(series->binder->arena, const Expr *, count + 1);
    for (uint32_t i = 0; i < count; i++)
        cells[i] = int_constant(series, i);
    *column = bind_new_column(series->binder, SQL_TYPE(T_INT8), "digit");
    return plan_values(series->binder->arena, column, 1, cells, count);
}

static const Expr *combine(const Series *series, const char *symbol, const Expr *a, const Expr *b)
{
    return a == NULL || b == NULL
               ? NULL
               : bind_operator(series->binder, symbol, a, b, series->location);
}

static const Expr *column_of(const Series *series, const PlanColumn *column)
{
    return expr_column(series->binder->arena, column->type, column->id, series->location);
}

/* The numbers 0 .. count - 1. */
static const Plan *numbers(const Series *series, uint64_t count, const Expr **number)
{
    PlanColumn column, none = {0};
    Arena *arena = series->binder->arena;
    if (count <= SERIES_BASE) {
        const Plan *plan = digit(series, (uint32_t)count, &column);
        *number = column_of(series, &column);
        return plan;
    }
    uint64_t high_count = (count + SERIES_BASE - 1) / SERIES_BASE;
    const Expr *high;
    const Plan *left = numbers(series, high_count, &high);
    const Plan *right = digit(series, SERIES_BASE, &column);
    if (left == NULL)
        return NULL;
    *number = combine(series, "+", combine(series, "*", high, int_constant(series, SERIES_BASE)),
                      column_of(series, &column));
    const Expr *is_inside = combine(series, "<", *number, int_constant(series, (int64_t)count));
    if (is_inside == NULL)
        return NULL;
    const Plan *plan = plan_join(arena, JOIN_INNER, left, right, NULL, none);
    return plan_filter(arena, plan, is_inside);
}

static const Plan *make_series(const Series *series, int64_t start, int64_t stop, int64_t step)
{
    Arena *arena = series->binder->arena;
    bool is_empty = step > 0 ? start > stop : start < stop;
    uint64_t span = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
    uint64_t width = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    uint64_t count = is_empty ? 0 : span / width + 1;
    if (count > UINT64_C(1000000000000)) {
        bind_fault(series->binder, series->location, FAULT_PROGRAM_LIMIT_EXCEEDED,
                   "generate_series of %llu rows is too long", (unsigned long long)count);
        return NULL;
    }
    const Expr *number;
    const Plan *plan = numbers(series, count, &number);
    if (plan == NULL)
        return NULL;
    const Expr *value = combine(series, "+", int_constant(series, start),
                                combine(series, "*", number, int_constant(series, step)));
    value = value == NULL ? NULL
                          : coerce_to(series->binder, value, series->type, CAST_EXPLICIT, series->location);
    if (value == NULL)
        return NULL;
    PlanProjection item = {bind_new_column(series->binder, series->type, series->name), value};
    return plan_project(arena, plan, &item, 1);
}

/* --- arguments --- */

/* The folded arguments; *is_pending when a parameter's value is not known yet. */
static bool bind_arguments(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call,
                           const Expr **arguments, bool *is_pending)
{
    *is_pending = false;
    for (size_t i = 0; i < call->n_args; i++) {
        const Expr *argument = bind_expr(binder, context, call->args[i]);
        if (argument == NULL)
            return false;
        arguments[i] = bind_fold(binder, argument);
        *is_pending = *is_pending || expr_has_kind(arguments[i], EXPR_PARAMETER);
    }
    return true;
}

static bool not_constant(Binder *binder, const char *name, int32_t location)
{
    bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
               "%s of values that differ from row to row is not supported", name);
    return false;
}

static bool bind_generate_series(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call,
                                 int32_t location, const Plan **plan)
{
    const Expr *arguments[3];
    int64_t values[3] = {0, 0, 1};
    bool is_pending, has_null = false, is_wide = false;
    if (call->n_args < 2 || call->n_args > 3)
        return bind_fault(binder, location, FAULT_UNDEFINED_FUNCTION,
                          "function generate_series with %zu arguments does not exist", call->n_args);
    if (!bind_arguments(binder, context, call, arguments, &is_pending))
        return false;
    for (size_t i = 0; i < call->n_args; i++) {
        const TypeInfo *info = type_info(arguments[i]->type.oid);
        bool is_integer = expr_is_unknown(arguments[i]) ||
                          (info != NULL && info->layout == LAYOUT_INT64 && info->category == CATEGORY_NUMERIC);
        if (!is_integer)
            return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                              "generate_series of type %s is not supported",
                              type_format_name(binder->arena, arguments[i]->type));
        is_wide = is_wide || arguments[i]->type.oid == T_INT8;
        arguments[i] = coerce_to(binder, arguments[i], SQL_TYPE(T_INT8), CAST_IMPLICIT, location);
        arguments[i] = arguments[i] == NULL ? NULL : bind_fold(binder, arguments[i]);
        if (arguments[i] == NULL)
            return false;
        if (arguments[i]->kind != EXPR_CONSTANT && !is_pending)
            return not_constant(binder, "generate_series", location);
        if (arguments[i]->kind != EXPR_CONSTANT)
            continue;
        has_null = has_null || expr_is_null(arguments[i]);
        values[i] = has_null ? 0 : VECTOR_DATA(int64_t, arguments[i]->value)[0];
    }
    if (is_pending || has_null) /* no rows */
        values[0] = 1, values[1] = 0, values[2] = 1;
    if (values[2] == 0)
        return bind_fault(binder, location, FAULT_INVALID_PARAMETER_VALUE, "step size cannot equal zero");
    Series series = {binder, location, SQL_TYPE(is_wide ? T_INT8 : T_INT4), "generate_series"};
    *plan = make_series(&series, values[0], values[1], values[2]);
    return *plan != NULL;
}

/* --- unnest --- */
static bool bind_unnest(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call,
                        int32_t location, const Plan **plan)
{
    if (call->n_args != 1)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "UNNEST of several arrays is not supported");
    const Expr *array;
    bool is_pending;
    if (!bind_arguments(binder, context, call, &array, &is_pending))
        return false;
    const TypeInfo *info = type_info(array->type.oid);
    if (info == NULL || info->element_oid == 0)
        return bind_fault(binder, location, FAULT_UNDEFINED_FUNCTION,
                          "function unnest(%s) does not exist",
                          type_format_name(binder->arena, array->type));
    if (array->kind != EXPR_CONSTANT && !is_pending)
        return not_constant(binder, "UNNEST", location);
    SqlType type = SQL_TYPE(info->element_oid);
    PlanColumn column = bind_new_column(binder, type, "unnest");
    bool is_empty = is_pending || expr_is_null(array);
    ArrayValue range = is_empty ? (ArrayValue){0} : VECTOR_DATA(ArrayValue, array->value)[0];
    const Expr **cells = ARENA_ARRAY(binder->arena, const Expr *, range.count + 1);
    for (uint32_t i = 0; i < range.count; i++) {
        uint32_t row = range.offset + i;
        Vector item = vector_gather(binder->arena, array->value->elements, &row, 1);
        Vector *value = ARENA_NEW(binder->arena, Vector);
        *value = vector_flatten(binder->arena, &item);
        value->form = VECTOR_CONSTANT;
        cells[i] = expr_constant(binder->arena, type, value, location);
    }
    *plan = plan_values(binder->arena, &column, 1, cells, range.count);
    return true;
}

bool bind_series(Binder *binder, ExprContext *context, const char *name,
                 const PgQuery__FuncCall *call, const Plan **plan, bool *is_known)
{
    int32_t location = bind_location(binder, call->location);
    *is_known = true;
    if (strcmp(name, "generate_series") == 0)
        return bind_generate_series(binder, context, call, location, plan);
    if (strcmp(name, "unnest") == 0)
        return bind_unnest(binder, context, call, location, plan);
    *is_known = false;
    return true;
}

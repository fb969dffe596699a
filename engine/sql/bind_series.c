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
    return a == NULL || b == NULL ? NULL
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
    value = value == NULL
                ? NULL
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

static bool bind_generate_series(Binder *binder, const PgQuery__FuncCall *call,
                                 const Expr **arguments, bool is_pending, int32_t location,
                                 const Plan **plan)
{
    int64_t values[3] = {0, 0, 1};
    bool has_null = false, is_wide = false;
    for (size_t i = 0; i < call->n_args; i++) {
        const TypeInfo *info = type_info(arguments[i]->type.oid);
        bool is_integer =
            expr_is_unknown(arguments[i]) ||
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
        if (arguments[i]->kind != EXPR_CONSTANT)
            continue;
        has_null = has_null || expr_is_null(arguments[i]);
        values[i] = has_null ? 0 : VECTOR_DATA(int64_t, arguments[i]->value)[0];
    }
    if (is_pending || has_null) /* no rows */
        values[0] = 1, values[1] = 0, values[2] = 1;
    if (values[2] == 0)
        return bind_fault(binder, location, FAULT_INVALID_PARAMETER_VALUE,
                          "step size cannot equal zero");
    Series series = {binder, location, SQL_TYPE(is_wide ? T_INT8 : T_INT4), "generate_series"};
    *plan = make_series(&series, values[0], values[1], values[2]);
    return *plan != NULL;
}

/* --- unnest --- */
static bool bind_unnest(Binder *binder, const Expr *array, bool is_pending, int32_t location,
                        const Plan **plan)
{
    const TypeInfo *info = type_info(array->type.oid);
    if (info == NULL || info->element_oid == 0)
        return bind_fault(binder, location, FAULT_UNDEFINED_FUNCTION,
                          "function unnest(%s) does not exist",
                          type_format_name(binder->arena, array->type));
    SqlType type = bind_element_type(array->type);
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

/* --- of values that differ from row to row --- */
static bool bind_by_row(Binder *binder, const char *name, const Expr **arguments, uint32_t count,
                        bool with_ordinality, int32_t location, const Plan **plan)
{
    PlanColumn column;
    RowSeries series;
    const Plan *numbers = row_series_numbers(binder, &column);
    const Expr *number = expr_column(binder->arena, column.type, column.id, location);
    if (!row_series_bind(binder, name, arguments, count, number, location, &series))
        return false;
    const Expr *condition = row_series_condition(binder, number, series.length, location);
    if (condition == NULL)
        return false;
    PlanProjection items[2] = {
        {bind_new_column(binder, series.value->type, name), series.value},
        {bind_new_column(binder, column.type, "ordinality"), number},
    };
    *plan = plan_project(binder->arena, plan_filter(binder->arena, numbers, condition), items,
                         with_ordinality ? 2 : 1);
    return true;
}

bool bind_series(Binder *binder, ExprContext *context, const char *name,
                 const PgQuery__FuncCall *call, bool with_ordinality, const Plan **plan,
                 bool *is_known)
{
    int32_t location = bind_location(binder, call->location);
    uint32_t count = (uint32_t)call->n_args;
    *is_known = row_series_exists(name, count);
    if (!*is_known && row_series_exists(name, 1))
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "%s of several arrays is not supported", name);
    if (!*is_known)
        return true;
    const Expr *arguments[3];
    bool is_pending, is_constant = true;
    if (!bind_arguments(binder, context, call, arguments, &is_pending))
        return false;
    for (uint32_t i = 0; i < count; i++)
        is_constant = is_constant && !expr_has_kind(arguments[i], EXPR_COLUMN);
    if (is_constant && !with_ordinality && strcmp(name, "generate_series") == 0)
        return bind_generate_series(binder, call, arguments, is_pending, location, plan);
    if (is_constant && !with_ordinality && strcmp(name, "unnest") == 0)
        return bind_unnest(binder, arguments[0], is_pending, location, plan);
    return bind_by_row(binder, name, arguments, count, with_ordinality, location, plan);
}

/*
 * Functions that give several rows, of values that differ from row to row: unnest(t.tags),
 * generate_series(0, t.n), generate_subscripts(t.key, 1), in FROM and in the select list.
 *
 * Each is a length and a value of a number n, both expressions over the row: joined with the
 * numbers 1 .. ROW_SERIES_LIMIT where n <= length, the value is computed from n. A longer row is
 * an error when it is met, never cut short.
 */
#include "engine/sql/bind_internal.h"

enum { ROW_SERIES_LIMIT = 1000 };

typedef struct SeriesCall {
    Binder *binder;
    const Expr **arguments;
    uint32_t count;
    int32_t location;
    const Expr *number; /* n, from 1 */
    RowSeries *series;
} SeriesCall;

static const Expr *int_constant(SeriesCall *call, int64_t value)
{
    return expr_int64(call->binder->arena, SQL_TYPE(T_INT8), value, call->location);
}

static const Expr *combine(SeriesCall *call, const char *symbol, const Expr *a, const Expr *b)
{
    return a == NULL || b == NULL ? NULL
                                  : bind_operator(call->binder, symbol, a, b, call->location);
}

static bool is_array(SeriesCall *call, uint32_t i)
{
    const TypeInfo *info = type_info(call->arguments[i]->type.oid);
    if (info != NULL && info->element_oid != 0)
        return true;
    return bind_fault(call->binder, call->location, FAULT_UNDEFINED_FUNCTION,
                      "function %s(%s) does not exist", call->series->name,
                      type_format_name(call->binder->arena, call->arguments[i]->type));
}

static bool set_length(SeriesCall *call, const Expr *length)
{
    if (length == NULL)
        return false;
    call->series->length =
        coerce_to(call->binder, length, SQL_TYPE(T_INT8), CAST_IMPLICIT, call->location);
    return call->series->length != NULL;
}

static bool array_length(SeriesCall *call, const Expr *array)
{
    return set_length(call, bind_call(call->binder, "cardinality", &array, 1, call->location));
}

static bool unnest(SeriesCall *call)
{
    if (!is_array(call, 0) || !array_length(call, call->arguments[0]))
        return false;
    const Expr *pair[2] = {call->arguments[0], call->number};
    call->series->value = bind_call(call->binder, "array_ordinal", pair, 2, call->location);
    return call->series->value != NULL;
}

/* information_schema._pg_expandarray gives rows (x, n): the element and its number. Here a row is
 * an array of the two; bind_expr.c knows the fields. */
static bool expand_array(SeriesCall *call)
{
    if (!unnest(call))
        return false;
    SqlType type = SQL_TYPE(T_INT8);
    const Expr *pair[2] = {
        coerce_to(call->binder, call->series->value, type, CAST_EXPLICIT, call->location),
        call->number};
    call->series->value =
        pair[0] == NULL ? NULL : bind_array_of(call->binder, pair, 2, type, call->location);
    return call->series->value != NULL;
}

/* int2vector and oidvector count from 0. */
static bool generate_subscripts(SeriesCall *call)
{
    if (!is_array(call, 0) || !array_length(call, call->arguments[0]))
        return false;
    Oid type = call->arguments[0]->type.oid;
    bool is_vector = type == T_INT2VECTOR || type == T_OIDVECTOR;
    const Expr *value =
        is_vector ? combine(call, "-", call->number, int_constant(call, 1)) : call->number;
    value = value == NULL
                ? NULL
                : coerce_to(call->binder, value, SQL_TYPE(T_INT4), CAST_EXPLICIT, call->location);
    call->series->value = value;
    return value != NULL;
}

static bool generate_series(SeriesCall *call)
{
    bool is_wide = false;
    for (uint32_t i = 0; i < call->count; i++) {
        const TypeInfo *info = type_info(call->arguments[i]->type.oid);
        bool is_integer =
            expr_is_unknown(call->arguments[i]) ||
            (info != NULL && info->layout == LAYOUT_INT64 && info->category == CATEGORY_NUMERIC);
        if (!is_integer)
            return bind_fault(call->binder, call->location, FAULT_FEATURE_NOT_SUPPORTED,
                              "generate_series of type %s is not supported",
                              type_format_name(call->binder->arena, call->arguments[i]->type));
        is_wide = is_wide || call->arguments[i]->type.oid == T_INT8;
        call->arguments[i] = coerce_to(call->binder, call->arguments[i], SQL_TYPE(T_INT8),
                                       CAST_IMPLICIT, call->location);
        if (call->arguments[i] == NULL)
            return false;
    }
    const Expr *start = call->arguments[0];
    const Expr *step = call->count == 3 ? call->arguments[2] : int_constant(call, 1);
    const Expr *one = int_constant(call, 1);
    const Expr *span = combine(call, "-", call->arguments[1], start);
    /* (stop - start + step) / step, so that an empty series is not rounded up to one row */
    if (!set_length(call, combine(call, "/", combine(call, "+", span, step), step)))
        return false;
    const Expr *offset = combine(call, "*", combine(call, "-", call->number, one), step);
    const Expr *value = combine(call, "+", start, offset);
    value = value == NULL ? NULL
                          : coerce_to(call->binder, value, SQL_TYPE(is_wide ? T_INT8 : T_INT4),
                                      CAST_EXPLICIT, call->location);
    call->series->value = value;
    return value != NULL;
}

/* f_to_table(..): unnest(f_to_array(..)). */
static bool unnest_of(SeriesCall *call, const char *function)
{
    const Expr *array =
        bind_call(call->binder, function, call->arguments, call->count, call->location);
    if (array == NULL)
        return false;
    call->arguments[0] = array;
    return unnest(call);
}

static bool regexp_split(SeriesCall *call)
{
    return unnest_of(call, "regexp_split_to_array");
}

static bool string_split(SeriesCall *call)
{
    return unnest_of(call, "string_to_array");
}

static const struct {
    const char *name;
    uint32_t least, most;
    bool (*bind)(SeriesCall *call);
} series_functions[] = {
    {"unnest", 1, 1, unnest},
    {"_pg_expandarray", 1, 1, expand_array},
    {"generate_subscripts", 2, 2, generate_subscripts},
    {"generate_series", 2, 3, generate_series},
    {"regexp_split_to_table", 2, 3, regexp_split},
    {"string_to_table", 2, 2, string_split},
};

bool row_series_exists(const char *name, uint32_t count)
{
    for (size_t i = 0; i < sizeof series_functions / sizeof *series_functions; i++) {
        if (strcmp(series_functions[i].name, name) == 0 && count >= series_functions[i].least &&
            count <= series_functions[i].most)
            return true;
    }
    return false;
}

bool row_series_bind(Binder *binder, const char *name, const Expr **arguments, uint32_t count,
                     const Expr *number, int32_t location, RowSeries *series)
{
    *series = (RowSeries){.name = name};
    SeriesCall call = {binder, arguments, count, location, number, series};
    for (size_t i = 0; i < sizeof series_functions / sizeof *series_functions; i++) {
        if (strcmp(series_functions[i].name, name) == 0)
            return series_functions[i].bind(&call);
    }
    return false;
}

/* --- numbers --- */
const Plan *row_series_numbers(Binder *binder, PlanColumn *number)
{
    const Expr **cells = ARENA_ARRAY(binder->arena, const Expr *, ROW_SERIES_LIMIT);
    for (uint32_t i = 0; i < ROW_SERIES_LIMIT; i++)
        cells[i] = expr_int64(binder->arena, SQL_TYPE(T_INT8), i + 1, -1);
    *number = bind_new_column(binder, SQL_TYPE(T_INT8), "ordinality");
    return plan_values(binder->arena, number, 1, cells, ROW_SERIES_LIMIT);
}

const Expr *row_series_condition(Binder *binder, const Expr *number, const Expr *length,
                                 int32_t location)
{
    const Expr *limit = expr_int64(binder->arena, SQL_TYPE(T_INT8), ROW_SERIES_LIMIT, location);
    const Expr *pair[2] = {length, limit};
    const Expr *checked = bind_call(binder, "row_series_length", pair, 2, location);
    return checked == NULL ? NULL : bind_operator(binder, "<=", number, checked, location);
}

/* --- in the select list --- */
const Expr *row_series_in_select(Binder *binder, SelectState *select, const char *name,
                                 const Expr **arguments, uint32_t count, int32_t location)
{
    enum { MAX_SERIES = 8 };
    if (select->series_count == MAX_SERIES) {
        bind_fault(binder, location, FAULT_PROGRAM_LIMIT_EXCEEDED,
                   "more than %d set-returning functions in a select list", MAX_SERIES);
        return NULL;
    }
    if (select->series == NULL) {
        select->series = ARENA_ARRAY(binder->arena, SelectSeries, MAX_SERIES);
        select->series_numbers = row_series_numbers(binder, &select->series_number);
    }
    const PlanColumn *column = &select->series_number;
    const Expr *number = expr_column(binder->arena, column->type, column->id, location);
    SelectSeries *item = &select->series[select->series_count];
    if (!row_series_bind(binder, name, arguments, count, number, location, &item->series))
        return NULL;
    item->location = location;
    item->column = bind_new_column(binder, item->series.value->type, name);
    select->series_count++;
    return expr_column(binder->arena, item->column.type, item->column.id, location);
}

/* Several in one list go side by side; the shorter ones end in NULLs. */
const Plan *row_series_attach(Binder *binder, SelectState *select, const Plan *plan)
{
    if (select->series_count == 0)
        return plan;
    Arena *arena = binder->arena;
    const PlanColumn *column = &select->series_number;
    const Expr *number = expr_column(arena, column->type, column->id, -1);
    const Expr **lengths = ARENA_ARRAY(arena, const Expr *, select->series_count);
    for (uint32_t i = 0; i < select->series_count; i++)
        lengths[i] = select->series[i].series.length;
    int32_t location = select->series[0].location;
    const Expr *length = lengths[0];
    if (select->series_count > 1)
        length = bind_call(binder, "greatest", lengths, select->series_count, location);
    const Expr *condition =
        length == NULL ? NULL : row_series_condition(binder, number, length, location);
    if (condition == NULL)
        return NULL;
    PlanProjection *items =
        ARENA_ARRAY(arena, PlanProjection, plan->column_count + select->series_count);
    uint32_t count = 0;
    for (; count < plan->column_count; count++)
        items[count] =
            (PlanProjection){plan->columns[count], expr_column(arena, plan->columns[count].type,
                                                               plan->columns[count].id, -1)};
    for (uint32_t i = 0; i < select->series_count; i++) {
        const RowSeries *series = &select->series[i].series;
        const Expr *value = series->value;
        if (select->series_count > 1) {
            const Expr *is_inside = bind_operator(binder, "<=", number, series->length, location);
            if (is_inside == NULL)
                return NULL;
            const Expr *branches[3] = {is_inside, value, expr_null(arena, value->type, -1)};
            value = expr_nary(arena, EXPR_CASE, value->type, branches, 3, location);
        }
        items[count++] = (PlanProjection){select->series[i].column, value};
    }
    plan = plan_join(arena, JOIN_INNER, plan, select->series_numbers, condition, (PlanColumn){0});
    return plan_project(arena, plan, items, count);
}

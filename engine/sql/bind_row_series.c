/*
 * Functions that give several rows, of values that differ from row to row: unnest(t.tags),
 * generate_series(0, t.n), generate_subscripts(t.key, 1), in FROM and in the select list.
 *
 * Each is a length and a value of a number n, both expressions over the row, which an Expand node
 * copies so often, numbering the copies. Several functions side by side go on to the longest one's
 * end; the others are NULL there.
 */
#include "engine/sql/bind_record_internal.h"

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

static const Expr *subscript_bound(SeriesCall *call, const char *function)
{
    return bind_call(call->binder, function, call->arguments, 2, call->location);
}

/* From the lower bound up, or with a third argument that is true from the upper one down. */
static const Expr *subscript_value(SeriesCall *call)
{
    const Expr *lower = subscript_bound(call, "array_lower");
    const Expr *upper = subscript_bound(call, "array_upper"), *one = int_constant(call, 1);
    const Expr *done = combine(call, "-", call->number, one);
    const Expr *forward = lower == NULL ? NULL : combine(call, "+", lower, done);
    if (call->count < 3 || forward == NULL)
        return forward;
    const Expr *backward = upper == NULL ? NULL : combine(call, "-", upper, done);
    const Expr *is_reverse = coerce_to(call->binder, call->arguments[2], SQL_TYPE(T_BOOL),
                                       CAST_IMPLICIT, call->location);
    const Expr *parts[3] = {is_reverse, backward, forward};
    return is_reverse == NULL || backward == NULL
               ? NULL
               : expr_nary(call->binder->arena, EXPR_CASE, forward->type, parts, 3,
                           call->location);
}

/* int2vector and oidvector count from 0. */
static bool generate_subscripts(SeriesCall *call)
{
    if (!is_array(call, 0))
        return false;
    Oid type = call->arguments[0]->type.oid;
    bool is_vector = type == T_INT2VECTOR || type == T_OIDVECTOR;
    bool has_length = is_vector ? array_length(call, call->arguments[0])
                                : set_length(call, subscript_bound(call, "array_length"));
    if (!has_length)
        return false;
    const Expr *value = is_vector ? combine(call, "-", call->number, int_constant(call, 1))
                                  : subscript_value(call);
    value = value == NULL
                ? NULL
                : coerce_to(call->binder, value, SQL_TYPE(T_INT4), CAST_EXPLICIT, call->location);
    call->series->value = value;
    return value != NULL;
}

/* f_to_table(..): unnest(f_to_array(..)). */
static bool unnest_of(SeriesCall *call, const char *function)
{
    const Expr *array =
        bind_call(call->binder, function, call->arguments, call->count, call->location);
    array = array == NULL ? NULL : bind_fold(call->binder, array);
    if (array == NULL)
        return false;
    if (array->kind != EXPR_CONSTANT) {
        call->series->input = array;
        call->series->input_column = bind_new_column(call->binder, array->type, function);
        array = expr_column(call->binder->arena, array->type, call->series->input_column.id,
                            call->location);
    }
    call->arguments[0] = array;
    return unnest(call);
}

/* start, start + step, ...: of whole numbers and of numerics. */
static bool number_series(SeriesCall *call, SqlType type)
{
    const Expr *start = call->arguments[0];
    const Expr *one = int_constant(call, 1);
    const Expr *step = call->count == 3 ? call->arguments[2] : one;
    const Expr *span = combine(call, "-", call->arguments[1], start);
    if (span == NULL || step == NULL)
        return false;
    if (step->kind == EXPR_CONSTANT && !expr_is_null(step)) {
        const Expr *is_zero = combine(call, "=", step, int_constant(call, 0));
        is_zero = is_zero == NULL ? NULL : bind_fold(call->binder, is_zero);
        if (is_zero != NULL && is_zero->kind == EXPR_CONSTANT &&
            VECTOR_DATA(uint8_t, is_zero->value)[0] != 0)
            return bind_fault(call->binder, call->location, FAULT_INVALID_PARAMETER_VALUE,
                              "step size cannot equal zero");
    }
    /* (stop - start + step) div step, so that an empty series is not rounded up to one row */
    const Expr *pair[2] = {combine(call, "+", span, step), step};
    const Expr *length =
        pair[0] == NULL ? NULL : bind_call(call->binder, "div", pair, 2, call->location);
    length = length == NULL ? NULL
                            : coerce_to(call->binder, length, SQL_TYPE(T_INT8), CAST_EXPLICIT,
                                        call->location);
    if (length == NULL || !set_length(call, length))
        return false;
    const Expr *offset = combine(call, "*", combine(call, "-", call->number, one), step);
    const Expr *value = combine(call, "+", start, offset);
    value = value == NULL ? NULL
                          : coerce_to(call->binder, value, type, CAST_EXPLICIT, call->location);
    call->series->value = value;
    return value != NULL;
}

/* Times that an interval lies between: their list, unnested. */
static bool series_of_times(SeriesCall *call, SqlType type)
{
    for (uint32_t i = 0; i < 3; i++) {
        call->arguments[i] =
            coerce_to(call->binder, call->arguments[i], i < 2 ? type : SQL_TYPE(T_INTERVAL),
                      CAST_IMPLICIT, call->location);
        if (call->arguments[i] == NULL)
            return false;
    }
    return unnest_of(call, "time_series");
}

static bool generate_series(SeriesCall *call)
{
    bool is_wide = false, is_numeric = false, is_time = false, is_zoned = false;
    for (uint32_t i = 0; i < call->count; i++) {
        SqlType type = call->arguments[i]->type;
        const TypeInfo *info = type_info(type.oid);
        bool is_integer = info != NULL && info->layout == LAYOUT_INT64 &&
                          info->category == CATEGORY_NUMERIC;
        is_wide = is_wide || type.oid == T_INT8;
        is_numeric = is_numeric || type.oid == T_NUMERIC;
        is_time = is_time || type.oid == T_TIMESTAMP || type.oid == T_TIMESTAMPTZ ||
                  type.oid == T_DATE || type.oid == T_INTERVAL;
        is_zoned = is_zoned || type.oid == T_TIMESTAMPTZ || type.oid == T_DATE;
        if (!is_integer && !expr_is_unknown(call->arguments[i]) && type.oid != T_NUMERIC &&
            type.oid != T_TIMESTAMP && type.oid != T_TIMESTAMPTZ && type.oid != T_DATE &&
            type.oid != T_INTERVAL)
            return bind_fault(call->binder, call->location, FAULT_UNDEFINED_FUNCTION,
                              "function generate_series(%s, ...) does not exist",
                              type_format_name(call->binder->arena, type));
    }
    if (is_time && (call->count < 3 || is_numeric))
        return bind_fault(call->binder, call->location, FAULT_UNDEFINED_FUNCTION,
                          "function generate_series of times takes a start, a stop and a step");
    if (is_time)
        return series_of_times(call, SQL_TYPE(is_zoned ? T_TIMESTAMPTZ : T_TIMESTAMP));
    SqlType common = SQL_TYPE(T_INT8);
    if (is_numeric) {
        if (!coerce_to_common(call->binder, call->arguments, call->count, "generate_series",
                              &common, call->location))
            return false;
        return number_series(call, common);
    }
    for (uint32_t i = 0; i < call->count; i++) {
        call->arguments[i] = coerce_to(call->binder, call->arguments[i], common, CAST_IMPLICIT,
                                       call->location);
        call->arguments[i] =
            call->arguments[i] == NULL ? NULL : bind_fold(call->binder, call->arguments[i]);
        if (call->arguments[i] == NULL)
            return false;
    }
    return number_series(call, SQL_TYPE(is_wide ? T_INT8 : T_INT4));
}

/* regexp_matches: each match is the text of an array. */
static bool regexp_matches(SeriesCall *call)
{
    if (!unnest_of(call, "regexp_matches_array"))
        return false;
    call->series->value = coerce_to(call->binder, call->series->value, SQL_TYPE(T_TEXT_ARRAY),
                                    CAST_EXPLICIT, call->location);
    return call->series->value != NULL;
}

/* json_each and its kin in a select list: records (key, value). */
static bool pairs(SeriesCall *call)
{
    static const struct {
        const char *name, *list;
        Oid value;
    } kinds[] = {
        {"json_each", "json_pairs", T_JSON},
        {"jsonb_each", "jsonb_pairs", T_JSONB},
        {"json_each_text", "json_pairs_text", T_TEXT},
        {"jsonb_each_text", "jsonb_pairs_text", T_TEXT},
    };
    uint32_t kind = 0;
    while (strcmp(kinds[kind].name, call->series->name) != 0)
        kind++;
    const RowField fields[2] = {{"key", SQL_TYPE(T_TEXT)}, {"value", SQL_TYPE(kinds[kind].value)}};
    SqlType type = row_type_of(call->binder, fields, 2);
    if (!unnest_of(call, kinds[kind].list))
        return false;
    Expr *record = ARENA_NEW(call->binder->arena, Expr);
    *record = *call->series->value;
    record->type = type;
    call->series->value = record;
    return true;
}

static const struct {
    const char *name;
    uint32_t least, most;
    bool (*bind)(SeriesCall *call); /* NULL: the elements of ... */
    const char *list;               /* ... what this function gives */
} series_functions[] = {
    {"unnest", 1, 1, unnest, NULL},
    {"generate_subscripts", 2, 3, generate_subscripts, NULL},
    {"generate_series", 2, 3, generate_series, NULL},
    {"regexp_matches", 2, 3, regexp_matches, NULL},
    {"regexp_split_to_table", 2, 3, NULL, "regexp_split_to_array"},
    {"string_to_table", 2, 3, NULL, "string_to_array"},
    {"json_array_elements", 1, 1, NULL, "json_elements"},
    {"jsonb_array_elements", 1, 1, NULL, "jsonb_elements"},
    {"json_array_elements_text", 1, 1, NULL, "json_elements_text"},
    {"jsonb_array_elements_text", 1, 1, NULL, "jsonb_elements_text"},
    {"json_object_keys", 1, 1, NULL, "json_names"},
    {"jsonb_object_keys", 1, 1, NULL, "jsonb_names"},
    {"jsonb_path_query", 2, 4, NULL, "jsonb_path_query_list"},
    {"jsonb_path_query_tz", 2, 4, NULL, "jsonb_path_query_list_tz"},
    {"json_each", 1, 1, pairs, NULL},
    {"jsonb_each", 1, 1, pairs, NULL},
    {"json_each_text", 1, 1, pairs, NULL},
    {"jsonb_each_text", 1, 1, pairs, NULL},
};

/* Rows of two columns. */
static const struct {
    const char *name, *keys, *values;
} pair_functions[] = {
    {"json_each", "json_names", "json_values"},
    {"jsonb_each", "jsonb_names", "jsonb_values"},
    {"json_each_text", "json_names", "json_values_text"},
    {"jsonb_each_text", "jsonb_names", "jsonb_values_text"},
};

uint32_t row_series_columns(const char *name, uint32_t count)
{
    for (size_t i = 0; i < sizeof pair_functions / sizeof *pair_functions; i++)
        if (count == 1 && strcmp(pair_functions[i].name, name) == 0)
            return 2;
    return 0;
}

const char *row_series_column(const char *name, uint32_t column, const char **column_name)
{
    *column_name = column == 0 ? "key" : "value";
    for (size_t i = 0; i < sizeof pair_functions / sizeof *pair_functions; i++)
        if (strcmp(pair_functions[i].name, name) == 0)
            return column == 0 ? pair_functions[i].keys : pair_functions[i].values;
    return NULL;
}

/* By its own name, or as the elements of a function that gives arrays. */
static bool is_list_function(const char *name)
{
    for (size_t i = 0; i < sizeof pair_functions / sizeof *pair_functions; i++)
        if (strcmp(pair_functions[i].keys, name) == 0 ||
            strcmp(pair_functions[i].values, name) == 0)
            return true;
    return strcmp(name, "json_elements") == 0 || strcmp(name, "jsonb_elements") == 0;
}

bool row_series_exists(const char *name, uint32_t count)
{
    for (size_t i = 0; i < sizeof series_functions / sizeof *series_functions; i++) {
        if (strcmp(series_functions[i].name, name) == 0 && count >= series_functions[i].least &&
            count <= series_functions[i].most)
            return true;
    }
    return table_function_exists(name, count);
}

bool row_series_bind(Binder *binder, const char *name, const Expr **arguments, uint32_t count,
                     const Expr *number, int32_t location, RowSeries *series)
{
    *series = (RowSeries){.name = name};
    SeriesCall call = {binder, arguments, count, location, number, series};
    for (size_t i = 0; i < sizeof series_functions / sizeof *series_functions; i++) {
        if (strcmp(series_functions[i].name, name) == 0)
            return series_functions[i].bind != NULL ? series_functions[i].bind(&call)
                                                    : unnest_of(&call, series_functions[i].list);
    }
    if (table_function_exists(name, count))
        return table_function_records(binder, name, arguments[0], number, location, series);
    return is_list_function(name) && unnest_of(&call, name);
}

/* --- the plan --- */

/* Values beside the input's columns; where n is past a function's end, NULL. */
static bool add_values(Binder *binder, const SelectSeries *series, uint32_t count,
                       const Expr *number, PlanProjection *items)
{
    for (uint32_t i = 0; i < count; i++) {
        const Expr *value = series[i].series.value;
        if (count > 1) {
            const Expr *is_inside =
                bind_operator(binder, "<=", number, series[i].series.length, series[i].location);
            if (is_inside == NULL)
                return false;
            const Expr *branches[3] = {is_inside, value, expr_null(binder->arena, value->type, -1)};
            value = expr_nary(binder->arena, EXPR_CASE, value->type, branches, 3,
                              series[i].location);
        }
        items[i] = (PlanProjection){series[i].column, value};
    }
    return true;
}

/* The plan with the functions' inputs beside its columns. */
static const Plan *add_inputs(Binder *binder, const Plan *plan, const SelectSeries *series,
                              uint32_t count)
{
    PlanProjection *items =
        ARENA_ARRAY(binder->arena, PlanProjection, plan->column_count + count);
    uint32_t used = 0;
    for (; used < plan->column_count; used++)
        items[used] = (PlanProjection){
            plan->columns[used], expr_column(binder->arena, plan->columns[used].type,
                                             plan->columns[used].id, -1)};
    for (uint32_t i = 0; i < count; i++)
        if (series[i].series.input != NULL)
            items[used++] =
                (PlanProjection){series[i].series.input_column, series[i].series.input};
    return used == plan->column_count ? plan : plan_project(binder->arena, plan, items, used);
}

const Plan *row_series_expand(Binder *binder, const Plan *plan, const SelectSeries *series,
                              uint32_t count, PlanColumn number, bool keeps_number)
{
    Arena *arena = binder->arena;
    uint32_t kept = plan->column_count;
    plan = add_inputs(binder, plan, series, count);
    const Expr *number_expr = expr_column(arena, number.type, number.id, -1);
    const Expr **lengths = ARENA_ARRAY(arena, const Expr *, count);
    for (uint32_t i = 0; i < count; i++)
        lengths[i] = series[i].series.length;
    const Expr *length = lengths[0];
    if (count > 1)
        length = bind_call(binder, "greatest", lengths, count, series[0].location);
    if (length == NULL)
        return NULL;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, plan->column_count + count + 1);
    uint32_t used = 0;
    for (; used < kept; used++)
        items[used] =
            (PlanProjection){plan->columns[used], expr_column(arena, plan->columns[used].type,
                                                              plan->columns[used].id, -1)};
    if (!add_values(binder, series, count, number_expr, items + used))
        return NULL;
    used += count;
    if (keeps_number)
        items[used++] = (PlanProjection){bind_new_column(binder, number.type, "ordinality"),
                                         number_expr};
    plan = plan_expand(arena, plan, length, number, false);
    return plan_project(arena, plan, items, used);
}

/* --- in the select list --- */
static uint32_t level_above(const SelectState *select, const Expr *const *arguments,
                            uint32_t count)
{
    uint32_t level = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < select->series_count; k++) {
            const SelectSeries *inner = &select->series[k];
            if (inner->level >= level && expr_uses_column(arguments[i], inner->column.id))
                level = inner->level + 1;
        }
    }
    return level;
}

const Expr *row_series_in_select(Binder *binder, SelectState *select, const char *name,
                                 const Expr **arguments, uint32_t count, int32_t location)
{
    enum { MAX_SERIES = 8 };
    if (select->series_count == MAX_SERIES) {
        bind_fault(binder, location, FAULT_PROGRAM_LIMIT_EXCEEDED,
                   "more than %d set-returning functions in a select list", MAX_SERIES);
        return NULL;
    }
    if (select->series == NULL)
        select->series = ARENA_ARRAY(binder->arena, SelectSeries, MAX_SERIES);
    SelectSeries *item = &select->series[select->series_count];
    item->level = level_above(select, arguments, count);
    PlanColumn *column = &select->series_numbers[item->level];
    if (column->name == NULL)
        *column = bind_new_column(binder, SQL_TYPE(T_INT8), "ordinality");
    const Expr *number = expr_column(binder->arena, column->type, column->id, location);
    if (!row_series_bind(binder, name, arguments, count, number, location, &item->series))
        return NULL;
    item->location = location;
    item->column = bind_new_column(binder, item->series.value->type, name);
    select->series_count++;
    return expr_column(binder->arena, item->column.type, item->column.id, location);
}

const Plan *row_series_attach(Binder *binder, SelectState *select, const Plan *plan)
{
    SelectSeries *items = ARENA_ARRAY(binder->arena, SelectSeries, select->series_count + 1);
    for (uint32_t level = 0; plan != NULL && level < SERIES_MAX_LEVELS; level++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < select->series_count; i++) {
            if (select->series[i].level == level)
                items[count++] = select->series[i];
        }
        if (count > 0)
            plan = row_series_expand(binder, plan, items, count, select->series_numbers[level],
                                     false);
    }
    return plan;
}

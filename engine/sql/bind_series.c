/*
 * Functions of several rows in FROM: generate_series, unnest, and several of them side by side.
 *
 * They stand on one row without columns, which an Expand node copies (bind_row_series.c). The
 * elements of an array that is known when the query is bound are rows of their own.
 */
#include "engine/sql/bind_record_internal.h"

/* --- unnest of a constant --- */
static const Plan *unnest_constant(Binder *binder, const Expr *array, int32_t location)
{
    SqlType type = bind_element_type(array->type);
    PlanColumn column = bind_new_column(binder, type, "unnest");
    ArrayValue range =
        expr_is_null(array) ? (ArrayValue){0} : VECTOR_DATA(ArrayValue, array->value)[0];
    const Expr **cells = ARENA_ARRAY(binder->arena, const Expr *, range.count + 1);
    for (uint32_t i = 0; i < range.count; i++) {
        uint32_t row = range.offset + i;
        Vector item = vector_gather(binder->arena, array->value->elements, &row, 1);
        Vector *value = ARENA_NEW(binder->arena, Vector);
        *value = vector_flatten(binder->arena, &item);
        value->form = VECTOR_CONSTANT;
        cells[i] = expr_constant(binder->arena, type, value, location);
    }
    return plan_values(binder->arena, &column, 1, cells, range.count);
}

static bool is_constant_array(const Expr *expr)
{
    const TypeInfo *info = type_info(expr->type.oid);
    return expr->kind == EXPR_CONSTANT && info != NULL && info->element_oid != 0;
}

/* --- functions side by side --- */
typedef struct SeriesList {
    Binder *binder;
    PlanColumn number;
    SelectSeries *items;
    uint32_t count, capacity;
} SeriesList;

static SelectSeries *add_item(SeriesList *list, int32_t location)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        SelectSeries *items = ARENA_ARRAY(list->binder->arena, SelectSeries, capacity);
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    SelectSeries *item = &list->items[list->count++];
    *item = (SelectSeries){.location = location};
    return item;
}

static bool add_series(SeriesList *list, const char *name, const Expr **arguments, uint32_t count,
                       int32_t location)
{
    Binder *binder = list->binder;
    const Expr *number =
        expr_column(binder->arena, list->number.type, list->number.id, location);
    SelectSeries *item = add_item(list, location);
    if (!row_series_bind(binder, name, arguments, count, number, location, &item->series))
        return false;
    item->column = bind_new_column(binder, item->series.value->type, name);
    return true;
}

/* A function of one value beside others: one row of it. */
static bool add_single(SeriesList *list, ExprContext *context, const PgQuery__Node *node)
{
    Binder *binder = list->binder;
    const Expr *value = bind_expr(binder, context, node);
    value = value == NULL ? NULL : coerce_unknown_to_text(binder, value);
    if (value == NULL)
        return false;
    SelectSeries *item = add_item(list, value->location);
    item->series = (RowSeries){.name = bind_figure_name(binder, node),
                               .length = expr_int64(binder->arena, SQL_TYPE(T_INT8), 1, -1),
                               .value = value};
    item->column = bind_new_column(binder, value->type, item->series.name);
    return true;
}

static bool add_function(SeriesList *list, ExprContext *context, const PgQuery__Node *node)
{
    Binder *binder = list->binder;
    const PgQuery__FuncCall *call =
        node->node_case == PG_QUERY__NODE__NODE_FUNC_CALL ? node->func_call : NULL;
    if (call == NULL)
        return add_single(list, context, node);
    const char *name =
        name_folded(binder->arena, call->funcname[call->n_funcname - 1]->string->sval);
    uint32_t count = (uint32_t)call->n_args;
    int32_t location = bind_location(binder, call->location);
    bool is_several_arrays = strcmp(name, "unnest") == 0 && count > 1;
    uint32_t columns = row_series_columns(name, count);
    if (!is_several_arrays && columns == 0 && !row_series_exists(name, count))
        return add_single(list, context, node);
    const Expr **arguments;
    if (!bind_call_arguments(binder, context, call, name, &arguments, &count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        arguments[i] = bind_fold(binder, arguments[i]);
    for (uint32_t i = 0; i < columns; i++) {
        const char *column_name;
        const char *function = row_series_column(name, i, &column_name);
        const Expr *argument = arguments[0];
        if (!add_series(list, function, &argument, 1, location))
            return false;
        list->items[list->count - 1].column.name = column_name;
    }
    if (columns > 0)
        return true;
    if (!is_several_arrays)
        return add_series(list, name, arguments, count, location);
    for (uint32_t i = 0; i < count; i++) {
        if (!add_series(list, name, &arguments[i], 1, location))
            return false;
    }
    return true;
}

static const Plan *one_row(Binder *binder)
{
    return plan_values(binder->arena, NULL, 0, NULL, 1);
}

bool bind_series(Binder *binder, ExprContext *context, const char *name,
                 const PgQuery__FuncCall *call, bool with_ordinality, const Plan **plan,
                 bool *is_known)
{
    uint32_t count = (uint32_t)call->n_args;
    *is_known = row_series_exists(name, count) || row_series_columns(name, count) > 0 ||
                (strcmp(name, "unnest") == 0 && count > 1);
    if (!*is_known)
        return true;
    SeriesList list = {.binder = binder,
                       .number = bind_new_column(binder, SQL_TYPE(T_INT8), "ordinality")};
    PgQuery__Node node = {.node_case = PG_QUERY__NODE__NODE_FUNC_CALL,
                          .func_call = (PgQuery__FuncCall *)call};
    if (strcmp(name, "unnest") == 0 && count == 1 && !with_ordinality) {
        const Expr *array = bind_expr(binder, context, call->args[0]);
        array = array == NULL ? NULL : bind_fold(binder, array);
        if (array == NULL)
            return false;
        if (is_constant_array(array)) {
            *plan = unnest_constant(binder, array, bind_location(binder, call->location));
            return true;
        }
        if (!add_series(&list, name, &array, 1, bind_location(binder, call->location)))
            return false;
    } else if (!add_function(&list, context, &node)) {
        return false;
    }
    *plan = row_series_expand(binder, one_row(binder), list.items, list.count, list.number,
                              with_ordinality);
    return *plan != NULL;
}

const Plan *bind_rows_from(Binder *binder, ExprContext *context,
                           const PgQuery__RangeFunction *range)
{
    SeriesList list = {.binder = binder,
                       .number = bind_new_column(binder, SQL_TYPE(T_INT8), "ordinality")};
    for (size_t i = 0; i < range->n_functions; i++) {
        const PgQuery__List *pair = range->functions[i]->list;
        if (!add_function(&list, context, pair->items[0]))
            return NULL;
    }
    return row_series_expand(binder, one_row(binder), list.items, list.count, list.number,
                             range->ordinality);
}

/* --- documents as rows --- */

/* What the columns are: a definition list, or the fields of the first argument. */
static bool record_fields(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call,
                          PgQuery__Node *const *definitions, size_t count, const Expr **base)
{
    if (count == 0) {
        *base = bind_expr(binder, context, call->args[0]);
        return *base != NULL;
    }
    RowField *fields = ARENA_ARRAY(binder->arena, RowField, count);
    for (size_t i = 0; i < count; i++) {
        const PgQuery__ColumnDef *column = definitions[i]->column_def;
        if (!bind_type_name(binder, column->type_name, &fields[i].type))
            return false;
        fields[i].name = name_made(binder->arena, column->colname, binder->dialect);
    }
    *base = expr_null(binder->arena, row_type_of(binder, fields, (uint32_t)count), -1);
    return true;
}

bool bind_record_set(Binder *binder, ExprContext *context, const char *name,
                     const PgQuery__FuncCall *call, PgQuery__Node *const *definitions,
                     size_t count, bool with_ordinality, const Plan **plan, bool *is_known)
{
    bool is_binary = strncmp(name, "jsonb_", 6) == 0;
    bool is_json = is_binary || strncmp(name, "json_", 5) == 0;
    const char *rest = is_json ? strchr(name, '_') + 1 : "";
    bool is_filled = strcmp(rest, "populate_record") == 0 || strcmp(rest, "populate_recordset") == 0;
    bool is_set = strcmp(rest, "to_recordset") == 0 || strcmp(rest, "populate_recordset") == 0;
    *is_known = is_filled ? call->n_args == 2 && count == 0
                          : call->n_args == 1 && count > 0 &&
                                (is_set || strcmp(rest, "to_record") == 0);
    if (!*is_known)
        return true;
    int32_t location = bind_location(binder, call->location);
    const Expr *base, *document = bind_expr(binder, context, call->args[is_filled]);
    document = document == NULL ? NULL
                                : coerce_to(binder, document,
                                            SQL_TYPE(is_binary ? T_JSONB : T_JSON),
                                            CAST_IMPLICIT, location);
    if (document == NULL || !record_fields(binder, context, call, definitions, count, &base))
        return false;
    SeriesList list = {.binder = binder,
                       .number = bind_new_column(binder, SQL_TYPE(T_INT8), "ordinality")};
    const Plan *rows = one_row(binder);
    if (is_set) {
        if (!add_series(&list, is_binary ? "jsonb_elements" : "json_elements", &document, 1,
                        location))
            return false;
        rows = row_series_expand(binder, rows, list.items, list.count, list.number, true);
        if (rows == NULL)
            return false;
        document = expr_column(binder->arena, rows->columns[0].type, rows->columns[0].id,
                               location);
    }
    const Expr *record = bind_json_record(binder, base, document, location);
    if (record == NULL)
        return false;
    PlanProjection items[2] = {{bind_new_column(binder, record->type, name), record}};
    if (with_ordinality)
        items[1] = (PlanProjection){
            bind_new_column(binder, SQL_TYPE(T_INT8), "ordinality"),
            is_set ? expr_column(binder->arena, rows->columns[1].type, rows->columns[1].id, -1)
                   : expr_int64(binder->arena, SQL_TYPE(T_INT8), 1, -1)};
    *plan = plan_project(binder->arena, rows, items, 1 + with_ordinality);
    return true;
}

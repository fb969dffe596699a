/*
 * Window functions: calls with OVER, and the WINDOW clause.
 *
 * A call is registered with its SELECT; in the expression stands the column that a Window node
 * will give. When the SELECT is bound (and its windows are in terms of what grouping gives) the
 * calls become Window nodes, one for each partitioning and order, above HAVING and below the
 * select list. Frames: bind_window_frame.c.
 */
#include "engine/sql/bind_window_internal.h"

/* --- windows --- */

static bool check_comparable(Binder *binder, const Expr *expr, bool is_order, int32_t location)
{
    const TypeInfo *info = type_info(expr->type.oid);
    if (info == NULL || (is_order ? info->is_sortable : info->is_comparable))
        return true;
    bind_fault(binder, location, FAULT_UNDEFINED_FUNCTION,
               "could not identify an %s operator for type %s",
               is_order ? "ordering" : "equality", info->sql_name);
    return !is_order ? false
                     : fault_hint(binder->fault,
                                  "Use an explicit ordering operator or modify the query.");
}

static const Expr *bind_window_key(Binder *binder, ExprContext *context, const PgQuery__Node *node,
                                   bool is_order)
{
    const Expr *expr = bind_expr(binder, context, node);
    expr = expr == NULL ? NULL : coerce_unknown_to_text(binder, expr);
    if (expr == NULL ||
        !check_comparable(binder, expr, is_order, bind_node_location(binder, node)))
        return NULL;
    return expr;
}

static bool has_key(const WindowSpec *spec, const Expr *expr)
{
    for (uint32_t i = 0; i < spec->partition_count; i++)
        if (expr_equal(spec->partition[i], expr))
            return true;
    return false;
}

static bool bind_partition(Binder *binder, ExprContext *context, const PgQuery__WindowDef *def,
                           WindowSpec *spec)
{
    spec->partition_count = 0;
    spec->partition = ARENA_ARRAY(binder->arena, const Expr *, def->n_partition_clause + 1);
    for (size_t i = 0; i < def->n_partition_clause; i++) {
        const Expr *key = bind_window_key(binder, context, def->partition_clause[i], false);
        if (key == NULL)
            return false;
        if (!has_key(spec, key))
            spec->partition[spec->partition_count++] = key;
    }
    return true;
}

static bool bind_window_order(Binder *binder, ExprContext *context, const PgQuery__WindowDef *def,
                              WindowSpec *spec)
{
    spec->order_count = (uint32_t)def->n_order_clause;
    spec->order = ARENA_ARRAY(binder->arena, PlanSortKey, def->n_order_clause + 1);
    for (uint32_t i = 0; i < spec->order_count; i++) {
        const PgQuery__SortBy *sort = def->order_clause[i]->sort_by;
        if (!bind_check_using(binder, sort))
            return false;
        const Expr *key = bind_window_key(binder, context, sort->node, true);
        if (key == NULL)
            return false;
        bool is_descending = bind_is_descending(sort);
        spec->order[i] =
            (PlanSortKey){key, is_descending, bind_nulls_first(binder, sort, is_descending)};
    }
    return true;
}

static bool is_default_frame(const PgQuery__WindowDef *def)
{
    return (def->frame_options & FRAME_OPTION_NONDEFAULT) == 0;
}

/* What (w ...) takes over from w. */
static bool inherit(Binder *binder, const PgQuery__WindowDef *def, const WindowSpec *base,
                    WindowSpec *spec)
{
    int32_t location = bind_location(binder, def->location);
    const char *name = name_made(binder->arena, def->refname, 0);
    if (def->n_partition_clause > 0)
        return bind_fault(binder, location, FAULT_WINDOWING_ERROR,
                          "cannot override PARTITION BY clause of window \"%s\"", name);
    if (def->n_order_clause > 0 && base->order_count > 0)
        return bind_fault(binder, location, FAULT_WINDOWING_ERROR,
                          "cannot override ORDER BY clause of window \"%s\"", name);
    if (!is_default_frame(base->frame)) {
        bind_fault(binder, location, FAULT_WINDOWING_ERROR,
                   "cannot copy window \"%s\" because it has a frame clause", name);
        if (def->n_order_clause == 0 && is_default_frame(def))
            fault_hint(binder->fault, "Omit the parentheses in this OVER clause.");
        return false;
    }
    spec->partition_count = base->partition_count;
    spec->partition = base->partition;
    if (def->n_order_clause == 0) {
        spec->order_count = base->order_count;
        spec->order = base->order;
    }
    return true;
}

/* A window of the WINDOW clause among the first `count` ones. */
static const WindowSpec *find_named(Binder *binder, const SelectState *select, const char *name,
                                    size_t count, int32_t location)
{
    const char *wanted = name_made(binder->arena, name, 0);
    for (size_t i = 0; i < count; i++)
        if (strcmp(name_made(binder->arena, select->named[i]->window_def->name, 0), wanted) == 0)
            return &select->named_specs[i];
    bind_fault(binder, location, FAULT_UNDEFINED_OBJECT, "window \"%s\" does not exist", wanted);
    return NULL;
}

/* `named`: how many windows of the WINDOW clause can be referred to. */
static bool bind_definition(Binder *binder, ExprContext *context, const PgQuery__WindowDef *def,
                            size_t named, WindowSpec *spec)
{
    ExprContext inner = *context;
    inner.clause = CLAUSE_WINDOW;
    inner.is_in_window = false;
    *spec = (WindowSpec){.frame = def};
    if (!bind_partition(binder, &inner, def, spec) ||
        !bind_window_order(binder, &inner, def, spec))
        return false;
    if (def->refname[0] == '\0')
        return true;
    const WindowSpec *base = find_named(binder, context->select, def->refname, named,
                                        bind_location(binder, def->location));
    return base != NULL && inherit(binder, def, base, spec);
}

bool windows_bind_named(Binder *binder, SelectState *select, const PgQuery__SelectStmt *statement)
{
    select->named = statement->window_clause;
    select->named_specs =
        ARENA_ARRAY(binder->arena, WindowSpec, statement->n_window_clause + 1);
    for (size_t i = 0; i < statement->n_window_clause; i++) {
        const PgQuery__WindowDef *def = statement->window_clause[i]->window_def;
        const char *name = name_made(binder->arena, def->name, 0);
        for (size_t k = 0; k < i; k++)
            if (strcmp(name_made(binder->arena, select->named[k]->window_def->name, 0), name) == 0)
                return bind_fault(binder, bind_location(binder, def->location),
                                  FAULT_WINDOWING_ERROR, "window \"%s\" is already defined",
                                  name);
        ExprContext context = {.scope = &select->scope,
                               .clause = CLAUSE_WINDOW,
                               .applies = &select->after,
                               .select = select};
        select->named_count = i;
        if (!bind_definition(binder, &context, def, i, &select->named_specs[i]) ||
            !window_frame_check(binder, &select->named_specs[i]))
            return false;
    }
    select->named_count = statement->n_window_clause;
    return true;
}

/* --- calls --- */

static bool may_stand_here(Binder *binder, const ExprContext *context, int32_t location)
{
    if (context->is_in_aggregate)
        return bind_fault(binder, location, FAULT_GROUPING_ERROR,
                          "aggregate function calls cannot contain window function calls");
    if (context->is_in_window)
        return bind_fault(binder, location, FAULT_WINDOWING_ERROR,
                          "window function calls cannot be nested");
    bool is_allowed = context->select != NULL && (context->clause == CLAUSE_SELECT ||
                                                  context->clause == CLAUSE_ORDER_BY);
    return is_allowed || bind_fault(binder, location, FAULT_WINDOWING_ERROR,
                                    "window functions are not allowed in %s",
                                    clause_name(context->clause));
}

static bool check_form(Binder *binder, const PgQuery__FuncCall *call, const char *name,
                       bool is_aggregate, int32_t location)
{
    bool is_window = function_is_window(text_of(name));
    if (!is_aggregate && !is_window &&
        (function_exists(text_of(name)) || row_series_exists(name, (uint32_t)call->n_args)))
        return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                          "OVER specified, but %s is not a window function nor an aggregate "
                          "function",
                          name);
    if (call->agg_within_group)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "OVER is not supported for ordered-set aggregate %s", name);
    if (call->agg_distinct)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "DISTINCT is not implemented for window functions");
    if (call->n_agg_order > 0)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "aggregate ORDER BY is not implemented for window functions");
    if (!is_aggregate && call->agg_filter != NULL)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "FILTER is not implemented for non-aggregate window functions");
    return !call->func_variadic || bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                                              "VARIADIC is not supported");
}

static bool resolve_window(Binder *binder, ExprContext *inner, const PgQuery__FuncCall *call,
                           const char *name, int32_t location, Expr *expr)
{
    uint32_t count = (uint32_t)call->n_args;
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, count + 1);
    SqlType *coerced = ARENA_ARRAY(binder->arena, SqlType, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const Expr *argument = bind_expr(binder, inner, call->args[i]);
        if (argument == NULL)
            return false;
        arguments[i] = bind_reg_as_oid(binder, argument);
        types[i] = arguments[i]->type;
    }
    const WindowFunction *function = function_resolve_window(
        text_of(name), types, count, binder->dialect, coerced, location, binder->fault);
    if (function == NULL || !coerce_all(binder, arguments, count, coerced, location))
        return false;
    expr->type = function->result == T_ANYELEMENT ? arguments[0]->type : SQL_TYPE(function->result);
    expr->argument_count = expr->window.direct_count = count;
    expr->arguments = arguments;
    expr->window.function = function;
    return true;
}

static bool resolve_aggregate(Binder *binder, ExprContext *inner, const PgQuery__FuncCall *call,
                              const char *name, int32_t location, Expr *expr)
{
    AggregateParts parts = {0};
    if (!bind_aggregate_call(binder, inner, call, name, location, &parts))
        return false;
    expr->type = parts.type;
    expr->argument_count = expr->window.direct_count = parts.count;
    expr->arguments = parts.arguments;
    expr->window.aggregate = parts.function;
    if (call->agg_filter == NULL)
        return true;
    ExprContext filter = {.scope = inner->scope, .clause = CLAUSE_FILTER, .applies = inner->applies};
    expr->window.filter = bind_condition(binder, &filter, call->agg_filter, "FILTER");
    return expr->window.filter != NULL;
}

static bool same_order(const PlanSortKey *a, const PlanSortKey *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!expr_equal(a[i].expr, b[i].expr) || a[i].descending != b[i].descending ||
            a[i].nulls_first != b[i].nulls_first)
            return false;
    return true;
}

static bool same_window(const WindowSpec *a, const WindowSpec *b)
{
    if (a->partition_count != b->partition_count || a->order_count != b->order_count)
        return false;
    for (uint32_t i = 0; i < a->partition_count; i++)
        if (!expr_equal(a->partition[i], b->partition[i]))
            return false;
    return same_order(a->order, b->order, a->order_count);
}

static bool same_frame(const WindowFrame *a, const WindowFrame *b)
{
    return a->mode == b->mode && a->start == b->start && a->end == b->end &&
           a->exclusion == b->exclusion && a->start_offset == b->start_offset &&
           a->end_offset == b->end_offset && a->range_key == b->range_key &&
           a->range_start == b->range_start && a->range_end == b->range_end;
}

/* The column of a call; the same call twice is one column. */
static const Expr *register_window(Binder *binder, SelectState *select, const WindowSpec *spec,
                                   PlanWindowFunction function, const char *name)
{
    const Expr *call = function.expr;
    for (uint32_t i = 0; i < select->window_count; i++) {
        const SelectWindow *known = &select->windows[i];
        if (expr_equal(known->function.expr, call) && !expr_is_volatile(call) &&
            same_frame(&known->function.frame, &function.frame) && same_window(&known->spec, spec))
            return expr_column(binder->arena, call->type, known->function.column.id,
                               call->location);
    }
    if (select->window_count == select->window_capacity) {
        uint32_t capacity = select->window_capacity == 0 ? 8 : select->window_capacity * 2;
        SelectWindow *windows = ARENA_ARRAY(binder->arena, SelectWindow, capacity);
        if (select->window_count > 0)
            memcpy(windows, select->windows, select->window_count * sizeof *windows);
        select->windows = windows;
        select->window_capacity = capacity;
    }
    function.column = bind_new_column(binder, call->type, name);
    select->windows[select->window_count++] = (SelectWindow){*spec, function};
    return expr_column(binder->arena, call->type, function.column.id, call->location);
}

const Expr *bind_window_function(Binder *binder, ExprContext *context,
                                 const PgQuery__FuncCall *call, const char *name)
{
    int32_t location = bind_location(binder, call->location);
    bool is_aggregate = function_is_aggregate(text_of(name));
    if (!may_stand_here(binder, context, location) ||
        !check_form(binder, call, name, is_aggregate, location))
        return NULL;
    ExprContext inner = *context;
    inner.is_in_window = true;
    Expr *expr = ARENA_NEW(binder->arena, Expr);
    expr->kind = EXPR_WINDOW;
    expr->location = location;
    if (is_aggregate ? !resolve_aggregate(binder, &inner, call, name, location, expr)
                     : !resolve_window(binder, &inner, call, name, location, expr))
        return NULL;
    WindowSpec spec;
    if (call->over->name[0] != '\0') {
        const WindowSpec *named =
            find_named(binder, context->select, call->over->name, context->select->named_count,
                       bind_location(binder, call->over->location));
        if (named == NULL)
            return NULL;
        spec = *named;
    } else if (!bind_definition(binder, context, call->over, context->select->named_count, &spec)) {
        return NULL;
    }
    PlanWindowFunction function = {.expr = expr};
    if (!window_frame_check(binder, &spec) || !window_frame_bind(binder, &spec, expr, &function))
        return NULL;
    return register_window(binder, context->select, &spec, function, name);
}

typedef struct CallSearch {
    const SelectState *select;
    const Expr *found;
} CallSearch;

static bool look_for_call(const Expr *expr, void *state)
{
    CallSearch *search = state;
    for (uint32_t i = 0; expr->kind == EXPR_COLUMN && i < search->select->window_count; i++)
        if (search->select->windows[i].function.column.id == expr->column) {
            search->found = expr;
            return false;
        }
    return expr_each_child(expr, look_for_call, state);
}

const Expr *windows_find_call(const SelectState *select, const Expr *expr)
{
    CallSearch search = {.select = select};
    look_for_call(expr, &search);
    return search.found;
}

/* --- the plan --- */

const Plan *windows_attach(Binder *binder, const SelectState *select, const Plan *plan)
{
    Arena *arena = binder->arena;
    bool *is_done = ARENA_ARRAY(arena, bool, select->window_count + 1);
    memset(is_done, 0, (select->window_count + 1) * sizeof *is_done);
    for (uint32_t i = 0; i < select->window_count; i++) {
        if (is_done[i])
            continue;
        const WindowSpec *spec = &select->windows[i].spec;
        PlanWindowFunction *functions =
            ARENA_ARRAY(arena, PlanWindowFunction, select->window_count);
        uint32_t count = 0;
        for (uint32_t k = i; k < select->window_count; k++) {
            if (is_done[k] || !same_window(spec, &select->windows[k].spec))
                continue;
            functions[count++] = select->windows[k].function;
            is_done[k] = true;
        }
        Plan window = {.window = {.partition_count = spec->partition_count,
                                  .partition = spec->partition,
                                  .order_count = spec->order_count,
                                  .order = spec->order,
                                  .function_count = count,
                                  .functions = functions}};
        plan = plan_window(arena, plan, &window);
    }
    return plan;
}

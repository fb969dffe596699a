/*
 * Aggregates and grouping.
 *
 * An aggregate call is bound below the aggregation and registered with its SELECT; in the
 * expression stands the column that the Aggregate node will give. When the whole SELECT is bound,
 * grouping_replace puts the keys' columns in place of what is grouped by; whatever column of FROM
 * is left then is neither grouped nor aggregated.
 */
#include "engine/sql/bind_internal.h"

/* --- aggregate calls --- */
static bool may_stand_here(Binder *binder, const ExprContext *context, int32_t location)
{
    if (context->is_in_aggregate)
        return bind_fault(binder, location, FAULT_GROUPING_ERROR,
                          "aggregate function calls cannot be nested");
    return true;
}

static bool not_allowed(Binder *binder, Clause clause, int32_t location)
{
    return bind_fault(binder, location, FAULT_GROUPING_ERROR,
                      "aggregate functions are not allowed in %s", clause_name(clause));
}

/* The innermost query whose columns an expression names. */
typedef struct OwnerSearch {
    const Scope *scope;
    const Scope *owner; /* NULL: none met yet */
} OwnerSearch;

static void look_at_column(ColumnId id, void *state)
{
    OwnerSearch *search = state;
    const ScopeColumn *column;
    for (const Scope *scope = search->scope; scope != NULL; scope = scope->parent) {
        if (scope == search->owner)
            return;
        if (scope_has_column(scope, id, &column)) {
            search->owner = scope;
            return;
        }
    }
}

/* EARLIEST and LATEST order by the relation's __time. */
static const Expr *time_column(Binder *binder, const Scope *scope, int32_t location)
{
    SchemaName name = {TEXT_LITERAL("__time"), true};
    int match = scope_match(name, scope->from.columns, scope->from.column_count);
    if (match < 0) {
        bind_fault(binder, location,
                   match == SCHEMA_AMBIGUOUS ? FAULT_AMBIGUOUS_COLUMN : FAULT_UNDEFINED_COLUMN,
                   match == SCHEMA_AMBIGUOUS ? "column reference \"__time\" is ambiguous"
                                             : "column \"__time\" does not exist");
        fault_hint(binder->fault, "EARLIEST and LATEST go by __time; use EARLIEST_BY or LATEST_BY "
                                  "with a time of your own.");
        return NULL;
    }
    const ScopeColumn *column = &scope->from.columns[match];
    return expr_column(binder->arena, column->type, column->id, location);
}

static const char *aggregate_name(Binder *binder, const PgQuery__FuncCall *call, const char *name)
{
    bool is_count_distinct = strcmp(name, "count") == 0 && call->agg_distinct && call->n_args == 1;
    return is_count_distinct && binder->context->types->settings->use_approximate_count_distinct
               ? "approx_count_distinct"
               : name;
}

/* The druid dialect reads the texts that an aggregate of numbers is given. */
static bool read_numbers(Binder *binder, const char *name, const Expr **arguments, SqlType *types,
                         uint32_t count, int32_t location)
{
    static const char *const of_numbers[] = {
        "sum",        "avg",         "var_pop",         "var_samp",
        "variance",   "stddev",      "stddev_pop",      "stddev_samp",
        "approx_quantile", "approx_quantile_ds", "ds_quantiles_sketch",
    };
    if (binder->dialect != 1 || count == 0 || expr_is_unknown(arguments[0]) ||
        type_info(types[0].oid)->category != CATEGORY_STRING)
        return true;
    for (size_t i = 0; i < sizeof of_numbers / sizeof *of_numbers; i++) {
        if (strcmp(of_numbers[i], name) != 0)
            continue;
        arguments[0] =
            coerce_to(binder, arguments[0], SQL_TYPE(T_FLOAT8), CAST_EXPLICIT, location);
        if (arguments[0] == NULL)
            return false;
        types[0] = arguments[0]->type;
    }
    return true;
}

bool bind_aggregate_call(Binder *binder, ExprContext *inner, const PgQuery__FuncCall *call,
                         const char *name, int32_t location, AggregateParts *parts)
{
    uint32_t count = (uint32_t)call->n_args;
    parts->arguments = ARENA_ARRAY(binder->arena, const Expr *, count + 1 + call->n_agg_order);
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, count + 2);
    SqlType *coerced = ARENA_ARRAY(binder->arena, SqlType, count + 2);
    const Expr **given = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        bool is_json = bind_takes_rows(name_folded(
            binder->arena, call->funcname[call->n_funcname - 1]->string->sval));
        binder->rows_as_json += is_json;
        const Expr *argument = bind_expr(binder, inner, call->args[i]);
        binder->rows_as_json -= is_json;
        if (argument == NULL)
            return false;
        given[i] = argument;
        parts->arguments[i] = bind_reg_as_oid(binder, argument);
        types[i] = parts->arguments[i]->type;
    }
    if (count == 0 && !call->agg_star && strcmp(name, "count") == 0) {
        bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                   "count(*) must be used to call a parameterless aggregate function");
        return false;
    }
    if (!read_numbers(binder, name, parts->arguments, types, count, location))
        return false;
    parts->function = function_resolve_aggregate(text_of(aggregate_name(binder, call, name)), types,
                                                 count, coerced, location, binder->fault);
    if (parts->function != NULL && parts->function->is_ordered_set)
        return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                          "WITHIN GROUP is required for ordered-set aggregate %s", name);
    if (parts->function == NULL || !coerce_all(binder, parts->arguments, count, coerced, location))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        bool is_any = i < FUNCTION_MAX_ARGS && parts->function->arguments[i] == T_ANYELEMENT;
        if (is_any && type_is_reg(given[i]->type.oid)) /* array_agg(x::regtype) */
            parts->arguments[i] = given[i];
        types[i] = parts->arguments[i]->type;
    }
    if (parts->function->wants_time) {
        const Expr *time = time_column(binder, inner->scope, location);
        if (time == NULL)
            return false;
        types[count] = time->type;
        parts->arguments[count++] = time;
    }
    parts->count = parts->total = count;
    parts->type = parts->function->result_of != NULL ? parts->function->result_of(types, count)
                                                     : SQL_TYPE(parts->function->result);
    return true;
}

const Expr *bind_order_key(Binder *binder, const Expr *key)
{
    const ScalarFunction *function = function_for_order(key->type.oid);
    return function == NULL ? key
                            : expr_call(binder->arena, function,
                                        function->result == T_NUMERIC ? type_numeric_derived(0)
                                                                      : SQL_TYPE(function->result),
                                        &key, 1, key->location);
}

/* ORDER BY inside the call: expressions that are not arguments already are added behind them. */
static bool bind_aggregate_order(Binder *binder, ExprContext *inner, const PgQuery__FuncCall *call,
                                 AggregateParts *parts)
{
    parts->order_count = (uint32_t)call->n_agg_order;
    parts->order = ARENA_ARRAY(binder->arena, SortColumn, call->n_agg_order + 1);
    for (uint32_t i = 0; i < parts->order_count; i++) {
        const PgQuery__SortBy *sort = call->agg_order[i]->sort_by;
        const Expr *key =
            bind_check_using(binder, sort) ? bind_expr(binder, inner, sort->node) : NULL;
        key = key == NULL ? NULL : coerce_unknown_to_text(binder, key);
        if (key == NULL)
            return false;
        if (!call->agg_distinct)
            key = bind_order_key(binder, key);
        uint32_t position = 0;
        while (position < parts->total && !expr_same_value(parts->arguments[position], key))
            position++;
        if (position == parts->total)
            parts->arguments[parts->total++] = key;
        bool is_descending = bind_is_descending(sort);
        parts->order[i] =
            (SortColumn){position, is_descending, bind_nulls_first(binder, sort, is_descending)};
    }
    if (call->agg_distinct && parts->total > parts->count)
        return bind_fault(binder, parts->arguments[parts->count]->location,
                          FAULT_INVALID_COLUMN_REFERENCE,
                          "in an aggregate with DISTINCT, ORDER BY expressions must appear in "
                          "argument list");
    return true;
}

static const Expr *make_aggregate(Binder *binder, const AggregateParts *parts, bool is_distinct,
                                  int32_t location)
{
    Expr *expr = ARENA_NEW(binder->arena, Expr);
    expr->kind = EXPR_AGGREGATE;
    expr->type = parts->type;
    expr->location = location;
    expr->argument_count = parts->total;
    expr->arguments = parts->arguments;
    expr->aggregate.function = parts->function;
    expr->aggregate.filter = parts->filter;
    expr->aggregate.is_distinct = is_distinct && !parts->function->ignores_distinct;
    expr->aggregate.direct_count = parts->count;
    expr->aggregate.order_count = parts->order_count;
    expr->aggregate.order = parts->order;
    if (expr->aggregate.is_distinct && parts->function->is_order_sensitive && parts->order_count == 0) {
        /* duplicates are dropped by sorting: what is left comes sorted, NULL last (druid: first) */
        SortColumn *order = ARENA_NEW(binder->arena, SortColumn);
        order->nulls_first = binder->context->types->dialect == 1;
        expr->aggregate.order_count = 1;
        expr->aggregate.order = order;
    }
    return expr;
}

/* The column of an aggregate; the same call twice is one column. */
static const Expr *register_aggregate(Binder *binder, SelectState *select, const Expr *aggregate,
                                      const char *name)
{
    for (uint32_t i = 0; i < select->aggregate_count; i++) {
        const PlanProjection *known = &select->aggregates[i];
        if (expr_equal(known->expr, aggregate))
            return expr_column(binder->arena, aggregate->type, known->column.id,
                               aggregate->location);
    }
    if (select->aggregate_count == select->aggregate_capacity) {
        uint32_t capacity = select->aggregate_capacity == 0 ? 8 : select->aggregate_capacity * 2;
        PlanProjection *aggregates = ARENA_ARRAY(binder->arena, PlanProjection, capacity);
        if (select->aggregate_count > 0)
            memcpy(aggregates, select->aggregates, select->aggregate_count * sizeof *aggregates);
        select->aggregates = aggregates;
        select->aggregate_capacity = capacity;
    }
    PlanColumn column = bind_new_column(binder, aggregate->type, name);
    select->aggregates[select->aggregate_count++] = (PlanProjection){column, aggregate};
    return expr_column(binder->arena, aggregate->type, column.id, aggregate->location);
}

/* Whether a subquery among the arguments names a column of this scope. */
static bool applies_name(const ApplyList *applies, const ScopeColumn *column)
{
    for (uint32_t i = 0; i < applies->count; i++) {
        const PendingApply *apply = &applies->items[i];
        if (plan_names_column(apply->right, column->id) ||
            (apply->condition != NULL && expr_uses_column(apply->condition, column->id)))
            return true;
    }
    return false;
}

static bool applies_name_scope(const ApplyList *applies, const Scope *scope)
{
    const FromItem *from = &scope->from;
    for (uint32_t i = 0; i < from->column_count; i++) {
        if (applies_name(applies, &from->columns[i]))
            return true;
    }
    for (uint32_t t = 0; t < from->table_count; t++) {
        for (uint32_t i = 0; i < from->tables[t].column_count; i++) {
            if (applies_name(applies, &from->tables[t].columns[i]))
                return true;
        }
    }
    return false;
}

static void look_at_applies(OwnerSearch *search, const ApplyList *applies)
{
    if (applies->count == 0)
        return;
    for (const Scope *scope = search->scope; scope != NULL && scope != search->owner;
         scope = scope->parent) {
        if (applies_name_scope(applies, scope)) {
            search->owner = scope;
            return;
        }
    }
}

/* The place in the query whose columns were found; NULL with a fault: in its FROM. */
static const ExprContext *owner_place(Binder *binder, const ExprContext *context,
                                      const OwnerSearch *search, int32_t location)
{
    if (search->owner == NULL || search->owner == context->scope)
        return context;
    const ExprContext *place = scope_place_in(context->scope, search->owner);
    if (place == NULL)
        bind_fault(binder, location, FAULT_GROUPING_ERROR,
                   "aggregate functions are not allowed in FROM clause of their own query level");
    return place;
}

/* The query that an aggregate belongs to: the innermost one whose columns it names, its own when it
 * names none. NULL with a fault where it may not stand there. */
static SelectState *aggregate_owner(Binder *binder, const ExprContext *context,
                                    const AggregateParts *parts, const ApplyList *applies,
                                    int32_t location)
{
    OwnerSearch search = {.scope = context->scope};
    for (uint32_t i = 0; i < parts->total; i++)
        expr_columns(parts->arguments[i], look_at_column, &search);
    if (parts->filter != NULL)
        expr_columns(parts->filter, look_at_column, &search);
    look_at_applies(&search, applies);
    const ExprContext *place = owner_place(binder, context, &search, location);
    if (place == NULL)
        return NULL;
    if (place->is_in_aggregate)
        return bind_fault(binder, location, FAULT_GROUPING_ERROR,
                          "aggregate function calls cannot be nested"),
               NULL;
    if (place->select == NULL)
        return not_allowed(binder, place->clause, location), NULL;
    return place->select;
}

const Expr *bind_aggregate_parts(Binder *binder, const ExprContext *context,
                                 const AggregateParts *parts, bool is_distinct,
                                 const ApplyList *applies, const char *name, int32_t location)
{
    SelectState *owner = aggregate_owner(binder, context, parts, applies, location);
    if (owner == NULL)
        return NULL;
    for (uint32_t i = 0; i < applies->count; i++)
        apply_list_add(binder, &owner->before, applies->items[i]);
    const Expr *aggregate = make_aggregate(binder, parts, is_distinct, location);
    return register_aggregate(binder, owner, aggregate, name);
}

const Expr *bind_aggregate(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call,
                           const char *name)
{
    int32_t location = bind_location(binder, call->location);
    if (!may_stand_here(binder, context, location))
        return NULL;
    ApplyList own_applies = {0};
    if (call->func_variadic) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED, "VARIADIC is not supported");
        return NULL;
    }
    ExprContext inner = {.scope = context->scope,
                         .clause = context->clause,
                         .applies = context->select != NULL ? &own_applies : NULL,
                         .select = NULL,
                         .is_in_aggregate = true};
    AggregateParts parts = {0};
    if (call->agg_within_group
            ? !bind_ordered_set(binder, &inner, call, name, location, &parts)
            : !bind_aggregate_call(binder, &inner, call, name, location, &parts) ||
                  !bind_aggregate_order(binder, &inner, call, &parts))
        return NULL;
    if (call->agg_filter != NULL) {
        parts.filter = bind_condition(binder, &inner, call->agg_filter, "FILTER");
        if (parts.filter == NULL)
            return NULL;
    }
    /* of arrays that are joined the elements are to differ */
    bool is_of_elements = call->agg_distinct && strcmp(name, "array_concat_agg") == 0;
    const Expr *result =
        bind_aggregate_parts(binder, context, &parts, call->agg_distinct && !is_of_elements,
                             &own_applies, name, location);
    return result != NULL && is_of_elements
               ? bind_call(binder, "array_distinct", &result, 1, location)
               : result;
}

/* --- grouping --- */
/* Whether the column is of a query around. */
static bool is_outer_column(const SelectState *select, ColumnId id)
{
    const ScopeColumn *column;
    for (const Scope *scope = select->scope.parent; scope != NULL; scope = scope->parent) {
        if (scope_has_column(scope, id, &column))
            return true;
    }
    return false;
}

PlanProjection grouping_key(Binder *binder, const SelectState *select, const Expr *expr)
{
    if (expr->kind == EXPR_COLUMN && !is_outer_column(select, expr->column))
        return (PlanProjection){{expr->column, expr->type, "key"}, expr};
    return (PlanProjection){bind_new_column(binder, expr->type, "key"), expr};
}

static bool is_plain_key(const Grouping *grouping, ColumnId id)
{
    for (uint32_t i = 0; i < grouping->key_count; i++) {
        if (grouping->keys[i].column.id == id)
            return true;
    }
    return false;
}

static bool not_grouped(Binder *binder, const ScopeColumn *column, bool is_in_subquery,
                        int32_t location)
{
    const char *dot = column->table[0] != '\0' ? "." : "";
    if (is_in_subquery)
        return bind_fault(binder, location, FAULT_GROUPING_ERROR,
                          "subquery uses ungrouped column \"%s%s%s\" from outer query",
                          column->table, dot, column->name);
    return bind_fault(binder, location, FAULT_GROUPING_ERROR,
                      "column \"%s%s%s\" must appear in the GROUP BY clause or be used in an "
                      "aggregate function",
                      column->table, dot, column->name);
}

const Expr *grouping_replace(Binder *binder, const SelectState *select, const Grouping *grouping,
                             const Expr *expr)
{
    for (uint32_t i = 0; i < grouping->key_count; i++) {
        const PlanProjection *key = &grouping->keys[i];
        if (!expr_same_value(expr, key->expr))
            continue;
        if (expr->type.oid != T_TEXT_ARRAY || key->column.type.oid == T_TEXT_ARRAY)
            return expr_column(binder->arena, expr->type, key->column.id, expr->location);
        /* one value of a multi-value string: where a list is needed, a list of one */
        const Expr *value =
            expr_column(binder->arena, key->column.type, key->column.id, expr->location);
        return bind_array_of(binder, &value, 1, key->column.type, expr->location);
    }
    const ScopeColumn *column;
    if (expr->kind == EXPR_COLUMN)
        return scope_has_column(&select->scope, expr->column, &column)
                   ? (not_grouped(binder, column, false, expr->location), NULL)
                   : expr;
    if (expr->argument_count == 0)
        return expr;
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, expr->argument_count);
    for (uint32_t i = 0; i < expr->argument_count; i++) {
        arguments[i] = grouping_replace(binder, select, grouping, expr->arguments[i]);
        if (arguments[i] == NULL)
            return NULL;
    }
    Expr *copy = ARENA_NEW(binder->arena, Expr);
    *copy = *expr;
    copy->arguments = arguments;
    return copy;
}

static bool replace_in(Binder *binder, const SelectState *select, const Grouping *grouping,
                       const Expr **expr)
{
    if (*expr != NULL && (*expr = grouping_replace(binder, select, grouping, *expr)) == NULL)
        return false;
    return true;
}

bool grouping_replace_windows(Binder *binder, SelectState *select, const Grouping *grouping)
{
    for (uint32_t i = 0; i < select->window_count; i++) {
        SelectWindow *window = &select->windows[i];
        WindowSpec *spec = &window->spec;
        const Expr **partition = ARENA_ARRAY(binder->arena, const Expr *, spec->partition_count);
        PlanSortKey *order = ARENA_ARRAY(binder->arena, PlanSortKey, spec->order_count);
        for (uint32_t k = 0; k < spec->partition_count; k++) {
            partition[k] = spec->partition[k];
            if (!replace_in(binder, select, grouping, &partition[k]))
                return false;
        }
        for (uint32_t k = 0; k < spec->order_count; k++) {
            order[k] = spec->order[k];
            if (!replace_in(binder, select, grouping, &order[k].expr))
                return false;
        }
        spec->partition = partition;
        spec->order = order;
        Expr *call = ARENA_NEW(binder->arena, Expr);
        *call = *window->function.expr;
        const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, call->argument_count);
        for (uint32_t k = 0; k < call->argument_count; k++) {
            arguments[k] = call->arguments[k];
            if (!replace_in(binder, select, grouping, &arguments[k]))
                return false;
        }
        call->arguments = arguments;
        if (!replace_in(binder, select, grouping, &call->window.filter))
            return false;
        window->function.expr = call;
    }
    return true;
}

bool grouping_is_used_late(const SelectState *select, ColumnId column)
{
    for (uint32_t i = 0; i < select->after.count; i++) {
        if (plan_names_column(select->after.items[i].right, column))
            return true;
    }
    return false;
}

static void move_applies_of_keys(Binder *binder, SelectState *select, const Grouping *grouping);

bool grouping_check_late_uses(Binder *binder, SelectState *select, const Grouping *grouping)
{
    move_applies_of_keys(binder, select, grouping);
    for (uint32_t i = 0; i < select->late_count; i++) {
        const LateUse *use = &select->late_uses[i];
        const ScopeColumn *column;
        if (grouping_is_used_late(select, use->id) && !is_plain_key(grouping, use->id) &&
            scope_has_column(&select->scope, use->id, &column))
            return not_grouped(binder, column, true, use->location);
    }
    return true;
}

/* Whether the expression names what the subquery adds. */
static bool apply_gives(const PendingApply *apply, const Expr *expr)
{
    return apply->type == APPLY_JOIN ? expr_touches_plan(expr, apply->right)
                                     : expr_uses_column(expr, apply->result.id);
}

/* A key that needs a subquery's result needs the subquery below the aggregation. */
static void move_applies_of_keys(Binder *binder, SelectState *select, const Grouping *grouping)
{
    ApplyList kept = {0};
    for (uint32_t i = 0; i < select->after.count; i++) {
        const PendingApply *apply = &select->after.items[i];
        bool is_needed = false;
        for (uint32_t k = 0; k < grouping->key_count && !is_needed; k++)
            is_needed = apply_gives(apply, grouping->keys[k].expr);
        apply_list_add(binder, is_needed ? &select->before : &kept, *apply);
    }
    select->after = kept;
}

const Plan *grouping_prepare(Binder *binder, SelectState *select, const Grouping *grouping,
                             const Plan *plan)
{
    for (uint32_t i = 0; i < select->after.count; i++) {
        PendingApply *apply = &select->after.items[i];
        if (apply->condition == NULL)
            continue;
        apply->condition = grouping_replace(binder, select, grouping, apply->condition);
        if (apply->condition == NULL)
            return NULL;
    }
    return apply_list_attach(binder, &select->before, plan);
}

/* The query whose keys GROUPING's arguments are; NULL with a fault. */
static SelectState *grouping_owner(Binder *binder, const ExprContext *context,
                                   const Expr *const *arguments, size_t count,
                                   const ApplyList *applies, int32_t location)
{
    enum { MAX_CALLS = 16 };
    OwnerSearch search = {.scope = context->scope};
    for (size_t i = 0; i < count; i++)
        expr_columns(arguments[i], look_at_column, &search);
    look_at_applies(&search, applies);
    const ExprContext *place = owner_place(binder, context, &search, location);
    if (place == NULL)
        return NULL;
    SelectState *select = place->select;
    if (select == NULL || place->is_in_aggregate)
        return bind_fault(binder, location, FAULT_GROUPING_ERROR,
                          "grouping operations are not allowed in %s", clause_name(place->clause)),
               NULL;
    if (select->grouping_count == MAX_CALLS)
        return bind_fault(binder, location, FAULT_PROGRAM_LIMIT_EXCEEDED,
                          "a query can have at most %d GROUPING calls", MAX_CALLS),
               NULL;
    if (select->groupings == NULL)
        select->groupings = ARENA_ARRAY(binder->arena, GroupingCall, MAX_CALLS);
    for (uint32_t i = 0; i < applies->count; i++)
        apply_list_add(binder, &select->before, applies->items[i]);
    return select;
}

/* GROUPING(a, b): a column that the aggregation gives, by the set that a row is of. */
const Expr *bind_grouping_call(Binder *binder, ExprContext *context,
                               const PgQuery__GroupingFunc *call)
{
    enum { MAX_ARGUMENTS = 31 };
    int32_t location = bind_location(binder, call->location);
    if (!may_stand_here(binder, context, location))
        return NULL;
    if (call->n_args > MAX_ARGUMENTS) {
        bind_fault(binder, location, FAULT_PROGRAM_LIMIT_EXCEEDED,
                   "GROUPING must have fewer than %d arguments", MAX_ARGUMENTS + 1);
        return NULL;
    }
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, call->n_args + 1);
    ApplyList applies = {0};
    ExprContext inner = {.scope = context->scope, .clause = CLAUSE_GROUP_BY, .applies = &applies};
    for (size_t i = 0; i < call->n_args; i++) {
        arguments[i] = bind_expr(binder, &inner, call->args[i]);
        if (arguments[i] == NULL)
            return NULL;
    }
    SelectState *select =
        grouping_owner(binder, context, arguments, call->n_args, &applies, location);
    if (select == NULL)
        return NULL;
    /* what is wrong with its arguments is said where they stand */
    if (call->n_args > 0)
        location = bind_node_location(binder, call->args[0]);
    PlanColumn column = bind_new_column(binder, SQL_TYPE(T_INT4), "grouping");
    select->groupings[select->grouping_count++] =
        (GroupingCall){(uint32_t)call->n_args, arguments, column, location};
    return expr_column(binder->arena, column.type, column.id, location);
}

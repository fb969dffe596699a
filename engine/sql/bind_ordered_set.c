/*
 * WITHIN GROUP: ordered-set aggregates of the table, and hypothetical-set aggregates (the rank
 * that a row would have), which are counts of the rows that sort before it.
 */
#include "engine/sql/bind_internal.h"

static const Expr *bind_sort_key(Binder *binder, ExprContext *inner, const PgQuery__SortBy *sort)
{
    const Expr *key =
        bind_check_using(binder, sort) ? bind_expr(binder, inner, sort->node) : NULL;
    key = key == NULL ? NULL : coerce_unknown_to_text(binder, key);
    if (key == NULL)
        return NULL;
    const TypeInfo *info = type_info(key->type.oid);
    if (info == NULL || info->is_sortable)
        return key;
    bind_fault(binder, bind_node_location(binder, sort->node), FAULT_UNDEFINED_FUNCTION,
               "could not identify an ordering operator for type %s", info->sql_name);
    fault_hint(binder->fault, "Use an explicit ordering operator or modify the query.");
    return NULL;
}

bool bind_ordered_set(Binder *binder, ExprContext *inner, const PgQuery__FuncCall *call,
                      const char *name, int32_t location, AggregateParts *parts)
{
    uint32_t direct = (uint32_t)call->n_args, keys = (uint32_t)call->n_agg_order;
    uint32_t count = direct + keys;
    parts->arguments = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    parts->order = ARENA_ARRAY(binder->arena, SortColumn, keys + 1);
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, count + 1);
    SqlType *coerced = ARENA_ARRAY(binder->arena, SqlType, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const Expr *argument =
            i < direct ? bind_expr(binder, inner, call->args[i])
                       : bind_sort_key(binder, inner, call->agg_order[i - direct]->sort_by);
        if (argument == NULL)
            return false;
        parts->arguments[i] = bind_reg_as_oid(binder, argument);
        types[i] = parts->arguments[i]->type;
    }
    parts->function = function_resolve_aggregate(text_of(name), types, count, coerced, location,
                                                 binder->fault);
    if (parts->function == NULL)
        return false;
    if (!parts->function->is_ordered_set || parts->function->direct_count != direct)
        return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                          "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP",
                          name);
    if (!coerce_all(binder, parts->arguments, count, coerced, location))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (i < direct)
            parts->arguments[i] = bind_fold(binder, parts->arguments[i]);
        types[i] = parts->arguments[i]->type;
    }
    for (uint32_t i = 0; i < keys; i++) {
        const PgQuery__SortBy *sort = call->agg_order[i]->sort_by;
        bool is_descending = bind_is_descending(sort);
        parts->order[i] = (SortColumn){direct + i, is_descending,
                                       bind_nulls_first(binder, sort, is_descending)};
    }
    parts->count = parts->total = count;
    parts->order_count = keys;
    parts->type = parts->function->result_of != NULL ? parts->function->result_of(types, count)
                                                     : SQL_TYPE(parts->function->result);
    return true;
}

/* --- hypothetical sets --- */

bool bind_is_hypothetical(const char *name)
{
    static const char *const names[] = {"rank", "dense_rank", "percent_rank", "cume_dist"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

typedef struct Hypothetical {
    Binder *binder;
    const ExprContext *context;
    ApplyList applies;
    const Expr *filter; /* FILTER, NULL: none */
    int32_t location;
    const Expr *before, *peer; /* a row sorts before the one asked about; is equal to it */
    const Expr *key;           /* the first of the order */
} Hypothetical;

static const Expr *combine(const Hypothetical *set, ExprKind kind, const Expr *a, const Expr *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    const Expr *both[2] = {a, b};
    return expr_nary(set->binder->arena, kind, SQL_TYPE(T_BOOL), both, 2, set->location);
}

static const Expr *is_null(const Hypothetical *set, const Expr *expr)
{
    return expr_nary(set->binder->arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &expr, 1, set->location);
}

/* The key sorts before the value; never NULL. NULL with a fault. */
static const Expr *sorts_before(const Hypothetical *set, const Expr *key, const Expr *value,
                                const PgQuery__SortBy *sort)
{
    Binder *binder = set->binder;
    bool is_descending = bind_is_descending(sort);
    const Expr *less = bind_operator(binder, is_descending ? ">" : "<", key, value, set->location);
    if (less == NULL)
        return NULL;
    const Expr *known[2] = {less, expr_bool(binder->arena, false)};
    less = expr_nary(binder->arena, EXPR_COALESCE, SQL_TYPE(T_BOOL), known, 2, set->location);
    const Expr *key_null = is_null(set, key), *value_null = is_null(set, value);
    const Expr *by_null = bind_nulls_first(binder, sort, is_descending)
                              ? combine(set, EXPR_AND, key_null, bind_not(binder, value_null))
                              : combine(set, EXPR_AND, bind_not(binder, key_null), value_null);
    return combine(set, EXPR_OR, less, by_null);
}

/* Lexicographically, key after key. */
static bool bind_comparison(Hypothetical *set, ExprContext *inner, const PgQuery__FuncCall *call)
{
    Binder *binder = set->binder;
    for (size_t i = 0; i < call->n_args; i++) {
        const PgQuery__SortBy *sort = call->agg_order[i]->sort_by;
        const Expr *pair[2] = {bind_sort_key(binder, inner, sort), NULL};
        pair[1] = pair[0] == NULL ? NULL : bind_expr(binder, inner, call->args[i]);
        if (pair[1] == NULL)
            return false;
        SqlType common;
        if (!coerce_to_common(binder, pair, 2, "WITHIN GROUP", &common, set->location))
            return false;
        const Expr *before = sorts_before(set, pair[0], pair[1], sort);
        const Expr *same = bind_call(binder, "is_not_distinct_from", pair, 2, set->location);
        if (before == NULL || same == NULL)
            return false;
        if (set->peer != NULL)
            before = combine(set, EXPR_AND, set->peer, before);
        set->before = combine(set, EXPR_OR, set->before, before);
        set->peer = combine(set, EXPR_AND, set->peer, same);
        set->key = set->key == NULL ? pair[0] : set->key;
    }
    return true;
}

/* count(*), or count(DISTINCT argument), of the rows of which `condition` holds. */
static const Expr *count_rows(Hypothetical *set, const Expr *condition, const Expr *argument)
{
    Binder *binder = set->binder;
    SqlType coerced[1], type = argument != NULL ? argument->type : SQL_TYPE(T_NONE);
    AggregateParts parts = {.count = argument != NULL, .total = argument != NULL,
                            .type = SQL_TYPE(T_INT8)};
    parts.arguments = ARENA_ARRAY(binder->arena, const Expr *, 1);
    parts.arguments[0] = argument;
    parts.function = function_resolve_aggregate(TEXT_LITERAL("count"), &type, parts.count, coerced,
                                                set->location, binder->fault);
    parts.filter = combine(set, EXPR_AND, set->filter, condition);
    if (parts.function == NULL)
        return NULL;
    const Expr *count = bind_aggregate_parts(binder, set->context, &parts, argument != NULL,
                                             &set->applies, "count", set->location);
    set->applies.count = 0; /* subqueries stand there once */
    return count;
}

static const Expr *plus(const Hypothetical *set, const Expr *a, const Expr *b)
{
    return a == NULL || b == NULL ? NULL : bind_operator(set->binder, "+", a, b, set->location);
}

static const Expr *one(const Hypothetical *set)
{
    return expr_int64(set->binder->arena, SQL_TYPE(T_INT8), 1, set->location);
}

/* Distinct values that sort before, and NULL when it does. */
static const Expr *dense_rank(Hypothetical *set)
{
    Binder *binder = set->binder;
    const Expr *values = count_rows(set, set->before, set->key);
    const Expr *nulls =
        count_rows(set, combine(set, EXPR_AND, set->before, is_null(set, set->key)), NULL);
    if (values == NULL || nulls == NULL)
        return NULL;
    const Expr *pair[2] = {nulls, one(set)};
    nulls = bind_call(binder, "least", pair, 2, set->location);
    return plus(set, plus(set, values, nulls), one(set));
}

/* a / b in double precision; 0 where b is 0. */
static const Expr *ratio(const Hypothetical *set, const Expr *a, const Expr *b)
{
    Binder *binder = set->binder;
    if (a == NULL || b == NULL)
        return NULL;
    const Expr *zero = expr_int64(binder->arena, SQL_TYPE(T_INT8), 0, set->location);
    const Expr *is_empty = bind_operator(binder, "=", b, zero, set->location);
    a = coerce_to(binder, a, SQL_TYPE(T_FLOAT8), CAST_EXPLICIT, set->location);
    b = coerce_to(binder, b, SQL_TYPE(T_FLOAT8), CAST_EXPLICIT, set->location);
    zero = coerce_to(binder, zero, SQL_TYPE(T_FLOAT8), CAST_EXPLICIT, set->location);
    if (is_empty == NULL || a == NULL || b == NULL || zero == NULL)
        return NULL;
    const Expr *quotient = bind_operator(binder, "/", a, b, set->location);
    if (quotient == NULL)
        return NULL;
    const Expr *branches[3] = {is_empty, zero, quotient};
    return expr_nary(binder->arena, EXPR_CASE, SQL_TYPE(T_FLOAT8), branches, 3, set->location);
}

const Expr *bind_hypothetical(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call,
                              const char *name)
{
    Hypothetical set = {
        .binder = binder, .context = context, .location = bind_location(binder, call->location)};
    ExprContext inner = {.scope = context->scope,
                         .clause = context->clause,
                         .applies = context->select != NULL ? &set.applies : NULL,
                         .is_in_aggregate = true};
    if (context->is_in_aggregate) {
        bind_fault(binder, set.location, FAULT_GROUPING_ERROR,
                   "aggregate function calls cannot be nested");
        return NULL;
    }
    if (call->n_args == 0 || call->n_args != call->n_agg_order) {
        bind_fault(binder, set.location, FAULT_UNDEFINED_FUNCTION, "function %s does not exist",
                   name);
        fault_hint(binder->fault,
                   "To use the hypothetical-set aggregate %s, the number of hypothetical direct "
                   "arguments (here %zu) must match the number of ordering columns (here %zu).",
                   name, call->n_args, call->n_agg_order);
        return NULL;
    }
    if (strcmp(name, "dense_rank") == 0 && call->n_args > 1) {
        bind_fault(binder, set.location, FAULT_FEATURE_NOT_SUPPORTED,
                   "dense_rank WITHIN GROUP over several columns is not supported");
        return NULL;
    }
    if (!bind_comparison(&set, &inner, call))
        return NULL;
    if (call->agg_filter != NULL &&
        (set.filter = bind_condition(binder, &inner, call->agg_filter, "FILTER")) == NULL)
        return NULL;
    if (strcmp(name, "rank") == 0)
        return plus(&set, count_rows(&set, set.before, NULL), one(&set));
    if (strcmp(name, "dense_rank") == 0)
        return dense_rank(&set);
    if (strcmp(name, "percent_rank") == 0)
        return ratio(&set, count_rows(&set, set.before, NULL), count_rows(&set, NULL, NULL));
    const Expr *reached = combine(&set, EXPR_OR, set.before, set.peer);
    return ratio(&set, plus(&set, count_rows(&set, reached, NULL), one(&set)),
                 plus(&set, count_rows(&set, NULL, NULL), one(&set)));
}

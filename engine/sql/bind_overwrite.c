/*
 * OVERWRITE WHERE: a condition on __time as a set of time ranges.
 *
 * AND is intersection, OR union, NOT complement. Times count in milliseconds here, as the
 * dialect has it: x > t begins a millisecond after t.
 */
#include "engine/sql/bind_internal.h"

#include <stdlib.h>

#define MILLISECOND INT64_C(1000)

typedef struct RangeSet {
    uint32_t count;
    TimeRange *ranges; /* disjoint, ascending, not empty, not touching */
} RangeSet;

static bool bad_condition(Binder *binder, const PgQuery__Node *node, const char *message)
{
    int32_t location = bind_node_location(binder, node);
    if (location < 0)
        location = binder->tree->dialect->overwrite_at;
    bind_fault(binder, location, FAULT_SYNTAX_ERROR, "%s", message);
    return fault_hint(binder->fault,
                      "OVERWRITE WHERE compares __time with TIMESTAMP literals by <, <=, >, >= or "
                      "BETWEEN, joined by AND, OR and NOT.");
}

/* --- sets --- */
static RangeSet one_range(Binder *binder, int64_t start, int64_t end)
{
    RangeSet set = {0, ARENA_ARRAY(binder->arena, TimeRange, 1)};
    if (start < end)
        set.ranges[set.count++] = (TimeRange){start, end};
    return set;
}

static RangeSet complement(Binder *binder, RangeSet set)
{
    RangeSet out = {0, ARENA_ARRAY(binder->arena, TimeRange, set.count + 1)};
    int64_t start = INT64_MIN;
    for (uint32_t i = 0; i < set.count; i++) {
        if (start < set.ranges[i].start)
            out.ranges[out.count++] = (TimeRange){start, set.ranges[i].start};
        start = set.ranges[i].end;
    }
    if (start < INT64_MAX)
        out.ranges[out.count++] = (TimeRange){start, INT64_MAX};
    return out;
}

static RangeSet intersection(Binder *binder, RangeSet a, RangeSet b)
{
    RangeSet out = {0, ARENA_ARRAY(binder->arena, TimeRange, a.count + b.count + 1)};
    for (uint32_t i = 0, k = 0; i < a.count && k < b.count;) {
        int64_t start =
            a.ranges[i].start > b.ranges[k].start ? a.ranges[i].start : b.ranges[k].start;
        int64_t end = a.ranges[i].end < b.ranges[k].end ? a.ranges[i].end : b.ranges[k].end;
        if (start < end)
            out.ranges[out.count++] = (TimeRange){start, end};
        if (a.ranges[i].end < b.ranges[k].end)
            i++;
        else
            k++;
    }
    return out;
}

static RangeSet set_union(Binder *binder, RangeSet a, RangeSet b)
{
    RangeSet both = intersection(binder, complement(binder, a), complement(binder, b));
    return complement(binder, both);
}

/* --- conditions --- */
static bool is_time(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node->column_ref->n_fields == 1 &&
           node->column_ref->fields[0]->node_case == PG_QUERY__NODE__NODE_STRING &&
           name_is(node->column_ref->fields[0]->string->sval, "__time");
}

/* An instant: a literal, read in the session's zone. */
static bool bind_instant(Binder *binder, const PgQuery__Node *node, int64_t *instant)
{
    Scope nothing = {0};
    ExprContext context = {.scope = &nothing, .clause = CLAUSE_WHERE};
    int32_t location = bind_node_location(binder, node);
    bool is_literal = node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST ||
                      node->node_case == PG_QUERY__NODE__NODE_PARAM_REF ||
                      node->node_case == PG_QUERY__NODE__NODE_A_CONST;
    if (!is_literal)
        return bad_condition(binder, node, "OVERWRITE WHERE takes only TIMESTAMP literals");
    const Expr *expr = bind_expr(binder, &context, node);
    expr = expr == NULL
               ? NULL
               : coerce_to(binder, expr, SQL_TYPE(T_TIMESTAMPTZ), CAST_ASSIGNMENT, location);
    if (expr == NULL)
        return false;
    *instant = 0;
    if (expr_has_kind(expr, EXPR_PARAMETER))
        return true; /* not known before execution */
    expr = bind_fold(binder, expr);
    bool is_known = expr->kind == EXPR_CONSTANT && !expr_is_null(expr);
    if (!is_known)
        return bad_condition(binder, node, "OVERWRITE WHERE takes only TIMESTAMP literals");
    *instant = VECTOR_DATA(int64_t, expr->value)[0];
    return true;
}

static int64_t after(int64_t instant)
{
    return instant > INT64_MAX - MILLISECOND ? INT64_MAX : instant + MILLISECOND;
}

static bool bind_comparison(Binder *binder, const PgQuery__Node *node, RangeSet *set)
{
    const PgQuery__AExpr *expr = node->a_expr;
    const char *symbol = bind_operator_name(expr->name, expr->n_name);
    bool is_swapped = expr->lexpr != NULL && !is_time(expr->lexpr) && is_time(expr->rexpr);
    if (expr->lexpr == NULL || (!is_time(expr->lexpr) && !is_swapped))
        return bad_condition(binder, node, "OVERWRITE WHERE takes only conditions on __time");
    bool is_less = symbol[0] == '<' && symbol[1] != '>';
    bool is_greater = symbol[0] == '>';
    bool with_equal = symbol[0] != '\0' && symbol[1] == '=' && symbol[2] == '\0';
    if ((!is_less && !is_greater) || (symbol[1] != '\0' && !with_equal))
        return bad_condition(binder, node, "unsupported operator in OVERWRITE WHERE");
    int64_t instant;
    if (!bind_instant(binder, is_swapped ? expr->lexpr : expr->rexpr, &instant))
        return false;
    if (is_swapped)
        is_less = !is_less;
    if (is_less)
        *set = one_range(binder, INT64_MIN, with_equal ? after(instant) : instant);
    else
        *set = one_range(binder, with_equal ? instant : after(instant), INT64_MAX);
    return true;
}

static bool bind_between(Binder *binder, const PgQuery__Node *node, RangeSet *set)
{
    const PgQuery__AExpr *expr = node->a_expr;
    int64_t low, high;
    if (!is_time(expr->lexpr))
        return bad_condition(binder, node, "OVERWRITE WHERE takes only conditions on __time");
    if (!bind_instant(binder, expr->rexpr->list->items[0], &low) ||
        !bind_instant(binder, expr->rexpr->list->items[1], &high))
        return false;
    *set = one_range(binder, low, after(high));
    if (expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN)
        *set = complement(binder, *set);
    return true;
}

static bool bind_set(Binder *binder, const PgQuery__Node *node, RangeSet *set);

static bool bind_bool(Binder *binder, const PgQuery__BoolExpr *expr, RangeSet *set)
{
    if (!bind_set(binder, expr->args[0], set))
        return false;
    if (expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR) {
        *set = complement(binder, *set);
        return true;
    }
    bool is_and = expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;
    for (size_t i = 1; i < expr->n_args; i++) {
        RangeSet next;
        if (!bind_set(binder, expr->args[i], &next))
            return false;
        *set = is_and ? intersection(binder, *set, next) : set_union(binder, *set, next);
    }
    return true;
}

static bool bind_set(Binder *binder, const PgQuery__Node *node, RangeSet *set)
{
    if (node->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR)
        return bind_bool(binder, node->bool_expr, set);
    if (node->node_case != PG_QUERY__NODE__NODE_A_EXPR)
        return bad_condition(binder, node, "unsupported condition in OVERWRITE WHERE");
    switch (node->a_expr->kind) {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
        return bind_comparison(binder, node, set);
    case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
    case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
        return bind_between(binder, node, set);
    default:
        return bad_condition(binder, node, "unsupported operator in OVERWRITE WHERE");
    }
}

/* --- the clause --- */
static bool is_aligned(const IngestTarget *target, int64_t instant)
{
    return instant == INT64_MIN || instant == INT64_MAX ||
           period_floor(&target->granularity, instant, INT64_MIN, timezone_utc()) == instant;
}

static const char *overwrite_name(const Binder *binder)
{
    return binder->tree->dialect->is_replace ? "OVERWRITE WHERE" : "sqlReplaceTimeChunks";
}

static bool check_ranges(Binder *binder, const IngestTarget *target, const RangeSet *set)
{
    int32_t at = binder->tree->dialect->overwrite_at;
    if (set->count == 0)
        return bind_fault(binder, at, FAULT_INVALID_PARAMETER_VALUE,
                          "%s selects no interval of time", overwrite_name(binder));
    if (target->is_partitioned_by_all) {
        bind_fault(binder, at, FAULT_INVALID_PARAMETER_VALUE,
                   "%s does not go with PARTITIONED BY ALL", overwrite_name(binder));
        return fault_hint(binder->fault, "Use OVERWRITE ALL.");
    }
    for (uint32_t i = 0; i < set->count; i++) {
        if (is_aligned(target, set->ranges[i].start) && is_aligned(target, set->ranges[i].end))
            continue;
        bind_fault(
            binder, at, FAULT_INVALID_PARAMETER_VALUE,
            "%s contains an interval which is not aligned with PARTITIONED BY %s",
            overwrite_name(binder), target->granularity_text);
        return fault_hint(binder->fault,
                          "Intervals must begin and end where time chunks do, in UTC.");
    }
    return true;
}

void bind_overwrite_all(Binder *binder, IngestTarget *target)
{
    RangeSet all = one_range(binder, INT64_MIN, INT64_MAX);
    target->overwrite_all = true;
    target->overwrite = all.ranges;
    target->overwrite_count = all.count;
}

bool bind_replaced_chunks(Binder *binder, IngestTarget *target, Text list)
{
    RangeSet set = one_range(binder, 0, 0);
    TypeContext context = *binder->context->types;
    context.zone = timezone_utc();
    if (text_equal_string(list, "all")) {
        bind_overwrite_all(binder, target);
        return true;
    }
    for (const char *at = list.data, *end = at + list.length; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        Text interval = {at, (uint32_t)((comma != NULL ? comma : end) - at)};
        int64_t from, to;
        if (!time_interval_parse(interval, &context, &from, &to, binder->fault))
            return false;
        set = set_union(binder, set, one_range(binder, from, to));
        at = comma != NULL ? comma + 1 : end;
    }
    if (!check_ranges(binder, target, &set))
        return false;
    target->overwrite = set.ranges;
    target->overwrite_count = set.count;
    return true;
}

bool bind_overwrite(Binder *binder, IngestTarget *target)
{
    const DialectStatement *dialect = binder->tree->dialect;
    if (dialect->overwrite_all) {
        bind_overwrite_all(binder, target);
        return true;
    }
    RangeSet set;
    const OffsetMap *map = bind_enter_fragment(binder, &dialect->overwrite);
    bool ok = bind_set(binder, binder->tree->overwrite, &set);
    binder->map = map;
    if (!ok)
        return false;
    bool is_pending =
        binder->context->parameter_count > 0 && binder->context->parameter_values == NULL;
    if (!is_pending && !check_ranges(binder, target, &set))
        return false;
    target->overwrite = set.ranges;
    target->overwrite_count = set.count;
    return true;
}

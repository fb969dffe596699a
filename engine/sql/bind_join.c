/*
 * JOIN with ON, USING, NATURAL or nothing.
 *
 * USING merges two columns into one: the left one, for RIGHT the right one, for FULL
 * COALESCE(left, right). Plain names and * see the merged column, l.x and r.x the two.
 */
#include "engine/sql/bind_internal.h"

typedef struct Join {
    Binder *binder;
    Scope *scope;
    const PgQuery__JoinExpr *node;
    JoinType type;
    FromItem left, right, both;
    uint32_t using_count;
    int *using_left, *using_right; /* indexes into the sides' columns */
    const Expr *condition;
    ApplyList applies; /* of subqueries in ON */
} Join;

static bool join_type(Join *join)
{
    switch (join->node->jointype) {
    case PG_QUERY__JOIN_TYPE__JOIN_INNER:
        join->type = JOIN_INNER;
        return true;
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
        join->type = JOIN_LEFT;
        return true;
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
        join->type = JOIN_RIGHT;
        return true;
    case PG_QUERY__JOIN_TYPE__JOIN_FULL:
        join->type = JOIN_FULL;
        return true;
    default:
        return bind_fault(join->binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                          "this kind of join is not supported");
    }
}

/* --- ON --- */
static bool bind_on(Join *join)
{
    Scope inner = *join->scope;
    inner.from = join->both;
    inner.select = NULL;
    ExprContext context = {.scope = &inner, .clause = CLAUSE_JOIN, .applies = &join->applies};
    join->condition = bind_condition(join->binder, &context, join->node->quals, "JOIN/ON");
    return join->condition != NULL;
}

/* --- subqueries in ON --- */
static bool apply_refers_to(const PendingApply *apply, const Plan *side)
{
    bool in_condition = apply->condition != NULL && expr_touches_plan(apply->condition, side);
    return in_condition || plan_refers_to(apply->right, side);
}

/* Those that look at one side alone are part of that side, whatever the join is. The others stay
 * in the list. */
static void attach_one_sided(Join *join)
{
    ApplyList left = {0}, right = {0}, both = {0};
    for (uint32_t i = 0; i < join->applies.count; i++) {
        const PendingApply *apply = &join->applies.items[i];
        bool uses_left = apply_refers_to(apply, join->left.plan);
        bool uses_right = apply_refers_to(apply, join->right.plan);
        ApplyList *list = uses_left && uses_right ? &both : uses_left ? &left : &right;
        apply_list_add(join->binder, list, *apply);
    }
    join->left.plan = apply_list_attach(join->binder, &left, join->left.plan);
    join->right.plan = apply_list_attach(join->binder, &right, join->right.plan);
    join->applies = both;
}

/* Columns of a branch of the union below: the side that it has, and NULLs. */
static const Plan *branch_of_full(Join *join, const Plan *plan, bool has_left)
{
    Arena *arena = join->binder->arena;
    const Plan *sides[2] = {join->left.plan, join->right.plan};
    uint32_t used = 0;
    PlanProjection *items = ARENA_ARRAY(
        arena, PlanProjection, sides[0]->column_count + sides[1]->column_count + 1);
    for (int side = 0; side < 2; side++) {
        for (uint32_t i = 0; i < sides[side]->column_count; i++) {
            PlanColumn column = sides[side]->columns[i];
            bool is_there = side == 1 || has_left;
            const Expr *value = is_there ? expr_column(arena, column.type, column.id, -1)
                                         : expr_null(arena, column.type, -1);
            column.id = bind_new_column(join->binder, column.type, column.name).id;
            items[used++] = (PlanProjection){column, value};
        }
    }
    return plan_project(arena, plan, items, used);
}

/* A FULL JOIN: the left one's rows as LEFT JOIN has them, and the right one's rows for which no left
 * one passes. */
static const Plan *full_with_subqueries(Join *join)
{
    Binder *binder = join->binder;
    Arena *arena = binder->arena;
    PlanColumn none = {0}, met = bind_new_column(binder, SQL_TYPE(T_BOOL), "met");
    const Plan *left = join->left.plan, *right = join->right.plan;
    const Plan *some = apply_list_attach(binder, &join->applies, right);
    some = plan_filter(arena, some, join->condition);
    const Plan *kept = plan_apply(arena, APPLY_JOIN, JOIN_LEFT, left, some, NULL, none);
    const Plan *partners = apply_list_attach(binder, &join->applies, left);
    partners = plan_filter(arena, partners, join->condition);
    const Plan *rest =
        plan_apply(arena, APPLY_EXISTS, JOIN_INNER, right, partners, NULL, met);
    const Expr *is_met = expr_column(arena, met.type, met.id, -1);
    rest = plan_filter(arena, rest, bind_not(binder, is_met));
    const Plan *branches[2] = {branch_of_full(join, kept, true),
                               branch_of_full(join, rest, false)};
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, branches[0]->column_count + 1);
    uint32_t used = 0;
    for (uint32_t i = 0; i < left->column_count; i++)
        columns[used++] = left->columns[i];
    for (uint32_t i = 0; i < right->column_count; i++)
        columns[used++] = right->columns[i];
    return plan_union_all(arena, branches, 2, columns);
}

/* The side whose rows all come out, and for each of them the rows of the other one for which the
 * condition holds, as LATERAL has it. */
static bool make_outer_with_subqueries(Join *join, FromItem *item)
{
    Arena *arena = join->binder->arena;
    PlanColumn none = {0};
    if (join->type == JOIN_FULL) {
        item->plan = full_with_subqueries(join);
        return true;
    }
    bool is_left = join->type == JOIN_LEFT;
    const Plan *all = is_left ? join->left.plan : join->right.plan;
    const Plan *some = is_left ? join->right.plan : join->left.plan;
    some = apply_list_attach(join->binder, &join->applies, some);
    some = plan_filter(arena, some, join->condition);
    item->plan = plan_apply(arena, APPLY_JOIN, JOIN_LEFT, all, some, NULL, none);
    return true;
}

/* --- USING --- */
static int find_using(Join *join, SchemaName name, const FromItem *side, const char *which)
{
    int found = scope_match(name, side->columns, side->column_count);
    if (found == SCHEMA_NO_MATCH)
        bind_fault(join->binder, -1, FAULT_UNDEFINED_COLUMN,
                   "column \"%.*s\" specified in USING clause does not exist in %s table",
                   TEXT_ARGS(name.text), which);
    else if (found == SCHEMA_AMBIGUOUS)
        bind_fault(join->binder, -1, FAULT_AMBIGUOUS_COLUMN,
                   "common column name \"%.*s\" appears more than once in %s table",
                   TEXT_ARGS(name.text), which);
    return found;
}

static void add_using(Join *join, int left, int right)
{
    join->using_left[join->using_count] = left;
    join->using_right[join->using_count++] = right;
}

static bool find_using_columns(Join *join)
{
    const PgQuery__JoinExpr *node = join->node;
    for (size_t i = 0; i < node->n_using_clause; i++) {
        SchemaName name = name_read(node->using_clause[i]->string->sval);
        int left = find_using(join, name, &join->left, "left");
        int right = left < 0 ? left : find_using(join, name, &join->right, "right");
        if (right < 0)
            return false;
        add_using(join, left, right);
    }
    for (uint32_t l = 0; node->is_natural && l < join->left.column_count; l++) {
        SchemaName name = {text_of(join->left.columns[l].name), true};
        int right = scope_match(name, join->right.columns, join->right.column_count);
        if (right == SCHEMA_NO_MATCH)
            continue;
        if (right < 0 || scope_match(name, join->left.columns, join->left.column_count) < 0)
            return bind_fault(join->binder, -1, FAULT_AMBIGUOUS_COLUMN,
                              "common column name \"%s\" appears more than once in a table",
                              join->left.columns[l].name);
        add_using(join, (int)l, right);
    }
    return true;
}

static const Expr *column_expr(Join *join, const ScopeColumn *column)
{
    return expr_column(join->binder->arena, column->type, column->id, -1);
}

static bool bind_using_condition(Join *join)
{
    const Expr **tests = ARENA_ARRAY(join->binder->arena, const Expr *, join->using_count + 1);
    for (uint32_t i = 0; i < join->using_count; i++) {
        tests[i] = bind_operator(join->binder, "=",
                                 column_expr(join, &join->left.columns[join->using_left[i]]),
                                 column_expr(join, &join->right.columns[join->using_right[i]]), -1);
        if (tests[i] == NULL)
            return false;
    }
    if (join->using_count > 0)
        join->condition = expr_nary(join->binder->arena, EXPR_AND, SQL_TYPE(T_BOOL), tests,
                                    join->using_count, -1);
    return true;
}

static bool is_using(const int *indexes, uint32_t count, uint32_t i)
{
    for (uint32_t k = 0; k < count; k++) {
        if (indexes[k] == (int)i)
            return true;
    }
    return false;
}

/* COALESCE(left, right) of FULL; the one side's column, of the common type, of others. */
static bool merged_column(Join *join, uint32_t i, ScopeColumn *merged, const Expr **computed)
{
    const ScopeColumn *left = &join->left.columns[join->using_left[i]];
    const ScopeColumn *right = &join->right.columns[join->using_right[i]];
    const Expr *pair[2] = {column_expr(join, left), column_expr(join, right)};
    SqlType common;
    if (!coerce_to_common(join->binder, pair, 2, "JOIN/USING", &common, -1))
        return false;
    const Expr *value = join->type == JOIN_RIGHT ? pair[1] : pair[0];
    *merged = join->type == JOIN_RIGHT ? *right : *left;
    merged->name = left->name;
    *computed = NULL;
    if (join->type == JOIN_FULL)
        value = expr_nary(join->binder->arena, EXPR_COALESCE, common, pair, 2, -1);
    if (value->kind == EXPR_COLUMN)
        return true;
    PlanColumn column = bind_new_column(join->binder, common, left->name);
    *merged =
        (ScopeColumn){.id = column.id, .type = common, .name = left->name, .table = left->table};
    *computed = value;
    return true;
}

/* Adds what must be computed to the join's columns. */
static const Plan *project_merged(Join *join, const Plan *plan, const ScopeColumn *merged,
                                  const Expr *const *computed)
{
    Arena *arena = join->binder->arena;
    uint32_t count = plan->column_count, added = 0;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, count + join->using_count + 1);
    for (uint32_t i = 0; i < count; i++)
        items[i] = (PlanProjection){
            plan->columns[i], expr_column(arena, plan->columns[i].type, plan->columns[i].id, -1)};
    for (uint32_t i = 0; i < join->using_count; i++) {
        if (computed[i] != NULL)
            items[count + added++] =
                (PlanProjection){{merged[i].id, merged[i].type, merged[i].name}, computed[i]};
    }
    return added > 0 ? plan_project(arena, plan, items, count + added) : plan;
}

static bool merge_columns(Join *join, FromItem *item)
{
    Arena *arena = join->binder->arena;
    ScopeColumn *merged = ARENA_ARRAY(arena, ScopeColumn, join->both.column_count + 1);
    const Expr **computed = ARENA_ARRAY(arena, const Expr *, join->using_count + 1);
    uint32_t count = join->using_count;
    for (uint32_t i = 0; i < join->using_count; i++) {
        if (!merged_column(join, i, &merged[i], &computed[i]))
            return false;
    }
    item->plan = project_merged(join, item->plan, merged, computed);
    for (uint32_t i = 0; i < join->left.column_count; i++) {
        if (!is_using(join->using_left, join->using_count, i))
            merged[count++] = join->left.columns[i];
    }
    for (uint32_t i = 0; i < join->right.column_count; i++) {
        if (!is_using(join->using_right, join->using_count, i))
            merged[count++] = join->right.columns[i];
    }
    item->columns = merged;
    item->column_count = count;
    return true;
}

/* --- the join --- */

/* The right side, which with LATERAL sees the left one. */
static bool bind_right(Join *join)
{
    Scope beside = *join->scope;
    FromItem visible;
    from_beside(join->binder, &join->scope->from, &join->left, &visible);
    beside.from = visible;
    Scope *kept = ARENA_NEW(join->binder->arena, Scope);
    *kept = beside;
    return bind_from_item(join->binder, kept, join->node->rarg, &join->right);
}

static bool make_join(Join *join, FromItem *item)
{
    Arena *arena = join->binder->arena;
    bool is_lateral = from_is_lateral(&join->left, &join->right);
    PlanColumn none = {0};
    *item = join->both;
    if (is_lateral && join->type != JOIN_INNER && join->type != JOIN_LEFT)
        return bind_fault(join->binder, -1, FAULT_INVALID_COLUMN_REFERENCE,
                          "the combining JOIN type must be INNER or LEFT for a LATERAL reference");
    if (!is_lateral && join->type != JOIN_INNER)
        attach_one_sided(join);
    if (join->type != JOIN_INNER && join->applies.count > 0)
        return make_outer_with_subqueries(join, item);
    if (is_lateral && join->applies.count == 0) {
        item->plan = plan_apply(arena, APPLY_JOIN, join->type, join->left.plan, join->right.plan,
                                join->condition, none);
        return true;
    }
    if (join->applies.count > 0) { /* an inner join: a filter above it is the same */
        const Plan *plan = is_lateral ? plan_apply(arena, APPLY_JOIN, JOIN_INNER, join->left.plan,
                                                   join->right.plan, NULL, none)
                                      : plan_join(arena, JOIN_INNER, join->left.plan,
                                                  join->right.plan, NULL, none);
        plan = apply_list_attach(join->binder, &join->applies, plan);
        item->plan = plan_filter(arena, plan, join->condition);
        return true;
    }
    item->plan =
        plan_join(arena, join->type, join->left.plan, join->right.plan, join->condition, none);
    return true;
}

/* USING (..) AS u: the merged columns are those of u as well. */
static bool name_merged(Join *join, FromItem *item)
{
    const PgQuery__Alias *alias = join->node->join_using_alias;
    if (alias == NULL)
        return true;
    FromItem merged, all;
    const FromItem whole = *item;
    ScopeColumn *columns = ARENA_ARRAY(join->binder->arena, ScopeColumn, join->using_count + 1);
    if (join->using_count > 0)
        memcpy(columns, item->columns, join->using_count * sizeof *columns);
    if (!from_make(join->binder, item->plan, "", alias, NULL, columns, join->using_count,
                   &merged) ||
        !from_combine(join->binder, &whole, &merged, &all))
        return false;
    item->tables = all.tables;
    item->table_count = all.table_count;
    return true;
}

/* (a JOIN b ..) AS j: only j is seen. */
static bool alias_join(Join *join, FromItem *item)
{
    const PgQuery__Alias *alias = join->node->alias;
    if (alias == NULL)
        return true;
    ScopeColumn *columns = ARENA_ARRAY(join->binder->arena, ScopeColumn, item->column_count + 1);
    if (item->column_count > 0)
        memcpy(columns, item->columns, item->column_count * sizeof *columns);
    return from_make(join->binder, item->plan, "", alias, NULL, columns, item->column_count, item);
}

static bool bind_sides(Join *join)
{
    Binder *binder = join->binder;
    uint32_t depth = binder->nullable_depth;
    binder->nullable_depth += join->type == JOIN_RIGHT || join->type == JOIN_FULL;
    if (!bind_from_item(binder, join->scope, join->node->larg, &join->left))
        return false;
    binder->nullable_depth = depth + (join->type == JOIN_LEFT || join->type == JOIN_FULL);
    if (!bind_right(join))
        return false;
    binder->nullable_depth = depth;
    return true;
}

/* Rows of this side may be missing. */
static void mark_nullable(Binder *binder, FromItem *side)
{
    ScopeTable *tables = ARENA_ARRAY(binder->arena, ScopeTable, side->table_count + 1);
    for (uint32_t i = 0; i < side->table_count; i++) {
        tables[i] = side->tables[i];
        tables[i].is_nullable = true;
    }
    side->tables = tables;
}

static void mark_sides(Join *join)
{
    if (join->type == JOIN_RIGHT || join->type == JOIN_FULL)
        mark_nullable(join->binder, &join->left);
    if (join->type == JOIN_LEFT || join->type == JOIN_FULL)
        mark_nullable(join->binder, &join->right);
}

bool bind_join(Binder *binder, Scope *scope, const PgQuery__JoinExpr *node, FromItem *item)
{
    Join join = {.binder = binder, .scope = scope, .node = node};
    if (!join_type(&join) || !bind_sides(&join))
        return false;
    mark_sides(&join);
    if (!from_combine(binder, &join.left, &join.right, &join.both))
        return false;
    uint32_t most = (uint32_t)node->n_using_clause + join.left.column_count + 1;
    join.using_left = ARENA_ARRAY(binder->arena, int, most);
    join.using_right = ARENA_ARRAY(binder->arena, int, most);
    bool has_using = node->n_using_clause > 0 || node->is_natural;
    if (has_using && (!find_using_columns(&join) || !bind_using_condition(&join)))
        return false;
    if (node->quals != NULL && !bind_on(&join))
        return false;
    if (!make_join(&join, item))
        return false;
    if (has_using && (!merge_columns(&join, item) || !name_merged(&join, item)))
        return false;
    return alias_join(&join, item);
}

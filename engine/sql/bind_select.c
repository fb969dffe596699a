/*
 * One SELECT.
 *
 * Bound in PostgreSQL's order (FROM, select list, WHERE, HAVING, ORDER BY, GROUP BY, DISTINCT),
 * so that errors come in its order; built from the inside out:
 *
 *   FROM, WHERE's subqueries, Filter, [subqueries below, Aggregate], subqueries, Filter (HAVING),
 *   [Windows], Project (select list and sort keys), [Aggregate for DISTINCT], Sort, Limit, Project
 */
#include "engine/sql/bind_record_internal.h"
#include "engine/sql/bind_select_internal.h"

static Target *add_target(Select *select)
{
    if (select->count == select->capacity) {
        uint32_t capacity = select->capacity == 0 ? 16 : select->capacity * 2;
        Target *targets = ARENA_ARRAY(select->binder->arena, Target, capacity);
        if (select->count > 0)
            memcpy(targets, select->targets, select->count * sizeof *targets);
        select->targets = targets;
        select->capacity = capacity;
    }
    Target *target = &select->targets[select->count++];
    *target = (Target){.location = -1};
    return target;
}

ExprContext select_context(Select *select, Clause clause)
{
    return (ExprContext){.scope = &select->state->scope,
                         .clause = clause,
                         .applies = &select->state->after,
                         .select = select->state};
}

/* --- the select list --- */
static void add_columns(Select *select, const ScopeColumn *columns, uint32_t count,
                        int32_t location)
{
    for (uint32_t i = 0; i < count; i++) {
        if (columns[i].is_hidden)
            continue;
        Target *target = add_target(select);
        target->expr = expr_column(select->binder->arena, columns[i].type, columns[i].id, location);
        target->name = columns[i].name;
        target->table_oid = columns[i].table_oid;
        target->attnum = columns[i].attnum;
        target->location = location;
        target->is_named = true;
    }
}

/* * and t.* */
static bool add_star(Select *select, const PgQuery__ColumnRef *reference)
{
    Binder *binder = select->binder;
    int32_t location = bind_location(binder, reference->location);
    const FromItem *from = &select->state->scope.from;
    if (reference->n_fields == 1) {
        if (select->statement->n_from_clause == 0 && select->statement != binder->given_to)
            return bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                              "SELECT * with no tables specified is not valid");
        add_columns(select, from->columns, from->column_count, location);
        return true;
    }
    const ScopeTable *table = scope_find_table(binder, &select->state->scope, reference->fields,
                                               reference->n_fields - 1, location, true);
    if (table == NULL)
        return false;
    add_columns(select, table->columns, table->column_count, location);
    return true;
}

static bool is_star(const PgQuery__Node *node)
{
    return node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node->column_ref->n_fields > 0 &&
           node->column_ref->fields[node->column_ref->n_fields - 1]->node_case ==
               PG_QUERY__NODE__NODE_A_STAR;
}

/* (r).* */
static bool add_record(Select *select, const Expr *record, int32_t location)
{
    Binder *binder = select->binder;
    const RowType *row = row_type_find(binder, record->type);
    for (uint32_t i = 0; i < row->count; i++) {
        Target *target = add_target(select);
        target->expr = bind_record_field(binder, record, i, location);
        target->name = row->fields[i].name;
        target->location = location;
        target->is_named = true;
    }
    return true;
}

static void note_origin(Select *select, Target *target)
{
    const ScopeColumn *column;
    if (target->expr->kind != EXPR_COLUMN ||
        !scope_has_column(&select->state->scope, target->expr->column, &column))
        return;
    target->table_oid = column->table_oid;
    target->attnum = column->attnum;
    if (target->name == NULL)
        target->name = column->name;
}

static bool add_item(Select *select, const PgQuery__ResTarget *item)
{
    Binder *binder = select->binder;
    if (is_star(item->val))
        return add_star(select, item->val->column_ref);
    ExprContext context = select_context(select, CLAUSE_SELECT);
    const Expr *record;
    if (!bind_record_star(binder, &context, item->val, &record))
        return false;
    if (record != NULL)
        return add_record(select, record, bind_location(binder, item->location));
    const Expr *expr = bind_expr(binder, &context, item->val);
    if (expr == NULL)
        return false;
    Target *target = add_target(select);
    target->expr = expr;
    target->location = bind_node_location(binder, item->val);
    if (target->location < 0)
        target->location = bind_location(binder, item->location);
    bool has_alias = item->name[0] != '\0';
    bool is_column = item->val->node_case == PG_QUERY__NODE__NODE_COLUMN_REF;
    if (has_alias)
        target->name = name_made(binder->arena, item->name, binder->dialect);
    note_origin(select, target);
    if (!has_alias && (!is_column || target->name == NULL))
        target->name = bind_figure_name(binder, item->val);
    target->is_named = has_alias || is_column;
    return true;
}

static bool bind_targets(Select *select)
{
    for (size_t i = 0; i < select->statement->n_target_list; i++) {
        if (!add_item(select, select->statement->target_list[i]->res_target))
            return false;
    }
    select->visible = select->count;
    return true;
}

/* Literals that nothing has given a type are texts. */
static bool settle_targets(Select *select)
{
    for (uint32_t i = 0; i < select->count; i++) {
        Target *target = &select->targets[i];
        if (!expr_is_unknown(target->expr))
            continue;
        target->literal = target->expr;
        target->expr = coerce_unknown_to_text(select->binder, target->expr);
        if (target->expr == NULL)
            return false;
    }
    return true;
}

/* --- WHERE, HAVING --- */
static bool bind_filters(Select *select)
{
    const PgQuery__SelectStmt *statement = select->statement;
    if (statement->where_clause != NULL) {
        ExprContext context = {.scope = &select->state->scope,
                               .clause = CLAUSE_WHERE,
                               .applies = &select->where_applies};
        select->where = bind_condition(select->binder, &context, statement->where_clause, "WHERE");
        if (select->where == NULL)
            return false;
    }
    if (statement->having_clause != NULL) {
        ExprContext context = select_context(select, CLAUSE_HAVING);
        select->having =
            bind_condition(select->binder, &context, statement->having_clause, "HAVING");
        if (select->having == NULL)
            return false;
    }
    return true;
}

/* --- names of outputs in ORDER BY and GROUP BY --- */
static Text target_name_at(const void *state, uint32_t i)
{
    return text_of(((const Target *)state)[i].name);
}

bool select_simple_name(const PgQuery__Node *node, SchemaName *name)
{
    bool is_name = node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
                   node->column_ref->n_fields == 1 &&
                   node->column_ref->fields[0]->node_case == PG_QUERY__NODE__NODE_STRING;
    if (is_name)
        *name = name_read(node->column_ref->fields[0]->string->sval);
    return is_name;
}

/* In the druid dialect an expression without an alias has no name that hides a column of FROM:
 * SELECT CAST(x AS VARCHAR) .. ORDER BY x sorts by the column. */
static bool hides_column(const Select *select, SchemaName name, int found)
{
    const FromItem *from = &select->state->scope.from;
    if (found == SCHEMA_NO_MATCH ||
        scope_match(name, from->columns, from->column_count) == SCHEMA_NO_MATCH)
        return false;
    for (uint32_t i = 0; i < select->visible; i++) {
        const Target *target = &select->targets[i];
        if (target->is_named && schema_match_name(name, 1, target_name_at, target) == 0)
            return false;
    }
    return true;
}

/* The visible target of this name: its index, -1 none, -2 fault. Two targets of one name are
 * fine when they are the same. */
int select_target_by_name(Select *select, const PgQuery__Node *node, const char *clause)
{
    SchemaName name;
    if (!select_simple_name(node, &name))
        return -1;
    int found = schema_match_name(name, select->visible, target_name_at, select->targets);
    if (select->binder->dialect == 1 && hides_column(select, name, found))
        return -1;
    bool is_ambiguous = found == SCHEMA_AMBIGUOUS;
    for (uint32_t i = (uint32_t)found + 1; found >= 0 && i < select->visible; i++) {
        const Target *first = &select->targets[found], *other = &select->targets[i];
        is_ambiguous = is_ambiguous || (strcmp(other->name, first->name) == 0 &&
                                        !expr_equal(first->expr, other->expr));
    }
    if (is_ambiguous) {
        bind_fault(select->binder, bind_node_location(select->binder, node), FAULT_AMBIGUOUS_COLUMN,
                   "%s \"%.*s\" is ambiguous", clause, TEXT_ARGS(name.text));
        return -2;
    }
    return found == SCHEMA_NO_MATCH ? -1 : found;
}

static uint32_t find_or_add_target(Select *select, const Expr *expr)
{
    for (uint32_t i = 0; i < select->count; i++) {
        if (expr_equal(select->targets[i].expr, expr))
            return i;
    }
    Target *target = add_target(select);
    target->expr = expr;
    target->name = "sort key";
    target->location = expr->location;
    return select->count - 1;
}

/* ORDER BY: an ordinal, an output's name, else an expression over FROM. DISTINCT ON: the same. */
int select_sort_item(Select *select, const PgQuery__Node *node, const char *clause)
{
    int found = bind_ordinal(select->binder, node, select->visible, clause);
    if (found == -1)
        found = select_target_by_name(select, node, clause);
    if (found != -1)
        return found;
    ExprContext context = select_context(select, CLAUSE_ORDER_BY);
    const Expr *expr = bind_expr(select->binder, &context, node);
    expr = expr == NULL ? NULL : coerce_unknown_to_text(select->binder, expr);
    if (expr == NULL)
        return -2;
    uint32_t target = find_or_add_target(select, expr);
    bool is_plain_distinct =
        select->statement->n_distinct_clause > 0 && !select_is_distinct_on(select->statement);
    if (is_plain_distinct && target >= select->visible) {
        bind_fault(select->binder, bind_node_location(select->binder, node),
                   FAULT_INVALID_COLUMN_REFERENCE,
                   "for SELECT DISTINCT, ORDER BY expressions must appear in select list");
        return -2;
    }
    return (int)target;
}

bool select_is_sortable(Select *select, uint32_t target)
{
    const Target *item = &select->targets[target];
    const TypeInfo *info = type_info(item->expr->type.oid);
    if (info == NULL || info->is_sortable)
        return true;
    bind_fault(select->binder, item->location, FAULT_UNDEFINED_FUNCTION,
               "could not identify an ordering operator for type %s", info->sql_name);
    return fault_hint(select->binder->fault,
                      "Use an explicit ordering operator or modify the query.");
}

static bool bind_order(Select *select)
{
    const PgQuery__SelectStmt *statement = select->statement;
    select->sort_count = (uint32_t)statement->n_sort_clause;
    select->sort_targets = ARENA_ARRAY(select->binder->arena, uint32_t, select->sort_count + 1);
    for (uint32_t i = 0; i < select->sort_count; i++) {
        const PgQuery__SortBy *sort = statement->sort_clause[i]->sort_by;
        if (!bind_check_using(select->binder, sort))
            return false;
        int target = select_sort_item(select, sort->node, "ORDER BY");
        if (target < 0 || !select_is_sortable(select, (uint32_t)target))
            return false;
        select->sort_targets[i] = (uint32_t)target;
    }
    return true;
}

/* --- building --- */
static bool keys_use_series(const Select *select)
{
    for (uint32_t k = 0; k < select->grouping.key_count; k++) {
        for (uint32_t i = 0; i < select->state->series_count; i++) {
            if (expr_uses_column(select->grouping.keys[k].expr, select->state->series[i].column.id))
                return true;
        }
    }
    return false;
}

/* The key, taken apart, that a target is; NULL when it is none. */
static const PlanProjection *multi_value_key_of(const Select *select, const Expr *expr)
{
    for (uint32_t i = 0; i < select->seen.key_count; i++) {
        const PlanProjection *key = &select->seen.keys[i];
        if (select->is_multi_value[i] && expr_same_value(expr, key->expr))
            return key;
    }
    return NULL;
}

static const Plan *build_grouping(Select *select, const Plan *plan)
{
    Binder *binder = select->binder;
    if (!select_check_direct(select))
        return NULL;
    select_see_keys(select);
    for (uint32_t i = 0; i < select->count; i++) {
        Target *target = &select->targets[i];
        const PlanProjection *key = multi_value_key_of(select, target->expr);
        if (key != NULL) {
            target->expr = expr_column(binder->arena, key->column.type, key->column.id,
                                       target->expr->location);
            continue;
        }
        target->expr = grouping_replace(binder, select->state, &select->seen, target->expr);
        if (target->expr == NULL)
            return NULL;
    }
    if (select->having != NULL) {
        select->having = grouping_replace(binder, select->state, &select->seen, select->having);
        if (select->having == NULL)
            return NULL;
    }
    if (!grouping_replace_windows(binder, select->state, &select->seen))
        return NULL;
    if (keys_use_series(select)) { /* grouped by what they give: they run below */
        plan = row_series_attach(binder, select->state, plan);
        select->state->series_count = 0;
        if (plan == NULL)
            return NULL;
    }
    for (uint32_t i = 0; i < select->state->series_count; i++) {
        RowSeries *series = &select->state->series[i].series;
        series->length = grouping_replace(binder, select->state, &select->seen, series->length);
        if (series->length != NULL)
            series->value = grouping_replace(binder, select->state, &select->seen, series->value);
        if (series->length == NULL || series->value == NULL)
            return NULL;
    }
    if (!grouping_check_late_uses(binder, select->state, &select->seen))
        return NULL;
    return select_make_groups(select, plan);
}

static bool is_taken(const Select *select, uint32_t until, ColumnId id)
{
    for (uint32_t i = 0; i < until; i++) {
        if (select->targets[i].column.id == id)
            return true;
    }
    return false;
}

/* A column that only passes through keeps its id, the first time. */
static const Plan *build_projection(Select *select, const Plan *plan)
{
    PlanProjection *items = ARENA_ARRAY(select->binder->arena, PlanProjection, select->count + 1);
    for (uint32_t i = 0; i < select->count; i++) {
        Target *target = &select->targets[i];
        bool passes = target->expr->kind == EXPR_COLUMN && plan->column_count > 0 &&
                      !is_taken(select, i, target->expr->column);
        if (passes) { /* columns of an outer query are computed here */
            passes = false;
            for (uint32_t c = 0; c < plan->column_count && !passes; c++)
                passes = plan->columns[c].id == target->expr->column;
        }
        target->column = passes
                             ? (PlanColumn){target->expr->column, target->expr->type, target->name}
                             : bind_new_column(select->binder, target->expr->type, target->name);
        items[i] = (PlanProjection){target->column, target->expr};
    }
    return plan_project(select->binder->arena, plan, items, select->count);
}

static const Plan *build_distinct(Select *select, const Plan *plan)
{
    PlanProjection *keys = ARENA_ARRAY(select->binder->arena, PlanProjection, select->visible + 1);
    bool *is_multi_value = ARENA_ARRAY(select->binder->arena, bool, select->visible + 1);
    for (uint32_t i = 0; i < select->visible; i++) {
        PlanColumn *column = &select->targets[i].column;
        const TypeInfo *info = type_info(column->type.oid);
        bool is_document = select->binder->dialect == 1 && column->type.oid == T_JSON;
        if (info != NULL && !info->is_comparable && !is_document)
            return bind_fault(select->binder, select->targets[i].location, FAULT_UNDEFINED_FUNCTION,
                              "could not identify an equality operator for type %s",
                              info->sql_name),
                   NULL;
        keys[i] = (PlanProjection){
            *column, expr_column(select->binder->arena, column->type, column->id, -1)};
        is_multi_value[i] = multi_value_is_key(select->binder, plan, keys[i].expr);
        if (is_multi_value[i]) {
            SqlType type = column->type.oid == T_TEXT_ARRAY ? SQL_TYPE(T_TEXT) : column->type;
            keys[i].column = *column = bind_new_column(select->binder, type, column->name);
        }
    }
    plan = multi_value_take_apart(select->binder, plan, keys, is_multi_value, select->visible);
    return plan == NULL
               ? NULL
               : plan_aggregate(select->binder->arena, plan, keys, select->visible, NULL, 0);
}

static const Plan *build_sort(Select *select, const Plan *plan)
{
    PlanSortKey *keys = ARENA_ARRAY(select->binder->arena, PlanSortKey, select->sort_count);
    for (uint32_t i = 0; i < select->sort_count; i++) {
        const PgQuery__SortBy *sort = select->statement->sort_clause[i]->sort_by;
        const PlanColumn *column = &select->targets[select->sort_targets[i]].column;
        bool is_descending = bind_is_descending(sort);
        keys[i] =
            (PlanSortKey){expr_column(select->binder->arena, column->type, column->id, -1),
                          is_descending, bind_nulls_first(select->binder, sort, is_descending)};
    }
    return plan_sort(select->binder->arena, plan, keys, select->sort_count);
}

/* Leaves the sort keys out that nobody asked to see. */
static const Plan *build_trim(Select *select, const Plan *plan)
{
    PlanProjection *items = ARENA_ARRAY(select->binder->arena, PlanProjection, select->visible + 1);
    for (uint32_t i = 0; i < select->visible; i++) {
        const PlanColumn *column = &select->targets[i].column;
        items[i] = (PlanProjection){
            *column, expr_column(select->binder->arena, column->type, column->id, -1)};
    }
    return plan_project(select->binder->arena, plan, items, select->visible);
}

static const Plan *build(Select *select)
{
    Binder *binder = select->binder;
    const Plan *plan = select->state->scope.from.plan;
    plan = apply_list_attach(binder, &select->where_applies, plan);
    if (select->where != NULL)
        plan = plan_filter(binder->arena, plan, select->where);
    if (select->is_grouped)
        plan = build_grouping(select, plan);
    else
        plan = apply_list_attach(binder, &select->state->before, plan);
    if (plan == NULL)
        return NULL;
    plan = apply_list_attach(binder, &select->state->after, plan);
    if (select->having != NULL)
        plan = plan_filter(binder->arena, plan, select->having);
    plan = windows_attach(binder, select->state, plan);
    plan = row_series_attach(binder, select->state, plan);
    if (plan == NULL)
        return NULL;
    plan = build_projection(select, plan);
    if (select_is_distinct_on(select->statement))
        plan = select_make_distinct_on(select, plan);
    else if (select->statement->n_distinct_clause > 0)
        plan = build_distinct(select, plan);
    if (plan != NULL && select->sort_count > 0)
        plan = build_sort(select, plan);
    if (plan != NULL)
        plan = bind_limit(binder, select->statement, &select->state->scope, plan);
    if (plan != NULL && select->count > select->visible)
        plan = build_trim(select, plan);
    return plan;
}

static void set_outputs(Select *select, bool keeps_unknown, QueryResult *result)
{
    result->count = select->visible;
    result->columns = ARENA_ARRAY(select->binder->arena, OutputColumn, select->visible + 1);
    for (uint32_t i = 0; i < select->visible; i++) {
        const Target *target = &select->targets[i];
        result->columns[i] = (OutputColumn){
            .column = target->column,
            .table_oid = target->table_oid,
            .attnum = target->attnum,
            .literal = keeps_unknown ? target->literal : NULL,
            .location = target->location,
            .is_named = target->is_named,
        };
    }
}

static bool check_supported(Binder *binder, const PgQuery__SelectStmt *statement)
{
    if (statement->into_clause != NULL && statement != binder->tree->node->select_stmt)
        return bind_fault(binder, bind_location(binder, statement->into_clause->rel->location),
                          FAULT_SYNTAX_ERROR, "SELECT ... INTO is not allowed here");
    return true;
}

static bool bind_read_from(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope)
{
    if (statement != binder->given_to)
        return bind_from(binder, scope, statement->from_clause, statement->n_from_clause);
    scope->from = *binder->given_from;
    return true;
}

bool bind_select(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope_parent,
                 bool keeps_unknown, QueryResult *result)
{
    SelectState *state = ARENA_NEW(binder->arena, SelectState);
    Select select = {.binder = binder, .statement = statement, .state = state};
    /* The query's own scope holds its CTEs; the names of FROM are added to it. */
    state->scope = *scope_parent;
    state->scope.select = state;
    if (!check_supported(binder, statement) ||
        !bind_read_from(binder, statement, &state->scope) ||
        !windows_bind_named(binder, state, statement) || !bind_targets(&select) ||
        !bind_filters(&select) || !bind_order(&select) || !select_bind_distinct_on(&select) ||
        !settle_targets(&select) || !select_bind_group(&select) ||
        !bind_locking(binder, statement, state))
        return false;
    bool is_returning = statement == binder->given_to && statement->n_group_clause == 0;
    if (is_returning && state->aggregate_count > 0)
        return bind_fault(binder, state->aggregates[0].expr->location, FAULT_GROUPING_ERROR,
                          "aggregate functions are not allowed in RETURNING");
    if (state->scope.from.has_working && state->aggregate_count > 0)
        return bind_fault(binder, state->aggregates[0].expr->location, FAULT_INVALID_RECURSION,
                          "aggregate functions are not allowed in a recursive query's recursive "
                          "term");
    result->plan = build(&select);
    if (result->plan == NULL)
        return false;
    set_outputs(&select, keeps_unknown, result);
    return true;
}

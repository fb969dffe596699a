/*
 * SEARCH and CYCLE of a recursive query: columns that the recursion carries beside its own.
 *
 *     SEARCH DEPTH FIRST BY a SET s     s: the rows (a) from the first one to this, in order
 *     SEARCH BREADTH FIRST BY a SET s   s: the row (depth, a)
 *     CYCLE a SET m TO x DEFAULT y USING p
 *                                       p: the rows (a) on the way; m: x where this one is among
 *                                       those before it, and then the recursion ends there
 *
 * The first term computes their beginnings. The step is bound with references to them as further
 * outputs, from which a projection above it makes their next values. In the step their names can
 * be used, but * does not mention them. (SQL:2016, 7.18; what PostgreSQL rewrites them to.)
 */
#include "engine/sql/bind_search_internal.h"

static const PgQuery__CTESearchClause *search_of(const CommonTable *cte)
{
    return cte->node->search_clause;
}

static const PgQuery__CTECycleClause *cycle_of(const CommonTable *cte)
{
    return cte->node->cycle_clause;
}

bool search_has_extras(const CommonTable *cte)
{
    return search_of(cte) != NULL || cycle_of(cte) != NULL;
}

/* --- what the clauses say --- */

static int find_column(const PlanColumn *columns, uint32_t count, const char *marked)
{
    for (uint32_t i = 0; i < count; i++) {
        if (name_is(marked, columns[i].name))
            return (int)i;
    }
    return -1;
}

/* The columns of a BY or CYCLE list. */
static bool find_list(Binder *binder, PgQuery__Node *const *list, size_t count,
                      const Recursion *recursion, const char *kind, int32_t location,
                      uint32_t *places)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = list[i]->string->sval;
        int found = find_column(recursion->columns, recursion->count, name);
        if (found < 0)
            return bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                              "%s column \"%s\" not in WITH query column list", kind,
                              name_plain(name));
        for (size_t k = 0; k < i; k++) {
            if (places[k] == (uint32_t)found)
                return bind_fault(binder, location, FAULT_DUPLICATE_COLUMN,
                                  "%s column \"%s\" specified more than once", kind,
                                  name_plain(name));
        }
        places[i] = (uint32_t)found;
    }
    return true;
}

static bool is_new_name(Binder *binder, const Recursion *recursion, const char *name,
                        const char *kind, int32_t location)
{
    return find_column(recursion->columns, recursion->count, name) < 0 ||
           bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                      "%s column name \"%s\" already used in WITH query column list", kind,
                      name_plain(name));
}

static bool differ(Binder *binder, const char *a, const char *b, const char *kinds,
                   int32_t location)
{
    return strcmp(name_plain(a), name_plain(b)) != 0 ||
           bind_fault(binder, location, FAULT_SYNTAX_ERROR, "%s column name are the same", kinds);
}

static bool check_search(Extras *extras)
{
    const PgQuery__CTESearchClause *search = search_of(extras->cte);
    int32_t location = bind_location(extras->binder, search->location);
    extras->search_count = (uint32_t)search->n_search_col_list;
    extras->search = ARENA_ARRAY(extras->binder->arena, uint32_t, extras->search_count + 1);
    return find_list(extras->binder, search->search_col_list, search->n_search_col_list,
                     extras->recursion, "search", location, extras->search) &&
           is_new_name(extras->binder, extras->recursion, search->search_seq_column,
                       "search sequence", location);
}

static bool bind_marks(Extras *extras)
{
    const PgQuery__CTECycleClause *cycle = cycle_of(extras->cte);
    Scope nothing = {0};
    ExprContext context = {.scope = &nothing, .clause = CLAUSE_VALUES};
    int32_t location = bind_location(extras->binder, cycle->location);
    extras->marks[0] = bind_expr(extras->binder, &context, cycle->cycle_mark_value);
    extras->marks[1] = extras->marks[0] == NULL
                           ? NULL
                           : bind_expr(extras->binder, &context, cycle->cycle_mark_default);
    return extras->marks[1] != NULL &&
           coerce_to_common(extras->binder, extras->marks, 2, "CYCLE", &extras->mark_type,
                            location);
}

static bool check_cycle(Extras *extras)
{
    Binder *binder = extras->binder;
    const PgQuery__CTECycleClause *cycle = cycle_of(extras->cte);
    const PgQuery__CTESearchClause *search = search_of(extras->cte);
    const char *mark = cycle->cycle_mark_column, *path = cycle->cycle_path_column;
    int32_t location = bind_location(binder, cycle->location);
    extras->cycle_count = (uint32_t)cycle->n_cycle_col_list;
    extras->cycle = ARENA_ARRAY(binder->arena, uint32_t, extras->cycle_count + 1);
    if (!find_list(binder, cycle->cycle_col_list, cycle->n_cycle_col_list, extras->recursion,
                   "cycle", location, extras->cycle) ||
        !bind_marks(extras) ||
        !is_new_name(binder, extras->recursion, mark, "cycle mark", location) ||
        !is_new_name(binder, extras->recursion, path, "cycle path", location) ||
        !differ(binder, mark, path, "cycle mark column name and cycle path", location))
        return false;
    return search == NULL ||
           (differ(binder, search->search_seq_column, mark,
                   "search sequence column name and cycle mark", location) &&
            differ(binder, search->search_seq_column, path,
                   "search sequence column name and cycle path", location));
}

/* Where the step's FROM names the recursion: what the reference is called there. */
static const char *reference_name(PgQuery__Node *const *items, size_t count, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < count && found == NULL; i++) {
        const PgQuery__Node *node = items[i];
        if (node->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
            const PgQuery__RangeVar *range = node->range_var;
            if (range->schemaname[0] == '\0' && name_is(range->relname, name))
                found = range->alias != NULL ? range->alias->aliasname : range->relname;
        } else if (node->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
            PgQuery__Node *sides[2] = {node->join_expr->larg, node->join_expr->rarg};
            found = reference_name(sides, 2, name);
        }
    }
    return found;
}

static bool check_terms(Extras *extras)
{
    const PgQuery__SelectStmt *statement = extras->cte->node->ctequery->select_stmt;
    int32_t location = bind_location(extras->binder, extras->cte->node->location);
    const char *side = statement->larg->op != PG_QUERY__SET_OPERATION__SETOP_NONE   ? "left"
                       : statement->rarg->op != PG_QUERY__SET_OPERATION__SETOP_NONE ? "right"
                                                                                     : NULL;
    if (side != NULL)
        return bind_fault(extras->binder, location, FAULT_SYNTAX_ERROR,
                          "with a SEARCH or CYCLE clause, the %s side of the UNION must be a "
                          "SELECT",
                          side);
    extras->reference =
        reference_name(statement->rarg->from_clause, statement->rarg->n_from_clause,
                       name_plain(extras->cte->node->ctename));
    return extras->reference != NULL ||
           bind_fault(extras->binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                      "with a SEARCH or CYCLE clause, the recursive reference to WITH query "
                      "\"%s\" must be at the top level of its right-hand SELECT",
                      extras->cte->name);
}

/* --- values --- */

static const Expr *column_of(const Extras *extras, const PlanColumn *column)
{
    return expr_column(extras->binder->arena, column->type, column->id, -1);
}

/* ROW(depth, columns); `depth` may be NULL. */
static const Expr *row_of(const Extras *extras, const Expr *depth, const PlanColumn *columns,
                          const uint32_t *places, uint32_t count)
{
    const Expr **values = ARENA_ARRAY(extras->binder->arena, const Expr *, count + 1);
    uint32_t used = 0;
    if (depth != NULL)
        values[used++] = depth;
    for (uint32_t i = 0; i < count; i++)
        values[used++] = column_of(extras, &columns[places[i]]);
    return bind_record(extras->binder, values, NULL, used, -1);
}

static bool is_breadth_first(const Extras *extras)
{
    return search_of(extras->cte) != NULL && search_of(extras->cte)->search_breadth_first;
}

static bool add_extra(Extras *extras, const char *marked, const Expr *value)
{
    Recursion *recursion = extras->recursion;
    if (value == NULL)
        return false;
    extras->values[extras->value_count++] = value;
    recursion->columns[recursion->count++] = bind_new_column(
        extras->binder, value->type,
        name_made(extras->binder->arena, marked, extras->binder->dialect));
    return true;
}

static const Expr *array_of_row(const Extras *extras, const Expr *row)
{
    return row == NULL ? NULL : bind_array_of(extras->binder, &row, 1, row->type, -1);
}

static const Plan *project_extras(const Extras *extras, const Plan *plan,
                                  const PlanColumn *columns, uint32_t own)
{
    PlanProjection *items =
        ARENA_ARRAY(extras->binder->arena, PlanProjection, own + extras->value_count);
    for (uint32_t i = 0; i < own; i++)
        items[i] = (PlanProjection){columns[i], column_of(extras, &columns[i])};
    for (uint32_t i = 0; i < extras->value_count; i++) {
        const Expr *value = extras->values[i];
        items[own + i] = (PlanProjection){
            bind_new_column(extras->binder, value->type, "extra"), value};
    }
    return plan_project(extras->binder->arena, plan, items, own + extras->value_count);
}

const Plan *search_begin(Extras *extras, const Plan *first)
{
    Recursion *recursion = extras->recursion;
    uint32_t own = recursion->count;
    PlanColumn *columns = ARENA_ARRAY(extras->binder->arena, PlanColumn, own + MAX_EXTRAS);
    if ((search_of(extras->cte) != NULL && !check_search(extras)) ||
        (cycle_of(extras->cte) != NULL && !check_cycle(extras)) || !check_terms(extras))
        return NULL;
    memcpy(columns, recursion->columns, own * sizeof *columns);
    recursion->columns = columns;
    recursion->hidden_from = own;
    if (search_of(extras->cte) != NULL) {
        bool is_breadth = is_breadth_first(extras);
        const Expr *depth =
            is_breadth ? expr_int64(extras->binder->arena, SQL_TYPE(T_INT8), 0, -1) : NULL;
        const Expr *row = row_of(extras, depth, columns, extras->search, extras->search_count);
        if (!add_extra(extras, search_of(extras->cte)->search_seq_column,
                       is_breadth ? row : array_of_row(extras, row)))
            return NULL;
    }
    if (cycle_of(extras->cte) != NULL) {
        const Expr *row = row_of(extras, NULL, columns, extras->cycle, extras->cycle_count);
        if (!add_extra(extras, cycle_of(extras->cte)->cycle_mark_column, extras->marks[1]) ||
            !add_extra(extras, cycle_of(extras->cte)->cycle_path_column,
                       array_of_row(extras, row)))
            return NULL;
    }
    return project_extras(extras, first, columns, own);
}

/* --- the step --- */

static PgQuery__Node *text_node(Arena *arena, const char *text)
{
    PgQuery__Node *node = ARENA_NEW(arena, PgQuery__Node);
    PgQuery__String *string = ARENA_NEW(arena, PgQuery__String);
    pg_query__node__init(node);
    pg_query__string__init(string);
    string->sval = arena_strdup(arena, text);
    node->node_case = PG_QUERY__NODE__NODE_STRING;
    node->string = string;
    return node;
}

/* reference.column as an item of a select list. */
static PgQuery__Node *target_node(Arena *arena, const char *reference, const char *column)
{
    PgQuery__Node *node = ARENA_NEW(arena, PgQuery__Node), *value = ARENA_NEW(arena, PgQuery__Node);
    PgQuery__ResTarget *target = ARENA_NEW(arena, PgQuery__ResTarget);
    PgQuery__ColumnRef *name = ARENA_NEW(arena, PgQuery__ColumnRef);
    pg_query__node__init(node);
    pg_query__node__init(value);
    pg_query__res_target__init(target);
    pg_query__column_ref__init(name);
    name->n_fields = 2;
    name->fields = ARENA_ARRAY(arena, PgQuery__Node *, 2);
    name->fields[0] = text_node(arena, reference);
    name->fields[1] = text_node(arena, column);
    name->location = target->location = -1;
    value->node_case = PG_QUERY__NODE__NODE_COLUMN_REF;
    value->column_ref = name;
    target->val = value;
    node->node_case = PG_QUERY__NODE__NODE_RES_TARGET;
    node->res_target = target;
    return node;
}

const PgQuery__SelectStmt *search_step(const Extras *extras, const PgQuery__SelectStmt *step)
{
    Arena *arena = extras->binder->arena;
    PgQuery__SelectStmt *copy = ARENA_NEW(arena, PgQuery__SelectStmt);
    const char *names[MAX_EXTRAS];
    uint32_t count = 0;
    if (search_of(extras->cte) != NULL)
        names[count++] = search_of(extras->cte)->search_seq_column;
    if (cycle_of(extras->cte) != NULL) {
        names[count++] = cycle_of(extras->cte)->cycle_mark_column;
        names[count++] = cycle_of(extras->cte)->cycle_path_column;
    }
    *copy = *step;
    copy->target_list = ARENA_ARRAY(arena, PgQuery__Node *, step->n_target_list + count);
    memcpy(copy->target_list, step->target_list, step->n_target_list * sizeof *copy->target_list);
    for (uint32_t i = 0; i < count; i++)
        copy->target_list[copy->n_target_list++] =
            target_node(arena, extras->reference, names[i]);
    return copy;
}

static const Expr *next_of_search(const Extras *extras, const PlanColumn *columns,
                                  const Expr *before)
{
    Binder *binder = extras->binder;
    if (!is_breadth_first(extras)) {
        const Expr *pair[2] = {
            before, row_of(extras, NULL, columns, extras->search, extras->search_count)};
        return pair[1] == NULL ? NULL : bind_call(binder, "array_append", pair, 2, -1);
    }
    const Expr *depth = bind_record_field(binder, before, 0, -1);
    depth = depth == NULL ? NULL
                          : bind_operator(binder, "+", depth,
                                          expr_int64(binder->arena, SQL_TYPE(T_INT8), 1, -1), -1);
    return depth == NULL
               ? NULL
               : row_of(extras, depth, columns, extras->search, extras->search_count);
}

static bool next_of_cycle(Extras *extras, const PlanColumn *columns, const Expr *path)
{
    Binder *binder = extras->binder;
    const Expr *row = row_of(extras, NULL, columns, extras->cycle, extras->cycle_count);
    const Expr *pair[2] = {path, row};
    const Expr *is_met =
        row == NULL ? NULL : bind_any_array(binder, "=", row, path, false, -1);
    const Expr *next = is_met == NULL ? NULL : bind_call(binder, "array_append", pair, 2, -1);
    if (next == NULL)
        return false;
    const Expr *parts[3] = {is_met, extras->marks[0], extras->marks[1]};
    extras->values[extras->value_count++] =
        expr_nary(binder->arena, EXPR_CASE, extras->mark_type, parts, 3, -1);
    extras->values[extras->value_count++] = next;
    return true;
}

const Plan *search_go_on(Extras *extras, const Plan *step, const PlanColumn *columns)
{
    Binder *binder = extras->binder;
    uint32_t own = extras->recursion->hidden_from;
    const PlanColumn *before = columns + own;
    extras->value_count = 0;
    if (search_of(extras->cte) != NULL) {
        const Expr *next = next_of_search(extras, columns, column_of(extras, before++));
        if (next == NULL)
            return NULL;
        extras->values[extras->value_count++] = next;
    }
    if (cycle_of(extras->cte) != NULL) { /* nothing goes on from where a cycle was closed */
        const Expr *is_open =
            bind_operator(binder, "<>", column_of(extras, before), extras->marks[0], -1);
        if (is_open == NULL || !next_of_cycle(extras, columns, column_of(extras, before + 1)))
            return NULL;
        step = plan_filter(binder->arena, step, is_open);
    }
    return project_extras(extras, step, columns, own);
}

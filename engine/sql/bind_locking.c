/*
 * FOR UPDATE, FOR SHARE and their kin. A query reads segments that never change, so there is no row
 * that could be locked: the clause is checked as PostgreSQL checks it, and means nothing more.
 */
#include "engine/sql/bind_internal.h"

static const char *strength_name(const PgQuery__LockingClause *clause)
{
    switch (clause->strength) {
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORKEYSHARE:
        return "FOR KEY SHARE";
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORSHARE:
        return "FOR SHARE";
    case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORNOKEYUPDATE:
        return "FOR NO KEY UPDATE";
    default:
        return "FOR UPDATE";
    }
}

/* What of the query does not go together with locks; NULL: nothing. */
static const char *obstacle(const PgQuery__SelectStmt *statement, const SelectState *state)
{
    if (statement->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
        return "UNION/INTERSECT/EXCEPT";
    if (statement->n_distinct_clause > 0)
        return "DISTINCT clause";
    if (statement->n_group_clause > 0)
        return "GROUP BY clause";
    if (statement->having_clause != NULL)
        return "HAVING clause";
    if (state != NULL && state->aggregate_count > 0)
        return "aggregate functions";
    if (state != NULL && state->window_count > 0)
        return "window functions";
    if (state != NULL && state->series_count > 0)
        return "set-returning functions in the target list";
    return NULL;
}

/* --- OF name --- */
typedef struct LockSearch {
    Binder *binder;
    Scope *scope;
    SchemaName name;
    bool is_found;
    const char *refused; /* what the name stands for, when that cannot be locked */
} LockSearch;

static Text the_name(const void *state, uint32_t i)
{
    (void)i;
    return text_of(state);
}

static void note(LockSearch *search, const char *marked, const char *refused)
{
    if (search->is_found || marked == NULL || marked[0] == '\0')
        return;
    const char *name = name_made(search->binder->arena, marked, search->binder->dialect);
    if (schema_match_name(search->name, 1, the_name, name) != 0)
        return;
    search->is_found = true;
    search->refused = refused;
}

static const char *alias_of(const PgQuery__Alias *alias)
{
    return alias != NULL ? alias->aliasname : NULL;
}

static void look_at_relation(LockSearch *search, const PgQuery__RangeVar *range)
{
    Scope *owner;
    uint32_t index;
    bool is_cte = range->schemaname[0] == '\0' &&
                  scope_find_cte(search->scope, name_read(range->relname), &owner, &index) != NULL;
    const char *alias = alias_of(range->alias);
    note(search, alias != NULL ? alias : range->relname, is_cte ? "a WITH query" : NULL);
}

static void look_at_item(LockSearch *search, const PgQuery__Node *node)
{
    if (node == NULL)
        return;
    if (node->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
        look_at_relation(search, node->range_var);
    } else if (node->node_case == PG_QUERY__NODE__NODE_RANGE_SUBSELECT) {
        const PgQuery__Node *query = node->range_subselect->subquery;
        bool is_values = query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT &&
                         query->select_stmt->n_values_lists > 0;
        note(search, alias_of(node->range_subselect->alias), is_values ? "VALUES" : NULL);
    } else if (node->node_case == PG_QUERY__NODE__NODE_RANGE_FUNCTION) {
        note(search, alias_of(node->range_function->alias), "a function");
    } else if (node->node_case == PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE) {
        look_at_item(search, node->range_table_sample->relation);
    } else if (node->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
        const PgQuery__JoinExpr *join = node->join_expr;
        note(search, alias_of(join->alias), "a join");
        if (join->alias != NULL) /* it hides the names within */
            return;
        note(search, alias_of(join->join_using_alias), "a join");
        look_at_item(search, join->larg);
        look_at_item(search, join->rarg);
    }
}

static bool check_name(Binder *binder, const PgQuery__SelectStmt *statement, SelectState *state,
                       const PgQuery__LockingClause *clause, const PgQuery__RangeVar *range)
{
    const char *strength = strength_name(clause);
    int32_t location = bind_location(binder, range->location);
    if (range->schemaname[0] != '\0')
        return bind_fault(binder, location, FAULT_SYNTAX_ERROR,
                          "%s must specify unqualified relation names", strength);
    LockSearch search = {
        .binder = binder, .scope = &state->scope, .name = name_read(range->relname)};
    for (size_t i = 0; i < statement->n_from_clause; i++)
        look_at_item(&search, statement->from_clause[i]);
    if (!search.is_found)
        return bind_fault(binder, location, FAULT_UNDEFINED_TABLE,
                          "relation \"%.*s\" in %s clause not found in FROM clause",
                          TEXT_ARGS(search.name.text), strength);
    if (search.refused != NULL)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "%s cannot be applied to %s", strength, search.refused);
    return true;
}

bool bind_locking(Binder *binder, const PgQuery__SelectStmt *statement, SelectState *state)
{
    for (size_t i = 0; i < statement->n_locking_clause; i++) {
        const PgQuery__LockingClause *clause = statement->locking_clause[i]->locking_clause;
        const char *strength = strength_name(clause);
        const char *what = obstacle(statement, state);
        if (what != NULL)
            return bind_fault(binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                              "%s is not allowed with %s", strength, what);
        if (state == NULL)
            return bind_fault(binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                              "%s cannot be applied to VALUES", strength);
        for (size_t k = 0; k < clause->n_locked_rels; k++) {
            if (!check_name(binder, statement, state, clause, clause->locked_rels[k]->range_var))
                return false;
        }
    }
    return true;
}

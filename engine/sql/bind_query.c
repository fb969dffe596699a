/*
 * A query: WITH around a SELECT, a set operation or VALUES; and ORDER BY over outputs.
 */
#include "engine/sql/bind_internal.h"

enum { MAX_EXPANSIONS = 2000 };

bool bind_count_expansion(Binder *binder, int32_t location)
{
    if (++binder->expansions <= MAX_EXPANSIONS)
        return true;
    bind_fault(binder, location, FAULT_STATEMENT_TOO_COMPLEX,
               "the query expands to more than %d subqueries", MAX_EXPANSIONS);
    return fault_hint(binder->fault, "Common table expressions that refer to each other several "
                                     "times multiply.");
}

static bool bind_body(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope,
                      bool keeps_unknown, QueryResult *result)
{
    if (statement->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
        return bind_locking(binder, statement, NULL) &&
               bind_set_operation(binder, statement, scope, result);
    if (statement->n_values_lists > 0)
        return bind_locking(binder, statement, NULL) &&
               bind_values(binder, statement, scope, keeps_unknown, result);
    return bind_select(binder, statement, scope, keeps_unknown, result);
}

bool bind_query(Binder *binder, const PgQuery__SelectStmt *statement, Scope *parent,
                ExprContext *parent_context, bool keeps_unknown, QueryResult *result)
{
    /* A scope of its own, so that the CTEs stand between this query and the outer one. */
    Scope *scope = ARENA_NEW(binder->arena, Scope);
    scope->parent = parent;
    scope->parent_context = parent_context;
    *result = (QueryResult){.sort_location = -1, .limit_location = -1};
    if (statement->with_clause != NULL && !bind_with(binder, scope, statement->with_clause))
        return false;
    bool is_shared = false;
    if (!bind_body(binder, statement, scope, keeps_unknown, result) ||
        !bind_shared_ctes(binder, scope, &is_shared))
        return false;
    if (is_shared) { /* once more, now over the rows that are there once */
        *result = (QueryResult){.sort_location = -1, .limit_location = -1};
        if (!bind_body(binder, statement, scope, keeps_unknown, result))
            return false;
        bind_share_rows(binder, scope, result);
    }
    result->is_sorted = statement->n_sort_clause > 0;
    result->is_limited = statement->limit_count != NULL;
    result->has_offset = statement->limit_offset != NULL;
    if (result->is_sorted)
        result->sort_location =
            bind_node_location(binder, statement->sort_clause[0]->sort_by->node);
    if (result->is_limited || result->has_offset)
        result->limit_location = bind_node_location(
            binder, result->is_limited ? statement->limit_count : statement->limit_offset);
    return bind_unused_ctes(binder, scope);
}

/* --- ORDER BY --- */
static const char *using_operator(const PgQuery__SortBy *sort)
{
    return bind_operator_name(sort->use_op, sort->n_use_op);
}

bool bind_check_using(Binder *binder, const PgQuery__SortBy *sort)
{
    if (sort->sortby_dir != PG_QUERY__SORT_BY_DIR__SORTBY_USING)
        return true;
    const char *symbol = using_operator(sort);
    if (strcmp(symbol, "<") == 0 || strcmp(symbol, ">") == 0)
        return true;
    bind_fault(binder, bind_location(binder, sort->location), FAULT_WRONG_OBJECT_TYPE,
               "operator %s is not a valid ordering operator", symbol);
    return fault_hint(binder->fault, "Ordering operators must be \"<\" or \">\" members of btree "
                                     "operator families.");
}

bool bind_is_descending(const PgQuery__SortBy *sort)
{
    return sort->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC ||
           (sort->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING &&
            strcmp(using_operator(sort), ">") == 0);
}

bool bind_nulls_first(const Binder *binder, const PgQuery__SortBy *sort, bool is_descending)
{
    if (sort->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST)
        return true;
    if (sort->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST)
        return false;
    /* PostgreSQL: NULL is the greatest value; Druid: the least. */
    return binder->dialect == 0 ? is_descending : !is_descending;
}

int bind_ordinal(Binder *binder, const PgQuery__Node *node, uint32_t count, const char *clause)
{
    if (node->node_case != PG_QUERY__NODE__NODE_A_CONST)
        return -1;
    const PgQuery__AConst *constant = node->a_const;
    int32_t location = bind_location(binder, constant->location);
    if (constant->isnull || constant->val_case != PG_QUERY__A__CONST__VAL_IVAL) {
        bind_fault(binder, location, FAULT_SYNTAX_ERROR, "non-integer constant in %s", clause);
        return -2;
    }
    int32_t position = constant->ival->ival;
    if (position < 1 || (uint32_t)position > count) {
        bind_fault(binder, location, FAULT_INVALID_COLUMN_REFERENCE,
                   "%s position %d is not in select list", clause, position);
        return -2;
    }
    return position - 1;
}

static Text output_name_at(const void *state, uint32_t i)
{
    return text_of(((const OutputColumn *)state)[i].column.name);
}

static int find_output(Binder *binder, const PgQuery__Node *node, const QueryResult *result)
{
    int found = bind_ordinal(binder, node, result->count, "ORDER BY");
    if (found != -1)
        return found;
    int32_t location = bind_node_location(binder, node);
    bool is_name = node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
                   node->column_ref->n_fields == 1 &&
                   node->column_ref->fields[0]->node_case == PG_QUERY__NODE__NODE_STRING;
    if (!is_name) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "invalid UNION/INTERSECT/EXCEPT ORDER BY clause");
        fault_detail(binder->fault, "Only result column names can be used, not expressions or "
                                    "functions.");
        fault_hint(binder->fault, "Add the expression/function to every SELECT, or move the UNION "
                                  "into a FROM clause.");
        return -2;
    }
    SchemaName name = name_read(node->column_ref->fields[0]->string->sval);
    found = schema_match_name(name, result->count, output_name_at, result->columns);
    if (found >= 0)
        return found;
    if (found == SCHEMA_AMBIGUOUS)
        bind_fault(binder, location, FAULT_AMBIGUOUS_COLUMN, "ORDER BY \"%.*s\" is ambiguous",
                   TEXT_ARGS(name.text));
    else
        bind_fault(binder, location, FAULT_UNDEFINED_COLUMN, "column \"%.*s\" does not exist",
                   TEXT_ARGS(name.text));
    return -2;
}

const Plan *bind_sort_outputs(Binder *binder, const PgQuery__SelectStmt *statement,
                              const QueryResult *result)
{
    if (statement->n_sort_clause == 0)
        return result->plan;
    PlanSortKey *keys = ARENA_ARRAY(binder->arena, PlanSortKey, statement->n_sort_clause);
    for (size_t i = 0; i < statement->n_sort_clause; i++) {
        const PgQuery__SortBy *sort = statement->sort_clause[i]->sort_by;
        int output = bind_check_using(binder, sort) ? find_output(binder, sort->node, result) : -1;
        if (output < 0)
            return NULL;
        const PlanColumn *column = &result->columns[output].column;
        bool is_descending = bind_is_descending(sort);
        keys[i] = (PlanSortKey){expr_column(binder->arena, column->type, column->id, -1),
                                is_descending, bind_nulls_first(binder, sort, is_descending)};
    }
    return plan_sort(binder->arena, result->plan, keys, (uint32_t)statement->n_sort_clause);
}

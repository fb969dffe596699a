/*
 * WITH RECURSIVE: `first UNION [ALL] step`, where the step names the query itself once.
 *
 * The first term gives the columns their names and types; in the step the query's own name is a
 * Working node with these columns. What PostgreSQL forbids in a step is forbidden here: the name
 * in a subquery of an expression, on the side of an outer join that may be missing, under EXCEPT,
 * more than once; aggregates beside it.
 */
#include "engine/sql/bind_search_internal.h"

/* --- whether a query names itself --- */

/* The first relation of this name without a schema in a tree; NULL none. */
static const PgQuery__RangeVar *find_name(const ProtobufCMessage *message, const char *name);

static const PgQuery__RangeVar *find_in_field(const ProtobufCMessage *message,
                                              const ProtobufCFieldDescriptor *field,
                                              const char *name)
{
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return NULL;
    const char *base = (const char *)message;
    bool is_one_of = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (is_one_of && *(const uint32_t *)(base + field->quantifier_offset) != field->id)
        return NULL;
    bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
    size_t count = is_list ? *(const size_t *)(base + field->quantifier_offset) : 1;
    const ProtobufCMessage *const *items =
        is_list ? *(const ProtobufCMessage *const *const *)(base + field->offset)
                : (const ProtobufCMessage *const *)(base + field->offset);
    const PgQuery__RangeVar *found = NULL;
    for (size_t i = 0; i < count && found == NULL; i++)
        found = items[i] == NULL ? NULL : find_name(items[i], name);
    return found;
}

/* Where its WITH has a query of this name, the name means that one: in the whole of WITH RECURSIVE,
 * else behind it. *found is then what lies before. */
static bool is_hidden_by_with(const ProtobufCMessage *message, const char *name,
                              const PgQuery__RangeVar **found)
{
    if (message->descriptor != &pg_query__select_stmt__descriptor)
        return false;
    const PgQuery__WithClause *with = ((const PgQuery__SelectStmt *)message)->with_clause;
    size_t count = with == NULL ? 0 : with->n_ctes, at = 0;
    while (at < count && !name_is(with->ctes[at]->common_table_expr->ctename, name))
        at++;
    if (at == count)
        return false;
    *found = NULL;
    for (size_t i = 0; i <= at && *found == NULL && !with->recursive; i++)
        *found = find_name(&with->ctes[i]->common_table_expr->ctequery->base, name);
    return true;
}

static const PgQuery__RangeVar *find_name(const ProtobufCMessage *message, const char *name)
{
    const PgQuery__RangeVar *found = NULL;
    if (is_hidden_by_with(message, name, &found))
        return found;
    if (message->descriptor == &pg_query__range_var__descriptor) {
        const PgQuery__RangeVar *range = (const PgQuery__RangeVar *)message;
        if (range->schemaname[0] == '\0' && name_is(range->relname, name))
            return range;
    }
    for (unsigned i = 0; i < message->descriptor->n_fields && found == NULL; i++)
        found = find_in_field(message, &message->descriptor->fields[i], name);
    return found;
}

bool recursion_is_self(const Scope *owner, const CommonTable *cte)
{
    return owner->is_recursive &&
           find_name(&cte->node->ctequery->select_stmt->base, name_plain(cte->node->ctename)) !=
               NULL;
}

/* --- the form --- */

static bool check_form(Binder *binder, const CommonTable *cte)
{
    const PgQuery__SelectStmt *statement = cte->node->ctequery->select_stmt;
    const char *name = name_plain(cte->node->ctename);
    static const char not_in[] = "%s in a recursive query is not implemented";
    if (statement->op != PG_QUERY__SET_OPERATION__SETOP_UNION)
        return bind_fault(binder, bind_location(binder, cte->node->location),
                          FAULT_INVALID_RECURSION,
                          "recursive query \"%s\" does not have the form non-recursive-term UNION "
                          "[ALL] recursive-term",
                          cte->name);
    const PgQuery__RangeVar *aside =
        statement->with_clause != NULL ? find_name(&statement->with_clause->base, name) : NULL;
    if (aside != NULL)
        return bind_fault(binder, bind_location(binder, aside->location), FAULT_INVALID_RECURSION,
                          "recursive reference to query \"%s\" must not appear within a subquery",
                          cte->name);
    const PgQuery__RangeVar *early = find_name(&statement->larg->base, name);
    if (early != NULL)
        return bind_fault(binder, bind_location(binder, early->location), FAULT_INVALID_RECURSION,
                          "recursive reference to query \"%s\" must not appear within its "
                          "non-recursive term",
                          cte->name);
    const char *clause = NULL;
    const PgQuery__Node *node = NULL;
    if (statement->n_sort_clause > 0)
        clause = "ORDER BY", node = statement->sort_clause[0]->sort_by->node;
    else if (statement->limit_offset != NULL)
        clause = "OFFSET", node = statement->limit_offset;
    else if (statement->limit_count != NULL)
        clause = "LIMIT", node = statement->limit_count;
    else if (statement->n_locking_clause > 0)
        return bind_fault(binder, -1, FAULT_FEATURE_NOT_SUPPORTED, not_in, "FOR UPDATE/SHARE");
    return clause == NULL || bind_fault(binder, bind_node_location(binder, node),
                                        FAULT_FEATURE_NOT_SUPPORTED, not_in, clause);
}

/* --- the name in the step --- */

/* Whether a subquery of an expression stands between the name and the recursion. */
static bool is_in_subquery(const Scope *scope, const Scope *owner)
{
    for (; scope != NULL && scope->ctes != owner->ctes; scope = scope->parent) {
        if (scope->parent_context != NULL)
            return true;
    }
    return false;
}

bool bind_recursion_reference(Binder *binder, const Scope *scope, const Scope *owner,
                              CommonTable *cte, int32_t location, QueryResult *query)
{
    Recursion *recursion = cte->recursion;
    const char *where = NULL;
    if (is_in_subquery(scope, owner))
        where = "a subquery";
    else if (binder->nullable_depth > recursion->nullable_depth)
        where = "an outer join";
    else if (binder->except_depth > recursion->except_depth)
        where = "EXCEPT";
    if (where != NULL)
        return bind_fault(binder, location, FAULT_INVALID_RECURSION,
                          "recursive reference to query \"%s\" must not appear within %s",
                          cte->name, where);
    /* a WITH query of the step that is named twice is bound twice, and stands there once */
    bool is_first = recursion->references++ == 0;
    if (is_first)
        recursion->location = location;
    if (!is_first && location != recursion->location)
        return bind_fault(binder, location, FAULT_INVALID_RECURSION,
                          "recursive reference to query \"%s\" must not appear more than once",
                          cte->name);
    bind_working_rows(binder, recursion, location, query);
    query->is_working = true;
    return true;
}

void bind_working_rows(Binder *binder, const Recursion *recursion, int32_t location,
                       QueryResult *query)
{
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, recursion->count + 1);
    *query = (QueryResult){.sort_location = -1, .limit_location = -1};
    query->count = recursion->count;
    query->columns = ARENA_ARRAY(binder->arena, OutputColumn, recursion->count + 1);
    for (uint32_t i = 0; i < recursion->count; i++) {
        columns[i] = bind_new_column(binder, recursion->columns[i].type, recursion->columns[i].name);
        query->columns[i] =
            (OutputColumn){.column = columns[i],
                           .location = location,
                           .is_named = true,
                           .is_hidden = recursion->hidden_from > 0 && i >= recursion->hidden_from};
    }
    query->plan = plan_working(binder->arena, recursion->id, columns, recursion->count);
}

/* --- the two terms --- */

/* The first term's columns, literals as texts; the names that WITH gives them. */
static const Plan *settle_first(Binder *binder, const CommonTable *cte, QueryResult *first,
                                Recursion *recursion)
{
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, first->count + 1);
    for (uint32_t i = 0; i < first->count; i++) {
        SqlType type = first->columns[i].column.type;
        types[i] = type_is_reg(type.oid) ? SQL_TYPE(T_OID) : type;
    }
    recursion->count = first->count;
    recursion->columns = ARENA_ARRAY(binder->arena, PlanColumn, first->count + 1);
    const Plan *plan = bind_project_types(binder, first, types, recursion->columns);
    for (size_t i = 0; plan != NULL && i < cte->node->n_aliascolnames && i < first->count; i++)
        recursion->columns[i].name =
            name_made(binder->arena, cte->node->aliascolnames[i]->string->sval, binder->dialect);
    return plan;
}

/* The step's columns must be of the first term's types. */
static const Plan *settle_step(Binder *binder, const CommonTable *cte, const QueryResult *first,
                               const QueryResult *step, const Recursion *recursion,
                               PlanColumn *columns)
{
    if (step->count != recursion->count) {
        bind_fault(binder, step->count > 0 ? step->columns[0].location : -1, FAULT_SYNTAX_ERROR,
                   "each UNION query must have the same number of columns");
        return NULL;
    }
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, recursion->count + 1);
    for (uint32_t i = 0; i < recursion->count; i++) {
        bool is_extra = recursion->hidden_from > 0 && i >= recursion->hidden_from;
        if (is_extra) {
            types[i] = step->columns[i].column.type;
            continue;
        }
        SqlType pair[2] = {recursion->columns[i].type, step->columns[i].column.type}, common;
        if (step->columns[i].literal != NULL)
            pair[1] = SQL_TYPE(T_UNKNOWN);
        if (!row_common_type(binder, pair, 2, "UNION", &common)) {
            bind_fault_place(binder, step->columns[i].location);
            return NULL;
        }
        types[i] = pair[0];
        if (common.oid == pair[0].oid)
            continue;
        bind_fault(binder, first->columns[i].location, FAULT_DATATYPE_MISMATCH,
                   "recursive query \"%s\" column %u has type %s in non-recursive term but type "
                   "%s overall",
                   cte->name, i + 1, type_format_name(binder->arena, pair[0]),
                   type_format_name(binder->arena, common));
        fault_hint(binder->fault, "Cast the output of the non-recursive term to the correct type.");
        return NULL;
    }
    return bind_project_types(binder, step, types, columns);
}

bool bind_recursive(Binder *binder, Scope *scope, CommonTable *cte, QueryResult *result)
{
    const PgQuery__SelectStmt *statement = cte->node->ctequery->select_stmt;
    QueryResult first, step;
    Scope *inner = ARENA_NEW(binder->arena, Scope);
    inner->parent = scope;
    if (!check_form(binder, cte) ||
        (statement->with_clause != NULL && !bind_with(binder, inner, statement->with_clause)) ||
        !bind_query(binder, statement->larg, inner, NULL, false, &first))
        return false;
    Recursion recursion = {.id = binder->next_column++,
                           .nullable_depth = binder->nullable_depth,
                           .except_depth = binder->except_depth};
    const Plan *first_plan = settle_first(binder, cte, &first, &recursion);
    if (first_plan == NULL)
        return false;
    Extras extras = {.binder = binder, .cte = cte, .recursion = &recursion};
    const PgQuery__SelectStmt *step_statement = statement->rarg;
    bool has_extras = search_has_extras(cte);
    if (has_extras) {
        first_plan = search_begin(&extras, first_plan);
        if (first_plan == NULL)
            return false;
        step_statement = search_step(&extras, step_statement);
    }
    cte->recursion = &recursion;
    bool ok = bind_query(binder, step_statement, inner, NULL, true, &step);
    cte->recursion = NULL;
    PlanColumn *step_columns = ARENA_ARRAY(binder->arena, PlanColumn, recursion.count + 1);
    const Plan *step_plan =
        ok ? settle_step(binder, cte, &first, &step, &recursion, step_columns) : NULL;
    if (step_plan != NULL && has_extras)
        step_plan = search_go_on(&extras, step_plan, step_columns);
    if (step_plan == NULL)
        return false;
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, recursion.count + 1);
    *result = (QueryResult){.sort_location = -1, .limit_location = -1};
    result->count = recursion.count;
    result->columns = ARENA_ARRAY(binder->arena, OutputColumn, recursion.count + 1);
    for (uint32_t i = 0; i < recursion.count; i++) {
        bool is_own = i < first.count;
        columns[i] = bind_new_column(binder, recursion.columns[i].type,
                                     is_own ? first.columns[i].column.name
                                            : recursion.columns[i].name);
        result->columns[i] =
            (OutputColumn){.column = columns[i],
                           .location = is_own ? first.columns[i].location : -1,
                           .is_named = !is_own || first.columns[i].is_named};
    }
    result->plan = plan_recurse(binder->arena, first_plan, step_plan, recursion.id,
                                !statement->all, columns);
    return bind_unused_ctes(binder, inner);
}

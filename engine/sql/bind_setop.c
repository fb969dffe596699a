/*
 * UNION, INTERSECT, EXCEPT, and VALUES.
 *
 *   A UNION B       Aggregate over all columns of (A UNION ALL B)
 *   A INTERSECT B   rows are told apart by a mark each side adds; grouped by all columns, those
 *   A EXCEPT B      are kept of which both marks, or only the left one, were seen
 *   ... ALL         each group comes out as often as its counts of marks say: the lesser of the
 *                   two, or the left one less the right one
 */
#include "engine/sql/bind_record_internal.h"

/* --- columns of one type --- */
const Plan *bind_project_types(Binder *binder, const QueryResult *query, const SqlType *types,
                               PlanColumn *columns)
{
    PlanProjection *items = ARENA_ARRAY(binder->arena, PlanProjection, query->count);
    bool changes = false;
    for (uint32_t i = 0; i < query->count; i++) {
        const OutputColumn *output = &query->columns[i];
        const Expr *expr = output->literal;
        if (expr == NULL)
            expr = expr_column(binder->arena, output->column.type, output->column.id,
                               output->location);
        bool is_text = binder->dialect == 1 && types[i].oid == T_TEXT;
        const Expr *cast = coerce_to(binder, expr, types[i],
                                     is_text ? CAST_EXPLICIT : CAST_IMPLICIT, output->location);
        if (cast == NULL)
            return NULL;
        bool is_same = cast->kind == EXPR_COLUMN && cast->column == output->column.id;
        changes = changes || !is_same;
        columns[i] =
            is_same ? output->column : bind_new_column(binder, cast->type, output->column.name);
        items[i] = (PlanProjection){columns[i], cast};
    }
    return changes ? plan_project(binder->arena, query->plan, items, query->count) : query->plan;
}

/* --- set operations --- */
typedef struct Leaves {
    const PgQuery__SelectStmt **statements;
    uint32_t count, capacity;
} Leaves;

static const char *operation_name(const PgQuery__SelectStmt *statement)
{
    switch (statement->op) {
    case PG_QUERY__SET_OPERATION__SETOP_INTERSECT:
        return "INTERSECT";
    case PG_QUERY__SET_OPERATION__SETOP_EXCEPT:
        return "EXCEPT";
    default:
        return "UNION";
    }
}

static bool is_bare(const PgQuery__SelectStmt *statement)
{
    return statement->with_clause == NULL && statement->n_sort_clause == 0 &&
           statement->limit_count == NULL && statement->limit_offset == NULL;
}

/* The operands of a chain of unions, which leans to the left: as long as what stands inside may
 * be merged into what stands outside. A UNION swallows inner duplicates too. */
static void collect_leaves(Binder *binder, const PgQuery__SelectStmt *top, Leaves *leaves)
{
    uint32_t length = 1;
    bool is_union = top->op == PG_QUERY__SET_OPERATION__SETOP_UNION;
    const PgQuery__SelectStmt *at = top;
    for (;;) {
        const PgQuery__SelectStmt *left = at->larg;
        length++;
        bool continues = is_union && left->op == PG_QUERY__SET_OPERATION__SETOP_UNION &&
                         (left->all || !top->all) && is_bare(left);
        if (!continues)
            break;
        at = left;
    }
    leaves->count = length;
    leaves->statements = ARENA_ARRAY(binder->arena, const PgQuery__SelectStmt *, length);
    at = top;
    for (uint32_t i = length; i-- > 1; at = at->larg)
        leaves->statements[i] = at->rarg;
    /* `at` has gone one step past the chain's end: the leftmost operand */
    leaves->statements[0] = at;
}

static bool common_types(Binder *binder, const QueryResult *results, uint32_t count,
                         const char *what, SqlType *types)
{
    SqlType *branch = ARENA_ARRAY(binder->arena, SqlType, count);
    for (uint32_t c = 0; c < results[0].count; c++) {
        for (uint32_t i = 0; i < count; i++) {
            SqlType type = results[i].columns[c].column.type;
            branch[i] = type_is_reg(type.oid) ? SQL_TYPE(T_OID) : type;
            if (results[i].columns[c].literal != NULL)
                branch[i] = SQL_TYPE(T_UNKNOWN);
        }
        bool is_common = row_common_type(binder, branch, count, what, &types[c]);
        if (!is_common && binder->dialect == 1 && coerce_may_be_texts(branch, count)) {
            fault_clear(binder->fault); /* the druid dialect's last resort */
            types[c] = SQL_TYPE(T_TEXT);
        } else if (!is_common)
            return bind_fault_place(binder, results[1].columns[c].location);
        if (types[c].oid == T_UNKNOWN)
            types[c] = SQL_TYPE(T_TEXT);
    }
    return true;
}

/* A constant mark beside the columns, so that the sides can be told apart. */
static const Plan *add_marks(Binder *binder, const Plan *plan, const PlanColumn *columns,
                             uint32_t count, bool is_left)
{
    PlanProjection *items = ARENA_ARRAY(binder->arena, PlanProjection, count + 2);
    const Expr *one = expr_int64(binder->arena, SQL_TYPE(T_INT4), 1, -1);
    const Expr *none = expr_null(binder->arena, SQL_TYPE(T_INT4), -1);
    for (uint32_t i = 0; i < count; i++)
        items[i] = (PlanProjection){columns[i],
                                    expr_column(binder->arena, columns[i].type, columns[i].id, -1)};
    items[count] =
        (PlanProjection){bind_new_column(binder, one->type, "left"), is_left ? one : none};
    items[count + 1] =
        (PlanProjection){bind_new_column(binder, one->type, "right"), is_left ? none : one};
    return plan_project(binder->arena, plan, items, count + 2);
}

/* The groups as often as INTERSECT ALL and EXCEPT ALL want them. */
static const Plan *repeat_rows(Binder *binder, const Plan *plan, const PlanProjection *marks,
                               bool is_except)
{
    const Expr *counts[2];
    for (uint32_t i = 0; i < 2; i++)
        counts[i] = expr_column(binder->arena, marks[i].column.type, marks[i].column.id, -1);
    const Expr *times = is_except ? bind_operator(binder, "-", counts[0], counts[1], -1)
                                  : bind_call(binder, "least", counts, 2, -1);
    if (times == NULL)
        return NULL;
    PlanColumn number = bind_new_column(binder, SQL_TYPE(T_INT8), "copy");
    return plan_expand(binder->arena, plan, times, number, false);
}

static const Plan *count_marks(Binder *binder, const Plan *both, uint32_t count,
                               const PgQuery__SelectStmt *statement)
{
    bool is_except = statement->op == PG_QUERY__SET_OPERATION__SETOP_EXCEPT;
    PlanProjection *keys = ARENA_ARRAY(binder->arena, PlanProjection, count);
    PlanProjection marks[2];
    const Expr *tests[2];
    for (uint32_t i = 0; i < count; i++)
        keys[i] =
            (PlanProjection){both->columns[i], expr_column(binder->arena, both->columns[i].type,
                                                           both->columns[i].id, -1)};
    for (uint32_t i = 0; i < 2; i++) {
        const PlanColumn *mark = &both->columns[count + i];
        SqlType coerced;
        const Expr **argument = ARENA_ARRAY(binder->arena, const Expr *, 1);
        argument[0] = expr_column(binder->arena, mark->type, mark->id, -1);
        Expr *aggregate = ARENA_NEW(binder->arena, Expr);
        *aggregate = (Expr){.kind = EXPR_AGGREGATE,
                            .type = SQL_TYPE(T_INT8),
                            .location = -1,
                            .argument_count = 1,
                            .arguments = argument};
        aggregate->aggregate.direct_count = 1;
        aggregate->aggregate.function = function_resolve_aggregate(
            TEXT_LITERAL("count"), &mark->type, 1, &coerced, -1, binder->fault);
        if (aggregate->aggregate.function == NULL)
            return NULL;
        marks[i] = (PlanProjection){bind_new_column(binder, aggregate->type, "count"), aggregate};
        const Expr *seen = expr_column(binder->arena, aggregate->type, marks[i].column.id, -1);
        const Expr *zero = expr_int64(binder->arena, SQL_TYPE(T_INT8), 0, -1);
        tests[i] = bind_operator(binder, i == 1 && is_except ? "=" : ">", seen, zero, -1);
        if (tests[i] == NULL)
            return NULL;
    }
    const Plan *plan = plan_aggregate(binder->arena, both, keys, count, marks, 2);
    if (statement->all)
        plan = repeat_rows(binder, plan, marks, is_except);
    else
        plan = plan_filter(binder->arena, plan,
                           expr_nary(binder->arena, EXPR_AND, SQL_TYPE(T_BOOL), tests, 2, -1));
    if (plan == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) /* the keys by their names */
        keys[i].expr = expr_column(binder->arena, keys[i].column.type, keys[i].column.id, -1);
    return plan_project(binder->arena, plan, keys, count);
}

static const Plan *make_distinct(Binder *binder, const Plan *plan)
{
    PlanProjection *keys = ARENA_ARRAY(binder->arena, PlanProjection, plan->column_count);
    for (uint32_t i = 0; i < plan->column_count; i++)
        keys[i] =
            (PlanProjection){plan->columns[i], expr_column(binder->arena, plan->columns[i].type,
                                                           plan->columns[i].id, -1)};
    return plan_aggregate(binder->arena, plan, keys, plan->column_count, NULL, 0);
}

static bool bind_leaves(Binder *binder, const PgQuery__SelectStmt *statement, const Leaves *leaves,
                        Scope *scope, QueryResult *results)
{
    bool is_except = statement->op == PG_QUERY__SET_OPERATION__SETOP_EXCEPT;
    for (uint32_t i = 0; i < leaves->count; i++) {
        uint32_t depth = binder->except_depth;
        binder->except_depth += is_except && i > 0;
        if (!bind_query(binder, leaves->statements[i], scope, NULL, true, &results[i]))
            return false;
        binder->except_depth = depth;
        if (results[i].count != results[0].count)
            return bind_fault(binder, results[i].count > 0 ? results[i].columns[0].location : -1,
                              FAULT_SYNTAX_ERROR,
                              "each %s query must have the same number of columns",
                              operation_name(statement));
    }
    return true;
}

static void set_outputs(Binder *binder, const QueryResult *first, const PlanColumn *columns,
                        QueryResult *result)
{
    result->count = first->count;
    result->columns = ARENA_ARRAY(binder->arena, OutputColumn, first->count);
    for (uint32_t i = 0; i < first->count; i++)
        result->columns[i] = (OutputColumn){.column = columns[i],
                                            .location = first->columns[i].location,
                                            .is_named = first->columns[i].is_named};
}

bool bind_set_operation(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope,
                        QueryResult *result)
{
    Leaves leaves;
    collect_leaves(binder, statement, &leaves);
    QueryResult *results = ARENA_ARRAY(binder->arena, QueryResult, leaves.count);
    if (!bind_leaves(binder, statement, &leaves, scope, results))
        return false;
    uint32_t count = results[0].count;
    bool is_union = statement->op == PG_QUERY__SET_OPERATION__SETOP_UNION;
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, count + 1);
    if (!common_types(binder, results, leaves.count, operation_name(statement), types))
        return false;
    const Plan **inputs = ARENA_ARRAY(binder->arena, const Plan *, leaves.count);
    for (uint32_t i = 0; i < leaves.count; i++) {
        PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, count + 1);
        inputs[i] = bind_project_types(binder, &results[i], types, columns);
        if (inputs[i] != NULL && !is_union)
            inputs[i] = add_marks(binder, inputs[i], columns, count, i == 0);
        if (inputs[i] == NULL)
            return false;
    }
    uint32_t width = inputs[0]->column_count;
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, width + 1);
    for (uint32_t i = 0; i < width; i++)
        columns[i] =
            bind_new_column(binder, inputs[0]->columns[i].type, inputs[0]->columns[i].name);
    result->plan = plan_union_all(binder->arena, inputs, leaves.count, columns);
    if (!is_union)
        result->plan = count_marks(binder, result->plan, count, statement);
    else if (!statement->all)
        result->plan = make_distinct(binder, result->plan);
    if (result->plan == NULL)
        return false;
    set_outputs(binder, &results[0], columns, result);
    result->plan = bind_sort_outputs(binder, statement, result);
    if (result->plan != NULL)
        result->plan = bind_limit(binder, statement, scope, result->plan);
    return result->plan != NULL;
}

/* --- VALUES --- */
static bool bind_rows(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope,
                      uint32_t width, const Expr **cells, ApplyList *applies)
{
    for (size_t row = 0; row < statement->n_values_lists; row++) {
        ExprContext context = {
            .scope = scope, .clause = CLAUSE_VALUES, .applies = &applies[row]};
        const PgQuery__List *list = statement->values_lists[row]->list;
        if (list->n_items != width)
            return bind_fault(binder,
                              list->n_items > 0 ? bind_node_location(binder, list->items[0]) : -1,
                              FAULT_SYNTAX_ERROR, "VALUES lists must all be the same length");
        for (uint32_t c = 0; c < width; c++) {
            const Expr *cell = bind_expr(binder, &context, list->items[c]);
            if (cell == NULL)
                return false;
            cells[row * width + c] = bind_reg_as_oid(binder, cell);
        }
    }
    return true;
}

static bool unify_column(Binder *binder, const Expr **cells, uint32_t rows, uint32_t width,
                         uint32_t c, SqlType *type)
{
    const Expr **column = ARENA_ARRAY(binder->arena, const Expr *, rows);
    for (uint32_t row = 0; row < rows; row++)
        column[row] = cells[row * width + c];
    if (!coerce_to_common(binder, column, rows, "VALUES", type, column[0]->location))
        return false;
    for (uint32_t row = 0; row < rows; row++)
        cells[row * width + c] = bind_fold(binder, column[row]);
    return true;
}

/* Rows with subqueries: each is computed by itself, and all of them are a union. */
static const Plan *values_with_subqueries(Binder *binder, const PlanColumn *columns,
                                          uint32_t width, const Expr *const *cells, uint32_t rows,
                                          const ApplyList *applies)
{
    const Plan **plans = ARENA_ARRAY(binder->arena, const Plan *, rows);
    for (uint32_t row = 0; row < rows; row++) {
        PlanProjection *items = ARENA_ARRAY(binder->arena, PlanProjection, width + 1);
        for (uint32_t c = 0; c < width; c++) {
            PlanColumn column = rows == 1 ? columns[c]
                                          : bind_new_column(binder, columns[c].type, columns[c].name);
            items[c] = (PlanProjection){column, cells[row * width + c]};
        }
        plans[row] = apply_list_attach(binder, &applies[row],
                                       plan_values(binder->arena, NULL, 0, NULL, 1));
        plans[row] = plan_project(binder->arena, plans[row], items, width);
    }
    return rows == 1 ? plans[0] : plan_union_all(binder->arena, plans, rows, columns);
}

bool bind_values(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope,
                 bool keeps_unknown, QueryResult *result)
{
    uint32_t rows = (uint32_t)statement->n_values_lists;
    uint32_t width = (uint32_t)statement->values_lists[0]->list->n_items;
    const Expr **cells = arena_alloc_array(binder->arena, (size_t)rows * width + 1, sizeof *cells);
    ApplyList *applies = arena_alloc_array(binder->arena, (size_t)rows + 1, sizeof *applies);
    memset(applies, 0, rows * sizeof *applies);
    if (!bind_rows(binder, statement, scope, width, cells, applies))
        return false;
    bool has_subqueries = false;
    for (uint32_t row = 0; row < rows; row++)
        has_subqueries = has_subqueries || applies[row].count > 0;
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, width + 1);
    result->count = width;
    result->columns = ARENA_ARRAY(binder->arena, OutputColumn, width + 1);
    for (uint32_t c = 0; c < width; c++) {
        const Expr *literal =
            keeps_unknown && rows == 1 && expr_is_unknown(cells[c]) ? cells[c] : NULL;
        int32_t location = cells[c]->location;
        SqlType type;
        if (!unify_column(binder, cells, rows, width, c, &type))
            return false;
        columns[c] = bind_new_column(binder, type, arena_printf(binder->arena, "column%u", c + 1));
        result->columns[c] = (OutputColumn){
            .column = columns[c], .literal = literal, .location = location, .is_named = true};
    }
    result->plan =
        has_subqueries
            ? values_with_subqueries(binder, columns, width, cells, rows, applies)
            : plan_values(binder->arena, columns, width, cells, rows);
    result->plan = bind_sort_outputs(binder, statement, result);
    if (result->plan != NULL)
        result->plan = bind_limit(binder, statement, scope, result->plan);
    return result->plan != NULL;
}

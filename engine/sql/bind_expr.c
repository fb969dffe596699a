/*
 * Expressions: a switch over the parser's nodes, one function each.
 */
#include "engine/sql/bind_internal.h"
#include "engine/sql/bind_record_internal.h"

#include <strings.h>

const char *clause_name(Clause clause)
{
    switch (clause) {
    case CLAUSE_SELECT:
        return "SELECT";
    case CLAUSE_WHERE:
        return "WHERE";
    case CLAUSE_HAVING:
        return "HAVING";
    case CLAUSE_GROUP_BY:
        return "GROUP BY";
    case CLAUSE_ORDER_BY:
        return "ORDER BY";
    case CLAUSE_JOIN:
        return "JOIN conditions";
    case CLAUSE_FUNCTION_IN_FROM:
        return "functions in FROM";
    case CLAUSE_VALUES:
        return "VALUES";
    case CLAUSE_LIMIT:
        return "LIMIT";
    case CLAUSE_OFFSET:
        return "OFFSET";
    case CLAUSE_CLUSTERED_BY:
        return "CLUSTERED BY";
    case CLAUSE_CHECK:
        return "check constraints";
    case CLAUSE_UPDATE:
        return "UPDATE";
    case CLAUSE_TRANSFORM:
        return "transform expressions";
    case CLAUSE_WINDOW:
        return "window definitions";
    case CLAUSE_FILTER:
        return "FILTER";
    }
    return "";
}

static bool bind_arguments(Binder *binder, ExprContext *context, PgQuery__Node *const *nodes,
                           size_t count, const Expr **arguments)
{
    for (size_t i = 0; i < count; i++) {
        arguments[i] = bind_expr(binder, context, nodes[i]);
        if (arguments[i] == NULL)
            return false;
    }
    return true;
}

/* --- columns --- */
/* A JSON object is made of its members where it may be: a function takes so many arguments only,
 * and a row that an outer join lacks is NULL. */
static bool is_made_as_json(const Binder *binder, const ScopeTable *table)
{
    enum { MOST_MEMBERS = 256 };
    return binder->rows_as_json > 0 && !table->is_nullable && table->column_count <= MOST_MEMBERS;
}

/* t.* as a value, t */
static const Expr *whole_row(Binder *binder, ExprContext *context,
                             const PgQuery__ColumnRef *reference)
{
    int32_t location = bind_location(binder, reference->location);
    size_t count = reference->n_fields - 1;
    if (count == 0) {
        bind_fault(binder, location, FAULT_SYNTAX_ERROR, "row expansion via \"*\" is not supported here");
        return NULL;
    }
    const ScopeTable *table =
        scope_find_table(binder, context->scope, reference->fields, count, location, true);
    if (table == NULL)
        return NULL;
    return is_made_as_json(binder, table)
               ? bind_table_as_json(binder, table, location)
               : bind_record_of_table(binder, context, table, location);
}

/* System columns of the only relation, or of t: tableoid, and the transaction numbers of rows
 * that were there from the start, as PostgreSQL's own catalogs have them. */
static const Expr *system_column(Binder *binder, ExprContext *context,
                                 const PgQuery__ColumnRef *reference)
{
    static const struct {
        const char *name;
        Oid type;
        int64_t value;
    } columns[] = {{"tableoid", T_OID, -1}, {"xmin", T_XID, 2}, {"xmax", T_XID, 0}};
    enum { COUNT = sizeof columns / sizeof columns[0] };
    size_t count = reference->n_fields, which = 0;
    while (which < COUNT &&
           !name_is(reference->fields[count - 1]->string->sval, columns[which].name))
        which++;
    if (which == COUNT)
        return NULL;
    const FromItem *from = &context->scope->from;
    const ScopeTable *table = from->table_count == 1 ? &from->tables[0] : NULL;
    if (count > 1)
        table = scope_find_table(binder, context->scope, reference->fields, count - 1, -1, false);
    if (table == NULL || table->relation == NULL)
        return NULL;
    int64_t value =
        columns[which].value >= 0 ? columns[which].value : (int64_t)table->relation->oid;
    return expr_int64(binder->arena, SQL_TYPE(columns[which].type), value,
                      bind_location(binder, reference->location));
}

static const Expr *bind_column_ref(Binder *binder, ExprContext *context,
                                   const PgQuery__ColumnRef *reference)
{
    if (reference->fields[reference->n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR)
        return whole_row(binder, context, reference);
    const ScopeColumn *column;
    Scope *found;
    const Expr *special = system_column(binder, context, reference);
    if (special != NULL)
        return special;
    if (!scope_find_column(binder, context->scope, reference, &column, &found)) {
        bool is_missing =
            reference->n_fields == 1 && binder->fault->code == FAULT_UNDEFINED_COLUMN;
        const ScopeTable *table =
            is_missing ? scope_find_table(binder, context->scope, reference->fields, 1, -1, false)
                       : NULL;
        if (table != NULL && table->is_scalar)
            return expr_column(binder->arena, table->columns[0].type, table->columns[0].id,
                               bind_location(binder, reference->location));
        if (table != NULL && is_made_as_json(binder, table))
            return bind_table_as_json(binder, table, bind_location(binder, reference->location));
        if (table == NULL && is_missing && name_is(reference->fields[0]->string->sval, "pi"))
            return bind_call(binder, "pi", NULL, 0, bind_location(binder, reference->location));
        if (table == NULL)
            return NULL;
        *binder->fault = (Fault){0};
        return bind_record_of_table(binder, context, table,
                                    bind_location(binder, reference->location));
    }
    return expr_column(binder->arena, column->type, column->id,
                       bind_location(binder, reference->location));
}

/* --- conditions --- */
static const Expr *to_boolean(Binder *binder, const Expr *expr, const char *what)
{
    if (expr_is_unknown(expr))
        return coerce_to(binder, expr, SQL_TYPE(T_BOOL), CAST_IMPLICIT, expr->location);
    if (expr->type.oid == T_BOOL)
        return expr;
    bind_fault(binder, expr->location, FAULT_DATATYPE_MISMATCH,
               "argument of %s must be type boolean, not type %s", what,
               type_format_name(binder->arena, SQL_TYPE(expr->type.oid)));
    return NULL;
}

const Expr *bind_condition(Binder *binder, ExprContext *context, const PgQuery__Node *node,
                           const char *what)
{
    const Expr *expr = bind_expr(binder, context, node);
    return expr == NULL ? NULL : to_boolean(binder, expr, what);
}

const Expr *bind_not(Binder *binder, const Expr *expr)
{
    return expr_nary(binder->arena, EXPR_NOT, SQL_TYPE(T_BOOL), &expr, 1, expr->location);
}

static const Expr *bind_bool_expr(Binder *binder, ExprContext *context,
                                  const PgQuery__BoolExpr *expr)
{
    int32_t location = bind_location(binder, expr->location);
    bool is_and = expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR;
    bool is_not = expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR;
    const char *what = is_and ? "AND" : is_not ? "NOT" : "OR";
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, expr->n_args);
    for (size_t i = 0; i < expr->n_args; i++) {
        arguments[i] = bind_condition(binder, context, expr->args[i], what);
        if (arguments[i] == NULL)
            return NULL;
    }
    ExprKind kind = is_and ? EXPR_AND : is_not ? EXPR_NOT : EXPR_OR;
    return expr_nary(binder->arena, kind, SQL_TYPE(T_BOOL), arguments, (uint32_t)expr->n_args,
                     location);
}

static const Expr *bind_null_test(Binder *binder, ExprContext *context,
                                  const PgQuery__NullTest *test)
{
    int32_t location = bind_location(binder, test->location);
    const Expr *of_row;
    if (!bind_row_null_test(binder, context, test, &of_row) || of_row != NULL)
        return of_row;
    const Expr *argument = bind_expr(binder, context, test->arg);
    if (argument == NULL)
        return NULL;
    if (argument->kind == EXPR_CONSTANT)
        argument = coerce_unknown_to_text(binder, argument);
    bool wants_null = test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL;
    if (argument->type.oid == T_RECORD)
        return bind_record_null_test(binder, argument, wants_null, location);
    const Expr *result =
        expr_nary(binder->arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &argument, 1, location);
    return wants_null ? result : bind_not(binder, result);
}

/* x IS TRUE: COALESCE(x, false), and so on. */
static const Expr *bind_boolean_test(Binder *binder, ExprContext *context,
                                     const PgQuery__BooleanTest *test)
{
    static const char *const names[] = {
        "", "IS TRUE", "IS NOT TRUE", "IS FALSE", "IS NOT FALSE", "IS UNKNOWN", "IS NOT UNKNOWN"};
    int32_t location = bind_location(binder, test->location);
    uint32_t kind = (uint32_t)test->booltesttype;
    const Expr *argument =
        bind_condition(binder, context, test->arg, kind < 7 ? names[kind] : "IS");
    if (argument == NULL)
        return NULL;
    bool is_negated = test->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE ||
                      test->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE ||
                      test->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN;
    bool is_about_false = test->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_FALSE ||
                          test->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE;
    bool is_about_null = test->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN ||
                         test->booltesttype == PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN;
    const Expr *result;
    if (is_about_null) {
        result = expr_nary(binder->arena, EXPR_IS_NULL, SQL_TYPE(T_BOOL), &argument, 1, location);
    } else {
        const Expr *pair[2] = {is_about_false ? bind_not(binder, argument) : argument,
                               expr_bool(binder->arena, false)};
        result = expr_nary(binder->arena, EXPR_COALESCE, SQL_TYPE(T_BOOL), pair, 2, location);
    }
    return is_negated ? bind_not(binder, result) : result;
}

/* --- CASE, COALESCE, GREATEST --- */
static const Expr *bind_when(Binder *binder, ExprContext *context, const Expr *operand,
                             const PgQuery__CaseWhen *when)
{
    if (operand == NULL)
        return bind_condition(binder, context, when->expr, "CASE/WHEN");
    const Expr *value = bind_expr(binder, context, when->expr);
    return value == NULL
               ? NULL
               : bind_operator(binder, "=", operand, value, bind_location(binder, when->location));
}

static const Expr *bind_case(Binder *binder, ExprContext *context, const PgQuery__CaseExpr *expr)
{
    int32_t location = bind_location(binder, expr->location);
    uint32_t branches = (uint32_t)expr->n_args;
    const Expr *operand = NULL;
    if (expr->arg != NULL) {
        operand = bind_expr(binder, context, expr->arg);
        operand = operand == NULL ? NULL : coerce_unknown_to_text(binder, operand);
        if (operand == NULL)
            return NULL;
    }
    const Expr **conditions = ARENA_ARRAY(binder->arena, const Expr *, branches);
    const Expr **results = ARENA_ARRAY(binder->arena, const Expr *, branches + 1);
    for (uint32_t i = 0; i < branches; i++) {
        const PgQuery__CaseWhen *when = expr->args[i]->case_when;
        conditions[i] = bind_when(binder, context, operand, when);
        results[i + 1] = conditions[i] == NULL ? NULL : bind_expr(binder, context, when->result);
        if (results[i + 1] == NULL)
            return NULL;
    }
    /* what ELSE gives comes first in finding the common type, as in PostgreSQL */
    results[0] = expr->defresult != NULL ? bind_expr(binder, context, expr->defresult)
                                         : expr_null(binder->arena, SQL_TYPE(T_UNKNOWN), location);
    SqlType common;
    if (results[0] == NULL ||
        !coerce_to_common(binder, results, branches + 1, "CASE", &common, location))
        return NULL;
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, 2 * branches + 1);
    for (uint32_t i = 0; i < branches; i++) {
        arguments[2 * i] = conditions[i];
        arguments[2 * i + 1] = results[i + 1];
    }
    arguments[2 * branches] = results[0];
    return expr_nary(binder->arena, EXPR_CASE, common, arguments, 2 * branches + 1, location);
}

static const Expr *bind_coalesce(Binder *binder, ExprContext *context,
                                 const PgQuery__CoalesceExpr *expr)
{
    int32_t location = bind_location(binder, expr->location);
    uint32_t count = (uint32_t)expr->n_args;
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, count);
    SqlType common;
    if (!bind_arguments(binder, context, expr->args, count, arguments) ||
        !coerce_to_common(binder, arguments, count, "COALESCE", &common, location))
        return NULL;
    return expr_nary(binder->arena, EXPR_COALESCE, common, arguments, count, location);
}

/* CASE and COALESCE may not compute all they hold, so what gives rows may not stand in them. */
static const Expr *bind_choice(Binder *binder, ExprContext *context, const PgQuery__Node *node)
{
    bool is_case = node->node_case == PG_QUERY__NODE__NODE_CASE_EXPR;
    uint32_t before = context->select != NULL ? context->select->series_count : 0;
    const Expr *result = is_case ? bind_case(binder, context, node->case_expr)
                                 : bind_coalesce(binder, context, node->coalesce_expr);
    if (result == NULL || context->select == NULL || context->select->series_count == before)
        return result;
    bind_fault(binder, bind_node_location(binder, node), FAULT_FEATURE_NOT_SUPPORTED,
               "set-returning functions are not allowed in %s", is_case ? "CASE" : "COALESCE");
    return NULL;
}

static const Expr *bind_min_max(Binder *binder, ExprContext *context,
                                const PgQuery__MinMaxExpr *expr)
{
    int32_t location = bind_location(binder, expr->location);
    bool is_greatest = expr->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST;
    uint32_t count = (uint32_t)expr->n_args;
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, count);
    SqlType common;
    if (!bind_arguments(binder, context, expr->args, count, arguments) ||
        !coerce_to_common(binder, arguments, count, is_greatest ? "GREATEST" : "LEAST", &common,
                          location))
        return NULL;
    return bind_call(binder, is_greatest ? "greatest" : "least", arguments, count, location);
}

/* --- arrays --- */
const Expr *bind_array_of(Binder *binder, const Expr *const *elements, uint32_t count,
                          SqlType element, int32_t location)
{
    const TypeInfo *info = type_info(element.oid);
    if (info == NULL || info->array_oid == 0) {
        bind_fault(binder, location, FAULT_UNDEFINED_OBJECT,
                   "could not find array type for data type %s",
                   type_format_name(binder->arena, element));
        return NULL;
    }
    /* numerics need their scale, records their fields: an array's modifier is its elements' */
    bool keeps = element.oid == T_NUMERIC || element.oid == T_RECORD;
    SqlType type = {info->array_oid, keeps ? element.modifier : -1};
    return expr_nary(binder->arena, EXPR_ARRAY, type, elements, count, location);
}

SqlType bind_element_type(SqlType array)
{
    const TypeInfo *info = type_info(array.oid);
    return (SqlType){info != NULL ? info->element_oid : T_NONE, array.modifier};
}

static const Expr *bind_array(Binder *binder, ExprContext *context,
                              const PgQuery__AArrayExpr *array)
{
    int32_t location = bind_location(binder, array->location);
    uint32_t count = (uint32_t)array->n_elements;
    if (count == 0) {
        bind_fault(binder, location, FAULT_INDETERMINATE_DATATYPE,
                   "cannot determine type of empty array");
        fault_hint(binder->fault,
                   "Explicitly cast to the desired type, for example ARRAY[]::integer[].");
        return NULL;
    }
    const Expr **elements = ARENA_ARRAY(binder->arena, const Expr *, count);
    SqlType common;
    if (!bind_arguments(binder, context, array->elements, count, elements) ||
        !coerce_to_common(binder, elements, count, "ARRAY", &common, location))
        return NULL;
    const TypeInfo *info = type_info(common.oid);
    if (info != NULL && info->category == CATEGORY_ARRAY && info->element_oid != 0)
        return bind_call(binder, "array_stack", elements, count, location);
    return bind_array_of(binder, elements, count, common, location);
}

/* A subscript as integer; one that is left out is `otherwise`. */
static const Expr *subscript_bound(Binder *binder, ExprContext *context,
                                   const PgQuery__Node *node, int64_t otherwise)
{
    if (node == NULL)
        return expr_int64(binder->arena, SQL_TYPE(T_INT4), otherwise, -1);
    const Expr *bound = bind_expr(binder, context, node);
    return bound == NULL
               ? NULL
               : coerce_to(binder, bound, SQL_TYPE(T_INT4), CAST_ASSIGNMENT, bound->location);
}

/* Subscripts that follow one another. */
typedef struct Subscripts {
    PgQuery__Node *const *steps;
    uint32_t count;
} Subscripts;

/* a[m:n][p:q]; one subscript among slices is a slice from 1. */
static const Expr *slice(Binder *binder, ExprContext *context, const Expr *array, Subscripts given)
{
    const Expr *arguments[1 + 2 * ARRAY_MAX_DIMENSIONS] = {array};
    uint32_t count = 1;
    for (uint32_t i = 0; i < given.count; i++) {
        const PgQuery__AIndices *indices = given.steps[i]->a_indices;
        arguments[count++] = indices->is_slice
                                 ? subscript_bound(binder, context, indices->lidx, INT32_MIN)
                                 : subscript_bound(binder, context, NULL, 1);
        arguments[count++] = subscript_bound(binder, context, indices->uidx, INT32_MAX);
        if (arguments[count - 2] == NULL || arguments[count - 1] == NULL)
            return NULL;
    }
    return bind_call(binder, "array_part", arguments, count, array->location);
}

/* a[i][j] */
static const Expr *element(Binder *binder, ExprContext *context, const Expr *array,
                           Subscripts given)
{
    const Expr *arguments[1 + ARRAY_MAX_DIMENSIONS] = {array};
    for (uint32_t i = 0; i < given.count; i++) {
        arguments[i + 1] = subscript_bound(binder, context, given.steps[i]->a_indices->uidx, 0);
        if (arguments[i + 1] == NULL)
            return NULL;
    }
    return bind_call(binder, "array_element", arguments, 1 + given.count, array->location);
}

/* A name is an array of "char", counted from 0. */
static const Expr *letter_of_name(Binder *binder, ExprContext *context, const Expr *name,
                                  const PgQuery__AIndices *indices)
{
    const Expr *index = subscript_bound(binder, context, indices->uidx, 0);
    const Expr *one = expr_int64(binder->arena, SQL_TYPE(T_INT4), 1, name->location);
    index = index == NULL ? NULL : bind_operator(binder, "+", index, one, name->location);
    const Expr *text = coerce_to(binder, name, SQL_TYPE(T_TEXT), CAST_IMPLICIT, name->location);
    if (index == NULL || text == NULL)
        return NULL;
    const Expr *arguments[3] = {text, index, one};
    const Expr *letter = bind_call(binder, "substring", arguments, 3, name->location);
    return letter == NULL ? NULL
                          : coerce_to(binder, letter, SQL_TYPE(T_CHAR), CAST_EXPLICIT,
                                      name->location);
}

static bool are_slices(Subscripts given)
{
    for (uint32_t i = 0; i < given.count; i++)
        if (given.steps[i]->a_indices->is_slice)
            return true;
    return false;
}

/* Of an array all that follow, of others one; *used says how many. int2vector and oidvector count
 * from 0. */
static const Expr *subscript(Binder *binder, ExprContext *context, const Expr *array,
                             Subscripts given, uint32_t *used)
{
    const TypeInfo *info = type_info(array->type.oid);
    const PgQuery__AIndices *indices = given.steps[0]->a_indices;
    *used = 1;
    if (array->type.oid == T_JSONB && !indices->is_slice) {
        const Expr *step = bind_expr(binder, context, indices->uidx);
        if (step != NULL)
            step = coerce_to(binder, step, SQL_TYPE(T_TEXT), CAST_EXPLICIT, array->location);
        const Expr *path =
            step == NULL ? NULL
                         : bind_array_of(binder, &step, 1, SQL_TYPE(T_TEXT), array->location);
        return path == NULL ? NULL : bind_operator(binder, "#>", array, path, array->location);
    }
    if (array->type.oid == T_NAME && !indices->is_slice)
        return letter_of_name(binder, context, array, indices);
    if (info == NULL || info->element_oid == 0) {
        bind_fault(binder, array->location, FAULT_DATATYPE_MISMATCH,
                   "cannot subscript type %s because it does not support subscripting",
                   type_format_name(binder->arena, array->type));
        return NULL;
    }
    *used = given.count;
    if (given.count > ARRAY_MAX_DIMENSIONS) {
        bind_fault(binder, array->location, FAULT_PROGRAM_LIMIT_EXCEEDED,
                   "number of array dimensions (%u) exceeds the maximum allowed (%d)", given.count,
                   ARRAY_MAX_DIMENSIONS);
        return NULL;
    }
    if (are_slices(given))
        return slice(binder, context, array, given);
    bool is_vector = array->type.oid == T_INT2VECTOR || array->type.oid == T_OIDVECTOR;
    if (!is_vector)
        return element(binder, context, array, given);
    const Expr *arguments[2] = {array, subscript_bound(binder, context, indices->uidx, 0)};
    *used = 1;
    return arguments[1] == NULL
               ? NULL
               : bind_call(binder, "array_offset", arguments, 2, array->location);
}

static Subscripts subscripts_from(const PgQuery__AIndirection *indirection, size_t first)
{
    Subscripts found = {&indirection->indirection[first], 0};
    while (first + found.count < indirection->n_indirection &&
           found.steps[found.count]->node_case == PG_QUERY__NODE__NODE_A_INDICES)
        found.count++;
    return found;
}

static const Expr *bind_indirection(Binder *binder, ExprContext *context,
                                    const PgQuery__AIndirection *indirection)
{
    const Expr *value = bind_expr(binder, context, indirection->arg);
    uint32_t used;
    for (size_t i = 0; value != NULL && i < indirection->n_indirection; i += used) {
        const PgQuery__Node *step = indirection->indirection[i];
        used = 1;
        if (step->node_case == PG_QUERY__NODE__NODE_A_INDICES)
            value = subscript(binder, context, value, subscripts_from(indirection, i), &used);
        else
            value = bind_record_field_named(
                binder, value,
                step->node_case == PG_QUERY__NODE__NODE_STRING ? step->string->sval : "",
                value->location);
    }
    return value;
}

/* --- the rest --- */
static const Expr *bind_collate(Binder *binder, ExprContext *context,
                                const PgQuery__CollateClause *collate)
{
    const char *name = name_plain(collate->collname[collate->n_collname - 1]->string->sval);
    bool is_known = strcasecmp(name, "default") == 0 || strcasecmp(name, "c") == 0 ||
                    strcasecmp(name, "posix") == 0 || strcasecmp(name, "ucs_basic") == 0;
    if (!is_known) {
        bind_fault(binder, bind_location(binder, collate->location), FAULT_UNDEFINED_OBJECT,
                   "collation \"%s\" for encoding \"UTF8\" does not exist", name);
        fault_hint(binder->fault, "Texts are ordered by their bytes: collation \"C\".");
        return NULL;
    }
    const Expr *argument = bind_expr(binder, context, collate->arg);
    return argument == NULL ? NULL : coerce_unknown_to_text(binder, argument);
}

static const Expr *not_supported(Binder *binder, const PgQuery__Node *node, const char *what)
{
    bind_fault(binder, bind_node_location(binder, node), FAULT_FEATURE_NOT_SUPPORTED,
               "%s is not supported", what);
    return NULL;
}

int32_t bind_node_location(const Binder *binder, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_COLUMN_REF:
        return bind_location(binder, node->column_ref->location);
    case PG_QUERY__NODE__NODE_A_CONST:
        return bind_location(binder, node->a_const->location);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return bind_location(binder, node->func_call->location);
    case PG_QUERY__NODE__NODE_PARAM_REF:
        return bind_location(binder, node->param_ref->location);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
        return bind_location(binder, node->case_expr->location);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return bind_location(binder, node->coalesce_expr->location);
    case PG_QUERY__NODE__NODE_SUB_LINK:
        return bind_location(binder, node->sub_link->location);
    case PG_QUERY__NODE__NODE_ROW_EXPR:
        return bind_location(binder, node->row_expr->location);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
        return bind_location(binder, node->a_array_expr->location);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
        return bind_location(binder, node->grouping_func->location);
    case PG_QUERY__NODE__NODE_GROUPING_SET:
        return bind_location(binder, node->grouping_set->location);
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
        return bind_location(binder, node->named_arg_expr->location);
    case PG_QUERY__NODE__NODE_A_EXPR: /* where its first operand stands */
        return node->a_expr->lexpr != NULL ? bind_node_location(binder, node->a_expr->lexpr)
                                           : bind_location(binder, node->a_expr->location);
    case PG_QUERY__NODE__NODE_TYPE_CAST: {
        int32_t location = bind_location(binder, node->type_cast->location);
        return location >= 0 ? location
                             : bind_location(binder, node->type_cast->type_name->location);
    }
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
        return node->bool_expr->n_args > 0 &&
                       node->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR
                   ? bind_node_location(binder, node->bool_expr->args[0])
                   : bind_location(binder, node->bool_expr->location);
    default:
        return binder->map == NULL ? binder->fixed_location : -1;
    }
}

const Expr *bind_expr(Binder *binder, ExprContext *context, const PgQuery__Node *node)
{
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST:
        return bind_constant(binder, node->a_const);
    case PG_QUERY__NODE__NODE_COLUMN_REF:
        return bind_column_ref(binder, context, node->column_ref);
    case PG_QUERY__NODE__NODE_PARAM_REF:
        return bind_parameter(binder, node->param_ref);
    case PG_QUERY__NODE__NODE_A_EXPR:
        return bind_a_expr(binder, context, node->a_expr);
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
        return bind_bool_expr(binder, context, node->bool_expr);
    case PG_QUERY__NODE__NODE_NULL_TEST:
        return bind_null_test(binder, context, node->null_test);
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
        return bind_boolean_test(binder, context, node->boolean_test);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return bind_choice(binder, context, node);
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
        return bind_min_max(binder, context, node->min_max_expr);
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
        return bind_sql_value(binder, node->sqlvalue_function);
    case PG_QUERY__NODE__NODE_TYPE_CAST:
        return bind_type_cast(binder, context, node->type_cast);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return bind_function(binder, context, node->func_call);
    case PG_QUERY__NODE__NODE_SUB_LINK:
        return bind_sub_link(binder, context, node->sub_link);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
        return bind_array(binder, context, node->a_array_expr);
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
        return bind_indirection(binder, context, node->a_indirection);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
        return bind_collate(binder, context, node->collate_clause);
    case PG_QUERY__NODE__NODE_ROW_EXPR:
        return binder->rows_as_json > 0 ? bind_row_as_json(binder, context, node->row_expr)
                                        : bind_record_of_row(binder, context, node->row_expr);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
        return bind_grouping_call(binder, context, node->grouping_func);
    case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
        bind_fault(binder, bind_location(binder, node->set_to_default->location),
                   FAULT_SYNTAX_ERROR, "DEFAULT is not allowed in this context");
        return NULL;
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
        return not_supported(binder, node, "a named argument of this function");
    default: /* the tree has many more nodes, none of which a query's text gives */
        return not_supported(binder, node, "this expression");
    }
}

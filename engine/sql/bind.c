/*
 * The entrance of binding: a statement's tree to a plan and what the client sees of it.
 */
#include "engine/sql/bind_internal.h"
#include "engine/sql/bind_record_internal.h"

#include "base/log/log.h"

#include <stdarg.h>
#include <stdio.h>

int32_t bind_location(const Binder *binder, int32_t node_location)
{
    if (binder->map == NULL)
        return binder->fixed_location;
    return offset_map_find(binder->map, node_location);
}

bool bind_fault(Binder *binder, int32_t location, FaultCode code, const char *format, ...)
{
    char message[sizeof binder->fault->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return fault_set_at(binder->fault, location, code, "%s", message);
}

bool bind_fault_place(Binder *binder, int32_t location)
{
    if (binder->fault->position == 0 && location >= 0)
        binder->fault->position = location + 1;
    return false;
}

const OffsetMap *bind_enter_fragment(Binder *binder, const RewrittenText *fragment)
{
    const OffsetMap *before = binder->map;
    binder->map = &fragment->map;
    return before;
}

/* --- what the client sees --- */

/* More than PostgreSQL lets a client see; what is stored has a limit of its own. */
static bool check_width(Binder *binder, const QueryResult *result)
{
    enum { MAX_TARGETS = 1664 };
    return result->count <= MAX_TARGETS
               ? true
               : bind_fault(binder, -1, FAULT_TOO_MANY_COLUMNS_SQL,
                            "target lists can have at most %d entries", MAX_TARGETS);
}

static void set_outputs(Binder *binder, const QueryResult *result, BoundQuery *query)
{
    uint32_t count = result->count;
    PlanColumn *outputs = ARENA_ARRAY(binder->arena, PlanColumn, count + 1);
    Oid *oids = ARENA_ARRAY(binder->arena, Oid, count + 1);
    int16_t *attnums = ARENA_ARRAY(binder->arena, int16_t, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        outputs[i] = result->columns[i].column;
        oids[i] = result->columns[i].table_oid;
        attnums[i] = result->columns[i].attnum;
    }
    query->plan = result->plan;
    query->output_count = count;
    query->outputs = outputs;
    query->output_table_oids = oids;
    query->output_attnums = attnums;
}

static bool bind_plain_query(Binder *binder, const PgQuery__SelectStmt *statement,
                             BoundQuery *query)
{
    QueryResult result;
    if (!bind_query(binder, statement, NULL, NULL, false, &result) ||
        !check_width(binder, &result))
        return false;
    int64_t limit = binder->context->types->settings->sql_outer_limit;
    if (limit > 0)
        result.plan = plan_limit(binder->arena, result.plan, limit, 0);
    set_outputs(binder, &result, query);
    return true;
}

/* Every parameter must have been given a type by somebody. */
static bool check_parameters(Binder *binder)
{
    for (uint32_t i = 0; i < binder->context->parameter_count; i++) {
        Oid type = binder->context->parameter_types[i].oid;
        if (type == T_UNKNOWN || type == T_NONE)
            return fault_set(binder->fault, FAULT_INDETERMINATE_DATATYPE,
                             "could not determine data type of parameter $%u", i + 1);
    }
    return true;
}

typedef struct BindJob {
    Binder *binder;
    BoundQuery *query;
    bool ok;
} BindJob;

static void bind_statement(void *argument)
{
    BindJob *job = argument;
    Binder *binder = job->binder;
    const PgQuery__Node *node = binder->tree->node;
    if (node->node_case == PG_QUERY__NODE__NODE_INSERT_STMT)
        job->ok = bind_ingest(binder, node->insert_stmt, job->query);
    else if (node->node_case == PG_QUERY__NODE__NODE_UPDATE_STMT)
        job->ok = bind_update(binder, node->update_stmt, job->query);
    else if (node->node_case == PG_QUERY__NODE__NODE_DELETE_STMT)
        job->ok = bind_delete(binder, node->delete_stmt, job->query);
    else if (node->node_case == PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT)
        job->ok = bind_refresh(binder, node->refresh_mat_view_stmt, job->query);
    else if (binder->statement->kind == STATEMENT_CREATE_AS)
        job->ok = bind_create_as(binder, job->query);
    else if (binder->tree->destination != NULL)
        job->ok = bind_export(binder, node->select_stmt, job->query);
    else
        job->ok = bind_plain_query(binder, node->select_stmt, job->query);
    job->ok = job->ok && check_parameters(binder);
}

Binder bind_start(Arena *arena, const ParsedStatement *statement, BindContext *context,
                  Fault *fault)
{
    return (Binder){
        .arena = arena,
        .context = context,
        .statement = statement,
        .tree = statement->tree,
        .fault = fault,
        .dialect = context->types->dialect,
        .next_column = 1,
        .map = statement->has_own_text ? NULL : &statement->tree->dialect->main.map,
        .fixed_location = -1,
        .row_types = ARENA_NEW(arena, RowTypes),
    };
}

bool sql_bind(Arena *arena, const ParsedStatement *statement, BindContext *context,
              BoundQuery *query, Fault *fault)
{
    Binder binder = bind_start(arena, statement, context, fault);
    check(binder.tree->node->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ||
          binder.tree->node->node_case == PG_QUERY__NODE__NODE_INSERT_STMT ||
          binder.tree->node->node_case == PG_QUERY__NODE__NODE_UPDATE_STMT ||
          binder.tree->node->node_case == PG_QUERY__NODE__NODE_DELETE_STMT ||
          binder.tree->node->node_case == PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT);
    *query = (BoundQuery){0};
    context->change_count = 0;
    fault_clear(fault);
    BindJob job = {&binder, query, false};
    if (!statement->tree->needs_large_stack)
        bind_statement(&job);
    else if (!parse_on_large_stack(bind_statement, &job, fault))
        return false;
    query->next_column = binder.next_column;
    if (job.ok && query->change != NULL && query->change->rewrite != NULL)
        query->change->rewrite->next_column = binder.next_column;
    if (job.ok && query->change != NULL && query->change->twice != NULL)
        query->change->twice->next_column = binder.next_column;
    if (job.ok && query->change != NULL && query->change->returning != NULL)
        query->change->returning->next_column = binder.next_column;
    return job.ok;
}

/* --- PREPARE and EXECUTE --- */

bool sql_declared_types(Arena *arena, const ParsedStatement *statement, BindContext *context,
                        SqlType **types, uint32_t *count, Fault *fault)
{
    Binder binder = bind_start(arena, statement, context, fault);
    const PgQuery__PrepareStmt *prepare = statement->tree->outer->prepare_stmt;
    *count = (uint32_t)prepare->n_argtypes;
    *types = arena_zalloc(arena, (*count + 1) * sizeof **types);
    for (uint32_t i = 0; i < *count; i++)
        if (!bind_type_name(&binder, prepare->argtypes[i]->type_name, &(*types)[i]))
            return false;
    return true;
}

static bool wrong_argument_count(Binder *binder, uint32_t given, uint32_t wanted)
{
    bind_fault(binder, -1, FAULT_SYNTAX_ERROR,
               "wrong number of parameters for prepared statement \"%s\"",
               binder->statement->name);
    return fault_detail(binder->fault, "Expected %u parameters but got %u.", wanted, given);
}

/* One argument, as its parameter's type. NULL: fault. */
static const Expr *bind_argument(Binder *binder, const PgQuery__Node *node, SqlType type,
                                 uint32_t number)
{
    Scope nothing = {0};
    ExprContext context = {.scope = &nothing, .clause = CLAUSE_VALUES};
    int32_t location = bind_node_location(binder, node);
    const Expr *expr = bind_expr(binder, &context, node);
    if (expr == NULL)
        return NULL;
    SqlType given = expr->type;
    const Expr *cast = coerce_to(binder, expr, type, CAST_ASSIGNMENT, location);
    if (cast == NULL && (binder->fault->code == FAULT_CANNOT_COERCE ||
                         binder->fault->code == FAULT_DATATYPE_MISMATCH)) {
        bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                   "parameter $%u of type %s cannot be coerced to the expected type %s", number,
                   type_format_name(binder->arena, given), type_format_name(binder->arena, type));
        fault_hint(binder->fault, "You will need to rewrite or cast the expression.");
    }
    return cast;
}

static const Vector *argument_value(Binder *binder, const Expr *expr)
{
    Vector *value = ARENA_NEW(binder->arena, Vector);
    if (expr->kind == EXPR_CONSTANT)
        return expr->value;
    if (!expr_evaluate_constant(binder->arena, expr, binder->context->types, value, binder->fault))
        return NULL;
    value->form = VECTOR_CONSTANT;
    value->length = 1;
    return value;
}

bool sql_bind_arguments(Arena *arena, const ParsedStatement *statement, BindContext *context,
                        SqlType *types, uint32_t count, const Vector ***values, Fault *fault)
{
    Binder binder = bind_start(arena, statement, context, fault);
    const PgQuery__ExecuteStmt *execute = statement->tree->node->execute_stmt;
    fault_clear(fault);
    if (execute->n_params != count)
        return wrong_argument_count(&binder, (uint32_t)execute->n_params, count);
    const Vector **row = ARENA_ARRAY(arena, const Vector *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const Expr *expr = bind_argument(&binder, execute->params[i], types[i], i + 1);
        if (expr == NULL)
            return false;
        if (values != NULL && (row[i] = argument_value(&binder, expr)) == NULL)
            return false;
        if (values != NULL)
            types[i] = expr->type;
    }
    if (values != NULL)
        *values = row;
    return true;
}

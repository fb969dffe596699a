/*
 * PREPARE, EXECUTE, DEALLOCATE. Prepared statements live in the front end, those of SQL beside
 * those of the protocol and under one set of names; here their texts are parsed and run.
 */
#include "server/controller/controller_internal.h"

/* --- PREPARE --- */

/* An inner query's declared parameters as the front end keeps them. */
static void pack_types(Request *request, const SqlType *types, uint32_t count, Text *out)
{
    char *bytes = arena_alloc(request->arena, (size_t)count * 4 + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t oid = types[i].oid;
        memcpy(bytes + 4 * (size_t)i, &oid, sizeof oid);
    }
    *out = (Text){.data = bytes, .length = count * 4};
}

bool prepared_prepare(Request *request, const ParsedStatement *statement, Fault *fault)
{
    SqlType *types;
    uint32_t count;
    BindContext context = query_context(request, request->text);
    if (!sql_declared_types(request->arena, statement, &context, &types, &count, fault))
        return false;
    PreparedText prepared = {.name = text_of(statement->name), .text = statement->inner};
    pack_types(request, types, count, &prepared.declared);
    Text outer_types = request->declared_types;
    request->declared_types = prepared.declared;
    QueryShape shape = {0};
    bool ok = query_shape(request, statement, &shape, fault);
    request->declared_types = outer_types;
    if (ok) {
        pack_types(request, shape.parameter_types, shape.parameter_count, &prepared.parameters);
        respond_prepare(request, &prepared, &shape.row_description);
        respond_complete(request, statement->tag);
    }
    buffer_clear(&shape.row_description);
    return ok;
}

bool prepared_deallocate(Request *request, const ParsedStatement *statement)
{
    respond_deallocate(request, statement->name);
    respond_complete(request, statement->tag);
    return true;
}

/* --- EXECUTE --- */

/* The text and types from the front end, parsed. */
static bool find(Request *request, const char *name, ParsedStatement **inner, PreparedText *prepared,
                 Fault *fault)
{
    if (!request_ask_statement(request, text_of(name), prepared, fault))
        return false;
    uint32_t count;
    if (!plan_cache_parse(request, prepared->text, inner, &count, fault))
        return false;
    return count == 1 || fault_set(fault, FAULT_INTERNAL_ERROR, "a prepared text has several statements");
}

static SqlType *parameter_types(Request *request, const PreparedText *prepared, uint32_t *count)
{
    *count = prepared->parameters.length / 4;
    SqlType *types = ARENA_ARRAY(request->arena, SqlType, *count + 1);
    for (uint32_t i = 0; i < *count; i++) {
        uint32_t oid;
        memcpy(&oid, prepared->parameters.data + 4 * (size_t)i, sizeof oid);
        types[i] = SQL_TYPE(oid);
    }
    return types;
}

bool prepared_execute(Request *request, const ParsedStatement *statement, Fault *fault)
{
    ParsedStatement *inner;
    PreparedText prepared;
    QueryArguments arguments = {0};
    if (!find(request, statement->name, &inner, &prepared, fault))
        return false;
    SqlType *types = parameter_types(request, &prepared, &arguments.count);
    arguments.types = types;
    if (!query_read_arguments(request, statement, &arguments, fault))
        return false;
    if (statement->kind == STATEMENT_EXPLAIN) {
        inner->kind = STATEMENT_EXPLAIN;
        inner->tag = statement->tag;
        inner->explain_json = statement->explain_json;
        inner->explain_analyze = statement->explain_analyze;
    }
    if (statement_writes(inner) &&
        (!block_enter(request, true, fault) || !request_refresh_snapshot(request, fault) ||
         !request_set_catalog(request, fault)))
        return false;
    Text text = request->text;
    request->text = prepared.text;
    request->arguments = &arguments;
    bool ok = query_run(request, inner, fault);
    request->arguments = NULL;
    request->text = text;
    if (!ok)
        fault->position = 0; /* it would count in a text that the client has not sent */
    return ok;
}

/* Parse of an EXECUTE: the columns are those of the statement that it names. */
bool prepared_describe_execute(Request *request, const ParsedStatement *statement, Fault *fault)
{
    ParsedStatement *inner;
    PreparedText prepared;
    uint32_t count;
    if (!find(request, statement->name, &inner, &prepared, fault))
        return false;
    SqlType *types = parameter_types(request, &prepared, &count);
    BindContext context = query_context(request, request->text);
    query_declare_types(request, &context);
    if (!sql_bind_arguments(request->arena, statement, &context, types, count, NULL, fault))
        return false;
    Text text = request->text, declared = request->declared_types;
    request->text = prepared.text;
    request->declared_types = prepared.parameters;
    QueryShape shape = {0};
    bool ok = query_shape(request, inner, &shape, fault);
    request->text = text;
    request->declared_types = declared;
    if (ok)
        respond_prepared(request, context.parameter_types, context.parameter_count,
                         &shape.row_description);
    buffer_clear(&shape.row_description);
    return ok;
}

/*
 * INSERT INTO EXTERN(local(exportPath => 'folder')) AS CSV SELECT ...: the query's columns as texts,
 * and where the files go. Times are written as ISO 8601 has them, lists and documents as JSON.
 */
#include "engine/sql/bind_internal.h"

#include "base/memory/buffer.h"

static bool refuse(Binder *binder, FaultCode code, const char *message, const char *what)
{
    return bind_fault(binder, binder->tree->dialect->ingest_at, code, "%s \"%s\"", message, what);
}

/* The one argument of local(...). */
static bool export_path(Binder *binder, const PgQuery__FuncCall *call, const char **path)
{
    const PgQuery__NamedArgExpr *argument =
        call->n_args == 1 && call->args[0]->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR
            ? call->args[0]->named_arg_expr
            : NULL;
    const PgQuery__Node *value =
        argument != NULL && name_is(argument->name, "exportpath") ? argument->arg : NULL;
    if (value == NULL || value->node_case != PG_QUERY__NODE__NODE_A_CONST ||
        value->a_const->val_case != PG_QUERY__A__CONST__VAL_SVAL)
        return bind_fault(binder, binder->tree->dialect->ingest_at, FAULT_INVALID_PARAMETER_VALUE,
                          "the destination local needs one argument, a text: exportPath => '...'");
    *path = arena_strdup(binder->arena, value->a_const->sval->sval);
    return true;
}

static bool has_dots(const char *path)
{
    for (const char *at = path; (at = strstr(at, "..")) != NULL; at += 2) {
        bool begins = at == path || at[-1] == '/', ends = at[2] == '/' || at[2] == '\0';
        if (begins && ends)
            return true;
    }
    return false;
}

/* A path is below the folder of exports, and may be written without it. */
static bool place(Binder *binder, const char *path, IngestTarget *target)
{
    const char *base = binder->context->types->settings->export_folder;
    size_t length = strlen(base);
    if (length == 0) {
        refuse(binder, FAULT_INSUFFICIENT_PRIVILEGE, "permission denied for folder", path);
        return fault_hint(binder->fault, "druid.export.storage.baseDir names the folder below which "
                                         "exports are allowed; it is not set.");
    }
    bool is_below = strncmp(path, base, length) == 0 && (path[length] == '/' || base[length - 1] == '/');
    if (has_dots(path) || path[0] == '\0' || (path[0] == '/' && !is_below)) {
        refuse(binder, FAULT_INSUFFICIENT_PRIVILEGE, "permission denied for folder", path);
        return fault_hint(binder->fault, "Exports go to folders below %s.", base);
    }
    target->table = path[0] == '/' ? path : arena_printf(binder->arena, "%s/%s", base, path);
    return true;
}

static bool bind_destination(Binder *binder, IngestTarget *target)
{
    const PgQuery__Node *node = binder->tree->destination;
    if (node->node_case != PG_QUERY__NODE__NODE_FUNC_CALL)
        return bind_fault(binder, binder->tree->dialect->ingest_at, FAULT_SYNTAX_ERROR,
                          "EXTERN needs a destination: local(exportPath => '...')");
    const PgQuery__FuncCall *call = node->func_call;
    const char *kind =
        name_folded(binder->arena, call->funcname[call->n_funcname - 1]->string->sval);
    const char *path = "";
    AccessTarget source = {.kind = ACCESS_ON_EXTERNAL, .name = text_of(kind)};
    if (strcmp(kind, "s3") == 0 || strcmp(kind, "google") == 0)
        return refuse(binder, FAULT_FEATURE_NOT_SUPPORTED, "exports are not supported to", kind);
    if (strcmp(kind, "local") != 0)
        return refuse(binder, FAULT_INVALID_PARAMETER_VALUE, "unknown destination of an export", kind);
    return export_path(binder, call, &path) &&
           access_check(binder->context->user, &source, ACCESS_INSERT, binder->fault) &&
           place(binder, path, target);
}

/* --- the columns --- */

static const Expr *as_text(Binder *binder, const Expr *value)
{
    const TypeInfo *info = type_info(value->type.oid);
    Oid oid = value->type.oid;
    if (oid == T_TIMESTAMP || oid == T_TIMESTAMPTZ)
        return bind_call(binder, "time_format", &value, 1, -1);
    if (info != NULL && info->element_oid != 0)
        value = bind_call(binder, "array_to_json", &value, 1, -1);
    return value == NULL ? NULL : coerce_to(binder, value, SQL_TYPE(T_TEXT), CAST_EXPLICIT, -1);
}

static bool make_texts(Binder *binder, const QueryResult *result, BoundQuery *query)
{
    Arena *arena = binder->arena;
    uint32_t count = result->count;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, count + 1);
    PlanColumn *outputs = ARENA_ARRAY(arena, PlanColumn, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const PlanColumn *column = &result->columns[i].column;
        const Expr *value = as_text(binder, expr_column(arena, column->type, column->id, -1));
        if (value == NULL)
            return false;
        outputs[i] = bind_new_column(binder, SQL_TYPE(T_TEXT), column->name);
        items[i] = (PlanProjection){outputs[i], value};
    }
    query->plan = plan_project(arena, result->plan, items, count);
    query->output_count = count;
    query->outputs = outputs;
    query->output_table_oids = arena_zalloc(arena, (count + 1) * sizeof(Oid));
    query->output_attnums = arena_zalloc(arena, (count + 1) * sizeof(int16_t));
    return true;
}

bool bind_export(Binder *binder, const PgQuery__SelectStmt *statement, BoundQuery *query)
{
    IngestTarget *target = ARENA_NEW(binder->arena, IngestTarget);
    QueryResult result;
    *target = (IngestTarget){
        .mode = INGEST_EXPORT, .is_partitioned_by_all = true, .granularity_text = "ALL"};
    if (!bind_destination(binder, target) ||
        !bind_query(binder, statement, NULL, NULL, false, &result) ||
        !make_texts(binder, &result, query))
        return false;
    query->ingest = target;
    return true;
}

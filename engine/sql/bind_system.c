/*
 * Functions that the binder answers: set_config, which changes what it binds with, pg_typeof,
 * which asks about types, and the names of the session. Those about the catalogs are functions of
 * the table (engine/function/catalog_calls.c) and not here.
 */
#include "engine/sql/bind_internal.h"

#include <strings.h>

typedef struct SystemCall {
    Binder *binder;
    ExprContext *context;
    const char *name;
    const Expr **arguments;
    uint32_t count;
    int32_t location;
} SystemCall;

static const Settings *settings_of(const SystemCall *call)
{
    return call->binder->context->types->settings;
}

static const Expr *text_value(const SystemCall *call, Oid type, const char *value)
{
    return value == NULL
               ? expr_null(call->binder->arena, SQL_TYPE(type), call->location)
               : expr_text(call->binder->arena, SQL_TYPE(type), text_of(value), call->location);
}

static const Expr *int_value(const SystemCall *call, Oid type, int64_t value)
{
    return expr_int64(call->binder->arena, SQL_TYPE(type), value, call->location);
}

/* --- the session --- */
static const Expr *current_user(SystemCall *call)
{
    return text_value(call, T_NAME, call->binder->context->role);
}

static const Expr *session_user(SystemCall *call)
{
    const BindContext *context = call->binder->context;
    return text_value(call, T_NAME,
                      context->session_role != NULL ? context->session_role : context->role);
}

static const Expr *current_database(SystemCall *call)
{
    return text_value(call, T_NAME, call->binder->context->database);
}

static const Expr *current_schema(SystemCall *call)
{
    return bind_call(call->binder, "current_schema", NULL, 0, call->location);
}

static bool constant_text(SystemCall *call, uint32_t i, Text *text)
{
    const Expr *expr = coerce_unknown_to_text(call->binder, call->arguments[i]);
    expr = expr == NULL ? NULL : bind_fold(call->binder, expr);
    if (expr == NULL)
        return false;
    bool is_text = expr->kind == EXPR_CONSTANT && type_layout(expr->type) == LAYOUT_STRING;
    if (!is_text)
        return bind_fault(call->binder, call->location, FAULT_FEATURE_NOT_SUPPORTED,
                          "%s of a value that is not constant is not supported", call->name);
    *text = expr_is_null(expr) ? (Text){0} : vector_text(expr->value, 0);
    return true;
}

/* Of a boolean argument that may be left out. */
static bool constant_bool(SystemCall *call, uint32_t i, bool *value)
{
    *value = false;
    if (i >= call->count)
        return true;
    const Expr *expr = coerce_to(call->binder, call->arguments[i], SQL_TYPE(T_BOOL), CAST_IMPLICIT,
                                 call->location);
    expr = expr == NULL ? NULL : bind_fold(call->binder, expr);
    if (expr == NULL)
        return false;
    *value = expr->kind == EXPR_CONSTANT && !expr_is_null(expr) &&
             VECTOR_DATA(uint8_t, expr->value)[0] != 0;
    return true;
}

/* Arguments that are only known when the query runs: the catalog sets it then. */
static bool all_are_constant(SystemCall *call, bool *is_known)
{
    *is_known = true;
    for (uint32_t i = 0; i < call->count; i++) {
        const Expr *expr = bind_fold(call->binder, call->arguments[i]);
        if (expr == NULL)
            return false;
        *is_known = *is_known && expr->kind == EXPR_CONSTANT;
    }
    return true;
}

static const Expr *set_config(SystemCall *call)
{
    bool is_known;
    if (!all_are_constant(call, &is_known))
        return NULL;
    if (!is_known)
        return bind_call(call->binder, "set_config", call->arguments, call->count, call->location);
    Text name, value;
    bool is_local;
    BindContext *context = call->binder->context;
    if (!constant_text(call, 0, &name) || !constant_text(call, 1, &value) ||
        !constant_bool(call, 2, &is_local))
        return NULL;
    Settings *copy = arena_alloc(call->binder->arena, sizeof *copy);
    *copy = *settings_of(call);
    if (!setting_set(copy, name, value, SCOPE_SESSION, call->binder->fault))
        return NULL;
    if (context->change_count == BIND_MAX_CHANGES) {
        bind_fault(call->binder, call->location, FAULT_PROGRAM_LIMIT_EXCEEDED,
                   "a query can change at most %d settings", BIND_MAX_CHANGES);
        return NULL;
    }
    context->changes[context->change_count++] =
        (SettingChange){arena_strndup(call->binder->arena, name.data, name.length),
                        arena_strndup(call->binder->arena, value.data, value.length), is_local};
    const SettingInfo *info = setting_find(name);
    char shown[SETTING_TEXT_SIZE];
    if (info != NULL)
        setting_show(copy, info, shown, sizeof shown);
    return text_value(call, T_TEXT,
                      info != NULL ? shown : context->changes[context->change_count - 1].value);
}

static const Expr *type_of(SystemCall *call)
{
    return int_value(call, T_REGTYPE, call->arguments[0]->type.oid);
}

static const struct {
    const char *name;
    uint32_t least, most;
    const Expr *(*answer)(SystemCall *call);
} system_functions[] = {
    {"current_user", 0, 0, current_user},
    {"session_user", 0, 0, session_user},
    {"current_catalog", 0, 0, current_database},
    {"set_config", 3, 3, set_config},
    {"pg_typeof", 1, 1, type_of},
};

bool bind_system_function(Binder *binder, ExprContext *context, const char *name,
                          const Expr **arguments, uint32_t count, int32_t location,
                          const Expr **result)
{
    for (size_t i = 0; i < sizeof system_functions / sizeof *system_functions; i++) {
        if (strcmp(system_functions[i].name, name) != 0 || count < system_functions[i].least ||
            count > system_functions[i].most)
            continue;
        SystemCall call = {binder, context, name, arguments, count, location};
        *result = system_functions[i].answer(&call);
        return *result != NULL ? true : bind_fault_place(binder, location);
    }
    return true;
}

/* With a precision: LOCALTIME(3). */
static SqlType precise(Oid type, const PgQuery__SQLValueFunction *value)
{
    return (SqlType){type, value->typmod < 0 ? -1 : value->typmod > 6 ? 6 : value->typmod};
}

const Expr *bind_sql_value(Binder *binder, const PgQuery__SQLValueFunction *value)
{
    int32_t location = bind_location(binder, value->location);
    SystemCall call = {.binder = binder, .name = "", .location = location};
    switch (value->op) {
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE:
        return bind_call(binder, "current_date", NULL, 0, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N: {
        const Expr *now = bind_call(binder, "now", NULL, 0, location);
        return now == NULL ? NULL
                           : coerce_to(binder, now, precise(T_TIMESTAMPTZ, value), CAST_EXPLICIT,
                                       location);
    }
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N: {
        const Expr *now = bind_call(binder, "now", NULL, 0, location);
        return now == NULL ? NULL
                           : coerce_to(binder, now, precise(T_TIMESTAMP, value), CAST_EXPLICIT,
                                       location);
    }
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N: {
        const Expr *now = bind_call(binder, "now", NULL, 0, location);
        now = now == NULL ? NULL
                          : coerce_to(binder, now, SQL_TYPE(T_TIMESTAMP), CAST_EXPLICIT, location);
        return now == NULL ? NULL
                           : coerce_to(binder, now, precise(T_TIME, value), CAST_EXPLICIT, location);
    }
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER:
        return current_user(&call);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER:
        return session_user(&call);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG:
        return current_database(&call);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA:
        return current_schema(&call);
    default:
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED, "CURRENT_TIME is not supported");
        fault_hint(binder->fault, "Use LOCALTIME or CURRENT_TIMESTAMP.");
        return NULL;
    }
}

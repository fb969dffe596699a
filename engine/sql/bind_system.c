/*
 * Functions about the session and the catalogs. What is known when the query is bound is a
 * constant; what lies in a catalog is a subquery (macro.c); what only depends on the argument is
 * a function of the table (engine/function/system.c) and not here.
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
static const Expr *version(SystemCall *call)
{
    return text_value(call, T_TEXT,
                      arena_printf(call->binder->arena,
                                   "PostgreSQL %s (Talaria) on x86_64-pc-linux-gnu, 64-bit",
                                   settings_of(call)->server_version));
}

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

static const Expr *backend_pid(SystemCall *call)
{
    return int_value(call, T_INT4, call->binder->context->process_id);
}

/* The schemas of search_path that exist, by their own names. */
static uint32_t path_schemas(const SystemCall *call, const char **names, uint32_t capacity)
{
    const char *at = settings_of(call)->search_path;
    uint32_t count = 0;
    while (*at != '\0' && count < capacity) {
        const char *end = at + strcspn(at, ",");
        const char *start = at + strspn(at, " ");
        const char *stop = end;
        while (stop > start && stop[-1] == ' ')
            stop--;
        bool is_quoted = stop - start >= 2 && *start == '"' && stop[-1] == '"';
        Text name = {start + is_quoted, (uint32_t)(stop - start) - 2u * is_quoted};
        const SchemaInfo *schema = name.length > 0 ? schema_find(name, is_quoted) : NULL;
        if (schema != NULL)
            names[count++] = schema->name;
        at = *end == ',' ? end + 1 : end;
    }
    return count;
}

static const Expr *current_schema(SystemCall *call)
{
    const char *name = NULL;
    path_schemas(call, &name, 1);
    return text_value(call, T_NAME, name);
}

static const Expr *current_schemas(SystemCall *call)
{
    const char *names[16];
    const Expr *items[17];
    uint32_t count = path_schemas(call, names, 16), used = 0;
    const Expr *implicit = coerce_to(call->binder, call->arguments[0], SQL_TYPE(T_BOOL),
                                     CAST_IMPLICIT, call->location);
    implicit = implicit == NULL ? NULL : bind_fold(call->binder, implicit);
    if (implicit == NULL)
        return NULL;
    bool with_implicit = implicit->kind == EXPR_CONSTANT && !expr_is_null(implicit) &&
                         VECTOR_DATA(uint8_t, implicit->value)[0] != 0;
    if (with_implicit)
        items[used++] = text_value(call, T_NAME, "pg_catalog");
    for (uint32_t i = 0; i < count; i++)
        items[used++] = text_value(call, T_NAME, names[i]);
    return bind_fold(call->binder,
                     bind_array_of(call->binder, items, used, SQL_TYPE(T_NAME), call->location));
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

static const Expr *by_macro(SystemCall *call, Macro macro);

static const Expr *current_setting(SystemCall *call)
{
    Text name;
    bool may_miss;
    if (expr_has_kind(call->arguments[0], EXPR_COLUMN)) {
        call->count = 1;
        return by_macro(call, MACRO_SETTING);
    }
    if (!constant_text(call, 0, &name) || !constant_bool(call, 1, &may_miss))
        return NULL;
    const SettingInfo *info = name.length > 0 ? setting_find(name) : NULL;
    if (info == NULL && may_miss)
        return text_value(call, T_TEXT, NULL);
    if (info == NULL) {
        bind_fault(call->binder, -1, FAULT_UNDEFINED_OBJECT,
                   "unrecognized configuration parameter \"%.*s\"", TEXT_ARGS(name));
        return NULL;
    }
    char value[SETTING_TEXT_SIZE];
    setting_show(settings_of(call), info, value, sizeof value);
    return text_value(call, T_TEXT, value);
}

static const Expr *set_config(SystemCall *call)
{
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

/* --- answers that are the same for every object --- */
static const Expr *always_true(SystemCall *call)
{
    return expr_bool(call->binder->arena, true);
}

static const Expr *always_false(SystemCall *call)
{
    return expr_bool(call->binder->arena, false);
}

static const Expr *no_text(SystemCall *call)
{
    return text_value(call, T_TEXT, NULL);
}

static const Expr *no_address(SystemCall *call)
{
    return text_value(call, T_INET, NULL);
}

static const Expr *zero_oid(SystemCall *call)
{
    return int_value(call, T_OID, 0);
}

static const Expr *server_port(SystemCall *call)
{
    return int_value(call, T_INT4, settings_of(call)->port);
}

static const Expr *utf8_name(SystemCall *call)
{
    return text_value(call, T_NAME, "UTF8");
}

/* There are no advisory locks to give back. */
static const Expr *nothing(SystemCall *call)
{
    return text_value(call, T_TEXT, "");
}

/* UTF8 is encoding 6, and the only one. */
static const Expr *encoding_name(SystemCall *call)
{
    const Expr *six = int_value(call, T_INT4, 6);
    const Expr *is_utf8 = bind_operator(call->binder, "=", call->arguments[0], six, call->location);
    if (is_utf8 == NULL)
        return NULL;
    const Expr *branches[3] = {is_utf8, utf8_name(call), text_value(call, T_NAME, "")};
    return expr_nary(call->binder->arena, EXPR_CASE, SQL_TYPE(T_NAME), branches, 3, call->location);
}

/* --- visibility: without its schema's name only what lies on the search path is found --- */
static const Expr *table_is_visible(SystemCall *call)
{
    Binder *binder = call->binder;
    const char *path[16];
    uint32_t path_count = path_schemas(call, path, 16);
    uint32_t count, used = 0;
    const VirtualRelation *const *relations = schema_virtual_relations(&count);
    const Expr **hidden = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    uint32_t schema_count;
    const SchemaInfo *schemas = schema_list(&schema_count);
    bool public_is_visible = false;
    for (uint32_t k = 0; k < path_count; k++)
        public_is_visible = public_is_visible || strcmp(path[k], "public") == 0;
    for (uint32_t i = 0; i < count; i++) {
        bool is_visible = relations[i]->schema_oid == SCHEMA_OID_PG_CATALOG;
        for (uint32_t s = 0; s < schema_count && !is_visible; s++) {
            for (uint32_t k = 0; k < path_count && !is_visible; k++)
                is_visible = schemas[s].oid == relations[i]->schema_oid &&
                             strcmp(path[k], schemas[s].name) == 0;
        }
        if (!is_visible)
            hidden[used++] = int_value(call, T_OID, relations[i]->oid);
    }
    const Expr *oid = coerce_to(binder, bind_reg_as_oid(binder, call->arguments[0]),
                                SQL_TYPE(T_OID), CAST_IMPLICIT, call->location);
    if (oid == NULL || used == 0)
        return oid == NULL ? NULL : expr_bool(binder->arena, true);
    const Expr *is_hidden = bind_in_list(binder, oid, hidden, used, call->location);
    if (is_hidden == NULL)
        return NULL;
    const Expr *is_visible = bind_not(binder, is_hidden);
    if (public_is_visible)
        return is_visible;
    /* Tables have OIDs above those of the catalogs. */
    const Expr *first = int_value(call, T_OID, 16384);
    const Expr *both[2] = {is_visible, bind_operator(binder, "<", oid, first, call->location)};
    return both[1] == NULL
               ? NULL
               : expr_nary(binder->arena, EXPR_AND, SQL_TYPE(T_BOOL), both, 2, call->location);
}

/* --- privileges: a superuser has all, others may look --- */
static const Expr *has_privilege(SystemCall *call)
{
    Text what;
    if (!constant_text(call, call->count - 1, &what))
        return NULL;
    static const char *const reading[] = {"SELECT", "USAGE",     "CONNECT", "EXECUTE",
                                          "TEMP",   "TEMPORARY", "MEMBER"};
    bool is_allowed = settings_of(call)->is_superuser;
    for (size_t i = 0; i < sizeof reading / sizeof *reading; i++)
        is_allowed = is_allowed || (what.length == strlen(reading[i]) &&
                                    strncasecmp(what.data, reading[i], what.length) == 0);
    return expr_bool(call->binder->arena, is_allowed);
}

/* --- what lies in the catalogs --- */
static const Expr *by_macro(SystemCall *call, Macro macro)
{
    for (uint32_t i = 0; i < call->count; i++) {
        call->arguments[i] = bind_reg_as_oid(call->binder, call->arguments[i]);
        if (!expr_is_unknown(call->arguments[i]))
            continue;
        Oid type = i == 0 ? T_OID : T_TEXT; /* '1259', 'pg_class' */
        call->arguments[i] = coerce_to(call->binder, call->arguments[i], SQL_TYPE(type),
                                       CAST_IMPLICIT, call->location);
        if (call->arguments[i] == NULL)
            return NULL;
    }
    return bind_macro(call->binder, call->context, macro, call->arguments, call->count,
                      call->location);
}

static const Expr *user_by_id(SystemCall *call)
{
    const Expr *name = by_macro(call, MACRO_USER_NAME);
    if (name == NULL)
        return NULL;
    const Expr *oid = coerce_to(call->binder, call->arguments[0], SQL_TYPE(T_TEXT), CAST_EXPLICIT,
                                call->location);
    const Expr *label = text_value(call, T_TEXT, "unknown (OID=");
    const Expr *unknown =
        oid == NULL ? NULL : bind_operator(call->binder, "||", label, oid, call->location);
    unknown = unknown == NULL ? NULL
                              : bind_operator(call->binder, "||", unknown,
                                              text_value(call, T_TEXT, ")"), call->location);
    unknown = unknown == NULL
                  ? NULL
                  : coerce_to(call->binder, unknown, name->type, CAST_EXPLICIT, call->location);
    if (unknown == NULL)
        return NULL;
    const Expr *pair[2] = {name, unknown};
    return expr_nary(call->binder->arena, EXPR_COALESCE, name->type, pair, 2, call->location);
}

static const Expr *object_description(SystemCall *call)
{
    return by_macro(call,
                    call->count == 1 ? MACRO_OBJECT_DESCRIPTION_OF_ANY : MACRO_OBJECT_DESCRIPTION);
}

static const Expr *column_description(SystemCall *call)
{
    return by_macro(call, MACRO_COLUMN_DESCRIPTION);
}

static const Expr *shared_description(SystemCall *call)
{
    return by_macro(call, MACRO_SHARED_DESCRIPTION);
}

static const Expr *relation_size(SystemCall *call)
{
    if (expr_is_unknown(call->arguments[0])) {
        call->arguments[0] = bind_cast_to_reg(call->binder, call->arguments[0],
                                              SQL_TYPE(T_REGCLASS), call->location);
        if (call->arguments[0] == NULL)
            return NULL;
    }
    call->count = 1; /* forks are all one */
    return by_macro(call, MACRO_RELATION_SIZE);
}

static const Expr *database_size(SystemCall *call)
{
    call->count = 0; /* there is one database */
    return by_macro(call, MACRO_DATABASE_SIZE);
}

static const Expr *to_reg(SystemCall *call, Oid type)
{
    Fault *fault = call->binder->fault;
    const Expr *found =
        bind_cast_to_reg(call->binder, call->arguments[0], SQL_TYPE(type), call->location);
    bool is_absent = found == NULL && (fault->code == FAULT_UNDEFINED_TABLE ||
                                       fault->code == FAULT_UNDEFINED_OBJECT ||
                                       fault->code == FAULT_INVALID_SCHEMA_NAME);
    if (!is_absent)
        return found;
    fault_clear(fault);
    return expr_null(call->binder->arena, SQL_TYPE(type), call->location);
}

static const Expr *to_regclass(SystemCall *call)
{
    return to_reg(call, T_REGCLASS);
}

static const Expr *to_regtype(SystemCall *call)
{
    return to_reg(call, T_REGTYPE);
}

static const Expr *to_regnamespace(SystemCall *call)
{
    return to_reg(call, T_REGNAMESPACE);
}

static const Expr *type_of(SystemCall *call)
{
    return int_value(call, T_REGTYPE, call->arguments[0]->type.oid);
}

/* The number of an encoding's name; there is only UTF8. */
static const Expr *encoding_number(SystemCall *call)
{
    const Expr *name = coerce_to(call->binder, call->arguments[0], SQL_TYPE(T_TEXT), CAST_EXPLICIT,
                                 call->location);
    const Expr *is_utf8 = name == NULL
                              ? NULL
                              : bind_operator(call->binder, "=", name,
                                              text_value(call, T_TEXT, "UTF8"), call->location);
    if (is_utf8 == NULL)
        return NULL;
    const Expr *branches[3] = {is_utf8, int_value(call, T_INT4, 6), int_value(call, T_INT4, -1)};
    return expr_nary(call->binder->arena, EXPR_CASE, SQL_TYPE(T_INT4), branches, 3, call->location);
}

static const Expr *no_count(SystemCall *call)
{
    return int_value(call, T_INT8, 0);
}

static const Expr *no_time(SystemCall *call)
{
    return expr_null(call->binder->arena, SQL_TYPE(T_TIMESTAMPTZ), call->location);
}

/* There are no transactions to number; PostgreSQL's first is 3. */
static const Expr *transaction_number(SystemCall *call)
{
    return int_value(call, T_INT8, 3);
}

static const struct {
    const char *name;
    uint32_t least, most;
    const Expr *(*answer)(SystemCall *call);
} system_functions[] = {
    {"version", 0, 0, version},
    {"current_user", 0, 0, current_user},
    {"session_user", 0, 0, session_user},
    {"current_database", 0, 0, current_database},
    {"current_catalog", 0, 0, current_database},
    {"current_schema", 0, 0, current_schema},
    {"current_schemas", 1, 1, current_schemas},
    {"pg_backend_pid", 0, 0, backend_pid},
    {"current_setting", 1, 2, current_setting},
    {"set_config", 3, 3, set_config},
    {"pg_is_in_recovery", 0, 0, always_false},
    {"pg_is_other_temp_schema", 1, 1, always_false},
    {"pg_my_temp_schema", 0, 0, zero_oid},
    {"pg_relation_is_publishable", 1, 1, always_false},
    {"row_security_active", 1, 1, always_false},
    {"inet_server_addr", 0, 0, no_address},
    {"inet_client_addr", 0, 0, no_address},
    {"inet_server_port", 0, 0, server_port},
    {"pg_client_encoding", 0, 0, utf8_name},
    {"getdatabaseencoding", 0, 0, utf8_name},
    {"pg_encoding_to_char", 1, 1, encoding_name},
    {"pg_char_to_encoding", 1, 1, encoding_number},
    {"pg_typeof", 1, 1, type_of},
    {"pg_advisory_unlock_all", 0, 0, nothing},
    {"txid_current", 0, 0, transaction_number},
    {"pg_table_is_visible", 1, 1, table_is_visible},
    {"pg_type_is_visible", 1, 1, always_true},
    {"pg_function_is_visible", 1, 1, always_true},
    {"pg_operator_is_visible", 1, 1, always_true},
    {"pg_collation_is_visible", 1, 1, always_true},
    {"pg_conversion_is_visible", 1, 1, always_true},
    {"pg_opclass_is_visible", 1, 1, always_true},
    {"pg_opfamily_is_visible", 1, 1, always_true},
    {"pg_statistics_obj_is_visible", 1, 1, always_true},
    {"pg_ts_config_is_visible", 1, 1, always_true},
    {"pg_ts_dict_is_visible", 1, 1, always_true},
    {"pg_ts_parser_is_visible", 1, 1, always_true},
    {"pg_ts_template_is_visible", 1, 1, always_true},
    {"pg_get_userbyid", 1, 1, user_by_id},
    {"obj_description", 1, 2, object_description},
    {"col_description", 2, 2, column_description},
    {"shobj_description", 2, 2, shared_description},
    {"pg_get_expr", 2, 3, no_text},
    {"pg_get_constraintdef", 1, 2, no_text},
    {"pg_get_indexdef", 1, 3, no_text},
    {"pg_get_viewdef", 1, 2, no_text},
    {"pg_get_ruledef", 1, 2, no_text},
    {"pg_get_triggerdef", 1, 2, no_text},
    {"pg_get_partkeydef", 1, 1, no_text},
    {"pg_get_serial_sequence", 2, 2, no_text},
    {"pg_get_statisticsobjdef", 1, 1, no_text},
    {"pg_get_statisticsobjdef_columns", 1, 1, no_text},
    {"pg_get_function_sqlbody", 1, 1, no_text},
    {"pg_get_functiondef", 1, 1, no_text},
    {"pg_tablespace_location", 1, 1, no_text},
    {"pg_describe_object", 3, 3, no_text},
    {"pg_stat_get_numscans", 1, 1, no_count},
    {"pg_stat_get_last_vacuum_time", 1, 1, no_time},
    {"has_table_privilege", 2, 3, has_privilege},
    {"has_any_column_privilege", 2, 3, has_privilege},
    {"has_column_privilege", 3, 4, has_privilege},
    {"has_schema_privilege", 2, 3, has_privilege},
    {"has_database_privilege", 2, 3, has_privilege},
    {"has_function_privilege", 2, 3, has_privilege},
    {"has_sequence_privilege", 2, 3, has_privilege},
    {"has_language_privilege", 2, 3, has_privilege},
    {"has_tablespace_privilege", 2, 3, has_privilege},
    {"has_type_privilege", 2, 3, has_privilege},
    {"has_server_privilege", 2, 3, has_privilege},
    {"has_foreign_data_wrapper_privilege", 2, 3, has_privilege},
    {"pg_has_role", 2, 3, has_privilege},
    {"pg_relation_size", 1, 2, relation_size},
    {"pg_table_size", 1, 1, relation_size},
    {"pg_total_relation_size", 1, 1, relation_size},
    {"pg_indexes_size", 1, 1, no_count},
    {"pg_database_size", 1, 1, database_size},
    {"to_regclass", 1, 1, to_regclass},
    {"to_regtype", 1, 1, to_regtype},
    {"to_regnamespace", 1, 1, to_regnamespace},
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

const Expr *bind_sql_value(Binder *binder, const PgQuery__SQLValueFunction *value)
{
    int32_t location = bind_location(binder, value->location);
    SystemCall call = {.binder = binder, .name = "", .location = location};
    switch (value->op) {
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE:
        return bind_call(binder, "current_date", NULL, 0, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N:
        return bind_call(binder, "now", NULL, 0, location);
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N: {
        const Expr *now = bind_call(binder, "now", NULL, 0, location);
        return now == NULL ? NULL
                           : coerce_to(binder, now, SQL_TYPE(T_TIMESTAMP), CAST_EXPLICIT, location);
    }
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME:
    case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N: {
        const Expr *now = bind_call(binder, "now", NULL, 0, location);
        now = now == NULL ? NULL
                          : coerce_to(binder, now, SQL_TYPE(T_TIMESTAMP), CAST_EXPLICIT, location);
        return now == NULL ? NULL
                           : coerce_to(binder, now, SQL_TYPE(T_TIME), CAST_EXPLICIT, location);
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

/*
 * Outside data in FROM: EXTERN with its JSON, and HTTP, INLINE, LOCALFILES, which are EXTERN with
 * arguments of SQL. All become a PLAN_EXTERN with the JSON of the source and of the format.
 *
 * What the JSON means is engine/input's business: here it must be an object with a type.
 */
#include "engine/sql/bind_internal.h"

#include "base/memory/buffer.h"

#include <jansson.h>
#include <strings.h>

enum { EXTERN_MAX_ARGUMENTS = 16 };

/* An argument of the call: constant text or list of texts. */
typedef struct Argument {
    const char *name;
    int32_t location;
    bool is_pending; /* a parameter whose value is not known yet */
    bool is_null;
    uint32_t count; /* texts: one, or the elements of an array */
    const Text *texts;
    bool is_array;
    bool used;
} Argument;

typedef struct ExternCall {
    Binder *binder;
    const char *name;
    int32_t location;
    uint32_t count;
    Argument arguments[EXTERN_MAX_ARGUMENTS];
    bool is_pending;
} ExternCall;

static bool bad_argument(ExternCall *call, int32_t location, const char *message)
{
    return bind_fault(call->binder, location, FAULT_INVALID_PARAMETER_VALUE, "%s: %s", call->name,
                      message);
}

/* --- arguments --- */
static bool read_value(ExternCall *call, const Expr *expr, Argument *argument)
{
    Binder *binder = call->binder;
    argument->is_pending = expr_has_kind(expr, EXPR_PARAMETER);
    call->is_pending = call->is_pending || argument->is_pending;
    if (argument->is_pending)
        return true;
    expr = coerce_unknown_to_text(binder, expr);
    expr = expr == NULL ? NULL : bind_fold(binder, expr);
    if (expr == NULL)
        return false;
    if (expr->kind != EXPR_CONSTANT)
        return bad_argument(call, argument->location, "arguments must be constant");
    argument->is_null = expr_is_null(expr);
    argument->is_array = type_layout(expr->type) == LAYOUT_ARRAY;
    if (argument->is_null)
        return true;
    uint32_t count = 1;
    Text *texts;
    if (argument->is_array) {
        ArrayValue range = VECTOR_DATA(ArrayValue, expr->value)[0];
        Vector items = vector_slice(expr->value->elements, range.offset, range.count);
        texts = ARENA_ARRAY(binder->arena, Text, range.count + 1);
        type_format_text(bind_element_type(expr->type), binder->context->types, &items,
                         binder->arena, texts);
        count = range.count;
    } else {
        texts = ARENA_ARRAY(binder->arena, Text, 1);
        type_format_text(expr->type, binder->context->types, expr->value, binder->arena, texts);
    }
    for (uint32_t i = 0; i < count; i++)
        texts[i] = arena_text(binder->arena, texts[i]);
    argument->count = count;
    argument->texts = texts;
    return true;
}

static bool read_arguments(ExternCall *call, const PgQuery__FuncCall *node,
                           const char *const *positions, uint32_t position_count)
{
    Scope nothing = {0};
    ExprContext context = {.scope = &nothing, .clause = CLAUSE_FUNCTION_IN_FROM};
    if (node->n_args > EXTERN_MAX_ARGUMENTS)
        return bad_argument(call, call->location, "too many arguments");
    for (size_t i = 0; i < node->n_args; i++) {
        const PgQuery__Node *value = node->args[i];
        Argument *argument = &call->arguments[call->count++];
        *argument = (Argument){.location = bind_node_location(call->binder, value)};
        if (value->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR) {
            argument->name = name_plain(value->named_arg_expr->name);
            value = value->named_arg_expr->arg;
        } else if (i < position_count) {
            argument->name = positions[i];
        } else {
            return bad_argument(call, argument->location,
                                position_count == 0 ? "arguments must be named (name => value)"
                                                    : "too many arguments");
        }
        const Expr *expr = bind_expr(call->binder, &context, value);
        if (expr == NULL || !read_value(call, expr, argument))
            return false;
    }
    return true;
}

/* NULL when it is not given, or NULL. */
static Argument *find_argument(ExternCall *call, const char *name)
{
    for (uint32_t i = 0; i < call->count; i++) {
        Argument *argument = &call->arguments[i];
        if (strcasecmp(argument->name, name) != 0)
            continue;
        argument->used = true;
        return argument->is_null || argument->is_pending ? NULL : argument;
    }
    return NULL;
}

static bool is_given(ExternCall *call, const char *name)
{
    for (uint32_t i = 0; i < call->count; i++) {
        if (strcasecmp(call->arguments[i].name, name) == 0)
            return true;
    }
    return false;
}

static bool check_all_used(ExternCall *call)
{
    for (uint32_t i = 0; i < call->count; i++) {
        if (!call->arguments[i].used)
            return bind_fault(call->binder, call->arguments[i].location,
                              FAULT_INVALID_PARAMETER_VALUE, "%s has no argument \"%s\"",
                              call->name, call->arguments[i].name);
    }
    return true;
}

static json_t *json_of_text(Text text)
{
    return json_stringn(text.data, text.length);
}

static void set_text(ExternCall *call, json_t *object, const char *key, const char *name)
{
    const Argument *argument = find_argument(call, name);
    if (argument != NULL && argument->count > 0)
        json_object_set_new(object, key, json_of_text(argument->texts[0]));
}

/* An array, or a text with commas. */
static json_t *json_list(const Argument *argument)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < argument->count; i++) {
        Text rest = argument->texts[i];
        while (!argument->is_array && rest.length > 0) {
            const char *comma = memchr(rest.data, ',', rest.length);
            uint32_t length = comma != NULL ? (uint32_t)(comma - rest.data) : rest.length;
            Text item = {rest.data, length};
            while (item.length > 0 && item.data[0] == ' ')
                item = (Text){item.data + 1, item.length - 1};
            while (item.length > 0 && item.data[item.length - 1] == ' ')
                item.length--;
            if (item.length > 0)
                json_array_append_new(list, json_of_text(item));
            uint32_t used = comma != NULL ? length + 1 : length;
            rest = (Text){rest.data + used, rest.length - used};
        }
        if (argument->is_array)
            json_array_append_new(list, json_of_text(argument->texts[i]));
    }
    return list;
}

/* --- the sources --- */
static bool http_source(ExternCall *call, json_t *source)
{
    const Argument *uris = find_argument(call, "uris");
    json_object_set_new(source, "type", json_string("http"));
    if (uris == NULL && !is_given(call, "uris"))
        return bad_argument(call, call->location, "argument \"uris\" is missing");
    if (uris != NULL)
        json_object_set_new(source, "uris", json_list(uris));
    set_text(call, source, "httpAuthenticationUsername", "userName");
    const Argument *password = find_argument(call, "password");
    const Argument *variable = find_argument(call, "passwordEnvVar");
    if (password != NULL && variable != NULL)
        return bad_argument(call, variable->location,
                            "give either \"password\" or \"passwordEnvVar\", not both");
    json_t *secret = NULL;
    if (password != NULL && password->count > 0)
        secret = json_pack("{s:s, s:o}", "type", "default", "password",
                           json_of_text(password->texts[0]));
    else if (variable != NULL && variable->count > 0)
        secret = json_pack("{s:s, s:o}", "type", "environment", "variable",
                           json_of_text(variable->texts[0]));
    if (secret != NULL)
        json_object_set_new(source, "httpAuthenticationPassword", secret);
    const Argument *headers = find_argument(call, "headers");
    if (headers != NULL && headers->count > 0) {
        json_t *map = json_loadb(headers->texts[0].data, headers->texts[0].length, 0, NULL);
        if (!json_is_object(map)) {
            json_decref(map);
            return bad_argument(call, headers->location, "\"headers\" must be a JSON object");
        }
        json_object_set_new(source, "requestHeaders", map);
    }
    return true;
}

static bool inline_source(ExternCall *call, json_t *source)
{
    const Argument *data = find_argument(call, "data");
    json_object_set_new(source, "type", json_string("inline"));
    if (data == NULL && !is_given(call, "data"))
        return bad_argument(call, call->location, "argument \"data\" is missing");
    Buffer lines = BUFFER_EMPTY;
    for (uint32_t i = 0; data != NULL && i < data->count; i++) {
        buffer_append(&lines, data->texts[i].data, data->texts[i].length);
        buffer_append_byte(&lines, '\n');
    }
    json_object_set_new(
        source, "data",
        json_stringn(lines.length > 0 ? (const char *)lines.data : "", lines.length));
    buffer_clear(&lines);
    return true;
}

static bool local_source(ExternCall *call, json_t *source)
{
    const Argument *folder = find_argument(call, "baseDir");
    const Argument *filter = find_argument(call, "filter");
    const Argument *files = find_argument(call, "files");
    json_object_set_new(source, "type", json_string("local"));
    if (call->is_pending)
        return true;
    if (folder == NULL && files == NULL)
        return bad_argument(call, call->location,
                            filter != NULL ? "\"filter\" needs \"baseDir\""
                                           : "give \"baseDir\" or \"files\"");
    if (filter != NULL && files != NULL)
        return bad_argument(call, filter->location,
                            "give either \"filter\" or \"files\", not both");
    if (files == NULL) {
        json_object_set_new(source, "baseDir", json_of_text(folder->texts[0]));
        json_object_set_new(source, "filter",
                            filter != NULL ? json_of_text(filter->texts[0]) : json_string("*"));
        return true;
    }
    json_t *list = json_list(files), *complete = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *file = json_string_value(json_array_get(list, i));
        const char *path = file;
        if (folder != NULL)
            path = arena_printf(call->binder->arena, "%.*s/%s", TEXT_ARGS(folder->texts[0]), file);
        json_array_append_new(complete, json_string(path));
    }
    json_decref(list);
    json_object_set_new(source, "files", complete);
    return true;
}

/* --- the format of the last three --- */
static void set_list_delimiter(ExternCall *call, json_t *format)
{
    set_text(call, format, "listDelimiter", "listDelimiter");
}

static bool make_format(ExternCall *call, PgQuery__Node *const *columns, size_t count,
                        json_t *format)
{
    const Argument *name = find_argument(call, "format");
    const Argument *skip = find_argument(call, "skipHeaderRows");
    if (name == NULL && !is_given(call, "format"))
        return bad_argument(call, call->location, "argument \"format\" is missing");
    static const char *const known[] = {"csv", "tsv", "json"};
    const char *type = name == NULL ? "json" : NULL;
    for (size_t i = 0; name != NULL && i < 3; i++) {
        if (name->count > 0 && name->texts[0].length == strlen(known[i]) &&
            strncasecmp(name->texts[0].data, known[i], name->texts[0].length) == 0)
            type = known[i];
    }
    if (type == NULL)
        return bad_argument(call, name->location, "\"format\" must be csv, tsv or json");
    json_object_set_new(format, "type", json_string(type));
    if (strcmp(type, "json") == 0)
        return true;
    json_t *names = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(names, json_string(name_plain(columns[i]->column_def->colname)));
    json_object_set_new(format, "columns", names);
    set_list_delimiter(call, format);
    if (strcmp(type, "tsv") == 0)
        set_text(call, format, "delimiter", "delimiter");
    if (skip == NULL || skip->count == 0)
        return true;
    Text rows = skip->texts[0];
    bool is_true = text_equal_string(rows, "t") || text_equal_string(rows, "true");
    bool is_false = text_equal_string(rows, "f") || text_equal_string(rows, "false");
    int64_t value = is_true;
    for (uint32_t i = 0; !is_true && !is_false && i < rows.length; i++) {
        if (rows.data[i] < '0' || rows.data[i] > '9' || value > 1000000)
            return bad_argument(call, skip->location,
                                "\"skipHeaderRows\" must be a number of rows");
        value = value * 10 + (rows.data[i] - '0');
    }
    json_object_set_new(format, "skipHeaderRows", json_integer(value));
    return true;
}

/* --- signatures --- */
static bool no_duplicates(ExternCall *call, const PlanColumn *columns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(columns[i].name, columns[k].name) == 0)
                return bind_fault(call->binder, call->location, FAULT_DUPLICATE_COLUMN,
                                  "column name \"%s\" specified more than once", columns[i].name);
        }
    }
    return count > 0 ? true : bad_argument(call, call->location, "the list of columns is empty");
}

static bool signature_of_list(ExternCall *call, PgQuery__Node *const *list, size_t count,
                              PlanColumn **columns)
{
    *columns = ARENA_ARRAY(call->binder->arena, PlanColumn, count + 1);
    for (size_t i = 0; i < count; i++) {
        const PgQuery__ColumnDef *definition = list[i]->column_def;
        SqlType type;
        if (!bind_type_name(call->binder, definition->type_name, &type))
            return false;
        (*columns)[i] = bind_new_column(call->binder, type, name_plain(definition->colname));
    }
    return no_duplicates(call, *columns, (uint32_t)count);
}

static bool signature_item(ExternCall *call, const Argument *argument, const json_t *item,
                           PlanColumn *column)
{
    const char *name = json_string_value(json_object_get(item, "name"));
    const char *type = json_string_value(json_object_get(item, "type"));
    if (name == NULL || type == NULL)
        return bad_argument(call, argument->location,
                            "each column of the signature needs a \"name\" and a \"type\"");
    /* "string" is what the dialect calls VARCHAR */
    const TypeInfo *info =
        strcasecmp(type, "string") == 0 ? type_info(T_VARCHAR) : type_by_name(text_of(type));
    if (info == NULL)
        return bind_fault(call->binder, argument->location, FAULT_INVALID_PARAMETER_VALUE,
                          "%s: column \"%s\" of the signature has unknown type \"%s\"", call->name,
                          name, type);
    *column =
        bind_new_column(call->binder, SQL_TYPE(info->oid), arena_strdup(call->binder->arena, name));
    return true;
}

static bool signature_of_json(ExternCall *call, const Argument *argument, PlanColumn **columns,
                              uint32_t *count)
{
    json_error_t error;
    json_t *list = argument->count > 0
                       ? json_loadb(argument->texts[0].data, argument->texts[0].length, 0, &error)
                       : NULL;
    bool ok = json_is_array(list);
    if (!ok)
        bad_argument(call, argument->location, "the signature must be a JSON array");
    *count = (uint32_t)json_array_size(list);
    *columns = ARENA_ARRAY(call->binder->arena, PlanColumn, *count + 1);
    for (uint32_t i = 0; ok && i < *count; i++)
        ok = signature_item(call, argument, json_array_get(list, i), &(*columns)[i]);
    json_decref(list);
    return ok && no_duplicates(call, *columns, *count);
}

/* --- rights --- */

/* Reading outside data is a right of its own; a grant may name one type of source. */
static bool check_rights(ExternCall *call, Text source)
{
    json_t *object = json_loadb(source.data, source.length, 0, NULL);
    const char *type = json_string_value(json_object_get(object, "type"));
    AccessTarget target = {.kind = ACCESS_ON_EXTERNAL,
                           .name = text_of(arena_strdup(call->binder->arena,
                                                        type != NULL ? type : "unknown"))};
    json_decref(object);
    return access_check(call->binder->context->user, &target, ACCESS_SELECT, call->binder->fault);
}

/* --- EXTERN --- */
static bool check_json(ExternCall *call, const Argument *argument)
{
    json_error_t error = {0};
    json_t *object = argument->count == 1
                         ? json_loadb(argument->texts[0].data, argument->texts[0].length, 0, &error)
                         : NULL;
    bool is_typed = json_is_string(json_object_get(object, "type"));
    bool is_object = json_is_object(object);
    json_decref(object);
    if (is_typed)
        return true;
    if (is_object)
        return bind_fault(call->binder, argument->location, FAULT_INVALID_PARAMETER_VALUE,
                          "%s: %s has no \"type\"", call->name, argument->name);
    bind_fault(call->binder, argument->location, FAULT_INVALID_PARAMETER_VALUE,
               "%s: %s is not a JSON object", call->name, argument->name);
    return error.text[0] != '\0' ? fault_detail(call->binder->fault, "%s", error.text) : false;
}

static bool bind_extern_json(ExternCall *call, const PgQuery__FuncCall *node,
                             PgQuery__Node *const *list, size_t list_count, const Plan **plan)
{
    static const char *const positions[] = {"inputSource", "inputFormat", "signature"};
    if (!read_arguments(call, node, positions, 3))
        return false;
    const Argument *source = find_argument(call, "inputSource");
    const Argument *format = find_argument(call, "inputFormat");
    const Argument *signature = find_argument(call, "signature");
    bool has_signature = signature != NULL || (call->is_pending && is_given(call, "signature"));
    if (!check_all_used(call))
        return false;
    if (source == NULL && !is_given(call, "inputSource"))
        return bad_argument(call, call->location, "argument \"inputSource\" is missing");
    if (has_signature && list_count > 0)
        return bad_argument(call, call->location,
                            "give either a signature or a list of columns, not both");
    if (!has_signature && list_count == 0)
        return bad_argument(call, call->location,
                            "give a signature or a list of columns: EXTEND (name TYPE, ...)");
    PlanColumn *columns = NULL;
    uint32_t count = (uint32_t)list_count;
    if (list_count > 0 ? !signature_of_list(call, list, list_count, &columns)
                       : signature != NULL && !signature_of_json(call, signature, &columns, &count))
        return false;
    if (columns == NULL)
        return bind_fault(call->binder, call->location, FAULT_INDETERMINATE_DATATYPE,
                          "a signature given as a parameter is not known before execution");
    if ((source != NULL && !check_json(call, source)) ||
        (format != NULL && !check_json(call, format)))
        return false;
    if (source != NULL && !check_rights(call, source->texts[0]))
        return false;
    *plan = plan_external(call->binder->arena,
                          source != NULL ? source->texts[0] : TEXT_LITERAL("{\"type\":\"nil\"}"),
                          format != NULL ? format->texts[0] : TEXT_LITERAL("{}"), columns, count);
    return true;
}

/* --- the others --- */
typedef bool (*SourceMaker)(ExternCall *call, json_t *source);

static Text dump_json(ExternCall *call, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    Text copy = arena_text(call->binder->arena, text_of(text != NULL ? text : "{}"));
    free(text);
    return copy;
}

static bool bind_extern_arguments(ExternCall *call, const PgQuery__FuncCall *node,
                                  PgQuery__Node *const *list, size_t count, SourceMaker make,
                                  const Plan **plan)
{
    PlanColumn *columns;
    if (!read_arguments(call, node, NULL, 0))
        return false;
    if (count == 0)
        return bad_argument(call, call->location, "a list of columns is missing: (name TYPE, ...)");
    if (!signature_of_list(call, list, count, &columns))
        return false;
    json_t *source = json_object(), *format = json_object();
    bool ok = make(call, source) && make_format(call, list, count, format);
    /* known everywhere, though not every format has them */
    find_argument(call, "listDelimiter");
    find_argument(call, "delimiter");
    Text source_text = dump_json(call, source);
    ok = ok && check_all_used(call) && check_rights(call, source_text);
    if (ok)
        *plan = plan_external(call->binder->arena, source_text, dump_json(call, format), columns,
                              (uint32_t)count);
    json_decref(source);
    json_decref(format);
    return ok;
}

bool bind_extern(Binder *binder, const char *name, const PgQuery__FuncCall *node,
                 PgQuery__Node *const *list, size_t count, const Plan **plan, bool *is_known)
{
    ExternCall *call = ARENA_NEW(binder->arena, ExternCall);
    call->binder = binder;
    call->location = bind_location(binder, node->location);
    *is_known = true;
    if (strcmp(name, "extern") == 0)
        return call->name = "EXTERN", bind_extern_json(call, node, list, count, plan);
    if (strcmp(name, "http") == 0)
        return call->name = "HTTP",
               bind_extern_arguments(call, node, list, count, http_source, plan);
    if (strcmp(name, "inline") == 0)
        return call->name = "INLINE",
               bind_extern_arguments(call, node, list, count, inline_source, plan);
    if (strcmp(name, "localfiles") == 0)
        return call->name = "LOCALFILES",
               bind_extern_arguments(call, node, list, count, local_source, plan);
    if (strcmp(name, "s3") == 0)
        return bind_fault(binder, call->location, FAULT_FEATURE_NOT_SUPPORTED,
                          "table function S3 is not supported");
    *is_known = false;
    return true;
}

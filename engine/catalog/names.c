/*
 * How regclass, regproc, regprocedure, regnamespace and regrole are called and found, in
 * PostgreSQL's manner: a relation goes by its bare name where the search path would find it,
 * else with its schema; names are quoted where they must be.
 */
#include "engine/catalog/catalog_internal.h"
#include "engine/function/function.h"

#include <ctype.h>

/* Of the statement that this process runs. */
static const CatalogContext *current;

void catalog_set_context(const CatalogContext *context)
{
    current = context;
}

const CatalogContext *catalog_context(void)
{
    return current;
}

/* --- showing --- */

static bool needs_quotes(Text name)
{
    if (name.length == 0 || isdigit((unsigned char)name.data[0]) || name.data[0] == '$')
        return true;
    for (uint32_t i = 0; i < name.length; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (!islower(c) && !isdigit(c) && c != '_' && c != '$' && c < 0x80)
            return true;
    }
    return false;
}

void catalog_write_identifier(Buffer *out, Text name)
{
    if (!needs_quotes(name)) {
        buffer_append(out, name.data, name.length);
        return;
    }
    buffer_append_byte(out, '"');
    for (uint32_t i = 0; i < name.length; i++) {
        if (name.data[i] == '"')
            buffer_append_byte(out, '"');
        buffer_append_byte(out, (uint8_t)name.data[i]);
    }
    buffer_append_byte(out, '"');
}

static const char *take(Arena *arena, Buffer *buffer)
{
    const char *copy = arena_strdup(arena, buffer_string(buffer));
    buffer_clear(buffer);
    return copy;
}

static const char *relation_name(uint32_t oid, Arena *arena)
{
    Buffer name = BUFFER_EMPTY;
    const Relation *relation = schema_relation_by_oid(arena, current->tables, oid);
    if (relation == NULL)
        return NULL;
    bool is_temporary = text_equal_string(relation->schema, schema_temporary_name());
    if (relation->schema_oid != SCHEMA_OID_PUBLIC && !is_temporary &&
        relation->schema_oid != SCHEMA_OID_PG_CATALOG) {
        catalog_write_identifier(&name, relation->schema);
        buffer_append_byte(&name, '.');
    }
    catalog_write_identifier(&name, relation->name);
    return take(arena, &name);
}

/* Name, arguments and their number of a function of any kind; false: there is none. */
bool catalog_find_procedure(uint32_t oid, const char **name, const Oid **arguments,
                            uint32_t *count)
{
    const ScalarFunction *scalar = function_scalar_by_oid(oid);
    const AggregateFunction *aggregate = function_aggregate_by_oid(oid);
    uint32_t type_function_count;
    const TypeFunction *type_functions = catalog_type_functions(&type_function_count);
    if (scalar != NULL) {
        *name = scalar->name;
        *arguments = scalar->arguments;
        *count = scalar->argument_count;
        return true;
    }
    if (aggregate != NULL) {
        *name = aggregate->name;
        *arguments = aggregate->arguments;
        *count = aggregate->argument_count;
        return true;
    }
    const WindowFunction *window = function_window_by_oid(oid);
    if (window != NULL) {
        *name = window->name;
        *arguments = window->arguments;
        *count = window->argument_count;
        return true;
    }
    for (uint32_t i = 0; i < type_function_count; i++) {
        if (type_functions[i].oid != oid)
            continue;
        *name = type_functions[i].name;
        *arguments = type_functions[i].arguments;
        *count = type_functions[i].argument_count;
        return true;
    }
    return false;
}

static const char *procedure_name(uint32_t oid, bool with_arguments, Arena *arena)
{
    const char *function;
    const Oid *arguments;
    uint32_t count;
    Buffer name = BUFFER_EMPTY;
    if (!catalog_find_procedure(oid, &function, &arguments, &count))
        return NULL;
    catalog_write_identifier(&name, text_of(function));
    for (uint32_t i = 0; with_arguments && i < count; i++) {
        const TypeInfo *info = type_info(arguments[i]);
        buffer_printf(&name, "%c%s", i == 0 ? '(' : ',', info == NULL ? "?" : info->sql_name);
    }
    if (with_arguments)
        buffer_append_string(&name, count == 0 ? "()" : ")");
    return take(arena, &name);
}

static const char *schema_name(uint32_t oid, Arena *arena)
{
    uint32_t count;
    const SchemaInfo *schemas = schema_list_all(arena, current->tables, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (schemas[i].oid == oid)
            return schemas[i].name;
    }
    return NULL;
}

static const char *role_name(uint32_t oid, Arena *arena)
{
    Buffer name = BUFFER_EMPTY;
    Text role = catalog_role_name(current, oid);
    if (role.length == 0)
        return NULL;
    catalog_write_identifier(&name, role);
    return take(arena, &name);
}

const char *catalog_name_of(Oid type, uint32_t value, Arena *arena)
{
    if (type == T_REGPROC || type == T_REGPROCEDURE)
        return procedure_name(value, type == T_REGPROCEDURE, arena);
    if (type == T_REGNAMESPACE)
        return schema_name(value, arena);
    if (current == NULL)
        return NULL;
    if (type == T_REGCLASS)
        return relation_name(value, arena);
    return type == T_REGROLE ? role_name(value, arena) : NULL;
}

/* --- finding --- */

enum { NAME_PARTS = 3 };

typedef struct QualifiedName {
    uint32_t count;
    SchemaName parts[NAME_PARTS];
} QualifiedName;

/* Reads `a."B c".d`; false when it is no such name. */
static bool read_qualified(Text text, Arena *arena, QualifiedName *name)
{
    uint32_t at = 0;
    *name = (QualifiedName){0};
    for (;;) {
        if (name->count == NAME_PARTS)
            return false;
        SchemaName *part = &name->parts[name->count++];
        char *out = arena_alloc(arena, (size_t)text.length + 1);
        uint32_t length = 0;
        part->is_quoted = at < text.length && text.data[at] == '"';
        at += part->is_quoted;
        for (; at < text.length; at++) {
            if (part->is_quoted && text.data[at] == '"') {
                if (at + 1 >= text.length || text.data[at + 1] != '"')
                    break;
                at++;
            } else if (!part->is_quoted && text.data[at] == '.') {
                break;
            }
            out[length++] = text.data[at];
        }
        part->text = (Text){.data = out, .length = length};
        if (part->is_quoted && at++ >= text.length)
            return false;
        if (length == 0 || (at < text.length && text.data[at] != '.'))
            return false;
        if (at++ >= text.length)
            return true;
    }
}

static bool find_relation(const QualifiedName *name, Arena *arena, uint32_t *value)
{
    Fault ignored;
    if (current == NULL)
        return false;
    Text path = current->settings == NULL ? TEXT_LITERAL("public")
                                          : text_of(current->settings->search_path);
    const SchemaName *schema = name->count > 1 ? &name->parts[name->count - 2] : NULL;
    const Relation *relation = schema_resolve(arena, current->tables, schema,
                                              name->parts[name->count - 1], path, -1, &ignored);
    if (relation != NULL)
        *value = relation->oid;
    return relation != NULL;
}

static bool find_role(const QualifiedName *name, uint32_t *value)
{
    uint32_t count = current == NULL ? 0 : catalog_role_count(current);
    for (uint32_t i = 0; name->count == 1 && i < count; i++) {
        AccessRole role = catalog_role_at(current, i);
        if (text_equal(role.name, name->parts[0].text)) {
            *value = role.oid;
            return true;
        }
    }
    return false;
}

static bool same_function_name(const char *function, SchemaName name)
{
    Text candidate = text_of(function);
    if (candidate.length != name.text.length)
        return false;
    for (uint32_t i = 0; i < candidate.length; i++) {
        char typed = name.text.data[i];
        typed = name.is_quoted ? typed : (char)tolower((unsigned char)typed);
        if (candidate.data[i] != typed)
            return false;
    }
    return true;
}

/* The types between the parentheses of a regprocedure. */
typedef struct ArgumentList {
    bool is_given;
    uint32_t count;
    Oid types[FUNCTION_MAX_ARGS];
} ArgumentList;

static bool fits(const ArgumentList *wanted, const Oid *arguments, uint32_t count)
{
    if (!wanted->is_given)
        return true;
    return wanted->count == count &&
           (count == 0 || memcmp(wanted->types, arguments, count * sizeof *arguments) == 0);
}

/* The first function of the name: a regproc is asked for by tools that only want its name. */
static bool find_function(const QualifiedName *name, const ArgumentList *wanted, uint32_t *value)
{
    SchemaName last = name->parts[name->count - 1];
    uint32_t count;
    const ScalarFunction *const *scalars = function_scalars(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (scalars[i]->kind == FUNCTION_PLAIN && same_function_name(scalars[i]->name, last) &&
            fits(wanted, scalars[i]->arguments, scalars[i]->argument_count)) {
            *value = scalars[i]->oid;
            return true;
        }
    }
    const AggregateFunction *const *aggregates = function_aggregates(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (same_function_name(aggregates[i]->name, last) &&
            fits(wanted, aggregates[i]->arguments, aggregates[i]->argument_count)) {
            *value = aggregates[i]->oid;
            return true;
        }
    }
    const WindowFunction *windows = function_windows(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (same_function_name(windows[i].name, last) &&
            fits(wanted, windows[i].arguments, windows[i].argument_count)) {
            *value = windows[i].oid;
            return true;
        }
    }
    const TypeFunction *type_functions = catalog_type_functions(&count);
    for (uint32_t i = 0; i < count; i++) {
        if (same_function_name(type_functions[i].name, last) &&
            fits(wanted, type_functions[i].arguments, type_functions[i].argument_count)) {
            *value = type_functions[i].oid;
            return true;
        }
    }
    return false;
}

/* `(integer, text)`; false: it is no list of types. */
static bool read_arguments(Text text, ArgumentList *list)
{
    *list = (ArgumentList){.is_given = true};
    while (text.length > 0 && text.data[text.length - 1] == ' ')
        text.length--;
    if (text.length < 2 || text.data[text.length - 1] != ')')
        return false;
    uint32_t at = 1, end = text.length - 1;
    while (at < end) {
        uint32_t start = at, depth = 0;
        for (; at < end && (depth > 0 || text.data[at] != ','); at++)
            depth += (text.data[at] == '(') - (text.data[at] == ')');
        Text name = {.data = text.data + start, .length = at - start};
        while (name.length > 0 && name.data[0] == ' ')
            name = (Text){.data = name.data + 1, .length = name.length - 1};
        const TypeInfo *info = name.length == 0 ? NULL : type_by_name(name);
        if (info == NULL && name.length == 0 && start == 1 && at == end)
            return true; /* blanks alone */
        if (info == NULL || list->count == FUNCTION_MAX_ARGS)
            return false;
        list->types[list->count++] = info->oid;
        at++;
    }
    return true;
}

static bool find_within(Oid type, const QualifiedName *name, Arena *arena, uint32_t *value)
{
    const SchemaInfo *schema;
    switch (type) {
    case T_REGCLASS:
        return find_relation(name, arena, value);
    case T_REGROLE:
        return find_role(name, value);
    case T_REGPROC:
        return find_function(name, &(ArgumentList){0}, value);
    case T_REGNAMESPACE:
        schema = schema_find_all(arena, current->tables, name->parts[0].text,
                                 name->parts[0].is_quoted);
        *value = schema == NULL ? 0 : schema->oid;
        return schema != NULL && name->count == 1;
    default:
        return false;
    }
}

bool catalog_find(Oid type, Text text, uint32_t *value)
{
    QualifiedName name;
    Arena *arena = arena_new("catalog name");
    /* regprocedure: the name before its arguments. */
    const char *open = type == T_REGPROCEDURE && text.length > 0
                           ? memchr(text.data, '(', text.length)
                           : NULL;
    ArgumentList list;
    uint32_t before = open == NULL ? text.length : (uint32_t)(open - text.data);
    Text arguments = {.data = text.data + before, .length = text.length - before};
    text.length = before;
    bool found = read_qualified(text, arena, &name);
    if (type == T_REGPROCEDURE)
        found = found && open != NULL && read_arguments(arguments, &list) &&
                find_function(&name, &list, value);
    else
        found = found && find_within(type, &name, arena, value);
    arena_free(arena);
    return found;
}

void catalog_register_names(void)
{
    static const TypeNameHooks hooks = {.name_of = catalog_name_of, .find = catalog_find};
    type_set_name_hooks(&hooks);
}

bool catalog_speaks(const CatalogContext *context, const ScalarFunction *function)
{
    enum { ONLY_POSTGRES = 1, ONLY_DRUID = 2, DRUID = 1 };
    bool is_druid = context->settings != NULL && context->settings->dialect == DRUID;
    return function->dialect != (is_druid ? ONLY_POSTGRES : ONLY_DRUID);
}

Oid catalog_type_schema(Oid oid)
{
    const TypeInfo *info = type_info(oid);
    if (info != NULL && info->element_oid != 0)
        info = type_info(info->element_oid);
    return info != NULL && info->base_oid != 0 ? SCHEMA_OID_INFORMATION_SCHEMA
                                               : SCHEMA_OID_PG_CATALOG;
}

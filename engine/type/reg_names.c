/*
 * Objects of the catalogs shown by name: regclass, regtype and their kin are OIDs whose text form
 * is a name. Types are known here; for the rest the catalog registers itself at start, since it
 * stands above this room.
 */
#include "engine/type/type_internal.h"

static const TypeNameHooks *hooks;

void type_set_name_hooks(const TypeNameHooks *registered)
{
    hooks = registered;
}

bool type_names_object(Oid type)
{
    const TypeInfo *info = type_info(type);
    if (info != NULL && info->category == CATEGORY_ARRAY)
        type = info->element_oid;
    switch (type) {
    case T_REGCLASS:
    case T_REGPROC:
    case T_REGPROCEDURE:
    case T_REGNAMESPACE:
    case T_REGROLE:
        return true;
    default:
        return false;
    }
}

static Text format_number(uint32_t value, Arena *arena)
{
    char *out = arena_alloc(arena, 12);
    return (Text){out, uint64_format(value, out)};
}

Text reg_format(Oid type, uint32_t value, Arena *arena)
{
    const char *name = NULL;
    if (value == 0)
        return TEXT_LITERAL("-");
    if (type == T_REGTYPE && type_info(value) != NULL)
        name = type_format_name(arena, SQL_TYPE(value));
    else if (hooks != NULL && hooks->name_of != NULL)
        name = hooks->name_of(type, value, arena);
    return name == NULL ? format_number(value, arena) : text_of(name);
}

static bool is_number(Text text)
{
    for (uint32_t i = 0; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.length > 0;
}

static bool unknown_name(Oid type, Text name, Fault *fault)
{
    switch (type) {
    case T_REGCLASS:
        return fault_set(fault, FAULT_UNDEFINED_TABLE, "relation \"%.*s\" does not exist",
                         TEXT_ARGS(name));
    case T_REGTYPE:
        return fault_set(fault, FAULT_UNDEFINED_OBJECT, "type \"%.*s\" does not exist",
                         TEXT_ARGS(name));
    case T_REGNAMESPACE:
        return fault_set(fault, FAULT_INVALID_SCHEMA_NAME, "schema \"%.*s\" does not exist",
                         TEXT_ARGS(name));
    case T_REGROLE:
        return fault_set(fault, FAULT_UNDEFINED_OBJECT, "role \"%.*s\" does not exist",
                         TEXT_ARGS(name));
    default:
        return fault_set(fault, FAULT_UNDEFINED_FUNCTION, "function \"%.*s\" does not exist",
                         TEXT_ARGS(name));
    }
}

static bool skip_word(Text *name, const char *word)
{
    size_t length = strlen(word);
    if (name->length < length || memcmp(name->data, word, length) != 0)
        return false;
    name->data += length;
    name->length -= (uint32_t)length;
    return true;
}

const TypeInfo *type_by_written_name(Text name)
{
    char plain[128];
    name = parse_trim(name);
    bool has_schema = skip_word(&name, "\"pg_catalog\".") || skip_word(&name, "pg_catalog.") ||
                      skip_word(&name, "\"information_schema\".") ||
                      skip_word(&name, "information_schema.");
    const char *last = name.length < 2 || name.data[0] != '"'
                           ? NULL
                           : memchr(name.data + 1, '"', name.length - 1);
    if (last == NULL) {
        bool is_char = has_schema && name.length >= 4 && memcmp(name.data, "char", 4) == 0 &&
                       (name.length == 4 || name.data[4] == '[');
        return is_char ? type_by_name(name.length == 4 ? TEXT_LITERAL("\"char\"")
                                                       : TEXT_LITERAL("\"char\"[]"))
                       : type_by_name(name);
    }
    Text inner = {.data = name.data + 1, .length = (uint32_t)(last - name.data - 1)};
    Text rest = {.data = last + 1, .length = name.length - inner.length - 2};
    if (inner.length + rest.length >= sizeof plain)
        return NULL;
    if (text_equal_string(inner, "char"))
        return type_by_name(name);
    memcpy(plain, inner.data, inner.length);
    memcpy(plain + inner.length, rest.data, rest.length);
    return type_by_name((Text){.data = plain, .length = inner.length + rest.length});
}

bool reg_parse(Oid type, Text text, int64_t *value, Fault *fault)
{
    Text name = parse_trim(text);
    uint32_t found = 0;
    *value = 0;
    if (text_equal_string(name, "-"))
        return true;
    if (is_number(name))
        return int64_parse(name, "oid", 0, UINT32_MAX, value, fault);
    if (type == T_REGTYPE) {
        const TypeInfo *info = type_by_written_name(name);
        if (info == NULL)
            return unknown_name(type, name, fault);
        *value = info->oid;
        return true;
    }
    if (hooks == NULL || hooks->find == NULL || !hooks->find(type, name, &found))
        return unknown_name(type, name, fault);
    *value = found;
    return true;
}

/*
 * Types that name catalog objects: regclass, regtype, regproc, regnamespace, regrole. Their
 * values are OIDs. A literal is looked up when it is bound; as text, or in the output, a value
 * becomes the object's name.
 */
#include "engine/sql/bind_internal.h"

#include <stdlib.h>

bool type_is_reg(Oid type)
{
    return type == T_REGCLASS || type == T_REGTYPE || type == T_REGPROC || type == T_REGPROCEDURE ||
           type == T_REGNAMESPACE || type == T_REGROLE;
}

static const Expr *retyped(Binder *binder, const Expr *expr, SqlType type)
{
    Expr *copy = ARENA_NEW(binder->arena, Expr);
    *copy = *expr;
    copy->type = type;
    return copy;
}

const Expr *bind_reg_as_oid(Binder *binder, const Expr *expr)
{
    return type_is_reg(expr->type.oid) ? retyped(binder, expr, SQL_TYPE(T_OID)) : expr;
}

/* --- literals --- */

/* A possibly quoted, possibly qualified name: two parts at most. */
static bool split_name(Arena *arena, Text text, SchemaName parts[2], uint32_t *count)
{
    *count = 0;
    uint32_t i = 0;
    while (i < text.length) {
        char *part = arena_alloc(arena, text.length + 1);
        uint32_t length = 0;
        bool is_quoted = text.data[i] == '"';
        if (*count == 2)
            return false;
        if (is_quoted) {
            for (i++; i < text.length; i++) {
                if (text.data[i] == '"') {
                    if (i + 1 >= text.length || text.data[i + 1] != '"')
                        break;
                    i++;
                }
                part[length++] = text.data[i];
            }
            if (i++ >= text.length)
                return false;
        } else {
            while (i < text.length && text.data[i] != '.')
                part[length++] = text.data[i++];
        }
        part[length] = '\0';
        parts[(*count)++] = (SchemaName){{part, length}, is_quoted};
        if (i < text.length && (text.data[i] != '.' || ++i == text.length))
            return false;
    }
    return *count > 0;
}

static bool invalid_name(Binder *binder, int32_t location)
{
    return bind_fault(binder, location, FAULT_INVALID_NAME, "invalid name syntax");
}

static bool find_class(Binder *binder, Text text, int32_t location, int64_t *oid)
{
    SchemaName parts[2];
    uint32_t count;
    if (!split_name(binder->arena, text, parts, &count))
        return invalid_name(binder, location);
    Text path = bind_search_path(binder);
    const Relation *relation =
        schema_resolve(binder->arena, binder->context->tables, count == 2 ? &parts[0] : NULL,
                       parts[count - 1], path, location, binder->fault);
    if (relation == NULL)
        return false;
    *oid = relation->oid;
    return true;
}

static bool find_type(Binder *binder, Text text, int32_t location, int64_t *oid)
{
    const TypeInfo *info = type_by_written_name(text);
    if (info == NULL)
        return bind_fault(binder, location, FAULT_UNDEFINED_OBJECT, "type \"%.*s\" does not exist",
                          TEXT_ARGS(text));
    *oid = info->oid;
    return true;
}

static bool find_namespace(Binder *binder, Text text, int32_t location, int64_t *oid)
{
    SchemaName parts[2];
    uint32_t count;
    if (!split_name(binder->arena, text, parts, &count) || count != 1)
        return invalid_name(binder, location);
    const SchemaInfo *schema = schema_find_all(binder->arena, binder->context->tables,
                                               parts[0].text, parts[0].is_quoted);
    if (schema == NULL)
        return bind_fault(binder, location, FAULT_INVALID_SCHEMA_NAME,
                          "schema \"%.*s\" does not exist", TEXT_ARGS(parts[0].text));
    *oid = schema->oid;
    return true;
}

static bool find_object(Binder *binder, Oid type, Text text, int32_t location, int64_t *oid)
{
    bool is_number = text.length > 0 && text.length < 11;
    for (uint32_t i = 0; i < text.length; i++)
        is_number = is_number && text.data[i] >= '0' && text.data[i] <= '9';
    if (is_number)
        return *oid = strtoll(arena_strndup(binder->arena, text.data, text.length), NULL, 10), true;
    if (text_equal_string(text, "-"))
        return *oid = 0, true;
    switch (type) {
    case T_REGCLASS:
        return find_class(binder, text, location, oid);
    case T_REGTYPE:
        return find_type(binder, text, location, oid);
    case T_REGNAMESPACE:
        return find_namespace(binder, text, location, oid);
    default:
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "reading a value of type %s is not supported",
                          type_format_name(binder->arena, SQL_TYPE(type)));
    }
}

const Expr *bind_cast_to_reg(Binder *binder, const Expr *expr, SqlType type, int32_t location)
{
    if (expr->kind == EXPR_PARAMETER && expr_is_unknown(expr))
        return coerce_to(binder, expr, type, CAST_IMPLICIT, location); /* it is of this type */
    if (expr == NULL)
        return NULL;
    if (expr_is_null(expr))
        return expr_null(binder->arena, type, location);
    const TypeInfo *info = type_info(expr->type.oid);
    bool is_text = expr_is_unknown(expr) || (info != NULL && info->category == CATEGORY_STRING);
    if (!is_text) {
        const Expr *oid = type_is_reg(expr->type.oid)
                              ? expr
                              : coerce_to(binder, expr, SQL_TYPE(T_OID), CAST_EXPLICIT, location);
        return oid == NULL ? NULL : retyped(binder, oid, type);
    }
    expr = bind_fold(binder, expr);
    /* looked up row by row; roles and functions are the catalog's alone */
    bool is_elsewhere =
        type.oid == T_REGROLE || type.oid == T_REGPROC || type.oid == T_REGPROCEDURE;
    if (expr->kind != EXPR_CONSTANT || is_elsewhere) {
        const Expr *pair[2] = {
            coerce_to(binder, expr, SQL_TYPE(T_TEXT), CAST_EXPLICIT, location),
            expr_int64(binder->arena, SQL_TYPE(T_OID), type.oid, location)};
        const Expr *found =
            pair[0] == NULL ? NULL : bind_call(binder, "reg_find", pair, 2, location);
        return found == NULL ? NULL : retyped(binder, found, type);
    }
    if (expr_is_null(expr))
        return expr_null(binder->arena, type, location);
    int64_t oid = 0;
    int32_t at = expr->location >= 0 ? expr->location : location;
    return find_object(binder, type.oid, vector_text(expr->value, 0), at, &oid)
               ? expr_int64(binder->arena, type, oid, location)
               : NULL;
}

/* --- as text --- */
const Expr *bind_reg_as_text(Binder *binder, const Expr *expr)
{
    int32_t location = expr->location;
    if (expr_is_null(expr))
        return expr_null(binder->arena, SQL_TYPE(T_TEXT), location);
    const Expr *pair[2] = {bind_reg_as_oid(binder, expr),
                           expr_int64(binder->arena, SQL_TYPE(T_OID), expr->type.oid, location)};
    return bind_call(binder, "reg_name", pair, 2, location);
}

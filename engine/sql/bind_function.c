/*
 * Function calls: what is a special form, an aggregate, a function about the session, or a row
 * of the function table.
 */
#include "engine/sql/bind_internal.h"
#include "engine/sql/similar_internal.h"

#include <strings.h>

const Expr *bind_call(Binder *binder, const char *name, const Expr *const *arguments,
                      uint32_t count, int32_t location)
{
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, count + 1);
    SqlType *coerced = ARENA_ARRAY(binder->arena, SqlType, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = bind_reg_as_oid(binder, arguments[i]);
        types[i] = items[i]->type;
    }
    const ScalarFunction *function = function_resolve(text_of(name), types, count, binder->dialect,
                                                      coerced, location, binder->fault);
    if (function == NULL || !coerce_all(binder, items, count, coerced, location))
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        types[i] = items[i]->type;
    SqlType result = function->result_of != NULL ? function->result_of(types, count)
                                                 : SQL_TYPE(function->result);
    bool has_digits = count == 2 && result.oid == T_NUMERIC; /* round(x, n) */
    if (has_digits) {
        const Expr *digits = bind_fold(binder, items[1]);
        result = function_refine_type(function, result,
                                      digits->kind == EXPR_CONSTANT ? digits->value : NULL);
    }
    return expr_call(binder->arena, function, result, items, count, location);
}

/* --- special forms: written by the dialect pass or the grammar, made of other functions --- */
typedef const Expr *(*SpecialForm)(Binder *binder, const Expr **arguments, uint32_t count,
                                   int32_t location);

static const char *period_of_unit(Text unit)
{
    static const char *const periods[][2] = {
        {"second", "PT1S"}, {"minute", "PT1M"}, {"hour", "PT1H"},   {"day", "P1D"},
        {"week", "P1W"},    {"month", "P1M"},   {"quarter", "P3M"}, {"year", "P1Y"},
    };
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
        if (unit.length == strlen(periods[i][0]) &&
            strncasecmp(unit.data, periods[i][0], unit.length) == 0)
            return periods[i][1];
    }
    return NULL;
}

/* FLOOR(x TO DAY): TIME_FLOOR(x, 'P1D'). */
static const Expr *round_to_unit(Binder *binder, const char *function, const Expr **arguments,
                                 int32_t location)
{
    Text unit = vector_text(arguments[1]->value, 0);
    const char *period = period_of_unit(unit);
    if (period == NULL) {
        bind_fault(binder, arguments[1]->location, FAULT_INVALID_PARAMETER_VALUE,
                   "unit \"%.*s\" not recognized", TEXT_ARGS(unit));
        return NULL;
    }
    arguments[1] =
        expr_text(binder->arena, SQL_TYPE(T_TEXT), text_of(period), arguments[1]->location);
    if (expr_is_unknown(arguments[0]) || arguments[0]->type.oid == T_DATE)
        arguments[0] =
            coerce_to(binder, arguments[0], SQL_TYPE(T_TIMESTAMP), CAST_IMPLICIT, location);
    return arguments[0] == NULL ? NULL : bind_call(binder, function, arguments, 2, location);
}

static const Expr *floor_to(Binder *binder, const Expr **arguments, uint32_t count,
                            int32_t location)
{
    (void)count;
    return round_to_unit(binder, "time_floor", arguments, location);
}

static const Expr *ceil_to(Binder *binder, const Expr **arguments, uint32_t count, int32_t location)
{
    (void)count;
    return round_to_unit(binder, "time_ceil", arguments, location);
}

/* POSITION(a IN b FROM n): where a is in b's rest, moved by n - 1. */
static const Expr *position_from(Binder *binder, const Expr **arguments, uint32_t count,
                                 int32_t location)
{
    (void)count;
    const Expr *rest_arguments[2] = {arguments[1], arguments[2]};
    const Expr *rest = bind_call(binder, "substr", rest_arguments, 2, location);
    if (rest == NULL)
        return NULL;
    const Expr *find_arguments[2] = {rest, arguments[0]};
    const Expr *found = bind_call(binder, "strpos", find_arguments, 2, location);
    const Expr *one = expr_int64(binder->arena, SQL_TYPE(T_INT4), 1, location);
    const Expr *zero = expr_int64(binder->arena, SQL_TYPE(T_INT4), 0, location);
    const Expr *moved =
        found == NULL ? NULL : bind_operator(binder, "+", found, arguments[2], location);
    moved = moved == NULL ? NULL : bind_operator(binder, "-", moved, one, location);
    const Expr *absent = moved == NULL ? NULL : bind_operator(binder, "=", found, zero, location);
    if (absent == NULL)
        return NULL;
    const Expr *results[2] = {zero, moved};
    SqlType common;
    if (!coerce_to_common(binder, results, 2, "CASE", &common, location))
        return NULL;
    const Expr *branches[3] = {absent, results[0], results[1]};
    return expr_nary(binder->arena, EXPR_CASE, common, branches, 3, location);
}

/* NVL(a, b), IFNULL(a, b) */
static const Expr *if_null(Binder *binder, const Expr **arguments, uint32_t count, int32_t location)
{
    SqlType common;
    if (!coerce_to_common(binder, arguments, count, "COALESCE", &common, location))
        return NULL;
    return expr_nary(binder->arena, EXPR_COALESCE, common, arguments, count, location);
}

/* The grammar's position(b, a). */
static const Expr *position(Binder *binder, const Expr **arguments, uint32_t count,
                            int32_t location)
{
    return bind_call(binder, "strpos", arguments, count, location);
}

/* JSON_VALUE(x, path RETURNING type): the value as text, cast as the druid dialect casts. */
static const Expr *json_value_returning(Binder *binder, const Expr **arguments, uint32_t count,
                                        int32_t location)
{
    (void)count;
    Text name = arguments[2]->kind == EXPR_CONSTANT && !expr_is_null(arguments[2])
                    ? vector_text(arguments[2]->value, 0)
                    : TEXT_LITERAL("");
    const TypeInfo *info = type_by_name(name);
    if (info == NULL) {
        bind_fault(binder, arguments[2]->location, FAULT_UNDEFINED_OBJECT,
                   "type \"%.*s\" does not exist", TEXT_ARGS(name));
        return NULL;
    }
    /* Arrays have functions of their own: json_value gives scalars only. */
    const char *function =
        info->element_oid == 0                                       ? "json_value"
        : type_layout(SQL_TYPE(info->element_oid)) == LAYOUT_INT64   ? "json_value_int8_array"
        : type_layout(SQL_TYPE(info->element_oid)) == LAYOUT_FLOAT64 ? "json_value_float8_array"
                                                                     : "json_value_text_array";
    const Expr *value = bind_call(binder, function, arguments, 2, location);
    if (value == NULL)
        return NULL;
    const Expr *cast =
        expr_cast(binder->arena, value, SQL_TYPE(info->oid), CAST_EXPLICIT, 1, binder->fault);
    if (cast == NULL)
        bind_fault_place(binder, location);
    return cast;
}

/* SIMILAR TO: the pattern as a regular expression. */
static const Expr *similar_pattern(Binder *binder, const Expr **arguments, uint32_t count,
                                   int32_t location)
{
    for (uint32_t i = 0; i < count; i++) {
        if (expr_is_null(arguments[i]))
            return expr_null(binder->arena, SQL_TYPE(T_TEXT), location);
        arguments[i] = coerce_unknown_to_text(binder, arguments[i]);
        if (arguments[i] == NULL)
            return NULL;
        arguments[i] = bind_fold(binder, arguments[i]);
        if (arguments[i]->kind != EXPR_CONSTANT) {
            bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                       "SIMILAR TO with a pattern that is not constant is not supported");
            return NULL;
        }
    }
    Text escape = count > 1 ? vector_text(arguments[1]->value, 0) : TEXT_LITERAL("\\");
    Text pattern;
    if (!similar_to_regexp(binder->arena, vector_text(arguments[0]->value, 0), escape, &pattern,
                           binder->fault)) {
        bind_fault_place(binder, location);
        return NULL;
    }
    return expr_text(binder->arena, SQL_TYPE(T_TEXT), pattern, location);
}

/* EXTRACT(field FROM x): the row whose digits suit the field (engine/function/time_extract.c). */
static const Expr *extract_field(Binder *binder, const Expr **arguments, uint32_t count,
                                 int32_t location)
{
    const char *name = "extract";
    if (arguments[0]->kind == EXPR_CONSTANT && !expr_is_null(arguments[0])) {
        Text field = vector_text(arguments[0]->value, 0);
        bool has_fraction = field.length >= 3 && (strncasecmp(field.data, "sec", 3) == 0 ||
                                                  strncasecmp(field.data, "epo", 3) == 0);
        bool is_odd = field.length >= 3 && (strncasecmp(field.data, "mil", 3) == 0 ||
                                            strncasecmp(field.data, "jul", 3) == 0);
        name = binder->dialect == 1 ? "extract_int"
               : has_fraction       ? "extract_numeric"
               : is_odd             ? "extract"
                                    : "extract_whole";
    }
    return bind_call(binder, name, arguments, count, location);
}

/* --- format --- */
static const Expr *join_texts(Binder *binder, const Expr *left, const Expr *right, int32_t location)
{
    return left == NULL || right == NULL ? NULL
                                         : bind_operator(binder, "||", left, right, location);
}

/* %s, %I, %L of an argument; NULL is nothing, an error, and the word NULL. */
static const Expr *format_argument(Binder *binder, char kind, const Expr *argument,
                                   int32_t location)
{
    const Expr *text = coerce_to(binder, argument, SQL_TYPE(T_TEXT), CAST_EXPLICIT, location);
    if (text == NULL)
        return NULL;
    if (kind == 'L')
        return bind_call(binder, "quote_nullable", &text, 1, location);
    if (kind == 'I')
        return bind_call(binder, "quote_ident", &text, 1, location);
    const Expr *pair[2] = {text,
                           expr_text(binder->arena, SQL_TYPE(T_TEXT), TEXT_LITERAL(""), location)};
    return expr_nary(binder->arena, EXPR_COALESCE, SQL_TYPE(T_TEXT), pair, 2, location);
}

static const Expr *bad_format(Binder *binder, int32_t location, const char *message)
{
    bind_fault(binder, location, FAULT_INVALID_PARAMETER_VALUE, "%s", message);
    return NULL;
}

/* format('%s.%I', a, b): the pieces put together. */
static const Expr *format_text(Binder *binder, const Expr **arguments, uint32_t count,
                               int32_t location)
{
    const Expr *pattern = coerce_unknown_to_text(binder, arguments[0]);
    pattern = pattern == NULL ? NULL : bind_fold(binder, pattern);
    if (pattern == NULL || expr_is_null(pattern))
        return pattern;
    if (pattern->kind != EXPR_CONSTANT)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "format with a format that is not constant is not supported"),
               NULL;
    Text rest = vector_text(pattern->value, 0);
    const Expr *result = expr_text(binder->arena, SQL_TYPE(T_TEXT), TEXT_LITERAL(""), location);
    uint32_t next = 1;
    while (rest.length > 0 && result != NULL) {
        const char *percent = memchr(rest.data, '%', rest.length);
        uint32_t plain = percent == NULL ? rest.length : (uint32_t)(percent - rest.data);
        if (plain > 0)
            result = join_texts(
                binder, result,
                expr_text(binder->arena, SQL_TYPE(T_TEXT), (Text){rest.data, plain}, location),
                location);
        rest = (Text){rest.data + plain, rest.length - plain};
        if (rest.length == 0)
            break;
        uint32_t used = 1, position = 0;
        while (used < rest.length && rest.data[used] >= '0' && rest.data[used] <= '9' &&
               position < 1000)
            position = position * 10 + (uint32_t)(rest.data[used++] - '0');
        if (used > 1 && (used >= rest.length || rest.data[used++] != '$'))
            return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                              "widths in format are not supported"),
                   NULL;
        char kind = used < rest.length ? rest.data[used++] : '\0';
        if (kind == '%') {
            result = join_texts(
                binder, result,
                expr_text(binder->arena, SQL_TYPE(T_TEXT), TEXT_LITERAL("%"), location), location);
        } else if (kind != 's' && kind != 'I' && kind != 'L') {
            return bad_format(binder, location, "unrecognized format() type specifier");
        } else {
            if (position > 0)
                next = position;
            if (next >= count)
                return bad_format(binder, location, "too few arguments for format()");
            result =
                join_texts(binder, result,
                           format_argument(binder, kind, arguments[next++], location), location);
        }
        rest = (Text){rest.data + used, rest.length - used};
    }
    return result;
}

static const struct {
    const char *name;
    uint32_t least, most;
    SpecialForm form;
} special_forms[] = {
    {"extract", 2, 2, extract_field},
    {"floor_to", 2, 2, floor_to},
    {"ceil_to", 2, 2, ceil_to},
    {"position_from", 3, 3, position_from},
    {"nvl", 2, 2, if_null},
    {"ifnull", 2, 2, if_null},
    {"position", 2, 2, position},
    {"json_value", 3, 3, json_value_returning},
    {"similar_to_escape", 1, 2, similar_pattern},
    {"format", 1, 100, format_text},
};

static SpecialForm find_special_form(const char *name, uint32_t count)
{
    for (size_t i = 0; i < sizeof special_forms / sizeof *special_forms; i++) {
        if (strcmp(special_forms[i].name, name) == 0 && count >= special_forms[i].least &&
            count <= special_forms[i].most)
            return special_forms[i].form;
    }
    return NULL;
}

/* --- calls --- */
static bool check_schema(Binder *binder, const PgQuery__FuncCall *call, int32_t location)
{
    if (call->n_funcname == 1)
        return true;
    SchemaName schema = name_read(call->funcname[call->n_funcname - 2]->string->sval);
    return schema_find(schema.text, schema.is_quoted) != NULL
               ? true
               : bind_fault(binder, location, FAULT_INVALID_SCHEMA_NAME,
                            "schema \"%.*s\" does not exist", TEXT_ARGS(schema.text));
}

static bool check_plain(Binder *binder, const PgQuery__FuncCall *call, const char *name,
                        int32_t location)
{
    const char *what = call->agg_star           ? "(*)"
                       : call->agg_distinct     ? "DISTINCT"
                       : call->agg_filter       ? "FILTER"
                       : call->n_agg_order > 0  ? "ORDER BY"
                       : call->agg_within_group ? "WITHIN GROUP"
                                                : NULL;
    if (what != NULL && !function_exists(text_of(name)))
        return bind_fault(binder, location, FAULT_UNDEFINED_FUNCTION,
                          "function %s() does not exist", name);
    if (what != NULL)
        return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                          "%s%s specified, but %s is not an aggregate function",
                          call->agg_star ? name : "", what, name);
    if (call->func_variadic)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "VARIADIC arguments are not supported");
    return true;
}

const Expr *bind_function(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call)
{
    int32_t location = bind_location(binder, call->location);
    const char *name =
        name_folded(binder->arena, call->funcname[call->n_funcname - 1]->string->sval);
    if (!check_schema(binder, call, location))
        return NULL;
    if (call->over != NULL) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "window functions are not supported");
        return NULL;
    }
    if (function_is_aggregate(text_of(name)))
        return bind_aggregate(binder, context, call, name);
    if (!check_plain(binder, call, name, location))
        return NULL;
    uint32_t count = (uint32_t)call->n_args;
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        arguments[i] = bind_expr(binder, context, call->args[i]);
        if (arguments[i] == NULL)
            return NULL;
    }
    bool is_in_list = context->select != NULL && !context->is_in_aggregate &&
                      (context->clause == CLAUSE_SELECT || context->clause == CLAUSE_ORDER_BY);
    if (is_in_list && row_series_exists(name, count))
        return row_series_in_select(binder, context->select, name, arguments, count, location);
    if (row_series_exists(name, count)) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "set-returning functions are not allowed in %s", clause_name(context->clause));
        return NULL;
    }
    SpecialForm form = find_special_form(name, count);
    if (form != NULL)
        return form(binder, arguments, count, location);
    const Expr *result = NULL;
    if (!bind_system_function(binder, context, name, arguments, count, location, &result))
        return NULL;
    return result != NULL ? result : bind_call(binder, name, arguments, count, location);
}

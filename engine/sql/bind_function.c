/*
 * Function calls: what is a special form, an aggregate, a function about the session, or a row
 * of the function table.
 */
#include "engine/sql/bind_record_internal.h"
#include "engine/sql/similar_internal.h"

#include <strings.h>

/* BITWISE_AND, HUMAN_READABLE_.. and their kin take the whole part of numbers that have more. */
static bool cut_to_whole(Binder *binder, const char *name, const Expr **items, uint32_t count,
                         int32_t location)
{
    bool is_bitwise = strncmp(name, "bitwise_", 8) == 0 && strncmp(name, "bitwise_convert", 15) != 0;
    if (!is_bitwise && strncmp(name, "human_readable_", 15) != 0)
        return true;
    for (uint32_t i = 0; i < count; i++) {
        Oid oid = items[i]->type.oid;
        if (oid != T_FLOAT8 && oid != T_FLOAT4 && oid != T_NUMERIC)
            continue;
        items[i] = expr_cast(binder->arena, items[i], SQL_TYPE(T_INT8), CAST_EXPLICIT, 1,
                             binder->fault);
        if (items[i] == NULL)
            return bind_fault_place(binder, location);
    }
    return true;
}

const Expr *bind_call(Binder *binder, const char *name, const Expr *const *arguments,
                      uint32_t count, int32_t location)
{
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, count + 1);
    SqlType *coerced = ARENA_ARRAY(binder->arena, SqlType, count + 1);
    for (uint32_t i = 0; i < count; i++)
        items[i] = bind_reg_as_oid(binder, arguments[i]);
    if (!cut_to_whole(binder, name, items, count, location))
        return NULL;
    const MultiValueCall *multi_value = multi_value_call(name);
    if (multi_value != NULL && !multi_value_arguments(binder, multi_value, items, count, location))
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        types[i] = items[i]->type;
    const ScalarFunction *function = function_resolve(text_of(name), types, count, binder->dialect,
                                                      coerced, location, binder->fault);
    if (function == NULL || !coerce_all(binder, items, count, coerced, location))
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        types[i] = items[i]->type;
    SqlType result = function->result_of != NULL ? function->result_of(types, count)
                                                 : SQL_TYPE(function->result);
    result = multi_value_result(multi_value, result);
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
    if (strcmp(function, "json_value") == 0)
        arguments[0] = coerce_unknown_to_text(binder, arguments[0]);
    const Expr *value =
        arguments[0] == NULL ? NULL : bind_call(binder, function, arguments, 2, location);
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
        bool is_milli = field.length >= 6 && strncasecmp(field.data, "millis", 6) == 0;
        bool is_date = arguments[1]->type.oid == T_DATE;
        name = binder->dialect == 1 ? "extract_int"
               : has_fraction       ? is_date ? "extract_whole" : "extract_numeric"
               : is_milli           ? "extract_milliseconds"
               : is_odd             ? "extract"
                                    : "extract_whole";
    }
    return bind_call(binder, name, arguments, count, location);
}

/* date_part(field, date): of the midnight that it begins with, which has hours, too. */
static const Expr *date_part(Binder *binder, const Expr **arguments, uint32_t count,
                             int32_t location)
{
    if (arguments[1]->type.oid == T_DATE)
        arguments[1] = coerce_to(binder, arguments[1], SQL_TYPE(T_TIMESTAMP), CAST_IMPLICIT,
                                 location);
    return arguments[1] == NULL ? NULL : bind_call(binder, "date_part", arguments, count, location);
}

/* (a, b) OVERLAPS (c, d): an end may be given as a length. */
static const Expr *overlaps(Binder *binder, const Expr **arguments, uint32_t count,
                            int32_t location)
{
    for (uint32_t i = 1; i < 4; i += 2)
        if (arguments[i]->type.oid == T_INTERVAL)
            arguments[i] =
                bind_operator(binder, "+", arguments[i - 1], arguments[i], location);
    if (arguments[1] == NULL || arguments[3] == NULL)
        return NULL;
    return bind_call(binder, "overlaps", arguments, count, location);
}

/* row_to_json(row [, pretty]): rows are JSON objects already. */
static const Expr *row_to_json(Binder *binder, const Expr **arguments, uint32_t count,
                               int32_t location)
{
    if (arguments[0]->type.oid == T_JSON)
        return arguments[0];
    return bind_call(binder, "row_to_json", arguments, count, location);
}

/* quote_literal(42.5): of anything, its text. */
static const Expr *quote_any(Binder *binder, const char *name, const Expr *argument,
                             int32_t location)
{
    const Expr *text = coerce_to(binder, argument, SQL_TYPE(T_TEXT), CAST_EXPLICIT, location);
    return text == NULL ? NULL : bind_call(binder, name, &text, 1, location);
}

static const Expr *quote_literal(Binder *binder, const Expr **arguments, uint32_t count,
                                 int32_t location)
{
    (void)count;
    return quote_any(binder, "quote_literal", arguments[0], location);
}

static const Expr *quote_nullable(Binder *binder, const Expr **arguments, uint32_t count,
                                  int32_t location)
{
    (void)count;
    return quote_any(binder, "quote_nullable", arguments[0], location);
}

/* DECODE_BASE64_COMPLEX('thetaSketch', text): the text as that type. */
static const Expr *decode_complex(Binder *binder, const Expr **arguments, uint32_t count,
                                  int32_t location)
{
    (void)count;
    Text name = arguments[0]->kind == EXPR_CONSTANT && !expr_is_null(arguments[0])
                    ? vector_text(arguments[0]->value, 0)
                    : TEXT_LITERAL("");
    const TypeInfo *info = type_by_name(name);
    bool is_sketch = info != NULL && info->oid >= T_HLL_SKETCH && info->oid <= T_QUANTILES_SKETCH;
    if (!is_sketch) {
        bind_fault(binder, arguments[0]->location, FAULT_INVALID_PARAMETER_VALUE,
                   "\"%.*s\" is not a complex type that can be decoded", TEXT_ARGS(name));
        return NULL;
    }
    const Expr *text = coerce_unknown_to_text(binder, arguments[1]);
    return text == NULL ? NULL
                        : expr_cast(binder->arena, text, SQL_TYPE(info->oid), CAST_EXPLICIT, 0,
                                    binder->fault);
}

/* json_extract_path(document, name, ..): the names as an array. */
static const Expr *extract_path(Binder *binder, const char *name, const Expr **arguments,
                                uint32_t count, int32_t location)
{
    const TypeInfo *info = type_info(arguments[1]->type.oid);
    bool is_array = count == 2 && info != NULL && info->element_oid != 0;
    for (uint32_t i = 1; i < count && !is_array; i++) {
        arguments[i] =
            coerce_to(binder, arguments[i], SQL_TYPE(T_TEXT), CAST_IMPLICIT, location);
        if (arguments[i] == NULL)
            return NULL;
    }
    const Expr *pair[2] = {arguments[0],
                           is_array ? arguments[1]
                                    : bind_array_of(binder, arguments + 1, count - 1,
                                                    SQL_TYPE(T_TEXT), location)};
    return pair[1] == NULL ? NULL : bind_call(binder, name, pair, 2, location);
}

static const Expr *json_extract_path(Binder *binder, const Expr **arguments, uint32_t count,
                                     int32_t location)
{
    return extract_path(binder, "json_extract_path", arguments, count, location);
}

static const Expr *json_extract_path_text(Binder *binder, const Expr **arguments, uint32_t count,
                                          int32_t location)
{
    return extract_path(binder, "json_extract_path_text", arguments, count, location);
}

static const Expr *jsonb_extract_path(Binder *binder, const Expr **arguments, uint32_t count,
                                      int32_t location)
{
    return extract_path(binder, "jsonb_extract_path", arguments, count, location);
}

static const Expr *jsonb_extract_path_text(Binder *binder, const Expr **arguments,
                                           uint32_t count, int32_t location)
{
    return extract_path(binder, "jsonb_extract_path_text", arguments, count, location);
}

/* json_object('{a,b}', '{1,2}') of literals: arrays, as PostgreSQL has them, where they look it;
 * else names and values. */
static const Expr *json_object(Binder *binder, const Expr **arguments, uint32_t count,
                               int32_t location)
{
    bool are_arrays = true;
    for (uint32_t i = 0; i < count; i++) {
        bool is_literal = expr_is_unknown(arguments[i]) &&
                          arguments[i]->kind == EXPR_CONSTANT && !expr_is_null(arguments[i]);
        Text text = is_literal ? vector_text(arguments[i]->value, 0) : TEXT_LITERAL("");
        are_arrays = are_arrays && text.length > 1 && text.data[0] == '{' &&
                     text.data[text.length - 1] == '}';
    }
    for (uint32_t i = 0; i < count && are_arrays; i++) {
        arguments[i] =
            coerce_to(binder, arguments[i], SQL_TYPE(T_TEXT_ARRAY), CAST_IMPLICIT, location);
        if (arguments[i] == NULL)
            return NULL;
    }
    for (uint32_t i = 0; i < count && !are_arrays; i++) {
        arguments[i] = coerce_unknown_to_text(binder, arguments[i]);
        if (arguments[i] == NULL)
            return NULL;
    }
    return bind_call(binder, "json_object", arguments, count, location);
}

static bool is_text(const Expr *expr)
{
    const TypeInfo *info = type_info(expr->type.oid);
    return expr_is_unknown(expr) || (info != NULL && info->category == CATEGORY_STRING);
}

/* substring(text FROM pattern FOR escape), where the pattern is one of SIMILAR TO. */
static const Expr *substring_similar(Binder *binder, const Expr **arguments, uint32_t count,
                                     int32_t location)
{
    if (!is_text(arguments[0]) || !is_text(arguments[1]) || !is_text(arguments[2]))
        return bind_call(binder, "substring", arguments, count, location);
    Text texts[2], regexp;
    for (uint32_t i = 1; i < 3; i++) {
        const Expr *item = coerce_unknown_to_text(binder, arguments[i]);
        item = item == NULL ? NULL : bind_fold(binder, item);
        if (item == NULL || expr_is_null(item))
            return item;
        if (item->kind != EXPR_CONSTANT) {
            bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                       "SUBSTRING with a pattern that is not constant is not supported");
            return NULL;
        }
        texts[i - 1] = vector_text(item->value, 0);
    }
    if (!similar_substring_regexp(binder->arena, texts[0], texts[1], &regexp, binder->fault)) {
        bind_fault_place(binder, location);
        return NULL;
    }
    const Expr *pair[2] = {arguments[0],
                           expr_text(binder->arena, SQL_TYPE(T_TEXT), regexp, location)};
    return bind_call(binder, "substring", pair, 2, location);
}

static const Expr *populate(Binder *binder, const Expr **arguments, Oid type, int32_t location)
{
    const Expr *document =
        coerce_to(binder, arguments[1], SQL_TYPE(type), CAST_IMPLICIT, location);
    return document == NULL ? NULL : bind_json_record(binder, arguments[0], document, location);
}

static const Expr *json_populate(Binder *binder, const Expr **arguments, uint32_t count,
                                 int32_t location)
{
    (void)count;
    return populate(binder, arguments, T_JSON, location);
}

static const Expr *jsonb_populate(Binder *binder, const Expr **arguments, uint32_t count,
                                  int32_t location)
{
    (void)count;
    return populate(binder, arguments, T_JSONB, location);
}

/* octet_length(char(n)): with its blanks. */
static const Expr *octet_length(Binder *binder, const Expr **arguments, uint32_t count,
                                int32_t location)
{
    const Expr *text = bind_padded_text(binder, arguments[0]);
    return bind_call(binder, "octet_length", &text, count, location);
}

/* JSON_VALUE('{"a":1}', path) of a literal: of a text. */
static const Expr *json_value(Binder *binder, const Expr **arguments, uint32_t count,
                              int32_t location)
{
    arguments[0] = coerce_unknown_to_text(binder, arguments[0]);
    return arguments[0] == NULL ? NULL
                                : bind_call(binder, "json_value", arguments, count, location);
}

static const Expr *json_query(Binder *binder, const Expr **arguments, uint32_t count,
                              int32_t location)
{
    arguments[0] = coerce_unknown_to_text(binder, arguments[0]);
    return arguments[0] == NULL ? NULL
                                : bind_call(binder, "json_query", arguments, count, location);
}

static const struct {
    const char *name;
    uint32_t least, most;
    SpecialForm form;
} special_forms[] = {
    {"octet_length", 1, 1, octet_length},
    {"json_populate_record", 2, 2, json_populate},
    {"jsonb_populate_record", 2, 2, jsonb_populate},
    {"extract", 2, 2, extract_field},
    {"date_part", 2, 2, date_part},
    {"floor_to", 2, 2, floor_to},
    {"ceil_to", 2, 2, ceil_to},
    {"position_from", 3, 3, position_from},
    {"nvl", 2, 2, if_null},
    {"ifnull", 2, 2, if_null},
    {"position", 2, 2, position},
    {"json_value", 2, 2, json_value},
    {"json_value", 3, 3, json_value_returning},
    {"json_query", 2, 2, json_query},
    {"similar_to_escape", 1, 2, similar_pattern},
    {"overlaps", 4, 4, overlaps},
    {"quote_literal", 1, 1, quote_literal},
    {"quote_nullable", 1, 1, quote_nullable},
    {"row_to_json", 1, 2, row_to_json},
    {"decode_base64_complex", 2, 2, decode_complex},
    {"complex_decode_base64", 2, 2, decode_complex},
    {"json_object", 1, 2, json_object},
    {"json_extract_path", 2, 100, json_extract_path},
    {"json_extract_path_text", 2, 100, json_extract_path_text},
    {"jsonb_extract_path", 2, 100, jsonb_extract_path},
    {"jsonb_extract_path_text", 2, 100, jsonb_extract_path_text},
    {"substring", 3, 3, substring_similar},
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
    return true;
}

/* --- VARIADIC array: the elements of a constant array as arguments --- */

/* The folded array's elements go behind the other arguments, in a new list. */
static const Expr **spread_array(Binder *binder, const Expr **arguments, uint32_t *count,
                                 const Expr *array)
{
    SqlType type = bind_element_type(array->type);
    ArrayValue range = VECTOR_DATA(ArrayValue, array->value)[0];
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, *count + range.count);
    uint32_t used = 0;
    for (; used + 1 < *count; used++)
        items[used] = arguments[used];
    for (uint32_t i = 0; i < range.count; i++) {
        uint32_t row = range.offset + i;
        Vector item = vector_gather(binder->arena, array->value->elements, &row, 1);
        Vector *value = ARENA_NEW(binder->arena, Vector);
        *value = vector_flatten(binder->arena, &item);
        value->form = VECTOR_CONSTANT;
        items[used++] = expr_constant(binder->arena, type, value, array->location);
    }
    *count = used;
    return items;
}

/* concat(VARIADIC a) and concat_ws(s, VARIADIC a) are array_to_string; other functions take the
 * elements of constants. *result is set when that is all. */
static bool bind_variadic(Binder *binder, const char *name, const Expr ***arguments,
                          uint32_t *count, int32_t location, const Expr **result)
{
    const Expr *array = bind_fold(binder, (*arguments)[*count - 1]);
    const TypeInfo *info = type_info(array->type.oid);
    if (info == NULL || info->element_oid == 0)
        return bind_fault(binder, array->location, FAULT_DATATYPE_MISMATCH,
                          "VARIADIC argument must be an array");
    bool is_concat = strcmp(name, "concat") == 0 && *count == 1;
    if (is_concat || (strcmp(name, "concat_ws") == 0 && *count == 2)) {
        const Expr *pair[2] = {
            array, is_concat ? expr_text(binder->arena, SQL_TYPE(T_TEXT), TEXT_LITERAL(""), location)
                             : (*arguments)[0]};
        *result = bind_call(binder, "array_to_string", pair, 2, location);
        return *result != NULL;
    }
    if (array->kind == EXPR_ARRAY) { /* its elements one by one */
        const Expr **spread =
            ARENA_ARRAY(binder->arena, const Expr *, *count + array->argument_count + 8);
        memcpy(spread, *arguments, (*count - 1) * sizeof *spread);
        memcpy(spread + *count - 1, array->arguments, array->argument_count * sizeof *spread);
        *arguments = spread;
        *count += array->argument_count - 1;
        return true;
    }
    if (expr_is_null(array) && strcmp(name, "format") == 0) { /* as if there were none */
        (*count)--;
        return true;
    }
    bool is_builder = strstr(name, "_build_") != NULL || strncmp(name, "num_n", 5) == 0;
    if (expr_is_null(array) && is_builder && *count == 1) {
        bool is_count = strncmp(name, "num_n", 5) == 0;
        *result = expr_null(binder->arena,
                            SQL_TYPE(is_count                       ? T_INT4
                                     : strncmp(name, "jsonb", 5) == 0 ? T_JSONB
                                                                      : T_JSON),
                            location);
        return true;
    }
    bool is_path = strstr(name, "_extract_path") != NULL && *count == 2 &&
                   array->kind != EXPR_CONSTANT;
    if (is_path) {
        const char *symbol = strstr(name, "_text") != NULL ? "#>>" : "#>";
        if (expr_is_unknown((*arguments)[0]))
            (*arguments)[0] =
                coerce_to(binder, (*arguments)[0],
                          SQL_TYPE(strncmp(name, "jsonb", 5) == 0 ? T_JSONB : T_JSON),
                          CAST_IMPLICIT, location);
        if ((*arguments)[0] == NULL)
            return false;
        *result = bind_operator(binder, symbol, (*arguments)[0], array, location);
        return *result != NULL;
    }
    if (array->kind != EXPR_CONSTANT || expr_is_null(array))
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "VARIADIC with an array that is not constant is not supported here");
    *arguments = spread_array(binder, *arguments, count, array);
    if (*count == 0 && strncmp(name, "num_n", 5) == 0) /* of no values */
        *result = expr_int64(binder->arena, SQL_TYPE(T_INT4), 0, location);
    return true;
}

/* JSON functions take rows, as objects. */
bool bind_takes_rows(const char *name)
{
    static const char *const names[] = {
        "to_json",           "to_jsonb",          "json_build_object", "jsonb_build_object",
        "json_build_array",  "jsonb_build_array", "jsonb_agg",         "json_object_agg",
        "jsonb_object_agg",  "to_json_string",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Druid's functions that are not here: said so, rather than that there is no such function. */
static bool check_known(Binder *binder, const char *name, int32_t location)
{
    static const char *const absent[] = {
        "bloom_filter", "bloom_filter_test", "tdigest_generate_sketch", "big_sum", "big_min",
        "big_max", "bitmap64_exact_count", "ds_tuple_doubles", "ds_tuple_doubles_union",
        "ds_tuple_doubles_intersect", "ds_tuple_doubles_not",
        "ds_tuple_doubles_metrics_sum_estimate",
    };
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        if (strcmp(absent[i], name) == 0)
            return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                              "function %s of Druid is not supported", name);
    }
    return true;
}

const Expr *bind_function(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call)
{
    int32_t location = bind_location(binder, call->location);
    const char *name =
        name_folded(binder->arena, call->funcname[call->n_funcname - 1]->string->sval);
    if (!check_schema(binder, call, location) || !check_known(binder, name, location))
        return NULL;
    if (call->over != NULL)
        return bind_window_function(binder, context, call, name);
    if (function_is_aggregate(text_of(name)))
        return bind_aggregate(binder, context, call, name);
    if (call->agg_within_group && bind_is_hypothetical(name))
        return bind_hypothetical(binder, context, call, name);
    if (function_is_window(text_of(name))) {
        bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                   "window function %s requires an OVER clause", name);
        return NULL;
    }
    if (!check_plain(binder, call, name, location))
        return NULL;
    const Expr *of_rows = NULL;
    if (!bind_true_type(binder, context, name, call, &of_rows))
        return NULL;
    if (of_rows != NULL)
        return of_rows;
    uint32_t count = (uint32_t)call->n_args;
    const Expr **arguments = NULL;
    bool is_json = bind_takes_rows(name) || (strcmp(name, "row_to_json") == 0 && count == 1);
    binder->rows_as_json += is_json;
    bool is_good = bind_call_arguments(binder, context, call, name, &arguments, &count);
    binder->rows_as_json -= is_json;
    if (!is_good)
        return NULL;
    const Expr *joined = NULL;
    if (call->func_variadic &&
        !bind_variadic(binder, name, &arguments, &count, location, &joined))
        return NULL;
    if (joined != NULL)
        return joined;
    bool is_in_list = context->select != NULL && !context->is_in_aggregate &&
                      (context->clause == CLAUSE_SELECT || context->clause == CLAUSE_ORDER_BY);
    if (context->is_in_window && row_series_exists(name, count)) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "window function calls cannot contain set-returning function calls");
        fault_hint(binder->fault,
                   "You might be able to move the set-returning function into a LATERAL FROM item.");
        return NULL;
    }
    if (is_in_list && row_series_exists(name, count))
        return row_series_in_select(binder, context->select, name, arguments, count, location);
    if (row_series_exists(name, count)) {
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "set-returning functions are not allowed in %s", clause_name(context->clause));
        return NULL;
    }
    if (strcmp(name, "lookup") == 0 && (count == 2 || count == 3))
        return bind_lookup(binder, context, arguments, count, location);
    SpecialForm form = find_special_form(name, count);
    if (!multi_value_as_texts(binder, name, arguments, count))
        return NULL;
    if (form != NULL)
        return multi_value_of_each(binder, context, form(binder, arguments, count, location));
    const Expr *result = NULL;
    if (!bind_system_function(binder, context, name, arguments, count, location, &result))
        return NULL;
    if (result != NULL)
        return result;
    /* int4(x), text(x): a type's name as a function is a cast */
    const TypeInfo *type = count == 1 && !function_exists(text_of(name))
                               ? type_by_name(text_of(name))
                               : NULL;
    if (type != NULL && type_is_reg(type->oid))
        return bind_cast_to_reg(binder, arguments[0], SQL_TYPE(type->oid), location);
    if (type != NULL && type->category != CATEGORY_PSEUDO)
        return coerce_to(binder, arguments[0], SQL_TYPE(type->oid), CAST_EXPLICIT, location);
    return multi_value_of_each(binder, context,
                               bind_call(binder, name, arguments, count, location));
}

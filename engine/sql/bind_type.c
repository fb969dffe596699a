/*
 * Type names, and casts that are written out.
 */
#include "engine/sql/bind_record_internal.h"

#include <stdlib.h>
#include <strings.h>

/* Domains of information_schema: what lies under them. */
static const struct {
    const char *name;
    Oid type;
} domains[] = {
    {"cardinal_number", T_INT4},   {"character_data", T_VARCHAR}, {"sql_identifier", T_NAME},
    {"time_stamp", T_TIMESTAMPTZ}, {"yes_or_no", T_VARCHAR},
};

static bool unknown_type(Binder *binder, const PgQuery__TypeName *name, const char *text)
{
    return bind_fault(binder, bind_location(binder, name->location), FAULT_UNDEFINED_OBJECT,
                      "type \"%s\" does not exist", text);
}

static bool modifier_value(const PgQuery__Node *node, int32_t *value)
{
    bool is_integer = node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                      node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL;
    if (is_integer)
        *value = node->a_const->ival->ival;
    return is_integer;
}

static bool bad_modifier(Binder *binder, const PgQuery__TypeName *name, const char *message)
{
    return bind_fault(binder, bind_location(binder, name->location), FAULT_INVALID_PARAMETER_VALUE,
                      "%s", message);
}

static bool numeric_modifier(Binder *binder, const PgQuery__TypeName *name, SqlType *type)
{
    int32_t precision, scale = 0;
    if (name->n_typmods > 2 || !modifier_value(name->typmods[0], &precision) ||
        (name->n_typmods == 2 && !modifier_value(name->typmods[1], &scale)))
        return bad_modifier(binder, name, "invalid NUMERIC type modifier");
    if (precision < 1 || precision > 1000)
        return bind_fault(binder, bind_location(binder, name->location),
                          FAULT_INVALID_PARAMETER_VALUE,
                          "NUMERIC precision %d must be between 1 and 1000", precision);
    if (scale < 0 || scale > precision)
        return bind_fault(binder, bind_location(binder, name->location),
                          FAULT_INVALID_PARAMETER_VALUE,
                          "NUMERIC scale %d must be between 0 and precision %d", scale, precision);
    if (precision > NUMERIC_MAX_DIGITS)
        precision = NUMERIC_MAX_DIGITS; /* as many as there are */
    if (scale > precision)
        scale = precision;
    type->modifier = ((precision << 16) | scale) + 4;
    return true;
}

static bool length_modifier(Binder *binder, const PgQuery__TypeName *name, SqlType *type)
{
    int32_t length;
    if (name->n_typmods != 1 || !modifier_value(name->typmods[0], &length))
        return bad_modifier(binder, name, "invalid type modifier");
    if (length < 1)
        return bad_modifier(binder, name, "length for type character must be at least 1");
    type->modifier = length + 4;
    return true;
}

static bool bits_modifier(Binder *binder, const PgQuery__TypeName *name, SqlType *type)
{
    enum { MOST_BITS = 83886080 };
    int32_t length;
    if (name->n_typmods != 1 || !modifier_value(name->typmods[0], &length))
        return bad_modifier(binder, name, "invalid type modifier");
    if (length < 1)
        return bad_modifier(binder, name, "length for type bit must be at least 1");
    if (length > MOST_BITS)
        return bad_modifier(binder, name, "length for type bit cannot exceed 83886080");
    type->modifier = length;
    return true;
}

/* timestamp(p): more than microseconds there are none. */
static bool precision_modifier(Binder *binder, const PgQuery__TypeName *name, SqlType *type)
{
    int32_t precision;
    if (name->n_typmods != 1 || !modifier_value(name->typmods[0], &precision))
        return bad_modifier(binder, name, "invalid type modifier");
    if (precision < 0)
        return bind_fault(binder, bind_location(binder, name->location),
                          FAULT_INVALID_PARAMETER_VALUE, "%s(%d) precision must not be negative",
                          type_info(type->oid)->name, precision);
    type->modifier = precision > 6 ? 6 : precision;
    return true;
}

/* interval(p), interval day to second(p): the fields, and how many digits the seconds have. */
static bool interval_modifier(Binder *binder, const PgQuery__TypeName *name, SqlType *type)
{
    enum { NO_PRECISION = 0xffff, ALL_FIELDS = 0x7fff };
    int32_t fields, precision = NO_PRECISION;
    if (name->n_typmods > 2 || !modifier_value(name->typmods[0], &fields) ||
        (name->n_typmods == 2 && !modifier_value(name->typmods[1], &precision)))
        return bad_modifier(binder, name, "invalid INTERVAL type modifier");
    if (precision < 0)
        return bind_fault(binder, bind_location(binder, name->location),
                          FAULT_INVALID_PARAMETER_VALUE,
                          "INTERVAL(%d) precision must not be negative", precision);
    if (precision > 6 && precision != NO_PRECISION)
        precision = 6;
    if (fields != ALL_FIELDS || precision != NO_PRECISION)
        type->modifier = (fields & ALL_FIELDS) << 16 | precision;
    return true;
}

static bool apply_modifiers(Binder *binder, const PgQuery__TypeName *name, SqlType *type)
{
    if (name->n_typmods == 0)
        return true;
    switch (type->oid) {
    case T_NUMERIC:
        return numeric_modifier(binder, name, type);
    case T_VARCHAR:
    case T_BPCHAR:
        return length_modifier(binder, name, type);
    case T_BIT:
    case T_VARBIT:
        return bits_modifier(binder, name, type);
    case T_TIME:
    case T_TIMESTAMP:
    case T_TIMESTAMPTZ:
        return precision_modifier(binder, name, type);
    case T_INTERVAL:
        return interval_modifier(binder, name, type);
    default:
        return true;
    }
}

/* TYPE('COMPLEX<json>') */
static const TypeInfo *type_of_text(const PgQuery__TypeName *name)
{
    bool has_text = name->n_typmods == 1 &&
                    name->typmods[0]->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                    name->typmods[0]->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL;
    return has_text ? type_by_name(text_of(name->typmods[0]->a_const->sval->sval)) : NULL;
}

static const TypeInfo *find_type(Binder *binder, const PgQuery__TypeName *name, const char *last,
                                 bool *is_text_form)
{
    SchemaName type = name_read(last);
    *is_text_form = strcasecmp(type.text.data, "type") == 0 && name->n_typmods > 0;
    if (*is_text_form)
        return type_of_text(name);
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        bool is_domain = name->n_names > 1 && strcasecmp(domains[i].name, type.text.data) == 0;
        if (is_domain)
            return type_info(domains[i].type);
    }
    if (type.is_quoted && strcmp(type.text.data, "char") == 0)
        return type_info(T_CHAR);
    if (strcmp(type.text.data, "bpchar") == 0 || strcasecmp(type.text.data, "char") == 0)
        return type_info(T_BPCHAR);
    return type_by_name(type.text);
}

bool bind_type_name(Binder *binder, const PgQuery__TypeName *name, SqlType *type)
{
    int32_t location = bind_location(binder, name->location);
    if (name->setof || name->pct_type || name->n_names == 0)
        return bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                          "this form of a type name is not supported");
    const char *last = name->names[name->n_names - 1]->string->sval;
    bool is_text_form;
    const TypeInfo *info = find_type(binder, name, last, &is_text_form);
    bool is_row = false;
    if (info == NULL && !row_type_named(binder, name, type, &is_row))
        return false;
    if (is_row) {
        type->oid = name->n_array_bounds > 0 ? T_RECORD_ARRAY : T_RECORD;
        return true;
    }
    if (info == NULL)
        return unknown_type(binder, name, name_plain(last));
    *type = type_base(SQL_TYPE(info->oid));
    if (!is_text_form && !apply_modifiers(binder, name, type))
        return false;
    if (name->n_array_bounds == 0)
        return true;
    if (info->array_oid == 0)
        return bind_fault(binder, location, FAULT_UNDEFINED_OBJECT, "type \"%s[]\" does not exist",
                          info->sql_name);
    /* an array's modifier is its elements', which numerics need */
    *type = (SqlType){info->array_oid, info->oid == T_NUMERIC ? type->modifier : -1};
    return true;
}

/* --- INTERVAL '1' DAY: the fields say what the numbers are --- */

/* Bits of PostgreSQL's interval modifiers (utils/timestamp.h). */
enum {
    FIELD_MONTH = 1 << 1,
    FIELD_YEAR = 1 << 2,
    FIELD_DAY = 1 << 3,
    FIELD_HOUR = 1 << 10,
    FIELD_MINUTE = 1 << 11,
    FIELD_SECOND = 1 << 12,
};

static const char *unit_of_fields(int32_t fields)
{
    switch (fields) {
    case FIELD_YEAR:
        return "years";
    case FIELD_MONTH:
        return "months";
    case FIELD_DAY:
        return "days";
    case FIELD_HOUR:
        return "hours";
    case FIELD_MINUTE:
        return "minutes";
    case FIELD_SECOND:
        return "seconds";
    default:
        return NULL;
    }
}

/* The text with units where the fields name them; the text itself where it speaks for itself. */
static Text interval_text(Binder *binder, Text text, int32_t fields)
{
    const char *unit = unit_of_fields(fields);
    bool is_number = text.length > 0;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        is_number =
            is_number && ((c >= '0' && c <= '9') || c == '.' || ((c == '-' || c == '+') && i == 0));
    }
    if (unit != NULL && is_number)
        return text_of(arena_printf(binder->arena, "%.*s %s", TEXT_ARGS(text), unit));
    return text;
}

/* --- casts --- */
static const Expr *cast_array_literal(Binder *binder, ExprContext *context,
                                      const PgQuery__AArrayExpr *array, SqlType type);

static bool has_array_items(const PgQuery__AArrayExpr *array)
{
    return array->n_elements > 0 &&
           array->elements[0]->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR;
}

/* ARRAY[[..], [..]]::type: each part is cast to the same type. */
static const Expr *cast_array_of_arrays(Binder *binder, ExprContext *context,
                                        const PgQuery__AArrayExpr *array, SqlType type)
{
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, array->n_elements + 1);
    int32_t location = bind_location(binder, array->location);
    SqlType common;
    for (size_t i = 0; i < array->n_elements; i++) {
        const PgQuery__Node *item = array->elements[i];
        bool is_literal = item->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR;
        items[i] = is_literal ? cast_array_literal(binder, context, item->a_array_expr, type)
                              : bind_expr(binder, context, item);
        if (items[i] != NULL && !is_literal)
            items[i] = coerce_to(binder, items[i], type, CAST_EXPLICIT, location);
        if (items[i] == NULL)
            return NULL;
    }
    return coerce_to_common(binder, items, (uint32_t)array->n_elements, "ARRAY", &common, location)
               ? bind_call(binder, "array_stack", items, (uint32_t)array->n_elements, location)
               : NULL;
}

static const Expr *cast_array_literal(Binder *binder, ExprContext *context,
                                      const PgQuery__AArrayExpr *array, SqlType type)
{
    if (has_array_items(array))
        return cast_array_of_arrays(binder, context, array, type);
    SqlType element = bind_element_type(type);
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, array->n_elements + 1);
    int32_t location = bind_location(binder, array->location);
    for (size_t i = 0; i < array->n_elements; i++) {
        const Expr *item = bind_expr(binder, context, array->elements[i]);
        if (item == NULL)
            return NULL;
        const TypeInfo *info = type_info(item->type.oid);
        if (info != NULL && info->category == CATEGORY_ARRAY && info->element_oid != 0)
            return cast_array_of_arrays(binder, context, array, type);
        items[i] = type_is_reg(element.oid)
                       ? bind_cast_to_reg(binder, item, element, location)
                       : coerce_to(binder, item, element, CAST_EXPLICIT, location);
        if (items[i] == NULL)
            return NULL;
    }
    bool has_own_scales = element.oid == T_NUMERIC && element.modifier == -1;
    if (has_own_scales && !coerce_to_common(binder, items, (uint32_t)array->n_elements, "ARRAY",
                                            &element, location))
        return NULL;
    return bind_array_of(binder, items, (uint32_t)array->n_elements, element, location);
}

static bool is_text_type(Oid oid)
{
    const TypeInfo *info = type_info(oid);
    return info != NULL && info->category == CATEGORY_STRING;
}

static bool is_small_integer(Oid oid)
{
    return oid == T_INT2 || oid == T_INT4;
}

/* Druid: an array is a single value when it has one element, else NULL. */
static const Expr *only_element(Binder *binder, const Expr *array, int32_t location)
{
    const Expr *one = expr_int64(binder->arena, SQL_TYPE(T_INT4), 1, location);
    const Expr *count = bind_call(binder, "cardinality", &array, 1, location);
    const Expr *pair[2] = {array, one};
    const Expr *element = bind_call(binder, "array_ordinal", pair, 2, location);
    const Expr *is_one =
        count == NULL ? NULL : bind_operator(binder, "=", count, one, location);
    if (element == NULL || is_one == NULL)
        return NULL;
    const Expr *parts[3] = {is_one, element, expr_null(binder->arena, element->type, location)};
    return expr_nary(binder->arena, EXPR_CASE, element->type, parts, 3, location);
}

/* Druid: a single value is an array of one element, a multi-value string one of its values. A text
 * literal may be an array in PostgreSQL's form. */
static const Expr *as_array(Binder *binder, const Expr *value, int32_t location)
{
    bool is_text = is_text_type(value->type.oid);
    if (is_text && value->kind == EXPR_CONSTANT && !expr_is_null(value)) {
        Text text = vector_text(value->value, 0);
        if (text.length > 0 && text.data[0] == '{')
            return value;
    }
    return is_text ? bind_call(binder, "mv_to_array", &value, 1, location)
                   : bind_array_of(binder, &value, 1, value->type, location);
}

/* What CAST of the druid dialect does first: arrays to their only element, single values to arrays,
 * small integers to the milliseconds that make a time. */
static const Expr *prepare_druid_cast(Binder *binder, const Expr *expr, SqlType type,
                                      int32_t location)
{
    const TypeInfo *from = type_info(expr->type.oid), *to = type_info(type.oid);
    bool is_array = from != NULL && from->element_oid != 0 && to != NULL && to->element_oid == 0;
    if (is_array && to->oid != T_JSON && to->oid != T_JSONB &&
        expr->type.modifier != TYPE_MULTI_VALUE)
        return only_element(binder, expr, location);
    bool is_single = from != NULL && from->element_oid == 0 && expr->type.oid != T_JSON &&
                     expr->type.oid != T_JSONB && !expr_is_unknown(expr);
    if (is_single && to != NULL && to->element_oid != 0)
        return as_array(binder, expr, location);
    bool is_time = type.oid == T_TIMESTAMP || type.oid == T_TIMESTAMPTZ || type.oid == T_DATE;
    return is_time && is_small_integer(expr->type.oid)
               ? coerce_to(binder, expr, SQL_TYPE(T_INT8), CAST_IMPLICIT, location)
               : expr;
}

/* An explicit cast of something bound. `is_typed_literal`: DATE '..', which is never lenient. */
static const Expr *cast_bound(Binder *binder, const Expr *expr, SqlType type,
                              bool is_typed_literal, int32_t location)
{
    if (type_is_reg(type.oid))
        return bind_cast_to_reg(binder, expr, type, location);
    if (type_is_reg(expr->type.oid) && is_text_type(type.oid)) {
        const Expr *text = bind_reg_as_text(binder, expr);
        return text == NULL ? NULL : coerce_to(binder, text, type, CAST_EXPLICIT, location);
    }
    bool is_lenient = binder->dialect != 0 && !is_typed_literal && expr_is_unknown(expr) &&
                      expr->kind == EXPR_CONSTANT && !is_text_type(type.oid);
    if (is_lenient) /* the druid dialect's CAST gives NULL for what it cannot read */
        expr = coerce_unknown_to_text(binder, expr);
    if (expr != NULL && binder->dialect == 1)
        expr = prepare_druid_cast(binder, expr, type, location);
    return expr == NULL ? NULL : coerce_to(binder, expr, type, CAST_EXPLICIT, location);
}

const Expr *bind_type_cast(Binder *binder, ExprContext *context, const PgQuery__TypeCast *cast)
{
    SqlType type;
    int32_t location = bind_location(binder, cast->location);
    bool is_typed_literal = cast->location < 0;
    if (location < 0)
        location = bind_location(binder, cast->type_name->location);
    if (!bind_type_name(binder, cast->type_name, &type))
        return NULL;
    const TypeInfo *info = type_info(type.oid);
    bool is_array = cast->arg->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR && info != NULL &&
                    info->element_oid != 0;
    if (is_array)
        return cast_array_literal(binder, context, cast->arg->a_array_expr, type);
    const Expr *expr = bind_expr(binder, context, cast->arg);
    if (expr == NULL)
        return NULL;
    int32_t fields;
    bool has_fields = type.oid == T_INTERVAL && cast->type_name->n_typmods > 0 &&
                      modifier_value(cast->type_name->typmods[0], &fields) &&
                      expr->kind == EXPR_CONSTANT && expr_is_unknown(expr) && !expr_is_null(expr);
    if (has_fields)
        return bind_literal(binder, type,
                            interval_text(binder, vector_text(expr->value, 0), fields),
                            expr->location);
    return cast_bound(binder, expr, type, is_typed_literal, location);
}

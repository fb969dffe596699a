/*
 * Types of expressions: literals and parameters take the type that their place asks for, other
 * expressions are cast.
 *
 * A literal has the type unknown until something says what it is; so does a parameter whose type
 * the client did not give. Everything here that is given an unknown expression makes a typed one.
 */
#include "engine/sql/bind_internal.h"
#include "engine/sql/bind_record_internal.h"

bool expr_is_unknown(const Expr *expr)
{
    return expr->type.oid == T_UNKNOWN;
}

bool expr_is_null(const Expr *expr)
{
    return expr->kind == EXPR_CONSTANT && vector_is_null(expr->value, 0);
}

/* A vector of one row as the constant that stands for every row. */
static const Expr *constant_of_row(Binder *binder, SqlType type, const Vector *row,
                                   int32_t location)
{
    Vector *value = ARENA_NEW(binder->arena, Vector);
    *value = *row;
    value->form = VECTOR_CONSTANT;
    value->length = 1;
    return expr_constant(binder->arena, type, value, location);
}

/* Digits after the point of a number's text, its exponent taken into account; -1 when it does not
 * look like a number. */
static int scale_of_text(Text text, int *digits)
{
    uint32_t i = 0;
    int before = 0, after = 0;
    long exponent = 0;
    if (i < text.length && (text.data[i] == '-' || text.data[i] == '+'))
        i++;
    for (; i < text.length && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        before++;
    if (i < text.length && text.data[i] == '.') {
        for (i++; i < text.length && text.data[i] >= '0' && text.data[i] <= '9'; i++)
            after++;
    }
    if (before + after == 0)
        return -1;
    if (i < text.length && (text.data[i] == 'e' || text.data[i] == 'E')) {
        bool is_negative = ++i < text.length && text.data[i] == '-';
        if (i < text.length && (text.data[i] == '-' || text.data[i] == '+'))
            i++;
        for (; i < text.length && text.data[i] >= '0' && text.data[i] <= '9' && exponent < 100000;
             i++)
            exponent = exponent * 10 + (text.data[i] - '0');
        exponent = is_negative ? -exponent : exponent;
    }
    if (i != text.length)
        return -1;
    long scale = after - exponent;
    *digits = (int)(before + exponent > 0 ? before + exponent : 0) + (int)(scale > 0 ? scale : 0);
    return scale > 0 ? (int)scale : 0;
}

/* A numeric without precision keeps the digits that were written. */
static SqlType numeric_of_text(Text text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = (Text){text.data + 1, text.length - 1};
    while (text.length > 0 && text.data[text.length - 1] == ' ')
        text.length--;
    int digits = 0;
    int scale = scale_of_text(text, &digits);
    return type_numeric_derived(scale < 0 || scale > NUMERIC_MAX_DIGITS ? 0 : scale);
}

SqlType sql_value_type(SqlType type, int format, Text bytes)
{
    enum { SCALE_AT = 6 }; /* ndigits, weight, sign, dscale: int16 each */
    if (type.oid != T_NUMERIC || type.modifier != -1)
        return type;
    if (format == 0)
        return numeric_of_text(bytes);
    if (bytes.length < SCALE_AT + 2)
        return type;
    int scale = (uint8_t)bytes.data[SCALE_AT] << 8 | (uint8_t)bytes.data[SCALE_AT + 1];
    return type_numeric_derived(scale > NUMERIC_MAX_DIGITS ? NUMERIC_MAX_DIGITS : scale);
}

const Expr *bind_literal(Binder *binder, SqlType type, Text text, int32_t location)
{
    if (type.oid == T_UNKNOWN)
        return expr_text(binder->arena, type, text, location);
    if (type.oid == T_NUMERIC && type.modifier == -1)
        type = numeric_of_text(text);
    if (type_is_reg(type.oid))
        return bind_cast_to_reg(
            binder, expr_text(binder->arena, SQL_TYPE(T_UNKNOWN), text, location), type, location);
    VectorBuilder builder;
    vector_builder_init(&builder, binder->arena, type_layout(type), 1);
    if (!type_parse_text(type, binder->context->types, text, &builder, binder->fault)) {
        bind_fault_place(binder, location);
        return NULL;
    }
    Vector row = vector_builder_finish(&builder);
    return constant_of_row(binder, type, &row, location);
}

/* Of a number with more digits than numeric has here. One that a double says digit by digit, as 1e300,
 * is one; of others the last digits behind the point go, and those before it have no room (22003). */
static SqlType type_of_long_number(Text text, int before_point)
{
    enum { DOUBLE_DIGITS = 17 };
    int digits = 0;
    bool has_exponent = false;
    for (uint32_t i = 0; i < text.length; i++) {
        has_exponent |= text.data[i] == 'e' || text.data[i] == 'E';
        digits += !has_exponent && text.data[i] >= '0' && text.data[i] <= '9';
    }
    if (has_exponent && digits <= DOUBLE_DIGITS)
        return SQL_TYPE(T_FLOAT8);
    int room = NUMERIC_MAX_DIGITS - before_point;
    return type_numeric_derived(room < 0 ? 0 : room);
}

/* A number as it stands in the statement: integer, bigint, or numeric with its own scale. */
static const Expr *bind_number(Binder *binder, const char *digits, int32_t location)
{
    Text text = text_of(digits);
    bool is_integer = strspn(digits, "0123456789-") == text.length;
    if (is_integer && text.length <= 20) {
        VectorBuilder builder;
        Fault ignored;
        vector_builder_init(&builder, binder->arena, LAYOUT_INT64, 1);
        if (type_parse_text(SQL_TYPE(T_INT8), binder->context->types, text, &builder, &ignored)) {
            Vector row = vector_builder_finish(&builder);
            int64_t value = VECTOR_DATA(int64_t, &row)[0];
            bool is_small = value >= INT32_MIN && value <= INT32_MAX; /* -2147483648 comes as text */
            return constant_of_row(binder, SQL_TYPE(is_small ? T_INT4 : T_INT8), &row, location);
        }
    }
    int count = 0;
    int scale = scale_of_text(text, &count);
    bool fits = scale >= 0 && scale <= NUMERIC_MAX_DIGITS && count <= NUMERIC_MAX_DIGITS;
    return bind_literal(binder,
                        fits ? type_numeric_derived(scale) : type_of_long_number(text, count - scale),
                        text, location);
}

const Expr *bind_constant(Binder *binder, const PgQuery__AConst *constant)
{
    int32_t location = bind_location(binder, constant->location);
    if (constant->isnull)
        return expr_null(binder->arena, SQL_TYPE(T_UNKNOWN), location);
    switch (constant->val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
        return expr_int64(binder->arena, SQL_TYPE(T_INT4), constant->ival->ival, location);
    case PG_QUERY__A__CONST__VAL_FVAL:
        return bind_number(binder, constant->fval->fval, location);
    case PG_QUERY__A__CONST__VAL_BOOLVAL:
        return expr_bool(binder->arena, constant->boolval->boolval);
    case PG_QUERY__A__CONST__VAL_SVAL:
        return expr_text(binder->arena, SQL_TYPE(T_UNKNOWN),
                         text_of(name_plain(constant->sval->sval)), location);
    case PG_QUERY__A__CONST__VAL_BSVAL:
        return bind_literal(binder, SQL_TYPE(T_BIT), text_of(constant->bsval->bsval), location);
    default:
        bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
                   "this form of a constant is not supported");
        return NULL;
    }
}

/* --- parameters --- */
const Expr *bind_parameter(Binder *binder, const PgQuery__ParamRef *parameter)
{
    int32_t location = bind_location(binder, parameter->location);
    BindContext *context = binder->context;
    int32_t number = parameter->number;
    if (number < 1 || (uint32_t)number > context->parameter_capacity) {
        bind_fault(binder, location, FAULT_UNDEFINED_PARAMETER, "there is no parameter $%d",
                   number);
        return NULL;
    }
    while (context->parameter_count < (uint32_t)number)
        context->parameter_types[context->parameter_count++] = SQL_TYPE(T_UNKNOWN);
    SqlType *type = &context->parameter_types[number - 1];
    if (type->oid == T_NONE)
        *type = SQL_TYPE(T_UNKNOWN);
    const Vector *value =
        context->parameter_values != NULL ? context->parameter_values[number - 1] : NULL;
    if (value != NULL && type->oid != T_UNKNOWN)
        return expr_constant(binder->arena, *type, value, location);
    return expr_parameter(binder->arena, *type, (uint32_t)number, location);
}

/* The place says what an undeclared parameter is. A later place must agree or cast. */
static const Expr *infer_parameter(Binder *binder, const Expr *expr, SqlType type, CastRule rule,
                                   int32_t location)
{
    SqlType *known = &binder->context->parameter_types[expr->parameter - 1];
    if (known->oid == T_UNKNOWN)
        *known = SQL_TYPE(type.oid);
    const Vector *value = binder->context->parameter_values != NULL
                              ? binder->context->parameter_values[expr->parameter - 1]
                              : NULL;
    const Expr *typed =
        value != NULL ? expr_constant(binder->arena, *known, value, expr->location)
                      : expr_parameter(binder->arena, *known, expr->parameter, expr->location);
    return coerce_to(binder, typed, type, rule, location);
}

/* --- coercion --- */
static const Expr *coerce_unknown(Binder *binder, const Expr *expr, SqlType type, CastRule rule,
                                  int32_t location)
{
    if (expr->kind == EXPR_PARAMETER)
        return infer_parameter(binder, expr, type, rule, location);
    if (expr->kind != EXPR_CONSTANT) {
        const Expr *text = expr_cast(binder->arena, expr, SQL_TYPE(T_TEXT), CAST_EXPLICIT,
                                     binder->dialect, binder->fault);
        return text == NULL ? NULL : coerce_to(binder, text, type, CAST_EXPLICIT, location);
    }
    if (expr_is_null(expr))
        return expr_null(binder->arena, type, expr->location);
    return bind_literal(binder, type, vector_text(expr->value, 0), expr->location);
}

const Expr *coerce_to(Binder *binder, const Expr *expr, SqlType type, CastRule rule,
                      int32_t location)
{
    bool takes_any = type.oid == T_ANY || type.oid == T_NONE;
    bool is_other_record = type.oid == T_RECORD && type.modifier != expr->type.modifier &&
                           row_type_find(binder, type) != NULL && expr->kind != EXPR_PARAMETER;
    if (is_other_record)
        return bind_record_cast(binder, expr, type, rule, location);
    if (expr_is_unknown(expr) && type.oid != T_UNKNOWN)
        return coerce_unknown(binder, expr, takes_any ? SQL_TYPE(T_TEXT) : type, rule, location);
    bool is_same =
        expr->type.oid == type.oid && (type.modifier == -1 || type.modifier == expr->type.modifier);
    if (takes_any || is_same)
        return expr;
    if (type_is_reg(expr->type.oid) && !type_is_reg(type.oid))
        return coerce_to(binder, bind_reg_as_oid(binder, expr), type, rule, location);
    const Expr *cast = expr_cast(binder->arena, expr, type, rule, binder->dialect, binder->fault);
    if (cast == NULL)
        bind_fault_place(binder, location);
    return cast;
}

const Expr *coerce_unknown_to_text(Binder *binder, const Expr *expr)
{
    return expr_is_unknown(expr)
               ? coerce_to(binder, expr, SQL_TYPE(T_TEXT), CAST_IMPLICIT, expr->location)
               : expr;
}

bool coerce_all(Binder *binder, const Expr **arguments, uint32_t count, const SqlType *types,
                int32_t location)
{
    for (uint32_t i = 0; i < count; i++) {
        int32_t at = arguments[i]->location >= 0 ? arguments[i]->location : location;
        arguments[i] = coerce_to(binder, arguments[i], types[i], CAST_IMPLICIT, at);
        if (arguments[i] == NULL)
            return false;
    }
    return true;
}

/* Where the first item stands that does not go with those before it. */
static int32_t mismatch_location(const Expr *const *items, const SqlType *types, uint32_t count,
                                 const char *what, int32_t location)
{
    for (uint32_t i = 2; i <= count; i++) {
        Fault ignored = {0};
        SqlType common;
        if (!function_common_type(types, i, what, &common, &ignored))
            return items[i - 1]->location >= 0 ? items[i - 1]->location : location;
    }
    return location;
}

static bool is_zero_constant(const Expr *expr)
{
    if (expr->kind != EXPR_CONSTANT || expr_is_null(expr))
        return expr_is_null(expr);
    __int128 number;
    switch (expr->value->layout) {
    case LAYOUT_INT64:
        return VECTOR_DATA(int64_t, expr->value)[0] == 0;
    case LAYOUT_INT128:
        memcpy(&number, expr->value->data, sizeof number);
        return number == 0;
    default:
        return false;
    }
}

/* Numerics of one scale beside zeros that have fewer digits: COALESCE(x, 0). */
static SqlType beside_zeros(const Expr *const *items, const SqlType *types, uint32_t count,
                            SqlType common)
{
    int least = type_numeric_least(common), scale = type_scale(common);
    bool has_several = numeric_digits_several(type_numeric_digits(common));
    for (uint32_t i = 0; i < count && has_several; i++) {
        bool is_numeric = types[i].oid == T_NUMERIC;
        int own = is_numeric ? type_scale(types[i]) : 0;
        bool is_whole = is_numeric && own == scale &&
                        (type_numeric_digits(types[i]) == DIGITS_ALL ||
                         (type_numeric_digits(types[i]) == DIGITS_ZERO &&
                          type_numeric_least(types[i]) == least));
        has_several = is_whole || types[i].oid == T_UNKNOWN ||
                      (own == least && is_zero_constant(items[i]));
    }
    return has_several ? type_numeric_shown(DIGITS_ZERO, scale, least) : common;
}

bool coerce_may_be_texts(const SqlType *types, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const TypeInfo *info = type_info(types[i].oid);
        if (types[i].oid != T_UNKNOWN &&
            (info == NULL || info->element_oid != 0 || info->oid == T_RECORD))
            return false;
    }
    return true;
}

/* Types that have none in common are texts in the druid dialect. */
static bool coerce_to_texts(Binder *binder, const Expr **items, uint32_t count, SqlType *common,
                            int32_t location)
{
    fault_clear(binder->fault);
    *common = SQL_TYPE(T_TEXT);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = coerce_to(binder, items[i], *common, CAST_EXPLICIT, location);
        if (items[i] == NULL)
            return false;
    }
    return true;
}

static bool coerce_to_one(Binder *binder, const Expr **items, uint32_t count, const char *what,
                          SqlType *common, int32_t location);

bool coerce_to_common(Binder *binder, const Expr **items, uint32_t count, const char *what,
                      SqlType *common, int32_t location)
{
    bool falls_back = binder->dialect == 1 && strcmp(what, "IN") != 0;
    const Expr **given = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    for (uint32_t i = 0; i < count; i++)
        given[i] = items[i];
    if (coerce_to_one(binder, items, count, what, common, location))
        return true;
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = given[i];
        types[i] = given[i]->type;
    }
    return falls_back && coerce_may_be_texts(types, count) && coerce_to_texts(binder, items, count, common, location);
}

static bool coerce_to_one(Binder *binder, const Expr **items, uint32_t count, const char *what,
                          SqlType *common, int32_t location)
{
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, count);
    /* regclass and its kin stay what they are among themselves; mixed they are numbers */
    bool is_one_reg = true;
    Oid reg = T_NONE;
    for (uint32_t i = 0; i < count; i++) {
        Oid oid = items[i]->type.oid;
        is_one_reg = is_one_reg && (oid == T_UNKNOWN || (type_is_reg(oid) && (reg == T_NONE || oid == reg)));
        reg = oid == T_UNKNOWN ? reg : oid;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (type_is_reg(items[i]->type.oid) && !is_one_reg)
            items[i] = bind_reg_as_oid(binder, items[i]);
        types[i] = items[i]->type;
    }
    if (!row_common_type(binder, types, count, what, common)) {
        int32_t at = mismatch_location(items, types, count, what, location);
        return bind_fault_place(binder, at);
    }
    if (common->oid == T_UNKNOWN)
        *common = SQL_TYPE(T_TEXT);
    if (common->oid == T_NUMERIC && common->modifier != -1)
        *common = beside_zeros(items, types, count, *common);
    for (uint32_t i = 0; i < count; i++) {
        int32_t at = items[i]->location >= 0 ? items[i]->location : location;
        items[i] = coerce_to(binder, items[i], *common, CAST_IMPLICIT, at);
        if (items[i] == NULL)
            return false;
    }
    return true;
}

const Expr *bind_fold(Binder *binder, const Expr *expr)
{
    bool is_fixed = !expr_has_kind(expr, EXPR_COLUMN) && !expr_has_kind(expr, EXPR_PARAMETER) &&
                    !expr_has_kind(expr, EXPR_AGGREGATE) && !expr_has_kind(expr, EXPR_SUBQUERY) &&
                    !expr_is_volatile(expr);
    if (expr->kind == EXPR_CONSTANT || !is_fixed)
        return expr;
    Fault ignored;
    Vector *value = ARENA_NEW(binder->arena, Vector);
    if (!expr_evaluate_constant(binder->arena, expr, binder->context->types, value, &ignored))
        return expr;
    return expr_constant(binder->arena, expr->type, value, expr->location);
}

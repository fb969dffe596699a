/*
 * x IN (...) and x op ANY (array): constant items become one sorted set, others a chain of
 * comparisons.
 */
#include "engine/sql/bind_internal.h"

#include <stdlib.h>

/* --- one sorted set of constants --- */
typedef struct ItemOrder {
    Layout layout;
    const Vector *const *items;
} ItemOrder;

#define COMPARE(type, a, b)                                                                        \
    ((*VECTOR_DATA(type, a) > *VECTOR_DATA(type, b)) -                                             \
     (*VECTOR_DATA(type, a) < *VECTOR_DATA(type, b)))

static int compare_floats(double a, double b)
{
    bool a_is_nan = a != a, b_is_nan = b != b;
    if (a_is_nan || b_is_nan)
        return (int)a_is_nan - (int)b_is_nan;
    return (a > b) - (a < b);
}

static int compare_items(const void *left, const void *right, void *state)
{
    const Vector *a = *(const Vector *const *)left, *b = *(const Vector *const *)right;
    switch (((const ItemOrder *)state)->layout) {
    case LAYOUT_BOOL:
        return COMPARE(uint8_t, a, b);
    case LAYOUT_INT64:
        return COMPARE(int64_t, a, b);
    case LAYOUT_FLOAT32:
        return compare_floats((double)*VECTOR_DATA(float, a), (double)*VECTOR_DATA(float, b));
    case LAYOUT_FLOAT64:
        return compare_floats(*VECTOR_DATA(double, a), *VECTOR_DATA(double, b));
    case LAYOUT_INT128:
        return COMPARE(__int128, a, b);
    case LAYOUT_STRING:
        return text_compare(vector_text(a, 0), vector_text(b, 0));
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT:
        break;
    }
    return 0;
}

static bool can_be_set(SqlType type)
{
    Layout layout = type_layout(type);
    const TypeInfo *info = type_info(type.oid);
    return layout != LAYOUT_ARRAY && function_for_order(type.oid) == NULL && type.oid != T_BPCHAR &&
           info != NULL && info->is_comparable;
}

static const Expr *make_set(Binder *binder, const Expr *value, const Expr *const *items,
                            uint32_t count, int32_t location)
{
    Arena *arena = binder->arena;
    const Vector **sorted = ARENA_ARRAY(arena, const Vector *, count + 1);
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!expr_is_null(items[i]))
            sorted[used++] = items[i]->value;
    }
    ItemOrder order = {type_layout(value->type), sorted};
    qsort_r(sorted, used, sizeof *sorted, compare_items, &order);
    VectorBuilder builder;
    vector_builder_init(&builder, arena, order.layout, used > 0 ? used : 1);
    for (uint32_t i = 0; i < used; i++) {
        if (i == 0 || compare_items(&sorted[i - 1], &sorted[i], &order) != 0)
            vector_builder_row(&builder, sorted[i], 0);
    }
    Vector *list = ARENA_NEW(arena, Vector);
    *list = vector_builder_finish(&builder);
    return expr_in_list(arena, value, list, used < count, location);
}

static const Expr *any_equal(Binder *binder, const Expr *value, const Expr *const *items,
                             uint32_t count, int32_t location)
{
    const Expr **either = ARENA_ARRAY(binder->arena, const Expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        either[i] = bind_operator(binder, "=", value, items[i], location);
        if (either[i] == NULL)
            return NULL;
    }
    return expr_nary(binder->arena, EXPR_OR, SQL_TYPE(T_BOOL), either, count, location);
}

/* The types of `value` and all items meet, as PostgreSQL has it; else each pair by itself. */
static bool to_one_type(Binder *binder, const Expr **all, uint32_t count, int32_t location)
{
    SqlType *types = ARENA_ARRAY(binder->arena, SqlType, count);
    Fault ignored;
    SqlType common;
    for (uint32_t i = 0; i < count; i++)
        types[i] = all[i]->type;
    return function_common_type(types, count, "IN", &common, &ignored) &&
           coerce_to_common(binder, all, count, "IN", &common, location);
}

const Expr *bind_in_list(Binder *binder, const Expr *value, const Expr *const *items,
                         uint32_t count, int32_t location)
{
    if (count > 0 && multi_value_is_compared(binder, value, items[0]))
        return any_equal(binder, value, items, count, location);
    const Expr **all = ARENA_ARRAY(binder->arena, const Expr *, count + 1);
    all[0] = value;
    for (uint32_t i = 0; i < count; i++)
        all[i + 1] = items[i];
    fault_clear(binder->fault);
    if (!to_one_type(binder, all, count + 1, location)) {
        if (binder->fault->code != FAULT_NONE)
            return NULL;
        return any_equal(binder, value, items, count, location);
    }
    bool is_constant = can_be_set(all[0]->type);
    for (uint32_t i = 1; i <= count && is_constant; i++) {
        all[i] = bind_fold(binder, all[i]);
        is_constant = all[i]->kind == EXPR_CONSTANT;
    }
    if (count == 1 || !is_constant)
        return any_equal(binder, all[0], all + 1, count, location);
    return make_set(binder, all[0], all + 1, count, location);
}

/* --- arrays --- */

/* The elements of a constant array as constants. */
static const Expr **array_items(Binder *binder, const Expr *array, uint32_t *count)
{
    if (array->kind == EXPR_ARRAY) {
        *count = array->argument_count;
        const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, *count + 1);
        for (uint32_t i = 0; i < *count; i++)
            items[i] = array->arguments[i];
        return items;
    }
    SqlType element = bind_element_type(array->type);
    ArrayValue range = VECTOR_DATA(ArrayValue, array->value)[0];
    const Expr **items = ARENA_ARRAY(binder->arena, const Expr *, range.count + 1);
    for (uint32_t i = 0; i < range.count; i++) {
        uint32_t row = range.offset + i;
        Vector gathered = vector_gather(binder->arena, array->value->elements, &row, 1);
        Vector *value = ARENA_NEW(binder->arena, Vector);
        *value = vector_flatten(binder->arena, &gathered);
        value->form = VECTOR_CONSTANT;
        items[i] = expr_constant(binder->arena, element, value, array->location);
    }
    *count = range.count;
    return items;
}

static const Expr *over_items(Binder *binder, const char *symbol, const Expr *value,
                              const Expr *array, bool is_all, int32_t location)
{
    uint32_t count;
    const Expr **items = array_items(binder, array, &count);
    if (count == 0)
        return expr_bool(binder->arena, is_all);
    if (!is_all && strcmp(symbol, "=") == 0)
        return bind_in_list(binder, value, items, count, location);
    if (is_all && strcmp(symbol, "<>") == 0) {
        const Expr *in = bind_in_list(binder, value, items, count, location);
        return in == NULL ? NULL : bind_not(binder, in);
    }
    const Expr **tests = ARENA_ARRAY(binder->arena, const Expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        tests[i] = bind_operator(binder, symbol, value, items[i], location);
        if (tests[i] == NULL)
            return NULL;
        if (tests[i]->type.oid != T_BOOL)
            return bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                              "op ANY/ALL (array) requires operator to yield boolean"),
                   NULL;
    }
    return expr_nary(binder->arena, is_all ? EXPR_AND : EXPR_OR, SQL_TYPE(T_BOOL), tests, count,
                     location);
}

/* Comparisons with the elements of an array that differs from row to row. */
static const struct {
    const char *symbol, *any, *all;
} array_comparisons[] = {
    {"=", "array_any_equal", "array_all_equal"},
    {"<>", "array_any_not_equal", NULL}, /* ALL: NOT of = ANY */
    {"<", "array_any_less", "array_all_less"},
    {"<=", "array_any_less_equal", "array_all_less_equal"},
    {">", "array_any_greater", "array_all_greater"},
    {">=", "array_any_greater_equal", "array_all_greater_equal"},
};

static const char *array_comparison(const char *symbol, bool is_all)
{
    for (size_t i = 0; i < sizeof array_comparisons / sizeof *array_comparisons; i++)
        if (strcmp(array_comparisons[i].symbol, symbol) == 0)
            return is_all ? array_comparisons[i].all : array_comparisons[i].any;
    return NULL;
}

static const Expr *compare_array(Binder *binder, const char *function, const Expr *value,
                                 const Expr *array, int32_t location)
{
    const Expr *arguments[2] = {value, array};
    if (expr_is_unknown(value))
        arguments[0] =
            coerce_to(binder, value, bind_element_type(array->type), CAST_IMPLICIT, location);
    return arguments[0] == NULL ? NULL
                                : bind_call(binder, function, arguments, 2, location);
}

const Expr *bind_any_array(Binder *binder, const char *symbol, const Expr *value, const Expr *array,
                           bool is_all, int32_t location)
{
    value = bind_reg_as_oid(binder, value);
    if (expr_is_unknown(array)) { /* '{..}' or $1: an array of what is on the left */
        SqlType element = expr_is_unknown(value) ? SQL_TYPE(T_TEXT) : SQL_TYPE(value->type.oid);
        const TypeInfo *info = type_info(element.oid);
        SqlType type =
            SQL_TYPE(info != NULL && info->array_oid != 0 ? info->array_oid : T_TEXT_ARRAY);
        array = coerce_to(binder, array, type, CAST_IMPLICIT, location);
        if (array == NULL)
            return NULL;
    }
    const TypeInfo *info = type_info(array->type.oid);
    if (info == NULL || info->element_oid == 0) {
        bind_fault(binder, location, FAULT_WRONG_OBJECT_TYPE,
                   "op ANY/ALL (array) requires array on right side");
        return NULL;
    }
    if (array->kind != EXPR_ARRAY)
        array = bind_fold(binder, array);
    if (expr_is_null(array))
        return expr_null(binder->arena, SQL_TYPE(T_BOOL), location);
    if (array->kind == EXPR_ARRAY || array->kind == EXPR_CONSTANT)
        return over_items(binder, symbol, value, array, is_all, location);
    if (is_all && strcmp(symbol, "<>") == 0) {
        const Expr *in = compare_array(binder, "array_any_equal", value, array, location);
        return in == NULL ? NULL : bind_not(binder, in);
    }
    const char *function = array_comparison(symbol, is_all);
    if (function != NULL)
        return compare_array(binder, function, value, array, location);
    bind_fault(binder, location, FAULT_FEATURE_NOT_SUPPORTED,
               "operator %s %s over an array that is not constant is not supported", symbol,
               is_all ? "ALL" : "ANY");
    return NULL;
}

/*
 * Multi-value strings: arrays of texts whose type says so by its modifier (TYPE_MULTI_VALUE), and
 * texts that hold a JSON list of strings, as a list in a source becomes in a column of texts.
 *
 * The functions of arrays take both, and a single value as an array of one element. In the druid
 * dialect GROUP BY and DISTINCT take them apart: a row counts in the group of each of its values,
 * a row without any in the group of NULL.
 */
#include "engine/sql/bind_select_internal.h"

enum { FIRST = 1, SECOND = 2, BOTH = 3 };

/* Which arguments are lists, and whether the result is a multi-value string. */
struct MultiValueCall {
    const char *name;
    uint8_t lists;
    bool is_multi_value, gives_multi_value;
};

static const MultiValueCall calls[] = {
    {"array_to_mv", FIRST, true, true},     {"string_to_mv", 0, true, true},
    {"mv_append", FIRST, true, true},       {"mv_prepend", SECOND, true, true},
    {"mv_concat", BOTH, true, true},        {"mv_slice", FIRST, true, true},
    {"mv_filter_only", BOTH, true, true},   {"mv_filter_none", BOTH, true, true},
    {"mv_filter_regex", FIRST, true, true}, {"mv_filter_prefix", FIRST, true, true},
    {"mv_to_array", FIRST, true, false},    {"mv_length", FIRST, true, false},
    {"mv_offset", FIRST, true, false},      {"mv_ordinal", FIRST, true, false},
    {"mv_offset_of", FIRST, true, false},   {"mv_ordinal_of", FIRST, true, false},
    {"mv_contains", FIRST, true, false},    {"mv_overlap", BOTH, true, false},
    {"mv_to_string", FIRST, true, false},   {"array_length", FIRST, false, false},
    {"array_offset", FIRST, false, false},  {"array_ordinal", FIRST, false, false},
    {"array_offset_of", FIRST, false, false}, {"array_ordinal_of", FIRST, false, false},
    {"array_contains", FIRST, false, false}, {"array_overlap", BOTH, false, false},
    {"array_append", FIRST, false, false},  {"array_prepend", SECOND, false, false},
    {"array_concat", BOTH, false, false},   {"array_slice", FIRST, false, false},
    {"array_to_string", FIRST, false, false},
};

const MultiValueCall *multi_value_call(const char *name)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(calls[i].name, name) == 0)
            return &calls[i];
    }
    return NULL;
}

static bool is_array(const Expr *expr)
{
    const TypeInfo *info = type_info(expr->type.oid);
    return info != NULL && info->element_oid != 0;
}

static bool is_text(const Expr *expr)
{
    return expr->type.oid == T_TEXT || expr->type.oid == T_VARCHAR || expr->type.oid == T_BPCHAR;
}

/* A literal that is a text, not PostgreSQL's '{a,b}'. */
static bool is_text_literal(const Expr *value)
{
    if (!expr_is_unknown(value) || value->kind != EXPR_CONSTANT || expr_is_null(value))
        return false;
    Text text = vector_text(value->value, 0);
    return text.length == 0 || text.data[0] != '{';
}

/* A text's strings; any other single value as an array of one. */
static const Expr *as_list(Binder *binder, const MultiValueCall *call, const Expr *value,
                           int32_t location)
{
    const TypeInfo *info = type_info(value->type.oid);
    if (is_text_literal(value))
        value = coerce_unknown_to_text(binder, value);
    if (value == NULL || expr_is_unknown(value))
        return value;
    if (is_text(value))
        return bind_call(binder, "mv_to_array", &value, 1, location);
    if (is_array(value) && call->is_multi_value && strcmp(call->name, "mv_to_array") != 0)
        return coerce_to(binder, value, SQL_TYPE(T_TEXT_ARRAY), CAST_EXPLICIT, location);
    if (is_array(value) || info == NULL || info->array_oid == 0)
        return value;
    return bind_array_of(binder, &value, 1, value->type, location);
}

/* ARRAY[NULL], which is of texts for want of a better type. */
static bool has_only_nulls(Binder *binder, const Expr *value)
{
    const Expr *folded = value->type.oid == T_TEXT_ARRAY ? bind_fold(binder, value) : value;
    if (value->type.oid != T_TEXT_ARRAY || folded->kind != EXPR_CONSTANT || expr_is_null(folded))
        return false;
    ArrayValue range = VECTOR_DATA(ArrayValue, folded->value)[0];
    for (uint32_t i = 0; i < range.count; i++) {
        if (!vector_is_null(folded->value->elements, range.offset + i))
            return false;
    }
    return range.count > 0;
}

/* The other argument as the list wants it: arrays of nothing but NULLs, and what is added. */
static const Expr *fit_to_list(Binder *binder, const MultiValueCall *call, const Expr *list,
                               const Expr *value, int32_t location)
{
    bool is_added = strstr(call->name, "pend") != NULL;
    bool is_druid = binder->dialect == 1 || call->is_multi_value;
    if (has_only_nulls(binder, value) && is_array(list))
        return coerce_to(binder, value, list->type, CAST_EXPLICIT, location);
    if (is_added && is_druid && is_array(list) && !expr_is_unknown(value) && !is_array(value))
        return coerce_to(binder, value, bind_element_type(list->type), CAST_EXPLICIT, location);
    return value;
}

bool multi_value_arguments(Binder *binder, const MultiValueCall *call, const Expr **arguments,
                           uint32_t count, int32_t location)
{
    bool takes_text = strcmp(call->name, "mv_to_array") == 0;
    for (uint32_t i = 0; i < count && i < 2 && !takes_text; i++) {
        if ((call->lists >> i & 1) == 0)
            continue;
        arguments[i] = as_list(binder, call, arguments[i], location);
        if (arguments[i] == NULL)
            return false;
    }
    uint32_t list = call->lists == SECOND ? 1 : 0, other = 1 - list;
    if (count < 2 || call->lists == 0)
        return true;
    if (call->lists == BOTH && has_only_nulls(binder, arguments[0]))
        list = 1, other = 0;
    arguments[other] = fit_to_list(binder, call, arguments[list], arguments[other], location);
    return arguments[other] != NULL;
}

SqlType multi_value_result(const MultiValueCall *call, SqlType result)
{
    if (call != NULL && call->gives_multi_value && result.oid == T_TEXT_ARRAY)
        return (SqlType){T_TEXT_ARRAY, TYPE_MULTI_VALUE};
    return result.modifier == TYPE_MULTI_VALUE ? SQL_TYPE(result.oid) : result;
}

/* --- where lists may lie in texts --- */

/* Whether a column comes as it is from a stored table or from a source that may hold lists. */
enum { MAX_STEPS = 2000 }; /* of one search: expressions over expressions branch */

static bool is_list_map(const Expr *expr)
{
    return expr->kind == EXPR_CALL && expr->call.function->oid == FUNCTION_LIST_MAP;
}

static bool gives_list(const Plan *from, const Expr *expr, uint32_t *steps);

static bool is_stored(const Plan *plan, ColumnId id, uint32_t *steps)
{
    bool has_column = false;
    for (uint32_t i = 0; i < plan->column_count; i++)
        has_column |= plan->columns[i].id == id;
    if (!has_column || *steps == 0)
        return false;
    --*steps;
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_EXTERN:
        return true;
    case PLAN_FILTER:
        return is_stored(plan->filter.input, id, steps);
    case PLAN_SORT:
        return is_stored(plan->sort.input, id, steps);
    case PLAN_LIMIT:
        return is_stored(plan->limit.input, id, steps);
    case PLAN_EXPAND:
        return is_stored(plan->expand.input, id, steps);
    case PLAN_UNION_ALL:
        for (uint32_t i = 0; i < plan->column_count; i++) {
            for (uint32_t k = 0; k < plan->union_all.input_count; k++) {
                const Plan *input = plan->union_all.inputs[k];
                if (plan->columns[i].id == id &&
                    is_stored(input, input->columns[i].id, steps))
                    return true;
            }
        }
        return false;
    case PLAN_APPLY:
        return is_stored(plan->apply.left, id, steps);
    case PLAN_JOIN:
        return is_stored(plan->join.left, id, steps) ||
               is_stored(plan->join.right, id, steps);
    case PLAN_PROJECT:
        for (uint32_t i = 0; i < plan->column_count; i++) {
            const PlanProjection *item = &plan->project.items[i];
            if (item->column.id == id)
                return gives_list(plan->project.input, item->expr, steps);
        }
        return false;
    default:
        return false;
    }
}

/* A column that may hold lists, what a function makes of one, or one of several expressions of
 * which some are such. */
static bool gives_list(const Plan *from, const Expr *expr, uint32_t *steps)
{
    if (*steps == 0 || !is_text(expr))
        return false;
    --*steps;
    switch (expr->kind) {
    case EXPR_COLUMN:
        return is_stored(from, expr->column, steps);
    case EXPR_CALL:
        return is_list_map(expr);
    case EXPR_CASE: /* condition, value, .., the value otherwise */
        for (uint32_t i = 1; i < expr->argument_count; i += 2)
            if (gives_list(from, expr->arguments[i], steps))
                return true;
        return gives_list(from, expr->arguments[expr->argument_count - 1], steps);
    case EXPR_COALESCE:
        for (uint32_t i = 0; i < expr->argument_count; i++)
            if (gives_list(from, expr->arguments[i], steps))
                return true;
        return false;
    default:
        return false;
    }
}

static bool may_hold_list(const Plan *from, const Expr *expr)
{
    uint32_t steps = MAX_STEPS;
    return from != NULL && gives_list(from, expr, &steps);
}

/* --- comparisons of the druid dialect: any value may fit --- */

static bool is_multi_value(const Expr *expr)
{
    return expr->type.oid == T_TEXT_ARRAY && expr->type.modifier == TYPE_MULTI_VALUE;
}

bool multi_value_is_compared(const Binder *binder, const Expr *left, const Expr *right)
{
    bool is_left = left != NULL && right != NULL && is_multi_value(left);
    bool is_right = left != NULL && right != NULL && is_multi_value(right);
    const Expr *other = is_left ? right : left;
    return binder->dialect == 1 && is_left != is_right &&
           (is_text(other) || (expr_is_unknown(other) && !expr_is_null(other)));
}

/* The sign as the right side sees it; NULL: it compares nothing. */
static const char *turned(const char *symbol)
{
    static const char *const pairs[][2] = {{"=", "="},  {"<>", "="}, {"<", ">"},
                                           {"<=", ">="}, {">", "<"}, {">=", "<="}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (strcmp(pairs[i][0], symbol) == 0)
            return pairs[i][1];
    }
    return NULL;
}

const Expr *multi_value_compare(Binder *binder, const char *symbol, const Expr *left,
                                const Expr *right, int32_t location)
{
    bool is_left = is_multi_value(left);
    const Expr *list = is_left ? left : right;
    const Expr *value = coerce_unknown_to_text(binder, is_left ? right : left);
    bool is_negated = strcmp(symbol, "<>") == 0;
    const char *sign = is_left ? turned(symbol) : is_negated ? "=" : symbol;
    if (value == NULL)
        return NULL;
    const Expr *any = bind_any_array(binder, sign, value, list, false, location);
    return any == NULL || !is_negated ? any : bind_not(binder, any);
}

static const Expr *begins_as_list(Binder *binder, const Expr *text, int32_t location)
{
    const Expr *pair[2] = {
        text, expr_text(binder->arena, SQL_TYPE(T_TEXT), TEXT_LITERAL("["), location)};
    return bind_call(binder, "starts_with", pair, 2, location);
}

/* A column that a list may lie in, and texts that are no column: what it is compared with. */
static bool may_hold_lists(const Binder *binder, const ExprContext *context, const Expr *column,
                           const Expr *const *items, uint32_t count)
{
    const Plan *from = context->scope == NULL ? NULL : context->scope->from.plan;
    bool is_column = column->kind == EXPR_COLUMN && is_text(column);
    if (binder->dialect != 1 || from == NULL || count == 0 ||
        !(is_list_map(column) || (is_column && may_hold_list(from, column))))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        bool is_value = items[i]->kind == EXPR_CONSTANT || items[i]->kind == EXPR_PARAMETER;
        if (!is_value || expr_is_null(items[i]) || !(is_text(items[i]) || expr_is_unknown(items[i])))
            return false;
    }
    return true;
}

bool multi_value_may_equal(Binder *binder, const ExprContext *context, const Expr *column,
                           const Expr *const *items, uint32_t count, const Expr **plain,
                           int32_t location)
{
    if (!may_hold_lists(binder, context, column, items, count))
        return true;
    const Expr **texts = ARENA_ARRAY(binder->arena, const Expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        texts[i] = coerce_to(binder, items[i], SQL_TYPE(T_TEXT), CAST_IMPLICIT, location);
        if (texts[i] == NULL)
            return false;
    }
    const Expr *list[2] = {
        bind_call(binder, "mv_to_array", &column, 1, location),
        bind_array_of(binder, texts, count, SQL_TYPE(T_TEXT), location)};
    if (list[0] == NULL || list[1] == NULL)
        return false;
    /* (equal OR may be a list) AND (equal OR the list has it): the first part is one that a scan
     * looks up in a dictionary */
    const Expr *tests[2] = {begins_as_list(binder, column, location),
                            bind_call(binder, "mv_overlap", list, 2, location)};
    const Expr *parts[2];
    for (uint32_t i = 0; i < 2; i++) {
        const Expr *either[2] = {*plain, tests[i]};
        if (tests[i] == NULL)
            return false;
        parts[i] = expr_nary(binder->arena, EXPR_OR, SQL_TYPE(T_BOOL), either, 2, location);
    }
    *plain = expr_nary(binder->arena, EXPR_AND, SQL_TYPE(T_BOOL), parts, 2, location);
    return true;
}

/* A function that nobody can name, of a text that may be a list. */
static const Expr *list_call(Binder *binder, uint32_t oid, SqlType type, const Expr *const *arguments,
                             uint32_t count)
{
    return expr_call(binder->arena, function_scalar_by_oid(oid), type, arguments, count, -1);
}

/* --- functions of texts in the druid dialect: of each value of a list --- */

/* By name or symbol; those whose result is a text give a list, tests hold for any value. */
static const char *const functions_of_values[] = {
    "upper", "lower", "initcap", "substring", "substr", "left", "right", "concat", "textcat",
    "replace", "btrim", "ltrim", "rtrim", "lpad", "rpad", "reverse", "repeat", "regexp_extract",
    "regexp_replace", "string_format", "decode_base64_utf8", "||", "regexp_like",
    "contains_string", "icontains_string", "starts_with", "~~", "~~*", "<", "<=", ">", ">=",
};

static bool is_name_of_values(const char *name)
{
    for (size_t i = 0; i < sizeof functions_of_values / sizeof *functions_of_values; i++) {
        if (strcmp(functions_of_values[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_of_values(const ScalarFunction *function)
{
    return is_name_of_values(function->name) ||
           (function->symbol != NULL && is_name_of_values(function->symbol));
}

/* A text that is read as another type of text stays the same column. */
static const Expr *without_casts(const Expr *expr)
{
    while (expr->kind == EXPR_CALL && expr->argument_count == 1 && is_text(expr) &&
           expr->call.function->kind == FUNCTION_CAST && is_text(expr->arguments[0]))
        expr = expr->arguments[0];
    return expr;
}

/* What list_text makes of an array. */
static bool is_list_text(const Expr *expr)
{
    const Expr *document = expr->kind == EXPR_CALL && expr->argument_count == 1 &&
                                   expr->call.function->kind == FUNCTION_CAST
                               ? expr->arguments[0]
                               : expr;
    return document->kind == EXPR_CALL && document->argument_count == 1 &&
           strcmp(document->call.function->name, "array_to_json") == 0 &&
           is_multi_value(document->arguments[0]);
}

static bool may_be_list(const ExprContext *context, const Expr *expr)
{
    const Plan *from = context->scope == NULL ? NULL : context->scope->from.plan;
    expr = without_casts(expr);
    if (!is_text(expr))
        return false;
    return is_list_map(expr) || is_list_text(expr) ||
           may_hold_list(from, expr);
}

/* A multi-value string that is an array, as a text that is a list. */
static const Expr *list_text(Binder *binder, const Expr *array)
{
    const Expr *document = bind_call(binder, "array_to_json", &array, 1, array->location);
    return document == NULL
               ? NULL
               : coerce_to(binder, document, SQL_TYPE(T_TEXT), CAST_EXPLICIT, array->location);
}

bool multi_value_as_texts(Binder *binder, const char *name, const Expr **arguments, uint32_t count)
{
    if (binder->dialect != 1 || !is_name_of_values(name))
        return true;
    for (uint32_t i = 0; i < count; i++) {
        if (arguments[i] == NULL || !is_multi_value(arguments[i]))
            continue;
        arguments[i] = list_text(binder, arguments[i]);
        if (arguments[i] == NULL)
            return false;
    }
    return true;
}

/* Of arrays the list is an array again. */
static const Expr *as_given(Binder *binder, const Expr *map, const Expr *list)
{
    if (!is_list_text(without_casts(list)))
        return map;
    const Expr *array = bind_call(binder, "mv_to_array", &map, 1, map->location);
    Expr *typed = ARENA_NEW(binder->arena, Expr);
    if (array == NULL)
        return NULL;
    *typed = *array;
    typed->type = (SqlType){T_TEXT_ARRAY, TYPE_MULTI_VALUE};
    return typed;
}

/* The arguments that may be lists: all of them one and the same, else 0. */
static uint32_t lists_among(const ExprContext *context, const Expr *call)
{
    enum { MOST_ARGUMENTS = 16 };
    const Expr *list = NULL;
    uint32_t lists = 0;
    for (uint32_t i = 0; i < call->argument_count; i++) {
        const Expr *argument = call->arguments[i];
        if (call->argument_count > MOST_ARGUMENTS || !may_be_list(context, argument))
            continue;
        if (list != NULL && !expr_equal(without_casts(list), without_casts(argument)))
            return 0;
        list = argument;
        lists |= UINT32_C(1) << i;
    }
    return lists;
}

static const Expr *around_call(Binder *binder, uint32_t oid, const Expr *call, uint32_t lists)
{
    uint32_t count = call->argument_count + 2;
    const Expr **arguments = ARENA_ARRAY(binder->arena, const Expr *, count);
    arguments[0] = expr_int64(binder->arena, SQL_TYPE(T_INT8), call->call.function->oid, -1);
    arguments[1] = expr_int64(binder->arena, SQL_TYPE(T_INT8), lists, -1);
    memcpy(arguments + 2, call->arguments, call->argument_count * sizeof *arguments);
    return list_call(binder, oid, call->type, arguments, count);
}

/* (no list AND the test) OR (a list AND the test of any value): the first is one that a scan
 * looks up in a dictionary. */
static const Expr *test_any(Binder *binder, const Expr *test, uint32_t lists)
{
    const Expr *text = without_casts(test->arguments[__builtin_ctz(lists)]);
    const Expr *begins = begins_as_list(binder, text, test->location);
    const Expr *any = around_call(binder, FUNCTION_LIST_ANY, test, lists);
    if (begins == NULL)
        return NULL;
    SqlType type = SQL_TYPE(T_BOOL);
    const Expr *no_list[2] = {bind_not(binder, begins), test}, *list[2] = {begins, any};
    const Expr *either[2] = {
        expr_nary(binder->arena, EXPR_AND, type, no_list, 2, test->location),
        expr_nary(binder->arena, EXPR_AND, type, list, 2, test->location)};
    return expr_nary(binder->arena, EXPR_OR, type, either, 2, test->location);
}

const Expr *multi_value_of_each(Binder *binder, const ExprContext *context, const Expr *call)
{
    if (binder->dialect != 1 || call == NULL || call->kind != EXPR_CALL ||
        !is_of_values(call->call.function))
        return call;
    uint32_t lists = lists_among(context, call);
    if (lists == 0)
        return call;
    if (call->type.oid == T_BOOL)
        return test_any(binder, call, lists);
    if (!is_text(call))
        return call;
    return as_given(binder, around_call(binder, FUNCTION_LIST_MAP, call, lists),
                    call->arguments[__builtin_ctz(lists)]);
}

bool multi_value_can_compare(const char *symbol)
{
    return turned(symbol) != NULL;
}

/* --- GROUP BY and DISTINCT of the druid dialect --- */

bool multi_value_is_key(const Binder *binder, const Plan *from, const Expr *key)
{
    if (binder->dialect != 1 || !binder->context->types->settings->group_by_multi_values)
        return false;
    if (key->type.oid == T_TEXT_ARRAY)
        return key->type.modifier == TYPE_MULTI_VALUE;
    return is_text(key) && may_hold_list(from, key);
}

bool multi_value_check_key(Binder *binder, const Expr *key)
{
    bool is_refused = binder->dialect == 1 && key->type.oid == T_TEXT_ARRAY &&
                      key->type.modifier == TYPE_MULTI_VALUE &&
                      !binder->context->types->settings->group_by_multi_values;
    if (!is_refused)
        return true;
    bind_fault(binder, key->location, FAULT_DATATYPE_MISMATCH,
               "multi-value strings cannot be grouped by while groupByEnableMultiValueUnnesting is "
               "false");
    return fault_hint(binder->fault, "Wrap the expression in MV_TO_ARRAY.");
}

/*
 *   Expand by the number of rows that the text stands for: n
 *
 * with the text's n-th value instead of the key.
 */
static const Plan *take_text_apart(Binder *binder, const Plan *plan, PlanProjection *key)
{
    PlanColumn number = bind_new_column(binder, SQL_TYPE(T_INT8), "n");
    const Expr *count = list_call(binder, FUNCTION_LIST_ROWS, number.type, &key->expr, 1);
    const Expr *pair[2] = {key->expr, expr_column(binder->arena, number.type, number.id, -1)};
    key->expr = list_call(binder, FUNCTION_LIST_ROW, key->column.type, pair, 2);
    return plan_expand(binder->arena, plan, count, number, false);
}

/*
 *   Expand by the number of values, at least 1: n
 *     Project [..., list]
 *
 * with the list's n-th value instead of the key.
 */
static const Plan *take_array_apart(Binder *binder, const Plan *plan, PlanProjection *key)
{
    Arena *arena = binder->arena;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, plan->column_count + 1);
    for (uint32_t i = 0; i < plan->column_count; i++)
        items[i] = (PlanProjection){
            plan->columns[i],
            expr_column(arena, plan->columns[i].type, plan->columns[i].id, -1)};
    PlanColumn column = bind_new_column(binder, SQL_TYPE(T_TEXT_ARRAY), "values");
    items[plan->column_count] = (PlanProjection){column, key->expr};
    plan = plan_project(arena, plan, items, plan->column_count + 1);
    const Expr *list = expr_column(arena, column.type, column.id, -1);
    const Expr *counts[2] = {bind_call(binder, "cardinality", &list, 1, -1),
                             expr_int64(arena, SQL_TYPE(T_INT4), 1, -1)};
    const Expr *count = counts[0] == NULL ? NULL : bind_call(binder, "greatest", counts, 2, -1);
    count = count == NULL ? NULL
                          : coerce_to(binder, count, SQL_TYPE(T_INT8), CAST_IMPLICIT, -1);
    if (count == NULL)
        return NULL;
    PlanColumn number = bind_new_column(binder, SQL_TYPE(T_INT8), "n");
    plan = plan_expand(arena, plan, count, number, false);
    const Expr *pair[2] = {list, expr_column(arena, number.type, number.id, -1)};
    key->expr = bind_call(binder, "array_ordinal", pair, 2, -1);
    return key->expr == NULL ? NULL : plan;
}

static const Plan *take_apart(Binder *binder, const Plan *plan, PlanProjection *key)
{
    return is_text(key->expr) ? take_text_apart(binder, plan, key)
                              : take_array_apart(binder, plan, key);
}

const Plan *multi_value_take_apart(Binder *binder, const Plan *plan, PlanProjection *keys,
                                   const bool *is_multi_value, uint32_t count)
{
    for (uint32_t i = 0; i < count && plan != NULL; i++) {
        if (is_multi_value[i])
            plan = take_apart(binder, plan, &keys[i]);
    }
    return plan;
}

/*
 * SQL/JSON paths on jsonb: jsonb_path_query and its kin, @? and @@. The semantics, and what is an
 * error in strict mode and nothing in lax mode, are PostgreSQL's (src/backend/utils/adt/
 * jsonpath_exec.c).
 *
 * A path runs over a tree: each node gives the items it finds to the node behind it; items of the
 * last one are appended to a list. An error is a fault, unless the caller wants silence; within
 * a predicate it makes the predicate unknown.
 */
#include "engine/function/json_internal.h"
#include "engine/function/jsonpath_internal.h"
#include "engine/function/regexp_internal.h"
#include "engine/function/time_internal.h"
#include "engine/type/decimal.h"
#include "engine/type/json_path.h"

#include <math.h>

typedef struct Items {
    uint32_t count, capacity;
    const JsonTree **list;
    bool is_one_enough; /* only whether there is one is asked: what comes behind it may be wrong */
} Items;

enum { MOST_STEPS = 2000000 };
#define BASE_STEP INT64_C(10000000000) /* between the numbers that keyvalue() gives by base */

typedef struct PathRun {
    Arena *arena;
    const JsonTree *root, *variables;
    const JsonTree *last; /* the array whose subscripts are being computed */
    bool is_lax, is_strict_structure; /* .** passes over what does not fit */
    uint32_t steps;
    const TimeZone *zone; /* of the session, for the functions that end in _tz; else NULL */
    int64_t now;
    /* What keyvalue() counts the places of objects in: the document, a variable (-1), or an object
     * that keyvalue() made (1 ..). */
    const JsonTree *base;
    int64_t base_number, bases_made;
    Fault *fault;
    Fault hard; /* what neither silence nor a predicate hides */
} PathRun;

typedef enum Truth { IS_FALSE, IS_TRUE, IS_UNKNOWN } Truth;

static bool run_node(PathRun *run, const PathNode *node, const JsonTree *item, bool unwrap,
                     Items *out);
static bool count_step(PathRun *run);
static bool run_next(PathRun *run, const PathNode *node, const JsonTree *item, Items *out);
static Truth test(PathRun *run, const PathNode *node, const JsonTree *item);

static void add_item(PathRun *run, Items *items, const JsonTree *item)
{
    if (items->count == items->capacity) {
        uint32_t capacity = items->capacity == 0 ? 4 : items->capacity * 2;
        const JsonTree **list = ARENA_ARRAY(run->arena, const JsonTree *, capacity);
        if (items->count > 0)
            memcpy(list, items->list, items->count * sizeof *list);
        items->list = list;
        items->capacity = capacity;
    }
    items->list[items->count++] = item;
}

static JsonTree *truth_item(PathRun *run, Truth truth)
{
    JsonTree *tree =
        json_tree_make(run->arena, truth == IS_UNKNOWN ? JSON_TREE_NULL : JSON_TREE_BOOL);
    tree->is_true = truth == IS_TRUE;
    return tree;
}

/* --- structure: keys, elements, subscripts --- */

static bool unwrap_array(PathRun *run, const PathNode *node, const JsonTree *array, Items *out)
{
    for (uint32_t i = 0; i < array->count; i++)
        if (!run_node(run, node, array->items[i], false, out))
            return false;
    return true;
}

static bool run_key(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    if (item->kind == JSON_TREE_OBJECT) {
        const JsonTree *member = json_tree_member(item, node->text);
        if (member != NULL)
            return run_next(run, node, member, out);
        return !run->is_strict_structure ||
               fault_set(run->fault, FAULT_SQL_JSON_MEMBER_NOT_FOUND,
                         "JSON object does not contain key \"%.*s\"", TEXT_ARGS(node->text));
    }
    return !run->is_strict_structure ||
           fault_set(run->fault, FAULT_SQL_JSON_MEMBER_NOT_FOUND,
                     "jsonpath member accessor can only be applied to an object");
}

static bool run_any_key(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    if (item->kind != JSON_TREE_OBJECT)
        return !run->is_strict_structure ||
               fault_set(run->fault, FAULT_SQL_JSON_OBJECT_NOT_FOUND,
                         "jsonpath wildcard member accessor can only be applied to an object");
    for (uint32_t i = 0; i < item->count; i++)
        if (!run_next(run, node, item->items[i], out))
            return false;
    return true;
}

static bool run_elements(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    if (item->kind != JSON_TREE_ARRAY) {
        if (run->is_lax)
            return run_next(run, node, item, out);
        return !run->is_strict_structure ||
               fault_set(run->fault, FAULT_SQL_JSON_ARRAY_NOT_FOUND,
                         "jsonpath wildcard array accessor can only be applied to an array");
    }
    for (uint32_t i = 0; i < item->count; i++)
        if (!run_next(run, node, item->items[i], out))
            return false;
    return true;
}

static bool descend(PathRun *run, const PathNode *node, const JsonTree *item, uint32_t level,
                    Items *out)
{
    bool is_leaf = item->kind != JSON_TREE_OBJECT && item->kind != JSON_TREE_ARRAY;
    if (!count_step(run))
        return false;
    bool is_wanted = node->first == UINT32_MAX ? is_leaf
                                               : level >= node->first && level <= node->last;
    if (node->last == UINT32_MAX && node->first != UINT32_MAX)
        is_wanted = level >= node->first;
    if (is_wanted) {
        bool was_strict = run->is_strict_structure;
        run->is_strict_structure = false;
        bool is_good = run_next(run, node, item, out);
        run->is_strict_structure = was_strict;
        if (!is_good)
            return false;
    }
    if (is_leaf || (node->last != UINT32_MAX && level >= node->last))
        return true;
    for (uint32_t i = 0; i < item->count; i++)
        if (!descend(run, node, item->items[i], level + 1, out))
            return false;
    return true;
}

static bool number_value(const JsonTree *item, double *value)
{
    char digits[512];
    if (item->kind != JSON_TREE_NUMBER || item->text.length >= sizeof digits)
        return false;
    memcpy(digits, item->text.data, item->text.length);
    digits[item->text.length] = '\0';
    *value = strtod(digits, NULL);
    return isfinite(*value);
}

static bool subscript_place(PathRun *run, const PathNode *node, const JsonTree *item,
                            int64_t *place)
{
    Items found = {0};
    double value;
    if (!run_node(run, node, item, run->is_lax, &found))
        return false;
    if (found.count != 1 || !number_value(found.list[0], &value))
        return fault_set(run->fault, FAULT_INVALID_SQL_JSON_SUBSCRIPT,
                         "jsonpath array subscript is not a single numeric value");
    if (fabs(value) > INT32_MAX)
        return fault_set(run->fault, FAULT_INVALID_SQL_JSON_SUBSCRIPT,
                         "jsonpath array subscript is out of integer range");
    *place = (int64_t)value;
    return true;
}

static bool run_range(PathRun *run, const PathNode *node, const PathRange *range,
                      const JsonTree *item, const JsonTree *array, Items *out)
{
    int64_t from, until;
    if (!subscript_place(run, range->from, item, &from))
        return false;
    until = from;
    if (range->until != NULL && !subscript_place(run, range->until, item, &until))
        return false;
    if (run->is_strict_structure && (from < 0 || from > until || until >= (int64_t)array->count))
        return fault_set(run->fault, FAULT_INVALID_SQL_JSON_SUBSCRIPT,
                         "jsonpath array subscript is out of bounds");
    from = from < 0 ? 0 : from;
    for (int64_t i = from; i <= until && i < (int64_t)array->count; i++)
        if (!run_next(run, node, array->items[i], out))
            return false;
    return true;
}

static bool run_subscripts(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    const JsonTree *array = item;
    if (item->kind != JSON_TREE_ARRAY && !run->is_lax)
        return !run->is_strict_structure ||
               fault_set(run->fault, FAULT_SQL_JSON_ARRAY_NOT_FOUND,
                         "jsonpath array accessor can only be applied to an array");
    if (item->kind != JSON_TREE_ARRAY) {
        JsonTree *wrapped = json_tree_make(run->arena, JSON_TREE_ARRAY);
        json_tree_append(run->arena, wrapped, (Text){0}, (JsonTree *)(uintptr_t)item);
        array = wrapped;
    }
    const JsonTree *before = run->last;
    for (uint32_t i = 0; i < node->count; i++) {
        run->last = array;
        bool is_good = run_range(run, node, &node->ranges[i], item, array, out);
        run->last = before;
        if (!is_good)
            return false;
    }
    return true;
}

/* --- numbers --- */

static JsonTree *number_item(PathRun *run, Text digits)
{
    JsonTree *tree = json_tree_read(run->arena, digits, run->fault);
    return tree;
}

static JsonTree *decimal_item(PathRun *run, Int128 value, int scale)
{
    char text[DECIMAL_TEXT_SIZE];
    uint32_t length = decimal_format(value, scale, false, text);
    return number_item(run, (Text){arena_strndup(run->arena, text, length), length});
}

static bool take_decimal(PathRun *run, const JsonTree *item, Int128 *value, int *scale)
{
    *scale = -1;
    return decimal_parse(item->text, scale, value, run->fault);
}

static bool too_large(PathRun *run)
{
    return fault_set(run->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                     "value overflows numeric format");
}

static bool divide(PathRun *run, Int128 a, int scale_a, Int128 b, int scale_b, JsonTree **result)
{
    Int128 quotient;
    if (b == 0)
        return fault_set(run->fault, FAULT_DIVISION_BY_ZERO, "division by zero");
    int scale = decimal_quotient_scale(a, scale_a, b, scale_b);
    scale = scale < scale_a ? scale_a : scale;
    scale = scale < scale_b ? scale_b : scale;
    int shift = scale + scale_b - scale_a;
    if (scale > NUMERIC_MAX_DIGITS || shift > NUMERIC_MAX_DIGITS ||
        !decimal_divide(a, b, shift, &quotient))
        return too_large(run);
    *result = decimal_item(run, quotient, scale);
    return *result != NULL;
}

static bool compute(PathRun *run, PathKind kind, const JsonTree *left, const JsonTree *right,
                    JsonTree **result)
{
    Int128 a, b, wide_a, wide_b, value = 0;
    int scale_a, scale_b;
    if (!take_decimal(run, left, &a, &scale_a) || !take_decimal(run, right, &b, &scale_b))
        return false;
    if (kind == PATH_DIVIDE)
        return divide(run, a, scale_a, b, scale_b, result);
    int scale = kind == PATH_MULTIPLY ? scale_a + scale_b : scale_a > scale_b ? scale_a : scale_b;
    bool fits = scale <= NUMERIC_MAX_DIGITS;
    if (fits && kind == PATH_MULTIPLY) {
        fits = decimal_multiply(a, b, 0, &value);
    } else if (fits) {
        fits = decimal_rescale(a, scale_a, scale, &wide_a) &&
               decimal_rescale(b, scale_b, scale, &wide_b);
        if (fits && kind == PATH_MODULO && wide_b == 0)
            return fault_set(run->fault, FAULT_DIVISION_BY_ZERO, "division by zero");
        if (fits)
            fits = kind == PATH_ADD        ? !__builtin_add_overflow(wide_a, wide_b, &value)
                   : kind == PATH_SUBTRACT ? !__builtin_sub_overflow(wide_a, wide_b, &value)
                                           : (value = wide_b == -1 ? 0 : wide_a % wide_b, true);
    }
    if (!fits || !decimal_fits(value))
        return too_large(run);
    *result = decimal_item(run, value, scale);
    return *result != NULL;
}

static const char *operator_name(PathKind kind)
{
    switch (kind) {
    case PATH_ADD: case PATH_PLUS: return "+";
    case PATH_SUBTRACT: case PATH_MINUS: return "-";
    case PATH_MULTIPLY: return "*";
    case PATH_DIVIDE: return "/";
    default: return "%";
    }
}

/* Operands are unwrapped in lax mode. */
static bool operand_items(PathRun *run, const PathNode *node, const JsonTree *item, Items *items)
{
    Items found = {0};
    if (!run_node(run, node, item, run->is_lax, &found))
        return false;
    for (uint32_t i = 0; i < found.count; i++) {
        const JsonTree *one = found.list[i];
        bool is_array = run->is_lax && one->kind == JSON_TREE_ARRAY;
        for (uint32_t k = 0; is_array && k < one->count; k++)
            add_item(run, items, one->items[k]);
        if (!is_array)
            add_item(run, items, one);
    }
    return true;
}

static bool run_arithmetic(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    Items left = {0}, right = {0};
    if (!operand_items(run, node->left, item, &left) ||
        !operand_items(run, node->right, item, &right))
        return false;
    for (int side = 0; side < 2; side++) {
        const Items *items = side == 0 ? &left : &right;
        if (items->count != 1 || items->list[0]->kind != JSON_TREE_NUMBER)
            return fault_set(run->fault, FAULT_SINGLETON_SQL_JSON_ITEM_REQUIRED,
                             "%s operand of jsonpath operator %s is not a single numeric value",
                             side == 0 ? "left" : "right", operator_name(node->kind));
    }
    JsonTree *result = NULL;
    return compute(run, node->kind, left.list[0], right.list[0], &result) &&
           run_next(run, node, result, out);
}

static bool run_sign(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    Items found = {0};
    if (!operand_items(run, node->left, item, &found))
        return false;
    for (uint32_t i = 0; i < found.count; i++) {
        Int128 value;
        int scale;
        if (found.list[i]->kind != JSON_TREE_NUMBER && out->is_one_enough && node->next == NULL)
            continue;
        if (found.list[i]->kind != JSON_TREE_NUMBER)
            return fault_set(run->fault, FAULT_SQL_JSON_NUMBER_NOT_FOUND,
                             "operand of unary jsonpath operator %s is not a numeric value",
                             operator_name(node->kind));
        if (!take_decimal(run, found.list[i], &value, &scale))
            return false;
        const JsonTree *result =
            node->kind == PATH_MINUS ? decimal_item(run, -value, scale) : found.list[i];
        if (result == NULL || !run_next(run, node, result, out))
            return false;
    }
    return true;
}

/* --- methods --- */

static JsonTree *text_item(PathRun *run, const char *text)
{
    JsonTree *tree = json_tree_make(run->arena, JSON_TREE_STRING);
    tree->text = text_of(text);
    return tree;
}

static bool run_size(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    if (item->kind != JSON_TREE_ARRAY && !run->is_lax)
        return !run->is_strict_structure ||
               fault_set(run->fault, FAULT_SQL_JSON_ARRAY_NOT_FOUND,
                         "jsonpath item method .size() can only be applied to an array");
    JsonTree *size = decimal_item(run, item->kind == JSON_TREE_ARRAY ? item->count : 1, 0);
    return size != NULL && run_next(run, node, size, out);
}

static bool run_double(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    JsonTree number = *item;
    double value;
    bool is_text = item->kind == JSON_TREE_STRING && item->time == NULL;
    if (!is_text && item->kind != JSON_TREE_NUMBER)
        return fault_set(run->fault, FAULT_NON_NUMERIC_SQL_JSON_ITEM,
                         "jsonpath item method .double() can only be applied to a string or "
                         "numeric value");
    number.kind = JSON_TREE_NUMBER;
    bool is_number = is_text ? json_is_valid(item->text) && json_kind(item->text) == JSON_NUMBER
                             : true;
    if (!is_number || !number_value(&number, &value))
        return fault_set(run->fault, FAULT_NON_NUMERIC_SQL_JSON_ITEM,
                         is_text ? "string argument of jsonpath item method .double() is not a "
                                   "valid representation of a double precision number"
                                 : "numeric argument of jsonpath item method .double() is out of "
                                   "range for type double precision");
    JsonTree *result = number_item(run, number.text);
    return result != NULL && run_next(run, node, result, out);
}

static bool run_datetime(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    if (item->kind != JSON_TREE_STRING || item->time != NULL)
        return fault_set(run->fault, FAULT_INVALID_SQL_JSON_DATETIME,
                         "jsonpath item method .datetime() can only be applied to a string");
    const JsonTree *time = json_time_read(run->arena, item->text,
                                          node->has_text ? &node->text : NULL, run->fault);
    return time != NULL && run_next(run, node, time, out);
}

/* Each member as {"key", "value", "id"}; the id tells objects apart. */
static bool run_keyvalue(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    if (item->kind != JSON_TREE_OBJECT)
        return fault_set(run->fault, FAULT_SQL_JSON_OBJECT_NOT_FOUND,
                         "jsonpath item method .keyvalue() can only be applied to an object");
    int64_t place = json_binary_offset(run->base, item);
    int64_t id = (place < 0 ? 0 : place) + run->base_number * BASE_STEP;
    JsonTree *number = decimal_item(run, id, 0);
    const JsonTree *base = run->base;
    int64_t base_number = run->base_number;
    for (uint32_t i = 0; i < item->count && number != NULL; i++) {
        JsonTree *pair = json_tree_make(run->arena, JSON_TREE_OBJECT);
        JsonTree *key = json_tree_make(run->arena, JSON_TREE_STRING);
        key->text = item->keys[i];
        json_tree_append(run->arena, pair, TEXT_LITERAL("id"), number);
        json_tree_append(run->arena, pair, TEXT_LITERAL("key"), key);
        json_tree_append(run->arena, pair, TEXT_LITERAL("value"), item->items[i]);
        run->base = pair;
        run->base_number = ++run->bases_made;
        bool is_good = run_next(run, node, pair, out);
        run->base = base;
        run->base_number = base_number;
        if (!is_good)
            return false;
    }
    return number != NULL;
}

static bool run_rounding(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    static const char *const names[] = {[METHOD_CEILING] = "ceiling", [METHOD_FLOOR] = "floor",
                                        [METHOD_ABS] = "abs"};
    Int128 value;
    int scale;
    if (item->kind != JSON_TREE_NUMBER)
        return fault_set(run->fault, FAULT_NON_NUMERIC_SQL_JSON_ITEM,
                         "jsonpath item method .%s() can only be applied to a numeric value",
                         names[node->method]);
    if (!take_decimal(run, item, &value, &scale))
        return false;
    if (node->method == METHOD_ABS) {
        value = value < 0 ? -value : value;
    } else {
        Int128 unit = decimal_power10(scale), rest = value % unit;
        value = value / unit;
        value += node->method == METHOD_CEILING ? rest > 0 : -(Int128)(rest < 0);
        scale = 0;
    }
    JsonTree *result = decimal_item(run, value, scale);
    return result != NULL && run_next(run, node, result, out);
}

static bool run_method(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    static const char *const kinds[] = {"null", "string", "number", "boolean", "array", "object"};
    switch (node->method) {
    case METHOD_TYPE:
        return run_next(run, node,
                        text_item(run, item->time != NULL ? json_time_type(item->time)
                                                          : kinds[item->kind]),
                        out);
    case METHOD_DATETIME: return run_datetime(run, node, item, out);
    case METHOD_KEYVALUE: return run_keyvalue(run, node, item, out);
    case METHOD_SIZE: return run_size(run, node, item, out);
    case METHOD_DOUBLE: return run_double(run, node, item, out);
    case METHOD_CEILING: case METHOD_FLOOR: case METHOD_ABS:
        return run_rounding(run, node, item, out);
    }
    return true;
}

/* --- predicates --- */

static Truth truth_of_order(PathKind kind, int order)
{
    switch (kind) {
    case PATH_EQUAL: return order == 0 ? IS_TRUE : IS_FALSE;
    case PATH_NOT_EQUAL: return order != 0 ? IS_TRUE : IS_FALSE;
    case PATH_LESS: return order < 0 ? IS_TRUE : IS_FALSE;
    case PATH_LESS_EQUAL: return order <= 0 ? IS_TRUE : IS_FALSE;
    case PATH_GREATER: return order > 0 ? IS_TRUE : IS_FALSE;
    default: return order >= 0 ? IS_TRUE : IS_FALSE;
    }
}

static Truth compare_times(PathRun *run, PathKind kind, const JsonTree *a, const JsonTree *b)
{
    int order;
    if (a->time == NULL || b->time == NULL)
        return IS_UNKNOWN;
    Fault *fault = run->hard.code == FAULT_NONE ? &run->hard : run->fault;
    TimeOrder found = json_time_compare(a->time, b->time, run->zone, run->now, &order, fault);
    return found == TIMES_COMPARE ? truth_of_order(kind, order) : IS_UNKNOWN;
}

static Truth compare_pair(PathRun *run, PathKind kind, const JsonTree *a, const JsonTree *b)
{
    bool is_container = a->kind == JSON_TREE_ARRAY || a->kind == JSON_TREE_OBJECT;
    if (a->kind != b->kind) {
        bool has_null = a->kind == JSON_TREE_NULL || b->kind == JSON_TREE_NULL;
        return !has_null ? IS_UNKNOWN : kind == PATH_NOT_EQUAL ? IS_TRUE : IS_FALSE;
    }
    if (is_container)
        return IS_UNKNOWN;
    if (a->time != NULL || b->time != NULL)
        return compare_times(run, kind, a, b);
    return truth_of_order(kind, json_tree_compare(a, b));
}

/* XQuery's flags in PCRE2's terms. */
static uint32_t pattern_options(const PathNode *node)
{
    uint32_t options = json_path_has_flag(node, 'i') ? PCRE2_CASELESS : 0;
    if (json_path_has_flag(node, 'q'))
        return options | PCRE2_LITERAL;
    options |= PCRE2_DOLLAR_ENDONLY;
    options |= json_path_has_flag(node, 's') ? PCRE2_DOTALL : 0;
    return options | (json_path_has_flag(node, 'm') ? PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX : 0);
}

static Truth like_pattern(PathRun *run, const PathNode *node, const JsonTree *item)
{
    if (item->kind != JSON_TREE_STRING || item->time != NULL)
        return IS_UNKNOWN;
    int found = regexp_matches_pattern(node->text, item->text, pattern_options(node), run->fault);
    return found > 0 ? IS_TRUE : found == 0 ? IS_FALSE : IS_UNKNOWN;
}

static Truth test_pair(PathRun *run, const PathNode *node, const JsonTree *a, const JsonTree *b)
{
    if (node->kind == PATH_LIKE_REGEX)
        return like_pattern(run, node, a);
    if (node->kind != PATH_STARTS_WITH)
        return compare_pair(run, node->kind, a, b);
    if (a->kind != JSON_TREE_STRING || b->kind != JSON_TREE_STRING || a->time != NULL ||
        b->time != NULL)
        return IS_UNKNOWN;
    bool is_prefix = a->text.length >= b->text.length &&
                     (b->text.length == 0 ||
                      memcmp(a->text.data, b->text.data, b->text.length) == 0);
    return is_prefix ? IS_TRUE : IS_FALSE;
}

/* Whether it holds for some pair: in lax mode the first that does is enough. */
static Truth test_pairs(PathRun *run, const PathNode *node, const JsonTree *item)
{
    Items left = {0}, right = {0};
    if (!operand_items(run, node->left, item, &left))
        return IS_UNKNOWN;
    if (node->right == NULL)
        add_item(run, &right, item);
    else if (!operand_items(run, node->right, item, &right))
        return IS_UNKNOWN;
    bool has_unknown = false, has_true = false;
    for (uint32_t i = 0; i < left.count; i++)
        for (uint32_t k = 0; k < right.count; k++) {
            Truth truth = test_pair(run, node, left.list[i], right.list[k]);
            if (truth == IS_UNKNOWN && !run->is_lax)
                return IS_UNKNOWN;
            if (truth == IS_TRUE && run->is_lax)
                return IS_TRUE;
            has_unknown = has_unknown || truth == IS_UNKNOWN;
            has_true = has_true || truth == IS_TRUE;
        }
    return has_true ? IS_TRUE : has_unknown ? IS_UNKNOWN : IS_FALSE;
}

static Truth test_exists(PathRun *run, const PathNode *node, const JsonTree *item)
{
    Items found = {.is_one_enough = run->is_lax};
    bool is_good = run_node(run, node->left, item, run->is_lax, &found);
    if (!is_good && !(found.is_one_enough && found.count > 0))
        return IS_UNKNOWN;
    return found.count > 0 ? IS_TRUE : IS_FALSE;
}

static bool is_predicate(PathKind kind)
{
    return kind >= PATH_OR && kind <= PATH_IS_UNKNOWN;
}

/* An expression that is no predicate holds for nothing. */
static Truth test_inner(PathRun *run, const PathNode *node, const JsonTree *item)
{
    Truth left, right;
    switch (node->kind) {
    case PATH_AND:
        left = test(run, node->left, item);
        right = left == IS_FALSE ? IS_FALSE : test(run, node->right, item);
        return left == IS_FALSE || right == IS_FALSE ? IS_FALSE
               : left == IS_TRUE && right == IS_TRUE ? IS_TRUE
                                                     : IS_UNKNOWN;
    case PATH_OR:
        left = test(run, node->left, item);
        right = left == IS_TRUE ? IS_TRUE : test(run, node->right, item);
        return left == IS_TRUE || right == IS_TRUE       ? IS_TRUE
               : left == IS_FALSE && right == IS_FALSE ? IS_FALSE
                                                       : IS_UNKNOWN;
    case PATH_NOT:
        left = test(run, node->left, item);
        return left == IS_UNKNOWN ? IS_UNKNOWN : left == IS_TRUE ? IS_FALSE : IS_TRUE;
    case PATH_IS_UNKNOWN:
        return test(run, node->left, item) == IS_UNKNOWN ? IS_TRUE : IS_FALSE;
    case PATH_EXISTS:
        return test_exists(run, node, item);
    default:
        return is_predicate(node->kind) ? test_pairs(run, node, item) : IS_UNKNOWN;
    }
}

/* Errors within a predicate make it unknown. */
static Truth test(PathRun *run, const PathNode *node, const JsonTree *item)
{
    Fault ignored = {0}, *outer = run->fault;
    bool was_strict = run->is_strict_structure;
    run->fault = &ignored;
    run->is_strict_structure = !run->is_lax;
    Truth truth = test_inner(run, node, item);
    run->fault = outer;
    run->is_strict_structure = was_strict;
    return truth;
}

static bool run_filter(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    return test(run, node->left, item) != IS_TRUE || run_next(run, node, item, out);
}

/* --- one node --- */

static bool run_variable(PathRun *run, const PathNode *node, Items *out)
{
    const JsonTree *value =
        run->variables == NULL ? NULL : json_tree_member(run->variables, node->text);
    if (value == NULL) {
        fault_set(&run->hard, FAULT_UNDEFINED_OBJECT,
                  "could not find jsonpath variable \"%.*s\"", TEXT_ARGS(node->text));
        *run->fault = run->hard;
        return false;
    }
    const JsonTree *base = run->base;
    int64_t base_number = run->base_number;
    run->base = run->variables;
    run->base_number = 1;
    bool is_good = run_next(run, node, value, out);
    run->base = base;
    run->base_number = base_number;
    return is_good;
}

static bool unwraps(const PathNode *node)
{
    return node->kind == PATH_KEY || node->kind == PATH_ANY_KEY || node->kind == PATH_FILTER ||
           (node->kind == PATH_METHOD && node->method != METHOD_TYPE &&
            node->method != METHOD_SIZE);
}

static bool count_step(PathRun *run)
{
    return ++run->steps <= MOST_STEPS ||
           fault_set(run->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                     "a jsonpath takes more than %d steps", MOST_STEPS);
}

static bool run_node(PathRun *run, const PathNode *node, const JsonTree *item, bool unwrap,
                     Items *out)
{
    JsonTree *last = NULL;
    if (!count_step(run))
        return false;
    if (unwrap && run->is_lax && item->kind == JSON_TREE_ARRAY && unwraps(node))
        return unwrap_array(run, node, item, out);
    switch (node->kind) {
    case PATH_ROOT: return run_next(run, node, run->root, out);
    case PATH_CURRENT: return run_next(run, node, item, out);
    case PATH_VARIABLE: return run_variable(run, node, out);
    case PATH_LAST:
        last = decimal_item(run, run->last == NULL ? 0 : (Int128)run->last->count - 1, 0);
        return last != NULL && run_next(run, node, last, out);
    case PATH_LITERAL: return run_next(run, node, node->literal, out);
    case PATH_KEY: return run_key(run, node, item, out);
    case PATH_ANY_KEY: return run_any_key(run, node, item, out);
    case PATH_ANY_DEPTH: return descend(run, node, item, 0, out);
    case PATH_ELEMENTS: return run_elements(run, node, item, out);
    case PATH_SUBSCRIPT: return run_subscripts(run, node, item, out);
    case PATH_FILTER: return run_filter(run, node, item, out);
    case PATH_METHOD: return run_method(run, node, item, out);
    case PATH_ADD: case PATH_SUBTRACT: case PATH_MULTIPLY: case PATH_DIVIDE: case PATH_MODULO:
        return run_arithmetic(run, node, item, out);
    case PATH_PLUS: case PATH_MINUS: return run_sign(run, node, item, out);
    case PATH_OR: case PATH_AND: case PATH_NOT: case PATH_EQUAL: case PATH_NOT_EQUAL:
    case PATH_LESS: case PATH_LESS_EQUAL: case PATH_GREATER: case PATH_GREATER_EQUAL:
    case PATH_STARTS_WITH: case PATH_LIKE_REGEX: case PATH_EXISTS: case PATH_IS_UNKNOWN:
        return run_next(run, node, truth_item(run, test(run, node, item)), out);
    }
    return true;
}

static bool run_next(PathRun *run, const PathNode *node, const JsonTree *item, Items *out)
{
    if (node->next != NULL)
        return run_node(run, node->next, item, true, out);
    add_item(run, out, item);
    return true;
}

/* --- rows: (document, path [, variables [, silent]]) --- */

static bool is_silent(const RowRun *row_run, uint32_t row)
{
    bool is_operator = row_run->call->function->symbol != NULL;
    return is_operator || (row_run->call->argument_count == 4 && row_bool(row_run, 3, row));
}

/* jsonb_path_query_tz and its kin may use the session's zone. */
static bool is_zoned(const ScalarCall *call)
{
    const char *name = call->function->name;
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, "_tz") == 0;
}

static bool read_arguments(RowRun *row_run, uint32_t row, PathRun *run, JsonbPath *path)
{
    run->root = json_tree_read(row_run->arena, row_text(row_run, 0, row), row_run->fault);
    if (run->root == NULL ||
        !jsonb_path_parse(row_run->arena, row_text(row_run, 1, row), path, row_run->fault))
        return false;
    if (row_run->call->argument_count > 2) {
        run->variables = json_tree_read(row_run->arena, row_text(row_run, 2, row), row_run->fault);
        if (run->variables == NULL)
            return false;
        if (run->variables->kind != JSON_TREE_OBJECT)
            return fault_set(row_run->fault, FAULT_INVALID_PARAMETER_VALUE,
                             "\"vars\" argument is not an object");
    }
    run->is_lax = !path->is_strict;
    run->is_strict_structure = path->is_strict;
    run->base = run->root;
    run->bases_made = row_run->call->function->symbol == NULL; /* the variables are one */
    const TypeContext *context = row_run->call->context;
    run->now = context == NULL ? 0 : type_now(context);
    run->zone = is_zoned(row_run->call) ? call_zone(row_run->call) : NULL;
    return true;
}

/* *is_absent: an error that the caller does not want to hear of. `is_one_enough`: only whether there
 * is an item is asked. */
static bool find_items(RowRun *row_run, uint32_t row, bool is_one_enough, Items *found,
                       bool *is_absent)
{
    Fault inner = {0};
    PathRun run = {.arena = row_run->arena, .fault = &inner};
    JsonbPath path;
    *is_absent = false;
    *found = (Items){0};
    if (!read_arguments(row_run, row, &run, &path))
        return false;
    found->is_one_enough = is_one_enough && run.is_lax;
    bool is_good = run_node(&run, path.root, run.root, run.is_lax, found);
    if (run.hard.code != FAULT_NONE) {
        *row_run->fault = run.hard;
        return false;
    }
    if (is_good || (found->is_one_enough && found->count > 0))
        return true;
    *is_absent = is_silent(row_run, row) && inner.code != FAULT_PROGRAM_LIMIT_EXCEEDED;
    if (!*is_absent)
        *row_run->fault = inner;
    return *is_absent;
}

static bool exists_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    Items found;
    bool is_absent;
    *result = 0;
    if (!find_items(run, row, true, &found, &is_absent))
        return false;
    *is_null = is_absent;
    *result = found.count > 0;
    return true;
}

static bool match_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    Items found;
    bool is_absent;
    *result = 0;
    if (!find_items(run, row, false, &found, &is_absent))
        return false;
    bool is_single = !is_absent && found.count == 1;
    if (is_single && found.list[0]->kind == JSON_TREE_BOOL) {
        *result = found.list[0]->is_true;
        return true;
    }
    *is_null = 1;
    if (is_absent || is_silent(run, row) ||
        (is_single && found.list[0]->kind == JSON_TREE_NULL))
        return true;
    return fault_set(run->fault, FAULT_SINGLETON_SQL_JSON_ITEM_REQUIRED,
                     "single boolean result is expected");
}

static bool first_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Items found;
    bool is_absent;
    *result = (Text){.data = "", .length = 0};
    if (!find_items(run, row, false, &found, &is_absent))
        return false;
    *is_null = found.count == 0;
    return found.count == 0 || json_tree_text(run->arena, found.list[0], result, run->fault);
}

static bool array_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Items found;
    bool is_absent;
    *result = (Text){.data = "", .length = 0};
    if (!find_items(run, row, false, &found, &is_absent))
        return false;
    JsonTree *array = json_tree_make(run->arena, JSON_TREE_ARRAY);
    for (uint32_t i = 0; i < found.count; i++)
        json_tree_append(run->arena, array, (Text){0}, (JsonTree *)(uintptr_t)found.list[i]);
    return json_tree_text(run->arena, array, result, run->fault);
}

static bool list_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    Items found;
    bool is_absent;
    if (!find_items(run, row, false, &found, &is_absent))
        return false;
    vector_builder_array(builder, found.count);
    for (uint32_t i = 0; i < found.count; i++) {
        Text text;
        if (!json_tree_text(run->arena, found.list[i], &text, run->fault))
            return false;
        vector_builder_text_view(builder->elements, text);
    }
    return true;
}

ROW_LOOP(exists_loop, exists_row, uint8_t)
ROW_LOOP(match_loop, match_row, uint8_t)
ROW_LOOP(first_loop, first_row, Text)
ROW_LOOP(array_loop, array_row, Text)
ARRAY_LOOP(list_loop, list_row)

enum { JSONB_ARRAY_TYPE = 3807 };

#define PATH_ROW(id, function, type, path_loop, does, sample, value)                               \
    { .oid = id, .name = function, .argument_count = 4, .optional_count = 2,                       \
      .arguments = { T_JSONB, T_JSONPATH, T_JSONB, T_BOOL }, .result = type, .run = run_rows,      \
      .prepare = rows_prepare, .loop = (void *)path_loop, .summary = does, .example = sample,      \
      .gives = value }
#define PATH_ZONE_ROW(id, function, type, path_loop, does, sample, value)                          \
    { .oid = id, .name = function, .argument_count = 4, .optional_count = 2,                       \
      .arguments = { T_JSONB, T_JSONPATH, T_JSONB, T_BOOL }, .result = type,                       \
      .volatility = STABLE, .run = run_rows, .prepare = rows_prepare, .loop = (void *)path_loop,   \
      .summary = does, .example = sample, .gives = value }
#define PATH_OPERATOR(id, function, sign, path_loop, does, sample, value)                          \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { T_JSONB, T_JSONPATH }, .result = T_BOOL, .run = run_rows,                     \
      .prepare = rows_prepare, .loop = (void *)path_loop, .summary = does, .example = sample,      \
      .gives = value }

const ScalarFunction jsonpath_functions[] = {
    PATH_ROW(4005, "jsonb_path_exists", T_BOOL, exists_loop, "Whether a path finds something.",
             "jsonb_path_exists('{\"a\": 1}', '$.a')", "t"),
    PATH_ROW(4009, "jsonb_path_match", T_BOOL, match_loop, "What a path's predicate says.",
             "jsonb_path_match('{\"a\": 1}', '$.a > 0')", "t"),
    PATH_ROW(4007, "jsonb_path_query_array", T_JSONB, array_loop, "What a path finds, as an array.",
             "jsonb_path_query_array('[1, 2]', '$[*] ? (@ > 1)')", "[2]"),
    PATH_ROW(4008, "jsonb_path_query_first", T_JSONB, first_loop, "What a path finds first.",
             "jsonb_path_query_first('[1, 2]', '$[*]')", "1"),
    PATH_ZONE_ROW(1177, "jsonb_path_exists_tz", T_BOOL, exists_loop,
                  "Whether a path finds something; times may be compared in the session's zone.",
                  "jsonb_path_exists_tz('{\"a\": 1}', '$.a')", "t"),
    PATH_ZONE_ROW(2030, "jsonb_path_match_tz", T_BOOL, match_loop,
                  "What a path's predicate says; times may be compared in the session's zone.",
                  "jsonb_path_match_tz('\"2024-03-13\"', "
                  "'$.datetime() < \"2024-03-13 10:00:00+00\".datetime()')", "t"),
    PATH_ZONE_ROW(1180, "jsonb_path_query_array_tz", T_JSONB, array_loop,
                  "What a path finds, as an array; times may be compared in the session's zone.",
                  "jsonb_path_query_array_tz('[1, 2]', '$[*] ? (@ > 1)')", "[2]"),
    PATH_ZONE_ROW(2023, "jsonb_path_query_first_tz", T_JSONB, first_loop,
                  "What a path finds first; times may be compared in the session's zone.",
                  "jsonb_path_query_first_tz('[1, 2]', '$[*]')", "1"),
    { .oid = 91877, .name = "jsonb_path_query_list_tz", .argument_count = 4, .optional_count = 2,
      .arguments = { T_JSONB, T_JSONPATH, T_JSONB, T_BOOL }, .result = JSONB_ARRAY_TYPE,
      .volatility = STABLE, .run = run_array_rows, .loop = (void *)list_loop,
      .summary = "What a path finds, as a list; times may be compared in the session's zone.",
      .example = "jsonb_path_query_list_tz('[1, 2]', '$[*]')", .gives = "{1,2}" },
    { .oid = 91876, .name = "jsonb_path_query_list", .argument_count = 4, .optional_count = 2,
      .arguments = { T_JSONB, T_JSONPATH, T_JSONB, T_BOOL }, .result = JSONB_ARRAY_TYPE,
      .run = run_array_rows, .loop = (void *)list_loop, .summary = "What a path finds, as a list.",
      .example = "jsonb_path_query_list('[1, 2]', '$[*]')", .gives = "{1,2}" },
    PATH_OPERATOR(4010, "jsonb_path_exists_opr", "@?", exists_loop,
                  "Whether a path finds something; NULL on an error.",
                  "'{\"a\": 1}'::jsonb @? '$.a'", "t"),
    PATH_OPERATOR(4011, "jsonb_path_match_opr", "@@", match_loop,
                  "What a path's predicate says; NULL on an error.",
                  "'{\"a\": 1}'::jsonb @@ '$.a > 0'", "t"),
};
const uint32_t jsonpath_function_count = sizeof jsonpath_functions / sizeof jsonpath_functions[0];

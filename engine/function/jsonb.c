/*
 * PostgreSQL's operators and functions of jsonb: containment, members, changes, order; and what
 * json has of them.
 *
 * Values are read into trees (engine/type/json_tree.h) in the arena of the batch; paths are
 * followed by scanning the text.
 */
#include "engine/function/json_internal.h"
#include "engine/function/text_internal.h"
#include "engine/type/json_tree.h"

#include <stdlib.h>

static const Text nothing = {.data = "", .length = 0};

static JsonTree *row_tree(RowRun *run, uint32_t argument, uint32_t row)
{
    return json_tree_read(run->arena, row_text(run, argument, row), run->fault);
}

static bool put_tree(RowRun *run, const JsonTree *tree, Text *result)
{
    *result = nothing;
    return tree != NULL && json_tree_text(run->arena, tree, result, run->fault);
}

static bool is_container(const JsonTree *tree)
{
    return tree->kind == JSON_TREE_ARRAY || tree->kind == JSON_TREE_OBJECT;
}

/* --- order --- */

static bool compare_row(RowRun *run, uint32_t row, int *order)
{
    Text a = row_text(run, 0, row), b = row_text(run, 1, row);
    *order = 0;
    if (text_equal(a, b))
        return true;
    const JsonTree *left = row_tree(run, 0, row), *right = row_tree(run, 1, row);
    if (left == NULL || right == NULL)
        return false;
    *order = json_tree_compare(left, right);
    return true;
}

#define ORDER_TEST(name, test)                                                                     \
    static bool name##_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)           \
    {                                                                                              \
        int order;                                                                                 \
        *result = 0;                                                                               \
        if (!compare_row(run, row, &order))                                                        \
            return false;                                                                          \
        *result = (test);                                                                          \
        return true;                                                                               \
    }                                                                                              \
    ROW_LOOP(name##_loop, name##_row, uint8_t)

static bool order_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    const JsonTree *tree = row_tree(run, 0, row);
    *result = nothing;
    if (tree == NULL)
        return false;
    Buffer out = BUFFER_EMPTY;
    json_tree_order(tree, &out);
    char *bytes = text_sink_reserve(&run->sink, out.length);
    memcpy(bytes, out.data, out.length);
    *result = text_sink_take(&run->sink, out.length);
    buffer_clear(&out);
    return true;
}
ROW_LOOP(order_loop, order_row, Text)

ORDER_TEST(equal, order == 0)
ORDER_TEST(unequal, order != 0)
ORDER_TEST(less, order < 0)
ORDER_TEST(not_greater, order <= 0)
ORDER_TEST(greater, order > 0)
ORDER_TEST(not_less, order >= 0)

/* --- containment, members --- */

static bool contains(RowRun *run, uint32_t row, uint32_t outer, uint8_t *result)
{
    const JsonTree *a = row_tree(run, outer, row);
    const JsonTree *b = a == NULL ? NULL : row_tree(run, 1 - outer, row);
    *result = b != NULL && json_tree_contains(a, b);
    return b != NULL;
}

static bool contains_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    return contains(run, row, 0, result);
}

static bool contained_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    return contains(run, row, 1, result);
}

/* A name of an object, a text among an array's elements, or the text itself. */
static bool holds_name(const JsonTree *tree, Text name)
{
    if (tree->kind == JSON_TREE_OBJECT)
        return json_tree_member(tree, name) != NULL;
    if (tree->kind == JSON_TREE_STRING)
        return text_equal(tree->text, name);
    for (uint32_t i = 0; tree->kind == JSON_TREE_ARRAY && i < tree->count; i++)
        if (tree->items[i]->kind == JSON_TREE_STRING && text_equal(tree->items[i]->text, name))
            return true;
    return false;
}

static bool exists_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    const JsonTree *tree = row_tree(run, 0, row);
    *result = tree != NULL && holds_name(tree, row_text(run, 1, row));
    return tree != NULL;
}

static bool exists_many(RowRun *run, uint32_t row, bool all, uint8_t *result)
{
    const JsonTree *tree = row_tree(run, 0, row);
    ArrayValue names = row_array(run, 1, row);
    const Vector *texts = run->arguments[1].elements;
    *result = all;
    for (uint32_t i = 0; tree != NULL && i < names.count; i++) {
        if (vector_is_null(texts, names.offset + i))
            continue;
        if (holds_name(tree, vector_text(texts, names.offset + i)) != all) {
            *result = !all;
            break;
        }
    }
    return tree != NULL;
}

static bool exists_any_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    return exists_many(run, row, false, result);
}

static bool exists_all_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    return exists_many(run, row, true, result);
}

/* --- joining, removing --- */

static void append_all(RowRun *run, JsonTree *tree, const JsonTree *from)
{
    if (from->kind != tree->kind) {
        json_tree_append(run->arena, tree, nothing, (JsonTree *)(uintptr_t)from);
        return;
    }
    for (uint32_t i = 0; i < from->count; i++)
        json_tree_append(run->arena, tree,
                         tree->kind == JSON_TREE_OBJECT ? from->keys[i] : nothing,
                         from->items[i]);
}

/* Objects are laid over one another, anything else becomes one array. */
static bool concat_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    const JsonTree *a = row_tree(run, 0, row), *b = a == NULL ? NULL : row_tree(run, 1, row);
    *result = nothing;
    if (b == NULL)
        return false;
    bool are_objects = a->kind == JSON_TREE_OBJECT && b->kind == JSON_TREE_OBJECT;
    JsonTree *both = json_tree_make(run->arena, are_objects ? JSON_TREE_OBJECT : JSON_TREE_ARRAY);
    append_all(run, both, a);
    append_all(run, both, b);
    if (are_objects)
        json_tree_sort(run->arena, both);
    return put_tree(run, both, result);
}

static bool delete_fault(RowRun *run, const JsonTree *tree, bool by_index)
{
    if (!is_container(tree))
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE, "cannot delete from scalar");
    if (by_index && tree->kind == JSON_TREE_OBJECT)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "cannot delete from object using integer index");
    return true;
}

/* Without the members (or text elements) of a name. */
static void remove_name(JsonTree *tree, Text name)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < tree->count; i++) {
        bool is_hit = tree->kind == JSON_TREE_OBJECT
                          ? text_equal(tree->keys[i], name)
                          : tree->items[i]->kind == JSON_TREE_STRING &&
                                text_equal(tree->items[i]->text, name);
        if (is_hit)
            continue;
        if (tree->kind == JSON_TREE_OBJECT)
            tree->keys[kept] = tree->keys[i];
        tree->items[kept++] = tree->items[i];
    }
    tree->count = kept;
}

static void remove_place(JsonTree *tree, uint32_t place)
{
    for (uint32_t i = place; i + 1 < tree->count; i++) {
        tree->items[i] = tree->items[i + 1];
        if (tree->kind == JSON_TREE_OBJECT)
            tree->keys[i] = tree->keys[i + 1];
    }
    tree->count--;
}

static bool delete_name_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    JsonTree *tree = row_tree(run, 0, row);
    *result = nothing;
    if (tree == NULL || !delete_fault(run, tree, false))
        return false;
    remove_name(tree, row_text(run, 1, row));
    return put_tree(run, tree, result);
}

static bool delete_names_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    JsonTree *tree = row_tree(run, 0, row);
    ArrayValue names = row_array(run, 1, row);
    const Vector *texts = run->arguments[1].elements;
    *result = nothing;
    if (tree == NULL || !delete_fault(run, tree, false))
        return false;
    for (uint32_t i = 0; i < names.count; i++)
        if (!vector_is_null(texts, names.offset + i))
            remove_name(tree, vector_text(texts, names.offset + i));
    return put_tree(run, tree, result);
}

/* Where an index, which counts from the end when it is negative, is; false: outside. */
static bool place_of(const JsonTree *array, int64_t index, uint32_t *place)
{
    if (index < 0)
        index += array->count;
    *place = (uint32_t)index;
    return index >= 0 && index < array->count;
}

static bool delete_index_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    JsonTree *tree = row_tree(run, 0, row);
    uint32_t place;
    *result = nothing;
    if (tree == NULL || !delete_fault(run, tree, true))
        return false;
    if (place_of(tree, row_int64(run, 1, row), &place))
        remove_place(tree, place);
    return put_tree(run, tree, result);
}

/* --- paths: arrays of names and indexes --- */

typedef struct TextPath {
    const Vector *texts;
    uint32_t offset, count;
} TextPath;

static TextPath row_path(const RowRun *run, uint32_t argument, uint32_t row)
{
    ArrayValue value = row_array(run, argument, row);
    return (TextPath){run->arguments[argument].elements, value.offset, value.count};
}

static bool path_step(const TextPath *path, uint32_t step, Text *text)
{
    bool is_null = vector_is_null(path->texts, path->offset + step);
    *text = is_null ? nothing : vector_text(path->texts, path->offset + step);
    return !is_null;
}

static bool text_to_index(Text text, int64_t *index)
{
    char digits[24], *end;
    if (text.length == 0 || text.length >= sizeof digits)
        return false;
    memcpy(digits, text.data, text.length);
    digits[text.length] = '\0';
    *index = strtoll(digits, &end, 10);
    return *end == '\0';
}

/* Of json and jsonb alike, by scanning. */
static bool scan_path(RowRun *run, uint32_t row, bool as_text, Text *result, uint8_t *is_null)
{
    TextPath path = row_path(run, 1, row);
    Text value = nothing, document = row_text(run, 0, row), step;
    const char *at = document.data;
    bool found = json_take_value(&at, at + document.length, false, &value);
    for (uint32_t i = 0; found && i < path.count; i++) {
        int64_t index;
        found = path_step(&path, i, &step);
        if (!found)
            break;
        if (json_kind(value) == JSON_OBJECT)
            found = json_object_field(value, step, &value);
        else
            found = json_kind(value) == JSON_ARRAY && text_to_index(step, &index) &&
                    json_array_element(value, index, &value);
    }
    *is_null = !found || (as_text && json_kind(value) == JSON_NULL);
    *result = *is_null ? nothing : value;
    if (!*is_null && as_text && json_kind(value) == JSON_STRING)
        *result = json_string_text(&run->sink, value);
    return true;
}

static bool path_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return scan_path(run, row, false, result, is_null);
}

static bool path_text_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return scan_path(run, row, true, result, is_null);
}

/* What a change does at the end of its path. */
typedef enum ChangeKind { CHANGE_DELETE, CHANGE_SET, CHANGE_INSERT } ChangeKind;

typedef struct Change {
    ChangeKind kind;
    bool creates; /* SET: where there is nothing */
    bool after;   /* INSERT */
    JsonTree *value;
} Change;

static bool change_at(RowRun *run, JsonTree *tree, const TextPath *path, uint32_t level,
                      const Change *change);

static bool change_member(RowRun *run, JsonTree *object, const TextPath *path, uint32_t level,
                          Text name, const Change *change)
{
    JsonTree *member = json_tree_member(object, name);
    if (level + 1 < path->count)
        return member == NULL || change_at(run, member, path, level + 1, change);
    if (change->kind == CHANGE_DELETE) {
        remove_name(object, name);
    } else if (change->kind == CHANGE_INSERT && member != NULL) {
        fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE, "cannot replace existing key");
        return fault_hint(run->fault,
                          "Try using the function jsonb_set to replace key value.");
    } else if (member != NULL || change->creates || change->kind == CHANGE_INSERT) {
        json_tree_append(run->arena, object, name, change->value);
        json_tree_sort(run->arena, object);
    }
    return true;
}

static void insert_place(RowRun *run, JsonTree *array, uint32_t place, JsonTree *value)
{
    json_tree_append(run->arena, array, nothing, value);
    for (uint32_t i = array->count - 1; i > place; i--)
        array->items[i] = array->items[i - 1];
    array->items[place] = value;
}

static bool change_element(RowRun *run, JsonTree *array, const TextPath *path, uint32_t level,
                           Text step, const Change *change)
{
    int64_t index;
    uint32_t place;
    bool adds = change->kind == CHANGE_INSERT || (change->kind == CHANGE_SET && change->creates);
    if (level == 0 && array->count == 0 && !adds)
        return true; /* nothing to change, whatever the step is */
    if (!text_to_index(step, &index))
        return fault_set(run->fault, FAULT_INVALID_TEXT_REPRESENTATION,
                         "path element at position %u is not an integer: \"%.*s\"", level + 1,
                         TEXT_ARGS(step));
    bool is_inside = place_of(array, index, &place);
    if (level + 1 < path->count)
        return !is_inside || change_at(run, array->items[place], path, level + 1, change);
    if (is_inside && change->kind == CHANGE_DELETE)
        remove_place(array, place);
    else if (is_inside && change->kind == CHANGE_SET)
        array->items[place] = change->value;
    else if (change->kind == CHANGE_INSERT)
        insert_place(run, array,
                     is_inside ? place + change->after : index < 0 ? 0 : array->count,
                     change->value);
    else if (!is_inside && change->kind == CHANGE_SET && change->creates)
        insert_place(run, array, index < 0 ? 0 : array->count, change->value);
    return true;
}

static bool change_at(RowRun *run, JsonTree *tree, const TextPath *path, uint32_t level,
                      const Change *change)
{
    Text step;
    if (!is_container(tree))
        return true;
    if (!path_step(path, level, &step))
        return fault_set(run->fault, FAULT_NULL_VALUE_NOT_ALLOWED,
                         "path element at position %u is null", level + 1);
    return tree->kind == JSON_TREE_OBJECT ? change_member(run, tree, path, level, step, change)
                                          : change_element(run, tree, path, level, step, change);
}

static bool change_row(RowRun *run, uint32_t row, const Change *change, Text *result)
{
    static const char *const words[] = {"delete path in", "set path in", "set path in"};
    JsonTree *tree = row_tree(run, 0, row);
    TextPath path = row_path(run, 1, row);
    *result = nothing;
    if (tree == NULL)
        return false;
    if (!is_container(tree))
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE, "cannot %s scalar",
                         words[change->kind]);
    if (path.count > 0 && !change_at(run, tree, &path, 0, change))
        return false;
    return put_tree(run, tree, result);
}

static bool delete_path_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Change change = {.kind = CHANGE_DELETE};
    return change_row(run, row, &change, result);
}

static bool set_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Change change = {.kind = CHANGE_SET,
                     .creates = run->call->argument_count < 4 || row_bool(run, 3, row),
                     .value = row_tree(run, 2, row)};
    return change.value != NULL && change_row(run, row, &change, result);
}

/* jsonb_set, which says itself what a NULL as the new value means. */
static bool set_lax_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    uint32_t count = run->call->argument_count;
    *result = nothing;
    if (row_is_null(run, 0, row) || row_is_null(run, 1, row) ||
        (count > 3 && row_is_null(run, 3, row))) {
        *is_null = 1;
        return true;
    }
    if (!row_is_null(run, 2, row))
        return set_row(run, row, result, is_null);
    Text treatment = count < 5                   ? TEXT_LITERAL("use_json_null")
                     : row_is_null(run, 4, row) ? nothing
                                                 : row_text(run, 4, row);
    if (text_equal_string(treatment, "raise_exception")) {
        fault_set(run->fault, FAULT_NULL_VALUE_NOT_ALLOWED, "JSON value must not be null");
        fault_detail(run->fault, "Exception was raised because null_value_treatment is "
                                 "\"raise_exception\".");
        return fault_hint(run->fault, "To avoid, either change the null_value_treatment argument "
                                      "or ensure that an SQL NULL is not passed.");
    }
    if (text_equal_string(treatment, "return_target")) {
        *result = row_text(run, 0, row);
        return true;
    }
    if (text_equal_string(treatment, "delete_key"))
        return delete_path_row(run, row, result, is_null);
    if (!text_equal_string(treatment, "use_json_null"))
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "null_value_treatment must be \"delete_key\", \"return_target\", "
                         "\"use_json_null\", or \"raise_exception\"");
    JsonTree *null = ARENA_NEW(run->arena, JsonTree);
    null->kind = JSON_TREE_NULL;
    Change change = {.kind = CHANGE_SET, .creates = count < 4 || row_bool(run, 3, row),
                     .value = null};
    return change_row(run, row, &change, result);
}

static bool insert_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Change change = {.kind = CHANGE_INSERT,
                     .after = run->call->argument_count > 3 && row_bool(run, 3, row),
                     .value = row_tree(run, 2, row)};
    return change.value != NULL && change_row(run, row, &change, result);
}

/* --- nulls, lines --- */

static void strip_nulls(JsonTree *tree)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; is_container(tree) && i < tree->count; i++) {
        bool is_object = tree->kind == JSON_TREE_OBJECT;
        if (is_object && tree->items[i]->kind == JSON_TREE_NULL)
            continue;
        strip_nulls(tree->items[i]);
        if (is_object)
            tree->keys[kept] = tree->keys[i];
        tree->items[kept++] = tree->items[i];
    }
    if (is_container(tree))
        tree->count = kept;
}

static bool strip_nulls_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    JsonTree *tree = row_tree(run, 0, row);
    if (tree != NULL)
        strip_nulls(tree);
    return put_tree(run, tree, result);
}

/* json keeps order and spelling of what stays. */
static void strip_text(Text value, Buffer *out)
{
    JsonWalk walk;
    Text key, member;
    if (!json_walk_begin(value, &walk)) {
        json_compact(value, out);
        return;
    }
    bool is_first = true;
    buffer_append_byte(out, walk.is_object ? '{' : '[');
    while (json_walk_next(&walk, &key, &member)) {
        if (walk.is_object && json_kind(member) == JSON_NULL)
            continue;
        if (!is_first)
            buffer_append_byte(out, ',');
        is_first = false;
        if (walk.is_object) {
            buffer_append(out, key.data, key.length);
            buffer_append_byte(out, ':');
        }
        strip_text(member, out);
    }
    buffer_append_byte(out, walk.is_object ? '}' : ']');
}

static bool json_strip_nulls_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text document = row_text(run, 0, row), value = nothing;
    const char *at = document.data;
    Buffer out = BUFFER_EMPTY;
    json_take_value(&at, at + document.length, false, &value);
    strip_text(value, &out);
    char *bytes = text_sink_reserve(&run->sink, out.length);
    if (out.length > 0)
        memcpy(bytes, out.data, out.length);
    *result = text_sink_take(&run->sink, out.length);
    buffer_clear(&out);
    return true;
}

static bool pretty_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    const JsonTree *tree = row_tree(run, 0, row);
    *result = nothing;
    return tree != NULL && json_tree_pretty(run->arena, tree, result, run->fault);
}

ROW_LOOP(contains_loop, contains_row, uint8_t)
ROW_LOOP(contained_loop, contained_row, uint8_t)
ROW_LOOP(exists_loop, exists_row, uint8_t)
ROW_LOOP(exists_any_loop, exists_any_row, uint8_t)
ROW_LOOP(exists_all_loop, exists_all_row, uint8_t)
ROW_LOOP(concat_loop, concat_row, Text)
ROW_LOOP(delete_name_loop, delete_name_row, Text)
ROW_LOOP(delete_names_loop, delete_names_row, Text)
ROW_LOOP(delete_index_loop, delete_index_row, Text)
ROW_LOOP(delete_path_loop, delete_path_row, Text)
ROW_LOOP(path_loop, path_row, Text)
ROW_LOOP(path_text_loop, path_text_row, Text)
ROW_LOOP(set_loop, set_row, Text)
ROW_LOOP(set_lax_loop, set_lax_row, Text)
ROW_LOOP(insert_loop, insert_row, Text)
ROW_LOOP(strip_nulls_loop, strip_nulls_row, Text)
ROW_LOOP(json_strip_nulls_loop, json_strip_nulls_row, Text)
ROW_LOOP(pretty_loop, pretty_row, Text)

#define JSONB_OPERATOR(id, function, sign, second, type, loop_method, does, sample, value)         \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { T_JSONB, second }, .result = type, .run = run_rows, .prepare = rows_prepare,  \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }
#define JSONB_FUNCTION(id, function, count, optional, type, loop_method, does, sample, value, ...) \
    { .oid = id, .name = function, .argument_count = count, .optional_count = optional,            \
      .arguments = { __VA_ARGS__ }, .result = type, .run = run_rows, .prepare = rows_prepare,      \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }
#define JSON_PATH(id, function, sign, document, type, loop_method, does, sample, value)            \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { document, T_TEXT_ARRAY }, .result = type, .run = run_rows,                    \
      .loop = (void *)(loop_method), .summary = does, .example = sample, .gives = value }

const ScalarFunction jsonb_functions[] = {
    { .oid = FUNCTION_JSONB_ORDER, .name = "jsonb_order", .argument_count = 1,
      .arguments = { T_JSONB }, .result = T_BYTEA, .kind = FUNCTION_OPERATOR_ONLY, .run = run_rows,
      .prepare = rows_prepare, .loop = (void *)order_loop,
      .summary = "Bytes that order as the document does." },
    JSONB_OPERATOR(4043, "jsonb_eq", "=", T_JSONB, T_BOOL, equal_loop, "The same document.",
                   "'{\"a\": 1.0}'::jsonb = '{\"a\":1}'::jsonb", "t"),
    JSONB_OPERATOR(4038, "jsonb_ne", "<>", T_JSONB, T_BOOL, unequal_loop, "Another document.",
                   "'1'::jsonb <> '2'::jsonb", "t"),
    JSONB_OPERATOR(4039, "jsonb_lt", "<", T_JSONB, T_BOOL, less_loop, "Before, in jsonb's order.",
                   "'[1, 2]'::jsonb < '[1, 3]'::jsonb", "t"),
    JSONB_OPERATOR(4041, "jsonb_le", "<=", T_JSONB, T_BOOL, not_greater_loop,
                   "Before or the same.", NULL, NULL),
    JSONB_OPERATOR(4040, "jsonb_gt", ">", T_JSONB, T_BOOL, greater_loop,
                   "Behind, in jsonb's order.", "'{}'::jsonb > '[1]'::jsonb", "t"),
    JSONB_OPERATOR(4042, "jsonb_ge", ">=", T_JSONB, T_BOOL, not_less_loop, "Behind or the same.",
                   NULL, NULL),
    JSONB_OPERATOR(4046, "jsonb_contains", "@>", T_JSONB, T_BOOL, contains_loop,
                   "Whether the first document holds the second.",
                   "'{\"a\":1, \"b\":2}'::jsonb @> '{\"b\":2}'::jsonb", "t"),
    JSONB_OPERATOR(4050, "jsonb_contained", "<@", T_JSONB, T_BOOL, contained_loop,
                   "Whether the second document holds the first.",
                   "'{\"b\":2}'::jsonb <@ '{\"a\":1, \"b\":2}'::jsonb", "t"),
    JSONB_OPERATOR(4047, "jsonb_exists", "?", T_TEXT, T_BOOL, exists_loop,
                   "Whether a name, or a text in an array, is there.",
                   "'{\"a\":1, \"b\":2}'::jsonb ? 'b'", "t"),
    JSONB_OPERATOR(4048, "jsonb_exists_any", "?|", T_TEXT_ARRAY, T_BOOL, exists_any_loop,
                   "Whether any of the names is there.",
                   "'{\"a\":1}'::jsonb ?| ARRAY['a', 'd']", "t"),
    JSONB_OPERATOR(4049, "jsonb_exists_all", "?&", T_TEXT_ARRAY, T_BOOL, exists_all_loop,
                   "Whether all of the names are there.",
                   "'[\"a\", \"b\"]'::jsonb ?& ARRAY['a', 'b']", "t"),
    JSONB_OPERATOR(3301, "jsonb_concat", "||", T_JSONB, T_JSONB, concat_loop,
                   "Objects laid over one another, or values as one array.",
                   "'{\"a\": 1}'::jsonb || '{\"b\": 2}'::jsonb", "{\"a\": 1, \"b\": 2}"),
    JSONB_OPERATOR(3302, "jsonb_delete", "-", T_TEXT, T_JSONB, delete_name_loop,
                   "Without a name, or the elements that are this text.",
                   "'{\"a\": 1, \"b\": 2}'::jsonb - 'a'", "{\"b\": 2}"),
    JSONB_OPERATOR(3343, "jsonb_delete", "-", T_TEXT_ARRAY, T_JSONB, delete_names_loop,
                   "Without several names.", "'{\"a\": 1, \"b\": 2}'::jsonb - '{a,b}'::text[]",
                   "{}"),
    JSONB_OPERATOR(3303, "jsonb_delete", "-", T_INT4, T_JSONB, delete_index_loop,
                   "Without an element.", "'[\"a\", \"b\"]'::jsonb - 1", "[\"a\"]"),
    JSONB_OPERATOR(3304, "jsonb_delete_path", "#-", T_TEXT_ARRAY, T_JSONB, delete_path_loop,
                   "Without what is at a path.", "'[\"a\", {\"b\":1}]'::jsonb #- '{1,b}'",
                   "[\"a\", {}]"),
    JSON_PATH(3951, "json_extract_path", "#>", T_JSON, T_JSON, path_loop,
              "The part of a document at a path.", "'{\"a\":{\"b\":[1,2]}}'::json #> '{a,b,1}'",
              "2"),
    JSON_PATH(3953, "json_extract_path_text", "#>>", T_JSON, T_TEXT, path_text_loop,
              "The part of a document at a path, as text.",
              "'{\"a\":[\"x\"]}'::json #>> '{a,0}'", "x"),
    JSON_PATH(3217, "jsonb_extract_path", "#>", T_JSONB, T_JSONB, path_loop,
              "The part of a document at a path.", "'{\"a\":{\"b\":[1,2]}}'::jsonb #> '{a,b}'",
              "[1, 2]"),
    JSON_PATH(3940, "jsonb_extract_path_text", "#>>", T_JSONB, T_TEXT, path_text_loop,
              "The part of a document at a path, as text.",
              "'{\"a\":[\"x\"]}'::jsonb #>> '{a,0}'", "x"),
    JSONB_FUNCTION(3305, "jsonb_set", 4, 1, T_JSONB, set_loop,
                   "With the value at a path replaced, or created.",
                   "jsonb_set('{\"a\": 1}', '{b}', '2')", "{\"a\": 1, \"b\": 2}", T_JSONB,
                   T_TEXT_ARRAY, T_JSONB, T_BOOL),
    { .oid = 5054, .name = "jsonb_set_lax", .argument_count = 5, .optional_count = 2,
      .arguments = { T_JSONB, T_TEXT_ARRAY, T_JSONB, T_BOOL, T_TEXT }, .result = T_JSONB,
      .nulls = NULLS_CALLED, .run = run_rows, .prepare = rows_prepare,
      .loop = (void *)set_lax_loop,
      .summary = "jsonb_set, where the last argument says what a NULL as the value does.",
      .example = "jsonb_set_lax('{\"a\": 1}', '{a}', NULL)", .gives = "{\"a\": null}" },
    JSONB_FUNCTION(3579, "jsonb_insert", 4, 1, T_JSONB, insert_loop,
                   "With a value inserted before (or after) a path.",
                   "jsonb_insert('{\"a\": [0, 1]}', '{a, 1}', '\"x\"')",
                   "{\"a\": [0, \"x\", 1]}", T_JSONB, T_TEXT_ARRAY, T_JSONB, T_BOOL),
    JSONB_FUNCTION(3262, "jsonb_strip_nulls", 1, 0, T_JSONB, strip_nulls_loop,
                   "Without members that are null.", "jsonb_strip_nulls('{\"a\":null,\"b\":1}')",
                   "{\"b\": 1}", T_JSONB),
    JSONB_FUNCTION(3261, "json_strip_nulls", 1, 0, T_JSON, json_strip_nulls_loop,
                   "Without members that are null.", "json_strip_nulls('{\"a\":null,\"b\":1}')",
                   "{\"b\":1}", T_JSON),
    JSONB_FUNCTION(3306, "jsonb_pretty", 1, 0, T_TEXT, pretty_loop,
                   "The document in several lines.", "jsonb_pretty('[]')", "[\n]", T_JSONB),
};
const uint32_t jsonb_function_count = sizeof jsonb_functions / sizeof jsonb_functions[0];

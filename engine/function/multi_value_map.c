/*
 * Functions of texts over lists: a text that is a list (a JSON list of strings, see multi_value.c)
 * gives the list of what the function makes of each of its values, and a test holds where it holds
 * for any of them.
 *
 * The planner puts these around a call: list_map(function, lists, arguments..), where `function` is
 * its OID and `lists` has a bit for each argument that may be a list, all of them the same
 * text. A batch whose dictionary holds no list is the function's own, codes and all.
 */
#include "base/memory/buffer.h"
#include "engine/function/json_internal.h"
#include "engine/function/multi_value_internal.h"

enum { OWN_ARGUMENTS = 2, MOST_ARGUMENTS = 16 };

typedef struct ListMap {
    ListMemo memo;
    ScalarCall call; /* of the function */
    uint32_t lists;
} ListMap;

/* --- preparing --- */

static int64_t constant_int(const ScalarCall *call, uint32_t argument)
{
    const Vector *value = call_constant(call, argument);
    bool is_number = value != NULL && value->layout == LAYOUT_INT64 && !vector_is_null(value, 0);
    return is_number ? VECTOR_DATA(int64_t, value)[0] : 0;
}

static bool takes(const ScalarFunction *function, const ScalarCall *call)
{
    uint32_t count = call->argument_count, fixed = function->argument_count;
    if (count > MOST_ARGUMENTS || (!function->is_variadic && count > fixed) ||
        count + function->optional_count + function->is_variadic < fixed)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        Oid oid = function->arguments[i < fixed ? i : fixed - 1];
        bool is_any = oid == T_ANY || oid == T_ANYELEMENT;
        if (!is_any && type_layout(SQL_TYPE(oid)) != type_layout(call->argument_types[i]))
            return false;
    }
    return type_layout(SQL_TYPE(function->result)) == type_layout(call->result_type);
}

static bool map_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    ListMap *map = arena_zalloc(arena, sizeof *map);
    const ScalarFunction *function = function_scalar_by_oid((uint32_t)constant_int(call, 0));
    map->lists = (uint32_t)constant_int(call, 1);
    if (function == NULL || call->argument_count <= OWN_ARGUMENTS || map->lists == 0)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "a function of lists names no function");
    map->call = (ScalarCall){.function = function,
                             .argument_count = call->argument_count - OWN_ARGUMENTS,
                             .argument_types = call->argument_types + OWN_ARGUMENTS,
                             .result_type = call->result_type,
                             .constants = call->constants + OWN_ARGUMENTS,
                             .context = call->context};
    for (uint32_t i = 0; i < 32; i++) {
        bool is_text = i < map->call.argument_count &&
                       type_layout(map->call.argument_types[i]) == LAYOUT_STRING;
        if ((map->lists >> i & 1) != 0 && !is_text)
            return fault_set(fault, FAULT_INTERNAL_ERROR, "a list must be a text");
    }
    if (!takes(function, &map->call))
        return fault_set(fault, FAULT_INTERNAL_ERROR, "a function of lists does not fit");
    call->prepared = map;
    return function->prepare == NULL || function->prepare(&map->call, arena, fault);
}

/* --- one row a value --- */

typedef struct Values {
    uint32_t *starts; /* rows + 1: where a row's values begin */
    uint32_t *rows;   /* of each value: its row */
    Vector texts;     /* the values */
    uint8_t *is_list; /* one a row */
} Values;

static bool count_values(const Vector *texts, uint32_t rows, const uint8_t *active, Values *values,
                         Arena *arena, Fault *fault)
{
    uint64_t total = 0;
    values->starts = ARENA_ARRAY(arena, uint32_t, rows + 1);
    values->is_list = arena_zalloc(arena, rows + 1);
    for (uint32_t i = 0; i < rows; i++) {
        bool matters = (active == NULL || active[i]) && !vector_is_null(texts, i);
        values->starts[i] = (uint32_t)total;
        values->is_list[i] = matters && list_is(vector_text(texts, i));
        total += values->is_list[i] ? list_length(vector_text(texts, i)) : 1;
        if (total > INT32_MAX)
            return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "too many values in lists");
    }
    values->starts[rows] = (uint32_t)total;
    return true;
}

static void put_value(Text value, TextSink *sink, Text *text, uint8_t *is_null)
{
    *is_null = json_kind(value) == JSON_NULL;
    *text = *is_null                          ? (Text){.data = NULL, .length = 0}
            : json_kind(value) == JSON_STRING ? json_string_text(sink, value)
                                              : value;
}

static bool take_values(const Vector *texts, uint32_t rows, const uint8_t *active, Values *values,
                        Arena *arena, Fault *fault)
{
    TextSink sink = {.arena = arena};
    if (!count_values(texts, rows, active, values, arena, fault))
        return false;
    uint32_t total = values->starts[rows];
    Text *data = arena_alloc_vector(arena, (total + 1) * sizeof *data);
    uint8_t *nulls = arena_alloc_vector(arena, total + 1);
    values->rows = ARENA_ARRAY(arena, uint32_t, total + 1);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t at = values->starts[i];
        JsonWalk walk;
        Text key, value;
        for (uint32_t k = at; k < values->starts[i + 1]; k++)
            values->rows[k] = i;
        if (!values->is_list[i]) {
            nulls[at] = vector_is_null(texts, i);
            data[at] = nulls[at] ? (Text){.data = NULL, .length = 0} : vector_text(texts, i);
        } else if (json_walk_begin(vector_text(texts, i), &walk)) {
            for (; at < values->starts[i + 1] && json_walk_next(&walk, &key, &value); at++)
                put_value(value, &sink, &data[at], &nulls[at]);
        }
    }
    values->texts = vector_flat(LAYOUT_STRING, total, data, nulls);
    return true;
}

/* The function's results for all values. */
static bool run_values(ListMap *map, const Vector *arguments, const Values *values,
                       const uint8_t *active, Arena *arena, Vector *results, Fault *fault)
{
    uint32_t count = map->call.argument_count, total = values->texts.length;
    Vector *given = ARENA_ARRAY(arena, Vector, count);
    uint8_t *wanted = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (map->lists >> i & 1) {
            given[i] = values->texts;
        } else if (arguments[i].form == VECTOR_CONSTANT) {
            given[i] = arguments[i];
            given[i].length = total;
        } else {
            given[i] = vector_gather(arena, &arguments[i], values->rows, total);
        }
    }
    if (active != NULL) {
        wanted = arena_alloc_vector(arena, total + 1);
        for (uint32_t k = 0; k < total; k++)
            wanted[k] = active[values->rows[k]];
    }
    Vector made;
    if (!map->call.function->run(&map->call, given, total, wanted, arena, &made, fault))
        return false;
    *results = vector_flatten(arena, &made);
    return true;
}

static uint32_t first_list(const ListMap *map)
{
    return (uint32_t)__builtin_ctz(map->lists);
}

/* --- texts: lists of results --- */

static void put_quoted(Buffer *out, Text text)
{
    buffer_append_byte(out, '"');
    for (uint32_t i = 0; i < text.length; i++) {
        uint8_t c = (uint8_t)text.data[i];
        if (c == '"' || c == '\\') {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, c);
        } else if (c < ' ') {
            buffer_printf(out, "\\u%04x", c);
        } else {
            buffer_append_byte(out, c);
        }
    }
    buffer_append_byte(out, '"');
}

static Text list_of(const Vector *results, uint32_t first, uint32_t end, Buffer *scratch,
                    Arena *arena)
{
    buffer_reset(scratch);
    buffer_append_byte(scratch, '[');
    for (uint32_t k = first; k < end; k++) {
        if (k > first)
            buffer_append_byte(scratch, ',');
        if (vector_is_null(results, k))
            buffer_append_string(scratch, "null");
        else
            put_quoted(scratch, vector_text(results, k));
    }
    buffer_append_byte(scratch, ']');
    return arena_text(arena, (Text){.data = (const char *)scratch->data,
                                    .length = (uint32_t)scratch->length});
}

static bool run_list_map(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                         const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    ListMap *map = call->prepared;
    const Vector *given = arguments + OWN_ARGUMENTS, *texts = &given[first_list(map)];
    Values values;
    Vector results;
    if (!list_may_be_in(&map->memo, texts))
        return map->call.function->run(&map->call, given, rows, active, arena, result, fault);
    if (!take_values(texts, rows, active, &values, arena, fault) ||
        !run_values(map, given, &values, active, arena, &results, fault))
        return false;
    Text *data = arena_alloc_vector(arena, (rows + 1) * sizeof *data);
    uint8_t *nulls = arena_alloc_vector(arena, rows + 1);
    Buffer scratch = BUFFER_EMPTY;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t at = values.starts[i], end = values.starts[i + 1];
        nulls[i] = !values.is_list[i] && vector_is_null(&results, at);
        data[i] = nulls[i]            ? (Text){.data = NULL, .length = 0}
                  : values.is_list[i] ? list_of(&results, at, end, &scratch, arena)
                                      : vector_text(&results, at);
    }
    buffer_clear(&scratch);
    *result = vector_flat(LAYOUT_STRING, rows, data, nulls);
    return true;
}

/* --- tests: any value --- */

static bool run_list_any(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                         const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    ListMap *map = call->prepared;
    const Vector *given = arguments + OWN_ARGUMENTS, *texts = &given[first_list(map)];
    Values values;
    Vector results;
    if (!list_may_be_in(&map->memo, texts))
        return map->call.function->run(&map->call, given, rows, active, arena, result, fault);
    if (!take_values(texts, rows, active, &values, arena, fault) ||
        !run_values(map, given, &values, active, arena, &results, fault))
        return false;
    uint8_t *data = arena_zalloc(arena, rows + 1), *nulls = arena_zalloc(arena, rows + 1);
    for (uint32_t i = 0; i < rows; i++) {
        for (uint32_t k = values.starts[i]; k < values.starts[i + 1]; k++) {
            bool is_null = vector_is_null(&results, k);
            data[i] |= !is_null && VECTOR_DATA(uint8_t, &results)[k] != 0;
            nulls[i] |= is_null;
        }
        nulls[i] = nulls[i] && !data[i];
    }
    *result = vector_flat(LAYOUT_BOOL, rows, data, nulls);
    return true;
}

const ScalarFunction multi_value_map_functions[] = {
    { .oid = FUNCTION_LIST_MAP, .name = "list_map", .argument_count = 3, .is_variadic = true,
      .arguments = { T_INT8, T_INT8, T_ANY }, .result = T_TEXT, .nulls = NULLS_CALLED,
      .kind = FUNCTION_OPERATOR_ONLY, .run = run_list_map, .prepare = map_prepare,
      .summary = "What a function makes of each value of a text that may be a list." },
    { .oid = FUNCTION_LIST_ANY, .name = "list_any", .argument_count = 3, .is_variadic = true,
      .arguments = { T_INT8, T_INT8, T_ANY }, .result = T_BOOL, .nulls = NULLS_CALLED,
      .kind = FUNCTION_OPERATOR_ONLY, .run = run_list_any, .prepare = map_prepare,
      .summary = "Whether a test holds for any value of a text that may be a list." },
};
const uint32_t multi_value_map_function_count =
    sizeof multi_value_map_functions / sizeof multi_value_map_functions[0];

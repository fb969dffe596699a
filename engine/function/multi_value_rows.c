/*
 * Texts that may hold lists (JSON lists of strings, see multi_value.c), taken apart: in how many
 * rows, and which value the n-th of them has.
 *
 * Most columns hold no list at all, and whether one does is settled once for each dictionary by
 * looking at the entries that begin with a bracket: without a list the rows stay what they are,
 * codes and all, and cost nothing.
 */
#include "engine/function/multi_value_internal.h"

#include "engine/function/json_internal.h"

bool list_is(Text text)
{
    return text.length > 1 && text.data[0] == '[' && json_is_valid(text);
}

uint32_t list_length(Text list)
{
    JsonWalk walk;
    Text key, value;
    uint32_t count = 0;
    if (!json_walk_begin(list, &walk))
        return 0;
    while (json_walk_next(&walk, &key, &value))
        count++;
    return count;
}

/* The first entry that is not below `[`, in a dictionary in the order of its bytes. */
static uint32_t first_bracket(const Dictionary *dictionary)
{
    uint32_t low = 1, high = dictionary->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        Text text = dictionary_text(dictionary, middle);
        if (text.length == 0 || (unsigned char)text.data[0] < '[')
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool find_list(const Dictionary *dictionary)
{
    uint32_t code = dictionary->is_sorted ? first_bracket(dictionary) : 1;
    for (; code < dictionary->count; code++) {
        Text text = dictionary_text(dictionary, code);
        if (list_is(text))
            return true;
        if (dictionary->is_sorted && (text.length == 0 || text.data[0] != '['))
            return false;
    }
    return false;
}

bool list_may_be_in(ListMemo *memo, const Vector *texts)
{
    if (texts->form != VECTOR_DICTIONARY)
        return true;
    const Dictionary *dictionary = texts->dictionary;
    uint32_t place = (uint32_t)(dictionary->id % LIST_KNOWN_DICTIONARIES);
    if (memo == NULL)
        return find_list(dictionary);
    if (memo->known[place].id != dictionary->id) {
        memo->known[place].has_lists = find_list(dictionary);
        memo->known[place].id = dictionary->id;
    }
    return memo->known[place].has_lists;
}

static bool list_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    call->prepared = arena_zalloc(arena, sizeof(ListMemo));
    return true;
}

/* --- in how many rows --- */

static int64_t rows_of(Text text)
{
    uint32_t count = list_is(text) ? list_length(text) : 0;
    return count == 0 ? 1 : count;
}

static bool run_list_rows(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                          const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    const Vector *texts = &arguments[0];
    const int64_t one = 1;
    if (!list_may_be_in(call->prepared, texts)) {
        *result = vector_constant(arena, LAYOUT_INT64, rows, &one);
        return true;
    }
    int64_t *counts = arena_alloc_vector(arena, rows * sizeof *counts);
    for (uint32_t i = 0; i < rows; i++)
        counts[i] = vector_is_null(texts, i) ? 1 : rows_of(vector_text(texts, i));
    *result = vector_flat(LAYOUT_INT64, rows, counts, NULL);
    return true;
}

/* --- the n-th of them --- */

/* A list's n-th value, false: it is NULL, or there is none. */
static bool value_of(TextSink *sink, Text list, int64_t number, Text *value)
{
    JsonWalk walk;
    Text key;
    if (!json_walk_begin(list, &walk))
        return false;
    for (int64_t n = 1; json_walk_next(&walk, &key, value); n++) {
        if (n < number)
            continue;
        if (json_kind(*value) == JSON_STRING)
            *value = json_string_text(sink, *value);
        else if (json_kind(*value) == JSON_NULL)
            return false;
        return true;
    }
    return false;
}

static bool run_list_row(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                         const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    const Vector *texts = &arguments[0], *numbers = &arguments[1];
    if (!list_may_be_in(call->prepared, texts)) {
        *result = *texts;
        return true;
    }
    TextSink sink = {.arena = arena};
    Text *values = arena_alloc_vector(arena, rows * sizeof *values);
    uint8_t *nulls = arena_alloc_vector(arena, rows);
    for (uint32_t i = 0; i < rows; i++) {
        values[i] = (Text){.data = NULL, .length = 0};
        nulls[i] = vector_is_null(texts, i) || vector_is_null(numbers, i);
        if (nulls[i])
            continue;
        Text text = vector_text(texts, i);
        if (list_is(text))
            nulls[i] = !value_of(&sink, text, VECTOR_DATA(int64_t, numbers)[vector_row(numbers, i)],
                                 &values[i]);
        else
            values[i] = text;
    }
    *result = vector_flat(LAYOUT_STRING, rows, values, nulls);
    return true;
}

const ScalarFunction multi_value_rows_functions[] = {
    { .oid = FUNCTION_LIST_ROWS, .name = "list_rows", .argument_count = 1, .arguments = { T_TEXT },
      .result = T_INT8, .nulls = NULLS_CALLED, .kind = FUNCTION_OPERATOR_ONLY,
      .run = run_list_rows, .prepare = list_prepare,
      .summary = "In how many rows grouping takes a text apart that may be a list: at least 1." },
    { .oid = FUNCTION_LIST_ROW, .name = "list_row", .argument_count = 2,
      .arguments = { T_TEXT, T_INT8 }, .result = T_TEXT, .nulls = NULLS_CALLED,
      .kind = FUNCTION_OPERATOR_ONLY, .run = run_list_row, .prepare = list_prepare,
      .summary = "The text, or its n-th value when it is a list." },
};
const uint32_t multi_value_rows_function_count =
    sizeof multi_value_rows_functions / sizeof multi_value_rows_functions[0];

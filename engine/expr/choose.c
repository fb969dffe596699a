/*
 * CASE and COALESCE: each row takes the value of one argument.
 *
 * The result starts as the last argument's values; then, from the last condition to the first,
 * rows that fulfil it take its value instead. Each pass is a loop without branches. A CASE whose
 * values are constant texts ('small', 'large') only writes codes of a dictionary that lives as
 * long as the program, so that grouping by it goes on by codes.
 */
#include "engine/expr/program_internal.h"

/* --- taking values where a condition holds --- */

#define TAKE(name, fill, type)                                                                     \
    KERNEL_HOT static void fill(type *restrict out, const type *values, uint32_t rows)             \
    {                                                                                              \
        const type value = values[0];                                                              \
        for (uint32_t i = 0; i < rows; i++)                                                        \
            out[i] = value;                                                                        \
    }                                                                                              \
    KERNEL_HOT static void name(type *restrict out, const uint8_t *condition, const type *values,  \
                                uint32_t step, uint32_t rows)                                      \
    {                                                                                              \
        if (step != 0) {                                                                           \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                out[i] = condition[i] != 0 ? values[i] : out[i];                                   \
        } else {                                                                                   \
            const type value = values[0];                                                          \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                out[i] = condition[i] != 0 ? value : out[i];                                       \
        }                                                                                          \
    }
TAKE(take_bytes, fill_bytes, uint8_t)
TAKE(take_words, fill_words, uint32_t)
TAKE(take_int64s, fill_int64s, uint64_t)

/* Sixteen bytes: numerics, intervals, texts. */
typedef struct Sixteen {
    uint64_t halves[2];
} Sixteen;
TAKE(take_sixteens, fill_sixteens, Sixteen)

static void take_values(size_t size, void *out, const uint8_t *condition, const Vector *values,
                        uint32_t rows)
{
    uint32_t step = values->form != VECTOR_CONSTANT;
    switch (size) {
    case 1: take_bytes(out, condition, values->data, step, rows); break;
    case 4: take_words(out, condition, values->data, step, rows); break;
    case 8: take_int64s(out, condition, values->data, step, rows); break;
    case 16: take_sixteens(out, condition, values->data, step, rows); break;
    }
}

static void copy_values(size_t size, void *out, const Vector *values, uint32_t rows)
{
    if (values->form != VECTOR_CONSTANT) {
        memcpy(out, values->data, rows * size);
        return;
    }
    switch (size) {
    case 1: fill_bytes(out, values->data, rows); break;
    case 4: fill_words(out, values->data, rows); break;
    case 8: fill_int64s(out, values->data, rows); break;
    case 16: fill_sixteens(out, values->data, rows); break;
    }
}

static void copy_nulls(uint8_t *out, const Vector *values, uint32_t rows)
{
    if (values->nulls == NULL)
        memset(out, 0, rows);
    else if (values->form == VECTOR_CONSTANT)
        memset(out, values->nulls[0] != 0, rows);
    else
        memcpy(out, values->nulls, rows);
}

static void take_nulls(uint8_t *out, const uint8_t *condition, const Vector *values, uint32_t rows)
{
    static const uint8_t none = 0;
    bool is_single = values->nulls == NULL || values->form == VECTOR_CONSTANT;
    take_bytes(out, condition, values->nulls == NULL ? &none : values->nulls, !is_single, rows);
}

/* --- arrays point into their own elements: built row by row --- */

static void choose_arrays(const Vector *sources, const uint8_t *const *conditions, uint32_t count,
                          uint32_t rows, Arena *arena, Vector *result)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_ARRAY, rows);
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t chosen = 0;
        while (chosen + 1 < count && conditions[chosen][i] == 0)
            chosen++;
        if (vector_is_null(&sources[chosen], i))
            vector_builder_null(&builder);
        else
            vector_builder_row(&builder, &sources[chosen], i);
    }
    *result = vector_builder_finish(&builder);
}

/* Source k where conditions[k] is the first that holds, the last source where none does. */
static void choose(Vector *sources, const uint8_t *const *conditions, uint32_t count, uint32_t rows,
                   Arena *arena, Vector *result)
{
    Layout layout = sources[0].layout;
    size_t size = layout_size(layout);
    bool any_nulls = false;
    if (layout == LAYOUT_ARRAY) {
        choose_arrays(sources, conditions, count, rows, arena, result);
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        if (sources[k].form == VECTOR_DICTIONARY)
            sources[k] = vector_flatten(arena, &sources[k]);
        any_nulls = any_nulls || sources[k].nulls != NULL;
    }
    void *data = arena_alloc_vector(arena, rows * size);
    copy_values(size, data, &sources[count - 1], rows);
    for (uint32_t k = count - 1; k-- > 0;)
        take_values(size, data, conditions[k], &sources[k], rows);
    uint8_t *nulls = NULL;
    if (any_nulls) {
        nulls = arena_alloc_vector(arena, rows);
        copy_nulls(nulls, &sources[count - 1], rows);
        for (uint32_t k = count - 1; k-- > 0;)
            take_nulls(nulls, conditions[k], &sources[k], rows);
    }
    *result = vector_flat(layout, rows, data, nulls);
}

/* --- CASE --- */

KERNEL_HOT static void without_nulls(uint8_t *restrict out, const uint8_t *values,
                                     const uint8_t *nulls, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i] = (values[i] != 0) & (nulls[i] == 0);
}

/* One byte a row: 1 where the condition is true. */
static const uint8_t *truth_of(const Vector *condition, uint32_t rows, Arena *arena)
{
    Vector flat = vector_flatten(arena, condition);
    if (flat.nulls == NULL)
        return flat.data;
    uint8_t *out = arena_alloc_vector(arena, rows);
    without_nulls(out, flat.data, flat.nulls, rows);
    return out;
}

static void choose_words(const CaseWords *words, const uint8_t *const *conditions,
                         uint32_t branches, uint32_t rows, Arena *arena, Vector *result)
{
    uint32_t *codes = arena_alloc_vector(arena, rows * sizeof *codes);
    for (uint32_t i = 0; i < rows; i++)
        codes[i] = words->codes[branches];
    for (uint32_t k = branches; k-- > 0;)
        take_words(codes, conditions[k], &words->codes[k], 0, rows);
    *result = vector_dictionary(words->dictionary, rows, codes);
}

void choose_case(const Step *step, const Vector *registers, uint32_t rows, Arena *arena, Vector *result)
{
    uint32_t branches = step->argument_count / 2;
    const uint8_t **conditions = ARENA_ARRAY(arena, const uint8_t *, branches + 1);
    Vector *sources = ARENA_ARRAY(arena, Vector, branches + 1);
    for (uint32_t k = 0; k < branches; k++) {
        conditions[k] = truth_of(&registers[step->arguments[2 * k]], rows, arena);
        sources[k] = registers[step->arguments[2 * k + 1]];
    }
    sources[branches] = registers[step->arguments[step->argument_count - 1]];
    if (step->words.dictionary != NULL)
        choose_words(&step->words, conditions, branches, rows, arena, result);
    else
        choose(sources, conditions, branches + 1, rows, arena, result);
}

static const Expr *value_of_branch(const Expr *expr, uint32_t branch)
{
    uint32_t branches = expr->argument_count / 2;
    return expr->arguments[branch < branches ? 2 * branch + 1 : expr->argument_count - 1];
}

/* The code of a text among those used so far, a new one when it is not there. */
static uint32_t code_of(Text text, Text *texts, uint32_t *count)
{
    for (uint32_t i = 1; i < *count; i++)
        if (text_equal(texts[i], text))
            return i;
    texts[*count] = text;
    return (*count)++;
}

void choose_case_words(Arena *arena, const Expr *expr, CaseWords *words)
{
    enum { MOST_WORDS = 1000 };
    uint32_t values = expr->argument_count / 2 + 1, count = 1;
    *words = (CaseWords){0};
    if (type_layout(expr->type) != LAYOUT_STRING || values > MOST_WORDS)
        return;
    for (uint32_t k = 0; k < values; k++)
        if (value_of_branch(expr, k)->kind != EXPR_CONSTANT)
            return;
    Text *texts = ARENA_ARRAY(arena, Text, values + 1);
    uint32_t *codes = ARENA_ARRAY(arena, uint32_t, values);
    texts[0] = (Text){0};
    for (uint32_t k = 0; k < values; k++) {
        const Vector *value = value_of_branch(expr, k)->value;
        codes[k] = vector_is_null(value, 0) ? 0 : code_of(vector_text(value, 0), texts, &count);
    }
    *words = (CaseWords){.dictionary = dictionary_make(arena, texts, count, true, false),
                         .codes = codes};
}

/* --- COALESCE --- */

static const uint8_t *presence_of(const Vector *vector, uint32_t rows, Arena *arena)
{
    uint8_t *out = arena_alloc_vector(arena, rows);
    for (uint32_t i = 0; i < rows; i++)
        out[i] = !vector_is_null(vector, i);
    return out;
}

/* --- COALESCE(x, 'word') of a dictionary column stays one --- */

enum { KEPT_DICTIONARIES = 8, MOST_BYTES = 64 << 20 };

typedef struct ExtendedDictionary {
    uint64_t id;                  /* of the column's dictionary; 0: free */
    uint64_t rows_met;
    const Dictionary *dictionary; /* with the word; NULL where the column's has it already */
    uint32_t code;                /* of the word, 0: not looked for yet */
} ExtendedDictionary;

struct WordFallback {
    Arena *arena;
    Text word;
    ExtendedDictionary kept[KEPT_DICTIONARIES];
    uint32_t next;
    size_t spent;
};

WordFallback *choose_fallback(Arena *arena, const Expr *expr)
{
    const Expr *last = expr->arguments[expr->argument_count - 1];
    if (expr->argument_count != 2 || last->kind != EXPR_CONSTANT ||
        type_layout(last->type) != LAYOUT_STRING || vector_is_null(last->value, 0))
        return NULL;
    WordFallback *fallback = ARENA_NEW(arena, WordFallback);
    fallback->arena = arena;
    fallback->word = vector_text(last->value, 0);
    return fallback;
}

static uint32_t find_word(const Dictionary *dictionary, Text word)
{
    if (dictionary->is_sorted && dictionary->is_unique)
        return dictionary_find(dictionary, word);
    for (uint32_t code = 1; code < dictionary->count; code++)
        if (text_equal(dictionary_text(dictionary, code), word))
            return code;
    return 0;
}

/* The word is among the entries, or becomes the last of a copy. */
static void extend(WordFallback *fallback, const Dictionary *dictionary, ExtendedDictionary *kept)
{
    kept->code = find_word(dictionary, fallback->word);
    if (kept->code != 0)
        return;
    Text *texts = ARENA_ARRAY(fallback->arena, Text, dictionary->count + 1);
    for (uint32_t code = 0; code < dictionary->count; code++)
        texts[code] = dictionary_text(dictionary, code);
    texts[dictionary->count] = fallback->word;
    kept->code = dictionary->count;
    kept->dictionary = dictionary_make(fallback->arena, texts, dictionary->count + 1,
                                       dictionary->is_unique, false);
}

static ExtendedDictionary *find_kept(WordFallback *fallback, uint64_t id)
{
    for (uint32_t i = 0; i < KEPT_DICTIONARIES; i++)
        if (fallback->kept[i].id == id)
            return &fallback->kept[i];
    ExtendedDictionary *kept = &fallback->kept[fallback->next];
    fallback->next = (fallback->next + 1) % KEPT_DICTIONARIES;
    *kept = (ExtendedDictionary){.id = id};
    return kept;
}

KERNEL_HOT static void replace_zero(uint32_t *restrict out, const uint32_t *codes, uint32_t code,
                                    uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i] = codes[i] == 0 ? code : codes[i];
}

static bool coalesce_codes(WordFallback *fallback, const Vector *column, uint32_t rows,
                           Arena *arena, Vector *result)
{
    const Dictionary *dictionary = column->dictionary;
    ExtendedDictionary *kept = find_kept(fallback, dictionary->id);
    kept->rows_met += rows;
    if (kept->code == 0) {
        /* Copying a dictionary pays when it has been met for some of its size. */
        size_t size = dictionary->offsets[dictionary->count] +
                      (size_t)dictionary->count * (sizeof(Text) + sizeof(uint32_t));
        if (dictionary->count > kept->rows_met * 8 || fallback->spent + size > MOST_BYTES)
            return false;
        extend(fallback, dictionary, kept);
        fallback->spent += kept->dictionary != NULL ? size : 0;
    }
    uint32_t *codes = arena_alloc_vector(arena, rows * sizeof *codes);
    replace_zero(codes, column->data, kept->code, rows);
    *result = vector_dictionary(kept->dictionary != NULL ? kept->dictionary : dictionary, rows,
                                codes);
    return true;
}

void choose_coalesce(const Step *step, const Vector *registers, uint32_t rows, Arena *arena, Vector *result)
{
    uint32_t count = step->argument_count;
    const Vector *first = &registers[step->arguments[0]];
    if (step->fallback != NULL && first->form == VECTOR_DICTIONARY &&
        coalesce_codes(step->fallback, first, rows, arena, result))
        return;
    const uint8_t **conditions = ARENA_ARRAY(arena, const uint8_t *, count);
    Vector *sources = ARENA_ARRAY(arena, Vector, count);
    for (uint32_t k = 0; k < count; k++) {
        sources[k] = registers[step->arguments[k]];
        if (k + 1 < count)
            conditions[k] = presence_of(&sources[k], rows, arena);
    }
    choose(sources, conditions, count, rows, arena, result);
}

/*
 * Conjuncts over a segment's dictionary: which of its codes pass, found out once a segment. By
 * searching the sorted entries where the condition allows it, else by computing it for each.
 */
#include "engine/operator/scan_internal.h"

enum {
    DICTIONARY_SMALL = 65536, /* entries that are evaluated at once */
    DICTIONARY_PATIENCE = 32, /* else once so many times the rows tested exceed the entries */
};

void conjunct_enter_segment(Conjunct *conjunct, const Dictionary *dictionary)
{
    conjunct->dictionary = dictionary;
    conjunct->truth = NULL;
    conjunct->is_evaluated = false;
    conjunct->is_by_row = false;
    if (conjunct->kind != CONJUNCT_MEMBER)
        conjunct->rows_tested = 0;
}

/* The first code behind those of texts that start with `prefix`: all bytes that may follow it are
 * less than one more in its last byte that can have that. */
static uint32_t behind_prefix(const Dictionary *dictionary, Text prefix, Arena *arena)
{
    char *next = arena_strndup(arena, prefix.data, prefix.length);
    uint32_t length = prefix.length;
    while (length != 0 && (uint8_t)next[length - 1] == UINT8_MAX)
        length--;
    if (length == 0)
        return dictionary->count;
    next[length - 1] = (char)((uint8_t)next[length - 1] + 1);
    return dictionary_lower_bound(dictionary, (Text){next, length}, false);
}

/* A test for a prefix; [*low, *behind) are the codes that pass. */
static bool range_of_prefix(const Conjunct *conjunct, int dialect, Arena *arena, uint32_t *low,
                            uint32_t *behind)
{
    const Dictionary *dictionary = conjunct->dictionary;
    const Expr *expr = conjunct->expr;
    Text prefix;
    if (expr->kind != EXPR_CALL || expr->argument_count != 2 ||
        expr->arguments[0]->kind != EXPR_COLUMN || expr->arguments[0]->type.oid == T_BPCHAR ||
        expr->arguments[1]->kind != EXPR_CONSTANT ||
        expr->arguments[1]->value->layout != LAYOUT_STRING ||
        vector_is_null(expr->arguments[1]->value, 0) ||
        !function_tests_prefix(expr->call.function, vector_text(expr->arguments[1]->value, 0),
                               dialect, arena, &prefix))
        return false;
    *low = dictionary_lower_bound(dictionary, prefix, false);
    *behind = behind_prefix(dictionary, prefix, arena);
    return true;
}

/* A comparison of the column with a constant text, all but <>. */
static bool range_of_comparison(const Conjunct *conjunct, uint32_t *low, uint32_t *behind)
{
    const Expr *left;
    const Vector *constant;
    Comparison comparison;
    if (!expr_as_comparison(conjunct->expr, &left, &comparison, &constant) ||
        left->kind != EXPR_COLUMN || constant->layout != LAYOUT_STRING ||
        left->type.oid == T_BPCHAR || comparison == COMPARE_NE)
        return false;
    Text text = vector_text(constant, 0);
    *low = 1;
    *behind = conjunct->dictionary->count;
    if (comparison == COMPARE_EQ || comparison == COMPARE_GE)
        *low = dictionary_lower_bound(conjunct->dictionary, text, false);
    if (comparison == COMPARE_GT)
        *low = dictionary_lower_bound(conjunct->dictionary, text, true);
    if (comparison == COMPARE_EQ || comparison == COMPARE_LE)
        *behind = dictionary_lower_bound(conjunct->dictionary, text, true);
    if (comparison == COMPARE_LT)
        *behind = dictionary_lower_bound(conjunct->dictionary, text, false);
    return true;
}

static inline bool is_ordered(const Dictionary *dictionary)
{
    return dictionary->is_sorted && dictionary->is_unique;
}

/* Comparisons and prefixes over a sorted dictionary are ranges of codes. */
static bool evaluate_as_range(Conjunct *conjunct, int dialect, Arena *arena)
{
    uint32_t low, behind;
    if (conjunct->kind != CONJUNCT_TEXT || !is_ordered(conjunct->dictionary) ||
        (!range_of_comparison(conjunct, &low, &behind) &&
         !range_of_prefix(conjunct, dialect, arena, &low, &behind)))
        return false;
    conjunct->is_evaluated = true;
    conjunct->first_true = low < behind ? low : 1;
    conjunct->last_true = low < behind ? behind - 1 : 0;
    return true;
}

/* IN and <>, by searching for the items. */
static bool evaluate_by_search(const Conjunct *conjunct, uint8_t *truth)
{
    const Dictionary *dictionary = conjunct->dictionary;
    const Expr *expr = conjunct->expr, *left;
    const Vector *constant;
    Comparison comparison;
    if (!is_ordered(dictionary))
        return false;
    if (expr->kind == EXPR_IN_LIST && expr->arguments[0]->kind == EXPR_COLUMN) {
        memset(truth, 0, dictionary->count);
        for (uint32_t i = 0; i < expr->in.list->length; i++)
            truth[dictionary_find(dictionary, vector_text(expr->in.list, i))] = 1;
        truth[0] = 0;
        return true;
    }
    if (!expr_as_comparison(expr, &left, &comparison, &constant) || comparison != COMPARE_NE ||
        left->kind != EXPR_COLUMN || constant->layout != LAYOUT_STRING ||
        left->type.oid == T_BPCHAR)
        return false;
    memset(truth, 1, dictionary->count);
    truth[dictionary_find(dictionary, vector_text(constant, 0))] = 0;
    truth[0] = 0;
    return true;
}

/* Entries [at, at + count) through the program; the fault of a failing entry is of no interest. */
static bool evaluate_entries(const StageInput *input, const Conjunct *conjunct, uint32_t at,
                             uint32_t count, uint8_t *truth, Arena *arena)
{
    uint32_t *codes = arena_alloc_vector(arena, count * sizeof *codes);
    for (uint32_t i = 0; i < count; i++)
        codes[i] = at + i;
    Batch *batch = batch_make(arena, input->column_count, count);
    for (uint32_t c = 0; c < input->column_count; c++)
        batch->columns[c] = vector_null(arena, type_layout(input->types[c]), count);
    /* As flat texts: each entry is evaluated once, and drivers have no dictionary to go through. */
    Vector coded = vector_dictionary(conjunct->dictionary, count, codes);
    batch->columns[conjunct->column] = vector_flatten(arena, &coded);
    Vector holds;
    Fault ignored;
    if (!expr_run(conjunct->program, batch, NULL, arena, &holds, &ignored))
        return false;
    if (holds.form == VECTOR_FLAT && holds.nulls == NULL) {
        memcpy(truth + at, holds.data, count);
        return true;
    }
    for (uint32_t i = 0; i < count; i++)
        truth[at + i] =
            !vector_is_null(&holds, i) && VECTOR_DATA(uint8_t, &holds)[vector_row(&holds, i)] != 0;
    return true;
}

static bool evaluate_by_program(const StageInput *input, const Conjunct *conjunct, uint8_t *truth)
{
    Arena *piece = arena_new("dictionary filter");
    bool is_evaluated = true;
    for (uint32_t at = 0; is_evaluated && at < conjunct->dictionary->count; at += BATCH_ROWS) {
        uint32_t left = conjunct->dictionary->count - at;
        arena_reset(piece);
        is_evaluated = evaluate_entries(input, conjunct, at, left < BATCH_ROWS ? left : BATCH_ROWS,
                                        truth, piece);
    }
    arena_free(piece);
    return is_evaluated;
}

/* Entries that are keys. */
static bool evaluate_members(const Conjunct *conjunct, uint8_t *truth, Fault *fault)
{
    uint32_t codes[BATCH_ROWS + 16], entries[BATCH_ROWS];
    for (uint32_t at = 0; at < conjunct->dictionary->count; at += BATCH_ROWS) {
        uint32_t left = conjunct->dictionary->count - at;
        uint32_t count = left < BATCH_ROWS ? left : BATCH_ROWS;
        for (uint32_t i = 0; i < count; i++)
            codes[i] = at + i;
        Vector vector = vector_dictionary(conjunct->dictionary, count, codes);
        const Vector *column = &vector;
        if (!key_table_find(conjunct->keys, &column, count, entries, fault))
            return false;
        for (uint32_t i = 0; i < count; i++)
            truth[at + i] = entries[i] != KEY_ENTRY_NONE;
    }
    truth[0] = 0;
    return true;
}

bool conjunct_evaluate_dictionary(OperatorContext *context, const StageInput *input,
                                  Conjunct *conjunct, Arena *arena, Fault *fault)
{
    const Dictionary *dictionary = conjunct->dictionary;
    if (!conjunct_wants_dictionary(input, conjunct) || dictionary == NULL ||
        conjunct->is_evaluated || conjunct->is_by_row ||
        evaluate_as_range(conjunct, context->types->dialect, arena))
        return true;
    bool is_late = dictionary->count > DICTIONARY_SMALL &&
                   conjunct->rows_tested * DICTIONARY_PATIENCE < dictionary->count;
    if (conjunct->kind == CONJUNCT_MEMBER && is_late)
        return true;
    if (!grow_array(&conjunct->truth_bytes, context->budget, dictionary->count, fault))
        return false;
    uint8_t *truth = conjunct->truth_bytes.data;
    if (conjunct->kind == CONJUNCT_MEMBER) {
        if (!evaluate_members(conjunct, truth, fault))
            return false;
    } else if (!evaluate_by_search(conjunct, truth)) {
        if (is_late)
            return true;
        if (!evaluate_by_program(input, conjunct, truth)) {
            conjunct->is_by_row = true;
            return true;
        }
    }
    conjunct->truth = truth;
    conjunct->is_evaluated = true;
    const uint8_t *first = memchr(truth, 1, dictionary->count);
    const uint8_t *last = memrchr(truth, 1, dictionary->count);
    conjunct->first_true = first == NULL ? 1 : (uint32_t)(first - truth);
    conjunct->last_true = last == NULL ? 0 : (uint32_t)(last - truth);
    return true;
}

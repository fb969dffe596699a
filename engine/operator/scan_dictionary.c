/*
 * Conjuncts over a segment's dictionary: which of its codes pass, found out once a segment. What
 * scan_codes.c cannot look up is searched for in the sorted entries where the condition allows
 * it, else computed for each.
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
    conjunct->codes = (CodeRanges){0};
    conjunct->parts = NULL;
    if (conjunct->kind != CONJUNCT_MEMBER)
        conjunct->rows_tested = 0;
}

static inline bool is_ordered(const Dictionary *dictionary)
{
    return dictionary->is_sorted && dictionary->is_unique;
}

void conjunct_take_codes(Conjunct *conjunct, const CodeRanges *codes)
{
    conjunct_enter_segment(conjunct, NULL);
    conjunct->codes = *codes;
    conjunct->is_evaluated = true;
    conjunct->first_true = codes->count == 0 ? 1 : UINT32_MAX;
    conjunct->last_true = 0;
    for (uint32_t i = 0; i < codes->count; i++) {
        if (codes->ranges[i].first < conjunct->first_true)
            conjunct->first_true = codes->ranges[i].first;
        if (codes->ranges[i].last > conjunct->last_true)
            conjunct->last_true = codes->ranges[i].last;
    }
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
        !function_orders_by_bytes(left->type))
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
                                  Conjunct *conjunct, Fault *fault)
{
    const Dictionary *dictionary = conjunct->dictionary;
    if (!conjunct_wants_dictionary(input, conjunct) || dictionary == NULL ||
        conjunct->is_evaluated || conjunct->is_by_row)
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

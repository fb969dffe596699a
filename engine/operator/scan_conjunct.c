/*
 * Conjuncts of a scan's filter. See scan_internal.h.
 */
#include "engine/operator/scan_internal.h"

enum {
    MEMBER_BITS = 1 << 26,     /* most bits of a member test: 8 MB */
    MEMBER_WORDS = 1024,       /* words of them that are worth clearing for any number of keys, */
    MEMBER_WORDS_A_KEY = 4,    /* and for each key */
    MEMBER_TRIAL_ROWS = 32768, /* rows after which a member test is judged */
    ZONE_CODES = 4096,         /* codes between a zone's ends that are looked at one by one */
};

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && defined(__OPTIMIZE__)
#define SCAN_HOT                                                                                   \
    __attribute__((optimize("O3"), target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"),   \
                   noinline))
#else
#define SCAN_HOT __attribute__((noinline))
#endif

/* --- recognising --- */

/* Values v with "v op constant" as low .. high; false for <>. Empty: low > high. */
static bool range_of_comparison(Comparison comparison, int64_t constant, int64_t *low,
                                int64_t *high)
{
    *low = INT64_MIN;
    *high = INT64_MAX;
    switch (comparison) {
    case COMPARE_EQ:
        *low = *high = constant;
        return true;
    case COMPARE_LT:
        if (constant == INT64_MIN)
            *low = INT64_MAX;
        else
            *high = constant - 1;
        if (constant == INT64_MIN)
            *high = INT64_MIN;
        return true;
    case COMPARE_LE:
        *high = constant;
        return true;
    case COMPARE_GT:
        if (constant == INT64_MAX) {
            *low = INT64_MAX;
            *high = INT64_MIN;
        } else {
            *low = constant + 1;
        }
        return true;
    case COMPARE_GE:
        *low = constant;
        return true;
    case COMPARE_NE:
    case COMPARE_NONE:
        return false;
    }
    return false;
}

/* A call of one column and constants, by a function that keeps the order of its first argument. */
static bool is_monotone_call(const Expr *expr)
{
    if (expr->kind != EXPR_CALL || expr->argument_count == 0 ||
        expr->call.function->order != ORDER_KEPT || expr->arguments[0]->kind != EXPR_COLUMN ||
        type_layout(expr->arguments[0]->type) != LAYOUT_INT64)
        return false;
    for (uint32_t i = 1; i < expr->argument_count; i++)
        if (expr->arguments[i]->kind != EXPR_CONSTANT)
            return false;
    return true;
}

static bool classify_comparison(OperatorContext *context, Conjunct *conjunct)
{
    const Expr *left;
    const Vector *constant;
    Comparison comparison;
    if (!expr_as_comparison(conjunct->expr, &left, &comparison, &constant))
        return false;
    const Expr *right = conjunct->expr->arguments[conjunct->expr->arguments[0] == left ? 1 : 0];
    if (!are_comparable_as_integers(left->type, right->type) ||
        !range_of_comparison(comparison, VECTOR_DATA(int64_t, constant)[0], &conjunct->low,
                             &conjunct->high))
        return false;
    if (left->kind == EXPR_COLUMN) {
        conjunct->kind = CONJUNCT_RANGE;
        conjunct->column = left->column;
        return true;
    }
    if (!is_monotone_call(left))
        return false;
    Fault ignored;
    conjunct->function = expr_compile(context->arena, &left, 1, context->types, &ignored);
    if (conjunct->function == NULL)
        return false;
    conjunct->kind = CONJUNCT_MONOTONE;
    conjunct->column = left->arguments[0]->column;
    return true;
}

static bool classify_null_test(Conjunct *conjunct)
{
    const Expr *expr = conjunct->expr;
    bool is_negated = expr->kind == EXPR_NOT;
    if (is_negated)
        expr = expr->arguments[0];
    if (expr->kind != EXPR_IS_NULL || expr->arguments[0]->kind != EXPR_COLUMN)
        return false;
    conjunct->kind = CONJUNCT_IS_NULL;
    conjunct->column = expr->arguments[0]->column;
    conjunct->wants_null = !is_negated;
    return true;
}

static bool classify_in(Conjunct *conjunct)
{
    const Expr *expr = conjunct->expr;
    if (expr->kind != EXPR_IN_LIST || expr->arguments[0]->kind != EXPR_COLUMN ||
        type_layout(expr->arguments[0]->type) != LAYOUT_INT64 || expr->in.list->form != VECTOR_FLAT)
        return false;
    conjunct->kind = CONJUNCT_IN;
    conjunct->column = expr->arguments[0]->column;
    return true;
}

/* Any condition that looks at one string column and nothing else. */
static bool classify_text(Conjunct *conjunct, const StageInput *input)
{
    uint32_t used = 0;
    for (uint32_t c = 0; c < input->column_count; c++)
        if (conjunct->uses[c]) {
            used++;
            conjunct->column = c;
        }
    if (used != 1 || type_layout(input->types[conjunct->column]) != LAYOUT_STRING ||
        expr_is_volatile(conjunct->expr))
        return false;
    conjunct->kind = CONJUNCT_TEXT;
    return true;
}

static bool conjunct_make(OperatorContext *context, const StageInput *input, const Expr *expr,
                          Conjunct *conjunct, Fault *fault)
{
    *conjunct = (Conjunct){.kind = CONJUNCT_GENERIC, .expr = expr, .can_fail = expr_can_fail(expr)};
    conjunct->uses = arena_zalloc(context->arena, input->column_count + 1u);
    for (uint32_t c = 0; c < input->column_count; c++)
        conjunct->uses[c] = expr_uses_column(expr, c);
    bool is_classified = classify_null_test(conjunct) || classify_comparison(context, conjunct) ||
                         classify_in(conjunct) || classify_text(conjunct, input);
    if (is_classified && (conjunct->kind == CONJUNCT_RANGE || conjunct->kind == CONJUNCT_IS_NULL))
        return true;
    conjunct->program = expr_compile(context->arena, &expr, 1, context->types, fault);
    return conjunct->program != NULL;
}

/* Two ranges of one column are one range. */
static bool merge_range(Conjunct *conjuncts, uint32_t count, const Conjunct *more)
{
    if (more->kind != CONJUNCT_RANGE)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        Conjunct *known = &conjuncts[i];
        if (known->kind != CONJUNCT_RANGE || known->column != more->column)
            continue;
        known->low = known->low > more->low ? known->low : more->low;
        known->high = known->high < more->high ? known->high : more->high;
        return true;
    }
    return false;
}

/* Lower is tested earlier. */
static int cost_of(const Conjunct *conjunct)
{
    return (int)conjunct->kind + (conjunct->can_fail ? 100 : 0);
}

static void insert(Conjunct *conjuncts, uint32_t *count, const Conjunct *conjunct)
{
    uint32_t at = (*count)++;
    for (; at > 0 && cost_of(&conjuncts[at - 1]) > cost_of(conjunct); at--)
        conjuncts[at] = conjuncts[at - 1];
    conjuncts[at] = *conjunct;
}

bool conjuncts_make(OperatorContext *context, const StageInput *input, const Expr *filter,
                    Conjunct **conjuncts, uint32_t *count, Fault *fault)
{
    uint32_t part_count = 0;
    const Expr **parts =
        filter == NULL ? NULL : conditions_split(context->arena, filter, &part_count);
    *conjuncts = ARENA_ARRAY(context->arena, Conjunct, part_count + CONJUNCTS_TO_COME);
    *count = 0;
    for (uint32_t i = 0; i < part_count; i++) {
        Conjunct conjunct;
        if (!conjunct_make(context, input, parts[i], &conjunct, fault))
            return false;
        if (merge_range(*conjuncts, *count, &conjunct))
            continue;
        insert(*conjuncts, count, &conjunct);
    }
    return true;
}

/*
 * One bit a value says the same as the table at a thirtieth of its size, so that it stays in a
 * cache near the core. Not for a few keys far apart: their table is small, clearing the bits is not.
 */
static void note_member_bits(OperatorContext *context, Conjunct *conjunct)
{
    uint64_t width = (uint64_t)conjunct->high - (uint64_t)conjunct->low + 1;
    uint64_t keys = key_table_count(conjunct->keys);
    if (!conjunct->has_range || width == 0 || width > MEMBER_BITS ||
        width / 64 > keys * MEMBER_WORDS_A_KEY + MEMBER_WORDS)
        return;
    size_t words = width / 64 + 1;
    Fault ignored; /* without memory for it the table serves */
    if (!grow_array(&conjunct->member_bits, context->budget, words * sizeof(uint64_t), &ignored))
        return;
    key_table_mark(conjunct->keys, conjunct->low, conjunct->member_bits.data);
}

bool conjuncts_add_member(OperatorContext *context, const StageInput *input, uint32_t column,
                          KeyTable *keys, Conjunct *conjuncts, uint32_t *count)
{
    uint32_t members = 0;
    for (uint32_t i = 0; i < *count; i++)
        members += conjuncts[i].kind == CONJUNCT_MEMBER;
    if (members == CONJUNCTS_MEMBERS)
        return false;
    Conjunct conjunct = {.kind = CONJUNCT_MEMBER, .column = column, .keys = keys};
    conjunct.uses = arena_zalloc(context->arena, input->column_count + 1u);
    conjunct.uses[column] = true;
    conjunct.has_range = key_table_range(keys, &conjunct.low, &conjunct.high);
    note_member_bits(context, &conjunct);
    insert(conjuncts, count, &conjunct);
    return true;
}

void conjuncts_add_own(OperatorContext *context, const StageInput *input, Conjunct *conjuncts,
                       uint32_t *count)
{
    Conjunct conjunct = {.kind = CONJUNCT_OWN,
                         .column = input->division->column,
                         .worker = context->worker,
                         .division = input->division};
    conjunct.uses = arena_zalloc(context->arena, input->column_count + 1u);
    conjunct.uses[conjunct.column] = true;
    insert(conjuncts, count, &conjunct);
}

void conjuncts_clear(OperatorContext *context, Conjunct *conjuncts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        grow_array_free(&conjuncts[i].truth_bytes, context->budget);
        grow_array_free(&conjuncts[i].member_bits, context->budget);
    }
}

/* --- zones --- */

static Verdict judge_range(int64_t low, int64_t high, int64_t minimum, int64_t maximum,
                           bool has_nulls)
{
    if (low > high || maximum < low || minimum > high)
        return VERDICT_NONE;
    if (!has_nulls && minimum >= low && maximum <= high)
        return VERDICT_ALL;
    return VERDICT_SOME;
}

/* One range may prove a zone, several only rule it out. */
static Verdict judge_codes(const Conjunct *conjunct, const SegmentZone *zone)
{
    bool is_possible = !zone->has_range;
    for (uint32_t i = 0; i < conjunct->codes.count && !is_possible; i++)
        is_possible = zone->maximum >= conjunct->codes.ranges[i].first &&
                      zone->minimum <= conjunct->codes.ranges[i].last;
    return is_possible ? VERDICT_SOME : VERDICT_NONE;
}

static Verdict judge_text(const Conjunct *conjunct, const SegmentZone *zone)
{
    const uint8_t *truth = conjunct->truth;
    if (!conjunct->is_evaluated)
        return VERDICT_SOME;
    if (conjunct->last_true < conjunct->first_true)
        return VERDICT_NONE;
    if (conjunct->codes.count > 1)
        return judge_codes(conjunct, zone);
    if (truth == NULL)
        return zone->has_range ? judge_range(conjunct->first_true, conjunct->last_true,
                                             zone->minimum, zone->maximum, zone->null_count != 0)
                               : VERDICT_SOME;
    if (!zone->has_range || zone->minimum < 1 || zone->maximum >= conjunct->dictionary->count)
        return VERDICT_SOME;
    bool null_passes = zone->null_count != 0 && truth[0];
    bool null_fails = zone->null_count != 0 && !truth[0];
    if (!null_passes &&
        (zone->maximum < conjunct->first_true || zone->minimum > conjunct->last_true))
        return VERDICT_NONE;
    uint64_t width = (uint64_t)(zone->maximum - zone->minimum) + 1;
    if (width > ZONE_CODES)
        return VERDICT_SOME;
    if (!null_passes && memchr(truth + zone->minimum, 1, width) == NULL)
        return VERDICT_NONE;
    return !null_fails && memchr(truth + zone->minimum, 0, width) == NULL ? VERDICT_ALL
                                                                          : VERDICT_SOME;
}

static Verdict judge_in(const Conjunct *conjunct, const SegmentZone *zone)
{
    const int64_t *items = conjunct->expr->in.list->data;
    uint32_t low = 0, high = conjunct->expr->in.list->length;
    while (low < high) { /* the first item >= minimum */
        uint32_t middle = low + (high - low) / 2;
        if (items[middle] < zone->minimum)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_possible = low < conjunct->expr->in.list->length && items[low] <= zone->maximum;
    return is_possible ? VERDICT_SOME : VERDICT_NONE;
}

static Verdict judge_monotone(const Conjunct *conjunct, const SegmentZone *zone, Arena *arena)
{
    int64_t ends[2] = {zone->minimum, zone->maximum};
    Batch *batch = batch_make(arena, conjunct->column + 1, 2);
    for (uint32_t c = 0; c < conjunct->column; c++)
        batch->columns[c] = vector_null(arena, LAYOUT_INT64, 2);
    int64_t *data = arena_alloc_vector(arena, sizeof ends);
    memcpy(data, ends, sizeof ends);
    batch->columns[conjunct->column] = vector_flat(LAYOUT_INT64, 2, data, NULL);
    Vector values;
    Fault ignored;
    if (!expr_run(conjunct->function, batch, NULL, arena, &values, &ignored) ||
        vector_is_null(&values, 0) || vector_is_null(&values, 1))
        return VERDICT_SOME;
    const int64_t *results = values.data;
    return judge_range(conjunct->low, conjunct->high, results[0], results[vector_row(&values, 1)],
                       zone->null_count != 0);
}

Verdict conjunct_judge(const Conjunct *conjunct, const SegmentZone *zone, Arena *arena)
{
    if (conjunct->kind == CONJUNCT_IS_NULL) {
        uint32_t wanted = conjunct->wants_null ? zone->null_count : zone->rows - zone->null_count;
        return wanted == 0 ? VERDICT_NONE : wanted == zone->rows ? VERDICT_ALL : VERDICT_SOME;
    }
    if (conjunct->kind == CONJUNCT_TEXT ||
        (conjunct->kind == CONJUNCT_MEMBER && !conjunct->has_range))
        return judge_text(conjunct, zone);
    if (conjunct->kind == CONJUNCT_GENERIC)
        return VERDICT_SOME;
    if (conjunct->kind == CONJUNCT_OWN)
        return division_judge(conjunct, zone);
    if (zone->rows == zone->null_count && conjunct->kind == CONJUNCT_RANGE)
        return VERDICT_NONE;
    if (!zone->has_range)
        return VERDICT_SOME;
    if (conjunct->kind == CONJUNCT_MEMBER) {
        Verdict verdict =
            judge_range(conjunct->low, conjunct->high, zone->minimum, zone->maximum, true);
        return verdict == VERDICT_NONE ? VERDICT_NONE : VERDICT_SOME;
    }
    if (conjunct->kind == CONJUNCT_RANGE)
        return judge_range(conjunct->low, conjunct->high, zone->minimum, zone->maximum,
                           zone->null_count != 0);
    if (conjunct->kind == CONJUNCT_IN)
        return judge_in(conjunct, zone);
    return judge_monotone(conjunct, zone, arena);
}

/* --- rows --- */

SCAN_HOT static void mask_range(const int64_t *restrict values, uint32_t rows, int64_t low,
                                int64_t high, uint8_t *restrict mask)
{
    uint64_t width = (uint64_t)high - (uint64_t)low;
    for (uint32_t i = 0; i < rows; i++)
        mask[i] = (uint64_t)values[i] - (uint64_t)low <= width;
}

SCAN_HOT static void mask_clear_nulls(const uint8_t *restrict nulls, uint32_t rows,
                                      uint8_t *restrict mask)
{
    for (uint32_t i = 0; i < rows; i++)
        mask[i] &= nulls[i] == 0;
}

SCAN_HOT static void mask_codes(const uint32_t *restrict codes, uint32_t rows,
                                const uint8_t *restrict truth, uint8_t *restrict mask)
{
    for (uint32_t i = 0; i < rows; i++)
        mask[i] = truth[codes[i]];
}

SCAN_HOT static void mask_code_range(const uint32_t *restrict codes, uint32_t rows, uint32_t first,
                                     uint32_t last, uint8_t *restrict mask)
{
    uint32_t width = last - first;
    for (uint32_t i = 0; i < rows; i++)
        mask[i] = codes[i] - first <= width;
}

SCAN_HOT static void mask_more_codes(const uint32_t *restrict codes, uint32_t rows, uint32_t first,
                                     uint32_t last, uint8_t *restrict mask)
{
    uint32_t width = last - first;
    for (uint32_t i = 0; i < rows; i++)
        mask[i] |= codes[i] - first <= width;
}

/* Values outside the range meet the bit behind the last, which is not set. */
SCAN_HOT static void mask_bits(const int64_t *restrict values, uint32_t rows, int64_t low,
                               uint64_t width, const uint64_t *restrict bits, uint8_t *restrict mask)
{
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t at = (uint64_t)values[i] - (uint64_t)low;
        at = at < width ? at : width;
        mask[i] = bits[at / 64] >> at % 64 & 1;
    }
}

static uint32_t rows_all_or_none(bool all, uint32_t count, uint32_t *rows)
{
    if (!all)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        rows[i] = i;
    return count;
}

uint32_t rows_of_mask(uint32_t count, const uint8_t *mask, uint32_t *rows)
{
    Vector boolean = vector_flat(LAYOUT_BOOL, count, mask, NULL);
    return vector_true_rows(&boolean, rows);
}

static uint32_t test_range(const Conjunct *conjunct, const Vector *vector, Arena *arena,
                           uint32_t *rows)
{
    const int64_t *values = vector->data;
    if (conjunct->low > conjunct->high)
        return 0;
    if (vector->form == VECTOR_CONSTANT)
        return rows_all_or_none(!vector_is_null(vector, 0) && values[0] >= conjunct->low &&
                                    values[0] <= conjunct->high,
                                vector->length, rows);
    uint8_t *mask = arena_alloc_vector(arena, vector->length);
    mask_range(values, vector->length, conjunct->low, conjunct->high, mask);
    if (vector->nulls != NULL)
        mask_clear_nulls(vector->nulls, vector->length, mask);
    return rows_of_mask(vector->length, mask, rows);
}

static uint32_t test_null(const Conjunct *conjunct, const Vector *vector, uint32_t *rows)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < vector->length; i++) {
        rows[count] = i;
        count += vector_is_null(vector, i) == conjunct->wants_null;
    }
    return count;
}

/* By what is known of the codes; false when the vector is not of the segment's dictionary. */
static bool test_text(const Conjunct *conjunct, const Vector *vector, Arena *arena, uint32_t *rows,
                      uint32_t *count)
{
    if (!conjunct->is_evaluated || vector->form != VECTOR_DICTIONARY ||
        vector->dictionary->id != conjunct->dictionary->id)
        return false;
    *count = 0;
    if (conjunct->last_true < conjunct->first_true)
        return true;
    uint8_t *mask = arena_alloc_vector(arena, vector->length);
    if (conjunct->truth == NULL)
        mask_code_range(vector->data, vector->length, conjunct->first_true, conjunct->last_true,
                        mask);
    else
        mask_codes(vector->data, vector->length, conjunct->truth, mask);
    *count = rows_of_mask(vector->length, mask, rows);
    return true;
}

enum { CODE_STEP = 128 }; /* codes that are looked at together where few pass */

SCAN_HOT static bool has_code_in_range(const uint32_t *restrict codes, uint32_t first,
                                       uint32_t last)
{
    uint32_t width = last - first, found = 0;
    for (uint32_t i = 0; i < CODE_STEP; i++)
        found |= codes[i] - first <= width;
    return found != 0;
}

/* One range that few rows are in: most steps have none. */
static uint32_t rows_in_range(const uint32_t *codes, uint32_t count, CodeRange range,
                              uint32_t *rows)
{
    uint32_t found = 0, width = range.last - range.first;
    for (uint32_t at = 0; at < count; at += CODE_STEP) {
        uint32_t end = count - at < CODE_STEP ? count : at + CODE_STEP;
        if (end == at + CODE_STEP && !has_code_in_range(codes + at, range.first, range.last))
            continue;
        for (uint32_t i = at; i < end; i++) {
            rows[found] = i;
            found += codes[i] - range.first <= width;
        }
    }
    return found;
}

uint32_t conjunct_test_codes(const Conjunct *conjunct, const uint32_t *codes, uint32_t count,
                             bool is_rare, Arena *arena, uint32_t *rows)
{
    const CodeRange *ranges = conjunct->codes.ranges;
    if (conjunct->codes.count == 0)
        return 0;
    if (is_rare && conjunct->codes.count == 1)
        return rows_in_range(codes, count, ranges[0], rows);
    uint8_t *mask = arena_alloc_vector(arena, count);
    memset(mask, 0, count);
    codes_add_to_mask(&conjunct->codes, codes, count, mask);
    return rows_of_mask(count, mask, rows);
}

/* Codes of a damaged file may lie outside: they are as NULL's, whose bit is never set. */
static void mask_code_bits(const uint32_t *restrict codes, uint32_t rows,
                           const uint64_t *restrict bits, uint32_t bit_count,
                           uint8_t *restrict mask)
{
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t code = codes[i] < bit_count ? codes[i] : 0;
        mask[i] |= bits[code / 64] >> code % 64 & 1;
    }
}

void codes_add_to_mask(const CodeRanges *ranges, const uint32_t *codes, uint32_t count,
                       uint8_t *mask)
{
    if (ranges->bits != NULL) {
        mask_code_bits(codes, count, ranges->bits, ranges->bit_count, mask);
        return;
    }
    for (uint32_t i = 0; i < ranges->count; i++)
        mask_more_codes(codes, count, ranges->ranges[i].first, ranges->ranges[i].last, mask);
}

static uint32_t test_member_bits(const Conjunct *conjunct, const Vector *vector, Arena *arena,
                                 uint32_t *rows)
{
    uint64_t width = (uint64_t)conjunct->high - (uint64_t)conjunct->low + 1;
    uint8_t *mask = arena_alloc_vector(arena, vector->length);
    mask_bits(vector->data, vector->length, conjunct->low, width, conjunct->member_bits.data, mask);
    if (vector->nulls != NULL)
        mask_clear_nulls(vector->nulls, vector->length, mask);
    return rows_of_mask(vector->length, mask, rows);
}

/* By looking the values up. NULL is no member, even where the table has it. */
static bool test_members(const Conjunct *conjunct, const Vector *vector, uint32_t *rows,
                         uint32_t *count, Fault *fault)
{
    uint32_t entries[BATCH_ROWS];
    if (!key_table_find(conjunct->keys, &vector, vector->length, entries, fault))
        return false;
    bool may_have_nulls = vector->form == VECTOR_DICTIONARY || vector->nulls != NULL;
    *count = 0;
    for (uint32_t i = 0; i < vector->length; i++) {
        bool is_member = entries[i] != KEY_ENTRY_NONE;
        if (may_have_nulls)
            is_member &= !vector_is_null(vector, i);
        rows[*count] = i;
        *count += is_member;
    }
    return true;
}

/* A member test that lets nearly everything pass is not worth its time. */
static bool is_useless(const Conjunct *conjunct)
{
    return conjunct->rows_tested > MEMBER_TRIAL_ROWS &&
           conjunct->rows_passed * 10 > conjunct->rows_tested * 8;
}

static bool test_member(Conjunct *conjunct, const Vector *vector, Arena *arena, uint32_t *rows,
                        uint32_t *count, Fault *fault)
{
    if (is_useless(conjunct)) {
        *count = rows_all_or_none(true, vector->length, rows);
        return true;
    }
    if (conjunct->member_bits.data != NULL && vector->form == VECTOR_FLAT)
        *count = test_member_bits(conjunct, vector, arena, rows);
    else if (!test_text(conjunct, vector, arena, rows, count) &&
             !test_members(conjunct, vector, rows, count, fault))
        return false;
    conjunct->rows_tested += vector->length;
    conjunct->rows_passed += *count;
    return true;
}

bool conjunct_test(Conjunct *conjunct, const Batch *batch, Arena *arena, uint32_t *rows,
                   uint32_t *count, Fault *fault)
{
    const Vector *column = &batch->columns[conjunct->column];
    if (conjunct->kind == CONJUNCT_MEMBER)
        return test_member(conjunct, column, arena, rows, count, fault);
    conjunct->rows_tested += batch->rows;
    if (conjunct->kind == CONJUNCT_RANGE) {
        *count = test_range(conjunct, column, arena, rows);
        return true;
    }
    if (conjunct->kind == CONJUNCT_IS_NULL) {
        *count = test_null(conjunct, column, rows);
        return true;
    }
    if (conjunct->kind == CONJUNCT_OWN) {
        *count = division_test(conjunct, column, rows);
        return true;
    }
    if (conjunct->kind == CONJUNCT_TEXT && test_text(conjunct, column, arena, rows, count))
        return true;
    Vector holds;
    if (!expr_run(conjunct->program, batch, NULL, arena, &holds, fault))
        return false;
    *count = vector_true_rows(&holds, rows);
    return true;
}

/*
 * Inequalities between the sides of a join: see join_internal.h.
 */
#include "engine/operator/join_internal.h"

#include "engine/type/decimal.h"

#include <math.h>

enum {
    ROWS_A_KEY_MIN = 16, /* with fewer, looking at all is as quick */
    ROWS_MIN = 64,
};

/* --- the tests --- */

typedef struct Sides {
    uint32_t left_columns;
    bool uses_left, uses_right;
} Sides;

static void note_column(ColumnId column, void *state)
{
    Sides *sides = state;
    sides->uses_left |= column < sides->left_columns;
    sides->uses_right |= column >= sides->left_columns;
}

static Sides sides_of(const Expr *expr, uint32_t left_columns)
{
    Sides sides = {.left_columns = left_columns};
    expr_columns(expr, note_column, &sides);
    return sides;
}

static bool is_text(SqlType type)
{
    return type.oid == T_TEXT || type.oid == T_VARCHAR;
}

/* Whether codes of the two types can be compared. */
static bool have_one_order(const TypeContext *types, SqlType a, SqlType b)
{
    if (is_text(a) && is_text(b))
        return types->dialect == 0; /* in the other one a text may be a list */
    if (a.oid == b.oid)
        switch (a.oid) {
        case T_NUMERIC:
        case T_FLOAT4:
        case T_FLOAT8:
        case T_OID:
        case T_DATE:
        case T_TIME:
        case T_TIMESTAMP:
        case T_TIMESTAMPTZ:
            return true;
        }
    return (a.oid == T_INT2 || a.oid == T_INT4 || a.oid == T_INT8) &&
           are_comparable_as_integers(a, b);
}

static uint32_t position_in_right(ColumnId column, void *state)
{
    return column - *(const uint32_t *)state;
}

/* Takes a part of the condition for a test if it is one. */
static bool add_test(JoinRange *range, OperatorContext *context, const Expr *part,
                     uint32_t left_columns, Fault *fault)
{
    if (part->kind != EXPR_CALL || part->argument_count != 2 || expr_is_volatile(part))
        return true;
    Comparison comparison = comparison_of(part->call.function);
    const Expr *left = part->arguments[0], *right = part->arguments[1];
    if (sides_of(left, left_columns).uses_right) {
        left = part->arguments[1];
        right = part->arguments[0];
        comparison = comparison_mirrored(comparison);
    }
    Sides of_left = sides_of(left, left_columns), of_right = sides_of(right, left_columns);
    bool is_less = comparison == COMPARE_LT || comparison == COMPARE_LE;
    bool is_greater = comparison == COMPARE_GT || comparison == COMPARE_GE;
    if ((!is_less && !is_greater) || !of_left.uses_left || of_left.uses_right ||
        of_right.uses_left || !of_right.uses_right ||
        !have_one_order(context->types, left->type, right->type))
        return true;
    right = expr_number_columns(context->arena, right, position_in_right, &left_columns);
    RangeTest test = {.left = expr_compile(context->arena, &left, 1, context->types, fault),
                      .left_type = left->type,
                      .right_type = right->type,
                      .is_turned = is_less};
    if (test.left == NULL)
        return false;
    test.right = expr_compile(context->arena, &right, 1, context->types, fault);
    if (test.right == NULL)
        return false;
    range->tests[range->test_count++] = test;
    return true;
}

bool join_range_init(JoinRange *range, OperatorContext *context, const OperatorSpec *spec,
                     Fault *fault)
{
    *range = (JoinRange){.budget = context->budget};
    /* A pair for which the condition is unknown counts there. */
    if (spec->join.condition == NULL || spec->join.is_null_aware)
        return true;
    uint32_t count;
    const Expr **parts = conditions_split(context->arena, spec->join.condition, &count);
    for (uint32_t i = 0; i < count && range->test_count < JOIN_RANGE_TESTS; i++)
        if (!add_test(range, context, parts[i], spec->children[0]->column_count, fault))
            return false;
    return true;
}

void join_range_clear(JoinRange *range)
{
    for (uint32_t t = 0; t < JOIN_RANGE_TESTS; t++)
        grow_array_free(&range->codes[t], range->budget);
    for (uint32_t l = 0; l < JOIN_RANGE_LEVELS; l++)
        grow_array_free(&range->lows[l], range->budget);
    range->test_count = 0;
}

/* --- codes: of a <= b, code(a) <= code(b) --- */

static inline uint64_t code_of_int64(int64_t value)
{
    return (uint64_t)value ^ (UINT64_C(1) << 63);
}

static inline int64_t clamp(Int128 value)
{
    return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

static inline uint64_t code_of_numeric(Int128 value, Int128 widen)
{
    int64_t narrow = clamp(value);
    if (widen > INT64_MAX) /* all but zero is beyond */
        return code_of_int64(narrow == 0 ? 0 : narrow < 0 ? INT64_MIN : INT64_MAX);
    return code_of_int64(clamp(narrow * widen));
}

static inline uint64_t code_of_double(double value)
{
    if (isnan(value))
        return UINT64_MAX;
    uint64_t bits;
    value += 0.0; /* there is one zero */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static inline uint64_t code_of_text(Text text)
{
    uint64_t bytes = 0;
    if (text.length != 0)
        memcpy(&bytes, text.data, text.length < 8 ? text.length : 8);
    return __builtin_bswap64(bytes);
}

static void codes_of(const Vector *vector, Int128 widen, uint64_t *codes)
{
    for (uint32_t i = 0; i < vector->length; i++) {
        uint32_t row = vector_row(vector, i);
        if (vector_is_null(vector, i))
            codes[i] = 0;
        else if (vector->layout == LAYOUT_INT64)
            codes[i] = code_of_int64(VECTOR_DATA(int64_t, vector)[row]);
        else if (vector->layout == LAYOUT_INT128)
            codes[i] = code_of_numeric(VECTOR_DATA(Int128, vector)[row], widen);
        else if (vector->layout == LAYOUT_FLOAT32)
            codes[i] = code_of_double((double)VECTOR_DATA(float, vector)[row]);
        else if (vector->layout == LAYOUT_FLOAT64)
            codes[i] = code_of_double(VECTOR_DATA(double, vector)[row]);
        else
            codes[i] = code_of_text(vector_text(vector, i));
    }
}

/* Factor that brings values of the type to the scale which both sides have then. */
static Int128 widening(const RangeTest *test, SqlType type)
{
    if (type.oid != T_NUMERIC)
        return 1;
    int left = type_scale(test->left_type), right = type_scale(test->right_type);
    return decimal_power10((left > right ? left : right) - type_scale(type));
}

/* False: some value cannot be computed. Codes of NULL mean nothing. */
static bool compute_codes(const RangeTest *test, bool is_left, const Batch *batch, Arena *arena,
                          Vector *values, uint64_t *codes)
{
    Fault ignored;
    if (!expr_run(is_left ? test->left : test->right, batch, NULL, arena, values, &ignored))
        return false;
    codes_of(values, widening(test, is_left ? test->left_type : test->right_type), codes);
    if (test->is_turned)
        for (uint32_t i = 0; i < batch->rows; i++)
            codes[i] = ~codes[i];
    return true;
}

/* --- building --- */

/* The right rows' codes, by row. *is_known is false where they cannot be computed: then the
 * condition's own evaluation tells what is to be said of that. */
static bool code_rows(const JoinRange *range, const JoinTable *table, uint32_t test,
                      GrowArray *codes, bool *is_known, Fault *fault)
{
    BatchCutter cutter = {.batch = (Batch *)(uintptr_t)table->batch};
    if (!grow_array_unset(codes, range->budget, ((size_t)table->batch->rows + 64) * sizeof(uint64_t),
                          fault))
        return false;
    Arena *arena = arena_new("join range");
    uint64_t *next = codes->data;
    *is_known = true;
    for (Batch *piece; *is_known && (piece = batch_cutter_next(&cutter, arena)) != NULL;) {
        Vector values;
        *is_known = compute_codes(&range->tests[test], false, piece, arena, &values, next);
        for (uint32_t i = 0; *is_known && i < piece->rows; i++)
            if (vector_is_null(&values, i))
                next[i] = UINT64_MAX; /* among the last */
        next += piece->rows;
        arena_reset(arena);
    }
    arena_free(arena);
    return true;
}

/* The entry of each position, and its row's code as a number that sorts as the code does. */
static void sort_keys(const JoinTable *table, const uint64_t *by_row, uint32_t positions,
                      int64_t *entries, int64_t *numbers)
{
    for (uint32_t p = 0; p < positions; p++)
        numbers[p] = (int64_t)(by_row[join_table_row(table, p)] ^ (UINT64_C(1) << 63));
    if (table->keys == NULL)
        return;
    for (uint32_t e = 0; e < key_table_count(table->keys); e++)
        for (uint32_t p = join_table_start(table, e); p < join_table_end(table, e); p++)
            entries[p] = e;
}

/* Brings the positions of each key into the order of their rows' codes. */
static bool order_positions(JoinTable *table, const uint64_t *by_row, uint32_t positions,
                            RowOrder *order, Fault *fault)
{
    static const SortColumn columns[] = {{.column = 0}, {.column = 1}};
    GrowArray entries = {0}, numbers = {0}, rows = {0};
    Budget *budget = table->budget;
    bool has_keys = table->keys != NULL;
    size_t size = ((size_t)positions + 64) * sizeof(int64_t);
    bool is_sorted = (!has_keys || grow_array(&entries, budget, size, fault)) &&
                     grow_array(&numbers, budget, size, fault) &&
                     grow_array_unset(&rows, budget, size / 2, fault);
    if (is_sorted) {
        sort_keys(table, by_row, positions, entries.data, numbers.data);
        Vector vectors[2] = {vector_flat(LAYOUT_INT64, positions, entries.data, NULL),
                             vector_flat(LAYOUT_INT64, positions, numbers.data, NULL)};
        Batch batch = {.rows = positions,
                       .column_count = has_keys ? 2 : 1,
                       .columns = has_keys ? vectors : vectors + 1};
        is_sorted = row_order_sort(order, &batch, columns, batch.column_count, fault);
    }
    if (is_sorted) {
        const uint32_t *from = row_order_rows(order);
        for (uint32_t p = 0; p < positions; p++)
            ((uint32_t *)rows.data)[p] = join_table_row(table, from[p]);
        GrowArray former = table->rows;
        table->rows = rows;
        rows = former;
    }
    grow_array_free(&entries, budget);
    grow_array_free(&numbers, budget);
    grow_array_free(&rows, budget);
    return is_sorted;
}

static bool place_codes(JoinRange *range, const JoinTable *table, uint32_t test,
                        const uint64_t *by_row, uint32_t positions, Fault *fault)
{
    if (!grow_array_unset(&range->codes[test], range->budget,
                          ((size_t)positions + 1) * sizeof(uint64_t), fault))
        return false;
    uint64_t *codes = range->codes[test].data;
    for (uint32_t p = 0; p < positions; p++)
        codes[p] = by_row[join_table_row(table, p)];
    return true;
}

/* The least of each block of `count` codes. */
static bool find_lows(JoinRange *range, GrowArray *lows, const uint64_t *codes, uint32_t count,
                      Fault *fault)
{
    if (!grow_array_unset(lows, range->budget,
                          ((size_t)count / JOIN_RANGE_BLOCK + 1) * sizeof(uint64_t), fault))
        return false;
    uint64_t *low = lows->data;
    for (uint32_t at = 0; at < count; at += JOIN_RANGE_BLOCK) {
        uint64_t least = UINT64_MAX;
        for (uint32_t i = at; i < count && i < at + JOIN_RANGE_BLOCK; i++)
            least = codes[i] < least ? codes[i] : least;
        low[at / JOIN_RANGE_BLOCK] = least;
    }
    return true;
}

static bool build_levels(JoinRange *range, uint32_t positions, Fault *fault)
{
    const uint64_t *codes = range->codes[1].data;
    for (uint32_t l = 0; l < JOIN_RANGE_LEVELS; l++) {
        if (!find_lows(range, &range->lows[l], codes, positions, fault))
            return false;
        codes = range->lows[l].data;
        positions = (positions + JOIN_RANGE_BLOCK - 1) / JOIN_RANGE_BLOCK;
    }
    return true;
}

static bool is_worth_it(const JoinTable *table)
{
    uint32_t rows = table->batch->rows;
    if (table->keys == NULL)
        return rows >= ROWS_MIN;
    uint32_t keys = key_table_count(table->keys);
    return keys != 0 && !table->is_unique && rows / ROWS_A_KEY_MIN >= keys;
}

static uint32_t position_count(const JoinTable *table)
{
    return table->keys == NULL ? table->batch->rows
                               : join_table_end(table, key_table_count(table->keys) - 1);
}

bool join_range_build(JoinRange *range, JoinTable *table, Fault *fault)
{
    if (range->test_count == 0 || !is_worth_it(table)) {
        range->test_count = 0;
        return true;
    }
    GrowArray by_row[JOIN_RANGE_TESTS] = {{0}};
    bool is_known = true, is_built = true;
    for (uint32_t t = 0; t < range->test_count && is_known && is_built; t++)
        is_built = code_rows(range, table, t, &by_row[t], &is_known, fault);
    if (!is_known)
        range->test_count = 0;
    if (is_built && is_known) {
        uint32_t positions = position_count(table);
        RowOrder order;
        row_order_init(&order, range->budget);
        is_built = order_positions(table, by_row[0].data, positions, &order, fault);
        row_order_clear(&order);
        for (uint32_t t = 0; t < range->test_count && is_built; t++)
            is_built = place_codes(range, table, t, by_row[t].data, positions, fault);
        is_built = is_built && (range->test_count < 2 || build_levels(range, positions, fault));
    }
    for (uint32_t t = 0; t < JOIN_RANGE_TESTS; t++)
        grow_array_free(&by_row[t], range->budget);
    return is_built;
}

/* --- finding --- */

void join_range_find(JoinRange *range, const Batch *left, uint64_t (*codes)[BATCH_ROWS],
                     uint8_t *is_never)
{
    Arena *arena = arena_new("join range");
    memset(is_never, 0, left->rows);
    for (uint32_t t = 0; t < range->test_count; t++) {
        Vector values;
        if (compute_codes(&range->tests[t], true, left, arena, &values, codes[t])) {
            for (uint32_t i = 0; i < left->rows; i++)
                is_never[i] |= vector_is_null(&values, i);
        } else { /* the condition says what is wrong, for all pairs */
            memset(is_never, 0, left->rows);
            for (uint32_t each = 0; each < range->test_count; each++)
                memset(codes[each], 0xFF, left->rows * sizeof codes[each][0]);
            break;
        }
    }
    arena_free(arena);
}

uint32_t join_range_end(const JoinRange *range, uint32_t start, uint32_t end, uint64_t code)
{
    const uint64_t *codes = range->codes[0].data;
    while (start < end) {
        uint32_t middle = start + (end - start) / 2;
        if (codes[middle] <= code)
            start = middle + 1;
        else
            end = middle;
    }
    return start;
}

/* The first position of a block that has none with such a code is passed over with the largest
 * block that has none. */
static uint32_t pass_blocks(const JoinRange *range, uint32_t at, uint64_t code)
{
    uint64_t size = 1;
    for (uint32_t l = 0; l < JOIN_RANGE_LEVELS; l++) {
        uint64_t larger = size * JOIN_RANGE_BLOCK;
        if (at % larger != 0 || ((const uint64_t *)range->lows[l].data)[at / larger] <= code)
            break;
        size = larger;
    }
    uint64_t next = at + size;
    return next < UINT32_MAX ? (uint32_t)next : UINT32_MAX;
}

uint32_t join_range_take(const JoinTable *table, uint32_t *at, uint32_t end, uint64_t code,
                         uint32_t room, uint32_t *rows)
{
    const JoinRange *range = &table->range;
    uint32_t position = *at, count = 0;
    if (range->test_count < 2) {
        for (; position < end && count < room; position++)
            rows[count++] = join_table_row(table, position);
        *at = position;
        return count;
    }
    const uint64_t *codes = range->codes[1].data;
    const uint64_t *lows = range->lows[0].data;
    while (position < end && count < room) {
        uint32_t block = position / JOIN_RANGE_BLOCK;
        if (position % JOIN_RANGE_BLOCK == 0 && lows[block] > code) {
            position = pass_blocks(range, position, code);
            continue;
        }
        uint32_t stop = (block + 1) * JOIN_RANGE_BLOCK;
        stop = stop < end ? stop : end;
        stop = stop - position < room - count ? stop : position + (room - count);
        for (; position < stop; position++) {
            rows[count] = join_table_row(table, position);
            count += codes[position] <= code;
        }
    }
    *at = position < end ? position : end;
    return count;
}

/*
 * Conditions on a string column as ranges of the codes of a segment's dictionary: what compares
 * the column with constants is looked up in the dictionary, which is not decoded for it.
 */
#include "engine/operator/scan_internal.h"

enum {
    MOST_RANGES = 1024, /* of a list: longer ones are tested by the dictionary as a whole */
    FIRST_RANGES = 16,
    FEW_RANGES = 8, /* are compared with one by one, more looked up in a table of bits */
};

typedef struct CodeSearch {
    SegmentReader *reader;
    uint32_t column; /* of the segment */
    int dialect;
    Arena *arena;
    CodeRange *ranges;
    uint32_t count, capacity;
} CodeSearch;

static void make_room(CodeSearch *search)
{
    if (search->count < search->capacity)
        return;
    CodeRange *ranges = ARENA_ARRAY(search->arena, CodeRange, search->capacity * 2);
    memcpy(ranges, search->ranges, search->count * sizeof *ranges);
    search->ranges = ranges;
    search->capacity *= 2;
}

static bool add_range(CodeSearch *search, uint32_t first, uint32_t behind)
{
    if (first >= behind)
        return true;
    if (search->count == MOST_RANGES)
        return false;
    make_room(search);
    search->ranges[search->count++] = (CodeRange){first, behind - 1};
    return true;
}

static bool bound(CodeSearch *search, Text text, bool after, uint32_t *code, Fault *fault)
{
    return segment_lower_bound(search->reader, search->column, text, after, code, fault);
}

/* A column of texts: padded characters and documents compare by other rules than their bytes. */
static bool is_text_column(const Expr *expr)
{
    return expr->kind == EXPR_COLUMN && function_orders_by_bytes(expr->type);
}

/* --- one condition: *is_known false when it says nothing that can be looked up --- */

static bool search_equal(CodeSearch *search, Text text, bool *is_known, Fault *fault)
{
    uint32_t code;

    if (!segment_find_entry(search->reader, search->column, text, &code, fault))
        return false;
    *is_known = code == 0 || add_range(search, code, code + 1);
    return true;
}

static bool search_comparison(CodeSearch *search, Comparison comparison, Text text, bool *is_known,
                              Fault *fault)
{
    uint32_t first = 1, behind = UINT32_MAX;

    if (comparison == COMPARE_EQ)
        return search_equal(search, text, is_known, fault);
    bool is_below = comparison == COMPARE_LT || comparison == COMPARE_LE;
    if (!bound(search, text, comparison == COMPARE_GT || comparison == COMPARE_LE,
               is_below ? &behind : &first, fault))
        return false;
    if (!is_below)
        behind = segment_dictionary_count(search->reader, search->column) + 1;
    *is_known = add_range(search, first, behind);
    return true;
}

/* The least text above all that start with the prefix: one more in its last byte that can have
 * that. Empty: there is none. */
static Text text_behind(Text prefix, Arena *arena)
{
    char *next = arena_strndup(arena, prefix.data, prefix.length);
    uint32_t length = prefix.length;

    while (length != 0 && (uint8_t)next[length - 1] == UINT8_MAX)
        length--;
    if (length != 0)
        next[length - 1] = (char)((uint8_t)next[length - 1] + 1);
    return (Text){next, length};
}

static bool search_prefix(CodeSearch *search, Text prefix, bool *is_known, Fault *fault)
{
    uint32_t first, behind = segment_dictionary_count(search->reader, search->column) + 1;
    Text next = text_behind(prefix, search->arena);

    if (!bound(search, prefix, false, &first, fault) ||
        (next.length != 0 && !bound(search, next, false, &behind, fault)))
        return false;
    *is_known = add_range(search, first, behind);
    return true;
}

static bool search_call(CodeSearch *search, const Expr *expr, bool *is_known, Fault *fault)
{
    const Expr *left;
    const Vector *constant;
    Comparison comparison;
    Text prefix;

    *is_known = false;
    if (expr_as_comparison(expr, &left, &comparison, &constant)) {
        if (!is_text_column(left) || constant->layout != LAYOUT_STRING || comparison == COMPARE_NE)
            return true;
        return search_comparison(search, comparison, vector_text(constant, 0), is_known, fault);
    }
    if (expr->argument_count != 2 || !is_text_column(expr->arguments[0]) ||
        expr->arguments[1]->kind != EXPR_CONSTANT)
        return true;
    constant = expr->arguments[1]->value;
    if (constant->layout != LAYOUT_STRING || vector_is_null(constant, 0) ||
        !function_tests_prefix(expr->call.function, vector_text(constant, 0), search->dialect,
                               search->arena, &prefix))
        return true;
    return search_prefix(search, prefix, is_known, fault);
}

static bool search_list(CodeSearch *search, const Expr *expr, bool *is_known, Fault *fault)
{
    const Vector *list = expr->in.list;

    *is_known = is_text_column(expr->arguments[0]) && list->length <= MOST_RANGES;
    for (uint32_t i = 0; *is_known && i < list->length; i++)
        if (!search_equal(search, vector_text(list, i), is_known, fault))
            return false;
    return true;
}

/* The ranges of all parts of an OR together. Its parts are of one column. */
static bool search_condition(CodeSearch *search, const Expr *expr, bool *is_known, Fault *fault)
{
    *is_known = false;
    if (expr->kind == EXPR_CALL)
        return search_call(search, expr, is_known, fault);
    if (expr->kind == EXPR_IN_LIST)
        return search_list(search, expr, is_known, fault);
    if (expr->kind != EXPR_OR || expr->argument_count > MOST_RANGES)
        return true;
    *is_known = true;
    for (uint32_t i = 0; *is_known && i < expr->argument_count; i++)
        if (!search_condition(search, expr->arguments[i], is_known, fault))
            return false;
    return true;
}

bool codes_of_condition(SegmentReader *reader, uint32_t column, const Expr *expr, int dialect,
                        Arena *arena, CodeRanges *result, Fault *fault)
{
    CodeSearch search = {.reader = reader,
                         .column = column,
                         .dialect = dialect,
                         .arena = arena,
                         .ranges = ARENA_ARRAY(arena, CodeRange, FIRST_RANGES),
                         .capacity = FIRST_RANGES};
    *result = (CodeRanges){0};
    if (!search_condition(&search, expr, &result->is_known, fault))
        return false;
    result->ranges = search.ranges;
    result->count = search.count;
    return true;
}

void codes_make_bits(CodeRanges *codes, uint32_t entries, Arena *arena)
{
    if (codes->count <= FEW_RANGES)
        return;
    codes->bits = arena_zalloc(arena, ((size_t)entries / 64 + 1) * sizeof *codes->bits);
    codes->bit_count = entries + 1;
    for (uint32_t i = 0; i < codes->count; i++)
        for (uint32_t code = codes->ranges[i].first; code <= codes->ranges[i].last; code++)
            codes->bits[code / 64] |= 1ULL << code % 64;
}

uint32_t condition_string_column(const Expr *expr)
{
    if (expr->kind == EXPR_OR) {
        uint32_t column = condition_string_column(expr->arguments[0]);
        for (uint32_t i = 1; i < expr->argument_count; i++)
            if (condition_string_column(expr->arguments[i]) != column)
                return UINT32_MAX;
        return column;
    }
    if (expr->kind != EXPR_CALL && expr->kind != EXPR_IN_LIST)
        return UINT32_MAX;
    uint32_t column = UINT32_MAX;
    for (uint32_t i = 0; i < expr->argument_count; i++)
        if (is_text_column(expr->arguments[i]))
            column = expr->arguments[i]->column;
        else if (expr->arguments[i]->kind != EXPR_CONSTANT)
            return UINT32_MAX;
    return column;
}

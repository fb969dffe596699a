/*
 * Where the parts of a document begin in PostgreSQL's binary form of it (jsonb.h): a word for a
 * container, one for each of its parts, then the parts, numbers and containers at multiples of
 * four bytes. keyvalue() of SQL/JSON paths tells objects apart by that.
 */
#include "engine/function/jsonpath_internal.h"

enum { WORD = 4 };

typedef struct Placement {
    const JsonTree *wanted;
    int64_t found; /* -1: not yet */
} Placement;

static int64_t aligned(int64_t at)
{
    return (at + WORD - 1) / WORD * WORD;
}

/* Numeric's digits are groups of four decimal ones, without zeros at either end. */
static int64_t number_size(Text digits)
{
    bool is_negative = digits.length > 0 && digits.data[0] == '-', is_zero = true;
    const char *start = digits.data + is_negative, *end = digits.data + digits.length;
    const char *point = memchr(start, '.', (size_t)(end - start));
    int64_t whole = (point == NULL ? end : point) - start;
    int64_t fraction = point == NULL ? 0 : end - point - 1, first = 0, last = 0;
    for (const char *p = start; p < end; p++) {
        if (*p == '.' || *p == '0')
            continue;
        int64_t power = p < start + whole ? whole - 1 - (p - start) : point - p; /* of ten */
        int64_t group = power >= 0 ? power / 4 : -((3 - power) / 4);
        first = is_zero ? group : first;
        last = group;
        is_zero = false;
    }
    int64_t groups = is_zero ? 0 : first - last + 1;
    bool is_short = fraction <= 63 && first <= 63 && first >= -64;
    return WORD + (is_short ? 2 : 4) + 2 * groups;
}

static int64_t place(Placement *layout, const JsonTree *tree, int64_t at)
{
    switch (tree->kind) {
    case JSON_TREE_STRING: return at + tree->text.length;
    case JSON_TREE_NUMBER: return aligned(at) + number_size(tree->text);
    case JSON_TREE_ARRAY:
    case JSON_TREE_OBJECT: break;
    default: return at;
    }
    at = aligned(at);
    if (tree == layout->wanted)
        layout->found = at;
    bool is_object = tree->kind == JSON_TREE_OBJECT;
    at += WORD + (int64_t)tree->count * WORD * (is_object ? 2 : 1);
    for (uint32_t i = 0; is_object && i < tree->count; i++)
        at += tree->keys[i].length;
    for (uint32_t i = 0; i < tree->count; i++)
        at = place(layout, tree->items[i], at);
    return at;
}

int64_t json_binary_offset(const JsonTree *base, const JsonTree *item)
{
    Placement layout = {.wanted = item, .found = -1};
    place(&layout, base, 0);
    return layout.found;
}

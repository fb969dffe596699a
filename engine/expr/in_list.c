/*
 * IN (constants): a short list of numbers is compared one by one, which vectorises; a long one
 * is a hash set; texts of a dictionary are judged once an entry.
 */
#include "engine/expr/program_internal.h"

enum { SHORT_LIST = 12 };

static uint32_t slot_of(const ItemSet *items, uint64_t hash)
{
    return (uint32_t)(hash >> 20) & items->slot_mask;
}

static bool holds(const ItemSet *items, const Vector *values, uint32_t row, uint64_t hash)
{
    for (uint32_t slot = slot_of(items, hash);; slot = (slot + 1) & items->slot_mask) {
        if (items->slots[slot] == 0)
            return false;
        if (vector_rows_equal(values, row, items->list, items->slots[slot] - 1))
            return true;
    }
}

static void build_set(Arena *arena, ItemSet *items)
{
    uint32_t size = 16;
    while (size < items->list->length * 2)
        size *= 2;
    uint32_t *slots = arena_zalloc(arena, size * sizeof *slots);
    uint64_t *hashes = ARENA_ARRAY(arena, uint64_t, items->list->length + 1);
    vector_hash(items->list, hashes, false);
    items->slot_mask = size - 1;
    for (uint32_t i = 0; i < items->list->length; i++) {
        uint32_t slot = slot_of(items, hashes[i]);
        while (slots[slot] != 0)
            slot = (slot + 1) & items->slot_mask;
        slots[slot] = i + 1;
    }
    items->slots = slots;
}

static void test_entries(const void *state, const Dictionary *dictionary, uint32_t first, uint32_t count,
                         uint8_t *results)
{
    const ItemSet *items = state;
    for (uint32_t i = 0; i < count; i++) {
        Text text = dictionary_text(dictionary, first + i);
        uint64_t hash;
        Vector one = vector_flat(LAYOUT_STRING, 1, &text, NULL);
        vector_hash(&one, &hash, false);
        results[i] = holds(items, &one, 0, hash);
    }
}

bool item_set_make(Arena *arena, const Expr *expr, ItemSet *items)
{
    *items = (ItemSet){.list = expr->in.list, .has_null = expr->in.list_has_null};
    bool is_short = items->list->layout == LAYOUT_INT64 && items->list->length <= SHORT_LIST;
    if (is_short)
        return true;
    build_set(arena, items);
    if (items->list->layout == LAYOUT_STRING) {
        ItemSet *kept = ARENA_NEW(arena, ItemSet);
        *kept = *items;
        items->tests = entry_tests_make(arena, test_entries, kept);
    }
    return true;
}

/* Four items a pass, so that the values are read a quarter as often. */
KERNEL_HOT static void compare_four(const int64_t *items, const int64_t *values, uint32_t rows,
                                    uint8_t *restrict out)
{
    const int64_t a = items[0], b = items[1], c = items[2], d = items[3];
    for (uint32_t i = 0; i < rows; i++)
        out[i] |= (values[i] == a) | (values[i] == b) | (values[i] == c) | (values[i] == d);
}

static void run_short(const ItemSet *items, const int64_t *values, uint32_t rows, uint8_t *out)
{
    const int64_t *list = items->list->data;
    uint32_t count = items->list->length;
    memset(out, 0, rows);
    for (uint32_t k = 0; k < count; k += 4) {
        int64_t four[4];
        for (uint32_t j = 0; j < 4; j++)
            four[j] = list[k + j < count ? k + j : count - 1];
        compare_four(four, values, rows, out);
    }
}

static void run_set(const ItemSet *items, const Vector *values, uint32_t rows, Arena *arena,
                    uint8_t *out)
{
    uint64_t *hashes = ARENA_ARRAY(arena, uint64_t, rows + 1);
    vector_hash(values, hashes, false);
    for (uint32_t i = 0; i < rows; i++)
        out[i] = !vector_is_null(values, i) && holds(items, values, i, hashes[i]);
}

/* NULL for a NULL value; and, when the list has a NULL, for a value that is not found. */
static void add_nulls(const ItemSet *items, const Vector *values, uint32_t rows, uint8_t *found, Arena *arena, Vector *result)
{
    uint8_t *nulls = arena_alloc_vector(arena, rows);
    uint8_t any = 0;
    for (uint32_t i = 0; i < rows; i++) {
        nulls[i] = vector_is_null(values, i) || (items->has_null && found[i] == 0);
        any |= nulls[i];
    }
    *result = vector_flat(LAYOUT_BOOL, rows, found, any != 0 ? nulls : NULL);
}

void item_set_run(const ItemSet *items, const Vector *values, uint32_t rows, Arena *arena, Vector *result)
{
    Vector flat;
    if (values->form == VECTOR_CONSTANT) {
        flat = vector_flatten(arena, values);
        values = &flat;
    }
    uint8_t *found = arena_alloc_vector(arena, rows);
    if (items->slot_mask == 0)
        run_short(items, values->data, rows, found);
    else if (items->tests != NULL && values->form == VECTOR_DICTIONARY)
        entry_tests_run(items->tests, values, found);
    else
        run_set(items, values, rows, arena, found);
    if (values->form == VECTOR_FLAT && values->nulls == NULL && !items->has_null)
        *result = vector_flat(LAYOUT_BOOL, rows, found, NULL);
    else
        add_nulls(items, values, rows, found, arena, result);
}

/*
 * Key tables: the shape of a table (how each column becomes integers, how tuples are looked up)
 * and its changes. key_table_column.c holds the columns, key_table_probe.c the lookups.
 */
#include "engine/operator/key_table_internal.h"

#include "engine/operator/key_column_internal.h"

#include <stdlib.h>

KeyTable *key_table_new(Budget *budget, uint32_t column_count, const Layout *layouts)
{
    KeyTable *table = calloc(1, sizeof *table);
    check(table != NULL);
    table->budget = budget;
    table->column_count = column_count;
    table->columns = calloc(column_count + 1u, sizeof *table->columns);
    check(table->columns != NULL);
    for (uint32_t c = 0; c < column_count; c++)
        key_column_init(&table->columns[c], budget, layouts[c]);
    table->null_entry = KEY_ENTRY_NONE;
    table->direct_limit = KEY_DIRECT_LIMIT;
    return table;
}

void key_table_expect(KeyTable *table, uint64_t keys)
{
    uint64_t limit = keys * KEY_DIRECT_SPARSE;
    limit = limit < KEY_DIRECT_LIMIT  ? KEY_DIRECT_LIMIT
            : limit > KEY_DIRECT_MOST ? KEY_DIRECT_MOST
                                      : limit;
    table->direct_limit = (uint32_t)limit;
    table->foreseen = keys;
    table->expected = (uint32_t)(keys < KEY_EXPECT_MOST ? keys : KEY_EXPECT_MOST);
    for (uint32_t c = 0; c < table->column_count; c++)
        table->columns[c].span_limit = (uint32_t)limit;
    if (table->column_count == 1)
        text_table_expect(&table->columns[0].own, table->expected);
}

void key_table_borrow_texts(KeyTable *table, SegmentCache *cache)
{
    table->cache = cache;
}

bool key_table_be_local(KeyTable *table, const Vector *const *columns, bool is_dense)
{
    bool is_large = false;
    check(table->mode == KEYS_UNDECIDED);
    for (uint32_t c = 0; c < table->column_count; c++)
        is_large |= columns[c]->form == VECTOR_DICTIONARY &&
                    columns[c]->dictionary->home != NULL &&
                    columns[c]->dictionary->count >= KEY_LOCAL_ENTRIES;
    if (!is_large)
        return false;
    if (!table->is_local)
        table->expected = 0; /* what comes from one dictionary is another number */
    table->is_local = true;
    table->is_dense = is_dense;
    for (uint32_t c = 0; c < table->column_count; c++)
        key_column_be_local(&table->columns[c], columns[c]);
    return true;
}

bool key_table_accepts(const KeyTable *table, const Vector *const *columns)
{
    for (uint32_t c = 0; c < table->column_count; c++)
        if (table->columns[c].local != NULL &&
            (columns[c]->form != VECTOR_DICTIONARY ||
             columns[c]->dictionary != table->columns[c].local))
            return false;
    return true;
}

static void lookup_clear(KeyTable *table)
{
    grow_array_free(&table->direct, table->budget);
    grow_array_free(&table->slots, table->budget);
    grow_array_free(&table->packed, table->budget);
    grow_array_free(&table->present, table->budget);
    table->present_count = 0;
    table->slot_bits = 0;
    table->mode = KEYS_UNDECIDED;
}

void key_table_free(KeyTable *table)
{
    if (table == NULL)
        return;
    lookup_clear(table);
    for (uint32_t c = 0; c < table->column_count; c++)
        key_column_clear(&table->columns[c]);
    free(table->columns);
    free(table->words);
    free(table);
}

void key_table_reset(KeyTable *table)
{
    if (table->is_local) /* the next dictionary's keys are about as many */
        table->expected = table->count < KEY_EXPECT_MOST ? table->count : KEY_EXPECT_MOST;
    table->count = 0;
    lookup_clear(table);
    for (uint32_t c = 0; c < table->column_count; c++)
        key_column_reset(&table->columns[c]);
    table->count = 0;
    table->has_null = false;
    table->null_entry = KEY_ENTRY_NONE;
}

uint32_t key_table_first(const KeyTable *table)
{
    return table->mode == KEYS_IDENTITY && !table->has_null ? 1 : 0;
}

bool key_table_reserves_null(const KeyTable *table)
{
    return table->mode == KEYS_IDENTITY;
}

uint32_t key_table_count(const KeyTable *table)
{
    return table->count;
}

/* Whether there are entries for keys that have not come. */
static bool has_absent_entries(const KeyTable *table)
{
    return table->mode == KEYS_LOCAL || table->mode == KEYS_KEPT;
}

uint32_t key_table_present_count(const KeyTable *table)
{
    return has_absent_entries(table) ? table->present_count : table->count;
}

uint32_t key_table_present(const KeyTable *table, uint32_t first, uint32_t count, uint32_t *rows)
{
    if (has_absent_entries(table)) {
        const uint8_t *present = (const uint8_t *)table->present.data + first;
        Vector marks = vector_flat(LAYOUT_BOOL, count, present, NULL);
        return vector_true_rows(&marks, rows);
    }
    for (uint32_t i = 0; i < count; i++)
        rows[i] = i;
    return count;
}

size_t key_table_memory(const KeyTable *table)
{
    size_t sum =
        table->direct.size + table->slots.size + table->packed.size + table->present.size;
    for (uint32_t c = 0; c < table->column_count; c++)
        sum += key_column_memory(&table->columns[c]);
    return sum;
}

/* --- which lookup fits --- */

/* The columns' spans multiplied; 0 when that is beyond what is looked up directly. */
static uint64_t direct_product(const KeyTable *table)
{
    uint64_t product = 1;
    uint64_t limit = table->is_local ? KEY_LOCAL_DIRECT : table->direct_limit;
    for (uint32_t c = 0; c < table->column_count; c++) {
        const KeyColumn *column = &table->columns[c];
        if (column->span == 0)
            return 0;
        product *= column->span;
        if (product > limit)
            return 0;
    }
    return product;
}

/* Words of a packed tuple: one a wide column, half a one for others, half for the null bits of
 * every 32 wide columns. */
static void pack_layout(KeyTable *table)
{
    uint32_t wide = 0;
    for (uint32_t c = 0; c < table->column_count; c++)
        wide += table->columns[c].kind == KEY_WIDE;
    uint32_t narrow = table->column_count - wide;
    table->is_single_wide = wide == 1 && narrow == 0;
    table->null_halves = table->is_single_wide ? 0 : (wide + 31) / 32;
    table->word_count = wide + (narrow + table->null_halves + 1) / 2;
    if (table->word_count == 0)
        table->word_count = 1;
}

static bool enter_local(KeyTable *table, Fault *fault)
{
    lookup_clear(table);
    table->mode = KEYS_LOCAL;
    table->count = table->columns[0].local->count;
    return grow_array(&table->present, table->budget, table->count, fault);
}

/* Whether most of the texts that are kept are thought to come: then an array of all of them is no
 * larger than a table of those that come, and needs no lookup. */
static bool fits_kept(const KeyTable *table)
{
    const KeyColumn *first = &table->columns[0];
    return table->column_count == 1 && first->cache != NULL &&
           table->foreseen * KEY_KEPT_SPARSE >= first->texts->count;
}

static bool enter_kept(KeyTable *table)
{
    lookup_clear(table);
    table->columns[0].span = 0;
    table->mode = KEYS_KEPT;
    return true;
}

static bool enter_direct(KeyTable *table, uint64_t product, Fault *fault)
{
    lookup_clear(table);
    if (!grow_array(&table->direct, table->budget, product * sizeof(uint32_t), fault))
        return false;
    table->mode = KEYS_DIRECT;
    return true;
}

static bool enter_hash(KeyTable *table, Fault *fault)
{
    lookup_clear(table);
    for (uint32_t c = 0; c < table->column_count; c++)
        key_column_leave_spans(&table->columns[c]);
    pack_layout(table);
    free(table->words);
    table->words = malloc((size_t)table->word_count * BATCH_ROWS * sizeof *table->words);
    check(table->words != NULL);
    table->mode = KEYS_HASH;
    uint32_t more = table->expected > table->count ? table->expected - table->count : 0;
    return key_hash_reserve(table, more + BATCH_ROWS, fault);
}

/* Looks at the columns' kinds and spans, changes the lookup when it no longer fits, and enters
 * the entries that are there again. */
static bool choose_lookup(KeyTable *table, Fault *fault)
{
    const KeyColumn *first = &table->columns[0];
    if (table->column_count == 1 && first->kind == KEY_INTERNED && first->texts == &first->own &&
        first->local == NULL) {
        table->columns[0].span = 0;
        table->mode = KEYS_IDENTITY;
        return true;
    }
    if (fits_kept(table))
        return enter_kept(table);
    if (table->is_dense && table->column_count == 1 && first->local != NULL &&
        first->local->count <= KEY_LOCAL_DENSE)
        return enter_local(table, fault);
    uint64_t product = table->mode == KEYS_HASH ? 0 : direct_product(table);
    /* An array that does not fit into memory is no reason to fail: slots take less. */
    Fault refused;
    bool is_entered = product != 0 && enter_direct(table, product, &refused);
    if (!is_entered && !enter_hash(table, fault))
        return false;
    return key_table_reenter(table, fault);
}

/* Encodes the batch's columns; *changed tells that a column outgrew its kind or span. */
static bool encode(KeyTable *table, const Vector *const *columns, uint32_t rows, bool *changed,
                   Fault *fault)
{
    *changed = false;
    for (uint32_t c = 0; c < table->column_count; c++) {
        bool column_changed = false;
        bool allow_span = table->mode == KEYS_UNDECIDED || table->mode == KEYS_DIRECT;
        if (!key_column_encode(&table->columns[c], columns[c], rows, allow_span, &column_changed,
                               fault))
            return false;
        *changed |= column_changed;
    }
    return true;
}

bool key_table_add(KeyTable *table, const Vector *const *columns, uint32_t rows, uint32_t *entries,
                   Fault *fault)
{
    check(rows <= BATCH_ROWS);
    if (rows == 0)
        return true;
    if (table->mode == KEYS_UNDECIDED && table->cache != NULL)
        for (uint32_t c = 0; c < table->column_count; c++)
            if (table->columns[c].local == NULL)
                key_column_borrow(&table->columns[c], table->cache, columns[c]);
    bool changed;
    do {
        if (!encode(table, columns, rows, &changed, fault))
            return false;
        changed |= table->mode == KEYS_UNDECIDED;
        if (changed && !choose_lookup(table, fault))
            return false;
        /* Entering the old entries again has overwritten the batch's codes. Kinds and spans only
         * ever widen, so this ends. */
    } while (changed);
    switch (table->mode) {
    case KEYS_IDENTITY:
        return key_identity_add(table, rows, entries, fault);
    case KEYS_KEPT:
        table->count = table->columns[0].texts->count;
        if (!grow_array(&table->present, table->budget, table->count, fault))
            return false;
        key_local_add(table, rows, entries);
        return true;
    case KEYS_LOCAL:
        key_local_add(table, rows, entries);
        return true;
    case KEYS_DIRECT:
        return key_direct_add(table, rows, entries, fault);
    case KEYS_HASH:
        return key_hash_add(table, rows, entries, fault);
    case KEYS_UNDECIDED:
        break;
    }
    return fault_set(fault, FAULT_INTERNAL_ERROR, "a key table has no lookup");
}

bool key_table_find(KeyTable *table, const Vector *const *columns, uint32_t rows, uint32_t *entries,
                    Fault *fault)
{
    check(rows <= BATCH_ROWS);
    bool is_absent[BATCH_ROWS];
    memset(is_absent, 0, rows);
    if (table->mode == KEYS_UNDECIDED) {
        for (uint32_t i = 0; i < rows; i++)
            entries[i] = KEY_ENTRY_NONE;
        return true;
    }
    for (uint32_t c = 0; c < table->column_count; c++)
        if (!key_column_find(&table->columns[c], columns[c], rows, is_absent, fault))
            return false;
    switch (table->mode) {
    case KEYS_IDENTITY:
        key_identity_find(table, rows, is_absent, entries);
        break;
    case KEYS_DIRECT:
        key_direct_find(table, rows, is_absent, entries);
        break;
    case KEYS_HASH:
        key_hash_find(table, rows, is_absent, entries);
        break;
    case KEYS_LOCAL: /* whose entries are not looked for, */
    case KEYS_KEPT:  /* nor are these: it was not borrowed for that */
    case KEYS_UNDECIDED:
        break;
    }
    return true;
}

bool key_table_range(const KeyTable *table, int64_t *low, int64_t *high)
{
    const KeyColumn *column = &table->columns[0];
    if (table->column_count != 1 || column->layout != LAYOUT_INT64)
        return false;
    const int64_t *values = column->values.data;
    const uint8_t *nulls = column->nulls.data;
    *low = INT64_MAX;
    *high = INT64_MIN;
    for (uint32_t i = 0; i < table->count; i++) {
        if (nulls[i])
            continue;
        *low = values[i] < *low ? values[i] : *low;
        *high = values[i] > *high ? values[i] : *high;
    }
    return *low <= *high;
}

void key_table_mark(const KeyTable *table, int64_t low, uint64_t *bits)
{
    const int64_t *values = table->columns[0].values.data;
    const uint8_t *nulls = table->columns[0].nulls.data;
    for (uint32_t i = 0; i < table->count; i++) {
        uint64_t at = (uint64_t)values[i] - (uint64_t)low;
        if (!nulls[i])
            bits[at / 64] |= UINT64_C(1) << at % 64;
    }
}

void key_table_columns(KeyTable *table, uint32_t first, uint32_t count, Arena *arena,
                       Vector *columns)
{
    bool is_identity = table->mode == KEYS_IDENTITY || has_absent_entries(table);
    for (uint32_t c = 0; c < table->column_count; c++)
        columns[c] = key_column_vector(&table->columns[c], is_identity, first, count, arena);
}

/*
 * The lookups of key tables. Each takes the batch at hand, encoded into integers, and gives
 * entries, making new ones where it may.
 */
#include "engine/operator/key_column_internal.h"

enum { PREFETCH_ROWS = 32, FIRST_SLOT_BITS = 8, FAST_SLOT_BITS = 18 };

/* --- new entries --- */

/* The rows of the batch at hand that made new entries: first_entry, first_entry + 1, ... Their
 * values are kept together when the whole batch has been looked up. */
typedef struct NewEntries {
    uint32_t first;
    uint32_t rows[BATCH_ROWS];
} NewEntries;

static inline uint32_t entry_new(KeyTable *table, NewEntries *made, uint32_t row)
{
    made->rows[table->count - made->first] = row;
    return table->count++;
}

static bool keep_entries(KeyTable *table, const NewEntries *made, Fault *fault)
{
    uint32_t count = table->count - made->first;
    if (count == 0)
        return true;
    if (table->count > ROWS_LIMIT)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "too many distinct keys to hold at once");
    for (uint32_t c = 0; c < table->column_count; c++)
        if (!key_column_keep(&table->columns[c], made->rows, count, made->first, fault))
            return false;
    return true;
}

/* --- identity --- */

bool key_identity_add(KeyTable *table, uint32_t rows, uint32_t *entries, Fault *fault)
{
    (void)fault;
    const KeyColumn *column = &table->columns[0];
    memcpy(entries, column->codes, rows * sizeof *entries);
    table->count = column->texts->count;
    if (!table->has_null) {
        uint32_t nulls = 0;
        for (uint32_t i = 0; i < rows; i++)
            nulls |= entries[i] == 0;
        table->has_null = nulls != 0;
    }
    return true;
}

/* --- local --- */

void key_local_add(KeyTable *table, uint32_t rows, uint32_t *entries)
{
    uint8_t *present = table->present.data;
    const uint32_t *codes = table->columns[0].codes;
    uint32_t fresh = 0;
    for (uint32_t i = 0; i < rows; i++) {
        fresh += present[codes[i]] == 0;
        present[codes[i]] = 1;
    }
    memcpy(entries, codes, rows * sizeof *entries);
    table->present_count += fresh;
}

void key_identity_find(KeyTable *table, uint32_t rows, const bool *is_absent, uint32_t *entries)
{
    const KeyColumn *column = &table->columns[0];
    for (uint32_t i = 0; i < rows; i++) {
        bool is_missing = is_absent[i] || (column->codes[i] == 0 && !table->has_null);
        entries[i] = is_missing ? KEY_ENTRY_NONE : column->codes[i];
    }
}

/* --- direct --- */

static void combine_codes(const KeyTable *table, uint32_t rows, uint32_t *combined)
{
    const KeyColumn *first = &table->columns[0];
    memcpy(combined, first->codes, rows * sizeof *combined);
    uint32_t multiplier = first->span;
    for (uint32_t c = 1; c < table->column_count; c++) {
        const KeyColumn *column = &table->columns[c];
        for (uint32_t i = 0; i < rows; i++)
            combined[i] += column->codes[i] * multiplier;
        multiplier *= column->span;
    }
}

bool key_direct_add(KeyTable *table, uint32_t rows, uint32_t *entries, Fault *fault)
{
    uint32_t combined[BATCH_ROWS + 16];
    uint32_t *direct = table->direct.data;
    combine_codes(table, rows, combined);
    uint32_t missing = 0;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t entry = direct[combined[i]];
        missing |= entry == 0;
        entries[i] = entry - 1;
    }
    if (!missing)
        return true;
    NewEntries made = {.first = table->count};
    for (uint32_t i = 0; i < rows; i++) {
        if (entries[i] != UINT32_MAX)
            continue;
        uint32_t *slot = &direct[combined[i]];
        if (*slot == 0)
            *slot = entry_new(table, &made, i) + 1;
        entries[i] = *slot - 1;
    }
    return keep_entries(table, &made, fault);
}

void key_direct_find(KeyTable *table, uint32_t rows, const bool *is_absent, uint32_t *entries)
{
    uint32_t combined[BATCH_ROWS + 16];
    const uint32_t *direct = table->direct.data;
    combine_codes(table, rows, combined);
    for (uint32_t i = 0; i < rows; i++)
        entries[i] = is_absent[i] ? KEY_ENTRY_NONE : direct[combined[i]] - 1;
}

/* --- hash: packing --- */

typedef uint64_t Word;

/* The tuples of the batch at hand, word by word: words[w * BATCH_ROWS + i]. */
static void pack(const KeyTable *table, uint32_t rows, Word *words)
{
    uint32_t halves = 0; /* narrow codes packed so far */
    memset(words, 0, (size_t)table->word_count * BATCH_ROWS * sizeof *words);
    uint32_t narrow_words = table->word_count;
    for (uint32_t c = 0; c < table->column_count; c++)
        narrow_words -= table->columns[c].kind == KEY_WIDE;
    uint32_t wide = narrow_words;
    uint32_t null_bit = 0;
    for (uint32_t c = 0; c < table->column_count; c++) {
        const KeyColumn *column = &table->columns[c];
        if (column->kind == KEY_WIDE) {
            memcpy(words + (size_t)wide * BATCH_ROWS, column->integers, rows * sizeof(Word));
            wide++;
            continue;
        }
        Word *word = words + (size_t)(halves / 2) * BATCH_ROWS;
        uint32_t shift = halves % 2 * 32;
        for (uint32_t i = 0; i < rows; i++)
            word[i] |= (Word)column->codes[i] << shift;
        halves++;
    }
    if (table->null_halves == 0)
        return;
    for (uint32_t c = 0; c < table->column_count; c++) {
        const KeyColumn *column = &table->columns[c];
        if (column->kind != KEY_WIDE)
            continue;
        uint32_t half = halves + null_bit / 32;
        Word *word = words + (size_t)(half / 2) * BATCH_ROWS;
        uint32_t shift = half % 2 * 32 + null_bit % 32;
        for (uint32_t i = 0; i < rows; i++)
            word[i] |= (Word)column->is_null[i] << shift;
        null_bit++;
    }
}

/* A multiplicative mixer whose upper bits depend on all bits below (Steele, Lea, Flood 2014). */
static inline uint64_t mix(uint64_t hash, Word word)
{
    hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 32);
}

static void hash_words(const Word *words, uint32_t word_count, uint32_t rows, uint64_t *hashes)
{
    for (uint32_t i = 0; i < rows; i++)
        hashes[i] = mix(UINT64_C(0x2545F4914F6CDD1D), words[i]);
    for (uint32_t w = 1; w < word_count; w++)
        for (uint32_t i = 0; i < rows; i++)
            hashes[i] = mix(hashes[i], words[(size_t)w * BATCH_ROWS + i]);
    for (uint32_t i = 0; i < rows; i++)
        hashes[i] *= UINT64_C(0xD6E8FEB86659FD93);
}

/* --- hash: slots --- */

typedef struct WordSlot { /* one word: the key lies in the slot */
    Word key;
    uint64_t entry; /* + 1; 0 empty */
} WordSlot;

static inline uint32_t slot_of(const KeyTable *table, uint64_t hash)
{
    return (uint32_t)(hash >> (64 - table->slot_bits));
}

static size_t slot_size(const KeyTable *table)
{
    return table->word_count == 1 ? sizeof(WordSlot) : sizeof(uint64_t);
}

static inline uint32_t probe_word(const KeyTable *table, Word key, uint64_t hash)
{
    const WordSlot *slots = table->slots.data;
    uint32_t mask = (1u << table->slot_bits) - 1;
    uint32_t at = slot_of(table, hash);
    while (slots[at].entry != 0 && slots[at].key != key)
        at = (at + 1) & mask;
    return at;
}

/* Slots of several words hold the hash's lower half and the entry + 1. */
static inline uint64_t tag_of(uint64_t hash)
{
    return hash << 32;
}

static inline bool tuple_equal(const KeyTable *table, uint32_t entry, const Word *words,
                               uint32_t row)
{
    const Word *kept = (const Word *)table->packed.data + (size_t)entry * table->word_count;
    Word different = 0;
    for (uint32_t w = 0; w < table->word_count; w++)
        different |= kept[w] ^ words[(size_t)w * BATCH_ROWS + row];
    return different == 0;
}

static inline uint32_t probe_tuple(const KeyTable *table, const Word *words, uint32_t row,
                                   uint64_t hash)
{
    const uint64_t *slots = table->slots.data;
    uint32_t mask = (1u << table->slot_bits) - 1;
    uint32_t at = slot_of(table, hash);
    for (; slots[at] != 0; at = (at + 1) & mask)
        if ((slots[at] & UINT64_C(0xFFFFFFFF00000000)) == tag_of(hash) &&
            tuple_equal(table, (uint32_t)slots[at] - 1, words, row))
            return at;
    return at;
}

static inline uint32_t slot_entry(const KeyTable *table, uint32_t at)
{
    if (table->word_count == 1)
        return (uint32_t)((const WordSlot *)table->slots.data)[at].entry - 1;
    return (uint32_t)((const uint64_t *)table->slots.data)[at] - 1;
}

/* `packed` must have room. */
static inline void slot_fill(KeyTable *table, uint32_t at, const Word *words, uint32_t row,
                             uint64_t hash, uint32_t entry)
{
    if (table->word_count == 1) {
        ((WordSlot *)table->slots.data)[at] = (WordSlot){words[row], (uint64_t)entry + 1};
        return;
    }
    Word *kept = (Word *)table->packed.data + (size_t)entry * table->word_count;
    for (uint32_t w = 0; w < table->word_count; w++)
        kept[w] = words[(size_t)w * BATCH_ROWS + row];
    ((uint64_t *)table->slots.data)[at] = tag_of(hash) | (entry + 1);
}

static void move_word_slots(const KeyTable *table, GrowArray slots, uint32_t bits)
{
    const WordSlot *from = table->slots.data;
    WordSlot *to = slots.data;
    uint32_t mask = (1u << bits) - 1;
    for (uint32_t i = 0; i < 1u << table->slot_bits; i++) {
        if (from[i].entry == 0)
            continue;
        uint64_t hash;
        hash_words(&from[i].key, 1, 1, &hash);
        uint32_t at = (uint32_t)(hash >> (64 - bits));
        while (to[at].entry != 0)
            at = (at + 1) & mask;
        to[at] = from[i];
    }
}

static void move_tuple_slots(const KeyTable *table, GrowArray slots, uint32_t bits)
{
    const uint64_t *from = table->slots.data;
    uint64_t *to = slots.data;
    uint32_t mask = (1u << bits) - 1;
    for (uint32_t i = 0; i < 1u << table->slot_bits; i++) {
        if (from[i] == 0)
            continue;
        const Word *kept =
            (const Word *)table->packed.data + (size_t)((uint32_t)from[i] - 1) * table->word_count;
        uint64_t hash = mix(UINT64_C(0x2545F4914F6CDD1D), kept[0]);
        for (uint32_t w = 1; w < table->word_count; w++)
            hash = mix(hash, kept[w]);
        hash *= UINT64_C(0xD6E8FEB86659FD93);
        uint32_t at = (uint32_t)(hash >> (64 - bits));
        while (to[at] != 0)
            at = (at + 1) & mask;
        to[at] = from[i];
    }
}

/* Slots for `extra` more entries at a load of at most three quarters. */
bool key_hash_reserve(KeyTable *table, uint32_t extra, Fault *fault)
{
    uint64_t wanted = ((uint64_t)table->count + extra) / 3 * 4 + 4;
    uint32_t bits = table->slots.data == NULL ? FIRST_SLOT_BITS : table->slot_bits;
    size_t packed = table->word_count == 1
                        ? 0
                        : ((size_t)table->count + extra) * table->word_count * sizeof(Word);
    if (!grow_array_unset(&table->packed, table->budget, packed, fault))
        return false;
    /* Small tables grow in larger steps: entering everything again is not free. */
    while ((UINT64_C(1) << bits) < wanted)
        bits += bits < FAST_SLOT_BITS ? 2 : 1;
    if (table->slots.data != NULL && bits == table->slot_bits)
        return true;
    if (bits > 31)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "too many distinct keys to hold at once");
    GrowArray slots = {0};
    if (!grow_array(&slots, table->budget, slot_size(table) << bits, fault))
        return false;
    if (table->slots.data != NULL) {
        if (table->word_count == 1)
            move_word_slots(table, slots, bits);
        else
            move_tuple_slots(table, slots, bits);
        grow_array_free(&table->slots, table->budget);
    }
    table->slots = slots;
    table->slot_bits = bits;
    return true;
}

static inline void prefetch_slot(const KeyTable *table, uint64_t hash)
{
    __builtin_prefetch((const char *)table->slots.data + slot_of(table, hash) * slot_size(table));
}

/* The kept tuple that a slot, fetched before, points to. */
static inline void prefetch_tuple(const KeyTable *table, uint64_t hash)
{
    uint64_t slot = ((const uint64_t *)table->slots.data)[slot_of(table, hash)];
    if (slot != 0)
        __builtin_prefetch((const Word *)table->packed.data +
                           (size_t)((uint32_t)slot - 1) * table->word_count);
}

static inline uint32_t null_add(KeyTable *table, NewEntries *made, uint32_t row)
{
    if (table->null_entry == KEY_ENTRY_NONE)
        table->null_entry = entry_new(table, made, row);
    return table->null_entry;
}

static void word_add(KeyTable *table, const Word *words, const uint64_t *hashes, uint32_t rows,
                     uint32_t *entries, NewEntries *made)
{
    for (uint32_t i = 0; i < rows; i++) {
        if (i + PREFETCH_ROWS < rows)
            prefetch_slot(table, hashes[i + PREFETCH_ROWS]);
        if (table->is_single_wide && table->columns[0].is_null[i]) {
            entries[i] = null_add(table, made, i);
            continue;
        }
        WordSlot *slot = (WordSlot *)table->slots.data + probe_word(table, words[i], hashes[i]);
        if (slot->entry == 0)
            *slot = (WordSlot){words[i], (uint64_t)entry_new(table, made, i) + 1};
        entries[i] = (uint32_t)slot->entry - 1;
    }
}

static void tuple_add(KeyTable *table, const Word *words, const uint64_t *hashes, uint32_t rows,
                      uint32_t *entries, NewEntries *made)
{
    for (uint32_t i = 0; i < rows; i++) {
        if (i + PREFETCH_ROWS < rows)
            prefetch_slot(table, hashes[i + PREFETCH_ROWS]);
        if (i + PREFETCH_ROWS / 2 < rows)
            prefetch_tuple(table, hashes[i + PREFETCH_ROWS / 2]);
        uint32_t at = probe_tuple(table, words, i, hashes[i]);
        entries[i] = slot_entry(table, at);
        if (entries[i] != UINT32_MAX)
            continue;
        entries[i] = entry_new(table, made, i);
        slot_fill(table, at, words, i, hashes[i], entries[i]);
    }
}

bool key_hash_add(KeyTable *table, uint32_t rows, uint32_t *entries, Fault *fault)
{
    uint64_t hashes[BATCH_ROWS];
    Word *words = table->words;
    if (!key_hash_reserve(table, rows, fault))
        return false;
    pack(table, rows, words);
    hash_words(words, table->word_count, rows, hashes);
    NewEntries made = {.first = table->count};
    if (table->word_count == 1)
        word_add(table, words, hashes, rows, entries, &made);
    else
        tuple_add(table, words, hashes, rows, entries, &made);
    return keep_entries(table, &made, fault);
}

void key_hash_find(KeyTable *table, uint32_t rows, const bool *is_absent, uint32_t *entries)
{
    uint64_t hashes[BATCH_ROWS];
    Word *words = table->words;
    pack(table, rows, words);
    hash_words(words, table->word_count, rows, hashes);
    for (uint32_t i = 0; i < rows; i++) {
        if (i + PREFETCH_ROWS < rows)
            prefetch_slot(table, hashes[i + PREFETCH_ROWS]);
        if (is_absent[i])
            entries[i] = KEY_ENTRY_NONE;
        else if (table->is_single_wide && table->columns[0].is_null[i])
            entries[i] = table->null_entry;
        else
            entries[i] =
                slot_entry(table, table->word_count == 1 ? probe_word(table, words[i], hashes[i])
                                                         : probe_tuple(table, words, i, hashes[i]));
    }
}

/* --- entering entries again --- */

static void reenter_direct(KeyTable *table, uint32_t first, uint32_t count)
{
    uint32_t combined[BATCH_ROWS + 16];
    uint32_t *direct = table->direct.data;
    combine_codes(table, count, combined);
    for (uint32_t i = 0; i < count; i++)
        direct[combined[i]] = first + i + 1;
}

static void reenter_hash(KeyTable *table, uint32_t first, uint32_t count)
{
    uint64_t hashes[BATCH_ROWS];
    Word *words = table->words;
    pack(table, count, words);
    hash_words(words, table->word_count, count, hashes);
    for (uint32_t i = 0; i < count; i++) {
        if (table->is_single_wide && table->columns[0].is_null[i]) {
            table->null_entry = first + i;
            continue;
        }
        uint32_t at = table->word_count == 1 ? probe_word(table, words[i], hashes[i])
                                             : probe_tuple(table, words, i, hashes[i]);
        slot_fill(table, at, words, i, hashes[i], first + i);
    }
}

bool key_table_reenter(KeyTable *table, Fault *fault)
{
    if (table->count == 0)
        return true;
    if (table->mode == KEYS_HASH && !key_hash_reserve(table, BATCH_ROWS, fault))
        return false;
    for (uint32_t first = 0; first < table->count; first += BATCH_ROWS) {
        uint32_t count = table->count - first < BATCH_ROWS ? table->count - first : BATCH_ROWS;
        for (uint32_t c = 0; c < table->column_count; c++)
            key_column_recall(&table->columns[c], first, count);
        if (table->mode == KEYS_DIRECT)
            reenter_direct(table, first, count);
        else
            reenter_hash(table, first, count);
    }
    return true;
}

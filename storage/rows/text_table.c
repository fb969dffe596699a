/*
 * Interned texts: an open-addressing table of (hash, id) over texts that lie end to end, so that
 * the whole is a Dictionary as it stands.
 */
#include "storage/rows/rows.h"

#include "base/log/log.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_SLOT_BITS = 6,
    FAST_SLOT_BITS = 18,
    /* A remapping array pays once a sixteenth of its entries' number of rows was seen. */
    REMAP_AFTER = 16,
    REMAP_SMALL = 4096,
    LOOK_UP_ROWS = TEXT_TABLE_SOME,
};

static const uint32_t ABSENT = UINT32_MAX;

void text_table_init(TextTable *table, Budget *budget)
{
    memset(table, 0, sizeof *table);
    table->budget = budget;
    table->count = 1;
}

void text_list_init(TextTable *table, Budget *budget)
{
    text_table_init(table, budget);
    table->is_list = true;
}

void text_table_init_kept(TextTable *table, Budget *budget, uint64_t number, uint64_t family)
{
    text_table_init(table, budget);
    table->number = number;
    table->family = family;
}

void text_table_expect(TextTable *table, uint32_t texts)
{
    table->expected = texts;
}

/* A kept table ends with this. */
void text_table_clear(TextTable *table)
{
    Budget *budget = table->budget;
    bool is_list = table->is_list;
    uint32_t expected = table->expected;
    grow_array_free(&table->offsets, budget);
    grow_array_free(&table->bytes, budget);
    grow_array_free(&table->hashes, budget);
    grow_array_free(&table->slots, budget);
    for (int i = 0; i < TEXT_TABLE_REMAPS; i++)
        grow_array_free(&table->remaps[i].ids, budget);
    text_table_init(table, budget);
    table->is_list = is_list;
    table->expected = expected;
}

void text_table_reset(TextTable *table)
{
    check(table->family == 0);
    table->count = 1;
    table->bytes_used = 0;
    table->lineage = 0;
    table->is_finding = false;
    if (table->slots.data != NULL)
        memset(table->slots.data, 0, sizeof(uint64_t) << table->slot_bits);
    for (int i = 0; i < TEXT_TABLE_REMAPS; i++)
        table->remaps[i].dictionary = 0;
}

void text_table_freeze(TextTable *table)
{
    Budget *budget = table->budget;
    grow_array_free(&table->hashes, budget);
    grow_array_free(&table->slots, budget);
    table->slot_bits = 0;
    text_table_forget_dictionaries(table);
}

void text_table_forget_dictionaries(TextTable *table)
{
    for (int i = 0; i < TEXT_TABLE_REMAPS; i++) {
        grow_array_free(&table->remaps[i].ids, table->budget);
        table->remaps[i].dictionary = 0;
    }
}

size_t text_table_memory(const TextTable *table)
{
    size_t sum = table->offsets.size + table->bytes.size + table->hashes.size + table->slots.size;
    for (int i = 0; i < TEXT_TABLE_REMAPS; i++)
        sum += table->remaps[i].ids.size;
    return sum;
}

/* --- slots --- */

/* The bits of a hash that tell texts and their places apart. Not the uppermost: by those rows are
 * divided among workers, so that all texts of one may agree in them. */
static inline uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 16);
}

static inline uint64_t slot_make(uint64_t hash, uint32_t id)
{
    return (uint64_t)tag_of(hash) << 32 | id;
}

static inline uint32_t slot_first(const TextTable *table, uint64_t hash)
{
    return tag_of(hash) >> (32 - table->slot_bits);
}

/* A slot's place is the upper part of what is in it: in a larger table all keep their order, and
 * both tables are gone through from end to end. */
static void slots_enter(const TextTable *table, uint64_t *into, uint32_t bits)
{
    const uint64_t *slots = table->slots.data;
    uint32_t mask = (1u << bits) - 1;
    if (slots == NULL)
        return;
    for (uint32_t i = 0; i < 1u << table->slot_bits; i++) {
        if (slots[i] == 0)
            continue;
        uint32_t at = (uint32_t)(slots[i] >> 32) >> (32 - bits);
        while (into[at] != 0)
            at = (at + 1) & mask;
        into[at] = slots[i];
    }
}

static bool slots_grow(TextTable *table, uint32_t bits, Fault *fault)
{
    if (bits > 31)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "too many distinct texts to hold at once");
    GrowArray slots = {0};
    if (!grow_array(&slots, table->budget, sizeof(uint64_t) << bits, fault))
        return false;
    slots_enter(table, slots.data, bits);
    grow_array_free(&table->slots, table->budget);
    table->slots = slots;
    table->slot_bits = bits;
    return true;
}

static uint32_t slot_bits_for(size_t count)
{
    uint32_t bits = FIRST_SLOT_BITS;
    while (bits < 31 && count > ((size_t)1 << bits) / 8 * 5)
        bits++;
    return bits;
}

/* The first slots: for as many texts as are expected, when there is room for that. */
static bool slots_begin(TextTable *table, Fault *fault)
{
    size_t expected = table->expected;
    Fault refused;
    if (expected != 0 &&
        grow_array_unset(&table->offsets, table->budget, expected * sizeof(uint32_t), &refused) &&
        grow_array_unset(&table->hashes, table->budget, expected * sizeof(uint64_t), &refused) &&
        slots_grow(table, slot_bits_for(expected), &refused))
        return true;
    return slots_grow(table, FIRST_SLOT_BITS, fault);
}

/* Small tables grow in larger steps: entering everything again is not free. */
static bool slots_reserve(TextTable *table, size_t count, Fault *fault)
{
    if (table->slots.data == NULL && !slots_begin(table, fault))
        return false;
    while (count > ((size_t)1 << table->slot_bits) / 8 * 5)
        if (!slots_grow(table, table->slot_bits + (table->slot_bits < FAST_SLOT_BITS ? 2 : 1),
                        fault))
            return false;
    return true;
}

/* The slot that holds the text, or the empty one where it belongs. */
static inline uint32_t slot_seek(const TextTable *table, Text text, uint64_t hash)
{
    const uint64_t *slots = table->slots.data;
    uint32_t mask = (1u << table->slot_bits) - 1;
    uint32_t at = slot_first(table, hash);
    while (slots[at] != 0) {
        if ((slots[at] >> 32) == tag_of(hash) &&
            text_equal(text_table_text(table, (uint32_t)slots[at]), text))
            return at;
        at = (at + 1) & mask;
    }
    return at;
}

/* Room for `entries` more texts of `bytes` together, and for their slots. */
static bool reserve(TextTable *table, uint32_t entries, size_t bytes, Fault *fault)
{
    size_t count = (size_t)table->count + entries, end = table->bytes_used + bytes;
    if (end > UINT32_MAX || count > ROWS_LIMIT)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY,
                         "distinct texts of one column take more than 4 GB");
    if (!grow_array_unset(&table->offsets, table->budget, (count + 1) * sizeof(uint32_t), fault) ||
        !grow_array_unset(&table->bytes, table->budget, end, fault))
        return false;
    if (table->is_list)
        return true;
    if (!grow_array_unset(&table->hashes, table->budget, count * sizeof(uint64_t), fault))
        return false;
    return slots_reserve(table, count, fault);
}

/* There must be room. */
static inline uint32_t entry_append(TextTable *table, Text text, uint64_t hash)
{
    uint32_t *offsets = table->offsets.data;
    if (table->count == 1)
        offsets[0] = offsets[1] = 0;
    if (text.length != 0)
        memcpy((char *)table->bytes.data + table->bytes_used, text.data, text.length);
    table->bytes_used += text.length;
    if (!table->is_list)
        ((uint64_t *)table->hashes.data)[table->count] = hash;
    table->count++;
    offsets[table->count] = (uint32_t)table->bytes_used;
    return table->count - 1;
}

static inline uint32_t add_with_room(TextTable *table, Text text, uint64_t hash)
{
    uint32_t at = slot_seek(table, text, hash);
    uint64_t *slots = table->slots.data;
    if (slots[at] == 0)
        slots[at] = slot_make(hash, entry_append(table, text, hash));
    return (uint32_t)slots[at];
}

uint32_t text_table_add(TextTable *table, Text text, uint64_t hash, Fault *fault)
{
    return reserve(table, 1, text.length, fault) ? add_with_room(table, text, hash) : 0;
}

uint32_t text_table_find(const TextTable *table, Text text, uint64_t hash)
{
    if (table->count == 1)
        return ABSENT;
    uint64_t slot = ((const uint64_t *)table->slots.data)[slot_seek(table, text, hash)];
    return slot == 0 ? ABSENT : (uint32_t)slot;
}

Dictionary text_table_dictionary(TextTable *table)
{
    if (table->lineage == 0)
        table->lineage = dictionary_next_id();
    static const uint32_t none[2] = {0, 0};
    bool is_empty = table->count == 1;
    return (Dictionary){
        .count = table->count,
        .is_unique = !table->is_list,
        .is_sorted = false,
        .offsets = is_empty ? none : table->offsets.data,
        .bytes = is_empty ? "" : table->bytes.data,
        .hashes = is_empty || table->is_list ? NULL : table->hashes.data,
        .id = dictionary_next_id(),
        .lineage = table->lineage,
    };
}

void text_table_refresh(TextTable *table, Dictionary *dictionary)
{
    bool is_same = dictionary->id != 0 && dictionary->count == table->count &&
                   dictionary->lineage == table->lineage;
    uint64_t id = dictionary->id;
    *dictionary = text_table_dictionary(table);
    if (is_same)
        dictionary->id = id;
}

/* --- whole vectors --- */

static inline bool is_remap_of(const TextRemap *remap, const Dictionary *dictionary)
{
    if (remap->dictionary == 0)
        return false;
    return remap->dictionary == dictionary->id ||
           (dictionary->lineage != 0 && remap->lineage == dictionary->lineage);
}

static TextRemap *remap_of(TextTable *table, const Dictionary *dictionary)
{
    TextRemap *oldest = &table->remaps[0];
    for (int i = 0; i < TEXT_TABLE_REMAPS; i++) {
        TextRemap *remap = &table->remaps[i];
        if (is_remap_of(remap, dictionary)) {
            remap->used_at = ++table->clock;
            return remap;
        }
        if (remap->used_at < oldest->used_at)
            oldest = remap;
    }
    grow_array_free(&oldest->ids, table->budget);
    *oldest = (TextRemap){.dictionary = dictionary->id,
                          .lineage = dictionary->lineage,
                          .count = dictionary->count,
                          .used_at = ++table->clock};
    return oldest;
}

/* The remapping array of a dictionary, or NULL while it would not pay (or memory is refused). */
static uint32_t *remap_ids(TextTable *table, const Vector *vector)
{
    const Dictionary *dictionary = vector->dictionary;
    TextRemap *remap = remap_of(table, dictionary);
    remap->rows_seen += vector->length;
    if (remap->ids.data == NULL && dictionary->count > REMAP_SMALL &&
        remap->rows_seen * REMAP_AFTER < dictionary->count)
        return NULL;
    if (remap->ids.data == NULL || remap->count < dictionary->count) {
        Fault refused;
        if (!grow_array(&remap->ids, table->budget, (size_t)dictionary->count * sizeof(uint32_t),
                        &refused))
            return NULL;
        remap->count = dictionary->count;
    }
    return remap->ids.data;
}

/* The remapping array that a dictionary of the table's family keeps itself; NULL: it does not. */
static uint32_t *kept_ids(const TextTable *table, const Dictionary *dictionary)
{
    DictionaryHome *home = dictionary->home;
    if (table->family == 0 || home == NULL || dictionary->family != table->family)
        return NULL;
    if (home->ids == NULL)
        home->ids = calloc(dictionary->count, sizeof *home->ids);
    else if (home->ids_table != table->number)
        memset(home->ids, 0, dictionary->count * sizeof *home->ids);
    home->ids_table = table->number;
    return home->ids;
}

/* At most LOOK_UP_ROWS texts that are looked up together. */
typedef struct LookUp {
    uint32_t count;
    Text texts[LOOK_UP_ROWS];
    uint64_t hashes[LOOK_UP_ROWS];
    uint32_t ids[LOOK_UP_ROWS];
} LookUp;

/*
 * Finds or adds texts whose hashes are known. Slots, offsets and bytes of the table lie anywhere
 * in memory: each is asked for while others are looked at, so that nothing waits for three of
 * them one after the other (Chen et al. 2004, "Improving hash join performance through
 * prefetching").
 */
static bool look_up(TextTable *table, LookUp *wanted, Fault *fault)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < wanted->count; i++)
        bytes += wanted->texts[i].length;
    if (!table->is_finding && !reserve(table, wanted->count, bytes, fault))
        return false;
    if (table->is_list) {
        for (uint32_t i = 0; i < wanted->count; i++)
            wanted->ids[i] = entry_append(table, wanted->texts[i], 0);
        return true;
    }
    if (table->slots.data == NULL) {
        memset(wanted->ids, 0xFF, wanted->count * sizeof *wanted->ids);
        return true;
    }
    const uint64_t *slots = table->slots.data;
    const uint32_t *offsets = table->offsets.data;
    for (uint32_t i = 0; i < wanted->count; i++)
        __builtin_prefetch(slots + slot_first(table, wanted->hashes[i]));
    for (uint32_t i = 0; i < wanted->count; i++) {
        uint64_t slot = slots[slot_first(table, wanted->hashes[i])];
        wanted->ids[i] = (uint32_t)slot;
        __builtin_prefetch(offsets + (uint32_t)slot);
    }
    for (uint32_t i = 0; i < wanted->count; i++)
        if (wanted->ids[i] != 0)
            __builtin_prefetch((const char *)table->bytes.data + offsets[wanted->ids[i]]);
    for (uint32_t i = 0; i < wanted->count; i++)
        wanted->ids[i] = table->is_finding
                             ? text_table_find(table, wanted->texts[i], wanted->hashes[i])
                             : add_with_room(table, wanted->texts[i], wanted->hashes[i]);
    return true;
}

bool text_table_add_some(TextTable *table, const Text *texts, const uint64_t *hashes,
                         uint32_t count, uint32_t *ids, Fault *fault)
{
    LookUp wanted;
    check(count <= LOOK_UP_ROWS && !table->is_finding);
    wanted.count = count;
    memcpy(wanted.texts, texts, count * sizeof *texts);
    memcpy(wanted.hashes, hashes, count * sizeof *hashes);
    if (!look_up(table, &wanted, fault))
        return false;
    memcpy(ids, wanted.ids, count * sizeof *ids);
    return true;
}

/* Whether the table is the only one that wants the dictionary's hashes, each once: what is looked up
 * is kept as an id, and a hash beside it would be twice as large. */
static inline bool is_asked_once(const TextTable *table, const Dictionary *dictionary)
{
    return table->family != 0 && dictionary->hashes == NULL &&
           (dictionary->kept_hashes == NULL || *dictionary->kept_hashes == NULL);
}

/*
 * Looks up the rows (at most LOOK_UP_ROWS) whose codes have no id yet. The dictionary's entries
 * lie anywhere in memory too.
 */
static bool look_up_codes(TextTable *table, const Dictionary *dictionary, const uint32_t *codes,
                          const uint32_t *rows, uint32_t count, uint32_t *remap, Fault *fault)
{
    LookUp wanted;
    uint32_t entries[LOOK_UP_ROWS];
    wanted.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t code = codes[rows[i]];
        if (remap[code] != 0)
            continue; /* the rows before had it too */
        entries[wanted.count++] = code;
        remap[code] = ABSENT; /* taken note of */
        __builtin_prefetch(dictionary->offsets + code);
    }
    for (uint32_t i = 0; i < wanted.count; i++) {
        wanted.texts[i] = dictionary_text(dictionary, entries[i]);
        __builtin_prefetch(wanted.texts[i].data);
        if (dictionary->hashes != NULL)
            __builtin_prefetch(dictionary->hashes + entries[i]);
    }
    for (uint32_t i = 0; i < wanted.count && !table->is_list; i++)
        wanted.hashes[i] = is_asked_once(table, dictionary) ? text_hash(wanted.texts[i])
                                                            : dictionary_hash(dictionary, entries[i]);
    bool is_done = look_up(table, &wanted, fault);
    for (uint32_t i = 0; i < wanted.count; i++)
        remap[entries[i]] = is_done ? wanted.ids[i] : 0;
    return is_done;
}

static bool map_through_remap(TextTable *table, const Vector *vector, uint32_t *remap,
                              uint32_t *ids, Fault *fault)
{
    const uint32_t *codes = vector->data;
    uint32_t missing = 0;
    for (uint32_t i = 0; i < vector->length; i++) {
        ids[i] = remap[codes[i]];
        missing |= (ids[i] == 0) & (codes[i] != 0);
    }
    if (!missing)
        return true;
    uint32_t rows[LOOK_UP_ROWS], count = 0;
    for (uint32_t i = 0; i < vector->length; i++) {
        rows[count] = i;
        count += (ids[i] == 0) & (codes[i] != 0);
        if (count < LOOK_UP_ROWS && i + 1 < vector->length)
            continue;
        if (!look_up_codes(table, vector->dictionary, codes, rows, count, remap, fault))
            return false;
        for (uint32_t r = 0; r < count; r++)
            ids[rows[r]] = remap[codes[rows[r]]];
        count = 0;
    }
    return true;
}

static inline uint64_t row_hash(const Vector *vector, uint32_t row)
{
    return vector->form == VECTOR_DICTIONARY
               ? dictionary_hash(vector->dictionary, VECTOR_DATA(uint32_t, vector)[row])
               : text_hash(vector_text(vector, row));
}

/* Row by row. */
static bool map_rows(TextTable *table, const Vector *vector, uint32_t *ids, Fault *fault)
{
    LookUp wanted;
    uint32_t rows[LOOK_UP_ROWS];
    for (uint32_t start = 0; start < vector->length; start += LOOK_UP_ROWS) {
        uint32_t left = vector->length - start;
        uint32_t end = left < LOOK_UP_ROWS ? vector->length : start + LOOK_UP_ROWS;
        wanted.count = 0;
        for (uint32_t i = start; i < end; i++) {
            ids[i] = 0;
            if (vector_is_null(vector, i))
                continue;
            wanted.texts[wanted.count] = vector_text(vector, i);
            rows[wanted.count++] = i;
        }
        for (uint32_t i = 0; i < wanted.count && !table->is_list; i++)
            wanted.hashes[i] = row_hash(vector, rows[i]);
        if (!look_up(table, &wanted, fault))
            return false;
        for (uint32_t i = 0; i < wanted.count; i++)
            ids[rows[i]] = wanted.ids[i];
    }
    return true;
}

static bool map_constant(TextTable *table, const Vector *vector, uint32_t *ids, Fault *fault)
{
    uint32_t id = 0;
    if (vector->length != 0 && !vector_is_null(vector, 0)) {
        LookUp wanted = {.count = 1, .texts = {vector_text(vector, 0)}};
        wanted.hashes[0] = text_hash(wanted.texts[0]);
        if (!look_up(table, &wanted, fault))
            return false;
        id = wanted.ids[0];
    }
    for (uint32_t i = 0; i < vector->length; i++)
        ids[i] = id;
    return true;
}

static bool map_vector(TextTable *table, const Vector *vector, uint32_t *ids, Fault *fault)
{
    if (vector->form == VECTOR_CONSTANT)
        return map_constant(table, vector, ids, fault);
    if (vector->form == VECTOR_DICTIONARY) {
        uint32_t *remap = kept_ids(table, vector->dictionary);
        if (remap == NULL)
            remap = remap_ids(table, vector);
        if (remap != NULL)
            return map_through_remap(table, vector, remap, ids, fault);
    }
    return map_rows(table, vector, ids, fault);
}

bool text_table_add_vector(TextTable *table, const Vector *vector, uint32_t *ids, Fault *fault)
{
    check(!table->is_finding);
    return map_vector(table, vector, ids, fault);
}

bool text_table_find_vector(TextTable *table, const Vector *vector, uint32_t *ids, Fault *fault)
{
    check(table->family == 0); /* only added to */
    if (!table->is_finding) {
        table->is_finding = true;
        for (int i = 0; i < TEXT_TABLE_REMAPS; i++)
            table->remaps[i].dictionary = 0;
    }
    return map_vector(table, vector, ids, fault);
}

/* The growing dictionary: see string_pool_internal.h. */
#include "storage/segment/string_pool_internal.h"

#include "base/log/log.h"

#include <stdlib.h>

/* `hash` is the low half of the text's hash: it places the entry and tells most others apart. */
typedef struct StringSlot {
    uint32_t hash;
    uint32_t number; /* 0: free */
} StringSlot;

enum { FIRST_SLOTS = 1024, FAST_SLOTS = 1 << 15, PREFETCH = 32 };

static inline StringSlot *slots_of(const StringPool *pool)
{
    return (StringSlot *)(void *)pool->slots.data;
}

static inline const uint32_t *starts_of(const StringPool *pool)
{
    return (const uint32_t *)(const void *)pool->starts.data;
}

bool string_pool_init(StringPool *pool, Budget *budget, Fault *fault)
{
    static const uint32_t empty[2] = {0, 0};

    *pool = (StringPool){.budget = budget, .count = 1, .slot_count = FIRST_SLOTS};
    growing_init(&pool->bytes, budget);
    growing_init(&pool->starts, budget);
    growing_init(&pool->slots, budget);
    if (!growing_append(&pool->starts, empty, sizeof empty, fault) ||
        !growing_reserve(&pool->slots, FIRST_SLOTS * sizeof(StringSlot), fault))
        return false;
    memset(pool->slots.data, 0, FIRST_SLOTS * sizeof(StringSlot));
    return true;
}

static void map_clear(StringPool *pool, StringMap *map)
{
    if (map->numbers != NULL && pool->budget != NULL)
        budget_release(pool->budget, map->count * sizeof *map->numbers);
    free(map->numbers);
    *map = (StringMap){0};
}

void string_pool_clear(StringPool *pool)
{
    for (int i = 0; i < STRING_POOL_MAPS; i++)
        map_clear(pool, &pool->maps[i]);
    growing_clear(&pool->bytes);
    growing_clear(&pool->starts);
    growing_clear(&pool->slots);
}

Text string_pool_text(const StringPool *pool, uint32_t number)
{
    const uint32_t *starts = starts_of(pool);
    return (Text){.data = (const char *)pool->bytes.data + starts[number],
                  .length = starts[number + 1] - starts[number]};
}

/* --- the table --- */

/* Small tables grow in larger steps: entering everything again is not free. */
static bool grow_table(StringPool *pool, Fault *fault)
{
    Growing larger;
    uint32_t slot_count = pool->slot_count * (pool->slot_count < FAST_SLOTS ? 4 : 2);

    growing_init(&larger, pool->budget);
    if (!growing_reserve(&larger, slot_count * sizeof(StringSlot), fault))
        return false;
    memset(larger.data, 0, slot_count * sizeof(StringSlot));
    StringSlot *to = (StringSlot *)(void *)larger.data;
    for (uint32_t i = 0; i < pool->slot_count; i++) {
        StringSlot slot = slots_of(pool)[i];
        if (slot.number == 0)
            continue;
        uint32_t place = slot.hash & (slot_count - 1);
        while (to[place].number != 0)
            place = (place + 1) & (slot_count - 1);
        to[place] = slot;
    }
    growing_clear(&pool->slots);
    pool->slots = larger;
    pool->slot_count = slot_count;
    return true;
}

static bool add_text(StringPool *pool, Text text, uint32_t *number, Fault *fault)
{
    if (!growing_append(&pool->bytes, text.data, text.length, fault))
        return false;
    uint32_t end = (uint32_t)pool->bytes.length;
    if (!growing_append(&pool->starts, &end, sizeof end, fault))
        return false;
    *number = pool->count++;
    return true;
}

static bool add_entry(StringPool *pool, Text text, uint32_t hash, uint32_t place, uint32_t *number,
                      Fault *fault)
{
    if (!add_text(pool, text, number, fault))
        return false;
    slots_of(pool)[place] = (StringSlot){.hash = hash, .number = *number};
    return pool->count < pool->slot_count / 2 || grow_table(pool, fault);
}

/* Texts of others come: what is there must be found by its bytes. */
static bool fill_table(StringPool *pool, Fault *fault)
{
    pool->sole_dictionary = 0;
    while (pool->count >= pool->slot_count / 2)
        if (!grow_table(pool, fault))
            return false;
    for (uint32_t number = 1; number < pool->count; number++) {
        uint32_t hash = (uint32_t)text_hash(string_pool_text(pool, number));
        uint32_t place = hash & (pool->slot_count - 1);
        while (slots_of(pool)[place].number != 0)
            place = (place + 1) & (pool->slot_count - 1);
        slots_of(pool)[place] = (StringSlot){.hash = hash, .number = number};
    }
    return true;
}

/* *number 0: the text does not fit any more. */
static inline bool intern(StringPool *pool, Text text, uint32_t hash, uint32_t *number,
                          Fault *fault)
{
    uint32_t mask = pool->slot_count - 1;
    uint32_t place = hash & mask;

    for (;; place = (place + 1) & mask) {
        StringSlot slot = slots_of(pool)[place];
        if (slot.number == 0)
            break;
        if (slot.hash == hash && text_equal(string_pool_text(pool, slot.number), text)) {
            *number = slot.number;
            return true;
        }
    }
    if (text.length > STRING_POOL_LIMIT - pool->bytes.length) {
        *number = 0;
        return true;
    }
    return add_entry(pool, text, hash, place, number, fault);
}

/* --- vectors --- */

static bool intern_flat(StringPool *pool, const Vector *vector, uint32_t start, uint32_t count,
                        uint32_t *numbers, uint32_t *done, Fault *fault)
{
    const Text *texts = VECTOR_DATA(Text, vector) + start;
    const uint8_t *nulls = vector->nulls == NULL ? NULL : vector->nulls + start;
    uint32_t hashes[PREFETCH];

    for (uint32_t from = 0; from < count; from += PREFETCH) {
        uint32_t some = count - from < PREFETCH ? count - from : PREFETCH;
        for (uint32_t i = 0; i < some; i++) {
            if (nulls != NULL && nulls[from + i])
                continue;
            hashes[i] = (uint32_t)text_hash(texts[from + i]);
            __builtin_prefetch(&slots_of(pool)[hashes[i] & (pool->slot_count - 1)]);
        }
        for (uint32_t i = 0; i < some; i++) {
            uint32_t row = from + i;
            if (nulls != NULL && nulls[row]) {
                numbers[row] = 0;
                continue;
            }
            if (!intern(pool, texts[row], hashes[i], &numbers[row], fault))
                return false;
            if (numbers[row] == 0) {
                *done = row;
                return true;
            }
        }
    }
    *done = count;
    return true;
}

/* The map of a dictionary: known, or a new one in place of the longest unused. NULL when the
 * budget refuses. */
static StringMap *find_map(StringPool *pool, const Dictionary *dictionary)
{
    StringMap *oldest = &pool->maps[0];

    pool->uses++;
    for (int i = 0; i < STRING_POOL_MAPS; i++) {
        StringMap *map = &pool->maps[i];
        if (map->dictionary_id == dictionary->id) {
            map->last_use = pool->uses;
            return map;
        }
        if (map->last_use < oldest->last_use)
            oldest = map;
    }
    map_clear(pool, oldest);
    size_t size = dictionary->count * sizeof *oldest->numbers;
    if (pool->budget != NULL && !budget_reserve(pool->budget, size, NULL))
        return NULL;
    oldest->numbers = calloc(dictionary->count, sizeof *oldest->numbers);
    if (oldest->numbers == NULL) {
        if (pool->budget != NULL)
            budget_release(pool->budget, size);
        return NULL;
    }
    oldest->dictionary_id = dictionary->id;
    oldest->count = dictionary->count;
    oldest->last_use = pool->uses;
    return oldest;
}

static uint32_t entry_hash(const Dictionary *dictionary, uint32_t code)
{
    if (dictionary->hashes != NULL)
        return (uint32_t)dictionary->hashes[code];
    return (uint32_t)text_hash(dictionary_text(dictionary, code));
}

/* The codes of the sole dictionary: what its map does not have is new. */
static bool intern_sole(StringPool *pool, const Dictionary *dictionary, StringMap *map,
                        const uint32_t *codes, uint32_t count, uint32_t *numbers, uint32_t *done,
                        Fault *fault)
{
    for (*done = 0; *done < count; ++*done) {
        uint32_t code = codes[*done], number = map->numbers[code];
        if (number == 0 && code != 0) {
            Text text = dictionary_text(dictionary, code);
            if (text.length > STRING_POOL_LIMIT - pool->bytes.length)
                return true;
            if (!add_text(pool, text, &number, fault))
                return false;
            map->numbers[code] = number;
        }
        numbers[*done] = number;
    }
    return true;
}

static bool intern_codes(StringPool *pool, const Vector *vector, uint32_t start, uint32_t count,
                         uint32_t *numbers, uint32_t *done, Fault *fault)
{
    const Dictionary *dictionary = vector->dictionary;
    const uint32_t *codes = VECTOR_DATA(uint32_t, vector) + start;
    StringMap *map = find_map(pool, dictionary);

    if (map != NULL && pool->count == 1 && dictionary->is_unique)
        pool->sole_dictionary = dictionary->id;
    if (map != NULL && pool->sole_dictionary == dictionary->id)
        return intern_sole(pool, dictionary, map, codes, count, numbers, done, fault);
    if (pool->sole_dictionary != 0 && !fill_table(pool, fault))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t code = codes[i];
        uint32_t number = map == NULL ? 0 : map->numbers[code];
        if (number == 0 && code != 0) {
            if (!intern(pool, dictionary_text(dictionary, code), entry_hash(dictionary, code),
                        &number, fault))
                return false;
            if (number == 0) {
                *done = i;
                return true;
            }
            if (map != NULL)
                map->numbers[code] = number;
        }
        numbers[i] = number;
    }
    *done = count;
    return true;
}

static bool intern_constant(StringPool *pool, const Vector *vector, uint32_t count,
                            uint32_t *numbers, uint32_t *done, Fault *fault)
{
    uint32_t number = 0;

    if (!vector_is_null(vector, 0)) {
        Text text = vector_text(vector, 0);
        if (!intern(pool, text, (uint32_t)text_hash(text), &number, fault))
            return false;
        if (number == 0) {
            *done = 0;
            return true;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = number;
    *done = count;
    return true;
}

bool string_pool_intern(StringPool *pool, const Vector *vector, uint32_t start, uint32_t count,
                        uint32_t *numbers, uint32_t *done, Fault *fault)
{
    *done = 0;
    if (count == 0)
        return true;
    if (vector->form != VECTOR_DICTIONARY && pool->sole_dictionary != 0 && !fill_table(pool, fault))
        return false;
    switch (vector->form) {
    case VECTOR_FLAT:
        return intern_flat(pool, vector, start, count, numbers, done, fault);
    case VECTOR_CONSTANT:
        return intern_constant(pool, vector, count, numbers, done, fault);
    case VECTOR_DICTIONARY:
        return intern_codes(pool, vector, start, count, numbers, done, fault);
    }
    return fault_set(fault, FAULT_INTERNAL_ERROR, "vector of an unknown form");
}

/*
 * Dictionaries of strings: making, copying, searching.
 */
#include "base/log/log.h"
#include "storage/vector/vector.h"
#include "storage/vector/vector_internal.h"

uint64_t dictionary_next_id(void)
{
    static uint64_t last;
    return ++last;
}

Dictionary *dictionary_make(Arena *arena, const Text *texts, uint32_t count, bool is_unique,
                            bool is_sorted)
{
    check(count >= 1);
    uint64_t total = 0;
    for (uint32_t code = 1; code < count; code++)
        total += texts[code].length;
    check(total <= UINT32_MAX);
    uint32_t *offsets = arena_alloc_vector(arena, sizeof(uint32_t) * ((size_t)count + 1));
    char *bytes = arena_alloc_vector(arena, (size_t)total);
    uint32_t at = 0;
    offsets[0] = offsets[1] = 0;
    for (uint32_t code = 1; code < count; code++) {
        if (texts[code].length > 0)
            memcpy(bytes + at, texts[code].data, texts[code].length);
        at += texts[code].length;
        offsets[code + 1] = at;
    }
    Dictionary *dictionary = ARENA_NEW(arena, Dictionary);
    *dictionary = (Dictionary){
        .count = count,
        .is_unique = is_unique,
        .is_sorted = is_sorted,
        .offsets = offsets,
        .bytes = bytes,
        .id = dictionary_next_id(),
    };
    return dictionary;
}

static void *copy_block(Arena *arena, const void *data, size_t size)
{
    void *copy = arena_alloc_vector(arena, size);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

Dictionary *dictionary_copy(Arena *arena, const Dictionary *dictionary)
{
    uint32_t count = dictionary->count;
    uint32_t start = dictionary->offsets[0];
    uint32_t *offsets =
        copy_block(arena, dictionary->offsets, sizeof(uint32_t) * ((size_t)count + 1));
    for (uint32_t code = 0; start > 0 && code <= count; code++)
        offsets[code] -= start;
    Dictionary *copy = ARENA_NEW(arena, Dictionary);
    *copy = *dictionary; /* the id too: the same codes mean the same texts */
    copy->kept_hashes = NULL;
    copy->home = NULL;
    copy->offsets = offsets;
    copy->bytes = copy_block(arena, dictionary->bytes + start, offsets[count]);
    if (dictionary->hashes != NULL)
        copy->hashes = copy_block(arena, dictionary->hashes, sizeof(uint64_t) * count);
    return copy;
}

/* --- the entries in use --- */

/* A dictionary so many times larger than the rows is not worth a table of all its codes. */
enum { TABLE_CODES_A_ROW = 16 };

/* By a table of all codes: the new codes are in the order of the old. */
static uint32_t used_by_table(Arena *scratch, const Dictionary *dictionary, const uint32_t *codes,
                              uint32_t count, uint32_t *new_codes, uint32_t *used)
{
    uint32_t *new_of = arena_zalloc(scratch, sizeof(uint32_t) * (size_t)dictionary->count);
    for (uint32_t i = 0; i < count; i++)
        new_of[codes[i]] = 1;
    new_of[0] = 0;
    uint32_t entries = 1;
    used[0] = 0;
    for (uint32_t code = 1; code < dictionary->count; code++) {
        if (new_of[code] == 0)
            continue;
        used[entries] = code;
        new_of[code] = entries++;
    }
    gather_values(sizeof(uint32_t), new_codes, new_of, codes, count);
    return entries;
}

typedef struct Slot {
    uint32_t code; /* 0: free */
    uint32_t new_code;
} Slot;

/* By a hash table of the codes in use: the new codes are in the order of first use. */
static uint32_t used_by_hash(Arena *scratch, const uint32_t *codes, uint32_t count,
                             uint32_t *new_codes, uint32_t *used)
{
    uint32_t bits = 4;
    while (bits < 31 && (UINT32_C(1) << bits) < 2 * (uint64_t)count)
        bits++;
    uint32_t mask = (UINT32_C(1) << bits) - 1;
    Slot *slots = arena_zalloc(scratch, sizeof(Slot) * ((size_t)mask + 1));
    uint32_t entries = 1;
    used[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t code = codes[i];
        /* multiplicative hashing (Knuth, volume 3, 6.4) */
        uint32_t at = (code * UINT32_C(2654435769)) >> (32 - bits);
        while (slots[at].code != code && slots[at].code != 0)
            at = (at + 1) & mask;
        if (slots[at].code == 0 && code != 0) {
            used[entries] = code;
            slots[at] = (Slot){.code = code, .new_code = entries++};
        }
        new_codes[i] = code == 0 ? 0 : slots[at].new_code;
    }
    return entries;
}

uint32_t dictionary_used(Arena *scratch, const Dictionary *dictionary, const uint32_t *codes,
                         uint32_t count, uint32_t *new_codes, uint32_t *used, bool *in_order)
{
    *in_order = dictionary->count / TABLE_CODES_A_ROW <= count;
    return *in_order ? used_by_table(scratch, dictionary, codes, count, new_codes, used)
                     : used_by_hash(scratch, codes, count, new_codes, used);
}

uint32_t dictionary_used_bytes(const Dictionary *dictionary, const uint32_t *used, uint32_t entries)
{
    uint64_t total = 0;
    for (uint32_t entry = 1; entry < entries; entry++)
        total += dictionary_text(dictionary, used[entry]).length;
    return (uint32_t)total; /* of different entries: no more than the dictionary's own */
}

void dictionary_copy_used(const Dictionary *dictionary, const uint32_t *used, uint32_t entries,
                          uint32_t *offsets, char *bytes)
{
    uint32_t at = 0;
    offsets[0] = offsets[1] = 0;
    for (uint32_t entry = 1; entry < entries; entry++) {
        Text text = dictionary_text(dictionary, used[entry]);
        if (text.length > 0)
            memcpy(bytes + at, text.data, text.length);
        at += text.length;
        offsets[entry + 1] = at;
    }
}

static const uint64_t *gather_hashes(Arena *arena, const Dictionary *dictionary,
                                     const uint32_t *used, uint32_t entries)
{
    if (dictionary->hashes == NULL)
        return NULL;
    uint64_t *hashes = arena_alloc_vector(arena, sizeof(uint64_t) * entries);
    gather_values(sizeof(uint64_t), hashes, dictionary->hashes, used, entries);
    return hashes;
}

Dictionary *dictionary_compact(Arena *arena, const Dictionary *dictionary, const uint32_t *codes,
                               uint32_t count, uint32_t *new_codes)
{
    /* what is needed only meanwhile stays out of the caller's arena */
    Arena *scratch = arena_new("dictionary_compact");
    uint32_t *used = ARENA_ARRAY(scratch, uint32_t, (size_t)count + 1);
    bool in_order;
    uint32_t entries =
        dictionary_used(scratch, dictionary, codes, count, new_codes, used, &in_order);
    uint32_t *offsets = arena_alloc_vector(arena, sizeof(uint32_t) * ((size_t)entries + 1));
    char *bytes = arena_alloc_vector(arena, dictionary_used_bytes(dictionary, used, entries));
    dictionary_copy_used(dictionary, used, entries, offsets, bytes);
    Dictionary *out = ARENA_NEW(arena, Dictionary);
    *out = (Dictionary){
        .count = entries,
        .is_unique = dictionary->is_unique,
        .is_sorted = dictionary->is_sorted && in_order,
        .offsets = offsets,
        .bytes = bytes,
        .hashes = gather_hashes(arena, dictionary, used, entries),
        .id = dictionary_next_id(),
    };
    arena_free(scratch);
    return out;
}

uint32_t dictionary_lower_bound(const Dictionary *dictionary, Text text, bool after)
{
    uint32_t low = 1, high = dictionary->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = text_compare(dictionary_text(dictionary, middle), text);
        if (order < 0 || (after && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t dictionary_find(const Dictionary *dictionary, Text text)
{
    check(dictionary->is_sorted);
    uint32_t code = dictionary_lower_bound(dictionary, text, false);
    bool is_there =
        code < dictionary->count && text_equal(dictionary_text(dictionary, code), text);
    return is_there ? code : 0;
}

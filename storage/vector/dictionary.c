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
    uint32_t *offsets = copy_block(arena, dictionary->offsets, sizeof(uint32_t) * ((size_t)count + 1));
    for (uint32_t code = 0; start > 0 && code <= count; code++)
        offsets[code] -= start;
    Dictionary *copy = ARENA_NEW(arena, Dictionary);
    *copy = *dictionary; /* the id too: the same codes mean the same texts */
    copy->offsets = offsets;
    copy->bytes = copy_block(arena, dictionary->bytes + start, offsets[count]);
    if (dictionary->hashes != NULL)
        copy->hashes = copy_block(arena, dictionary->hashes, sizeof(uint64_t) * count);
    return copy;
}

Dictionary *dictionary_compact(Arena *arena, const Dictionary *dictionary, const uint32_t *codes,
                               uint32_t count, uint32_t *new_codes)
{
    /* new_of[code]: first a mark, then the new code; in the order of codes, so that a sorted
     * dictionary stays sorted */
    uint32_t *new_of = arena_zalloc(arena, sizeof(uint32_t) * (size_t)dictionary->count);
    for (uint32_t i = 0; i < count; i++)
        new_of[codes[i]] = 1;
    new_of[0] = 0;
    uint32_t entries = 1;
    size_t bytes_used = 0;
    for (uint32_t code = 1; code < dictionary->count; code++) {
        if (new_of[code] == 0)
            continue;
        new_of[code] = entries++;
        bytes_used += dictionary_text(dictionary, code).length;
    }
    uint32_t *offsets = arena_alloc_vector(arena, sizeof(uint32_t) * ((size_t)entries + 1));
    uint64_t *hashes = dictionary->hashes != NULL
                           ? arena_alloc_vector(arena, sizeof(uint64_t) * entries)
                           : NULL;
    char *bytes = arena_alloc_vector(arena, bytes_used);
    uint32_t at = 0;
    offsets[0] = offsets[1] = 0;
    if (hashes != NULL)
        hashes[0] = dictionary->hashes[0];
    for (uint32_t code = 1; code < dictionary->count; code++) {
        uint32_t entry = new_of[code];
        if (entry == 0)
            continue;
        Text text = dictionary_text(dictionary, code);
        if (text.length > 0)
            memcpy(bytes + at, text.data, text.length);
        at += text.length;
        offsets[entry + 1] = at;
        if (hashes != NULL)
            hashes[entry] = dictionary->hashes[code];
    }
    gather_values(sizeof(uint32_t), new_codes, new_of, codes, count);
    Dictionary *out = ARENA_NEW(arena, Dictionary);
    *out = (Dictionary){
        .count = entries,
        .is_unique = dictionary->is_unique,
        .is_sorted = dictionary->is_sorted,
        .offsets = offsets,
        .bytes = bytes,
        .hashes = hashes,
        .id = dictionary_next_id(),
    };
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

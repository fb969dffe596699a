/*
 * Hashing rows.
 *
 * Strings by XXH3 (https://github.com/Cyan4973/xxHash), compiled into this file so that short
 * ones are inlined; integers by the finaliser of a 64-bit mixer (David Stafford's variant 13,
 * "Better Bit Mixing", as in SplitMix64). Equal values hash alike in every form of a vector,
 * float32 like the same float64. Rows are hashed in blocks that stay in the first-level cache.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/log/log.h"
#include "storage/vector/vector.h"
#include "storage/vector/vector_internal.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK_ROWS = 512 };

static inline uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* Not symmetric: (a, b) and (b, a) differ. */
static inline uint64_t combine_hashes(uint64_t left, uint64_t right)
{
    uint64_t x = (((left << 23) | (left >> 41)) ^ right) * UINT64_C(0x9E3779B97F4A7C15);
    return x ^ (x >> 32);
}

uint64_t text_hash(Text text)
{
    return XXH3_64bits(text.length > 0 ? text.data : "", text.length);
}

uint64_t *dictionary_keep_hashes(const Dictionary *dictionary)
{
    *dictionary->kept_hashes = calloc(dictionary->count, sizeof(uint64_t));
    return *dictionary->kept_hashes;
}

uint64_t int64_hash(int64_t value)
{
    /* the mixer maps 0 to 0: start elsewhere */
    return mix((uint64_t)value + UINT64_C(0x9E3779B97F4A7C15));
}

static inline uint64_t int128_hash(__int128 value)
{
    return combine_hashes(int64_hash((int64_t)value), int64_hash((int64_t)(value >> 64)));
}

static inline uint64_t float64_hash(double value)
{
    uint64_t bits;
    double canonical = value == 0.0 ? 0.0 : value;
    memcpy(&bits, &canonical, sizeof bits);
    bits = value != value ? UINT64_C(0x7FF8000000000000) : bits;
    return int64_hash((int64_t)bits);
}

static void hash_rows(const Vector *vector, uint32_t start, uint32_t count, uint64_t *out);

static uint64_t array_hash(const Vector *elements, ArrayValue cell)
{
    uint64_t hash = int64_hash((int64_t)cell.count ^ cell.shape);
    uint64_t block[64];
    for (uint32_t done = 0; done < cell.count;) {
        uint32_t count = cell.count - done < 64 ? cell.count - done : 64;
        hash_rows(elements, cell.offset + done, count, block);
        for (uint32_t i = 0; i < count; i++)
            hash = combine_hashes(hash, block[i]);
        done += count;
    }
    return hash;
}

/* Hashes cells [start, start + count) of flat or constant data, nulls not looked at. */
static void hash_cells(const Vector *vector, uint32_t start, uint32_t count, uint64_t *out)
{
#define HASH_CELLS(type, function)                                                                 \
    do {                                                                                           \
        const type *cells = VECTOR_DATA(type, vector) + start;                                     \
        for (uint32_t i = 0; i < count; i++)                                                       \
            out[i] = function(cells[i]);                                                           \
    } while (0)

    switch (vector->layout) {
    case LAYOUT_BOOL: HASH_CELLS(uint8_t, int64_hash); break;
    case LAYOUT_INT64: HASH_CELLS(int64_t, int64_hash); break;
    case LAYOUT_INT128: HASH_CELLS(__int128, int128_hash); break;
    case LAYOUT_FLOAT32: HASH_CELLS(float, float64_hash); break;
    case LAYOUT_FLOAT64: HASH_CELLS(double, float64_hash); break;
    case LAYOUT_STRING: HASH_CELLS(Text, text_hash); break;
    case LAYOUT_ARRAY:
        for (uint32_t i = 0; i < count; i++) {
            bool is_null = vector->nulls != NULL && vector->nulls[start + i] != 0;
            out[i] = is_null ? HASH_OF_NULL
                             : array_hash(array_elements(vector),
                                          VECTOR_DATA(ArrayValue, vector)[start + i]);
        }
        break;
    case LAYOUT_COUNT: check(false);
    }
#undef HASH_CELLS
}

static void hash_codes(const Dictionary *dictionary, const uint32_t *codes, uint32_t count,
                       uint64_t *out)
{
    const uint64_t *hashes = dictionary->hashes;
    if (hashes != NULL) {
        for (uint32_t i = 0; i < count; i++)
            out[i] = codes[i] == 0 ? HASH_OF_NULL : hashes[codes[i]];
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        out[i] = codes[i] == 0 ? HASH_OF_NULL : dictionary_hash(dictionary, codes[i]);
}

static void hash_rows(const Vector *vector, uint32_t start, uint32_t count, uint64_t *out)
{
    if (count == 0)
        return;
    if (vector->form == VECTOR_DICTIONARY) {
        hash_codes(vector->dictionary, VECTOR_DATA(uint32_t, vector) + start, count, out);
        return;
    }
    if (vector->form == VECTOR_CONSTANT) {
        uint64_t hash = HASH_OF_NULL;
        if (!vector_is_null(vector, 0))
            hash_cells(vector, 0, 1, &hash);
        for (uint32_t i = 0; i < count; i++)
            out[i] = hash;
        return;
    }
    hash_cells(vector, start, count, out);
    if (vector->nulls != NULL) {
        const uint8_t *nulls = vector->nulls + start;
        for (uint32_t i = 0; i < count; i++)
            out[i] = nulls[i] != 0 ? HASH_OF_NULL : out[i];
    }
}

static void hash_in_blocks(const Vector *vector, uint64_t *hashes, bool combine)
{
    uint64_t block[BLOCK_ROWS];
    for (uint32_t start = 0; start < vector->length; start += BLOCK_ROWS) {
        uint32_t left = vector->length - start;
        uint32_t count = left < BLOCK_ROWS ? left : BLOCK_ROWS;
        hash_rows(vector, start, count, combine ? block : hashes + start);
        for (uint32_t i = 0; combine && i < count; i++)
            hashes[start + i] = combine_hashes(hashes[start + i], block[i]);
    }
}

/* Whether to hash the entries first: worth it when there are fewer of them than rows. */
static bool lacks_hashes(const Vector *vector)
{
    return vector->form == VECTOR_DICTIONARY && vector->dictionary->hashes == NULL &&
           vector->dictionary->kept_hashes == NULL &&
           vector->dictionary->count < vector->length;
}

static void hash_entries_first(const Vector *vector, uint64_t *hashes, bool combine)
{
    Dictionary dictionary = *vector->dictionary;
    uint64_t small[BATCH_ROWS];
    uint64_t *entries = small;
    if (dictionary.count > BATCH_ROWS)
        entries = malloc(sizeof(uint64_t) * dictionary.count);
    if (entries != NULL) {
        for (uint32_t code = 1; code < dictionary.count; code++)
            entries[code] = text_hash(dictionary_text(&dictionary, code));
        dictionary.hashes = entries;
    }
    Vector hashed = *vector;
    hashed.dictionary = &dictionary;
    hash_in_blocks(&hashed, hashes, combine);
    if (entries != small)
        free(entries);
}

void vector_hash(const Vector *vector, uint64_t *hashes, bool combine)
{
    if (lacks_hashes(vector))
        hash_entries_first(vector, hashes, combine);
    else
        hash_in_blocks(vector, hashes, combine);
}

/*
 * Selections: from a boolean vector to the numbers of the rows where it is true.
 *
 * Flags are looked at eight at a time: eight false ones cost one comparison; of others a table tells
 * which rows they are, all eight of which are stored and the end moves on by how many are true, so
 * that no branch depends on the data.
 */
#include "base/memory/checked.h"
#include "storage/vector/vector.h"

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && defined(__OPTIMIZE__)
#define SELECTION_HOT                                                                              \
    __attribute__((optimize("O3"), target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"),   \
                   noinline))
#else
#define SELECTION_HOT __attribute__((noinline))
#endif

#define ALL_TRUE UINT64_C(0x0101010101010101)
#define GATHER_FLAGS UINT64_C(0x0102040810204080) /* flag i becomes bit 56 + i */

/* By eight flags as bits: the numbers of those that are set, a byte each, from the lowest on. */
#define PLACE(bits, i)                                                                             \
    ((uint64_t)((bits) >> (i) & 1) * (i) << 8 * __builtin_popcount((bits) & ((1U << (i)) - 1)))
#define PLACES(bits)                                                                               \
    PLACE(bits, 0) | PLACE(bits, 1) | PLACE(bits, 2) | PLACE(bits, 3) | PLACE(bits, 4) |           \
        PLACE(bits, 5) | PLACE(bits, 6) | PLACE(bits, 7)
#define PLACES_4(bits) PLACES(bits), PLACES((bits) + 1), PLACES((bits) + 2), PLACES((bits) + 3)
#define PLACES_16(bits)                                                                            \
    PLACES_4(bits), PLACES_4((bits) + 4), PLACES_4((bits) + 8), PLACES_4((bits) + 12)
#define PLACES_64(bits)                                                                            \
    PLACES_16(bits), PLACES_16((bits) + 16), PLACES_16((bits) + 32), PLACES_16((bits) + 48)

static const uint64_t places_of[256] = {PLACES_64(0U), PLACES_64(64U), PLACES_64(128U),
                                        PLACES_64(192U)};

static uint32_t all_rows(uint32_t length, uint32_t *rows)
{
    for (uint32_t row = 0; row < length; row++)
        rows[row] = row;
    return length;
}

/* Writes eight rows, of which so many as it returns count. */
static inline uint32_t rows_of_word(uint64_t flags, uint32_t first, uint32_t *rows)
{
    if (flags == 0)
        return 0;
    uint8_t places[8];
    memcpy(places, &places_of[flags * GATHER_FLAGS >> 56], sizeof places);
    for (uint32_t i = 0; i < 8; i++)
        rows[i] = first + places[i];
    return (uint32_t)(flags * ALL_TRUE >> 56);
}

/* Sixty-four rows beyond those that count may be written. */
SELECTION_HOT static uint32_t true_rows_flat(const uint8_t *restrict values,
                                             const uint8_t *restrict nulls, uint32_t length,
                                             uint32_t *restrict rows)
{
    uint32_t count = 0, row = 0;
    for (; row + 8 <= length; row += 8) {
        uint64_t flags = read_u64(values + row);
        if (nulls != NULL)
            flags &= ~read_u64(nulls + row);
        count += rows_of_word(flags & ALL_TRUE, row, rows + count);
    }
    for (; row < length; row++) {
        rows[count] = row;
        count += values[row] != 0 && (nulls == NULL || nulls[row] == 0);
    }
    return count;
}

uint32_t vector_true_rows(const Vector *boolean, uint32_t *rows)
{
    const uint8_t *values = boolean->data;
    if (boolean->form == VECTOR_CONSTANT) {
        bool is_true = boolean->length > 0 && !vector_is_null(boolean, 0) && values[0] != 0;
        return is_true ? all_rows(boolean->length, rows) : 0;
    }
    return true_rows_flat(values, boolean->nulls, boolean->length, rows);
}

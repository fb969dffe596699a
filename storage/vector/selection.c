/*
 * Selections: from a boolean vector to the numbers of the rows where it is true.
 *
 * Flags are looked at eight at a time: eight false ones cost one comparison, eight true ones a
 * short copy; in a mixed word each row number is stored and the end moves on by its flag, so
 * that no branch depends on the data.
 */
#include "base/memory/checked.h"
#include "storage/vector/vector.h"

#define ALL_TRUE UINT64_C(0x0101010101010101)

static uint32_t all_rows(uint32_t length, uint32_t *rows)
{
    for (uint32_t row = 0; row < length; row++)
        rows[row] = row;
    return length;
}

static uint32_t rows_of_word(uint64_t flags, uint32_t first, uint32_t *rows)
{
    if (flags == 0)
        return 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < 8; i++) {
        rows[count] = first + i;
        count += (uint32_t)(flags >> (8 * i)) & 1;
    }
    return count;
}

static uint32_t true_rows_flat(const uint8_t *values, const uint8_t *nulls, uint32_t length,
                               uint32_t *rows)
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

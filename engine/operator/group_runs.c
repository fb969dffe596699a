/*
 * Runs: rows one after the other with equal keys, as sorted and clustered tables give them. A
 * run is looked up once, and each aggregate takes all of it into one state, which it can keep in
 * a register.
 *
 * Where one run ends is found by comparing each row with the one before. Keys that are equal but
 * look different (-0 and 0, entries of a dictionary that repeats itself, values under NULL) end a
 * run too early, which costs time and nothing else.
 */
#include "engine/operator/group_internal.h"

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && defined(__OPTIMIZE__)
#define RUNS_HOT                                                                                   \
    __attribute__((optimize("O3"), target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"),   \
                   noinline))
#else
#define RUNS_HOT __attribute__((noinline))
#endif

enum { LEAST_RUN = 24 }; /* rows a run must have on average */

#define MARK_LOOP(name, type)                                                                      \
    RUNS_HOT static void name(const type *restrict values, uint32_t rows, uint8_t *restrict ends)  \
    {                                                                                              \
        for (uint32_t i = 1; i < rows; i++)                                                        \
            ends[i] |= values[i] != values[i - 1];                                                 \
    }

MARK_LOOP(mark_8, uint8_t)
MARK_LOOP(mark_32, uint32_t)
MARK_LOOP(mark_64, uint64_t)

RUNS_HOT static uint32_t count_marks(const uint8_t *marks, uint32_t rows)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows; i++)
        count += marks[i];
    return count;
}

/* False: vectors of that kind have no runs that could be found cheaply. */
static bool mark_vector(const Vector *vector, uint32_t rows, uint8_t *marks)
{
    if (vector->form == VECTOR_CONSTANT)
        return true;
    if (vector->form == VECTOR_DICTIONARY) {
        mark_32(vector->data, rows, marks);
        return true;
    }
    if (vector->nulls != NULL)
        mark_8(vector->nulls, rows, marks);
    switch (vector->layout) {
    case LAYOUT_BOOL:
        mark_8(vector->data, rows, marks);
        return true;
    case LAYOUT_FLOAT32:
        mark_32(vector->data, rows, marks);
        return true;
    case LAYOUT_INT64:
    case LAYOUT_FLOAT64:
        mark_64(vector->data, rows, marks);
        return true;
    case LAYOUT_INT128:
    case LAYOUT_STRING:
    case LAYOUT_ARRAY:
    case LAYOUT_COUNT:
        break;
    }
    return false;
}

static uint32_t starts_of_marks(uint8_t *marks, uint32_t rows, uint32_t *starts)
{
    marks[0] = 1;
    uint32_t count = count_marks(marks, rows);
    if ((uint64_t)count * LEAST_RUN > rows)
        return 0;
    Vector boolean = vector_flat(LAYOUT_BOOL, rows, marks, NULL);
    return vector_true_rows(&boolean, starts);
}

uint32_t runs_of_keys(const Vector *const *columns, uint32_t column_count, uint32_t rows,
                      uint32_t *starts)
{
    uint8_t marks[BATCH_ROWS + 64];
    if (rows < LEAST_RUN || rows > BATCH_ROWS)
        return 0;
    memset(marks, 0, rows);
    for (uint32_t c = 0; c < column_count; c++)
        if (!mark_vector(columns[c], rows, marks))
            return 0;
    return starts_of_marks(marks, rows, starts);
}

uint32_t runs_of_groups(const uint32_t *groups, uint32_t rows, uint32_t *starts)
{
    uint8_t marks[BATCH_ROWS + 64];
    if (rows < LEAST_RUN || rows > BATCH_ROWS)
        return 0;
    memset(marks, 0, rows);
    mark_32(groups, rows, marks);
    return starts_of_marks(marks, rows, starts);
}

void runs_spread(const uint32_t *starts, uint32_t count, const uint32_t *entries, uint32_t rows,
                 uint32_t *groups)
{
    for (uint32_t r = 0; r < count; r++) {
        uint32_t end = r + 1 < count ? starts[r + 1] : rows;
        for (uint32_t i = starts[r]; i < end; i++)
            groups[i] = entries[r];
    }
}

/*
 * Tests that know NULL: IS TRUE and its kin, IS [NOT] DISTINCT FROM.
 */
#include "engine/function/kernel.h"

/* --- IS TRUE, IS FALSE, negated --- */

typedef struct TruthTest {
    bool if_true, if_false, if_null;
} TruthTest;

static bool run_truth_test(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                           const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    const TruthTest *test = call->function->loop;
    const Vector *vector = &arguments[0];
    const uint8_t *values = vector->data, *nulls = vector->nulls;
    if (vector->form == VECTOR_CONSTANT) {
        uint8_t value = vector_is_null(vector, 0) ? test->if_null
                        : values[0] != 0          ? test->if_true : test->if_false;
        *result = vector_constant(arena, LAYOUT_BOOL, rows, &value);
        return true;
    }
    uint8_t *out = arena_alloc_vector(arena, rows);
    for (uint32_t i = 0; i < rows; i++)
        out[i] = values[i] != 0 ? test->if_true : test->if_false;
    for (uint32_t i = 0; nulls != NULL && i < rows; i++)
        out[i] = nulls[i] != 0 ? test->if_null : out[i];
    *result = vector_flat(LAYOUT_BOOL, rows, out, NULL);
    return true;
}

/* --- IS [NOT] DISTINCT FROM --- */

static const uint8_t *null_bytes(const Vector *vector, uint32_t rows, Arena *arena)
{
    uint8_t *bytes = arena_alloc_vector(arena, rows);
    for (uint32_t i = 0; i < rows; i++)
        bytes[i] = vector_is_null(vector, i);
    return bytes;
}

#define EQUAL_VALUES(name, type, test)                                                             \
    KERNEL_HOT static void name(const Vector *left, const Vector *right, uint32_t rows,            \
                                uint8_t *out)                                                      \
    {                                                                                              \
        const type *x = left->data, *y = right->data;                                              \
        uint32_t step_x = left->form != VECTOR_CONSTANT, step_y = right->form != VECTOR_CONSTANT;  \
        for (uint32_t i = 0; i < rows; i++) {                                                      \
            const type a = x[i * step_x], b = y[i * step_y];                                       \
            out[i] = (test);                                                                       \
        }                                                                                          \
    }
EQUAL_VALUES(equal_bytes, uint8_t, a == b)
EQUAL_VALUES(equal_int64s, int64_t, a == b)
EQUAL_VALUES(equal_doubles, double, (a == b) | ((a != a) & (b != b)))

static void equal_rows(const Vector *a, const Vector *b, const uint8_t *null_a,
                       const uint8_t *null_b, uint32_t rows, uint8_t *out)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i] = null_a[i] == 0 && null_b[i] == 0 &&
                 vector_rows_equal(a, vector_row(a, i), b, vector_row(b, i));
}

static bool run_distinct(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                         const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    bool is_negated = *(const bool *)call->function->loop;
    Vector forms[2];
    if (!order_forms(call, arguments, rows, arena, forms, fault))
        return false;
    const Vector *a = &forms[0], *b = &forms[1];
    const uint8_t *null_a = null_bytes(a, rows, arena), *null_b = null_bytes(b, rows, arena);
    uint8_t *out = arena_alloc_vector(arena, rows);
    switch (a->layout) {
    case LAYOUT_BOOL: equal_bytes(a, b, rows, out); break;
    case LAYOUT_INT64: equal_int64s(a, b, rows, out); break;
    case LAYOUT_FLOAT64: equal_doubles(a, b, rows, out); break;
    case LAYOUT_INT128: case LAYOUT_FLOAT32: case LAYOUT_STRING: case LAYOUT_ARRAY:
    case LAYOUT_COUNT: equal_rows(a, b, null_a, null_b, rows, out); break;
    }
    for (uint32_t i = 0; i < rows; i++) {
        uint8_t is_same = (null_a[i] | null_b[i]) != 0 ? null_a[i] & null_b[i] : out[i];
        out[i] = is_same ^ !is_negated;
    }
    *result = vector_flat(LAYOUT_BOOL, rows, out, NULL);
    return true;
}

/* --- rows --- */

static const TruthTest test_true = {true, false, false};
static const TruthTest test_not_true = {false, true, true};
static const TruthTest test_false = {false, true, false};
static const TruthTest test_not_false = {true, false, true};
static const bool same = true, different = false;

#define TRUTH(id, function, test, text, sample, result_text)                                       \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { T_BOOL },                   \
      .result = T_BOOL, .nulls = NULLS_CALLED, .run = run_truth_test, .loop = (void *)&test,       \
      .summary = text, .example = sample, .gives = result_text }
#define DISTINCT(id, function, is_same, text, sample, result_text)                                 \
    { .oid = id, .name = function, .argument_count = 2,                                            \
      .arguments = { T_ANYELEMENT, T_ANYELEMENT }, .result = T_BOOL, .nulls = NULLS_CALLED,        \
      .run = run_distinct, .loop = (void *)&is_same, .summary = text, .example = sample,           \
      .gives = result_text }

const ScalarFunction logic_functions[] = {
    TRUTH(95200, "is_true", test_true, "True; NULL is not.", "is_true(NULL)", "f"),
    TRUTH(95201, "is_not_true", test_not_true, "False or NULL.", "is_not_true(NULL)", "t"),
    TRUTH(95202, "is_false", test_false, "False; NULL is not.", "is_false(NULL)", "f"),
    TRUTH(95203, "is_not_false", test_not_false, "True or NULL.", "is_not_false(NULL)", "t"),
    DISTINCT(95204, "is_distinct_from", different,
             "Different, where NULL is a value like any other.", "is_distinct_from(1, NULL)",
             "t"),
    DISTINCT(95205, "is_not_distinct_from", same,
             "The same, where NULL is a value like any other.", "is_not_distinct_from(1, 1)",
             "t"),
};

const uint32_t logic_function_count = sizeof logic_functions / sizeof logic_functions[0];

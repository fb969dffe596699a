/*
 * = <> < <= > >= of texts, by bytes.
 *
 * A dictionary column beside a constant never looks at its texts a row at a time: where the
 * dictionary is sorted, the test is a range of codes, found by binary search; else its entries
 * are tested once and rows look their result up by code. Two columns of one dictionary without
 * duplicates compare codes.
 */
#include "engine/function/kernel.h"

typedef struct TextTest {
    bool less, equal, greater; /* the result by the order of the operands */
} TextTest;

static inline uint8_t holds(const TextTest *test, int order)
{
    return order < 0 ? test->less : order > 0 ? test->greater : test->equal;
}

/* --- a constant beside a dictionary --- */

typedef struct CodeRange {
    uint64_t id; /* of the dictionary, 0: none */
    uint32_t first, count;
    bool is_inside; /* the result inside the range; outside the opposite */
} CodeRange;

enum { KEPT_RANGES = 8 };

typedef struct ConstantTest {
    TextTest test; /* as if the constant stood on the right */
    Text constant;
    EntryTests *entries;
    CodeRange ranges[KEPT_RANGES];
    uint32_t next;
} ConstantTest;

static void test_entries(const void *state, const Dictionary *dictionary, uint32_t first,
                         uint32_t count, uint8_t *results)
{
    const ConstantTest *constant = state;
    bool is_equality = constant->test.less == constant->test.greater;
    for (uint32_t i = 0; i < count; i++) {
        Text text = dictionary_text(dictionary, first + i);
        results[i] = is_equality
                         ? text_equal(text, constant->constant) == constant->test.equal
                         : holds(&constant->test, text_compare(text, constant->constant));
    }
}

static bool prepare_text_test(ScalarCall *call, Arena *arena, Fault *fault)
{
    const TextTest *test = call->function->loop;
    int side = call->constants[1] != NULL ? 1 : 0;
    const Vector *value = call->constants[side];
    if (value == NULL || vector_is_null(value, 0) || call->constants[1 - side] != NULL)
        return true;
    ConstantTest *constant = ARENA_NEW(arena, ConstantTest);
    constant->test = side == 1 ? *test : (TextTest){test->greater, test->equal, test->less};
    constant->constant = arena_text(arena, vector_text(value, 0));
    constant->entries = entry_tests_make(arena, test_entries, constant);
    call->prepared = constant;
    return true;
}

/* Codes of a sorted dictionary fall into: less, equal (one at most), greater. */
static CodeRange find_range(const ConstantTest *constant, const Dictionary *dictionary)
{
    const TextTest *test = &constant->test;
    uint32_t lower = dictionary_lower_bound(dictionary, constant->constant, false);
    uint32_t upper = dictionary_lower_bound(dictionary, constant->constant, true);
    CodeRange range = {.id = dictionary->id, .is_inside = true};
    if (test->less == test->greater) {
        range.first = lower;
        range.count = upper - lower;
        range.is_inside = test->equal;
    } else if (test->less) {
        range.first = 1;
        range.count = (test->equal ? upper : lower) - 1;
    } else {
        range.first = test->equal ? lower : upper;
        range.count = dictionary->count - range.first;
    }
    return range;
}

static CodeRange kept_range(ConstantTest *constant, const Dictionary *dictionary)
{
    for (uint32_t i = 0; i < KEPT_RANGES; i++)
        if (constant->ranges[i].id == dictionary->id)
            return constant->ranges[i];
    CodeRange range = find_range(constant, dictionary);
    constant->ranges[constant->next] = range;
    constant->next = (constant->next + 1) % KEPT_RANGES;
    return range;
}

KERNEL_HOT static void test_codes(uint8_t *restrict out, const uint32_t *codes, uint32_t first,
                                  uint32_t count, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i] = codes[i] - first < count;
}

KERNEL_HOT static void invert(uint8_t *bytes, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        bytes[i] ^= 1;
}

static void test_dictionary(ConstantTest *constant, const Vector *vector, uint8_t *out)
{
    const Dictionary *dictionary = vector->dictionary;
    if (!dictionary->is_sorted || !dictionary->is_unique) {
        entry_tests_run(constant->entries, vector, out);
        return;
    }
    CodeRange range = kept_range(constant, dictionary);
    test_codes(out, vector->data, range.first, range.count, vector->length);
    if (!range.is_inside)
        invert(out, vector->length);
}

/* --- two columns of one dictionary --- */

static bool share_codes(const TextTest *test, const Vector *a, const Vector *b)
{
    if (a->form != VECTOR_DICTIONARY || b->form != VECTOR_DICTIONARY ||
        a->dictionary->id != b->dictionary->id || !a->dictionary->is_unique)
        return false;
    return a->dictionary->is_sorted || test->less == test->greater;
}

static void compare_codes(const TextTest *test, const Vector *a, const Vector *b, uint8_t *out)
{
    const uint32_t *left = a->data, *right = b->data;
    for (uint32_t i = 0; i < a->length; i++)
        out[i] = holds(test, (left[i] > right[i]) - (left[i] < right[i]));
}

/* --- row by row --- */

static void compare_rows(const TextTest *test, const Vector *a, const Vector *b,
                         const uint8_t *nulls, uint32_t rows, uint8_t *out)
{
    bool is_equality = test->less == test->greater;
    for (uint32_t i = 0; i < rows; i++) {
        if (nulls != NULL && nulls[i] != 0) {
            out[i] = 0;
            continue;
        }
        Text left = vector_text(a, i), right = vector_text(b, i);
        out[i] = is_equality ? text_equal(left, right) == test->equal
                             : holds(test, text_compare(left, right));
    }
}

static bool run_text_test(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                          const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    const TextTest *test = call->function->loop;
    const Vector *a = &arguments[0], *b = &arguments[1];
    if (rows == 0 || kernel_is_constant_null(arguments, 2)) {
        *result = kernel_null_result(call, arena, rows);
        return true;
    }
    if (a->form == VECTOR_CONSTANT && b->form == VECTOR_CONSTANT) {
        uint8_t value;
        compare_rows(test, a, b, NULL, 1, &value);
        *result = vector_constant(arena, LAYOUT_BOOL, rows, &value);
        return true;
    }
    const uint8_t *nulls = kernel_nulls(arguments, 2, rows, arena);
    uint8_t *out = arena_alloc_vector(arena, rows);
    const Vector *varying = a->form == VECTOR_CONSTANT ? b : a;
    const Vector *other = varying == a ? b : a;
    if (call->prepared != NULL && varying->form == VECTOR_DICTIONARY &&
        other->form == VECTOR_CONSTANT)
        test_dictionary(call->prepared, varying, out);
    else if (share_codes(test, a, b))
        compare_codes(test, a, b, out);
    else
        compare_rows(test, a, b, nulls, rows, out);
    *result = vector_flat(LAYOUT_BOOL, rows, out, nulls);
    return true;
}

/* --- rows --- */

static const TextTest test_eq = {.equal = true};
static const TextTest test_ne = {.less = true, .greater = true};
static const TextTest test_lt = {.less = true};
static const TextTest test_le = {.less = true, .equal = true};
static const TextTest test_gt = {.greater = true};
static const TextTest test_ge = {.greater = true, .equal = true};

#define ROW(id, function, sign, left, right, test, text)                                           \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { left, right }, .result = T_BOOL, .kind = FUNCTION_OPERATOR_ONLY,              \
      .run = run_text_test, .loop = (void *)&test, .prepare = prepare_text_test, .summary = text }
#define SIX_OF(left, right, prefix, eq, ne, lt, le, gt, ge)                                        \
    ROW(eq, prefix "eq", "=", left, right, test_eq, "Equal."),                                     \
    ROW(ne, prefix "ne", "<>", left, right, test_ne, "Not equal."),                                \
    ROW(lt, prefix "lt", "<", left, right, test_lt, "Less, by bytes."),                            \
    ROW(le, prefix "le", "<=", left, right, test_le, "Less or equal, by bytes."),                  \
    ROW(gt, prefix "gt", ">", left, right, test_gt, "Greater, by bytes."),                         \
    ROW(ge, prefix "ge", ">=", left, right, test_ge, "Greater or equal, by bytes.")
#define SIX(type, prefix, eq, ne, lt, le, gt, ge) SIX_OF(type, type, prefix, eq, ne, lt, le, gt, ge)

const ScalarFunction comparison_text_functions[] = {
    SIX(T_TEXT, "text", 67, 157, 740, 741, 742, 743),
    SIX(T_NAME, "name", 62, 659, 655, 656, 657, 658),
    SIX_OF(T_NAME, T_TEXT, "nametext", 240, 245, 241, 242, 244, 243),
    SIX_OF(T_TEXT, T_NAME, "textname", 247, 252, 248, 249, 251, 250),
    SIX(T_CHAR, "char", 61, 70, 1246, 72, 73, 74),
    SIX(T_BYTEA, "bytea", 1948, 1953, 1949, 1950, 1951, 1952),
    SIX(T_UUID, "uuid_", 2956, 2959, 2954, 2955, 2958, 2957),
    SIX(T_BIT, "bit", 1581, 1582, 1595, 1594, 1593, 1592),
    SIX(T_VARBIT, "varbit", 1666, 1667, 1671, 1670, 1669, 1668),
    SIX(T_MACADDR, "macaddr_", 830, 835, 831, 832, 833, 834),
    SIX(T_MACADDR8, "macaddr8_", 4113, 4118, 4114, 4115, 4116, 4117),
    ROW(1062, "aclitemeq", "=", T_ACLITEM, T_ACLITEM, test_eq, "Equal."),
};

const uint32_t comparison_text_function_count =
    sizeof comparison_text_functions / sizeof comparison_text_functions[0];

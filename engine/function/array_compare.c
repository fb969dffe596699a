/*
 * x < ANY (array), x >= ALL (array) and the like, of arrays that differ from row to row. A NULL
 * among the elements leaves the answer open unless another element decides it. A NULL on the left
 * leaves it open, too, but for an empty array, which has no element that could say otherwise.
 */
#include "engine/function/rows_internal.h"

/* How the value compares with an element: -1, 0, 1. */
typedef bool Holds(int order);

static bool is_less(int order) { return order < 0; }
static bool is_less_equal(int order) { return order <= 0; }
static bool is_greater(int order) { return order > 0; }
static bool is_greater_equal(int order) { return order >= 0; }
static bool is_equal(int order) { return order == 0; }
static bool is_not_equal(int order) { return order != 0; }

/* `wanted`: the outcome of one element that decides: true for ANY, false for ALL. */
static inline bool compare_row(RowRun *run, uint32_t row, Holds *holds, bool wanted,
                               uint8_t *result, uint8_t *is_null)
{
    const Vector *elements = run->arguments[1].elements;
    bool has_null = false;
    *result = false; /* a NULL has a value, too */
    *is_null = row_is_null(run, 1, row);
    if (*is_null)
        return true;
    ArrayValue list = row_array(run, 1, row);
    *result = !wanted;
    *is_null = list.count > 0;
    if (row_is_null(run, 0, row))
        return true;
    *is_null = false;
    *result = wanted;
    for (uint32_t i = 0; i < list.count; i++) {
        uint32_t element = list.offset + i;
        if (vector_is_null(elements, element))
            has_null = true;
        else if (holds(vector_rows_compare(&run->arguments[0], row, elements, element)) == wanted)
            return true;
    }
    *result = !wanted;
    *is_null = has_null;
    return true;
}

#define COMPARE_LOOP(name, holds, wanted)                                                          \
    static bool name##_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)           \
    {                                                                                              \
        return compare_row(run, row, holds, wanted, result, is_null);                              \
    }                                                                                              \
    ROW_LOOP(name##_loop, name##_row, uint8_t)

COMPARE_LOOP(any_less, is_less, true)
COMPARE_LOOP(any_less_equal, is_less_equal, true)
COMPARE_LOOP(any_greater, is_greater, true)
COMPARE_LOOP(any_greater_equal, is_greater_equal, true)
COMPARE_LOOP(any_not_equal, is_not_equal, true)
COMPARE_LOOP(all_less, is_less, false)
COMPARE_LOOP(all_less_equal, is_less_equal, false)
COMPARE_LOOP(all_greater, is_greater, false)
COMPARE_LOOP(all_greater_equal, is_greater_equal, false)
COMPARE_LOOP(all_equal, is_equal, false)

#define COMPARE_ROW(id, test, sign, sample, value)                                                 \
    { .oid = id, .name = "array_" #test, .argument_count = 2,                                      \
      .arguments = { T_ANYELEMENT, T_ANYARRAY },                                                   \
      .result = T_BOOL, .nulls = NULLS_CALLED, .run = run_rows_by_value,                           \
      .loop = (void *)test##_loop, .summary = "x " sign " (array).", .example = sample,            \
      .gives = value }

const ScalarFunction array_compare_functions[] = {
    COMPARE_ROW(91670, any_less, "< ANY", "1 < ANY (ARRAY[1, 2])", "t"),
    COMPARE_ROW(91671, any_less_equal, "<= ANY", "3 <= ANY (ARRAY[1, 2])", "f"),
    COMPARE_ROW(91672, any_greater, "> ANY", "2 > ANY (ARRAY[1, 2])", "t"),
    COMPARE_ROW(91673, any_greater_equal, ">= ANY", "0 >= ANY (ARRAY[1, 2])", "f"),
    COMPARE_ROW(91674, any_not_equal, "<> ANY", "1 <> ANY (ARRAY[1, 1])", "f"),
    COMPARE_ROW(91675, all_less, "< ALL", "1 < ALL (ARRAY[1, 2])", "f"),
    COMPARE_ROW(91676, all_less_equal, "<= ALL", "1 <= ALL (ARRAY[1, 2])", "t"),
    COMPARE_ROW(91677, all_greater, "> ALL", "3 > ALL (ARRAY[1, 2])", "t"),
    COMPARE_ROW(91678, all_greater_equal, ">= ALL", "1 >= ALL (ARRAY[1, 2])", "f"),
    COMPARE_ROW(91679, all_equal, "= ALL", "1 = ALL (ARRAY[1, 1])", "t"),
};
const uint32_t array_compare_function_count =
    sizeof array_compare_functions / sizeof array_compare_functions[0];

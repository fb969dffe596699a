/*
 * GREATEST, LEAST and NULLIF.
 */
#include "engine/function/kernel.h"

#include "engine/type/timezone.h"

static SqlType same_type(const SqlType *arguments, uint32_t count)
{
    return count == 0 ? SQL_TYPE(T_TEXT) : arguments[0];
}

/* Two vectors at a time: `sign` is 1 for the greater. NULLs are passed over. */
#define PICK_LOOP(name, type, wins)                                                                \
    KERNEL_HOT static void name(type *restrict best, uint8_t *restrict is_null, const Vector *next,\
                                const uint8_t *next_null, uint32_t rows, bool greatest)            \
    {                                                                                              \
        const type *values = next->data;                                                           \
        uint32_t step = next->form != VECTOR_CONSTANT;                                             \
        for (uint32_t i = 0; i < rows; i++) {                                                      \
            const type a = best[i], b = values[i * step];                                          \
            bool takes = (next_null[i] == 0) & ((is_null[i] != 0) | (wins));                       \
            best[i] = takes ? b : a;                                                               \
            is_null[i] &= next_null[i];                                                            \
        }                                                                                          \
    }
PICK_LOOP(pick_int64, int64_t, greatest ? b > a : b < a)
PICK_LOOP(pick_double, double,
          greatest ? (b > a) | ((b != b) & (a == a)) : (b < a) | ((a != a) & (b == b)))

static void null_bytes(const Vector *vector, uint32_t rows, uint8_t *out)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i] = vector_is_null(vector, i);
}

static void pick_values(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                        bool greatest, Arena *arena, Vector *result)
{
    bool is_int = arguments[0].layout == LAYOUT_INT64;
    void *best = arena_alloc_vector(arena, rows * 8);
    uint8_t *is_null = arena_alloc_vector(arena, rows);
    uint8_t *next_null = arena_alloc_vector(arena, rows);
    memset(best, 0, rows * 8);
    memset(is_null, 1, rows);
    for (uint32_t i = 0; i < call->argument_count; i++) {
        null_bytes(&arguments[i], rows, next_null);
        if (is_int)
            pick_int64(best, is_null, &arguments[i], next_null, rows, greatest);
        else
            pick_double(best, is_null, &arguments[i], next_null, rows, greatest);
    }
    bool has_null = rows > 0 && memchr(is_null, 1, rows) != NULL;
    *result = vector_flat(arguments[0].layout, rows, best, has_null ? is_null : NULL);
}

static bool pick_rows(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                      bool greatest, Arena *arena, Vector *result, Fault *fault)
{
    uint32_t count = call->argument_count;
    Vector *forms = ARENA_ARRAY(arena, Vector, count);
    VectorBuilder builder;
    if (!order_forms(call, arguments, rows, arena, forms, fault))
        return false;
    vector_builder_init(&builder, arena, arguments[0].layout, rows);
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t best = count;
        for (uint32_t i = 0; i < count; i++) {
            if (vector_is_null(&arguments[i], row))
                continue;
            int order = best == count ? 0
                                      : vector_rows_compare(&forms[i], vector_row(&forms[i], row),
                                                            &forms[best],
                                                            vector_row(&forms[best], row));
            if (best == count || (greatest ? order > 0 : order < 0))
                best = i;
        }
        if (best == count)
            vector_builder_null(&builder);
        else
            vector_builder_row(&builder, &arguments[best], vector_row(&arguments[best], row));
    }
    *result = vector_builder_finish(&builder);
    return true;
}

static bool run_pick(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                     const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    bool greatest = *(const bool *)call->function->loop;
    bool is_constant = true;
    for (uint32_t i = 0; i < call->argument_count; i++)
        is_constant &= arguments[i].form == VECTOR_CONSTANT;
    uint32_t computed = is_constant && rows > 0 ? 1 : rows;
    Layout layout = arguments[0].layout;
    if (layout == LAYOUT_INT64 || layout == LAYOUT_FLOAT64)
        pick_values(call, arguments, computed, greatest, arena, result);
    else if (!pick_rows(call, arguments, computed, greatest, arena, result, fault))
        return false;
    if (is_constant && rows > 0) {
        result->form = VECTOR_CONSTANT;
        result->length = rows;
    }
    return true;
}

static bool run_nullif(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                       const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    const Vector *a = &arguments[0];
    Vector forms[2];
    if (!order_forms(call, arguments, rows, arena, forms, fault))
        return false;
    VectorBuilder builder;
    vector_builder_init(&builder, arena, a->layout, rows);
    for (uint32_t i = 0; i < rows; i++) {
        bool is_null = vector_is_null(a, i);
        bool is_same = !is_null && !vector_is_null(&forms[1], i) &&
                       vector_rows_equal(&forms[0], vector_row(&forms[0], i), &forms[1],
                                         vector_row(&forms[1], i));
        if (is_null || is_same)
            vector_builder_null(&builder);
        else
            vector_builder_row(&builder, a, vector_row(a, i));
    }
    *result = vector_builder_finish(&builder);
    return true;
}

/* What LIMIT and OFFSET are given when it is known only as the query runs. */
static inline FaultCode limit_count(const ScalarCall *call, int64_t count, int64_t *result)
{
    (void)call;
    *result = count;
    return count < 0 ? FAULT_INVALID_ROW_COUNT_IN_LIMIT : FAULT_NONE;
}

static inline FaultCode offset_count(const ScalarCall *call, int64_t count, int64_t *result)
{
    (void)call;
    *result = count;
    return count < 0 ? FAULT_INVALID_ROW_COUNT_IN_OFFSET : FAULT_NONE;
}
UNARY_CALL_LOOP(limit_count_loop, limit_count, int64_t, int64_t)
UNARY_CALL_LOOP(offset_count_loop, offset_count, int64_t, int64_t)

static const bool pick_greatest = true, pick_least = false;

#define PICK(id, function, which, text, sample, result_text)                                       \
    { .oid = id, .name = function, .argument_count = 1, .is_variadic = true,                       \
      .arguments = { T_ANYELEMENT }, .result = T_ANYELEMENT, .nulls = NULLS_CALLED,                \
      .run = run_pick, .loop = (void *)&which, .result_of = same_type, .summary = text,            \
      .example = sample, .gives = result_text }

#define COUNT_CHECK(id, function, stamped, clause)                                                 \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { T_INT8 }, .result = T_INT8, \
      .run = run_loop, .loop = stamped, .kind = FUNCTION_OPERATOR_ONLY,                            \
      .summary = "The number of rows of a " clause ", which must not be negative." }

const ScalarFunction misc_functions[] = {
    PICK(95210, "greatest", pick_greatest, "The greatest argument that is not NULL.",
         "greatest(1, NULL, 3)", "3"),
    PICK(95211, "least", pick_least, "The least argument that is not NULL.",
         "least(2, 1, NULL)", "1"),
    COUNT_CHECK(FUNCTION_LIMIT_COUNT, "limit_count", limit_count_loop, "LIMIT"),
    COUNT_CHECK(FUNCTION_OFFSET_COUNT, "offset_count", offset_count_loop, "OFFSET"),
    { .oid = 95212, .name = "nullif", .argument_count = 2,
      .arguments = { T_ANYELEMENT, T_ANYELEMENT }, .result = T_ANYELEMENT, .nulls = NULLS_CALLED,
      .run = run_nullif, .result_of = same_type,
      .summary = "NULL when both are equal, else the first.", .example = "nullif(1, 1)" },
};

const uint32_t misc_function_count = sizeof misc_functions / sizeof misc_functions[0];

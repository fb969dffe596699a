/*
 * Kernels of values of fixed width (and comparisons of texts): scalar function, stamped loop,
 * one driver.
 *
 * The scalar says what happens to one row. It is total: it also runs on the garbage beneath
 * nulls and in rows that nobody asks for, so it writes its result whatever it returns.
 *
 *     static inline FaultCode divide_int8(int64_t a, int64_t b, int64_t *quotient)
 *
 * The loop, stamped by one of the macros below, is the only code that knows the C types. It runs
 * over all rows without a branch and ORs the scalars' faults together.
 *
 *     BINARY_LOOP(divide_int8_loop, divide_int8, int64_t, int64_t, int64_t)
 *
 * The driver, run_loop, is plain C: it unwraps vectors, combines nulls, computes constants once
 * and calls the loop once a batch. Only when the loop says that something failed does it look for
 * a failing row that is neither null nor inactive, by calling the same loop with single rows.
 *
 * Functions with a richer row (texts made, arrays, NULL results) use run_rows, rows_internal.h.
 */
#ifndef TALARIA_ENGINE_FUNCTION_KERNEL_H
#define TALARIA_ENGINE_FUNCTION_KERNEL_H

#include "engine/function/function.h"

/* Loops are compiled for three widths of vector registers where the loader can choose. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_UNDEFINED__) && defined(__OPTIMIZE__)
#define KERNEL_HOT __attribute__((target_clones("avx512f", "avx2", "default"), noinline))
#else
#define KERNEL_HOT __attribute__((noinline))
#endif

/* `inputs[i]` are the values of argument i, `steps[i]` is 1, or 0 for a constant. */
typedef FaultCode (*KernelLoop)(const ScalarCall *call, const void *const *inputs,
                                const uint32_t *steps, void *result, uint32_t rows);

/* scalar: FaultCode scalar(A a, Result *result) */
#define UNARY_LOOP(name, scalar, A, Result)                                                        \
    KERNEL_HOT static FaultCode name(const ScalarCall *call, const void *const *inputs,            \
                                     const uint32_t *steps, void *result, uint32_t rows)           \
    {                                                                                              \
        const A *a = inputs[0];                                                                    \
        Result *restrict out = result;                                                             \
        unsigned failed = 0;                                                                       \
        (void)call, (void)steps;                                                                   \
        for (uint32_t i = 0; i < rows; i++)                                                        \
            failed |= scalar(a[i], &out[i]);                                                       \
        return (FaultCode)failed;                                                                  \
    }

/* scalar: FaultCode scalar(A a, B b, Result *result) */
#define BINARY_LOOP(name, scalar, A, B, Result)                                                    \
    KERNEL_HOT static FaultCode name(const ScalarCall *call, const void *const *inputs,            \
                                     const uint32_t *steps, void *result, uint32_t rows)           \
    {                                                                                              \
        const A *a = inputs[0];                                                                    \
        const B *b = inputs[1];                                                                    \
        Result *restrict out = result;                                                             \
        unsigned failed = 0;                                                                       \
        (void)call;                                                                                \
        if (steps[0] != 0 && steps[1] != 0) {                                                      \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                failed |= scalar(a[i], b[i], &out[i]);                                             \
        } else if (steps[0] != 0) {                                                                \
            const B right = b[0];                                                                  \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                failed |= scalar(a[i], right, &out[i]);                                            \
        } else {                                                                                   \
            const A left = a[0];                                                                   \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                failed |= scalar(left, b[i * steps[1]], &out[i]);                                  \
        }                                                                                          \
        return (FaultCode)failed;                                                                  \
    }

/* scalar: FaultCode scalar(A a, B b, C c, Result *result) */
#define TERNARY_LOOP(name, scalar, A, B, C, Result)                                                \
    static FaultCode name(const ScalarCall *call, const void *const *inputs,                       \
                          const uint32_t *steps, void *result, uint32_t rows)                      \
    {                                                                                              \
        const A *a = inputs[0];                                                                    \
        const B *b = inputs[1];                                                                    \
        const C *c = inputs[2];                                                                    \
        Result *restrict out = result;                                                             \
        unsigned failed = 0;                                                                       \
        (void)call;                                                                                \
        for (uint32_t i = 0; i < rows; i++)                                                        \
            failed |= scalar(a[i * steps[0]], b[i * steps[1]], c[i * steps[2]], &out[i]);          \
        return (FaultCode)failed;                                                                  \
    }

/*
 * The same for scalars that need the call (its context's zone, what `prepare` made):
 * FaultCode scalar(const ScalarCall *call, A a, ..., Result *result). They are rarely simple
 * enough to vectorise.
 */
#define UNARY_CALL_LOOP(name, scalar, A, Result)                                                   \
    static FaultCode name(const ScalarCall *call, const void *const *inputs,                       \
                          const uint32_t *steps, void *result, uint32_t rows)                      \
    {                                                                                              \
        const A *a = inputs[0];                                                                    \
        Result *restrict out = result;                                                             \
        unsigned failed = 0;                                                                       \
        (void)steps;                                                                               \
        for (uint32_t i = 0; i < rows; i++)                                                        \
            failed |= scalar(call, a[i], &out[i]);                                                 \
        return (FaultCode)failed;                                                                  \
    }

#define BINARY_CALL_LOOP(name, scalar, A, B, Result)                                               \
    static FaultCode name(const ScalarCall *call, const void *const *inputs,                       \
                          const uint32_t *steps, void *result, uint32_t rows)                      \
    {                                                                                              \
        const A *a = inputs[0];                                                                    \
        const B *b = inputs[1];                                                                    \
        Result *restrict out = result;                                                             \
        unsigned failed = 0;                                                                       \
        for (uint32_t i = 0; i < rows; i++)                                                        \
            failed |= scalar(call, a[i * steps[0]], b[i * steps[1]], &out[i]);                     \
        return (FaultCode)failed;                                                                  \
    }

/* Stamps the six loops of a comparable C type: name##_eq_loop ... from `order`, an expression of
 * `a` and `b` with the operator left open: COMPARISON_LOOPS(int8, int64_t, INT_TEST). */
#define COMPARISON_LOOP(name, A, B, test)                                                          \
    static inline FaultCode name##_scalar(A a, B b, uint8_t *result)                               \
    {                                                                                              \
        *result = (test);                                                                          \
        return FAULT_NONE;                                                                         \
    }                                                                                              \
    BINARY_LOOP(name##_loop, name##_scalar, A, B, uint8_t)

/* What compares in memory as values of the type do (function_for_order), also for the elements of
 * arrays; the values themselves for nearly every type. NULLs stay NULL. */
bool order_form(const ScalarCall *call, SqlType type, const Vector *values, uint32_t rows,
                Arena *arena, Vector *form, Fault *fault);
/* The same for each argument: `forms` has as many. */
bool order_forms(const ScalarCall *call, const Vector *arguments, uint32_t rows, Arena *arena,
                 Vector *forms, Fault *fault);

/* The driver: `loop` of the function's row is a KernelLoop. Strict in nulls. */
bool run_loop(const ScalarCall *call, const Vector *arguments, uint32_t rows,
              const uint8_t *active, Arena *arena, Vector *result, Fault *fault);
/* Constant NULL of the call's result type. */
Vector kernel_null_result(const ScalarCall *call, Arena *arena, uint32_t rows);

/* One byte a row, 1 where any argument is NULL; NULL when none is. May share an argument's. */
const uint8_t *kernel_nulls(const Vector *arguments, uint32_t count, uint32_t rows, Arena *arena);
/* Whether a constant argument is NULL, so that a strict function gives NULL everywhere. */
bool kernel_is_constant_null(const Vector *arguments, uint32_t count);

/* Fills the fault for a code that a scalar returned, in PostgreSQL's words: "integer out of
 * range" by the result's type. Returns false. */
bool kernel_fault(const ScalarCall *call, FaultCode code, Fault *fault);

/*
 * Tests of texts against constants, computed once an entry of a dictionary and kept for the
 * batches to come: one byte an entry. Lives in the arena of the program (a row's `prepare`).
 */
typedef struct EntryTests EntryTests;
/* Sets results[i] for entries [first, first + count) of the dictionary. */
typedef void (*EntryTest)(const void *state, const Dictionary *dictionary, uint32_t first,
                          uint32_t count, uint8_t *results);
EntryTests *entry_tests_make(Arena *arena, EntryTest test, const void *state);
/*
 * out[i] = the test's result for the entry of row i of a dictionary vector; 0 for NULL rows.
 * Small dictionaries are tested at once, large ones after enough rows of them have passed.
 */
void entry_tests_run(EntryTests *tests, const Vector *vector, uint8_t *out);
/* One byte a row of a dictionary vector: 1 where the code is 0. */
void kernel_code_nulls(const Vector *vector, uint8_t *nulls);

#endif

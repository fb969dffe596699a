/*
 * What the aggregates share: walking an argument, states, stored values, and columns of packed
 * states.
 *
 * A state is aligned to 8 bytes. Its loops are stamped by AGGREGATE_LOOP from a step, a static
 * inline function that adds one value without a branch: `valid` is 1 or 0, and a step must leave
 * the state as it is when it is 0. Whoever reads the step knows the aggregate.
 */
#ifndef TALARIA_ENGINE_FUNCTION_AGGREGATE_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_AGGREGATE_INTERNAL_H

#include "base/memory/budget.h"
#include "engine/function/function.h"

/* __int128 in a state: states are aligned to 8 bytes only. */
typedef __int128 WideInt __attribute__((aligned(8)));

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && defined(__OPTIMIZE__)
#define AGGREGATE_HOT                                                                              \
    __attribute__((optimize("O3"), target_clones("avx512f", "avx2", "default"), noinline))
#else
#define AGGREGATE_HOT __attribute__((noinline))
#endif

#define AGGREGATE_STATE(State, states, stride, group)                                              \
    ((State *)(void *)((states) + (size_t)(group) * (stride)))
#define AGGREGATE_STATE_CONST(State, states, stride, group)                                        \
    ((const State *)(const void *)((states) + (size_t)(group) * (stride)))

static inline uint32_t aggregate_group(const uint32_t *groups, uint32_t row)
{
    return groups == NULL ? 0 : groups[row];
}

static inline bool aggregate_is_druid(const AggregateCall *call)
{
    return call->context != NULL && call->context->dialect == 1;
}

/* A constant NULL: nothing to add. */
static inline bool aggregate_is_all_null(const Vector *vector)
{
    return vector->form == VECTOR_CONSTANT && vector->nulls != NULL && vector->nulls[0] != 0;
}

/*
 * Stamps `name`, which adds `rows` values of a flat or constant vector of C type `type` to
 * states of type `State` by `step(State *, type, uint64_t valid)`. Without groups the state is
 * kept in registers, so that a simple step vectorises.
 */
#define AGGREGATE_LOOP(name, State, type, step)                                                    \
    AGGREGATE_HOT static void name(uint8_t *states, size_t stride, const uint32_t *groups,         \
                                   const Vector *vector, uint32_t rows)                            \
    {                                                                                              \
        const type *data = vector->data;                                                           \
        const uint8_t *nulls = vector->nulls;                                                      \
        if (aggregate_is_all_null(vector) || rows == 0)                                            \
            return;                                                                                \
        bool is_constant = vector->form == VECTOR_CONSTANT;                                        \
        if (groups == NULL) {                                                                      \
            State state;                                                                           \
            memcpy(&state, states, sizeof state);                                                  \
            if (is_constant)                                                                       \
                for (uint32_t i = 0; i < rows; i++)                                                \
                    step(&state, data[0], 1);                                                      \
            else if (nulls == NULL)                                                                \
                for (uint32_t i = 0; i < rows; i++)                                                \
                    step(&state, data[i], 1);                                                      \
            else                                                                                   \
                for (uint32_t i = 0; i < rows; i++)                                                \
                    step(&state, data[i], nulls[i] == 0);                                          \
            memcpy(states, &state, sizeof state);                                                  \
        } else if (is_constant) {                                                                  \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                step(AGGREGATE_STATE(State, states, stride, groups[i]), data[0], 1);               \
        } else if (nulls == NULL) {                                                                \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                step(AGGREGATE_STATE(State, states, stride, groups[i]), data[i], 1);               \
        } else {                                                                                   \
            for (uint32_t i = 0; i < rows; i++)                                                    \
                step(AGGREGATE_STATE(State, states, stride, groups[i]), data[i], nulls[i] == 0);   \
        }                                                                                          \
    }

/* --- memory of states --- */

/* `size` bytes that live as long as the states, reserved from the budget first; NULL with the
 * budget's fault. */
void *aggregate_alloc(const AggregateCall *call, size_t size, Fault *fault);

/* Bytes that grow: strings being joined, the text of a minimum. Zeroed: empty. */
typedef struct StateBytes {
    char *data;
    uint32_t length, capacity;
} StateBytes;

bool state_bytes_append(const AggregateCall *call, StateBytes *bytes, const void *data,
                        uint32_t length, Fault *fault);
bool state_bytes_set(const AggregateCall *call, StateBytes *bytes, Text text, Fault *fault);

/* --- one value of any layout, kept in a state --- */
typedef enum StoredKind { STORED_NONE = 0, STORED_NULL, STORED_VALUE } StoredKind;

typedef struct StoredValue {
    union {
        uint8_t raw[16];      /* layouts of fixed width */
        StateBytes text;      /* STRING */
        const Vector *vector; /* ARRAY: a copy of one row */
    };
    uint64_t kind; /* StoredKind */
} StoredValue;

/* Keeps row `row`; strings are cut to `max_bytes` (0: whole) at a character's start. */
bool stored_value_set(const AggregateCall *call, StoredValue *stored, const Vector *vector,
                      uint32_t row, uint32_t max_bytes, Fault *fault);
/* Appends the value, or NULL when there is none, to a builder of its layout. */
void stored_value_append(const StoredValue *stored, Layout layout, VectorBuilder *builder);

/* --- columns of partial states --- */

/* A flat STRING column of `count` states packed to `size` bytes each; *bytes is where the first
 * goes, the others follow. For T_STATE partials. */
Vector aggregate_state_column(Arena *arena, uint32_t count, uint32_t size, uint8_t **bytes);
/* The packed state of a row of such a column; false for NULL rows (nothing to merge). A state of
 * another size than `size` is FAULT_DATA_CORRUPTED. */
bool aggregate_state_read(const Vector *partial, uint32_t row, void *state, uint32_t size,
                          bool *is_present, Fault *fault);

SqlType aggregate_type_state(const AggregateCall *call);  /* partial_of: T_STATE */
SqlType aggregate_type_int8(const AggregateCall *call);   /* partial_of: bigint */
SqlType aggregate_type_result(const AggregateCall *call); /* partial_of: as the result */
SqlType aggregate_same_type(const SqlType *arguments,
                            uint32_t count); /* result_of: first argument's */

/* --- sums of integers, shared by SUM and AVG (aggregate_sum.c) --- */

/* Exact sum and number of the values that are not null in `rows` rows of an INT64 vector. */
void aggregate_sum_int64(const Vector *vector, uint32_t rows, __int128 *sum, uint64_t *count);
/* The same of doubles: eight partial sums, added from left to right, so that up to eight values
 * are added in their order. */
void aggregate_sum_float64(const Vector *vector, uint32_t rows, double *sum, uint64_t *count);

#endif

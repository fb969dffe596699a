/*
 * Functions that are written one row at a time: texts, times, addresses, arrays, JSON.
 *
 * A body is a static inline function that computes one row from the arguments, which may have
 * any form; ROW_LOOP stamps the loop around it; run_rows is the driver. What is hot writes its
 * loop by hand, with the same signature, and looks at the form of its arguments first.
 *
 * The driver combines nulls, computes constants once, and runs the loop over the entries of a
 * dictionary instead of the rows when that is less work: at once when there are fewer entries
 * than rows, and for a large dictionary that keeps coming (a segment's) after as many rows of it
 * as a part of its entries; such results are kept for the batches to come, and texts among them become
 * a dictionary of their own without duplicates, so that grouping goes on by codes.
 */
#ifndef TALARIA_ENGINE_FUNCTION_ROWS_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_ROWS_INTERNAL_H

#include "base/memory/guard.h"
#include "engine/function/function.h"

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && defined(__OPTIMIZE__)
#define ROWS_HOT                                                                                   \
    __attribute__((optimize("O3"), target_clones("avx512f", "avx2", "default"), noinline))
#else
#define ROWS_HOT __attribute__((noinline))
#endif

/* Bytes of texts being made: chunks of the arena, so that a row costs no allocation. */
typedef struct TextSink {
    Arena *arena;
    char *next, *end;
} TextSink;

char *text_sink_chunk(TextSink *sink, size_t size);

/* Room for `size` bytes; what was used of it is told to text_sink_take. */
static inline char *text_sink_reserve(TextSink *sink, size_t size)
{
    return (size_t)(sink->end - sink->next) >= size ? sink->next : text_sink_chunk(sink, size);
}

static inline Text text_sink_take(TextSink *sink, size_t used)
{
    Text text = {.data = sink->next, .length = (uint32_t)used};
    sink->next += used;
    return text;
}

/* Texts are at most 1 GiB - 1 long, as PostgreSQL's; longer results are a fault. */
#define TEXT_MAX_LENGTH (UINT64_C(0x3FFFFFFF))
bool text_too_long(Fault *fault);

typedef struct RowRun {
    const ScalarCall *call;
    const Vector *arguments;
    Arena *arena;
    TextSink sink;
    Fault *fault;
} RowRun;

/*
 * Computes rows [0, rows) into `results` (an array of the result's C type) where skip is NULL
 * or 0; sets is_null[i] to 1 for a NULL result (it is 0 before). False: run->fault is set.
 */
typedef bool (*RowLoop)(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                        uint8_t *is_null);

/* A body: static inline bool body(RowRun *run, uint32_t row, type *result, uint8_t *is_null). */
#define ROW_LOOP(name, body, type)                                                                 \
    static bool name(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,               \
                     uint8_t *is_null)                                                             \
    {                                                                                              \
        type *out = results;                                                                       \
        for (uint32_t i = 0; i < rows; i++) {                                                      \
            if (skip != NULL && skip[i]) {                                                         \
                memset(&out[i], 0, sizeof out[i]);                                                 \
                continue;                                                                          \
            }                                                                                      \
            if (!body(run, i, &out[i], &is_null[i]) || !guard_passes(run->fault))                  \
                return false;                                                                      \
        }                                                                                          \
        return true;                                                                               \
    }

/* --- arguments of a row, of any form; they must not be null --- */
static inline bool row_is_null(const RowRun *run, uint32_t argument, uint32_t row)
{
    return vector_is_null(&run->arguments[argument], row);
}

static inline Text row_text(const RowRun *run, uint32_t argument, uint32_t row)
{
    return vector_text(&run->arguments[argument], row);
}

static inline int64_t row_int64(const RowRun *run, uint32_t argument, uint32_t row)
{
    const Vector *vector = &run->arguments[argument];
    return VECTOR_DATA(int64_t, vector)[vector_row(vector, row)];
}

static inline double row_float64(const RowRun *run, uint32_t argument, uint32_t row)
{
    const Vector *vector = &run->arguments[argument];
    return VECTOR_DATA(double, vector)[vector_row(vector, row)];
}

static inline bool row_bool(const RowRun *run, uint32_t argument, uint32_t row)
{
    const Vector *vector = &run->arguments[argument];
    return VECTOR_DATA(uint8_t, vector)[vector_row(vector, row)] != 0;
}

static inline ArrayValue row_array(const RowRun *run, uint32_t argument, uint32_t row)
{
    const Vector *vector = &run->arguments[argument];
    return VECTOR_DATA(ArrayValue, vector)[vector_row(vector, row)];
}

static inline bool call_is_druid(const ScalarCall *call)
{
    return call->context != NULL && call->context->dialect == 1;
}

/* Argument `argument` when it is given and a constant, else NULL. It may be a NULL constant. */
static inline const Vector *call_constant(const ScalarCall *call, uint32_t argument)
{
    return argument < call->argument_count && call->constants != NULL ? call->constants[argument]
                                                                      : NULL;
}

/* What a row's `prepared` starts with when it runs by run_rows: what is kept of dictionaries. */
typedef struct RowMemo {
    Arena *arena;          /* the program's */
    uint64_t candidate;    /* the dictionary met last, by its id */
    uint64_t rows_met;     /* rows of it so far */
    uint64_t kept;         /* the dictionary whose results are kept, or 0 */
    size_t spent;          /* bytes kept so far, of all dictionaries */
    Vector entries;        /* results of the entries of `kept` */
    Dictionary *texts;     /* text results: those as a dictionary ... */
    const uint32_t *codes; /* ... and for each entry its code in it */
} RowMemo;

/* The drivers. `loop` of the function's row is a RowLoop. */
bool run_rows(const ScalarCall *call, const Vector *arguments, uint32_t rows, const uint8_t *active,
              Arena *arena, Vector *result, Fault *fault);
/* run_rows over what compares in memory as the arguments do (order_form): for tests. */
bool run_rows_by_value(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                       const uint8_t *active, Arena *arena, Vector *result, Fault *fault);
/* .prepare of rows that have nothing else to prepare but may profit from kept dictionaries. */
bool rows_prepare(ScalarCall *call, Arena *arena, Fault *fault);
/* For a prepare that makes a struct starting with a RowMemo. */
void row_memo_init(RowMemo *memo, Arena *arena);

/*
 * Arrays as results: `loop` is an ArrayLoop, which appends one cell a row to a builder of arrays
 * (a null where skip says so).
 */
typedef bool (*ArrayLoop)(RowRun *run, const uint8_t *skip, uint32_t rows, VectorBuilder *builder);
/* A body: static bool body(RowRun *run, uint32_t row, VectorBuilder *builder). */
#define ARRAY_LOOP(name, body)                                                                     \
    static bool name(RowRun *run, const uint8_t *skip, uint32_t rows, VectorBuilder *builder)      \
    {                                                                                              \
        for (uint32_t i = 0; i < rows; i++) {                                                      \
            if (skip != NULL && skip[i])                                                           \
                vector_builder_null(builder);                                                      \
            else if (!body(run, i, builder) || !guard_passes(run->fault))                          \
                return false;                                                                      \
        }                                                                                          \
        return true;                                                                               \
    }
bool run_array_rows(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                    const uint8_t *active, Arena *arena, Vector *result, Fault *fault);

/* One byte a row, 1 where a strict function has a NULL argument; NULL when no row has. */
uint8_t *rows_nulls(const Vector *arguments, uint32_t count, uint32_t rows, Arena *arena);

#endif

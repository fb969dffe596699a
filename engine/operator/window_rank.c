/*
 * Row numbers, ranks and buckets: functions of where a row stands among its partition's rows.
 */
#include "engine/operator/window_internal.h"

static int64_t row_number(const WindowChunk *chunk, uint32_t row)
{
    return (int64_t)row - partition_begin(chunk, chunk_partition(chunk, row)) + 1;
}

static int64_t rank(const WindowChunk *chunk, uint32_t row)
{
    return group_begin(chunk, chunk_group(chunk, row)) -
           partition_begin(chunk, chunk_partition(chunk, row)) + 1;
}

static int64_t dense_rank(const WindowChunk *chunk, uint32_t row)
{
    return (int64_t)chunk_group(chunk, row) -
           chunk_partitions(chunk)[chunk_partition(chunk, row)].first_group + 1;
}

static int64_t partition_rows(const WindowChunk *chunk, uint32_t row)
{
    uint32_t partition = chunk_partition(chunk, row);
    return partition_end(chunk, partition) - partition_begin(chunk, partition);
}

typedef int64_t (*Counter)(const WindowChunk *chunk, uint32_t row);

static Vector count_rows(const WindowChunk *chunk, uint32_t from, uint32_t to, Arena *arena,
                         Counter counter)
{
    int64_t *values = arena_alloc_vector(arena, (to - from) * sizeof *values);
    for (uint32_t row = from; row < to; row++)
        values[row - from] = counter(chunk, row);
    return vector_flat(LAYOUT_INT64, to - from, values, NULL);
}

static Vector percent_ranks(const WindowChunk *chunk, uint32_t from, uint32_t to, Arena *arena)
{
    double *values = arena_alloc_vector(arena, (to - from) * sizeof *values);
    for (uint32_t row = from; row < to; row++) {
        int64_t rows = partition_rows(chunk, row);
        values[row - from] =
            rows <= 1 ? 0 : (double)(rank(chunk, row) - 1) / (double)(rows - 1);
    }
    return vector_flat(LAYOUT_FLOAT64, to - from, values, NULL);
}

static Vector cumulative_distributions(const WindowChunk *chunk, uint32_t from, uint32_t to,
                                       Arena *arena)
{
    double *values = arena_alloc_vector(arena, (to - from) * sizeof *values);
    for (uint32_t row = from; row < to; row++) {
        int64_t passed = group_end(chunk, chunk_group(chunk, row)) -
                         partition_begin(chunk, chunk_partition(chunk, row));
        values[row - from] = (double)passed / (double)partition_rows(chunk, row);
    }
    return vector_flat(LAYOUT_FLOAT64, to - from, values, NULL);
}

/* The first (rows mod buckets) buckets have a row more than the others. */
static int64_t bucket_of(int64_t number, int64_t rows, int64_t buckets)
{
    int64_t size = rows / buckets, larger = rows % buckets;
    int64_t in_larger = larger * (size + 1);
    if (number <= in_larger)
        return (number - 1) / (size + 1) + 1;
    return larger + (number - in_larger - 1) / size + 1;
}

/* The number of buckets is what the argument is in the partition's first row. */
static bool ntiles(const WindowCall *call, const WindowChunk *chunk, uint32_t from, uint32_t to,
                   Arena *arena, Vector *result, Fault *fault)
{
    int64_t *values = arena_alloc_vector(arena, (to - from) * sizeof *values);
    uint8_t *nulls = arena_alloc_vector(arena, to - from);
    int64_t buckets = 0;
    bool is_known = false;
    for (uint32_t row = from; row < to; row++) {
        uint32_t first = (uint32_t)partition_begin(chunk, chunk_partition(chunk, row));
        if (row == from || row == first) {
            is_known = window_integer(call, chunk, 0, first, &buckets);
            if (is_known && buckets <= 0)
                return fault_set(fault, FAULT_INVALID_ARGUMENT_FOR_NTILE,
                                 "argument of ntile must be greater than zero");
        }
        nulls[row - from] = !is_known;
        values[row - from] =
            is_known ? bucket_of(row_number(chunk, row), partition_rows(chunk, row), buckets) : 0;
    }
    *result = vector_flat(LAYOUT_INT64, to - from, values, nulls);
    return true;
}

static bool rank_compute(WindowCall *call, const WindowChunk *chunk, uint32_t from, uint32_t to,
                         Arena *arena, Vector *result, Fault *fault)
{
    switch (call->spec->function->kind) {
    case WINDOW_ROW_NUMBER:
        *result = count_rows(chunk, from, to, arena, row_number);
        return true;
    case WINDOW_RANK:
        *result = count_rows(chunk, from, to, arena, rank);
        return true;
    case WINDOW_DENSE_RANK:
        *result = count_rows(chunk, from, to, arena, dense_rank);
        return true;
    case WINDOW_PERCENT_RANK:
        *result = percent_ranks(chunk, from, to, arena);
        return true;
    case WINDOW_CUME_DIST:
        *result = cumulative_distributions(chunk, from, to, arena);
        return true;
    case WINDOW_NTILE:
        return ntiles(call, chunk, from, to, arena, result, fault);
    case WINDOW_LAG:
    case WINDOW_LEAD:
    case WINDOW_FIRST_VALUE:
    case WINDOW_LAST_VALUE:
    case WINDOW_NTH_VALUE:
        break;
    }
    return fault_set(fault, FAULT_INTERNAL_ERROR, "not a rank");
}

static const WindowMethods rank_methods = {.compute = rank_compute};

WindowCall *window_rank_make(const OperatorSpec *spec, const StageWindowFunction *function,
                             OperatorContext *context, Fault *fault)
{
    if (function->function->kind == WINDOW_NTILE &&
        type_layout(function->call.argument_types[0]) != LAYOUT_INT64) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "argument of ntile is no integer");
        return NULL;
    }
    WindowCall *call = ARENA_NEW(context->arena, WindowCall);
    *call = (WindowCall){.methods = &rank_methods,
                         .operator_spec = spec,
                         .spec = function,
                         .context = context};
    WindowKind kind = function->function->kind;
    call->needs.partition =
        kind == WINDOW_PERCENT_RANK || kind == WINDOW_CUME_DIST || kind == WINDOW_NTILE;
    return call;
}

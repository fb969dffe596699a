/*
 * Limit: leaves out the first rows, then lets so many pass. When it has seen enough it stops
 * asking, and engine/run stops the stages below.
 *
 * With keys the rows come ordered by them: count and offset begin anew where one of the first
 * `each_count` keys changes, and WITH TIES lets those rows pass too that equal the last one in all
 * keys. Only neighbours are compared; the last row of a batch is kept for the next one.
 */
#include "engine/operator/operator_internal.h"

typedef struct LimitOperator {
    Operator base;
    uint64_t to_skip;
    uint64_t to_pass; /* UINT64_MAX: no limit */
    Arena *arena;
    /* with keys: */
    Arena *last_arena;
    Vector *last; /* the keys of the row before, one row each; NULL: there is none */
    bool is_last_passed;
} LimitOperator;

static void begin(LimitOperator *limit)
{
    const OperatorSpec *spec = limit->base.spec;
    limit->to_skip = spec->limit.offset < 0 ? 0 : (uint64_t)spec->limit.offset;
    limit->to_pass = spec->limit.count < 0 ? UINT64_MAX : (uint64_t)spec->limit.count;
}

/* --- without keys --- */

static Progress next_plain(LimitOperator *limit, Batch **batch, Fault *fault)
{
    while (limit->to_pass != 0) {
        Progress progress = operator_next(limit->base.children[0], batch, fault);
        if (progress != PROGRESS_BATCH)
            return progress;
        uint32_t rows = (*batch)->rows;
        uint32_t skipped = limit->to_skip < rows ? (uint32_t)limit->to_skip : rows;
        limit->to_skip -= skipped;
        uint32_t passed = rows - skipped;
        if (passed > limit->to_pass)
            passed = (uint32_t)limit->to_pass;
        if (limit->to_pass != UINT64_MAX)
            limit->to_pass -= passed;
        if (passed == 0)
            continue;
        if (passed != rows) {
            arena_reset(limit->arena);
            *batch = batch_slice(limit->arena, *batch, skipped, passed);
        }
        return PROGRESS_BATCH;
    }
    return PROGRESS_DONE;
}

/* --- with keys --- */

/* How many leading keys row `row` shares with the row before it. */
static uint32_t shared_keys(const LimitOperator *limit, const Batch *batch, uint32_t row)
{
    const OperatorSpec *spec = limit->base.spec;
    uint32_t count = 0;
    for (; count < spec->limit.key_count; count++) {
        const Vector *column = &batch->columns[spec->limit.keys[count]];
        bool is_same = row > 0 ? vector_rows_equal(column, row, column, row - 1)
                               : vector_rows_equal(column, row, &limit->last[count], 0);
        if (!is_same)
            break;
    }
    return count;
}

static bool passes(LimitOperator *limit, const Batch *batch, uint32_t row)
{
    const OperatorSpec *spec = limit->base.spec;
    bool is_first = row == 0 && limit->last == NULL;
    uint32_t shared = is_first ? 0 : shared_keys(limit, batch, row);
    if (!is_first && spec->limit.each_count > 0 && shared < spec->limit.each_count)
        begin(limit);
    bool is_tie = spec->limit.with_ties && !is_first && limit->is_last_passed &&
                  shared == spec->limit.key_count;
    if (limit->to_skip > 0) {
        limit->to_skip--;
        return limit->is_last_passed = false;
    }
    if (limit->to_pass == 0)
        return limit->is_last_passed = is_tie;
    if (limit->to_pass != UINT64_MAX)
        limit->to_pass--;
    return limit->is_last_passed = true;
}

static void keep_last(LimitOperator *limit, const Batch *batch)
{
    const OperatorSpec *spec = limit->base.spec;
    uint32_t row = batch->rows - 1;
    arena_reset(limit->last_arena);
    limit->last = ARENA_ARRAY(limit->last_arena, Vector, spec->limit.key_count);
    for (uint32_t i = 0; i < spec->limit.key_count; i++) {
        const Vector *column = &batch->columns[spec->limit.keys[i]];
        VectorBuilder builder;
        vector_builder_init(&builder, limit->last_arena, column->layout, 1);
        vector_builder_row(&builder, column, row);
        limit->last[i] = vector_builder_finish(&builder);
    }
}

/* Nothing can pass any more: the count is used up and the last row was no tie of it. */
static bool is_over(const LimitOperator *limit)
{
    const OperatorSpec *spec = limit->base.spec;
    return spec->limit.each_count == 0 && limit->to_pass == 0 &&
           (spec->limit.count == 0 || (limit->last != NULL && !limit->is_last_passed));
}

static Progress next_keyed(LimitOperator *limit, Batch **batch, Fault *fault)
{
    while (!is_over(limit)) {
        Progress progress = operator_next(limit->base.children[0], batch, fault);
        if (progress != PROGRESS_BATCH)
            return progress;
        arena_reset(limit->arena);
        uint32_t *rows =
            arena_alloc_vector(limit->arena, ((size_t)(*batch)->rows + 64) * sizeof(uint32_t));
        uint32_t count = 0;
        for (uint32_t row = 0; row < (*batch)->rows; row++)
            if (passes(limit, *batch, row))
                rows[count++] = row;
        keep_last(limit, *batch);
        if (count == (*batch)->rows)
            return PROGRESS_BATCH;
        if (count > 0) {
            *batch = batch_gather(limit->arena, *batch, rows, count);
            return PROGRESS_BATCH;
        }
        if (operator_must_yield(limit->base.context))
            return PROGRESS_YIELDED;
    }
    return PROGRESS_DONE;
}

static Progress limit_next(Operator *self, Batch **batch, Fault *fault)
{
    LimitOperator *limit = (LimitOperator *)self;
    return self->spec->limit.key_count > 0 ? next_keyed(limit, batch, fault)
                                           : next_plain(limit, batch, fault);
}

static void limit_close(Operator *self)
{
    arena_free(((LimitOperator *)self)->arena);
    arena_free(((LimitOperator *)self)->last_arena);
}

static const OperatorClass limit_class = {
    .name = "limit", .next = limit_next, .close = limit_close};

Operator *limit_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                     Fault *fault)
{
    (void)fault;
    LimitOperator *limit = operator_new(sizeof *limit, &limit_class, spec, context, children);
    begin(limit);
    limit->arena = arena_new("limit");
    limit->last_arena = arena_new("limit keys");
    return &limit->base;
}

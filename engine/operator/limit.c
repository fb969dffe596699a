/*
 * Limit: leaves out the first rows, then lets so many pass. When it has seen enough it stops
 * asking, and engine/run stops the stages below.
 */
#include "engine/operator/operator_internal.h"

typedef struct LimitOperator {
    Operator base;
    uint64_t to_skip;
    uint64_t to_pass; /* UINT64_MAX: no limit */
    Arena *arena;
} LimitOperator;

static Progress limit_next(Operator *self, Batch **batch, Fault *fault)
{
    LimitOperator *limit = (LimitOperator *)self;
    while (limit->to_pass != 0) {
        Progress progress = operator_next(self->children[0], batch, fault);
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

static void limit_close(Operator *self)
{
    arena_free(((LimitOperator *)self)->arena);
}

static const OperatorClass limit_class = {
    .name = "limit", .next = limit_next, .close = limit_close};

Operator *limit_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                     Fault *fault)
{
    (void)fault;
    LimitOperator *limit = operator_new(sizeof *limit, &limit_class, spec, context, children);
    limit->to_skip = spec->limit.offset < 0 ? 0 : (uint64_t)spec->limit.offset;
    limit->to_pass = spec->limit.count < 0 ? UINT64_MAX : (uint64_t)spec->limit.count;
    limit->arena = arena_new("limit");
    return &limit->base;
}

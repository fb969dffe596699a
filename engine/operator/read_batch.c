/*
 * Read batch: rows that came with the stage's definition. Worker 0 reads them, so that they
 * appear once.
 */
#include "engine/operator/operator_internal.h"

typedef struct ReadBatchOperator {
    Operator base;
    BatchCutter cutter;
    bool has_filter;
    Conditions conditions;
    Arena *arena;
} ReadBatchOperator;

static Batch *keep_columns(const OperatorSpec *spec, Arena *arena, Batch *batch)
{
    Batch *kept = batch_make(arena, spec->column_count, batch->rows);
    for (uint32_t i = 0; i < spec->column_count; i++)
        kept->columns[i] = batch->columns[operator_kept(spec, i)];
    return kept;
}

static Progress read_batch_next(Operator *self, Batch **batch, Fault *fault)
{
    ReadBatchOperator *read = (ReadBatchOperator *)self;
    arena_reset(read->arena);
    for (;;) {
        *batch = batch_cutter_next(&read->cutter, read->arena);
        if (*batch == NULL)
            return PROGRESS_DONE;
        self->context->counters->input_rows += (*batch)->rows;
        if (read->has_filter && !conditions_apply(&read->conditions, read->arena, batch, fault))
            return PROGRESS_FAILED;
        if ((*batch)->rows == 0)
            continue;
        *batch = keep_columns(self->spec, read->arena, *batch);
        return PROGRESS_BATCH;
    }
}

static void read_batch_close(Operator *self)
{
    arena_free(((ReadBatchOperator *)self)->arena);
}

static const OperatorClass read_batch_class = {
    .name = "read batch", .next = read_batch_next, .close = read_batch_close};

Operator *read_batch_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                          Fault *fault)
{
    const StageInput *input = &context->stage->inputs[spec->input.index];
    Conditions conditions = {0};
    if (spec->input.filter != NULL &&
        !conditions_make(context, spec->input.filter, &conditions, fault))
        return NULL;
    ReadBatchOperator *read =
        operator_new(sizeof *read, &read_batch_class, spec, context, children);
    read->has_filter = spec->input.filter != NULL;
    read->conditions = conditions;
    read->arena = arena_new("read batch");
    /* Batches are never written to, whoever holds them. */
    if (context->worker == 0)
        read->cutter.batch = (Batch *)(uintptr_t)input->batch;
    return &read->base;
}

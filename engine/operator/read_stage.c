/*
 * Read stage: the output of an earlier stage, from the exchange. Remembers in the context which
 * partition the rows belong to.
 */
#include "engine/operator/operator_internal.h"

typedef struct ReadStageOperator {
    Operator base;
    const StageSource *source;
    BatchCutter cutter;
    bool is_done;
    bool is_whole; /* all columns in their order: nothing to rearrange */
    bool has_filter;
    Conditions conditions;
    Arena *arena;
} ReadStageOperator;

static Progress fetch(ReadStageOperator *read, Fault *fault)
{
    OperatorContext *context = read->base.context;
    Batch *batch;
    Progress progress = read->source->next(read->source->state, &batch, &context->partition, fault);
    if (progress == PROGRESS_DONE)
        read->is_done = true;
    if (progress != PROGRESS_BATCH)
        return progress;
    context->counters->input_rows += batch->rows;
    context->counters->input_frames++;
    read->cutter = (BatchCutter){.batch = batch};
    return PROGRESS_BATCH;
}

static Progress read_stage_next(Operator *self, Batch **batch, Fault *fault)
{
    ReadStageOperator *read = (ReadStageOperator *)self;
    arena_reset(read->arena);
    while (!read->is_done) {
        Batch *piece = batch_cutter_next(&read->cutter, read->arena);
        if (piece == NULL) {
            Progress progress = fetch(read, fault);
            if (progress != PROGRESS_BATCH)
                return progress;
            continue;
        }
        if (read->has_filter && !conditions_apply(&read->conditions, read->arena, &piece, fault))
            return PROGRESS_FAILED;
        if (piece->rows == 0)
            continue;
        if (!read->is_whole) {
            Batch *kept = batch_make(read->arena, self->spec->column_count, piece->rows);
            for (uint32_t i = 0; i < self->spec->column_count; i++)
                kept->columns[i] = piece->columns[operator_kept(self->spec, i)];
            piece = kept;
        }
        *batch = piece;
        return PROGRESS_BATCH;
    }
    return PROGRESS_DONE;
}

static void read_stage_close(Operator *self)
{
    ReadStageOperator *read = (ReadStageOperator *)self;
    if (!read->is_done)
        read->source->stop(read->source->state);
    arena_free(read->arena);
}

static const OperatorClass read_stage_class = {
    .name = "read stage", .next = read_stage_next, .close = read_stage_close};

Operator *read_stage_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                          Fault *fault)
{
    const StageInput *input = &context->stage->inputs[spec->input.index];
    Conditions conditions = {0};
    if (spec->input.filter != NULL &&
        !conditions_make(context, spec->input.filter, &conditions, fault))
        return NULL;
    ReadStageOperator *read =
        operator_new(sizeof *read, &read_stage_class, spec, context, children);
    read->source = &context->sources[spec->input.index];
    read->has_filter = spec->input.filter != NULL;
    read->conditions = conditions;
    read->arena = arena_new("read stage");
    read->is_whole = spec->column_count == input->column_count;
    for (uint32_t i = 0; i < spec->column_count; i++)
        read->is_whole &= operator_kept(spec, i) == i;
    return &read->base;
}

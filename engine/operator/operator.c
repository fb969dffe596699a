/*
 * Building and driving trees of operators.
 */
#include "engine/operator/operator.h"

#include "engine/operator/operator_internal.h"

static OperatorMake input_maker(InputKind kind)
{
    switch (kind) {
    case INPUT_SEGMENTS:
        return scan_segments_make;
    case INPUT_EXTERNAL:
        return read_external_make;
    case INPUT_BATCH:
        return read_batch_make;
    case INPUT_STAGE:
        return read_stage_make;
    }
    return NULL;
}

static OperatorMake maker_of(const OperatorSpec *spec, const OperatorContext *context)
{
    switch (spec->kind) {
    case OPERATOR_INPUT:
        return spec->input.index < context->stage->input_count
                   ? input_maker(context->stage->inputs[spec->input.index].kind)
                   : NULL;
    case OPERATOR_FILTER:
        return filter_make;
    case OPERATOR_PROJECT:
        return project_make;
    case OPERATOR_GROUP:
        return group_make;
    case OPERATOR_GROUP_EACH:
        return group_each_make;
    case OPERATOR_JOIN:
        return join_make;
    case OPERATOR_SORT:
        if (spec->sort.each_count > 0 || spec->sort.with_ties)
            return top_each_make;
        return spec->sort.limit >= 0 ? top_n_make : sort_make;
    case OPERATOR_LIMIT:
        return limit_make;
    case OPERATOR_RECURSE:
        return recurse_make;
    case OPERATOR_HELD:
        return held_make;
    case OPERATOR_EXPAND:
        return expand_make;
    case OPERATOR_UNION:
        return union_make;
    case OPERATOR_WINDOW:
        return window_make;
    case OPERATOR_WRITE_SEGMENTS:
        return write_segments_make;
    case OPERATOR_WRITE_ROWS:
        return write_rows_make;
    case OPERATOR_WRITE_FILES:
        return write_files_make;
    }
    return NULL;
}

static uint32_t least_children(OperatorKind kind)
{
    switch (kind) {
    case OPERATOR_INPUT:
    case OPERATOR_HELD:
        return 0;
    case OPERATOR_JOIN:
    case OPERATOR_RECURSE:
        return 2;
    case OPERATOR_FILTER:
    case OPERATOR_PROJECT:
    case OPERATOR_GROUP:
    case OPERATOR_GROUP_EACH:
    case OPERATOR_SORT:
    case OPERATOR_LIMIT:
    case OPERATOR_EXPAND:
    case OPERATOR_UNION:
    case OPERATOR_WINDOW:
    case OPERATOR_WRITE_SEGMENTS:
    case OPERATOR_WRITE_ROWS:
    case OPERATOR_WRITE_FILES:
        return 1;
    }
    return 0;
}

static void close_children(Operator **children, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        operator_close(children[i]);
}

Operator *operator_build(const OperatorSpec *spec, OperatorContext *context, Fault *fault)
{
    OperatorMake make = maker_of(spec, context);
    if (make == NULL || spec->child_count < least_children(spec->kind)) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "an operator of a stage lacks its input");
        return NULL;
    }
    Operator **children = ARENA_ARRAY(context->arena, Operator *, spec->child_count);
    /* a recursion builds its step itself, in every round */
    uint32_t count = spec->child_count - (spec->kind == OPERATOR_RECURSE ? 1 : 0);
    for (uint32_t i = 0; i < count; i++) {
        children[i] = operator_build(spec->children[i], context, fault);
        if (children[i] == NULL) {
            close_children(children, i);
            return NULL;
        }
    }
    Operator *made = make(spec, context, children, fault);
    if (made == NULL)
        close_children(children, count);
    return made;
}

void *operator_new(size_t size, const OperatorClass *class, const OperatorSpec *spec,
                   OperatorContext *context, Operator **children)
{
    Operator *self = arena_zalloc(context->arena, size);
    *self = (Operator){.class = class,
                       .spec = spec,
                       .context = context,
                       .child_count = spec->child_count,
                       .children = children};
    return self;
}

Progress operator_next(Operator *self, Batch **batch, Fault *fault)
{
    const volatile bool *is_cancelled = self->context->is_cancelled;
    if (is_cancelled != NULL && *is_cancelled) {
        fault_set(fault, FAULT_CANCELED, "query canceled");
        return PROGRESS_FAILED;
    }
    *batch = NULL;
    return self->class->next(self, batch, fault);
}

void operator_close(Operator *self)
{
    if (self == NULL)
        return;
    if (self->class->close != NULL)
        self->class->close(self);
    close_children(self->children, self->child_count);
}

size_t operator_revoke(Operator *self, size_t wanted)
{
    size_t freed = 0;
    for (uint32_t i = 0; i < self->child_count && freed < wanted; i++)
        freed += operator_revoke(self->children[i], wanted - freed);
    if (freed < wanted && self->class->revoke != NULL)
        freed += self->class->revoke(self);
    return freed;
}

void operator_offer_bound(Operator *self, const SortBound *bound)
{
    if (self->class->bound != NULL)
        self->class->bound(self, bound);
}

void operator_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys)
{
    if (self->class->restrict_to != NULL)
        self->class->restrict_to(self, column, keys);
}

Layout *operator_layouts(OperatorContext *context, const SqlType *types, uint32_t count)
{
    Layout *layouts = ARENA_ARRAY(context->arena, Layout, count);
    for (uint32_t i = 0; i < count; i++)
        layouts[i] = type_layout(types[i]);
    return layouts;
}

Batch *batch_cutter_next(BatchCutter *cutter, Arena *arena)
{
    if (cutter->batch == NULL || cutter->at >= cutter->batch->rows) {
        cutter->batch = NULL;
        return NULL;
    }
    uint32_t left = cutter->batch->rows - cutter->at;
    if (cutter->at == 0 && left <= BATCH_ROWS) {
        Batch *whole = cutter->batch;
        cutter->batch = NULL;
        return whole;
    }
    uint32_t count = left < BATCH_ROWS ? left : BATCH_ROWS;
    Batch *piece = batch_slice(arena, cutter->batch, cutter->at, count);
    cutter->at += count;
    return piece;
}

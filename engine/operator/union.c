/*
 * Union: the children's rows, one child after the other. A child that is blocked lets the next
 * one have its turn: the order of a union's rows means nothing.
 */
#include "engine/operator/operator_internal.h"

typedef struct UnionOperator {
    Operator base;
    bool *is_done;
    uint32_t current;
} UnionOperator;

static Progress union_next(Operator *self, Batch **batch, Fault *fault)
{
    UnionOperator *all = (UnionOperator *)self;
    Progress outcome = PROGRESS_DONE;
    for (uint32_t tried = 0; tried < self->child_count; tried++) {
        uint32_t child = all->current;
        if (!all->is_done[child]) {
            Progress progress = operator_next(self->children[child], batch, fault);
            if (progress == PROGRESS_DONE)
                all->is_done[child] = true;
            else if (progress == PROGRESS_BLOCKED)
                outcome = PROGRESS_BLOCKED;
            else
                return progress;
        }
        all->current = (child + 1) % self->child_count;
    }
    return outcome;
}

static void union_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys)
{
    for (uint32_t i = 0; i < self->child_count; i++)
        operator_restrict_to(self->children[i], column, keys);
}

static const OperatorClass union_class = {
    .name = "union", .next = union_next, .restrict_to = union_restrict_to};

Operator *union_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                     Fault *fault)
{
    (void)fault;
    UnionOperator *all = operator_new(sizeof *all, &union_class, spec, context, children);
    all->is_done = arena_zalloc(context->arena, spec->child_count);
    return &all->base;
}

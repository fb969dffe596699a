/*
 * Held: the rows that a recursion above holds under a number, from the first to the last. They do
 * not change while this operator lives.
 */
#include "engine/operator/recurse_internal.h"

typedef struct HeldOperator {
    Operator base;
    BatchCutter cutter;
    Arena *arena;
} HeldOperator;

static Progress held_next(Operator *self, Batch **batch, Fault *fault)
{
    (void)fault;
    HeldOperator *held = (HeldOperator *)self;
    arena_reset(held->arena);
    *batch = batch_cutter_next(&held->cutter, held->arena);
    return *batch == NULL ? PROGRESS_DONE : PROGRESS_BATCH;
}

static void held_close(Operator *self)
{
    arena_free(((HeldOperator *)self)->arena);
}

static const OperatorClass held_class = {.name = "held", .next = held_next, .close = held_close};

static bool has_layouts(const HeldRows *rows, const OperatorSpec *spec)
{
    if (rows->column_count != spec->column_count)
        return false;
    for (uint32_t i = 0; i < spec->column_count; i++)
        if (type_layout(rows->types[i]) != type_layout(spec->types[i]))
            return false;
    return true;
}

Operator *held_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                    Fault *fault)
{
    const HeldRows *rows = context->held;
    while (rows != NULL && rows->id != spec->held.id)
        rows = rows->next;
    if (rows == NULL || !has_layouts(rows, spec)) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "a recursion's rows are not there");
        return NULL;
    }
    HeldOperator *held = operator_new(sizeof *held, &held_class, spec, context, children);
    held->arena = arena_new("held");
    if (row_store_rows(rows->store) > 0) /* batches are never written to */
        held->cutter.batch = (Batch *)(uintptr_t)row_store_batch(rows->store);
    return &held->base;
}

/*
 * Sort: all rows are kept, ordered by normalised keys, and handed on batch by batch.
 */
#include "engine/operator/operator_internal.h"

typedef struct SortOperator {
    Operator base;
    RowStore *store;
    RowOrder order;
    const Batch *rows; /* of the store, once all have come */
    uint32_t next;
    Arena *arena;
} SortOperator;

static Progress read_all(SortOperator *sort, Fault *fault)
{
    for (;;) {
        Batch *batch;
        Progress progress = operator_next(sort->base.children[0], &batch, fault);
        if (progress == PROGRESS_DONE)
            break;
        if (progress != PROGRESS_BATCH)
            return progress;
        if (!row_store_append(sort->store, batch, NULL, 0, fault))
            return PROGRESS_FAILED;
        if (operator_must_yield(sort->base.context))
            return PROGRESS_YIELDED;
    }
    const OperatorSpec *spec = sort->base.spec;
    sort->rows = row_store_batch(sort->store);
    return row_order_sort_ranked(&sort->order, sort->rows, spec->sort.keys, spec->sort.key_count,
                                 fault)
               ? PROGRESS_DONE
               : PROGRESS_FAILED;
}

static Progress sort_next(Operator *self, Batch **batch, Fault *fault)
{
    SortOperator *sort = (SortOperator *)self;
    if (sort->rows == NULL) {
        Progress progress = read_all(sort, fault);
        if (progress != PROGRESS_DONE)
            return progress;
    }
    uint32_t left = sort->rows->rows - sort->next;
    if (left == 0)
        return PROGRESS_DONE;
    uint32_t count = left < BATCH_ROWS ? left : BATCH_ROWS;
    arena_reset(sort->arena);
    *batch =
        batch_gather(sort->arena, sort->rows, row_order_rows(&sort->order) + sort->next, count);
    sort->next += count;
    return PROGRESS_BATCH;
}

static void sort_close(Operator *self)
{
    SortOperator *sort = (SortOperator *)self;
    row_order_clear(&sort->order);
    row_store_free(sort->store);
    arena_free(sort->arena);
}

static void sort_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys)
{
    if (self->spec->sort.limit < 0)
        operator_restrict_to(self->children[0], column, keys);
}

static const OperatorClass sort_class = {
    .name = "sort", .next = sort_next, .close = sort_close, .restrict_to = sort_restrict_to};

Operator *sort_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                    Fault *fault)
{
    (void)fault;
    const OperatorSpec *child = spec->children[0];
    SortOperator *sort = operator_new(sizeof *sort, &sort_class, spec, context, children);
    sort->store = row_store_new(context->budget, child->column_count,
                                operator_layouts(context, child->types, child->column_count));
    row_order_init(&sort->order, context->budget);
    sort->arena = arena_new("sort");
    return &sort->base;
}

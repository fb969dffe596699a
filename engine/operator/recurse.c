/*
 * Recurse: WITH RECURSIVE. The first child gives the first rows; then the step, a tree of
 * operators over the rows of the round before, is built and run again and again until a round
 * gives no rows. What the step reads besides those rows comes from further children, once, and
 * is held. (SQL:1999; semi-naive evaluation: Bancilhon and Ramakrishnan, 1986.)
 *
 * UNION drops rows that came before, by a key table over all columns. Rows go up as they are
 * found, so a LIMIT above ends a recursion that has no end of its own; what is held is reserved
 * from the budget, and each batch asks whether the query was cancelled.
 *
 * Rows that a query names several times and that must be the same each time are a recursion of
 * one round: the first child's rows are only held, the step's are the result.
 */
#include "engine/operator/key_table_internal.h"
#include "engine/operator/recurse_internal.h"

typedef enum RecursePhase { RECURSE_HOLDING, RECURSE_FIRST, RECURSE_STEPPING } RecursePhase;

typedef struct RecurseOperator {
    Operator base;
    RecursePhase phase;
    uint32_t holding;      /* the child being held */
    uint32_t held_count;
    HeldRows *held;        /* [0]: the rows of the round before */
    RowStore *found;       /* the rows of this round */
    OperatorContext step_context;
    Operator *step;        /* NULL between rounds */
    Arena *step_arena;
    KeyTable *seen;        /* UNION */
    uint32_t next_entry;   /* of `seen` */
    bool has_null_entry;
    bool is_over;          /* a round was run */
    Arena *arena;
} RecurseOperator;

/* --- rows that came before --- */

static bool is_new(RecurseOperator *recurse, uint32_t entry)
{
    if (entry == 0 && key_table_reserves_null(recurse->seen)) {
        bool is_first = !recurse->has_null_entry;
        recurse->has_null_entry = true;
        return is_first;
    }
    if (entry < recurse->next_entry)
        return false;
    recurse->next_entry = entry + 1;
    return true;
}

/* *batch without the rows that came before; may have no rows. */
static bool drop_seen(RecurseOperator *recurse, Batch **batch, Fault *fault)
{
    uint32_t entries[BATCH_ROWS];
    uint32_t count = 0, width = (*batch)->column_count;
    arena_reset(recurse->arena);
    const Vector **columns = ARENA_ARRAY(recurse->arena, const Vector *, width + 1);
    for (uint32_t i = 0; i < width; i++)
        columns[i] = &(*batch)->columns[i];
    if (!key_table_add(recurse->seen, columns, (*batch)->rows, entries, fault))
        return false;
    uint32_t *rows =
        arena_alloc_vector(recurse->arena, ((size_t)(*batch)->rows + 64) * sizeof *rows);
    for (uint32_t i = 0; i < (*batch)->rows; i++)
        if (is_new(recurse, entries[i]))
            rows[count++] = i;
    if (count != (*batch)->rows)
        *batch = batch_gather(recurse->arena, *batch, rows, count);
    return true;
}

/* --- rounds --- */

static Progress take(RecurseOperator *recurse, Operator *from, Batch **batch, Fault *fault)
{
    for (;;) {
        Progress progress = operator_next(from, batch, fault);
        if (progress != PROGRESS_BATCH)
            return progress;
        bool is_result = recurse->base.spec->recurse.is_once && from == recurse->step;
        if (is_result)
            return PROGRESS_BATCH;
        if (recurse->seen != NULL && !drop_seen(recurse, batch, fault))
            return PROGRESS_FAILED;
        if ((*batch)->rows > 0)
            return row_store_append(recurse->found, *batch, NULL, 0, fault) ? PROGRESS_BATCH
                                                                            : PROGRESS_FAILED;
        if (operator_must_yield(recurse->base.context))
            return PROGRESS_YIELDED;
    }
}

static void end_round(RecurseOperator *recurse)
{
    operator_close(recurse->step);
    recurse->step = NULL;
    arena_reset(recurse->step_arena);
    RowStore *before = recurse->held[0].store;
    recurse->held[0].store = recurse->found;
    recurse->found = before;
    row_store_reset(recurse->found);
}

static bool begin_round(RecurseOperator *recurse, Fault *fault)
{
    const OperatorSpec *spec = recurse->base.spec;
    recurse->step_context = *recurse->base.context;
    recurse->step_context.arena = recurse->step_arena;
    recurse->step_context.held = recurse->held;
    recurse->step = operator_build(spec->children[spec->child_count - 1], &recurse->step_context,
                                   fault);
    return recurse->step != NULL;
}

static Progress next_of_step(RecurseOperator *recurse, Batch **batch, Fault *fault)
{
    if (recurse->step == NULL) {
        bool is_once = recurse->base.spec->recurse.is_once;
        if (is_once ? recurse->is_over : row_store_rows(recurse->held[0].store) == 0)
            return PROGRESS_DONE;
        if (!begin_round(recurse, fault))
            return PROGRESS_FAILED;
    }
    recurse->step_context.slice_end = recurse->base.context->slice_end;
    Progress progress = take(recurse, recurse->step, batch, fault);
    if (progress != PROGRESS_DONE)
        return progress;
    end_round(recurse);
    recurse->is_over = true;
    return PROGRESS_YIELDED;
}

static Progress hold_next(RecurseOperator *recurse, Fault *fault)
{
    while (recurse->holding < recurse->held_count) {
        Batch *batch;
        Progress progress =
            operator_next(recurse->base.children[recurse->holding], &batch, fault);
        if (progress == PROGRESS_DONE) {
            recurse->holding++;
            continue;
        }
        if (progress != PROGRESS_BATCH)
            return progress;
        if (!row_store_append(recurse->held[recurse->holding].store, batch, NULL, 0, fault))
            return PROGRESS_FAILED;
        if (operator_must_yield(recurse->base.context))
            return PROGRESS_YIELDED;
    }
    return PROGRESS_DONE;
}

static Progress recurse_next(Operator *self, Batch **batch, Fault *fault)
{
    RecurseOperator *recurse = (RecurseOperator *)self;
    for (;;) {
        Progress progress;
        switch (recurse->phase) {
        case RECURSE_HOLDING:
            progress = hold_next(recurse, fault);
            if (progress != PROGRESS_DONE)
                return progress;
            recurse->phase = RECURSE_FIRST;
            break;
        case RECURSE_FIRST:
            progress = take(recurse, self->children[0], batch, fault);
            if (progress == PROGRESS_BATCH && self->spec->recurse.is_once) {
                if (operator_must_yield(self->context))
                    return PROGRESS_YIELDED;
                break; /* only held */
            }
            if (progress != PROGRESS_DONE)
                return progress;
            recurse->phase = RECURSE_STEPPING;
            end_round(recurse);
            break;
        case RECURSE_STEPPING:
            progress = next_of_step(recurse, batch, fault);
            if (progress != PROGRESS_YIELDED || operator_must_yield(self->context))
                return progress;
            break;
        }
        const volatile bool *is_cancelled = self->context->is_cancelled;
        if (is_cancelled != NULL && *is_cancelled) {
            fault_set(fault, FAULT_CANCELED, "query canceled");
            return PROGRESS_FAILED;
        }
    }
}

static void recurse_close(Operator *self)
{
    RecurseOperator *recurse = (RecurseOperator *)self;
    operator_close(recurse->step);
    for (uint32_t i = 0; i < recurse->held_count; i++)
        row_store_free(recurse->held[i].store);
    row_store_free(recurse->found);
    key_table_free(recurse->seen);
    arena_free(recurse->step_arena);
    arena_free(recurse->arena);
}

static size_t recurse_revoke(Operator *self)
{
    Operator *step = ((RecurseOperator *)self)->step;
    return step == NULL ? 0 : operator_revoke(step, SIZE_MAX);
}

static const OperatorClass recurse_class = {.name = "recurse",
                                            .next = recurse_next,
                                            .close = recurse_close,
                                            .revoke = recurse_revoke};

static RowStore *store_for(OperatorContext *context, const OperatorSpec *spec)
{
    return row_store_new(context->budget, spec->column_count,
                         operator_layouts(context, spec->types, spec->column_count));
}

Operator *recurse_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                       Fault *fault)
{
    if ((spec->children[0]->column_count != spec->column_count && !spec->recurse.is_once) ||
        spec->children[spec->child_count - 1]->column_count != spec->column_count) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "a recursion's rows differ in width");
        return NULL;
    }
    RecurseOperator *recurse =
        operator_new(sizeof *recurse, &recurse_class, spec, context, children);
    recurse->base.child_count = spec->child_count - 1; /* the step is built when it runs */
    recurse->held_count = spec->child_count - 1;
    recurse->held = ARENA_ARRAY(context->arena, HeldRows, recurse->held_count);
    for (uint32_t i = 0; i < recurse->held_count; i++)
        recurse->held[i] = (HeldRows){
            .id = spec->recurse.held[i],
            .column_count = spec->children[i]->column_count,
            .types = spec->children[i]->types,
            .store = store_for(context, spec->children[i]),
            .next = i + 1 < recurse->held_count ? &recurse->held[i + 1] : context->held};
    recurse->found = store_for(context, spec->children[0]);
    recurse->holding = 1;
    if (spec->recurse.is_distinct)
        recurse->seen = key_table_new(context->budget, spec->column_count,
                                      operator_layouts(context, spec->types, spec->column_count));
    recurse->step_arena = arena_new("recurse step");
    recurse->arena = arena_new("recurse");
    return &recurse->base;
}

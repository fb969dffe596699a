/*
 * Filter: rows for which the condition is true. The condition's conjuncts are evaluated one
 * after the other, each over what the ones before have left.
 */
#include "engine/operator/operator_internal.h"

typedef struct FilterOperator {
    Operator base;
    Conditions conditions;
    Arena *arena; /* of the batch */
} FilterOperator;

static uint32_t split_count(const Expr *condition)
{
    if (condition->kind != EXPR_AND)
        return 1;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < condition->argument_count; i++)
        sum += split_count(condition->arguments[i]);
    return sum;
}

static void split_into(const Expr *condition, const Expr **parts, uint32_t *count)
{
    if (condition->kind != EXPR_AND) {
        parts[(*count)++] = condition;
        return;
    }
    for (uint32_t i = 0; i < condition->argument_count; i++)
        split_into(condition->arguments[i], parts, count);
}

const Expr **conditions_split(Arena *arena, const Expr *condition, uint32_t *count)
{
    const Expr **parts = ARENA_ARRAY(arena, const Expr *, split_count(condition));
    *count = 0;
    split_into(condition, parts, count);
    return parts;
}

bool conditions_make(OperatorContext *context, const Expr *condition, Conditions *conditions,
                     Fault *fault)
{
    uint32_t count;
    const Expr **parts = conditions_split(context->arena, condition, &count);
    conditions->programs = ARENA_ARRAY(context->arena, ExprProgram *, count);
    conditions->count = 0;
    /* What can fail goes last: the rows that other conjuncts drop must not raise its errors. */
    for (int can_fail = 0; can_fail < 2; can_fail++)
        for (uint32_t i = 0; i < count; i++) {
            if (expr_can_fail(parts[i]) != (can_fail == 1))
                continue;
            ExprProgram *program =
                expr_compile(context->arena, &parts[i], 1, context->types, fault);
            if (program == NULL)
                return false;
            conditions->programs[conditions->count++] = program;
        }
    return true;
}

bool conditions_apply(const Conditions *conditions, Arena *arena, Batch **batch, Fault *fault)
{
    for (uint32_t i = 0; i < conditions->count && (*batch)->rows != 0; i++) {
        Vector holds;
        if (!expr_run(conditions->programs[i], *batch, NULL, arena, &holds, fault))
            return false;
        uint32_t *rows =
            arena_alloc_vector(arena, ((size_t)(*batch)->rows + 64) * sizeof(uint32_t));
        uint32_t count = vector_true_rows(&holds, rows);
        if (count != (*batch)->rows)
            *batch = batch_gather(arena, *batch, rows, count);
    }
    return true;
}

static Progress filter_next(Operator *self, Batch **batch, Fault *fault)
{
    FilterOperator *filter = (FilterOperator *)self;
    for (;;) {
        Progress progress = operator_next(self->children[0], batch, fault);
        if (progress != PROGRESS_BATCH)
            return progress;
        arena_reset(filter->arena);
        if (!conditions_apply(&filter->conditions, filter->arena, batch, fault))
            return PROGRESS_FAILED;
        if ((*batch)->rows != 0)
            return PROGRESS_BATCH;
        if (operator_must_yield(self->context))
            return PROGRESS_YIELDED;
    }
}

static void filter_close(Operator *self)
{
    arena_free(((FilterOperator *)self)->arena);
}

static void filter_bound(Operator *self, const SortBound *bound)
{
    operator_offer_bound(self->children[0], bound);
}

static void filter_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys)
{
    operator_restrict_to(self->children[0], column, keys);
}

static const OperatorClass filter_class = {.name = "filter",
                                           .next = filter_next,
                                           .close = filter_close,
                                           .bound = filter_bound,
                                           .restrict_to = filter_restrict_to};

Operator *filter_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                      Fault *fault)
{
    Conditions conditions;
    if (!conditions_make(context, spec->filter.condition, &conditions, fault))
        return NULL;
    FilterOperator *filter = operator_new(sizeof *filter, &filter_class, spec, context, children);
    filter->conditions = conditions;
    filter->arena = arena_new("filter");
    return &filter->base;
}

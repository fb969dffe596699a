/*
 * Project: expressions over each batch.
 */
#include "engine/operator/operator_internal.h"

typedef struct ProjectOperator {
    Operator base;
    ExprProgram *program;
    Arena *arena; /* of the batch */
} ProjectOperator;

static Progress project_next(Operator *self, Batch **batch, Fault *fault)
{
    ProjectOperator *project = (ProjectOperator *)self;
    Batch *input;
    Progress progress = operator_next(self->children[0], &input, fault);
    if (progress != PROGRESS_BATCH)
        return progress;
    arena_reset(project->arena);
    *batch = batch_make(project->arena, self->spec->column_count, input->rows);
    if (!expr_run(project->program, input, NULL, project->arena, (*batch)->columns, fault))
        return PROGRESS_FAILED;
    return PROGRESS_BATCH;
}

static void project_close(Operator *self)
{
    arena_free(((ProjectOperator *)self)->arena);
}

/* A bound on an item that is a plain column is a bound on that column. */
static void project_bound(Operator *self, const SortBound *bound)
{
    const Expr *item = self->spec->project.items[bound->column];
    if (item->kind != EXPR_COLUMN)
        return;
    SortBound below = *bound;
    below.column = item->column;
    operator_offer_bound(self->children[0], &below);
}

static void project_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys)
{
    const Expr *item = self->spec->project.items[column];
    if (item->kind == EXPR_COLUMN)
        operator_restrict_to(self->children[0], item->column, keys);
}

static const OperatorClass project_class = {.name = "project",
                                            .next = project_next,
                                            .close = project_close,
                                            .bound = project_bound,
                                            .restrict_to = project_restrict_to};

Operator *project_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                       Fault *fault)
{
    ExprProgram *program = expr_compile(context->arena, spec->project.items, spec->column_count,
                                        context->types, fault);
    if (program == NULL)
        return NULL;
    ProjectOperator *project =
        operator_new(sizeof *project, &project_class, spec, context, children);
    project->program = program;
    project->arena = arena_new("project");
    return &project->base;
}

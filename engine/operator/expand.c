/*
 * Expand: each row as often as an expression over it says, the copies numbered from 1. What
 * unnest, generate_series and EXCEPT ALL are made of. A row's copies may fill many batches: they
 * are made as they are asked for.
 */
#include "engine/operator/operator_internal.h"

typedef struct ExpandOperator {
    Operator base;
    ExprProgram *program;
    Arena *input_arena; /* the counts of the batch being copied */
    Arena *arena;       /* of the batch given out */
    Batch *input;       /* NULL: ask for the next one */
    Vector counts;
    uint32_t row;       /* whose turn it is */
    int64_t copies;     /* of it, given out already */
} ExpandOperator;

static int64_t copies_of(const ExpandOperator *expand, uint32_t row)
{
    if (vector_is_null(&expand->counts, row))
        return 0;
    int64_t count = VECTOR_DATA(int64_t, &expand->counts)[vector_row(&expand->counts, row)];
    return count < 0 ? 0 : count;
}

/* Fills rows and numbers with the next copies; returns how many. A number of 0 stands for NULL. */
static uint32_t next_copies(ExpandOperator *expand, uint32_t *rows, int64_t *numbers)
{
    bool is_outer = expand->base.spec->expand.is_outer;
    uint32_t count = 0;
    while (count < BATCH_ROWS && expand->row < expand->input->rows) {
        int64_t wanted = copies_of(expand, expand->row);
        if (wanted == 0 && is_outer) {
            rows[count] = expand->row;
            numbers[count++] = 0;
        }
        while (count < BATCH_ROWS && expand->copies < wanted) {
            rows[count] = expand->row;
            numbers[count++] = ++expand->copies;
        }
        if (expand->copies < wanted)
            break; /* the batch is full */
        expand->row++;
        expand->copies = 0;
    }
    return count;
}

/* Whether the whole batch is due and each of its rows once. */
static bool is_once_each(const ExpandOperator *expand)
{
    const Batch *input = expand->input;
    if (expand->row > 0 || expand->copies > 0)
        return false;
    if (expand->counts.form == VECTOR_CONSTANT)
        return input->rows > 0 && copies_of(expand, 0) == 1;
    for (uint32_t i = 0; i < input->rows; i++) {
        if (copies_of(expand, i) != 1)
            return false;
    }
    return input->rows > 0;
}

/* The batch as it is, all copies being the first ones. */
static Batch *pass_on(ExpandOperator *expand)
{
    Batch *input = expand->input;
    uint32_t width = input->column_count;
    Batch *batch = batch_make(expand->arena, width + 1, input->rows);
    if (width > 0)
        memcpy(batch->columns, input->columns, width * sizeof *batch->columns);
    const int64_t one = 1;
    batch->columns[width] = vector_constant(expand->arena, LAYOUT_INT64, input->rows, &one);
    expand->row = input->rows;
    return batch;
}

static Batch *make_copies(ExpandOperator *expand)
{
    arena_reset(expand->arena);
    if (is_once_each(expand))
        return pass_on(expand);
    uint32_t *rows = arena_alloc_vector(expand->arena, (BATCH_ROWS + 64) * sizeof *rows);
    int64_t *numbers = arena_alloc_vector(expand->arena, BATCH_ROWS * sizeof *numbers);
    uint32_t count = next_copies(expand, rows, numbers);
    if (count == 0)
        return NULL;
    uint32_t width = expand->input->column_count;
    Batch *batch = batch_make(expand->arena, width + 1, count);
    Batch *gathered = batch_gather(expand->arena, expand->input, rows, count);
    if (width > 0)
        memcpy(batch->columns, gathered->columns, width * sizeof *batch->columns);
    VectorBuilder builder;
    vector_builder_init(&builder, expand->arena, LAYOUT_INT64, count);
    for (uint32_t i = 0; i < count; i++) {
        if (numbers[i] == 0)
            vector_builder_null(&builder);
        else
            vector_builder_int64(&builder, numbers[i]);
    }
    batch->columns[width] = vector_builder_finish(&builder);
    return batch;
}

static Progress expand_next(Operator *self, Batch **batch, Fault *fault)
{
    ExpandOperator *expand = (ExpandOperator *)self;
    for (;;) {
        if (expand->input != NULL) {
            *batch = make_copies(expand);
            if (*batch != NULL)
                return PROGRESS_BATCH;
            expand->input = NULL;
        }
        Batch *input;
        Progress progress = operator_next(self->children[0], &input, fault);
        if (progress != PROGRESS_BATCH)
            return progress;
        arena_reset(expand->input_arena);
        if (!expr_run(expand->program, input, NULL, expand->input_arena, &expand->counts, fault))
            return PROGRESS_FAILED;
        expand->input = input;
        expand->row = 0;
        expand->copies = 0;
        if (operator_must_yield(self->context))
            return PROGRESS_YIELDED;
    }
}

static void expand_close(Operator *self)
{
    ExpandOperator *expand = (ExpandOperator *)self;
    arena_free(expand->input_arena);
    arena_free(expand->arena);
}

static void expand_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys)
{
    if (column + 1 < self->spec->column_count)
        operator_restrict_to(self->children[0], column, keys);
}

static const OperatorClass expand_class = {.name = "expand",
                                           .next = expand_next,
                                           .close = expand_close,
                                           .restrict_to = expand_restrict_to};

Operator *expand_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                      Fault *fault)
{
    ExprProgram *program =
        expr_compile(context->arena, &spec->expand.count, 1, context->types, fault);
    if (program == NULL)
        return NULL;
    ExpandOperator *expand = operator_new(sizeof *expand, &expand_class, spec, context, children);
    expand->program = program;
    expand->input_arena = arena_new("expand input");
    expand->arena = arena_new("expand");
    return &expand->base;
}

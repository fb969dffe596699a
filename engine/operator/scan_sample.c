/*
 * How many rows pass a filter, by testing some: what statistics of single columns cannot tell where
 * values are far from evenly distributed, or columns depend on one another. Blocks are taken evenly
 * from a few segments, since neighbours are alike.
 */
#include "engine/operator/scan_internal.h"

enum {
    SAMPLE_SEGMENTS = 4,  /* at most */
    SAMPLE_BLOCKS = 8,    /* of each, at most */
};

/* A comparison of texts with constants is looked up in the dictionary, which stays packed. */
static bool is_looked_up(const Expr *part)
{
    const Expr *left;
    const Vector *constant;
    Comparison comparison;
    if (part->kind == EXPR_IN_LIST)
        return true;
    return expr_as_comparison(part, &left, &comparison, &constant) && comparison != COMPARE_NE;
}

static bool uses_texts(const StageInput *input, const Expr *part)
{
    for (uint32_t c = 0; c < input->column_count; c++)
        if (expr_uses_column(part, c) && type_layout(input->types[c]) != LAYOUT_INT64 &&
            type_layout(input->types[c]) != LAYOUT_FLOAT64 &&
            type_layout(input->types[c]) != LAYOUT_BOOL)
            return true;
    return false;
}

static bool is_cheap(const StageInput *input, const Expr *part)
{
    if (expr_can_fail(part) || expr_is_volatile(part))
        return false;
    if (!uses_texts(input, part))
        return true;
    if (condition_string_column(part) == UINT32_MAX)
        return false;
    if (part->kind != EXPR_OR)
        return is_looked_up(part);
    for (uint32_t i = 0; i < part->argument_count; i++)
        if (!is_looked_up(part->arguments[i]))
            return false;
    return true;
}

/* The parts of the filter that cost little; NULL: none. */
static const Expr *cheap_parts(Arena *arena, const StageInput *input, const Expr *filter)
{
    uint32_t count, kept = 0;
    const Expr **parts = conditions_split(arena, filter, &count);
    for (uint32_t i = 0; i < count; i++)
        if (is_cheap(input, parts[i]))
            parts[kept++] = parts[i];
    return kept == 0 ? NULL
           : kept == 1
               ? parts[0]
               : expr_nary(arena, EXPR_AND, parts[0]->type, parts, kept, filter->location);
}

/* Some blocks of the segment; *rows grows by theirs. */
static void choose_blocks(InputSegment *segment, Arena *arena, uint64_t *rows)
{
    uint32_t total = (uint32_t)((segment->rows + SEGMENT_BLOCK_ROWS - 1) / SEGMENT_BLOCK_ROWS);
    uint32_t count = total < SAMPLE_BLOCKS ? total : SAMPLE_BLOCKS;
    uint64_t *words = arena_zalloc(arena, (total / 64 + 1) * sizeof *words);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t block = (uint32_t)((uint64_t)(2 * i + 1) * total / (2 * count));
        uint64_t left = segment->rows - (uint64_t)block * SEGMENT_BLOCK_ROWS;
        words[block / 64] |= UINT64_C(1) << block % 64;
        *rows += left < SEGMENT_BLOCK_ROWS ? left : (uint64_t)SEGMENT_BLOCK_ROWS;
    }
    segment->wanted = words;
    segment->found = NULL;
}

/* The input with some of its segments, of which some blocks are wanted. */
static StageInput sample_input(const StageInput *input, Arena *arena, uint64_t *rows)
{
    uint32_t count = input->segment_count < SAMPLE_SEGMENTS ? input->segment_count : SAMPLE_SEGMENTS;
    InputSegment *segments = ARENA_ARRAY(arena, InputSegment, count + 1);
    StageInput sample = *input;
    *rows = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = (uint32_t)((uint64_t)(2 * i + 1) * input->segment_count / (2 * count));
        segments[i] = input->segments[number];
        choose_blocks(&segments[i], arena, rows);
    }
    sample.segments = segments;
    sample.segment_count = count;
    sample.ticket = 0;
    sample.division = NULL;
    return sample;
}

/* The rows that the filter lets pass. */
static bool count_rows(SegmentCache *cache, const StageInput *input, const Expr *filter,
                       const TypeContext *types, Arena *arena, uint64_t *rows, Fault *fault)
{
    _Atomic uint32_t ticket = 0;
    StageCounters counters = {0};
    OperatorSpec spec = {.kind = OPERATOR_INPUT};
    spec.input.filter = filter;
    StageDefinition stage = {.input_count = 1, .inputs = input, .root = &spec, .worker_count = 1};
    QueryDefinition definition = {.stage_count = 1, .stages = &stage};
    OperatorContext context = {.arena = arena,
                               .types = types,
                               .definition = &definition,
                               .stage = &stage,
                               .worker_count = 1,
                               .tickets = &ticket,
                               .ticket_count = 1,
                               .segments = cache,
                               .counters = &counters,
                               .slice_end = INT64_MAX};
    Operator *scan = operator_build(&spec, &context, fault);
    Progress progress = scan == NULL ? PROGRESS_FAILED : PROGRESS_BATCH;
    *rows = 0;
    while (progress == PROGRESS_BATCH || progress == PROGRESS_YIELDED) {
        Batch *batch = NULL;
        progress = operator_next(scan, &batch, fault);
        if (progress == PROGRESS_BATCH)
            *rows += batch->rows;
    }
    operator_close(scan);
    return progress == PROGRESS_DONE;
}

bool scan_sample(SegmentCache *cache, const StageInput *input, const Expr *filter,
                 const TypeContext *types, double *share, Fault *fault)
{
    Arena *arena = arena_new("scan sample");
    const Expr *parts = filter == NULL ? NULL : cheap_parts(arena, input, filter);
    bool ok = true;
    *share = 1;
    if (parts != NULL) {
        uint64_t all, passed;
        StageInput sample = sample_input(input, arena, &all);
        ok = count_rows(cache, &sample, parts, types, arena, &passed, fault);
        if (ok && all != 0)
            *share = (double)passed / (double)all;
    }
    arena_free(arena);
    return ok;
}

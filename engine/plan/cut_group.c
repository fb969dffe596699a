/*
 * Aggregation in stages: partial where the rows are, a shuffle of the groups, final where they
 * meet. On one worker it is complete at once, as it is on several where their rows are divided by a
 * key (cut_divide.c); where every row is needed in one place (ORDER BY
 * inside an aggregate) the rows travel instead of states. DISTINCT: cut_distinct.c.
 */
#include "engine/plan/cut_group_internal.h"

/* So many groups are merged by one worker faster than they are dealt out and gathered again. */
static const double FEW_GROUPS = 30000;

static bool has_distinct(const Plan *plan)
{
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++)
        if (plan->aggregate.aggregates[i].expr->aggregate.is_distinct)
            return true;
    return false;
}

/* Where rows must be added in an order, or distinct ones in the order in which they come. */
static bool needs_all_rows(const Plan *plan)
{
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++) {
        const Expr *aggregate = plan->aggregate.aggregates[i].expr;
        if (aggregate->aggregate.order_count > 0 ||
            (aggregate->aggregate.is_distinct &&
             aggregate->aggregate.function->is_order_sensitive))
            return true;
    }
    return false;
}

typedef struct GroupInput {
    uint32_t *keys;        /* positions */
    uint32_t **arguments;  /* an aggregate's arguments' positions */
    int32_t *filters;
} GroupInput;

/* Brings keys, arguments and filters to columns of the fragment. */
static GroupInput group_input(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    uint32_t key_count = plan->aggregate.key_count, count = key_count;
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++)
        count += plan->aggregate.aggregates[i].expr->argument_count + 1;
    const Expr **exprs = ARENA_ARRAY(arena, const Expr *, count);
    uint32_t *positions = ARENA_ARRAY(arena, uint32_t, count);
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, count);
    uint32_t used = 0, item_count = 0;
    for (uint32_t i = 0; i < key_count; i++)
        exprs[used++] = plan->aggregate.keys[i].expr;
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++) {
        const Expr *aggregate = plan->aggregate.aggregates[i].expr;
        for (uint32_t k = 0; k < aggregate->argument_count; k++)
            exprs[used++] =
                cut_filtered(arena, aggregate->arguments[k], aggregate->aggregate.filter);
        if (aggregate->aggregate.filter != NULL)
            exprs[used++] = aggregate->aggregate.filter;
    }
    /* only what is used comes in, each expression once */
    for (uint32_t i = 0; i < used; i++) {
        uint32_t same = 0;
        while (same < item_count && !expr_equal(items[same].expr, exprs[i]))
            same++;
        if (same == item_count) {
            PlanColumn column = {.id = plan_new_column(cutter->context->plan), .type = exprs[i]->type};
            if (exprs[i]->kind == EXPR_COLUMN)
                column.id = exprs[i]->column;
            items[item_count++] = (PlanProjection){.column = column, .expr = exprs[i]};
        }
        positions[i] = same;
    }
    fragment_project(cutter, fragment, items, item_count);
    GroupInput input = {
        .keys = positions,
        .arguments = ARENA_ARRAY(arena, uint32_t *, plan->aggregate.aggregate_count),
        .filters = ARENA_ARRAY(arena, int32_t, plan->aggregate.aggregate_count)};
    used = key_count;
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++) {
        const Expr *aggregate = plan->aggregate.aggregates[i].expr;
        input.arguments[i] = positions + used;
        used += aggregate->argument_count;
        input.filters[i] = aggregate->aggregate.filter != NULL ? (int32_t)positions[used++] : -1;
    }
    return input;
}

static StageAggregate *make_aggregates(Cutter *cutter, const Plan *plan, const GroupInput *input)
{
    Arena *arena = cutter->arena;
    StageAggregate *aggregates =
        ARENA_ARRAY(arena, StageAggregate, plan->aggregate.aggregate_count);
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++) {
        const Expr *aggregate = plan->aggregate.aggregates[i].expr;
        uint32_t count = aggregate->argument_count;
        SqlType *types = ARENA_ARRAY(arena, SqlType, count);
        const Vector **constants = ARENA_ARRAY(arena, const Vector *, count);
        for (uint32_t k = 0; k < count; k++) {
            types[k] = aggregate->arguments[k]->type;
            constants[k] = aggregate->arguments[k]->kind == EXPR_CONSTANT
                               ? aggregate->arguments[k]->value
                               : NULL;
        }
        SortColumn *order = ARENA_ARRAY(arena, SortColumn, aggregate->aggregate.order_count);
        for (uint32_t k = 0; k < aggregate->aggregate.order_count; k++) {
            order[k] = aggregate->aggregate.order[k];
            order[k].column = input->arguments[i][order[k].column];
        }
        aggregates[i] = (StageAggregate){.function = aggregate->aggregate.function,
                                         .result = aggregate->type,
                                         .argument_count = aggregate->aggregate.direct_count,
                                         .argument_types = types,
                                         .arguments = input->arguments[i],
                                         .constants = constants,
                                         .filter = input->filters[i],
                                         .is_distinct = aggregate->aggregate.is_distinct,
                                         .order_count = aggregate->aggregate.order_count,
                                         .order = order};
    }
    return aggregates;
}

SqlType group_partial_type(Cutter *cutter, const StageAggregate *aggregate)
{
    AggregateCall call = {.function = aggregate->function,
                          .argument_count = aggregate->argument_count,
                          .argument_types = aggregate->argument_types,
                          .result_type = aggregate->result,
                          .constants = aggregate->constants,
                          .context = cutter->context->plan->types,
                          .arena = cutter->arena};
    return aggregate->function->partial_of(&call);
}

OperatorSpec *group_put(Cutter *cutter, const Plan *plan, Fragment *fragment, GroupMode mode,
                        const uint32_t *keys, const StageAggregate *aggregates)
{
    Arena *arena = cutter->arena;
    uint32_t key_count = plan->aggregate.key_count;
    uint32_t count = plan->column_count;
    SqlType *types = ARENA_ARRAY(arena, SqlType, count);
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, count);
    for (uint32_t i = 0; i < count; i++) {
        types[i] = plan->columns[i].type;
        ids[i] = plan->columns[i].id;
        if (mode == GROUP_PARTIAL && i >= key_count)
            types[i] = group_partial_type(cutter, &aggregates[i - key_count]);
    }
    OperatorSpec *spec = cut_operator(cutter, OPERATOR_GROUP, types, count, &fragment->root, 1);
    spec->group.mode = mode;
    spec->group.key_count = key_count;
    spec->group.keys = keys;
    spec->group.aggregate_count = plan->aggregate.aggregate_count;
    spec->group.aggregates = aggregates;
    spec->estimated_rows = plan_estimate_rows(plan);
    fragment->root = spec;
    fragment->ids = ids;
    fragment->processor = mode == GROUP_PARTIAL ? "groupByPreShuffle" : "groupByPostShuffle";
    return spec;
}

bool group_is_few(double groups)
{
    return groups < FEW_GROUPS;
}

ShuffleSpec group_shuffle(Cutter *cutter, const uint32_t *columns, uint32_t count)
{
    if (count == 0)
        return (ShuffleSpec){.kind = SHUFFLE_MIX, .partitions = 1};
    SortColumn *keys = ARENA_ARRAY(cutter->arena, SortColumn, count);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (SortColumn){.column = columns[i]};
    return (ShuffleSpec){.kind = SHUFFLE_HASH,
                         .key_count = count,
                         .keys = keys,
                         .partitions = cutter->context->worker_count};
}

static ShuffleSpec by_keys(Cutter *cutter, const uint32_t *keys, uint32_t count, double groups)
{
    return group_shuffle(cutter, keys, group_is_few(groups) ? 0 : count);
}

static const uint32_t *first_columns(Cutter *cutter, uint32_t count)
{
    uint32_t *columns = ARENA_ARRAY(cutter->arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = i;
    return columns;
}

void group_finish(Cutter *cutter, const Plan *plan, Fragment *fragment,
                  const StageAggregate *aggregates)
{
    Arena *arena = cutter->arena;
    uint32_t key_count = plan->aggregate.key_count;
    StageAggregate *finals = ARENA_ARRAY(arena, StageAggregate, plan->aggregate.aggregate_count);
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++) {
        finals[i] = aggregates[i];
        uint32_t *arguments = arena_zalloc(arena, (aggregates[i].argument_count + 1) * sizeof(uint32_t));
        arguments[0] = key_count + i; /* the partial state */
        finals[i].arguments = arguments;
        finals[i].filter = -1;
        finals[i].part = 0;
        finals[i].is_state = finals[i].is_distinct = false;
    }
    group_put(cutter, plan, fragment, GROUP_FINAL, first_columns(cutter, key_count), finals);
}

void group_merge(Cutter *cutter, const Plan *plan, Fragment *fragment,
                 const StageAggregate *aggregates, double groups)
{
    uint32_t key_count = plan->aggregate.key_count;
    ShuffleSpec shuffle = by_keys(cutter, first_columns(cutter, key_count), key_count, groups);
    cut_shuffle(cutter, fragment, shuffle, READ_PARTITIONS, false, shuffle.kind == SHUFFLE_MIX);
    group_finish(cutter, plan, fragment, aggregates);
}

/* What a filter leaves of a large table, tested on some of its rows: how many groups there are, and
 * so where they are merged, hangs on it. */
static bool learn_rows(Cutter *cutter, const Plan *plan, const Fragment *fragment)
{
    enum { LEAST_ROWS = 200000, LEAST_GROUPS = 4096 };
    CutContext *context = cutter->context;
    const OperatorSpec *spec = fragment->root;
    double rows = 0, share;
    while (spec->kind == OPERATOR_PROJECT)
        spec = spec->children[0];
    if (context->sample == NULL || plan->aggregate.key_count == 0 || fragment->input_count != 1 ||
        fragment->inputs[0].kind != INPUT_SEGMENTS || spec->kind != OPERATOR_INPUT ||
        spec->input.filter == NULL)
        return true;
    for (uint32_t i = 0; i < fragment->inputs[0].segment_count; i++)
        rows += (double)fragment->inputs[0].segments[i].rows;
    if (rows < LEAST_ROWS)
        return true;
    double known = plan_estimate_rows(plan->aggregate.input);
    plan_learn_rows(plan, rows);
    if (plan_estimate_rows(plan) < LEAST_GROUPS) {
        plan_learn_rows(plan, known); /* few groups, whatever the filter does */
        return true;
    }
    if (!context->sample(context->state, &fragment->inputs[0], spec->input.filter, &share,
                         cutter->fault))
        return false;
    plan_learn_rows(plan, rows * share);
    return true;
}

bool cut_aggregate(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    uint32_t key_count = plan->aggregate.key_count;
    if (!cut_plan(cutter, plan->aggregate.input, fragment) || !learn_rows(cutter, plan, fragment))
        return false;
    GroupInput input = group_input(cutter, plan, fragment);
    StageAggregate *aggregates = make_aggregates(cutter, plan, &input);
    GroupDivision division = GROUPS_TRAVEL;
    if (!has_distinct(plan) && !group_divide(cutter, plan, fragment, input.keys, &division))
        return false;
    bool is_divided = division != GROUPS_TRAVEL;
    if (division == GROUPS_STAY_IN_STEPS && !needs_all_rows(plan)) {
        group_put(cutter, plan, fragment, GROUP_PARTIAL, input.keys, aggregates);
        group_finish(cutter, plan, fragment, aggregates);
        return true;
    }
    if (is_divided || fragment->is_single || needs_all_rows(plan)) {
        if (!is_divided && !fragment->is_single) {
            double rows = plan_estimate_rows(plan->aggregate.input);
            ShuffleSpec shuffle = by_keys(cutter, input.keys, key_count, rows);
            cut_shuffle(cutter, fragment, shuffle, READ_PARTITIONS, false,
                        shuffle.kind == SHUFFLE_MIX);
        }
        group_put(cutter, plan, fragment, GROUP_COMPLETE, input.keys, aggregates);
        return true;
    }
    double groups = plan_estimate_rows(plan);
    if (has_distinct(plan)) {
        cut_distinct(cutter, plan, fragment, input.keys, aggregates, groups);
        return true;
    }
    group_put(cutter, plan, fragment, GROUP_PARTIAL, input.keys, aggregates);
    group_merge(cutter, plan, fragment, aggregates, groups);
    return true;
}

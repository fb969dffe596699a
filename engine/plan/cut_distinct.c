/*
 * DISTINCT aggregates beside others, or over different arguments, in stages. Where the rows are each
 * set of arguments is freed of duplicates by itself and the other aggregates become partial states
 * (group each). Then rows that may be equal meet, by the hash of keys and arguments, where DISTINCT
 * is settled; what is left are partial states of few groups, to be merged. When there are many
 * groups the hash of the keys alone brings all of a group together, and nothing is left to merge.
 *
 *     count(distinct x), count(distinct y), sum(z)      by k
 *
 *       group each by k: distinct x, distinct y, sum(z)       k part x y sum
 *       shuffle by hash of k, part, x, y
 *       group by k, partial: count(distinct x) of part 2, count(distinct y) of part 3, sum of part 1
 *       shuffle
 *       group by k, final
 */
#include "engine/plan/cut_group_internal.h"

/* Positions in what a group each gives. */
typedef struct EachLayout {
    uint32_t set_count;
    StageDistinctSet *sets;
    uint32_t *set_of;        /* by aggregate, when it is DISTINCT */
    uint32_t *first_of;      /* by set: its first argument */
    uint32_t part, states;   /* the part; the first state */
    uint32_t state_count;
    uint32_t *state_of;      /* by aggregate, when it is not */
    uint32_t column_count;
} EachLayout;

static bool is_constant(const StageAggregate *aggregate, uint32_t argument)
{
    return aggregate->constants[argument] != NULL;
}

/* What the aggregate is DISTINCT over. */
static StageDistinctSet make_set(Cutter *cutter, const StageAggregate *aggregate)
{
    uint32_t *arguments = ARENA_ARRAY(cutter->arena, uint32_t, aggregate->argument_count);
    StageDistinctSet set = {.arguments = arguments, .filter = aggregate->filter};
    for (uint32_t a = 0; a < aggregate->argument_count; a++)
        if (!is_constant(aggregate, a))
            arguments[set.argument_count++] = aggregate->arguments[a];
    return set;
}

static bool same_set(const StageDistinctSet *a, const StageDistinctSet *b)
{
    return a->filter == b->filter && a->argument_count == b->argument_count &&
           (a->argument_count == 0 || memcmp(a->arguments, b->arguments,
                                             a->argument_count * sizeof *a->arguments) == 0);
}

/* Rows that the set leaves: groups by the keys and its arguments. */
static double estimate_set(Cutter *cutter, const Plan *plan, const Expr *aggregate)
{
    uint32_t keys = plan->aggregate.key_count, count = keys + aggregate->argument_count;
    PlanProjection *all = ARENA_ARRAY(cutter->arena, PlanProjection, count);
    for (uint32_t i = 0; i < count; i++)
        all[i] = i < keys ? plan->aggregate.keys[i]
                          : (PlanProjection){.expr = aggregate->arguments[i - keys]};
    return plan_estimate_groups(plan->aggregate.input, all, count);
}

static uint32_t find_set(Cutter *cutter, const Plan *plan, const StageAggregate *aggregate,
                         const Expr *expr, EachLayout *layout)
{
    StageDistinctSet set = make_set(cutter, aggregate);
    uint32_t found = 0;
    while (found < layout->set_count && !same_set(&layout->sets[found], &set))
        found++;
    if (found == layout->set_count) {
        set.estimated_rows = estimate_set(cutter, plan, expr);
        layout->sets[layout->set_count++] = set;
    }
    return found;
}

/* Whether a group may have no row in any set: each has a filter. */
static bool may_lose_groups(const EachLayout *layout)
{
    bool may = layout->state_count == 0;
    for (uint32_t s = 0; s < layout->set_count; s++)
        may = may && layout->sets[s].filter >= 0;
    return may;
}

static EachLayout make_layout(Cutter *cutter, const Plan *plan, const StageAggregate *aggregates)
{
    Arena *arena = cutter->arena;
    uint32_t count = plan->aggregate.aggregate_count;
    EachLayout layout = {.sets = ARENA_ARRAY(arena, StageDistinctSet, count + 1),
                         .set_of = ARENA_ARRAY(arena, uint32_t, count),
                         .first_of = ARENA_ARRAY(arena, uint32_t, count + 1),
                         .state_of = ARENA_ARRAY(arena, uint32_t, count),
                         .part = plan->aggregate.key_count};
    for (uint32_t i = 0; i < count; i++) {
        if (aggregates[i].is_distinct)
            layout.set_of[i] = find_set(cutter, plan, &aggregates[i],
                                        plan->aggregate.aggregates[i].expr, &layout);
        else
            layout.state_of[i] = layout.state_count++;
    }
    if (plan->aggregate.key_count > 0 && may_lose_groups(&layout))
        layout.sets[layout.set_count++] =
            (StageDistinctSet){.filter = -1, .estimated_rows = plan_estimate_rows(plan)};
    layout.states = layout.part + 1;
    for (uint32_t s = 0; s < layout.set_count; s++) {
        layout.first_of[s] = layout.states;
        layout.states += layout.sets[s].argument_count;
    }
    layout.column_count = layout.states + layout.state_count;
    return layout;
}

static SqlType *each_types(Cutter *cutter, const Plan *plan, const Fragment *fragment,
                           const EachLayout *layout, const StageAggregate *aggregates)
{
    SqlType *types = ARENA_ARRAY(cutter->arena, SqlType, layout->column_count);
    for (uint32_t k = 0; k < plan->aggregate.key_count; k++)
        types[k] = plan->columns[k].type;
    types[layout->part] = SQL_TYPE(T_INT8);
    for (uint32_t s = 0; s < layout->set_count; s++)
        for (uint32_t a = 0; a < layout->sets[s].argument_count; a++)
            types[layout->first_of[s] + a] = fragment->root->types[layout->sets[s].arguments[a]];
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++)
        if (!aggregates[i].is_distinct)
            types[layout->states + layout->state_of[i]] =
                group_partial_type(cutter, &aggregates[i]);
    return types;
}

static void put_group_each(Cutter *cutter, const Plan *plan, Fragment *fragment,
                           const uint32_t *keys, const StageAggregate *aggregates,
                           const EachLayout *layout)
{
    Arena *arena = cutter->arena;
    StageAggregate *others = ARENA_ARRAY(arena, StageAggregate, layout->state_count);
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++)
        if (!aggregates[i].is_distinct)
            others[layout->state_of[i]] = aggregates[i];
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, layout->column_count);
    for (uint32_t c = 0; c < layout->column_count; c++)
        ids[c] = plan_new_column(cutter->context->plan);
    OperatorSpec *spec = cut_operator(cutter, OPERATOR_GROUP_EACH,
                                      each_types(cutter, plan, fragment, layout, aggregates),
                                      layout->column_count, &fragment->root, 1);
    spec->group_each.key_count = plan->aggregate.key_count;
    spec->group_each.keys = keys;
    spec->group_each.set_count = layout->set_count;
    spec->group_each.sets = layout->sets;
    spec->group_each.aggregate_count = layout->state_count;
    spec->group_each.aggregates = others;
    spec->estimated_rows = plan_estimate_rows(plan);
    for (uint32_t s = 0; s < layout->set_count; s++)
        spec->estimated_rows += layout->sets[s].estimated_rows;
    fragment->root = spec;
    fragment->ids = ids;
    fragment->processor = "groupByPreShuffle";
}

/* The aggregates over what a group each gives. */
static StageAggregate *settled_aggregates(Cutter *cutter, const Plan *plan,
                                          const StageAggregate *aggregates,
                                          const EachLayout *layout)
{
    Arena *arena = cutter->arena;
    uint32_t count = plan->aggregate.aggregate_count;
    StageAggregate *settled = ARENA_ARRAY(arena, StageAggregate, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t arguments = aggregates[i].argument_count;
        uint32_t *positions = arena_zalloc(arena, (arguments + 1) * sizeof *positions);
        settled[i] = aggregates[i];
        settled[i].arguments = positions;
        settled[i].filter = -1; /* what it left out has not come */
        if (aggregates[i].is_distinct) {
            uint32_t next = layout->first_of[layout->set_of[i]];
            for (uint32_t a = 0; a < arguments; a++)
                positions[a] = is_constant(&aggregates[i], a) ? 0 : next++;
            settled[i].part = layout->set_of[i] + 2;
        } else {
            positions[0] = layout->states + layout->state_of[i];
            settled[i].is_state = true;
            settled[i].part = 1;
        }
    }
    return settled;
}

void cut_distinct(Cutter *cutter, const Plan *plan, Fragment *fragment, const uint32_t *keys,
                  const StageAggregate *aggregates, double groups)
{
    EachLayout layout = make_layout(cutter, plan, aggregates);
    put_group_each(cutter, plan, fragment, keys, aggregates, &layout);
    /* keys, part and arguments are the first columns, one behind the other */
    uint32_t *columns = ARENA_ARRAY(cutter->arena, uint32_t, layout.states);
    for (uint32_t c = 0; c < layout.states; c++)
        columns[c] = c;
    bool is_few = group_is_few(groups);
    ShuffleSpec shuffle =
        group_shuffle(cutter, columns, is_few ? layout.states : plan->aggregate.key_count);
    cut_shuffle(cutter, fragment, shuffle, READ_PARTITIONS, false, shuffle.kind == SHUFFLE_MIX);
    StageAggregate *settled = settled_aggregates(cutter, plan, aggregates, &layout);
    OperatorSpec *spec = group_put(cutter, plan, fragment, is_few ? GROUP_PARTIAL : GROUP_COMPLETE,
                                   columns, settled);
    spec->group.part_column = layout.part;
    if (is_few)
        group_merge(cutter, plan, fragment, settled, groups);
}

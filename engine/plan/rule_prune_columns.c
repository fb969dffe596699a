/*
 * Prune columns: nothing computes or reads what nothing above needs.
 *
 *     Project [a]                      Project [a]
 *       Table t [a, b, c]       ->       Table t [a]
 *
 * Runs last, from the top down with the set of needed columns.
 */
#include "engine/plan/plan_internal.h"

static const Plan *prune(PlanContext *context, const Plan *plan, const ColumnSet *needed);

static ColumnSet copy_set(Arena *arena, const ColumnSet *set)
{
    ColumnSet copy;
    column_set_init(&copy, arena);
    copy.word_count = set->word_count;
    copy.words = ARENA_ARRAY(arena, uint64_t, set->word_count);
    if (set->word_count > 0)
        memcpy(copy.words, set->words, set->word_count * sizeof *copy.words);
    return copy;
}

/* The leaf without the columns that only its own filter looks at. */
static const Plan *only_needed(Arena *arena, const Plan *leaf, const ColumnSet *needed)
{
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, leaf->column_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < leaf->column_count; i++)
        if (column_set_has(needed, leaf->columns[i].id))
            items[count++] = (PlanProjection){
                .column = leaf->columns[i],
                .expr = expr_column(arena, leaf->columns[i].type, leaf->columns[i].id, -1)};
    return count == leaf->column_count ? leaf : plan_project(arena, leaf, items, count);
}

static const Plan *prune_table(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    Arena *arena = context->arena;
    ColumnSet all = copy_set(arena, needed);
    column_set_add_expr(&all, plan->table.filter);
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, plan->column_count);
    uint32_t *attributes = ARENA_ARRAY(arena, uint32_t, plan->column_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->column_count; i++)
        if (column_set_has(&all, plan->columns[i].id)) {
            columns[count] = plan->columns[i];
            attributes[count++] = plan->table.attributes[i];
        }
    if (count == plan->column_count)
        return only_needed(arena, plan, needed);
    Plan *pruned = (Plan *)plan_table(arena, plan->table.relation, columns, attributes, count);
    pruned->table.filter = plan->table.filter;
    return only_needed(arena, pruned, needed);
}

static const Plan *prune_external(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    Arena *arena = context->arena;
    ColumnSet all = copy_set(arena, needed);
    column_set_add_expr(&all, plan->external.filter);
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, plan->column_count);
    uint32_t *attributes = ARENA_ARRAY(arena, uint32_t, plan->column_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->column_count; i++)
        if (column_set_has(&all, plan->columns[i].id)) {
            columns[count] = plan->columns[i];
            attributes[count++] = plan->external.attributes[i];
        }
    Plan *pruned = ARENA_NEW(arena, Plan);
    *pruned = *plan;
    pruned->column_count = count;
    pruned->columns = columns;
    pruned->external.attributes = attributes;
    return only_needed(arena, pruned, needed);
}

static const Plan *prune_values(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    Arena *arena = context->arena;
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, plan->column_count);
    const Expr **cells =
        ARENA_ARRAY(arena, const Expr *, (size_t)plan->values.row_count * plan->column_count);
    uint32_t count = 0, cell = 0;
    for (uint32_t i = 0; i < plan->column_count; i++)
        if (column_set_has(needed, plan->columns[i].id))
            columns[count++] = plan->columns[i];
    for (uint32_t r = 0; r < plan->values.row_count; r++)
        for (uint32_t i = 0; i < plan->column_count; i++)
            if (column_set_has(needed, plan->columns[i].id))
                cells[cell++] = plan->values.cells[r * plan->column_count + i];
    return plan_values(arena, columns, count, cells, plan->values.row_count);
}

static const Plan *prune_project(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    Arena *arena = context->arena;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, plan->column_count);
    ColumnSet below;
    column_set_init(&below, arena);
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->column_count; i++)
        if (column_set_has(needed, plan->columns[i].id)) {
            items[count++] = plan->project.items[i];
            column_set_add_expr(&below, plan->project.items[i].expr);
        }
    const Plan *input = prune(context, plan->project.input, &below);
    return plan_project(arena, input, items, count);
}

static const Plan *prune_aggregate(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    Arena *arena = context->arena;
    ColumnSet below;
    column_set_init(&below, arena);
    for (uint32_t i = 0; i < plan->aggregate.key_count; i++)
        column_set_add_expr(&below, plan->aggregate.keys[i].expr);
    PlanProjection *aggregates =
        ARENA_ARRAY(arena, PlanProjection, plan->aggregate.aggregate_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->aggregate.aggregate_count; i++)
        if (column_set_has(needed, plan->aggregate.aggregates[i].column.id)) {
            aggregates[count++] = plan->aggregate.aggregates[i];
            column_set_add_expr(&below, plan->aggregate.aggregates[i].expr);
            column_set_add_expr(&below, plan->aggregate.aggregates[i].expr->aggregate.filter);
        }
    const Plan *input = prune(context, plan->aggregate.input, &below);
    return plan_aggregate(arena, input, plan->aggregate.keys, plan->aggregate.key_count, aggregates,
                          count);
}

/* A subquery in an expression whose value nobody asks for: each row of the left comes out once
 * whatever the right side holds. */
static bool is_unasked(const Plan *plan, const ColumnSet *needed)
{
    if (plan->join.type == JOIN_MARK)
        return !column_set_has(needed, plan->join.mark);
    if (plan->join.type != JOIN_SINGLE)
        return false;
    for (uint32_t i = 0; i < plan->join.right->column_count; i++)
        if (column_set_has(needed, plan->join.right->columns[i].id))
            return false;
    return true;
}

static const Plan *prune_join(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    Arena *arena = context->arena;
    if (is_unasked(plan, needed))
        return prune(context, plan->join.left, needed);
    ColumnSet below = copy_set(arena, needed);
    column_set_add_expr(&below, plan->join.condition);
    column_set_add_expr(&below, plan->join.any_condition);
    const Plan *left = prune(context, plan->join.left, &below);
    const Plan *right = prune(context, plan->join.right, &below);
    const PlanColumn *mark = plan_find_column(plan, plan->join.mark);
    return plan_join_any(arena, plan->join.type, left, right, plan->join.condition,
                         plan->join.any_condition, mark != NULL ? *mark : (PlanColumn){0});
}

static const Plan *prune_union(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    Arena *arena = context->arena;
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, plan->column_count);
    uint32_t count = 0;
    for (uint32_t c = 0; c < plan->column_count; c++)
        if (column_set_has(needed, plan->columns[c].id))
            columns[count++] = plan->columns[c];
    const Plan **inputs = ARENA_ARRAY(arena, const Plan *, plan->union_all.input_count);
    for (uint32_t i = 0; i < plan->union_all.input_count; i++) {
        const Plan *input = plan->union_all.inputs[i];
        PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, plan->column_count);
        uint32_t kept = 0;
        for (uint32_t c = 0; c < plan->column_count; c++)
            if (column_set_has(needed, plan->columns[c].id)) {
                /* one input column may stand at two places of the list: give each a name */
                PlanColumn column = input->columns[c];
                column.id = plan_new_column(context);
                items[kept++] = (PlanProjection){
                    .column = column,
                    .expr = expr_column(arena, column.type, input->columns[c].id, -1)};
            }
        ColumnSet below;
        column_set_init(&below, arena);
        for (uint32_t c = 0; c < kept; c++)
            column_set_add_expr(&below, items[c].expr);
        inputs[i] = plan_project(arena, prune(context, input, &below), items, kept);
    }
    return plan_union_all(arena, inputs, plan->union_all.input_count, columns);
}

static const Plan *prune_limit(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    ColumnSet below = copy_set(context->arena, needed);
    for (uint32_t i = 0; i < plan->limit.key_count; i++)
        column_set_add(&below, plan->limit.keys[i]);
    const Plan *input = prune(context, plan->limit.input, &below);
    return plan_with_inputs(context->arena, plan, &input);
}

/* An input with exactly its columns, all of which a recursion needs. */
static const Plan *prune_whole(PlanContext *context, const Plan *input)
{
    Arena *arena = context->arena;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, input->column_count);
    ColumnSet below;
    column_set_init(&below, arena);
    for (uint32_t i = 0; i < input->column_count; i++) {
        PlanColumn column = input->columns[i];
        column_set_add(&below, column.id);
        column.id = plan_new_column(context);
        items[i] = (PlanProjection){
            column, expr_column(arena, column.type, input->columns[i].id, -1)};
    }
    return plan_project(arena, prune(context, input, &below), items, input->column_count);
}

static const Plan *prune_recurse(PlanContext *context, const Plan *plan)
{
    const Plan *inputs[2] = {prune_whole(context, plan->recurse.first),
                             prune_whole(context, plan->recurse.step)};
    return plan_with_inputs(context->arena, plan, inputs);
}

static const Plan *prune_expand(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    ColumnSet below = copy_set(context->arena, needed);
    column_set_add_expr(&below, plan->expand.count);
    const Plan *input = prune(context, plan->expand.input, &below);
    return plan_with_inputs(context->arena, plan, &input);
}

/* Functions that nobody looks at are left out; with the last of them the node. */
static const Plan *prune_window(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    Arena *arena = context->arena;
    ColumnSet below = copy_set(arena, needed);
    Plan window = {.window = plan->window};
    PlanWindowFunction *functions =
        ARENA_ARRAY(arena, PlanWindowFunction, plan->window.function_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan->window.function_count; i++) {
        const PlanWindowFunction *function = &plan->window.functions[i];
        if (!column_set_has(needed, function->column.id))
            continue;
        functions[count++] = *function;
        column_set_add_expr(&below, function->expr);
    }
    window.window.function_count = count;
    window.window.functions = functions;
    for (uint32_t i = 0; count > 0 && i < plan->window.partition_count; i++)
        column_set_add_expr(&below, plan->window.partition[i]);
    for (uint32_t i = 0; count > 0 && i < plan->window.order_count; i++)
        column_set_add_expr(&below, plan->window.order[i].expr);
    const Plan *input = prune(context, plan->window.input, &below);
    return count == 0 ? input : plan_window(arena, input, &window);
}

static const Plan *prune(PlanContext *context, const Plan *plan, const ColumnSet *needed)
{
    ColumnSet below;
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
        return prune_table(context, plan, needed);
    case PLAN_EXTERN:
        return prune_external(context, plan, needed);
    case PLAN_VALUES:
        return prune_values(context, plan, needed);
    case PLAN_FILTER:
        below = copy_set(context->arena, needed);
        column_set_add_expr(&below, plan->filter.condition);
        return plan_filter(context->arena, prune(context, plan->filter.input, &below),
                           plan->filter.condition);
    case PLAN_PROJECT:
        return prune_project(context, plan, needed);
    case PLAN_AGGREGATE:
        return prune_aggregate(context, plan, needed);
    case PLAN_JOIN:
        return prune_join(context, plan, needed);
    case PLAN_SORT:
        below = copy_set(context->arena, needed);
        for (uint32_t i = 0; i < plan->sort.key_count; i++)
            column_set_add_expr(&below, plan->sort.keys[i].expr);
        return plan_sort(context->arena, prune(context, plan->sort.input, &below), plan->sort.keys,
                         plan->sort.key_count);
    case PLAN_LIMIT:
        return prune_limit(context, plan, needed);
    case PLAN_WORKING:
        return only_needed(context->arena, plan, needed);
    case PLAN_RECURSE:
        return only_needed(context->arena, prune_recurse(context, plan), needed);
    case PLAN_EXPAND:
        return prune_expand(context, plan, needed);
    case PLAN_UNION_ALL:
        return prune_union(context, plan, needed);
    case PLAN_WINDOW:
        return prune_window(context, plan, needed);
    case PLAN_APPLY:
        break;
    }
    return plan;
}

const Plan *rule_prune_columns(PlanContext *context, const Plan *plan, const PlanColumn *outputs,
                               uint32_t output_count)
{
    ColumnSet needed;
    column_set_init(&needed, context->arena);
    for (uint32_t i = 0; i < output_count; i++)
        column_set_add(&needed, outputs[i].id);
    return prune(context, plan, &needed);
}

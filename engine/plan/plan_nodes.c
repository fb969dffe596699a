/*
 * Constructors of logical plan nodes: one a kind. They copy the arrays they are given and derive
 * the output columns where the kind decides them.
 */
#include "engine/plan/plan.h"

#include "base/log/log.h"

static void *copy_array(Arena *arena, const void *items, size_t count, size_t size)
{
    void *copy = arena_alloc_array(arena, count, size);
    if (count > 0)
        memcpy(copy, items, count * size);
    return copy;
}

static Plan *plan_make(Arena *arena, PlanKind kind, const PlanColumn *columns, uint32_t count)
{
    Plan *plan = ARENA_NEW(arena, Plan);
    plan->kind = kind;
    plan->column_count = count;
    plan->columns = columns;
    return plan;
}

/* A node that passes its input's columns on. */
static Plan *plan_over(Arena *arena, PlanKind kind, const Plan *input)
{
    return plan_make(arena, kind, input->columns, input->column_count);
}

static const PlanColumn *two_column_lists(Arena *arena, const Plan *left, const Plan *right,
                                          const PlanColumn *extra, uint32_t *count)
{
    uint32_t right_count = right != NULL ? right->column_count : 0;
    uint32_t extra_count = extra != NULL ? 1 : 0;
    *count = left->column_count + right_count + extra_count;
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, *count);
    memcpy(columns, left->columns, left->column_count * sizeof *columns);
    if (right_count > 0)
        memcpy(columns + left->column_count, right->columns, right_count * sizeof *columns);
    if (extra != NULL)
        columns[*count - 1] = *extra;
    return columns;
}

const Plan *plan_table(Arena *arena, const Relation *relation, const PlanColumn *columns,
                       const uint32_t *attributes, uint32_t count)
{
    PlanKind kind = relation->kind == RELATION_TABLE ? PLAN_TABLE : PLAN_VIRTUAL;
    Plan *plan = plan_make(arena, kind, copy_array(arena, columns, count, sizeof *columns), count);
    plan->table.relation = relation;
    plan->table.attributes = copy_array(arena, attributes, count, sizeof *attributes);
    return plan;
}

const Plan *plan_external(Arena *arena, Text source_json, Text format_json,
                          const PlanColumn *signature, uint32_t count)
{
    const PlanColumn *columns = copy_array(arena, signature, count, sizeof *signature);
    Plan *plan = plan_make(arena, PLAN_EXTERN, columns, count);
    plan->external.source_json = arena_text(arena, source_json);
    plan->external.format_json = arena_text(arena, format_json);
    plan->external.signature = columns;
    plan->external.signature_count = count;
    uint32_t *attributes = ARENA_ARRAY(arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        attributes[i] = i;
    plan->external.attributes = attributes;
    return plan;
}

const Plan *plan_values(Arena *arena, const PlanColumn *columns, uint32_t column_count,
                        const Expr *const *cells, uint32_t row_count)
{
    Plan *plan = plan_make(arena, PLAN_VALUES,
                           copy_array(arena, columns, column_count, sizeof *columns), column_count);
    plan->values.row_count = row_count;
    plan->values.cells =
        copy_array(arena, cells, (size_t)row_count * column_count, sizeof *cells);
    return plan;
}

const Plan *plan_filter(Arena *arena, const Plan *input, const Expr *condition)
{
    check(condition->type.oid == T_BOOL);
    Plan *plan = plan_over(arena, PLAN_FILTER, input);
    plan->filter.input = input;
    plan->filter.condition = condition;
    return plan;
}

const Plan *plan_project(Arena *arena, const Plan *input, const PlanProjection *items,
                         uint32_t count)
{
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, count);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = items[i].column;
    Plan *plan = plan_make(arena, PLAN_PROJECT, columns, count);
    plan->project.input = input;
    plan->project.items = copy_array(arena, items, count, sizeof *items);
    return plan;
}

const Plan *plan_aggregate(Arena *arena, const Plan *input, const PlanProjection *keys,
                           uint32_t key_count, const PlanProjection *aggregates,
                           uint32_t aggregate_count)
{
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, key_count + aggregate_count);
    for (uint32_t i = 0; i < key_count; i++)
        columns[i] = keys[i].column;
    for (uint32_t i = 0; i < aggregate_count; i++) {
        check(aggregates[i].expr->kind == EXPR_AGGREGATE);
        columns[key_count + i] = aggregates[i].column;
    }
    Plan *plan = plan_make(arena, PLAN_AGGREGATE, columns, key_count + aggregate_count);
    plan->aggregate.input = input;
    plan->aggregate.key_count = key_count;
    plan->aggregate.keys = copy_array(arena, keys, key_count, sizeof *keys);
    plan->aggregate.aggregate_count = aggregate_count;
    plan->aggregate.aggregates = copy_array(arena, aggregates, aggregate_count, sizeof *aggregates);
    return plan;
}

const Plan *plan_join(Arena *arena, JoinType type, const Plan *left, const Plan *right,
                      const Expr *condition, PlanColumn mark)
{
    return plan_join_any(arena, type, left, right, condition, NULL, mark);
}

const Plan *plan_join_any(Arena *arena, JoinType type, const Plan *left, const Plan *right,
                          const Expr *condition, const Expr *any_condition, PlanColumn mark)
{
    bool keeps_right = type != JOIN_SEMI && type != JOIN_ANTI && type != JOIN_MARK;
    uint32_t count;
    const PlanColumn *columns = two_column_lists(arena, left, keeps_right ? right : NULL,
                                                 type == JOIN_MARK ? &mark : NULL, &count);
    Plan *plan = plan_make(arena, PLAN_JOIN, columns, count);
    plan->join.type = type;
    plan->join.left = left;
    plan->join.right = right;
    plan->join.condition = condition;
    plan->join.any_condition = any_condition;
    plan->join.mark = type == JOIN_MARK ? mark.id : 0;
    return plan;
}

const Plan *plan_apply(Arena *arena, ApplyType type, JoinType join_type, const Plan *left,
                       const Plan *right, const Expr *condition, PlanColumn result)
{
    uint32_t count;
    bool is_join = type == APPLY_JOIN;
    const PlanColumn *columns = two_column_lists(arena, left, is_join ? right : NULL,
                                                 is_join ? NULL : &result, &count);
    Plan *plan = plan_make(arena, PLAN_APPLY, columns, count);
    plan->apply.type = type;
    plan->apply.join_type = join_type;
    plan->apply.left = left;
    plan->apply.right = right;
    plan->apply.condition = condition;
    plan->apply.result = is_join ? 0 : result.id;
    return plan;
}

const Plan *plan_sort(Arena *arena, const Plan *input, const PlanSortKey *keys, uint32_t count)
{
    Plan *plan = plan_over(arena, PLAN_SORT, input);
    plan->sort.input = input;
    plan->sort.key_count = count;
    plan->sort.keys = copy_array(arena, keys, count, sizeof *keys);
    return plan;
}

const Plan *plan_limit(Arena *arena, const Plan *input, int64_t count, int64_t offset)
{
    Plan *plan = plan_over(arena, PLAN_LIMIT, input);
    plan->limit.input = input;
    plan->limit.count = count;
    plan->limit.offset = offset;
    return plan;
}

const Plan *plan_limit_by(Arena *arena, const Plan *input, int64_t count, int64_t offset,
                          const ColumnId *keys, uint32_t key_count, uint32_t each_count,
                          bool with_ties)
{
    check(each_count <= key_count);
    Plan *plan = (Plan *)plan_limit(arena, input, count, offset);
    plan->limit.keys = copy_array(arena, keys, key_count, sizeof *keys);
    plan->limit.key_count = key_count;
    plan->limit.each_count = each_count;
    plan->limit.with_ties = with_ties;
    return plan;
}

const Plan *plan_expand(Arena *arena, const Plan *input, const Expr *count, PlanColumn number,
                        bool is_outer)
{
    check(count->type.oid == T_INT8 && number.type.oid == T_INT8);
    uint32_t width;
    const PlanColumn *columns = two_column_lists(arena, input, NULL, &number, &width);
    Plan *plan = plan_make(arena, PLAN_EXPAND, columns, width);
    plan->expand.input = input;
    plan->expand.count = count;
    plan->expand.number = number.id;
    plan->expand.is_outer = is_outer;
    return plan;
}

const Plan *plan_recurse(Arena *arena, const Plan *first, const Plan *step, ColumnId id,
                         bool is_distinct, const PlanColumn *columns)
{
    uint32_t count = first->column_count;
    check(step->column_count == count);
    Plan *plan =
        plan_make(arena, PLAN_RECURSE, copy_array(arena, columns, count, sizeof *columns), count);
    plan->recurse.first = first;
    plan->recurse.step = step;
    plan->recurse.id = id;
    plan->recurse.is_distinct = is_distinct;
    return plan;
}

const Plan *plan_share(Arena *arena, const Plan *shared, const Plan *rest, ColumnId id,
                       const PlanColumn *columns)
{
    uint32_t count = rest->column_count;
    Plan *plan =
        plan_make(arena, PLAN_RECURSE, copy_array(arena, columns, count, sizeof *columns), count);
    plan->recurse.first = shared;
    plan->recurse.step = rest;
    plan->recurse.id = id;
    plan->recurse.is_once = true;
    return plan;
}

const Plan *plan_working(Arena *arena, ColumnId recursion, const PlanColumn *columns,
                         uint32_t count)
{
    Plan *plan =
        plan_make(arena, PLAN_WORKING, copy_array(arena, columns, count, sizeof *columns), count);
    plan->working.recursion = recursion;
    return plan;
}

const Plan *plan_union_all(Arena *arena, const Plan *const *inputs, uint32_t input_count,
                           const PlanColumn *columns)
{
    check(input_count > 0);
    uint32_t column_count = inputs[0]->column_count;
    for (uint32_t i = 1; i < input_count; i++)
        check(inputs[i]->column_count == column_count);
    Plan *plan = plan_make(arena, PLAN_UNION_ALL,
                           copy_array(arena, columns, column_count, sizeof *columns), column_count);
    plan->union_all.input_count = input_count;
    plan->union_all.inputs = copy_array(arena, inputs, input_count, sizeof *inputs);
    return plan;
}

const Plan *plan_window(Arena *arena, const Plan *input, const Plan *window)
{
    uint32_t count = input->column_count + window->window.function_count;
    PlanColumn *columns = ARENA_ARRAY(arena, PlanColumn, count);
    if (input->column_count > 0)
        memcpy(columns, input->columns, input->column_count * sizeof *columns);
    const PlanWindowFunction *functions = window->window.functions;
    for (uint32_t i = 0; i < window->window.function_count; i++) {
        check(functions[i].expr->kind == EXPR_WINDOW);
        columns[input->column_count + i] = functions[i].column;
    }
    Plan *plan = plan_make(arena, PLAN_WINDOW, columns, count);
    plan->window = window->window;
    plan->window.input = input;
    plan->window.partition = copy_array(arena, window->window.partition,
                                        window->window.partition_count, sizeof(const Expr *));
    plan->window.order =
        copy_array(arena, window->window.order, window->window.order_count, sizeof(PlanSortKey));
    plan->window.functions =
        copy_array(arena, functions, window->window.function_count, sizeof *functions);
    return plan;
}

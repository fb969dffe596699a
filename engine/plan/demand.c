/*
 * What running a plan would read: from it the controller decides whether to run the query itself
 * and how many workers to ask for.
 */
#include "engine/plan/plan_internal.h"

/* --- functions that only the controller can answer --- */

static bool look_at_expr(const Expr *expr, void *state)
{
    bool *found = state;
    if (expr == NULL)
        return true;
    *found = *found || (expr->kind == EXPR_CALL && function_asks_catalog(expr->call.function));
    return !*found && expr_each_child(expr, look_at_expr, state);
}

static bool items_ask(const PlanProjection *items, uint32_t count)
{
    bool found = false;
    for (uint32_t i = 0; i < count && !found; i++)
        look_at_expr(items[i].expr, &found);
    return found;
}

static bool node_asks(const Plan *plan)
{
    bool found = false;
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
        look_at_expr(plan->table.filter, &found);
        return found;
    case PLAN_EXTERN:
        look_at_expr(plan->external.filter, &found);
        return found;
    case PLAN_VALUES:
        for (uint32_t i = 0; i < plan->values.row_count * plan->column_count && !found; i++)
            look_at_expr(plan->values.cells[i], &found);
        return found;
    case PLAN_FILTER:
        look_at_expr(plan->filter.condition, &found);
        return found;
    case PLAN_PROJECT:
        return items_ask(plan->project.items, plan->column_count);
    case PLAN_AGGREGATE:
        return items_ask(plan->aggregate.keys, plan->aggregate.key_count) ||
               items_ask(plan->aggregate.aggregates, plan->aggregate.aggregate_count);
    case PLAN_JOIN:
        look_at_expr(plan->join.condition, &found);
        return found;
    case PLAN_SORT:
        for (uint32_t i = 0; i < plan->sort.key_count && !found; i++)
            look_at_expr(plan->sort.keys[i].expr, &found);
        return found;
    default:
        return false;
    }
}

static bool shows_names(const BoundQuery *query)
{
    for (uint32_t i = 0; i < query->output_count; i++) {
        if (type_names_object(query->outputs[i].type.oid))
            return true;
    }
    return false;
}

/* --- what an index finds --- */

static bool is_text_column(const Expr *expr)
{
    return expr->kind == EXPR_COLUMN && type_layout(expr->type) == LAYOUT_STRING;
}

/* Whether a column of texts is compared with constants: all parts of an OR, one part of an AND. */
static bool is_lookup(const Expr *filter)
{
    if (filter->kind == EXPR_IN_LIST)
        return is_text_column(filter->arguments[0]);
    if (filter->kind == EXPR_CALL)
        return filter->argument_count == 2 && filter->call.function->symbol != NULL &&
               strcmp(filter->call.function->symbol, "=") == 0 &&
               (is_text_column(filter->arguments[0]) || is_text_column(filter->arguments[1])) &&
               (filter->arguments[0]->kind == EXPR_CONSTANT ||
                filter->arguments[1]->kind == EXPR_CONSTANT);
    if (filter->kind != EXPR_AND && filter->kind != EXPR_OR)
        return false;
    bool is_and = filter->kind == EXPR_AND;
    for (uint32_t i = 0; i < filter->argument_count; i++)
        if (is_lookup(filter->arguments[i]) == is_and)
            return is_and;
    return !is_and;
}

/* About the rows that are read of the table when its indexes are asked. */
static uint64_t rows_looked_up(const Plan *plan, uint64_t rows)
{
    if (plan->table.filter == NULL || !is_lookup(plan->table.filter))
        return rows;
    double estimate = plan_estimate_rows(plan);
    return estimate < (double)rows ? (uint64_t)estimate : rows;
}

static void add_demand(PlanContext *context, const Plan *plan, PlanDemand *demand)
{
    if (plan->kind == PLAN_TABLE) {
        TablePruned pruned;
        table_prune(plan->table.relation->table, pruning_filter(context->arena, plan, context->types),
                    context->arena, &pruned);
        demand->table_rows += pruned.rows;
        demand->rows_in_time += pruned.rows_in_time;
        demand->rows_looked_up += rows_looked_up(plan, pruned.rows_in_time);
        demand->table_bytes += pruned.bytes;
    } else if (plan->kind == PLAN_VIRTUAL) {
        demand->virtual_rows += 1;
    } else if (plan->kind == PLAN_EXTERN) {
        demand->external_inputs++;
    } else if (plan->kind == PLAN_JOIN) {
        demand->joins++;
    }
    demand->asks_catalog = demand->asks_catalog || node_asks(plan);
    for (uint32_t i = 0; i < plan_input_count(plan); i++)
        add_demand(context, plan_input(plan, i), demand);
}

PlanDemand plan_demand(PlanContext *context, const BoundQuery *query)
{
    PlanDemand demand = {.is_ingest = query->ingest != NULL, .asks_catalog = shows_names(query)};
    add_demand(context, query->plan, &demand);
    return demand;
}

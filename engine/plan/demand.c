/*
 * What running a plan would read: from it the controller decides whether to run the query itself
 * and how many workers to ask for.
 */
#include "engine/plan/plan_internal.h"

static void add_demand(PlanContext *context, const Plan *plan, PlanDemand *demand)
{
    if (plan->kind == PLAN_TABLE) {
        TablePruned pruned;
        table_prune(plan->table.relation->table, pruning_filter(context->arena, plan, context->types),
                    context->arena, &pruned);
        demand->table_rows += pruned.rows;
        demand->table_bytes += pruned.bytes;
    } else if (plan->kind == PLAN_VIRTUAL) {
        demand->virtual_rows += 1;
    } else if (plan->kind == PLAN_EXTERN) {
        demand->external_inputs++;
    } else if (plan->kind == PLAN_JOIN) {
        demand->joins++;
    }
    for (uint32_t i = 0; i < plan_input_count(plan); i++)
        add_demand(context, plan_input(plan, i), demand);
}

PlanDemand plan_demand(PlanContext *context, const BoundQuery *query)
{
    PlanDemand demand = {.is_ingest = query->ingest != NULL};
    add_demand(context, query->plan, &demand);
    return demand;
}

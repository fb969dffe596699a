/*
 * The optimizer: its rules in their order, with the reason for each place beside it. A setting
 * (talaria.disabled_rules) leaves single ones out, which finds a wrong one quickly.
 */
#include "engine/plan/plan_internal.h"

#include "base/log/log.h"

typedef struct RuleEntry {
    const char *name;
    OptimizerRule rule;
    bool is_required; /* plans cannot be cut without it */
} RuleEntry;

static const RuleEntry rules[] = {
    /* before everything: other rules look for constants */
    {"fold_constants", rule_fold_constants, false},
    /* keys of all kinds become keys whose cells tell whether they are equal */
    {"order_forms", rule_order_forms, true},
    /* Apply nodes are known to no other rule but folding */
    {"decorrelate", rule_decorrelate, true},
    /* it groups outer values and numbers their rows */
    {"order_forms_again", rule_order_forms, true},
    /* joins made by decorrelation take part */
    {"push_filters", rule_push_filters, false},
    /* substituting through projections leaves constants behind, and folding finds more to push */
    {"fold_constants_again", rule_fold_constants, false},
    {"push_filters_again", rule_push_filters, false},
    /* wants filters at their tables, for the estimates, as the next does, which orders the result */
    {"push_semi_joins", rule_push_semi_joins, false},
    {"order_joins", rule_order_joins, false},
    /* wants to know the sides */
    {"reduce_aggregates", rule_reduce_aggregates, false},
    {"split_distinct", rule_split_distinct, false},
    /* keys of what split_distinct made too */
    {"narrow_keys", rule_narrow_keys, false},
    /* last of the shape rules: the others leave projections behind */
    {"merge_projects", rule_merge_projects, false},
};

enum { RULE_COUNT = sizeof rules / sizeof rules[0] };

static bool is_disabled(const Settings *settings, const char *name)
{
    const char *list = settings->disabled_rules;
    size_t length = strlen(name);
    for (const char *at = list; (at = strstr(at, name)) != NULL; at += length)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

static void note_applied(PlanContext *context, Text *applied, const char *name)
{
    applied[context->applied_count++] = text_of(name);
    context->applied = applied;
}

bool plan_optimize(PlanContext *context, BoundQuery *query, Fault *fault)
{
    context->next_column = query->next_column;
    Text *applied = ARENA_ARRAY(context->arena, Text, RULE_COUNT + 1);
    const Plan *plan = query->plan;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (!rules[i].is_required && is_disabled(context->settings, rules[i].name))
            continue;
        const Plan *after = rules[i].rule(context, plan, fault);
        if (after == NULL)
            return false;
        if (after != plan)
            note_applied(context, applied, rules[i].name);
        plan = after;
        for (uint32_t k = 0; k < query->output_count; k++)
            check(plan_has_column(plan, query->outputs[k].id));
    }
    /* after all: nothing below may be asked for columns any more */
    if (query->ingest != NULL) {
        uint32_t count = query->output_count;
        ExprList keys;
        expr_list_init(&keys, context->arena);
        for (uint32_t i = 0; i < query->ingest->cluster_count; i++)
            expr_list_add(&keys, query->ingest->cluster_keys[i]);
        ColumnSet needed;
        column_set_init(&needed, context->arena);
        for (uint32_t i = 0; i < keys.count; i++)
            column_set_add_expr(&needed, keys.items[i]);
        PlanColumn *outputs = ARENA_ARRAY(context->arena, PlanColumn, count + plan->column_count);
        memcpy(outputs, query->outputs, count * sizeof *outputs);
        for (uint32_t i = 0; i < plan->column_count; i++)
            if (column_set_has(&needed, plan->columns[i].id))
                outputs[count++] = plan->columns[i];
        plan = rule_prune_columns(context, plan, outputs, count);
    } else {
        plan = rule_prune_columns(context, plan, query->outputs, query->output_count);
    }
    plan = rule_merge_projects(context, plan, fault);
    query->plan = plan;
    query->next_column = context->next_column;
    return plan != NULL;
}

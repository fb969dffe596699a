/*
 * What the files of this room share: looking at plans, taking conditions apart, the rules.
 */
#ifndef TALARIA_ENGINE_PLAN_PLAN_INTERNAL_H
#define TALARIA_ENGINE_PLAN_PLAN_INTERNAL_H

#include "engine/plan/plan.h"

/* --- lists of expressions (growing, in an arena) --- */
typedef struct ExprList {
    Arena *arena;
    const Expr **items;
    uint32_t count, capacity;
} ExprList;

void expr_list_init(ExprList *list, Arena *arena);
void expr_list_add(ExprList *list, const Expr *expr);
void expr_list_add_new(ExprList *list, const Expr *expr); /* unless an equal one is there */
/* The conjuncts of a condition (NULL: none); what all branches of an OR share is one. */
void expr_list_add_conjuncts(ExprList *list, const Expr *condition);
/* What an OR says of one input's rows: the OR of the conjuncts over that input alone. NULL when
 * some branch has none. Those that could fail are not asked early. */
const Expr *expr_implied_for(Arena *arena, const Expr *condition, const Plan *plan);
/* Their AND; NULL when the list is empty. */
const Expr *expr_list_and(const ExprList *list);

/* --- columns --- */
bool plan_has_column(const Plan *plan, ColumnId column);
const PlanColumn *plan_find_column(const Plan *plan, ColumnId column);
/* Whether every column of `expr` is an output of `plan`. */
bool expr_fits_plan(const Expr *expr, const Plan *plan);
/* The columns that the node's own expressions name, not those of its inputs. */
typedef void PlanExprVisit(const Expr *expr, void *state);
void plan_node_exprs(const Plan *plan, PlanExprVisit *each, void *state); /* the node's own */
void plan_node_columns(const Plan *plan, void (*each)(ColumnId column, void *state), void *state);
ColumnId plan_new_column(PlanContext *context);

/* What orders and compares as `expr` does by its cells: itself, or function_for_order's. */
const Expr *expr_order_form(Arena *arena, const Expr *expr);

/* Replaces columns that `items` computes by their expressions. */
const Expr *expr_substitute(Arena *arena, const Expr *expr, const PlanProjection *items,
                            uint32_t count);

/* --- sets of columns --- */
typedef struct ColumnSet {
    Arena *arena;
    uint64_t *words;
    uint32_t word_count;
} ColumnSet;

void column_set_init(ColumnSet *set, Arena *arena);
void column_set_add(ColumnSet *set, ColumnId column);
void column_set_add_expr(ColumnSet *set, const Expr *expr); /* NULL is fine */
bool column_set_has(const ColumnSet *set, ColumnId column);

/* --- rewriting: bottom-up over all nodes; the very same node when nothing changed. `rule` sees
 *     a node whose inputs are rewritten already; NULL means a fault. --- */
typedef const Plan *(*PlanRule)(PlanContext *context, const Plan *plan, void *state, Fault *fault);
const Plan *plan_rewrite(PlanContext *context, const Plan *plan, PlanRule rule, void *state,
                         Fault *fault);
/* The same node over other inputs. */
const Plan *plan_with_inputs(Arena *arena, const Plan *plan, const Plan *const *inputs);
enum { PLAN_MAX_INPUTS_INLINE = 2 };
/* Inputs in order: join and apply two, union all of them, leaves none. */
uint32_t plan_input_count(const Plan *plan);
const Plan *plan_input(const Plan *plan, uint32_t index);

/* --- rules: one a file, the order in rules.c --- */
typedef const Plan *(*OptimizerRule)(PlanContext *context, const Plan *plan, Fault *fault);
const Plan *rule_fold_constants(PlanContext *context, const Plan *plan, Fault *fault);
const Plan *rule_order_forms(PlanContext *context, const Plan *plan, Fault *fault);
const Plan *rule_decorrelate(PlanContext *context, const Plan *plan, Fault *fault);
const Plan *rule_push_filters(PlanContext *context, const Plan *plan, Fault *fault);
const Plan *rule_push_semi_joins(PlanContext *context, const Plan *plan, Fault *fault);
/* A semi or anti join's rows, chosen as far down in its left side as is worth it. */
const Plan *plan_choose_below(Arena *arena, const Plan *join);
const Plan *rule_order_joins(PlanContext *context, const Plan *plan, Fault *fault);
const Plan *rule_reduce_aggregates(PlanContext *context, const Plan *plan, Fault *fault);
const Plan *rule_split_distinct(PlanContext *context, const Plan *plan, Fault *fault);
const Plan *rule_narrow_keys(PlanContext *context, const Plan *plan, Fault *fault);
const Plan *rule_merge_projects(PlanContext *context, const Plan *plan, Fault *fault);
/* Leaves out columns that nothing above needs; `outputs` are needed. */
const Plan *rule_prune_columns(PlanContext *context, const Plan *plan, const PlanColumn *outputs,
                               uint32_t output_count);

/* --- estimates --- */
double plan_estimate_rows(const Plan *plan);
/* Distinct values of a column, at most the plan's rows. */
double plan_estimate_distinct(const Plan *plan, ColumnId column);
/* An aggregate's input has about so many rows: found out otherwise. */
void plan_learn_rows(const Plan *aggregate, double rows);
/* The aggregate has at most so many groups. */
void plan_learn_groups(const Plan *aggregate, double groups);
double plan_estimate_groups(const Plan *input, const PlanProjection *keys, uint32_t key_count);

/* --- what a table's filter says about its segments (pruning.c). Lives in `arena`. --- */
const TableFilter *pruning_filter(Arena *arena, const Plan *table, const TypeContext *types);

/* name_of for expr_print, with the columns of a plan. `state` is the Plan. */
const char *plan_column_name(ColumnId column, void *state);

#endif

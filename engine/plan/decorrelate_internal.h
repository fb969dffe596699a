/*
 * Decorrelation: what rule_decorrelate.c (pulling conditions up, where that is enough) and
 * decorrelate_domain.c (the general way) share.
 */
#ifndef TALARIA_ENGINE_PLAN_DECORRELATE_INTERNAL_H
#define TALARIA_ENGINE_PLAN_DECORRELATE_INTERNAL_H

#include "engine/plan/plan_internal.h"

/* Items that pass every column of `plan` on, with room for `extra` more. */
PlanProjection *decorrelate_pass(Arena *arena, const Plan *plan, uint32_t extra, uint32_t *count);

/* a IS NOT DISTINCT FROM b; NULL with a fault. */
const Expr *decorrelate_same(Arena *arena, const Expr *a, const Expr *b, Fault *fault);

/* `plan`, an outer join that gave NULLs where the global `aggregate` had no rows: its counts
 * become 0 again. */
const Plan *decorrelate_repair_counts(PlanContext *context, const Plan *plan,
                                      const Plan *aggregate);

/* Left columns and `result`, which is the column `value` of `plan`. */
const Plan *decorrelate_project_result(PlanContext *context, const Plan *plan, const Plan *left,
                                       PlanColumn result, ColumnId value);

/* An Apply node as joins, whatever its right side is made of. NULL with a fault. */
const Plan *decorrelate_by_domain(PlanContext *context, const Plan *apply, Fault *fault);

#endif

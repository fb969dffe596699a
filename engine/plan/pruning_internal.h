/*
 * Pruning: what pruning.c (conditions as sets of values of one column) and pruning_preimage.c
 * (functions of a time column) share.
 */
#ifndef TALARIA_ENGINE_PLAN_PRUNING_INTERNAL_H
#define TALARIA_ENGINE_PLAN_PRUNING_INTERNAL_H

#include "engine/plan/plan_internal.h"

typedef struct IntRange { /* inclusive; empty when low > high */
    int64_t low, high;
} IntRange;

typedef enum Comparison { COMPARE_NONE, COMPARE_EQ, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE } Comparison;

enum { PREIMAGE_RANGES = 3 };

/* The instants of *column for which `function op value` may hold, at most PREIMAGE_RANGES ranges.
 * False: nothing is known of them. */
bool preimage_of_comparison(Arena *arena, const TypeContext *types, const Expr *function,
                            Comparison comparison, const Expr *value, const Expr **column,
                            IntRange *ranges, uint32_t *count);
/* The same of `function IN (values)`. */
bool preimage_of_list(Arena *arena, const TypeContext *types, const Expr *in_list,
                      const Expr **column, IntRange **ranges, uint32_t *count);
/* The same of TIME_IN_INTERVAL(column, 'start/end'). */
bool preimage_of_interval(const TypeContext *types, const Expr *call, const Expr **column,
                          IntRange *range);

#endif

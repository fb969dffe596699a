/* What the two ways to order a region of inner joins share. */
#ifndef TALARIA_ENGINE_PLAN_ORDER_JOINS_INTERNAL_H
#define TALARIA_ENGINE_PLAN_ORDER_JOINS_INTERNAL_H

#include "engine/plan/plan_internal.h"

enum { MAX_REGION_LEAVES = 64 };

/* A run of inner joins, taken apart. */
typedef struct JoinRegion {
    const Plan *leaves[MAX_REGION_LEAVES];
    uint32_t leaf_count;
    ExprList conditions;
    uint64_t *touched; /* for each condition: the leaves whose columns it names, a bit each */
    bool *placed;      /* conditions that some join has taken */
} JoinRegion;

/* Up to so many leaves every tree is tried: at most 3^10 pairs of sets. */
enum { MAX_SEARCHED_LEAVES = 10 };

/*
 * The cheapest tree of all the leaves, bushy ones too, without cross products, by dynamic
 * programming over sets of leaves ("DPsub": Moerkotte and Neumann, "Analysis of Two Existing and
 * One New Dynamic Programming Algorithm for the Generation of Optimal Bushy Join Trees without
 * Cross Products", 2006). Marks the conditions it places: those that name columns of two leaves
 * or more. NULL, and nothing is marked, where no tree does without a cross product or there are
 * more than MAX_SEARCHED_LEAVES.
 */
const Plan *search_join_tree(Arena *arena, JoinRegion *region);

#endif

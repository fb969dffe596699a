/*
 * Aggregation in stages: what its files share.
 */
#ifndef TALARIA_ENGINE_PLAN_CUT_GROUP_INTERNAL_H
#define TALARIA_ENGINE_PLAN_CUT_GROUP_INTERNAL_H

#include "engine/plan/cut_internal.h"

/* The type of the column that an aggregate's partial states travel in. */
SqlType group_partial_type(Cutter *cutter, const StageAggregate *aggregate);
/* Puts a group operator on the fragment. Its outputs have the plan's ids. */
OperatorSpec *group_put(Cutter *cutter, const Plan *plan, Fragment *fragment, GroupMode mode,
                        const uint32_t *keys, const StageAggregate *aggregates);
/* So few that one worker may merge them all. */
bool group_is_few(double groups);
/* Dealt out by the hash of these columns; without any, all to one worker. */
ShuffleSpec group_shuffle(Cutter *cutter, const uint32_t *columns, uint32_t count);
/* On a fragment whose root gives keys and partial states: the shuffle and the final group. */
void group_merge(Cutter *cutter, const Plan *plan, Fragment *fragment,
                 const StageAggregate *aggregates, double groups);
/* The final group alone: each group's states are on the worker. */
void group_finish(Cutter *cutter, const Plan *plan, Fragment *fragment,
                  const StageAggregate *aggregates);

typedef enum GroupDivision {
    GROUPS_TRAVEL,        /* rows are not divided */
    GROUPS_STAY,          /* groups over the fragment are complete on each worker; */
    GROUPS_STAY_IN_STEPS, /* and a segment's are so much fewer than its rows that it pays to make
                             them first, by its codes */
} GroupDivision;

/* Divides the rows of the fragment's table by the texts of a key (positions `keys`), where it can and
 * that pays. */
bool group_divide(Cutter *cutter, const Plan *plan, Fragment *fragment, const uint32_t *keys,
                  GroupDivision *result);
/* Aggregates of which some are DISTINCT, over a fragment with their arguments (cut_distinct.c). */
void cut_distinct(Cutter *cutter, const Plan *plan, Fragment *fragment, const uint32_t *keys,
                  const StageAggregate *aggregates, double groups);

#endif

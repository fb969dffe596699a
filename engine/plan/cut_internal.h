/*
 * Cutting: what its files share. A fragment is a piece of a stage that is still growing: the
 * operators so far, the inputs they read, and which ColumnId stands at which position.
 */
#ifndef TALARIA_ENGINE_PLAN_CUT_INTERNAL_H
#define TALARIA_ENGINE_PLAN_CUT_INTERNAL_H

#include "engine/plan/plan_internal.h"

typedef struct Fragment {
    uint32_t input_count;
    StageInput *inputs;
    const OperatorSpec *root;
    const ColumnId *ids;   /* root->column_count: what each position holds */
    bool is_single;        /* must run on one worker (its rows are all there) */
    const char *processor; /* Druid's name for what it does */
} Fragment;

typedef struct Cutter {
    CutContext *context;
    Arena *arena;
    StageDefinition *stages;
    uint32_t stage_count, stage_capacity;
    uint32_t ticket_count;
    bool may_share; /* stages that would give the same rows are one: nothing in them is volatile */
    struct HeldScope *held; /* the recursion whose step is being cut (cut_recurse.c) */
    Fault *fault;
} Cutter;

bool cut_plan(Cutter *cutter, const Plan *plan, Fragment *fragment);

/* --- operators on top of a fragment --- */
OperatorSpec *cut_operator(Cutter *cutter, OperatorKind kind, const SqlType *types, uint32_t count,
                           const OperatorSpec *const *children, uint32_t child_count);
/* An operator that passes its child's columns on. */
OperatorSpec *cut_passing(Cutter *cutter, OperatorKind kind, const OperatorSpec *child);
/* The operator with another estimate of its rows. */
const OperatorSpec *cut_with_estimate(Cutter *cutter, const OperatorSpec *spec, double rows);
uint32_t fragment_position(const Fragment *fragment, ColumnId column);
const Expr *fragment_number(Cutter *cutter, const Fragment *fragment, const Expr *expr);
/* The fragment with exactly these columns (exprs over its ids). */
void fragment_project(Cutter *cutter, Fragment *fragment, const PlanProjection *items, uint32_t count);
/* Makes sure that each expression is a column: positions[i] tells where. Appends a projection
 * when some are not; other columns stay. */
void fragment_columns_for(Cutter *cutter, Fragment *fragment, const Expr *const *exprs,
                          uint32_t count, uint32_t *positions);
/* What rows are sorted by, where an expression is to be in order: itself for most types. */
const Expr *cut_order_key(Cutter *cutter, const Expr *expr);
/* An argument of a call with a FILTER (NULL: none): where it could fail it is not computed for
 * rows that the filter leaves out. */
const Expr *cut_filtered(Arena *arena, const Expr *argument, const Expr *filter);
/* Two fragments that run in the same stage: the right one's operators read shifted inputs. */
void fragment_join_inputs(Cutter *cutter, Fragment *left, const Fragment *right,
                          const OperatorSpec **right_root);

/* --- ends of stages --- */
/* Closes the fragment as a stage with this shuffle and begins a new one that reads it. */
void cut_shuffle(Cutter *cutter, Fragment *fragment, ShuffleSpec shuffle, StageRead read,
                 bool is_sorted_merge, bool reader_is_single);
/* All rows to one worker; nothing to do when they are there. */
void cut_to_single(Cutter *cutter, Fragment *fragment);
uint32_t cut_close(Cutter *cutter, const Fragment *fragment, ShuffleSpec shuffle);
uint32_t cut_ticket(Cutter *cutter);

bool cut_leaf(Cutter *cutter, const Plan *plan, Fragment *fragment);
bool cut_aggregate(Cutter *cutter, const Plan *plan, Fragment *fragment);
bool cut_join(Cutter *cutter, const Plan *plan, Fragment *fragment);
bool cut_recurse(Cutter *cutter, const Plan *plan, Fragment *fragment);
bool cut_working(Cutter *cutter, const Plan *plan, Fragment *fragment);
/* Whether the plan is a part of a recursion's step that is the same in every round; then
 * cut_held cuts it apart. */
bool cut_is_held(const Cutter *cutter, const Plan *plan);
bool cut_held(Cutter *cutter, const Plan *plan, Fragment *fragment);
bool cut_window(Cutter *cutter, const Plan *plan, Fragment *fragment);
bool cut_ingest(Cutter *cutter, const BoundQuery *query, Fragment *fragment);

#endif

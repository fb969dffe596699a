/*
 * What the operators share.
 */
#ifndef TALARIA_ENGINE_OPERATOR_OPERATOR_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_OPERATOR_INTERNAL_H

#include "engine/operator/operator.h"

#include "base/log/log.h"
#include "base/os/os.h"
#include "storage/rows/rows.h"

/* One a kind; `children` are built already and set in the result's base. NULL with a fault. */
typedef Operator *(*OperatorMake)(const OperatorSpec *spec, OperatorContext *context,
                                  Operator **children, Fault *fault);

Operator *scan_segments_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *read_external_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *read_batch_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *read_stage_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *filter_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *project_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *group_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *group_each_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *join_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *sort_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *top_each_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *top_n_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *limit_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *recurse_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *held_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *expand_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *union_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *window_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *write_segments_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *write_files_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);
Operator *write_rows_make(const OperatorSpec *, OperatorContext *, Operator **, Fault *);

/* A zeroed operator of `size` bytes (its first member is an Operator) in the context's arena. */
void *operator_new(size_t size, const OperatorClass *class, const OperatorSpec *spec,
                   OperatorContext *context, Operator **children);

/*
 * Texts of a family of dictionaries (storage/vector), kept from query to query with the segments: a
 * text has one number as long as they are kept. Lent to one user at a time, who only adds to it, on
 * its own budget. NULL: lent already, or there is no room. Given back by kept_texts_return, when
 * the budget is free of what was added.
 */
TextTable *kept_texts_borrow(SegmentCache *cache, uint64_t family, Budget *budget);
void kept_texts_return(SegmentCache *cache, TextTable *texts);

/* Whether the slice of time is over: looked at once a batch. */
static inline bool operator_must_yield(const OperatorContext *context)
{
    return os_monotonic_nanos() >= context->slice_end;
}

/* The input column that comes out at position `i` of an OPERATOR_INPUT. */
static inline uint32_t operator_kept(const OperatorSpec *spec, uint32_t i)
{
    return spec->input.keep == NULL ? i : spec->input.keep[i];
}

/* Layouts of `count` types, in the context's arena. */
Layout *operator_layouts(OperatorContext *context, const SqlType *types, uint32_t count);

/* --- a conjunction of conditions, evaluated one after the other over shrinking batches --- */
typedef struct Conditions {
    uint32_t count;
    ExprProgram **programs;
} Conditions;

/* Takes an AND apart and compiles its parts, those that cannot fail first (stable). */
bool conditions_make(OperatorContext *context, const Expr *condition, Conditions *conditions,
                     Fault *fault);
/* The parts of an AND, nested ones too, in arena. */
const Expr **conditions_split(Arena *arena, const Expr *condition, uint32_t *count);
/* *batch becomes the rows where all hold (the same batch when all rows do); may have no rows. */
bool conditions_apply(const Conditions *conditions, Arena *arena, Batch **batch, Fault *fault);

/* --- comparisons in conditions --- */
typedef enum Comparison {
    COMPARE_NONE,
    COMPARE_EQ,
    COMPARE_NE,
    COMPARE_LT,
    COMPARE_LE,
    COMPARE_GT,
    COMPARE_GE
} Comparison;

/* What an operator compares, COMPARE_NONE when it does not. */
Comparison comparison_of(const ScalarFunction *function);
/* The same with the sides exchanged. */
Comparison comparison_mirrored(Comparison comparison);
/* expr as "left op constant", turned round when the constant stands first. */
bool expr_as_comparison(const Expr *expr, const Expr **left, Comparison *comparison,
                        const Vector **constant);
/* Whether values of the two types compare as the integers do that stand for them. */
bool are_comparable_as_integers(SqlType a, SqlType b);

/* --- the pieces of a long batch --- */
typedef struct BatchCutter {
    Batch *batch; /* NULL: nothing left */
    uint32_t at;
} BatchCutter;

/* The next at most BATCH_ROWS rows, a view in `arena`; NULL at the end. */
Batch *batch_cutter_next(BatchCutter *cutter, Arena *arena);

#endif

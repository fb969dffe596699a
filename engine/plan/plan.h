/*
 * Logical plans: what a query means, before it is decided how it runs.
 *
 * Nodes are tagged structs, immutable, made in the query's arena, shared freely. Columns are
 * named by ColumnIds, unique in the query: a node that computes something gives it a new id, a
 * node that passes something on keeps its id, so moving nodes needs no renumbering. The binder
 * (engine/sql) builds plans, rules (rules.c) rewrite them, cutting (cut.c) turns them into
 * stages.
 */
#ifndef TALARIA_ENGINE_PLAN_PLAN_H
#define TALARIA_ENGINE_PLAN_PLAN_H

#include "engine/expr/expr.h"
#include "engine/stage/stage.h"
#include "engine/schema/schema.h"
#include "engine/type/timezone.h"

typedef enum PlanKind {
    PLAN_TABLE,     /* a stored table */
    PLAN_VIRTUAL,   /* a catalog relation */
    PLAN_EXTERN,    /* TABLE(EXTERN(...)) */
    PLAN_VALUES,    /* rows of expressions; no rows and one row without columns too */
    PLAN_FILTER,
    PLAN_PROJECT,
    PLAN_AGGREGATE, /* GROUP BY, DISTINCT */
    PLAN_JOIN,
    PLAN_APPLY,     /* a subquery that may use columns of its left side; decorrelated by a rule */
    PLAN_SORT,
    PLAN_LIMIT,
    PLAN_UNION_ALL,
    PLAN_RECURSE,   /* WITH RECURSIVE: rows, and rows made of them again and again */
    PLAN_WORKING,   /* in a recursion's step: the rows of the round before */
    PLAN_EXPAND,    /* each row as often as an expression says, numbered */
    PLAN_WINDOW,    /* window functions over one partitioning and order */
} PlanKind;

typedef enum JoinType {
    JOIN_INNER, /* without a condition: cross */
    JOIN_LEFT,
    JOIN_RIGHT,
    JOIN_FULL,
    JOIN_SEMI,   /* left rows with a match; outputs left columns only */
    JOIN_ANTI,   /* left rows without a match (the condition not TRUE for every right row) */
    JOIN_MARK,   /* left columns and `mark`: TRUE when matched, else NULL when the condition was
                    NULL for some row, else FALSE */
    JOIN_SINGLE, /* as LEFT, and fault 21000 when a left row has more than one match */
} JoinType;

typedef enum ApplyType {
    APPLY_SCALAR, /* adds `result`: the right side's only column, NULL without a row */
    APPLY_EXISTS, /* adds `result`: boolean */
    APPLY_ANY,    /* adds `result`: boolean, `condition` (over both sides) TRUE for some right row, 3-valued */
    APPLY_JOIN,   /* LATERAL: join_type INNER or LEFT with `condition` */
} ApplyType;

typedef struct PlanColumn {
    ColumnId id;
    SqlType type;
    const char *name; /* as the user would say it */
} PlanColumn;

typedef struct PlanProjection {
    PlanColumn column; /* new id, or the id of the input column when `expr` is just that column */
    const Expr *expr;
} PlanProjection;

typedef struct PlanSortKey {
    const Expr *expr;
    bool descending;
    bool nulls_first;
} PlanSortKey;

typedef struct PlanWindowFunction {
    PlanColumn column;
    const Expr *expr; /* EXPR_WINDOW */
    WindowFrame frame;
} PlanWindowFunction;

typedef struct Plan Plan;

struct Plan {
    PlanKind kind;
    uint32_t column_count; /* outputs, in order */
    const PlanColumn *columns;
    double estimated_rows; /* remembered by plan_estimate_rows; 0: not asked yet */
    union {
        struct {
            const Relation *relation;
            const uint32_t *attributes; /* for each output column its index in relation->columns */
            const Expr *filter;         /* pushed down; NULL none */
        } table; /* PLAN_TABLE and PLAN_VIRTUAL */
        struct {
            Text source_json, format_json; /* checked by the binder as JSON objects with a type */
            uint32_t signature_count;      /* all columns of the signature */
            const PlanColumn *signature;
            const uint32_t *attributes;    /* for each output column its index in the signature */
            const Expr *filter;
        } external;
        struct {
            uint32_t row_count;
            const Expr *const *cells; /* row_count x column_count, constants after folding */
        } values;
        struct {
            const Plan *input;
            const Expr *condition;
        } filter;
        struct {
            const Plan *input;
            const PlanProjection *items; /* column_count of them */
        } project;
        struct {
            const Plan *input;
            uint32_t key_count;           /* outputs: keys, then aggregates */
            const PlanProjection *keys;
            uint32_t aggregate_count;
            const PlanProjection *aggregates; /* expr is EXPR_AGGREGATE */
        } aggregate;
        struct {
            JoinType type;
            const Plan *left, *right;
            const Expr *condition; /* NULL: true */
            ColumnId mark;
            /* MARK, and ANTI from NOT IN: the comparison of ANY/ALL. A right row that passes
             * `condition` and makes this NULL makes the answer unknown. NULL: none. */
            const Expr *any_condition;
        } join;
        struct {
            ApplyType type;
            JoinType join_type;
            const Plan *left, *right;
            const Expr *condition;
            ColumnId result;
        } apply;
        struct {
            const Plan *input;
            uint32_t key_count;
            const PlanSortKey *keys;
        } sort;
        struct {
            const Plan *input;   /* order of a Sort below is kept */
            int64_t count;       /* -1: no limit */
            int64_t offset;
            /* Columns of the order below, first to last. Count and offset hold afresh for each
             * combination of the first `each_count` of them; with ties, rows that equal the last
             * one in all of them pass too. */
            uint32_t key_count, each_count;
            const ColumnId *keys;
            bool with_ties;
        } limit;
        struct {
            uint32_t input_count;
            const Plan *const *inputs; /* columns matched by position; outputs have new ids */
        } union_all;
        struct {
            const Plan *first, *step; /* columns matched by position; outputs have new ids */
            ColumnId id;              /* of the recursion, which PLAN_WORKING names */
            bool is_distinct;         /* UNION: a row comes once */
            /* No recursion: the step runs once over all rows of `first`, which it may name several
             * times, and its rows are the outputs. */
            bool is_once;
        } recurse;
        struct {
            ColumnId recursion;
        } working;
        struct {
            const Plan *input;
            const Expr *count;   /* int8: how often; NULL and below 1: not at all */
            ColumnId number;     /* added to the input's columns: 1 .. count, int8 */
            bool is_outer;       /* a row with no copy comes out once, its number NULL */
        } expand;
        struct {
            const Plan *input;
            uint32_t partition_count;
            const Expr *const *partition;
            uint32_t order_count;
            const PlanSortKey *order;
            uint32_t function_count; /* outputs: the input's, then the functions */
            const PlanWindowFunction *functions;
            /* Only the first so many rows of each partition are wanted (0: all), with those that
             * are equal to the last of them in the order. */
            int64_t first_rows;
            bool first_with_ties;
        } window;
    };
};

/* --- one constructor a kind; arrays are copied; outputs derived where they can be --- */
const Plan *plan_table(Arena *arena, const Relation *relation, const PlanColumn *columns,
                       const uint32_t *attributes, uint32_t count);
const Plan *plan_external(Arena *arena, Text source_json, Text format_json, const PlanColumn *signature,
                          uint32_t count);
const Plan *plan_values(Arena *arena, const PlanColumn *columns, uint32_t column_count,
                        const Expr *const *cells, uint32_t row_count);
const Plan *plan_filter(Arena *arena, const Plan *input, const Expr *condition);
const Plan *plan_project(Arena *arena, const Plan *input, const PlanProjection *items, uint32_t count);
const Plan *plan_aggregate(Arena *arena, const Plan *input, const PlanProjection *keys, uint32_t key_count,
                           const PlanProjection *aggregates, uint32_t aggregate_count);
const Plan *plan_join(Arena *arena, JoinType type, const Plan *left, const Plan *right,
                      const Expr *condition, PlanColumn mark);
const Plan *plan_apply(Arena *arena, ApplyType type, JoinType join_type, const Plan *left,
                       const Plan *right, const Expr *condition, PlanColumn result);
const Plan *plan_sort(Arena *arena, const Plan *input, const PlanSortKey *keys, uint32_t count);
const Plan *plan_limit(Arena *arena, const Plan *input, int64_t count, int64_t offset);
/* A limit over an ordered plan with keys, see Plan. */
const Plan *plan_limit_by(Arena *arena, const Plan *input, int64_t count, int64_t offset,
                          const ColumnId *keys, uint32_t key_count, uint32_t each_count,
                          bool with_ties);
const Plan *plan_expand(Arena *arena, const Plan *input, const Expr *count, PlanColumn number,
                        bool is_outer);
const Plan *plan_recurse(Arena *arena, const Plan *first, const Plan *step, ColumnId id,
                         bool is_distinct, const PlanColumn *columns);
/* `rest`, where every PLAN_WORKING of this id reads the rows of `shared`, which is run once. */
const Plan *plan_share(Arena *arena, const Plan *shared, const Plan *rest, ColumnId id,
                       const PlanColumn *columns);
const Plan *plan_working(Arena *arena, ColumnId recursion, const PlanColumn *columns,
                         uint32_t count);
const Plan *plan_union_all(Arena *arena, const Plan *const *inputs, uint32_t input_count,
                           const PlanColumn *columns);

/* `window`: its fields partition, order and functions are copied. */
const Plan *plan_window(Arena *arena, const Plan *input, const Plan *window);

/* The same join with the comparison of ANY. */
const Plan *plan_join_any(Arena *arena, JoinType type, const Plan *left, const Plan *right,
                          const Expr *condition, const Expr *any_condition, PlanColumn mark);

/* --- asking --- */

/* Whether some column of `expr` is an output of `plan`. */
bool expr_touches_plan(const Expr *expr, const Plan *plan);
/* Whether an expression of the plan, or of anything below it, names the column. */
bool plan_names_column(const Plan *plan, ColumnId column);
/* Whether some expression of the plan, or of anything below it, is volatile. */
bool plan_is_volatile(const Plan *plan);
/* Whether the plan, or anything below it, refers to an output of `outer`. */
bool plan_refers_to(const Plan *plan, const Plan *outer);

/* --- what a statement that writes says --- */
typedef enum IngestMode {
    INGEST_INSERT,
    INGEST_REPLACE,
    INGEST_EXPORT, /* INSERT INTO EXTERN: files instead of segments; `table` is the folder */
} IngestMode;

typedef struct TimeRange { /* [start, end) in microseconds UTC; INT64_MIN/MAX are open */
    int64_t start, end;
} TimeRange;

typedef struct IngestTarget {
    IngestMode mode;
    const char *table;             /* name to write to (created when it is new) */
    const Relation *relation;      /* as it is now, NULL when new */
    bool is_partitioned_by_all;
    Period granularity;            /* else: one of the allowed periods */
    const char *granularity_text;  /* "DAY", "PT15M", "ALL" */
    uint32_t cluster_count;        /* CLUSTERED BY: expressions over the query's output columns */
    const Expr *const *cluster_keys;
    uint32_t overwrite_count;      /* REPLACE: disjoint ascending ranges, aligned; ALL is one open range */
    const TimeRange *overwrite;
    bool overwrite_all;
    /* CREATE TABLE AS: the table must be new. */
    bool is_create, is_temporary, drops_at_commit;
    bool exists;                   /* IF NOT EXISTS, and it is there: nothing to do */
    bool without_rows;             /* WITH NO DATA */
    bool locks_first;              /* ON CONFLICT: the table is locked before it is read */
    bool is_refresh;               /* REFRESH MATERIALIZED VIEW: no rows are counted */
    const TableProperties *materialized; /* CREATE MATERIALIZED VIEW: what is kept of it; or NULL */
} IngestTarget;

/*
 * A statement that changes rows runs in steps. The query itself is the first: what it finds (UPDATE,
 * DELETE) or what is to be stored (INSERT ... RETURNING) is written to files that `work` reads. Of
 * the segments in which rows were found, those that are kept are in `kept`; `rewrite` writes them
 * and the changed rows, and takes the place of these segments. Then `returning` reads `work`.
 * CHANGE_UPSERT is an UPDATE with rows in `work` that have no id: they are new.
 *
 * The relations of `work` and `kept` have no segments before the step in front of them is done:
 * whoever runs the steps gives them to them.
 */
typedef enum ChangeKind { CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE, CHANGE_UPSERT } ChangeKind;

struct BoundQuery;

typedef struct RowChange {
    ChangeKind kind;
    const Relation *relation; /* the target */
    Relation *work;           /* of UPDATE and DELETE, its first column has row ids */
    Relation *kept;           /* the target's columns, and row ids */
    struct BoundQuery *rewrite;   /* NULL: INSERT */
    struct BoundQuery *returning; /* NULL: nothing is returned */
    struct BoundQuery *twice;     /* of CHANGE_UPSERT: reads `work`, gives a row when it must not be */
} RowChange;

/*
 * A bound query: the plan and what the client sees. For INSERT/REPLACE the outputs are the
 * columns to store, by name.
 */
typedef struct BoundQuery {
    const Plan *plan;
    uint32_t output_count;
    const PlanColumn *outputs;     /* ids are outputs of `plan`, in the order of the select list */
    const Oid *output_table_oids;  /* for RowDescription: base table and attnum, or 0 */
    const int16_t *output_attnums;
    const IngestTarget *ingest;    /* NULL for SELECT */
    const RowChange *change;       /* what follows; NULL: nothing */
    ColumnId next_column;          /* first unused id: rules take theirs from here */
} BoundQuery;

/* --- planning --- */
typedef struct PlanContext {
    Arena *arena;
    const TypeContext *types;
    const Settings *settings;
    ColumnId next_column;
    const Text *applied; /* names of the rules that changed the plan, for EXPLAIN */
    uint32_t applied_count;
} PlanContext;

/*
 * Applies the rules of rules.c in their order. Faults: 0A000 for subqueries that no rule can
 * decorrelate.
 */
bool plan_optimize(PlanContext *context, BoundQuery *query, Fault *fault);

/* What running it would read, known before any worker is asked for. */
typedef struct PlanDemand {
    uint64_t table_rows;      /* rows of the segments left after pruning */
    uint64_t rows_in_time;    /* those of them, about, that lie in the intervals of __time */
    uint64_t rows_looked_up;  /* those of them, about, that are left when indexes are asked */
    uint64_t table_bytes;
    uint64_t virtual_rows;
    uint32_t external_inputs; /* EXTERN leaves */
    uint32_t joins;
    bool is_ingest;
    bool asks_catalog; /* a function's answer, or a name to show, is known to the controller only */
} PlanDemand;
PlanDemand plan_demand(PlanContext *context, const BoundQuery *query);

/* What cutting needs from outside. */
typedef struct CutContext {
    PlanContext *plan;
    uint64_t query;               /* id */
    uint32_t worker_count;        /* granted; 1 makes a plan without shuffles where it can */
    const int16_t *result_formats; /* one an output, NULL: text */
    const CopySpec *copy;          /* COPY TO: how rows are written; NULL: as DataRows */
    Text staging_folder;
    /* Rows of a catalog relation, in the relation's columns. */
    bool (*produce)(void *state, const Relation *relation, Arena *arena, Batch **batch, Fault *fault);
    /* Lists the units of an external source (engine/input), large ones divided among workers. */
    bool (*expand)(void *state, Text source_json, Text format_json, uint32_t workers, Arena *arena,
                   const InputUnit **units, uint32_t *count, Fault *fault);
    /* Leaves segments out in which an index finds no rows for the filter (of the input's columns,
     * or NULL), and adds to *rows about how many are to be read of the others. NULL: nobody asks. */
    bool (*narrow)(void *state, StageInput *input, const Expr *filter, Arena *arena, uint64_t *rows,
                   Fault *fault);
    uint64_t narrowed_rows; /* what that gave */
    /* About which share of the rows of segments passes a filter of the input's columns: see scan_sample
     * (engine/operator). NULL: nobody asks. */
    bool (*sample)(void *state, const StageInput *input, const Expr *filter, double *share,
                   Fault *fault);
    /* How rows of segments may be divided by the texts of a column of the input: see scan_divide
     * (engine/operator). NULL: nobody asks. */
    bool (*divide)(void *state, const StageInput *input, uint32_t column, uint32_t workers,
                   Arena *arena, const RowDivision **division, double *entries, Fault *fault);
    void *state;
    bool for_explain;             /* do not produce or expand: nothing will run */
} CutContext;

/* The stages. For ingestion the last stage writes segments, else DataRows. */
bool plan_cut(CutContext *context, const BoundQuery *query, const QueryDefinition **definition,
              Fault *fault);

/* EXPLAIN: the stages as a person reads them, a line an element; JSON when asked. */
void plan_explain(const QueryDefinition *definition, const BoundQuery *query, bool as_json,
                  Buffer *out);
/* EXPLAIN PLAN FOR: the cells of Druid's columns PLAN, RESOURCES and ATTRIBUTES, JSON texts that are
 * added to empty buffers of the caller's. */
enum { EXPLAIN_COLUMNS = 3 };
void plan_explain_columns(const QueryDefinition *definition, const BoundQuery *query,
                          Buffer cells[EXPLAIN_COLUMNS]);

#endif

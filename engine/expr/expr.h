/*
 * Expressions: immutable trees made in an arena, and programs compiled from them.
 *
 * The same tree serves binding, planning and execution. A column is named by a number: in
 * logical plans it is a ColumnId, unique in the query; in stage definitions it is the position
 * in the operator's input batch (expr_number_columns maps one to the other).
 */
#ifndef TALARIA_ENGINE_EXPR_EXPR_H
#define TALARIA_ENGINE_EXPR_EXPR_H

#include "engine/function/function.h"

typedef uint32_t ColumnId;

typedef enum ExprKind {
    EXPR_CONSTANT,
    EXPR_COLUMN,
    EXPR_PARAMETER, /* $n, replaced by a constant before planning */
    EXPR_CALL,      /* a scalar function, operator or cast */
    EXPR_AND,       /* n-ary */
    EXPR_OR,        /* n-ary */
    EXPR_NOT,
    EXPR_IS_NULL,   /* x IS NULL; negated by NOT */
    EXPR_CASE,      /* searched: arguments are when, then, when, then, ..., else (always present) */
    EXPR_COALESCE,
    EXPR_IN_LIST,   /* arguments[0] IN (constant set in `list`): 3-valued */
    EXPR_ARRAY,     /* ARRAY[...] */
    EXPR_AGGREGATE, /* only inside logical Aggregate nodes */
    EXPR_WINDOW,    /* only inside logical Window nodes */
    EXPR_SUBQUERY,  /* only between binding and decorrelation */
} ExprKind;

typedef struct Expr Expr;
struct Plan;

typedef enum SubqueryKind { SUBQUERY_SCALAR, SUBQUERY_EXISTS, SUBQUERY_ANY, SUBQUERY_ALL } SubqueryKind;

struct Expr {
    ExprKind kind;
    SqlType type;
    int32_t location;          /* byte offset in the statement, -1 unknown */
    uint32_t argument_count;
    const Expr *const *arguments;
    union {
        const Vector *value;   /* CONSTANT: a constant vector of one row */
        ColumnId column;       /* COLUMN */
        uint32_t parameter;    /* PARAMETER: from 1 */
        struct {
            const ScalarFunction *function;
        } call;
        struct {
            const Vector *list; /* IN_LIST: flat vector of the non-null items, of the argument's
                                   type, sorted and unique; */
            bool list_has_null;
        } in;
        struct {
            const AggregateFunction *function;
            const Expr *filter;  /* FILTER (WHERE ...), or NULL */
            bool is_distinct;
            uint32_t direct_count; /* leading arguments that are the function's; others are only
                                      ordered by */
            uint32_t order_count;  /* ORDER BY inside the aggregate */
            const SortColumn *order; /* `column` indexes `arguments` */
        } aggregate;
        struct {
            const WindowFunction *function;     /* NULL: an aggregate */
            const AggregateFunction *aggregate;
            const Expr *filter;    /* of the aggregate, or NULL */
            uint32_t direct_count; /* leading arguments that are the function's; the others are
                                      what WindowFrame points to */
        } window;
        struct {
            const struct Plan *plan;
            SubqueryKind subquery_kind;
            const ScalarFunction *comparison; /* ANY, ALL: arguments[0] op column */
        } subquery;
    };
};

/* --- constructors: one a kind; arguments arrays are copied into `arena` --- */
const Expr *expr_constant(Arena *arena, SqlType type, const Vector *value, int32_t location);
const Expr *expr_null(Arena *arena, SqlType type, int32_t location);
const Expr *expr_bool(Arena *arena, bool value);
const Expr *expr_int64(Arena *arena, SqlType type, int64_t value, int32_t location);
const Expr *expr_text(Arena *arena, SqlType type, Text value, int32_t location);
const Expr *expr_column(Arena *arena, SqlType type, ColumnId column, int32_t location);
const Expr *expr_parameter(Arena *arena, SqlType type, uint32_t number, int32_t location);
const Expr *expr_call(Arena *arena, const ScalarFunction *function, SqlType type,
                      const Expr *const *arguments, uint32_t count, int32_t location);
/* AND, OR, COALESCE, CASE, ARRAY, NOT, IS_NULL. AND/OR of one argument is that argument. */
const Expr *expr_nary(Arena *arena, ExprKind kind, SqlType type, const Expr *const *arguments,
                      uint32_t count, int32_t location);
const Expr *expr_in_list(Arena *arena, const Expr *value, const Vector *list, bool list_has_null,
                         int32_t location);
/* Casts to `type` (explicit or not), folding nothing; NULL and 42846 when there is no such cast. */
const Expr *expr_cast(Arena *arena, const Expr *expr, SqlType type, CastRule rule, int32_t dialect,
                      Fault *fault);

/* --- walking, rewriting, asking --- */
typedef bool (*ExprVisit)(const Expr *expr, void *state); /* false stops */
bool expr_each_child(const Expr *expr, ExprVisit visit, void *state);
typedef const Expr *(*ExprRule)(Arena *arena, const Expr *expr, void *state);
/* Bottom-up; returns the very same node when nothing below changed. */
const Expr *expr_rewrite(Arena *arena, const Expr *expr, ExprRule rule, void *state);
bool expr_equal(const Expr *a, const Expr *b); /* structurally; locations do not count */
/* Equal, or one is the other under another name of its type, as varchar becomes text where a
 * function wants text. */
bool expr_same_value(const Expr *a, const Expr *b);
uint64_t expr_hash(const Expr *expr);
bool expr_is_constant(const Expr *expr);       /* an EXPR_CONSTANT */
bool expr_is_volatile(const Expr *expr);
/* FILTER of an aggregate or window function; NULL: none, or another kind. */
const Expr *expr_filter(const Expr *expr);
bool expr_uses_column(const Expr *expr, ColumnId column);
bool expr_has_kind(const Expr *expr, ExprKind kind);
void expr_columns(const Expr *expr, void (*each)(ColumnId column, void *state), void *state);
/* Whether it can raise an error on some value (so that it must not be evaluated early). */
bool expr_can_fail(const Expr *expr);
/* For EXPLAIN and messages: SQL-like text. `name_of` gives a column's name. */
void expr_print(const Expr *expr, const char *(*name_of)(ColumnId column, void *state), void *state,
                Buffer *out);
/* Every column id replaced by `position_of(id)`. */
const Expr *expr_number_columns(Arena *arena, const Expr *expr,
                                uint32_t (*position_of)(ColumnId column, void *state), void *state);

/* Folds constant subtrees of immutable (and, with `fold_stable`, stable) functions. An error in
 * folding leaves the node as it is, so that it is raised only if the row is reached. */
const Expr *expr_fold(Arena *arena, const Expr *expr, const TypeContext *context, bool fold_stable);

/* --- to and from msgpack, for work orders (functions travel by OID) --- */
void expr_pack(const Expr *expr, Buffer *out);
/* Reads one expression at *cursor and advances it. Everything is checked. */
const Expr *expr_unpack(Arena *arena, const uint8_t **cursor, const uint8_t *end, Fault *fault);

/* --- programs: a flat list of steps over numbered vectors --- */
typedef struct ExprProgram ExprProgram;

/*
 * Compiles expressions whose columns are batch positions, sharing common subexpressions. Lives in
 * `arena`. `context` must outlive it. Faults: bad constant patterns and the like.
 */
ExprProgram *expr_compile(Arena *arena, const Expr *const *expressions, uint32_t count,
                          const TypeContext *context, Fault *fault);
/*
 * Evaluates all expressions over a batch: results[i] has batch->rows rows, in `arena` or sharing
 * the batch's data. AND/OR/CASE/COALESCE evaluate a branch only for the rows that need it, as far
 * as errors go. `active` as in ScalarRun.
 */
bool expr_run(ExprProgram *program, const Batch *batch, const uint8_t *active, Arena *arena,
              Vector *results, Fault *fault);
/* One constant expression (no columns) to a one-row constant vector in `arena`. */
bool expr_evaluate_constant(Arena *arena, const Expr *expr, const TypeContext *context,
                            Vector *value, Fault *fault);

#endif

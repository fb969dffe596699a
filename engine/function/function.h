/*
 * Functions: scalars, aggregates, casts and operators, one table row each; from the rows come
 * overload resolution, execution, pg_proc, \df and the reference page.
 *
 * Scalars run on whole vectors. A row names a driver (`run`) and a stamped loop (`loop`): the
 * loop is the only code that knows C types, the driver unwraps vectors, combines nulls, runs an
 * immutable function over a dictionary's entries instead of its rows when there are fewer, and
 * looks for the failing row only when the loop reported a failure. See kernel.h.
 *
 * Aggregates keep their states side by side in rows of the group table; `add` takes a batch and
 * for each row the index of its group. Partial states travel as ordinary columns.
 */
#ifndef TALARIA_ENGINE_FUNCTION_FUNCTION_H
#define TALARIA_ENGINE_FUNCTION_FUNCTION_H

#include "engine/type/type.h"

enum { FUNCTION_MAX_ARGS = 7 };

typedef struct ScalarFunction ScalarFunction;
typedef struct AggregateFunction AggregateFunction;

/* --- a scalar function bound to its argument types --- */
typedef struct ScalarCall {
    const ScalarFunction *function;
    uint32_t argument_count;
    const SqlType *argument_types;
    SqlType result_type;
    /* Values of arguments that are constants (one-row constant vectors), else NULL entries.
     * `prepare` may compile patterns, parse periods, look up zones from them. */
    const Vector *const *constants;
    const TypeContext *context;
    void *prepared; /* what `prepare` made, in the program's arena */
} ScalarCall;

/* The rows of a batch to compute: `active` NULL means every row, else one byte a row (0: the
 * value does not matter, and an error there must not be reported). */
typedef bool (*ScalarRun)(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                          const uint8_t *active, Arena *arena, Vector *result, Fault *fault);

typedef enum Volatility { IMMUTABLE, STABLE, VOLATILE } Volatility;
typedef enum NullRule { NULLS_STRICT /* a NULL argument gives NULL */, NULLS_CALLED } NullRule;
/* Functions of ours that nobody can name: the planner puts them where they are needed. */
enum { FUNCTION_JSONB_ORDER = 91869, FUNCTION_NETWORK_ORDER = 95590, FUNCTION_INTERVAL_ORDER = 95213, FUNCTION_LIMIT_COUNT, FUNCTION_OFFSET_COUNT,
       FUNCTION_LIST_ROWS = 91692, FUNCTION_LIST_ROW,
       FUNCTION_LIST_MAP, FUNCTION_LIST_ANY };
enum { FUNCTION_TO_NUMBER = 1777 };

typedef enum FunctionKind { FUNCTION_PLAIN, FUNCTION_OPERATOR_ONLY, FUNCTION_CAST } FunctionKind;
/* What a function does to the order of its first argument, so that the planner may prune. */
typedef enum OrderRule { ORDER_UNKNOWN, ORDER_KEPT /* x <= y implies f(x) <= f(y) */ } OrderRule;
typedef enum CastRule { CAST_EXPLICIT, CAST_ASSIGNMENT, CAST_IMPLICIT } CastRule;

struct ScalarFunction {
    uint32_t oid;           /* PostgreSQL's where it has the function; else 90000.. unique */
    const char *name;       /* lower case; casts: the target type's name */
    const char *aliases;    /* other names, comma-separated, or NULL */
    const char *symbol;     /* operator spelling: "+", "=", "~~" (LIKE), or NULL */
    uint8_t argument_count; /* fixed arguments (the least number when variadic) */
    uint8_t optional_count; /* how many of them may be left out at the end */
    bool is_variadic;       /* the last argument type repeats */
    Oid arguments[FUNCTION_MAX_ARGS];
    Oid result;
    FunctionKind kind;
    CastRule cast_rule;     /* casts only */
    NullRule nulls;
    Volatility volatility;
    OrderRule order;
    ScalarRun run;
    void *loop;             /* for the generic drivers in kernel.h */
    /* Optional: compile constants. May fault on bad patterns (reported when the query is bound). */
    bool (*prepare)(ScalarCall *call, Arena *arena, Fault *fault);
    /* Optional: the result type when it depends on the arguments (numeric scale, anyelement). */
    SqlType (*result_of)(const SqlType *arguments, uint32_t count);
    const char *summary;    /* one sentence */
    const char *example;    /* SQL expression */
    const char *gives;      /* its text result */
    int8_t dialect;         /* 0 any, 1 postgres only, 2 druid only */
};

/* --- names of arguments (argument_names.c) --- */
enum { ARGUMENT_NAMES = 8 };
typedef struct ArgumentNames {
    const char *function;
    const char *names[ARGUMENT_NAMES]; /* NULL behind the last */
    uint32_t required;                 /* how many have no default */
    const char *defaults[ARGUMENT_NAMES]; /* literals, of those behind */
} ArgumentNames;
/* NULL: the arguments of functions called so have no names. */
const ArgumentNames *function_argument_names(const char *name);
const char *argument_default(const ArgumentNames *names, uint32_t argument); /* or NULL */

/* --- an aggregate bound to its argument types --- */
typedef struct AggregateCall {
    const AggregateFunction *function;
    uint32_t argument_count;
    const SqlType *argument_types;
    SqlType result_type;
    const Vector *const *constants; /* as in ScalarCall: separators, fractions */
    const TypeContext *context;
    /* What the states may allocate (sets, strings, sketches): freed with the operator. */
    Arena *arena;
    struct Budget *budget;
    void *prepared;
    /* Rows come in any order, though one was asked for: the function has `selects` and the one
     * key is its last argument, of layout INT64 or FLOAT64. */
    bool is_unordered;
    bool is_descending; /* the order that was asked for */
} AggregateCall;

struct AggregateFunction {
    uint32_t oid;
    const char *name;
    const char *aliases;
    uint8_t argument_count, optional_count;
    Oid arguments[FUNCTION_MAX_ARGS];
    Oid result;
    SqlType (*result_of)(const SqlType *arguments, uint32_t count);
    uint16_t state_size;    /* bytes, a multiple of 8; zero bytes are the empty state unless init */
    void (*init)(const AggregateCall *call, void *state);
    bool (*prepare)(AggregateCall *call, Arena *arena, Fault *fault);
    /*
     * Adds `rows` rows: row i goes to the state at `states + groups[i] * stride`, or every row to
     * the one state when `groups` is NULL. Null arguments are the function's business. Group
     * indexes need not be sorted. `argument_count` vectors of any form.
     */
    bool (*add)(const AggregateCall *call, uint8_t *states, size_t stride, const uint32_t *groups,
                const Vector *arguments, uint32_t rows, Fault *fault);
    /* States to and from one column of type T_STATE or of `partial_of`: `partial` writes the
     * states of groups [first, first + count); `merge` adds such a column to states. */
    SqlType (*partial_of)(const AggregateCall *call);
    bool (*partial)(const AggregateCall *call, const uint8_t *states, size_t stride, uint32_t first,
                    uint32_t count, Arena *arena, Vector *result, Fault *fault);
    bool (*merge)(const AggregateCall *call, uint8_t *states, size_t stride, const uint32_t *groups,
                  const Vector *partial, uint32_t rows, Fault *fault);
    bool (*finish)(const AggregateCall *call, const uint8_t *states, size_t stride, uint32_t first,
                   uint32_t count, Arena *arena, Vector *result, Fault *fault);
    /*
     * Optional, for sliding windows: makes states[i] that of counts[i] values that are not null
     * and whose exact sum is sums[i]. For aggregates over one argument of layout INT64 or INT128,
     * or over none, whose state is nothing else: what leaves a frame is then subtracted.
     */
    void (*from_sums)(const AggregateCall *call, uint8_t *states, size_t stride,
                      const __int128 *sums, const int64_t *counts, uint32_t rows);
    bool has_plain_state;    /* no pointers: the bytes of a state are a copy of it */
    bool is_order_sensitive; /* array_agg, string_agg: input order matters */
    bool ignores_distinct;   /* min, max, bool_and: DISTINCT changes nothing */
    /* f(direct) WITHIN GROUP (ORDER BY others): rows are added in that order, never partially. */
    bool is_ordered_set;
    bool selects; /* finds what it wants of numbers in any order, without all being sorted */
    uint8_t direct_count;    /* of an ordered set: leading arguments that stand before it */
    /* EARLIEST, LATEST: the binder appends the relation's __time column as last argument. */
    bool wants_time;
    const char *summary, *example, *gives;
};

/* Rows that the binder calls by their numbers: ROW(..), its fields, NULL tests of records. */
enum {
    RECORD_MAKE_OID = 91870, /* (names); the next takes (names, value, ..) */
    RECORD_FIELD_OID = 91872,
    RECORD_IS_NULL_OID = 91873,
    RECORD_IS_NOT_NULL_OID = 91874,
};

/* --- window functions that are no aggregates --- */
typedef enum WindowKind {
    WINDOW_ROW_NUMBER, WINDOW_RANK, WINDOW_DENSE_RANK, WINDOW_PERCENT_RANK, WINDOW_CUME_DIST,
    WINDOW_NTILE, WINDOW_LAG, WINDOW_LEAD, WINDOW_FIRST_VALUE, WINDOW_LAST_VALUE, WINDOW_NTH_VALUE,
} WindowKind;

typedef struct WindowFunction {
    uint32_t oid;
    const char *name;
    WindowKind kind;
    uint8_t argument_count;
    Oid arguments[3];
    Oid result; /* T_ANYELEMENT: the first argument's */
    const char *summary, *example, *gives;
} WindowFunction;

/* --- the tables --- */
const ScalarFunction *const *function_scalars(uint32_t *count);
const AggregateFunction *const *function_aggregates(uint32_t *count);
const ScalarFunction *function_scalar_by_oid(uint32_t oid);
const AggregateFunction *function_aggregate_by_oid(uint32_t oid);
bool function_is_aggregate(Text name); /* any overload */
/* Whether function(x, constant) holds for the texts x that start with *prefix, and for no others:
 * LIKE 'a%', STARTS_WITH(x, 'a'). `dialect` as in TypeContext; *prefix in `arena`. */
bool function_tests_prefix(const ScalarFunction *function, Text constant, int dialect,
                           Arena *arena, Text *prefix);
bool function_exists(Text name);
const WindowFunction *function_windows(uint32_t *count);
const WindowFunction *function_window_by_oid(uint32_t oid);
bool function_is_window(Text name); /* any overload; aggregates are not meant */

/*
 * Overload resolution, PostgreSQL's rules (manual 10.2, 10.3): exact match, then the candidate
 * with most exact matches after implicit casts, preferred types, unknown literals. T_UNKNOWN
 * stands for untyped literals and parameters. `coerced` receives the types that the arguments
 * must be cast to (count of them; polymorphic types resolved). Faults: 42883 with the argument
 * types in the message, 42725. `position` is a byte offset or -1.
 */
const ScalarFunction *function_resolve(Text name, const SqlType *arguments, uint32_t count,
                                       int32_t dialect, SqlType *coerced, int32_t position, Fault *fault);
const ScalarFunction *function_resolve_operator(Text symbol, const SqlType *arguments, uint32_t count,
                                                int32_t dialect, SqlType *coerced, int32_t position,
                                                Fault *fault);
const AggregateFunction *function_resolve_aggregate(Text name, const SqlType *arguments, uint32_t count,
                                                    SqlType *coerced, int32_t position, Fault *fault);
const WindowFunction *function_resolve_window(Text name, const SqlType *arguments, uint32_t count,
                                              int32_t dialect, SqlType *coerced, int32_t position,
                                              Fault *fault);
/* The result type of round(x, n), trunc(x, n) of numerics and to_number(x, template), whose scale
 * is in the constant second argument (NULL when it is none); any other function's is returned as
 * it is. */
SqlType function_refine_type(const ScalarFunction *function, SqlType type, const Vector *digits);
/* The cast, NULL when there is none of at least this rule; *is_noop when the representation is
 * the same (int4 to int8, varchar to text) and no function is needed. */
const ScalarFunction *function_find_cast(SqlType from, SqlType to, CastRule rule, int32_t dialect,
                                         bool *is_noop);
/* The function whose values order and compare as those of a type do; NULL where the type's own
 * values in memory do, as nearly everywhere. */
const ScalarFunction *function_for_order(Oid type);
/* Whether texts of the type are equal and ordered as their bytes are: neither padded characters
 * nor documents. */
bool function_orders_by_bytes(SqlType type);
/* The common type of CASE, COALESCE, UNION, IN, VALUES branches (manual 10.5). */
bool function_common_type(const SqlType *types, uint32_t count, const char *what, SqlType *common,
                          Fault *fault);

/*
 * Functions whose answer lies in the catalogs or with the session (catalog_calls.c). engine/catalog,
 * which stands above, says at start-up who answers them: the answer appends one cell to
 * call->cell, and sees only rows that matter (strict functions: without NULLs).
 */
typedef struct CatalogCall {
    const ScalarCall *call;
    const Vector *arguments;
    uint32_t row;
    Arena *arena;
    VectorBuilder *cell;
    Fault *fault;
} CatalogCall;
typedef bool CatalogAnswer(CatalogCall *call);
/* NULL: nobody answers in this process. */
typedef CatalogAnswer *CatalogAnswers(const ScalarFunction *function);
void function_set_catalog(CatalogAnswers *find);
/* Such a function runs where the statement's context is: in the controller. */
bool function_asks_catalog(const ScalarFunction *function);

/* The reference page: a markdown table of all functions. */
void function_describe(Buffer *out);

#endif

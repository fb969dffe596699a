/*
 * What the binder's files share.
 *
 * Reading order: bind.c (the entrance), bind_query.c (WITH, set operations), bind_select.c (one
 * SELECT), bind_from.c and bind_join.c (FROM), scope.c (names), bind_expr.c (expressions, a
 * switch over the parser's nodes), bind_coerce.c (types), bind_aggregate.c (grouping),
 * bind_subquery.c (subqueries in expressions), bind_ingest.c (INSERT and REPLACE).
 *
 * Every function that can fail returns false or NULL and has filled binder->fault.
 */
#ifndef TALARIA_ENGINE_SQL_BIND_INTERNAL_H
#define TALARIA_ENGINE_SQL_BIND_INTERNAL_H

#include "engine/sql/name_internal.h"
#include "engine/sql/parse_internal.h"
#include "engine/sql/sql.h"

typedef struct Scope Scope;
typedef struct SelectState SelectState;
typedef struct FromItem FromItem;
typedef struct ExprContext ExprContext;

typedef struct BoundLookup BoundLookup;

typedef struct Binder {
    Arena *arena;
    BindContext *context;
    const ParsedStatement *statement;
    const ParseTree *tree;
    Fault *fault;
    int32_t dialect;
    ColumnId next_column;
    uint32_t expansions;          /* of CTEs, bounded */
    uint32_t nullable_depth;      /* sides of outer joins around, whose rows may be missing */
    uint32_t except_depth;        /* right sides of EXCEPT around */
    const OffsetMap *map;         /* of the text being bound; NULL within a text of our own */
    int32_t fixed_location;       /* stands for every place of such a text */
    uint32_t rows_as_json; /* above 0: within the arguments of a JSON function */
    const char *search_path;      /* of the view being bound; NULL: the session's */
    uint32_t view_depth;
    const BoundLookup *lookups; /* calls of LOOKUP met so far */
    const PgQuery__SelectStmt *given_to; /* a SELECT without FROM that reads `given_from` */
    const FromItem *given_from;
    struct RowTypes *row_types;   /* of the records that were met (bind_record_internal.h) */
    uint32_t used_count, used_capacity; /* relations of users that the statement names */
    uint32_t *used;
} Binder;

Binder bind_start(Arena *arena, const ParsedStatement *statement, BindContext *context,
                  Fault *fault);
/* Under which path names are looked for. */
static inline Text bind_search_path(const Binder *binder)
{
    return text_of(binder->search_path != NULL ? binder->search_path
                                               : binder->context->types->settings->search_path);
}

/* --- faults and places --- */
int32_t bind_location(const Binder *binder, int32_t node_location);
bool bind_fault(Binder *binder, int32_t location, FaultCode code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Gives a fault that has no place one. Returns false. */
bool bind_fault_place(Binder *binder, int32_t location);

/* --- scopes --- */
typedef struct ScopeColumn {
    ColumnId id;
    SqlType type;
    const char *name;
    const char *table;  /* of the FROM item, for messages; "" when it has none */
    Oid table_oid;      /* where it is stored, for RowDescription; 0 */
    int16_t attnum;
    bool is_hidden;     /* known by its name only, not to * */
} ScopeColumn;

typedef struct ScopeTable {
    const char *name;         /* the alias, or the relation's name */
    const Relation *relation; /* NULL: not a relation */
    bool has_alias;
    bool is_scalar;           /* a function of one value: its name is the value */
    bool is_nullable;         /* on the side of an outer join whose rows may be missing */
    uint32_t column_count;
    const ScopeColumn *columns;
} ScopeTable;

/* What a FROM item offers: a plan, tables for qualified names, columns for * and plain names
 * (where USING has merged two into one). */
struct FromItem {
    const Plan *plan;
    uint32_t table_count;
    const ScopeTable *tables;
    uint32_t column_count;
    const ScopeColumn *columns;
    bool has_working; /* names the recursion in whose step it stands */
};

/* A recursive query whose step is being bound. */
typedef struct Recursion {
    ColumnId id;
    uint32_t count;
    PlanColumn *columns;  /* their types and names */
    uint32_t hidden_from; /* the first that * does not mention */
    uint32_t references;
    int32_t location;     /* of the first */
    uint32_t nullable_depth, except_depth; /* the binder's, where the step begins */
} Recursion;

typedef struct CommonTable {
    const char *name;
    const PgQuery__CommonTableExpr *node;
    uint32_t references;
    bool is_being_bound;
    Recursion *recursion; /* while its recursive term is being bound */
    bool is_volatile;     /* its rows may differ each time it is run */
    Recursion *shared;    /* run once: references read its rows, ... */
    const Plan *shared_plan; /* ... which this plan gives */
} CommonTable;

struct Scope {
    Scope *parent;
    ExprContext *parent_context; /* the place in `parent` where this query stands */
    FromItem from;
    SelectState *select;         /* whose FROM this is; NULL for helpers */
    uint32_t cte_count;          /* those that can be seen here */
    CommonTable *ctes;
    bool is_recursive;           /* of WITH RECURSIVE: they see each other */
    bool hides_from;             /* LATERAL is missing: the names exist but may not be used */
};

/* A column reference's meaning: the column, and the scope that has it. */
bool scope_find_column(Binder *binder, Scope *scope, const PgQuery__ColumnRef *reference,
                       const ScopeColumn **column, Scope **found);
const ScopeTable *scope_find_table(Binder *binder, Scope *scope, PgQuery__Node *const *names,
                                   size_t count, int32_t location, bool must_exist);
/* A column of a list: its index, SCHEMA_NO_MATCH or SCHEMA_AMBIGUOUS. */
int scope_match(SchemaName name, const ScopeColumn *columns, uint32_t count);
/* Notes that a subquery at `place` uses a column of `select`'s FROM: it must be grouped by there. */
void scope_note_use(Binder *binder, const ExprContext *place, SelectState *select, ColumnId id,
                    int32_t location);
/* The place in `found` under which the query of `from` stands; NULL: in FROM. */
const ExprContext *scope_place_in(const Scope *from, const Scope *found);
CommonTable *scope_find_cte(Scope *scope, SchemaName name, Scope **owner, uint32_t *index);
bool scope_has_column(const Scope *scope, ColumnId id, const ScopeColumn **column);

/* --- expressions --- */
typedef enum Clause {
    CLAUSE_SELECT, CLAUSE_WHERE, CLAUSE_HAVING, CLAUSE_GROUP_BY, CLAUSE_ORDER_BY, CLAUSE_JOIN,
    CLAUSE_FUNCTION_IN_FROM, CLAUSE_VALUES, CLAUSE_LIMIT, CLAUSE_OFFSET, CLAUSE_CLUSTERED_BY,
    CLAUSE_WINDOW, CLAUSE_FILTER, CLAUSE_UPDATE, CLAUSE_CHECK, CLAUSE_TRANSFORM,
} Clause;

/* A subquery met in an expression: becomes an Apply node where its expression is computed. */
typedef struct PendingApply {
    ApplyType type;
    JoinType join_type;           /* of APPLY_JOIN, which adds the columns of `right` */
    const Plan *right;
    const Expr *condition;
    PlanColumn result;
} PendingApply;

typedef struct ApplyList {
    uint32_t count, capacity;
    PendingApply *items;
} ApplyList;

/* Where an expression stands. */
struct ExprContext {
    Scope *scope;
    Clause clause;
    ApplyList *applies;     /* where subqueries go; NULL: none are allowed here */
    SelectState *select;    /* who takes aggregates; NULL: none are allowed here */
    bool is_in_aggregate;
    bool is_in_window;      /* among the arguments of a window function */
};

/* A column of a SELECT that a subquery of it uses after grouping. */
typedef struct LateUse {
    ColumnId id;
    int32_t location;
} LateUse;

/* A function of several rows: its value for the number n, for n from 1 to its length. */
typedef struct RowSeries {
    const char *name;
    const Expr *length; /* int8 */
    const Expr *value;
    /* What length and value are made of, computed once a row below the copies; NULL: nothing. */
    const Expr *input;
    PlanColumn input_column;
} RowSeries;

/* Functions of the select list whose arguments have such functions in them stand a level above
 * those, and run over their rows; the functions of one level run side by side. */
enum { SERIES_MAX_LEVELS = 8 };

typedef struct SelectSeries {
    RowSeries series;
    PlanColumn column;
    int32_t location;
    uint32_t level;
} SelectSeries;

/* GROUPING(a, b) of the select list, HAVING or ORDER BY. */
typedef struct GroupingCall {
    uint32_t count;
    const Expr *const *arguments;
    PlanColumn column;
    int32_t location;
} GroupingCall;

/* What a function is OVER. */
typedef struct WindowSpec {
    uint32_t partition_count;
    const Expr **partition;
    uint32_t order_count;
    PlanSortKey *order;
    const PgQuery__WindowDef *frame; /* the definition that the frame is of */
} WindowSpec;

typedef struct SelectWindow {
    WindowSpec spec;
    PlanWindowFunction function;
} SelectWindow;

struct SelectState {
    Scope scope;
    size_t named_count;     /* WINDOW w AS (...) */
    PgQuery__Node *const *named;
    WindowSpec *named_specs;
    uint32_t window_count, window_capacity; /* calls with OVER */
    SelectWindow *windows;
    uint32_t grouping_count;
    GroupingCall *groupings;
    uint32_t series_count;  /* functions of several rows in the select list */
    SelectSeries *series;
    PlanColumn series_numbers[SERIES_MAX_LEVELS]; /* of the copies, a level */
    ApplyList before, after; /* below and above the aggregation */
    uint32_t aggregate_count, aggregate_capacity;
    PlanProjection *aggregates;
    uint32_t late_count, late_capacity;
    LateUse *late_uses;
};

const char *clause_name(Clause clause);

const Expr *bind_expr(Binder *binder, ExprContext *context, const PgQuery__Node *node);
/* Binds and coerces to boolean; `what` as in "argument of WHERE must be type boolean". */
const Expr *bind_condition(Binder *binder, ExprContext *context, const PgQuery__Node *node,
                           const char *what);
int32_t bind_node_location(const Binder *binder, const PgQuery__Node *node);
/* The operands of a row: (a, b) or ROW(a, b); NULL for anything else. */
const PgQuery__RowExpr *bind_row(const PgQuery__Node *node);
/* The fields of a row, or the one value of any other expression. */
bool bind_row_items(Binder *binder, ExprContext *context, const PgQuery__Node *node,
                    const Expr ***items, uint32_t *count);
/* Whether both sides of an operator are rows, the right one written as one or a subquery. */
bool bind_are_rows(const PgQuery__AExpr *expr);
const Expr *bind_row_operator(Binder *binder, ExprContext *context, const PgQuery__AExpr *expr,
                              const char *symbol, int32_t location);
const Expr *bind_row_in(Binder *binder, ExprContext *context, const PgQuery__Node *row,
                        const PgQuery__List *list, int32_t location);
/* Fields one by one, as PostgreSQL compares rows. */
const Expr *bind_compare_rows(Binder *binder, const char *symbol, const Expr *const *left,
                              const Expr *const *right, uint32_t count, int32_t location);
/* ROW(a, b) IS NULL, t IS NOT NULL; *result NULL when the operand is no row. */
/* ROW(a, b) and t as JSON objects, where a JSON function takes them; NULL with a fault. */
const Expr *bind_row_as_json(Binder *binder, ExprContext *context, const PgQuery__RowExpr *row);
const Expr *bind_table_as_json(Binder *binder, const ScopeTable *table, int32_t location);
/* information_schema._pg_truetypid and _pg_truetypmod, which take a row of pg_attribute and one of
 * pg_type; *result stays NULL for other functions. */
bool bind_true_type(Binder *binder, ExprContext *context, const char *name,
                    const PgQuery__FuncCall *call, const Expr **result);
bool bind_row_null_test(Binder *binder, ExprContext *context, const PgQuery__NullTest *test,
                        const Expr **result);
/* The columns of a subquery of one row, `count` of them; NULL with a fault. */
const Expr **bind_row_sub_link(Binder *binder, ExprContext *context, const PgQuery__SubLink *link,
                               uint32_t count, int32_t location);
const Expr *bind_not_distinct(Binder *binder, const Expr *left, const Expr *right,
                              int32_t location);
const Expr *bind_not(Binder *binder, const Expr *expr);
const Expr *bind_operator(Binder *binder, const char *symbol, const Expr *left, const Expr *right,
                          int32_t location);
/* A char(n) as the text with its blanks; any other expression as it is. */
const Expr *bind_padded_text(Binder *binder, const Expr *expr);
const Expr *bind_a_expr(Binder *binder, ExprContext *context, const PgQuery__AExpr *expr);
/* x IN (items), items bound. */
const Expr *bind_in_list(Binder *binder, const Expr *value, const Expr *const *items,
                         uint32_t count, int32_t location);
const Expr *bind_any_array(Binder *binder, const char *symbol, const Expr *value,
                           const Expr *array, bool is_all, int32_t location);
/* The operator's name without its schema; "!~" and the like give the positive and *is_negated. */
const char *bind_operator_name(PgQuery__Node *const *names, size_t count);
const Expr *bind_function(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call);
/* A call of a function of the table, arguments bound. */
/* The arguments of a call, those with names in their places (bind_named.c). The list has room for
 * a few more. */
bool bind_call_arguments(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call,
                         const char *name, const Expr ***arguments, uint32_t *count);
bool bind_takes_rows(const char *name); /* a JSON function, whose arguments may be rows */
const Expr *bind_call(Binder *binder, const char *name, const Expr *const *arguments,
                      uint32_t count, int32_t location);
const Expr *bind_array_of(Binder *binder, const Expr *const *elements, uint32_t count,
                          SqlType element, int32_t location);

SqlType bind_element_type(SqlType array);

/* INSERT INTO EXTERN(...) (bind_export.c). */
bool bind_export(Binder *binder, const PgQuery__SelectStmt *statement, BoundQuery *query);

/* --- multi-value strings (bind_multi_value.c) --- */
/* A function of arrays that takes multi-value strings and single values as well; NULL: it is none. */
typedef struct MultiValueCall MultiValueCall;
const MultiValueCall *multi_value_call(const char *name);
/* Makes arrays of the arguments that are to be lists. */
bool multi_value_arguments(Binder *binder, const MultiValueCall *call, const Expr **arguments,
                           uint32_t count, int32_t location);
/* Whether one side is a multi-value string and the other a text, by one of = <> < <= > >=: true
 * where any value fits; <> where none is equal. */
bool multi_value_is_compared(const Binder *binder, const Expr *left, const Expr *right);
bool multi_value_can_compare(const char *symbol);
const Expr *multi_value_compare(Binder *binder, const char *symbol, const Expr *left,
                                const Expr *right, int32_t location);
/* In the druid dialect column = item, or column IN (items), is true where the column holds a list
 * with an item, too: *plain, the comparison as it is, becomes that. Left alone where it cannot be. */
bool multi_value_may_equal(Binder *binder, const ExprContext *context, const Expr *column,
                           const Expr *const *items, uint32_t count, const Expr **plain,
                           int32_t location);
SqlType multi_value_result(const MultiValueCall *call, SqlType result);
/* In the druid dialect a call of a function of texts with a column that may hold lists becomes one
 * over each of a list's values; any other expression stays. NULL: a fault. */
/* Before it is bound: multi-value strings that are arrays become texts that are lists. */
bool multi_value_as_texts(Binder *binder, const char *name, const Expr **arguments, uint32_t count);
const Expr *multi_value_of_each(Binder *binder, const ExprContext *context, const Expr *call);
/* Whether GROUP BY takes this key over the rows of `from` apart. */
bool multi_value_is_key(const Binder *binder, const Plan *from, const Expr *key);
/* 42804 for a multi-value string that must be wrapped (groupByEnableMultiValueUnnesting). */
bool multi_value_check_key(Binder *binder, const Expr *key);
/* Copies each row for each value of its keys that are marked, and has the keys name the values. */
const Plan *multi_value_take_apart(Binder *binder, const Plan *plan, PlanProjection *keys,
                                   const bool *is_multi_value, uint32_t count);

/* --- constants, coercions, types --- */
bool expr_is_unknown(const Expr *expr);     /* an untyped literal, NULL or parameter */
bool expr_is_null(const Expr *expr);        /* a constant NULL */
const Expr *bind_constant(Binder *binder, const PgQuery__AConst *constant);
const Expr *bind_parameter(Binder *binder, const PgQuery__ParamRef *parameter);
/* Reads a literal. */
const Expr *bind_literal(Binder *binder, SqlType type, Text text, int32_t location);
const Expr *coerce_to(Binder *binder, const Expr *expr, SqlType type, CastRule rule,
                      int32_t location);
const Expr *coerce_unknown_to_text(Binder *binder, const Expr *expr);
/* Arguments to the types that resolution chose. */
bool coerce_all(Binder *binder, const Expr **arguments, uint32_t count, const SqlType *types,
                int32_t location);
/* One type for all; `what` as in "CASE types integer and text cannot be matched". */
bool coerce_to_common(Binder *binder, const Expr **items, uint32_t count, const char *what,
                      SqlType *common, int32_t location);
/* TABLE(APPEND('t', ..)) (bind_append.c); *is_known: it was that. */
bool bind_append(Binder *binder, const char *name, const PgQuery__FuncCall *call,
                 const Plan **plan, bool *is_known);
/* Whether all are single values, which have texts. */
bool coerce_may_be_texts(const SqlType *types, uint32_t count);
/* Evaluates what needs no rows; other expressions are given back as they are. Faults of the
 * evaluation leave the expression, too. */
const Expr *bind_fold(Binder *binder, const Expr *expr);
bool bind_type_name(Binder *binder, const PgQuery__TypeName *name, SqlType *type);
const Expr *bind_type_cast(Binder *binder, ExprContext *context, const PgQuery__TypeCast *cast);
/* Types of catalog objects (regclass ..) are plain OIDs to operators and functions. */
bool type_is_reg(Oid type);
const Expr *bind_reg_as_oid(Binder *binder, const Expr *expr);
/* The name of what a reg value stands for, as text. */
const Expr *bind_reg_as_text(Binder *binder, const Expr *expr);
/* Calls of it are bounded: CTEs and texts of ours may multiply. */
bool bind_count_expansion(Binder *binder, int32_t location);
const Expr *bind_cast_to_reg(Binder *binder, const Expr *expr, SqlType type, int32_t location);

/* --- subqueries --- */
const Expr *bind_sub_link(Binder *binder, ExprContext *context, const PgQuery__SubLink *link);
void apply_list_add(Binder *binder, ApplyList *list, PendingApply apply);
/* Puts the list's applies on top of the plan. */
/* LOOKUP(x, 'name' [, otherwise]) (bind_lookup.c). */
const Expr *bind_lookup(Binder *binder, const ExprContext *context, const Expr *const *arguments,
                        uint32_t count, int32_t location);
const Plan *apply_list_attach(Binder *binder, const ApplyList *list, const Plan *plan);
PlanColumn bind_new_column(Binder *binder, SqlType type, const char *name);

/* --- queries --- */
typedef struct OutputColumn {
    PlanColumn column;
    Oid table_oid;
    int16_t attnum;
    const Expr *literal; /* an untyped literal that a set operation may still read as another type */
    int32_t location;
    bool is_named;       /* has an alias, or is a column */
    bool is_hidden;      /* not mentioned by * */
} OutputColumn;

typedef struct QueryResult {
    const Plan *plan;
    uint32_t count;
    OutputColumn *columns; /* ids are outputs of the plan, which has exactly these in this order */
    bool is_sorted, is_limited, has_offset; /* its outermost clauses */
    int32_t sort_location, limit_location;
    bool is_working; /* the recursion in whose step the name stands */
} QueryResult;

/* `keeps_unknown`: untyped literals of the select list keep their type (set operations). */
bool bind_query(Binder *binder, const PgQuery__SelectStmt *statement, Scope *parent,
                ExprContext *parent_context, bool keeps_unknown, QueryResult *result);
/* Adds a WITH clause's queries to a scope; binds those nobody referred to, to find their errors. */
bool bind_with(Binder *binder, Scope *scope, const PgQuery__WithClause *with);
bool bind_unused_ctes(Binder *binder, Scope *scope);
/* The query behind a CTE's name at one place of FROM. */
bool bind_cte_reference(Binder *binder, Scope *scope, Scope *owner, uint32_t index,
                        const PgQuery__RangeVar *range, QueryResult *query);
/* Whether a query of WITH RECURSIVE names itself. */
bool recursion_is_self(const Scope *owner, const CommonTable *cte);
bool bind_recursive(Binder *binder, Scope *scope, CommonTable *cte, QueryResult *result);
/* The rows of `recursion` by new names. */
void bind_working_rows(Binder *binder, const Recursion *recursion, int32_t location,
                       QueryResult *query);
/* Whether some query of the WITH list must give the same rows to several references, and would
 * not: from now on references to those read rows that are there once. */
bool bind_shared_ctes(Binder *binder, Scope *scope, bool *any);
/* Puts those rows around the query that reads them. */
void bind_share_rows(Binder *binder, const Scope *scope, QueryResult *result);
/* Its name within its own step. */
bool bind_recursion_reference(Binder *binder, const Scope *scope, const Scope *owner,
                              CommonTable *cte, int32_t location, QueryResult *query);
bool bind_select(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope_parent,
                 bool keeps_unknown, QueryResult *result);
bool bind_set_operation(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope,
                        QueryResult *result);
bool bind_values(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope,
                 bool keeps_unknown, QueryResult *result);
/* Checks FOR UPDATE and its kin; `state` NULL: of a set operation or VALUES. */
bool bind_locking(Binder *binder, const PgQuery__SelectStmt *statement, SelectState *state);
/* LIMIT and OFFSET on top of `plan`. */
const Plan *bind_limit(Binder *binder, const PgQuery__SelectStmt *statement, Scope *scope,
                       const Plan *plan);
/* ORDER BY x USING op: 42809 when op orders nothing; < and > are ASC and DESC. */
bool bind_check_using(Binder *binder, const PgQuery__SortBy *sort);
bool bind_is_descending(const PgQuery__SortBy *sort);
bool bind_nulls_first(const Binder *binder, const PgQuery__SortBy *sort, bool is_descending);
/* ORDER BY of a set operation or VALUES: output names and ordinals. */
const Plan *bind_sort_outputs(Binder *binder, const PgQuery__SelectStmt *statement,
                              const QueryResult *result);
/* GROUP BY or ORDER BY 2: the index of the output. -1: not an ordinal; -2: fault. */
int bind_ordinal(Binder *binder, const PgQuery__Node *node, uint32_t count, const char *clause);
/* PostgreSQL's name of an unnamed item; folded. */
const char *bind_figure_name(Binder *binder, const PgQuery__Node *node);
/* The plan with exactly these columns, cast to `types` (literals read as them). */
const Plan *bind_project_types(Binder *binder, const QueryResult *query, const SqlType *types,
                               PlanColumn *columns);

/* --- window functions (bind_window.c) --- */
const Expr *bind_window_function(Binder *binder, ExprContext *context,
                                 const PgQuery__FuncCall *call, const char *name);
/* The WINDOW clause, before anything that may name its windows. */
bool windows_bind_named(Binder *binder, SelectState *select, const PgQuery__SelectStmt *statement);
/* The nodes that compute the functions, on top of `plan`. */
const Plan *windows_attach(Binder *binder, const SelectState *select, const Plan *plan);
/* The column of a call of a window function within an expression; NULL: there is none. */
const Expr *windows_find_call(const SelectState *select, const Expr *expr);

/* --- grouping --- */
typedef struct AggregateParts {
    const AggregateFunction *function;
    SqlType type;
    uint32_t count; /* with __time, without the order's expressions */
    uint32_t total;
    const Expr **arguments;
    const Expr *filter;
    uint32_t order_count;
    SortColumn *order;
} AggregateParts;
/* What rows are ordered by so that the key's values come in order: for most types itself. */
const Expr *bind_order_key(Binder *binder, const Expr *key);
/* The aggregate that a call means, and its arguments, bound in `inner`. */
bool bind_aggregate_call(Binder *binder, ExprContext *inner, const PgQuery__FuncCall *call,
                         const char *name, int32_t location, AggregateParts *parts);
/* The column of an aggregate whose parts are bound; `applies`: subqueries met among them. */
const Expr *bind_aggregate_parts(Binder *binder, const ExprContext *context,
                                 const AggregateParts *parts, bool is_distinct,
                                 const ApplyList *applies, const char *name, int32_t location);
/* f(...) WITHIN GROUP (ORDER BY ...) (bind_ordered_set.c). */
bool bind_ordered_set(Binder *binder, ExprContext *inner, const PgQuery__FuncCall *call,
                      const char *name, int32_t location, AggregateParts *parts);
/* rank(x) WITHIN GROUP (ORDER BY y) and its kin. */
bool bind_is_hypothetical(const char *name);
const Expr *bind_hypothetical(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call,
                              const char *name);
const Expr *bind_aggregate(Binder *binder, ExprContext *context, const PgQuery__FuncCall *call,
                           const char *name);
typedef struct Grouping {
    uint32_t key_count;
    PlanProjection *keys;
} Grouping;
/* Replaces what is grouped by by its key; a column that is not is 42803. */
const Expr *grouping_replace(Binder *binder, const SelectState *select, const Grouping *grouping,
                             const Expr *expr);
/* The same for the arguments and windows of window functions. */
bool grouping_replace_windows(Binder *binder, SelectState *select, const Grouping *grouping);
/* Whether some subquery above the aggregation names the column. */
bool grouping_is_used_late(const SelectState *select, ColumnId column);
bool grouping_check_late_uses(Binder *binder, SelectState *select, const Grouping *grouping);
/* What must stand below the aggregation: subqueries that keys and aggregates need. */
const Plan *grouping_prepare(Binder *binder, SelectState *select, const Grouping *grouping,
                             const Plan *plan);
const Expr *bind_grouping_call(Binder *binder, ExprContext *context,
                               const PgQuery__GroupingFunc *call);
PlanProjection grouping_key(Binder *binder, const SelectState *select, const Expr *expr);

/* --- FROM --- */
bool bind_from(Binder *binder, Scope *scope, PgQuery__Node *const *items, size_t count);
/* The same beside what scope->from has already. */
bool bind_from_more(Binder *binder, Scope *scope, PgQuery__Node *const *items, size_t count);
bool bind_from_item(Binder *binder, Scope *scope, const PgQuery__Node *node, FromItem *item);
bool bind_join(Binder *binder, Scope *scope, const PgQuery__JoinExpr *join, FromItem *item);
/* Both sides side by side; 42712 when a name is there twice. */
bool from_combine(Binder *binder, const FromItem *left, const FromItem *right, FromItem *both);
/* The same where names may be there twice: what LATERAL sees. */
void from_beside(Binder *binder, const FromItem *left, const FromItem *right, FromItem *both);
/* Whether the item's plan may name columns of those to its left. */
bool from_is_lateral(const FromItem *left, const FromItem *right);
/* A named thing with columns: applies an alias with its column names. */
bool from_make(Binder *binder, const Plan *plan, const char *name, const PgQuery__Alias *alias,
               const Relation *relation, ScopeColumn *columns, uint32_t count, FromItem *item);
/* t TABLESAMPLE method (percent) [REPEATABLE (seed)] (bind_sample.c) */
bool bind_table_sample(Binder *binder, Scope *scope, const PgQuery__RangeTableSample *sample,
                       FromItem *item);
bool bind_range_function(Binder *binder, Scope *scope, const PgQuery__RangeFunction *function,
                         FromItem *item);
/* EXTERN, HTTP, INLINE, LOCALFILES; *is_known false: another function. */
/* Whether the user may do this (bits of engine/access) with the relation: 42501. */
bool bind_check_relation(Binder *binder, const Relation *relation, uint32_t wanted);
bool bind_extern(Binder *binder, const char *name, const PgQuery__FuncCall *call,
                 PgQuery__Node *const *column_list, size_t column_count, const Plan **plan,
                 bool *is_known);
/* A view's query in its place (bind_view.c). */
bool bind_view(Binder *binder, const Relation *view, const char *name, const PgQuery__Alias *alias,
               int32_t location, FromItem *item);
/* Remembers that the statement itself names a relation: a view depends on it. */
void bind_note_relation(Binder *binder, uint32_t oid);
/* --- functions of several rows of values that differ from row to row (bind_row_series.c) --- */
bool row_series_exists(const char *name, uint32_t count);
bool row_series_bind(Binder *binder, const char *name, const Expr **arguments, uint32_t count,
                     const Expr *number, int32_t location, RowSeries *series);
/* The plan's rows as often as the longest of the functions says, their values beside them, and the
 * number of the copy, by which `number` went when they were bound, last. */
const Plan *row_series_expand(Binder *binder, const Plan *plan, const SelectSeries *series,
                              uint32_t count, PlanColumn number, bool keeps_number);
/* Functions whose rows have several columns (json_each): their number, 0 when it is none; the
 * function that lists a column's values, and the column's name. */
uint32_t row_series_columns(const char *name, uint32_t count);
const char *row_series_column(const char *name, uint32_t column, const char **column_name);
const Expr *row_series_in_select(Binder *binder, SelectState *select, const char *name,
                                 const Expr **arguments, uint32_t count, int32_t location);
const Plan *row_series_attach(Binder *binder, SelectState *select, const Plan *plan);

/* Functions of several rows in FROM. */
bool bind_series(Binder *binder, ExprContext *context, const char *name,
                 const PgQuery__FuncCall *call, bool with_ordinality, const Plan **plan,
                 bool *is_known);
/* json_to_recordset(..) AS t(a int, ..), json_to_record. */
bool bind_record_set(Binder *binder, ExprContext *context, const char *name,
                     const PgQuery__FuncCall *call, PgQuery__Node *const *definitions,
                     size_t count, bool with_ordinality, const Plan **plan, bool *is_known);
/* ROWS FROM (f(..), g(..)): side by side; NULL with a fault. */
const Plan *bind_rows_from(Binder *binder, ExprContext *context,
                           const PgQuery__RangeFunction *range);

/* Functions in FROM that the catalogs know: of a relation's rows, or of several columns. */
bool bind_table_function(Binder *binder, ExprContext *context, const char *name,
                         const PgQuery__FuncCall *call, bool with_ordinality, const Plan **plan,
                         bool *is_known);
/* Those of several columns in a select list: records, or the values of the only column. */
bool table_function_exists(const char *name, uint32_t count);
bool table_function_records(Binder *binder, const char *name, const Expr *argument,
                            const Expr *number, int32_t location, RowSeries *series);
/* All columns of a relation. `columns` has room for them. */
const Plan *bind_scan(Binder *binder, const Relation *relation, ScopeColumn *columns);

/* --- functions about the session and the catalogs --- */
bool bind_system_function(Binder *binder, ExprContext *context, const char *name,
                          const Expr **arguments, uint32_t count, int32_t location,
                          const Expr **result);
const Expr *bind_sql_value(Binder *binder, const PgQuery__SQLValueFunction *value);

/* --- INSERT and REPLACE --- */
bool bind_ingest(Binder *binder, const PgQuery__InsertStmt *insert, BoundQuery *query);
/* COPY FROM: an INSERT of a virtual relation's rows into columns of `relation`; of those that
 * `where` (NULL: all) lets through. */
bool bind_copy_target(Binder *binder, const Relation *relation, const Relation *source,
                      const uint32_t *columns, const PgQuery__Node *where, BoundQuery *query);
/* A relation's rows as INSERT has them: assigned already, defaults to be added. */
bool bind_insert_source(Binder *binder, const Relation *relation, const Relation *source,
                        const uint32_t *columns, QueryResult *query);
bool bind_create_as(Binder *binder, BoundQuery *query);
/* REFRESH MATERIALIZED VIEW: its definition's rows replace all of its own. */
bool bind_refresh(Binder *binder, const PgQuery__RefreshMatViewStmt *refresh, BoundQuery *query);
/* The query that is kept of a view, in its owner's name and under its search path. */
bool bind_kept_query(Binder *binder, const Relation *view, QueryResult *query);
/* Every row is overwritten. */
void bind_overwrite_all(Binder *binder, IngestTarget *target);
/* The ranges of OVERWRITE, which must lie on the target's granularity. */
bool bind_overwrite(Binder *binder, IngestTarget *target);
/* INSERT without PARTITIONED BY into target->relation: values by position, defaults. */
bool bind_insert(Binder *binder, const PgQuery__InsertStmt *statement, Scope *scope,
                 const IngestTarget *target, QueryResult *query);
/* A value as the column takes it; 42804 when it cannot. */
const Expr *bind_assigned(Binder *binder, const Expr *expr, const RelationColumn *column,
                          int32_t location);
/* The default of a column of a stored relation, a text of ours; NULL where it has none. */
const Expr *bind_default(Binder *binder, const Relation *relation, uint32_t at, int32_t location);
/* Fills in the values of the generated columns, over the `values` of the others, which become columns
 * of *plan. One value a column of the relation. */
bool bind_generated(Binder *binder, const Relation *relation, const Plan **plan, const Expr **values);
/* 428C9 when UPDATE may set the column to its default only. */
bool bind_check_update(Binder *binder, const TableColumn *column);
/* UPDATE and DELETE (bind_change.c). */
bool bind_update(Binder *binder, const PgQuery__UpdateStmt *statement, BoundQuery *query);
bool bind_delete(Binder *binder, const PgQuery__DeleteStmt *statement, BoundQuery *query);
/* INSERT ... RETURNING: what the client gets of the rows that were written. */
bool bind_insert_returning(Binder *binder, const PgQuery__InsertStmt *statement, BoundQuery *query);
/* --- ON CONFLICT (bind_conflict.c) --- */
typedef struct ConflictKeys {
    uint32_t count;
    const TableConstraint **keys; /* those whose conflicts the clause is about */
} ConflictKeys;
/* 42P10 when no key fits the clause's target; without a target all keys of the table. */
bool conflict_find_keys(Binder *binder, const PgQuery__OnConflictClause *clause,
                        const Relation *relation, ConflictKeys *keys);
/* The values `given`, one a column of the relation, and the row `there` agree in the key. */
const Expr *conflict_meets(Binder *binder, const Relation *relation, const TableConstraint *key,
                           const Expr *const *given, const ScopeColumn *there);
/* The rows of an INSERT with all columns of the relation; fills in one of `columns` for each. */
const Plan *conflict_given(Binder *binder, const Relation *relation, const QueryResult *query,
                           ScopeColumn *columns);
/* Leaves those of the query's rows that meet nothing. */
bool bind_do_nothing(Binder *binder, const PgQuery__OnConflictClause *clause,
                     const Relation *relation, QueryResult *query);
/* DO UPDATE (bind_change.c), of a query whose rows are `given`; query->ingest is set. */
bool bind_do_update(Binder *binder, const PgQuery__InsertStmt *statement, const Scope *scope,
                    const QueryResult *given, BoundQuery *query);
/* A SELECT without FROM, a text of ours, of the rows of a relation (bind_constraint.c). */
bool bind_work_text(Binder *binder, const char *sql, const Relation *work, QueryResult *result);
/* row_number, rank or the like as a function of a window, in a column of its own. */
bool bind_ranking(Binder *binder, const char *name, PlanWindowFunction *function);
/* The granularity of a statement that names none, for a table that is there. */
bool bind_usual_granularity(Binder *binder, IngestTarget *target);
/* By its name ("DAY"), and by its place in the list of all. */
bool bind_granularity_named(Binder *binder, IngestTarget *target, Text name);
uint32_t bind_granularity_count(void);
bool bind_granularity_at(Binder *binder, IngestTarget *target, uint32_t i);
/* sqlReplaceTimeChunks: `all`, or intervals. */
bool bind_replaced_chunks(Binder *binder, IngestTarget *target, Text list);
/* PARTITIONED BY (granularity.c). */
bool bind_granularity(Binder *binder, IngestTarget *target);
/* Binding within a lifted clause: its own offset map. Give back what it returns. */
const OffsetMap *bind_enter_fragment(Binder *binder, const RewrittenText *fragment);

#endif

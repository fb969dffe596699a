/*
 * One SELECT while it is bound: shared by bind_select.c, bind_distinct.c and bind_group.c.
 */
#ifndef TALARIA_ENGINE_SQL_BIND_SELECT_INTERNAL_H
#define TALARIA_ENGINE_SQL_BIND_SELECT_INTERNAL_H

#include "engine/sql/bind_internal.h"

typedef struct Target {
    const Expr *expr;
    const char *name;
    const Expr *literal; /* as it was before it became a text */
    Oid table_oid;
    int16_t attnum;
    int32_t location;
    bool is_named;
    PlanColumn column;   /* of the projection */
} Target;

typedef struct Select {
    Binder *binder;
    const PgQuery__SelectStmt *statement;
    SelectState *state;
    ApplyList where_applies;
    uint32_t count, capacity; /* targets: first those that are seen, then sort keys */
    uint32_t visible;
    Target *targets;
    const Expr *where, *having;
    uint32_t sort_count;
    uint32_t *sort_targets;
    uint32_t distinct_count;  /* of DISTINCT ON, as they lead the order */
    uint32_t *distinct_targets;
    bool is_grouped;
    Grouping grouping;        /* keys as they are computed */
    Grouping asked;           /* keys as they were written, for GROUPING */
    bool *is_multi_value;     /* for each key: to be taken apart */
    uint32_t key_capacity;
    Grouping seen;            /* keys as they are seen above the aggregation */
    bool has_sets;            /* GROUPING SETS, ROLLUP, CUBE */
    uint32_t set_count;       /* for each set a bit a key */
    const uint64_t *sets;
} Select;

ExprContext select_context(Select *select, Clause clause);
/* Whether the node is an unqualified name. */
bool select_simple_name(const PgQuery__Node *node, SchemaName *name);
/* The visible target of this name: its index, -1 none, -2 fault. */
int select_target_by_name(Select *select, const PgQuery__Node *node, const char *clause);

/* The target that an item of ORDER BY or DISTINCT ON stands for; -2 fault. */
int select_sort_item(Select *select, const PgQuery__Node *node, const char *clause);
bool select_is_sortable(Select *select, uint32_t target);

/* DISTINCT ON (bind_distinct.c) */
bool select_is_distinct_on(const PgQuery__SelectStmt *statement);
bool select_bind_distinct_on(Select *select);
const Plan *select_make_distinct_on(Select *select, const Plan *plan);

/* GROUP BY (bind_group.c): the keys, and the sets of them. */
bool select_bind_group(Select *select);
/* Columns by which keys are seen above: `seen`. */
void select_see_keys(Select *select);
/* 42803 for arguments before WITHIN GROUP that are not grouped by. */
bool select_check_direct(const Select *select);
/* The Aggregate node, or one for each grouping set. */
/* The value of a GROUPING call for the groups of a set. */
bool select_grouping_value(Select *select, const GroupingCall *call, uint64_t set, int64_t *value);
/* Several sets in one aggregation (bind_group_sets.c); `columns`: keys, aggregates, GROUPINGs. */
const Plan *select_group_copies(Select *select, const Plan *plan, const uint64_t *sets,
                                uint32_t count, const PlanColumn *columns);
const Plan *select_make_groups(Select *select, const Plan *plan);

#endif

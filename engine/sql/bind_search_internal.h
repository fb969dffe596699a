/*
 * SEARCH and CYCLE (bind_search.c), for bind_recursive.c.
 */
#ifndef TALARIA_ENGINE_SQL_BIND_SEARCH_INTERNAL_H
#define TALARIA_ENGINE_SQL_BIND_SEARCH_INTERNAL_H

#include "engine/sql/bind_internal.h"
#include "engine/sql/bind_record_internal.h"

enum { MAX_EXTRAS = 3 };

/* The columns that the clauses of a recursive query add to it. */
typedef struct Extras {
    Binder *binder;
    const CommonTable *cte;
    Recursion *recursion;
    const char *reference;    /* what the step calls the recursion */
    uint32_t search_count, cycle_count;
    uint32_t *search, *cycle; /* places of the columns named */
    const Expr *marks[2];     /* of a cycle; of none */
    SqlType mark_type;
    uint32_t value_count;
    const Expr *values[MAX_EXTRAS];
} Extras;

bool search_has_extras(const CommonTable *cte);
/* Checks the clauses, adds their columns to the recursion; the first term with their values. */
const Plan *search_begin(Extras *extras, const Plan *first);
/* The step with the columns of the round before as further outputs. */
const PgQuery__SelectStmt *search_step(const Extras *extras, const PgQuery__SelectStmt *step);
/* The step, whose columns are the recursion's by position, with the columns' next values. */
const Plan *search_go_on(Extras *extras, const Plan *step, const PlanColumn *columns);

#endif

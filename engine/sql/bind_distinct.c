/*
 * SELECT DISTINCT ON (a, b): of the rows with the same a and b the first one in the query's order.
 *
 * The expressions are targets like those of ORDER BY; where both are given, those of DISTINCT ON
 * must come first in the order. Rows are sorted, a limit of one row for each combination of the
 * keys leaves the first ones, which ORDER BY then sorts again: that they stay in order is nothing
 * that the limit promises when it runs on several workers.
 */
#include "engine/sql/bind_select_internal.h"

bool select_is_distinct_on(const PgQuery__SelectStmt *statement)
{ /* plain DISTINCT is a list of one empty node */
    return statement->n_distinct_clause > 0 &&
           statement->distinct_clause[0]->node_case != PG_QUERY__NODE__NODE__NOT_SET;
}

static bool has_target(const uint32_t *targets, uint32_t count, uint32_t target)
{
    for (uint32_t i = 0; i < count; i++) {
        if (targets[i] == target)
            return true;
    }
    return false;
}

static bool mismatch(Select *select, uint32_t item)
{
    const PgQuery__Node *node = select->statement->distinct_clause[item];
    return bind_fault(select->binder, bind_node_location(select->binder, node),
                      FAULT_INVALID_COLUMN_REFERENCE,
                      "SELECT DISTINCT ON expressions must match initial ORDER BY expressions");
}

/* The keys in the order in which ORDER BY has them, then those that it does not have. */
static bool order_keys(Select *select, const uint32_t *items, uint32_t count)
{
    bool has_other = false;
    for (uint32_t i = 0; i < select->sort_count; i++) {
        uint32_t target = select->sort_targets[i];
        if (!has_target(items, count, target)) {
            has_other = true;
            continue;
        }
        if (has_target(select->distinct_targets, select->distinct_count, target))
            continue;
        uint32_t item = 0;
        while (items[item] != target)
            item++;
        if (has_other)
            return mismatch(select, item);
        select->distinct_targets[select->distinct_count++] = target;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (has_target(select->distinct_targets, select->distinct_count, items[i]))
            continue;
        if (has_other)
            return mismatch(select, i);
        select->distinct_targets[select->distinct_count++] = items[i];
    }
    return true;
}

bool select_bind_distinct_on(Select *select)
{
    const PgQuery__SelectStmt *statement = select->statement;
    if (!select_is_distinct_on(statement))
        return true;
    uint32_t count = (uint32_t)statement->n_distinct_clause;
    uint32_t *items = ARENA_ARRAY(select->binder->arena, uint32_t, count);
    select->distinct_targets = ARENA_ARRAY(select->binder->arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        int target = select_sort_item(select, statement->distinct_clause[i], "DISTINCT ON");
        if (target < 0 || !select_is_sortable(select, (uint32_t)target))
            return false;
        items[i] = (uint32_t)target;
    }
    return order_keys(select, items, count);
}

static PlanSortKey sort_key(Select *select, uint32_t target, bool is_descending, bool nulls_first)
{
    const PlanColumn *column = &select->targets[target].column;
    return (PlanSortKey){expr_column(select->binder->arena, column->type, column->id, -1),
                         is_descending, nulls_first};
}

const Plan *select_make_distinct_on(Select *select, const Plan *plan)
{
    Binder *binder = select->binder;
    const PgQuery__SelectStmt *statement = select->statement;
    uint32_t count = 0, most = select->sort_count + select->distinct_count;
    PlanSortKey *keys = ARENA_ARRAY(binder->arena, PlanSortKey, most);
    ColumnId *columns = ARENA_ARRAY(binder->arena, ColumnId, select->distinct_count);
    for (uint32_t i = 0; i < select->sort_count; i++) {
        const PgQuery__SortBy *sort = statement->sort_clause[i]->sort_by;
        bool is_descending = bind_is_descending(sort);
        keys[count++] = sort_key(select, select->sort_targets[i], is_descending,
                                 bind_nulls_first(binder, sort, is_descending));
    }
    for (uint32_t i = 0; i < select->distinct_count; i++) {
        uint32_t target = select->distinct_targets[i];
        columns[i] = select->targets[target].column.id;
        if (!has_target(select->sort_targets, select->sort_count, target))
            keys[count++] = sort_key(select, target, false, false);
    }
    plan = plan_sort(binder->arena, plan, keys, count);
    return plan_limit_by(binder->arena, plan, 1, 0, columns, select->distinct_count,
                         select->distinct_count, false);
}

/*
 * Several grouping sets in one aggregation:
 *
 *     Project [keys, aggregates, GROUPING values by n]
 *       Join full on n = the numbers of empty sets
 *         Aggregate (a', b', n)
 *           Project [a' = n IN (sets with a) ? a : NULL, ...]
 *             Expand by the number of sets: n
 *               input
 *
 * Each row is copied for each set and told apart by the set's number, so the input is computed
 * once. A set without keys has its one row even where no rows come: a full join with the numbers
 * of such sets adds what is missing, and its counts are 0.
 */
#include "engine/sql/bind_select_internal.h"

typedef struct Copies {
    Select *select;
    Binder *binder;
    const uint64_t *sets;
    uint32_t count;
    PlanColumn number; /* of the copy: the set's number, from 1 */
} Copies;

static const Expr *column_of(const Copies *copies, PlanColumn column)
{
    return expr_column(copies->binder->arena, column.type, column.id, -1);
}

static PlanProjection *pass_on(const Copies *copies, const Plan *plan, uint32_t extra)
{
    PlanProjection *items =
        ARENA_ARRAY(copies->binder->arena, PlanProjection, plan->column_count + extra + 1);
    for (uint32_t i = 0; i < plan->column_count; i++)
        items[i] = (PlanProjection){plan->columns[i], column_of(copies, plan->columns[i])};
    return items;
}

/* n IN (the numbers of the sets that have the key); NULL: all have it. */
static const Expr *has_key(const Copies *copies, const Expr *number, uint32_t key)
{
    Arena *arena = copies->binder->arena;
    VectorBuilder builder;
    uint32_t with = 0;
    vector_builder_init(&builder, arena, LAYOUT_INT64, copies->count);
    for (uint32_t i = 0; i < copies->count; i++) {
        if ((copies->sets[i] >> key & 1) == 0)
            continue;
        vector_builder_int64(&builder, (int64_t)i + 1);
        with++;
    }
    if (with == copies->count)
        return NULL;
    if (with == 0)
        return expr_bool(arena, false);
    Vector *list = ARENA_NEW(arena, Vector);
    *list = vector_builder_finish(&builder);
    return expr_in_list(arena, number, list, false, -1);
}

/* The copies with keys that are NULL where the copy's set lacks them; *keys are the columns. */
static const Plan *copy_rows(Copies *copies, const Plan *input, PlanProjection *keys)
{
    Binder *binder = copies->binder;
    Arena *arena = binder->arena;
    const Grouping *grouping = &copies->select->grouping;
    uint32_t key_count = grouping->key_count, used = input->column_count;
    /* each key is computed once, not for each copy */
    PlanProjection *computed = pass_on(copies, input, key_count);
    PlanColumn *values = ARENA_ARRAY(arena, PlanColumn, key_count + 1);
    for (uint32_t i = 0; i < key_count; i++) {
        values[i] = grouping->keys[i].column;
        if (grouping->keys[i].expr->kind != EXPR_COLUMN)
            computed[used++] = grouping->keys[i];
        else
            values[i].id = grouping->keys[i].expr->column;
    }
    const Plan *plan = plan_project(arena, input, computed, used);
    const Expr *times = expr_int64(arena, SQL_TYPE(T_INT8), copies->count, -1);
    plan = plan_expand(arena, plan, times, copies->number, false);
    PlanProjection *items = pass_on(copies, plan, key_count);
    used = plan->column_count;
    const Expr *number = column_of(copies, copies->number);
    for (uint32_t i = 0; i < key_count; i++) {
        const Expr *value = column_of(copies, values[i]);
        const Expr *is_present = has_key(copies, number, i);
        if (is_present != NULL) {
            const Expr *parts[3] = {is_present, value, expr_null(arena, value->type, -1)};
            value = expr_nary(arena, EXPR_CASE, value->type, parts, 3, -1);
        }
        PlanColumn column = bind_new_column(binder, value->type, "key");
        items[used++] = (PlanProjection){column, value};
        keys[i] = (PlanProjection){column, column_of(copies, column)};
    }
    return plan_project(arena, plan, items, used);
}

/* Adds the rows of sets without keys that no input row has made. */
static const Plan *add_empty_sets(Copies *copies, const Plan *plan, PlanColumn *number)
{
    Binder *binder = copies->binder;
    Arena *arena = binder->arena;
    const Expr **cells = ARENA_ARRAY(arena, const Expr *, copies->count);
    uint32_t empty = 0;
    for (uint32_t i = 0; i < copies->count; i++) {
        if (copies->sets[i] == 0)
            cells[empty++] = expr_int64(arena, SQL_TYPE(T_INT8), (int64_t)i + 1, -1);
    }
    if (empty == 0)
        return plan;
    PlanColumn wanted = bind_new_column(binder, SQL_TYPE(T_INT8), "set");
    const Plan *numbers = plan_values(arena, &wanted, 1, cells, empty);
    const Expr *pair[2] = {column_of(copies, *number), column_of(copies, wanted)};
    const Expr *same = bind_operator(binder, "=", pair[0], pair[1], -1);
    if (same == NULL)
        return NULL;
    plan = plan_join(arena, JOIN_FULL, plan, numbers, same, (PlanColumn){0});
    PlanProjection *items = pass_on(copies, plan, 1);
    PlanColumn either = bind_new_column(binder, SQL_TYPE(T_INT8), "set");
    items[plan->column_count] = (PlanProjection){
        either, expr_nary(arena, EXPR_COALESCE, SQL_TYPE(T_INT8), pair, 2, -1)};
    *number = either;
    return plan_project(arena, plan, items, plan->column_count + 1);
}

/* What an aggregate is of no rows: a count is 0, others are NULL as the join gives them. */
static const Expr *of_no_rows(const Copies *copies, const Expr *aggregate, PlanColumn column)
{
    const char *name = aggregate->aggregate.function->name;
    const Expr *value = column_of(copies, column);
    if (strcmp(name, "count") != 0 && strncmp(name, "approx_count", 12) != 0)
        return value;
    const Expr *parts[2] = {value, expr_int64(copies->binder->arena, column.type, 0, -1)};
    return expr_nary(copies->binder->arena, EXPR_COALESCE, column.type, parts, 2, -1);
}

/* The value of GROUPING by the set's number: a bit an argument, set where the set lacks it. */
static const Expr *grouping_by_number(Copies *copies, const GroupingCall *call,
                                      const Expr *number)
{
    Arena *arena = copies->binder->arena;
    const Expr **parts = ARENA_ARRAY(arena, const Expr *, (size_t)copies->count * 2 + 1);
    uint32_t used = 0;
    int64_t last = 0;
    for (uint32_t i = 0; i < copies->count; i++) {
        int64_t value;
        if (!select_grouping_value(copies->select, call, copies->sets[i], &value))
            return NULL;
        last = value;
        parts[used] = bind_operator(copies->binder, "=", number,
                                    expr_int64(arena, SQL_TYPE(T_INT8), (int64_t)i + 1, -1), -1);
        if (parts[used] == NULL)
            return NULL;
        parts[used + 1] = expr_int64(arena, SQL_TYPE(T_INT4), value, -1);
        used += 2;
    }
    parts[used++] = expr_int64(arena, SQL_TYPE(T_INT4), last, -1);
    return expr_nary(arena, EXPR_CASE, SQL_TYPE(T_INT4), parts, used, -1);
}

const Plan *select_group_copies(Select *select, const Plan *plan, const uint64_t *sets,
                                uint32_t count, const PlanColumn *columns)
{
    Binder *binder = select->binder;
    Arena *arena = binder->arena;
    const SelectState *state = select->state;
    Copies copies = {select, binder, sets, count,
                     bind_new_column(binder, SQL_TYPE(T_INT8), "set")};
    uint32_t key_count = select->grouping.key_count;
    PlanProjection *keys = ARENA_ARRAY(arena, PlanProjection, key_count + 1);
    plan = copy_rows(&copies, plan, keys);
    PlanColumn number = copies.number;
    keys[key_count] = (PlanProjection){number, column_of(&copies, number)};
    PlanProjection *aggregates = ARENA_ARRAY(arena, PlanProjection, state->aggregate_count + 1);
    for (uint32_t i = 0; i < state->aggregate_count; i++) {
        const PlanProjection *known = &state->aggregates[i];
        aggregates[i] = (PlanProjection){
            bind_new_column(binder, known->column.type, known->column.name), known->expr};
    }
    plan = plan_aggregate(arena, plan, keys, key_count + 1, aggregates, state->aggregate_count);
    plan = add_empty_sets(&copies, plan, &number);
    if (plan == NULL)
        return NULL;
    uint32_t width = key_count + state->aggregate_count + state->grouping_count, used = 0;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, width + 1);
    for (uint32_t i = 0; i < key_count; i++, used++)
        items[used] = (PlanProjection){columns[used], column_of(&copies, keys[i].column)};
    for (uint32_t i = 0; i < state->aggregate_count; i++, used++)
        items[used] = (PlanProjection){
            columns[used], of_no_rows(&copies, aggregates[i].expr, aggregates[i].column)};
    for (uint32_t i = 0; i < state->grouping_count; i++, used++) {
        const Expr *value =
            grouping_by_number(&copies, &state->groupings[i], column_of(&copies, number));
        if (value == NULL)
            return NULL;
        items[used] = (PlanProjection){columns[used], value};
    }
    return plan_project(arena, plan, items, used);
}

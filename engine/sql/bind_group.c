/*
 * GROUP BY: keys, and GROUPING SETS, ROLLUP and CUBE over them.
 *
 * A set is a bit a key. The sets of the items multiply: GROUP BY a, ROLLUP(b, c) has the sets
 * abc, ab, a. A few sets over a plain table become a UNION ALL of one aggregation each, keys that a
 * set lacks being NULL: the table is read as often, but by codes and at no cost between. Of anything
 * else there is one aggregation over copies of the rows, one for each set (bind_group_sets.c).
 */
#include "engine/sql/bind_select_internal.h"

enum { MAX_KEYS_IN_SETS = 64, MAX_SETS = 4096, MAX_CUBE = 12 };

static bool column_exists(Select *select, const PgQuery__Node *node)
{
    SchemaName name;
    const FromItem *from = &select->state->scope.from;
    return select_simple_name(node, &name) &&
           scope_match(name, from->columns, from->column_count) != SCHEMA_NO_MATCH;
}

/* An ordinal; a column of FROM; an output's name; else an expression. */
static const Expr *bind_group_item(Select *select, const PgQuery__Node *node)
{
    int found = bind_ordinal(select->binder, node, select->visible, "GROUP BY");
    if (found == -1 && !column_exists(select, node))
        found = select_target_by_name(select, node, "GROUP BY");
    if (found == -2)
        return NULL;
    if (found >= 0)
        return select->targets[found].expr;
    ExprContext context = {.scope = &select->state->scope,
                           .clause = CLAUSE_GROUP_BY,
                           .applies = &select->state->before};
    const Expr *expr = bind_expr(select->binder, &context, node);
    return expr == NULL ? NULL : coerce_unknown_to_text(select->binder, expr);
}

static bool uses_aggregate(const SelectState *state, const Expr *expr)
{
    for (uint32_t i = 0; i < state->aggregate_count; i++) {
        if (expr_uses_column(expr, state->aggregates[i].column.id))
            return true;
    }
    return false;
}

/* A key that is one value of a row's several: a column of its own. */
static PlanProjection multi_value_key(Binder *binder, const Expr *expr)
{
    SqlType type = expr->type.oid == T_TEXT_ARRAY ? SQL_TYPE(T_TEXT) : expr->type;
    return (PlanProjection){bind_new_column(binder, type, "key"), expr};
}

/* The key of an expression, new or known: its index, -1 for a fault. */
static int add_key(Select *select, const PgQuery__Node *node)
{
    Binder *binder = select->binder;
    const Expr *expr = bind_group_item(select, node);
    if (expr == NULL)
        return -1;
    if (uses_aggregate(select->state, expr)) {
        bind_fault(binder, bind_node_location(binder, node), FAULT_GROUPING_ERROR,
                   "aggregate functions are not allowed in GROUP BY");
        return -1;
    }
    const Expr *window = windows_find_call(select->state, expr);
    if (window != NULL) {
        bind_fault(binder, window->location, FAULT_WINDOWING_ERROR,
                   "window functions are not allowed in GROUP BY");
        return -1;
    }
    const TypeInfo *info = type_info(expr->type.oid);
    bool is_document = binder->dialect == 1 && expr->type.oid == T_JSON; /* by its text */
    if (info != NULL && !info->is_comparable && !is_document) {
        bind_fault(binder, bind_node_location(binder, node), FAULT_UNDEFINED_FUNCTION,
                   "could not identify an equality operator for type %s", info->sql_name);
        return -1;
    }
    if (!multi_value_check_key(binder, expr))
        return -1;
    Grouping *grouping = &select->grouping;
    for (uint32_t i = 0; i < grouping->key_count; i++) {
        if (expr_equal(grouping->keys[i].expr, expr))
            return (int)i;
    }
    if (grouping->key_count == select->key_capacity) {
        uint32_t capacity = select->key_capacity == 0 ? 8 : select->key_capacity * 2;
        PlanProjection *keys = ARENA_ARRAY(binder->arena, PlanProjection, capacity);
        bool *marks = ARENA_ARRAY(binder->arena, bool, capacity);
        if (grouping->key_count > 0) {
            memcpy(keys, grouping->keys, grouping->key_count * sizeof *keys);
            memcpy(marks, select->is_multi_value, grouping->key_count * sizeof *marks);
        }
        grouping->keys = keys;
        select->is_multi_value = marks;
        select->key_capacity = capacity;
    }
    /* a subquery above that names the column needs it as it is */
    bool is_multi_value =
        multi_value_is_key(binder, select->state->scope.from.plan, expr) &&
        (expr->kind != EXPR_COLUMN || !grouping_is_used_late(select->state, expr->column));
    grouping->keys[grouping->key_count] =
        is_multi_value ? multi_value_key(binder, expr) : grouping_key(binder, select->state, expr);
    select->is_multi_value[grouping->key_count] = is_multi_value;
    return (int)grouping->key_count++;
}

/* What stands before WITHIN GROUP is one value a group. */
bool select_check_direct(const Select *select)
{
    Binder *binder = select->binder;
    const SelectState *state = select->state;
    for (uint32_t i = 0; i < state->aggregate_count; i++) {
        const Expr *aggregate = state->aggregates[i].expr;
        uint32_t direct = aggregate->aggregate.function->direct_count;
        for (uint32_t a = 0; a < direct && aggregate->aggregate.function->is_ordered_set; a++) {
            const Expr *argument = aggregate->arguments[a];
            if (grouping_replace(binder, state, &select->grouping, argument) == NULL)
                return fault_detail(binder->fault, "Direct arguments of an ordered-set aggregate "
                                                   "must use only grouped columns.");
            if (select->has_sets && argument->kind != EXPR_CONSTANT)
                return bind_fault(binder, argument->location, FAULT_FEATURE_NOT_SUPPORTED,
                                  "the fraction of %s must be a constant with grouping sets",
                                  aggregate->aggregate.function->name);
        }
    }
    return true;
}

/* --- sets --- */
typedef struct Sets {
    uint32_t count;
    uint64_t *masks;
} Sets;

static bool bind_item_sets(Select *select, const PgQuery__Node *node, Sets *sets);

static bool add_set(Select *select, Sets *sets, uint64_t mask)
{
    if (sets->count == MAX_SETS)
        return bind_fault(select->binder, -1, FAULT_STATEMENT_TOO_COMPLEX,
                          "too many grouping sets present (maximum %d)", MAX_SETS);
    sets->masks[sets->count++] = mask;
    return true;
}

static void sets_init(Select *select, Sets *sets)
{
    *sets = (Sets){0, ARENA_ARRAY(select->binder->arena, uint64_t, MAX_SETS)};
}

/* An expression, or several in parentheses, as one set. */
static bool bind_element(Select *select, const PgQuery__Node *node, uint64_t *mask)
{
    const PgQuery__RowExpr *row = bind_row(node);
    PgQuery__Node *const *items = row != NULL ? row->args : NULL;
    size_t count = row != NULL ? row->n_args : 1;
    *mask = 0;
    for (size_t i = 0; i < count; i++) {
        int key = add_key(select, items != NULL ? items[i] : node);
        if (key < 0)
            return false;
        if (key >= MAX_KEYS_IN_SETS && select->has_sets)
            return bind_fault(select->binder, bind_node_location(select->binder, node),
                              FAULT_PROGRAM_LIMIT_EXCEEDED,
                              "GROUPING SETS with more than %d keys are not supported",
                              MAX_KEYS_IN_SETS);
        *mask |= UINT64_C(1) << (key % MAX_KEYS_IN_SETS);
    }
    return true;
}

static bool bind_elements(Select *select, const PgQuery__GroupingSet *set, uint64_t *masks)
{
    for (size_t i = 0; i < set->n_content; i++) {
        if (!bind_element(select, set->content[i], &masks[i]))
            return false;
    }
    return true;
}

/* ROLLUP(a, b): ab, a, (). */
static bool bind_rollup(Select *select, const PgQuery__GroupingSet *set, Sets *sets)
{
    uint64_t *masks = ARENA_ARRAY(select->binder->arena, uint64_t, set->n_content + 1);
    if (!bind_elements(select, set, masks))
        return false;
    for (size_t length = set->n_content + 1; length-- > 0;) {
        uint64_t mask = 0;
        for (size_t i = 0; i < length; i++)
            mask |= masks[i];
        if (!add_set(select, sets, mask))
            return false;
    }
    return true;
}

/* CUBE(a, b): ab, a, b, (). */
static bool bind_cube(Select *select, const PgQuery__GroupingSet *set, Sets *sets)
{
    uint64_t *masks = ARENA_ARRAY(select->binder->arena, uint64_t, set->n_content + 1);
    if (set->n_content > MAX_CUBE)
        return bind_fault(select->binder, bind_location(select->binder, set->location),
                          FAULT_TOO_MANY_COLUMNS_SQL, "CUBE is limited to %d elements", MAX_CUBE);
    if (!bind_elements(select, set, masks))
        return false;
    for (uint32_t choice = UINT32_C(1) << set->n_content; choice-- > 0;) {
        uint64_t mask = 0;
        for (size_t i = 0; i < set->n_content; i++)
            mask |= (choice >> (set->n_content - 1 - i) & 1) != 0 ? masks[i] : 0;
        if (!add_set(select, sets, mask))
            return false;
    }
    return true;
}

static bool bind_grouping_set(Select *select, const PgQuery__GroupingSet *set, Sets *sets)
{
    switch (set->kind) {
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_EMPTY:
        return add_set(select, sets, 0);
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_ROLLUP:
        return bind_rollup(select, set, sets);
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_CUBE:
        return bind_cube(select, set, sets);
    case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_SETS:
        for (size_t i = 0; i < set->n_content; i++) {
            Sets inner;
            sets_init(select, &inner);
            if (!bind_item_sets(select, set->content[i], &inner))
                return false;
            for (uint32_t k = 0; k < inner.count; k++) {
                if (!add_set(select, sets, inner.masks[k]))
                    return false;
            }
        }
        return true;
    default:
        return bind_fault(select->binder, -1, FAULT_FEATURE_NOT_SUPPORTED,
                          "this kind of grouping set is not supported");
    }
}

static bool bind_item_sets(Select *select, const PgQuery__Node *node, Sets *sets)
{
    uint64_t mask;
    if (node->node_case == PG_QUERY__NODE__NODE_GROUPING_SET)
        return bind_grouping_set(select, node->grouping_set, sets);
    return bind_element(select, node, &mask) && add_set(select, sets, mask);
}

/* Each set so far with each set of the next item. */
static bool multiply(Select *select, Sets *sets, const Sets *item)
{
    Sets product;
    sets_init(select, &product);
    for (uint32_t i = 0; i < sets->count; i++) {
        for (uint32_t k = 0; k < item->count; k++) {
            if (!add_set(select, &product, sets->masks[i] | item->masks[k]))
                return false;
        }
    }
    *sets = product;
    return true;
}

static bool has_grouping_sets(const PgQuery__SelectStmt *statement)
{
    for (size_t i = 0; i < statement->n_group_clause; i++) {
        if (statement->group_clause[i]->node_case == PG_QUERY__NODE__NODE_GROUPING_SET)
            return true;
    }
    return false;
}

/* GROUP BY DISTINCT: each set once. */
static void drop_duplicates(Sets *sets)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < sets->count; i++) {
        uint32_t k = 0;
        while (k < count && sets->masks[k] != sets->masks[i])
            k++;
        if (k == count)
            sets->masks[count++] = sets->masks[i];
    }
    sets->count = count;
}

static bool bind_sets(Select *select)
{
    Sets sets;
    sets_init(select, &sets);
    sets.masks[sets.count++] = 0;
    for (size_t i = 0; i < select->statement->n_group_clause; i++) {
        Sets item;
        sets_init(select, &item);
        if (!bind_item_sets(select, select->statement->group_clause[i], &item) ||
            !multiply(select, &sets, &item))
            return false;
    }
    if (select->statement->group_distinct)
        drop_duplicates(&sets);
    select->set_count = sets.count;
    select->sets = sets.masks;
    return true;
}

bool select_bind_group(Select *select)
{
    const PgQuery__SelectStmt *statement = select->statement;
    select->has_sets = has_grouping_sets(statement);
    select->is_grouped = statement->n_group_clause > 0 || statement->having_clause != NULL ||
                         select->state->aggregate_count > 0 || select->state->grouping_count > 0;
    if (select->has_sets)
        return bind_sets(select);
    for (size_t i = 0; i < statement->n_group_clause; i++) {
        uint64_t mask;
        if (!bind_element(select, statement->group_clause[i], &mask))
            return false;
    }
    return true;
}

/* --- GROUPING(a, b) --- */

/* For the set: a bit an argument, the first one highest, set when the set lacks it. */
bool select_grouping_value(Select *select, const GroupingCall *call, uint64_t set, int64_t *value)
{
    *value = 0;
    for (uint32_t i = 0; i < call->count; i++) {
        uint32_t key = 0;
        while (key < select->asked.key_count &&
               !expr_equal(select->asked.keys[key].expr, call->arguments[i]))
            key++;
        if (key == select->asked.key_count)
            return bind_fault(
                select->binder, call->location, FAULT_GROUPING_ERROR,
                "arguments to GROUPING must be grouping expressions of the associated "
                "query level");
        bool is_absent = select->has_sets && (set >> key & 1) == 0;
        *value = *value << 1 | is_absent;
    }
    return true;
}

/* --- the plan --- */

static bool is_several(const Select *select)
{
    return select->has_sets || select->state->grouping_count > 0;
}

void select_see_keys(Select *select)
{
    select->seen = select->grouping;
    if (!is_several(select))
        return;
    Binder *binder = select->binder;
    select->seen.keys = ARENA_ARRAY(binder->arena, PlanProjection, select->grouping.key_count + 1);
    for (uint32_t i = 0; i < select->grouping.key_count; i++) {
        const PlanProjection *key = &select->grouping.keys[i];
        /* a column of FROM keeps its id: subqueries above name it so */
        select->seen.keys[i] = *key;
        if (key->expr->kind != EXPR_COLUMN)
            select->seen.keys[i].column = bind_new_column(binder, key->column.type, "key");
    }
}

/* One aggregation: the set's keys and NULLs, the aggregates, the GROUPING values. */
static const Plan *make_set(Select *select, const Plan *input, uint64_t set)
{
    Binder *binder = select->binder;
    Arena *arena = binder->arena;
    const SelectState *state = select->state;
    uint32_t key_count = select->grouping.key_count, used = 0;
    uint32_t width = key_count + state->aggregate_count + state->grouping_count;
    PlanProjection *keys = ARENA_ARRAY(arena, PlanProjection, key_count + 1);
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, width + 1);
    for (uint32_t i = 0; i < key_count; i++) {
        const PlanProjection *key = &select->grouping.keys[i];
        bool is_present = !select->has_sets || (set >> i & 1) != 0;
        if (is_present)
            keys[used++] = *key;
        const Expr *value = is_present ? expr_column(arena, key->column.type, key->column.id, -1)
                                       : expr_null(arena, key->column.type, -1);
        items[i] = (PlanProjection){bind_new_column(binder, key->column.type, "key"), value};
    }
    PlanProjection *aggregates = ARENA_ARRAY(arena, PlanProjection, state->aggregate_count + 1);
    for (uint32_t i = 0; i < state->aggregate_count; i++) {
        const PlanColumn *column = &state->aggregates[i].column;
        PlanColumn own = bind_new_column(binder, column->type, column->name);
        aggregates[i] = (PlanProjection){own, state->aggregates[i].expr};
        items[key_count + i] = (PlanProjection){bind_new_column(binder, column->type, column->name),
                                                expr_column(arena, column->type, own.id, -1)};
    }
    for (uint32_t i = 0; i < state->grouping_count; i++) {
        int64_t value;
        if (!select_grouping_value(select, &state->groupings[i], set, &value))
            return NULL;
        items[key_count + state->aggregate_count + i] =
            (PlanProjection){bind_new_column(binder, SQL_TYPE(T_INT4), "grouping"),
                             expr_int64(arena, SQL_TYPE(T_INT4), value, -1)};
    }
    const Plan *plan = plan_aggregate(arena, input, keys, used, aggregates, state->aggregate_count);
    return plan_project(arena, plan, items, width);
}

enum { FEW_SETS = 8 };

/* Rows of a stored table or of VALUES, perhaps filtered: cheap to read again. */
static bool is_plain_scan(const Plan *plan)
{
    switch (plan->kind) {
    case PLAN_FILTER:
        return is_plain_scan(plan->filter.input);
    case PLAN_PROJECT:
        return is_plain_scan(plan->project.input);
    default:
        return plan->kind == PLAN_TABLE || plan->kind == PLAN_VALUES || plan->kind == PLAN_VIRTUAL;
    }
}

static const Plan *take_keys_apart(Select *select, const Plan *plan)
{
    uint32_t count = select->grouping.key_count;
    PlanProjection *keys = ARENA_ARRAY(select->binder->arena, PlanProjection, count + 1);
    select->asked = select->grouping;
    for (uint32_t i = 0; i < count; i++)
        keys[i] = select->grouping.keys[i];
    select->grouping.keys = keys;
    return multi_value_take_apart(select->binder, plan, keys, select->is_multi_value, count);
}

const Plan *select_make_groups(Select *select, const Plan *plan)
{
    Binder *binder = select->binder;
    SelectState *state = select->state;
    plan = grouping_prepare(binder, state, &select->seen, plan);
    plan = plan == NULL ? NULL : take_keys_apart(select, plan);
    if (plan == NULL)
        return NULL;
    if (!is_several(select))
        return plan_aggregate(binder->arena, plan, select->grouping.keys,
                              select->grouping.key_count, state->aggregates,
                              state->aggregate_count);
    static const uint64_t every_key[1] = {UINT64_MAX};
    uint32_t count = select->has_sets ? select->set_count : 1;
    const uint64_t *sets = select->has_sets ? select->sets : every_key;
    /* what stands above names keys, aggregates and GROUPING values by these */
    uint32_t key_count = select->grouping.key_count;
    uint32_t width = key_count + state->aggregate_count + state->grouping_count;
    PlanColumn *columns = ARENA_ARRAY(binder->arena, PlanColumn, width + 1);
    for (uint32_t i = 0; i < width; i++)
        columns[i] = i < key_count ? select->seen.keys[i].column
                     : i < key_count + state->aggregate_count
                         ? state->aggregates[i - key_count].column
                         : state->groupings[i - key_count - state->aggregate_count].column;
    if (count > 1 && (count > FEW_SETS || !is_plain_scan(plan)))
        return select_group_copies(select, plan, sets, count, columns);
    const Plan **inputs = ARENA_ARRAY(binder->arena, const Plan *, count);
    for (uint32_t i = 0; i < count; i++) {
        inputs[i] = make_set(select, plan, sets[i]);
        if (inputs[i] == NULL)
            return NULL;
    }
    return plan_union_all(binder->arena, inputs, count, columns);
}

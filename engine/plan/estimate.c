/*
 * Estimates of rows and distinct values, from what the segments know of their columns.
 *
 * Selectivities follow Selinger et al., "Access Path Selection in a Relational Database
 * Management System", 1979: 1/distinct for equality, the covered part of the range for
 * inequalities, fixed guesses otherwise. They choose sides, orders and shuffles; they never
 * decide what is right.
 */
#include "engine/plan/plan_internal.h"

static const double DEFAULT_SELECTIVITY = 0.25;
static const double WORKING_ROWS = 100;  /* of a recursion's round */
static const double EXPANDED_ROWS = 10; /* copies of a row, where their number is computed */
static const double EXTERNAL_ROWS = 1e6; /* nothing is known before it is read */

static double at_least_one(double rows)
{
    return rows < 1 ? 1 : rows;
}

static const TableColumnStatistics *statistics_of(const Plan *plan, ColumnId column)
{
    if (plan->kind != PLAN_TABLE)
        return NULL;
    for (uint32_t i = 0; i < plan->column_count; i++)
        if (plan->columns[i].id == column)
            return &plan->table.relation->table->statistics[plan->table.attributes[i]];
    return NULL;
}

static double range_selectivity(const TableColumnStatistics *statistics, const char *symbol,
                                int64_t value)
{
    if (!statistics->has_range || statistics->maximum <= statistics->minimum)
        return DEFAULT_SELECTIVITY;
    double width = (double)statistics->maximum - (double)statistics->minimum;
    double below = ((double)value - (double)statistics->minimum) / width;
    below = below < 0 ? 0 : below > 1 ? 1 : below;
    return symbol[0] == '<' ? below : 1 - below;
}

static double comparison_selectivity(const Plan *input, const Expr *expr)
{
    const char *symbol = expr->call.function->symbol;
    if (symbol == NULL || expr->argument_count != 2)
        return DEFAULT_SELECTIVITY;
    const Expr *left = expr->arguments[0], *right = expr->arguments[1];
    if (left->kind == EXPR_COLUMN && strcmp(symbol, "=") == 0)
        return 1 / at_least_one(plan_estimate_distinct(input, left->column));
    if (left->kind == EXPR_COLUMN && right->kind == EXPR_CONSTANT &&
        (symbol[0] == '<' || symbol[0] == '>') && right->value->layout == LAYOUT_INT64 &&
        !vector_is_null(right->value, 0)) {
        const TableColumnStatistics *statistics = statistics_of(input, left->column);
        if (statistics != NULL && strcmp(symbol, "<>") != 0)
            return range_selectivity(statistics, symbol, VECTOR_DATA(int64_t, right->value)[0]);
    }
    return strcmp(symbol, "<>") == 0 ? 0.9 : DEFAULT_SELECTIVITY;
}

static double selectivity(const Plan *input, const Expr *expr)
{
    if (expr == NULL)
        return 1;
    double result = 1;
    switch (expr->kind) {
    case EXPR_AND:
        for (uint32_t i = 0; i < expr->argument_count; i++)
            result *= selectivity(input, expr->arguments[i]);
        return result;
    case EXPR_OR:
        for (uint32_t i = 0; i < expr->argument_count; i++)
            result *= 1 - selectivity(input, expr->arguments[i]);
        return 1 - result;
    case EXPR_NOT:
        return 1 - selectivity(input, expr->arguments[0]);
    case EXPR_IN_LIST:
        if (expr->arguments[0]->kind != EXPR_COLUMN)
            return DEFAULT_SELECTIVITY;
        result = expr->in.list->length /
                 at_least_one(plan_estimate_distinct(input, expr->arguments[0]->column));
        return result > 1 ? 1 : result;
    case EXPR_CALL:
        return comparison_selectivity(input, expr);
    case EXPR_IS_NULL:
        return 0.1;
    case EXPR_CONSTANT:
    case EXPR_COLUMN:
    case EXPR_PARAMETER:
    case EXPR_CASE:
    case EXPR_COALESCE:
    case EXPR_ARRAY:
    case EXPR_AGGREGATE:
    case EXPR_WINDOW:
    case EXPR_SUBQUERY:
        return DEFAULT_SELECTIVITY;
    }
    return DEFAULT_SELECTIVITY;
}

static bool is_equality(const Expr *expr)
{
    return expr->kind == EXPR_CALL && expr->argument_count == 2 &&
           expr->call.function->symbol != NULL && strcmp(expr->call.function->symbol, "=") == 0;
}

static double unfiltered_rows(const Plan *plan);

/* Values of the join's keys: how many each side has of each, and of all together. */
typedef struct KeyValues {
    uint32_t count;
    double most;     /* of any key on any side */
    double joint[2]; /* left, right: all keys' together, were they independent */
} KeyValues;

static void add_key(KeyValues *keys, const Plan *join, const Expr *equality)
{
    const Plan *sides[2] = {join->join.left, join->join.right};
    double distinct[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        const Expr *argument = equality->arguments[i];
        if (argument->kind != EXPR_COLUMN)
            continue;
        int side = plan_has_column(sides[0], argument->column) ? 0 : 1;
        distinct[side] = plan_estimate_distinct(sides[side], argument->column);
    }
    double most = distinct[0] > distinct[1] ? distinct[0] : distinct[1];
    for (int side = 0; side < 2; side++)
        keys->joint[side] *= distinct[side] > 0 ? distinct[side] : at_least_one(most);
    keys->most = most > keys->most ? most : keys->most;
    keys->count++;
}

/*
 * Values that the sides' keys are drawn from. One key: the larger side's (the smaller side's are
 * thought to be among them). Several: no side has more combinations than rows, and where one has
 * far fewer than the keys would allow, as the key of a table of pairs, the other refers to it.
 */
static double key_domain(const KeyValues *keys, const Plan *join)
{
    const Plan *sides[2] = {join->join.left, join->join.right};
    double joint[2];
    if (keys->count < 2)
        return at_least_one(keys->most);
    for (int side = 0; side < 2; side++) {
        double rows = unfiltered_rows(sides[side]);
        joint[side] = keys->joint[side] < rows ? keys->joint[side] : rows;
    }
    double fewer = joint[0] < joint[1] ? joint[0] : joint[1];
    return at_least_one(fewer > keys->most ? fewer : keys->most);
}

/* The share of the left rows that have a partner, where `partners` is the mean of how many. Never
 * all and never none: a guess of nothing would make everything above it look free. */
static double share_with_partner(const KeyValues *keys, double partners)
{
    if (keys->count == 0)
        return 0.5;
    return partners > 0.9 ? 0.9 : partners < 0.001 ? 0.001 : partners;
}

static double join_rows(const Plan *plan)
{
    const Plan *left = plan->join.left, *right = plan->join.right;
    double left_rows = plan_estimate_rows(left), right_rows = plan_estimate_rows(right);
    double rows = left_rows * right_rows;
    const Expr *condition = plan->join.condition;
    KeyValues keys = {.most = 1, .joint = {1, 1}};
    uint32_t count = condition == NULL ? 0 : condition->kind == EXPR_AND ? condition->argument_count : 1;
    for (uint32_t i = 0; i < count; i++) {
        const Expr *conjunct = condition->kind == EXPR_AND ? condition->arguments[i] : condition;
        if (is_equality(conjunct))
            add_key(&keys, plan, conjunct);
        else
            rows *= DEFAULT_SELECTIVITY;
    }
    rows /= key_domain(&keys, plan);
    switch (plan->join.type) {
    case JOIN_INNER: return rows;
    case JOIN_LEFT: return rows > left_rows ? rows : left_rows;
    case JOIN_RIGHT: return rows > right_rows ? rows : right_rows;
    case JOIN_FULL: return rows > left_rows + right_rows ? rows : left_rows + right_rows;
    case JOIN_SEMI: return left_rows * share_with_partner(&keys, rows / left_rows);
    case JOIN_ANTI: return left_rows * (1 - share_with_partner(&keys, rows / left_rows));
    case JOIN_MARK: case JOIN_SINGLE: return left_rows;
    }
    return rows;
}

double plan_estimate_groups(const Plan *input, const PlanProjection *keys, uint32_t key_count)
{
    double rows = plan_estimate_rows(input), groups = 1;
    for (uint32_t i = 0; i < key_count && groups < rows; i++) {
        const Expr *expr = keys[i].expr;
        double distinct = rows * 0.1;
        if (expr->kind == EXPR_COLUMN)
            distinct = plan_estimate_distinct(input, expr->column);
        else if (expr->type.oid == T_BOOL)
            distinct = 3;
        else if (expr->kind == EXPR_CALL && expr->argument_count > 0 &&
                 expr->arguments[0]->kind == EXPR_COLUMN)
            distinct = plan_estimate_distinct(input, expr->arguments[0]->column) * 0.5;
        groups *= at_least_one(distinct);
    }
    return groups < rows ? groups : rows;
}

/* Copies of a row. Texts that may be lists are mostly none. */
static double copies_of_row(const Expr *count)
{
    if (count->kind == EXPR_CONSTANT && !vector_is_null(count->value, 0))
        return (double)VECTOR_DATA(int64_t, count->value)[0];
    bool is_list = count->kind == EXPR_CALL && count->call.function->oid == FUNCTION_LIST_ROWS;
    return is_list ? 1 : EXPANDED_ROWS;
}

static double limit_each_rows(const Plan *plan)
{
    const Plan *input = plan->limit.input;
    double rows = plan_estimate_rows(input), groups = 1;
    for (uint32_t i = 0; i < plan->limit.each_count && groups < rows; i++)
        groups *= plan_estimate_distinct(input, plan->limit.keys[i]);
    double wanted = plan->limit.count < 0 ? rows : groups * (double)plan->limit.count;
    return wanted < rows ? wanted : rows;
}

static double estimate_rows(const Plan *plan)
{
    switch (plan->kind) {
    case PLAN_TABLE:
        return at_least_one((double)plan->table.relation->table->rows *
                            selectivity(plan, plan->table.filter));
    case PLAN_VIRTUAL:
        return 200;
    case PLAN_EXTERN:
        return EXTERNAL_ROWS * selectivity(plan, plan->external.filter);
    case PLAN_VALUES:
        return plan->values.row_count;
    case PLAN_FILTER:
        return at_least_one(plan_estimate_rows(plan->filter.input) *
                            selectivity(plan->filter.input, plan->filter.condition));
    case PLAN_PROJECT:
        return plan_estimate_rows(plan->project.input);
    case PLAN_AGGREGATE:
        return plan_estimate_groups(plan->aggregate.input, plan->aggregate.keys,
                                    plan->aggregate.key_count);
    case PLAN_JOIN:
        return at_least_one(join_rows(plan));
    case PLAN_APPLY:
        return plan_estimate_rows(plan->apply.left);
    case PLAN_SORT:
        return plan_estimate_rows(plan->sort.input);
    case PLAN_WINDOW:
        return plan_estimate_rows(plan->window.input);
    case PLAN_LIMIT: {
        if (plan->limit.each_count > 0)
            return limit_each_rows(plan);
        double rows = plan_estimate_rows(plan->limit.input);
        return plan->limit.count >= 0 && (double)plan->limit.count < rows ? (double)plan->limit.count
                                                                          : rows;
    }
    case PLAN_RECURSE:
        return plan->recurse.is_once ? plan_estimate_rows(plan->recurse.step)
                                     : plan_estimate_rows(plan->recurse.first) * EXPANDED_ROWS;
    case PLAN_WORKING:
        return WORKING_ROWS;
    case PLAN_EXPAND: {
        double each = copies_of_row(plan->expand.count);
        return plan_estimate_rows(plan->expand.input) * (each < 0 ? 0 : each);
    }
    case PLAN_UNION_ALL: {
        double rows = 0;
        for (uint32_t i = 0; i < plan->union_all.input_count; i++)
            rows += plan_estimate_rows(plan->union_all.inputs[i]);
        return rows;
    }
    }
    return 1;
}

double plan_estimate_rows(const Plan *plan)
{
    /* remembered in the node, or deep trees would be walked again for each of their levels */
    if (plan->estimated_rows == 0)
        ((Plan *)plan)->estimated_rows = at_least_one(estimate_rows(plan));
    return plan->estimated_rows;
}

void plan_learn_rows(const Plan *aggregate, double rows)
{
    Plan *plan = (Plan *)aggregate;
    ((Plan *)plan->aggregate.input)->estimated_rows = at_least_one(rows);
    plan->estimated_rows = 0;
}

void plan_learn_groups(const Plan *aggregate, double groups)
{
    ((Plan *)aggregate)->estimated_rows = at_least_one(groups);
}

static double item_distinct(const Plan *input, const PlanProjection *items, uint32_t count,
                            ColumnId column, double rows)
{
    for (uint32_t i = 0; i < count; i++)
        if (items[i].column.id == column) {
            const Expr *expr = items[i].expr;
            bool is_value = expr->kind == EXPR_CALL && expr->call.function->oid == FUNCTION_LIST_ROW;
            const Expr *source = is_value ? expr->arguments[0] : expr;
            if (source->kind == EXPR_COLUMN)
                return plan_estimate_distinct(input, source->column);
            return expr->kind == EXPR_CONSTANT ? 1 : rows * 0.1;
        }
    return rows;
}

static double distinct_below(const Plan *plan, ColumnId column, double rows)
{
    switch (plan->kind) {
    case PLAN_TABLE: {
        const TableColumnStatistics *statistics = statistics_of(plan, column);
        return statistics != NULL && statistics->distinct_count > 0
                   ? (double)statistics->distinct_count
                   : rows * 0.1;
    }
    case PLAN_PROJECT:
        return item_distinct(plan->project.input, plan->project.items, plan->column_count, column, rows);
    case PLAN_AGGREGATE:
        return item_distinct(plan->aggregate.input, plan->aggregate.keys, plan->aggregate.key_count,
                             column, rows);
    case PLAN_FILTER:
    case PLAN_JOIN:
    case PLAN_APPLY:
    case PLAN_SORT:
    case PLAN_LIMIT:
    case PLAN_EXPAND:
    case PLAN_WINDOW:
        for (uint32_t i = 0; i < plan_input_count(plan); i++)
            if (plan_has_column(plan_input(plan, i), column))
                return plan_estimate_distinct(plan_input(plan, i), column);
        return rows;
    case PLAN_VIRTUAL:
    case PLAN_VALUES:
        return rows;
    case PLAN_EXTERN:
    case PLAN_UNION_ALL:
    case PLAN_RECURSE:
    case PLAN_WORKING:
        return rows * 0.1;
    }
    return rows;
}

/* Rows before the leaf's own filter: its selectivity is made from the distinct counts. */
static double unfiltered_rows(const Plan *plan)
{
    switch (plan->kind) {
    case PLAN_TABLE:
        return at_least_one((double)plan->table.relation->table->rows);
    case PLAN_EXTERN:
        return EXTERNAL_ROWS;
    default:
        return plan_estimate_rows(plan);
    }
}

double plan_estimate_distinct(const Plan *plan, ColumnId column)
{
    double rows = unfiltered_rows(plan);
    double distinct = distinct_below(plan, column, rows);
    return at_least_one(distinct < rows ? distinct : rows);
}

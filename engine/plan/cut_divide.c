/*
 * Groups that are complete where they are read: when the rows of a table are divided among workers by
 * the texts of a key, no group is in two places, and neither partial groups nor a shuffle are
 * needed. The price is that each worker reads the rows of all, as far as its own have to be found. It
 * pays where grouping in two stages would hardly have made rows fewer before they travel.
 */
#include "engine/plan/cut_group_internal.h"

#include <math.h>

/* What things cost a worker, in nanoseconds, about; measured on two cores of a Zen 5 server. */
static const double READ_ROW = 1;       /* to find out whether a row is its own, */
static const double READ_COLUMN = 0.8;  /* and for each column of the filter, */
static const double PASS_ROW = 1;       /* and for a row that passes the filter */
static const double MOVE_GROUP = 35;    /* a partial group made, sent and merged */

enum {
    LEAST_GROUPS = 4096, /* fewer do not travel far */
    LEAST_ROWS = 20000,
    LEAST_ENTRIES = 1024, /* of a segment's dictionary: fewer make groups of few, with whatever else */
    STEP_ROWS = 3,        /* of a text in a segment: more are grouped by its codes first */
    MOST_BESIDE = 4,      /* values of another key that come with one text in a segment */
};

/* The input's column that stands at a position of an operator over nothing but filters and
 * projections; -1: it is computed, or the rows come from elsewhere. */
static int64_t input_column(const OperatorSpec *spec, uint32_t position)
{
    for (; spec->kind != OPERATOR_INPUT; spec = spec->children[0]) {
        if (spec->kind == OPERATOR_PROJECT) {
            if (spec->project.items[position]->kind != EXPR_COLUMN)
                return -1;
            position = spec->project.items[position]->column;
        } else if (spec->kind != OPERATOR_FILTER) {
            return -1;
        }
    }
    return spec->input.keep[position];
}

/* The key with the most values among those that are texts of the table and equal by their bytes. -1:
 * there is none. */
static int64_t best_column(const Plan *plan, const Fragment *fragment, const uint32_t *keys)
{
    const PlanProjection *items = plan->aggregate.keys;
    double most = 0;
    int64_t best = -1;
    for (uint32_t k = 0; k < plan->aggregate.key_count; k++) {
        SqlType type = items[k].expr->type;
        if (items[k].expr->kind != EXPR_COLUMN || !function_orders_by_bytes(type))
            continue;
        int64_t column = input_column(fragment->root, keys[k]);
        double values = plan_estimate_distinct(plan->aggregate.input, items[k].expr->column);
        if (column < 0 || values <= most)
            continue;
        most = values;
        best = column;
    }
    return best;
}

static uint32_t filter_columns(const StageInput *input, const OperatorSpec *spec)
{
    uint32_t count = 0;
    while (spec->kind != OPERATOR_INPUT)
        spec = spec->children[0];
    for (uint32_t c = 0; c < input->column_count && spec->input.filter != NULL; c++)
        count += expr_uses_column(spec->input.filter, c);
    return count;
}

/* Whether a column of the root is computed from the time of the rows and nothing else. */
static bool is_of_time(const Fragment *fragment, uint32_t position)
{
    const OperatorSpec *root = fragment->root;
    bool is_any = false;
    if (root->kind != OPERATOR_PROJECT)
        return false;
    for (uint32_t c = 0; c < root->children[0]->column_count; c++) {
        if (!expr_uses_column(root->project.items[position], c))
            continue;
        int64_t column = input_column(root->children[0], c);
        if (column < 0 || !text_equal_string(fragment->inputs[0].names[column], "__time"))
            return false;
        is_any = true;
    }
    return is_any;
}

/*
 * Partial groups that all workers would make: each of the texts of every dictionary, as far as its
 * rows have them. What other keys have in common with the text is not known; most often a lot, and
 * a segment is of one time.
 */
static double partial_groups(const Plan *plan, const Fragment *fragment, const uint32_t *keys,
                             double entries, double workers)
{
    double rows = plan_estimate_rows(plan->aggregate.input);
    double groups = entries * (1 + workers) / 2, others = plan->aggregate.key_count - 1.0;
    for (uint32_t k = 0; k < plan->aggregate.key_count; k++)
        others -= is_of_time(fragment, keys[k]);
    for (; others > 0 && groups < rows; others--)
        groups *= MOST_BESIDE;
    return groups < rows ? groups : rows;
}

/* `entries`: of the dictionaries of the column by which rows are divided. */
static bool is_worth_it(const Cutter *cutter, const Plan *plan, const Fragment *fragment,
                        const uint32_t *keys, double entries)
{
    const StageInput *input = &fragment->inputs[0];
    double workers = cutter->context->worker_count, read = 0;
    double rows = plan_estimate_rows(plan->aggregate.input);
    for (uint32_t i = 0; i < input->segment_count; i++)
        read += (double)input->segments[i].rows;
    if (entries < (double)LEAST_ENTRIES * input->segment_count)
        return false;
    double each = READ_ROW + READ_COLUMN * filter_columns(input, fragment->root);
    double more = (read * each + rows * PASS_ROW) * (workers - 1) / workers;
    return more < partial_groups(plan, fragment, keys, entries, workers) * MOVE_GROUP / workers;
}

/* The dictionaries' entries are the most that there may be; without them the table's distinct values
 * are guessed low, since what they have in common is not known. */
static void learn_groups(const Plan *plan, double entries)
{
    double groups = plan_estimate_rows(plan), rows = plan_estimate_rows(plan->aggregate.input);
    groups = groups < entries ? sqrt(groups * entries) : entries;
    plan_learn_groups(plan, groups < rows ? groups : rows);
}

static bool may_divide(const Cutter *cutter, const Plan *plan, const Fragment *fragment)
{
    return cutter->context->divide != NULL && cutter->held == NULL && !fragment->is_single &&
           fragment->input_count == 1 && fragment->inputs[0].kind == INPUT_SEGMENTS &&
           plan_estimate_rows(plan) >= LEAST_GROUPS &&
           plan_estimate_rows(plan->aggregate.input) >= LEAST_ROWS;
}

bool group_divide(Cutter *cutter, const Plan *plan, Fragment *fragment, const uint32_t *keys,
                  GroupDivision *result)
{
    CutContext *context = cutter->context;
    const RowDivision *division = NULL;
    double entries = 0;
    *result = GROUPS_TRAVEL;
    if (!may_divide(cutter, plan, fragment))
        return true;
    int64_t column = best_column(plan, fragment, keys);
    if (column < 0)
        return true;
    if (!context->divide(context->state, &fragment->inputs[0], (uint32_t)column,
                         context->worker_count, cutter->arena, &division, &entries, cutter->fault))
        return false;
    if (division == NULL || !is_worth_it(cutter, plan, fragment, keys, entries))
        return true;
    fragment->inputs[0].division = division;
    bool is_reduced = partial_groups(plan, fragment, keys, entries, 1) * STEP_ROWS <=
                      plan_estimate_rows(plan->aggregate.input);
    *result = is_reduced ? GROUPS_STAY_IN_STEPS : GROUPS_STAY;
    if (plan->aggregate.key_count == 1)
        learn_groups(plan, entries);
    return true;
}

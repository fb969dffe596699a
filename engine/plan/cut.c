/*
 * Cutting a logical plan into stages.
 *
 * From the leaves up, operators are put on top of a fragment as long as they can run where the
 * rows are; where rows must meet (by key, in one order, in one place) the fragment is closed as a
 * stage with a shuffle and a new one begins that reads it. With one worker nothing has to move
 * and a whole query is one stage.
 */
#include "engine/plan/cut_internal.h"

#include "base/log/log.h"

/* --- operators --- */

OperatorSpec *cut_operator(Cutter *cutter, OperatorKind kind, const SqlType *types, uint32_t count,
                           const OperatorSpec *const *children, uint32_t child_count)
{
    OperatorSpec *spec = ARENA_NEW(cutter->arena, OperatorSpec);
    spec->kind = kind;
    spec->column_count = count;
    spec->types = types;
    spec->child_count = child_count;
    const OperatorSpec **copy = ARENA_ARRAY(cutter->arena, const OperatorSpec *, child_count);
    for (uint32_t i = 0; i < child_count; i++)
        copy[i] = children[i];
    spec->children = copy;
    return spec;
}

OperatorSpec *cut_passing(Cutter *cutter, OperatorKind kind, const OperatorSpec *child)
{
    return cut_operator(cutter, kind, child->types, child->column_count, &child, 1);
}

const OperatorSpec *cut_with_estimate(Cutter *cutter, const OperatorSpec *spec, double rows)
{
    OperatorSpec *copy = ARENA_NEW(cutter->arena, OperatorSpec);
    *copy = *spec;
    copy->estimated_rows = rows;
    return copy;
}

uint32_t fragment_position(const Fragment *fragment, ColumnId column)
{
    for (uint32_t i = 0; i < fragment->root->column_count; i++)
        if (fragment->ids[i] == column)
            return i;
    check_failed("the column is in the fragment", __FILE__, __LINE__, __func__);
}

static uint32_t position_of(ColumnId column, void *state)
{
    return fragment_position(state, column);
}

const Expr *fragment_number(Cutter *cutter, const Fragment *fragment, const Expr *expr)
{
    return expr == NULL ? NULL
                        : expr_number_columns(cutter->arena, expr, position_of, (void *)fragment);
}

static bool all_plain(const PlanProjection *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (items[i].expr->kind != EXPR_COLUMN)
            return false;
    return true;
}

/* An input operator that lets only the columns of `items` through. */
static void narrow_input(Cutter *cutter, Fragment *fragment, const PlanProjection *items,
                         uint32_t count)
{
    Arena *arena = cutter->arena;
    const OperatorSpec *old = fragment->root;
    ColumnSet used;
    column_set_init(&used, arena);
    for (uint32_t i = 0; i < count; i++)
        column_set_add_expr(&used, items[i].expr);
    uint32_t *keep = ARENA_ARRAY(arena, uint32_t, old->column_count);
    SqlType *types = ARENA_ARRAY(arena, SqlType, old->column_count);
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, old->column_count);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < old->column_count; i++)
        if (column_set_has(&used, fragment->ids[i])) {
            keep[kept] = old->input.keep[i];
            types[kept] = old->types[i];
            ids[kept++] = fragment->ids[i];
        }
    OperatorSpec *spec = cut_operator(cutter, OPERATOR_INPUT, types, kept, NULL, 0);
    spec->estimated_rows = old->estimated_rows;
    spec->input = old->input;
    spec->input.keep = keep;
    spec->input.keep_count = kept;
    fragment->root = spec;
    fragment->ids = ids;
}

/* An input operator whose columns are these, in this order. */
static void reorder_input(Cutter *cutter, Fragment *fragment, const PlanProjection *items,
                          uint32_t count)
{
    Arena *arena = cutter->arena;
    const OperatorSpec *old = fragment->root;
    uint32_t *keep = ARENA_ARRAY(arena, uint32_t, count);
    SqlType *types = ARENA_ARRAY(arena, SqlType, count);
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t position = fragment_position(fragment, items[i].expr->column);
        keep[i] = old->input.keep[position];
        types[i] = old->types[position];
        ids[i] = items[i].column.id;
    }
    OperatorSpec *spec = cut_operator(cutter, OPERATOR_INPUT, types, count, NULL, 0);
    spec->estimated_rows = old->estimated_rows;
    spec->input = old->input;
    spec->input.keep = keep;
    spec->input.keep_count = count;
    fragment->root = spec;
    fragment->ids = ids;
}

void fragment_project(Cutter *cutter, Fragment *fragment, const PlanProjection *items, uint32_t count)
{
    Arena *arena = cutter->arena;
    if (fragment->root->kind == OPERATOR_INPUT) {
        if (all_plain(items, count)) {
            reorder_input(cutter, fragment, items, count);
            return;
        }
        narrow_input(cutter, fragment, items, count);
    }
    const Expr **exprs = ARENA_ARRAY(arena, const Expr *, count);
    SqlType *types = ARENA_ARRAY(arena, SqlType, count);
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, count);
    for (uint32_t i = 0; i < count; i++) {
        exprs[i] = fragment_number(cutter, fragment, items[i].expr);
        types[i] = items[i].expr->type;
        ids[i] = items[i].column.id;
    }
    OperatorSpec *spec = cut_operator(cutter, OPERATOR_PROJECT, types, count, &fragment->root, 1);
    spec->project.items = exprs;
    spec->estimated_rows = fragment->root->estimated_rows;
    fragment->root = spec;
    fragment->ids = ids;
}

void fragment_columns_for(Cutter *cutter, Fragment *fragment, const Expr *const *exprs,
                          uint32_t count, uint32_t *positions)
{
    Arena *arena = cutter->arena;
    bool all_columns = true;
    for (uint32_t i = 0; i < count; i++)
        all_columns = all_columns && exprs[i]->kind == EXPR_COLUMN;
    if (!all_columns) {
        uint32_t width = fragment->root->column_count;
        PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, width + count);
        for (uint32_t i = 0; i < width; i++) {
            PlanColumn column = {.id = fragment->ids[i], .type = fragment->root->types[i]};
            items[i] = (PlanProjection){.column = column,
                                        .expr = expr_column(arena, column.type, column.id, -1)};
        }
        const Expr **columns = ARENA_ARRAY(arena, const Expr *, count);
        for (uint32_t i = 0; i < count; i++) {
            columns[i] = exprs[i];
            if (exprs[i]->kind == EXPR_COLUMN)
                continue;
            PlanColumn column = {.id = plan_new_column(cutter->context->plan), .type = exprs[i]->type};
            items[width++] = (PlanProjection){.column = column, .expr = exprs[i]};
            columns[i] = expr_column(arena, column.type, column.id, -1);
        }
        fragment_project(cutter, fragment, items, width);
        exprs = columns;
    }
    for (uint32_t i = 0; i < count; i++)
        positions[i] = fragment_position(fragment, exprs[i]->column);
}

static const OperatorSpec *shift_inputs(Cutter *cutter, const OperatorSpec *spec, uint32_t by)
{
    OperatorSpec *copy = ARENA_NEW(cutter->arena, OperatorSpec);
    *copy = *spec;
    if (spec->kind == OPERATOR_INPUT)
        copy->input.index += by;
    const OperatorSpec **children =
        ARENA_ARRAY(cutter->arena, const OperatorSpec *, spec->child_count);
    for (uint32_t i = 0; i < spec->child_count; i++)
        children[i] = shift_inputs(cutter, spec->children[i], by);
    copy->children = children;
    return copy;
}

void fragment_join_inputs(Cutter *cutter, Fragment *left, const Fragment *right,
                          const OperatorSpec **right_root)
{
    uint32_t count = left->input_count + right->input_count;
    StageInput *inputs = ARENA_ARRAY(cutter->arena, StageInput, count);
    if (left->input_count > 0)
        memcpy(inputs, left->inputs, left->input_count * sizeof *inputs);
    if (right->input_count > 0)
        memcpy(inputs + left->input_count, right->inputs, right->input_count * sizeof *inputs);
    *right_root = shift_inputs(cutter, right->root, left->input_count);
    left->inputs = inputs;
    left->input_count = count;
}

/* --- ends of stages --- */

uint32_t cut_ticket(Cutter *cutter)
{
    return cutter->ticket_count++;
}

/*
 * A stage that is there already and gives the same rows (a WITH query that is used twice), or the
 * stage's own number. Its rows wait in memory for the slower of its readers, so only a stage of
 * few rows is shared. The other one's number is given up again: it is the last one.
 */
static uint32_t share_stage(Cutter *cutter, uint32_t number)
{
    enum { MOST_SHARED_ROWS = 200000 };
    const StageDefinition *stage = &cutter->stages[number];
    ShuffleKind shuffle = stage->shuffle.kind;
    bool may = cutter->may_share && cutter->held == NULL && shuffle != SHUFFLE_NONE &&
               shuffle != SHUFFLE_GLOBAL_SORT && stage->root->estimated_rows > 0 &&
               stage->root->estimated_rows <= MOST_SHARED_ROWS;
    for (uint32_t i = 0; i < number && may; i++)
        if (stage_is_same(cutter->arena, &cutter->stages[i], stage)) {
            cutter->stage_count--;
            return i;
        }
    return number;
}

uint32_t cut_close(Cutter *cutter, const Fragment *fragment, ShuffleSpec shuffle)
{
    if (cutter->stage_count == cutter->stage_capacity) {
        uint32_t capacity = cutter->stage_capacity == 0 ? 8 : cutter->stage_capacity * 2;
        StageDefinition *stages = ARENA_ARRAY(cutter->arena, StageDefinition, capacity);
        if (cutter->stage_count > 0)
            memcpy(stages, cutter->stages, cutter->stage_count * sizeof *stages);
        cutter->stages = stages;
        cutter->stage_capacity = capacity;
    }
    uint32_t number = cutter->stage_count++;
    uint32_t workers = fragment->is_single ? 1 : cutter->context->worker_count;
    cutter->stages[number] = (StageDefinition){.number = number,
                                               .input_count = fragment->input_count,
                                               .inputs = fragment->inputs,
                                               .root = fragment->root,
                                               .shuffle = shuffle,
                                               .worker_count = workers,
                                               .max_worker_count = workers,
                                               .processor = fragment->processor};
    return share_stage(cutter, number);
}

void cut_shuffle(Cutter *cutter, Fragment *fragment, ShuffleSpec shuffle, StageRead read,
                 bool is_sorted_merge, bool reader_is_single)
{
    Arena *arena = cutter->arena;
    uint32_t stage = cut_close(cutter, fragment, shuffle);
    uint32_t count = fragment->root->column_count;
    StageInput *input = ARENA_NEW(arena, StageInput);
    *input = (StageInput){.kind = INPUT_STAGE,
                          .column_count = count,
                          .types = fragment->root->types,
                          .stage = stage,
                          .read = read,
                          .is_sorted_merge = is_sorted_merge};
    uint32_t *keep = ARENA_ARRAY(arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        keep[i] = i;
    OperatorSpec *root = cut_operator(cutter, OPERATOR_INPUT, fragment->root->types, count, NULL, 0);
    root->input.keep_count = count;
    root->input.keep = keep;
    root->estimated_rows = fragment->root->estimated_rows;
    *fragment = (Fragment){.input_count = 1,
                           .inputs = input,
                           .root = root,
                           .ids = fragment->ids,
                           .is_single = reader_is_single,
                           .processor = "scan"};
}

void cut_to_single(Cutter *cutter, Fragment *fragment)
{
    if (!fragment->is_single)
        cut_shuffle(cutter, fragment, (ShuffleSpec){.kind = SHUFFLE_MIX, .partitions = 1},
                    READ_PARTITIONS, false, true);
}

/* --- operators that need no shuffle, and order --- */

static bool cut_filter(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    if (!cut_plan(cutter, plan->filter.input, fragment))
        return false;
    OperatorSpec *spec = cut_passing(cutter, OPERATOR_FILTER, fragment->root);
    spec->filter.condition = fragment_number(cutter, fragment, plan->filter.condition);
    spec->estimated_rows = plan_estimate_rows(plan);
    fragment->root = spec;
    return true;
}

static bool cut_project(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    if (!cut_plan(cutter, plan->project.input, fragment))
        return false;
    fragment_project(cutter, fragment, plan->project.items, plan->column_count);
    return true;
}

const Expr *cut_order_key(Cutter *cutter, const Expr *expr)
{
    return expr_order_form(cutter->arena, expr);
}

const Expr *cut_filtered(Arena *arena, const Expr *argument, const Expr *filter)
{
    if (filter == NULL || !expr_can_fail(argument))
        return argument;
    const Expr *parts[3] = {filter, argument, expr_null(arena, argument->type, -1)};
    return expr_nary(arena, EXPR_CASE, argument->type, parts, 3, argument->location);
}

/* The keys of a sort as columns of the fragment. */
static const SortColumn *sort_columns(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    uint32_t count = plan->sort.key_count;
    const Expr **exprs = ARENA_ARRAY(cutter->arena, const Expr *, count);
    uint32_t *positions = ARENA_ARRAY(cutter->arena, uint32_t, count);
    SortColumn *keys = ARENA_ARRAY(cutter->arena, SortColumn, count);
    for (uint32_t i = 0; i < count; i++)
        exprs[i] = cut_order_key(cutter, plan->sort.keys[i].expr);
    fragment_columns_for(cutter, fragment, exprs, count, positions);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (SortColumn){.column = positions[i],
                               .descending = plan->sort.keys[i].descending,
                               .nulls_first = plan->sort.keys[i].nulls_first};
    return keys;
}

/* So many rows are wanted that leaving the others out early would take longer than it saves: a
 * worker keeps up to twice as many as are wanted before it drops any. */
static bool is_top_useless(const Cutter *cutter, int64_t limit, double rows)
{
    enum { MANY_ROWS = 65536 };
    return limit >= MANY_ROWS && rows <= 2.0 * (double)limit * cutter->context->worker_count;
}

/* `limit`: rows wanted of the order, -1 all. */
static bool cut_sort(Cutter *cutter, const Plan *plan, int64_t limit, Fragment *fragment)
{
    if (!cut_plan(cutter, plan->sort.input, fragment))
        return false;
    uint32_t count = plan->sort.key_count;
    const SortColumn *keys = sort_columns(cutter, plan, fragment);
    bool is_top =
        limit >= 0 && !is_top_useless(cutter, limit, fragment->root->estimated_rows);
    if (is_top || fragment->is_single) { /* the shuffle sorts what is not sorted yet */
        OperatorSpec *spec = cut_passing(cutter, OPERATOR_SORT, fragment->root);
        spec->sort.key_count = count;
        spec->sort.keys = keys;
        spec->sort.limit = is_top ? limit : -1;
        spec->estimated_rows = fragment->root->estimated_rows;
        if (limit >= 0 && (double)limit < spec->estimated_rows)
            spec->estimated_rows = (double)limit;
        fragment->root = spec;
    }
    if (!fragment->is_single)
        cut_shuffle(cutter, fragment,
                    (ShuffleSpec){.kind = SHUFFLE_GLOBAL_SORT,
                                  .key_count = count,
                                  .keys = keys,
                                  .partitions = 1},
                    READ_PARTITIONS, true, true);
    return true;
}

static int64_t add_clamped(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* Sorts all rows of each worker. */
static void put_sort(Cutter *cutter, Fragment *fragment, const Plan *sort)
{
    const SortColumn *keys = sort_columns(cutter, sort, fragment);
    OperatorSpec *spec = cut_passing(cutter, OPERATOR_SORT, fragment->root);
    spec->sort.key_count = sort->sort.key_count;
    spec->sort.keys = keys;
    spec->sort.limit = -1;
    spec->estimated_rows = fragment->root->estimated_rows;
    fragment->root = spec;
}

static void put_limit_by(Cutter *cutter, Fragment *fragment, const Plan *plan, int64_t count,
                         int64_t offset)
{
    uint32_t *keys = ARENA_ARRAY(cutter->arena, uint32_t, plan->limit.key_count);
    for (uint32_t i = 0; i < plan->limit.key_count; i++)
        keys[i] = fragment_position(fragment, plan->limit.keys[i]);
    OperatorSpec *spec = cut_passing(cutter, OPERATOR_LIMIT, fragment->root);
    spec->limit.count = count;
    spec->limit.offset = offset;
    spec->limit.key_count = plan->limit.key_count;
    spec->limit.each_count = plan->limit.each_count;
    spec->limit.keys = keys;
    spec->limit.with_ties = plan->limit.with_ties;
    spec->estimated_rows = plan_estimate_rows(plan);
    fragment->root = spec;
    fragment->processor = "limit";
}

static void put_limit(Cutter *cutter, Fragment *fragment, int64_t count, int64_t offset)
{
    OperatorSpec *spec = cut_passing(cutter, OPERATOR_LIMIT, fragment->root);
    spec->limit.count = count;
    spec->limit.offset = offset;
    spec->estimated_rows = fragment->root->estimated_rows;
    if (count >= 0 && (double)count < spec->estimated_rows)
        spec->estimated_rows = (double)count;
    fragment->root = spec;
    fragment->processor = "limit";
}

/* The order below a limit by keys; where none is left of it, that of the keys. */
static const Plan *order_of(Cutter *cutter, const Plan *plan)
{
    const Plan *input = plan->limit.input;
    if (input->kind == PLAN_SORT)
        return input;
    PlanSortKey *keys = ARENA_ARRAY(cutter->arena, PlanSortKey, plan->limit.key_count);
    for (uint32_t i = 0; i < plan->limit.key_count; i++) {
        const PlanColumn *column = plan_find_column(input, plan->limit.keys[i]);
        keys[i] = (PlanSortKey){.expr = expr_column(cutter->arena, column->type, column->id, -1)};
    }
    return plan_sort(cutter->arena, input, keys, plan->limit.key_count);
}

/*
 * A limit that looks at keys. For each combination of the leading ones the rows meet by hash, and
 * are thinned out before they travel; otherwise they meet in one order.
 */
static bool cut_limit_by(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    int64_t count = plan->limit.count;
    if (plan->limit.each_count == 0) {
        if (!cut_plan(cutter, plan->limit.input, fragment))
            return false;
        cut_to_single(cutter, fragment);
        put_limit_by(cutter, fragment, plan, count, plan->limit.offset);
        return true;
    }
    const Plan *sort = order_of(cutter, plan);
    if (!cut_plan(cutter, sort->sort.input, fragment))
        return false;
    put_sort(cutter, fragment, sort);
    if (!fragment->is_single) {
        int64_t wanted = count < 0 ? -1 : add_clamped(count, plan->limit.offset);
        if (wanted >= 0)
            put_limit_by(cutter, fragment, plan, wanted, 0);
        SortColumn *keys = ARENA_ARRAY(cutter->arena, SortColumn, plan->limit.each_count);
        for (uint32_t i = 0; i < plan->limit.each_count; i++)
            keys[i] = (SortColumn){.column = fragment_position(fragment, plan->limit.keys[i])};
        cut_shuffle(cutter, fragment,
                    (ShuffleSpec){.kind = SHUFFLE_HASH,
                                  .key_count = plan->limit.each_count,
                                  .keys = keys,
                                  .partitions = cutter->context->worker_count},
                    READ_PARTITIONS, false, false);
        put_sort(cutter, fragment, sort);
    }
    put_limit_by(cutter, fragment, plan, count, plan->limit.offset);
    return true;
}

/* A sort right below, or below a projection, which then also sees no more rows than are wanted. */
static bool cut_limit(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    if (plan->limit.key_count > 0)
        return cut_limit_by(cutter, plan, fragment);
    const Plan *input = plan->limit.input;
    int64_t count = plan->limit.count, offset = plan->limit.offset;
    int64_t wanted = count < 0 ? -1 : add_clamped(count, offset);
    const Plan *sort = input->kind == PLAN_PROJECT ? input->project.input : input;
    if (sort->kind == PLAN_SORT && wanted >= 0) {
        if (!cut_sort(cutter, sort, wanted, fragment))
            return false;
        put_limit(cutter, fragment, count, offset);
        if (input->kind == PLAN_PROJECT)
            fragment_project(cutter, fragment, input->project.items, input->column_count);
        return true;
    }
    if (!cut_plan(cutter, input, fragment))
        return false;
    if (!fragment->is_single && wanted >= 0)
        put_limit(cutter, fragment, wanted, 0);
    cut_to_single(cutter, fragment);
    put_limit(cutter, fragment, count, offset);
    return true;
}

static bool cut_expand(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    if (!cut_plan(cutter, plan->expand.input, fragment))
        return false;
    Arena *arena = cutter->arena;
    uint32_t count = fragment->root->column_count + 1;
    SqlType *types = ARENA_ARRAY(arena, SqlType, count);
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, count);
    for (uint32_t i = 0; i + 1 < count; i++) {
        types[i] = fragment->root->types[i];
        ids[i] = fragment->ids[i];
    }
    types[count - 1] = SQL_TYPE(T_INT8);
    ids[count - 1] = plan->expand.number;
    OperatorSpec *spec = cut_operator(cutter, OPERATOR_EXPAND, types, count, &fragment->root, 1);
    spec->expand.count = fragment_number(cutter, fragment, plan->expand.count);
    spec->expand.is_outer = plan->expand.is_outer;
    spec->estimated_rows = plan_estimate_rows(plan);
    fragment->root = spec;
    fragment->ids = ids;
    return true;
}

/* The inputs of all parts as those of one fragment: the parts' operators read shifted ones. */
static void join_all_inputs(Cutter *cutter, Fragment *all, const Fragment *parts, uint32_t count,
                            const OperatorSpec **roots)
{
    uint32_t total = 0, used = 0;
    for (uint32_t i = 0; i < count; i++)
        total += parts[i].input_count;
    all->inputs = ARENA_ARRAY(cutter->arena, StageInput, total + 1);
    all->input_count = total;
    for (uint32_t i = 0; i < count; i++) {
        roots[i] = shift_inputs(cutter, parts[i].root, used);
        if (parts[i].input_count > 0)
            memcpy(all->inputs + used, parts[i].inputs, parts[i].input_count * sizeof *all->inputs);
        used += parts[i].input_count;
    }
}

static bool cut_union(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    uint32_t count = plan->union_all.input_count;
    Fragment *parts = ARENA_ARRAY(arena, Fragment, count);
    bool all_single = true;
    for (uint32_t i = 0; i < count; i++) {
        if (!cut_plan(cutter, plan->union_all.inputs[i], &parts[i]))
            return false;
        all_single = all_single && parts[i].is_single;
    }
    SqlType *types = ARENA_ARRAY(arena, SqlType, plan->column_count);
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, plan->column_count);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        types[c] = plan->columns[c].type;
        ids[c] = plan->columns[c].id;
    }
    const OperatorSpec **children = ARENA_ARRAY(arena, const OperatorSpec *, count);
    Fragment all = {.is_single = all_single, .processor = "union"};
    for (uint32_t i = 0; i < count; i++) {
        const Plan *input = plan->union_all.inputs[i];
        PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, plan->column_count);
        for (uint32_t c = 0; c < plan->column_count; c++)
            items[c] = (PlanProjection){
                .column = plan->columns[c],
                .expr = expr_column(arena, input->columns[c].type, input->columns[c].id, -1)};
        fragment_project(cutter, &parts[i], items, plan->column_count);
        /* one worker's rows beside those of many: as a stage's output they are read once */
        if (parts[i].is_single && !all_single)
            cut_shuffle(cutter, &parts[i], (ShuffleSpec){.kind = SHUFFLE_MIX, .partitions = 1},
                        READ_PARTITIONS, false, false);
    }
    join_all_inputs(cutter, &all, parts, count, children);
    OperatorSpec *spec =
        cut_operator(cutter, OPERATOR_UNION, types, plan->column_count, children, count);
    spec->estimated_rows = plan_estimate_rows(plan);
    all.root = spec;
    all.ids = ids;
    *fragment = all;
    return true;
}

bool cut_plan(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    if (cut_is_held(cutter, plan))
        return cut_held(cutter, plan, fragment);
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
    case PLAN_EXTERN:
    case PLAN_VALUES:
        return cut_leaf(cutter, plan, fragment);
    case PLAN_FILTER:
        return cut_filter(cutter, plan, fragment);
    case PLAN_PROJECT:
        return cut_project(cutter, plan, fragment);
    case PLAN_AGGREGATE:
        return cut_aggregate(cutter, plan, fragment);
    case PLAN_JOIN:
        return cut_join(cutter, plan, fragment);
    case PLAN_SORT:
        return cut_sort(cutter, plan, -1, fragment);
    case PLAN_LIMIT:
        return cut_limit(cutter, plan, fragment);
    case PLAN_UNION_ALL:
        return cut_union(cutter, plan, fragment);
    case PLAN_RECURSE:
        return cut_recurse(cutter, plan, fragment);
    case PLAN_WORKING:
        return cut_working(cutter, plan, fragment);
    case PLAN_EXPAND:
        return cut_expand(cutter, plan, fragment);
    case PLAN_WINDOW:
        return cut_window(cutter, plan, fragment);
    case PLAN_APPLY:
        break;
    }
    return fault_set(cutter->fault, FAULT_QUERY_NOT_SUPPORTED, "subquery could not be decorrelated");
}

/* --- the whole --- */

/* The outputs in their order, and nothing else. */
static void project_result(Cutter *cutter, const BoundQuery *query, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    uint32_t count = query->output_count;
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, count);
    for (uint32_t i = 0; i < count; i++)
        items[i] = (PlanProjection){
            .column = query->outputs[i],
            .expr = expr_column(arena, query->outputs[i].type, query->outputs[i].id, -1)};
    bool in_order = fragment->root->column_count == count;
    for (uint32_t i = 0; in_order && i < count; i++)
        in_order = fragment->ids[i] == query->outputs[i].id;
    if (!in_order)
        fragment_project(cutter, fragment, items, count);
}

/* One worker writes, so that files follow one another as the rows do. */
static void cut_export(Cutter *cutter, const BoundQuery *query, Fragment *fragment)
{
    uint32_t count = query->output_count;
    cut_to_single(cutter, fragment);
    project_result(cutter, query, fragment);
    Text *names = ARENA_ARRAY(cutter->arena, Text, count + 1);
    for (uint32_t i = 0; i < count; i++)
        names[i] = text_of(query->outputs[i].name);
    OperatorSpec *spec = cut_passing(cutter, OPERATOR_WRITE_FILES, fragment->root);
    spec->write_files.folder = text_of(query->ingest->table);
    spec->write_files.rows_per_file = (uint64_t)cutter->context->plan->settings->rows_per_page;
    spec->write_files.names = names;
    spec->estimated_rows = fragment->root->estimated_rows;
    fragment->root = spec;
    fragment->processor = "export";
}

static void cut_result(Cutter *cutter, const BoundQuery *query, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    uint32_t count = query->output_count;
    project_result(cutter, query, fragment);
    int16_t *formats = arena_zalloc(arena, count * sizeof *formats + 1);
    if (cutter->context->result_formats != NULL)
        memcpy(formats, cutter->context->result_formats, count * sizeof *formats);
    OperatorSpec *spec = cut_passing(cutter, OPERATOR_WRITE_ROWS, fragment->root);
    spec->write_rows.formats = formats;
    spec->write_rows.copy = cutter->context->copy;
    spec->estimated_rows = fragment->root->estimated_rows;
    fragment->root = spec;
}

bool plan_cut(CutContext *context, const BoundQuery *query, const QueryDefinition **definition,
              Fault *fault)
{
    check(context->worker_count > 0);
    Cutter cutter = {.context = context,
                     .arena = context->plan->arena,
                     .may_share = !plan_is_volatile(query->plan),
                     .fault = fault};
    Fragment fragment;
    if (!cut_plan(&cutter, query->plan, &fragment))
        return false;
    if (query->ingest != NULL && query->ingest->mode == INGEST_EXPORT) {
        cut_export(&cutter, query, &fragment);
    } else if (query->ingest != NULL) {
        if (!cut_ingest(&cutter, query, &fragment))
            return false;
    } else {
        cut_result(&cutter, query, &fragment);
    }
    uint32_t last = cut_close(&cutter, &fragment, (ShuffleSpec){.kind = SHUFFLE_NONE});
    enum { MAX_TICKETS = 256 };
    if (cutter.ticket_count > MAX_TICKETS)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "too many tables in one query (%u, maximum %d)", cutter.ticket_count,
                         MAX_TICKETS);
    QueryDefinition *result = ARENA_NEW(cutter.arena, QueryDefinition);
    *result = (QueryDefinition){.query = context->query,
                                .stage_count = cutter.stage_count,
                                .stages = cutter.stages,
                                .ticket_count = cutter.ticket_count,
                                .result_partitions = cutter.stages[last].worker_count,
                                .result_is_ordered = fragment.is_single};
    *definition = result;
    return true;
}

/*
 * Window functions in stages: rows are dealt out by what the windows are partitioned by, sorted
 * where they arrive, and one pass over them computes all functions of one order.
 *
 * The nodes of one SELECT stand on top of each other and do not need one another, so they may
 * run in any order: those with the fewest partition columns say how rows are dealt out, and all
 * nodes that are partitioned by these and more run in the same stage; there the longest sort
 * comes first, and nodes whose order is a prefix of it use it. Windows over all rows come last, in
 * one worker; the rows are sorted before they travel and merged there.
 */
#include "engine/plan/cut_internal.h"

typedef struct WindowSet {
    const Plan *items[64];
    uint32_t count;
} WindowSet;

/* What is known of a fragment's rows: where equal ones are, and how they are sorted. */
typedef struct Arrangement {
    uint32_t dealt_count; /* columns by which they were dealt out */
    const Expr *const *dealt;
    uint32_t sort_count;
    const PlanSortKey *sort;
} Arrangement;

static bool has_expr(const Expr *const *list, uint32_t count, const Expr *expr)
{
    for (uint32_t i = 0; i < count; i++)
        if (expr_equal(list[i], expr))
            return true;
    return false;
}

static bool is_partitioned_by(const Plan *window, const Expr *const *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!has_expr(window->window.partition, window->window.partition_count, keys[i]))
            return false;
    return true;
}

/* Whether rows sorted so have each partition together, in the window's order. */
static bool is_sorted_for(const Arrangement *arrangement, const Plan *window)
{
    uint32_t partition = window->window.partition_count, order = window->window.order_count;
    if (arrangement->sort_count < partition + order)
        return false;
    for (uint32_t i = 0; i < partition; i++)
        if (!has_expr(window->window.partition, partition, arrangement->sort[i].expr))
            return false;
    for (uint32_t i = 0; i < order; i++) {
        const PlanSortKey *have = &arrangement->sort[partition + i], *want = &window->window.order[i];
        if (!expr_equal(have->expr, want->expr) || have->descending != want->descending ||
            have->nulls_first != want->nulls_first)
            return false;
    }
    return true;
}

/* --- sorting --- */

/* The partition's columns, those that rows were dealt out by first, then the order. */
static PlanSortKey *wanted_sort(Cutter *cutter, const Arrangement *arrangement, const Plan *window,
                                uint32_t *count)
{
    uint32_t partition = window->window.partition_count, order = window->window.order_count;
    PlanSortKey *keys = ARENA_ARRAY(cutter->arena, PlanSortKey, partition + order);
    uint32_t used = 0;
    for (uint32_t i = 0; i < arrangement->dealt_count; i++)
        keys[used++] = (PlanSortKey){.expr = arrangement->dealt[i]};
    for (uint32_t i = 0; i < partition; i++)
        if (!has_expr(arrangement->dealt, arrangement->dealt_count, window->window.partition[i]))
            keys[used++] = (PlanSortKey){.expr = window->window.partition[i]};
    for (uint32_t i = 0; i < order; i++)
        keys[used++] = window->window.order[i];
    *count = used;
    return keys;
}

static SortColumn *sort_columns(Cutter *cutter, Fragment *fragment, const PlanSortKey *keys,
                                uint32_t count)
{
    Arena *arena = cutter->arena;
    const Expr **exprs = ARENA_ARRAY(arena, const Expr *, count);
    uint32_t *positions = ARENA_ARRAY(arena, uint32_t, count);
    SortColumn *columns = ARENA_ARRAY(arena, SortColumn, count);
    for (uint32_t i = 0; i < count; i++)
        exprs[i] = cut_order_key(cutter, keys[i].expr);
    fragment_columns_for(cutter, fragment, exprs, count, positions);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = (SortColumn){.column = positions[i],
                                  .descending = keys[i].descending,
                                  .nulls_first = keys[i].nulls_first};
    return columns;
}

/* `first` NULL: all rows; else only the first ones of its partitions. */
static void put_sort(Cutter *cutter, Fragment *fragment, const SortColumn *columns, uint32_t count,
                     const Plan *first)
{
    OperatorSpec *spec = cut_passing(cutter, OPERATOR_SORT, fragment->root);
    spec->sort.key_count = count;
    spec->sort.keys = columns;
    spec->sort.limit = -1;
    spec->estimated_rows = fragment->root->estimated_rows;
    if (first != NULL) {
        spec->sort.limit = first->window.first_rows;
        spec->sort.each_count = first->window.partition_count;
        spec->sort.with_ties = first->window.first_with_ties;
    }
    fragment->root = spec;
}

static const Plan *wants_first(Cutter *cutter, const WindowSet *set, const Plan *input)
{
    const Plan *window = set->items[0];
    uint32_t count = window->window.partition_count;
    if (set->count != 1 || window->window.first_rows == 0)
        return NULL;
    PlanProjection *keys = ARENA_ARRAY(cutter->arena, PlanProjection, count);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (PlanProjection){.expr = window->window.partition[i]};
    double wanted = plan_estimate_groups(input, keys, count) * (double)window->window.first_rows;
    return wanted * 4 < plan_estimate_rows(input) ? window : NULL;
}

/* --- the operator --- */

/* Items that pass the fragment's columns on, each expression that is no column computed once. */
static const uint32_t *argument_positions(Cutter *cutter, const Plan *window, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    uint32_t count = 0, used = 0;
    for (uint32_t i = 0; i < window->window.function_count; i++)
        count += window->window.functions[i].expr->argument_count + 1;
    const Expr **exprs = ARENA_ARRAY(arena, const Expr *, count);
    uint32_t *sources = ARENA_ARRAY(arena, uint32_t, count);
    uint32_t *positions = ARENA_ARRAY(arena, uint32_t, count);
    uint32_t *result = ARENA_ARRAY(arena, uint32_t, count);
    uint32_t next = 0;
    for (uint32_t i = 0; i < window->window.function_count; i++) {
        const Expr *call = window->window.functions[i].expr;
        for (uint32_t k = 0; k <= call->argument_count; k++, next++) {
            const Expr *expr =
                k < call->argument_count ? call->arguments[k] : call->window.filter;
            if (k < call->window.direct_count) /* the frame's ends are of every row */
                expr = cut_filtered(arena, expr, call->window.filter);
            sources[next] = UINT32_MAX;
            if (expr == NULL || (expr->kind == EXPR_CONSTANT && k < call->window.direct_count))
                continue;
            uint32_t same = 0;
            while (same < used && !expr_equal(exprs[same], expr))
                same++;
            if (same == used)
                exprs[used++] = expr;
            sources[next] = same;
        }
    }
    fragment_columns_for(cutter, fragment, exprs, used, positions);
    for (uint32_t i = 0; i < count; i++)
        result[i] = sources[i] == UINT32_MAX ? 0 : positions[sources[i]];
    return result;
}

static StageWindowFunction make_function(Cutter *cutter, const PlanWindowFunction *function,
                                         const uint32_t *positions)
{
    Arena *arena = cutter->arena;
    const Expr *call = function->expr;
    uint32_t count = call->window.direct_count;
    SqlType *types = ARENA_ARRAY(arena, SqlType, count);
    const Vector **constants = ARENA_ARRAY(arena, const Vector *, count);
    for (uint32_t k = 0; k < count; k++) {
        types[k] = call->arguments[k]->type;
        constants[k] =
            call->arguments[k]->kind == EXPR_CONSTANT ? call->arguments[k]->value : NULL;
    }
    StageWindowFunction made = {
        .function = call->window.function,
        .frame = function->frame,
        .call = {.function = call->window.aggregate,
                 .result = call->type,
                 .argument_count = count,
                 .argument_types = types,
                 .arguments = positions,
                 .constants = constants,
                 .filter = call->window.filter != NULL
                               ? (int32_t)positions[call->argument_count]
                               : -1}};
    int32_t *ends[] = {&made.frame.range_key, &made.frame.range_start, &made.frame.range_end};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (*ends[i] >= 0)
            *ends[i] = (int32_t)positions[*ends[i]];
    return made;
}

static void put_window(Cutter *cutter, const Plan *window, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    uint32_t functions = window->window.function_count;
    uint32_t partition = window->window.partition_count, order = window->window.order_count;
    const uint32_t *positions = argument_positions(cutter, window, fragment);
    uint32_t *partition_columns = ARENA_ARRAY(arena, uint32_t, partition);
    fragment_columns_for(cutter, fragment, window->window.partition, partition, partition_columns);
    const SortColumn *order_columns = sort_columns(cutter, fragment, window->window.order, order);
    uint32_t width = fragment->root->column_count;
    SqlType *types = ARENA_ARRAY(arena, SqlType, width + functions);
    ColumnId *ids = ARENA_ARRAY(arena, ColumnId, width + functions);
    StageWindowFunction *made = ARENA_ARRAY(arena, StageWindowFunction, functions);
    if (width > 0) {
        memcpy(types, fragment->root->types, width * sizeof *types);
        memcpy(ids, fragment->ids, width * sizeof *ids);
    }
    for (uint32_t i = 0; i < functions; i++) {
        const PlanWindowFunction *function = &window->window.functions[i];
        made[i] = make_function(cutter, function, positions);
        positions += function->expr->argument_count + 1;
        types[width + i] = function->column.type;
        ids[width + i] = function->column.id;
    }
    OperatorSpec *spec =
        cut_operator(cutter, OPERATOR_WINDOW, types, width + functions, &fragment->root, 1);
    spec->window.partition_count = partition;
    spec->window.partition = partition_columns;
    spec->window.order_count = order;
    spec->window.order = order_columns;
    spec->window.function_count = functions;
    spec->window.functions = made;
    spec->estimated_rows = fragment->root->estimated_rows;
    fragment->root = spec;
    fragment->ids = ids;
    fragment->processor = "window";
}

/* --- choosing --- */

static bool uses_function_of(const Plan *upper, const Plan *lower)
{
    for (uint32_t i = 0; i < lower->window.function_count; i++) {
        ColumnId id = lower->window.functions[i].column.id;
        for (uint32_t k = 0; k < upper->window.partition_count; k++)
            if (expr_uses_column(upper->window.partition[k], id))
                return true;
        for (uint32_t k = 0; k < upper->window.order_count; k++)
            if (expr_uses_column(upper->window.order[k].expr, id))
                return true;
        for (uint32_t k = 0; k < upper->window.function_count; k++)
            if (expr_uses_column(upper->window.functions[k].expr, id))
                return true;
    }
    return false;
}

/* The nodes on top of each other that do not need one another; *input is what they stand on. */
static WindowSet collect(const Plan *plan, const Plan **input)
{
    WindowSet set = {.count = 0};
    while (plan->kind == PLAN_WINDOW && set.count < sizeof set.items / sizeof set.items[0]) {
        for (uint32_t i = 0; i < set.count; i++)
            if (uses_function_of(set.items[i], plan)) {
                *input = plan;
                return set;
            }
        set.items[set.count++] = plan;
        plan = plan->window.input;
    }
    *input = plan;
    return set;
}

static const Plan *take(WindowSet *set, uint32_t index)
{
    const Plan *taken = set->items[index];
    set->items[index] = set->items[--set->count];
    return taken;
}

static uint32_t sort_length(const Plan *window)
{
    return window->window.partition_count + window->window.order_count;
}

/* The node that needs no new sort, else the one with the longest, among those that may run where
 * the rows are. -1: none may. */
static int next_here(const WindowSet *set, const Arrangement *arrangement, bool is_single)
{
    int best = -1;
    for (uint32_t i = 0; i < set->count; i++) {
        const Plan *window = set->items[i];
        bool is_here =
            is_single || (arrangement->dealt_count > 0 &&
                          is_partitioned_by(window, arrangement->dealt, arrangement->dealt_count));
        if (!is_here)
            continue;
        if (is_sorted_for(arrangement, window))
            return (int)i;
        if (best < 0 || sort_length(window) > sort_length(set->items[best]))
            best = (int)i;
    }
    return best;
}

/* Who says how rows are dealt out next: the fewest partition columns, but some. -1: only windows
 * over all rows are left. */
static int next_dealer(const WindowSet *set)
{
    int best = -1;
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t count = set->items[i]->window.partition_count;
        if (count > 0 && (best < 0 || count < set->items[best]->window.partition_count))
            best = (int)i;
    }
    return best;
}

static void deal_out(Cutter *cutter, Fragment *fragment, const Plan *window,
                     Arrangement *arrangement)
{
    uint32_t count = window->window.partition_count;
    uint32_t *positions = ARENA_ARRAY(cutter->arena, uint32_t, count);
    SortColumn *keys = ARENA_ARRAY(cutter->arena, SortColumn, count);
    fragment_columns_for(cutter, fragment, window->window.partition, count, positions);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (SortColumn){.column = positions[i]};
    cut_shuffle(cutter, fragment,
                (ShuffleSpec){.kind = SHUFFLE_HASH,
                              .key_count = count,
                              .keys = keys,
                              .partitions = cutter->context->worker_count},
                READ_PARTITIONS, false, false);
    *arrangement = (Arrangement){.dealt_count = count, .dealt = window->window.partition};
}

/* All rows in one worker, in the order that the window wants. */
static void gather_sorted(Cutter *cutter, Fragment *fragment, const Plan *window,
                          Arrangement *arrangement)
{
    *arrangement = (Arrangement){.dealt_count = 0};
    if (window->window.order_count == 0) {
        cut_to_single(cutter, fragment);
        return;
    }
    uint32_t count;
    const PlanSortKey *keys = wanted_sort(cutter, arrangement, window, &count);
    const SortColumn *columns = sort_columns(cutter, fragment, keys, count);
    cut_shuffle(cutter, fragment,
                (ShuffleSpec){.kind = SHUFFLE_GLOBAL_SORT,
                              .key_count = count,
                              .keys = columns,
                              .partitions = 1},
                READ_PARTITIONS, true, true);
    arrangement->sort_count = count;
    arrangement->sort = keys;
}

static int longest(const WindowSet *set)
{
    int best = 0;
    for (uint32_t i = 1; i < set->count; i++)
        if (sort_length(set->items[i]) > sort_length(set->items[best]))
            best = (int)i;
    return best;
}

/* --- keys that are no columns --- */

typedef struct KeyColumns {
    Cutter *cutter;
    PlanProjection *items;
    uint32_t count;
} KeyColumns;

static const Expr *key_as_column(KeyColumns *keys, const Expr *expr)
{
    Arena *arena = keys->cutter->arena;
    if (expr->kind == EXPR_COLUMN)
        return expr;
    uint32_t at = 0;
    while (at < keys->count && !expr_equal(keys->items[at].expr, expr))
        at++;
    if (at == keys->count) {
        PlanColumn column = {.id = plan_new_column(keys->cutter->context->plan),
                             .type = expr->type};
        keys->items[keys->count++] = (PlanProjection){.column = column, .expr = expr};
    }
    return expr_column(arena, expr->type, keys->items[at].column.id, -1);
}

static const Plan *with_key_columns(KeyColumns *keys, const Plan *window)
{
    Arena *arena = keys->cutter->arena;
    const Expr **partition = ARENA_ARRAY(arena, const Expr *, window->window.partition_count);
    PlanSortKey *order = ARENA_ARRAY(arena, PlanSortKey, window->window.order_count);
    for (uint32_t i = 0; i < window->window.partition_count; i++)
        partition[i] = key_as_column(keys, window->window.partition[i]);
    for (uint32_t i = 0; i < window->window.order_count; i++) {
        order[i] = window->window.order[i];
        order[i].expr = key_as_column(keys, window->window.order[i].expr);
    }
    Plan *copy = ARENA_NEW(arena, Plan);
    *copy = *window;
    copy->window.partition = partition;
    copy->window.order = order;
    return copy;
}

/* Computes what the windows are partitioned and ordered by, once. */
static void materialize_keys(Cutter *cutter, WindowSet *set, Fragment *fragment)
{
    Arena *arena = cutter->arena;
    uint32_t width = fragment->root->column_count, most = width;
    for (uint32_t i = 0; i < set->count; i++)
        most += sort_length(set->items[i]);
    PlanProjection *items = ARENA_ARRAY(arena, PlanProjection, most);
    KeyColumns keys = {.cutter = cutter, .items = items + width};
    for (uint32_t i = 0; i < set->count; i++)
        set->items[i] = with_key_columns(&keys, set->items[i]);
    if (keys.count == 0)
        return;
    for (uint32_t i = 0; i < width; i++) {
        PlanColumn column = {.id = fragment->ids[i], .type = fragment->root->types[i]};
        items[i] = (PlanProjection){.column = column,
                                    .expr = expr_column(arena, column.type, column.id, -1)};
    }
    fragment_project(cutter, fragment, items, width + keys.count);
}

bool cut_window(Cutter *cutter, const Plan *plan, Fragment *fragment)
{
    const Plan *input;
    WindowSet set = collect(plan, &input);
    Arrangement arrangement = {0};
    if (!cut_plan(cutter, input, fragment))
        return false;
    const Plan *first = wants_first(cutter, &set, input);
    materialize_keys(cutter, &set, fragment);
    if (first != NULL && !fragment->is_single) { /* few rows travel */
        uint32_t count;
        first = set.items[0];
        const PlanSortKey *keys = wanted_sort(cutter, &arrangement, first, &count);
        put_sort(cutter, fragment, sort_columns(cutter, fragment, keys, count), count, first);
    }
    while (set.count > 0) {
        int next = next_here(&set, &arrangement, fragment->is_single);
        if (next < 0) {
            int dealer = next_dealer(&set);
            if (dealer >= 0)
                deal_out(cutter, fragment, set.items[dealer], &arrangement);
            else
                gather_sorted(cutter, fragment, set.items[longest(&set)], &arrangement);
            continue;
        }
        const Plan *window = take(&set, (uint32_t)next);
        if (!is_sorted_for(&arrangement, window)) {
            uint32_t count;
            const PlanSortKey *keys = wanted_sort(cutter, &arrangement, window, &count);
            put_sort(cutter, fragment, sort_columns(cutter, fragment, keys, count), count,
                     first != NULL ? window : NULL);
            arrangement.sort_count = count;
            arrangement.sort = keys;
        }
        put_window(cutter, window, fragment);
    }
    return true;
}

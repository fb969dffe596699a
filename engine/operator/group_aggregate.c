/*
 * The aggregates of a group operator.
 *
 * FILTER: rows that do not pass are left out before the aggregate sees them, so that their
 * arguments can raise no error. DISTINCT: a key table of (group, arguments) tells which rows are
 * the first of their kind. ORDER BY: rows are kept until the input is done, sorted by group and
 * order, and added then.
 */
#include "engine/operator/group_internal.h"

enum { KEPT_STATES = 1 << 20 }; /* bytes of states that are worth keeping for the next groups */

/* --- building --- */

static uint32_t align8(uint32_t size)
{
    return (size + 7u) & ~7u;
}

static bool is_constant_argument(const StageAggregate *spec, uint32_t argument)
{
    return spec->constants != NULL && spec->constants[argument] != NULL;
}

static uint32_t argument_inputs(const GroupAggregate *aggregate)
{
    return aggregate->is_merging ? 1 : aggregate->spec->argument_count;
}

/* Rows need not be sorted for who selects among them. */
static void note_order(const AggregateSet *set, GroupAggregate *aggregate, const OperatorSpec *child)
{
    const StageAggregate *spec = aggregate->spec;
    if (!spec->function->selects || spec->order_count != 1 || set->mode != GROUP_COMPLETE ||
        aggregate->column_count == 0 || /* of a constant */
        aggregate->columns[aggregate->column_count - 1] != spec->order[0].column)
        return;
    Layout layout = type_layout(child->types[spec->order[0].column]);
    aggregate->call.is_unordered = layout == LAYOUT_INT64 || layout == LAYOUT_FLOAT64;
    aggregate->call.is_descending = spec->order[0].descending;
}

static bool call_prepare(AggregateSet *set, GroupAggregate *aggregate, const OperatorSpec *child,
                         Fault *fault)
{
    const StageAggregate *spec = aggregate->spec;
    OperatorContext *context = set->context;
    const Vector **constants =
        ARENA_ARRAY(context->arena, const Vector *, spec->argument_count + 1);
    for (uint32_t a = 0; a < spec->argument_count; a++)
        constants[a] = is_constant_argument(spec, a) ? spec->constants[a] : NULL;
    aggregate->call = (AggregateCall){
        .function = spec->function,
        .argument_count = spec->argument_count,
        .argument_types = spec->argument_types,
        .result_type = spec->result,
        .constants = constants,
        .context = context->types,
        .arena = set->arena,
        .budget = &set->budget,
    };
    note_order(set, aggregate, child);
    return spec->function->prepare == NULL ||
           spec->function->prepare(&aggregate->call, context->arena, fault);
}

static void find_columns(AggregateSet *set, GroupAggregate *aggregate)
{
    const StageAggregate *spec = aggregate->spec;
    uint32_t inputs = argument_inputs(aggregate);
    aggregate->columns = ARENA_ARRAY(set->context->arena, uint32_t, inputs);
    for (uint32_t a = 0; a < inputs; a++)
        if (aggregate->is_merging || !is_constant_argument(spec, a))
            aggregate->columns[aggregate->column_count++] = spec->arguments[a];
}

/* The key table of DISTINCT: the group (with keys), then the arguments. */
static void make_distinct(AggregateSet *set, GroupAggregate *aggregate, const OperatorSpec *child,
                          bool has_keys)
{
    uint32_t count = aggregate->column_count + has_keys;
    Layout *layouts = ARENA_ARRAY(set->context->arena, Layout, count);
    for (uint32_t a = 0; a < aggregate->column_count; a++)
        layouts[a] = type_layout(child->types[aggregate->columns[a]]);
    if (has_keys)
        layouts[aggregate->column_count] = LAYOUT_INT64;
    aggregate->distinct = key_table_new(set->context->budget, count, layouts);
    if (set->context->segments != NULL)
        key_table_borrow_texts(aggregate->distinct, set->context->segments);
}

/* The buffer of ORDER BY: the group, the order columns, the arguments. */
static void make_ordered(AggregateSet *set, GroupAggregate *aggregate, const OperatorSpec *child)
{
    const StageAggregate *spec = aggregate->spec;
    uint32_t count = 1 + spec->order_count + aggregate->column_count;
    Layout *layouts = ARENA_ARRAY(set->context->arena, Layout, count);
    layouts[0] = LAYOUT_INT64;
    for (uint32_t o = 0; o < spec->order_count; o++)
        layouts[1 + o] = type_layout(child->types[spec->order[o].column]);
    for (uint32_t a = 0; a < aggregate->column_count; a++)
        layouts[1 + spec->order_count + a] = type_layout(child->types[aggregate->columns[a]]);
    aggregate->ordered = row_store_new(set->context->budget, count, layouts);
}

bool aggregate_set_init(AggregateSet *set, const OperatorSpec *spec, OperatorContext *context,
                        Fault *fault)
{
    *set = (AggregateSet){
        .context = context,
        .mode = spec->group.mode,
        .part_column = spec->group.part_column,
        .count = spec->group.aggregate_count};
    budget_init_child(&set->budget, context->budget, INT64_MAX);
    set->arena = arena_new("aggregate states");
    set->aggregates = ARENA_ARRAY(context->arena, GroupAggregate, set->count);
    memset(set->aggregates, 0, set->count * sizeof *set->aggregates);
    uint32_t stride = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        GroupAggregate *aggregate = &set->aggregates[i];
        aggregate->spec = &spec->group.aggregates[i];
        aggregate->offset = stride;
        aggregate->is_merging = set->mode == GROUP_FINAL || aggregate->spec->is_state;
        aggregate->has_filter = aggregate->spec->filter >= 0 && !aggregate->is_merging;
        stride += align8(aggregate->spec->function->state_size);
        find_columns(set, aggregate);
        if (!call_prepare(set, aggregate, spec->children[0], fault)) {
            set->count = i;
            aggregate_set_clear(set);
            return false;
        }
        if (aggregate->spec->is_distinct && !aggregate->is_merging &&
            !aggregate->spec->function->ignores_distinct)
            make_distinct(set, aggregate, spec->children[0], spec->group.key_count != 0);
        if (aggregate->spec->order_count != 0 && set->mode == GROUP_COMPLETE &&
            !aggregate->call.is_unordered)
            make_ordered(set, aggregate, spec->children[0]);
    }
    set->stride = stride == 0 ? 8 : stride;
    return true;
}

void aggregate_set_clear(AggregateSet *set)
{
    for (uint32_t i = 0; i < set->count; i++) {
        key_table_free(set->aggregates[i].distinct);
        row_store_free(set->aggregates[i].ordered);
    }
    grow_array_free(&set->states, set->context->budget);
    budget_release_all(&set->budget);
    arena_free(set->arena);
    set->arena = NULL;
}

bool aggregate_set_has_distinct(const AggregateSet *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (set->aggregates[i].distinct != NULL)
            return true;
    return false;
}

void aggregate_set_reset(AggregateSet *set)
{
    set->ready = 0;
    if (set->states.size > KEPT_STATES)
        grow_array_free(&set->states, set->context->budget);
    budget_release_all(&set->budget);
    arena_reset(set->arena);
}

size_t aggregate_set_memory(const AggregateSet *set)
{
    return set->states.size + arena_size(set->arena);
}

bool aggregate_set_grow(AggregateSet *set, uint32_t count, Fault *fault)
{
    if (count <= set->ready)
        return true;
    if (!grow_array_unset(&set->states, set->context->budget, (size_t)count * set->stride, fault))
        return false;
    uint8_t *first = (uint8_t *)set->states.data + (size_t)set->ready * set->stride;
    memset(first, 0, (size_t)(count - set->ready) * set->stride);
    for (uint32_t i = 0; i < set->count; i++) {
        const GroupAggregate *aggregate = &set->aggregates[i];
        if (aggregate->spec->function->init == NULL)
            continue;
        for (uint32_t g = 0; g < count - set->ready; g++)
            aggregate->spec->function->init(&aggregate->call,
                                            first + g * set->stride + aggregate->offset);
    }
    set->ready = count;
    return true;
}

/* --- adding --- */

/* The rows of a batch that an aggregate sees: `rows` NULL means all. */
typedef struct Seen {
    const Batch *batch;
    const uint32_t *groups;
    const uint32_t *rows;
    uint32_t count;
} Seen;

static Vector seen_column(const Seen *seen, uint32_t column, Arena *arena)
{
    const Vector *vector = &seen->batch->columns[column];
    return seen->rows == NULL ? *vector : vector_gather(arena, vector, seen->rows, seen->count);
}

/* The groups of the rows seen; NULL without keys. */
static const uint32_t *seen_groups(const Seen *seen, Arena *arena)
{
    if (seen->groups == NULL || seen->rows == NULL)
        return seen->groups;
    uint32_t *groups = arena_alloc_vector(arena, seen->count * sizeof *groups);
    for (uint32_t i = 0; i < seen->count; i++)
        groups[i] = seen->groups[seen->rows[i]];
    return groups;
}

/* The rows of the aggregate's part. */
static void part_rows(const AggregateSet *set, const GroupAggregate *aggregate, Seen *seen,
                      Arena *arena)
{
    if (aggregate->spec->part == 0)
        return;
    const Vector *parts = &seen->batch->columns[set->part_column];
    const int64_t *values = parts->data;
    uint32_t *rows = arena_alloc_vector(arena, ((size_t)seen->count + 64) * sizeof *rows);
    uint32_t count = 0;
    for (uint32_t i = 0; i < seen->count; i++) {
        rows[count] = i;
        count += values[vector_row(parts, i)] == (int64_t)aggregate->spec->part;
    }
    if (count != seen->count)
        seen->rows = rows;
    seen->count = count;
}

static void filter_rows(const GroupAggregate *aggregate, Seen *seen, Arena *arena)
{
    if (!aggregate->has_filter)
        return;
    const Vector *passes = &seen->batch->columns[aggregate->spec->filter];
    uint32_t *rows = arena_alloc_vector(arena, ((size_t)seen->count + 64) * sizeof *rows);
    uint32_t count = vector_true_rows(passes, rows);
    if (count != seen->count)
        seen->rows = rows;
    seen->count = count;
}

static Vector group_column(const uint32_t *groups, uint32_t count, Arena *arena)
{
    int64_t *numbers = arena_alloc_vector(arena, count * sizeof *numbers);
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = groups == NULL ? 0 : groups[i];
    return vector_flat(LAYOUT_INT64, count, numbers, NULL);
}

/* Narrows `seen` to the rows whose (group, arguments) come for the first time. */
static bool distinct_rows(GroupAggregate *aggregate, Seen *seen, Arena *arena, Fault *fault)
{
    if (aggregate->distinct == NULL || seen->count == 0)
        return true;
    uint32_t arguments = aggregate->column_count;
    Vector *vectors = ARENA_ARRAY(arena, Vector, arguments + 1);
    const Vector **columns = ARENA_ARRAY(arena, const Vector *, arguments + 1);
    for (uint32_t a = 0; a < arguments; a++)
        vectors[a] = seen_column(seen, aggregate->columns[a], arena);
    const uint32_t *groups = seen_groups(seen, arena);
    if (groups != NULL)
        vectors[arguments] = group_column(groups, seen->count, arena);
    for (uint32_t a = 0; a <= arguments; a++)
        columns[a] = &vectors[a];
    uint32_t *entries = ARENA_ARRAY(arena, uint32_t, seen->count);
    if (!key_table_add(aggregate->distinct, columns, seen->count, entries, fault))
        return false;
    /* New entries are numbered in the order of their first rows. Where entry 0 is reserved for
     * NULL it comes whenever it likes. */
    uint32_t *rows = arena_alloc_vector(arena, ((size_t)seen->count + 64) * sizeof *rows);
    bool reserves_null = key_table_reserves_null(aggregate->distinct);
    uint32_t next = aggregate->distinct_seen, kept = 0;
    if (reserves_null && next == 0)
        next = 1;
    for (uint32_t i = 0; i < seen->count; i++) {
        bool is_null = reserves_null && entries[i] == 0;
        bool is_first = is_null ? !aggregate->distinct_null_seen : entries[i] == next;
        aggregate->distinct_null_seen |= is_null;
        next += is_first && !is_null;
        rows[kept] = seen->rows == NULL ? i : seen->rows[i];
        kept += is_first;
    }
    aggregate->distinct_seen = key_table_count(aggregate->distinct);
    seen->rows = rows;
    seen->count = kept;
    return true;
}

/* ORDER BY: the rows wait. */
static bool keep_ordered(GroupAggregate *aggregate, const Seen *seen, Arena *arena, Fault *fault)
{
    const StageAggregate *spec = aggregate->spec;
    uint32_t count = 1 + spec->order_count + aggregate->column_count;
    Batch kept = {.rows = seen->batch->rows,
                  .column_count = count,
                  .columns = ARENA_ARRAY(arena, Vector, count)};
    kept.columns[0] = group_column(seen->groups, seen->batch->rows, arena);
    for (uint32_t o = 0; o < spec->order_count; o++)
        kept.columns[1 + o] = seen->batch->columns[spec->order[o].column];
    for (uint32_t a = 0; a < aggregate->column_count; a++)
        kept.columns[1 + spec->order_count + a] = seen->batch->columns[aggregate->columns[a]];
    return row_store_append(aggregate->ordered, &kept, seen->rows, seen->count, fault);
}

/* All arguments, constants included, from the columns that are not constant. */
static Vector *full_arguments(const AggregateSet *set, const GroupAggregate *aggregate,
                              const Vector *columns, uint32_t rows, Arena *arena)
{
    uint32_t inputs = argument_inputs(aggregate);
    Vector *arguments = ARENA_ARRAY(arena, Vector, inputs + 1);
    uint32_t next = 0;
    for (uint32_t a = 0; a < inputs; a++) {
        if (!aggregate->is_merging && is_constant_argument(aggregate->spec, a)) {
            arguments[a] = *aggregate->spec->constants[a];
            arguments[a].length = rows;
        } else {
            arguments[a] = columns[next++];
        }
    }
    return arguments;
}

static bool add_arguments(AggregateSet *set, GroupAggregate *aggregate, uint8_t *states,
                          const uint32_t *groups, const Vector *arguments, uint32_t rows,
                          Fault *fault)
{
    const AggregateFunction *function = aggregate->spec->function;
    if (aggregate->is_merging)
        return function->merge(&aggregate->call, states, set->stride, groups, &arguments[0], rows,
                               fault);
    return function->add(&aggregate->call, states, set->stride, groups, arguments, rows, fault);
}

/* A run of rows of one group after the other. */
static bool add_runs(AggregateSet *set, GroupAggregate *aggregate, uint8_t *states,
                     const uint32_t *groups, const uint32_t *starts, uint32_t count,
                     const Vector *arguments, uint32_t rows, Arena *arena, Fault *fault)
{
    uint32_t inputs = argument_inputs(aggregate);
    Vector *parts = ARENA_ARRAY(arena, Vector, inputs + 1);
    for (uint32_t r = 0; r < count; r++) {
        uint32_t start = starts[r], end = r + 1 < count ? starts[r + 1] : rows;
        for (uint32_t a = 0; a < inputs; a++)
            parts[a] = vector_slice(&arguments[a], start, end - start);
        if (!add_arguments(set, aggregate, states + (size_t)groups[start] * set->stride, NULL,
                           parts, end - start, fault))
            return false;
    }
    return true;
}

static bool add_columns(AggregateSet *set, GroupAggregate *aggregate, const Vector *columns,
                        const uint32_t *groups, uint32_t rows, Arena *arena, Fault *fault)
{
    if (rows == 0)
        return true;
    uint8_t *states = (uint8_t *)set->states.data + aggregate->offset;
    Vector *arguments = full_arguments(set, aggregate, columns, rows, arena);
    uint32_t starts[BATCH_ROWS + 64];
    uint32_t runs = groups == NULL ? 0 : runs_of_groups(groups, rows, starts);
    return runs == 0 ? add_arguments(set, aggregate, states, groups, arguments, rows, fault)
                     : add_runs(set, aggregate, states, groups, starts, runs, arguments, rows,
                                arena, fault);
}

static bool add_one(AggregateSet *set, GroupAggregate *aggregate, Seen seen, Arena *arena,
                    Fault *fault)
{
    part_rows(set, aggregate, &seen, arena);
    if (seen.count == 0 && seen.batch->rows != 0)
        return true;
    filter_rows(aggregate, &seen, arena);
    if (!distinct_rows(aggregate, &seen, arena, fault))
        return false;
    if (aggregate->ordered != NULL)
        return keep_ordered(aggregate, &seen, arena, fault);
    Vector *columns = ARENA_ARRAY(arena, Vector, aggregate->column_count + 1);
    for (uint32_t a = 0; a < aggregate->column_count; a++)
        columns[a] = seen_column(&seen, aggregate->columns[a], arena);
    return add_columns(set, aggregate, columns, seen_groups(&seen, arena), seen.count, arena,
                       fault);
}

bool aggregate_set_add(AggregateSet *set, const Batch *batch, const uint32_t *groups, Arena *arena,
                       Fault *fault)
{
    Seen seen = {.batch = batch, .groups = groups, .count = batch->rows};
    for (uint32_t i = 0; i < set->count; i++)
        if (!add_one(set, &set->aggregates[i], seen, arena, fault))
            return false;
    return true;
}

/* --- ORDER BY inside aggregates --- */

bool aggregate_set_is_buffering(const AggregateSet *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (set->aggregates[i].ordered != NULL && row_store_rows(set->aggregates[i].ordered) != 0)
            return true;
    return false;
}

static bool add_sorted(AggregateSet *set, GroupAggregate *aggregate, const Batch *all,
                       const uint32_t *order, uint32_t count, Arena *arena, Fault *fault)
{
    uint32_t *groups = arena_alloc_vector(arena, count * sizeof *groups);
    const int64_t *numbers = all->columns[0].data;
    for (uint32_t i = 0; i < count; i++)
        groups[i] = (uint32_t)numbers[order[i]];
    Vector *columns = ARENA_ARRAY(arena, Vector, aggregate->column_count + 1);
    uint32_t first = 1 + aggregate->spec->order_count;
    for (uint32_t a = 0; a < aggregate->column_count; a++)
        columns[a] = vector_gather(arena, &all->columns[first + a], order, count);
    return add_columns(set, aggregate, columns, groups, count, arena, fault);
}

static bool drain_one(AggregateSet *set, GroupAggregate *aggregate, Arena *arena, Fault *fault)
{
    const StageAggregate *spec = aggregate->spec;
    const Batch *all = row_store_batch(aggregate->ordered);
    SortColumn *columns = ARENA_ARRAY(arena, SortColumn, spec->order_count + 1);
    columns[0] = (SortColumn){.column = 0};
    for (uint32_t o = 0; o < spec->order_count; o++) {
        columns[1 + o] = spec->order[o];
        columns[1 + o].column = 1 + o;
    }
    RowOrder order;
    row_order_init(&order, set->context->budget);
    bool is_added = row_order_sort_ranked(&order, all, columns, spec->order_count + 1, fault);
    Arena *piece = arena_new("ordered aggregate");
    for (uint32_t at = 0; is_added && at < all->rows; at += BATCH_ROWS) {
        uint32_t count = all->rows - at < BATCH_ROWS ? all->rows - at : BATCH_ROWS;
        arena_reset(piece);
        is_added =
            add_sorted(set, aggregate, all, row_order_rows(&order) + at, count, piece, fault);
    }
    arena_free(piece);
    row_order_clear(&order);
    row_store_reset(aggregate->ordered);
    return is_added;
}

bool aggregate_set_drain(AggregateSet *set, Arena *arena, Fault *fault)
{
    for (uint32_t i = 0; i < set->count; i++) {
        GroupAggregate *aggregate = &set->aggregates[i];
        if (aggregate->ordered != NULL && row_store_rows(aggregate->ordered) != 0 &&
            !drain_one(set, aggregate, arena, fault))
            return false;
    }
    return true;
}

/* --- results --- */

bool aggregate_set_emit(AggregateSet *set, bool partial, uint32_t first, uint32_t count,
                        Arena *arena, Vector *columns, Fault *fault)
{
    /* A group may have no state yet: none came, and the one group of all is asked for. */
    if (!aggregate_set_grow(set, first + count, fault))
        return false;
    for (uint32_t i = 0; i < set->count; i++) {
        const GroupAggregate *aggregate = &set->aggregates[i];
        const AggregateFunction *function = aggregate->spec->function;
        const uint8_t *states = (const uint8_t *)set->states.data + aggregate->offset;
        bool is_made = partial ? function->partial(&aggregate->call, states, set->stride, first,
                                                   count, arena, &columns[i], fault)
                               : function->finish(&aggregate->call, states, set->stride, first,
                                                  count, arena, &columns[i], fault);
        if (!is_made)
            return false;
    }
    return true;
}

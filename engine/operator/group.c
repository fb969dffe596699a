/*
 * Group: aggregation by keys.
 *
 * The keys of a batch become group numbers (key_table); the aggregates' states lie side by side
 * in rows, one row a group, and each aggregate adds the whole batch with one call. What goes
 * beyond that (FILTER, DISTINCT, ORDER BY inside an aggregate) is in group_aggregate.c.
 *
 * PARTIAL keeps its table bounded: when it has grown too large its groups are handed on and it
 * starts again. When grouping turns out not to reduce the rows, rows pass through for a while,
 * each as a group of its own, without a table. (Graefe 1993, "Query evaluation techniques",
 * section 4.2: early aggregation.)
 *
 * Where dictionaries are large PARTIAL does not look at texts at all: as long as rows come from one
 * segment its dictionaries' codes are the keys, and with the next segment the groups are handed on,
 * still as codes. Texts are looked up where groups of all segments meet, once for all queries.
 */
#include "engine/operator/group_internal.h"

enum {
    RUNLESS_BATCHES = 16,
    MANY_GROUPS = 10000,              /* estimates from here on are worth making room for */
    DENSE_GROUPS = 30000,        /* from here on most codes of large dictionaries are thought to come */
    FLUSH_GROUPS = 1 << 20,      /* PARTIAL hands its groups on beyond so many */
    FLUSH_BYTES = 128 << 20,     /* or beyond so much memory */
    JUDGE_ROWS = 128 * 1024,     /* rows after which reduction is judged */
    JUDGE_ROWS_LEAST = 16 * 1024, /* fewer say nothing */
    PASS_ROWS = 4 * 1024 * 1024, /* rows that pass before it is judged again */
};

typedef enum GroupPhase { GROUP_READING, GROUP_EMITTING, GROUP_DONE } GroupPhase;

typedef struct GroupOperator {
    Operator base;
    GroupPhase phase;
    bool is_input_done;
    uint32_t key_count;
    KeyTable *keys; /* NULL without keys */
    AggregateSet set;
    uint32_t next_group; /* to emit */
    uint64_t rows_since_flush;
    uint64_t rows_to_pass;
    bool must_see_all; /* of a group before its states are handed on */
    bool may_be_local; /* groups of each dictionary apart: they are merged elsewhere */
    Batch *pending;    /* read already; waits until the groups before it are handed on */
    uint32_t batches_without_runs; /* one after the other */
    Arena *arena; /* of the batch that is read or emitted */
} GroupOperator;

static GroupMode mode_of(const GroupOperator *group)
{
    return group->base.spec->group.mode;
}

static uint32_t group_count(const GroupOperator *group)
{
    return group->keys == NULL ? 1 : key_table_count(group->keys);
}

/* Whether runs are looked for: where there were none in many batches, now and then only. */
static bool may_have_runs(GroupOperator *group)
{
    return group->batches_without_runs < RUNLESS_BATCHES ||
           group->batches_without_runs++ % RUNLESS_BATCHES == 0;
}

/* The group of each row. */
static bool find_groups(GroupOperator *group, const Vector **columns, uint32_t rows,
                        uint32_t *groups, Fault *fault)
{
    uint32_t starts[BATCH_ROWS + 64], entries[BATCH_ROWS];
    uint32_t count = 0;
    if (may_have_runs(group)) {
        count = runs_of_keys(columns, group->key_count, rows, starts);
        group->batches_without_runs = count == 0 ? group->batches_without_runs + 1 : 0;
    }
    if (count == 0)
        return key_table_add(group->keys, columns, rows, groups, fault);
    for (uint32_t k = 0; k < group->key_count; k++) {
        Vector *heads = ARENA_NEW(group->arena, Vector);
        *heads = vector_gather(group->arena, columns[k], starts, count);
        columns[k] = heads;
    }
    if (!key_table_add(group->keys, columns, count, entries, fault))
        return false;
    runs_spread(starts, count, entries, rows, groups);
    return true;
}

static const Vector **key_columns(const GroupOperator *group, const Batch *batch)
{
    const Vector **columns = ARENA_ARRAY(group->arena, const Vector *, group->key_count);
    for (uint32_t k = 0; k < group->key_count; k++)
        columns[k] = &batch->columns[group->base.spec->group.keys[k]];
    return columns;
}

/* False: its dictionaries are others than those of the groups at hand. */
static bool accepts_batch(GroupOperator *group, const Batch *batch)
{
    if (!group->may_be_local)
        return true;
    const Vector **columns = key_columns(group, batch);
    if (group->rows_since_flush == 0 && segment_cache_is_roomy(group->base.context->segments))
        key_table_be_local(group->keys, columns, group->base.spec->estimated_rows >= DENSE_GROUPS);
    return key_table_accepts(group->keys, columns);
}

static bool add_batch(GroupOperator *group, const Batch *batch, Fault *fault)
{
    uint32_t entries[BATCH_ROWS];
    const uint32_t *groups = NULL;
    if (group->keys != NULL) {
        const Vector **columns = key_columns(group, batch);
        if (!find_groups(group, columns, batch->rows, entries, fault))
            return false;
        groups = entries;
    }
    if (!aggregate_set_grow(&group->set, group_count(group), fault))
        return false;
    return aggregate_set_add(&group->set, batch, groups, group->arena, fault);
}

/* --- handing groups on --- */

static void begin_emitting(GroupOperator *group)
{
    group->phase = GROUP_EMITTING;
    group->next_group = group->keys == NULL ? 0 : key_table_first(group->keys);
}

/* The same group is given by every worker that has no rows; only the first one gives it. */
static bool is_empty_group_wanted(const GroupOperator *group)
{
    return group->rows_since_flush != 0 ||
           (mode_of(group) != GROUP_PARTIAL && group->base.context->worker == 0);
}

/* Goes on to the next entries of which some have come, at most a batch: theirs go to `rows`. False:
 * there are none left. */
static bool find_present(GroupOperator *group, uint32_t *count, uint32_t *rows, uint32_t *present)
{
    for (;; group->next_group += *count) {
        uint32_t left = group_count(group) - group->next_group;
        *count = left < BATCH_ROWS ? left : BATCH_ROWS;
        if (group->next_group >= group_count(group))
            return false;
        *present = *count;
        if (group->keys != NULL)
            *present = key_table_present(group->keys, group->next_group, *count, rows);
        if (*present != 0)
            return true;
    }
}

static bool emit(GroupOperator *group, Batch **batch, Fault *fault)
{
    uint32_t rows[BATCH_ROWS + 64], count, present;
    *batch = NULL;
    if (!find_present(group, &count, rows, &present))
        return true;
    arena_reset(group->arena);
    *batch = batch_make(group->arena, group->base.spec->column_count, count);
    if (group->keys != NULL)
        key_table_columns(group->keys, group->next_group, count, group->arena, (*batch)->columns);
    if (!aggregate_set_emit(&group->set, mode_of(group) == GROUP_PARTIAL, group->next_group, count,
                            group->arena, (*batch)->columns + group->key_count, fault))
        return false;
    if (present != count)
        *batch = batch_gather(group->arena, *batch, rows, present);
    group->next_group += count;
    return true;
}

static void start_again(GroupOperator *group)
{
    uint64_t count = key_table_present_count(group->keys);
    bool reduces = count * 10 < group->rows_since_flush * 9;
    if (!reduces && group->rows_since_flush >= JUDGE_ROWS_LEAST)
        group->rows_to_pass = PASS_ROWS;
    key_table_reset(group->keys);
    aggregate_set_reset(&group->set);
    group->rows_since_flush = 0;
    group->phase = GROUP_READING;
}

/* All groups were handed on. */
static Progress end_emitting(GroupOperator *group)
{
    group->phase = GROUP_DONE;
    if (group->is_input_done || group->keys == NULL)
        return PROGRESS_DONE;
    start_again(group);
    return PROGRESS_YIELDED;
}

static Progress emit_next(GroupOperator *group, Batch **batch, Fault *fault)
{
    bool is_ordered = aggregate_set_is_buffering(&group->set);
    if (is_ordered && !aggregate_set_drain(&group->set, group->arena, fault))
        return PROGRESS_FAILED;
    if (group->keys == NULL && !is_empty_group_wanted(group))
        return end_emitting(group);
    if (!emit(group, batch, fault))
        return PROGRESS_FAILED;
    return *batch != NULL ? PROGRESS_BATCH : end_emitting(group);
}

/* --- rows that pass without a table: every row is its own group --- */

static bool pass_through(GroupOperator *group, const Batch *input, Batch **batch, Fault *fault)
{
    uint32_t groups[BATCH_ROWS];
    for (uint32_t i = 0; i < input->rows; i++)
        groups[i] = i;
    aggregate_set_reset(&group->set);
    if (!aggregate_set_grow(&group->set, input->rows, fault) ||
        !aggregate_set_add(&group->set, input, groups, group->arena, fault))
        return false;
    *batch = batch_make(group->arena, group->base.spec->column_count, input->rows);
    for (uint32_t k = 0; k < group->key_count; k++)
        (*batch)->columns[k] = input->columns[group->base.spec->group.keys[k]];
    if (!aggregate_set_emit(&group->set, true, 0, input->rows, group->arena,
                            (*batch)->columns + group->key_count, fault))
        return false;
    group->rows_to_pass = group->rows_to_pass > input->rows ? group->rows_to_pass - input->rows : 0;
    if (group->rows_to_pass == 0)
        aggregate_set_reset(&group->set);
    return true;
}

static bool is_flush_due(const GroupOperator *group)
{
    if (mode_of(group) != GROUP_PARTIAL || group->keys == NULL || group->must_see_all)
        return false;
    uint32_t count = key_table_present_count(group->keys);
    if (count > FLUSH_GROUPS)
        return true;
    if (group->rows_since_flush >= JUDGE_ROWS &&
        group->rows_since_flush < JUDGE_ROWS + BATCH_ROWS &&
        (uint64_t)count * 10 >= group->rows_since_flush * 9)
        return true;
    return key_table_memory(group->keys) + aggregate_set_memory(&group->set) > FLUSH_BYTES;
}

static Progress read_next(GroupOperator *group, Batch **batch, Fault *fault)
{
    OperatorContext *context = group->base.context;
    for (;;) {
        Batch *input = group->pending;
        Progress progress = input != NULL ? PROGRESS_BATCH
                                          : operator_next(group->base.children[0], &input, fault);
        group->pending = NULL;
        if (progress == PROGRESS_DONE) {
            group->is_input_done = true;
            begin_emitting(group);
            return PROGRESS_YIELDED;
        }
        if (progress != PROGRESS_BATCH)
            return progress;
        arena_reset(group->arena);
        if (group->rows_to_pass != 0)
            return pass_through(group, input, batch, fault) ? PROGRESS_BATCH : PROGRESS_FAILED;
        if (!accepts_batch(group, input)) {
            group->pending = input;
            begin_emitting(group);
            return PROGRESS_YIELDED;
        }
        if (!add_batch(group, input, fault))
            return PROGRESS_FAILED;
        group->rows_since_flush += input->rows;
        if (is_flush_due(group)) {
            begin_emitting(group);
            return PROGRESS_YIELDED;
        }
        if (operator_must_yield(context))
            return PROGRESS_YIELDED;
    }
}

static Progress group_next(Operator *self, Batch **batch, Fault *fault)
{
    GroupOperator *group = (GroupOperator *)self;
    for (;;) {
        Progress progress = PROGRESS_DONE;
        if (group->phase == GROUP_READING)
            progress = read_next(group, batch, fault);
        else if (group->phase == GROUP_EMITTING)
            progress = emit_next(group, batch, fault);
        if (progress != PROGRESS_YIELDED || operator_must_yield(self->context))
            return progress;
    }
}

static void group_close(Operator *self)
{
    GroupOperator *group = (GroupOperator *)self;
    key_table_free(group->keys);
    aggregate_set_clear(&group->set);
    arena_free(group->arena);
}

/* Groups that are not wanted need not be formed. */
static void group_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys)
{
    if (column < self->spec->group.key_count)
        operator_restrict_to(self->children[0], self->spec->group.keys[column], keys);
}

static const OperatorClass group_class = {
    .name = "group", .next = group_next, .close = group_close, .restrict_to = group_restrict_to};

Operator *group_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                     Fault *fault)
{
    GroupOperator *group = operator_new(sizeof *group, &group_class, spec, context, children);
    if (!aggregate_set_init(&group->set, spec, context, fault))
        return NULL;
    group->must_see_all = aggregate_set_has_distinct(&group->set);
    group->key_count = spec->group.key_count;
    group->arena = arena_new("group");
    if (group->key_count != 0) {
        const OperatorSpec *child = spec->children[0];
        SqlType *types = ARENA_ARRAY(context->arena, SqlType, group->key_count);
        for (uint32_t k = 0; k < group->key_count; k++)
            types[k] = child->types[spec->group.keys[k]];
        group->keys = key_table_new(context->budget, group->key_count,
                                    operator_layouts(context, types, group->key_count));
        if (spec->estimated_rows >= MANY_GROUPS && spec->estimated_rows < 1e18)
            key_table_expect(group->keys, (uint64_t)spec->estimated_rows);
        group->may_be_local = spec->group.mode == GROUP_PARTIAL && context->segments != NULL &&
                              !group->must_see_all;
        if (context->segments != NULL)
            key_table_borrow_texts(group->keys, context->segments);
    }
    return &group->base;
}

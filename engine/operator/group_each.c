/*
 * Group each: several partial groups of the same rows, for aggregates that are DISTINCT over
 * different arguments. One has the partial states of the others, by the keys; each set of arguments
 * has one that tells rows apart by the keys and the arguments, so that of equal ones a few are left.
 * What comes out of one is a row's part of the output; the columns of the others are NULL.
 *
 * Each member is a group operator (group.c) that reads from a tap: it gives a batch once and then
 * blocks. When all members are blocked the next batch is read.
 */
#include "engine/operator/operator_internal.h"

/* What a member reads from. */
typedef struct Tap {
    Operator base;
    int32_t filter; /* column that must be true; -1: all rows */
    Batch *batch;   /* to be given */
    bool is_done;   /* nothing more will come */
    Arena *arena;   /* of the batch that was given */
} Tap;

typedef struct Member {
    Operator *group;
    Tap *tap;
    int64_t part;
    uint32_t first_column; /* of the output: where its own begin, behind the keys */
    bool is_done;
} Member;

typedef struct GroupEach {
    Operator base;
    uint32_t key_count;
    uint32_t member_count;
    Member *members;
    uint32_t turn; /* the member at hand; member_count: a batch has to be read */
    bool is_input_done;
    Arena *arena; /* of the batch given out */
} GroupEach;

/* --- taps --- */

static Progress tap_next(Operator *self, Batch **batch, Fault *fault)
{
    Tap *tap = (Tap *)self;
    Batch *input = tap->batch;
    (void)fault;
    tap->batch = NULL;
    if (input == NULL)
        return tap->is_done ? PROGRESS_DONE : PROGRESS_BLOCKED;
    *batch = input;
    if (tap->filter < 0)
        return PROGRESS_BATCH;
    arena_reset(tap->arena);
    uint32_t *rows = arena_alloc_vector(tap->arena, ((size_t)input->rows + 64) * sizeof *rows);
    uint32_t count = vector_true_rows(&input->columns[tap->filter], rows);
    if (count == 0)
        return PROGRESS_BLOCKED;
    if (count != input->rows)
        *batch = batch_gather(tap->arena, input, rows, count);
    return PROGRESS_BATCH;
}

static void tap_close(Operator *self)
{
    arena_free(((Tap *)self)->arena);
}

static const OperatorClass tap_class = {.name = "tap", .next = tap_next, .close = tap_close};

static Tap *tap_make(const OperatorSpec *spec, OperatorContext *context, int32_t filter)
{
    Tap *tap = operator_new(sizeof *tap, &tap_class, spec, context, NULL);
    tap->base.child_count = 0;
    tap->filter = filter;
    tap->arena = arena_new("tap");
    return tap;
}

/* --- members --- */

/* The member's output in its columns of the whole one. */
static Batch *widen(const GroupEach *each, const Member *member, const Batch *given)
{
    const OperatorSpec *spec = each->base.spec;
    arena_reset(each->arena);
    Batch *batch = batch_make(each->arena, spec->column_count, given->rows);
    uint32_t own = given->column_count - each->key_count;
    for (uint32_t c = 0; c < spec->column_count; c++) {
        if (c < each->key_count)
            batch->columns[c] = given->columns[c];
        else if (c == each->key_count)
            batch->columns[c] =
                vector_constant(each->arena, LAYOUT_INT64, given->rows, &member->part);
        else if (c >= member->first_column && c - member->first_column < own)
            batch->columns[c] = given->columns[each->key_count + c - member->first_column];
        else
            batch->columns[c] =
                vector_null(each->arena, type_layout(spec->types[c]), given->rows);
    }
    return batch;
}

/* One batch of the child for all taps; or none, when there will be none any more. */
static Progress read_input(GroupEach *each, Fault *fault)
{
    Batch *input = NULL;
    if (!each->is_input_done) {
        Progress progress = operator_next(each->base.children[0], &input, fault);
        if (progress != PROGRESS_BATCH && progress != PROGRESS_DONE)
            return progress;
        each->is_input_done = progress == PROGRESS_DONE;
    }
    for (uint32_t m = 0; m < each->member_count; m++) {
        each->members[m].tap->batch = each->is_input_done ? NULL : input;
        each->members[m].tap->is_done = each->is_input_done;
    }
    each->turn = 0;
    return PROGRESS_BATCH;
}

static Progress member_next(GroupEach *each, Member *member, Batch **batch, Fault *fault)
{
    Batch *given = NULL;
    if (member->is_done)
        return PROGRESS_DONE;
    Progress progress = operator_next(member->group, &given, fault);
    if (progress == PROGRESS_BATCH)
        *batch = widen(each, member, given);
    member->is_done = progress == PROGRESS_DONE;
    return progress;
}

static bool is_all_done(const GroupEach *each)
{
    bool is_done = each->is_input_done;
    for (uint32_t m = 0; m < each->member_count; m++)
        is_done &= each->members[m].is_done;
    return is_done;
}

static Progress each_next(Operator *self, Batch **batch, Fault *fault)
{
    GroupEach *each = (GroupEach *)self;
    while (!is_all_done(each)) {
        if (each->turn == each->member_count) {
            Progress progress = read_input(each, fault);
            if (progress != PROGRESS_BATCH)
                return progress;
        }
        Member *member = &each->members[each->turn];
        Progress progress = member_next(each, member, batch, fault);
        if (progress == PROGRESS_BATCH || progress == PROGRESS_FAILED)
            return progress;
        if (progress == PROGRESS_DONE || progress == PROGRESS_BLOCKED)
            each->turn++;
        if (operator_must_yield(self->context))
            return PROGRESS_YIELDED;
    }
    return PROGRESS_DONE;
}

static void each_close(Operator *self)
{
    GroupEach *each = (GroupEach *)self;
    for (uint32_t m = 0; m < each->member_count; m++)
        operator_close(each->members[m].group);
    arena_free(each->arena);
}

static const OperatorClass each_class = {
    .name = "group each", .next = each_next, .close = each_close};

/* --- building --- */

/* A partial group of the child's rows; its types are columns of the whole output. */
static OperatorSpec *member_spec(const OperatorSpec *whole, Arena *arena, uint32_t first_column,
                                 uint32_t own)
{
    uint32_t keys = whole->group_each.key_count;
    OperatorSpec *spec = arena_zalloc(arena, sizeof *spec);
    SqlType *types = ARENA_ARRAY(arena, SqlType, keys + own);
    for (uint32_t c = 0; c < keys + own; c++)
        types[c] = whole->types[c < keys ? c : first_column + c - keys];
    *spec = (OperatorSpec){.kind = OPERATOR_GROUP,
                           .column_count = keys + own,
                           .types = types,
                           .child_count = 1,
                           .children = whole->children,
                           .estimated_rows = whole->estimated_rows};
    spec->group.mode = GROUP_PARTIAL;
    spec->group.key_count = keys;
    spec->group.keys = whole->group_each.keys;
    return spec;
}

static OperatorSpec *set_spec(const OperatorSpec *whole, Arena *arena, const StageDistinctSet *set,
                              uint32_t first_column)
{
    OperatorSpec *spec = member_spec(whole, arena, first_column, set->argument_count);
    uint32_t keys = whole->group_each.key_count, count = keys + set->argument_count;
    uint32_t *positions = ARENA_ARRAY(arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        positions[i] = i < keys ? whole->group_each.keys[i] : set->arguments[i - keys];
    spec->group.key_count = count;
    spec->group.keys = positions;
    spec->estimated_rows = set->estimated_rows;
    return spec;
}

static bool add_member(GroupEach *each, const OperatorSpec *spec, int32_t filter, int64_t part,
                       uint32_t first_column, Fault *fault)
{
    OperatorContext *context = each->base.context;
    Member *member = &each->members[each->member_count];
    Operator **children = ARENA_ARRAY(context->arena, Operator *, 1);
    *member = (Member){.tap = tap_make(each->base.spec, context, filter),
                       .part = part,
                       .first_column = first_column};
    children[0] = &member->tap->base;
    member->group = group_make(spec, context, children, fault);
    if (member->group == NULL)
        operator_close(children[0]);
    else
        each->member_count++;
    return member->group != NULL;
}

static bool add_members(GroupEach *each, Fault *fault)
{
    const OperatorSpec *whole = each->base.spec;
    Arena *arena = each->base.context->arena;
    uint32_t column = whole->group_each.key_count + 1;
    for (uint32_t i = 0; i < whole->group_each.set_count; i++) {
        const StageDistinctSet *set = &whole->group_each.sets[i];
        if (!add_member(each, set_spec(whole, arena, set, column), set->filter, (int64_t)i + 2,
                        column, fault))
            return false;
        column += set->argument_count;
    }
    if (whole->group_each.aggregate_count == 0)
        return true;
    OperatorSpec *spec = member_spec(whole, arena, column, whole->group_each.aggregate_count);
    spec->group.aggregate_count = whole->group_each.aggregate_count;
    spec->group.aggregates = whole->group_each.aggregates;
    return add_member(each, spec, -1, 1, column, fault);
}

Operator *group_each_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                          Fault *fault)
{
    GroupEach *each = operator_new(sizeof *each, &each_class, spec, context, children);
    each->key_count = spec->group_each.key_count;
    each->members = ARENA_ARRAY(context->arena, Member, spec->group_each.set_count + 1);
    each->arena = arena_new("group each");
    if (!add_members(each, fault)) {
        each_close(&each->base);
        return NULL;
    }
    each->turn = each->member_count;
    return &each->base;
}

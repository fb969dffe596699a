/*
 * Join: the right child's rows are held in a table (join_table.c), the left child's batches probe
 * it.
 *
 * A left batch gives candidate pairs, at most BATCH_ROWS at a time: rows whose keys agree and for
 * which inequalities between the sides may hold (join_range.c). The rest of the condition is evaluated over the candidates; what survives is marked on both sides
 * and, for joins that give pairs, goes out. When the batch has been gone through, the rows that
 * found no partner (LEFT, FULL, SINGLE, ANTI) or did (SEMI) go out; right rows that never found one
 * (RIGHT, FULL, RIGHT ANTI) or did (RIGHT SEMI) at the very end.
 *
 * Three-valued (NOT) IN: a left row that has no match is unknown instead of unmatched when some
 * pair with a NULL key on either side is not ruled out by the other keys and the condition, or
 * when the comparison is a condition of its own and NULL for some candidate.
 */
#include "engine/operator/join_internal.h"

enum {
    FIRST_SHARE = 8, /* candidates of a row that one match decides about */
    SHARE_GROWTH = 8,
};

typedef enum JoinPhase { JOIN_BUILDING, JOIN_PROBING, JOIN_RIGHT_REST, JOIN_DONE } JoinPhase;

typedef struct JoinOperator {
    Operator base;
    JoinPhase phase;
    JoinTable table;
    uint32_t left_columns, right_columns;
    ExprProgram *condition;     /* NULL: none */
    ExprProgram *any_condition; /* the comparison of IN that is no key; NULL: none */
    bool *is_condition_column;  /* of left ++ right */
    bool gives_pairs, gives_left_rest, gives_right_rest;
    bool is_null_aware;
    bool gives_right_only;   /* RIGHT SEMI, RIGHT ANTI: left rows only mark */
    GrowArray right_matched; /* one byte a right row: RIGHT, FULL, RIGHT SEMI, RIGHT ANTI */
    uint32_t right_next;     /* RIGHT_REST: the next right row to look at */
    /* the left batch at hand */
    Batch *left;
    uint32_t left_row;     /* the next to take candidates from */
    uint32_t share;        /* at most so many from a row before it is the next one's turn */
    bool has_more;         /* some row's share did not take all of its candidates */
    bool is_left_finished; /* its rest has gone out */
    uint32_t entries[BATCH_ROWS];
    uint32_t candidate_at[BATCH_ROWS], candidate_end[BATCH_ROWS]; /* positions in the table */
    uint64_t codes[JOIN_RANGE_TESTS][BATCH_ROWS];
    uint8_t left_matched[BATCH_ROWS];
    uint8_t left_unknown[BATCH_ROWS];
    uint8_t left_has_null[BATCH_ROWS];
    /* the candidates at hand */
    uint32_t pair_count;
    uint32_t pair_left[BATCH_ROWS + 64];
    uint32_t pair_right[BATCH_ROWS + 64];
    Arena *arena; /* as long as the output batch */
} JoinOperator;

static StageJoinType type_of(const JoinOperator *join)
{
    return join->base.spec->join.type;
}

/* --- building --- */

/* Left rows without a partner are dropped by these: their scan may do so before it reads more. */
static void restrict_left(JoinOperator *join)
{
    const OperatorSpec *spec = join->base.spec;
    StageJoinType type = type_of(join);
    bool drops_left = type == STAGE_JOIN_INNER || type == STAGE_JOIN_SEMI ||
                      type == STAGE_JOIN_RIGHT || join->gives_right_only;
    bool matches_null =
        spec->join.null_equal != NULL && spec->join.key_count == 1 && spec->join.null_equal[0];
    if (drops_left && spec->join.key_count == 1 && !matches_null && join->table.batch->rows != 0)
        operator_restrict_to(join->base.children[0], spec->join.left_keys[0], join->table.keys);
}

static Progress refused(const JoinOperator *join, Fault *fault)
{
    join_refused(join->base.context, join->base.spec->children[1], &join->table, fault);
    return PROGRESS_FAILED;
}

static Progress build_next(JoinOperator *join, Fault *fault)
{
    for (;;) {
        Batch *batch;
        Progress progress = operator_next(join->base.children[1], &batch, fault);
        if (progress == PROGRESS_DONE)
            break;
        if (progress != PROGRESS_BATCH)
            return progress;
        if (!row_store_append(join->table.store, batch, NULL, 0, fault))
            return refused(join, fault);
        if (operator_must_yield(join->base.context))
            return PROGRESS_YIELDED;
    }
    if (!join_table_build(&join->table, fault))
        return refused(join, fault);
    if (join->gives_right_rest && !grow_array(&join->right_matched, join->base.context->budget,
                                              (size_t)join->table.batch->rows + 1, fault))
        return PROGRESS_FAILED;
    restrict_left(join);
    bool is_hopeless = join->table.batch->rows == 0 &&
                       (type_of(join) == STAGE_JOIN_INNER || type_of(join) == STAGE_JOIN_SEMI ||
                        type_of(join) == STAGE_JOIN_RIGHT || join->gives_right_only);
    join->phase = is_hopeless ? JOIN_DONE : JOIN_PROBING;
    return PROGRESS_YIELDED;
}

/* --- candidates --- */

/* Without a condition, semi-like joins need no pairs: having an entry with rows is the answer. */
static void match_by_entry(JoinOperator *join)
{
    for (uint32_t i = 0; i < join->left->rows; i++) {
        uint32_t entry = join->entries[i];
        join->left_matched[i] =
            entry != KEY_ENTRY_NONE &&
            join_table_end(&join->table, entry) > join_table_start(&join->table, entry);
    }
    join->left_row = join->left->rows;
}

/* Where each left row's candidates lie. */
static void find_candidates(JoinOperator *join)
{
    const JoinTable *table = &join->table;
    const JoinRange *range = &table->range;
    uint8_t is_never[BATCH_ROWS];
    if (range->test_count != 0)
        join_range_find(&join->table.range, join->left, join->codes, is_never);
    for (uint32_t i = 0; i < join->left->rows; i++) {
        uint32_t entry = join->entries[i];
        bool has_none = entry == KEY_ENTRY_NONE || (range->test_count != 0 && is_never[i]);
        uint32_t start = has_none ? 0 : join_table_start(table, entry);
        uint32_t end = has_none ? 0 : join_table_end(table, entry);
        if (start < end && range->test_count != 0)
            end = join_range_end(range, start, end, join->codes[0][i]);
        join->candidate_at[i] = start;
        join->candidate_end[i] = end;
    }
}

/* One match decides about a left row: further candidates are looked at only as long as there is
 * none, ever more of them. */
static bool is_decided_by_one(const JoinOperator *join)
{
    return !join->gives_pairs && !join->gives_right_only;
}

static bool begin_left(JoinOperator *join, Batch *left, Fault *fault)
{
    join->left = left;
    join->left_row = 0;
    join->share = is_decided_by_one(join) ? FIRST_SHARE : UINT32_MAX;
    join->has_more = false;
    join->is_left_finished = false;
    memset(join->left_matched, 0, left->rows);
    memset(join->left_unknown, 0, left->rows);
    if (!join_table_find(&join->table, left, join->base.spec->join.left_keys, join->entries,
                         join->left_has_null, fault))
        return false;
    if (is_decided_by_one(join) && join->condition == NULL && join->any_condition == NULL)
        match_by_entry(join);
    else
        find_candidates(join);
    return true;
}

/* Whether pairs with the row's candidates would say nothing new: they are marked, all at once. */
static bool is_marked(const JoinOperator *join, uint32_t row)
{
    if (!join->gives_right_only || join->condition != NULL)
        return false;
    uint32_t entry = join->entries[row];
    const uint8_t *matched = join->right_matched.data;
    return join->candidate_at[row] == join_table_start(&join->table, entry) &&
           matched[join_table_row(&join->table, join->candidate_at[row])];
}

/* Takes candidates of the row at hand, up to its share and the room there is. */
static void take_candidates(JoinOperator *join, uint32_t row)
{
    uint32_t count = join->pair_count;
    uint32_t room = BATCH_ROWS - count < join->share ? BATCH_ROWS - count : join->share;
    uint32_t taken =
        join_range_take(&join->table, &join->candidate_at[row], join->candidate_end[row],
                        join->codes[JOIN_RANGE_TESTS - 1][row], room, join->pair_right + count);
    for (uint32_t i = 0; i < taken; i++)
        join->pair_left[count + i] = row;
    join->pair_count += taken;
    bool has_all = join->candidate_at[row] == join->candidate_end[row];
    if (has_all || taken == join->share) {
        join->has_more |= !has_all;
        join->left_row++;
    }
}

/* Fills the pairs with the next candidates. Without a condition every candidate is a match, so a
 * row without one can go out at once, paired with no row. */
static bool next_candidates(JoinOperator *join, Fault *fault)
{
    bool pairs_with_none = join->condition == NULL && join->gives_left_rest;
    bool is_decided = is_decided_by_one(join);
    join->pair_count = 0;
    while (join->left_row < join->left->rows && join->pair_count < BATCH_ROWS) {
        uint32_t row = join->left_row;
        uint32_t left = join->candidate_end[row] - join->candidate_at[row];
        if (left == 0 && pairs_with_none) {
            join->pair_left[join->pair_count] = row;
            join->pair_right[join->pair_count++] = UINT32_MAX;
        }
        if (left == 0 || (is_decided && join->left_matched[row]) || is_marked(join, row)) {
            join->left_row++;
            continue;
        }
        if (left > 1 && type_of(join) == STAGE_JOIN_SINGLE && join->condition == NULL)
            return fault_set(fault, FAULT_CARDINALITY_VIOLATION,
                             "more than one row returned by a subquery used as an expression");
        take_candidates(join, row);
    }
    return true;
}

/* Goes through the left rows again when some have candidates left; whether it does. */
static bool begin_round(JoinOperator *join)
{
    if (!join->has_more)
        return false;
    join->has_more = false;
    join->share = join->share < BATCH_ROWS / SHARE_GROWTH ? join->share * SHARE_GROWTH : BATCH_ROWS;
    join->left_row = 0;
    return true;
}

/* Columns of the pairs that the condition looks at; the others are NULL there. */
static Batch *condition_batch(JoinOperator *join, const uint32_t *left_rows,
                              const uint32_t *right_rows, uint32_t count)
{
    uint32_t total = join->left_columns + join->right_columns;
    Batch *batch = batch_make(join->arena, total, count);
    for (uint32_t c = 0; c < total; c++) {
        bool is_left = c < join->left_columns;
        const Vector *source =
            is_left ? &join->left->columns[c] : &join->table.batch->columns[c - join->left_columns];
        batch->columns[c] =
            join->is_condition_column[c]
                ? vector_gather(join->arena, source, is_left ? left_rows : right_rows, count)
                : vector_null(join->arena, source->layout, count);
    }
    return batch;
}

/* Keeps the candidates for which the condition is true; one that is NULL makes its left row
 * unknown with `null_is_unknown`. */
static bool apply_condition(JoinOperator *join, ExprProgram *condition, bool null_is_unknown,
                            Fault *fault)
{
    if (condition == NULL || join->pair_count == 0)
        return true;
    Vector holds;
    Batch *batch = condition_batch(join, join->pair_left, join->pair_right, join->pair_count);
    if (!expr_run(condition, batch, NULL, join->arena, &holds, fault))
        return false;
    if (null_is_unknown)
        for (uint32_t i = 0; i < join->pair_count; i++)
            join->left_unknown[join->pair_left[i]] |= vector_is_null(&holds, i);
    uint32_t *rows =
        arena_alloc_vector(join->arena, ((size_t)join->pair_count + 64) * sizeof *rows);
    uint32_t count = vector_true_rows(&holds, rows);
    for (uint32_t i = 0; i < count; i++) {
        join->pair_left[i] = join->pair_left[rows[i]];
        join->pair_right[i] = join->pair_right[rows[i]];
    }
    join->pair_count = count;
    return true;
}

static bool mark_matches(JoinOperator *join, Fault *fault)
{
    bool is_single = type_of(join) == STAGE_JOIN_SINGLE;
    uint8_t *right_matched = join->right_matched.data;
    for (uint32_t i = 0; i < join->pair_count; i++) {
        uint32_t row = join->pair_left[i];
        if (is_single && join->left_matched[row])
            return fault_set(fault, FAULT_CARDINALITY_VIOLATION,
                             "more than one row returned by a subquery used as an expression");
        join->left_matched[row] = 1;
        if (join->gives_right_rest && join->pair_right[i] != UINT32_MAX)
            right_matched[join->pair_right[i]] = 1;
    }
    return true;
}

/* --- unknown --- */

/* Whether the pair's keys leave "equal" open: none differs, some is NULL. */
static bool keys_leave_open(const JoinOperator *join, uint32_t left_row, uint32_t right_row)
{
    const OperatorSpec *spec = join->base.spec;
    for (uint32_t k = 0; k < spec->join.key_count; k++) {
        const Vector *left = &join->left->columns[spec->join.left_keys[k]];
        const Vector *right = &join->table.batch->columns[spec->join.right_keys[k]];
        bool compares_null = spec->join.null_equal != NULL && spec->join.null_equal[k];
        if (!compares_null && (vector_is_null(left, left_row) || vector_is_null(right, right_row)))
            continue;
        if (!vector_rows_equal(left, left_row, right, right_row))
            return false;
    }
    return true;
}

/* Whether the condition is true or unknown for one of the candidate pairs. */
static bool condition_leaves_open(JoinOperator *join, const uint32_t *left_rows,
                                  const uint32_t *right_rows, uint32_t count, bool *is_open,
                                  Fault *fault)
{
    *is_open = count != 0;
    if (join->condition == NULL || count == 0)
        return true;
    Vector holds;
    Batch *batch = condition_batch(join, left_rows, right_rows, count);
    if (!expr_run(join->condition, batch, NULL, join->arena, &holds, fault))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (vector_is_null(&holds, i) || VECTOR_DATA(uint8_t, &holds)[vector_row(&holds, i)])
            return true;
    *is_open = false;
    return true;
}

/* Looks at the pairs of one left row in which a key is NULL. */
static bool find_unknown(JoinOperator *join, uint32_t left_row, Fault *fault)
{
    bool all = join->left_has_null[left_row];
    uint32_t candidates = all ? join->table.batch->rows : join->table.null_count;
    const uint32_t *null_rows = join->table.null_rows.data;
    uint32_t *left_rows = ARENA_ARRAY(join->arena, uint32_t, BATCH_ROWS);
    uint32_t *right_rows = ARENA_ARRAY(join->arena, uint32_t, BATCH_ROWS);
    uint32_t count = 0;
    for (uint32_t i = 0; i < candidates; i++) {
        uint32_t right_row = all ? i : null_rows[i];
        if (keys_leave_open(join, left_row, right_row)) {
            left_rows[count] = left_row;
            right_rows[count++] = right_row;
        }
        if (count != 0 && (count == BATCH_ROWS || join->condition == NULL || i + 1 == candidates)) {
            bool is_open;
            if (!condition_leaves_open(join, left_rows, right_rows, count, &is_open, fault))
                return false;
            if (is_open) {
                join->left_unknown[left_row] = 1;
                return true;
            }
            count = 0;
        }
    }
    if (count == 0)
        return true;
    bool is_open;
    if (!condition_leaves_open(join, left_rows, right_rows, count, &is_open, fault))
        return false;
    join->left_unknown[left_row] |= is_open;
    return true;
}

static bool find_unknowns(JoinOperator *join, Fault *fault)
{
    if (!join->is_null_aware)
        return true;
    for (uint32_t i = 0; i < join->left->rows; i++)
        if (!join->left_matched[i] && !join->left_unknown[i] && !find_unknown(join, i, fault))
            return false;
    return true;
}

/* --- output --- */

static Vector take_left(JoinOperator *join, uint32_t column, const uint32_t *rows, uint32_t count,
                        bool is_all)
{
    const Vector *vector = &join->left->columns[column];
    return is_all ? *vector : vector_gather(join->arena, vector, rows, count);
}

static bool is_every_row(const uint32_t *rows, uint32_t count, uint32_t total)
{
    if (count != total)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (rows[i] != i)
            return false;
    return true;
}

static Batch *give_pairs(JoinOperator *join)
{
    uint32_t count = join->pair_count;
    Batch *batch = batch_make(join->arena, join->base.spec->column_count, count);
    bool is_all = is_every_row(join->pair_left, count, join->left->rows);
    for (uint32_t c = 0; c < join->left_columns; c++)
        batch->columns[c] = take_left(join, c, join->pair_left, count, is_all);
    for (uint32_t c = 0; c < join->right_columns; c++)
        batch->columns[join->left_columns + c] = vector_gather_or_null(
            join->arena, &join->table.batch->columns[c], join->pair_right, count);
    return batch;
}

/* Left rows rows[0..count) with NULLs on the right (LEFT, FULL, SINGLE) or alone (SEMI, ANTI). */
static Batch *give_left_rows(JoinOperator *join, const uint32_t *rows, uint32_t count)
{
    Batch *batch = batch_make(join->arena, join->base.spec->column_count, count);
    bool is_all = is_every_row(rows, count, join->left->rows);
    for (uint32_t c = 0; c < join->left_columns; c++)
        batch->columns[c] = take_left(join, c, rows, count, is_all);
    for (uint32_t c = join->left_columns; c < batch->column_count; c++)
        batch->columns[c] = vector_null(
            join->arena, join->table.batch->columns[c - join->left_columns].layout, count);
    return batch;
}

static Batch *give_marks(JoinOperator *join)
{
    uint32_t count = join->left->rows;
    Batch *batch = batch_make(join->arena, join->left_columns + 1, count);
    for (uint32_t c = 0; c < join->left_columns; c++)
        batch->columns[c] = join->left->columns[c];
    uint8_t *marks = arena_alloc_vector(join->arena, count);
    uint8_t *nulls = arena_alloc_vector(join->arena, count);
    for (uint32_t i = 0; i < count; i++) {
        marks[i] = join->left_matched[i];
        nulls[i] = !join->left_matched[i] && join->left_unknown[i];
    }
    batch->columns[join->left_columns] = vector_flat(LAYOUT_BOOL, count, marks, nulls);
    return batch;
}

/* What goes out when all candidates of the left batch were seen; NULL: nothing. */
static Batch *finish_left(JoinOperator *join)
{
    StageJoinType type = type_of(join);
    if (type == STAGE_JOIN_MARK)
        return give_marks(join);
    bool wants_rest = join->gives_left_rest && join->condition != NULL;
    if (!wants_rest && type != STAGE_JOIN_SEMI && type != STAGE_JOIN_ANTI)
        return NULL;
    uint32_t *rows = arena_alloc_vector(join->arena, join->left->rows * sizeof *rows);
    uint32_t count = 0;
    for (uint32_t i = 0; i < join->left->rows; i++) {
        bool is_wanted = type == STAGE_JOIN_SEMI ? join->left_matched[i] : !join->left_matched[i];
        if (type == STAGE_JOIN_ANTI)
            is_wanted &= !join->left_unknown[i];
        rows[count] = i;
        count += is_wanted;
    }
    return count == 0 ? NULL : give_left_rows(join, rows, count);
}

static Progress probe_next(JoinOperator *join, Batch **batch, Fault *fault)
{
    if (join->left == NULL || join->is_left_finished) {
        Batch *left;
        join->left = NULL; /* it ends with this call, whatever comes */
        Progress progress = operator_next(join->base.children[0], &left, fault);
        if (progress == PROGRESS_DONE) {
            join->phase = join->gives_right_rest ? JOIN_RIGHT_REST : JOIN_DONE;
            return PROGRESS_YIELDED;
        }
        if (progress != PROGRESS_BATCH)
            return progress;
        if (!begin_left(join, left, fault))
            return PROGRESS_FAILED;
    }
    arena_reset(join->arena);
    if (join->left_row < join->left->rows || begin_round(join)) {
        if (!next_candidates(join, fault) ||
            !apply_condition(join, join->condition, join->is_null_aware, fault) ||
            !apply_condition(join, join->any_condition, true, fault) || !mark_matches(join, fault))
            return PROGRESS_FAILED;
        if (!join->gives_pairs || join->pair_count == 0)
            return PROGRESS_YIELDED;
        *batch = give_pairs(join);
        return PROGRESS_BATCH;
    }
    join->is_left_finished = true;
    if (!find_unknowns(join, fault))
        return PROGRESS_FAILED;
    *batch = finish_left(join);
    return *batch == NULL ? PROGRESS_YIELDED : PROGRESS_BATCH;
}

/* Right rows that never matched, with NULLs on the left; alone, those that did or did not. */
static Progress right_rest_next(JoinOperator *join, Batch **batch)
{
    const uint8_t *matched = join->right_matched.data;
    const OperatorSpec *left = join->base.spec->children[0];
    uint32_t left_columns = join->gives_right_only ? 0 : join->left_columns;
    bool wants_matched = type_of(join) == STAGE_JOIN_RIGHT_SEMI;
    uint32_t total = join->table.batch->rows, count = 0;
    for (; join->right_next < total && count < BATCH_ROWS; join->right_next++)
        if (matched[join->right_next] == wants_matched)
            join->pair_right[count++] = join->right_next;
    if (count == 0) {
        join->phase = JOIN_DONE;
        return PROGRESS_DONE;
    }
    arena_reset(join->arena);
    *batch = batch_make(join->arena, join->base.spec->column_count, count);
    for (uint32_t c = 0; c < left_columns; c++)
        (*batch)->columns[c] = vector_null(join->arena, type_layout(left->types[c]), count);
    for (uint32_t c = 0; c < join->right_columns; c++)
        (*batch)->columns[left_columns + c] =
            vector_gather(join->arena, &join->table.batch->columns[c], join->pair_right, count);
    return PROGRESS_BATCH;
}

static Progress join_next(Operator *self, Batch **batch, Fault *fault)
{
    JoinOperator *join = (JoinOperator *)self;
    for (;;) {
        Progress progress = PROGRESS_DONE;
        switch (join->phase) {
        case JOIN_BUILDING:
            progress = build_next(join, fault);
            break;
        case JOIN_PROBING:
            progress = probe_next(join, batch, fault);
            break;
        case JOIN_RIGHT_REST:
            progress = right_rest_next(join, batch);
            break;
        case JOIN_DONE:
            break;
        }
        if (progress != PROGRESS_YIELDED || operator_must_yield(self->context))
            return progress;
    }
}

static void join_close(Operator *self)
{
    JoinOperator *join = (JoinOperator *)self;
    grow_array_free(&join->right_matched, self->context->budget);
    join_table_clear(&join->table);
    arena_free(join->arena);
}

/* A wish about a left column is one about the left child, whatever the type: no left row depends on
 * another one. */
static void join_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys)
{
    const JoinOperator *join = (const JoinOperator *)self;
    if (column < join->left_columns && !join->gives_right_rest)
        operator_restrict_to(self->children[0], column, keys);
}

static const OperatorClass join_class = {
    .name = "join", .next = join_next, .close = join_close, .restrict_to = join_restrict_to};

static bool compile_condition(JoinOperator *join, const Expr *condition, ExprProgram **program,
                              Fault *fault)
{
    OperatorContext *context = join->base.context;
    uint32_t total = join->left_columns + join->right_columns;
    if (condition == NULL)
        return true;
    for (uint32_t c = 0; c < total; c++)
        join->is_condition_column[c] |= expr_uses_column(condition, c);
    *program = expr_compile(context->arena, &condition, 1, context->types, fault);
    return *program != NULL;
}

Operator *join_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                    Fault *fault)
{
    JoinOperator *join = operator_new(sizeof *join, &join_class, spec, context, children);
    StageJoinType type = spec->join.type;
    join->left_columns = spec->children[0]->column_count;
    join->right_columns = spec->children[1]->column_count;
    join->gives_left_rest =
        type == STAGE_JOIN_LEFT || type == STAGE_JOIN_FULL || type == STAGE_JOIN_SINGLE;
    join->gives_right_only = type == STAGE_JOIN_RIGHT_SEMI || type == STAGE_JOIN_RIGHT_ANTI;
    join->gives_right_rest =
        type == STAGE_JOIN_RIGHT || type == STAGE_JOIN_FULL || join->gives_right_only;
    join->gives_pairs = type != STAGE_JOIN_SEMI && type != STAGE_JOIN_ANTI &&
                        type != STAGE_JOIN_MARK && !join->gives_right_only;
    join->is_null_aware =
        spec->join.is_null_aware && (type == STAGE_JOIN_ANTI || type == STAGE_JOIN_MARK);
    if (spec->join.key_count > 64) {
        fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "a join has %u keys; 64 are allowed",
                  spec->join.key_count);
        return NULL;
    }
    join->is_condition_column =
        arena_zalloc(context->arena, join->left_columns + join->right_columns + 1u);
    const Expr *any = join->gives_pairs ? NULL : spec->join.any_condition;
    if (!compile_condition(join, spec->join.condition, &join->condition, fault) ||
        !compile_condition(join, any, &join->any_condition, fault))
        return NULL;
    if (!join_table_init(&join->table, context, spec, fault))
        return NULL;
    join->arena = arena_new("join");
    return &join->base;
}

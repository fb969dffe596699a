/*
 * Top N of each: the first N rows of the order within each partition, sorted by both. For row
 * numbers and ranks of which only the first ones are wanted.
 *
 * Candidates are kept; now and then they are sorted, what lies beyond the N-th of its partition
 * goes, and the N-th row's key is from then on the partition's threshold: rows that sort after it
 * are not kept at all. With ties, rows that are equal to the N-th stay.
 */
#include "engine/operator/key_table_internal.h"

enum { LEAST_CANDIDATES = 64 * 1024, ENTRY_KEY_BYTES = 9 };

typedef struct Threshold {
    uint32_t begin, length;
    bool is_known;
} Threshold;

typedef struct TopEachOperator {
    Operator base;
    uint32_t limit;
    uint32_t width;       /* columns of the input; the store has the partition's number as well */
    KeyTable *partitions; /* NULL: all rows are one */
    GrowArray thresholds; /* Threshold, by the partition's number */
    Buffer threshold_keys;
    RowStore *store;
    RowOrder order;
    Buffer keys;          /* of the batch at hand */
    uint32_t kept;        /* rows after the last shrinking */
    const Batch *rows;    /* once all have come */
    uint32_t next;
    Arena *arena;
} TopEachOperator;

static const SortColumn *order_columns(const TopEachOperator *top, uint32_t *count)
{
    const OperatorSpec *spec = top->base.spec;
    *count = spec->sort.key_count - spec->sort.each_count;
    return spec->sort.keys + spec->sort.each_count;
}

static bool find_partitions(TopEachOperator *top, const Batch *batch, uint32_t *entries,
                            Fault *fault)
{
    const OperatorSpec *spec = top->base.spec;
    memset(entries, 0, batch->rows * sizeof *entries);
    if (top->partitions == NULL)
        return grow_array(&top->thresholds, top->base.context->budget, sizeof(Threshold), fault);
    const Vector **columns = ARENA_ARRAY(top->arena, const Vector *, spec->sort.each_count);
    for (uint32_t k = 0; k < spec->sort.each_count; k++)
        columns[k] = &batch->columns[spec->sort.keys[k].column];
    return key_table_add(top->partitions, columns, batch->rows, entries, fault) &&
           grow_array(&top->thresholds, top->base.context->budget,
                      (size_t)key_table_count(top->partitions) * sizeof(Threshold), fault);
}

/* Rows that do not sort after their partition's threshold. */
static uint32_t within_thresholds(TopEachOperator *top, const Batch *batch,
                                  const uint32_t *entries, uint32_t *rows)
{
    uint32_t count, kept = 0;
    const SortColumn *columns = order_columns(top, &count);
    uint32_t *offsets = ARENA_ARRAY(top->arena, uint32_t, batch->rows + 1);
    offsets[0] = 0;
    buffer_reset(&top->keys);
    batch_sort_keys(batch, columns, count, &top->keys, offsets);
    const Threshold *thresholds = top->thresholds.data;
    bool with_ties = top->base.spec->sort.with_ties;
    for (uint32_t i = 0; i < batch->rows; i++) {
        const Threshold *threshold = &thresholds[entries[i]];
        bool is_within = !threshold->is_known;
        if (!is_within) {
            Text key = {(const char *)top->keys.data + offsets[i], offsets[i + 1] - offsets[i]};
            Text last = {(const char *)top->threshold_keys.data + threshold->begin,
                         threshold->length};
            int relation = text_compare(key, last);
            is_within = relation < 0 || (relation == 0 && with_ties);
        }
        rows[kept] = i;
        kept += is_within;
    }
    return kept;
}

static void learn_threshold(TopEachOperator *top, uint32_t entry, Text key)
{
    Threshold *threshold = (Threshold *)top->thresholds.data + entry;
    *threshold = (Threshold){.begin = (uint32_t)top->threshold_keys.length,
                             .length = key.length - ENTRY_KEY_BYTES,
                             .is_known = true};
    buffer_append(&top->threshold_keys, key.data + ENTRY_KEY_BYTES, threshold->length);
}

/* Of the candidates in order, those that stay. */
static uint32_t first_of_each(TopEachOperator *top, const Batch *all, uint32_t *rows)
{
    const int64_t *entries = all->columns[top->width].data;
    const uint32_t *sorted = row_order_rows(&top->order);
    bool with_ties = top->base.spec->sort.with_ties;
    uint32_t kept = 0, number = 0;
    Text last = {0};
    for (uint32_t i = 0; i < all->rows; i++) {
        uint32_t row = sorted[i];
        number = i > 0 && entries[row] == entries[sorted[i - 1]] ? number + 1 : 1;
        if (number == top->limit) {
            last = row_order_key(&top->order, row);
            learn_threshold(top, (uint32_t)entries[row], last);
        }
        bool stays = number <= top->limit ||
                     (with_ties && text_equal(row_order_key(&top->order, row), last));
        rows[kept] = row;
        kept += stays;
    }
    return kept;
}

static bool shrink(TopEachOperator *top, Fault *fault)
{
    uint32_t count;
    const SortColumn *own = order_columns(top, &count);
    const Batch *all = row_store_batch(top->store);
    arena_reset(top->arena);
    SortColumn *columns = ARENA_ARRAY(top->arena, SortColumn, count + 1);
    columns[0] = (SortColumn){.column = top->width};
    if (count > 0)
        memcpy(columns + 1, own, count * sizeof *columns);
    if (!row_order_sort(&top->order, all, columns, count + 1, fault))
        return false;
    if (top->thresholds.data != NULL)
        memset(top->thresholds.data, 0, top->thresholds.size);
    buffer_reset(&top->threshold_keys);
    uint32_t *rows = arena_alloc_vector(top->arena, ((size_t)all->rows + 1) * sizeof *rows);
    top->kept = first_of_each(top, all, rows);
    return row_store_keep(top->store, rows, top->kept, fault);
}

static bool take_batch(TopEachOperator *top, const Batch *batch, Fault *fault)
{
    uint32_t entries[BATCH_ROWS], rows[BATCH_ROWS + 64];
    arena_reset(top->arena);
    if (!find_partitions(top, batch, entries, fault))
        return false;
    uint32_t kept = within_thresholds(top, batch, entries, rows);
    if (kept == 0)
        return true;
    int64_t *numbers = arena_alloc_vector(top->arena, batch->rows * sizeof *numbers);
    for (uint32_t i = 0; i < batch->rows; i++)
        numbers[i] = entries[i];
    Batch *numbered = batch_make(top->arena, top->width + 1, batch->rows);
    if (top->width > 0)
        memcpy(numbered->columns, batch->columns, top->width * sizeof *numbered->columns);
    numbered->columns[top->width] = vector_flat(LAYOUT_INT64, batch->rows, numbers, NULL);
    if (!row_store_append(top->store, numbered, rows, kept, fault))
        return false;
    uint64_t most = (uint64_t)top->kept * 2;
    return row_store_rows(top->store) < (most < LEAST_CANDIDATES ? LEAST_CANDIDATES : most) ||
           shrink(top, fault);
}

static Progress read_all(TopEachOperator *top, Fault *fault)
{
    for (;;) {
        Batch *batch;
        Progress progress = operator_next(top->base.children[0], &batch, fault);
        if (progress == PROGRESS_DONE)
            break;
        if (progress != PROGRESS_BATCH)
            return progress;
        if (!take_batch(top, batch, fault))
            return PROGRESS_FAILED;
        if (operator_must_yield(top->base.context))
            return PROGRESS_YIELDED;
    }
    const OperatorSpec *spec = top->base.spec;
    if (!shrink(top, fault))
        return PROGRESS_FAILED;
    top->rows = row_store_batch(top->store);
    return row_order_sort_ranked(&top->order, top->rows, spec->sort.keys, spec->sort.key_count,
                                 fault)
               ? PROGRESS_DONE
               : PROGRESS_FAILED;
}

static Progress top_each_next(Operator *self, Batch **batch, Fault *fault)
{
    TopEachOperator *top = (TopEachOperator *)self;
    if (top->rows == NULL) {
        Progress progress = read_all(top, fault);
        if (progress != PROGRESS_DONE)
            return progress;
    }
    uint32_t left = top->rows->rows - top->next;
    if (left == 0)
        return PROGRESS_DONE;
    uint32_t count = left < BATCH_ROWS ? left : BATCH_ROWS;
    arena_reset(top->arena);
    Batch numberless = *top->rows;
    numberless.column_count = top->width;
    *batch = batch_gather(top->arena, &numberless, row_order_rows(&top->order) + top->next, count);
    top->next += count;
    return PROGRESS_BATCH;
}

static void top_each_close(Operator *self)
{
    TopEachOperator *top = (TopEachOperator *)self;
    key_table_free(top->partitions);
    grow_array_free(&top->thresholds, self->context->budget);
    row_order_clear(&top->order);
    row_store_free(top->store);
    buffer_clear(&top->threshold_keys);
    buffer_clear(&top->keys);
    arena_free(top->arena);
}

static const OperatorClass top_each_class = {
    .name = "top n of each", .next = top_each_next, .close = top_each_close};

Operator *top_each_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                        Fault *fault)
{
    const OperatorSpec *child = spec->children[0];
    if (spec->sort.limit < 1 || spec->sort.limit > ROWS_LIMIT / 2 ||
        spec->sort.each_count > spec->sort.key_count) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "a top N of each has no number");
        return NULL;
    }
    TopEachOperator *top = operator_new(sizeof *top, &top_each_class, spec, context, children);
    uint32_t each = spec->sort.each_count;
    SqlType *types = ARENA_ARRAY(context->arena, SqlType, child->column_count + each + 1);
    for (uint32_t k = 0; k < each; k++)
        types[k] = child->types[spec->sort.keys[k].column];
    if (each > 0)
        top->partitions =
            key_table_new(context->budget, each, operator_layouts(context, types, each));
    for (uint32_t c = 0; c < child->column_count; c++)
        types[c] = child->types[c];
    types[child->column_count] = SQL_TYPE(T_INT8);
    top->limit = (uint32_t)spec->sort.limit;
    top->width = child->column_count;
    top->store = row_store_new(context->budget, top->width + 1,
                               operator_layouts(context, types, top->width + 1));
    row_order_init(&top->order, context->budget);
    buffer_init(&top->threshold_keys);
    buffer_init(&top->keys);
    top->arena = arena_new("top n of each");
    return &top->base;
}

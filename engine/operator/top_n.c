/*
 * Top N: the first N rows of the order. Keeps candidates; when there are enough to be worth it,
 * sorts them and drops all beyond the N-th, whose key is from then on the threshold: rows that
 * sort after it are not kept at all. For integer keys the threshold is one comparison a row, made
 * over the whole batch, and is offered to the operators below, so that a scan can leave out whole
 * blocks.
 */
#include "engine/operator/operator_internal.h"

enum { MIN_CANDIDATES = 8192, LATER = 4 };

typedef struct TopNOperator {
    Operator base;
    uint32_t limit;
    uint32_t shrink_at; /* candidates; before that only when there are too many */
    RowStore *store;
    RowOrder order;
    bool has_threshold;
    Buffer threshold;      /* the N-th key */
    bool is_first_integer; /* the first key column has the layout INT64 */
    bool has_bound;        /* the N-th row's first key is not null: `bound` is set */
    SortBound bound;
    bool has_text_bound; /* the same of strings */
    Buffer text_bound;
    uint64_t bound_dictionary; /* the sorted dictionary whose codes are known: */
    uint32_t bound_code;       /* codes below it sort before or equal (descending: from it on) */
    Buffer keys;               /* of the batch at hand */
    const Batch *rows;         /* sorted, once all have come */
    uint32_t next;
    Arena *arena;
} TopNOperator;

static const SortColumn *first_key(const TopNOperator *top)
{
    return &top->base.spec->sort.keys[0];
}

static void learn_bound(TopNOperator *top, const Batch *all, uint32_t last_row)
{
    if (top->base.spec->sort.key_count == 0)
        return;
    const SortColumn *key = first_key(top);
    const Vector *column = &all->columns[key->column];
    if (vector_is_null(column, last_row))
        return;
    if (column->layout == LAYOUT_STRING) {
        Text text = vector_text(column, last_row);
        buffer_reset(&top->text_bound);
        buffer_append(&top->text_bound, text.data, text.length);
        top->has_text_bound = true;
        top->bound_dictionary = 0;
    }
    if (!top->is_first_integer)
        return;
    top->has_bound = true;
    top->bound = (SortBound){
        .column = key->column,
        .descending = key->descending,
        .keeps_nulls = key->nulls_first,
        .value = VECTOR_DATA(int64_t, column)[vector_row(column, last_row)],
    };
    operator_offer_bound(top->base.children[0], &top->bound);
}

/* Sorts the candidates, keeps the first N, and learns the threshold when there are N. */
static bool shrink(TopNOperator *top, Fault *fault)
{
    const OperatorSpec *spec = top->base.spec;
    const Batch *all = row_store_batch(top->store);
    if (!row_order_sort(&top->order, all, spec->sort.keys, spec->sort.key_count, fault))
        return false;
    uint32_t kept = all->rows < top->limit ? all->rows : top->limit;
    if (kept == top->limit && kept != 0) {
        uint32_t last = row_order_rows(&top->order)[kept - 1];
        Text key = row_order_key(&top->order, last);
        buffer_reset(&top->threshold);
        buffer_append(&top->threshold, key.data, key.length);
        top->has_threshold = true;
        learn_bound(top, all, last);
    }
    return row_store_keep(top->store, row_order_rows(&top->order), kept, fault);
}

/* Rows whose string is not beyond the bound; NULLs stay. In a sorted dictionary that is a range of
 * codes. */
static const uint32_t *within_text_bound(TopNOperator *top, const Vector *column, uint32_t *count)
{
    Text bound = {(const char *)top->text_bound.data, (uint32_t)top->text_bound.length};
    bool descending = first_key(top)->descending;
    uint32_t *rows = arena_alloc_vector(top->arena, ((size_t)column->length + 64) * sizeof *rows);
    uint32_t kept = 0;
    const Dictionary *dictionary = column->form == VECTOR_DICTIONARY ? column->dictionary : NULL;
    if (dictionary != NULL && dictionary->is_sorted && dictionary->is_unique) {
        if (top->bound_dictionary != dictionary->id) {
            top->bound_dictionary = dictionary->id;
            top->bound_code = dictionary_lower_bound(dictionary, bound, !descending);
        }
        const uint32_t *codes = column->data;
        for (uint32_t i = 0; i < column->length; i++) {
            bool is_within = descending ? codes[i] >= top->bound_code : codes[i] < top->bound_code;
            rows[kept] = i;
            kept += is_within | (codes[i] == 0);
        }
    } else {
        for (uint32_t i = 0; i < column->length; i++) {
            bool is_within = vector_is_null(column, i);
            if (!is_within) {
                int order = text_compare(vector_text(column, i), bound);
                is_within = descending ? order >= 0 : order <= 0;
            }
            rows[kept] = i;
            kept += is_within;
        }
    }
    *count = kept;
    return kept == column->length ? NULL : rows;
}

/* Rows whose first key does not sort after the bound; all when nothing is known. */
static const uint32_t *within_bound(TopNOperator *top, const Batch *batch, uint32_t *count)
{
    *count = batch->rows;
    if (top->has_text_bound)
        return within_text_bound(top, &batch->columns[first_key(top)->column], count);
    if (!top->has_bound)
        return NULL;
    const Vector *column = &batch->columns[first_key(top)->column];
    if (column->form != VECTOR_FLAT)
        return NULL;
    const int64_t *values = column->data;
    uint32_t *rows = arena_alloc_vector(top->arena, ((size_t)batch->rows + 64) * sizeof *rows);
    uint32_t kept = 0;
    int64_t bound = top->bound.value;
    if (top->bound.descending)
        for (uint32_t i = 0; i < batch->rows; i++) {
            rows[kept] = i;
            kept += (values[i] >= bound) | (column->nulls != NULL && column->nulls[i]);
        }
    else
        for (uint32_t i = 0; i < batch->rows; i++) {
            rows[kept] = i;
            kept += (values[i] <= bound) | (column->nulls != NULL && column->nulls[i]);
        }
    *count = kept;
    return kept == batch->rows ? NULL : rows;
}

/* Of those, the rows whose whole key sorts before the threshold. */
static bool keep_candidates(TopNOperator *top, const Batch *batch, Fault *fault)
{
    const OperatorSpec *spec = top->base.spec;
    uint32_t count;
    arena_reset(top->arena);
    const uint32_t *within = within_bound(top, batch, &count);
    if (count == 0)
        return true;
    if (!top->has_threshold)
        return row_store_append(top->store, batch, NULL, 0, fault);
    if (within != NULL)
        batch = batch_gather(top->arena, batch, within, count);
    uint32_t *offsets = ARENA_ARRAY(top->arena, uint32_t, batch->rows + 1);
    offsets[0] = 0;
    buffer_reset(&top->keys);
    batch_sort_keys(batch, spec->sort.keys, spec->sort.key_count, &top->keys, offsets);
    uint32_t *rows = ARENA_ARRAY(top->arena, uint32_t, batch->rows);
    Text threshold = {(const char *)top->threshold.data, (uint32_t)top->threshold.length};
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->rows; i++) {
        Text key = {(const char *)top->keys.data + offsets[i], offsets[i + 1] - offsets[i]};
        rows[kept] = i;
        kept += text_compare(key, threshold) < 0;
    }
    return kept == 0 || row_store_append(top->store, batch, rows, kept, fault);
}

static uint32_t candidates_at_most(const TopNOperator *top)
{
    uint64_t twice = (uint64_t)top->limit * 2;
    return twice < MIN_CANDIDATES ? MIN_CANDIDATES
           : twice > ROWS_LIMIT   ? ROWS_LIMIT
                                  : (uint32_t)twice;
}

/*
 * The first threshold comes as soon as there are N rows: it is what makes everything after cheap,
 * most of all where rows come nearly in the order wanted. The ones after come at ever longer
 * distances, until it is worth more to wait.
 */
static bool take_batch(TopNOperator *top, const Batch *batch, Fault *fault)
{
    if (!keep_candidates(top, batch, fault))
        return false;
    uint32_t held = row_store_rows(top->store), most = candidates_at_most(top);
    bool is_due = held >= top->shrink_at && held >= top->limit && top->limit <= MIN_CANDIDATES;
    if (held < most && !is_due)
        return true;
    uint64_t next = (uint64_t)(held > top->limit ? held : top->limit) * LATER;
    top->shrink_at = next < most ? (uint32_t)next : most;
    return shrink(top, fault);
}

static Progress read_all(TopNOperator *top, Fault *fault)
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
    if (!shrink(top, fault))
        return PROGRESS_FAILED;
    top->rows = row_store_batch(top->store);
    return PROGRESS_DONE;
}

static Progress top_n_next(Operator *self, Batch **batch, Fault *fault)
{
    TopNOperator *top = (TopNOperator *)self;
    if (top->limit == 0)
        return PROGRESS_DONE;
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
    *batch = batch_slice(top->arena, top->rows, top->next, count);
    top->next += count;
    return PROGRESS_BATCH;
}

static void top_n_close(Operator *self)
{
    TopNOperator *top = (TopNOperator *)self;
    row_order_clear(&top->order);
    row_store_free(top->store);
    buffer_clear(&top->threshold);
    buffer_clear(&top->text_bound);
    buffer_clear(&top->keys);
    arena_free(top->arena);
}

static const OperatorClass top_n_class = {
    .name = "top n", .next = top_n_next, .close = top_n_close};

/* Before the first row: a bound that excludes nothing tells scans where to begin. */
static void offer_direction(TopNOperator *top)
{
    if (!top->is_first_integer)
        return;
    const SortColumn *key = first_key(top);
    SortBound bound = {.column = key->column,
                       .descending = key->descending,
                       .keeps_nulls = key->nulls_first,
                       .value = key->descending ? INT64_MIN : INT64_MAX};
    operator_offer_bound(top->base.children[0], &bound);
}

Operator *top_n_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                     Fault *fault)
{
    const OperatorSpec *child = spec->children[0];
    /* More rows than a store can hold: nothing to throw away early. Without keys any N rows do. */
    if (spec->sort.limit > ROWS_LIMIT / 2)
        return sort_make(spec, context, children, fault);
    TopNOperator *top = operator_new(sizeof *top, &top_n_class, spec, context, children);
    top->limit = (uint32_t)spec->sort.limit;
    top->store = row_store_new(context->budget, child->column_count,
                               operator_layouts(context, child->types, child->column_count));
    top->is_first_integer = spec->sort.key_count != 0 &&
                            type_layout(child->types[spec->sort.keys[0].column]) == LAYOUT_INT64;
    row_order_init(&top->order, context->budget);
    buffer_init(&top->threshold);
    buffer_init(&top->text_bound);
    buffer_init(&top->keys);
    top->arena = arena_new("top n");
    offer_direction(top);
    return &top->base;
}

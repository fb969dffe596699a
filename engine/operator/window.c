/*
 * Window: functions over rows that come sorted by partition and order.
 *
 * One pass. How many rows are kept depends on what the functions must see: where none looks
 * beyond the row at hand (row numbers, ranks, running sums by ROWS) batches go through as they
 * come; else rows wait in a buffer until the group of peers, so many rows more, or the partition
 * is there, and leave it when nobody looks back at them any more. Several small partitions are
 * computed at once: functions work on rows, not on partitions.
 */
#include "engine/operator/window_internal.h"

enum { CHUNK_ROWS = 2 * BATCH_ROWS }; /* worth computing at a time */

typedef struct WindowOperator {
    Operator base;
    uint32_t call_count;
    WindowCall **calls;
    WindowNeeds needs;   /* of all */
    bool is_direct;      /* nothing is kept */
    RowStore *store;     /* unless direct */
    WindowBorders borders;
    WindowChunk chunk;
    uint32_t computed;   /* rows at the buffer's front that were computed before this chunk */
    uint32_t next;       /* to emit */
    bool has_chunk, is_input_done;
    Arena *arena;        /* of a batch that is read */
    Arena *output;       /* of a batch that is given */
} WindowOperator;

bool window_is_cancelled(const OperatorContext *context, Fault *fault)
{
    if (context->is_cancelled == NULL || !*context->is_cancelled)
        return false;
    fault_set(fault, FAULT_CANCELED, "query canceled");
    return true;
}

bool window_integer(const WindowCall *call, const WindowChunk *chunk, uint32_t argument,
                    uint32_t row, int64_t *value)
{
    const Vector *constant = call->spec->call.constants[argument];
    const Vector *vector =
        constant != NULL ? constant : &chunk->rows->columns[call->spec->call.arguments[argument]];
    row = constant != NULL ? 0 : row;
    if (vector_is_null(vector, row))
        return false;
    *value = VECTOR_DATA(int64_t, vector)[vector_row(vector, row)];
    return true;
}

/* --- chunks --- */

static bool begin_chunk(WindowOperator *window, const Batch *rows, uint32_t first, uint32_t end,
                        Fault *fault)
{
    window->chunk = (WindowChunk){.rows = rows,
                                  .borders = &window->borders,
                                  .first = first,
                                  .end = end,
                                  .is_last = window->is_input_done};
    window->has_chunk = true;
    window->next = first;
    for (uint32_t i = 0; i < window->call_count; i++) {
        WindowCall *call = window->calls[i];
        if (call->methods->begin != NULL &&
            (window_is_cancelled(window->base.context, fault) ||
             !call->methods->begin(call, &window->chunk, fault)))
            return false;
    }
    return true;
}

/* Rows of the buffer's front that nobody looks back at. */
static uint32_t to_drop(const WindowOperator *window)
{
    uint64_t before = window->needs.before, end = window->chunk.end;
    return before >= end ? 0 : (uint32_t)(end - before);
}

static bool end_chunk(WindowOperator *window, Fault *fault)
{
    uint32_t dropped = window->is_direct ? window->borders.rows : to_drop(window);
    uint32_t left = window->borders.rows - dropped;
    window->has_chunk = false;
    for (uint32_t i = 0; i < window->call_count; i++)
        if (window->calls[i]->methods->end != NULL)
            window->calls[i]->methods->end(window->calls[i], dropped);
    window->computed = window->chunk.end - dropped;
    window_borders_drop(&window->borders, dropped);
    if (window->is_direct || dropped == 0)
        return true;
    if (left == 0) {
        row_store_reset(window->store);
        return true;
    }
    arena_reset(window->arena);
    uint32_t *rows = arena_alloc_vector(window->arena, (size_t)left * sizeof *rows);
    for (uint32_t i = 0; i < left; i++)
        rows[i] = dropped + i;
    return row_store_keep(window->store, rows, left, fault);
}

/* Rows [computed, result) can be computed with what is there. */
static uint32_t computable(const WindowOperator *window)
{
    const WindowBorders *borders = &window->borders;
    if (window->is_input_done || borders->rows == 0)
        return borders->rows;
    const WindowPartition *partitions = borders->partitions.data;
    const int64_t *groups = borders->groups.data;
    int64_t partition = partitions[borders->partition_count - 1].begin;
    partition = partition < 0 ? 0 : partition; /* complete up to here */
    if (window->needs.partition)
        return (uint32_t)partition;
    int64_t end = borders->rows;
    if (window->needs.peers) {
        int64_t group = groups[borders->group_count - 1];
        end = group < 0 ? 0 : group;
    }
    int64_t seen = window->needs.after >= borders->rows
                       ? 0
                       : (int64_t)borders->rows - (int64_t)window->needs.after;
    end = end < seen ? end : seen;
    return (uint32_t)(end > partition ? end : partition);
}

/* Whether it is time: a few batches, and not so few that looking back outweighs them. */
static bool is_chunk_due(const WindowOperator *window, uint32_t end)
{
    uint64_t most = ROWS_LIMIT / 2;
    uint64_t around = window->needs.before + window->needs.after;
    uint64_t wanted = around < CHUNK_ROWS ? CHUNK_ROWS : around < most ? around : most;
    if (window->is_input_done)
        return end > window->computed;
    return end > window->computed && end - window->computed >= wanted;
}

/* --- reading --- */

/* maxRowsMaterializedInWindow: what is held of the partition that is being read. */
static bool check_held(const WindowOperator *window, Fault *fault)
{
    const Settings *settings = window->base.context->types->settings;
    const WindowBorders *borders = &window->borders;
    int64_t most = settings == NULL ? 0 : settings->max_rows_materialized_in_window;
    const WindowPartition *partitions = borders->partitions.data;
    int64_t begin =
        borders->partition_count == 0 ? 0 : partitions[borders->partition_count - 1].begin;
    int64_t held = borders->rows - (begin < 0 ? 0 : begin);
    if (most == 0 || held <= most)
        return true;
    fault_set(fault, FAULT_TOO_MANY_ROWS_IN_A_WINDOW,
              "too many rows in a window (requested = %lld, max = %lld)", (long long)held,
              (long long)most);
    fault_field_int(fault, "numRows", held);
    return fault_field_int(fault, "maxRows", most);
}

static bool take_batch(WindowOperator *window, const Batch *batch, Fault *fault)
{
    arena_reset(window->arena);
    if (!window->is_direct && !row_store_append(window->store, batch, NULL, 0, fault))
        return false;
    if (!window_borders_add(&window->borders, window->base.spec, batch, window->arena, fault) ||
        (!window->is_direct && !check_held(window, fault)))
        return false;
    return !window->is_direct || begin_chunk(window, batch, 0, batch->rows, fault);
}

static Progress read_next(WindowOperator *window, Fault *fault)
{
    Batch *batch;
    Progress progress = operator_next(window->base.children[0], &batch, fault);
    if (progress == PROGRESS_DONE)
        window->is_input_done = true;
    else if (progress != PROGRESS_BATCH)
        return progress;
    else if (!take_batch(window, batch, fault))
        return PROGRESS_FAILED;
    if (window->is_direct)
        return PROGRESS_YIELDED;
    uint32_t end = computable(window);
    if (is_chunk_due(window, end) &&
        !begin_chunk(window, row_store_batch(window->store), window->computed, end, fault))
        return PROGRESS_FAILED;
    return PROGRESS_YIELDED;
}

/* --- giving --- */

static bool emit(WindowOperator *window, Batch **batch, Fault *fault)
{
    const WindowChunk *chunk = &window->chunk;
    uint32_t count = chunk->end - window->next;
    count = count < BATCH_ROWS ? count : BATCH_ROWS;
    arena_reset(window->output);
    uint32_t width = chunk->rows->column_count;
    Batch *result = batch_make(window->output, width + window->call_count, count);
    for (uint32_t c = 0; c < width; c++)
        result->columns[c] = vector_slice(&chunk->rows->columns[c], window->next, count);
    for (uint32_t i = 0; i < window->call_count; i++)
        if (!window->calls[i]->methods->compute(window->calls[i], chunk, window->next,
                                                window->next + count, window->output,
                                                &result->columns[width + i], fault))
            return false;
    window->next += count;
    *batch = result;
    return true;
}

static Progress window_next(Operator *self, Batch **batch, Fault *fault)
{
    WindowOperator *window = (WindowOperator *)self;
    for (;;) {
        if (window->has_chunk && window->next < window->chunk.end)
            return emit(window, batch, fault) ? PROGRESS_BATCH : PROGRESS_FAILED;
        if (window->has_chunk && !end_chunk(window, fault))
            return PROGRESS_FAILED;
        if (window->is_input_done)
            return PROGRESS_DONE;
        Progress progress = read_next(window, fault);
        if (progress != PROGRESS_YIELDED ||
            (!window->has_chunk && operator_must_yield(self->context)))
            return progress;
    }
}

static void window_close(Operator *self)
{
    WindowOperator *window = (WindowOperator *)self;
    for (uint32_t i = 0; i < window->call_count; i++)
        if (window->calls[i]->methods->close != NULL)
            window->calls[i]->methods->close(window->calls[i]);
    window_borders_clear(&window->borders);
    row_store_free(window->store);
    arena_free(window->arena);
    arena_free(window->output);
}

/* Partitions that are not wanted need not come. */
static void window_restrict_to(Operator *self, uint32_t column, struct KeyTable *keys)
{
    for (uint32_t i = 0; i < self->spec->window.partition_count; i++)
        if (self->spec->window.partition[i] == column) {
            operator_restrict_to(self->children[0], column, keys);
            return;
        }
}

static const OperatorClass window_class = {.name = "window",
                                           .next = window_next,
                                           .close = window_close,
                                           .restrict_to = window_restrict_to};

/* --- making --- */

static WindowCall *call_make(const OperatorSpec *spec, const StageWindowFunction *function,
                             OperatorContext *context, Fault *fault)
{
    if (function->function == NULL)
        return window_aggregate_make(spec, function, context, fault);
    switch (function->function->kind) {
    case WINDOW_ROW_NUMBER:
    case WINDOW_RANK:
    case WINDOW_DENSE_RANK:
    case WINDOW_PERCENT_RANK:
    case WINDOW_CUME_DIST:
    case WINDOW_NTILE:
        return window_rank_make(spec, function, context, fault);
    case WINDOW_LAG:
    case WINDOW_LEAD:
    case WINDOW_FIRST_VALUE:
    case WINDOW_LAST_VALUE:
    case WINDOW_NTH_VALUE:
        return window_value_make(spec, function, context, fault);
    }
    return NULL;
}

static void add_needs(WindowNeeds *all, const WindowNeeds *one)
{
    all->partition |= one->partition;
    all->peers |= one->peers;
    all->before = one->before > all->before ? one->before : all->before;
    all->after = one->after > all->after ? one->after : all->after;
}

static bool make_calls(WindowOperator *window, Fault *fault)
{
    const OperatorSpec *spec = window->base.spec;
    OperatorContext *context = window->base.context;
    window->calls = ARENA_ARRAY(context->arena, WindowCall *, spec->window.function_count);
    for (uint32_t i = 0; i < spec->window.function_count; i++) {
        WindowCall *call = call_make(spec, &spec->window.functions[i], context, fault);
        if (call == NULL)
            return false;
        window->calls[window->call_count++] = call;
        add_needs(&window->needs, &call->needs);
    }
    if (window->needs.partition) /* which is there from its first to its last row */
        window->needs.before = window->needs.after = 0;
    window->is_direct = !window->needs.partition && !window->needs.peers &&
                        window->needs.before == 0 && window->needs.after == 0;
    return true;
}

Operator *window_make(const OperatorSpec *spec, OperatorContext *context, Operator **children,
                      Fault *fault)
{
    const OperatorSpec *child = spec->children[0];
    WindowOperator *window = operator_new(sizeof *window, &window_class, spec, context, children);
    window_borders_init(&window->borders, context->budget);
    window->arena = arena_new("window");
    window->output = arena_new("window output");
    if (!make_calls(window, fault)) {
        window_close(&window->base);
        return NULL;
    }
    if (!window->is_direct)
        window->store = row_store_new(context->budget, child->column_count,
                                      operator_layouts(context, child->types, child->column_count));
    return &window->base;
}

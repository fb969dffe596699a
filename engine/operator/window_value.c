/*
 * Values of other rows: lag and lead by distance, first, last and n-th of the frame. Each makes a
 * list of rows, which are then gathered at once.
 */
#include "engine/operator/window_internal.h"

#define NO_ROW UINT32_MAX

/* Distances up to this do not need the whole partition. */
enum { NEAR_ROWS = 4096 };

static Vector argument_vector(const WindowCall *call, const WindowChunk *chunk, uint32_t argument)
{
    const Vector *constant = call->spec->call.constants[argument];
    if (constant == NULL)
        return chunk->rows->columns[call->spec->call.arguments[argument]];
    Vector vector = *constant;
    vector.length = chunk->rows->rows;
    return vector;
}

/* --- lag and lead --- */

/* Rows outside of the partition take the third argument's value in the row at hand. */
static Vector with_default(const WindowCall *call, const WindowChunk *chunk, uint32_t from,
                           const Vector *values, const uint8_t *is_outside, Arena *arena)
{
    uint32_t count = values->length;
    Vector other = argument_vector(call, chunk, 2);
    Vector parts[2] = {vector_flatten(arena, values), vector_slice(&other, from, count)};
    parts[1] = vector_flatten(arena, &parts[1]);
    Vector both = vector_concatenate(arena, parts, 2);
    uint32_t *rows = arena_alloc_vector(arena, count * sizeof *rows);
    for (uint32_t i = 0; i < count; i++)
        rows[i] = is_outside[i] ? count + i : i;
    return vector_gather(arena, &both, rows, count);
}

static void shift_compute(const WindowCall *call, const WindowChunk *chunk, uint32_t from,
                          uint32_t to, Arena *arena, Vector *result)
{
    const StageAggregate *spec = &call->spec->call;
    uint32_t count = to - from;
    bool is_lag = call->spec->function->kind == WINDOW_LAG, any_outside = false;
    uint32_t *rows = arena_alloc_vector(arena, count * sizeof *rows);
    uint8_t *is_outside = arena_zalloc(arena, count);
    for (uint32_t row = from; row < to; row++) {
        int64_t distance = 1, at;
        rows[row - from] = NO_ROW;
        if (spec->argument_count > 1 && !window_integer(call, chunk, 1, row, &distance))
            continue;
        uint32_t partition = chunk_partition(chunk, row);
        bool overflows = is_lag ? __builtin_sub_overflow((int64_t)row, distance, &at)
                                : __builtin_add_overflow((int64_t)row, distance, &at);
        if (overflows || at < partition_begin(chunk, partition) ||
            at >= partition_end(chunk, partition)) {
            is_outside[row - from] = 1;
            any_outside = true;
            continue;
        }
        rows[row - from] = (uint32_t)at;
    }
    Vector values = argument_vector(call, chunk, 0);
    *result = vector_gather_or_null(arena, &values, rows, count);
    if (any_outside && spec->argument_count > 2)
        *result = with_default(call, chunk, from, result, is_outside, arena);
}

/* --- of the frame --- */

/* The n-th row, from 0; NO_ROW when there are fewer. */
static uint32_t nth_of(const FrameRange *ranges, uint64_t n)
{
    for (int i = 0; i < FRAME_RANGES; i++) {
        uint32_t rows = ranges[i].end - ranges[i].begin;
        if (n < rows)
            return ranges[i].begin + (uint32_t)n;
        n -= rows;
    }
    return NO_ROW;
}

static uint32_t last_of(const FrameRange *ranges)
{
    for (int i = FRAME_RANGES; i-- > 0;)
        if (ranges[i].end > ranges[i].begin)
            return ranges[i].end - 1;
    return NO_ROW;
}

static bool nth_value_row(const WindowCall *call, const WindowChunk *chunk, uint32_t row,
                          const FrameRange *ranges, uint32_t *found, Fault *fault)
{
    int64_t n;
    *found = NO_ROW;
    if (!window_integer(call, chunk, 1, row, &n))
        return true;
    if (n <= 0)
        return fault_set(fault, FAULT_INVALID_ARGUMENT_FOR_NTH_VALUE,
                         "argument of nth_value must be greater than zero");
    *found = nth_of(ranges, (uint64_t)n - 1);
    return true;
}

static bool frame_compute(const WindowCall *call, const WindowChunk *chunk, uint32_t from,
                          uint32_t to, Arena *arena, Vector *result, Fault *fault)
{
    uint32_t count = to - from;
    WindowKind kind = call->spec->function->kind;
    const WindowFrame *frame = &call->spec->frame;
    uint32_t *rows = arena_alloc_vector(arena, count * sizeof *rows);
    FrameRange *frames = ARENA_ARRAY(arena, FrameRange, count);
    window_frames(chunk, call->operator_spec, frame, from, to, frames);
    for (uint32_t i = 0; i < count; i++) {
        FrameRange ranges[FRAME_RANGES];
        window_frame_exclude(chunk, frame, from + i, frames[i], ranges);
        if (kind == WINDOW_FIRST_VALUE)
            rows[i] = nth_of(ranges, 0);
        else if (kind == WINDOW_LAST_VALUE)
            rows[i] = last_of(ranges);
        else if (!nth_value_row(call, chunk, from + i, ranges, &rows[i], fault))
            return false;
    }
    Vector values = argument_vector(call, chunk, 0);
    *result = vector_gather_or_null(arena, &values, rows, count);
    return true;
}

static bool value_compute(WindowCall *call, const WindowChunk *chunk, uint32_t from, uint32_t to,
                          Arena *arena, Vector *result, Fault *fault)
{
    WindowKind kind = call->spec->function->kind;
    if (kind != WINDOW_LAG && kind != WINDOW_LEAD)
        return frame_compute(call, chunk, from, to, arena, result, fault);
    shift_compute(call, chunk, from, to, arena, result);
    return true;
}

/* --- making --- */

static WindowNeeds shift_needs(const StageWindowFunction *function)
{
    int64_t distance = 1;
    const StageAggregate *spec = &function->call;
    if (spec->argument_count > 1) {
        const Vector *constant = spec->constants[1];
        if (constant == NULL)
            return (WindowNeeds){.partition = true};
        distance = vector_is_null(constant, 0) ? 0 : VECTOR_DATA(int64_t, constant)[0];
    }
    if (distance > NEAR_ROWS || distance < -NEAR_ROWS)
        return (WindowNeeds){.partition = true};
    if (function->function->kind == WINDOW_LAG)
        distance = -distance;
    return distance < 0 ? (WindowNeeds){.before = (uint64_t)-distance}
                        : (WindowNeeds){.after = (uint64_t)distance};
}

static WindowNeeds frame_value_needs(const StageWindowFunction *function, uint32_t order_count)
{
    WindowNeeds needs = window_frame_needs(&function->frame, order_count);
    bool looks_at_start = function->function->kind != WINDOW_LAST_VALUE;
    if (looks_at_start && function->frame.start == BOUND_UNBOUNDED_PRECEDING)
        needs.partition = true;
    return needs;
}

static const WindowMethods value_methods = {.compute = value_compute};

WindowCall *window_value_make(const OperatorSpec *spec, const StageWindowFunction *function,
                              OperatorContext *context, Fault *fault)
{
    const StageAggregate *arguments = &function->call;
    WindowKind kind = function->function->kind;
    Layout layout = type_layout(arguments->argument_types[0]);
    bool fits = type_layout(arguments->result) == layout &&
                (arguments->argument_count < 2 ||
                 type_layout(arguments->argument_types[1]) == LAYOUT_INT64) &&
                (arguments->argument_count < 3 ||
                 type_layout(arguments->argument_types[2]) == layout);
    if (!fits) {
        fault_set(fault, FAULT_INTERNAL_ERROR, "arguments of %s have other types",
                  function->function->name);
        return NULL;
    }
    WindowCall *call = ARENA_NEW(context->arena, WindowCall);
    *call = (WindowCall){.methods = &value_methods,
                         .operator_spec = spec,
                         .spec = function,
                         .context = context};
    call->needs = kind == WINDOW_LAG || kind == WINDOW_LEAD
                      ? shift_needs(function)
                      : frame_value_needs(function, spec->window.order_count);
    return call;
}

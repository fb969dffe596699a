/*
 * DS_THETA, APPROX_COUNT_DISTINCT_DS_THETA: theta sketches (Dasgupta, Lang, Rhodes, Thaler, "A
 * framework for estimating stream expression cardinalities", 2016).
 *
 * A sketch keeps the hashes below a threshold, theta. When it has twice its size of them, theta
 * becomes the hash behind the `size` smallest, and the others go. Until then the count is exact;
 * after, it is the number of hashes divided by theta's share of all. Unions, intersections and
 * differences of such samples are samples of the sets' (sketch.c).
 *
 * A partial, and a sketch as a value, is bytes: size (4), count (4), theta (8), the hashes in
 * ascending order (8 each).
 */
#include "engine/function/sketch_internal.h"

#include <math.h>
#include <stdlib.h>

typedef struct Theta {
    uint64_t *table; /* open addressing, 0 empty */
    uint64_t theta;  /* hashes below it are kept */
    uint32_t count, capacity;
} Theta;

typedef struct ThetaSpec {
    uint32_t size;
} ThetaSpec;

enum { HEAD_BYTES = 16, FIRST_CAPACITY = 16 };

static bool theta_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    ThetaSpec *spec = ARENA_NEW(arena, ThetaSpec);
    spec->size = THETA_SIZE;
    call->prepared = spec;
    if (call->argument_count < 2)
        return true;
    const Vector *size = call->constants[1];
    int64_t value = size == NULL || vector_is_null(size, 0) ? 0 : VECTOR_DATA(int64_t, size)[0];
    if (value < THETA_LEAST_SIZE || value > THETA_MOST_SIZE || (value & (value - 1)) != 0)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "the size of %s must be a literal power of two between %d and %d",
                         call->function->name, THETA_LEAST_SIZE, THETA_MOST_SIZE);
    spec->size = (uint32_t)value;
    return true;
}

/* --- the set --- */

static uint64_t to_theta_hash(uint64_t hash)
{
    hash >>= 1;
    return hash == 0 ? 1 : hash;
}

static bool table_insert(uint64_t *table, uint32_t capacity, uint64_t hash)
{
    uint32_t at = (uint32_t)(hash * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (capacity - 1);
    while (table[at] != 0) {
        if (table[at] == hash)
            return false;
        at = (at + 1) & (capacity - 1);
    }
    table[at] = hash;
    return true;
}

static bool theta_grow(const AggregateCall *call, Theta *theta, Fault *fault)
{
    uint32_t capacity = theta->capacity == 0 ? FIRST_CAPACITY : theta->capacity * 2;
    uint64_t *table = aggregate_alloc(call, capacity * sizeof *table, fault);
    if (table == NULL)
        return false;
    memset(table, 0, capacity * sizeof *table);
    for (uint32_t i = 0; i < theta->capacity; i++)
        if (theta->table[i] != 0)
            table_insert(table, capacity, theta->table[i]);
    theta->table = table;
    theta->capacity = capacity;
    return true;
}

static int by_hash(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The set's hashes to the front, ascending. */
static void collect(const Theta *theta, uint64_t *hashes)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < theta->capacity; i++)
        if (theta->table[i] != 0)
            hashes[count++] = theta->table[i];
    qsort(hashes, count, sizeof *hashes, by_hash);
}

/* To the `size` smallest. */
static void theta_cut(Theta *theta, uint32_t size)
{
    uint64_t *hashes = malloc((size_t)theta->count * sizeof *hashes);
    if (hashes == NULL)
        abort();
    collect(theta, hashes);
    theta->theta = hashes[size];
    memset(theta->table, 0, theta->capacity * sizeof *theta->table);
    theta->count = size;
    for (uint32_t i = 0; i < size; i++)
        table_insert(theta->table, theta->capacity, hashes[i]);
    free(hashes);
}

static bool theta_add_hash(const AggregateCall *call, Theta *theta, uint64_t hash, Fault *fault)
{
    const ThetaSpec *spec = call->prepared;
    if (theta->capacity == 0) {
        theta->theta = theta->theta == 0 ? THETA_ALL : theta->theta;
        if (!theta_grow(call, theta, fault))
            return false;
    }
    if (hash >= theta->theta || !table_insert(theta->table, theta->capacity, hash))
        return true;
    theta->count++;
    if (theta->count >= 2 * spec->size)
        theta_cut(theta, spec->size);
    /* At most three quarters full. */
    return (uint64_t)theta->count * 4 <= (uint64_t)theta->capacity * 3 ||
           theta_grow(call, theta, fault);
}

static bool theta_add(const AggregateCall *call, uint8_t *states, size_t stride,
                      const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault)
{
    uint64_t hashes[BATCH_ROWS];
    for (uint32_t start = 0; start < rows; start += BATCH_ROWS) {
        uint32_t count = rows - start < BATCH_ROWS ? rows - start : BATCH_ROWS;
        Vector slice = vector_slice(&arguments[0], start, count);
        vector_hash(&slice, hashes, false);
        for (uint32_t i = 0; i < count; i++)
            if (!vector_is_null(&slice, i) &&
                !theta_add_hash(
                    call,
                    AGGREGATE_STATE(Theta, states, stride, aggregate_group(groups, start + i)),
                    to_theta_hash(hashes[i]), fault))
                return false;
    }
    return true;
}

/* --- packed --- */

Text theta_pack(Arena *arena, uint32_t size, uint64_t theta, const uint64_t *hashes,
                uint32_t count)
{
    if (count > size) {
        theta = hashes[size];
        count = size;
    }
    char *bytes = arena_alloc(arena, HEAD_BYTES + (size_t)count * sizeof *hashes);
    memcpy(bytes, &size, sizeof size);
    memcpy(bytes + 4, &count, sizeof count);
    memcpy(bytes + 8, &theta, sizeof theta);
    if (count > 0)
        memcpy(bytes + HEAD_BYTES, hashes, (size_t)count * sizeof *hashes);
    return (Text){bytes, HEAD_BYTES + count * (uint32_t)sizeof *hashes};
}

uint64_t theta_hash(const ThetaView *view, uint32_t index)
{
    uint64_t hash;
    memcpy(&hash, view->hashes + (size_t)index * sizeof hash, sizeof hash);
    return hash;
}

bool theta_read(Text packed, ThetaView *view, Fault *fault)
{
    if (packed.length < HEAD_BYTES)
        return sketch_fault("theta", fault);
    memcpy(&view->size, packed.data, sizeof view->size);
    memcpy(&view->count, packed.data + 4, sizeof view->count);
    memcpy(&view->theta, packed.data + 8, sizeof view->theta);
    view->hashes = packed.data + HEAD_BYTES;
    bool is_valid = view->size >= THETA_LEAST_SIZE && view->size <= THETA_MOST_SIZE &&
                    view->count <= 2 * view->size && view->theta > 0 &&
                    view->theta <= THETA_ALL &&
                    packed.length - HEAD_BYTES == (uint64_t)view->count * sizeof(uint64_t);
    uint64_t before = 0;
    for (uint32_t i = 0; is_valid && i < view->count; i++) {
        uint64_t hash = theta_hash(view, i);
        is_valid = hash > before && hash < view->theta;
        before = hash;
    }
    return is_valid || sketch_fault("theta", fault);
}

double theta_estimate(const ThetaView *view)
{
    return (double)view->count / ((double)view->theta / (double)THETA_ALL);
}

static Text pack_state(const Theta *theta, uint32_t size, Arena *arena)
{
    uint64_t *hashes = ARENA_ARRAY(arena, uint64_t, (size_t)theta->count + 1);
    collect(theta, hashes);
    return theta_pack(arena, size, theta->theta == 0 ? THETA_ALL : theta->theta, hashes,
                      theta->count);
}

static bool theta_merge_view(const AggregateCall *call, Theta *theta, const ThetaView *view,
                             Fault *fault)
{
    if (theta->theta == 0 || view->theta < theta->theta) {
        theta->theta = view->theta;
        uint64_t *old = theta->table;
        uint32_t capacity = theta->capacity;
        theta->table = NULL;
        theta->count = theta->capacity = 0;
        for (uint32_t i = 0; i < capacity; i++)
            if (old[i] != 0 && !theta_add_hash(call, theta, old[i], fault))
                return false;
    }
    for (uint32_t i = 0; i < view->count; i++)
        if (!theta_add_hash(call, theta, theta_hash(view, i), fault))
            return false;
    return true;
}

static bool theta_add_packed(const AggregateCall *call, uint8_t *states, size_t stride,
                             const uint32_t *groups, const Vector *arguments, uint32_t rows,
                             Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        ThetaView view;
        if (vector_is_null(&arguments[0], i))
            continue;
        if (!theta_read(vector_text(&arguments[0], i), &view, fault) ||
            !theta_merge_view(
                call, AGGREGATE_STATE(Theta, states, stride, aggregate_group(groups, i)), &view,
                fault))
            return false;
    }
    return true;
}

static bool theta_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                        const uint32_t *groups, const Vector *partial, uint32_t rows, Fault *fault)
{
    return theta_add_packed(call, states, stride, groups, partial, rows, fault);
}

static bool theta_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                          uint32_t first, uint32_t count, Arena *arena, Vector *result,
                          Fault *fault)
{
    const ThetaSpec *spec = call->prepared;
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_text_view(
            &builder, pack_state(AGGREGATE_STATE_CONST(Theta, states, stride, first + i),
                                 spec->size, arena));
    *result = vector_builder_finish(&builder);
    return true;
}

static bool theta_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                         uint32_t first, uint32_t count, Arena *arena, Vector *result,
                         Fault *fault)
{
    int64_t *estimates = arena_alloc_vector(arena, count * sizeof *estimates);
    for (uint32_t i = 0; i < count; i++) {
        const Theta *theta = AGGREGATE_STATE_CONST(Theta, states, stride, first + i);
        ThetaView view = {.count = theta->count,
                          .theta = theta->theta == 0 ? THETA_ALL : theta->theta};
        estimates[i] = llround(theta_estimate(&view));
    }
    *result = vector_flat(LAYOUT_INT64, count, estimates, NULL);
    return true;
}

#define THETA_ROW(id, function, input, type, adder, finisher, does, sample, value)                 \
    { .oid = id, .name = function, .argument_count = 2, .optional_count = 1,                       \
      .arguments = { input, T_INT8 }, .result = type, .state_size = sizeof(Theta),                 \
      .prepare = theta_prepare, .add = adder, .partial_of = aggregate_type_state,                  \
      .partial = theta_partial, .merge = theta_merge, .finish = finisher,                          \
      .ignores_distinct = true, .summary = does, .example = sample, .gives = value }

const AggregateFunction aggregate_theta_aggregates[] = {
    THETA_ROW(92040, "ds_theta", T_ANY, T_THETA_SKETCH, theta_add, theta_partial,
              "A theta sketch of the values that are not null.",
              "(SELECT theta_sketch_estimate(ds_theta(x)) FROM (VALUES (1), (2), (2)) AS t(x))",
              "2"),
    THETA_ROW(92041, "ds_theta", T_THETA_SKETCH, T_THETA_SKETCH, theta_add_packed, theta_partial,
              "The union of theta sketches.", NULL, NULL),
    THETA_ROW(92042, "approx_count_distinct_ds_theta", T_ANY, T_INT8, theta_add, theta_finish,
              "About how many different values there are that are not null (theta sketch).",
              "(SELECT approx_count_distinct_ds_theta(x) FROM (VALUES (1), (2), (3)) AS t(x))",
              "3"),
    THETA_ROW(92043, "approx_count_distinct_ds_theta", T_THETA_SKETCH, T_INT8, theta_add_packed,
              theta_finish, "About how many different values theta sketches have met.", NULL,
              NULL),
};
const uint32_t aggregate_theta_aggregate_count =
    sizeof aggregate_theta_aggregates / sizeof aggregate_theta_aggregates[0];

/*
 * APPROX_COUNT_DISTINCT, DS_HLL: HyperLogLog.
 *
 * A state is sparse at first: a small open-addressing set of 32-bit coupons, each the first 26
 * bits of a value's hash and the number of leading zeros of the rest (HyperLogLog++; Heule,
 * Nunkesser, Hall: "HyperLogLog in practice", 2013), counted linearly with 2^26 cells, so that
 * small answers are exact but for collisions. When the set would outgrow them it becomes 2^p
 * registers of one byte, from which the estimate is Ertl's ("New cardinality estimation
 * algorithms for HyperLogLog sketches", 2017), without tables or thresholds.
 *
 * p is 12 (standard error 1.6 %) unless the DS_HLL form names another. NULL is not counted.
 *
 * A partial is bytes: p, form (0 coupons, 1 registers), and the coupons (4 bytes each) or the
 * registers.
 */
#include "engine/function/sketch_internal.h"

#include <math.h>

typedef struct Sketch {
    void *data;        /* uint32_t coupons[capacity], 0 empty; or uint8_t registers[1 << p] */
    uint32_t count;    /* coupons in the set */
    uint32_t capacity; /* of the set, a power of two; 0 when `data` are registers */
} Sketch;

enum {
    HLL_PRECISION = 12,
    HLL_LEAST = 4,
    HLL_MOST = 21,
    COUPON_BITS = 26,
    SKETCH_HEAD = 2,
};

typedef struct SketchSpec {
    int precision;
} SketchSpec;

static bool sketch_prepare(AggregateCall *call, Arena *arena, Fault *fault)
{
    SketchSpec *spec = ARENA_NEW(arena, SketchSpec);
    spec->precision = HLL_PRECISION;
    if (call->argument_count > 1) {
        const Vector *log_k = call->constants[1];
        if (log_k == NULL || vector_is_null(log_k, 0) ||
            VECTOR_DATA(int64_t, log_k)[0] < HLL_LEAST || VECTOR_DATA(int64_t, log_k)[0] > HLL_MOST)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "lgK of %s must be a literal between %d and %d", call->function->name,
                             HLL_LEAST, HLL_MOST);
        spec->precision = (int)VECTOR_DATA(int64_t, log_k)[0];
    }
    call->prepared = spec;
    return true;
}

/* --- coupons: (26 bits of hash) << 6 | (leading zeros of the other 38 bits, plus 1) --- */

static inline uint32_t coupon_of(uint64_t hash)
{
    uint64_t rest = hash << COUPON_BITS;
    uint32_t zeros = rest == 0 ? 64 - COUPON_BITS : (uint32_t)__builtin_clzll(rest);
    return (uint32_t)(hash >> (64 - COUPON_BITS)) << 6 | (zeros + 1);
}

/* Register and value of a hash for precision p. */
static inline void register_of(uint64_t hash, int precision, uint32_t *index, uint8_t *value)
{
    uint64_t rest = hash << precision;
    *index = (uint32_t)(hash >> (64 - precision));
    *value = (uint8_t)((rest == 0 ? 64 - precision : __builtin_clzll(rest)) + 1);
}

/* The same from a coupon, which knows enough of the hash. */
static inline void register_of_coupon(uint32_t coupon, int precision, uint32_t *index,
                                      uint8_t *value)
{
    uint32_t bits = coupon >> 6;
    uint32_t rest = bits << (32 - COUPON_BITS + precision);
    *index = bits >> (COUPON_BITS - precision);
    *value = rest != 0 ? (uint8_t)(__builtin_clz(rest) + 1)
                       : (uint8_t)(COUPON_BITS - precision + (int)(coupon & 63));
}

/* The set takes at most a quarter of the registers' bytes before it becomes registers. */
static uint32_t coupons_most(int precision)
{
    uint32_t most = (UINT32_C(1) << precision) / 4;
    return most < 16 ? 16 : most;
}

static bool coupons_insert(uint32_t *coupons, uint32_t capacity, uint32_t coupon)
{
    uint32_t at = (coupon * UINT32_C(0x9E3779B1)) & (capacity - 1);
    while (coupons[at] != 0) {
        if (coupons[at] == coupon)
            return false;
        at = (at + 1) & (capacity - 1);
    }
    coupons[at] = coupon;
    return true;
}

static inline void registers_raise(uint8_t *registers, uint32_t index, uint8_t value)
{
    registers[index] = registers[index] < value ? value : registers[index];
}

static bool sketch_to_registers(const AggregateCall *call, Sketch *sketch, int precision,
                                Fault *fault)
{
    size_t size = (size_t)1 << precision;
    uint8_t *registers = aggregate_alloc(call, size, fault);
    if (registers == NULL)
        return false;
    memset(registers, 0, size);
    const uint32_t *coupons = sketch->data;
    for (uint32_t i = 0; i < sketch->capacity; i++) {
        if (coupons[i] == 0)
            continue;
        uint32_t index;
        uint8_t value;
        register_of_coupon(coupons[i], precision, &index, &value);
        registers_raise(registers, index, value);
    }
    *sketch = (Sketch){.data = registers};
    return true;
}

static bool sketch_grow(const AggregateCall *call, Sketch *sketch, int precision, Fault *fault)
{
    uint32_t capacity = sketch->capacity == 0 ? 8 : sketch->capacity * 2;
    if (capacity > coupons_most(precision))
        return sketch_to_registers(call, sketch, precision, fault);
    uint32_t *coupons = aggregate_alloc(call, capacity * sizeof *coupons, fault);
    if (coupons == NULL)
        return false;
    memset(coupons, 0, capacity * sizeof *coupons);
    const uint32_t *old = sketch->data;
    for (uint32_t i = 0; i < sketch->capacity; i++)
        if (old[i] != 0)
            coupons_insert(coupons, capacity, old[i]);
    sketch->data = coupons;
    sketch->capacity = capacity;
    return true;
}

static bool sketch_add_coupon(const AggregateCall *call, Sketch *sketch, int precision,
                              uint32_t coupon, Fault *fault)
{
    if (sketch->data == NULL && !sketch_grow(call, sketch, precision, fault))
        return false;
    if (sketch->capacity == 0) {
        uint32_t index;
        uint8_t value;
        register_of_coupon(coupon, precision, &index, &value);
        registers_raise(sketch->data, index, value);
        return true;
    }
    if (!coupons_insert(sketch->data, sketch->capacity, coupon))
        return true;
    sketch->count++;
    /* At most three quarters full. */
    return sketch->count * 4 <= sketch->capacity * 3 || sketch_grow(call, sketch, precision, fault);
}

static inline bool sketch_add_hash(const AggregateCall *call, Sketch *sketch, int precision,
                                   uint64_t hash, Fault *fault)
{
    if (sketch->data != NULL && sketch->capacity == 0) {
        uint32_t index;
        uint8_t value;
        register_of(hash, precision, &index, &value);
        registers_raise(sketch->data, index, value);
        return true;
    }
    return sketch_add_coupon(call, sketch, precision, coupon_of(hash), fault);
}

/* Hashes of values that are not null into registers. */
static void registers_add(uint8_t *registers, int precision, const uint64_t *hashes,
                          const Vector *vector, uint32_t rows)
{
    bool may_be_null = vector->form == VECTOR_DICTIONARY || vector->nulls != NULL;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t index;
        uint8_t value;
        if (may_be_null && vector_is_null(vector, i))
            continue;
        register_of(hashes[i], precision, &index, &value);
        if (registers[index] < value)
            registers[index] = value;
    }
}

static bool sketch_add(const AggregateCall *call, uint8_t *states, size_t stride,
                       const uint32_t *groups, const Vector *arguments, uint32_t rows, Fault *fault)
{
    const SketchSpec *spec = call->prepared;
    const Vector *argument = &arguments[0];
    if (aggregate_is_all_null(argument))
        return true;
    if (argument->form == VECTOR_CONSTANT && groups == NULL)
        rows = rows > 0;
    uint64_t hashes[BATCH_ROWS];
    for (uint32_t start = 0; start < rows; start += BATCH_ROWS) {
        uint32_t count = rows - start < BATCH_ROWS ? rows - start : BATCH_ROWS;
        Vector slice = vector_slice(argument, start, count);
        vector_hash(&slice, hashes, false);
        Sketch *single = AGGREGATE_STATE(Sketch, states, stride, 0);
        if (groups == NULL && single->data != NULL && single->capacity == 0) {
            registers_add(single->data, spec->precision, hashes, &slice, count);
            continue;
        }
        for (uint32_t i = 0; i < count; i++)
            if (!vector_is_null(&slice, i) &&
                !sketch_add_hash(
                    call,
                    AGGREGATE_STATE(Sketch, states, stride, aggregate_group(groups, start + i)),
                    spec->precision, hashes[i], fault))
                return false;
    }
    return true;
}

/* --- partials --- */

static Text sketch_pack(const Sketch *sketch, int precision, Arena *arena)
{
    uint32_t size = sketch->capacity == 0 && sketch->data != NULL
                        ? UINT32_C(1) << precision
                        : sketch->count * (uint32_t)sizeof(uint32_t);
    uint8_t *bytes = arena_alloc(arena, SKETCH_HEAD + (size_t)size);
    bytes[0] = (uint8_t)precision;
    bytes[1] = sketch->capacity == 0 && sketch->data != NULL;
    if (bytes[1]) {
        memcpy(bytes + SKETCH_HEAD, sketch->data, size);
    } else {
        uint8_t *out = bytes + SKETCH_HEAD;
        const uint32_t *coupons = sketch->data;
        for (uint32_t i = 0; i < sketch->capacity; i++) {
            if (coupons[i] == 0)
                continue;
            memcpy(out, &coupons[i], sizeof coupons[i]);
            out += sizeof coupons[i];
        }
    }
    return (Text){(const char *)bytes, SKETCH_HEAD + size};
}

static bool sketch_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                           uint32_t first, uint32_t count, Arena *arena, Vector *result,
                           Fault *fault)
{
    const SketchSpec *spec = call->prepared;
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        const Sketch *sketch = AGGREGATE_STATE_CONST(Sketch, states, stride, first + i);
        if (sketch->data == NULL)
            vector_builder_null(&builder);
        else
            vector_builder_text_view(&builder, sketch_pack(sketch, spec->precision, arena));
    }
    *result = vector_builder_finish(&builder);
    return true;
}

AGGREGATE_HOT static void registers_merge(uint8_t *into, const uint8_t *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        into[i] = into[i] < from[i] ? from[i] : into[i];
}

bool sketch_fault(const char *what, Fault *fault)
{
    return fault_set(fault, FAULT_DATA_EXCEPTION, "not a valid %s sketch", what);
}

static bool packed_is_valid(Text packed)
{
    const uint8_t *bytes = (const uint8_t *)packed.data;
    if (packed.length < SKETCH_HEAD || bytes[0] < HLL_LEAST || bytes[0] > HLL_MOST || bytes[1] > 1)
        return false;
    uint32_t size = packed.length - SKETCH_HEAD;
    if (bytes[1] == 1)
        return size == UINT32_C(1) << bytes[0];
    for (uint32_t i = 0; i + sizeof(uint32_t) <= size; i += sizeof(uint32_t)) {
        uint32_t coupon;
        memcpy(&coupon, bytes + SKETCH_HEAD + i, sizeof coupon);
        if ((coupon & 63) == 0 || (coupon & 63) > 64 - COUPON_BITS + 1)
            return false;
    }
    return size % sizeof(uint32_t) == 0;
}

/* Registers of a larger precision into those of a smaller: the bits of the index that are left
 * over are the first of the hash's rest. */
static void registers_fold(uint8_t *into, int precision, const uint8_t *from, int from_precision)
{
    int drop = from_precision - precision;
    for (uint32_t i = 0; i < UINT32_C(1) << from_precision; i++) {
        uint32_t low = i & ((UINT32_C(1) << drop) - 1);
        if (from[i] == 0)
            continue;
        uint8_t value = low != 0 ? (uint8_t)(__builtin_clz(low) - (32 - drop) + 1)
                                 : (uint8_t)(from[i] + drop);
        registers_raise(into, i >> drop, value);
    }
}

/* A sketch of at least this precision, or one that remembers its values. */
static bool sketch_merge_packed(const AggregateCall *call, Sketch *sketch, int precision,
                                Text packed, Fault *fault)
{
    const uint8_t *bytes = (const uint8_t *)packed.data + SKETCH_HEAD;
    int own_precision = bytes[-SKETCH_HEAD];
    if (bytes[-1] == 1) {
        if (own_precision < precision)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "a sketch of lgK %d cannot be added to one of lgK %d", own_precision,
                             precision);
        bool is_registers = sketch->data != NULL && sketch->capacity == 0;
        if (!is_registers && !sketch_to_registers(call, sketch, precision, fault))
            return false;
        if (own_precision == precision)
            registers_merge(sketch->data, bytes, UINT32_C(1) << precision);
        else
            registers_fold(sketch->data, precision, bytes, own_precision);
        return true;
    }
    for (uint32_t i = 0; i < (packed.length - SKETCH_HEAD) / sizeof(uint32_t); i++) {
        uint32_t coupon;
        memcpy(&coupon, bytes + i * sizeof coupon, sizeof coupon);
        if (!sketch_add_coupon(call, sketch, precision, coupon, fault))
            return false;
    }
    return true;
}

static bool sketch_merge_one(const AggregateCall *call, Sketch *sketch, int precision, Text packed,
                             Fault *fault)
{
    if (!packed_is_valid(packed) || ((const uint8_t *)packed.data)[0] != precision)
        return fault_set(fault, FAULT_DATA_CORRUPTED, "a partial state of %s is malformed",
                         call->function->name);
    return sketch_merge_packed(call, sketch, precision, packed, fault);
}

static bool sketch_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                         const uint32_t *groups, const Vector *partial, uint32_t rows, Fault *fault)
{
    const SketchSpec *spec = call->prepared;
    for (uint32_t i = 0; i < rows; i++)
        if (!vector_is_null(partial, i) &&
            !sketch_merge_one(call,
                              AGGREGATE_STATE(Sketch, states, stride, aggregate_group(groups, i)),
                              spec->precision, vector_text(partial, i), fault))
            return false;
    return true;
}

/* --- estimates --- */

/* Ertl 2017, algorithm 6: sigma and tau. */
static double ertl_sigma(double x)
{
    if (x == 1.0)
        return INFINITY;
    double y = 1, z = x, before;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

static double ertl_tau(double x)
{
    if (x == 0.0 || x == 1.0)
        return 0.0;
    double y = 1, z = 1 - x, before;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

static double registers_estimate(const uint8_t *registers, int precision)
{
    uint32_t histogram[66] = {0};
    double size = (double)(UINT32_C(1) << precision);
    int most = 64 - precision; /* registers hold 0 .. most + 1 */
    for (uint32_t i = 0; i < UINT32_C(1) << precision; i++)
        histogram[registers[i] <= most + 1 ? registers[i] : most + 1]++;
    double z = size * ertl_tau(1 - histogram[most + 1] / size);
    for (int k = most; k >= 1; k--)
        z = 0.5 * (z + histogram[k]);
    z += size * ertl_sigma(histogram[0] / size);
    return size / (2 * M_LN2) * size / z;
}

static double sketch_estimate(const Sketch *sketch, int precision)
{
    if (sketch->data == NULL)
        return 0;
    if (sketch->capacity == 0)
        return registers_estimate(sketch->data, precision);
    /* Linear counting with 2^26 cells. */
    double cells = (double)(UINT32_C(1) << COUPON_BITS);
    return -cells * log1p(-(double)sketch->count / cells);
}

static bool sketch_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                          uint32_t first, uint32_t count, Arena *arena, Vector *result,
                          Fault *fault)
{
    const SketchSpec *spec = call->prepared;
    int64_t *estimates = arena_alloc_vector(arena, count * sizeof *estimates);
    for (uint32_t i = 0; i < count; i++)
        estimates[i] = llround(sketch_estimate(
            AGGREGATE_STATE_CONST(Sketch, states, stride, first + i), spec->precision));
    *result = vector_flat(LAYOUT_INT64, count, estimates, NULL);
    return true;
}

/* --- sketches as values --- */

/* DS_HLL: without a value too it is a sketch. */
static bool sketch_finish_packed(const AggregateCall *call, const uint8_t *states, size_t stride,
                                 uint32_t first, uint32_t count, Arena *arena, Vector *result,
                                 Fault *fault)
{
    const SketchSpec *spec = call->prepared;
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_text_view(
            &builder, sketch_pack(AGGREGATE_STATE_CONST(Sketch, states, stride, first + i),
                                  spec->precision, arena));
    *result = vector_builder_finish(&builder);
    return true;
}

/* Of a column of sketches. */
static bool sketch_add_packed(const AggregateCall *call, uint8_t *states, size_t stride,
                              const uint32_t *groups, const Vector *arguments, uint32_t rows,
                              Fault *fault)
{
    const SketchSpec *spec = call->prepared;
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(&arguments[0], i))
            continue;
        Text packed = vector_text(&arguments[0], i);
        if (!packed_is_valid(packed))
            return sketch_fault("HLL", fault);
        if (!sketch_merge_packed(call,
                                 AGGREGATE_STATE(Sketch, states, stride,
                                                 aggregate_group(groups, i)),
                                 spec->precision, packed, fault))
            return false;
    }
    return true;
}

bool hll_read(Text packed, HllFacts *facts, Fault *fault)
{
    if (!packed_is_valid(packed))
        return sketch_fault("HLL", fault);
    const uint8_t *bytes = (const uint8_t *)packed.data;
    *facts = (HllFacts){.precision = bytes[0], .has_registers = bytes[1] == 1};
    if (facts->has_registers) {
        facts->estimate = registers_estimate(bytes + SKETCH_HEAD, facts->precision);
        return true;
    }
    facts->coupons = (packed.length - SKETCH_HEAD) / (uint32_t)sizeof(uint32_t);
    double cells = (double)(UINT32_C(1) << COUPON_BITS);
    facts->estimate = -cells * log1p(-(double)facts->coupons / cells);
    return true;
}

bool hll_union(const Text *packed, uint32_t count, int precision, Arena *arena, Text *result,
               Fault *fault)
{
    AggregateCall call = {.arena = arena};
    Sketch sketch = {0};
    int least = HLL_MOST;
    for (uint32_t i = 0; i < count; i++) {
        if (!packed_is_valid(packed[i]))
            return sketch_fault("HLL", fault);
        const uint8_t *bytes = (const uint8_t *)packed[i].data;
        least = bytes[0] < least ? bytes[0] : least;
    }
    if (precision == 0 || precision > least)
        precision = count == 0 ? HLL_PRECISION : least;
    for (uint32_t i = 0; i < count; i++)
        if (!sketch_merge_packed(&call, &sketch, precision, packed[i], fault))
            return false;
    *result = sketch_pack(&sketch, precision, arena);
    return true;
}

#define STATE_METHODS                                                                              \
    .state_size = sizeof(Sketch), .prepare = sketch_prepare, .partial_of = aggregate_type_state,   \
    .partial = sketch_partial, .merge = sketch_merge, .ignores_distinct = true
#define SKETCH_METHODS STATE_METHODS, .result = T_INT8, .add = sketch_add, .finish = sketch_finish

const AggregateFunction aggregate_approx_distinct_aggregates[] = {
    { .oid = 92020, .name = "approx_count_distinct", .aliases = "approx_count_distinct_builtin",
      .argument_count = 1, .arguments = { T_ANY }, SKETCH_METHODS,
      .summary = "About how many different values there are that are not null (HyperLogLog).",
      .example = "(SELECT approx_count_distinct(x) FROM (VALUES ('a'), ('b'), (NULL), ('a')) AS t(x))",
      .gives = "2" },
    { .oid = 92021, .name = "approx_count_distinct_ds_hll",
      .aliases = "approx_count_distinct_ds_hll_utf8", .argument_count = 3, .optional_count = 2,
      .arguments = { T_ANY, T_INT8, T_TEXT }, SKETCH_METHODS,
      .summary = "About how many different values there are, with 2^lgK registers (12; 4 to 21).",
      .example = "(SELECT approx_count_distinct_ds_hll(x) FROM (VALUES (1), (2), (3)) AS t(x))",
      .gives = "3" },
    { .oid = 92022, .name = "approx_count_distinct_ds_hll",
      .aliases = "approx_count_distinct_ds_hll_utf8", .argument_count = 3, .optional_count = 2,
      .arguments = { T_HLL_SKETCH, T_INT8, T_TEXT }, STATE_METHODS, .result = T_INT8,
      .add = sketch_add_packed, .finish = sketch_finish,
      .summary = "About how many different values sketches have met." },
    { .oid = 92023, .name = "ds_hll", .argument_count = 3, .optional_count = 2,
      .arguments = { T_ANY, T_INT8, T_TEXT }, STATE_METHODS, .result = T_HLL_SKETCH,
      .add = sketch_add, .finish = sketch_finish_packed,
      .summary = "A HyperLogLog sketch of the values that are not null, with 2^lgK registers.",
      .example = "(SELECT hll_sketch_estimate(ds_hll(x), true) "
                 "FROM (VALUES (1), (2), (2)) AS t(x))",
      .gives = "2" },
    { .oid = 92024, .name = "ds_hll", .argument_count = 3, .optional_count = 2,
      .arguments = { T_HLL_SKETCH, T_INT8, T_TEXT }, STATE_METHODS, .result = T_HLL_SKETCH,
      .add = sketch_add_packed, .finish = sketch_finish_packed,
      .summary = "The union of HyperLogLog sketches." },
};
const uint32_t aggregate_approx_distinct_aggregate_count =
    sizeof aggregate_approx_distinct_aggregates / sizeof aggregate_approx_distinct_aggregates[0];

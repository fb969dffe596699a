/*
 * Integer blocks: the header, the choice of a method, and decoding through it.
 *
 * A plan gathers what the methods' estimates need (range, greatest common divisor, runs). Each
 * method says what it would take; packing is the measure, and slower methods must beat it by
 * their bias. The choice is made for each block anew, or for some blocks of a stream.
 */
#include "storage/encoding/encoding_internal.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

/* Blocks of one stream are much alike: what was best for one is taken for so many after it, unless
 * it does not pay. */
enum { HABIT_BLOCKS = 7 };

static const IntegerMethodInfo *const methods[INTEGER_METHOD_COUNT] = {
    [INTEGER_CONSTANT] = &integer_constant, [INTEGER_PACKED] = &integer_packed,
    [INTEGER_PATCHED] = &integer_patched,   [INTEGER_DELTA] = &integer_delta,
    [INTEGER_RUNS] = &integer_runs,         [INTEGER_LOCAL] = &integer_local,
};

bool encoding_damaged(Fault *fault, const char *what)
{
    return fault_set(fault, FAULT_DATA_CORRUPTED, "%s", what);
}

const char *integer_method_name(IntegerMethod method)
{
    return (unsigned)method < INTEGER_METHOD_COUNT ? methods[method]->name : "unknown";
}

/* --- encoding --- */

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Of all distances from the base: 1 for most data after two or three values. */
static uint64_t scale_of(const IntegerPlan *plan)
{
    uint64_t scale = 0;
    for (uint32_t i = 0; i < plan->count && scale != 1; i++) {
        uint64_t distance = (uint64_t)plan->values[i] - plan->base;
        if (scale == 0)
            scale = distance;
        else if (distance % scale != 0)
            scale = common_divisor(scale, distance);
    }
    return scale == 0 ? 1 : scale;
}

typedef struct Extent {
    int64_t minimum, maximum;
    uint32_t run_count;
} Extent;

ENCODING_CLONES
static void find_extent(const int64_t *values, uint32_t count, Extent *extent)
{
    int64_t minimum = values[0], maximum = values[0];
    uint64_t changes = 0;

    for (uint32_t i = 1; i < count; i++) {
        minimum = values[i] < minimum ? values[i] : minimum;
        maximum = values[i] > maximum ? values[i] : maximum;
        changes += values[i] != values[i - 1];
    }
    *extent = (Extent){minimum, maximum, (uint32_t)changes + 1};
}

ENCODING_CLONES
static void subtract(const int64_t *values, uint32_t count, uint64_t base, uint64_t *offsets)
{
    for (uint32_t i = 0; i < count; i++)
        offsets[i] = (uint64_t)values[i] - base;
}

static void plan_make(IntegerPlan *plan, const int64_t *values, uint32_t count, bool is_nested)
{
    Extent extent;

    find_extent(values, count, &extent);
    plan->values = values;
    plan->count = count;
    plan->is_nested = is_nested;
    plan->run_count = extent.run_count;
    plan->base = (uint64_t)extent.minimum;
    plan->scale = extent.run_count == 1 ? 1 : scale_of(plan);
    plan->width = bit_width(((uint64_t)extent.maximum - plan->base) / plan->scale);
    plan->packed_size = bitpack_size(count, plan->width);
    if (plan->scale == 1) {
        subtract(values, count, plan->base, plan->offsets);
    } else {
        for (uint32_t i = 0; i < count; i++)
            plan->offsets[i] = ((uint64_t)values[i] - plan->base) / plan->scale;
    }
}

static bool pays(IntegerPlan *plan, IntegerMethod method, size_t *size)
{
    *size = methods[method]->estimate(plan);
    return *size < plan->packed_size * methods[method]->bias / 100;
}

static IntegerMethod choose(IntegerPlan *plan, IntegerHabit *habit)
{
    IntegerMethod best = INTEGER_PACKED;
    size_t best_size = plan->packed_size, size;

    if (plan->run_count == 1)
        return INTEGER_CONSTANT;
    /* Small parts: the choice would cost more than it could save. */
    if (plan->packed_size <= 64)
        return INTEGER_PACKED;
    if (habit != NULL && habit->left != 0) {
        habit->left--;
        if (habit->method == INTEGER_PACKED || pays(plan, habit->method, &size))
            return habit->method;
    }
    for (int i = INTEGER_PACKED + 1; i < INTEGER_METHOD_COUNT; i++) {
        if (plan->is_nested && !methods[i]->may_nest)
            continue;
        if (pays(plan, (IntegerMethod)i, &size) && size < best_size) {
            best = (IntegerMethod)i;
            best_size = size;
        }
    }
    if (habit != NULL)
        *habit = (IntegerHabit){.method = best, .left = HABIT_BLOCKS};
    return best;
}

static void encode(const int64_t *values, uint32_t count, bool is_nested, IntegerHabit *habit,
                   Buffer *out)
{
    IntegerPlan plan;

    check(count > 0 && count <= ENCODING_MAX_COUNT);
    plan_make(&plan, values, count, is_nested);
    IntegerMethod method = choose(&plan, habit);
    const IntegerMethodInfo *info = methods[method];
    bool is_scaled = plan.scale != 1 && !info->gives_values;

    size_t start = out->length;
    IntegerHeader header = {.method = (uint8_t)method,
                            .flags = is_scaled ? INTEGER_SCALED : 0,
                            .count = (uint16_t)count,
                            .base = plan.base};
    buffer_append(out, &header, sizeof header);
    if (is_scaled)
        buffer_append(out, &plan.scale, sizeof plan.scale);
    info->encode(&plan, &header, out);
    memcpy(out->data + start, &header, sizeof header);
}

void integer_block_encode(const int64_t *values, uint32_t count, Buffer *out)
{
    encode(values, count, false, NULL, out);
}

void integer_block_encode_next(const int64_t *values, uint32_t count, IntegerHabit *habit,
                               Buffer *out)
{
    encode(values, count, false, habit, out);
}

void integer_part_encode(const int64_t *values, uint32_t count, Buffer *out)
{
    encode(values, count, true, NULL, out);
}

/* --- opening --- */

static bool open_block(const uint8_t *data, size_t length, uint32_t count, bool is_nested,
                       IntegerBlock *block, Fault *fault)
{
    IntegerHeader header;
    size_t used = sizeof header, payload_size;

    if (length < sizeof header)
        return encoding_damaged(fault, "integer block is cut short");
    memcpy(&header, data, sizeof header);
    if (header.method >= INTEGER_METHOD_COUNT || (is_nested && !methods[header.method]->may_nest))
        return encoding_damaged(fault, "integer block has an unknown method");
    if (header.count != count || count == 0 || count > ENCODING_MAX_COUNT)
        return encoding_damaged(fault, "integer block has another number of values");
    if (header.width > 64 || header.extra_width > 64 || header.flags > INTEGER_SCALED ||
        header.extra_count > count)
        return encoding_damaged(fault, "integer block has an impossible header");
    *block = (IntegerBlock){.method = (IntegerMethod)header.method,
                            .width = header.width,
                            .extra_width = header.extra_width,
                            .count = header.count,
                            .extra_count = header.extra_count,
                            .base = header.base,
                            .scale = 1};
    if (header.flags & INTEGER_SCALED) {
        if (length - used < sizeof(uint64_t))
            return encoding_damaged(fault, "integer block is cut short");
        block->scale = read_u64(data + used);
        used += sizeof(uint64_t);
    }
    block->payload = data + used;
    if (!methods[block->method]->measure(block, length - used, &payload_size, fault))
        return false;
    if (payload_size > length - used)
        return encoding_damaged(fault, "integer block is cut short");
    block->size = used + payload_size;
    return true;
}

bool integer_block_open(const uint8_t *data, size_t length, uint32_t count, IntegerBlock *block,
                        Fault *fault)
{
    return open_block(data, length, count, false, block, fault);
}

bool integer_part_open(const uint8_t *data, size_t length, uint32_t count, IntegerBlock *block,
                       Fault *fault)
{
    return open_block(data, length, count, true, block, fault);
}

/* --- decoding --- */

bool integer_block_int64(const IntegerBlock *block, int64_t *out, Fault *fault)
{
    const IntegerMethodInfo *info = methods[block->method];
    uint64_t *offsets = (uint64_t *)out;

    /* Packing adds the base on its way. */
    if (block->method == INTEGER_PACKED && block->scale == 1) {
        bitpack_unpack64(block->payload, block->count, block->width, block->base, offsets);
        return true;
    }
    if (!info->decode64(block, offsets, fault))
        return false;
    if (!info->gives_values && (block->base != 0 || block->scale != 1))
        add_scaled64(offsets, block->count, block->base, block->scale);
    return true;
}

bool integer_block_uint32(const IntegerBlock *block, uint32_t *out, Fault *fault)
{
    const IntegerMethodInfo *info = methods[block->method];

    if (!info->decode32(block, out, fault))
        return false;
    if (!info->gives_values && (block->base != 0 || block->scale != 1))
        add_scaled32(out, block->count, (uint32_t)block->base, (uint32_t)block->scale);
    return true;
}

bool integer_block_bool(const IntegerBlock *block, uint8_t *out, Fault *fault)
{
    uint32_t values[ENCODING_MAX_COUNT + ENCODING_SLACK];

    if (!integer_block_uint32(block, values, fault))
        return false;
    for (uint32_t i = 0; i < block->count; i++)
        out[i] = values[i] != 0;
    return true;
}

/* --- chosen rows --- */

/* Below one row in eight, reaching for the rows is cheaper than unpacking all. */
static bool is_narrow_choice(const IntegerBlock *block, uint32_t row_count)
{
    return methods[block->method]->rows64 != NULL && row_count < block->count / 8U;
}

static bool choose_rows(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                        uint64_t *out, Fault *fault)
{
    const IntegerMethodInfo *info = methods[block->method];

    if (!info->rows64(block, rows, row_count, out, fault))
        return false;
    if (!info->gives_values) {
        for (uint32_t i = 0; i < row_count; i++)
            out[i] = block->base + block->scale * out[i];
    }
    return true;
}

bool integer_block_rows_int64(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                              int64_t *out, Fault *fault)
{
    int64_t values[ENCODING_MAX_COUNT + ENCODING_SLACK];

    if (is_narrow_choice(block, row_count))
        return choose_rows(block, rows, row_count, (uint64_t *)out, fault);
    if (!integer_block_int64(block, values, fault))
        return false;
    for (uint32_t i = 0; i < row_count; i++)
        out[i] = values[rows[i]];
    return true;
}

bool integer_block_rows_uint32(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                               uint32_t *out, Fault *fault)
{
    uint32_t values[ENCODING_MAX_COUNT + ENCODING_SLACK];
    uint64_t chosen[ENCODING_MAX_COUNT / 8];

    if (is_narrow_choice(block, row_count)) {
        if (!choose_rows(block, rows, row_count, chosen, fault))
            return false;
        for (uint32_t i = 0; i < row_count; i++)
            out[i] = (uint32_t)chosen[i];
        return true;
    }
    if (!integer_block_uint32(block, values, fault))
        return false;
    for (uint32_t i = 0; i < row_count; i++)
        out[i] = values[rows[i]];
    return true;
}

bool integer_block_rows_bool(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                             uint8_t *out, Fault *fault)
{
    uint32_t values[ENCODING_MAX_COUNT + ENCODING_SLACK];

    if (!integer_block_rows_uint32(block, rows, row_count, values, fault))
        return false;
    for (uint32_t i = 0; i < row_count; i++)
        out[i] = values[i] != 0;
    return true;
}

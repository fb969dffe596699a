/* Constant: one value for all; it is the header's base, and nothing follows. */
#include "storage/encoding/encoding_internal.h"

static size_t estimate(IntegerPlan *plan)
{
    return plan->run_count == 1 ? 0 : SIZE_MAX;
}

static void encode(const IntegerPlan *plan, IntegerHeader *header, Buffer *out)
{
}

static bool measure(const IntegerBlock *block, size_t available, size_t *size, Fault *fault)
{
    *size = 0;
    return true;
}

static bool decode64(const IntegerBlock *block, uint64_t *out, Fault *fault)
{
    memset(out, 0, block->count * sizeof *out);
    return true;
}

static bool decode32(const IntegerBlock *block, uint32_t *out, Fault *fault)
{
    memset(out, 0, block->count * sizeof *out);
    return true;
}

static bool rows64(const IntegerBlock *block, const uint32_t *rows, uint32_t row_count,
                   uint64_t *out, Fault *fault)
{
    memset(out, 0, row_count * sizeof *out);
    return true;
}

const IntegerMethodInfo integer_constant = {
    .name = "constant",
    .may_nest = true,
    .bias = 100,
    .estimate = estimate,
    .encode = encode,
    .measure = measure,
    .decode64 = decode64,
    .decode32 = decode32,
    .rows64 = rows64,
};

/*
 * Sketches as values: what the aggregates that make them give to the functions that read them.
 * A packed sketch comes from a client or a file: everything here checks it (FAULT_DATA_EXCEPTION,
 * 22000, when it is none).
 */
#ifndef TALARIA_ENGINE_FUNCTION_SKETCH_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_SKETCH_INTERNAL_H

#include "engine/function/aggregate_internal.h"

bool sketch_fault(const char *what, Fault *fault); /* not a valid sketch of that kind; false */

/* --- HyperLogLog (aggregate_approx_distinct.c) --- */
typedef struct HllFacts {
    int precision;
    bool has_registers; /* else every value is remembered: counts are nearly exact */
    uint32_t coupons;
    double estimate;
} HllFacts;
bool hll_read(Text packed, HllFacts *facts, Fault *fault);
/* Of all sketches, with 2^precision registers, or the least that any has (0). */
bool hll_union(const Text *packed, uint32_t count, int precision, Arena *arena, Text *result,
               Fault *fault);

/* --- Theta (aggregate_theta.c): the smallest hashes below a threshold --- */
#define THETA_ALL (UINT64_C(1) << 63) /* the threshold of a sketch that remembers all */
enum { THETA_SIZE = 16384, THETA_LEAST_SIZE = 16, THETA_MOST_SIZE = 1 << 20 };
typedef struct ThetaView {
    uint32_t size, count;
    uint64_t theta;
    const char *hashes; /* count of 8 bytes each, ascending; not aligned */
} ThetaView;
bool theta_read(Text packed, ThetaView *view, Fault *fault);
uint64_t theta_hash(const ThetaView *view, uint32_t index);
double theta_estimate(const ThetaView *view);
/* From ascending hashes below theta; cut to the `size` smallest. */
Text theta_pack(Arena *arena, uint32_t size, uint64_t theta, const uint64_t *hashes,
                uint32_t count);

/* --- quantiles (aggregate_approx_quantile.c) --- */
typedef struct WeightedValue {
    double value;
    uint64_t weight;
} WeightedValue;
typedef struct QuantileView {
    uint32_t k;
    uint64_t total; /* weight of all */
    uint32_t count;
    WeightedValue *values; /* ascending */
} QuantileView;
bool quantile_read(Text packed, Arena *arena, QuantileView *view, Fault *fault);
double quantile_at(const QuantileView *view, double fraction); /* NaN without values */

#endif

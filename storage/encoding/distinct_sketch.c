/* HyperLogLog: see encoding.h. */
#include "storage/encoding/encoding_internal.h"

#include <math.h>

void distinct_sketch_init(DistinctSketch *sketch)
{
    memset(sketch, 0, sizeof *sketch);
}

uint64_t distinct_sketch_count(const DistinctSketch *sketch)
{
    const double registers = 1 << DISTINCT_SKETCH_BITS;
    const double alpha = 0.7213 / (1.0 + 1.079 / registers);
    double sum = 0;
    uint32_t zeros = 0;

    for (uint32_t i = 0; i < 1U << DISTINCT_SKETCH_BITS; i++) {
        sum += ldexp(1.0, -sketch->registers[i]);
        zeros += sketch->registers[i] == 0;
    }
    double estimate = alpha * registers * registers / sum;
    if (estimate <= 2.5 * registers && zeros != 0)
        estimate = registers * log(registers / zeros);
    return (uint64_t)(estimate + 0.5);
}

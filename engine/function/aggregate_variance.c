/*
 * VAR_POP, VAR_SAMP (VARIANCE), STDDEV_POP, STDDEV_SAMP (STDDEV), in double precision; integers
 * and numerics are cast to it.
 *
 * A state is the count, the sum and the sum of squared deviations. With groups a value is added
 * by the method of Youngs and Cramer, as PostgreSQL's float8_accum does; a whole batch by two
 * passes, and batches and partials are joined by Chan, Golub and LeVeque ("Updating formulae and
 * a pairwise algorithm for computing sample variances", 1979).
 *
 * The sample forms of a single row are NULL, in the druid dialect 0.
 */
#include "engine/function/aggregate_internal.h"

#include <math.h>

typedef struct Moments {
    double count, sum, deviations;
} Moments;

static inline void moments_step(Moments *state, double value, uint64_t valid)
{
    if (!valid)
        return;
    double count = state->count + 1;
    double sum = state->sum + value;
    if (state->count > 0) {
        double distance = value * count - sum;
        state->deviations += distance * distance / (count * state->count);
    } else if (!isfinite(value)) {
        state->deviations = (double)NAN;
    }
    state->count = count;
    state->sum = sum;
}

AGGREGATE_LOOP(moments_loop, Moments, double, moments_step)

static void moments_join(Moments *state, const Moments *other)
{
    if (other->count == 0)
        return;
    if (state->count == 0) {
        *state = *other;
        return;
    }
    double count = state->count + other->count;
    double distance = state->sum / state->count - other->sum / other->count;
    state->deviations +=
        other->deviations + state->count * other->count * distance * distance / count;
    state->sum += other->sum;
    state->count = count;
}

enum { MOMENT_LANES = 8, MOMENT_SHORT = 32 };

AGGREGATE_HOT static double squared_deviations(const double *data, const uint8_t *nulls,
                                               uint32_t rows, double mean)
{
    double lanes[MOMENT_LANES] = {0};
    uint32_t i = 0;
    for (; i + MOMENT_LANES <= rows; i += MOMENT_LANES)
        for (uint32_t lane = 0; lane < MOMENT_LANES; lane++) {
            double distance = nulls != NULL && nulls[i + lane] ? 0 : data[i + lane] - mean;
            lanes[lane] += distance * distance;
        }
    double total = 0;
    for (; i < rows; i++) {
        double distance = nulls != NULL && nulls[i] ? 0 : data[i] - mean;
        total += distance * distance;
    }
    for (uint32_t lane = 0; lane < MOMENT_LANES; lane++)
        total += lanes[lane];
    return total;
}

static bool moments_add(const AggregateCall *call, uint8_t *states, size_t stride,
                        const uint32_t *groups, const Vector *arguments, uint32_t rows,
                        Fault *fault)
{
    const Vector *argument = &arguments[0];
    if (groups != NULL || rows <= MOMENT_SHORT || argument->form != VECTOR_FLAT) {
        moments_loop(states, stride, groups, argument, rows);
        return true;
    }
    double sum;
    uint64_t count;
    aggregate_sum_float64(argument, rows, &sum, &count);
    if (count == 0)
        return true;
    Moments batch = {.count = (double)count, .sum = sum};
    batch.deviations = squared_deviations(argument->data, argument->nulls, rows, sum / batch.count);
    moments_join(AGGREGATE_STATE(Moments, states, stride, 0), &batch);
    return true;
}

static bool moments_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                            uint32_t first, uint32_t count, Arena *arena, Vector *result,
                            Fault *fault)
{
    uint8_t *bytes;
    *result = aggregate_state_column(arena, count, sizeof(Moments), &bytes);
    for (uint32_t i = 0; i < count; i++)
        memcpy(bytes + i * sizeof(Moments),
               AGGREGATE_STATE_CONST(Moments, states, stride, first + i), sizeof(Moments));
    return true;
}

static bool moments_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                          const uint32_t *groups, const Vector *partial, uint32_t rows,
                          Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        Moments other;
        bool is_present;
        if (!aggregate_state_read(partial, i, &other, sizeof other, &is_present, fault))
            return false;
        if (is_present)
            moments_join(AGGREGATE_STATE(Moments, states, stride, aggregate_group(groups, i)),
                         &other);
    }
    return true;
}

/* `less`: 0 divides by the count, 1 by the count less one. */
static Vector moments_result(const AggregateCall *call, const uint8_t *states, size_t stride,
                             uint32_t first, uint32_t count, int less, bool take_root, Arena *arena)
{
    double *values = arena_alloc_vector(arena, count * sizeof *values);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    bool is_druid = aggregate_is_druid(call);
    for (uint32_t i = 0; i < count; i++) {
        const Moments *state = AGGREGATE_STATE_CONST(Moments, states, stride, first + i);
        double divisor = state->count - less;
        nulls[i] = state->count == 0 || (divisor <= 0 && !is_druid);
        values[i] = divisor <= 0 ? 0 : state->deviations / divisor;
        if (take_root)
            values[i] = sqrt(values[i]);
    }
    return vector_flat(LAYOUT_FLOAT64, count, values, nulls);
}

#define MOMENTS_FINISH(name, less, take_root)                                                      \
    static bool name(const AggregateCall *call, const uint8_t *states, size_t stride,              \
                     uint32_t first, uint32_t count, Arena *arena, Vector *result, Fault *fault)   \
    {                                                                                              \
        *result = moments_result(call, states, stride, first, count, less, take_root, arena);      \
        return true;                                                                               \
    }

MOMENTS_FINISH(var_pop_finish, 0, false)
MOMENTS_FINISH(var_samp_finish, 1, false)
MOMENTS_FINISH(stddev_pop_finish, 0, true)
MOMENTS_FINISH(stddev_samp_finish, 1, true)

#define MOMENTS_ROW(id, function, finish_method, does, value)                                      \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { T_FLOAT8 },                 \
      .result = T_FLOAT8, .state_size = sizeof(Moments), .add = moments_add,                       \
      .partial_of = aggregate_type_state, .partial = moments_partial, .merge = moments_merge,      \
      .finish = finish_method, .has_plain_state = true, .summary = does,                           \
      .example = "(SELECT " function "(x) FROM (VALUES (1), (2), (NULL), (4)) AS t(x))",           \
      .gives = value }

const AggregateFunction aggregate_variance_aggregates[] = {
    MOMENTS_ROW(2722, "var_pop", var_pop_finish, "Variance of the population.",
                "1.5555555555555556"),
    MOMENTS_ROW(2645, "var_samp", var_samp_finish, "Variance of the sample.",
                "2.3333333333333335"),
    MOMENTS_ROW(2152, "variance", var_samp_finish, "Variance of the sample.",
                "2.3333333333333335"),
    MOMENTS_ROW(2728, "stddev_pop", stddev_pop_finish, "Standard deviation of the population.",
                "1.247219128924647"),
    MOMENTS_ROW(2716, "stddev_samp", stddev_samp_finish, "Standard deviation of the sample.",
                "1.5275252316519468"),
    MOMENTS_ROW(2158, "stddev", stddev_samp_finish, "Standard deviation of the sample.",
                "1.5275252316519468"),
};
const uint32_t aggregate_variance_aggregate_count =
    sizeof aggregate_variance_aggregates / sizeof aggregate_variance_aggregates[0];

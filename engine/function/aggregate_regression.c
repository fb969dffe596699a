/*
 * CORR, COVAR_POP, COVAR_SAMP and REGR_*: two variables, of which rows count where neither is
 * NULL. The dependent one comes first.
 *
 * A state is the count, both sums, and sums of squared deviations and of their products, kept by
 * the method of Youngs and Cramer, as PostgreSQL's float8_regr_accum keeps them; states are joined
 * as those of variances are (Chan, Golub and LeVeque, 1979).
 */
#include "engine/function/aggregate_internal.h"

#include <math.h>

typedef struct Regression {
    double count, sum_x, sum_y, sxx, syy, sxy;
} Regression;

static void regression_step(Regression *state, double y, double x)
{
    double before = state->count;
    state->count += 1;
    state->sum_x += x;
    state->sum_y += y;
    if (before > 0) {
        double dx = x * state->count - state->sum_x, dy = y * state->count - state->sum_y;
        double scale = 1.0 / (state->count * before);
        state->sxx += dx * dx * scale;
        state->syy += dy * dy * scale;
        state->sxy += dx * dy * scale;
        return;
    }
    if (!isfinite(x))
        state->sxx = state->sxy = (double)NAN;
    if (!isfinite(y))
        state->syy = state->sxy = (double)NAN;
}

static bool regression_add(const AggregateCall *call, uint8_t *states, size_t stride,
                           const uint32_t *groups, const Vector *arguments, uint32_t rows,
                           Fault *fault)
{
    const double *y = arguments[0].data, *x = arguments[1].data;
    for (uint32_t i = 0; i < rows; i++) {
        if (vector_is_null(&arguments[0], i) || vector_is_null(&arguments[1], i))
            continue;
        regression_step(AGGREGATE_STATE(Regression, states, stride, aggregate_group(groups, i)),
                        y[vector_row(&arguments[0], i)], x[vector_row(&arguments[1], i)]);
    }
    return true;
}

static bool regression_partial(const AggregateCall *call, const uint8_t *states, size_t stride,
                               uint32_t first, uint32_t count, Arena *arena, Vector *result,
                               Fault *fault)
{
    uint8_t *bytes;
    *result = aggregate_state_column(arena, count, sizeof(Regression), &bytes);
    for (uint32_t i = 0; i < count; i++)
        memcpy(bytes + i * sizeof(Regression),
               AGGREGATE_STATE_CONST(Regression, states, stride, first + i), sizeof(Regression));
    return true;
}

static void regression_join(Regression *state, const Regression *other)
{
    if (other->count == 0)
        return;
    if (state->count == 0) {
        *state = *other;
        return;
    }
    double count = state->count + other->count;
    double dx = state->sum_x / state->count - other->sum_x / other->count;
    double dy = state->sum_y / state->count - other->sum_y / other->count;
    double weight = state->count * other->count / count;
    state->sxx += other->sxx + weight * dx * dx;
    state->syy += other->syy + weight * dy * dy;
    state->sxy += other->sxy + weight * dx * dy;
    state->sum_x += other->sum_x;
    state->sum_y += other->sum_y;
    state->count = count;
}

static bool regression_merge(const AggregateCall *call, uint8_t *states, size_t stride,
                             const uint32_t *groups, const Vector *partial, uint32_t rows,
                             Fault *fault)
{
    for (uint32_t i = 0; i < rows; i++) {
        Regression other;
        bool is_present;
        if (!aggregate_state_read(partial, i, &other, sizeof other, &is_present, fault))
            return false;
        if (is_present)
            regression_join(
                AGGREGATE_STATE(Regression, states, stride, aggregate_group(groups, i)), &other);
    }
    return true;
}

/* --- results: each says whether there is one --- */

typedef bool (*RegressionValue)(const Regression *state, double *value);

static bool covar_pop(const Regression *state, double *value)
{
    *value = state->sxy / state->count;
    return state->count >= 1;
}

static bool covar_samp(const Regression *state, double *value)
{
    *value = state->sxy / (state->count - 1);
    return state->count >= 2;
}

static bool corr(const Regression *state, double *value)
{
    *value = state->sxy / sqrt(state->sxx * state->syy);
    return state->count >= 1 && state->sxx != 0 && state->syy != 0;
}

static bool regr_r2(const Regression *state, double *value)
{
    *value = state->syy == 0 ? 1 : state->sxy * state->sxy / (state->sxx * state->syy);
    return state->count >= 1 && state->sxx != 0;
}

static bool regr_slope(const Regression *state, double *value)
{
    *value = state->sxy / state->sxx;
    return state->count >= 1 && state->sxx != 0;
}

static bool regr_intercept(const Regression *state, double *value)
{
    *value = (state->sum_y - state->sum_x * state->sxy / state->sxx) / state->count;
    return state->count >= 1 && state->sxx != 0;
}

static bool regr_avgx(const Regression *state, double *value)
{
    *value = state->sum_x / state->count;
    return state->count >= 1;
}

static bool regr_avgy(const Regression *state, double *value)
{
    *value = state->sum_y / state->count;
    return state->count >= 1;
}

static bool regr_sxx(const Regression *state, double *value)
{
    *value = state->sxx;
    return state->count >= 1;
}

static bool regr_syy(const Regression *state, double *value)
{
    *value = state->syy;
    return state->count >= 1;
}

static bool regr_sxy(const Regression *state, double *value)
{
    *value = state->sxy;
    return state->count >= 1;
}

static Vector regression_result(const uint8_t *states, size_t stride, uint32_t first,
                                uint32_t count, RegressionValue value_of, Arena *arena)
{
    double *values = arena_alloc_vector(arena, count * sizeof *values);
    uint8_t *nulls = arena_alloc_vector(arena, count);
    for (uint32_t i = 0; i < count; i++)
        nulls[i] =
            !value_of(AGGREGATE_STATE_CONST(Regression, states, stride, first + i), &values[i]);
    return vector_flat(LAYOUT_FLOAT64, count, values, nulls);
}

#define REGRESSION_FINISH(name)                                                                    \
    static bool name##_finish(const AggregateCall *call, const uint8_t *states, size_t stride,     \
                              uint32_t first, uint32_t count, Arena *arena, Vector *result,        \
                              Fault *fault)                                                        \
    {                                                                                              \
        *result = regression_result(states, stride, first, count, name, arena);                    \
        return true;                                                                               \
    }

REGRESSION_FINISH(covar_pop)
REGRESSION_FINISH(covar_samp)
REGRESSION_FINISH(corr)
REGRESSION_FINISH(regr_r2)
REGRESSION_FINISH(regr_slope)
REGRESSION_FINISH(regr_intercept)
REGRESSION_FINISH(regr_avgx)
REGRESSION_FINISH(regr_avgy)
REGRESSION_FINISH(regr_sxx)
REGRESSION_FINISH(regr_syy)
REGRESSION_FINISH(regr_sxy)

static bool regr_count_finish(const AggregateCall *call, const uint8_t *states, size_t stride,
                              uint32_t first, uint32_t count, Arena *arena, Vector *result,
                              Fault *fault)
{
    int64_t *counts = arena_alloc_vector(arena, count * sizeof *counts);
    for (uint32_t i = 0; i < count; i++)
        counts[i] = (int64_t)AGGREGATE_STATE_CONST(Regression, states, stride, first + i)->count;
    *result = vector_flat(LAYOUT_INT64, count, counts, NULL);
    return true;
}

#define REGRESSION_ROW(id, function, type, does, value)                                            \
    { .oid = id, .name = #function, .argument_count = 2, .arguments = { T_FLOAT8, T_FLOAT8 },      \
      .result = type, .state_size = sizeof(Regression), .add = regression_add,                     \
      .partial_of = aggregate_type_state, .partial = regression_partial,                           \
      .merge = regression_merge, .finish = function##_finish, .has_plain_state = true,             \
      .summary = does,                                                                             \
      .example = "(SELECT " #function "(y, x) FROM (VALUES (1, 1), (3, 2), (2, 3)) AS t(y, x))",   \
      .gives = value }

const AggregateFunction aggregate_regression_aggregates[] = {
    REGRESSION_ROW(2829, corr, T_FLOAT8, "Correlation coefficient.", "0.5"),
    REGRESSION_ROW(2827, covar_pop, T_FLOAT8, "Covariance of the population.",
                   "0.3333333333333333"),
    REGRESSION_ROW(2828, covar_samp, T_FLOAT8, "Covariance of the sample.", "0.5"),
    REGRESSION_ROW(2818, regr_count, T_INT8, "Number of rows in which neither is null.", "3"),
    REGRESSION_ROW(2819, regr_sxx, T_FLOAT8, "Sum of squared deviations of the second.", "2"),
    REGRESSION_ROW(2820, regr_syy, T_FLOAT8, "Sum of squared deviations of the first.", "2"),
    REGRESSION_ROW(2821, regr_sxy, T_FLOAT8, "Sum of products of both deviations.", "1"),
    REGRESSION_ROW(2822, regr_avgx, T_FLOAT8, "Mean of the second.", "2"),
    REGRESSION_ROW(2823, regr_avgy, T_FLOAT8, "Mean of the first.", "2"),
    REGRESSION_ROW(2824, regr_r2, T_FLOAT8, "Square of the correlation coefficient.", "0.25"),
    REGRESSION_ROW(2825, regr_slope, T_FLOAT8,
                   "Slope of the least-squares line of the first by the second.", "0.5"),
    REGRESSION_ROW(2826, regr_intercept, T_FLOAT8,
                   "Where the least-squares line of the first by the second meets zero.", "1"),
};
const uint32_t aggregate_regression_aggregate_count =
    sizeof aggregate_regression_aggregates / sizeof aggregate_regression_aggregates[0];

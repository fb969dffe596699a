/*
 * Functions of sketches: estimates and their bounds, unions, intersections, differences,
 * quantiles, ranks. The sketches are made by DS_HLL, DS_THETA and DS_QUANTILES_SKETCH.
 */
#include "engine/function/rows_internal.h"
#include "engine/function/sketch_internal.h"

#include "base/memory/buffer.h"

#include <math.h>
#include <stdlib.h>

static const Text nothing = {.data = "", .length = 0};

/* A double as Java shows it: always with a point. */
static void put_double(RowRun *run, Buffer *out, double value)
{
    Text cell;
    Vector one = vector_flat(LAYOUT_FLOAT64, 1, &value, NULL);
    type_format_text(SQL_TYPE(T_FLOAT8), run->call->context, &one, run->arena, &cell);
    buffer_append(out, cell.data, cell.length);
    bool is_whole = isfinite(value) && memchr(cell.data, '.', cell.length) == NULL &&
                    memchr(cell.data, 'e', cell.length) == NULL;
    if (is_whole)
        buffer_append_string(out, ".0");
}

static void take_buffer(RowRun *run, Buffer *out, Text *result)
{
    char *bytes = text_sink_reserve(&run->sink, out->length);
    if (out->length > 0)
        memcpy(bytes, out->data, out->length);
    *result = text_sink_take(&run->sink, out->length);
    buffer_clear(out);
}

static void put_doubles(RowRun *run, const double *values, uint32_t count, Text *result)
{
    Buffer out = BUFFER_EMPTY;
    buffer_append_byte(&out, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_byte(&out, ',');
        put_double(run, &out, values[i]);
    }
    buffer_append_byte(&out, ']');
    take_buffer(run, &out, result);
}

/* Number of standard deviations, an argument or 1. */
static bool deviations(RowRun *run, uint32_t row, double *number)
{
    *number = run->call->argument_count > 1 ? (double)row_int64(run, 1, row) : 1;
    return (*number >= 1 && *number <= 3) ||
           fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                     "the number of standard deviations must be 1, 2 or 3");
}

/* --- HyperLogLog --- */

static bool hll_estimate_row(RowRun *run, uint32_t row, double *result, uint8_t *is_null)
{
    HllFacts facts;
    *result = 0;
    if (!hll_read(row_text(run, 0, row), &facts, run->fault))
        return false;
    bool rounds = run->call->argument_count > 1 && row_bool(run, 1, row);
    *result = rounds ? round(facts.estimate) : facts.estimate;
    return true;
}

/* The relative error of a sketch that remembers its values is that of collisions. */
static double hll_error(const HllFacts *facts)
{
    return facts->has_registers ? 1.04 / sqrt(pow(2, facts->precision)) : 5e-5;
}

static bool hll_bounds_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    HllFacts facts;
    double number;
    *result = nothing;
    if (!hll_read(row_text(run, 0, row), &facts, run->fault) || !deviations(run, row, &number))
        return false;
    double error = hll_error(&facts) * number, estimate = facts.estimate;
    double low = facts.has_registers ? estimate / (1 + error) : facts.coupons;
    double bounds[3] = {estimate, low < estimate ? low : estimate, estimate / (1 - error)};
    put_doubles(run, bounds, 3, result);
    return true;
}

static bool hll_to_string_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    HllFacts facts;
    *result = nothing;
    if (!hll_read(row_text(run, 0, row), &facts, run->fault))
        return false;
    *result = text_of(arena_printf(run->arena, "HLL sketch: lgK %d, %s, estimate %.1f",
                                   facts.precision, facts.has_registers ? "registers" : "coupons",
                                   facts.estimate));
    return true;
}

/* HLL_SKETCH_UNION([lgK, type,] sketch, ..) */
static bool hll_union_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    uint32_t count = run->call->argument_count;
    uint32_t first = run->call->argument_types[0].oid == T_HLL_SKETCH ? 0 : 2;
    int64_t precision = first == 2 ? row_int64(run, 0, row) : 0;
    Text *sketches = ARENA_ARRAY(run->arena, Text, count);
    *result = nothing;
    if (first == 2 && (precision < 4 || precision > 21))
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "lgK must be between 4 and 21");
    for (uint32_t i = first; i < count; i++)
        sketches[i - first] = row_text(run, i, row);
    return hll_union(sketches, count - first, (int)precision, run->arena, result, run->fault);
}

/* --- theta --- */

static bool theta_estimate_row(RowRun *run, uint32_t row, double *result, uint8_t *is_null)
{
    ThetaView view;
    *result = 0;
    if (!theta_read(row_text(run, 0, row), &view, run->fault))
        return false;
    *result = theta_estimate(&view);
    return true;
}

static bool theta_bounds_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    ThetaView view;
    double number;
    *result = nothing;
    if (!theta_read(row_text(run, 0, row), &view, run->fault) || !deviations(run, row, &number))
        return false;
    double estimate = theta_estimate(&view), share = (double)view.theta / (double)THETA_ALL;
    double spread = number * sqrt(estimate * (1 - share) / share);
    double low = estimate - spread < view.count ? view.count : estimate - spread;
    Buffer out = BUFFER_EMPTY;
    buffer_append_string(&out, "{\"estimate\":");
    put_double(run, &out, estimate);
    buffer_append_string(&out, ",\"highBound\":");
    put_double(run, &out, estimate + spread);
    buffer_append_string(&out, ",\"lowBound\":");
    put_double(run, &out, low);
    buffer_printf(&out, ",\"numStdDev\":%d}", (int)number);
    take_buffer(run, &out, result);
    return true;
}

typedef enum SetOperation { SET_UNION, SET_INTERSECT, SET_DIFFERENCE } SetOperation;

/* One step: what is in the sample of `left` and of `view`, below both thresholds. */
static uint32_t combine_hashes(const uint64_t *left, uint32_t left_count, const ThetaView *view,
                               uint64_t theta, SetOperation operation, uint64_t *out)
{
    uint32_t i = 0, j = 0, count = 0;
    while (i < left_count || j < view->count) {
        uint64_t a = i < left_count ? left[i] : UINT64_MAX;
        uint64_t b = j < view->count ? theta_hash(view, j) : UINT64_MAX;
        uint64_t least = a < b ? a : b;
        bool in_left = a == least, in_right = b == least;
        i += in_left;
        j += in_right;
        if (least >= theta)
            break;
        bool is_kept = operation == SET_UNION       ? true
                       : operation == SET_INTERSECT ? in_left && in_right
                                                    : in_left && !in_right;
        if (is_kept)
            out[count++] = least;
    }
    return count;
}

static bool theta_operation(RowRun *run, uint32_t row, SetOperation operation, Text *result)
{
    uint32_t arguments = run->call->argument_count;
    uint32_t first = run->call->argument_types[0].oid == T_THETA_SKETCH ? 0 : 1;
    uint32_t size = first == 1 ? 0 : UINT32_MAX, count = 0;
    uint64_t theta = THETA_ALL, *hashes = NULL;
    *result = nothing;
    if (first == 1) {
        int64_t wanted = row_int64(run, 0, row);
        if (wanted < THETA_LEAST_SIZE || wanted > THETA_MOST_SIZE)
            return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                             "the size must be between %d and %d", THETA_LEAST_SIZE,
                             THETA_MOST_SIZE);
        size = (uint32_t)wanted;
    }
    for (uint32_t i = first; i < arguments; i++) {
        ThetaView view;
        if (!theta_read(row_text(run, i, row), &view, run->fault))
            return false;
        if (first == 0)
            size = view.size < size ? view.size : size;
        theta = view.theta < theta ? view.theta : theta;
        uint64_t *next = ARENA_ARRAY(run->arena, uint64_t, (size_t)count + view.count + 1);
        count = combine_hashes(hashes, count, &view, theta, i == first ? SET_UNION : operation,
                               next);
        hashes = next;
    }
    *result = theta_pack(run->arena, size, theta, hashes, count);
    return true;
}

static bool theta_union_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return theta_operation(run, row, SET_UNION, result);
}

static bool theta_intersect_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return theta_operation(run, row, SET_INTERSECT, result);
}

static bool theta_not_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return theta_operation(run, row, SET_DIFFERENCE, result);
}

/* --- quantiles --- */

static bool check_fraction(RowRun *run, double fraction)
{
    return (fraction >= 0 && fraction <= 1) ||
           fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                     "a fraction must be between 0 and 1");
}

static bool get_quantile_row(RowRun *run, uint32_t row, double *result, uint8_t *is_null)
{
    QuantileView view;
    double fraction = row_float64(run, 1, row);
    *result = 0;
    if (!check_fraction(run, fraction) ||
        !quantile_read(row_text(run, 0, row), run->arena, &view, run->fault))
        return false;
    *result = quantile_at(&view, fraction);
    return true;
}

static bool get_quantiles_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    QuantileView view;
    uint32_t count = run->call->argument_count - 1;
    double *values = ARENA_ARRAY(run->arena, double, count + 1);
    *result = nothing;
    if (!quantile_read(row_text(run, 0, row), run->arena, &view, run->fault))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        double fraction = row_float64(run, i + 1, row);
        if (!check_fraction(run, fraction))
            return false;
        values[i] = quantile_at(&view, fraction);
    }
    put_doubles(run, values, count, result);
    return true;
}

/* Weight of the values below a point. */
static double weight_below(const QuantileView *view, double point)
{
    uint64_t weight = 0;
    for (uint32_t i = 0; i < view->count && view->values[i].value < point; i++)
        weight += view->values[i].weight;
    return (double)weight;
}

static bool rank_row(RowRun *run, uint32_t row, double *result, uint8_t *is_null)
{
    QuantileView view;
    *result = 0;
    if (!quantile_read(row_text(run, 0, row), run->arena, &view, run->fault))
        return false;
    *result = view.total == 0 ? (double)NAN
                              : weight_below(&view, row_float64(run, 1, row)) / (double)view.total;
    return true;
}

/* Between split points: the weight of each bin, or the share up to its end. */
static bool split_row(RowRun *run, uint32_t row, bool is_cumulative, Text *result)
{
    QuantileView view;
    uint32_t count = run->call->argument_count - 1;
    double *values = ARENA_ARRAY(run->arena, double, count + 1), before = 0;
    *result = nothing;
    if (!quantile_read(row_text(run, 0, row), run->arena, &view, run->fault))
        return false;
    for (uint32_t i = 0; i <= count; i++) {
        bool is_last = i == count;
        if (i > 0 && !is_last && !(row_float64(run, i + 1, row) > row_float64(run, i, row)))
            return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                             "split points must ascend");
        double below = is_last ? (double)view.total
                               : weight_below(&view, row_float64(run, i + 1, row));
        values[i] = is_cumulative ? below / (double)view.total : below - before;
        before = below;
    }
    put_doubles(run, values, count + 1, result);
    return true;
}

static bool histogram_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return split_row(run, row, false, result);
}

static bool cdf_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return split_row(run, row, true, result);
}

static bool summary_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    QuantileView view;
    *result = nothing;
    if (!quantile_read(row_text(run, 0, row), run->arena, &view, run->fault))
        return false;
    *result = text_of(arena_printf(run->arena,
                                   "quantiles sketch: k %u, %llu values, %u kept, %g to %g",
                                   view.k, (unsigned long long)view.total, view.count,
                                   quantile_at(&view, 0), quantile_at(&view, 1)));
    return true;
}

ROW_LOOP(hll_estimate_loop, hll_estimate_row, double)
ROW_LOOP(hll_bounds_loop, hll_bounds_row, Text)
ROW_LOOP(hll_to_string_loop, hll_to_string_row, Text)
ROW_LOOP(hll_union_loop, hll_union_row, Text)
ROW_LOOP(theta_estimate_loop, theta_estimate_row, double)
ROW_LOOP(theta_bounds_loop, theta_bounds_row, Text)
ROW_LOOP(theta_union_loop, theta_union_row, Text)
ROW_LOOP(theta_intersect_loop, theta_intersect_row, Text)
ROW_LOOP(theta_not_loop, theta_not_row, Text)
ROW_LOOP(get_quantile_loop, get_quantile_row, double)
ROW_LOOP(get_quantiles_loop, get_quantiles_row, Text)
ROW_LOOP(rank_loop, rank_row, double)
ROW_LOOP(histogram_loop, histogram_row, Text)
ROW_LOOP(cdf_loop, cdf_row, Text)
ROW_LOOP(summary_loop, summary_row, Text)

#define SKETCH_ROW(id, function, count, optional, variadic, type, loop_method, does, ...)          \
    { .oid = id, .name = function, .argument_count = count, .optional_count = optional,            \
      .is_variadic = variadic, .arguments = { __VA_ARGS__ }, .result = type, .run = run_rows,      \
      .loop = (void *)(loop_method), .summary = does }

const ScalarFunction sketch_functions[] = {
    SKETCH_ROW(91900, "hll_sketch_estimate", 2, 1, false, T_FLOAT8, hll_estimate_loop,
               "About how many different values a HyperLogLog sketch has met.", T_HLL_SKETCH,
               T_BOOL),
    SKETCH_ROW(91901, "hll_sketch_estimate_with_error_bounds", 2, 1, false, T_TEXT,
               hll_bounds_loop, "The estimate and its bounds at 1 to 3 standard deviations.",
               T_HLL_SKETCH, T_INT8),
    SKETCH_ROW(91902, "hll_sketch_to_string", 1, 0, false, T_TEXT, hll_to_string_loop,
               "What a HyperLogLog sketch is made of.", T_HLL_SKETCH),
    SKETCH_ROW(91903, "hll_sketch_union", 1, 0, true, T_HLL_SKETCH, hll_union_loop,
               "The union of HyperLogLog sketches.", T_HLL_SKETCH),
    SKETCH_ROW(91904, "hll_sketch_union", 3, 0, true, T_HLL_SKETCH, hll_union_loop,
               "The union of HyperLogLog sketches, with 2^lgK registers.", T_INT8, T_TEXT,
               T_HLL_SKETCH),
    SKETCH_ROW(91905, "theta_sketch_estimate", 1, 0, false, T_FLOAT8, theta_estimate_loop,
               "About how many different values a theta sketch has met.", T_THETA_SKETCH),
    SKETCH_ROW(91906, "theta_sketch_estimate_with_error_bounds", 2, 0, false, T_TEXT,
               theta_bounds_loop, "The estimate and its bounds, as JSON.", T_THETA_SKETCH,
               T_INT8),
    SKETCH_ROW(91907, "theta_sketch_union", 1, 0, true, T_THETA_SKETCH, theta_union_loop,
               "The union of theta sketches.", T_THETA_SKETCH),
    SKETCH_ROW(91908, "theta_sketch_union", 2, 0, true, T_THETA_SKETCH, theta_union_loop,
               "The union of theta sketches, cut to a size.", T_INT8, T_THETA_SKETCH),
    SKETCH_ROW(91909, "theta_sketch_intersect", 1, 0, true, T_THETA_SKETCH, theta_intersect_loop,
               "The intersection of theta sketches.", T_THETA_SKETCH),
    SKETCH_ROW(91910, "theta_sketch_intersect", 2, 0, true, T_THETA_SKETCH, theta_intersect_loop,
               "The intersection of theta sketches, cut to a size.", T_INT8, T_THETA_SKETCH),
    SKETCH_ROW(91911, "theta_sketch_not", 1, 0, true, T_THETA_SKETCH, theta_not_loop,
               "The first theta sketch without the others.", T_THETA_SKETCH),
    SKETCH_ROW(91912, "theta_sketch_not", 2, 0, true, T_THETA_SKETCH, theta_not_loop,
               "The first theta sketch without the others, cut to a size.", T_INT8,
               T_THETA_SKETCH),
    SKETCH_ROW(91913, "ds_get_quantile", 2, 0, false, T_FLOAT8, get_quantile_loop,
               "About the value below which a fraction of a sketch's values lie.",
               T_QUANTILES_SKETCH, T_FLOAT8),
    SKETCH_ROW(91914, "ds_get_quantiles", 2, 0, true, T_TEXT, get_quantiles_loop,
               "The values at several fractions.", T_QUANTILES_SKETCH, T_FLOAT8),
    SKETCH_ROW(91915, "ds_rank", 2, 0, false, T_FLOAT8, rank_loop,
               "The share of a sketch's values that lie below one.", T_QUANTILES_SKETCH,
               T_FLOAT8),
    SKETCH_ROW(91916, "ds_histogram", 2, 0, true, T_TEXT, histogram_loop,
               "How many values lie between split points.", T_QUANTILES_SKETCH, T_FLOAT8),
    SKETCH_ROW(91917, "ds_cdf", 2, 0, true, T_TEXT, cdf_loop,
               "The share of the values below each split point, and 1.", T_QUANTILES_SKETCH,
               T_FLOAT8),
    SKETCH_ROW(91918, "ds_quantile_summary", 1, 0, false, T_TEXT, summary_loop,
               "What a quantiles sketch is made of.", T_QUANTILES_SKETCH),
};
const uint32_t sketch_function_count = sizeof sketch_functions / sizeof sketch_functions[0];

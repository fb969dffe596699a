/*
 * Every aggregate is driven the same ways and must say the same: all rows at once without
 * groups, in two halves whose partial states are merged, and with groups in random order; over
 * flat, nullable, constant and dictionary vectors.
 */
#include "engine/function/aggregate_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define FAMILY(name)                                                                               \
    extern const AggregateFunction name##_aggregates[];                                            \
    extern const uint32_t name##_aggregate_count;
FAMILY(aggregate_count)
FAMILY(aggregate_sum)
FAMILY(aggregate_avg)
FAMILY(aggregate_min_max)
FAMILY(aggregate_variance)
FAMILY(aggregate_any_value)
FAMILY(aggregate_earliest_latest)
FAMILY(aggregate_boolean)
FAMILY(aggregate_bitwise)
FAMILY(aggregate_string_agg)
FAMILY(aggregate_array_agg)
FAMILY(aggregate_approx_distinct)
FAMILY(aggregate_approx_quantile)
FAMILY(aggregate_json_agg)

static Arena *arena;
static TypeContext context;
static Fault fault;

static const AggregateFunction *find(const AggregateFunction *rows, uint32_t count, uint32_t oid)
{
    for (uint32_t i = 0; i < count; i++)
        if (rows[i].oid == oid)
            return &rows[i];
    fail_msg("no aggregate %u", oid);
    return NULL;
}

#define FIND(family, oid) find(family##_aggregates, family##_aggregate_count, oid)

/* A call bound to the types of its arguments; constants are those arguments that are constant. */
static AggregateCall *bind(const AggregateFunction *function, const Vector *arguments,
                           const Oid *types, uint32_t count)
{
    AggregateCall *call = ARENA_NEW(arena, AggregateCall);
    SqlType *argument_types = ARENA_ARRAY(arena, SqlType, count + 1);
    const Vector **constants = ARENA_ARRAY(arena, const Vector *, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        argument_types[i] = SQL_TYPE(types[i]);
        constants[i] =
            arguments != NULL && arguments[i].form == VECTOR_CONSTANT ? &arguments[i] : NULL;
    }
    *call = (AggregateCall){.function = function,
                            .argument_count = count,
                            .argument_types = argument_types,
                            .constants = constants,
                            .context = &context,
                            .arena = arena};
    call->result_type = function->result_of != NULL ? function->result_of(argument_types, count)
                                                    : SQL_TYPE(function->result);
    fault.code = FAULT_NONE;
    if (function->prepare != NULL && !function->prepare(call, arena, &fault))
        return NULL;
    return call;
}

static uint8_t *states_of(const AggregateCall *call, uint32_t groups, size_t *stride)
{
    *stride = call->function->state_size + 8u; /* others' states lie between */
    uint8_t *states = arena_zalloc(arena, *stride * groups);
    for (uint32_t i = 0; i < groups && call->function->init != NULL; i++)
        call->function->init(call, states + i * *stride);
    return states;
}

/* All rows into one state. */
static Vector whole(const AggregateCall *call, const Vector *arguments, uint32_t rows)
{
    size_t stride;
    uint8_t *states = states_of(call, 1, &stride);
    Vector result;
    assert_true(call->function->add(call, states, stride, NULL, arguments, rows, &fault));
    assert_true(call->function->finish(call, states, stride, 0, 1, arena, &result, &fault));
    return result;
}

/* Two halves, each with groups (all of them group 1 of 3), whose partials are merged. */
static Vector by_parts(const AggregateCall *call, const Vector *arguments, uint32_t rows)
{
    size_t stride;
    uint8_t *total = states_of(call, 1, &stride);
    uint32_t half = rows / 2;
    uint32_t *groups = ARENA_ARRAY(arena, uint32_t, rows + 1);
    for (uint32_t i = 0; i < rows; i++)
        groups[i] = 1;
    for (uint32_t part = 0; part < 2; part++) {
        uint32_t start = part == 0 ? 0 : half, count = part == 0 ? half : rows - half;
        uint8_t *states = states_of(call, 3, &stride);
        Vector slices[4], partial, result;
        for (uint32_t i = 0; i < call->argument_count; i++)
            slices[i] = vector_slice(&arguments[i], start, count);
        assert_true(call->function->add(call, states, stride, groups, slices, count, &fault));
        assert_true(call->function->partial(call, states, stride, 1, 1, arena, &partial, &fault));
        assert_int_equal(partial.layout, type_layout(call->function->partial_of(call)));
        assert_true(call->function->merge(call, total, stride, NULL, &partial, 1, &fault));
        /* The groups beside it stayed empty. */
        uint8_t *empty = states_of(call, 1, &stride);
        assert_memory_equal(states, empty, call->function->state_size);
        assert_memory_equal(states + 2 * stride, empty, call->function->state_size);
        assert_true(call->function->finish(call, states, stride, 2, 1, arena, &result, &fault));
        assert_int_equal(result.length, 1);
    }
    Vector result;
    assert_true(call->function->finish(call, total, stride, 0, 1, arena, &result, &fault));
    return result;
}

static void assert_both(const AggregateFunction *function, const Vector *arguments,
                        const Oid *types, uint32_t count, uint32_t rows, const char *expected)
{
    AggregateCall *call = bind(function, arguments, types, count);
    assert_non_null(call);
    for (int way = 0; way < 2; way++) {
        Vector result = way == 0 ? whole(call, arguments, rows) : by_parts(call, arguments, rows);
        char text[64] = "NULL";
        if (!vector_is_null(&result, 0)) {
            switch (result.layout) {
            case LAYOUT_INT64:
                snprintf(text, sizeof text, "%lld", (long long)VECTOR_DATA(int64_t, &result)[0]);
                break;
            case LAYOUT_FLOAT64:
                snprintf(text, sizeof text, "%.10g", VECTOR_DATA(double, &result)[0]);
                break;
            case LAYOUT_FLOAT32:
                snprintf(text, sizeof text, "%.6g", (double)VECTOR_DATA(float, &result)[0]);
                break;
            case LAYOUT_BOOL:
                snprintf(text, sizeof text, "%c", VECTOR_DATA(uint8_t, &result)[0] ? 't' : 'f');
                break;
            case LAYOUT_INT128:
                snprintf(text, sizeof text, "%lld", (long long)VECTOR_DATA(__int128, &result)[0]);
                break;
            case LAYOUT_STRING:
                snprintf(text, sizeof text, "%.*s", TEXT_ARGS(vector_text(&result, 0)));
                break;
            case LAYOUT_ARRAY:
            case LAYOUT_COUNT:
                break;
            }
        }
        assert_string_equal(text, expected);
    }
}

/* --- vectors --- */

static Vector ints(const int64_t *values, const uint8_t *nulls, uint32_t count)
{
    int64_t *data = arena_alloc_vector(arena, count * sizeof *data);
    memcpy(data, values, count * sizeof *data);
    uint8_t *null_bytes = NULL;
    if (nulls != NULL)
        null_bytes = memcpy(arena_alloc_vector(arena, count), nulls, count);
    return vector_flat(LAYOUT_INT64, count, data, null_bytes);
}

static Vector texts(const char *const *values, uint32_t count, bool as_dictionary)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_STRING, count);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] == NULL)
            vector_builder_null(&builder);
        else
            vector_builder_text(&builder, text_of(values[i]));
    }
    if (!as_dictionary)
        return vector_builder_finish(&builder);
    /* Entries a..d, sorted. */
    Text entries[5] = {{0}, text_of("a"), text_of("b"), text_of("c"), text_of("d")};
    Dictionary *dictionary = dictionary_make(arena, entries, 5, true, true);
    uint32_t *codes = arena_alloc_vector(arena, count * sizeof *codes);
    for (uint32_t i = 0; i < count; i++)
        codes[i] = values[i] == NULL ? 0 : dictionary_find(dictionary, text_of(values[i]));
    return vector_dictionary(dictionary, count, codes);
}

static const int64_t sample[] = {1, 2, 77, 4};
static const uint8_t sample_nulls[] = {0, 0, 1, 0};
static const Oid int8_type[] = {T_INT8};

/* --- tests --- */

static void test_count(void **state)
{
    Vector x = ints(sample, sample_nulls, 4), null = vector_null(arena, LAYOUT_INT64, 4);
    assert_both(FIND(aggregate_count, 2803), NULL, NULL, 0, 4, "4");
    assert_both(FIND(aggregate_count, 2147), &x, int8_type, 1, 4, "3");
    assert_both(FIND(aggregate_count, 2147), &null, int8_type, 1, 4, "0");
    const char *const s[] = {"a", "b", NULL, "a"};
    Vector dictionary = texts(s, 4, true);
    const Oid text_type[] = {T_TEXT};
    assert_both(FIND(aggregate_count, 2147), &dictionary, text_type, 1, 4, "3");
}

static void test_sum_int(void **state)
{
    const AggregateFunction *sum = FIND(aggregate_sum, 2107);
    Vector x = ints(sample, sample_nulls, 4), null = vector_null(arena, LAYOUT_INT64, 4);
    assert_both(sum, &x, int8_type, 1, 4, "7");
    assert_both(sum, &null, int8_type, 1, 4, "NULL");
    int64_t five = 5;
    Vector constant = vector_constant(arena, LAYOUT_INT64, 4, &five);
    assert_both(sum, &constant, int8_type, 1, 4, "20");
    /* Beyond the range on the way, within it at the end. */
    const int64_t wide[] = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN, 2, -7};
    x = ints(wide, NULL, 6);
    assert_both(sum, &x, int8_type, 1, 6, "-7");
}

static void test_sum_overflow(void **state)
{
    const AggregateFunction *sum = FIND(aggregate_sum, 2107);
    const int64_t wide[] = {INT64_MAX, 1};
    Vector x = ints(wide, NULL, 2);
    for (int32_t dialect = 0; dialect < 2; dialect++) {
        context.dialect = dialect;
        AggregateCall *call = bind(sum, &x, int8_type, 1);
        size_t stride;
        uint8_t *states = states_of(call, 1, &stride);
        Vector result;
        uint32_t groups[] = {0, 0};
        assert_true(sum->add(call, states, stride, groups, &x, 2, &fault));
        bool is_good = sum->finish(call, states, stride, 0, 1, arena, &result, &fault);
        assert_int_equal(is_good, dialect == 1);
        if (is_good)
            assert_true(VECTOR_DATA(int64_t, &result)[0] == INT64_MIN);
        else
            assert_string_equal(fault_info(fault.code)->sqlstate, "22003");
    }
    context.dialect = 0;
}

/* Random values, some huge, against 128-bit sums by hand, in many groups and batches. */
static void test_sum_groups(void **state)
{
    enum { GROUPS = 7, ROWS = 1000, BATCHES = 20 };
    AggregateCall *call = bind(FIND(aggregate_sum, 2107), NULL, int8_type, 1);
    AggregateCall bound = *call;
    size_t stride;
    uint8_t *states = states_of(&bound, GROUPS, &stride);
    __int128 expected[GROUPS] = {0};
    int64_t values[ROWS];
    uint8_t nulls[ROWS];
    uint32_t groups[ROWS];
    srandom(7);
    for (int batch = 0; batch < BATCHES; batch++) {
        for (int i = 0; i < ROWS; i++) {
            values[i] = (random() - random()) * (batch < 10 ? 1000 : 3000000000);
            nulls[i] = random() % 5 == 0;
            groups[i] = (uint32_t)random() % GROUPS;
            if (!nulls[i])
                expected[groups[i]] += values[i];
        }
        Vector x = ints(values, nulls, ROWS);
        assert_true(bound.function->add(&bound, states, stride, groups, &x, ROWS, &fault));
    }
    Vector partial;
    assert_true(
        bound.function->partial(&bound, states, stride, 0, GROUPS, arena, &partial, &fault));
    for (int i = 0; i < GROUPS; i++)
        assert_true(VECTOR_DATA(__int128, &partial)[i] == expected[i]);
}

static void test_floats(void **state)
{
    double *values = arena_alloc_vector(arena, 100 * sizeof *values);
    uint8_t *nulls = arena_alloc_vector(arena, 100);
    for (int i = 0; i < 100; i++) {
        values[i] = i;
        nulls[i] = i % 10 == 9;
    }
    const Oid type[] = {T_FLOAT8};
    Vector x = vector_flat(LAYOUT_FLOAT64, 100, values, NULL);
    assert_both(FIND(aggregate_sum, 2111), &x, type, 1, 100, "4950");
    assert_both(FIND(aggregate_avg, 2105), &x, type, 1, 100, "49.5");
    assert_both(FIND(aggregate_min_max, 2136), &x, type, 1, 100, "0");
    assert_both(FIND(aggregate_min_max, 2120), &x, type, 1, 100, "99");
    assert_both(FIND(aggregate_variance, 2722), &x, type, 1, 100, "833.25");
    x.nulls = nulls;
    assert_both(FIND(aggregate_sum, 2111), &x, type, 1, 100, "4410");
    assert_both(FIND(aggregate_avg, 2105), &x, type, 1, 100, "49");
    assert_both(FIND(aggregate_min_max, 2120), &x, type, 1, 100, "98");
    values[7] = (double)NAN;
    assert_both(FIND(aggregate_min_max, 2120), &x, type, 1, 100, "nan");
    assert_both(FIND(aggregate_min_max, 2136), &x, type, 1, 100, "0");
    x.nulls = NULL;
    assert_both(FIND(aggregate_min_max, 2120), &x, type, 1, 100, "nan");
    assert_both(FIND(aggregate_min_max, 2136), &x, type, 1, 100, "0");
    for (int i = 0; i < 100; i++)
        values[i] = (double)NAN;
    assert_both(FIND(aggregate_min_max, 2136), &x, type, 1, 100, "nan");
}

static void test_variance(void **state)
{
    double *values = arena_alloc_vector(arena, 4 * sizeof *values);
    for (int i = 0; i < 4; i++)
        values[i] = (double)sample[i];
    Vector x = vector_flat(LAYOUT_FLOAT64, 4, values, sample_nulls);
    const Oid type[] = {T_FLOAT8};
    assert_both(FIND(aggregate_variance, 2722), &x, type, 1, 4, "1.555555556");
    assert_both(FIND(aggregate_variance, 2645), &x, type, 1, 4, "2.333333333");
    assert_both(FIND(aggregate_variance, 2728), &x, type, 1, 4, "1.247219129");
    assert_both(FIND(aggregate_variance, 2716), &x, type, 1, 4, "1.527525232");
    assert_both(FIND(aggregate_variance, 2645), &x, type, 1, 1, "NULL");
    assert_both(FIND(aggregate_variance, 2722), &x, type, 1, 1, "0");
    context.dialect = 1;
    assert_both(FIND(aggregate_variance, 2645), &x, type, 1, 1, "0");
    context.dialect = 0;
}

static void test_average(void **state)
{
    Vector x = ints(sample, sample_nulls, 4);
    assert_both(FIND(aggregate_avg, 2100), &x, int8_type, 1, 4, "2.333333333");
    __int128 *values = arena_alloc_vector(arena, 3 * sizeof *values);
    values[0] = 100, values[1] = 200, values[2] = -25;
    Vector numeric = vector_flat(LAYOUT_INT128, 3, values, NULL);
    AggregateCall *call = bind(FIND(aggregate_avg, 2103), &numeric, (const Oid[]){T_NUMERIC}, 1);
    SqlType two = type_numeric_derived(2);
    call->argument_types = &two;
    call->result_type = call->function->result_of(&two, 1);
    Vector result = whole(call, &numeric, 3);
    /* 2.75 / 3 with 20 digits, as it is below 1: 0.91666666666666666667 */
    __int128 expected = (__int128)INT64_C(9166666666666666) * 10000 + 6667;
    assert_true(VECTOR_DATA(__int128, &result)[0] == expected);
    result = by_parts(call, &numeric, 3);
    assert_true(VECTOR_DATA(__int128, &result)[0] == expected);
}

static void test_min_max(void **state)
{
    Vector x = ints(sample, sample_nulls, 4);
    assert_both(FIND(aggregate_min_max, 2131), &x, int8_type, 1, 4, "1");
    assert_both(FIND(aggregate_min_max, 2115), &x, int8_type, 1, 4, "4");
    Vector null = vector_null(arena, LAYOUT_INT64, 4);
    assert_both(FIND(aggregate_min_max, 2115), &null, int8_type, 1, 4, "NULL");
    const char *const s[] = {"c", NULL, "b", "d", "b", ""};
    const Oid text_type[] = {T_TEXT};
    Vector flat = texts(s, 6, false), dictionary = texts(s, 5, true);
    assert_both(FIND(aggregate_min_max, 2145), &flat, text_type, 1, 6, "");
    assert_both(FIND(aggregate_min_max, 2129), &flat, text_type, 1, 6, "d");
    assert_both(FIND(aggregate_min_max, 2145), &dictionary, text_type, 1, 5, "b");
    assert_both(FIND(aggregate_min_max, 2129), &dictionary, text_type, 1, 5, "d");
    const char *const none[] = {NULL, NULL};
    Vector empty = texts(none, 2, true);
    assert_both(FIND(aggregate_min_max, 2129), &empty, text_type, 1, 2, "NULL");
}

static void test_any_value(void **state)
{
    const char *const s[] = {NULL, "b", NULL, "a"};
    Vector x = texts(s, 4, false);
    const Oid text_type[] = {T_TEXT};
    assert_both(FIND(aggregate_any_value, 6321), &x, text_type, 1, 4, "b");
    Vector n = ints(sample, sample_nulls, 4);
    assert_both(FIND(aggregate_any_value, 6321), &n, int8_type, 1, 4, "1");
}

static void test_earliest_latest(void **state)
{
    const char *const s[] = {"m", "x", NULL, "z", "no"};
    const int64_t t[] = {50, 20, 90, 20, 5};
    const uint8_t t_nulls[] = {0, 0, 0, 0, 1};
    Vector arguments[3] = {texts(s, 5, false), ints(t, t_nulls, 5)};
    const Oid types[] = {T_TEXT, T_TIMESTAMP, T_INT8};
    assert_both(FIND(aggregate_earliest_latest, 92003), arguments, types, 2, 5, "x");
    assert_both(FIND(aggregate_earliest_latest, 92001), arguments, types, 2, 5, "x");
    assert_both(FIND(aggregate_earliest_latest, 92004), arguments, types, 2, 5, "NULL");
    assert_both(FIND(aggregate_earliest_latest, 92004), arguments, types, 2, 2, "m");
    const int64_t values[] = {1, 2, 3, 4, 5};
    arguments[0] = ints(values, NULL, 5);
    const Oid int_types[] = {T_INT8, T_TIMESTAMP};
    assert_both(FIND(aggregate_earliest_latest, 92004), arguments, int_types, 2, 5, "3");
    /* Cut to a whole character: é has two bytes. */
    const char *const long_text[] = {"aé"};
    int64_t two = 2;
    arguments[0] = texts(long_text, 1, false);
    arguments[1] = ints(t, NULL, 1);
    arguments[2] = vector_constant(arena, LAYOUT_INT64, 1, &two);
    assert_both(FIND(aggregate_earliest_latest, 92003), arguments, types, 3, 1, "a");
}

static void test_boolean_bitwise(void **state)
{
    const uint8_t b[] = {1, 0, 1, 1};
    const Oid bool_type[] = {T_BOOL};
    Vector x = vector_flat(LAYOUT_BOOL, 4, b, NULL);
    const uint8_t false_null[] = {0, 1, 0, 0};
    assert_both(FIND(aggregate_boolean, 2517), &x, bool_type, 1, 4, "f");
    assert_both(FIND(aggregate_boolean, 2518), &x, bool_type, 1, 4, "t");
    x.nulls = false_null;
    assert_both(FIND(aggregate_boolean, 2519), &x, bool_type, 1, 4, "t");
    Vector null = vector_null(arena, LAYOUT_BOOL, 3);
    assert_both(FIND(aggregate_boolean, 2517), &null, bool_type, 1, 3, "NULL");
    const int64_t values[] = {12, 10, 99};
    const uint8_t nulls[] = {0, 0, 1};
    Vector n = ints(values, nulls, 3);
    assert_both(FIND(aggregate_bitwise, 2240), &n, int8_type, 1, 3, "8");
    assert_both(FIND(aggregate_bitwise, 2241), &n, int8_type, 1, 3, "14");
    assert_both(FIND(aggregate_bitwise, 6166), &n, int8_type, 1, 3, "6");
}

static void test_string_agg(void **state)
{
    const char *const s[] = {"a", "b", NULL, "a"};
    Text comma = text_of(", ");
    Vector arguments[3] = {texts(s, 4, false), vector_constant(arena, LAYOUT_STRING, 4, &comma)};
    const Oid types[] = {T_TEXT, T_TEXT, T_INT8};
    assert_both(FIND(aggregate_string_agg, 3538), arguments, types, 2, 4, "a, b, a");
    assert_both(FIND(aggregate_string_agg, 3538), arguments, types, 1, 4, "aba");
    int64_t six = 6;
    arguments[2] = vector_constant(arena, LAYOUT_INT64, 4, &six);
    AggregateCall *call = bind(FIND(aggregate_string_agg, 3538), arguments, types, 3);
    size_t stride;
    uint8_t *states = states_of(call, 1, &stride);
    assert_false(call->function->add(call, states, stride, NULL, arguments, 4, &fault));
    const char *const none[] = {NULL};
    Vector empty[2] = {texts(none, 1, false), vector_constant(arena, LAYOUT_STRING, 1, &comma)};
    assert_both(FIND(aggregate_string_agg, 3538), empty, types, 2, 1, "NULL");
}

static void test_array_agg(void **state)
{
    const char *const s[] = {"a", "bb", NULL, "c"};
    Vector x = texts(s, 4, false);
    const Oid text_type[] = {T_TEXT};
    AggregateCall *call = bind(FIND(aggregate_array_agg, 2335), &x, text_type, 1);
    assert_non_null(call);
    for (int way = 0; way < 2; way++) {
        Vector result = way == 0 ? whole(call, &x, 4) : by_parts(call, &x, 4);
        ArrayValue array = VECTOR_DATA(ArrayValue, &result)[0];
        assert_int_equal(array.count, 4);
        assert_true(text_equal_string(vector_text(result.elements, array.offset + 1), "bb"));
        assert_true(vector_is_null(result.elements, array.offset + 2));
        assert_true(text_equal_string(vector_text(result.elements, array.offset + 3), "c"));
    }
    size_t stride;
    uint8_t *states = states_of(call, 1, &stride);
    Vector result;
    assert_true(call->function->finish(call, states, stride, 0, 1, arena, &result, &fault));
    assert_true(vector_is_null(&result, 0));
}

static void test_approx_distinct(void **state)
{
    const AggregateFunction *function = FIND(aggregate_approx_distinct, 92020);
    Vector x = ints(sample, sample_nulls, 4);
    assert_both(function, &x, int8_type, 1, 4, "3");
    const char *const s[] = {"a", "b", NULL, "a"};
    Vector dictionary = texts(s, 4, true);
    const Oid text_type[] = {T_TEXT};
    assert_both(function, &dictionary, text_type, 1, 4, "2");
    Vector null = vector_null(arena, LAYOUT_INT64, 4);
    assert_both(function, &null, int8_type, 1, 4, "0");
    static const int64_t sizes[] = {100, 700, 1000, 5000, 100000};
    for (size_t s_index = 0; s_index < sizeof sizes / sizeof sizes[0]; s_index++) {
        int64_t n = sizes[s_index];
        int64_t *values = arena_alloc_vector(arena, (size_t)n * 2 * sizeof *values);
        for (int64_t i = 0; i < n * 2; i++)
            values[i] = i % n * 7919;
        Vector many = vector_flat(LAYOUT_INT64, (uint32_t)n * 2, values, NULL);
        AggregateCall *call = bind(function, &many, int8_type, 1);
        Vector one = whole(call, &many, (uint32_t)n * 2);
        Vector merged = by_parts(call, &many, (uint32_t)n * 2);
        int64_t estimate = VECTOR_DATA(int64_t, &one)[0];
        assert_int_equal(estimate, VECTOR_DATA(int64_t, &merged)[0]);
        double error = fabs((double)estimate - (double)n) / (double)n;
        assert_true(error < (n <= 700 ? 0.0001 : 0.05));
    }
}

static void test_approx_quantile(void **state)
{
    enum { VALUES = 200000 };
    static const double fractions[] = {0.01, 0.25, 0.5, 0.9, 0.999};
    const Oid types[] = {T_FLOAT8, T_FLOAT8};
    double *values = arena_alloc_vector(arena, VALUES * sizeof *values);
    for (int64_t i = 0; i < VALUES; i++)
        values[i] = (double)(i * 7919 % VALUES);
    for (size_t f = 0; f < sizeof fractions / sizeof fractions[0]; f++) {
        Vector arguments[2] = {vector_flat(LAYOUT_FLOAT64, VALUES, values, NULL),
                               vector_constant(arena, LAYOUT_FLOAT64, VALUES, &fractions[f])};
        AggregateCall *call = bind(FIND(aggregate_approx_quantile, 92030), arguments, types, 2);
        assert_non_null(call);
        Vector one = whole(call, arguments, VALUES), merged = by_parts(call, arguments, VALUES);
        double expected = fractions[f] * VALUES;
        assert_true(fabs(VECTOR_DATA(double, &one)[0] - expected) < 0.03 * VALUES);
        assert_true(fabs(VECTOR_DATA(double, &merged)[0] - expected) < 0.03 * VALUES);
        /* Few values: exact. */
        assert_both(FIND(aggregate_approx_quantile, 92031), arguments, types, 2, 1, "0");
    }
    double half = 0.5;
    Vector few[2] = {vector_flat(LAYOUT_FLOAT64, 100, values, NULL),
                     vector_constant(arena, LAYOUT_FLOAT64, 100, &half)};
    for (int i = 0; i < 100; i++)
        values[i] = 100 - i;
    assert_both(FIND(aggregate_approx_quantile, 92030), few, types, 2, 100, "50");
    few[0] = vector_null(arena, LAYOUT_FLOAT64, 100);
    assert_both(FIND(aggregate_approx_quantile, 92030), few, types, 2, 100, "nan");
}

static void test_json_agg(void **state)
{
    const char *const s[] = {"a", "b\"", NULL};
    Vector arguments[2] = {texts(s, 3, false), ints(sample, sample_nulls, 3)};
    const Oid types[] = {T_TEXT, T_INT8};
    assert_both(FIND(aggregate_json_agg, 3175), arguments, types, 1, 3, "[\"a\", \"b\\\"\", null]");
    assert_both(FIND(aggregate_json_agg, 3175), &arguments[1], int8_type, 1, 3, "[1, 2, null]");
    assert_both(FIND(aggregate_json_agg, 3197), arguments, types, 2, 2,
                "{ \"a\" : 1, \"b\\\"\" : 2 }");
    assert_both(FIND(aggregate_json_agg, 3270), arguments, types, 2, 2, "{\"a\": 1, \"b\\\"\": 2}");
}

static void test_corrupt_partials(void **state)
{
    /* States from another process are checked. */
    const char *const bad[] = {"short"};
    Vector partial = texts(bad, 1, false);
    const Oid types[] = {T_TEXT, T_TIMESTAMP};
    static const int64_t t[] = {1};
    Vector arguments[2] = {partial, ints(t, NULL, 1)};
    const AggregateFunction *functions[] = {
        FIND(aggregate_avg, 2100),
        FIND(aggregate_avg, 2105),
        FIND(aggregate_variance, 2722),
        FIND(aggregate_earliest_latest, 92003),
        FIND(aggregate_approx_distinct, 92020),
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        AggregateCall *call = bind(functions[i], arguments, types, 2);
        if (call == NULL)
            call = bind(functions[i], arguments, types, 1);
        size_t stride;
        uint8_t *states = states_of(call, 1, &stride);
        assert_false(call->function->merge(call, states, stride, NULL, &partial, 1, &fault));
        assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
    }
}

static int setup(void **state)
{
    arena = arena_new("aggregate test");
    return 0;
}

static int teardown(void **state)
{
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_sum_int),
        cmocka_unit_test(test_sum_overflow),
        cmocka_unit_test(test_sum_groups),
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_variance),
        cmocka_unit_test(test_average),
        cmocka_unit_test(test_min_max),
        cmocka_unit_test(test_any_value),
        cmocka_unit_test(test_earliest_latest),
        cmocka_unit_test(test_boolean_bitwise),
        cmocka_unit_test(test_string_agg),
        cmocka_unit_test(test_array_agg),
        cmocka_unit_test(test_approx_distinct),
        cmocka_unit_test(test_approx_quantile),
        cmocka_unit_test(test_json_agg),
        cmocka_unit_test(test_corrupt_partials),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

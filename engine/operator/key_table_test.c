/*
 * Tests of key tables: against comparing every key with every entry.
 */
#include "engine/operator/key_table_internal.h"
#include "engine/operator/test_batches_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MAX_COLUMNS = 40, MAX_KEPT = 40000 };

/* Where each entry's key was seen first. */
typedef struct Known {
    const Vector *columns;
    uint32_t row;
} Known;

static Known known[MAX_KEPT];

static bool same_key(const Known *entry, const Vector *columns, uint32_t row, uint32_t column_count)
{
    for (uint32_t c = 0; c < column_count; c++)
        if (!vector_rows_equal(&entry->columns[c], entry->row, &columns[c], row))
            return false;
    return true;
}

typedef struct Shape {
    uint32_t column_count;
    Layout layouts[MAX_COLUMNS];
    uint32_t variety[MAX_COLUMNS];
    int64_t scale; /* integers are multiplied by it */
    bool has_nulls;
    uint32_t rows;
    uint32_t batches;
} Shape;

static void scale_integers(Vector *vector, int64_t scale, Arena *arena)
{
    if (vector->layout != LAYOUT_INT64 || scale == 1 || vector->form != VECTOR_FLAT)
        return;
    int64_t *scaled = arena_alloc_vector(arena, vector->length * sizeof *scaled);
    for (uint32_t i = 0; i < vector->length; i++)
        scaled[i] = VECTOR_DATA(int64_t, vector)[i] * scale;
    vector->data = scaled;
}

static Vector *random_columns(Arena *arena, const Shape *shape, uint32_t round)
{
    Vector *columns = ARENA_ARRAY(arena, Vector, shape->column_count);
    for (uint32_t c = 0; c < shape->column_count; c++) {
        /* Later batches are more varied, so that columns outgrow what they were. */
        uint32_t variety = shape->variety[c] * (round + 1);
        columns[c] =
            random_vector(arena, shape->layouts[c], shape->rows, variety, shape->has_nulls);
        scale_integers(&columns[c], shape->scale, arena);
    }
    return columns;
}

static void run_shape(const Shape *shape)
{
    Arena *arena = arena_new("test");
    Budget budget;
    Fault fault;
    budget_init_root(&budget, NULL, 0);
    KeyTable *table = key_table_new(&budget, shape->column_count, shape->layouts);
    uint32_t entries[BATCH_ROWS];
    const Vector *pointers[MAX_COLUMNS];
    for (int use = 0; use < 2; use++) {
        memset(known, 0, sizeof known);
        for (uint32_t b = 0; b < shape->batches; b++) {
            Vector *columns = random_columns(arena, shape, b);
            for (uint32_t c = 0; c < shape->column_count; c++)
                pointers[c] = &columns[c];
            assert_true(key_table_add(table, pointers, shape->rows, entries, &fault));
            assert_true(key_table_count(table) < MAX_KEPT);
            for (uint32_t i = 0; i < shape->rows; i++) {
                assert_in_range(entries[i], 0, key_table_count(table) - 1);
                if (known[entries[i]].columns == NULL)
                    known[entries[i]] = (Known){columns, i};
                assert_true(same_key(&known[entries[i]], columns, i, shape->column_count));
            }
        }
        uint32_t first = key_table_first(table), count = key_table_count(table);
        /* Entries differ from each other (a sample of pairs). */
        for (int pair = 0; pair < 3000; pair++) {
            uint32_t a = first + random_below(count - first),
                     b = first + random_below(count - first);
            assert_non_null(known[a].columns);
            if (a != b)
                assert_false(
                    same_key(&known[a], known[b].columns, known[b].row, shape->column_count));
        }
        /* The keys come back. */
        for (uint32_t at = first; at < count; at += 1000) {
            uint32_t length = count - at < 1000 ? count - at : 1000;
            Vector *columns = ARENA_ARRAY(arena, Vector, shape->column_count);
            key_table_columns(table, at, length, arena, columns);
            for (uint32_t i = 0; i < length; i++)
                assert_true(same_key(&known[at + i], columns, i, shape->column_count));
        }
        if (use == 0)
            key_table_reset(table);
    }
    /* Finding. */
    for (uint32_t b = 0; b < 3; b++) {
        Vector *columns = random_columns(arena, shape, shape->batches + b);
        for (uint32_t c = 0; c < shape->column_count; c++)
            pointers[c] = &columns[c];
        uint32_t count = key_table_count(table);
        assert_true(key_table_find(table, pointers, shape->rows, entries, &fault));
        for (uint32_t i = 0; i < shape->rows; i++) {
            if (entries[i] != KEY_ENTRY_NONE) {
                assert_true(same_key(&known[entries[i]], columns, i, shape->column_count));
                continue;
            }
            if (i % 16 == 0)
                for (uint32_t e = key_table_first(table); e < count; e++)
                    assert_false(same_key(&known[e], columns, i, shape->column_count));
        }
    }
    key_table_free(table);
    assert_int_equal(budget.used, 0);
    arena_free(arena);
}

static void test_one_string(void **state)
{
    (void)state;
    run_shape(&(Shape){1, {LAYOUT_STRING}, {30}, 1, true, 1500, 8});
    run_shape(&(Shape){1, {LAYOUT_STRING}, {3000}, 1, false, 2048, 8});
}

static void test_one_integer(void **state)
{
    (void)state;
    run_shape(&(Shape){1, {LAYOUT_INT64}, {30}, 1, true, 1500, 8});
    run_shape(&(Shape){1, {LAYOUT_INT64}, {1500}, 1, true, 1500, 8});
    run_shape(&(Shape){1, {LAYOUT_INT64}, {1500}, 100003, true, 1500, 8});
    run_shape(&(Shape){1, {LAYOUT_INT64}, {1500}, INT64_C(3600000000), true, 1500, 8});
    run_shape(&(Shape){1, {LAYOUT_INT64}, {100}, INT64_MAX / 2000, false, 1500, 8});
}

static void test_extreme_integers(void **state)
{
    (void)state;
    int64_t values[] = {INT64_MIN,     INT64_MAX, 0,         -1,        1,
                        INT64_MIN + 1, INT32_MIN, INT32_MAX, INT64_MIN, 0};
    Budget budget;
    Fault fault;
    budget_init_root(&budget, NULL, 0);
    for (uint32_t start = 0; start < 8; start++) {
        KeyTable *table = key_table_new(&budget, 1, (Layout[]){LAYOUT_INT64});
        uint32_t entries[16], again[16];
        /* One at a time, so that the kind changes on the way. */
        for (uint32_t i = start; i < 10; i++) {
            Vector one = vector_flat(LAYOUT_INT64, 1, &values[i], NULL);
            assert_true(key_table_add(table, (const Vector *[]){&one}, 1, &entries[i], &fault));
        }
        Vector all = vector_flat(LAYOUT_INT64, 10 - start, values + start, NULL);
        assert_true(
            key_table_add(table, (const Vector *[]){&all}, 10 - start, again + start, &fault));
        for (uint32_t i = start; i < 10; i++) {
            assert_int_equal(entries[i], again[i]);
            for (uint32_t j = start; j < 10; j++)
                assert_int_equal(entries[i] == entries[j], values[i] == values[j]);
        }
        key_table_free(table);
    }
    assert_int_equal(budget.used, 0);
}

static void test_other_layouts(void **state)
{
    (void)state;
    run_shape(&(Shape){1, {LAYOUT_BOOL}, {2}, 1, true, 500, 4});
    run_shape(&(Shape){1, {LAYOUT_FLOAT64}, {200}, 1, true, 1500, 4});
    run_shape(&(Shape){1, {LAYOUT_FLOAT32}, {200}, 1, false, 1500, 4});
    run_shape(&(Shape){1, {LAYOUT_INT128}, {200}, 1, true, 1500, 4});
    run_shape(&(Shape){1, {LAYOUT_ARRAY}, {200}, 1, true, 1500, 4});
}

static void test_several_columns(void **state)
{
    (void)state;
    run_shape(&(Shape){2, {LAYOUT_STRING, LAYOUT_STRING}, {5, 7}, 1, true, 1000, 6});
    run_shape(&(Shape){2, {LAYOUT_STRING, LAYOUT_INT64}, {200, 40}, 1, true, 1000, 6});
    run_shape(&(Shape){2, {LAYOUT_STRING, LAYOUT_INT64}, {2000, 4000}, 1, true, 1000, 6});
    run_shape(
        &(Shape){2, {LAYOUT_INT64, LAYOUT_STRING}, {20, 40}, INT64_C(1000000007), true, 1000, 6});
    run_shape(
        &(Shape){2, {LAYOUT_INT64, LAYOUT_INT64}, {20, 40}, INT64_C(1000000007), true, 1000, 6});
    run_shape(
        &(Shape){3, {LAYOUT_BOOL, LAYOUT_FLOAT64, LAYOUT_STRING}, {2, 10, 10}, 1, true, 1000, 6});
    run_shape(&(Shape){5,
                       {LAYOUT_BOOL, LAYOUT_STRING, LAYOUT_STRING, LAYOUT_ARRAY, LAYOUT_INT128},
                       {2, 5, 5, 5, 5},
                       1,
                       true,
                       600,
                       4});
    Shape many = {.column_count = 36,
                  .scale = INT64_C(1000000007),
                  .has_nulls = true,
                  .rows = 100,
                  .batches = 3};
    for (uint32_t c = 0; c < 36; c++) {
        many.layouts[c] = LAYOUT_INT64;
        many.variety[c] = 2;
    }
    run_shape(&many);
}

static void test_refused_memory(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    Budget root, budget;
    Fault fault = {0};
    budget_init_root(&root, NULL, 0);
    budget_init_child(&budget, &root, 30000);
    KeyTable *table = key_table_new(&budget, 1, (Layout[]){LAYOUT_STRING});
    uint32_t entries[BATCH_ROWS];
    bool is_refused = false;
    for (int i = 0; i < 100 && !is_refused; i++) {
        Vector vector = random_flat(arena, LAYOUT_STRING, 1000, 1000000, false);
        is_refused = !key_table_add(table, (const Vector *[]){&vector}, 1000, entries, &fault);
    }
    assert_true(is_refused);
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    key_table_free(table);
    assert_int_equal(budget.used, 0);
    budget_release_all(&root);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_string),       cmocka_unit_test(test_one_integer),
        cmocka_unit_test(test_extreme_integers), cmocka_unit_test(test_other_layouts),
        cmocka_unit_test(test_several_columns),  cmocka_unit_test(test_refused_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

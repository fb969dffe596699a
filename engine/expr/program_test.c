#include "engine/expr/expr.h"

#include "base/memory/pack.h"
#include "engine/type/timezone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static Arena *arena;
static TypeContext context;
static Settings settings;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new("test");
    setting_defaults(&settings);
    context = (TypeContext){.zone = timezone_utc(), .settings = &settings};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* --- making expressions --- */

static const Expr *int8(int64_t value)
{
    return expr_int64(arena, SQL_TYPE(T_INT8), value, -1);
}

static const Expr *column(ColumnId id)
{
    return expr_column(arena, SQL_TYPE(T_INT8), id, -1);
}

static const Expr *operator_of(const char *symbol, const Expr *left, const Expr *right)
{
    SqlType types[2] = {left->type, right->type}, coerced[2];
    Fault fault;
    const ScalarFunction *function = function_resolve_operator(text_of(symbol), types, 2, 0, coerced, -1, &fault);
    assert_non_null(function);
    const Expr *arguments[2] = {left, right};
    SqlType result = function->result_of != NULL ? function->result_of(coerced, 2) : SQL_TYPE(function->result);
    return expr_call(arena, function, result, arguments, 2, -1);
}

static const Expr *nary(ExprKind kind, Oid type, uint32_t count, const Expr *a, const Expr *b, const Expr *c)
{
    const Expr *arguments[3] = {a, b, c};
    return expr_nary(arena, kind, SQL_TYPE(type), arguments, count, -1);
}

static const Expr *truth(int value) /* 0, 1, -1 for NULL */
{
    return value < 0 ? expr_null(arena, SQL_TYPE(T_BOOL), -1) : expr_bool(arena, value != 0);
}

/* Columns 0: 0 1 2 3 .. ; 1: NULL in every third row, else 10 * row. */
static Batch *sample(uint32_t rows)
{
    Batch *batch = batch_make(arena, 2, rows);
    int64_t *first = arena_alloc_vector(arena, rows * 8), *second = arena_alloc_vector(arena, rows * 8);
    uint8_t *nulls = arena_alloc_vector(arena, rows);
    for (uint32_t i = 0; i < rows; i++) {
        first[i] = i;
        second[i] = 10 * (int64_t)i;
        nulls[i] = i % 3 == 0;
    }
    batch->columns[0] = vector_flat(LAYOUT_INT64, rows, first, NULL);
    batch->columns[1] = vector_flat(LAYOUT_INT64, rows, second, nulls);
    return batch;
}

static bool run(const Expr *expr, const Batch *batch, Vector *result, Fault *fault)
{
    ExprProgram *program = expr_compile(arena, &expr, 1, &context, fault);
    assert_non_null(program);
    return expr_run(program, batch, NULL, arena, result, fault);
}

static int bool_at(const Vector *vector, uint32_t row)
{
    return vector_is_null(vector, row) ? -1 : VECTOR_DATA(uint8_t, vector)[vector_row(vector, row)];
}

/* --- tests --- */

static void test_arithmetic_keeps_nulls(void **state)
{
    (void)state;
    Batch *batch = sample(100);
    Vector result;
    Fault fault;
    assert_true(run(operator_of("+", column(0), operator_of("*", column(1), int8(2))), batch, &result, &fault));
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(vector_is_null(&result, i), i % 3 == 0);
        if (i % 3 != 0)
            assert_int_equal(VECTOR_DATA(int64_t, &result)[i], 21 * (int64_t)i);
    }
}

static void test_three_valued_logic(void **state)
{
    (void)state;
    Batch one = {.rows = 1};
    Fault fault;
    for (int a = -1; a <= 1; a++)
        for (int b = -1; b <= 1; b++) {
            Vector and, or, not;
            assert_true(run(nary(EXPR_AND, T_BOOL, 2, truth(a), truth(b), NULL), &one, &and, &fault));
            assert_true(run(nary(EXPR_OR, T_BOOL, 2, truth(a), truth(b), NULL), &one, &or, &fault));
            assert_true(run(nary(EXPR_NOT, T_BOOL, 1, truth(a), NULL, NULL), &one, &not, &fault));
            assert_int_equal(bool_at(&and, 0), a == 0 || b == 0 ? 0 : a < 0 || b < 0 ? -1 : 1);
            assert_int_equal(bool_at(&or, 0), a == 1 || b == 1 ? 1 : a < 0 || b < 0 ? -1 : 0);
            assert_int_equal(bool_at(&not, 0), a < 0 ? -1 : !a);
        }
}

static void test_guards_keep_errors_away(void **state)
{
    (void)state;
    Batch *batch = sample(50);
    Vector result;
    Fault fault;
    const Expr *divided = operator_of("/", int8(100), column(0));
    assert_false(run(divided, batch, &result, &fault));
    assert_int_equal(fault.code, FAULT_DIVISION_BY_ZERO);
    const Expr *is_not_zero = operator_of("<>", column(0), int8(0));
    const Expr *guarded = nary(EXPR_CASE, T_INT8, 3, is_not_zero, divided, int8(-1));
    assert_true(run(guarded, batch, &result, &fault));
    assert_int_equal(VECTOR_DATA(int64_t, &result)[0], -1);
    assert_int_equal(VECTOR_DATA(int64_t, &result)[7], 14);
    const Expr *both = nary(EXPR_AND, T_BOOL, 2, is_not_zero, operator_of(">", divided, int8(10)), NULL);
    assert_true(run(both, batch, &result, &fault));
    assert_int_equal(bool_at(&result, 0), 0);
    assert_int_equal(bool_at(&result, 5), 1);
    assert_int_equal(bool_at(&result, 20), 0);
    const Expr *coalesced = nary(EXPR_COALESCE, T_INT8, 2, column(1), divided, NULL); /* row 0 reaches it */
    assert_false(run(coalesced, batch, &result, &fault));
}

static void test_inactive_rows_do_not_fail(void **state)
{
    (void)state;
    Batch *batch = sample(10);
    uint8_t active[10] = {0, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const Expr *divided = operator_of("/", int8(100), column(0));
    Vector result;
    Fault fault;
    ExprProgram *program = expr_compile(arena, &divided, 1, &context, &fault);
    assert_true(expr_run(program, batch, active, arena, &result, &fault));
    assert_int_equal(VECTOR_DATA(int64_t, &result)[4], 25);
}

static const Expr *in_list(const Expr *value, const int64_t *items, uint32_t count, bool has_null)
{
    Vector list = vector_flat(LAYOUT_INT64, count, items, NULL);
    return expr_in_list(arena, value, &list, has_null, -1);
}

static void test_in_list_short_and_long(void **state)
{
    (void)state;
    Batch *batch = sample(2000);
    int64_t items[300];
    for (int i = 0; i < 300; i++)
        items[i] = 40 * i;
    for (uint32_t count = 3; count <= 300; count *= 10)
        for (int has_null = 0; has_null <= 1; has_null++) {
            Vector result;
            Fault fault;
            assert_true(run(in_list(column(1), items, count, has_null != 0), batch, &result, &fault));
            for (uint32_t i = 0; i < batch->rows; i++) {
                int64_t value = 10 * (int64_t)i;
                bool found = value % 40 == 0 && value / 40 < count;
                int expected = i % 3 == 0 ? -1 : found ? 1 : has_null ? -1 : 0;
                assert_int_equal(bool_at(&result, i), expected);
            }
        }
}

static void test_texts_of_a_dictionary(void **state)
{
    (void)state;
    Text texts[4] = {{NULL, 0}, TEXT_LITERAL("apple"), TEXT_LITERAL("pear"), TEXT_LITERAL("plum")};
    Dictionary *dictionary = dictionary_make(arena, texts, 4, true, true);
    uint32_t *codes = arena_alloc_vector(arena, 1000 * sizeof *codes);
    for (uint32_t i = 0; i < 1000; i++)
        codes[i] = i % 4;
    Batch *batch = batch_make(arena, 1, 1000);
    batch->columns[0] = vector_dictionary(dictionary, 1000, codes);
    const Expr *fruit = expr_column(arena, SQL_TYPE(T_TEXT), 0, -1);
    const Expr *pear = expr_text(arena, SQL_TYPE(T_TEXT), TEXT_LITERAL("pear"), -1);
    Vector result;
    Fault fault;
    assert_true(run(operator_of("=", fruit, pear), batch, &result, &fault));
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(bool_at(&result, i), i % 4 == 0 ? -1 : i % 4 == 2);
    assert_true(run(nary(EXPR_COALESCE, T_TEXT, 2, fruit, pear, NULL), batch, &result, &fault));
    for (uint32_t i = 0; i < 1000; i++)
        assert_true(text_equal(vector_text(&result, i), i % 4 == 0 ? texts[2] : texts[i % 4]));
    assert_true(run(nary(EXPR_IS_NULL, T_BOOL, 1, fruit, NULL, NULL), batch, &result, &fault));
    assert_int_equal(bool_at(&result, 0), 1);
    assert_int_equal(bool_at(&result, 1), 0);
}

static void test_folding(void **state)
{
    (void)state;
    const Expr *sum = expr_fold(arena, operator_of("+", int8(2), int8(3)), &context, true);
    assert_int_equal(sum->kind, EXPR_CONSTANT);
    assert_int_equal(VECTOR_DATA(int64_t, sum->value)[0], 5);
    const Expr *failing = operator_of("/", int8(1), int8(0));
    assert_ptr_equal(expr_fold(arena, failing, &context, true), failing); /* raised only when reached */
    const Expr *kept = operator_of(">", column(0), int8(1));
    assert_ptr_equal(expr_fold(arena, nary(EXPR_AND, T_BOOL, 2, truth(1), kept, NULL), &context, true), kept);
    const Expr *decided = expr_fold(arena, nary(EXPR_AND, T_BOOL, 2, kept, truth(0), NULL), &context, true);
    assert_int_equal(decided->kind, EXPR_CONSTANT);
    const Expr *branch = expr_fold(arena, nary(EXPR_CASE, T_INT8, 3, truth(0), failing, int8(7)), &context, true);
    assert_int_equal(VECTOR_DATA(int64_t, branch->value)[0], 7);
}

static const Expr *complicated(void)
{
    static const int64_t items[3] = {1, 5, 9};
    return nary(EXPR_CASE, T_INT8, 3,
                nary(EXPR_OR, T_BOOL, 3, in_list(column(0), items, 3, true),
                     nary(EXPR_NOT, T_BOOL, 1, nary(EXPR_IS_NULL, T_BOOL, 1, column(1), NULL, NULL), NULL, NULL),
                     operator_of("<", column(0), column(1))),
                operator_of("*", column(0), int8(3)), expr_null(arena, SQL_TYPE(T_INT8), -1));
}

static void test_packing_round_trip(void **state)
{
    (void)state;
    const Expr *expr = complicated();
    Buffer packed = BUFFER_EMPTY;
    Fault fault;
    expr_pack(expr, &packed);
    const uint8_t *cursor = packed.data;
    const Expr *back = expr_unpack(arena, &cursor, packed.data + packed.length, &fault);
    assert_non_null(back);
    assert_ptr_equal(cursor, packed.data + packed.length);
    assert_true(expr_equal(expr, back));
    assert_int_equal(expr_hash(expr), expr_hash(back));
    buffer_clear(&packed);
}

/* Damaged bytes are refused or are another whole expression; never a crash. */
static void test_unpacking_damaged_bytes(void **state)
{
    (void)state;
    Buffer packed = BUFFER_EMPTY;
    expr_pack(complicated(), &packed);
    uint64_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        Arena *scratch = arena_new("damage");
        uint8_t *copy = malloc(packed.length);
        Fault fault;
        memcpy(copy, packed.data, packed.length);
        seed = seed * UINT64_C(6364136223846793005) + 1;
        size_t length = round % 4 == 0 ? (seed >> 33) % packed.length : packed.length;
        copy[(seed >> 20) % packed.length] = (uint8_t)(seed >> 50);
        const uint8_t *cursor = copy;
        if (expr_unpack(scratch, &cursor, copy + length, &fault) == NULL)
            assert_int_not_equal(fault.code, FAULT_NONE);
        assert_true(cursor <= copy + length);
        free(copy);
        arena_free(scratch);
    }
    buffer_clear(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_arithmetic_keeps_nulls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_three_valued_logic, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_guards_keep_errors_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_inactive_rows_do_not_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_in_list_short_and_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_texts_of_a_dictionary, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_packing_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unpacking_damaged_bytes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

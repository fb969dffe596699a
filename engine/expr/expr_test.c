/*
 * Expressions: trees, folding, packing, and programs over columns with nulls, errors behind
 * guards, masks, dictionaries.
 */
#include "engine/expr/expr.h"

#include "engine/type/timezone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static Arena *arena;
static TypeContext context;
static Fault fault;

/* --- short ways to write trees --- */

static const Expr *integer(int64_t value)
{
    return expr_int64(arena, SQL_TYPE(T_INT4), value, -1);
}

static const Expr *text(const char *value)
{
    return expr_text(arena, SQL_TYPE(T_TEXT), text_of(value), -1);
}

static const Expr *column(Oid type, ColumnId id)
{
    return expr_column(arena, SQL_TYPE(type), id, -1);
}

static const Expr *call_of(const ScalarFunction *function, const SqlType *coerced,
                           const Expr **arguments, uint32_t count)
{
    SqlType types[4];
    assert_non_null(function);
    for (uint32_t i = 0; i < count; i++) {
        arguments[i] = expr_cast(arena, arguments[i], coerced[i], CAST_IMPLICIT, 0, &fault);
        assert_non_null(arguments[i]);
        types[i] = arguments[i]->type;
    }
    SqlType result = function->result_of != NULL ? function->result_of(types, count)
                                                 : SQL_TYPE(function->result);
    return expr_call(arena, function, result, arguments, count, -1);
}

static const Expr *operator(const char *symbol, const Expr *left, const Expr *right)
{
    const Expr *arguments[2] = {left, right};
    SqlType types[2] = {left->type, right->type}, coerced[2];
    return call_of(function_resolve_operator(text_of(symbol), types, 2, 0, coerced, -1, &fault),
                   coerced, arguments, 2);
}

static const Expr *function(const char *name, const Expr *argument)
{
    SqlType type = argument->type, coerced;
    return call_of(function_resolve(text_of(name), &type, 1, 0, &coerced, -1, &fault), &coerced,
                   &argument, 1);
}

static const Expr *nary(ExprKind kind, Oid type, uint32_t count, const Expr *const *arguments)
{
    return expr_nary(arena, kind, SQL_TYPE(type), arguments, count, -1);
}

#define NARY(kind, type, ...)                                                                      \
    nary(kind, type, sizeof((const Expr *[]){__VA_ARGS__}) / sizeof(const Expr *),                 \
         (const Expr *[]){__VA_ARGS__})

/* --- a batch: a, b integers, s a dictionary, t texts, f truth --- */

enum { A, B, S, T, F, ROWS = 6 };

static Batch *make_batch(void)
{
    static const int64_t a[] = {10, 20, 30, 40, 50, 60};
    static const int64_t b[] = {2, 0, 5, 0, 7, 0};
    static const uint8_t null_a[] = {0, 0, 0, 0, 1, 0};
    static const uint32_t codes[] = {1, 2, 0, 3, 1, 2};
    static const Text texts[] = {TEXT_LITERAL("x"), TEXT_LITERAL("12"), TEXT_LITERAL(""),
                                 TEXT_LITERAL("y"), TEXT_LITERAL("-3"), TEXT_LITERAL("z")};
    static const uint8_t truth[] = {1, 0, 1, 0, 1, 0}, null_truth[] = {0, 0, 0, 1, 1, 0};
    static const Text entries[] = {TEXT_LITERAL(""), TEXT_LITERAL("ant"), TEXT_LITERAL("bee"),
                                   TEXT_LITERAL("cat")};
    Batch *batch = batch_make(arena, 5, ROWS);
    batch->columns[A] = vector_flat(LAYOUT_INT64, ROWS, a, null_a);
    batch->columns[B] = vector_flat(LAYOUT_INT64, ROWS, b, NULL);
    batch->columns[S] = vector_dictionary(dictionary_make(arena, entries, 4, true, true), ROWS,
                                          codes);
    batch->columns[T] = vector_flat(LAYOUT_STRING, ROWS, texts, NULL);
    batch->columns[F] = vector_flat(LAYOUT_BOOL, ROWS, truth, null_truth);
    return batch;
}

/* The result's texts, joined by blanks; or the fault's SQLSTATE. */
static const char *run(const Expr *expr, const uint8_t *active)
{
    static char out[512];
    Batch *batch = make_batch();
    Vector result;
    Text cells[ROWS];
    ExprProgram *program = expr_compile(arena, &expr, 1, &context, &fault);
    if (program == NULL)
        return "does not compile";
    for (int again = 0; again < 3; again++) /* memos must not change results */
        if (!expr_run(program, batch, active, arena, &result, &fault))
            return fault_info(fault.code)->sqlstate;
    assert_int_equal(result.length, ROWS);
    assert_int_equal(result.layout, type_layout(expr->type));
    type_format_text(expr->type, &context, &result, arena, cells);
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < ROWS; i++) {
        Text cell = cells[i].data == NULL ? TEXT_LITERAL("-") : cells[i];
        used += (size_t)snprintf(out + used, sizeof out - used, "%s%.*s", i > 0 ? " " : "",
                                 TEXT_ARGS(cell));
    }
    return out;
}

static void check_run(const Expr *expr, const char *expected)
{
    const char *result = run(expr, NULL);
    if (strcmp(result, expected) != 0)
        fail_msg("got \"%s\", not \"%s\"", result, expected);
}

/* --- programs --- */

static void test_plain(void **state)
{
    const Expr *a = column(T_INT4, A), *b = column(T_INT4, B), *s = column(T_TEXT, S);
    check_run(operator("+", a, b), "12 20 35 40 - 60");
    check_run(operator("/", b, a), "0 0 0 0 - 0");
    check_run(operator("/", a, b), "22012");
    check_run(operator("=", s, text("bee")), "f t - f f t");
    check_run(operator("<", s, text("bee")), "t f - f t f");
    check_run(operator(">=", text("bee"), s), "t t - f t t");
    check_run(function("upper", s), "ANT BEE - CAT ANT BEE");
    check_run(operator("=", function("upper", s), text("ANT")), "t f - f t f");
    check_run(operator("+", integer(1), integer(2)), "3 3 3 3 3 3");
    check_run(NARY(EXPR_IS_NULL, T_BOOL, a), "f f f f t f");
    check_run(NARY(EXPR_IS_NULL, T_BOOL, s), "f f t f f f");
    check_run(NARY(EXPR_NOT, T_BOOL, column(T_BOOL, F)), "f t f - - t");
    check_run(NARY(EXPR_COALESCE, T_INT4, a, integer(7)), "10 20 30 40 7 60");
    check_run(NARY(EXPR_COALESCE, T_TEXT, s, text("none")), "ant bee none cat ant bee");
    check_run(NARY(EXPR_COALESCE, T_TEXT, s, text("cat")), "ant bee cat cat ant bee");
    check_run(operator("<", NARY(EXPR_COALESCE, T_TEXT, s, text("none")), text("bee")),
              "t f f f t f");
    check_run(NARY(EXPR_ARRAY, T_INT4_ARRAY, a, integer(1)),
              "{10,1} {20,1} {30,1} {40,1} {NULL,1} {60,1}");
}

static void test_three_values(void **state)
{
    const Expr *f = column(T_BOOL, F); /* t f t - - f */
    const Expr *yes = expr_bool(arena, true), *no = expr_bool(arena, false);
    const Expr *null = expr_null(arena, SQL_TYPE(T_BOOL), -1);
    check_run(NARY(EXPR_AND, T_BOOL, f, yes), "t f t - - f");
    check_run(NARY(EXPR_AND, T_BOOL, f, no), "f f f f f f");
    check_run(NARY(EXPR_AND, T_BOOL, f, null), "- f - - - f");
    check_run(NARY(EXPR_OR, T_BOOL, f, yes), "t t t t t t");
    check_run(NARY(EXPR_OR, T_BOOL, f, no), "t f t - - f");
    check_run(NARY(EXPR_OR, T_BOOL, f, null), "t - t - - -");
    check_run(NARY(EXPR_AND, T_BOOL, f, NARY(EXPR_NOT, T_BOOL, f), f), "f f f - - f");
}

/* What would fail is behind a test. */
static void test_guards(void **state)
{
    const Expr *a = column(T_INT4, A), *b = column(T_INT4, B), *t = column(T_TEXT, T);
    const Expr *quotient = operator("/", a, b);
    const Expr *is_safe = operator("<>", b, integer(0));
    const Expr *is_large = operator(">", quotient, integer(5));
    check_run(NARY(EXPR_CASE, T_INT4, is_safe, quotient, integer(-1)), "5 -1 6 -1 - -1");
    check_run(NARY(EXPR_CASE, T_INT4, NARY(EXPR_NOT, T_BOOL, is_safe), integer(-1), quotient),
              "5 -1 6 -1 - -1");
    check_run(NARY(EXPR_AND, T_BOOL, is_safe, is_large), "f f t f - f");
    check_run(NARY(EXPR_AND, T_BOOL, is_large, is_safe), "22012");
    check_run(NARY(EXPR_OR, T_BOOL, NARY(EXPR_NOT, T_BOOL, is_safe), is_large), "f t t t - t");
    check_run(NARY(EXPR_COALESCE, T_INT4,
                   NARY(EXPR_CASE, T_INT4, is_safe, b, expr_null(arena, SQL_TYPE(T_INT4), -1)),
                   operator("/", integer(1), operator("-", b, integer(2)))),
              "2 0 5 0 7 0");
    /* computed under the mask first, needed outside of it later */
    const Expr *both[] = {NARY(EXPR_CASE, T_INT4, is_safe, quotient, integer(-1)), quotient};
    ExprProgram *program = expr_compile(arena, both, 2, &context, &fault);
    Vector results[2];
    assert_false(expr_run(program, make_batch(), NULL, arena, results, &fault));
    assert_int_equal(fault.code, FAULT_DIVISION_BY_ZERO);
    /* texts that are no numbers */
    const Expr *number = expr_cast(arena, t, SQL_TYPE(T_INT4), CAST_EXPLICIT, 0, &fault);
    check_run(number, "22P02");
    check_run(NARY(EXPR_CASE, T_INT4, operator("<", t, text("a")),
                   NARY(EXPR_CASE, T_INT4, operator(">", t, text("")), number, integer(0)),
                   integer(-1)),
              "-1 12 0 -1 -3 -1");
    /* a branch that no row takes is not computed at all */
    check_run(NARY(EXPR_CASE, T_INT4, operator(">", a, integer(1000)), quotient, b),
              "2 0 5 0 7 0");
    check_run(NARY(EXPR_AND, T_BOOL, operator(">", a, integer(1000)), is_large,
                   operator("<", a, integer(0))),
              "f f f f - f");
    check_run(NARY(EXPR_CASE, T_TEXT, operator(">", a, integer(25)), text("large"),
                   operator(">", a, integer(15)), text("small"),
                   expr_null(arena, SQL_TYPE(T_TEXT), -1)),
              "- small large large - large");
    /* rows nobody asks for */
    static const uint8_t active[] = {1, 0, 1, 0, 1, 0};
    const char *result = run(quotient, active);
    assert_true(strncmp(result, "5 ", 2) == 0);
    static const uint8_t other[] = {1, 1, 0, 0, 0, 0};
    assert_string_equal(run(quotient, other), "22012");
}

/* --- IN --- */

static const Vector *list_of(Oid type, uint32_t count, const char *const *items)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, type_layout(SQL_TYPE(type)), count);
    for (uint32_t i = 0; i < count; i++)
        assert_true(type_parse_text(SQL_TYPE(type), &context, text_of(items[i]), &builder,
                                    &fault));
    Vector *list = ARENA_NEW(arena, Vector);
    *list = vector_builder_finish(&builder);
    return list;
}

static void test_in(void **state)
{
    const Expr *a = column(T_INT4, A), *s = column(T_TEXT, S), *t = column(T_TEXT, T);
    const Vector *few = list_of(T_INT4, 3, (const char *[]){"10", "40", "99"});
    const Vector *words = list_of(T_TEXT, 2, (const char *[]){"bee", "zoo"});
    const Vector *others = list_of(T_TEXT, 3, (const char *[]){"", "12", "z"});
    check_run(expr_in_list(arena, a, few, false, -1), "t f f t - f");
    check_run(expr_in_list(arena, a, few, true, -1), "t - - t - -");
    check_run(expr_in_list(arena, s, words, false, -1), "f t - f f t");
    check_run(expr_in_list(arena, s, words, true, -1), "- t - - - t");
    check_run(expr_in_list(arena, t, others, false, -1), "f t t f f t");
    check_run(expr_in_list(arena, integer(10), few, false, -1), "t t t t t t");
    char numbers[40][8];
    const char *many[40];
    for (int i = 0; i < 40; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%d", i * 3);
        many[i] = numbers[i];
    }
    check_run(expr_in_list(arena, a, list_of(T_INT4, 40, many), false, -1), "f f t f - t");
    const Vector *none = list_of(T_INT4, 0, NULL);
    check_run(expr_in_list(arena, a, none, true, -1), "- - - - - -");
}

/* --- trees --- */

static uint32_t shifted(ColumnId id, void *state)
{
    return id + *(uint32_t *)state;
}

static void test_trees(void **state)
{
    const Expr *a = column(T_INT4, A);
    const Expr *sum = operator("+", a, integer(1)), *same = operator("+", column(T_INT4, A),
                                                                     integer(1));
    assert_true(expr_equal(sum, same));
    assert_true(expr_hash(sum) == expr_hash(same));
    assert_false(expr_equal(sum, operator("+", a, integer(2))));
    assert_false(expr_equal(sum, operator("-", a, integer(1))));
    assert_true(expr_uses_column(sum, A));
    assert_false(expr_uses_column(sum, B));
    assert_true(expr_can_fail(sum));
    assert_false(expr_can_fail(operator("=", a, integer(1))));
    assert_false(expr_is_volatile(sum));
    uint32_t by = 10, none = 0;
    const Expr *moved = expr_number_columns(arena, sum, shifted, &by);
    assert_true(expr_uses_column(moved, A + 10));
    assert_ptr_equal(expr_number_columns(arena, sum, shifted, &none), sum);
    assert_ptr_equal(NARY(EXPR_AND, T_BOOL, operator("=", a, integer(1)))->call.function,
                     operator("=", a, integer(1))->call.function);
}

static void test_casts(void **state)
{
    const Expr *a = column(T_INT4, A);
    SqlType money = {T_NUMERIC, ((10 << 16) | 2) + 4}, word = {T_VARCHAR, 2 + 4};
    assert_ptr_equal(expr_cast(arena, a, SQL_TYPE(T_INT4), CAST_IMPLICIT, 0, &fault), a);
    const Expr *wide = expr_cast(arena, a, SQL_TYPE(T_INT8), CAST_IMPLICIT, 0, &fault);
    assert_int_equal(wide->type.oid, T_INT8);
    check_run(wide, "10 20 30 40 - 60");
    const Expr *exact = expr_cast(arena, a, money, CAST_ASSIGNMENT, 0, &fault);
    check_run(exact, "10.00 20.00 30.00 40.00 - 60.00");
    /* a numeric stays what it is where no scale is asked for */
    assert_ptr_equal(expr_cast(arena, exact, SQL_TYPE(T_NUMERIC), CAST_IMPLICIT, 0, &fault),
                     exact);
    check_run(expr_cast(arena, column(T_TEXT, S), word, CAST_EXPLICIT, 0, &fault),
              "an be - ca an be");
    check_run(expr_cast(arena, column(T_TEXT, S), word, CAST_ASSIGNMENT, 0, &fault), "22001");
    check_run(expr_cast(arena, a, (SqlType){T_VARCHAR, 1 + 4}, CAST_EXPLICIT, 0, &fault),
              "1 2 3 4 - 6");
    assert_null(expr_cast(arena, a, SQL_TYPE(T_DATE), CAST_EXPLICIT, 0, &fault));
    assert_int_equal(fault.code, FAULT_CANNOT_COERCE);
    assert_string_equal(fault.message, "cannot cast type integer to date");
    assert_null(expr_cast(arena, column(T_TEXT, S), SQL_TYPE(T_INT4), CAST_ASSIGNMENT, 0,
                          &fault));
    /* round(x, 2) has two digits */
    const Expr *arguments[2] = {exact, integer(1)};
    SqlType types[2] = {money, SQL_TYPE(T_INT4)}, coerced[2];
    const ScalarFunction *rounding = function_resolve(TEXT_LITERAL("round"), types, 2, 0, coerced,
                                                      -1, &fault);
    check_run(call_of(rounding, coerced, arguments, 2), "10.0 20.0 30.0 40.0 - 60.0");
}

static void check_fold(const Expr *expr, bool becomes_constant)
{
    const Expr *folded = expr_fold(arena, expr, &context, true);
    assert_int_equal(folded->kind == EXPR_CONSTANT, becomes_constant);
    assert_true(type_equal(folded->type, expr->type));
}

static void test_folding(void **state)
{
    const Expr *a = column(T_INT4, A);
    const Expr *bad = operator("/", integer(1), integer(0));
    check_fold(operator("+", integer(1), integer(2)), true);
    check_fold(operator("+", a, integer(2)), false);
    check_fold(bad, false);
    check_fold(operator("+", a, expr_null(arena, SQL_TYPE(T_INT4), -1)), true);
    check_fold(NARY(EXPR_CASE, T_INT4, expr_bool(arena, false), bad, integer(1)), true);
    check_fold(NARY(EXPR_AND, T_BOOL, expr_bool(arena, false), operator("=", a, bad)), true);
    check_fold(NARY(EXPR_OR, T_BOOL, expr_bool(arena, true), operator("=", a, bad)), true);
    check_fold(NARY(EXPR_COALESCE, T_INT4, expr_null(arena, SQL_TYPE(T_INT4), -1), integer(3)),
               true);
    const Expr *kept = NARY(EXPR_AND, T_BOOL, expr_bool(arena, true), operator("=", a, integer(1)));
    assert_int_equal(expr_fold(arena, kept, &context, true)->kind, EXPR_CALL);
}

/* --- packing --- */

static void check_packing(const Expr *expr)
{
    Buffer bytes = BUFFER_EMPTY;
    expr_pack(expr, &bytes);
    buffer_append_byte(&bytes, 0xc0);
    const uint8_t *cursor = bytes.data;
    const Expr *copy = expr_unpack(arena, &cursor, bytes.data + bytes.length, &fault);
    assert_non_null(copy);
    assert_ptr_equal(cursor, bytes.data + bytes.length - 1);
    assert_true(expr_equal(expr, copy));
    /* cut short: refused; changed: refused, or something that can be compiled and run */
    for (size_t cut = 0; cut + 1 < bytes.length; cut++) {
        uint8_t *exact = malloc(cut + 1);
        memcpy(exact, bytes.data, cut);
        cursor = exact;
        assert_null(expr_unpack(arena, &cursor, exact + cut, &fault));
        free(exact);
    }
    for (size_t at = 0; at + 1 < bytes.length; at++)
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[at] ^= (uint8_t)(1 << bit);
            cursor = bytes.data;
            const Expr *other = expr_unpack(arena, &cursor, bytes.data + bytes.length, &fault);
            bool has_own_columns = other != NULL && !expr_has_kind(other, EXPR_COLUMN);
            if (has_own_columns)
                run(other, NULL);
            bytes.data[at] ^= (uint8_t)(1 << bit);
        }
    buffer_clear(&bytes);
}

static void test_packing(void **state)
{
    const Expr *a = column(T_INT4, A);
    check_packing(integer(5));
    check_packing(text("hello"));
    check_packing(expr_null(arena, SQL_TYPE(T_TEXT), 7));
    check_packing(operator("+", a, integer(2)));
    check_packing(operator("+", integer(3), integer(2)));
    check_packing(function("upper", text("abc")));
    check_packing(NARY(EXPR_CASE, T_INT4, expr_bool(arena, true), integer(1), integer(2)));
    check_packing(NARY(EXPR_ARRAY, T_INT4_ARRAY, integer(1), integer(2)));
    check_packing(expr_in_list(arena, integer(3),
                               list_of(T_INT4, 2, (const char *[]){"1", "2"}), true, -1));
    check_packing(expr_constant(arena, SQL_TYPE(T_TEXT_ARRAY),
                                list_of(T_TEXT_ARRAY, 1, (const char *[]){"{a,NULL,b}"}), -1));
    check_packing(expr_constant(arena, SQL_TYPE(T_INTERVAL),
                                list_of(T_INTERVAL, 1, (const char *[]){"1 mon 2 days"}), -1));
    check_packing(expr_cast(arena, text("12"), SQL_TYPE(T_INT4), CAST_EXPLICIT, 0, &fault));
}

/* --- constants --- */

static void test_constants(void **state)
{
    Vector value;
    assert_true(expr_evaluate_constant(arena, operator("*", integer(6), integer(7)), &context,
                                       &value, &fault));
    assert_int_equal(value.form, VECTOR_CONSTANT);
    assert_int_equal(VECTOR_DATA(int64_t, &value)[0], 42);
    assert_true(expr_evaluate_constant(arena, function("upper", text("x")), &context, &value,
                                       &fault));
    assert_true(text_equal_string(vector_text(&value, 0), "X"));
    assert_false(expr_evaluate_constant(arena, operator("/", integer(1), integer(0)), &context,
                                        &value, &fault));
    const Expr *parameter = expr_parameter(arena, SQL_TYPE(T_INT4), 1, -1);
    assert_false(expr_evaluate_constant(arena, parameter, &context, &value, &fault));
    assert_int_equal(fault.code, FAULT_UNDEFINED_PARAMETER);
}

static int set_up(void **state)
{
    arena = arena_new("test");
    return 0;
}

static int tear_down(void **state)
{
    arena_free(arena);
    return 0;
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(test_plain), UNIT(test_three_values), UNIT(test_guards),  UNIT(test_in),
        UNIT(test_trees), UNIT(test_casts),        UNIT(test_folding), UNIT(test_packing),
        UNIT(test_constants),
    };
    context.zone = timezone_utc();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

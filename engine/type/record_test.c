/*
 * Records: what is made can be taken apart, orders as its fields do, and bytes that are no record
 * are refused.
 */
#include "engine/type/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static Text made(Arena *arena, int64_t number, const char *text, double real)
{
    const RecordField fields[3] = {{SQL_TYPE(T_INT8), TEXT_LITERAL("n")},
                                   {SQL_TYPE(T_TEXT), TEXT_LITERAL("t")},
                                   {SQL_TYPE(T_FLOAT8), TEXT_LITERAL("r")}};
    Text cell = text == NULL ? (Text){.data = ""} : text_of(text);
    uint8_t is_null = text == NULL;
    Vector columns[3] = {vector_flat(LAYOUT_INT64, 1, &number, NULL),
                         vector_flat(LAYOUT_STRING, 1, &cell, &is_null),
                         vector_flat(LAYOUT_FLOAT64, 1, &real, NULL)};
    Text head = record_head_make(arena, fields, 3);
    Buffer out = BUFFER_EMPTY;
    buffer_append(&out, head.data, head.length);
    for (int f = 0; f < 3; f++)
        record_append(&out, fields[f].type, &columns[f], 0);
    Text value = {arena_strndup(arena, (const char *)out.data, out.length), (uint32_t)out.length};
    buffer_clear(&out);
    return value;
}

static int order(Text a, Text b)
{
    uint32_t shared = a.length < b.length ? a.length : b.length;
    int found = memcmp(a.data, b.data, shared);
    return found != 0 ? found : (int)a.length - (int)b.length;
}

static void test_fields_come_back(void **state)
{
    Arena *arena = arena_new("record test");
    Text values[3] = {made(arena, -5, "x", -2.5), {0}, made(arena, INT64_MAX, NULL, 0.25)};
    RecordHead head;
    Fault fault;
    Vector columns[3];
    assert_true(record_head_read(arena, values[0], &head, &fault));
    assert_int_equal(head.count, 3);
    assert_int_equal(head.fields[1].type.oid, T_TEXT);
    assert_memory_equal(head.fields[2].name.data, "r", 1);
    assert_true(record_columns(&head, values, 3, arena, columns, &fault));
    assert_int_equal(VECTOR_DATA(int64_t, &columns[0])[0], -5);
    assert_int_equal(VECTOR_DATA(int64_t, &columns[0])[2], INT64_MAX);
    assert_true(vector_is_null(&columns[0], 1));
    assert_true(vector_is_null(&columns[1], 2));
    assert_memory_equal(vector_text(&columns[1], 0).data, "x", 1);
    assert_true(VECTOR_DATA(double, &columns[2])[0] == -2.5);
    uint32_t nulls;
    assert_true(record_null_count(&head, values[2], &nulls, &fault));
    assert_int_equal(nulls, 1);
    arena_free(arena);
    (void)state;
}

static void test_bytes_order_as_fields(void **state)
{
    Arena *arena = arena_new("record test");
    const Text ascending[] = {made(arena, INT64_MIN, "z", 9), made(arena, -1, "z", 9),
                              made(arena, 0, "", 9),          made(arena, 0, "a", -1e300),
                              made(arena, 0, "a", -0.5),      made(arena, 0, "a", 0),
                              made(arena, 0, "a", 1e300),     made(arena, 0, "a", __builtin_inf()),
                              made(arena, 0, "a", __builtin_nan("")), made(arena, 0, "ab", 0),
                              made(arena, 0, "b", 0),         made(arena, 0, NULL, 0),
                              made(arena, 1, "a", 0)};
    for (size_t i = 1; i < sizeof ascending / sizeof *ascending; i++)
        assert_true(order(ascending[i - 1], ascending[i]) < 0);
    assert_int_equal(order(made(arena, 0, "a", -0.0), made(arena, 0, "a", 0.0)), 0);
    arena_free(arena);
    (void)state;
}

/* Every part of a good value, and every value with a byte changed, is read or refused. */
static void test_bad_bytes_are_refused(void **state)
{
    Arena *arena = arena_new("record test");
    Text good = made(arena, 7, "text", 1.5);
    for (uint32_t i = 0; i < good.length; i++) {
        RecordHead head;
        Fault fault;
        Vector columns[3];
        char *copy = arena_strndup(arena, good.data, i);
        Text cut = {copy, i};
        bool is_read = record_head_read(arena, cut, &head, &fault) && head.count == 3 &&
                       record_columns(&head, &cut, 1, arena, columns, &fault);
        assert_false(is_read);
        copy = arena_strndup(arena, good.data, good.length);
        copy[i] = (char)(copy[i] ^ 0x81);
        Text changed = {copy, good.length};
        if (record_head_read(arena, changed, &head, &fault) && head.count == 3)
            (void)record_columns(&head, &changed, 1, arena, columns, &fault);
    }
    arena_free(arena);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_come_back),
        cmocka_unit_test(test_bytes_order_as_fields),
        cmocka_unit_test(test_bad_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

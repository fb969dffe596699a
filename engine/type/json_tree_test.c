/*
 * JSON trees: canonical texts, order, containment, what is refused.
 */
#include "engine/type/json_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static Arena *arena;
static Fault fault;

static int set_up(void **state)
{
    arena = arena_new("json_tree_test");
    return 0;
}

static int tear_down(void **state)
{
    arena_free(arena);
    return 0;
}

static void check_canonical(const char *document, const char *expected)
{
    Text text;
    bool is_good = json_canonical(arena, text_of(document), &text, &fault);
    if (is_good != (expected != NULL))
        fail_msg("%s: %s", document, is_good ? "was read" : fault.message);
    if (is_good && !text_equal_string(text, expected))
        fail_msg("%s gives %.*s, not %s", document, TEXT_ARGS(text), expected);
}

static void test_canonical(void **state)
{
    static const char *const cases[][2] = {
        {" [1,  2, {\"x\" : null}] ", "[1, 2, {\"x\": null}]"},
        {"{\"bb\":1,\"a\":2,\"c\":3,\"a\":4}", "{\"a\": 4, \"c\": 3, \"bb\": 1}"},
        {"{}", "{}"},
        {"[]", "[]"},
        {"1.230e-5", "0.00001230"},
        {"12e2", "1200"},
        {"1.5e1", "15"},
        {"-0", "0"},
        {"0.00", "0.00"},
        {"-12.50", "-12.50"},
        {"\"\\u00e9\\n\\/\\u0001\"", "\"\xc3\xa9\\n/\\u0001\""},
        {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
        {"\"\\u0000\"", NULL},
        {"\"\\ud800\"", NULL},
        {"\"\\ud800\\u0041\"", NULL},
        {"\"\\udc00\"", NULL},
        {"1e100000", NULL},
        {"{\"a\":}", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_canonical(cases[i][0], cases[i][1]);
}

static JsonTree *read_tree(const char *document)
{
    JsonTree *tree = json_tree_read(arena, text_of(document), &fault);
    assert_non_null(tree);
    return tree;
}

static int compare_order_bytes(const char *a, const char *b)
{
    Buffer left = BUFFER_EMPTY, right = BUFFER_EMPTY;
    json_tree_order(read_tree(a), &left);
    json_tree_order(read_tree(b), &right);
    size_t shared = left.length < right.length ? left.length : right.length;
    int order = memcmp(left.data, right.data, shared);
    if (order == 0)
        order = (left.length > right.length) - (left.length < right.length);
    buffer_clear(&left);
    buffer_clear(&right);
    return order;
}

static void test_order(void **state)
{
    static const char *const ascending[] = {
        "[]", "null", "\"a\"", "\"a\\u0001\"", "\"b\"", "-10", "-9.51", "-9.5", "0", "0.05", "1.00",
        "1.5", "10", "false", "true", "[2]", "[[]]", "[1, 2]", "[1, 3]", "{}", "{\"b\": 1}", "{\"a\": 1, \"b\": 1}",
        "{\"a\": 1, \"b\": 2}",
    };
    int count = (int)(sizeof ascending / sizeof ascending[0]);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            int order = json_tree_compare(read_tree(ascending[i]), read_tree(ascending[j]));
            if ((order > 0) - (order < 0) != (i > j) - (i < j))
                fail_msg("%s and %s compare as %d", ascending[i], ascending[j], order);
            int bytes = compare_order_bytes(ascending[i], ascending[j]);
            if ((bytes > 0) - (bytes < 0) != (i > j) - (i < j))
                fail_msg("%s and %s order as %d", ascending[i], ascending[j], bytes);
        }
    assert_int_equal(compare_order_bytes("{\"a\": [1.50, -0]}", "{\"a\": [1.5, 0]}"), 0);
    assert_int_equal(json_tree_compare(read_tree("1.0"), read_tree("1")), 0);
}

static void test_containment(void **state)
{
    static const struct {
        const char *a, *b;
        bool holds;
    } cases[] = {
        {"{\"a\":1, \"b\":2}", "{\"b\":2}", true},
        {"{\"a\":1}", "{\"b\":2}", false},
        {"[1,[2,3]]", "[[3]]", true},
        {"[1,2]", "1", true},
        {"1", "[1]", false},
        {"[1,1,2]", "[2,1,1,1]", true},
        {"{\"a\":{\"b\":[1]}}", "{\"a\":{\"b\":[]}}", true},
        {"{\"a\":[1]}", "{\"a\":1}", false},
        {"[]", "{}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (json_tree_contains(read_tree(cases[i].a), read_tree(cases[i].b)) != cases[i].holds)
            fail_msg("%s @> %s", cases[i].a, cases[i].b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_canonical, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_containment, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

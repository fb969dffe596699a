/* The growing dictionary: interning from every form of vector, sorting, and its rows' numbers. */
#include "storage/segment/number_store_internal.h"
#include "storage/segment/string_pool_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t state_of_random = 12345;

static uint32_t draw(uint32_t below)
{
    state_of_random = state_of_random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(state_of_random >> 33) % below;
}

/* Texts over few letters (zero among them) and with long common starts: all the awkward ties. */
static Text awkward_text(Arena *arena)
{
    static const char letters[] = {0, 'a', 'b', (char)0xff};
    uint32_t shared = draw(3) * 9, length = shared + draw(12);
    char *text = arena_alloc(arena, length + 1);
    memset(text, 'x', shared);
    for (uint32_t i = shared; i < length; i++)
        text[i] = letters[draw(4)];
    return (Text){text, length};
}

static void check_interned(const StringPool *pool, const Vector *vector, const uint32_t *numbers)
{
    for (uint32_t i = 0; i < vector->length; i++) {
        assert_int_equal(numbers[i] == 0, vector_is_null(vector, i));
        if (numbers[i] != 0)
            assert_true(text_equal(string_pool_text(pool, numbers[i]), vector_text(vector, i)));
    }
}

enum { ROWS = 5000 };

static void test_intern_and_sort(void **state)
{
    Arena *arena = arena_new("test");
    StringPool pool;
    Budget budget;
    Fault fault;
    static uint32_t numbers[ROWS];
    uint32_t done;

    budget_init_root(&budget, NULL, 0);
    assert_true(string_pool_init(&pool, &budget, &fault));
    for (int round = 0; round < 30; round++) {
        VectorBuilder builder;
        vector_builder_init(&builder, arena, LAYOUT_STRING, ROWS);
        Text *texts = ARENA_ARRAY(arena, Text, ROWS);
        uint32_t *codes = arena_alloc_vector(arena, ROWS * sizeof *codes);
        for (uint32_t i = 0; i < ROWS; i++) {
            texts[i] = awkward_text(arena);
            codes[i] = draw(ROWS);
            if (draw(20) == 0)
                vector_builder_null(&builder);
            else
                vector_builder_text(&builder, texts[i]);
        }
        Vector flat = vector_builder_finish(&builder);
        assert_true(string_pool_intern(&pool, &flat, 0, ROWS, numbers, &done, &fault));
        assert_int_equal(done, ROWS);
        check_interned(&pool, &flat, numbers);
        Dictionary *dictionary = dictionary_make(arena, texts, ROWS, false, false);
        Vector coded = vector_dictionary(dictionary, ROWS, codes);
        for (int again = 0; again < 2; again++) {
            assert_true(string_pool_intern(&pool, &coded, 0, ROWS, numbers, &done, &fault));
            check_interned(&pool, &coded, numbers);
        }
        Vector constant = vector_constant(arena, LAYOUT_STRING, 10, &texts[7]);
        assert_true(string_pool_intern(&pool, &constant, 0, 10, numbers, &done, &fault));
        check_interned(&pool, &constant, numbers);
    }
    uint32_t *sorted = malloc(pool.count * sizeof *sorted);
    assert_true(string_pool_sort(&pool, sorted, &fault));
    for (uint32_t i = 1; i < pool.count - 1; i++)
        assert_true(text_compare(string_pool_text(&pool, sorted[i - 1]),
                                 string_pool_text(&pool, sorted[i])) < 0);
    free(sorted);
    string_pool_clear(&pool);
    assert_int_equal(budget.used, 0);
    arena_free(arena);
}

/* One dictionary's codes need no table, until other texts come. */
static void test_sole_dictionary(void **state)
{
    Arena *arena = arena_new("test");
    Budget budget;
    Fault fault;
    StringPool pool;
    Text texts[ROWS], others[ROWS];
    uint32_t codes[ROWS], numbers[ROWS], done;

    budget_init_root(&budget, NULL, 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        texts[i] = text_of(arena_printf(arena, "text %u", i));
        others[i] = text_of(arena_printf(arena, "text %u", i * 2));
        codes[i] = draw(ROWS / 2);
    }
    assert_true(string_pool_init(&pool, &budget, &fault));
    Dictionary *sole = dictionary_make(arena, texts, ROWS, true, false);
    Vector coded = vector_dictionary(sole, ROWS, codes);
    assert_true(string_pool_intern(&pool, &coded, 0, ROWS, numbers, &done, &fault));
    assert_int_equal(done, ROWS);
    check_interned(&pool, &coded, numbers);
    assert_int_equal(pool.sole_dictionary, sole->id);
    uint32_t distinct = pool.count;
    Vector flat = vector_flat(LAYOUT_STRING, ROWS, others, NULL);
    assert_true(string_pool_intern(&pool, &flat, 0, ROWS, numbers, &done, &fault));
    check_interned(&pool, &flat, numbers);
    assert_int_equal(pool.sole_dictionary, 0);
    assert_true(pool.count < distinct + ROWS); /* some were there already */
    uint32_t both = pool.count;
    assert_true(string_pool_intern(&pool, &flat, 0, ROWS, numbers, &done, &fault));
    assert_true(string_pool_intern(&pool, &coded, 0, ROWS, numbers, &done, &fault));
    check_interned(&pool, &coded, numbers);
    assert_int_equal(pool.count, both);
    string_pool_clear(&pool);
    assert_int_equal(budget.used, 0);
    arena_free(arena);
}

/* Orders of arrival that are bad for quicksorts; and one common start of 100 kB. */
static void test_sort_orders(void **state)
{
    Arena *arena = arena_new("test");
    Fault fault;
    char text[40];

    for (int kind = 0; kind < 4; kind++) {
        StringPool pool;
        uint32_t done, number, count = kind == 3 ? 60 : 30000;
        assert_true(string_pool_init(&pool, NULL, &fault));
        for (uint32_t i = 0; i < count; i++) {
            uint32_t value = kind == 1 ? count - i : kind == 2 ? (i % 2 ? i : count * 2 - i) : i;
            Text one = {text, (uint32_t)sprintf(text, "entry %07u", value)};
            if (kind == 3) {
                char *longer = arena_alloc(arena, 100000);
                memset(longer, 'y', 100000);
                longer[99990] = (char)('0' + i);
                one = (Text){longer, 100000};
            }
            Vector vector = vector_flat(LAYOUT_STRING, 1, &one, NULL);
            assert_true(string_pool_intern(&pool, &vector, 0, 1, &number, &done, &fault));
            assert_int_equal(number, i + 1);
        }
        uint32_t *sorted = malloc(pool.count * sizeof *sorted);
        assert_true(string_pool_sort(&pool, sorted, &fault));
        for (uint32_t i = 1; i < count; i++)
            assert_true(text_compare(string_pool_text(&pool, sorted[i - 1]),
                                     string_pool_text(&pool, sorted[i])) < 0);
        free(sorted);
        string_pool_clear(&pool);
    }
    arena_free(arena);
}

static void test_number_store(void **state)
{
    static NumberStore store;
    static uint32_t expected[20000], room[SEGMENT_BLOCK_ROWS];
    uint32_t made = 0, seen = 0;
    Fault fault;

    number_store_init(&store, NULL);
    while (made < 20000) {
        uint32_t free_rows, some = 1 + draw(3000);
        uint32_t *to = number_store_room(&store, &free_rows);
        some = some < free_rows ? some : free_rows;
        some = some < 20000 - made ? some : 20000 - made;
        for (uint32_t i = 0; i < some; i++) {
            to[i] = made < 5000 ? draw(256) : made < 11000 ? draw(65536) : draw(UINT32_MAX);
            expected[made++] = to[i];
        }
        assert_true(number_store_took(&store, some, &fault));
    }
    assert_int_equal(store.count, 20000);
    for (uint64_t block = 0; seen < 20000; block++) {
        uint32_t count;
        const uint32_t *numbers = number_store_block(&store, block, room, &count);
        assert_memory_equal(numbers, expected + seen, count * sizeof *numbers);
        seen += count;
    }
    assert_int_equal(seen, 20000);
    assert_true(store.bytes.length < 20000 * 3);
    number_store_clear(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intern_and_sort),
        cmocka_unit_test(test_sole_dictionary),
        cmocka_unit_test(test_sort_orders),
        cmocka_unit_test(test_number_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

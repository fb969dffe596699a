/*
 * Tests of rows in memory against the plain way of doing the same.
 */
#include "storage/rows/rows.h"

#include "base/log/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t random_state = 88172645463325252u;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % limit;
}

/* --- batches of every layout with nulls; strings flat, constant or in a dictionary --- */

static Text random_text(Arena *arena, uint32_t variety)
{
    return text_of(arena_printf(arena, "text-%u%s", random_below(variety),
                                random_below(9) == 0 ? " and a rather longer tail of bytes" : ""));
}

static Vector random_strings(Arena *arena, uint32_t rows, uint32_t variety)
{
    uint32_t form = random_below(3);
    if (form == 0) {
        VectorBuilder builder;
        vector_builder_init(&builder, arena, LAYOUT_STRING, rows);
        for (uint32_t i = 0; i < rows; i++)
            if (random_below(7) == 0)
                vector_builder_null(&builder);
            else
                vector_builder_text(&builder, random_text(arena, variety));
        return vector_builder_finish(&builder);
    }
    if (form == 1) {
        if (random_below(2) == 0)
            return vector_null(arena, LAYOUT_STRING, rows);
        Text text = random_text(arena, variety);
        return vector_constant(arena, LAYOUT_STRING, rows, &text);
    }
    uint32_t entries = 2 + random_below(variety);
    Text *texts = ARENA_ARRAY(arena, Text, entries);
    texts[0] = (Text){0};
    for (uint32_t i = 1; i < entries; i++)
        texts[i] = random_text(arena, variety);
    const Dictionary *dictionary = dictionary_make(arena, texts, entries, false, false);
    uint32_t *codes = arena_alloc_vector(arena, rows * sizeof *codes);
    for (uint32_t i = 0; i < rows; i++)
        codes[i] = random_below(entries);
    return vector_dictionary(dictionary, rows, codes);
}

static Vector random_integers(Arena *arena, uint32_t rows, uint32_t variety)
{
    if (random_below(5) == 0)
        return vector_null(arena, LAYOUT_INT64, rows);
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_INT64, rows);
    bool has_nulls = random_below(2) == 0;
    for (uint32_t i = 0; i < rows; i++)
        if (has_nulls && random_below(7) == 0)
            vector_builder_null(&builder);
        else
            vector_builder_int64(&builder, (int64_t)random_below(variety) - variety / 2);
    return vector_builder_finish(&builder);
}

static Vector random_arrays(Arena *arena, uint32_t rows)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_ARRAY, rows);
    builder.elements = ARENA_NEW(arena, VectorBuilder);
    vector_builder_init(builder.elements, arena, LAYOUT_STRING, rows);
    for (uint32_t i = 0; i < rows; i++) {
        if (random_below(6) == 0) {
            vector_builder_null(&builder);
            continue;
        }
        uint32_t count = random_below(4);
        vector_builder_array(&builder, count);
        for (uint32_t e = 0; e < count; e++)
            if (random_below(5) == 0)
                vector_builder_null(builder.elements);
            else
                vector_builder_text(builder.elements, random_text(arena, 20));
    }
    return vector_builder_finish(&builder);
}

static Vector random_doubles(Arena *arena, uint32_t rows)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_FLOAT64, rows);
    for (uint32_t i = 0; i < rows; i++)
        if (random_below(7) == 0)
            vector_builder_null(&builder);
        else
            vector_builder_float64(&builder, (double)random_below(1000) / 8 - 50);
    return vector_builder_finish(&builder);
}

enum { COLUMNS = 4 };
static const Layout layouts[COLUMNS] = {LAYOUT_STRING, LAYOUT_INT64, LAYOUT_ARRAY, LAYOUT_FLOAT64};

static Batch *random_batch(Arena *arena, uint32_t rows)
{
    Batch *batch = batch_make(arena, COLUMNS, rows);
    batch->columns[0] = random_strings(arena, rows, 50);
    batch->columns[1] = random_integers(arena, rows, 100);
    batch->columns[2] = random_arrays(arena, rows);
    batch->columns[3] = random_doubles(arena, rows);
    return batch;
}

static void assert_rows_equal(const Batch *a, uint32_t row_a, const Batch *b, uint32_t row_b)
{
    for (uint32_t c = 0; c < a->column_count; c++) {
        assert_int_equal(vector_is_null(&a->columns[c], row_a),
                         vector_is_null(&b->columns[c], row_b));
        assert_true(vector_rows_equal(&a->columns[c], row_a, &b->columns[c], row_b));
    }
}

/* --- grow array --- */

static void check_grow_array(void)
{
    Budget budget;
    budget_init_root(&budget, NULL, 0);
    GrowArray array = {0};
    size_t written = 0;
    for (size_t size = 10; size < (8u << 20); size = size * 3 + 7) {
        assert_true(grow_array(&array, &budget, size, NULL));
        uint8_t *bytes = array.data;
        assert_int_equal((uintptr_t)bytes % 64, 0);
        for (size_t i = 0; i < written; i += 997)
            assert_int_equal(bytes[i], (uint8_t)(i * 31 + 1));
        for (size_t i = written; i < array.size + 64; i++)
            assert_int_equal(bytes[i], 0);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)(i * 31 + 1);
        written = size;
        assert_true(budget.used >= (int64_t)array.size);
    }
    grow_array_free(&array, &budget);
    assert_int_equal(budget.used, 0);
}

/* Also when it gets mappings that others have written to. */
static void test_grow_array_keeps_and_zeroes(void **state)
{
    (void)state;
    check_grow_array();
    check_grow_array();
    for (int i = 0; i < 2; i++) {
        GrowArray written[4] = {{0}};
        for (int a = 0; a < 4; a++) {
            for (size_t size = 1 << 20; size <= (size_t)1 << (20 + a); size *= 2) {
                size_t had = written[a].size;
                assert_true(grow_array_unset(&written[a], NULL, size, NULL));
                for (size_t at = 0; at < had; at += 4093)
                    assert_int_equal(((uint8_t *)written[a].data)[at], 0xAA);
                memset(written[a].data, 0xAA, written[a].size);
            }
        }
        for (int a = 0; a < 4; a++)
            grow_array_free(&written[a], NULL);
        check_grow_array();
    }
    grow_arrays_give_back();
    check_grow_array();
}

static void test_grow_array_refused(void **state)
{
    (void)state;
    Budget root, budget;
    budget_init_root(&root, NULL, 0);
    budget_init_child(&budget, &root, 100000);
    GrowArray array = {0};
    Fault fault = {0};
    assert_true(grow_array(&array, &budget, 1000, &fault));
    assert_false(grow_array(&array, &budget, 1000000, &fault));
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    grow_array_free(&array, &budget);
    assert_int_equal(budget.used, 0);
    budget_release_all(&root);
}

/* --- text table --- */

static void test_text_table_ids(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    TextTable table;
    Fault fault;
    text_table_init(&table, NULL);
    uint32_t ids[500];
    for (int round = 0; round < 200; round++) {
        uint32_t rows = 1 + random_below(500);
        Vector vector = random_strings(arena, rows, 300);
        /* Twice: the second time through remapping arrays. */
        for (int again = 0; again < 2; again++) {
            assert_true(text_table_add_vector(&table, &vector, ids, &fault));
            for (uint32_t i = 0; i < rows; i++) {
                if (vector_is_null(&vector, i)) {
                    assert_int_equal(ids[i], 0);
                    continue;
                }
                assert_in_range(ids[i], 1, table.count - 1);
                assert_true(text_equal(text_table_text(&table, ids[i]), vector_text(&vector, i)));
            }
        }
    }
    for (uint32_t a = 1; a < table.count; a++)
        for (uint32_t b = a + 1; b < table.count; b++)
            assert_false(text_equal(text_table_text(&table, a), text_table_text(&table, b)));
    Dictionary dictionary = text_table_dictionary(&table);
    assert_true(dictionary.is_unique);
    assert_int_equal(dictionary.count, table.count);
    for (uint32_t id = 1; id < table.count; id++)
        assert_true(text_equal(dictionary_text(&dictionary, id), text_table_text(&table, id)));

    Vector vector = random_strings(arena, 400, 600);
    assert_true(text_table_find_vector(&table, &vector, ids, &fault));
    uint32_t known = table.count;
    for (uint32_t i = 0; i < 400; i++) {
        if (vector_is_null(&vector, i)) {
            assert_int_equal(ids[i], 0);
            continue;
        }
        uint32_t expected = UINT32_MAX;
        for (uint32_t id = 1; id < known; id++)
            if (text_equal(text_table_text(&table, id), vector_text(&vector, i)))
                expected = id;
        assert_int_equal(ids[i], expected);
    }
    assert_int_equal(table.count, known);
    text_table_clear(&table);
    arena_free(arena);
}

/* Texts that are there already may make the table move: its dictionary follows, and keeps its id. */
static void test_text_table_moves(void **state)
{
    enum { ALL = 3000 };
    static char bytes[ALL][40];
    TextTable table;
    Dictionary dictionary = {0};
    Text texts[TEXT_TABLE_SOME];
    uint64_t hashes[TEXT_TABLE_SOME];
    uint32_t ids[TEXT_TABLE_SOME], moved = 0;
    Fault fault;
    text_table_init(&table, NULL);
    for (uint32_t i = 0; i < ALL; i++) {
        Text text = {bytes[i], (uint32_t)snprintf(bytes[i], sizeof bytes[i], "%038u", i)};
        assert_int_equal(text_table_add(&table, text, text_hash(text), &fault), i + 1);
        text_table_refresh(&table, &dictionary);
        Dictionary before = dictionary;
        for (uint32_t k = 0; k < TEXT_TABLE_SOME; k++) {
            texts[k] = (Text){bytes[k * 7 % (i + 1)], 38};
            hashes[k] = text_hash(texts[k]);
        }
        assert_true(text_table_add_some(&table, texts, hashes, TEXT_TABLE_SOME, ids, &fault));
        text_table_refresh(&table, &dictionary);
        assert_int_equal(dictionary.id, before.id);
        assert_int_equal(dictionary.count, i + 2);
        assert_ptr_equal(dictionary.bytes, table.bytes.data);
        assert_ptr_equal(dictionary.offsets, table.offsets.data);
        assert_ptr_equal(dictionary.hashes, table.hashes.data);
        moved += dictionary.bytes != before.bytes;
        for (uint32_t k = 0; k < TEXT_TABLE_SOME; k++)
            assert_true(text_equal(dictionary_text(&dictionary, ids[k]), texts[k]));
    }
    assert_true(moved != 0);
    uint64_t id = dictionary.id;
    text_table_reset(&table);
    for (uint32_t i = ALL; i-- > 0;)
        text_table_add(&table, (Text){bytes[i], 38}, text_hash((Text){bytes[i], 38}), &fault);
    text_table_refresh(&table, &dictionary);
    assert_true(dictionary.id != id);
    text_table_clear(&table);
}

static void test_text_table_large_dictionary_few_rows(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    uint32_t entries = 100000;
    Text *texts = ARENA_ARRAY(arena, Text, entries);
    for (uint32_t i = 1; i < entries; i++)
        texts[i] = text_of(arena_printf(arena, "%u", i));
    Dictionary *dictionary = dictionary_make(arena, texts, entries, true, false);
    uint64_t *kept = NULL;
    dictionary->kept_hashes = &kept;
    TextTable table;
    Fault fault;
    text_table_init(&table, NULL);
    uint32_t ids[100];
    for (int round = 0; round < 400; round++) {
        uint32_t codes[100 + 16];
        for (int i = 0; i < 100; i++)
            codes[i] = random_below(entries);
        Vector vector = vector_dictionary(dictionary, 100, codes);
        assert_true(text_table_add_vector(&table, &vector, ids, &fault));
        for (uint32_t i = 0; i < 100; i++)
            if (codes[i] != 0)
                assert_true(text_equal(text_table_text(&table, ids[i]), texts[codes[i]]));
    }
    assert_non_null(kept);
    for (uint32_t i = 1; i < entries; i++) {
        assert_true(kept[i] == 0 || kept[i] == text_hash(texts[i]));
        assert_int_equal(dictionary_hash(dictionary, i), text_hash(texts[i]));
    }
    free(kept);
    text_table_clear(&table);
    arena_free(arena);
}

/* --- row store --- */

static void test_row_store_keeps_rows(void **state)
{
    (void)state;
    for (int round = 0; round < 60; round++) {
        Arena *arena = arena_new("test");
        Budget budget;
        Fault fault;
        budget_init_root(&budget, NULL, 0);
        RowStore *store = round % 2 ? row_store_new(&budget, COLUMNS, layouts)
                                    : row_store_new_loose(&budget, COLUMNS, layouts);
        const Batch *sources[20000];
        uint32_t source_rows[20000];
        uint32_t total = 0;
        for (int part = 0; part < 6; part++) {
            uint32_t rows = 1 + random_below(1500);
            Batch *batch = random_batch(arena, rows);
            if (random_below(2) == 0) {
                assert_true(row_store_append(store, batch, NULL, 0, &fault));
                for (uint32_t i = 0; i < rows; i++) {
                    sources[total] = batch;
                    source_rows[total++] = i;
                }
            } else {
                uint32_t picked[3000];
                uint32_t count = random_below(2000);
                for (uint32_t i = 0; i < count; i++) {
                    picked[i] = random_below(rows);
                    sources[total] = batch;
                    source_rows[total++] = picked[i];
                }
                assert_true(row_store_append(store, batch, picked, count, &fault));
            }
        }
        const Batch *all = row_store_batch(store);
        assert_int_equal(all->rows, total);
        for (uint32_t i = 0; i < total; i++)
            assert_rows_equal(all, i, sources[i], source_rows[i]);

        uint32_t kept[500];
        for (uint32_t i = 0; i < 500; i++)
            kept[i] = random_below(total);
        assert_true(row_store_keep(store, kept, 500, &fault));
        all = row_store_batch(store);
        assert_int_equal(all->rows, 500);
        for (uint32_t i = 0; i < 500; i++)
            assert_rows_equal(all, i, sources[kept[i]], source_rows[kept[i]]);

        row_store_reset(store);
        assert_int_equal(row_store_batch(store)->rows, 0);
        Batch *batch = random_batch(arena, 100);
        assert_true(row_store_append(store, batch, NULL, 0, &fault));
        for (uint32_t i = 0; i < 100; i++)
            assert_rows_equal(row_store_batch(store), i, batch, i);
        row_store_free(store);
        assert_int_equal(budget.used, 0);
        arena_free(arena);
    }
}

static void test_row_store_refused(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    Budget root, budget;
    Fault fault = {0};
    budget_init_root(&root, NULL, 0);
    budget_init_child(&budget, &root, 50000);
    RowStore *store = row_store_new(&budget, COLUMNS, layouts);
    bool is_refused = false;
    for (int i = 0; i < 100 && !is_refused; i++)
        is_refused = !row_store_append(store, random_batch(arena, 500), NULL, 0, &fault);
    assert_true(is_refused);
    assert_int_equal(fault.code, FAULT_NOT_ENOUGH_MEMORY);
    row_store_free(store);
    assert_int_equal(budget.used, 0);
    budget_release_all(&root);
    arena_free(arena);
}

/* --- row order --- */

static int compare_rows(const Batch *batch, const SortColumn *columns, uint32_t count, uint32_t a,
                        uint32_t b)
{
    for (uint32_t c = 0; c < count; c++) {
        const Vector *vector = &batch->columns[columns[c].column];
        bool null_a = vector_is_null(vector, a), null_b = vector_is_null(vector, b);
        if (null_a && null_b)
            continue;
        if (null_a || null_b)
            return null_a == columns[c].nulls_first ? -1 : 1;
        int order = vector_rows_compare(vector, a, vector, b);
        if (order != 0)
            return columns[c].descending ? -order : order;
    }
    return 0;
}

static void test_row_order(void **state)
{
    (void)state;
    for (int round = 0; round < 80; round++) {
        Arena *arena = arena_new("test");
        uint32_t rows = 1 + random_below(round % 2 == 0 ? 60 : 3000);
        Batch *batch = batch_make(arena, 3, rows);
        batch->columns[0] = random_strings(arena, rows, 1 + random_below(40));
        batch->columns[1] = random_integers(arena, rows, 1 + random_below(5000));
        batch->columns[2] = random_doubles(arena, rows);
        SortColumn columns[3];
        uint32_t count = 1 + random_below(3);
        for (uint32_t c = 0; c < count; c++)
            columns[c] = (SortColumn){.column = (c + round) % 3,
                                      .descending = random_below(2),
                                      .nulls_first = random_below(2)};
        Budget budget;
        Fault fault;
        budget_init_root(&budget, NULL, 0);
        RowOrder order;
        row_order_init(&order, &budget);
        assert_true(row_order_sort(&order, batch, columns, count, &fault));
        bool *seen = arena_zalloc(arena, rows);
        const uint32_t *sorted = row_order_rows(&order);
        for (uint32_t i = 0; i < rows; i++) {
            assert_in_range(sorted[i], 0, rows - 1);
            assert_false(seen[sorted[i]]);
            seen[sorted[i]] = true;
            if (i == 0)
                continue;
            int relation = compare_rows(batch, columns, count, sorted[i - 1], sorted[i]);
            assert_true(relation <= 0);
            if (relation == 0)
                assert_true(sorted[i - 1] < sorted[i]); /* stable */
        }
        for (int probe = 0; probe < 20; probe++) {
            uint32_t row = random_below(rows);
            uint32_t low = row_order_lower_bound(&order, row_order_key(&order, row), false);
            uint32_t high = row_order_lower_bound(&order, row_order_key(&order, row), true);
            assert_true(low < high);
            for (uint32_t i = 0; i < rows; i++) {
                int relation = compare_rows(batch, columns, count, sorted[i], row);
                assert_int_equal(relation < 0, i < low);
                assert_int_equal(relation > 0, i >= high);
            }
        }
        RowOrder ranked;
        row_order_init(&ranked, &budget);
        assert_true(row_order_sort_ranked(&ranked, batch, columns, count, &fault));
        assert_memory_equal(row_order_rows(&ranked), sorted, rows * sizeof *sorted);
        row_order_clear(&ranked);
        row_order_clear(&order);
        assert_int_equal(budget.used, 0);
        arena_free(arena);
    }
}

/* --- dictionaries with a home --- */

static uint32_t homes_freed;

static void count_freed(DictionaryHome *home)
{
    (void)home;
    homes_freed++;
}

static Dictionary *dictionary_at_home(Arena *arena, DictionaryHome *home, const char *prefix,
                                      uint32_t entries)
{
    Text *texts = ARENA_ARRAY(arena, Text, entries);
    texts[0] = (Text){0};
    for (uint32_t i = 1; i < entries; i++)
        texts[i] = text_of(arena_printf(arena, "%s %06u", prefix, i));
    Dictionary *dictionary = dictionary_make(arena, texts, entries, true, true);
    *home = (DictionaryHome){.references = 1, .free = count_freed};
    dictionary->home = home;
    dictionary->family = 17;
    return dictionary;
}

static Batch *batch_of_codes(Arena *arena, const Dictionary *dictionary, uint32_t rows)
{
    uint32_t *codes = arena_alloc_vector(arena, rows * sizeof *codes);
    for (uint32_t i = 0; i < rows; i++)
        codes[i] = i * 7 % dictionary->count;
    Batch *batch = batch_make(arena, 1, rows);
    batch->columns[0] = vector_dictionary(dictionary, rows, codes);
    return batch;
}

static void test_row_store_shares(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    DictionaryHome homes[2];
    Fault fault;
    const Layout layout = LAYOUT_STRING;
    Batch *first = batch_of_codes(arena, dictionary_at_home(arena, &homes[0], "a", 3000), 500);
    Batch *second = batch_of_codes(arena, dictionary_at_home(arena, &homes[1], "b", 3000), 500);
    homes_freed = 0;
    RowStore *store = row_store_new_sharing(NULL, 1, &layout);
    assert_true(row_store_append(store, first, NULL, 0, &fault));
    assert_true(row_store_append(store, first, NULL, 0, &fault));
    assert_true(row_store_settle(store, &fault));
    assert_ptr_equal(row_store_batch(store)->columns[0].dictionary, first->columns[0].dictionary);
    assert_int_equal(homes[0].references, 2);
    assert_true(row_store_is_sharing_with(store, first));
    assert_false(row_store_is_sharing_with(store, second));

    /* others come: nothing is shared any more, and no row has changed */
    assert_true(row_store_append(store, second, NULL, 0, &fault));
    assert_int_equal(homes[0].references, 1);
    const Batch *all = row_store_batch(store);
    assert_null(all->columns[0].dictionary->home);
    assert_int_equal(all->columns[0].dictionary->family, 17);
    for (uint32_t i = 0; i < 1500; i++)
        assert_true(vector_rows_equal(&all->columns[0], i,
                                      i < 1000 ? &first->columns[0] : &second->columns[0],
                                      i % 500));
    row_store_free(store);

    /* a dictionary that is far too large for the rows is not kept */
    store = row_store_new_sharing(NULL, 1, &layout);
    assert_true(row_store_append(store, batch_of_codes(arena, first->columns[0].dictionary, 5),
                                 NULL, 0, &fault));
    assert_int_equal(homes[0].references, 2);
    assert_true(row_store_settle(store, &fault));
    assert_int_equal(homes[0].references, 1);
    row_store_free(store);
    dictionary_release(first->columns[0].dictionary);
    dictionary_release(second->columns[0].dictionary);
    assert_int_equal(homes_freed, 2);
    arena_free(arena);
}

/* Texts have the same ids in the next query, and dictionaries remember them by the table. */
static void test_text_table_kept(void **state)
{
    (void)state;
    Arena *arena = arena_new("test");
    DictionaryHome home;
    Fault fault;
    const Batch *batch = batch_of_codes(arena, dictionary_at_home(arena, &home, "a", 900), 900);
    uint32_t first[900], again[900], other[900];
    TextTable table, next;
    text_table_init_kept(&table, NULL, 1, 17);
    text_table_init_kept(&next, NULL, 2, 17);
    assert_int_not_equal(text_table_add(&next, TEXT_LITERAL("something else"), 5, &fault), 0);
    assert_true(text_table_add_vector(&table, &batch->columns[0], first, &fault));
    assert_int_equal(home.ids_table, 1);
    text_table_forget_dictionaries(&table);
    assert_true(text_table_add_vector(&table, &batch->columns[0], again, &fault));
    assert_memory_equal(first, again, sizeof first);
    assert_int_equal(table.count, 900);
    assert_true(text_table_add_vector(&next, &batch->columns[0], other, &fault));
    assert_int_equal(home.ids_table, 2);
    for (uint32_t i = 0; i < 900; i++)
        assert_int_equal(other[i], first[i] == 0 ? 0 : first[i] + 1);
    free(home.ids);
    text_table_clear(&table);
    text_table_clear(&next);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grow_array_keeps_and_zeroes),
        cmocka_unit_test(test_grow_array_refused),
        cmocka_unit_test(test_text_table_ids),
        cmocka_unit_test(test_text_table_moves),
        cmocka_unit_test(test_text_table_large_dictionary_few_rows),
        cmocka_unit_test(test_row_store_keeps_rows),
        cmocka_unit_test(test_row_store_refused),
        cmocka_unit_test(test_row_store_shares),
        cmocka_unit_test(test_text_table_kept),
        cmocka_unit_test(test_row_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Every operation over random vectors of every layout and form, compared cell by cell with what
 * a plain reading of the cells says.
 */
#include "base/memory/buffer.h"
#include "storage/vector/vector.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- random vectors --- */

static uint32_t below(uint32_t limit)
{
    return limit == 0 ? 0 : (uint32_t)rand() % limit;
}

static Text random_text(Arena *arena)
{
    static const char alphabet[] = {'a', 'b', '\0', '\xFF', 'z'};
    uint32_t length = below(8) == 0 ? below(100) : below(4);
    char *bytes = arena_alloc(arena, length);
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = alphabet[below(sizeof alphabet)];
    return (Text){.data = bytes, .length = length};
}

static double random_double(void)
{
    static const double special[] = {0.0, -0.0, 1.5, -1.5, INFINITY, -INFINITY, 1e300, -1e-300};
    uint32_t which = below(12);
    return which < 8 ? special[which] : which == 8 ? NAN : (double)rand() - RAND_MAX / 2;
}

static int64_t random_int(void)
{
    static const int64_t special[] = {0, 1, -1, INT64_MAX, INT64_MIN, 255, 256, -256};
    uint32_t which = below(16);
    return which < 8 ? special[which] : (int64_t)below(20) - 10;
}

static void append_random(VectorBuilder *builder)
{
    if (below(6) == 0) {
        vector_builder_null(builder);
        return;
    }
    switch (builder->layout) {
    case LAYOUT_BOOL: vector_builder_bool(builder, below(2)); break;
    case LAYOUT_INT64: vector_builder_int64(builder, random_int()); break;
    case LAYOUT_INT128:
        vector_builder_int128(builder, (__int128)random_int() * (below(2) ? 1 : INT64_MAX));
        break;
    case LAYOUT_FLOAT32:
    case LAYOUT_FLOAT64: vector_builder_float64(builder, random_double()); break;
    case LAYOUT_STRING: vector_builder_text(builder, random_text(builder->arena)); break;
    case LAYOUT_ARRAY: {
        uint32_t count = below(4);
        vector_builder_array(builder, count);
        for (uint32_t i = 0; i < count; i++)
            append_random(builder->elements);
        break;
    }
    case LAYOUT_COUNT: fail();
    }
}

static Vector random_flat(Arena *arena, Layout layout, uint32_t length)
{
    static const Layout element_layouts[] = {LAYOUT_INT64, LAYOUT_STRING, LAYOUT_FLOAT64};
    VectorBuilder builder, elements;
    vector_builder_init(&builder, arena, layout, below(length + 1));
    if (layout == LAYOUT_ARRAY) {
        vector_builder_init(&elements, arena, element_layouts[length % 3], 1);
        builder.elements = &elements;
    }
    for (uint32_t row = 0; row < length; row++)
        append_random(&builder);
    Vector vector = vector_builder_finish(&builder);
    assert_int_equal(vector.length, length);
    return vector;
}

static int compare_texts(const void *a, const void *b)
{
    return text_compare(*(const Text *)a, *(const Text *)b);
}

static Dictionary *random_dictionary(Arena *arena, uint32_t wanted)
{
    Text *texts = ARENA_ARRAY(arena, Text, wanted + 1);
    texts[0] = (Text){0};
    for (uint32_t i = 1; i <= wanted; i++)
        texts[i] = random_text(arena);
    qsort(texts + 1, wanted, sizeof *texts, compare_texts);
    uint32_t count = 1;
    for (uint32_t i = 1; i <= wanted; i++)
        if (count == 1 || !text_equal(texts[i], texts[count - 1]))
            texts[count++] = texts[i];
    return dictionary_make(arena, texts, count, true, true);
}

static Vector random_codes(Arena *arena, const Dictionary *dictionary, uint32_t length)
{
    uint32_t *codes = arena_alloc_vector(arena, sizeof(uint32_t) * length);
    for (uint32_t row = 0; row < length; row++)
        codes[row] = below(dictionary->count);
    return vector_dictionary(dictionary, length, codes);
}

/* form 0 flat, 1 constant, 2 constant NULL, 3 dictionary (strings; else flat), 4 slice of flat */
static Vector random_vector(Arena *arena, Layout layout, int form, uint32_t length)
{
    if (form == 1) {
        Vector one = random_flat(arena, layout, 1);
        Vector constant = vector_constant(arena, layout, length, one.data);
        constant.nulls = one.nulls;
        constant.elements = one.elements;
        return constant;
    }
    if (form == 2)
        return vector_null(arena, layout, length);
    if (form == 3 && layout == LAYOUT_STRING)
        return random_codes(arena, random_dictionary(arena, below(40)), length);
    if (form == 4) {
        Vector more = random_flat(arena, layout, length + 7);
        return vector_slice(&more, 5, length);
    }
    return random_flat(arena, layout, length);
}

#define FOR_EACH_KIND(layout, form)                                                                \
    for (Layout layout = 0; layout < LAYOUT_COUNT; layout++)                                       \
        for (int form = 0; form < 5; form++)

/* --- reading a cell plainly --- */

static void print_cell(Buffer *out, const Vector *vector, uint32_t row)
{
    if (vector_is_null(vector, row)) {
        buffer_append_string(out, "NULL;");
        return;
    }
    if (vector->layout == LAYOUT_STRING) {
        Text text = vector_text(vector, row);
        buffer_printf(out, "%u:", text.length);
        buffer_append(out, text.data, text.length);
        return;
    }
    uint32_t cell = vector->form == VECTOR_CONSTANT ? 0 : row;
    if (vector->layout == LAYOUT_ARRAY) {
        ArrayValue range = ((const ArrayValue *)vector->data)[cell];
        buffer_append_string(out, "[");
        for (uint32_t i = 0; i < range.count; i++)
            print_cell(out, vector->elements, range.offset + i);
        buffer_append_string(out, "]");
        return;
    }
    size_t size = layout_size(vector->layout);
    for (size_t i = 0; i < size; i++)
        buffer_printf(out, "%02x", ((const uint8_t *)vector->data)[cell * size + i]);
    buffer_append_string(out, ";");
}

static void assert_same_cell(const Vector *a, uint32_t row_a, const Vector *b, uint32_t row_b)
{
    Buffer text_a = BUFFER_EMPTY, text_b = BUFFER_EMPTY;
    print_cell(&text_a, a, row_a);
    print_cell(&text_b, b, row_b);
    if (text_a.length != text_b.length || memcmp(text_a.data, text_b.data, text_a.length) != 0)
        fail_msg("layout %s form %d row %u: \"%s\" is not form %d row %u: \"%s\"",
                 layout_name(a->layout), a->form, row_a, buffer_string(&text_a), b->form, row_b,
                 buffer_string(&text_b));
    buffer_clear(&text_a);
    buffer_clear(&text_b);
}

static void assert_same_rows(const Vector *a, const Vector *b)
{
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->layout, b->layout);
    for (uint32_t row = 0; row < a->length; row++)
        assert_same_cell(a, row, b, row);
}

/* --- tests --- */

static void test_gather(void **state)
{
    Arena *arena = *state;
    FOR_EACH_KIND(layout, form)
    {
        uint32_t length = 1 + below(300);
        Vector vector = random_vector(arena, layout, form, length);
        uint32_t rows[500], or_null[500];
        for (uint32_t i = 0; i < 500; i++) {
            rows[i] = below(length);
            or_null[i] = below(5) == 0 ? UINT32_MAX : rows[i];
        }
        Vector out = vector_gather(arena, &vector, rows, 500);
        Vector outer = vector_gather_or_null(arena, &vector, or_null, 500);
        assert_int_equal(out.length, 500);
        assert_int_equal(out.form, vector.form);
        for (uint32_t i = 0; i < 500; i++) {
            assert_same_cell(&out, i, &vector, rows[i]);
            if (or_null[i] == UINT32_MAX)
                assert_true(vector_is_null(&outer, i));
            else
                assert_same_cell(&outer, i, &vector, rows[i]);
        }
        Vector empty = vector_slice(&vector, 0, 0);
        Vector all_null = vector_gather_or_null(arena, &empty, (uint32_t[]){UINT32_MAX}, 1);
        assert_true(vector_is_null(&all_null, 0));
        assert_int_equal(vector_gather(arena, &vector, rows, 0).length, 0);
    }
}

static void test_flatten_copy_slice(void **state)
{
    Arena *arena = *state;
    FOR_EACH_KIND(layout, form)
    {
        uint32_t length = below(3) == 0 ? below(3) : below(300);
        Arena *source = arena_new("source");
        Vector vector = random_vector(source, layout, form, length);
        Vector flat = vector_flatten(arena, &vector);
        assert_int_equal(flat.form, VECTOR_FLAT);
        assert_same_rows(&flat, &vector);
        bool has_null = false;
        for (uint32_t row = 0; row < length; row++)
            has_null |= vector_is_null(&vector, row);
        assert_int_equal(vector_has_nulls(&vector), has_null);

        uint32_t start = below(length + 1), count = below(length - start + 1);
        Vector slice = vector_slice(&vector, start, count);
        for (uint32_t i = 0; i < count; i++)
            assert_same_cell(&slice, i, &vector, start + i);

        Vector copy = vector_copy(arena, &vector);
        Vector slice_copy = vector_copy(arena, &slice);
        assert_same_rows(&copy, &vector);
        Buffer before = BUFFER_EMPTY, after = BUFFER_EMPTY;
        for (uint32_t i = 0; i < count; i++)
            print_cell(&before, &slice, i);
        arena_free(source); /* copies must not point there: the sanitizer would say */
        for (uint32_t i = 0; i < count; i++)
            print_cell(&after, &slice_copy, i);
        assert_int_equal(before.length, after.length);
        if (before.length > 0)
            assert_memory_equal(before.data, after.data, before.length);
        assert_int_equal((uintptr_t)copy.data % 64, 0);
        buffer_clear(&before);
        buffer_clear(&after);
    }
}

static void test_concatenate(void **state)
{
    Arena *arena = *state;
    for (int round = 0; round < 200; round++) {
        Layout layout = below(LAYOUT_COUNT);
        uint32_t count = 1 + below(5), element_kind = below(3);
        Vector parts[5];
        Dictionary *shared = random_dictionary(arena, 30);
        bool is_shared = layout == LAYOUT_STRING && below(2) == 0;
        for (uint32_t i = 0; i < count; i++) {
            /* lengths that give all array parts one layout of elements */
            uint32_t length = 3 * below(40) + element_kind;
            int form = (int)below(5);
            if (layout == LAYOUT_ARRAY && form == 4)
                form = 0;
            if (layout == LAYOUT_ARRAY && form == 1)
                form = 2;
            parts[i] = is_shared ? random_codes(arena, shared, length)
                                 : random_vector(arena, layout, form, length);
            if (is_shared && below(4) == 0)
                parts[i] = vector_null(arena, LAYOUT_STRING, length);
            if (below(3) == 0 && length >= 3)
                parts[i] = vector_slice(&parts[i], 1, length - 2);
        }
        Vector whole = vector_concatenate(arena, parts, count);
        uint32_t at = 0;
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t row = 0; row < parts[i].length; row++)
                assert_same_cell(&whole, at++, &parts[i], row);
        assert_int_equal(whole.length, at);
        if (is_shared && parts[0].form == VECTOR_DICTIONARY && parts[0].length > 0)
            assert_int_equal(whole.form, VECTOR_DICTIONARY);
    }
}

static void test_builder_row(void **state)
{
    Arena *arena = *state;
    FOR_EACH_KIND(layout, form)
    {
        Vector vector = random_vector(arena, layout, form, 200);
        VectorBuilder builder;
        vector_builder_init(&builder, arena, layout, 0);
        for (uint32_t row = 0; row < 200; row++)
            vector_builder_row(&builder, &vector, row);
        Vector built = vector_builder_finish(&builder);
        assert_same_rows(&built, &vector);
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void test_hash_agrees_with_equality(void **state)
{
    Arena *arena = *state;
    FOR_EACH_KIND(layout, form)
    {
        Vector vector = random_vector(arena, layout, form, 150);
        Vector flat = vector_flatten(arena, &vector);
        uint64_t hashes[150], flat_hashes[150], combined[150];
        vector_hash(&vector, hashes, false);
        vector_hash(&flat, flat_hashes, false);
        assert_memory_equal(hashes, flat_hashes, sizeof hashes);
        for (int i = 0; i < 150; i++)
            combined[i] = 77;
        vector_hash(&vector, combined, true);
        for (uint32_t a = 0; a < 150; a++)
            for (uint32_t b = 0; b < 150; b++) {
                bool equal = vector_rows_equal(&vector, a, &flat, b);
                assert_int_equal(equal, vector_rows_compare(&vector, a, &flat, b) == 0);
                assert_int_equal(equal, hashes[a] == hashes[b]);
                assert_int_equal(equal, combined[a] == combined[b]);
            }
    }
}

static void test_hash_of_dictionaries(void **state)
{
    Arena *arena = *state;
    Dictionary *dictionary = random_dictionary(arena, 30);
    Vector few = random_codes(arena, dictionary, 10), many = random_codes(arena, dictionary, 5000);
    uint64_t *hashes = ARENA_ARRAY(arena, uint64_t, 5000), *again = ARENA_ARRAY(arena, uint64_t, 5000);
    Vector flat = vector_flatten(arena, &many);
    vector_hash(&flat, hashes, false);
    vector_hash(&many, again, false);
    assert_memory_equal(hashes, again, 5000 * sizeof *hashes);
    uint64_t *stored = ARENA_ARRAY(arena, uint64_t, dictionary->count);
    for (uint32_t code = 0; code < dictionary->count; code++)
        stored[code] = text_hash(dictionary_text(dictionary, code));
    dictionary->hashes = stored;
    vector_hash(&many, again, false);
    assert_memory_equal(hashes, again, 5000 * sizeof *hashes);
    Vector copy = vector_copy(arena, &few); /* compacted, with its hashes */
    assert_true(copy.dictionary->count <= 11);
    assert_true(copy.dictionary->is_sorted && copy.dictionary->is_unique);
    for (uint32_t code = 1; code < copy.dictionary->count; code++)
        assert_true(copy.dictionary->hashes[code] ==
                    text_hash(dictionary_text(copy.dictionary, code)));
    assert_true(copy.dictionary->id != dictionary->id);
}

static void test_compact_large_dictionary(void **state)
{
    Arena *arena = *state;
    enum { ENTRIES = 50000, ROWS = 300 };
    Text *texts = ARENA_ARRAY(arena, Text, ENTRIES);
    texts[0] = (Text){0};
    for (uint32_t i = 1; i < ENTRIES; i++)
        texts[i] = text_of(arena_printf(arena, "entry %05u", i));
    Dictionary *dictionary = dictionary_make(arena, texts, ENTRIES, true, true);
    for (int round = 0; round < 20; round++) {
        Vector vector = random_codes(arena, dictionary, ROWS);
        uint32_t *codes = (uint32_t *)vector.data;
        for (uint32_t row = 0; row < ROWS; row++)
            codes[row] = row % 7 == 0 ? 0 : codes[row] % (round % 2 ? 100 : ENTRIES);
        Vector copy = vector_copy(arena, &vector);
        assert_same_rows(&copy, &vector);
        assert_true(copy.dictionary->count <= (round % 2 ? 101 : ROWS));
        assert_true(copy.dictionary->is_unique);
        for (uint32_t code = 2; copy.dictionary->is_sorted && code < copy.dictionary->count; code++)
            assert_true(text_compare(dictionary_text(copy.dictionary, code - 1),
                                     dictionary_text(copy.dictionary, code)) < 0);
    }
    Vector many = random_codes(arena, dictionary, 20000);
    Vector copy = vector_copy(arena, &many);
    assert_same_rows(&copy, &many);
    assert_true(copy.dictionary->is_sorted);
    for (uint32_t code = 2; code < copy.dictionary->count; code++)
        assert_true(text_compare(dictionary_text(copy.dictionary, code - 1),
                                 dictionary_text(copy.dictionary, code)) < 0);
}

static void test_hash_spreads(void **state)
{
    (void)state;
    /* consecutive integers, as ids are: no bucket of 256 by high or by low bits stays thin */
    uint32_t low[256] = {0}, high[256] = {0};
    for (int64_t i = 0; i < 256 * 256; i++) {
        uint64_t hash = int64_hash(i);
        low[hash & 255]++;
        high[hash >> 56]++;
    }
    for (int i = 0; i < 256; i++) {
        assert_in_range(low[i], 180, 340);
        assert_in_range(high[i], 180, 340);
    }
}

static void test_known_order(void **state)
{
    Arena *arena = *state;
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_FLOAT64, 8);
    const double ascending[] = {-INFINITY, -2.0, -0.5, 0.0, 0.5, 3.0, INFINITY, NAN};
    for (int i = 0; i < 8; i++)
        vector_builder_float64(&builder, ascending[i]);
    vector_builder_null(&builder);
    vector_builder_float64(&builder, -0.0); /* row 9 */
    Vector vector = vector_builder_finish(&builder);
    for (uint32_t a = 0; a < 9; a++)
        for (uint32_t b = 0; b < 9; b++)
            assert_int_equal(sign(vector_rows_compare(&vector, a, &vector, b)), (a > b) - (a < b));
    assert_true(vector_rows_equal(&vector, 3, &vector, 9));
    assert_true(vector_rows_equal(&vector, 7, &vector, 7));
}

/* The order that a sort column asks for, from the comparison of rows. */
static int wanted_order(const Batch *batch, const SortColumn *columns, uint32_t count, uint32_t a,
                        uint32_t b)
{
    for (uint32_t i = 0; i < count; i++) {
        const Vector *vector = &batch->columns[columns[i].column];
        bool null_a = vector_is_null(vector, a), null_b = vector_is_null(vector, b);
        int order;
        if (null_a != null_b)
            order = null_a == columns[i].nulls_first ? -1 : 1;
        else if (null_a)
            order = 0;
        else
            order = sign(vector_rows_compare(vector, a, vector, b)) * (columns[i].descending ? -1 : 1);
        if (order != 0)
            return order;
    }
    return 0;
}

static int key_order(const Buffer *keys, const uint32_t *offsets, uint32_t a, uint32_t b)
{
    uint32_t length_a = offsets[a + 1] - offsets[a], length_b = offsets[b + 1] - offsets[b];
    uint32_t shorter = length_a < length_b ? length_a : length_b;
    int order = sign(memcmp(keys->data + offsets[a], keys->data + offsets[b], shorter));
    return order != 0 ? order : (length_a > length_b) - (length_a < length_b);
}

static void test_sort_keys(void **state)
{
    Arena *arena = *state;
    enum { ROWS = 60 };
    for (int round = 0; round < 300; round++) {
        uint32_t count = 1 + below(3);
        Batch *batch = batch_make(arena, count, ROWS);
        SortColumn columns[3];
        bool is_fixed = true;
        for (uint32_t i = 0; i < count; i++) {
            Layout layout = below(LAYOUT_COUNT);
            batch->columns[i] = random_vector(arena, layout, (int)below(5), ROWS);
            columns[i] = (SortColumn){
                .column = i, .descending = below(2), .nulls_first = below(2)};
            is_fixed &= layout != LAYOUT_STRING && layout != LAYOUT_ARRAY;
        }
        Buffer keys = BUFFER_EMPTY;
        uint32_t offsets[ROWS + 1];
        buffer_append_string(&keys, "before");
        batch_sort_keys(batch, columns, count, &keys, offsets);
        assert_memory_equal(keys.data, "before", 6);
        assert_int_equal(offsets[0], 6);
        assert_int_equal(offsets[ROWS], keys.length);
        for (uint32_t a = 0; a < ROWS; a++) {
            if (is_fixed)
                assert_int_equal(offsets[a + 1] - offsets[a], offsets[1] - offsets[0]);
            for (uint32_t b = 0; b < ROWS; b++)
                assert_int_equal(key_order(&keys, offsets, a, b),
                                 wanted_order(batch, columns, count, a, b));
        }
        buffer_clear(&keys);
    }
}

static void test_true_rows(void **state)
{
    Arena *arena = *state;
    for (int round = 0; round < 200; round++) {
        uint32_t length = below(300);
        Vector vector = random_vector(arena, LAYOUT_BOOL, (int)below(5), length);
        if (round % 5 == 0 && vector.form == VECTOR_FLAT) { /* long runs */
            uint8_t *values = arena_alloc_vector(arena, length);
            for (uint32_t row = 0; row < length; row++)
                values[row] = row / 40 % 2;
            vector.data = values;
        }
        uint32_t *rows = ARENA_ARRAY(arena, uint32_t, length + 64);
        uint32_t count = vector_true_rows(&vector, rows), at = 0;
        for (uint32_t row = 0; row < length; row++)
            if (!vector_is_null(&vector, row) &&
                VECTOR_DATA(uint8_t, &vector)[vector_row(&vector, row)])
                assert_int_equal(rows[at++], row);
        assert_int_equal(at, count);
    }
}

static void test_dictionary_search(void **state)
{
    Arena *arena = *state;
    for (int round = 0; round < 50; round++) {
        Dictionary *dictionary = random_dictionary(arena, below(50));
        for (int i = 0; i < 50; i++) {
            Text text = random_text(arena);
            uint32_t first = 1, after = 1, found = 0;
            for (uint32_t code = 1; code < dictionary->count; code++) {
                int order = text_compare(dictionary_text(dictionary, code), text);
                first += order < 0;
                after += order <= 0;
                found = order == 0 ? code : found;
            }
            assert_int_equal(dictionary_lower_bound(dictionary, text, false), first);
            assert_int_equal(dictionary_lower_bound(dictionary, text, true), after);
            assert_int_equal(dictionary_find(dictionary, text), found);
        }
    }
    assert_true(dictionary_next_id() != dictionary_next_id());
}

static void test_batches(void **state)
{
    Arena *arena = *state;
    Batch *parts[3];
    uint32_t total = 0;
    for (int i = 0; i < 3; i++) {
        uint32_t rows = below(50);
        parts[i] = batch_make(arena, 2, rows);
        parts[i]->columns[0] = random_vector(arena, LAYOUT_STRING, i, rows);
        parts[i]->columns[1] = random_vector(arena, LAYOUT_INT64, i, rows);
        total += rows;
    }
    Batch *whole = batch_concatenate(arena, parts, 3);
    assert_int_equal(whole->rows, total);
    Batch *copy = batch_copy(arena, whole);
    assert_same_rows(&copy->columns[0], &whole->columns[0]);
    Batch *slice = batch_slice(arena, whole, total / 2, total - total / 2);
    assert_int_equal(slice->rows, total - total / 2);
    Batch *last = batch_gather(arena, whole, (uint32_t[]){total - 1}, 1);
    assert_same_cell(&last->columns[1], 0, &whole->columns[1], total - 1);
    Batch *nothing = batch_make(arena, 0, 7);
    assert_int_equal(batch_gather(arena, nothing, (uint32_t[]){1, 2}, 2)->rows, 2);
    assert_true(batch_footprint(whole) >= total * (16 + 8));
}

/* Every shape comes back, equal ones pack alike, what does not fit is refused. */
static void test_array_shapes(void **state)
{
    static const struct {
        ArrayShape shape;
        bool fits;
    } cases[] = {
        {{1, {3}, {1}}, true},
        {{1, {3}, {0}}, true},
        {{1, {3}, {-1000000}}, true},
        {{2, {2, 500000000}, {1, 1}}, true},
        {{2, {2, 3}, {0, -8000}}, true},
        {{3, {2, 3, 4}, {1, 5, -256}}, true},
        {{6, {500, 1, 2, 1, 1, 511}, {1, 1, 1, 1, 1, 1}}, true},
        {{6, {1, 31, 1, 1, 1, 1}, {-8, 7, 1, 1, 1, 0}}, true},
        {{6, {1, 32, 1, 1, 1, 1}, {-8, 7, 1, 1, 1, 0}}, false},
        {{2, {1, 1}, {100000, 1}}, false},
        {{1, {1}, {INT32_MAX}}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ArrayShape *shape = &cases[i].shape;
        int64_t packed;
        assert_int_equal(array_shape_pack(shape, &packed), cases[i].fits);
        if (!cases[i].fits)
            continue;
        uint64_t count = 1;
        for (uint32_t d = 0; d < shape->dimensions; d++)
            count *= shape->lengths[d];
        if (count > UINT32_MAX)
            continue;
        ArrayValue value = {.count = (uint32_t)count, .shape = packed};
        ArrayShape again = array_shape_of(value);
        assert_int_equal(again.dimensions, shape->dimensions);
        for (uint32_t d = 0; d < shape->dimensions; d++) {
            assert_int_equal(again.lengths[d], shape->lengths[d]);
            assert_int_equal(again.lower[d], shape->lower[d]);
        }
        assert_true(array_shape_is_valid(packed, value.count));
        assert_false(packed != 0 && array_shape_is_valid(packed, value.count + 1));
    }
    assert_false(array_shape_is_valid(INT64_MAX, 1));
    assert_false(array_shape_is_valid(-1, 1));
    assert_false(array_shape_is_valid(1, 1));
}

static void test_footprint(void **state)
{
    Arena *arena = *state;
    FOR_EACH_KIND(layout, form)
    {
        Vector vector = random_vector(arena, layout, form, 100);
        size_t bytes = 100 * (layout_size(layout) + 1);
        if (layout == LAYOUT_STRING)
            for (uint32_t row = 0; row < 100; row++)
                bytes += vector_is_null(&vector, row) ? 0 : vector_text(&vector, row).length;
        if (layout == LAYOUT_ARRAY)
            assert_true(vector_footprint(&vector) >= bytes);
        else
            assert_int_equal(vector_footprint(&vector), bytes);
    }
}

static int set_up(void **state)
{
    srand(42);
    *state = arena_new("test");
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gather),
        TEST(test_flatten_copy_slice),
        TEST(test_concatenate),
        TEST(test_builder_row),
        TEST(test_hash_agrees_with_equality),
        TEST(test_hash_of_dictionaries),
        TEST(test_compact_large_dictionary),
        TEST(test_hash_spreads),
        TEST(test_known_order),
        TEST(test_sort_keys),
        TEST(test_true_rows),
        TEST(test_dictionary_search),
        TEST(test_batches),
        TEST(test_array_shapes),
        TEST(test_footprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

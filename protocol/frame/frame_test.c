/*
 * Maps, faults and batches through bytes and back; then the same bytes damaged at random.
 */
#include "protocol/frame/frame.h"
#include "protocol/frame/frame_internal.h"

#include "base/memory/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- helpers --- */

static uint32_t below(uint32_t limit)
{
    return limit == 0 ? 0 : (uint32_t)rand() % limit;
}

/* A body in memory of its own, aligned and with the tail that vectors may read: what a link
 * gives. Nothing is readable behind the tail. */
typedef struct Body {
    uint8_t *memory;
    uint8_t *data;
    size_t length;
} Body;

static Body body_of(const Buffer *frame, size_t shift)
{
    Body body = {.length = frame->length - FRAME_PREFIX};
    size_t size = body.length + 64 + shift;
    body.memory = aligned_alloc(64, (size + 63) / 64 * 64);
    /* at the end of the block, as far as alignment allows */
    body.data = body.memory + shift;
    memset(body.memory, 0, (size + 63) / 64 * 64);
    memcpy(body.data, frame->data + FRAME_PREFIX, body.length);
    return body;
}

static Text random_text(Arena *arena)
{
    uint32_t length = below(5) == 0 ? below(60) : below(4);
    char *bytes = arena_alloc(arena, length);
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = (char)('a' + below(4));
    return (Text){.data = bytes, .length = length};
}

static Vector random_cells(Arena *arena, Layout layout, uint32_t length, bool with_nulls, int depth)
{
    VectorBuilder builder, elements;
    vector_builder_init(&builder, arena, layout, length);
    if (layout == LAYOUT_ARRAY) {
        Layout inner = depth > 1 ? LAYOUT_INT64 : (Layout[]){LAYOUT_STRING, LAYOUT_BOOL}[below(2)];
        vector_builder_init(&elements, arena, inner, 4);
        builder.elements = &elements;
    }
    for (uint32_t row = 0; row < length; row++) {
        if (with_nulls && below(4) == 0) {
            vector_builder_null(&builder);
            continue;
        }
        switch (layout) {
        case LAYOUT_BOOL: vector_builder_bool(&builder, below(2)); break;
        case LAYOUT_INT64: vector_builder_int64(&builder, rand()); break;
        case LAYOUT_INT128: vector_builder_int128(&builder, (__int128)rand() << 70); break;
        case LAYOUT_FLOAT32:
        case LAYOUT_FLOAT64: vector_builder_float64(&builder, (double)rand() / 7); break;
        case LAYOUT_STRING: vector_builder_text(&builder, random_text(arena)); break;
        case LAYOUT_ARRAY: {
            uint32_t count = below(4);
            vector_builder_array(&builder, count);
            for (uint32_t i = 0; i < count; i++) {
                if (below(5) == 0)
                    vector_builder_null(&elements);
                else if (elements.layout == LAYOUT_STRING)
                    vector_builder_text(&elements, random_text(arena));
                else if (elements.layout == LAYOUT_INT64)
                    vector_builder_int64(&elements, rand());
                else
                    vector_builder_bool(&elements, below(2));
            }
            break;
        }
        case LAYOUT_COUNT: fail();
        }
    }
    return vector_builder_finish(&builder);
}

static Vector random_dictionary_vector(Arena *arena, uint32_t rows)
{
    uint32_t count = 1 + (below(3) == 0 ? below(5000) : below(30));
    Text *texts = ARENA_ARRAY(arena, Text, count);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = random_text(arena);
    Dictionary *dictionary = dictionary_make(arena, texts, count, below(2), false);
    if (below(2)) {
        uint64_t *hashes = arena_alloc_vector(arena, sizeof(uint64_t) * count);
        hashes[0] = 0;
        for (uint32_t i = 1; i < count; i++)
            hashes[i] = text_hash(texts[i]);
        dictionary->hashes = hashes;
    }
    uint32_t *codes = arena_alloc_vector(arena, sizeof(uint32_t) * rows);
    for (uint32_t row = 0; row < rows; row++)
        codes[row] = below(count);
    return vector_dictionary(dictionary, rows, codes);
}

static Vector random_vector(Arena *arena, uint32_t rows)
{
    Layout layout = (Layout)below(LAYOUT_COUNT);
    uint32_t form = below(5);
    if (form == 0) {
        Vector one = random_cells(arena, layout, 1, true, 0);
        one.form = VECTOR_CONSTANT;
        one.length = rows;
        return one;
    }
    if (form == 1)
        return vector_null(arena, layout, rows);
    if (form == 2)
        return random_dictionary_vector(arena, rows);
    if (form == 3) { /* a part of something larger */
        Vector more = random_cells(arena, layout, rows + 40, true, 0);
        return vector_slice(&more, 33, rows);
    }
    return random_cells(arena, layout, rows, below(2), 0);
}

static Batch *random_batch(Arena *arena)
{
    uint32_t rows = below(5) == 0 ? below(2) : below(300), columns = below(5);
    Batch *batch = batch_make(arena, columns, rows);
    for (uint32_t i = 0; i < columns; i++)
        batch->columns[i] = random_vector(arena, rows);
    return batch;
}

static void write_batch(Buffer *out, const Batch *batch)
{
    FrameWriter writer;
    frame_begin(&writer, out, FRAME_CHANNEL_DATA);
    frame_put_uint(&writer, "channel", 77);
    frame_end_with_batch(&writer, batch);
}

static bool same_cell(const Vector *a, uint32_t row_a, const Vector *b, uint32_t row_b)
{
    return vector_is_null(a, row_a) == vector_is_null(b, row_b) &&
           vector_rows_equal(a, row_a, b, row_b);
}

/* --- maps --- */

static void test_map_round_trip(void **state)
{
    (void)state;
    Buffer out = BUFFER_EMPTY;
    FrameWriter writer;
    Fault fault, read_back;
    frame_begin(&writer, &out, FRAME_HELLO);
    frame_end(&writer);
    size_t second = out.length;
    frame_begin(&writer, &out, FRAME_REQUEST);
    frame_put_uint(&writer, "u", UINT64_MAX);
    frame_put_int(&writer, "i", -5);
    frame_put_int(&writer, "positive", 5);
    frame_put_bool(&writer, "yes", true);
    frame_put_double(&writer, "d", 0.25);
    frame_put_text(&writer, "t", TEXT_LITERAL("text"));
    frame_put_bytes(&writer, "b", "\0\1", 2);
    fault_set_at(&fault, 9, FAULT_TOO_MANY_WARNINGS, "too many");
    fault_detail(&fault, "detail");
    fault_hint(&fault, "hint");
    fault_field_int(&fault, "max", 10);
    fault_field_text(&fault, "name", "value");
    frame_put_fault(&writer, "f", &fault);
    frame_end(&writer);

    size_t total;
    assert_true(frame_length(out.data, out.length, &total, &fault));
    assert_int_equal(total, second);
    for (size_t available = 0; available < FRAME_PREFIX; available++) {
        assert_true(frame_length(out.data, available, &total, &fault));
        assert_int_equal(total, 0);
    }
    Frame frame;
    assert_true(frame_read(out.data + FRAME_PREFIX, second - FRAME_PREFIX, &frame, &fault));
    assert_int_equal(frame.kind, FRAME_HELLO);
    assert_int_equal(frame.field_count, 0);

    const uint8_t *body = out.data + second + FRAME_PREFIX;
    assert_true(frame_length(out.data + second, out.length - second, &total, &fault));
    assert_int_equal(total, out.length - second);
    assert_true(frame_read(body, total - FRAME_PREFIX, &frame, &fault));
    assert_string_equal(frame_kind_name(frame.kind), "request");
    assert_true(frame_uint(&frame, "u", 0) == UINT64_MAX);
    assert_int_equal(frame_int(&frame, "i", 0), -5);
    assert_int_equal(frame_int(&frame, "positive", 0), 5);
    assert_int_equal(frame_int(&frame, "u", 3), 3);  /* does not fit */
    assert_int_equal(frame_uint(&frame, "i", 3), 3); /* another type */
    assert_true(frame_bool(&frame, "yes", false));
    assert_true(frame_double(&frame, "d", 0) == 0.25);
    assert_true(text_equal_string(frame_text(&frame, "t"), "text"));
    assert_int_equal(frame_text(&frame, "b").length, 2);
    assert_int_equal(frame_text(&frame, "missing").length, 0);
    assert_int_equal(frame_uint(&frame, "missing", 4), 4);
    assert_true(frame_has(&frame, "f"));
    assert_false(frame_has(&frame, "g"));
    assert_false(frame_fault(&frame, "b", &read_back));
    assert_false(frame_fault(&frame, "missing", &read_back));
    assert_true(frame_fault(&frame, "f", &read_back));
    assert_int_equal(read_back.code, FAULT_TOO_MANY_WARNINGS);
    assert_int_equal(read_back.position, 10);
    assert_string_equal(read_back.message, "too many");
    assert_string_equal(read_back.detail, "detail");
    assert_string_equal(read_back.hint, "hint");
    assert_int_equal(read_back.field_count, 2);
    assert_string_equal(read_back.fields[0].value, "10");
    assert_true(read_back.fields[0].is_number);
    assert_string_equal(read_back.fields[1].name, "name");
    assert_false(read_back.fields[1].is_number);
    buffer_clear(&out);
}

static void test_refusals(void **state)
{
    (void)state;
    Fault fault;
    Frame frame;
    size_t total;
    assert_false(frame_length((const uint8_t *)"Q", 1, &total, &fault));
    assert_false(frame_length((const uint8_t *)"\xC6\x7F\xFF\xFF\xFF", 5, &total, &fault));
    assert_int_equal(fault.code, FAULT_PROTOCOL_VIOLATION);
    const struct {
        const char *bytes;
        size_t length;
    } bad[] = {
        {"", 0},                  /* nothing */
        {"\x92\x00", 2},          /* no map */
        {"\x91\x00", 2},          /* one element */
        {"\x92\xCC\xC8\x80", 4},  /* unknown kind */
        {"\x92\x00\x81\x01\x01", 5},      /* name is no text */
        {"\x92\x00\x81\xA1x\x90", 6},     /* value is an array */
        {"\x92\x00\x81\xA1x\xC4\x05x", 8}, /* value longer than the frame */
        {"\x92\x00\xDF\xFF\xFF\xFF\xFF", 7},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t *copy = malloc(bad[i].length + 1);
        memcpy(copy, bad[i].bytes, bad[i].length);
        assert_false(frame_read(copy, bad[i].length, &frame, &fault));
        assert_int_equal(fault.code, FAULT_PROTOCOL_VIOLATION);
        free(copy);
    }
}

/* --- batches --- */

static void check_round_trip(const Batch *batch, Arena *arena, size_t shift)
{
    Buffer out = BUFFER_EMPTY;
    Frame frame;
    Fault fault;
    Batch *back = NULL;
    write_batch(&out, batch);
    Body body = body_of(&out, shift);
    if (!frame_read(body.data, body.length, &frame, &fault) ||
        !frame_read_batch(&frame, arena, &back, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(frame_uint(&frame, "channel", 0), 77);
    assert_int_equal(back->rows, batch->rows);
    assert_int_equal(back->column_count, batch->column_count);
    for (uint32_t i = 0; i < batch->column_count; i++) {
        const Vector *from = &batch->columns[i], *to = &back->columns[i];
        assert_int_equal(to->layout, from->layout);
        assert_int_equal(to->length, batch->rows);
        assert_int_equal((uintptr_t)to->data % 64, 0);
        if (from->layout != LAYOUT_ARRAY)
            assert_int_equal(to->form, from->form);
        if (to->form == VECTOR_DICTIONARY) {
            assert_true(to->dictionary->count <= from->length + 1 ||
                        to->dictionary->count == from->dictionary->count);
            assert_int_equal(to->dictionary->is_unique, from->dictionary->is_unique);
        }
        for (uint32_t row = 0; row < batch->rows; row++)
            if (!same_cell(from, row, to, row))
                fail_msg("column %u (%s, form %d) row %u differs", i, layout_name(from->layout),
                         from->form, row);
        if (to->form == VECTOR_DICTIONARY && to->dictionary->hashes != NULL)
            for (uint32_t code = 1; code < to->dictionary->count; code++)
                assert_true(to->dictionary->hashes[code] ==
                            text_hash(dictionary_text(to->dictionary, code)));
    }
    free(body.memory);
    buffer_clear(&out);
}

static void test_batch_round_trip(void **state)
{
    Arena *arena = *state;
    for (int round = 0; round < 1000; round++) {
        Batch *batch = random_batch(arena);
        check_round_trip(batch, arena, round % 3 == 0 ? below(64) : 0);
        arena_reset(arena);
    }
    check_round_trip(batch_make(arena, 0, 5), arena, 0);
    check_round_trip(batch_make(arena, 0, 0), arena, 0);
    Batch *wide = batch_make(arena, 300, 3);
    for (uint32_t i = 0; i < 300; i++)
        wide->columns[i] = random_vector(arena, 3);
    check_round_trip(wide, arena, 0);
}

static void test_in_place(void **state)
{
    Arena *arena = *state;
    Batch *batch = batch_make(arena, 1, 1000);
    batch->columns[0] = random_cells(arena, LAYOUT_INT64, 1000, true, 0);
    Buffer out = BUFFER_EMPTY;
    write_batch(&out, batch);
    Body body = body_of(&out, 0);
    Frame frame;
    Fault fault;
    Batch *back;
    assert_true(frame_read(body.data, body.length, &frame, &fault));
    assert_true(frame_read_batch(&frame, arena, &back, &fault));
    const uint8_t *data = back->columns[0].data;
    assert_true(data >= body.data && data < body.data + body.length);
    free(body.memory);
    buffer_clear(&out);
}

static void test_large_dictionary_is_cut(void **state)
{
    Arena *arena = *state;
    enum { ENTRIES = 200000, ROWS = 100 };
    Text *texts = ARENA_ARRAY(arena, Text, ENTRIES);
    for (uint32_t i = 0; i < ENTRIES; i++)
        texts[i] = text_of(arena_printf(arena, "page %06u", i));
    Dictionary *dictionary = dictionary_make(arena, texts, ENTRIES, true, true);
    uint32_t *codes = arena_alloc_vector(arena, sizeof(uint32_t) * ROWS);
    for (uint32_t row = 0; row < ROWS; row++)
        codes[row] = row * 1999;
    Batch *batch = batch_make(arena, 1, ROWS);
    batch->columns[0] = vector_dictionary(dictionary, ROWS, codes);
    check_round_trip(batch, arena, 0);
    Buffer out = BUFFER_EMPTY;
    write_batch(&out, batch);
    assert_true(out.length < 4096);
    buffer_clear(&out);
}

/* Reads everything that a batch lets one read: the sanitizer says when that is too much. */
static void use_batch(const Batch *batch, Arena *arena)
{
    assert_true(batch->rows <= 1 << 24);
    if (batch->rows > 5000)
        return; /* constants may stand for many rows; nothing of theirs is in the frame */
    uint64_t *hashes = ARENA_ARRAY(arena, uint64_t, batch->rows);
    for (uint32_t i = 0; i < batch->column_count; i++) {
        const Vector *vector = &batch->columns[i];
        vector_hash(vector, hashes, i > 0);
        for (uint32_t row = 1; row < batch->rows; row++)
            vector_rows_compare(vector, row - 1, vector, row);
        if (vector_footprint(vector) < 64 << 20)
            vector_copy(arena, vector);
        if (vector->form == VECTOR_DICTIONARY)
            for (uint32_t code = 0; code < vector->dictionary->count; code++)
                text_hash(dictionary_text(vector->dictionary, code));
    }
}

static void damage(uint8_t *data, size_t *length)
{
    for (uint32_t i = 0, changes = 1 + below(3); i < changes && *length > 0; i++) {
        uint32_t at = below(2) ? below((uint32_t)*length) : below(*length < 120 ? (uint32_t)*length : 120);
        switch (below(5)) {
        case 0: data[at] ^= (uint8_t)(1 << below(8)); break;
        case 1: data[at] = (uint8_t)rand(); break;
        case 2: data[at] = (uint8_t[]){0, 0xFF, 0x7F, 0x80, 0xCE, 0xCF, 0xDD}[below(7)]; break;
        case 3: data[at]++; break;
        case 4:
            if (below(10) == 0)
                *length = at;
            break;
        }
    }
}

static void test_damaged_frames(void **state)
{
    Arena *arena = *state;
    int refused = 0, accepted = 0;
    for (int round = 0; round < 1500; round++) {
        Buffer out = BUFFER_EMPTY;
        write_batch(&out, random_batch(arena));
        for (int variant = 0; variant < 20; variant++) {
            size_t length = out.length - FRAME_PREFIX;
            uint8_t *whole = malloc(length);
            memcpy(whole, out.data + FRAME_PREFIX, length);
            damage(whole, &length);
            uint8_t *body = aligned_alloc(64, (length + 64 + 63) / 64 * 64);
            memcpy(body, whole, length);
            memset(body + length, 0, 64);
            Frame frame;
            Fault fault;
            Batch *batch;
            if (frame_read(body, length, &frame, &fault) &&
                frame_read_batch(&frame, arena, &batch, &fault)) {
                use_batch(batch, arena);
                accepted++;
            } else {
                assert_true(fault.code != FAULT_NONE);
                refused++;
            }
            free(body);
            free(whole);
        }
        buffer_clear(&out);
        arena_reset(arena);
    }
    /* most damage hits values, which are free; a good part must have hit what is checked */
    assert_true(accepted > 1000);
    assert_true(refused > 1000);
}

static void test_damaged_faults(void **state)
{
    (void)state;
    Fault fault, back;
    fault_set(&fault, FAULT_TOO_MANY_WARNINGS, "message");
    for (int i = 0; i < FAULT_MAX_FIELDS; i++) {
        char name[24];
        snprintf(name, sizeof name, "field%d", i);
        fault_field_int(&fault, name, i);
    }
    Buffer out = BUFFER_EMPTY;
    fault_encode(&fault, &out);
    assert_true(fault_decode(out.data, out.length, &back));
    for (size_t length = 0; length < out.length; length++) {
        uint8_t *copy = malloc(length + 1);
        memcpy(copy, out.data, length);
        assert_false(fault_decode(copy, length, &back));
        free(copy);
    }
    for (int round = 0; round < 20000; round++) {
        size_t length = out.length;
        uint8_t *copy = malloc(length);
        memcpy(copy, out.data, length);
        damage(copy, &length);
        if (fault_decode(copy, length, &back)) {
            char detail[256];
            fault_format_detail(&back, detail, sizeof detail);
            assert_true(back.code > FAULT_NONE && back.code < FAULT_CODE_COUNT);
        }
        free(copy);
    }
    buffer_clear(&out);
}

static int set_up(void **state)
{
    srand(7);
    *state = arena_new("test");
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

/* --- dictionaries that do not travel --- */

typedef struct Shelf {
    const Dictionary *dictionary;
    uint32_t asked;
} Shelf;

static const Dictionary *find_on_shelf(void *state, const uint8_t digest[16], uint32_t column,
                                       Fault *fault)
{
    Shelf *shelf = state;
    shelf->asked++;
    if (column == 3 && memcmp(digest, shelf->dictionary->home->digest, 16) == 0)
        return shelf->dictionary;
    fault_set(fault, FAULT_PROTOCOL_VIOLATION, "not on this shelf");
    return NULL;
}

static void test_references(void **state)
{
    Arena *arena = *state;
    Text texts[] = {{0}, TEXT_LITERAL("one"), TEXT_LITERAL("three"), TEXT_LITERAL("two")};
    DictionaryHome home = {.references = 1, .digest = "0123456789abcde", .column = 3};
    Dictionary *dictionary = dictionary_make(arena, texts, 4, true, true);
    dictionary->home = &home;
    const uint32_t codes[] = {1, 0, 3, 2, 3};
    Batch *batch = batch_make(arena, 1, 5);
    batch->columns[0] = vector_dictionary(dictionary, 5, codes);
    Buffer out = BUFFER_EMPTY;
    FrameWriter writer;
    frame_begin(&writer, &out, FRAME_CHANNEL_DATA);
    frame_end_with_references(&writer, batch);
    Body body = body_of(&out, 0);
    Frame frame;
    Fault fault;
    Batch *back;
    Shelf shelf = {.dictionary = dictionary};
    const DictionaryFinder finder = {find_on_shelf, &shelf};
    assert_true(frame_read(body.data, body.length, &frame, &fault));
    assert_true(frame_read_references(&frame, arena, &finder, &back, &fault));
    assert_ptr_equal(back->columns[0].dictionary, dictionary);
    for (uint32_t i = 0; i < 5; i++)
        assert_true(same_cell(&back->columns[0], i, &batch->columns[0], i));
    /* who has no shelf refuses it */
    assert_false(frame_read_batch(&frame, arena, &back, &fault));
    /* another dictionary under that name may be too short for the codes */
    Dictionary *shorter = dictionary_make(arena, texts, 3, true, true);
    shorter->home = &home;
    shelf.dictionary = shorter;
    assert_false(frame_read_references(&frame, arena, &finder, &back, &fault));
    /* and there may be none */
    home.digest[0] = 'x';
    assert_false(frame_read_references(&frame, arena, &finder, &back, &fault));
    assert_int_equal(shelf.asked, 3);
    free(body.memory);
    buffer_clear(&out);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_map_round_trip),
        TEST(test_refusals),
        TEST(test_batch_round_trip),
        TEST(test_references), TEST(test_in_place),
        TEST(test_large_dictionary_is_cut),
        TEST(test_damaged_frames),
        TEST(test_damaged_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

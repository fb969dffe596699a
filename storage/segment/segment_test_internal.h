/* A table with a column of every layout and shape, for the tests of this room. */
#ifndef TALARIA_STORAGE_SEGMENT_SEGMENT_TEST_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_SEGMENT_TEST_INTERNAL_H

#include "storage/segment/segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef enum TestShape {
    T_SECONDS,
    T_RANDOM,
    T_CONSTANT,
    T_RUNS,
    T_SOME_NULLS,
    T_ALL_NULL,
    T_EXTREMES,
    T_OUTLIERS,
    T_BOOL,
    T_BOOL_CONSTANT,
    T_MONEY,
    T_DOUBLE,
    T_DOUBLE_CONSTANT,
    T_FLOAT,
    T_DECIMAL,
    T_WIDE,
    T_WIDE_CONSTANT,
    T_CODES,
    T_NAMES,
    T_DOCUMENTS,
    T_STRING_NULL,
    T_STRING_CONSTANT,
    T_ARRAY_INTEGER,
    T_ARRAY_STRING,
    T_ARRAY_NULL,
    T_SHAPES
} TestShape;

static const struct {
    const char *name;
    Layout layout;
} test_columns[T_SHAPES] = {
    [T_SECONDS] = {"__time", LAYOUT_INT64},
    [T_RANDOM] = {"random", LAYOUT_INT64},
    [T_CONSTANT] = {"constant", LAYOUT_INT64},
    [T_RUNS] = {"runs", LAYOUT_INT64},
    [T_SOME_NULLS] = {"some nulls", LAYOUT_INT64},
    [T_ALL_NULL] = {"all null", LAYOUT_INT64},
    [T_EXTREMES] = {"extremes", LAYOUT_INT64},
    [T_OUTLIERS] = {"outliers", LAYOUT_INT64},
    [T_BOOL] = {"bool", LAYOUT_BOOL},
    [T_BOOL_CONSTANT] = {"true", LAYOUT_BOOL},
    [T_MONEY] = {"money", LAYOUT_FLOAT64},
    [T_DOUBLE] = {"double", LAYOUT_FLOAT64},
    [T_DOUBLE_CONSTANT] = {"pi", LAYOUT_FLOAT64},
    [T_FLOAT] = {"float", LAYOUT_FLOAT32},
    [T_DECIMAL] = {"decimal", LAYOUT_INT128},
    [T_WIDE] = {"wide", LAYOUT_INT128},
    [T_WIDE_CONSTANT] = {"seven", LAYOUT_INT128},
    [T_CODES] = {"codes", LAYOUT_STRING},
    [T_NAMES] = {"names", LAYOUT_STRING},
    [T_DOCUMENTS] = {"documents", LAYOUT_STRING},
    [T_STRING_NULL] = {"no text", LAYOUT_STRING},
    [T_STRING_CONSTANT] = {"one text", LAYOUT_STRING},
    [T_ARRAY_INTEGER] = {"numbers", LAYOUT_ARRAY},
    [T_ARRAY_STRING] = {"tags", LAYOUT_ARRAY},
    [T_ARRAY_NULL] = {"no arrays", LAYOUT_ARRAY},
};

static uint64_t test_state = 0x9E3779B97F4A7C15ULL;

static inline uint64_t test_random(void)
{
    test_state ^= test_state << 13;
    test_state ^= test_state >> 7;
    test_state ^= test_state << 17;
    return test_state;
}

static inline void test_text(VectorBuilder *builder, const char *format, uint64_t a, uint64_t b)
{
    char text[200];
    snprintf(text, sizeof text, format, (unsigned long)a, (unsigned long)b);
    vector_builder_text(builder, text_of(text));
}

static inline void test_array(VectorBuilder *builder, TestShape shape, uint64_t random)
{
    uint32_t count = (uint32_t)(random / 7 % 5);
    if (random % 6 == 0) {
        vector_builder_null(builder);
        return;
    }
    vector_builder_array(builder, count);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value = test_random();
        if (value % 9 == 0)
            vector_builder_null(builder->elements);
        else if (shape == T_ARRAY_INTEGER)
            vector_builder_int64(builder->elements, (int64_t)(value % 1000) - 500);
        else
            test_text(builder->elements, "tag %lu", value % 300, 0);
    }
}

static inline void test_integer(VectorBuilder *builder, TestShape shape, uint32_t row,
                                uint64_t random)
{
    int64_t value = 0;
    if (shape == T_SECONDS)
        value = 1442016000000000 + row * 3000000LL + (int64_t)(random % 3) * 1000000;
    else if (shape == T_RANDOM)
        value = (int64_t)random;
    else if (shape == T_CONSTANT)
        value = -42;
    else if (shape == T_RUNS)
        value = row / 700 * 13;
    else if (shape == T_SOME_NULLS)
        value = (int64_t)(random % 10000);
    else if (shape == T_EXTREMES)
        value = random % 3 == 0 ? INT64_MIN : random % 3 == 1 ? INT64_MAX : (int64_t)(random % 5);
    else if (shape == T_OUTLIERS)
        value = (int64_t)(random % 60 == 0 ? random >> 20 : random >> 60);
    if (shape == T_ALL_NULL || (shape == T_SOME_NULLS && row % 11 == 3))
        vector_builder_null(builder);
    else
        vector_builder_int64(builder, value);
}

static inline void test_cell(VectorBuilder *builder, TestShape shape, uint32_t row)
{
    uint64_t random = test_random();
    bool some_null = random % 13 == 0;

    switch (shape) {
    case T_SECONDS:
    case T_RANDOM:
    case T_CONSTANT:
    case T_RUNS:
    case T_SOME_NULLS:
    case T_ALL_NULL:
    case T_EXTREMES:
    case T_OUTLIERS:
        test_integer(builder, shape, row, random);
        return;
    case T_BOOL:
        if (some_null)
            vector_builder_null(builder);
        else
            vector_builder_bool(builder, random / 13 % 3 == 0);
        return;
    case T_BOOL_CONSTANT:
        vector_builder_bool(builder, true);
        return;
    case T_MONEY:
        if (some_null)
            vector_builder_null(builder);
        else
            vector_builder_float64(builder, (double)(random % 100000) / 100);
        return;
    case T_DOUBLE:
    case T_FLOAT:
        vector_builder_float64(builder, (double)random / 3);
        return;
    case T_DOUBLE_CONSTANT:
        vector_builder_float64(builder, 3.14159);
        return;
    case T_DECIMAL:
        vector_builder_int128(builder, (__int128)(random % 1000000) - 500000);
        return;
    case T_WIDE:
        if (some_null)
            vector_builder_null(builder);
        else
            vector_builder_int128(builder, (__int128)((unsigned __int128)random * random - random));
        return;
    case T_WIDE_CONSTANT:
        vector_builder_int128(builder, 7);
        return;
    case T_CODES:
        if (some_null)
            vector_builder_null(builder);
        else
            test_text(builder, "#%lu.channel", random / 13 % 50, 0);
        return;
    case T_NAMES:
        test_text(builder, "name %lu", random % 100000 * (random % 3 + 1), 0);
        return;
    case T_DOCUMENTS:
        if (some_null)
            vector_builder_null(builder);
        else
            test_text(builder, "{\"id\":%lu,\"text\":\"a document that is like no other %lu\"}",
                      random, row);
        return;
    case T_STRING_NULL:
        vector_builder_null(builder);
        return;
    case T_STRING_CONSTANT:
        vector_builder_text(builder, TEXT_LITERAL("always this"));
        return;
    case T_ARRAY_INTEGER:
    case T_ARRAY_STRING:
        test_array(builder, shape, random);
        return;
    case T_ARRAY_NULL:
        if (random % 2)
            vector_builder_null(builder);
        else
            vector_builder_array(builder, 0);
        return;
    case T_SHAPES:
        return;
    }
}

/* All columns flat, `rows` long. */
static inline Batch *test_table(Arena *arena, uint32_t rows)
{
    Batch *batch = batch_make(arena, T_SHAPES, rows);

    for (int shape = 0; shape < T_SHAPES; shape++) {
        VectorBuilder builder, elements;
        vector_builder_init(&builder, arena, test_columns[shape].layout, rows);
        if (shape == T_ARRAY_INTEGER || shape == T_ARRAY_STRING) {
            vector_builder_init(&elements, arena,
                                shape == T_ARRAY_INTEGER ? LAYOUT_INT64 : LAYOUT_STRING, rows);
            builder.elements = &elements;
        }
        for (uint32_t row = 0; row < rows; row++)
            test_cell(&builder, (TestShape)shape, row);
        batch->columns[shape] = vector_builder_finish(&builder);
    }
    return batch;
}

static inline SegmentSchema test_schema(Arena *arena)
{
    SegmentColumn *columns = ARENA_ARRAY(arena, SegmentColumn, T_SHAPES);
    for (int i = 0; i < T_SHAPES; i++)
        columns[i] = (SegmentColumn){.name = text_of(test_columns[i].name),
                                     .type_oid = 20 + (uint32_t)i,
                                     .type_modifier = -1,
                                     .layout = test_columns[i].layout};
    return (SegmentSchema){T_SHAPES, columns};
}

static inline const char *test_path(const char *name)
{
    static char path[200];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/talaria-%s-%d", folder != NULL ? folder : "/tmp", name,
             (int)getpid());
    unlink(path);
    return path;
}

#endif

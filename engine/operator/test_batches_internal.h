/*
 * Random batches for the tests of operators: every layout, with nulls; strings flat, constant or
 * in dictionaries that differ from batch to batch.
 */
#ifndef TALARIA_ENGINE_OPERATOR_TEST_BATCHES_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_TEST_BATCHES_INTERNAL_H

#include "storage/vector/vector.h"

static uint64_t random_state = 88172645463325252u;

static inline uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % limit;
}

static inline Text random_text(Arena *arena, uint32_t variety)
{
    return text_of(arena_printf(arena, "text-%u", random_below(variety)));
}

static inline void random_cell(VectorBuilder *builder, uint32_t variety)
{
    int64_t value = (int64_t)random_below(variety) - variety / 3;
    switch (builder->layout) {
    case LAYOUT_BOOL:
        vector_builder_bool(builder, random_below(2));
        break;
    case LAYOUT_INT64:
        vector_builder_int64(builder, value);
        break;
    case LAYOUT_INT128:
        vector_builder_int128(builder, value * ((__int128)1 << 70));
        break;
    case LAYOUT_FLOAT32:
    case LAYOUT_FLOAT64:
        vector_builder_float64(builder, value == 0 && random_below(2) ? -0.0 : (double)value / 4);
        break;
    case LAYOUT_STRING:
        vector_builder_text(builder, random_text(builder->arena, variety));
        break;
    case LAYOUT_ARRAY: {
        uint32_t count = random_below(3);
        vector_builder_array(builder, count);
        for (uint32_t e = 0; e < count; e++)
            random_cell(builder->elements, 3);
        break;
    }
    case LAYOUT_COUNT:
        break;
    }
}

static inline Vector random_flat(Arena *arena, Layout layout, uint32_t rows, uint32_t variety,
                                 bool has_nulls)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, layout, rows);
    if (layout == LAYOUT_ARRAY) {
        builder.elements = ARENA_NEW(arena, VectorBuilder);
        vector_builder_init(builder.elements, arena, LAYOUT_STRING, rows);
    }
    for (uint32_t i = 0; i < rows; i++)
        if (has_nulls && random_below(8) == 0)
            vector_builder_null(&builder);
        else
            random_cell(&builder, variety);
    return vector_builder_finish(&builder);
}

static inline Vector random_dictionary(Arena *arena, uint32_t rows, uint32_t variety,
                                       bool has_nulls)
{
    uint32_t entries = 2 + random_below(variety);
    Text *texts = ARENA_ARRAY(arena, Text, entries);
    texts[0] = (Text){0};
    for (uint32_t i = 1; i < entries; i++)
        texts[i] = random_text(arena, variety);
    const Dictionary *dictionary = dictionary_make(arena, texts, entries, false, false);
    uint32_t *codes = arena_alloc_vector(arena, rows * sizeof *codes);
    for (uint32_t i = 0; i < rows; i++)
        codes[i] = has_nulls ? random_below(entries) : 1 + random_below(entries - 1);
    return vector_dictionary(dictionary, rows, codes);
}

static inline Vector random_vector(Arena *arena, Layout layout, uint32_t rows, uint32_t variety,
                                   bool has_nulls)
{
    uint32_t form = random_below(6);
    if (form == 0 && has_nulls)
        return vector_null(arena, layout, rows);
    if (form == 1 && layout == LAYOUT_INT64) {
        int64_t value = random_below(variety);
        return vector_constant(arena, layout, rows, &value);
    }
    if (form <= 3 && layout == LAYOUT_STRING)
        return random_dictionary(arena, rows, variety, has_nulls);
    return random_flat(arena, layout, rows, variety, has_nulls);
}

#endif

/*
 * Rows set by column name, gathered into one batch.
 */
#include "engine/catalog/catalog_internal.h"

#include "base/log/log.h"

#include <string.h>

static void init_builder(VectorBuilder *builder, Arena *arena, Oid type)
{
    const TypeInfo *info = type_info(type);
    check(info != NULL);
    vector_builder_init(builder, arena, info->layout, 64);
    if (info->layout != LAYOUT_ARRAY)
        return;
    builder->elements = ARENA_NEW(arena, VectorBuilder);
    vector_builder_init(builder->elements, arena, type_layout(SQL_TYPE(info->element_oid)), 64);
}

void catalog_rows_begin(CatalogRows *rows, const VirtualColumn *columns, uint32_t count,
                        Arena *arena)
{
    *rows = (CatalogRows){.columns = columns, .column_count = count, .arena = arena};
    rows->builders = ARENA_ARRAY(arena, VectorBuilder, count);
    for (uint32_t i = 0; i < count; i++)
        init_builder(&rows->builders[i], arena, columns[i].type);
}

/* The builder of a column that has not been set in this row. A name that is not there is a
 * mistake of this room. */
static VectorBuilder *column_builder(CatalogRows *rows, const char *column)
{
    for (uint32_t tried = 0; tried < rows->column_count; tried++) {
        uint32_t i = rows->next + tried;
        i = i < rows->column_count ? i : i - rows->column_count;
        if (strcmp(rows->columns[i].name, column) != 0)
            continue;
        rows->next = i + 1 < rows->column_count ? i + 1 : 0;
        check(rows->builders[i].length == rows->rows);
        return &rows->builders[i];
    }
    check_failed(column, __FILE__, __LINE__, __func__);
}

void catalog_set_int(CatalogRows *rows, const char *column, int64_t value)
{
    VectorBuilder *builder = column_builder(rows, column);
    check(builder->layout == LAYOUT_INT64);
    vector_builder_int64(builder, value);
}

void catalog_set_bool(CatalogRows *rows, const char *column, bool value)
{
    VectorBuilder *builder = column_builder(rows, column);
    check(builder->layout == LAYOUT_BOOL);
    vector_builder_bool(builder, value);
}

void catalog_set_float(CatalogRows *rows, const char *column, double value)
{
    VectorBuilder *builder = column_builder(rows, column);
    check(builder->layout == LAYOUT_FLOAT32 || builder->layout == LAYOUT_FLOAT64);
    vector_builder_float64(builder, value);
}

void catalog_set_text(CatalogRows *rows, const char *column, Text value)
{
    VectorBuilder *builder = column_builder(rows, column);
    check(builder->layout == LAYOUT_STRING);
    if (value.data == NULL)
        value.data = "";
    vector_builder_text_view(builder, value);
}

void catalog_set_string(CatalogRows *rows, const char *column, const char *value)
{
    if (value != NULL)
        catalog_set_text(rows, column, text_of(value));
}

void catalog_set_char(CatalogRows *rows, const char *column, char value)
{
    char *copy = arena_strndup(rows->arena, &value, value == 0 ? 0 : 1);
    catalog_set_text(rows, column, text_of(copy));
}

void catalog_set_time(CatalogRows *rows, const char *column, int64_t micros)
{
    if (micros != 0)
        catalog_set_int(rows, column, micros);
}

void catalog_set_interval(CatalogRows *rows, const char *column, int64_t micros)
{
    VectorBuilder *builder = column_builder(rows, column);
    IntervalValue value = {.micros = micros};
    __int128 cell;
    check(builder->layout == LAYOUT_INT128);
    memcpy(&cell, &value, sizeof cell);
    vector_builder_int128(builder, cell);
}

void catalog_set_ints(CatalogRows *rows, const char *column, const int64_t *values, uint32_t count)
{
    VectorBuilder *builder = column_builder(rows, column);
    check(builder->layout == LAYOUT_ARRAY);
    vector_builder_array(builder, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_int64(builder->elements, values[i]);
}

void catalog_set_texts(CatalogRows *rows, const char *column, const Text *values, uint32_t count)
{
    VectorBuilder *builder = column_builder(rows, column);
    check(builder->layout == LAYOUT_ARRAY);
    vector_builder_array(builder, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_text_view(builder->elements, values[i]);
}

void catalog_row_end(CatalogRows *rows)
{
    rows->rows++;
    rows->next = 0;
    for (uint32_t i = 0; i < rows->column_count; i++) {
        if (rows->builders[i].length < rows->rows)
            vector_builder_null(&rows->builders[i]);
    }
}

Batch *catalog_rows_finish(CatalogRows *rows)
{
    Batch *batch = batch_make(rows->arena, rows->column_count, rows->rows);
    for (uint32_t i = 0; i < rows->column_count; i++)
        batch->columns[i] = vector_builder_finish(&rows->builders[i]);
    return batch;
}

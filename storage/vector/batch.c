/*
 * Batches: each operation is its vector's, column by column.
 */
#include "base/log/log.h"
#include "storage/vector/vector.h"

static Batch *batch_new(Arena *arena, uint32_t column_count, uint32_t rows)
{
    Batch *batch = ARENA_NEW(arena, Batch);
    batch->rows = rows;
    batch->column_count = column_count;
    batch->columns = ARENA_ARRAY(arena, Vector, column_count);
    return batch;
}

Batch *batch_make(Arena *arena, uint32_t column_count, uint32_t rows)
{
    Batch *batch = batch_new(arena, column_count, rows);
    memset(batch->columns, 0, sizeof(Vector) * column_count);
    return batch;
}

Batch *batch_gather(Arena *arena, const Batch *batch, const uint32_t *rows, uint32_t count)
{
    Batch *out = batch_new(arena, batch->column_count, count);
    for (uint32_t i = 0; i < batch->column_count; i++)
        out->columns[i] = vector_gather(arena, &batch->columns[i], rows, count);
    return out;
}

Batch *batch_slice(Arena *arena, const Batch *batch, uint32_t start, uint32_t count)
{
    Batch *out = batch_new(arena, batch->column_count, count);
    for (uint32_t i = 0; i < batch->column_count; i++)
        out->columns[i] = vector_slice(&batch->columns[i], start, count);
    return out;
}

Batch *batch_copy(Arena *arena, const Batch *batch)
{
    Batch *out = batch_new(arena, batch->column_count, batch->rows);
    for (uint32_t i = 0; i < batch->column_count; i++)
        out->columns[i] = vector_copy(arena, &batch->columns[i]);
    return out;
}

Batch *batch_concatenate(Arena *arena, Batch *const *parts, uint32_t count)
{
    check(count > 0);
    uint64_t rows = 0;
    for (uint32_t i = 0; i < count; i++) {
        check(parts[i]->column_count == parts[0]->column_count);
        rows += parts[i]->rows;
    }
    check(rows < UINT32_MAX);
    Batch *out = batch_new(arena, parts[0]->column_count, (uint32_t)rows);
    Vector *column = ARENA_ARRAY(arena, Vector, count);
    for (uint32_t i = 0; i < out->column_count; i++) {
        for (uint32_t part = 0; part < count; part++)
            column[part] = parts[part]->columns[i];
        out->columns[i] = vector_concatenate(arena, column, count);
    }
    return out;
}

size_t batch_footprint(const Batch *batch)
{
    size_t bytes = sizeof(Batch) + sizeof(Vector) * (size_t)batch->column_count;
    for (uint32_t i = 0; i < batch->column_count; i++)
        bytes += vector_footprint(&batch->columns[i]);
    return bytes;
}

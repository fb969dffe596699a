/*
 * RowTooLarge: rows of more than maxFrameSize bytes, where that is set. Asked where rows leave a
 * stage, so that a statement which makes huge rows by mistake ends early.
 */
#include "engine/operator/operator_internal.h"

enum { MOST_NESTING = 4 };

static uint64_t cell_bytes(const Vector *vector, uint32_t row, uint32_t depth)
{
    if (vector_is_null(vector, row))
        return 1;
    if (vector->layout == LAYOUT_STRING)
        return 1 + sizeof(uint32_t) + vector_text(vector, row).length;
    if (vector->layout != LAYOUT_ARRAY)
        return 1 + layout_size(vector->layout);
    ArrayValue cell = VECTOR_DATA(ArrayValue, vector)[vector_row(vector, row)];
    uint64_t bytes = 1 + sizeof(uint32_t);
    for (uint32_t i = 0; i < cell.count && depth < MOST_NESTING; i++)
        bytes += cell_bytes(vector->elements, cell.offset + i, depth + 1);
    return bytes;
}

bool operator_check_row_sizes(const TypeContext *types, const Batch *batch, Fault *fault)
{
    uint64_t most = types == NULL || types->settings == NULL ? 0 : (uint64_t)types->settings->max_frame_size;
    if (most == 0)
        return true;
    for (uint32_t row = 0; row < batch->rows; row++) {
        uint64_t bytes = 0;
        for (uint32_t c = 0; c < batch->column_count; c++)
            bytes += cell_bytes(&batch->columns[c], row, 0);
        if (bytes <= most)
            continue;
        fault_set(fault, FAULT_ROW_TOO_LARGE,
                  "a row of %llu bytes does not fit in a frame (max frame size = %llu)",
                  (unsigned long long)bytes, (unsigned long long)most);
        return fault_field_int(fault, "maxFrameSize", (int64_t)most);
    }
    return true;
}

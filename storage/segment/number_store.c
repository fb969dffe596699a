/* Numbers of rows, narrowly: see number_store_internal.h. */
#include "storage/segment/number_store_internal.h"

#include "storage/encoding/encoding.h"

void number_store_init(NumberStore *store, Budget *budget)
{
    store->count = 0;
    store->pending_count = 0;
    growing_init(&store->bytes, budget);
    growing_init(&store->starts, budget);
}

void number_store_clear(NumberStore *store)
{
    growing_clear(&store->bytes);
    growing_clear(&store->starts);
    store->count = 0;
    store->pending_count = 0;
}

uint32_t *number_store_room(NumberStore *store, uint32_t *room)
{
    *room = SEGMENT_BLOCK_ROWS - store->pending_count;
    return store->pending + store->pending_count;
}

static bool flush(NumberStore *store, Fault *fault)
{
    const uint32_t *numbers = store->pending;
    uint32_t maximum = uint32_maximum(numbers, SEGMENT_BLOCK_ROWS);
    uint32_t width = maximum <= UINT8_MAX ? 1 : maximum <= UINT16_MAX ? 2 : 4;
    uint64_t start = (uint64_t)store->bytes.length * 8 + width;

    if (!growing_reserve(&store->bytes, (size_t)SEGMENT_BLOCK_ROWS * width, fault) ||
        !growing_append(&store->starts, &start, sizeof start, fault))
        return false;
    uint8_t *to = store->bytes.data + store->bytes.length;
    if (width == 1) {
        for (uint32_t i = 0; i < SEGMENT_BLOCK_ROWS; i++)
            to[i] = (uint8_t)numbers[i];
    } else if (width == 2) {
        for (uint32_t i = 0; i < SEGMENT_BLOCK_ROWS; i++)
            ((uint16_t *)(void *)to)[i] = (uint16_t)numbers[i];
    } else {
        memcpy(to, numbers, sizeof store->pending);
    }
    store->bytes.length += (size_t)SEGMENT_BLOCK_ROWS * width;
    store->pending_count = 0;
    return true;
}

bool number_store_took(NumberStore *store, uint32_t count, Fault *fault)
{
    store->count += count;
    store->pending_count += count;
    return store->pending_count < SEGMENT_BLOCK_ROWS || flush(store, fault);
}

const uint32_t *number_store_block(const NumberStore *store, uint64_t index,
                                   uint32_t out[SEGMENT_BLOCK_ROWS], uint32_t *count)
{
    if (index == store->starts.length / sizeof(uint64_t)) {
        *count = store->pending_count;
        return store->pending;
    }
    uint64_t start = ((const uint64_t *)(const void *)store->starts.data)[index];
    const uint8_t *from = store->bytes.data + start / 8;
    *count = SEGMENT_BLOCK_ROWS;
    if (start % 8 == 4)
        return (const uint32_t *)(const void *)from;
    if (start % 8 == 1) {
        for (uint32_t i = 0; i < SEGMENT_BLOCK_ROWS; i++)
            out[i] = from[i];
    } else {
        for (uint32_t i = 0; i < SEGMENT_BLOCK_ROWS; i++)
            out[i] = ((const uint16_t *)(const void *)from)[i];
    }
    return out;
}

/*
 * Sorting the texts of a pool by their bytes.
 *
 * A quicksort with three ways that compares eight bytes at a time, kept beside each number so
 * that most comparisons touch no text: texts equal in eight bytes are sorted among themselves by
 * the next eight. (Multikey quicksort: Bentley and Sedgewick, "Fast algorithms for sorting and
 * searching strings", 1997; with cached characters: Ng and Kakehi, "Cache efficient radix sort
 * for string sorting", 2007.) Large ranges are first dealt out by eight bits of what is beside the
 * numbers, the highest in which they differ: no comparison, so none that is guessed wrongly.
 */
#include "storage/segment/string_pool_internal.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

#include <stdlib.h>

enum { KEY_BYTES = 8, SMALL = 16, DEALT = 512, BUCKETS = 256 };

typedef struct SortItem {
    uint64_t key; /* bytes [depth, depth + 8) of the text, big-endian, zeros behind its end */
    uint32_t number;
    uint32_t length; /* of the whole text */
} SortItem;

typedef struct SortRange {
    SortItem *items;
    size_t count;
    uint32_t depth;
} SortRange;

static uint64_t load_key(const StringPool *pool, const SortItem *item, uint32_t depth)
{
    Text text = string_pool_text(pool, item->number);
    uint64_t key = 0;

    if (depth >= text.length)
        return 0;
    if (text.length - depth >= KEY_BYTES)
        return __builtin_bswap64(read_u64(text.data + depth));
    memcpy(&key, text.data + depth, text.length - depth);
    return __builtin_bswap64(key);
}

static void swap_items(SortItem *a, SortItem *b)
{
    SortItem held = *a;
    *a = *b;
    *b = held;
}

static uint64_t middle_of(uint64_t a, uint64_t b, uint64_t c)
{
    if (a > b) {
        uint64_t held = a;
        a = b;
        b = held;
    }
    return c < a ? a : c > b ? b : c;
}

static int compare_rest(const StringPool *pool, const SortItem *a, const SortItem *b)
{
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return text_compare(string_pool_text(pool, a->number), string_pool_text(pool, b->number));
}

static void insertion_sort(const StringPool *pool, SortItem *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        SortItem item = items[i];
        size_t place = i;
        for (; place > 0 && compare_rest(pool, &item, &items[place - 1]) < 0; place--)
            items[place] = items[place - 1];
        items[place] = item;
    }
}

/* Items equal in eight bytes: those that end within them come first, the shorter first (they
 * differ in zero bytes at their ends alone); the others go on, eight bytes deeper. */
static SortRange split_ended(const StringPool *pool, SortItem *items, size_t count, uint32_t depth)
{
    size_t ended = 0;

    for (size_t i = 0; i < count; i++) {
        if (items[i].length - depth <= KEY_BYTES)
            swap_items(&items[ended++], &items[i]);
    }
    for (size_t i = 1; i < ended; i++) {
        for (size_t j = i; j > 0 && items[j].length < items[j - 1].length; j--)
            swap_items(&items[j], &items[j - 1]);
    }
    for (size_t i = ended; i < count; i++)
        items[i].key = load_key(pool, &items[i], depth + KEY_BYTES);
    return (SortRange){items + ended, count - ended, depth + KEY_BYTES};
}

/* Ranges wait on a stack in the heap: texts may share prefixes of any length. */
typedef struct SortStack {
    SortItem *other; /* as many items as are sorted */
    SortRange *ranges;
    size_t count, capacity;
    uint64_t random; /* pivots are drawn, so that no order of arrival makes it quadratic */
} SortStack;

static uint64_t random_key(SortStack *stack, const SortItem *items, size_t count)
{
    stack->random ^= stack->random << 13;
    stack->random ^= stack->random >> 7;
    stack->random ^= stack->random << 17;
    return items[stack->random % count].key;
}

static bool push(SortStack *stack, SortRange range)
{
    if (range.count < 2)
        return true;
    if (stack->count == stack->capacity) {
        size_t capacity = stack->capacity == 0 ? 256 : stack->capacity * 2;
        SortRange *ranges = realloc(stack->ranges, capacity * sizeof *ranges);
        if (ranges == NULL)
            return false;
        stack->ranges = ranges;
        stack->capacity = capacity;
    }
    stack->ranges[stack->count++] = range;
    return true;
}

static bool deal(const StringPool *pool, SortStack *stack, SortRange range)
{
    SortItem *items = range.items;
    size_t starts[BUCKETS + 1] = {0};
    uint64_t all_or = 0, all_and = UINT64_MAX;

    for (size_t i = 0; i < range.count; i++) {
        all_or |= items[i].key;
        all_and &= items[i].key;
    }
    if (all_or == all_and)
        return push(stack, split_ended(pool, items, range.count, range.depth));
    unsigned highest = 64 - (unsigned)__builtin_clzll(all_or ^ all_and);
    unsigned shift = highest > 8 ? highest - 8 : 0;
    for (size_t i = 0; i < range.count; i++)
        starts[(items[i].key >> shift) % BUCKETS + 1]++;
    for (size_t b = 0; b < BUCKETS; b++)
        starts[b + 1] += starts[b];
    for (size_t i = 0; i < range.count; i++)
        stack->other[starts[(items[i].key >> shift) % BUCKETS]++] = items[i];
    memcpy(items, stack->other, range.count * sizeof *items);
    /* each start has become its bucket's end */
    for (size_t b = 0, start = 0; b < BUCKETS; start = starts[b++])
        if (!push(stack, (SortRange){items + start, starts[b] - start, range.depth}))
            return false;
    return true;
}

static bool sort_range(const StringPool *pool, SortStack *stack, SortRange range)
{
    SortItem *items = range.items;
    size_t count = range.count;

    if (count <= SMALL) {
        insertion_sort(pool, items, count);
        return true;
    }
    if (count >= DEALT)
        return deal(pool, stack, range);
    uint64_t first = random_key(stack, items, count), second = random_key(stack, items, count);
    uint64_t pivot = middle_of(first, second, random_key(stack, items, count));
    size_t below = 0, at = 0, above = count;
    while (at < above) {
        if (items[at].key < pivot)
            swap_items(&items[below++], &items[at++]);
        else if (items[at].key > pivot)
            swap_items(&items[at], &items[--above]);
        else
            at++;
    }
    return push(stack, (SortRange){items, below, range.depth}) &&
           push(stack, split_ended(pool, items + below, above - below, range.depth)) &&
           push(stack, (SortRange){items + above, count - above, range.depth});
}

static bool sort_items(const StringPool *pool, SortItem *items, size_t count, Fault *fault)
{
    SortStack stack = {.other = items + count, .random = (uintptr_t)items | 1};
    bool ok = push(&stack, (SortRange){items, count, 0});

    while (ok && stack.count > 0) {
        SortRange range = stack.ranges[--stack.count];
        ok = sort_range(pool, &stack, range);
    }
    free(stack.ranges);
    return ok ||
           fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to sort the texts of a column");
}

bool string_pool_sort(const StringPool *pool, uint32_t *order, Fault *fault)
{
    size_t count = pool->count - 1;
    Growing memory;

    growing_init(&memory, pool->budget);
    if (!growing_reserve(&memory, 2 * count * sizeof(SortItem) + 1, fault))
        return false;
    SortItem *items = (SortItem *)(void *)memory.data;
    for (size_t i = 0; i < count; i++) {
        items[i].number = (uint32_t)(i + 1);
        items[i].length = string_pool_text(pool, items[i].number).length;
        items[i].key = load_key(pool, &items[i], 0);
    }
    bool ok = sort_items(pool, items, count, fault);
    for (size_t i = 0; ok && i < count; i++)
        order[i] = items[i].number;
    growing_clear(&memory);
    return ok;
}

/*
 * Growing arrays. Up to half a MiB they are aligned heap memory; beyond that a private mapping,
 * which mremap moves without copying and the kernel hands out zeroed, page by page as touched.
 *
 * Mappings that are freed are kept, up to a limit, for the arrays to come: to be given pages by
 * the kernel costs more than to copy or to clear them. Sizes are powers of two, so that one that
 * is kept fits exactly. A process is single-threaded; grow_arrays_give_back ends the keeping.
 */
#include "storage/rows/rows.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    MAPPED_FROM = 512 * 1024,
    HUGE_FROM = 4 << 20,
    KEPT_MOST = 96 << 20, /* bytes of freed mappings */
    SIZE_CLASSES = 48,
    SLACK = 64,
    ALIGNMENT = 64,
    PAGE = 4096,
};

static size_t allocated_bytes(size_t size)
{
    size_t unit = size + SLACK > MAPPED_FROM ? PAGE : ALIGNMENT;
    return (size + SLACK + unit - 1) / unit * unit;
}

static bool is_mapped(size_t size)
{
    return size + SLACK > MAPPED_FROM;
}

static void *heap_grow(void *data, size_t used, size_t size, bool is_zeroed)
{
    void *grown = aligned_alloc(ALIGNMENT, allocated_bytes(size));
    check(grown != NULL);
    if (used != 0)
        memcpy(grown, data, used);
    if (is_zeroed)
        memset((char *)grown + used, 0, allocated_bytes(size) - used);
    free(data);
    return grown;
}

/* --- mappings that are kept --- */

typedef struct Kept { /* in a mapping's first bytes */
    struct Kept *next;
} Kept;

static Kept *kept[SIZE_CLASSES]; /* by the power of two that is the size */
static size_t kept_bytes;

static void unmap(void *data, size_t size)
{
    int class = __builtin_ctzl(size);
    if (class >= SIZE_CLASSES || kept_bytes + allocated_bytes(size) > KEPT_MOST) {
        munmap(data, allocated_bytes(size));
        return;
    }
    Kept *mapping = data;
    mapping->next = kept[class];
    kept[class] = mapping;
    kept_bytes += allocated_bytes(size);
}

/* NULL when none of that size is kept. Its bytes have any value. */
static void *take_kept(size_t size)
{
    int class = __builtin_ctzl(size);
    if (class >= SIZE_CLASSES || kept[class] == NULL)
        return NULL;
    Kept *mapping = kept[class];
    kept[class] = mapping->next;
    kept_bytes -= allocated_bytes(size);
    return mapping;
}

void grow_arrays_give_back(void)
{
    for (int class = 0; class < SIZE_CLASSES; class++) {
        size_t size = (size_t)1 << class;
        for (void *data = take_kept(size); data != NULL; data = take_kept(size))
            munmap(data, allocated_bytes(size));
    }
}

/* --- mappings --- */

/* Large tables are read at random: fewer TLB misses, and fewer faults while they fill. */
static void advise(void *data, size_t size)
{
    if (size >= HUGE_FROM)
        (void)madvise(data, allocated_bytes(size), MADV_HUGEPAGE);
}

static void *map_new(size_t size)
{
    void *data = mmap(NULL, allocated_bytes(size), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(data != MAP_FAILED);
    advise(data, size);
    return data;
}

static void release(void *data, size_t size)
{
    if (is_mapped(size))
        unmap(data, size);
    else
        free(data);
}

static void *map_grow(void *data, size_t old, size_t size, bool is_zeroed)
{
    void *mapped = take_kept(size);
    if (mapped != NULL && is_zeroed)
        memset((char *)mapped + old, 0, allocated_bytes(size) - old);
    if (mapped == NULL && data != NULL && is_mapped(old)) {
        mapped =
            mremap(data, allocated_bytes(old), allocated_bytes(size), MREMAP_MAYMOVE);
        check(mapped != MAP_FAILED);
        advise(mapped, size);
        return mapped;
    }
    if (mapped == NULL)
        mapped = map_new(size);
    if (data != NULL) {
        memcpy(mapped, data, old);
        release(data, old);
    }
    return mapped;
}

/* --- arrays --- */

static bool grow(GrowArray *array, Budget *budget, size_t size, bool is_zeroed, Fault *fault)
{
    size_t target = array->size < 256 ? 256 : array->size * 2;
    while (target < size)
        if (!checked_multiply(target, 2, &target))
            return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "an array would be too long");
    size_t before = array->data == NULL ? 0 : allocated_bytes(array->size);
    if (budget != NULL && !budget_reserve(budget, allocated_bytes(target) - before, fault))
        return false;
    array->data = is_mapped(target) ? map_grow(array->data, array->size, target, is_zeroed)
                                    : heap_grow(array->data, array->size, target, is_zeroed);
    array->size = target;
    return true;
}

bool grow_array(GrowArray *array, Budget *budget, size_t size, Fault *fault)
{
    return size <= array->size || grow(array, budget, size, true, fault);
}

bool grow_array_unset(GrowArray *array, Budget *budget, size_t size, Fault *fault)
{
    return size <= array->size || grow(array, budget, size, false, fault);
}

void grow_array_free(GrowArray *array, Budget *budget)
{
    if (array->data == NULL)
        return;
    release(array->data, array->size);
    if (budget != NULL)
        budget_release(budget, allocated_bytes(array->size));
    *array = (GrowArray){0};
}

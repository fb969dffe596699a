/*
 * Growing arrays. Up to half a MiB they are aligned heap memory; beyond that a private mapping,
 * which mremap moves without copying and the kernel hands out zeroed, page by page as touched.
 */
#include "storage/rows/rows.h"

#include "base/log/log.h"
#include "base/memory/checked.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MAPPED_FROM = 512 * 1024, SLACK = 64, ALIGNMENT = 64, PAGE = 4096 };

static size_t allocated_bytes(size_t size)
{
    size_t unit = size + SLACK > MAPPED_FROM ? PAGE : ALIGNMENT;
    return (size + SLACK + unit - 1) / unit * unit;
}

static bool is_mapped(size_t size)
{
    return size + SLACK > MAPPED_FROM;
}

static void *heap_grow(void *data, size_t used, size_t size)
{
    void *grown = aligned_alloc(ALIGNMENT, allocated_bytes(size));
    check(grown != NULL);
    if (used != 0)
        memcpy(grown, data, used);
    memset((char *)grown + used, 0, allocated_bytes(size) - used);
    free(data);
    return grown;
}

static void *map_new(size_t size)
{
    void *data = mmap(NULL, allocated_bytes(size), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(data != MAP_FAILED);
    /* Large tables are read at random: fewer TLB misses. Advice only. */
    if (size >= (4u << 20))
        (void)madvise(data, allocated_bytes(size), MADV_HUGEPAGE);
    return data;
}

static void *map_grow(void *data, size_t old, size_t size)
{
    if (data != NULL && is_mapped(old)) {
        void *moved = mremap(data, allocated_bytes(old), allocated_bytes(size), MREMAP_MAYMOVE);
        check(moved != MAP_FAILED);
        return moved;
    }
    void *mapped = map_new(size);
    if (data != NULL)
        memcpy(mapped, data, old);
    free(data);
    return mapped;
}

bool grow_array(GrowArray *array, Budget *budget, size_t size, Fault *fault)
{
    if (size <= array->size)
        return true;
    size_t target = array->size < 256 ? 256 : array->size * 2;
    while (target < size)
        if (!checked_multiply(target, 2, &target))
            return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "an array would be too long");
    size_t before = array->data == NULL ? 0 : allocated_bytes(array->size);
    if (budget != NULL && !budget_reserve(budget, allocated_bytes(target) - before, fault))
        return false;
    array->data = is_mapped(target) ? map_grow(array->data, array->size, target)
                                    : heap_grow(array->data, array->size, target);
    array->size = target;
    return true;
}

void grow_array_free(GrowArray *array, Budget *budget)
{
    if (array->data == NULL)
        return;
    if (is_mapped(array->size))
        munmap(array->data, allocated_bytes(array->size));
    else
        free(array->data);
    if (budget != NULL)
        budget_release(budget, allocated_bytes(array->size));
    *array = (GrowArray){0};
}

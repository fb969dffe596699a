/*
 * Arenas. See arena.h.
 *
 * A list of blocks, the current one first; an allocation moves a pointer. Requests that would
 * waste a good part of a block get one of their own, put behind the current one so that its
 * remaining room is still used.
 *
 * A thread that makes and frees arenas with each query keeps a few of their blocks (arena_keep_blocks):
 * the last freed is the first to be used again, while the caches still have it.
 */
#include "base/memory/arena.h"

#include "base/log/log.h"
#include "base/memory/checked.h"
#include "base/memory/guard.h"

#include <stdio.h>
#include <stdlib.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
/* Memory that nobody has written yet looks like no sensible value, so that who reads it is seen. */
#define HAND_OUT(start, size) (ASAN_UNPOISON_MEMORY_REGION(start, size), (void)memset(start, 0xA5, size))
#else
#define HAND_OUT(start, size) ((void)(start), (void)(size))
#define ASAN_POISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#endif

enum {
    FIRST_BLOCK = 4096,
    LARGEST_BLOCK = 1 << 20,
    LARGEST_KEPT = 8 << 20, /* by a reset: an exceptional batch must not hold its memory for ever */
    ALIGNMENT = 16,
    VECTOR_ALIGNMENT = 64,
    VECTOR_TAIL = 64,
    KEPT_SIZES = 9, /* FIRST_BLOCK, twice that, ... LARGEST_BLOCK */
    MOST_KEPT = 8,  /* of a size */
    MOST_KEPT_BYTES = 512 << 10, /* and so many bytes of a size */
};

typedef struct Block {
    struct Block *next;
    size_t size; /* of the whole block, with this head */
} Block;

/* Blocks that no arena has, by size. One thread's. */
static struct {
    Block *first;
    uint32_t count;
} kept_blocks[KEPT_SIZES];

static _Thread_local bool keeps_blocks;

struct Arena {
    const char *name;
    char *at;  /* next free byte of the current block */
    char *end; /* of the current block */
    Block *blocks;
    size_t held; /* sum of the blocks' sizes */
    size_t next_size;
};

static void __attribute__((noreturn, cold)) refused(const Arena *arena, size_t size)
{
    log_error("out of memory: arena=%s held=%zu requested=%zu", arena->name, arena->held, size);
    guard_end_process();
}

static size_t round_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) & ~(alignment - 1);
}

Arena *arena_new(const char *name)
{
    Arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL) {
        log_error("out of memory: arena=%s", name);
        guard_end_process();
    }
    arena->name = name;
    arena->next_size = FIRST_BLOCK;
    return arena;
}

/* --- blocks between arenas --- */

/* -1: no size of which blocks are kept. */
static int kept_size(size_t size)
{
    for (int i = 0; i < KEPT_SIZES; i++)
        if (size == (size_t)FIRST_BLOCK << i)
            return i;
    return -1;
}

static bool keep_block(Block *block)
{
    int size = keeps_blocks ? kept_size(block->size) : -1;
    if (size < 0)
        return false;
    uint32_t count = kept_blocks[size].count;
    if (count == MOST_KEPT || (count + 1) * block->size > MOST_KEPT_BYTES)
        return false;
    block->next = kept_blocks[size].first;
    kept_blocks[size].first = block;
    kept_blocks[size].count++;
    return true;
}

static Block *take_kept_block(size_t bytes)
{
    int size = keeps_blocks ? kept_size(bytes) : -1;
    Block *block = size < 0 ? NULL : kept_blocks[size].first;
    if (block == NULL)
        return NULL;
    kept_blocks[size].first = block->next;
    kept_blocks[size].count--;
    return block;
}

void arena_keep_blocks(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer)
    keeps_blocks = true; /* the sanitizer knows what was freed only if it is freed */
#endif
}

void arena_give_blocks_back(void)
{
    for (int i = 0; keeps_blocks && i < KEPT_SIZES; i++) {
        while (kept_blocks[i].first != NULL)
            free(take_kept_block((size_t)FIRST_BLOCK << i));
    }
}

static void free_block(Block *block)
{
    ASAN_UNPOISON_MEMORY_REGION(block, block->size);
    if (block->size > LARGEST_BLOCK)
        guard_count(-(int64_t)block->size);
    if (!keep_block(block))
        free(block);
}

void arena_free(Arena *arena)
{
    if (arena == NULL)
        return;
    for (Block *block = arena->blocks, *next; block != NULL; block = next) {
        next = block->next;
        free_block(block);
    }
    free(arena);
}

static void use_block(Arena *arena, Block *block)
{
    arena->at = (char *)block + round_up(sizeof(Block), VECTOR_ALIGNMENT);
    arena->end = (char *)block + block->size;
    ASAN_POISON_MEMORY_REGION(arena->at, (size_t)(arena->end - arena->at));
}

void arena_reset(Arena *arena)
{
    Block *largest = NULL;
    for (Block *block = arena->blocks; block != NULL; block = block->next)
        if (block->size <= LARGEST_KEPT && (largest == NULL || block->size > largest->size))
            largest = block;
    for (Block *block = arena->blocks, *next; block != NULL; block = next) {
        next = block->next;
        if (block != largest)
            free_block(block);
    }
    /* When one block did not do, the next one is made so large that it alone would have done:
     * after a few rounds of the same size an arena lives in a single block. */
    while (arena->next_size < LARGEST_BLOCK && arena->next_size < arena->held)
        arena->next_size *= 2;
    arena->blocks = largest;
    arena->held = 0;
    arena->at = arena->end = NULL;
    if (largest != NULL) {
        largest->next = NULL;
        arena->held = largest->size;
        use_block(arena, largest);
    }
}

size_t arena_size(const Arena *arena)
{
    return arena->held;
}

static Block *new_block(Arena *arena, size_t size)
{
    Block *block = take_kept_block(size);
    if (size > LARGEST_BLOCK && !guard_count((int64_t)size))
        refused(arena, size);
    if (block == NULL)
        block = aligned_alloc(VECTOR_ALIGNMENT, size);
    if (block == NULL)
        refused(arena, size);
    block->size = size;
    arena->held += size;
    return block;
}

/* A block for one large request alone, behind the current one. */
static char *alloc_own_block(Arena *arena, size_t size)
{
    size_t head = round_up(sizeof(Block), VECTOR_ALIGNMENT);
    Block *block = new_block(arena, round_up(head + size, VECTOR_ALIGNMENT));
    if (arena->blocks == NULL) {
        block->next = NULL;
        arena->blocks = block;
        arena->at = arena->end = (char *)block + block->size;
    } else {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    }
    return (char *)block + head;
}

static char *alloc_slowly(Arena *arena, size_t size, size_t alignment)
{
    if (size > SIZE_MAX / 2)
        refused(arena, size);
    if (size > LARGEST_BLOCK / 4)
        return alloc_own_block(arena, size);
    while (arena->next_size < 2 * size + FIRST_BLOCK / 2)
        arena->next_size *= 2;
    Block *block = new_block(arena, arena->next_size);
    block->next = arena->blocks;
    arena->blocks = block;
    if (arena->next_size < LARGEST_BLOCK)
        arena->next_size *= 2;
    use_block(arena, block);
    char *start = (char *)round_up((size_t)arena->at, alignment);
    arena->at = start + size;
    HAND_OUT(start, size);
    return start;
}

static inline char *alloc_aligned(Arena *arena, size_t size, size_t alignment)
{
    char *start = (char *)round_up((size_t)arena->at, alignment);
    /* arena->at is NULL before the first block, then end is too and there is no room */
    if (start <= arena->end && size <= (size_t)(arena->end - start) && arena->end != NULL) {
        arena->at = start + size;
        HAND_OUT(start, size);
        return start;
    }
    return alloc_slowly(arena, size, alignment);
}

void *arena_alloc(Arena *arena, size_t size)
{
    return alloc_aligned(arena, size, ALIGNMENT);
}

void *arena_zalloc(Arena *arena, size_t size)
{
    return memset(alloc_aligned(arena, size, ALIGNMENT), 0, size);
}

void *arena_alloc_vector(Arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        refused(arena, size);
    char *start = alloc_aligned(arena, size + VECTOR_TAIL, VECTOR_ALIGNMENT);
    /* Kernels may read the tail; give it a value, so that what they read there is defined. */
    memset(start + size, 0, VECTOR_TAIL);
    return start;
}

void *arena_alloc_array(Arena *arena, size_t count, size_t size)
{
    size_t total;
    if (!checked_multiply(count, size, &total))
        refused(arena, SIZE_MAX);
    return arena_alloc(arena, total);
}

char *arena_strdup(Arena *arena, const char *s)
{
    return arena_strndup(arena, s, strlen(s));
}

char *arena_strndup(Arena *arena, const char *s, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    if (length > 0)
        memcpy(copy, s, length);
    copy[length] = '\0';
    return copy;
}

Text arena_text(Arena *arena, Text text)
{
    char *copy = arena_alloc(arena, text.length);
    if (text.length > 0)
        memcpy(copy, text.data, text.length);
    return (Text){.data = copy, .length = text.length};
}

char *arena_vprintf(Arena *arena, const char *format, va_list args)
{
    check(format != NULL);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    check(length >= 0);
    char *out = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(out, (size_t)length + 1, format, args);
    return out;
}

char *arena_printf(Arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *out = arena_vprintf(arena, format, args);
    va_end(args);
    return out;
}

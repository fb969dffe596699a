/*
 * Arenas: memory that is given back all at once.
 *
 * Everything is allocated in the arena whose lifetime fits (process, session, query, work
 * order, batch), passed as a parameter. Blocks grow geometrically from 4 KiB to 1 MiB; larger
 * requests get a block of their own. arena_reset keeps the largest block, so that an arena
 * that is reset for each batch stops calling malloc.
 *
 * An arena holds small and bounded things. What grows with the data reserves from a Budget
 * first (budget.h). When the system refuses memory the process ends with a log line: workers
 * and controllers are made to be lost, and the front end reports NotEnoughMemory for them.
 */
#ifndef TALARIA_BASE_MEMORY_ARENA_H
#define TALARIA_BASE_MEMORY_ARENA_H

#include "base/memory/text.h"

#include <stdarg.h>
#include <stddef.h>

typedef struct Arena Arena;

/* `name` must outlive the arena (a literal). Free with arena_free. */
Arena *arena_new(const char *name);
void arena_free(Arena *arena); /* NULL is fine */
void arena_reset(Arena *arena);

/*
 * The calling thread keeps some of the blocks that its arenas free (3 MiB at most) for its
 * next ones, until it gives them back. For one thread of a process; the others are not concerned.
 */
void arena_keep_blocks(void);
void arena_give_blocks_back(void);

/* Bytes held from the system, for budgets and statistics. */
size_t arena_size(const Arena *arena);

/* Uninitialised memory, aligned to 16 bytes. Never NULL; size 0 gives a valid pointer. */
void *arena_alloc(Arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));
/* The same, zeroed. */
void *arena_zalloc(Arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));
/* Aligned to 64 bytes with 64 readable bytes behind it: for vectors' data. */
void *arena_alloc_vector(Arena *arena, size_t size) __attribute__((malloc, alloc_size(2)));
/* count * size with an overflow check (the process ends on overflow: a bug, not input). */
void *arena_alloc_array(Arena *arena, size_t count, size_t size);

#define ARENA_NEW(arena, type) ((type *)arena_zalloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count)                                                            \
    ((type *)arena_alloc_array((arena), (size_t)(count), sizeof(type)))

char *arena_strdup(Arena *arena, const char *s);
char *arena_strndup(Arena *arena, const char *s, size_t length); /* adds the end mark */
Text arena_text(Arena *arena, Text text);                        /* copies the bytes */
char *arena_printf(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(Arena *arena, const char *format, va_list args);

#endif

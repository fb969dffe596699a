/*
 * Buffer: a growing array of bytes on the heap, owned by whoever initialised it.
 */
#ifndef TALARIA_BASE_MEMORY_BUFFER_H
#define TALARIA_BASE_MEMORY_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Buffer {
    uint8_t *data;
    size_t length;   /* bytes in use */
    size_t capacity; /* bytes allocated */
} Buffer;

#define BUFFER_EMPTY ((Buffer){NULL, 0, 0})

void buffer_init(Buffer *buffer);
void buffer_clear(Buffer *buffer);                  /* frees; the buffer is then as after init */
static inline void buffer_reset(Buffer *buffer)     /* keeps the memory */
{
    buffer->length = 0;
}
/* Makes room for `extra` more bytes and returns where they go; length is unchanged. */
uint8_t *buffer_reserve(Buffer *buffer, size_t extra);
void buffer_append(Buffer *buffer, const void *data, size_t length);
void buffer_append_string(Buffer *buffer, const char *s); /* without its end mark */
void buffer_append_byte(Buffer *buffer, uint8_t byte);
void buffer_append_zeros(Buffer *buffer, size_t count);
void buffer_printf(Buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Drops `count` bytes at the front. */
void buffer_consume(Buffer *buffer, size_t count);
/* Ends the text with a zero byte that is not counted, and returns the text. */
const char *buffer_string(Buffer *buffer);

/* Big-endian, as PostgreSQL's wire wants them. */
void buffer_append_u16be(Buffer *buffer, uint16_t value);
void buffer_append_u32be(Buffer *buffer, uint32_t value);
void buffer_append_u64be(Buffer *buffer, uint64_t value);

#endif

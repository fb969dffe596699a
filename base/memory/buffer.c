/*
 * Buffers. See buffer.h. Room doubles, so that appending costs a constant on average.
 */
#include "base/memory/buffer.h"

#include "base/log/log.h"
#include "base/memory/guard.h"
#include "base/memory/checked.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALLEST = 256 };

void buffer_init(Buffer *buffer)
{
    *buffer = BUFFER_EMPTY;
}

void buffer_clear(Buffer *buffer)
{
    free(buffer->data);
    *buffer = BUFFER_EMPTY;
}

static void __attribute__((noreturn, cold)) refused(const Buffer *buffer, size_t extra)
{
    log_error("out of memory: buffer held=%zu requested=%zu", buffer->capacity, extra);
    guard_end_process();
}

static void grow(Buffer *buffer, size_t extra)
{
    size_t needed;
    if (!checked_add(buffer->length, extra, &needed) || needed > SIZE_MAX / 4)
        refused(buffer, extra);
    size_t capacity = buffer->capacity < SMALLEST ? SMALLEST : buffer->capacity;
    while (capacity < needed)
        capacity *= 2;
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL)
        refused(buffer, extra);
    buffer->data = data;
    buffer->capacity = capacity;
}

uint8_t *buffer_reserve(Buffer *buffer, size_t extra)
{
    if (buffer->data == NULL || extra > buffer->capacity - buffer->length)
        grow(buffer, extra);
    return buffer->data + buffer->length;
}

void buffer_append(Buffer *buffer, const void *data, size_t length)
{
    if (length == 0)
        return;
    memcpy(buffer_reserve(buffer, length), data, length);
    buffer->length += length;
}

void buffer_append_string(Buffer *buffer, const char *s)
{
    buffer_append(buffer, s, strlen(s));
}

void buffer_append_byte(Buffer *buffer, uint8_t byte)
{
    *buffer_reserve(buffer, 1) = byte;
    buffer->length++;
}

void buffer_append_zeros(Buffer *buffer, size_t count)
{
    memset(buffer_reserve(buffer, count), 0, count);
    buffer->length += count;
}

void buffer_printf(Buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    buffer_reserve(buffer, 128);
    size_t room = buffer->capacity - buffer->length;
    int length = vsnprintf((char *)buffer->data + buffer->length, room, format, args);
    check(length >= 0);
    if ((size_t)length >= room) {
        buffer_reserve(buffer, (size_t)length + 1);
        vsnprintf((char *)buffer->data + buffer->length, (size_t)length + 1, format, again);
    }
    buffer->length += (size_t)length;
    va_end(again);
    va_end(args);
}

void buffer_consume(Buffer *buffer, size_t count)
{
    check(count <= buffer->length);
    if (count == 0)
        return;
    buffer->length -= count;
    memmove(buffer->data, buffer->data + count, buffer->length);
}

const char *buffer_string(Buffer *buffer)
{
    *buffer_reserve(buffer, 1) = '\0';
    return (const char *)buffer->data;
}

void buffer_append_u16be(Buffer *buffer, uint16_t value)
{
    uint16_t swapped = __builtin_bswap16(value);
    buffer_append(buffer, &swapped, sizeof swapped);
}

void buffer_append_u32be(Buffer *buffer, uint32_t value)
{
    uint32_t swapped = __builtin_bswap32(value);
    buffer_append(buffer, &swapped, sizeof swapped);
}

void buffer_append_u64be(Buffer *buffer, uint64_t value)
{
    uint64_t swapped = __builtin_bswap64(value);
    buffer_append(buffer, &swapped, sizeof swapped);
}

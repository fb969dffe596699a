/*
 * Arithmetic on sizes that come from outside, and reads of unaligned values. Every length from
 * a socket, a file or another process goes through these before it reaches an allocator.
 */
#ifndef TALARIA_BASE_MEMORY_CHECKED_H
#define TALARIA_BASE_MEMORY_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool checked_add(size_t a, size_t b, size_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

static inline bool checked_multiply(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* Whether [offset, offset + length) lies within `total` bytes. */
static inline bool checked_range(uint64_t offset, uint64_t length, uint64_t total)
{
    return offset <= total && length <= total - offset;
}

static inline uint64_t read_u64(const void *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static inline uint32_t read_u32(const void *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static inline uint16_t read_u16(const void *p)
{
    uint16_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

#endif

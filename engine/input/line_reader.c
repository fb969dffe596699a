/*
 * Blocks of whole lines. What follows the last line end of a block moves to the front of the
 * buffer before more is read behind it; the buffer grows for lines longer than itself.
 */
#include "engine/input/input_internal.h"

#include <stdlib.h>

enum { FREE_BYTES = 4 << 20 /* of buffer that no budget is asked for */ };

void line_reader_init(LineReader *lines, ByteStream *stream, Budget *budget)
{
    memset(lines, 0, sizeof *lines);
    lines->stream = stream;
    lines->budget = budget;
}

void line_reader_clear(LineReader *lines)
{
    if (lines->stream != NULL)
        lines->stream->close(lines->stream);
    if (lines->reserved != 0)
        budget_release(lines->budget, lines->reserved);
    free(lines->buffer);
    memset(lines, 0, sizeof *lines);
}

static bool grow(LineReader *lines, size_t capacity, Fault *fault)
{
    if (lines->budget != NULL && capacity > FREE_BYTES) {
        size_t more = capacity - FREE_BYTES - lines->reserved;
        if (!budget_reserve(lines->budget, more, fault))
            return false;
        lines->reserved += more;
    }
    uint8_t *buffer = realloc(lines->buffer, capacity + 2 * BLOCK_PADDING);
    if (buffer == NULL)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory for a line of %zu bytes",
                         capacity);
    lines->buffer = buffer;
    lines->capacity = capacity;
    return true;
}

/* Reads once behind what is there. */
static bool read_more(LineReader *lines, Fault *fault)
{
    if (lines->end == lines->capacity &&
        !grow(lines, lines->capacity == 0 ? FREE_BYTES : lines->capacity * 2, fault))
        return false;
    size_t got;
    if (!lines->stream->read(lines->stream, lines->buffer + lines->end,
                             lines->capacity - lines->end, &got, fault))
        return false;
    lines->end += got;
    lines->is_at_end = got == 0;
    return true;
}

/* Throws away what is there of a line that is too long; after its end reading goes on. */
static void skip_long_line(LineReader *lines)
{
    const uint8_t *data = lines->buffer;
    const uint8_t *end_of_line = lines->end == 0 ? NULL : memchr(data, '\n', lines->end);
    size_t used = end_of_line == NULL ? lines->end : (size_t)(end_of_line - data) + 1;
    memmove(lines->buffer, lines->buffer + used, lines->end - used);
    lines->end -= used;
    lines->is_skipping = end_of_line == NULL;
}

static void take_block(LineReader *lines, size_t length, const uint8_t **data, size_t *block_length)
{
    lines->block_end = length;
    *data = lines->buffer;
    *block_length = length;
    memset(lines->buffer + lines->end, 0, BLOCK_PADDING);
}

static bool take_last_block(LineReader *lines, const uint8_t **data, size_t *length)
{
    if (lines->end != 0 && lines->buffer[lines->end - 1] != '\n')
        lines->buffer[lines->end++] = '\n'; /* the padding has room for it */
    *data = NULL;
    *length = 0;
    if (lines->end != 0)
        take_block(lines, lines->end, data, length);
    return true;
}

bool line_reader_next(LineReader *lines, const uint8_t **data, size_t *length, Fault *fault)
{
    size_t searched = 0; /* no line end before */
    if (lines->block_end != 0) {
        memmove(lines->buffer, lines->buffer + lines->block_end, lines->end - lines->block_end);
        lines->end -= lines->block_end;
        lines->block_end = 0;
    }
    lines->long_lines = 0;
    for (;;) {
        while (!lines->is_at_end && (lines->end < searched + BLOCK_BYTES || lines->is_skipping)) {
            if (!read_more(lines, fault))
                return false;
            if (lines->is_skipping)
                skip_long_line(lines);
        }
        if (lines->is_at_end)
            return take_last_block(lines, data, length);
        const uint8_t *last = memrchr(lines->buffer + searched, '\n', lines->end - searched);
        if (last != NULL) {
            take_block(lines, (size_t)(last - lines->buffer) + 1, data, length);
            return true;
        }
        searched = lines->end;
        if (lines->end < LINE_LIMIT)
            continue;
        lines->long_lines++;
        lines->is_skipping = true;
        lines->end = searched = 0;
    }
}

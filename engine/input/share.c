/*
 * One compressed file read by several workers: each decompresses all of it and takes its share of
 * the text. Where decompressing is much quicker than parsing, that is the quickest way to divide
 * what cannot be cut.
 *
 * The text is cut into blocks of whole lines, the same ones for everybody: block k has the lines
 * that begin in its bytes [k, k + 1) * BLOCK. A counter that all workers see says which block
 * nobody has taken yet. Who comes to that one takes it; who comes to a block that is taken skips
 * it. So whoever is quicker takes more, and who begins late skips what was done before. The
 * counter cannot be behind anybody: a worker leaves a block only when it is taken. Behind the last
 * block it is set to the end, and the others stop where they are.
 *
 * What a format needs from the text's start (a header) everybody reads first.
 */
#include "engine/input/input_internal.h"

#include <stdlib.h>

enum {
    BLOCK = 1 << 20,  /* bytes of text */
    BUFFER = 256 << 10, /* fits a cache; the text's start must be in the first, or one reads all */
};

static const uint32_t ALL_TAKEN = UINT32_MAX;

/* From here on so many lines in front were skipped. */
typedef struct Skip {
    uint64_t given, skipped; /* lines, all before */
} Skip;

typedef struct ShareStream {
    ByteStream base;
    ByteStream *inner;
    _Atomic uint32_t *next; /* the block that nobody has taken */
    uint64_t preamble_lines;
    uint8_t *buffer;
    size_t start, end;   /* text in it that was not looked at */
    uint64_t at;         /* of `start` in the text */
    size_t givable;      /* bytes from `start` on that are to be given */
    bool has_begun, is_at_end, is_alone; /* alone: who has the first block reads all */
    bool is_in_block, is_mine;
    uint32_t block;
    uint64_t given, skipped; /* lines */
    uint64_t inner_stored;   /* of it, counted or left to others */
    Skip *skips;
    size_t skip_count, skip_capacity;
} ShareStream;

/* In lanes, each a byte that is added up before it can overflow: the compiler makes few
 * instructions of a round. */
static uint64_t count_lines(const uint8_t *data, size_t length)
{
    enum { LANES = 64, ROUNDS = 255 };
    uint64_t lines = 0;
    while (length >= LANES) {
        uint8_t sums[LANES] = {0};
        for (uint32_t round = 0; round < ROUNDS && length >= LANES; round++) {
            for (uint32_t i = 0; i < LANES; i++)
                sums[i] += data[i] == '\n';
            data += LANES;
            length -= LANES;
        }
        for (uint32_t i = 0; i < LANES; i++)
            lines += sums[i];
    }
    for (size_t i = 0; i < length; i++)
        lines += data[i] == '\n';
    return lines;
}

static void note_skip(ShareStream *share)
{
    if (share->skip_count == share->skip_capacity) {
        share->skip_capacity = share->skip_capacity == 0 ? 64 : share->skip_capacity * 2;
        share->skips = realloc(share->skips, share->skip_capacity * sizeof *share->skips);
        if (share->skips == NULL)
            abort();
    }
    share->skips[share->skip_count++] = (Skip){.given = share->given, .skipped = share->skipped};
}

uint64_t share_lines_before(const ByteStream *stream, uint64_t line)
{
    const ShareStream *share = (const ShareStream *)stream;
    size_t low = 0, high = share->skip_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (share->skips[middle].given < line)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? 0 : share->skips[low - 1].skipped;
}

/* --- text --- */

static bool fill(ShareStream *share, Fault *fault)
{
    size_t got;
    if (!share->inner->read(share->inner, share->buffer + share->end, BUFFER - share->end, &got,
                            fault))
        return false;
    share->end += got;
    share->is_at_end = got == 0;
    uint64_t more = share->inner->stored - share->inner_stored;
    share->inner_stored = share->inner->stored;
    if (share->is_mine)
        share->base.stored += more;
    return true;
}

static bool refill(ShareStream *share, Fault *fault)
{
    share->start = share->end = 0;
    return fill(share, fault);
}

/* Everybody's first lines; without them near, whoever has the first block reads everything. */
static bool begin(ShareStream *share, Fault *fault)
{
    share->has_begun = true;
    while (share->end < BUFFER && !share->is_at_end)
        if (!fill(share, fault))
            return false;
    const uint8_t *next = share->buffer, *end = share->buffer + share->end;
    for (uint64_t lines = 0; lines < share->preamble_lines && !share->is_alone; lines++) {
        const uint8_t *line_end = memchr(next, '\n', (size_t)(end - next));
        share->is_alone = line_end == NULL;
        next = line_end == NULL ? share->buffer : line_end + 1;
    }
    share->givable = (size_t)(next - share->buffer);
    return true;
}

/* --- blocks --- */

/* Takes the block at hand unless somebody has. */
static void enter_block(ShareStream *share)
{
    uint32_t expected = share->block;
    bool was_mine = share->is_mine;
    share->is_in_block = true;
    share->is_mine = atomic_compare_exchange_strong(share->next, &expected, share->block + 1);
    if (share->is_mine && !was_mine && share->skipped != 0)
        note_skip(share);
}

/* How much of the text at hand is the block's. */
static size_t rest_of_block(ShareStream *share)
{
    size_t length = share->end - share->start;
    uint64_t last = ((uint64_t)share->block + 1) * BLOCK - 1; /* it ends with the line that has this */
    if (share->is_alone || share->at + length <= last)
        return length;
    size_t from = last > share->at ? (size_t)(last - share->at) : 0;
    const uint8_t *line_end = memchr(share->buffer + share->start + from, '\n', length - from);
    if (line_end == NULL)
        return length;
    share->is_in_block = false;
    share->block++;
    return (size_t)(line_end - (share->buffer + share->start)) + 1;
}

/* Goes through the text until there is something to give, or the end. */
static bool find_givable(ShareStream *share, bool *is_done, Fault *fault)
{
    *is_done = false;
    while (share->givable == 0) {
        if (share->start == share->end && !share->is_at_end && !refill(share, fault))
            return false;
        bool is_all_taken = !share->is_in_block && atomic_load(share->next) == ALL_TAKEN;
        *is_done = share->start == share->end || is_all_taken;
        if (*is_done)
            return true;
        if (!share->is_in_block)
            enter_block(share);
        if (share->is_alone && !share->is_mine)
            return *is_done = true;
        size_t length = rest_of_block(share);
        if (share->is_mine) {
            share->givable = length;
            return true;
        }
        share->skipped += count_lines(share->buffer + share->start, length);
        share->start += length;
        share->at += length;
    }
    return true;
}

static bool share_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    ShareStream *share = (ShareStream *)self;
    bool is_done;
    *got = 0;
    if (!share->has_begun && atomic_load(share->next) == ALL_TAKEN)
        return true;
    if (!share->has_begun && !begin(share, fault))
        return false;
    if (!find_givable(share, &is_done, fault))
        return false;
    if (is_done) {
        if (share->is_at_end)
            atomic_store(share->next, ALL_TAKEN);
        return true;
    }
    *got = share->givable < size ? share->givable : size;
    memcpy(out, share->buffer + share->start, *got);
    share->given += count_lines(share->buffer + share->start, *got);
    share->start += *got;
    share->at += *got;
    share->givable -= *got;
    return true;
}

static void share_close(ByteStream *self)
{
    ShareStream *share = (ShareStream *)self;
    share->inner->close(share->inner);
    free(share->skips);
    free(share->buffer);
    free(share);
}

ByteStream *share_open(ByteStream *inner, uint64_t preamble_lines, _Atomic uint32_t *next)
{
    ShareStream *share = calloc(1, sizeof *share);
    if (share == NULL || (share->buffer = malloc(BUFFER)) == NULL)
        abort();
    share->base = (ByteStream){.read = share_read, .close = share_close};
    share->inner = inner;
    share->next = next;
    share->preamble_lines = preamble_lines;
    return &share->base;
}

/*
 * Large files in parts, so that several workers read one file.
 *
 * Formats here have a row a line, and no quote reaches over a line's end: a file may be cut behind
 * any line. The cuts are made by whoever lists the units, who looks at a few bytes behind each
 * place where a cut is wanted; so a part is exactly its lines, and readers need not agree on
 * anything. What a format needs from a file's start (a header) every part reads first.
 *
 * Compressed files cannot be cut. A few of them are read by several workers together (share.c).
 *
 * A part does not know how many lines lie before it: they are counted when one must be named.
 */
#include "engine/input/input_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PART_LEAST = 4 << 20,
    PART_MOST = 64 << 20,
    PARTS_A_WORKER = 3, /* in what is left: the last parts are small, so that nobody waits long */
    PARTS_TOTAL = 4096,
    SHARED_LEAST = 1 << 20, /* bytes of a compressed file that several workers read */
    SHARED_FILES = 8,       /* where there are more, each worker has files of its own */
    SHARES_MOST = 4,        /* more would mostly decompress what others parse */
    LOOK_BYTES = 1 << 20, /* how far a line's end is looked for; without one there is no cut */
    LOOK_STEP = 16 << 10,
    COUNT_BYTES = 1 << 20,
};

/* --- a part as a stream --- */

typedef struct RangeStream {
    ByteStream base;
    int fd;
    Text name;
    uint64_t at, preamble, start, end;
} RangeStream;

static bool read_at(int fd, Text name, void *out, size_t size, uint64_t at, size_t *got,
                    Fault *fault)
{
    ssize_t count;
    do
        count = pread(fd, out, size, (off_t)at);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return fault_set_system(fault, errno, "read \"%.*s\"", TEXT_ARGS(name));
    *got = (size_t)count;
    return true;
}

static bool range_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    RangeStream *range = (RangeStream *)self;
    if (range->at == range->preamble && range->at < range->start)
        range->at = range->start;
    uint64_t end = range->at < range->preamble ? range->preamble : range->end;
    uint64_t left = end > range->at ? end - range->at : 0;
    *got = 0;
    if (left == 0)
        return true;
    if (!read_at(range->fd, range->name, out, left < size ? (size_t)left : size, range->at, got,
                 fault))
        return false;
    range->at += *got;
    self->stored += *got;
    return true;
}

static void range_close(ByteStream *self)
{
    RangeStream *range = (RangeStream *)self;
    close(range->fd);
    free(range);
}

ByteStream *range_open(int fd, Text name, const InputUnit *unit)
{
    RangeStream *range = calloc(1, sizeof *range);
    if (range == NULL)
        abort();
    uint64_t start = unit->start < unit->preamble ? unit->preamble : unit->start;
    *range = (RangeStream){.base = {.read = range_read, .close = range_close},
                           .fd = fd,
                           .name = name,
                           .preamble = unit->preamble,
                           .start = start,
                           .end = unit->end};
    if (unit->end < INT64_MAX)
        posix_fadvise(fd, (off_t)start, (off_t)(unit->end - start), POSIX_FADV_SEQUENTIAL);
    return &range->base;
}

uint64_t range_lines_before(const ByteStream *stream)
{
    const RangeStream *range = (const RangeStream *)stream;
    uint64_t lines = 0;
    char *buffer = malloc(COUNT_BYTES);
    for (uint64_t at = range->preamble; buffer != NULL && at < range->start;) {
        Fault ignored;
        uint64_t left = range->start - at;
        size_t got, size = left < COUNT_BYTES ? (size_t)left : (size_t)COUNT_BYTES;
        if (!read_at(range->fd, range->name, buffer, size, at, &got, &ignored) || got == 0)
            break;
        const char *next = buffer, *end = buffer + got;
        while ((next = memchr(next, '\n', (size_t)(end - next))) != NULL) {
            next++;
            lines++;
        }
        at += got;
    }
    free(buffer);
    return lines;
}

/* --- cutting --- */

/* The place behind the `lines`-th line end at or behind `from`; *at is 0 when there is none near. */
static bool behind_lines(int fd, Text name, uint64_t from, uint64_t lines, uint64_t *at,
                         Fault *fault)
{
    char buffer[LOOK_STEP];
    *at = lines == 0 ? from : 0;
    for (uint64_t looked = 0; lines != 0 && looked < LOOK_BYTES;) {
        size_t got;
        if (!read_at(fd, name, buffer, sizeof buffer, from + looked, &got, fault))
            return false;
        if (got == 0)
            return true;
        const char *next = buffer, *end = buffer + got;
        while (lines != 0 && (next = memchr(next, '\n', (size_t)(end - next))) != NULL) {
            next++;
            if (--lines == 0)
                *at = from + looked + (uint64_t)(next - buffer);
        }
        looked += got;
    }
    return true;
}

typedef struct Splitting {
    UnitList list;
    uint32_t workers;
    uint64_t total, left; /* bytes of all files; those not listed yet */
    uint64_t preamble_lines;
    bool shares_files; /* compressed ones: there are few files */
} Splitting;

/* Of the next part: large ones first, which cost less, and smaller ones towards the end. */
static uint64_t part_bytes(const Splitting *splitting)
{
    uint64_t bytes = splitting->left / splitting->workers / PARTS_A_WORKER;
    bytes = bytes < PART_LEAST ? PART_LEAST : bytes > PART_MOST ? PART_MOST : bytes;
    return bytes < splitting->total / PARTS_TOTAL ? splitting->total / PARTS_TOTAL : bytes;
}

static void was_listed(Splitting *splitting, uint64_t bytes)
{
    splitting->left -= bytes < splitting->left ? bytes : splitting->left;
}

static bool add_whole(Splitting *splitting, const InputUnit *whole, Fault *fault)
{
    was_listed(splitting, whole->bytes);
    return unit_list_add(&splitting->list, whole->name, whole->bytes, fault);
}

/* In front of the others' shares: who has nothing else left to do joins in. */
static bool add_shares(Splitting *splitting, const InputUnit *whole, Fault *fault)
{
    if (!add_whole(splitting, whole, fault))
        return false;
    InputUnit *unit = &splitting->list.units[splitting->list.count - 1];
    unit->preamble = splitting->preamble_lines;
    unit->shares = splitting->workers < SHARES_MOST ? splitting->workers : SHARES_MOST;
    unit->first_share = splitting->list.count - 1;
    return true;
}

/* Behind all files: the second shares, and so on. */
static bool add_later_shares(Splitting *splitting, Fault *fault)
{
    UnitList *list = &splitting->list;
    uint32_t files = list->count;
    for (uint32_t share = 1; share < SHARES_MOST; share++)
        for (uint32_t i = 0; i < files; i++) {
            if (list->units[i].shares <= share)
                continue;
            InputUnit unit = list->units[i];
            if (!unit_list_add(list, unit.name, unit.bytes, fault))
                return false;
            unit.share = share;
            unit.name = list->units[list->count - 1].name;
            list->units[list->count - 1] = unit;
        }
    return true;
}

static bool add_part(Splitting *splitting, const InputUnit *whole, uint64_t preamble,
                     uint64_t start, uint64_t end, Fault *fault)
{
    UnitList *list = &splitting->list;
    uint64_t bytes = (end == UINT64_MAX ? whole->bytes : end) - start;
    if (!unit_list_add(list, whole->name, bytes, fault))
        return false;
    InputUnit *part = &list->units[list->count - 1];
    part->preamble = preamble;
    part->start = start;
    part->end = end;
    was_listed(splitting, bytes);
    return true;
}

/* What was appended to the file since it was listed belongs to its last part. */
static bool cut_file(Splitting *splitting, const InputUnit *whole, int fd, Fault *fault)
{
    uint64_t preamble, start = 0, end, wanted;
    uint8_t first[16];
    size_t got;
    if (!read_at(fd, whole->name, first, sizeof first, 0, &got, fault) ||
        !behind_lines(fd, whole->name, 0, splitting->preamble_lines, &preamble, fault))
        return false;
    bool is_quick;
    bool is_whole = decompress_knows(first, got, &is_quick);
    if (is_quick && whole->bytes >= SHARED_LEAST && splitting->shares_files)
        return add_shares(splitting, whole, fault);
    is_whole = is_whole || (preamble == 0 && splitting->preamble_lines != 0);
    while (!is_whole && start + 2 * (wanted = part_bytes(splitting)) <= whole->bytes) {
        if (!behind_lines(fd, whole->name, start + wanted - 1, 1, &end, fault))
            return false;
        if (end == 0 || end >= whole->bytes)
            break;
        if (!add_part(splitting, whole, start == 0 ? 0 : preamble, start, end, fault))
            return false;
        start = end;
    }
    if (start == 0)
        return add_whole(splitting, whole, fault);
    return add_part(splitting, whole, preamble, start, UINT64_MAX, fault);
}

static bool split_unit(Splitting *splitting, const json_t *source, const InputUnit *unit,
                       Fault *fault)
{
    const json_t *part;
    const InputSource *kind = source_of_unit(source, unit->name, &part, fault);
    if (kind == NULL)
        return false;
    bool may_share = splitting->shares_files && unit->bytes >= SHARED_LEAST;
    if (kind->open_file == NULL || (unit->bytes < 2 * part_bytes(splitting) && !may_share))
        return add_whole(splitting, unit, fault);
    int fd;
    uint64_t size;
    if (!kind->open_file(unit->name, splitting->list.settings, &fd, &size, fault))
        return false;
    bool ok = cut_file(splitting, unit, fd, fault);
    close(fd);
    return ok;
}

static bool split_units(Splitting *splitting, Text source_json, const InputUnit *units,
                        uint32_t count, Fault *fault)
{
    json_t *source = options_load(source_json, "input source", fault);
    bool ok = source != NULL;
    for (uint32_t i = 0; ok && i < count; i++)
        ok = split_unit(splitting, source, &units[i], fault);
    ok = ok && add_later_shares(splitting, fault);
    json_decref(source);
    return ok;
}

/* The format's preamble; false also when files of it cannot be cut. */
static bool read_format(Text format_json, Splitting *splitting)
{
    Fault ignored; /* whoever reads will meet it again, and say so */
    json_t *options = options_load(format_json, "input format", &ignored);
    const InputFormat *format = options == NULL ? NULL : format_find(options, &ignored);
    bool can_cut = format != NULL && format->preamble != NULL && format->check(options, &ignored);
    if (can_cut)
        splitting->preamble_lines = format->preamble(options);
    json_decref(options);
    return can_cut;
}

bool input_split_units(Arena *arena, Text source_json, Text format_json, const Settings *settings,
                       uint32_t workers, const InputUnit **units, uint32_t *count, Fault *fault)
{
    uint64_t total = 0, largest = 0;
    for (uint32_t i = 0; i < *count; i++) {
        uint64_t bytes = (*units)[i].bytes;
        total += bytes;
        largest = bytes > largest ? bytes : largest;
    }
    if (workers < 2 || largest < SHARED_LEAST)
        return true;
    Splitting splitting = {.list = {.arena = arena, .settings = settings, .limit = UINT32_MAX / 2},
                           .workers = workers,
                           .total = total,
                           .left = total,
                           .shares_files = *count <= SHARED_FILES};
    if (!read_format(format_json, &splitting))
        return true;
    if (!split_units(&splitting, source_json, *units, *count, fault))
        return false;
    *units = splitting.list.units;
    *count = splitting.list.count;
    return true;
}

/*
 * Decompression, chosen by the first bytes of the content: gzip (of several members), bzip2,
 * xz, zstandard, lz4 frames and the first entry of a zip file, through libarchive; gzip through
 * gunzip.c where its library was there to build with.
 */
#include "engine/input/input_internal.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

enum { READ_BYTES = 256 << 10, PEEK_BYTES = 16 };

/* --- bytes that were looked at, given back in front of the rest --- */

typedef struct PeekStream {
    ByteStream base;
    ByteStream *inner;
    size_t peeked, given;
    uint8_t bytes[PEEK_BYTES];
} PeekStream;

static bool peek_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    PeekStream *peek = (PeekStream *)self;
    if (peek->given < peek->peeked) {
        *got = peek->peeked - peek->given < size ? peek->peeked - peek->given : size;
        memcpy(out, peek->bytes + peek->given, *got);
        peek->given += *got;
    } else if (!peek->inner->read(peek->inner, out, size, got, fault)) {
        return false;
    }
    self->stored = peek->inner->stored;
    return true;
}

static void peek_close(ByteStream *self)
{
    PeekStream *peek = (PeekStream *)self;
    peek->inner->close(peek->inner);
    free(peek);
}

static PeekStream *peek_open(ByteStream *inner, Fault *fault)
{
    PeekStream *peek = calloc(1, sizeof *peek);
    if (peek == NULL)
        abort();
    *peek = (PeekStream){.base = {.read = peek_read, .close = peek_close}, .inner = inner};
    while (peek->peeked < PEEK_BYTES) {
        size_t got;
        if (!inner->read(inner, peek->bytes + peek->peeked, PEEK_BYTES - peek->peeked, &got,
                         fault)) {
            peek_close(&peek->base);
            return NULL;
        }
        if (got == 0)
            break;
        peek->peeked += got;
    }
    return peek;
}

/* --- kinds --- */

typedef struct Compression {
    const char *name;
    bool is_quick; /* much faster than parsing */
    size_t magic_length;
    const char *magic;
    int (*filter)(struct archive *); /* NULL: known, not read */
    bool is_zip;
} Compression;

#ifdef HAVE_ISAL
enum { GZIP_IS_QUICK = true };
#else
enum { GZIP_IS_QUICK = false };
#endif

static const Compression compressions[] = {
    {"gzip", GZIP_IS_QUICK, 2, "\x1f\x8b", archive_read_support_filter_gzip, false},
    {"bzip2", false, 3, "BZh", archive_read_support_filter_bzip2, false},
    {"xz", false, 6,
     "\xfd"
     "7zXZ\0",
     archive_read_support_filter_xz, false},
    {"zstandard", true, 4, "\x28\xb5\x2f\xfd", archive_read_support_filter_zstd, false},
    {"lz4", true, 4, "\x04\x22\x4d\x18", archive_read_support_filter_lz4, false},
    {"zip", false, 4, "PK\x03\x04", archive_read_support_filter_none, true},
    {"snappy", false, 10, "\xff\x06\0\0sNaPpY", NULL, false},
};

static const Compression *find_compression(const PeekStream *peek)
{
    for (size_t i = 0; i < sizeof compressions / sizeof compressions[0]; i++)
        if (peek->peeked >= compressions[i].magic_length &&
            memcmp(peek->bytes, compressions[i].magic, compressions[i].magic_length) == 0)
            return &compressions[i];
    return NULL;
}

bool decompress_knows(const uint8_t *bytes, size_t length, bool *is_quick)
{
    PeekStream peek = {.peeked = length < PEEK_BYTES ? length : PEEK_BYTES};
    memcpy(peek.bytes, bytes, peek.peeked);
    const Compression *compression = find_compression(&peek);
    *is_quick = compression != NULL && compression->is_quick;
    return compression != NULL;
}

/* --- the stream --- */

typedef struct ArchiveStream {
    ByteStream base;
    ByteStream *inner;
    const Compression *compression;
    struct archive *archive;
    Text name;
    Fault inner_fault; /* of reading the compressed bytes */
    bool has_inner_fault;
    uint8_t buffer[READ_BYTES];
} ArchiveStream;

static la_ssize_t give_bytes(struct archive *archive, void *state, const void **bytes)
{
    ArchiveStream *stream = state;
    size_t got;
    *bytes = stream->buffer;
    if (!stream->inner->read(stream->inner, stream->buffer, sizeof stream->buffer, &got,
                             &stream->inner_fault)) {
        stream->has_inner_fault = true;
        archive_set_error(archive, ARCHIVE_FATAL, "the source failed");
        return -1;
    }
    stream->base.stored = stream->inner->stored;
    return (la_ssize_t)got;
}

static bool archive_fault(ArchiveStream *stream, Fault *fault)
{
    if (stream->has_inner_fault) {
        *fault = stream->inner_fault;
        return false;
    }
    const char *reason = archive_error_string(stream->archive);
    return fault_set(fault, FAULT_DATA_CORRUPTED, "could not decompress \"%.*s\" (%s): %s",
                     TEXT_ARGS(stream->name), stream->compression->name,
                     reason != NULL ? reason : "damaged data");
}

static bool archive_stream_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    ArchiveStream *stream = (ArchiveStream *)self;
    la_ssize_t count;
    do
        count = archive_read_data(stream->archive, out, size);
    while (count == ARCHIVE_RETRY);
    if (count < 0)
        return archive_fault(stream, fault);
    *got = (size_t)count;
    return true;
}

static void archive_stream_close(ByteStream *self)
{
    ArchiveStream *stream = (ArchiveStream *)self;
    if (stream->archive != NULL)
        archive_read_free(stream->archive);
    stream->inner->close(stream->inner);
    free(stream);
}

static bool start_archive(ArchiveStream *stream, Fault *fault)
{
    struct archive_entry *entry;
    stream->archive = archive_read_new();
    if (stream->archive == NULL)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to decompress \"%.*s\"",
                         TEXT_ARGS(stream->name));
    stream->compression->filter(stream->archive);
    if (stream->compression->is_zip)
        archive_read_support_format_zip_streamable(stream->archive);
    else
        archive_read_support_format_raw(stream->archive);
    if (archive_read_open(stream->archive, stream, NULL, give_bytes, NULL) != ARCHIVE_OK)
        return archive_fault(stream, fault);
    int status = archive_read_next_header(stream->archive, &entry);
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
        return archive_fault(stream, fault);
    /* libarchive looks at more than the first bytes; what it does not take for compressed it
     * would hand on as it is. "BZh" may well be text. */
    bool is_compressed = archive_filter_code(stream->archive, 0) != ARCHIVE_FILTER_NONE;
    if (!is_compressed && !stream->compression->is_zip && stream->compression->magic[0] != 'B')
        return archive_fault(stream, fault);
    return true;
}

ByteStream *decompress_open(ByteStream *inner, Text name, bool *is_compressed, Fault *fault)
{
    *is_compressed = false;
    PeekStream *peek = peek_open(inner, fault);
    if (peek == NULL)
        return NULL;
    const Compression *compression = find_compression(peek);
    if (compression == NULL)
        return &peek->base;
    if (compression->filter == NULL) {
        fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED, "\"%.*s\": compression %s is not supported",
                  TEXT_ARGS(name), compression->name);
        peek_close(&peek->base);
        return NULL;
    }
    *is_compressed = true;
#ifdef HAVE_ISAL
    if (compression->filter == archive_read_support_filter_gzip)
        return gunzip_open(&peek->base, name);
#endif
    ArchiveStream *stream = malloc(sizeof *stream);
    if (stream == NULL)
        abort();
    stream->base = (ByteStream){.read = archive_stream_read, .close = archive_stream_close};
    stream->inner = &peek->base;
    stream->compression = compression;
    stream->archive = NULL;
    stream->name = name;
    stream->has_inner_fault = false;
    if (start_archive(stream, fault))
        return &stream->base;
    archive_stream_close(&stream->base);
    return NULL;
}

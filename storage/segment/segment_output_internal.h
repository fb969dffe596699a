/*
 * The file of a segment while it is written: bytes are gathered into large writes.
 */
#ifndef TALARIA_STORAGE_SEGMENT_SEGMENT_OUTPUT_INTERNAL_H
#define TALARIA_STORAGE_SEGMENT_SEGMENT_OUTPUT_INTERNAL_H

#include "base/fault/fault.h"
#include "base/memory/buffer.h"
#include "base/os/os.h"

typedef struct SegmentOutput {
    int fd; /* -1 when closed */
    char *path;
    uint64_t offset; /* where the next byte goes, counting what is gathered */
    Buffer pending;
    OsSyncer *syncer; /* NULL: the file is synced before finishing returns */
} SegmentOutput;

bool segment_output_open(SegmentOutput *output, const char *path, Fault *fault);
bool segment_output_write(SegmentOutput *output, const void *data, size_t length, Fault *fault);
/* Writes what is gathered, syncs and closes, or leaves both to the syncer. */
bool segment_output_finish(SegmentOutput *output, Fault *fault);
/* Frees; a file that was not finished is unlinked. */
void segment_output_clear(SegmentOutput *output);

#endif

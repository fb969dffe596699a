/* The file while it is written: see segment_output_internal.h. */
#include "storage/segment/segment_output_internal.h"

#include "base/os/os.h"

#include <stdlib.h>
#include <string.h>

enum { WRITE_BYTES = 1 << 20 };

bool segment_output_open(SegmentOutput *output, const char *path, Fault *fault)
{
    *output = (SegmentOutput){.fd = -1};
    if (!os_create(path, &output->fd, fault)) {
        output->fd = -1;
        return false;
    }
    output->path = strdup(path);
    if (output->path == NULL) {
        os_close(output->fd);
        output->fd = -1;
        os_unlink(path, fault);
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to create a segment");
    }
    return true;
}

static bool flush(SegmentOutput *output, Fault *fault)
{
    if (output->pending.length == 0)
        return true;
    if (!os_point("segment.write", fault) ||
        !os_write_all(output->fd, output->pending.data, output->pending.length, fault))
        return false;
    buffer_reset(&output->pending);
    return true;
}

bool segment_output_write(SegmentOutput *output, const void *data, size_t length, Fault *fault)
{
    output->offset += length;
    if (output->pending.length + length < WRITE_BYTES) {
        buffer_append(&output->pending, data, length);
        return true;
    }
    if (!flush(output, fault))
        return false;
    if (length < WRITE_BYTES) {
        buffer_append(&output->pending, data, length);
        return true;
    }
    return os_point("segment.write", fault) && os_write_all(output->fd, data, length, fault);
}

bool segment_output_finish(SegmentOutput *output, Fault *fault)
{
    if (!flush(output, fault) || !os_point("segment.finish", fault))
        return false;
    if (output->syncer != NULL) {
        os_syncer_add(output->syncer, output->fd);
    } else {
        if (!os_fsync(output->fd, fault))
            return false;
        os_close(output->fd);
    }
    output->fd = -1;
    free(output->path);
    output->path = NULL;
    return true;
}

void segment_output_clear(SegmentOutput *output)
{
    Fault ignored;

    if (output->fd >= 0)
        os_close(output->fd);
    /* Nobody can be told that the unlink failed; a new start removes what is left over. */
    if (output->path != NULL)
        os_unlink(output->path, &ignored);
    free(output->path);
    buffer_clear(&output->pending);
    *output = (SegmentOutput){.fd = -1};
}

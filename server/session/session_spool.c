/*
 * The rows that a cursor has given: the finished messages one after the other in an unlinked
 * file, and where each ends in another. Nothing is kept in memory but the page cache.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "server/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_unlinked(const Config *config, Fault *fault)
{
    char path[sizeof config->run_folder + 16];
    snprintf(path, sizeof path, "%s/spool.XXXXXX", config->run_folder);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0 || unlink(path) != 0)
        fault_set_system(fault, errno, "could not make a temporary file");
    return fd;
}

Spool *spool_new(const Config *config, Fault *fault)
{
    Spool *spool = calloc(1, sizeof *spool);
    check(spool != NULL);
    spool->rows_fd = open_unlinked(config, fault);
    spool->ends_fd = spool->rows_fd < 0 ? -1 : open_unlinked(config, fault);
    if (spool->ends_fd >= 0)
        return spool;
    spool_free(spool);
    return NULL;
}

void spool_free(Spool *spool)
{
    if (spool == NULL)
        return;
    if (spool->rows_fd >= 0)
        close(spool->rows_fd);
    if (spool->ends_fd >= 0)
        close(spool->ends_fd);
    free(spool);
}

static bool write_all(int fd, const void *data, size_t length, uint64_t offset)
{
    const char *at = data;
    while (length > 0) {
        ssize_t written = pwrite(fd, at, length, (off_t)offset);
        if (written <= 0)
            return false;
        at += written;
        offset += (uint64_t)written;
        length -= (size_t)written;
    }
    return true;
}

static bool read_all(int fd, void *data, size_t length, uint64_t offset)
{
    char *at = data;
    while (length > 0) {
        ssize_t got = pread(fd, at, length, (off_t)offset);
        if (got <= 0)
            return false;
        at += got;
        offset += (uint64_t)got;
        length -= (size_t)got;
    }
    return true;
}

bool spool_append(Spool *spool, const uint8_t *data, size_t length, Fault *fault)
{
    enum { ENDS = 512 };
    uint64_t ends[ENDS];
    if (!write_all(spool->rows_fd, data, length, spool->bytes))
        return fault_set_system(fault, errno, "could not write a cursor's rows");
    size_t taken = 0;
    while (taken < length) {
        uint64_t count = 0;
        while (taken < length && count < ENDS) {
            Text rest = {.data = (const char *)data + taken, .length = (uint32_t)(length - taken)};
            size_t bytes;
            uint64_t hopped;
            if (!pgwire_hop_rows(rest, 1, &bytes, &hopped) || hopped == 0)
                return fault_set(fault, FAULT_INTERNAL_ERROR, "rows that are no rows");
            taken += bytes;
            ends[count++] = spool->bytes + taken;
        }
        if (!write_all(spool->ends_fd, ends, count * sizeof ends[0], spool->rows * sizeof ends[0]))
            return fault_set_system(fault, errno, "could not write a cursor's rows");
        spool->rows += count;
    }
    spool->bytes += length;
    return true;
}

bool spool_read(const Spool *spool, uint64_t row, Buffer *out, Fault *fault)
{
    uint64_t ends[2] = {0, 0};
    check(row >= 1 && row <= spool->rows);
    bool ok = row == 1 ? read_all(spool->ends_fd, &ends[1], sizeof ends[1], 0)
                       : read_all(spool->ends_fd, ends, sizeof ends, (row - 2) * sizeof ends[0]);
    if (ok) {
        size_t length = (size_t)(ends[1] - ends[0]);
        ok = read_all(spool->rows_fd, buffer_reserve(out, length), length, ends[0]);
        if (ok)
            out->length += length;
    }
    return ok || fault_set(fault, FAULT_IO_ERROR, "a cursor's rows could not be read again");
}

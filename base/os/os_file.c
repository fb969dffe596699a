/*
 * Files and folders. Every call that changes what is on disk passes a fault point of the name
 * os.<call>, so that tests can fail, cut, delay or kill there.
 */
#include "base/os/os_internal.h"

#include "base/log/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Linux moves at most a little under 2 GiB a call. */
#define LARGEST_TRANSFER ((size_t)1 << 30)

static bool open_file(const char *path, int flags, int *fd, Fault *fault)
{
    do
        *fd = open(path, flags | O_CLOEXEC, 0600);
    while (*fd < 0 && errno == EINTR);
    return *fd >= 0;
}

bool os_create(const char *path, int *fd, Fault *fault)
{
    if (!os_point("os.create", fault))
        return false;
    return open_file(path, O_RDWR | O_CREAT | O_EXCL, fd, fault) ||
           fault_set_system(fault, errno, "create file \"%s\"", path);
}

bool os_open_read(const char *path, int *fd, Fault *fault)
{
    return open_file(path, O_RDONLY, fd, fault) ||
           fault_set_system(fault, errno, "open file \"%s\"", path);
}

static bool write_at(int fd, const char *data, size_t length, const off_t *offset, Fault *fault)
{
    for (size_t done = 0; done < length;) {
        size_t piece = length - done < LARGEST_TRANSFER ? length - done : LARGEST_TRANSFER;
        ssize_t written = offset != NULL ? pwrite(fd, data + done, piece, *offset + (off_t)done)
                                         : write(fd, data + done, piece);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) /* 0 should not happen: then as if the disk were full */
            return fault_set_system(fault, written < 0 ? errno : ENOSPC, "write to file");
        done += (size_t)written;
    }
    return true;
}

static bool write_through_point(int fd, const void *data, size_t length, const off_t *offset,
                                Fault *fault)
{
    size_t allowed = length;
    bool goes_on = os_point_write("os.write", &allowed, fault);
    Fault unused;
    bool is_written = write_at(fd, data, allowed, offset, goes_on ? fault : &unused);
    return goes_on && is_written;
}

bool os_write_all(int fd, const void *data, size_t length, Fault *fault)
{
    return write_through_point(fd, data, length, NULL, fault);
}

bool os_pwrite_all(int fd, const void *data, size_t length, off_t offset, Fault *fault)
{
    return write_through_point(fd, data, length, &offset, fault);
}

bool os_pread_all(int fd, void *data, size_t length, off_t offset, Fault *fault)
{
    for (size_t done = 0; done < length;) {
        size_t piece = length - done < LARGEST_TRANSFER ? length - done : LARGEST_TRANSFER;
        ssize_t count = pread(fd, (char *)data + done, piece, offset + (off_t)done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fault_set_system(fault, errno, "read from file");
        if (count == 0)
            return fault_set(fault, FAULT_DATA_CORRUPTED,
                             "file ends after %lld bytes, expected %lld",
                             (long long)offset + (long long)done,
                             (long long)offset + (long long)length);
        done += (size_t)count;
    }
    return true;
}

bool os_fsync(int fd, Fault *fault)
{
    if (!os_point("os.fsync", fault))
        return false;
    int result;
    do
        result = fsync(fd);
    while (result != 0 && errno == EINTR);
    return result == 0 || fault_set_system(fault, errno, "sync file");
}

bool os_fsync_folder(const char *path, Fault *fault)
{
    int fd;
    if (!open_file(path, O_RDONLY | O_DIRECTORY, &fd, fault))
        return fault_set_system(fault, errno, "open folder \"%s\"", path);
    bool is_synced = os_fsync(fd, fault);
    close(fd);
    return is_synced;
}

bool os_rename(const char *from, const char *to, Fault *fault)
{
    if (!os_point("os.rename", fault))
        return false;
    return rename(from, to) == 0 ||
           fault_set_system(fault, errno, "rename \"%s\" to \"%s\"", from, to);
}

bool os_unlink(const char *path, Fault *fault)
{
    if (!os_point("os.unlink", fault))
        return false;
    return unlink(path) == 0 || errno == ENOENT ||
           fault_set_system(fault, errno, "remove file \"%s\"", path);
}

bool os_make_folder(const char *path, Fault *fault)
{
    char partial[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof partial)
        return fault_set_system(fault, length == 0 ? ENOENT : ENAMETOOLONG,
                                "make folder \"%.200s\"", path);
    memcpy(partial, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (partial[i] != '/' && partial[i] != '\0')
            continue;
        partial[i] = '\0';
        if (mkdir(partial, 0700) != 0 && errno != EEXIST)
            return fault_set_system(fault, errno, "make folder \"%s\"", partial);
        partial[i] = i < length ? '/' : '\0';
    }
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return fault_set_system(fault, ENOTDIR, "make folder \"%s\"", path);
    return true;
}

bool os_file_size(int fd, uint64_t *size, Fault *fault)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return fault_set_system(fault, errno, "look at file");
    *size = (uint64_t)status.st_size;
    return true;
}

void os_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

bool os_list_folder(const char *path, bool (*visit)(const char *name, void *state), void *state,
                    Fault *fault)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return fault_set_system(fault, errno, "open folder \"%s\"", path);
    bool goes_on = true;
    const struct dirent *entry = NULL;
    errno = 0;
    while (goes_on && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            goes_on = visit(entry->d_name, state);
        errno = 0;
    }
    int error_number = entry == NULL ? errno : 0;
    closedir(folder);
    return error_number == 0 || fault_set_system(fault, error_number, "read folder \"%s\"", path);
}

/* --- whole files --- */

static bool read_whole(int fd, const char *path, Buffer *out, size_t limit, Fault *fault)
{
    /* to the end and not to the size, which is 0 for the files of /proc */
    size_t start = out->length;
    for (;;) {
        uint8_t *to = buffer_reserve(out, 64 * 1024);
        ssize_t count = read(fd, to, out->capacity - out->length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fault_set_system(fault, errno, "read file \"%s\"", path);
        if (count == 0)
            return true;
        out->length += (size_t)count;
        if (out->length - start > limit)
            return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                             "file \"%s\" is longer than %zu bytes", path, limit);
    }
}

bool os_read_file(const char *path, Buffer *out, size_t limit, Fault *fault)
{
    int fd;
    if (!os_open_read(path, &fd, fault))
        return false;
    bool is_read = read_whole(fd, path, out, limit, fault);
    close(fd);
    return is_read;
}

static bool write_and_sync(const char *path, const void *data, size_t length, Fault *fault)
{
    int fd;
    if (!os_create(path, &fd, fault))
        return false;
    bool is_safe = os_write_all(fd, data, length, fault) && os_fsync(fd, fault);
    close(fd);
    return is_safe;
}

static bool sync_folder_of(const char *path, Fault *fault)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return os_fsync_folder(folder, fault);
}

bool os_write_file_atomically(const char *path, const void *data, size_t length, Fault *fault)
{
    char temporary[PATH_MAX];
    int needed = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (needed < 0 || (size_t)needed >= sizeof temporary)
        return fault_set_system(fault, ENAMETOOLONG, "write file \"%.200s\"", path);
    if (!os_unlink(temporary, fault)) /* left by a crash */
        return false;
    if (!write_and_sync(temporary, data, length, fault) || !os_rename(temporary, path, fault)) {
        unlink(temporary);
        return false;
    }
    return sync_folder_of(path, fault);
}

/* --- mappings --- */

bool os_map_read(int fd, const uint8_t **data, size_t *length, Fault *fault)
{
    uint64_t size;
    *data = NULL;
    *length = 0;
    if (!os_file_size(fd, &size, fault))
        return false;
    if (size == 0)
        return true;
    if (size > SIZE_MAX / 2)
        return fault_set_system(fault, EFBIG, "map file");
    void *mapped = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        return fault_set_system(fault, errno, "map file");
    *data = mapped;
    *length = (size_t)size;
    return true;
}

void os_unmap(const void *data, size_t length)
{
    if (data != NULL && length > 0)
        munmap((void *)(uintptr_t)data, length);
}

void *os_map_shared(size_t length)
{
    void *mapped =
        mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        log_error("out of memory: shared page requested=%zu", length);
        _exit(3);
    }
    return mapped;
}

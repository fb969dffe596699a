/*
 * Local: files of this machine. Explicit paths, or all files below a folder whose names match a
 * wildcard.
 *
 * Only files below the folders of extern_allowed_folders are read. What counts is where an
 * opened file really lies, so symbolic links do not lead outside and a path cannot be exchanged
 * between the check and the opening: local_file_open is the only place that opens one.
 */
#include "engine/input/input_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_DEPTH = 64 };

/* --- permission --- */

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    if (length == 1 && folder[0] == '/')
        return true;
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool is_allowed(const char *real_path, const Settings *settings)
{
    char folders[SETTING_TEXT_SIZE];
    char *rest = folders, *item;
    memcpy(folders, settings->extern_allowed_folders, sizeof folders);
    folders[sizeof folders - 1] = '\0';
    while ((item = strsep(&rest, ",")) != NULL) {
        char real_folder[PATH_MAX];
        item += strspn(item, " ");
        for (size_t end = strlen(item); end > 0 && item[end - 1] == ' '; end--)
            item[end - 1] = '\0';
        if (item[0] != '\0' && realpath(item, real_folder) != NULL &&
            is_below(real_path, real_folder))
            return true;
    }
    return false;
}

static bool check_allowed(int fd, const char *path, const Settings *settings, Fault *fault)
{
    char link[64], real_path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, real_path, sizeof real_path - 1);
    if (length < 0)
        return fault_set_system(fault, errno, "find out where \"%s\" lies", path);
    real_path[length] = '\0';
    if (is_allowed(real_path, settings))
        return true;
    fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE, "permission denied for file \"%s\"", path);
    return fault_hint(fault, "Files are read only below the folders of extern_allowed_folders.");
}

/* The one opener. `flags`: O_RDONLY, and O_DIRECTORY for folders. */
static bool local_open(const char *path, int flags, const Settings *settings, int *fd,
                       struct stat *status, Fault *fault)
{
    /* not blocking: a pipe without a writer must not hang us before we see that it is one */
    *fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0)
        return fault_set_system(fault, errno == ENOTDIR ? ENOENT : errno, "open \"%s\"", path);
    if (fstat(*fd, status) != 0)
        fault_set_system(fault, errno, "look at \"%s\"", path);
    else if (check_allowed(*fd, path, settings, fault))
        return true;
    close(*fd);
    return false;
}

static bool local_file_open(const char *path, const Settings *settings, int *fd, uint64_t *size,
                            Fault *fault)
{
    struct stat status;
    if (!local_open(path, O_RDONLY, settings, fd, &status, fault))
        return false;
    *size = (uint64_t)status.st_size;
    if (S_ISREG(status.st_mode))
        return true;
    close(*fd);
    return fault_set(fault, FAULT_WRONG_OBJECT_TYPE, "\"%s\" is %s", path,
                     S_ISDIR(status.st_mode) ? "a directory" : "not a regular file");
}

/* --- reading --- */

typedef struct LocalStream {
    ByteStream base;
    int fd;
    char *path;
} LocalStream;

static bool local_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    LocalStream *stream = (LocalStream *)self;
    ssize_t count;
    do
        count = read(stream->fd, out, size < (size_t)1 << 30 ? size : (size_t)1 << 30);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return fault_set_system(fault, errno, "read \"%s\"", stream->path);
    *got = (size_t)count;
    self->stored += *got;
    return true;
}

static void local_close(ByteStream *self)
{
    LocalStream *stream = (LocalStream *)self;
    close(stream->fd);
    free(stream->path);
    free(stream);
}

/* A terminated copy, or NULL with a fault (a path with a zero byte names no file). */
static char *path_copy(Text path, Fault *fault)
{
    if (path.length == 0 || path.length >= PATH_MAX || memchr(path.data, 0, path.length) != NULL) {
        char snippet[SNIPPET_SIZE];
        fault_set(fault, FAULT_UNDEFINED_FILE, "\"%s\" is no path of a file",
                  input_snippet(path, snippet));
        return NULL;
    }
    return strndup(path.data, path.length);
}

static bool local_unit_open(Text unit, const Settings *settings, int *fd, uint64_t *size,
                            Fault *fault)
{
    char *path = path_copy(unit, fault);
    bool ok = path != NULL && local_file_open(path, settings, fd, size, fault);
    free(path);
    return ok;
}

static ByteStream *local_stream_open(const json_t *source, Text unit, const Settings *settings,
                                     Fault *fault)
{
    int fd;
    uint64_t size;
    char *path = path_copy(unit, fault);
    if (path == NULL)
        return NULL;
    if (!local_file_open(path, settings, &fd, &size, fault)) {
        free(path);
        return NULL;
    }
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    LocalStream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        abort();
    *stream =
        (LocalStream){.base = {.read = local_read, .close = local_close}, .fd = fd, .path = path};
    return &stream->base;
}

/* --- wildcards --- */

/* `*` any characters, `?` one (a byte, or a whole UTF-8 character). */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *star_name = NULL;
    while (*name != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            star_name = name;
        } else if (*pattern == '?') {
            pattern++;
            do
                name++;
            while (((unsigned char)*name & 0xC0) == 0x80);
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star;
            name = ++star_name;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* --- listing --- */

typedef struct Listing {
    UnitList *list;
    const char *filter;
    Fault *fault;
} Listing;

static bool list_folder(Listing *listing, const char *path, int depth);

static bool list_entry(Listing *listing, const char *path, const char *name, int depth)
{
    struct stat status;
    /* what vanishes while we look is not there */
    if (stat(path, &status) != 0)
        return true;
    if (S_ISDIR(status.st_mode))
        return list_folder(listing, path, depth + 1);
    if (!S_ISREG(status.st_mode) || status.st_size == 0 || !matches(listing->filter, name))
        return true;
    return unit_list_add(listing->list, text_of(path), (uint64_t)status.st_size, listing->fault);
}

static bool list_opened(Listing *listing, DIR *folder, const char *path, int depth)
{
    struct dirent *entry;
    char child[PATH_MAX];
    const char *separator = path[strlen(path) - 1] == '/' ? "" : "/";
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int length = snprintf(child, sizeof child, "%s%s%s", path, separator, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof child)
            continue;
        if (!list_entry(listing, child, entry->d_name, depth))
            return false;
    }
    return true;
}

static bool list_folder(Listing *listing, const char *path, int depth)
{
    int fd;
    struct stat status;
    if (depth > FOLDER_DEPTH)
        return fault_set(listing->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "folders below \"%s\" are nested too deeply, or in a circle", path);
    if (!local_open(path, O_RDONLY | O_DIRECTORY, listing->list->settings, &fd, &status,
                    listing->fault))
        return false;
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        close(fd);
        return fault_set_system(listing->fault, errno, "list \"%s\"", path);
    }
    bool ok = list_opened(listing, folder, path, depth);
    closedir(folder);
    return ok;
}

static int compare_units(const void *a, const void *b)
{
    return text_compare(((const InputUnit *)a)->name, ((const InputUnit *)b)->name);
}

static bool list_base_folder(const json_t *source, UnitList *list, Fault *fault)
{
    Text base = {0}, filter = TEXT_LITERAL("*");
    if (!options_text(source, "baseDir", &base, fault) ||
        !options_text(source, "filter", &filter, fault))
        return false;
    if (base.data == NULL)
        return true;
    char *path = path_copy(base, fault);
    if (path == NULL)
        return false;
    Listing listing = {.list = list,
                       .filter = arena_strndup(list->arena, filter.data, filter.length),
                       .fault = fault};
    uint32_t first = list->count;
    bool ok = list_folder(&listing, path, 0);
    free(path);
    if (ok && list->count > first)
        qsort(list->units + first, list->count - first, sizeof *list->units, compare_units);
    return ok;
}

static bool is_listed(const UnitList *list, uint32_t first, uint32_t end, Text path)
{
    uint32_t low = first, high = end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = text_compare(list->units[middle].name, path);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool list_file(const json_t *source, UnitList *list, Text path, Fault *fault)
{
    int fd;
    uint64_t size;
    bool ok = local_unit_open(path, list->settings, &fd, &size, fault);
    if (ok)
        close(fd);
    return ok && (size == 0 || unit_list_add(list, path, size, fault));
}

static bool local_expand(const json_t *source, UnitList *list, Fault *fault)
{
    const json_t *files;
    uint32_t first = list->count;
    if (!list_base_folder(source, list, fault) || !options_list(source, "files", &files, fault))
        return false;
    uint32_t end = list->count;
    for (size_t i = 0; i < json_array_size(files); i++) {
        Text path = options_item(files, i);
        bool is_repeated = is_listed(list, first, end, path);
        for (size_t k = 0; k < i && !is_repeated; k++)
            is_repeated = text_equal(path, options_item(files, k));
        if (!is_repeated && !list_file(source, list, path, fault))
            return false;
    }
    return true;
}

static bool local_check(const json_t *source, const Settings *settings, Fault *fault)
{
    Text base = {0}, filter = {0};
    const json_t *files;
    if (!options_text(source, "baseDir", &base, fault) ||
        !options_text(source, "filter", &filter, fault) ||
        !options_list(source, "files", &files, fault))
        return false;
    if (base.data == NULL && files == NULL)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "input source \"local\": key \"baseDir\" or \"files\" is missing");
    if (base.data != NULL && filter.data == NULL && files == NULL)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "input source \"local\": key \"baseDir\" needs key \"filter\"");
    return true;
}

/* Any path may be a file's. */
static bool local_has(const json_t *source, Text unit)
{
    return memmem(unit.data, unit.length, "://", 3) == NULL;
}

const InputSource source_local = {
    .type = "local",
    .is_splittable = true,
    .is_compressible = true,
    .check = local_check,
    .expand = local_expand,
    .has = local_has,
    .open = local_stream_open,
    .open_file = local_unit_open,
};

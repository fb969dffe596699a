/*
 * Exports: files of a query's rows in a folder of their own, which a manifest lists as
 * engines that read symlink manifests expect it (absolute paths, one a line).
 *
 * Files are written under names that end in `.part` (engine/operator/write_files.c) and get their own
 * when all are there; the manifest comes last. A controller that dies in between leaves
 * some of them behind.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"
#include "engine/stage/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST_FOLDER "_symlink_format_manifest"

/* --- before --- */

static bool make_folders(const char *folder, Fault *fault)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s", folder) >= sizeof path)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "the path of the export is too long");
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return fault_set_system(fault, errno, "create folder \"%s\"", path);
        *at = '/';
    }
    return mkdir(path, 0755) == 0 || errno == EEXIST ||
           fault_set_system(fault, errno, "create folder \"%s\"", path);
}

/* No link leads out of the folder of exports. */
static bool check_place(const char *folder, const char *base, Fault *fault)
{
    char real[PATH_MAX], real_base[PATH_MAX];
    if (realpath(folder, real) == NULL || realpath(base, real_base) == NULL)
        return fault_set_system(fault, errno, "find folder \"%s\"", folder);
    size_t length = strlen(real_base);
    bool is_below = strncmp(real, real_base, length) == 0 &&
                    (length == 1 || real[length] == '/' || real[length] == '\0');
    return is_below || fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE,
                                 "permission denied for folder \"%s\"", folder);
}

static bool check_empty(const char *folder, Fault *fault)
{
    DIR *list = opendir(folder);
    bool is_empty = true;
    if (list == NULL)
        return fault_set_system(fault, errno, "open folder \"%s\"", folder);
    for (struct dirent *entry; is_empty && (entry = readdir(list)) != NULL;)
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(list);
    return is_empty || fault_set(fault, FAULT_OBJECT_IN_USE,
                                 "the destination \"%s\" of the export is not empty", folder);
}

bool export_begin(Request *request, const IngestTarget *target, Fault *fault)
{
    return make_folders(target->table, fault) &&
           check_place(target->table, request->settings.export_folder, fault) &&
           check_empty(target->table, fault);
}

/* --- after --- */

typedef struct Listed {
    uint32_t count, capacity;
    char **names; /* of the query's files, without `.part` */
} Listed;

static int by_name(const void *a, const void *b)
{
    /* partition10 comes after partition9: the shorter name first */
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    size_t left_length = strlen(left), right_length = strlen(right);
    return left_length != right_length ? (left_length > right_length) - (left_length < right_length)
                                       : strcmp(left, right);
}

static bool list_files(const Execution *execution, Listed *listed, Fault *fault)
{
    const char *folder = execution->query->ingest->table;
    const size_t ending = strlen(EXPORT_UNFINISHED);
    Arena *arena = execution->request->arena;
    char prefix[32];
    int length = snprintf(prefix, sizeof prefix, "%" PRIu64 "-", execution->definition->query);
    DIR *list = opendir(folder);
    if (list == NULL)
        return fault_set_system(fault, errno, "open folder \"%s\"", folder);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        size_t size = strlen(entry->d_name);
        if (size <= ending || strncmp(entry->d_name, prefix, (size_t)length) != 0 ||
            strcmp(entry->d_name + size - ending, EXPORT_UNFINISHED) != 0)
            continue;
        if (listed->count == listed->capacity) {
            uint32_t capacity = listed->capacity == 0 ? 16 : listed->capacity * 2;
            char **names = ARENA_ARRAY(arena, char *, capacity);
            if (listed->count > 0)
                memcpy(names, listed->names, listed->count * sizeof *names);
            listed->names = names;
            listed->capacity = capacity;
        }
        listed->names[listed->count++] = arena_strndup(arena, entry->d_name, size - ending);
    }
    closedir(list);
    if (listed->count > 1)
        qsort(listed->names, listed->count, sizeof *listed->names, by_name);
    return true;
}

static bool name_files(const Execution *execution, const Listed *listed, Fault *fault)
{
    Arena *arena = execution->request->arena;
    const char *folder = execution->query->ingest->table;
    for (uint32_t i = 0; i < listed->count; i++) {
        const char *own = arena_printf(arena, "%s/%s", folder, listed->names[i]);
        const char *made = arena_printf(arena, "%s" EXPORT_UNFINISHED, own);
        if (rename(made, own) != 0)
            return fault_set_system(fault, errno, "rename \"%s\"", made);
    }
    return true;
}

static bool write_manifest(const Execution *execution, const Listed *listed, Fault *fault)
{
    Arena *arena = execution->request->arena;
    const char *folder = execution->query->ingest->table;
    const char *manifests = arena_printf(arena, "%s/" MANIFEST_FOLDER, folder);
    const char *path = arena_printf(arena, "%s/manifest", manifests);
    char real[PATH_MAX];
    if (realpath(folder, real) == NULL || (mkdir(manifests, 0755) != 0 && errno != EEXIST))
        return fault_set_system(fault, errno, "create folder \"%s\"", manifests);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return fault_set_system(fault, errno, "create \"%s\"", path);
    bool ok = true;
    for (uint32_t i = 0; i < listed->count; i++)
        ok = ok && fprintf(file, "%s/%s\n", real, listed->names[i]) > 0;
    ok = ok && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int error = errno;
    fclose(file);
    return ok || fault_set_system(fault, error, "write \"%s\"", path);
}

bool export_publish(Execution *execution, Fault *fault)
{
    Listed listed = {0};
    uint32_t last = execution->definition->stage_count - 1;
    if (!list_files(execution, &listed, fault) || !name_files(execution, &listed, fault) ||
        !write_manifest(execution, &listed, fault))
        return false;
    execution->staged_rows = kernel_counters(execution->kernel, last).output_rows;
    log_info("exported folder=%s rows=%" PRIu64 " files=%u query=%" PRIu64,
             execution->query->ingest->table, execution->staged_rows, listed.count,
             execution->request->query);
    return true;
}

void export_abandon(Execution *execution)
{
    Fault fault;
    Listed listed = {0};
    if (!list_files(execution, &listed, &fault)) {
        log_fault(LOG_LEVEL_WARNING, "removing files of an export", &fault);
        return;
    }
    for (uint32_t i = 0; i < listed.count; i++)
        unlink(arena_printf(execution->request->arena, "%s/%s" EXPORT_UNFINISHED,
                            execution->query->ingest->table, listed.names[i]));
}

/*
 * The data folder: made when it is new, locked while a server uses it.
 *
 *   talaria.conf   settings
 *   talaria.lock   locked (flock) by the front end and, through it, by every process it has: the
 *                  lock ends with the last of them, so a new server never meets an old worker
 *   run            sockets between processes, and the clients' unless told otherwise
 *   staging        segment files that are being written
 *   segments       segment files
 */
#include "server/config/config.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_TRIES = 20, LOCK_PAUSE_MICROS = 100000 };

static bool path_in(char *out, size_t size, const char *folder, const char *name, Fault *fault)
{
    int length = snprintf(out, size, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= size)
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR, "the path of the data folder is too long");
    return true;
}

static bool make_absolute(Config *config, Fault *fault)
{
    char resolved[PATH_MAX];
    if (realpath(config->data_folder, resolved) == NULL)
        return fault_set_system(fault, errno, "open the data folder \"%s\"", config->data_folder);
    int length = snprintf(config->data_folder, sizeof config->data_folder, "%s", resolved);
    if ((size_t)length >= sizeof config->data_folder)
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR, "the path of the data folder is too long");
    return path_in(config->run_folder, sizeof config->run_folder, resolved, "run", fault) &&
           path_in(config->file, sizeof config->file, resolved, "talaria.conf", fault);
}

/* A folder of somebody else's must not be turned into ours by a slip of the keyboard. */
static bool count_entry(const char *name, void *state)
{
    int *count = state;
    (*count)++;
    return true;
}

static bool check_is_ours(const Config *config, Fault *fault)
{
    if (access(config->file, F_OK) == 0)
        return true;
    int entries = 0;
    if (!os_list_folder(config->data_folder, count_entry, &entries, fault))
        return false;
    if (entries == 0)
        return true;
    fault_set(fault, FAULT_CONFIG_FILE_ERROR,
              "the folder \"%s\" is not empty and is not a data folder", config->data_folder);
    return fault_hint(fault, "Name a folder that is new, empty, or has a talaria.conf.");
}

static bool take_lock(Config *config, Fault *fault)
{
    char path[sizeof config->data_folder + 16];
    if (!path_in(path, sizeof path, config->data_folder, "talaria.lock", fault))
        return false;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault_set_system(fault, errno, "open \"%s\"", path);
    /* The processes of a server that was just killed take a moment to die. */
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
        if (i == LOCK_TRIES || errno != EWOULDBLOCK) {
            close(fd);
            return fault_set(fault, FAULT_OBJECT_IN_USE,
                             "another server uses the data folder \"%s\"", config->data_folder);
        }
        usleep(LOCK_PAUSE_MICROS);
    }
    char pid[32];
    int length = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)length, 0) != length) {
        fault_set_system(fault, errno, "write \"%s\"", path);
        close(fd);
        return false;
    }
    config->lock_fd = fd;
    return true;
}

typedef struct Sweep {
    const char *folder;
    Fault *fault;
} Sweep;

static bool remove_socket(const char *name, void *state)
{
    Sweep *sweep = state;
    char path[sizeof((Config *)0)->run_folder + 256];
    struct stat status;
    int length = snprintf(path, sizeof path, "%s/%s", sweep->folder, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return true;
    if (lstat(path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return true;
    return os_unlink(path, sweep->fault);
}

static bool write_sample(const Config *config, Fault *fault)
{
    if (access(config->file, F_OK) == 0)
        return true;
    Buffer text = BUFFER_EMPTY;
    config_sample_file(&text);
    bool ok = os_write_file_atomically(config->file, text.data, text.length, fault);
    buffer_clear(&text);
    return ok;
}

static bool make_folders(const Config *config, Fault *fault)
{
    static const char *const names[] = {"run", "staging", "segments"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[sizeof config->data_folder + 16];
        if (!path_in(path, sizeof path, config->data_folder, names[i], fault) ||
            !os_make_folder(path, fault))
            return false;
    }
    return true;
}

bool config_prepare_folder(Config *config, Fault *fault)
{
    if (!os_make_folder(config->data_folder, fault) || !make_absolute(config, fault) ||
        !check_is_ours(config, fault) || !take_lock(config, fault))
        return false;
    if (!write_sample(config, fault) || !make_folders(config, fault))
        return false;
    /* The lock is ours, so whatever socket lies there belongs to nobody. */
    fault_clear(fault);
    Sweep sweep = {.folder = config->run_folder, .fault = fault};
    return os_list_folder(config->run_folder, remove_socket, &sweep, fault) &&
           fault->code == FAULT_NONE;
}

/*
 * Deep storage in a local folder. Files go from staging/ to segments/<table>/ by rename(2), so
 * both must lie on one file system; which they do, being folders of one folder.
 */
#include "storage/deep/deep.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct LocalDeep {
    Deep deep;
    uint32_t synced_table; /* whose folder is known to exist durably; 0: none */
} LocalDeep;

static bool folder_path(const Deep *deep, const char *name, char path[DEEP_PATH_SIZE], Fault *fault)
{
    int length = snprintf(path, DEEP_PATH_SIZE, "%s/%s", deep->folder, name);
    if (length < 0 || length >= DEEP_PATH_SIZE)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "the data folder's path is too long");
    return true;
}

static bool table_folder(const Deep *deep, uint32_t table_oid, char path[DEEP_PATH_SIZE],
                         Fault *fault)
{
    char name[32];
    snprintf(name, sizeof name, "segments/%" PRIu32, table_oid);
    return folder_path(deep, name, path, fault);
}

static bool local_publish(Deep *deep, const char *staged_path, uint32_t table_oid,
                          char name[DEEP_NAME_SIZE], Fault *fault)
{
    char path[DEEP_PATH_SIZE];
    uint64_t unique[2];
    if (!table_folder(deep, table_oid, path, fault) || !os_make_folder(path, fault))
        return false;
    os_random(unique, sizeof unique);
    snprintf(name, DEEP_NAME_SIZE, "segments/%" PRIu32 "/%016" PRIx64 "%016" PRIx64 ".segment",
             table_oid, unique[0], unique[1]);
    return folder_path(deep, name, path, fault) && os_rename(staged_path, path, fault);
}

/* The table's folder holds the renamed files; the one above it holds the table's folder. */
static bool local_sync(Deep *deep, uint32_t table_oid, Fault *fault)
{
    LocalDeep *local = (LocalDeep *)deep;
    char path[DEEP_PATH_SIZE];
    if (!table_folder(deep, table_oid, path, fault) || !os_fsync_folder(path, fault))
        return false;
    if (local->synced_table == table_oid)
        return true;
    if (!folder_path(deep, "segments", path, fault) || !os_fsync_folder(path, fault))
        return false;
    local->synced_table = table_oid;
    return true;
}

static bool local_remove(Deep *deep, const char *name, Fault *fault)
{
    char path[DEEP_PATH_SIZE];
    return deep_path(deep, text_of(name), path, fault) && os_unlink(path, fault);
}

static bool local_exists(Deep *deep, const char *name)
{
    char path[DEEP_PATH_SIZE];
    Fault ignored;
    return deep_path(deep, text_of(name), path, &ignored) && access(path, R_OK) == 0;
}

/* --- listing --- */

typedef struct LocalListing {
    Deep *deep;
    char folder[64]; /* relative, without a slash at the end */
    bool is_deeper;  /* entries are folders to be listed in turn */
    DeepVisit visit;
    void *state;
    Fault *fault;
    bool failed, ended;
} LocalListing;

static bool list_one(LocalListing *listing);

static bool visit_entry(const char *entry, void *state)
{
    LocalListing *listing = state;
    char name[DEEP_NAME_SIZE];
    int length = snprintf(name, sizeof name, "%s/%s", listing->folder, entry);
    if (entry[0] == '.' || length < 0 || (size_t)length >= sizeof name)
        return true; /* not one of ours */
    if (!listing->is_deeper) {
        listing->ended = !listing->visit(name, listing->state);
        return !listing->ended;
    }
    LocalListing inner = *listing;
    inner.is_deeper = false;
    if (entry[strspn(entry, "0123456789")] != 0 || (size_t)length >= sizeof inner.folder)
        return true;
    memcpy(inner.folder, name, (size_t)length + 1);
    list_one(&inner);
    listing->failed = inner.failed;
    listing->ended = inner.ended;
    return !listing->failed && !listing->ended;
}

static bool list_one(LocalListing *listing)
{
    char path[DEEP_PATH_SIZE];
    if (!folder_path(listing->deep, listing->folder, path, listing->fault) ||
        !os_list_folder(path, visit_entry, listing, listing->fault))
        listing->failed = true;
    return !listing->failed;
}

static bool local_list(Deep *deep, DeepPlace place, DeepVisit visit, void *state, Fault *fault)
{
    LocalListing listing = {.deep = deep, .visit = visit, .state = state, .fault = fault};
    listing.is_deeper = place == DEEP_SEGMENTS;
    snprintf(listing.folder, sizeof listing.folder, "%s",
             place == DEEP_SEGMENTS ? "segments" : "staging");
    return list_one(&listing);
}

/* --- opening --- */

static void local_close(Deep *deep)
{
    free(deep->folder);
    free(deep);
}

static const DeepOperations local_operations = {
    .close = local_close,
    .publish = local_publish,
    .sync = local_sync,
    .remove = local_remove,
    .exists = local_exists,
    .list = local_list,
};

static bool make_folders(Deep *deep, Fault *fault)
{
    char path[DEEP_PATH_SIZE];
    return folder_path(deep, "staging", path, fault) && os_make_folder(path, fault) &&
           folder_path(deep, "segments", path, fault) && os_make_folder(path, fault) &&
           os_fsync_folder(deep->folder, fault);
}

Deep *deep_open_local(const char *folder, Fault *fault)
{
    LocalDeep *local = calloc(1, sizeof *local);
    check(local != NULL);
    local->deep.operations = &local_operations;
    local->deep.folder = strdup(folder);
    check(local->deep.folder != NULL);
    size_t length = strlen(folder);
    while (length > 1 && local->deep.folder[length - 1] == '/')
        local->deep.folder[--length] = 0;
    if (!make_folders(&local->deep, fault)) {
        local_close(&local->deep);
        return NULL;
    }
    return &local->deep;
}

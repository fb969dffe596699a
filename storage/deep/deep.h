/*
 * Deep storage: where segment files lie.
 *
 * A store is a struct of functions, so that an object store can take the local folder's place.
 * Files have relative names, which is what the metadata keeps, so that the data folder can be
 * moved:
 *   staging/<query>-<n>.segment      being written by a worker, nobody else looks at them
 *   segments/<table>/<unique>.segment  published, or renamed and about to be; the unique part
 *                                    is random, so that no name is ever used twice
 *
 * A file goes from the first to the second by one rename; its bytes were synced by who wrote
 * it, and are never synced again.
 */
#ifndef TALARIA_STORAGE_DEEP_DEEP_H
#define TALARIA_STORAGE_DEEP_DEEP_H

#include "base/fault/fault.h"
#include "base/memory/arena.h"

typedef struct Deep Deep;

enum { DEEP_NAME_SIZE = 96, DEEP_PATH_SIZE = 4096 };

typedef enum DeepPlace { DEEP_STAGING, DEEP_SEGMENTS } DeepPlace;

/* A listed file: its relative name. False ends the listing. */
typedef bool (*DeepVisit)(const char *name, void *state);

typedef struct DeepOperations {
    void (*close)(Deep *deep);
    bool (*publish)(Deep *deep, const char *staged_path, uint32_t table_oid,
                    char name[DEEP_NAME_SIZE], Fault *fault);
    bool (*sync)(Deep *deep, uint32_t table_oid, Fault *fault);
    bool (*remove)(Deep *deep, const char *name, Fault *fault);
    bool (*exists)(Deep *deep, const char *name);
    bool (*list)(Deep *deep, DeepPlace place, DeepVisit visit, void *state, Fault *fault);
} DeepOperations;

struct Deep {
    const DeepOperations *operations;
    char *folder; /* where names begin; no slash at the end */
};

/* The store in a local folder: makes DIR, DIR/staging and DIR/segments. */
Deep *deep_open_local(const char *folder, Fault *fault);
void deep_close(Deep *deep); /* NULL is fine */

/* The path under which worker-written file `number` of a query is staged. `query` may hold only
 * letters, digits, '-' and '_' (else 22023). */
bool deep_staging_path(const Deep *deep, const char *query, uint32_t number,
                       char path[DEEP_PATH_SIZE], Fault *fault);
/* The path of a relative name. Names that leave the folder are refused (XX001). */
bool deep_path(const Deep *deep, Text name, char path[DEEP_PATH_SIZE], Fault *fault);

/* Renames a staged file to a new name of the table, which it writes to `name`. The rename is
 * durable only after deep_sync of the same table. */
bool deep_publish(Deep *deep, const char *staged_path, uint32_t table_oid,
                  char name[DEEP_NAME_SIZE], Fault *fault);
bool deep_sync(Deep *deep, uint32_t table_oid, Fault *fault);
/* A missing file is no error. */
bool deep_remove(Deep *deep, const char *name, Fault *fault);
bool deep_exists(Deep *deep, const char *name);
bool deep_list(Deep *deep, DeepPlace place, DeepVisit visit, void *state, Fault *fault);
/* Removes what a query has staged: called when it failed. */
bool deep_remove_staged(Deep *deep, const char *query, Fault *fault);

#endif

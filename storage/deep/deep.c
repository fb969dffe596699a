/*
 * What all stores share: names and paths, and the way through the table of functions.
 */
#include "storage/deep/deep.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void deep_close(Deep *deep)
{
    if (deep != NULL)
        deep->operations->close(deep);
}

static bool is_plain_name(const char *name)
{
    if (*name == 0)
        return false;
    for (const char *p = name; *p != 0; p++) {
        if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_')
            return false;
    }
    return true;
}

bool deep_staging_path(const Deep *deep, const char *query, uint32_t number,
                       char path[DEEP_PATH_SIZE], Fault *fault)
{
    if (!is_plain_name(query))
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "query id \"%s\" holds characters that file names must not have", query);
    int length =
        snprintf(path, DEEP_PATH_SIZE, "%s/staging/%s-%u.segment", deep->folder, query, number);
    if (length < 0 || length >= DEEP_PATH_SIZE)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "the path of a segment is too long");
    return true;
}

/* Relative, and without a part that is "..": a damaged name must not lead elsewhere. */
static bool is_inside(Text name)
{
    if (name.length == 0 || name.data[0] == '/' || memchr(name.data, 0, name.length) != NULL)
        return false;
    for (uint32_t i = 0; i < name.length; i++) {
        bool part_begins = i == 0 || name.data[i - 1] == '/';
        if (part_begins && name.data[i] == '.')
            return false;
    }
    return true;
}

bool deep_path(const Deep *deep, Text name, char path[DEEP_PATH_SIZE], Fault *fault)
{
    if (!is_inside(name))
        return fault_set(fault, FAULT_DATA_CORRUPTED, "\"%.*s\" is not the name of a segment file",
                         TEXT_ARGS(name));
    int length = snprintf(path, DEEP_PATH_SIZE, "%s/%.*s", deep->folder, TEXT_ARGS(name));
    if (length < 0 || length >= DEEP_PATH_SIZE)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "the path of a segment is too long");
    return true;
}

bool deep_publish(Deep *deep, const char *staged_path, uint32_t table_oid,
                  char name[DEEP_NAME_SIZE], Fault *fault)
{
    return deep->operations->publish(deep, staged_path, table_oid, name, fault);
}

bool deep_sync(Deep *deep, uint32_t table_oid, Fault *fault)
{
    return deep->operations->sync(deep, table_oid, fault);
}

bool deep_remove(Deep *deep, const char *name, Fault *fault)
{
    return deep->operations->remove(deep, name, fault);
}

bool deep_exists(Deep *deep, const char *name)
{
    return deep->operations->exists(deep, name);
}

bool deep_list(Deep *deep, DeepPlace place, DeepVisit visit, void *state, Fault *fault)
{
    return deep->operations->list(deep, place, visit, state, fault);
}

/* --- what a query has staged --- */

typedef struct StagedRemoval {
    Deep *deep;
    const char *query;
    Fault *fault;
    bool failed;
} StagedRemoval;

/* Whether "staging/<file>" is "<query>-<digits>.segment" (or a partial file beside it). */
static bool belongs_to(const char *name, const char *query)
{
    static const char folder[] = "staging/";
    size_t length = strlen(query);
    if (strncmp(name, folder, sizeof folder - 1) != 0)
        return false;
    name += sizeof folder - 1;
    if (strncmp(name, query, length) != 0 || name[length] != '-')
        return false;
    const char *digits = name + length + 1;
    size_t count = strspn(digits, "0123456789");
    return count > 0 && digits[count] == '.';
}

static bool remove_if_staged_by(const char *name, void *state)
{
    StagedRemoval *removal = state;
    if (belongs_to(name, removal->query) && !deep_remove(removal->deep, name, removal->fault))
        removal->failed = true;
    return !removal->failed;
}

bool deep_remove_staged(Deep *deep, const char *query, Fault *fault)
{
    StagedRemoval removal = {.deep = deep, .query = query, .fault = fault};
    return deep_list(deep, DEEP_STAGING, remove_if_staged_by, &removal, fault) && !removal.failed;
}

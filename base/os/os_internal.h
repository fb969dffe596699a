/*
 * Shared by the files of this room.
 */
#ifndef TALARIA_BASE_OS_OS_INTERNAL_H
#define TALARIA_BASE_OS_OS_INTERNAL_H

#include "base/os/os.h"

#ifdef TALARIA_FAULT_POINTS
/* As os_point, for writes: *length shrinks to half when the point is told to cut short; the
 * caller writes that much and then fails with `fault`, which is filled. */
bool os_point_write(const char *name, size_t *length, Fault *fault);
#else
static inline bool os_point_write(const char *name, size_t *length, Fault *fault)
{
    (void)name;
    (void)length;
    (void)fault;
    return true;
}
#endif

#endif
